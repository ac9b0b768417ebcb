//! Every rule and error of manifests, with the pointer; and what manifests expand to.

use super::*;
use crate::{
    diagnostic::{Code, codes::manifest as codes},
    settings::{
        property::{ObjectRule, Property, Rule},
        texture::{EncodeQuality, MipFilter, MipPolicy, TextureIntent},
    },
};
use serde_json::{Value, json};

fn read(text: &str) -> Result<Manifest, Vec<ManifestProblem>> {
    Manifest::parse(text.as_bytes(), ManifestFormat::Json)
}

fn problems(document: &Value) -> Vec<ManifestProblem> {
    read(&document.to_string()).err().unwrap_or_default()
}

/// The one problem of a document: code, pointer and message.
fn problem(document: &Value) -> (Code, String, String) {
    let mut all = problems(document);
    assert_eq!(all.len(), 1, "{document}: {all:#?}");
    let problem = all.remove(0);
    (problem.code, problem.pointer, problem.message)
}

fn refused(document: &Value, pointer: &str, message: &str) {
    let expected = (codes::SCHEMA, pointer.to_owned(), message.to_owned());
    assert_eq!(problem(document), expected);
}

fn texture_job(extra: &Value) -> Value {
    let mut job = json!({ "type": "texture", "source": "a.png" });
    for (key, value) in extra.as_object().unwrap() {
        job[key] = value.clone();
    }
    json!({ "jobs": [job] })
}

#[test]
fn the_smallest_manifest() {
    let manifest = read(r#"{"jobs": []}"#).unwrap();
    assert_eq!(manifest.job_count(), 0);
    assert!(manifest.thread_pool_size().is_none() && manifest.max_in_flight_jobs().is_none());
    assert!(manifest.concurrency().is_none());
    assert!(manifest.expand(&Places::default()).jobs.is_empty());
    refused(&json!({}), "", "'jobs' is required in the manifest");
    refused(&json!([]), "", "'the manifest' must be an object, found []");
}

#[test]
fn options_of_the_run() {
    let manifest = read(
        r#"{"version": 1, "thread_pool_size": 60, "max_in_flight_jobs": 35, "concurrency":
            {"texture": {"workers": 12, "queue_capacity": 64}, "mesh_build": {"workers": 8, "queue_capacity": 128}},
            "jobs": []}"#,
    )
    .unwrap();
    assert_eq!(manifest.thread_pool_size(), Some(60));
    assert_eq!(manifest.max_in_flight_jobs(), Some(35));
    let limit = |kind, workers, queue_capacity| Concurrency {
        kind,
        workers,
        queue_capacity,
    };
    assert_eq!(
        manifest.concurrency().unwrap(),
        [limit("texture", 12, 64), limit("mesh_build", 8, 128)]
    );
}

#[test]
fn versions() {
    for version in ["0", "2", "-1", "99999999999999999999"] {
        let text = format!(r#"{{"version": {version}, "jobs": [], "novelty": true}}"#);
        let found = read(&text).unwrap_err();
        assert_eq!(found.len(), 1, "only the version is reported");
        assert_eq!(found[0].code, codes::VERSION_UNSUPPORTED);
        assert_eq!(found[0].pointer, "/version");
        assert_eq!(
            found[0].message,
            format!("unsupported manifest version: {version}")
        );
        assert_eq!(found[0].allowed.as_deref(), Some("1"));
    }
    for version in ["\"1\"", "1.0", "null", "true", "1e0"] {
        let text = format!(r#"{{"version": {version}, "jobs": []}}"#);
        let found = read(&text).unwrap_err();
        assert_eq!(
            (found[0].code, found[0].pointer.as_str()),
            (codes::SCHEMA, "/version")
        );
        assert!(
            found[0]
                .message
                .contains("'version' must be an integer, found")
        );
    }
    assert!(read(r#"{"version": 1, "jobs": []}"#).is_ok());
}

#[test]
fn texts_that_are_no_documents() {
    let cases: [(&[u8], &str, (u32, u32)); 7] = [
        (
            b"",
            "expected a value, found the end of the document",
            (1, 1),
        ),
        (
            b"{\"jobs\": [\n  {",
            "expected a key in quotes, found the end of the document",
            (2, 4),
        ),
        (
            b"{\n  // jobs\n  \"jobs\": []\n}",
            "expected a key in quotes, found `/`",
            (2, 3),
        ),
        (
            b"{\"jobs\": []}\n{}",
            "expected nothing after the document, found `{`",
            (2, 1),
        ),
        (
            b"{\"jobs\": [],}",
            "expected a key in quotes, found `}`",
            (1, 13),
        ),
        (
            b"{\"j\xc3\xb6bs\": x}",
            "expected a value, found `x`",
            (1, 10),
        ),
        (b"{\n\"\xff\": 1}", "it is not UTF-8 at byte 3", (2, 2)),
    ];
    for (text, message, place) in cases {
        let found = Manifest::parse(text, ManifestFormat::Json).unwrap_err();
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].code, found[0].pointer.as_str()),
            (codes::PARSE_FAILED, "")
        );
        assert_eq!(found[0].message, format!("invalid manifest: {message}"));
        assert_eq!(
            (found[0].line.unwrap(), found[0].column.unwrap()),
            place,
            "{message}"
        );
    }
    assert!(
        read("\u{feff}{\"jobs\": []}").is_ok(),
        "a byte order mark is no problem"
    );
}

#[test]
fn unknown_properties_at_every_level() {
    let job = json!({ "type": "texture", "source": "a.png" });
    let with = |mut object: Value, key: &str| {
        object[key] = 1.into();
        object
    };
    let limit = json!({ "workers": 1, "queue_capacity": 1 });
    let documents = [
        (
            with(json!({"jobs": []}), "$schema"),
            "",
            "unknown property '$schema' in the manifest; \
          allowed are version, thread_pool_size, max_in_flight_jobs, concurrency, defaults or jobs",
        ),
        (
            with(json!({"jobs": []}), "$comment"),
            "",
            "unknown property '$comment' in the manifest; \
          allowed are version, thread_pool_size, max_in_flight_jobs, concurrency, defaults or jobs",
        ),
        (
            json!({"concurrency": {"audio": limit}, "jobs": []}),
            "/concurrency",
            "unknown property 'audio' in the concurrency; allowed are texture, buffer, material, mesh_build, geometry or scene",
        ),
        (
            json!({"concurrency": {"texture": with(limit.clone(), "worker")}, "jobs": []}),
            "/concurrency/texture",
            "unknown property 'worker' in a limit; did you mean 'workers'?",
        ),
        (
            json!({"defaults": {"textures": {}}, "jobs": []}),
            "/defaults",
            "unknown property 'textures' in the defaults; did you mean 'texture'?",
        ),
        (
            json!({"defaults": {"texture": {"unit_scale": 1}}, "jobs": []}),
            "/defaults/texture",
            "unknown property 'unit_scale' in texture settings; it belongs to scene settings",
        ),
        (
            json!({"defaults": {"scene": {"mip_policy": "none"}}, "jobs": []}),
            "/defaults/scene",
            "unknown property 'mip_policy' in scene settings; it belongs to texture settings",
        ),
        (
            json!({"defaults": {"scene": {"content_flags": {"texture": true}}}, "jobs": []}),
            "/defaults/scene/content_flags",
            "unknown property 'texture' in the content flags; did you mean 'textures'?",
        ),
        (
            json!({"jobs": [job, with(job.clone(), "mip_fitler")]}),
            "/jobs/1",
            "unknown property 'mip_fitler' in a job; did you mean 'mip_filter'?",
        ),
        (
            texture_job(&json!({"sources": [{"file": "a", "face": 1}]})),
            "/jobs/0/sources/0",
            "unknown property 'face' in a source; allowed are file, layer, mip or slice",
        ),
        (
            texture_job(&json!({"texture_overrides": {"a/b.png": {"output": "x"}}})),
            "/jobs/0/texture_overrides/a~1b.png",
            "unknown property 'output' in a texture override; it belongs to texture settings",
        ),
    ];
    for (document, pointer, message) in &documents {
        refused(document, pointer, message);
    }
}

#[test]
fn wrong_values_name_the_property_what_was_found_and_what_is_allowed() {
    let cases = [
        (
            json!({"max_mips": 0}),
            "/max_mips",
            "'max_mips' must be an integer >= 1 and <= 4294967295, found 0",
        ),
        (
            json!({"max_mips": 2.0}),
            "/max_mips",
            "'max_mips' must be an integer, found 2.0",
        ),
        (
            json!({"max_mips": 4_294_967_296_u64}),
            "/max_mips",
            "'max_mips' must be an integer >= 1 and <= 4294967295, found 4294967296",
        ),
        (
            json!({"max_mips": "3"}),
            "/max_mips",
            "'max_mips' must be an integer, found \"3\"",
        ),
        (
            json!({"unit_scale": 0.00005}),
            "/unit_scale",
            "'unit_scale' must be a number >= 0.0001, found 5e-5",
        ),
        (
            json!({"unit_scale": 1e39}),
            "/unit_scale",
            "'unit_scale' must be a number >= 0.0001, found 1e39",
        ),
        (
            json!({"exposure_ev": 33}),
            "/exposure_ev",
            "'exposure_ev' must be a number >= -32 and <= 32, found 33",
        ),
        (
            json!({"mip_filter": "bicubic"}),
            "/mip_filter",
            "'mip_filter' must be box, kaiser or lanczos, found \"bicubic\"",
        ),
        (
            json!({"node_pruning": "drop_empty"}),
            "/node_pruning",
            "'node_pruning' must be keep or drop-empty, found \"drop_empty\"; did you mean \"drop-empty\"?",
        ),
        (
            json!({"flip_y": "true"}),
            "/flip_y",
            "'flip_y' must be a boolean, found \"true\"",
        ),
        (
            json!({"output": null}),
            "/output",
            "'output' must be a string, found null",
        ),
        (
            json!({"sources": {}}),
            "/sources",
            "'sources' must be an array, found {}",
        ),
        (
            json!({"sources": ["a"]}),
            "/sources/0",
            "'source' must be an object, found \"a\"",
        ),
        (
            json!({"sources": [{"file": "a", "layer": -1}]}),
            "/sources/0/layer",
            "'layer' must be an integer from 0 to 65535, found -1",
        ),
        (
            json!({"sources": [{"file": "a", "slice": 65536}]}),
            "/sources/0/slice",
            "'slice' must be an integer from 0 to 65535, found 65536",
        ),
        (
            json!({"sources": [{"layer": 1}]}),
            "/sources/0",
            "'file' is required in a source",
        ),
        (
            json!({"content_flags": true}),
            "/content_flags",
            "'content_flags' must be an object, found true",
        ),
        (
            json!({"content_flags": {"scene": 1}}),
            "/content_flags/scene",
            "'scene' must be a boolean, found 1",
        ),
        (
            json!({"texture_overrides": {"~/a": {"flip_y": 0}}}),
            "/texture_overrides/~0~1a/flip_y",
            "'flip_y' must be a boolean, found 0",
        ),
        (
            json!({"texture_overrides": {"a": []}}),
            "/texture_overrides/a",
            "'a' must be an object, found []",
        ),
    ];
    for (extra, pointer, message) in &cases {
        refused(&texture_job(extra), &format!("/jobs/0{pointer}"), message);
    }
    for accepted in [
        json!({"unit_scale": 0.0001}),
        json!({"unit_scale": 1}),
        json!({"exposure_ev": -3}),
    ] {
        assert!(problems(&texture_job(&accepted)).is_empty(), "{accepted}");
    }
    let run = |name: &str, value: i32| json!({ name: value, "jobs": [] });
    for name in ["thread_pool_size", "max_in_flight_jobs"] {
        refused(
            &run(name, 0),
            &format!("/{name}"),
            &format!("'{name}' must be an integer >= 1 and <= 4294967295, found 0"),
        );
    }
    refused(
        &json!({"concurrency": {"scene": {"workers": 1}}, "jobs": []}),
        "/concurrency/scene",
        "'queue_capacity' is required in a limit",
    );
    refused(
        &json!({"concurrency": {"scene": {"workers": 0, "queue_capacity": 1}}, "jobs": []}),
        "/concurrency/scene/workers",
        "'workers' must be an integer >= 1 and <= 4294967295, found 0",
    );
    refused(
        &json!({"jobs": {}}),
        "/jobs",
        "'jobs' must be an array, found {}",
    );
}

#[test]
fn jobs_need_type_and_source() {
    refused(
        &json!({"jobs": [{"type": "fbx", "source": "a.fbx"}, {"source": "a"}]}),
        "/jobs/1",
        "'type' is required in a job",
    );
    refused(
        &json!({"jobs": [{"type": "gltf"}]}),
        "/jobs/0",
        "'source' is required in a job",
    );
    refused(
        &json!({"jobs": [{"type": "audio", "source": "a"}]}),
        "/jobs/0/type",
        "'type' must be texture, fbx or gltf, found \"audio\"",
    );
    refused(
        &json!({"jobs": [3]}),
        "/jobs/0",
        "'job' must be an object, found 3",
    );
    let found = &problems(&json!({"jobs": [{"type": "gltf"}]}))[0];
    assert_eq!(
        (found.job, found.found.as_deref()),
        (Some(0), Some(r#"{"type":"gltf"}"#))
    );
}

#[test]
fn every_problem_is_reported_with_its_job_and_place() {
    let text = r#"{
  "jobs": [
    { "type": "texture", "source": "a.png", "mip_filter": "x", "max_mips": 0 },
    { "type": "fbx", "source": "a.fbx" },
    { "type": "gltf", "flip_y": 1, "flip_y": true }
  ],
  "thread_pool_size": 0
}"#;
    let found: Vec<_> = read(text)
        .unwrap_err()
        .into_iter()
        .map(|problem| {
            (
                problem.code.id(),
                problem.pointer,
                problem.job,
                problem.line.unwrap(),
                problem.column.unwrap(),
            )
        })
        .collect();
    let expected = [
        ("manifest.schema", "/jobs/0/mip_filter", Some(0), 3, 59),
        ("manifest.schema", "/jobs/0/max_mips", Some(0), 3, 76),
        ("manifest.duplicate_key", "/jobs/2/flip_y", Some(2), 5, 36),
        ("manifest.schema", "/jobs/2/flip_y", Some(2), 5, 33),
        ("manifest.schema", "/jobs/2", Some(2), 5, 5),
        ("manifest.schema", "/thread_pool_size", None, 7, 23),
    ];
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(code, pointer, job, line, column)| (code, pointer.to_owned(), job, line, column))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn keys_that_are_given_twice() {
    for (text, pointer) in [
        (r#"{"jobs": [], "jobs": []}"#, "/jobs"),
        (
            r#"{"jobs": [{"type": "texture", "source": "a", "source": "b"}]}"#,
            "/jobs/0/source",
        ),
        (
            r#"{"defaults": {"scene": {}, "scene": {}}, "jobs": []}"#,
            "/defaults/scene",
        ),
        (
            r#"{"defaults": {"scene": {"texture_overrides": {"a/b": {}, "a/b": {}}}}, "jobs": []}"#,
            "/defaults/scene/texture_overrides/a~1b",
        ),
    ] {
        let found = read(text).unwrap_err();
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(
            (found[0].code, found[0].pointer.as_str()),
            (codes::DUPLICATE_KEY, pointer)
        );
    }
    // Many keys are looked up in another way.
    let many: String = (0..40).map(|i| format!("\"{i}.png\": {{}}, ")).collect();
    let text = format!(
        r#"{{"defaults": {{"scene": {{"texture_overrides": {{{many} "7.png": {{}}}}}}}}, "jobs": []}}"#
    );
    assert_eq!(
        read(&text).unwrap_err()[0].pointer,
        "/defaults/scene/texture_overrides/7.png"
    );
}

/// Every value that a rule allows at its limits, and one that it does not.
fn values(property: &Property) -> (Vec<Value>, Value) {
    match property.rule {
        Rule::Flag => (vec![true.into(), false.into()], "yes".into()),
        Rule::Token(words) => (
            words.iter().map(|word| (*word).into()).collect(),
            "bogus".into(),
        ),
        Rule::Text => (vec!["".into(), "x".into()], 1.into()),
        Rule::Integer { least, most } => (vec![least.into(), most.into()], 1.5.into()),
        Rule::Number { .. } => (vec![0.5.into()], "0.5".into()),
        Rule::List(_) => (vec![json!([])], json!({})),
        Rule::Object(_) | Rule::Map(_) => (vec![json!({})], json!([])),
    }
}

#[test]
fn every_property_takes_all_it_allows_and_nothing_else() {
    type Wrap<'a> = &'a dyn Fn(Value) -> Value;
    let everywhere: [(&ObjectRule, &str, Wrap<'_>); 3] = [
        (
            &rules::TEXTURE_SETTINGS,
            "/defaults/texture",
            &|object| json!({"defaults": {"texture": object}, "jobs": []}),
        ),
        (
            &rules::SCENE_SETTINGS,
            "/defaults/scene",
            &|object| json!({"defaults": {"scene": object}, "jobs": []}),
        ),
        (&rules::JOB, "/jobs/0", &|object| texture_job(&object)),
    ];
    for (rule, pointer, document) in everywhere {
        for property in rule.properties() {
            let (allowed, wrong) = values(property);
            for value in allowed {
                let document = document(json!({ property.name: value }));
                assert_eq!(problems(&document), [], "{document}");
            }
            let document = document(json!({ property.name: wrong }));
            let (code, at, _) = problem(&document);
            assert_eq!(
                (code, at),
                (codes::SCHEMA, format!("{pointer}/{}", property.name))
            );
        }
    }
}

/// Everything that the table lets through is understood by the options: reading them never fails.
#[test]
fn options_understand_what_the_table_allows() {
    use crate::settings::{scene::SceneOptions, texture::TextureOptions};
    use serde::Deserialize;
    for property in rules::JOB.properties() {
        for value in values(property).0 {
            let text = json!({ property.name: value }).to_string();
            let node = json::parse(&text).unwrap();
            TextureOptions::deserialize(&node).unwrap_or_else(|error| panic!("{text}: {error}"));
            SceneOptions::deserialize(&node).unwrap_or_else(|error| panic!("{text}: {error}"));
        }
    }
}

#[test]
fn json_and_ron_say_the_same() {
    let json = r#"{"version": 1, "defaults": {"scene": {"content_flags": {"textures": false}}},
        "jobs": [{"type": "gltf", "source": "a b/c.glb", "output": "/out", "exposure_ev": -1.5,
                  "texture_overrides": {"x.png": {"max_mips": 2}}}]}"#;
    let ron = r#"// The same, for people.
        (
            version: 1,
            defaults: (scene: (content_flags: (textures: false))),
            jobs: [(
                type: "gltf", source: "a b/c.glb", output: "/out", exposure_ev: -1.5,
                texture_overrides: {"x.png": (max_mips: 2)},
            )],
        )"#;
    let expand = |text: &str, format| {
        let manifest = Manifest::parse(text.as_bytes(), format).unwrap();
        manifest.expand(&Places::new("/p")).jobs
    };
    let jobs = expand(json, ManifestFormat::Json);
    assert_eq!(jobs, expand(ron, ManifestFormat::Ron));
    assert_eq!(jobs.len(), 1);
    let wrong = Manifest::parse(b"(\n jobs: [\n (type: \"gltf\")])", ManifestFormat::Ron);
    let wrong = &wrong.unwrap_err()[0];
    assert_eq!(
        (wrong.pointer.as_str(), wrong.line, wrong.column),
        ("/jobs/0", Some(3), Some(2))
    );
    assert_eq!(
        ManifestFormat::of(Path::new("a/b.RON")),
        ManifestFormat::Ron
    );
    assert_eq!(
        ManifestFormat::of(Path::new("a/b.json")),
        ManifestFormat::Json
    );
}

fn expand(document: &Value) -> Expansion {
    let places = Places::new("/proj/import").with_output("/proj/cooked");
    read(&document.to_string()).unwrap().expand(&places)
}

fn only_job(document: &Value) -> ManifestJob {
    let mut expansion = expand(document);
    assert_eq!(expansion.problems, []);
    assert_eq!(expansion.jobs.len(), 1);
    expansion.jobs.remove(0)
}

#[test]
fn layers_of_textures() {
    let defaults = json!({"texture": {
        "output": "/default", "mip_policy": "none", "mip_filter": "lanczos", "flip_y": true,
        "sources": [{"file": "0.png"}], "force_rgba": false
    }});
    let job = |extra: &Value| {
        let mut document = texture_job(extra);
        document["defaults"] = defaults.clone();
        only_job(&document)
    };
    let plain = job(
        &json!({"mip_filter": "box", "sources": [{"file": "1.png", "layer": 1}, {"file": "2.png", "mip": 3}]}),
    );
    assert_eq!(plain.output, Path::new("/default"));
    let settings = plain.texture.resolve("a.png").unwrap();
    assert_eq!(
        (settings.mip_policy, settings.mip_filter),
        (MipPolicy::None, MipFilter::Box)
    );
    assert!(settings.flip_y && !settings.force_rgba);
    let sources: Vec<_> = plain
        .sources
        .iter()
        .map(|s| (s.path.as_str(), s.layer, s.mip))
        .collect();
    assert_eq!(
        sources,
        [
            ("/proj/import/0.png", 0, 0),
            ("/proj/import/1.png", 1, 0),
            ("/proj/import/2.png", 0, 3)
        ]
    );
    // The later layer wins as a whole: a preset of the job starts afresh.
    let preset = job(&json!({"preset": "albedo", "output": "/own"}));
    let settings = preset.texture.resolve("a.png").unwrap();
    assert_eq!(
        (settings.mip_policy, settings.flip_y),
        (MipPolicy::FullChain, false)
    );
    assert_eq!(preset.output, Path::new("/own"));
    // An empty text unsets, and then the command line's container counts.
    assert_eq!(
        job(&json!({"output": ""})).output,
        Path::new("/proj/cooked")
    );
    // `force_rgba` counts beside a preset, too.
    let grey = job(&json!({"preset": "ao", "force_rgba": false}));
    assert!(!grey.texture.resolve("a.png").unwrap().force_rgba);
}

#[test]
fn layers_of_scenes() {
    let document = |job: Value| {
        json!({
            "defaults": {
                "texture": {"output": "/textures", "bc7_quality": "fast", "flip_y": true},
                "scene": {
                    "unit_policy": "custom", "unit_scale": 0.01, "content_hashing": false,
                    "content_flags": {"textures": false, "scene": false},
                    "texture_overrides": {"a.png": {"max_mips": 1}, "b.png": {"max_mips": 2}}
                }
            },
            "jobs": [job]
        })
    };
    let job = only_job(&document(json!({
        "type": "gltf", "source": "../art/chair.GLB", "mip_policy": "none",
        "content_flags": {"textures": true},
        "texture_overrides": {"b.png": {"preset": "normal"}, "*.tga": {"intent": "roughness"}}
    })));
    assert_eq!(job.source, "/proj/art/chair.GLB");
    // A scene never inherits the container of textures.
    assert_eq!(job.output, Path::new("/proj/cooked"));
    let content = job.scene.resolve().unwrap().content;
    assert!(content.textures && content.materials && !content.scene);
    assert_eq!(job.texture.bc7_quality, Some(EncodeQuality::Fast));
    assert_eq!(job.texture.mip_policy, Some(MipPolicy::None));
    assert_eq!(
        job.texture.content_hashing,
        Some(false),
        "one switch for the whole job"
    );
    // Overrides merge by key, and lie on the textures of the scene.
    let of = |name: &str| job.texture_overrides.apply(&job.texture, name);
    assert_eq!(
        (of("a.png").max_mips, of("a.png").flip_y),
        (Some(1), Some(true))
    );
    assert_eq!(
        (of("b.png").max_mips, of("b.png").flip_y),
        (None, None),
        "a preset starts afresh"
    );
    assert_eq!(of("x.tga").intent, Some(TextureIntent::Roughness));
    assert_eq!(of("c.png"), *job.texture);
    // Another policy takes the factor back.
    let preserve = only_job(&document(
        json!({"type": "fbx", "source": "a.fbx", "unit_policy": "preserve"}),
    ));
    assert!(preserve.scene.resolve().is_ok());
}

#[test]
fn paths_are_resolved_without_looking() {
    let source =
        |source: &str| only_job(&json!({"jobs": [{"type": "texture", "source": source}]})).source;
    assert_eq!(source("a/../b/./c.png"), "/proj/import/b/c.png");
    assert_eq!(source("/abs/./x/../c.png"), "/abs/c.png");
    assert_eq!(source("embedded://x/../c.png"), "embedded://x/../c.png");
    let relative = read(
        r#"{"jobs": [{"type": "texture", "source": "x/a.png", "output": "/o/../c",
                            "sources": [{"file": "../b.png"}]}]}"#,
    )
    .unwrap();
    let places = Places::of_manifest(Path::new("demo.json"));
    let job = &relative.expand(&places).jobs[0];
    assert_eq!(
        (job.source.as_str(), job.sources[0].path.as_str()),
        ("x/a.png", "b.png")
    );
    assert_eq!(job.output, Path::new("/c"));
    assert_eq!(
        Places::of_manifest(Path::new("/p/demo.json")).root(),
        Path::new("/p")
    );
    let moved = relative.expand(&Places::new("/other"));
    assert_eq!(moved.jobs[0].source, "/other/x/a.png");
}

fn invalid(document: &Value, places: &Places) -> (String, String) {
    let expansion = read(&document.to_string()).unwrap().expand(places);
    assert!(expansion.jobs.is_empty());
    assert_eq!(expansion.problems.len(), 1, "{:#?}", expansion.problems);
    let problem = &expansion.problems[0];
    assert_eq!((problem.code, problem.job), (codes::JOB_INVALID, Some(0)));
    assert!(problem.line.is_some());
    (problem.pointer.clone(), problem.message.clone())
}

#[test]
fn jobs_that_cannot_be_run_are_left_out() {
    let nowhere = Places::new("/p");
    let places = Places::new("/p").with_output("/out");
    let job = |job: Value| json!({"jobs": [job]});
    let cases = [
        (
            &nowhere,
            json!({"type": "texture", "source": "a.png"}),
            "/jobs/0",
            "--output or --cooked-root is required",
        ),
        (
            &places,
            json!({"type": "texture", "source": "a.png", "output": "cooked"}),
            "/jobs/0/output",
            "cooked root must be an absolute path, found \"cooked\"",
        ),
        (
            &places,
            json!({"type": "fbx", "source": "a.glb"}),
            "/jobs/0/source",
            "source file is not a fbx asset",
        ),
        (
            &places,
            json!({"type": "gltf", "source": "a.png"}),
            "/jobs/0/source",
            "source file is not a gltf asset",
        ),
        (
            &places,
            json!({"type": "texture", "source": "a.fbx"}),
            "/jobs/0/source",
            "source file is not an image",
        ),
        (
            &places,
            json!({"type": "texture", "source": ""}),
            "/jobs/0/source",
            "'source' must not be empty",
        ),
        (
            &places,
            json!({"type": "texture", "source": "a/**b/*.png"}),
            "/jobs/0/source",
            "'source' is not a valid pattern",
        ),
        (
            &places,
            json!({"type": "fbx", "source": "a.fbx", "unit_policy": "preserve", "unit_scale": 2}),
            "/jobs/0",
            "unit_scale requires unit_policy `custom`",
        ),
        (
            &places,
            json!({"type": "texture", "source": "a.png", "preset": "data", "bc7_quality": "fast"}),
            "/jobs/0",
            "bc7_quality `fast` requires BC7 output_format or data_format",
        ),
        (
            &places,
            json!({"type": "texture", "source": "a.png", "output_format": "bc7", "bc7_quality": "none"}),
            "/jobs/0",
            "output_format `bc7` requires a bc7_quality other than `none`",
        ),
        (
            &places,
            json!({"type": "gltf", "source": "a.glb", "output_format": "rgba8", "bc7_quality": "high"}),
            "/jobs/0",
            "bc7_quality `high` requires",
        ),
        (
            &places,
            json!({"type": "gltf", "source": "a.glb", "texture_overrides": {"x/y.png": {"output_format": "rgba8", "bc7_quality": "high"}}}),
            "/jobs/0/texture_overrides/x~1y.png",
            "\"x/y.png\": bc7_quality `high` requires",
        ),
        (
            &places,
            json!({"type": "gltf", "source": "a.glb", "texture_overrides": {"a**": {}}}),
            "/jobs/0/texture_overrides/a**",
            "\"a**\" is not a valid pattern",
        ),
    ];
    for (places, written, pointer, message) in cases {
        let (at, found) = invalid(&job(written), places);
        assert_eq!(at, pointer, "{found}");
        assert!(found.contains(message), "{found}");
    }
    // What the defaults say is a problem of the job that it does not fit.
    let document = json!({
        "defaults": {"texture": {"output": "relative"}},
        "jobs": [{"type": "texture", "source": "a.png"}]
    });
    assert_eq!(invalid(&document, &places).0, "/jobs/0");
}

#[test]
fn the_others_keep_their_order_and_numbers() {
    let expansion = expand(&json!({"jobs": [
        {"type": "texture", "source": "c.png"},
        {"type": "fbx", "source": "b.glb"},
        {"type": "gltf", "source": "MODEL.GLB"},
        {"type": "texture", "source": "a.fbx", "output": "relative"},
        {"type": "texture", "source": "c.png"},
    ]}));
    let jobs: Vec<_> = expansion
        .jobs
        .iter()
        .map(|job| (job.index, job.kind))
        .collect();
    assert_eq!(
        jobs,
        [
            (0, JobKind::Texture),
            (2, JobKind::Gltf),
            (4, JobKind::Texture)
        ]
    );
    assert_eq!(
        expansion.problems.len(),
        3,
        "all problems of a job are reported"
    );
    assert_eq!(expansion.left_out(), [1, 3]);
}

#[test]
fn settings_that_do_nothing_are_pointed_out() {
    let expansion = expand(&json!({"jobs": [
        {"type": "texture", "source": "c.png", "unit_policy": "preserve", "texture_overrides": {}},
        {"type": "gltf", "source": "c.glb", "sources": [], "max_mips": 3},
    ]}));
    let found: Vec<_> = expansion
        .problems
        .iter()
        .map(|p| (p.code, p.pointer.as_str()))
        .collect();
    let unused = codes::UNUSED_PROPERTY;
    assert_eq!(
        found,
        [
            (unused, "/jobs/0/texture_overrides"),
            (unused, "/jobs/0/unit_policy"),
            (unused, "/jobs/1/sources"),
        ]
    );
    assert_eq!(
        expansion.problems[1].message,
        "'unit_policy' does nothing in a texture job"
    );
    assert_eq!(expansion.jobs.len(), 2, "a warning leaves nothing out");
}

#[test]
fn patterns_are_told_from_names() {
    let is_pattern = |source: &str| {
        only_job(&json!({"jobs": [{"type": "texture", "source": source}]}))
            .pattern
            .is_some()
    };
    assert!(is_pattern("textures/*.png") && is_pattern("a/**/x?.tga") && is_pattern("textures/*"));
    assert!(
        is_pattern("wood[1].png"),
        "a file of this name is looked for first"
    );
    assert!(
        !is_pattern("wood.png") && !is_pattern("wood[.png") && !is_pattern("embedded://a/*.png")
    );
}

#[test]
fn the_worked_example() {
    let expansion = expand(&json!({
        "version": 1, "max_in_flight_jobs": 2,
        "concurrency": { "texture": { "workers": 4, "queue_capacity": 64 } },
        "defaults": {
            "texture": { "output": "/proj/cooked", "bc7_quality": "fast" },
            "scene": { "output": "/proj/cooked", "node_pruning": "drop-empty" }
        },
        "jobs": [
            { "type": "texture", "source": "../art/./wood.png", "preset": "albedo" },
            { "type": "texture", "source": "../art/mask.png", "preset": "data" },
            { "type": "gltf", "source": "../art/chair.glb", "mip_policy": "full", "node_pruning": "keep" },
            { "type": "fbx", "source": "../art/chair.glb" }
        ]
    }));
    // A preset of the job replaces what the defaults say of processing: the data texture is no
    // contradiction any more.
    assert_eq!(expansion.left_out(), [3]);
    let settings = |index: usize| {
        let job = &expansion.jobs[index];
        job.texture.resolve(&job.source).unwrap()
    };
    assert_eq!(expansion.jobs[0].source, "/proj/art/wood.png");
    assert_eq!(settings(0).intent, TextureIntent::Albedo);
    assert_eq!(settings(1).quality, EncodeQuality::None);
    assert_eq!(
        expansion.jobs[2].texture.bc7_quality,
        Some(EncodeQuality::Fast)
    );
    assert_eq!(
        expansion.jobs[2].scene.node_pruning,
        Some(crate::settings::scene::NodePruning::Keep)
    );
}

mod hostile {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever the bytes, there is an answer.
        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            for format in [ManifestFormat::Json, ManifestFormat::Ron] {
                if let Err(problems) = Manifest::parse(&bytes, format) {
                    prop_assert!(!problems.is_empty());
                }
            }
        }

        /// Whatever the document says, it has problems, or expands to jobs with absolute containers.
        #[test]
        fn any_document(jobs in prop::collection::vec(test_values::json_value(), 0..4),
                        defaults in test_values::json_value(), keys in prop::collection::vec(0..60_usize, 0..6),
                        value in test_values::json_value()) {
            let names: Vec<_> = rules::JOB.properties().map(|property| property.name).collect();
            let mut job = json!({"type": "texture", "source": "a.png"});
            for key in keys {
                job[names[key % names.len()]] = value.clone();
            }
            let mut jobs = jobs;
            jobs.push(job);
            for document in [json!({"jobs": jobs, "defaults": defaults}), json!({"jobs": [jobs.last()]})] {
                for text in [document.to_string(), document.to_string().replace("null", "None")] {
                    let format = if text.contains("None") { ManifestFormat::Ron } else { ManifestFormat::Json };
                    match Manifest::parse(text.as_bytes(), format) {
                        Ok(manifest) => {
                            let expansion = manifest.expand(&Places::new("/p").with_output("/o"));
                            prop_assert!(expansion.jobs.iter().all(|job| job.output.is_absolute()));
                        }
                        Err(problems) => prop_assert!(problems.iter().all(|p| p.line.is_some())),
                    }
                }
            }
        }
    }
}

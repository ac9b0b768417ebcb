//! Containers, documents, buffers.

use super::*;

fn parse(file: Vec<u8>) -> Result<GltfFile, Vec<Diagnostic>> {
    GltfFile::parse(
        SharedBytes::from_vec(file),
        "folder/Robot.glb",
        &GltfLimits::default(),
    )
}

fn failure(file: Vec<u8>) -> (&'static str, String) {
    only_error(&parse(file).map(|_| ()).unwrap_err())
}

fn text(json: &str) -> (&'static str, String) {
    failure(json.as_bytes().to_vec())
}

const EMPTY: &[u8] = br#"{"asset":{"version":"2.0"}}"#;

#[test]
fn both_forms_say_the_same() {
    let builder = triangle(|_| json!({}));
    let settings = SceneSettings::default();
    let limits = GltfLimits::default();
    let binary = import(builder.glb(), &settings, &limits).unwrap();
    let text = import(builder.gltf(), &settings, &limits).unwrap();
    assert_eq!(load(&binary, 0), load(&text, 0));
    assert_eq!(binary.name(), "Robot");
}

#[test]
fn containers_are_taken_apart_by_their_headers() {
    let valid = glb(EMPTY, None);
    assert!(parse(valid.clone()).is_ok());
    // Chunks that nobody knows are skipped, and so is what follows the file.
    let mut extra = valid.clone();
    extra.extend(chunk(*b"XTRA", b"whatever", 0));
    let length = extra.len() as u32;
    extra[8..12].copy_from_slice(&length.to_le_bytes());
    extra.extend(b"trailing");
    assert!(parse(extra).is_ok());

    let damage = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut file = valid.clone();
        change(&mut file);
        failure(file).0
    };
    assert_eq!(damage(&|f| f[4] = 1), "gltf.unsupported_version");
    assert_eq!(damage(&|f| f[8] = 11), "gltf.parse_failed");
    assert_eq!(damage(&|f| f[8] = 255), "gltf.parse_failed");
    assert_eq!(damage(&|f| f[12..16].fill(255)), "gltf.parse_failed");
    assert_eq!(damage(&|f| f[16] = b'X'), "gltf.parse_failed");
    assert_eq!(damage(&|f| f[0] = b'x'), "gltf.parse_failed");
    assert_eq!(damage(&|f| f.clear()), "gltf.parse_failed");
}

#[test]
fn padding_and_byte_order_marks_are_no_part_of_the_document() {
    for (before, after) in [
        ("\u{feff}", ""),
        ("", "\0\0\0"),
        (" \n", " \t"),
        ("", " \0"),
    ] {
        let file = [before.as_bytes(), EMPTY, after.as_bytes()].concat();
        assert!(parse(file).is_ok(), "{before:?} {after:?}");
    }
    assert_eq!(text("").0, "gltf.parse_failed");
    assert_eq!(text("\0\0").0, "gltf.parse_failed");
}

#[test]
fn versions() {
    let version = |asset: &str| parse(format!(r#"{{"asset":{asset}}}"#).into_bytes());
    for good in [
        r#"{"version":"2.0"}"#,
        r#"{"version":"2.7"}"#,
        r#"{"version":"2.1","minVersion":"2.0"}"#,
    ] {
        assert!(version(good).is_ok(), "{good}");
    }
    for bad in [
        r#"{"version":"1.0"}"#,
        r#"{"version":"3.0","minVersion":"3.0"}"#,
        r#"{"version":"2.1","minVersion":"2.1"}"#,
        r#"{"version":"two"}"#,
        r#"{"version":""}"#,
    ] {
        let errors = version(bad).map(|_| ()).unwrap_err();
        assert_eq!(only_error(&errors).0, "gltf.unsupported_version", "{bad}");
    }
    // Other versions have other objects; the version is what matters.
    let old = r#"{"asset":{"version":"1.0"},"meshes":{"a":{}},"nodes":{}}"#;
    assert_eq!(text(old).0, "gltf.unsupported_version");
    assert_eq!(text("{}").0, "gltf.parse_failed");
}

#[test]
fn errors_name_the_place() {
    let (code, object) = text(r#"{"asset":{"version":"2.0"},"nodes":[{},{"children":"none"}]}"#);
    assert_eq!(
        (code, object.as_str()),
        ("gltf.parse_failed", "nodes[1].children")
    );
    let (code, object) = text(r#"{"asset":{"version":"2.0"},"meshes":{"0":1}}"#);
    assert_eq!((code, object.as_str()), ("gltf.parse_failed", "meshes"));
    // Indices are numbers from 0.
    let (_, object) = text(r#"{"asset":{"version":"2.0"},"scene":-1}"#);
    assert_eq!(object, "scene");
}

#[test]
fn what_is_not_imported_need_not_make_sense() {
    let file = r#"{"asset":{"version":"2.0"},
        "animations":[{"channels":7},{}],
        "samplers":"none",
        "scenes":[{}],
        "extras":{"deep":[[[[{}]]]]},
        "unknown":[1,2,3]}"#;
    let scene = import(
        file.as_bytes().to_vec(),
        &SceneSettings::default(),
        &GltfLimits::default(),
    )
    .unwrap();
    assert_eq!(scene.ignored().animations, 2);
    assert_eq!(codes_of(&scene), ["gltf.animations_ignored"]);
}

#[test]
fn depth_and_size_are_limited_before_anything_is_read() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        for depth in [150, 200_000] {
            let nested = [open.repeat(depth), "0".to_owned(), close.repeat(depth)].concat();
            let file = format!(r#"{{"asset":{{"version":"2.0"}},"extras":{nested}}}"#);
            assert_eq!(text(&file).0, "gltf.parse_failed");
            assert_eq!(text(&nested).0, "gltf.parse_failed");
            assert_eq!(text(&open.repeat(depth)).0, "gltf.parse_failed");
        }
    }
    let limited = |limits: &dyn Fn(&mut GltfLimits), json: &str| {
        let mut all = GltfLimits::default();
        limits(&mut all);
        let bytes = SharedBytes::from_vec(json.as_bytes().to_vec());
        let errors = GltfFile::parse(bytes, "folder/Robot.glb", &all).map(|_| ());
        errors.map_err(|errors| only_error(&errors).0)
    };
    let nodes = r#"{"asset":{"version":"2.0"},"nodes":[{},{},{}]}"#;
    let over = Err("gltf.limit_exceeded");
    assert_eq!(limited(&|l| l.max_json_objects = 5, nodes), Ok(()));
    assert_eq!(limited(&|l| l.max_json_objects = 4, nodes), over);
    assert_eq!(limited(&|l| l.max_json_values = 4, nodes), over);
    assert_eq!(limited(&|l| l.max_json_bytes = 20, nodes), over);
    // Brackets in strings are text.
    let strings = r#"{"asset":{"version":"2.0","generator":"{[{[\"{[,,,\\"},"nodes":[]}"#;
    assert_eq!(limited(&|l| l.max_json_objects = 2, strings), Ok(()));
}

#[test]
fn extensions_are_told_apart() {
    let file = |list: &str, names: &[&str]| {
        let json = json!({ "asset": { "version": "2.0" }, list: names });
        serde_json::to_vec(&json).unwrap()
    };
    for name in crate::source::gltf::SUPPORTED_EXTENSIONS {
        let file = parse(file("extensionsRequired", &[name])).unwrap();
        let scene = file.into_scene(&[], &SceneSettings::default(), &CancelFlag::new());
        assert_eq!(codes_of(&scene.unwrap()), [""; 0], "{name}");
    }
    let unknown = ["VENDOR_x", "KHR_texture_basisu", "VENDOR_x"];
    let errors = parse(file("extensionsRequired", &unknown))
        .map(|_| ())
        .unwrap_err();
    let messages: Vec<_> = errors
        .iter()
        .map(|e| (e.code.id(), e.message.contains("`")))
        .collect();
    assert_eq!(messages, [("gltf.extension.required", true); 2]);
    let used = parse(file("extensionsUsed", &unknown)).unwrap();
    let scene = used
        .into_scene(&[], &SceneSettings::default(), &CancelFlag::new())
        .unwrap();
    assert_eq!(codes_of(&scene), ["gltf.extension.ignored"; 2]);
    assert!(
        scene.diagnostics()[1]
            .message
            .contains("KHR_texture_basisu")
    );
}

#[test]
fn files_are_asked_for_once_each() {
    let json = json!({
        "asset": { "version": "2.0" },
        "buffers": [
            { "uri": "data/a%20b.bin", "byteLength": 4 },
            { "uri": "./data//a b.bin", "byteLength": 8 },
            { "uri": "../shared/c.bin", "byteLength": 1 },
            { "byteLength": 3 },
        ],
    });
    let bytes = serde_json::to_vec(&json).unwrap();
    let file = parse(bytes.clone()).unwrap();
    let asked: Vec<_> = file
        .external_buffers()
        .iter()
        .map(|file| (file.path.as_str(), file.byte_length, file.object.as_str()))
        .collect();
    assert_eq!(
        asked,
        [
            ("data/a b.bin", 8, "buffers[0]"),
            ("../shared/c.bin", 1, "buffers[2]")
        ]
    );
    let bytes = SharedBytes::from_vec(bytes);
    let found = GltfFile::find_external_buffers(bytes, &GltfLimits::default());
    assert_eq!(found, file.external_buffers());
}

#[test]
fn data_may_not_be_in_any_number_of_files() {
    let buffers: Vec<Value> = (0..5)
        .map(|i| json!({ "uri": format!("{i}.bin"), "byteLength": 1 }))
        .collect();
    let json = json!({ "asset": { "version": "2.0" }, "buffers": buffers });
    let file = |max_files| {
        let limits = GltfLimits {
            max_files,
            ..GltfLimits::default()
        };
        let bytes = SharedBytes::from_vec(serde_json::to_vec(&json).unwrap());
        let found = GltfFile::find_external_buffers(bytes.clone(), &limits).len();
        let parsed = GltfFile::parse(bytes, "folder/Robot.glb", &limits).map(|_| ());
        (found, parsed.map_err(|errors| only_error(&errors).0))
    };
    assert_eq!(file(5), (5, Ok(())));
    assert_eq!(file(4), (0, Err("gltf.limit_exceeded")));
}

#[test]
fn paths_that_may_not_be_read_are_refused() {
    for uri in [
        "/etc/passwd",
        "file:///etc/passwd",
        "http://a/b.bin",
        "C:\\a.bin",
        "",
        "%2Fetc/x",
    ] {
        let json = json!({
            "asset": { "version": "2.0" },
            "buffers": [{ "uri": uri, "byteLength": 4 }],
        });
        let (code, object) = failure(serde_json::to_vec(&json).unwrap());
        assert_eq!(
            (code, object.as_str()),
            ("gltf.buffer.uri", "buffers[0]"),
            "{uri}"
        );
    }
}

/// A mesh in a buffer that comes from elsewhere.
fn with_buffer(buffer: Value) -> Vec<u8> {
    let builder = triangle(|_| json!({}));
    let mut json = builder.json();
    json["buffers"][0] = buffer;
    serde_json::to_vec(&json).unwrap()
}

#[test]
fn buffers_come_from_files() {
    let builder = triangle(|_| json!({}));
    let file = with_buffer(json!({ "uri": "a.bin", "byteLength": 36 }));
    let make = |data: Vec<u8>| {
        let file = parse(file.clone()).unwrap();
        let data = [SharedBytes::from_vec(data)];
        file.into_scene(&data, &SceneSettings::default(), &CancelFlag::new())
    };
    // A file may have more than is needed, but not less.
    let longer = [&builder.bin[..], b"more"].concat();
    for data in [builder.bin.clone(), longer] {
        assert_eq!(load(&make(data).unwrap(), 0), load(&builder.scene(), 0));
    }
    let Err(GltfError::Failed(errors)) = make(builder.bin[..35].to_vec()) else {
        panic!("35 bytes are too few");
    };
    let (code, object) = only_error(&errors);
    assert_eq!(
        (code, object.as_str()),
        ("gltf.buffer.too_short", "buffers[0]")
    );
}

#[test]
fn buffers_without_data_are_an_error_when_they_are_used() {
    let import = |file| import(file, &SceneSettings::default(), &GltfLimits::default());
    let errors = import(with_buffer(json!({ "byteLength": 36 })))
        .map(|_| ())
        .unwrap_err();
    let (code, object) = only_error(&errors);
    assert_eq!(
        (code, object.as_str()),
        ("gltf.buffer.no_data", "bufferViews[0]")
    );
    let data = "data:application/octet-stream;base64,@@@@not*base64====";
    let errors = import(with_buffer(json!({ "byteLength": 36, "uri": data })));
    let (code, object) = only_error(&errors.map(|_| ()).unwrap_err());
    assert_eq!(
        (code, object.as_str()),
        ("gltf.buffer.data_uri", "buffers[0]")
    );
    // One that nobody uses is nobody's problem.
    let mut builder = triangle(|_| json!({}));
    let length = builder.bin.len();
    builder.root["buffers"] = json!([{ "byteLength": length }, { "byteLength": 1 }]);
    builder.scene();
}

#[test]
fn embedded_data_is_limited() {
    let builder = triangle(|_| json!({}));
    let limits = |max_decoded_bytes| GltfLimits {
        max_decoded_bytes,
        ..GltfLimits::default()
    };
    let import = |limits| import(builder.gltf(), &SceneSettings::default(), &limits);
    assert!(import(limits(36)).is_ok());
    let errors = import(limits(35)).map(|_| ()).unwrap_err();
    assert_eq!(only_error(&errors).0, "gltf.limit_exceeded");
}

#[test]
fn imports_can_be_cancelled() {
    let cancel = CancelFlag::new();
    cancel.cancel();
    let builder = triangle(|_| json!({}));
    let file = parse(builder.glb()).unwrap();
    let result = file.into_scene(&[], &SceneSettings::default(), &cancel);
    assert!(matches!(result, Err(GltfError::Cancelled(_))));
    let scene = builder.scene();
    let mut pace = Pace::uninterrupted(cancel);
    let loaded = block_on(scene.meshes()[0].loader.load(&mut pace));
    assert!(matches!(loaded, Err(MeshLoadError::Cancelled(_))));
}

#[test]
fn scenes_are_named_after_their_file() {
    for (source, name) in [
        ("a/Robot.v2.glb", "Robot.v2"),
        ("C:\\x\\y.gltf", "y"),
        ("embedded://z.glb", "z"),
        ("", "Scene"),
        (".glb", ".glb"),
    ] {
        let bytes = SharedBytes::from_vec(EMPTY.to_vec());
        let file = GltfFile::parse(bytes, source, &GltfLimits::default()).unwrap();
        let scene = file
            .into_scene(&[], &SceneSettings::default(), &CancelFlag::new())
            .unwrap();
        assert_eq!(scene.name(), name);
    }
}

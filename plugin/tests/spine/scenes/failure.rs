//! What fails, what that costs, and what is left.

use super::{
    parse,
    script::{Studio, embedded, external, material, missing, nodes, tga},
};
use crate::common::{codes, fake::Act, files};
use bevy_kiln_assets::{
    diagnostic::Severity,
    settings::scene::{SceneOptions, TextureFailurePolicy},
    source::scene::{
        ImageSource, MaterialSource, OrmPolicy, SceneMesh, SceneParts, TextureSlot as Slot,
    },
};
use bevy_kiln_components::{
    job::JobState,
    messages::ProgressKind,
    report::{ImportReport, Product},
};

fn on_failure(policy: TextureFailurePolicy) -> SceneOptions {
    let mut options = SceneOptions::default();
    options.on_texture_failure = Some(policy);
    options
}

fn one_texture(image: ImageSource) -> SceneParts {
    SceneParts {
        materials: vec![material("m", &[(Slot::BaseColor, 0)])],
        images: vec![image],
        ..SceneParts::default()
    }
}

/// Every way in which a texture can fail, and the code that says so.
fn bad_images(studio: &Studio) -> Vec<(ImageSource, &'static str)> {
    studio.write("broken.tga", b"this is no image");
    std::fs::create_dir_all(studio.stepper.folder.path().join("folder.tga")).unwrap();
    let mut truncated = tga(8, 1);
    truncated.truncate(100);
    vec![
        (external("nowhere.tga"), "io.not_found"),
        (external("folder.tga"), "io.is_directory"),
        (external("../../secret.tga"), "io.access_denied"),
        (external("broken.tga"), "texture.image.unknown_format"),
        (embedded("cut", truncated), "texture.image.truncated"),
        (
            embedded("empty", Vec::new()),
            "texture.image.unknown_format",
        ),
        (missing("lost"), "io.not_found"),
    ]
}

const MATERIAL: &str = "Materials/Scene/m.omat";

#[test]
fn a_texture_that_fails_becomes_the_error_texture() {
    let mut studio = Studio::new();
    for (image, code) in bad_images(&studio) {
        let name = image.name.clone();
        let job = studio.submit("room.scn", one_texture(image));
        let report = studio.stepper.finish(&job);
        assert!(report.success, "{name}: {report:?}");
        let expected = [code, "material.texture_missing"];
        assert_eq!(codes(&report), expected, "{name}");
        let told = &report.diagnostics[0];
        assert_eq!(told.severity, Severity::Warning, "{name}");
        assert!(
            told.source
                .as_ref()
                .unwrap()
                .ends_with(&format!("::tex::{name}::base_color")),
            "{told}"
        );
        studio.stepper.drain();
        let root = studio.stepper.root();
        assert_eq!(parse::texture_slot(&root, MATERIAL, 0), u32::MAX);
        assert!(parse::samples_textures(&root, MATERIAL));
        assert_eq!(
            parse::texture_count(&root),
            0,
            "nothing else needs the table"
        );
        studio.stepper.drain();
        parse::verified(&root);
    }
}

#[test]
fn a_texture_that_fails_becomes_the_fallback_on_request() {
    let mut studio = Studio::new();
    for (image, code) in bad_images(&studio) {
        let name = image.name.clone();
        let request = studio
            .request("room.scn", one_texture(image))
            .with_scene(on_failure(TextureFailurePolicy::Fallback));
        let job = studio.stepper.client.submit(request).unwrap();
        let report = studio.stepper.finish(&job);
        assert!(report.success, "{name}: {report:?}");
        assert_eq!(codes(&report), [code, "texture.placeholder_used"], "{name}");
        let warns = |d: &&_| {
            matches!(
                d,
                bevy_kiln_assets::diagnostic::Diagnostic {
                    severity: Severity::Warning,
                    ..
                }
            )
        };
        assert_eq!(report.diagnostics.iter().filter(warns).count(), 2);
        studio.stepper.drain();
        let root = studio.stepper.root();
        assert_eq!(parse::texture_slot(&root, MATERIAL, 0), 0);
        assert!(parse::samples_textures(&root, MATERIAL));
        assert_eq!(
            parse::texture(&root, 0).0,
            1,
            "the fallback is there to be used"
        );
        studio.stepper.drain();
        parse::verified(&root);
    }
}

#[test]
fn a_texture_that_fails_fails_the_job_on_request() {
    let mut studio = Studio::new();
    for (image, code) in bad_images(&studio) {
        let name = image.name.clone();
        let request = studio
            .request("room.scn", one_texture(image))
            .with_scene(on_failure(TextureFailurePolicy::Fail));
        let job = studio.stepper.client.submit(request).unwrap();
        let report = studio.stepper.finish(&job);
        assert_eq!(report.outcome, JobState::Failed, "{name}");
        assert_eq!(codes(&report), [code], "{name}");
        assert_eq!(report.diagnostics[0].severity, Severity::Error);
        studio.stepper.drain();
        assert!(!studio.stepper.root().exists(), "{name}: nothing is left");
    }
}

#[test]
fn links_that_leave_and_roots_that_are_allowed() {
    let mut settings = super::script::settings();
    let shared = tempfile::tempdir().unwrap();
    std::fs::write(shared.path().join("wood.tga"), tga(8, 1)).unwrap();
    let private = tempfile::tempdir().unwrap();
    std::fs::write(private.path().join("key.tga"), tga(8, 1)).unwrap();
    settings.allowed_roots = vec![shared.path().to_owned()];
    let mut studio = Studio::with(settings);
    let up = |folder: &tempfile::TempDir, file: &str| {
        let folder = folder.path().file_name().unwrap().to_str().unwrap();
        external(&format!("../{folder}/{file}"))
    };
    let denied = ["io.access_denied", "material.texture_missing"];
    #[cfg(unix)]
    {
        let link = studio.stepper.folder.path().join("link.tga");
        std::os::unix::fs::symlink(private.path().join("key.tga"), link).unwrap();
        let job = studio.submit("room.scn", one_texture(external("link.tga")));
        assert_eq!(codes(&studio.stepper.finish(&job)), denied);
    }
    let job = studio.submit("room.scn", one_texture(up(&private, "key.tga")));
    assert_eq!(codes(&studio.stepper.finish(&job)), denied);
    let job = studio.submit("room.scn", one_texture(up(&shared, "wood.tga")));
    let report = studio.stepper.finish(&job);
    assert!(report.diagnostics.is_empty(), "{report:?}");
    assert_eq!(report.textures_written, 1);
}

/// A scene with a good texture, a good material, two meshes and whatever else is given.
fn scene(meshes: Vec<SceneMesh>, more: Vec<MaterialSource>) -> SceneParts {
    let mut materials = vec![material("good", &[(Slot::BaseColor, 0)])];
    materials.extend(more);
    SceneParts {
        name: "Room".to_owned(),
        nodes: nodes(meshes.len()),
        meshes,
        materials,
        images: vec![embedded("wood", tga(8, 1))],
        ..SceneParts::default()
    }
}

fn phases(studio: &Studio, report: &ImportReport) -> Vec<String> {
    let steps = studio.stepper.heard.progress.lock().unwrap();
    let of_job = steps.iter().filter(|step| step.job == report.job);
    of_job
        .filter(|step| step.kind == ProgressKind::PhaseUpdate)
        .map(|step| step.message.clone())
        .collect()
}

#[test]
fn anything_else_that_fails_ends_the_job_and_leaves_nothing() {
    let mut forced = material("forced", &[(Slot::Metallic, 0)]);
    forced.orm_policy = OrmPolicy::ForcePacked;
    type Make = fn(&Studio, &MaterialSource) -> SceneParts;
    let cases: [(&str, &str, Make); 5] = [
        ("mesh.no_faces", "a loader fails", |studio, _| {
            scene(vec![studio.bad_mesh("bad", Act::Fail)], Vec::new())
        }),
        ("import.exception", "a loader panics", |studio, _| {
            scene(vec![studio.bad_mesh("bad", Act::Panic)], Vec::new())
        }),
        ("mesh.missing_buffers", "a mesh is empty", |_, _| {
            let empty = super::script::plain_mesh("empty", super::script::triangles(1.0, &[]));
            scene(vec![empty], Vec::new())
        }),
        ("material.orm_policy", "a material fails", |_, forced| {
            scene(Vec::new(), vec![forced.clone()])
        }),
        (
            "import.plan.material_key_missing",
            "a loader lies",
            |studio, _| {
                let mut liar = studio.bad_mesh("liar", Act::Misshape);
                liar.loader = super::script::lying(&studio.stage(), "liar", &[Some(0)]);
                scene(vec![liar], Vec::new())
            },
        ),
    ];
    for (code, why, make) in cases {
        let mut studio = Studio::new();
        // Something is committed before, and nothing of it changes.
        let first = studio.submit("before.scn", scene(Vec::new(), Vec::new()));
        assert!(studio.stepper.finish(&first).success);
        studio.stepper.drain();
        let before = files(&studio.stepper.root());
        let mut parts = make(&studio, &forced);
        parts.meshes.insert(0, studio.mesh("good", &[Some(0)]));
        parts.images[0] = embedded("other wood", tga(8, 9));
        let bad = studio.submit("bad.scn", parts);
        let report = studio.stepper.finish(&bad);
        assert_eq!(report.outcome, JobState::Failed, "{why}");
        assert_eq!(codes(&report), [code], "{why}");
        assert!(report.diagnostics[0].is_error());
        assert!(report.products.is_empty() && report.outputs.is_empty());
        let told = phases(&studio, &report);
        assert_eq!(told.last().unwrap(), "Plan execution failed", "{why}");
        studio.stepper.drain();
        assert_eq!(files(&studio.stepper.root()), before, "{why}");
        // Whoever comes next is not disturbed.
        let next = studio.submit("next.scn", scene(Vec::new(), Vec::new()));
        assert!(studio.stepper.finish(&next).success, "{why}");
        studio.stepper.drain();
        parse::verified(&studio.stepper.root());
    }
}

#[test]
fn settings_that_contradict_each_other_fail_before_anything_is_cooked() {
    let mut studio = Studio::new();
    let mut scale = SceneOptions::default();
    scale.unit_scale = Some(2.0);
    let request = studio.request("room.scn", scene(Vec::new(), Vec::new()));
    let job = studio
        .stepper
        .client
        .submit(request.with_scene(scale))
        .unwrap();
    let report = studio.stepper.finish(&job);
    assert_eq!(codes(&report), ["import.settings_invalid"]);
    assert_eq!(
        phases(&studio, &report).last().unwrap(),
        "Script parse failed"
    );
    let request = studio.request("room.scn", scene(Vec::new(), Vec::new()));
    let texture = serde_json::from_str(r#"{"max_mips":0}"#).unwrap();
    let job = studio
        .stepper
        .client
        .submit(request.with_texture(texture))
        .unwrap();
    assert_eq!(
        codes(&studio.stepper.finish(&job)),
        ["texture.desc_invalid"]
    );
    studio.stepper.drain();
    assert!(!studio.stepper.root().exists());
}

#[test]
fn a_path_that_another_asset_has_fails_the_second_import() {
    let mut studio = Studio::new();
    let mut random = SceneOptions::default();
    random.asset_key_policy = Some(bevy_kiln_assets::settings::scene::AssetKeyPolicy::Random);
    let import = |studio: &mut Studio| {
        let request = studio.request("room.scn", scene(Vec::new(), Vec::new()));
        let request = request.with_scene(random.clone());
        let job = studio.stepper.client.submit(request).unwrap();
        let report = studio.stepper.finish(&job);
        studio.stepper.drain();
        report
    };
    assert!(import(&mut studio).success);
    let before = files(&studio.stepper.root());
    assert_eq!(
        codes(&import(&mut studio)),
        ["container.virtual_path_taken"]
    );
    assert_eq!(files(&studio.stepper.root()), before);
}

#[test]
fn what_was_emitted_before_a_failure_is_kept_on_request() {
    let mut studio = Studio::new();
    studio.stage().hold(&["mesh bad"]);
    let parts = scene(vec![studio.bad_mesh("bad", Act::Fail)], Vec::new());
    let request = studio.request("room.scn", parts).keep_partial(true);
    let job = studio.stepper.client.submit(request).unwrap();
    let name = {
        let folder = studio.stepper.folder.path().join("room.scn");
        format!("{}::tex::wood::base_color", folder.to_str().unwrap())
    };
    studio
        .stepper
        .until_item(&name, bevy_kiln_components::work::WorkState::Emitted);
    studio.stage().open("mesh bad");
    let report = studio.stepper.finish(&job);
    assert_eq!(report.outcome, JobState::Failed);
    studio.stepper.drain();
    let root = studio.stepper.root();
    assert_eq!(parse::texture_count(&root), 2);
    parse::verified(&root);
}

#[test]
fn warnings_come_in_the_order_of_the_plan() {
    let mut studio = Studio::new();
    let names: Vec<String> = (0..6).map(|image| format!("lost {image}")).collect();
    let parts = SceneParts {
        materials: (0..6)
            .map(|image| material("m", &[(Slot::BaseColor, image)]))
            .collect(),
        images: names.iter().map(|name| missing(name)).collect(),
        ..SceneParts::default()
    };
    for _ in 0..3 {
        let job = studio.submit("room.scn", parts.clone());
        let report = studio.stepper.finish(&job);
        let told: Vec<_> = report
            .diagnostics
            .iter()
            .map(|told| told.object.clone().unwrap())
            .collect();
        let (textures, materials) = told.split_at(names.len());
        assert_eq!(textures, names);
        let expected = ["m", "m_1", "m_2", "m_3", "m_4", "m_5"];
        assert_eq!(materials, expected.map(|name| format!("Scene/{name}")));
        let is_texture = |product: &Product| matches!(product, Product::Texture { .. });
        assert!(!report.products.iter().any(is_texture));
    }
}

//! Codes that nothing else comes across: each is provoked through the command.

use crate::common::{
    Files, copy, files, images,
    process::{Ran, kiln, run, verify},
    project::{Project, Triangle},
};
use serde_json::json;
use std::path::{Path, PathBuf};

/// A container with textures, buffers and assets, and copies of it with changed bytes.
struct Damage {
    project: Project,
    whole: Files,
}

const INDEX: &str = "container.index.bin";
const CATALOG: &str = "kiln.catalog.json";
const TEXTURES: &str = "Resources/textures.table";
const TEXTURE_DATA: &str = "Resources/textures.data";
const BUFFERS: &str = "Resources/buffers.table";

impl Damage {
    fn new() -> Self {
        let project = Project::mixed();
        project.manifest(&project.jobs()[..2]);
        project.cook();
        Self {
            whole: files(&project.root()),
            project,
        }
    }

    fn root(&self) -> PathBuf {
        self.project.path("damaged")
    }

    /// The container with a file that a function has changed.
    fn change(&self, file: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let root = self.root();
        let _ = std::fs::remove_dir_all(&root);
        copy(&self.project.root(), &root);
        let mut bytes = self.whole[Path::new(file)].clone();
        change(&mut bytes);
        std::fs::write(root.join(file), bytes).unwrap();
    }

    /// The codes that are found in the changed container.
    fn found(&self, file: &str, change: impl FnOnce(&mut Vec<u8>)) -> Vec<String> {
        self.change(file, change);
        run(verify(&self.root()).arg("--json")).codes()
    }
}

#[track_caller]
fn has(codes: &[String], code: &str) {
    assert!(codes.iter().any(|found| found == code), "{code}: {codes:?}");
}

fn replace(bytes: &mut Vec<u8>, from: &str, to: &str) {
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    *bytes = text.replacen(from, to, 1).into_bytes();
}

#[test]
fn damage_of_a_container() {
    let damage = Damage::new();
    let found = |file, change: &dyn Fn(&mut Vec<u8>)| damage.found(file, change);
    assert_eq!(found(INDEX, &|_| {}), [""; 0]);
    // A target that is not there, and a file that is no catalogue.
    has(
        &found(CATALOG, &|bytes| {
            replace(bytes, "\"texture\": 1", "\"texture\": 77");
        }),
        "verify.catalog",
    );
    has(
        &found(CATALOG, &|bytes| bytes.truncate(40)),
        "verify.catalog",
    );
    // A job that says it has what is not there.
    has(
        &found(CATALOG, &|bytes| {
            replace(bytes, "\"textures\": \"1\"", "\"textures\": \"1,77\"");
        }),
        "verify.catalog",
    );
    // The texel of the fallback.
    has(
        &found(TEXTURE_DATA, &|bytes| bytes[512] = 0),
        "verify.fallback",
    );
    // Reserved bytes of the header.
    has(&found(INDEX, &|bytes| bytes[100] = 1), "verify.index");
    // A key that is neither derived nor random.
    let at = u32::from_le_bytes(damage.whole[Path::new(INDEX)][32..36].try_into().unwrap());
    has(
        &found(INDEX, &|bytes| bytes[at as usize] ^= 1),
        "verify.index_form",
    );
    // The magic of the second payload.
    let entry = &damage.whole[Path::new(TEXTURES)][40..];
    let at = u64::from_le_bytes(entry[..8].try_into().unwrap()) as usize;
    has(
        &found(TEXTURE_DATA, &|bytes| bytes[at] ^= 0x20),
        "verify.payload",
    );
    // A texture of a type that there is not; a buffer with neither format nor stride.
    has(
        &found(TEXTURES, &|bytes| bytes[40 + 12] = 7),
        "verify.table",
    );
    has(
        &found(BUFFERS, &|bytes| bytes[16..20].fill(0)),
        "verify.table_form",
    );
}

#[test]
fn a_container_that_is_none_is_not_imported_into() {
    let damage = Damage::new();
    damage.change(INDEX, |bytes| bytes[0] = b'x');
    let before = files(&damage.root());
    let mut command = damage.project.cooking(&damage.root());
    let ran = run(command.arg("--json")).expect(1);
    let codes = ran.codes();
    let corrupt = codes.iter().filter(|code| *code == "container.corrupt");
    assert_eq!(corrupt.count(), 2, "{codes:?}");
    assert!(files(&damage.root()) == before);
}

#[test]
fn a_texture_that_is_no_picture() {
    let damage = Damage::new();
    // The format of the second entry becomes RGBA8 of integers.
    damage.change(TEXTURES, |bytes| bytes[40 + 28] = 28);
    let mut command = kiln();
    command.arg("inspect").arg(damage.root());
    command
        .arg("--json")
        .arg("--png")
        .arg(damage.project.path("pictures"));
    let ran = run(&mut command);
    has(&ran.codes(), "container.not_shown");
}

/// Imports one source.
fn import(project: &Project, source: &str, more: &[&str]) -> Ran {
    let mut command = kiln();
    command.arg("import").arg(project.path(source));
    command.arg("-o").arg(project.root());
    run(command.arg("--json").args(more))
}

#[test]
fn options_that_do_nothing_in_a_scene() {
    let project = Project::mixed();
    let scene = "models/flags.gltf";
    let plain = ["--output-format", "rgba8_srgb", "--data-format", "rgba8"];
    let more = |options: &[&'static str]| [&plain[..], options].concat();
    let ran = import(&project, scene, &more(&["--intent", "albedo"])).expect(0);
    has(&ran.codes(), "import.option_unused");
    let codes = import(&project, scene, &plain).expect(0).codes();
    assert!(!codes.iter().any(|code| code == "import.option_unused"));
}

#[test]
fn transforms_that_cannot_be_baked() {
    let project = Project::mixed();
    let path = project.path("models/flags.gltf");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
    // Both nodes show the first mesh, one of them larger.
    document["nodes"][1]["mesh"] = json!(0);
    document["nodes"][1]["scale"] = json!([2.0, 2.0, 2.0]);
    std::fs::write(&path, document.to_string()).unwrap();
    let plain = ["--output-format", "rgba8_srgb", "--data-format", "rgba8"];
    let bake = [&plain[..], &["--bake-transforms"]].concat();
    let ran = import(&project, "models/flags.gltf", &bake).expect(0);
    has(&ran.codes(), "mesh.bake_skipped");
}

#[test]
fn a_material_whose_texture_was_not_cooked() {
    let project = Project::mixed();
    let triangle = Triangle {
        name: "Red",
        size: 1.0,
        texture: Some("broken.png"),
    };
    project.scene("models/flags.gltf", &[triangle]);
    let mut broken = images::picture(8, 8, 1);
    broken.truncate(60);
    project.write("models/broken.png", &broken);
    let ran = import(&project, "models/flags.gltf", &[]).expect(0);
    has(&ran.codes(), "material.texture_missing");
    // The white texture instead is one that exists.
    let white = ["--on-texture-failure", "fallback"];
    let codes = import(&project, "models/flags.gltf", &white)
        .expect(0)
        .codes();
    assert!(
        !codes.iter().any(|code| code == "material.texture_missing"),
        "{codes:?}"
    );
}

#[test]
fn images_and_settings_that_are_refused() {
    let project = Project::mixed();
    let cube = ["--cubemap", "--equirect-to-cube", "--cube-face-size", "100"];
    let ran = import(
        &project,
        "sky.hdr",
        &[&["--preset", "hdr-env"][..], &cube].concat(),
    );
    assert_eq!(ran.expect(1).codes(), ["texture.cubemap_face_size_invalid"]);
    project.write(
        "xyz.hdr",
        b"#?RADIANCE\nFORMAT=32-bit_rle_xyze\n\n-Y 1 +X 1\n\x01\x02\x03\x80",
    );
    let ran = import(&project, "xyz.hdr", &[]).expect(1);
    assert_eq!(ran.codes(), ["texture.image.unsupported"]);
}

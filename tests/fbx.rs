//! FBX scenes through the command line: a small one of our own, and, where the corpus is there, all of it.
#![allow(
    clippy::unwrap_used,
    reason = "a failed step of the harness is a failed test"
)]

use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

const SHED: &[u8] = include_bytes!("content/shed.fbx");

fn kiln(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kiln"))
        .env("KILN_CACHE_DIR", "")
        .args(arguments)
        .output()
        .unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn stdout(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {output:?}");
    })
}

/// Imports a file, and gives the report of its only job.
fn import(source: &Path, cooked: &Path, more: &[&str]) -> (Output, Value) {
    let mut arguments = vec!["import", "--json", text(source), "-o", text(cooked)];
    // Encoding blocks is not what is tested.
    arguments.extend(["--format", "rgba8_srgb", "--data-format", "rgba8"]);
    arguments.extend(more);
    let output = kiln(&arguments);
    let report = stdout(&output)["jobs"][0].clone();
    (output, report)
}

fn assert_valid(cooked: &Path) {
    assert_valid_with(cooked, &[]);
}

/// A container about which only this is said.
fn assert_valid_with(cooked: &Path, said: &[&str]) {
    let verified = kiln(&["verify", "--json", text(cooked)]);
    assert!(verified.status.success(), "{verified:?}");
    assert_eq!(codes(&stdout(&verified)), said);
}

fn codes(report: &Value) -> Vec<&str> {
    let all = report["diagnostics"].as_array().unwrap();
    all.iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect()
}

fn message<'a>(report: &'a Value, code: &str) -> &'a str {
    let mut all = report["diagnostics"].as_array().unwrap().iter();
    let found = all.find(|one| one["code"] == code);
    found.unwrap()["message"].as_str().unwrap()
}

/// A texel or two, as uncompressed TGA.
fn tga() -> Vec<u8> {
    let mut bytes = vec![0; 18];
    (bytes[2], bytes[12], bytes[14], bytes[16]) = (2, 4, 4, 24);
    bytes.extend((0..48).map(|value| value * 5));
    bytes
}

/// A folder with a source in `models`, and a file of a texture somewhere.
fn project(texture: Option<&str>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("models/shed.fbx");
    std::fs::create_dir_all(source.parent().unwrap()).unwrap();
    std::fs::write(&source, SHED).unwrap();
    if let Some(texture) = texture {
        let path = folder.path().join(texture);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, tga()).unwrap();
    }
    (folder, source)
}

#[test]
fn a_scene_is_cooked_with_everything_in_it() {
    for place in [
        "models/planks.tga",
        "models/Textures/planks.TGA",
        "models/maps/Planks.tga",
        "models/shed.fbm/PLANKS.TGA",
    ] {
        let (folder, source) = project(Some(place));
        let cooked = folder.path().join("cooked");
        let (output, report) = import(&source, &cooked, &[]);
        assert!(output.status.success(), "{place}: {output:?}");
        assert_eq!(codes(&report), ["fbx.space"], "{place}");
        for (count, wanted) in [
            ("materials_written", 2),
            ("geometry_written", 1),
            ("scenes_written", 1),
        ] {
            assert_eq!(report[count], wanted, "{count}");
        }
        let products = report["products"].as_array().unwrap();
        let textures = products
            .iter()
            .filter(|product| product["kind"] == "texture");
        let names: Vec<_> = textures
            .map(|texture| texture["name"].to_string())
            .collect();
        assert!(
            names.iter().any(|name| name.contains("base_color")),
            "{place}: {names:?}"
        );
        assert_valid(&cooked);
    }
}

#[test]
fn a_texture_that_is_nowhere_is_told_with_where_it_was_looked_for() {
    // Outside of what may be read, there is one.
    let (folder, source) = project(Some("textures/planks.tga"));
    let cooked = folder.path().join("cooked");
    let (output, report) = import(&source, &cooked, &[]);
    assert!(output.status.success(), "{output:?}");
    let told = message(&report, "fbx.texture.not_found");
    for part in ["`textures/PLANKS.TGA`", "`shed.fbm/PLANKS.TGA`"] {
        assert!(told.contains(part), "{told}");
    }
    assert!(told.contains("outside"), "{told}");
    assert_valid_with(&cooked, &["verify.error_texture"]);
    // Now it may.
    let root = folder.path().join("textures");
    let (output, report) = import(&source, &cooked, &["--source-root", text(&root)]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(codes(&report), ["fbx.space"]);
    assert_valid(&cooked);
    // Without textures nobody asks where they are.
    let other = folder.path().join("other");
    let (output, report) = import(&source, &other, &["--no-import-textures"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(codes(&report), ["fbx.space"]);
    assert_valid(&other);
}

#[test]
fn content_decides_whatever_the_file_is_called() {
    let (folder, source) = project(None);
    let renamed = source.with_extension("png");
    std::fs::rename(&source, &renamed).unwrap();
    let cooked = folder.path().join("cooked");
    let (output, report) = import(&renamed, &cooked, &[]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(report["scenes_written"], 1);
}

fn corpus(folder: &str) -> Vec<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let Ok(entries) = std::fs::read_dir(corpus.join(folder)) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "fbx"))
        .collect();
    paths.sort();
    paths
}

#[test]
fn files_of_the_corpus_are_cooked() {
    for source in corpus("fbx") {
        let folder = tempfile::tempdir().unwrap();
        let cooked = folder.path().join("cooked");
        let (output, report) = import(&source, &cooked, &[]);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(report["scenes_written"], 1, "{}", source.display());
        assert_valid(&cooked);
    }
}

#[test]
fn damaged_files_of_the_corpus_are_refused() {
    for source in corpus("malformed") {
        let folder = tempfile::tempdir().unwrap();
        let cooked = folder.path().join("cooked");
        let (output, report) = import(&source, &cooked, &[]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(codes(&report).iter().all(|code| code.starts_with("fbx.")));
        assert_eq!(report["products"], serde_json::json!([]));
        assert!(!cooked.join("container.index.bin").exists());
    }
}

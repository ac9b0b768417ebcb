//! Descriptors and buffers against golden files, which were made from the description of the formats and
//! not by this program: a triangle, a skinned strip, a material with every extension, and a scene with
//! every component.

use crate::common::{
    Files, container, files, golden,
    process::{import, run, verify},
};
use std::path::Path;

/// What a document of this folder is cooked to.
fn cook(document: &str, args: &[&str]) -> Files {
    let folder = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gltf/golden");
    let root = folder.path().join("cooked");
    let source = source.join(document);
    run(import(&root, &[source]).args(args)).expect(0);
    run(&mut verify(&root)).expect(0);
    // A reader of the tests' own agrees that it is a container.
    assert!(container::read(&root).guid_is_derived);
    files(&root)
}

/// Compares a file of a container with a golden one.
#[track_caller]
fn same(cooked: &Files, path: &str, name: &str) {
    let bytes = cooked
        .get(Path::new(path))
        .unwrap_or_else(|| panic!("there is no {path} in {:?}", cooked.keys()));
    let expected = golden(&format!("tests/gltf/golden/{name}.hex"));
    let first = bytes.iter().zip(&expected).position(|(a, b)| a != b);
    assert_eq!(
        (first, bytes.len()),
        (None, expected.len()),
        "{path}: the first byte that differs"
    );
}

/// The buffers, and the table of them.
fn same_buffers(cooked: &Files, name: &str) {
    for file in ["buffers.data", "buffers.table"] {
        same(
            cooked,
            &format!("Resources/{file}"),
            &format!("{name}.{file}"),
        );
    }
}

#[test]
fn a_triangle() {
    let cooked = cook("triangle.gltf", &[]);
    same_buffers(&cooked, "triangle");
    same(&cooked, "Geometry/triangle/Canvas.ogeo", "triangle.ogeo");
    same(&cooked, "Scenes/triangle.oscene", "triangle.oscene");
    assert!(!cooked.contains_key(Path::new("Resources/textures.data")));
}

#[test]
fn a_skinned_strip() {
    // In the order in which it was authored, and without tangents: both have tests of their own.
    let cooked = cook("strip.gltf", &["--no-optimize", "--tangents", "none"]);
    same_buffers(&cooked, "strip");
    same(&cooked, "Geometry/strip/Cloth.ogeo", "strip.ogeo");
    same(&cooked, "Scenes/strip.oscene", "strip.oscene");
}

#[test]
fn a_material_with_every_extension() {
    let cooked = cook("material.gltf", &["--quality", "fast"]);
    same(
        &cooked,
        "Materials/material/Everything.omat",
        "material.omat",
    );
}

#[test]
fn a_scene_with_every_component() {
    let cooked = cook("scene.gltf", &[]);
    same(&cooked, "Scenes/scene.oscene", "scene.oscene");
}

//! Each rule of descriptors and buffers, broken once.

use super::*;
use crate::format::{
    geometry::{GeometryDescriptor, GeometryParts, MeshData},
    material::{MaterialDescriptor, MaterialParts},
};

/// What is found when bytes of a descriptor without hash are replaced.
fn found(container: &Container, asset: &CookedAsset, at: usize, bytes: &[u8]) -> Vec<&'static str> {
    let mut bad = asset.bytes.clone();
    bad[at..at + bytes.len()].copy_from_slice(bytes);
    let findings = container.findings_in(asset, &bad);
    findings.iter().map(|finding| finding.code.id()).collect()
}

const DESCRIPTOR: &str = "verify.descriptor";
const FORM: &str = "verify.descriptor_form";
const REFERENCE: &str = "verify.reference";
const GEOMETRY: &str = "verify.geometry";
const GEOMETRY_FORM: &str = "verify.geometry_form";

#[test]
fn rules_of_materials() {
    let (container, [material, ..]) = everything(false);
    let nan = f32::NAN.to_le_bytes();
    let half = 0.5f32.to_le_bytes();
    for (at, bytes, expected) in [
        // Header: another type, version, reserved bytes, variant flags.
        (0, &[2][..], &[DESCRIPTOR][..]),
        (65, &[2], &[DESCRIPTOR]),
        (94, &[1], &[DESCRIPTOR]),
        (75, &[1], &[FORM]),
        // Domain, flags, stages.
        (95, &[7], &[DESCRIPTOR]),
        (95, &[0], &[FORM]),
        (96, &[0x30], &[DESCRIPTOR]),
        (
            100,
            &[0x89],
            &[DESCRIPTOR, DESCRIPTOR, DESCRIPTOR, DESCRIPTOR],
        ),
        // Numbers.
        (104, &nan, &[DESCRIPTOR]),
        (186, &nan, &[DESCRIPTOR]),
        (232, &nan, &[DESCRIPTOR]),
        (107, &[0x40], &[FORM]),
        (186, &half, &[FORM]),
        (179, &[0x7c], &[DESCRIPTOR]),
        (207, &[0x40], &[FORM]),
        (207, &[0xbc], &[FORM]),
        // Slots: beyond the table, the error texture, packed but two, sampled but not.
        (130, &[2], &[REFERENCE]),
        (130, &[0xff; 4], &["verify.error_texture"]),
        (142, &[0], &[DESCRIPTOR]),
        (96, &[0x11], &[DESCRIPTOR, DESCRIPTOR, DESCRIPTOR]),
        (237, &[1], &[DESCRIPTOR]),
        // Shaders: stage, reserved bytes, path, function, text.
        (256, &[4], &[DESCRIPTOR]),
        (257, &[1], &[DESCRIPTOR]),
        (264, &[0; 120], &[DESCRIPTOR]),
        (384, &[0; 2], &[DESCRIPTOR]),
        (416 + 255, b"x", &[DESCRIPTOR]),
    ] {
        assert_eq!(found(&container, &material, at, bytes), expected, "at {at}");
    }
    let parts = MaterialDescriptor::parse(&material.bytes)
        .unwrap()
        .parts()
        .clone();
    let bare = MaterialDescriptor::new(MaterialParts {
        shaders: Vec::new(),
        ..parts
    });
    let findings = container.findings_in(&material, &bare.unwrap().to_bytes());
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].code, codes::DESCRIPTOR_FORM);
}

#[test]
fn rules_of_geometries() {
    let (container, geometry) = with_geometry(&mesh(part(Vec::new())), false);
    let inf = f32::INFINITY.to_le_bytes();
    let two = 2.0f32.to_le_bytes();
    let nine = 9.0f32.to_le_bytes();
    let (mesh, submesh) = (256, 256 + 145);
    let view = submesh + 108;
    let mut different = Vec::new();
    for (at, bytes, expected) in [
        (75, &[0x80][..], &[DESCRIPTOR][..]),
        (95, &[0], &[DESCRIPTOR]),
        (95, &[9], &[DESCRIPTOR]),
        (123, &[1], &[DESCRIPTOR]),
        // Boxes: of the geometry, of the mesh, of a submesh.
        (111, &inf, &[DESCRIPTOR]),
        (99, &two, &[DESCRIPTOR]),
        (119, &nine, &[FORM]),
        (119, &[0; 4], &[DESCRIPTOR]),
        (mesh + 81, &two, &[DESCRIPTOR]),
        (mesh + 101, &nine, &[DESCRIPTOR, GEOMETRY_FORM]),
        (mesh + 101, &[0; 4], &[FORM, GEOMETRY]),
        (submesh + 96, &nine, &[GEOMETRY_FORM]),
        (submesh + 96, &[0; 4], &[GEOMETRY]),
        (submesh + 96, &inf, &[DESCRIPTOR]),
        // The mesh: name, type, counts, buffers, padding.
        (mesh, b"X", &[FORM]),
        (mesh + 64, &[4], &[DESCRIPTOR]),
        (mesh + 65, &[1], &[DESCRIPTOR, DESCRIPTOR, GEOMETRY_FORM]),
        (mesh + 69, &[3], &[DESCRIPTOR]),
        (mesh + 73, &[7], &[REFERENCE]),
        (mesh + 73, &[1], &[REFERENCE]),
        (mesh + 77, &[0], &[REFERENCE]),
        (mesh + 105, &[1], &[DESCRIPTOR]),
        // The submesh: name, material, views.
        (submesh + 63, b"x", &[DESCRIPTOR]),
        (submesh + 64, &[0xee], &[REFERENCE]),
        (submesh + 64, &[0; 16], &[]),
        // The view: parts of triangles, past the end, vertices that are not used or not there.
        (view + 4, &[2], &[DESCRIPTOR, GEOMETRY_FORM, GEOMETRY_FORM]),
        (view + 4, &[9], &[DESCRIPTOR]),
        (view + 8, &[2], &[DESCRIPTOR]),
        (view + 12, &[2], &[GEOMETRY]),
        (view + 12, &[4], &[GEOMETRY_FORM]),
    ] {
        let found = found(&container, &geometry, at, bytes);
        if found != expected {
            different.push((at, bytes, found, expected));
        }
    }
    assert_eq!(different, []);
}

#[test]
fn rules_of_skins() {
    let (container, geometry) = with_geometry(&skinned(), false);
    let info = 256 + 73;
    for (at, bytes, expected) in [
        (75, &[0x0f][..], &[FORM][..]),
        // Joint indices that are none, too few joints, a skeleton, influences, flags.
        (info + 8, &[1], &[REFERENCE]),
        (info + 20, &[9], &[REFERENCE]),
        (info + 24, &[1], &[DESCRIPTOR]),
        (info + 40, &[2], &[GEOMETRY]),
        (info + 40, &[4], &[DESCRIPTOR, DESCRIPTOR]),
        (info + 40, &[0], &[DESCRIPTOR, GEOMETRY]),
        (info + 42, &[3], &[DESCRIPTOR]),
        (info + 44, &[1], &[FORM]),
    ] {
        assert_eq!(found(&container, &geometry, at, bytes), expected, "at {at}");
    }
    // The block of 72 bytes that some writers repeat.
    let mut twice = geometry.bytes.clone();
    let copy = twice[info..info + 72].to_vec();
    twice.splice(info + 72..info + 72, copy);
    let findings = container.findings_in(&geometry, &twice);
    assert_eq!(findings.len(), 1);
    assert!(findings[0].message.contains("there twice"));
}

#[test]
fn procedural_meshes_have_no_buffers_to_check() {
    let (container, geometry) = with_geometry(&mesh(part(Vec::new())), false);
    let descriptor = GeometryDescriptor::parse(&geometry.bytes).unwrap();
    let mut parts: GeometryParts = descriptor.parts().clone();
    parts.lods[0].name = crate::format::name::FixedName::cut("Plane/Ground");
    parts.lods[0].source = MeshData::Procedural {
        parameters: vec![1, 0, 0, 0],
    };
    let bytes = GeometryDescriptor::new(parts).unwrap().to_bytes();
    assert_eq!(container.findings_in(&geometry, &bytes), []);
    let mut nameless = bytes.clone();
    nameless[256..320].fill(0);
    let findings = container.findings_in(&geometry, &nameless);
    assert_eq!(findings[0].code, codes::DESCRIPTOR);
    let mut long = bytes;
    long[329..333].fill(0xff);
    let findings = container.findings_in(&geometry, &long);
    assert_eq!(findings[0].code, codes::DESCRIPTOR);
}

#[test]
fn contents_of_buffers() {
    let (mut container, geometry) = with_geometry(&skinned(), false);
    let clean = container.bytes.clone();
    let mut found = |buffer: usize, at: usize, bytes: &[u8]| {
        container.bytes = clean.clone();
        container.bytes[buffer][at..at + bytes.len()].copy_from_slice(bytes);
        let findings = container.findings(&geometry);
        findings.iter().map(|f| f.code.id()).collect::<Vec<_>>()
    };
    let nan = f32::NAN.to_le_bytes();
    let minus = (-0.5f32).to_le_bytes();
    // A vertex outside of all boxes: submesh and mesh.
    let far = 9.0f32.to_le_bytes();
    assert!(found(0, 0, &far).iter().all(|&code| code == GEOMETRY));
    assert!(found(0, 0, &nan).contains(&GEOMETRY));
    assert_eq!(found(0, 12, &nan), [GEOMETRY_FORM]);
    assert!(found(1, 0, &[200]).contains(&GEOMETRY));
    assert_eq!(found(2, 0, &[3]), [GEOMETRY]);
    assert_eq!(found(3, 0, &nan), [GEOMETRY]);
    assert_eq!(found(3, 0, &minus), [GEOMETRY]);
    assert_eq!(found(3, 0, &[0; 16]), [GEOMETRY_FORM]);
    assert_eq!(found(4, 0, &nan), [GEOMETRY]);
    assert_eq!(found(5, 0, &[7]), [""; 0]);
}

#[test]
fn rules_of_scenes() {
    let (container, [.., scene]) = everything(false);
    let strings = 256 + 3 * 68;
    let directory = strings + 7;
    let tables = directory + 6 * 20;
    let (pcam, ocam) = (tables + 3 * 36, tables + 3 * 36 + 2 * 32);
    let dlit = ocam + 40;
    let (plit, slit) = (dlit + 96, dlit + 96 + 80);
    let block = slit + 88;
    let (sky, fog) = (block + 16, block + 16 + 116 + 84);
    let nan = f32::NAN.to_le_bytes();
    let minus = (-1.0f32).to_le_bytes();
    let node = |index: usize| 256 + 68 * index;
    let mut different = Vec::new();
    for (at, bytes, expected) in [
        (107, &[69][..], &[DESCRIPTOR][..]),
        (131, &[1], &[DESCRIPTOR]),
        // Strings: no NUL at the ends, names that nobody has.
        (strings, b"x", &[DESCRIPTOR]),
        (strings + 6, b"x", &[DESCRIPTOR, DESCRIPTOR, FORM]),
        // Nodes: id, name, parents, flags, numbers.
        (node(1), &[1], &[FORM]),
        (node(1), &scene.bytes[256..272], &[FORM, FORM]),
        (node(1) + 16, &[0], &[FORM]),
        (node(1) + 16, &[7], &[DESCRIPTOR, FORM]),
        (node(0) + 20, &[1], &[DESCRIPTOR, FORM, DESCRIPTOR]),
        (node(1) + 20, &[2], &[FORM, DESCRIPTOR]),
        (node(1) + 20, &[3], &[DESCRIPTOR]),
        (node(2) + 24, &[0x40], &[DESCRIPTOR]),
        (node(2) + 28, &nan, &[DESCRIPTOR]),
        (node(2) + 52, &minus, &[]),
        (node(2) + 52, &[0; 4], &[FORM]),
        // The directory: type, place, count, size.
        (directory, b"X", &[FORM]),
        (directory + 20, b"MESH", &[DESCRIPTOR]),
        (
            directory + 12,
            &[4],
            &[DESCRIPTOR, DESCRIPTOR, REFERENCE, DESCRIPTOR],
        ),
        (directory + 12, &[0xff; 4], &[DESCRIPTOR]),
        (directory + 16, &[35], &[DESCRIPTOR, FORM]),
        // Records.
        (tables, &[2], &[DESCRIPTOR]),
        (tables + 4, &[0; 16], &[REFERENCE]),
        (tables + 20, &[2], &[DESCRIPTOR]),
        (tables + 72, &[3], &[DESCRIPTOR]),
        (pcam + 4, &nan, &[DESCRIPTOR, FORM]),
        (pcam + 12, &minus, &[FORM]),
        (pcam + 20, &[1], &[DESCRIPTOR]),
        (ocam + 8, &minus, &[FORM]),
        (dlit + 4, &[2], &[DESCRIPTOR]),
        (dlit + 20, &minus, &[FORM]),
        (dlit + 24, &[3], &[DESCRIPTOR]),
        (dlit + 25, &[2], &[DESCRIPTOR]),
        (dlit + 40, &[4], &[DESCRIPTOR]),
        (dlit + 64, &[5], &[DESCRIPTOR]),
        (plit + 52, &[0; 4], &[FORM]),
        (plit + 56, &[3], &[DESCRIPTOR]),
        (slit + 64, &minus, &[FORM]),
        (slit + 68, &[0; 4], &[FORM]),
        // The environment: sizes, counts, systems, values.
        (block, &[0], &[DESCRIPTOR]),
        (block + 4, &[5], &[DESCRIPTOR]),
        (block + 4, &[7], &[DESCRIPTOR]),
        (block + 8, &[1], &[DESCRIPTOR]),
        (sky, &[9], &[FORM]),
        (sky, &[2], &[DESCRIPTOR, FORM]),
        (sky + 4, &[7], &[DESCRIPTOR]),
        (sky + 8, &[2], &[DESCRIPTOR]),
        (sky + 12, &nan, &[DESCRIPTOR]),
        (sky + 100, &[1], &[DESCRIPTOR]),
        (fog + 12, &[2], &[DESCRIPTOR]),
        (fog + 72 + 16, &[1], &[FORM]),
    ] {
        let found = found(&container, &scene, at, bytes);
        if found != expected {
            different.push((at, bytes, found, expected));
        }
    }
    assert_eq!(different, []);
}

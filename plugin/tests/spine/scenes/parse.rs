//! What the tests read of a container, by offsets of the format and nothing else.

use bevy_kiln_systems::verify::verify_container;
use std::{collections::BTreeMap, path::Path};

pub fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes(bytes[offset..offset + 4].try_into().unwrap())
}

pub fn u64_at(bytes: &[u8], offset: usize) -> u64 {
    u64::from_le_bytes(bytes[offset..offset + 8].try_into().unwrap())
}

pub fn f32_at(bytes: &[u8], offset: usize) -> f32 {
    f32::from_bits(u32_at(bytes, offset))
}

/// The verifier finds nothing to complain about.
#[track_caller]
pub fn verified(root: &Path) {
    let report = verify_container(root);
    assert!(report.valid, "{:#?}", report.diagnostics);
}

/// The keys of the index by the paths of the descriptors.
pub fn keys(root: &Path) -> BTreeMap<String, [u8; 16]> {
    let index = std::fs::read(root.join("container.index.bin")).unwrap();
    let strings = u64_at(&index, 16) as usize;
    let entries = u64_at(&index, 32) as usize;
    (0..u32_at(&index, 40) as usize)
        .map(|asset| {
            let entry = &index[entries + 76 * asset..][..76];
            let path = &index[strings + u32_at(entry, 16) as usize..];
            let path = path.split(|byte| *byte == 0).next().unwrap();
            let path = String::from_utf8(path.to_vec()).unwrap();
            (path, entry[..16].try_into().unwrap())
        })
        .collect()
}

/// The index of a texture slot of a material; slots are numbered in the order of the record.
pub fn texture_slot(root: &Path, material: &str, slot: usize) -> u32 {
    let bytes = std::fs::read(root.join(material)).unwrap();
    assert_eq!(bytes[0], 1, "a material");
    u32_at(&bytes, 130 + 4 * slot)
}

/// Whether a material samples textures.
pub fn samples_textures(root: &Path, material: &str) -> bool {
    let bytes = std::fs::read(root.join(material)).unwrap();
    u32_at(&bytes, 96) & 1 == 0
}

/// The vertex buffer, the index buffer, and the material keys of the submeshes of the first level.
pub fn geometry(root: &Path, geometry: &str) -> (u32, u32, Vec<[u8; 16]>) {
    let bytes = std::fs::read(root.join(geometry)).unwrap();
    assert_eq!(bytes[0], 2, "a geometry");
    let mesh = &bytes[256..];
    let submeshes = u32_at(mesh, 65) as usize;
    let keys = (0..submeshes)
        .map(|submesh| {
            mesh[145 + (108 + 16) * submesh + 64..][..16]
                .try_into()
                .unwrap()
        })
        .collect();
    (u32_at(mesh, 73), u32_at(mesh, 77), keys)
}

/// The bytes of a buffer.
pub fn buffer(root: &Path, index: u32) -> Vec<u8> {
    let table = std::fs::read(root.join("Resources/buffers.table")).unwrap();
    let data = std::fs::read(root.join("Resources/buffers.data")).unwrap();
    let entry = &table[32 * index as usize..][..32];
    data[u64_at(entry, 0) as usize..][..u32_at(entry, 8) as usize].to_vec()
}

/// The width and format of a texture.
pub fn texture(root: &Path, index: u32) -> (u32, u8) {
    let table = std::fs::read(root.join("Resources/textures.table")).unwrap();
    let entry = &table[40 * index as usize..][..40];
    (u32_at(entry, 14), entry[28])
}

/// How many textures there are, the fallback included.
pub fn texture_count(root: &Path) -> usize {
    std::fs::read(root.join("Resources/textures.table")).map_or(0, |table| table.len() / 40)
}

/// The name, translation and scale of each node of a scene.
pub fn nodes(root: &Path, scene: &str) -> Vec<(String, [f32; 3], [f32; 3])> {
    let bytes = std::fs::read(root.join(scene)).unwrap();
    assert_eq!(bytes[0], 3, "a scene");
    let strings = u32_at(&bytes, 111) as usize;
    (0..u32_at(&bytes, 103) as usize)
        .map(|node| {
            let record = &bytes[256 + 68 * node..][..68];
            let name = &bytes[strings + u32_at(record, 16) as usize..];
            let name = name.split(|byte| *byte == 0).next().unwrap();
            let vector = |at: usize| [0, 4, 8].map(|i| f32_at(record, at + i));
            let name = String::from_utf8(name.to_vec()).unwrap();
            (name, vector(28), vector(56))
        })
        .collect()
}

/// The geometry keys of the renderables of a scene, by node.
pub fn renderables(root: &Path, scene: &str) -> Vec<(u32, [u8; 16])> {
    let bytes = std::fs::read(root.join(scene)).unwrap();
    let directory = u64_at(&bytes, 119) as usize;
    for table in 0..u32_at(&bytes, 127) as usize {
        let entry = &bytes[directory + 20 * table..][..20];
        if &entry[..4] == b"MESH" {
            let (offset, count) = (u64_at(entry, 4) as usize, u32_at(entry, 12) as usize);
            return (0..count)
                .map(|record| {
                    let record = &bytes[offset + 36 * record..][..36];
                    (u32_at(record, 0), record[4..20].try_into().unwrap())
                })
                .collect();
        }
    }
    Vec::new()
}

//! Meshes are built, their buffers get places, and the descriptor is read back from its bytes.

use super::*;
use crate::{
    cook::{
        asset::KeySource,
        mesh::{MaterialUse, MeshRequest, build_mesh},
        pace::{CancelFlag, Pace},
    },
    format::{asset_header::HASH_RANGE, ids::ContentHash, index::AssetType},
    settings::geometry::GeometrySettings,
    source::scene::{
        InfluenceSet, MeshKind, MeshLod, MeshPart, MeshSource, Skin, TriangleRange, VertexStreams,
    },
};
use futures_lite::future::block_on;
use sha2::{Digest, Sha256};
use std::sync::Arc;

fn triangle(slots: &[Option<u32>]) -> MeshPart {
    let positions = vec![[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
    let streams = VertexStreams {
        positions,
        normals: Some(vec![[0.0, 0.0, 1.0]; 3]),
        texcoords: Some(vec![[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]),
        ..VertexStreams::default()
    };
    MeshPart {
        streams: Arc::new(streams),
        indices: [0, 1, 2].repeat(slots.len()),
        ranges: (0..)
            .zip(slots)
            .map(|(range, slot)| TriangleRange {
                first_index: 3 * range,
                index_count: 3,
                material: slot.map(MaterialId),
            })
            .collect(),
    }
}

fn mesh(parts: Vec<MeshPart>) -> MeshSource {
    MeshSource {
        kind: MeshKind::Standard,
        lods: vec![MeshLod {
            name: "LOD0".to_owned(),
            parts,
        }],
        ..MeshSource::default()
    }
}

fn skinned() -> MeshSource {
    let mut part = triangle(&[Some(0)]);
    let mut streams = VertexStreams::clone(&part.streams);
    streams.influences = vec![InfluenceSet {
        joints: vec![[0, 1, 2, 0]; 3],
        weights: vec![[0.5, 0.3, 0.2, 0.0]; 3],
    }];
    part.streams = Arc::new(streams);
    let mut identity = [0.0; 16];
    for axis in 0..4 {
        identity[5 * axis] = 1.0;
    }
    MeshSource {
        kind: MeshKind::Skinned(Skin {
            inverse_bind: vec![identity; 3],
            joint_remap: vec![0, 1, 2],
        }),
        ..mesh(vec![part])
    }
}

fn shape_of(source: &MeshSource, name: &str) -> MeshShape {
    let request = MeshRequest {
        name,
        source_id: "box.glb::Tri::0",
        materials: &[MaterialUse::default(); 8],
    };
    let mut pace = Pace::uninterrupted(CancelFlag::new());
    let settings = GeometrySettings::default();
    let built = block_on(build_mesh(source, request, &settings, &mut pace)).unwrap();
    let expected = if built.lods[0].joint_count.is_some() {
        6
    } else {
        2
    };
    let (shape, buffers) = built.into_shape();
    assert!(buffers.iter().all(|buffers| buffers.len() == expected));
    shape
}

/// The key of a material is its slot, sixteen times.
fn key(material: Option<MaterialId>) -> AssetKey {
    material.map_or(AssetKey::DEFAULT_MATERIAL, |id| AssetKey([id.0 as u8; 16]))
}

fn cook(shape: &MeshShape, buffers: &[&[u32]]) -> Result<CookedAsset, Vec<Diagnostic>> {
    cook_with(shape, buffers, true)
}

fn cook_with(
    shape: &MeshShape,
    buffers: &[&[u32]],
    content_hashing: bool,
) -> Result<CookedAsset, Vec<Diagnostic>> {
    let name = &shape.mesh().name;
    let identity = AssetIdentity::new(AssetType::Geometry, name, KeySource::VirtualPath).unwrap();
    let request = GeometryRequest {
        identity: &identity,
        source_id: "box.glb::Tri::0",
        content_hashing,
    };
    let buffers: Vec<Vec<_>> = buffers
        .iter()
        .map(|lod| lod.iter().copied().map(BufferIndex).collect())
        .collect();
    cook_geometry(shape, &request, &buffers, &key)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn f32s_at<const N: usize>(bytes: &[u8], at: usize) -> [f32; N] {
    std::array::from_fn(|i| f32::from_bits(u32_at(bytes, at + 4 * i)))
}

#[test]
fn attributes_that_nothing_is_known_of() {
    let request = MeshRequest {
        name: "Tri",
        source_id: "box.glb::Tri::0",
        materials: &[MaterialUse::default(); 8],
    };
    let source = mesh(vec![triangle(&[Some(0)])]);
    let mut pace = Pace::uninterrupted(CancelFlag::new());
    let settings = GeometrySettings::default();
    let mut built = block_on(build_mesh(&source, request, &settings, &mut pace)).unwrap();
    built.attributes |= 0x8000_0000;
    let (shape, _) = built.into_shape();
    let told = cook(&shape, &[&[0, 1]]).unwrap_err();
    assert_eq!(told[0].code.id(), "mesh.serialize_failed");
}

#[test]
fn a_triangle() {
    let shape = shape_of(&mesh(vec![triangle(&[Some(0)])]), "Box/G_Cube");
    let asset = cook(&shape, &[&[11, 22]]).unwrap();
    let bytes = &asset.bytes;
    assert_eq!(bytes.len(), 256 + 145 + 108 + 16);
    assert_eq!((bytes[0], bytes[65]), (2, 1));
    assert!(bytes[1..].starts_with(b"Box/G_Cube\0"));
    assert_eq!(u32_at(bytes, 75), 0x0f, "no colours, no joints");
    assert_eq!(u32_at(bytes, 95), 1);
    let corners = [0.0, 0.0, 0.0, 1.0, 1.0, 0.0];
    for at in [99, 256 + 81, 401 + 84] {
        assert_eq!(f32s_at(bytes, at), corners);
    }
    assert!(bytes[256..].starts_with(b"Box/G_Cube\0"));
    assert_eq!(bytes[320], 1);
    assert_eq!(
        [321, 325, 329, 333].map(|at| u32_at(bytes, at)),
        [1, 1, 11, 22]
    );
    assert!(bytes[401..].starts_with(b"mat_0\0"));
    assert_eq!(bytes[465..481], [0; 16]);
    assert_eq!(
        [509, 513, 517, 521].map(|at| u32_at(bytes, at)),
        [0, 3, 0, 3]
    );

    let mut blank = bytes.clone();
    blank[HASH_RANGE].fill(0);
    assert_eq!(bytes[HASH_RANGE], Sha256::digest(&blank)[..8]);
    assert_eq!(asset.digest[..], Sha256::digest(bytes)[..]);
    assert_eq!(
        asset.key.to_string(),
        "ec2fdb62-0c28-20c8-f258-45ee0d9cdeb9"
    );
    assert_eq!(asset.path.as_str(), "Geometry/Box/G_Cube.ogeo");
    assert_eq!(asset.diagnostics, []);
    let plain = cook_with(&shape, &[&[11, 22]], false).unwrap();
    assert_eq!(plain.bytes, blank);
    assert_eq!(
        (plain.content_hash, plain.digest),
        (ContentHash::NONE, [0; 32])
    );
}

#[test]
fn a_skinned_mesh_has_its_info_once() {
    let shape = shape_of(&skinned(), "Skin");
    let asset = cook(&shape, &[&[1, 2, 3, 4, 5, 6]]).unwrap();
    let bytes = &asset.bytes;
    assert_eq!(bytes.len(), 256 + 145 + 108 + 16);
    assert_eq!(u32_at(bytes, 75), 0x6f);
    assert_eq!(bytes[320], 3);
    for buffer in 0..6 {
        assert_eq!(u32_at(bytes, 329 + 4 * buffer), 1 + buffer as u32);
    }
    assert_eq!(bytes[353..369], [0; 16], "no skeleton");
    assert_eq!(bytes[369..373], [3, 0, 4, 0]);
    assert_eq!(f32s_at(bytes, 377), [0.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
    assert!(
        bytes[401..].starts_with(b"mat_0\0"),
        "the submesh follows at once"
    );
}

#[test]
fn submeshes_have_their_materials_in_slot_order() {
    let slots = [Some(3), None, Some(0), Some(1)];
    let shape = shape_of(&mesh(vec![triangle(&slots)]), "Slots");
    let asset = cook(&shape, &[&[0, 1]]).unwrap();
    let bytes = &asset.bytes;
    assert_eq!((u32_at(bytes, 321), u32_at(bytes, 325)), (4, 4));
    let expected: [(&[u8], AssetKey); 4] = [
        (b"mat_0\0", AssetKey([0; 16])),
        (b"mat_1\0", AssetKey([1; 16])),
        (b"mat_3\0", AssetKey([3; 16])),
        (b"mat_default\0", AssetKey::DEFAULT_MATERIAL),
    ];
    for (submesh, (name, key)) in expected.into_iter().enumerate() {
        let at = 401 + submesh * (108 + 16);
        assert!(bytes[at..].starts_with(name));
        assert_eq!(bytes[at + 64..at + 80], key.0);
        assert_eq!(u32_at(bytes, at + 80), 1, "one view");
        let view = [108, 112, 116, 120].map(|field| u32_at(bytes, at + field));
        assert_eq!(view, [3 * submesh as u32, 3, 0, 3]);
    }
}

#[test]
fn levels_have_names_of_their_own() {
    for count in [1, 2, 8] {
        let mut source = mesh(vec![triangle(&[Some(0)])]);
        source.lods = (0..count)
            .map(|lod| MeshLod {
                name: format!("Level {lod}"),
                ..source.lods[0].clone()
            })
            .collect();
        let shape = shape_of(&source, "Levels");
        let buffers: Vec<[u32; 2]> = (0..count).map(|lod| [2 * lod, 2 * lod + 1]).collect();
        let buffers: Vec<&[u32]> = buffers.iter().map(|lod| &lod[..]).collect();
        let bytes = cook(&shape, &buffers).unwrap().bytes;
        assert_eq!(u32_at(&bytes, 95), count);
        for lod in 0..count {
            let at = 256 + lod as usize * (145 + 108 + 16);
            let name = if count == 1 {
                "Levels\0".to_owned()
            } else {
                format!("Level {lod}\0")
            };
            assert!(bytes[at..].starts_with(name.as_bytes()));
            let buffers = [73, 77].map(|field| u32_at(&bytes, at + field));
            assert_eq!(buffers, [2 * lod, 2 * lod + 1]);
        }
    }
}

#[test]
fn long_names_are_cut() {
    let name = "n".repeat(72);
    let shape = shape_of(&mesh(vec![triangle(&[None])]), &name);
    let asset = cook(&shape, &[&[0, 1]]).unwrap();
    for at in [1, 256] {
        assert_eq!(asset.bytes[at..at + 63], [b'n'; 63]);
        assert_eq!(asset.bytes[at + 63], 0);
    }
    // The mesh cooker has said so.
    let codes: Vec<_> = shape.mesh().diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(codes, [codes::NAME_TRUNCATED, codes::LOD_NAME_TRUNCATED]);
}

#[test]
fn buffers_must_fit_the_shape() {
    let plain = shape_of(&mesh(vec![triangle(&[None])]), "Plain");
    let skin = shape_of(&skinned(), "Skin");
    let six: &[u32] = &[0, 1, 2, 3, 4, 5];
    for (shape, buffers, code) in [
        (&plain, &[][..], codes::FINALIZE_FAILED),
        (&plain, &[&[0, 1][..], &[2, 3]], codes::FINALIZE_FAILED),
        (&plain, &[&[0][..]], codes::AUX_BUFFER_COUNT),
        (&plain, &[&[0, 1, 2][..]], codes::AUX_BUFFER_COUNT),
        (&skin, &[&six[..5]], codes::AUX_BUFFER_COUNT),
        (&plain, &[six], codes::FINALIZE_FAILED),
        (&skin, &[&six[..2]], codes::FINALIZE_FAILED),
    ] {
        let diagnostics = cook(shape, buffers).unwrap_err();
        let [error] = &diagnostics[..] else {
            panic!("{diagnostics:?}");
        };
        assert_eq!(error.code, code, "{buffers:?}");
        assert!(error.is_error());
        assert_eq!(error.source.as_deref(), Some("box.glb::Tri::0"));
        assert_eq!(error.object.as_deref(), Some(&*shape.mesh().name));
    }
}

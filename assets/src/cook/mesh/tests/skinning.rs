//! Meshes that joints move.

use super::*;
use crate::source::scene::InfluenceSet;

const IDENTITY: [f32; 16] = [
    1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0,
];

fn skin(joints: u32) -> Skin {
    Skin {
        inverse_bind: vec![IDENTITY; joints as usize],
        joint_remap: (0..joints).collect(),
    }
}

fn skinned_triangle(joints: [u16; 4], weights: [f32; 4]) -> MeshPart {
    let mut part = triangle();
    edit(&mut part, |streams| {
        streams.influences = vec![InfluenceSet {
            joints: vec![joints; 3],
            weights: vec![weights; 3],
        }];
    });
    part
}

fn skinned(parts: Vec<MeshPart>, skin: Skin) -> MeshSource {
    MeshSource {
        kind: MeshKind::Skinned(skin),
        ..mesh(parts)
    }
}

#[test]
fn a_skinned_triangle() {
    let part = skinned_triangle([0, 1, 2, 0], [0.5, 0.3, 0.2, 0.0]);
    let mut skin = skin(3);
    skin.inverse_bind[2][12] = 7.0;
    let built = build(&skinned(vec![part], skin));
    assert_eq!(codes_of(&built), [""; 0]);
    assert_eq!(built.attributes, 0x6f);
    let lod = &built.lods[0];
    assert_eq!(lod.joint_count, Some(3));
    for own in influences(lod) {
        assert_eq!(own.joints, [0, 1, 2, 0]);
        assert_eq!(own.weights, [0.5, 0.3, 0.2, 0.0]);
    }
    let matrices = words(buffer(lod, BufferRole::InverseBind));
    assert_eq!(matrices.len(), 48);
    assert_eq!(f32::from_bits(matrices[32 + 12]), 7.0);
    assert_eq!(words(buffer(lod, BufferRole::JointRemap)), [0, 1, 2]);
}

#[test]
fn all_sets_are_merged_and_the_strongest_four_kept() {
    let mut part = skinned_triangle([0, 1, 2, 3], [0.1, 0.1, 0.2, 0.1]);
    edit(&mut part, |streams| {
        streams.influences.push(InfluenceSet {
            joints: vec![[4, 5, 2, 0]; 3],
            weights: vec![[0.2, 0.2, 0.1, 0.0]; 3],
        });
    });
    let built = build(&skinned(vec![part], skin(6)));
    assert_eq!(codes_of(&built), ["mesh.skinning.trimmed"]);
    assert!(built.diagnostics[0].message.starts_with("3 vertices"));
    for own in influences(&built.lods[0]) {
        // Joint 2 has 0.2 and 0.1; of the three with 0.1 the lowest stays.
        assert_eq!(own.joints, [2, 4, 5, 0]);
        let sum: f32 = own.weights.iter().sum();
        assert!((sum - 1.0).abs() < 1e-6);
        assert!((own.weights[0] - 0.375).abs() < 1e-6);
    }
    assert_eq!(built.lods[0].joint_count, Some(6));
}

#[test]
fn weights_that_mean_nothing_are_zero() {
    let part = skinned_triangle([1, 9, 9, 9], [2.0, f32::NAN, -1.0, 0.0]);
    let built = build(&skinned(vec![part], skin(2)));
    for own in influences(&built.lods[0]) {
        assert_eq!(
            (own.joints, own.weights),
            ([1, 0, 0, 0], [1.0, 0.0, 0.0, 0.0])
        );
    }
    let part = skinned_triangle([5; 4], [0.0; 4]);
    let built = build(&skinned(vec![part], skin(1)));
    assert_eq!(built.lods[0].joint_count, Some(1));
    assert_eq!(influences(&built.lods[0]), [Influences::default(); 3]);
}

#[test]
fn vertices_that_move_differently_are_not_shared() {
    let first = skinned_triangle([0, 0, 0, 0], [1.0, 0.0, 0.0, 0.0]);
    let second = skinned_triangle([1, 0, 0, 0], [1.0, 0.0, 0.0, 0.0]);
    let built = build(&skinned(vec![first.clone(), second.clone()], skin(2)));
    assert_eq!(built.lods[0].vertex_count, 6);
    let lod = &built.lods[0];
    // Buffers by vertex stay together when vertices are reordered.
    for (triangle, joint) in corners(lod, 0).as_chunks::<3>().0.iter().zip([0, 1]) {
        for &corner in triangle {
            assert_eq!(influences(lod)[corner].joints[0], joint);
        }
    }
    // Influences do not matter to meshes that are not skinned.
    let built = build(&mesh(vec![first, second]));
    assert_eq!(built.lods[0].vertex_count, 3);
    assert_eq!(built.lods[0].buffers.len(), 2);
}

#[test]
fn incomplete_skins_are_refused() {
    let settings = GeometrySettings::default();
    let part = || vec![skinned_triangle([0, 1, 2, 0], [0.5, 0.3, 0.2, 0.0])];
    let without_matrices = Skin {
        inverse_bind: vec![],
        ..skin(3)
    };
    let source = skinned(part(), without_matrices);
    assert_eq!(failure(&source, &settings), "mesh.missing_inverse_bind");
    let without_remap = Skin {
        joint_remap: vec![],
        ..skin(3)
    };
    let source = skinned(part(), without_remap);
    assert_eq!(failure(&source, &settings), "mesh.missing_joint_remap");
    let source = skinned(part(), skin(2));
    assert_eq!(
        failure(&source, &settings),
        "mesh.skinning_buffers_mismatch"
    );
    let source = skinned(vec![triangle()], skin(3));
    assert_eq!(failure(&source, &settings), "mesh.missing_skinning");
    let mut short = part();
    edit(&mut short[0], |s| s.influences[0].weights.truncate(2));
    let source = skinned(short, skin(3));
    assert_eq!(failure(&source, &settings), "mesh.missing_skinning");
    let mut broken = skin(3);
    broken.inverse_bind[1][3] = f32::NAN;
    assert_eq!(
        failure(&skinned(part(), broken), &settings),
        "mesh.skinning_buffers"
    );
    let source = skinned(
        vec![skinned_triangle([u16::MAX, 0, 0, 0], [1.0, 0.0, 0.0, 0.0])],
        skin(65536),
    );
    assert_eq!(failure(&source, &settings), "mesh.count_overflow");
}

#[test]
fn the_limit_holds_for_every_buffer() {
    let settings = GeometrySettings {
        max_buffer_bytes: 32,
        ..GeometrySettings::default()
    };
    let part = || vec![skinned_triangle([0, 1, 2, 0], [0.5, 0.3, 0.2, 0.0])];
    let source = skinned(part(), skin(3));
    assert_eq!(failure(&source, &settings), "mesh.buffer_too_large");
    // 3 vertices of 72 bytes fit, 4 matrices do not.
    let settings = GeometrySettings {
        max_buffer_bytes: 216,
        ..settings
    };
    assert!(try_build(&skinned(part(), skin(3)), &settings).is_ok());
    let source = skinned(part(), skin(4));
    assert_eq!(failure(&source, &settings), "mesh.buffer_too_large");
}

#[test]
fn parts_that_nothing_moves_are_reported() {
    let parts = vec![
        skinned_triangle([0, 0, 0, 0], [1.0, 0.0, 0.0, 0.0]),
        triangle(),
    ];
    let built = build(&skinned(parts, skin(1)));
    assert_eq!(codes_of(&built), ["mesh.skinning.mismatch"]);
    assert_eq!(built.lods[0].vertex_count, 6);
}

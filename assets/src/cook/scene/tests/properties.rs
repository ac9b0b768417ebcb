//! Random scenes: whatever is authored, the descriptor is one that readers take, and nothing moves in the
//! world that need not.

use super::*;
use crate::{
    source::scene::{LightKind, Projection},
    verify::tests::findings_in_scene,
};
use proptest::prelude::*;

/// A node of a random tree: its depth at most, its transform, what it carries.
type Draw = (usize, DMat4, Option<u32>, Option<u32>, Option<u32>, String);

fn transforms() -> impl Strategy<Value = DMat4> {
    let number = -3.0..3.0f64;
    let vector = [number.clone(), number.clone(), number.clone()];
    let factor = prop_oneof![Just(0.0), Just(-1.0), 0.1..4.0f64];
    let scale = prop_oneof![
        factor.clone().prop_map(|s| [s; 3]),
        [factor.clone(), factor.clone(), factor]
    ];
    let plain = (vector, scale, 0.0..6.3f64, 0.0..6.3f64).prop_map(|(at, scale, z, x)| {
        DMat4::from_scale_rotation_translation(
            DVec3::from_array(scale),
            DQuat::from_rotation_z(z) * DQuat::from_rotation_x(x),
            DVec3::from_array(at),
        )
    });
    let anything = prop::array::uniform16(any::<f64>()).prop_map(|m| DMat4::from_cols_array(&m));
    let sheared = prop::array::uniform9(number)
        .prop_map(|m| DMat4::from_mat3(glam::DMat3::from_cols_array(&m)));
    prop_oneof![8 => plain, 1 => anything, 1 => sheared]
}

fn draws() -> impl Strategy<Value = Vec<Draw>> {
    let carried = || prop::option::weighted(0.4, 0..2u32);
    let name = prop_oneof![Just(String::new()), Just("n".to_owned()), ".{0,6}"];
    prop::collection::vec(
        (
            0..6usize,
            transforms(),
            carried(),
            carried(),
            carried(),
            name,
        ),
        0..24,
    )
}

/// Each node hangs on the path to the node before it, no deeper than was drawn.
fn scene_of_draws(draws: Vec<Draw>, numbers: &[f32]) -> SceneSource {
    let mut path: Vec<u32> = Vec::new();
    let mut nodes = Vec::new();
    for (index, (depth, local, mesh, camera, light, name)) in draws.into_iter().enumerate() {
        path.truncate(depth);
        nodes.push(NodeSource {
            name,
            parent: path.last().copied().map(NodeId),
            local,
            visible: index % 3 != 0,
            mesh: mesh.map(MeshId),
            camera: camera.map(CameraId),
            light: light.map(LightId),
        });
        path.push(index as u32);
    }
    let n = |i: usize| numbers[i];
    scene_of(
        nodes,
        2,
        vec![
            components::perspective(n(0), Some(n(1)), n(2), Some(n(3))),
            CameraSource {
                name: String::new(),
                projection: Projection::Orthographic {
                    half_width: n(4),
                    half_height: n(5),
                    near: n(6),
                    far: n(7),
                },
            },
        ],
        vec![
            LightSource {
                intensity: n(8),
                color: [n(9), n(10), n(11)],
                ..components::light(LightKind::Directional)
            },
            components::light(LightKind::Spot {
                range: Some(n(12)),
                inner_angle: n(13),
                outer_angle: n(14),
            }),
        ],
    )
}

proptest! {
    #[test]
    fn any_scene_makes_a_valid_descriptor(
        draws in draws(),
        numbers in prop::collection::vec(any::<f32>(), 15),
        drop in any::<bool>(),
    ) {
        let scene = scene_of_draws(draws, &numbers);
        let pruning = if drop { NodePruning::DropEmpty } else { NodePruning::Keep };
        let asset = cook_pruned(&scene, pruning);
        prop_assert!(asset.diagnostics.iter().all(|d| !d.is_error()));
        let read = SceneDescriptor::parse(&asset.bytes).unwrap();
        prop_assert_eq!(read.to_bytes(), &asset.bytes[..]);
        let geometries: Vec<_> = keys(&scene).into_iter().flatten().collect();
        prop_assert_eq!(findings_in_scene(&asset, &geometries), []);
        let stored = nodes(&asset.bytes);
        let unique: std::collections::HashSet<_> = stored.iter().map(|node| node.id).collect();
        prop_assert_eq!(unique.len(), stored.len());
    }

    #[test]
    fn transforms_without_flaw_come_back(local in transforms()) {
        let asset = cook(&scene(vec![placed(node("n", None), local)]));
        if asset.diagnostics.is_empty() {
            let stored = nodes(&asset.bytes)[0].local();
            prop_assert!(distance(&stored, &local) < 1e-4, "{stored} {local}");
        }
    }

    /// With uniform scales there is no shear, and every node stays where it is, kept parents or not.
    #[test]
    fn nothing_moves_in_the_world(
        shape in prop::collection::vec((0..5usize, any::<bool>()), 1..20),
        turns in prop::collection::vec((-2.0..2.0f64, 0.5..2.0f64, 0.0..6.3f64), 20),
    ) {
        let mut path: Vec<u32> = Vec::new();
        let mut nodes = Vec::new();
        for (index, (depth, carries)) in shape.into_iter().enumerate() {
            path.truncate(depth);
            let (at, scale, turn) = turns[index];
            nodes.push(NodeSource {
                mesh: carries.then_some(MeshId(0)),
                ..placed(
                    node("n", path.last().copied()),
                    DMat4::from_scale_rotation_translation(
                        DVec3::new(scale, scale, -scale),
                        DQuat::from_rotation_z(turn) * DQuat::from_rotation_x(at),
                        DVec3::new(at, 1.0, -at),
                    ),
                )
            });
            path.push(index as u32);
        }
        let scene = scene(nodes);
        let authored = authored_worlds(&scene);
        for pruning in [NodePruning::Keep, NodePruning::DropEmpty] {
            let asset = cook_pruned(&scene, pruning);
            prop_assert_eq!(&asset.diagnostics, &[]);
            let kept: Vec<_> = scene
                .nodes()
                .iter()
                .enumerate()
                .filter(|(_, node)| pruning == NodePruning::Keep || node.mesh.is_some())
                .map(|(index, _)| index)
                .collect();
            let stored = worlds(&asset.bytes);
            if kept.is_empty() {
                prop_assert_eq!(stored.len(), 1);
                continue;
            }
            prop_assert_eq!(stored.len(), kept.len());
            for (world, index) in stored.iter().zip(kept) {
                prop_assert!(distance(world, &authored[index]) < 1e-4);
            }
        }
    }
}

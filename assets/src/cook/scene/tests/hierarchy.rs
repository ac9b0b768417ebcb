//! Names, parents, transforms, pruning.

use super::*;

fn rotated() -> DMat4 {
    DMat4::from_rotation_z(0.5) * DMat4::from_rotation_x(1.0)
}

#[test]
fn nodes_keep_their_order_and_their_parents() {
    let scene = scene(vec![
        node("a", None),
        node("b", Some(0)),
        node("c", Some(1)),
        node("d", Some(0)),
        node("e", None),
        node("f", Some(4)),
    ]);
    let asset = cook(&scene);
    assert_eq!(names(&asset.bytes), ["a", "b", "c", "d", "e", "f"]);
    assert_eq!(parents(&asset.bytes), [0, 0, 1, 0, 4, 4]);
}

#[test]
fn names_are_unique_and_ids_follow_from_them() {
    let source = scene(vec![
        node("arm", None),
        node("arm", Some(0)),
        node("", Some(1)),
        node("a/b", Some(2)),
        node("", None),
        node("x\0y", None),
    ]);
    let asset = cook(&source);
    let stored = nodes(&asset.bytes);
    let expected = ["arm", "arm_1", "Node_2", "a/b", "Node_4", "x_y"];
    for (node, name) in stored.iter().zip(expected) {
        assert_eq!(node.name, name);
        let text = format!("/.cooked/Scenes/Box.oscene/{name}");
        assert_eq!(node.id, Sha256::digest(text.as_bytes())[..16]);
    }
    assert_eq!(
        codes_of(&asset),
        [crate::diagnostic::codes::mesh::NAME_MADE_VALID]
    );
    // The policy of keys does not matter to ids.
    let random = AssetIdentity::new(AssetType::Scene, "Box", KeySource::Random([3; 16])).unwrap();
    let again = try_cook(&source, &request(&random)).unwrap();
    assert_eq!(nodes(&again.bytes), stored);
    assert_ne!(again.key, asset.key);
    let normalized = SceneRequest {
        naming: NamingPolicy::Normalize,
        ..request(&random)
    };
    let asset = try_cook(&source, &normalized).unwrap();
    let expected = ["arm", "arm_1", "Node", "a_b", "Node_1", "x_y"];
    assert_eq!(names(&asset.bytes), expected);
}

#[test]
fn visibility_is_a_flag_of_nodes() {
    let hidden = NodeSource {
        visible: false,
        ..with_mesh(node("hidden", None), 0)
    };
    let asset = cook(&scene(vec![hidden, node("shown", None)]));
    let flags: Vec<_> = nodes(&asset.bytes).iter().map(|node| node.flags).collect();
    assert_eq!(flags, [0, 1]);
    let renderables = table(&asset.bytes, b"MESH", 36);
    assert_eq!(u32_at(renderables[0], 20), 1, "visible at its node");
}

#[test]
fn a_scene_without_nodes_has_a_root() {
    for pruning in [NodePruning::Keep, NodePruning::DropEmpty] {
        let asset = cook_pruned(&scene(Vec::new()), pruning);
        let stored = nodes(&asset.bytes);
        assert_eq!(stored.len(), 1);
        assert_eq!(stored[0].name, "root");
        assert_eq!(
            AssetKey(stored[0].id).to_string(),
            "6b574fee-a4da-9f77-765f-3f92998a916d"
        );
        assert_eq!((stored[0].parent, stored[0].flags), (0, 1));
        assert_eq!(stored[0].local(), DMat4::IDENTITY);
    }
}

#[test]
fn translation_rotation_and_scale_come_back() {
    let turn = DQuat::from_rotation_z(0.7) * DQuat::from_rotation_y(-1.2);
    for scale in [
        DVec3::ONE,
        DVec3::new(2.0, 0.5, 3.0),
        DVec3::new(0.001, 1000.0, 1.0),
        DVec3::new(-1.0, 1.0, 1.0),
        DVec3::new(1.0, -2.0, 3.0),
        DVec3::new(-1.0, -2.0, -3.0),
        DVec3::new(-1.0, -2.0, 3.0),
        DVec3::new(2.0, 0.0, 3.0),
        DVec3::new(0.0, 0.0, 5.0),
        DVec3::new(0.0, 4.0, 0.0),
        DVec3::ZERO,
    ] {
        let local =
            DMat4::from_scale_rotation_translation(scale, turn, DVec3::new(1.0, -2.0, 300.0));
        let asset = cook(&scene(vec![placed(node("n", None), local)]));
        assert_eq!(asset.diagnostics, [], "{scale}");
        let stored = &nodes(&asset.bytes)[0];
        assert!(distance(&stored.local(), &local) < 1e-6, "{scale}");
        assert_eq!(stored.translation, [1.0, -2.0, 300.0]);
        let length: f32 = stored.rotation.iter().map(|x| x * x).sum();
        assert!((length - 1.0).abs() < 1e-6 && stored.rotation[3] >= 0.0);
        let mut sizes = stored.scale.map(f32::abs);
        let mut expected = scale.abs().as_vec3().to_array();
        sizes.sort_by(f32::total_cmp);
        expected.sort_by(f32::total_cmp);
        for (size, expected) in sizes.into_iter().zip(expected) {
            assert!((size - expected).abs() <= expected * 1e-6);
        }
    }
}

#[test]
fn mirrors_along_an_axis_stay_where_they_are() {
    for scale in [
        DVec3::new(-1.0, 1.0, 1.0),
        DVec3::new(1.0, -1.0, 1.0),
        DVec3::new(2.0, 3.0, -4.0),
        DVec3::NEG_ONE,
    ] {
        let local = DMat4::from_scale(scale);
        let asset = cook(&scene(vec![placed(node("n", None), local)]));
        let stored = &nodes(&asset.bytes)[0];
        assert_eq!(stored.rotation, [0.0, 0.0, 0.0, 1.0]);
        assert_eq!(stored.scale, scale.as_vec3().to_array());
        assert_eq!(
            stored.translation.map(f32::to_bits),
            [0; 3],
            "no negative zero"
        );
    }
}

#[test]
fn matrices_that_are_none_become_the_identity() {
    let mut infinite = DMat4::IDENTITY;
    infinite.w_axis.x = f64::INFINITY;
    for local in [
        DMat4::NAN,
        infinite,
        DMat4::from_scale(DVec3::splat(1e200)),
        DMat4::from_translation(DVec3::splat(1e39)),
    ] {
        let asset = cook(&scene(vec![placed(node("bad", None), local)]));
        assert_eq!(nodes(&asset.bytes)[0].local(), DMat4::IDENTITY);
        assert_eq!(codes_of(&asset), [codes::TRANSFORM_SANITIZED]);
        assert_eq!(asset.diagnostics[0].object.as_deref(), Some("bad"));
        assert_eq!(asset.diagnostics[0].source.as_deref(), Some("box.glb"));
    }
    let mut projective = DMat4::from_translation(DVec3::X);
    projective.x_axis.w = 0.5;
    let asset = cook(&scene(vec![placed(node("bad", None), projective)]));
    assert_eq!(
        nodes(&asset.bytes)[0].local(),
        DMat4::from_translation(DVec3::X)
    );
    assert_eq!(codes_of(&asset), [codes::TRANSFORM_SANITIZED]);
}

#[test]
fn shear_is_said() {
    let mut sheared = DMat4::IDENTITY;
    sheared.y_axis.x = 0.5;
    let asset = cook(&scene(vec![placed(node("n", None), sheared)]));
    assert_eq!(codes_of(&asset), [codes::TRANSFORM_SHEARED]);
    let stored = &nodes(&asset.bytes)[0];
    assert!(stored.local().is_finite());
    assert!(distance(&stored.local(), &sheared) < 0.5);
    // Two axes in one direction; all in one plane.
    let flat = DMat4::from_cols_array(&[
        1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0,
    ]);
    let plane = DMat4::from_cols_array(&[
        1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0,
    ]);
    for local in [flat, plane] {
        let asset = cook(&scene(vec![placed(node("n", None), local)]));
        assert_eq!(codes_of(&asset), [codes::TRANSFORM_SHEARED]);
        let rotation = nodes(&asset.bytes)[0].rotation;
        let length: f32 = rotation.iter().map(|x| x * x).sum();
        assert!((length - 1.0).abs() < 1e-6);
    }
    // Noise of single precision is no shear.
    let turn = DQuat::from_rotation_z(0.7) * DQuat::from_rotation_y(-1.2);
    let exact = DMat4::from_scale_rotation_translation(DVec3::new(1e3, 1.0, 1e-3), turn, DVec3::X);
    let noisy = exact.as_mat4().as_dmat4();
    assert_eq!(
        codes_of(&cook(&scene(vec![placed(node("n", None), noisy)]))),
        []
    );
}

#[test]
fn many_flaws_are_summed_up() {
    let bad = (0..50).map(|_| placed(node("n", None), DMat4::NAN));
    let asset = cook(&scene(bad.collect()));
    assert_eq!(codes_of(&asset), [codes::TRANSFORM_SANITIZED; 17]);
    assert_eq!(asset.diagnostics[16].message, "so it is with 34 more nodes");
}

#[test]
fn keeping_all_keeps_hierarchy_and_local_transforms() {
    let stretched = DMat4::from_scale(DVec3::new(1.0, 2.0, 3.0));
    let flat = DMat4::from_scale(DVec3::new(1.0, 0.0, 1.0));
    let scene = scene(vec![
        placed(node("rotated", None), rotated()),
        placed(node("stretched", Some(0)), stretched),
        placed(node("flat", Some(1)), flat),
        with_mesh(placed(node("mesh", Some(2)), rotated()), 0),
    ]);
    let asset = cook(&scene);
    assert_eq!(asset.diagnostics, []);
    assert_eq!(parents(&asset.bytes), [0, 0, 1, 2]);
    for (stored, source) in nodes(&asset.bytes).iter().zip(scene.nodes()) {
        assert!(distance(&stored.local(), &source.local) < 1e-6);
    }
}

#[test]
fn dropping_moves_nodes_up_without_moving_them_in_the_world() {
    let uniform = DMat4::from_scale(DVec3::splat(0.01)) * rotated();
    let moved = DMat4::from_translation(DVec3::new(1.0, 2.0, 3.0)) * rotated();
    let scene = scene(vec![
        placed(node("empty", None), uniform),
        placed(node("empty", Some(0)), moved),
        with_mesh(placed(node("outer", Some(1)), moved), 0),
        placed(node("empty", Some(2)), uniform),
        placed(node("empty", Some(3)), moved),
        with_mesh(placed(node("inner", Some(4)), uniform), 1),
        with_mesh(placed(node("leaf", Some(5)), moved), 2),
        placed(node("nothing", Some(6)), moved),
        with_mesh(placed(node("alone", None), moved), 3),
    ]);
    let asset = cook_pruned(&scene, NodePruning::DropEmpty);
    assert_eq!(asset.diagnostics, []);
    assert_eq!(names(&asset.bytes), ["outer", "inner", "leaf", "alone"]);
    assert_eq!(parents(&asset.bytes), [0, 0, 1, 3]);
    let authored = authored_worlds(&scene);
    for (world, node) in worlds(&asset.bytes).iter().zip([2, 5, 6, 8]) {
        assert!(distance(world, &authored[node]) < 1e-6);
    }
    let renderables = table(&asset.bytes, b"MESH", 36);
    let at: Vec<_> = renderables.iter().map(|record| u32_at(record, 0)).collect();
    assert_eq!(at, [0, 1, 2, 3]);
    // Names do not depend on what is kept.
    let kept = names(&cook(&scene).bytes);
    assert_eq!(
        [2, 5, 6, 8].map(|node| &*kept[node]),
        ["outer", "inner", "leaf", "alone"]
    );
}

#[test]
fn whatever_carries_something_is_kept() {
    let camera = NodeSource {
        camera: Some(CameraId(0)),
        ..node("camera", Some(0))
    };
    let light = NodeSource {
        light: Some(LightId(0)),
        ..node("light", Some(0))
    };
    let scene = scene_of(
        vec![node("empty", None), camera, light],
        0,
        vec![components::perspective(1.0, None, 0.1, None)],
        vec![components::light(
            crate::source::scene::LightKind::Directional,
        )],
    );
    let asset = cook_pruned(&scene, NodePruning::DropEmpty);
    assert_eq!(names(&asset.bytes), ["camera", "light"]);
    assert_eq!(parents(&asset.bytes), [0, 1]);
    let nothing = self::scene(vec![node("a", None), node("b", Some(0))]);
    let asset = cook_pruned(&nothing, NodePruning::DropEmpty);
    assert_eq!(names(&asset.bytes), ["root"]);
}

#[test]
fn a_parent_without_inverse_is_said_and_nothing_moves() {
    let flat = DMat4::from_scale(DVec3::new(1.0, 1.0, 0.0));
    let moved = DMat4::from_translation(DVec3::new(1.0, 2.0, 3.0)) * rotated();
    let scene = scene(vec![
        with_mesh(placed(node("flat", None), flat), 0),
        placed(node("empty", Some(0)), moved),
        with_mesh(placed(node("below", Some(1)), moved), 1),
        // Nothing between it and its parent is dropped, so nothing is reckoned.
        with_mesh(placed(node("child", Some(0)), moved), 2),
    ]);
    let asset = cook_pruned(&scene, NodePruning::DropEmpty);
    assert_eq!(codes_of(&asset), [codes::PRUNING_SINGULAR]);
    assert_eq!(asset.diagnostics[0].object.as_deref(), Some("below"));
    assert_eq!(names(&asset.bytes), ["flat", "below", "child"]);
    assert_eq!(parents(&asset.bytes), [0, 0, 0]);
    let authored = authored_worlds(&scene);
    for (world, node) in worlds(&asset.bytes).iter().zip([0, 2, 3]) {
        assert!(distance(world, &authored[node]) < 1e-6);
    }
}

#[test]
fn shear_of_dropped_parents_is_said() {
    let stretched = DMat4::from_scale(DVec3::new(1.0, 5.0, 1.0));
    let scene = scene(vec![
        placed(node("empty", None), stretched),
        with_mesh(
            placed(node("turned", Some(0)), DMat4::from_rotation_z(0.7)),
            0,
        ),
    ]);
    assert_eq!(codes_of(&cook(&scene)), []);
    let asset = cook_pruned(&scene, NodePruning::DropEmpty);
    assert_eq!(codes_of(&asset), [codes::TRANSFORM_SHEARED]);
    assert_eq!(asset.diagnostics[0].object.as_deref(), Some("turned"));
}

/// Deep and wide trees need neither recursion nor quadratic time.
#[test]
fn a_hundred_thousand_nodes() {
    let count = 100_000;
    for wide in [false, true] {
        let chain = (0..count).map(|i: u32| {
            let parent = i
                .checked_sub(1)
                .map(|previous| if wide { 0 } else { previous });
            let node = node("n", parent);
            if i.is_multiple_of(1000) {
                with_mesh(node, 0)
            } else {
                node
            }
        });
        let scene = scene(chain.collect());
        let asset = cook(&scene);
        assert_eq!(u32_at(&asset.bytes, 103), count);
        assert_eq!(table(&asset.bytes, b"MESH", 36).len(), 100);
        let asset = cook_pruned(&scene, NodePruning::DropEmpty);
        assert_eq!(u32_at(&asset.bytes, 103), 100);
        assert_eq!(asset.diagnostics, []);
    }
}

//! Nodes, cameras, lights.

use super::*;
use crate::source::scene::{
    CameraId, LightId, LightKind, LightSource, MeshId, NodeId, NodeSource, Projection,
};
use glam::{DMat4, DQuat, DVec3};

fn names(scene: &SceneSource) -> Vec<(&str, Option<u32>)> {
    let nodes = scene.nodes().iter();
    nodes
        .map(|node| (node.name.as_str(), node.parent.map(|id| id.0)))
        .collect()
}

fn tree(nodes: &[(&str, &[usize])], roots: &[usize]) -> Builder {
    let mut builder = Builder::new();
    for (name, children) in nodes {
        builder.push("nodes", json!({ "name": name, "children": children }));
    }
    builder.push("scenes", json!({ "nodes": roots }));
    builder
}

#[test]
fn nodes_are_visited_depth_first_in_authored_order() {
    let builder = tree(
        &[
            ("a", &[4, 2]),
            ("b", &[]),
            ("c", &[]),
            ("d", &[1]),
            ("e", &[3]),
        ],
        &[0],
    );
    let scene = builder.scene();
    assert_eq!(
        names(&scene),
        [
            ("a", None),
            ("e", Some(0)),
            ("d", Some(1)),
            ("b", Some(2)),
            ("c", Some(0))
        ]
    );
    let several = tree(&[("a", &[1]), ("b", &[]), ("c", &[])], &[2, 0]);
    assert_eq!(
        names(&several.scene()),
        [("c", None), ("a", None), ("b", Some(1))]
    );
}

#[test]
fn nodes_must_be_a_tree() {
    let error = |builder: Builder| builder.error();
    let wrong = |object: &str| ("gltf.node.hierarchy", object.to_owned());
    let a = ("a", &[1][..]);
    assert_eq!(error(tree(&[("a", &[0])], &[0])), wrong("nodes[0]"));
    assert_eq!(
        error(tree(&[a, ("b", &[2]), ("c", &[0])], &[0])),
        wrong("nodes[0]")
    );
    // Also where no scene leads to.
    assert_eq!(
        error(tree(&[("x", &[]), ("b", &[2]), ("c", &[1])], &[0])),
        wrong("nodes[1]")
    );
    assert_eq!(
        error(tree(&[("a", &[2]), ("b", &[2]), ("c", &[])], &[0, 1])),
        wrong("nodes[2]")
    );
    assert_eq!(
        error(tree(&[("a", &[1, 1]), ("b", &[])], &[0])),
        wrong("nodes[1]")
    );
    assert_eq!(error(tree(&[("a", &[])], &[0, 0])), wrong("scenes[0]"));
    assert_eq!(error(tree(&[a, ("b", &[])], &[0, 1])), wrong("scenes[0]"));
    let dangling = |object: &str| ("gltf.dangling_reference", object.to_owned());
    assert_eq!(error(tree(&[a], &[0])), dangling("nodes[0].children"));
    assert_eq!(error(tree(&[("a", &[])], &[7])), dangling("scenes[0]"));
    let mut builder = tree(&[("a", &[])], &[0]);
    builder.root["scene"] = json!(3);
    assert_eq!(error(builder), dangling("scene"));
}

#[test]
fn deep_chains_need_no_stack() {
    let mut builder = Builder::new();
    const DEPTH: usize = 100_000;
    let nodes: Vec<Value> = (0..DEPTH)
        .map(|node| match node + 1 {
            DEPTH => json!({}),
            child => json!({ "children": [child], "translation": [0, 1, 0] }),
        })
        .collect();
    builder.root["nodes"] = json!(nodes);
    builder.push("scenes", json!({ "nodes": [0] }));
    let scene = builder.scene();
    assert_eq!(scene.nodes().len(), DEPTH);
    assert_eq!(
        scene.nodes()[DEPTH - 1].parent,
        Some(NodeId(DEPTH as u32 - 2))
    );
    // And a cycle of that length.
    builder.root["nodes"][DEPTH - 1] = json!({ "children": [0] });
    assert_eq!(builder.error().0, "gltf.node.hierarchy");
}

#[test]
fn one_scene_is_imported() {
    let mut builder = tree(&[("a", &[]), ("b", &[]), ("c", &[])], &[0]);
    builder.push("scenes", json!({ "nodes": [1, 0] }));
    let scene = builder.scene();
    assert_eq!(names(&scene), [("a", None)]);
    assert_eq!(
        codes_of(&scene),
        ["gltf.scenes_ignored", "gltf.nodes_unused"]
    );
    assert_eq!(scene.ignored().unused_nodes, 2);
    builder.root["scene"] = json!(1);
    let scene = builder.scene();
    assert_eq!(names(&scene), [("b", None), ("a", None)]);
    assert_eq!(scene.ignored().unused_nodes, 1);
    // Without a scene there are no nodes, but there are meshes.
    let mut builder = triangle(|_| json!({}));
    builder.root.as_object_mut().unwrap().remove("scenes");
    let scene = builder.scene();
    assert!(scene.nodes().is_empty());
    assert_eq!(scene.meshes().len(), 1);
    assert_eq!(scene.ignored().unused_nodes, 1);
    assert!(codes_of(&scene).contains(&"gltf.nodes_unused"));
}

fn local(node: Value) -> DMat4 {
    let mut builder = Builder::new();
    builder.root_node(node);
    builder.scene().nodes()[0].local
}

/// From the space of glTF to that of the engine.
fn turned(p: DVec3) -> DVec3 {
    DVec3::new(p.x, -p.z, p.y)
}

#[test]
fn transforms_are_turned_with_what_they_move() {
    let rotation = DQuat::from_euler(glam::EulerRot::XYZ, 0.3, -1.2, 2.0);
    let (scale, translation) = (DVec3::new(2.0, -0.5, 3.0), DVec3::new(1.0, 2.0, 3.0));
    let matrix = DMat4::from_scale_rotation_translation(scale, rotation, translation);
    let parts = json!({
        "rotation": rotation.to_array(), "scale": scale.to_array(),
        "translation": translation.to_array(),
    });
    let whole = json!({ "matrix": matrix.to_cols_array() });
    for node in [parts, whole] {
        let local = local(node);
        for point in [DVec3::ZERO, DVec3::X, DVec3::new(0.5, -2.0, 4.0)] {
            let expected = turned(matrix.transform_point3(point));
            let actual = local.transform_point3(turned(point));
            assert!((expected - actual).length() < 1e-5, "{expected} {actual}");
        }
    }
    assert_eq!(local(json!({})), DMat4::IDENTITY);
    let moved = local(json!({ "translation": [1, 2, 3] }));
    assert_eq!(moved, DMat4::from_translation(DVec3::new(1.0, -3.0, 2.0)));
    let shear = json!({ "matrix": [1,0,0,0, 0.5,1,0,0, 0,0,1,0, 0,0,0,1] });
    assert_eq!(
        local(shear).transform_point3(DVec3::Z),
        DVec3::new(0.5, 0.0, 1.0)
    );
}

#[test]
fn units_scale_translations_only() {
    let mut builder = Builder::new();
    builder.root_node(json!({ "translation": [1, 2, 3], "scale": [4, 5, 6] }));
    let units = settings(json!({ "unit_policy": "custom", "unit_scale": 0.5 }));
    let scene = builder.import_with(&units).unwrap();
    let local = scene.nodes()[0].local;
    assert_eq!(local.w_axis.truncate(), DVec3::new(0.5, -1.5, 1.0));
    assert_eq!(
        [local.x_axis.x, local.y_axis.y, local.z_axis.z],
        [4.0, 6.0, 5.0]
    );
}

#[test]
fn cameras_are_turned_to_look_where_they_looked() {
    let mut builder = Builder::new();
    builder.push(
        "cameras",
        json!({ "type": "perspective", "name": "wide",
            "perspective": { "yfov": 0.8, "znear": 0.1, "zfar": 100.0, "aspectRatio": 1.5 } }),
    );
    builder.push(
        "cameras",
        json!({ "type": "perspective", "perspective": { "yfov": 0.5, "znear": 0.01 } }),
    );
    builder.push(
        "cameras",
        json!({ "type": "orthographic",
            "orthographic": { "xmag": 3.0, "ymag": 2.0, "znear": 0.5, "zfar": 9.0 } }),
    );
    let rotation = DQuat::from_rotation_y(0.7);
    builder.root_node(json!({
        "camera": 0, "rotation": rotation.to_array(), "translation": [1, 2, 3],
    }));
    builder.root_node(json!({ "camera": 1 }));
    builder.root_node(json!({ "camera": 2 }));
    let scene = builder.scene();
    let projections: Vec<_> = scene
        .cameras()
        .iter()
        .map(|camera| camera.projection)
        .collect();
    assert_eq!(
        projections,
        [
            Projection::Perspective {
                fov_y: 0.8,
                aspect: Some(1.5),
                near: 0.1,
                far: Some(100.0),
            },
            Projection::Perspective {
                fov_y: 0.5,
                aspect: None,
                near: 0.01,
                far: None,
            },
            Projection::Orthographic {
                half_width: 3.0,
                half_height: 2.0,
                near: 0.5,
                far: 9.0,
            },
        ]
    );
    assert_eq!(scene.cameras()[0].name, "wide");
    let nodes = scene.nodes();
    assert_eq!(nodes.len(), 3);
    let cameras: Vec<_> = nodes.iter().map(|node| node.camera).collect();
    assert_eq!(cameras, [0, 1, 2].map(|id| Some(CameraId(id))));
    let local = nodes[0].local;
    assert_eq!(local.w_axis.truncate(), DVec3::new(1.0, -3.0, 2.0));
    let close = |a: DVec3, b: DVec3| assert!((a - b).length() < 1e-6, "{a} {b}");
    close(
        local.transform_vector3(DVec3::NEG_Z),
        turned(rotation * DVec3::NEG_Z),
    );
    close(
        local.transform_vector3(DVec3::Y),
        turned(rotation * DVec3::Y),
    );
    // A quarter turn about X, as numbers.
    assert_eq!(
        nodes[1].local,
        DMat4::from_cols_array(&[
            1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0,
        ])
    );
}

/// A document with lights.
fn with_lights(lights: Value) -> Builder {
    let mut builder = Builder::new();
    builder.root["extensions"] = json!({ "KHR_lights_punctual": { "lights": lights } });
    builder
}

fn light_node(light: usize) -> Value {
    json!({ "extensions": { "KHR_lights_punctual": { "light": light } } })
}

#[test]
fn lights_keep_their_values() {
    let mut builder = with_lights(json!([
        { "type": "directional", "name": "sun", "color": [1, 0.5, 0.25], "intensity": 683 },
        { "type": "point", "range": 12.5 },
        { "type": "spot", "spot": { "innerConeAngle": 0.3, "outerConeAngle": 0.6 }, "range": 3 },
        { "type": "spot", "spot": {} },
        { "type": "laser" },
    ]));
    for light in [3, 4, 0, 1, 2] {
        builder.root_node(light_node(light));
    }
    let scene = builder.scene();
    let plain = |kind| LightSource {
        name: String::new(),
        color: [1.0; 3],
        intensity: 1.0,
        affects_world: true,
        casts_shadows: true,
        kind,
    };
    assert_eq!(
        scene.lights(),
        [
            LightSource {
                name: "sun".to_owned(),
                color: [1.0, 0.5, 0.25],
                intensity: 683.0,
                ..plain(LightKind::Directional)
            },
            plain(LightKind::Point { range: Some(12.5) }),
            plain(LightKind::Spot {
                range: Some(3.0),
                inner_angle: 0.3,
                outer_angle: 0.6,
            }),
            plain(LightKind::Spot {
                range: None,
                inner_angle: 0.0,
                outer_angle: std::f32::consts::FRAC_PI_4,
            }),
        ]
    );
    let lights: Vec<_> = scene
        .nodes()
        .iter()
        .map(|node| node.light.map(|id| id.0))
        .collect();
    assert_eq!(lights, [Some(3), None, Some(0), Some(1), Some(2)]);
    assert_eq!(codes_of(&scene), ["gltf.light"]);
    // What shines in one direction is turned; what shines in all is not.
    let shines = |node: usize| scene.nodes()[node].local.transform_vector3(DVec3::NEG_Z);
    for node in [0, 2, 4] {
        assert_eq!(shines(node), turned(DVec3::NEG_Z), "{node}");
    }
    assert_eq!(scene.nodes()[3].local, DMat4::IDENTITY);
}

#[test]
fn only_what_looks_is_turned() {
    let mut builder = triangle(|_| json!({}));
    builder.push(
        "cameras",
        json!({ "type": "perspective", "perspective": { "yfov": 1, "znear": 1 } }),
    );
    let child = builder.push("nodes", json!({ "name": "child" }));
    builder.set(
        "/nodes/0",
        json!({
            "name": "both", "mesh": 0, "camera": 0, "children": [child], "translation": [1, 2, 3],
        }),
    );
    let scene = builder.scene();
    assert_eq!(
        names(&scene),
        [("both", None), ("both_camera", Some(0)), ("child", Some(0))]
    );
    let [both, camera, child] = scene.nodes() else {
        panic!("three nodes");
    };
    assert_eq!(
        *both,
        NodeSource {
            name: "both".to_owned(),
            local: DMat4::from_translation(DVec3::new(1.0, -3.0, 2.0)),
            mesh: Some(MeshId(0)),
            ..NodeSource::default()
        }
    );
    assert_eq!((camera.camera, camera.mesh), (Some(CameraId(0)), None));
    assert_eq!(camera.local.transform_vector3(DVec3::NEG_Z), DVec3::Y);
    assert_eq!(child.local, DMat4::IDENTITY);
    // A light for all sides needs no node of its own.
    let mut builder = with_lights(json!([{ "type": "point" }]));
    let child = builder.push("nodes", json!({}));
    let mut node = light_node(0);
    node["children"] = json!([child]);
    builder.root_node(node);
    let scene = builder.scene();
    assert_eq!(scene.nodes().len(), 2);
    assert_eq!(scene.nodes()[0].light, Some(LightId(0)));
}

#[test]
fn cameras_and_lights_must_exist() {
    let mut builder = Builder::new();
    builder.root_node(json!({ "camera": 0 }));
    let dangling = ("gltf.dangling_reference", "nodes[0]".to_owned());
    assert_eq!(builder.error(), dangling);
    builder.push("cameras", json!({ "type": "perspective" }));
    builder.push("cameras", json!({ "type": "fisheye" }));
    let scene = builder.scene();
    assert!(scene.cameras().is_empty() && scene.nodes()[0].camera.is_none());
    assert_eq!(codes_of(&scene), ["gltf.camera"; 2]);
    let mut builder = with_lights(json!([]));
    builder.root_node(light_node(0));
    assert_eq!(builder.error(), dangling);
    let mut builder = Builder::new();
    builder.root_node(json!({ "mesh": 1 }));
    assert_eq!(builder.error(), dangling);
}

#[test]
fn meshes_of_mirrored_nodes_are_told_so() {
    let mut builder = triangle(|_| json!({}));
    builder.set("/meshes/0/name", json!("wing"));
    builder.root_node(json!({ "mesh": 0, "scale": [-1, 1, 1] }));
    builder.root_node(json!({ "mesh": 0, "scale": [-1, -1, 1] }));
    let scene = builder.scene();
    let shown: Vec<_> = scene
        .nodes()
        .iter()
        .map(|node| node.mesh.unwrap().0)
        .collect();
    assert_eq!(shown, [0, 1, 0]);
    let meshes: Vec<_> = (0..2)
        .map(|at| (scene.meshes()[at].name.as_str(), load(&scene, at).mirrored))
        .collect();
    assert_eq!(meshes, [("wing", false), ("wing_mirrored", true)]);
    assert!(codes_of(&scene).contains(&"mesh.mirrored_copy"));
}

#[test]
fn meshes_keep_the_order_of_the_file() {
    let mut builder = Builder::new();
    let positions = builder.floats(&TRIANGLE);
    let primitives = json!([{ "attributes": { "POSITION": positions } }]);
    for name in ["a", "points", "b", "c"] {
        let mut mesh = json!({ "name": name, "primitives": primitives });
        if name == "points" {
            mesh["primitives"][0]["mode"] = json!(0);
        }
        builder.push("meshes", mesh);
    }
    // Only the last two are shown, the last one first.
    for mesh in [3, 2, 1, 3] {
        builder.root_node(json!({ "mesh": mesh }));
    }
    let scene = builder.scene();
    let meshes: Vec<_> = scene
        .meshes()
        .iter()
        .map(|mesh| mesh.name.as_str())
        .collect();
    assert_eq!(meshes, ["a", "b", "c"]);
    let objects: Vec<_> = scene
        .meshes()
        .iter()
        .map(|mesh| mesh.object.as_str())
        .collect();
    assert_eq!(objects, ["meshes[0]", "meshes[2]", "meshes[3]"]);
    let shown: Vec<_> = scene
        .nodes()
        .iter()
        .map(|node| node.mesh.map(|id| id.0))
        .collect();
    assert_eq!(shown, [Some(2), Some(1), None, Some(2)]);
}

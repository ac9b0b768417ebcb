//! Nodes: order, names, pivots, rotation orders, scale inheritance, visibility.

use super::{
    ascii::{Geometry, ROOT, integer, placed, property},
    *,
};
use crate::source::scene::NodeId;
use glam::{DMat3, DQuat, EulerRot};

/// From a point of the file, +Y up in centimetres, to the engine.
fn engine(point: DVec3) -> DVec3 {
    DVec3::new(point.x, -point.z, point.y) * 0.01
}

#[test]
fn nodes_come_depth_first_below_the_root_of_the_file() {
    let mut file = Ascii::default();
    let a = file.node("A", ROOT, "");
    let b = file.node("B", ROOT, "");
    file.node("A1", a, "");
    file.node("B1", b, "");
    let a2 = file.node("A2", a, "");
    file.node("A21", a2, "");
    let scene = scene(&file);
    let nodes: Vec<_> = scene
        .nodes()
        .iter()
        .map(|node| (node.name.as_str(), node.parent.map(NodeId::index)))
        .collect();
    assert_eq!(
        nodes,
        [
            ("", None),
            ("A", Some(0)),
            ("A1", Some(1)),
            ("A2", Some(1)),
            ("A21", Some(3)),
            ("B", Some(0)),
            ("B1", Some(5)),
        ]
    );
    assert_eq!(scene.name(), "scene");
    assert_eq!(scene.nodes()[0].local, DMat4::IDENTITY);
}

#[test]
fn hidden_nodes_are_not_shown() {
    let mut file = Ascii::default();
    file.node("Shown", ROOT, &property("Visibility", "Visibility", &[1.0]));
    file.node(
        "Hidden",
        ROOT,
        &property("Visibility", "Visibility", &[0.0]),
    );
    file.node("Silent", ROOT, "");
    let scene = scene(&file);
    for (name, visible) in [("Shown", true), ("Hidden", false), ("Silent", true)] {
        assert_eq!(node(&scene, name).visible, visible, "{name}");
    }
}

/// The transform of a node as the FBX documentation composes it.
fn composed(
    translation: DVec3,
    rotation: DQuat,
    scale: DVec3,
    [
        rotation_offset,
        rotation_pivot,
        scaling_offset,
        scaling_pivot,
    ]: [DVec3; 4],
    [pre, post]: [DQuat; 2],
) -> DMat4 {
    let at = DMat4::from_translation;
    let turn = DMat4::from_quat;
    at(translation)
        * at(rotation_offset)
        * at(rotation_pivot)
        * turn(pre)
        * turn(rotation)
        * turn(post.inverse())
        * at(-rotation_pivot)
        * at(scaling_offset)
        * at(scaling_pivot)
        * DMat4::from_scale(scale)
        * at(-scaling_pivot)
}

fn euler(order: EulerRot, [a, b, c]: [f64; 3]) -> DQuat {
    DQuat::from_euler(order, a.to_radians(), b.to_radians(), c.to_radians())
}

#[test]
fn pivots_and_all_rotation_orders() {
    let angles = [20.0, -35.0, 70.0];
    let [x, y, z] = angles;
    // FBX names the axis first that is applied first; glam the one that is applied last.
    let orders = [
        euler(EulerRot::ZYX, [z, y, x]),
        euler(EulerRot::YZX, [y, z, x]),
        euler(EulerRot::XZY, [x, z, y]),
        euler(EulerRot::ZXY, [z, x, y]),
        euler(EulerRot::YXZ, [y, x, z]),
        euler(EulerRot::XYZ, [x, y, z]),
    ];
    let vectors = [
        ("RotationOffset", [5.0, -1.0, 2.0]),
        ("RotationPivot", [1.0, 2.0, 3.0]),
        ("ScalingOffset", [-3.0, 0.5, 1.0]),
        ("ScalingPivot", [4.0, -2.0, 1.5]),
    ];
    let rotations = [
        ("PreRotation", [10.0, 0.0, 30.0]),
        ("PostRotation", [0.0, -25.0, 5.0]),
    ];
    for (order, rotation) in orders.into_iter().enumerate() {
        let mut properties = placed([7.0, 8.0, 9.0], angles, [2.0, 0.5, 3.0]);
        properties += &integer("RotationActive", 1);
        properties += &format!("P: \"RotationOrder\", \"enum\", \"\", \"\",{order}\n");
        for (name, value) in vectors.iter().chain(&rotations) {
            properties += &property(name, "Vector3D", value);
        }
        let mut file = Ascii::default();
        file.node("Node", ROOT, &properties);
        let local = composed(
            DVec3::new(7.0, 8.0, 9.0),
            rotation,
            DVec3::new(2.0, 0.5, 3.0),
            vectors.map(|(_, v)| v.into()),
            // Always in the order X, Y, Z.
            rotations.map(|(_, [x, y, z])| euler(EulerRot::ZYX, [z, y, x])),
        );
        let world = world(&scene(&file), "Node");
        for point in [DVec3::ZERO, DVec3::X, DVec3::Y, DVec3::Z] {
            let actual = world.transform_point3(engine(point * 100.0));
            assert_close(actual, engine(local.transform_point3(point * 100.0)));
        }
    }
}

/// Segment scale compensation: children keep their own size and move with the scale of their parent.
#[test]
fn scale_is_inherited_as_the_file_wants_it() {
    for scale in [[2.0; 3], [2.0, 3.0, 4.0]] {
        for (inherit, compensates) in [(1, false), (2, true)] {
            let mut file = Ascii::default();
            let turned = placed([10.0, 0.0, 0.0], [0.0, 0.0, 90.0], scale);
            let parent = file.node_of("LimbNode", "Parent", ROOT, &turned);
            let child = placed([10.0, 20.0, 30.0], [0.0, 90.0, 0.0], [1.0, 1.0, 5.0])
                + &format!("P: \"InheritType\", \"enum\", \"\", \"\",{inherit}\n");
            let child = file.node_of("LimbNode", "Child", parent, &child);
            // Its own children follow it in the usual way.
            file.node(
                "Grandchild",
                child,
                &placed([1.0, 0.0, 0.0], [0.0; 3], [1.0; 3]),
            );
            let scene = scene(&file);
            let [sx, sy, sz] = scale;
            let parent_turn = DQuat::from_rotation_z(90f64.to_radians());
            let turn = parent_turn * DQuat::from_rotation_y(90f64.to_radians());
            let place = DVec3::new(10.0, 0.0, 0.0)
                + parent_turn * DVec3::new(10.0 * sx, 20.0 * sy, 30.0 * sz);
            let linear = if compensates {
                DMat3::from_quat(turn) * DMat3::from_diagonal(DVec3::new(1.0, 1.0, 5.0))
            } else {
                DMat3::from_quat(parent_turn)
                    * DMat3::from_diagonal(scale.into())
                    * DMat3::from_quat(DQuat::from_rotation_y(90f64.to_radians()))
                    * DMat3::from_diagonal(DVec3::new(1.0, 1.0, 5.0))
            };
            let actual = world(&scene, "Child");
            for point in [DVec3::ZERO, DVec3::X, DVec3::Y, DVec3::Z] {
                let expected = engine(place + linear * point * 100.0);
                assert_close(actual.transform_point3(engine(point * 100.0)), expected);
            }
            let grandchild = world(&scene, "Grandchild").transform_point3(DVec3::ZERO);
            assert_close(grandchild, engine(place + linear * DVec3::X));
        }
    }
}

#[test]
fn geometric_transforms_move_the_mesh_and_not_the_children() {
    let mut file = Ascii::default();
    let properties = placed([100.0, 0.0, 0.0], [0.0; 3], [1.0; 3])
        + &property("GeometricTranslation", "Vector3D", &[0.0, 50.0, 0.0])
        + &property("GeometricRotation", "Vector3D", &[0.0, 0.0, 90.0])
        + &property("GeometricScaling", "Vector3D", &[2.0, 1.0, 1.0]);
    let geometry = Geometry::cuboid([0.0; 3], [100.0, 10.0, 10.0]);
    let (parent, _) = file.mesh("Box", ROOT, &properties, &geometry);
    file.node(
        "Child",
        parent,
        &placed([0.0, 0.0, 10.0], [0.0; 3], [1.0; 3]),
    );
    let scene = scene(&file);
    assert_eq!(node(&scene, "Box").mesh, None);
    let helper = node(&scene, "Box_geometry");
    assert_eq!(
        helper.parent,
        Some(NodeId(node_index(&scene, "Box") as u32))
    );
    // Scaled to 200 along X, turned onto Y, moved up by 50.
    assert_box(
        world_box(&scene, "Box_geometry"),
        [0.9, -0.1, 0.5],
        [1.0, 0.0, 2.5],
    );
    let child = world(&scene, "Child").transform_point3(DVec3::ZERO);
    assert_close(child, DVec3::new(1.0, -0.1, 0.0));
}

#[test]
fn user_properties_do_no_harm() {
    let mut file = Ascii::default();
    let properties = "P: \"health\", \"int\", \"Integer\", \"AU\",100\n\
                      P: \"Lcl Fun\", \"KString\", \"\", \"U\", \"x\"\n\
                      P: \"ratio\", \"Number\", \"\", \"AU\",1e308\n";
    file.node("Node", ROOT, properties);
    let scene = scene(&file);
    assert_eq!(codes_of(scene.diagnostics()), [""; 0]);
    assert_eq!(node(&scene, "Node").local, DMat4::IDENTITY);
}

#[test]
fn deep_hierarchies_are_refused_beyond_the_limit() {
    let chain = |nodes: usize| {
        let mut file = Ascii::default();
        let mut parent = ROOT;
        for _ in 0..nodes {
            parent = file.node("Link", parent, "");
        }
        file.build()
    };
    let options = FbxOptions::default();
    let depth = options.limits.max_node_depth as usize;
    assert_eq!(resolved(&chain(depth), &options).nodes().len(), depth + 1);
    let error = try_read(&chain(depth + 2), &options).unwrap_err();
    assert_eq!(error.code().unwrap().id(), "fbx.limit_exceeded");
    assert!(
        error.to_string().contains("1024 levels of nodes"),
        "{error}"
    );
}

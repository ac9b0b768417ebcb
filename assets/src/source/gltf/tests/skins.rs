//! Joints, weights and inverse bind matrices.

use super::*;
use crate::source::scene::{InfluenceSet, MeshKind, Skin};

/// A skinned triangle with two joints.
fn skinned(matrices: Option<&[[f32; 16]]>) -> Builder {
    let mut builder = Builder::new();
    let positions = builder.floats(&TRIANGLE);
    let joints = builder.accessor(&[0, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0], U8, 3, "VEC4");
    let weights = builder.floats(&[[0.75, 0.25, 0.0, 0.0]; 3]);
    let mesh = builder.push(
        "meshes",
        json!({ "primitives": [{ "attributes": {
            "POSITION": positions, "JOINTS_0": joints, "WEIGHTS_0": weights,
        } }] }),
    );
    let tip = builder.push("nodes", json!({ "name": "tip" }));
    let root = builder.root_node(json!({ "name": "root", "children": [tip] }));
    let mut skin = json!({ "joints": [root, tip] });
    if let Some(matrices) = matrices {
        skin["inverseBindMatrices"] = json!(builder.floats(matrices));
    }
    builder.push("skins", skin);
    builder.root_node(json!({ "mesh": mesh, "skin": 0, "translation": [100, 0, 0] }));
    builder
}

fn skin_of(mesh: &MeshSource) -> &Skin {
    match &mesh.kind {
        MeshKind::Skinned(skin) => skin,
        other => panic!("skinned, not {other:?}"),
    }
}

const IDENTITY: [f32; 16] = [
    1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0,
];

#[test]
fn missing_matrices_are_identities() {
    let scene = skinned(None).scene();
    assert!(scene.meshes()[0].size.skinned);
    let mesh = load(&scene, 0);
    let skin = skin_of(&mesh);
    assert_eq!(skin.inverse_bind, [IDENTITY; 2]);
    assert!(
        skin.inverse_bind
            .as_flattened()
            .iter()
            .all(|x| x.is_sign_positive())
    );
    assert_eq!(skin.joint_remap, [0, 1]);
    assert_eq!(
        mesh.lods[0].parts[0].streams.influences,
        [InfluenceSet {
            joints: vec![[0, 1, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0]],
            weights: vec![[0.75, 0.25, 0.0, 0.0]; 3],
        }]
    );
}

#[test]
fn matrices_are_turned_and_scaled() {
    // Columns: X to (1,2,3), Y to (4,5,6), Z to (7,8,9), then the translation.
    let matrix: [f32; 16] = [
        1.0, 2.0, 3.0, 0.0, 4.0, 5.0, 6.0, 0.0, 7.0, 8.0, 9.0, 0.0, 10.0, 11.0, 12.0, 1.0,
    ];
    // The engine's Y is -Z, and its Z is Y.
    let turned = |scale: f32| {
        [
            1.0,
            -3.0,
            2.0,
            0.0,
            -7.0,
            9.0,
            -8.0,
            0.0,
            4.0,
            -6.0,
            5.0,
            0.0,
            10.0 * scale,
            -12.0 * scale,
            11.0 * scale,
            1.0,
        ]
    };
    let builder = skinned(Some(&[matrix, IDENTITY]));
    let mesh = load(&builder.scene(), 0);
    assert_eq!(skin_of(&mesh).inverse_bind, [turned(1.0), IDENTITY]);
    let units = settings(json!({ "unit_policy": "custom", "unit_scale": 2.0 }));
    let mesh = load(&builder.import_with(&units).unwrap(), 0);
    assert_eq!(skin_of(&mesh).inverse_bind, [turned(2.0), IDENTITY]);
    // More matrices than joints are of no use, fewer are for the mesh cooker to judge.
    let mesh = load(&skinned(Some(&[matrix; 3])).scene(), 0);
    assert_eq!(skin_of(&mesh).inverse_bind.len(), 2);
    let mesh = load(&skinned(Some(&[matrix])).scene(), 0);
    assert_eq!(skin_of(&mesh).inverse_bind.len(), 1);
    assert_eq!(skin_of(&mesh).joint_remap.len(), 2);
}

#[test]
fn skins_must_make_sense() {
    let damage = |pointer: &str, value: Value| {
        let mut builder = skinned(Some(&[IDENTITY; 2]));
        builder.set(pointer, value);
        builder.error()
    };
    let dangling = |object: &str| ("gltf.dangling_reference", object.to_owned());
    assert_eq!(damage("/nodes/2/skin", json!(5)), dangling("nodes[2]"));
    assert_eq!(
        damage("/skins/0/joints/1", json!(9)),
        dangling("skins[0].joints[1]")
    );
    let object = "skins[0].inverseBindMatrices";
    assert_eq!(
        damage("/skins/0/inverseBindMatrices", json!(99)),
        dangling(object)
    );
    assert_eq!(
        damage("/skins/0/inverseBindMatrices", json!(0)),
        ("gltf.accessor", object.to_owned())
    );
}

#[test]
fn all_sets_of_influences_are_read() {
    let mut builder = skinned(None);
    let joints: Vec<u8> = [1u16, 0, 0, 0]
        .repeat(3)
        .into_iter()
        .flat_map(u16::to_le_bytes)
        .collect();
    let joints = builder.accessor(&joints, U16, 3, "VEC4");
    // Integers are shares, also where nobody says so.
    let weights = builder.accessor(&[255, 0, 51, 0].repeat(3), U8, 3, "VEC4");
    let attributes = "/meshes/0/primitives/0/attributes";
    builder.set(&format!("{attributes}/JOINTS_3"), json!(joints));
    builder.set(&format!("{attributes}/WEIGHTS_3"), json!(weights));
    let mesh = load(&builder.scene(), 0);
    let influences = &mesh.lods[0].parts[0].streams.influences;
    assert_eq!(influences.len(), 2);
    assert_eq!(influences[1].joints, [[1, 0, 0, 0]; 3]);
    assert_eq!(influences[1].weights, [[1.0, 0.0, 0.2, 0.0]; 3]);
    // Half a set is none.
    builder.root["meshes"][0]["primitives"][0]["attributes"]
        .as_object_mut()
        .unwrap()
        .remove("WEIGHTS_3");
    let scene = builder.scene();
    assert!(codes_of(&scene).contains(&"mesh.skinning.mismatch"));
    assert_eq!(load(&scene, 0).lods[0].parts[0].streams.influences.len(), 1);
}

#[test]
fn joints_are_numbers_that_skins_can_have() {
    let mut builder = skinned(None);
    let joints: Vec<u8> = [70_000u32; 12]
        .into_iter()
        .flat_map(u32::to_le_bytes)
        .collect();
    let joints = builder.accessor(&joints, U32, 3, "VEC4");
    builder.set("/meshes/0/primitives/0/attributes/JOINTS_0", json!(joints));
    let errors = try_load(&builder.scene(), 0).unwrap_err();
    assert_eq!(errors[0].code.id(), "gltf.accessor");
}

#[test]
fn a_mesh_is_made_for_each_skin_that_nodes_give_it() {
    let mut builder = skinned(None);
    let other = builder.push("skins", json!({ "joints": [0] }));
    let mesh = builder.root["nodes"][2]["mesh"].clone();
    builder.root_node(json!({ "mesh": mesh, "skin": other }));
    builder.root_node(json!({ "mesh": mesh }));
    builder.root_node(json!({ "mesh": mesh, "skin": 0 }));
    let scene = builder.scene();
    let meshes: Vec<_> = scene
        .nodes()
        .iter()
        .filter_map(|node| node.mesh)
        .map(|id| id.0)
        .collect();
    assert_eq!(meshes, [0, 1, 2, 0]);
    let joints: Vec<_> = (0..3)
        .map(|at| match &load(&scene, at).kind {
            MeshKind::Skinned(skin) => skin.joint_remap.len(),
            _ => 0,
        })
        .collect();
    assert_eq!(joints, [2, 1, 0]);
    assert!(
        load(&scene, 2).lods[0].parts[0]
            .streams
            .influences
            .is_empty()
    );
}

#[test]
fn meshes_and_skins_that_do_not_fit_are_static() {
    let static_codes = |builder: &Builder| {
        let scene = builder.scene();
        assert_eq!(load(&scene, 0).kind, MeshKind::Standard);
        assert!(!scene.meshes()[0].size.skinned);
        codes_of(&scene)
    };
    let mut without_skin = skinned(None);
    without_skin.root["nodes"][2]
        .as_object_mut()
        .unwrap()
        .remove("skin");
    assert_eq!(
        static_codes(&without_skin),
        ["gltf.missing_indices", "gltf.skin_unused"]
    );
    let mut without_joints = skinned(None);
    let attributes =
        without_joints.root["meshes"][0]["primitives"][0]["attributes"].as_object_mut();
    attributes.unwrap().remove("JOINTS_0");
    // Said once, however many nodes there are.
    let node = without_joints.root["nodes"][2].clone();
    without_joints.root_node(node);
    assert_eq!(
        static_codes(&without_joints),
        ["gltf.missing_indices", "gltf.skin_unused"]
    );
}

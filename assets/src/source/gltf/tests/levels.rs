//! Authored levels of detail.

use super::*;
use crate::source::scene::MeshLod;

/// Nodes that show triangles of ascending size; the first one has the others as levels.
fn with_levels(count: usize) -> Builder {
    let mut builder = Builder::new();
    for size in 1..=count {
        let positions = TRIANGLE.map(|p| p.map(|x| x * size as f32));
        let positions = builder.floats(&positions);
        let primitives = json!([{ "attributes": { "POSITION": positions } }]);
        let mesh = builder.push("meshes", json!({ "primitives": primitives }));
        builder.push("nodes", json!({ "mesh": mesh }));
    }
    let ids: Vec<usize> = (1..count).collect();
    builder.set("/nodes/0/extensions", json!({ "MSFT_lod": { "ids": ids } }));
    builder.push("scenes", json!({ "nodes": [0] }));
    builder
}

fn first_x(lod: &MeshLod) -> f32 {
    lod.parts[0].streams.positions[1][0]
}

#[test]
fn levels_are_meshes_of_other_nodes() {
    let scene = with_levels(3).scene();
    assert_eq!(scene.nodes().len(), 1);
    assert_eq!(scene.meshes().len(), 1, "levels are no meshes of their own");
    assert_eq!(scene.ignored().unused_nodes, 0);
    assert_eq!(scene.meshes()[0].size.vertices, 9);
    let mesh = load(&scene, 0);
    let levels: Vec<_> = mesh
        .lods
        .iter()
        .map(|lod| (lod.name.as_str(), first_x(lod)))
        .collect();
    assert_eq!(levels, [("LOD0", 1.0), ("LOD1", 2.0), ("LOD2", 3.0)]);
}

#[test]
fn levels_are_moved_to_the_node_that_they_replace() {
    let mut builder = with_levels(3);
    builder.set("/nodes/0/translation", json!([10, 0, 0]));
    builder.set("/nodes/1/translation", json!([10, 0, 5]));
    builder.set("/nodes/2/translation", json!([10, 0, 0]));
    builder.set("/nodes/2/scale", json!([-1, 1, 1]));
    let mesh = load(&builder.scene(), 0);
    let positions = |level: usize| mesh.lods[level].parts[0].streams.positions.clone();
    assert_eq!(positions(0), [[0.0; 3], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]);
    assert_eq!(
        positions(1),
        [[0.0, -5.0, 0.0], [2.0, -5.0, 0.0], [0.0, -5.0, 2.0]]
    );
    // A mirrored level is turned over, so that its front stays its front.
    assert_eq!(positions(2), [[0.0; 3], [-3.0, 0.0, 0.0], [0.0, 0.0, 3.0]]);
    assert_eq!(mesh.lods[2].parts[0].indices, [0, 2, 1]);
    assert!(!mesh.mirrored);
}

#[test]
fn nodes_that_are_levels_show_nothing_themselves() {
    let mut builder = with_levels(2);
    builder.set("/scenes/0/nodes", json!([0, 1]));
    let scene = builder.scene();
    let shown: Vec<_> = scene
        .nodes()
        .iter()
        .map(|node| node.mesh.is_some())
        .collect();
    assert_eq!(shown, [true, false]);
    assert_eq!(scene.meshes().len(), 1);
}

#[test]
fn levels_that_cannot_be_kept_are_left_out_with_a_word() {
    let kept = |builder: &Builder| {
        let scene = builder.scene();
        let codes = codes_of(&scene);
        let told = codes
            .iter()
            .filter(|code| **code == "gltf.lod_skipped")
            .count();
        (load(&scene, 0).lods.len(), told)
    };
    assert_eq!(kept(&with_levels(10)), (8, 2));
    let damage = |pointer: &str, value: Value| {
        let mut builder = with_levels(3);
        builder.set(pointer, value);
        kept(&builder)
    };
    assert_eq!(damage("/nodes/1", json!({})), (2, 1));
    assert_eq!(damage("/nodes/0/scale", json!([0, 1, 1])), (1, 2));
    assert_eq!(
        damage("/nodes/0/extensions/MSFT_lod", json!({ "ids": "all" })),
        (1, 1)
    );
    let mut skinned = with_levels(2);
    skinned.push("skins", json!({ "joints": [0] }));
    skinned.set("/nodes/1/skin", json!(0));
    assert_eq!(kept(&skinned), (1, 1));
    // A node without a mesh has nothing that could be replaced.
    let mut builder = with_levels(2);
    builder.root["nodes"][0]
        .as_object_mut()
        .unwrap()
        .remove("mesh");
    assert!(codes_of(&builder.scene()).contains(&"gltf.lod_skipped"));
    let mut builder = with_levels(2);
    builder.set("/nodes/0/extensions/MSFT_lod/ids", json!([9]));
    assert_eq!(builder.error().0, "gltf.dangling_reference");
}

#[test]
fn nodes_with_the_same_levels_share_a_mesh() {
    let mut builder = with_levels(2);
    let twin = builder.root["nodes"][0].clone();
    builder.root_node(twin);
    builder.root_node(json!({ "mesh": 0 }));
    let scene = builder.scene();
    let shown: Vec<_> = scene
        .nodes()
        .iter()
        .map(|node| node.mesh.unwrap().0)
        .collect();
    assert_eq!(shown, [0, 0, 1]);
    assert_eq!(load(&scene, 0).lods.len(), 2);
    assert_eq!(load(&scene, 1).lods.len(), 1);
}

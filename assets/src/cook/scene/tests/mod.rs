//! Scenes are cooked, and read back from their bytes at the offsets that the format documents.

mod components;
mod hierarchy;
mod properties;

use super::*;
use crate::{
    cook::{
        asset::KeySource,
        pace::{CancelFlag, Cancelled},
    },
    diagnostic::{Code, Diagnostic},
    format::{asset_header::HASH_RANGE, ids::ContentHash, index::AssetType},
    source::scene::{
        CameraId, CameraSource, LightId, LightSource, MeshId, MeshSize, MeshSource, NodeId,
        NodeSource, SceneMesh, SceneParts,
    },
};
use futures_lite::future::block_on;
use glam::{DMat4, DQuat, DVec3};
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};

fn node(name: &str, parent: Option<u32>) -> NodeSource {
    NodeSource {
        name: name.to_owned(),
        parent: parent.map(NodeId),
        ..NodeSource::default()
    }
}

fn with_mesh(node: NodeSource, mesh: u32) -> NodeSource {
    NodeSource {
        mesh: Some(MeshId(mesh)),
        ..node
    }
}

fn placed(node: NodeSource, local: DMat4) -> NodeSource {
    NodeSource { local, ..node }
}

fn scene_of(
    nodes: Vec<NodeSource>,
    meshes: usize,
    cameras: Vec<CameraSource>,
    lights: Vec<LightSource>,
) -> SceneSource {
    let mesh = SceneMesh {
        name: String::new(),
        object: String::new(),
        size: MeshSize::default(),
        loader: Arc::new(Arc::new(MeshSource::default())),
    };
    SceneSource::new(SceneParts {
        name: "Box".to_owned(),
        nodes,
        meshes: vec![mesh; meshes],
        cameras,
        lights,
        ..SceneParts::default()
    })
    .unwrap()
}

fn scene(nodes: Vec<NodeSource>) -> SceneSource {
    scene_of(nodes, 4, Vec::new(), Vec::new())
}

fn identity() -> AssetIdentity {
    AssetIdentity::new(AssetType::Scene, "Box", KeySource::VirtualPath).unwrap()
}

fn request(identity: &AssetIdentity) -> SceneRequest<'_> {
    SceneRequest {
        identity,
        source_id: "box.glb",
        node_pruning: NodePruning::Keep,
        naming: NamingPolicy::None,
        environment: &[],
        content_hashing: true,
    }
}

/// The key of mesh *n* is 1 + *n*, sixteen times.
fn keys(scene: &SceneSource) -> Vec<Option<AssetKey>> {
    (0..scene.meshes().len())
        .map(|mesh| Some(AssetKey([1 + mesh as u8; 16])))
        .collect()
}

fn try_cook(
    scene: &SceneSource,
    request: &SceneRequest<'_>,
) -> Result<CookedAsset, SceneCookError> {
    let mut pace = Pace::uninterrupted(CancelFlag::new());
    block_on(cook_scene(scene, request, &keys(scene), &mut pace))
}

fn cook_pruned(scene: &SceneSource, node_pruning: NodePruning) -> CookedAsset {
    let identity = identity();
    let request = SceneRequest {
        node_pruning,
        ..request(&identity)
    };
    try_cook(scene, &request).unwrap()
}

fn cook(scene: &SceneSource) -> CookedAsset {
    cook_pruned(scene, NodePruning::Keep)
}

fn codes_of(asset: &CookedAsset) -> Vec<Code> {
    asset.diagnostics.iter().map(|d| d.code).collect()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn f32_at(bytes: &[u8], at: usize) -> f32 {
    f32::from_bits(u32_at(bytes, at))
}

fn f32s_at<const N: usize>(bytes: &[u8], at: usize) -> [f32; N] {
    std::array::from_fn(|i| f32_at(bytes, at + 4 * i))
}

/// A node as it is stored.
#[derive(Debug, PartialEq)]
struct Node {
    id: [u8; 16],
    name: String,
    parent: u32,
    flags: u32,
    translation: [f32; 3],
    rotation: [f32; 4],
    scale: [f32; 3],
}

impl Node {
    fn local(&self) -> DMat4 {
        let [x, y, z, w] = self.rotation.map(f64::from);
        DMat4::from_scale_rotation_translation(
            DVec3::from_array(self.scale.map(f64::from)),
            DQuat::from_xyzw(x, y, z, w),
            DVec3::from_array(self.translation.map(f64::from)),
        )
    }
}

fn nodes(bytes: &[u8]) -> Vec<Node> {
    assert_eq!([95, 99, 107].map(|at| u32_at(bytes, at)), [256, 0, 68]);
    let count = u32_at(bytes, 103) as usize;
    let (strings, len) = (u32_at(bytes, 111) as usize, u32_at(bytes, 115) as usize);
    assert_eq!(strings, 256 + 68 * count);
    let strings = &bytes[strings..strings + len];
    assert_eq!(strings[0], 0);
    let records = bytes[256..].chunks_exact(68).take(count);
    records
        .map(|record| {
            let name = &strings[u32_at(record, 16) as usize..];
            let end = name.iter().position(|&byte| byte == 0).unwrap();
            Node {
                id: record[..16].try_into().unwrap(),
                name: String::from_utf8(name[..end].to_vec()).unwrap(),
                parent: u32_at(record, 20),
                flags: u32_at(record, 24),
                translation: f32s_at(record, 28),
                rotation: f32s_at(record, 40),
                scale: f32s_at(record, 56),
            }
        })
        .collect()
}

/// The records of a component table, or nothing.
fn table<'a>(bytes: &'a [u8], tag: &[u8; 4], size: usize) -> Vec<&'a [u8]> {
    let directory = u32_at(bytes, 119) as usize;
    for entry in 0..u32_at(bytes, 127) as usize {
        let entry = &bytes[directory + 20 * entry..][..20];
        if &entry[..4] == tag {
            assert_eq!(u32_at(entry, 16) as usize, size);
            let records = bytes[u32_at(entry, 4) as usize..].chunks_exact(size);
            return records.take(u32_at(entry, 12) as usize).collect();
        }
    }
    Vec::new()
}

fn names(bytes: &[u8]) -> Vec<String> {
    nodes(bytes).into_iter().map(|node| node.name).collect()
}

fn parents(bytes: &[u8]) -> Vec<u32> {
    nodes(bytes).into_iter().map(|node| node.parent).collect()
}

/// From node space to the world, for each node as it is stored.
fn worlds(bytes: &[u8]) -> Vec<DMat4> {
    let mut worlds: Vec<DMat4> = Vec::new();
    for (index, node) in nodes(bytes).into_iter().enumerate() {
        let parent = match node.parent as usize {
            parent if parent == index => DMat4::IDENTITY,
            parent => worlds[parent],
        };
        worlds.push(parent * node.local());
    }
    worlds
}

/// From node space to the world, for each node as it is authored.
fn authored_worlds(scene: &SceneSource) -> Vec<DMat4> {
    let mut worlds: Vec<DMat4> = Vec::new();
    for node in scene.nodes() {
        let parent = node.parent.map_or(DMat4::IDENTITY, |id| worlds[id.index()]);
        worlds.push(parent * node.local);
    }
    worlds
}

/// How far apart two matrices are, as a share of the larger one.
fn distance(a: &DMat4, b: &DMat4) -> f64 {
    let largest = |m: &DMat4| {
        m.to_cols_array()
            .into_iter()
            .map(f64::abs)
            .fold(0.0, f64::max)
    };
    largest(&(*a - *b)) / largest(a).max(largest(b)).max(1e-30)
}

#[test]
fn one_node() {
    let asset = cook(&scene(vec![node("Root", None)]));
    let bytes = &asset.bytes;
    assert_eq!(bytes.len(), 256 + 68 + 6 + 16);
    assert_eq!((bytes[0], bytes[65]), (3, 2));
    assert!(bytes[1..].starts_with(b"Box\0"));
    let stored = nodes(bytes);
    assert_eq!(stored.len(), 1);
    assert_eq!(
        (&*stored[0].name, stored[0].parent, stored[0].flags),
        ("Root", 0, 1)
    );
    assert_ne!(
        u32_at(bytes, 256 + 16),
        0,
        "the name is not the empty string"
    );
    assert_eq!([119, 123, 127].map(|at| u32_at(bytes, at)), [0; 3]);
    let block = &bytes[bytes.len() - 16..];
    assert_eq!(block, [16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

    assert_eq!(asset.asset_type, AssetType::Scene);
    assert_eq!(asset.path.as_str(), "Scenes/Box.oscene");
    assert_eq!(asset.virtual_path.as_str(), "/.cooked/Scenes/Box.oscene");
    assert_eq!(
        asset.key.to_string(),
        "7203fda7-fcfc-fbb2-e1a0-f44961d869bb"
    );
    assert_eq!(asset.diagnostics, []);
}

#[test]
fn the_hash_covers_everything_but_itself() {
    let scene = scene(vec![node("Root", None)]);
    let identity = identity();
    let fog = EnvironmentRecord::Fog(Default::default()).to_bytes();
    let with_fog = SceneRequest {
        environment: &[fog],
        ..request(&identity)
    };
    let (plain, foggy) = (cook(&scene), try_cook(&scene, &with_fog).unwrap());
    for asset in [&plain, &foggy] {
        let mut blank = asset.bytes.clone();
        blank[HASH_RANGE].fill(0);
        assert_eq!(asset.bytes[HASH_RANGE], Sha256::digest(&blank)[..8]);
        assert_eq!(asset.content_hash, ContentHash::of(&blank));
        assert_eq!(asset.digest[..], Sha256::digest(&asset.bytes)[..]);
    }
    assert_ne!(plain.content_hash, foggy.content_hash);
    let request = SceneRequest {
        content_hashing: false,
        ..request(&identity)
    };
    let asset = try_cook(&scene, &request).unwrap();
    assert_eq!(asset.bytes[HASH_RANGE], [0; 8]);
    assert_eq!(
        (asset.content_hash, asset.digest),
        (ContentHash::NONE, [0; 32])
    );
}

#[test]
fn environment_records_end_the_descriptor() {
    let scene = scene(vec![node("Root", None)]);
    let identity = identity();
    let fog = EnvironmentRecord::Fog(crate::format::scene::Fog {
        density: 0.05,
        ..Default::default()
    });
    let mut surplus = fog.to_bytes();
    surplus.extend([9; 5]);
    let unknown = vec![99, 0, 0, 0, 10, 0, 0, 0, 1, 2];
    let both = [surplus, unknown.clone()];
    let request = SceneRequest {
        environment: &both,
        ..request(&identity)
    };
    let bytes = try_cook(&scene, &request).unwrap().bytes;
    let block = &bytes[256 + 68 + 6..];
    assert_eq!(block.len(), 16 + 72 + 10);
    assert_eq!((u32_at(block, 0), u32_at(block, 4)), (16 + 72 + 10, 2));
    assert_eq!((u32_at(block, 16), u32_at(block, 20)), (2, 72));
    assert_eq!(f32_at(block, 32), 0.05);
    assert_eq!(block[88..], unknown);
}

#[test]
fn senseless_environment_records_are_errors() {
    let scene = scene(vec![node("Root", None)]);
    let identity = identity();
    let fog = EnvironmentRecord::Fog(Default::default()).to_bytes();
    let mut senseless = fog.clone();
    senseless[8] = 2;
    let mut small_fog = fog.clone();
    small_fog[4] = 40;
    for (record, code) in [
        (fog[..7].to_vec(), codes::ENVIRONMENT_RECORD_TOO_SMALL),
        (
            vec![9, 0, 0, 0, 7, 0, 0, 0],
            codes::ENVIRONMENT_RECORD_SIZE_INVALID,
        ),
        (small_fog, codes::ENVIRONMENT_RECORD_SIZE_INVALID),
        (fog[..71].to_vec(), codes::ENVIRONMENT_RECORD_SIZE_MISMATCH),
        (senseless, codes::ENVIRONMENT_RECORD_INVALID),
    ] {
        let records = [fog.clone(), record];
        let request = SceneRequest {
            environment: &records,
            ..request(&identity)
        };
        let Err(SceneCookError::Failed { diagnostics, .. }) = try_cook(&scene, &request) else {
            panic!("{code} is not found");
        };
        let [Diagnostic { code: found, .. }] = &diagnostics[..] else {
            panic!("{diagnostics:?}");
        };
        assert_eq!(*found, code);
        assert!(diagnostics[0].message.starts_with("environment record 1: "));
        assert_eq!(diagnostics[0].source.as_deref(), Some("box.glb"));
        assert_eq!(diagnostics[0].object.as_deref(), Some("Box"));
    }
}

#[test]
fn every_mesh_needs_a_word_on_its_key() {
    let scene = scene(vec![with_mesh(node("a", None), 3)]);
    let identity = identity();
    let cook = |keys: &[Option<AssetKey>]| {
        let mut pace = Pace::uninterrupted(CancelFlag::new());
        block_on(cook_scene(&scene, &request(&identity), keys, &mut pace))
    };
    let Err(SceneCookError::Failed { diagnostics, .. }) = cook(&keys(&scene)[..3]) else {
        panic!("a key is missing");
    };
    assert_eq!(diagnostics[0].code, codes::GEOMETRY_KEY_MISSING);
    // Left out on purpose.
    let asset = cook(&[None; 4]).unwrap();
    assert_eq!(table(&asset.bytes, b"MESH", 36), [&[0u8; 0]; 0]);
    assert_eq!(asset.diagnostics, []);
}

#[test]
fn the_name_of_a_scene_is_cut_with_a_word() {
    let name = "s".repeat(70);
    let identity = AssetIdentity::new(AssetType::Scene, &name, KeySource::VirtualPath).unwrap();
    let asset = try_cook(&scene(Vec::new()), &request(&identity)).unwrap();
    assert_eq!(asset.bytes[1..64], name.as_bytes()[..63]);
    assert_eq!(asset.bytes[64], 0);
    assert_eq!(codes_of(&asset), [codes::NAME_TRUNCATED]);
    assert_eq!(asset.path.as_str(), format!("Scenes/{name}.oscene"));
}

#[test]
fn a_cancelled_cook_stops_and_a_slow_one_makes_the_same_bytes() {
    let scene = scene(
        (0..1000)
            .map(|i| node("n", (i > 0).then(|| i - 1)))
            .collect(),
    );
    let identity = identity();
    let flag = CancelFlag::new();
    let mut pace = Pace::sliced(flag.clone(), Duration::ZERO);
    let slow = block_on(cook_scene(
        &scene,
        &request(&identity),
        &keys(&scene),
        &mut pace,
    ));
    assert_eq!(slow.unwrap(), cook(&scene));
    flag.cancel();
    let stopped = block_on(cook_scene(
        &scene,
        &request(&identity),
        &keys(&scene),
        &mut pace,
    ));
    assert_eq!(stopped, Err(SceneCookError::Cancelled(Cancelled)));
}

#[test]
fn a_renderable_without_a_geometry_is_not_written() {
    let scene = scene(vec![with_mesh(node("Box", None), 0)]);
    let identity = identity();
    let mut pace = Pace::uninterrupted(CancelFlag::new());
    let keys = vec![Some(AssetKey::NONE); scene.meshes().len()];
    let cooked = block_on(cook_scene(&scene, &request(&identity), &keys, &mut pace));
    let Err(SceneCookError::Failed { diagnostics, .. }) = cooked else {
        panic!("it has no geometry");
    };
    assert_eq!(diagnostics[0].code.id(), "scene.serialize_failed");
}

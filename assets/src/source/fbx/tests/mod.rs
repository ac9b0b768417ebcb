//! Files of our own making, read back; and, where the corpus is there, files of others.

mod ascii;
mod components;
mod corpus;
mod damage;
mod geometry;
mod hierarchy;
mod levels;
mod materials;
mod parity;
mod skinning;
mod spaces;
mod textures;

use super::*;
use crate::{
    cook::pace::Pace,
    source::scene::{DecodedMesh, MaterialSource, MeshPart, MeshSource, NodeSource},
};
use ascii::Ascii;
use futures_lite::future::block_on;
use glam::{DMat4, DVec3};
use std::path::PathBuf;

fn try_read(bytes: &[u8], options: &FbxOptions) -> Result<FbxScene, FbxError> {
    read(bytes, "folder/scene.fbx", options, &CancelFlag::new())
}

fn resolved(bytes: &[u8], options: &FbxOptions) -> SceneSource {
    let scene = try_read(bytes, options).unwrap_or_else(|error| panic!("{error}"));
    scene.resolve(&BTreeMap::new()).unwrap()
}

fn scene(file: &Ascii) -> SceneSource {
    resolved(&file.build(), &FbxOptions::default())
}

/// The codes of diagnostics, without the one that each file has.
fn codes_of(diagnostics: &[Diagnostic]) -> Vec<&'static str> {
    let codes = diagnostics.iter().map(|diagnostic| diagnostic.code.id());
    codes.filter(|code| *code != "fbx.space").collect()
}

fn decoded(scene: &SceneSource, mesh: usize) -> DecodedMesh {
    let mut pace = Pace::uninterrupted(CancelFlag::new());
    let loaded = block_on(scene.meshes()[mesh].loader.load(&mut pace));
    loaded.unwrap_or_else(|error| panic!("{error}"))
}

fn loaded(scene: &SceneSource, mesh: usize) -> Arc<MeshSource> {
    decoded(scene, mesh).mesh
}

fn only_part(mesh: &MeshSource) -> &MeshPart {
    let [lod] = &mesh.lods[..] else {
        panic!("{} levels", mesh.lods.len());
    };
    let [part] = &lod.parts[..] else {
        panic!("{} parts", lod.parts.len());
    };
    part
}

fn node<'a>(scene: &'a SceneSource, name: &str) -> &'a NodeSource {
    &scene.nodes()[node_index(scene, name)]
}

fn node_index(scene: &SceneSource, name: &str) -> usize {
    let found = scene.nodes().iter().position(|node| node.name == name);
    found.unwrap_or_else(|| panic!("no node {name}"))
}

fn worlds(scene: &SceneSource) -> Vec<DMat4> {
    let mut worlds: Vec<DMat4> = Vec::new();
    for node in scene.nodes() {
        let parent = node.parent.map_or(DMat4::IDENTITY, |id| worlds[id.index()]);
        worlds.push(parent * node.local);
    }
    worlds
}

fn world(scene: &SceneSource, name: &str) -> DMat4 {
    worlds(scene)[node_index(scene, name)]
}

fn vector(v: [f32; 3]) -> DVec3 {
    DVec3::from_array(v.map(f64::from))
}

/// The corners of all triangles of a part in the world.
fn world_triangles(part: &MeshPart, world: DMat4) -> Vec<[DVec3; 3]> {
    let point = |index: u32| {
        let position = part.streams.positions[index as usize];
        world.transform_point3(vector(position))
    };
    let triangles = part.indices.as_chunks::<3>().0.iter();
    triangles.map(|triangle| triangle.map(point)).collect()
}

/// The box around a node's mesh in the world.
fn world_box(scene: &SceneSource, name: &str) -> [DVec3; 2] {
    let mesh = node(scene, name).mesh.expect("a mesh");
    let mesh = loaded(scene, mesh.index());
    let mut bounds = [DVec3::INFINITY, DVec3::NEG_INFINITY];
    for part in mesh.lods.iter().flat_map(|lod| &lod.parts) {
        for point in world_triangles(part, world(scene, name)).as_flattened() {
            bounds = [bounds[0].min(*point), bounds[1].max(*point)];
        }
    }
    bounds
}

#[track_caller]
fn assert_close(actual: DVec3, expected: DVec3) {
    let tolerance = 1e-5 * expected.abs().max_element().max(1.0);
    assert!(
        (actual - expected).abs().max_element() < tolerance,
        "{actual} is not {expected}"
    );
}

#[track_caller]
fn assert_box(actual: [DVec3; 2], min: [f64; 3], max: [f64; 3]) {
    assert_close(actual[0], min.into());
    assert_close(actual[1], max.into());
}

/// Files of the corpus in a folder, by name; none where the corpus is not there.
fn corpus_files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let Ok(entries) = std::fs::read_dir(root.join(folder)) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "fbx"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn corpus_file(name: &str) -> Option<Vec<u8>> {
    let mut files = corpus_files("fbx").into_iter();
    files.find(|(file, _)| file == name).map(|(_, bytes)| bytes)
}

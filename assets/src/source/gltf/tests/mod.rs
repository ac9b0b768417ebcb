//! Documents are built here, imported, and compared with what they are made of.

mod accessors;
mod codes;
mod compression;
mod corpus;
mod damage;
mod files;
mod images;
mod levels;
mod materials;
mod meshes;
mod nodes;
mod skins;

use super::{GltfError, GltfFile, GltfLimits};
use crate::{
    cook::pace::{CancelFlag, Pace},
    diagnostic::Diagnostic,
    settings::scene::{SceneOptions, SceneSettings},
    source::scene::{
        DecodedMesh, MeshLoadError, MeshPart, MeshSource, SceneSource, SharedBytes, VertexStreams,
    },
};
use base64::{Engine, prelude::BASE64_STANDARD};
use futures_lite::future::block_on;
use serde_json::{Value, json};
use std::sync::Arc;

/// Component types, as numbers of the format.
const I8: u32 = 5120;
const U8: u32 = 5121;
const I16: u32 = 5122;
const U16: u32 = 5123;
const U32: u32 = 5125;
const F32: u32 = 5126;

/// A document and its data, as far as they are written.
#[derive(Clone)]
struct Builder {
    root: Value,
    bin: Vec<u8>,
}

impl Builder {
    /// An empty document.
    fn new() -> Self {
        Self {
            root: json!({ "asset": { "version": "2.0" } }),
            bin: Vec::new(),
        }
    }

    /// A document with one node that shows one mesh of some primitives.
    fn with_mesh(primitives: &Value) -> Self {
        let mut builder = Self::new();
        builder.show(primitives);
        builder
    }

    /// Adds a mesh, and a root node that shows it. Returns the node.
    fn show(&mut self, primitives: &Value) -> usize {
        let mesh = self.push("meshes", json!({ "primitives": primitives }));
        self.root_node(json!({ "mesh": mesh }))
    }

    /// Adds a root node to the only scene.
    fn root_node(&mut self, node: Value) -> usize {
        let node = self.push("nodes", node);
        if self.root.get("scenes").is_none() {
            self.push("scenes", json!({ "nodes": [] }));
        }
        let roots = self.root["scenes"][0]["nodes"].as_array_mut().unwrap();
        roots.push(json!(node));
        node
    }

    /// Adds an object to a list.
    fn push(&mut self, list: &str, object: Value) -> usize {
        let root = self.root.as_object_mut().unwrap();
        let list = root.entry(list).or_insert_with(|| json!([]));
        let list = list.as_array_mut().unwrap();
        list.push(object);
        list.len() - 1
    }

    fn set(&mut self, pointer: &str, value: Value) -> &mut Self {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = self.root.pointer_mut(parent).unwrap();
        match parent {
            Value::Array(list) => list[key.parse::<usize>().unwrap()] = value,
            object => object[key] = value,
        }
        self
    }

    /// Adds data, and a view of it.
    fn view(&mut self, data: &[u8], more: Value) -> usize {
        while !self.bin.len().is_multiple_of(4) {
            self.bin.push(0);
        }
        let mut view = json!({
            "buffer": 0,
            "byteOffset": self.bin.len(),
            "byteLength": data.len(),
        });
        self.bin.extend_from_slice(data);
        merge(&mut view, more);
        self.push("bufferViews", view)
    }

    /// Adds data, a view and an accessor.
    fn accessor(&mut self, data: &[u8], component: u32, count: usize, kind: &str) -> usize {
        self.accessor_with(data, component, count, kind, json!({}))
    }

    fn accessor_with(
        &mut self,
        data: &[u8],
        component: u32,
        count: usize,
        kind: &str,
        more: Value,
    ) -> usize {
        let view = self.view(data, json!({}));
        let mut accessor = json!({
            "bufferView": view,
            "componentType": component,
            "count": count,
            "type": kind,
        });
        merge(&mut accessor, more);
        self.push("accessors", accessor)
    }

    /// Adds vectors of numbers.
    fn floats<const N: usize>(&mut self, vectors: &[[f32; N]]) -> usize {
        let bytes: Vec<u8> = vectors
            .iter()
            .flatten()
            .flat_map(|x| x.to_le_bytes())
            .collect();
        let kind = ["", "SCALAR", "VEC2", "VEC3", "VEC4"]
            .get(N)
            .copied()
            .unwrap_or("MAT4");
        self.accessor(&bytes, F32, vectors.len(), kind)
    }

    /// Adds 16-bit indices.
    fn indices(&mut self, indices: &[u16]) -> usize {
        let bytes: Vec<u8> = indices.iter().flat_map(|i| i.to_le_bytes()).collect();
        self.accessor(&bytes, U16, indices.len(), "SCALAR")
    }

    /// The document, with its buffer as it is.
    fn json(&self) -> Value {
        let mut root = self.root.clone();
        if root.get("bufferViews").is_some() && root.get("buffers").is_none() {
            root["buffers"] = json!([{ "byteLength": self.bin.len() }]);
        }
        root
    }

    /// The binary form.
    fn glb(&self) -> Vec<u8> {
        glb(&serde_json::to_vec(&self.json()).unwrap(), Some(&self.bin))
    }

    /// The text form, with embedded data.
    fn gltf(&self) -> Vec<u8> {
        let mut root = self.json();
        if root.get("buffers").is_some() {
            root["buffers"][0]["uri"] = json!(format!(
                "data:application/octet-stream;base64,{}",
                BASE64_STANDARD.encode(&self.bin)
            ));
        }
        serde_json::to_vec(&root).unwrap()
    }

    fn import(&self) -> Result<SceneSource, Vec<Diagnostic>> {
        self.import_with(&SceneSettings::default())
    }

    fn import_with(&self, settings: &SceneSettings) -> Result<SceneSource, Vec<Diagnostic>> {
        import(self.glb(), settings, &GltfLimits::default())
    }

    /// The scene of a document that is valid.
    fn scene(&self) -> SceneSource {
        self.import().unwrap_or_else(|errors| panic!("{errors:#?}"))
    }

    /// The code and the object of the only error.
    fn error(&self) -> (&'static str, String) {
        let errors = self.import().map(|_| ()).unwrap_err();
        only_error(&errors)
    }
}

fn merge(object: &mut Value, more: Value) {
    if let Value::Object(more) = more {
        object.as_object_mut().unwrap().extend(more);
    }
}

fn glb(json: &[u8], bin: Option<&[u8]>) -> Vec<u8> {
    let mut chunks = chunk(*b"JSON", json, b' ');
    if let Some(bin) = bin {
        chunks.extend(chunk(*b"BIN\0", bin, 0));
    }
    let mut file = b"glTF\x02\0\0\0".to_vec();
    file.extend((chunks.len() as u32 + 12).to_le_bytes());
    file.extend(chunks);
    file
}

fn chunk(kind: [u8; 4], data: &[u8], padding: u8) -> Vec<u8> {
    let mut padded = data.to_vec();
    while !padded.len().is_multiple_of(4) {
        padded.push(padding);
    }
    let mut chunk = (padded.len() as u32).to_le_bytes().to_vec();
    chunk.extend(kind);
    chunk.extend(padded);
    chunk
}

fn import(
    file: Vec<u8>,
    settings: &SceneSettings,
    limits: &GltfLimits,
) -> Result<SceneSource, Vec<Diagnostic>> {
    let file = GltfFile::parse(SharedBytes::from_vec(file), "folder/Robot.glb", limits)?;
    assert_eq!(file.external_buffers(), []);
    match file.into_scene(&[], settings, &CancelFlag::new()) {
        Ok(scene) => Ok(scene),
        Err(GltfError::Failed(diagnostics)) => Err(diagnostics),
        Err(GltfError::Cancelled(_)) => panic!("nobody cancelled"),
    }
}

fn settings(json: Value) -> SceneSettings {
    serde_json::from_value::<SceneOptions>(json)
        .unwrap()
        .resolve()
        .unwrap()
}

fn only_error(diagnostics: &[Diagnostic]) -> (&'static str, String) {
    let mut errors = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error());
    let error = errors.next().expect("an error");
    assert_eq!(errors.next(), None);
    assert_eq!(error.source.as_deref(), Some("folder/Robot.glb"));
    (error.code.id(), error.object.clone().unwrap_or_default())
}

fn codes_of(scene: &SceneSource) -> Vec<&'static str> {
    scene.diagnostics().iter().map(|d| d.code.id()).collect()
}

fn try_load(scene: &SceneSource, mesh: usize) -> Result<Arc<MeshSource>, Vec<Diagnostic>> {
    let mut pace = Pace::uninterrupted(CancelFlag::new());
    let mesh = &scene.meshes()[mesh];
    match block_on(mesh.loader.load(&mut pace)) {
        Ok(DecodedMesh { mesh: decoded, .. }) => {
            // What is promised for memory budgets holds.
            let mut vertices = std::collections::BTreeMap::new();
            let mut indices = 0;
            for part in decoded.lods.iter().flat_map(|lod| &lod.parts) {
                vertices.insert(Arc::as_ptr(&part.streams), part.streams.positions.len());
                indices += part.indices.len();
            }
            assert!(vertices.values().sum::<usize>() as u64 <= mesh.size.vertices);
            assert!(indices as u64 <= mesh.size.indices);
            Ok(decoded)
        }
        Err(MeshLoadError::Failed(diagnostics)) => Err(diagnostics),
        Err(MeshLoadError::Cancelled(_)) => panic!("nobody cancelled"),
    }
}

fn load(scene: &SceneSource, mesh: usize) -> Arc<MeshSource> {
    try_load(scene, mesh).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

/// The only part of the first level of the first mesh.
fn part(builder: &Builder) -> MeshPart {
    let mesh = load(&builder.scene(), 0);
    let [part] = &mesh.lods[0].parts[..] else {
        panic!("one part");
    };
    part.clone()
}

fn streams(builder: &Builder) -> VertexStreams {
    VertexStreams::clone(&part(builder).streams)
}

/// A triangle around +X +Y.
const TRIANGLE: [[f32; 3]; 3] = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];

/// A document with one triangle, and more attributes.
fn triangle(attributes: impl FnOnce(&mut Builder) -> Value) -> Builder {
    let mut builder = Builder::new();
    let positions = builder.floats(&TRIANGLE);
    let mut all = json!({ "POSITION": positions });
    let more = attributes(&mut builder);
    merge(&mut all, more);
    builder.show(&json!([{ "attributes": all }]));
    builder
}

/// Numbers that look random, always the same ones.
struct Random(u64);

impl Random {
    /// `SplitMix64`.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

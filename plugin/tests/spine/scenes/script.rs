//! Scenes that tests write down, imported by an adapter of their own: meshes and image files are held at
//! gates while they are read.

use bevy_kiln_assets::{
    cook::pace::Pace,
    diagnostic::{Diagnostic, codes},
    source::{
        path::SourcePath,
        scene::{
            DecodedMesh, ImageData, ImageId, ImageSource, LoadFuture, MaterialId, MaterialSource,
            MaterialTextures, MeshId, MeshLoader, MeshLod, MeshPart, MeshSize, MeshSource,
            NodeSource, SceneMesh, SceneParts, SceneSource, SharedBytes, TextureBinding,
            TextureRole, TextureSlot, TriangleRange, UvTransform, VertexStreams,
        },
    },
};
use bevy_kiln_components::{
    job::ImportRequest,
    pipeline::{PipelineLimit, WorkKind},
    settings::ImportSettings,
};
use bevy_kiln_plugin::{ImportAppExt, JobHandle};
use bevy_kiln_systems::{
    importer::{ImportPlan, ImportSource, Importer, SourceNeed},
    importers::scene::plan_scene,
    io::{
        error::FileError,
        file_reader::FileReader,
        reader::{FileInfo, ReadOptions, SourceBytes, SourceReader, SourceRef},
        scope::SourceScope,
    },
};
use bevy_tasks::BoxedFuture;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use crate::common::{self, Stepper, fake::Act, fake::Stage};

type Scripts = Arc<Mutex<BTreeMap<String, SceneParts>>>;

/// An app that imports scenes that tests have written down.
pub struct Studio {
    pub stepper: Stepper,
    scripts: Scripts,
}

/// Settings under which every kind of work has more workers than a test has gates.
pub fn settings() -> ImportSettings {
    let mut settings = common::settings();
    for kind in [
        WorkKind::TEXTURE,
        WorkKind::MESH_BUILD,
        WorkKind::MATERIAL,
        WorkKind::GEOMETRY,
        WorkKind::SCENE,
    ] {
        let limit = PipelineLimit {
            workers: 8,
            queue: 64,
        };
        settings.pipelines.set(kind, limit);
    }
    settings
}

impl Studio {
    pub fn new() -> Self {
        Self::with(settings())
    }

    pub fn with(settings: ImportSettings) -> Self {
        let mut stepper = Stepper::with(settings);
        let scripts = Scripts::default();
        stepper.app.register_importer(ScriptImporter {
            stage: stepper.stage.clone(),
            scripts: scripts.clone(),
        });
        Self { stepper, scripts }
    }

    pub fn stage(&self) -> Stage {
        self.stepper.stage.clone()
    }

    /// Writes a file beside the sources.
    pub fn write(&self, file: &str, bytes: &[u8]) {
        let path = self.stepper.folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// A request for a scene, whose textures are not compressed.
    pub fn request(&self, file: &str, scene: SceneParts) -> ImportRequest {
        let path = self.stepper.folder.path().join(file);
        std::fs::write(&path, format!("scene {file}")).unwrap();
        self.scripts.lock().unwrap().insert(file.to_owned(), scene);
        let texture = r#"{"output_format":"rgba8_srgb","data_format":"rgba8"}"#;
        ImportRequest::new(path.to_str().unwrap())
            .into_container(self.stepper.root())
            .with_texture(serde_json::from_str(texture).unwrap())
    }

    pub fn submit(&self, file: &str, scene: SceneParts) -> JobHandle {
        let request = self.request(file, scene);
        self.stepper.client.submit(request).unwrap()
    }

    /// A mesh of this app, held at the gate `mesh <name>`.
    pub fn mesh(&self, name: &str, materials: &[Option<u32>]) -> SceneMesh {
        gated(&self.stage(), name, materials, Act::Succeed)
    }

    pub fn bad_mesh(&self, name: &str, act: Act) -> SceneMesh {
        gated(&self.stage(), name, &[None], act)
    }
}

/// Imports `*.scn`. Planning is held at the gate `plan <file>`.
struct ScriptImporter {
    stage: Stage,
    scripts: Scripts,
}

impl Importer for ScriptImporter {
    fn name(&self) -> &'static str {
        "script"
    }

    fn title(&self) -> &'static str {
        "Script"
    }

    fn extensions(&self) -> &[&'static str] {
        &["scn"]
    }

    fn recognizes(&self, head: &[u8]) -> bool {
        head.starts_with(b"scene ")
    }

    fn need(&self) -> SourceNeed {
        SourceNeed::Whole
    }

    fn plan(
        &self,
        mut source: ImportSource,
    ) -> BoxedFuture<'static, Result<ImportPlan, Vec<Diagnostic>>> {
        let file = source.name.rsplit('/').next().unwrap().to_owned();
        let parts = self.scripts.lock().unwrap()[&file].clone();
        let stage = self.stage.clone();
        Box::pin(async move {
            let location = SourceRef {
                reader: Arc::new(GatedFiles(stage.clone())),
                ..source.location.clone()
            };
            source.scope = SourceScope::files(&location, source.settings.allowed_roots.clone());
            stage.pass(format!("plan {file}")).await;
            let settings = source.scene_settings().map_err(|error| vec![error])?;
            let scene = SceneSource::new(parts).unwrap();
            plan_scene(&source, scene, settings).await
        })
    }
}

/// Reads whole files past the gate `read <file>`, and their beginnings at once.
struct GatedFiles(Stage);

impl SourceReader for GatedFiles {
    fn read<'a>(
        &'a self,
        path: &'a Path,
        options: ReadOptions,
    ) -> BoxedFuture<'a, Result<SourceBytes, FileError>> {
        Box::pin(async move {
            if options.max_bytes == 0 {
                let file = path.file_name().unwrap().to_str().unwrap();
                self.0.pass(format!("read {file}")).await;
            }
            FileReader.read(path, options).await
        })
    }

    fn metadata<'a>(&'a self, path: &'a Path) -> BoxedFuture<'a, Result<FileInfo, FileError>> {
        FileReader.metadata(path)
    }

    fn canonical<'a>(&'a self, path: &'a Path) -> BoxedFuture<'a, Result<PathBuf, FileError>> {
        FileReader.canonical(path)
    }
}

/// A mesh that is read past the gate `mesh <name>`.
struct GatedMesh {
    stage: Stage,
    name: String,
    mesh: Arc<MeshSource>,
    act: Act,
}

impl MeshLoader for GatedMesh {
    fn load<'a>(&'a self, pace: &'a mut Pace) -> LoadFuture<'a> {
        Box::pin(async move {
            self.stage.pass(format!("mesh {}", self.name)).await;
            pace.checkpoint().await?;
            match self.act {
                Act::Panic => panic!("{} panics as the script says", self.name),
                Act::Fail => {
                    let text = format!("{} fails as the script says", self.name);
                    return Err(Diagnostic::new(codes::mesh::NO_FACES, text).into());
                }
                Act::Succeed | Act::Misshape => {}
            }
            Ok(DecodedMesh {
                mesh: self.mesh.clone(),
                diagnostics: Vec::new(),
            })
        })
    }

    fn materials(&self) -> Option<Vec<MaterialId>> {
        // One that misbehaves keeps its materials to itself.
        if self.act == Act::Misshape {
            return Some(Vec::new());
        }
        self.mesh.materials()
    }
}

fn gated(stage: &Stage, name: &str, materials: &[Option<u32>], act: Act) -> SceneMesh {
    let mesh = Arc::new(triangles(name.len() as f32, materials));
    SceneMesh {
        name: name.to_owned(),
        object: format!("mesh {name}"),
        size: size(&mesh),
        loader: Arc::new(GatedMesh {
            stage: stage.clone(),
            name: name.to_owned(),
            mesh,
            act,
        }),
    }
}

/// A mesh that is held at the gate `mesh <name>`.
pub fn gated_meshes(stage: &Stage, name: &str, materials: &[Option<u32>]) -> SceneMesh {
    gated(stage, name, materials, Act::Succeed)
}

/// A loader that does not tell the materials of its mesh.
pub fn lying(stage: &Stage, name: &str, materials: &[Option<u32>]) -> Arc<dyn MeshLoader> {
    gated(stage, name, materials, Act::Misshape).loader
}

fn size(mesh: &MeshSource) -> MeshSize {
    let parts = mesh.lods.iter().flat_map(|lod| &lod.parts);
    let counts = parts.map(|part| (part.streams.positions.len(), part.indices.len()));
    let (vertices, indices) = counts.fold((0, 0), |(v, i), (v2, i2)| (v + v2, i + i2));
    MeshSize {
        vertices: vertices as u64,
        indices: indices as u64,
        skinned: false,
    }
}

/// A triangle for each material, side by side, as high as `height`.
pub fn triangles(height: f32, materials: &[Option<u32>]) -> MeshSource {
    let mut streams = VertexStreams::default();
    let mut texcoords = Vec::new();
    let mut part = MeshPart::default();
    for (index, material) in (0..).zip(materials) {
        let x = index as f32;
        streams
            .positions
            .extend([[x, 0.0, 0.0], [x + 1.0, 0.0, 0.0], [x, 0.0, height]]);
        texcoords.extend([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]);
        part.indices
            .extend([3 * index, 3 * index + 1, 3 * index + 2]);
        part.ranges.push(TriangleRange {
            first_index: 3 * index,
            index_count: 3,
            material: material.map(MaterialId),
        });
    }
    streams.texcoords = Some(texcoords);
    part.streams = Arc::new(streams);
    MeshSource {
        lods: vec![MeshLod {
            name: "LOD0".to_owned(),
            parts: vec![part],
        }],
        ..MeshSource::default()
    }
}

/// A mesh that is read at once.
pub fn plain_mesh(name: &str, mesh: MeshSource) -> SceneMesh {
    SceneMesh {
        name: name.to_owned(),
        object: format!("mesh {name}"),
        size: size(&mesh),
        loader: Arc::new(Arc::new(mesh)),
    }
}

pub fn material(name: &str, slots: &[(TextureSlot, u32)]) -> MaterialSource {
    let mut textures = MaterialTextures::default();
    for &(slot, image) in slots {
        let role = match slot {
            TextureSlot::BaseColor => TextureRole::BaseColor,
            TextureSlot::Normal => TextureRole::Normal,
            TextureSlot::Metallic | TextureSlot::Roughness => TextureRole::MetallicRoughness,
            TextureSlot::AmbientOcclusion => TextureRole::Occlusion,
            _ => TextureRole::Emissive,
        };
        let binding = TextureBinding {
            image: ImageId(image),
            role,
            uv_set: 0,
            transform: UvTransform::IDENTITY,
        };
        textures.set(slot, Some(binding));
    }
    MaterialSource {
        name: name.to_owned(),
        textures,
        ..MaterialSource::default()
    }
}

/// An image inside of the source.
pub fn embedded(name: &str, bytes: Vec<u8>) -> ImageSource {
    image(name, ImageData::Embedded(SharedBytes::from_vec(bytes)))
}

/// An image in a file beside the source.
pub fn external(path: &str) -> ImageSource {
    image(path, ImageData::External(SourcePath::new(path).unwrap()))
}

/// An image that is nowhere.
pub fn missing(name: &str) -> ImageSource {
    let reason = Diagnostic::new(codes::io::NOT_FOUND, format!("{name} is nowhere"));
    image(name, ImageData::Missing(Box::new(reason)))
}

fn image(name: &str, data: ImageData) -> ImageSource {
    ImageSource {
        name: name.to_owned(),
        identity: name.to_owned(),
        data,
        mime: None,
    }
}

/// A root node for each mesh.
pub fn nodes(meshes: usize) -> Vec<NodeSource> {
    (0..meshes as u32)
        .map(|mesh| NodeSource {
            name: format!("node {mesh}"),
            mesh: Some(MeshId(mesh)),
            ..NodeSource::default()
        })
        .collect()
}

/// A square TGA image of 24 bits whose texels are made of a seed.
pub fn tga(size: u16, seed: u8) -> Vec<u8> {
    let mut bytes = vec![0; 18];
    bytes[2] = 2;
    bytes[12..14].copy_from_slice(&size.to_le_bytes());
    bytes[14..16].copy_from_slice(&size.to_le_bytes());
    bytes[16] = 24;
    bytes[17] = 0x20;
    for texel in 0..usize::from(size) * usize::from(size) {
        bytes.extend([seed, texel as u8, seed.wrapping_mul(texel as u8)]);
    }
    bytes
}

//! Meshes: triangles with attributes, as they were authored.

use super::MaterialId;
use crate::{
    cook::pace::{Cancelled, Pace},
    diagnostic::Diagnostic,
};
use std::{collections::BTreeSet, fmt, pin::Pin, sync::Arc};
use thiserror::Error;

/// A mesh of a scene: what is known of it before its data is decoded.
#[derive(Clone)]
pub struct SceneMesh {
    /// The authored name; may be empty, need not be unique.
    pub name: String,
    /// The object in the source, for diagnostics, such as `meshes[3]`.
    pub object: String,
    /// At least as large as what [`MeshLoader::load`] will give, for memory budgets.
    pub size: MeshSize,
    /// Makes the data. Shared, so that a scene is cheap to clone.
    pub loader: Arc<dyn MeshLoader>,
}

impl fmt::Debug for SceneMesh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SceneMesh")
            .field("name", &self.name)
            .field("object", &self.object)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// How large a mesh is, over all levels of detail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MeshSize {
    /// Vertices in the source's own form (for FBX: polygon corners).
    pub vertices: u64,
    /// Indices of triangle lists.
    pub indices: u64,
    /// Whether there are joints and weights.
    pub skinned: bool,
}

/// Decodes one mesh when its work item runs.
///
/// An implementation shares the parsed document and knows which mesh it stands for. It does no I/O:
/// buffers were read before.
pub trait MeshLoader: Send + Sync {
    /// Makes the mesh in engine space. Gives way to other tasks now and then.
    ///
    /// # Errors
    /// [`MeshLoadError`] when it was cancelled, or with at least one error diagnostic.
    fn load<'a>(&'a self, pace: &'a mut Pace) -> LoadFuture<'a>;

    /// The materials that the mesh may use, when they are known before it is decoded. `None` means
    /// that it may be any.
    fn materials(&self) -> Option<Vec<MaterialId>> {
        None
    }
}

/// What [`MeshLoader::load`] gives.
pub type LoadFuture<'a> =
    Pin<Box<dyn Future<Output = Result<DecodedMesh, MeshLoadError>> + Send + 'a>>;

/// A decoded mesh, with warnings and infos that came up.
#[derive(Clone, Debug, Default)]
pub struct DecodedMesh {
    /// The mesh.
    pub mesh: Arc<MeshSource>,
    /// Warnings and infos.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why a mesh was not decoded.
#[derive(Debug, Error)]
pub enum MeshLoadError {
    /// It was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// At least one error, perhaps with warnings before it.
    #[error("the mesh could not be decoded: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Failed(Vec<Diagnostic>),
}

impl From<Diagnostic> for MeshLoadError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Failed(vec![diagnostic])
    }
}

/// A mesh that is there already is its own loader.
impl MeshLoader for Arc<MeshSource> {
    fn load<'a>(&'a self, pace: &'a mut Pace) -> LoadFuture<'a> {
        Box::pin(async move {
            pace.checkpoint().await?;
            Ok(DecodedMesh {
                mesh: self.clone(),
                diagnostics: Vec::new(),
            })
        })
    }

    fn materials(&self) -> Option<Vec<MaterialId>> {
        let parts = self.lods.iter().flat_map(|lod| &lod.parts);
        let used: BTreeSet<MaterialId> = parts
            .flat_map(|part| &part.ranges)
            .filter_map(|range| range.material)
            .collect();
        Some(used.into_iter().collect())
    }
}

/// A mesh in engine space. Nothing in it is checked: the mesh cooker judges counts, indices, ranges
/// and numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeshSource {
    /// What it is made for.
    pub kind: MeshKind,
    /// Whether the nodes that show it mirror it. Its triangles are then stored the other way round, after
    /// everything that depends on their fronts was computed, so that they face the right way in the world.
    /// [`SceneSource::new`](super::SceneSource::new) sees to it; adapters leave it `false`.
    pub mirrored: bool,
    /// Levels of detail, the most detailed first: 1 to 8.
    pub lods: Vec<MeshLod>,
}

/// What a mesh is made for.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum MeshKind {
    /// Vertices that move with their node.
    #[default]
    Standard,
    /// Vertices that move with joints; every part has joints and weights.
    Skinned(Skin),
    /// Made when it is loaded. Cannot be cooked from a source.
    Procedural,
    /// Anything else, by name. Cannot be cooked.
    Other(&'static str),
}

/// How joints move a mesh.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Skin {
    /// From mesh space to the bind space of each joint, column-major.
    pub inverse_bind: Vec<[f32; 16]>,
    /// The skeleton's joint for each joint of the mesh: 0, 1, 2, ... unless the source says otherwise.
    pub joint_remap: Vec<u32>,
}

/// One level of detail.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeshLod {
    /// `LOD0`, `LOD1`, ... or the authored name.
    pub name: String,
    /// Parts with streams of their own: the primitives of a glTF mesh; one for an FBX mesh. All end up
    /// in one vertex buffer.
    pub parts: Vec<MeshPart>,
}

/// Triangles that draw from one set of streams.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeshPart {
    /// The vertices. Parts may share them.
    pub streams: Arc<VertexStreams>,
    /// Triangle lists, counter-clockwise seen from outside.
    pub indices: Vec<u32>,
    /// Which triangles have which material. Triangles in no range are left out.
    pub ranges: Vec<TriangleRange>,
}

/// A run of triangles of one material.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TriangleRange {
    /// The first index, counted in indices of the part.
    pub first_index: u32,
    /// How many indices.
    pub index_count: u32,
    /// The material; `None` for the built-in default.
    pub material: Option<MaterialId>,
}

/// Vertex attributes. A stream is used if it is as long as the positions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VertexStreams {
    /// Required.
    pub positions: Vec<[f32; 3]>,
    /// Any length; the cooker normalises.
    pub normals: Option<Vec<[f32; 3]>>,
    /// Used with normals only.
    pub tangents: Option<TangentStream>,
    /// The one selected set.
    pub texcoords: Option<Vec<[f32; 2]>>,
    /// Linear RGBA.
    pub colors: Option<Vec<[f32; 4]>>,
    /// All sets of joints and weights, in any order and number.
    pub influences: Vec<InfluenceSet>,
}

/// Authored tangents.
#[derive(Clone, Debug, PartialEq)]
pub enum TangentStream {
    /// Tangent along U, and in the fourth component the handedness: bitangent = cross(normal, tangent) x
    /// w. It points where the texture has its top, against V.
    Signed(Vec<[f32; 4]>),
    /// Both axes.
    Frames {
        /// Along U.
        tangents: Vec<[f32; 3]>,
        /// Towards the top of the texture, against V.
        bitangents: Vec<[f32; 3]>,
    },
}

/// Four influences for each vertex.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InfluenceSet {
    /// Positions in [`Skin::inverse_bind`].
    pub joints: Vec<[u16; 4]>,
    /// Not negative; need not add up to 1.
    pub weights: Vec<[f32; 4]>,
}

//! What comes out of the mesh cooker.

use crate::{
    diagnostic::Diagnostic,
    format::{bounds::Bounds, buffer_table::BufferLayout, geometry::MeshView, ids::ContentHash},
    source::scene::MaterialId,
};

/// A mesh that was cooked.
#[derive(Clone, Debug, PartialEq)]
pub struct BuiltMesh {
    /// The unique name.
    pub name: String,
    /// Which attributes the vertices have: the bits of the geometry header, over all levels.
    pub attributes: u32,
    /// The box around all levels.
    pub bounds: Bounds,
    /// Levels of detail, the most detailed first: 1 to 8.
    pub lods: Vec<BuiltLod>,
    /// Warnings and infos.
    pub diagnostics: Vec<Diagnostic>,
}

impl BuiltMesh {
    /// The name of a level in the descriptor: that of the mesh if there is only one level.
    pub fn lod_name(&self, lod: usize) -> &str {
        match &self.lods[..] {
            [_] => &self.name,
            lods => lods.get(lod).map_or("", |lod| &lod.name),
        }
    }

    /// Takes the buffers out, level by level. What is left is what the descriptor is made of.
    pub fn into_shape(mut self) -> (MeshShape, Vec<Vec<BuiltBuffer>>) {
        let lods = self.lods.iter_mut();
        let buffers = lods.map(|lod| std::mem::take(&mut lod.buffers)).collect();
        (MeshShape(self), buffers)
    }
}

/// A mesh whose buffers were taken out to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct MeshShape(BuiltMesh);

impl MeshShape {
    /// All that is known of the mesh; its levels hold no buffers.
    pub fn mesh(&self) -> &BuiltMesh {
        &self.0
    }
}

/// One level of detail.
#[derive(Clone, Debug, PartialEq)]
pub struct BuiltLod {
    /// Its own name.
    pub name: String,
    /// How many joints move it; `None` for a mesh that is not skinned.
    pub joint_count: Option<u16>,
    /// The box around its vertices.
    pub bounds: Bounds,
    /// One for each material, in slot order, the default material last.
    pub submeshes: Vec<BuiltSubmesh>,
    /// Vertices that are stored.
    pub vertex_count: u32,
    /// Indices that are stored.
    pub index_count: u32,
    /// For a generated level, how far its surface is from that of the first one, in metres.
    pub error: Option<f32>,
    /// Vertices and indices; for a skinned mesh also joint indices, joint weights, inverse bind
    /// matrices and joint remap: the order in which they are emitted.
    pub buffers: Vec<BuiltBuffer>,
}

/// The triangles of one material.
#[derive(Clone, Debug, PartialEq)]
pub struct BuiltSubmesh {
    /// The material; `None` for the built-in default.
    pub material: Option<MaterialId>,
    /// The box around the vertices that it uses.
    pub bounds: Bounds,
    /// Its one view.
    pub view: MeshView,
}

impl BuiltSubmesh {
    /// The name in the descriptor: `mat_<slot>`.
    pub fn name(&self) -> String {
        match self.material {
            Some(material) => format!("mat_{}", material.0),
            None => "mat_default".to_owned(),
        }
    }
}

/// What a buffer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BufferRole {
    /// [`Vertex`](super::Vertex) by vertex.
    Vertices,
    /// `u32` by index.
    Indices,
    /// Four `u32` by vertex.
    JointIndices,
    /// Four `f32` by vertex.
    JointWeights,
    /// A column-major matrix of 16 `f32` by joint.
    InverseBind,
    /// `u32` by joint.
    JointRemap,
}

impl BufferRole {
    /// Its part of a buffer id.
    pub const fn part(self) -> &'static str {
        match self {
            Self::Vertices => "vb",
            Self::Indices => "ib",
            Self::JointIndices => "joint_indices",
            Self::JointWeights => "joint_weights",
            Self::InverseBind => "inverse_bind",
            Self::JointRemap => "joint_remap",
        }
    }

    /// The role with this part of a buffer id.
    pub fn of_part(part: &str) -> Option<Self> {
        let all = [
            Self::Vertices,
            Self::Indices,
            Self::JointIndices,
            Self::JointWeights,
            Self::InverseBind,
            Self::JointRemap,
        ];
        all.into_iter().find(|role| role.part() == part)
    }

    /// The id of a buffer: `geom-buffer:<source_id>:lod<i>:<part>`.
    pub fn buffer_id(self, source_id: &str, lod: usize) -> String {
        format!("geom-buffer:{source_id}:lod{lod}:{}", self.part())
    }

    /// Usage, stride, format and alignment.
    pub const fn layout(self) -> BufferLayout {
        match self {
            Self::Vertices => BufferLayout::VERTICES,
            Self::Indices => BufferLayout::INDICES,
            Self::JointIndices => BufferLayout::JOINT_INDICES,
            Self::JointWeights => BufferLayout::JOINT_WEIGHTS,
            Self::InverseBind => BufferLayout::INVERSE_BIND,
            Self::JointRemap => BufferLayout::JOINT_REMAP,
        }
    }
}

/// A buffer as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltBuffer {
    /// `geom-buffer:<source_id>:lod<i>:<part>`.
    pub id: String,
    /// What it holds.
    pub role: BufferRole,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Their hash; [`ContentHash::NONE`] when hashing is off.
    pub hash: ContentHash,
}

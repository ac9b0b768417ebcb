//! Levels of detail: meshes, submeshes, views.

use super::{GeometryFormatError, check_bounds};
use crate::format::{
    bounds::Bounds,
    bytes::{ByteReader, ByteWriter, OutOfBytes},
    ids::{AssetKey, BufferIndex},
    name::FixedName,
    record::Stored,
};

/// One level of detail.
#[derive(Clone, Debug, PartialEq)]
pub struct MeshRecord {
    /// The name of the geometry if this is its only level, else that of the level.
    pub name: FixedName<64>,
    /// Where its triangles come from.
    pub source: MeshData,
    /// The submeshes.
    pub submeshes: Vec<SubmeshRecord>,
}

/// Where the triangles of a mesh come from.
#[derive(Clone, Debug, PartialEq)]
pub enum MeshData {
    /// Buffers.
    Standard {
        /// Vertices.
        vertices: BufferIndex,
        /// Indices.
        indices: BufferIndex,
        /// The box around the vertices.
        bounds: Bounds,
    },
    /// A generator that runs when the mesh is loaded; the name of the mesh is `Generator/Name`.
    Procedural {
        /// The parameters of the generator.
        parameters: Vec<u8>,
    },
    /// Buffers, with joints that move the vertices.
    Skinned {
        /// Vertices.
        vertices: BufferIndex,
        /// Indices.
        indices: BufferIndex,
        /// The joints.
        skin: SkinRecord,
        /// The box around the vertices.
        bounds: Bounds,
    },
}

impl MeshData {
    fn id(&self) -> u8 {
        match self {
            Self::Standard { .. } => 1,
            Self::Procedural { .. } => 2,
            Self::Skinned { .. } => 3,
        }
    }

    /// The box around the vertices; procedural meshes have none.
    pub fn bounds(&self) -> Option<&Bounds> {
        match self {
            Self::Standard { bounds, .. } | Self::Skinned { bounds, .. } => Some(bounds),
            Self::Procedural { .. } => None,
        }
    }
}

/// How joints move a mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SkinRecord {
    /// Four joint indices for each vertex.
    pub joint_indices: BufferIndex,
    /// Four weights for each vertex.
    pub joint_weights: BufferIndex,
    /// A matrix for each joint.
    pub inverse_bind: BufferIndex,
    /// The skeleton's joint for each joint.
    pub joint_remap: BufferIndex,
    /// How many joints there are.
    pub joint_count: u16,
}

/// Triangles with one material.
#[derive(Clone, Debug, PartialEq)]
pub struct SubmeshRecord {
    /// The name.
    pub name: FixedName<64>,
    /// A material of the container, a built-in one, or none.
    pub material: AssetKey,
    /// The box around the vertices that its views use.
    pub bounds: Bounds,
    /// The views, at least one.
    pub views: Vec<MeshView>,
}

/// A run of indices, and the vertices that they address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeshView {
    /// The first index, in indices.
    pub first_index: u32,
    /// How many indices: a multiple of 3, not 0.
    pub index_count: u32,
    /// The vertex that stored index 0 means.
    pub first_vertex: u32,
    /// One more than the largest stored index.
    pub vertex_count: u32,
}

const MESH_BYTES: usize = 145;
const INFO_BYTES: usize = 72;
const SUBMESH_BYTES: usize = 108;
const VIEW_BYTES: usize = 16;
/// Influences of a vertex.
const INFLUENCES: u16 = 4;

impl MeshRecord {
    pub(super) fn check(&self) -> Result<(), GeometryFormatError> {
        if let Some(bounds) = self.source.bounds() {
            check_bounds(bounds, "a mesh")?;
        }
        match &self.source {
            MeshData::Skinned { skin, .. } if skin.joint_count == 0 => {
                return Err(GeometryFormatError::Skin {
                    joints: 0,
                    influences: INFLUENCES,
                });
            }
            MeshData::Procedural { parameters } => {
                let parts = self.name.as_str().split_once('/');
                if parts.is_none_or(|(generator, name)| generator.is_empty() || name.is_empty()) {
                    return Err(GeometryFormatError::GeneratorName);
                }
                count(parameters.len(), "parameters")?;
            }
            _ => {}
        }
        if self.submeshes.is_empty() {
            return Err(GeometryFormatError::Missing("submeshes"));
        }
        count(self.submeshes.len(), "submeshes")?;
        count(self.view_count(), "views")?;
        for submesh in &self.submeshes {
            check_bounds(&submesh.bounds, "a submesh")?;
            if submesh.views.is_empty() {
                return Err(GeometryFormatError::Missing("views"));
            }
            for view in &submesh.views {
                let (indices, vertices) = (view.index_count, view.vertex_count);
                if indices == 0 || !indices.is_multiple_of(3) || vertices == 0 {
                    return Err(GeometryFormatError::View { indices, vertices });
                }
            }
        }
        Ok(())
    }

    fn view_count(&self) -> usize {
        self.submeshes.iter().map(|s| s.views.len()).sum()
    }

    /// Bytes of the stored form.
    pub(super) fn stored_bytes(&self) -> usize {
        let parameters = match &self.source {
            MeshData::Procedural { parameters } => parameters.len(),
            _ => 0,
        };
        MESH_BYTES
            + parameters
            + self.submeshes.len() * SUBMESH_BYTES
            + self.view_count() * VIEW_BYTES
    }

    pub(super) fn write(&self, out: &mut ByteWriter) {
        self.name.write(out);
        // The counts were checked.
        out.u8(self.source.id())
            .u32(self.submeshes.len() as u32)
            .u32(self.view_count() as u32);
        let info = out.len();
        match &self.source {
            MeshData::Standard {
                vertices,
                indices,
                bounds,
            } => {
                out.u32(vertices.0).u32(indices.0);
                bounds.write(out);
            }
            MeshData::Procedural { parameters } => {
                out.u32(parameters.len() as u32);
            }
            MeshData::Skinned {
                vertices,
                indices,
                skin,
                bounds,
            } => {
                out.u32(vertices.0)
                    .u32(indices.0)
                    .u32(skin.joint_indices.0)
                    .u32(skin.joint_weights.0)
                    .u32(skin.inverse_bind.0)
                    .u32(skin.joint_remap.0)
                    // There are no skeleton assets. A key would be loaded as an asset of this container.
                    .bytes(&AssetKey::NONE.0)
                    .u16(skin.joint_count)
                    .u16(INFLUENCES)
                    .u32(0);
                bounds.write(out);
            }
        }
        out.zeros(INFO_BYTES - (out.len() - info));
        if let MeshData::Procedural { parameters } = &self.source {
            out.bytes(parameters);
        }
        for submesh in &self.submeshes {
            submesh.name.write(out);
            out.bytes(&submesh.material.0)
                .u32(submesh.views.len() as u32);
            submesh.bounds.write(out);
            for view in &submesh.views {
                out.u32(view.first_index)
                    .u32(view.index_count)
                    .u32(view.first_vertex)
                    .u32(view.vertex_count);
            }
        }
    }

    pub(super) fn read(reader: &mut ByteReader<'_>) -> Result<Self, GeometryFormatError> {
        let name = Stored::read(reader)?;
        let (mesh_type, submesh_count, stored) = (reader.u8()?, reader.u32()?, reader.u32()?);
        let mut info = ByteReader::new(reader.take(INFO_BYTES)?);
        let source = match mesh_type {
            1 => MeshData::Standard {
                vertices: BufferIndex(info.u32()?),
                indices: BufferIndex(info.u32()?),
                bounds: Stored::read(&mut info)?,
            },
            2 => MeshData::Procedural {
                parameters: reader.take(info.u32()? as usize)?.to_vec(),
            },
            3 => read_skinned(&mut info)?,
            other => return Err(GeometryFormatError::MeshType(other)),
        };
        // Nothing is allocated for counts: each submesh has to be there to be read.
        let mut submeshes = Vec::new();
        for _ in 0..submesh_count {
            submeshes.push(read_submesh(reader)?);
        }
        let mesh = Self {
            name,
            source,
            submeshes,
        };
        let actual = mesh.view_count() as u64;
        if actual != u64::from(stored) {
            return Err(GeometryFormatError::ViewCount { stored, actual });
        }
        Ok(mesh)
    }
}

fn count(len: usize, what: &'static str) -> Result<u32, GeometryFormatError> {
    u32::try_from(len).map_err(|_| GeometryFormatError::TooMany(what))
}

fn read_skinned(info: &mut ByteReader<'_>) -> Result<MeshData, GeometryFormatError> {
    let mut index = || Ok::<_, OutOfBytes>(BufferIndex(info.u32()?));
    let (vertices, indices) = (index()?, index()?);
    let (joint_indices, joint_weights) = (index()?, index()?);
    let (inverse_bind, joint_remap) = (index()?, index()?);
    info.take(16)?;
    let (joint_count, influences) = (info.u16()?, info.u16()?);
    if influences != INFLUENCES {
        return Err(GeometryFormatError::Skin {
            joints: joint_count,
            influences,
        });
    }
    info.u32()?;
    Ok(MeshData::Skinned {
        vertices,
        indices,
        skin: SkinRecord {
            joint_indices,
            joint_weights,
            inverse_bind,
            joint_remap,
            joint_count,
        },
        bounds: Stored::read(info)?,
    })
}

fn read_submesh(reader: &mut ByteReader<'_>) -> Result<SubmeshRecord, GeometryFormatError> {
    let name = Stored::read(reader)?;
    let material = Stored::read(reader)?;
    let view_count = reader.u32()?;
    let bounds = Stored::read(reader)?;
    let mut views = Vec::new();
    for _ in 0..view_count {
        views.push(MeshView {
            first_index: reader.u32()?,
            index_count: reader.u32()?,
            first_vertex: reader.u32()?,
            vertex_count: reader.u32()?,
        });
    }
    Ok(SubmeshRecord {
        name,
        material,
        bounds,
        views,
    })
}

//! The mesh cooker: from authored triangles to the buffers that are stored.
//!
//! [`build_mesh`] takes a [`MeshSource`] in engine space and gives buffers, in the order in which they
//! are emitted, and all that the geometry descriptor says of them. The steps, for each level of detail:
//!
//! 1. gather: check ranges and indices, group triangles by material, give vertices that are equal in
//!    every bit one number;
//! 2. normals, then tangents: what the source does not have is computed for each corner, and vertices
//!    whose corners disagree are split;
//! 3. order: triangles for the vertex cache and little overdraw, vertices by first use;
//! 4. emit: views, bounds, buffers, hashes.
//!
//! All steps give way often, except for single calls of the optimiser and the simplifier, and nothing
//! depends on time, threads or hashes.

mod emit;
mod error;
mod estimate;
mod frame;
mod gather;
mod intern;
mod mikktspace;
mod normals;
mod optimize;
mod places;
mod simplify;
mod split;
mod streams;
mod tangents;
#[cfg(test)]
mod tests;
mod vertex;

pub use error::{MeshBuildError, MeshError};
pub use estimate::estimate;
pub use vertex::{Bounds, Influences, Vertex};

use crate::{
    cook::pace::Pace,
    diagnostic::{Diagnostic, codes::mesh as codes},
    format::{buffer_table::BufferLayout, ids::ContentHash},
    settings::geometry::{AttributePolicy, GeometrySettings, MAX_LODS},
    source::scene::{MaterialId, MeshKind, MeshLod, MeshSource, Skin},
};
use error::{Notes, Stop};
use gather::{Gathered, gather, share_again};
use optimize::{Section, Triangles, order};
use simplify::Simplifier;

/// What is to be cooked, besides the mesh itself.
#[derive(Clone, Copy, Debug)]
pub struct MeshRequest<'a> {
    /// The unique name of the mesh.
    pub name: &'a str,
    /// `<source path>::<mesh name>::<ordinal>`: names the source of diagnostics and buffers.
    pub source_id: &'a str,
    /// The materials of the file, in order.
    pub materials: &'a [MaterialUse],
}

/// What a mesh must know of a material.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MaterialUse {
    /// Whether any texture slot is filled, so that texture coordinates are needed.
    pub uses_textures: bool,
}

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

/// What a buffer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BufferRole {
    /// [`Vertex`] by vertex.
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

/// Cooks a mesh.
///
/// # Errors
/// [`MeshBuildError::Failed`] with the first rule that the mesh breaks, or
/// [`MeshBuildError::Cancelled`].
pub async fn build_mesh(
    source: &MeshSource,
    request: MeshRequest<'_>,
    settings: &GeometrySettings,
    pace: &mut Pace,
) -> Result<BuiltMesh, MeshBuildError> {
    let mut notes = Notes {
        source: request.source_id,
        object: request.name,
        list: Vec::new(),
    };
    match build(source, request, settings, &mut notes, pace).await {
        Ok(built) => Ok(BuiltMesh {
            diagnostics: notes.list,
            ..built
        }),
        Err(Stop::Cancelled(cancelled)) => Err(cancelled.into()),
        Err(Stop::Error(error)) => {
            notes.note(error.code(), error.to_string());
            Err(MeshBuildError::Failed {
                error,
                diagnostics: notes.list,
            })
        }
    }
}

async fn build(
    source: &MeshSource,
    request: MeshRequest<'_>,
    settings: &GeometrySettings,
    notes: &mut Notes<'_>,
    pace: &mut Pace,
) -> Result<BuiltMesh, Stop> {
    settings.validate().map_err(MeshError::from)?;
    let skin = check_kind(source)?;
    let mut attributes = 0;
    let mut lods = Vec::with_capacity(source.lods.len());
    for (index, lod) in source.lods.iter().enumerate() {
        pace.checkpoint().await?;
        let mut gathered = gather(
            lod,
            skin.is_some(),
            request.materials,
            settings,
            notes,
            pace,
        )
        .await?;
        attributes |= gathered.attributes;
        shade(&mut gathered, settings, pace).await?;
        let triangles = Triangles {
            corners: &mut gathered.corners,
            groups: std::mem::take(&mut gathered.groups),
        };
        let sections = order(triangles, &gathered.vertices, settings.optimize, pace).await?;
        let level = emit::Level {
            index,
            name: &lod.name,
            source_id: request.source_id,
            vertices: &gathered.vertices,
            influences: &gathered.influences,
            skin,
            corners: &gathered.corners,
            sections: &sections,
            error: None,
        };
        lods.push(emit::emit(level, settings, pace).await?);
        if source.lods.len() == 1 && settings.lod_count > 1 {
            let generator = Generator {
                mesh: gathered,
                sections,
                skin,
                source_id: request.source_id,
            };
            generator.extend(&mut lods, settings, notes, pace).await?;
        }
    }
    let Some(bounds) = lods.iter().map(|lod| lod.bounds).reduce(Bounds::union) else {
        return Err(MeshError::MissingLods.into());
    };
    Ok(BuiltMesh {
        name: request.name.to_owned(),
        attributes,
        bounds,
        lods,
        diagnostics: Vec::new(),
    })
}

fn check_kind(source: &MeshSource) -> Result<Option<&Skin>, MeshError> {
    match source.lods.len() {
        0 => return Err(MeshError::MissingLods),
        1..=MAX_LODS => {}
        count => return Err(MeshError::TooManyLods(count)),
    }
    let skin = match &source.kind {
        MeshKind::Standard => return Ok(None),
        MeshKind::Skinned(skin) => skin,
        MeshKind::Procedural => return Err(MeshError::Procedural),
        MeshKind::Other(kind) => return Err(MeshError::UnsupportedKind(kind)),
    };
    let has_streams = |lod: &MeshLod| {
        let mut parts = lod.parts.iter();
        parts.any(|part| !part.streams.influences.is_empty())
    };
    if let Some(lod) = source.lods.iter().find(|lod| !has_streams(lod)) {
        return Err(MeshError::MissingSkinning {
            lod: lod.name.clone(),
        });
    }
    if skin.inverse_bind.is_empty() {
        return Err(MeshError::MissingInverseBind);
    }
    if skin.joint_remap.is_empty() {
        return Err(MeshError::MissingJointRemap);
    }
    let is_finite = |matrix: &[f32; 16]| matrix.iter().all(|x| x.is_finite());
    match skin
        .inverse_bind
        .iter()
        .position(|matrix| !is_finite(matrix))
    {
        Some(joint) => Err(MeshError::InverseBindNotFinite { joint }),
        None => Ok(Some(skin)),
    }
}

/// Gives vertices the normals and tangents that they do not have yet.
async fn shade(
    gathered: &mut Gathered,
    settings: &GeometrySettings,
    pace: &mut Pace,
) -> Result<(), Stop> {
    if settings.normals == AttributePolicy::Recalculate {
        normals::smooth(gathered, pace).await?;
    }
    normals::flatten(gathered, pace).await?;
    tangents::complete(gathered, pace).await?;
    tangents::generate(gathered, pace).await?;
    if gathered.may_coincide {
        share_again(gathered, pace).await?;
    }
    Ok(())
}

/// Makes further levels of a mesh that has only one.
struct Generator<'a> {
    mesh: Gathered,
    sections: Vec<Section>,
    skin: Option<&'a Skin>,
    source_id: &'a str,
}

impl Generator<'_> {
    async fn extend(
        self,
        lods: &mut Vec<BuiltLod>,
        settings: &GeometrySettings,
        notes: &mut Notes<'_>,
        pace: &mut Pace,
    ) -> Result<(), Stop> {
        let Some(bounds) = lods.first().map(|lod| lod.bounds) else {
            return Ok(());
        };
        let groups: Vec<_> = self.sections.iter().map(|s| s.group.clone()).collect();
        let mut simplifier = Simplifier::new(&self.mesh, &groups, &bounds, settings, pace).await?;
        let mut previous = self.mesh.corners.len();
        for index in 1..settings.lod_count {
            let Some(mut level) = simplifier.level(index, previous, pace).await? else {
                notes.note(
                    codes::LOD_STOPPED,
                    format!(
                        "{index} of {} levels of detail; the last one has {} triangles",
                        settings.lod_count,
                        previous / 3
                    ),
                );
                break;
            };
            previous = level.corners.len();
            let name = format!("LOD{index}");
            notes.note(
                codes::LOD_GENERATED,
                format!(
                    "{name} has {} triangles and lies within {} m of the mesh",
                    previous / 3,
                    level.error
                ),
            );
            let triangles = Triangles {
                corners: &mut level.corners,
                groups: level.groups,
            };
            let vertices = &self.mesh.vertices;
            let sections = order(triangles, vertices, settings.optimize, pace).await?;
            let level = emit::Level {
                index: index as usize,
                name: &name,
                source_id: self.source_id,
                vertices,
                influences: &self.mesh.influences,
                skin: self.skin,
                corners: &level.corners,
                sections: &sections,
                error: Some(level.error),
            };
            lods.push(emit::emit(level, settings, pace).await?);
        }
        Ok(())
    }
}

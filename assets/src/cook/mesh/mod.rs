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

mod built;
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
mod ranges;
mod simplify;
mod split;
mod streams;
mod tangents;
#[cfg(test)]
mod tests;
mod vertex;

pub use crate::format::{bounds::Bounds, geometry::MeshView};
pub use built::{BufferRole, BuiltBuffer, BuiltLod, BuiltMesh, BuiltSubmesh, MeshShape};
pub use error::{MeshBuildError, MeshError};
pub use estimate::estimate;
pub use vertex::{Influences, Vertex};

use crate::{
    cook::pace::Pace,
    diagnostic::codes::mesh as codes,
    settings::geometry::{AttributePolicy, GeometrySettings, MAX_LODS},
    source::scene::{MeshKind, MeshLod, MeshSource, Skin},
};
use error::{Notes, Stop};
use gather::{Gathered, gather, share_again};
use optimize::{Section, Triangles, order};
use simplify::Simplifier;

/// The version of what this cooker, and the readers of meshes before it, make of a source: a part of the
/// keys of cached meshes. **Raise it whenever the same source and settings give other bytes.**
pub const COOKER_VERSION: u32 = 1;

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
        Ok(built) => {
            warn_of_long_names(&built, &mut notes);
            Ok(BuiltMesh {
                diagnostics: notes.list,
                ..built
            })
        }
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

/// Most bytes of a name in a descriptor.
const MAX_NAME: usize = 63;

fn warn_of_long_names(built: &BuiltMesh, notes: &mut Notes) {
    let mut check = |name: &str, code| {
        if name.len() > MAX_NAME {
            let message = format!("`{name}` has {} bytes, more than {MAX_NAME}", name.len());
            notes.note(code, message);
        }
    };
    check(&built.name, codes::NAME_TRUNCATED);
    for lod in 0..built.lods.len() {
        check(built.lod_name(lod), codes::LOD_NAME_TRUNCATED);
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
            use_all: !gathered.may_be_unused,
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
            mirrored: source.mirrored,
            error: None,
        };
        lods.push(emit::emit(level, settings, pace).await?);
        if source.lods.len() == 1 && settings.lod_count > 1 {
            let generator = Generator {
                mesh: gathered,
                sections,
                skin,
                mirrored: source.mirrored,
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
    mirrored: bool,
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
                use_all: false,
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
                mirrored: self.mirrored,
                error: Some(level.error),
            };
            lods.push(emit::emit(level, settings, pace).await?);
        }
        Ok(())
    }
}

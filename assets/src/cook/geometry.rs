//! The geometry cooker: from the shape of a mesh, its buffers and its materials to a geometry descriptor.

use super::{
    asset::{AssetIdentity, CookedAsset},
    mesh::{BuiltLod, MeshShape},
    notes::Notes,
};
use crate::{
    diagnostic::{Code, Diagnostic, codes::mesh as codes},
    format::{
        asset_header::AssetHeader,
        geometry::{
            GeometryDescriptor, GeometryFormatError, GeometryParts, MeshData, MeshRecord,
            SkinRecord, SubmeshRecord, VertexAttributes,
        },
        ids::{AssetKey, BufferIndex},
        name::FixedName,
    },
    source::scene::MaterialId,
};
use thiserror::Error;

/// What is to be cooked, besides the shape itself.
#[derive(Clone, Copy, Debug)]
pub struct GeometryRequest<'a> {
    /// Who the geometry is.
    pub identity: &'a AssetIdentity,
    /// Names the source of diagnostics.
    pub source_id: &'a str,
    /// Whether hashes are stored.
    pub content_hashing: bool,
}

/// Why a geometry could not be cooked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GeometryError {
    /// Buffers for more or fewer levels than there are.
    #[error("there are buffers for {buffers} of {lods} levels of detail")]
    LodCount {
        /// Levels that have buffers.
        buffers: usize,
        /// Levels of the mesh.
        lods: usize,
    },
    /// Too few buffers, or skinning buffers that are not four.
    #[error("level {lod} has {count} buffers; there are two, or six for a skinned mesh")]
    BufferCount {
        /// The level of detail.
        lod: usize,
        /// How many buffers it has.
        count: usize,
    },
    /// A skinned mesh without skinning buffers, or the reverse.
    #[error("level {lod} is {kind}, but has {count} buffers")]
    Skinning {
        /// The level of detail.
        lod: usize,
        /// Whether it is skinned.
        kind: &'static str,
        /// How many buffers it has.
        count: usize,
    },
    /// Attributes that nothing is known of.
    #[error("vertex attributes {0:#x} are not known")]
    Attributes(u32),
    /// A descriptor that would break a rule of its format.
    #[error(transparent)]
    Format(#[from] GeometryFormatError),
}

impl GeometryError {
    /// The code of the diagnostic.
    pub fn code(&self) -> Code {
        match self {
            Self::BufferCount { .. } => codes::AUX_BUFFER_COUNT,
            Self::LodCount { .. } | Self::Skinning { .. } => codes::FINALIZE_FAILED,
            Self::Attributes(_) | Self::Format(_) => codes::SERIALIZE_FAILED,
        }
    }
}

/// Cooks a geometry.
///
/// `buffers` holds, for each level of detail, the places of its buffers in the order in which
/// [`MeshShape`] gave them. `material` gives the key of a material; `None` asks for that of triangles
/// without one.
///
/// # Errors
/// The first rule that shape and buffers break together.
pub fn cook_geometry(
    shape: &MeshShape,
    request: &GeometryRequest<'_>,
    buffers: &[Vec<BufferIndex>],
    material: &dyn Fn(Option<MaterialId>) -> AssetKey,
) -> Result<CookedAsset, Vec<Diagnostic>> {
    match describe(shape, buffers, material) {
        // The mesh cooker has warned of names that are cut.
        Ok(descriptor) => Ok(CookedAsset::sealed(
            request.identity,
            descriptor.to_bytes(),
            request.content_hashing,
            Vec::new(),
        )),
        Err(error) => {
            let mut notes = Notes {
                source: request.source_id,
                object: &shape.mesh().name,
                list: Vec::new(),
            };
            notes.note(error.code(), error.to_string());
            Err(notes.list)
        }
    }
}

fn describe(
    shape: &MeshShape,
    buffers: &[Vec<BufferIndex>],
    material: &dyn Fn(Option<MaterialId>) -> AssetKey,
) -> Result<GeometryDescriptor, GeometryError> {
    let mesh = shape.mesh();
    if buffers.len() != mesh.lods.len() {
        return Err(GeometryError::LodCount {
            buffers: buffers.len(),
            lods: mesh.lods.len(),
        });
    }
    let lods = mesh.lods.iter().zip(buffers).enumerate();
    let lods = lods.map(|(index, (lod, buffers))| {
        Ok(MeshRecord {
            name: FixedName::cut(mesh.lod_name(index)),
            source: source(index, lod, buffers)?,
            submeshes: submeshes(lod, material),
        })
    });
    Ok(GeometryDescriptor::new(GeometryParts {
        header: AssetHeader::new(&mesh.name),
        attributes: VertexAttributes::from_bits(mesh.attributes)
            .ok_or(GeometryError::Attributes(mesh.attributes))?,
        bounds: mesh.bounds,
        lods: lods.collect::<Result<_, GeometryError>>()?,
    })?)
}

fn source(
    index: usize,
    lod: &BuiltLod,
    buffers: &[BufferIndex],
) -> Result<MeshData, GeometryError> {
    let bounds = lod.bounds;
    let mismatch = |kind| {
        Err(GeometryError::Skinning {
            lod: index,
            kind,
            count: buffers.len(),
        })
    };
    match (buffers, lod.joint_count) {
        (&[vertices, indices], None) => Ok(MeshData::Standard {
            vertices,
            indices,
            bounds,
        }),
        (
            &[
                vertices,
                indices,
                joint_indices,
                joint_weights,
                inverse_bind,
                joint_remap,
            ],
            Some(joint_count),
        ) => Ok(MeshData::Skinned {
            vertices,
            indices,
            skin: SkinRecord {
                joint_indices,
                joint_weights,
                inverse_bind,
                joint_remap,
                joint_count,
            },
            bounds,
        }),
        ([_, _], Some(_)) => mismatch("skinned"),
        ([_, _, _, _, _, _], None) => mismatch("not skinned"),
        (buffers, _) => Err(GeometryError::BufferCount {
            lod: index,
            count: buffers.len(),
        }),
    }
}

fn submeshes(
    lod: &BuiltLod,
    material: &dyn Fn(Option<MaterialId>) -> AssetKey,
) -> Vec<SubmeshRecord> {
    let submeshes = lod.submeshes.iter();
    let submeshes = submeshes.map(|submesh| SubmeshRecord {
        name: FixedName::cut(&submesh.name()),
        material: material(submesh.material),
        bounds: submesh.bounds,
        views: vec![submesh.view],
    });
    submeshes.collect()
}

#[cfg(test)]
mod tests;

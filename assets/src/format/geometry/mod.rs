//! `.ogeo`: a geometry descriptor, its levels of detail, their submeshes and views.
//!
//! The parts follow each other without gaps: the descriptor, and for each level its mesh, the parameters
//! of a procedural mesh, and each submesh directly followed by its views.

mod mesh;
#[cfg(test)]
mod tests;

pub use mesh::{MeshData, MeshRecord, MeshView, SkinRecord, SubmeshRecord};

use thiserror::Error;

use super::{
    asset_header::{AssetHeader, HeaderError},
    bounds::Bounds,
    bytes::{ByteReader, ByteWriter, OutOfBytes},
    index::AssetType,
    record::{RecordError, Stored, flag_set},
};

/// The most levels of detail.
pub const MAX_LODS: usize = 8;

flag_set! {
    /// Which attributes vertices have besides their position.
    VertexAttributes, "set of vertex attributes" {
        /// Normals.
        NORMAL = 0x01,
        /// Tangents.
        TANGENT = 0x02,
        /// Bitangents.
        BITANGENT = 0x04,
        /// Texture coordinates.
        TEXCOORD = 0x08,
        /// Colours.
        COLOR = 0x10,
        /// Joint weights.
        JOINT_WEIGHTS = 0x20,
        /// Joint indices.
        JOINT_INDICES = 0x40,
    }
}

/// What a geometry descriptor is made of, unchecked.
#[derive(Clone, Debug, PartialEq)]
pub struct GeometryParts {
    /// The header. Its variant flags are those of [`Self::attributes`].
    pub header: AssetHeader,
    /// Which attributes the vertices of any level have.
    pub attributes: VertexAttributes,
    /// The box around all levels.
    pub bounds: Bounds,
    /// The levels of detail, the most detailed first.
    pub lods: Vec<MeshRecord>,
}

/// A geometry descriptor. It can only be made by [`GeometryDescriptor::new`] and
/// [`GeometryDescriptor::parse`].
#[derive(Clone, Debug, PartialEq)]
pub struct GeometryDescriptor {
    parts: GeometryParts,
}

/// Why there is no such descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GeometryFormatError {
    /// A header that cannot be read.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A field that cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// No level of detail, or too many.
    #[error("{0} levels of detail are not between 1 and {MAX_LODS}")]
    LodCount(usize),
    /// A mesh of a type that loaders refuse.
    #[error("mesh type {0} cannot be loaded")]
    MeshType(u8),
    /// A box that is not finite, or inside out.
    #[error("the box of {0} is not finite, or its corners have changed places")]
    Bounds(&'static str),
    /// A mesh without submeshes, or a submesh without views.
    #[error("there are no {0}")]
    Missing(&'static str),
    /// More than a number of 32 bits can count.
    #[error("there are more {0} than 32 bits can count")]
    TooMany(&'static str),
    /// A mesh whose count of views is not that of its submeshes.
    #[error("the mesh has {stored} views, its submeshes have {actual}")]
    ViewCount {
        /// As the mesh says.
        stored: u32,
        /// As its submeshes say.
        actual: u64,
    },
    /// A view without triangles, with a part of one, or without vertices.
    #[error("a view of {indices} indices and {vertices} vertices is no list of triangles")]
    View {
        /// Its indices.
        indices: u32,
        /// Its vertices.
        vertices: u32,
    },
    /// A procedural mesh whose name does not name its generator.
    #[error("the name of a procedural mesh is not `Generator/Name`")]
    GeneratorName,
    /// A skin without joints, or of another form.
    #[error(
        "a skin with {joints} joints and {influences} influences for each vertex is not supported"
    )]
    Skin {
        /// Its joints.
        joints: u16,
        /// Influences for each vertex.
        influences: u16,
    },
    /// Bytes after the last part.
    #[error("{0} bytes follow the last view")]
    Trailing(usize),
}

impl From<OutOfBytes> for GeometryFormatError {
    fn from(error: OutOfBytes) -> Self {
        Self::Record(error.into())
    }
}

impl GeometryDescriptor {
    /// Bytes before the first level.
    pub const BYTES: usize = 256;

    /// Checks the rules. The variant flags of the header become those of the attributes.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn new(mut parts: GeometryParts) -> Result<Self, GeometryFormatError> {
        if !(1..=MAX_LODS).contains(&parts.lods.len()) {
            return Err(GeometryFormatError::LodCount(parts.lods.len()));
        }
        check_bounds(&parts.bounds, "the geometry")?;
        for lod in &parts.lods {
            lod.check()?;
        }
        parts.header.variant_flags = parts.attributes.bits();
        Ok(Self { parts })
    }

    /// What it is made of.
    pub fn parts(&self) -> &GeometryParts {
        &self.parts
    }

    /// The stored form. The content hash is the one of the header; see
    /// [`seal`](super::asset_header::seal).
    pub fn to_bytes(&self) -> Vec<u8> {
        let GeometryParts {
            header,
            bounds,
            lods,
            ..
        } = &self.parts;
        let bytes = lods.iter().map(MeshRecord::stored_bytes).sum::<usize>();
        let mut out = ByteWriter::with_capacity(Self::BYTES + bytes);
        header.write(AssetType::Geometry, &mut out);
        out.u32(lods.len() as u32);
        bounds.write(&mut out);
        out.zeros(133);
        for lod in lods {
            lod.write(&mut out);
        }
        out.finish()
    }

    /// Reads a descriptor, to the last byte.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, GeometryFormatError> {
        let mut reader = ByteReader::new(bytes);
        let header = AssetHeader::read(AssetType::Geometry, &mut reader)?;
        let bits = header.variant_flags;
        let attributes = VertexAttributes::from_bits(bits).ok_or(RecordError::Value {
            what: "set of vertex attributes",
            value: bits,
        })?;
        let lod_count = reader.u32()? as usize;
        if lod_count > MAX_LODS {
            return Err(GeometryFormatError::LodCount(lod_count));
        }
        let bounds = Stored::read(&mut reader)?;
        reader.take(133)?;
        let lods = (0..lod_count)
            .map(|_| MeshRecord::read(&mut reader))
            .collect::<Result<_, _>>()?;
        if reader.offset() < bytes.len() {
            return Err(GeometryFormatError::Trailing(bytes.len() - reader.offset()));
        }
        Self::new(GeometryParts {
            header,
            attributes,
            bounds,
            lods,
        })
    }
}

fn check_bounds(bounds: &Bounds, of: &'static str) -> Result<(), GeometryFormatError> {
    if bounds.is_valid() {
        Ok(())
    } else {
        Err(GeometryFormatError::Bounds(of))
    }
}

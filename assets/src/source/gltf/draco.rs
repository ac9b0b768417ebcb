//! Compressed primitives: `KHR_draco_mesh_compression`.

use super::{
    accessor::{Accessor, Elements},
    limits::GltfLimits,
    report::about,
};
use crate::{
    diagnostic::{Diagnostic, codes::gltf as codes},
    source::scene::SharedBytes,
};
use draco_core::{
    DataType, DecodeLimits, DecoderBuffer, Mesh, MeshDecoder, PointAttribute, PointIndex,
};
use gltf::json::{
    self,
    accessor::{ComponentType, Type},
};
use serde::Deserialize;
use std::collections::BTreeMap;

const NAME: &str = "KHR_draco_mesh_compression";

/// How a primitive is compressed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Extension {
    pub(super) buffer_view: usize,
    /// The id of each attribute inside of the data.
    pub(super) attributes: BTreeMap<String, u32>,
}

impl Extension {
    /// The compression of a primitive, if it is compressed.
    ///
    /// # Errors
    /// `gltf.draco` for one that makes no sense.
    pub(super) fn of(
        primitive: &json::mesh::Primitive,
        object: &str,
    ) -> Result<Option<Self>, Diagnostic> {
        let extensions = primitive.extensions.as_ref();
        extensions
            .and_then(|extensions| extensions.others.get(NAME))
            .map(Self::deserialize)
            .transpose()
            .map_err(|error| about(codes::DRACO, object, error.to_string()))
    }
}

/// Compressed triangles.
#[derive(Clone, Debug)]
pub(super) struct Compressed {
    pub(super) bytes: SharedBytes,
    pub(super) attributes: BTreeMap<String, u32>,
    /// The most points that the file lets expect.
    pub(super) max_points: usize,
    /// Three for each face.
    pub(super) max_corners: usize,
}

/// Triangles that are not compressed any more.
pub(super) struct Decoded {
    mesh: Mesh,
    /// Three for each face. All are points of the mesh.
    pub(super) indices: Vec<u32>,
    /// How many points there are.
    pub(super) count: usize,
}

impl Compressed {
    /// Decodes the triangles.
    ///
    /// # Errors
    /// `gltf.draco` about `object`, for data that the decoder refuses or that is larger than expected.
    pub(super) fn decode(&self, limits: &GltfLimits, object: &str) -> Result<Decoded, Diagnostic> {
        let broken = |message: String| about(codes::DRACO, object, message);
        let limits = DecodeLimits::default()
            .with_max_points(self.max_points as u64)
            .with_max_faces(self.max_corners as u64 / 3)
            .with_max_decoded_bytes(limits.max_decoded_bytes);
        let mut buffer = DecoderBuffer::new(&self.bytes).with_limits(limits);
        let mut mesh = Mesh::new();
        MeshDecoder::new()
            .decode(&mut buffer, &mut mesh)
            .map_err(|error| broken(format!("the data cannot be decoded: {error}")))?;
        let count = mesh.num_points();
        let corners = mesh.faces().as_flattened();
        if corners.is_empty() {
            return Err(broken("the data has no triangles".to_owned()));
        }
        if corners.len() > self.max_corners || count > self.max_points {
            return Err(broken(format!(
                "the data has {count} vertices and {} indices, more than the {} and {} of its accessors",
                corners.len(),
                self.max_points,
                self.max_corners
            )));
        }
        let indices: Vec<u32> = corners.iter().map(|corner| corner.0).collect();
        Ok(Decoded {
            mesh,
            indices,
            count,
        })
    }
}

impl Decoded {
    /// An attribute as if it had been stored plainly. `declared` is the accessor that stands for it.
    ///
    /// # Errors
    /// `gltf.draco` when the data has no such attribute, or one of another shape.
    pub(super) fn attribute(&self, id: u32, declared: &Accessor) -> Result<Accessor, Diagnostic> {
        let broken = |message: String| about(codes::DRACO, &declared.object, message);
        let attribute = self
            .mesh
            .attribute_by_unique_id(id)
            .ok_or_else(|| broken(format!("the compressed data has no attribute {id}")))?;
        let component = match attribute.data_type() {
            DataType::Int8 => ComponentType::I8,
            DataType::Uint8 | DataType::Bool => ComponentType::U8,
            DataType::Int16 => ComponentType::I16,
            DataType::Uint16 => ComponentType::U16,
            DataType::Uint32 => ComponentType::U32,
            DataType::Float32 => ComponentType::F32,
            other => return Err(broken(format!("the compressed data holds {other:?}"))),
        };
        let components = usize::from(attribute.num_components());
        let is_matrix = matches!(declared.shape, Type::Mat2 | Type::Mat3 | Type::Mat4);
        if components != declared.shape.multiplicity() || is_matrix {
            return Err(broken(format!(
                "the compressed data holds vectors of {components} for {:?}",
                declared.shape
            )));
        }
        let stride = components * component.size();
        let bytes = points(attribute, self.count, stride);
        Ok(Accessor {
            object: declared.object.clone(),
            count: self.count,
            component,
            shape: declared.shape,
            normalized: declared.normalized,
            elements: Some(Elements {
                bytes: SharedBytes::from_vec(bytes),
                stride,
            }),
            sparse: None,
        })
    }
}

/// The value of each point. Values that are not there are zero.
fn points(attribute: &PointAttribute, count: usize, size: usize) -> Vec<u8> {
    let data = attribute.buffer().data();
    let stride = usize::try_from(attribute.byte_stride()).unwrap_or_default();
    let mut bytes = vec![0; count * size];
    for (point, slot) in (0..).zip(bytes.chunks_exact_mut(size)) {
        let value = attribute.mapped_index(PointIndex(point)).0 as usize;
        let start = value
            .checked_mul(stride)
            .filter(|_| value < attribute.size());
        let source = start.and_then(|start| data.get(start..)?.get(..size));
        if let Some(source) = source {
            slot.copy_from_slice(source);
        }
    }
    bytes
}

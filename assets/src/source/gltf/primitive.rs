//! Primitives: which accessors make their vertices and triangles, all of them checked.

use super::{
    accessor::Accessor,
    buffers::Views,
    document::{Document, get},
    draco::{Compressed, Extension},
    limits::GltfLimits,
    report::{Report, about},
    topology::Topology,
    uv_set::{self, UvSet},
};
use crate::{
    diagnostic::{
        Code, Diagnostic,
        codes::{gltf as codes, mesh as mesh_codes},
    },
    source::scene::MaterialId,
};
use gltf::json::{
    self,
    accessor::{
        ComponentType::{self, F32, I8, I16, U8, U16, U32},
        Type,
    },
    mesh::Semantic,
    validation::Checked,
};
use std::collections::BTreeMap;

const ANY: &[ComponentType] = &[I8, U8, I16, U16, U32, F32];
const UNSIGNED: &[ComponentType] = &[U8, U16, U32];

/// A vertex attribute.
#[derive(Clone, Debug)]
pub(super) struct Attribute {
    /// Its name, such as `TEXCOORD_1`.
    pub(super) name: String,
    pub(super) accessor: Accessor,
}

/// Vertices that one or several primitives draw from.
#[derive(Clone, Debug)]
pub(super) struct Vertices {
    pub(super) positions: Attribute,
    pub(super) normals: Option<Attribute>,
    pub(super) tangents: Option<Attribute>,
    pub(super) texcoords: Option<Attribute>,
    pub(super) colors: Option<Attribute>,
    /// Joints and weights.
    pub(super) influences: Vec<[Attribute; 2]>,
    /// Where attributes and indices really are, for compressed primitives.
    pub(super) compressed: Option<Compressed>,
}

/// What tells vertices apart: which accessors they come from.
pub(super) type VertexKey = (BTreeMap<String, usize>, Option<usize>);

/// A primitive that makes triangles.
#[derive(Clone, Debug)]
pub(super) struct Primitive {
    /// What it is in messages, such as `meshes[3].primitives[0]`.
    pub(super) object: String,
    pub(super) topology: Topology,
    /// `None` when vertices follow each other as they are.
    pub(super) indices: Option<Accessor>,
    pub(super) material: Option<MaterialId>,
    /// The most corners of its triangles.
    pub(super) max_corners: u64,
}

/// What came of a primitive.
pub(super) enum Found {
    /// Triangles, and the set of texture coordinates that was selected for them.
    Triangles(Box<(Primitive, VertexKey, Vertices, UvSet)>),
    /// Points or lines.
    Other,
    /// No triangle at all.
    Nothing,
}

/// What primitives are checked with.
pub(super) struct Checker<'a> {
    pub(super) document: &'a Document,
    pub(super) views: Views<'a>,
    pub(super) limits: &'a GltfLimits,
    /// The sets of texture coordinates that each material uses, the most important first.
    pub(super) material_sets: &'a [Vec<u32>],
    /// Whether points and lines are an error.
    pub(super) refuse_non_triangles: bool,
}

impl Checker<'_> {
    /// Checks a primitive and all that it refers to.
    ///
    /// # Errors
    /// The first rule that is broken. Attributes that do not fit are left out with a warning.
    pub(super) fn check(
        &mut self,
        primitive: &json::mesh::Primitive,
        object: String,
        report: &mut Report,
    ) -> Result<Found, Diagnostic> {
        let Checked::Valid(mode) = primitive.mode else {
            let message = "its mode does not exist";
            return Err(about(codes::PRIMITIVE_TYPE, object, message));
        };
        let Some(topology) = Topology::of(mode) else {
            if self.refuse_non_triangles {
                let message = format!("{mode:?} make no triangles, and the settings refuse them");
                return Err(about(codes::PRIMITIVE_TYPE, object, message));
            }
            return Ok(Found::Other);
        };
        let compression = Extension::of(primitive, &object)?;
        let mut source = AttributeSource {
            checker: self,
            primitive,
            object: &object,
            compression: compression.as_ref(),
            count: 0,
            key: BTreeMap::new(),
        };
        let Some(positions) = source.attribute(Semantic::Positions, &[Type::Vec3], ANY)? else {
            let message = "it has no POSITION";
            return Err(about(mesh_codes::MISSING_POSITIONS, object, message));
        };
        let count = positions.accessor.count;
        if count == 0 {
            let message = "its POSITION has no elements";
            return Err(about(mesh_codes::MISSING_POSITIONS, object, message));
        }
        source.count = count;
        let normals = source.fitting(
            Semantic::Normals,
            &[Type::Vec3],
            mesh_codes::NORMALS_MISMATCH,
            report,
        )?;
        let tangents = source.fitting(
            Semantic::Tangents,
            &[Type::Vec4],
            mesh_codes::TANGENTS_MISMATCH,
            report,
        )?;
        let uv_set = uv_set::select(&source.texcoord_sets(), source.candidates()?);
        let texcoords = match uv_set.selected {
            Some(set) => source.fitting(
                Semantic::TexCoords(set),
                &[Type::Vec2],
                mesh_codes::TEXCOORDS_MISMATCH,
                report,
            )?,
            None => None,
        };
        let colors = source.colors(report)?;
        let influences = source.influences(report)?;
        let key = source.key;
        let indices = match primitive.indices {
            Some(index) => Some(self.indices(index.value(), &object, compression.is_some())?),
            None => None,
        };
        let row = indices.as_ref().map_or(count, |indices| indices.count);
        if topology == Topology::List && !row.is_multiple_of(3) {
            let message = format!("{row} corners are not whole triangles");
            return Err(about(mesh_codes::INVALID_RANGE, object, message));
        }
        let max_corners = topology.corners(row);
        if max_corners == 0 {
            return Ok(Found::Nothing);
        }
        let view = compression
            .as_ref()
            .map(|compression| compression.buffer_view);
        let compressed = match compression {
            Some(compression) => Some(Compressed {
                bytes: self.views.get(compression.buffer_view, &object)?.bytes,
                attributes: compression.attributes,
                max_points: count.max(row),
                max_corners: usize::try_from(max_corners).unwrap_or(usize::MAX),
            }),
            None => None,
        };
        let material = primitive.material.as_ref().map(json::Index::value);
        if let Some(material) = material {
            get(&self.document.materials, "materials", material, &object)?;
        }
        let primitive = Primitive {
            object,
            topology,
            indices,
            // An index is a 32-bit number in the document too.
            material: material
                .and_then(|id| u32::try_from(id).ok())
                .map(MaterialId),
            max_corners,
        };
        let vertices = Vertices {
            positions,
            normals,
            tangents,
            texcoords,
            colors,
            influences,
            compressed,
        };
        Ok(Found::Triangles(Box::new((
            primitive,
            (key, view),
            vertices,
            uv_set,
        ))))
    }

    fn indices(
        &mut self,
        index: usize,
        object: &str,
        is_compressed: bool,
    ) -> Result<Accessor, Diagnostic> {
        let from = format!("{object}.indices");
        let accessor = if is_compressed {
            Accessor::declared(self.document, index, &from)?
        } else {
            Accessor::check(self.document, &mut self.views, self.limits, index, &from)?
        };
        accessor.expect(&[Type::Scalar], UNSIGNED, &from)
    }
}

/// Finds the attributes of one primitive.
struct AttributeSource<'a, 'b> {
    checker: &'a mut Checker<'b>,
    primitive: &'a json::mesh::Primitive,
    object: &'a str,
    compression: Option<&'a Extension>,
    /// How many positions there are.
    count: usize,
    /// Which accessors were used.
    key: BTreeMap<String, usize>,
}

impl AttributeSource<'_, '_> {
    /// An attribute, if the primitive has it.
    fn attribute(
        &mut self,
        semantic: Semantic,
        shapes: &[Type],
        components: &[ComponentType],
    ) -> Result<Option<Attribute>, Diagnostic> {
        let name = semantic.to_string();
        let Some(index) = self.primitive.attributes.get(&Checked::Valid(semantic)) else {
            return Ok(None);
        };
        let from = format!("{}.attributes.{name}", self.object);
        let index = index.value();
        let is_compressed = self
            .compression
            .is_some_and(|compression| compression.attributes.contains_key(&name));
        let checker = &mut *self.checker;
        let accessor = if is_compressed {
            Accessor::declared(checker.document, index, &from)?
        } else {
            Accessor::check(
                checker.document,
                &mut checker.views,
                checker.limits,
                index,
                &from,
            )?
        };
        let accessor = accessor.expect(shapes, components, &from)?;
        self.key.insert(name.clone(), index);
        Ok(Some(Attribute { name, accessor }))
    }

    /// An attribute that has as many elements as there are positions. One that has not is left out.
    fn fitting(
        &mut self,
        semantic: Semantic,
        shapes: &[Type],
        mismatch: Code,
        report: &mut Report,
    ) -> Result<Option<Attribute>, Diagnostic> {
        let Some(attribute) = self.attribute(semantic, shapes, ANY)? else {
            return Ok(None);
        };
        let actual = attribute.accessor.count;
        if actual == self.count {
            return Ok(Some(attribute));
        }
        let name = attribute.name;
        let message = format!("{name} has {actual} elements for {} positions", self.count);
        report.note(mismatch, self.object, message);
        self.key.remove(&name);
        Ok(None)
    }

    fn sets(&self, set: impl Fn(&Semantic) -> Option<u32>) -> Vec<u32> {
        let semantics = self
            .primitive
            .attributes
            .keys()
            .filter_map(|name| match name {
                Checked::Valid(semantic) => set(semantic),
                Checked::Invalid => None,
            });
        let mut sets: Vec<u32> = semantics.collect();
        sets.sort_unstable();
        sets
    }

    fn texcoord_sets(&self) -> Vec<u32> {
        self.sets(|semantic| match semantic {
            Semantic::TexCoords(set) => Some(*set),
            _ => None,
        })
    }

    /// The sets of texture coordinates that the material asks for.
    fn candidates(&self) -> Result<&[u32], Diagnostic> {
        match self.primitive.material {
            None => Ok(&[]),
            Some(material) => {
                let sets = self.checker.material_sets;
                Ok(get(sets, "materials", material.value(), self.object)?)
            }
        }
    }

    /// The lowest set of colours. They are shares of one, also where integers do not say so.
    fn colors(&mut self, report: &mut Report) -> Result<Option<Attribute>, Diagnostic> {
        let sets = self.sets(|semantic| match semantic {
            Semantic::Colors(set) => Some(*set),
            _ => None,
        });
        let Some(&set) = sets.first() else {
            return Ok(None);
        };
        let shapes = &[Type::Vec3, Type::Vec4];
        let mismatch = mesh_codes::COLORS_MISMATCH;
        let colors = self.fitting(Semantic::Colors(set), shapes, mismatch, report)?;
        Ok(colors.map(as_shares))
    }

    /// All sets that have both joints and weights.
    fn influences(&mut self, report: &mut Report) -> Result<Vec<[Attribute; 2]>, Diagnostic> {
        let sets = self.sets(|semantic| match semantic {
            Semantic::Joints(set) => Some(*set),
            _ => None,
        });
        let mut influences = Vec::new();
        for set in sets {
            let mismatch = mesh_codes::SKINNING_MISMATCH;
            let shapes = &[Type::Vec4];
            let joints = self.fitting(Semantic::Joints(set), shapes, mismatch, report)?;
            let weights = self.fitting(Semantic::Weights(set), shapes, mismatch, report)?;
            match (joints, weights) {
                (Some(joints), Some(weights)) => {
                    let from = format!("{}.attributes.{}", self.object, joints.name);
                    let accessor = joints.accessor.expect(shapes, UNSIGNED, &from)?;
                    let name = joints.name;
                    influences.push([Attribute { name, accessor }, as_shares(weights)]);
                }
                (Some(joints), None) => {
                    let message = format!("{} has no weights", joints.name);
                    report.note(mismatch, self.object, message);
                    self.key.remove(&joints.name);
                }
                _ => {}
            }
        }
        Ok(influences)
    }
}

fn as_shares(mut attribute: Attribute) -> Attribute {
    attribute.accessor.normalized |= attribute.accessor.component != F32;
    attribute
}

//! Accessors: typed elements in views.
//!
//! An [`Accessor`] is only made when every element that it can name lies inside of its view, so that
//! reading it later needs no further checks. `min` and `max` are not looked at: nothing is built on them.

use super::{
    buffers::Views,
    document::{Document, get},
    limits::GltfLimits,
    report::about,
};
use crate::{
    diagnostic::{Diagnostic, codes::gltf as codes},
    source::scene::SharedBytes,
};
use gltf::json::{
    accessor::{ComponentType, GenericComponentType, IndexComponentType, Type},
    validation::Checked,
};

/// Elements at a fixed distance from each other. All are inside of the bytes.
#[derive(Clone, Debug)]
pub(super) struct Elements {
    pub(super) bytes: SharedBytes,
    pub(super) stride: usize,
}

/// Elements that replace others.
#[derive(Clone, Debug)]
pub(super) struct Sparse {
    pub(super) count: usize,
    pub(super) index_type: ComponentType,
    pub(super) indices: Elements,
    pub(super) values: Elements,
}

/// Typed elements, all of which can be read.
#[derive(Clone, Debug)]
pub(super) struct Accessor {
    /// What it is in messages, such as `accessors[3]`.
    pub(super) object: String,
    pub(super) count: usize,
    pub(super) component: ComponentType,
    pub(super) shape: Type,
    pub(super) normalized: bool,
    /// Without elements, all components are zero.
    pub(super) elements: Option<Elements>,
    pub(super) sparse: Option<Sparse>,
}

impl Accessor {
    /// What an accessor says of its elements, without their data.
    ///
    /// # Errors
    /// A type that does not exist, or more elements than fit into memory.
    pub(super) fn declared(
        document: &Document,
        index: usize,
        from: &str,
    ) -> Result<Self, Diagnostic> {
        let accessor = get(&document.accessors, "accessors", index, from)?;
        let object = format!("accessors[{index}]");
        let broken = |message: String| about(codes::ACCESSOR, &object, message);
        let (Checked::Valid(GenericComponentType(component)), Checked::Valid(shape)) =
            (accessor.component_type, accessor.type_)
        else {
            return Err(broken(
                "its type or its component type does not exist".to_owned(),
            ));
        };
        let count = usize::try_from(accessor.count.0)
            .map_err(|_| broken(format!("it has {} elements", accessor.count.0)))?;
        Ok(Self {
            count,
            component,
            shape,
            normalized: accessor.normalized,
            elements: None,
            sparse: None,
            object,
        })
    }

    /// Checks an accessor that something refers to.
    ///
    /// # Errors
    /// The first rule that it, or its views, break.
    pub(super) fn check(
        document: &Document,
        views: &mut Views<'_>,
        limits: &GltfLimits,
        index: usize,
        from: &str,
    ) -> Result<Self, Diagnostic> {
        let mut checked = Self::declared(document, index, from)?;
        let accessor = get(&document.accessors, "accessors", index, from)?;
        match accessor.buffer_view {
            Some(view) => {
                let broken = |message: String| about(codes::ACCESSOR, &checked.object, message);
                let size = element_size(checked.component, checked.shape);
                let offset = accessor.byte_offset.map_or(0, |offset| offset.0);
                let view = views.get(view.value(), &checked.object)?;
                let stride = view.stride.unwrap_or(size);
                if stride < size {
                    return Err(broken(format!(
                        "elements of {size} bytes do not fit the stride of {stride} bytes"
                    )));
                }
                let bytes =
                    place(&view.bytes, offset, checked.count, stride, size).map_err(broken)?;
                checked.elements = Some(Elements { bytes, stride });
            }
            None if accessor.count.0 > limits.max_zero_elements => {
                let message = format!(
                    "it has {} elements without data, but at most {} are allowed",
                    checked.count, limits.max_zero_elements
                );
                return Err(about(codes::LIMIT_EXCEEDED, &checked.object, message));
            }
            None => {}
        }
        if let Some(sparse) = &accessor.sparse {
            checked.sparse = Some(checked.check_sparse(sparse, views)?);
        }
        Ok(checked)
    }

    fn check_sparse(
        &self,
        sparse: &gltf::json::accessor::sparse::Sparse,
        views: &mut Views<'_>,
    ) -> Result<Sparse, Diagnostic> {
        let object = format!("{}.sparse", self.object);
        let broken = |message: String| about(codes::ACCESSOR, &object, message);
        let Checked::Valid(IndexComponentType(index_type)) = sparse.indices.component_type else {
            return Err(broken("the type of its indices does not exist".to_owned()));
        };
        let count = match usize::try_from(sparse.count.0) {
            Ok(count) if count <= self.count => count,
            _ => {
                return Err(broken(format!(
                    "it replaces {} elements, but there are {}",
                    sparse.count.0, self.count
                )));
            }
        };
        let mut part = |view: usize, offset: u64, size: usize| {
            let view = views.get(view, &object)?;
            let bytes = place(&view.bytes, offset, count, size, size).map_err(&broken)?;
            Ok(Elements {
                bytes,
                stride: size,
            })
        };
        let indices = &sparse.indices;
        let values = &sparse.values;
        Ok(Sparse {
            count,
            index_type,
            indices: part(
                indices.buffer_view.value(),
                indices.byte_offset.0,
                index_type.size(),
            )?,
            values: part(
                values.buffer_view.value(),
                values.byte_offset.0,
                element_size(self.component, self.shape),
            )?,
        })
    }

    /// Checks that the elements are of one of some shapes, and that their components are of one of some
    /// types.
    ///
    /// # Errors
    /// `gltf.accessor` about `from`.
    pub(super) fn expect(
        self,
        shapes: &[Type],
        components: &[ComponentType],
        from: &str,
    ) -> Result<Self, Diagnostic> {
        if shapes.contains(&self.shape) && components.contains(&self.component) {
            return Ok(self);
        }
        let message = format!(
            "{} holds {:?} of {:?}, which is not allowed here",
            self.object, self.shape, self.component
        );
        Err(about(codes::ACCESSOR, from, message))
    }
}

/// The bytes of one element. Columns of matrices begin at multiples of four bytes.
fn element_size(component: ComponentType, shape: Type) -> usize {
    let column = |rows: usize| (rows * component.size()).next_multiple_of(4);
    match shape {
        Type::Mat2 => 2 * column(2),
        Type::Mat3 => 3 * column(3),
        Type::Mat4 => 4 * column(4),
        _ => shape.multiplicity() * component.size(),
    }
}

/// The bytes from the first to the last of some elements.
fn place(
    view: &SharedBytes,
    offset: u64,
    count: usize,
    stride: usize,
    size: usize,
) -> Result<SharedBytes, String> {
    let end = || {
        let last = (count as u64).checked_sub(1);
        match last {
            None => Some(offset),
            Some(last) => last
                .checked_mul(stride as u64)?
                .checked_add(offset)?
                .checked_add(size as u64),
        }
    };
    let range = || Some(usize::try_from(offset).ok()?..usize::try_from(end()?).ok()?);
    range().and_then(|range| view.slice(range)).ok_or_else(|| {
        format!(
            "{count} elements of {size} bytes, {stride} bytes apart, do not fit into {} bytes from byte {offset}",
            view.len()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_matrices_are_aligned() {
        use ComponentType::{F32, I8, I16, U8, U16};
        for (component, shape, size) in [
            (U8, Type::Scalar, 1),
            (I16, Type::Vec3, 6),
            (U8, Type::Mat2, 8),
            (I8, Type::Mat3, 12),
            (U16, Type::Mat2, 8),
            (U16, Type::Mat3, 24),
            (U8, Type::Mat4, 16),
            (F32, Type::Mat4, 64),
        ] {
            assert_eq!(
                element_size(component, shape),
                size,
                "{component:?} {shape:?}"
            );
        }
    }

    #[test]
    fn elements_must_be_inside() {
        let view = SharedBytes::from_vec(vec![0; 40]);
        let len = |offset, count, stride, size| {
            place(&view, offset, count, stride, size)
                .map(|bytes| bytes.len())
                .ok()
        };
        assert_eq!(len(0, 3, 16, 8), Some(40));
        assert_eq!(len(0, 3, 16, 9), None);
        assert_eq!(len(4, 3, 12, 12), Some(36));
        assert_eq!(len(5, 3, 12, 12), None);
        assert_eq!(len(40, 0, 4, 4), Some(0));
        assert_eq!(len(41, 0, 4, 4), None);
        assert_eq!(len(0, usize::MAX, usize::MAX, 4), None);
        assert_eq!(len(u64::MAX, 1, 4, 4), None);
        assert_eq!(len(u64::MAX - 2, 2, 4, 4), None);
    }
}

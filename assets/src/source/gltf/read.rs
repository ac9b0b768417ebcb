//! Reading the elements of accessors.

use super::{
    accessor::{Accessor, Elements, Sparse},
    report::about,
};
use crate::{
    cook::pace::{Cancelled, Pace},
    diagnostic::codes::gltf as codes,
    source::scene::MeshLoadError,
};
use gltf::json::accessor::ComponentType;

/// Elements between two checkpoints: some ten microseconds of work.
pub(super) const STRETCH: usize = 4096;

/// Which elements are read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which<'a> {
    /// All of them.
    All,
    /// These: ascending positions, each of which exists.
    These(&'a [u32]),
}

impl Which<'_> {
    /// How many of `count` elements are read.
    fn len(self, count: usize) -> usize {
        match self {
            Self::All => count,
            Self::These(positions) => positions.len(),
        }
    }

    /// Where an element is put, if it is read.
    fn place(self, element: u32) -> Option<usize> {
        match self {
            Self::All => Some(element as usize),
            Self::These(positions) => positions.binary_search(&element).ok(),
        }
    }
}

impl Accessor {
    /// Reads vectors, or the first `N` components of longer ones. Normalised integers become numbers
    /// between -1 and 1 (glTF 2.0, section 3.6.2.2).
    ///
    /// # Errors
    /// Cancellation, or sparse indices that make no sense.
    pub(super) async fn vectors<const N: usize>(
        &self,
        which: Which<'_>,
        pace: &mut Pace,
    ) -> Result<Vec<[f32; N]>, MeshLoadError> {
        self.read(which, pace).await
    }

    /// Reads vectors of whole numbers; the components are of an unsigned type.
    ///
    /// # Errors
    /// As [`Self::vectors`].
    pub(super) async fn integers<const N: usize>(
        &self,
        which: Which<'_>,
        pace: &mut Pace,
    ) -> Result<Vec<[u32; N]>, MeshLoadError> {
        self.read(which, pace).await
    }

    async fn read<T: Value, const N: usize>(
        &self,
        which: Which<'_>,
        pace: &mut Pace,
    ) -> Result<Vec<[T; N]>, MeshLoadError> {
        let mut vectors = match &self.elements {
            Some(elements) => self.values(elements, self.count, which, pace).await?,
            None => vec![[T::default(); N]; which.len(self.count)],
        };
        if let Some(sparse) = &self.sparse {
            let indices = self.sparse_indices(sparse, pace).await?;
            let values = self.values(&sparse.values, sparse.count, Which::All, pace);
            for (index, value) in indices.into_iter().zip(values.await?) {
                if let Some(slot) = which.place(index).and_then(|at| vectors.get_mut(at)) {
                    *slot = value;
                }
            }
        }
        Ok(vectors)
    }

    async fn values<T: Value, const N: usize>(
        &self,
        elements: &Elements,
        count: usize,
        which: Which<'_>,
        pace: &mut Pace,
    ) -> Result<Vec<[T; N]>, Cancelled> {
        let is_normalized = self.normalized;
        match self.component {
            ComponentType::I8 => {
                collect(elements, count, which, pace, |bytes| {
                    T::from_i8(i8::from_le_bytes(bytes), is_normalized)
                })
                .await
            }
            ComponentType::U8 => {
                collect(elements, count, which, pace, |bytes| {
                    T::from_u8(u8::from_le_bytes(bytes), is_normalized)
                })
                .await
            }
            ComponentType::I16 => {
                collect(elements, count, which, pace, |bytes| {
                    T::from_i16(i16::from_le_bytes(bytes), is_normalized)
                })
                .await
            }
            ComponentType::U16 => {
                collect(elements, count, which, pace, |bytes| {
                    T::from_u16(u16::from_le_bytes(bytes), is_normalized)
                })
                .await
            }
            ComponentType::U32 => {
                collect(elements, count, which, pace, |bytes| {
                    T::from_u32(u32::from_le_bytes(bytes), is_normalized)
                })
                .await
            }
            ComponentType::F32 => {
                collect(elements, count, which, pace, |bytes| {
                    T::from_f32(f32::from_le_bytes(bytes))
                })
                .await
            }
        }
    }

    /// Which elements are replaced. They ascend, and each of them exists.
    async fn sparse_indices(
        &self,
        sparse: &Sparse,
        pace: &mut Pace,
    ) -> Result<Vec<u32>, MeshLoadError> {
        let indices = Self {
            object: String::new(),
            count: sparse.count,
            component: sparse.index_type,
            shape: gltf::json::accessor::Type::Scalar,
            normalized: false,
            elements: Some(sparse.indices.clone()),
            sparse: None,
        };
        let elements = &sparse.indices;
        let indices: Vec<[u32; 1]> = indices
            .values(elements, sparse.count, Which::All, pace)
            .await?;
        let indices = indices.into_flattened();
        let broken = |message: String| {
            let object = format!("{}.sparse.indices", self.object);
            Err(about(codes::ACCESSOR, object, message).into())
        };
        if let Some([before, after]) = indices.array_windows().find(|[a, b]| a >= b) {
            return broken(format!("{after} follows {before}, but indices must ascend"));
        }
        match indices.last() {
            Some(&last) if last as usize >= self.count => {
                broken(format!("{last} is not one of {} elements", self.count))
            }
            _ => Ok(indices),
        }
    }
}

/// Reads `N` components of each element.
async fn collect<T: Value, const N: usize, const SIZE: usize>(
    elements: &Elements,
    count: usize,
    which: Which<'_>,
    pace: &mut Pace,
    convert: impl Fn([u8; SIZE]) -> T,
) -> Result<Vec<[T; N]>, Cancelled> {
    let Elements { bytes, stride } = elements;
    let stride = *stride;
    let element = |bytes: &[u8]| {
        let mut vector = [T::default(); N];
        let components = bytes.get(..N * SIZE).unwrap_or_default().as_chunks().0;
        for (value, component) in vector.iter_mut().zip(components) {
            *value = convert(*component);
        }
        vector
    };
    let mut vectors = Vec::with_capacity(which.len(count));
    match which {
        Which::All => {
            for stretch in bytes.chunks(stride.saturating_mul(STRETCH)) {
                vectors.extend(stretch.chunks(stride).map(element));
                pace.checkpoint().await?;
            }
        }
        Which::These(positions) => {
            for stretch in positions.chunks(STRETCH) {
                let of = |&at: &u32| element(bytes.get(at as usize * stride..).unwrap_or_default());
                vectors.extend(stretch.iter().map(of));
                pace.checkpoint().await?;
            }
        }
    }
    Ok(vectors)
}

/// What components are read as.
trait Value: Copy + Default + Send + Sync {
    fn from_i8(value: i8, is_normalized: bool) -> Self;
    fn from_u8(value: u8, is_normalized: bool) -> Self;
    fn from_i16(value: i16, is_normalized: bool) -> Self;
    fn from_u16(value: u16, is_normalized: bool) -> Self;
    fn from_u32(value: u32, is_normalized: bool) -> Self;
    fn from_f32(value: f32) -> Self;
}

impl Value for f32 {
    fn from_i8(value: i8, is_normalized: bool) -> Self {
        let value = Self::from(value);
        if is_normalized {
            (value / 127.0).max(-1.0)
        } else {
            value
        }
    }

    fn from_u8(value: u8, is_normalized: bool) -> Self {
        let value = Self::from(value);
        if is_normalized { value / 255.0 } else { value }
    }

    fn from_i16(value: i16, is_normalized: bool) -> Self {
        let value = Self::from(value);
        if is_normalized {
            (value / 32767.0).max(-1.0)
        } else {
            value
        }
    }

    fn from_u16(value: u16, is_normalized: bool) -> Self {
        let value = Self::from(value);
        if is_normalized {
            value / 65535.0
        } else {
            value
        }
    }

    fn from_u32(value: u32, is_normalized: bool) -> Self {
        if is_normalized {
            (f64::from(value) / f64::from(u32::MAX)) as Self
        } else {
            value as Self
        }
    }

    fn from_f32(value: f32) -> Self {
        value
    }
}

/// Numbers that count or name something. Signed ones and fractions never do: such accessors are refused
/// when they are checked.
impl Value for u32 {
    fn from_i8(value: i8, _: bool) -> Self {
        Self::try_from(value).unwrap_or_default()
    }

    fn from_u8(value: u8, _: bool) -> Self {
        Self::from(value)
    }

    fn from_i16(value: i16, _: bool) -> Self {
        Self::try_from(value).unwrap_or_default()
    }

    fn from_u16(value: u16, _: bool) -> Self {
        Self::from(value)
    }

    fn from_u32(value: u32, _: bool) -> Self {
        value
    }

    fn from_f32(value: f32) -> Self {
        value as Self
    }
}

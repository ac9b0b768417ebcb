//! Where the subresources of a texture payload are.
//!
//! Layer-major, all mips of a layer before the next layer; rows are padded to the row step of the
//! packing policy, subresources begin at multiples of its subresource step.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::texture_shape::TextureShape;

/// Bytes of a payload header.
pub const HEADER_BYTES: u32 = 28;
/// Bytes of the layout record of one subresource.
pub const LAYOUT_BYTES: u32 = 12;

/// How rows and subresources are aligned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PackingPolicy {
    /// Rows at 256 bytes, subresources at 512: what a GPU upload wants.
    #[default]
    D3d12,
    /// Rows without padding, subresources at 4 bytes.
    Tight,
}

impl PackingPolicy {
    /// The id in payload headers.
    pub fn id(self) -> u8 {
        match self {
            Self::D3d12 => 1,
            Self::Tight => 2,
        }
    }

    /// The policy with an id.
    pub fn from_id(id: u8) -> Option<Self> {
        match id {
            1 => Some(Self::D3d12),
            2 => Some(Self::Tight),
            _ => None,
        }
    }

    /// The text id.
    pub const fn token(self) -> &'static str {
        match self {
            Self::D3d12 => "d3d12",
            Self::Tight => "tight",
        }
    }

    /// Row pitches are multiples of this.
    pub fn row_step(self) -> u64 {
        match self {
            Self::D3d12 => 256,
            Self::Tight => 1,
        }
    }

    /// Offsets of subresources, and of the data section, are multiples of this.
    pub fn subresource_step(self) -> u64 {
        match self {
            Self::D3d12 => 512,
            Self::Tight => 4,
        }
    }
}

/// A texture is too large to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// Offsets and sizes have 32 bits.
    #[error("a texture payload has at most 4294967295 bytes; this one would have {0}")]
    TooLarge(u64),
    /// Subresources are counted with 16 bits.
    #[error("a texture has at most 65535 subresources; this one would have {0}")]
    TooManySubresources(u32),
}

/// Where one subresource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SubresourceLayout {
    /// From the start of the data section.
    pub offset: u32,
    /// Bytes from one row of texels or blocks to the next.
    pub row_pitch: u32,
    /// All rows of all slices.
    pub size: u32,
}

/// Where everything in a payload is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadLayout {
    policy: PackingPolicy,
    subresources: Vec<SubresourceLayout>,
    data_offset: u32,
    total: u32,
    mips: u16,
}

impl PayloadLayout {
    /// The layout of a shape under a policy.
    ///
    /// # Errors
    /// [`LayoutError`] when something does not fit its field.
    pub fn new(shape: &TextureShape, policy: PackingPolicy) -> Result<Self, LayoutError> {
        let count = u32::from(shape.layers()) * u32::from(shape.mips());
        if count > u32::from(u16::MAX) {
            return Err(LayoutError::TooManySubresources(count));
        }
        let (edge, bytes) = (
            shape.format().block_edge(),
            u64::from(shape.format().block_bytes()),
        );
        let head = u64::from(HEADER_BYTES) + u64::from(LAYOUT_BYTES) * u64::from(count);
        let data_offset = head.next_multiple_of(policy.subresource_step());
        let mut cursor = 0u64;
        let mut subresources = Vec::with_capacity(count as usize);
        for _ in 0..shape.layers() {
            for mip in 0..shape.mips() {
                let (width, height, depth) = shape.mip_size(mip);
                let rows = u64::from(height.div_ceil(edge));
                let pitch =
                    (u64::from(width.div_ceil(edge)) * bytes).next_multiple_of(policy.row_step());
                // A pitch has at most 37 bits and rows 32: the product with a depth may overflow.
                let size = pitch
                    .checked_mul(rows)
                    .and_then(|size| size.checked_mul(u64::from(depth)))
                    .ok_or(LayoutError::TooLarge(u64::MAX))?;
                cursor = cursor.next_multiple_of(policy.subresource_step());
                subresources.push(SubresourceLayout {
                    offset: fit(cursor)?,
                    row_pitch: fit(pitch)?,
                    size: fit(size)?,
                });
                cursor += size;
                fit(cursor)?;
            }
        }
        Ok(Self {
            policy,
            subresources,
            data_offset: fit(data_offset)?,
            total: fit(data_offset + cursor)?,
            mips: shape.mips(),
        })
    }

    /// The policy.
    pub fn policy(&self) -> PackingPolicy {
        self.policy
    }

    /// The subresources, layer by layer, mips innermost.
    pub fn subresources(&self) -> &[SubresourceLayout] {
        &self.subresources
    }

    /// One subresource.
    pub fn subresource(&self, layer: u16, mip: u16) -> Option<&SubresourceLayout> {
        let index = usize::from(layer) * usize::from(self.mips) + usize::from(mip);
        self.subresources.get(index).filter(|_| mip < self.mips)
    }

    /// Where the data section begins, from the start of the payload.
    pub fn data_offset(&self) -> u32 {
        self.data_offset
    }

    /// Bytes of the whole payload.
    pub fn total(&self) -> u32 {
        self.total
    }
}

fn fit(value: u64) -> Result<u32, LayoutError> {
    u32::try_from(value).map_err(|_| LayoutError::TooLarge(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{
        texture_format::TextureFormat as F,
        texture_shape::{TextureShape, TextureType as T},
    };

    fn triples(shape: &TextureShape, policy: PackingPolicy) -> (Vec<(u32, u32, u32)>, u32, u32) {
        let layout = PayloadLayout::new(shape, policy).unwrap();
        let triples = layout
            .subresources()
            .iter()
            .map(|s| (s.offset, s.row_pitch, s.size))
            .collect();
        (triples, layout.data_offset(), layout.total())
    }

    #[test]
    fn the_documented_vectors() {
        use PackingPolicy::{D3d12, Tight};
        let bc7 = TextureShape::image(20, 12, 5, F::Bc7UNorm).unwrap();
        assert_eq!(
            triples(&bc7, D3d12),
            (
                vec![
                    (0, 256, 768),
                    (1024, 256, 512),
                    (1536, 256, 256),
                    (2048, 256, 256),
                    (2560, 256, 256)
                ],
                512,
                3328
            )
        );
        assert_eq!(
            triples(&bc7, Tight),
            (
                vec![
                    (0, 80, 240),
                    (240, 48, 96),
                    (336, 32, 32),
                    (368, 16, 16),
                    (384, 16, 16)
                ],
                88,
                488
            )
        );
        let rgba = TextureShape::image(5, 3, 3, F::Rgba8UNorm).unwrap();
        assert_eq!(
            triples(&rgba, D3d12),
            (
                vec![(0, 256, 768), (1024, 256, 256), (1536, 256, 256)],
                512,
                2304
            )
        );
        assert_eq!(
            triples(&rgba, Tight),
            (vec![(0, 20, 60), (60, 8, 8), (68, 4, 4)], 64, 136)
        );
        let volume = TextureShape::new(T::D3, 4, 4, 4, 1, 3, F::Rgba8UNorm).unwrap();
        assert_eq!(
            triples(&volume, D3d12),
            (
                vec![(0, 256, 4096), (4096, 256, 1024), (5120, 256, 256)],
                512,
                5888
            )
        );
        assert_eq!(
            triples(&volume, Tight),
            (vec![(0, 16, 256), (256, 8, 32), (288, 4, 4)], 64, 356)
        );
        let cube = TextureShape::new(T::Cube, 1, 1, 1, 6, 1, F::Rgba16Float).unwrap();
        let (layouts, data, total) = triples(&cube, D3d12);
        assert_eq!(
            (layouts[1], layouts[5], data, total),
            ((512, 256, 256), (2560, 256, 256), 512, 3328)
        );
        let (layouts, data, total) = triples(&cube, Tight);
        assert_eq!(
            (layouts[1], layouts[5], data, total),
            ((8, 8, 8), (40, 8, 8), 100, 148)
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let huge = TextureShape::image(65536, 65536, 1, F::Rgba32Float).unwrap();
        assert!(matches!(
            PayloadLayout::new(&huge, PackingPolicy::Tight),
            Err(LayoutError::TooLarge(_))
        ));
        let vast = TextureShape::image(u32::MAX, u32::MAX, 1, F::Rgba32Float).unwrap();
        assert!(matches!(
            PayloadLayout::new(&vast, PackingPolicy::D3d12),
            Err(LayoutError::TooLarge(_))
        ));
        let many = TextureShape::new(T::D2Array, 256, 256, 1, 65535, 2, F::R8UNorm).unwrap();
        assert!(matches!(
            PayloadLayout::new(&many, PackingPolicy::Tight),
            Err(LayoutError::TooManySubresources(_))
        ));
    }

    #[test]
    fn subresources_are_found_by_layer_and_mip() {
        let shape = TextureShape::new(T::D2Array, 64, 64, 1, 2, 2, F::Rgba8UNorm).unwrap();
        let layout = PayloadLayout::new(&shape, PackingPolicy::Tight).unwrap();
        assert_eq!(layout.subresource(1, 0), layout.subresources().get(2));
        assert_eq!(layout.subresource(0, 2), None);
        assert_eq!(layout.subresource(2, 0), None);
    }
}

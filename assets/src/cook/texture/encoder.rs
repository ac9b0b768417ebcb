//! Block encoders: what makes BC blocks out of texels.

use super::TextureError;
use crate::{format::texture_format::TextureFormat, settings::texture::EncodeQuality};
use std::fmt;

/// What decides the bytes that an encoder makes, beside texels and quality. Part of cache keys and
/// reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub struct EncoderIdentity {
    /// The encoder.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The class of instructions that it uses on this machine. Encoders with vector code may make
    /// different, equally good bytes with different classes.
    pub isa: &'static str,
}

impl fmt::Display for EncoderIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.name, self.version, self.isa)
    }
}

/// The texels of a block-aligned rectangle.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum BlockTexels<'a> {
    /// RGBA with 8 bits per channel, for all formats of the unit interval.
    Rgba8(&'a [u8]),
}

/// A block-aligned rectangle to encode: tight rows, top row first, edges already repeated into the
/// last blocks.
#[derive(Clone, Copy, Debug)]
pub struct BlockTile<'a> {
    width: u32,
    height: u32,
    texels: BlockTexels<'a>,
}

impl<'a> BlockTile<'a> {
    /// A rectangle of RGBA8 texels.
    ///
    /// # Errors
    /// [`TextureError::Tiles`] unless both dimensions are positive multiples of 4 and `texels` has
    /// exactly `width * height * 4` bytes.
    pub fn rgba8(width: u32, height: u32, texels: &'a [u8]) -> Result<Self, TextureError> {
        let expected = (u64::from(width) * u64::from(height)).saturating_mul(4);
        let aligned = width.is_multiple_of(4) && height.is_multiple_of(4);
        if !aligned || expected == 0 || texels.len() as u64 != expected {
            return Err(TextureError::Tiles {
                reason: format!(
                    "a tile of {width} x {height} texels has {} bytes instead of {expected}, or is not made of whole blocks",
                    texels.len()
                ),
            });
        }
        Ok(Self {
            width,
            height,
            texels: BlockTexels::Rgba8(texels),
        })
    }

    /// Texels in a row, a multiple of 4.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows, a multiple of 4.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The texels.
    pub fn texels(&self) -> BlockTexels<'a> {
        self.texels
    }

    /// The number of 4x4 blocks.
    pub fn blocks(&self) -> usize {
        (self.width / 4) as usize * (self.height / 4) as usize
    }
}

/// How blocks are to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRequest {
    /// The block format.
    pub format: TextureFormat,
    /// How hard to try.
    pub quality: EncodeQuality,
    /// Whether all alpha of the whole texture is one, so that it need not be encoded.
    pub opaque: bool,
}

/// Makes blocks. Implementations keep no state between calls: a block depends on its own sixteen
/// texels and the request alone, so that a texture may be cut into tiles in any way.
pub trait BlockEncoder: Send + Sync {
    /// Name, version and instructions.
    fn identity(&self) -> EncoderIdentity;

    /// Whether it makes blocks of this format.
    fn supports(&self, format: TextureFormat) -> bool;

    /// Encodes a rectangle. `out` has exactly the bytes of its blocks, in raster order.
    ///
    /// # Errors
    /// [`TextureError`] when the request is not one that [`Self::supports`] promises.
    fn encode(
        &self,
        request: &BlockRequest,
        tile: &BlockTile<'_>,
        out: &mut [u8],
    ) -> Result<(), TextureError>;
}

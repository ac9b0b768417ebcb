//! Unpacking: from the texels or blocks that a GPU samples back to an image.
//!
//! It serves files that hold textures as they are stored ([`crate::source::texture`]), and people who
//! want to look at what was cooked ([`payload`]). Numbers keep their meaning: what a sampler would give
//! for a texel is what the image holds, sRGB-encoded where the format is. Formats with one channel
//! become grey. Those with two have no blue: it is zero.

mod blocks;
mod payload;
pub mod picture;
mod plain;
#[cfg(test)]
mod tests;

pub use payload::{UnpackError, payload};

use crate::{
    cook::pace::{CancelFlag, Cancelled},
    format::texture_format::TextureFormat,
    source::image::{Image, PixelFormat},
};

/// What the texels of a format are unpacked to, and whether the format has no alpha; `None` for formats
/// of integers and depths, which are no pictures.
pub fn pixel_format(format: TextureFormat) -> Option<(PixelFormat, bool)> {
    use TextureFormat as F;
    Some(match format {
        F::R8UNorm | F::Bc4UNorm => (PixelFormat::R8, true),
        F::R16UNorm => (PixelFormat::R16, true),
        F::Rg8UNorm | F::Bc5UNorm | F::B5G6R5UNorm => (PixelFormat::Rgba8, true),
        F::Rg16UNorm => (PixelFormat::Rgba16, true),
        F::Rgba8UNorm
        | F::Rgba8UNormSrgb
        | F::Bgra8UNorm
        | F::Bgra8UNormSrgb
        | F::B5G5R5A1UNorm
        | F::B4G4R4A4UNorm
        | F::Bc1UNorm
        | F::Bc1UNormSrgb
        | F::Bc2UNorm
        | F::Bc2UNormSrgb
        | F::Bc3UNorm
        | F::Bc3UNormSrgb
        | F::Bc7UNorm
        | F::Bc7UNormSrgb => (PixelFormat::Rgba8, false),
        F::Rgba16UNorm | F::R10G10B10A2UNorm => (PixelFormat::Rgba16, false),
        F::R8SNorm
        | F::R16SNorm
        | F::Rg8SNorm
        | F::Rg16SNorm
        | F::R16Float
        | F::Rg16Float
        | F::R32Float
        | F::Rg32Float
        | F::Rgb32Float
        | F::R11G11B10Float
        | F::R9G9B9E5Float
        | F::Bc4SNorm
        | F::Bc5SNorm
        | F::Bc6hFloatU
        | F::Bc6hFloatS => (PixelFormat::Rgba32F, true),
        F::Rgba8SNorm | F::Rgba16SNorm | F::Rgba16Float | F::Rgba32Float => {
            (PixelFormat::Rgba32F, false)
        }
        _ => return None,
    })
}

/// Bytes of a row of texels, or of blocks.
pub(crate) fn row_bytes(format: TextureFormat, width: u32) -> u64 {
    u64::from(width.div_ceil(format.block_edge())) * u64::from(format.block_bytes())
}

/// Rows of texels, or of blocks.
pub(crate) fn rows(format: TextureFormat, height: u32) -> u64 {
    u64::from(height.div_ceil(format.block_edge()))
}

/// The bytes of one slice whose rows follow each other without gaps.
pub(crate) fn slice_bytes(format: TextureFormat, width: u32, height: u32) -> u64 {
    row_bytes(format, width).saturating_mul(rows(format, height))
}

/// Unpacks one slice: `width` x `height` texels, whose rows of texels or blocks begin `row_pitch` bytes
/// apart in `bytes`. Looks at `cancel` about every row.
///
/// # Errors
/// [`UnpackError`] when the format is no picture, when `bytes` is too short, or when there is no memory.
pub fn slice(
    format: TextureFormat,
    width: u32,
    height: u32,
    row_pitch: usize,
    bytes: &[u8],
    cancel: &CancelFlag,
) -> Result<Image, UnpackError> {
    let (pixels, opaque) = pixel_format(format).ok_or(UnpackError::NoPicture(format))?;
    if width == 0 || height == 0 {
        return Err(UnpackError::Empty);
    }
    let (row, rows) = (row_bytes(format, width), rows(format, height));
    let needed = (row_pitch as u64)
        .saturating_mul(rows.saturating_sub(1))
        .saturating_add(row);
    if (row_pitch as u64) < row || (bytes.len() as u64) < needed {
        return Err(UnpackError::Short {
            needed,
            there: bytes.len(),
        });
    }
    let size = (u64::from(width) * u64::from(height)).saturating_mul(pixels.texel_bytes() as u64);
    let mut texels = allocate(size)?;
    let target = Target {
        width: width as usize,
        height: height as usize,
        pixels,
        texels: &mut texels,
    };
    // What was checked above makes them fit.
    let (row, rows) = (row as usize, rows as usize);
    let source = bytes.chunks(row_pitch).take(rows).map(|line| &line[..row]);
    if format.block_edge() > 1 {
        blocks::unpack(format, source, target, cancel)?;
    } else {
        plain::unpack(format, source, target, cancel)?;
    }
    let image = Image::new(width, height, pixels, texels).map_err(|_| UnpackError::Empty)?;
    Ok(image.with_opaque(opaque))
}

/// Where unpacked texels go: tight rows.
struct Target<'a> {
    width: usize,
    height: usize,
    pixels: PixelFormat,
    texels: &'a mut [u8],
}

impl Target<'_> {
    /// The bytes of a row.
    fn pitch(&self) -> usize {
        self.width * self.pixels.texel_bytes()
    }
}

/// Zeroed memory for texels.
fn allocate(bytes: u64) -> Result<Vec<u8>, UnpackError> {
    let refused = || UnpackError::OutOfMemory { bytes };
    let len = usize::try_from(bytes).map_err(|_| refused())?;
    // Asking first costs nothing; `vec!` would end the process instead of saying no.
    Vec::<u8>::new()
        .try_reserve_exact(len)
        .map_err(|_| refused())?;
    Ok(vec![0; len])
}

impl From<Cancelled> for UnpackError {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}

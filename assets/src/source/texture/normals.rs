//! Normals as GPU formats store them: with a sign, or without their third component.

use crate::{
    cook::pace::CancelFlag,
    format::texture_format::TextureFormat,
    source::image::{Image, ImageError, PixelFormat},
};

/// Whether the numbers of a format run from -1 to 1.
fn is_signed(format: TextureFormat) -> bool {
    use TextureFormat as F;
    matches!(
        format,
        F::R8SNorm
            | F::Rg8SNorm
            | F::Rgba8SNorm
            | F::R16SNorm
            | F::Rg16SNorm
            | F::Rgba16SNorm
            | F::Bc4SNorm
            | F::Bc5SNorm
    )
}

/// Whether a format has red and green only.
fn has_two_channels(format: TextureFormat) -> bool {
    use TextureFormat as F;
    matches!(
        format,
        F::Rg8UNorm | F::Rg8SNorm | F::Rg16UNorm | F::Rg16SNorm | F::Bc5UNorm | F::Bc5SNorm
    )
}

/// The normals of an image that was unpacked from `format`, as images have them: components from 0 to 1
/// in red, green and blue. What is missing points towards the viewer.
pub(super) fn as_normals(
    image: Image,
    format: TextureFormat,
    cancel: &CancelFlag,
) -> Result<Image, ImageError> {
    let (signed, flat) = (is_signed(format), has_two_channels(format));
    if !signed && !flat {
        return Ok(image);
    }
    let third = |x: f32, y: f32| (1.0 - x * x - y * y).max(0.0).sqrt();
    let component = |stored: f32| 2.0 * stored - 1.0;
    image.with_texels(|format, texels| {
        match format {
            PixelFormat::Rgba8 => {
                for texel in texels.as_chunks_mut::<4>().0 {
                    let [x, y] = [texel[0], texel[1]].map(|v| component(f32::from(v) / 255.0));
                    texel[2] = ((third(x, y) + 1.0) * 127.5).round() as u8;
                }
            }
            PixelFormat::Rgba16 => {
                for texel in texels.as_chunks_mut::<8>().0 {
                    let word = |at: usize| u16::from_le_bytes([texel[at], texel[at + 1]]);
                    let [x, y] = [word(0), word(2)].map(|v| component(f32::from(v) / 65535.0));
                    let z = ((third(x, y) + 1.0) * 32767.5).round() as u16;
                    texel[4..6].copy_from_slice(&z.to_le_bytes());
                }
            }
            PixelFormat::Rgba32F => {
                for texel in texels.as_chunks_mut::<16>().0 {
                    let mut vector = [0.0f32; 3];
                    for (value, bytes) in vector.iter_mut().zip(texel.as_chunks::<4>().0) {
                        *value = f32::from_le_bytes(*bytes);
                    }
                    if flat {
                        vector[2] = third(vector[0], vector[1]);
                    }
                    for (bytes, value) in texel.as_chunks_mut::<4>().0.iter_mut().zip(vector) {
                        *bytes = (value * 0.5 + 0.5).to_le_bytes();
                    }
                }
            }
            PixelFormat::R8 | PixelFormat::Rg8 | PixelFormat::R16 | PixelFormat::Rg16 => {}
        }
        cancel.check()
    })
}

//! Images as files that people can look at.

use crate::source::image::{Depth, Image, PixelFormat};
use image::{
    ExtendedColorType, ImageEncoder,
    codecs::{openexr::OpenExrEncoder, png::PngEncoder},
};
use std::io::Cursor;
use thiserror::Error;

/// A picture could not be written.
#[derive(Debug, Error)]
#[error("the picture cannot be encoded: {0}")]
pub struct PictureError(#[from] image::ImageError);

/// How floats become something that a screen can show.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct View {
    /// Stops of exposure before the tone curve.
    pub exposure_ev: f32,
    /// The numbers have a sign and no meaning as light: -1 becomes black and 1 white, without a curve.
    pub signed: bool,
}

/// A PNG of an image. Integers stay as they are, 8 or 16 bits of them. Floats are taken for linear
/// light: they are tone-mapped with the curve of the cooker, and encoded as sRGB.
///
/// # Errors
/// [`PictureError`] when the encoder fails, which it does for images that are too large.
pub fn png(image: &Image, view: View) -> Result<Vec<u8>, PictureError> {
    let (width, height, texels) = (image.width(), image.height(), image.texels());
    let mut out = Vec::new();
    let mut write =
        |texels: &[u8], color| PngEncoder::new(&mut out).write_image(texels, width, height, color);
    match image.format() {
        PixelFormat::R8 => write(texels, ExtendedColorType::L8)?,
        PixelFormat::Rg8 => write(texels, ExtendedColorType::La8)?,
        PixelFormat::Rgba8 => write(texels, ExtendedColorType::Rgba8)?,
        PixelFormat::R16 => write(&native(texels), ExtendedColorType::L16)?,
        PixelFormat::Rg16 => write(&native(texels), ExtendedColorType::La16)?,
        PixelFormat::Rgba16 => write(&native(texels), ExtendedColorType::Rgba16)?,
        PixelFormat::Rgba32F => write(&displayed(texels, view), ExtendedColorType::Rgba8)?,
    }
    Ok(out)
}

/// An OpenEXR file of an image of floats; `None` if it has none.
///
/// # Errors
/// [`PictureError`] when the encoder fails.
pub fn exr(image: &Image) -> Result<Option<Vec<u8>>, PictureError> {
    if image.format().depth() != Depth::Float {
        return Ok(None);
    }
    let texels: Vec<u8> = image
        .texels()
        .as_chunks()
        .0
        .iter()
        .flat_map(|&bytes| f32::from_le_bytes(bytes).to_ne_bytes())
        .collect();
    let mut out = Cursor::new(Vec::new());
    OpenExrEncoder::new(&mut out).write_image(
        &texels,
        image.width(),
        image.height(),
        ExtendedColorType::Rgba32F,
    )?;
    Ok(Some(out.into_inner()))
}

/// 16-bit numbers in the order of the machine, which encoders take.
fn native(texels: &[u8]) -> Vec<u8> {
    let numbers = texels.as_chunks().0.iter();
    numbers
        .flat_map(|&bytes| u16::from_le_bytes(bytes).to_ne_bytes())
        .collect()
}

fn displayed(texels: &[u8], view: View) -> Vec<u8> {
    let gain = view.exposure_ev.exp2();
    let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
    let numbers = texels.as_chunks::<4>().0.iter().enumerate();
    numbers
        .map(|(i, &bytes)| {
            let value = f32::from_le_bytes(bytes);
            if i % 4 == 3 {
                byte(value)
            } else if view.signed {
                byte(value * 0.5 + 0.5)
            } else {
                byte(signal(tone(value * gain)))
            }
        })
        .collect()
}

/// The tone curve of the cooker: Narkowicz' fit of the ACES film curve.
fn tone(light: f32) -> f32 {
    let x = light.max(0.0);
    // Beyond this everything is white; it keeps the squares finite.
    let x = x.min(1e6);
    (x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14)).clamp(0.0, 1.0)
}

/// The signal of linear light (IEC 61966-2-1).
fn signal(light: f32) -> f32 {
    if light <= 0.003_130_8 {
        light * 12.92
    } else {
        1.055 * light.powf(1.0 / 2.4) - 0.055
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cook::pace::CancelFlag, source::image};

    fn reread(png: &[u8], keep_grey: bool) -> Image {
        let options = image::DecodeOptions {
            keep_grey,
            ..image::DecodeOptions::default()
        };
        let limits = image::ImageLimits::default();
        image::decode(png, "picture", &limits, &options, &CancelFlag::new()).unwrap()
    }

    #[test]
    fn integers_come_through_unchanged() {
        for format in [
            PixelFormat::R8,
            PixelFormat::Rg8,
            PixelFormat::Rgba8,
            PixelFormat::R16,
            PixelFormat::Rg16,
            PixelFormat::Rgba16,
        ] {
            let texels: Vec<u8> = (0..6 * format.texel_bytes())
                .map(|i| (i * 41) as u8)
                .collect();
            let image = Image::new(3, 2, format, texels.clone()).unwrap();
            let read = reread(&png(&image, View::default()).unwrap(), true);
            assert_eq!((read.format(), read.texels()), (format, &texels[..]));
            assert!(exr(&image).unwrap().is_none());
        }
    }

    #[test]
    fn light_is_brought_into_the_range_of_a_screen() {
        let values = [0.0f32, 0.18, 1000.0, 1.0, -1.0, 0.0, 1.0, 0.5];
        let texels: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let image = Image::new(2, 1, PixelFormat::Rgba32F, texels).unwrap();
        let read = reread(&png(&image, View::default()).unwrap(), false);
        // The curve gives 0.18 -> 0.2670; its signal is 0.5540, of 255 are 141.
        assert_eq!(read.texels()[..5], [0, 141, 255, 255, 0]);
        let brighter = View {
            exposure_ev: 10.0,
            ..View::default()
        };
        let read = reread(&png(&image, brighter).unwrap(), false);
        assert_eq!(read.texels()[..3], [0, 255, 255]);
        let signed = View {
            signed: true,
            ..View::default()
        };
        let read = reread(&png(&image, signed).unwrap(), false);
        assert_eq!(read.texels()[4..], [0, 128, 255, 128]);
        // Nothing is lost in an OpenEXR file.
        let file = exr(&image).unwrap().unwrap();
        let read = reread(&file, false);
        assert_eq!(read.texels(), image.texels());
    }
}

//! Decoding: from the bytes of a file to an [`Image`].

use super::pixels::{Widen, allocate, opaque_if_all_clear, widen};
use super::reader::SourceReader;
use super::{
    Depth, Image, ImageError, ImageFormat, ImageInfo, ImageLimits, PixelFormat, bmp, exr, gif,
    jpeg, orient, png, pnm, probe, psd, qoi, radiance, tga, tiff, webp,
};
use crate::{
    cook::pace::{CancelFlag, Cancelled},
    diagnostic::{Diagnostic, codes::texture as codes},
    source::texture::StoredTexture,
};
use ::image::{
    ColorType, ImageDecoder,
    codecs::{
        bmp::BmpDecoder, gif::GifDecoder, hdr::HdrDecoder, jpeg::JpegDecoder, png::PngDecoder,
        pnm::PnmDecoder, qoi::QoiDecoder, tga::TgaDecoder, webp::WebPDecoder,
    },
    metadata::Orientation,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What the caller wants of the pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeOptions {
    /// Leave grey images in one channel, or two with alpha. Otherwise they become RGBA.
    pub keep_grey: bool,
    /// Mirror the rows.
    pub flip_y: bool,
}

/// Decodes an image.
///
/// 8-bit sources give 8-bit texels, 16-bit sources 16-bit ones, and Radiance and OpenEXR files floats;
/// missing alpha is one. The Exif orientation of photos is applied. The content decides which format
/// it is; `name_hint` only appears in messages.
///
/// A panic of a decoder is caught and becomes [`ImageError::DecoderPanicked`] (the panic hook still
/// prints it). Cancelling takes effect within a few megabytes of pixels, except inside a JPEG, which
/// is decoded in one go.
///
/// # Errors
/// When the bytes are no image, or a damaged, incomplete or too large one; see [`ImageError`].
pub fn decode(
    bytes: &[u8],
    name_hint: &str,
    limits: &ImageLimits,
    options: &DecodeOptions,
    cancel: &CancelFlag,
) -> Result<Image, ImageError> {
    let info =
        probe(bytes, name_hint, limits).map_err(|error| complete(error, bytes, name_hint))?;
    cancel.check()?;
    guard(info.format, || {
        let mut source = SourceReader::new(bytes, cancel);
        decode_pixels(bytes, &info, limits, options, cancel, &mut source).map_err(|error| {
            if cancel.is_cancelled() {
                return ImageError::Cancelled(Cancelled);
            }
            match error {
                ImageError::Corrupt { format, reason } if source.hit_end() => {
                    ImageError::Truncated { format, reason }
                }
                ImageError::NeedMoreBytes { .. } => complete(error, bytes, name_hint),
                other => other,
            }
        })
    })
}

/// Runs a decoder, and turns its panic into an error. Nothing that it could have left half done is
/// used afterwards.
pub(in crate::source) fn guard<T>(
    format: ImageFormat,
    decode: impl FnOnce() -> Result<T, ImageError>,
) -> Result<T, ImageError> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("unknown panic")
            .to_owned();
        Err(ImageError::DecoderPanicked { format, message })
    })
}

/// What a wish for more bytes means when there are no more.
pub(in crate::source) fn complete(error: ImageError, bytes: &[u8], name_hint: &str) -> ImageError {
    let ImageError::NeedMoreBytes { at_least } = error else {
        return error;
    };
    match super::probe::sniff(bytes, name_hint) {
        Ok(format) => ImageError::Truncated {
            format,
            reason: format!(
                "its header needs at least {at_least} bytes, but there are {}",
                bytes.len()
            ),
        },
        Err(_) => ImageError::UnknownFormat {
            head: format!("{} bytes only", bytes.len()),
        },
    }
}

fn decode_pixels(
    bytes: &[u8],
    info: &ImageInfo,
    limits: &ImageLimits,
    options: &DecodeOptions,
    cancel: &CancelFlag,
    source: &mut SourceReader<'_>,
) -> Result<Image, ImageError> {
    let format = info.format;
    let convert = |error| convert_error(format, error);
    let limit = |decoder: &mut dyn FnMut(::image::Limits) -> ::image::ImageResult<()>| {
        decoder(limits.for_decoders()).map_err(convert)
    };
    match format {
        ImageFormat::Png => {
            png::check_complete(bytes)?;
            let decoder =
                PngDecoder::with_limits(source, limits.for_decoders()).map_err(convert)?;
            let raster = read(decoder, info, options, cancel)?;
            finish(raster, info, options, cancel)
        }
        ImageFormat::Jpeg => {
            jpeg::check_complete(bytes)?;
            let header = jpeg::probe(bytes)?;
            let mut decoder = JpegDecoder::new(source).map_err(convert)?;
            limit(&mut |limits| decoder.set_limits(limits))?;
            let mut raster = read(decoder, info, options, cancel)?;
            raster.orientation = header.orientation;
            if header.cmyk {
                raster.warnings.push(cmyk_warning(format));
            }
            finish(raster, info, options, cancel)
        }
        ImageFormat::Tga => {
            tga::check_complete(bytes)?;
            let mut decoder = TgaDecoder::new(source).map_err(convert)?;
            limit(&mut |limits| decoder.set_limits(limits))?;
            let mut raster = read(decoder, info, options, cancel)?;
            if !tga::declares_alpha(bytes) {
                raster.drop_unused_alpha(cancel)?;
            }
            finish(raster, info, options, cancel)
        }
        ImageFormat::Bmp => {
            bmp::check_complete(bytes)?;
            let mut decoder = BmpDecoder::new(source).map_err(convert)?;
            limit(&mut |limits| decoder.set_limits(limits))?;
            let mut raster = read(decoder, info, options, cancel)?;
            raster.drop_unused_alpha(cancel)?;
            finish(raster, info, options, cancel)
        }
        ImageFormat::Hdr => {
            radiance::check_complete(bytes)?;
            // Lenient, because the strict mode knows only one of the two signatures. The header has
            // been checked already.
            let mut decoder = HdrDecoder::new_nonstrict(source).map_err(convert)?;
            limit(&mut |limits| decoder.set_limits(limits))?;
            let raster = read(decoder, info, options, cancel)?;
            finish(raster, info, options, cancel)
        }
        ImageFormat::Exr => {
            let header = exr::probe(bytes)?;
            exr::check_complete(bytes, &header)?;
            let texels = exr::decode(&header, source)?;
            let opaque = header.info.channels != super::Channels::Rgba;
            let raster = Raster::new(info, (texels, PixelFormat::Rgba32F, opaque));
            finish(raster, info, options, cancel)
        }
        ImageFormat::Gif => {
            let blocks = gif::check_complete(bytes)?;
            let mut decoder = GifDecoder::new(source).map_err(convert)?;
            limit(&mut |limits| decoder.set_limits(limits))?;
            let mut raster = read(decoder, info, options, cancel)?;
            if blocks.pictures > 1 {
                raster.warnings.push(animation_warning(format));
            }
            finish(raster, info, options, cancel)
        }
        ImageFormat::WebP => {
            let header = webp::probe(bytes)?;
            webp::check_complete(bytes)?;
            let mut decoder = WebPDecoder::new(source).map_err(convert)?;
            limit(&mut |limits| decoder.set_limits(limits))?;
            let mut raster = read(decoder, info, options, cancel)?;
            if header.animated {
                raster.warnings.push(animation_warning(format));
            }
            finish(raster, info, options, cancel)
        }
        ImageFormat::Qoi => {
            qoi::check_complete(bytes)?;
            let decoder = QoiDecoder::new(source).map_err(convert)?;
            let raster = read(decoder, info, options, cancel)?;
            finish(raster, info, options, cancel)
        }
        ImageFormat::Pnm => {
            pnm::check_complete(bytes)?;
            let decoder = PnmDecoder::new(source).map_err(convert)?;
            let raster = read(decoder, info, options, cancel)?;
            finish(raster, info, options, cancel)
        }
        ImageFormat::Tiff => {
            let header = tiff::probe(bytes)?;
            tiff::check_complete(bytes, &header)?;
            let picture = if header.has_palette() {
                let bytes = tiff::with_grey_indices(bytes)?;
                let mut source = SourceReader::new(&bytes, cancel);
                tiff::decode(&header, options, limits, &mut source, cancel)?
            } else {
                tiff::decode(&header, options, limits, source, cancel)?
            };
            let mut raster = Raster::new(info, picture);
            if orient::transposes(header.orientation) {
                (raster.width, raster.height) = (raster.height, raster.width);
            }
            raster.orientation = header.orientation;
            if header.cmyk {
                raster.warnings.push(cmyk_warning(format));
            }
            finish(raster, info, options, cancel)
        }
        ImageFormat::Psd => {
            let header = psd::probe(bytes)?;
            let picture = psd::decode(bytes, &header, options, cancel)?;
            let mut raster = Raster::new(info, picture);
            if header.is_cmyk() {
                raster.warnings.push(cmyk_warning(format));
            }
            finish(raster, info, options, cancel)
        }
        ImageFormat::Dds | ImageFormat::Ktx2 => {
            let stored = StoredTexture::read(bytes, limits, cancel)?;
            let mut image = stored.unpack(0, 0, 0, cancel)?;
            if !options.keep_grey {
                image = image.widened(cancel)?;
            }
            if options.flip_y {
                image = image.with_rows_flipped();
            }
            image.warnings.extend(stored.warnings().iter().cloned());
            Ok(image)
        }
    }
}

fn cmyk_warning(format: ImageFormat) -> Diagnostic {
    Diagnostic::new(
        codes::IMAGE_CMYK,
        format!("the {format} image is CMYK and was converted to RGB without its colour profile"),
    )
}

fn animation_warning(format: ImageFormat) -> Diagnostic {
    Diagnostic::new(
        codes::IMAGE_ANIMATED,
        format!("the {format} image is an animation; only its first picture is read"),
    )
}

/// A picture on its way from the decoder to the image.
struct Raster {
    width: u32,
    height: u32,
    format: PixelFormat,
    opaque: bool,
    texels: Vec<u8>,
    orientation: Orientation,
    warnings: Vec<Diagnostic>,
}

impl Raster {
    /// Texels that came from a decoder of our own, with their format and whether they are opaque.
    fn new(info: &ImageInfo, (texels, format, opaque): (Vec<u8>, PixelFormat, bool)) -> Self {
        Self {
            width: info.width,
            height: info.height,
            format,
            opaque,
            texels,
            orientation: Orientation::NoTransforms,
            warnings: Vec::new(),
        }
    }

    /// Takes a fourth channel that nobody declared, and that is zero everywhere, for what it is:
    /// padding.
    fn drop_unused_alpha(&mut self, cancel: &CancelFlag) -> Result<(), ImageError> {
        if self.format == PixelFormat::Rgba8
            && !self.opaque
            && opaque_if_all_clear(&mut self.texels, cancel)?
        {
            self.opaque = true;
            self.warnings.push(Diagnostic::new(
                codes::IMAGE_ALPHA_IGNORED,
                "the fourth channel is zero everywhere and was taken for padding",
            ));
        }
        Ok(())
    }
}

/// Runs a decoder, and widens its pixels in place.
fn read<D: ImageDecoder>(
    decoder: D,
    info: &ImageInfo,
    options: &DecodeOptions,
    cancel: &CancelFlag,
) -> Result<Raster, ImageError> {
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels != u64::from(info.width) * u64::from(info.height) {
        return Err(ImageError::Corrupt {
            format: info.format,
            reason: format!(
                "its header says {} x {}, its decoder {width} x {height}",
                info.width, info.height
            ),
        });
    }
    let color = decoder.color_type();
    let (widening, format) = match (color, options.keep_grey) {
        (ColorType::L8, true) => (Widen::Keep, PixelFormat::R8),
        (ColorType::L8, false) => (Widen::GreyToRgba, PixelFormat::Rgba8),
        (ColorType::La8, true) => (Widen::Keep, PixelFormat::Rg8),
        (ColorType::La8, false) => (Widen::GreyAlphaToRgba, PixelFormat::Rgba8),
        (ColorType::Rgb8, _) => (Widen::RgbToRgba, PixelFormat::Rgba8),
        (ColorType::Rgba8, _) => (Widen::Keep, PixelFormat::Rgba8),
        (ColorType::L16, true) => (Widen::Keep, PixelFormat::R16),
        (ColorType::L16, false) => (Widen::GreyToRgba, PixelFormat::Rgba16),
        (ColorType::La16, true) => (Widen::Keep, PixelFormat::Rg16),
        (ColorType::La16, false) => (Widen::GreyAlphaToRgba, PixelFormat::Rgba16),
        (ColorType::Rgb16, _) => (Widen::RgbToRgba, PixelFormat::Rgba16),
        (ColorType::Rgba16, _) => (Widen::Keep, PixelFormat::Rgba16),
        (ColorType::Rgb32F, _) => (Widen::RgbToRgba, PixelFormat::Rgba32F),
        (ColorType::Rgba32F, _) => (Widen::Keep, PixelFormat::Rgba32F),
        (other, _) => {
            return Err(ImageError::Unsupported {
                format: info.format.name(),
                feature: format!("pixels of the kind {other:?}"),
            });
        }
    };
    let narrow = decoder.total_bytes();
    let mut texels = allocate(pixels * format.texel_bytes() as u64)?;
    let Some(target) = usize::try_from(narrow)
        .ok()
        .and_then(|len| texels.get_mut(..len))
    else {
        return Err(ImageError::OutOfMemory { bytes: narrow });
    };
    decoder
        .read_image(target)
        .map_err(|error| convert_error(info.format, error))?;
    native_to_little_endian(target, format.depth());
    let pixels = texels.len() / format.texel_bytes();
    match format.depth() {
        Depth::Eight => widen::<1>(&mut texels, pixels, widening, [255], cancel)?,
        Depth::Sixteen => widen::<2>(&mut texels, pixels, widening, [255; 2], cancel)?,
        Depth::Float => {
            widen::<4>(&mut texels, pixels, widening, 1.0f32.to_le_bytes(), cancel)?;
        }
    }
    Ok(Raster {
        width,
        height,
        format,
        opaque: !color.has_alpha(),
        texels,
        orientation: Orientation::NoTransforms,
        warnings: Vec::new(),
    })
}

/// Decoders give numbers in the order of the machine; images are little-endian everywhere.
fn native_to_little_endian(texels: &mut [u8], depth: Depth) {
    if cfg!(target_endian = "big") {
        match depth {
            Depth::Eight => {}
            Depth::Sixteen => texels
                .as_chunks_mut::<2>()
                .0
                .iter_mut()
                .for_each(|b| b.reverse()),
            Depth::Float => texels
                .as_chunks_mut::<4>()
                .0
                .iter_mut()
                .for_each(|b| b.reverse()),
        }
    }
}

/// Repairs, turns and wraps a picture.
fn finish(
    mut raster: Raster,
    info: &ImageInfo,
    options: &DecodeOptions,
    cancel: &CancelFlag,
) -> Result<Image, ImageError> {
    let texel_bytes = raster.format.texel_bytes();
    if raster.orientation != Orientation::NoTransforms {
        raster.texels = orient::turn(
            raster.texels,
            raster.width as usize,
            raster.height as usize,
            texel_bytes,
            raster.orientation,
        )?;
    }
    cancel.check()?;
    if options.flip_y {
        orient::flip_rows(&mut raster.texels, info.width as usize * texel_bytes);
    }
    let mut image = Image::new(info.width, info.height, raster.format, raster.texels)?;
    image.opaque = raster.opaque;
    image.warnings = raster.warnings;
    image.repair(cancel)?;
    Ok(image)
}

fn convert_error(format: ImageFormat, error: ::image::ImageError) -> ImageError {
    use ::image::ImageError as E;
    match error {
        E::Unsupported(error) => ImageError::Unsupported {
            format: format.name(),
            feature: error.to_string(),
        },
        E::Limits(error) => ImageError::Unsupported {
            format: format.name(),
            feature: format!("that much memory to decode ({error})"),
        },
        E::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            ImageError::Truncated {
                format,
                reason: "its data ends inside the picture".to_owned(),
            }
        }
        other => ImageError::Corrupt {
            format,
            reason: other.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_a_decoder_is_an_error_of_its_image() {
        let number = 7;
        let result: Result<(), _> = guard(ImageFormat::Png, || panic!("row {number} is gone"));
        let error = result.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the PNG decoder failed unexpectedly: row 7 is gone"
        );
        assert_eq!(error.code(), Some(codes::IMAGE_DECODER_FAILED));
        assert!(guard(ImageFormat::Png, || Ok(1)).is_ok());
    }
}

//! TIFF (TIFF 6.0 and BigTIFF): the first picture of a file.
//!
//! Grey, RGB, CMYK and YCbCr with or without alpha are read, with 1 to 32 bits per channel, as integers
//! or floats, and palettes of up to 256 colours; in strips or tiles, in all compressions of the crate.

use super::ifd::Directory;
use super::pixels::{Widen, allocate, widen};
use super::probe::array;
use super::reader::SourceReader;
use super::tiff_samples::{Kind, Layout, Palette, collect};
use super::{
    Channels, DecodeOptions, Depth, ImageError, ImageFormat, ImageInfo, ImageLimits, PixelFormat,
    capacity, jpeg,
};
use crate::cook::pace::CancelFlag;
use image::metadata::Orientation;
use tiff::{
    ColorType, TiffError,
    decoder::{Decoder, DecodingResult, Limits},
};

/// Tags of a directory.
mod tag {
    pub(super) const WIDTH: u16 = 256;
    pub(super) const HEIGHT: u16 = 257;
    pub(super) const BITS: u16 = 258;
    pub(super) const COMPRESSION: u16 = 259;
    pub(super) const PHOTOMETRIC: u16 = 262;
    pub(super) const STRIP_OFFSETS: u16 = 273;
    pub(super) const ORIENTATION: u16 = 274;
    pub(super) const SAMPLES: u16 = 277;
    pub(super) const ROWS_PER_STRIP: u16 = 278;
    pub(super) const STRIP_BYTES: u16 = 279;
    pub(super) const COLOR_MAP: u16 = 320;
    pub(super) const TILE_WIDTH: u16 = 322;
    pub(super) const TILE_HEIGHT: u16 = 323;
    pub(super) const TILE_OFFSETS: u16 = 324;
    pub(super) const TILE_BYTES: u16 = 325;
    pub(super) const EXTRA_SAMPLES: u16 = 338;
    pub(super) const SAMPLE_FORMAT: u16 = 339;
}

/// Photometric interpretations.
const BLACK_IS_ZERO: u8 = 1;
const RGB: u64 = 2;
const PALETTE: u64 = 3;
const CMYK: u64 = 5;
const YCBCR: u64 = 6;

/// Compressions.
const NONE: u64 = 1;
const LZW: u64 = 5;
const JPEG: u64 = 7;
const DEFLATE: [u64; 2] = [8, 32946];
const PACK_BITS: u64 = 32773;
/// A kind of extra channel: alpha that the colours are multiplied by already.
const ASSOCIATED_ALPHA: u64 = 1;

/// What is read before the samples.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) info: ImageInfo,
    pub(super) orientation: Orientation,
    pub(super) cmyk: bool,
    premultiplied: bool,
    /// The colours that the samples are numbers of.
    palette: Option<Palette>,
    compression: u64,
    /// The bytes of all samples before they are compressed.
    stored: u64,
    chunks: Chunks,
}

impl Header {
    pub(super) fn has_palette(&self) -> bool {
        self.palette.is_some()
    }
}

/// The strips or tiles.
#[derive(Clone, Debug)]
struct Chunks {
    width: u64,
    height: u64,
    offsets: Vec<u64>,
    bytes: Vec<u64>,
}

fn corrupt(reason: impl Into<String>) -> ImageError {
    ImageError::Corrupt {
        format: ImageFormat::Tiff,
        reason: reason.into(),
    }
}

fn unsupported(feature: impl Into<String>) -> ImageError {
    ImageError::Unsupported {
        format: "TIFF",
        feature: feature.into(),
    }
}

/// Reads the first directory, which may stand anywhere in the file.
pub(super) fn probe(bytes: &[u8]) -> Result<Header, ImageError> {
    let directory = Directory::first(bytes)?;
    let one = |tag, default| {
        directory
            .one(bytes, tag)
            .map(|found| found.unwrap_or(default))
    };
    let need = |tag, name: &str| {
        directory
            .one(bytes, tag)?
            .ok_or_else(|| corrupt(format!("it does not say its {name}")))
    };
    let side = |value: u64| {
        u32::try_from(value)
            .ok()
            .filter(|&value| value > 0)
            .ok_or_else(|| corrupt(format!("a dimension is {value}")))
    };
    let (width, height) = (
        side(need(tag::WIDTH, "width")?)?,
        side(need(tag::HEIGHT, "height")?)?,
    );
    let bits = one(tag::BITS, 1)?;
    let samples = one(tag::SAMPLES, 1)?;
    let format = one(tag::SAMPLE_FORMAT, 1)?;
    let photometric = one(tag::PHOTOMETRIC, 1)?;
    let compression = one(tag::COMPRESSION, 1)?;
    let extra = directory.one(bytes, tag::EXTRA_SAMPLES)?;
    let has_alpha = match photometric {
        0 | 1 => samples == 2,
        RGB => samples >= 4,
        PALETTE => false,
        CMYK => samples >= 5,
        YCBCR => false,
        other => return Err(unsupported(format!("the colour model {other}"))),
    };
    let is_grey = photometric <= 1;
    if samples > 5 || (is_grey && samples > 2) {
        return Err(unsupported(format!("{samples} channels")));
    }
    let palette = if photometric == PALETTE {
        Some(palette(bytes, &directory, bits, samples)?)
    } else {
        None
    };
    let depth = match (format, bits) {
        (1, 1 | 2 | 4) if samples == 1 => Depth::Eight,
        (1, 8) => Depth::Eight,
        (1, 16) => Depth::Sixteen,
        (1, 32) | (3, 16 | 32 | 64) => Depth::Float,
        _ => {
            return Err(unsupported(format!(
                "{bits} bits per channel of the sample format {format}"
            )));
        }
    };
    let code = u8::try_from(one(tag::ORIENTATION, 1)?).unwrap_or_default();
    let orientation = Orientation::from_exif(code).unwrap_or(Orientation::NoTransforms);
    let chunks = chunks(bytes, &directory, width, height)?;
    let pixels = u64::from(width) * u64::from(height);
    let stored = pixels.saturating_mul(samples * bits.max(8) / 8);
    // Samples of fewer than eight bits share bytes; of YCbCr, two of three may be subsampled.
    let packed = if photometric == YCBCR {
        u64::from(width)
    } else {
        (u64::from(width) * samples * bits).div_ceil(8)
    };
    let turning = if orientation == Orientation::NoTransforms {
        0
    } else {
        pixels.saturating_mul(16)
    };
    let (mut w, mut h) = (width, height);
    if super::orient::transposes(orientation) {
        (w, h) = (h, w);
    }
    Ok(Header {
        info: ImageInfo {
            format: ImageFormat::Tiff,
            width: w,
            height: h,
            channels: match (is_grey, has_alpha) {
                (true, false) => Channels::Grey,
                (true, true) => Channels::GreyAlpha,
                (false, false) => Channels::Rgb,
                (false, true) => Channels::Rgba,
            },
            depth,
            // The samples as they are stored, a chunk under way, and the lists of chunks.
            decoder_bytes: stored
                .saturating_mul(2)
                .saturating_add(turning)
                .saturating_add(chunks.offsets.len() as u64 * 32)
                .saturating_add(1 << 20),
        },
        orientation,
        cmyk: photometric == CMYK,
        premultiplied: has_alpha && extra == Some(ASSOCIATED_ALPHA),
        palette,
        compression,
        stored: packed.saturating_mul(height.into()),
        chunks,
    })
}

/// Reads the colours of a palette (TIFF 6.0, section 5): all reds, all greens, all blues.
fn palette(
    bytes: &[u8],
    directory: &Directory,
    bits: u64,
    samples: u64,
) -> Result<Palette, ImageError> {
    if samples != 1 || !matches!(bits, 1 | 2 | 4 | 8) {
        return Err(unsupported(format!(
            "a palette for {samples} channels of {bits} bits"
        )));
    }
    let map = directory
        .all(bytes, tag::COLOR_MAP)?
        .ok_or_else(|| corrupt("it has no palette"))?;
    Palette::new(&map, 1 << bits).ok_or_else(|| {
        corrupt(format!(
            "its palette has {} values instead of {}",
            map.len(),
            3 << bits
        ))
    })
}

fn chunks(
    bytes: &[u8],
    directory: &Directory,
    width: u32,
    height: u32,
) -> Result<Chunks, ImageError> {
    let list = |tag| directory.all(bytes, tag);
    let chunks = if let Some(offsets) = list(tag::STRIP_OFFSETS)? {
        let rows = directory
            .one(bytes, tag::ROWS_PER_STRIP)?
            .unwrap_or(height.into());
        Chunks {
            width: width.into(),
            height: rows.min(height.into()),
            offsets,
            bytes: list(tag::STRIP_BYTES)?.unwrap_or_default(),
        }
    } else if let Some(offsets) = list(tag::TILE_OFFSETS)? {
        let side = |tag| directory.one(bytes, tag).map(Option::unwrap_or_default);
        let (tile_width, tile_height) = (side(tag::TILE_WIDTH)?, side(tag::TILE_HEIGHT)?);
        // Tiles are padded to a size of their own; one that is much larger than the picture is none.
        let fits = |tile: u64, side: u32| tile <= u64::from(side).next_multiple_of(4096);
        if !fits(tile_width, width) || !fits(tile_height, height) {
            return Err(corrupt(format!(
                "its tiles of {tile_width} x {tile_height} are larger than the picture"
            )));
        }
        Chunks {
            width: tile_width,
            height: tile_height,
            offsets,
            bytes: list(tag::TILE_BYTES)?.unwrap_or_default(),
        }
    } else {
        return Err(corrupt("it has neither strips nor tiles"));
    };
    if chunks.offsets.len() != chunks.bytes.len() || chunks.width == 0 || chunks.height == 0 {
        return Err(corrupt(
            "its lists of strips or tiles contradict each other",
        ));
    }
    Ok(chunks)
}

/// Checks that every strip or tile lies inside the file, that none of them claims to be larger than it
/// is, and that together they can hold the picture.
pub(super) fn check_complete(bytes: &[u8], header: &Header) -> Result<(), ImageError> {
    let chunks = &header.chunks;
    let most = match header.compression {
        NONE => Some(1),
        LZW => Some(capacity::LZW),
        PACK_BITS => Some(capacity::PACK_BITS),
        other if DEFLATE.contains(&other) => Some(capacity::DEFLATE),
        // Fax codes and JPEG have best cases of their own, which the decoder looks after.
        _ => None,
    };
    if let Some(most) = most {
        let data = chunks
            .bytes
            .iter()
            .fold(0, |sum: u64, &len| sum.saturating_add(len));
        capacity::check(ImageFormat::Tiff, data, most, header.stored)?;
    }
    for (&offset, &len) in chunks.offsets.iter().zip(&chunks.bytes) {
        let end = offset.saturating_add(len);
        if end > bytes.len() as u64 {
            return Err(ImageError::Truncated {
                format: ImageFormat::Tiff,
                reason: format!(
                    "its strip or tile of {len} bytes at {offset} ends beyond its {} bytes",
                    bytes.len()
                ),
            });
        }
        if header.compression == JPEG
            && let Ok(inner) = jpeg::probe(&bytes[offset as usize..end as usize])
            && (u64::from(inner.info.width) > chunks.width.next_multiple_of(64)
                || u64::from(inner.info.height) > chunks.height.next_multiple_of(64))
        {
            return Err(corrupt("a JPEG in it is larger than its strip or tile"));
        }
    }
    Ok(())
}

/// The file with its palette declared to be grey: the decoder refuses palettes, and the numbers of
/// colours are what it calls grey.
pub(super) fn with_grey_indices(bytes: &[u8]) -> Result<Vec<u8>, ImageError> {
    let mut copy = bytes.to_vec();
    Directory::first(bytes)?.replace(&mut copy, tag::PHOTOMETRIC, BLACK_IS_ZERO);
    Ok(copy)
}

/// Decodes the picture; says in which format its texels are, and whether they are opaque. If it has a
/// palette, `source` is the file [with grey indices](with_grey_indices).
pub(super) fn decode(
    header: &Header,
    options: &DecodeOptions,
    limits: &ImageLimits,
    source: &mut SourceReader<'_>,
    cancel: &CancelFlag,
) -> Result<(Vec<u8>, PixelFormat, bool), ImageError> {
    let len = source.len();
    let mut decoder = Decoder::new(source).map_err(convert)?;
    let mut allowed = Limits::default();
    allowed.decoding_buffer_size = usize::try_from(limits.max_decoded_bytes).unwrap_or(usize::MAX);
    allowed.intermediate_buffer_size = len;
    allowed.ifd_value_size = len;
    decoder = decoder.with_limits(allowed);
    let (width, height) = decoder.dimensions().map_err(convert)?;
    let color = decoder.colortype().map_err(convert)?;
    let kind = match color {
        ColorType::Gray(_) => Kind::Grey,
        ColorType::Multiband { num_samples: 2, .. } => Kind::GreyAlpha,
        ColorType::RGB(_) => Kind::Rgb,
        ColorType::RGBA(_) => Kind::Rgba,
        ColorType::CMYK(_) => Kind::Cmyk,
        ColorType::CMYKA(_) => Kind::CmykAlpha,
        ColorType::YCbCr(_) => Kind::YCbCr,
        other => return Err(unsupported(format!("pixels of the kind {other:?}"))),
    };
    let mut samples = DecodingResult::U8(Vec::new());
    let planes = decoder
        .read_image_to_buffer(&mut samples)
        .map_err(convert)?;
    cancel.check()?;
    let layout = Layout {
        width: width as usize,
        height: height as usize,
        kind,
        bits: color.bit_depth(),
        row_stride: planes.row_stride.map_or(0, std::num::NonZero::get),
        plane_stride: planes
            .plane_stride
            .map(std::num::NonZero::get)
            .filter(|_| planes.planes > 1),
    };
    if let Some(palette) = &header.palette {
        let texels = palette.texels(samples, &layout, cancel)?;
        return Ok((texels, PixelFormat::Rgba8, true));
    }
    let (narrow, depth) = collect(samples, &layout, header.premultiplied, cancel)?;
    let (widening, format) = match (kind.channels(), depth, options.keep_grey) {
        (1, Depth::Eight, true) => (Widen::Keep, PixelFormat::R8),
        (1, Depth::Sixteen, true) => (Widen::Keep, PixelFormat::R16),
        (2, Depth::Eight, true) => (Widen::Keep, PixelFormat::Rg8),
        (2, Depth::Sixteen, true) => (Widen::Keep, PixelFormat::Rg16),
        (channels, depth, _) => (
            match channels {
                1 => Widen::GreyToRgba,
                2 => Widen::GreyAlphaToRgba,
                3 => Widen::RgbToRgba,
                _ => Widen::Keep,
            },
            match depth {
                Depth::Eight => PixelFormat::Rgba8,
                Depth::Sixteen => PixelFormat::Rgba16,
                Depth::Float => PixelFormat::Rgba32F,
            },
        ),
    };
    let opaque = !kind.has_alpha();
    if widening == Widen::Keep {
        return Ok((narrow, format, opaque));
    }
    let pixels = layout.width * layout.height;
    let mut texels = allocate(pixels as u64 * format.texel_bytes() as u64)?;
    texels[..narrow.len()].copy_from_slice(&narrow);
    drop(narrow);
    match depth {
        Depth::Eight => widen::<1>(&mut texels, pixels, widening, [255], cancel)?,
        Depth::Sixteen => widen::<2>(&mut texels, pixels, widening, [255; 2], cancel)?,
        Depth::Float => {
            widen::<4>(&mut texels, pixels, widening, 1.0f32.to_le_bytes(), cancel)?;
        }
    }
    Ok((texels, format, opaque))
}

fn convert(error: TiffError) -> ImageError {
    match error {
        TiffError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            ImageError::Truncated {
                format: ImageFormat::Tiff,
                reason: "its data ends inside the picture".to_owned(),
            }
        }
        TiffError::UnsupportedError(error) => unsupported(error.to_string()),
        TiffError::LimitsExceeded => unsupported("that much memory to decode"),
        other => corrupt(other.to_string()),
    }
}

/// The signature, the byte order and the place of the first directory.
pub(super) fn byte_order(bytes: &[u8]) -> Result<(bool, bool), ImageError> {
    let [a, b, c, d] = array(bytes, 0)?;
    match (&[a, b], [c, d]) {
        (b"II", [42, 0]) => Ok((true, false)),
        (b"MM", [0, 42]) => Ok((false, false)),
        (b"II", [43, 0]) => Ok((true, true)),
        (b"MM", [0, 43]) => Ok((false, true)),
        _ => Err(corrupt("its signature is wrong")),
    }
}

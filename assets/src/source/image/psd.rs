//! Photoshop documents (PSD and PSB): the merged picture that is stored beside the layers.
//!
//! No crate was found that reads it safely and right, and it is simple: planes of samples, plain or
//! run-length coded by rows. If the document has transparency, its colours are blended with white.

use super::pixels::allocate;
use super::probe::{array, field};
use super::{Channels, DecodeOptions, Depth, ImageError, ImageFormat, ImageInfo, PixelFormat};
use crate::cook::pace::CancelFlag;

pub(super) const SIGNATURE: [u8; 4] = *b"8BPS";
const HEADER_BYTES: usize = 26;

/// The colour modes that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Grey,
    Rgb,
    Cmyk,
}

impl Mode {
    /// The channels of the mode, alpha not counted.
    fn channels(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb => 3,
            Self::Cmyk => 4,
        }
    }
}

/// What is read before the samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) info: ImageInfo,
    /// The large variant, with longer lengths.
    large: bool,
    mode: Mode,
    channels: usize,
    bits: u16,
}

fn corrupt(reason: impl Into<String>) -> ImageError {
    ImageError::Corrupt {
        format: ImageFormat::Psd,
        reason: reason.into(),
    }
}

fn unsupported(feature: impl Into<String>) -> ImageError {
    ImageError::Unsupported {
        format: "Photoshop",
        feature: feature.into(),
    }
}

impl Header {
    fn has_alpha(&self) -> bool {
        self.channels > self.mode.channels()
    }

    pub(super) fn is_cmyk(&self) -> bool {
        self.mode == Mode::Cmyk
    }

    fn row_bytes(&self) -> usize {
        self.info.width as usize * usize::from(self.bits / 8)
    }
}

/// Reads the header.
pub(super) fn probe(bytes: &[u8]) -> Result<Header, ImageError> {
    let _: [u8; HEADER_BYTES] = array(bytes, 0)?;
    let short = |offset| Ok::<_, ImageError>(u16::from_be_bytes(array(bytes, offset)?));
    let (version, channels, bits, mode) = (short(4)?, short(12)?, short(22)?, short(24)?);
    let (height, width) = (
        u32::from_be_bytes(array(bytes, 14)?),
        u32::from_be_bytes(array(bytes, 18)?),
    );
    if !matches!(version, 1 | 2) {
        return Err(corrupt(format!("its version is {version}")));
    }
    if width == 0 || height == 0 {
        return Err(corrupt(format!("its dimensions are {width} x {height}")));
    }
    let mode = match mode {
        1 => Mode::Grey,
        3 => Mode::Rgb,
        4 => Mode::Cmyk,
        0 => return Err(unsupported("the colour mode Bitmap")),
        2 => return Err(unsupported("the colour mode Indexed")),
        7 => return Err(unsupported("the colour mode Multichannel")),
        8 => return Err(unsupported("the colour mode Duotone")),
        9 => return Err(unsupported("the colour mode Lab")),
        other => return Err(corrupt(format!("its colour mode is {other}"))),
    };
    let depth = match bits {
        8 => Depth::Eight,
        16 => Depth::Sixteen,
        32 => Depth::Float,
        other => return Err(unsupported(format!("{other} bits per channel"))),
    };
    let channels = usize::from(channels);
    if channels < mode.channels() || channels > 56 {
        return Err(corrupt(format!("it has {channels} channels")));
    }
    let header = Header {
        info: ImageInfo {
            format: ImageFormat::Psd,
            width,
            height,
            channels: match (mode, channels > mode.channels()) {
                (Mode::Grey, false) => Channels::Grey,
                (Mode::Grey, true) => Channels::GreyAlpha,
                (_, false) => Channels::Rgb,
                (_, true) => Channels::Rgba,
            },
            depth,
            decoder_bytes: 1 << 20,
        },
        large: version == 2,
        mode,
        channels,
        bits,
    };
    // Each plane is collected beside the pixels.
    let plane = u64::from(width) * u64::from(height) * u64::from(bits / 8);
    let planes = plane.saturating_mul(mode.channels() as u64 + 1);
    Ok(Header {
        info: ImageInfo {
            decoder_bytes: planes.saturating_add(1 << 20),
            ..header.info
        },
        ..header
    })
}

fn truncated(bytes: &[u8], what: &str) -> ImageError {
    ImageError::Truncated {
        format: ImageFormat::Psd,
        reason: format!("{what} is missing behind its {} bytes", bytes.len()),
    }
}

/// Skips a section, and gives its content and the offset behind it.
fn section(bytes: &[u8], offset: usize, long: bool) -> Result<(&[u8], usize), ImageError> {
    let (len, start) = if long {
        (u64::from_be_bytes(array(bytes, offset)?), offset + 8)
    } else {
        let len = u32::from_be_bytes(array(bytes, offset)?);
        (u64::from(len), offset + 4)
    };
    let len = usize::try_from(len).map_err(|_| corrupt("a section is larger than memory"))?;
    Ok((field(bytes, start, len)?, start.saturating_add(len)))
}

/// Where the samples are, and whether the first alpha channel is the transparency of the document.
fn picture(bytes: &[u8], large: bool) -> Result<(usize, bool), ImageError> {
    let (_, offset) = section(bytes, HEADER_BYTES, false)?;
    let (_, offset) = section(bytes, offset, false)?;
    let (layers, offset) = section(bytes, offset, large)?;
    // The number of layers stands behind the length of their part. A negative one says that there is
    // a transparency.
    let count = layers.get(if large { 8.. } else { 4.. });
    let count = count.and_then(|rest| rest.first_chunk().copied());
    let transparent = count.is_some_and(|count| i16::from_be_bytes(count) < 0);
    Ok((offset, transparent))
}

/// Decodes the picture; says in which format its texels are.
pub(super) fn decode(
    bytes: &[u8],
    header: &Header,
    options: &DecodeOptions,
    cancel: &CancelFlag,
) -> Result<(Vec<u8>, PixelFormat, bool), ImageError> {
    let (offset, transparent) =
        picture(bytes, header.large).map_err(|_| truncated(bytes, "a section"))?;
    let compression: [u8; 2] = array(bytes, offset).map_err(|_| truncated(bytes, "the picture"))?;
    let used = header.mode.channels() + usize::from(header.has_alpha());
    let planes = match u16::from_be_bytes(compression) {
        0 => plain(bytes, offset + 2, header, used, cancel)?,
        1 => runs(bytes, offset + 2, header, used, cancel)?,
        2 | 3 => return Err(unsupported("a ZIP-compressed merged picture")),
        other => return Err(corrupt(format!("its compression is {other}"))),
    };
    let grey = header.mode == Mode::Grey && options.keep_grey && header.bits < 32;
    let format = match (grey, header.has_alpha(), header.info.depth) {
        (true, false, Depth::Eight) => PixelFormat::R8,
        (true, true, Depth::Eight) => PixelFormat::Rg8,
        (true, false, _) => PixelFormat::R16,
        (true, true, _) => PixelFormat::Rg16,
        (false, _, Depth::Eight) => PixelFormat::Rgba8,
        (false, _, Depth::Sixteen) => PixelFormat::Rgba16,
        (false, _, Depth::Float) => PixelFormat::Rgba32F,
    };
    let pixels = u64::from(header.info.width) * u64::from(header.info.height);
    let mut texels = allocate(pixels * format.texel_bytes() as u64)?;
    let blended = transparent && header.has_alpha();
    let opaque = !header.has_alpha();
    match header.bits {
        8 => interleave(
            &planes,
            header,
            format,
            blended,
            &mut texels,
            cancel,
            &Eight,
        )?,
        16 => interleave(
            &planes,
            header,
            format,
            blended,
            &mut texels,
            cancel,
            &Sixteen,
        )?,
        _ => interleave(
            &planes,
            header,
            format,
            blended,
            &mut texels,
            cancel,
            &Float,
        )?,
    }
    Ok((texels, format, opaque))
}

/// The planes as they are.
fn plain(
    bytes: &[u8],
    offset: usize,
    header: &Header,
    used: usize,
    cancel: &CancelFlag,
) -> Result<Vec<u8>, ImageError> {
    cancel.check()?;
    let plane = header.row_bytes() as u64 * u64::from(header.info.height);
    let len = usize::try_from(plane * used as u64).map_err(|_| truncated(bytes, "a plane"))?;
    let samples =
        field(bytes, offset, len).map_err(|_| truncated(bytes, "a part of its samples"))?;
    let mut planes = allocate(len as u64)?;
    planes.copy_from_slice(samples);
    Ok(planes)
}

/// Run-length coded rows (`PackBits`), whose lengths stand before all of them.
fn runs(
    bytes: &[u8],
    offset: usize,
    header: &Header,
    used: usize,
    cancel: &CancelFlag,
) -> Result<Vec<u8>, ImageError> {
    let height = header.info.height as usize;
    let (row_bytes, length_bytes) = (header.row_bytes(), if header.large { 4 } else { 2 });
    let table_bytes = height
        .saturating_mul(header.channels)
        .saturating_mul(length_bytes);
    let table = field(bytes, offset, table_bytes)
        .map_err(|_| truncated(bytes, "the lengths of its rows"))?;
    let mut at = offset + table_bytes;
    let mut planes = allocate(row_bytes as u64 * height as u64 * used as u64)?;
    let lengths = table.chunks_exact(length_bytes);
    for (row, len) in planes.chunks_exact_mut(row_bytes).zip(lengths) {
        cancel.check()?;
        let len = len
            .iter()
            .fold(0usize, |len, &byte| len << 8 | usize::from(byte));
        let packed = field(bytes, at, len).map_err(|_| truncated(bytes, "a row"))?;
        at += len;
        unpack_row(packed, row)?;
    }
    Ok(planes)
}

/// Unpacks one row, which must be filled.
fn unpack_row(mut packed: &[u8], row: &mut [u8]) -> Result<(), ImageError> {
    let wrong = || corrupt("a row is not what its length says");
    let mut x = 0;
    while x < row.len() {
        let (&code, rest) = packed.split_first().ok_or_else(wrong)?;
        packed = rest;
        match code {
            0..=127 => {
                let len = usize::from(code) + 1;
                let (values, rest) = packed.split_at_checked(len).ok_or_else(wrong)?;
                row.get_mut(x..x + len)
                    .ok_or_else(wrong)?
                    .copy_from_slice(values);
                (packed, x) = (rest, x + len);
            }
            128 => {}
            129.. => {
                let len = 257 - usize::from(code);
                let (&value, rest) = packed.split_first().ok_or_else(wrong)?;
                row.get_mut(x..x + len).ok_or_else(wrong)?.fill(value);
                (packed, x) = (rest, x + len);
            }
        }
    }
    Ok(())
}

/// One sample: how it is read from a plane, and how a channel is stored.
trait Sample {
    /// Its size.
    const BYTES: usize;
    /// As a number; integers from 0 to 1.
    fn read(&self, bytes: &[u8]) -> f32;
    /// Back, in the order of the machine that reads images.
    fn write(&self, value: f32, out: &mut [u8]);
    /// From the file to the image without a change.
    fn keep(&self, bytes: &[u8], out: &mut [u8]) {
        for (out, byte) in out.iter_mut().zip(bytes.iter().rev()) {
            *out = *byte;
        }
    }
}

struct Eight;
struct Sixteen;
struct Float;

impl Sample for Eight {
    const BYTES: usize = 1;
    fn read(&self, bytes: &[u8]) -> f32 {
        f32::from(bytes[0]) / 255.0
    }
    fn write(&self, value: f32, out: &mut [u8]) {
        out[0] = (value * 255.0).round() as u8;
    }
}

impl Sample for Sixteen {
    const BYTES: usize = 2;
    fn read(&self, bytes: &[u8]) -> f32 {
        f32::from(u16::from_be_bytes([bytes[0], bytes[1]])) / 65535.0
    }
    fn write(&self, value: f32, out: &mut [u8]) {
        out.copy_from_slice(&((value * 65535.0).round() as u16).to_le_bytes());
    }
}

impl Sample for Float {
    const BYTES: usize = 4;
    fn read(&self, bytes: &[u8]) -> f32 {
        f32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    }
    fn write(&self, value: f32, out: &mut [u8]) {
        out.copy_from_slice(&value.to_le_bytes());
    }
}

/// Makes texels of planes.
fn interleave<S: Sample>(
    planes: &[u8],
    header: &Header,
    format: PixelFormat,
    blended: bool,
    texels: &mut [u8],
    cancel: &CancelFlag,
    sample: &S,
) -> Result<(), ImageError> {
    let (mode, alpha) = (header.mode, header.has_alpha());
    let colors = mode.channels();
    let plane = header.row_bytes() * header.info.height as usize;
    let at = |channel: usize, i: usize| {
        let start = channel * plane + i * S::BYTES;
        &planes[start..start + S::BYTES]
    };
    let texel_bytes = format.texel_bytes();
    for (i, texel) in texels.chunks_exact_mut(texel_bytes).enumerate() {
        if i % (1 << 16) == 0 {
            cancel.check()?;
        }
        let transparency = if alpha {
            sample.read(at(colors, i))
        } else {
            1.0
        };
        // Blended with white: what is left of a colour is `c = alpha * c + 1 - alpha`.
        let converts = mode == Mode::Cmyk || (blended && transparency > 0.0 && transparency < 1.0);
        let channels = texel.chunks_exact_mut(S::BYTES).enumerate();
        for (channel, out) in channels {
            let is_alpha = channel == 3 || (format.is_grey() && channel == 1);
            if is_alpha {
                if alpha {
                    sample.keep(at(colors, i), out);
                } else {
                    sample.write(1.0, out);
                }
            } else if converts {
                let value = if mode == Mode::Cmyk {
                    // Inks are stored inverted.
                    sample.read(at(channel, i)) * sample.read(at(3, i))
                } else {
                    sample.read(at(channel.min(colors - 1), i))
                };
                let value = if blended && transparency > 0.0 {
                    ((value - (1.0 - transparency)) / transparency).max(0.0)
                } else {
                    value
                };
                sample.write(value, out);
            } else {
                sample.keep(at(channel.min(colors - 1), i), out);
            }
        }
    }
    Ok(())
}

//! The samples of a TIFF, from the arrangement of the file to tight channels.

use super::pixels::allocate;
use super::{Depth, ImageError, ImageFormat};
use crate::cook::pace::CancelFlag;
use tiff::decoder::DecodingResult;

/// What the samples of a pixel are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Grey,
    GreyAlpha,
    Rgb,
    Rgba,
    Cmyk,
    CmykAlpha,
    YCbCr,
}

impl Kind {
    /// Samples in the file.
    fn samples(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::GreyAlpha => 2,
            Self::Rgb | Self::YCbCr => 3,
            Self::Rgba | Self::Cmyk => 4,
            Self::CmykAlpha => 5,
        }
    }

    /// Channels that come out.
    pub(super) fn channels(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::GreyAlpha => 2,
            Self::Rgb | Self::YCbCr | Self::Cmyk => 3,
            Self::Rgba | Self::CmykAlpha => 4,
        }
    }

    pub(super) fn has_alpha(self) -> bool {
        matches!(self, Self::GreyAlpha | Self::Rgba | Self::CmykAlpha)
    }
}

/// How the samples lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) kind: Kind,
    pub(super) bits: u8,
    /// Bytes from one row to the next.
    pub(super) row_stride: usize,
    /// Bytes from one channel to the next, if each has a plane of its own.
    pub(super) plane_stride: Option<usize>,
}

fn wrong(reason: &str) -> ImageError {
    ImageError::Corrupt {
        format: ImageFormat::Tiff,
        reason: reason.to_owned(),
    }
}

/// Collects samples into tight little-endian channels: 8-bit, 16-bit or float.
pub(super) fn collect(
    samples: DecodingResult,
    layout: &Layout,
    premultiplied: bool,
    cancel: &CancelFlag,
) -> Result<(Vec<u8>, Depth), ImageError> {
    match samples {
        DecodingResult::U8(samples) if layout.bits < 8 => {
            Ok((expand_bits(&samples, layout)?, Depth::Eight))
        }
        DecodingResult::U8(samples) => gather(
            &samples,
            layout,
            premultiplied,
            cancel,
            255.0,
            |&v| f32::from(v),
            |v| [(v * 255.0).round() as u8],
            |&v| [v],
        )
        .map(|bytes| (bytes, Depth::Eight)),
        DecodingResult::U16(samples) => gather(
            &samples,
            layout,
            premultiplied,
            cancel,
            65535.0,
            |&v| f32::from(v),
            |v| ((v * 65535.0).round() as u16).to_le_bytes(),
            |&v| v.to_le_bytes(),
        )
        .map(|bytes| (bytes, Depth::Sixteen)),
        DecodingResult::U32(samples) => floats(&samples, layout, premultiplied, cancel, |&v| {
            (f64::from(v) / f64::from(u32::MAX)) as f32
        }),
        DecodingResult::F16(samples) => {
            floats(&samples, layout, premultiplied, cancel, |v| v.to_f32())
        }
        DecodingResult::F32(samples) => floats(&samples, layout, premultiplied, cancel, |&v| v),
        DecodingResult::F64(samples) => {
            floats(&samples, layout, premultiplied, cancel, |&v| v as f32)
        }
        _ => Err(ImageError::Unsupported {
            format: "TIFF",
            feature: "signed integers".to_owned(),
        }),
    }
}

fn floats<T: Copy>(
    samples: &[T],
    layout: &Layout,
    premultiplied: bool,
    cancel: &CancelFlag,
    number: impl Fn(&T) -> f32 + Copy,
) -> Result<(Vec<u8>, Depth), ImageError> {
    let bytes = gather(
        samples,
        layout,
        premultiplied,
        cancel,
        1.0,
        number,
        f32::to_le_bytes,
        move |value| number(value).to_le_bytes(),
    )?;
    Ok((bytes, Depth::Float))
}

/// Rows of 1, 2 or 4 bits, the highest first, as parts of 255.
fn expand_bits(samples: &[u8], layout: &Layout) -> Result<Vec<u8>, ImageError> {
    let max = (1usize << layout.bits) - 1;
    let mut out = allocate((layout.width * layout.height) as u64)?;
    for (y, out) in out.chunks_exact_mut(layout.width).enumerate() {
        let row = PackedRow::new(samples, layout, y)?;
        for (x, value) in out.iter_mut().enumerate() {
            *value = (row.sample(x) * 255 / max) as u8;
        }
    }
    Ok(out)
}

/// A row of samples with up to 8 bits, the highest first.
struct PackedRow<'a> {
    bytes: &'a [u8],
    bits: usize,
}

impl<'a> PackedRow<'a> {
    /// Row `y`, which must be there as a whole.
    fn new(samples: &'a [u8], layout: &Layout, y: usize) -> Result<Self, ImageError> {
        let bits = usize::from(layout.bits);
        let row = (layout.width * bits).div_ceil(8);
        let start = y * row.max(layout.row_stride);
        let bytes = samples.get(start..start + row).ok_or_else(short)?;
        Ok(Self { bytes, bits })
    }

    fn sample(&self, x: usize) -> usize {
        let at = x * self.bits;
        let shift = 8 - self.bits - at % 8;
        usize::from(self.bytes[at / 8]) >> shift & ((1 << self.bits) - 1)
    }
}

/// The colours that samples are numbers of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Palette(Vec<[u8; 4]>);

impl Palette {
    /// Takes `entries` reds, greens and blues of 16 bits. Where none is larger than 255 they are meant
    /// as 8 bits: many writers forget the scale.
    pub(super) fn new(map: &[u64], entries: usize) -> Option<Self> {
        if map.len() != entries * 3 {
            return None;
        }
        let narrow = map.iter().all(|&value| value < 256);
        let channel = |value: u64| {
            if narrow {
                value as u8
            } else {
                ((value.min(65535) * 255 + 32767) / 65535) as u8
            }
        };
        let color = |i: usize| [map[i], map[entries + i], map[2 * entries + i]].map(channel);
        let colors = (0..entries).map(color).map(|[r, g, b]| [r, g, b, 255]);
        Some(Self(colors.collect()))
    }

    /// The colours of a picture. There is one for every number that the samples can be.
    pub(super) fn texels(
        &self,
        samples: DecodingResult,
        layout: &Layout,
        cancel: &CancelFlag,
    ) -> Result<Vec<u8>, ImageError> {
        let DecodingResult::U8(samples) = samples else {
            return Err(wrong("its palette is numbered in more than 8 bits"));
        };
        let mut out = allocate((layout.width * layout.height) as u64 * 4)?;
        for (y, texels) in out.chunks_exact_mut(layout.width * 4).enumerate() {
            cancel.check()?;
            let row = PackedRow::new(&samples, layout, y)?;
            for (x, texel) in texels.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                *texel = self.0.get(row.sample(x)).copied().unwrap_or_default();
            }
        }
        Ok(out)
    }
}

fn short() -> ImageError {
    wrong("it has fewer samples than pixels")
}

/// Gathers the samples of every pixel, converts colour models, and divides colours by their alpha if
/// they are multiplied by it.
#[expect(
    clippy::too_many_arguments,
    reason = "the ways from and to one number go together"
)]
fn gather<T: Copy, const N: usize>(
    samples: &[T],
    layout: &Layout,
    premultiplied: bool,
    cancel: &CancelFlag,
    one: f32,
    number: impl Fn(&T) -> f32,
    store: impl Fn(f32) -> [u8; N],
    keep: impl Fn(&T) -> [u8; N],
) -> Result<Vec<u8>, ImageError> {
    let (kind, channels) = (layout.kind, layout.kind.channels());
    let in_file = kind.samples();
    let pixels = layout.width * layout.height;
    if samples.len() < pixels * in_file {
        return Err(short());
    }
    let plain = !premultiplied && in_file == channels && kind != Kind::YCbCr;
    let size = size_of::<T>();
    let plane = layout
        .plane_stride
        .filter(|_| in_file > 1)
        .map(|bytes| bytes / size);
    let mut out = allocate((pixels * channels * N) as u64)?;
    for (y, row) in out
        .chunks_exact_mut(layout.width * channels * N)
        .enumerate()
    {
        cancel.check()?;
        for (x, pixel) in row.chunks_exact_mut(channels * N).enumerate() {
            let index = y * layout.width + x;
            let sample = |channel: usize| {
                let at = match plane {
                    Some(stride) => channel * stride + index,
                    None => index * in_file + channel,
                };
                samples.get(at).ok_or_else(short)
            };
            if plain {
                for (channel, bytes) in pixel.as_chunks_mut::<N>().0.iter_mut().enumerate() {
                    *bytes = keep(sample(channel)?);
                }
                continue;
            }
            let mut values = [0.0f32; 5];
            for (channel, value) in values.iter_mut().enumerate().take(in_file) {
                *value = number(sample(channel)?) / one;
            }
            let values = convert(kind, values, premultiplied);
            for (bytes, value) in pixel.as_chunks_mut::<N>().0.iter_mut().zip(values) {
                *bytes = store(value);
            }
        }
    }
    Ok(out)
}

/// The channels of a pixel in RGB.
fn convert(kind: Kind, values: [f32; 5], premultiplied: bool) -> [f32; 4] {
    let [a, b, c, d, e] = values;
    let mut out = match kind {
        Kind::Cmyk | Kind::CmykAlpha => {
            let ink = |v: f32| (1.0 - v) * (1.0 - d);
            [ink(a), ink(b), ink(c), e]
        }
        Kind::YCbCr => {
            // ITU-R BT.601, full range, as JPEG has it.
            let (cb, cr) = (b - 128.0 / 255.0, c - 128.0 / 255.0);
            [
                a + 1.402 * cr,
                a - 0.344_136 * cb - 0.714_136 * cr,
                a + 1.772 * cb,
                0.0,
            ]
            .map(|v: f32| v.clamp(0.0, 1.0))
        }
        _ => [a, b, c, d],
    };
    if premultiplied {
        let (alpha, colors) = match kind {
            Kind::GreyAlpha => (b, 1),
            Kind::CmykAlpha => (e, 3),
            _ => (d, 3),
        };
        if alpha > 0.0 {
            for color in &mut out[..colors] {
                *color /= alpha;
            }
        }
    }
    out
}

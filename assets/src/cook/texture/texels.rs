//! Between stored texels and working rows.
//!
//! A working row is a row of floating-point RGBA: what a filter averages. Reading converts from the
//! space of the source to that of the row, writing from there to the space of the output.

use super::maths::{exp2, linear_to_srgb, srgb_to_linear};
use super::transfer::{Srgb8Encoder, linear_of_srgb8, signal_of_linear8, unorm8};
use crate::cook::pace::{Cancelled, Pace};
use crate::settings::texture::{ColorSpace, OutputFormat};
use crate::source::image::PixelFormat;
use half::f16;

/// The largest half float.
pub(super) const LARGEST_HALF: f32 = 65504.0;

/// The conversion of a colour channel from one space to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    Identity,
    /// sRGB signal to linear light.
    Decode,
    /// Linear light to sRGB signal.
    Encode,
}

impl Curve {
    pub(super) fn between(from: ColorSpace, to: ColorSpace) -> Self {
        match (from, to) {
            (ColorSpace::SRGB, ColorSpace::Linear) => Self::Decode,
            (ColorSpace::Linear, ColorSpace::SRGB) => Self::Encode,
            _ => Self::Identity,
        }
    }

    /// The conversion itself; exact and slow.
    fn apply(self, value: f32) -> f32 {
        match self {
            Self::Identity => value,
            Self::Decode => srgb_to_linear(f64::from(value)) as f32,
            Self::Encode => linear_to_srgb(f64::from(value)) as f32,
        }
    }
}

/// Exposure and a filmic curve, from light of any strength to 0..=1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ToneMap {
    scale: f32,
}

impl ToneMap {
    /// `exposure_ev` in stops.
    pub(super) fn new(exposure_ev: f32) -> Self {
        Self {
            scale: exp2(f64::from(exposure_ev)) as f32,
        }
    }

    /// Narkowicz's fit of the ACES curve: `x (2.51 x + 0.03) / (x (2.43 x + 0.59) + 0.14)`.
    fn apply(self, value: f32) -> f32 {
        // Beyond a million the curve is one; squares of more would overflow.
        let x = (value * self.scale).max(0.0).min(1e6);
        let y = x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14);
        y.min(1.0)
    }
}

/// Reads source texels into working rows.
#[derive(Debug)]
pub(super) struct TexelReader {
    format: PixelFormat,
    numbers: Numbers,
}

/// How one channel becomes a number.
#[derive(Debug)]
enum Numbers {
    Eight(&'static [f32; 256]),
    Sixteen,
    SixteenBy(Vec<f32>),
    Float {
        first: Curve,
        tone: Option<ToneMap>,
        last: Curve,
    },
}

impl TexelReader {
    /// Reads texels whose colours are in the space `from` as numbers in the space `to`. Only float
    /// texels are tone-mapped.
    pub(super) async fn new(
        format: PixelFormat,
        from: ColorSpace,
        to: ColorSpace,
        tone: Option<ToneMap>,
        pace: &mut Pace,
    ) -> Result<Self, Cancelled> {
        let curve = Curve::between(from, to);
        let numbers = match format {
            PixelFormat::R8 | PixelFormat::Rg8 | PixelFormat::Rgba8 => {
                Numbers::Eight(match curve {
                    Curve::Identity => unorm8(),
                    Curve::Decode => linear_of_srgb8(),
                    Curve::Encode => signal_of_linear8(),
                })
            }
            PixelFormat::R16 | PixelFormat::Rg16 | PixelFormat::Rgba16 => {
                if curve == Curve::Identity {
                    Numbers::Sixteen
                } else {
                    let mut table = Vec::with_capacity(1 << 16);
                    for code in 0..1u32 << 16 {
                        table.push(curve.apply(code as f32 / 65535.0));
                        if code % 1024 == 0 {
                            pace.checkpoint().await?;
                        }
                    }
                    Numbers::SixteenBy(table)
                }
            }
            PixelFormat::Rgba32F => match tone {
                Some(_) => Numbers::Float {
                    first: Curve::between(from, ColorSpace::Linear),
                    tone,
                    last: Curve::between(ColorSpace::Linear, to),
                },
                None => Numbers::Float {
                    first: curve,
                    tone,
                    last: Curve::Identity,
                },
            },
        };
        Ok(Self { format, numbers })
    }

    /// Reads a row. `row` has four numbers for each texel of `source`.
    pub(super) fn read(&self, source: &[u8], row: &mut [f32]) {
        let rgba = row.as_chunks_mut::<4>().0.iter_mut();
        match &self.numbers {
            Numbers::Eight(table) => {
                let color = |code: u8| table[usize::from(code)];
                let alpha = unorm8();
                let alpha = |code: u8| alpha[usize::from(code)];
                match self.format {
                    PixelFormat::R8 => {
                        for (texel, &v) in rgba.zip(source) {
                            let v = color(v);
                            *texel = [v, v, v, 1.0];
                        }
                    }
                    PixelFormat::Rg8 => {
                        for (texel, &[v, a]) in rgba.zip(source.as_chunks().0) {
                            let v = color(v);
                            *texel = [v, v, v, alpha(a)];
                        }
                    }
                    _ => {
                        for (texel, &[r, g, b, a]) in rgba.zip(source.as_chunks().0) {
                            *texel = [color(r), color(g), color(b), alpha(a)];
                        }
                    }
                }
            }
            Numbers::Sixteen => self.read_sixteen(source, rgba, |code| f32::from(code) / 65535.0),
            Numbers::SixteenBy(table) => {
                self.read_sixteen(source, rgba, |code| table[usize::from(code)]);
            }
            &Numbers::Float { first, tone, last } => {
                let plain = (first, tone, last) == (Curve::Identity, None, Curve::Identity);
                let color = |value: f32| {
                    let value = first.apply(value);
                    last.apply(tone.map_or(value, |tone| tone.apply(value)))
                };
                for (texel, bytes) in rgba.zip(source.as_chunks::<16>().0) {
                    let [r, g, b, a] = float_texel(bytes);
                    *texel = if plain {
                        [r, g, b, a]
                    } else {
                        [color(r), color(g), color(b), a]
                    };
                }
            }
        }
    }

    fn read_sixteen<'a>(
        &self,
        source: &[u8],
        rgba: impl Iterator<Item = &'a mut [f32; 4]>,
        color: impl Fn(u16) -> f32,
    ) {
        let alpha = |code: u16| f32::from(code) / 65535.0;
        match self.format {
            PixelFormat::R16 => {
                for (texel, &v) in rgba.zip(source.as_chunks().0) {
                    let v = color(u16::from_le_bytes(v));
                    *texel = [v, v, v, 1.0];
                }
            }
            PixelFormat::Rg16 => {
                for (texel, &[v0, v1, a0, a1]) in rgba.zip(source.as_chunks().0) {
                    let v = color(u16::from_le_bytes([v0, v1]));
                    *texel = [v, v, v, alpha(u16::from_le_bytes([a0, a1]))];
                }
            }
            _ => {
                for (texel, bytes) in rgba.zip(source.as_chunks::<8>().0) {
                    let [r, g, b, a] = wide_texel(bytes);
                    *texel = [color(r), color(g), color(b), alpha(a)];
                }
            }
        }
    }
}

/// The four 16-bit channels of a texel.
pub(super) fn wide_texel(&[r0, r1, g0, g1, b0, b1, a0, a1]: &[u8; 8]) -> [u16; 4] {
    [[r0, r1], [g0, g1], [b0, b1], [a0, a1]].map(u16::from_le_bytes)
}

/// The four float channels of a texel.
pub(super) fn float_texel(bytes: &[u8; 16]) -> [f32; 4] {
    let mut texel = [0.0; 4];
    for (value, bytes) in texel.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *value = f32::from_le_bytes(*bytes);
    }
    texel
}

/// How the texels of a level lie in memory before block compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    R8,
    /// Red, and the channel with this number.
    Rg8(usize),
    Rgba8,
    R16,
    /// Red, and the channel with this number.
    Rg16(usize),
    Rgba16,
    Rgba16F,
    Rgba32F,
}

impl Stored {
    /// How texels for an output format are stored. Two-channel formats hold grey and alpha of a grey
    /// source, red and green of a coloured one.
    pub(super) fn new(output: OutputFormat, grey_source: bool) -> Self {
        let second = if grey_source { 3 } else { 1 };
        match output {
            OutputFormat::R8 => Self::R8,
            OutputFormat::Rg8 => Self::Rg8(second),
            OutputFormat::Rgba8
            | OutputFormat::Rgba8Srgb
            | OutputFormat::Bc7
            | OutputFormat::Bc7Srgb => Self::Rgba8,
            OutputFormat::R16 => Self::R16,
            OutputFormat::Rg16 => Self::Rg16(second),
            OutputFormat::Rgba16 => Self::Rgba16,
            OutputFormat::Rgba16F => Self::Rgba16F,
            OutputFormat::Rgba32F => Self::Rgba32F,
        }
    }

    pub(super) fn texel_bytes(self) -> usize {
        match self {
            Self::R8 => 1,
            Self::Rg8(_) | Self::R16 => 2,
            Self::Rgba8 | Self::Rg16(_) => 4,
            Self::Rgba16 | Self::Rgba16F => 8,
            Self::Rgba32F => 16,
        }
    }

    /// Whether source texels lie in memory just like this.
    pub(super) fn is(self, format: PixelFormat) -> bool {
        matches!(
            (self, format),
            (Self::R8, PixelFormat::R8)
                | (Self::Rg8(3), PixelFormat::Rg8)
                | (Self::Rgba8, PixelFormat::Rgba8)
                | (Self::R16, PixelFormat::R16)
                | (Self::Rg16(3), PixelFormat::Rg16)
                | (Self::Rgba16, PixelFormat::Rgba16)
                | (Self::Rgba32F, PixelFormat::Rgba32F)
        )
    }

    /// Where alpha lies in a texel, if there is any.
    pub(super) fn alpha_offset(self) -> Option<usize> {
        match self {
            Self::Rgba8 => Some(3),
            Self::Rgba16 | Self::Rgba16F => Some(6),
            Self::Rgba32F => Some(12),
            Self::R8 | Self::Rg8(_) | Self::R16 | Self::Rg16(_) => None,
        }
    }
}

/// The weight of a colour under an alpha. A trace of it is left where alpha is zero: such a colour
/// gives way to any other, but where all alpha is zero the colours still have a mean.
const TRACE: f32 = 1.0 / 4096.0;

fn weight(alpha: f32) -> f32 {
    alpha * (1.0 - TRACE) + TRACE
}

/// Multiplies colours by the weight of their alpha, before they are averaged.
pub(super) fn weigh(row: &mut [f32]) {
    for [r, g, b, a] in row.as_chunks_mut::<4>().0 {
        let w = weight(*a);
        *r *= w;
        *g *= w;
        *b *= w;
    }
}

/// Divides averages of weighted colours by the average of their weights.
fn unweigh(row: &mut [f32]) {
    for [r, g, b, a] in row.as_chunks_mut::<4>().0 {
        // Kernels with negative lobes take the weight below zero beside an edge. Colour and weight
        // change sign together, so their ratio stays right; only the crossing must be avoided.
        let w = weight(*a);
        let w = if w.abs() < TRACE * 0.5 {
            (TRACE * 0.5).copysign(w)
        } else {
            w
        };
        *r /= w;
        *g /= w;
        *b /= w;
    }
}

/// Gives the vectors that red, green and blue encode unit length. What is too short to have a
/// direction points straight up.
fn normalize_vectors(row: &mut [f32]) {
    for [r, g, b, _] in row.as_chunks_mut::<4>().0 {
        let (x, y, z) = (*r * 2.0 - 1.0, *g * 2.0 - 1.0, *b * 2.0 - 1.0);
        let length = (x * x + y * y + z * z).sqrt();
        let [nx, ny, nz] = if length < 1e-6 {
            [0.0, 0.0, 1.0]
        } else {
            [x / length, y / length, z / length]
        };
        *r = (nx + 1.0) * 0.5;
        *g = (ny + 1.0) * 0.5;
        *b = (nz + 1.0) * 0.5;
    }
}

/// Writes working rows as stored texels.
#[derive(Clone, Debug)]
pub(super) struct TexelWriter {
    pub(super) stored: Stored,
    /// From the space of the row to that of the output.
    pub(super) curve: Curve,
    /// Whether the colours of the row are weighted by alpha.
    pub(super) weighted: bool,
    /// Whether the colours are vectors that need unit length.
    pub(super) normals: bool,
    /// What float colours are limited to.
    pub(super) range: (f32, f32),
}

impl TexelWriter {
    /// Writes a row of texels to `out`, which has room for exactly as many.
    pub(super) fn write(&self, row: &[f32], scratch: &mut Vec<f32>, out: &mut [u8]) {
        let exact_srgb8 = self.stored == Stored::Rgba8 && self.curve == Curve::Encode;
        let curve = if exact_srgb8 {
            Curve::Identity
        } else {
            self.curve
        };
        let row = if self.weighted || self.normals || curve != Curve::Identity {
            scratch.clear();
            scratch.extend_from_slice(row);
            if self.weighted {
                unweigh(scratch);
            }
            if self.normals {
                normalize_vectors(scratch);
            }
            if curve != Curve::Identity {
                for [r, g, b, _] in scratch.as_chunks_mut::<4>().0 {
                    for value in [r, g, b] {
                        *value = curve.apply(*value);
                    }
                }
            }
            scratch.as_slice()
        } else {
            row
        };
        let texels = row.as_chunks::<4>().0;
        if exact_srgb8 {
            let encoder = Srgb8Encoder::get();
            for (out, &[r, g, b, a]) in out.as_chunks_mut().0.iter_mut().zip(texels) {
                *out = [
                    encoder.encode(r),
                    encoder.encode(g),
                    encoder.encode(b),
                    quantize8(a),
                ];
            }
            return;
        }
        match self.stored {
            Stored::R8 => {
                for (out, texel) in out.iter_mut().zip(texels) {
                    *out = quantize8(texel[0]);
                }
            }
            Stored::Rg8(second) => {
                for (out, texel) in out.as_chunks_mut().0.iter_mut().zip(texels) {
                    *out = [quantize8(texel[0]), quantize8(texel[second & 3])];
                }
            }
            Stored::Rgba8 => {
                for (out, texel) in out.as_chunks_mut().0.iter_mut().zip(texels) {
                    *out = texel.map(quantize8);
                }
            }
            Stored::R16 => {
                for (out, texel) in out.as_chunks_mut().0.iter_mut().zip(texels) {
                    *out = quantize16(texel[0]).to_le_bytes();
                }
            }
            Stored::Rg16(second) => {
                for (out, texel) in out.as_chunks_mut::<4>().0.iter_mut().zip(texels) {
                    out[..2].copy_from_slice(&quantize16(texel[0]).to_le_bytes());
                    out[2..].copy_from_slice(&quantize16(texel[second & 3]).to_le_bytes());
                }
            }
            Stored::Rgba16 => {
                for (out, texel) in out.as_chunks_mut::<8>().0.iter_mut().zip(texels) {
                    for (out, value) in out.as_chunks_mut().0.iter_mut().zip(texel) {
                        *out = quantize16(*value).to_le_bytes();
                    }
                }
            }
            Stored::Rgba16F => {
                for (out, &texel) in out.as_chunks_mut::<8>().0.iter_mut().zip(texels) {
                    let texel = self.limit(texel);
                    for (out, value) in out.as_chunks_mut().0.iter_mut().zip(texel) {
                        *out = f16::from_f32(value).to_le_bytes();
                    }
                }
            }
            Stored::Rgba32F => {
                for (out, &texel) in out.as_chunks_mut::<16>().0.iter_mut().zip(texels) {
                    let texel = self.limit(texel);
                    for (out, value) in out.as_chunks_mut().0.iter_mut().zip(texel) {
                        *out = value.to_le_bytes();
                    }
                }
            }
        }
    }

    fn limit(&self, [r, g, b, a]: [f32; 4]) -> [f32; 4] {
        let (low, high) = self.range;
        let limit = |value: f32| value.max(low).min(high);
        [limit(r), limit(g), limit(b), a.max(-high).min(high)]
    }
}

/// The nearest of the 256 codes of the unit interval.
#[inline]
pub(super) fn quantize8(value: f32) -> u8 {
    (value.max(0.0).min(1.0) * 255.0 + 0.5) as u8
}

/// The nearest of the 65536 codes of the unit interval.
#[inline]
pub(super) fn quantize16(value: f32) -> u16 {
    (value.max(0.0).min(1.0) * 65535.0 + 0.5) as u16
}

/// Inverts the green channel of a row of source texels. Grey texels have none.
pub(super) fn flip_green(format: PixelFormat, row: &mut [u8]) {
    match format {
        PixelFormat::Rgba8 => {
            for [_, g, _, _] in row.as_chunks_mut::<4>().0 {
                *g = 255 - *g;
            }
        }
        PixelFormat::Rgba16 => {
            for [_, _, g0, g1, ..] in row.as_chunks_mut::<8>().0 {
                [*g0, *g1] = (u16::MAX - u16::from_le_bytes([*g0, *g1])).to_le_bytes();
            }
        }
        PixelFormat::Rgba32F => {
            for texel in row.as_chunks_mut::<16>().0 {
                let [_, green, _, _] = float_texel(texel);
                texel[4..8].copy_from_slice(&(1.0 - green).to_le_bytes());
            }
        }
        PixelFormat::R8 | PixelFormat::Rg8 | PixelFormat::R16 | PixelFormat::Rg16 => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cook::{pace::CancelFlag, texture::block_on};

    fn read(format: PixelFormat, from: ColorSpace, to: ColorSpace, bytes: &[u8]) -> Vec<f32> {
        let mut pace = Pace::uninterrupted(CancelFlag::new());
        let reader = block_on(TexelReader::new(format, from, to, None, &mut pace)).unwrap();
        let mut row = vec![f32::NAN; bytes.len() / format.texel_bytes() * 4];
        reader.read(bytes, &mut row);
        row
    }

    fn writer(stored: Stored, curve: Curve) -> TexelWriter {
        TexelWriter {
            stored,
            curve,
            weighted: false,
            normals: false,
            range: (f32::MIN, f32::MAX),
        }
    }

    fn write(writer: &TexelWriter, row: &[f32]) -> Vec<u8> {
        let mut out = vec![0; row.len() / 4 * writer.stored.texel_bytes()];
        writer.write(row, &mut Vec::new(), &mut out);
        out
    }

    use ColorSpace::{Linear, SRGB};

    #[test]
    fn every_source_format_becomes_rgba() {
        assert_eq!(read(PixelFormat::R8, Linear, Linear, &[255]), [1.0; 4]);
        assert_eq!(
            read(PixelFormat::Rg8, Linear, Linear, &[255, 0]),
            [1.0, 1.0, 1.0, 0.0]
        );
        assert_eq!(
            read(PixelFormat::Rgba8, Linear, Linear, &[0, 51, 255, 255]),
            [0.0, 0.2, 1.0, 1.0]
        );
        assert_eq!(
            read(PixelFormat::R16, Linear, Linear, &[255, 255]),
            [1.0; 4]
        );
        assert_eq!(
            read(PixelFormat::Rg16, Linear, Linear, &[255, 255, 0, 0]),
            [1.0, 1.0, 1.0, 0.0]
        );
        let wide: Vec<u8> = [0u16, 13107, 65535, 65535]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        assert_eq!(
            read(PixelFormat::Rgba16, Linear, Linear, &wide),
            [0.0, 0.2, 1.0, 1.0]
        );
        let float: Vec<u8> = [-1.0f32, 0.5, 7.0, 0.25]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        assert_eq!(
            read(PixelFormat::Rgba32F, Linear, Linear, &float),
            [-1.0, 0.5, 7.0, 0.25]
        );
    }

    #[test]
    fn colours_are_converted_and_alpha_is_not() {
        let linear = read(PixelFormat::Rgba8, SRGB, Linear, &[188, 188, 0, 188]);
        assert!((linear[0] - 0.502_886_5).abs() < 1e-6 && linear[0] == linear[1]);
        assert_eq!(linear[3], 188.0 / 255.0);
        let wide: Vec<u8> = [48316u16, 0, 65535, 48316]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let linear = read(PixelFormat::Rgba16, SRGB, Linear, &wide);
        assert!((linear[0] - 0.502_886_5).abs() < 1e-6);
        let float: Vec<u8> = [0.5f32, 0.0, 1.0, 0.5]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let signal = read(PixelFormat::Rgba32F, Linear, SRGB, &float);
        assert!((signal[0] - 0.735_357).abs() < 1e-6 && signal[3] == 0.5);
    }

    #[test]
    fn all_codes_survive_reading_and_writing() {
        let codes: Vec<u8> = (0..=255).flat_map(|v| [v, 255 - v, v ^ 0x55, v]).collect();
        for (from, to) in [
            (Linear, Linear),
            (SRGB, Linear),
            (SRGB, SRGB),
            (Linear, SRGB),
        ] {
            let row = read(PixelFormat::Rgba8, from, to, &codes);
            let back = write(&writer(Stored::Rgba8, Curve::between(to, from)), &row);
            assert_eq!(back, codes, "{from} {to}");
        }
        let wide: Vec<u8> = (0..=65535u16).flat_map(u16::to_le_bytes).collect();
        let row = read(PixelFormat::R16, Linear, Linear, &wide);
        assert_eq!(write(&writer(Stored::R16, Curve::Identity), &row), wide);
    }

    #[test]
    fn two_channels_hold_grey_and_alpha_or_red_and_green() {
        let row = [0.2, 0.4, 0.6, 0.8];
        assert_eq!(
            write(&writer(Stored::Rg8(1), Curve::Identity), &row),
            [51, 102]
        );
        assert_eq!(
            write(&writer(Stored::Rg8(3), Curve::Identity), &row),
            [51, 204]
        );
    }

    #[test]
    fn floats_are_limited_and_halves_rounded_to_even() {
        let half = TexelWriter {
            range: (0.0, LARGEST_HALF),
            ..writer(Stored::Rgba16F, Curve::Identity)
        };
        let out = write(&half, &[-3.0, 1e9, 1.0 + 1.0 / 2048.0, 1.0]);
        let values: Vec<f32> = out
            .as_chunks()
            .0
            .iter()
            .map(|&b| f16::from_le_bytes(b).to_f32())
            .collect();
        assert_eq!(values, [0.0, 65504.0, 1.0, 1.0]);
    }

    #[test]
    fn weights_cancel_out() {
        let mut row = vec![
            0.25, 0.5, 0.75, 0.0, 0.25, 0.5, 0.75, 0.3, 1.0, 0.0, 0.5, 1.0,
        ];
        let original = row.clone();
        weigh(&mut row);
        assert!((row[0] - 0.25 / 4096.0).abs() < 1e-9);
        assert_eq!(row[8..], original[8..]);
        unweigh(&mut row);
        assert!(row.iter().zip(&original).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn vectors_get_unit_length() {
        let mut row = vec![0.5, 0.5, 1.0, 0.7, 0.75, 0.5, 0.5, 1.0, 0.5, 0.5, 0.5, 1.0];
        normalize_vectors(&mut row);
        assert_eq!(
            row,
            [0.5, 0.5, 1.0, 0.7, 1.0, 0.5, 0.5, 1.0, 0.5, 0.5, 1.0, 1.0]
        );
    }

    #[test]
    fn green_is_flipped_alone() {
        let mut row = vec![64, 64, 64, 64];
        flip_green(PixelFormat::Rgba8, &mut row);
        assert_eq!(row, [64, 191, 64, 64]);
    }

    #[test]
    fn tone_mapping_is_bounded_monotonic_and_keeps_black() {
        let tone = ToneMap::new(0.0);
        let mapped = [10.0, 5.0, 1.0, 0.0].map(|v| tone.apply(v));
        assert!(mapped.windows(2).all(|pair| pair[0] > pair[1]));
        assert!(mapped.iter().all(|v| (0.0..=1.0).contains(v)));
        assert_eq!(mapped[3], 0.0);
        assert_eq!(tone.apply(-4.0), 0.0);
        assert_eq!(tone.apply(1e30), 1.0);
        // 1.0 * 2.54 / 3.16
        assert!((tone.apply(1.0) - 0.803_797_5).abs() < 1e-6);
        assert_eq!(ToneMap::new(1.0).apply(0.5), tone.apply(1.0));
    }
}

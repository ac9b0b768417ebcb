//! From working rows to stored texels.
//!
//! Writing undoes what was done for the filter, converts to the space of the output and rounds, once.

use super::curve::Curve;
use super::transfer::{Srgb8Encoder, unit};
use crate::settings::texture::OutputFormat;
use crate::source::image::PixelFormat;
use half::{f16, slice::HalfFloatSliceExt};

/// The largest half float.
pub(super) const LARGEST_HALF: f32 = 65504.0;

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
            OutputFormat::R8 | OutputFormat::Bc4 => Self::R8,
            OutputFormat::Rg8 | OutputFormat::Bc5 => Self::Rg8(second),
            OutputFormat::Rgba8
            | OutputFormat::Rgba8Srgb
            | OutputFormat::Bc1
            | OutputFormat::Bc1Srgb
            | OutputFormat::Bc3
            | OutputFormat::Bc3Srgb
            | OutputFormat::Bc7
            | OutputFormat::Bc7Srgb => Self::Rgba8,
            OutputFormat::R16 => Self::R16,
            OutputFormat::Rg16 => Self::Rg16(second),
            OutputFormat::Rgba16 => Self::Rgba16,
            OutputFormat::Rgba16F | OutputFormat::Bc6h => Self::Rgba16F,
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
const TRACE: f32 = 1.0 / 65536.0;

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
pub(super) fn unweigh(row: &mut [f32]) {
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
                let mut halves = [f16::ZERO; 64];
                for (out, texels) in out.chunks_mut(128).zip(texels.chunks(16)) {
                    let mut limited = [[0.0; 4]; 16];
                    for (limited, &texel) in limited.iter_mut().zip(texels) {
                        *limited = self.limit(texel);
                    }
                    // Sixteen texels at a time, for the sake of machines that convert eight numbers
                    // at once.
                    halves.convert_from_f32_slice(limited.as_flattened());
                    for (out, half) in out.as_chunks_mut().0.iter_mut().zip(halves) {
                        *out = half.to_le_bytes();
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
    (unit(value) * 255.0 + 0.5) as i32 as u8
}

/// The nearest of the 65536 codes of the unit interval.
#[inline]
pub(super) fn quantize16(value: f32) -> u16 {
    (unit(value) * 65535.0 + 0.5) as i32 as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_cancel_out() {
        let mut row = vec![
            0.25, 0.5, 0.75, 0.0, 0.25, 0.5, 0.75, 0.3, 1.0, 0.0, 0.5, 1.0,
        ];
        let original = row.clone();
        weigh(&mut row);
        assert!((row[0] - 0.25 / 65536.0).abs() < 1e-9);
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
}

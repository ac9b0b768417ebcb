//! From source texels to working rows.
//!
//! A working row is a row of floating-point RGBA: what a filter averages. Reading converts from the
//! space of the source to that of the row.

use super::curve::{Curve, ToneMap};
use super::transfer::{linear_of_srgb8, signal_of_linear8, unorm8};
use crate::cook::pace::{Cancelled, Pace};
use crate::settings::texture::ColorSpace;
use crate::source::image::PixelFormat;

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
    Float { tone: Option<ToneMap>, curve: Curve },
}

impl TexelReader {
    /// Reads texels whose colours are in the space `from` as numbers in the space `to`. Float texels
    /// are linear light always, and only they are tone-mapped.
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
            PixelFormat::Rgba32F => Numbers::Float {
                tone,
                curve: Curve::between(ColorSpace::Linear, to),
            },
        };
        Ok(Self { format, numbers })
    }

    /// Bytes of a texel of the source.
    pub(super) fn texel_bytes(&self) -> usize {
        self.format.texel_bytes()
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
            &Numbers::Float { tone, curve } => {
                let plain = tone.is_none() && curve == Curve::Identity;
                let color = |value: f32| curve.apply(tone.map_or(value, |tone| tone.apply(value)));
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

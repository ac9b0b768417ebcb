//! Texels that are stored one by one.

use super::Target;
use crate::{
    cook::pace::{CancelFlag, Cancelled},
    format::texture_format::TextureFormat,
};
use half::f16;

/// Unpacks rows of texels.
pub(super) fn unpack<'a>(
    format: TextureFormat,
    rows: impl Iterator<Item = &'a [u8]>,
    target: Target<'_>,
    cancel: &CancelFlag,
) -> Result<(), Cancelled> {
    let pitch = target.pitch();
    for (row, out) in rows.zip(target.texels.chunks_exact_mut(pitch)) {
        cancel.check()?;
        unpack_row(format, row, out);
    }
    Ok(())
}

/// A signed byte as a number from -1 to 1; both -128 and -127 are -1.
fn snorm8(byte: u8) -> f32 {
    (f32::from(byte.cast_signed()) / 127.0).max(-1.0)
}

/// A signed 16-bit number as one from -1 to 1.
fn snorm16(bytes: [u8; 2]) -> f32 {
    (f32::from(i16::from_le_bytes(bytes)) / 32767.0).max(-1.0)
}

fn half(bytes: [u8; 2]) -> f32 {
    f16::from_le_bytes(bytes).to_f32()
}

/// `value` of `max` as a part of 255, rounded.
fn part8(value: u16, max: u16) -> u8 {
    ((u32::from(value) * 255 + u32::from(max) / 2) / u32::from(max)) as u8
}

/// `value` of `max` as a part of 65535, rounded.
fn part16(value: u32, max: u32) -> u16 {
    ((value * 65535 + max / 2) / max) as u16
}

fn unpack_row(format: TextureFormat, row: &[u8], out: &mut [u8]) {
    use TextureFormat as F;
    match format {
        F::R8UNorm
        | F::R16UNorm
        | F::Rgba8UNorm
        | F::Rgba8UNormSrgb
        | F::Rgba16UNorm
        | F::Rgba32Float => out.copy_from_slice(row),
        F::Rg8UNorm => each(row, out, |[r, g]: &[u8; 2]| [*r, *g, 0, 255]),
        F::Bgra8UNorm | F::Bgra8UNormSrgb => {
            each(row, out, |[b, g, r, a]: &[u8; 4]| [*r, *g, *b, *a]);
        }
        F::B5G6R5UNorm => each(row, out, |bytes: &[u8; 2]| {
            let v = u16::from_le_bytes(*bytes);
            [
                part8(v >> 11, 31),
                part8(v >> 5 & 63, 63),
                part8(v & 31, 31),
                255,
            ]
        }),
        F::B5G5R5A1UNorm => each(row, out, |bytes: &[u8; 2]| {
            let v = u16::from_le_bytes(*bytes);
            let five = |shift: u16| part8(v >> shift & 31, 31);
            [five(10), five(5), five(0), part8(v >> 15, 1)]
        }),
        F::B4G4R4A4UNorm => each(row, out, |bytes: &[u8; 2]| {
            let v = u16::from_le_bytes(*bytes);
            let four = |shift: u16| part8(v >> shift & 15, 15);
            [four(8), four(4), four(0), four(12)]
        }),
        F::Rg16UNorm => wide(row, out, |[r0, r1, g0, g1]: &[u8; 4]| {
            [
                u16::from_le_bytes([*r0, *r1]),
                u16::from_le_bytes([*g0, *g1]),
                0,
                u16::MAX,
            ]
        }),
        F::R10G10B10A2UNorm => wide(row, out, |bytes: &[u8; 4]| {
            let v = u32::from_le_bytes(*bytes);
            let ten = |shift: u32| part16(v >> shift & 1023, 1023);
            [ten(0), ten(10), ten(20), part16(v >> 30, 3)]
        }),
        F::R8SNorm => floats(row, out, |[v]: &[u8; 1]| grey(snorm8(*v))),
        F::Rg8SNorm => floats(row, out, |[r, g]: &[u8; 2]| {
            [snorm8(*r), snorm8(*g), 0.0, 1.0]
        }),
        F::Rgba8SNorm => floats(row, out, |texel: &[u8; 4]| texel.map(snorm8)),
        F::R16SNorm => floats(row, out, |v: &[u8; 2]| grey(snorm16(*v))),
        F::Rg16SNorm => floats(row, out, |[r0, r1, g0, g1]: &[u8; 4]| {
            [snorm16([*r0, *r1]), snorm16([*g0, *g1]), 0.0, 1.0]
        }),
        F::Rgba16SNorm => floats(row, out, |texel: &[u8; 8]| pairs(texel).map(snorm16)),
        F::R16Float => floats(row, out, |v: &[u8; 2]| grey(half(*v))),
        F::Rg16Float => floats(row, out, |[r0, r1, g0, g1]: &[u8; 4]| {
            [half([*r0, *r1]), half([*g0, *g1]), 0.0, 1.0]
        }),
        F::Rgba16Float => floats(row, out, |texel: &[u8; 8]| pairs(texel).map(half)),
        F::R32Float => floats(row, out, |v: &[u8; 4]| grey(f32::from_le_bytes(*v))),
        F::Rg32Float => floats(row, out, |texel: &[u8; 8]| {
            let [r, g] = singles(texel);
            [r, g, 0.0, 1.0]
        }),
        F::Rgb32Float => floats(row, out, |texel: &[u8; 12]| {
            let [r, g, b] = singles(texel);
            [r, g, b, 1.0]
        }),
        F::R11G11B10Float => floats(row, out, |bytes: &[u8; 4]| {
            let v = u32::from_le_bytes(*bytes);
            [
                small_float(v & 0x7FF, 6),
                small_float(v >> 11 & 0x7FF, 6),
                small_float(v >> 22, 5),
                1.0,
            ]
        }),
        F::R9G9B9E5Float => floats(row, out, |bytes: &[u8; 4]| {
            let v = u32::from_le_bytes(*bytes);
            // Nine bits of mantissa without a hidden one, and an exponent with a bias of 15.
            let scale = 2f32.powi((v >> 27) as i32 - 15 - 9);
            let nine = |shift: u32| (v >> shift & 511) as f32 * scale;
            [nine(0), nine(9), nine(18), 1.0]
        }),
        // The other formats were refused before.
        _ => {}
    }
}

fn grey(value: f32) -> [f32; 4] {
    [value, value, value, 1.0]
}

/// An unsigned float with five bits of exponent and `mantissa` bits of mantissa: the upper bits of a
/// half float without its sign.
fn small_float(bits: u32, mantissa: u32) -> f32 {
    f16::from_bits((bits << (10 - mantissa)) as u16).to_f32()
}

fn pairs(texel: &[u8; 8]) -> [[u8; 2]; 4] {
    let &[a, b, c, d, e, f, g, h] = texel;
    [[a, b], [c, d], [e, f], [g, h]]
}

fn singles<const N: usize>(texel: &[u8]) -> [f32; N] {
    let mut out = [0.0; N];
    for (value, bytes) in out.iter_mut().zip(texel.as_chunks::<4>().0) {
        *value = f32::from_le_bytes(*bytes);
    }
    out
}

/// Converts every texel of `N` bytes to one of `M`.
fn each<const N: usize, const M: usize>(
    row: &[u8],
    out: &mut [u8],
    convert: impl Fn(&[u8; N]) -> [u8; M],
) {
    let texels = out.as_chunks_mut::<M>().0.iter_mut();
    for (texel, source) in texels.zip(row.as_chunks::<N>().0) {
        *texel = convert(source);
    }
}

/// Converts every texel of `N` bytes to four 16-bit numbers.
fn wide<const N: usize>(row: &[u8], out: &mut [u8], convert: impl Fn(&[u8; N]) -> [u16; 4]) {
    each(row, out, |source: &[u8; N]| {
        let [r, g, b, a] = convert(source).map(u16::to_le_bytes);
        [r[0], r[1], g[0], g[1], b[0], b[1], a[0], a[1]]
    });
}

/// Converts every texel of `N` bytes to four floats.
fn floats<const N: usize>(row: &[u8], out: &mut [u8], convert: impl Fn(&[u8; N]) -> [f32; 4]) {
    each(row, out, |source: &[u8; N]| {
        let mut texel = [0; 16];
        let values = convert(source).map(f32::to_le_bytes);
        for (bytes, value) in texel.as_chunks_mut::<4>().0.iter_mut().zip(values) {
            *bytes = value;
        }
        texel
    });
}

//! Blocks of 4x4 texels (BC1 to BC7).

use super::Target;
use crate::{
    cook::pace::{CancelFlag, Cancelled},
    format::texture_format::TextureFormat,
};

/// Texels along the edge of a block.
const EDGE: usize = 4;

/// Unpacks rows of blocks. Blocks may reach beyond the edges of the picture.
pub(super) fn unpack<'a>(
    format: TextureFormat,
    rows: impl Iterator<Item = &'a [u8]>,
    target: Target<'_>,
    cancel: &CancelFlag,
) -> Result<(), Cancelled> {
    let block_bytes = format.block_bytes() as usize;
    let texel_bytes = target.pixels.texel_bytes();
    let (width, height, pitch) = (target.width, target.height, target.pitch());
    let mut block = [0u8; EDGE * EDGE * 16];
    for (y, row) in rows.take(height.div_ceil(EDGE)).enumerate() {
        cancel.check()?;
        let lines = EDGE.min(height - y * EDGE);
        for (x, source) in row.chunks_exact(block_bytes).enumerate() {
            decode(format, source, &mut block);
            let columns = EDGE.min(width - x * EDGE);
            for line in 0..lines {
                let from = line * EDGE * texel_bytes;
                let to = (y * EDGE + line) * pitch + x * EDGE * texel_bytes;
                let len = columns * texel_bytes;
                target.texels[to..to + len].copy_from_slice(&block[from..from + len]);
            }
        }
    }
    Ok(())
}

/// Decodes one block into tight texels of the format's pixels.
fn decode(format: TextureFormat, block: &[u8], out: &mut [u8; EDGE * EDGE * 16]) {
    use TextureFormat as F;
    const RGBA8: usize = EDGE * 4;
    match format {
        F::Bc1UNorm | F::Bc1UNormSrgb => bcdec_rs::bc1(block, out, RGBA8),
        F::Bc2UNorm | F::Bc2UNormSrgb => bcdec_rs::bc2(block, out, RGBA8),
        F::Bc3UNorm | F::Bc3UNormSrgb => bcdec_rs::bc3(block, out, RGBA8),
        F::Bc4UNorm => bcdec_rs::bc4(block, out, EDGE, false),
        F::Bc5UNorm => {
            let mut two = [0u8; EDGE * EDGE * 2];
            bcdec_rs::bc5(block, &mut two, EDGE * 2, false);
            let texels = out.as_chunks_mut::<4>().0.iter_mut();
            for (texel, &[r, g]) in texels.zip(two.as_chunks().0) {
                *texel = [r, g, 0, 255];
            }
        }
        F::Bc4SNorm => {
            let mut one = [0.0f32; EDGE * EDGE];
            bcdec_rs::bc4_float(block, &mut one, EDGE, true);
            floats(out, one.iter().map(|&v| [v, v, v]));
        }
        F::Bc5SNorm => {
            let mut two = [0.0f32; EDGE * EDGE * 2];
            bcdec_rs::bc5_float(block, &mut two, EDGE * 2, true);
            floats(out, two.as_chunks().0.iter().map(|&[r, g]| [r, g, 0.0]));
        }
        F::Bc6hFloatU | F::Bc6hFloatS => {
            let mut three = [0u16; EDGE * EDGE * 3];
            bcdec_rs::bc6h_half(block, &mut three, EDGE * 3, format == F::Bc6hFloatS);
            let texels = three.as_chunks::<3>().0.iter();
            floats(
                out,
                texels.map(|texel| texel.map(|bits| half::f16::from_bits(bits).to_f32())),
            );
        }
        // BC7; formats without blocks do not come here.
        _ => bcdec_rs::bc7(block, out, RGBA8),
    }
}

/// Writes float texels with alpha one.
fn floats(out: &mut [u8], colors: impl Iterator<Item = [f32; 3]>) {
    for (texel, [r, g, b]) in out.as_chunks_mut::<16>().0.iter_mut().zip(colors) {
        let values = [r, g, b, 1.0f32];
        for (bytes, value) in texel.as_chunks_mut::<4>().0.iter_mut().zip(values) {
            *bytes = value.to_le_bytes();
        }
    }
}

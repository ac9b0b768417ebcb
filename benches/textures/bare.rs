//! Cooking with libraries alone, as somebody would write it who wants nothing but blocks: decode, make mips
//! in linear light, encode.

use ctt_bc7enc_rdo::{compress_blocks_alloc, params_init_basic};
use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
};
use std::sync::LazyLock;

static LINEAR: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|code| {
        let s = code as f32 / 255.0;
        if s <= 0.040_45 {
            s / 12.92
        } else {
            ((s + 0.055) / 1.055).powf(2.4)
        }
    })
});

/// Steps of a table from linear light to codes; fine enough that codes are right to one.
const STEPS: usize = 1 << 14;

static CODES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    (0..=STEPS)
        .map(|step| {
            let l = step as f32 / STEPS as f32;
            let s = if l <= 0.003_130_8 {
                l * 12.92
            } else {
                1.055 * l.powf(1.0 / 2.4) - 0.055
            };
            (s * 255.0 + 0.5) as u8
        })
        .collect()
});

/// Which filter a chain is made with.
pub fn options(filter: FilterType) -> ResizeOptions {
    ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(filter))
        .use_alpha(false)
}

/// All levels but the first of an sRGB image, as sRGB: the work of a mip chain done by the library.
pub fn mips(texels: &[u8], size: u32, filter: FilterType) -> Vec<Vec<u8>> {
    let linear = &*LINEAR;
    let codes = &*CODES;
    let mut light: Vec<u8> = Vec::with_capacity(texels.len() * 4);
    for &[r, g, b, a] in texels.as_chunks().0 {
        let texel = [
            linear[usize::from(r)],
            linear[usize::from(g)],
            linear[usize::from(b)],
            f32::from(a) / 255.0,
        ];
        light.extend(texel.as_flattened_bytes());
    }
    let mut resizer = Resizer::new();
    let options = options(filter);
    let (mut size, mut levels) = (size, Vec::new());
    while size > 1 {
        let half = size / 2;
        let source = ImageRef::new(size, size, &light, PixelType::F32x4).unwrap();
        let mut target = Image::new(half, half, PixelType::F32x4);
        resizer.resize(&source, &mut target, &options).unwrap();
        light = target.into_vec();
        let mut level = Vec::with_capacity(light.len() / 4);
        for texel in light.as_chunks::<16>().0 {
            let value = |c: usize| {
                let bytes = [
                    texel[c * 4],
                    texel[c * 4 + 1],
                    texel[c * 4 + 2],
                    texel[c * 4 + 3],
                ];
                f32::from_ne_bytes(bytes).clamp(0.0, 1.0)
            };
            let code = |c: usize| codes[(value(c) * STEPS as f32) as usize];
            level.extend([code(0), code(1), code(2), (value(3) * 255.0 + 0.5) as u8]);
        }
        levels.push(level);
        size = half;
    }
    levels
}

/// The bytes of a texel of floats.
trait FlattenedBytes {
    fn as_flattened_bytes(&self) -> [u8; 16];
}

impl FlattenedBytes for [f32; 4] {
    fn as_flattened_bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        for (bytes, value) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(self) {
            *bytes = value.to_ne_bytes();
        }
        bytes
    }
}

/// The texels of a square image in the order of blocks, edges repeated.
pub fn in_blocks(texels: &[u8], size: u32) -> Vec<u32> {
    let across = size.div_ceil(4);
    let mut pixels = Vec::with_capacity((across * across * 16) as usize);
    for by in 0..across {
        for bx in 0..across {
            for k in 0..16 {
                let (x, y) = (
                    (bx * 4 + k % 4).min(size - 1),
                    (by * 4 + k / 4).min(size - 1),
                );
                let at = ((y * size + x) * 4) as usize;
                let texel = [texels[at], texels[at + 1], texels[at + 2], texels[at + 3]];
                pixels.push(u32::from_ne_bytes(texel));
            }
        }
    }
    pixels
}

/// The blocks of a level, as the default quality makes them for colours.
pub fn blocks(texels: &[u8], size: u32) -> Vec<u64> {
    let pixels = in_blocks(texels, size);
    compress_blocks_alloc(pixels.len() / 16, &pixels, &params_init_basic(true))
}

/// A square PNG to all its blocks.
pub fn cook(file: &[u8]) -> Vec<u64> {
    let image = image::load_from_memory(file).unwrap().into_rgba8();
    let mut size = image.width();
    let mut out = blocks(&image, size);
    for level in mips(&image, size, FilterType::Lanczos3) {
        size /= 2;
        out.extend(blocks(&level, size));
    }
    out
}

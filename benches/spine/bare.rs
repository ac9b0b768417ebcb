//! What the spine is compared with: threads that take the next file, and do nothing but cook it.

use bevy_kiln::assets::{
    cook::{
        pace::CancelFlag,
        texture::{block_encoder, cook_blocking},
    },
    settings::texture::{EncoderChoice, TextureOptions},
    source::image::ImageLimits,
};
use intel_tex_2::{RgbaSurface, bc7};
use std::{
    hint::black_box,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// One thread for each core.
pub fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Cooks a file, and keeps nothing.
pub type CookFile = fn(&Path);

/// Cooks files on every core, each with `cook`.
pub fn on_all_cores(files: &[PathBuf], cook: CookFile) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..threads() {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    cook(file);
                }
            });
        }
    });
}

/// What is compared with the loops uses the encoder that they use.
pub fn options() -> TextureOptions {
    let mut options = TextureOptions::default();
    options.encoder = Some(EncoderChoice::Intel);
    options
}

/// Our own cooker without the spine around it.
pub fn own_cooker(file: &Path) {
    let name = file.display().to_string();
    let settings = options().resolve(&name).unwrap();
    let bytes = std::fs::read(file).unwrap();
    let encoder = block_encoder(&settings);
    let (limits, cancel) = (ImageLimits::default(), CancelFlag::new());
    let cooked = cook_blocking(&bytes, &name, &settings, encoder, &limits, &cancel);
    black_box(cooked.unwrap());
}

/// The libraries alone: decode, halve in linear light with the cheapest filter there is, encode.
pub fn libraries(file: &Path) {
    let mut level = image::open(file).unwrap().into_rgba8();
    let settings = bc7::opaque_very_fast_settings();
    let mut blocks = Vec::new();
    loop {
        let (width, height) = level.dimensions();
        if width % 4 == 0 && height % 4 == 0 {
            let surface = RgbaSurface {
                data: &level,
                width,
                height,
                stride: width * 4,
            };
            blocks.push(bc7::compress_blocks(&settings, &surface));
        } else {
            // Levels below one block: the edge is repeated.
            let mut padded = [0; 64];
            for (i, texel) in padded.chunks_mut(4).enumerate() {
                let (x, y) = (i as u32 % 4, i as u32 / 4);
                texel.copy_from_slice(&level.get_pixel(x.min(width - 1), y.min(height - 1)).0);
            }
            let surface = RgbaSurface {
                data: &padded,
                width: 4,
                height: 4,
                stride: 16,
            };
            blocks.push(bc7::compress_blocks(&settings, &surface));
        }
        if width == 1 && height == 1 {
            break;
        }
        level = half(&level);
    }
    black_box(blocks);
}

/// The mean of each square of four texels.
fn half(level: &image::RgbaImage) -> image::RgbaImage {
    static LINEAR: OnceLock<[f32; 256]> = OnceLock::new();
    static ENCODED: OnceLock<Vec<u8>> = OnceLock::new();
    let linear = LINEAR.get_or_init(|| {
        std::array::from_fn(|i| {
            let encoded = i as f32 / 255.0;
            if encoded <= 0.04045 {
                encoded / 12.92
            } else {
                ((encoded + 0.055) / 1.055).powf(2.4)
            }
        })
    });
    let encoded = ENCODED.get_or_init(|| {
        let encode = |i| {
            let linear = i as f32 / 4095.0;
            let encoded = if linear <= 0.003_130_8 {
                linear * 12.92
            } else {
                1.055 * linear.powf(1.0 / 2.4) - 0.055
            };
            (encoded * 255.0 + 0.5) as u8
        };
        (0..4096).map(encode).collect()
    });
    let (width, height) = level.dimensions();
    let mut smaller = image::RgbaImage::new((width / 2).max(1), (height / 2).max(1));
    for (x, y, texel) in smaller.enumerate_pixels_mut() {
        let at = |dx: u32, dy: u32| {
            level.get_pixel((2 * x + dx).min(width - 1), (2 * y + dy).min(height - 1))
        };
        let four = [at(0, 0), at(1, 0), at(0, 1), at(1, 1)];
        for channel in 0..3 {
            let sum: f32 = four
                .iter()
                .map(|texel| linear[usize::from(texel.0[channel])])
                .sum();
            texel.0[channel] = encoded[(sum * (4095.0 / 4.0) + 0.5) as usize];
        }
        texel.0[3] = 255;
    }
    smaller
}

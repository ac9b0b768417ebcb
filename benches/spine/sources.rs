//! Sources that the benchmarks make for themselves.

use image::{ImageFormat, Rgb, RgbImage};
use std::path::{Path, PathBuf};

/// Something like a photograph: soft shapes, edges and noise. The seed makes it another one.
pub fn photo(size: u32, seed: u32) -> RgbImage {
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    RgbImage::from_fn(size, size, |x, y| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let grain = (state >> 24) as f32 / 16.0;
        let (u, v) = (x as f32 / 97.0 + seed as f32, y as f32 / 61.0);
        let soft = (u.sin() * (v * 0.7).cos() + (u * 0.31 + v * 0.53).sin()) * 0.25 + 0.5;
        let edge = if ((x / 64) ^ (y / 48)) & 3 == 0 {
            40.0
        } else {
            0.0
        };
        Rgb([
            (soft * 190.0 + edge + grain) as u8,
            (soft * 150.0 + grain + 30.0) as u8,
            ((1.0 - soft) * 160.0 + grain) as u8,
        ])
    })
}

/// Writes so many photographs as PNG, and returns their paths.
pub fn photos(folder: &Path, count: u32, size: u32) -> Vec<PathBuf> {
    (0..count)
        .map(|i| {
            let path = folder.join(format!("photo_{i:04}.png"));
            photo(size, i + 1)
                .save_with_format(&path, ImageFormat::Png)
                .unwrap();
            path
        })
        .collect()
}

//! Makes the images and the scene in `examples/content`, from nothing but arithmetic.
//!
//! Look for: the same bytes in every run. `cargo run --example make_content -- DIR` writes to another
//! folder, to compare.

mod scene;

use image::{ImageBuffer, ImageError, Luma, Rgb, Rgba, codecs::hdr::HdrEncoder};
use std::{f32::consts::PI, fs::File, path::PathBuf};

/// A smooth pseudo-random value of 0 to 1 for a point of the integer lattice.
fn lattice(x: u32, y: u32, seed: u32) -> f32 {
    let mut h =
        x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77) ^ seed.wrapping_mul(0xc2b2_ae3d);
    h ^= h >> 15;
    h = h.wrapping_mul(0x2c1b_3c6d);
    h ^= h >> 12;
    (h & 0xffff) as f32 / 65535.0
}

/// Value noise that repeats after `period` cells.
fn noise(x: f32, y: f32, period: u32, seed: u32) -> f32 {
    let (x0, y0) = (x.floor(), y.floor());
    let smooth = |t: f32| t * t * (3.0 - 2.0 * t);
    let (tx, ty) = (smooth(x - x0), smooth(y - y0));
    let at = |dx: u32, dy: u32| lattice((x0 as u32 + dx) % period, (y0 as u32 + dy) % period, seed);
    let top = at(0, 0) + (at(1, 0) - at(0, 0)) * tx;
    let bottom = at(0, 1) + (at(1, 1) - at(0, 1)) * tx;
    top + (bottom - top) * ty
}

/// The height of the wooden surface, 0 to 1: rings that noise has bent.
fn wood(x: f32, y: f32) -> f32 {
    let bend = noise(x * 4.0, y * 4.0, 4, 1) * 0.6 + noise(x * 16.0, y * 16.0, 16, 2) * 0.1;
    let rings = ((x * 6.0 + bend) * 2.0 * PI).sin() * 0.5 + 0.5;
    rings * 0.8 + noise(x * 64.0, y * 8.0, 64, 3) * 0.2
}

fn byte(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
}

fn main() -> Result<(), ImageError> {
    let folder = std::env::args().nth(1).map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/content")),
        PathBuf::from,
    );
    std::fs::create_dir_all(&folder)?;
    let unit = |v: u32, size: u32| v as f32 / size as f32;

    ImageBuffer::from_fn(128, 128, |x, y| {
        let h = wood(unit(x, 128), unit(y, 128));
        Rgb([
            byte(0.30 + 0.35 * h),
            byte(0.16 + 0.22 * h),
            byte(0.07 + 0.12 * h),
        ])
    })
    .save(folder.join("wood_albedo.png"))?;

    ImageBuffer::from_fn(128, 128, |x, y| {
        let step = 1.0 / 128.0;
        let (u, v) = (unit(x, 128), unit(y, 128));
        let dx = (wood((u + step) % 1.0, v) - wood(u, v)) * 1.5;
        let dy = (wood(u, (v + step) % 1.0) - wood(u, v)) * 1.5;
        let length = (dx * dx + dy * dy + 1.0).sqrt();
        Rgb([-dx / length, dy / length, 1.0 / length].map(|c| byte(c * 0.5 + 0.5)))
    })
    .save(folder.join("wood_normal.png"))?;

    // A leaf with magenta where it is transparent: a careless filter would show it.
    ImageBuffer::from_fn(64, 64, |x, y| {
        let (u, v) = (unit(x, 64) * 2.0 - 1.0, unit(y, 64) * 2.0 - 1.0);
        let edge = (v * PI / 2.0).cos() * 0.6 + 0.05 * (v * 25.0).sin();
        if u.abs() < edge {
            let vein = if u.abs() < 0.04 { 0.2 } else { 0.0 };
            Rgba([
                byte(0.2 + vein),
                byte(0.5 + vein + 0.2 * noise(u * 8.0 + 8.0, v * 8.0 + 8.0, 16, 5)),
                40,
                255,
            ])
        } else {
            Rgba([255, 0, 255, 0])
        }
    })
    .save(folder.join("leaf.png"))?;

    ImageBuffer::from_fn(96, 96, |x, y| {
        let (u, v) = (unit(x, 96), unit(y, 96));
        let h = noise(u * 3.0, v * 3.0, 3, 7) * 0.7 + noise(u * 12.0, v * 12.0, 12, 8) * 0.3;
        Luma([(h * 65535.0) as u16])
    })
    .save(folder.join("terrain_height.png"))?;

    ImageBuffer::from_fn(96, 64, |x, y| {
        let (u, v) = (unit(x, 96), unit(y, 64));
        let cloud = noise(u * 6.0, v * 6.0, 6, 9);
        Rgb([
            byte(0.4 + 0.5 * cloud),
            byte(0.55 + 0.35 * cloud),
            byte(0.95 - 0.3 * v),
        ])
    })
    .save(folder.join("clouds.jpg"))?;

    ImageBuffer::from_fn(33, 17, |x, y| {
        let on = (x / 4 + y / 4) % 2 == 0;
        Rgba([
            if on { 230 } else { 30 },
            byte(unit(x, 33)),
            byte(unit(y, 17)),
            255,
        ])
    })
    .save(folder.join("odd_size.tga"))?;

    let sky: Vec<Rgb<f32>> = (0..64 * 32)
        .map(|i| {
            let (u, v) = (unit(i % 64, 64), unit(i / 64, 32));
            let sun = (-((u - 0.3).powi(2) + (v - 0.3).powi(2)) * 400.0).exp() * 80.0;
            let blue = 1.0 - v * 0.7;
            Rgb([0.2 * blue + sun, 0.4 * blue + sun * 0.9, blue + sun * 0.7])
        })
        .collect();
    HdrEncoder::new(File::create(folder.join("sky.hdr"))?).encode(&sky, 64, 32)?;
    std::fs::write(folder.join("yard.glb"), scene::yard())?;
    Ok(())
}

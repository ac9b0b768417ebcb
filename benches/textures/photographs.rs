//! Pictures that are statistically like photographs: detail at every scale, hard edges, correlated
//! channels, and the grain of a sensor.

use image::{Rgb, RgbImage};

/// A number between 0 and 1 that depends on a lattice point alone.
fn lattice(x: u32, y: u32, seed: u32) -> f32 {
    let mut h = x
        .wrapping_mul(0x9e37_79b1)
        .wrapping_add(y.wrapping_mul(0x85eb_ca6b))
        .wrapping_add(seed.wrapping_mul(0xc2b2_ae35));
    h ^= h >> 15;
    h = h.wrapping_mul(0x2c1b_3c6d);
    h ^= h >> 12;
    h = h.wrapping_mul(0x297a_2d39);
    h ^= h >> 15;
    (h >> 8) as f32 / (1 << 24) as f32
}

/// Smooth noise whose waves are `period` texels long.
fn smooth(x: u32, y: u32, period: u32, seed: u32) -> f32 {
    let (cx, cy) = (x / period, y / period);
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let fx = ease((x % period) as f32 / period as f32);
    let fy = ease((y % period) as f32 / period as f32);
    let mix = |a: f32, b: f32, t: f32| a + (b - a) * t;
    mix(
        mix(lattice(cx, cy, seed), lattice(cx + 1, cy, seed), fx),
        mix(lattice(cx, cy + 1, seed), lattice(cx + 1, cy + 1, seed), fx),
        fy,
    )
}

/// Noise with as much power in each octave, as natural pictures have.
fn natural(x: u32, y: u32, seed: u32) -> f32 {
    let mut sum = 0.0;
    let mut amplitude = 0.5;
    for octave in 0..8 {
        sum += (smooth(x, y, 256 >> octave, seed + octave) - 0.5) * amplitude;
        amplitude *= 0.5;
    }
    sum + 0.5
}

/// A picture. The seed makes it another one.
pub fn photograph(size: u32, seed: u32) -> RgbImage {
    RgbImage::from_fn(size, size, |x, y| {
        // Things with hard outlines, each of its own colour.
        let thing = if natural(x, y, seed * 31) > 0.55 {
            7
        } else {
            3
        };
        let light = natural(x, y, seed * 31 + 100);
        let hue = |i: u32| 0.55 + 0.45 * lattice(thing, i, seed);
        let tint = |i: u32| 0.12 * (smooth(x, y, 128, seed * 31 + 200 + i) - 0.5);
        let grain = |i: u32| (lattice(x, y, seed * 31 + 300 + i) - 0.5) * 0.012;
        let channel = |i: u32| {
            let value = (light * 1.5 - 0.25) * hue(i) + tint(i) + grain(i);
            (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
        };
        Rgb([channel(0), channel(1), channel(2)])
    })
}

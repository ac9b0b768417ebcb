//! What must hold of every level, measured on what is stored.

use super::*;
use crate::settings::texture::{ColorSpace, MipFilter, TexturePreset};

/// Linear light of an sRGB code, by the definition.
fn linear(code: u8) -> f64 {
    let s = f64::from(code) / 255.0;
    if s <= 0.040_45 {
        s / 12.92
    } else {
        ((s + 0.055) / 1.055).powf(2.4)
    }
}

#[test]
fn a_checkerboard_keeps_its_mean_light_in_every_level() {
    for size in [64, 37] {
        let board = rgba8(size, size, |x, y| {
            let v = if (x + y) % 2 == 0 { 255 } else { 0 };
            [v, v, v, 255]
        });
        let mean = |texels: &[u8]| {
            let sum: f64 = texels.chunks(4).map(|t| linear(t[0])).sum();
            sum / (texels.len() / 4) as f64
        };
        let wanted = mean(board.texels());
        for filter in MipFilter::ALL {
            let settings = settings(|s| {
                s.output_format = OutputFormat::Rgba8Srgb;
                s.quality = EncodeQuality::None;
                s.mip_filter = *filter;
            });
            let cooked = cook(board.clone(), &settings);
            for mip in 0..cooked.shape().mips() {
                let off = (mean(&level(&cooked, mip)) - wanted).abs();
                assert!(off <= 1.0 / 255.0, "{filter} {size} level {mip}: {off}");
            }
        }
    }
}

/// A serrated leaf with a stalk.
fn leaf(size: u32) -> Image {
    rgba8(size, size, |x, y| {
        let at = |i: u32| (f64::from(i) + 0.5) / f64::from(size) * 2.0 - 1.0;
        let (u, v) = (at(x), at(y));
        let (radius, angle) = ((u * u + v * v).sqrt(), v.atan2(u));
        let edge = 0.55 + 0.12 * (angle * 5.0).sin() + 0.05 * (angle * 31.0).cos();
        let stalk = u.abs() < 0.02 && v > 0.0 && v < 0.95;
        [40, 120, 20, if radius < edge || stalk { 255 } else { 0 }]
    })
}

#[test]
fn a_leaf_keeps_its_coverage() {
    let share = |texels: &[u8]| {
        let solid = texels.chunks(4).filter(|t| t[3] >= 128).count();
        solid as f64 / (texels.len() / 4) as f64
    };
    for size in [256, 200] {
        for filter in MipFilter::ALL {
            let settings = settings(|s| {
                s.output_format = OutputFormat::Rgba8Srgb;
                s.quality = EncodeQuality::None;
                s.mip_filter = *filter;
                s.alpha_coverage = Some(0.5);
            });
            let cooked = cook(leaf(size), &settings);
            let wanted = share(&level(&cooked, 0));
            // Below 8 x 8, a single texel is more than two hundredths.
            for mip in 1..=4 {
                let off = (share(&level(&cooked, mip)) - wanted).abs();
                assert!(off <= 0.02, "{filter} {size} level {mip}: {off}");
            }
        }
    }
}

#[test]
fn normals_have_unit_length_in_every_level() {
    let source = rgba8(128, 96, |x, y| {
        let hash =
            (x.wrapping_mul(73_856_093) ^ y.wrapping_mul(19_349_663)).wrapping_mul(2_654_435_761);
        let part = |shift: u32| f64::from(hash >> shift & 255) / 255.0 * 1.6 - 0.8;
        let (nx, ny) = (part(8) * 0.7, part(16) * 0.7);
        let encode = |n: f64| ((n * 0.5 + 0.5) * 255.0).round() as u8;
        [
            encode(nx),
            encode(ny),
            encode((1.0 - nx * nx - ny * ny).sqrt()),
            255,
        ]
    });
    let length = |t: &[u8]| {
        let square: f64 = t[..3]
            .iter()
            .map(|&v| (f64::from(v) / 127.5 - 1.0).powi(2))
            .sum();
        square.sqrt()
    };
    let mut settings = TexturePreset::Normal.settings();
    for filter in MipFilter::ALL {
        settings.mip_filter = *filter;
        settings.output_format = OutputFormat::Rgba8;
        settings.quality = EncodeQuality::None;
        let plain = cook(source.clone(), &settings);
        for mip in 1..plain.shape().mips() {
            for texel in level(&plain, mip).chunks(4) {
                let off = (length(texel) - 1.0).abs();
                assert!(off <= 0.02, "{filter} level {mip}: {texel:?}");
            }
        }
        // Blocks keep it in the mean.
        settings.output_format = OutputFormat::Bc7;
        settings.quality = EncodeQuality::Default;
        let blocks = cook(source.clone(), &settings);
        for mip in 1..blocks.shape().mips() {
            let texels = decoded_level(&blocks, mip);
            let sum: f64 = texels.chunks(4).map(length).sum();
            let mean = sum / (texels.len() / 4) as f64;
            assert!((mean - 1.0).abs() <= 0.02, "{filter} level {mip}: {mean}");
        }
    }
}

#[test]
fn a_filter_on_a_dot_gives_its_own_weights() {
    // A row of 16 with one bright texel: each of the 8 results is the weight of its kernel there, by
    // sinc(x) w(x) / sum at distances (j + 1/2 - 2 (i + 1/2)) / 2.
    let sinc = |x: f64| {
        if x == 0.0 {
            1.0
        } else {
            let p = std::f64::consts::PI * x;
            p.sin() / p
        }
    };
    let bessel = |x: f64| {
        let (mut term, mut sum) = (1.0, 1.0);
        for k in 1..40 {
            term *= x * x / 4.0 / f64::from(k * k);
            sum += term;
        }
        sum
    };
    let kernel = |filter: MipFilter, x: f64| match filter {
        MipFilter::Box if x.abs() < 0.5 => 1.0,
        MipFilter::Box => 0.0,
        _ if x.abs() >= 3.0 => 0.0,
        MipFilter::Kaiser => sinc(x) * bessel(4.0 * (1.0 - x * x / 9.0).sqrt()) / bessel(4.0),
        MipFilter::Lanczos => sinc(x) * sinc(x / 3.0),
    };
    let dot = rgba32f(16, 1, |x, _| {
        let v = if x == 8 { 1.0 } else { 0.0 };
        [v - 1.0, v, v, 1.0]
    });
    for &filter in MipFilter::ALL {
        let mut settings = plain(OutputFormat::Rgba32F);
        settings.mip_filter = filter;
        let row = floats(&level(&cook(dot.clone(), &settings), 1));
        for i in 2..6 {
            let at = |j: f64| (j + 0.5 - 2.0 * (f64::from(i) + 0.5)) / 2.0;
            let all: f64 = (-8..24).map(|j| kernel(filter, at(f64::from(j)))).sum();
            let expected = kernel(filter, at(8.0)) / all;
            let got = f64::from(row[i as usize * 4 + 1]);
            assert!(
                (got - expected).abs() < 1e-6,
                "{filter} {i}: {got} {expected}"
            );
        }
    }
}

#[test]
fn one_colour_survives_every_filter_and_space() {
    for filter in MipFilter::ALL {
        for space in ColorSpace::ALL {
            let mut settings = settings(|s| {
                s.output_format = OutputFormat::Rgba8Srgb;
                s.quality = EncodeQuality::None;
                s.mip_filter_space = *space;
            });
            settings.mip_filter = *filter;
            let cooked = cook(rgba8(23, 17, |_, _| [9, 128, 250, 77]), &settings);
            for mip in 0..cooked.shape().mips() {
                let texels = level(&cooked, mip);
                assert!(
                    texels.chunks(4).all(|t| t == [9, 128, 250, 77]),
                    "{filter} {space} level {mip}"
                );
            }
        }
    }
}

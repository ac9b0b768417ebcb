//! What the levels hold: colours, normals, alpha, precision.

use super::*;
use crate::format::texture_format::TextureFormat;
use crate::settings::texture::{ColorSpace, MipFilter, MipPolicy, TextureIntent, TexturePreset};

fn checkerboard(size: u32) -> Image {
    rgba8(size, size, |x, y| {
        let v = if (x + y) % 2 == 0 { 255 } else { 0 };
        [v, v, v, 255]
    })
}

fn srgb8(filter: MipFilter, space: ColorSpace) -> TextureSettings {
    settings(|s| {
        s.output_format = OutputFormat::Rgba8Srgb;
        s.quality = EncodeQuality::None;
        s.mip_filter = filter;
        s.mip_filter_space = space;
    })
}

#[test]
fn a_checkerboard_keeps_its_light() {
    for filter in [MipFilter::Box, MipFilter::Kaiser, MipFilter::Lanczos] {
        let cooked = cook(checkerboard(64), &srgb8(filter, ColorSpace::Linear));
        let first = level(&cooked, 1);
        // Away from the edges, whose repetition a wide kernel sees.
        let middle = &first[(16 * 32 + 16) * 4..][..4];
        assert_eq!(middle, [188, 188, 188, 255], "{filter:?}");
        assert_eq!(level(&cooked, 6)[3], 255);
    }
    let boxed = cook(checkerboard(64), &srgb8(MipFilter::Box, ColorSpace::Linear));
    for mip in 1..7 {
        assert!(
            level(&boxed, mip)
                .chunks(4)
                .all(|t| t == [188, 188, 188, 255])
        );
    }
}

#[test]
fn the_filter_space_is_real() {
    let signal = cook(checkerboard(64), &srgb8(MipFilter::Box, ColorSpace::SRGB));
    assert!(
        level(&signal, 1)
            .chunks(4)
            .all(|t| t == [128, 128, 128, 255])
    );
}

#[test]
fn levels_are_not_rounded_in_between() {
    // The mean of 16 texels is 0.5 above zero in light; rounding each level on the way loses it.
    let dark = rgba8(4, 4, |x, y| {
        if (x, y) == (0, 0) {
            [3, 3, 3, 255]
        } else {
            [0, 0, 0, 255]
        }
    });
    let mut settings = plain(OutputFormat::Rgba16);
    settings.mip_filter = MipFilter::Box;
    let cooked = cook(dark, &settings);
    // 3 / 255 / 16 of 65535 is 48.2
    assert_eq!(words(&level(&cooked, 2))[0], 48);
    let stepwise = rgba8(8, 8, |x, y| {
        if x + y == 0 {
            [31, 31, 31, 255]
        } else {
            [0, 0, 0, 255]
        }
    });
    let mut settings = plain(OutputFormat::Rgba8);
    settings.mip_filter = MipFilter::Box;
    // 31 / 64 = 0.48 is zero; 7.75, 1.94, 0.48 would be 8, 2, 0.5 and so one.
    assert_eq!(level(&cook(stepwise, &settings), 3)[0], 0);
}

#[test]
fn a_conversion_happens_wherever_the_spaces_differ() {
    let source = || rgba8(1, 1, |_, _| [188, 55, 255, 77]);
    let space = |from, output| {
        let mut settings = plain(output);
        settings.source_color_space = from;
        level(&cook(source(), &settings), 0)
    };
    use ColorSpace::{Linear, SRGB};
    assert_eq!(space(SRGB, OutputFormat::Rgba8Srgb), [188, 55, 255, 77]);
    assert_eq!(space(Linear, OutputFormat::Rgba8), [188, 55, 255, 77]);
    // 0.5029 and 0.0382 of 255; the other way 0.8742 and 0.5018.
    assert_eq!(space(SRGB, OutputFormat::Rgba8), [128, 10, 255, 77]);
    assert_eq!(space(Linear, OutputFormat::Rgba8Srgb), [223, 128, 255, 77]);
    let float = floats(&space(SRGB, OutputFormat::Rgba32F));
    assert!((float[0] - 0.502_886_5).abs() < 1e-6 && (float[1] - 0.038_204_37).abs() < 1e-6);
    assert_eq!(float[3], 77.0 / 255.0);
    let half = halves(&space(SRGB, OutputFormat::Rgba16F));
    assert!((half[0] - 0.502_886_5).abs() < 3e-4);
}

#[test]
fn numbers_that_are_no_colours_are_never_converted() {
    let settings = settings(|s| {
        s.intent = TextureIntent::NormalTS;
        s.source_color_space = ColorSpace::SRGB;
        s.output_format = OutputFormat::Rgba8;
        s.quality = EncodeQuality::None;
    });
    let cooked = cook(rgba8(1, 1, |_, _| [188, 55, 255, 77]), &settings);
    assert_eq!(level(&cooked, 0), [188, 55, 255, 77]);
}

#[test]
fn sixteen_bits_survive() {
    let codes: Vec<u16> = vec![0, 1, 257, 32768, 40000, 65534, 65535, 12345];
    let bytes: Vec<u8> = codes.iter().flat_map(|v| v.to_le_bytes()).collect();
    let height = TexturePreset::HeightMap.settings();
    let cooked = cook(image(PixelFormat::R16, 4, 2, bytes.clone()), &height);
    assert_eq!(cooked.shape().format(), TextureFormat::R16UNorm);
    assert_eq!(words(&level(&cooked, 0)), codes);
    // 105535 / 4 and 110905 / 4, rounded once.
    assert_eq!(words(&level(&cooked, 1)), [26384, 27726]);

    let float = cook(
        image(PixelFormat::R16, 4, 2, bytes.clone()),
        &plain(OutputFormat::Rgba32F),
    );
    let float = floats(&level(&float, 0));
    for (texel, code) in float.chunks(4).zip(&codes) {
        let exact = f32::from(*code) / 65535.0;
        assert_eq!(texel, [exact, exact, exact, 1.0]);
    }
    let wide = cook(
        image(PixelFormat::Rgba16, 1, 2, bytes),
        &plain(OutputFormat::Rgba16),
    );
    assert_eq!(words(&level(&wide, 0)), codes);
}

#[test]
fn eight_bits_fill_sixteen_and_sixteen_are_rounded_to_eight() {
    let eight = cook(
        image(PixelFormat::R8, 2, 1, vec![0, 171]),
        &plain(OutputFormat::R16),
    );
    assert_eq!(words(&level(&eight, 0)), [0, 171 * 257]);
    let wide: Vec<u8> = [128u16, 129, 385, 386]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let sixteen = cook(
        image(PixelFormat::R16, 4, 1, wide),
        &plain(OutputFormat::R8),
    );
    assert_eq!(level(&sixteen, 0), [0, 1, 1, 2]);
}

#[test]
fn grey_stays_grey_when_it_may() {
    let keep = |source, output| {
        let mut settings = plain(output);
        settings.force_rgba = false;
        let texels = vec![64; source_bytes(source)];
        let cooked = cook(image(source, 2, 2, texels), &settings);
        assert_eq!(cooked.shape().mips(), 2);
        cooked.shape().format()
    };
    fn source_bytes(source: PixelFormat) -> usize {
        4 * source.texel_bytes()
    }
    assert_eq!(
        keep(PixelFormat::R8, OutputFormat::Rgba8),
        TextureFormat::R8UNorm
    );
    assert_eq!(
        keep(PixelFormat::Rg8, OutputFormat::Bc7),
        TextureFormat::Rg8UNorm
    );
    assert_eq!(
        keep(PixelFormat::R16, OutputFormat::Bc7),
        TextureFormat::R16UNorm
    );
    assert_eq!(
        keep(PixelFormat::Rg16, OutputFormat::Rgba8),
        TextureFormat::Rg16UNorm
    );
    assert_eq!(
        keep(PixelFormat::R8, OutputFormat::Rgba16F),
        TextureFormat::Rgba16Float
    );
    assert_eq!(
        keep(PixelFormat::Rgba8, OutputFormat::Rgba8),
        TextureFormat::Rgba8UNorm
    );
}

#[test]
fn grey_and_alpha_have_proper_levels() {
    let source = image(
        PixelFormat::Rg8,
        2,
        2,
        vec![0, 0, 100, 100, 200, 200, 100, 60],
    );
    let mut settings = plain(OutputFormat::Rgba8);
    settings.force_rgba = false;
    let cooked = cook(source.clone(), &settings);
    assert_eq!(level(&cooked, 0), source.texels());
    assert_eq!(level(&cooked, 1), [100, 90]);
    settings.force_rgba = true;
    assert_eq!(level(&cook(source, &settings), 1), [100, 100, 100, 90]);
}

fn normal_settings() -> TextureSettings {
    let mut settings = TexturePreset::Normal.settings();
    settings.output_format = OutputFormat::Rgba8;
    settings.quality = EncodeQuality::None;
    settings
}

#[test]
fn normals_are_averaged_as_vectors_and_get_unit_length() {
    // Two vectors that lean left and right by 45 degrees: their mean points straight up.
    let lean = |x: u32| {
        if x == 0 {
            [218, 128, 218, 9]
        } else {
            [37, 128, 218, 9]
        }
    };
    let cooked = cook(rgba8(2, 1, |x, _| lean(x)), &normal_settings());
    assert_eq!(level(&cooked, 0), [218, 128, 218, 9, 37, 128, 218, 9]);
    assert_eq!(level(&cooked, 1), [128, 128, 255, 9]);
    let mut raw = normal_settings();
    raw.renormalize_normals = false;
    assert_eq!(
        level(&cook(rgba8(2, 1, |x, _| lean(x)), &raw), 1),
        [128, 128, 218, 9]
    );
}

#[test]
fn every_level_of_a_normal_map_has_unit_vectors() {
    let bumps = rgba8(64, 64, |x, y| {
        let (nx, ny) = (
            (f64::from(x) * 0.7).sin() * 0.6,
            (f64::from(y) * 0.9).cos() * 0.6,
        );
        let nz = (1.0 - nx * nx - ny * ny).sqrt();
        let encode = |n: f64| ((n * 0.5 + 0.5) * 255.0).round() as u8;
        [encode(nx), encode(ny), encode(nz), 255]
    });
    for filter in [MipFilter::Box, MipFilter::Kaiser] {
        let mut settings = normal_settings();
        settings.mip_filter = filter;
        let cooked = cook(bumps.clone(), &settings);
        for mip in 1..cooked.shape().mips() {
            for texel in level(&cooked, mip).chunks(4) {
                let n = [0, 1, 2].map(|c| f64::from(texel[c]) / 255.0 * 2.0 - 1.0);
                let length = n.iter().map(|v| v * v).sum::<f64>().sqrt();
                assert!(
                    (length - 1.0).abs() < 0.012,
                    "{filter:?} level {mip}: {length}"
                );
            }
        }
    }
}

#[test]
fn green_is_flipped_before_levels_are_made() {
    let source = rgba8(2, 1, |x, _| [128, if x == 0 { 64 } else { 100 }, 200, 255]);
    let mut settings = normal_settings();
    settings.flip_normal_green = true;
    settings.renormalize_normals = false;
    let cooked = cook(source, &settings);
    assert_eq!(level(&cooked, 0), [128, 191, 200, 255, 128, 155, 200, 255]);
    assert_eq!(level(&cooked, 1), [128, 173, 200, 255]);
    // Other content has no green to flip.
    let mut albedo = plain(OutputFormat::Rgba8);
    albedo.flip_normal_green = true;
    assert_eq!(
        level(&cook(rgba8(1, 1, |_, _| [1, 2, 3, 4]), &albedo), 0),
        [1, 2, 3, 4]
    );
}

/// A green disc on transparent magenta.
fn cutout() -> Image {
    rgba8(64, 64, |x, y| {
        let (dx, dy) = (f64::from(x) - 31.5, f64::from(y) - 31.5);
        if dx * dx + dy * dy < 400.0 {
            [20, 160, 30, 255]
        } else {
            [255, 0, 255, 0]
        }
    })
}

#[test]
fn transparent_colours_do_not_bleed() {
    for filter in [MipFilter::Box, MipFilter::Kaiser, MipFilter::Lanczos] {
        let cooked = cook(cutout(), &srgb8(filter, ColorSpace::Linear));
        for mip in 1..cooked.shape().mips() {
            for texel in level(&cooked, mip).chunks(4) {
                if texel[3] >= 4 {
                    let off = [20, 160, 30]
                        .iter()
                        .zip(texel)
                        .map(|(a, b)| i32::from(*b).abs_diff(*a));
                    assert!(
                        off.max().unwrap() <= 12,
                        "{filter:?} level {mip}: {texel:?}"
                    );
                }
            }
        }
        // Far from everything the transparent colour stays what it was.
        assert_eq!(level(&cooked, 1)[..4], [255, 0, 255, 0]);
    }
}

#[test]
fn colours_that_are_seen_whatever_their_alpha_are_averaged_as_they_are() {
    use crate::settings::texture::{AlphaUse, TextureOptions};
    use crate::source::scene::TextureRole;
    // An opaque material: the packed alpha of its base colour is something else, such as smoothness.
    let packed = || {
        rgba8(2, 1, |x, _| match x {
            0 => [255, 0, 0, 255],
            _ => [0, 0, 255, 0],
        })
    };
    let options = TextureOptions {
        output_format: Some(OutputFormat::Rgba8Srgb),
        mip_filter: Some(MipFilter::Box),
        ..TextureOptions::default()
    };
    let smallest = |alpha| {
        let role = TextureRole::BaseColor;
        let settings = options.resolve_role(role, None, alpha).unwrap();
        level(&cook(packed(), &settings), 1)
    };
    // Half of the light of each, which is 188.
    assert_eq!(smallest(AlphaUse::Unused), [188, 0, 188, 128]);
    // Blue is not seen at all where alpha is opacity.
    assert_eq!(smallest(AlphaUse::Blend), [255, 0, 0, 128]);
}

#[test]
fn alpha_of_data_is_a_number_like_the_others() {
    let packed = rgba8(2, 1, |x, _| {
        if x == 0 {
            [200, 0, 0, 255]
        } else {
            [100, 0, 0, 0]
        }
    });
    let cooked = cook(packed, &plain(OutputFormat::Rgba8));
    assert_eq!(level(&cooked, 1), [150, 0, 0, 128]);
}

#[test]
fn cutouts_keep_their_coverage_on_request() {
    // Scattered leaves: averaging takes them below any cut-off.
    let leaves = rgba8(64, 64, |x, y| {
        let hash =
            (x.wrapping_mul(73_856_093) ^ y.wrapping_mul(19_349_663)).wrapping_mul(2_654_435_761);
        [50, 90, 20, if hash >> 24 < 70 { 255 } else { 0 }]
    });
    let share = |texels: &[u8]| {
        let solid = texels.chunks(4).filter(|t| t[3] >= 128).count();
        solid as f64 / (texels.len() / 4) as f64
    };
    let mut settings = srgb8(MipFilter::Box, ColorSpace::Linear);
    let plain = cook(leaves.clone(), &settings);
    settings.alpha_coverage = Some(0.5);
    let kept = cook(leaves, &settings);
    let wanted = share(&level(&kept, 0));
    assert_eq!(level(&kept, 0), level(&plain, 0));
    for mip in 2..4 {
        let error = (share(&level(&kept, mip)) - wanted).abs();
        assert!(error < 0.08, "level {mip} is off by {error}");
        assert!(error <= (share(&level(&plain, mip)) - wanted).abs());
    }
    assert_eq!(share(&level(&plain, 3)), 0.0);
}

#[test]
fn a_mean_survives_the_whole_chain() {
    // Box filtering of powers of two keeps the mean exactly; wide kernels very nearly.
    let noise = rgba8(64, 64, |x, y| {
        let v = (x.wrapping_mul(73_856_093) ^ y.wrapping_mul(19_349_663)) >> 5;
        [v as u8, (v >> 8) as u8, (v >> 16) as u8, 255]
    });
    let mean: f64 = noise
        .texels()
        .chunks(4)
        .map(|t| f64::from(t[0]))
        .sum::<f64>()
        / 4096.0;
    for (filter, tolerance) in [(MipFilter::Box, 0.51), (MipFilter::Kaiser, 6.0)] {
        let mut settings = plain(OutputFormat::Rgba8);
        settings.mip_filter = filter;
        let last = level(&cook(noise.clone(), &settings), 6);
        assert!((f64::from(last[0]) - mean).abs() <= tolerance, "{filter:?}");
    }
}

#[test]
fn one_level_of_matching_texels_is_not_touched() {
    let source = photo(33, 17);
    let settings = settings(|s| {
        s.mip_policy = MipPolicy::None;
        s.output_format = OutputFormat::Rgba8Srgb;
        s.quality = EncodeQuality::None;
    });
    assert_eq!(level(&cook(source.clone(), &settings), 0), source.texels());
}

//! Block formats: what their texels decode to, and what they leave out.

use super::*;
use crate::{
    format::texture_format::TextureFormat,
    settings::texture::{EncoderChoice, HdrHandling, TexturePreset},
};

/// Decodes blocks of any of our formats to RGBA floats by another library.
pub(super) fn decode(cooked: &CookedTexture, mip: u16) -> Vec<[f32; 4]> {
    let format = cooked.shape().format();
    let (width, height, _) = cooked.shape().mip_size(mip);
    let across = width.div_ceil(4) as usize;
    let block_bytes = format.block_bytes() as usize;
    let mut texels = vec![[0.0; 4]; (width * height) as usize];
    let blocks = level(cooked, mip);
    for (i, block) in blocks.chunks_exact(block_bytes).enumerate() {
        let rgba = decode_block(format, block);
        for (k, texel) in rgba.into_iter().enumerate() {
            let (x, y) = (i % across * 4 + k % 4, i / across * 4 + k / 4);
            if x < width as usize && y < height as usize {
                texels[y * width as usize + x] = texel;
            }
        }
    }
    texels
}

fn decode_block(format: TextureFormat, block: &[u8]) -> [[f32; 4]; 16] {
    use TextureFormat as F;
    let mut bytes = [0u8; 64];
    let eight = |bytes: &[u8; 64]| {
        std::array::from_fn(|k| std::array::from_fn(|c| f32::from(bytes[k * 4 + c]) / 255.0))
    };
    match format {
        F::Bc1UNorm | F::Bc1UNormSrgb => {
            bcdec_rs::bc1(block, &mut bytes, 16);
            eight(&bytes)
        }
        F::Bc3UNorm | F::Bc3UNormSrgb => {
            bcdec_rs::bc3(block, &mut bytes, 16);
            eight(&bytes)
        }
        F::Bc4UNorm => {
            bcdec_rs::bc4(block, &mut bytes, 4, false);
            std::array::from_fn(|k| [f32::from(bytes[k]) / 255.0, 0.0, 0.0, 1.0])
        }
        F::Bc5UNorm => {
            bcdec_rs::bc5(block, &mut bytes, 8, false);
            std::array::from_fn(|k| {
                let channel = |c: usize| f32::from(bytes[k * 2 + c]) / 255.0;
                [channel(0), channel(1), 0.0, 1.0]
            })
        }
        F::Bc6hFloatU => {
            let mut light = [0.0f32; 48];
            bcdec_rs::bc6h_float(block, &mut light, 12, false);
            std::array::from_fn(|k| [light[k * 3], light[k * 3 + 1], light[k * 3 + 2], 1.0])
        }
        _ => {
            bcdec_rs::bc7(block, &mut bytes, 16);
            eight(&bytes)
        }
    }
}

/// Noise of one channel over another, in dB.
fn psnr_of(decoded: &[[f32; 4]], source: &Image, channels: &[(usize, usize)]) -> f64 {
    let mut sum = 0.0;
    let mut count = 0.0;
    for (decoded, source) in decoded.iter().zip(source.texels().chunks(4)) {
        for &(to, from) in channels {
            let off = f64::from(decoded[to]) * 255.0 - f64::from(source[from]);
            sum += off * off;
            count += 1.0;
        }
    }
    10.0 * (255.0 * 255.0 * count / f64::max(sum, 1e-9)).log10()
}

pub(super) fn translucent(width: u32, height: u32) -> Image {
    let picture = photo(width, height);
    let texels = picture
        .texels()
        .chunks(4)
        .enumerate()
        .flat_map(|(i, t)| {
            let (x, y) = (i as u32 % width, i as u32 / width);
            let alpha = 128.0 + 100.0 * (f64::from(x) * 0.05).sin() * (f64::from(y) * 0.07).cos();
            [t[0], t[1], t[2], alpha as u8]
        })
        .collect();
    image(PixelFormat::Rgba8, width, height, texels)
}

#[test]
fn every_block_format_holds_its_channels() {
    use OutputFormat as O;
    let source = translucent(61, 45);
    let rgb = [(0, 0), (1, 1), (2, 2)];
    for (output, format, channels, least) in [
        (O::Bc1, TextureFormat::Bc1UNorm, &rgb[..], 33.0),
        (O::Bc1Srgb, TextureFormat::Bc1UNormSrgb, &rgb, 33.0),
        (O::Bc3, TextureFormat::Bc3UNorm, &[(3, 3)], 45.0),
        (O::Bc3, TextureFormat::Bc3UNorm, &rgb, 33.0),
        (O::Bc3Srgb, TextureFormat::Bc3UNormSrgb, &rgb, 33.0),
        (O::Bc4, TextureFormat::Bc4UNorm, &[(0, 0)], 40.0),
        (O::Bc5, TextureFormat::Bc5UNorm, &[(0, 0), (1, 1)], 40.0),
        (O::Bc7, TextureFormat::Bc7UNorm, &[(0, 0), (3, 3)], 40.0),
        (O::Bc7Srgb, TextureFormat::Bc7UNormSrgb, &rgb, 38.0),
    ] {
        let mut settings = plain(output);
        settings.source_color_space = output.color_space();
        let cooked = cook(source.clone(), &settings);
        assert_eq!(cooked.shape().format(), format);
        assert_eq!(cooked.shape().mips(), 6);
        let quality = psnr_of(&decode(&cooked, 0), &source, channels);
        assert!(quality > least, "{output}: {quality} dB");
        let cut = cook_in_tiles(source.clone(), &settings, 128).unwrap();
        assert_eq!(cut, cooked, "{output}");
    }
}

#[test]
fn grey_and_alpha_fill_the_channels_of_bc4_and_bc5() {
    let texels = (0..64u8).flat_map(|i| [i * 4, 255 - i * 4]).collect();
    let source = image(PixelFormat::Rg8, 8, 8, texels);
    let one = decode(&cook(source.clone(), &plain(OutputFormat::Bc4)), 0);
    let two = decode(&cook(source, &plain(OutputFormat::Bc5)), 0);
    for (i, (one, two)) in one.iter().zip(&two).enumerate() {
        let grey = i as f32 * 4.0 / 255.0;
        assert!((one[0] - grey).abs() < 0.05, "{i}");
        assert!((two[0] - grey).abs() < 0.05 && (two[1] - (1.0 - grey)).abs() < 0.05);
    }
}

#[test]
fn bc5_holds_the_slope_of_normals() {
    let mut settings = TexturePreset::Normal.settings();
    settings.output_format = OutputFormat::Bc5;
    let lean = rgba8(8, 8, |x, _| {
        if x < 4 {
            [218, 128, 218, 255]
        } else {
            [37, 128, 218, 255]
        }
    });
    let cooked = cook(lean, &settings);
    // Left and right cancel out: the last level points straight up.
    let last = decode(&cooked, 3)[0];
    assert!(
        (last[0] - 0.5).abs() < 0.01 && (last[1] - 0.5).abs() < 0.01,
        "{last:?}"
    );
}

/// Light of many strengths, as skies have it.
pub(super) fn bright(width: u32, height: u32) -> Image {
    rgba32f(width, height, |x, y| {
        let (u, v) = (f64::from(x) * 0.11, f64::from(y) * 0.07);
        let channel =
            |phase: f64| ((u + phase).sin() + (v * 1.3 + phase).cos() + 2.1).exp2() as f32;
        [channel(0.0), channel(0.4), channel(0.9), 1.0]
    })
}

/// The error of light relative to itself, root mean square.
fn relative_error(decoded: &[[f32; 4]], source: &Image) -> f64 {
    let mut sum = 0.0;
    for (decoded, source) in decoded.iter().zip(floats(source.texels()).chunks(4)) {
        for c in 0..3 {
            let off = f64::from(decoded[c] - source[c]) / f64::from(source[c]);
            sum += off * off;
        }
    }
    (sum / (decoded.len() * 3) as f64).sqrt()
}

#[test]
fn bc6h_holds_light() {
    let source = bright(64, 48);
    let mut last = f64::MAX;
    for quality in [
        EncodeQuality::Fast,
        EncodeQuality::Default,
        EncodeQuality::High,
    ] {
        let mut settings = TexturePreset::HdrLightProbe.settings();
        settings.output_format = OutputFormat::Bc6h;
        settings.quality = quality;
        let cooked = cook(source.clone(), &settings);
        assert_eq!(cooked.shape().format(), TextureFormat::Bc6hFloatU);
        let error = relative_error(&decode(&cooked, 0), &source);
        assert!(
            error < 0.03 && error <= last * 1.02,
            "{quality}: {error} after {last}"
        );
        last = error;
        let cut = cook_in_tiles(source.clone(), &settings, 64).unwrap();
        assert_eq!(cut, cooked);
    }
}

#[test]
fn bc6h_says_what_it_leaves_out() {
    let mut settings = TexturePreset::HdrLightProbe.settings();
    settings.output_format = OutputFormat::Bc6h;
    settings.quality = EncodeQuality::Fast;
    let dark = rgba32f(4, 4, |x, _| {
        [[-1.0, 2.0, 1e6, 0.5][x as usize], 1.0, 1.0, 0.5]
    });
    let cooked = cook(dark, &settings);
    let told: Vec<_> = cooked.warnings().iter().map(|one| one.code.id()).collect();
    assert_eq!(
        told,
        [
            "texture.half_range",
            "texture.negative_light",
            "texture.alpha_dropped"
        ]
    );
    let decoded = decode(&cooked, 0);
    assert!(
        decoded
            .iter()
            .flatten()
            .all(|v| (0.0..=65504.0).contains(v))
    );
    let opaque = rgba32f(4, 4, |_, _| [1.0; 4]);
    assert!(cook(opaque, &settings).warnings().is_empty());
}

#[test]
fn ordinary_pictures_become_light_in_bc6h() {
    // sRGB 188 is 0.5029 of white.
    let source = rgba8(8, 8, |_, _| [188, 255, 0, 255]);
    let settings = settings(|s| s.output_format = OutputFormat::Bc6h);
    let decoded = decode(&cook(source, &settings), 0);
    for texel in decoded {
        assert!((texel[0] - 0.502_886_5).abs() < 5e-3, "{texel:?}");
        assert!((texel[1] - 1.0).abs() < 5e-3 && texel[2] < 5e-3);
    }
}

#[test]
fn bc6h_is_a_float_output() {
    use crate::settings::texture::TextureIntent;
    for handling in [
        HdrHandling::Error,
        HdrHandling::KeepFloat,
        HdrHandling::TonemapAuto,
    ] {
        let mut settings = plain(OutputFormat::Bc6h);
        settings.hdr_handling = handling;
        settings.intent = TextureIntent::HdrEnvironment;
        let cooked = cook(bright(8, 8), &settings);
        assert_eq!(cooked.shape().format(), TextureFormat::Bc6hFloatU);
    }
    // Baked light is at most one.
    let mut settings = plain(OutputFormat::Bc6h);
    settings.bake_hdr = true;
    let decoded = decode(&cook(bright(8, 8), &settings), 0);
    assert!(decoded.iter().flatten().all(|&v| v <= 1.0));
}

#[test]
fn formats_without_alpha_say_so() {
    let warned = |output, source: Image| {
        let cooked = cook(source, &plain(output));
        cooked
            .warnings()
            .iter()
            .any(|one| one.code.id() == "texture.alpha_dropped")
    };
    assert!(warned(OutputFormat::Bc1, translucent(8, 8)));
    assert!(!warned(OutputFormat::Bc1, photo(8, 8)));
    assert!(!warned(OutputFormat::Bc3, translucent(8, 8)));
    // Whoever asks for single channels knows what they hold.
    assert!(!warned(OutputFormat::Bc4, translucent(8, 8)));
}

#[test]
fn settings_choose_the_encoder() {
    let made_by = |output, encoder| {
        let mut settings = plain(output);
        settings.encoder = encoder;
        let cooked = cook(photo(8, 8), &settings);
        cooked.encoder().map(|identity| identity.name)
    };
    use EncoderChoice::{Auto, Bc7e, Intel};
    assert_eq!(made_by(OutputFormat::Bc7, Auto), Some("bc7e"));
    assert_eq!(made_by(OutputFormat::Bc7Srgb, Bc7e), Some("bc7e"));
    assert_eq!(made_by(OutputFormat::Bc7, Intel), Some("intel_tex_2"));
    for encoder in [Auto, Bc7e, Intel] {
        assert_eq!(made_by(OutputFormat::Bc1, encoder), Some("intel_tex_2"));
        assert_eq!(made_by(OutputFormat::Bc6h, encoder), Some("intel_tex_2"));
        assert_eq!(made_by(OutputFormat::Rgba8, encoder), None);
    }
}

#[test]
fn every_encoder_cuts_without_a_trace() {
    let source = translucent(147, 29);
    for encoder in EncoderChoice::ALL {
        for quality in [
            EncodeQuality::Fast,
            EncodeQuality::Default,
            EncodeQuality::High,
        ] {
            for output in [OutputFormat::Bc7, OutputFormat::Bc7Srgb] {
                let mut settings = plain(output);
                settings.encoder = *encoder;
                settings.quality = quality;
                let whole = cook(source.clone(), &settings);
                let cut = cook_in_tiles(source.clone(), &settings, 256).unwrap();
                assert_eq!(whole, cut, "{encoder} {quality} {output}");
            }
        }
    }
}

#[test]
fn tiles_follow_the_encoder() {
    use std::time::Duration;
    let count = |quality| {
        let mut settings = plain(OutputFormat::Bc7);
        settings.quality = quality;
        let prepared = prepared(photo(256, 256), &settings).unwrap();
        prepared.tiles_lasting(Duration::from_millis(4)).len()
    };
    // A slower quality needs smaller tiles for the same time.
    let (fast, default, high) = (
        count(EncodeQuality::Fast),
        count(EncodeQuality::Default),
        count(EncodeQuality::High),
    );
    assert!(fast < default && default < high, "{fast} {default} {high}");
    let prepared = prepared(photo(64, 64), &plain(OutputFormat::Bc7)).unwrap();
    // However short the time, there is at least a block row in a gang.
    assert_eq!(prepared.tiles_lasting(Duration::ZERO), prepared.tiles(0));
}

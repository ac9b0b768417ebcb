//! How good blocks are, measured with the decoder of another library, on pictures that are made here and on
//! those of the corpus where it is.

use super::*;
use crate::settings::texture::{EncoderChoice, TexturePreset};
use std::path::PathBuf;

/// A file of the corpus, decoded; `None` where the corpus is not.
fn corpus(name: &str) -> Option<Image> {
    let root: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "..", "shared", "corpus"]
        .iter()
        .collect();
    // Checkouts of branches lie a folder deeper.
    let deeper: PathBuf = [
        env!("CARGO_MANIFEST_DIR"),
        "..",
        "..",
        "..",
        "shared",
        "corpus",
    ]
    .iter()
    .collect();
    let bytes = [root, deeper]
        .iter()
        .find_map(|root| std::fs::read(root.join(name)).ok())?;
    let (limits, cancel) = (ImageLimits::default(), CancelFlag::new());
    decode(&bytes, name, &limits, &Default::default(), &cancel).ok()
}

/// Noise of brightness (Rec. 709), in dB.
fn luma_psnr(a: &[u8], b: &[u8]) -> f64 {
    let luma =
        |t: &[u8]| 0.2126 * f64::from(t[0]) + 0.7152 * f64::from(t[1]) + 0.0722 * f64::from(t[2]);
    let mut sum = 0.0;
    for (a, b) in a.chunks_exact(4).zip(b.chunks_exact(4)) {
        sum += (luma(a) - luma(b)).powi(2);
    }
    let mean = sum / (a.len() / 4) as f64;
    10.0 * (255.0 * 255.0 / f64::max(mean, 1e-9)).log10()
}

/// Noise of all four channels alike, in dB.
fn psnr_with_alpha(a: &[u8], b: &[u8]) -> f64 {
    let squares = a
        .iter()
        .zip(b)
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
    let mean = squares.sum::<f64>() / a.len() as f64;
    10.0 * (255.0 * 255.0 / f64::max(mean, 1e-9)).log10()
}

/// Colour and brightness noise of the first level.
fn measure(
    source: &Image,
    output: OutputFormat,
    encoder: EncoderChoice,
    quality: EncodeQuality,
) -> (f64, f64) {
    let decoded = encoded_and_decoded(source, output, encoder, quality);
    (
        psnr(&decoded, source.texels()),
        luma_psnr(&decoded, source.texels()),
    )
}

/// The first level, encoded, and decoded by another library.
fn encoded_and_decoded(
    source: &Image,
    output: OutputFormat,
    encoder: EncoderChoice,
    quality: EncodeQuality,
) -> Vec<u8> {
    let mut settings = plain(output);
    settings.source_color_space = output.color_space();
    settings.mip_policy = crate::settings::texture::MipPolicy::None;
    settings.encoder = encoder;
    settings.quality = quality;
    decoded_level(&cook(source.clone(), &settings), 0)
}

const LEVELS: [EncodeQuality; 3] = [
    EncodeQuality::Fast,
    EncodeQuality::Default,
    EncodeQuality::High,
];

#[test]
fn better_quality_is_better() {
    let pictures = [Some(photo(192, 128)), corpus("textures/kodim23.png")];
    for source in pictures.into_iter().flatten() {
        for encoder in EncoderChoice::ALL {
            for output in [OutputFormat::Bc7, OutputFormat::Bc7Srgb] {
                let results = LEVELS.map(|quality| measure(&source, output, *encoder, quality));
                for pair in results.windows(2) {
                    // What bc7e makes of sRGB is for the eye: brightness counts there. Intel's
                    // encoder weighs all channels alike.
                    let perceptual =
                        output == OutputFormat::Bc7Srgb && *encoder != EncoderChoice::Intel;
                    let (worse, better) = if perceptual {
                        (pair[0].1, pair[1].1)
                    } else {
                        (pair[0].0, pair[1].0)
                    };
                    assert!(worse <= better + 0.05, "{encoder} {output}: {results:?}");
                }
            }
        }
    }
}

#[test]
fn a_photograph_is_as_good_as_documented() {
    let Some(source) = corpus("textures/kodim23.png") else {
        return;
    };
    use EncodeQuality::{Default, Fast, High};
    use OutputFormat::{Bc7, Bc7Srgb};
    // Measured: see docs/textures.md. A quarter of a decibel is left for other instruction sets.
    for (output, encoder, quality, rgb, luma) in [
        (Bc7Srgb, EncoderChoice::Auto, Fast, 42.99, 50.46),
        (Bc7Srgb, EncoderChoice::Auto, Default, 45.39, 52.38),
        (Bc7Srgb, EncoderChoice::Auto, High, 45.71, 52.97),
        (Bc7, EncoderChoice::Auto, Fast, 43.91, 47.23),
        (Bc7, EncoderChoice::Auto, Default, 46.74, 49.48),
        (Bc7, EncoderChoice::Auto, High, 47.16, 49.78),
        (Bc7, EncoderChoice::Intel, Fast, 43.91, 47.10),
        (Bc7, EncoderChoice::Intel, Default, 46.75, 49.20),
        (Bc7, EncoderChoice::Intel, High, 47.16, 49.64),
    ] {
        let measured = measure(&source, output, encoder, quality);
        assert!(
            measured.0 >= rgb - 0.25 && measured.1 >= luma - 0.25,
            "{output} {encoder} {quality}: {measured:?} instead of {rgb} {luma}"
        );
    }
    // What Bevy's own processor reaches on photographs.
    let (rgb, luma) = measure(&source, Bc7Srgb, EncoderChoice::Auto, Default);
    assert!(rgb >= 44.2 && luma >= 49.8, "{rgb} {luma}");
}

#[test]
fn normal_maps_of_the_corpus_keep_their_slopes() {
    let Some(source) = corpus("textures/normal_512.png") else {
        return;
    };
    let (fast, _) = measure(&source, OutputFormat::Bc7, EncoderChoice::Auto, LEVELS[0]);
    let (default, _) = measure(&source, OutputFormat::Bc7, EncoderChoice::Auto, LEVELS[1]);
    assert!(fast > 36.5 && default > 40.7, "{fast} {default}");
}

#[test]
fn a_sky_of_the_corpus_keeps_its_light() {
    let Some(source) = corpus("textures/sky_equirect.hdr") else {
        return;
    };
    let mut last = 0.0;
    // Measured; half a decibel is left for other instruction sets.
    for (quality, floor) in LEVELS.into_iter().zip([48.43, 50.77, 51.0]) {
        let mut settings = TexturePreset::HdrLightProbe.settings();
        settings.output_format = OutputFormat::Bc6h;
        settings.quality = quality;
        settings.mip_policy = crate::settings::texture::MipPolicy::None;
        let cooked = cook(source.clone(), &settings);
        let psnr = seen_psnr(&formats::decode(&cooked, 0), &source);
        assert!(
            psnr >= floor - 0.5 && psnr >= last - 0.05,
            "{quality}: {psnr} after {last}"
        );
        last = psnr;
    }
}

/// Noise of light as it is seen, under x / (1 + x), in dB.
fn seen_psnr(light: &[[f32; 4]], source: &Image) -> f64 {
    let seen = |x: f32| f64::from(x.max(0.0)) / (1.0 + f64::from(x.max(0.0)));
    let mut sum = 0.0;
    for (texel, source) in light.iter().zip(floats(source.texels()).chunks(4)) {
        for c in 0..3 {
            sum += (seen(texel[c]) - seen(source[c])).powi(2);
        }
    }
    10.0 * ((light.len() * 3) as f64 / f64::max(sum, 1e-12)).log10()
}

#[test]
fn pictures_made_here_are_as_good_as_measured() {
    use EncoderChoice::{Auto, Intel};
    use OutputFormat::{Bc7, Bc7Srgb};
    let (opaque, alpha) = (photo(128, 96), formats::translucent(128, 96));
    // Measured; half a decibel is left for other instruction sets.
    for (source, output, encoder, floors) in [
        (&opaque, Bc7Srgb, Auto, [60.62, 61.07, 61.76]),
        (&opaque, Bc7, Auto, [51.35, 51.52, 51.81]),
        (&opaque, Bc7, Intel, [51.33, 51.48, 51.61]),
        (&alpha, Bc7Srgb, Auto, [45.63, 45.51, 45.62]),
        // The default tries fewer kinds of blocks with alpha than `fast` does, which shows where alpha
        // is as smooth as here; on photographs it is the better one.
        (&alpha, Bc7, Auto, [47.29, 44.58, 47.30]),
        (&alpha, Bc7, Intel, [47.23, 47.33, 47.33]),
    ] {
        let reached = LEVELS.map(|quality| {
            let decoded = encoded_and_decoded(source, output, encoder, quality);
            match (output, source.texels()[3]) {
                // What is for the eye is measured in brightness.
                (Bc7Srgb, 255) => luma_psnr(&decoded, source.texels()),
                (_, 255) => psnr(&decoded, source.texels()),
                _ => psnr_with_alpha(&decoded, source.texels()),
            }
        });
        for (reached, floor) in reached.iter().zip(floors) {
            assert!(
                *reached >= floor - 0.5,
                "{output} {encoder}: {reached} below {floor}"
            );
        }
    }
}

#[test]
fn light_made_here_is_as_good_as_measured() {
    let source = formats::bright(128, 96);
    for (quality, floor) in LEVELS.into_iter().zip([48.99, 52.92, 52.96]) {
        let mut settings = TexturePreset::HdrLightProbe.settings();
        settings.output_format = OutputFormat::Bc6h;
        settings.quality = quality;
        let cooked = cook(source.clone(), &settings);
        let psnr = seen_psnr(&formats::decode(&cooked, 0), &source);
        assert!(psnr >= floor - 0.5, "{quality}: {psnr} below {floor}");
    }
}

/// Tight rows in whole blocks, the last column and row repeated: the plain loop of somebody who calls an
/// encoder for a picture of any size.
fn in_whole_blocks(texels: &[u8], width: u32, height: u32, bytes: usize) -> (Vec<u8>, u32, u32) {
    let (across, down) = (width.next_multiple_of(4), height.next_multiple_of(4));
    let mut out = Vec::new();
    for y in 0..down {
        for x in 0..across {
            let at = (y.min(height - 1) * width + x.min(width - 1)) as usize * bytes;
            out.extend_from_slice(&texels[at..at + bytes]);
        }
    }
    (out, across, down)
}

/// The blocks of one level, by a single call of the library for all of it.
fn blocks_of_the_library(
    settings: &TextureSettings,
    texels: &[u8],
    (width, height): (u32, u32),
    opaque: bool,
) -> Vec<u8> {
    use EncodeQuality as Q;
    use OutputFormat as O;
    let bytes = match settings.output_format {
        O::Bc4 => 1,
        O::Bc5 => 2,
        O::Bc6h => 8,
        _ => 4,
    };
    let (texels, width, height) = in_whole_blocks(texels, width, height, bytes as usize);
    let stride = width * bytes;
    let data = texels.as_slice();
    let rgba = intel_tex_2::RgbaSurface {
        data,
        width,
        height,
        stride,
    };
    match settings.output_format {
        O::Bc1 | O::Bc1Srgb => intel_tex_2::bc1::compress_blocks(&rgba),
        O::Bc3 | O::Bc3Srgb => intel_tex_2::bc3::compress_blocks(&rgba),
        O::Bc4 => {
            let surface = intel_tex_2::RSurface {
                data,
                width,
                height,
                stride,
            };
            intel_tex_2::bc4::compress_blocks(&surface)
        }
        O::Bc5 => {
            let surface = intel_tex_2::RgSurface {
                data,
                width,
                height,
                stride,
            };
            intel_tex_2::bc5::compress_blocks(&surface)
        }
        O::Bc6h => {
            let settings = match settings.quality {
                Q::Fast => intel_tex_2::bc6h::very_fast_settings(),
                Q::Default => intel_tex_2::bc6h::fast_settings(),
                _ => intel_tex_2::bc6h::basic_settings(),
            };
            intel_tex_2::bc6h::compress_blocks(&settings, &rgba)
        }
        _ if settings.encoder == EncoderChoice::Intel => {
            use intel_tex_2::bc7 as b;
            let settings = match (settings.quality, opaque) {
                (Q::Fast, true) => b::opaque_ultra_fast_settings(),
                (Q::Fast, false) => b::alpha_ultra_fast_settings(),
                (Q::Default, true) => b::opaque_very_fast_settings(),
                (Q::Default, false) => b::alpha_very_fast_settings(),
                (_, true) => b::opaque_basic_settings(),
                (_, false) => b::alpha_basic_settings(),
            };
            b::compress_blocks(&settings, &rgba)
        }
        output => {
            let eye = output == O::Bc7Srgb;
            let parameters = match settings.quality {
                Q::Fast => ctt_bc7enc_rdo::params_init_ultrafast(eye),
                Q::Default if eye => ctt_bc7enc_rdo::params_init_basic(true),
                Q::Default => ctt_bc7enc_rdo::params_init_veryfast(false),
                _ => ctt_bc7enc_rdo::params_init_slow(eye),
            };
            let mut pixels = Vec::new();
            for block in 0..width / 4 * (height / 4) {
                let (bx, by) = (block % (width / 4), block / (width / 4));
                for k in 0..16 {
                    let at = ((by * 4 + k / 4) * width + bx * 4 + k % 4) as usize * 4;
                    pixels.push(u32::from_ne_bytes(texels[at..at + 4].try_into().unwrap()));
                }
            }
            let count = pixels.len() / 16;
            let blocks = ctt_bc7enc_rdo::compress_blocks_alloc(count, &pixels, &parameters);
            blocks.iter().flat_map(|half| half.to_ne_bytes()).collect()
        }
    }
}

#[test]
fn the_pipeline_gives_the_bytes_of_the_library() {
    use OutputFormat as O;
    // The levels of a texture without blocks, encoded in a plain loop, one call for each: the blocks are
    // those of the texture that was cut into tiles. Sizes that are no multiples of four too.
    let sizes = [(128, 64), (70, 37), (5, 3), (1, 1)];
    for (output, texels) in [
        (O::Bc7, O::Rgba8),
        (O::Bc7Srgb, O::Rgba8Srgb),
        (O::Bc1, O::Rgba8),
        (O::Bc3Srgb, O::Rgba8Srgb),
        (O::Bc4, O::R8),
        (O::Bc5, O::Rg8),
        (O::Bc6h, O::Rgba16F),
    ] {
        for (size, opaque) in sizes
            .into_iter()
            .flat_map(|size| [(size, true), (size, false)])
        {
            let source = match (output, opaque) {
                (O::Bc6h, true) => formats::bright(size.0, size.1),
                (O::Bc6h, false) => continue,
                (_, true) => photo(size.0, size.1),
                (_, false) => formats::translucent(size.0, size.1),
            };
            let mut settings = plain(texels);
            settings.source_color_space = output.color_space();
            let levels = cook(source.clone(), &settings);
            for encoder in [EncoderChoice::Auto, EncoderChoice::Intel] {
                for quality in LEVELS {
                    let slow = quality == EncodeQuality::High;
                    if (slow && size.0 > 70)
                        || (encoder == EncoderChoice::Intel && !output.texture_format().is_bc7())
                    {
                        continue;
                    }
                    settings.output_format = output;
                    (settings.encoder, settings.quality) = (encoder, quality);
                    let cooked = cook_in_tiles(source.clone(), &settings, 256).unwrap();
                    assert_eq!(cooked.shape().mips(), levels.shape().mips());
                    for mip in 0..cooked.shape().mips() {
                        let (width, height, _) = cooked.shape().mip_size(mip);
                        let plain = level(&levels, mip);
                        let expected =
                            blocks_of_the_library(&settings, &plain, (width, height), opaque);
                        assert!(
                            level(&cooked, mip) == expected,
                            "{output} {encoder} {quality} {size:?} level {mip}"
                        );
                    }
                }
            }
        }
    }
}

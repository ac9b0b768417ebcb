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

/// Colour and brightness noise of the first level.
fn measure(
    source: &Image,
    output: OutputFormat,
    encoder: EncoderChoice,
    quality: EncodeQuality,
) -> (f64, f64) {
    let mut settings = plain(output);
    settings.source_color_space = output.color_space();
    settings.mip_policy = crate::settings::texture::MipPolicy::None;
    settings.encoder = encoder;
    settings.quality = quality;
    let decoded = decoded_level(&cook(source.clone(), &settings), 0);
    (
        psnr(&decoded, source.texels()),
        luma_psnr(&decoded, source.texels()),
    )
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
    // Compared as it is seen, under x / (1 + x).
    let seen = |x: f32| f64::from(x.max(0.0)) / (1.0 + f64::from(x.max(0.0)));
    let mut last = 0.0;
    for quality in LEVELS {
        let mut settings = TexturePreset::HdrLightProbe.settings();
        settings.output_format = OutputFormat::Bc6h;
        settings.quality = quality;
        settings.mip_policy = crate::settings::texture::MipPolicy::None;
        let cooked = cook(source.clone(), &settings);
        let width = source.width() as usize;
        let light = floats(source.texels());
        let (mut sum, mut count) = (0.0, 0.0);
        for (i, block) in level(&cooked, 0).chunks_exact(16).enumerate() {
            let mut texels = [0.0f32; 48];
            bcdec_rs::bc6h_float(block, &mut texels, 12, false);
            let (x0, y0) = (i % (width / 4) * 4, i / (width / 4) * 4);
            for (k, texel) in texels.chunks(3).enumerate() {
                let at = ((y0 + k / 4) * width + x0 + k % 4) * 4;
                for c in 0..3 {
                    sum += (seen(texel[c]) - seen(light[at + c])).powi(2);
                    count += 1.0;
                }
            }
        }
        let psnr = 10.0 * (count / f64::max(sum, 1e-12)).log10();
        assert!(
            psnr > 44.0 && psnr >= last - 0.05,
            "{quality}: {psnr} after {last}"
        );
        last = psnr;
    }
}

#[test]
fn the_pipeline_gives_the_bytes_of_the_library() {
    // Whole blocks, one level: the encoders called directly, on the whole image, on one thread.
    let source = photo(128, 64);
    let (width, height) = (128u32, 64u32);
    let cooked = |output, encoder| {
        let mut settings = plain(output);
        settings.mip_policy = crate::settings::texture::MipPolicy::None;
        settings.encoder = encoder;
        level(&cook_in_tiles(source.clone(), &settings, 256).unwrap(), 0)
    };
    let surface = intel_tex_2::RgbaSurface {
        data: source.texels(),
        width,
        height,
        stride: width * 4,
    };
    let intel = intel_tex_2::bc7::opaque_very_fast_settings();
    assert_eq!(
        cooked(OutputFormat::Bc7, EncoderChoice::Intel),
        intel_tex_2::bc7::compress_blocks(&intel, &surface)
    );
    assert_eq!(
        cooked(OutputFormat::Bc1, EncoderChoice::Auto),
        intel_tex_2::bc1::compress_blocks(&surface)
    );
    let mut pixels = Vec::new();
    for by in 0..height / 4 {
        for bx in 0..width / 4 {
            for k in 0..16 {
                let at = ((by * 4 + k / 4) * width + bx * 4 + k % 4) as usize * 4;
                pixels.push(u32::from_ne_bytes(
                    source.texels()[at..at + 4].try_into().unwrap(),
                ));
            }
        }
    }
    let parameters = ctt_bc7enc_rdo::params_init_veryfast(false);
    let blocks = ctt_bc7enc_rdo::compress_blocks_alloc(pixels.len() / 16, &pixels, &parameters);
    let bytes: Vec<u8> = blocks.iter().flat_map(|half| half.to_ne_bytes()).collect();
    assert_eq!(cooked(OutputFormat::Bc7, EncoderChoice::Auto), bytes);
}

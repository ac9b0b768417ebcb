//! Each stage beside the bare library call, in megapixels per second.

use bevy_kiln::assets::{
    cook::{
        pace::{CancelFlag, Pace},
        texture::{PreparedTexture, assemble, block_encoder, prepare},
    },
    settings::texture::{
        EncodeQuality, EncoderChoice, MipFilter, MipPolicy, OutputFormat, TexturePreset,
        TextureSettings,
    },
    source::image::{DecodeOptions, Image, ImageLimits, PixelFormat, decode},
};
use fast_image_resize::FilterType;
use image::ImageFormat;
use sha2::{Digest, Sha256};
use std::{hint::black_box, io::Cursor, sync::Arc};

use crate::{bare, measure::side_by_side, photographs::photograph};

const SIZE: u32 = 1024;
const ROUNDS: usize = 7;

fn row(what: &str, ours: impl FnMut(), bare: impl FnMut()) {
    let (ours, bare, ratio) = side_by_side(ROUNDS, ours, bare);
    let rate = |seconds: f64| f64::from(SIZE * SIZE) / 1e6 / seconds;
    println!(
        "  {what:<44} {:>9.1} {:>9.1} {ratio:>7.3}",
        rate(ours),
        rate(bare)
    );
}

fn settings(output: OutputFormat, change: impl FnOnce(&mut TextureSettings)) -> TextureSettings {
    let mut settings = TexturePreset::Albedo.settings();
    settings.output_format = output;
    if !output.is_block_compressed() {
        settings.quality = EncodeQuality::None;
    }
    settings.mip_policy = MipPolicy::None;
    change(&mut settings);
    settings
}

fn prepared(image: Image, settings: &TextureSettings) -> PreparedTexture {
    let mut pace = Pace::uninterrupted(CancelFlag::new());
    let encoder = block_encoder(settings);
    bevy_tasks::block_on(prepare(image, settings, encoder, &mut pace)).unwrap()
}

pub fn stages() {
    println!(
        "stages, Mpx/s of one thread           kiln, bare library, time of kiln / bare (1.10)"
    );
    let picture = photograph(SIZE, 1);
    decoding(&picture);
    let texels = image::DynamicImage::from(picture).into_rgba8().into_raw();
    let source = Image::new(SIZE, SIZE, PixelFormat::Rgba8, texels.clone()).unwrap();
    filtering(&source, &texels);
    encoding(&source, &texels);
    hashing(&source);
}

fn decoding(picture: &image::RgbImage) {
    for (name, format) in [("PNG", ImageFormat::Png), ("JPEG", ImageFormat::Jpeg)] {
        let mut file = Cursor::new(Vec::new());
        picture.write_to(&mut file, format).unwrap();
        let file = file.into_inner();
        let (limits, cancel) = (ImageLimits::default(), CancelFlag::new());
        row(
            &format!("decode {name} to RGBA8"),
            || {
                let options = DecodeOptions::default();
                black_box(decode(&file, "a", &limits, &options, &cancel).unwrap());
            },
            || {
                black_box(image::load_from_memory(&file).unwrap().into_rgba8());
            },
        );
    }
}

fn filtering(source: &Image, texels: &[u8]) {
    for (filter, theirs) in [
        (MipFilter::Box, FilterType::Box),
        (MipFilter::Lanczos, FilterType::Lanczos3),
        (MipFilter::Kaiser, FilterType::Lanczos3),
    ] {
        let settings = settings(OutputFormat::Rgba8Srgb, |s| {
            s.mip_filter = filter;
            s.mip_policy = MipPolicy::FullChain;
        });
        row(
            &format!("mips in linear light, {filter} / {theirs:?}"),
            || {
                black_box(prepared(source.clone(), &settings));
            },
            || {
                // The chain, and the copy of the base that the cooker is given.
                black_box((texels.to_vec(), bare::mips(texels, SIZE, theirs)));
            },
        );
    }
}

fn encoding(source: &Image, texels: &[u8]) {
    use ctt_bc7enc_rdo::{compress_blocks_alloc, params_init_basic, params_init_veryfast};
    use intel_tex_2::{RgbaSurface, bc1, bc7};
    let surface = RgbaSurface {
        data: texels,
        width: SIZE,
        height: SIZE,
        stride: SIZE * 4,
    };
    let encode = |settings: &TextureSettings| {
        let prepared = prepared(source.clone(), settings);
        move || {
            for batch in prepared.batches_lasting(std::time::Duration::from_millis(4)) {
                black_box(prepared.encode_batch(&batch).unwrap());
            }
        }
    };
    for (name, output, params) in [
        (
            "default, colour",
            OutputFormat::Bc7Srgb,
            params_init_basic(true),
        ),
        (
            "default, data",
            OutputFormat::Bc7,
            params_init_veryfast(false),
        ),
    ] {
        row(
            &format!("BC7 by bc7e, {name}"),
            encode(&settings(output, |s| {
                s.source_color_space = output.color_space();
            })),
            || {
                let pixels = bare::in_blocks(texels, SIZE);
                black_box(compress_blocks_alloc(pixels.len() / 16, &pixels, &params));
            },
        );
    }
    row(
        "BC7 by Intel, fast",
        encode(&settings(OutputFormat::Bc7Srgb, |s| {
            s.encoder = EncoderChoice::Intel;
            s.quality = EncodeQuality::Fast;
        })),
        || {
            let fast = bc7::opaque_ultra_fast_settings();
            black_box(bc7::compress_blocks(&fast, &surface));
        },
    );
    row(
        "BC1 by Intel",
        encode(&settings(OutputFormat::Bc1Srgb, |_| {})),
        || {
            black_box(bc1::compress_blocks(&surface));
        },
    );
}

fn hashing(source: &Image) {
    let settings = settings(OutputFormat::Rgba8Srgb, |_| {});
    let texture = Arc::new(prepared(source.clone(), &settings));
    let tiles: Vec<_> = texture
        .tiles(usize::MAX)
        .iter()
        .map(|tile| texture.encode_tile(tile).unwrap())
        .collect();
    let bytes = source.texels().to_vec();
    row(
        "payload and its hash / copy and SHA-256",
        || {
            let mut pace = Pace::uninterrupted(CancelFlag::new());
            let shared = Arc::clone(&texture);
            let made = bevy_tasks::block_on(assemble(shared, tiles.clone(), &mut pace));
            black_box(made.unwrap());
        },
        || {
            // A shared texture is copied before it is taken apart.
            let copy = bytes.clone();
            let payload = copy.clone();
            black_box((Sha256::digest(&payload), copy));
        },
    );
}

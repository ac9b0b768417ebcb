//! The table of `docs/textures.md`: speed and noise of every quality.

use bevy_kiln::assets::{
    cook::{
        pace::{CancelFlag, Pace},
        texture::{block_encoder, prepare},
    },
    settings::texture::{
        EncodeQuality, EncoderChoice, MipPolicy, OutputFormat, TexturePreset, TextureSettings,
    },
    source::image::{DecodeOptions, Image, ImageLimits, PixelFormat, decode},
};
use std::path::Path;

use crate::{
    measure::{median, seconds},
    photographs::photograph,
};

/// Pictures of the corpus where it is, and one that is made here.
fn pictures() -> Vec<(String, Image)> {
    let (limits, cancel) = (ImageLimits::default(), CancelFlag::new());
    let corpus = ["../shared/corpus", "../../shared/corpus"]
        .map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    let mut pictures: Vec<(String, Image)> = ["textures/kodim23.png", "textures/normal_512.png"]
        .into_iter()
        .filter_map(|name| {
            let bytes = corpus
                .iter()
                .find_map(|root| std::fs::read(root.join(name)).ok())?;
            let options = DecodeOptions::default();
            let image = decode(&bytes, name, &limits, &options, &cancel).ok()?;
            Some((name.to_owned(), image))
        })
        .collect();
    let made = image::DynamicImage::from(photograph(512, 1)).into_rgba8();
    let image = Image::new(512, 512, PixelFormat::Rgba8, made.into_raw()).unwrap();
    pictures.push(("made here".to_owned(), image));
    pictures
}

pub fn quality() {
    for (name, image) in pictures() {
        println!("{name}, {} x {}", image.width(), image.height());
        for output in [OutputFormat::Bc7Srgb, OutputFormat::Bc7] {
            for encoder in [EncoderChoice::Auto, EncoderChoice::Intel] {
                for quality in [
                    EncodeQuality::Fast,
                    EncodeQuality::Default,
                    EncodeQuality::High,
                ] {
                    let mut settings = TexturePreset::Albedo.settings();
                    settings.output_format = output;
                    settings.source_color_space = output.color_space();
                    settings.mip_policy = MipPolicy::None;
                    settings.encoder = encoder;
                    settings.quality = quality;
                    let (seconds, rgb, luma) = measure(&image, &settings);
                    let words = (output.token(), encoder.token(), quality.token());
                    println!(
                        "  {:<9} {:<6} {:<8} {seconds:>7.3} s/Mpx  rgb {rgb:>6.2}  luma {luma:>6.2}",
                        words.0, words.1, words.2
                    );
                }
            }
        }
    }
}

/// CPU seconds per megapixel, and the noise of colours and of brightness in dB.
fn measure(image: &Image, settings: &TextureSettings) -> (f64, f64, f64) {
    let mut pace = Pace::uninterrupted(CancelFlag::new());
    let encoder = block_encoder(settings);
    let prepared =
        bevy_tasks::block_on(prepare(image.clone(), settings, encoder.clone(), &mut pace)).unwrap();
    let tiles = prepared.tiles_lasting(std::time::Duration::from_millis(4));
    let mut times: Vec<f64> = (0..3)
        .map(|_| {
            seconds(|| {
                for tile in &tiles {
                    std::hint::black_box(prepared.encode_tile(tile).unwrap());
                }
            })
        })
        .collect();
    let cooked = bevy_kiln::assets::cook::texture::cook_input_blocking(
        image.clone(),
        settings,
        encoder,
        &CancelFlag::new(),
    )
    .unwrap();
    let payload = cooked.payload();
    let number = |at: usize| u32::from_le_bytes(payload[at..at + 4].try_into().unwrap()) as usize;
    let (data, pitch) = (number(16), number(32));
    let (width, height) = (image.width() as usize, image.height() as usize);
    let (mut sum, mut luma) = (0.0, 0.0);
    for by in 0..height / 4 {
        for bx in 0..width / 4 {
            let at = data + by * pitch + bx * 16;
            let mut block = [0u8; 64];
            bcdec_rs::bc7(&payload[at..at + 16], &mut block, 16);
            for k in 0..16 {
                let texel = ((by * 4 + k / 4) * width + bx * 4 + k % 4) * 4;
                let off: [f64; 3] = std::array::from_fn(|c| {
                    f64::from(block[k * 4 + c]) - f64::from(image.texels()[texel + c])
                });
                sum += off.iter().map(|d| d * d).sum::<f64>();
                luma += (0.2126 * off[0] + 0.7152 * off[1] + 0.0722 * off[2]).powi(2);
            }
        }
    }
    let count = (width / 4 * 4 * (height / 4 * 4)) as f64;
    let decibels = |mean: f64| 10.0 * (255.0 * 255.0 / f64::max(mean, 1e-9)).log10();
    (
        median(&mut times) / (count / 1e6),
        decibels(sum / count / 3.0),
        decibels(luma / count),
    )
}

//! What cooking really allocates, against what was estimated.
//!
//! One test only: the counters belong to the whole process.

use bevy_kiln_assets::{
    cook::{
        pace::CancelFlag,
        texture::{block_encoder, cook_blocking, estimate},
    },
    settings::texture::{
        CubeSource, EncodeQuality, HdrHandling, MipFilter, OutputFormat, TexturePreset,
        TextureSettings,
    },
    source::image::{ImageLimits, probe},
};
use std::io::Cursor;

mod counting;

/// A file of a format, with pixels that compress neither well nor badly.
#[expect(
    clippy::unwrap_used,
    reason = "files of this test cannot fail to be written"
)]
fn file(width: u32, height: u32, color: image::ColorType, format: image::ImageFormat) -> Vec<u8> {
    let count = width as usize * height as usize * usize::from(color.channel_count());
    let value = |i: usize| (i.wrapping_mul(2_654_435_761) >> 13 & 63) as u8;
    let bytes: Vec<u8> = match color {
        image::ColorType::Rgb32F | image::ColorType::Rgba32F => (0..count)
            .flat_map(|i| (f32::from(value(i)) / 8.0).to_ne_bytes())
            .collect(),
        image::ColorType::L16 | image::ColorType::Rgba16 => (0..count)
            .flat_map(|i| (u16::from(value(i)) * 900).to_ne_bytes())
            .collect(),
        _ => (0..count).map(value).collect(),
    };
    let mut out = Cursor::new(Vec::new());
    image::write_buffer_with_format(&mut out, &bytes, width, height, color, format).unwrap();
    out.into_inner()
}

fn settings(change: impl FnOnce(&mut TextureSettings)) -> TextureSettings {
    let mut settings = TextureSettings::default();
    change(&mut settings);
    if !settings.output_format.is_block_compressed() {
        settings.quality = EncodeQuality::None;
    } else {
        settings.quality = EncodeQuality::Fast;
    }
    settings
}

#[test]
fn estimates_are_upper_bounds_and_not_far_off() {
    use image::{ColorType as C, ImageFormat as F};
    let files = [
        ("png rgb", file(701, 500, C::Rgb8, F::Png)),
        ("png rgba", file(512, 512, C::Rgba8, F::Png)),
        ("png grey", file(1024, 300, C::L8, F::Png)),
        ("png grey 16", file(600, 600, C::L16, F::Png)),
        ("png rgba 16", file(400, 500, C::Rgba16, F::Png)),
        ("jpeg", file(640, 480, C::Rgb8, F::Jpeg)),
        ("tga", file(500, 400, C::Rgba8, F::Tga)),
        ("bmp", file(500, 400, C::Rgb8, F::Bmp)),
        ("hdr", file(512, 256, C::Rgb32F, F::Hdr)),
        ("exr", file(512, 256, C::Rgba32F, F::OpenExr)),
    ];
    let mut choices = vec![
        settings(|_| {}),
        settings(|s| s.mip_filter = MipFilter::Box),
        settings(|s| s.output_format = OutputFormat::Rgba8Srgb),
        settings(|s| s.output_format = OutputFormat::Rgba16F),
        settings(|s| s.output_format = OutputFormat::Rgba32F),
        settings(|s| s.output_format = OutputFormat::R16),
        settings(|s| s.force_rgba = false),
        settings(|s| s.alpha_coverage = Some(0.5)),
    ];
    choices.extend(TexturePreset::ALL.iter().map(|preset| {
        let mut settings = preset.settings();
        settings.hdr_handling = HdrHandling::TonemapAuto;
        if settings.cube == CubeSource::Any {
            // Only one of the files is a panorama.
            settings.cube = CubeSource::Suggested;
        }
        if preset.uses_bc7() {
            settings.quality = EncodeQuality::Fast;
        }
        settings
    }));
    let limits = ImageLimits::default();
    let cook = |bytes: &[u8], settings: &TextureSettings| {
        cook_blocking(
            bytes,
            "test",
            settings,
            block_encoder(settings),
            &limits,
            &CancelFlag::new(),
        )
    };
    // Tables that live as long as the process are made by the first cook.
    for settings in &choices {
        cook(&files[0].1, settings).unwrap();
    }
    for (name, bytes) in &files {
        for settings in &choices {
            let info = probe(bytes, name, &limits).unwrap();
            let estimate = estimate(&info, settings, bytes.len() as u64);
            let before = counting::begin();
            let cooked = cook(bytes, settings).unwrap();
            // The source is the caller's, but it belongs to the estimate.
            let real = (counting::peak() - before + bytes.len()) as u64;
            let output = settings.output_format;
            assert!(
                real <= estimate.peak_bytes,
                "{name} as {output}: {real} bytes, but {} were estimated",
                estimate.peak_bytes
            );
            let slack = 2 * real + (4 << 20);
            assert!(
                estimate.peak_bytes <= slack,
                "{name} as {output}: {real} bytes, and {} were estimated",
                estimate.peak_bytes
            );
            assert!(cooked.payload().len() as u64 <= estimate.payload_bytes);
        }
    }
}

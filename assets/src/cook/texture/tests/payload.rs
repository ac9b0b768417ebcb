//! Stored bytes: headers, layouts, padding, hashes.

use super::*;
use crate::format::{
    ids::ContentHash, payload_layout::PackingPolicy, texture_format::TextureFormat,
    texture_payload::FallbackTexture,
};
use crate::settings::texture::{MipFilter, MipPolicy};
use proptest::prelude::*;

#[test]
fn a_white_texel_is_the_fallback_texture() {
    for (packing, hash) in [
        (PackingPolicy::D3d12, 0x8f35_f467_b6c7_50d5),
        (PackingPolicy::Tight, 0x4910_1306_f5a5_15e3),
    ] {
        let mut settings = plain(OutputFormat::Rgba8);
        settings.packing = packing;
        let cooked = cook(rgba8(1, 1, |_, _| [255; 4]), &settings);
        assert_eq!(
            cooked.payload(),
            FallbackTexture::new(packing, true).into_payload()
        );
        assert_eq!(cooked.hash(), ContentHash(hash));
        assert_eq!(cooked.encoder(), None);
        assert_eq!(cooked.packing(), packing);
    }
}

/// Five columns and three rows whose averages are whole numbers.
fn ramp() -> Image {
    rgba8(5, 3, |x, y| {
        let red = (10 * x + 50 * y) as u8;
        [red, 200 - red, 7, (255 - 20 * x) as u8]
    })
}

#[rustfmt::skip]
const RAMP_LEVELS: [&[u8]; 3] = [
    &[
        0, 200, 7, 255, 10, 190, 7, 235, 20, 180, 7, 215, 30, 170, 7, 195, 40, 160, 7, 175,
        50, 150, 7, 255, 60, 140, 7, 235, 70, 130, 7, 215, 80, 120, 7, 195, 90, 110, 7, 175,
        100, 100, 7, 255, 110, 90, 7, 235, 120, 80, 7, 215, 130, 70, 7, 195, 140, 60, 7, 175,
    ],
    // Columns weigh 0.4 0.4 0.2 and 0.2 0.4 0.4, rows a third each.
    &[58, 142, 7, 239, 82, 118, 7, 191],
    &[70, 130, 7, 215],
];

#[test]
fn the_tight_payload_of_a_small_chain() {
    let mut settings = plain(OutputFormat::Rgba8);
    settings.packing = PackingPolicy::Tight;
    let mut expected =
        b"OTX1\x02\x00\x03\x00\x88\x00\x00\x00\x1c\x00\x00\x00\x40\x00\x00\x00".to_vec();
    // SHA-256 of the payload with a hash of zero, computed independently.
    expected.extend([0x1f, 0x51, 0xea, 0x8e, 0x6e, 0x04, 0x35, 0x74]);
    for number in [0u32, 20, 60, 60, 8, 8, 68, 4, 4] {
        expected.extend(number.to_le_bytes());
    }
    expected.extend(RAMP_LEVELS.concat());
    assert_eq!(expected.len(), 136);
    assert_eq!(cook(ramp(), &settings).payload(), expected);
}

#[test]
fn the_d3d12_payload_of_a_small_chain() {
    let settings = plain(OutputFormat::Rgba8);
    let mut expected =
        b"OTX1\x01\x00\x03\x00\x00\x09\x00\x00\x1c\x00\x00\x00\x00\x02\x00\x00".to_vec();
    expected.extend([0x56, 0x2f, 0x36, 0x7e, 0x2e, 0x97, 0x04, 0x08]);
    for number in [0u32, 256, 768, 1024, 256, 256, 1536, 256, 256] {
        expected.extend(number.to_le_bytes());
    }
    expected.resize(2304, 0);
    for (row, texels) in RAMP_LEVELS[0].chunks(20).enumerate() {
        expected[512 + row * 256..][..20].copy_from_slice(texels);
    }
    expected[512 + 1024..][..8].copy_from_slice(RAMP_LEVELS[1]);
    expected[512 + 1536..][..4].copy_from_slice(RAMP_LEVELS[2]);
    assert_eq!(cook(ramp(), &settings).payload(), expected);
}

#[test]
fn the_payload_of_blocks() {
    let source = photo(12, 8);
    for (packing, data, total, layouts) in [
        (
            PackingPolicy::D3d12,
            512usize,
            512usize + 1536 + 256,
            [
                [0u32, 256, 512],
                [512, 256, 256],
                [1024, 256, 256],
                [1536, 256, 256],
            ],
        ),
        (
            PackingPolicy::Tight,
            76,
            76 + 160,
            [[0, 48, 96], [96, 32, 32], [128, 16, 16], [144, 16, 16]],
        ),
    ] {
        let mut settings = plain(OutputFormat::Bc7);
        settings.packing = packing;
        let cooked = cook(source.clone(), &settings);
        let payload = cooked.payload();
        assert_eq!(payload.len(), total);
        assert_eq!(&payload[..4], b"OTX1");
        assert_eq!(payload[4..8], [packing.id(), 0, 4, 0]);
        let number = |at: usize| u32::from_le_bytes(payload[at..at + 4].try_into().unwrap());
        assert_eq!(
            [number(8), number(12), number(16)],
            [total as u32, 28, data as u32]
        );
        assert_eq!(payload[20..28], cooked.hash().0.to_le_bytes());
        let mut used = vec![false; total];
        used[..28 + 4 * 12].fill(true);
        for (i, layout) in layouts.iter().enumerate() {
            let at = 28 + i * 12;
            assert_eq!([number(at), number(at + 4), number(at + 8)], *layout);
            let (width, height, _) = cooked.shape().mip_size(i as u16);
            for row in 0..height.div_ceil(4) {
                let start = data + (layout[0] + row * layout[1]) as usize;
                used[start..start + width.div_ceil(4) as usize * 16].fill(true);
            }
        }
        assert!(
            payload
                .iter()
                .zip(&used)
                .all(|(&byte, &used)| used || byte == 0)
        );
        assert!(psnr(&decoded_level(&cooked, 0), source.texels()) > 35.0);
        assert_eq!(cooked.shape().format(), TextureFormat::Bc7UNorm);
        assert_eq!(cooked.encoder().unwrap().name, "bc7e");
    }
}

#[test]
fn without_hashing_nothing_is_computed_and_zero_is_stored() {
    let mut settings = plain(OutputFormat::Rgba8);
    settings.content_hashing = false;
    let cooked = cook(ramp(), &settings);
    assert_eq!(cooked.hash(), ContentHash::NONE);
    assert_eq!(cooked.payload()[20..28], [0; 8]);
    settings.content_hashing = true;
    let hashed = cook(ramp(), &settings);
    assert_eq!(cooked.payload()[28..], hashed.payload()[28..]);
    let other = cook(rgba8(5, 3, |_, _| [1, 2, 3, 4]), &settings);
    assert_ne!(hashed.hash(), other.hash());
    assert_eq!(hashed.hash(), cook(ramp(), &settings).hash());
}

#[test]
fn level_counts_follow_the_policy() {
    let count = |policy, max| {
        let mut settings = plain(OutputFormat::Rgba8);
        settings.mip_policy = policy;
        settings.max_mip_levels = max;
        cook(ramp(), &settings).shape().mips()
    };
    assert_eq!(count(MipPolicy::None, 1), 1);
    assert_eq!(count(MipPolicy::FullChain, 1), 3);
    assert_eq!(count(MipPolicy::MaxCount, 1), 1);
    assert_eq!(count(MipPolicy::MaxCount, 2), 2);
    assert_eq!(count(MipPolicy::MaxCount, 9), 3);
}

#[test]
fn what_does_not_fit_the_format_is_refused_before_it_is_made() {
    let info = crate::source::image::ImageInfo {
        format: crate::source::image::ImageFormat::Png,
        width: 60_000,
        height: 60_000,
        channels: crate::source::image::Channels::Rgba,
        depth: crate::source::image::Depth::Eight,
        decoder_bytes: 0,
    };
    let settings = plain(OutputFormat::Rgba8);
    let plan = outline::Outline::of_image(info.width, info.height, PixelFormat::Rgba8, &settings)
        .and_then(|outline| plan::Plan::new(&outline, &settings));
    let error = plan.unwrap_err();
    assert!(matches!(error, TextureError::Layout(_)));
    assert_eq!(error.code().unwrap().id(), "texture.too_large");
    // The estimate of it is large, and no overflow.
    assert!(estimate(&info, &plain(OutputFormat::Rgba8), 0).peak_bytes > 60_000 * 60_000 * 4);
}

fn formats() -> impl Strategy<Value = (PixelFormat, OutputFormat)> {
    let sources = prop::sample::select(vec![
        PixelFormat::R8,
        PixelFormat::Rg8,
        PixelFormat::Rgba8,
        PixelFormat::R16,
        PixelFormat::Rg16,
        PixelFormat::Rgba16,
        PixelFormat::Rgba32F,
    ]);
    (sources, prop::sample::select(OutputFormat::ALL))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is cooked has the layout of its shape, the size that was estimated, and the same bytes
    /// however it was cut.
    #[test]
    fn every_combination_cooks_to_its_layout(
        (source, output) in formats(),
        width in 1u32..37,
        height in 1u32..37,
        filter in prop::sample::select(MipFilter::ALL),
        srgb in any::<[bool; 2]>(),
        tight in any::<bool>(),
        max_texels in 1usize..600,
        seed in any::<u32>(),
    ) {
        use crate::settings::texture::{ColorSpace, TextureIntent};
        use crate::source::image::{Channels, ImageFormat, ImageInfo};
        let mut settings = plain(output);
        settings.mip_filter = filter;
        settings.intent = if srgb[1] { TextureIntent::Albedo } else { TextureIntent::Data };
        settings.source_color_space = if srgb[0] { ColorSpace::SRGB } else { ColorSpace::Linear };
        settings.mip_filter_space = if srgb[1] { ColorSpace::SRGB } else { ColorSpace::Linear };
        if settings.quality != EncodeQuality::None {
            settings.quality = EncodeQuality::Fast;
        }
        if tight {
            settings.packing = PackingPolicy::Tight;
        }
        let bytes = width as usize * height as usize * source.texel_bytes();
        let mut state = seed | 1;
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state
        };
        let texels: Vec<u8> = if source == PixelFormat::Rgba32F {
            (0..bytes / 4).flat_map(|_| ((random() >> 8) as f32 / 1e6).to_le_bytes()).collect()
        } else {
            (0..bytes).map(|_| random() as u8).collect()
        };
        let one = cook_in_tiles(image(source, width, height, texels.clone()), &settings, max_texels).unwrap();
        let two = cook(image(source, width, height, texels), &settings);
        prop_assert_eq!(&one, &two);
        let layout = PayloadLayout::new(one.shape(), settings.packing).unwrap();
        prop_assert_eq!(one.payload().len(), layout.total() as usize);
        let info = ImageInfo {
            format: ImageFormat::Png,
            width,
            height,
            channels: if source.is_grey() { Channels::GreyAlpha } else { Channels::Rgba },
            depth: source.depth(),
            decoder_bytes: 0,
        };
        let estimate = estimate(&info, &settings, 0);
        prop_assert!(estimate.payload_bytes >= one.payload().len() as u64);
    }
}

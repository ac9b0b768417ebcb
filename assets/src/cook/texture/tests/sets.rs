//! Textures of several images: arrays, volumes, and levels that are there already.

use super::*;
use crate::{
    format::{payload_layout::PackingPolicy, texture_shape::TextureType},
    settings::texture::{MipFilter, MipPolicy, TexturePreset},
    source::image::{ImageSet, SubresourceId},
};

fn solid(size: u32, value: u8) -> Image {
    rgba8(size, size, |_, _| [value, value, value, 255])
}

#[test]
fn layers_are_what_the_images_alone_would_be() {
    let ramp = |blue: u8| rgba8(37, 21, move |x, y| [x as u8 * 6, y as u8 * 9, blue, 255]);
    let pictures = [photo(37, 21), ramp(7), ramp(200)];
    for output in [
        OutputFormat::Bc7Srgb,
        OutputFormat::Rgba16F,
        OutputFormat::R8,
    ] {
        let mut settings = plain(output);
        settings.mip_filter = MipFilter::Lanczos;
        let mut set = ImageSet::new();
        for (layer, image) in (0..).zip(&pictures) {
            set.add(SubresourceId::layer(layer), "", image.clone());
        }
        let array = cook(set, &settings);
        assert_eq!(array.shape().texture_type(), TextureType::D2Array);
        assert_eq!((array.shape().layers(), array.shape().mips()), (3, 6));
        for (layer, image) in (0..).zip(&pictures) {
            let alone = cook(image.clone(), &settings);
            for mip in 0..6 {
                assert_eq!(subresource(&array, layer, mip), level(&alone, mip));
            }
        }
    }
}

#[test]
fn alpha_counts_in_each_layer_for_itself() {
    // One opaque layer and one cut-out: the first must not change because of the second.
    let opaque = rgba8(4, 4, |x, _| [(x * 60) as u8, 0, 0, 255]);
    let cutout = rgba8(4, 4, |x, _| {
        if x < 2 {
            [0, 200, 0, 255]
        } else {
            [255, 0, 255, 0]
        }
    });
    let settings = settings(|s| {
        s.output_format = OutputFormat::Rgba8Srgb;
        s.quality = EncodeQuality::None;
        s.mip_filter = MipFilter::Box;
    });
    let mut set = ImageSet::new();
    set.add(SubresourceId::layer(0), "", opaque.clone());
    set.add(SubresourceId::layer(1), "", cutout);
    let array = cook(set, &settings);
    assert_eq!(
        subresource(&array, 0, 1),
        level(&cook(opaque, &settings), 1)
    );
    assert_eq!(subresource(&array, 1, 2), [0, 200, 0, 128]);
}

#[test]
fn levels_that_are_there_are_kept() {
    let set = || {
        let mut set = ImageSet::new();
        set.add(SubresourceId::level(0, 1), "", solid(4, 99));
        set.add(SubresourceId::level(0, 0), "", solid(8, 10));
        set
    };
    let cooked = cook(set(), &plain(OutputFormat::Rgba8));
    assert_eq!(cooked.shape().texture_type(), TextureType::D2);
    assert_eq!(cooked.shape().mips(), 4);
    let first = |mip| level(&cooked, mip)[0];
    // The rest is made from the last one.
    assert_eq!([first(0), first(1), first(2), first(3)], [10, 99, 99, 99]);
    // The policy limits them like others.
    let mut settings = plain(OutputFormat::Rgba8);
    settings.mip_policy = MipPolicy::MaxCount;
    settings.max_mip_levels = 2;
    assert_eq!(cook(set(), &settings).shape().mips(), 2);
    settings.max_mip_levels = 1;
    let one = cook(set(), &settings);
    assert_eq!((one.shape().mips(), level(&one, 0)[0]), (1, 10));
    settings.mip_policy = MipPolicy::None;
    assert_eq!(cook(set(), &settings), one);
}

#[test]
fn levels_that_are_there_are_converted_but_not_filtered() {
    let mut settings = TexturePreset::Normal.settings();
    settings.output_format = OutputFormat::Rgba8;
    settings.quality = EncodeQuality::None;
    settings.flip_normal_green = true;
    let mut set = ImageSet::new();
    // Short vectors: one that is there is not given unit length, one that is made is.
    for (mip, size) in [(0, 4), (1, 2)] {
        let image = rgba8(size, size, |_, _| [128, 100, 160, 255]);
        set.add(SubresourceId::level(0, mip), "", image);
    }
    let cooked = cook(set, &settings);
    assert_eq!(level(&cooked, 1)[..4], [128, 155, 160, 255]);
    let made = level(&cooked, 2);
    let length: f64 = made[..3]
        .iter()
        .map(|&v| (f64::from(v) / 127.5 - 1.0).powi(2))
        .sum();
    assert!((length.sqrt() - 1.0).abs() < 0.02, "{made:?}");
}

#[test]
fn arrays_of_levels_are_stored_layer_by_layer() {
    let mut set = ImageSet::new();
    for (layer, mip, size, value) in [(1, 1, 1, 4), (0, 0, 2, 1), (1, 0, 2, 3), (0, 1, 1, 2)] {
        set.add(SubresourceId::level(layer, mip), "", solid(size, value));
    }
    let mut settings = plain(OutputFormat::R8);
    settings.packing = PackingPolicy::Tight;
    let cooked = cook(set, &settings);
    // Header 28, four records of 12, then 4 + 1 (+3) + 4 + 1 bytes.
    let payload = cooked.payload();
    assert_eq!(payload.len(), 76 + 13);
    assert_eq!(payload[76..], [1, 1, 1, 1, 2, 0, 0, 0, 3, 3, 3, 3, 4]);
}

#[test]
fn sets_of_one_ordinary_image_are_that_image() {
    let mut set = ImageSet::new();
    set.add(SubresourceId::default(), "a.png", photo(9, 5));
    let settings = plain(OutputFormat::Rgba8);
    assert_eq!(cook(set, &settings), cook(photo(9, 5), &settings));
}

#[test]
fn what_does_not_fit_together_fails() {
    let fail = |set: ImageSet, settings: &TextureSettings| {
        let error = prepared(set, settings).unwrap_err();
        (error.error_code(), error.code().unwrap().id())
    };
    let settings = plain(OutputFormat::Rgba8);
    let (code, id) = fail(ImageSet::new(), &settings);
    assert_eq!(code, TextureErrorCode::FileNotFound);
    assert_eq!(id, "texture.cook_failed");
    let mut twice = ImageSet::new();
    twice.add(SubresourceId::layer(0), "", solid(2, 0));
    twice.add(SubresourceId::layer(0), "", solid(2, 0));
    assert_eq!(fail(twice, &settings).0, TextureErrorCode::InvalidMipPolicy);
    let mut sizes = ImageSet::new();
    sizes.add(SubresourceId::layer(0), "", solid(2, 0));
    sizes.add(SubresourceId::layer(1), "", solid(1, 0));
    assert_eq!(
        fail(sizes, &settings).0,
        TextureErrorCode::DimensionMismatch
    );
    let mut sliced = ImageSet::of_type(TextureType::D2);
    sliced.add(SubresourceId::slice(3), "", solid(2, 0));
    assert_eq!(
        fail(sliced, &settings).0,
        TextureErrorCode::UnsupportedFormat
    );
    // A level beyond 1 x 1 is found by the shape.
    let mut deep = ImageSet::new();
    deep.add(SubresourceId::level(0, 0), "", solid(1, 0));
    deep.add(SubresourceId::level(0, 1), "", solid(1, 0));
    assert_eq!(
        fail(deep, &settings),
        (TextureErrorCode::InvalidMipPolicy, "texture.desc_invalid")
    );
}

/// A volume whose texels hold their own coordinates.
fn volume(width: u32, height: u32, depth: u16) -> ImageSet {
    let mut set = ImageSet::new();
    for z in (0..depth).rev() {
        let image = rgba8(width, height, |x, y| {
            [(x * 10) as u8, (y * 10) as u8, (z * 10) as u8, 255]
        });
        set.add(SubresourceId::slice(z), format!("{z}.png"), image);
    }
    set
}

#[test]
fn slices_follow_each_other_and_halve_together() {
    let mut settings = plain(OutputFormat::Rgba8);
    settings.packing = PackingPolicy::Tight;
    let cooked = cook(volume(4, 4, 4), &settings);
    assert_eq!(cooked.shape().texture_type(), TextureType::D3);
    assert_eq!((cooked.shape().depth(), cooked.shape().mips()), (4, 3));
    // The documented layout: 4 x 4 x 4, 2 x 2 x 2, 1.
    let payload = cooked.payload();
    assert_eq!(payload.len(), 356);
    let base: Vec<u8> = (0..64u8)
        .flat_map(|i| [i % 4 * 10, i / 4 % 4 * 10, i / 16 * 10, 255])
        .collect();
    assert_eq!(payload[64..320], base);
    // Means of two: (0 + 10) / 2 and (20 + 30) / 2 along each axis.
    let middle: Vec<u8> = (0..8u8)
        .flat_map(|i| [i % 2 * 20 + 5, i / 2 % 2 * 20 + 5, i / 4 * 20 + 5, 255])
        .collect();
    assert_eq!(payload[320..352], middle);
    assert_eq!(payload[352..], [15, 15, 15, 255]);
    // Rows at 256 bytes, slices right behind each other.
    settings.packing = PackingPolicy::D3d12;
    let padded = cook(volume(4, 4, 4), &settings);
    assert_eq!(padded.payload().len(), 5888);
    assert_eq!(
        padded.payload()[512 + 256 * 4 * 2..][..16],
        base[2 * 64..2 * 64 + 16]
    );
    assert_eq!(level(&padded, 1), middle);
}

#[test]
fn volumes_of_any_size_have_levels_of_blocks() {
    let settings = |output| {
        let mut settings = plain(output);
        settings.mip_filter = MipFilter::Kaiser;
        settings
    };
    let cooked = cook(volume(13, 6, 5), &settings(OutputFormat::Bc7));
    assert_eq!((cooked.shape().mips(), cooked.shape().depth()), (4, 5));
    let plain = cook(volume(13, 6, 5), &settings(OutputFormat::Rgba8));
    for mip in 0..4 {
        let (width, height, depth) = cooked.shape().mip_size(mip);
        let blocks = level(&cooked, mip);
        let slice = (width.div_ceil(4) * height.div_ceil(4) * 16) as usize;
        assert_eq!(blocks.len(), slice * depth as usize);
        let texels = level(&plain, mip);
        let plane = (width * height * 4) as usize;
        for z in 0..depth as usize {
            let decoded = decoded_blocks(&blocks[z * slice..][..slice], width, height);
            assert!(
                psnr(&decoded, &texels[z * plane..][..plane]) > 38.0,
                "{mip} {z}"
            );
        }
    }
    // However it is cut.
    let cut = cook_in_tiles(volume(13, 6, 5), &settings(OutputFormat::Bc7), 16).unwrap();
    assert_eq!(cut, cooked);
}

#[test]
fn a_thin_volume_halves_its_depth_alone() {
    let cooked = cook(volume(1, 1, 5), &plain(OutputFormat::Rgba8));
    assert_eq!(cooked.shape().mips(), 3);
    assert_eq!(level(&cooked, 0).len(), 5 * 4);
    // 5 becomes 2: the middle is shared, 0.4 (0 + 10) + 0.2 x 20 and so on.
    let blue: Vec<u8> = level(&cooked, 1).chunks(4).map(|t| t[2]).collect();
    assert_eq!(blue, [8, 32]);
    assert_eq!(level(&cooked, 2)[2], 20);
}

#[test]
fn slices_give_way_and_change_nothing() {
    use std::time::Duration;
    let settings = plain(OutputFormat::Rgba8);
    let mut eager = Pace::sliced(CancelFlag::new(), Duration::ZERO);
    let set = volume(64, 64, 16);
    let (sliced, polls) = flow::count_polls(prepare(set, &settings, encoder(), &mut eager));
    assert!(polls > 16, "{polls} polls for 65536 texels");
    let whole = prepared(volume(64, 64, 16), &settings).unwrap();
    assert_eq!(sliced.unwrap().levels, whole.levels);
}

#[test]
fn files_cook_like_their_images() {
    let file = |image: &Image| {
        let mut file = b"BM".to_vec();
        let (width, height) = (image.width(), image.height());
        for number in [54 + width * height * 4, 0, 54, 40, width] {
            file.extend(number.to_le_bytes());
        }
        file.extend((-(height as i32)).to_le_bytes());
        file.extend([1, 0, 32, 0]);
        file.resize(54, 0);
        for texel in image.texels().chunks(4) {
            file.extend([texel[2], texel[1], texel[0], texel[3]]);
        }
        file
    };
    let images: Vec<Image> = volume(6, 4, 3)
        .into_members()
        .into_iter()
        .map(|member| member.image)
        .collect();
    let files: Vec<Vec<u8>> = images.iter().map(file).collect();
    let sources: Vec<SourceFile<'_>> = (0..)
        .zip(&files)
        .map(|(slice, bytes)| SourceFile {
            // The volume lists its last slice first.
            place: SubresourceId::slice(2 - slice),
            name: "slice.bmp",
            bytes,
        })
        .collect();
    let settings = plain(OutputFormat::Rgba8);
    let cook_files = |sources: &[SourceFile<'_>]| {
        cook_files_blocking(
            sources,
            &settings,
            encoder(),
            &ImageLimits::default(),
            &CancelFlag::new(),
        )
    };
    assert_eq!(
        cook_files(&sources).unwrap(),
        cook(volume(6, 4, 3), &settings)
    );
    // A gap is refused.
    let gap = [sources[0], sources[2]];
    let error = cook_files(&gap).unwrap_err();
    assert_eq!(error.error_code(), TextureErrorCode::InvalidMipPolicy);
    let empty = [SourceFile {
        bytes: b"",
        ..sources[0]
    }];
    assert!(
        cook_files(&empty)
            .unwrap_err()
            .error_code()
            .is_decode_error()
    );
}

#[test]
fn estimates_bound_sets_too() {
    use crate::source::image::{Channels, Depth, ImageFormat, ImageInfo};
    let info = |width, height| ImageInfo {
        format: ImageFormat::Png,
        width,
        height,
        channels: Channels::Rgba,
        depth: Depth::Eight,
        decoder_bytes: 0,
    };
    let settings = plain(OutputFormat::Bc7);
    let members: Vec<_> = (0..8)
        .map(|z| (SubresourceId::slice(z), info(32, 16)))
        .collect();
    let bound = estimate_set(&members, None, &settings, 100);
    let cooked = cook(volume(32, 16, 8), &settings);
    assert_eq!(bound.payload_bytes, cooked.payload().len() as u64);
    assert!(bound.peak_bytes > 32 * 16 * 4 * 8 + bound.payload_bytes);
    assert_eq!(estimate_set(&[], None, &settings, 0).payload_bytes, 0);
    // What cannot be a texture costs its decoding only.
    let gap = [members[0], members[2]];
    assert_eq!(estimate_set(&gap, None, &settings, 0).payload_bytes, 0);
    let one = estimate_set(&members[..1], None, &settings, 5);
    assert_eq!(one, estimate(&members[0].1, &settings, 5));
}

//! Textures that come encoded and stay as they are.

use super::*;
use crate::{
    format::{
        payload_layout::PackingPolicy,
        texture_format::TextureFormat as F,
        texture_shape::{TextureShape, TextureType},
    },
    settings::texture::{CubeSource, MipPolicy, TextureIntent, TextureOptions, TexturePreset},
    source::image::{EncodedTexture, subresource_bytes},
};

fn shape(texture_type: TextureType, size: u32, layers: u16, mips: u16, format: F) -> TextureShape {
    TextureShape::new(texture_type, size, size, 1, layers, mips, format).unwrap()
}

/// A texture whose bytes count upwards through all subresources.
fn counted(shape: TextureShape) -> EncodedTexture {
    let mut next = 0u8;
    let subresources = (0..shape.layers())
        .flat_map(|_| 0..shape.mips())
        .map(|mip| {
            (0..subresource_bytes(&shape, mip))
                .map(|_| {
                    next = next.wrapping_add(1);
                    next
                })
                .collect()
        })
        .collect();
    EncodedTexture::new(shape, subresources).unwrap()
}

fn store(encoded: EncodedTexture, settings: &TextureSettings) -> CookedTexture {
    block_on(pass_through(encoded, settings, &mut uninterrupted())).unwrap()
}

#[test]
fn blocks_are_stored_as_they_are() {
    let settings = TextureOptions::default().resolve("wood.dds").unwrap();
    for packing in [PackingPolicy::D3d12, PackingPolicy::Tight] {
        let settings = TextureSettings {
            packing,
            ..settings.clone()
        };
        let encoded = counted(shape(TextureType::Cube, 20, 6, 5, F::Bc1UNormSrgb));
        let cooked = store(encoded.clone(), &settings);
        assert_eq!(cooked.shape(), encoded.shape());
        for (i, bytes) in (0..).zip(encoded.subresources()) {
            assert_eq!(&subresource(&cooked, i / 5, i % 5), bytes);
        }
        assert_ne!(cooked.hash(), crate::format::ids::ContentHash::NONE);
        assert_eq!(cooked.encoder(), None);
        let told = &cooked.warnings()[0];
        assert_eq!(told.code.id(), "texture.passed_through");
        assert!(told.message.contains("Bc1UNormSrgb, 5 levels, 6 layers"));
    }
}

#[test]
fn the_colour_space_follows_the_settings() {
    let old = shape(TextureType::D2, 4, 1, 3, F::Bc3UNorm);
    let named = |name: &str| {
        let settings = TextureOptions::default().resolve(name).unwrap();
        passes_through(&old, &settings).map(|shape| shape.format())
    };
    assert_eq!(named("wood.dds"), Ok(F::Bc3UNormSrgb));
    assert_eq!(named("wood_normal.dds"), Ok(F::Bc3UNorm));
    assert_eq!(named("wood_roughness.dds"), Ok(F::Bc3UNorm));
    let converted = TextureSettings {
        source_color_space: crate::settings::texture::ColorSpace::Linear,
        ..TextureSettings::default()
    };
    let reason = passes_through(&old, &converted).unwrap_err();
    assert_eq!(
        reason,
        "its colours are to be converted from linear to srgb"
    );
    // Two channels are no colours.
    let slope = shape(TextureType::D2, 4, 1, 3, F::Bc5UNorm);
    assert_eq!(
        passes_through(&slope, &TextureSettings::default()).unwrap(),
        slope
    );
}

#[test]
fn what_is_asked_for_beyond_it_has_to_be_cooked() {
    let whole = shape(TextureType::D2, 64, 1, 7, F::Bc7UNormSrgb);
    let refused = |change: fn(&mut TextureSettings)| {
        let settings = settings(change);
        passes_through(&whole, &settings).unwrap_err()
    };
    assert!(passes_through(&whole, &TextureSettings::default()).is_ok());
    assert_eq!(refused(|s| s.flip_y = true), "its rows are to be mirrored");
    assert!(refused(|s| s.alpha_coverage = Some(0.5)).contains("coverage"));
    assert_eq!(refused(|s| s.cube = CubeSource::Any), "a cube is wanted");
    let named = refused(|s| {
        s.keep_encoded = false;
        s.output_format = OutputFormat::Bc1Srgb;
    });
    assert_eq!(named, "`bc1_srgb` is wanted");
    // The same format as the one that is named is no other.
    let same = settings(|s| s.keep_encoded = false);
    assert!(passes_through(&whole, &same).is_ok());
    let mut flipped = TexturePreset::Normal.settings();
    flipped.flip_normal_green = true;
    let normal = shape(TextureType::D2, 64, 1, 7, F::Bc7UNorm);
    assert!(passes_through(&normal, &flipped).is_err());
    flipped.intent = TextureIntent::Data;
    assert!(passes_through(&normal, &flipped).is_ok());
    // Uncompressed texels are cooked like those of any image.
    let plain = shape(TextureType::D2, 64, 1, 7, F::Rgba8UNormSrgb);
    assert!(passes_through(&plain, &TextureSettings::default()).is_err());
    let wanted = settings(|s| {
        s.output_format = OutputFormat::Rgba8Srgb;
        s.quality = EncodeQuality::None;
    });
    assert!(passes_through(&plain, &wanted).is_ok());
    let error = block_on(pass_through(
        counted(plain),
        &TextureSettings::default(),
        &mut uninterrupted(),
    ));
    assert_eq!(
        error.unwrap_err().error_code(),
        TextureErrorCode::OutputFormatInvalid
    );
}

#[test]
fn levels_are_dropped_but_not_made() {
    let levels = |mips, policy, max| {
        let settings = settings(|s| {
            s.mip_policy = policy;
            s.max_mip_levels = max;
        });
        passes_through(
            &shape(TextureType::D2, 64, 1, mips, F::Bc7UNormSrgb),
            &settings,
        )
        .map(|shape| shape.mips())
    };
    assert_eq!(levels(7, MipPolicy::FullChain, 1), Ok(7));
    assert_eq!(levels(7, MipPolicy::MaxCount, 3), Ok(3));
    assert_eq!(levels(7, MipPolicy::None, 1), Ok(1));
    // 64, 32, 16, 8, 4: the rest would be smaller than a block.
    assert_eq!(levels(5, MipPolicy::FullChain, 1), Ok(5));
    assert_eq!(
        levels(4, MipPolicy::FullChain, 1),
        Err("it has 4 of 7 levels".to_owned())
    );
    assert_eq!(levels(1, MipPolicy::None, 1), Ok(1));
    // The dropped ones are really gone.
    let encoded = counted(shape(TextureType::D2Array, 16, 2, 5, F::Bc4UNorm));
    let kept = settings(|s| {
        s.mip_policy = MipPolicy::MaxCount;
        s.max_mip_levels = 2;
    });
    let cooked = store(encoded.clone(), &kept);
    assert_eq!((cooked.shape().mips(), cooked.shape().layers()), (2, 2));
    assert_eq!(subresource(&cooked, 1, 1), encoded.subresources()[6]);
}

#[test]
fn volumes_keep_their_slices() {
    let volume = TextureShape::new(TextureType::D3, 8, 8, 6, 1, 4, F::Bc1UNormSrgb).unwrap();
    let encoded = counted(volume);
    let cooked = store(encoded.clone(), &TextureSettings::default());
    for (mip, bytes) in (0..).zip(encoded.subresources()) {
        assert_eq!(&level(&cooked, mip), bytes);
    }
}

#[test]
fn the_estimate_is_an_upper_bound() {
    for (size, layers, mips) in [(64, 1, 7), (64, 6, 7), (1, 1, 1), (300, 3, 1)] {
        let shape = shape(TextureType::D2Array, size, layers, mips, F::Bc7UNormSrgb);
        let settings = settings(|s| s.mip_policy = MipPolicy::None);
        let cooked = store(counted(shape), &settings);
        let bound = estimate_encoded(&shape, 10);
        assert!(bound.payload_bytes >= cooked.payload().len() as u64);
        assert!(bound.peak_bytes > bound.payload_bytes);
    }
}

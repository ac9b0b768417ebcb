//! Texels that are stored as they were decoded.

use super::*;
use crate::{
    format::{
        payload_layout::PackingPolicy, texture_format::TextureFormat as F,
        texture_shape::TextureType,
    },
    settings::texture::{ColorSpace, CubeLayout, MipFilter, TextureOptions},
    source::image::ImageSet,
};

fn as_decoded(change: impl FnOnce(&mut TextureOptions)) -> TextureSettings {
    let mut options = TextureOptions {
        // None of these counts.
        output_format: Some(OutputFormat::Bc1),
        packing_policy: Some(PackingPolicy::Tight),
        mip_filter: Some(MipFilter::Lanczos),
        as_decoded: true,
        ..TextureOptions::default()
    };
    change(&mut options);
    options.resolve("wood_normal.png").unwrap()
}

#[test]
fn the_format_is_that_of_the_decoded_image() {
    let settings = as_decoded(|_| {});
    for (pixels, format) in [
        (PixelFormat::R8, F::R8UNorm),
        (PixelFormat::Rg8, F::Rg8UNorm),
        (PixelFormat::Rgba8, F::Rgba8UNorm),
        (PixelFormat::R16, F::R16UNorm),
        (PixelFormat::Rg16, F::Rg16UNorm),
        (PixelFormat::Rgba16, F::Rgba16UNorm),
        (PixelFormat::Rgba32F, F::Rgba32Float),
    ] {
        let bytes = 5 * 3 * pixels.texel_bytes();
        let texels: Vec<u8> = match pixels {
            PixelFormat::Rgba32F => (0..bytes / 4)
                .flat_map(|i| (i as f32 * 7.5 - 20.0).to_le_bytes())
                .collect(),
            _ => (0..bytes).map(|i| (i * 37) as u8).collect(),
        };
        let cooked = cook(image(pixels, 5, 3, texels.clone()), &settings);
        assert_eq!(cooked.shape().format(), format);
        assert_eq!(cooked.shape().mips(), 3);
        assert_eq!(cooked.packing(), PackingPolicy::D3d12);
        assert!(cooked.encoder().is_none() && cooked.warnings().is_empty());
        assert_eq!(level(&cooked, 0), texels, "{pixels:?}");
    }
}

#[test]
fn levels_are_means_of_the_numbers() {
    let source = || {
        rgba8(2, 2, |x, y| {
            [(x * 200) as u8, (y * 100) as u8, 7, (x * 254) as u8]
        })
    };
    let plain = cook(source(), &as_decoded(|_| {}));
    assert_eq!(level(&plain, 1), [100, 50, 7, 127]);
    // Called sRGB, they are averaged as light, and stay what they are on the first level.
    let srgb = cook(
        source(),
        &as_decoded(|o| o.color_space = Some(ColorSpace::SRGB)),
    );
    assert_eq!(srgb.shape().format(), F::Rgba8UNormSrgb);
    assert_eq!(level(&srgb, 0), level(&plain, 0));
    assert_ne!(level(&srgb, 1), level(&plain, 1));
    // Also where the format has no name for it: 188 is half of the light of 255.
    let grey = image(PixelFormat::R8, 2, 1, vec![0, 255]);
    let cooked = cook(
        grey,
        &as_decoded(|o| o.color_space = Some(ColorSpace::SRGB)),
    );
    assert_eq!(
        (level(&cooked, 0), level(&cooked, 1)),
        (vec![0, 255], vec![188])
    );
}

#[test]
fn how_an_image_is_decoded_is_up_to_the_options() {
    // A grey bitmap of portable maps.
    let file = b"P5 2 2 255\n\x01\x02\x03\x04";
    let cook = |settings: &TextureSettings| {
        let limits = ImageLimits::default();
        cook_blocking(
            file,
            "a.pgm",
            settings,
            encoder(),
            &limits,
            &CancelFlag::new(),
        )
        .unwrap()
    };
    let colored = cook(&as_decoded(|_| {}));
    assert_eq!(colored.shape().format(), F::Rgba8UNorm);
    assert_eq!(level(&colored, 0)[..5], [1, 1, 1, 255, 2]);
    let grey = cook(&as_decoded(|o| {
        (o.force_rgba, o.flip_y) = (Some(false), Some(true));
        o.content_hashing = Some(false);
    }));
    assert_eq!(grey.shape().format(), F::R8UNorm);
    assert_eq!(level(&grey, 0), [3, 4, 1, 2]);
    assert_eq!(grey.hash(), crate::format::ids::ContentHash::NONE);
}

#[test]
fn cubes_and_light_keep_their_format() {
    let strip = rgba8(12, 2, |x, _| [x as u8, 0, 0, 255]);
    let settings = as_decoded(|o| o.cube_layout = Some(CubeLayout::HorizontalStrip));
    let cube = cook(strip, &settings);
    assert_eq!(cube.shape().texture_type(), TextureType::Cube);
    assert_eq!(cube.shape().format(), F::Rgba8UNorm);
    assert_eq!(subresource(&cube, 2, 0)[..8], [4, 0, 0, 255, 5, 0, 0, 255]);
    let sky = rgba32f(64, 32, |_, _| [900.0, -1.0, 0.5, 1.0]);
    let panorama = cook(sky, &as_decoded(|o| o.equirect_to_cube = Some(true)));
    assert_eq!(panorama.shape().format(), F::Rgba32Float);
    for texel in floats(&subresource(&panorama, 5, 1)).chunks(4) {
        assert!(
            (texel[0] - 900.0).abs() < 0.01 && (texel[1] + 1.0).abs() < 1e-4,
            "{texel:?}"
        );
    }
    let mut set = ImageSet::new();
    for layer in 0..2 {
        let texels = vec![layer as u8; 4];
        let one = image(PixelFormat::R8, 2, 2, texels);
        set.add(SubresourceId::layer(layer), "", one);
    }
    let array = cook(set, &as_decoded(|_| {}));
    assert_eq!(array.shape().format(), F::R8UNorm);
    assert_eq!(subresource(&array, 1, 0), [1; 4]);
}

#[test]
fn stored_textures_are_kept_whatever_their_format() {
    use crate::format::texture_shape::TextureShape;
    for format in [
        F::Bc7UNormSrgb,
        F::Bc7UNorm,
        F::Bc5UNorm,
        F::Bgra8UNorm,
        F::Rgba16Float,
    ] {
        let shape = TextureShape::new(TextureType::D2, 8, 8, 1, 1, 4, format).unwrap();
        let settings = as_decoded(|o| {
            o.color_space = Some(if format.is_srgb() {
                ColorSpace::SRGB
            } else {
                ColorSpace::Linear
            });
        });
        assert_eq!(passes_through(&shape, &settings), Ok(shape));
    }
}

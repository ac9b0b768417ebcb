//! Cubes, whatever they are made of: the same six faces come out of every layout.

use super::*;
use crate::{
    format::{texture_format::TextureFormat, texture_shape::TextureType},
    settings::texture::{ColorSpace, CubeSource, MipFilter, MipPolicy, TexturePreset},
    source::image::{CubeFace, ImageSet, SubresourceId},
};

/// Settings for a cube of numbers that are stored as they are.
fn cube(source: CubeSource, output: OutputFormat) -> TextureSettings {
    let mut settings = plain(output);
    settings.cube = source;
    settings
}

/// A texel that says which face it is of, and where.
fn label(face: u32, x: u32, y: u32) -> [u8; 4] {
    [(face * 40 + 10) as u8, (x * 30) as u8, (y * 30) as u8, 255]
}

/// The six labelled faces as images of their own.
fn labelled_faces(size: u32) -> ImageSet {
    let mut set = ImageSet::new();
    // Out of order: places count, not the order of files.
    for face in [3, 0, 5, 1, 4, 2] {
        let image = rgba8(size, size, |x, y| label(face, x, y));
        set.add(
            SubresourceId::layer(face as u16),
            format!("{face}.png"),
            image,
        );
    }
    set
}

/// Places of +X, -X, +Y, -Y, +Z, -Z in columns and rows of faces, written down once more.
const HSTRIP: [(u32, u32); 6] = [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0)];
const VSTRIP: [(u32, u32); 6] = [(0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (0, 5)];
const HCROSS: [(u32, u32); 6] = [(2, 1), (0, 1), (1, 0), (1, 2), (1, 1), (3, 1)];
const VCROSS: [(u32, u32); 6] = [(2, 1), (0, 1), (1, 0), (1, 2), (1, 1), (1, 3)];

/// One image that holds the labelled faces; the last of `turned` stands on its head.
fn labelled_layout(size: u32, grid: (u32, u32), places: [(u32, u32); 6], turned: bool) -> Image {
    rgba8(grid.0 * size, grid.1 * size, |x, y| {
        let place = (x / size, y / size);
        match places.iter().position(|&p| p == place) {
            Some(5) if turned => label(5, size - 1 - x % size, size - 1 - y % size),
            Some(face) => label(face as u32, x % size, y % size),
            None => [1, 2, 3, 4],
        }
    })
}

fn assert_is_labelled_cube(cooked: &CookedTexture, size: u32) {
    assert_eq!(cooked.shape().texture_type(), TextureType::Cube);
    assert_eq!((cooked.shape().width(), cooked.shape().layers()), (size, 6));
    for face in 0..6u16 {
        let expected: Vec<u8> = (0..size)
            .flat_map(|y| (0..size).flat_map(move |x| label(face.into(), x, y)))
            .collect();
        assert_eq!(subresource(cooked, face, 0), expected, "face {face}");
    }
}

#[test]
fn a_labelled_cube_survives_every_layout() {
    let faces = cook(
        labelled_faces(5),
        &cube(CubeSource::Any, OutputFormat::Rgba8),
    );
    assert_is_labelled_cube(&faces, 5);
    let layouts = [
        (CubeSource::HorizontalStrip, (6, 1), HSTRIP, false),
        (CubeSource::VerticalStrip, (1, 6), VSTRIP, false),
        (CubeSource::HorizontalCross, (4, 3), HCROSS, false),
        (CubeSource::VerticalCross, (3, 4), VCROSS, true),
    ];
    for (layout, grid, places, turned) in layouts {
        for source in [layout, CubeSource::Layout, CubeSource::Any] {
            let image = labelled_layout(5, grid, places, turned);
            let cooked = cook(image, &cube(source, OutputFormat::Rgba8));
            assert_eq!(cooked, faces, "{layout} as {source}");
        }
    }
}

#[test]
fn every_kind_of_texel_can_be_cut() {
    for format in [
        PixelFormat::R8,
        PixelFormat::Rg8,
        PixelFormat::Rgba8,
        PixelFormat::R16,
        PixelFormat::Rg16,
        PixelFormat::Rgba16,
    ] {
        let bytes = format.texel_bytes();
        // The number of a texel in all its bytes, 3 x 4 faces of 2 x 2.
        let texels = (0..48u8).flat_map(|i| vec![i * 5; bytes]).collect();
        let mut settings = cube(CubeSource::VerticalCross, OutputFormat::Bc7);
        settings.mip_policy = MipPolicy::None;
        settings.force_rgba = false;
        if !format.is_grey() {
            settings.output_format = match format {
                PixelFormat::Rgba16 => OutputFormat::Rgba16,
                _ => OutputFormat::Rgba8,
            };
            settings.quality = EncodeQuality::None;
        }
        let cooked = cook(image(format, 6, 8, texels), &settings);
        let face = |layer| subresource(&cooked, layer, 0);
        let expected = |texels: [u8; 4]| -> Vec<u8> {
            texels.iter().flat_map(|&i| vec![i * 5; bytes]).collect()
        };
        // +Y lies at column 1 of row 0, -Z upside down at column 1 of row 3.
        assert_eq!(face(2), expected([2, 3, 8, 9]), "{format:?}");
        assert_eq!(face(5), expected([45, 44, 39, 38]), "{format:?}");
    }
}

#[test]
fn a_layout_that_is_not_there_is_refused() {
    let fail = |source, width, height| {
        let image = rgba8(width, height, |_, _| [0; 4]);
        let error = prepared(image, &cube(source, OutputFormat::Rgba8)).unwrap_err();
        (error.error_code(), error.diagnostic().unwrap())
    };
    let (code, told) = fail(CubeSource::HorizontalCross, 18, 3);
    assert_eq!(code, TextureErrorCode::DimensionMismatch);
    assert_eq!(told.code.id(), "texture.cook_failed");
    assert!(told.message.contains("18 x 3") && told.message.contains("4:3"));
    let (code, _) = fail(CubeSource::Layout, 7, 3);
    assert_eq!(code, TextureErrorCode::DimensionMismatch);
    let (code, told) = fail(CubeSource::Any, 7, 7);
    assert_eq!(code, TextureErrorCode::FileNotFound);
    assert_eq!(told.code.id(), "texture.cubemap_faces_missing");
    let (code, _) = fail(CubeSource::Panorama, 32, 32);
    assert_eq!(code, TextureErrorCode::InvalidDimensions);
}

/// The direction that a texel of a face shows, by the table of the format description.
fn direction(face: u16, u: f64, v: f64) -> [f64; 3] {
    let (s, t) = (2.0 * u - 1.0, 1.0 - 2.0 * v);
    let d = match face {
        0 => [1.0, t, -s],
        1 => [-1.0, t, s],
        2 => [s, 1.0, -t],
        3 => [s, -1.0, t],
        4 => [s, t, 1.0],
        _ => [-s, t, -1.0],
    };
    let length = d.iter().map(|x| x * x).sum::<f64>().sqrt();
    d.map(|x| x / length)
}

/// A smooth colour for each direction.
fn sky([x, y, z]: [f64; 3]) -> [f32; 4] {
    let channel = |a: f64| (0.5 + 0.4 * a) as f32;
    [channel(x), channel(y), channel(z), 1.0]
}

/// A panorama of that sky.
fn panorama(width: u32) -> Image {
    use std::f64::consts::PI;
    rgba32f(width, width / 2, |x, y| {
        let longitude = ((f64::from(x) + 0.5) / f64::from(width) * 2.0 - 1.0) * PI;
        let latitude = (0.5 - (f64::from(y) + 0.5) / f64::from(width / 2)) * PI;
        sky([
            longitude.sin() * latitude.cos(),
            latitude.sin(),
            longitude.cos() * latitude.cos(),
        ])
    })
}

#[test]
fn a_panorama_gives_the_faces_of_the_same_cube() {
    let size = 16;
    let mut faces = ImageSet::new();
    for face in 0..6u16 {
        let image = rgba32f(size, size, |x, y| {
            let at = |i: u32| (f64::from(i) + 0.5) / f64::from(size);
            sky(direction(face, at(x), at(y)))
        });
        faces.add(SubresourceId::layer(face), "", image);
    }
    let mut settings = cube(CubeSource::Any, OutputFormat::Rgba32F);
    settings.intent = crate::settings::texture::TextureIntent::HdrEnvironment;
    let expected = cook(faces, &settings);
    for filter in MipFilter::ALL {
        settings.mip_filter = *filter;
        settings.cube = CubeSource::Panorama;
        let cooked = cook(panorama(64), &settings);
        assert_eq!(cooked.shape(), expected.shape());
        assert_eq!(cooked.shape().format(), TextureFormat::Rgba32Float);
        for face in 0..6 {
            let a = floats(&subresource(&cooked, face, 0));
            let b = floats(&subresource(&expected, face, 0));
            for (i, (a, b)) in a.iter().zip(&b).enumerate() {
                assert!((a - b).abs() < 0.02, "{filter} face {face} at {i}: {a} {b}");
            }
        }
    }
}

#[test]
fn a_named_panorama_becomes_a_cube_of_light() {
    let settings = crate::settings::texture::TextureOptions::default()
        .resolve("sky.hdr")
        .unwrap();
    let cooked = cook(panorama(64), &settings);
    let shape = cooked.shape();
    assert_eq!(shape.texture_type(), TextureType::Cube);
    assert_eq!((shape.width(), shape.mips(), shape.layers()), (16, 5, 6));
    assert_eq!(shape.format(), TextureFormat::Rgba16Float);
    // What is no panorama stays an image.
    let flat = cook(rgba32f(8, 8, |_, _| [1.0; 4]), &settings);
    assert_eq!(flat.shape().texture_type(), TextureType::D2);
    // Unless a cube was asked for.
    let explicit = TexturePreset::HdrEnvironment.settings();
    assert!(prepared(rgba32f(8, 8, |_, _| [1.0; 4]), &explicit).is_err());
}

#[test]
fn a_panorama_in_an_ordinary_picture_is_no_light() {
    // Nothing is tone-mapped, and one colour stays that colour.
    let source = rgba8(64, 32, |_, _| [188, 55, 255, 255]);
    let mut settings = cube(CubeSource::Panorama, OutputFormat::Rgba8Srgb);
    settings.source_color_space = ColorSpace::SRGB;
    let cooked = cook(source.clone(), &settings);
    for face in 0..6 {
        for mip in 0..5 {
            let texels = subresource(&cooked, face, mip);
            assert!(texels.chunks(4).all(|t| t == [188, 55, 255, 255]));
        }
    }
    // In a float output it is light that was decoded.
    settings.output_format = OutputFormat::Rgba32F;
    let light = floats(&subresource(&cook(source, &settings), 0, 0));
    assert!((light[0] - 0.502_886_5).abs() < 1e-5 && (light[2] - 1.0).abs() < 1e-5);
    // Light is tone-mapped where it must be.
    let sun = rgba32f(64, 32, |_, _| [1.0, 0.0, 0.0, 1.0]);
    let baked = cook(sun, &cube(CubeSource::Panorama, OutputFormat::Rgba8));
    // 255 * 2.54 / 3.16
    assert_eq!(subresource(&baked, 0, 0)[..4], [205, 0, 0, 255]);
}

#[test]
fn transparent_colours_of_a_panorama_do_not_bleed() {
    let source = rgba8(64, 32, |x, _| {
        if x % 8 < 4 {
            [20, 160, 30, 255]
        } else {
            [255, 0, 255, 0]
        }
    });
    let mut settings = cube(CubeSource::Panorama, OutputFormat::Rgba8Srgb);
    settings.source_color_space = ColorSpace::SRGB;
    settings.mip_filter = MipFilter::Box;
    let cooked = cook(source, &settings);
    for face in 0..6 {
        for texel in subresource(&cooked, face, 0).chunks(4) {
            assert!(
                texel[3] < 4 || (texel[0] < 30 && texel[1] > 150 && texel[2] < 40),
                "{texel:?}"
            );
        }
    }
}

#[test]
fn a_red_border_stays_on_its_face() {
    let size = 16;
    let bordered = |face: u32, x: u32, y: u32| {
        let edge = x == 0 || y == 0 || x == size - 1 || y == size - 1;
        if face == 4 && edge {
            [255, 0, 0, 255]
        } else {
            [0, 0, 0, 255]
        }
    };
    let mut set = ImageSet::new();
    for face in 0..6 {
        let image = rgba8(size, size, |x, y| bordered(face, x, y));
        set.add(SubresourceId::layer(face as u16), "", image);
    }
    let cross = rgba8(4 * size, 3 * size, |x, y| {
        let place = (x / size, y / size);
        let face = HCROSS.iter().position(|&p| p == place).unwrap_or(9);
        bordered(face as u32, x % size, y % size)
    });
    for filter in MipFilter::ALL {
        let mut settings = cube(CubeSource::Any, OutputFormat::Rgba8Srgb);
        settings.mip_filter = *filter;
        settings.source_color_space = ColorSpace::SRGB;
        let one = cook(set.clone(), &settings);
        assert_eq!(one, cook(cross.clone(), &settings));
        for mip in 0..one.shape().mips() {
            for face in 0..6 {
                let texels = subresource(&one, face, mip);
                let red = texels.chunks(4).any(|t| t[0] > 0);
                assert_eq!(red, face == 4, "{filter} face {face} level {mip}");
            }
        }
    }
}

#[test]
fn each_face_is_what_the_image_alone_would_be() {
    for output in [
        OutputFormat::Bc7Srgb,
        OutputFormat::Rgba8Srgb,
        OutputFormat::Bc1,
    ] {
        let mut settings = plain(output);
        settings.mip_filter = MipFilter::Kaiser;
        let mut set = ImageSet::new();
        let mut alone = Vec::new();
        for face in 0..6u32 {
            let image = rgba8(20, 20, |x, y| label(face, x % 8, y % 8));
            alone.push(cook(image.clone(), &settings));
            set.add(SubresourceId::face(CubeFace::ALL[face as usize]), "", image);
        }
        settings.cube = CubeSource::Any;
        let whole = cook_in_tiles(set, &settings, 64).unwrap();
        assert_eq!(whole.shape().texture_type(), TextureType::Cube);
        for (face, alone) in (0..6).zip(&alone) {
            for mip in 0..whole.shape().mips() {
                assert_eq!(
                    subresource(&whole, face, mip),
                    level(alone, mip),
                    "{output} face {face} level {mip}"
                );
            }
        }
    }
}

#[test]
fn several_cubes_are_an_array() {
    let mut set = ImageSet::new();
    for layer in 0..12 {
        let image = rgba8(2, 2, |_, _| [layer as u8, 0, 0, 255]);
        set.add(SubresourceId::layer(layer), "", image);
    }
    let cooked = cook(set, &cube(CubeSource::Any, OutputFormat::Rgba8));
    assert_eq!(cooked.shape().texture_type(), TextureType::CubeArray);
    for layer in 0..12 {
        assert_eq!(subresource(&cooked, layer, 1), [layer as u8, 0, 0, 255]);
    }
}

#[test]
fn faces_that_no_payload_holds_are_refused_before_they_are_made() {
    let mut settings = cube(CubeSource::Panorama, OutputFormat::Rgba8);
    settings.cube_face_size = 1 << 30;
    let error = prepared(rgba8(4, 2, |_, _| [0; 4]), &settings).unwrap_err();
    assert_eq!(error.code().unwrap().id(), "texture.too_large");
    assert_eq!(error.error_code(), TextureErrorCode::OutputFormatInvalid);
}

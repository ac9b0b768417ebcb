//! JPEG, TGA, BMP and Radiance HDR.

use super::samples::{bmp, hdr, jpeg, tga_header, with_orientation};
use super::*;
use ::image::ExtendedColorType;

/// Grey whose left half is dark and upper half a little brighter, in blocks that JPEG keeps.
fn quadrants() -> Vec<u8> {
    (0..16 * 8)
        .map(|i| [[60, 220], [20, 180]][i / 16 / 4][i % 16 / 8])
        .collect()
}

fn near(a: u8, b: u8) -> bool {
    a.abs_diff(b) <= 6
}

#[test]
fn jpegs_are_grey_or_coloured() {
    let file = jpeg(16, 8, ExtendedColorType::L8, &quadrants());
    let grey = decoded_grey(&file);
    assert_eq!(
        (grey.format(), grey.width(), grey.height()),
        (PixelFormat::R8, 16, 8)
    );
    assert!(
        grey.texels()
            .iter()
            .zip(quadrants())
            .all(|(a, b)| near(*a, b))
    );
    assert_eq!(decoded(&file).format(), PixelFormat::Rgba8);
    let color: Vec<u8> = (0..64).flat_map(|_| [200, 40, 90]).collect();
    let image = decoded(&jpeg(8, 8, ExtendedColorType::Rgb8, &color));
    assert!(image.is_opaque());
    for texel in image.texels().chunks(4) {
        assert!(near(texel[0], 200) && near(texel[1], 40) && near(texel[2], 90) && texel[3] == 255);
    }
}

#[test]
fn photos_are_turned_upright() {
    let file = jpeg(16, 8, ExtendedColorType::L8, &quadrants());
    // The stored corners: upper left, upper right, lower left, lower right.
    let (ul, ur, ll, lr) = (60, 220, 20, 180);
    let corners = [
        (1, [ul, ur, ll, lr]),
        (2, [ur, ul, lr, ll]),
        (3, [lr, ll, ur, ul]),
        (4, [ll, lr, ul, ur]),
        (5, [ul, ll, ur, lr]),
        (6, [ll, ul, lr, ur]),
        (7, [lr, ur, ll, ul]),
        (8, [ur, lr, ul, ll]),
    ];
    for (orientation, expected) in corners {
        let turned = with_orientation(&file, orientation, 0);
        let info = probed(&turned).unwrap();
        let image = decoded_grey(&turned);
        let (width, height) = if orientation < 5 { (16, 8) } else { (8, 16) };
        assert_eq!((info.width, info.height), (width, height));
        assert_eq!((image.width(), image.height()), (width, height));
        let texels = image.texels();
        let last = texels.len() - 1;
        let found = [
            texels[0],
            texels[width as usize - 1],
            texels[last + 1 - width as usize],
            texels[last],
        ];
        assert!(
            found.iter().zip(expected).all(|(a, b)| near(*a, b)),
            "{orientation}: {found:?} instead of {expected:?}"
        );
    }
    // Nonsense in the tag changes nothing.
    assert_eq!(
        decoded_grey(&with_orientation(&file, 99, 0)),
        decoded_grey(&file)
    );
}

#[test]
fn a_header_behind_a_large_profile_asks_for_more() {
    let file = with_orientation(
        &jpeg(16, 8, ExtendedColorType::L8, &quadrants()),
        6,
        100_000,
    );
    let mut len = 64;
    let mut rounds = 0;
    let info = loop {
        match probed(&file[..len]) {
            Err(ImageError::NeedMoreBytes { at_least }) => {
                assert!(at_least > len as u64);
                len = (at_least as usize).max(2 * len).min(file.len());
            }
            other => break other.unwrap(),
        }
        rounds += 1;
    };
    assert!(rounds <= 12 && len > 100_000);
    assert_eq!((info.width, info.height), (8, 16));
}

#[test]
fn jpegs_without_their_end_are_cut_off() {
    let file = jpeg(16, 8, ExtendedColorType::L8, &quadrants());
    let error = failure(&file[..file.len() - 2]);
    assert!(matches!(
        error,
        ImageError::Truncated {
            format: ImageFormat::Jpeg,
            ..
        }
    ));
    assert_eq!(error.code().unwrap().id(), "texture.image.truncated");
    // What follows the end does not matter.
    let mut longer = file.clone();
    longer.extend([0xFF, 0xD8, 1, 2, 3]);
    assert_eq!(decoded(&longer), decoded(&file));
}

#[test]
fn kinds_of_jpeg_that_are_not_read_are_named() {
    let frame = |marker: u8, precision: u8, components: u8| {
        let mut file = vec![
            0xFF,
            0xD8,
            0xFF,
            marker,
            0,
            8 + components * 3,
            precision,
            0,
            8,
            0,
            8,
            components,
        ];
        file.resize(file.len() + usize::from(components) * 3, 0x11);
        probed(&file)
    };
    assert!(frame(0xC0, 8, 3).is_ok());
    assert!(frame(0xC2, 8, 4).is_ok());
    for (marker, precision, components) in [
        (0xC3, 8, 3),
        (0xC9, 8, 3),
        (0xC5, 8, 3),
        (0xC1, 12, 3),
        (0xC0, 8, 2),
    ] {
        assert!(matches!(
            frame(marker, precision, components),
            Err(ImageError::Unsupported { .. })
        ));
    }
}

#[test]
fn a_jpeg_may_be_called_png() {
    let file = jpeg(16, 8, ExtendedColorType::L8, &quadrants());
    let image = decode(
        &file,
        "photo.png",
        &ImageLimits::default(),
        &options(false),
        &CancelFlag::new(),
    );
    assert_eq!(image.unwrap().width(), 16);
}

#[test]
fn tga_of_every_kind() {
    // 2 x 2, lower row first, blue first.
    let mut color = tga_header(2, 2, 2, 24, 0);
    color.extend([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    let expected = [9, 8, 7, 255, 12, 11, 10, 255, 3, 2, 1, 255, 6, 5, 4, 255];
    assert_eq!(decoded(&color).texels(), expected);
    // Upper row first.
    color[17] = 0x20;
    assert_eq!(decoded(&color).texels()[..4], [3, 2, 1, 255]);
    // Right to left as well.
    color[17] = 0x30;
    assert_eq!(decoded(&color).texels()[..4], [6, 5, 4, 255]);

    let mut grey = tga_header(3, 2, 1, 8, 0x20);
    grey.extend([77, 200]);
    assert_eq!(decoded_grey(&grey).texels(), [77, 200]);

    let mut with_alpha = tga_header(3, 1, 1, 16, 0x28);
    with_alpha.extend([77, 200]);
    assert_eq!(decoded(&with_alpha).texels(), [77, 77, 77, 200]);

    let mut runs = tga_header(10, 4, 1, 32, 0x28);
    runs.extend([0x82, 1, 2, 3, 4, 0x00, 5, 6, 7, 8]);
    assert_eq!(
        decoded(&runs).texels(),
        [3, 2, 1, 4, 3, 2, 1, 4, 3, 2, 1, 4, 7, 6, 5, 8]
    );

    let mut palette = vec![2, 1, 1, 0, 0, 2, 0, 24, 0, 0, 0, 0, 2, 0, 1, 0, 8, 0x20];
    palette.extend(b"id");
    palette.extend([1, 2, 3, 4, 5, 6]);
    palette.extend([1, 0]);
    assert_eq!(decoded(&palette).texels(), [6, 5, 4, 255, 3, 2, 1, 255]);

    let mut packed = tga_header(2, 1, 1, 16, 0x20);
    packed.extend((31u16 << 10 | 16).to_le_bytes());
    assert_eq!(decoded(&packed).texels(), [255, 0, 132, 255]);
}

#[test]
fn an_undeclared_and_empty_fourth_channel_is_padding() {
    let mut padded = tga_header(2, 1, 1, 32, 0x20);
    padded.extend([1, 2, 3, 0]);
    let image = decoded(&padded);
    assert_eq!(image.texels(), [3, 2, 1, 255]);
    assert!(image.is_opaque());
    assert_eq!(image.warnings()[0].code.id(), "texture.image.alpha_ignored");
    // Declared, it means what it says.
    padded[17] = 0x28;
    assert_eq!(decoded(&padded).texels(), [3, 2, 1, 0]);
    // Undeclared, but used.
    padded[17] = 0x20;
    padded[21] = 9;
    assert_eq!(decoded(&padded).texels(), [3, 2, 1, 9]);
}

#[test]
fn tga_headers_must_make_sense() {
    let accepts = |change: fn(&mut Vec<u8>)| {
        let mut file = tga_header(2, 2, 2, 24, 0);
        file.resize(18 + 12, 0);
        change(&mut file);
        probed(&file).is_ok()
    };
    assert!(accepts(|_| {}));
    assert!(!accepts(|file| file[1] = 2));
    assert!(!accepts(|file| file[1] = 1));
    assert!(!accepts(|file| file[2] = 4));
    assert!(!accepts(|file| file[2] = 1));
    assert!(!accepts(|file| file[12] = 0));
    assert!(!accepts(|file| file[14] = 0));
    assert!(!accepts(|file| file[16] = 23));
    assert!(!accepts(|file| file[17] = 8));
    assert!(!accepts(|file| file[17] = 0x40));
    assert!(!accepts(|file| file[5] = 3));
}

#[test]
fn a_tga_that_cannot_hold_its_pixels_is_refused() {
    let mut file = tga_header(2, 2, 2, 24, 0);
    file.resize(18 + 11, 0);
    assert!(matches!(failure(&file), ImageError::Truncated { .. }));
    let mut vast = tga_header(2, 65535, 65535, 32, 8);
    vast.resize(12_000, 0);
    assert!(matches!(failure(&vast), ImageError::TooLarge { .. }));
    let mut runs = tga_header(10, 16000, 16000, 32, 8);
    runs.resize(12_000, 0x80);
    assert!(matches!(failure(&runs), ImageError::Truncated { .. }));
}

#[test]
fn bitmaps() {
    // Lower row first, rows of a multiple of four bytes, blue first.
    let file = bmp(1, 2, 24, &[1, 2, 3, 0, 4, 5, 6, 0]);
    let image = decoded(&file);
    assert_eq!(image.texels(), [6, 5, 4, 255, 3, 2, 1, 255]);
    assert!(image.is_opaque());
    let file = bmp(1, -2, 24, &[1, 2, 3, 0, 4, 5, 6, 0]);
    assert_eq!(decoded(&file).texels(), [3, 2, 1, 255, 6, 5, 4, 255]);
    let info = probed(&file).unwrap();
    assert_eq!(
        (info.format, info.width, info.height),
        (ImageFormat::Bmp, 1, 2)
    );
    for (width, height) in [(0, 2), (-1, 2), (1, 0), (1, i32::MIN)] {
        assert!(matches!(
            probed(&bmp(width, height, 24, &[0; 8])),
            Err(ImageError::Corrupt { .. })
        ));
    }
    assert!(matches!(
        failure(&bmp(1, 2, 24, &[1, 2, 3, 0, 4])),
        ImageError::Truncated { .. }
    ));
}

#[test]
fn radiance_pictures_are_linear_light() {
    for signature in ["#?RADIANCE", "#?RGBE"] {
        // 0.5 * 2^(e - 128): 128 with exponent 129 is one.
        let file = hdr(signature, 2, 1, &[[128, 64, 32, 129], [255, 0, 0, 140]]);
        let image = decoded(&file);
        assert_eq!(image.format(), PixelFormat::Rgba32F);
        assert_eq!(
            floats(image.texels()),
            [1.0, 0.5, 0.25, 1.0, 4080.0, 0.0, 0.0, 1.0]
        );
        assert!(image.is_opaque());
        let info = probed(&file).unwrap();
        assert_eq!(
            (info.format, info.width, info.height),
            (ImageFormat::Hdr, 2, 1)
        );
    }
}

#[test]
fn radiance_runs_are_unpacked() {
    // New run-length coding: 2 2 and the width, then each component by itself.
    let mut file = b"#?RADIANCE\n\n-Y 1 +X 8\n".to_vec();
    file.extend([2, 2, 0, 8]);
    for value in [128, 64, 32, 129] {
        file.extend([128 + 8, value]);
    }
    let texels = floats(decoded(&file).texels());
    assert!(texels.chunks(4).all(|t| t == [1.0, 0.5, 0.25, 1.0]));
    file.pop();
    assert!(matches!(failure(&file), ImageError::Truncated { .. }));
}

#[test]
fn radiance_headers_are_checked() {
    let probe_text = |text: &str| probed(text.as_bytes());
    assert!(matches!(
        probe_text("#?RADIANCE\nFORMAT=32-bit_rle_xyze\n\n-Y 1 +X 1\n"),
        Err(ImageError::Unsupported { .. })
    ));
    assert!(matches!(
        probe_text("#?RADIANCE\n\n+Y 1 +X 1\n"),
        Err(ImageError::Unsupported { .. })
    ));
    assert!(matches!(
        probe_text("#?RADIANCE\n\n-Y 0 +X 1\n"),
        Err(ImageError::Corrupt { .. })
    ));
    assert!(matches!(
        probe_text("#?RADIANCE\n\n-Y 1 +X\n"),
        Err(ImageError::Corrupt { .. })
    ));
    assert!(matches!(
        probe_text("#?RADIANCE\n\n-Y 1 +X 99999999\n"),
        Err(ImageError::TooLarge { .. })
    ));
    assert!(matches!(
        probe_text("#?RADIANCE\n\n-Y 1"),
        Err(ImageError::NeedMoreBytes { .. })
    ));
    let endless = vec![b'#'; 2 << 20];
    let endless = [b"#?RADIANCE\n", &endless[..]].concat();
    assert!(matches!(probed(&endless), Err(ImageError::Corrupt { .. })));
}

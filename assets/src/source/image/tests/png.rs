//! PNG: every depth and colour type.

use super::samples::{Png, chunk};
use super::*;

/// All samples of a depth, in turn.
fn ramp(count: usize, bits: u8) -> Vec<u16> {
    let largest = u32::MAX >> (32 - u32::from(bits));
    (0..count as u32)
        .map(|i| (i.wrapping_mul(40_503) >> 3 & largest) as u16)
        .collect()
}

/// A sample of up to 8 bits as 8 bits: the nearest of the equal steps.
fn eight(sample: u16, bits: u8) -> u8 {
    let largest = (1u32 << bits) - 1;
    ((u32::from(sample) * 255 + largest / 2) / largest) as u8
}

/// Both ways of storing the rows.
fn both(mut png: Png) -> [Vec<u8>; 2] {
    let straight = png.encode();
    png.interlaced = true;
    [straight, png.encode()]
}

#[test]
fn grey_of_every_depth() {
    for bits in [1, 2, 4, 8] {
        let samples = ramp(11 * 9, bits);
        for file in both(Png::new(11, 9, bits, 0, samples.clone())) {
            let expected: Vec<u8> = samples.iter().map(|&s| eight(s, bits)).collect();
            let grey = decoded_grey(&file);
            assert_eq!(
                (grey.format(), grey.width(), grey.height()),
                (PixelFormat::R8, 11, 9)
            );
            assert_eq!(grey.texels(), expected, "{bits} bits");
            let wide: Vec<u8> = expected.iter().flat_map(|&v| [v, v, v, 255]).collect();
            let rgba = decoded(&file);
            assert_eq!(rgba.texels(), wide);
            assert!(rgba.is_opaque());
        }
    }
    let samples = ramp(11 * 9, 16);
    for file in both(Png::new(11, 9, 16, 0, samples.clone())) {
        let grey = decoded_grey(&file);
        assert_eq!(grey.format(), PixelFormat::R16);
        assert_eq!(words(grey.texels()), samples);
        let wide: Vec<u16> = samples.iter().flat_map(|&v| [v, v, v, 65535]).collect();
        assert_eq!(words(decoded(&file).texels()), wide);
    }
}

#[test]
fn palettes_of_every_depth() {
    for bits in [1u8, 2, 4, 8] {
        let indices = ramp(11 * 9, bits);
        let entries = 1usize << bits;
        let palette: Vec<u8> = (0..entries * 3).map(|i| (i * 7 % 251) as u8).collect();
        for transparent in [0usize, 2] {
            let mut png = Png::new(11, 9, bits, 3, indices.clone());
            png.chunks.push((*b"PLTE", palette.clone()));
            if transparent > 0 {
                png.chunks.push((*b"tRNS", vec![0, 128]));
            }
            let expected: Vec<u8> = indices
                .iter()
                .flat_map(|&index| {
                    let index = usize::from(index);
                    let alpha = if index < transparent {
                        [0, 128][index]
                    } else {
                        255
                    };
                    [
                        palette[index * 3],
                        palette[index * 3 + 1],
                        palette[index * 3 + 2],
                        alpha,
                    ]
                })
                .collect();
            for file in both(png) {
                let image = decoded(&file);
                assert_eq!(image.format(), PixelFormat::Rgba8);
                assert_eq!(image.texels(), expected, "{bits} bits");
                assert_eq!(image.is_opaque(), transparent == 0);
            }
        }
    }
}

#[test]
fn colours_with_and_without_alpha() {
    for (color, channels) in [(2u8, 3usize), (4, 2), (6, 4)] {
        for bits in [8u8, 16] {
            let samples = ramp(11 * 9 * channels, bits);
            let one = if bits == 8 { 255 } else { 65535 };
            let wide: Vec<u16> = samples
                .chunks(channels)
                .flat_map(|texel| match *texel {
                    [v, a] => [v, v, v, a],
                    [r, g, b] => [r, g, b, one],
                    [r, g, b, a] => [r, g, b, a],
                    _ => unreachable!(),
                })
                .collect();
            for file in both(Png::new(11, 9, bits, color, samples.clone())) {
                let image = decoded(&file);
                if bits == 8 {
                    let narrow: Vec<u8> = wide.iter().map(|&v| v as u8).collect();
                    assert_eq!(
                        (image.format(), image.texels()),
                        (PixelFormat::Rgba8, &*narrow)
                    );
                } else {
                    assert_eq!(image.format(), PixelFormat::Rgba16);
                    assert_eq!(words(image.texels()), wide);
                }
                assert_eq!(image.is_opaque(), channels == 3);
                let kept = decoded_grey(&file).format();
                assert_eq!(kept.is_grey(), channels == 2);
            }
        }
    }
}

#[test]
fn a_transparent_grey_is_grey_with_alpha() {
    let mut png = Png::new(2, 1, 8, 0, vec![10, 20]);
    png.chunks.push((*b"tRNS", vec![0, 20]));
    let image = decoded_grey(&png.encode());
    assert_eq!(
        (image.format(), image.texels()),
        (PixelFormat::Rg8, &[10u8, 255, 20, 0][..])
    );
}

#[test]
fn headers_tell_the_shape() {
    let info = probed(&Png::new(5, 3, 16, 6, vec![0; 60]).encode()).unwrap();
    assert_eq!(
        (info.format, info.width, info.height),
        (ImageFormat::Png, 5, 3)
    );
    assert_eq!(
        (info.channels, info.depth),
        (Channels::Rgba, Depth::Sixteen)
    );
    assert_eq!(info.decoded_bytes(), 5 * 3 * 8);
}

/// A header that promises `width` x `height` pixels, and nothing behind it.
fn promise(width: u32, height: u32, bits: u8, color: u8) -> Vec<u8> {
    let mut header = width.to_be_bytes().to_vec();
    header.extend(height.to_be_bytes());
    header.extend([bits, color, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    file.extend(chunk(b"IHDR", &header));
    file
}

#[test]
fn large_promises_are_refused_before_decoding() {
    for (width, height) in [
        (30_000, 30_000),
        (16_385, 1),
        (1, 16_385),
        (0x7FFF_FFFF, 0x7FFF_FFFF),
    ] {
        let file = promise(width, height, 8, 0);
        let error = probed(&file).unwrap_err();
        assert!(matches!(error, ImageError::TooLarge { .. }), "{error}");
        assert_eq!(failure(&file), error);
        assert_eq!(error.code().unwrap().id(), "texture.image.too_large");
    }
    let error = probed(&promise(30_000, 30_000, 8, 0)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the image is 30000 x 30000: its width of 30000 exceeds the limit of 16384"
    );
    // Within the dimensions, but too much memory.
    let limits = ImageLimits {
        max_decoded_bytes: 1 << 20,
        ..ImageLimits::default()
    };
    let error = probe(&promise(512, 513, 8, 6), "x", &limits).unwrap_err();
    assert!(matches!(
        error,
        ImageError::TooLarge {
            what: "decoded size in bytes",
            ..
        }
    ));
    let limits = ImageLimits {
        max_pixels: 100,
        ..ImageLimits::default()
    };
    let error = probe(&promise(11, 10, 8, 6), "x", &limits).unwrap_err();
    assert!(matches!(
        error,
        ImageError::TooLarge {
            what: "number of pixels",
            value: 110,
            ..
        }
    ));
}

#[test]
fn headers_that_contradict_the_format_are_corrupt() {
    for file in [
        promise(0, 5, 8, 0),
        promise(5, 0, 8, 0),
        promise(0x8000_0000, 5, 8, 0),
        promise(5, 5, 3, 0),
        promise(5, 5, 16, 3),
        promise(5, 5, 8, 1),
    ] {
        assert!(matches!(probed(&file), Err(ImageError::Corrupt { .. })));
    }
    let mut apple = b"\x89PNG\r\n\x1a\n".to_vec();
    apple.extend(chunk(b"CgBI", &[0; 4]));
    assert!(matches!(
        probed(&apple),
        Err(ImageError::Unsupported { .. })
    ));
}

#[test]
fn a_flipped_byte_of_data_is_noticed() {
    let file = Png::new(9, 7, 8, 0, vec![9; 63]).encode();
    let at = file.windows(4).position(|w| w == b"IDAT").unwrap() + 20;
    let mut damaged = file;
    damaged[at] ^= 0x40;
    assert!(matches!(failure(&damaged), ImageError::Corrupt { .. }));
}

#[test]
fn flipping_mirrors_the_rows() {
    let file = Png::new(1, 3, 8, 0, vec![1, 2, 3]).encode();
    let options = DecodeOptions {
        keep_grey: true,
        flip_y: true,
    };
    let image = decode(
        &file,
        "x",
        &ImageLimits::default(),
        &options,
        &CancelFlag::new(),
    )
    .unwrap();
    assert_eq!(image.texels(), [3, 2, 1]);
}

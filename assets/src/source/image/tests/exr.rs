//! OpenEXR.

use super::samples;
use super::*;
use ::exr::prelude::*;
use ::image::ExtendedColorType;
use std::io::Cursor;

/// A file of flat channels.
fn file(
    width: usize,
    height: usize,
    channels: Vec<AnyChannel<FlatSamples>>,
    encoding: Encoding,
) -> Vec<u8> {
    let layer = Layer::new(
        (width, height),
        LayerAttributes::named("layer"),
        encoding,
        AnyChannels::sort(channels.into_iter().collect()),
    );
    let mut out = Cursor::new(Vec::new());
    ::exr::image::Image::from_layer(layer)
        .write()
        .non_parallel()
        .to_buffered(&mut out)
        .unwrap();
    out.into_inner()
}

fn float(name: &str, values: &[f32]) -> AnyChannel<FlatSamples> {
    AnyChannel::new(name, FlatSamples::F32(values.to_vec()))
}

#[test]
fn colours_with_and_without_alpha() {
    let rgb = samples::exr(
        2,
        1,
        ExtendedColorType::Rgb32F,
        &[1.0, 2.5, -3.0, 0.0, 1e6, 0.5],
    );
    let image = decoded(&rgb);
    assert_eq!(image.format(), PixelFormat::Rgba32F);
    assert_eq!(
        floats(image.texels()),
        [1.0, 2.5, -3.0, 1.0, 0.0, 1e6, 0.5, 1.0]
    );
    assert!(image.is_opaque() && image.warnings().is_empty());
    let rgba = samples::exr(1, 1, ExtendedColorType::Rgba32F, &[1.0, 2.0, 3.0, 0.25]);
    let image = decoded(&rgba);
    assert_eq!(floats(image.texels()), [1.0, 2.0, 3.0, 0.25]);
    assert!(!image.is_opaque());
    let info = probed(&rgba).unwrap();
    assert_eq!(
        (info.format, info.channels, info.depth),
        (ImageFormat::Exr, Channels::Rgba, Depth::Float)
    );
}

#[test]
fn a_single_channel_is_grey() {
    for name in ["Y", "height"] {
        let bytes = file(
            2,
            1,
            vec![float(name, &[0.5, 7.0])],
            Encoding::FAST_LOSSLESS,
        );
        assert_eq!(
            floats(decoded(&bytes).texels()),
            [0.5, 0.5, 0.5, 1.0, 7.0, 7.0, 7.0, 1.0]
        );
    }
    let with_alpha = file(
        1,
        1,
        vec![float("A", &[0.25]), float("Y", &[3.0])],
        Encoding::UNCOMPRESSED,
    );
    assert_eq!(floats(decoded(&with_alpha).texels()), [3.0, 3.0, 3.0, 0.25]);
}

#[test]
fn halves_integers_and_further_channels() {
    let half = |name: &str, value: f32| {
        AnyChannel::new(name, FlatSamples::F16(vec![f16::from_f32(value); 4]))
    };
    let mut channels = vec![half("R", 0.5), half("G", 2.0), half("depth", 9.0)];
    channels.push(AnyChannel::new("B", FlatSamples::U32(vec![3; 4])));
    let image = decoded(&file(2, 2, channels, Encoding::SMALL_LOSSLESS));
    assert!(
        floats(image.texels())
            .chunks(4)
            .all(|t| t == [0.5, 2.0, 3.0, 1.0])
    );
}

#[test]
fn every_compression_and_tiles() {
    let values: Vec<f32> = (0..70 * 50).map(|i| i as f32 * 0.125).collect();
    for compression in [
        Compression::Uncompressed,
        Compression::RLE,
        Compression::ZIP1,
        Compression::ZIP16,
        Compression::PIZ,
    ] {
        for blocks in [Blocks::ScanLines, Blocks::Tiles(Vec2(32, 16))] {
            let encoding = Encoding {
                compression,
                blocks,
                line_order: LineOrder::Increasing,
            };
            let channels = ["B", "G", "R"].map(|name| float(name, &values)).to_vec();
            let image = decoded(&file(70, 50, channels, encoding));
            let red: Vec<f32> = floats(image.texels()).into_iter().step_by(4).collect();
            assert_eq!(red, values, "{compression:?} {blocks:?}");
        }
    }
}

#[test]
fn compressions_that_lose_something_lose_little() {
    // A smooth picture with an edge, in half floats: what film and game tools write.
    let (width, height) = (70usize, 50usize);
    let value = |i: usize, c: usize| {
        let (x, y) = ((i % width) as f32, (i / width) as f32);
        let edge = if x > 40.0 { 2.0 } else { 0.0 };
        0.5 + 0.4 * (x * 0.11 + c as f32).sin() * (y * 0.07).cos() + edge
    };
    let channels: Vec<_> = ["R", "G", "B"]
        .iter()
        .enumerate()
        .map(|(c, name)| {
            let halves = (0..width * height).map(|i| f16::from_f32(value(i, c)));
            AnyChannel::new(*name, FlatSamples::F16(halves.collect()))
        })
        .collect();
    for (compression, most) in [
        (Compression::PXR24, 0.0),
        (Compression::B44, 0.2),
        (Compression::B44A, 0.2),
        (Compression::DWAA(None), 0.15),
        (Compression::DWAB(None), 0.15),
    ] {
        for blocks in [Blocks::ScanLines, Blocks::Tiles(Vec2(32, 16))] {
            let encoding = Encoding {
                compression,
                blocks,
                line_order: LineOrder::Increasing,
            };
            let image = decoded(&file(width, height, channels.clone(), encoding));
            let texels = floats(image.texels());
            let mut worst = 0.0f32;
            for (i, texel) in texels.chunks(4).enumerate() {
                for (c, got) in texel[..3].iter().enumerate() {
                    let wanted = f16::from_f32(value(i, c)).to_f32();
                    worst = worst.max((got - wanted).abs());
                }
            }
            assert!(worst <= most, "{compression:?} {blocks:?}: {worst}");
        }
    }
}

#[test]
fn numbers_that_are_none_are_replaced_with_a_warning() {
    let values = [f32::NAN, f32::INFINITY, 1.0, f32::NEG_INFINITY, 0.5, 2.0];
    let image = decoded(&samples::exr(2, 1, ExtendedColorType::Rgb32F, &values));
    assert_eq!(
        floats(image.texels()),
        [0.0, 65504.0, 1.0, 1.0, -65504.0, 0.5, 2.0, 1.0]
    );
    let warning = &image.warnings()[0];
    assert_eq!(warning.code.id(), "texture.image.non_finite");
    assert!(warning.message.starts_with("3 of 8 values"));
}

#[test]
fn channels_that_make_no_picture_are_named() {
    let bytes = file(
        1,
        1,
        vec![float("N.x", &[0.0]), float("N.y", &[0.0])],
        Encoding::UNCOMPRESSED,
    );
    let error = failure(&bytes);
    assert_eq!(
        error.to_string(),
        "OpenEXR images with only the channels [N.x N.y] are not supported"
    );
}

#[test]
fn windows_are_checked_before_anything_is_allocated() {
    let good = samples::exr(6, 5, ExtendedColorType::Rgb32F, &[0.0; 90]);
    let at = good.windows(11).position(|w| w == b"dataWindow\0").unwrap() + 11 + 6 + 4;
    let with_window = |window: [i32; 4]| {
        let mut file = good.clone();
        for (i, corner) in window.iter().enumerate() {
            file[at + i * 4..at + i * 4 + 4].copy_from_slice(&corner.to_le_bytes());
        }
        file
    };
    assert_eq!(probed(&with_window([0, 0, 5, 4])).unwrap().width, 6);
    for window in [[0, 0, 99_999, 0], [i32::MIN + 1, 0, i32::MAX - 1, 0]] {
        assert!(matches!(
            failure(&with_window(window)),
            ImageError::TooLarge { .. }
        ));
    }
    for window in [[5, 0, 4, 4], [0, 1, 5, 0], [i32::MIN, 0, i32::MAX, 0]] {
        assert!(matches!(
            failure(&with_window(window)),
            ImageError::Corrupt { .. }
        ));
    }
    // A larger window than there is data for.
    assert!(
        decode(
            &with_window([0, 0, 5, 400]),
            "x",
            &ImageLimits::default(),
            &options(false),
            &CancelFlag::new()
        )
        .is_err()
    );
}

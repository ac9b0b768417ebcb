//! Reading and writing rows of texels.

use super::*;
use crate::{
    cook::texture::{
        curve::Curve,
        read::{TexelReader, flip_green},
        write::{LARGEST_HALF, Stored, TexelWriter},
    },
    settings::texture::ColorSpace::{self, Linear, SRGB},
};
use half::f16;

fn read(format: PixelFormat, from: ColorSpace, to: ColorSpace, bytes: &[u8]) -> Vec<f32> {
    let mut pace = Pace::uninterrupted(CancelFlag::new());
    let reader = block_on(TexelReader::new(format, from, to, None, &mut pace)).unwrap();
    let mut row = vec![f32::NAN; bytes.len() / format.texel_bytes() * 4];
    reader.read(bytes, &mut row);
    row
}

fn writer(stored: Stored, curve: Curve) -> TexelWriter {
    TexelWriter {
        stored,
        curve,
        weighted: false,
        normals: false,
        range: (f32::MIN, f32::MAX),
    }
}

fn write(writer: &TexelWriter, row: &[f32]) -> Vec<u8> {
    let mut out = vec![0; row.len() / 4 * writer.stored.texel_bytes()];
    writer.write(row, &mut Vec::new(), &mut out);
    out
}

#[test]
fn every_source_format_becomes_rgba() {
    assert_eq!(read(PixelFormat::R8, Linear, Linear, &[255]), [1.0; 4]);
    assert_eq!(
        read(PixelFormat::Rg8, Linear, Linear, &[255, 0]),
        [1.0, 1.0, 1.0, 0.0]
    );
    assert_eq!(
        read(PixelFormat::Rgba8, Linear, Linear, &[0, 51, 255, 255]),
        [0.0, 0.2, 1.0, 1.0]
    );
    assert_eq!(
        read(PixelFormat::R16, Linear, Linear, &[255, 255]),
        [1.0; 4]
    );
    assert_eq!(
        read(PixelFormat::Rg16, Linear, Linear, &[255, 255, 0, 0]),
        [1.0, 1.0, 1.0, 0.0]
    );
    let wide: Vec<u8> = [0u16, 13107, 65535, 65535]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    assert_eq!(
        read(PixelFormat::Rgba16, Linear, Linear, &wide),
        [0.0, 0.2, 1.0, 1.0]
    );
    let float: Vec<u8> = [-1.0f32, 0.5, 7.0, 0.25]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    assert_eq!(
        read(PixelFormat::Rgba32F, Linear, Linear, &float),
        [-1.0, 0.5, 7.0, 0.25]
    );
}

#[test]
fn colours_are_converted_and_alpha_is_not() {
    let linear = read(PixelFormat::Rgba8, SRGB, Linear, &[188, 188, 0, 188]);
    assert!((linear[0] - 0.502_886_5).abs() < 1e-6 && linear[0] == linear[1]);
    assert_eq!(linear[3], 188.0 / 255.0);
    let wide: Vec<u8> = [48316u16, 0, 65535, 48316]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let linear = read(PixelFormat::Rgba16, SRGB, Linear, &wide);
    assert!((linear[0] - 0.502_886_5).abs() < 1e-6);
    let float: Vec<u8> = [0.5f32, 0.0, 1.0, 0.5]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let signal = read(PixelFormat::Rgba32F, Linear, SRGB, &float);
    assert!((signal[0] - 0.735_357).abs() < 1e-6 && signal[3] == 0.5);
}

#[test]
fn all_codes_survive_reading_and_writing() {
    let codes: Vec<u8> = (0..=255).flat_map(|v| [v, 255 - v, v ^ 0x55, v]).collect();
    for (from, to) in [
        (Linear, Linear),
        (SRGB, Linear),
        (SRGB, SRGB),
        (Linear, SRGB),
    ] {
        let row = read(PixelFormat::Rgba8, from, to, &codes);
        let back = write(&writer(Stored::Rgba8, Curve::between(to, from)), &row);
        assert_eq!(back, codes, "{from} {to}");
    }
    let wide: Vec<u8> = (0..=65535u16).flat_map(u16::to_le_bytes).collect();
    let row = read(PixelFormat::R16, Linear, Linear, &wide);
    assert_eq!(write(&writer(Stored::R16, Curve::Identity), &row), wide);
}

#[test]
fn two_channels_hold_grey_and_alpha_or_red_and_green() {
    let row = [0.2, 0.4, 0.6, 0.8];
    assert_eq!(
        write(&writer(Stored::Rg8(1), Curve::Identity), &row),
        [51, 102]
    );
    assert_eq!(
        write(&writer(Stored::Rg8(3), Curve::Identity), &row),
        [51, 204]
    );
}

#[test]
fn floats_are_limited_and_halves_rounded_to_even() {
    let half = TexelWriter {
        range: (0.0, LARGEST_HALF),
        ..writer(Stored::Rgba16F, Curve::Identity)
    };
    let out = write(&half, &[-3.0, 1e9, 1.0 + 1.0 / 2048.0, 1.0]);
    let values: Vec<f32> = out
        .as_chunks()
        .0
        .iter()
        .map(|&b| f16::from_le_bytes(b).to_f32())
        .collect();
    assert_eq!(values, [0.0, 65504.0, 1.0, 1.0]);
}

#[test]
fn green_is_flipped_alone() {
    let mut row = vec![64, 64, 64, 64];
    flip_green(PixelFormat::Rgba8, &mut row);
    assert_eq!(row, [64, 191, 64, 64]);
}

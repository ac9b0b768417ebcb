//! Every format, with texels and blocks whose meaning was worked out by hand.

use super::*;
use crate::format::{
    payload_layout::{PackingPolicy, PayloadLayout},
    texture_payload::blank_payload,
    texture_shape::{TextureShape, TextureType},
};
use TextureFormat as F;

fn unpacked(format: F, width: u32, height: u32, bytes: &[u8]) -> Image {
    let pitch = row_bytes(format, width) as usize;
    slice(format, width, height, pitch, bytes, &CancelFlag::new()).unwrap()
}

fn texel(format: F, bytes: &[u8]) -> Vec<u8> {
    unpacked(format, 1, 1, bytes).texels().to_vec()
}

fn light(format: F, bytes: &[u8]) -> Vec<f32> {
    let image = unpacked(format, 1, 1, bytes);
    assert_eq!(image.format(), PixelFormat::Rgba32F);
    let values = image.texels().as_chunks().0.iter();
    values.map(|&b| f32::from_le_bytes(b)).collect()
}

fn halves(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|&v| half::f16::from_f32(v).to_le_bytes())
        .collect()
}

#[test]
fn eight_bit_texels() {
    assert_eq!(texel(F::R8UNorm, &[7]), [7]);
    assert_eq!(texel(F::Rg8UNorm, &[7, 9]), [7, 9, 0, 255]);
    assert_eq!(texel(F::Rgba8UNormSrgb, &[1, 2, 3, 4]), [1, 2, 3, 4]);
    assert_eq!(texel(F::Bgra8UNorm, &[1, 2, 3, 4]), [3, 2, 1, 4]);
    // Red 31, green 0, blue 16 of 31.
    assert_eq!(texel(F::B5G6R5UNorm, &[0x10, 0xF8]), [255, 0, 132, 255]);
    assert_eq!(texel(F::B5G5R5A1UNorm, &[0xE0, 0x83]), [0, 255, 0, 255]);
    assert_eq!(texel(F::B4G4R4A4UNorm, &[0x12, 0xF3]), [51, 17, 34, 255]);
}

#[test]
fn wide_texels() {
    assert_eq!(texel(F::R16UNorm, &[1, 2]), [1, 2]);
    assert_eq!(
        texel(F::Rg16UNorm, &[1, 2, 3, 4]),
        [1, 2, 3, 4, 0, 0, 255, 255]
    );
    assert_eq!(
        texel(F::Rgba16UNorm, &[1, 2, 3, 4, 5, 6, 7, 8]),
        [1, 2, 3, 4, 5, 6, 7, 8]
    );
    // Red 1023, green 0, blue 512 of 1023, alpha 1 of 3.
    let bits: u32 = 1023 | 512 << 20 | 1 << 30;
    let texel = texel(F::R10G10B10A2UNorm, &bits.to_le_bytes());
    let words: Vec<u16> = texel
        .as_chunks()
        .0
        .iter()
        .map(|&b| u16::from_le_bytes(b))
        .collect();
    assert_eq!(words, [65535, 0, 32800, 21845]);
}

#[test]
fn floats_and_signed_numbers() {
    assert_eq!(light(F::R16Float, &halves(&[0.5])), [0.5, 0.5, 0.5, 1.0]);
    assert_eq!(
        light(F::Rg16Float, &halves(&[0.5, 2.0])),
        [0.5, 2.0, 0.0, 1.0]
    );
    assert_eq!(
        light(F::Rgba16Float, &halves(&[0.5, 2.0, -1.0, 0.25])),
        [0.5, 2.0, -1.0, 0.25]
    );
    assert_eq!(
        light(F::R32Float, &1e6f32.to_le_bytes()),
        [1e6, 1e6, 1e6, 1.0]
    );
    assert_eq!(light(F::R8SNorm, &[0x81]), [-1.0, -1.0, -1.0, 1.0]);
    assert_eq!(light(F::R8SNorm, &[0x80])[0], -1.0);
    assert_eq!(light(F::Rg8SNorm, &[127, 0]), [1.0, 0.0, 0.0, 1.0]);
    assert_eq!(
        light(F::Rgba16SNorm, &[0xFF, 0x7F, 0, 0, 1, 0x80, 0xFF, 0x7F]),
        [1.0, 0.0, -1.0, 1.0]
    );
    // 1.0 is exponent 15 and no mantissa; 1.5 has the highest bit of the mantissa.
    let bits: u32 = 15 << 6 | (15 << 6 | 32) << 11 | (16 << 5) << 22;
    assert_eq!(
        light(F::R11G11B10Float, &bits.to_le_bytes()),
        [1.0, 1.5, 2.0, 1.0]
    );
    // 256 / 512 * 2^(16 - 15) = 1.
    let bits: u32 = 256 | 511 << 9 | 16 << 27;
    let [r, g, b, _] = light(F::R9G9B9E5Float, &bits.to_le_bytes())[..] else {
        panic!("four channels");
    };
    assert_eq!([r, g, b], [1.0, 511.0 / 256.0, 0.0]);
}

#[test]
fn blocks_of_one_colour() {
    // BC1: both ends white, every index 0.
    let white = [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];
    assert_eq!(unpacked(F::Bc1UNorm, 4, 4, &white).texels(), [255; 64]);
    // BC1 with its first end smaller: the last index is transparent.
    let clear = [0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
    assert_eq!(unpacked(F::Bc1UNorm, 4, 4, &clear).texels(), [0; 64]);
    // BC4: both ends 100.
    let grey = [100, 100, 0, 0, 0, 0, 0, 0];
    let image = unpacked(F::Bc4UNorm, 4, 4, &grey);
    assert_eq!(
        (image.format(), image.texels()),
        (PixelFormat::R8, &[100; 16][..])
    );
    // BC3 is an alpha block and a colour block, BC5 two alpha blocks.
    let image = unpacked(F::Bc3UNorm, 4, 4, &[grey, white].concat());
    assert_eq!(image.texels()[..4], [255, 255, 255, 100]);
    let image = unpacked(
        F::Bc5UNorm,
        4,
        4,
        &[grey, [7, 7, 0, 0, 0, 0, 0, 0]].concat(),
    );
    assert_eq!(image.texels()[60..], [100, 7, 0, 255]);
    // BC2: four bits of alpha each.
    let image = unpacked(F::Bc2UNorm, 4, 4, &[[0x88; 8], white].concat());
    assert_eq!(image.texels()[..4], [255, 255, 255, 136]);
    // Signed: both ends -127.
    let low = [0x81, 0x81, 0, 0, 0, 0, 0, 0];
    let image = unpacked(F::Bc4SNorm, 1, 1, &low);
    assert_eq!(image.texels()[..4], (-1.0f32).to_le_bytes());
    // BC7 mode 5 with all bits zero behind the mode: black and clear.
    let mut block = [0; 16];
    block[0] = 0x20;
    assert_eq!(unpacked(F::Bc7UNorm, 4, 4, &block).texels(), [0; 64]);
    // BC6H mode 11 with both ends 0: no light.
    let mut block = [0; 16];
    block[0] = 3;
    let image = unpacked(F::Bc6hFloatU, 4, 4, &block);
    assert_eq!(image.texels()[..4], 0f32.to_le_bytes());
    assert_eq!(image.texels()[12..16], 1f32.to_le_bytes());
}

#[test]
fn texels_beyond_the_edges_are_cut_off() {
    // Two blocks in a row, of 100 and 200; 5 x 2 texels of them.
    let row = [[100, 100, 0, 0, 0, 0, 0, 0], [200, 200, 0, 0, 0, 0, 0, 0]].concat();
    let image = unpacked(F::Bc4UNorm, 5, 2, &row);
    assert_eq!(
        image.texels(),
        [100, 100, 100, 100, 200, 100, 100, 100, 100, 200]
    );
}

#[test]
fn rows_may_have_gaps_and_must_be_there() {
    let cancel = CancelFlag::new();
    let bytes = [1, 2, 0, 0, 3, 4];
    let image = slice(F::R8UNorm, 2, 2, 4, &bytes, &cancel).unwrap();
    assert_eq!(image.texels(), [1, 2, 3, 4]);
    // What follows does not matter, also if it is a part of a row.
    let image = slice(F::R8UNorm, 2, 1, 4, &bytes[..5], &cancel).unwrap();
    assert_eq!(image.texels(), [1, 2]);
    let short = |width, pitch, bytes: &[u8]| slice(F::R8UNorm, width, 2, pitch, bytes, &cancel);
    assert!(matches!(
        short(2, 4, &bytes[..5]),
        Err(UnpackError::Short {
            needed: 6,
            there: 5
        })
    ));
    assert!(matches!(
        short(5, 4, &[0; 100]),
        Err(UnpackError::Short { .. })
    ));
    assert_eq!(short(0, 0, &[]).unwrap_err(), UnpackError::Empty);
    let depth = slice(F::Depth16, 1, 1, 2, &[0; 2], &cancel);
    assert_eq!(depth.unwrap_err(), UnpackError::NoPicture(F::Depth16));
    cancel.cancel();
    let stopped = slice(F::R8UNorm, 2, 2, 4, &bytes, &cancel);
    assert_eq!(stopped.unwrap_err(), UnpackError::Cancelled);
}

#[test]
fn every_format_is_a_picture_or_says_so() {
    for &format in F::ALL {
        let pitch = row_bytes(format, 5) as usize;
        let bytes = vec![0x5A; slice_bytes(format, 5, 3) as usize];
        let result = slice(format, 5, 3, pitch, &bytes, &CancelFlag::new());
        match pixel_format(format) {
            Some((pixels, opaque)) => {
                let image = result.unwrap();
                assert_eq!(
                    (image.format(), image.is_opaque()),
                    (pixels, opaque),
                    "{format:?}"
                );
            }
            None => assert_eq!(result.unwrap_err(), UnpackError::NoPicture(format)),
        }
    }
}

#[test]
fn subresources_of_payloads() {
    let cancel = CancelFlag::new();
    for policy in [PackingPolicy::D3d12, PackingPolicy::Tight] {
        let shape = TextureShape::new(TextureType::D3, 2, 2, 3, 1, 2, F::R8UNorm).unwrap();
        let layout = PayloadLayout::new(&shape, policy).unwrap();
        let mut bytes = blank_payload(&layout);
        let (first, second) = (layout.subresources()[0], layout.subresources()[1]);
        let data = layout.data_offset() as usize;
        for slice in 0..3 {
            for row in 0..2 {
                let at = data + (slice * 2 + row) * first.row_pitch as usize;
                bytes[at..at + 2].fill((slice * 10 + row) as u8);
            }
        }
        bytes[data + second.offset as usize] = 99;
        let image = payload(&bytes, &shape, 0, 0, 2, &cancel).unwrap();
        assert_eq!(image.texels(), [20, 20, 21, 21]);
        assert_eq!(
            payload(&bytes, &shape, 0, 1, 0, &cancel).unwrap().texels(),
            [99]
        );
        for (layer, mip, slice) in [(1, 0, 0), (0, 2, 0), (0, 0, 3), (0, 1, 1)] {
            assert_eq!(
                payload(&bytes, &shape, layer, mip, slice, &cancel).unwrap_err(),
                UnpackError::NoSubresource { layer, mip, slice }
            );
        }
        let other = TextureShape::image(3, 3, 2, F::R8UNorm).unwrap();
        assert!(payload(&bytes, &other, 0, 0, 0, &cancel).is_err());
        for len in 0..bytes.len() {
            assert!(payload(&bytes[..len], &shape, 0, 0, 0, &cancel).is_err());
        }
    }
}

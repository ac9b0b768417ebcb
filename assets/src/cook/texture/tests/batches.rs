//! Blocks that are encoded together are those that each would be alone.

use super::*;
use crate::{
    format::texture_shape::TextureType,
    settings::texture::{CubeSource, EncoderChoice},
    source::image::{ImageSet, SubresourceId},
};
use proptest::prelude::*;

/// Bytes without a pattern.
fn noise(count: usize, seed: u32) -> Vec<u8> {
    let mut state = seed | 1;
    let bytes = (0..count).map(|_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 11) as u8
    });
    bytes.collect()
}

/// Texels from flat to noisy, opaque and not, so that blocks choose different modes.
fn texels(width: u32, height: u32, opaque: bool, seed: u32) -> Vec<u8> {
    let grain = noise((width * height * 4) as usize, seed);
    let texels = grain.chunks(4).enumerate().flat_map(|(i, grain)| {
        let (x, y) = (i as u32 % width, i as u32 / width);
        let strength = 1 + (x / 4 + y / 4 * 3) % 7;
        let value =
            |c: u32| (x * (3 + c) + y * 5) % 160 + u32::from(grain[c as usize]) * strength / 20;
        let alpha = if opaque { 255 } else { value(3) as u8 };
        [value(0) as u8, value(1) as u8, value(2) as u8, alpha]
    });
    texels.collect()
}

/// The payload's blocks, made one by one from the levels: texels beyond an edge repeat it.
fn one_by_one(prepared: &PreparedTexture, settings: &TextureSettings) -> Vec<Vec<u8>> {
    let format = prepared.shape.format();
    let request = BlockRequest {
        format,
        quality: settings.quality,
        opaque: prepared.opaque,
    };
    let kind = BlockTexels::kind_for(format);
    let bytes = kind.texel_bytes();
    let levels = prepared.levels.iter().map(|level| {
        let (width, height) = (level.width as usize, level.height as usize);
        let mut blocks = Vec::new();
        for z in 0..level.depth as usize {
            for y in (0..height).step_by(4) {
                for x in (0..width).step_by(4) {
                    let mut texels = Vec::new();
                    for i in 0..16 {
                        let (x, y) = ((x + i % 4).min(width - 1), (y + i / 4).min(height - 1));
                        let at = ((z * height + y) * width + x) * bytes;
                        texels.extend_from_slice(&level.texels[at..at + bytes]);
                    }
                    let mut block = vec![0; format.block_bytes() as usize];
                    let tile = BlockTile::new(4, 4, kind.of(&texels)).unwrap();
                    prepared
                        .encoder
                        .encode(&request, &tile, &mut block)
                        .unwrap();
                    blocks.append(&mut block);
                }
            }
        }
        blocks
    });
    levels.collect()
}

fn cook_in_batches(prepared: PreparedTexture, max_texels: usize) -> CookedTexture {
    let mut batches = prepared.batches(max_texels);
    batches.reverse();
    let tiles = batches
        .iter()
        .flat_map(|batch| prepared.encode_batch(batch).unwrap())
        .collect();
    block_on(assemble(Arc::new(prepared), tiles, &mut uninterrupted())).unwrap()
}

/// One image, an array, a cube, or a volume.
fn input(kind: TextureType, width: u32, height: u32, opaque: bool, seed: u32) -> TextureInput {
    let picture = |i: u16| {
        let texels = texels(width, height, opaque, seed ^ u32::from(i) << 20);
        image(PixelFormat::Rgba8, width, height, texels)
    };
    let mut set = ImageSet::new();
    let (count, place): (u16, fn(u16) -> SubresourceId) = match kind {
        TextureType::D2Array => (3, SubresourceId::layer),
        TextureType::Cube => (6, SubresourceId::layer),
        TextureType::D3 => (5, SubresourceId::slice),
        _ => return picture(0).into(),
    };
    for i in 0..count {
        set.add(place(i), "", picture(i));
    }
    set.into()
}

const OUTPUTS: [OutputFormat; 9] = [
    OutputFormat::Bc1,
    OutputFormat::Bc1Srgb,
    OutputFormat::Bc3,
    OutputFormat::Bc3Srgb,
    OutputFormat::Bc4,
    OutputFormat::Bc5,
    OutputFormat::Bc6h,
    OutputFormat::Bc7,
    OutputFormat::Bc7Srgb,
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn blocks_are_the_same_together_and_alone(
        output in prop::sample::select(&OUTPUTS[..]),
        encoder in prop::sample::select(EncoderChoice::ALL),
        quality in prop::sample::select(&[EncodeQuality::Fast, EncodeQuality::Default, EncodeQuality::High][..]),
        kind in prop::sample::select(&[
            TextureType::D2, TextureType::D2, TextureType::D2Array, TextureType::Cube, TextureType::D3,
        ][..]),
        (width, height) in (1u32..45, 1u32..45),
        opaque in any::<bool>(),
        max_texels in prop::sample::select(&[1, 16, 100, 250, 1000, 3000, usize::MAX][..]),
        seed in any::<u32>(),
    ) {
        let height = if kind == TextureType::Cube { width } else { height };
        let mut settings = plain(output);
        settings.encoder = encoder;
        settings.quality = quality;
        if kind == TextureType::Cube {
            settings.cube = CubeSource::Any;
        }
        let prepared = prepared(input(kind, width, height, opaque, seed), &settings).unwrap();
        let expected = one_by_one(&prepared, &settings);
        let mips = prepared.shape.mips();
        let cooked = cook_in_batches(prepared, max_texels);
        for (i, expected) in (0..).zip(&expected) {
            let blocks = subresource(&cooked, i / mips, i % mips);
            prop_assert_eq!(&blocks, expected, "subresource {}", i);
        }
    }
}

#[test]
fn every_encoder_takes_blocks_in_any_company() {
    const COUNT: usize = 67;
    for (encoder, outputs) in [
        (EncoderChoice::Intel, &OUTPUTS[..]),
        (EncoderChoice::Bc7e, &OUTPUTS[7..]),
    ] {
        for &output in outputs {
            for (quality, opaque) in [
                (EncodeQuality::Fast, true),
                (EncodeQuality::Default, true),
                (EncodeQuality::Default, false),
                (EncodeQuality::High, false),
            ] {
                let mut settings = plain(output);
                settings.encoder = encoder;
                let encoder = block_encoder(&settings);
                let format = output.texture_format();
                let kind = BlockTexels::kind_for(format);
                let bytes = kind.texel_bytes();
                let mut pixels = texels(4, 4 * COUNT as u32, opaque, 77);
                if bytes == 8 {
                    // Halves from zero to some thousands.
                    pixels = pixels
                        .iter()
                        .flat_map(|&v| [v.rotate_left(3), v % 0x70])
                        .collect();
                }
                let request = BlockRequest {
                    format,
                    quality,
                    opaque,
                };
                let encode = |width: u32, height: u32, texels: &[u8]| {
                    let tile = BlockTile::new(width, height, kind.of(texels)).unwrap();
                    let mut blocks = vec![0; tile.blocks() * format.block_bytes() as usize];
                    encoder.encode(&request, &tile, &mut blocks).unwrap();
                    blocks
                };
                let block = bytes * 16;
                let sources: Vec<&[u8]> = pixels.chunks_exact(block).take(COUNT).collect();
                let alone: Vec<u8> = sources
                    .iter()
                    .flat_map(|texels| encode(4, 4, texels))
                    .collect();
                // In a row, and in a column.
                let line = |y: usize| {
                    sources
                        .iter()
                        .map(move |texels| &texels[y * block / 4..][..block / 4])
                };
                let row: Vec<u8> = (0..4).flat_map(line).flatten().copied().collect();
                assert_eq!(
                    encode(4 * COUNT as u32, 4, &row),
                    alone,
                    "{output} {quality}"
                );
                let column = &pixels[..COUNT * block];
                assert_eq!(
                    encode(4, 4 * COUNT as u32, column),
                    alone,
                    "{output} {quality}"
                );
            }
        }
    }
}

#[test]
fn batches_are_the_tiles_in_order_and_as_small_as_asked() {
    for (width, height) in [(1, 1), (64, 64), (331, 77), (20, 600), (256, 256)] {
        let prepared = prepared(photo(width, height), &plain(OutputFormat::Bc7)).unwrap();
        for max_texels in [256, 1000, 10_000, usize::MAX] {
            let batches = prepared.batches(max_texels);
            let tiles: Vec<EncodeTile> = batches
                .iter()
                .flat_map(EncodeBatch::tiles)
                .copied()
                .collect();
            assert_eq!(tiles, prepared.tiles(max_texels));
            for batch in &batches {
                let texels: usize = batch.tiles().iter().map(EncodeTile::texels).sum();
                assert!(texels <= max_texels && !batch.tiles().is_empty());
            }
        }
    }
    // The first level fills whole gangs; the six below it have 87 blocks in all, and one call.
    let prepared = prepared(photo(64, 64), &plain(OutputFormat::Bc7)).unwrap();
    let sizes: Vec<usize> = prepared
        .batches(usize::MAX)
        .iter()
        .map(|batch| batch.tiles().len())
        .collect();
    assert_eq!(sizes, [1, 6]);
}

#[test]
fn batches_of_another_texture_are_refused() {
    let make = |size| prepared(photo(size, size), &plain(OutputFormat::Bc7)).unwrap();
    let large = make(32).batches(usize::MAX);
    assert!(matches!(
        make(16).encode_batch(&large[0]),
        Err(TextureError::Tiles { .. })
    ));
}

//! Block compression: quality, and tiles that add up to the whole.

use super::*;
use crate::settings::texture::TexturePreset;

#[test]
fn the_default_quality_is_good_on_pictures() {
    let source = photo(256, 192);
    let cooked = cook(source.clone(), &settings(|_| {}));
    let quality = psnr(&decoded_level(&cooked, 0), source.texels());
    assert!(quality > 40.0, "{quality} dB");
    let fast = cook(
        source.clone(),
        &settings(|s| s.quality = EncodeQuality::Fast),
    );
    let high = cook(
        source.clone(),
        &settings(|s| s.quality = EncodeQuality::High),
    );
    let fast = psnr(&decoded_level(&fast, 0), source.texels());
    let high = psnr(&decoded_level(&high, 0), source.texels());
    assert!(
        fast > 36.0 && fast <= quality && quality <= high + 0.05,
        "{fast} {quality} {high}"
    );
}

#[test]
fn alpha_is_encoded_where_there_is_some() {
    let source = rgba8(64, 64, |x, y| {
        [(x * 4) as u8, (y * 4) as u8, 128, (x * 2 + y * 2) as u8]
    });
    for quality in [
        EncodeQuality::Fast,
        EncodeQuality::Default,
        EncodeQuality::High,
    ] {
        let cooked = cook(source.clone(), &settings(|s| s.quality = quality));
        let decoded = decoded_level(&cooked, 0);
        let worst = decoded
            .chunks(4)
            .zip(source.texels().chunks(4))
            .map(|(a, b)| a[3].abs_diff(b[3]))
            .max();
        assert!(worst <= Some(8), "{quality:?}: {worst:?}");
    }
}

#[test]
fn opaque_pictures_stay_opaque_to_the_eye() {
    let cooked = cook(photo(64, 64), &settings(|_| {}));
    assert!(decoded_level(&cooked, 0).chunks(4).all(|t| t[3] >= 254));
}

#[test]
fn every_cut_gives_the_bytes_of_the_whole() {
    // Noise makes every block different, so that a wrong order or border cannot hide.
    let noise = |alpha: u8| {
        rgba8(331, 77, move |x, y| {
            let v = (x.wrapping_mul(73_856_093) ^ y.wrapping_mul(19_349_663))
                .wrapping_mul(2_654_435_761);
            let [r, g, b, a] = v.to_le_bytes();
            [r, g / 2 + (x % 128) as u8, b / 4, a | alpha]
        })
    };
    for (alpha, quality) in [
        (255, EncodeQuality::Fast),
        (255, EncodeQuality::Default),
        (0, EncodeQuality::Fast),
        (0, EncodeQuality::Default),
    ] {
        let settings = settings(|s| s.quality = quality);
        let prepared = Arc::new(prepared(noise(alpha), &settings).unwrap());
        let encode = |max_texels: usize, reversed: bool| {
            let mut tiles = prepared.tiles(max_texels);
            if reversed {
                tiles.reverse();
            }
            let encoded = tiles
                .iter()
                .map(|tile| prepared.encode_tile(tile).unwrap())
                .collect();
            let shared = Arc::clone(&prepared);
            block_on(assemble(shared, encoded, &mut uninterrupted())).unwrap()
        };
        let whole = encode(usize::MAX, false);
        assert_eq!(
            prepared.tiles(usize::MAX).len(),
            usize::from(prepared.shape().mips())
        );
        for max_texels in [0, 1, 16, 256, 512, 600, 1024, 1328, 5000, 20_000] {
            assert_eq!(encode(max_texels, true), whole, "tiles of {max_texels}");
        }
    }
}

#[test]
fn tiles_are_as_small_as_asked_and_cover_everything_once() {
    let prepared = prepared(photo(331, 77), &settings(|_| {})).unwrap();
    for max_texels in [256usize, 512, 1000, 4096, 100_000] {
        let tiles = prepared.tiles(max_texels);
        assert!(
            tiles.iter().all(|tile| tile.texels() <= max_texels),
            "{max_texels}"
        );
        let sum: usize = tiles.iter().map(EncodeTile::texels).sum();
        assert_eq!(sum as u64 * 4, prepared.texel_bytes());
    }
    // 331 x 77 in pieces of 128 x 4.
    let first_level = |tile: &&EncodeTile| tile.subresource == 0;
    assert_eq!(
        prepared.tiles(512).iter().filter(first_level).count(),
        3 * 20
    );
}

#[test]
fn borders_are_repeated_into_the_last_blocks() {
    // A red last column and row: if the padding were black, they would be pulled down.
    let source = rgba8(5, 5, |x, y| {
        if x == 4 || y == 4 {
            [255, 0, 0, 255]
        } else {
            [0, 0, 255, 255]
        }
    });
    let cooked = cook(source, &plain(OutputFormat::Bc7));
    let decoded = decoded_level(&cooked, 0);
    let corner = &decoded[decoded.len() - 4..];
    assert!(
        corner[0] >= 250 && corner[1] <= 5 && corner[2] <= 5,
        "{corner:?}"
    );
}

#[test]
fn normal_maps_survive_compression() {
    let source = rgba8(128, 128, |x, y| {
        let (nx, ny) = (
            (f64::from(x) * 0.2).sin() * 0.5,
            (f64::from(y) * 0.15).cos() * 0.5,
        );
        let encode = |n: f64| ((n * 0.5 + 0.5) * 255.0).round() as u8;
        [
            encode(nx),
            encode(ny),
            encode((1.0 - nx * nx - ny * ny).sqrt()),
            255,
        ]
    });
    let cooked = cook(source.clone(), &TexturePreset::Normal.settings());
    assert!(psnr(&decoded_level(&cooked, 0), source.texels()) > 40.0);
}

#[test]
fn tiles_that_do_not_fit_are_refused() {
    let make = |width, height| prepared(photo(width, height), &settings(|_| {})).unwrap();
    let texture = make(20, 12);
    let encode = |texture: &PreparedTexture| -> Vec<EncodedTile> {
        let tiles = texture.tiles(64);
        tiles
            .iter()
            .map(|tile| texture.encode_tile(tile).unwrap())
            .collect()
    };
    let assembled = |tiles: Vec<EncodedTile>| {
        block_on(assemble(
            Arc::new(make(20, 12)),
            tiles,
            &mut uninterrupted(),
        ))
    };
    assert!(assembled(encode(&texture)).is_ok());
    let mut missing = encode(&texture);
    missing.pop();
    assert!(matches!(
        assembled(missing),
        Err(TextureError::Tiles { .. })
    ));
    let mut double = encode(&texture);
    double.push(double[0].clone());
    assert!(matches!(assembled(double), Err(TextureError::Tiles { .. })));
    let other = make(64, 64);
    assert!(matches!(
        assembled(encode(&other)),
        Err(TextureError::Tiles { .. })
    ));
    let outside = *other.tiles(usize::MAX).first().unwrap();
    assert!(matches!(
        texture.encode_tile(&outside),
        Err(TextureError::Tiles { .. })
    ));
}

/// An encoder that makes nothing.
struct NoEncoder;

impl BlockEncoder for NoEncoder {
    fn identity(&self) -> EncoderIdentity {
        EncoderIdentity {
            name: "none",
            version: "1",
            isa: "any",
        }
    }

    fn supports(&self, _: crate::format::texture_format::TextureFormat) -> bool {
        false
    }

    fn encode(
        &self,
        _: &BlockRequest,
        _: &BlockTile<'_>,
        _: &mut [u8],
    ) -> Result<(), TextureError> {
        unreachable!("it supports nothing")
    }
}

#[test]
fn a_format_that_the_encoder_does_not_make_is_refused_at_once() {
    let with = |output| {
        block_on(prepare(
            photo(4, 4),
            &plain(output),
            Arc::new(NoEncoder),
            &mut uninterrupted(),
        ))
    };
    let error = with(OutputFormat::Bc7).unwrap_err();
    let told = error.diagnostic().unwrap();
    assert_eq!(told.code.id(), "texture.encoder_failed");
    assert_eq!(
        error.to_string(),
        "the encoder none 1 (any) does not make Bc7UNorm"
    );
    assert!(with(OutputFormat::Rgba8).is_ok());
}

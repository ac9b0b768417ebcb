//! Written bytes against golden files, which were made from the description of the format and not by
//! this program, and against a reader of the tests' own.
//!
//! The blocks of a BC7 texture depend on the instruction set, so their golden files have none: the
//! blocks are compared with what the library itself makes of the same texels here.

use crate::common::{
    container::{self, Container, Texture},
    images,
    process::{import, run},
};
use intel_tex_2::{RgbaSurface, bc7};

/// The bytes of a golden file of this folder.
fn golden(name: &str) -> Vec<u8> {
    crate::common::golden(&format!("tests/cli/golden/{name}.hex"))
}

const POLICIES: [&str; 2] = ["d3d12", "tight"];

/// Imports one image, and checks everything that every container has.
fn cook(image: &[u8], args: &[&str]) -> Container {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("a.png");
    std::fs::write(&source, image).unwrap();
    let root = folder.path().join("cooked");
    run(import(&root, &[&source]).args(args)).expect(0);
    let container = container::read(&root);
    assert!(container.guid_is_derived);
    assert_eq!(container.textures.len(), 2);
    let [fallback, texture] = [&container.textures[0], &container.textures[1]];
    let policy = POLICIES[usize::from(texture.policy) - 1];
    assert_eq!(fallback.policy, texture.policy, "one policy for all");
    assert_eq!(fallback.payload, golden(&format!("fallback_{policy}")));
    assert_eq!(texture.offset, [768, 256][usize::from(texture.policy) - 1]);
    assert!(container.buffers.is_empty() && container.assets.is_empty());
    assert_eq!(
        container.files[&3],
        ("Resources/textures.table".to_owned(), 80)
    );
    let line = &container.catalog[0];
    assert_eq!(line["source"], source.to_str().unwrap());
    assert_eq!(line["target"]["texture"], 1);
    assert_eq!(line["settings"]["packing"], policy);
    container
}

/// Type, format, width, height and mips.
fn shape(texture: &Texture) -> (u8, u8, u32, u32, u32) {
    (
        texture.kind,
        texture.format,
        texture.width,
        texture.height,
        texture.mips,
    )
}

#[test]
fn one_texel() {
    for policy in POLICIES {
        let image = images::png(1, 4, &[0x12, 0x34, 0x56, 0x78]);
        let cooked = cook(&image, &["--preset", "data", "--packing", policy]);
        let texture = &cooked.textures[1];
        assert_eq!(shape(texture), (3, 30, 1, 1, 1));
        assert_eq!(texture.payload, golden(&format!("rgba8_1x1_{policy}")));
    }
}

#[test]
fn a_chain_of_mips_of_odd_sizes() {
    let mut texels = Vec::new();
    for y in 0..3_u8 {
        for x in 0..5_u8 {
            texels.extend([40 * x + 3 * y, 80 * y + x, 7 * x * y + 5]);
        }
    }
    for policy in POLICIES {
        let args = ["--preset", "data", "--packing", policy, "--filter", "box"];
        let cooked = cook(&images::png(5, 3, &texels), &args);
        let texture = &cooked.textures[1];
        assert_eq!(shape(texture), (3, 30, 5, 3, 3));
        assert_eq!(texture.payload, golden(&format!("rgba8_5x3_{policy}")));
        let sizes: Vec<_> = texture
            .subresources
            .iter()
            .map(|mip| (mip.width, mip.height, mip.texels.len()))
            .collect();
        assert_eq!(sizes, [(5, 3, 60), (2, 1, 8), (1, 1, 4)]);
    }
}

/// RGB texels that are easy to encode well.
fn smooth(width: u32, height: u32) -> Vec<u8> {
    let texel = |i| {
        let (x, y) = (i % width, i / width);
        [40 + 9 * x, 200 - 11 * y, 60 + 5 * (x + y)].map(|value| value as u8)
    };
    (0..width * height).flat_map(texel).collect()
}

/// What the library makes of RGBA texels, whose edges are repeated to whole blocks.
fn blocks(width: u32, height: u32, texels: &[u8]) -> Vec<u8> {
    let (wide, high) = (width.next_multiple_of(4), height.next_multiple_of(4));
    let mut padded = Vec::new();
    for y in 0..high {
        for x in 0..wide {
            let at = (y.min(height - 1) * width + x.min(width - 1)) as usize * 4;
            padded.extend(&texels[at..at + 4]);
        }
    }
    let surface = RgbaSurface {
        data: &padded,
        width: wide,
        height: high,
        stride: wide * 4,
    };
    bc7::compress_blocks(&bc7::opaque_very_fast_settings(), &surface)
}

/// The RGBA texels of blocks, by a decoder of another origin.
fn decoded(width: u32, height: u32, blocks: &[u8]) -> Vec<u8> {
    let wide = width.div_ceil(4) as usize;
    let mut texels = vec![0; (width * height * 4) as usize];
    for (i, block) in blocks.chunks(16).enumerate() {
        let mut square = [0; 64];
        bcdec_rs::bc7(block, &mut square, 16);
        for (y, row) in square.chunks(16).enumerate() {
            for (x, texel) in row.chunks(4).enumerate() {
                let (x, y) = (i % wide * 4 + x, i / wide * 4 + y);
                if x < width as usize && y < height as usize {
                    let at = (y * width as usize + x) * 4;
                    texels[at..at + 4].copy_from_slice(texel);
                }
            }
        }
    }
    texels
}

/// What the blocks of each encoder are made by, as the catalogue says it.
const ENCODERS: [(&str, &str); 2] = [("intel", "intel_tex_2 "), ("bc7e", "bc7e ")];

#[test]
fn blocks_of_a_bc7_texture() {
    let image = images::png(12, 3, &smooth(12, 8));
    for (policy, (encoder, identity)) in POLICIES
        .into_iter()
        .flat_map(|policy| ENCODERS.map(|encoder| (policy, encoder)))
    {
        let cooked = cook(&image, &["--packing", policy, "--encoder", encoder]);
        let texture = &cooked.textures[1];
        assert_eq!(shape(texture), (3, 63, 12, 8, 4));
        assert_eq!(texture.compression, 7);
        let mut without = texture.payload.clone();
        without[20..28].fill(0);
        for row in texture.subresources.iter().flat_map(|mip| &mip.rows) {
            without[row.clone()].fill(0);
        }
        assert_eq!(without, golden(&format!("bc7_12x8_{policy}")));
        let told = cooked.catalog[0]["encoder"].as_str().unwrap();
        assert!(told.starts_with(identity), "{told}");

        // The same texels without compression are what the blocks are made of.
        let args = ["--packing", policy, "--format", "rgba8_srgb"];
        let plain = cook(&image, &args);
        let plain = &plain.textures[1];
        assert_eq!(shape(plain), (3, 31, 12, 8, 4));
        for (mip, plain) in texture.subresources.iter().zip(&plain.subresources) {
            let (width, height, texels) = (mip.width, mip.height, &plain.texels);
            if encoder == "intel" {
                let expected = blocks(width, height, texels);
                assert_eq!(mip.texels, expected, "{width}x{height}");
            }
            let decoded = decoded(width, height, &mip.texels);
            let errors: Vec<u8> = decoded
                .iter()
                .zip(texels)
                .map(|(decoded, texel)| decoded.abs_diff(*texel))
                .collect();
            // One encoder counts errors as eyes do, which lets single channels be far off.
            let largest = if encoder == "intel" { 12 } else { 40 };
            let sum: u32 = errors.iter().map(|error| u32::from(*error)).sum();
            assert!(
                errors.iter().all(|error| *error <= largest) && sum <= 6 * errors.len() as u32,
                "{encoder} {width}x{height}: {errors:?}"
            );
        }
        let colors = plain.subresources[0].texels.chunks(4);
        let colors: Vec<u8> = colors.flat_map(|texel| texel[..3].to_vec()).collect();
        assert_eq!(colors, smooth(12, 8));
    }
}

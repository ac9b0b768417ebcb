//! Tests of whole cooks, by subject.

mod batches;
mod blocks;
mod content;
mod cubes;
mod decoded;
mod flow;
mod formats;
mod hdr;
mod payload;
mod proofs;
mod quality;
mod sets;
mod stored;
mod texels;

use super::*;
use crate::{
    format::payload_layout::PayloadLayout,
    settings::texture::{EncodeQuality, OutputFormat},
    source::image::{Image, PixelFormat},
};

fn uninterrupted() -> Pace {
    Pace::uninterrupted(CancelFlag::new())
}

fn encoder() -> Arc<dyn BlockEncoder> {
    block_encoder(&TextureSettings::default())
}

/// Settings made from the defaults by `change`.
fn settings(change: impl FnOnce(&mut TextureSettings)) -> TextureSettings {
    let mut settings = TextureSettings::default();
    change(&mut settings);
    settings
}

/// Settings for numbers that are stored as they are.
fn plain(output_format: OutputFormat) -> TextureSettings {
    let mut settings = crate::settings::texture::TexturePreset::Data.settings();
    settings.output_format = output_format;
    if output_format.is_block_compressed() {
        settings.quality = EncodeQuality::Default;
    }
    settings
}

fn image(format: PixelFormat, width: u32, height: u32, texels: Vec<u8>) -> Image {
    Image::new(width, height, format, texels).unwrap()
}

fn rgba8(width: u32, height: u32, texel: impl Fn(u32, u32) -> [u8; 4]) -> Image {
    let texels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let texels = texels.flat_map(|(x, y)| texel(x, y)).collect();
    image(PixelFormat::Rgba8, width, height, texels)
}

fn rgba32f(width: u32, height: u32, texel: impl Fn(u32, u32) -> [f32; 4]) -> Image {
    let texels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let texels = texels
        .flat_map(|(x, y)| texel(x, y))
        .flat_map(f32::to_le_bytes)
        .collect();
    image(PixelFormat::Rgba32F, width, height, texels)
}

fn prepared(
    input: impl Into<TextureInput>,
    settings: &TextureSettings,
) -> Result<PreparedTexture, TextureError> {
    let encoder = block_encoder(settings);
    block_on(prepare(input, settings, encoder, &mut uninterrupted()))
}

/// Cooks in tiles of about `max_texels`.
fn cook_in_tiles(
    input: impl Into<TextureInput>,
    settings: &TextureSettings,
    max_texels: usize,
) -> Result<CookedTexture, TextureError> {
    let prepared = prepared(input, settings)?;
    let tiles = prepared.tiles(max_texels);
    let tiles = tiles
        .iter()
        .map(|tile| prepared.encode_tile(tile))
        .collect::<Result<_, _>>()?;
    block_on(assemble(Arc::new(prepared), tiles, &mut uninterrupted()))
}

fn cook(input: impl Into<TextureInput>, settings: &TextureSettings) -> CookedTexture {
    cook_in_tiles(input, settings, usize::MAX).unwrap()
}

/// The rows of one level of the first layer as stored, without their padding.
fn level(cooked: &CookedTexture, mip: u16) -> Vec<u8> {
    subresource(cooked, 0, mip)
}

/// The rows of one level of a layer as stored, without their padding, slice after slice.
fn subresource(cooked: &CookedTexture, layer: u16, mip: u16) -> Vec<u8> {
    let layout = PayloadLayout::new(cooked.shape(), cooked.packing()).unwrap();
    let place = layout.subresource(layer, mip).unwrap();
    let (width, height, depth) = cooked.shape().mip_size(mip);
    let format = cooked.shape().format();
    let row = (width.div_ceil(format.block_edge()) * format.block_bytes()) as usize;
    let rows = (height.div_ceil(format.block_edge()) * depth) as usize;
    let start = (layout.data_offset() + place.offset) as usize;
    let mut bytes = Vec::new();
    for y in 0..rows {
        let at = start + y * place.row_pitch as usize;
        bytes.extend_from_slice(&cooked.payload()[at..at + row]);
    }
    bytes
}

/// One level of a BC7 texture, decoded to RGBA8.
fn decoded_level(cooked: &CookedTexture, mip: u16) -> Vec<u8> {
    let (width, height, _) = cooked.shape().mip_size(mip);
    decoded_blocks(&level(cooked, mip), width, height)
}

/// BC7 blocks of one slice, decoded to RGBA8.
fn decoded_blocks(blocks: &[u8], width: u32, height: u32) -> Vec<u8> {
    let across = width.div_ceil(4) as usize;
    let mut texels = vec![0; width as usize * height as usize * 4];
    for (i, block) in blocks.chunks_exact(16).enumerate() {
        let mut rgba = [0; 64];
        bcdec_rs::bc7(block, &mut rgba, 16);
        let (x0, y0) = (i % across * 4, i / across * 4);
        for (k, texel) in rgba.chunks_exact(4).enumerate() {
            let (x, y) = (x0 + k % 4, y0 + k / 4);
            if x < width as usize && y < height as usize {
                let at = (y * width as usize + x) * 4;
                texels[at..at + 4].copy_from_slice(texel);
            }
        }
    }
    texels
}

/// Peak signal-to-noise ratio over colours, in dB.
fn psnr(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    let mut sum = 0.0;
    let mut count = 0.0;
    for (a, b) in a.chunks_exact(4).zip(b.chunks_exact(4)) {
        for c in 0..3 {
            let difference = f64::from(a[c]) - f64::from(b[c]);
            sum += difference * difference;
            count += 1.0;
        }
    }
    10.0 * (255.0 * 255.0 * count / f64::max(sum, 1e-9)).log10()
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes
        .as_chunks()
        .0
        .iter()
        .map(|&b| f32::from_le_bytes(b))
        .collect()
}

fn halves(bytes: &[u8]) -> Vec<f32> {
    bytes
        .as_chunks()
        .0
        .iter()
        .map(|&b| half::f16::from_le_bytes(b).to_f32())
        .collect()
}

fn words(bytes: &[u8]) -> Vec<u16> {
    bytes
        .as_chunks()
        .0
        .iter()
        .map(|&b| u16::from_le_bytes(b))
        .collect()
}

/// A smooth picture with edges, grain and saturated areas, as photographs have.
fn photo(width: u32, height: u32) -> Image {
    rgba8(width, height, |x, y| {
        let (u, v) = (f64::from(x) / 64.0, f64::from(y) / 64.0);
        let cloud = (u * 1.7).sin() * (v * 2.3).cos() + 0.5 * (u * 5.1 + v * 3.7).sin();
        let edge = if (x / 48 + y / 40) % 2 == 0 {
            30.0
        } else {
            0.0
        };
        let grain = f64::from((x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)) >> 8 & 7);
        let channel = |gain: f64, shift: f64| {
            (110.0 + gain * cloud + shift * (v * 0.9).sin() + edge + grain).clamp(0.0, 255.0) as u8
        };
        [
            channel(50.0, 30.0),
            channel(35.0, -20.0),
            channel(20.0, 45.0),
            255,
        ]
    })
}

//! Tests of probing and decoding, with files that are made here byte by byte.

mod damage;
mod exr;
mod formats;
mod pictures;
mod png;
mod samples;
mod writers;

use super::*;
use crate::cook::pace::CancelFlag;

fn options(keep_grey: bool) -> DecodeOptions {
    DecodeOptions {
        keep_grey,
        ..DecodeOptions::default()
    }
}

fn decoded(bytes: &[u8]) -> Image {
    decode(
        bytes,
        "test",
        &ImageLimits::default(),
        &options(false),
        &CancelFlag::new(),
    )
    .unwrap()
}

fn decoded_grey(bytes: &[u8]) -> Image {
    decode(
        bytes,
        "test",
        &ImageLimits::default(),
        &options(true),
        &CancelFlag::new(),
    )
    .unwrap()
}

fn failure(bytes: &[u8]) -> ImageError {
    let result = decode(
        bytes,
        "test.png",
        &ImageLimits::default(),
        &options(false),
        &CancelFlag::new(),
    );
    result.unwrap_err()
}

fn probed(bytes: &[u8]) -> Result<ImageInfo, ImageError> {
    probe(bytes, "test", &ImageLimits::default())
}

fn words(bytes: &[u8]) -> Vec<u16> {
    bytes
        .as_chunks()
        .0
        .iter()
        .map(|&b| u16::from_le_bytes(b))
        .collect()
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes
        .as_chunks()
        .0
        .iter()
        .map(|&b| f32::from_le_bytes(b))
        .collect()
}

//! Sixteen photographs at the default quality, beside a bare loop.

use bevy_kiln::assets::{
    cook::{
        pace::CancelFlag,
        texture::{block_encoder, cook_blocking},
    },
    settings::texture::TextureOptions,
    source::image::ImageLimits,
};
use image::ImageFormat;
use std::{hint::black_box, io::Cursor};

use crate::{bare, measure::side_by_side, photographs::photograph};

const SIZE: u32 = 1024;
const COUNT: u32 = 16;

pub fn photos() {
    let files: Vec<Vec<u8>> = (1..=COUNT)
        .map(|seed| {
            let mut file = Cursor::new(Vec::new());
            photograph(SIZE, seed)
                .write_to(&mut file, ImageFormat::Png)
                .unwrap();
            file.into_inner()
        })
        .collect();
    let settings = TextureOptions::default().resolve("photo.png").unwrap();
    let (limits, cancel) = (ImageLimits::default(), CancelFlag::new());
    let (ours, loops, ratio) = side_by_side(
        3,
        || {
            for file in &files {
                let encoder = block_encoder(&settings);
                let cooked = cook_blocking(file, "photo.png", &settings, encoder, &limits, &cancel);
                black_box(cooked.unwrap());
            }
        },
        || {
            for file in &files {
                black_box(bare::cook(file));
            }
        },
    );
    let megapixels = f64::from(COUNT * SIZE * SIZE) / 1e6;
    println!("sixteen photographs of {SIZE} x {SIZE}, default quality, CPU seconds per megapixel");
    println!(
        "  kiln {:.3}, bare loop {:.3}",
        ours / megapixels,
        loops / megapixels
    );
    println!("  ratio {ratio:.3} (at most 1.05)");
}

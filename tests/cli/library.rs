//! What the command cooks is what the libraries make in a plain loop on one thread.

use crate::common::{
    Seeded,
    container::{self, Container},
    files, images,
    process::{kiln, run},
};
use bevy_kiln::{
    assets::{
        cook::{
            pace::CancelFlag,
            texture::{block_encoder, cook_blocking},
        },
        source::image::ImageLimits,
    },
    prelude::TextureOptions,
};
use intel_tex_2::{RSurface, RgSurface, RgbaSurface, bc1, bc3, bc4, bc5, bc7};
use serde_json::{Value, json};
use std::path::Path;

/// A picture of 8 x 8 RGBA texels out of 0, 64, 128 and 192: the mean of any four, sixteen or all of
/// them is a whole number.
fn exact(seed: u64) -> Vec<u8> {
    let mut random = Seeded(seed);
    (0..8 * 8 * 4).map(|_| random.below(4) as u8 * 64).collect()
}

/// The levels of [`exact`] texels: means of two by two.
fn levels(texels: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let mut levels = vec![(8, texels.to_vec())];
    for size in [4usize, 2, 1] {
        let above = &levels[levels.len() - 1].1;
        let at = |x: usize, y: usize, c: usize| u32::from(above[(y * size * 2 + x) * 4 + c]);
        let mut level = Vec::new();
        for i in 0..size * size * 4 {
            let (x, y, c) = (i / 4 % size * 2, i / 4 / size * 2, i % 4);
            let sum = at(x, y, c) + at(x + 1, y, c) + at(x, y + 1, c) + at(x + 1, y + 1, c);
            level.push((sum / 4) as u8);
        }
        levels.push((size as u32, level));
    }
    levels
}

/// The blocks that the encoders of a format make of RGBA texels.
fn blocks(format: &str, encoder: &str, size: u32, texels: &[u8]) -> Vec<u8> {
    let side = size.next_multiple_of(4);
    let texel = |x: u32, y: u32| {
        let at = (y.min(size - 1) * size + x.min(size - 1)) as usize * 4;
        &texels[at..at + 4]
    };
    let places = (0..side * side).map(|i| (i % side, i / side));
    let channels = |count: usize| -> Vec<u8> {
        let texels = places.clone().map(|(x, y)| texel(x, y));
        texels.flat_map(|texel| texel[..count].to_vec()).collect()
    };
    let (width, height) = (side, side);
    let data = &channels(4);
    let stride = side * 4;
    let rgba = RgbaSurface {
        data,
        width,
        height,
        stride,
    };
    match format {
        "bc1" => bc1::compress_blocks(&rgba),
        "bc3" => bc3::compress_blocks(&rgba),
        "bc4" => {
            let data = &channels(1);
            let stride = side;
            bc4::compress_blocks(&RSurface {
                data,
                width,
                height,
                stride,
            })
        }
        "bc5" => {
            let data = &channels(2);
            let stride = side * 2;
            bc5::compress_blocks(&RgSurface {
                data,
                width,
                height,
                stride,
            })
        }
        _ if encoder == "intel" => bc7::compress_blocks(&bc7::alpha_very_fast_settings(), &rgba),
        _ => {
            let mut pixels = Vec::new();
            for (bx, by) in (0..side * side / 16).map(|i| (i % (side / 4), i / (side / 4))) {
                let inside = (0..16).map(|k| texel(bx * 4 + k % 4, by * 4 + k / 4));
                pixels.extend(inside.map(|t| u32::from_ne_bytes([t[0], t[1], t[2], t[3]])));
            }
            let parameters = ctt_bc7enc_rdo::params_init_veryfast(false);
            let count = pixels.len() / 16;
            let blocks = ctt_bc7enc_rdo::compress_blocks_alloc(count, &pixels, &parameters);
            blocks.iter().flat_map(|half| half.to_ne_bytes()).collect()
        }
    }
}

/// Cooks jobs on so many threads.
fn cook(folder: &Path, jobs: &[Value], threads: &str) -> (Container, crate::common::Files) {
    let manifest = folder.join("jobs.json");
    let document = json!({ "version": 1, "jobs": jobs });
    std::fs::write(&manifest, document.to_string()).unwrap();
    let root = folder.join(threads);
    let mut command = kiln();
    command.arg("cook").arg(&manifest).arg("-o").arg(&root);
    run(command.args(["--threads", threads])).expect(0);
    (container::read(&root), files(&root))
}

#[test]
fn the_command_gives_the_bytes_of_the_libraries() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("exact.png", &images::png(8, 4, &exact(3)));
    write("large.png", &images::picture(160, 96, 1));
    write("odd.png", &images::picture(37, 21, 2));
    write("strip.png", &images::picture(70, 3, 3));
    write("dot.png", &images::picture(1, 1, 4));
    write("light.hdr", &images::hdr(50, 30, 5));
    let mut jobs = Vec::new();
    let mut add = |source: &str, options: Value| {
        let mut job = options;
        job["type"] = "texture".into();
        job["source"] = source.into();
        job["name"] = format!("{source} {}", jobs.len()).into();
        jobs.push(job);
    };
    // The exact picture first, in every format whose texels are bytes.
    let formats = [
        ("bc7", "bc7e"),
        ("bc7", "intel"),
        ("bc1", "intel"),
        ("bc3", "intel"),
        ("bc4", "intel"),
        ("bc5", "intel"),
    ];
    for (format, encoder) in formats {
        add(
            "exact.png",
            json!({ "preset": "data", "output_format": format, "encoder": encoder }),
        );
    }
    for source in ["large.png", "odd.png", "strip.png", "dot.png"] {
        for (format, encoder) in [
            ("bc7_srgb", "bc7e"),
            ("bc7_srgb", "intel"),
            ("bc1_srgb", "auto"),
            ("bc3", "auto"),
            ("bc4", "auto"),
            ("bc5", "auto"),
            ("rgba16f", "auto"),
        ] {
            add(
                source,
                json!({ "output_format": format, "encoder": encoder }),
            );
        }
        add(
            source,
            json!({ "output_format": "bc7", "intent": "normal", "bc7_quality": "fast", "packing_policy": "tight" }),
        );
    }
    for quality in ["fast", "default", "high"] {
        add(
            "light.hdr",
            json!({ "preset": "hdr-probe", "output_format": "bc6h", "bc7_quality": quality }),
        );
    }
    let (one, bytes) = cook(folder.path(), &jobs, "1");
    let (_, again) = cook(folder.path(), &jobs, "5");
    assert!(bytes == again, "the number of threads is seen");

    for (job, (format, encoder)) in jobs.iter().zip(formats) {
        let texture = one.texture(job["name"].as_str().unwrap());
        let expected = levels(&exact(3));
        assert_eq!(texture.subresources.len(), expected.len());
        for (mip, (size, texels)) in texture.subresources.iter().zip(&expected) {
            assert_eq!(mip.width, *size);
            let expected = blocks(format, encoder, *size, texels);
            assert!(
                mip.texels == expected,
                "{format} by {encoder}, level of {size}"
            );
        }
    }
    for job in &jobs {
        let source = job["source"].as_str().unwrap();
        let options: TextureOptions = serde_json::from_value(job.clone()).unwrap();
        let settings = options.resolve(source).unwrap();
        let bytes = std::fs::read(folder.path().join(source)).unwrap();
        let cooked = cook_blocking(
            &bytes,
            source,
            &settings,
            block_encoder(&settings),
            &ImageLimits::default(),
            &CancelFlag::new(),
        );
        let texture = one.texture(job["name"].as_str().unwrap());
        assert!(texture.payload == cooked.unwrap().payload(), "{job}");
    }
}

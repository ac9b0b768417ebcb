//! Small files of every format, written by hand.

use super::writers::{Psd, Tiff, gif, gif_with_a_small_picture, qoi, webp};
use crate::source::{image::ImageFormat, texture::tests as stored};
use ::image::{
    ExtendedColorType, ImageEncoder,
    codecs::{jpeg::JpegEncoder, openexr::OpenExrEncoder},
};
use std::io::Cursor;

/// A PNG of samples: `samples` has the channels of `width * height` pixels, or palette indices.
pub(super) struct Png {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bits: u8,
    pub(super) color: u8,
    pub(super) interlaced: bool,
    pub(super) samples: Vec<u16>,
    /// Chunks between header and data: their names and contents.
    pub(super) chunks: Vec<([u8; 4], Vec<u8>)>,
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |mut crc, &byte| {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0xEDB8_8320
            } else {
                crc >> 1
            };
        }
        crc
    })
}

/// A zlib stream of stored blocks.
fn zlib(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let count = data.len().div_ceil(65535).max(1);
    for i in 0..count {
        let part = &data[i * 65535..data.len().min((i + 1) * 65535)];
        out.push(u8::from(i + 1 == count));
        out.extend((part.len() as u16).to_le_bytes());
        out.extend((!(part.len() as u16)).to_le_bytes());
        out.extend(part);
    }
    let (mut a, mut b) = (1u32, 0u32);
    for &byte in data {
        a = (a + u32::from(byte)) % 65521;
        b = (b + a) % 65521;
    }
    out.extend((b << 16 | a).to_be_bytes());
    out
}

pub(super) fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut out = (content.len() as u32).to_be_bytes().to_vec();
    out.extend(name);
    out.extend(content);
    out.extend(crc32(&out[4..]).to_be_bytes());
    out
}

impl Png {
    pub(super) fn new(width: u32, height: u32, bits: u8, color: u8, samples: Vec<u16>) -> Self {
        let png = Self {
            width,
            height,
            bits,
            color,
            interlaced: false,
            samples,
            chunks: Vec::new(),
        };
        assert_eq!(
            png.samples.len(),
            width as usize * height as usize * png.channels()
        );
        png
    }

    fn channels(&self) -> usize {
        [1, 0, 3, 1, 2, 0, 4][usize::from(self.color)]
    }

    /// The packed rows of the pixels at `x0 + i * dx, y0 + j * dy`.
    fn pass(&self, out: &mut Vec<u8>, [x0, y0, dx, dy]: [u32; 4]) {
        if x0 >= self.width {
            return;
        }
        for y in (y0..self.height).step_by(dy as usize) {
            out.push(0);
            let (mut bits, mut filled) = (0u16, 0);
            for x in (x0..self.width).step_by(dx as usize) {
                let pixel = (y * self.width + x) as usize * self.channels();
                for &sample in &self.samples[pixel..pixel + self.channels()] {
                    if self.bits >= 8 {
                        out.extend(&sample.to_be_bytes()[2 - usize::from(self.bits) / 8..]);
                        continue;
                    }
                    bits = bits << self.bits | sample;
                    filled += self.bits;
                    if filled == 8 {
                        out.push(bits as u8);
                        (bits, filled) = (0, 0);
                    }
                }
            }
            if filled > 0 {
                out.push((bits << (8 - filled)) as u8);
            }
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut header = self.width.to_be_bytes().to_vec();
        header.extend(self.height.to_be_bytes());
        header.extend([self.bits, self.color, 0, 0, u8::from(self.interlaced)]);
        let mut data = Vec::new();
        if self.interlaced {
            for pass in [
                [0, 0, 8, 8],
                [4, 0, 8, 8],
                [0, 4, 4, 8],
                [2, 0, 4, 4],
                [0, 2, 2, 4],
                [1, 0, 2, 2],
                [0, 1, 1, 2],
            ] {
                self.pass(&mut data, pass);
            }
        } else {
            self.pass(&mut data, [0, 0, 1, 1]);
        }
        let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
        out.extend(chunk(b"IHDR", &header));
        for (name, content) in &self.chunks {
            out.extend(chunk(name, content));
        }
        out.extend(chunk(b"IDAT", &zlib(&data)));
        out.extend(chunk(b"IEND", &[]));
        out
    }
}

pub(super) fn jpeg(width: u32, height: u32, color: ExtendedColorType, texels: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, 95)
        .write_image(texels, width, height, color)
        .unwrap();
    out
}

/// Inserts an Exif segment with an orientation, and before it a segment of `filler` bytes.
pub(super) fn with_orientation(jpeg: &[u8], orientation: u8, filler: usize) -> Vec<u8> {
    let mut out = jpeg[..2].to_vec();
    let mut left = filler;
    while left > 0 {
        let part = left.min(60_000);
        out.extend([0xFF, 0xE2]);
        out.extend((part as u16 + 2).to_be_bytes());
        out.resize(out.len() + part, 0xAB);
        left -= part;
    }
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    out.extend([0xFF, 0xE1]);
    out.extend((exif.len() as u16 + 2).to_be_bytes());
    out.extend(exif);
    out.extend(&jpeg[2..]);
    out
}

/// The header of a TGA without identification and colour map.
pub(super) fn tga_header(kind: u8, width: u16, height: u16, bits: u8, descriptor: u8) -> Vec<u8> {
    let mut out = vec![0, 0, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    out.extend(width.to_le_bytes());
    out.extend(height.to_le_bytes());
    out.extend([bits, descriptor]);
    out
}

/// An uncompressed bitmap of 24 or 32 bits, lower row first.
pub(super) fn bmp(width: i32, height: i32, bits: u16, data: &[u8]) -> Vec<u8> {
    let mut out = b"BM".to_vec();
    for number in [54 + data.len() as u32, 0, 54, 40] {
        out.extend(number.to_le_bytes());
    }
    out.extend(width.to_le_bytes());
    out.extend(height.to_le_bytes());
    out.extend(1u16.to_le_bytes());
    out.extend(bits.to_le_bytes());
    out.resize(54, 0);
    out.extend(data);
    out
}

pub(super) fn hdr(signature: &str, width: u32, height: u32, rgbe: &[[u8; 4]]) -> Vec<u8> {
    let mut out =
        format!("{signature}\nFORMAT=32-bit_rle_rgbe\n\n-Y {height} +X {width}\n").into_bytes();
    out.extend(rgbe.iter().flatten());
    out
}

pub(super) fn exr(width: u32, height: u32, color: ExtendedColorType, values: &[f32]) -> Vec<u8> {
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_ne_bytes()).collect();
    let mut out = Cursor::new(Vec::new());
    OpenExrEncoder::new(&mut out)
        .write_image(&bytes, width, height, color)
        .unwrap();
    out.into_inner()
}

/// One small file of each kind, for tests that damage files.
pub(super) fn all() -> Vec<(&'static str, ImageFormat, Vec<u8>)> {
    let ramp: Vec<u8> = (0..8 * 8 * 3).map(|i| (i * 5) as u8).collect();
    let samples = |channels: usize| {
        (0..9 * 7 * channels)
            .map(|i| (i * 37 % 256) as u16)
            .collect()
    };
    let mut interlaced = Png::new(9, 7, 8, 6, samples(4));
    interlaced.interlaced = true;
    let mut palette = Png::new(9, 7, 4, 3, (0..63).map(|i| i % 16).collect());
    palette
        .chunks
        .push((*b"PLTE", (0..48).map(|i| i * 5).collect()));
    palette.chunks.push((*b"tRNS", vec![0, 128]));
    let mut rle = tga_header(10, 8, 4, 24, 0x20);
    for _ in 0..4 {
        rle.extend([0x83, 1, 2, 3, 0x03, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    }
    let mut plain = tga_header(2, 4, 4, 32, 0x28);
    plain.extend((0..64).map(|i| i * 3));
    let light: Vec<f32> = (0..6 * 5 * 3).map(|i| i as f32 * 0.25).collect();
    vec![
        (
            "gray png",
            ImageFormat::Png,
            Png::new(9, 7, 16, 0, samples(1)).encode(),
        ),
        ("interlaced png", ImageFormat::Png, interlaced.encode()),
        ("palette png", ImageFormat::Png, palette.encode()),
        (
            "jpeg",
            ImageFormat::Jpeg,
            jpeg(8, 8, ExtendedColorType::Rgb8, &ramp),
        ),
        (
            "turned jpeg",
            ImageFormat::Jpeg,
            with_orientation(&jpeg(8, 8, ExtendedColorType::L8, &ramp[..64]), 6, 0),
        ),
        ("rle tga", ImageFormat::Tga, rle),
        ("tga", ImageFormat::Tga, plain),
        ("bmp", ImageFormat::Bmp, bmp(3, 2, 24, &[7; 24])),
        (
            "hdr",
            ImageFormat::Hdr,
            hdr("#?RADIANCE", 3, 2, &[[128, 64, 32, 130]; 6]),
        ),
        (
            "exr",
            ImageFormat::Exr,
            exr(6, 5, ExtendedColorType::Rgb32F, &light),
        ),
        ("gif", ImageFormat::Gif, gif(2)),
        ("small gif", ImageFormat::Gif, gif_with_a_small_picture()),
        (
            "webp",
            ImageFormat::WebP,
            webp(8, 8, &[&ramp[..], &ramp[..64]].concat()),
        ),
        (
            "qoi",
            ImageFormat::Qoi,
            qoi(8, 8, &[&ramp[..], &ramp[..64]].concat()),
        ),
        (
            "tiff",
            ImageFormat::Tiff,
            Tiff::new(4, 4, 16, 3, ramp[..96].to_vec()).encode(),
        ),
        ("big tiff", ImageFormat::Tiff, {
            let mut tiff = Tiff::new(8, 8, 8, 1, ramp[..64].to_vec());
            (tiff.large, tiff.big_endian) = (true, true);
            tiff.encode()
        }),
        ("palette tiff", ImageFormat::Tiff, {
            let mut tiff = Tiff::new(8, 4, 4, 1, ramp[..16].to_vec());
            tiff.photometric = 3;
            tiff.color_map = (0..48).map(|i| i * 1000).collect();
            tiff.encode()
        }),
        ("ppm", ImageFormat::Pnm, {
            let mut file = b"P6 8 8 255\n".to_vec();
            file.extend(&ramp);
            file
        }),
        ("pam", ImageFormat::Pnm, {
            let mut file =
                b"P7\nWIDTH 4\nHEIGHT 4\nDEPTH 2\nMAXVAL 65535\nTUPLTYPE GRAYSCALE_ALPHA\nENDHDR\n"
                    .to_vec();
            file.extend(&ramp[..64]);
            file
        }),
        ("psd", ImageFormat::Psd, {
            let planes = ramp[..64].chunks(16).map(<[u8]>::to_vec).collect();
            let mut psd = Psd::new(4, 4, 8, 3, planes);
            (psd.packed, psd.layers) = (true, -1);
            psd.encode()
        }),
        (
            "psb",
            ImageFormat::Psd,
            Psd {
                large: true,
                ..Psd::new(4, 4, 16, 1, vec![ramp[..32].to_vec()])
            }
            .encode(),
        ),
        ("dds", ImageFormat::Dds, stored::dds_sample()),
        ("dx10 dds", ImageFormat::Dds, stored::dx10_sample()),
        ("ktx2", ImageFormat::Ktx2, stored::ktx2_sample(0)),
        ("zstd ktx2", ImageFormat::Ktx2, stored::ktx2_sample(2)),
        ("zlib ktx2", ImageFormat::Ktx2, stored::ktx2_sample(3)),
    ]
}

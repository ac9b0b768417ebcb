//! Writers of small files: GIF, WebP, QOI, TIFF, PNM and Photoshop.

use ::image::{
    ExtendedColorType, Frame, ImageEncoder, RgbaImage,
    codecs::{gif::GifEncoder, qoi::QoiEncoder, webp::WebPEncoder},
};

/// A GIF of so many pictures of 4 x 3 texels, each of another colour.
pub(super) fn gif(pictures: u8) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = GifEncoder::new(&mut out);
    for i in 0..pictures {
        let texels = [[200, i * 50, 10, 255]; 12].concat();
        let picture = RgbaImage::from_raw(4, 3, texels).unwrap();
        encoder.encode_frame(Frame::new(picture)).unwrap();
    }
    drop(encoder);
    out
}

/// A GIF of 3 x 2 texels whose one picture, a red texel, stands at (1, 1). Codes of three bits: clear,
/// 1, end.
pub(super) fn gif_with_a_small_picture() -> Vec<u8> {
    let mut out = b"GIF89a\x03\0\x02\0\x80\0\0".to_vec();
    out.extend([0, 0, 0, 255, 0, 0]);
    out.extend([0x2C, 1, 0, 1, 0, 1, 0, 1, 0, 0]);
    out.extend([2, 2, 0b01_001_100, 0b1, 0, 0x3B]);
    out
}

pub(super) fn webp(width: u32, height: u32, rgba: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    WebPEncoder::new_lossless(&mut out)
        .write_image(rgba, width, height, ExtendedColorType::Rgba8)
        .unwrap();
    out
}

pub(super) fn qoi(width: u32, height: u32, rgba: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    QoiEncoder::new(&mut out)
        .write_image(rgba, width, height, ExtendedColorType::Rgba8)
        .unwrap();
    out
}

/// What a TIFF is made of.
#[derive(Clone)]
pub(super) struct Tiff {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bits: u16,
    pub(super) samples: u16,
    pub(super) photometric: u16,
    pub(super) sample_format: u16,
    pub(super) extra: Option<u16>,
    pub(super) orientation: u16,
    pub(super) planar: bool,
    pub(super) big_endian: bool,
    pub(super) large: bool,
    /// Reds, greens and blues of a palette.
    pub(super) color_map: Vec<u16>,
    /// One strip, or one for each plane.
    pub(super) strips: Vec<Vec<u8>>,
}

impl Tiff {
    pub(super) fn new(width: u32, height: u32, bits: u16, samples: u16, data: Vec<u8>) -> Self {
        Self {
            width,
            height,
            bits,
            samples,
            photometric: if samples >= 3 { 2 } else { 1 },
            sample_format: 1,
            extra: matches!(samples, 2 | 4).then_some(2),
            orientation: 1,
            planar: false,
            big_endian: false,
            large: false,
            color_map: Vec::new(),
            strips: vec![data],
        }
    }

    /// The header, the directory, and the strips behind it.
    pub(super) fn encode(&self) -> Vec<u8> {
        let number = |value: u64, bytes: usize| {
            if self.big_endian {
                value.to_be_bytes()[8 - bytes..].to_vec()
            } else {
                value.to_le_bytes()[..bytes].to_vec()
            }
        };
        let (word, entry_bytes) = if self.large { (8, 20) } else { (4, 12) };
        let mut entries: Vec<(u16, u16, Vec<u64>)> = vec![
            (256, 4, vec![self.width.into()]),
            (257, 4, vec![self.height.into()]),
            (258, 3, vec![self.bits.into(); self.samples.into()]),
            (259, 3, vec![1]),
            (262, 3, vec![self.photometric.into()]),
            (273, 4, vec![0; self.strips.len()]),
            (274, 3, vec![self.orientation.into()]),
            (277, 3, vec![self.samples.into()]),
            (278, 4, vec![self.height.into()]),
            (279, 4, self.strips.iter().map(|s| s.len() as u64).collect()),
            (284, 3, vec![if self.planar { 2 } else { 1 }]),
            (339, 3, vec![self.sample_format.into(); self.samples.into()]),
        ];
        if let Some(extra) = self.extra {
            entries.insert(11, (338, 3, vec![extra.into()]));
        }
        if !self.color_map.is_empty() {
            let values = self.color_map.iter().map(|&value| value.into());
            entries.insert(11, (320, 3, values.collect()));
        }
        let head = if self.large { 16 } else { 8 };
        let count_bytes = if self.large { 8 } else { 2 };
        let begin = head + count_bytes + entries.len() * entry_bytes + word;
        let long: usize = entries
            .iter()
            .map(|(_, kind, values)| values.len() * if *kind == 3 { 2 } else { 4 })
            .filter(|&bytes| bytes > word)
            .sum();
        let mut at = (begin + long) as u64;
        let offsets = self.strips.iter().map(|strip| {
            let start = at;
            at += strip.len() as u64;
            start
        });
        entries[5].2 = offsets.collect();
        let mut out = if self.big_endian { b"MM" } else { b"II" }.to_vec();
        if self.large {
            out.extend([number(43, 2), number(8, 2), number(0, 2), number(16, 8)].concat());
        } else {
            out.extend([number(42, 2), number(8, 4)].concat());
        }
        out.extend(number(entries.len() as u64, count_bytes));
        let mut tail = Vec::new();
        for (tag, kind, values) in &entries {
            out.extend(number((*tag).into(), 2));
            out.extend(number((*kind).into(), 2));
            out.extend(number(values.len() as u64, word));
            let size = if *kind == 3 { 2 } else { 4 };
            let mut bytes: Vec<u8> = values.iter().flat_map(|&v| number(v, size)).collect();
            if bytes.len() > word {
                out.extend(number((begin + tail.len()) as u64, word));
                tail.extend(bytes);
            } else {
                bytes.resize(word, 0);
                out.extend(bytes);
            }
        }
        out.extend(number(0, word));
        assert_eq!(out.len(), begin);
        out.extend(tail);
        out.extend(self.strips.concat());
        out
    }
}

/// What a Photoshop document is made of.
pub(super) struct Psd {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bits: u16,
    pub(super) mode: u16,
    /// The planes, one after the other.
    pub(super) planes: Vec<Vec<u8>>,
    /// The number of layers, negative if there is a transparency.
    pub(super) layers: i16,
    pub(super) packed: bool,
    pub(super) large: bool,
}

impl Psd {
    pub(super) fn new(width: u32, height: u32, bits: u16, mode: u16, planes: Vec<Vec<u8>>) -> Self {
        Self {
            width,
            height,
            bits,
            mode,
            planes,
            layers: 0,
            packed: false,
            large: false,
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = b"8BPS".to_vec();
        out.extend([0, if self.large { 2 } else { 1 }, 0, 0, 0, 0, 0, 0]);
        out.extend((self.planes.len() as u16).to_be_bytes());
        out.extend(self.height.to_be_bytes());
        out.extend(self.width.to_be_bytes());
        out.extend(self.bits.to_be_bytes());
        out.extend(self.mode.to_be_bytes());
        // No palette, and two bytes of resources.
        out.extend([0, 0, 0, 0, 0, 0, 0, 2, 7, 7]);
        let layers = self.layers.to_be_bytes();
        if self.large {
            out.extend(10u64.to_be_bytes());
            out.extend(2u64.to_be_bytes());
        } else {
            out.extend(6u32.to_be_bytes());
            out.extend(2u32.to_be_bytes());
        }
        out.extend(layers);
        out.extend([0, u8::from(self.packed)]);
        if !self.packed {
            out.extend(self.planes.concat());
            return out;
        }
        let row = self.width as usize * usize::from(self.bits / 8);
        let rows: Vec<Vec<u8>> = self
            .planes
            .iter()
            .flat_map(|plane| plane.chunks(row).map(pack_bits))
            .collect();
        for row in &rows {
            if self.large {
                out.extend((row.len() as u32).to_be_bytes());
            } else {
                out.extend((row.len() as u16).to_be_bytes());
            }
        }
        out.extend(rows.concat());
        out
    }
}

/// Runs of equal bytes, and single ones; with a code that means nothing before each row.
fn pack_bits(row: &[u8]) -> Vec<u8> {
    let mut out = vec![128];
    for run in row.chunk_by(|a, b| a == b) {
        for run in run.chunks(128) {
            match run {
                [one] => out.extend([0, *one]),
                [value, ..] => out.extend([(257 - run.len()) as u8, *value]),
                [] => {}
            }
        }
    }
    out
}

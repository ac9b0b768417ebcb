//! What tiny files that promise large pictures really allocate, for every format.
//!
//! Either nothing, because they cannot hold what they promise; or no more than was estimated from their
//! header, which is what the byte budget has admitted, and never more than the limits allow.
//!
//! One test only: the counters belong to the whole process.

use bevy_kiln_assets::{
    cook::pace::CancelFlag,
    source::image::{ImageError, ImageInfo, ImageLimits, decode, probe},
};

mod counting;

/// The widest and the highest that the limits allow, nearly.
const SIDE: u32 = 16_000;

fn le16(value: u32) -> [u8; 2] {
    (value as u16).to_le_bytes()
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |mut crc, &byte| {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ (0xEDB8_8320 & 0u32.wrapping_sub(crc & 1));
        }
        crc
    })
}

fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut out = (content.len() as u32).to_be_bytes().to_vec();
    out.extend(name);
    out.extend(content);
    out.extend(crc32(&out[4..]).to_be_bytes());
    out
}

/// A PNG whose data is a few zeros.
fn png(width: u32, height: u32, bits: u8, color: u8, interlaced: u8) -> Vec<u8> {
    let header = [
        &width.to_be_bytes()[..],
        &height.to_be_bytes(),
        &[bits, color, 0, 0, interlaced],
    ];
    let data = [0x78, 0x01, 0x01, 1, 0, 0xFE, 0xFF, 0, 0, 1, 0, 1];
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &header.concat()),
        chunk(b"IDAT", &data),
        chunk(b"IEND", &[]),
    ]
    .concat()
}

/// A GIF of one red texel on a large screen, or of a large picture with the data of one texel.
fn gif(width: u32, height: u32, whole: bool) -> Vec<u8> {
    let mut out = b"GIF89a".to_vec();
    out.extend([le16(width), le16(height)].concat());
    out.extend([0x80, 0, 0, 0, 0, 0, 255, 0, 0]);
    let (w, h) = if whole { (width, height) } else { (1, 1) };
    out.extend(
        [
            &[0x2C, 1 - u8::from(whole), 0, 1 - u8::from(whole), 0][..],
            &le16(w),
            &le16(h),
            &[0],
        ]
        .concat(),
    );
    out.extend([2, 2, 0b01_001_100, 0b1, 0, 0x3B]);
    out
}

fn riff(chunks: &[u8]) -> Vec<u8> {
    let mut out = b"RIFF".to_vec();
    out.extend((chunks.len() as u32 + 4).to_le_bytes());
    out.extend(b"WEBP");
    out.extend(chunks);
    out
}

fn riff_chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut out = name.to_vec();
    out.extend((content.len() as u32).to_le_bytes());
    out.extend(content);
    out.resize(out.len().next_multiple_of(2), 0);
    out
}

/// The lossless stream of a picture: size, and bits that are zeros.
fn vp8l(width: u32, height: u32) -> Vec<u8> {
    let size = (width - 1) | (height - 1) << 14;
    [&[0x2F][..], &size.to_le_bytes(), &[0; 24]].concat()
}

fn webp(width: u32, height: u32, kind: u8) -> Vec<u8> {
    let side = |value: u32| (value - 1).to_le_bytes()[..3].to_vec();
    match kind {
        0 => riff(&riff_chunk(b"VP8L", &vp8l(width, height))),
        1 => {
            let head = [0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A];
            let frame = [&head[..], &le16(width), &le16(height), &[0; 40]].concat();
            riff(&riff_chunk(b"VP8 ", &frame))
        }
        _ => {
            // An animation on a large screen whose first picture is a small one.
            let canvas = [vec![0x12, 0, 0, 0], side(width), side(height)].concat();
            let frame = [vec![0; 6], side(1), side(1), vec![1, 0, 0, 0]].concat();
            let frame = [frame, riff_chunk(b"VP8L", &vp8l(1, 1))].concat();
            riff(
                &[
                    riff_chunk(b"VP8X", &canvas),
                    riff_chunk(b"ANIM", &[0; 6]),
                    riff_chunk(b"ANMF", &frame),
                ]
                .concat(),
            )
        }
    }
}

fn qoi(width: u32, height: u32) -> Vec<u8> {
    let mut out = b"qoif".to_vec();
    out.extend([width.to_be_bytes(), height.to_be_bytes()].concat());
    out.extend([4, 0]);
    out.extend([0xFD; 64]);
    out.extend([0, 0, 0, 0, 0, 0, 0, 1]);
    out
}

/// A TIFF of one strip with a few bytes of data.
fn tiff(width: u32, height: u32, bits: u16, samples: u16, compression: u16) -> Vec<u8> {
    let data = [0u8; 32];
    let entries: [(u16, u16, u32, u32); 9] = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, bits.into()),
        (259, 3, 1, compression.into()),
        (262, 3, 1, if samples == 1 { 1 } else { 2 }),
        (273, 4, 1, 8 + 2 + 9 * 12 + 4),
        (277, 3, 1, samples.into()),
        (278, 4, 1, height),
        (279, 4, 1, data.len() as u32),
    ];
    let mut out = b"II*\0\x08\0\0\0\x09\0".to_vec();
    for (tag, kind, count, value) in entries {
        out.extend(tag.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend(count.to_le_bytes());
        out.extend(value.to_le_bytes());
    }
    out.extend([0; 4]);
    out.extend(data);
    out
}

fn dds(width: u32, height: u32, mips: u32) -> Vec<u8> {
    let mut words = vec![124, 0x1007, height, width, 0, 0, mips];
    words.extend([0; 11]);
    words.extend([32, 4, u32::from_le_bytes(*b"DXT1"), 0, 0, 0, 0, 0]);
    words.extend([0x1000, 0, 0, 0, 0]);
    let mut file = b"DDS ".to_vec();
    file.extend(words.iter().flat_map(|word: &u32| word.to_le_bytes()));
    file.extend([0; 64]);
    file
}

/// A KTX2 of one level of BC7 blocks, compressed as `scheme` says: a few bytes that promise all.
fn ktx2(width: u32, height: u32, scheme: u32) -> Vec<u8> {
    let mut out = b"\xABKTX 20\xBB\r\n\x1A\n".to_vec();
    let unpacked = u64::from(width.div_ceil(4)) * u64::from(height.div_ceil(4)) * 16;
    for word in [145, 1, width, height, 0, 0, 1, 1, scheme] {
        out.extend(u32::to_le_bytes(word));
    }
    let descriptor = 80 + 24;
    for word in [descriptor, 44, 0, 0] {
        out.extend(u32::to_le_bytes(word));
    }
    out.extend([0; 16]);
    let data = [
        0x28, 0xB5, 0x2F, 0xFD, 0xE4, 0, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0,
    ];
    for number in [u64::from(descriptor) + 44, data.len() as u64, unpacked] {
        out.extend(number.to_le_bytes());
    }
    for word in [
        44u32,
        0,
        2 | 40 << 16,
        134 | 1 << 8 | 1 << 16,
        3 | 3 << 8,
        16,
        0,
        127 << 16,
        0,
        0,
        u32::MAX,
    ] {
        out.extend(word.to_le_bytes());
    }
    out.extend(data);
    out
}

fn exr(width: u32, height: u32, compression: u8) -> Vec<u8> {
    let mut out = vec![0x76, 0x2F, 0x31, 0x01, 2, 0, 0, 0];
    let mut attribute = |name: &str, kind: &str, value: &[u8]| {
        out.extend([name.as_bytes(), &[0], kind.as_bytes(), &[0]].concat());
        out.extend((value.len() as u32).to_le_bytes());
        out.extend(value);
    };
    let channel = |name: u8| {
        [
            &[name, 0][..],
            &[1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0],
        ]
        .concat()
    };
    let channels = [channel(b'B'), channel(b'G'), channel(b'R'), vec![0]].concat();
    let corners = [0, 0, width - 1, height - 1].map(u32::to_le_bytes).concat();
    attribute("channels", "chlist", &channels);
    attribute("compression", "compression", &[compression]);
    attribute("dataWindow", "box2i", &corners);
    attribute("displayWindow", "box2i", &corners);
    attribute("lineOrder", "lineOrder", &[0]);
    attribute("pixelAspectRatio", "float", &1.0f32.to_le_bytes());
    attribute("screenWindowCenter", "v2f", &[0; 8]);
    attribute("screenWindowWidth", "float", &1.0f32.to_le_bytes());
    out.push(0);
    out.extend([0; 256]);
    out
}

fn psd(width: u32, height: u32, bits: u16, compression: u8) -> Vec<u8> {
    let mut out = b"8BPS\0\x01\0\0\0\0\0\0\0\x03".to_vec();
    out.extend([height.to_be_bytes(), width.to_be_bytes()].concat());
    out.extend(bits.to_be_bytes());
    out.extend([0, 3]);
    out.extend([0; 12]);
    out.extend([0, compression]);
    out.extend([0; 64]);
    out
}

fn tga(width: u32, height: u32, kind: u8, bits: u8) -> Vec<u8> {
    let map = if kind % 8 == 1 {
        [1, kind, 0, 0, 1, 0, 24]
    } else {
        [0, kind, 0, 0, 0, 0, 0]
    };
    let mut out = [&[0][..], &map, &[0; 4]].concat();
    out.extend([le16(width), le16(height)].concat());
    out.extend([bits, 0]);
    out.extend([0xFF; 64]);
    out
}

fn bmp(width: u32, height: u32, bits: u16, compression: u32) -> Vec<u8> {
    let mut out = b"BM".to_vec();
    for number in [54 + 64, 0, 54, 40, width, height] {
        out.extend(number.to_le_bytes());
    }
    out.extend([1, 0]);
    out.extend(bits.to_le_bytes());
    out.extend(compression.to_le_bytes());
    out.resize(54, 0);
    out.extend([0; 64]);
    out
}

fn jpeg(width: u32, height: u32, progressive: bool) -> Vec<u8> {
    let kind = if progressive { 0xC2 } else { 0xC0 };
    let mut out = vec![0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0];
    out.extend([1; 64]);
    out.extend([0xFF, kind, 0, 17, 8]);
    out.extend((height as u16).to_be_bytes());
    out.extend((width as u16).to_be_bytes());
    out.extend([3, 1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0]);
    // One code of one bit for both tables.
    for table in [0x00, 0x10] {
        out.extend([0xFF, 0xC4, 0, 20, table, 1]);
        out.extend([0; 16]);
    }
    out.extend([
        0xFF,
        0xDA,
        0,
        12,
        3,
        1,
        0,
        2,
        0,
        3,
        0,
        0,
        if progressive { 0 } else { 63 },
        0,
    ]);
    out.extend([0; 32]);
    out.extend([0xFF, 0xD9]);
    out
}

fn bombs(w: u32, h: u32) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>| all.push((format!("{name} {w} x {h}"), bytes));
    add("png rgba 16", png(w, h, 16, 6, 0));
    add("png grey 1", png(w, h, 1, 0, 0));
    add("interlaced png", png(w, h, 8, 6, 1));
    add("gif screen", gif(w, h, false));
    add("gif picture", gif(w, h, true));
    for kind in 0..3 {
        add(&format!("webp {kind}"), webp(w, h, kind));
    }
    add("qoi", qoi(w, h));
    for compression in [1, 5, 7, 8, 32773] {
        add(
            &format!("tiff {compression}"),
            tiff(w, h, 8, 1, compression),
        );
        add(
            &format!("wide tiff {compression}"),
            tiff(w, h, 16, 3, compression),
        );
    }
    add("dds", dds(w, h, 1));
    add("dds with levels", dds(w, h, 14));
    for scheme in [0, 2, 3] {
        add(&format!("ktx2 {scheme}"), ktx2(w, h, scheme));
    }
    for compression in 0..10 {
        add(&format!("exr {compression}"), exr(w, h, compression));
    }
    let light = format!("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y {h} +X {w}\n");
    add("hdr", [light.as_bytes(), &[0; 64]].concat());
    let runs = [light.as_bytes(), &[1, 1, 1, 255].repeat(16)].concat();
    add("hdr of old runs", runs);
    add("ppm", format!("P6 {w} {h} 65535\n.").into_bytes());
    add("pgm of text", format!("P2 {w} {h} 255\n1 ").into_bytes());
    add("pbm", format!("P4 {w} {h}\n.").into_bytes());
    for (bits, compression) in [(8, 0), (8, 1), (16, 1), (32, 0)] {
        add(
            &format!("psd {bits} {compression}"),
            psd(w, h, bits, compression),
        );
    }
    for (kind, bits) in [(1, 8), (2, 32), (2, 16), (3, 8), (9, 8), (10, 24), (11, 8)] {
        add(&format!("tga {kind} {bits}"), tga(w, h, kind, bits));
    }
    for (bits, compression) in [(1, 0), (8, 0), (8, 1), (4, 2), (16, 0), (24, 0), (32, 0)] {
        add(
            &format!("bmp {bits} {compression}"),
            bmp(w, h, bits, compression),
        );
    }
    add("jpeg", jpeg(w, h, false));
    add("progressive jpeg", jpeg(w, h, true));
    all
}

/// The most that decoding needs by the header of a file: the pixels, what the decoder wants beside them,
/// and the file once more, which some decoders copy.
fn promised(info: &ImageInfo, len: usize) -> u64 {
    let pixels = u64::from(info.width) * u64::from(info.height);
    let texel = (info.decoded_bytes() / pixels.max(1)).max(4);
    pixels * texel + info.decoder_bytes + 2 * len as u64 + (1 << 20)
}

#[test]
fn tiny_files_allocate_no_more_than_their_header_says() {
    let cancel = CancelFlag::new();
    let mut worst: Vec<String> = Vec::new();
    for (width, height) in [
        (SIDE, SIDE),
        (9000, 8000),
        (SIDE, 2),
        (2, SIDE),
        (2000, 1500),
    ] {
        for (name, bytes) in bombs(width, height) {
            assert!(bytes.len() < 1024, "{name} has {} bytes", bytes.len());
            for limits in [ImageLimits::default(), small()] {
                let before = counting::begin();
                let probed = probe(&bytes, "bomb", &limits);
                let probing = counting::peak() - before;
                assert!(probing < 64 << 10, "{name}: {probing} bytes for a header");
                let before = counting::begin();
                let result = decode(&bytes, "bomb", &limits, &Default::default(), &cancel);
                let real = (counting::peak() - before) as u64;
                assert!(
                    !matches!(result, Err(ImageError::DecoderPanicked { .. })),
                    "{name}: {result:?}"
                );
                drop(result);
                match probed {
                    // What is refused costs nothing.
                    Err(error) if real > 64 << 10 => {
                        worst.push(format!("{name}: {real} bytes, and then {error}"));
                    }
                    Err(_) => {}
                    Ok(info) => {
                        let bound =
                            promised(&info, bytes.len()).min(limits.max_decoded_bytes + (2 << 20));
                        if real > bound {
                            worst.push(format!("{name}: {real} bytes, but {bound} were promised"));
                        }
                    }
                }
            }
        }
    }
    assert!(worst.is_empty(), "{worst:#?}");
}

fn small() -> ImageLimits {
    let mut limits = ImageLimits::default();
    limits.max_decoded_bytes = 16 << 20;
    limits
}

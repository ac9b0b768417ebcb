//! Source images, written without the library that reads them.

use super::Seeded;

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |mut crc, &byte| {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1));
        }
        crc
    })
}

/// A zlib stream of stored blocks.
fn zlib(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let mut rest = data;
    loop {
        let (part, others) = rest.split_at(rest.len().min(65_535));
        rest = others;
        out.push(u8::from(rest.is_empty()));
        out.extend((part.len() as u16).to_le_bytes());
        out.extend((!(part.len() as u16)).to_le_bytes());
        out.extend(part);
        if rest.is_empty() {
            break;
        }
    }
    let (mut a, mut b) = (1_u32, 0_u32);
    for &byte in data {
        a = (a + u32::from(byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    out.extend((b << 16 | a).to_be_bytes());
    out
}

/// A chunk of a PNG.
pub fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut out = (content.len() as u32).to_be_bytes().to_vec();
    out.extend(name);
    out.extend(content);
    out.extend(crc32(&out[4..]).to_be_bytes());
    out
}

/// The first bytes of every PNG.
pub const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The header chunk of a PNG; colour 0 is grey, 2 RGB, 3 a palette, 6 RGBA.
pub fn ihdr(width: u32, height: u32, bits: u8, color: u8) -> Vec<u8> {
    let mut header = width.to_be_bytes().to_vec();
    header.extend(height.to_be_bytes());
    header.extend([bits, color, 0, 0, 0]);
    chunk(b"IHDR", &header)
}

/// A PNG from complete chunks.
pub fn png_of(chunks: &[Vec<u8>]) -> Vec<u8> {
    [PNG_SIGNATURE, &chunks.concat()].concat()
}

/// A PNG of whole bytes for each channel: `pixels` is rows of pixels of `channels` bytes.
pub fn png(width: u32, channels: u8, pixels: &[u8]) -> Vec<u8> {
    let pitch = width as usize * usize::from(channels);
    let height = (pixels.len() / pitch) as u32;
    let color = [0, 4, 2, 6][usize::from(channels) - 1];
    let rows: Vec<u8> = pixels
        .chunks(pitch)
        .flat_map(|row| [&[0], row].concat())
        .collect();
    png_of(&[
        ihdr(width, height, 8, color),
        chunk(b"IDAT", &zlib(&rows)),
        chunk(b"IEND", &[]),
    ])
}

/// A PNG without compression: soft shapes and noise, another picture for each seed.
pub fn picture(width: u32, height: u32, seed: u64) -> Vec<u8> {
    png(width, 3, &texels(width, height, seed))
}

/// The RGB texels of [`picture`].
pub fn texels(width: u32, height: u32, seed: u64) -> Vec<u8> {
    let mut noise = Seeded(seed);
    let mut texels = Vec::with_capacity((width * height * 3) as usize);
    for y in 0..height {
        for x in 0..width {
            let grain = noise.below(24) as u32;
            let phase = seed as u32 * 7;
            texels.push(((x * 3 + phase) / 2 % 200 + grain) as u8);
            texels.push(((y * 5 + phase) / 3 % 200 + grain) as u8);
            texels.push(((x + y + phase) % 220 + grain) as u8);
        }
    }
    texels
}

/// A bitmap of 24 bits.
pub fn bmp(width: i32, height: i32, seed: u64) -> Vec<u8> {
    let (columns, rows) = (width.unsigned_abs(), height.unsigned_abs());
    let pitch = (columns * 3).next_multiple_of(4);
    let mut bytes = b"BM".to_vec();
    let size = 54_u32.wrapping_add(pitch.wrapping_mul(rows));
    for word in [size, 0, 54, 40, width as u32, height as u32] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend([1, 0, 24, 0]);
    bytes.extend([0; 24]);
    // A header that lies gets no pixels.
    if columns > 0 && u64::from(columns) * u64::from(rows) < 1 << 24 {
        for row in texels(columns, rows, seed).chunks(columns as usize * 3) {
            bytes.extend(row);
            bytes.extend(vec![0; pitch as usize - row.len()]);
        }
    }
    bytes
}

/// A TGA of 24 bits.
pub fn tga(width: u16, height: u16, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend(width.to_le_bytes());
    bytes.extend(height.to_le_bytes());
    bytes.extend([24, 0x20]);
    if u32::from(width) * u32::from(height) < 1 << 24 {
        bytes.extend(texels(width.into(), height.into(), seed));
    }
    bytes
}

/// A Radiance image without compression.
pub fn hdr(width: u32, height: u32, seed: u64) -> Vec<u8> {
    let head = format!("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y {height} +X {width}\n");
    let mut bytes = head.into_bytes();
    if u64::from(width) * u64::from(height) < 1 << 24 {
        for texel in texels(width, height, seed).chunks(3) {
            // Mantissas of 128 and more: no texel looks like the start of a run.
            bytes.extend([texel[0] | 0x80, texel[1] | 0x80, texel[2] | 0x80, 129]);
        }
    }
    bytes
}

//! PNG headers (ISO/IEC 15948).

use super::probe::{array, field};
use super::{Channels, Depth, ImageError, ImageFormat, ImageInfo, capacity};

pub(super) const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n'];

fn corrupt(reason: String) -> ImageError {
    ImageError::Corrupt {
        format: ImageFormat::Png,
        reason,
    }
}

/// Reads the IHDR chunk, which must come first.
pub(super) fn probe(bytes: &[u8]) -> Result<ImageInfo, ImageError> {
    let kind: [u8; 4] = array(bytes, 12)?;
    if &kind == b"CgBI" {
        return Err(ImageError::Unsupported {
            format: "PNG",
            feature: "Apple's CgBI extension".to_owned(),
        });
    }
    let length = u32::from_be_bytes(array(bytes, 8)?);
    if &kind != b"IHDR" || length != 13 {
        return Err(corrupt("the first chunk is no IHDR of 13 bytes".to_owned()));
    }
    let width = u32::from_be_bytes(array(bytes, 16)?);
    let height = u32::from_be_bytes(array(bytes, 20)?);
    let [bits, color, compression, filter, interlace] = array(bytes, 24)?;
    let limit = 1 << 31;
    if width == 0 || height == 0 || width >= limit || height >= limit {
        return Err(corrupt(format!("its dimensions are {width} x {height}")));
    }
    let channels = match (color, bits) {
        (0, 1 | 2 | 4 | 8 | 16) => Channels::Grey,
        (2, 8 | 16) => Channels::Rgb,
        (3, 1 | 2 | 4 | 8) => Channels::Rgb,
        (4, 8 | 16) => Channels::GreyAlpha,
        (6, 8 | 16) => Channels::Rgba,
        _ => {
            return Err(corrupt(format!(
                "{bits} bits with colour type {color} do not exist"
            )));
        }
    };
    if compression != 0 || filter != 0 || interlace > 1 {
        return Err(corrupt(format!(
            "compression {compression}, filter {filter} or interlace {interlace} is unknown"
        )));
    }
    let depth = if bits == 16 {
        Depth::Sixteen
    } else {
        Depth::Eight
    };
    let row = u64::from(width) * 4 * depth.bytes() as u64;
    Ok(ImageInfo {
        format: ImageFormat::Png,
        width,
        height,
        channels,
        depth,
        // Two rows, the window and the buffers of the decompressor, and small chunks.
        decoder_bytes: 4 * row + (1 << 20),
    })
}

/// The bytes of all rows before they are compressed. Interlaced pictures have a few more.
fn row_bytes(bytes: &[u8]) -> Result<u64, ImageError> {
    let (width, height) = (
        u32::from_be_bytes(array(bytes, 16)?),
        u32::from_be_bytes(array(bytes, 20)?),
    );
    let [bits, color] = array(bytes, 24)?;
    let samples = match color {
        2 => 3,
        4 => 2,
        6 => 4,
        _ => 1,
    };
    let row = (u64::from(width) * u64::from(bits) * samples).div_ceil(8) + 1;
    Ok(row.saturating_mul(height.into()))
}

/// Walks the chunks of a whole file and checks that its end marker is there, and that its data can hold
/// the picture. Decoders do not look beyond the last row, and so would take a file for complete that
/// has lost its end.
pub(super) fn check_complete(bytes: &[u8]) -> Result<(), ImageError> {
    let mut offset = SIGNATURE.len();
    let mut data = 0;
    loop {
        let chunk = field(bytes, offset, 8).and_then(|_| {
            let length = u32::from_be_bytes(array(bytes, offset)?) as usize;
            let kind: [u8; 4] = array(bytes, offset + 4)?;
            field(bytes, offset, length.saturating_add(12))?;
            Ok((length, kind))
        });
        match chunk {
            Ok((_, kind)) if &kind == b"IEND" => {
                if data == 0 {
                    return Err(corrupt("it has no picture".to_owned()));
                }
                let promised = row_bytes(bytes)?;
                return capacity::check(ImageFormat::Png, data, capacity::DEFLATE, promised);
            }
            Ok((length, kind)) => {
                if &kind == b"IDAT" {
                    data += length as u64;
                }
                offset += length + 12;
            }
            Err(_) => {
                return Err(ImageError::Truncated {
                    format: ImageFormat::Png,
                    reason: format!(
                        "the chunk at byte {offset} of {} is incomplete and no IEND chunk follows",
                        bytes.len()
                    ),
                });
            }
        }
    }
}

//! BMP headers.

use super::probe::array;
use super::{Channels, Depth, ImageError, ImageFormat, ImageInfo, capacity};

/// Sizes of the known information headers: OS/2 1 and 2, Windows 3, its extensions, 4 and 5.
const HEADER_SIZES: [u32; 8] = [12, 16, 40, 52, 56, 64, 108, 124];
/// Where the information header begins.
const INFO: usize = 14;

fn corrupt(reason: String) -> ImageError {
    ImageError::Corrupt {
        format: ImageFormat::Bmp,
        reason,
    }
}

/// Checks that a whole file can hold its rows, if they are not run-length coded.
pub(super) fn check_complete(bytes: &[u8]) -> Result<(), ImageError> {
    let info = probe(bytes)?;
    let size = u32::from_le_bytes(array(bytes, INFO)?);
    let [b0, b1] = array(bytes, INFO + if size == 12 { 10 } else { 14 })?;
    // The short headers of OS/2 know no coding.
    let coding = if size < 40 {
        0
    } else {
        u32::from_le_bytes(array(bytes, INFO + 16)?)
    };
    if matches!(coding, 1 | 2) {
        return Ok(());
    }
    let row = (u64::from(info.width) * u64::from(u16::from_le_bytes([b0, b1]))).div_ceil(8);
    // Rows are padded to four bytes; some writers leave the last padding out.
    let rows = row.next_multiple_of(4) * u64::from(info.height - 1) + row;
    let begin = u64::from(u32::from_le_bytes(array(bytes, 10)?));
    let stored = (bytes.len() as u64).saturating_sub(begin);
    capacity::check(ImageFormat::Bmp, stored, 1, rows)
}

/// Whether the two letters are followed by an information header of a known size, as far as the bytes
/// reach.
pub(super) fn looks_like(bytes: &[u8]) -> bool {
    bytes.starts_with(b"BM")
        && match array(bytes, INFO) {
            Ok(size) => HEADER_SIZES.contains(&u32::from_le_bytes(size)),
            Err(_) => true,
        }
}

/// Reads the information header.
pub(super) fn probe(bytes: &[u8]) -> Result<ImageInfo, ImageError> {
    let size = u32::from_le_bytes(array(bytes, INFO)?);
    let (width, height, planes, bits) = if size == 12 {
        (
            i32::from(i16::from_le_bytes(array(bytes, INFO + 4)?)),
            i32::from(i16::from_le_bytes(array(bytes, INFO + 6)?)),
            u16::from_le_bytes(array(bytes, INFO + 8)?),
            u16::from_le_bytes(array(bytes, INFO + 10)?),
        )
    } else {
        (
            i32::from_le_bytes(array(bytes, INFO + 4)?),
            i32::from_le_bytes(array(bytes, INFO + 8)?),
            u16::from_le_bytes(array(bytes, INFO + 12)?),
            u16::from_le_bytes(array(bytes, INFO + 14)?),
        )
    };
    // A negative height means that the top row comes first.
    if width <= 0 || height == 0 || height == i32::MIN {
        return Err(corrupt(format!("its dimensions are {width} x {height}")));
    }
    if planes != 1 {
        return Err(corrupt(format!("it has {planes} planes instead of one")));
    }
    if !matches!(bits, 1 | 2 | 4 | 8 | 16 | 24 | 32) {
        return Err(corrupt(format!("it has {bits} bits per pixel")));
    }
    let (width, height) = (width.unsigned_abs(), height.unsigned_abs());
    Ok(ImageInfo {
        format: ImageFormat::Bmp,
        width,
        height,
        channels: if matches!(bits, 16 | 32) {
            Channels::Rgba
        } else {
            Channels::Rgb
        },
        depth: Depth::Eight,
        decoder_bytes: u64::from(width) * 8 + (1 << 16),
    })
}

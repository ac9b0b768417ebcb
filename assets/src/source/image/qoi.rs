//! QOI headers and chunks (The Quite OK Image Format, version 1.0).

use super::probe::array;
use super::{Channels, Depth, ImageError, ImageFormat, ImageInfo};

pub(super) const SIGNATURE: [u8; 4] = *b"qoif";
const HEADER_BYTES: usize = 14;
/// What stands behind the last pixel.
const END: [u8; 8] = [0, 0, 0, 0, 0, 0, 0, 1];

fn corrupt(reason: impl Into<String>) -> ImageError {
    ImageError::Corrupt {
        format: ImageFormat::Qoi,
        reason: reason.into(),
    }
}

/// Reads the header.
pub(super) fn probe(bytes: &[u8]) -> Result<ImageInfo, ImageError> {
    let header: [u8; HEADER_BYTES] = array(bytes, 0)?;
    let [_, _, _, _, w0, w1, w2, w3, h0, h1, h2, h3, channels, space] = header;
    let (width, height) = (
        u32::from_be_bytes([w0, w1, w2, w3]),
        u32::from_be_bytes([h0, h1, h2, h3]),
    );
    if width == 0 || height == 0 {
        return Err(corrupt(format!("its dimensions are {width} x {height}")));
    }
    if space > 1 {
        return Err(corrupt(format!("its colour space {space} is unknown")));
    }
    Ok(ImageInfo {
        format: ImageFormat::Qoi,
        width,
        height,
        channels: match channels {
            3 => Channels::Rgb,
            4 => Channels::Rgba,
            _ => return Err(corrupt(format!("it has {channels} channels"))),
        },
        depth: Depth::Eight,
        decoder_bytes: 1 << 16,
    })
}

/// Walks the chunks of a whole file and checks that they make up the picture and that the end marker
/// is there.
pub(super) fn check_complete(bytes: &[u8]) -> Result<(), ImageError> {
    let info = probe(bytes)?;
    let mut missing = u64::from(info.width) * u64::from(info.height);
    let mut offset = HEADER_BYTES;
    while missing > 0 {
        let Some(&op) = bytes.get(offset) else {
            return Err(truncated(bytes, missing));
        };
        let (len, pixels) = match op {
            0xFE => (4, 1),
            0xFF => (5, 1),
            0xC0.. => (1, u64::from(op & 0x3F) + 1),
            0x80.. => (2, 1),
            _ => (1, 1),
        };
        missing = missing.saturating_sub(pixels);
        offset += len;
    }
    let rest = bytes.get(offset..).unwrap_or_default();
    if rest.starts_with(&END) {
        Ok(())
    } else if rest.len() < END.len() {
        Err(truncated(bytes, 0))
    } else {
        Err(corrupt("there is no end marker behind its pixels"))
    }
}

fn truncated(bytes: &[u8], missing: u64) -> ImageError {
    ImageError::Truncated {
        format: ImageFormat::Qoi,
        reason: format!(
            "{missing} pixels and the end marker are missing behind its {} bytes",
            bytes.len()
        ),
    }
}

//! WebP headers (RIFF, VP8, VP8L and VP8X chunks; RFC 9649).
//!
//! An Exif orientation is not applied: it stands behind the picture, and so is not known when the
//! dimensions are needed.

use super::probe::{array, field};
use super::{Channels, Depth, ImageError, ImageFormat, ImageInfo};

/// What is read before the picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) info: ImageInfo,
    /// Several pictures, of which the first is read.
    pub(super) animated: bool,
}

/// Where the first chunk begins.
const CHUNKS: usize = 12;

fn corrupt(reason: impl Into<String>) -> ImageError {
    ImageError::Corrupt {
        format: ImageFormat::WebP,
        reason: reason.into(),
    }
}

/// Whether the two marks of a WebP stand here.
pub(super) fn looks_like(bytes: &[u8]) -> bool {
    bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP")
}

/// Reads the first chunk.
pub(super) fn probe(bytes: &[u8]) -> Result<Header, ImageError> {
    let kind: [u8; 4] = array(bytes, CHUNKS)?;
    let data = CHUNKS + 8;
    let (width, height, alpha, animated) = match &kind {
        b"VP8 " => {
            let [tag, _, _, s0, s1, s2, w0, w1, h0, h1] = array(bytes, data)?;
            if tag & 1 != 0 || [s0, s1, s2] != [0x9D, 0x01, 0x2A] {
                return Err(corrupt("its picture does not begin with a key frame"));
            }
            let side = |bytes| u32::from(u16::from_le_bytes(bytes) & 0x3FFF);
            (side([w0, w1]), side([h0, h1]), false, false)
        }
        b"VP8L" => {
            let [signature, b0, b1, b2, b3] = array(bytes, data)?;
            if signature != 0x2F {
                return Err(corrupt("its lossless picture has no signature"));
            }
            let bits = u32::from_le_bytes([b0, b1, b2, b3]);
            let (width, height) = ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1);
            (width, height, bits >> 28 & 1 == 1, false)
        }
        b"VP8X" => {
            let [flags, _, _, _, w0, w1, w2, h0, h1, h2] = array(bytes, data)?;
            let side = |a, b, c| u32::from_le_bytes([a, b, c, 0]) + 1;
            let animated = flags & 0x02 != 0;
            (
                side(w0, w1, w2),
                side(h0, h1, h2),
                flags & 0x10 != 0,
                animated,
            )
        }
        other => {
            return Err(corrupt(format!(
                "its first chunk is `{}`",
                String::from_utf8_lossy(other)
            )));
        }
    };
    if width == 0 || height == 0 {
        return Err(corrupt(format!("its dimensions are {width} x {height}")));
    }
    let pixels = u64::from(width) * u64::from(height);
    Ok(Header {
        info: ImageInfo {
            format: ImageFormat::WebP,
            width,
            height,
            channels: if alpha { Channels::Rgba } else { Channels::Rgb },
            depth: Depth::Eight,
            // Planes of a frame, transform data, and a picture of an animation beside the screen.
            decoder_bytes: pixels.saturating_mul(8).saturating_add(1 << 20),
        },
        animated,
    })
}

/// Walks the chunks of a whole file: all of them must lie inside.
pub(super) fn check_complete(bytes: &[u8]) -> Result<(), ImageError> {
    let truncated = |what: String| ImageError::Truncated {
        format: ImageFormat::WebP,
        reason: what,
    };
    let declared = u64::from(u32::from_le_bytes(array(bytes, 4)?)) + 8;
    if declared > bytes.len() as u64 {
        return Err(truncated(format!(
            "it has {declared} bytes by its own account, but there are {}",
            bytes.len()
        )));
    }
    // The length is one of memory.
    let bytes = &bytes[..declared as usize];
    let mut offset = CHUNKS;
    while offset < bytes.len() {
        let chunk = field(bytes, offset, 8).and_then(|_| {
            let len = u32::from_le_bytes(array(bytes, offset + 4)?) as usize;
            field(bytes, offset + 8, len)?;
            Ok(len)
        });
        let Ok(len) = chunk else {
            return Err(truncated(format!(
                "its chunk at byte {offset} is incomplete"
            )));
        };
        offset += 8 + len + len % 2;
    }
    Ok(())
}

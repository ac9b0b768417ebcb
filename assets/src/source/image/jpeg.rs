//! JPEG headers (ISO/IEC 10918-1), Exif orientation and the end-of-image marker.

use super::probe::{array, field};
use super::{Channels, Depth, ImageError, ImageFormat, ImageInfo, capacity};
use image::metadata::Orientation;

/// What is read before the first scan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) info: ImageInfo,
    /// How the stored picture must be turned to stand upright.
    pub(super) orientation: Orientation,
    /// Four ink channels.
    pub(super) cmyk: bool,
}

fn corrupt(reason: String) -> ImageError {
    ImageError::Corrupt {
        format: ImageFormat::Jpeg,
        reason,
    }
}

fn unsupported(feature: &str) -> ImageError {
    ImageError::Unsupported {
        format: "JPEG",
        feature: feature.to_owned(),
    }
}

/// Whether a marker stands alone, without a segment behind it.
fn is_standalone(marker: u8) -> bool {
    matches!(marker, 0x01 | 0xD0..=0xD9)
}

/// The marker at or behind `offset`, fill bytes skipped, and the offset behind it.
fn marker(bytes: &[u8], mut offset: usize) -> Result<(u8, usize), ImageError> {
    let [lead] = array(bytes, offset)?;
    if lead != 0xFF {
        return Err(corrupt(format!("there is no marker at byte {offset}")));
    }
    loop {
        offset += 1;
        let [byte] = array(bytes, offset)?;
        if byte != 0xFF {
            return Ok((byte, offset + 1));
        }
    }
}

/// Reads segments up to the frame header.
pub(super) fn probe(bytes: &[u8]) -> Result<Header, ImageError> {
    let mut offset = 2;
    let mut orientation = Orientation::NoTransforms;
    loop {
        let (kind, start) = marker(bytes, offset)?;
        if is_standalone(kind) {
            if kind == 0xD9 {
                return Err(corrupt("it ends before its frame header".to_owned()));
            }
            offset = start;
            continue;
        }
        let length = usize::from(u16::from_be_bytes(array(bytes, start)?));
        if length < 2 {
            return Err(corrupt(format!(
                "the segment at byte {start} has no room for its own length"
            )));
        }
        match kind {
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                return frame(kind, field(bytes, start, length)?, orientation);
            }
            0xDA => return Err(corrupt("a scan precedes the frame header".to_owned())),
            0xE1 => {
                let segment = field(bytes, start, length)?;
                if let Some(exif) = segment[2..].strip_prefix(b"Exif\0\0")
                    && let Some(found) = Orientation::from_exif_chunk(exif)
                {
                    orientation = found;
                }
            }
            _ => {}
        }
        offset = start + length;
    }
}

/// Reads a frame header, its length included.
fn frame(kind: u8, segment: &[u8], orientation: Orientation) -> Result<Header, ImageError> {
    match kind {
        0xC0..=0xC2 => {}
        0xC3 | 0xC7 | 0xCB | 0xCF => return Err(unsupported("lossless coding")),
        0xC9..=0xCE => return Err(unsupported("arithmetic coding")),
        _ => return Err(unsupported("hierarchical coding")),
    }
    let &[_, _, precision, h1, h0, w1, w0, components, ..] = segment else {
        return Err(corrupt("its frame header is too short".to_owned()));
    };
    let (width, height) = (u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]));
    if precision != 8 {
        return Err(unsupported(&format!("{precision} bits per channel")));
    }
    if width == 0 {
        return Err(corrupt("its width is zero".to_owned()));
    }
    if height == 0 {
        return Err(unsupported("a height that is given after the picture"));
    }
    let channels = match components {
        1 => Channels::Grey,
        3 | 4 => Channels::Rgb,
        _ => return Err(unsupported(&format!("{components} components"))),
    };
    let pixels = u64::from(width) * u64::from(height);
    // The picture is padded to whole units of at most 32 x 32 texels.
    let padded = (u64::from(width) + 32) * (u64::from(height) + 32);
    let mut decoder_bytes = (u64::from(width) + 32) * 64 * 4 * u64::from(components) + (1 << 20);
    if kind == 0xC2 {
        // A progressive picture is collected as 16-bit coefficients.
        decoder_bytes += padded * 2 * u64::from(components);
    }
    let (mut w, mut h) = (u32::from(width), u32::from(height));
    if super::orient::transposes(orientation) {
        (w, h) = (h, w);
        decoder_bytes += pixels * 4;
    }
    Ok(Header {
        info: ImageInfo {
            format: ImageFormat::Jpeg,
            width: w,
            height: h,
            channels,
            depth: Depth::Eight,
            decoder_bytes,
        },
        orientation,
        cmyk: components == 4,
    })
}

/// Walks a whole file and checks that its end marker is there, and that it can hold the picture. The
/// decoder would fill what is missing with grey and say nothing.
pub(super) fn check_complete(bytes: &[u8]) -> Result<(), ImageError> {
    let info = probe(bytes)?.info;
    let pixels = u64::from(info.width) * u64::from(info.height);
    capacity::check(
        ImageFormat::Jpeg,
        bytes.len() as u64,
        capacity::JPEG,
        pixels,
    )?;
    walk_to_end(bytes).map_err(|error| match error {
        ImageError::NeedMoreBytes { .. } => ImageError::Truncated {
            format: ImageFormat::Jpeg,
            reason: format!("there is no end marker in its {} bytes", bytes.len()),
        },
        other => other,
    })
}

fn walk_to_end(bytes: &[u8]) -> Result<(), ImageError> {
    let mut offset = 2;
    loop {
        let (kind, start) = marker(bytes, offset)?;
        if kind == 0xD9 {
            return Ok(());
        }
        if is_standalone(kind) {
            offset = start;
            continue;
        }
        let length = usize::from(u16::from_be_bytes(array(bytes, start)?));
        if length < 2 {
            return Err(corrupt(format!(
                "the segment at byte {start} has no room for its own length"
            )));
        }
        offset = start + length;
        if kind == 0xDA {
            // Entropy-coded data: a marker is an FF that neither a zero nor a restart marker follows.
            loop {
                let rest = bytes.get(offset..).unwrap_or_default();
                let found = rest.iter().position(|&b| b == 0xFF).map(|at| offset + at);
                let at = found.ok_or(ImageError::NeedMoreBytes {
                    at_least: bytes.len() as u64 + 2,
                })?;
                let [next] = array(bytes, at + 1)?;
                offset = at;
                if next == 0xFF {
                    offset += 1;
                } else if next == 0 || matches!(next, 0xD0..=0xD7) {
                    offset += 2;
                } else {
                    break;
                }
            }
        }
    }
}

//! Radiance HDR headers.

use super::{Channels, Depth, ImageError, ImageFormat, ImageInfo, capacity};

/// A header that is longer than this belongs to no picture.
const LONGEST_HEADER: usize = 1 << 20;

fn corrupt(reason: &str) -> ImageError {
    ImageError::Corrupt {
        format: ImageFormat::Hdr,
        reason: reason.to_owned(),
    }
}

/// Reads the lines of the header and the line of dimensions behind it.
pub(super) fn probe(bytes: &[u8]) -> Result<ImageInfo, ImageError> {
    let mut offset = 0;
    loop {
        let (line, next) = line(bytes, offset)?;
        offset = next;
        if line.is_empty() {
            break;
        }
        if let Some(format) = line.strip_prefix(b"FORMAT=")
            && format.trim_ascii() != b"32-bit_rle_rgbe"
        {
            return Err(ImageError::Unsupported {
                format: "Radiance HDR",
                feature: format!(
                    "pixels of the format `{}`",
                    String::from_utf8_lossy(format.trim_ascii())
                ),
            });
        }
    }
    let (dimensions, _) = line(bytes, offset)?;
    let words: Vec<&[u8]> = dimensions
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .collect();
    let &[first, rows, second, columns] = words.as_slice() else {
        return Err(corrupt("its line of dimensions has not four words"));
    };
    if (first, second) != (b"-Y", b"+X") {
        return Err(ImageError::Unsupported {
            format: "Radiance HDR",
            feature: "rows that do not run from the top left".to_owned(),
        });
    }
    let number = |word: &[u8]| {
        std::str::from_utf8(word)
            .ok()
            .and_then(|word| word.parse::<u32>().ok())
            .filter(|&value| value > 0)
            .ok_or_else(|| corrupt("a dimension is no positive number"))
    };
    let (width, height) = (number(columns)?, number(rows)?);
    Ok(ImageInfo {
        format: ImageFormat::Hdr,
        width,
        height,
        channels: Channels::Rgb,
        depth: Depth::Float,
        decoder_bytes: u64::from(width) * 8 + (1 << 16),
    })
}

/// Checks that a whole file can hold its rows, each of which begins with four bytes at least.
pub(super) fn check_complete(bytes: &[u8]) -> Result<(), ImageError> {
    let info = probe(bytes)?;
    capacity::check(
        ImageFormat::Hdr,
        bytes.len() as u64,
        1,
        u64::from(info.height) * 4,
    )
}

/// The line at `offset`, without its end, and where the next one begins.
fn line(bytes: &[u8], offset: usize) -> Result<(&[u8], usize), ImageError> {
    let rest = bytes.get(offset..).unwrap_or_default();
    match rest.iter().position(|&b| b == b'\n') {
        Some(len) => Ok((&rest[..len], offset + len + 1)),
        None if bytes.len() > LONGEST_HEADER => Err(corrupt("its header does not end")),
        None => Err(ImageError::NeedMoreBytes {
            at_least: bytes.len() as u64 + 1,
        }),
    }
}

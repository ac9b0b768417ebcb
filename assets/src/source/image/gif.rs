//! GIF headers (`GIF89a`). The first picture of an animation is read.

use super::probe::array;
use super::{Channels, Depth, ImageError, ImageFormat, ImageInfo, capacity};

/// Where the blocks begin, if there is no global palette.
const BLOCKS: usize = 13;

fn corrupt(reason: String) -> ImageError {
    ImageError::Corrupt {
        format: ImageFormat::Gif,
        reason,
    }
}

/// Reads the logical screen, which is the size of the picture.
pub(super) fn probe(bytes: &[u8]) -> Result<ImageInfo, ImageError> {
    let [w0, w1, h0, h1] = array(bytes, 6)?;
    let (width, height) = (
        u32::from(u16::from_le_bytes([w0, w1])),
        u32::from(u16::from_le_bytes([h0, h1])),
    );
    if width == 0 || height == 0 {
        return Err(corrupt(format!("its dimensions are {width} x {height}")));
    }
    let pixels = u64::from(width) * u64::from(height);
    Ok(ImageInfo {
        format: ImageFormat::Gif,
        width,
        height,
        // Any picture may leave texels out, which are transparent then.
        channels: Channels::Rgba,
        depth: Depth::Eight,
        // A picture that does not fill the screen is decoded beside it.
        decoder_bytes: pixels * 5 + (1 << 20),
    })
}

/// What was found out by walking through a whole file.
pub(super) struct Blocks {
    /// Pictures; more than one are an animation.
    pub(super) pictures: usize,
}

/// Walks the blocks of a whole file and checks that its end marker is there, that the first picture
/// lies inside the screen, and that its data can hold it.
pub(super) fn check_complete(bytes: &[u8]) -> Result<Blocks, ImageError> {
    let screen = probe(bytes)?;
    walk(bytes, &screen).map_err(|error| match error {
        ImageError::NeedMoreBytes { .. } => ImageError::Truncated {
            format: ImageFormat::Gif,
            reason: format!("there is no end marker in its {} bytes", bytes.len()),
        },
        other => other,
    })
}

fn walk(bytes: &[u8], screen: &ImageInfo) -> Result<Blocks, ImageError> {
    let [flags] = array(bytes, 10)?;
    let mut offset = BLOCKS + palette_bytes(flags);
    let mut pictures = 0;
    loop {
        let [kind] = array(bytes, offset)?;
        match kind {
            // An extension: its label, and blocks.
            0x21 => offset = skip_blocks(bytes, offset + 2)?,
            0x2C => {
                let [x0, x1, y0, y1, w0, w1, h0, h1, flags] = array(bytes, offset + 1)?;
                let far = |at: [u8; 2], size: [u8; 2]| {
                    u32::from(u16::from_le_bytes(at)) + u32::from(u16::from_le_bytes(size))
                };
                let (right, bottom) = (far([x0, x1], [w0, w1]), far([y0, y1], [h0, h1]));
                if pictures == 0 && (right > screen.width || bottom > screen.height) {
                    return Err(corrupt("its picture is larger than its screen".to_owned()));
                }
                // A palette of its own, the size of codes, and blocks.
                let data = offset + 10 + palette_bytes(flags) + 1;
                offset = skip_blocks(bytes, data)?;
                if pictures == 0 {
                    let side = |size: [u8; 2]| u64::from(u16::from_le_bytes(size));
                    let pixels = side([w0, w1]) * side([h0, h1]);
                    let stored = (offset - data) as u64;
                    capacity::check(ImageFormat::Gif, stored, capacity::LZW, pixels)?;
                }
                pictures += 1;
            }
            0x3B if pictures > 0 => return Ok(Blocks { pictures }),
            0x3B => return Err(corrupt("it has no picture".to_owned())),
            other => {
                return Err(corrupt(format!(
                    "the block at byte {offset} is of the unknown kind {other:#x}"
                )));
            }
        }
    }
}

/// The palette that flags announce.
fn palette_bytes(flags: u8) -> usize {
    if flags & 0x80 == 0 {
        0
    } else {
        3 << ((flags & 7) + 1)
    }
}

/// Skips blocks up to the empty one.
fn skip_blocks(bytes: &[u8], mut offset: usize) -> Result<usize, ImageError> {
    loop {
        let [len] = array(bytes, offset)?;
        offset += 1 + usize::from(len);
        if len == 0 {
            return Ok(offset);
        }
    }
}

//! TGA headers (Truevision TGA 2.0).
//!
//! The format has no signature, so a header is taken for TGA only when every field makes sense. The
//! second byte of a TGA is 0 or 1, which no text contains.

use super::probe::array;
use super::{Channels, Depth, ImageError, ImageFormat, ImageInfo};

pub(super) const HEADER_BYTES: usize = 18;

/// Kinds of pictures: palette, true colour and grey, plain and run-length coded.
const PALETTE: [u8; 2] = [1, 9];
const COLOR: [u8; 2] = [2, 10];
const GREY: [u8; 2] = [3, 11];

struct Header {
    id_bytes: usize,
    map_type: u8,
    kind: u8,
    map_entries: u16,
    map_entry_bits: u8,
    width: u16,
    height: u16,
    bits: u8,
    descriptor: u8,
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Self, ImageError> {
        let h: [u8; HEADER_BYTES] = array(bytes, 0)?;
        let u16_at = |i: usize| u16::from_le_bytes([h[i], h[i + 1]]);
        Ok(Self {
            id_bytes: usize::from(h[0]),
            map_type: h[1],
            kind: h[2],
            map_entries: u16_at(5),
            map_entry_bits: h[7],
            width: u16_at(12),
            height: u16_at(14),
            bits: h[16],
            descriptor: h[17],
        })
    }

    fn attribute_bits(&self) -> u8 {
        self.descriptor & 0x0F
    }

    /// The first rule that a field breaks, if any does.
    fn fault(&self) -> Option<&'static str> {
        if self.map_type > 1 {
            return Some("its colour map type is neither 0 nor 1");
        }
        let entry_is_known = matches!(self.map_entry_bits, 15 | 16 | 24 | 32);
        if self.map_type == 1 && (self.map_entries == 0 || !entry_is_known) {
            return Some("its colour map has no entries, or entries of an unknown size");
        }
        if self.map_type == 0
            && (self.map_entries != 0 || self.map_entry_bits != 0)
            && !self.is_sloppy()
        {
            return Some("it describes a colour map that it does not have");
        }
        let attribute_bits = self.attribute_bits();
        let depth_is_known = if PALETTE.contains(&self.kind) {
            self.map_type == 1
                && matches!(self.bits, 8 | 16)
                && attribute_bits <= 8
                && attribute_bits <= self.map_entry_bits
        } else if COLOR.contains(&self.kind) {
            match self.bits {
                15 => attribute_bits == 0,
                16 => attribute_bits <= 1,
                24 => attribute_bits == 0,
                32 => attribute_bits == 0 || attribute_bits == 8,
                _ => false,
            }
        } else if GREY.contains(&self.kind) {
            match self.bits {
                8 => attribute_bits == 0 || attribute_bits == 8,
                16 => attribute_bits == 8,
                _ => false,
            }
        } else {
            return Some("its image type is unknown");
        };
        if !depth_is_known {
            return Some("its bits per pixel do not fit its image type");
        }
        if self.descriptor & 0xC0 != 0 {
            return Some("it is interleaved");
        }
        if self.width == 0 || self.height == 0 {
            return Some("a dimension is zero");
        }
        None
    }

    /// Some writers leave the size of an entry behind in pictures without a colour map.
    fn is_sloppy(&self) -> bool {
        self.map_entries == 0 && matches!(self.map_entry_bits, 15 | 16 | 24 | 32)
    }
}

/// Whether the header of a TGA stands here.
pub(super) fn looks_like(bytes: &[u8]) -> bool {
    Header::read(bytes).is_ok_and(|header| header.fault().is_none())
}

/// Whether less than a header may still grow into one.
pub(super) fn may_become(bytes: &[u8]) -> bool {
    bytes.get(1).is_none_or(|&map_type| map_type <= 1)
        && bytes.get(2).is_none_or(|kind| {
            PALETTE.contains(kind) || COLOR.contains(kind) || GREY.contains(kind)
        })
}

/// Reads the header.
pub(super) fn probe(bytes: &[u8]) -> Result<ImageInfo, ImageError> {
    let header = Header::read(bytes)?;
    if let Some(reason) = header.fault() {
        return Err(ImageError::Corrupt {
            format: ImageFormat::Tga,
            reason: reason.to_owned(),
        });
    }
    let channels = if GREY.contains(&header.kind) {
        if header.bits == 16 {
            Channels::GreyAlpha
        } else {
            Channels::Grey
        }
    } else {
        let bits = if PALETTE.contains(&header.kind) {
            header.map_entry_bits
        } else {
            header.bits
        };
        if bits == 32 {
            Channels::Rgba
        } else {
            Channels::Rgb
        }
    };
    let (width, height) = (u32::from(header.width), u32::from(header.height));
    let map = u64::from(header.map_entries) * 4;
    let indices = if PALETTE.contains(&header.kind) || header.bits < 24 {
        // Indices and packed colours are expanded from a copy.
        u64::from(width) * u64::from(height) * u64::from(header.bits.div_ceil(8))
    } else {
        0
    };
    Ok(ImageInfo {
        format: ImageFormat::Tga,
        width,
        height,
        channels,
        depth: Depth::Eight,
        decoder_bytes: map * 2 + indices + (1 << 16),
    })
}

/// Checks that a whole file can hold its pixels: exactly for plain ones, and for run-length coded ones
/// that every run of 128 has its packet.
pub(super) fn check_complete(bytes: &[u8]) -> Result<(), ImageError> {
    let header = Header::read(bytes)?;
    let pixels = u64::from(header.width) * u64::from(header.height);
    let texel = u64::from(header.bits.div_ceil(8));
    let map = if header.map_type == 1 {
        u64::from(header.map_entries) * u64::from(header.map_entry_bits.div_ceil(8))
    } else {
        0
    };
    let body = if header.kind < 8 {
        pixels * texel
    } else {
        pixels.div_ceil(128) * (1 + texel)
    };
    let needed = HEADER_BYTES as u64 + header.id_bytes as u64 + map + body;
    if (bytes.len() as u64) < needed {
        return Err(ImageError::Truncated {
            format: ImageFormat::Tga,
            reason: format!(
                "{} x {} pixels need at least {needed} bytes, but there are {}",
                header.width,
                header.height,
                bytes.len()
            ),
        });
    }
    Ok(())
}

/// Whether the fourth channel of a 32-bit picture is declared to mean something.
pub(super) fn declares_alpha(bytes: &[u8]) -> bool {
    Header::read(bytes).is_ok_and(|header| header.attribute_bits() > 0)
}

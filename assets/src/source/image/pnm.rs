//! Headers of the portable maps: PBM, PGM, PPM and PAM (Netpbm).

use super::{Channels, Depth, ImageError, ImageFormat, ImageInfo};

/// A header that is longer than this belongs to no picture.
const LONGEST_HEADER: usize = 1 << 16;

fn corrupt(reason: impl Into<String>) -> ImageError {
    ImageError::Corrupt {
        format: ImageFormat::Pnm,
        reason: reason.into(),
    }
}

/// What is read before the samples.
#[derive(Clone, Copy, Debug)]
struct Header {
    /// The digit of the signature.
    kind: u8,
    width: u32,
    height: u32,
    max: u32,
    samples: u32,
    /// Where the samples begin.
    data: usize,
}

/// Whether the two characters of the signature are followed by a space, as far as the bytes reach.
pub(super) fn looks_like(bytes: &[u8]) -> bool {
    matches!(bytes, [b'P', b'1'..=b'7', next, ..] if next.is_ascii_whitespace() || *next == b'#')
}

/// Whether less than a signature may still grow into one.
pub(super) fn may_become(bytes: &[u8]) -> bool {
    matches!(bytes, [b'P'] | [b'P', b'1'..=b'7'])
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Self, ImageError> {
        let kind = bytes.get(1).copied().unwrap_or_default();
        let header = if kind == b'7' {
            Self::read_lines(bytes)?
        } else {
            let mut offset = 2;
            let mut number = || {
                let (number, next) = number(bytes, offset)?;
                offset = next;
                Ok::<_, ImageError>(number)
            };
            let (width, height) = (number()?, number()?);
            let max = if matches!(kind, b'1' | b'4') {
                1
            } else {
                number()?
            };
            Self {
                kind,
                width,
                height,
                max,
                samples: if matches!(kind, b'3' | b'6') { 3 } else { 1 },
                data: offset,
            }
        };
        if header.width == 0 || header.height == 0 {
            return Err(corrupt(format!(
                "its dimensions are {} x {}",
                header.width, header.height
            )));
        }
        if !(1..=65535).contains(&header.max) {
            return Err(corrupt(format!("its largest value is {}", header.max)));
        }
        if !(1..=4).contains(&header.samples) {
            return Err(ImageError::Unsupported {
                format: "PNM",
                feature: format!("{} channels", header.samples),
            });
        }
        Ok(header)
    }

    /// The header of a PAM: a word and a number in each line.
    fn read_lines(bytes: &[u8]) -> Result<Self, ImageError> {
        let mut header = Self {
            kind: b'7',
            width: 0,
            height: 0,
            max: 0,
            samples: 0,
            data: 3,
        };
        loop {
            let rest = bytes.get(header.data..).unwrap_or_default();
            let Some(len) = rest.iter().position(|&b| b == b'\n') else {
                return Err(wish_or_refuse(bytes));
            };
            header.data += len + 1;
            let line = String::from_utf8_lossy(&rest[..len]);
            let mut words = line.split_ascii_whitespace();
            let (word, value) = (words.next().unwrap_or_default(), words.next());
            let field = match word {
                "ENDHDR" => return Ok(header),
                "WIDTH" => &mut header.width,
                "HEIGHT" => &mut header.height,
                "DEPTH" => &mut header.samples,
                "MAXVAL" => &mut header.max,
                _ => continue,
            };
            *field = value
                .and_then(|value| value.parse().ok())
                .ok_or_else(|| corrupt(format!("its line `{line}` has no number")))?;
        }
    }

    fn is_text(&self) -> bool {
        self.kind <= b'3'
    }

    fn is_wide(&self) -> bool {
        self.max > 255
    }
}

fn wish_or_refuse(bytes: &[u8]) -> ImageError {
    if bytes.len() > LONGEST_HEADER {
        return corrupt("its header does not end");
    }
    ImageError::NeedMoreBytes {
        at_least: bytes.len() as u64 + 1,
    }
}

/// The number behind spaces and comments, and the offset behind the one space that ends it.
fn number(bytes: &[u8], mut offset: usize) -> Result<(u32, usize), ImageError> {
    let more = || wish_or_refuse(bytes);
    let mut value = 0u32;
    let mut digits = false;
    loop {
        let &byte = bytes.get(offset).ok_or_else(more)?;
        match byte {
            b'#' => {
                let rest = &bytes[offset..];
                let end = rest.iter().position(|&b| b == b'\n' || b == b'\r');
                // With its line end: the decoder too takes digits before and behind it for one number.
                offset += end.ok_or_else(more)? + 1;
                continue;
            }
            b'0'..=b'9' => {
                digits = true;
                value = value
                    .checked_mul(10)
                    .and_then(|value| value.checked_add(u32::from(byte - b'0')))
                    .ok_or_else(|| corrupt("a number of its header is too large"))?;
            }
            _ if byte.is_ascii_whitespace() || byte == 0x0B => {
                if digits {
                    return Ok((value, offset + 1));
                }
            }
            _ => {
                return Err(corrupt(format!(
                    "its header has the byte {byte:#x} where a number should be"
                )));
            }
        }
        offset += 1;
    }
}

/// Reads the header.
pub(super) fn probe(bytes: &[u8]) -> Result<ImageInfo, ImageError> {
    let header = Header::read(bytes)?;
    Ok(ImageInfo {
        format: ImageFormat::Pnm,
        width: header.width,
        height: header.height,
        channels: match header.samples {
            1 => Channels::Grey,
            2 => Channels::GreyAlpha,
            3 => Channels::Rgb,
            _ => Channels::Rgba,
        },
        depth: if header.is_wide() {
            Depth::Sixteen
        } else {
            Depth::Eight
        },
        decoder_bytes: 1 << 16,
    })
}

/// Checks that a whole file can hold its samples: exactly if they are binary, and one character and a
/// space for each if they are text.
pub(super) fn check_complete(bytes: &[u8]) -> Result<(), ImageError> {
    let header = Header::read(bytes)?;
    let pixels = u64::from(header.width) * u64::from(header.height);
    let samples = pixels.saturating_mul(u64::from(header.samples));
    let body = match header.kind {
        b'1' => samples,
        b'4' => u64::from(header.width.div_ceil(8)) * u64::from(header.height),
        _ if header.is_text() => samples.saturating_mul(2) - 1,
        _ if header.is_wide() => samples.saturating_mul(2),
        _ => samples,
    };
    let needed = body.saturating_add(header.data as u64);
    if (bytes.len() as u64) < needed {
        return Err(ImageError::Truncated {
            format: ImageFormat::Pnm,
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

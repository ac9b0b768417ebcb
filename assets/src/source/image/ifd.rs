//! Image file directories: the numbers that TIFF files say about a picture.

use super::probe::{array, field};
use super::{ImageError, ImageFormat, tiff};

/// Values of one entry; more are no list of strips of any picture that is small enough.
const MOST_VALUES: u64 = 1 << 20;

/// The first directory of a file.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    little_endian: bool,
    big: bool,
    /// Tag, type, number of values, and where the field of the value is.
    entries: Vec<(u16, u16, u64, usize)>,
}

fn corrupt(reason: impl Into<String>) -> ImageError {
    ImageError::Corrupt {
        format: ImageFormat::Tiff,
        reason: reason.into(),
    }
}

/// The number in up to eight bytes.
fn number(bytes: &[u8], little_endian: bool) -> u64 {
    let add = |value: u64, &byte: &u8| value << 8 | u64::from(byte);
    if little_endian {
        bytes.iter().rev().fold(0, add)
    } else {
        bytes.iter().fold(0, add)
    }
}

fn place(offset: u64) -> Result<usize, ImageError> {
    usize::try_from(offset).map_err(|_| corrupt("it points beyond all memory"))
}

/// The bytes of a value of a type of unsigned numbers.
fn value_bytes(kind: u16) -> Option<usize> {
    match kind {
        1 => Some(1),
        3 => Some(2),
        4 | 13 => Some(4),
        16 | 18 => Some(8),
        _ => None,
    }
}

impl Directory {
    /// Reads the entries of the first directory.
    pub(super) fn first(bytes: &[u8]) -> Result<Self, ImageError> {
        let (little_endian, big) = tiff::byte_order(bytes)?;
        let at = |offset: usize, len: usize| {
            Ok::<_, ImageError>(number(field(bytes, offset, len)?, little_endian))
        };
        let (offset, count_bytes, entry_bytes) = if big {
            if at(4, 2)? != 8 {
                return Err(corrupt("its offsets have an unknown size"));
            }
            (place(at(8, 8)?)?, 8, 20)
        } else {
            (place(at(4, 4)?)?, 2, 12)
        };
        let count = at(offset, count_bytes)?;
        if count > 4096 {
            return Err(corrupt(format!("its directory has {count} entries")));
        }
        let begin = offset + count_bytes;
        // The whole directory, so that less always asks for more.
        let table = field(bytes, begin, count as usize * entry_bytes)?;
        let entries = table
            .chunks_exact(entry_bytes)
            .enumerate()
            .map(|(i, entry)| {
                let value = if big { 12 } else { 8 };
                (
                    number(&entry[..2], little_endian) as u16,
                    number(&entry[2..4], little_endian) as u16,
                    number(&entry[4..value], little_endian),
                    begin + i * entry_bytes + value,
                )
            })
            .collect();
        Ok(Self {
            little_endian,
            big,
            entries,
        })
    }

    /// All values of a tag; `None` if it is not there.
    pub(super) fn all(&self, bytes: &[u8], tag: u16) -> Result<Option<Vec<u64>>, ImageError> {
        let Some(&(_, kind, count, at)) = self.entries.iter().find(|entry| entry.0 == tag) else {
            return Ok(None);
        };
        let value_bytes = value_bytes(kind)
            .ok_or_else(|| corrupt(format!("its tag {tag} has the type {kind}")))?
            as u64;
        if count > MOST_VALUES {
            return Err(corrupt(format!("its tag {tag} has {count} values")));
        }
        let len = count * value_bytes;
        let room = if self.big { 8 } else { 4 };
        let start = if len <= room {
            at
        } else {
            place(number(field(bytes, at, room as usize)?, self.little_endian))?
        };
        let values = field(bytes, start, len as usize)?
            .chunks_exact(value_bytes as usize)
            .map(|value| number(value, self.little_endian))
            .collect();
        Ok(Some(values))
    }

    /// Writes another small number where a single value of a tag is, if it is there.
    pub(super) fn replace(&self, bytes: &mut [u8], tag: u16, number: u8) {
        let Some(&(_, kind, _, at)) = self.entries.iter().find(|entry| entry.0 == tag) else {
            return;
        };
        let Some(value) = value_bytes(kind).and_then(|len| bytes.get_mut(at..at + len)) else {
            return;
        };
        value.fill(0);
        let lowest = if self.little_endian {
            value.first_mut()
        } else {
            value.last_mut()
        };
        if let Some(lowest) = lowest {
            *lowest = number;
        }
    }

    /// The first value of a tag; `None` if it is not there.
    pub(super) fn one(&self, bytes: &[u8], tag: u16) -> Result<Option<u64>, ImageError> {
        let _: [u8; 2] = array(bytes, 0)?;
        Ok(self
            .all(bytes, tag)?
            .and_then(|values| values.first().copied()))
    }
}

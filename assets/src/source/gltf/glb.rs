//! The binary container: a header, a chunk of JSON, a chunk of data.
//!
//! glTF 2.0, section 4. Further chunks are skipped, as the section asks for.

use crate::{
    diagnostic::{Diagnostic, codes::gltf as codes},
    source::scene::SharedBytes,
};

/// The first bytes of the binary container.
pub const MAGIC: [u8; 4] = *b"glTF";

const HEADER: usize = 12;
const CHUNK_HEADER: usize = 8;
const JSON: [u8; 4] = *b"JSON";
const BIN: [u8; 4] = *b"BIN\0";

/// The parts of a file, which share its bytes.
pub(super) struct Parts {
    /// The document.
    pub(super) json: SharedBytes,
    /// The buffer that has no URI.
    pub(super) bin: Option<SharedBytes>,
}

/// Takes a file apart, binary or not.
pub(super) fn split(file: SharedBytes) -> Result<Parts, Diagnostic> {
    if !file.starts_with(&MAGIC) {
        return Ok(Parts {
            json: file,
            bin: None,
        });
    }
    let bytes: &[u8] = &file;
    let (Some(version), Some(length)) = (word(bytes, 4), word(bytes, 8)) else {
        let message = format!(
            "a binary header has {HEADER} bytes, but the file ends after {}",
            bytes.len()
        );
        return Err(broken(message));
    };
    if version != 2 {
        let message = format!("the container has version {version}; version 2 is supported");
        return Err(Diagnostic::new(codes::UNSUPPORTED_VERSION, message));
    }
    let length = length as usize;
    if !(HEADER..=bytes.len()).contains(&length) {
        let message = format!(
            "the header says that the file has {length} bytes, but it has {}",
            bytes.len()
        );
        return Err(broken(message));
    }
    let (kind, json, next) = chunk(bytes, HEADER, length)?
        .ok_or_else(|| broken("there is no chunk after the header".to_owned()))?;
    if kind != JSON {
        let message = format!("the first chunk is `{}`, not `JSON`", kind.escape_ascii());
        return Err(broken(message));
    }
    let bin = match chunk(bytes, next, length)? {
        Some((BIN, range, _)) => Some(range),
        _ => None,
    };
    // The ranges were found inside of the file.
    let slice = |range| file.slice(range).ok_or_else(|| broken(String::new()));
    Ok(Parts {
        json: slice(json)?,
        bin: bin.map(slice).transpose()?,
    })
}

type Chunk = ([u8; 4], std::ops::Range<usize>, usize);

/// The chunk that begins at `start`: its kind, its data, and where the next one begins.
fn chunk(bytes: &[u8], start: usize, end: usize) -> Result<Option<Chunk>, Diagnostic> {
    if start >= end {
        return Ok(None);
    }
    let header = bytes
        .get(start..end)
        .and_then(|rest| rest.get(..CHUNK_HEADER));
    let Some(&[a, b, c, d, ref kind @ ..]) = header else {
        return Err(broken(format!(
            "the file ends inside of a chunk header at byte {start}"
        )));
    };
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    let kind = std::array::from_fn(|i| kind.get(i).copied().unwrap_or_default());
    let first = start + CHUNK_HEADER;
    match first.checked_add(length).filter(|last| *last <= end) {
        Some(last) => Ok(Some((kind, first..last, last.next_multiple_of(4)))),
        None => Err(broken(format!(
            "the chunk at byte {start} has {length} bytes, but {} are left",
            end - first
        ))),
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at + 4)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*word))
}

fn broken(message: String) -> Diagnostic {
    Diagnostic::new(codes::PARSE_FAILED, message)
}

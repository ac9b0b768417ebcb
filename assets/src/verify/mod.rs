//! The strict checker of finished containers.
//!
//! It reads every field by itself, at the offsets that the format documents, and computes layouts
//! in its own way: it shares no arithmetic with the writers, so that a mistake of theirs is found
//! instead of repeated. It does no I/O; whoever reads the files passes in the bytes.

mod bounds;
pub mod buffers;
pub mod catalog;
pub mod descriptor;
mod field;
pub mod geometry;
pub mod index;
mod material;
mod scene;
pub mod table;
#[cfg(test)]
pub(crate) mod tests;
pub mod texture;

use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::format::ids::AssetKey;
use sha2::{Digest, Sha256};

/// What was found wrong with one file.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    file: String,
    diagnostics: Vec<Diagnostic>,
    /// Findings beyond [`Findings::MOST`].
    more: usize,
    /// The code of one of them, an error if there was any.
    more_code: Option<Code>,
}

impl Findings {
    /// The most findings about one file that are kept one by one: damage tends to be everywhere.
    pub const MOST: usize = 256;

    /// Nothing yet about a file.
    pub fn about(file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            ..Self::default()
        }
    }

    /// Adds a finding about a part of the file.
    pub fn add(&mut self, code: Code, object: impl Into<String>, message: impl Into<String>) {
        if self.diagnostics.len() < Self::MOST {
            let diagnostic = Diagnostic::new(code, message).source(self.file.clone());
            self.diagnostics.push(diagnostic.object(object));
            return;
        }
        self.more += 1;
        let has_error = self
            .more_code
            .is_some_and(|code| code.info().severity == Severity::Error);
        if !has_error {
            self.more_code = Some(code);
        }
    }

    /// The findings; those beyond the most that are kept are summed up in the last one.
    pub fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        if let Some(code) = self.more_code {
            let message = format!("there are {} more findings", self.more);
            let diagnostic = Diagnostic::new(code, message).source(self.file);
            self.diagnostics.push(diagnostic.object("file"));
        }
        self.diagnostics
    }

    /// Whether nothing was found.
    pub fn is_clean(&self) -> bool {
        self.diagnostics.is_empty()
    }
}

/// A little-endian number of up to eight bytes; zero past the end, where the caller has checked
/// the length.
fn number(bytes: &[u8], at: usize, len: usize) -> u64 {
    let field = bytes.get(at..at + len).unwrap_or_default();
    field
        .iter()
        .rev()
        .fold(0, |value, &byte| value << 8 | u64::from(byte))
}

/// A little-endian float; zero past the end.
fn float(bytes: &[u8], at: usize) -> f32 {
    f32::from_bits(number(bytes, at, 4) as u32)
}

/// A key; zero past the end.
fn key(bytes: &[u8], at: usize) -> AssetKey {
    let mut key = [0; 16];
    if let Some(field) = bytes.get(at..at + 16) {
        key.copy_from_slice(field);
    }
    AssetKey(key)
}

/// Whether a part is inside the bytes and all zero.
fn is_zero(bytes: &[u8], at: usize, len: usize) -> bool {
    bytes
        .get(at..at + len)
        .is_some_and(|part| part.iter().all(|&byte| byte == 0))
}

/// SHA-256 of the bytes with eight of them taken as zero: how content hashes are computed.
fn digest_without(bytes: &[u8], hole: usize) -> [u8; 32] {
    let mut hash = Sha256::new();
    let (head, tail) = bytes.split_at(hole.min(bytes.len()));
    hash.update(head);
    hash.update([0; 8]);
    hash.update(tail.get(8..).unwrap_or_default());
    hash.finalize().into()
}

/// Reads a string that ends with NUL.
fn string_at(strings: &[u8], at: u64) -> Option<&str> {
    let rest = strings.get(usize::try_from(at).ok()?..)?;
    let end = rest.iter().position(|&byte| byte == 0)?;
    std::str::from_utf8(&rest[..end]).ok()
}

//! The strict checker of finished containers.
//!
//! It reads every field by itself, at the offsets that the format documents, and computes layouts
//! in its own way: it shares no arithmetic with the writers, so that a mistake of theirs is found
//! instead of repeated. It does no I/O; whoever reads the files passes in the bytes.

pub mod catalog;
pub mod descriptor;
pub mod index;
pub mod table;
pub mod texture;

use crate::diagnostic::{Code, Diagnostic};
use sha2::{Digest, Sha256};

/// What was found wrong with one file.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    file: String,
    diagnostics: Vec<Diagnostic>,
}

impl Findings {
    /// Nothing yet about a file.
    pub fn about(file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            diagnostics: Vec::new(),
        }
    }

    /// Adds a finding about a part of the file.
    pub fn add(&mut self, code: Code, object: impl Into<String>, message: impl Into<String>) {
        let diagnostic = Diagnostic::new(code, message).source(self.file.clone());
        self.diagnostics.push(diagnostic.object(object));
    }

    /// The findings.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
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

//! What an import has to say, and where in the file.

use crate::diagnostic::{Code, Diagnostic};
use std::fmt::Display;

/// A diagnostic about an object of the file, such as `meshes[3].primitives[0]`.
pub(super) fn about(code: Code, object: impl Display, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(code, message).object(object.to_string())
}

/// More errors than anybody reads. What comes after them is counted only.
const MAX_ERRORS: usize = 64;
/// Likewise for warnings and infos.
const MAX_NOTES: usize = 512;

/// The diagnostics of one file.
pub(super) struct Report {
    source: String,
    list: Vec<Diagnostic>,
    errors: usize,
    notes: usize,
}

impl Report {
    /// An empty report on a source.
    pub(super) fn new(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            list: Vec::new(),
            errors: 0,
            notes: 0,
        }
    }

    /// The name of the source.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// Adds a diagnostic.
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        let (count, most) = if diagnostic.is_error() {
            (&mut self.errors, MAX_ERRORS)
        } else {
            (&mut self.notes, MAX_NOTES)
        };
        *count += 1;
        if *count <= most {
            self.list.push(diagnostic.source(&self.source));
        }
    }

    /// Adds a diagnostic about an object.
    pub(super) fn note(&mut self, code: Code, object: impl Display, message: impl Into<String>) {
        self.push(about(code, object, message));
    }

    /// The value, or `None` with the error in the report.
    pub(super) fn take<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// Whether the import can go on.
    ///
    /// # Errors
    /// All diagnostics, when there is an error among them.
    pub(super) fn check(&mut self) -> Result<(), Vec<Diagnostic>> {
        if self.errors == 0 {
            Ok(())
        } else {
            Err(self.take_list())
        }
    }

    /// All diagnostics.
    pub(super) fn take_list(&mut self) -> Vec<Diagnostic> {
        let mut list = std::mem::take(&mut self.list);
        for (count, most, is_error) in [
            (self.errors, MAX_ERRORS, true),
            (self.notes, MAX_NOTES, false),
        ] {
            let last = list.iter_mut().rev().find(|d| d.is_error() == is_error);
            if let (Some(last), Some(more)) = (last, count.checked_sub(most + 1)) {
                let more = more + 1;
                last.message
                    .push_str(&format!(" (and {more} more messages)"));
            }
        }
        list
    }
}

//! Diagnostics while something is being cooked.

use crate::diagnostic::{Code, Diagnostic};

/// Diagnostics of one thing that is cooked, all with its source id and name.
pub(super) struct Notes<'a> {
    pub(super) source: &'a str,
    pub(super) object: &'a str,
    pub(super) list: Vec<Diagnostic>,
}

impl Notes<'_> {
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        let diagnostic = diagnostic.source(self.source).object(self.object);
        self.list.push(diagnostic);
    }

    /// A diagnostic about an object inside of the thing.
    pub(super) fn note_about(&mut self, object: &str, code: Code, message: impl Into<String>) {
        let diagnostic = Diagnostic::new(code, message).source(self.source);
        self.list.push(diagnostic.object(object));
    }

    pub(super) fn note(&mut self, code: Code, message: impl Into<String>) {
        self.push(Diagnostic::new(code, message));
    }
}

//! What is wrong with a manifest, and where.

use crate::diagnostic::{Code, Diagnostic, Severity};
use serde::Serialize;

use super::tree::Node;

/// How much of an offending value a message shows.
const EXCERPT: usize = 60;

/// One thing that is wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ManifestProblem {
    /// A warning leaves everything as it is written; an error leaves out the job, or the manifest.
    pub severity: Severity,
    /// The stable code.
    pub code: Code,
    /// The job that it is about, counted from 0 as in the document.
    pub job: Option<usize>,
    /// RFC 6901 pointer to the value that it is about; empty for the whole document. What is missing
    /// or unknown in an object is about the object.
    pub pointer: String,
    /// What was found, as compact JSON that may be cut short.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// What is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<String>,
    /// All of it, in a sentence.
    pub message: String,
    /// The line, from 1, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The column, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// Where, in bytes, until lines are known.
    #[serde(skip)]
    pub(super) at: Option<u32>,
}

impl ManifestProblem {
    /// A problem with the severity of its code.
    pub fn new(code: Code, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        let pointer = pointer.into();
        Self {
            severity: code.info().severity,
            code,
            job: job_of(&pointer),
            pointer,
            found: None,
            allowed: None,
            message: message.into(),
            line: None,
            column: None,
            at: None,
        }
    }

    /// Adds what was found, and where it stands.
    #[must_use]
    pub(super) fn found(mut self, node: &Node) -> Self {
        self.found = Some(node.excerpt(EXCERPT));
        self.at = Some(node.at);
        self
    }

    /// Adds where it is.
    #[must_use]
    pub(super) fn at(mut self, at: u32) -> Self {
        self.at = Some(at);
        self
    }

    /// Adds what is allowed.
    #[must_use]
    pub(super) fn allowed(mut self, allowed: impl Into<String>) -> Self {
        self.allowed = Some(allowed.into());
        self
    }

    /// Whether it leaves something out.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The problem as a diagnostic about a file: the place is part of the source, the pointer is the
    /// object.
    pub fn diagnostic(&self, manifest: &str) -> Diagnostic {
        let source = match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{manifest}:{line}:{column}"),
            _ => manifest.to_owned(),
        };
        let object = if self.pointer.is_empty() {
            "<root>"
        } else {
            &self.pointer
        };
        Diagnostic::new(self.code, &self.message)
            .severity(self.severity)
            .source(source)
            .object(object)
    }
}

/// The job that a pointer leads into.
fn job_of(pointer: &str) -> Option<usize> {
    let rest = pointer.strip_prefix("/jobs/")?;
    rest.split('/').next()?.parse().ok()
}

/// A key as a step of a pointer (RFC 6901, section 3).
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::codes;

    #[test]
    fn problems_become_diagnostics() {
        let mut problem =
            ManifestProblem::new(codes::manifest::SCHEMA, "/jobs/12/max_mips", "it is wrong");
        assert_eq!(problem.job, Some(12));
        assert_eq!(
            problem.diagnostic("a.json").to_string(),
            "error[manifest.schema] a.json (/jobs/12/max_mips): it is wrong"
        );
        (problem.line, problem.column) = (Some(3), Some(9));
        assert!(
            problem
                .diagnostic("a.json")
                .to_string()
                .contains("a.json:3:9")
        );
        let root = ManifestProblem::new(codes::manifest::SCHEMA, "", "it is wrong");
        assert_eq!(
            (root.job, root.diagnostic("a").object.as_deref()),
            (None, Some("<root>"))
        );
        assert_eq!(escaped("a/b~c"), "a~1b~0c");
    }
}

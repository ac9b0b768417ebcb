//! Messages for people: a stable code, where it happened, and what to do about it.

use serde::{Deserialize, Serialize};
use std::fmt;

pub mod codes;

/// How much a [`Diagnostic`] matters. The numeric values are part of the report format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Severity {
    /// Worth knowing; nothing was lost.
    Info = 0,
    /// The output differs from what the source asks for.
    Warning = 1,
    /// The job cannot succeed.
    Error = 2,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One entry of the catalogue of diagnostics: the single definition of a stable code.
#[derive(Debug, PartialEq, Eq)]
pub struct CodeInfo {
    /// The stable, dotted identifier, such as `texture.cook_failed`.
    pub id: &'static str,
    /// The severity it has unless a policy demotes it.
    pub severity: Severity,
    /// What has happened, in one sentence.
    pub summary: &'static str,
    /// What the user can do about it.
    pub remedy: &'static str,
}

/// A stable diagnostic code; compares, prints and serialises as its identifier.
#[derive(Clone, Copy)]
pub struct Code(&'static CodeInfo);

impl Code {
    /// Wraps a catalogue entry. Use the constants in [`codes`] instead of calling this, unless you
    /// add a format or a kind of work of your own.
    pub const fn new(info: &'static CodeInfo) -> Self {
        Self(info)
    }

    /// The dotted identifier.
    pub const fn id(self) -> &'static str {
        self.0.id
    }

    /// The catalogue entry.
    pub const fn info(self) -> &'static CodeInfo {
        self.0
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}
impl Eq for Code {}
impl std::hash::Hash for Code {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.id.hash(state);
    }
}
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.id)
    }
}
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.id)
    }
}
impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.id)
    }
}

/// One message about an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How much it matters here; starts as the code's own severity.
    pub severity: Severity,
    /// The stable code.
    pub code: Code,
    /// What happened, with the offending values.
    pub message: String,
    /// The source file or URI it is about, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The object inside the source, such as `meshes[3].primitives[0]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
}

impl Diagnostic {
    /// A diagnostic with the severity of its code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            severity: code.info().severity,
            code,
            message: message.into(),
            source: None,
            object: None,
        }
    }

    /// Names the source file or URI.
    #[must_use]
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Names the object inside the source.
    #[must_use]
    pub fn object(mut self, object: impl Into<String>) -> Self {
        self.object = Some(object.into());
        self
    }

    /// Replaces the severity, for policies that demote errors.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Whether this diagnostic makes its job fail.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// What the user can do about it.
    pub fn remedy(&self) -> &'static str {
        self.code.info().remedy
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.severity, self.code)?;
        if let Some(source) = &self.source {
            write!(f, " {source}")?;
        }
        if let Some(object) = &self.object {
            write!(f, " ({object})")?;
        }
        write!(f, ": {}", self.message)
    }
}

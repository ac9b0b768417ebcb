//! Manifests: whole projects as documents, in JSON or RON.
//!
//! A document is read into a [tree] that knows where everything stands, checked against the one
//! [table of rules](rules), and then expanded into [jobs](ManifestJob). None of this touches a file.
//! Every problem of a document is found in one go, each with the job, the RFC 6901 pointer, what was
//! found and what is allowed.
//!
//! ```
//! use bevy_kiln_assets::manifest::{Manifest, ManifestFormat, Places};
//!
//! let text = br#"{ "jobs": [{ "type": "texture", "source": "../art/./wood.png", "preset": "albedo" }] }"#;
//! let manifest = Manifest::parse(text, ManifestFormat::Json).unwrap();
//! let places = Places::new("/project/import").with_output("/project/cooked");
//! let expansion = manifest.expand(&places);
//! assert!(expansion.problems.is_empty());
//! assert_eq!(expansion.jobs[0].source, "/project/art/wood.png");
//! ```

mod check;
mod expand;
pub mod json;
mod json_schema;
mod layers;
mod paths;
mod problem;
pub mod ron;
pub mod rules;
mod text;
pub mod tree;

pub use expand::{
    Expansion, JobKind, ManifestJob, PatternComponent, Places, SourceFile, SourcePattern,
};
pub use json_schema::json_schema;
pub use problem::ManifestProblem;
pub use text::SyntaxError;

use crate::diagnostic::{Code, codes};
use std::path::Path;
use text::Lines;
use tree::Node;

/// The most bytes that a document may have.
pub const LARGEST_MANIFEST: usize = 512 << 20;

/// How a document is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ManifestFormat {
    /// JSON (RFC 8259).
    #[default]
    Json,
    /// RON.
    Ron,
}

impl ManifestFormat {
    /// The format that a file name says: RON for `.ron`, else JSON.
    pub fn of(path: &Path) -> Self {
        let is_ron = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("ron"));
        if is_ron { Self::Ron } else { Self::Json }
    }
}

/// A document without problems.
#[derive(Clone, Debug)]
pub struct Manifest {
    document: Node,
    text: String,
}

/// A limit of one kind of work, as a manifest gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concurrency {
    /// The property, such as `mesh_build`.
    pub kind: &'static str,
    /// Items that may be cooked at once.
    pub workers: u32,
    /// Items that may be admitted.
    pub queue_capacity: u32,
}

impl Manifest {
    /// Reads and checks a document.
    ///
    /// # Errors
    /// Every problem of the document: one if it is not of its format or version, else all that break a
    /// rule of the table.
    pub fn parse(bytes: &[u8], format: ManifestFormat) -> Result<Self, Vec<ManifestProblem>> {
        let failed = |message: String, at: Option<u32>| {
            let message = format!("invalid manifest: {message}");
            let mut problem = ManifestProblem::new(codes::manifest::PARSE_FAILED, "", message);
            problem.at = at;
            problem
        };
        if bytes.len() > LARGEST_MANIFEST {
            let message = format!(
                "it has {} bytes, but at most {LARGEST_MANIFEST} are read",
                bytes.len()
            );
            return Err(vec![failed(message, None)]);
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let at = error.valid_up_to();
                let message = format!("it is not UTF-8 at byte {at}");
                let mut problem = failed(message, Some(at as u32));
                let valid = String::from_utf8_lossy(&bytes[..at]);
                locate(&valid, std::slice::from_mut(&mut problem));
                return Err(vec![problem]);
            }
        };
        let read = match format {
            ManifestFormat::Json => json::parse(text),
            ManifestFormat::Ron => ron::parse(text),
        };
        let mut problems = match &read {
            Ok(document) => check::check(document),
            Err(error) => vec![failed(error.message.clone(), Some(error.at))],
        };
        locate(text, &mut problems);
        match read {
            Ok(document) if problems.is_empty() => Ok(Self {
                document,
                text: text.to_owned(),
            }),
            _ => Err(problems),
        }
    }

    /// A problem of this document that was found by looking at something else, such as the disk.
    pub fn problem(&self, code: Code, pointer: &str, message: &str) -> ManifestProblem {
        let mut problem = ManifestProblem::new(code, pointer, message);
        if let Some(node) = self.document.pointer(pointer) {
            problem = problem.found(node);
        }
        locate(&self.text, std::slice::from_mut(&mut problem));
        problem
    }

    /// How many jobs are written, not counting what patterns find.
    pub fn job_count(&self) -> usize {
        self.document
            .get("jobs")
            .map_or(0, |jobs| jobs.items().len())
    }

    /// Threads that cook, if the manifest says so.
    pub fn thread_pool_size(&self) -> Option<u32> {
        self.document.get("thread_pool_size")?.integer()
    }

    /// Jobs that may be in flight, if the manifest says so.
    pub fn max_in_flight_jobs(&self) -> Option<u32> {
        self.document.get("max_in_flight_jobs")?.integer()
    }

    /// The limits that the manifest sets, if it sets any.
    pub fn concurrency(&self) -> Option<Vec<Concurrency>> {
        let limits = self.document.get("concurrency")?;
        let kinds = rules::MANIFEST
            .property("concurrency")
            .and_then(|property| match property.rule {
                crate::settings::property::Rule::Object(object) => Some(object.properties()),
                _ => None,
            });
        let given = kinds.into_iter().flatten().filter_map(|kind| {
            let limit = limits.get(kind.name)?;
            Some(Concurrency {
                kind: kind.name,
                workers: limit.get("workers")?.integer()?,
                queue_capacity: limit.get("queue_capacity")?.integer()?,
            })
        });
        Some(given.collect())
    }
}

/// Turns places into lines and columns.
fn locate(text: &str, problems: &mut [ManifestProblem]) {
    if problems.iter().all(|problem| problem.at.is_none()) {
        return;
    }
    let lines = Lines::of(text);
    for problem in problems {
        if let Some(at) = problem.at {
            let (line, column) = lines.place(text, at);
            (problem.line, problem.column) = (Some(line), Some(column));
        }
    }
}

#[cfg(test)]
mod schema_tests;
#[cfg(test)]
mod test_values;
#[cfg(test)]
mod tests;

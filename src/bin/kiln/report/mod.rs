//! `--report FILE`: what came of a run, for programs as JSON and for people as a page.

mod document;
mod html;
mod timeline;

pub use document::{Document, JobFacts, RunFacts, document};

use std::{
    io,
    path::{Path, PathBuf},
};

/// Writes the report: a page if the file ends in `.html`, else JSON. Folders that are missing are made.
///
/// # Errors
/// The path and what the system says.
pub fn write(path: &Path, document: &Document) -> Result<(), (PathBuf, io::Error)> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| (path, error)
    };
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder).map_err(failed(folder))?;
    }
    let is_page = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("html"));
    let text = if is_page {
        html::page(document)
    } else {
        // A report is plain data.
        let json = serde_json::to_string_pretty(document).map_err(io::Error::from);
        json.map_err(failed(path))? + "\n"
    };
    std::fs::write(path, text).map_err(failed(path))
}

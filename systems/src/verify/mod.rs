//! Verifying a container on disk, payload by payload.

pub(crate) mod data;
mod pak;
mod resources;
#[cfg(test)]
mod tests;

use bevy_kiln_assets::{
    diagnostic::{Diagnostic, codes},
    format::{
        layout::{CATALOG_FILE, FileKind, INDEX_FILE},
        path::RelativePath,
    },
    verify::{
        Findings, catalog, descriptor,
        descriptor::References,
        geometry::BufferUses,
        index,
        index::IndexFacts,
        table::{self, Placement},
    },
};
use serde::Serialize;
use std::{
    collections::BTreeSet,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use crate::{
    io::error::IoErrorKind,
    store::{ContainerStore, OWN_FILES, OpenedContainer, StoreError, StoreOptions},
};
use data::{Checked, DataFile, read};

pub use pak::verify_pak;

/// What a container is made of, and what is wrong with it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct VerifyReport {
    /// No errors were found.
    pub valid: bool,
    /// Textures, the fallback included.
    pub textures: usize,
    /// Buffers.
    pub buffers: usize,
    /// Assets.
    pub assets: usize,
    /// Everything that was found.
    pub diagnostics: Vec<Diagnostic>,
}

/// Verifies every structure, hash and range of the container at a root, in the memory of one
/// payload. What a crash has left behind is rolled back or forward first, so that the report is
/// about the container as it was committed.
pub fn verify_container(root: &Path) -> VerifyReport {
    let mut report = VerifyReport::default();
    if let Err(diagnostic) = verify(root, &mut report) {
        report.diagnostics.push(*diagnostic);
    }
    report.valid = !report.diagnostics.iter().any(Diagnostic::is_error);
    report
}

fn verify(root: &Path, report: &mut VerifyReport) -> Checked {
    let _held = hold(root)?;
    verify_held(root, report)
}

fn missing(root: &Path, what: &str) -> Box<Diagnostic> {
    let diagnostic = Diagnostic::new(codes::verify::MISSING, what);
    Box::new(diagnostic.source(root.display().to_string()))
}

/// Opens a container, and recovers what a crash has left. As long as it is held, nobody changes what is
/// being read.
pub(crate) fn hold(root: &Path) -> Checked<Option<OpenedContainer>> {
    if !root.is_dir() {
        return Err(missing(root, "there is no such folder"));
    }
    match ContainerStore::open(root, StoreOptions::default()) {
        Ok(opened) => Ok(Some(opened)),
        // On media that cannot be written nobody else writes either.
        Err(StoreError::File(error))
            if matches!(
                error.kind,
                IoErrorKind::ReadOnly | IoErrorKind::AccessDenied
            ) =>
        {
            Ok(None)
        }
        // The checks say more than that it cannot be opened.
        Err(StoreError::Corrupt(_)) if root.join(INDEX_FILE).exists() => Ok(None),
        Err(error) => Err(Box::new(error.diagnostic(root))),
    }
}

/// Verifies a container that is held.
pub(crate) fn verify_held(root: &Path, report: &mut VerifyReport) -> Checked {
    let path = root.join(INDEX_FILE);
    if !path.exists() {
        return Err(missing(root, "there is no `container.index.bin`"));
    }
    let mut findings = Findings::about(INDEX_FILE);
    let facts = index::check(&read(&path)?, &mut findings);
    report.diagnostics.extend(findings.into_diagnostics());
    report.assets = facts.assets.len();

    let mut textures = resource(root, &facts, TEXTURES, table::check_textures, report)?;
    let mut buffers = resource(root, &facts, BUFFERS, table::check_buffers, report)?;
    report.textures = textures.facts.len();
    report.buffers = buffers.facts.len();
    let uses = verify_descriptors(root, &facts, textures.facts.len(), &buffers.facts, report);
    if let Some((data, findings)) = &mut textures.data {
        resources::verify_textures(data, &textures.facts, findings)?;
        let ranges = textures.facts.iter().flatten().map(|fact| &fact.range);
        data.check_gaps(table::gaps(ranges, data.len()), findings)?;
    }
    if let Some((data, findings)) = &mut buffers.data {
        resources::verify_buffers(data, &buffers.facts, &uses, findings, report)?;
        let ranges = buffers.facts.iter().flatten().map(|fact| &fact.range);
        data.check_gaps(table::gaps(ranges, data.len()), findings)?;
    }
    let (textures, buffers) = (textures.finish(report), buffers.finish(report));
    let path = root.join(CATALOG_FILE);
    if path.exists() {
        let mut findings = Findings::about(CATALOG_FILE);
        catalog::check(&read(&path)?, &facts, &textures, &buffers, &mut findings);
        report.diagnostics.extend(findings.into_diagnostics());
    }
    unnamed_files(root, &facts, report);
    Ok(())
}

/// A table and its data file.
type Pair = (FileKind, FileKind);
const TEXTURES: Pair = (FileKind::TexturesTable, FileKind::TexturesData);
const BUFFERS: Pair = (FileKind::BuffersTable, FileKind::BuffersData);

/// Entries of a table, and the data file that they are about, if there is one.
struct Resource<T> {
    facts: Vec<Option<T>>,
    data: Option<(DataFile, Findings)>,
}

impl<T> Resource<T> {
    /// The entries, when nothing more is to be found.
    fn finish(self, report: &mut VerifyReport) -> Vec<Option<T>> {
        if let Some((_, findings)) = self.data {
            report.diagnostics.extend(findings.into_diagnostics());
        }
        self.facts
    }
}

/// Checks a table.
fn resource<T>(
    root: &Path,
    facts: &IndexFacts,
    (table, data): Pair,
    check: fn(&[u8], &Placement, &mut Findings) -> Vec<Option<T>>,
    report: &mut VerifyReport,
) -> Checked<Resource<T>> {
    let find = |kind| facts.files.iter().find(|file| file.kind == kind);
    let (Some(table), Some(data)) = (find(table), find(data)) else {
        return Ok(Resource {
            facts: Vec::new(),
            data: None,
        });
    };
    let mut paths = Vec::new();
    for file in [table, data] {
        let mut findings = Findings::about(&file.path);
        match regular_file(root, &file.path) {
            Ok((path, len)) => {
                if len != file.size {
                    let text = format!(
                        "the index says a file of {} bytes, there are {len}",
                        file.size
                    );
                    findings.add(codes::verify::FILE, "file", text);
                }
                paths.push(path);
            }
            Err(reason) => findings.add(codes::verify::FILE, "file", reason),
        }
        report.diagnostics.extend(findings.into_diagnostics());
    }
    let [table_path, data_path] = &paths[..] else {
        return Ok(Resource {
            facts: Vec::new(),
            data: None,
        });
    };
    let file = DataFile::open(data_path, &data.path)?;
    let mut findings = Findings::about(&data.path);
    let placement = Placement::DataFile(file.len());
    let entries = check(&read(table_path)?, &placement, &mut findings);
    Ok(Resource {
        facts: entries,
        data: Some((file, findings)),
    })
}

/// The place and the size of a file of the container, or why it is none. Paths that lead elsewhere are
/// not followed, and pipes and devices are not opened.
pub(crate) fn regular_file(root: &Path, path: &str) -> Result<(PathBuf, u64), String> {
    let relative = RelativePath::new(path).map_err(|error| error.to_string())?;
    let path = root.join(relative.as_str());
    let info = std::fs::metadata(&path).map_err(|error| error.to_string())?;
    if info.is_file() {
        Ok((path, info.len()))
    } else {
        Err("it is not a regular file".to_owned())
    }
}

/// Checks every descriptor, and notes which buffers geometries use.
fn verify_descriptors(
    root: &Path,
    facts: &IndexFacts,
    textures: usize,
    buffers: &[Option<table::BufferFact>],
    report: &mut VerifyReport,
) -> BufferUses {
    let references = References::new(facts, textures, buffers);
    let mut uses = BufferUses::default();
    for asset in &facts.assets {
        let mut findings = Findings::about(&asset.path);
        let bytes = regular_file(root, &asset.path)
            .and_then(|(path, _)| std::fs::read(path).map_err(|error| error.to_string()));
        match bytes {
            Ok(bytes) => {
                descriptor::check(asset, &bytes, &references, &mut uses, &mut findings);
            }
            Err(reason) => {
                findings.add(codes::verify::FILE, &asset.virtual_path, reason);
                uses.miss_some();
            }
        }
        report.diagnostics.extend(findings.into_diagnostics());
    }
    uses
}

/// How the reports of runs begin, which may be put into a container.
const REPORTS: [&[u8]; 2] = [
    b"{\n  \"report_version\": \"",
    b"<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>kiln report</title>\n",
];

/// Whether a file is the report of a run.
fn is_report(path: &Path) -> bool {
    // Pipes and devices are not opened.
    if !path.is_file() {
        return false;
    }
    let mut begin = Vec::new();
    let read = File::open(path).and_then(|file| file.take(128).read_to_end(&mut begin));
    read.is_ok() && REPORTS.iter().any(|report| begin.starts_with(report))
}

/// Warns of files that neither the index names nor we make.
fn unnamed_files(root: &Path, facts: &IndexFacts, report: &mut VerifyReport) {
    let named: BTreeSet<&str> = facts
        .files
        .iter()
        .map(|file| file.path.as_str())
        .chain(facts.assets.iter().map(|asset| asset.path.as_str()))
        .chain([INDEX_FILE])
        .chain(OWN_FILES)
        .collect();
    let mut folders = vec![String::new()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(root.join(&folder)) else {
            continue;
        };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() {
                name
            } else {
                format!("{folder}/{name}")
            };
            // Links are not followed: they may lead anywhere, also back to here.
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if named.contains(path.as_str()) {
            } else if is_folder {
                folders.push(path);
            } else if !is_report(&entry.path()) {
                found.push(path);
            }
        }
    }
    found.sort();
    for path in found {
        let text = "the index does not name this file";
        report
            .diagnostics
            .push(Diagnostic::new(codes::verify::UNNAMED_FILE, text).source(path));
    }
}

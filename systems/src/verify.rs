//! Verifying a container on disk, payload by payload.

use bevy_kiln_assets::{
    diagnostic::{Diagnostic, codes},
    format::layout::{CATALOG_FILE, FileKind, INDEX_FILE},
    verify::{
        Findings, catalog, descriptor, index,
        index::IndexFacts,
        table::{self, BufferFact, TextureFact},
        texture,
    },
};
use serde::Serialize;
use std::{
    collections::BTreeSet,
    fs::File,
    io::{Read, Seek, SeekFrom},
    ops::Range,
    path::Path,
};

use crate::{
    io::error::{FileError, IoErrorKind},
    store::{ContainerStore, OWN_FILES, StoreError, StoreOptions},
};

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

type Checked<T = ()> = Result<T, Box<Diagnostic>>;

fn verify(root: &Path, report: &mut VerifyReport) -> Checked {
    let missing = |what: &str| {
        Box::new(Diagnostic::new(codes::verify::MISSING, what).source(root.display().to_string()))
    };
    if !root.is_dir() {
        return Err(missing("there is no such folder"));
    }
    // Held to the end, so that nobody changes what is being read.
    let _open = match ContainerStore::open(root, StoreOptions::default()) {
        Ok(opened) => Some(opened),
        // On media that cannot be written nobody else writes either.
        Err(StoreError::File(error))
            if matches!(
                error.kind,
                IoErrorKind::ReadOnly | IoErrorKind::AccessDenied
            ) =>
        {
            None
        }
        // The checks below say more than that it cannot be opened.
        Err(StoreError::Corrupt(_)) if root.join(INDEX_FILE).exists() => None,
        Err(error) => return Err(Box::new(error.diagnostic(root))),
    };
    let path = root.join(INDEX_FILE);
    if !path.exists() {
        return Err(missing("there is no `container.index.bin`"));
    }
    let mut findings = Findings::about(INDEX_FILE);
    let facts = index::check(&read(&path)?, &mut findings);
    report.diagnostics.extend(findings.into_diagnostics());
    report.assets = facts.assets.len();

    let textures = verify_textures(root, &facts, report)?;
    let buffers = verify_buffers(root, &facts, report)?;
    for asset in &facts.assets {
        let mut findings = Findings::about(&asset.path);
        match std::fs::read(root.join(&asset.path)) {
            Ok(bytes) => descriptor::check(asset, &bytes, &mut findings),
            Err(error) => findings.add(codes::verify::FILE, &asset.virtual_path, error.to_string()),
        }
        report.diagnostics.extend(findings.into_diagnostics());
    }
    let path = root.join(CATALOG_FILE);
    if path.exists() {
        let mut findings = Findings::about(CATALOG_FILE);
        catalog::check(&read(&path)?, &facts, &textures, &buffers, &mut findings);
        report.diagnostics.extend(findings.into_diagnostics());
    }
    unnamed_files(root, &facts, report);
    Ok(())
}

fn read(path: &Path) -> Checked<Vec<u8>> {
    std::fs::read(path).map_err(|error| file_error(path, &error))
}

fn file_error(path: &Path, error: &std::io::Error) -> Box<Diagnostic> {
    let error = FileError::system(path, "", error);
    Box::new(error.diagnostic(&path.display().to_string()))
}

/// A table, and the data file that it is about.
struct Resource {
    table: Vec<u8>,
    data: File,
    data_len: u64,
    data_name: String,
}

fn resource(
    root: &Path,
    facts: &IndexFacts,
    table: FileKind,
    data: FileKind,
    report: &mut VerifyReport,
) -> Checked<Option<Resource>> {
    let find = |kind| facts.files.iter().find(|file| file.kind == kind);
    let (Some(table), Some(data)) = (find(table), find(data)) else {
        return Ok(None);
    };
    for file in [table, data] {
        let mut findings = Findings::about(&file.path);
        match std::fs::metadata(root.join(&file.path)) {
            Ok(info) if info.is_file() && info.len() == file.size => {}
            Ok(info) => {
                let text = format!(
                    "the index says a file of {} bytes, there are {}",
                    file.size,
                    info.len()
                );
                findings.add(codes::verify::FILE, "file", text);
            }
            Err(error) => findings.add(codes::verify::FILE, "file", error.to_string()),
        }
        report.diagnostics.extend(findings.into_diagnostics());
    }
    let path = root.join(&data.path);
    let file = File::open(&path).map_err(|error| file_error(&path, &error))?;
    let data_len = file
        .metadata()
        .map_err(|error| file_error(&path, &error))?
        .len();
    Ok(Some(Resource {
        table: read(&root.join(&table.path))?,
        data: file,
        data_len,
        data_name: data.path.clone(),
    }))
}

impl Resource {
    fn bytes(&mut self, range: &Range<u64>) -> Checked<Vec<u8>> {
        let end = range.end.min(self.data_len);
        let len = end.saturating_sub(range.start);
        let mut bytes = Vec::new();
        let read = self.data.seek(SeekFrom::Start(range.start)).and_then(|_| {
            Read::by_ref(&mut self.data)
                .take(len)
                .read_to_end(&mut bytes)
        });
        read.map_err(|error| file_error(Path::new(&self.data_name), &error))?;
        Ok(bytes)
    }

    /// Reads gaps a piece at a time and checks that they are zero.
    fn check_gaps(&mut self, gaps: Vec<Range<u64>>, findings: &mut Findings) -> Checked {
        const PIECE: u64 = 1 << 20;
        for gap in gaps {
            let mut at = gap.start;
            while at < gap.end {
                let piece = at..gap.end.min(at + PIECE);
                if self.bytes(&piece)?.iter().any(|&byte| byte != 0) {
                    findings.add(
                        codes::verify::PADDING,
                        "data",
                        format!("bytes {gap:?} belong to nothing and are not zero"),
                    );
                    break;
                }
                at = piece.end;
            }
        }
        Ok(())
    }
}

fn verify_textures(
    root: &Path,
    facts: &IndexFacts,
    report: &mut VerifyReport,
) -> Checked<Vec<Option<TextureFact>>> {
    let Some(mut resource) = resource(
        root,
        facts,
        FileKind::TexturesTable,
        FileKind::TexturesData,
        report,
    )?
    else {
        return Ok(Vec::new());
    };
    let mut findings = Findings::about(&resource.data_name);
    let textures = table::check_textures(&resource.table, resource.data_len, &mut findings);
    for (i, fact) in textures.iter().enumerate() {
        let Some(fact) = fact else { continue };
        let bytes = resource.bytes(&fact.range)?;
        texture::check(fact, &bytes, &format!("textures[{i}]"), &mut findings);
        if i == 0 {
            texture::check_fallback(fact, &bytes, &mut findings);
        }
    }
    let gaps = table::gaps(
        textures.iter().flatten().map(|fact| &fact.range),
        resource.data_len,
    );
    resource.check_gaps(gaps, &mut findings)?;
    report.textures = textures.len();
    report.diagnostics.extend(findings.into_diagnostics());
    Ok(textures)
}

fn verify_buffers(
    root: &Path,
    facts: &IndexFacts,
    report: &mut VerifyReport,
) -> Checked<Vec<Option<BufferFact>>> {
    let Some(mut resource) = resource(
        root,
        facts,
        FileKind::BuffersTable,
        FileKind::BuffersData,
        report,
    )?
    else {
        return Ok(Vec::new());
    };
    let mut findings = Findings::about(&resource.data_name);
    let buffers = table::check_buffers(&resource.table, resource.data_len, &mut findings);
    for (i, fact) in buffers.iter().enumerate() {
        let Some(fact) = fact else { continue };
        let bytes = resource.bytes(&fact.range)?;
        table::check_buffer_bytes(fact, &bytes, &format!("buffers[{i}]"), &mut findings);
    }
    let gaps = table::gaps(
        buffers.iter().flatten().map(|fact| &fact.range),
        resource.data_len,
    );
    resource.check_gaps(gaps, &mut findings)?;
    report.buffers = buffers.len();
    report.diagnostics.extend(findings.into_diagnostics());
    Ok(buffers)
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
            } else {
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

//! Packing a container into a PAK file: one pass over everything, a piece at a time.

use bevy_kiln_assets::{
    cook::pace::CancelFlag,
    diagnostic::{Diagnostic, codes},
    format::{
        index::ContainerIndex,
        layout::{FileKind, INDEX_FILE},
        pak::{PakInput, PakOptions, PakPlan, PakSeal, PakSource, Sealed},
    },
};
use serde::Serialize;
use std::{
    ffi::OsString,
    fs::File,
    io::{self, BufWriter, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use crate::verify::{
    VerifyReport,
    data::{Checked, DataFile, file_error, read},
    hold, regular_file, verify_held,
};

/// What was packed, and what was found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PackReport {
    /// The file is there, complete and durable.
    pub success: bool,
    /// Its identity: 32 hexadecimal digits; empty without success.
    pub guid: String,
    /// Its bytes.
    pub size: u64,
    /// Textures in it.
    pub textures: usize,
    /// Buffers in it.
    pub buffers: usize,
    /// Assets in it.
    pub assets: usize,
    /// What was found in the container, and what went wrong.
    pub diagnostics: Vec<Diagnostic>,
}

/// Verifies the container at a root, and packs it into a PAK file. The file appears as a whole, or not
/// at all; one that was there before is replaced.
pub fn pack_container(root: &Path, pak: &Path, options: &PakOptions) -> PackReport {
    pack_container_until(root, pak, options, &CancelFlag::new())
}

/// The same, until somebody cancels it: then no file is left that was not there before.
pub fn pack_container_until(
    root: &Path,
    pak: &Path,
    options: &PakOptions,
    cancel: &CancelFlag,
) -> PackReport {
    let mut report = PackReport::default();
    match pack(root, pak, options, cancel, &mut report) {
        Ok(sealed) => {
            report.success = true;
            report.guid = sealed
                .guid
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
        }
        Err(diagnostic) => report.diagnostics.push(*diagnostic),
    }
    report
}

fn pack(
    root: &Path,
    pak: &Path,
    options: &PakOptions,
    cancel: &CancelFlag,
    report: &mut PackReport,
) -> Checked<Sealed> {
    let _held = hold(root)?;
    let mut found = VerifyReport::default();
    let verified = verify_held(root, &mut found);
    report.diagnostics.append(&mut found.diagnostics);
    verified?;
    let name = root.display().to_string();
    if report.diagnostics.iter().any(Diagnostic::is_error) {
        let diagnostic = Diagnostic::new(codes::container::NOT_PACKED, "it has errors");
        return Err(Box::new(diagnostic.source(name)));
    }
    let index = read(&root.join(INDEX_FILE))?;
    let refuse = |code, error: &dyn std::fmt::Display| {
        Box::new(Diagnostic::new(code, error.to_string()).source(name.clone()))
    };
    let index =
        ContainerIndex::parse(&index).map_err(|error| refuse(codes::container::CORRUPT, &error))?;
    let textures = table(root, &index, FileKind::TexturesTable)?;
    let buffers = table(root, &index, FileKind::BuffersTable)?;
    let input = PakInput {
        index: &index,
        textures: &textures,
        buffers: &buffers,
    };
    let plan = PakPlan::new(&input, options)
        .map_err(|error| refuse(codes::container::PACK_TOO_LARGE, &error))?;
    report.size = plan.size();
    (report.textures, report.buffers) = (found.textures, found.buffers);
    report.assets = found.assets;
    let mut sources = Sources {
        root,
        index: &index,
        textures: data_file(root, &index, FileKind::TexturesData)?,
        buffers: data_file(root, &index, FileKind::BuffersData)?,
    };
    write_whole(pak, |draft| write(&plan, &mut sources, draft, cancel))
}

fn path_of(root: &Path, index: &ContainerIndex, kind: FileKind) -> Option<PathBuf> {
    let record = index.file(kind)?;
    Some(root.join(record.path.as_str()))
}

/// A table; empty if there is none.
fn table(root: &Path, index: &ContainerIndex, kind: FileKind) -> Checked<Vec<u8>> {
    path_of(root, index, kind).map_or(Ok(Vec::new()), |path| read(&path))
}

fn data_file(root: &Path, index: &ContainerIndex, kind: FileKind) -> Checked<Option<DataFile>> {
    let path = path_of(root, index, kind);
    path.map(|path| DataFile::open(&path, &path.display().to_string()))
        .transpose()
}

/// Where the bytes that are copied come from.
struct Sources<'a> {
    root: &'a Path,
    index: &'a ContainerIndex,
    textures: Option<DataFile>,
    buffers: Option<DataFile>,
}

/// Lets `fill` write a draft beside a file, and puts it in the place of the file when it is durable. A
/// draft that was not completed is removed.
fn write_whole<T>(path: &Path, fill: impl FnOnce(&mut Draft) -> Checked<T>) -> Checked<T> {
    let mut name = path.file_name().map_or_else(OsString::new, OsString::from);
    name.push(".kiln-draft");
    let draft_path = path.with_file_name(name);
    let written = Draft::create(&draft_path).and_then(|mut draft| {
        let value = fill(&mut draft)?;
        draft.finish(path)?;
        Ok(value)
    });
    if written.is_err() {
        // The error that is reported says more than one about the draft would.
        let _ = std::fs::remove_file(&draft_path);
    }
    written
}

/// A file that is not complete yet.
struct Draft {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Draft {
    fn create(path: &Path) -> Checked<Self> {
        let file = File::create(path).map_err(|error| file_error(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            file: BufWriter::with_capacity(1 << 18, file),
        })
    }

    fn put(&mut self, bytes: &[u8]) -> Checked {
        let written = self.file.write_all(bytes);
        written.map_err(|error| file_error(&self.path, &error))
    }

    fn put_at(&mut self, offset: u64, bytes: &[u8]) -> Checked {
        let sought = self.file.seek(SeekFrom::Start(offset));
        sought.map_err(|error| file_error(&self.path, &error))?;
        self.put(bytes)
    }

    /// Makes the draft durable, and then the file.
    fn finish(mut self, path: &Path) -> Checked {
        let flushed = self
            .file
            .flush()
            .and_then(|()| self.file.get_ref().sync_all());
        flushed.map_err(|error| file_error(&self.path, &error))?;
        let renamed = std::fs::rename(&self.path, path).and_then(|()| sync_folder(path));
        renamed.map_err(|error| file_error(path, &error))
    }
}

/// Makes the name of a file durable, where folders can be synchronised.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// Writes all parts with zeros between them, then identity and checksum over the zeros in their place.
fn write(
    plan: &PakPlan,
    sources: &mut Sources<'_>,
    draft: &mut Draft,
    cancel: &CancelFlag,
) -> Checked<Sealed> {
    let mut out = Out {
        draft,
        cancel,
        seal: PakSeal::new(plan),
        at: 0,
    };
    for part in plan.parts() {
        out.pad(part.offset)?;
        match &part.source {
            PakSource::Bytes(bytes) => out.put(bytes)?,
            PakSource::Texture(range) => out.copy(sources.textures.as_mut(), range)?,
            PakSource::Buffer(range) => out.copy(sources.buffers.as_mut(), range)?,
            PakSource::Descriptor(position) => {
                let asset = &sources.index.assets()[*position];
                let path = asset.path().as_str();
                let (path, len) =
                    regular_file(sources.root, path).map_err(|reason| changed(path, reason))?;
                if len != asset.size() {
                    return Err(changed(
                        asset.path().as_str(),
                        "it has another size".to_owned(),
                    ));
                }
                out.put(&read(&path)?)?;
            }
        }
    }
    if out.at != plan.size() {
        return Err(changed(
            "the container",
            "a file has another size".to_owned(),
        ));
    }
    let sealed = out.seal.finish();
    draft.put_at(0, &sealed.header)?;
    draft.put_at(sealed.crc_offset, &sealed.crc.to_le_bytes())?;
    Ok(sealed)
}

/// Somebody wrote into the container without asking for it.
fn changed(what: &str, how: String) -> Box<Diagnostic> {
    let message = format!("it has changed since it was verified: {how}");
    Box::new(Diagnostic::new(codes::container::NOT_PACKED, message).source(what))
}

/// What is written, and how far.
struct Out<'d> {
    draft: &'d mut Draft,
    cancel: &'d CancelFlag,
    seal: PakSeal,
    at: u64,
}

impl Out<'_> {
    fn put(&mut self, bytes: &[u8]) -> Checked {
        if self.cancel.is_cancelled() {
            let text = "packing was canceled";
            return Err(Box::new(Diagnostic::new(codes::import::CANCELED, text)));
        }
        self.seal.update(bytes);
        self.at += bytes.len() as u64;
        self.draft.put(bytes)
    }

    /// Writes zeros up to an offset.
    fn pad(&mut self, offset: u64) -> Checked {
        const ZEROS: [u8; 256] = [0; 256];
        while self.at < offset {
            let len = (offset - self.at).min(ZEROS.len() as u64) as usize;
            self.put(&ZEROS[..len])?;
        }
        Ok(())
    }

    fn copy(&mut self, data: Option<&mut DataFile>, range: &std::ops::Range<u64>) -> Checked {
        let Some(data) = data else {
            return Err(changed(
                "the container",
                "a data file is not there".to_owned(),
            ));
        };
        let failed = data.pieces(range, |bytes| self.put(bytes).err())?;
        failed.map_or(Ok(()), Err)
    }
}

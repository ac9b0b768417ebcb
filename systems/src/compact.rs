//! Compacting a container: it becomes what a fresh cook of its jobs would write.
//!
//! What is to be is found by [`bevy_kiln_assets::compact`]. Here the new files are written beside the old
//! ones, verified, and put in their place by one commit.

use bevy_kiln_assets::{
    compact::{CompactError, Compaction, Content, Moved, MovedTable, Origin},
    cook::pace::CancelFlag,
    diagnostic::{Diagnostic, codes},
    format::{
        buffer_table::BufferEntry,
        ids::ContentHash,
        index::{AssetRecord, ContainerIndex, FileRecord},
        job_record::JobKey,
        layout::{CATALOG_FILE, FileKind, INDEX_FILE},
        path::RelativePath,
        texture_table::TextureEntry,
    },
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
};

use crate::{
    store::{ContainerStore, OpenedContainer, Rewrite, StoreError, StoreOptions, is_container},
    verify::{
        VerifyReport,
        data::{Checked, DataFile, read},
        regular_file, verify_held,
    },
};

/// What is kept of a container, and whether anything is written.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CompactOptions {
    /// Only these jobs are kept, in this order. Without it, all jobs are, in the order of their last cook.
    pub keep: Option<Vec<JobKey>>,
    /// Only find out what would be done.
    pub dry_run: bool,
    /// Raised when somebody has changed their mind; the container stays as it is then.
    pub cancel: CancelFlag,
}

impl CompactOptions {
    /// Everything stays that belongs to some job.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only these jobs stay, in this order.
    #[must_use]
    pub fn keeping(mut self, jobs: impl Into<Vec<JobKey>>) -> Self {
        self.keep = Some(jobs.into());
        self
    }

    /// Only find out what would be done.
    #[must_use]
    pub fn dry_run(mut self, dry: bool) -> Self {
        self.dry_run = dry;
        self
    }
}

/// How many there are, and how many are dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// What stays.
    pub kept: usize,
    /// What goes.
    pub dropped: usize,
}

impl Kept {
    fn of(kept: usize, before: usize) -> Self {
        Self {
            kept,
            dropped: before.saturating_sub(kept),
        }
    }
}

/// What was compacted, and what was found.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct CompactReport {
    /// The container is compact, or would be.
    pub success: bool,
    /// Something is written, or would be.
    pub changed: bool,
    /// Nothing was written, because nobody wanted that.
    pub dry_run: bool,
    /// Bytes of all files of the container.
    pub bytes_before: u64,
    /// The same when it is compact.
    pub bytes_after: u64,
    /// Textures.
    pub textures: Kept,
    /// Buffers.
    pub buffers: Kept,
    /// Assets.
    pub assets: Kept,
    /// Jobs.
    pub jobs: Kept,
    /// The jobs that are dropped.
    pub dropped_jobs: Vec<String>,
    /// The identity: 32 hexadecimal digits; empty without success.
    pub guid: String,
    /// What was found in the container, and what went wrong.
    pub diagnostics: Vec<Diagnostic>,
}

/// Verifies the container at a root and makes it what a fresh cook of its jobs would write. A container
/// that is compact already is not touched.
pub fn compact_container(root: &Path, options: &CompactOptions) -> CompactReport {
    let mut report = CompactReport {
        dry_run: options.dry_run,
        ..CompactReport::default()
    };
    match compact(root, options, &mut report) {
        Ok(()) => report.success = true,
        Err(diagnostic) => report.diagnostics.push(*diagnostic),
    }
    report
}

fn compact(root: &Path, options: &CompactOptions, report: &mut CompactReport) -> Checked {
    let name = root.display().to_string();
    if !is_container(root) {
        let text = "there is no `container.index.bin`";
        return Err(Box::new(
            Diagnostic::new(codes::verify::MISSING, text).source(name),
        ));
    }
    let failed = |error: StoreError| Box::new(error.diagnostic(root));
    let opened = ContainerStore::open(root, StoreOptions::default()).map_err(failed)?;
    let mut found = VerifyReport::default();
    let verified = verify_held(root, &mut found);
    // What a valid container could do better it will.
    found.diagnostics.retain(Diagnostic::is_error);
    report.diagnostics.append(&mut found.diagnostics);
    verified?;
    if report.diagnostics.iter().any(Diagnostic::is_error) {
        return Err(refused(root, "it has errors"));
    }
    let OpenedContainer {
        store,
        textures,
        buffers,
        assets,
        catalog,
        ..
    } = opened;
    let content = Content {
        textures: &textures,
        buffers: &buffers,
        assets: &assets,
        catalog: &catalog,
    };
    let planned = Compaction::new(content, options.keep.as_deref());
    let compaction = planned.map_err(|error| told(root, &error))?;
    report.textures = Kept::of(compaction.textures.entries.len(), textures.len());
    report.buffers = Kept::of(compaction.buffers.entries.len(), buffers.len());
    report.assets = Kept::of(compaction.assets.len(), assets.len());
    report.jobs = Kept::of(compaction.job_count(), catalog.jobs().len());
    report.dropped_jobs = compaction.dropped.iter().map(JobKey::to_string).collect();
    for missing in &compaction.missing {
        let text = format!("the container holds nothing of the job `{missing}`");
        let diagnostic = Diagnostic::new(codes::container::NOT_COOKED, text);
        report.diagnostics.push(diagnostic.source(&name));
    }
    let target = Target::new(root, &store, compaction)?;
    (report.bytes_before, report.bytes_after) = target.sizes();
    report.guid = target.guid();
    report.changed = target.is_new(&store);
    if !report.changed || options.dry_run {
        return Ok(());
    }
    let mut rewrite = store.rewrite().map_err(failed)?;
    target.write(&mut rewrite, &options.cancel)?;
    let mut found = VerifyReport::default();
    let verified = verify_held(rewrite.folder(), &mut found);
    let mut errors = found.diagnostics.into_iter().filter(Diagnostic::is_error);
    if let Some(error) = verified.err().map(|error| *error).or_else(|| errors.next()) {
        report.diagnostics.push(error);
        return Err(refused(root, "the compact container would not be valid"));
    }
    check(&options.cancel)?;
    match rewrite.commit(target.removals()).map_err(failed)? {
        None => Ok(()),
        Some(error) => {
            let text = "the container is compact, but could not be put in place; the next import into it, \
                        or `kiln verify`, does it";
            let diagnostic = Diagnostic::new(codes::import::COMMIT_UNFINISHED, text);
            report.diagnostics.push(diagnostic.source(&name));
            Err(failed(error))
        }
    }
}

/// The end, if somebody has changed their mind.
fn check(cancel: &CancelFlag) -> Checked {
    if cancel.is_cancelled() {
        let text = "the compaction was canceled; the container is as it was";
        return Err(Box::new(Diagnostic::new(codes::import::CANCELED, text)));
    }
    Ok(())
}

fn refused(root: &Path, text: &str) -> Box<Diagnostic> {
    let diagnostic = Diagnostic::new(codes::container::NOT_COMPACTED, text);
    Box::new(diagnostic.source(root.display().to_string()))
}

fn told(root: &Path, error: &CompactError) -> Box<Diagnostic> {
    let code = match error {
        CompactError::Unclaimed(_) => codes::container::COMPACT_UNCLAIMED,
        CompactError::NothingLeft => codes::container::COMPACT_EMPTY,
        _ => codes::container::NOT_COMPACTED,
    };
    Box::new(Diagnostic::new(code, error.to_string()).source(root.display().to_string()))
}

/// The container as it is to be.
struct Target<'a> {
    root: &'a Path,
    old: ContainerIndex,
    index: ContainerIndex,
    index_bytes: Vec<u8>,
    catalog_bytes: Vec<u8>,
    old_catalog: u64,
    compaction: Compaction<'a>,
    /// Descriptors whose bytes change.
    changed: BTreeSet<String>,
}

impl<'a> Target<'a> {
    fn new(root: &'a Path, store: &ContainerStore, compaction: Compaction<'a>) -> Checked<Self> {
        let (old, old_catalog) = store.committed_files();
        let corrupt = |error: &dyn std::fmt::Display| refused(root, &error.to_string());
        let old = ContainerIndex::parse(&old).map_err(|error| corrupt(&error))?;
        let mut assets = Vec::with_capacity(compaction.assets.len());
        let mut hashes: HashMap<String, ContentHash> = HashMap::new();
        let mut changed = BTreeSet::new();
        for asset in &compaction.assets {
            let bytes = descriptor(root, asset)?;
            let moved = compaction.descriptor(asset, bytes);
            let moved = moved.map_err(|error| told(root, &error))?;
            hashes.insert(asset.key().to_string(), moved.content_hash);
            if moved.changed {
                changed.insert(asset.path().to_string());
            }
            assets.push(AssetRecord::new(
                asset.key(),
                asset.asset_type(),
                asset.path().clone(),
                asset.virtual_path().clone(),
                moved.bytes.len() as u64,
                moved.digest,
            ));
        }
        let mut files = Vec::new();
        for (kind, size) in resource_sizes(&compaction) {
            let path = match old.file(kind) {
                Some(file) => file.path.clone(),
                None => RelativePath::new(kind.default_path()).map_err(|error| corrupt(&error))?,
            };
            files.push(FileRecord { kind, path, size });
        }
        // A fresh cook derives the identity from its index, and so does this.
        let index = ContainerIndex::new(None, store.content_version(), assets, files)
            .map_err(|error| corrupt(&error))?;
        let index_bytes = index.to_bytes().map_err(|error| corrupt(&error))?;
        let catalog = compaction.catalog(&hashes);
        let catalog_bytes = catalog.to_bytes().map_err(|error| corrupt(&error))?;
        Ok(Self {
            root,
            old,
            index,
            index_bytes,
            catalog_bytes,
            old_catalog: old_catalog.len() as u64,
            compaction,
            changed,
        })
    }

    /// Whether it differs from what there is.
    fn is_new(&self, store: &ContainerStore) -> bool {
        let (index, catalog) = store.committed_files();
        let (textures, buffers) = self.compaction.is_unmoved();
        index != self.index_bytes || catalog != self.catalog_bytes || !textures || !buffers
    }

    fn guid(&self) -> String {
        let guid = self.index.guid();
        guid.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Bytes of all files, before and after.
    fn sizes(&self) -> (u64, u64) {
        let of = |index: &ContainerIndex| -> u64 {
            let files = index.files().iter().map(|file| file.size);
            files
                .chain(index.assets().iter().map(AssetRecord::size))
                .sum()
        };
        let index = self.old.to_bytes().map_or(0, |bytes| bytes.len() as u64);
        let before = of(&self.old) + index + self.old_catalog;
        let own = self.index_bytes.len() + self.catalog_bytes.len();
        (before, of(&self.index) + own as u64)
    }

    /// Files that only the old container names.
    fn removals(&self) -> Vec<String> {
        let named = |index: &ContainerIndex| -> BTreeSet<String> {
            let files = index.files().iter().map(|file| file.path.to_string());
            let assets = index.assets().iter().map(|asset| asset.path().to_string());
            files.chain(assets).collect()
        };
        let (before, after) = (named(&self.old), named(&self.index));
        before.difference(&after).cloned().collect()
    }

    /// Writes everything that differs, and takes along what does not.
    fn write(&self, rewrite: &mut Rewrite<'_>, cancel: &CancelFlag) -> Checked {
        let failed = |error: StoreError| Box::new(error.diagnostic(self.root));
        let (textures, buffers) = self.compaction.is_unmoved();
        let pairs = [
            (FileKind::TexturesTable, FileKind::TexturesData, textures),
            (FileKind::BuffersTable, FileKind::BuffersData, buffers),
        ];
        for (table, data, unmoved) in pairs {
            let (Some(table), Some(data)) = (self.index.file(table), self.index.file(data)) else {
                continue;
            };
            let same_size = |file: &FileRecord| {
                let old = self.old.file(file.kind);
                old.is_some_and(|old| old.size == file.size)
            };
            let (table_path, data_path) = (table.path.as_str(), data.path.as_str());
            if unmoved && same_size(table) && same_size(data) {
                rewrite.keep(table_path).map_err(failed)?;
                rewrite.keep(data_path).map_err(failed)?;
            } else if data.kind == FileKind::TexturesData {
                let moved = &self.compaction.textures;
                let entries = moved
                    .entries
                    .iter()
                    .flat_map(|moved| moved.entry.to_bytes());
                let entries: Vec<u8> = entries.collect();
                rewrite.put(table_path, &entries).map_err(failed)?;
                self.write_data(rewrite, cancel, data_path, moved, TextureEntry::data_offset)?;
            } else {
                let moved = &self.compaction.buffers;
                let entries = moved
                    .entries
                    .iter()
                    .flat_map(|moved| moved.entry.to_bytes());
                let entries: Vec<u8> = entries.collect();
                rewrite.put(table_path, &entries).map_err(failed)?;
                self.write_data(rewrite, cancel, data_path, moved, BufferEntry::data_offset)?;
            }
        }
        for asset in &self.compaction.assets {
            check(cancel)?;
            let path = asset.path().as_str();
            if self.changed.contains(path) {
                let bytes = descriptor(self.root, asset)?;
                let moved = self.compaction.descriptor(asset, bytes);
                let moved = moved.map_err(|error| told(self.root, &error))?;
                rewrite.put(path, &moved.bytes).map_err(failed)?;
            } else {
                rewrite.keep(path).map_err(failed)?;
            }
        }
        rewrite
            .put(CATALOG_FILE, &self.catalog_bytes)
            .map_err(failed)?;
        rewrite.put(INDEX_FILE, &self.index_bytes).map_err(failed)
    }

    fn write_data<T>(
        &self,
        rewrite: &mut Rewrite<'_>,
        cancel: &CancelFlag,
        path: &str,
        table: &MovedTable<T>,
        offset: impl Fn(&T) -> u64,
    ) -> Checked {
        let failed = |error: StoreError| Box::new(error.diagnostic(self.root));
        let mut out = rewrite.begin(path).map_err(failed)?;
        let mut source = DataFile::open(&self.root.join(path), path)?;
        for Moved { origin, entry } in &table.entries {
            check(cancel)?;
            out.pad(offset(entry)).map_err(failed)?;
            match origin {
                Origin::New(bytes) => out.put(bytes).map_err(failed)?,
                Origin::Old(range) => {
                    let error = source.pieces(range, |piece| out.put(piece).err())?;
                    error.map_or(Ok(()), |error| Err(failed(error)))?;
                }
            }
        }
        out.finish().map_err(failed)
    }
}

/// The exact sizes of the resource files that are left.
fn resource_sizes(compaction: &Compaction<'_>) -> BTreeMap<FileKind, u64> {
    let mut sizes = BTreeMap::new();
    let mut pair = |table, data, bytes: usize, end| {
        if bytes > 0 {
            sizes.insert(table, bytes as u64);
            sizes.insert(data, end);
        }
    };
    let (textures, buffers) = (&compaction.textures, &compaction.buffers);
    pair(
        FileKind::TexturesTable,
        FileKind::TexturesData,
        textures.entries.len() * TextureEntry::BYTES,
        textures.end,
    );
    pair(
        FileKind::BuffersTable,
        FileKind::BuffersData,
        buffers.entries.len() * BufferEntry::BYTES,
        buffers.end,
    );
    sizes
}

/// The bytes of a descriptor. It was verified, and nobody else writes.
fn descriptor(root: &Path, asset: &AssetRecord) -> Checked<Vec<u8>> {
    let path = asset.path().as_str();
    let (path, _) = regular_file(root, path).map_err(|reason| refused(root, &reason))?;
    read(&path)
}

//! Containers: one entity for each cooked root, shared by every job that targets it.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    diagnostic::Diagnostic,
    format::{
        buffer_table::{BufferEntry, BufferSignature},
        catalog::{Catalog, CatalogEntry, CatalogKey, FallbackForm},
        ids::{AssetKey, BufferIndex, TextureIndex},
        index::AssetRecord,
        job_record::{JobContent, JobKey, JobSequence},
        path::VirtualPath,
        texture_table::{TextureEntry, TextureSignature},
    },
};
use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::job::JobOrder;

/// A cooked root.
#[derive(Component, Clone, Debug)]
#[component(immutable)]
pub struct Container {
    root: PathBuf,
}

impl Container {
    /// The container at a root; the root is compared as given, so normalise it first.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The cooked root.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

/// Where a container is in its life.
#[derive(Component, Clone, Debug, PartialEq, Eq)]
pub enum ContainerState {
    /// Nothing was opened: no job has started.
    Idle,
    /// Being locked, recovered and read.
    Opening,
    /// Takes emissions.
    Ready,
    /// Being committed; takes none.
    Committing,
    /// Being closed: its lock is given back.
    Closing,
    /// Could not be opened; its jobs fail with this.
    Failed(Box<Diagnostic>),
}

/// The texture table as it will be, committed and reserved entries alike.
#[derive(Component, Clone, Debug, Default)]
pub struct TextureTable {
    entries: Vec<TextureEntry>,
    by_signature: HashMap<TextureSignature, TextureIndex>,
    end: u64,
    /// The most entries; `None` for as many as an index can count.
    limit: Option<u32>,
}

/// The buffer table as it will be.
#[derive(Component, Clone, Debug, Default)]
pub struct BufferTable {
    entries: Vec<BufferEntry>,
    by_signature: HashMap<BufferSignature, BufferIndex>,
    end: u64,
    /// The most entries; `None` for as many as an index can count.
    limit: Option<u32>,
}

/// A place that was given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Equal content is there already.
    Existing,
    /// Bytes of the data file are to be written.
    New(NewPlace),
}

/// Bytes of a data file that were reserved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPlace {
    /// Where they are.
    pub range: Range<u64>,
    /// Zero bytes right before them, up to the end of what was there.
    pub padding: u64,
}

impl TextureTable {
    /// The table as it was committed. The fallback is in the table but never matches (C9).
    pub fn committed(entries: Vec<TextureEntry>, end: u64) -> Self {
        let by_signature = entries
            .iter()
            .enumerate()
            .skip(1)
            .filter(|(_, entry)| entry.content_hash().0 != 0)
            .map(|(index, entry)| {
                (
                    TextureSignature::of(entry, None),
                    TextureIndex(index as u32),
                )
            })
            .collect();
        Self {
            entries,
            by_signature,
            end,
            limit: None,
        }
    }

    /// The table with room for so many entries.
    #[must_use]
    pub fn with_limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The entries.
    pub fn entries(&self) -> &[TextureEntry] {
        &self.entries
    }

    /// The end of the data file.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Finds a place: that of equal content, or a new one at the next aligned offset. The index is
    /// final at once. `place` makes the entry for the offset it is given.
    ///
    /// `None` when the table is full (2³²−1 entries, or its limit).
    pub fn reserve(
        &mut self,
        salt: Option<&str>,
        place: impl Fn(u64) -> TextureEntry,
    ) -> Option<(TextureIndex, Placement)> {
        let offset = self
            .end
            .next_multiple_of(u64::from(TextureEntry::ALIGNMENT));
        let entry = place(offset);
        let signature = TextureSignature::of(&entry, salt);
        if let Some(&index) = self.by_signature.get(&signature) {
            return Some((index, Placement::Existing));
        }
        let index = TextureIndex(
            u32::try_from(self.entries.len())
                .ok()
                .filter(|i| *i < self.limit.unwrap_or(u32::MAX))?,
        );
        let range = offset..offset + u64::from(entry.size_bytes());
        if index != TextureIndex::FALLBACK {
            self.by_signature.insert(signature, index);
        }
        let padding = offset - self.end;
        self.end = range.end;
        self.entries.push(entry);
        Some((index, Placement::New(NewPlace { range, padding })))
    }

    /// Forgets everything after the first `len` entries: a job has left no trace.
    pub fn roll_back(&mut self, mark: TableMark) {
        self.entries.truncate(mark.len);
        self.by_signature
            .retain(|_, index| (index.0 as usize) < mark.len);
        self.end = mark.end;
    }

    /// Where the table is now.
    pub fn mark(&self) -> TableMark {
        TableMark {
            len: self.entries.len(),
            end: self.end,
        }
    }
}

impl BufferTable {
    /// The table as it was committed.
    pub fn committed(entries: Vec<BufferEntry>, end: u64) -> Self {
        let by_signature = entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.content_hash().0 != 0)
            .map(|(index, entry)| (BufferSignature::of(entry, None), BufferIndex(index as u32)))
            .collect();
        Self {
            entries,
            by_signature,
            end,
            limit: None,
        }
    }

    /// The table with room for so many entries.
    #[must_use]
    pub fn with_limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The entries.
    pub fn entries(&self) -> &[BufferEntry] {
        &self.entries
    }

    /// The end of the data file.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Finds a place, as [`TextureTable::reserve`] does; `alignment` need not be a power of two.
    pub fn reserve(
        &mut self,
        alignment: u32,
        salt: Option<&str>,
        place: impl Fn(u64) -> BufferEntry,
    ) -> Option<(BufferIndex, Placement)> {
        let offset = self.end.next_multiple_of(u64::from(alignment.max(1)));
        let entry = place(offset);
        let signature = BufferSignature::of(&entry, salt);
        if let Some(&index) = self.by_signature.get(&signature) {
            return Some((index, Placement::Existing));
        }
        let index = BufferIndex(
            u32::try_from(self.entries.len())
                .ok()
                .filter(|i| *i < self.limit.unwrap_or(u32::MAX))?,
        );
        let range = offset..offset + u64::from(entry.size_bytes());
        self.by_signature.insert(signature, index);
        let padding = offset - self.end;
        self.end = range.end;
        self.entries.push(entry);
        Some((index, Placement::New(NewPlace { range, padding })))
    }

    /// Forgets everything after a mark.
    pub fn roll_back(&mut self, mark: TableMark) {
        self.entries.truncate(mark.len);
        self.by_signature
            .retain(|_, index| (index.0 as usize) < mark.len);
        self.end = mark.end;
    }

    /// Where the table is now.
    pub fn mark(&self) -> TableMark {
        TableMark {
            len: self.entries.len(),
            end: self.end,
        }
    }
}

/// A state of a table to which it can be rolled back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableMark {
    /// Entries.
    pub len: usize,
    /// End of the data file.
    pub end: u64,
}

/// The assets and the catalogue as they will be, with what changed since the last commit.
#[derive(Component, Clone, Debug, Default)]
pub struct AssetCatalog {
    assets: BTreeMap<AssetKey, AssetRecord>,
    paths: HashMap<VirtualPath, AssetKey>,
    catalog: Catalog,
    staged: BTreeMap<AssetKey, Vec<u8>>,
    /// The orders of jobs that the next commit brings.
    sequences: Vec<JobSequence>,
    undo: Vec<Undo>,
}

#[derive(Clone, Debug)]
enum Undo {
    Asset {
        key: AssetKey,
        before: Option<AssetRecord>,
        staged: Option<Vec<u8>>,
    },
    Entry {
        key: CatalogKey,
        before: Option<CatalogEntry>,
    },
    Job {
        key: JobKey,
        before: Option<JobContent>,
    },
    Fallback(Option<FallbackForm>),
}

/// Two assets claim one virtual path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the virtual path {path} belongs to the asset {owner}; {key} cannot have it too")]
pub struct PathTaken {
    /// The path.
    pub path: VirtualPath,
    /// Who has it.
    pub owner: AssetKey,
    /// Who asked for it.
    pub key: AssetKey,
}

impl AssetCatalog {
    /// What was committed.
    pub fn committed(assets: Vec<AssetRecord>, catalog: Catalog) -> Self {
        Self {
            paths: assets
                .iter()
                .map(|asset| (asset.virtual_path().clone(), asset.key()))
                .collect(),
            assets: assets
                .into_iter()
                .map(|asset| (asset.key(), asset))
                .collect(),
            catalog,
            staged: BTreeMap::new(),
            sequences: Vec::new(),
            undo: Vec::new(),
        }
    }

    /// Adds or replaces an asset and its descriptor.
    ///
    /// # Errors
    /// [`PathTaken`] when the virtual path belongs to another key.
    pub fn put_asset(&mut self, record: AssetRecord, descriptor: Vec<u8>) -> Result<(), PathTaken> {
        let key = record.key();
        match self.paths.get(record.virtual_path()) {
            Some(&owner) if owner != key => {
                return Err(PathTaken {
                    path: record.virtual_path().clone(),
                    owner,
                    key,
                });
            }
            _ => {}
        }
        self.paths.insert(record.virtual_path().clone(), key);
        let same = self.assets.get(&key) == Some(&record);
        let before = self.assets.insert(key, record);
        let staged = if same {
            // The digest covers every byte: the descriptor on disk, or the staged one, is this one.
            self.staged.get(&key).cloned()
        } else {
            self.staged.insert(key, descriptor)
        };
        self.undo.push(Undo::Asset {
            key,
            before,
            staged,
        });
        Ok(())
    }

    /// Adds or replaces a line of the catalogue.
    pub fn put_entry(&mut self, key: CatalogKey, entry: CatalogEntry) {
        let before = self.catalog.insert(key.clone(), entry);
        self.undo.push(Undo::Entry { key, before });
    }

    /// Says what a job has put into the container, all of it. Lines of an earlier cook that it has not
    /// put again are dropped, unless another job has them too.
    pub fn put_job(&mut self, key: JobKey, content: JobContent, sequence: Option<&JobSequence>) {
        let before = self.catalog.job(&key);
        let gone: Vec<CatalogKey> = before
            .map(|before| before.lines.difference(&content.lines).cloned().collect())
            .unwrap_or_default();
        let before = self.catalog.put_job(key.clone(), content);
        if !gone.is_empty() {
            for line in self.catalog.unclaimed(&gone) {
                if let Some(entry) = self.catalog.remove(line) {
                    self.undo.push(Undo::Entry {
                        key: line.clone(),
                        before: Some(entry),
                    });
                }
            }
        }
        self.undo.push(Undo::Job { key, before });
        let is_new = |sequence: &&JobSequence| {
            let last = self.sequences.last();
            last.is_none_or(|last| !last.is_shared_with(sequence))
        };
        self.sequences.extend(sequence.filter(is_new).cloned());
    }

    /// Says how the fallback texture is made when the container is made anew.
    pub fn put_fallback(&mut self, form: FallbackForm) {
        let before = self.catalog.fallback();
        if before != Some(form) {
            self.catalog.set_fallback(Some(form));
            self.undo.push(Undo::Fallback(before));
        }
    }

    /// The assets by key.
    pub fn assets(&self) -> impl Iterator<Item = &AssetRecord> {
        self.assets.values()
    }

    /// The catalogue.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Lends the catalogue to a commit, which runs elsewhere and may take a while to write it.
    /// Nothing is emitted until it is given back.
    pub fn lend_catalog(&mut self) -> Catalog {
        for sequence in std::mem::take(&mut self.sequences) {
            self.catalog.arrange(sequence.keys());
        }
        std::mem::take(&mut self.catalog)
    }

    /// Takes the catalogue back.
    pub fn return_catalog(&mut self, catalog: Catalog) {
        self.catalog = catalog;
    }

    /// Descriptors that are new or changed since the last commit.
    pub fn staged(&self) -> &BTreeMap<AssetKey, Vec<u8>> {
        &self.staged
    }

    /// Where the catalogue is now; [`AssetCatalog::roll_back`] returns to it.
    pub fn mark(&self) -> usize {
        self.undo.len()
    }

    /// Undoes everything since the mark.
    pub fn roll_back(&mut self, mark: usize) {
        while self.undo.len() > mark {
            match self.undo.pop() {
                Some(Undo::Asset {
                    key,
                    before,
                    staged,
                }) => {
                    if let Some(now) = self.assets.remove(&key) {
                        self.paths.remove(now.virtual_path());
                    }
                    if let Some(before) = before {
                        self.paths.insert(before.virtual_path().clone(), key);
                        self.assets.insert(key, before);
                    }
                    match staged {
                        Some(bytes) => self.staged.insert(key, bytes),
                        None => self.staged.remove(&key),
                    };
                }
                Some(Undo::Entry { key, before }) => match before {
                    Some(entry) => {
                        self.catalog.insert(key, entry);
                    }
                    None => {
                        self.catalog.remove(&key);
                    }
                },
                Some(Undo::Job { key, before }) => match before {
                    Some(content) => {
                        self.catalog.put_job(key, content);
                    }
                    None => {
                        self.catalog.take_job(&key);
                    }
                },
                Some(Undo::Fallback(before)) => self.catalog.set_fallback(before),
                None => break,
            }
        }
    }

    /// Forgets what can no longer be undone, because it is committed.
    pub fn settle(&mut self) {
        self.undo.clear();
        self.staged.clear();
    }
}

/// Who emits next, and what waits for a commit.
#[derive(Component, Debug)]
pub struct CommitCursor {
    /// Jobs that have not emitted everything, in output order.
    pub waiting: BTreeMap<JobOrder, Entity>,
    /// The job that emits now.
    pub current: Option<Emitting>,
    /// Jobs that have emitted everything and wait for the commit, in output order.
    pub emitted: Vec<Emitting>,
    /// Where the tables were after the last commit.
    pub committed: ContainerMark,
    /// Batches of bytes that are being written.
    pub writes: usize,
    /// Something was rolled back while its bytes were being written: nobody may be given those
    /// places before the writes have ended.
    pub draining: bool,
    /// A failed job left its products behind on request: there is something to commit.
    pub kept_partial: bool,
    /// A commit has failed: none is tried again for its own sake, only for new jobs.
    pub commit_failed: bool,
    /// The first error of a write since the last commit.
    pub write_error: Option<Box<Diagnostic>>,
    /// When the last commit ended, and how long it took.
    pub last_commit: (Instant, Duration),
}

/// The job that emits now.
#[derive(Clone, Copy, Debug)]
pub struct Emitting {
    /// Its place.
    pub order: JobOrder,
    /// The job.
    pub job: Entity,
    /// The next step of its plan.
    pub next_step: usize,
    /// Where the container was before it.
    pub before: ContainerMark,
}

/// A state of a container to which it can be rolled back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContainerMark {
    /// Textures.
    pub textures: TableMark,
    /// Buffers.
    pub buffers: TableMark,
    /// Assets and catalogue.
    pub assets: usize,
}

impl CommitCursor {
    /// Whether a commit is overdue: after `interval`, but a commit may take a twentieth of the time
    /// at most, however large the container has become.
    pub fn is_due(&self, interval: Duration) -> bool {
        let (since, took) = self.last_commit;
        since.elapsed() >= interval.max(took * 20)
    }
}

impl Default for CommitCursor {
    fn default() -> Self {
        Self {
            waiting: BTreeMap::new(),
            current: None,
            emitted: Vec::new(),
            committed: ContainerMark::default(),
            writes: 0,
            draining: false,
            kept_partial: false,
            commit_failed: false,
            write_error: None,
            last_commit: (Instant::now(), Duration::ZERO),
        }
    }
}

/// The containers by root.
#[derive(Resource, Debug, Default)]
pub struct ContainersByRoot(pub HashMap<PathBuf, Entity>);

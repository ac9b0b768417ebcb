//! The crash-safe container on disk.
//!
//! # Why it survives
//!
//! * Payload bytes are only ever *appended* to the data files, past their committed end. Nothing
//!   points at them before a commit, so a crash leaves a tail that the next open cuts off.
//! * A commit makes everything durable first: data, table entries (appended too), and the new
//!   versions of everything that is replaced as a whole (descriptors, catalogue, index) in a
//!   staging folder. Then it writes a *journal* of the renames that are left to do, by rename
//!   itself. That is the commit point: before it, the next open rolls back; after it, forward.
//! * The renames follow, the index last, so that a loader without knowledge of the journal never
//!   sees an index that names what is not there yet.
//! * A lock file keeps a second process (or a second app in this one) out. It is unlinked when the
//!   container is closed, so its presence also tells a crash from a folder that is not ours.
//!
//! Every touch of the disk goes through `Disk`, whose steps are numbered: tests let each of them
//! fail, or kill the process there, and check what the next open finds.
//!
//! All functions block; they are called on the I/O pool.

mod commit;
mod journal;
mod lock;
mod look;
mod open;
mod rewrite;

pub use crate::io::{Fault, FaultEffect};
pub use commit::{CommitOutcome, CommitPlan};
pub(crate) use look::ContainerLook;
pub(crate) use rewrite::Rewrite;

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    diagnostic::{Diagnostic, codes},
    format::{
        buffer_table::BufferEntry,
        catalog::Catalog,
        ids::AssetKey,
        index::{AssetRecord, IndexError},
        layout::{FileKind, INDEX_FILE},
        texture_table::TextureEntry,
    },
    source::scene::SharedBytes,
};
use bevy_kiln_components::reservation::ResourceKind;
use journal::Journal;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use thiserror::Error;

use crate::io::{
    disk::Disk,
    error::FileError,
    writer::{Chunk, FileWriter, WriteOptions},
};

/// Folder of what a commit is about to put in place.
const STAGE: &str = ".kiln-stage";
/// The renames of a commit that has passed its commit point.
const JOURNAL: &str = ".kiln-journal";
/// The journal before it is valid.
const JOURNAL_DRAFT: &str = ".kiln-journal.tmp";
/// Held while the container is open.
const LOCK: &str = "kiln.lock";

/// Files that are ours but that no index names; all but the catalogue are gone from a closed container.
pub const OWN_FILES: [&str; 5] = [
    bevy_kiln_assets::format::layout::CATALOG_FILE,
    STAGE,
    JOURNAL,
    JOURNAL_DRAFT,
    LOCK,
];

/// Whether there is a container at a root, or one whose index is just being replaced.
pub(crate) fn is_container(root: &Path) -> bool {
    root.join(INDEX_FILE).exists() || root.join(JOURNAL).exists()
}

/// Options of a store.
#[derive(Resource, Clone, Debug, Default)]
pub struct StoreOptions {
    /// Lets a step of the store's work on the disk fail, for tests. Without one, the environment
    /// variable `KILN_FAULT` is looked at: `17:abort`, `17:stall`, `17:eio` or `17:enospc` for the
    /// 17th step, and `17:eio-once` for an error that passes.
    pub fault: Option<Fault>,
}

/// Why a container could not be opened, written or committed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Somebody else has it open.
    #[error("the container is open in {}", match .0 { Some(pid) => format!("process {pid}"), None => "another process".to_owned() })]
    Locked(Option<u32>),
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// What is on disk is not a valid container.
    #[error("{0}")]
    Corrupt(String),
    /// The index cannot be made.
    #[error(transparent)]
    Index(#[from] IndexError),
}

impl StoreError {
    /// The diagnostic about the container at a root.
    pub fn diagnostic(&self, root: &Path) -> Diagnostic {
        let code = match self {
            Self::Locked(_) => codes::container::LOCKED,
            // The kind of the error says more than that it was a container's file.
            Self::File(error) => error.code(),
            Self::Corrupt(_) => codes::container::CORRUPT,
            Self::Index(_) => codes::container::INDEX_TOO_LARGE,
        };
        Diagnostic::new(code, self.to_string()).source(root.display().to_string())
    }
}

/// Bytes for a data file, at an offset that was reserved for them.
#[derive(Clone, Debug)]
pub struct Blob {
    file: FileKind,
    offset: u64,
    padding: u64,
    bytes: SharedBytes,
}

impl Blob {
    /// Bytes at an offset, and that many zero bytes right before it: what was rolled back may have
    /// left other bytes in the gap.
    pub fn new(kind: ResourceKind, offset: u64, padding: u64, bytes: SharedBytes) -> Self {
        let file = match kind {
            ResourceKind::Texture => FileKind::TexturesData,
            ResourceKind::Buffer => FileKind::BuffersData,
        };
        Self {
            file,
            offset,
            padding,
            bytes,
        }
    }
}

/// What was found in a container.
#[derive(Debug)]
pub struct OpenedContainer {
    /// The open files.
    pub store: ContainerStore,
    /// The committed texture table.
    pub textures: Vec<TextureEntry>,
    /// The committed end of `textures.data`.
    pub textures_end: u64,
    /// The committed buffer table.
    pub buffers: Vec<BufferEntry>,
    /// The committed end of `buffers.data`.
    pub buffers_end: u64,
    /// The committed assets.
    pub assets: Vec<AssetRecord>,
    /// The committed catalogue.
    pub catalog: Catalog,
    /// Assets whose descriptors are not there any more: whoever makes them writes them.
    pub missing: BTreeSet<AssetKey>,
}

/// An open container. Dropping it cuts off what was not committed and gives the lock back.
#[derive(Debug)]
pub struct ContainerStore {
    root: PathBuf,
    disk: Disk,
    /// Writes the data files, in the order of emission; commits wait for it.
    writer: FileWriter,
    committed: Mutex<Committed>,
    /// The renames of a commit that has passed its commit point and could not be put in place.
    unfinished: Mutex<Option<Journal>>,
    made_root: bool,
    lock: lock::Lock,
}

/// What the index on disk says.
#[derive(Clone, Debug, Default)]
struct Committed {
    guid: Option<[u8; 16]>,
    content_version: u16,
    provisional: bool,
    /// The index file as it is.
    index: Vec<u8>,
    /// The catalogue file as it is.
    catalog: Vec<u8>,
    sizes: BTreeMap<FileKind, u64>,
    paths: BTreeMap<FileKind, PathBuf>,
}

impl Committed {
    fn size(&self, kind: FileKind) -> u64 {
        self.sizes.get(&kind).copied().unwrap_or(0)
    }

    fn path(&self, kind: FileKind) -> PathBuf {
        self.paths
            .get(&kind)
            .cloned()
            .unwrap_or_else(|| PathBuf::from(kind.default_path()))
    }
}

impl ContainerStore {
    /// The cooked root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether the last commit was one in the middle of a run, so that another has to follow.
    pub fn is_provisional(&self) -> bool {
        self.committed().provisional
    }

    fn committed(&self) -> MutexGuard<'_, Committed> {
        self.committed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The path of a resource file.
    fn path(&self, kind: FileKind) -> PathBuf {
        self.root.join(self.committed().path(kind))
    }

    /// The handle of a resource file, opened (and made) on first use.
    fn file(&self, kind: FileKind) -> Result<Arc<File>, StoreError> {
        let path = self.path(kind);
        Ok(self.writer.open(&path, WriteOptions::default())?)
    }

    /// Writes payloads at their offsets, with zero padding before them, on the I/O pool. The store
    /// stays open until they are written; `done` is called when their bytes are gone from memory.
    pub fn write(
        self: &Arc<Self>,
        blobs: Vec<Blob>,
        done: impl FnOnce(Result<(), StoreError>) + Send + 'static,
    ) {
        let paths: BTreeMap<FileKind, Arc<Path>> = [FileKind::TexturesData, FileKind::BuffersData]
            .map(|kind| (kind, self.path(kind).into()))
            .into();
        let chunks = blobs
            .into_iter()
            .filter_map(|blob| {
                Some(Chunk {
                    path: paths.get(&blob.file)?.clone(),
                    offset: blob.offset,
                    padding: blob.padding,
                    bytes: blob.bytes,
                })
            })
            .collect();
        let store = self.clone();
        self.writer
            .write_chunks(chunks, WriteOptions::default(), move |result| {
                done(result.map(|_| ()).map_err(StoreError::from));
                drop(store);
            });
    }

    /// Writes that are under way.
    pub fn pending_writes(&self) -> usize {
        self.writer.pending_count()
    }

    /// Begins no more writes, because nobody will commit them.
    pub(crate) fn cancel_writes(&self) {
        self.writer.cancel_all();
    }

    /// Forgets that writes have failed: what they were for is taken back.
    pub(crate) fn forget_write_errors(&self) {
        self.writer.forget_errors();
    }

    /// Puts in place what an earlier commit could not.
    fn finish_commit(&self) -> Result<(), StoreError> {
        let mut unfinished = self
            .unfinished
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(journal) = &*unfinished {
            journal.apply(&self.disk, &self.root)?;
            *unfinished = None;
        }
        Ok(())
    }

    /// Finishes what was committed, and removes what was not.
    fn tidy(&self) -> Result<(), StoreError> {
        self.finish_commit()?;
        self.disk.remove_file(&self.root.join(JOURNAL_DRAFT))?;
        self.disk.remove_folder(&self.root.join(STAGE))?;
        self.cut_uncommitted()
    }

    /// Cuts off what was written and not committed.
    fn cut_uncommitted(&self) -> Result<(), StoreError> {
        let committed = self.committed().clone();
        let sizes: BTreeMap<PathBuf, u64> = committed
            .sizes
            .iter()
            .map(|(&kind, &size)| (self.root.join(committed.path(kind)), size))
            .collect();
        for (path, file) in self.writer.open_files() {
            match sizes.get(&path) {
                Some(&size) if file.metadata().is_ok_and(|info| info.len() > size) => {
                    self.disk.set_len(&path, &file, size)?;
                }
                Some(_) => {}
                None => self.disk.remove_file(&path)?,
            }
        }
        if committed.guid.is_none() {
            // Nothing was ever committed: leave nothing behind, not even empty folders.
            let _ = std::fs::remove_dir(self.root.join("Resources"));
        }
        Ok(())
    }
}

impl Drop for ContainerStore {
    fn drop(&mut self) {
        if let Err(error) = self.tidy() {
            // The next open does the same, if it finds what it takes for a crash.
            tracing::warn!(root = %self.root.display(), %error, "closed untidily");
            self.lock.leave_behind();
        }
        self.lock.release();
        if self.made_root && self.committed().guid.is_none() {
            let _ = std::fs::remove_dir(&self.root);
        }
    }
}

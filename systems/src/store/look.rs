//! A look at a container from outside: without its lock, and without changing anything.

use bevy_kiln_assets::format::{
    index::ContainerIndex,
    layout::{CATALOG_FILE, INDEX_FILE},
};
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
    time::Duration,
};

use super::{CommitOutcome, JOURNAL};

/// A container as its index tells it.
#[derive(Debug)]
pub(crate) struct ContainerLook {
    /// The BLAKE3 hash of the index file.
    pub(crate) index_hash: [u8; 32],
    /// The BLAKE3 hash of the catalogue.
    pub(crate) catalog_hash: [u8; 32],
    index_size: u64,
    index: ContainerIndex,
}

impl ContainerLook {
    /// The container at a root; `None` when there is none, or its commit is not in place.
    pub(crate) fn of(root: &Path) -> Option<Self> {
        let bytes = std::fs::read(root.join(INDEX_FILE)).ok()?;
        // Nobody wants to know what is in it, and it may be long.
        let mut catalog = blake3::Hasher::new();
        catalog
            .update_reader(std::fs::File::open(root.join(CATALOG_FILE)).ok()?)
            .ok()?;
        if root.join(JOURNAL).exists() {
            return None;
        }
        Some(Self {
            index_hash: index_hash(&bytes),
            catalog_hash: *catalog.finalize().as_bytes(),
            index_size: bytes.len() as u64,
            index: ContainerIndex::parse(&bytes).ok()?,
        })
    }

    /// Whether every file that the index names is there with its size.
    pub(crate) fn is_complete(&self, root: &Path) -> bool {
        self.missing(root).is_none()
    }

    /// The first file that is not there with its size.
    pub(crate) fn missing(&self, root: &Path) -> Option<String> {
        let files = self.index.files().iter();
        let files = files.map(|file| (file.path.as_str(), file.size));
        let assets = self.index.assets().iter();
        let assets = assets.map(|asset| (asset.path().as_str(), asset.size()));
        let mut all = files.chain(assets);
        let missing = all.find(|(path, size)| {
            let info = std::fs::metadata(root.join(path));
            !info.is_ok_and(|info| info.len() == *size)
        });
        missing.map(|(path, _)| path.to_owned())
    }

    /// The container as if it had just been committed.
    pub(crate) fn outcome(&self) -> CommitOutcome {
        let files = self.index.files().iter();
        let sizes: BTreeMap<_, _> = files.map(|file| (file.kind, file.size)).collect();
        let assets = self.index.assets().iter();
        let assets: HashMap<_, _> = assets
            .map(|asset| {
                let file = (asset.path().to_string(), asset.size());
                (asset.virtual_path().to_string(), file)
            })
            .collect();
        CommitOutcome {
            guid: self.index.guid(),
            duration: Duration::ZERO,
            unfinished: None,
            index_before: Some(self.index_hash),
            index_after: self.index_hash,
            catalog_hash: self.catalog_hash,
            sizes: Arc::new(sizes),
            assets: Arc::new(assets),
            index_size: self.index_size,
        }
    }
}

/// The hash by which the memo knows an index or a catalogue.
pub(crate) fn index_hash(index: &[u8]) -> [u8; 32] {
    *blake3::hash(index).as_bytes()
}

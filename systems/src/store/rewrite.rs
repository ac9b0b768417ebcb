//! Rewriting: a whole new container is built in the stage, and then takes the place of the old one.
//!
//! The stage has the layout of a container, so that it can be verified like one before anything is
//! replaced. The commit is that of the journal: before it, nothing has happened; after it, the next open
//! goes on with the renames.

use bevy_kiln_assets::format::layout::{CATALOG_FILE, INDEX_FILE};
use std::{
    collections::BTreeSet,
    fs::File,
    path::{Path, PathBuf},
    sync::PoisonError,
};

use super::{ContainerStore, STAGE, StoreError, journal::Journal};
use crate::io::disk::Disk;

/// A new container on its way. Dropping it leaves the stage to be removed when the store is closed.
pub(crate) struct Rewrite<'s> {
    store: &'s ContainerStore,
    stage: PathBuf,
    /// What is to be renamed, in this order, the index last.
    renames: Vec<String>,
    folders: BTreeSet<PathBuf>,
}

impl ContainerStore {
    /// Begins to build a new container beside the one there is.
    pub(crate) fn rewrite(&self) -> Result<Rewrite<'_>, StoreError> {
        self.finish_commit()?;
        let stage = self.root.join(STAGE);
        self.disk.remove_folder(&stage)?;
        self.disk.create_folder(&stage)?;
        Ok(Rewrite {
            store: self,
            folders: BTreeSet::from([stage.clone()]),
            stage,
            renames: Vec::new(),
        })
    }

    /// The index and the catalogue as they are on disk.
    pub(crate) fn committed_files(&self) -> (Vec<u8>, Vec<u8>) {
        let committed = self.committed();
        (committed.index.clone(), committed.catalog.clone())
    }

    /// The version of the content.
    pub(crate) fn content_version(&self) -> u16 {
        self.committed().content_version
    }
}

impl Rewrite<'_> {
    /// The folder of the new container.
    pub(crate) fn folder(&self) -> &Path {
        &self.stage
    }

    fn place(&mut self, path: &str) -> Result<PathBuf, StoreError> {
        let place = self.stage.join(path);
        if let Some(folder) = place.parent()
            && self.folders.insert(folder.to_owned())
        {
            self.store.disk.create_folder(folder)?;
        }
        Ok(place)
    }

    /// Puts a file that stays as it is.
    pub(crate) fn keep(&mut self, path: &str) -> Result<(), StoreError> {
        let place = self.place(path)?;
        Ok(self.store.disk.link(&self.store.root.join(path), &place)?)
    }

    /// Puts a small file.
    pub(crate) fn put(&mut self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let place = self.place(path)?;
        self.store.disk.write_durable(&place, bytes)?;
        self.renames.push(path.to_owned());
        Ok(())
    }

    /// Begins a file that is written piece by piece.
    pub(crate) fn begin(&mut self, path: &str) -> Result<Growing, StoreError> {
        let place = self.place(path)?;
        self.renames.push(path.to_owned());
        Ok(Growing {
            file: self.store.disk.open(&place)?,
            disk: self.store.disk.clone(),
            path: place,
            at: 0,
            gathered: Vec::new(),
        })
    }

    /// Lets the new container take the place of the old one. `removals` are files of the old one that the
    /// new one does not have.
    ///
    /// # Errors
    /// The new container is not in place: with `Ok(Some(_))` it will be after the next open, because the
    /// commit has happened; with `Err(_)` everything is as it was.
    pub(crate) fn commit(self, removals: Vec<String>) -> Result<Option<StoreError>, StoreError> {
        let Self {
            store,
            mut renames,
            folders,
            ..
        } = self;
        for folder in folders.iter().rev() {
            store.disk.sync_folder(folder)?;
        }
        // Data before the catalogue, the index last.
        let rank = |path: &String| match path.as_str() {
            INDEX_FILE => 2,
            CATALOG_FILE => 1,
            _ => 0,
        };
        renames.sort_by_key(rank);
        let journal = Journal {
            renames: renames
                .into_iter()
                .map(|path| (path.clone(), path))
                .collect(),
            removals,
            hides_index: true,
        };
        journal.write(&store.disk, &store.root)?;
        *store
            .unfinished
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(journal);
        Ok(store.finish_commit().err())
    }
}

/// A file that is written from its beginning to its end.
pub(crate) struct Growing {
    file: File,
    disk: Disk,
    path: PathBuf,
    /// Bytes that were written.
    at: u64,
    gathered: Vec<u8>,
}

impl Growing {
    /// Bytes that are written at once.
    const PIECE: usize = 1 << 20;

    /// Appends bytes.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= Self::PIECE {
            self.write()?;
        }
        Ok(())
    }

    /// Appends zeros up to an offset.
    pub(crate) fn pad(&mut self, offset: u64) -> Result<(), StoreError> {
        let mut left = offset.saturating_sub(self.at + self.gathered.len() as u64);
        while left > 0 {
            let len = left.min(Self::PIECE as u64) as usize;
            self.gathered.resize(self.gathered.len() + len, 0);
            left -= len as u64;
            if self.gathered.len() >= Self::PIECE {
                self.write()?;
            }
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), StoreError> {
        let gathered = std::mem::take(&mut self.gathered);
        self.disk
            .write_at(&self.path, &self.file, self.at, &gathered)?;
        self.at += gathered.len() as u64;
        Ok(())
    }

    /// Makes the file durable.
    pub(crate) fn finish(mut self) -> Result<(), StoreError> {
        self.write()?;
        Ok(self.disk.sync(&self.path, &self.file)?)
    }
}

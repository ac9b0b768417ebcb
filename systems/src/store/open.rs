//! Opening a container: lock, recover, read.

use bevy_kiln_assets::format::{
    buffer_table::BufferEntry,
    catalog::Catalog,
    index::{AssetRecord, ContainerIndex},
    layout::{CATALOG_FILE, FileKind, INDEX_FILE},
    texture_table::TextureEntry,
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Mutex,
};

use super::{
    Committed, ContainerStore, JOURNAL, JOURNAL_DRAFT, OpenedContainer, STAGE, StoreError,
    StoreOptions, journal::Journal, lock::Lock,
};
use crate::io::{disk::Disk, error::FileError, writer::FileWriter};

impl ContainerStore {
    /// Locks the container at a root, makes it if it is not there, recovers what a crash has left,
    /// and reads what is committed.
    ///
    /// # Errors
    /// [`StoreError::Locked`], [`StoreError::Corrupt`], or an error of the file system.
    pub fn open(root: &Path, options: StoreOptions) -> Result<OpenedContainer, StoreError> {
        let disk = Disk::new(options.fault);
        let made_root = !root.is_dir();
        disk.create_folder(root)?;
        let opened =
            Lock::take(root).and_then(|lock| Self::open_locked(root, disk, lock, made_root));
        if made_root && opened.is_err() {
            let _ = std::fs::remove_dir(root);
        }
        opened
    }

    fn open_locked(
        root: &Path,
        disk: Disk,
        mut lock: Lock,
        made_root: bool,
    ) -> Result<OpenedContainer, StoreError> {
        if let Err(error) = recover(&disk, root, lock.left_behind) {
            if lock.left_behind {
                // There is still something to clean up.
                lock.leave_behind();
            }
            return Err(error);
        }
        let (committed, index, catalog) = read_committed(root)?;
        let textures = read_table(
            root,
            &committed,
            FileKind::TexturesTable,
            TextureEntry::BYTES,
            TextureEntry::parse,
        )?;
        let buffers = read_table(
            root,
            &committed,
            FileKind::BuffersTable,
            BufferEntry::BYTES,
            BufferEntry::parse,
        )?;
        let assets = index
            .map(|index| index.assets().to_vec())
            .unwrap_or_default();
        Ok(OpenedContainer {
            missing: assets
                .iter()
                .filter(|asset| {
                    let info = std::fs::metadata(root.join(asset.path().as_str()));
                    !info.is_ok_and(|info| info.len() == asset.size())
                })
                .map(AssetRecord::key)
                .collect(),
            textures,
            textures_end: committed.size(FileKind::TexturesData),
            buffers,
            buffers_end: committed.size(FileKind::BuffersData),
            assets,
            catalog,
            store: Self {
                root: root.to_owned(),
                writer: FileWriter::on(disk.clone()),
                disk,
                committed: Mutex::new(committed),
                unfinished: Mutex::default(),
                made_root,
                lock,
            },
        })
    }
}

/// Rolls a commit forward that has passed its commit point, and anything else back.
fn recover(disk: &Disk, root: &Path, crashed: bool) -> Result<(), StoreError> {
    if let Some(journal) = Journal::read(root)? {
        tracing::info!(root = %root.display(), "rolling an interrupted commit forward");
        journal.apply(disk, root)?;
    }
    disk.remove_file(&root.join(JOURNAL))?;
    disk.remove_file(&root.join(JOURNAL_DRAFT))?;
    disk.remove_folder(&root.join(STAGE))?;
    let index = read_index(root)?;
    for kind in FileKind::ALL {
        let record = index.as_ref().and_then(|(index, _)| index.file(kind));
        let path = root.join(record.map_or(kind.default_path(), |record| record.path.as_str()));
        let Ok(info) = std::fs::metadata(&path) else {
            continue;
        };
        match record {
            Some(record) if info.len() > record.size => {
                let file = disk.open(&path)?;
                disk.set_len(&path, &file, record.size)?;
                disk.sync(&path, &file)?;
            }
            // A file that no index names, in a folder that a crash was left in, is a crash's.
            None if crashed => disk.remove_file(&path)?,
            _ => {}
        }
    }
    Ok(())
}

fn read_file(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::system(path, "reading", &error).into()),
    }
}

fn corrupt(path: &Path, error: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(format!("{}: {error}", path.display()))
}

fn read_index(root: &Path) -> Result<Option<(ContainerIndex, Vec<u8>)>, StoreError> {
    let path = root.join(INDEX_FILE);
    let Some(bytes) = read_file(&path)? else {
        return Ok(None);
    };
    let index = ContainerIndex::parse(&bytes).map_err(|error| corrupt(&path, error))?;
    Ok(Some((index, bytes)))
}

fn read_committed(root: &Path) -> Result<(Committed, Option<ContainerIndex>, Catalog), StoreError> {
    let Some((index, bytes)) = read_index(root)? else {
        for kind in FileKind::ALL {
            let path = root.join(kind.default_path());
            if path.exists() {
                return Err(corrupt(
                    &path,
                    "resources without an index: this folder is not a container of ours",
                ));
            }
        }
        return Ok((Committed::default(), None, Catalog::default()));
    };
    let mut sizes = BTreeMap::new();
    let mut paths = BTreeMap::new();
    for file in index.files() {
        let path = root.join(file.path.as_str());
        let actual = std::fs::metadata(&path)
            .map_err(|error| FileError::system(&path, "the index names this file", &error))?
            .len();
        if actual != file.size {
            return Err(corrupt(
                &path,
                format!("the index says {} bytes, there are {actual}", file.size),
            ));
        }
        sizes.insert(file.kind, file.size);
        paths.insert(file.kind, PathBuf::from(file.path.as_str()));
    }
    // Containers of other tools have no catalogue.
    let path = root.join(CATALOG_FILE);
    let catalog_bytes = read_file(&path)?.unwrap_or_default();
    let catalog = if catalog_bytes.is_empty() {
        Catalog::default()
    } else {
        Catalog::parse(&catalog_bytes).map_err(|error| corrupt(&path, error))?
    };
    let committed = Committed {
        guid: Some(index.guid()),
        content_version: index.content_version(),
        provisional: catalog.is_provisional(),
        index: bytes,
        catalog: catalog_bytes,
        sizes,
        paths,
    };
    Ok((committed, Some(index), catalog))
}

fn read_table<T, E: std::fmt::Display>(
    root: &Path,
    committed: &Committed,
    kind: FileKind,
    entry_bytes: usize,
    parse: impl Fn(&[u8]) -> Result<T, E>,
) -> Result<Vec<T>, StoreError> {
    if !committed.sizes.contains_key(&kind) {
        return Ok(Vec::new());
    }
    let path = root.join(committed.path(kind));
    let bytes = read_file(&path)?.unwrap_or_default();
    if !bytes.len().is_multiple_of(entry_bytes) {
        return Err(corrupt(
            &path,
            format!("{} bytes are no whole number of entries", bytes.len()),
        ));
    }
    bytes
        .chunks_exact(entry_bytes)
        .enumerate()
        .map(|(index, entry)| {
            parse(entry).map_err(|error| corrupt(&path, format!("entry {index}: {error}")))
        })
        .collect()
}

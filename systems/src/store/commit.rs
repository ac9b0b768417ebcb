//! Committing: everything durable first, then one rename that decides, the index last.

use bevy_kiln_assets::format::{
    buffer_table::BufferEntry,
    catalog::Catalog,
    ids::AssetKey,
    index::{AssetRecord, ContainerIndex, FileRecord},
    layout::{CATALOG_FILE, FileKind, INDEX_FILE},
    path::RelativePath,
    texture_table::TextureEntry,
};
use bevy_kiln_components::report::OutputFile;
use bevy_tasks::AsyncComputeTaskPool;
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use super::{Committed, ContainerStore, STAGE, StoreError, journal::Journal, look::index_hash};

/// What the container is to be after the commit. Tables begin with the committed entries.
#[derive(Clone, Debug, Default)]
pub struct CommitPlan {
    /// The whole texture table.
    pub textures: Vec<TextureEntry>,
    /// The end of `textures.data`.
    pub textures_end: u64,
    /// The whole buffer table.
    pub buffers: Vec<BufferEntry>,
    /// The end of `buffers.data`.
    pub buffers_end: u64,
    /// All assets.
    pub assets: Vec<AssetRecord>,
    /// Descriptors that are new or changed since the last commit.
    pub descriptors: Vec<(AssetKey, Vec<u8>)>,
    /// The catalogue.
    pub catalog: Catalog,
    /// More is to come in this run. A GUID that is derived now is derived anew later, so that it
    /// does not depend on when commits happen.
    pub provisional: bool,
}

/// What was committed.
#[derive(Clone, Debug)]
pub struct CommitOutcome {
    /// The identity of the container.
    pub guid: [u8; 16],
    /// How long the commit took.
    pub duration: Duration,
    /// Why the commit, which has happened, could not be put in place: the next commit, close or
    /// open of the container will do it.
    pub unfinished: Option<Arc<StoreError>>,
    /// The BLAKE3 hash of the index before the commit, if there was one.
    pub(crate) index_before: Option<[u8; 32]>,
    /// That of the index after it.
    pub(crate) index_after: [u8; 32],
    /// The BLAKE3 hash of the catalogue.
    pub(crate) catalog_hash: [u8; 32],
    pub(super) sizes: Arc<BTreeMap<FileKind, u64>>,
    pub(super) assets: Arc<HashMap<String, (String, u64)>>,
    pub(super) index_size: u64,
}

impl CommitOutcome {
    /// The files that hold textures, buffers and these assets, and the index.
    pub fn output_files<'a>(
        &self,
        textures: bool,
        buffers: bool,
        assets: impl Iterator<Item = &'a str>,
    ) -> Vec<OutputFile> {
        let mut files = Vec::new();
        let mut resource = |kind: FileKind| {
            if let Some(&size) = self.sizes.get(&kind) {
                files.push(OutputFile {
                    path: kind.default_path().to_owned(),
                    size,
                });
            }
        };
        if textures {
            resource(FileKind::TexturesData);
            resource(FileKind::TexturesTable);
        }
        if buffers {
            resource(FileKind::BuffersData);
            resource(FileKind::BuffersTable);
        }
        for virtual_path in assets {
            if let Some((path, size)) = self.assets.get(virtual_path) {
                files.push(OutputFile {
                    path: path.clone(),
                    size: *size,
                });
            }
        }
        files.push(OutputFile {
            path: INDEX_FILE.to_owned(),
            size: self.index_size,
        });
        files
    }
}

impl ContainerStore {
    /// Waits for the writes that are under way, and makes the container what the plan says, or
    /// leaves it as it is. What is the same already is not written, not even with the same bytes.
    ///
    /// # Errors
    /// A [`StoreError`]; the container is as it was, at the latest after the next open.
    pub async fn commit(&self, plan: &mut CommitPlan) -> Result<CommitOutcome, StoreError> {
        self.writer.flush().await?;
        self.commit_written(plan)
    }

    fn commit_written(&self, plan: &mut CommitPlan) -> Result<CommitOutcome, StoreError> {
        let begun = Instant::now();
        self.finish_commit()?;
        let before = self.committed().clone();
        // A GUID that was final once stays; one that was derived too early, or not yet, is derived.
        let known = before.guid.filter(|_| !before.provisional);
        plan.catalog
            .set_provisional(plan.provisional && known.is_none());
        let sizes = plan.sizes();
        let index = plan.index(known, &before, &sizes)?;
        let index_bytes = index.to_bytes()?;
        let catalog_bytes = plan
            .catalog
            .to_bytes()
            .map_err(|error| StoreError::Corrupt(error.to_string()))?;
        self.settle_resources(plan, &before, &sizes)?;
        let mut unfinished = None;
        if index_bytes != before.index
            || catalog_bytes != before.catalog
            || !plan.descriptors.is_empty()
        {
            self.replace(plan, &before, &index_bytes, &catalog_bytes)?;
            unfinished = self.finish_commit().err().map(Arc::new);
        }
        let outcome = CommitOutcome {
            guid: index.guid(),
            duration: begun.elapsed(),
            unfinished,
            index_before: (!before.index.is_empty()).then(|| index_hash(&before.index)),
            index_after: index_hash(&index_bytes),
            catalog_hash: index_hash(&catalog_bytes),
            assets: Arc::new(
                plan.assets
                    .iter()
                    .map(|asset| {
                        let file = (asset.path().to_string(), asset.size());
                        (asset.virtual_path().to_string(), file)
                    })
                    .collect(),
            ),
            index_size: index_bytes.len() as u64,
            sizes: Arc::new(sizes.clone()),
        };
        *self.committed() = Committed {
            guid: Some(index.guid()),
            content_version: index.content_version(),
            provisional: plan.catalog.is_provisional(),
            index: index_bytes,
            catalog: catalog_bytes,
            sizes,
            paths: before.paths,
        };
        Ok(outcome)
    }

    /// Appends the new table entries, cuts data files at their exact end, and makes both durable.
    fn settle_resources(
        &self,
        plan: &CommitPlan,
        before: &Committed,
        sizes: &BTreeMap<FileKind, u64>,
    ) -> Result<(), StoreError> {
        for (&kind, &size) in sizes {
            let committed = before.size(kind);
            let path = self.root.join(before.path(kind));
            let file = self.file(kind)?;
            let entries = match kind {
                FileKind::TexturesTable => table_tail(
                    &plan.textures,
                    committed,
                    TextureEntry::BYTES,
                    TextureEntry::to_bytes,
                ),
                FileKind::BuffersTable => table_tail(
                    &plan.buffers,
                    committed,
                    BufferEntry::BYTES,
                    BufferEntry::to_bytes,
                ),
                FileKind::TexturesData | FileKind::BuffersData => Vec::new(),
            };
            self.disk.write_at(&path, &file, committed, &entries)?;
            let actual = std::fs::metadata(&path).map_or(0, |info| info.len());
            if actual != size {
                self.disk.set_len(&path, &file, size)?;
            }
            if size != committed || actual != size {
                self.disk.sync(&path, &file)?;
            }
            if committed == 0
                && let Some(folder) = path.parent()
            {
                self.disk.sync_folder(folder)?;
            }
        }
        Ok(())
    }

    /// Stages what is to replace descriptors, catalogue and index, all or none, and passes the
    /// commit point. The renames are left to [`ContainerStore::finish_commit`].
    fn replace(
        &self,
        plan: &CommitPlan,
        before: &Committed,
        index: &[u8],
        catalog: &[u8],
    ) -> Result<(), StoreError> {
        let stage = self.root.join(STAGE);
        self.disk.create_folder(&stage)?;
        let mut staged: Vec<(String, &[u8])> = Vec::new();
        let mut journal = Journal::default();
        let mut put = |bytes, target: &str| {
            let name = staged.len().to_string();
            staged.push((name.clone(), bytes));
            journal.renames.push((name, target.to_owned()));
        };
        let paths: HashMap<AssetKey, &RelativePath> = plan
            .assets
            .iter()
            .map(|asset| (asset.key(), asset.path()))
            .collect();
        for (key, bytes) in &plan.descriptors {
            if let Some(path) = paths.get(key) {
                put(bytes, path.as_str());
            }
        }
        if catalog != before.catalog {
            put(catalog, CATALOG_FILE);
        }
        if index != before.index {
            put(index, INDEX_FILE);
        }
        self.write_staged(&stage, &staged)?;
        self.disk.sync_folder(&stage)?;
        journal.write(&self.disk, &self.root)?;
        *self
            .unfinished
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(journal);
        Ok(())
    }
}

impl ContainerStore {
    /// Writes files and makes them durable, many of them side by side: each waits for the disk, which takes
    /// several requests at a time.
    fn write_staged(&self, stage: &Path, staged: &[(String, &[u8])]) -> Result<(), StoreError> {
        let write = |files: &[(String, &[u8])]| {
            let mut files = files.iter();
            files.try_for_each(|(name, bytes)| self.disk.write_durable(&stage.join(name), bytes))
        };
        let pool = AsyncComputeTaskPool::get();
        let threads = pool.thread_num().max(1);
        if staged.len() < MANY_STAGED || threads == 1 {
            return Ok(write(staged)?);
        }
        let results = pool.scope(|scope| {
            for files in staged.chunks(staged.len().div_ceil(threads)) {
                scope.spawn(async { write(files) });
            }
        });
        Ok(results.into_iter().collect::<Result<(), _>>()?)
    }
}

/// From this many files on, a commit stages them side by side.
const MANY_STAGED: usize = 16;

/// The bytes of the entries past the committed ones.
fn table_tail<T>(
    entries: &[T],
    committed: u64,
    entry_bytes: usize,
    to_bytes: impl Fn(&T) -> Vec<u8>,
) -> Vec<u8> {
    let first = usize::try_from(committed / entry_bytes as u64).unwrap_or(usize::MAX);
    entries.iter().skip(first).flat_map(to_bytes).collect()
}

impl CommitPlan {
    /// The exact sizes of the resource files there are.
    fn sizes(&self) -> BTreeMap<FileKind, u64> {
        let mut sizes = BTreeMap::new();
        if !self.buffers.is_empty() {
            let table = self.buffers.len() * BufferEntry::BYTES;
            sizes.insert(FileKind::BuffersTable, table as u64);
            sizes.insert(FileKind::BuffersData, self.buffers_end);
        }
        if !self.textures.is_empty() {
            let table = self.textures.len() * TextureEntry::BYTES;
            sizes.insert(FileKind::TexturesTable, table as u64);
            sizes.insert(FileKind::TexturesData, self.textures_end);
        }
        sizes
    }

    fn index(
        &self,
        guid: Option<[u8; 16]>,
        before: &Committed,
        sizes: &BTreeMap<FileKind, u64>,
    ) -> Result<ContainerIndex, StoreError> {
        let mut files = Vec::new();
        for (&kind, &size) in sizes {
            let path = before.path(kind);
            let path = RelativePath::new(path.to_string_lossy())
                .map_err(|error| StoreError::Corrupt(error.to_string()))?;
            files.push(FileRecord { kind, path, size });
        }
        let assets = self.assets.clone();
        Ok(ContainerIndex::new(
            guid,
            before.content_version,
            assets,
            files,
        )?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreOptions;
    use bevy_kiln_assets::format::index::AssetType;
    use bevy_kiln_assets::format::path::VirtualPath;
    use futures_lite::future::block_on;

    #[test]
    fn an_index_that_cannot_be_made_commits_nothing() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().join("cooked");
        let opened = ContainerStore::open(&root, StoreOptions::default()).unwrap();
        let asset = |key| {
            let path = RelativePath::new("Materials/M.omat").unwrap();
            let virtual_path = VirtualPath::new("/.cooked/Materials/M.omat").unwrap();
            let (kind, digest) = (AssetType::Material, [1; 32]);
            AssetRecord::new(AssetKey([key; 16]), kind, path, virtual_path, 1, digest)
        };
        let mut plan = CommitPlan {
            assets: vec![asset(1), asset(2)],
            ..CommitPlan::default()
        };
        let error = block_on(opened.store.commit(&mut plan)).unwrap_err();
        let told = error.diagnostic(&root);
        assert_eq!(told.code.id(), "container.index_too_large");
        drop(opened);
        assert!(!root.exists());
    }
}

//! What a job looks at in the file system, noted while it does.

use bevy_kiln_assets::cache::memo::{Found, Input, Stamp, names_hash};
use bevy_tasks::BoxedFuture;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::SystemTime,
};

use super::{
    lock,
    stamp::{is_settled, stamp},
};
use crate::io::{
    error::{FileError, IoErrorKind},
    reader::{FileInfo, ReadOptions, SourceBytes, SourceReader},
};

/// Everything that a job has looked at so far.
#[derive(Debug, Default)]
pub(crate) struct Footprint(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    files: BTreeMap<PathBuf, SeenFile>,
    things: BTreeMap<PathBuf, (bool, u64)>,
    folders: BTreeMap<PathBuf, SeenFolder>,
    absent: BTreeSet<PathBuf>,
    /// Where paths lead that are links, or lead through links.
    links: BTreeMap<PathBuf, PathBuf>,
    /// Something was seen that cannot be looked for again.
    is_lost: bool,
}

#[derive(Clone, Debug)]
struct SeenFile {
    stamp: Stamp,
    hash: Option<[u8; 32]>,
    /// Whether a change after the file was read would show.
    is_settled: bool,
}

#[derive(Clone, Debug, Default)]
struct SeenFolder {
    stamp: Stamp,
    /// All names, for somebody who asked for all of them.
    names: Option<[u8; 32]>,
    asked: BTreeMap<String, [u8; 32]>,
}

/// What a job has looked at, when it has looked at everything.
pub(crate) struct Traces {
    pub(crate) inputs: Vec<Input>,
    /// Which of the inputs may have been changed in the moment after they were read.
    pub(crate) unsettled: Vec<usize>,
}

impl Footprint {
    /// What was seen. `None` when that does not say enough.
    pub(crate) fn traces(&self) -> Option<Traces> {
        let seen = lock(&self.0);
        if seen.is_lost {
            return None;
        }
        let mut traces = Traces {
            inputs: Vec::new(),
            unsettled: Vec::new(),
        };
        let mut files = seen.files.clone();
        let mut things = seen.things.clone();
        for (link, target) in &seen.links {
            // That a link leads elsewhere shows in the file that it leads to.
            if let Some(file) = files.get(target).cloned() {
                files.insert(link.clone(), file);
            } else if let Some(thing) = things.get(target).copied() {
                things.insert(link.clone(), thing);
            }
        }
        for (path, file) in &files {
            if !file.is_settled {
                traces.unsettled.push(traces.inputs.len());
            }
            let found = Found::File {
                stamp: file.stamp,
                hash: file.hash,
            };
            traces.add(path, found)?;
        }
        for (path, &(is_folder, size)) in &things {
            if !files.contains_key(path) {
                traces.add(path, Found::Thing { is_folder, size })?;
            }
        }
        for (path, folder) in &seen.folders {
            let stamp = folder.stamp;
            if let Some(names) = folder.names {
                traces.add(path, Found::Listing { stamp, names })?;
            }
            if !folder.asked.is_empty() {
                let asked = folder.asked.clone().into_iter().collect();
                traces.add(path, Found::Names { stamp, asked })?;
            }
        }
        for path in &seen.absent {
            traces.add(path, Found::Nothing)?;
        }
        Some(traces)
    }

    /// Says that something is looked at that cannot be looked for again.
    pub(crate) fn lose(&self) {
        lock(&self.0).is_lost = true;
    }

    fn missed(&self, path: &Path, error: &FileError) {
        let mut seen = lock(&self.0);
        match error.kind {
            IoErrorKind::NotFound | IoErrorKind::NotDirectory => {
                seen.absent.insert(path.to_owned());
            }
            _ => seen.is_lost = true,
        }
    }

    fn read(&self, path: &Path, before: Option<Stamp>, bytes: &SourceBytes, options: ReadOptions) {
        let mut seen = lock(&self.0);
        let Some(stamp) = before else {
            seen.is_lost = true;
            return;
        };
        let is_whole = options.offset == 0 && bytes.len() as u64 == stamp.size;
        let hash = is_whole.then(|| bytes.digest());
        let now = SystemTime::now();
        let file = seen.files.entry(path.to_owned()).or_insert(SeenFile {
            stamp,
            hash,
            is_settled: is_settled(&stamp, now),
        });
        if file.stamp != stamp || (hash.is_some() && file.hash.is_some() && file.hash != hash) {
            // It was changed between two looks.
            seen.is_lost = true;
        } else if hash.is_some() {
            file.hash = hash;
        }
    }
}

impl Traces {
    fn add(&mut self, path: &Path, found: Found) -> Option<()> {
        let path = path.to_str()?.to_owned();
        self.inputs.push(Input { path, found });
        Some(())
    }
}

/// A reader of the file system that notes what is read for a job.
pub(crate) struct RecordingReader {
    inner: Arc<dyn SourceReader>,
    footprint: Arc<Footprint>,
}

impl RecordingReader {
    pub(crate) fn new(inner: Arc<dyn SourceReader>, footprint: Arc<Footprint>) -> Self {
        Self { inner, footprint }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        lock(&self.footprint.0)
    }
}

impl SourceReader for RecordingReader {
    fn read<'a>(
        &'a self,
        path: &'a Path,
        options: ReadOptions,
    ) -> BoxedFuture<'a, Result<SourceBytes, FileError>> {
        Box::pin(async move {
            // Before it is read: a change in between shows as another stamp the next time.
            let before = stamp(path);
            let result = self.inner.read(path, options).await;
            match &result {
                Ok(bytes) => self.footprint.read(path, before, bytes, options),
                Err(error) => self.footprint.missed(path, error),
            }
            result
        })
    }

    fn metadata<'a>(&'a self, path: &'a Path) -> BoxedFuture<'a, Result<FileInfo, FileError>> {
        Box::pin(async move {
            let result = self.inner.metadata(path).await;
            match &result {
                Ok(info) => {
                    let size = if info.is_directory { 0 } else { info.len };
                    let thing = (info.is_directory, size);
                    self.seen().things.insert(path.to_owned(), thing);
                }
                Err(error) => self.footprint.missed(path, error),
            }
            result
        })
    }

    fn canonical<'a>(&'a self, path: &'a Path) -> BoxedFuture<'a, Result<PathBuf, FileError>> {
        Box::pin(async move {
            let result = self.inner.canonical(path).await;
            match &result {
                Ok(real) if real != path => {
                    self.seen().links.insert(path.to_owned(), real.clone());
                }
                Ok(_) => {}
                Err(error) => self.footprint.missed(path, error),
            }
            result
        })
    }

    fn list<'a>(&'a self, folder: &'a Path) -> BoxedFuture<'a, Result<Vec<String>, FileError>> {
        Box::pin(async move {
            let result = self.list_to_search(folder).await;
            if let Ok(names) = &result {
                let hash = names_hash(names.iter().map(String::as_str));
                let mut seen = self.seen();
                seen.folders.entry(folder.to_owned()).or_default().names = Some(hash);
            }
            result
        })
    }

    fn list_to_search<'a>(
        &'a self,
        folder: &'a Path,
    ) -> BoxedFuture<'a, Result<Vec<String>, FileError>> {
        Box::pin(async move {
            let before = stamp(folder).filter(|stamp| is_settled(stamp, SystemTime::now()));
            let result = self.inner.list(folder).await;
            match &result {
                Ok(_) => {
                    let mut seen = self.seen();
                    let known = seen.folders.entry(folder.to_owned()).or_default();
                    known.stamp = before.unwrap_or_default();
                }
                Err(error) => self.footprint.missed(folder, error),
            }
            result
        })
    }

    fn note_names(&self, folder: &Path, name: &str, like: &[&str]) {
        let mut seen = self.seen();
        let folder = seen
            .links
            .get(folder)
            .cloned()
            .unwrap_or_else(|| folder.to_owned());
        let known = seen.folders.entry(folder).or_default();
        let mut like = like.to_vec();
        like.sort_unstable();
        known.asked.insert(name.to_lowercase(), names_hash(like));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::file_reader::FileReader;
    use bevy_tasks::block_on;
    use std::fs;

    fn recorder() -> (RecordingReader, Arc<Footprint>) {
        let footprint = Arc::<Footprint>::default();
        let reader = RecordingReader::new(Arc::new(FileReader), footprint.clone());
        (reader, footprint)
    }

    fn found(footprint: &Footprint) -> BTreeMap<PathBuf, Found> {
        let inputs = footprint.traces().unwrap().inputs.into_iter();
        inputs
            .map(|input| (input.path.into(), input.found))
            .collect()
    }

    #[test]
    fn everything_that_is_looked_at_is_noted() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["whole", "head", "looked", "Wood.PNG", "wood.png"] {
            fs::write(at(name), format!("content of {name}")).unwrap();
        }
        let (reader, footprint) = recorder();
        let head = ReadOptions {
            max_bytes: 4,
            ..ReadOptions::default()
        };
        block_on(async {
            reader.read(&at("whole"), head).await.unwrap();
            reader
                .read(&at("whole"), ReadOptions::default())
                .await
                .unwrap();
            reader.read(&at("head"), head).await.unwrap();
            reader.metadata(&at("looked")).await.unwrap();
            reader.metadata(&at("whole")).await.unwrap();
            assert!(!reader.exists(&at("missing")).await);
            assert!(reader.read(&at("whole/below"), head).await.is_err());
            reader.list_to_search(folder.path()).await.unwrap();
            reader.note_names(folder.path(), "WOOD.png", &["wood.png", "Wood.PNG"]);
        });
        let found = found(&footprint);
        let hash = *blake3::hash(b"content of whole").as_bytes();
        assert!(
            matches!(&found[&at("whole")], Found::File { hash: Some(own), .. } if *own == hash)
        );
        assert!(matches!(found[&at("head")], Found::File { hash: None, .. }));
        let looked = Found::Thing {
            is_folder: false,
            size: 17,
        };
        assert_eq!(found[&at("looked")], looked);
        assert_eq!(found[&at("missing")], Found::Nothing);
        assert_eq!(found[&at("whole/below")], Found::Nothing);
        let asked = vec![("wood.png".to_owned(), names_hash(["Wood.PNG", "wood.png"]))];
        assert!(matches!(&found[folder.path()], Found::Names { asked: own, .. } if *own == asked));
        assert_eq!(found.len(), 6);
    }

    #[test]
    fn a_file_that_changes_between_two_looks_is_not_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "one").unwrap();
        let (reader, footprint) = recorder();
        block_on(reader.read(&path, ReadOptions::default())).unwrap();
        assert!(footprint.traces().is_some());
        fs::write(&path, "three").unwrap();
        block_on(reader.read(&path, ReadOptions::default())).unwrap();
        assert!(footprint.traces().is_none());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_files_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        fs::write(root.join("real"), "x").unwrap();
        std::os::unix::fs::symlink("real", root.join("link")).unwrap();
        let (reader, footprint) = recorder();
        block_on(async {
            let real = reader.canonical(&root.join("link")).await.unwrap();
            reader.read(&real, ReadOptions::default()).await.unwrap();
        });
        let found = found(&footprint);
        assert_eq!(found[&root.join("link")], found[&root.join("real")]);
    }
}

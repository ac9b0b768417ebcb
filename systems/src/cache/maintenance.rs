//! Keeping the cache small and quick to look through.
//!
//! Whole segments are removed, the one first that was not used for the longest time. A segment that is
//! locked is being written by somebody and left alone. Whoever reads a segment while it is removed goes on
//! reading it, or does not find it: then the item is cooked.

use bevy_kiln_assets::{
    cache::{
        CacheKey,
        memo::Memo,
        segment::{ENTRY_HEAD, EntryHead, EntryPlace, MAGIC, footer},
    },
    format::layout::INDEX_FILE,
};
use serde::Serialize;
use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::index::{footer as read_footer, list, read_range, segment_name, segment_paths};

/// Segments below this size are joined.
const SMALL: u64 = 16 << 20;

/// More small segments than this are joined after a run: each costs a moment when the cache is opened.
const MANY: usize = 48;

/// How large a joined segment becomes.
const JOINED: u64 = 128 << 20;

/// What is in the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CacheStats {
    /// Files.
    pub segments: usize,
    /// Different entries.
    pub entries: usize,
    /// Bytes of their files.
    pub bytes: u64,
    /// Containers whose jobs are known.
    pub projects: usize,
    /// Bytes of what is known of them.
    pub project_bytes: u64,
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tidied {
    /// Files that are gone.
    pub removed_segments: usize,
    /// How much smaller the cache is, in bytes.
    pub freed_bytes: u64,
    /// Bytes that are left.
    pub bytes: u64,
}

/// The memos in a folder, and drafts that a crash has left.
pub(super) fn memos(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .filter(|path| {
            let end = path.extension();
            end.is_some_and(|end| end == "kmemo" || end == "draft")
        })
        .collect()
}

/// Removes the memos of containers that are gone, and those that cannot be read.
pub(super) fn forget_gone(folder: &Path) -> io::Result<()> {
    for path in memos(folder) {
        let memo = std::fs::read(&path).ok();
        let memo = memo.as_deref().and_then(Memo::parse);
        let is_there = memo.is_some_and(|memo| Path::new(&memo.root).join(INDEX_FILE).exists());
        if !is_there {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

struct Found {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

pub(super) fn stats(folder: &Path) -> CacheStats {
    let mut keys = std::collections::HashSet::new();
    let mut stats = CacheStats::default();
    for found in find(folder) {
        stats.segments += 1;
        stats.bytes += found.bytes;
        let entries = File::open(&found.path).and_then(|mut file| list(&mut file));
        keys.extend(entries.into_iter().flatten().map(|(key, _)| key));
    }
    stats.entries = keys.len();
    stats
}

/// Removes segments until no more than `max_bytes` are left, and joins small ones if there are many.
pub(super) fn trim(folder: &Path, max_bytes: u64) -> io::Result<()> {
    let small = find(folder)
        .iter()
        .filter(|found| found.bytes < SMALL)
        .count();
    if small > MANY {
        join(folder)?;
    }
    evict(folder, max_bytes)
}

pub(super) fn tidy(folder: &Path, max_bytes: u64) -> io::Result<Tidied> {
    tidied(folder, || {
        join(folder)?;
        evict(folder, max_bytes)
    })
}

pub(super) fn clear(folder: &Path) -> io::Result<Tidied> {
    tidied(folder, || {
        let segments = find(folder);
        segments
            .iter()
            .try_for_each(|found| remove(&found.path).map(|_| ()))
    })
}

fn tidied(folder: &Path, work: impl FnOnce() -> io::Result<()>) -> io::Result<Tidied> {
    let total =
        |all: &[Found]| -> (usize, u64) { (all.len(), all.iter().map(|found| found.bytes).sum()) };
    let (count, before) = total(&find(folder));
    work()?;
    let (left, bytes) = total(&find(folder));
    Ok(Tidied {
        removed_segments: count.saturating_sub(left),
        freed_bytes: before.saturating_sub(bytes),
        bytes,
    })
}

fn find(folder: &Path) -> Vec<Found> {
    let paths = segment_paths(folder).into_iter();
    paths
        .filter_map(|path| {
            let info = std::fs::metadata(&path).ok()?;
            Some(Found {
                bytes: info.len(),
                used: info.modified().unwrap_or(SystemTime::UNIX_EPOCH),
                path,
            })
        })
        .collect()
}

/// Removes the segments that were not used for the longest time.
fn evict(folder: &Path, max_bytes: u64) -> io::Result<()> {
    let mut segments = find(folder);
    segments.sort_by(|a, b| (a.used, &a.path).cmp(&(b.used, &b.path)));
    let mut total: u64 = segments.iter().map(|found| found.bytes).sum();
    for found in segments {
        if total <= max_bytes {
            break;
        }
        if remove(&found.path)? {
            total = total.saturating_sub(found.bytes);
        }
    }
    Ok(())
}

/// Removes a segment, unless somebody writes it.
fn remove(path: &Path) -> io::Result<bool> {
    match claim(path) {
        Some(_held) => match std::fs::remove_file(path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(error),
        },
        None => Ok(!path.exists()),
    }
}

/// Opens a segment that nobody writes. The lock lasts as long as the file is open.
fn claim(path: &Path) -> Option<File> {
    let file = OpenOptions::new().read(true).write(true).open(path).ok()?;
    match file.try_lock() {
        Err(std::fs::TryLockError::WouldBlock) => None,
        // A file system without locks has no way to tell.
        _ => Some(file),
    }
}

/// Joins small segments and those without a footer. Entries that are there twice or damaged are left out.
fn join(folder: &Path) -> io::Result<()> {
    let mut sources = Vec::new();
    let mut used = SystemTime::UNIX_EPOCH;
    for found in find(folder) {
        let Some(mut file) = claim(&found.path) else {
            continue;
        };
        let is_closed = read_footer(&mut file).is_ok_and(|entries| entries.is_some());
        if found.bytes < SMALL || !is_closed {
            used = used.max(found.used);
            sources.push((found.path, file, is_closed));
        }
    }
    if let [(_, _, true)] | [] = sources.as_slice() {
        return Ok(());
    }
    // The last entry of a key counts, as it does when the cache is opened.
    let mut latest: HashMap<CacheKey, usize> = HashMap::new();
    let mut listed = Vec::new();
    for (number, (_, file, _)) in sources.iter_mut().enumerate() {
        let entries = list(file).unwrap_or_default();
        for (key, place) in entries {
            latest.insert(key, listed.len());
            listed.push((number, key, place));
        }
    }
    let mut joined = Joined::new(folder);
    for (place, &(number, key, entry)) in listed.iter().enumerate() {
        if latest.get(&key) != Some(&place) {
            continue;
        }
        let Some((_, file, _)) = sources.get_mut(number) else {
            continue;
        };
        let Ok(bytes) = read_range(file, entry.offset, entry.total()) else {
            continue;
        };
        let fits = bytes.get(..ENTRY_HEAD).and_then(EntryHead::parse);
        if fits.is_some_and(|head| head.key == key && head.fits(&bytes[ENTRY_HEAD..])) {
            joined.append(key, &bytes)?;
        }
    }
    joined.close(used)?;
    for (path, file, _) in sources {
        drop(file);
        remove(&path)?;
    }
    Ok(())
}

/// The segments that others are joined to.
struct Joined {
    folder: PathBuf,
    number: u32,
    file: Option<(PathBuf, File)>,
    length: u64,
    entries: Vec<(CacheKey, EntryPlace)>,
    made: Vec<PathBuf>,
}

impl Joined {
    fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            // No process that cooks makes so many.
            number: 1 << 31,
            file: None,
            length: 0,
            entries: Vec::new(),
            made: Vec::new(),
        }
    }

    fn append(&mut self, key: CacheKey, bytes: &[u8]) -> io::Result<()> {
        if self.length >= JOINED {
            self.finish_file()?;
        }
        let (_, file) = match &mut self.file {
            Some(open) => open,
            none => {
                self.number += 1;
                let path = self.folder.join(segment_name(self.number));
                let mut file = OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .open(&path)?;
                let _ = file.try_lock();
                file.write_all(&MAGIC)?;
                self.length = MAGIC.len() as u64;
                self.made.push(path.clone());
                none.insert((path, file))
            }
        };
        file.write_all(bytes)?;
        let place = EntryPlace {
            offset: self.length,
            length: (bytes.len() - ENTRY_HEAD) as u64,
        };
        self.length = place.end();
        self.entries.push((key, place));
        Ok(())
    }

    fn finish_file(&mut self) -> io::Result<()> {
        let entries = std::mem::take(&mut self.entries);
        if let Some((_, mut file)) = self.file.take() {
            file.write_all(&footer(&entries))?;
        }
        self.length = 0;
        Ok(())
    }

    /// Closes the last file. All of them count as used when the last of their sources was.
    fn close(mut self, used: SystemTime) -> io::Result<()> {
        self.finish_file()?;
        for path in &self.made {
            let file = OpenOptions::new().write(true).open(path)?;
            file.set_modified(used)?;
        }
        Ok(())
    }
}

//! Which entries there are, and reading them.

use bevy_kiln_assets::{
    cache::{
        CacheKey, CachedCook,
        segment::{
            ENTRY_HEAD, EntryHead, EntryPlace, MAGIC, TRAILER, listing_length, parse_listing,
        },
    },
    source::scene::SharedBytes,
};
use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use super::lock;

/// What segments end in.
const EXTENSION: &str = "kseg";

/// A segment that is used is marked as used, but not more often than this.
const MARK_INTERVAL: Duration = Duration::from_secs(60);

/// Where every entry is. A later entry takes the place of an earlier one.
#[derive(Default)]
pub(super) struct Index {
    segments: Vec<Segment>,
    by_path: HashMap<PathBuf, u32>,
    places: HashMap<CacheKey, (u32, EntryPlace)>,
}

struct Segment {
    path: PathBuf,
    file: Option<SharedFile>,
}

/// A file that several threads read from.
pub(super) type SharedFile = Arc<Mutex<File>>;

impl Index {
    /// Reads the listings of all segments in a folder. What cannot be read is not there.
    pub(super) fn load(folder: &Path) -> Self {
        let mut index = Self::default();
        for path in segment_paths(folder) {
            let Some(entries) = File::open(&path)
                .ok()
                .and_then(|mut file| list(&mut file).ok())
            else {
                continue;
            };
            index.places.reserve(entries.len());
            for (key, place) in entries {
                index.add(&path, key, place);
            }
        }
        index
    }

    pub(super) fn has(&self, key: &CacheKey) -> bool {
        self.places.contains_key(key)
    }

    pub(super) fn add(&mut self, path: &Path, key: CacheKey, place: EntryPlace) {
        let segment = match self.by_path.get(path) {
            Some(&segment) => segment,
            None => {
                // There are never so many files.
                let segment = self.segments.len() as u32;
                self.by_path.insert(path.to_owned(), segment);
                self.segments.push(Segment {
                    path: path.to_owned(),
                    file: None,
                });
                segment
            }
        };
        self.places.insert(key, (segment, place));
    }

    pub(super) fn forget(&mut self, key: &CacheKey) {
        self.places.remove(key);
    }

    /// The file of an entry, and its place there.
    pub(super) fn find(&mut self, key: &CacheKey) -> Option<(SharedFile, EntryPlace)> {
        let &(segment, place) = self.places.get(key)?;
        let segment = self.segments.get_mut(segment as usize)?;
        if segment.file.is_none() {
            let file = File::open(&segment.path).ok()?;
            mark_used(&file);
            segment.file = Some(Arc::new(Mutex::new(file)));
        }
        Some((segment.file.clone()?, place))
    }
}

/// Says that a segment was used, so that others are removed before it. Where the system does not let a
/// reader say that, segments go by their age.
fn mark_used(file: &File) {
    let now = SystemTime::now();
    let age = file.metadata().and_then(|info| info.modified()).ok();
    let age = age.and_then(|modified| now.duration_since(modified).ok());
    if age.is_some_and(|age| age > MARK_INTERVAL) {
        let _ = file.set_modified(now);
    }
}

/// Reads an entry; `None` when it is not what was written under its key.
pub(super) fn read(file: &SharedFile, key: &CacheKey, place: EntryPlace) -> Option<CachedCook> {
    let bytes = read_range(&mut lock(file), place.offset, place.total()).ok()?;
    let head = EntryHead::parse(bytes.get(..ENTRY_HEAD)?)?;
    if head.key != *key || !head.fits(&bytes[ENTRY_HEAD..]) {
        return None;
    }
    let all = bytes.len();
    CachedCook::parse(&SharedBytes::from_vec(bytes).slice(ENTRY_HEAD..all)?)
}

/// Reads a range that must be there as a whole: nothing is allocated for what is not.
pub(super) fn read_range(file: &mut File, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let short = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let end = offset.checked_add(length).ok_or_else(short)?;
    if end > file.metadata()?.len() {
        return Err(short());
    }
    let mut bytes = Vec::new();
    let length = usize::try_from(length).map_err(|_| short())?;
    bytes
        .try_reserve_exact(length)
        .map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    bytes.resize(length, 0);
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// The segments of a folder, by their names: the oldest first.
pub(super) fn segment_paths(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|end| end == EXTENSION))
        .collect();
    paths.sort();
    paths
}

/// A name for a new segment in a folder.
pub(super) fn segment_name(number: u32) -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let nanos = since.map_or(0, |since| since.as_nanos());
    format!(
        "{nanos:020x}-{:x}-{number:x}.{EXTENSION}",
        std::process::id()
    )
}

/// The entries of a segment: from its footer, or one after the other if it has none.
pub(super) fn list(file: &mut File) -> io::Result<Vec<(CacheKey, EntryPlace)>> {
    match footer(file) {
        Ok(Some(entries)) => Ok(entries),
        _ => scan(file),
    }
}

/// The entries as the footer says; `None` when there is no valid one.
pub(super) fn footer(file: &mut File) -> io::Result<Option<Vec<(CacheKey, EntryPlace)>>> {
    let total = file.metadata()?.len();
    let Some(begin) = total.checked_sub(TRAILER as u64) else {
        return Ok(None);
    };
    if read_range(file, 0, MAGIC.len() as u64)? != MAGIC {
        return Ok(None);
    }
    let trailer = read_range(file, begin, TRAILER as u64)?;
    let Some(length) = listing_length(&trailer, total) else {
        return Ok(None);
    };
    let listing = read_range(file, begin - length, length)?;
    Ok(parse_listing(&listing, &trailer))
}

/// The entries as they follow each other, up to the first that is none. Bodies are checked when they are
/// read.
fn scan(file: &mut File) -> io::Result<Vec<(CacheKey, EntryPlace)>> {
    let total = file.metadata()?.len();
    let mut entries = Vec::new();
    if total < MAGIC.len() as u64 || read_range(file, 0, MAGIC.len() as u64)? != MAGIC {
        return Ok(entries);
    }
    let mut offset = MAGIC.len() as u64;
    while total.saturating_sub(offset) >= ENTRY_HEAD as u64 {
        let head = read_range(file, offset, ENTRY_HEAD as u64)?;
        let Some(head) = EntryHead::parse(&head) else {
            break;
        };
        let place = EntryPlace {
            offset,
            length: head.length,
        };
        if place.end() > total {
            break;
        }
        entries.push((head.key, place));
        offset = place.end();
    }
    Ok(entries)
}

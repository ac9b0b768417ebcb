//! Appending to the segment of this process.

use bevy_kiln_assets::{
    cache::{
        CacheKey,
        segment::{EntryPlace, MAGIC, entry_head, footer, hash},
    },
    diagnostic::{Diagnostic, codes},
    source::scene::SharedBytes,
};
use bevy_kiln_components::budget::MemoryClaim;
use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{index::segment_name, lock};

/// The size at which a segment is closed: what is removed at once when there is too much.
pub(super) fn segment_bytes(max_bytes: u64) -> u64 {
    (max_bytes / 16).clamp(1 << 20, 256 << 20)
}

/// Small parts are put together up to this size before they are written.
const GATHER: usize = 256 << 10;

/// Longer than any disk takes: what is not written by then is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why nothing more is written.
#[derive(Debug)]
pub(super) struct WriteError {
    path: PathBuf,
    error: io::Error,
}

impl WriteError {
    pub(super) fn diagnostic(&self, folder: &Path) -> Diagnostic {
        let message = format!(
            "{}: {}; nothing more is kept",
            self.path.display(),
            self.error
        );
        Diagnostic::new(codes::cache::UNWRITABLE, message).source(folder.display().to_string())
    }
}

/// What waits to be written, and where to.
pub(super) struct Writer {
    folder: PathBuf,
    segment_bytes: u64,
    state: Mutex<State>,
    idle: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Pending>,
    /// Somebody is writing, or about to.
    is_busy: bool,
    has_failed: bool,
    segment: Option<Segment>,
    numbered: u32,
    has_written: bool,
}

struct Pending {
    key: CacheKey,
    parts: Vec<SharedBytes>,
    /// Given back when the parts are written.
    _claim: MemoryClaim,
}

impl Writer {
    pub(super) fn new(folder: PathBuf, segment_bytes: u64) -> Self {
        Self {
            folder,
            segment_bytes,
            state: Mutex::default(),
            idle: Condvar::new(),
        }
    }

    /// Queues an entry. True when nobody writes: then the caller has to see to it that somebody calls
    /// [`Writer::drain`].
    pub(super) fn push(&self, key: CacheKey, parts: Vec<SharedBytes>, claim: MemoryClaim) -> bool {
        let mut state = lock(&self.state);
        if state.has_failed {
            return false;
        }
        state.queue.push_back(Pending {
            key,
            parts,
            _claim: claim,
        });
        !std::mem::replace(&mut state.is_busy, true)
    }

    /// Writes everything that is queued, and tells of each entry once it can be read. After an error
    /// nothing is written any more.
    pub(super) fn drain(
        &self,
        mut written: impl FnMut(&Path, CacheKey, EntryPlace),
    ) -> Result<(), WriteError> {
        loop {
            let (batch, segment, number) = {
                let mut state = lock(&self.state);
                if state.queue.is_empty() {
                    state.is_busy = false;
                    self.idle.notify_all();
                    return Ok(());
                }
                let batch: Vec<Pending> = state.queue.drain(..).collect();
                (batch, state.segment.take(), state.numbered)
            };
            let mut run = Run {
                writer: self,
                segment,
                number,
            };
            let result = run.write(batch, &mut written);
            let mut state = lock(&self.state);
            state.numbered = run.number;
            state.has_written = true;
            state.segment = run.segment;
            if let Err(error) = result {
                state.has_failed = true;
                state.queue.clear();
                state.is_busy = false;
                self.idle.notify_all();
                return Err(error);
            }
        }
    }

    /// Waits until nobody writes, and closes the segment. Whether anything was written since the last time.
    pub(super) fn close(&self) -> bool {
        let begun = Instant::now();
        let mut state = lock(&self.state);
        while state.is_busy && begun.elapsed() < PATIENCE {
            let waited = self.idle.wait_timeout(state, Duration::from_millis(100));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if let Some(segment) = state.segment.take() {
            segment.close();
        }
        std::mem::take(&mut state.has_written)
    }
}

/// One turn of writing.
struct Run<'a> {
    writer: &'a Writer,
    segment: Option<Segment>,
    number: u32,
}

impl Run<'_> {
    fn write(
        &mut self,
        batch: Vec<Pending>,
        written: &mut impl FnMut(&Path, CacheKey, EntryPlace),
    ) -> Result<(), WriteError> {
        for pending in batch {
            if let Some(full) = self
                .segment
                .take_if(|segment| segment.end() >= self.writer.segment_bytes)
            {
                let full = full.flushed(written)?;
                full.close();
            }
            let segment = match &mut self.segment {
                Some(segment) => segment,
                none => {
                    self.number += 1;
                    none.insert(Segment::create(&self.writer.folder, self.number)?)
                }
            };
            segment.append(&pending)?;
            segment.flush(GATHER, written)?;
        }
        match &mut self.segment {
            Some(segment) => segment.flush(0, written),
            None => Ok(()),
        }
    }
}

/// A segment that is being written.
struct Segment {
    path: PathBuf,
    file: File,
    /// Bytes that are written.
    length: u64,
    entries: Vec<(CacheKey, EntryPlace)>,
    /// How many of the entries are written.
    told: usize,
    gathered: Vec<u8>,
}

impl Segment {
    fn create(folder: &Path, number: u32) -> Result<Self, WriteError> {
        let path = folder.join(segment_name(number));
        let failed = |error| WriteError {
            path: path.clone(),
            error,
        };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).open(&path);
        let file = file.map_err(failed)?;
        // Who tidies up leaves alone what is locked. A file system without locks is tidied up later.
        let _ = file.try_lock();
        Ok(Self {
            file,
            length: 0,
            entries: Vec::new(),
            told: 0,
            gathered: MAGIC.to_vec(),
            path,
        })
    }

    /// Where the next entry begins.
    fn end(&self) -> u64 {
        self.length + self.gathered.len() as u64
    }

    fn append(&mut self, pending: &Pending) -> Result<(), WriteError> {
        let length = pending.parts.iter().map(|part| part.len() as u64).sum();
        let body_hash = hash(pending.parts.iter().map(|part| part.as_slice()));
        let place = EntryPlace {
            offset: self.end(),
            length,
        };
        let head = entry_head(&pending.key, length, &body_hash);
        self.gathered.extend(head);
        for part in &pending.parts {
            if part.len() < GATHER {
                self.gathered.extend_from_slice(part);
            } else {
                self.write_out()?;
                self.put(part)?;
            }
        }
        self.entries.push((pending.key, place));
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        let written = self.file.write_all(bytes);
        written.map_err(|error| WriteError {
            path: self.path.clone(),
            error,
        })?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn write_out(&mut self) -> Result<(), WriteError> {
        let gathered = std::mem::take(&mut self.gathered);
        self.put(&gathered)
    }

    /// Writes what is gathered, if it is more than `enough`.
    fn flush(
        &mut self,
        enough: usize,
        written: &mut impl FnMut(&Path, CacheKey, EntryPlace),
    ) -> Result<(), WriteError> {
        if self.gathered.len() < enough {
            return Ok(());
        }
        self.write_out()?;
        for (key, place) in &self.entries[self.told..] {
            written(&self.path, *key, *place);
        }
        self.told = self.entries.len();
        Ok(())
    }

    fn flushed(
        mut self,
        written: &mut impl FnMut(&Path, CacheKey, EntryPlace),
    ) -> Result<Self, WriteError> {
        self.flush(0, written)?;
        Ok(self)
    }

    /// Writes the footer. Without one, as after an error, the segment is read entry by entry.
    fn close(mut self) {
        self.entries.truncate(self.told);
        if self.gathered.is_empty() {
            let _ = self.file.write_all(&footer(&self.entries));
        }
    }
}

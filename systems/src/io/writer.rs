//! Writing files: on the I/O pool, whole or at offsets, all of it accounted for.
//!
//! A writer knows how many of its writes are under way, waits for all of them ([`FileWriter::flush`]),
//! and can be told to begin no more ([`FileWriter::cancel_all`]). What it is given it owns, so nobody
//! has to keep bytes alive.

#[cfg(test)]
mod tests;

use bevy_kiln_assets::source::scene::SharedBytes;
use bevy_tasks::AsyncComputeTaskPool;
use futures_lite::Stream;
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    fs::File,
    future::Future,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use super::{
    disk::Disk,
    error::{FileError, IoErrorKind},
};

/// Neighbouring small chunks are put together into one transfer up to this size.
const LARGEST_RUN: u64 = 1 << 20;

/// Chunks above this size are written from where they are: copying them takes longer than a call of the system.
const LARGEST_COPIED: u64 = 32 << 10;

/// Bytes that were written to a file are sent to the disk while more is being cooked, this many at a time:
/// a commit that finds all of it in the cache of the system waits for the disk alone.
const SYNC_AHEAD: u64 = 4 << 20;

/// How files are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteOptions {
    /// Makes the folders of a file if they are not there. Default: true.
    pub create_directories: bool,
    /// Replaces a file that is there, where whole files are written. Default: true.
    pub overwrite: bool,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self {
            create_directories: true,
            overwrite: true,
        }
    }
}

/// Bytes for a place in a file.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// The file.
    pub path: Arc<Path>,
    /// Where the bytes begin.
    pub offset: u64,
    /// How many zero bytes are written right before them.
    pub padding: u64,
    /// The bytes.
    pub bytes: SharedBytes,
}

impl Chunk {
    /// Bytes that are written, padding included.
    fn len(&self) -> u64 {
        self.padding.saturating_add(self.bytes.len() as u64)
    }

    /// Where the padding begins.
    fn start(&self) -> Result<u64, FileError> {
        let fits = self.offset.checked_add(self.bytes.len() as u64).is_some();
        let start = self.offset.checked_sub(self.padding).filter(|_| fits);
        start.ok_or_else(|| {
            let text = format!(
                "{} bytes at {} with {} of padding before them are no place in a file",
                self.bytes.len(),
                self.offset,
                self.padding
            );
            FileError::new(IoErrorKind::InvalidPath, &self.path, text)
        })
    }
}

/// Writes files. Clones share everything.
///
/// Whole files may be written side by side. Chunks are written one after the other, in the order in which
/// they were given: threads that write to one file at a time only wait for its lock, and burn a core while
/// they do. Files that are written at offsets stay open until the last clone is dropped.
#[derive(Clone, Debug)]
pub struct FileWriter(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    disk: Disk,
    files: Mutex<HashMap<PathBuf, OpenFile>>,
    state: Mutex<State>,
    queue: Mutex<Queue>,
}

/// A file that is written at offsets.
#[derive(Debug)]
struct OpenFile {
    file: Arc<File>,
    /// Bytes that were written since they were last sent to the disk.
    unsent: u64,
    /// Whether they are being sent.
    sending: bool,
}

/// Writes of chunks that wait for those before them.
#[derive(Default)]
struct Queue {
    waiting: VecDeque<Box<dyn FnOnce() + Send>>,
    /// Whether a task works on it.
    busy: bool,
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("waiting", &self.waiting.len())
            .field("busy", &self.busy)
            .finish()
    }
}

#[derive(Debug, Default)]
struct State {
    pending: usize,
    cancelled: bool,
    first_error: Option<FileError>,
    /// Closed, and so heard, when nothing is pending.
    waiting: Vec<async_channel::Sender<()>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for FileWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl FileWriter {
    /// A writer with nothing to do.
    pub fn new() -> Self {
        Self::on(Disk::new(None))
    }

    /// A writer whose steps count as those of a disk.
    pub(crate) fn on(disk: Disk) -> Self {
        Self(Arc::new(Shared {
            disk,
            ..Shared::default()
        }))
    }

    /// Writes a whole file; the future gives the number of bytes. The write goes on when the future
    /// is dropped.
    ///
    /// The future's error is that of the file, with [`IoErrorKind::AlreadyExists`] for a file that
    /// must not be replaced, or [`IoErrorKind::Cancelled`].
    pub fn write(
        &self,
        path: impl Into<PathBuf>,
        bytes: impl Into<Vec<u8>>,
        options: WriteOptions,
    ) -> PendingWrite {
        let (path, bytes) = (path.into(), bytes.into());
        let (done, pending) = PendingWrite::new();
        let place = path.clone();
        let work = move |shared: &Shared| {
            shared.prepare(&path, options)?;
            shared.disk.write_file(&path, &bytes, options.overwrite)?;
            Ok(bytes.len() as u64)
        };
        if let Some(task) = self.begin(&place, work, done) {
            AsyncComputeTaskPool::get()
                .spawn(async move { task() })
                .detach();
        }
        pending
    }

    /// Writes bytes at an offset, and `padding` zero bytes right before them. A file that is there
    /// is kept, one that is not is made, and what lies between its end and the bytes is zero. The
    /// future gives the number of bytes, padding included.
    ///
    /// The future's error is that of the file, or [`IoErrorKind::Cancelled`].
    pub fn write_at(&self, chunk: Chunk, options: WriteOptions) -> PendingWrite {
        let (done, pending) = PendingWrite::new();
        self.write_chunks(vec![chunk], options, done);
        pending
    }

    /// Writes chunks, one after the other, those that follow each other in one file together, when the
    /// chunks that were given before are written. `done` is called once, with the number of bytes or the
    /// first error, after the chunks are gone from memory: on the I/O pool, or here when the writer was
    /// cancelled.
    pub fn write_chunks(
        &self,
        chunks: Vec<Chunk>,
        options: WriteOptions,
        done: impl FnOnce(Result<u64, FileError>) + Send + 'static,
    ) {
        let place = chunks.first().map(|chunk| chunk.path.to_path_buf());
        let writer = self.clone();
        let work = move |shared: &Shared| {
            let written = shared.write_runs(&chunks, options)?;
            for chunk in &chunks {
                writer.send_ahead(&chunk.path, chunk.len());
            }
            Ok(written)
        };
        let Some(task) = self.begin(&place.unwrap_or_default(), work, done) else {
            return;
        };
        let mut queue = lock(&self.0.queue);
        queue.waiting.push_back(Box::new(task));
        if !std::mem::replace(&mut queue.busy, true) {
            let drain = Drain(self.0.clone());
            AsyncComputeTaskPool::get()
                .spawn(async move { drain.run() })
                .detach();
        }
    }

    /// Counts a write as pending and returns what does it, or ends it here when the writer was cancelled.
    fn begin(
        &self,
        path: &Path,
        work: impl FnOnce(&Shared) -> Result<u64, FileError> + Send + 'static,
        done: impl FnOnce(Result<u64, FileError>) + Send + 'static,
    ) -> Option<impl FnOnce() + Send + 'static> {
        let cancelled = {
            let mut state = lock(&self.0.state);
            state.pending += 1;
            state.cancelled
        };
        let operation = Operation(self.0.clone());
        if cancelled {
            operation.end(Err(refused(path)), done);
            return None;
        }
        let path = path.to_owned();
        Some(move || {
            let result = if lock(&operation.0.state).cancelled {
                drop(work);
                Err(refused(&path))
            } else {
                work(&operation.0)
            };
            operation.end(result, done);
        })
    }

    /// Notes that bytes of a file were written, and sends them to the disk once they are many.
    fn send_ahead(&self, path: &Path, bytes: u64) {
        let file = {
            let mut files = lock(&self.0.files);
            let Some(open) = files.get_mut(path) else {
                return;
            };
            open.unsent += bytes;
            if open.unsent < SYNC_AHEAD || std::mem::replace(&mut open.sending, true) {
                return;
            }
            open.unsent = 0;
            open.file.clone()
        };
        let sent = path.to_owned();
        let work = move |shared: &Shared| {
            // Its error counts: the system tells it only once, and a later sync would know of nothing.
            let result = shared.disk.sync(&sent, &file);
            if let Some(open) = lock(&shared.files).get_mut(&sent) {
                open.sending = false;
            }
            result.map(|()| 0)
        };
        if let Some(task) = self.begin(path, work, |_| {}) {
            AsyncComputeTaskPool::get()
                .spawn(async move { task() })
                .detach();
        }
    }

    /// Waits until nothing is pending, and gives the first error since the last flush.
    ///
    /// # Errors
    /// The first [`FileError`] of a write that ended since then; it is not given again.
    pub async fn flush(&self) -> Result<(), FileError> {
        loop {
            let idle = {
                let mut state = lock(&self.0.state);
                if state.pending == 0 {
                    return state.first_error.take().map_or(Ok(()), Err);
                }
                let (sender, idle) = async_channel::bounded::<()>(1);
                state.waiting.push(sender);
                idle
            };
            // Nothing is sent: an error means that the sender is gone.
            let _ = idle.recv().await;
        }
    }

    /// Forgets the error that the next flush would give, because somebody has dealt with it.
    pub fn forget_errors(&self) {
        lock(&self.0.state).first_error = None;
    }

    /// Lets every write that has not begun, and every later one, end with
    /// [`IoErrorKind::Cancelled`]. What has begun is finished.
    pub fn cancel_all(&self) {
        lock(&self.0.state).cancelled = true;
    }

    /// Writes that were begun or wait for a thread. A write counts until its callback has returned.
    pub fn pending_count(&self) -> usize {
        lock(&self.0.state).pending
    }

    /// The handle of a file that is written at offsets, opened (and made) on first use.
    pub(crate) fn open(&self, path: &Path, options: WriteOptions) -> Result<Arc<File>, FileError> {
        self.0.open(path, options)
    }

    /// The files that are open.
    pub(crate) fn open_files(&self) -> Vec<(PathBuf, Arc<File>)> {
        let files = lock(&self.0.files);
        let mut open: Vec<_> = files
            .iter()
            .map(|(path, open)| (path.clone(), open.file.clone()))
            .collect();
        open.sort_by(|(a, _), (b, _)| a.cmp(b));
        open
    }
}

fn refused(path: &Path) -> FileError {
    FileError::new(IoErrorKind::Cancelled, path, "the writer was cancelled")
}

/// Writes what is in the queue until it is empty. Another task goes on when a callback panics.
struct Drain(Arc<Shared>);

impl Drain {
    fn run(self) {
        loop {
            let next = {
                let mut queue = lock(&self.0.queue);
                let next = queue.waiting.pop_front();
                queue.busy = next.is_some();
                next
            };
            let Some(write) = next else {
                return;
            };
            write();
        }
    }
}

impl Drop for Drain {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let rest = Self(self.0.clone());
            AsyncComputeTaskPool::get()
                .spawn(async move { rest.run() })
                .detach();
        }
    }
}

/// One write that counts as pending until this is dropped, also when its callback panics.
struct Operation(Arc<Shared>);

impl Operation {
    fn end(self, result: Result<u64, FileError>, done: impl FnOnce(Result<u64, FileError>)) {
        if let Err(error) = &result {
            let mut state = lock(&self.0.state);
            state.first_error.get_or_insert_with(|| error.clone());
        }
        done(result);
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        state.pending -= 1;
        if state.pending == 0 {
            state.waiting.clear();
        }
    }
}

impl Shared {
    /// Checks a path, and makes its folders.
    fn prepare(&self, path: &Path, options: WriteOptions) -> Result<(), FileError> {
        if path.as_os_str().is_empty() {
            let text = "the path is empty";
            return Err(FileError::new(IoErrorKind::InvalidPath, path, text));
        }
        match path.parent() {
            Some(folder) if options.create_directories && !folder.as_os_str().is_empty() => {
                self.disk.create_folder(folder)
            }
            _ => Ok(()),
        }
    }

    fn open(&self, path: &Path, options: WriteOptions) -> Result<Arc<File>, FileError> {
        let mut files = lock(&self.files);
        if let Some(open) = files.get(path) {
            return Ok(open.file.clone());
        }
        self.prepare(path, options)?;
        let file = Arc::new(self.disk.open(path)?);
        let open = OpenFile {
            file: file.clone(),
            unsent: 0,
            sending: false,
        };
        files.insert(path.to_owned(), open);
        Ok(file)
    }

    fn write_runs(&self, chunks: &[Chunk], options: WriteOptions) -> Result<u64, FileError> {
        let mut written = 0;
        let mut rest = chunks;
        while let [first, others @ ..] = rest {
            let file = self.open(&first.path, options)?;
            let start = first.start()?;
            if first.len() > LARGEST_COPIED {
                self.write_zeros(&first.path, &file, start, first.padding)?;
                self.disk
                    .write_at(&first.path, &file, first.offset, &first.bytes)?;
                written += first.len();
                rest = others;
                continue;
            }
            let mut run: Vec<u8> = Vec::new();
            while let [chunk, others @ ..] = rest
                && chunk.path == first.path
                && chunk.start()? == start + run.len() as u64
                && chunk.len() <= LARGEST_COPIED
                && run.len() as u64 + chunk.len() <= LARGEST_RUN
            {
                run.resize(run.len() + chunk.padding as usize, 0);
                run.extend_from_slice(&chunk.bytes);
                rest = others;
            }
            self.disk.write_at(&first.path, &file, start, &run)?;
            written += run.len() as u64;
        }
        Ok(written)
    }

    fn write_zeros(&self, path: &Path, file: &File, at: u64, len: u64) -> Result<(), FileError> {
        let zeros = vec![0; len.min(LARGEST_RUN) as usize];
        let mut done = 0;
        while done < len {
            let part = (len - done).min(zeros.len() as u64);
            self.disk
                .write_at(path, file, at + done, &zeros[..part as usize])?;
            done += part;
        }
        Ok(())
    }
}

/// A write that was submitted. Awaiting it gives its result; dropping it changes nothing.
pub struct PendingWrite(Pin<Box<async_channel::Receiver<Result<u64, FileError>>>>);

impl PendingWrite {
    fn new() -> (impl FnOnce(Result<u64, FileError>) + Send + 'static, Self) {
        let (sender, receiver) = async_channel::bounded(1);
        let done = move |result| {
            // Nobody may be waiting, which is fine.
            let _ = sender.try_send(result);
        };
        (done, Self(Box::pin(receiver)))
    }
}

impl Future for PendingWrite {
    type Output = Result<u64, FileError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll_next(context).map(|result| {
            // Only a task pool that went away takes the sender with it.
            result.unwrap_or_else(|| Err(refused(Path::new(""))))
        })
    }
}

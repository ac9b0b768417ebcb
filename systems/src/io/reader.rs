//! What a source can be read from.

use bevy_tasks::BoxedFuture;
use memmap2::MmapMut;
use std::{
    fmt,
    ops::{Deref, Range},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use super::error::{FileError, IoErrorKind};

/// What to read of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Where to begin. At or past the end there is nothing to read, which is no error.
    pub offset: u64,
    /// How many bytes at most; 0 means all.
    pub max_bytes: u64,
    /// How many bytes are expected; saves growing the buffer. 0 means unknown.
    pub size_hint: u64,
    /// The alignment in memory that the first byte should have: a power of two, or the next one is
    /// taken; 0 means any.
    pub alignment: usize,
}

/// What is known of a file without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileInfo {
    /// Bytes.
    pub len: u64,
    /// When it was changed, where the source knows.
    pub modified: Option<SystemTime>,
    /// Whether it is a folder.
    pub is_directory: bool,
    /// Whether the path itself is a symbolic link.
    pub is_symlink: bool,
}

/// Bytes of a source, shared by everyone who holds a clone or a slice.
#[derive(Clone)]
pub struct SourceBytes {
    owner: Arc<Owned>,
    range: Range<usize>,
}

/// What was read, with the part of it that counts.
struct Owned {
    bytes: Storage,
    all: Range<usize>,
    digest: OnceLock<[u8; 32]>,
}

/// What holds the bytes.
enum Storage {
    Heap(Vec<u8>),
    Pages(MmapMut),
}

impl Deref for Storage {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Heap(bytes) => bytes,
            Self::Pages(pages) => pages,
        }
    }
}

impl SourceBytes {
    /// All of the bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        let range = 0..bytes.len();
        Self::of_range(Storage::Heap(bytes), range)
    }

    fn of_range(bytes: Storage, all: Range<usize>) -> Self {
        let range = all.clone();
        let digest = OnceLock::new();
        Self {
            owner: Arc::new(Owned { bytes, all, digest }),
            range,
        }
    }

    /// A part of pages, as far as there are so many.
    pub(crate) fn of_pages(pages: MmapMut, range: Range<usize>) -> Self {
        let end = range.end.min(pages.len());
        Self::of_range(Storage::Pages(pages), range.start.min(end)..end)
    }

    /// The BLAKE3 hash of the bytes. That of a whole file is computed once, however often it is asked for.
    pub fn digest(&self) -> [u8; 32] {
        let compute = || *blake3::hash(self).as_bytes();
        if self.range == self.owner.all {
            *self.owner.digest.get_or_init(compute)
        } else {
            compute()
        }
    }

    /// A part of the bytes, without copying; `None` when it is not inside.
    pub fn slice(&self, range: Range<usize>) -> Option<Self> {
        let start = self.range.start.checked_add(range.start)?;
        let end = self.range.start.checked_add(range.end)?;
        (start <= end && end <= self.range.end).then(|| Self {
            owner: self.owner.clone(),
            range: start..end,
        })
    }
}

/// A buffer that a file is read into, so that the first byte has the alignment that was asked for.
pub(crate) struct ReadBuffer {
    bytes: Vec<u8>,
    padding: usize,
    alignment: usize,
}

impl ReadBuffer {
    /// A hint is only a hint: no more than this is allocated before there are bytes to fill it.
    const LARGEST_PREALLOCATION: u64 = 1 << 30;

    /// A buffer for what is known to be there, or is expected to be.
    ///
    /// # Errors
    /// [`IoErrorKind::Unknown`] when there is no memory for that.
    pub(crate) fn new(path: &Path, known: u64, options: ReadOptions) -> Result<Self, FileError> {
        let wanted = match options.max_bytes {
            0 => u64::MAX,
            most => most,
        };
        let expected = known.max(options.size_hint).min(wanted);
        let expected = expected.min(Self::LARGEST_PREALLOCATION);
        let alignment = options
            .alignment
            .checked_next_power_of_two()
            .unwrap_or(1 << (usize::BITS - 1));
        let mut bytes: Vec<u8> = Vec::new();
        let capacity = usize::try_from(expected)
            .unwrap_or(usize::MAX)
            .saturating_add(alignment - 1);
        bytes.try_reserve(capacity).map_err(|_| {
            let text = format!("{capacity} bytes do not fit into memory");
            FileError::new(IoErrorKind::Unknown, path, text)
        })?;
        // Padding in front brings the first byte to the alignment, as long as the buffer need not grow.
        let padding = bytes.as_ptr().align_offset(alignment).min(alignment - 1);
        bytes.resize(padding, 0);
        Ok(Self {
            bytes,
            padding,
            alignment,
        })
    }

    /// Where the bytes are to be appended.
    pub(crate) fn tail(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Bytes that were read.
    pub(crate) fn len(&self) -> u64 {
        (self.bytes.len() - self.padding) as u64
    }

    /// What was read.
    pub(crate) fn finish(mut self) -> SourceBytes {
        let misaligned = self.bytes[self.padding..]
            .as_ptr()
            .align_offset(self.alignment);
        if misaligned != 0 {
            // The buffer had to grow and was moved.
            let len = self.bytes.len();
            self.bytes.reserve(self.alignment);
            let start = self.bytes[self.padding..]
                .as_ptr()
                .align_offset(self.alignment)
                .min(self.alignment);
            self.bytes.resize(len + start, 0);
            self.bytes
                .copy_within(self.padding..len, self.padding + start);
            self.padding += start;
        }
        let range = self.padding..self.bytes.len();
        SourceBytes::of_range(Storage::Heap(self.bytes), range)
    }
}

impl Deref for SourceBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // The range lies inside of the bytes since it was made.
        &self.owner.bytes[self.range.clone()]
    }
}

impl AsRef<[u8]> for SourceBytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for SourceBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceBytes({} bytes)", self.len())
    }
}

/// Reads sources. Implementations may block: they are called on the I/O pool.
pub trait SourceReader: Send + Sync {
    /// Reads a part of a file.
    fn read<'a>(
        &'a self,
        path: &'a Path,
        options: ReadOptions,
    ) -> BoxedFuture<'a, Result<SourceBytes, FileError>>;

    /// Size and kind of a file or folder.
    fn metadata<'a>(&'a self, path: &'a Path) -> BoxedFuture<'a, Result<FileInfo, FileError>>;

    /// Whether a file or folder is there; never an error.
    fn exists<'a>(&'a self, path: &'a Path) -> BoxedFuture<'a, bool> {
        Box::pin(async move { self.metadata(path).await.is_ok() })
    }

    /// The path itself once all links are followed. Readers without links give it back as it is.
    fn canonical<'a>(&'a self, path: &'a Path) -> BoxedFuture<'a, Result<PathBuf, FileError>> {
        Box::pin(async move { Ok(path.to_owned()) })
    }

    /// The names of the files and folders in a folder, sorted. Names that are not Unicode are left
    /// out. A reader that cannot tell says so.
    fn list<'a>(&'a self, folder: &'a Path) -> BoxedFuture<'a, Result<Vec<String>, FileError>> {
        Box::pin(async move {
            let message = "this source cannot list its folders";
            Err(FileError::new(IoErrorKind::Unknown, folder, message))
        })
    }

    /// The same, for somebody who only looks for certain names and tells them to
    /// [`SourceReader::note_names`].
    fn list_to_search<'a>(
        &'a self,
        folder: &'a Path,
    ) -> BoxedFuture<'a, Result<Vec<String>, FileError>> {
        self.list(folder)
    }

    /// Notes that `name` was looked for in a folder whatever its case, and that `like` are the names that
    /// are like it.
    fn note_names(&self, folder: &Path, name: &str, like: &[&str]) {
        let _ = (folder, name, like);
    }
}

/// A file of a reader.
#[derive(Clone)]
pub struct SourceRef {
    /// The reader.
    pub reader: Arc<dyn SourceReader>,
    /// The path in it.
    pub path: PathBuf,
    /// All of its bytes, when they were read already.
    pub bytes: Option<SourceBytes>,
}

impl fmt::Debug for SourceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceRef")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_share_and_stay_inside() {
        let bytes = SourceBytes::new(b"Hello, World!".to_vec());
        let world = bytes.slice(7..12).unwrap();
        assert_eq!(&*world, b"World");
        assert_eq!(&*world.slice(1..3).unwrap(), b"or");
        assert_eq!(bytes.digest(), *blake3::hash(b"Hello, World!").as_bytes());
        assert_eq!(world.digest(), *blake3::hash(b"World").as_bytes());
        assert!(world.slice(0..6).is_none() && world.slice(usize::MAX..usize::MAX).is_none());
        #[expect(
            clippy::reversed_empty_ranges,
            reason = "a hostile range must be refused"
        )]
        let reversed = 3..1;
        assert!(world.slice(reversed).is_none());
    }
}

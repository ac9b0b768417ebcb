//! Sources in the file system.

use bevy_kiln_assets::diagnostic::codes;
use bevy_tasks::BoxedFuture;
use memmap2::MmapMut;
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
    path::{Path, PathBuf},
};

use super::{
    error::{FileError, IoErrorKind},
    reader::{FileInfo, ReadBuffer, ReadOptions, SourceBytes, SourceReader},
};

/// Reads files of the file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileReader;

impl SourceReader for FileReader {
    fn read<'a>(
        &'a self,
        path: &'a Path,
        options: ReadOptions,
    ) -> BoxedFuture<'a, Result<SourceBytes, FileError>> {
        Box::pin(async move { read(path, options) })
    }

    fn metadata<'a>(&'a self, path: &'a Path) -> BoxedFuture<'a, Result<FileInfo, FileError>> {
        Box::pin(async move { metadata(path) })
    }

    fn canonical<'a>(&'a self, path: &'a Path) -> BoxedFuture<'a, Result<PathBuf, FileError>> {
        Box::pin(async move {
            check_path(path)?;
            std::fs::canonicalize(path).map_err(|error| FileError::system(path, "", &error))
        })
    }

    fn list<'a>(&'a self, folder: &'a Path) -> BoxedFuture<'a, Result<Vec<String>, FileError>> {
        Box::pin(async move { list(folder) })
    }
}

fn list(folder: &Path) -> Result<Vec<String>, FileError> {
    check_path(folder)?;
    let error = |error| FileError::system(folder, "", &error);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(error)? {
        names.extend(entry.map_err(error)?.file_name().into_string().ok());
    }
    names.sort_unstable();
    Ok(names)
}

fn metadata(path: &Path) -> Result<FileInfo, FileError> {
    check_path(path)?;
    let error = |error| FileError::system(path, "", &error);
    let link = std::fs::symlink_metadata(path).map_err(error)?;
    let target = if link.is_symlink() {
        std::fs::metadata(path).map_err(error)?
    } else {
        link.clone()
    };
    Ok(FileInfo {
        len: target.len(),
        modified: target.modified().ok(),
        is_directory: target.is_dir(),
        is_symlink: link.is_symlink(),
    })
}

fn check_path(path: &Path) -> Result<(), FileError> {
    if path.as_os_str().is_empty() {
        return Err(FileError::new(
            IoErrorKind::InvalidPath,
            path,
            "the path is empty",
        ));
    }
    Ok(())
}

fn read(path: &Path, options: ReadOptions) -> Result<SourceBytes, FileError> {
    check_path(path)?;
    let system = |error| FileError::system(path, "", &error);
    // Opening a pipe without a writer would wait for ever, so look before opening.
    let info = std::fs::metadata(path).map_err(system)?;
    if info.is_dir() {
        return Err(FileError::new(
            IoErrorKind::IsDirectory,
            path,
            "a folder cannot be read",
        ));
    }
    if !info.is_file() {
        let text = "a pipe, socket or device cannot be read";
        return Err(FileError {
            code: Some(codes::io::NOT_A_FILE),
            ..FileError::new(IoErrorKind::IoError, path, text)
        });
    }
    let mut file = File::open(path).map_err(system)?;
    let rest = info.len().saturating_sub(options.offset);
    if rest == 0 && info.len() > 0 {
        return Ok(SourceBytes::new(Vec::new()));
    }
    if options == whole_file(&options)
        && info.len() >= MANY_PAGES
        && let Some(bytes) = read_into_pages(&mut file, info.len()).map_err(system)?
    {
        return Ok(bytes);
    }
    let mut buffer = ReadBuffer::new(path, rest, options)?;
    if options.offset > 0 {
        file.seek(SeekFrom::Start(options.offset)).map_err(system)?;
    }
    let wanted = match options.max_bytes {
        0 => u64::MAX,
        most => most,
    };
    file.take(wanted)
        .read_to_end(buffer.tail())
        .map_err(|error| FileError {
            kind: IoErrorKind::IoError,
            ..FileError::system(path, "reading failed", &error)
        })?;
    Ok(buffer.finish())
}

/// Files from this size on are read into pages of their own.
const MANY_PAGES: u64 = 4 << 20;

/// The options of a read without offset, limit or an alignment that pages do not have.
fn whole_file(options: &ReadOptions) -> ReadOptions {
    ReadOptions {
        size_hint: options.size_hint,
        alignment: options.alignment.min(4096),
        ..ReadOptions::default()
    }
}

/// The size of a huge page where it is the smallest of all.
const HUGE_PAGE: usize = 2 << 20;

/// Reads a large file into fresh pages, where possible into huge ones: a heap would touch one small page
/// after the other for the first time, which takes longer than copying the bytes. `None` when the file is
/// longer than it was, or there are no such pages: the file is at its beginning again then.
fn read_into_pages(file: &mut File, len: u64) -> io::Result<Option<SourceBytes>> {
    let Some((mut pages, place)) = usize::try_from(len).ok().and_then(fresh_pages) else {
        return Ok(None);
    };
    let (start, mut filled) = (place.start, place.start);
    while filled < place.end {
        match file.read(&mut pages[filled..place.end]) {
            Ok(0) => return Ok(Some(SourceBytes::of_pages(pages, start..filled))),
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if file.read(&mut [0])? > 0 {
        file.rewind()?;
        return Ok(None);
    }
    Ok(Some(SourceBytes::of_pages(pages, place)))
}

/// Pages that nobody has touched, and a place for `len` bytes in them that begins and ends with a huge page:
/// what is around it is never touched, and so no memory.
fn fresh_pages(len: usize) -> Option<(MmapMut, Range<usize>)> {
    let mapped = len.checked_next_multiple_of(HUGE_PAGE)?;
    let pages = MmapMut::map_anon(mapped.checked_add(HUGE_PAGE)?).ok()?;
    // Only a wish: without huge pages it is as fast as a heap.
    #[cfg(target_os = "linux")]
    let _ = pages.advise(memmap2::Advice::HugePage);
    let start = pages.as_ptr().align_offset(HUGE_PAGE).min(HUGE_PAGE);
    Some((pages, start..start + len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy_tasks::block_on;

    fn read_with(path: &Path, options: ReadOptions) -> Result<Vec<u8>, FileError> {
        block_on(FileReader.read(path, options)).map(|bytes| bytes.to_vec())
    }

    #[test]
    fn parts_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hello");
        std::fs::write(&path, "Hello, World!").unwrap();
        let part = |offset, max_bytes| {
            read_with(
                &path,
                ReadOptions {
                    offset,
                    max_bytes,
                    ..ReadOptions::default()
                },
            )
            .unwrap()
        };
        assert_eq!(part(0, 0), b"Hello, World!");
        assert_eq!(part(7, 0), b"World!");
        assert_eq!(part(0, 5), b"Hello");
        assert_eq!(part(7, 5), b"World");
        assert_eq!(part(13, 0), b"");
        assert_eq!(part(99, 4), b"");
        let large = folder.path().join("large");
        std::fs::write(&large, vec![7; 64 << 10]).unwrap();
        assert_eq!(
            read_with(&large, ReadOptions::default()).unwrap(),
            vec![7; 64 << 10]
        );
    }

    #[test]
    fn large_files_are_read_whole_also_where_they_change_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        let bytes: Vec<u8> = (0..MANY_PAGES as usize + 12_345)
            .map(|i| (i % 251) as u8)
            .collect();
        std::fs::write(&path, &bytes).unwrap();
        assert!(read_with(&path, ReadOptions::default()).unwrap() == bytes);
        // A whole number of huge pages.
        let even = folder.path().join("even");
        std::fs::write(&even, &bytes[..MANY_PAGES as usize]).unwrap();
        let read = block_on(FileReader.read(&even, ReadOptions::default())).unwrap();
        assert!(*read == bytes[..MANY_PAGES as usize]);
        assert_eq!(read.as_ptr().align_offset(4096), 0);
        let mut file = File::open(&path).unwrap();
        // It is longer than was said, and then shorter.
        assert!(read_into_pages(&mut file, MANY_PAGES).unwrap().is_none());
        let longer = bytes.len() as u64 + 99;
        let read = read_into_pages(&mut file, longer).unwrap().unwrap();
        assert!(*read == bytes[..]);
    }

    #[test]
    fn hints_and_alignment_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("aligned");
        std::fs::write(&path, vec![1; 1000]).unwrap();
        for alignment in [0, 1, 3, 16, 64, 4096] {
            for size_hint in [0, 10, 100_000, u64::MAX] {
                let options = ReadOptions {
                    alignment,
                    size_hint,
                    ..ReadOptions::default()
                };
                let bytes = block_on(FileReader.read(&path, options)).unwrap();
                assert_eq!(bytes.len(), 1000);
                let alignment = alignment.max(1).next_power_of_two();
                assert_eq!(bytes.as_ptr().align_offset(alignment), 0);
            }
        }
    }

    #[test]
    fn errors_have_their_kinds() {
        let folder = tempfile::tempdir().unwrap();
        let kind = |path: &Path| read_with(path, ReadOptions::default()).unwrap_err().kind;
        assert_eq!(kind(Path::new("")), IoErrorKind::InvalidPath);
        assert_eq!(kind(&folder.path().join("missing")), IoErrorKind::NotFound);
        assert_eq!(kind(folder.path()), IoErrorKind::IsDirectory);
        #[cfg(unix)]
        {
            let device = read_with(Path::new("/dev/null"), ReadOptions::default()).unwrap_err();
            assert_eq!(device.kind, IoErrorKind::IoError);
            assert_eq!(device.code(), codes::io::NOT_A_FILE);
            let dangling = folder.path().join("dangling");
            std::os::unix::fs::symlink("nowhere", &dangling).unwrap();
            assert_eq!(kind(&dangling), IoErrorKind::NotFound);
            let file = folder.path().join("file");
            std::fs::write(&file, "x").unwrap();
            assert_eq!(kind(&file.join("below")), IoErrorKind::NotDirectory);
        }
    }

    #[test]
    fn metadata_and_existence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "abc").unwrap();
        let info = block_on(FileReader.metadata(&path)).unwrap();
        assert_eq!(
            (info.len, info.is_directory, info.is_symlink),
            (3, false, false)
        );
        assert!(
            block_on(FileReader.metadata(folder.path()))
                .unwrap()
                .is_directory
        );
        assert!(block_on(FileReader.exists(&path)));
        assert!(!block_on(FileReader.exists(&folder.path().join("b"))));
    }
}

//! Sources in the file system.

use bevy_kiln_assets::diagnostic::codes;
use bevy_tasks::BoxedFuture;
use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
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

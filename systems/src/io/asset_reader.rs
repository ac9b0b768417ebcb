//! Sources in a `bevy_asset` source: in memory, embedded in the program, or anybody's own.

use bevy_asset::{
    AssetServer,
    io::{AssetReaderError, AssetSourceId},
};
use bevy_tasks::BoxedFuture;
use futures_lite::{AsyncReadExt, StreamExt};
use std::path::Path;

use super::{
    error::{FileError, IoErrorKind},
    reader::{FileInfo, ReadOptions, SourceBytes, SourceReader},
};

/// Reads assets of one source of an asset server.
#[derive(Clone)]
pub struct AssetSourceReader {
    server: AssetServer,
    source: AssetSourceId<'static>,
}

impl AssetSourceReader {
    /// A reader of a source.
    pub fn new(server: AssetServer, source: AssetSourceId<'static>) -> Self {
        Self { server, source }
    }

    async fn read_all(&self, path: &Path, options: ReadOptions) -> Result<SourceBytes, FileError> {
        let source = self
            .server
            .get_source(self.source.clone())
            .map_err(|error| FileError::new(IoErrorKind::NotFound, path, error.to_string()))?;
        let mut reader = source
            .reader()
            .read(path)
            .await
            .map_err(|error| asset_error(path, &error))?;
        let failed = |error: std::io::Error| FileError {
            kind: IoErrorKind::IoError,
            ..FileError::system(path, "reading failed", &error)
        };
        let mut bytes = Vec::new();
        // Readers are streams; what lies before the offset is read and forgotten.
        let mut skip = options.offset;
        let mut chunk = vec![0; 64 << 10];
        loop {
            let room = if options.max_bytes == 0 {
                chunk.len() as u64
            } else {
                (options.max_bytes - bytes.len() as u64).saturating_add(skip)
            };
            let len = chunk.len().min(usize::try_from(room).unwrap_or(usize::MAX));
            if len == 0 {
                break;
            }
            let count = reader.read(&mut chunk[..len]).await.map_err(failed)?;
            if count == 0 {
                break;
            }
            let skipped = skip.min(count as u64) as usize;
            skip -= skipped as u64;
            bytes.extend_from_slice(&chunk[skipped..count]);
        }
        Ok(SourceBytes::new(bytes))
    }
}

fn asset_error(path: &Path, error: &AssetReaderError) -> FileError {
    match error {
        AssetReaderError::NotFound(_) => FileError::new(
            IoErrorKind::NotFound,
            path,
            "the asset source has no such asset",
        ),
        AssetReaderError::Io(error) => FileError::system(path, "", error),
        error => FileError::new(IoErrorKind::IoError, path, error.to_string()),
    }
}

impl SourceReader for AssetSourceReader {
    fn read<'a>(
        &'a self,
        path: &'a Path,
        options: ReadOptions,
    ) -> BoxedFuture<'a, Result<SourceBytes, FileError>> {
        Box::pin(self.read_all(path, options))
    }

    /// Asset sources do not tell sizes, so the asset is read to its end, a chunk at a time.
    fn metadata<'a>(&'a self, path: &'a Path) -> BoxedFuture<'a, Result<FileInfo, FileError>> {
        Box::pin(async move {
            let bytes = self.read_all(path, ReadOptions::default()).await?;
            Ok(FileInfo {
                len: bytes.len() as u64,
                modified: None,
                is_directory: false,
                is_symlink: false,
            })
        })
    }

    fn list<'a>(&'a self, folder: &'a Path) -> BoxedFuture<'a, Result<Vec<String>, FileError>> {
        Box::pin(async move {
            let source = self
                .server
                .get_source(self.source.clone())
                .map_err(|error| {
                    FileError::new(IoErrorKind::NotFound, folder, error.to_string())
                })?;
            let mut entries = source
                .reader()
                .read_directory(folder)
                .await
                .map_err(|error| asset_error(folder, &error))?;
            let mut names = Vec::new();
            while let Some(entry) = entries.next().await {
                let name = entry.file_name().and_then(|name| name.to_str());
                names.extend(name.map(str::to_owned));
            }
            names.sort_unstable();
            Ok(names)
        })
    }
}

//! Sources in a `bevy_asset` source: in memory, embedded in the program, or anybody's own.

use bevy_asset::{
    AssetServer,
    io::{AssetReaderError, AssetSource, AssetSourceId, Reader},
};
use bevy_tasks::BoxedFuture;
use futures_lite::{AsyncReadExt, AsyncSeekExt, StreamExt};
use std::{
    io::{Error, SeekFrom},
    path::Path,
};

use super::{
    error::{FileError, IoErrorKind},
    reader::{FileInfo, ReadBuffer, ReadOptions, SourceBytes, SourceReader},
};

/// Reads assets of one source of an asset server.
#[derive(Clone)]
pub struct AssetSourceReader {
    server: AssetServer,
    source: AssetSourceId<'static>,
}

/// What is read at once where nobody says how much there is.
const PIECE: usize = 64 << 10;

impl AssetSourceReader {
    /// A reader of a source.
    pub fn new(server: AssetServer, source: AssetSourceId<'static>) -> Self {
        Self { server, source }
    }

    fn source(&self, path: &Path) -> Result<&AssetSource, FileError> {
        self.server
            .get_source(self.source.clone())
            .map_err(|error| FileError::new(IoErrorKind::NotFound, path, error.to_string()))
    }

    async fn read_part(&self, path: &Path, options: ReadOptions) -> Result<SourceBytes, FileError> {
        let source = self.source(path)?;
        if is_directory(source, path).await {
            let text = "a folder cannot be read";
            return Err(FileError::new(IoErrorKind::IsDirectory, path, text));
        }
        let mut reader = open(source, path).await?;
        let failed = |error| read_error(path, &error);
        // Where a reader cannot seek, what lies before the offset is read and forgotten.
        let mut skip = options.offset;
        if skip > 0
            && i64::try_from(skip).is_ok()
            && let Ok(seekable) = reader.seekable()
        {
            seekable.seek(SeekFrom::Start(skip)).await.map_err(failed)?;
            skip = 0;
        }
        let mut buffer = ReadBuffer::new(path, 0, options)?;
        let mut piece = vec![0; PIECE];
        loop {
            let room = match options.max_bytes {
                0 => u64::MAX,
                most => (most - buffer.len()).saturating_add(skip),
            };
            let len = piece.len().min(usize::try_from(room).unwrap_or(usize::MAX));
            if len == 0 {
                break;
            }
            let count = reader.read(&mut piece[..len]).await.map_err(failed)?;
            if count == 0 {
                break;
            }
            let skipped = skip.min(count as u64) as usize;
            skip -= skipped as u64;
            buffer.tail().extend_from_slice(&piece[skipped..count]);
        }
        Ok(buffer.finish())
    }

    async fn info(&self, path: &Path) -> Result<FileInfo, FileError> {
        let source = self.source(path)?;
        let is_directory = is_directory(source, path).await;
        let len = if is_directory {
            0
        } else {
            length(open(source, path).await?, path).await?
        };
        Ok(FileInfo {
            len,
            modified: None,
            is_directory,
            is_symlink: false,
        })
    }
}

async fn open<'a>(
    source: &'a AssetSource,
    path: &'a Path,
) -> Result<Box<dyn Reader + 'a>, FileError> {
    let opened = source.reader().read(path).await;
    opened.map_err(|error| asset_error(path, &error))
}

async fn is_directory(source: &AssetSource, path: &Path) -> bool {
    source.reader().is_directory(path).await.unwrap_or(false)
}

/// The length of an asset: by seeking where the reader can, else by reading it to its end.
async fn length(mut reader: Box<dyn Reader + '_>, path: &Path) -> Result<u64, FileError> {
    let failed = |error| read_error(path, &error);
    if let Ok(seekable) = reader.seekable() {
        return seekable.seek(SeekFrom::End(0)).await.map_err(failed);
    }
    let mut piece = vec![0; PIECE];
    let mut len = 0;
    loop {
        match reader.read(&mut piece).await.map_err(failed)? {
            0 => return Ok(len),
            count => len += count as u64,
        }
    }
}

fn read_error(path: &Path, error: &Error) -> FileError {
    FileError {
        kind: IoErrorKind::IoError,
        ..FileError::system(path, "reading failed", error)
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
        Box::pin(self.read_part(path, options))
    }

    fn metadata<'a>(&'a self, path: &'a Path) -> BoxedFuture<'a, Result<FileInfo, FileError>> {
        Box::pin(self.info(path))
    }

    /// Opens the asset, and reads nothing.
    fn exists<'a>(&'a self, path: &'a Path) -> BoxedFuture<'a, bool> {
        Box::pin(async move {
            let Ok(source) = self.source(path) else {
                return false;
            };
            is_directory(source, path).await || open(source, path).await.is_ok()
        })
    }

    fn list<'a>(&'a self, folder: &'a Path) -> BoxedFuture<'a, Result<Vec<String>, FileError>> {
        Box::pin(async move {
            let mut entries = self
                .source(folder)?
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

#[cfg(test)]
mod tests {
    use super::*;
    use bevy_app::App;
    use bevy_asset::{
        AssetApp, AssetPlugin,
        io::{
            AssetSourceBuilder, ErasedAssetReader, PathStream, ReaderNotSeekableError,
            SeekableReader, SliceReader,
            memory::{Dir, MemoryAssetReader},
        },
    };
    use bevy_tasks::{IoTaskPool, TaskPool, block_on};
    use std::{
        pin::Pin,
        sync::Arc,
        task::{Context, Poll},
    };

    /// A source that streams, three bytes at a time: it cannot seek.
    struct Streaming;
    struct Stream(SliceReader<'static>);

    impl futures_lite::AsyncRead for Stream {
        fn poll_read(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            buffer: &mut [u8],
        ) -> Poll<std::io::Result<usize>> {
            let len = buffer.len().min(3);
            Pin::new(&mut self.0).poll_read(context, &mut buffer[..len])
        }
    }

    impl Reader for Stream {
        fn seekable(&mut self) -> Result<&mut dyn SeekableReader, ReaderNotSeekableError> {
            Err(ReaderNotSeekableError)
        }
    }

    impl bevy_asset::io::AssetReader for Streaming {
        async fn read<'a>(&'a self, path: &'a Path) -> Result<impl Reader + 'a, AssetReaderError> {
            match path.to_str() {
                Some("hello") => Ok(Stream(SliceReader::new(b"Hello, World!"))),
                Some("denied") => Err(AssetReaderError::Io(Arc::new(Error::from_raw_os_error(13)))),
                _ => Err(AssetReaderError::NotFound(path.to_owned())),
            }
        }

        async fn read_meta<'a>(
            &'a self,
            path: &'a Path,
        ) -> Result<impl Reader + 'a, AssetReaderError> {
            Err::<Stream, _>(AssetReaderError::NotFound(path.to_owned()))
        }

        async fn read_directory<'a>(
            &'a self,
            path: &'a Path,
        ) -> Result<Box<PathStream>, AssetReaderError> {
            Err(AssetReaderError::NotFound(path.to_owned()))
        }

        async fn is_directory<'a>(&'a self, _: &'a Path) -> Result<bool, AssetReaderError> {
            Ok(false)
        }
    }

    fn readers() -> [AssetSourceReader; 2] {
        IoTaskPool::get_or_init(TaskPool::new);
        let memory = Dir::default();
        memory.insert_asset(Path::new("hello"), b"Hello, World!".to_vec());
        memory.insert_asset(Path::new("folder/large"), vec![7; 200_000]);
        let reader = move || {
            let root = memory.clone();
            Box::new(MemoryAssetReader { root }) as Box<dyn ErasedAssetReader>
        };
        let streaming = || Box::new(Streaming) as Box<dyn ErasedAssetReader>;
        let mut app = App::new();
        app.register_asset_source("memory", AssetSourceBuilder::new(reader))
            .register_asset_source("streaming", AssetSourceBuilder::new(streaming))
            .add_plugins(AssetPlugin::default());
        let server = app.world().resource::<AssetServer>().clone();
        ["memory", "streaming"].map(|name| AssetSourceReader::new(server.clone(), name.into()))
    }

    #[test]
    fn parts_of_an_asset() {
        for reader in readers() {
            let part = |offset, max_bytes| {
                let options = ReadOptions {
                    offset,
                    max_bytes,
                    ..ReadOptions::default()
                };
                let read = block_on(reader.read(Path::new("hello"), options));
                String::from_utf8(read.unwrap().to_vec()).unwrap()
            };
            assert_eq!(part(0, 0), "Hello, World!");
            assert_eq!(part(7, 0), "World!");
            assert_eq!(part(0, 5), "Hello");
            assert_eq!(part(7, 5), "World");
            for past in [13, 99, u64::MAX] {
                assert_eq!(part(past, 0), "");
                assert_eq!(part(past, 4), "");
            }
        }
    }

    #[test]
    fn hints_and_alignment_are_kept() {
        let [memory, streaming] = readers();
        for alignment in [0, 1, 16, 4096] {
            for size_hint in [0, 10, 300_000, u64::MAX] {
                let options = ReadOptions {
                    alignment,
                    size_hint,
                    ..ReadOptions::default()
                };
                let large = block_on(memory.read(Path::new("folder/large"), options)).unwrap();
                assert!(*large == [7; 200_000]);
                let hello = block_on(streaming.read(Path::new("hello"), options)).unwrap();
                assert_eq!(*hello, *b"Hello, World!");
                for bytes in [large, hello] {
                    assert_eq!(bytes.as_ptr().align_offset(alignment.max(1)), 0);
                }
            }
        }
    }

    #[test]
    fn metadata_existence_and_errors() {
        let [memory, streaming] = readers();
        let info = |reader: &AssetSourceReader, path: &str| {
            let info = block_on(reader.metadata(Path::new(path)))?;
            Ok((info.len, info.is_directory))
        };
        let kind = |result: Result<(u64, bool), FileError>| result.unwrap_err().kind;
        assert_eq!(info(&memory, "hello"), Ok((13, false)));
        assert_eq!(info(&memory, "folder"), Ok((0, true)));
        assert_eq!(info(&streaming, "hello"), Ok((13, false)));
        assert_eq!(kind(info(&memory, "other")), IoErrorKind::NotFound);
        assert_eq!(kind(info(&streaming, "other")), IoErrorKind::NotFound);
        assert_eq!(kind(info(&streaming, "denied")), IoErrorKind::AccessDenied);
        let folder = block_on(memory.read(Path::new("folder"), ReadOptions::default()));
        assert_eq!(folder.unwrap_err().kind, IoErrorKind::IsDirectory);
        let exists = |path: &str| block_on(memory.exists(Path::new(path)));
        assert!(exists("hello") && exists("folder") && !exists("other"));
    }
}

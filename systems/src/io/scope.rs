//! What a source may refer to: files that lie where reading is allowed, and nothing else.
//!
//! A scene names its buffers and images by path, and whoever wrote the scene need not be a friend.
//! Paths are judged twice: by their text, and, when a file is read, by where its links really lead.

use bevy_kiln_assets::source::path::SourcePath;
use bevy_tasks::BoxedFuture;
use std::{
    path::{Component, Path, PathBuf},
    sync::{Arc, OnceLock},
};

use super::{
    error::{FileError, IoErrorKind},
    reader::{FileInfo, ReadOptions, SourceBytes, SourceReader, SourceRef},
};

/// The files that a source may refer to.
#[derive(Clone)]
pub struct SourceScope {
    reader: Arc<dyn SourceReader>,
    folder: PathBuf,
    roots: Option<Arc<[PathBuf]>>,
}

impl SourceScope {
    /// The files in the folder of a file, below it, and in `roots`. Relative paths start at the
    /// working directory.
    pub fn files(source: &SourceRef, roots: impl IntoIterator<Item = PathBuf>) -> Self {
        let folder = normalise(source.path.parent().unwrap_or(Path::new("")));
        let roots = roots.into_iter().map(|root| normalise(&root));
        let roots: Arc<[PathBuf]> = std::iter::once(folder.clone()).chain(roots).collect();
        Self {
            reader: Arc::new(ConfinedReader {
                inner: source.reader.clone(),
                roots: roots.clone(),
                real_roots: OnceLock::new(),
            }),
            folder,
            roots: Some(roots),
        }
    }

    /// The assets of the asset source that a source lies in.
    pub fn assets(source: &SourceRef) -> Self {
        Self {
            reader: source.reader.clone(),
            folder: source.path.parent().unwrap_or(Path::new("")).to_owned(),
            roots: None,
        }
    }

    /// Where a path leads.
    ///
    /// # Errors
    /// [`IoErrorKind::AccessDenied`] when that is outside of the folders that may be read.
    pub fn resolve(&self, path: &SourcePath) -> Result<SourceRef, FileError> {
        Ok(SourceRef {
            reader: self.reader.clone(),
            path: self.target(path.as_str())?,
            bytes: None,
        })
    }

    /// Size and kind of a file. Blocks; for the I/O pool.
    ///
    /// # Errors
    /// Those of [`SourceScope::resolve`], and of the reader.
    pub async fn metadata(&self, path: &SourcePath) -> Result<FileInfo, FileError> {
        let target = self.resolve(path)?;
        target.reader.metadata(&target.path).await
    }

    /// Reads a file or its beginning. Blocks; for the I/O pool.
    ///
    /// # Errors
    /// Those of [`SourceScope::resolve`], and of the reader.
    pub async fn read(
        &self,
        path: &SourcePath,
        options: ReadOptions,
    ) -> Result<SourceBytes, FileError> {
        let target = self.resolve(path)?;
        target.reader.read(&target.path, options).await
    }

    /// The names of the files and folders in a folder, sorted. `folder` is relative to the folder of
    /// the source, and empty for that folder itself. Blocks; for the I/O pool.
    ///
    /// # Errors
    /// Those of [`SourceScope::resolve`], and of the reader.
    pub async fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        self.reader.list(&self.target(folder)?).await
    }

    /// The path of a file that is named by an absolute path, when it lies where reading is allowed. It
    /// need not be there.
    pub fn locate(&self, absolute: &Path) -> Option<SourcePath> {
        let target = normalise(absolute);
        let roots = self.roots.as_deref()?;
        if !absolute.is_absolute() || !roots.iter().any(|root| target.starts_with(root)) {
            return None;
        }
        let mut from = self.folder.components().peekable();
        let mut to = target.components().peekable();
        while from.peek().is_some() && from.peek() == to.peek() {
            from.next();
            to.next();
        }
        let up = from.map(|_| "..");
        let down = to.map(|part| part.as_os_str().to_str());
        let segments: Option<Vec<&str>> = up.map(Some).chain(down).collect();
        SourcePath::new(segments?.join("/")).ok()
    }

    /// The absolute folders that may be read, the folder of the source first; none for assets.
    pub fn roots(&self) -> &[PathBuf] {
        self.roots.as_deref().unwrap_or_default()
    }

    fn target(&self, path: &str) -> Result<PathBuf, FileError> {
        let joined = self.folder.join(path);
        match &self.roots {
            Some(roots) => {
                let target = normalise(&joined);
                if roots.iter().any(|root| target.starts_with(root)) {
                    Ok(target)
                } else {
                    Err(outside(&target, "it lies", roots))
                }
            }
            None => inside(&joined).ok_or_else(|| {
                let message = "the path leads out of the asset source";
                FileError::new(IoErrorKind::AccessDenied, &joined, message)
            }),
        }
    }
}

fn outside(path: &Path, what: &str, roots: &[PathBuf]) -> FileError {
    let roots: Vec<String> = roots
        .iter()
        .map(|root| root.display().to_string())
        .collect();
    let message = format!(
        "{what} outside of the folders that may be read: {}",
        roots.join(", ")
    );
    FileError::new(IoErrorKind::AccessDenied, path, message)
}

/// Absolute and without `.` and `..`, by its text alone: links are not followed. The empty path is the
/// working directory: it is the folder of a file there.
pub fn normalise(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut parts = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts
}

/// A relative path without `.` and `..`; `None` when it leads out of where it starts.
fn inside(path: &Path) -> Option<PathBuf> {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => parts.push(part),
            Component::CurDir => {}
            Component::ParentDir if parts.pop() => {}
            _ => return None,
        }
    }
    Some(parts)
}

/// A reader that follows no link out of its roots.
struct ConfinedReader {
    inner: Arc<dyn SourceReader>,
    roots: Arc<[PathBuf]>,
    real_roots: OnceLock<Vec<PathBuf>>,
}

impl ConfinedReader {
    /// Where a path really leads. What is then read is that path, so that a link which changes
    /// meanwhile leads nowhere else.
    async fn real(&self, path: &Path) -> Result<PathBuf, FileError> {
        let real = self.inner.canonical(path).await?;
        let real_roots = match self.real_roots.get() {
            Some(roots) => roots,
            None => {
                let mut roots = Vec::new();
                for root in &*self.roots {
                    // A root that is not there holds nothing.
                    roots.extend(self.inner.canonical(root).await.ok());
                }
                self.real_roots.get_or_init(|| roots)
            }
        };
        if real_roots.iter().any(|root| real.starts_with(root)) {
            Ok(real)
        } else {
            Err(outside(path, "a link leads", &self.roots))
        }
    }
}

impl SourceReader for ConfinedReader {
    fn read<'a>(
        &'a self,
        path: &'a Path,
        options: ReadOptions,
    ) -> BoxedFuture<'a, Result<SourceBytes, FileError>> {
        Box::pin(async move { self.inner.read(&self.real(path).await?, options).await })
    }

    fn metadata<'a>(&'a self, path: &'a Path) -> BoxedFuture<'a, Result<FileInfo, FileError>> {
        Box::pin(async move { self.inner.metadata(&self.real(path).await?).await })
    }

    fn canonical<'a>(&'a self, path: &'a Path) -> BoxedFuture<'a, Result<PathBuf, FileError>> {
        Box::pin(self.real(path))
    }

    fn list<'a>(&'a self, folder: &'a Path) -> BoxedFuture<'a, Result<Vec<String>, FileError>> {
        Box::pin(async move { self.inner.list(&self.real(folder).await?).await })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::file_reader::FileReader;
    use bevy_tasks::block_on;

    fn source(path: &Path) -> SourceRef {
        SourceRef {
            reader: Arc::new(FileReader),
            path: path.to_owned(),
            bytes: None,
        }
    }

    fn path(text: &str) -> SourcePath {
        SourcePath::new(text).unwrap()
    }

    #[test]
    fn the_folder_of_a_bare_file_name_is_the_working_directory() {
        let here = std::env::current_dir().unwrap();
        assert_eq!(normalise(Path::new("")), here);
        let scope = SourceScope::files(&source(Path::new("Cargo.toml")), []);
        assert_eq!(scope.roots(), [here]);
        let found = block_on(scope.metadata(&path("src/lib.rs")));
        assert!(found.is_ok(), "{found:?}");
    }

    /// `models/scene`, with files beside it, below it, in `shared` and in `private`.
    fn project() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in [
            "models/a.bin",
            "models/t/b.png",
            "shared/c.png",
            "private/d.png",
        ] {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, file).unwrap();
        }
        folder
    }

    fn read(scope: &SourceScope, text: &str) -> Result<Vec<u8>, IoErrorKind> {
        block_on(scope.read(&path(text), ReadOptions::default()))
            .map(|bytes| bytes.to_vec())
            .map_err(|error| error.kind)
    }

    #[test]
    fn only_allowed_folders_are_read() {
        let project = project();
        let source = source(&project.path().join("models/scene"));
        let scope = SourceScope::files(&source, []);
        assert_eq!(read(&scope, "a.bin").unwrap(), b"models/a.bin");
        assert_eq!(read(&scope, "t/../t/b.png").unwrap(), b"models/t/b.png");
        assert_eq!(read(&scope, "../models/a.bin").unwrap(), b"models/a.bin");
        for denied in ["../shared/c.png", "../private/d.png", "../../../etc/passwd"] {
            assert_eq!(
                read(&scope, denied),
                Err(IoErrorKind::AccessDenied),
                "{denied}"
            );
        }
        assert_eq!(read(&scope, "missing"), Err(IoErrorKind::NotFound));
        let shared = project.path().join("models/../shared");
        let scope = SourceScope::files(&source, [shared]);
        assert_eq!(read(&scope, "../shared/c.png").unwrap(), b"shared/c.png");
        assert_eq!(
            read(&scope, "../private/d.png"),
            Err(IoErrorKind::AccessDenied)
        );
        let error = block_on(scope.metadata(&path("../x"))).unwrap_err();
        assert!(error.to_string().contains("shared"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn links_that_leave_are_refused() {
        use std::os::unix::fs::symlink;
        let project = project();
        let models = project.path().join("models");
        symlink("../private/d.png", models.join("out.png")).unwrap();
        symlink("../private", models.join("folder")).unwrap();
        symlink("../shared/c.png", models.join("in.png")).unwrap();
        symlink("loop", models.join("loop")).unwrap();
        let scope = SourceScope::files(
            &source(&models.join("scene")),
            [project.path().join("shared")],
        );
        assert_eq!(read(&scope, "in.png").unwrap(), b"shared/c.png");
        for denied in ["out.png", "folder/d.png"] {
            assert_eq!(
                read(&scope, denied),
                Err(IoErrorKind::AccessDenied),
                "{denied}"
            );
            let info = block_on(scope.metadata(&path(denied)));
            assert_eq!(
                info.unwrap_err().kind,
                IoErrorKind::AccessDenied,
                "{denied}"
            );
        }
        assert_eq!(
            block_on(scope.list("folder")).unwrap_err().kind,
            IoErrorKind::AccessDenied
        );
        assert!(read(&scope, "loop").is_err());
        // A project that is itself behind a link is where it is.
        let elsewhere = project.path().join("alias");
        symlink(&models, &elsewhere).unwrap();
        let scope = SourceScope::files(&source(&elsewhere.join("scene")), []);
        assert_eq!(read(&scope, "a.bin").unwrap(), b"models/a.bin");
    }

    #[test]
    fn absolute_paths_are_located_inside_the_roots() {
        let project = project();
        let at = |text: &str| project.path().join(text);
        let scope = SourceScope::files(&source(&at("models/scene")), [at("shared")]);
        let located = |text: &str| scope.locate(&at(text)).map(String::from);
        assert_eq!(located("models/t/b.png").as_deref(), Some("t/b.png"));
        assert_eq!(located("shared/c.png").as_deref(), Some("../shared/c.png"));
        assert_eq!(located("private/d.png"), None);
        assert_eq!(located("models/../private/d.png"), None);
        assert_eq!(scope.locate(Path::new("a.bin")), None);
        let found = scope.locate(&at("shared/c.png")).unwrap();
        assert_eq!(read(&scope, found.as_str()).unwrap(), b"shared/c.png");
    }

    #[test]
    fn folders_are_listed() {
        let project = project();
        let scope = SourceScope::files(&source(&project.path().join("models/scene")), []);
        assert_eq!(block_on(scope.list("")).unwrap(), ["a.bin", "t"]);
        assert_eq!(block_on(scope.list("t")).unwrap(), ["b.png"]);
        let denied = block_on(scope.list("..")).unwrap_err();
        assert_eq!(denied.kind, IoErrorKind::AccessDenied);
    }

    #[test]
    fn assets_stay_in_their_source() {
        let scope = SourceScope::assets(&source(Path::new("models/scene")));
        let target = |text: &str| scope.resolve(&path(text)).map(|found| found.path);
        assert_eq!(target("a.bin").unwrap(), Path::new("models/a.bin"));
        assert_eq!(target("../t/a.png").unwrap(), Path::new("t/a.png"));
        let denied = target("../../a.png").unwrap_err();
        assert_eq!(denied.kind, IoErrorKind::AccessDenied);
        assert_eq!(scope.locate(Path::new("/models/a.bin")), None);
    }
}

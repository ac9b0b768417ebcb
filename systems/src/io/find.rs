//! Files whose names are only nearly known.
//!
//! A scene names its textures as the machine knew them that exported it, and on many machines `Wood.PNG`
//! and `wood.png` are one file. So folders are listed, and names compared without regard to case.

use bevy_kiln_assets::source::path::SourcePath;
use std::collections::HashMap;

use super::{error::IoErrorKind, reader::ReadOptions, scope::SourceScope};

/// Finds files in a scope. Every folder is listed at most once.
pub struct FileFinder<'a> {
    scope: &'a SourceScope,
    listings: HashMap<String, Listing>,
}

/// What is known of a folder.
enum Listing {
    /// The names in it, by their lower case.
    Names(HashMap<String, Vec<String>>),
    /// It may be there, but does not tell what is in it.
    Untold,
    /// It is not there.
    Absent,
}

/// What is known of a file.
enum Look {
    There(SourcePath),
    Forbidden,
    Absent,
}

/// Most names of one folder that differ by case only, and are looked at.
const MAX_SPELLINGS: usize = 16;

impl<'a> FileFinder<'a> {
    /// Finds files in `scope`.
    pub fn new(scope: &'a SourceScope) -> Self {
        Self {
            scope,
            listings: HashMap::new(),
        }
    }

    /// The first of `candidates` that is there, as it is really spelled. An exact match is preferred to
    /// others, for every segment of the path. Blocks; for the I/O pool.
    ///
    /// # Errors
    /// The candidates that must not be read, when there is none.
    pub async fn find(
        &mut self,
        candidates: impl IntoIterator<Item = &SourcePath>,
    ) -> Result<SourcePath, Vec<SourcePath>> {
        let mut forbidden = Vec::new();
        for candidate in candidates {
            match self.look(candidate).await {
                Look::There(path) => return Ok(path),
                Look::Forbidden => forbidden.push(candidate.clone()),
                Look::Absent => {}
            }
        }
        Err(forbidden)
    }

    async fn look(&mut self, candidate: &SourcePath) -> Look {
        if self.scope.resolve(candidate).is_err() {
            return Look::Forbidden;
        }
        let mut paths = vec![String::new()];
        for segment in candidate.as_str().split('/') {
            let mut longer = Vec::new();
            for folder in paths {
                if segment == ".." {
                    longer.push(join(&folder, segment));
                    continue;
                }
                let scope = self.scope;
                match self.listing(&folder).await {
                    Listing::Names(names) => {
                        let like: Vec<&str> = spellings(names, segment).collect();
                        scope.note_names(&folder, segment, &like);
                        longer.extend(like.into_iter().map(|name| join(&folder, name)));
                    }
                    Listing::Untold => longer.push(join(&folder, segment)),
                    Listing::Absent => {}
                }
            }
            longer.truncate(MAX_SPELLINGS);
            paths = longer;
        }
        let mut result = Look::Absent;
        for path in paths {
            match self.check(path).await {
                Look::There(path) => return Look::There(path),
                Look::Forbidden => result = Look::Forbidden,
                Look::Absent => {}
            }
        }
        result
    }

    /// What is in a folder, which is spelled as it is.
    async fn listing(&mut self, folder: &str) -> &Listing {
        if !self.listings.contains_key(folder) {
            let listing = match self.scope.list_to_search(folder).await {
                Ok(names) => {
                    let mut by_lower_case: HashMap<String, Vec<String>> = HashMap::new();
                    for name in names {
                        let like = by_lower_case.entry(name.to_lowercase()).or_default();
                        like.push(name);
                    }
                    Listing::Names(by_lower_case)
                }
                Err(error) => match error.kind {
                    IoErrorKind::NotFound | IoErrorKind::NotDirectory => Listing::Absent,
                    // A file in it may be allowed where the folder is not.
                    _ => Listing::Untold,
                },
            };
            self.listings.insert(folder.to_owned(), listing);
        }
        self.listings.get(folder).unwrap_or(&Listing::Absent)
    }

    /// Whether there is a file that may be read.
    async fn check(&self, path: String) -> Look {
        // The name of a real file may be none that a scene can use.
        let Ok(path) = SourcePath::new(path) else {
            return Look::Absent;
        };
        let is_file = if self.scope.roots().is_empty() {
            // To tell its size, an asset source reads all of an asset.
            let one_byte = ReadOptions {
                max_bytes: 1,
                ..ReadOptions::default()
            };
            self.scope.read(&path, one_byte).await.map(|_| true)
        } else {
            let info = self.scope.metadata(&path).await;
            info.map(|info| !info.is_directory)
        };
        match is_file {
            Ok(true) => Look::There(path),
            Err(error) if error.kind == IoErrorKind::AccessDenied => Look::Forbidden,
            _ => Look::Absent,
        }
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// The names that are `name` but for case, itself first.
fn spellings<'a>(
    names: &'a HashMap<String, Vec<String>>,
    name: &str,
) -> impl Iterator<Item = &'a str> {
    let like = names.get(&name.to_lowercase());
    let like = like.map(Vec::as_slice).unwrap_or_default();
    let exact = like.iter().filter(move |like| *like == name);
    let exact: Vec<_> = exact.map(String::as_str).collect();
    let others = like.iter().map(String::as_str);
    let others: Vec<_> = others.filter(|like| *like != name).collect();
    exact.into_iter().chain(others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::{
        error::FileError,
        file_reader::FileReader,
        reader::{FileInfo, SourceBytes, SourceReader, SourceRef},
    };
    use bevy_tasks::{BoxedFuture, block_on};
    use std::{
        path::Path,
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
    };

    fn project(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, file).unwrap();
        }
        folder
    }

    fn scope(project: &tempfile::TempDir, reader: impl SourceReader + 'static) -> SourceScope {
        let source = SourceRef {
            reader: Arc::new(reader),
            path: project.path().join("models/scene.fbx"),
            bytes: None,
        };
        SourceScope::files(&source, [project.path().join("shared")])
    }

    fn find(scope: &SourceScope, candidates: &[&str]) -> Result<String, Vec<String>> {
        let candidates: Vec<_> = candidates
            .iter()
            .map(|path| SourcePath::new(*path).unwrap())
            .collect();
        let found = block_on(FileFinder::new(scope).find(&candidates));
        found
            .map(String::from)
            .map_err(|forbidden| forbidden.into_iter().map(String::from).collect())
    }

    const FILES: [&str; 8] = [
        "models/a.png",
        "models/A.PNG",
        "models/Textures/Wood.PNG",
        "models/textures/stone.png",
        "models/ÄRGER.png",
        "models/folder.png/x",
        "shared/Maps/moss.tga",
        "private/secret.png",
    ];

    #[test]
    fn the_first_candidate_that_is_there_is_found() {
        let project = project(&FILES);
        let scope = scope(&project, FileReader);
        let found = |candidates: &[&str]| find(&scope, candidates).ok();
        assert_eq!(
            found(&["b.png", "textures/stone.png", "a.png"]).as_deref(),
            Some("textures/stone.png")
        );
        assert_eq!(found(&["b.png", "c/a.png"]), None);
        // A folder is no file.
        assert_eq!(found(&["folder.png"]), None);
        assert_eq!(found(&["a.png/b.png"]), None);
        // Beside the folder of the scene, where a root is.
        assert_eq!(
            found(&["../shared/maps/MOSS.TGA"]).as_deref(),
            Some("../shared/Maps/moss.tga")
        );
    }

    #[test]
    fn case_does_not_matter_but_exact_names_are_preferred() {
        let project = project(&FILES);
        if !project.path().join("models/a.png").exists()
            || std::fs::read(project.path().join("models/A.png")).is_ok()
        {
            // This file system does not tell the two apart.
            return;
        }
        let scope = scope(&project, FileReader);
        for (asked, found) in [
            ("a.png", "a.png"),
            ("A.PNG", "A.PNG"),
            ("A.png", "A.PNG"),
            ("ärger.PNG", "ÄRGER.png"),
            // There are two folders of that name, and each holds one of the files.
            ("textures/wood.png", "Textures/Wood.PNG"),
            ("TEXTURES/STONE.png", "textures/stone.png"),
        ] {
            assert_eq!(find(&scope, &[asked]).as_deref(), Ok(found), "{asked}");
        }
    }

    #[test]
    fn nothing_is_found_outside() {
        let project = project(&FILES);
        let scope = scope(&project, FileReader);
        assert_eq!(
            find(&scope, &["../private/secret.png", "x.png"]),
            Err(vec!["../private/secret.png".to_owned()])
        );
        assert_eq!(
            find(&scope, &["../PRIVATE/SECRET.PNG", "a.png"]).as_deref(),
            Ok("a.png")
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_that_leave_are_not_followed() {
        use std::os::unix::fs::symlink;
        let project = project(&FILES);
        let models = project.path().join("models");
        symlink("../private", models.join("out")).unwrap();
        symlink("../private/secret.png", models.join("secret.png")).unwrap();
        symlink("a.png", models.join("in.png")).unwrap();
        let scope = scope(&project, FileReader);
        assert_eq!(
            find(&scope, &["out/secret.png", "Secret.png", "none.png"]),
            Err(vec!["out/secret.png".to_owned(), "Secret.png".to_owned()])
        );
        assert_eq!(find(&scope, &["IN.png"]).as_deref(), Ok("in.png"));
    }

    /// Counts listings, or refuses to list.
    struct Lister {
        listings: Arc<AtomicU32>,
        can_list: bool,
    }

    impl SourceReader for Lister {
        fn read<'a>(
            &'a self,
            path: &'a Path,
            options: ReadOptions,
        ) -> BoxedFuture<'a, Result<SourceBytes, FileError>> {
            FileReader.read(path, options)
        }

        fn metadata<'a>(&'a self, path: &'a Path) -> BoxedFuture<'a, Result<FileInfo, FileError>> {
            FileReader.metadata(path)
        }

        fn list<'a>(&'a self, folder: &'a Path) -> BoxedFuture<'a, Result<Vec<String>, FileError>> {
            self.listings.fetch_add(1, Ordering::Relaxed);
            if self.can_list {
                return FileReader.list(folder);
            }
            let error = FileError::new(IoErrorKind::Unknown, folder, "");
            Box::pin(async move { Err(error) })
        }
    }

    #[test]
    fn sources_that_cannot_list_are_asked_for_exact_names() {
        let project = project(&FILES);
        let reader = Lister {
            listings: Arc::default(),
            can_list: false,
        };
        let scope = scope(&project, reader);
        assert_eq!(find(&scope, &["b.png", "a.png"]).as_deref(), Ok("a.png"));
        assert_eq!(
            find(&scope, &["Textures/Wood.PNG"]).as_deref(),
            Ok("Textures/Wood.PNG")
        );
        assert_eq!(find(&scope, &["nowhere/wood.PNG"]), Err(vec![]));
    }

    #[test]
    fn folders_are_listed_once() {
        let project = project(&FILES);
        let listings = Arc::new(AtomicU32::new(0));
        let reader = Lister {
            listings: listings.clone(),
            can_list: true,
        };
        let scope = scope(&project, reader);
        let mut finder = FileFinder::new(&scope);
        for file in 0..100 {
            let inside = SourcePath::new(format!("textures/{file}.png")).unwrap();
            let nowhere = SourcePath::new(format!("nowhere/{file}.png")).unwrap();
            assert_eq!(block_on(finder.find([&inside, &nowhere])), Err(vec![]));
        }
        // The folder of the scene and two spellings of `textures`.
        assert!(listings.load(Ordering::Relaxed) <= 3);
    }
}

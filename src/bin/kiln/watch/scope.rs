//! What the jobs of a manifest depend on, as far as it can be known without cooking them.

use bevy_kiln::{
    assets::manifest::JobKind,
    systems::{
        importer::Importers,
        importers::{fbx::FbxImporter, gltf::GltfImporter, image::ImageImporter},
        io::scope::normalise,
        manifest::read_manifest,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use crate::{args::CookArgs, cook};

/// Folders whose files matter, and what does not matter in them.
#[derive(Debug)]
pub struct Scope {
    manifest: PathBuf,
    /// Each folder, and whether those below it count too.
    folders: BTreeMap<PathBuf, bool>,
    /// Containers and reports: what a round writes must not begin the next one.
    outputs: BTreeSet<PathBuf>,
    /// Files that the manifest names.
    sources: BTreeSet<PathBuf>,
    /// The extensions of files that jobs may depend on, in lower case.
    extensions: BTreeSet<String>,
}

impl Scope {
    /// The manifest alone: it may not be valid.
    pub fn of_manifest(args: &CookArgs) -> Self {
        let manifest = real(args.manifest());
        let mut scope = Self {
            folders: BTreeMap::new(),
            outputs: BTreeSet::new(),
            sources: BTreeSet::new(),
            extensions: known_extensions(),
            manifest,
        };
        if let Some(output) = &args.output {
            scope.outputs.insert(absolute(output));
        }
        if let Some(report) = &args.run.report {
            scope.outputs.insert(absolute(report));
        }
        let cache = std::env::var_os("KILN_CACHE_DIR").filter(|cache| !cache.is_empty());
        if let Some(cache) = cache {
            scope.outputs.insert(absolute(Path::new(&cache)));
        }
        scope.find_outputs();
        scope
    }

    /// Everything that the jobs of the manifest may depend on. `None` if it cannot be read now.
    pub fn read(args: &CookArgs) -> Option<Self> {
        let mut scope = Self::of_manifest(args);
        let manifest = read_manifest(args.manifest()).ok()?;
        for root in &args.run.source_roots {
            scope.add(root, true);
        }
        for job in manifest.expand(&cook::places(args)).jobs {
            scope.outputs.insert(absolute(&job.output));
            if let Some(pattern) = &job.pattern {
                scope.add(&pattern.folder, true);
            }
            if job.kind.is_scene() {
                // It may refer to every file of its project, and looks for textures below its own folder.
                scope.add(&job.project, true);
                scope.add_folder_of(&job.source, true);
            } else {
                scope.add_folder_of(&job.source, false);
            }
            for source in &job.sources {
                scope.add_folder_of(&source.path, false);
                scope.sources.insert(real(Path::new(&source.path)));
            }
            scope.sources.insert(real(Path::new(&job.source)));
            if job.kind == JobKind::Gltf {
                scope.extensions.extend(extensions_of_links(&job.source));
            }
        }
        scope.find_outputs();
        Some(scope)
    }

    fn add_folder_of(&mut self, source: &str, deep: bool) {
        if !source.contains("://")
            && let Some(folder) = Path::new(source).parent()
        {
            self.add(folder, deep);
        }
    }

    fn add(&mut self, folder: &Path, deep: bool) {
        *self.folders.entry(real(folder)).or_default() |= deep;
    }

    /// Finds out where links to outputs lead, once they are there.
    pub fn find_outputs(&mut self) {
        let found: Vec<PathBuf> = self.outputs.iter().map(|path| real(path)).collect();
        self.outputs.extend(found);
    }

    /// The folders to look at, with the one of the manifest.
    pub fn folders(&self) -> BTreeMap<PathBuf, bool> {
        let mut folders = self.folders.clone();
        if let Some(folder) = self.manifest.parent() {
            folders.entry(folder.to_owned()).or_default();
        }
        folders
    }

    /// Whether a job may depend on a file.
    pub fn concerns(&self, path: &Path) -> bool {
        if path == self.manifest {
            return true;
        }
        if self.outputs.iter().any(|output| path.starts_with(output)) {
            return false;
        }
        if self.sources.contains(path) {
            return true;
        }
        // A folder that was not there may have come.
        if self.folders.keys().any(|folder| folder.starts_with(path)) {
            return true;
        }
        // Logs and notes beside the sources are nobody's input.
        let may_be_input = match path.extension().and_then(|extension| extension.to_str()) {
            Some(extension) => self.extensions.contains(&extension.to_ascii_lowercase()),
            None => false,
        };
        if !may_be_input && path.is_file() {
            return false;
        }
        self.folders.iter().any(|(folder, deep)| {
            path.strip_prefix(folder).is_ok_and(|below| {
                let mut parts = below.components();
                // What is hidden is no source: `.git`, the swap files of editors, a `.cooked` of others.
                let hidden = |part: std::path::Component<'_>| {
                    part.as_os_str().as_encoded_bytes().starts_with(b".")
                };
                (*deep || below.components().count() == 1) && !parts.any(hidden)
            })
        })
    }

    /// What a file is called: relative to the folder of the manifest, if it is below that.
    pub fn name<'p>(&self, path: &'p Path) -> &'p Path {
        let folder = self.manifest.parent();
        folder
            .and_then(|folder| path.strip_prefix(folder).ok())
            .unwrap_or(path)
    }
}

/// The extensions of every source format, and of the buffers of glTF.
fn known_extensions() -> BTreeSet<String> {
    let mut importers = Importers::default();
    importers.register(ImageImporter);
    importers.register(FbxImporter);
    importers.register(GltfImporter::default());
    let known = importers.extensions().chain(["bin"]);
    known.map(str::to_owned).collect()
}

/// The extensions of the files that a glTF document refers to. One that cannot be read refers to nothing.
fn extensions_of_links(source: &str) -> Vec<String> {
    let document = std::fs::read(source).unwrap_or_default();
    let Ok(document) = serde_json::from_slice::<serde_json::Value>(&document) else {
        return Vec::new();
    };
    let lists = ["buffers", "images"].map(|list| document[list].as_array());
    let entries = lists.into_iter().flatten().flatten();
    let links = entries.filter_map(|entry| entry["uri"].as_str());
    let links = links.filter(|link| !link.starts_with("data:"));
    let extensions = links.filter_map(|link| Path::new(link).extension()?.to_str());
    extensions.map(str::to_ascii_lowercase).collect()
}

fn absolute(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    normalise(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
}

/// A path as the system tells it: without links, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let path = absolute(path);
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => real(folder).join(name),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use std::ffi::OsString;

    #[test]
    fn what_concerns_a_job_and_what_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let manifest = root.join("kiln.json");
        let text = r#"{"jobs": [
            {"type": "texture", "source": "images/a.png"},
            {"type": "texture", "source": "many/**/*.png"},
            {"type": "texture", "source": "name", "sources": [{"file": "layers/0.png"}]}]}"#;
        let words = |more: &[&str]| {
            let all = ["kiln", "watch", manifest.to_str().unwrap(), "-o"];
            let output = root.join("many/out");
            let cli = all.iter().map(OsString::from).chain([output.into()]);
            let cli = Cli::from_words(cli.chain(more.iter().map(OsString::from))).unwrap();
            let Command::Watch(args) = cli.command else {
                panic!("it is a watch");
            };
            args.cook
        };
        let args = words(&["--report", root.join("images/r.html").to_str().unwrap()]);
        assert!(Scope::read(&args).is_none(), "there is no manifest");
        let concerns = |scope: &Scope, path: &str| scope.concerns(&root.join(path));
        assert!(concerns(&Scope::of_manifest(&args), "kiln.json"));
        std::fs::write(&manifest, text).unwrap();
        let scope = Scope::read(&args).unwrap();
        for path in [
            "kiln.json",
            "images/b.png",
            "many/x/y/z.png",
            "layers/1.png",
        ] {
            assert!(concerns(&scope, path), "{path}");
        }
        for path in [
            "images/below/b.png",
            "images/.a.png.swp",
            "images/r.html",
            "many/.git/index.png",
            "many/out/container.index.bin",
            "elsewhere.png",
        ] {
            assert_eq!(concerns(&scope, path), path == "elsewhere.png", "{path}");
        }
        // What is written beside the sources, such as the output of this command.
        for name in ["images/log.txt", "images/out"] {
            std::fs::create_dir_all(root.join("images")).unwrap();
            std::fs::write(root.join(name), "x").unwrap();
            assert!(!concerns(&scope, name), "{name}");
        }
        // A scene may refer to everything in its project.
        let scene = r#"{"jobs": [{"type": "gltf", "source": "models/a.gltf"}]}"#;
        std::fs::write(&manifest, scene).unwrap();
        let scope = Scope::read(&args).unwrap();
        assert!(concerns(&scope, "textures/deep/x.png"));
        // Buffers may have any extension, if the document says so.
        std::fs::create_dir_all(root.join("models")).unwrap();
        std::fs::write(root.join("models/x.geo"), "x").unwrap();
        assert!(!concerns(&scope, "models/x.geo"));
        let document = r#"{"buffers": [{"uri": "x.geo"}, {"uri": "data:x/y;base64,z.q"}]}"#;
        std::fs::write(root.join("models/a.gltf"), document).unwrap();
        let scope = Scope::read(&args).unwrap();
        assert!(concerns(&scope, "models/x.geo"));
        assert!(!concerns(&scope, "many/out/Resources/textures.data"));
    }
}

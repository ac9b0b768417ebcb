//! From a document to jobs: layers put together, paths resolved, contradictions found. Touches no
//! file, and gives the same jobs for the same document every time.

use crate::{
    diagnostic::codes,
    format::job_record::{JobKey, JobSequence},
    settings::{
        overrides::{TextureOverrides, as_pattern},
        scene::SceneOptions,
        shared::Shared,
        texture::{TextureIntent, TextureOptions},
    },
};
use glob::Pattern;
use std::{
    collections::HashMap,
    path::{Component, Path, PathBuf},
};

use super::{
    Concurrency, Manifest, ManifestProblem,
    layers::Layer,
    locate, paths,
    problem::escaped,
    rules::{JOB, SCENE_SETTINGS, TEXTURE_SETTINGS},
    tree::Node,
};

/// What a job's source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobKind {
    /// An image, or several that make one texture.
    Texture,
    /// An FBX scene.
    Fbx,
    /// A glTF scene.
    Gltf,
}

impl JobKind {
    /// The word of manifests; also the name of the importer.
    pub const fn token(self) -> &'static str {
        match self {
            Self::Texture => "texture",
            Self::Fbx => "fbx",
            Self::Gltf => "gltf",
        }
    }

    /// The kind of a word.
    pub fn of(token: &str) -> Option<Self> {
        [Self::Texture, Self::Fbx, Self::Gltf]
            .into_iter()
            .find(|kind| kind.token() == token)
    }

    /// The kind that the extension of a source says, whatever its case. Images have many extensions;
    /// what has none of a scene may be one. What a source is in truth its content decides.
    pub fn of_source(source: &str) -> Self {
        let extension = source
            .rsplit(['/', '\\'])
            .next()
            .and_then(|file| file.rsplit_once('.'))
            .map(|(_, extension)| extension.to_ascii_lowercase());
        match extension.as_deref() {
            Some("gltf" | "glb") => Self::Gltf,
            Some("fbx") => Self::Fbx,
            _ => Self::Texture,
        }
    }

    /// Whether a source may be of this kind, going by its extension.
    pub fn fits(self, source: &str) -> bool {
        self == Self::of_source(source)
    }

    /// What a source that does not fit is told.
    pub const fn misfit(self) -> &'static str {
        match self {
            Self::Texture => "source file is not an image",
            Self::Fbx => "source file is not a fbx asset",
            Self::Gltf => "source file is not a gltf asset",
        }
    }

    /// Whether it is a scene.
    pub const fn is_scene(self) -> bool {
        !matches!(self, Self::Texture)
    }
}

/// One file of a texture that is put together from several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path.
    pub path: String,
    /// Array layer or cube face.
    pub layer: u16,
    /// Mip level.
    pub mip: u16,
    /// Depth slice.
    pub slice: u16,
}

/// A source that stands for all files that fit it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourcePattern {
    /// The folder to look in, resolved.
    pub folder: PathBuf,
    /// What the paths of files below it have to look like, component by component.
    pub components: Vec<PatternComponent>,
}

/// What one component of a path has to look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatternComponent {
    /// Any number of folders, also none; as the last component, any file below them.
    Any,
    /// A name that fits.
    Fits(Pattern),
}

impl SourcePattern {
    fn new(root: &Path, written: &str) -> Result<Self, String> {
        let mut components = Vec::new();
        let mut folder = PathBuf::new();
        for part in Path::new(written).components() {
            let name = part.as_os_str().to_str().unwrap_or_default();
            let is_plain = !name.contains(['*', '?', '[']);
            match part {
                _ if is_plain && components.is_empty() => folder.push(part),
                Component::Normal(_) if name == "**" => components.push(PatternComponent::Any),
                Component::Normal(_) => {
                    let fits = Pattern::new(name).map_err(|error| error.msg.to_owned())?;
                    components.push(PatternComponent::Fits(fits));
                }
                Component::CurDir => {}
                _ => return Err("`..` cannot follow a wildcard".to_owned()),
            }
        }
        Ok(Self {
            folder: paths::normalise(&root.join(folder)),
            components,
        })
    }
}

/// One job, ready to be requested.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ManifestJob {
    /// Its place in the document, from 0. The jobs that a pattern finds share it.
    pub index: usize,
    /// What its source is.
    pub kind: JobKind,
    /// Its source, resolved.
    pub source: String,
    /// The source as a pattern, if it is one and no file has exactly this name.
    pub pattern: Option<SourcePattern>,
    /// The folder of the project. Its scenes may refer to every file in it.
    pub project: PathBuf,
    /// The container.
    pub output: PathBuf,
    /// The name of the product, if it has one of its own.
    pub name: Option<String>,
    /// Whether every step is printed.
    pub verbose: bool,
    /// How its texture is cooked, or the textures of its scene.
    pub texture: Shared<TextureOptions>,
    /// How its scene is cooked.
    pub scene: Shared<SceneOptions>,
    /// What single textures of its scene do differently.
    pub texture_overrides: Shared<TextureOverrides>,
    /// The files that its texture is put together from, instead of the source alone.
    pub sources: Vec<SourceFile>,
    /// Which of several jobs with the same source, name and container it is, from 0.
    pub copy: u32,
    /// The order of all jobs of its container.
    pub sequence: Option<JobSequence>,
}

impl ManifestJob {
    /// Who the job is, from one cook to the next.
    pub fn key(&self) -> JobKey {
        JobKey::new(&self.source, self.name.as_deref()).copy(self.copy)
    }
}

/// Where a manifest is, and where it goes.
#[derive(Clone, Debug, Default)]
pub struct Places {
    root: PathBuf,
    output: Option<PathBuf>,
}

impl Places {
    /// Relative sources start at this folder, which is usually that of the manifest.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            output: None,
        }
    }

    /// The places of a manifest in a file: sources start at its folder.
    pub fn of_manifest(path: &Path) -> Self {
        Self::new(path.parent().unwrap_or(Path::new("")))
    }

    /// The container of jobs that do not name one.
    #[must_use]
    pub fn with_output(mut self, output: impl Into<PathBuf>) -> Self {
        self.output = Some(output.into());
        self
    }

    /// The folder that relative sources start at.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

/// What a manifest expands to.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Expansion {
    /// The jobs that can be run, in the order of the document.
    pub jobs: Vec<ManifestJob>,
    /// What was found on the way. A job with an error among them is left out.
    pub problems: Vec<ManifestProblem>,
    /// [`Manifest::thread_pool_size`].
    pub thread_pool_size: Option<u32>,
    /// [`Manifest::max_in_flight_jobs`].
    pub max_in_flight_jobs: Option<u32>,
    /// [`Manifest::concurrency`].
    pub concurrency: Option<Vec<Concurrency>>,
}

impl Expansion {
    /// The limits that reach an app that runs already, and a warning about the one that does not: its pools
    /// are there.
    pub fn warn_of_pools(&mut self) {
        if let Some(threads) = self.thread_pool_size {
            let message = format!(
                "'thread_pool_size' ({threads}) does nothing here: the pools of the app are there already"
            );
            let code = codes::manifest::LIMIT_UNUSED;
            self.problems
                .push(ManifestProblem::new(code, "/thread_pool_size", message));
        }
    }

    /// Places in the document of the jobs that were left out.
    pub fn left_out(&self) -> Vec<usize> {
        let errors = self.problems.iter().filter(|problem| problem.is_error());
        let mut jobs: Vec<usize> = errors.filter_map(|problem| problem.job).collect();
        jobs.dedup();
        jobs
    }
}

impl Expansion {
    /// Tells equal jobs apart, and every job the order of all jobs of its container. To be called when the
    /// jobs are all there.
    pub fn settle_order(&mut self) {
        #[derive(Default)]
        struct Order {
            copies: HashMap<JobKey, u32>,
            keys: Vec<JobKey>,
        }
        let mut orders: HashMap<PathBuf, Order> = HashMap::new();
        for job in &mut self.jobs {
            job.copy = 0;
            if !orders.contains_key(&job.output) {
                orders.insert(job.output.clone(), Order::default());
            }
            let Some(order) = orders.get_mut(&job.output) else {
                continue;
            };
            let copies = order.copies.entry(job.key()).or_default();
            job.copy = *copies;
            *copies += 1;
            order.keys.push(job.key());
        }
        let orders: HashMap<PathBuf, JobSequence> = orders
            .into_iter()
            .map(|(output, order)| (output, JobSequence::new(order.keys)))
            .collect();
        for job in &mut self.jobs {
            job.sequence = orders.get(&job.output).cloned();
        }
    }
}

impl Manifest {
    /// Puts the layers of every job together.
    pub fn expand(&self, places: &Places) -> Expansion {
        let defaults = self.document.get("defaults");
        let textures = Layer::of(defaults.and_then(|defaults| defaults.get("texture")));
        let mut scenes = Layer::of(defaults.and_then(|defaults| defaults.get("scene")));
        scenes.texture = textures.texture.clone();
        let mut expansion = Expansion {
            thread_pool_size: self.thread_pool_size(),
            max_in_flight_jobs: self.max_in_flight_jobs(),
            concurrency: self.concurrency(),
            ..Expansion::default()
        };
        let jobs = self.document.get("jobs").map_or(&[][..], Node::items);
        for (index, node) in jobs.iter().enumerate() {
            let Some(kind) = node.get("type").and_then(Node::text).and_then(JobKind::of) else {
                continue;
            };
            let base = if kind.is_scene() { &scenes } else { &textures };
            let mut build = JobBuilder {
                index,
                kind,
                node,
                problems: Vec::new(),
            };
            let job = build.job(base, places);
            let failed = build.problems.iter().any(ManifestProblem::is_error);
            expansion.problems.append(&mut build.problems);
            expansion.jobs.extend(job.filter(|_| !failed));
        }
        locate(&self.text, &mut expansion.problems);
        expansion
    }
}

/// One job on its way.
struct JobBuilder<'a> {
    index: usize,
    kind: JobKind,
    node: &'a Node,
    problems: Vec<ManifestProblem>,
}

impl JobBuilder<'_> {
    fn job(&mut self, base: &Layer, places: &Places) -> Option<ManifestJob> {
        let layer = base.under(&Layer::of(Some(self.node)));
        let written = self.node.get("source").and_then(Node::text)?;
        let output = self.output(&layer, places);
        let pattern = self.check_source(written, places.root());
        self.check_settings(&layer, written);
        self.warn_of_unused();
        let source = self.path(places.root(), written, "source")?;
        let folder = Path::new(&source).parent().unwrap_or(Path::new(""));
        let mut sources = Vec::with_capacity(layer.sources.len());
        for entry in &layer.sources {
            sources.push(SourceFile {
                path: self.path(folder, &entry.file, "sources")?,
                layer: entry.layer,
                mip: entry.mip,
                slice: entry.slice,
            });
        }
        let mut texture = layer.texture;
        if self.kind.is_scene() {
            // One switch for the whole job.
            texture.content_hashing = layer.scene.content_hashing;
        }
        Some(ManifestJob {
            index: self.index,
            kind: self.kind,
            source,
            pattern,
            project: match places.root() {
                root if root.as_os_str().is_empty() => ".".into(),
                root => root.to_owned(),
            },
            output: output?,
            name: layer.name.filter(|name| !name.is_empty()),
            verbose: layer.verbose.unwrap_or(false),
            texture: texture.into(),
            scene: layer.scene.into(),
            texture_overrides: layer.overrides.into(),
            sources: if self.kind.is_scene() {
                Vec::new()
            } else {
                sources
            },
            copy: 0,
            sequence: None,
        })
    }

    fn output(&mut self, layer: &Layer, places: &Places) -> Option<PathBuf> {
        let written = layer.output.as_deref().filter(|output| !output.is_empty());
        let output = match (written, &places.output) {
            (Some(written), _) => PathBuf::from(written),
            (None, Some(output)) => output.clone(),
            (None, None) => {
                self.invalid(
                    "",
                    "--output or --cooked-root is required: the job names no container",
                    "",
                );
                return None;
            }
        };
        if !output.is_absolute() {
            let message = format!(
                "cooked root must be an absolute path, found \"{}\"; without 'output' the one of the \
                 command line is used",
                output.display()
            );
            self.invalid("/output", &message, "an absolute path");
            return None;
        }
        Some(paths::normalise(&output))
    }

    /// Checks what is written, and returns it as a pattern if it is one.
    fn check_source(&mut self, written: &str, root: &Path) -> Option<SourcePattern> {
        if written.is_empty() {
            self.invalid("/source", "'source' must not be empty", "a path");
            return None;
        }
        let pattern = match as_pattern(written) {
            _ if written.contains("://") => Ok(None),
            Ok(None) => Ok(None),
            Ok(Some(_)) => SourcePattern::new(root, written).map(Some),
            Err(error) => Err(error),
        };
        let pattern = match pattern {
            Ok(pattern) => pattern,
            Err(error) => {
                let message = format!("'source' is not a valid pattern: {error}");
                self.invalid("/source", &message, "a path or a pattern");
                return None;
            }
        };
        // The end of a pattern need not say what its files are.
        let open = pattern.is_some() && written.ends_with(['*', '?', ']']);
        if !open && !self.kind.fits(written) {
            let message = format!("{}: \"{written}\"", self.kind.misfit());
            let allowed = match self.kind {
                JobKind::Texture => "an image",
                JobKind::Fbx => ".fbx",
                JobKind::Gltf => ".gltf or .glb",
            };
            self.invalid("/source", &message, allowed);
        }
        pattern
    }

    fn check_settings(&mut self, layer: &Layer, written: &str) {
        if !self.kind.is_scene() {
            if let Err(error) = layer.texture.resolve(written) {
                self.invalid("", &error.to_string(), "");
            }
            return;
        }
        if let Err(error) = layer.scene.resolve() {
            self.invalid("", &error.to_string(), "");
        }
        // What a texture of a scene is for its materials say; base colour stands for all of them.
        let check = |options: &TextureOptions| options.resolve_for(TextureIntent::Albedo);
        if let Err(error) = check(&layer.texture) {
            self.invalid("", &error.to_string(), "");
            return;
        }
        for (key, own) in layer.overrides.iter() {
            if let Err(error) = as_pattern(key) {
                let pointer = format!("/texture_overrides/{}", escaped(key));
                self.invalid(
                    &pointer,
                    &format!("\"{key}\" is not a valid pattern: {error}"),
                    "",
                );
            }
            if let Err(error) = check(&layer.texture.under(own)) {
                let pointer = format!("/texture_overrides/{}", escaped(key));
                self.invalid(&pointer, &format!("\"{key}\": {error}"), "");
            }
        }
    }

    /// Settings of the other kind of job do nothing.
    fn warn_of_unused(&mut self) {
        let used = if self.kind.is_scene() {
            [&SCENE_SETTINGS, &TEXTURE_SETTINGS]
        } else {
            [&TEXTURE_SETTINGS, &TEXTURE_SETTINGS]
        };
        let node = self.node;
        for member in node.members() {
            let key = member.key.as_str();
            let is_used = used.iter().any(|object| object.property(key).is_some())
                && !(key == "sources" && self.kind.is_scene());
            if !is_used && JOB.property(key).is_some() && !JOB.required.contains(&key) {
                let message = format!("'{key}' does nothing in a {} job", self.kind.token());
                let pointer = format!("/{key}");
                let problem = self.problem(codes::manifest::UNUSED_PROPERTY, &pointer, &message);
                self.problems.push(problem.at(member.at));
            }
        }
    }

    fn path(&mut self, folder: &Path, written: &str, key: &str) -> Option<String> {
        let resolved = paths::resolve(folder, written);
        if resolved.is_none() {
            let message = format!("the folder \"{}\" is not UTF-8", folder.display());
            self.invalid(&format!("/{key}"), &message, "UTF-8");
        }
        resolved
    }

    fn invalid(&mut self, pointer: &str, message: &str, allowed: &str) {
        let mut problem = self.problem(codes::manifest::JOB_INVALID, pointer, message);
        if !allowed.is_empty() {
            problem = problem.allowed(allowed);
        }
        self.problems.push(problem);
    }

    /// A problem of this job. What a default says is a problem of the job that it does not fit.
    fn problem(
        &self,
        code: crate::diagnostic::Code,
        pointer: &str,
        message: &str,
    ) -> ManifestProblem {
        let (pointer, node) = match self.node.pointer(pointer) {
            Some(node) => (pointer, node),
            None => ("", self.node),
        };
        let pointer = format!("/jobs/{}{pointer}", self.index);
        ManifestProblem::new(code, pointer, message).found(node)
    }
}

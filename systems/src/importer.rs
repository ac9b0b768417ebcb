//! The one door for source formats.
//!
//! An [`Importer`] says which sources it knows and turns one into a plan of work. The built-in
//! formats are registered through the same call as anybody's own.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    cache::{CACHE_VERSION, CacheKey},
    cook::pace::CancelFlag,
    diagnostic::{Diagnostic, codes},
    plan::Plan,
    settings::scene::SceneSettings,
    source::{image::SubresourceId, path::SourcePath, scene::IgnoredContent},
};
use bevy_kiln_components::{budget::MemoryClaim, job::ImportRequest, settings::ImportSettings};
use bevy_tasks::{AsyncComputeTaskPool, BoxedFuture};
use std::{
    any::Any,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    io::{
        error::FileError,
        reader::{FileInfo, ReadOptions, SourceBytes, SourceReader, SourceRef},
        scope::SourceScope,
    },
    work::PlannedWork,
};

/// How much of a source is read before it is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceNeed {
    /// The first [`HEAD_BYTES`]: enough for a header. The work item reads the rest.
    Head,
    /// All of it: the plan depends on the content.
    Whole,
}

/// How much of every source is read first, to see what it is.
pub const HEAD_BYTES: u64 = 64 << 10;

/// A source format.
pub trait Importer: Send + Sync + 'static {
    /// The name of the format, as in job names: `texture`, `gltf`.
    fn name(&self) -> &'static str;

    /// Whether a request that expects a format can be served: by default one that expects this name.
    fn serves(&self, format: &str) -> bool {
        format == self.name()
    }

    /// The name of the format for people, as in `Parsing glTF...`.
    fn title(&self) -> &'static str {
        self.name()
    }

    /// Name, version and limits: everything but the source, the request and the settings of the service that
    /// decides what is planned, for the cache. The version is raised when scenes that are read from the same
    /// bytes differ. Without one, which is the default, jobs and meshes of this format are not kept: nobody
    /// knows what else they depend on.
    fn fingerprint(&self) -> Option<String> {
        None
    }

    /// File extensions in lower case, without the dot.
    fn extensions(&self) -> &[&'static str];

    /// Whether the first bytes of a source are those of this format. Content decides before
    /// extensions do.
    fn recognizes(&self, head: &[u8]) -> bool;

    /// How much of the source [`Importer::plan`] wants.
    fn need(&self) -> SourceNeed;

    /// The memory that a source of `len` bytes takes, while it is parsed and for as long as its plan
    /// shares it. It is claimed from the byte budget before the source is read.
    fn source_memory(&self, len: u64) -> u64 {
        len
    }

    /// The other files that [`Importer::plan`] needs, such as the buffers of a glTF document. Asked
    /// when the source is there. They are read within the byte budget, and found in
    /// [`ImportSource::companions`]. Runs on the I/O pool, where it must be quick; what was parsed for
    /// it can be kept with [`ImportSource::keep`]. What is wrong with the source is better said by the
    /// plan.
    fn companions(&self, source: &ImportSource) -> Vec<SourcePath> {
        let _ = source;
        Vec::new()
    }

    /// Whether the source of a request may be the mere name of something, such as what six files have
    /// in common, so that there need not be such a file.
    fn takes_names(&self, request: &ImportRequest) -> bool {
        let _ = request;
        false
    }

    /// Turns the source into a plan. Runs on the compute pool, or on the I/O pool for
    /// [`SourceNeed::Head`], where it must be quick.
    ///
    /// # Errors
    /// Diagnostics, at least one of them an error.
    fn plan(
        &self,
        source: ImportSource,
    ) -> BoxedFuture<'static, Result<ImportPlan, Vec<Diagnostic>>>;
}

/// What an importer is given.
pub struct ImportSource {
    /// The source as it was requested, for diagnostics and the catalogue.
    pub name: String,
    /// Where it is.
    pub location: SourceRef,
    /// Size and kind.
    pub info: FileInfo,
    /// As many bytes as the importer wants.
    pub bytes: SourceBytes,
    /// Whether there is no such file; only for importers that [take names](Importer::takes_names).
    pub is_missing: bool,
    /// The files that the request lists instead of its source. The location and the bytes are those of
    /// the first one then.
    pub members: Vec<SourceMember>,
    /// The other files that the importer asked for, or why they could not be read; each once, in
    /// the order in which it asked.
    pub companions: Vec<Companion>,
    /// What the source may refer to.
    pub scope: SourceScope,
    /// The request.
    pub request: Arc<ImportRequest>,
    /// The settings of the service.
    pub settings: Arc<ImportSettings>,
    /// Raised when the job is cancelled.
    pub cancel: CancelFlag,
    /// [`Importer::fingerprint`].
    pub(crate) fingerprint: Option<String>,
    pub(crate) kept: Mutex<Option<Box<dyn Any + Send>>>,
}

impl ImportSource {
    /// Reads all of a source on the I/O pool.
    ///
    /// # Errors
    /// The error of the reader.
    pub async fn read(
        &self,
        reader: Arc<dyn SourceReader>,
        path: PathBuf,
    ) -> Result<SourceBytes, FileError> {
        read_on_io_pool(reader, path, ReadOptions::default()).await
    }

    /// Keeps what [`Importer::companions`] had to parse, for [`Importer::plan`]: nothing has to be
    /// parsed twice.
    pub fn keep<T: Any + Send>(&self, parsed: T) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(Box::new(parsed));
    }

    /// Takes what was kept, if it is of this type.
    pub fn take<T: Any + Send>(&self) -> Option<T> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.take()?.downcast() {
            Ok(parsed) => Some(*parsed),
            Err(other) => {
                *kept = Some(other);
                None
            }
        }
    }

    /// The companion at a path, if it was asked for.
    pub fn companion(&self, path: &SourcePath) -> Option<&Result<SourceBytes, FileError>> {
        let mut companions = self.companions.iter();
        let found = companions.find(|companion| companion.path == *path)?;
        Some(&found.bytes)
    }

    /// The hash of everything that an importer reads a scene from: the source, its companions, and how the
    /// importer works. Nothing where there is no cache, or the importer does not say how it works.
    pub(crate) fn digest(&self) -> Option<[u8; 32]> {
        self.settings.cache.as_ref()?;
        let mut key = CacheKey::of("scene", CACHE_VERSION);
        key.field("importer", self.fingerprint.as_ref()?.as_bytes());
        key.json("fbx_limits", &self.settings.fbx_limits)?;
        key.field("source", &self.bytes.digest());
        for companion in &self.companions {
            key.field("companion", companion.path.as_str().as_bytes());
            key.field("bytes", &companion.bytes.as_ref().ok()?.digest());
        }
        Some(key.finish().0)
    }

    /// The settings of a scene job: the options of the request on top of those of the service.
    ///
    /// # Errors
    /// `import.settings_invalid` when options contradict each other or are out of range.
    pub fn scene_settings(&self) -> Result<SceneSettings, Diagnostic> {
        let mut options = self.request.scene.clone();
        options
            .content_hashing
            .get_or_insert(self.settings.content_hashing);
        options.resolve().map_err(|error| {
            Diagnostic::new(codes::import::SETTINGS_INVALID, error.to_string()).source(&self.name)
        })
    }

    /// The name of the product: the requested one, else the stem of the file name.
    pub fn product_name(&self) -> String {
        self.request
            .name()
            .map_or_else(|| file_stem(&self.name), str::to_owned)
    }
}

/// One of several files of a texture.
#[derive(Clone, Debug)]
pub struct SourceMember {
    /// The file as it was requested.
    pub name: String,
    /// Where it is.
    pub location: SourceRef,
    /// Its place in the texture.
    pub place: SubresourceId,
}

/// Another file that a source needs.
#[derive(Clone, Debug)]
pub struct Companion {
    /// Where it is, seen from the folder of the source.
    pub path: SourcePath,
    /// All of its bytes.
    pub bytes: Result<SourceBytes, FileError>,
}

/// The stem of the last component of a path or URI.
pub fn file_stem(path: &str) -> String {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    match file.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem.to_owned(),
        _ => file.to_owned(),
    }
}

pub(crate) async fn read_on_io_pool(
    reader: Arc<dyn SourceReader>,
    path: PathBuf,
    options: ReadOptions,
) -> Result<SourceBytes, FileError> {
    AsyncComputeTaskPool::get()
        .spawn(async move { reader.read(&path, options).await })
        .await
}

/// What an importer gives.
#[non_exhaustive]
pub struct ImportPlan {
    /// What is to be done.
    pub plan: Plan<PlannedWork>,
    /// Warnings and infos.
    pub diagnostics: Vec<Diagnostic>,
    /// What the source holds, and nothing is made of.
    pub ignored: IgnoredContent,
}

impl ImportPlan {
    /// A plan about which there is nothing to say.
    pub fn new(plan: Plan<PlannedWork>) -> Self {
        Self {
            plan,
            diagnostics: Vec::new(),
            ignored: IgnoredContent::default(),
        }
    }

    /// Adds warnings and infos.
    #[must_use]
    pub fn with_diagnostics(mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) -> Self {
        self.diagnostics.extend(diagnostics);
        self
    }

    /// Says what the source holds besides.
    #[must_use]
    pub fn with_ignored(mut self, ignored: IgnoredContent) -> Self {
        self.ignored = ignored;
        self
    }
}

/// What came of loading and planning a job.
pub struct PlanOutcome {
    /// The format, once it was known.
    pub format: Option<Format>,
    /// The plan, or what went wrong.
    pub result: Result<ImportPlan, Vec<Diagnostic>>,
    /// How long reading took, in microseconds.
    pub io_micros: u64,
    /// How long parsing and planning took, in microseconds.
    pub load_micros: u64,
    /// The memory of the source, when the plan shares it.
    pub claim: Option<MemoryClaim>,
}

/// What a format is called; on a job whose source is parsed as a whole.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// [`Importer::name`].
    pub name: &'static str,
    /// [`Importer::title`].
    pub title: &'static str,
}

impl Format {
    /// The names of an importer's format.
    pub fn of(importer: &dyn Importer) -> Self {
        Self {
            name: importer.name(),
            title: importer.title(),
        }
    }
}

/// The registered formats.
#[derive(Resource, Clone, Default)]
pub struct Importers(Arc<Vec<Arc<dyn Importer>>>);

impl Importers {
    /// Registers a format. Later ones are asked first, so that an app can replace a built-in one.
    pub fn register(&mut self, importer: impl Importer) {
        Arc::make_mut(&mut self.0).insert(0, Arc::new(importer));
    }

    /// The importer of a format.
    pub fn named(&self, format: &str) -> Option<Arc<dyn Importer>> {
        let mut all = self.0.iter();
        all.find(|importer| importer.name() == format).cloned()
    }

    /// How the importer of a format works, if it says so.
    pub(crate) fn fingerprint(&self, format: &str) -> Option<String> {
        self.named(format)?.fingerprint()
    }

    /// How all importers work, in the order in which they are asked.
    pub(crate) fn fingerprints(&self) -> impl Iterator<Item = String> {
        let all = self.0.iter();
        all.map(|importer| {
            let unknown = || format!("{} ?", importer.name());
            importer.fingerprint().unwrap_or_else(unknown)
        })
    }

    /// Every extension that some importer knows.
    pub fn extensions(&self) -> impl Iterator<Item = &'static str> {
        self.0
            .iter()
            .flat_map(|importer| importer.extensions().iter().copied())
    }

    /// The importer for a source: by content, else by extension.
    ///
    /// # Errors
    /// `import.unknown_format` when there is none.
    pub fn find(&self, name: &str, head: &[u8]) -> Result<Arc<dyn Importer>, Diagnostic> {
        let extension = name
            .rsplit(['/', '\\'])
            .next()
            .and_then(|file| file.rsplit_once('.'))
            .map(|(_, extension)| extension.to_ascii_lowercase());
        let by_content = self.0.iter().find(|importer| importer.recognizes(head));
        let found = by_content.or_else(|| {
            let extension = extension.as_deref()?;
            self.0
                .iter()
                .find(|importer| importer.extensions().contains(&extension))
        });
        found.cloned().ok_or_else(|| {
            let known: std::collections::BTreeSet<_> = self.extensions().collect();
            let known = known.into_iter().collect::<Vec<_>>().join(", ");
            let message = match extension {
                Some(extension) => {
                    format!("neither the content nor the extension `{extension}` is known; known are {known}")
                }
                None => format!("the content is not known and there is no extension; known are {known}"),
            };
            Diagnostic::new(codes::import::UNKNOWN_FORMAT, message).source(name)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems() {
        assert_eq!(file_stem("a/b/wood.png"), "wood");
        assert_eq!(file_stem("embedded://x/wood.albedo.png"), "wood.albedo");
        assert_eq!(file_stem("C:\\t\\.hidden"), ".hidden");
        assert_eq!(file_stem("plain"), "plain");
    }
}

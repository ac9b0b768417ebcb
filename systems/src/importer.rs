//! The one door for source formats.
//!
//! An [`Importer`] says which sources it knows and turns one into a plan of work. The built-in
//! formats are registered through the same call as anybody's own.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    cook::pace::CancelFlag,
    diagnostic::{Diagnostic, codes},
    plan::Plan,
};
use bevy_kiln_components::{budget::MemoryClaim, job::ImportRequest, settings::ImportSettings};
use bevy_tasks::{AsyncComputeTaskPool, BoxedFuture};
use std::{path::PathBuf, sync::Arc};

use crate::{
    io::{
        error::FileError,
        reader::{FileInfo, ReadOptions, SourceBytes, SourceReader, SourceRef},
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

    /// File extensions in lower case, without the dot.
    fn extensions(&self) -> &[&'static str];

    /// Whether the first bytes of a source are those of this format. Content decides before
    /// extensions do.
    fn recognizes(&self, head: &[u8]) -> bool;

    /// How much of the source [`Importer::plan`] wants.
    fn need(&self) -> SourceNeed;

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
    /// The request.
    pub request: Arc<ImportRequest>,
    /// The settings of the service.
    pub settings: Arc<ImportSettings>,
    /// Raised when the job is cancelled.
    pub cancel: CancelFlag,
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

    /// The name of the product: the requested one, else the stem of the file name.
    pub fn product_name(&self) -> String {
        self.request
            .name()
            .map_or_else(|| file_stem(&self.name), str::to_owned)
    }
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
pub struct ImportPlan {
    /// What is to be done.
    pub plan: Plan<PlannedWork>,
    /// Warnings and infos.
    pub diagnostics: Vec<Diagnostic>,
}

/// What came of loading and planning a job.
pub struct PlanOutcome {
    /// The name of the format, once it was known.
    pub format: Option<&'static str>,
    /// The plan, or what went wrong.
    pub result: Result<ImportPlan, Vec<Diagnostic>>,
    /// How long reading took, in microseconds.
    pub io_micros: u64,
    /// The memory of the source, when the plan shares it.
    pub claim: Option<MemoryClaim>,
}

/// The registered formats.
#[derive(Resource, Clone, Default)]
pub struct Importers(Arc<Vec<Arc<dyn Importer>>>);

impl Importers {
    /// Registers a format. Later ones are asked first, so that an app can replace a built-in one.
    pub fn register(&mut self, importer: impl Importer) {
        Arc::make_mut(&mut self.0).insert(0, Arc::new(importer));
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

//! Manifests: one entity for a whole project, and a job for each of its sources.

use bevy_ecs::{lifecycle::HookContext, prelude::*, world::DeferredWorld};
use bevy_kiln_assets::{
    manifest::{Manifest, ManifestJob, ManifestProblem, Places},
    source::image::SubresourceId,
};
use std::{path::PathBuf, sync::Arc};

use crate::{
    job::{ImportRequest, TextureSource},
    report::ImportReport,
};

/// A whole project to cook. Spawning an entity with this component reads the manifest, looks for the
/// files of its patterns and spawns a job for each source, in order. The entity then hears
/// [`ManifestFinished`], exactly once. Despawning it cancels what is left.
///
/// ```
/// use bevy_kiln_components::manifest::ManifestRequest;
/// let request = ManifestRequest::file("project/kiln.json").into_container("/project/cooked");
/// ```
#[derive(Component, Clone, Debug)]
#[component(immutable, on_add = ManifestRequest::added)]
pub struct ManifestRequest {
    document: ManifestDocument,
    root: Option<PathBuf>,
    output: Option<PathBuf>,
}

/// Where the document of a manifest is.
#[derive(Clone, Debug)]
pub enum ManifestDocument {
    /// In a file: RON if it ends in `.ron`, else JSON.
    File(PathBuf),
    /// Here.
    Read(Arc<Manifest>),
}

impl ManifestRequest {
    /// A manifest in a file. Its relative sources start at the folder of the file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::new(ManifestDocument::File(path.into()))
    }

    /// A manifest that was read already. Its relative sources start at the working directory, unless
    /// [`Self::with_root`] says something else.
    pub fn document(manifest: impl Into<Arc<Manifest>>) -> Self {
        Self::new(ManifestDocument::Read(manifest.into()))
    }

    fn new(document: ManifestDocument) -> Self {
        Self {
            document,
            root: None,
            output: None,
        }
    }

    /// Relative sources start at this folder.
    #[must_use]
    pub fn with_root(mut self, root: impl Into<PathBuf>) -> Self {
        self.root = Some(root.into());
        self
    }

    /// The container of jobs that do not name one, as an absolute path.
    #[must_use]
    pub fn into_container(mut self, output: impl Into<PathBuf>) -> Self {
        self.output = Some(output.into());
        self
    }

    /// Where the document is.
    pub fn source(&self) -> &ManifestDocument {
        &self.document
    }

    /// Where its sources are, and where its products go.
    pub fn places(&self) -> Places {
        let places = match (&self.root, &self.document) {
            (Some(root), _) => Places::new(root),
            (None, ManifestDocument::File(path)) => Places::of_manifest(path),
            (None, ManifestDocument::Read(_)) => Places::default(),
        };
        match &self.output {
            Some(output) => places.with_output(output),
            None => places,
        }
    }

    fn added(mut world: DeferredWorld, context: HookContext) {
        if let Some(mut arrivals) = world.get_resource_mut::<ManifestArrivals>() {
            arrivals.0.push(context.entity);
        }
    }
}

/// Entities that were given a manifest since the last tick, in that order.
#[derive(Resource, Debug, Default)]
pub struct ManifestArrivals(pub Vec<Entity>);

/// Where a manifest is in its life.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ManifestState {
    /// Waits for its turn, or is being read.
    Reading,
    /// Its jobs are spawned and run.
    Running,
    /// All of its jobs have had their reports.
    Finished,
}

/// Says which manifest a job belongs to. Despawning the manifest despawns, and so cancels, its jobs.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[relationship(relationship_target = ManifestJobs)]
pub struct JobOfManifest(pub Entity);

/// The jobs of a manifest that have not had their report.
#[derive(Component, Debug, Default)]
#[relationship_target(relationship = JobOfManifest, linked_spawn)]
pub struct ManifestJobs(bevy_ecs::entity::EntityHashSet);

/// The place of a job in its manifest, from 0. The jobs that a pattern finds share it.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[component(immutable)]
pub struct ManifestIndex(pub usize);

/// What came of a manifest.
#[derive(Component, Clone, Debug, Default)]
#[non_exhaustive]
pub struct ManifestOutcome {
    /// What is wrong with it. Jobs with an error were left out; a document with one has no jobs.
    pub problems: Vec<ManifestProblem>,
    /// The reports of its jobs with their places in the manifest, in the order in which they ended.
    pub reports: Vec<(ManifestIndex, Arc<ImportReport>)>,
}

impl ManifestOutcome {
    /// Whether there was no error, and every job has succeeded.
    pub fn success(&self) -> bool {
        !self.problems.iter().any(ManifestProblem::is_error)
            && self.reports.iter().all(|(_, report)| report.success)
    }
}

/// Triggered on the manifest's entity, and readable as a message, when all of its jobs have ended.
#[derive(EntityEvent, Message, Clone, Debug)]
pub struct ManifestFinished {
    /// The manifest's entity.
    pub entity: Entity,
    /// What came of it.
    pub outcome: Arc<ManifestOutcome>,
}

impl From<ManifestJob> for ImportRequest {
    /// A job of a manifest as a request. Files for its pattern have been found before.
    fn from(job: ManifestJob) -> Self {
        let mut request = Self::new(job.source)
            .into_container(job.output)
            .expecting(job.kind.token())
            .with_source_root(job.project)
            .at_place(job.copy, job.sequence)
            .with_sources(job.sources.into_iter().map(|file| TextureSource {
                file: file.path,
                place: SubresourceId {
                    layer: file.layer,
                    mip: file.mip,
                    slice: file.slice,
                },
            }));
        request.texture = job.texture;
        request.scene = job.scene;
        request.texture_overrides = job.texture_overrides;
        if let Some(name) = job.name {
            request = request.named(name);
        }
        request
    }
}

//! Jobs: one entity for each request.

use bevy_ecs::{lifecycle::HookContext, prelude::*, world::DeferredWorld};
use bevy_kiln_assets::{
    cook::{pace::CancelFlag, texture::FailurePolicy},
    diagnostic::Diagnostic,
    format::job_record::{JobKey, JobSequence},
    settings::{
        overrides::TextureOverrides, scene::SceneOptions, shared::Shared, texture::TextureOptions,
    },
    source::image::SubresourceId,
};
use bevy_reflect::Reflect;
use serde::{Deserialize, Serialize};
use std::{fmt, path::PathBuf, sync::Arc, time::Instant};

use crate::{
    manifest::{JobOfManifest, ManifestIndex},
    pipeline::JobLimits,
    report::ImportReport,
    service::{Arrivals, CancelBell, Departure, Departures, ReportTicket},
    work::{OpenItem, WorkItems, WorkState},
};

/// Identity of a job: unique and ascending for each service, from 1.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    Component,
    Reflect,
)]
#[component(immutable)]
#[reflect(Component)]
pub struct JobId(pub u64);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What to import, and where to. Spawning an entity with this component submits the job.
///
/// ```
/// use bevy_kiln_components::job::ImportRequest;
/// let request = ImportRequest::new("wood.png").into_container("cooked");
/// assert_eq!(request.source(), "wood.png");
/// ```
#[derive(Component, Clone, Debug)]
#[component(immutable, on_add = ImportRequest::added, on_remove = ImportRequest::removed)]
pub struct ImportRequest {
    source: String,
    container: Option<PathBuf>,
    name: Option<String>,
    format: Option<String>,
    /// How textures of this job are cooked. What is not set is detected from each name, or in a scene
    /// decided by the material slot.
    pub texture: Shared<TextureOptions>,
    /// How the scene of this job is cooked, if its source is one.
    pub scene: Shared<SceneOptions>,
    /// What single textures of the scene do differently.
    pub texture_overrides: Shared<TextureOverrides>,
    /// Folders whose files a scene may refer to, besides the files in its own folder and below it, and
    /// those of [`ImportSettings::allowed_roots`](crate::settings::ImportSettings::allowed_roots).
    pub source_roots: Vec<PathBuf>,
    /// Keep what was emitted when the job fails, instead of leaving the container untouched.
    pub keep_partial: bool,
    /// What becomes of a texture job whose texture cannot be cooked.
    pub on_texture_failure: FailurePolicy,
    sources: Vec<TextureSource>,
    copy: u32,
    sequence: Option<JobSequence>,
    limits: Option<Arc<JobLimits>>,
}

/// One of several files of a texture, and its place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextureSource {
    /// The file, written like the source of a request.
    pub file: String,
    /// Its place: layer or face, level, slice.
    pub place: SubresourceId,
}

impl ImportRequest {
    /// A request for a file, or for an asset of a `bevy_asset` source when the path says so
    /// (`embedded://wood.png`).
    pub fn new(source: impl Into<String>) -> Self {
        Self {
            source: source.into(),
            container: None,
            name: None,
            format: None,
            texture: Shared::default(),
            scene: Shared::default(),
            texture_overrides: Shared::default(),
            source_roots: Vec::new(),
            keep_partial: false,
            on_texture_failure: FailurePolicy::default(),
            sources: Vec::new(),
            copy: 0,
            sequence: None,
            limits: None,
        }
    }

    /// Whether another request asks for the same, of whatever source and for whatever container: its name,
    /// its settings, and the files that its texture is made of.
    pub fn asks_for_the_same(&self, other: &Self) -> bool {
        self.name == other.name
            && self.format == other.format
            && self.texture == other.texture
            && self.scene == other.scene
            && self.texture_overrides == other.texture_overrides
            && self.source_roots == other.source_roots
            && self.keep_partial == other.keep_partial
            && self.on_texture_failure == other.on_texture_failure
            && self.sources == other.sources
    }

    /// The cooked root to write into. Without one, it is the folder `.cooked` beside the source.
    #[must_use]
    pub fn into_container(mut self, root: impl Into<PathBuf>) -> Self {
        self.container = Some(root.into());
        self
    }

    /// A name for reports and for the catalogue; by default the stem of the file name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Options for the textures of this job.
    #[must_use]
    pub fn with_texture(mut self, options: TextureOptions) -> Self {
        self.texture = options.into();
        self
    }

    /// Options for the scene of this job.
    #[must_use]
    pub fn with_scene(mut self, options: SceneOptions) -> Self {
        self.scene = options.into();
        self
    }

    /// Options for single textures of the scene.
    #[must_use]
    pub fn with_texture_overrides(mut self, overrides: TextureOverrides) -> Self {
        self.texture_overrides = overrides.into();
        self
    }

    /// A folder whose files a scene may refer to, besides those that it may anyway.
    #[must_use]
    pub fn with_source_root(mut self, root: impl Into<PathBuf>) -> Self {
        self.source_roots.push(root.into());
        self
    }

    /// The source has to be of this format, such as `gltf`: another one is refused. Without this, any
    /// format will do.
    #[must_use]
    pub fn expecting(mut self, format: impl Into<String>) -> Self {
        self.format = Some(format.into());
        self
    }

    /// The format that the source has to be of, if one was named.
    pub fn format(&self) -> Option<&str> {
        self.format.as_deref()
    }

    /// Keeps what was emitted when the job fails.
    #[must_use]
    pub fn keep_partial(mut self, keep: bool) -> Self {
        self.keep_partial = keep;
        self
    }

    /// Adds a file of a texture that is made of several: layers, faces of a cube, slices of a volume, or
    /// levels. With files, the source of the request is a name only, and need not be a file itself.
    ///
    /// ```
    /// use bevy_kiln_assets::source::image::{CubeFace, SubresourceId};
    /// use bevy_kiln_components::job::ImportRequest;
    /// let mut request = ImportRequest::new("sky").into_container("cooked");
    /// request.texture.cubemap = Some(true);
    /// for face in CubeFace::ALL {
    ///     request = request.with_source(format!("sky_{face}.png"), SubresourceId::face(face));
    /// }
    /// assert_eq!(request.sources()[3].file, "sky_NegativeY.png");
    /// ```
    #[must_use]
    pub fn with_source(mut self, file: impl Into<String>, place: SubresourceId) -> Self {
        self.sources.push(TextureSource {
            file: file.into(),
            place,
        });
        self
    }

    /// Adds several files of a texture.
    #[must_use]
    pub fn with_sources(mut self, sources: impl IntoIterator<Item = TextureSource>) -> Self {
        self.sources.extend(sources);
        self
    }

    /// Makes a cube: of six files with the names of faces, a strip or cross, or a panorama.
    #[must_use]
    pub fn as_cubemap(mut self) -> Self {
        self.texture.cubemap = Some(true);
        self
    }

    /// Lets the fallback texture take the place of a texture that cannot be cooked, with a warning.
    #[must_use]
    pub fn placeholder_on_failure(mut self) -> Self {
        self.on_texture_failure = FailurePolicy::Placeholder;
        self
    }

    /// Says where the job stands among those of its manifest: which of several with the same source and
    /// name it is, and the order of all jobs of the container. What the container says of its jobs is
    /// kept in that order.
    #[must_use]
    pub fn at_place(mut self, copy: u32, sequence: Option<JobSequence>) -> Self {
        (self.copy, self.sequence) = (copy, sequence);
        self
    }

    /// Limits that hold as long as the job is next in line, besides those of the service.
    #[must_use]
    pub fn within(mut self, limits: Option<Arc<JobLimits>>) -> Self {
        self.limits = limits;
        self
    }

    /// Limits of this job, besides those of the service.
    pub fn limits(&self) -> Option<&JobLimits> {
        self.limits.as_deref()
    }

    /// Who the job is, from one cook to the next.
    pub fn key(&self) -> JobKey {
        JobKey::new(&self.source, self.name.as_deref()).copy(self.copy)
    }

    /// The order of all jobs of the container, if a manifest says so.
    pub fn sequence(&self) -> Option<&JobSequence> {
        self.sequence.as_ref()
    }

    /// The files of a texture that is made of several.
    pub fn sources(&self) -> &[TextureSource] {
        &self.sources
    }

    /// The source as it was requested.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The name that was given, if one was.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The cooked root that was given, if one was.
    pub fn container(&self) -> Option<&std::path::Path> {
        self.container.as_deref()
    }

    fn added(mut world: DeferredWorld, context: HookContext) {
        if let Some(mut arrivals) = world.get_resource_mut::<Arrivals>() {
            arrivals.0.push(context.entity);
        }
    }

    /// A job whose entity loses its request is cancelled: its report is delivered here, and the
    /// systems learn what there is to forget.
    fn removed(mut world: DeferredWorld, context: HookContext) {
        let job = context.entity;
        if let Some(token) = world.get::<CancelToken>(job) {
            token.cancel();
        }
        if world
            .get::<JobState>(job)
            .is_none_or(|state| state.is_terminal())
        {
            return;
        }
        let (Some(&order), Some(&TargetContainer(container))) = (
            world.get::<JobOrder>(job),
            world.get::<TargetContainer>(job),
        ) else {
            return;
        };
        let open_items: Vec<OpenItem> = world
            .get::<WorkItems>(job)
            .into_iter()
            .flat_map(WorkItems::iter)
            .filter_map(|item| OpenItem::of(&world, item))
            .collect();
        let loaded = world.get::<JobState>(job).is_some_and(|state| {
            matches!(
                state,
                JobState::Loading | JobState::Planning | JobState::Working
            )
        });
        let manifest = world
            .get::<JobOfManifest>(job)
            .map(|&JobOfManifest(manifest)| manifest)
            .zip(world.get::<ManifestIndex>(job).copied());
        // The entity may stay without its request. From now on its job and items are at their
        // end, so that no stage of this tick goes on with what is counted as failed.
        for open in &open_items {
            if let Some(mut state) = world.get_mut::<WorkState>(open.item) {
                *state = WorkState::Failed;
            }
        }
        if let Some(mut progress) = world.get_mut::<Progress>(job) {
            progress.failed += open_items.len() as u32;
            progress.raise(1.0);
        }
        if let Some(mut state) = world.get_mut::<JobState>(job) {
            *state = JobState::Cancelled;
        }
        let report = world
            .get_mut::<ReportTicket>(job)
            .and_then(|mut ticket| ticket.deliver_cancelled());
        if let Some(mut departures) = world.get_resource_mut::<Departures>() {
            departures.0.push(Departure {
                job,
                order,
                container,
                open_items,
                loaded,
                manifest,
                report,
            });
        }
    }
}

/// Where a job is in its life. Transitions are made by exactly one system each.
#[derive(
    Component, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, Reflect,
)]
#[reflect(Component)]
#[non_exhaustive]
pub enum JobState {
    /// Accepted, waiting for its turn.
    #[default]
    Pending,
    /// Its source is being read.
    Loading,
    /// Its source is being parsed into a plan.
    Planning,
    /// Its work items are being cooked and emitted.
    Working,
    /// Everything is emitted; the container is being committed.
    Finalizing,
    /// Succeeded: what it made is committed.
    Complete,
    /// Failed: the container is as if the job had never been submitted.
    Failed,
    /// Cancelled: likewise.
    Cancelled,
}

impl JobState {
    /// Whether the job has had its report.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Complete | Self::Failed | Self::Cancelled)
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// How far a job is.
///
/// Invariants, true at every tick: `completed + failed <= total`, `overall` never falls, and it is
/// 1 exactly when the job has ended.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Reflect)]
#[reflect(Component)]
pub struct Progress {
    overall: f32,
    /// Work items of the plan; 0 before it is made.
    pub total: u32,
    /// Items that were cooked and emitted.
    pub completed: u32,
    /// Items that failed, were cancelled or were skipped.
    pub failed: u32,
}

impl Progress {
    /// The part that is done, from 0 to 1. Never falls.
    pub fn overall(&self) -> f32 {
        self.overall
    }

    /// Raises [`overall`](Self::overall); a smaller value is ignored.
    pub fn raise(&mut self, overall: f32) {
        self.overall = self.overall.max(overall.clamp(0.0, 1.0));
    }

    /// The share of working time: 0.2 to 0.9, by items at their end.
    pub fn raise_by_items(&mut self) {
        if self.total > 0 {
            let done = f64::from(self.completed + self.failed) / f64::from(self.total);
            self.raise((0.2 + 0.7 * done) as f32);
        }
    }
}

/// The diagnostics of a job, in the order in which they were found.
#[derive(Component, Clone, Debug, Default)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Whether any of them is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(Diagnostic::is_error)
    }
}

/// Cancels its job. Clones may be kept and used from any thread.
#[derive(Component, Clone, Debug, Default)]
pub struct CancelToken(std::sync::Arc<TokenState>);

#[derive(Debug, Default)]
struct TokenState {
    flag: CancelFlag,
    bell: std::sync::OnceLock<CancelBell>,
}

impl CancelToken {
    /// Asks for the job to end; it reports `import.canceled` unless it was already finished.
    pub fn cancel(&self) {
        self.0.flag.cancel();
        if let Some(bell) = self.0.bell.get() {
            bell.ring();
        }
    }

    /// Whether the end was asked for.
    pub fn is_cancelled(&self) -> bool {
        self.0.flag.is_cancelled()
    }

    /// The flag that cookers look at.
    pub fn flag(&self) -> &CancelFlag {
        &self.0.flag
    }

    /// Makes the token ring a bell when it is used, now if it was used already.
    pub fn connect(&self, bell: &CancelBell) {
        self.0.bell.get_or_init(|| bell.clone());
        if self.is_cancelled() {
            bell.ring();
        }
    }
}

/// The container that a job writes to. The target lists its jobs.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[relationship(relationship_target = ContainerJobs)]
pub struct TargetContainer(pub Entity);

/// The jobs that hold a container open.
#[derive(Component, Debug, Default)]
#[relationship_target(relationship = TargetContainer)]
pub struct ContainerJobs(bevy_ecs::entity::EntityHashSet);

/// The place of a job in the order of submission, which is the order of the output.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[component(immutable)]
pub struct JobOrder(pub u64);

/// Who owns the job entity after its report.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobOwner {
    /// Spawned by the user: it stays, with its report as a component.
    User,
    /// Spawned for a client or for a manifest, which keep its report: it is despawned.
    Client,
}

/// The `tracing` span of a job: the parent of the spans of its items.
#[derive(Component, Clone, Debug)]
pub struct JobSpan(pub tracing::Span);

/// When a job was accepted and started, for its report.
#[derive(Component, Clone, Copy, Debug)]
pub struct JobTimes {
    /// When it was accepted.
    pub accepted: Instant,
    /// When its turn came.
    pub started: Option<Instant>,
}

/// The report of a job that has ended, kept on entities that the user spawned.
#[derive(Component, Clone, Debug)]
pub struct FinishedReport(pub std::sync::Arc<ImportReport>);

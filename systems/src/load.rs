//! Load: the next jobs start, and their sources are read and planned.
//!
//! The first bytes say what a source is. An importer that needs only a header plans at once, on
//! the I/O pool; one that needs the whole source waits for room in the byte budget, and then
//! parses on the compute pool. Files that the source needs beside itself wait for room in between.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    cook::pace::CancelFlag,
    diagnostic::{Diagnostic, codes},
    source::path::SourcePath,
};
use bevy_kiln_components::{
    budget::{MemoryBudget, MemoryClaim},
    container::{Container, ContainerState},
    job::{
        CancelToken, Diagnostics, ImportRequest, JobId, JobOrder, JobSpan, JobState, JobTimes,
        TargetContainer,
    },
    pipeline::WorkKind,
    service::ReportTicket,
    settings::ImportSettings,
};
use bevy_tasks::AsyncComputeTaskPool;
use futures_lite::FutureExt;
use std::{
    any::Any,
    collections::{BTreeMap, HashSet},
    panic::AssertUnwindSafe,
    path::Path,
    sync::{Arc, Mutex},
    time::Instant,
};
use tracing::Instrument;

use crate::{
    cache::{Footprint, ProjectMemos},
    completion::{Completion, CompletionSender},
    containers::open_container,
    dispatch::{OldestJob, UnemittedJobs},
    freshness::{JobFootprint, Unasked},
    importer::{
        Companion, Format, HEAD_BYTES, ImportPlan, ImportSource, Importer, Importers, PlanOutcome,
        SourceMember, SourceNeed,
    },
    intake::JobQueue,
    io::{
        error::{FileError, IoErrorKind},
        reader::{FileInfo, ReadOptions, SourceBytes, SourceRef},
        resolve::SourceReaders,
        scope::SourceScope,
    },
    lanes::{CookLanes, CookTask},
    progress::ProgressFeed,
    report::{EndedJobs, Ending},
    work::{CookFailure, Cooked},
};

/// How many jobs are between their start and their last emission.
#[derive(Resource, Debug, Default)]
pub struct LoadedJobs(pub usize);

/// Whether a job could start.
pub fn jobs_can_start(
    queue: Res<JobQueue>,
    loaded: Res<LoadedJobs>,
    settings: Res<ImportSettings>,
    lanes: Res<CookLanes>,
) -> bool {
    let room = settings.max_in_flight_jobs.max(1).saturating_sub(loaded.0);
    // While there is enough to cook, it pays to start several at once.
    let enough = if lanes.is_well_fed() {
        LOADS_PER_TASK
    } else {
        1
    };
    !queue.0.is_empty() && room >= enough
}

/// Starts pending jobs in order, as many as may be in flight: `Pending -> Loading`.
pub fn start_jobs(world: &mut World) {
    let _stage = tracing::debug_span!("load").entered();
    let limit = world.resource::<ImportSettings>().max_in_flight_jobs.max(1);
    let service = LoadService {
        settings: Arc::new(world.resource::<ImportSettings>().clone()),
        importers: world.resource::<Importers>().clone(),
        budget: world.resource::<MemoryBudget>().clone(),
        lanes: world.resource::<CookLanes>().clone(),
        completions: world.resource::<CompletionSender>().clone(),
    };
    let mut loads = Vec::new();
    loop {
        // The limit of the manifest that the next job is of, if it is lower.
        let next = world.resource::<JobQueue>().0.front();
        let own = next
            .and_then(|&job| {
                world
                    .get::<ImportRequest>(job)?
                    .limits()?
                    .max_in_flight_jobs
            })
            .map_or(limit, |own| own.clamp(1, limit));
        if world.resource::<LoadedJobs>().0 >= own {
            break;
        }
        let Some(job) = world.resource_mut::<JobQueue>().0.pop_front() else {
            break;
        };
        if world.get::<Unasked>(job).is_some() {
            // Nobody knows yet whether it has to be cooked, nor do those behind it.
            world.resource_mut::<JobQueue>().0.push_front(job);
            break;
        }
        if world.get::<JobState>(job) == Some(&JobState::Pending) {
            loads.extend(start_job(world, job, &service));
        }
    }
    // Reading a head takes microseconds, about as long as waking a thread for it.
    let mut loads = loads.into_iter().peekable();
    while loads.peek().is_some() {
        let group: Vec<LoadTask> = loads.by_ref().take(LOADS_PER_TASK).collect();
        AsyncComputeTaskPool::get()
            .spawn(async move {
                for load in group {
                    let span = load.span.clone();
                    load.run().instrument(span).await;
                }
            })
            .detach();
    }
}

/// How many sources one task of the I/O pool looks at, one after the other.
const LOADS_PER_TASK: usize = 8;

/// What every load needs.
#[derive(Clone)]
struct LoadService {
    settings: Arc<ImportSettings>,
    importers: Importers,
    budget: MemoryBudget,
    lanes: CookLanes,
    completions: CompletionSender,
}

fn start_job(world: &mut World, job: Entity, service: &LoadService) -> Option<LoadTask> {
    let (Some(request), Some(token), Some(&TargetContainer(container))) = (
        world.get::<ImportRequest>(job).cloned(),
        world.get::<CancelToken>(job).cloned(),
        world.get::<TargetContainer>(job),
    ) else {
        return None;
    };
    if token.is_cancelled() {
        world
            .resource_mut::<EndedJobs>()
            .end(job, Ending::Cancelled);
        return None;
    }
    world.resource_mut::<LoadedJobs>().0 += 1;
    if let Some(&order) = world.get::<JobOrder>(job) {
        let mut unemitted = world.resource_mut::<UnemittedJobs>();
        unemitted.0.insert(order);
        let oldest = unemitted.0.first().copied();
        world.resource_mut::<OldestJob>().0 = oldest;
    }
    if let Some(mut times) = world.get_mut::<JobTimes>(job) {
        times.started = Some(Instant::now());
    }
    if let Some(mut ticket) = world.get_mut::<ReportTicket>(job) {
        ticket.start();
    }
    let id = world.get::<JobId>(job).map_or(0, |id| id.0);
    let span = tracing::info_span!(parent: None, "job", id, source = request.source());
    world
        .entity_mut(job)
        .insert((JobState::Loading, JobSpan(span.clone())));
    ProgressFeed::job_started(world, job);
    match world.get::<ContainerState>(container) {
        Some(ContainerState::Idle) => open_container(world, container),
        Some(ContainerState::Failed(diagnostic)) => {
            let diagnostic = (**diagnostic).clone();
            fail(world, job, vec![diagnostic]);
            return None;
        }
        _ => {}
    }
    let root = world
        .get::<Container>(container)
        .map(|container| container.root().to_owned());
    tracing::debug!(source = request.source(), root = ?root, "loading");
    if request.source().trim().is_empty() && request.sources().is_empty() {
        let text = "the job names nothing to cook";
        let diagnostic = Diagnostic::new(codes::texture::SOURCE_MISSING, text);
        fail(world, job, vec![diagnostic]);
        return None;
    }
    let readers = if world.contains_resource::<ProjectMemos>() {
        let footprint = Arc::<Footprint>::default();
        world
            .entity_mut(job)
            .insert(JobFootprint(footprint.clone()));
        world.resource::<SourceReaders>().recording(footprint)
    } else {
        world.resource::<SourceReaders>().clone()
    };
    let resolved = resolve(&readers, &request);
    let (location, members) = match resolved {
        Ok(resolved) => resolved,
        Err(diagnostic) => {
            fail(world, job, vec![diagnostic]);
            return None;
        }
    };
    let scope = readers.scope(
        request.source(),
        &location,
        service
            .settings
            .allowed_roots
            .iter()
            .chain(&request.source_roots),
    );
    Some(LoadTask {
        job,
        span,
        name: request.source().to_owned(),
        location,
        members,
        scope,
        request: Arc::new(request),
        cancel: token.flag().clone(),
        service: service.clone(),
    })
}

/// Where a request leads: to its source, or to the files that it lists instead.
fn resolve(
    readers: &SourceReaders,
    request: &ImportRequest,
) -> Result<(SourceRef, Vec<SourceMember>), Diagnostic> {
    let mut members = Vec::with_capacity(request.sources().len());
    for source in request.sources() {
        members.push(SourceMember {
            name: source.file.clone(),
            location: readers.resolve(&source.file)?,
            place: source.place,
        });
    }
    let location = match members.first() {
        Some(first) => first.location.clone(),
        None => readers.resolve(request.source())?,
    };
    Ok((location, members))
}

/// Whether a job was started and has not had its report.
pub(crate) fn is_in_flight(world: &World, job: Entity) -> bool {
    world
        .get::<JobTimes>(job)
        .is_some_and(|times| times.started.is_some())
        && world
            .get::<JobState>(job)
            .is_some_and(|state| !state.is_terminal())
}

/// Ends a job as failed, with these diagnostics.
pub(crate) fn fail(world: &mut World, job: Entity, diagnostics: Vec<Diagnostic>) {
    if let Some(mut all) = world.get_mut::<Diagnostics>(job) {
        all.0.extend(diagnostics);
    }
    world.resource_mut::<EndedJobs>().end(job, Ending::Failed);
}

struct LoadTask {
    job: Entity,
    span: tracing::Span,
    name: String,
    location: SourceRef,
    members: Vec<SourceMember>,
    scope: SourceScope,
    request: Arc<ImportRequest>,
    cancel: CancelFlag,
    service: LoadService,
}

impl LoadTask {
    async fn run(self) {
        let (job, completions, name) = (
            self.job,
            self.service.completions.clone(),
            self.name.clone(),
        );
        let guarded = AssertUnwindSafe(self.load()).catch_unwind().await;
        let outcome = guarded.unwrap_or_else(|panic| {
            Some(PlanOutcome::failed(None, importer_panicked(&name, &*panic)))
        });
        if let Some(outcome) = outcome {
            completions.send(Completion::Planned {
                job,
                outcome: Box::new(outcome),
            });
        }
    }

    /// Reads the head and plans; `None` when the source has to be read whole first.
    async fn load(self) -> Option<PlanOutcome> {
        let begun = Instant::now();
        let (reader, path) = (self.location.reader.clone(), self.location.path.clone());
        // Of several files the first one tells what they are.
        let name = match self.members.first() {
            Some(first) => first.name.clone(),
            None => self.name.clone(),
        };
        let info = match reader.metadata(&path).await {
            Ok(info) => info,
            Err(error) if error.kind == IoErrorKind::NotFound && self.is_a_name() => {
                return self.load_name().await;
            }
            Err(error) => return Some(PlanOutcome::failed(None, error.diagnostic(&name))),
        };
        let head = ReadOptions {
            max_bytes: HEAD_BYTES,
            size_hint: info.len.min(HEAD_BYTES),
            ..ReadOptions::default()
        };
        let head = match reader.read(&path, head).await {
            Ok(bytes) => bytes,
            Err(error) => return Some(PlanOutcome::failed(None, error.diagnostic(&name))),
        };
        let importer = match self.service.importers.find(&name, &head) {
            Ok(importer) => importer,
            Err(diagnostic) => return Some(PlanOutcome::failed(None, diagnostic)),
        };
        let format = Format::of(&*importer);
        if let Some(expected) = self.request.format()
            && !importer.serves(expected)
        {
            let message = format!(
                "the source is of the format `{}`, but `{expected}` was asked for",
                importer.name()
            );
            let diagnostic = Diagnostic::new(codes::import::FORMAT_MISMATCH, message);
            let diagnostic = diagnostic.source(&self.name);
            return Some(PlanOutcome::failed(Some(format), diagnostic));
        }
        let source = ImportSource {
            name: self.name.clone(),
            location: self.location,
            info,
            bytes: head,
            is_missing: false,
            members: self.members,
            companions: Vec::new(),
            scope: self.scope,
            request: self.request,
            settings: self.service.settings,
            cancel: self.cancel.clone(),
            fingerprint: importer.fingerprint(),
            kept: Mutex::default(),
        };
        if importer.need() == SourceNeed::Head {
            let result = importer.plan(source).await;
            return Some(PlanOutcome {
                format: Some(format),
                result,
                io_micros: micros_since(begun),
                load_micros: 0,
                claim: None,
            });
        }
        self.service
            .completions
            .send(Completion::WantsWhole(Box::new(WholeLoad {
                job: self.job,
                span: tracing::Span::current(),
                importer,
                source,
                wants: Wants::Source,
                claim: None,
                io_micros: micros_since(begun),
                budget: self.service.budget,
                lanes: self.service.lanes,
                completions: self.service.completions.clone(),
            })));
        None
    }
}

impl LoadTask {
    /// Whether a source that is not there is the name of something else for its importer.
    fn is_a_name(&self) -> bool {
        let importer = self.service.importers.find(&self.name, &[]);
        self.members.is_empty()
            && importer.is_ok_and(|importer| {
                importer.need() == SourceNeed::Head && importer.takes_names(&self.request)
            })
    }

    /// Plans a source that is the name of something else.
    async fn load_name(self) -> Option<PlanOutcome> {
        let begun = Instant::now();
        let importer = match self.service.importers.find(&self.name, &[]) {
            Ok(importer) => importer,
            Err(diagnostic) => return Some(PlanOutcome::failed(None, diagnostic)),
        };
        let source = ImportSource {
            name: self.name,
            location: self.location,
            info: FileInfo {
                len: 0,
                modified: None,
                is_directory: false,
                is_symlink: false,
            },
            bytes: SourceBytes::new(Vec::new()),
            is_missing: true,
            members: Vec::new(),
            companions: Vec::new(),
            scope: self.scope,
            request: self.request,
            settings: self.service.settings,
            cancel: self.cancel,
            fingerprint: importer.fingerprint(),
            kept: Mutex::default(),
        };
        let format = Some(Format::of(&*importer));
        Some(PlanOutcome {
            format,
            result: importer.plan(source).await,
            io_micros: micros_since(begun),
            load_micros: 0,
            claim: None,
        })
    }
}

/// A source that has to be read whole and waits for room in the byte budget: first for itself, then,
/// when it is there, for its companions.
pub struct WholeLoad {
    job: Entity,
    span: tracing::Span,
    importer: Arc<dyn Importer>,
    source: ImportSource,
    wants: Wants,
    claim: Option<MemoryClaim>,
    io_micros: u64,
    budget: MemoryBudget,
    lanes: CookLanes,
    completions: CompletionSender,
}

/// What is to be read next.
enum Wants {
    Source,
    /// Companions, in all of so many bytes.
    Companions(Vec<SourcePath>, u64),
}

/// Sources that wait for room, in job order.
#[derive(Resource, Default)]
pub struct WaitingLoads(BTreeMap<JobOrder, WholeLoad>);

impl WaitingLoads {
    pub(crate) fn push(&mut self, order: JobOrder, load: WholeLoad) {
        self.0.insert(order, load);
    }

    pub(crate) fn remove(&mut self, order: JobOrder) {
        self.0.remove(&order);
    }
}

/// Whether a source waits for room.
pub fn loads_wait(waiting: Res<WaitingLoads>) -> bool {
    !waiting.0.is_empty()
}

/// Reads and parses waiting sources, in job order, as far as the budget has room. The oldest job
/// of all always goes on, so that a source larger than the budget can be imported alone.
pub fn admit_loads(
    mut waiting: ResMut<WaitingLoads>,
    budget: Res<MemoryBudget>,
    oldest: Res<OldestJob>,
) {
    while let Some(entry) = waiting.0.first_entry() {
        let bytes = entry.get().memory();
        let claim = match budget.try_claim(bytes) {
            Some(claim) => claim,
            None if oldest.0 == Some(*entry.key()) => budget.claim(bytes),
            None => return,
        };
        let load = entry.remove();
        let span = load.span.clone();
        AsyncComputeTaskPool::get()
            .spawn(load.run(claim).instrument(span))
            .detach();
    }
}

impl WholeLoad {
    /// The job whose source this is.
    pub fn job(&self) -> Entity {
        self.job
    }

    /// What the format is called.
    pub fn format(&self) -> Format {
        Format::of(&*self.importer)
    }

    /// Whether nothing but the head of the source was read.
    pub fn is_first(&self) -> bool {
        matches!(self.wants, Wants::Source)
    }

    /// The memory that is to be claimed.
    fn memory(&self) -> u64 {
        match &self.wants {
            Wants::Source => self.importer.source_memory(self.source.info.len),
            Wants::Companions(_, bytes) => *bytes,
        }
    }

    async fn run(mut self, claim: MemoryClaim) {
        let claim = match self.claim.take() {
            Some(first) => first.join(claim),
            None => claim,
        };
        self.claim = Some(claim);
        let begun = Instant::now();
        let read = match std::mem::replace(&mut self.wants, Wants::Source) {
            Wants::Source => match self.read_source().await {
                Ok(companions) if companions.is_empty() => Ok(()),
                Ok(companions) => {
                    self.wants = self.measure(companions).await;
                    self.io_micros += micros_since(begun);
                    let completions = self.completions.clone();
                    completions.send(Completion::WantsWhole(Box::new(self)));
                    return;
                }
                Err(diagnostic) => Err(diagnostic),
            },
            Wants::Companions(paths, _) => {
                self.read_companions(paths).await;
                Ok(())
            }
        };
        self.io_micros += micros_since(begun);
        match read {
            Ok(()) => self.parse(),
            Err(diagnostic) => {
                let outcome = PlanOutcome::failed(Some(self.format()), diagnostic);
                self.completions.send(Completion::Planned {
                    job: self.job,
                    outcome: Box::new(outcome),
                });
            }
        }
    }

    /// Reads the source and asks for its companions.
    async fn read_source(&mut self) -> Result<Vec<SourcePath>, Diagnostic> {
        let source = &mut self.source;
        if source.info.len > source.bytes.len() as u64 {
            let (reader, path) = (source.location.reader.clone(), source.location.path.clone());
            source.bytes = reader
                .read(&path, ReadOptions::default())
                .await
                .map_err(|error| error.diagnostic(&source.name))?;
        }
        let asked = AssertUnwindSafe(|| self.importer.companions(&self.source));
        let mut companions = std::panic::catch_unwind(asked)
            .map_err(|panic| importer_panicked(&self.source.name, &*panic))?;
        let mut seen = HashSet::new();
        companions.retain(|path| seen.insert(path.clone()));
        Ok(companions)
    }

    /// Looks how large companions are. Those that are not there cost nothing.
    async fn measure(&self, companions: Vec<SourcePath>) -> Wants {
        let mut bytes: u64 = 0;
        for path in &companions {
            if let Ok(info) = self.source.scope.metadata(path).await {
                bytes = bytes.saturating_add(info.len);
            }
        }
        Wants::Companions(companions, bytes)
    }

    async fn read_companions(&mut self, paths: Vec<SourcePath>) {
        for path in paths {
            let bytes = if self.source.cancel.is_cancelled() {
                let file = Path::new(path.as_str());
                Err(FileError::new(IoErrorKind::Cancelled, file, ""))
            } else {
                self.source.scope.read(&path, ReadOptions::default()).await
            };
            self.source.companions.push(Companion { path, bytes });
        }
    }

    /// Has the source parsed on a lane of the compute pool.
    fn parse(self) {
        let format = self.format();
        let Self {
            job,
            importer,
            source,
            claim,
            io_micros,
            budget,
            lanes,
            completions,
            ..
        } = self;
        let (name, cancel) = (source.name.clone(), source.cancel.clone());
        lanes.submit(CookTask {
            workers: None,
            item: job,
            kind: WorkKind("Parse"),
            name: name.clone(),
            cancel,
            span: tracing::Span::current(),
            claim: budget.claim(0),
            start: Box::new(move |context| {
                Box::pin(async move {
                    let begun = Instant::now();
                    let guarded = AssertUnwindSafe(async move { importer.plan(source).await });
                    let plan = async move {
                        let result = guarded.catch_unwind().await;
                        result.unwrap_or_else(|panic| Err(vec![importer_panicked(&name, &*panic)]))
                    };
                    let result = context.in_long_steps(|_| plan).await;
                    let outcome = Box::new(PlanOutcome {
                        format: Some(format),
                        result,
                        io_micros,
                        load_micros: micros_since(begun),
                        claim,
                    });
                    completions.send(Completion::Planned { job, outcome });
                    Ok::<Cooked, CookFailure>(Cooked::default())
                })
            }),
        });
    }
}

fn importer_panicked(source: &str, panic: &(dyn Any + Send)) -> Diagnostic {
    let text = format!("the importer panicked: {}", crate::lanes::panic_text(panic));
    Diagnostic::new(codes::import::EXCEPTION, text).source(source)
}

pub(crate) fn micros_since(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX)
}

impl PlanOutcome {
    fn failed(format: Option<Format>, diagnostic: Diagnostic) -> Self {
        Self {
            format,
            result: Err::<ImportPlan, _>(vec![diagnostic]),
            io_micros: 0,
            load_micros: 0,
            claim: None,
        }
    }
}

//! Load: the next jobs start, and their sources are read and planned.
//!
//! The first bytes say what a source is. An importer that needs only a header plans at once, on
//! the I/O pool; one that needs the whole source waits for room in the byte budget, and then
//! parses on the compute pool.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    cook::pace::CancelFlag,
    diagnostic::{Diagnostic, codes},
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
use std::{any::Any, collections::BTreeMap, panic::AssertUnwindSafe, sync::Arc, time::Instant};
use tracing::Instrument;

use crate::{
    completion::{Completion, CompletionSender},
    containers::open_container,
    dispatch::{OldestJob, UnemittedJobs},
    importer::{
        HEAD_BYTES, ImportPlan, ImportSource, Importer, Importers, PlanOutcome, SourceNeed,
    },
    intake::JobQueue,
    io::{reader::ReadOptions, resolve::SourceReaders},
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
    while world.resource::<LoadedJobs>().0 < limit {
        let Some(job) = world.resource_mut::<JobQueue>().0.pop_front() else {
            break;
        };
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
    let span = tracing::info_span!("job", id, source = request.source());
    world
        .entity_mut(job)
        .insert((JobState::Loading, InFlight, JobSpan(span.clone())));
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
    let location = match world.resource::<SourceReaders>().resolve(request.source()) {
        Ok(location) => location,
        Err(diagnostic) => {
            fail(world, job, vec![diagnostic]);
            return None;
        }
    };
    Some(LoadTask {
        job,
        span,
        name: request.source().to_owned(),
        location,
        request: Arc::new(request),
        cancel: token.flag().clone(),
        service: service.clone(),
    })
}

/// Marks jobs that were started and have not had their report.
#[derive(Component)]
pub struct InFlight;

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
    location: crate::io::reader::SourceRef,
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
        let info = match reader.metadata(&path).await {
            Ok(info) => info,
            Err(error) => return Some(PlanOutcome::failed(None, error.diagnostic(&self.name))),
        };
        let head = ReadOptions {
            max_bytes: HEAD_BYTES,
            size_hint: info.len.min(HEAD_BYTES),
            ..ReadOptions::default()
        };
        let head = match reader.read(&path, head).await {
            Ok(bytes) => bytes,
            Err(error) => return Some(PlanOutcome::failed(None, error.diagnostic(&self.name))),
        };
        let importer = match self.service.importers.find(&self.name, &head) {
            Ok(importer) => importer,
            Err(diagnostic) => return Some(PlanOutcome::failed(None, diagnostic)),
        };
        let format = Some(importer.name());
        if let Some(expected) = self.request.format()
            && !importer.serves(expected)
        {
            let message = format!(
                "the source is of the format `{}`, but `{expected}` was asked for",
                importer.name()
            );
            let diagnostic = Diagnostic::new(codes::import::FORMAT_MISMATCH, message);
            return Some(PlanOutcome::failed(format, diagnostic.source(&self.name)));
        }
        let source = ImportSource {
            name: self.name.clone(),
            location: self.location,
            info,
            bytes: head,
            request: self.request,
            settings: self.service.settings,
            cancel: self.cancel.clone(),
        };
        if importer.need() == SourceNeed::Head {
            let result = importer.plan(source).await;
            return Some(PlanOutcome {
                format,
                result,
                io_micros: micros_since(begun),
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
                io_micros: micros_since(begun),
                budget: self.service.budget,
                lanes: self.service.lanes,
                completions: self.service.completions.clone(),
            })));
        None
    }
}

/// A source that has to be read whole and waits for room in the byte budget.
pub struct WholeLoad {
    job: Entity,
    span: tracing::Span,
    importer: Arc<dyn Importer>,
    source: ImportSource,
    io_micros: u64,
    budget: MemoryBudget,
    lanes: CookLanes,
    completions: CompletionSender,
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
        let bytes = entry.get().source.info.len;
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

    async fn run(self, claim: MemoryClaim) {
        let Self {
            job,
            span: _,
            importer,
            mut source,
            io_micros,
            budget,
            lanes,
            completions,
        } = self;
        let begun = Instant::now();
        let format = Some(importer.name());
        if source.info.len > source.bytes.len() as u64 {
            let (reader, path) = (source.location.reader.clone(), source.location.path.clone());
            match reader.read(&path, ReadOptions::default()).await {
                Ok(bytes) => source.bytes = bytes,
                Err(error) => {
                    let outcome = PlanOutcome::failed(format, error.diagnostic(&source.name));
                    completions.send(Completion::Planned {
                        job,
                        outcome: Box::new(outcome),
                    });
                    return;
                }
            }
        }
        let io_micros = io_micros + micros_since(begun);
        let (name, cancel) = (source.name.clone(), source.cancel.clone());
        lanes.submit(CookTask {
            item: job,
            kind: WorkKind("Parse"),
            name: name.clone(),
            cancel,
            span: tracing::Span::current(),
            claim: budget.claim(0),
            start: Box::new(move |_| {
                Box::pin(async move {
                    let guarded = AssertUnwindSafe(async move { importer.plan(source).await });
                    let result = guarded
                        .catch_unwind()
                        .await
                        .unwrap_or_else(|panic| Err(vec![importer_panicked(&name, &*panic)]));
                    let outcome = Box::new(PlanOutcome {
                        format,
                        result,
                        io_micros,
                        claim: Some(claim),
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
    fn failed(format: Option<&'static str>, diagnostic: Diagnostic) -> Self {
        Self {
            format,
            result: Err::<ImportPlan, _>(vec![diagnostic]),
            io_micros: 0,
            claim: None,
        }
    }
}

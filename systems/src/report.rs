//! Report: the one end of every job.
//!
//! Success, failure, cancellation in any phase, a panic, a despawned entity: whoever finds out
//! notes it in [`EndedJobs`], and [`deliver_reports`] does the rest, once.

use bevy_ecs::{entity::EntityHashSet, prelude::*};
use bevy_kiln_assets::{
    diagnostic::Diagnostic, format::job_record::JobContent, source::scene::IgnoredContent,
};
use bevy_kiln_components::{
    budget::MemoryClaim,
    container::{CommitCursor, ContainerState, ContainersByRoot},
    job::{
        CancelToken, Diagnostics, FinishedReport, ImportRequest, JobId, JobOrder, JobOwner,
        JobState, JobTimes, Progress, TargetContainer,
    },
    messages::ImportFinished,
    pipeline::{PipelineCounters, WorkKind},
    report::{ImportReport, LaneSpan, OutputFile, Product, Telemetry},
    service::{Departure, Departures, JobNames, ReportTicket, ServiceState},
    work::{OpenItem, WorkItems, WorkOrder, WorkState},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    collect::CookedResult,
    dispatch::{OldestJob, ReadyWork, UnemittedJobs},
    emit::record_content,
    finalize::roll_back,
    item_log::{ItemLog, since_start},
    load::{LoadedJobs, WaitingLoads, is_in_flight},
    manifest,
    progress::ProgressFeed,
    store::CommitOutcome,
};

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// What it made is committed.
    Complete,
    /// At least one error.
    Failed,
    /// Somebody asked for it.
    Cancelled,
}

/// Jobs that have ended and have not had their report. The first ending of a job counts.
#[derive(Resource, Debug, Default)]
pub struct EndedJobs {
    jobs: Vec<(Entity, Ending)>,
    known: EntityHashSet,
}

impl EndedJobs {
    /// Notes that a job has ended.
    pub fn end(&mut self, job: Entity, ending: Ending) {
        if self.known.insert(job) {
            self.jobs.push((job, ending));
        }
    }

    pub(crate) fn is_ending(world: &World, job: Entity) -> bool {
        world.resource::<Self>().known.contains(&job)
            || world
                .resource::<Departures>()
                .0
                .iter()
                .any(|departure| departure.job == job)
    }
}

/// What a job has made so far.
#[derive(Component, Default)]
pub struct JobProducts {
    /// The name of the format of the source, once it is known.
    pub(crate) format: Option<&'static str>,
    pub(crate) products: Vec<Product>,
    pub(crate) content: JobContent,
    pub(crate) telemetry: Telemetry,
    pub(crate) parsing: Vec<LaneSpan>,
    pub(crate) ignored: IgnoredContent,
    pub(crate) emitted: Option<Instant>,
    pub(crate) commit: Option<CommitOutcome>,
    /// Nothing was cooked, because everything is as it was.
    pub(crate) is_unchanged: bool,
}

/// Whether a job has ended or lost its entity.
pub fn jobs_have_ended(ended: Res<EndedJobs>, departures: Res<Departures>) -> bool {
    !ended.jobs.is_empty() || !departures.0.is_empty()
}

/// Delivers the report of every job that has ended: `-> Complete`, `Failed` or `Cancelled`.
pub fn deliver_reports(world: &mut World) {
    let _stage = tracing::debug_span!("report").entered();
    let gone = std::mem::take(&mut world.resource_mut::<Departures>().0);
    for job in gone {
        forget_departed(world, job);
    }
    let ended = std::mem::take(&mut *world.resource_mut::<EndedJobs>());
    for (job, ending) in ended.jobs {
        if world.get_entity(job).is_ok() {
            end_job(world, job, ending);
        }
    }
}

/// Whether a shutdown was requested and is not complete.
pub fn is_shutting_down(state: Res<ServiceState>) -> bool {
    !state.is_accepting() && !state.is_stopped()
}

/// Completes a requested shutdown once every job has had its report and every container is closed.
pub fn complete_shutdown(state: Res<ServiceState>, containers: Res<ContainersByRoot>) {
    if state.active_count() == 0 && containers.0.is_empty() {
        state.set_stopped();
    }
}

fn end_job(world: &mut World, job: Entity, ending: Ending) {
    let Some(before) = world.get::<JobState>(job).copied() else {
        return;
    };
    if before.is_terminal() {
        return;
    }
    // Whatever of it still runs has no purpose any more.
    if ending != Ending::Complete
        && let Some(token) = world.get::<CancelToken>(job)
    {
        token.cancel();
    }
    let state = match ending {
        Ending::Complete => JobState::Complete,
        Ending::Failed => JobState::Failed,
        Ending::Cancelled => JobState::Cancelled,
    };
    fail_open_items(world, job);
    leave_container(world, job);
    let mut entity = world.entity_mut(job);
    entity.insert(state);
    if entity.get::<JobOwner>() != Some(&JobOwner::Client) {
        // Jobs of clients are despawned as a whole.
        entity.remove::<(TargetContainer, MemoryClaim)>();
    }
    ProgressFeed::ended(world, job, before, state);
    let Some(ticket) = world.entity_mut(job).take::<ReportTicket>() else {
        // It was refused before it had a ticket.
        let report = Arc::new(refused_report(world, job));
        announce(world, job, report);
        return;
    };
    let report = Arc::new(make_report(world, job, ending, &ticket));
    tracing::info!(
        job = report.job.0,
        source = report.source,
        outcome = %report.outcome,
        "job ended"
    );
    ticket.deliver(report.clone());
    announce(world, job, report);
}

fn announce(world: &mut World, job: Entity, report: Arc<ImportReport>) {
    manifest::job_ended(world, job, &report);
    let event = ImportFinished {
        entity: job,
        report,
    };
    world.write_message(event.clone());
    // Observers, and whoever despawned it, may have left no entity.
    let client = world.get::<JobOwner>(job) == Some(&JobOwner::Client);
    if let Ok(mut entity) = world.get_entity_mut(job)
        && !client
    {
        entity.insert(FinishedReport(event.report.clone()));
    }
    world.trigger(event);
    if let Ok(mut entity) = world.get_entity_mut(job) {
        if client {
            entity.despawn();
        } else {
            entity.despawn_related::<WorkItems>();
        }
    }
}

fn make_report(
    world: &mut World,
    job: Entity,
    ending: Ending,
    ticket: &ReportTicket,
) -> ImportReport {
    if ending == Ending::Cancelled {
        return ticket.cancelled_report();
    }
    let diagnostics = take_diagnostics(world, job);
    let outcome = if ending == Ending::Complete {
        JobState::Complete
    } else {
        JobState::Failed
    };
    let diagnostics = about(diagnostics, &ticket.names().source);
    let mut report = ticket.empty_report(outcome, diagnostics);
    let now = Instant::now();
    let products = world.get_mut::<JobProducts>(job);
    let products = products.map_or_else(JobProducts::default, |mut all| std::mem::take(&mut *all));
    report.cached = products.is_unchanged;
    report.telemetry = products.telemetry;
    report.parsing = products.parsing;
    report.items = ItemLog::of_job(world, job);
    if let Some(times) = world.get::<JobTimes>(job) {
        let started = times.started.unwrap_or(now);
        report.telemetry.started = since_start(world, started);
        report.telemetry.queued = micros(started - times.accepted);
        report.telemetry.total = micros(now - started);
        report.telemetry.finalize = products.emitted.map_or(0, |emitted| micros(now - emitted));
    }
    if let Some(commit) = products.commit {
        report.source_key = commit.guid;
        report.outputs = outputs(&products.products, &commit);
        report.count(&products.products);
        report.products = products.products;
    }
    report.ignored = products.ignored;
    report
}

fn take_diagnostics(world: &mut World, job: Entity) -> Vec<Diagnostic> {
    let all = world.get_mut::<Diagnostics>(job);
    all.map_or_else(Vec::new, |mut all| std::mem::take(&mut all.0))
}

/// The report of a job that was refused before it had a ticket; such a job has no id.
fn refused_report(world: &mut World, job: Entity) -> ImportReport {
    let names = JobNames {
        source: world
            .get::<ImportRequest>(job)
            .map(|request| request.source().to_owned())
            .unwrap_or_default(),
        ..JobNames::default()
    };
    let diagnostics = take_diagnostics(world, job);
    ImportReport::empty(JobId(0), &names, JobState::Failed, diagnostics)
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Diagnostics that name no source are about the source of the job.
pub(crate) fn about(diagnostics: Vec<Diagnostic>, source: &str) -> Vec<Diagnostic> {
    let named = |diagnostic: Diagnostic| match diagnostic.source {
        Some(_) => diagnostic,
        None => diagnostic.source(source),
    };
    diagnostics.into_iter().map(named).collect()
}

/// The files that hold what the job made.
pub(crate) fn outputs(products: &[Product], commit: &CommitOutcome) -> Vec<OutputFile> {
    let has_texture = products
        .iter()
        .any(|product| matches!(product, Product::Texture { .. }));
    let has_buffer = products
        .iter()
        .any(|product| matches!(product, Product::Buffer { .. }));
    let assets = products.iter().filter_map(|product| match product {
        Product::Asset { virtual_path, .. } => Some(virtual_path.as_str()),
        _ => None,
    });
    commit.output_files(has_texture, has_buffer, assets)
}

/// Items that are not at their end fail with their job. What was told by those that had been cooked is
/// told all the same, in the order of the plan.
fn fail_open_items(world: &mut World, job: Entity) {
    let items: Vec<Entity> = world
        .get::<WorkItems>(job)
        .map(|items| items.iter().collect())
        .unwrap_or_default();
    let mut failed = 0;
    let mut told = Vec::new();
    for item in items {
        let (Some(&state), Some(&kind), Some(&order)) = (
            world.get::<WorkState>(item),
            world.get::<WorkKind>(item),
            world.get::<WorkOrder>(item),
        ) else {
            continue;
        };
        if state == WorkState::Emitted {
            continue;
        }
        fail_item(
            world,
            OpenItem {
                item,
                kind,
                order,
                state,
            },
        );
        if let Some((cooked, _)) = CookedResult::take(world, item) {
            told.extend(cooked.diagnostics);
        }
        world.entity_mut(item).insert(WorkState::Failed);
        failed += 1;
    }
    if let Some(mut diagnostics) = world.get_mut::<Diagnostics>(job) {
        diagnostics.0.extend(told);
    }
    if let Some(mut progress) = world.get_mut::<Progress>(job) {
        progress.failed += failed;
        progress.raise_by_items();
    }
}

/// Takes the job out of its container's order, and what it had emitted out of the container.
fn leave_container(world: &mut World, job: Entity) {
    let (Some(&TargetContainer(container)), Some(&order)) = (
        world.get::<TargetContainer>(job),
        world.get::<JobOrder>(job),
    ) else {
        return;
    };
    let keep = world
        .get::<ImportRequest>(job)
        .is_some_and(|request| request.keep_partial);
    leave(world, container, job, order, keep);
    if is_in_flight(world, job) && world.get::<JobState>(job) != Some(&JobState::Finalizing) {
        one_less_loaded(world);
    }
    forget_unemitted(world, order);
}

fn leave(world: &mut World, container: Entity, job: Entity, order: JobOrder, keep_partial: bool) {
    let committing = world.get::<ContainerState>(container) == Some(&ContainerState::Committing);
    let Some(mut cursor) = world.get_mut::<CommitCursor>(container) else {
        return;
    };
    cursor.waiting.remove(&order);
    if let Some(current) = cursor.current.filter(|current| current.job == job) {
        cursor.current = None;
        if keep_partial && current.next_step > 0 {
            cursor.kept_partial = true;
            record_content(world, container, job);
        } else {
            roll_back(world, container, current.before);
        }
        return;
    }
    let Some(place) = cursor.emitted.iter().position(|emitted| emitted.job == job) else {
        return;
    };
    // While a commit runs it is too late, and so it is when others have emitted since.
    if !committing
        && place + 1 == cursor.emitted.len()
        && cursor.current.is_none_or(|current| current.next_step == 0)
    {
        let before = cursor.emitted.remove(place).before;
        if let Some(current) = &mut cursor.current {
            current.before = before;
        }
        roll_back(world, container, before);
    }
}

/// The job has emitted everything or has ended: nothing waits for its items any more.
pub(crate) fn forget_unemitted(world: &mut World, order: JobOrder) {
    let mut unemitted = world.resource_mut::<UnemittedJobs>();
    unemitted.0.remove(&order);
    let oldest = unemitted.0.first().copied();
    world.resource_mut::<OldestJob>().0 = oldest;
    world.resource_mut::<WaitingLoads>().remove(order);
}

fn one_less_loaded(world: &mut World) {
    let mut loaded = world.resource_mut::<LoadedJobs>();
    loaded.0 = loaded.0.saturating_sub(1);
}

/// Forgets a job whose entity is gone: it had its report when it left.
fn forget_departed(world: &mut World, departure: Departure) {
    for open in &departure.open_items {
        fail_item(world, *open);
    }
    leave(
        world,
        departure.container,
        departure.job,
        departure.order,
        false,
    );
    forget_unemitted(world, departure.order);
    if departure.loaded {
        one_less_loaded(world);
    }
    if let Ok(mut job) = world.get_entity_mut(departure.job) {
        // Only its request was removed.
        job.remove::<(TargetContainer, MemoryClaim, ReportTicket)>();
    }
    if let Some(report) = departure.report {
        if let Some((manifest, index)) = departure.manifest {
            manifest::count_ended(world, manifest, index, &report);
        }
        announce(world, departure.job, report);
    }
}

/// An item that was not emitted has failed: nobody waits for it, and the counters say so.
fn fail_item(world: &mut World, open: OpenItem) {
    let OpenItem {
        item,
        kind,
        order,
        state,
    } = open;
    let mut ready = world.resource_mut::<ReadyWork>();
    match state {
        WorkState::Ready => ready.remove(kind, order, item),
        WorkState::Reading | WorkState::Queued | WorkState::Running => ready.release(kind),
        _ => {}
    }
    world.resource_mut::<PipelineCounters>().entry(kind).failed += 1;
}

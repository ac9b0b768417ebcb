//! Collect: what tasks have finished is taken over.
//!
//! This is the only reader of the completion channel. It moves states and stores results; what
//! follows from them is decided by the stages after it.

use bevy_ecs::prelude::*;
use bevy_kiln_components::{
    budget::MemoryClaim,
    container::{CommitCursor, ContainerState},
    job::{CancelToken, JobOrder, JobState, TargetContainer},
    messages::ProgressKind,
    pipeline::WorkKind,
    reservation::{Reservation, WriteState},
    service::CancelBell,
    work::{WorkOf, WorkState},
};

use crate::{
    completion::{Completion, Completions},
    containers,
    dispatch::{PendingRead, ReadyWork},
    item_log::ItemLog,
    lanes::{CookLanes, Measured},
    load::WaitingLoads,
    plan::ArrivedPlans,
    progress::ProgressFeed,
    report::{EndedJobs, Ending, JobProducts},
    work::{CookFailure, Cooked},
};

/// Whether a task has finished something.
pub fn tasks_completed(completions: Res<Completions>) -> bool {
    !completions.is_empty()
}

/// Takes over everything that tasks have finished.
pub fn collect(world: &mut World) {
    let _stage = tracing::debug_span!("collect").entered();
    let receiver = world.resource::<Completions>().0.clone();
    for completion in receiver.try_iter() {
        match completion {
            Completion::Planned { job, outcome } => {
                world.resource_mut::<ArrivedPlans>().0.push((job, outcome));
            }
            Completion::WantsWhole(load) => {
                // A job that has ended would wait for ever, and everybody else behind it.
                if let Some(&order) = world.get::<JobOrder>(load.job())
                    && world.get::<JobState>(load.job()) == Some(&JobState::Loading)
                    && !EndedJobs::is_ending(world, load.job())
                {
                    if load.is_first() {
                        ProgressFeed::parsing(world, load.job(), load.format());
                    }
                    world.resource_mut::<WaitingLoads>().push(order, *load);
                }
            }
            Completion::Read {
                item,
                results,
                micros,
                claim,
            } => queue_cook(world, item, results, micros, claim),
            Completion::Started { item } => {
                if set_state(world, item, WorkState::Queued, WorkState::Running) {
                    ProgressFeed::item(world, item, ProgressKind::ItemStarted);
                }
            }
            Completion::Cooked {
                item,
                result,
                measured,
                claim,
            } => {
                note_cook(world, item, &measured, &result);
                store_result(world, item, *result, claim);
            }
            Completion::Opened { container, result } => {
                containers::opened(world, container, *result);
            }
            Completion::Written {
                container,
                reservations,
                items,
                micros,
                result,
            } => {
                ItemLog::written(world, &items, micros);
                written(world, container, &reservations, result.err());
            }
            Completion::Committed {
                container,
                result,
                catalog,
            } => crate::finalize::committed(world, container, result, *catalog),
            Completion::Manifest {
                manifest,
                expansion,
            } => crate::manifest::expanded(world, manifest, *expansion),
            Completion::Asked(answers) => crate::freshness::answered(world, answers),
            Completion::Closed { container } => containers::closed(world, container),
        }
    }
}

/// Moves an item from one state to another; false when it is not in the first one (any more).
fn set_state(world: &mut World, item: Entity, from: WorkState, to: WorkState) -> bool {
    match world.get_mut::<WorkState>(item) {
        Some(mut state) if *state == from => {
            *state = to;
            true
        }
        _ => false,
    }
}

/// `Reading -> Queued`.
fn queue_cook(
    world: &mut World,
    item: Entity,
    results: Vec<Result<crate::io::reader::SourceBytes, crate::io::error::FileError>>,
    micros: u64,
    claim: MemoryClaim,
) {
    let pending = world
        .get_mut::<PendingRead>(item)
        .and_then(|mut read| read.0.take());
    let Some(pending) = pending else {
        return;
    };
    if !set_state(world, item, WorkState::Reading, WorkState::Queued) {
        return;
    }
    world.entity_mut(item).remove::<PendingRead>();
    add_io_time(world, item, micros);
    let bytes = results.iter().flatten().map(|bytes| bytes.len() as u64);
    ItemLog::read(world, item, micros, bytes.sum());
    world
        .resource::<CookLanes>()
        .submit(pending.into_task(results, claim));
}

fn add_io_time(world: &mut World, item: Entity, micros: u64) {
    let job = world.get::<WorkOf>(item).map(|&WorkOf(job)| job);
    if let Some(mut products) = job.and_then(|job| world.get_mut::<JobProducts>(job)) {
        products.telemetry.io += micros;
    }
}

/// Notes what a cook took, for the report. Parsing is the cook of a job.
fn note_cook(
    world: &mut World,
    item: Entity,
    measured: &Measured,
    result: &Result<Cooked, CookFailure>,
) {
    if let Some(mut products) = world.get_mut::<JobProducts>(item) {
        products.telemetry.cpu += measured.cpu;
        products.parsing.extend(&measured.spans);
    } else {
        ItemLog::cooked(world, item, measured, result.as_ref().ok());
    }
}

/// What a cook made and the memory that it holds, from the cook to the emission.
#[derive(Component, Default)]
pub struct CookedResult(Option<(Cooked, MemoryClaim)>);

impl CookedResult {
    pub(crate) fn take(world: &mut World, item: Entity) -> Option<(Cooked, MemoryClaim)> {
        world.get_mut::<Self>(item)?.0.take()
    }
}

/// `Running -> Cooked`, or `Running -> Failed` and the job with it.
fn store_result(
    world: &mut World,
    item: Entity,
    result: Result<Cooked, CookFailure>,
    claim: MemoryClaim,
) {
    if !matches!(
        world.get::<WorkState>(item),
        Some(WorkState::Running | WorkState::Queued)
    ) {
        return;
    }
    if let Some(&kind) = world.get::<WorkKind>(item) {
        world.resource_mut::<ReadyWork>().release(kind);
    }
    let Some(&WorkOf(job)) = world.get::<WorkOf>(item) else {
        return;
    };
    ProgressFeed::item(world, item, ProgressKind::ItemFinished);
    match result {
        Ok(cooked) => {
            if let Some(mut products) = world.get_mut::<JobProducts>(job) {
                products.telemetry.add(&cooked.telemetry);
            }
            world
                .entity_mut(item)
                .insert((WorkState::Cooked, CookedResult(Some((cooked, claim)))));
            ProgressFeed::item(world, item, ProgressKind::ItemCollected);
        }
        Err(CookFailure::Cancelled) => {
            world.entity_mut(item).insert(WorkState::Failed);
            world
                .resource_mut::<EndedJobs>()
                .end(job, Ending::Cancelled);
        }
        Err(CookFailure::Failed(diagnostics)) => {
            world.entity_mut(item).insert(WorkState::Failed);
            crate::load::fail(world, job, diagnostics);
        }
    }
}

/// `Writing -> Written`, or `Writing -> Failed`, which the commit finds.
fn written(
    world: &mut World,
    container: Entity,
    reservations: &[Entity],
    error: Option<crate::store::StoreError>,
) {
    let state = if error.is_none() {
        WriteState::Written
    } else {
        WriteState::Failed
    };
    for &reservation in reservations {
        if world.get::<Reservation>(reservation).is_some() {
            world.entity_mut(reservation).insert(state);
        }
    }
    let root = containers::root_of(world, container);
    if let Some(mut cursor) = world.get_mut::<CommitCursor>(container) {
        cursor.writes = cursor.writes.saturating_sub(1);
        cursor.draining &= cursor.writes > 0;
        if let Some(error) = error {
            cursor
                .write_error
                .get_or_insert_with(|| Box::new(error.diagnostic(&root)));
        }
    }
}

/// Whether somebody used a cancel token since the last tick.
pub fn jobs_were_cancelled(bell: Res<CancelBell>) -> bool {
    bell.take()
}

/// Ends cancelled jobs, in whatever phase they are. What they were cooking stops at its next
/// checkpoint; nobody waits for it.
pub fn end_cancelled_jobs(
    jobs: Query<(Entity, &CancelToken, &JobState, Option<&TargetContainer>), With<JobOrder>>,
    containers: Query<(&CommitCursor, &ContainerState)>,
    mut ended: ResMut<EndedJobs>,
    lanes: Res<CookLanes>,
) {
    for (job, token, state, target) in &jobs {
        if !token.is_cancelled() || state.is_terminal() {
            continue;
        }
        // A job that has emitted everything can be taken back only while nothing follows it.
        let too_late = *state == JobState::Finalizing
            && target
                .and_then(|target| containers.get(target.0).ok())
                .is_some_and(|(cursor, state)| !can_be_taken_back(cursor, state, job));
        if !too_late {
            ended.end(job, Ending::Cancelled);
        }
    }
    lanes.drop_cancelled();
}

fn can_be_taken_back(cursor: &CommitCursor, state: &ContainerState, job: Entity) -> bool {
    *state != ContainerState::Committing
        && cursor.emitted.last().is_some_and(|last| last.job == job)
        && cursor.current.is_none_or(|current| current.next_step == 0)
}

//! Dispatch: ready work is admitted, read and queued.
//!
//! Admission goes strictly by output order within the byte budget: a large item is not overtaken
//! for ever by small ones, and what is cooked early does not pile up behind what is cooked late.
//! The oldest item of all is always admitted, even past the budget. Everything else waits for it
//! in the end, so this is what makes a budget that is too small slow instead of stuck.

use bevy_ecs::prelude::*;
use bevy_kiln_components::{
    budget::MemoryBudget,
    job::{CancelToken, ImportRequest, JobOrder, JobSpan},
    pipeline::{PipelineLimit, PipelineLimits, WorkKind},
    settings::ImportSettings,
    work::{MemoryEstimate, Producers, WorkName, WorkOf, WorkOrder, WorkState},
};
use bevy_tasks::AsyncComputeTaskPool;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Instant,
};

use crate::{
    cache::CookCache,
    completion::{Completion, CompletionSender},
    io::reader::{ReadOptions, SourceBytes},
    item_log::ItemLog,
    lanes::{CookLanes, CookTask},
    load::micros_since,
    work::{CookInput, Emitted, EmittedOutputs, StartWork, WorkKinds},
};

/// Ready items of every kind, and how many of each kind are admitted.
#[derive(Resource, Debug, Default)]
pub struct ReadyWork {
    by_kind: BTreeMap<WorkKind, BTreeSet<(WorkOrder, Entity)>>,
    admitted: BTreeMap<WorkKind, usize>,
    waiting: usize,
}

impl ReadyWork {
    pub(crate) fn push(&mut self, kind: WorkKind, order: WorkOrder, item: Entity) {
        if self.by_kind.entry(kind).or_default().insert((order, item)) {
            self.waiting += 1;
        }
    }

    pub(crate) fn remove(&mut self, kind: WorkKind, order: WorkOrder, item: Entity) {
        if self
            .by_kind
            .get_mut(&kind)
            .is_some_and(|ready| ready.remove(&(order, item)))
        {
            self.waiting -= 1;
        }
    }

    /// The oldest ready item whose kind has room in its queue. `own` is the limit of an item's job.
    fn oldest(
        &self,
        limits: &PipelineLimits,
        own: impl Fn(Entity, WorkKind) -> Option<PipelineLimit>,
    ) -> Option<(WorkOrder, Entity, WorkKind)> {
        self.by_kind
            .iter()
            .filter_map(|(kind, ready)| ready.first().map(|&(order, item)| (order, item, *kind)))
            .filter(|(_, item, kind)| {
                let queue = limits.get(*kind).queue;
                let own = own(*item, *kind).map_or(queue, |own| own.queue.min(queue));
                self.admitted(*kind) < own
            })
            .min()
    }

    /// Items of a kind that are admitted and not collected.
    pub fn admitted(&self, kind: WorkKind) -> usize {
        self.admitted.get(&kind).copied().unwrap_or(0)
    }

    /// How many ready items wait for admission.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    pub(crate) fn admit(&mut self, kind: WorkKind) {
        *self.admitted.entry(kind).or_default() += 1;
    }

    pub(crate) fn release(&mut self, kind: WorkKind) {
        if let Some(admitted) = self.admitted.get_mut(&kind) {
            *admitted = admitted.saturating_sub(1);
        }
    }
}

/// The oldest job that has not emitted everything: what everything else waits for.
#[derive(Resource, Debug, Default)]
pub struct OldestJob(pub Option<JobOrder>);

/// The orders of the jobs that have started and have not emitted everything.
#[derive(Resource, Debug, Default)]
pub struct UnemittedJobs(pub BTreeSet<JobOrder>);

/// Whether ready work waits for admission.
pub fn work_is_ready(ready: Res<ReadyWork>) -> bool {
    ready.waiting > 0
}

/// Admits ready items in output order: `Ready -> Reading` or `Ready -> Queued`.
pub fn dispatch(world: &mut World) {
    let _stage = tracing::debug_span!("dispatch").entered();
    let limits = world.resource::<ImportSettings>().pipelines.clone();
    let budget = world.resource::<MemoryBudget>().clone();
    loop {
        let own = |item, kind| own_limit(world, item, kind);
        let oldest = world.resource::<ReadyWork>().oldest(&limits, own);
        let Some((order, item, kind)) = oldest else {
            return;
        };
        let bytes = world
            .get::<MemoryEstimate>(item)
            .map_or(0, |estimate| estimate.0);
        let claim = match budget.try_claim(bytes) {
            Some(claim) => claim,
            None if world.resource::<OldestJob>().0 == Some(order.job)
                && is_next_step(world, item, order) =>
            {
                budget.claim(bytes)
            }
            None => return,
        };
        let mut ready = world.resource_mut::<ReadyWork>();
        ready.remove(kind, order, item);
        ready.admit(kind);
        start(world, item, kind, claim);
    }
}

/// The limit that the job of an item sets.
fn own_limit(world: &World, item: Entity, kind: WorkKind) -> Option<PipelineLimit> {
    let &WorkOf(job) = world.get::<WorkOf>(item)?;
    world.get::<ImportRequest>(job)?.limits()?.get(kind)
}

/// Whether an item is the one that its job emits next.
fn is_next_step(world: &World, item: Entity, order: WorkOrder) -> bool {
    use bevy_kiln_components::{container::CommitCursor, job::TargetContainer};
    let cursor = world
        .get::<WorkOf>(item)
        .and_then(|&WorkOf(job)| world.get::<TargetContainer>(job))
        .and_then(|&TargetContainer(container)| world.get::<CommitCursor>(container));
    match cursor.and_then(|cursor| cursor.current.as_ref()) {
        Some(current) if current.order == order.job => current.next_step == order.step as usize,
        _ => order.step == 0,
    }
}

fn start(
    world: &mut World,
    item: Entity,
    kind: WorkKind,
    claim: bevy_kiln_components::budget::MemoryClaim,
) {
    let work = world
        .get_entity(item)
        .ok()
        // Its job may have lost its entity or its request since the last tick.
        .filter(|entity| entity.get::<WorkState>() == Some(&WorkState::Ready))
        .and_then(|entity| {
            let cache = world.get_resource::<CookCache>();
            world.resource::<WorkKinds>().startable(kind, entity, cache)
        });
    let token = world
        .get::<WorkOf>(item)
        .and_then(|&WorkOf(job)| world.get::<CancelToken>(job))
        .cloned();
    let (Some(work), Some(token)) = (work, token) else {
        world.resource_mut::<ReadyWork>().release(kind);
        return;
    };
    let span = world
        .get::<WorkOf>(item)
        .and_then(|&WorkOf(job)| world.get::<JobSpan>(job))
        .map_or_else(tracing::Span::none, |span| span.0.clone());
    let producers: Vec<Arc<Emitted>> = world
        .get::<Producers>(item)
        .map(|producers| producers.0.as_slice())
        .unwrap_or_default()
        .iter()
        .filter_map(|&producer| world.get::<EmittedOutputs>(producer)?.0.clone())
        .collect();
    let name = world
        .get::<WorkName>(item)
        .map(|name| name.0.clone())
        .unwrap_or_default();
    let pending = PendingCook {
        item,
        kind,
        name,
        token,
        span,
        producers,
        workers: own_limit(world, item, kind).map(|own| own.workers),
        start: work.start,
    };
    let sources = work.inputs;
    if sources.iter().all(|source| source.bytes.is_some()) {
        // There is nothing to read, or it was read with the head: no detour over the I/O pool.
        let there = sources.into_iter().filter_map(|source| source.bytes);
        let reads: Vec<_> = there.map(Ok).collect();
        let bytes = reads.iter().flatten().map(|bytes| bytes.len() as u64);
        ItemLog::read(world, item, 0, bytes.sum());
        world.entity_mut(item).insert(WorkState::Queued);
        world
            .resource::<CookLanes>()
            .submit(pending.into_task(reads, claim));
        return;
    }
    let completions = world.resource::<CompletionSender>().clone();
    world
        .entity_mut(item)
        .insert((WorkState::Reading, PendingRead(Some(pending))));
    AsyncComputeTaskPool::get()
        .spawn(async move {
            let begun = Instant::now();
            let mut results = Vec::with_capacity(sources.len());
            for source in sources {
                results.push(match source.bytes {
                    Some(bytes) => Ok(bytes),
                    None => {
                        let options = ReadOptions::default();
                        source.reader.read(&source.path, options).await
                    }
                });
            }
            completions.send(Completion::Read {
                item,
                results,
                micros: micros_since(begun),
                claim,
            });
        })
        .detach();
}

/// A cook whose source is being read.
#[derive(Component)]
pub struct PendingRead(pub(crate) Option<PendingCook>);

pub(crate) struct PendingCook {
    item: Entity,
    kind: WorkKind,
    name: String,
    token: CancelToken,
    span: tracing::Span,
    producers: Vec<Arc<Emitted>>,
    workers: Option<usize>,
    start: StartWork,
}

impl PendingCook {
    pub(crate) fn into_task(
        self,
        reads: Vec<Result<SourceBytes, crate::io::error::FileError>>,
        claim: bevy_kiln_components::budget::MemoryClaim,
    ) -> CookTask {
        let mut reads = reads.into_iter();
        let input = CookInput {
            bytes: reads.next(),
            more: reads.collect(),
            producers: self.producers,
        };
        let start = self.start;
        CookTask {
            item: self.item,
            kind: self.kind,
            name: self.name,
            cancel: self.token.flag().clone(),
            span: self.span,
            claim,
            workers: self.workers,
            start: Box::new(move |context| start(input, context)),
        }
    }
}

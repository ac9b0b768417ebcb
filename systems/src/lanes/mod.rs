//! Lanes: how cooking shares the compute pool.
//!
//! A *lane* is one task on `ComputeTaskPool` that takes queued cooks, one after the other, until
//! the queue is empty. There are never more lanes than the [`PoolShare`] allows, however much is
//! queued, because Bevy runs an app's systems on the same pool and would wait behind them. A cook
//! that can be split publishes its parts, and idle lanes join in, so that one large texture uses
//! every lane.
//!
//! Lanes take the next cook by themselves. Waiting for a tick between two cooks would leave the
//! cores idle for as long as a frame.

mod meter;
mod share;
mod task;

pub(crate) use meter::{Measured, Meter};
pub(crate) use task::panic_text;
pub use task::{CookContext, CookTask};

use bevy_ecs::prelude::*;
use bevy_kiln_components::{
    pipeline::{PipelineLimits, WorkKind},
    settings::PoolShare,
};
use bevy_tasks::ComputeTaskPool;
use share::HelpWanted;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::completion::CompletionSender;

/// The longest time between two checkpoints where the compute pool has a single thread that the
/// app's systems need too.
const POLITE_SLICE: Duration = Duration::from_micros(100);

/// The queues and lanes of an app.
#[derive(Resource, Clone)]
pub struct CookLanes(Arc<Lanes>);

pub(crate) struct Lanes {
    queues: Mutex<Queues>,
    max_lanes: usize,
    slice: Option<Duration>,
    limits: PipelineLimits,
    begun: Instant,
    pub(crate) completions: CompletionSender,
}

#[derive(Default)]
struct Queues {
    by_kind: BTreeMap<WorkKind, KindQueue>,
    help_wanted: VecDeque<Arc<dyn HelpWanted>>,
    /// Which lanes are open, by their numbers.
    lanes: Vec<bool>,
    turn: usize,
}

impl Queues {
    fn open(&self) -> usize {
        self.lanes.iter().filter(|open| **open).count()
    }
}

#[derive(Default)]
struct KindQueue {
    waiting: VecDeque<CookTask>,
    running: usize,
}

enum Next {
    Cook(CookTask),
    Help(Arc<dyn HelpWanted>),
}

impl CookLanes {
    /// Lanes for the compute pool as it is now. The pool must exist.
    pub fn new(share: PoolShare, limits: PipelineLimits, completions: CompletionSender) -> Self {
        let threads = ComputeTaskPool::get().thread_num().max(1);
        let (max_lanes, slice) = match share {
            PoolShare::Greedy => (threads, None),
            PoolShare::Polite if threads >= 2 => (threads - 1, None),
            PoolShare::Polite => (1, Some(POLITE_SLICE)),
        };
        Self(Arc::new(Lanes {
            queues: Mutex::default(),
            max_lanes,
            slice,
            limits,
            begun: Instant::now(),
            completions,
        }))
    }

    /// The start of the service: what moments in reports are counted from.
    pub fn begun(&self) -> Instant {
        self.0.begun
    }

    /// How many cooks can run at the same moment.
    pub fn max_lanes(&self) -> usize {
        self.0.max_lanes
    }

    /// Queues a cook and makes sure that a lane takes it.
    pub fn submit(&self, task: CookTask) {
        let mut queues = self.0.lock();
        queues
            .by_kind
            .entry(task.kind)
            .or_default()
            .waiting
            .push_back(task);
        self.0.open_lanes(&mut queues, 1);
    }

    /// Cooks that are queued and not taken by a lane.
    pub fn queued(&self) -> usize {
        let queues = self.0.lock();
        queues.by_kind.values().map(|kind| kind.waiting.len()).sum()
    }

    /// Whether so much is queued that no lane will wait for the next tick, even if it comes late.
    pub fn is_well_fed(&self) -> bool {
        self.queued() >= 16 * self.0.max_lanes
    }

    /// Lanes that are open: tasks in flight on the compute pool.
    pub fn open(&self) -> usize {
        self.0.lock().open()
    }

    /// Forgets queued cooks whose job was cancelled; their memory is given back at once.
    pub fn drop_cancelled(&self) {
        let mut queues = self.0.lock();
        for kind in queues.by_kind.values_mut() {
            kind.waiting.retain(|task| !task.cancel.is_cancelled());
        }
    }
}

impl Lanes {
    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn slice(&self) -> Option<Duration> {
        self.slice
    }

    /// Publishes parts that idle lanes may take; `wanted` is how many more lanes are of use.
    fn publish(self: &Arc<Self>, work: Arc<dyn HelpWanted>, wanted: usize) {
        if self.max_lanes == 1 || wanted == 0 {
            return;
        }
        let mut queues = self.lock();
        queues.help_wanted.push_back(work);
        self.open_lanes(&mut queues, wanted);
    }

    /// Takes published parts back: they hold what they were made of.
    fn withdraw(&self, work: &Arc<dyn HelpWanted>) {
        self.lock()
            .help_wanted
            .retain(|wanted| !Arc::ptr_eq(wanted, work));
    }

    fn open_lanes(self: &Arc<Self>, queues: &mut Queues, wanted: usize) {
        queues.lanes.resize(self.max_lanes, false);
        let closed = queues.lanes.iter_mut().zip(0..).filter(|(open, _)| !**open);
        for (open, lane) in closed.take(wanted) {
            *open = true;
            ComputeTaskPool::get()
                .spawn(self.clone().lane(lane))
                .detach();
        }
    }

    async fn lane(self: Arc<Self>, lane: u16) {
        while let Some(next) = self.next(lane) {
            match next {
                Next::Cook(task) => {
                    let kind = task.kind;
                    task.run(&self, lane).await;
                    if let Some(queue) = self.lock().by_kind.get_mut(&kind) {
                        queue.running -= 1;
                    }
                }
                Next::Help(work) => work.help(lane, self.slice).await,
            }
        }
    }

    /// The next thing to do for a lane, or `None`, with which the lane is closed. Both under one
    /// lock: a submit either finds the lane open, and the lane finds the submit, or opens one.
    fn next(&self, lane: u16) -> Option<Next> {
        let mut queues = self.lock();
        // Parts of a started cook first: the sooner it is finished the sooner its memory is free.
        while let Some(work) = queues.help_wanted.front() {
            if work.has_parts() {
                return Some(Next::Help(work.clone()));
            }
            queues.help_wanted.pop_front();
        }
        let kinds = queues.by_kind.len();
        for step in 0..kinds {
            let turn = (queues.turn + step) % kinds;
            let Some((kind, queue)) = queues.by_kind.iter_mut().nth(turn) else {
                continue;
            };
            let workers = self.limits.get(*kind).workers;
            let own = queue.waiting.front().and_then(|task| task.workers);
            if queue.running >= own.map_or(workers, |own| own.min(workers)) {
                continue;
            }
            if let Some(task) = queue.waiting.pop_front() {
                queue.running += 1;
                queues.turn = turn + 1;
                return Some(Next::Cook(task));
            }
        }
        if let Some(open) = queues.lanes.get_mut(usize::from(lane)) {
            *open = false;
        }
        None
    }
}

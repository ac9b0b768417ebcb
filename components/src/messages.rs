//! What the service tells the app: a stream of progress, and one end for each job.

use bevy_ecs::prelude::*;
use std::sync::Arc;

use crate::{
    job::{JobId, JobState},
    report::ImportReport,
};

/// What kind of progress was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProgressKind {
    /// The job's turn came.
    JobStarted,
    /// The job has ended; its report follows.
    JobFinished,
    /// The job entered another phase.
    PhaseUpdate,
    /// A worker took an item.
    ItemStarted,
    /// A worker finished an item.
    ItemFinished,
    /// The result of an item was taken over.
    ItemCollected,
}

/// One step of progress of one job.
#[derive(Message, Clone, Debug)]
pub struct ImportProgress {
    /// The job's entity; it may be gone by the time the message is read.
    pub entity: Entity,
    /// The job.
    pub job: JobId,
    /// What happened.
    pub kind: ProgressKind,
    /// The phase of the job.
    pub phase: JobState,
    /// The part that is done, from 0 to 1; never falls.
    pub overall: f32,
    /// A short text for people.
    pub message: String,
    /// The item, for item events.
    pub item: Option<ItemProgress>,
}

/// The item that an [`ImportProgress`] is about.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemProgress {
    /// The label of its kind.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Admitted items of the kind, divided by the queue's capacity.
    pub queue_load: f32,
}

/// Triggered on the job's entity, and readable as a message, when the job ends: exactly once,
/// whether it succeeded, failed or was cancelled.
#[derive(EntityEvent, Message, Clone, Debug)]
pub struct ImportFinished {
    /// The job's entity.
    pub entity: Entity,
    /// What came of it.
    pub report: Arc<ImportReport>,
}

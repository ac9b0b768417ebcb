//! The completion channel: tasks push what they finished; nobody polls tasks.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{format::catalog::Catalog, manifest::Expansion};
use bevy_kiln_components::{budget::MemoryClaim, service::Wake};
use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::{
    cache::Unchanged,
    importer::PlanOutcome,
    io::{error::FileError, reader::SourceBytes},
    lanes::Measured,
    load::WholeLoad,
    store::{CommitOutcome, OpenedContainer, StoreError},
    work::{CookFailure, Cooked},
};

/// Something that a task has finished.
pub enum Completion {
    /// A job's source was read and parsed, or was not.
    Planned {
        /// The job.
        job: Entity,
        /// The plan or what went wrong.
        outcome: Box<PlanOutcome>,
    },
    /// A source has to be read whole, and wants room in the byte budget.
    WantsWhole(Box<WholeLoad>),
    /// The sources of a work item were read, or were not.
    Read {
        /// The item.
        item: Entity,
        /// The bytes of each.
        results: Vec<Result<SourceBytes, FileError>>,
        /// How long it took, in microseconds.
        micros: u64,
        /// The memory that the item was admitted with.
        claim: MemoryClaim,
    },
    /// A worker has taken an item.
    Started {
        /// The item.
        item: Entity,
    },
    /// A worker has finished an item.
    Cooked {
        /// The item.
        item: Entity,
        /// What it made.
        result: Box<Result<Cooked, CookFailure>>,
        /// What that took.
        measured: Box<Measured>,
        /// The memory that the result holds.
        claim: MemoryClaim,
    },
    /// A container was opened, or was not.
    Opened {
        /// The container.
        container: Entity,
        /// Its content, as it was committed.
        result: Box<Result<OpenedContainer, StoreError>>,
    },
    /// A batch of payloads was written, or was not.
    Written {
        /// The container.
        container: Entity,
        /// The reservations whose bytes these were.
        reservations: Vec<Entity>,
        /// The items that the payloads are of, and how many bytes of each there are.
        items: Vec<(Entity, u64)>,
        /// How long writing took, in microseconds.
        micros: u64,
        /// The error, if there was one.
        result: Result<(), StoreError>,
    },
    /// A commit is finished.
    Committed {
        /// The container.
        container: Entity,
        /// What was committed.
        result: Result<CommitOutcome, StoreError>,
        /// The catalogue, which the commit had borrowed.
        catalog: Box<Catalog>,
    },
    /// A manifest was read and expanded, or was not.
    Manifest {
        /// The manifest.
        manifest: Entity,
        /// Its jobs and its problems.
        expansion: Box<Expansion>,
    },
    /// Jobs were looked at, whether they are as they were.
    Asked(Vec<(Entity, Option<Box<Unchanged>>)>),
    /// A container was closed.
    Closed {
        /// The container.
        container: Entity,
    },
}

/// Where tasks send their completions. Clones feed the same channel.
#[derive(Resource, Clone)]
pub struct CompletionSender {
    sender: Sender<Completion>,
    wake: Wake,
}

impl CompletionSender {
    /// Sends, and wakes the headless runner. Without a receiver (the app is gone) the completion
    /// is dropped, which gives back what it holds.
    pub fn send(&self, completion: Completion) {
        let _ = self.sender.send(completion);
        self.wake.notify();
    }
}

/// Where the systems take completions from.
#[derive(Resource)]
pub struct Completions(pub(crate) Receiver<Completion>);

impl Completions {
    /// A channel that wakes `wake`.
    pub fn channel(wake: Wake) -> (CompletionSender, Self) {
        let (sender, receiver) = unbounded();
        (CompletionSender { sender, wake }, Self(receiver))
    }

    /// Whether nothing has come in.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

//! Work items: one entity for each step of a job's plan.

use bevy_ecs::prelude::*;
use bevy_reflect::Reflect;

use crate::{job::JobOrder, pipeline::WorkKind};

/// Says which job a work item belongs to. Despawning the job despawns its items.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[relationship(relationship_target = WorkItems)]
pub struct WorkOf(pub Entity);

/// The work items of a job.
#[derive(Component, Debug, Default)]
#[relationship_target(relationship = WorkOf, linked_spawn)]
pub struct WorkItems(Vec<Entity>);

impl WorkItems {
    /// The items, in plan order.
    pub fn iter(&self) -> impl Iterator<Item = Entity> {
        self.0.iter().copied()
    }
}

/// Where a work item is in its life.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Hash, Reflect)]
#[reflect(Component)]
#[non_exhaustive]
pub enum WorkState {
    /// Waits for other items of its plan.
    Blocked,
    /// Could start; waits for room in its pipeline and in the byte budget.
    Ready,
    /// Admitted; its source is being read.
    Reading,
    /// Admitted; waits for a worker.
    Queued,
    /// A worker cooks it.
    Running,
    /// Cooked; waits until everything before it is emitted.
    Cooked,
    /// Its outputs have their final places.
    Emitted,
    /// Failed, was cancelled, or was skipped because something before it failed.
    Failed,
}

impl WorkState {
    /// Whether the item is at its end.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Emitted | Self::Failed)
    }
}

/// The place of an item in the output: first the job, then the plan.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[component(immutable)]
pub struct WorkOrder {
    /// The order of its job.
    pub job: JobOrder,
    /// The position in the plan of its job.
    pub step: u32,
}

/// The name of an item for people.
#[derive(Component, Clone, Debug, PartialEq, Eq)]
#[component(immutable)]
pub struct WorkName(pub String);

/// How many producers of the item are not emitted yet.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockedBy(pub u32);

/// The items that this one needs, in plan order; a consumer finds their outputs through it.
#[derive(Component, Clone, Debug, Default)]
pub struct Producers(pub Vec<Entity>);

/// The items that wait for this one.
#[derive(Component, Clone, Debug, Default)]
pub struct Dependents(pub Vec<Entity>);

/// The bytes that cooking the item may need at most, estimated from headers.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[component(immutable)]
pub struct MemoryEstimate(pub u64);

/// An item that was not at its end when its job departed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenItem {
    /// The item.
    pub item: Entity,
    /// Its kind.
    pub kind: WorkKind,
    /// Its place.
    pub order: WorkOrder,
    /// Its state.
    pub state: WorkState,
}

impl OpenItem {
    /// The item, unless it is emitted.
    pub fn of(world: &bevy_ecs::world::DeferredWorld, item: Entity) -> Option<Self> {
        let state = *world.get::<WorkState>(item)?;
        (state != WorkState::Emitted).then_some(())?;
        Some(Self {
            item,
            kind: *world.get::<WorkKind>(item)?,
            order: *world.get::<WorkOrder>(item)?,
            state,
        })
    }
}

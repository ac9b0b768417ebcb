//! Reservations: places in a container that were given out before their bytes are written.

use bevy_ecs::prelude::*;
use std::ops::Range;

/// Says which container a reservation belongs to.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[relationship(relationship_target = Reservations)]
pub struct ReservedIn(pub Entity);

/// The open reservations of a container.
#[derive(Component, Debug, Default)]
#[relationship_target(relationship = ReservedIn, linked_spawn)]
pub struct Reservations(bevy_ecs::entity::EntityHashSet);

impl Reservations {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a reservation reserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResourceKind {
    /// A texture payload in `textures.data`.
    Texture,
    /// A buffer in `buffers.data`.
    Buffer,
}

/// A final table index and byte range.
#[derive(Component, Clone, Debug, PartialEq, Eq)]
#[component(immutable)]
pub struct Reservation {
    /// Which table and data file.
    pub kind: ResourceKind,
    /// The index in the table.
    pub index: u32,
    /// The bytes in the data file.
    pub range: Range<u64>,
}

/// How far the bytes of a reservation are.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WriteState {
    /// Handed to the writer.
    Writing,
    /// In the file, not yet durable.
    Written,
    /// Could not be written.
    Failed,
}

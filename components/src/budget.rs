//! The byte budget: what bounds the memory of a cook.
//!
//! A claim is taken before work is admitted and given back when its owner is dropped, wherever that
//! is: on an entity, in a queue, or inside a task that still runs after its job was cancelled.

use bevy_ecs::prelude::*;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// How many bytes admitted work may use at once.
#[derive(Resource, Clone, Debug)]
pub struct MemoryBudget {
    limit: u64,
    used: Arc<AtomicU64>,
}

impl MemoryBudget {
    /// A budget of `limit` bytes, all of it free.
    pub fn new(limit: u64) -> Self {
        Self {
            limit,
            used: Arc::default(),
        }
    }

    /// The limit in bytes.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// The bytes that are claimed now.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Acquire)
    }

    /// Claims `bytes` if they fit.
    pub fn try_claim(&self, bytes: u64) -> Option<MemoryClaim> {
        (self.used().saturating_add(bytes) <= self.limit).then(|| self.claim(bytes))
    }

    /// Claims `bytes` whether they fit or not: for the oldest work, which must always go on.
    pub fn claim(&self, bytes: u64) -> MemoryClaim {
        self.used.fetch_add(bytes, Ordering::AcqRel);
        MemoryClaim {
            bytes,
            used: self.used.clone(),
        }
    }
}

/// Bytes taken out of the [`MemoryBudget`]; dropping the claim gives them back.
#[derive(Component, Debug)]
pub struct MemoryClaim {
    bytes: u64,
    used: Arc<AtomicU64>,
}

impl MemoryClaim {
    /// The bytes that are claimed.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// This claim and another one of the same budget, as one.
    #[must_use]
    pub fn join(mut self, mut other: Self) -> Self {
        debug_assert!(Arc::ptr_eq(&self.used, &other.used), "of one budget");
        self.bytes += std::mem::take(&mut other.bytes);
        self
    }

    /// Gives back what is above `bytes`, once the true size is known. Never grows.
    pub fn shrink_to(&mut self, bytes: u64) {
        if bytes < self.bytes {
            self.used.fetch_sub(self.bytes - bytes, Ordering::AcqRel);
            self.bytes = bytes;
        }
    }
}

impl Drop for MemoryClaim {
    fn drop(&mut self) {
        self.used.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_come_back_on_drop_and_on_despawn() {
        let budget = MemoryBudget::new(100);
        let first = budget.try_claim(60).unwrap();
        assert!(budget.try_claim(41).is_none());
        let mut second = budget.try_claim(40).unwrap();
        second.shrink_to(10);
        assert_eq!(budget.used(), 70);
        second.shrink_to(500);
        assert_eq!(budget.used(), 70, "a claim never grows");
        let joined = first.join(budget.claim(5));
        assert_eq!((joined.bytes(), budget.used()), (65, 75));
        let mut world = World::new();
        let entity = world.spawn(joined).id();
        world.despawn(entity);
        assert_eq!(budget.used(), 10);
        let forced = budget.claim(1_000);
        assert_eq!(budget.used(), 1_010);
        drop((forced, second));
        assert_eq!(budget.used(), 0);
    }
}

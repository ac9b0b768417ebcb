//! What is noted of each work item on its way, for the report of its job.

use bevy_ecs::prelude::*;
use bevy_kiln_components::{
    pipeline::WorkKind,
    report::ItemReport,
    work::{WorkItems, WorkOf},
};
use std::time::Instant;

use crate::{
    lanes::{CookLanes, Measured},
    report::JobProducts,
    work::Cooked,
};

/// What is known of an item so far.
#[derive(Component, Debug, Default)]
pub(crate) struct ItemLog(ItemReport);

impl ItemLog {
    /// Begins the log of an item that is planned.
    pub fn planned(kind: WorkKind, name: &str, peak_bytes: u64) -> Self {
        Self(ItemReport::planned(kind.0, name, peak_bytes))
    }

    /// Its sources were read.
    pub fn read(world: &mut World, item: Entity, micros: u64, bytes: u64) {
        Self::note(world, item, |report| {
            report.read += micros;
            report.source_bytes += bytes;
        });
    }

    /// A lane was done with it.
    pub fn cooked(world: &mut World, item: Entity, measured: &Measured, cooked: Option<&Cooked>) {
        let collected = now(world);
        Self::note(world, item, |report| {
            report.started = measured.spans.first().map(|span| span.start);
            report.finished = measured.spans.first().map(|span| span.end);
            report.collected = Some(collected);
            report.spans.clone_from(&measured.spans);
            report.cpu += measured.cpu;
            report.cached = cooked.and_then(|cooked| cooked.cached);
            if let Some(Cooked {
                telemetry: times, ..
            }) = cooked
            {
                report.load += times.load;
                report.decode += times.decode;
                report.cook += times.cook;
            }
        });
        let job = world.get::<WorkOf>(item).map(|&WorkOf(job)| job);
        if let Some(mut products) = job.and_then(|job| world.get_mut::<JobProducts>(job)) {
            products.telemetry.cpu += measured.cpu;
        }
    }

    /// It was given its places.
    pub fn emitted(world: &mut World, item: Entity, bytes: u64) {
        Self::note(world, item, |report| report.output_bytes = bytes);
    }

    /// A batch of payloads was written: every item has its share of the time.
    pub fn written(world: &mut World, items: &[(Entity, u64)], micros: u64) {
        let all: u64 = items.iter().map(|(_, bytes)| bytes).sum();
        for &(item, bytes) in items {
            let share = (u128::from(micros) * u128::from(bytes)).div_ceil(u128::from(all.max(1)));
            let share = u64::try_from(share).unwrap_or(u64::MAX);
            Self::note(world, item, |report| report.write += share);
            let job = world.get::<WorkOf>(item).map(|&WorkOf(job)| job);
            if let Some(mut products) = job.and_then(|job| world.get_mut::<JobProducts>(job)) {
                products.telemetry.write += share;
            }
        }
    }

    /// The logs of all items of a job, in the order of its plan.
    pub fn of_job(world: &mut World, job: Entity) -> Vec<ItemReport> {
        let items: Vec<Entity> = match world.get::<WorkItems>(job) {
            Some(items) => items.iter().collect(),
            None => return Vec::new(),
        };
        let mut reports = Vec::with_capacity(items.len());
        for item in items {
            if let Some(mut log) = world.get_mut::<Self>(item) {
                reports.push(std::mem::take(&mut log.0));
            }
        }
        reports
    }

    fn note(world: &mut World, item: Entity, note: impl FnOnce(&mut ItemReport)) {
        if let Some(mut log) = world.get_mut::<Self>(item) {
            note(&mut log.0);
        }
    }
}

/// Microseconds since the start of the service.
fn now(world: &World) -> u64 {
    since_start(world, Instant::now())
}

/// A moment in microseconds since the start of the service.
pub(crate) fn since_start(world: &World, at: Instant) -> u64 {
    let begun = world.resource::<CookLanes>().begun();
    u64::try_from(at.saturating_duration_since(begun).as_micros()).unwrap_or(u64::MAX)
}

//! Kinds of work, their limits and their counters.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::manifest::Expansion;
use std::{collections::BTreeMap, fmt};

/// A kind of work, such as `Texture`. The label is part of progress events and reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Component)]
#[component(immutable)]
pub struct WorkKind(pub &'static str);

impl WorkKind {
    /// One source image to one texture payload.
    pub const TEXTURE: Self = Self("Texture");
    /// A standalone buffer.
    pub const BUFFER: Self = Self("Buffer");
    /// A material descriptor.
    pub const MATERIAL: Self = Self("Material");
    /// Vertices, indices and skinning buffers of one mesh.
    pub const MESH_BUILD: Self = Self("MeshBuild");
    /// A geometry descriptor.
    pub const GEOMETRY: Self = Self("Geometry");
    /// A scene descriptor.
    pub const SCENE: Self = Self("Scene");
}

impl fmt::Display for WorkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

/// Worker and queue limits of one kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PipelineLimit {
    /// Items of this kind that may be cooked at once; 0 is treated as 1.
    pub workers: usize,
    /// Items of this kind that may be admitted (being read or waiting for a worker); 0 is 1.
    pub queue: usize,
}

/// The limits of all kinds.
#[derive(Clone, Debug)]
pub struct PipelineLimits(BTreeMap<&'static str, PipelineLimit>);

impl PipelineLimits {
    /// Sets the limits of a kind.
    pub fn set(&mut self, kind: WorkKind, limit: PipelineLimit) -> &mut Self {
        self.0.insert(kind.0, limit);
        self
    }

    /// The limits of a kind; two workers and a queue of 64 when nothing was set.
    pub fn get(&self, kind: WorkKind) -> PipelineLimit {
        let limit = self.0.get(kind.0).copied().unwrap_or(PipelineLimit {
            workers: 2,
            queue: 64,
        });
        PipelineLimit {
            workers: limit.workers.max(1),
            queue: limit.queue.max(1),
        }
    }
}

impl Default for PipelineLimits {
    /// Texture and mesh workers follow the cores (one texture may use them all, and many small
    /// ones should too); the byte budget bounds their memory. The others are light.
    fn default() -> Self {
        let cores = std::thread::available_parallelism()
            .map_or(2, usize::from)
            .max(2);
        let limit = |workers, queue| PipelineLimit { workers, queue };
        Self(BTreeMap::from([
            (WorkKind::TEXTURE.0, limit(cores, 64)),
            (WorkKind::BUFFER.0, limit(2, 64)),
            (WorkKind::MATERIAL.0, limit(2, 64)),
            (WorkKind::MESH_BUILD.0, limit(cores, 32)),
            (WorkKind::GEOMETRY.0, limit(2, 16)),
            (WorkKind::SCENE.0, limit(1, 8)),
        ]))
    }
}

/// Limits that a manifest sets for its jobs. They hold besides those of the service: as long as one of
/// these jobs is next in line, no more than this runs.
#[derive(Clone, Debug, Default)]
pub struct JobLimits {
    /// Jobs that may be loaded and cooked at once.
    pub max_in_flight_jobs: Option<usize>,
    /// Limits by kind of work. Kinds that the manifest leaves out have the defaults.
    pub pipelines: Option<PipelineLimits>,
}

impl JobLimits {
    /// The limits that an expanded manifest sets, if it sets any.
    pub fn of(expansion: &Expansion) -> Option<Self> {
        let pipelines = expansion.concurrency.as_ref().map(|given| {
            let mut limits = PipelineLimits::default();
            for limit in given {
                let (workers, queue) = (limit.workers as usize, limit.queue_capacity as usize);
                let kind = match limit.kind {
                    "texture" => WorkKind::TEXTURE,
                    "buffer" => WorkKind::BUFFER,
                    "material" => WorkKind::MATERIAL,
                    "mesh_build" => WorkKind::MESH_BUILD,
                    "geometry" => WorkKind::GEOMETRY,
                    _ => WorkKind::SCENE,
                };
                limits.set(kind, PipelineLimit { workers, queue });
            }
            limits
        });
        let limits = Self {
            max_in_flight_jobs: expansion.max_in_flight_jobs.map(|jobs| jobs as usize),
            pipelines,
        };
        let is_any = limits.max_in_flight_jobs.is_some() || limits.pipelines.is_some();
        is_any.then_some(limits)
    }

    /// The limits of a kind, if the manifest sets any.
    pub fn get(&self, kind: WorkKind) -> Option<PipelineLimit> {
        Some(self.pipelines.as_ref()?.get(kind))
    }
}

/// What happened to the items of one kind so far.
///
/// Invariants, true at every tick: `in_flight() = submitted - completed - failed`, and a drained
/// pipeline has `submitted = completed + failed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Items that were planned.
    pub submitted: u64,
    /// Items that were cooked and emitted.
    pub completed: u64,
    /// Items that failed, were cancelled or were skipped.
    pub failed: u64,
}

impl Counters {
    /// Items that are planned but not at their end.
    pub fn in_flight(&self) -> u64 {
        self.submitted - self.completed - self.failed
    }
}

/// Counters of every kind of work since the app started.
#[derive(Resource, Clone, Debug, Default)]
pub struct PipelineCounters(BTreeMap<&'static str, Counters>);

impl PipelineCounters {
    /// The counters of a kind.
    pub fn get(&self, kind: WorkKind) -> Counters {
        self.0.get(kind.0).copied().unwrap_or_default()
    }

    /// The counters of a kind, to be changed by the systems that own the transitions.
    pub fn entry(&mut self, kind: WorkKind) -> &mut Counters {
        self.0.entry(kind.0).or_default()
    }

    /// All kinds that were ever used, by label.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Counters)> {
        self.0.iter().map(|(kind, counters)| (*kind, *counters))
    }
}

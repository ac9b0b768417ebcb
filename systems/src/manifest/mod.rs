//! Manifests: from one entity to a job for each source.
//!
//! Reading, checking and expanding happen on the I/O pool, one manifest after the other, so that jobs
//! are in the order of the documents whatever takes how long. Jobs are spawned as they are needed: a
//! manifest of 100,000 sources is neither a hitch nor 100,000 entities.

mod find;

pub use find::expand_with_files;

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    diagnostic::codes,
    manifest::{Expansion, Manifest, ManifestFormat, ManifestJob, ManifestProblem, Places},
};
use bevy_kiln_components::{
    job::{ImportRequest, JobOwner},
    manifest::{
        JobOfManifest, ManifestArrivals, ManifestDocument, ManifestFinished, ManifestIndex,
        ManifestOutcome, ManifestRequest, ManifestState,
    },
    pipeline::JobLimits,
    report::ImportReport,
    service::Wake,
    settings::ImportSettings,
};
use bevy_tasks::AsyncComputeTaskPool;
use std::{collections::VecDeque, path::Path, sync::Arc};

use crate::{
    completion::{Completion, CompletionSender},
    intake::JobQueue,
    io::error::FileError,
};

/// How many jobs of a manifest may wait for their turn as entities. There are always some until all are
/// spawned, because a container that runs out of jobs takes that for the end.
const MOST_WAITING: usize = 256;

/// Manifests that wait or are being turned into jobs.
#[derive(Resource, Default)]
pub struct Manifests {
    waiting: VecDeque<Entity>,
    current: Option<Current>,
}

struct Current {
    manifest: Entity,
    /// What is left to be spawned; `None` while the document is being read.
    jobs: Option<std::vec::IntoIter<ManifestJob>>,
    limits: Option<Arc<JobLimits>>,
}

/// How many jobs of a manifest have not had their report, spawned or not.
#[derive(Component)]
pub struct ManifestJobsLeft(usize);

/// Reads the manifest in a file.
///
/// # Errors
/// `manifest.open_failed`, or every problem of the document.
pub fn read_manifest(path: &Path) -> Result<Manifest, Vec<ManifestProblem>> {
    let bytes = std::fs::read(path).map_err(|error| {
        let error = FileError::system(path, "", &error);
        let message = format!("failed to open manifest: {} ({error})", path.display());
        vec![ManifestProblem::new(
            codes::manifest::OPEN_FAILED,
            "",
            message,
        )]
    })?;
    Manifest::parse(&bytes, ManifestFormat::of(path))
}

/// Whether some manifest waits to be read, or has jobs that there is room for.
pub fn manifests_have_work(
    arrivals: Res<ManifestArrivals>,
    manifests: Res<Manifests>,
    queue: Res<JobQueue>,
) -> bool {
    !arrivals.0.is_empty()
        || match &manifests.current {
            Some(current) => current.jobs.is_some() && queue.0.len() < MOST_WAITING,
            None => !manifests.waiting.is_empty(),
        }
}

/// Reads the next manifest: `(nothing) -> Reading`, and spawns the jobs of the current one.
pub fn advance_manifests(world: &mut World) {
    let _stage = tracing::debug_span!("manifests").entered();
    let arrivals = std::mem::take(&mut world.resource_mut::<ManifestArrivals>().0);
    for manifest in arrivals {
        if let Ok(mut entity) = world.get_entity_mut(manifest)
            && entity.contains::<ManifestRequest>()
            && !entity.contains::<ManifestState>()
        {
            entity.insert(ManifestState::Reading);
            world
                .resource_mut::<Manifests>()
                .waiting
                .push_back(manifest);
        }
    }
    spawn_jobs(world);
    while world.resource::<Manifests>().current.is_none() {
        let Some(manifest) = world.resource_mut::<Manifests>().waiting.pop_front() else {
            return;
        };
        start_reading(world, manifest);
    }
}

fn start_reading(world: &mut World, manifest: Entity) {
    // It may have been despawned while it waited.
    let Some(request) = world.get::<ManifestRequest>(manifest).cloned() else {
        return;
    };
    let source_root = world.resource::<ImportSettings>().source_root.clone();
    let completions = world.resource::<CompletionSender>().clone();
    world.resource_mut::<Manifests>().current = Some(Current {
        manifest,
        jobs: None,
        limits: None,
    });
    AsyncComputeTaskPool::get()
        .spawn(async move {
            let places = request.places();
            let expansion = match request.source() {
                ManifestDocument::Read(document) => {
                    expand_with_files(document, &places, &source_root)
                }
                ManifestDocument::File(path) => read_and_expand(path, &places, &source_root),
            };
            completions.send(Completion::Manifest {
                manifest,
                expansion: Box::new(expansion),
            });
        })
        .detach();
}

fn read_and_expand(path: &Path, places: &Places, source_root: &Path) -> Expansion {
    match read_manifest(path) {
        Ok(document) => expand_with_files(&document, places, source_root),
        Err(problems) => {
            let mut expansion = Expansion::default();
            expansion.problems = problems;
            expansion
        }
    }
}

/// `Reading -> Running`, or `Reading -> Finished` when there is nothing to run.
pub(crate) fn expanded(world: &mut World, manifest: Entity, mut expansion: Expansion) {
    let is_current = world
        .resource::<Manifests>()
        .current
        .as_ref()
        .is_some_and(|current| current.manifest == manifest);
    if !is_current {
        return;
    }
    if world.get::<ManifestRequest>(manifest).is_none() {
        world.resource_mut::<Manifests>().current = None;
        return;
    }
    tracing::info!(
        jobs = expansion.jobs.len(),
        problems = expansion.problems.len(),
        "manifest read"
    );
    expansion.warn_of_pools();
    let limits = JobLimits::of(&expansion).map(Arc::new);
    let mut outcome = ManifestOutcome::default();
    outcome.problems = expansion.problems;
    let count = expansion.jobs.len();
    world
        .entity_mut(manifest)
        .insert((outcome, ManifestJobsLeft(count), ManifestState::Running));
    if count == 0 {
        world.resource_mut::<Manifests>().current = None;
        finish(world, manifest);
        return;
    }
    if let Some(current) = &mut world.resource_mut::<Manifests>().current {
        current.jobs = Some(expansion.jobs.into_iter());
        current.limits = limits;
    }
    // They are spawned in the next tick, which must come: one batch for each intake.
    world.resource::<Wake>().notify();
}

/// Spawns jobs as far as there is room.
fn spawn_jobs(world: &mut World) {
    let room = MOST_WAITING.saturating_sub(world.resource::<JobQueue>().0.len());
    let Some(Current {
        manifest,
        jobs: Some(mut jobs),
        limits,
    }) = world.resource_mut::<Manifests>().current.take()
    else {
        return;
    };
    if world.get::<ManifestRequest>(manifest).is_none() {
        // It was despawned, and its jobs with it.
        return;
    }
    for job in jobs.by_ref().take(room) {
        let index = ManifestIndex(job.index);
        let request = ImportRequest::from(job).within(limits.clone());
        world.spawn((request, index, JobOfManifest(manifest), JobOwner::Client));
    }
    if jobs.len() > 0 {
        world.resource_mut::<Manifests>().current = Some(Current {
            manifest,
            jobs: Some(jobs),
            limits,
        });
    }
}

/// A job of a manifest has had its report.
pub(crate) fn job_ended(world: &mut World, job: Entity, report: &Arc<ImportReport>) {
    let Some(&JobOfManifest(manifest)) = world.get::<JobOfManifest>(job) else {
        return;
    };
    let index = world.get::<ManifestIndex>(job).copied();
    count_ended(world, manifest, index.unwrap_or_default(), report);
}

/// One job less is left of a manifest.
pub(crate) fn count_ended(
    world: &mut World,
    manifest: Entity,
    index: ManifestIndex,
    report: &Arc<ImportReport>,
) {
    if let Some(mut outcome) = world.get_mut::<ManifestOutcome>(manifest) {
        outcome.reports.push((index, report.clone()));
    }
    let Some(mut left) = world.get_mut::<ManifestJobsLeft>(manifest) else {
        return;
    };
    left.0 = left.0.saturating_sub(1);
    if left.0 == 0 {
        finish(world, manifest);
    }
}

/// `Running -> Finished`.
fn finish(world: &mut World, manifest: Entity) {
    let outcome = world
        .get::<ManifestOutcome>(manifest)
        .cloned()
        .unwrap_or_default();
    world.entity_mut(manifest).insert(ManifestState::Finished);
    let event = ManifestFinished {
        entity: manifest,
        outcome: Arc::new(outcome),
    };
    world.write_message(event.clone());
    world.trigger(event);
}

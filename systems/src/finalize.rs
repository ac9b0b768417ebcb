//! Finalize: containers are committed, and closed when nobody holds them.
//!
//! A commit covers every job that has emitted everything, so that two thousand small jobs share
//! one. It waits for their writes, and emission pauses meanwhile; cooking goes on. A container
//! that is never idle is committed from time to time, between two jobs, so that a crash never
//! costs more than the last seconds.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    diagnostic::{Diagnostic, codes},
    format::catalog::Catalog,
};
use bevy_kiln_components::{
    container::{
        AssetCatalog, BufferTable, CommitCursor, ContainerMark, ContainerState, Emitting,
        TextureTable,
    },
    job::Diagnostics,
    reservation::{Reservation, Reservations, ReservedIn, ResourceKind},
    settings::ImportSettings,
};
use bevy_tasks::AsyncComputeTaskPool;
use std::time::Instant;
use tracing::Instrument;

use crate::{
    completion::{Completion, CompletionSender},
    containers::{OpenStore, close_container, is_held, remove, root_of},
    emit::mark,
    report::{EndedJobs, Ending, JobProducts},
    store::{CommitOutcome, CommitPlan, StoreError},
};

/// Whether some container may have something to commit, or to be closed for.
pub fn containers_are_settled(containers: Query<(&ContainerState, &CommitCursor)>) -> bool {
    containers.iter().any(|(state, cursor)| match state {
        ContainerState::Ready => cursor.writes == 0,
        ContainerState::Failed(_) => cursor.waiting.is_empty(),
        ContainerState::Idle => cursor.waiting.is_empty(),
        _ => false,
    })
}

/// Commits what is emitted and written: `Ready -> Committing`; closes what nobody holds.
pub fn finalize(world: &mut World, containers: &mut QueryState<(Entity, &ContainerState)>) {
    let _stage = tracing::debug_span!("finalize").entered();
    let all: Vec<(Entity, ContainerState)> = containers
        .iter(world)
        .map(|(container, state)| (container, state.clone()))
        .collect();
    for (container, state) in all {
        match state {
            ContainerState::Ready => settle(world, container),
            ContainerState::Failed(_) | ContainerState::Idle if !is_held(world, container) => {
                remove(world, container);
            }
            _ => {}
        }
    }
}

fn settle(world: &mut World, container: Entity) {
    let interval = world.resource::<ImportSettings>().commit_interval;
    let Some(cursor) = world.get::<CommitCursor>(container) else {
        return;
    };
    if cursor.writes > 0 {
        return;
    }
    if cursor.write_error.is_some() {
        fail_emitted(world, container);
        return;
    }
    if last_is_ending(world, cursor) {
        return;
    }
    if !is_held(world, container) {
        // A commit in the middle of a run is always followed by one at its end, also when the jobs
        // after it have all failed. What a failed job leaves behind on request is committed too.
        let unfinished = !cursor.commit_failed
            && (cursor.kept_partial
                || world
                    .get::<OpenStore>(container)
                    .is_some_and(|store| store.0.is_provisional()));
        if unfinished {
            commit(world, container, false);
        } else {
            close_container(world, container);
        }
        return;
    }
    let between_jobs = cursor.current.is_none_or(|current| current.next_step == 0);
    let idle = cursor.waiting.is_empty();
    let wanted = !cursor.emitted.is_empty() || cursor.kept_partial;
    if wanted && between_jobs && (idle || cursor.is_due(interval)) {
        commit(world, container, !idle);
    }
}

/// Whether the job that emitted last was cancelled in this tick and is about to be taken back. As
/// long as nothing follows it and no commit includes it, that is still possible.
pub(crate) fn last_is_ending(world: &World, cursor: &CommitCursor) -> bool {
    cursor
        .emitted
        .last()
        .is_some_and(|last| EndedJobs::is_ending(world, last.job))
}

fn commit(world: &mut World, container: Entity, provisional: bool) {
    let catalog = world
        .get_mut::<AssetCatalog>(container)
        .map(|mut assets| assets.lend_catalog());
    let (Some(store), Some(textures), Some(buffers), Some(assets), Some(catalog)) = (
        world.get::<OpenStore>(container),
        world.get::<TextureTable>(container),
        world.get::<BufferTable>(container),
        world.get::<AssetCatalog>(container),
        catalog,
    ) else {
        return;
    };
    let store = store.0.clone();
    let mut plan = CommitPlan {
        textures: textures.entries().to_vec(),
        textures_end: textures.end(),
        buffers: buffers.entries().to_vec(),
        buffers_end: buffers.end(),
        assets: assets.assets().cloned().collect(),
        descriptors: assets
            .staged()
            .iter()
            .map(|(key, bytes)| (*key, bytes.clone()))
            .collect(),
        catalog,
        provisional,
    };
    world
        .entity_mut(container)
        .insert(ContainerState::Committing);
    let completions = world.resource::<CompletionSender>().clone();
    let span = tracing::info_span!(parent: None, "commit", provisional);
    AsyncComputeTaskPool::get()
        .spawn(async move {
            let result = store.commit(&mut plan).instrument(span).await;
            drop(store);
            let catalog = Box::new(plan.catalog);
            completions.send(Completion::Committed {
                container,
                result,
                catalog,
            });
        })
        .detach();
}

/// `Committing -> Ready`: the jobs of the commit have succeeded, or have failed with it.
pub(crate) fn committed(
    world: &mut World,
    container: Entity,
    result: Result<CommitOutcome, StoreError>,
    catalog: Catalog,
) {
    world.entity_mut(container).insert(ContainerState::Ready);
    if let Some(mut assets) = world.get_mut::<AssetCatalog>(container) {
        assets.return_catalog(catalog);
    }
    world
        .entity_mut(container)
        .despawn_related::<Reservations>();
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(error) => {
            let root = root_of(world, container);
            let mut cause = error.diagnostic(&root);
            cause.message = format!("the container could not be committed: {}", cause.message);
            if let Some(mut cursor) = world.get_mut::<CommitCursor>(container) {
                cursor.write_error = Some(Box::new(cause));
                cursor.commit_failed = true;
            }
            fail_emitted(world, container);
            return;
        }
    };
    if let Some(mut assets) = world.get_mut::<AssetCatalog>(container) {
        assets.settle();
    }
    let now = mark(world, container).unwrap_or_default();
    let Some(mut cursor) = world.get_mut::<CommitCursor>(container) else {
        return;
    };
    cursor.committed = now;
    if let Some(current) = &mut cursor.current {
        // It has emitted nothing; what it goes back to is what was committed now.
        current.before = now;
    }
    cursor.last_commit = (Instant::now(), outcome.duration);
    cursor.kept_partial = false;
    cursor.commit_failed = false;
    let jobs = std::mem::take(&mut cursor.emitted);
    crate::freshness::committed(world, container, &outcome, &jobs);
    let unfinished = outcome.unfinished.as_ref().map(|error| {
        let root = root_of(world, container);
        let text = "what the job had made is committed, but could not be put in place; \
                    the next import into the container, or `kiln verify`, does it";
        [
            Diagnostic::new(codes::import::COMMIT_UNFINISHED, text),
            error.diagnostic(&root),
        ]
    });
    for Emitting { job, .. } in jobs {
        if let Some(unfinished) = &unfinished {
            if let Some(mut diagnostics) = world.get_mut::<Diagnostics>(job) {
                diagnostics.0.extend(unfinished.iter().cloned());
            }
        } else if let Some(mut products) = world.get_mut::<JobProducts>(job) {
            products.commit = Some(outcome.clone());
        }
        let failed = world
            .get::<Diagnostics>(job)
            .is_some_and(Diagnostics::has_errors);
        let ending = if failed {
            Ending::Failed
        } else {
            Ending::Complete
        };
        world.resource_mut::<EndedJobs>().end(job, ending);
    }
}

/// Takes back everything since the last commit: bytes could not be written, so every job that has
/// emitted since then fails, and those that come after find the container as it was committed.
fn fail_emitted(world: &mut World, container: Entity) {
    let Some(mut cursor) = world.get_mut::<CommitCursor>(container) else {
        return;
    };
    let cause = cursor.write_error.take();
    cursor.kept_partial = false;
    let mut jobs = std::mem::take(&mut cursor.emitted);
    jobs.extend(
        cursor
            .current
            .take()
            .filter(|current| current.next_step > 0),
    );
    let committed = cursor.committed;
    if let Some(OpenStore(store)) = world.get::<OpenStore>(container) {
        store.forget_write_errors();
    }
    roll_back(world, container, committed);
    for Emitting { job, .. } in jobs {
        let mut all = vec![Diagnostic::new(
            codes::import::COMMIT_FAILED,
            "what the job had made could not be written; the container is as it was before",
        )];
        all.extend(cause.as_deref().cloned());
        crate::load::fail(world, job, all);
    }
}

/// Returns the tables of a container to a mark. The bytes behind it are overwritten by what comes
/// next, or cut off by the next commit or close.
pub(crate) fn roll_back(world: &mut World, container: Entity, to: ContainerMark) {
    if let Some(mut textures) = world.get_mut::<TextureTable>(container) {
        textures.roll_back(to.textures);
    }
    if let Some(mut buffers) = world.get_mut::<BufferTable>(container) {
        buffers.roll_back(to.buffers);
    }
    if let Some(mut assets) = world.get_mut::<AssetCatalog>(container) {
        assets.roll_back(to.assets);
    }
    if let Some(mut cursor) = world.get_mut::<CommitCursor>(container) {
        cursor.draining = cursor.writes > 0;
    }
    let stale: Vec<Entity> = world
        .query::<(Entity, &ReservedIn, &Reservation)>()
        .iter(world)
        .filter(|(_, reserved, reservation)| {
            let len = match reservation.kind {
                ResourceKind::Texture => to.textures.len,
                ResourceKind::Buffer => to.buffers.len,
            };
            reserved.0 == container && reservation.index as usize >= len
        })
        .map(|(entity, ..)| entity)
        .collect();
    for entity in stale {
        world.despawn(entity);
    }
}

//! Opening and closing containers.
//!
//! All disk work of a container runs on the I/O pool; here only its state moves.

use bevy_ecs::prelude::*;
use bevy_kiln_components::{
    container::{
        AssetCatalog, BufferTable, CommitCursor, Container, ContainerState, ContainersByRoot,
        TextureTable,
    },
    job::JobState,
    settings::ImportSettings,
};
use bevy_tasks::AsyncComputeTaskPool;
use std::{path::PathBuf, sync::Arc};

use crate::{
    completion::{Completion, CompletionSender},
    emit::mark,
    load::{fail, is_in_flight},
    store::{ContainerStore, OpenedContainer, StoreError, StoreOptions},
};

/// The files of a container that is open. Tasks hold clones of the inner pointer; the last one that is
/// dropped closes the files.
#[derive(Component)]
pub struct OpenStore(pub(crate) Arc<ContainerStore>);

impl Drop for OpenStore {
    /// Whoever drops it, with the whole app perhaps, commits nothing any more: what waits to be
    /// written is not worth it.
    fn drop(&mut self) {
        self.0.cancel_writes();
    }
}

/// The cooked root of a container.
pub(crate) fn root_of(world: &World, container: Entity) -> PathBuf {
    world
        .get::<Container>(container)
        .map(|container| container.root().to_owned())
        .unwrap_or_default()
}

/// `Idle -> Opening`: locks, recovers and reads the container on the I/O pool.
pub(crate) fn open_container(world: &mut World, container: Entity) {
    let root = root_of(world, container);
    let options = world
        .get_resource::<StoreOptions>()
        .cloned()
        .unwrap_or_default();
    world.entity_mut(container).insert(ContainerState::Opening);
    let completions = world.resource::<CompletionSender>().clone();
    AsyncComputeTaskPool::get()
        .spawn(async move {
            let result = ContainerStore::open(&root, options);
            completions.send(Completion::Opened {
                container,
                result: Box::new(result),
            });
        })
        .detach();
}

/// `Opening -> Ready`, or `Opening -> Failed` and every job of the container with it.
pub(crate) fn opened(
    world: &mut World,
    container: Entity,
    result: Result<OpenedContainer, StoreError>,
) {
    match result {
        Ok(opened) => {
            let limit = world.resource::<ImportSettings>().max_table_entries;
            let textures = TextureTable::committed(opened.textures, opened.textures_end);
            let buffers = BufferTable::committed(opened.buffers, opened.buffers_end);
            let (textures, buffers) = (textures.with_limit(limit), buffers.with_limit(limit));
            let assets =
                AssetCatalog::committed(opened.assets, opened.catalog).with_missing(opened.missing);
            world.entity_mut(container).insert((
                OpenStore(Arc::new(opened.store)),
                textures,
                buffers,
                assets,
                ContainerState::Ready,
            ));
            let now = mark(world, container).unwrap_or_default();
            if let Some(mut cursor) = world.get_mut::<CommitCursor>(container) {
                cursor.committed = now;
            }
        }
        Err(error) => {
            let diagnostic = error.diagnostic(&root_of(world, container));
            world
                .entity_mut(container)
                .insert(ContainerState::Failed(Box::new(diagnostic.clone())));
            // Pending jobs fail when their turn comes, in their order.
            let started: Vec<Entity> = world
                .get::<CommitCursor>(container)
                .map(|cursor| cursor.waiting.values().copied().collect())
                .unwrap_or_default();
            for job in started {
                if is_in_flight(world, job) {
                    fail(world, job, vec![diagnostic.clone()]);
                }
            }
        }
    }
}

/// `Ready -> Closing`: gives the lock back once the last writer has let go of the files.
pub(crate) fn close_container(world: &mut World, container: Entity) {
    let Some(open) = world.entity_mut(container).take::<OpenStore>() else {
        return;
    };
    let store = open.0.clone();
    drop(open);
    // Taking apart the lines of thousands of products takes longer than a tick may.
    let catalog = world
        .get_mut::<AssetCatalog>(container)
        .map(|mut catalog| std::mem::take(&mut *catalog));
    world.entity_mut(container).insert(ContainerState::Closing);
    let completions = world.resource::<CompletionSender>().clone();
    AsyncComputeTaskPool::get()
        .spawn(async move {
            let _catalog = catalog;
            // Writes are drained before a container is closed, so this is the last clone.
            drop(store);
            completions.send(Completion::Closed { container });
        })
        .detach();
}

/// `Closing -> (despawned)`, or `-> Opening` when new jobs have come meanwhile.
pub(crate) fn closed(world: &mut World, container: Entity) {
    if !is_held(world, container) {
        remove(world, container);
        return;
    }
    world.entity_mut(container).insert(ContainerState::Idle);
    let wanted = world.get::<CommitCursor>(container).is_some_and(|cursor| {
        cursor.waiting.values().any(|&job| {
            world
                .get::<JobState>(job)
                .is_some_and(|state| *state != JobState::Pending)
        })
    });
    if wanted {
        open_container(world, container);
    }
}

/// Whether any job still wants to emit into the container or waits for its commit.
pub(crate) fn is_held(world: &World, container: Entity) -> bool {
    world.get::<CommitCursor>(container).is_some_and(|cursor| {
        !cursor.waiting.is_empty()
            || !cursor.emitted.is_empty()
            || cursor.current.is_some()
            || cursor.writes > 0
    })
}

/// Despawns a container that nobody holds.
pub(crate) fn remove(world: &mut World, container: Entity) {
    let root = root_of(world, container);
    world.resource_mut::<ContainersByRoot>().0.remove(&root);
    world.despawn(container);
}

//! Intake: requests become jobs.
//!
//! Two doors lead here: the channel of the clients, and entities that were spawned with an
//! [`ImportRequest`]. Both leave as the same kind of job, in one order.

use bevy_ecs::{entity::EntityHashMap, prelude::*};
use bevy_kiln_components::{
    container::{CommitCursor, Container, ContainerState, ContainersByRoot},
    job::{
        CancelToken, Diagnostics, ImportRequest, JobId, JobOrder, JobOwner, JobSpan, JobState,
        JobTimes, Progress, TargetContainer,
    },
    service::{Arrivals, CancelBell, JobNames, Refused, ReportTicket, ServiceState, Submission},
    settings::ImportSettings,
};
use crossbeam_channel::Receiver;
use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    time::Instant,
};

use crate::{
    cache::ProjectMemos,
    containers::is_held,
    freshness::Unasked,
    io::scope::normalise,
    report::{EndedJobs, Ending, JobProducts},
};

/// Where the requests of clients come in.
#[derive(Resource)]
pub struct ClientInbox(pub Receiver<Submission>);

/// Accepted jobs that wait for their turn, in order.
#[derive(Resource, Debug, Default)]
pub struct JobQueue(pub VecDeque<Entity>);

/// The next place in the order of jobs.
#[derive(Resource, Debug, Default)]
pub struct NextJobOrder(u64);

/// Whether a client has submitted something.
pub fn clients_submitted(inbox: Res<ClientInbox>) -> bool {
    !inbox.0.is_empty()
}

/// Spawns an entity for each request of a client.
pub fn drain_clients(inbox: Res<ClientInbox>, mut commands: Commands) {
    for submission in inbox.0.try_iter() {
        let Submission {
            id,
            request,
            token,
            ticket,
        } = submission;
        commands.spawn((request, id, token, ticket, JobOwner::Client));
    }
}

/// A request that is not a job yet.
type Fresh = (With<ImportRequest>, Without<JobState>);

/// Whether there are requests that are not jobs yet.
pub fn requests_are_fresh(fresh: Query<(), Fresh>) -> bool {
    !fresh.is_empty()
}

/// Turns fresh requests into pending jobs: `(nothing) -> Pending`.
pub fn accept_requests(world: &mut World, fresh: &mut QueryState<(Entity, Option<&JobId>), Fresh>) {
    let _stage = tracing::debug_span!("intake").entered();
    let mut entities: Vec<(Entity, Option<JobId>)> = fresh
        .iter(world)
        .map(|(entity, id)| (entity, id.copied()))
        .collect();
    // Clients' jobs have their ids already, and ids are given out in the order of the queue.
    // Spawned requests come after them, in the order in which they were spawned.
    let arrivals = std::mem::take(&mut world.resource_mut::<Arrivals>().0);
    let places: EntityHashMap<usize> = arrivals.into_iter().zip(0..).collect();
    entities.sort_by_key(|(entity, id)| (id.is_none(), *id, places.get(entity).copied()));
    for (entity, _) in entities {
        accept(world, entity);
    }
}

fn accept(world: &mut World, entity: Entity) {
    let Some(request) = world.get::<ImportRequest>(entity).cloned() else {
        return;
    };
    let root = cooked_root(&request, &world.resource::<ImportSettings>().source_root);
    let state = world.resource::<ServiceState>().clone();
    let names = JobNames {
        name: request.name().unwrap_or_default().to_owned(),
        source: request.source().to_owned(),
        root: root.clone(),
    };
    let mut refused = None;
    if let Some(mut ticket) = world.get_mut::<ReportTicket>(entity) {
        *ticket.names_mut() = names;
    } else {
        // Spawned as an entity: it waits instead of being refused, however many there are.
        // A token that the user gave is in the user's hands already: it is the job's.
        let token = world
            .get::<CancelToken>(entity)
            .cloned()
            .unwrap_or_default();
        match state.admit(usize::MAX, names, token, |id, token, ticket| {
            (id, token, ticket)
        }) {
            Ok((_, (id, token, ticket))) => {
                world
                    .entity_mut(entity)
                    .insert((id, token, ticket))
                    .insert_if_new(JobOwner::User);
            }
            Err(error) => refused = Some(error),
        }
    }
    if let Some(token) = world.get::<CancelToken>(entity) {
        token.connect(world.resource::<CancelBell>());
    }
    let order = {
        let mut next = world.resource_mut::<NextJobOrder>();
        next.0 += 1;
        JobOrder(next.0)
    };
    // All that a job has on its way: an entity that keeps its components is not moved about.
    let job = (
        JobState::Pending,
        Progress::default(),
        Diagnostics::default(),
        order,
        JobTimes {
            accepted: Instant::now(),
            started: None,
        },
        JobSpan(tracing::Span::none()),
        JobProducts::default(),
    );
    if let Some(error) = refused {
        world.entity_mut(entity).insert(job);
        refuse(world, entity, error);
        return;
    }
    let container = container_at(world, root);
    let target = TargetContainer(container);
    world.entity_mut(entity).insert((job, target));
    if let Some(mut cursor) = world.get_mut::<CommitCursor>(container) {
        cursor.waiting.insert(order, entity);
    }
    if world.contains_resource::<ProjectMemos>() {
        world.entity_mut(entity).insert(Unasked);
    }
    world.resource_mut::<JobQueue>().0.push_back(entity);
}

fn refuse(world: &mut World, entity: Entity, error: Refused) {
    use bevy_kiln_assets::diagnostic::{Diagnostic, codes};
    // However many there are, an entity is not refused for that.
    let diagnostic = Diagnostic::new(codes::import::SHUTDOWN, error.to_string());
    if let Some(mut diagnostics) = world.get_mut::<Diagnostics>(entity) {
        diagnostics.0.push(diagnostic);
    }
    world
        .resource_mut::<EndedJobs>()
        .end(entity, Ending::Failed);
}

/// The container entity of a root, spawned idle if there is none.
fn container_at(world: &mut World, root: PathBuf) -> Entity {
    if let Some(&entity) = world.resource::<ContainersByRoot>().0.get(&root) {
        // Opening failed for jobs that are gone. Another job may have better luck.
        if matches!(
            world.get::<ContainerState>(entity),
            Some(ContainerState::Failed(_))
        ) && !is_held(world, entity)
        {
            world.entity_mut(entity).insert(ContainerState::Idle);
        }
        return entity;
    }
    let entity = world
        .spawn((
            Container::new(&root),
            ContainerState::Idle,
            CommitCursor::default(),
        ))
        .id();
    world
        .resource_mut::<ContainersByRoot>()
        .0
        .insert(root, entity);
    entity
}

/// The root of a request: the given one, else `.cooked` beside the source.
pub(crate) fn cooked_root(request: &ImportRequest, source_root: &Path) -> PathBuf {
    let root = match request.container() {
        Some(root) => root.to_owned(),
        None if request.source().contains("://") => PathBuf::from(".cooked"),
        None => {
            let source = source_root.join(request.source());
            source.parent().unwrap_or(Path::new("")).join(".cooked")
        }
    };
    // Two ways to write one root meet in one container. The lock tells those apart that meet only
    // behind links.
    normalise(&root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_meet() {
        let settings = Path::new("/project");
        let given = ImportRequest::new("a.png").into_container("/x/../y/./cooked");
        assert_eq!(cooked_root(&given, settings), Path::new("/y/cooked"));
        let beside = ImportRequest::new("textures/a.png");
        assert_eq!(
            cooked_root(&beside, settings),
            Path::new("/project/textures/.cooked")
        );
    }
}

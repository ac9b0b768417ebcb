//! Every transition of every state, one test each.

use crate::common::{
    self, Stepper, container_state,
    fake::{Act, Script, Step},
};
use bevy_ecs::{
    lifecycle::{Insert, Remove},
    prelude::*,
};
use bevy_kiln_components::{
    container::ContainerState,
    job::{JobId, JobState},
    messages::ProgressKind,
    pipeline::PipelineLimit,
    reservation::WriteState,
    work::{WorkName, WorkState},
};
use std::sync::{Arc, Mutex};

#[test]
fn a_request_becomes_a_pending_job_at_once() {
    let mut settings = common::settings();
    settings.max_in_flight_jobs = 1;
    let mut stepper = Stepper::with(settings);
    stepper.stage.hold(&["plan a.head"]);
    let first = stepper.spawn("a.head", Script::one("a"));
    let second = stepper.spawn("b.head", Script::one("b"));
    stepper.tick();
    assert_eq!(stepper.world().get(first), Some(&JobState::Loading));
    assert_eq!(stepper.world().get(second), Some(&JobState::Pending));
    assert_eq!(stepper.world().get(second), Some(&JobId(2)));
    assert_eq!(
        (
            stepper.client.pending_count(),
            stepper.client.in_flight_count()
        ),
        (1, 1)
    );
    stepper.stage.open("plan a.head");
    stepper.until_job(second, JobState::Complete);
}

#[test]
fn pending_loading_planning_working_finalizing_complete() {
    let mut stepper = Stepper::new();
    stepper.stage.hold(&["plan a.head", "cook a"]);
    let job = stepper.spawn("a.head", Script::one("a"));
    stepper.tick();
    assert_eq!(stepper.world().get(job), Some(&JobState::Loading));
    stepper.settle();
    assert_eq!(stepper.world().get(job), Some(&JobState::Loading));
    stepper.stage.open("plan a.head");
    stepper.until_job(job, JobState::Working);
    stepper.settle();
    assert_eq!(stepper.world().get(job), Some(&JobState::Working));
    stepper.stage.open("cook a");
    stepper.until_job(job, JobState::Finalizing);
    stepper.until_job(job, JobState::Complete);
    let steps = stepper.heard.progress.lock().unwrap();
    let mut phases: Vec<JobState> = steps.iter().map(|step| step.phase).collect();
    phases.dedup();
    let expected = [
        JobState::Loading,
        JobState::Planning,
        JobState::Working,
        JobState::Finalizing,
        JobState::Complete,
    ];
    assert_eq!(phases, expected);
    assert_eq!(steps.first().unwrap().kind, ProgressKind::JobStarted);
    assert_eq!(steps.last().unwrap().kind, ProgressKind::JobFinished);
}

#[test]
fn loading_fails() {
    let mut stepper = Stepper::new();
    let job = stepper.spawn("a.head", Script::one("a").plan(Act::Fail));
    stepper.until_job(job, JobState::Failed);
    stepper.drain();
}

#[test]
fn working_fails() {
    let mut stepper = Stepper::new();
    let script = Script::of([Step::texture("a").cook(Act::Fail)]);
    let job = stepper.spawn("a.head", script);
    stepper.until_job(job, JobState::Failed);
    stepper.drain();
}

#[test]
fn every_phase_can_be_cancelled() {
    for phase in [JobState::Loading, JobState::Working, JobState::Finalizing] {
        let mut stepper = Stepper::new();
        match phase {
            JobState::Loading => stepper.stage.hold(&["plan a.head"]),
            JobState::Working => stepper.stage.hold(&["cook a"]),
            _ => {}
        }
        let job = stepper.spawn("a.head", Script::one("a"));
        stepper.until_job(job, phase);
        stepper.client.cancel(JobId(1));
        stepper.tick();
        assert_eq!(
            stepper.world().get(job),
            Some(&JobState::Cancelled),
            "{phase}"
        );
        match phase {
            JobState::Loading => stepper.stage.open("plan a.head"),
            JobState::Working => stepper.stage.open("cook a"),
            _ => {}
        }
        stepper.drain();
        assert!(common::files(&stepper.root()).is_empty(), "{phase}");
    }
}

#[test]
fn ready_reading_running_cooked_emitted() {
    let mut stepper = Stepper::new();
    stepper.stage.hold(&["read a", "cook a", "cook first"]);
    stepper.spawn(
        "a.head",
        Script::of([
            Step::texture("first"),
            Step::texture("a").read(Act::Succeed),
        ]),
    );
    stepper.until_item("a", WorkState::Reading);
    stepper.settle();
    assert_eq!(stepper.item("a"), Some(WorkState::Reading));
    stepper.stage.open("read a");
    stepper.until_item("a", WorkState::Running);
    stepper.stage.open("cook a");
    stepper.until_item("a", WorkState::Cooked);
    stepper.settle();
    assert_eq!(
        stepper.item("a"),
        Some(WorkState::Cooked),
        "waits for its turn"
    );
    stepper.stage.open("cook first");
    stepper.until_item("a", WorkState::Emitted);
    stepper.drain();
}

#[test]
fn queued_until_a_worker_is_free() {
    let mut settings = common::settings();
    let limit = bevy_kiln_components::pipeline::PipelineLimit {
        workers: 1,
        queue: 8,
    };
    settings.pipelines.set(common::fake::TEXTURES, limit);
    let mut stepper = Stepper::with(settings);
    stepper.stage.hold(&["cook a", "cook b"]);
    stepper.spawn(
        "a.head",
        Script::of([Step::texture("a"), Step::texture("b")]),
    );
    stepper.until_item("a", WorkState::Running);
    stepper.settle();
    assert_eq!(stepper.item("b"), Some(WorkState::Queued));
    stepper.stage.open("cook a");
    stepper.until_item("b", WorkState::Running);
    stepper.stage.open("cook b");
    stepper.drain();
}

#[test]
fn ready_until_the_queue_has_room() {
    let mut settings = common::settings();
    let limit = bevy_kiln_components::pipeline::PipelineLimit {
        workers: 1,
        queue: 1,
    };
    settings.pipelines.set(common::fake::TEXTURES, limit);
    let mut stepper = Stepper::with(settings);
    stepper.stage.hold(&["cook a"]);
    stepper.spawn(
        "a.head",
        Script::of([Step::texture("a"), Step::texture("b")]),
    );
    stepper.until_item("a", WorkState::Running);
    stepper.settle();
    assert_eq!(stepper.item("b"), Some(WorkState::Ready));
    stepper.stage.open("cook a");
    stepper.drain();
}

#[test]
fn blocked_until_every_producer_is_emitted() {
    let mut stepper = Stepper::new();
    stepper.stage.hold(&["cook a", "cook b", "cook c"]);
    let steps = [
        Step::texture("a"),
        Step::texture("b"),
        Step::buffer("c").after(&[0, 1]),
    ];
    stepper.spawn("a.head", Script::of(steps));
    stepper.until_item("b", WorkState::Running);
    stepper.stage.open("cook b");
    stepper.until_item("b", WorkState::Cooked);
    stepper.settle();
    assert_eq!(stepper.item("c"), Some(WorkState::Blocked));
    stepper.stage.open("cook a");
    stepper.until_item("c", WorkState::Running);
    assert_eq!(stepper.item("b"), Some(WorkState::Emitted));
    stepper.stage.open("cook c");
    stepper.drain();
}

#[test]
fn a_failed_read_fails_the_item_and_the_job() {
    let mut stepper = Stepper::new();
    let script = Script::of([Step::texture("a").read(Act::Fail)]);
    let handle = stepper.submit("a.head", script);
    let report = stepper.finish(&handle);
    assert_eq!(common::codes(&report), ["io.transfer_failed"]);
    stepper.drain();
}

#[test]
fn containers_go_from_idle_to_gone() {
    let mut stepper = Stepper::new();
    stepper.stage.hold(&["cook a"]);
    stepper.spawn("a.head", Script::one("a"));
    stepper.tick();
    assert_eq!(
        container_state(stepper.world_mut()),
        Some(ContainerState::Opening)
    );
    stepper.until_container(&ContainerState::Ready);
    stepper.stage.open("cook a");
    stepper.until_container(&ContainerState::Committing);
    stepper.until_container(&ContainerState::Closing);
    stepper.until("the container is gone", |world| {
        container_state(world).is_none()
    });
}

#[test]
fn a_container_is_idle_before_its_first_job_starts() {
    let mut settings = common::settings();
    settings.max_in_flight_jobs = 1;
    let mut stepper = Stepper::with(settings);
    stepper.stage.hold(&["cook a"]);
    stepper.spawn("a.head", Script::one("a"));
    let request = stepper.request("b.head", Script::one("b"));
    let elsewhere = stepper.folder.path().join("elsewhere");
    stepper
        .world_mut()
        .spawn(request.into_container(&elsewhere));
    stepper.tick();
    let world = stepper.world_mut();
    let states: Vec<_> = world
        .query::<&ContainerState>()
        .iter(world)
        .cloned()
        .collect();
    assert!(states.contains(&ContainerState::Idle), "{states:?}");
    stepper.stage.open("cook a");
    stepper.drain();
}

#[test]
fn a_container_that_cannot_be_opened_fails_its_jobs() {
    let mut stepper = Stepper::new();
    std::fs::write(stepper.root(), "a file where the folder should be").unwrap();
    stepper.stage.hold(&["plan a.head"]);
    let job = stepper.spawn("a.head", Script::one("a"));
    stepper.until_job(job, JobState::Failed);
    stepper.stage.open("plan a.head");
    stepper.drain();
}

#[test]
fn writes_are_writing_then_written_then_gone() {
    let mut stepper = Stepper::new();
    stepper.stage.hold(&["cook b"]);
    stepper.spawn(
        "a.head",
        Script::of([Step::texture("a"), Step::texture("b")]),
    );
    stepper.until_item("a", WorkState::Emitted);
    let states = |stepper: &mut Stepper| -> Vec<WriteState> {
        let world = stepper.world_mut();
        world.query::<&WriteState>().iter(world).copied().collect()
    };
    assert_eq!(
        states(&mut stepper),
        [WriteState::Writing; 2],
        "fallback and a"
    );
    stepper.until("both are written", |world| {
        let mut all = world.query::<&WriteState>();
        all.iter(world).all(|state| *state == WriteState::Written)
    });
    assert_eq!(states(&mut stepper).len(), 2);
    stepper.stage.open("cook b");
    stepper.drain();
    assert!(states(&mut stepper).is_empty());
}

/// Every state that a container enters.
fn container_log(stepper: &mut Stepper) -> Arc<Mutex<Vec<ContainerState>>> {
    let log: Arc<Mutex<Vec<ContainerState>>> = Arc::default();
    let seen = log.clone();
    stepper.app.add_observer(
        move |insert: On<Insert<ContainerState>>, states: Query<&ContainerState>| {
            let state = states.get(insert.entity).unwrap();
            seen.lock().unwrap().push(state.clone());
        },
    );
    log
}

#[test]
fn a_container_that_could_not_be_opened_is_opened_anew() {
    let mut stepper = Stepper::new();
    let log = container_log(&mut stepper);
    std::fs::write(stepper.root(), "a file where the folder should be").unwrap();
    let job = stepper.spawn("a.head", Script::one("a"));
    stepper.until_job(job, JobState::Failed);
    // The next job comes before the container of the first is forgotten.
    std::fs::remove_file(stepper.root()).unwrap();
    let next = stepper.spawn("b.head", Script::one("b"));
    stepper.until_job(next, JobState::Complete);
    stepper.drain();
    let log = log.lock().unwrap();
    assert!(
        matches!(
            log.as_slice(),
            [
                ContainerState::Idle,
                ContainerState::Opening,
                ContainerState::Failed(_),
                ContainerState::Idle,
                ContainerState::Opening,
                ContainerState::Ready,
                ..
            ]
        ),
        "{log:?}"
    );
}

#[test]
fn a_container_that_is_being_closed_is_opened_again_for_the_next_job() {
    let mut stepper = Stepper::new();
    let log = container_log(&mut stepper);
    stepper.spawn("a.head", Script::one("a"));
    stepper.until_container(&ContainerState::Closing);
    let next = stepper.spawn("b.head", Script::one("b"));
    stepper.until_job(next, JobState::Complete);
    stepper.drain();
    use ContainerState as S;
    let once = [S::Idle, S::Opening, S::Ready, S::Committing, S::Ready];
    let expected = [&once[..], &[S::Closing], &once, &[S::Closing]].concat();
    assert_eq!(*log.lock().unwrap(), expected);
}

#[test]
fn a_container_is_committed_between_jobs_too() {
    let mut settings = common::settings();
    settings.commit_interval = std::time::Duration::ZERO;
    let mut stepper = Stepper::with(settings);
    let log = container_log(&mut stepper);
    stepper.stage.hold(&["cook b"]);
    let first = stepper.spawn("a.head", Script::one("a"));
    let second = stepper.spawn("b.head", Script::one("b"));
    stepper.until_job(first, JobState::Complete);
    assert_eq!(stepper.world().get(second), Some(&JobState::Working));
    stepper.stage.open("cook b");
    stepper.until_job(second, JobState::Complete);
    stepper.drain();
    use ContainerState as S;
    let commit = [S::Committing, S::Ready];
    let expected = [
        &[S::Idle, S::Opening, S::Ready][..],
        &commit,
        &commit,
        &[S::Closing],
    ]
    .concat();
    assert_eq!(*log.lock().unwrap(), expected);
}

#[test]
fn an_item_in_any_state_fails_with_its_job() {
    let states = [
        WorkState::Blocked,
        WorkState::Ready,
        WorkState::Reading,
        WorkState::Queued,
        WorkState::Running,
        WorkState::Cooked,
    ];
    for state in states {
        let mut settings = common::settings();
        let (workers, queue) = match state {
            WorkState::Ready => (1, 1),
            WorkState::Queued => (1, 8),
            _ => (8, 8),
        };
        let limit = PipelineLimit { workers, queue };
        settings.pipelines.set(common::fake::TEXTURES, limit);
        let mut stepper = Stepper::with(settings);
        let mut item = Step::texture("item");
        let mut gates = vec!["cook before"];
        match state {
            WorkState::Blocked => item = item.after(&[0]),
            WorkState::Reading => {
                item = item.read(Act::Succeed);
                gates.push("read item");
            }
            WorkState::Running => gates.push("cook item"),
            _ => {}
        }
        stepper.stage.hold(&gates);
        let last: Arc<Mutex<Vec<WorkState>>> = Arc::default();
        let seen = last.clone();
        stepper.app.add_observer(
            move |gone: On<Remove<WorkState>>, items: Query<(&WorkName, &WorkState)>| {
                let (name, state) = items.get(gone.entity).unwrap();
                if name.0 == "item" {
                    seen.lock().unwrap().push(*state);
                }
            },
        );
        let steps = [Step::texture("before"), item];
        let job = stepper.spawn("a.head", Script::of(steps));
        stepper.until_item("before", WorkState::Running);
        stepper.until_item("item", state);
        stepper.settle();
        assert_eq!(stepper.item("item"), Some(state));
        stepper.client.cancel(JobId(1));
        stepper.tick();
        assert_eq!(stepper.world().get(job), Some(&JobState::Cancelled));
        assert_eq!(*last.lock().unwrap(), [WorkState::Failed], "{state:?}");
        for gate in gates {
            stepper.stage.open(gate);
        }
        stepper.drain();
    }
}

//! Every accepted job ends exactly once, whatever happens to it.

use crate::common::{
    self, Stepper, Watched, codes,
    fake::{Act, Script, Step},
};
use bevy_kiln_components::{
    container::ContainerState,
    job::{CancelToken, FinishedReport, ImportRequest, JobState},
    messages::ProgressKind,
    work::WorkState,
};

#[test]
fn success() {
    let mut stepper = Stepper::new();
    let job = stepper.watch("a.head", Script::one("a"));
    let report = stepper.ended_once(job, JobState::Complete);
    assert!(report.diagnostics.is_empty());
    assert_eq!(report.name, "fake:1:a.head");
    assert_ne!(report.source_key, [0; 16]);
    assert_eq!(report.products.len(), 1);
    let named = stepper.request("b.head", Script::one("b")).named("mine");
    let named = stepper.watch_request(named);
    assert!(stepper.client.cancel(named.id));
    assert_eq!(stepper.ended_once(named, JobState::Cancelled).name, "mine");
    assert!(report.outputs.iter().all(|file| {
        let on_disk = std::fs::metadata(stepper.root().join(&file.path)).unwrap();
        on_disk.len() == file.size
    }));
}

#[test]
fn the_source_is_not_there() {
    let mut stepper = Stepper::new();
    let request = stepper.request("a.head", Script::one("a"));
    std::fs::remove_file(request.source()).unwrap();
    let job = stepper.watch_request(request);
    let report = stepper.ended_once(job, JobState::Failed);
    assert_eq!(codes(&report), ["io.not_found"]);
}

#[test]
fn nobody_knows_the_format() {
    let mut stepper = Stepper::new();
    let job = stepper.watch("a.unheard-of", Script::one("a"));
    let report = stepper.ended_once(job, JobState::Failed);
    assert_eq!(codes(&report), ["import.unknown_format"]);
    assert_eq!(report.name, "unknown:1:a.unheard-of");
}

#[test]
fn the_plan_fails_or_panics_in_either_pool() {
    for file in ["a.head", "a.whole"] {
        for (act, code) in [
            (Act::Fail, "import.plan.invalid"),
            (Act::Panic, "import.exception"),
        ] {
            let mut stepper = Stepper::new();
            let job = stepper.watch(file, Script::one("a").plan(act).bytes(100_000));
            let report = stepper.ended_once(job, JobState::Failed);
            assert_eq!(codes(&report), [code], "{file}");
        }
    }
}

#[test]
fn a_cook_fails_or_panics_and_others_go_on() {
    for (act, code) in [
        (Act::Fail, "import.dependency_failed"),
        (Act::Panic, "import.exception"),
    ] {
        let mut stepper = Stepper::new();
        let steps = [Step::texture("a"), Step::buffer("bad").cook(act)];
        let job = stepper.watch("a.head", Script::of(steps));
        let other = stepper.watch("b.head", Script::one("b"));
        let report = stepper.ended_once(job, JobState::Failed);
        assert_eq!(codes(&report), [code]);
        assert!(report.diagnostics[0].message.contains("bad"));
        stepper.ended_once(other, JobState::Complete);
    }
}

#[test]
fn a_cook_that_would_spoil_the_container_fails_alone() {
    let mut stepper = Stepper::new();
    for step in [Step::texture("bad"), Step::buffer("bad")] {
        let steps = [Step::buffer("good"), step.cook(Act::Misshape)];
        let job = stepper.watch("bad.head", Script::of(steps));
        let other = stepper.watch("b.head", Script::one("b"));
        let report = stepper.ended_once(job, JobState::Failed);
        assert_eq!(codes(&report), ["import.emission_invalid"]);
        stepper.ended_once(other, JobState::Complete);
    }
}

#[test]
fn cancelled_before_any_tick_and_while_pending() {
    let mut settings = common::settings();
    settings.max_in_flight_jobs = 1;
    let mut stepper = Stepper::with(settings);
    stepper.stage.hold(&["plan first.head"]);
    let first = stepper.watch("first.head", Script::one("first"));
    let early = stepper.watch("early.head", Script::one("early"));
    let late = stepper.watch("late.head", Script::one("late"));
    assert!(stepper.client.cancel(early.id));
    stepper.settle();
    assert!(
        !stepper.client.is_active(early.id),
        "it ends without its turn"
    );
    assert!(stepper.client.cancel(late.id));
    stepper.stage.open("plan first.head");
    stepper.ended_once(early, JobState::Cancelled);
    let report = stepper.ended_once(late, JobState::Cancelled);
    assert_eq!(report.name, "unknown:3:late.head");
    stepper.ended_once(first, JobState::Complete);
}

/// Brings a job to a place in its life; returns the gate that holds it there.
fn bring_to(stepper: &mut Stepper, place: &str) -> (Watched, Option<&'static str>) {
    let gate = match place {
        "head planning" => Some("plan a.head"),
        "whole planning" => Some("plan a.whole"),
        "reading" => Some("read a"),
        "cooking" => Some("cook a"),
        "cooked" => Some("cook first"),
        _ => None,
    };
    stepper.stage.hold(gate.as_slice());
    let file = if place == "whole planning" {
        "a.whole"
    } else {
        "a.head"
    };
    let mut steps = vec![Step::texture("a").read(Act::Succeed)];
    if place == "cooked" {
        steps.insert(0, Step::texture("first"));
    }
    let job = stepper.watch(file, Script::of(steps).bytes(100_000));
    if place == "committing" {
        stepper.until_container(&ContainerState::Committing);
    } else if place == "cooked" {
        stepper.until_item("a", WorkState::Cooked);
    } else if place == "writing" {
        stepper.until_item("a", WorkState::Emitted);
    } else if let Some(gate) = gate {
        let stage = stepper.stage.clone();
        stepper.until(gate, |_| stage.reached(gate));
    }
    (job, gate)
}

const PLACES: [&str; 7] = [
    "submitted",
    "head planning",
    "whole planning",
    "reading",
    "cooking",
    "cooked",
    "writing",
];

#[test]
fn cancelled_anywhere() {
    for place in PLACES {
        let mut stepper = Stepper::new();
        let (job, gate) = bring_to(&mut stepper, place);
        assert!(stepper.client.cancel(job.id), "{place}");
        stepper.tick();
        assert!(
            !stepper.client.is_active(job.id),
            "{place}: nobody waits for tasks"
        );
        if let Some(gate) = gate {
            stepper.stage.open(gate);
        }
        stepper.ended_once(job, JobState::Cancelled);
        assert!(!stepper.root().exists(), "{place}: nothing is left");
    }
}

#[test]
fn cancelled_past_the_point_of_return() {
    let mut stepper = Stepper::new();
    let (job, _) = bring_to(&mut stepper, "committing");
    assert!(stepper.client.cancel(job.id));
    stepper.ended_once(job, JobState::Complete);
}

#[test]
fn despawned_anywhere() {
    for place in &PLACES[1..] {
        let mut stepper = Stepper::new();
        let (job, gate) = bring_to(&mut stepper, place);
        let entity = stepper.job(job.id).unwrap();
        stepper.world_mut().despawn(entity);
        assert!(!stepper.client.is_active(job.id), "{place}");
        if let Some(gate) = gate {
            stepper.stage.open(gate);
        }
        stepper.ended_once(job, JobState::Cancelled);
        assert!(!stepper.root().exists(), "{place}: nothing is left");
    }
}

#[test]
fn the_request_is_removed_anywhere() {
    for place in &PLACES[1..] {
        let mut stepper = Stepper::new();
        let (job, gate) = bring_to(&mut stepper, place);
        let entity = stepper.job(job.id).unwrap();
        stepper
            .world_mut()
            .entity_mut(entity)
            .remove::<ImportRequest>();
        if let Some(gate) = gate {
            stepper.stage.open(gate);
        }
        stepper.ended_once(job, JobState::Cancelled);
        assert!(!stepper.root().exists(), "{place}: nothing is left");
        assert!(
            stepper.world().get_entity(entity).is_err(),
            "{place}: a client's job"
        );
    }
}

#[test]
fn an_entity_that_loses_its_request_keeps_its_report() {
    let mut stepper = Stepper::new();
    stepper.stage.hold(&["cook a"]);
    let steps = [
        Step::texture("first"),
        Step::texture("a"),
        Step::texture("c").after(&[1]),
    ];
    let job = stepper.spawn("a.whole", Script::of(steps).bytes(5_000));
    stepper.until_item("first", WorkState::Emitted);
    stepper
        .world_mut()
        .entity_mut(job)
        .remove::<ImportRequest>();
    stepper.stage.open("cook a");
    stepper.drain();
    assert_eq!(stepper.world().get(job), Some(&JobState::Cancelled));
    let report = stepper.world().get::<FinishedReport>(job).unwrap();
    assert_eq!(report.0.outcome, JobState::Cancelled);
    assert_eq!(stepper.heard.observed.lock().unwrap().len(), 1);
}

#[test]
fn an_entity_that_the_user_spawned_stays_with_its_report() {
    let mut stepper = Stepper::new();
    let good = stepper.spawn("a.head", Script::one("a"));
    let bad = stepper.spawn(
        "b.whole",
        Script::of([Step::texture("b").cook(Act::Fail)]).bytes(70_000),
    );
    stepper.drain();
    for (job, state) in [(good, JobState::Complete), (bad, JobState::Failed)] {
        assert_eq!(stepper.world().get(job), Some(&state));
        let report = &stepper.world().get::<FinishedReport>(job).unwrap().0;
        assert_eq!(report.outcome, state);
    }
    assert_eq!(stepper.heard.observed.lock().unwrap().len(), 2);
}

#[test]
fn a_token_that_the_user_gave_is_the_jobs() {
    let mut stepper = Stepper::new();
    stepper.stage.hold(&["cook a", "cook b"]);
    let (by_user, by_client) = (CancelToken::default(), CancelToken::default());
    let request = stepper.request("a.head", Script::one("a"));
    let a = stepper.world_mut().spawn((request, by_user.clone())).id();
    let request = stepper.request("b.head", Script::one("b"));
    let b = stepper.world_mut().spawn((request, by_client.clone())).id();
    stepper.until_item("b", WorkState::Running);
    by_user.cancel();
    stepper.tick();
    assert_eq!(stepper.world().get(a), Some(&JobState::Cancelled));
    assert_eq!(stepper.world().get(b), Some(&JobState::Working));
    assert_eq!(stepper.client.cancel_all(), 1);
    stepper.tick();
    assert_eq!(stepper.world().get(b), Some(&JobState::Cancelled));
    assert!(by_client.is_cancelled());
    stepper.stage.open("cook a");
    stepper.stage.open("cook b");
    stepper.drain();
}

#[test]
fn the_app_is_dropped_with_jobs_in_flight() {
    for place in PLACES {
        let mut stepper = Stepper::new();
        let (job, gate) = bring_to(&mut stepper, place);
        let Stepper {
            app,
            stage,
            client,
            folder,
            ..
        } = stepper;
        drop(app);
        if let Some(gate) = gate {
            stage.open(gate);
        }
        let report = job.join();
        assert_eq!(codes(&report), ["import.canceled"], "{place}");
        assert_eq!(client.active_count(), 0, "{place}");
        let refused = client.submit(ImportRequest::new("b.head"));
        assert!(refused.is_err(), "{place}: nobody would ever import it");
        assert_eq!(client.active_count(), 0);
        drop(folder);
    }
}

#[test]
fn shutdown_ends_running_and_queued_jobs() {
    let mut settings = common::settings();
    settings.max_in_flight_jobs = 1;
    let mut stepper = Stepper::with(settings);
    stepper.stage.hold(&["cook a"]);
    let running = stepper.watch("a.head", Script::one("a"));
    let queued = stepper.watch("b.head", Script::one("b"));
    stepper.until_item("a", WorkState::Running);
    let fresh = stepper.watch("c.head", Script::one("c"));
    assert!(stepper.client.request_shutdown());
    assert!(!stepper.client.is_stopped());
    stepper.tick();
    assert_eq!(stepper.client.active_count(), 0);
    // It stops when the container is closed; nobody waits for the cook that still runs.
    stepper.until_stopped();
    let refused = stepper.spawn("d.head", Script::one("d"));
    stepper.stage.open("cook a");
    for job in [running, queued, fresh] {
        stepper.ended_once(job, JobState::Cancelled);
    }
    let report = &stepper.world().get::<FinishedReport>(refused).unwrap().0;
    assert_eq!(codes(report), ["import.shutdown"]);
    assert_eq!(report.outcome, JobState::Failed);
}

#[test]
fn progress_comes_before_the_end_and_never_after() {
    let mut stepper = Stepper::new();
    let job = stepper.watch(
        "a.head",
        Script::of([Step::texture("a"), Step::buffer("b")]),
    );
    let steps = job.steps.clone();
    stepper.ended_once(job, JobState::Complete);
    let steps = steps.lock().unwrap();
    let of = |kind| steps.iter().filter(|step| step.kind == kind).count();
    assert_eq!(
        (of(ProgressKind::JobStarted), of(ProgressKind::JobFinished)),
        (1, 1)
    );
    assert_eq!(
        (
            of(ProgressKind::ItemStarted),
            of(ProgressKind::ItemFinished)
        ),
        (2, 2)
    );
    assert_eq!(steps.last().unwrap().kind, ProgressKind::JobFinished);
}

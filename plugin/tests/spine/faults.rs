//! The disk fails, at each of its steps in turn: jobs say so, and the container is as it was.

use crate::common::{
    self, Stepper, codes,
    fake::{Script, Step},
    files,
};
use bevy_ecs::{lifecycle::Insert, prelude::*};
use bevy_kiln_components::{job::JobState, reservation::WriteState, work::WorkState};
use bevy_kiln_systems::{
    store::{Fault, FaultEffect, StoreOptions},
    verify::verify_container,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

const NO_SPACE: FaultEffect = FaultEffect::Errno(28);

fn script(name: &str) -> Script {
    let name = |step: &str| format!("{name} {step}");
    Script::of([
        Step::texture(&name("1")),
        Step::buffer(&name("2")),
        Step::texture(&name("3")).after(&[1]),
    ])
}

fn let_fail(stepper: &mut Stepper, fault: Option<Fault>) {
    stepper.world_mut().insert_resource(StoreOptions { fault });
}

/// A container with one job, and what it is with a second one.
fn expected() -> (common::Files, common::Files) {
    let mut stepper = Stepper::new();
    let job = stepper.submit("a.head", script("a"));
    assert!(stepper.finish(&job).success);
    stepper.drain();
    let before = files(&stepper.root());
    let job = stepper.submit("b.head", script("b"));
    assert!(stepper.finish(&job).success);
    stepper.drain();
    (before, files(&stepper.root()))
}

#[test]
fn each_step_of_a_second_import_fails_once() {
    let (before, after) = expected();
    let mut failures = 0;
    for step in 1..200 {
        let mut stepper = Stepper::new();
        let job = stepper.submit("a.head", script("a"));
        assert!(stepper.finish(&job).success);
        stepper.drain();
        let_fail(&mut stepper, Some(Fault::new(step, NO_SPACE)));
        let job = stepper.watch("b.head", script("b"));
        stepper.drain();
        let failed = !stepper.heard.observed.lock().unwrap()[1].success;
        if !failed {
            stepper.ended_once(job, JobState::Complete);
            assert_eq!(files(&stepper.root()), after, "step {step}");
            break;
        }
        failures += 1;
        let report = stepper.ended_once(job, JobState::Failed);
        let codes = codes(&report);
        assert!(codes.contains(&"io.no_space"), "step {step}: {codes:?}");
        assert!(report.products.is_empty() && report.outputs.is_empty());
        // The disk has space again: the next open mends what is left, and the import succeeds.
        let_fail(&mut stepper, None);
        let again = stepper.submit("a.head", script("a"));
        assert!(stepper.finish(&again).success, "step {step}");
        stepper.drain();
        let now = files(&stepper.root());
        assert!(now == before || now == after, "step {step}: all or nothing");
        let again = stepper.submit("b.head", script("b"));
        assert!(stepper.finish(&again).success, "step {step}");
        stepper.drain();
        assert_eq!(files(&stepper.root()), after, "step {step}");
    }
    assert!((5..199).contains(&failures), "{failures}");
}

#[test]
fn a_failed_write_fails_every_job_that_has_emitted_since_the_last_commit() {
    let mut stepper = Stepper::new();
    // Steps 1 to 3 make the folders and open the first file; the first write is among the next.
    let_fail(&mut stepper, Some(Fault::new(4, NO_SPACE)));
    stepper.stage.hold(&["cook b 2", "cook c 1"]);
    let emitted = stepper.watch("a.head", script("a"));
    let emitting = stepper.watch("b.head", script("b"));
    let cooking = stepper.watch("c.head", script("c"));
    stepper.until_item("b 1", WorkState::Emitted);
    stepper.stage.open("cook b 2");
    stepper.stage.open("cook c 1");
    for job in [emitted, emitting, cooking] {
        let report = stepper.ended_once(job, JobState::Failed);
        assert!(
            codes(&report).contains(&"import.commit_failed"),
            "{report:?}"
        );
    }
    assert!(!stepper.root().join("container.index.bin").exists());
}

/// Commits after each job.
fn eager() -> Stepper {
    let mut settings = common::settings();
    settings.commit_interval = Duration::ZERO;
    Stepper::with(settings)
}

/// The container after jobs that all succeed.
fn container_of(jobs: &[&str]) -> common::Files {
    let mut stepper = eager();
    for job in jobs {
        let handle = stepper.submit(&format!("{job}.head"), script(job));
        assert!(stepper.finish(&handle).success);
        stepper.drain();
    }
    files(&stepper.root())
}

#[test]
fn an_error_that_passes_spoils_nothing() {
    let expected: BTreeMap<&[&str], common::Files> = BTreeMap::from(
        [
            &["a"][..],
            &["a", "b"][..],
            &["a", "c"][..],
            &["a", "b", "c"][..],
        ]
        .map(|jobs| (jobs, container_of(jobs))),
    );
    let mut unfinished = 0;
    for step in 1.. {
        let mut stepper = eager();
        let job = stepper.submit("a.head", script("a"));
        assert!(stepper.finish(&job).success);
        stepper.drain();
        let fault = Fault::new(step, NO_SPACE).once();
        let_fail(&mut stepper, Some(fault.clone()));
        let jobs = ["b", "c"].map(|job| (job, stepper.watch(&format!("{job}.head"), script(job))));
        stepper.drain();
        let mut there = vec!["a"];
        for (name, job) in jobs {
            let reports = job.calls.clone();
            let outcome = reports.lock().unwrap()[0].outcome;
            let report = stepper.ended_once(job, outcome);
            let codes = codes(&report);
            let committed = codes.contains(&"import.commit_unfinished");
            unfinished += usize::from(committed);
            assert!(
                outcome == JobState::Complete || codes.contains(&"io.no_space"),
                "step {step}: {codes:?}"
            );
            if outcome == JobState::Complete || committed {
                there.push(name);
            }
        }
        // Closing mends what it can, and the next open the rest.
        let report = verify_container(&stepper.root());
        assert!(report.valid, "step {step}: {report:?}");
        assert_eq!(
            files(&stepper.root()),
            expected[there.as_slice()],
            "step {step}: {there:?}"
        );
        if !fault.has_happened() {
            assert!(there.len() == 3 && step > 20 && unfinished > 3);
            break;
        }
    }
}

#[test]
fn a_reservation_whose_bytes_cannot_be_written_says_so() {
    let mut stepper = Stepper::new();
    let_fail(&mut stepper, Some(Fault::new(4, NO_SPACE)));
    let seen: Arc<Mutex<Vec<WriteState>>> = Arc::default();
    let log = seen.clone();
    stepper.app.add_observer(
        move |insert: On<Insert<WriteState>>, states: Query<&WriteState>| {
            let state = states.get(insert.entity).unwrap();
            log.lock().unwrap().push(*state);
        },
    );
    let job = stepper.submit("a.head", Script::one("a"));
    assert_eq!(stepper.finish(&job).outcome, JobState::Failed);
    stepper.drain();
    let (writing, failed) = (WriteState::Writing, WriteState::Failed);
    // The fallback and the texture, in one batch.
    assert_eq!(*seen.lock().unwrap(), [writing, writing, failed, failed]);
}

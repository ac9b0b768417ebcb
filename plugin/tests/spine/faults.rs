//! The disk fails, at each of its steps in turn: jobs say so, and the container is as it was.

use crate::common::{
    self, Stepper, codes,
    fake::{Script, Step},
    files,
};
use bevy_kiln_components::{job::JobState, work::WorkState};
use bevy_kiln_systems::store::{Fault, FaultEffect, StoreOptions};

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

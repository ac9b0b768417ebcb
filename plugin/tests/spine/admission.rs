//! Admission: limits of pipelines and memory, and the counters that tell of them.

use crate::common::{
    self, Stepper, codes,
    fake::{Act, BUFFERS, Script, Step, TEXTURES},
};
use bevy_ecs::prelude::*;
use bevy_kiln_components::{
    budget::MemoryBudget,
    job::{ImportRequest, JobState, Progress},
    pipeline::{Counters, PipelineCounters, PipelineLimit},
    settings::ImportSettings,
    work::WorkState,
};
use bevy_kiln_systems::dispatch::ReadyWork;

fn limited(workers: usize, queue: usize) -> ImportSettings {
    let mut settings = common::settings();
    settings
        .pipelines
        .set(TEXTURES, PipelineLimit { workers, queue });
    settings
}

fn with_budget(bytes: u64) -> ImportSettings {
    let mut settings = common::settings();
    settings.memory_budget = bytes;
    settings
}

fn used(stepper: &Stepper) -> u64 {
    stepper.world().resource::<MemoryBudget>().used()
}

fn counters(stepper: &Stepper, kind: bevy_kiln_components::pipeline::WorkKind) -> Counters {
    stepper.world().resource::<PipelineCounters>().get(kind)
}

fn textures(names: &str) -> Script {
    Script::of(names.chars().map(|name| Step::texture(&name.to_string())))
}

#[test]
fn no_more_workers_than_allowed() {
    let mut stepper = Stepper::with(limited(2, 64));
    stepper.stage.hold(&["cook a", "cook b", "cook c"]);
    let job = stepper.submit("a.head", textures("abcdef"));
    stepper.until_item("b", WorkState::Running);
    stepper.settle();
    assert_eq!(stepper.item("c"), Some(WorkState::Queued));
    for gate in ["cook b", "cook a", "cook c"] {
        stepper.stage.open(gate);
        stepper.settle();
    }
    assert!(stepper.finish(&job).success);
    assert_eq!(stepper.stage.most(TEXTURES), 2);
}

#[test]
fn no_more_admitted_than_the_queue_holds() {
    let mut stepper = Stepper::with(limited(1, 3));
    stepper.stage.hold(&["cook a", "read d"]);
    let mut steps = textures("abcdef").steps;
    steps[3] = Step::texture("d").read(Act::Succeed);
    let job = stepper.submit("a.head", Script::of(steps));
    let mut most = 0;
    let mut opened = 0;
    stepper.until("the job ends", |world| {
        let admitted = world.resource::<ReadyWork>().admitted(TEXTURES);
        assert!(admitted <= 3, "{admitted}");
        most = most.max(admitted);
        opened += 1;
        opened > 50
    });
    assert_eq!(most, 3);
    for gate in ["cook a", "read d"] {
        stepper.stage.open(gate);
        stepper.settle();
        assert!(stepper.world().resource::<ReadyWork>().admitted(TEXTURES) <= 3);
    }
    assert!(stepper.finish(&job).success);
    let ready = stepper.world().resource::<ReadyWork>();
    assert_eq!((ready.admitted(TEXTURES), ready.waiting()), (0, 0));
}

#[test]
fn kinds_do_not_wait_for_each_other() {
    let mut stepper = Stepper::with(limited(1, 1));
    stepper.stage.hold(&["cook a"]);
    let steps = [Step::texture("a"), Step::texture("b"), Step::buffer("c")];
    let job = stepper.submit("a.head", Script::of(steps));
    stepper.until_item("c", WorkState::Cooked);
    assert_eq!(stepper.item("b"), Some(WorkState::Ready));
    stepper.stage.open("cook a");
    assert!(stepper.finish(&job).success);
}

#[test]
fn memory_stays_within_the_budget() {
    let mut stepper = Stepper::with(with_budget(10_000));
    let names = ["a", "b", "c", "d", "e", "f"];
    let gates = names.map(|name| format!("cook {name}"));
    stepper.stage.hold(&gates.each_ref().map(String::as_str));
    let steps = names.map(|name| Step::texture(name).peak(4_000));
    let job = stepper.submit("a.head", Script::of(steps));
    stepper.until_item("b", WorkState::Running);
    stepper.settle();
    assert_eq!(
        (used(&stepper), stepper.item("c")),
        (8_000, Some(WorkState::Ready))
    );
    // The first holds up the output: results pile up, and so they are claimed by their true size.
    for gate in gates.iter().skip(1) {
        stepper.stage.open(gate);
        stepper.settle();
        assert!(used(&stepper) <= 10_000, "{}", used(&stepper));
    }
    stepper.stage.open("cook a");
    assert!(stepper.finish(&job).success);
    assert_eq!(stepper.stage.most(TEXTURES), 2);
    stepper.drain();
}

#[test]
fn small_items_do_not_overtake_a_large_one() {
    let mut stepper = Stepper::with(with_budget(10_000));
    stepper.stage.hold(&["cook a"]);
    let steps = [
        Step::texture("a").peak(4_000),
        Step::texture("large").peak(9_000),
        Step::buffer("small").peak(1_000),
    ];
    let job = stepper.submit("a.head", Script::of(steps));
    stepper.until_item("a", WorkState::Running);
    stepper.settle();
    assert_eq!(stepper.item("large"), Some(WorkState::Ready));
    assert_eq!(stepper.item("small"), Some(WorkState::Ready));
    stepper.stage.open("cook a");
    assert!(stepper.finish(&job).success);
}

#[test]
fn a_budget_that_is_too_small_is_slow_not_stuck() {
    let mut stepper = Stepper::with(with_budget(1));
    let mut handles = Vec::new();
    for file in ["a.whole", "b.head", "c.whole"] {
        let name = |step: &str| format!("{file} {step}");
        let steps = [
            Step::texture(&name("1")),
            Step::buffer(&name("2")).after(&[0]).read(Act::Succeed),
            Step::texture(&name("3")).peak(1 << 40),
        ];
        let request = stepper.request(file, Script::of(steps).bytes(100_000));
        let root = stepper.folder.path().join(&file[..1]);
        handles.push(stepper.client.submit(request.into_container(root)).unwrap());
    }
    for handle in &handles {
        assert!(stepper.finish(handle).success);
    }
    assert_eq!(stepper.stage.most(TEXTURES), 1, "one after the other");
    stepper.drain();
}

#[test]
fn an_ended_job_does_not_hold_up_sources_that_wait_for_memory() {
    let mut stepper = Stepper::with(with_budget(1_000));
    let stage = stepper.stage.clone();
    let busy = stage.hold_recognition();
    let gone = stepper.spawn("gone.whole", Script::one("gone").bytes(100_000));
    stepper.tick();
    assert_eq!(stepper.client.cancel_all(), 1);
    stepper.tick();
    assert_eq!(stepper.world().get(gone), Some(&JobState::Cancelled));
    // Only now the source asks for memory, for a job that has ended.
    drop(busy);
    stepper.settle();
    for file in ["a.whole", "b.whole"] {
        let job = stepper.submit(file, Script::one(file).bytes(100_000));
        assert!(stepper.finish(&job).success);
    }
    stepper.drain();
}

#[test]
fn a_job_that_is_despawned_gives_its_memory_back() {
    let mut stepper = Stepper::new();
    stepper.stage.hold(&["cook a", "read c"]);
    let steps = [
        Step::texture("a").peak(5_000),
        Step::texture("b").peak(6_000),
        Step::texture("c").peak(7_000).read(Act::Succeed),
    ];
    let job = stepper.spawn("a.whole", Script::of(steps).bytes(100_000));
    stepper.until_item("b", WorkState::Cooked);
    assert!(used(&stepper) > 112_000, "{}", used(&stepper));
    stepper.world_mut().despawn(job);
    stepper.tick();
    // What runs uses its memory until it ends; everything else is free.
    assert_eq!(used(&stepper), 12_000);
    stepper.stage.open("cook a");
    stepper.stage.open("read c");
    stepper.drain();
}

#[test]
fn places_in_a_queue_are_given_back_once() {
    for items in ["a", "abc"] {
        let mut stepper = Stepper::with(limited(8, 2));
        stepper.stage.hold(&["cook a", "cook x"]);
        let other = stepper.submit("x.head", textures("x"));
        let job = stepper.spawn("a.head", textures(items));
        stepper.until_item("a", WorkState::Running);
        stepper.until_item("x", WorkState::Running);
        // It has just been cooked, and others may wait for its place, when its job ends.
        stepper.open_and_wait("cook a");
        stepper
            .world_mut()
            .entity_mut(job)
            .remove::<ImportRequest>();
        stepper.settle();
        let ready = stepper.world().resource::<ReadyWork>();
        assert_eq!(ready.admitted(TEXTURES), 1, "{items}");
        stepper.stage.open("cook x");
        assert!(stepper.finish(&other).success);
        stepper.drain();
    }
}

#[test]
fn counters_of_good_bad_and_cancelled_jobs() {
    let mut stepper = Stepper::new();
    let steps = [
        Step::texture("a"),
        Step::texture("b"),
        Step::buffer("c").after(&[0]),
    ];
    let good = stepper.submit("good.head", Script::of(steps));
    assert!(stepper.finish(&good).success);
    let bad = [
        Step::texture("d").cook(Act::Panic),
        Step::buffer("e").after(&[0]),
        Step::buffer("f").after(&[1]),
    ];
    let bad = stepper.submit("bad.head", Script::of(bad));
    assert!(!stepper.finish(&bad).success);
    for skipped in ["cook e", "cook f"] {
        assert!(!stepper.stage.reached(skipped), "{skipped}");
    }
    stepper.stage.hold(&["cook g"]);
    let cancelled = stepper.submit("cancelled.head", Script::of([Step::texture("g")]));
    stepper.settle();
    assert_eq!(stepper.item("g"), Some(WorkState::Running));
    assert_eq!(counters(&stepper, TEXTURES).in_flight(), 1);
    cancelled.cancel();
    stepper.tick();
    assert_eq!(counters(&stepper, TEXTURES).in_flight(), 0);
    stepper.stage.open("cook g");
    stepper.drain();
    let (textures, buffers) = (counters(&stepper, TEXTURES), counters(&stepper, BUFFERS));
    assert_eq!(
        (textures.submitted, textures.completed, textures.failed),
        (4, 2, 2)
    );
    assert_eq!(
        (buffers.submitted, buffers.completed, buffers.failed),
        (3, 1, 2)
    );
}

#[test]
fn progress_goes_from_phase_to_phase_and_by_items_between() {
    let mut stepper = Stepper::new();
    let gates = ["plan a.head", "cook a", "cook b", "cook c", "cook d"];
    stepper.stage.hold(&gates);
    let job = stepper.spawn("a.head", textures("abcd"));
    stepper.tick();
    let overall = |stepper: &Stepper| stepper.world().get::<Progress>(job).unwrap().overall();
    assert!(overall(&stepper).abs() < 1e-6);
    stepper.stage.open("plan a.head");
    stepper.until_job(job, JobState::Working);
    assert!((overall(&stepper) - 0.2).abs() < 1e-6);
    for (done, name) in ["a", "b", "c"].iter().enumerate() {
        stepper.stage.open(&format!("cook {name}"));
        stepper.until_item(name, WorkState::Emitted);
        let expected = 0.2 + 0.7 * (done + 1) as f32 / 4.0;
        assert!((overall(&stepper) - expected).abs() < 1e-6);
    }
    stepper.stage.open("cook d");
    stepper.until_job(job, JobState::Finalizing);
    assert!((overall(&stepper) - 0.9).abs() < 1e-6);
    stepper.until_job(job, JobState::Complete);
    let progress = stepper.world().get::<Progress>(job).unwrap();
    assert_eq!(
        (progress.total, progress.completed, progress.failed),
        (4, 4, 0)
    );
}

#[test]
fn a_kind_that_nobody_registered() {
    let mut stepper = Stepper::new();
    let kind = common::fake::UNREGISTERED;
    let steps = [Step::texture("a"), Step::of_kind("b", kind)];
    let job = stepper.submit("a.head", Script::of(steps));
    let report = stepper.finish(&job);
    assert_eq!(codes(&report), ["import.plan.pipeline_missing"]);
    assert!(report.diagnostics[0].message.contains(kind.0));
    assert!(
        !stepper.stage.reached("cook a"),
        "nothing of the plan is started"
    );
    assert_eq!(counters(&stepper, TEXTURES).submitted, 0);
}

#[test]
fn no_more_jobs_in_flight_than_allowed() {
    let mut settings = common::settings();
    settings.max_in_flight_jobs = 2;
    let mut stepper = Stepper::with(settings);
    stepper.stage.hold(&["cook a", "cook b", "cook c"]);
    let jobs: Vec<Entity> = ["a", "b", "c"]
        .iter()
        .map(|name| stepper.spawn(&format!("{name}.head"), Script::one(name)))
        .collect();
    stepper.until_item("b", WorkState::Running);
    stepper.settle();
    assert_eq!(stepper.world().get(jobs[2]), Some(&JobState::Pending));
    // The second is finished first, but it cannot be emitted before the first.
    stepper.stage.open("cook b");
    stepper.until_item("b", WorkState::Cooked);
    stepper.settle();
    assert_eq!(stepper.world().get(jobs[2]), Some(&JobState::Pending));
    stepper.stage.open("cook a");
    stepper.until_item("c", WorkState::Running);
    stepper.stage.open("cook c");
    stepper.until_job(jobs[2], JobState::Complete);
    stepper.drain();
}

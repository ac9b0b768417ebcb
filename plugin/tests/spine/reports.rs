//! What reports say of work items: lanes, times and bytes.

use crate::common::{
    Stepper,
    fake::{Act, Script, Step},
};
use bevy_kiln_components::{report::ImportReport, work::WorkState};
use bevy_kiln_systems::lanes::CookLanes;

/// True of every item that was cooked, whatever its kind.
fn check(report: &ImportReport, lanes: usize) {
    for item in &report.items {
        let (Some(started), Some(finished)) = (item.started, item.finished) else {
            panic!("it was cooked: {item:?}");
        };
        let collected = item.collected.expect("it was collected");
        assert!(started <= finished && finished <= collected, "{item:?}");
        assert!(
            report.telemetry.started <= started,
            "no item before its job"
        );
        assert_eq!(item.wall(), finished - started);
        assert_eq!(
            (item.spans[0].start, item.spans[0].end),
            (started, finished)
        );
        for span in &item.spans {
            assert!(usize::from(span.lane) < lanes && span.start <= span.end);
        }
        assert_eq!(item.cached, None, "there is no cache");
    }
    let cpu: u64 = report.items.iter().map(|item| item.cpu).sum();
    assert!(
        cpu <= report.telemetry.cpu,
        "a job takes what its items take"
    );
}

#[test]
fn items_are_in_the_order_of_the_plan_with_what_they_took() {
    let mut stepper = Stepper::new();
    let lanes = stepper.world().resource::<CookLanes>().max_lanes();
    let script = Script::of([
        Step::texture("first").read(Act::Succeed).peak(5_000),
        Step::buffer("second").after(&[0]).peak(7_000),
        Step::texture("third"),
    ]);
    let job = stepper.submit("a.head", script);
    let report = stepper.finish(&job);
    assert!(report.success);
    let names: Vec<_> = report.items.iter().map(|item| item.name.as_str()).collect();
    // The order of a plan goes by waves: the second one waits for the first.
    assert_eq!(names, ["first", "third", "second"]);
    check(&report, lanes);
    let [first, third, second] = report.items.as_slice() else {
        panic!("three items");
    };
    assert_eq!((first.peak_bytes, second.peak_bytes), (5_000, 7_000));
    assert!(
        first.source_bytes > 0 && third.source_bytes == 0,
        "one was read"
    );
    assert!(first.output_bytes > 0 && second.output_bytes > 0);
    assert!(
        first.collected <= second.started,
        "it needs what the first one made"
    );
    assert!(report.telemetry.write > 0, "payloads were written");
    stepper.drain();
}

#[test]
fn lanes_do_one_thing_at_a_time() {
    let mut stepper = Stepper::new();
    let lanes = stepper.world().resource::<CookLanes>().max_lanes();
    let jobs: Vec<_> = (0..40)
        .map(|job| {
            let name = format!("t{job}");
            stepper.submit(&format!("{name}.head"), Script::one(&name))
        })
        .collect();
    let mut spans = Vec::new();
    for job in &jobs {
        let report = stepper.finish(job);
        check(&report, lanes);
        spans.extend(report.items.iter().flat_map(|item| item.spans.clone()));
    }
    assert_eq!(spans.len(), 40);
    spans.sort_by_key(|span| (span.lane, span.start));
    for pair in spans.windows(2) {
        assert!(
            pair[0].lane != pair[1].lane || pair[0].end <= pair[1].start,
            "{pair:?}"
        );
    }
    stepper.drain();
}

#[test]
fn a_failed_job_tells_what_its_items_took_and_a_cancelled_one_nothing() {
    let mut stepper = Stepper::new();
    let script = Script::of([
        Step::texture("fine"),
        Step::texture("broken").cook(Act::Fail),
    ]);
    let failed = stepper.submit("a.head", script);
    let report = stepper.finish(&failed);
    assert!(!report.success);
    assert_eq!(report.items.len(), 2);
    let broken = report
        .items
        .iter()
        .find(|item| item.name == "broken")
        .unwrap();
    assert!(broken.started.is_some() && broken.output_bytes == 0);

    stepper.stage.hold(&["cook b"]);
    let cancelled = stepper.submit("b.head", Script::one("b"));
    stepper.until_item("b", WorkState::Running);
    cancelled.cancel();
    let report = stepper.finish(&cancelled);
    assert!(report.items.is_empty() && report.telemetry.cpu == 0);
    stepper.stage.open("cook b");
    stepper.drain();
}

#[test]
fn a_failed_job_tells_the_warnings_of_all_items_that_were_cooked() {
    let mut stepper = Stepper::new();
    stepper.stage.hold(&["cook broken"]);
    let script = Script::of([
        Step::texture("emitted").warning("the first"),
        Step::texture("broken")
            .cook(Act::Fail)
            .warning("never told: it was not cooked"),
        // Their results wait behind the broken one, and are never emitted.
        Step::texture("second").warning("the second"),
        Step::buffer("third").warning("the third"),
    ]);
    let job = stepper.submit("a.head", script);
    stepper.until_item("emitted", WorkState::Emitted);
    stepper.until_item("second", WorkState::Cooked);
    stepper.until_item("third", WorkState::Cooked);
    stepper.stage.open("cook broken");
    let report = stepper.finish(&job);
    assert!(!report.success);
    let told: Vec<&str> = report
        .diagnostics
        .iter()
        .map(|told| told.message.as_str())
        .collect();
    assert_eq!(
        told,
        [
            "the first",
            "broken fails as the script says",
            "the second",
            "the third"
        ]
    );
    assert_eq!(
        report.diagnostics.iter().filter(|d| d.is_error()).count(),
        1
    );
    stepper.drain();
}

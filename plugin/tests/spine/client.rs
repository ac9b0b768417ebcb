//! The client: any thread, any number of clones.

use crate::common::{
    self, Stepper, codes,
    fake::{Act, Script, Step},
};
use bevy_kiln_components::{
    job::{ImportRequest, JobId, JobState},
    service::Refused,
    work::WorkState,
};
use bevy_kiln_plugin::SubmitError;
use std::collections::BTreeSet;

#[test]
fn many_threads_submit_at_once() {
    const THREADS: usize = 8;
    const EACH: usize = 12;
    let mut settings = common::settings();
    settings.max_queued_jobs = THREADS * EACH;
    let mut stepper = Stepper::with(settings);
    let requests: Vec<Vec<ImportRequest>> = (0..THREADS)
        .map(|thread| {
            (0..EACH)
                .map(|job| {
                    let name = format!("{thread}-{job}");
                    stepper.request(&format!("{name}.head"), Script::one(&name))
                })
                .collect()
        })
        .collect();
    let threads: Vec<_> = requests
        .into_iter()
        .map(|requests| {
            let client = stepper.client.clone();
            std::thread::spawn(move || -> Vec<_> {
                let submit = |request| client.submit(request).unwrap();
                requests.into_iter().map(submit).collect()
            })
        })
        .collect();
    let mut ids = BTreeSet::new();
    let mut handles = Vec::new();
    for thread in threads {
        let mine = thread.join().unwrap();
        assert!(
            mine.windows(2).all(|pair| pair[0].id() < pair[1].id()),
            "ascending"
        );
        ids.extend(mine.iter().map(|handle| handle.id().0));
        handles.extend(mine);
    }
    assert_eq!(ids, (1..=(THREADS * EACH) as u64).collect());
    assert_eq!(stepper.client.active_count(), THREADS * EACH);
    for handle in &handles {
        assert!(stepper.finish(handle).success);
    }
    stepper.drain();
    // The order of the output is the order of ids.
    handles.sort_by_key(|handle| handle.id());
    let observed = stepper.heard.observed.lock().unwrap();
    let mut indices: Vec<(JobId, u32)> = observed
        .iter()
        .map(|report| match &report.products[0] {
            bevy_kiln_components::report::Product::Texture { index, .. } => (report.job, *index),
            other => panic!("{other:?}"),
        })
        .collect();
    indices.sort_unstable();
    assert!(
        indices
            .iter()
            .all(|(job, index)| job.0 == u64::from(*index))
    );
}

#[test]
fn a_full_queue_refuses_until_a_job_ends() {
    let mut settings = common::settings();
    settings.max_queued_jobs = 2;
    // A job ends with a commit, which otherwise waits until the container is idle.
    settings.commit_interval = std::time::Duration::ZERO;
    let mut stepper = Stepper::with(settings);
    stepper.stage.hold(&["cook a", "cook b"]);
    let a = stepper.submit("a.head", Script::one("a"));
    let b = stepper.submit("b.head", Script::one("b"));
    let request = stepper.request("c.head", Script::one("c"));
    let Err(refused) = stepper.client.submit(request.clone()) else {
        panic!("there is no room");
    };
    assert!(matches!(
        refused,
        SubmitError::Refused(Refused::Full { capacity: 2 })
    ));
    let told = refused.diagnostic(&request);
    assert_eq!(told.code.id(), "import.queue_full");
    assert_eq!(told.source.as_deref(), Some(request.source()));
    stepper.stage.open("cook a");
    assert!(stepper.finish(&a).success);
    let c = stepper.client.submit(request).unwrap();
    assert_eq!(c.id(), JobId(3), "a refusal uses no id");
    stepper.stage.open("cook b");
    assert!(stepper.finish(&b).success && stepper.finish(&c).success);
}

#[test]
fn spawned_requests_wait_where_clients_are_refused() {
    let mut settings = common::settings();
    settings.max_queued_jobs = 1;
    let mut stepper = Stepper::with(settings);
    let jobs: Vec<_> = (0..5)
        .map(|job| stepper.spawn(&format!("{job}.head"), Script::one(&format!("{job}"))))
        .collect();
    for job in jobs {
        stepper.until_job(job, JobState::Complete);
    }
}

#[test]
fn ids_that_cannot_be_cancelled() {
    let mut stepper = Stepper::new();
    let good = stepper.submit("a.head", Script::one("a"));
    let bad = stepper.submit("b.head", Script::of([Step::texture("b").cook(Act::Fail)]));
    stepper.finish(&good);
    stepper.finish(&bad);
    for id in [0, 999, good.id().0, bad.id().0] {
        assert!(!stepper.client.cancel(JobId(id)), "{id}");
        assert!(!stepper.client.is_active(JobId(id)), "{id}");
    }
    assert_eq!(stepper.client.cancel_all(), 0);
}

#[test]
fn counts_follow_the_jobs() {
    let mut settings = common::settings();
    settings.max_in_flight_jobs = 2;
    let mut stepper = Stepper::with(settings);
    stepper.stage.hold(&["cook 0", "cook 1", "cook 2"]);
    let handles: Vec<_> = (0..4)
        .map(|job| stepper.submit(&format!("{job}.head"), Script::one(&format!("{job}"))))
        .collect();
    let counts = |stepper: &Stepper| {
        let client = &stepper.client;
        (
            client.pending_count(),
            client.in_flight_count(),
            client.active_count(),
        )
    };
    assert_eq!(counts(&stepper), (4, 0, 4));
    stepper.until_item("1", WorkState::Running);
    assert_eq!(counts(&stepper), (2, 2, 4));
    handles[0].cancel();
    stepper.tick();
    assert_eq!(stepper.client.active_count(), 3);
    stepper.until_item("2", WorkState::Running);
    assert_eq!(counts(&stepper), (1, 2, 3));
    assert_eq!(stepper.client.cancel_all(), 3);
    stepper.tick();
    assert_eq!(counts(&stepper), (0, 0, 0));
    for handle in handles {
        assert_eq!(handle.try_report().unwrap().outcome, JobState::Cancelled);
    }
    for gate in ["cook 0", "cook 1", "cook 2"] {
        stepper.stage.open(gate);
    }
    stepper.drain();
    // Cancelling all is no shutdown.
    let after = stepper.submit("after.head", Script::one("after"));
    assert!(stepper.finish(&after).success);
}

#[test]
fn a_requested_shutdown_is_not_a_finished_one() {
    let mut stepper = Stepper::new();
    stepper.stage.hold(&["cook a"]);
    let a = stepper.submit("a.head", Script::one("a"));
    stepper.until_item("a", WorkState::Running);
    let client = stepper.client.clone();
    assert!(client.is_accepting() && !client.is_stopped());
    assert!(client.request_shutdown());
    assert!(
        !client.request_shutdown(),
        "only the first call asks for it"
    );
    assert!(!client.is_accepting() && !client.is_stopped());
    let refused = client.submit(ImportRequest::new("b.head"));
    assert!(matches!(
        refused,
        Err(SubmitError::Refused(Refused::Shutdown))
    ));
    stepper.until_stopped();
    assert_eq!(stepper.finish(&a).outcome, JobState::Cancelled);
    stepper.stage.open("cook a");
    stepper.drain();
}

#[test]
fn an_idle_service_stops() {
    let mut stepper = Stepper::new();
    stepper.tick();
    stepper.client.request_shutdown();
    assert!(!stepper.client.is_stopped());
    stepper.tick();
    assert!(stepper.client.is_stopped());
}

#[test]
fn a_commit_that_runs_is_finished_before_the_service_stops() {
    let mut stepper = Stepper::new();
    let job = stepper.submit("a.head", Script::one("a"));
    stepper.until_container(&bevy_kiln_components::container::ContainerState::Committing);
    stepper.client.request_shutdown();
    stepper.until_stopped();
    assert!(job.try_report().unwrap().success);
    assert!(stepper.root().join("container.index.bin").exists());
}

#[test]
fn a_callback_may_use_the_client() {
    let mut stepper = Stepper::new();
    let next = stepper.request("b.head", Script::one("b"));
    let (client, request) = (
        stepper.client.clone(),
        stepper.request("a.head", Script::one("a")),
    );
    let (sender, receiver) = std::sync::mpsc::channel();
    let on_complete = move |_| sender.send(client.submit(next).unwrap()).unwrap();
    let none = None::<fn(&bevy_kiln_components::messages::ImportProgress)>;
    stepper
        .client
        .submit_with(request, on_complete, none)
        .unwrap();
    let mut second = None;
    stepper.until("the callback submits", |_| {
        second = second.take().or_else(|| receiver.try_recv().ok());
        second.is_some()
    });
    assert!(stepper.finish(&second.unwrap()).success);
}

#[test]
fn a_job_that_names_nothing_fails() {
    let mut stepper = Stepper::new();
    for source in ["", "  "] {
        let request = ImportRequest::new(source).into_container(stepper.root());
        let handle = stepper.client.submit(request).unwrap();
        let report = stepper.finish(&handle);
        assert_eq!(codes(&report), ["texture.source_missing"]);
    }
}

#[test]
fn tables_may_have_room_for_few_entries_only() {
    let mut settings = common::settings();
    settings.max_table_entries = 2;
    let mut stepper = Stepper::with(settings);
    let texture = stepper.submit("a.head", Script::one("a"));
    assert!(stepper.finish(&texture).success);
    // Index 0 is the fallback, 1 the texture; what is there already needs no room.
    let again = stepper.submit("a.head", Script::one("a"));
    assert!(stepper.finish(&again).success);
    let full = stepper.submit("b.head", Script::one("b"));
    assert_eq!(codes(&stepper.finish(&full)), ["container.table_full"]);
    for (name, fits) in [("c", true), ("d", true), ("e", false)] {
        let script = Script::of([Step::buffer(name)]);
        let handle = stepper.submit(&format!("{name}.head"), script);
        let report = stepper.finish(&handle);
        assert_eq!(report.success, fits, "{name}");
        if !fits {
            assert_eq!(codes(&report), ["container.table_full"]);
        }
    }
}

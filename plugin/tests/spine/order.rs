//! The output depends on what was asked for, and on nothing else.

use crate::common::{
    self, Stepper,
    fake::{Act, Script, Step},
    files, stamps,
};
use bevy_kiln_assets::format::{
    ids::{ContentHash, TextureIndex},
    texture_payload::TexturePayload,
    texture_table::TextureEntry,
};
use bevy_kiln_components::{
    container::Container,
    job::{ImportRequest, JobId, JobState},
    report::{ImportReport, Product},
    reservation::{Reservation, WriteState},
    work::{WorkName, WorkState},
};
use bevy_kiln_systems::work::{EmittedOutputs, Place};
use std::path::Path;

const TABLE: &str = "Resources/textures.table";
const DATA: &str = "Resources/textures.data";
const INDEX: &str = "container.index.bin";

fn textures(root: &Path) -> Vec<TextureEntry> {
    let table = std::fs::read(root.join(TABLE)).unwrap();
    table
        .chunks(TextureEntry::BYTES)
        .map(|entry| TextureEntry::parse(entry).unwrap())
        .collect()
}

/// The index of each texture of a report, and whether it was there before.
fn placed(report: &ImportReport) -> Vec<(u32, bool)> {
    let place = |product: &Product| match product {
        Product::Texture { index, reused, .. } | Product::Buffer { index, reused, .. } => {
            (*index, *reused)
        }
        other => panic!("{other:?}"),
    };
    report.products.iter().map(place).collect()
}

/// A job with dependencies, buffers, textures, and content that other jobs have too.
fn mixed(job: usize) -> Script {
    let name = |step: &str| format!("{job}{step}");
    Script::of([
        Step::texture(&name("a")).after(&[2]),
        Step::buffer(&name("b")),
        Step::texture(&name("c")),
        Step::texture(&name("d")).content("the same everywhere"),
        Step::buffer(&name("e")).after(&[0, 1]),
    ])
}

/// A generator of permutations: Numerical Recipes' linear congruence.
pub fn shuffled(mut gates: Vec<String>, seed: u64) -> Vec<String> {
    let mut state = seed;
    for last in (1..gates.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        gates.swap(last, (state >> 33) as usize % (last + 1));
    }
    gates
}

#[test]
fn the_order_of_completion_is_not_seen() {
    let run = |seed: u64| {
        let mut stepper = Stepper::new();
        let gates: Vec<String> = (0..3)
            .flat_map(|job| ["a", "b", "c", "d", "e"].map(|step| format!("cook {job}{step}")))
            .collect();
        let names: Vec<&str> = gates.iter().map(String::as_str).collect();
        stepper.stage.hold(&names);
        let handles: Vec<_> = (0..3)
            .map(|job| stepper.submit(&format!("{job}.head"), mixed(job)))
            .collect();
        for (opened, gate) in shuffled(gates, seed).iter().enumerate() {
            stepper.stage.open(gate);
            // Some results come in alone, others together.
            for _ in 0..(seed as usize + opened) % 4 {
                stepper.tick();
            }
        }
        let products: Vec<_> = handles
            .iter()
            .map(|handle| stepper.finish(handle).products.clone())
            .collect();
        stepper.drain();
        (files(&stepper.root()), products)
    };
    let expected = run(0);
    assert_eq!(expected.0.len(), 6, "{:?}", expected.0.keys());
    for seed in 1..12 {
        assert_eq!(run(seed), expected, "seed {seed}");
    }
}

#[test]
fn an_index_is_final_before_its_bytes_are_written() {
    let mut stepper = Stepper::new();
    stepper.stage.hold(&["cook b"]);
    stepper.submit(
        "a.head",
        Script::of([Step::texture("a"), Step::texture("b")]),
    );
    stepper.until_item("a", WorkState::Emitted);
    let world = stepper.world_mut();
    let mut items = world.query::<(&WorkName, &EmittedOutputs)>();
    let mut emitted = items
        .iter(world)
        .filter_map(|(name, outputs)| Some((&name.0, outputs.0.as_ref()?)));
    let (name, outputs) = emitted.next().unwrap();
    assert_eq!(name, "a");
    assert_eq!(outputs.places, [Place::Texture(TextureIndex(1))]);
    assert!(emitted.next().is_none());
    let mut reservations = world.query::<(&Reservation, &WriteState)>();
    let (reservation, state) = reservations
        .iter(world)
        .find(|(reservation, _)| reservation.index == 1)
        .unwrap();
    assert_eq!(*state, WriteState::Writing);
    let range = reservation.range.clone();
    stepper.stage.open("cook b");
    stepper.drain();
    let entry = &textures(&stepper.root())[1];
    assert_eq!(entry.data_offset(), range.start);
    assert_eq!(u64::from(entry.size_bytes()), range.end - range.start);
    let data = std::fs::read(stepper.root().join(DATA)).unwrap();
    let payload = &data[range.start as usize..range.end as usize];
    let payload = TexturePayload::parse(payload).unwrap();
    assert_eq!(payload.content_hash(), entry.content_hash());
}

#[test]
fn the_fallback_is_the_first_texture() {
    let mut stepper = Stepper::new();
    let job = stepper.submit("a.head", Script::one("a"));
    assert_eq!(placed(&stepper.finish(&job)), [(1, false)]);
    let entries = textures(&stepper.root());
    let shape = entries[0].shape();
    assert_eq!((shape.width(), shape.height(), shape.mips()), (1, 1, 1));
    let data = std::fs::read(stepper.root().join(DATA)).unwrap();
    let payload = TexturePayload::parse(&data[..entries[0].size_bytes() as usize]).unwrap();
    assert_eq!(&payload.data(0).unwrap()[..4], [0xff; 4]);
}

#[test]
fn buffers_alone_need_no_fallback() {
    let mut stepper = Stepper::new();
    let job = stepper.submit("a.head", Script::of([Step::buffer("a")]));
    assert_eq!(placed(&stepper.finish(&job)), [(0, false)]);
    assert!(!stepper.root().join(TABLE).exists());
}

#[test]
fn a_job_without_items_is_complete() {
    let mut stepper = Stepper::new();
    let job = stepper.submit("a.head", Script::of([]));
    let report = stepper.finish(&job);
    assert!(report.success && report.products.is_empty());
}

/// Runs three jobs, the second of which ends badly after its first texture was emitted and the
/// third was cooked. Returns the container.
fn with_bad_middle(bad: Option<fn(&mut Stepper)>) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut stepper = Stepper::new();
    let first = stepper.submit("0.head", mixed(0));
    if let Some(bad) = bad {
        stepper.stage.hold(&["cook bad"]);
        let steps = [
            Step::texture("good"),
            Step::buffer("also good"),
            Step::texture("bad").cook(Act::Fail),
            Step::buffer("after").after(&[2]),
        ];
        let middle = stepper.submit("middle.head", Script::of(steps));
        let last = stepper.submit("2.head", mixed(2));
        stepper.until_item("also good", WorkState::Emitted);
        stepper.until_item("2d", WorkState::Cooked);
        bad(&mut stepper);
        assert!(!stepper.finish(&middle).success);
        assert!(stepper.finish(&last).success);
    } else {
        let last = stepper.submit("2.head", mixed(2));
        assert!(stepper.finish(&last).success);
    }
    assert!(stepper.finish(&first).success);
    stepper.drain();
    files(&stepper.root()).into_iter().collect()
}

#[test]
fn a_bad_job_in_the_middle_leaves_no_trace() {
    let expected = with_bad_middle(None);
    let fails = with_bad_middle(Some(|stepper| stepper.stage.open("cook bad")));
    assert_eq!(fails, expected);
    let cancelled = with_bad_middle(Some(|stepper| {
        assert!(stepper.client.cancel(JobId(2)));
        stepper.tick();
        stepper.stage.open("cook bad");
    }));
    assert_eq!(cancelled, expected);
    let despawned = with_bad_middle(Some(|stepper| {
        let job = stepper.job(JobId(2)).unwrap();
        stepper.world_mut().despawn(job);
        stepper.tick();
        stepper.stage.open("cook bad");
    }));
    assert_eq!(despawned, expected);
}

#[test]
fn a_job_that_has_emitted_everything_leaves_no_trace_either() {
    let alone = {
        let mut stepper = Stepper::new();
        let job = stepper.submit("1.head", Script::one("one"));
        assert!(stepper.finish(&job).success);
        stepper.drain();
        files(&stepper.root())
    };
    let leave: [fn(&mut Stepper); 2] = [
        |stepper| assert!(stepper.client.cancel(JobId(1))),
        |stepper| {
            let job = stepper.job(JobId(1)).unwrap();
            stepper.world_mut().despawn(job);
        },
    ];
    for leave in leave {
        let mut stepper = Stepper::new();
        stepper.stage.hold(&["cook one"]);
        let first = stepper.watch("0.head", mixed(0));
        let second = stepper.submit("1.head", Script::one("one"));
        stepper.until_item("0e", WorkState::Emitted);
        stepper.until_item("one", WorkState::Running);
        // The next job could emit in the very tick in which the first is taken back.
        stepper.open_and_wait("cook one");
        leave(&mut stepper);
        assert!(stepper.finish(&second).success);
        stepper.ended_once(first, JobState::Cancelled);
        assert_eq!(files(&stepper.root()), alone);
    }
}

#[test]
fn jobs_of_one_root_share_a_container_and_cook_side_by_side() {
    let mut stepper = Stepper::new();
    stepper.stage.hold(&["cook a", "cook b"]);
    let a = stepper.submit("a.head", Script::one("a"));
    let request = stepper.request("b.head", Script::one("b"));
    let roundabout = stepper.root().join("x").join("..");
    let b = stepper
        .client
        .submit(request.into_container(roundabout))
        .unwrap();
    stepper.until_item("a", WorkState::Running);
    stepper.until_item("b", WorkState::Running);
    let world = stepper.world_mut();
    assert_eq!(world.query::<&Container>().iter(world).count(), 1);
    stepper.stage.open("cook b");
    stepper.until_item("b", WorkState::Cooked);
    stepper.stage.open("cook a");
    let (a, b) = (stepper.finish(&a), stepper.finish(&b));
    assert_eq!(
        (placed(&a), placed(&b)),
        (vec![(1, false)], vec![(2, false)])
    );
    assert_eq!(a.source_key, b.source_key, "one commit");
}

#[test]
fn equal_content_is_stored_once() {
    let mut stepper = Stepper::new();
    let same = |name: &str| Step::texture(name).content("same");
    let steps = [same("a"), same("b"), Step::texture("c")];
    let first = stepper.submit("a.head", Script::of(steps));
    let second = stepper.submit("b.head", Script::of([same("d")]));
    assert_eq!(
        placed(&stepper.finish(&first)),
        [(1, false), (1, true), (2, false)]
    );
    assert_eq!(placed(&stepper.finish(&second)), [(1, true)]);
    stepper.drain();
    let third = stepper.submit("c.head", Script::of([same("e"), Step::texture("f")]));
    assert_eq!(placed(&stepper.finish(&third)), [(1, true), (3, false)]);
    assert_eq!(textures(&stepper.root()).len(), 4);
}

#[test]
fn a_second_import_appends() {
    let mut stepper = Stepper::new();
    let first = stepper.submit("0.head", mixed(0));
    let first = stepper.finish(&first);
    stepper.drain();
    let before = files(&stepper.root());
    let second = stepper.submit("1.head", mixed(1));
    let second = stepper.finish(&second);
    assert!(second.success, "{second:?}");
    stepper.drain();
    let after = files(&stepper.root());
    for (path, bytes) in &before {
        if path.starts_with("Resources") {
            assert!(after[path].len() > bytes.len(), "{path:?}");
            assert!(after[path].starts_with(bytes), "{path:?}");
        }
    }
    assert_eq!(
        first.source_key, second.source_key,
        "it is the same container"
    );
    assert_ne!(before[Path::new(INDEX)], after[Path::new(INDEX)]);
}

#[test]
fn an_unchanged_import_writes_nothing() {
    let mut stepper = Stepper::new();
    let jobs = |stepper: &mut Stepper| {
        for job in 0..2 {
            let handle = stepper.submit(&format!("{job}.head"), mixed(job));
            let report = stepper.finish(&handle);
            assert!(report.success, "{report:?}");
        }
        stepper.drain();
    };
    jobs(&mut stepper);
    let before = (files(&stepper.root()), stamps(&stepper.root()));
    jobs(&mut stepper);
    assert_eq!((files(&stepper.root()), stamps(&stepper.root())), before);
}

fn partly_bad(stepper: &mut Stepper, keep: bool) -> ImportRequest {
    stepper.stage.hold(&["cook bad"]);
    let steps = [Step::texture("good"), Step::texture("bad").cook(Act::Fail)];
    let request = stepper.request("bad.head", Script::of(steps));
    request.keep_partial(keep)
}

#[test]
fn what_a_failed_job_keeps_is_committed() {
    for follower in [false, true] {
        let mut stepper = Stepper::new();
        let request = partly_bad(&mut stepper, true);
        let bad = stepper.client.submit(request).unwrap();
        let good = follower.then(|| stepper.submit("after.head", Script::one("after")));
        stepper.until_item("good", WorkState::Emitted);
        stepper.stage.open("cook bad");
        assert_eq!(stepper.finish(&bad).outcome, JobState::Failed);
        if let Some(good) = good {
            assert_eq!(placed(&stepper.finish(&good)), [(2, false)]);
        }
        stepper.drain();
        assert_eq!(textures(&stepper.root()).len(), 2 + usize::from(follower));
    }
}

#[test]
fn what_a_failed_job_does_not_keep_is_gone() {
    let mut stepper = Stepper::new();
    let request = partly_bad(&mut stepper, false);
    let bad = stepper.client.submit(request).unwrap();
    stepper.until_item("good", WorkState::Emitted);
    stepper.stage.open("cook bad");
    assert_eq!(stepper.finish(&bad).outcome, JobState::Failed);
    stepper.drain();
    assert!(!stepper.root().exists());
}

#[test]
fn without_hashes_only_one_source_is_equal_to_itself() {
    let mut settings = common::settings();
    settings.content_hashing = false;
    let mut stepper = Stepper::with(settings);
    let same = |name: &str| Step::texture(name).content("same").unhashed();
    let job = stepper.submit("a.head", Script::of([same("a"), same("b"), same("a")]));
    let report = stepper.finish(&job);
    assert_eq!(placed(&report), [(1, false), (2, false), (1, true)]);
    for entry in textures(&stepper.root()) {
        assert_eq!(entry.content_hash(), ContentHash::NONE);
    }
}

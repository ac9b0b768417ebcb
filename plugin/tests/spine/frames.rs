//! The app's own systems go on while everything cooks.

use crate::common::{
    self, Stepper,
    fake::{Script, Step, TEXTURES},
};
use bevy_app::{App, TaskPoolOptions, TaskPoolPlugin, TaskPoolThreadAssignmentPolicy, Update};
use bevy_ecs::prelude::*;
use bevy_kiln_components::{job::ImportRequest, pipeline::PipelineLimit, work::WorkState};
use bevy_kiln_plugin::{ImportClient, ImportPlugin};
use bevy_kiln_systems::lanes::CookLanes;
use bevy_tasks::ComputeTaskPool;
use std::process::Command;

#[derive(Resource, Default)]
struct Frames(usize);

#[derive(Resource, Default)]
struct Others(usize);

fn count(mut frames: ResMut<Frames>) {
    frames.0 += 1;
}

fn count_too(mut others: ResMut<Others>) {
    others.0 += 1;
}

/// Systems that a multi-threaded schedule runs as tasks of the compute pool.
fn add_systems(app: &mut App) {
    app.init_resource::<Frames>()
        .init_resource::<Others>()
        .add_systems(Update, (count, count_too));
}

fn many_workers() -> Stepper {
    let mut settings = common::settings();
    let limit = PipelineLimit {
        workers: 64,
        queue: 64,
    };
    settings.pipelines.set(TEXTURES, limit);
    Stepper::with(settings)
}

#[test]
fn one_lane_less_than_the_pool_has_threads() {
    let mut stepper = many_workers();
    let names: Vec<String> = (0..20).map(|item| format!("{item}")).collect();
    let gates: Vec<String> = names.iter().map(|name| format!("cook {name}")).collect();
    let held: Vec<&str> = gates.iter().map(String::as_str).collect();
    stepper.stage.hold(&held);
    let steps = names.iter().map(|name| Step::texture(name));
    let job = stepper.submit("a.head", Script::of(steps));
    let lanes = ComputeTaskPool::get().thread_num() - 1;
    stepper.until_item(&(lanes - 1).to_string(), WorkState::Running);
    stepper.settle();
    assert_eq!(
        stepper.item(&lanes.to_string()),
        Some(WorkState::Queued),
        "whatever the workers"
    );
    assert_eq!(stepper.world().resource::<CookLanes>().open(), lanes);
    for gate in &gates {
        stepper.stage.open(gate);
    }
    assert!(stepper.finish(&job).success);
    assert_eq!(stepper.stage.most(TEXTURES), lanes);
}

#[test]
fn ticks_go_on_while_every_lane_is_blocked() {
    let mut stepper = many_workers();
    add_systems(&mut stepper.app);
    let lanes = ComputeTaskPool::get().thread_num() - 1;
    let names: Vec<String> = (0..lanes).map(|item| format!("{item}")).collect();
    let gates: Vec<String> = names.iter().map(|name| format!("block {name}")).collect();
    let held: Vec<&str> = gates.iter().map(String::as_str).collect();
    stepper.stage.hold(&held);
    let steps = names.iter().map(|name| Step::texture(name));
    let job = stepper.submit("a.head", Script::of(steps));
    stepper.until_item(&(lanes - 1).to_string(), WorkState::Running);
    let before = stepper.world().resource::<Frames>().0;
    for _ in 0..100 {
        // With every thread of the pool blocked, this would never return.
        stepper.tick();
    }
    assert_eq!(stepper.world().resource::<Frames>().0, before + 100);
    for gate in &gates {
        stepper.stage.open(gate);
    }
    assert!(stepper.finish(&job).success);
}

/// The pools of a process are made once, so one with a single compute thread needs a process of its
/// own: this test again, told so by the environment.
const ALONE: &str = "KILN_TEST_ONE_THREAD";

#[test]
fn ticks_go_on_between_the_slices_of_a_single_thread() {
    if std::env::var_os(ALONE).is_some() {
        tick_on_one_thread();
        return;
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "frames::ticks_go_on_between_the_slices_of_a_single_thread",
        ])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{text}");
    assert!(text.contains("1 passed"), "{text}");
}

fn tick_on_one_thread() {
    let one = TaskPoolThreadAssignmentPolicy {
        min_threads: 1,
        max_threads: 1,
        percent: 1.0,
        on_thread_spawn: None,
        on_thread_destroy: None,
    };
    let pools = TaskPoolPlugin {
        task_pool_options: TaskPoolOptions {
            min_total_threads: 1,
            max_total_threads: 3,
            io: one.clone(),
            async_compute: one.clone(),
            compute: one,
        },
    };
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("noise.bmp");
    std::fs::write(&source, bitmap(256)).unwrap();
    let mut app = App::new();
    app.add_plugins((pools, ImportPlugin::default()));
    add_systems(&mut app);
    app.finish();
    app.cleanup();
    assert_eq!(ComputeTaskPool::get().thread_num(), 1);
    let client = app.world().resource::<ImportClient>().clone();
    let request = ImportRequest::new(source.to_str().unwrap());
    let job = client
        .submit(request.into_container(folder.path().join("cooked")))
        .unwrap();
    let (mut cooking, mut states) = (0, app.world_mut().query::<&WorkState>());
    let report = loop {
        if let Some(report) = job.try_report() {
            break report;
        }
        app.update();
        let running = |state: &WorkState| *state == WorkState::Running;
        cooking += usize::from(states.iter(app.world()).any(running));
    };
    assert!(report.success, "{report:?}");
    // 87,000 texels in parts of 512: without slices there would be one tick or two.
    assert!(cooking > 40, "{cooking} ticks");
}

/// An image of noise: 24 bits, no padding because the width is a multiple of four.
fn bitmap(size: u32) -> Vec<u8> {
    let mut bytes = b"BM".to_vec();
    for word in [54 + size * size * 3, 0, 54, 40, size, size] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend([1, 0, 24, 0]);
    bytes.extend([0; 24]);
    let mut state = 1_u32;
    bytes.extend((0..size * size * 3).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    }));
    bytes
}

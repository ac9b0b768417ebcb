//! Headless runs: no window, no frames, no spinning.
//!
//! The runner ticks when there is something to do and sleeps otherwise: every completion, request
//! and signal raises the [`Wake`] flag.

use bevy_app::{
    App, AppExit, PluginsState, TaskPoolOptions, TaskPoolPlugin, TaskPoolThreadAssignmentPolicy,
};
use bevy_ecs::schedule::{Schedules, SingleThreadedExecutor};
use bevy_kiln_components::{
    service::{ServiceState, Wake},
    settings::{ImportSettings, PoolShare},
};
use bevy_kiln_systems::lanes::CookLanes;
use std::{hint::black_box, time::Duration};

use crate::ImportPlugin;

/// How long the runner sleeps at most: a net for wake-ups that never come, not a beat.
const LONGEST_SLEEP: Duration = Duration::from_millis(500);

/// How long completions may gather while the lanes have enough to do. Two thousand small images
/// would otherwise wake the runner eight thousand times, and take a core from a cook each time.
const GATHER: Duration = Duration::from_millis(8);

/// How a headless run uses the machine.
#[derive(Clone, Debug, Default)]
pub struct HeadlessSettings {
    /// Threads that cook; 0 means as many as there are cores.
    pub threads: usize,
    /// Settings of the service. The pools are taken whole.
    pub import: ImportSettings,
}

impl HeadlessSettings {
    /// How many threads cook.
    pub fn cooking_threads(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        }
    }
}

/// An app that imports without a window, with the runner of [`run_headless`].
pub fn headless_app(settings: HeadlessSettings) -> App {
    let cooking = settings.cooking_threads();
    let fixed = |threads| TaskPoolThreadAssignmentPolicy {
        min_threads: threads,
        max_threads: threads,
        percent: 1.0,
        on_thread_spawn: None,
        on_thread_destroy: None,
    };
    let pools = TaskPoolOptions {
        min_total_threads: 1,
        max_total_threads: usize::MAX,
        io: fixed(1),
        // Reads and writes mostly wait, and a disk takes several requests at a time.
        async_compute: fixed(4),
        compute: fixed(cooking),
    };
    keep_freed_memory();
    let mut import = settings.import;
    import.pool_share = PoolShare::Greedy;
    let mut app = App::new();
    app.add_plugins((
        TaskPoolPlugin {
            task_pool_options: pools,
        },
        ImportPlugin::default().with_settings(import),
    ));
    app.set_runner(run_headless);
    app
}

/// Freed blocks up to this size stay with the allocator.
const KEPT_BLOCK: usize = 16 << 20;

/// Has the allocator keep what is freed for what is cooked next. That of glibc gives large blocks back to the
/// system, and each one then costs a fault for every page anew, until it has seen one as large as this freed
/// (`M_MMAP_THRESHOLD` in mallopt(3)). It need not be touched for that; other allocators do not mind.
fn keep_freed_memory() {
    drop(black_box(Vec::<u8>::with_capacity(KEPT_BLOCK)));
}

/// Ticks an app whenever there is something to do, and sleeps in between, until it is told to exit
/// or a requested shutdown is complete.
///
/// The schedules run on the single-threaded executor: the compute pool is busy with cooking, and a
/// tick of a few systems costs less than a hop to another thread.
pub fn run_headless(mut app: App) -> AppExit {
    while app.plugins_state() == PluginsState::Adding {
        std::thread::yield_now();
    }
    app.finish();
    app.cleanup();
    for (_, schedule) in app.world_mut().resource_mut::<Schedules>().iter_mut() {
        schedule.set_executor(SingleThreadedExecutor::new());
    }
    let wake = app.world_mut().get_resource_or_init::<Wake>().clone();
    loop {
        app.update();
        if let Some(exit) = app.should_exit() {
            return exit;
        }
        if app.world().resource::<ServiceState>().is_stopped() {
            return AppExit::Success;
        }
        if app.world().resource::<CookLanes>().is_well_fed() {
            // Nobody waits for the next tick: let completions gather, and leave the core to them.
            std::thread::sleep(GATHER);
        }
        wake.park(LONGEST_SLEEP);
    }
}

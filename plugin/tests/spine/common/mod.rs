//! A stepper for the spine: an app whose reads and cooks are held at gates.
//!
//! Tests open a gate, tick until a condition holds, and assert. Nothing depends on how long
//! anything takes: tasks only move when a gate lets them, and states only move in a tick.
mod disk;
pub mod fake;
mod watch;
pub mod work;

pub use disk::{Files, files, stamps};
pub use watch::{Heard, Watched, codes};

use bevy_app::{App, TaskPoolOptions, TaskPoolPlugin, TaskPoolThreadAssignmentPolicy};
use bevy_ecs::prelude::*;
use bevy_kiln_components::{
    budget::MemoryBudget,
    container::{Container, ContainerState},
    job::{ImportRequest, JobId, JobState, Progress},
    messages::{ImportFinished, ImportProgress},
    pipeline::{PipelineCounters, WorkKind},
    report::ImportReport,
    settings::ImportSettings,
    work::{WorkItems, WorkName, WorkState},
};
use bevy_kiln_plugin::{ImportAppExt, ImportClient, ImportPlugin, JobHandle};
use bevy_kiln_systems::{completion::Completions, dispatch::ReadyWork};
use fake::{Script, Stage};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};
use tempfile::TempDir;
use work::{Buffers, FakeImporter, Textures};

/// Far more ticks than any test needs: reaching it is a hang.
const MOST_TICKS: usize = 20_000;

/// An app with the fake formats, a folder for its files, and what it has told so far.
pub struct Stepper {
    pub app: App,
    pub stage: Stage,
    pub folder: TempDir,
    pub client: ImportClient,
    pub heard: Heard,
    progress: BTreeMap<Entity, f32>,
}

/// Pools that are the same for every test of a process: the first app makes them.
pub fn pools() -> TaskPoolPlugin {
    let fixed = |threads| TaskPoolThreadAssignmentPolicy {
        min_threads: threads,
        max_threads: threads,
        percent: 1.0,
        on_thread_spawn: None,
        on_thread_destroy: None,
    };
    TaskPoolPlugin {
        task_pool_options: TaskPoolOptions {
            min_total_threads: 1,
            max_total_threads: usize::MAX,
            io: fixed(1),
            async_compute: fixed(2),
            compute: fixed(9),
        },
    }
}

/// Settings with a known number of workers and without commits in between.
pub fn settings() -> ImportSettings {
    let mut settings = ImportSettings::default();
    settings.commit_interval = Duration::from_secs(3600);
    for kind in [fake::TEXTURES, fake::BUFFERS] {
        let limit = bevy_kiln_components::pipeline::PipelineLimit {
            workers: 8,
            queue: 64,
        };
        settings.pipelines.set(kind, limit);
    }
    settings
}

impl Stepper {
    pub fn new() -> Self {
        Self::with(settings())
    }

    pub fn with(settings: ImportSettings) -> Self {
        Self::with_plugin(ImportPlugin::default().with_settings(settings))
    }

    pub fn with_plugin(plugin: ImportPlugin) -> Self {
        let mut app = App::new();
        let stage = Stage::default();
        let heard = Heard::default();
        app.add_plugins((pools(), plugin))
            .register_importer(FakeImporter::head(&stage))
            .register_importer(FakeImporter::whole(&stage))
            .register_work::<Textures>()
            .register_work::<Buffers>();
        let observed = heard.observed.clone();
        app.add_observer(move |finished: On<ImportFinished>| {
            observed.lock().unwrap().push(finished.report.clone());
        });
        let inner = heard.clone();
        app.add_systems(
            bevy_app::Last,
            move |mut ends: MessageReader<ImportFinished>,
                  mut steps: MessageReader<ImportProgress>| {
                let ends = ends.read().map(|end| end.report.clone());
                inner.messages.lock().unwrap().extend(ends);
                inner.progress.lock().unwrap().extend(steps.read().cloned());
            },
        );
        app.finish();
        app.cleanup();
        Self {
            client: app.world().resource::<ImportClient>().clone(),
            app,
            stage,
            heard,
            folder: tempfile::tempdir().unwrap(),
            progress: BTreeMap::new(),
        }
    }

    pub fn world(&self) -> &World {
        self.app.world()
    }

    pub fn world_mut(&mut self) -> &mut World {
        self.app.world_mut()
    }

    /// The usual cooked root.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("cooked")
    }

    /// Writes a source file that stands for a script, and returns a request for it.
    pub fn request(&self, file: &str, script: Script) -> ImportRequest {
        let path = self.folder.path().join(file);
        std::fs::write(&path, script.source_bytes()).unwrap();
        self.stage.script(file, script);
        ImportRequest::new(path.to_str().unwrap()).into_container(self.root())
    }

    /// Submits a job through the client.
    pub fn submit(&self, file: &str, script: Script) -> JobHandle {
        self.client.submit(self.request(file, script)).unwrap()
    }

    /// Spawns a job as an entity.
    pub fn spawn(&mut self, file: &str, script: Script) -> Entity {
        let request = self.request(file, script);
        self.world_mut().spawn(request).id()
    }

    /// One tick, after which every invariant is checked.
    pub fn tick(&mut self) {
        self.app.update();
        self.check_invariants();
    }

    /// Ticks until the condition holds.
    #[track_caller]
    pub fn until(&mut self, what: &str, mut condition: impl FnMut(&mut World) -> bool) {
        for tick in 0..MOST_TICKS {
            if condition(self.app.world_mut()) {
                return;
            }
            self.tick();
            if tick > 20 {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        panic!("this never happened: {what}");
    }

    /// Ticks a while: for asserting that something does *not* happen at a closed gate. Whatever is
    /// going to happen has happened when tasks have nothing left to do.
    pub fn settle(&mut self) {
        for _ in 0..25 {
            self.tick();
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[track_caller]
    pub fn until_job(&mut self, job: Entity, state: JobState) {
        self.until(&format!("{job} becomes {state}"), |world| {
            world.get::<JobState>(job) == Some(&state)
        });
    }

    /// Ticks until a job has ended, and returns its report.
    #[track_caller]
    pub fn finish(&mut self, handle: &JobHandle) -> Arc<ImportReport> {
        let mut report = None;
        self.until(&format!("job {} ends", handle.id()), |_| {
            report = report.take().or_else(|| handle.try_report());
            report.is_some()
        });
        report.unwrap()
    }

    /// Opens a gate and waits, without a tick, until the task behind it has finished: so that the
    /// next tick sees that together with whatever the test does now.
    pub fn open_and_wait(&mut self, gate: &str) {
        self.settle();
        self.stage.open(gate);
        let completions = self.world().resource::<Completions>();
        while completions.is_empty() {
            std::thread::yield_now();
        }
    }

    /// Ticks until no job is active and every container is closed.
    #[track_caller]
    pub fn drain(&mut self) {
        // What was spawned or submitted counts from the next tick on.
        self.tick();
        let client = self.client.clone();
        self.until("everything is drained", |world| {
            client.active_count() == 0 && world.query::<&Container>().iter(world).next().is_none()
        });
        for (kind, counters) in self.world().resource::<PipelineCounters>().iter() {
            assert_eq!(counters.in_flight(), 0, "{kind} is drained");
            let ready = self.world().resource::<ReadyWork>();
            assert_eq!(
                (ready.admitted(WorkKind(kind)), ready.waiting()),
                (0, 0),
                "{kind}"
            );
        }
        let budget = self.world().resource::<MemoryBudget>().clone();
        // Bodies of cancelled cooks hold their memory until they end, which needs no tick.
        self.until("memory is given back", |_| budget.used() == 0);
    }

    /// Ticks until the service has stopped: every job has ended, every container is closed.
    #[track_caller]
    pub fn until_stopped(&mut self) {
        let client = self.client.clone();
        self.until("the service stops", |_| client.is_stopped());
        let world = self.world_mut();
        assert_eq!(world.query::<&Container>().iter(world).count(), 0);
    }

    /// The entity of a job.
    pub fn job(&mut self, id: JobId) -> Option<Entity> {
        let world = self.world_mut();
        let mut jobs = world.query::<(Entity, &JobId)>();
        jobs.iter(world)
            .find(|(_, found)| **found == id)
            .map(|(job, _)| job)
    }

    /// The state of an item, by its name.
    pub fn item(&mut self, name: &str) -> Option<WorkState> {
        item_state(self.world_mut(), name)
    }

    #[track_caller]
    pub fn until_item(&mut self, name: &str, state: WorkState) {
        self.until(&format!("{name} becomes {state:?}"), |world| {
            item_state(world, name) == Some(state)
        });
    }

    #[track_caller]
    pub fn until_container(&mut self, state: &ContainerState) {
        self.until(&format!("a container becomes {state:?}"), |world| {
            container_state(world).as_ref() == Some(state)
        });
    }

    /// True at every tick, whatever happens.
    fn check_invariants(&mut self) {
        let world = self.app.world_mut();
        for (kind, counters) in world.resource::<PipelineCounters>().iter() {
            let ended = counters.completed + counters.failed;
            assert!(ended <= counters.submitted, "{kind}: {counters:?}");
        }
        let mut jobs = world.query::<(Entity, &JobState, &Progress)>();
        for (job, state, progress) in jobs.iter(world) {
            let (before, now) = (
                self.progress.get(&job).copied().unwrap_or(0.0),
                progress.overall(),
            );
            assert!(before <= now, "the progress of {job} falls");
            assert!(progress.completed + progress.failed <= progress.total);
            #[expect(clippy::float_cmp, reason = "the end is exactly 1")]
            let full = now == 1.0;
            assert_eq!(full, state.is_terminal(), "{job} is {state} at {now}");
            self.progress.insert(job, now);
        }
        let mut items = world.query::<(&JobState, &WorkItems)>();
        for (state, items) in items.iter(world) {
            assert!(!state.is_terminal() || items.iter().count() == 0);
        }
    }
}

pub fn item_state(world: &mut World, name: &str) -> Option<WorkState> {
    let mut items = world.query::<(&WorkName, &WorkState)>();
    items
        .iter(world)
        .find(|(found, _)| found.0 == name)
        .map(|(_, state)| *state)
}

pub fn container_state(world: &mut World) -> Option<ContainerState> {
    let mut containers = world.query::<&ContainerState>();
    containers.iter(world).next().cloned()
}

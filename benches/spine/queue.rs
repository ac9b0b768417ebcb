//! What ticks cost while ten thousand things wait.

use bevy_app::{App, TaskPoolPlugin, Update};
use bevy_ecs::prelude::*;
use bevy_kiln::{
    assets::diagnostic::Diagnostic,
    components::{pipeline::WorkKind, work::WorkState},
    prelude::*,
    systems::{
        importer::{ImportPlan, ImportSource, Importer, SourceNeed},
        lanes::CookContext,
        work::{CookFailure, CookInput, Cooked, PlannedWork, Work, WorkPlanner},
    },
};
use bevy_tasks::BoxedFuture;
use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    app::{default_app, spawn},
    measure::{median, p99, row},
};

const MANY: usize = 10_000;

/// Plans ten thousand items.
struct ManyItems;

impl Importer for ManyItems {
    fn name(&self) -> &'static str {
        "many"
    }

    fn extensions(&self) -> &[&'static str] {
        &["many"]
    }

    fn recognizes(&self, _: &[u8]) -> bool {
        false
    }

    fn need(&self) -> SourceNeed {
        SourceNeed::Head
    }

    fn plan(&self, _: ImportSource) -> BoxedFuture<'static, Result<ImportPlan, Vec<Diagnostic>>> {
        Box::pin(async {
            let mut planner = WorkPlanner::new();
            for i in 0..MANY {
                let work = PlannedWork::new(Endless, 1 << 10);
                planner.add(i.to_string(), work).unwrap();
            }
            Ok(ImportPlan::new(planner.seal().unwrap()))
        })
    }
}

/// An item that is never finished, and takes no time.
#[derive(Component, Clone)]
struct Endless;

impl Work for Endless {
    const KIND: WorkKind = WorkKind("Endless");

    fn cook(
        self,
        _: CookInput,
        _: CookContext,
    ) -> BoxedFuture<'static, Result<Cooked, CookFailure>> {
        Box::pin(std::future::pending())
    }
}

fn ticks(app: &mut App, count: usize) -> Vec<Duration> {
    (0..count)
        .map(|_| {
            thread::sleep(Duration::from_millis(2));
            let begun = Instant::now();
            app.update();
            begun.elapsed()
        })
        .collect()
}

fn report(what: &str, mut ticks: Vec<Duration>) {
    for (name, value) in [("median", median(&mut ticks)), ("p99", p99(&mut ticks))] {
        row(
            &format!("a tick with {what}: {name}"),
            format!("{:.0} us", value.as_secs_f64() * 1e6),
            "< 200 us",
        );
    }
}

/// Ten thousand queued items of one job, and ten thousand queued jobs.
pub fn queued() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.many");
    std::fs::write(&source, "").unwrap();
    let mut app = default_app();
    app.register_importer(ManyItems).register_work::<Endless>();
    // What the app costs by itself: a tick that sleeps before it finds its caches cold.
    let mut bare = App::new();
    bare.add_plugins(TaskPoolPlugin::default())
        .add_systems(Update, || {});
    report("one empty system and no plugin", ticks(&mut bare, 400));
    report("nothing to do", ticks(&mut app, 400));
    spawn(&mut app, &source, &folder.path().join("items"));
    let mut waiting = app.world_mut().query::<&WorkState>();
    while waiting.iter(app.world()).count() < MANY {
        app.update();
    }
    // What can be admitted is admitted.
    ticks(&mut app, 50);
    report("10,000 queued items", ticks(&mut app, 400));
    for _ in 0..MANY {
        spawn(&mut app, &source, &folder.path().join("items"));
    }
    // They become jobs.
    ticks(&mut app, 50);
    report("10,000 queued jobs more", ticks(&mut app, 400));
}

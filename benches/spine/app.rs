//! What an app, or a runner with nothing to do, notices of us.

use bevy_app::{App, TaskPoolPlugin, Update};
use bevy_ecs::prelude::*;
use bevy_kiln::{
    components::service::Wake,
    plugin::{HeadlessSettings, headless_app},
    prelude::*,
    systems::completion::{Completion, CompletionSender},
};
use std::{
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use crate::{
    measure::{cpu_time, median, p99, row},
    sources,
};

/// When the last wake-up was asked for, and how long each took to arrive in a tick.
#[derive(Resource, Clone, Default)]
struct Latencies(Arc<Mutex<(Option<Instant>, Vec<Duration>)>>);

fn note_tick(latencies: Res<Latencies>) {
    let mut inner = latencies.0.lock().unwrap();
    if let Some(asked) = inner.0.take() {
        inner.1.push(asked.elapsed());
    }
}

/// A runner without work: CPU time, and how fast it wakes.
pub fn idle() {
    let mut app = headless_app(HeadlessSettings::default());
    let latencies = Latencies::default();
    app.insert_resource(latencies.clone())
        .add_systems(Update, note_tick.after(KilnSystems::Collect));
    let completions = app.world().resource::<CompletionSender>().clone();
    let client = app.world().resource::<ImportClient>().clone();
    let idle = thread::spawn(move || {
        thread::sleep(Duration::from_secs(1));
        let (cpu, wall) = (cpu_time(), Instant::now());
        thread::sleep(Duration::from_secs(8));
        let used = (cpu_time() - cpu).as_secs_f64() / wall.elapsed().as_secs_f64();
        for _ in 0..500 {
            latencies.0.lock().unwrap().0 = Some(Instant::now());
            // Of an item that is gone: it changes nothing.
            let item = Entity::PLACEHOLDER;
            completions.send(Completion::Started { item });
            thread::sleep(Duration::from_millis(4));
        }
        client.request_shutdown();
        let measured = latencies.0.lock().unwrap().1.clone();
        (used, measured)
    });
    app.run();
    let (used, mut measured) = idle.join().unwrap();
    row(
        "an idle runner: share of a core",
        format!("{:.3} %", used * 100.0),
        "< 0.1 %",
    );
    let mut bare = bare_wakes();
    let micros = |value: Duration| format!("{:.0} us", value.as_secs_f64() * 1e6);
    row(
        "from a completion to the tick that takes it over: median",
        micros(median(&mut measured)),
        "< 200 us",
    );
    row(
        "a thread that waits for the same and does nothing: median",
        micros(median(&mut bare)),
        "",
    );
    row(
        "from a completion to the tick that takes it over: p99",
        micros(p99(&mut measured)),
        "< 200 us",
    );
    row(
        "a thread that waits for the same and does nothing: p99",
        micros(p99(&mut bare)),
        "",
    );
}

/// What this machine takes to wake a thread: nothing can be faster than that.
fn bare_wakes() -> Vec<Duration> {
    const WAKES: usize = 500;
    let (wake, asked) = (Wake::default(), Arc::new(Mutex::new(None::<Instant>)));
    let (waker, asker) = (wake.clone(), asked.clone());
    let asking = thread::spawn(move || {
        for _ in 0..WAKES {
            thread::sleep(Duration::from_millis(4));
            *asker.lock().unwrap() = Some(Instant::now());
            waker.notify();
        }
    });
    let mut measured = Vec::with_capacity(WAKES);
    while !asking.is_finished() {
        wake.park(Duration::from_secs(1));
        measured.extend(asked.lock().unwrap().take().map(|asked| asked.elapsed()));
    }
    asking.join().unwrap();
    measured
}

/// An app as anybody builds it: default pools, nothing tuned.
pub fn default_app() -> App {
    let mut app = App::new();
    app.add_plugins((TaskPoolPlugin::default(), ImportPlugin::default()));
    app.finish();
    app.cleanup();
    app
}

pub fn spawn(app: &mut App, source: &Path, root: &Path) {
    let request = ImportRequest::new(source.display().to_string()).into_container(root);
    app.world_mut().spawn(request);
}

/// What the ticks of an app cost while it imports.
pub fn tick() {
    let folder = tempfile::tempdir().unwrap();
    let files = sources::photos(folder.path(), 2, 4096);
    let mut app = default_app();
    for file in &files {
        spawn(&mut app, file, &folder.path().join("large"));
    }
    let client = app.world().resource::<ImportClient>().clone();
    let mut ticks = Vec::new();
    loop {
        let begun = Instant::now();
        app.update();
        ticks.push(begun.elapsed());
        if client.active_count() == 0 {
            break;
        }
        thread::sleep(Duration::from_secs_f64(1.0 / 60.0).saturating_sub(begun.elapsed()));
    }
    let what = format!(
        "{} ticks at 60 Hz beside 4096x4096 images: p99",
        ticks.len()
    );
    row(
        &what,
        format!("{:.2} ms", p99(&mut ticks).as_secs_f64() * 1e3),
        "< 4 ms",
    );
}

/// From asking for the end of jobs that keep every core busy to their reports.
pub fn cancel() {
    let folder = tempfile::tempdir().unwrap();
    let files = sources::photos(folder.path(), 4, 4096);
    let app = headless_app(HeadlessSettings::default());
    let client = app.world().resource::<ImportClient>().clone();
    let control = thread::spawn(move || {
        let mut delays = Vec::new();
        for round in 0..25 {
            let root = folder.path().join(round.to_string());
            let jobs: Vec<JobHandle> = files
                .iter()
                .map(|file| ImportRequest::new(file.display().to_string()).into_container(&root))
                .map(|request| client.submit(request).unwrap())
                .collect();
            thread::sleep(Duration::from_millis(600 + round * 17));
            let asked = Instant::now();
            client.cancel_all();
            for job in jobs {
                let report = job.wait().unwrap();
                assert!(!report.success, "the images take longer than that");
                delays.push(asked.elapsed());
            }
        }
        client.request_shutdown();
        delays
    });
    { app }.run();
    let mut delays = control.join().unwrap();
    row(
        "cancel to report, every core encoding: p99",
        format!("{:.2} ms", p99(&mut delays).as_secs_f64() * 1e3),
        "< 50 ms",
    );
}

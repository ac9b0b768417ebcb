//! Measures scenes: `cargo bench --bench scenes [-- NAME ..]`.
//!
//! Comparisons are ratios, taken side by side in one run, because machines are noisy. The names are
//! `geometry` and `threads`; without one, both are measured.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measures")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that cannot be set up has nothing to say"
)]

#[expect(dead_code, reason = "it is shared with another benchmark")]
#[path = "../spine/measure.rs"]
mod measure;
mod plain;
mod source;

use bevy_app::{AppExit, Last};
use bevy_ecs::prelude::*;
use bevy_kiln::{
    components::container::ContainersByRoot,
    plugin::{HeadlessSettings, headless_app},
    prelude::*,
};
use measure::{Cost, cost, median, row};
use std::{env, path::Path, process::Command};

/// How often each side of a comparison is run.
const RUNS: usize = 7;

fn main() {
    let mut names: Vec<String> = env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"))
        .collect();
    if let [child, file, root, threads] = names.as_slice()
        && child == "threads-child"
    {
        let cost = cook(
            Path::new(file),
            Path::new(root),
            threads.parse().unwrap(),
            true,
            true,
        );
        println!("{}", cost.wall.as_secs_f64());
        return;
    }
    if names.is_empty() {
        names = ["geometry", "threads"].map(str::to_owned).to_vec();
    }
    println!("{:<58} {:>12}  target", "what", "measured");
    for name in names {
        match name.as_str() {
            "geometry" => geometry(),
            "threads" => threads(),
            other => println!("{other}: no such measurement"),
        }
    }
}

/// From the file to the committed container without textures, against the same calls in a plain loop.
fn geometry() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hills.glb");
    std::fs::write(&file, source::hills(24, 96)).unwrap();
    for hashing in [false, true] {
        let mut ratios = Vec::new();
        for run in 0..RUNS {
            let plain = cost(|| plain::cook(&file, &folder.path().join("plain.bin")));
            let root = folder.path().join(format!("cooked-{hashing}-{run}"));
            let ours = cook(&file, &root, 0, hashing, false);
            ratios.push(ours.cpu.as_secs_f64() / plain.cpu.as_secs_f64());
        }
        let what = if hashing {
            "geometry path with hashes / plain loop without, CPU"
        } else {
            "geometry path / plain loop, CPU"
        };
        row(what, format!("{:.2}", median(&mut ratios)), "<= 1.10");
    }
}

/// A textured scene on two threads against one.
fn threads() {
    let folder = tempfile::tempdir().unwrap();
    for image in 0..8_u32 {
        let path = folder.path().join(format!("{image}.png"));
        source::picture(image).save(path).unwrap();
    }
    let file = folder.path().join("yard.glb");
    std::fs::write(&file, source::textured(8, 64)).unwrap();
    let (mut ratios, mut machine) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        let at = |threads: usize, copy: usize| {
            let root = folder.path().join(format!("cooked-{threads}-{run}-{copy}"));
            wall_of_child(&file, &root, threads)
        };
        let one = at(1, 0);
        ratios.push(one / at(2, 0));
        let (a, b) = std::thread::scope(|scope| {
            let other = scope.spawn(|| at(1, 1));
            (at(1, 2), other.join().unwrap())
        });
        machine.push(2.0 * one / a.max(b));
    }
    row(
        "what the machine gives: two processes with one thread each",
        format!("{:.2}", median(&mut machine)),
        "",
    );
    let speedup = format!("{:.2}", median(&mut ratios));
    row(
        "textured scene, one thread / two threads, wall",
        speedup,
        ">= 1.80",
    );
}

/// The wall seconds of an import in a process of its own: task pools are made once in each.
fn wall_of_child(file: &Path, root: &Path, threads: usize) -> f64 {
    let child = Command::new(env::current_exe().unwrap())
        .arg("threads-child")
        .args([file, root])
        .arg(threads.to_string())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&child.stdout).trim().to_owned();
    printed.parse().unwrap()
}

/// Imports a file into a container of its own.
fn cook(file: &Path, root: &Path, threads: usize, hashing: bool, textures: bool) -> Cost {
    let mut settings = HeadlessSettings {
        threads,
        ..HeadlessSettings::default()
    };
    settings.import.content_hashing = hashing;
    let content = format!(r#"{{"content_flags":{{"textures":{textures}}}}}"#);
    let request = ImportRequest::new(file.to_str().unwrap())
        .into_container(root)
        .with_scene(serde_json::from_str(&content).unwrap());
    cost(|| {
        let mut app = headless_app(settings);
        let client = app.world().resource::<ImportClient>().clone();
        let job = client.submit(request).unwrap();
        app.add_systems(Last, exit_when_done);
        app.run();
        let report = job.try_report().unwrap();
        assert!(report.success, "{:?}", report.diagnostics);
    })
}

fn exit_when_done(
    client: Res<ImportClient>,
    containers: Res<ContainersByRoot>,
    mut exit: MessageWriter<AppExit>,
) {
    if client.active_count() == 0 && containers.0.is_empty() {
        exit.write(AppExit::Success);
    }
}

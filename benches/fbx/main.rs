//! Measures FBX imports: `cargo bench --bench fbx`.
//!
//! From the file to the committed container, against the least that it can cost: the parser alone, and
//! then the same mesh cooker in a plain loop, each in a process of its own. Ratios of the medians of CPU time,
//! taken in turn in one run.
//!
//! Both sides begin with a file on the disk: the plain one reads it with [`std::fs::read`] and frees its bytes
//! once they are parsed, which an import does too. Only the import is charged for making its app, and for
//! everything that it writes and makes durable.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measures")]
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up has nothing to say"
)]

#[allow(
    dead_code,
    clippy::expect_used,
    reason = "it is shared, and not everything is measured here"
)]
#[path = "../spine/measure.rs"]
mod measure;
mod source;

use bevy_kiln::{
    assets::{
        cook::{
            mesh::{MaterialUse, MeshRequest, build_mesh},
            pace::{CancelFlag, Pace},
        },
        settings::scene::{SceneOptions, SceneSettings},
        source::{
            fbx::{self, FbxOptions},
            scene::SceneSource,
        },
    },
    plugin::{HeadlessSettings, headless_app},
    prelude::*,
};
use futures_lite::future::block_on;
use measure::{cost, median, row};
use std::{
    collections::BTreeMap, env, ffi::OsStr, hint::black_box, path::Path, process::Command, thread,
};

/// Single runs differ by a third on a shared machine.
const ROUNDS: usize = 15;

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    if let [child, file, root, threads] = args.as_slice()
        && child == "import-child"
    {
        let import = || import(Path::new(file), Path::new(root), threads.parse().unwrap());
        println!("{}", cost(import).cpu.as_secs_f64());
        return;
    }
    if let [child, file] = args.as_slice()
        && child == "plain-child"
    {
        let settings = SceneOptions::default().resolve().unwrap();
        let plain = cost(|| plain_loop(&parsed_file(file), &settings));
        println!("{}", plain.cpu.as_secs_f64());
        return;
    }
    let bytes = source::sheets(16, 80);
    println!("{:<58} {:>12}  target", "what", "measured");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sheets.fbx");
    std::fs::write(&file, &bytes).unwrap();
    let mut times: [Vec<f64>; 5] = Default::default();
    for round in 0..ROUNDS {
        let parser = cost(|| parser_alone(&bytes)).cpu.as_secs_f64();
        let read = cost(|| drop(black_box(parsed(&bytes)))).cpu.as_secs_f64();
        let root = folder.path().join(format!("cooked{round}"));
        let file = file.as_os_str();
        let plain = cpu_of_child(&["plain-child".as_ref(), file]);
        let import = |name: &str, threads: &str| {
            let root = root.join(name);
            cpu_of_child(&[
                "import-child".as_ref(),
                file,
                root.as_os_str(),
                threads.as_ref(),
            ])
        };
        let round = [parser, read, plain, import("one", "1"), import("all", "0")];
        for (times, time) in times.iter_mut().zip(round) {
            times.push(time);
        }
    }
    let size = bytes.len() >> 20;
    let [parser, read, plain, one, all] = times.map(|mut times| median(&mut times));
    let ratio = |time: f64, least: f64| format!("{:.3}", time / least);
    row(
        &format!("{size} MiB read into a scene, against the parser alone"),
        ratio(read, parser),
        "",
    );
    row(
        "imported on one thread, against parser and plain loop",
        ratio(one, plain),
        "<= 1.10",
    );
    row(
        "imported on all cores, against parser and plain loop",
        ratio(all, plain),
        "<= 1.10",
    );
}

/// What the parser costs without us.
fn parser_alone(bytes: &[u8]) {
    match ufbx::load_memory(bytes, ufbx::LoadOpts::default()) {
        Ok(scene) => drop(black_box(scene)),
        Err(_) => panic!("the file can be parsed"),
    }
}

fn parsed(bytes: &[u8]) -> SceneSource {
    let options = FbxOptions::default();
    let scene = fbx::read(bytes, "sheets.fbx", &options, &CancelFlag::new()).unwrap();
    scene.resolve(&BTreeMap::new()).unwrap()
}

/// The scene of a file. The bytes of the file are freed as soon as they are parsed.
fn parsed_file(file: &str) -> SceneSource {
    parsed(&std::fs::read(file).unwrap())
}

/// What cooking the meshes costs without anything around it.
fn plain_loop(scene: &SceneSource, settings: &SceneSettings) {
    let materials = vec![MaterialUse::default(); scene.materials().len()];
    for mesh in scene.meshes() {
        let mut pace = Pace::uninterrupted(CancelFlag::new());
        let decoded = block_on(mesh.loader.load(&mut pace)).unwrap();
        let request = MeshRequest {
            name: &mesh.name,
            source_id: &mesh.name,
            materials: &materials,
        };
        let built = block_on(build_mesh(
            &decoded.mesh,
            request,
            &settings.geometry,
            &mut pace,
        ));
        black_box(built.unwrap());
    }
}

/// The CPU seconds that a process of its own says it took: task pools are made once in each, and memory that
/// was used before costs less than fresh memory.
fn cpu_of_child(args: &[&OsStr]) -> f64 {
    let child = Command::new(env::current_exe().unwrap())
        .args(args)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&child.stdout).trim().to_owned();
    printed.parse().unwrap()
}

/// A whole import, from the path to the committed container.
fn import(file: &Path, root: &Path, threads: usize) {
    let mut app = headless_app(HeadlessSettings {
        threads,
        ..HeadlessSettings::default()
    });
    let client = app.world().resource::<ImportClient>().clone();
    let request = ImportRequest::new(file.display().to_string()).into_container(root);
    let control = thread::spawn(move || {
        let report = client.submit(request).unwrap().wait().unwrap();
        client.request_shutdown();
        report
    });
    app.run();
    let report = control.join().unwrap();
    assert!(report.success, "{report:?}");
    assert_eq!(report.scenes_written, 1);
}

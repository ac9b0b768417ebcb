//! How much the spine costs beyond the work itself.

use bevy_app::AppExit;
use bevy_app::Last;
use bevy_ecs::prelude::*;
use bevy_kiln::{
    assets::settings::texture::{OutputFormat, TextureOptions},
    components::container::ContainersByRoot,
    plugin::{HeadlessSettings, headless_app},
    prelude::*,
};
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{
    bare::{CookFile, libraries, on_all_cores, options, own_cooker},
    measure::{Cost, cost, median, row},
    sources,
};

fn exit_when_done(
    client: Res<ImportClient>,
    roots: Res<ContainersByRoot>,
    mut exit: MessageWriter<AppExit>,
) {
    if client.active_count() == 0 && roots.0.is_empty() {
        exit.write(AppExit::Success);
    }
}

/// Imports files into a fresh container, in this process.
fn import(files: &[PathBuf], root: &Path, budget: u64, texture: &TextureOptions) {
    let mut settings = HeadlessSettings::default();
    settings.import.max_queued_jobs = usize::MAX;
    settings.import.memory_budget = budget;
    let mut app = headless_app(settings);
    app.add_systems(Last, exit_when_done);
    let client = app.world().resource::<ImportClient>().clone();
    let failed = Arc::new(AtomicUsize::new(0));
    for file in files {
        let request = ImportRequest::new(file.display().to_string())
            .into_container(root)
            .with_texture(texture.clone());
        let failed = failed.clone();
        let count = move |report: Arc<ImportReport>| {
            failed.fetch_add(usize::from(!report.success), Ordering::Relaxed);
        };
        client
            .submit_with(request, count, None::<fn(&ImportProgress)>)
            .unwrap();
    }
    app.run();
    assert_eq!(failed.load(Ordering::Relaxed), 0, "every file is imported");
}

/// Runs import and loop in turn and returns both, as many times as asked for.
fn side_by_side(files: &[PathBuf], rounds: usize, cook: CookFile) -> Vec<(Cost, Cost)> {
    let folder = tempfile::tempdir().unwrap();
    on_all_cores(files, cook);
    (0..rounds)
        .map(|round| {
            let root = folder.path().join(round.to_string());
            let spine = cost(|| import(files, &root, 1 << 30, &options()));
            let bare = cost(|| on_all_cores(files, cook));
            if std::env::var_os("KILN_BENCH_VERBOSE").is_some() {
                println!(
                    "  spine: {:?} wall {:?} CPU; loop: {:?} wall {:?} CPU",
                    spine.wall, spine.cpu, bare.wall, bare.cpu
                );
            }
            (spine, bare)
        })
        .collect()
}

/// The loops that the spine is compared with.
const LOOPS: [(&str, CookFile); 2] = [("own cooker", own_cooker), ("libraries alone", libraries)];

/// Sixteen photographs: total CPU and wall time against the bare loops.
pub fn photos() {
    let folder = tempfile::tempdir().unwrap();
    let files = sources::photos(folder.path(), 16, 1024);
    for (name, cook) in LOOPS {
        let runs = side_by_side(&files, 5, cook);
        let ratio = |of: fn(&Cost) -> f64| {
            let mut ratios: Vec<f64> = runs
                .iter()
                .map(|(spine, bare)| of(spine) / of(bare))
                .collect();
            format!("{:.3}", median(&mut ratios))
        };
        row(
            &format!("16 photos of 1024x1024: CPU time / loop of {name}"),
            ratio(|cost| cost.cpu.as_secs_f64()),
            "<= 1.05",
        );
        row(
            &format!("16 photos of 1024x1024: wall time / loop of {name}"),
            ratio(|cost| cost.wall.as_secs_f64()),
            "<= 1.10",
        );
    }
}

/// Two thousand small images: what the spine adds to each.
pub fn small() {
    let folder = tempfile::tempdir().unwrap();
    let files = sources::photos(folder.path(), 2000, 64);
    for (name, cook) in LOOPS {
        let mut added: Vec<f64> = side_by_side(&files, 5, cook)
            .iter()
            .map(|(spine, bare)| {
                (spine.wall.as_secs_f64() - bare.wall.as_secs_f64()) * 1e6 / files.len() as f64
            })
            .collect();
        row(
            &format!("2,000 images of 64x64: wall time each beyond {name}"),
            format!("{:.1} us", median(&mut added)),
            "< 50 us",
        );
    }
}

/// Forty large images: the peak memory of a process of its own against its budget.
pub fn memory() {
    let folder = tempfile::tempdir().unwrap();
    let first = sources::photos(folder.path(), 1, 4096).remove(0);
    for i in 1..40 {
        std::fs::copy(&first, folder.path().join(format!("photo_{i:04}.png"))).unwrap();
    }
    for budget in [256_u64 << 20, 1 << 30] {
        let child = Command::new(std::env::current_exe().unwrap())
            .args([
                "memory-child",
                &folder.path().display().to_string(),
                &budget.to_string(),
            ])
            .output()
            .unwrap();
        let peak: f64 = String::from_utf8_lossy(&child.stdout)
            .trim()
            .parse()
            .unwrap();
        let budget = budget as f64 / (1 << 20) as f64;
        row(
            &format!("40 images of 4096x4096, budget {budget} MiB: peak memory"),
            format!("{peak:.0} MiB"),
            &format!("<= {} MiB", budget + 64.0),
        );
    }
}

/// Imports a folder and prints the peak memory of this process in MiB.
pub fn memory_child(folder: &str, budget: u64) {
    let files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let root = tempfile::tempdir().unwrap();
    // Uncompressed output needs the most memory for its time.
    let mut texture = TextureOptions::default();
    texture.output_format = Some(OutputFormat::Rgba8Srgb);
    import(&files, root.path(), budget, &texture);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kib: f64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    println!("{}", kib / 1024.0);
}

//! Measures whole projects: `cargo bench --bench batch`.
//!
//! * 2,000 small textures and 50 scenes through one manifest: the wall time of the run against what the
//!   lanes did, divided by their number. 1.00 would be lanes that never wait, from the first read to the last
//!   commit.
//! * A manifest of 100,000 jobs: reading, checking and expanding it.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measures")]
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up has nothing to say"
)]

use bevy_app::{AppExit, Last};
use bevy_ecs::prelude::*;
use bevy_kiln::{
    assets::manifest::ManifestFormat,
    components::{container::ContainersByRoot, manifest::ManifestState},
    plugin::{HeadlessSettings, headless_app},
    prelude::*,
    systems::lanes::CookLanes,
};
use image::{Rgb, RgbImage};
use std::{
    fmt::Write,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

const TEXTURES: u32 = 2_000;
const SCENES: u32 = 50;
const ROUNDS: usize = 3;

fn main() {
    println!("{:<58} {:>12}  target", "what", "measured");
    expansion();
    let folder = tempfile::tempdir().unwrap();
    sources(folder.path());
    let mut ratios: Vec<f64> = (0..ROUNDS)
        .map(|round| cook(folder.path(), round))
        .collect();
    ratios.sort_by(f64::total_cmp);
    let what = format!("{TEXTURES} textures, {SCENES} scenes: wall / (lanes' work / lanes)");
    row(&what, &format!("{:.3}", ratios[ROUNDS / 2]), "<= 1.10");
}

fn row(what: &str, measured: &str, target: &str) {
    println!("{what:<58} {measured:>12}  {target}");
}

/// Reading, checking and expanding 100,000 jobs.
fn expansion() {
    let mut text =
        String::from("{\"defaults\": {\"texture\": {\"bc7_quality\": \"fast\"}}, \"jobs\": [\n");
    for job in 0..100_000 {
        let comma = if job == 0 { "" } else { "," };
        writeln!(
            text,
            "{comma}{{\"type\": \"texture\", \"source\": \"textures/{job}/wood.png\", \"preset\": \"albedo\", \
             \"max_mips\": 6, \"flip_y\": true}}"
        )
        .unwrap();
    }
    text.push_str("]}");
    let begun = Instant::now();
    let manifest = Manifest::parse(text.as_bytes(), ManifestFormat::Json).unwrap();
    let expansion = manifest.expand(&Places::new("/project").with_output("/cooked"));
    let took = begun.elapsed();
    assert_eq!(
        (expansion.jobs.len(), expansion.problems.len()),
        (100_000, 0)
    );
    row(
        "a manifest of 100,000 jobs: read, checked, expanded",
        &format!("{took:.0?}"),
        "< 1 s",
    );
}

/// Small images with something in them, and grids as scenes.
fn sources(folder: &Path) {
    for i in 0..TEXTURES {
        let picture = RgbImage::from_fn(64, 64, |x, y| {
            let wave = ((x + i) as f32 * 0.2).sin() * ((y * 3 + i) as f32 * 0.05).cos();
            Rgb([
                (wave * 100.0 + 128.0) as u8,
                (x * 4) as u8,
                (y * 2 + i) as u8,
            ])
        });
        picture.save(folder.join(format!("t{i:04}.png"))).unwrap();
    }
    for i in 0..SCENES {
        std::fs::write(folder.join(format!("s{i:02}.glb")), grid(96 + i)).unwrap();
    }
    let manifest = r#"{"jobs": [{"type": "texture", "source": "t*.png"}, {"type": "gltf", "source": "s*.glb"}]}"#;
    std::fs::write(folder.join("kiln.json"), manifest).unwrap();
}

/// A binary glTF scene as exporters write them: one bumpy grid of `size` by `size` vertices with normals and
/// texture coordinates. Without normals every triangle would have vertices of its own.
fn grid(size: u32) -> Vec<u8> {
    let scale = 1.0 / size as f32;
    let each = || (0..size).flat_map(|y| (0..size).map(move |x| (x as f32, y as f32)));
    let mut binary = Vec::new();
    let mut write = |values: &[f32]| {
        for value in values {
            binary.extend(value.to_le_bytes());
        }
    };
    for (x, y) in each() {
        let height = (x * 0.3).sin() * (y * 0.2).cos() * 0.05;
        write(&[x * scale, height, y * scale]);
    }
    for (x, y) in each() {
        let steep = 0.05 / scale;
        let along_x = (x * 0.3).cos() * 0.3 * (y * 0.2).cos() * steep;
        let along_y = -(x * 0.3).sin() * (y * 0.2).sin() * 0.2 * steep;
        let length = (along_x * along_x + 1.0 + along_y * along_y).sqrt();
        write(&[-along_x / length, 1.0 / length, -along_y / length]);
    }
    for (x, y) in each() {
        write(&[x * scale, y * scale]);
    }
    let vertices = size * size;
    for y in 0..size - 1 {
        for x in 0..size - 1 {
            let at = y * size + x;
            for index in [at, at + size, at + 1, at + 1, at + size, at + size + 1] {
                binary.extend(index.to_le_bytes());
            }
        }
    }
    let indices = (size - 1) * (size - 1) * 6;
    let (normals, uvs, triangles) = (vertices * 12, vertices * 24, vertices * 32);
    let (all, far) = (binary.len(), (size - 1) as f32 * scale);
    let json = format!(
        r#"{{"asset":{{"version":"2.0"}},"scene":0,"scenes":[{{"nodes":[0]}}],"nodes":[{{"mesh":0,"name":"grid"}}],
        "meshes":[{{"name":"grid{size}","primitives":[{{"indices":3,
        "attributes":{{"POSITION":0,"NORMAL":1,"TEXCOORD_0":2}}}}]}}],
        "buffers":[{{"byteLength":{all}}}],"bufferViews":[{{"buffer":0,"byteLength":{normals}}},
        {{"buffer":0,"byteOffset":{normals},"byteLength":{normals}}},
        {{"buffer":0,"byteOffset":{uvs},"byteLength":{}}},
        {{"buffer":0,"byteOffset":{triangles},"byteLength":{}}}],
        "accessors":[{{"bufferView":0,"componentType":5126,"count":{vertices},"type":"VEC3",
        "min":[0,-0.05,0],"max":[{far},0.05,{far}]}},
        {{"bufferView":1,"componentType":5126,"count":{vertices},"type":"VEC3"}},
        {{"bufferView":2,"componentType":5126,"count":{vertices},"type":"VEC2"}},
        {{"bufferView":3,"componentType":5125,"count":{indices},"type":"SCALAR"}}]}}"#,
        vertices * 8,
        indices * 4
    );
    let mut json = json.into_bytes();
    json.resize(json.len().next_multiple_of(4), b' ');
    let total = 12 + 8 + json.len() + 8 + binary.len();
    let mut glb = Vec::with_capacity(total);
    glb.extend(b"glTF");
    for word in [2, total as u32, json.len() as u32] {
        glb.extend(word.to_le_bytes());
    }
    glb.extend(b"JSON");
    glb.extend(json);
    glb.extend((binary.len() as u32).to_le_bytes());
    glb.extend(b"BIN\0");
    glb.extend(binary);
    glb
}

fn exit_when_done(
    manifests: Query<&ManifestState>,
    roots: Res<ContainersByRoot>,
    client: Res<ImportClient>,
    mut exit: MessageWriter<AppExit>,
) {
    let mut states = manifests.iter();
    let finished = states.all(|state| *state == ManifestState::Finished);
    if finished && client.active_count() == 0 && roots.0.is_empty() {
        exit.write(AppExit::Success);
    }
}

/// Cooks the project into a fresh container, and returns the wall time over what the lanes did.
fn cook(folder: &Path, round: usize) -> f64 {
    let root = folder.join(format!("cooked{round}"));
    let mut app = headless_app(HeadlessSettings::default());
    app.add_systems(Last, exit_when_done);
    let heard: Arc<Mutex<Option<Arc<ManifestOutcome>>>> = Arc::default();
    let (seen, lanes) = (heard.clone(), Arc::new(Mutex::new(0)));
    let count = lanes.clone();
    app.add_systems(Last, move |cook: Res<CookLanes>| {
        *count.lock().unwrap() = cook.max_lanes();
    });
    app.world_mut()
        .spawn(ManifestRequest::file(folder.join("kiln.json")).into_container(&root))
        .observe(move |done: On<ManifestFinished>| {
            *seen.lock().unwrap() = Some(done.outcome.clone());
        });
    let begun = Instant::now();
    app.run();
    let wall = begun.elapsed();
    let outcome = heard.lock().unwrap().take().unwrap();
    let failed = outcome.reports.iter().find(|(_, report)| !report.success);
    assert!(failed.is_none(), "{failed:?}");
    assert_eq!(outcome.reports.len(), (TEXTURES + SCENES) as usize);
    let spans = outcome.reports.iter().flat_map(|(_, report)| {
        let items = report.items.iter().flat_map(|item| &item.spans);
        report.parsing.iter().chain(items)
    });
    let work: u64 = spans.map(|span| span.end - span.start).sum();
    let lanes = *lanes.lock().unwrap();
    let ideal = Duration::from_micros(work) / u32::try_from(lanes).unwrap();
    let what = format!("round {round}: wall; lanes' work / {lanes}");
    row(&what, &format!("{wall:.2?}"), &format!("{ideal:.2?}"));
    wall.as_secs_f64() / ideal.as_secs_f64()
}

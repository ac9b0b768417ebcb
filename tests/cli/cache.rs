//! What is kept between runs: unchanged jobs do nothing, changed ones do what is needed, and the bytes are
//! those of a cook without a cache.

use crate::common::{
    Files, container, files, images,
    process::{self, Ran, kiln, run, verify},
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};
use tempfile::TempDir;

/// A project of textures, a glTF scene with two images beside it, and an FBX scene.
pub struct Project {
    pub folder: TempDir,
    pub cache: PathBuf,
    pub root: PathBuf,
}

const SHED: &[u8] = include_bytes!("../content/shed.fbx");

/// A scene of two triangles in two materials, each with an image.
const SCENE: &str = r#"{"asset":{"version":"2.0"},"scene":0,"scenes":[{"nodes":[0]}],
"nodes":[{"mesh":0,"name":"root"}],
"meshes":[{"name":"pair","primitives":[
 {"attributes":{"POSITION":0,"TEXCOORD_0":1},"material":0},
 {"attributes":{"POSITION":0,"TEXCOORD_0":1},"material":1}]}],
"materials":[
 {"name":"wood","pbrMetallicRoughness":{"baseColorTexture":{"index":0}}},
 {"name":"stone","pbrMetallicRoughness":{"baseColorTexture":{"index":1}}}],
"textures":[{"source":0},{"source":1}],
"images":[{"uri":"wood.png"},{"uri":"stone.png"}],
"buffers":[{"uri":"pair.bin","byteLength":60}],
"bufferViews":[{"buffer":0,"byteLength":36},{"buffer":0,"byteOffset":36,"byteLength":24}],
"accessors":[
 {"bufferView":0,"componentType":5126,"count":3,"type":"VEC3","min":[0,0,0],"max":[1,1,0]},
 {"bufferView":1,"componentType":5126,"count":3,"type":"VEC2"}]}"#;

const MANIFEST: &str = r#"{"version": 1,
"defaults": {"texture": {"bc7_quality": "fast"}},
"jobs": [
 {"type": "texture", "source": "textures/*.png"},
 {"type": "texture", "source": "textures/mask.tga", "name": "mask", "preset": "data"},
 {"type": "gltf", "source": "scene/pair.gltf"},
 {"type": "fbx", "source": "shed.fbx"}]}"#;

fn floats(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

impl Project {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let project = Self {
            cache: folder.path().join("cache"),
            root: folder.path().join("project/cooked"),
            folder,
        };
        project.write("textures/a.png", &images::picture(12, 8, 1));
        project.write("textures/b.png", &images::picture(8, 8, 2));
        project.write("textures/mask.tga", &images::tga(8, 8, 3));
        project.write("scene/pair.gltf", SCENE.as_bytes());
        project.write("scene/wood.png", &images::picture(8, 8, 4));
        project.write("scene/stone.png", &images::picture(8, 8, 5));
        project.write("shed.fbx", SHED);
        project.write("kiln.json", MANIFEST.as_bytes());
        project.mesh(1.0);
        project
    }

    fn mesh(&self, height: f32) {
        let positions = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, height, 0.0];
        let texcoords = [0.0, 0.0, 1.0, 0.0, 0.0, 1.0];
        let bytes = [floats(&positions), floats(&texcoords)].concat();
        self.write("scene/pair.bin", &bytes);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("project").join(name)
    }

    /// Writes a source as if that had been some time ago.
    pub fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        set_age(&path, 60);
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = kiln();
        command.args(words).env("KILN_CACHE_DIR", &self.cache);
        command
    }

    /// `kiln cook` into a container.
    pub fn cook_into(&self, root: &Path, more: &[&str]) -> Command {
        let mut command = self.command(&["cook", "--json"]);
        command
            .arg(self.path("kiln.json"))
            .arg("-o")
            .arg(root)
            .args(more);
        command
    }

    pub fn cook(&self, more: &[&str]) -> Cook {
        Cook(run(&mut self.cook_into(&self.root, more)).expect(0).json())
    }

    /// What a cook without a cache makes of the sources as they are.
    fn fresh(&self) -> Files {
        let root = self.folder.path().join("fresh");
        let _ = fs::remove_dir_all(&root);
        run(&mut self.cook_into(&root, &["--no-cache"])).expect(0);
        files(&root)
    }

    /// That the container is one that a fresh cook would make.
    #[track_caller]
    fn same_as_fresh(&self) {
        assert!(
            files(&self.root) == self.fresh(),
            "another container than a fresh cook's"
        );
    }
}

fn set_age(path: &Path, seconds: u64) {
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(seconds))
        .unwrap();
}

/// The report of a run.
pub struct Cook(pub Value);

impl Cook {
    /// The sources of the jobs that were not skipped, by their file names.
    pub fn cooked(&self) -> Vec<String> {
        let jobs = self.0["jobs"].as_array().unwrap().iter();
        let jobs = jobs.filter(|job| job["cached"] == false);
        jobs.map(|job| {
            let source = Path::new(job["source"].as_str().unwrap());
            source.file_name().unwrap().to_str().unwrap().to_owned()
        })
        .collect()
    }

    /// The names of the items that were cooked or came out of the cache.
    fn items(&self, cached: bool) -> Vec<String> {
        let jobs = self.0["jobs"].as_array().unwrap().iter();
        let items = jobs.flat_map(|job| job["items"].as_array().unwrap());
        let items = items.filter(|item| item["cached"] == cached);
        let mut names: Vec<String> = items
            .map(|item| {
                let name = item["name"].as_str().unwrap();
                name.rsplit(['/', '\\']).next().unwrap().to_owned()
            })
            .collect();
        names.sort();
        names
    }
}

/// The times of change of every file below a folder.
fn times(folder: &Path) -> Vec<(PathBuf, SystemTime)> {
    let names = files(folder).into_keys();
    names
        .map(|name| {
            let changed = fs::metadata(folder.join(&name))
                .unwrap()
                .modified()
                .unwrap();
            (name, changed)
        })
        .collect()
}

const ALL: [&str; 5] = ["a.png", "b.png", "mask.tga", "pair.gltf", "shed.fbx"];

#[test]
fn unchanged_runs_write_nothing_at_all() {
    let project = Project::new();
    let first = project.cook(&[]);
    assert_eq!(first.cooked(), ALL);
    assert_eq!(first.items(true), [""; 0]);
    run(&mut verify(&project.root)).expect(0);
    let (container, kept) = (times(&project.root), times(&project.cache));
    let contents = (files(&project.root), files(&project.cache));
    for _ in 0..9 {
        let again = project.cook(&[]);
        assert_eq!(again.cooked(), [""; 0]);
        assert_eq!(again.0["unchanged"], 5);
        for (before, after) in first.0["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .zip(again.0["jobs"].as_array().unwrap())
        {
            for key in [
                "name",
                "source",
                "diagnostics",
                "outputs",
                "source_key",
                "ignored",
                "textures_written",
            ] {
                assert_eq!(before[key], after[key], "{key}");
            }
            let count = |job: &Value| job["products"].as_array().unwrap().len();
            assert_eq!(count(before), count(after));
        }
    }
    assert_eq!(times(&project.root), container);
    assert_eq!(times(&project.cache), kept);
    assert!(contents == (files(&project.root), files(&project.cache)));
    project.same_as_fresh();
}

#[test]
fn unchanged_jobs_do_not_open_the_container() {
    let project = Project::new();
    project.cook(&[]);
    // Any step of the store would be the end of the process.
    let ran = run(project
        .cook_into(&project.root, &[])
        .env("KILN_FAULT", "1:abort"))
    .expect(0);
    assert_eq!(Cook(ran.json()).cooked(), [""; 0]);
    let text = run(project
        .command(&["cook", "--quiet"])
        .arg(project.path("kiln.json"))
        .arg("-o")
        .arg(&project.root));
    assert_eq!(
        (text.code(), text.stdout.as_str(), text.stderr.as_str()),
        (Some(0), "", "")
    );
}

#[test]
fn a_touched_file_is_read_and_nothing_is_written() {
    let project = Project::new();
    project.cook(&[]);
    let container = times(&project.root);
    for name in ["textures/a.png", "scene/wood.png", "shed.fbx"] {
        set_age(&project.path(name), 5);
    }
    assert_eq!(project.cook(&[]).cooked(), [""; 0]);
    assert_eq!(times(&project.root), container);
    let kept = times(&project.cache);
    assert_eq!(project.cook(&[]).cooked(), [""; 0]);
    assert_eq!(times(&project.cache), kept, "it was noted");
}

#[test]
fn an_edit_cooks_what_depends_on_it() {
    let project = Project::new();
    project.cook(&[]);
    project.write("textures/b.png", &images::picture(8, 8, 20));
    let edited = project.cook(&[]);
    assert_eq!(edited.cooked(), ["b.png"]);
    assert_eq!(
        (edited.items(false), edited.items(true)),
        (vec!["b".to_owned()], Vec::new())
    );
    // An image of a scene: its texture, and nothing else of the scene.
    project.write("scene/stone.png", &images::picture(8, 8, 50));
    let edited = project.cook(&[]);
    assert_eq!(edited.cooked(), ["pair.gltf"]);
    assert_eq!(edited.items(false).len(), 1, "{:?}", edited.items(false));
    assert!(edited.items(false)[0].contains("stone"));
    assert_eq!(edited.items(true).len(), 2, "a texture and a mesh");
    // A buffer of it: the mesh, and no texture.
    project.mesh(2.0);
    let edited = project.cook(&[]);
    assert_eq!(
        (edited.items(false).len(), edited.items(true).len()),
        (1, 2)
    );
    assert_eq!(project.cook(&[]).cooked(), [""; 0]);
    run(&mut verify(&project.root)).expect(0);
}

#[test]
fn an_edit_that_is_taken_back_comes_out_of_the_cache() {
    let project = Project::new();
    project.cook(&[]);
    project.write("textures/b.png", &images::picture(8, 8, 20));
    project.cook(&[]);
    project.write("textures/b.png", &images::picture(8, 8, 2));
    let back = project.cook(&[]);
    assert_eq!(back.cooked(), ["b.png"]);
    assert_eq!(back.items(true), ["b"]);
    assert_eq!(project.cook(&[]).cooked(), [""; 0]);
}

#[test]
fn a_setting_cooks_the_jobs_that_it_is_for() {
    let project = Project::new();
    project.cook(&[]);
    let changed = MANIFEST.replace(r#""preset": "data""#, r#""preset": "data", "max_mips": 2"#);
    project.write("kiln.json", changed.as_bytes());
    assert_eq!(project.cook(&[]).cooked(), ["mask.tga"]);
    assert_eq!(project.cook(&[]).cooked(), [""; 0]);
    let changed = changed.replace("\"fast\"", "\"default\"");
    project.write("kiln.json", changed.as_bytes());
    let all = project.cook(&[]);
    // The preset of the mask says its quality itself.
    assert_eq!(all.cooked(), ["a.png", "b.png", "pair.gltf", "shed.fbx"]);
    // The mesh has no such setting.
    assert!(
        all.items(true).iter().any(|name| name.contains("pair")),
        "{:?}",
        all.items(true)
    );
    let container = container::read(&project.root);
    assert_eq!(container.texture("mask").mips, 2);
}

#[test]
fn a_file_that_appears_is_found() {
    let project = Project::new();
    fs::remove_file(project.path("scene/wood.png")).unwrap();
    let first = project.cook(&[]);
    assert_eq!(first.cooked(), ALL);
    assert_eq!(
        project.cook(&[]).cooked(),
        [""; 0],
        "a texture may be missing"
    );
    project.write("scene/wood.png", &images::picture(8, 8, 4));
    assert_eq!(project.cook(&[]).cooked(), ["pair.gltf"]);
    fs::remove_file(project.path("scene/stone.png")).unwrap();
    assert_eq!(project.cook(&[]).cooked(), ["pair.gltf"]);
}

#[test]
fn a_container_that_is_not_as_it_was_is_cooked_again() {
    let project = Project::new();
    project.cook(&[]);
    let whole = files(&project.root);
    // A descriptor that is gone or cut is written again.
    let material = whole
        .keys()
        .find(|path| path.starts_with("Materials"))
        .unwrap();
    let path = project.root.join(material);
    fs::remove_file(&path).unwrap();
    assert_eq!(project.cook(&[]).cooked(), ALL);
    assert!(files(&project.root) == whole);
    fs::write(&path, "short").unwrap();
    let again = project.cook(&[]);
    assert_eq!((again.cooked().len(), again.items(false).len()), (5, 0));
    assert!(files(&project.root) == whole);
    // The index of another container.
    let other = project.folder.path().join("other");
    run(process::import(&other, &[project.path("textures/a.png")]).env("KILN_CACHE_DIR", ""))
        .expect(0);
    fs::remove_dir_all(&project.root).unwrap();
    fs::rename(&other, &project.root).unwrap();
    assert_eq!(project.cook(&[]).cooked(), ALL);
    fs::remove_dir_all(&project.root).unwrap();
    let again = project.cook(&[]);
    assert_eq!((again.cooked().len(), again.items(false).len()), (5, 0));
    assert!(files(&project.root) == whole);
    assert_eq!(project.cook(&[]).cooked(), [""; 0]);
}

#[test]
fn bytes_do_not_depend_on_the_cache() {
    let project = Project::new();
    let fresh = project.fresh();
    assert!(!project.cache.exists(), "--no-cache leaves no trace");
    for threads in ["1", "2", "8"] {
        let _ = fs::remove_dir_all(&project.root);
        project.cook(&["--threads", threads]);
        assert!(files(&project.root) == fresh, "{threads} threads");
    }
    let _ = fs::remove_dir_all(&project.root);
    let forced = project.cook(&["--force"]);
    assert_eq!((forced.cooked().len(), forced.items(true).len()), (5, 0));
    assert!(files(&project.root) == fresh);
    assert_eq!(project.cook(&["--force"]).cooked(), ALL);
    assert_eq!(
        project.cook(&[]).cooked(),
        [""; 0],
        "a forced run is remembered"
    );
}

#[test]
fn damage_to_the_cache_costs_time_only() {
    let project = Project::new();
    project.cook(&[]);
    let fresh = files(&project.root);
    let kept = files(&project.cache);
    for (name, bytes) in &kept {
        for damage in 0..4 {
            let path = project.cache.join(name);
            let mut bad = bytes.clone();
            let middle = bad.len() / 2;
            match damage {
                0 => bad[middle] ^= 0xff,
                1 => bad.truncate(middle),
                2 => bad.clear(),
                _ => bad = b"garbage".repeat(100),
            }
            fs::write(&path, bad).unwrap();
            let root = project.folder.path().join("damaged");
            let _ = fs::remove_dir_all(&root);
            run(&mut project.cook_into(&root, &[])).expect(0);
            assert!(files(&root) == fresh, "{} {damage}", name.display());
            run(&mut project.cook_into(&project.root, &[])).expect(0);
            assert!(files(&project.root) == fresh);
            fs::remove_dir_all(&project.cache).unwrap();
            for (name, bytes) in &kept {
                fs::create_dir_all(project.cache.join(name).parent().unwrap()).unwrap();
                fs::write(project.cache.join(name), bytes).unwrap();
            }
        }
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_told_of() {
    let project = Project::new();
    fs::write(&project.cache, "no folder").unwrap();
    let ran = run(&mut project.cook_into(&project.root, &[])).expect(0);
    assert_eq!(
        ran.stderr.matches("warning[cache.unwritable]").count(),
        1,
        "{}",
        ran.stderr
    );
    project.same_as_fresh();
}

#[test]
fn two_processes_share_a_cache() {
    let project = Project::new();
    let roots = ["one", "two"].map(|name| project.folder.path().join(name));
    let running: Vec<_> = roots
        .iter()
        .map(|root| process::start(&mut project.cook_into(root, &[])))
        .collect();
    for process in running {
        process.wait().expect(0);
    }
    let fresh = project.fresh();
    for root in &roots {
        assert!(files(root) == fresh);
        let again = run(&mut project.cook_into(root, &[])).expect(0);
        assert_eq!(Cook(again.json()).cooked(), [""; 0]);
    }
    let third = Cook(
        run(&mut project.cook_into(&project.root, &[]))
            .expect(0)
            .json(),
    );
    assert_eq!(third.items(false), [""; 0]);
}

#[test]
fn a_moved_project_finds_its_textures() {
    let project = Project::new();
    project.cook(&[]);
    let moved = project.folder.path().join("moved");
    crate::common::copy(&project.path("textures"), &moved.join("textures"));
    let manifest = r#"{"defaults": {"texture": {"bc7_quality": "fast"}},
        "jobs": [{"type": "texture", "source": "textures/*.png"}]}"#;
    fs::write(moved.join("kiln.json"), manifest).unwrap();
    let mut command = project.command(&["cook", "--json"]);
    let ran = run(command
        .arg(moved.join("kiln.json"))
        .arg("-o")
        .arg(moved.join("cooked")));
    assert_eq!(Cook(ran.expect(0).json()).items(true), ["a", "b"]);
}

#[test]
fn single_imports_are_remembered_too() {
    let project = Project::new();
    let import = |more: &[&str]| {
        let mut command = project.command(&["import", "--json", "-o"]);
        command
            .arg(&project.root)
            .arg(project.path("textures/a.png"))
            .args(more);
        Cook(run(&mut command).expect(0).json())
    };
    assert_eq!(import(&[]).cooked(), ["a.png"]);
    assert_eq!(import(&[]).cooked(), [""; 0]);
    assert_eq!(import(&["--max-mips", "2"]).cooked(), ["a.png"]);
    // The container has the last of them, so the one before has to be made again.
    assert_eq!(import(&[]).cooked(), ["a.png"]);
    assert_eq!(import(&[]).cooked(), [""; 0]);
    let line: Value =
        serde_json::from_slice(&fs::read(project.root.join("kiln.catalog.json")).unwrap()).unwrap();
    assert_ne!(line["entries"][0]["settings"]["max_mip_levels"], 2);
}

#[test]
fn the_last_of_two_jobs_for_one_place_wins_in_every_run() {
    let project = Project::new();
    let manifest = |first: u8| {
        format!(
            r#"{{"jobs": [{{"type": "texture", "source": "textures/a.png", "name": "x", "max_mips": {first}}},
                {{"type": "texture", "source": "textures/a.png", "name": "x", "max_mips": 2}}]}}"#
        )
    };
    let mips = || {
        let bytes = fs::read(project.root.join("kiln.catalog.json")).unwrap();
        let catalog: Value = serde_json::from_slice(&bytes).unwrap();
        catalog["entries"][0]["settings"]["max_mip_levels"].clone()
    };
    for first in [3, 3, 1, 1, 3] {
        project.write("kiln.json", manifest(first).as_bytes());
        project.cook(&[]);
        assert_eq!(mips(), 2);
    }
}

#[test]
fn failures_are_tried_again() {
    let project = Project::new();
    project.write("textures/bad.png", b"no image");
    let cook = || run(&mut project.cook_into(&project.root, &[]));
    assert_eq!(cook().code(), Some(1));
    let again = cook();
    assert_eq!(again.code(), Some(1));
    let cooked = Cook(again.json()).cooked();
    assert_eq!(cooked, ["bad.png"]);
    project.write("textures/bad.png", &images::picture(8, 8, 9));
    assert_eq!(project.cook(&[]).cooked(), ["bad.png"]);
}

#[test]
fn the_commands_of_the_cache() {
    let project = Project::new();
    let cache = |words: &[&str]| -> Ran {
        run(&mut project.command(&[&["cache"], words].concat())).expect(0)
    };
    let stats = || cache(&["stats", "--json"]).json();
    assert_eq!(
        (&stats()["entries"], &stats()["projects"]),
        (&0.into(), &0.into())
    );
    project.cook(&[]);
    let full = stats();
    assert!(full["entries"].as_u64().unwrap() >= 6, "{full}");
    assert_eq!(
        (&full["segments"], &full["projects"]),
        (&1.into(), &1.into())
    );
    assert_eq!(full["folder"], project.cache.to_str().unwrap());
    let text = cache(&["stats"]).stdout;
    let words: Vec<&str> = text
        .lines()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(words, ["folder", "entries", "size", "projects"]);
    // A second run adds a second file; both become one.
    project.write("textures/b.png", &images::picture(8, 8, 20));
    project.cook(&[]);
    assert_eq!(stats()["segments"], 2);
    let entries = stats()["entries"].clone();
    assert_eq!(cache(&["gc", "--json"]).json()["removed_segments"], 1);
    assert_eq!(
        (&stats()["segments"], &stats()["entries"]),
        (&1.into(), &entries)
    );
    // A container that is gone is forgotten, and too much is removed.
    fs::remove_dir_all(&project.root).unwrap();
    let emptied = cache(&["gc", "--cache-size", "1"]).stdout;
    assert!(emptied.ends_with("removed, 0 B left\n"), "{emptied}");
    assert_eq!(
        (&stats()["entries"], &stats()["projects"]),
        (&0.into(), &0.into())
    );
    project.cook(&[]);
    assert!(cache(&["clear"]).stdout.contains("1 files and "));
    assert_eq!(
        (&stats()["bytes"], &stats()["projects"]),
        (&0.into(), &0.into())
    );
    let none = run(kiln().args(["cache", "stats"])).expect(2);
    assert!(none.stderr.contains("--cache-dir"), "{}", none.stderr);
}

#[test]
fn the_summary_says_what_was_not_done() {
    let project = Project::new();
    let lines = || {
        let mut command = project.command(&["cook"]);
        command
            .arg(project.path("kiln.json"))
            .arg("-o")
            .arg(&project.root);
        run(&mut command).expect(0).stdout
    };
    let first = lines();
    assert!(
        first.ends_with("5 succeeded, 0 failed, 0 canceled\n"),
        "{first}"
    );
    let second = lines();
    assert!(
        second.ends_with("5 succeeded, 0 failed, 0 canceled, 5 unchanged\n"),
        "{second}"
    );
    assert!(
        second.contains("] unchanged ") && !second.contains("] cooked "),
        "{second}"
    );
    fs::remove_dir_all(&project.root).unwrap();
    let third = lines();
    assert!(
        third.contains(" textures and meshes from the cache\n"),
        "{third}"
    );
}

//! `kiln compact`: after any history a container becomes what a fresh cook would write.

use crate::common::{
    Files, Seeded, container, copy, files, images,
    process::{import, kiln, run, verify},
    project::{Project, Triangle, difference},
};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

#[track_caller]
fn same(found: &Files, meant: &Files) {
    let differing = difference(found, meant);
    assert!(differing.is_empty(), "{differing:#?}");
}

/// When files were written last.
fn times(root: &Path) -> Vec<(PathBuf, SystemTime)> {
    let time = |path: PathBuf| {
        let info = std::fs::metadata(root.join(&path)).unwrap();
        (path, info.modified().unwrap())
    };
    files(root).into_keys().map(time).collect()
}

/// A container with a history: sources edited, settings changed, jobs added, moved and removed.
fn with_history() -> Project {
    history_of(Project::mixed())
}

fn history_of(project: Project) -> Project {
    project.cook();
    project.image("wood.png", 11);
    project.write("models/paint.png", &images::picture(8, 8, 14));
    project.cook();
    project.scene(
        "models/flags.gltf",
        &[
            Triangle {
                name: "Green",
                size: 3.0,
                texture: None,
            },
            Triangle {
                name: "Red",
                size: 1.0,
                texture: Some("paint.png"),
            },
        ],
    );
    project.cook();
    let mut jobs = project.jobs();
    jobs[2]["mip_policy"] = json!("none");
    jobs.remove(0);
    project.image("new/brick.png", 21);
    jobs.insert(
        1,
        json!({"type": "texture", "source": "new/brick.png", "name": "brick"}),
    );
    project.manifest(&jobs);
    project.cook();
    jobs.swap(0, 3);
    // One source twice, with different settings.
    let mut again = jobs[1].clone();
    again["mip_policy"] = json!("none");
    jobs.push(again);
    project.manifest(&jobs);
    project.cook();
    project
}

#[test]
fn a_history_becomes_a_fresh_cook() {
    let project = with_history();
    let fresh = project.fresh();
    let before = files(&project.root());
    assert!(before != fresh);
    let ran = project.compact();
    let (after, valid) = (files(&project.root()), container::read(&project.root()));
    same(&after, &fresh);
    assert!(ran.stdout.contains("freed "), "{}", ran.stdout);
    assert!(ran.stdout.contains("1 jobs dropped"), "{}", ran.stdout);
    let size = |files: &Files| files.values().map(Vec::len).sum::<usize>();
    assert!(size(&after) < size(&before));
    // No byte belongs to nothing.
    let mut ends: Vec<_> = valid
        .textures
        .iter()
        .map(|t| (t.offset, t.payload.len()))
        .collect();
    ends.sort_unstable();
    for pair in ends.windows(2) {
        let end = pair[0].0 + pair[0].1 as u64;
        assert!(pair[1].0 == end.next_multiple_of(256), "{ends:?}");
    }
    run(&mut verify(&project.root())).expect(0);
    // What is compact is not touched, neither by this nor by the next cook.
    let times_before = times(&project.root());
    let ran = project.compact();
    assert!(ran.stdout.contains("compact already"), "{}", ran.stdout);
    let ran = run(&mut project.compacting(&project.root())).expect(0);
    assert!(ran.stdout.contains("compact already"), "{}", ran.stdout);
    project.cook();
    assert_eq!(times(&project.root()), times_before);
}

#[test]
fn what_was_kept_between_cooks_changes_nothing() {
    let project = history_of(Project::mixed().with_cache());
    let fresh = project.fresh();
    assert!(files(&project.root()) != fresh);
    project.compact();
    same(&files(&project.root()), &fresh);
    // What has been compacted is known again, and not written again.
    let before = times(&project.root());
    for _ in 0..2 {
        project.cook();
        assert_eq!(times(&project.root()), before);
    }
}

#[test]
fn without_a_manifest_all_jobs_stay_in_their_order() {
    let project = Project::mixed();
    project.cook();
    let mut jobs = project.jobs();
    project.image("early.png", 8);
    jobs.insert(1, json!({"type": "texture", "source": "early.png"}));
    jobs[3]["preset"] = json!("data");
    project.manifest(&jobs);
    project.cook();
    project.image("wood.png", 12);
    project.cook();
    let fresh = project.fresh();
    assert!(files(&project.root()) != fresh);
    run(&mut project.compacting(&project.root())).expect(0);
    same(&files(&project.root()), &fresh);
    container::read(&project.root());
}

#[test]
fn random_histories_become_fresh_cooks() {
    for seed in 1..4 {
        let project = Project::mixed();
        let mut random = Seeded(seed);
        let mut jobs = project.jobs();
        for round in 0..5 {
            match random.below(5) {
                0 => project.image("wood.png", random.below(3)),
                1 => project.write("models/planks.tga", &images::tga(8, 8, random.below(4))),
                2 => {
                    let policy = ["none", "full"][random.below(2) as usize];
                    let job = random.below(jobs.len() as u64) as usize;
                    jobs[job]["mip_policy"] = json!(policy);
                }
                3 => {
                    let name = format!("more{round}.png");
                    project.image(&name, random.below(3));
                    let place = random.below(jobs.len() as u64 + 1) as usize;
                    jobs.insert(place, json!({"type": "texture", "source": name}));
                }
                _ => {
                    let job = random.below(jobs.len() as u64) as usize;
                    let job = jobs.remove(job);
                    if random.below(2) == 0 || jobs.is_empty() {
                        jobs.push(job);
                    }
                }
            }
            project.manifest(&jobs);
            project.cook();
        }
        let fresh = project.fresh();
        project.compact();
        same(&files(&project.root()), &fresh);
    }
}

#[test]
fn files_that_were_imported_one_by_one() {
    let project = Project::empty();
    let sources = ["a.png", "b.png", "c.png"].map(|name| project.path(name));
    for (source, seed) in sources.iter().zip(1..) {
        std::fs::write(source, images::picture(9, 7, seed)).unwrap();
        run(&mut import(&project.root(), &[source])).expect(0);
    }
    std::fs::write(&sources[0], images::picture(9, 7, 30)).unwrap();
    run(&mut import(&project.root(), &sources[..1])).expect(0);
    let root = project.path("fresh");
    run(&mut import(&root, &sources)).expect(0);
    assert!(files(&project.root()) != files(&root));
    let report = run(project.compacting(&project.root()).arg("--json"))
        .expect(0)
        .json();
    assert_eq!(report["success"], true);
    assert_eq!(report["textures"], json!({"kept": 4, "dropped": 1}));
    assert_eq!(report["jobs"], json!({"kept": 3, "dropped": 0}));
    same(&files(&project.root()), &files(&root));
}

#[test]
fn the_fallback_follows_the_settings() {
    let project = Project::mixed();
    project.cook();
    let tight =
        json!({"packing_policy": "tight", "output_format": "rgba8_srgb", "data_format": "rgba8"});
    project.manifest_with(&tight, &project.jobs());
    project.cook();
    let fresh = project.fresh();
    project.compact();
    same(&files(&project.root()), &fresh);
}

#[test]
fn kinds_of_products_that_are_gone_leave_no_file() {
    let project = Project::mixed();
    project.cook();
    project.manifest(&project.jobs()[..1]);
    let fresh = project.fresh();
    assert!(project.path("cooked/Resources/buffers.data").exists());
    project.compact();
    same(&files(&project.root()), &fresh);
    let mut entries: Vec<_> = std::fs::read_dir(project.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    entries.sort();
    assert_eq!(
        entries,
        ["Resources", "container.index.bin", "kiln.catalog.json"]
    );
}

#[test]
fn a_dry_run_says_what_would_be_freed() {
    let project = with_history();
    let before = (files(&project.root()), times(&project.root()));
    let mut command = project.compacting(&project.root());
    command.arg("-m").arg(project.manifest_path());
    command.args(["--dry-run", "--json"]);
    let report = run(&mut command).expect(0).json();
    assert_eq!((files(&project.root()), times(&project.root())), before);
    assert_eq!(report["dry_run"], true);
    assert_eq!(report["changed"], true);
    let size = |files: &Files| files.values().map(Vec::len).sum::<usize>();
    assert_eq!(report["bytes_before"], size(&before.0));
    let dropped = report["dropped_jobs"].as_array().unwrap();
    assert!(dropped.len() == 1 && dropped[0].as_str().unwrap().ends_with("wood.png"));
    let told = run(project.compacting(&project.root()).arg("--dry-run")).expect(0);
    assert!(told.stdout.contains("would free "), "{}", told.stdout);
    project.compact();
    assert_eq!(report["bytes_after"], size(&files(&project.root())));
}

#[test]
fn what_cannot_be_compacted_is_refused_and_not_touched() {
    let project = Project::mixed();
    let refused =
        |command: &mut std::process::Command, status| run(command.arg("--json")).expect(status);
    let root = project.root();
    let none = refused(&mut project.compacting(&root), 1);
    assert_eq!(none.codes(), ["verify.missing"]);
    project.cook();
    let whole = files(&root);
    let with_manifest = |jobs: &[serde_json::Value]| {
        project.manifest(jobs);
        let mut command = project.compacting(&root);
        command.arg("-m").arg(project.manifest_path());
        command
    };
    // Another project's manifest.
    project.image("other.png", 1);
    let other = json!({"type": "texture", "source": "other.png"});
    let ran = refused(&mut with_manifest(std::slice::from_ref(&other)), 1);
    assert_eq!(ran.codes(), ["container.compact_empty"]);
    // A job that was not cooked is worth a warning.
    let mut jobs = project.jobs();
    jobs.push(other);
    let mut command = with_manifest(&jobs);
    assert_eq!(refused(&mut command, 0).codes(), ["container.not_cooked"]);
    // A manifest that is not valid names less than it should.
    jobs.push(json!({"type": "texture", "source": "no/such/*.png"}));
    let ran = refused(&mut with_manifest(&jobs), 2);
    assert_eq!(ran.json()["problems"][0]["code"], "manifest.no_match");
    assert!(files(&root) == whole);
    // Nobody knows whose things these are.
    let path = root.join("kiln.catalog.json");
    let mut catalog: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    catalog["jobs"].as_array_mut().unwrap().pop();
    std::fs::write(&path, catalog.to_string()).unwrap();
    let ran = refused(&mut project.compacting(&root), 1);
    assert_eq!(ran.codes(), ["container.compact_unclaimed"]);
    std::fs::remove_file(&path).unwrap();
    let ran = refused(&mut project.compacting(&root), 1);
    assert_eq!(ran.codes(), ["container.compact_unclaimed"]);
    // A damaged one is not made worse.
    std::fs::write(&path, &whole[Path::new("kiln.catalog.json")]).unwrap();
    let data = root.join("Resources/textures.data");
    let mut bytes = std::fs::read(&data).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&data, &bytes).unwrap();
    let ran = refused(&mut project.compacting(&root), 1);
    assert_eq!(ran.codes().last().unwrap(), "container.not_compacted");
    assert_eq!(std::fs::read(&data).unwrap(), bytes);
    run(kiln().arg("compact")).expect(2);
}

/// A small container that is worth compacting, and what it is to be.
fn small() -> (Project, PathBuf, Files, Files) {
    let project = Project::mixed();
    let jobs = project.jobs();
    project.manifest(&jobs[..3]);
    project.cook();
    project.image("wood.png", 30);
    project.manifest(&jobs[..2]);
    project.cook();
    let base = project.path("base");
    copy(&project.root(), &base);
    let before = files(&base);
    let after = project.fresh();
    (project, base, before, after)
}

#[test]
fn a_compaction_dies_at_each_step() {
    let (project, base, before, after) = small();
    let root = project.path("dying");
    let compacting = |fault: Option<String>| {
        let mut command = project.compacting(&root);
        command.arg("-m").arg(project.manifest_path());
        if let Some(fault) = fault {
            command.env("KILN_FAULT", fault);
        }
        run(&mut command)
    };
    let mut forward = Vec::new();
    for step in 1..200 {
        let _ = std::fs::remove_dir_all(&root);
        copy(&base, &root);
        let died = compacting(Some(format!("{step}:abort")));
        if died.status.success() {
            same(&files(&root), &after);
            break;
        }
        assert_eq!(died.code(), None, "step {step}: {died:?}");
        // A recovery that dies as well changes nothing.
        run(verify(&root).env("KILN_FAULT", format!("{}:abort", step % 7 + 1)));
        run(&mut verify(&root)).expect(0);
        let found = files(&root);
        let is_after = found == after;
        assert!(is_after || found == before, "step {step}");
        forward.push(is_after);
        container::read(&root);
        compacting(None).expect(0);
        same(&files(&root), &after);
    }
    let first = forward.iter().position(|forward| *forward).unwrap();
    assert!(first > 8 && forward.len() - first > 5, "{forward:?}");
    assert!(
        forward[first..].iter().all(|forward| *forward),
        "{forward:?}"
    );
}

#[test]
fn a_disk_that_fails_leaves_one_or_the_other() {
    let (project, base, before, after) = small();
    let root = project.path("failing");
    let mut steps = 200;
    for effect in ["enospc", "eio-once"] {
        let mut succeeded = false;
        for step in 1..=steps {
            let _ = std::fs::remove_dir_all(&root);
            copy(&base, &root);
            let mut command = project.compacting(&root);
            command.arg("-m").arg(project.manifest_path());
            let ran = run(command.env("KILN_FAULT", format!("{step}:{effect}")));
            succeeded = ran.code() == Some(0);
            assert!(succeeded || ran.code() == Some(1), "{ran:?}");
            run(&mut verify(&root)).expect(0);
            let found = files(&root);
            assert!(
                found == after || (found == before && !succeeded),
                "{effect} {step}"
            );
            if succeeded && effect == "enospc" {
                steps = step;
                break;
            }
        }
        assert!(succeeded, "{effect}");
    }
}

#[test]
fn buffers_of_a_skinned_mesh_move_with_it() {
    let project = Project::mixed();
    let content = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/content");
    let yard = std::fs::read(content.join("yard.glb")).unwrap();
    project.write("models/yard.glb", &yard);
    let mut jobs = project.jobs();
    jobs.truncate(2);
    let flags = json!({"textures": false});
    jobs.push(json!({"type": "gltf", "source": "models/yard.glb", "content_flags": flags}));
    project.manifest(&jobs);
    project.cook();
    let triangle = Triangle {
        name: "Wide",
        size: 9.0,
        texture: None,
    };
    project.scene("models/flags.gltf", &[triangle]);
    project.cook();
    let (before, fresh) = (files(&project.root()), project.fresh());
    let pole = Path::new("Geometry/yard/Pole.ogeo");
    assert!(before[pole] != fresh[pole]);
    project.compact();
    same(&files(&project.root()), &fresh);
    run(&mut verify(&project.root())).expect(0);
}

//! A cook of a whole project is killed again and again, and comes to the same end.

use crate::common::{
    Files, Seeded, container, files,
    process::{run, start, verify},
    project::{Project, difference},
};
use serde_json::json;
use std::{
    path::Path,
    time::{Duration, Instant},
};

#[track_caller]
fn same(found: &Files, meant: &Files, when: &str) {
    let differing = difference(found, meant);
    assert!(differing.is_empty(), "{when}: {differing:#?}");
}

/// Starts a cook and kills it somewhere in the time that it takes; one in three dies by itself, at some
/// step of its work on the disk.
fn killed(project: &Project, root: &Path, round: u64, whole: Duration, random: &mut Seeded) {
    let mut command = project.cooking(root);
    if round % 3 == 2 {
        let step = random.below(30) + 1;
        run(command.env("KILN_FAULT", format!("{step}:abort")));
        return;
    }
    let running = start(&mut command);
    let wait = whole * random.below(1000) as u32 / 1000;
    std::thread::sleep(wait.max(Duration::from_micros(200)));
    running.kill();
}

/// What a killed cook has left is a container, or nothing yet.
fn is_whole(root: &Path, when: &str) {
    let verified = run(verify(root).arg("--json"));
    if files(root).is_empty() {
        assert_eq!(verified.expect(1).codes(), ["verify.missing"], "{when}");
    } else {
        assert_eq!(verified.expect(0).codes(), [""; 0], "{when}");
    }
}

#[test]
fn a_cook_that_is_killed_ten_times_comes_to_its_end() {
    comes_to_its_end(&Project::mixed());
}

#[test]
fn so_does_one_that_keeps_what_it_has_cooked() {
    comes_to_its_end(&Project::mixed().with_cache());
}

fn comes_to_its_end(project: &Project) {
    let begun = Instant::now();
    let undisturbed = project.fresh();
    // Nothing is known from that.
    let _ = std::fs::remove_dir_all(project.path(".cache"));
    let whole = begun.elapsed();
    let root = project.root();
    let mut random = Seeded(5);
    for round in 0..10 {
        killed(project, &root, round, whole, &mut random);
        is_whole(&root, &format!("killed {round}"));
    }
    project.cook();
    run(&mut verify(&root)).expect(0);
    container::read(&root);
    // What was committed before is found again, and not appended twice.
    same(&files(&root), &undisturbed, "after ten kills");
}

#[test]
fn edits_between_kills_are_compacted_away() {
    are_compacted_away(&Project::mixed());
    are_compacted_away(&Project::mixed().with_cache());
}

fn are_compacted_away(project: &Project) {
    let begun = Instant::now();
    project.cook();
    let whole = begun.elapsed();
    let root = project.root();
    let mut random = Seeded(8);
    let mut jobs = project.jobs();
    for round in 0..10 {
        project.image("wood.png", round);
        let at = random.below(jobs.len() as u64) as usize;
        jobs[at]["mip_policy"] = json!(["none", "full"][round as usize % 2]);
        jobs.rotate_left(1);
        project.manifest(&jobs);
        killed(project, &root, round, whole * 3 / 2, &mut random);
        if round % 4 == 3 {
            // So is a compaction.
            let mut command = project.compacting(&root);
            command.env("KILN_FAULT", format!("{}:abort", random.below(40) + 1));
            run(&mut command);
        }
        is_whole(&root, &format!("killed {round}"));
    }
    project.cook();
    container::read(&root);
    project.compact();
    same(&files(&root), &project.fresh(), "after ten kills");
}

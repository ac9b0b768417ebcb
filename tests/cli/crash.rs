//! Processes that die, at every step and at any time: the next one finds the container as it was, or
//! as it was meant to be.

use crate::common::{
    Files, Seeded, container, copy, files, images,
    process::{Ran, import, run, start, verify},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// More steps than any import of these tests has.
const MOST_STEPS: u32 = 200;

/// Sources, and containers before and after they are imported.
struct Scene {
    folder: TempDir,
    sources: Vec<PathBuf>,
    /// The container that is there already.
    base: PathBuf,
    before: Files,
    after: Files,
}

impl Scene {
    /// Sources for a container that is not there yet.
    fn first_import() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sources = write_sources(folder.path(), 1);
        Self::new(folder, sources)
    }

    /// Sources of which one is new, one has changed, and one is as it was.
    fn second_import() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sources = write_sources(folder.path(), 1);
        run(&mut import(&folder.path().join("base"), &sources)).expect(0);
        std::fs::write(&sources[0], images::picture(80, 48, 99)).unwrap();
        let mut sources = sources;
        let new = folder.path().join("new.bmp");
        std::fs::write(&new, images::bmp(37, 21, 5)).unwrap();
        sources.push(new);
        Self::new(folder, sources)
    }

    fn new(folder: TempDir, sources: Vec<PathBuf>) -> Self {
        let base = folder.path().join("base");
        let meant = folder.path().join("meant");
        copy(&base, &meant);
        run(&mut import(&meant, &sources)).expect(0);
        container::read(&meant);
        Self {
            before: files(&base),
            after: files(&meant),
            folder,
            sources,
            base,
        }
    }

    /// A copy of the container as it is before.
    fn fresh(&self, name: &str) -> PathBuf {
        let root = self.folder.path().join(name);
        // What an earlier round has left.
        let _ = std::fs::remove_dir_all(&root);
        if !self.before.is_empty() {
            copy(&self.base, &root);
        }
        root
    }

    fn import(&self, root: &Path) -> Command {
        import(root, &self.sources)
    }

    /// Lets the next process open a container after a crash, and says what it found. An import after
    /// that makes it what it was meant to be.
    #[track_caller]
    fn recovers(&self, root: &Path, when: &str) -> Found {
        let verified = run(verify(root).arg("--json"));
        let now = files(root);
        let found = if now == self.before {
            Found::Before
        } else if now == self.after {
            Found::After
        } else {
            let list = |files: &Files| -> Vec<(PathBuf, usize)> {
                let sizes = files
                    .iter()
                    .map(|(path, bytes)| (path.clone(), bytes.len()));
                sizes.collect()
            };
            panic!(
                "{when}: neither before nor after: {:?}\n{:?}\n{:?}\n{verified:?}",
                list(&now),
                list(&self.before),
                list(&self.after)
            );
        };
        if now.is_empty() {
            assert_eq!(verified.expect(1).codes(), ["verify.missing"], "{when}");
        } else {
            assert_eq!(verified.expect(0).codes(), [""; 0], "{when}");
            container::read(root);
        }
        found
    }

    #[track_caller]
    fn completes(&self, root: &Path, when: &str) {
        run(&mut self.import(root)).expect(0);
        assert!(files(root) == self.after, "{when}: the next import");
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Before,
    After,
}

/// A few small sources, one of them with large mips.
fn write_sources(folder: &Path, seed: u64) -> Vec<PathBuf> {
    let mut sources = Vec::new();
    for (name, bytes) in [
        ("wood.png", images::picture(64, 64, seed)),
        ("stone_normal.png", images::picture(33, 17, seed + 1)),
        ("sky.hdr", images::hdr(24, 12, seed + 2)),
    ] {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        sources.push(path);
    }
    sources
}

fn with_fault(mut command: Command, step: u32, effect: &str) -> Ran {
    run(command.env("KILN_FAULT", format!("{step}:{effect}")))
}

/// Lets a process die at each of its steps until one comes to its end; returns what was found.
fn dies_at_each_step(scene: &Scene) -> Vec<Found> {
    let mut found = Vec::new();
    for step in 1..MOST_STEPS {
        let root = scene.fresh("dying");
        let died = with_fault(scene.import(&root), step, "abort");
        if died.status.success() {
            assert!(files(&root) == scene.after);
            return found;
        }
        assert_eq!(died.code(), None, "step {step}: {died:?}");
        let when = format!("after a crash at step {step}");
        found.push(scene.recovers(&root, &when));
        scene.completes(&root, &when);
    }
    panic!("an import of {MOST_STEPS} steps");
}

/// Before the commit point everything is rolled back, after it everything is rolled forward.
fn decided_once(found: &[Found]) {
    let forward = found.iter().position(|found| *found == Found::After);
    let forward = forward.expect("some steps come after the commit point");
    assert!(forward > 5 && found.len() - forward > 3, "{found:?}");
    assert!(found[forward..].iter().all(|found| *found == Found::After));
}

#[test]
fn a_first_import_dies_at_each_step() {
    decided_once(&dies_at_each_step(&Scene::first_import()));
}

#[test]
fn a_second_import_dies_at_each_step() {
    decided_once(&dies_at_each_step(&Scene::second_import()));
}

/// What a crash has left at the last step before the commit point, and at the first one after it.
fn left_by_crashes(scene: &Scene) -> [PathBuf; 2] {
    let mut before = None;
    for step in 1..MOST_STEPS {
        let root = scene.fresh("found");
        with_fault(scene.import(&root), step, "abort");
        let crashed = scene.folder.path().join(format!("crashed-{step}"));
        copy(&root, &crashed);
        match (scene.recovers(&root, "after a crash"), before.take()) {
            (Found::After, Some(before)) => return [before, crashed],
            _ => before = Some(crashed),
        }
    }
    panic!("nothing was committed in {MOST_STEPS} steps");
}

#[test]
fn a_recovery_dies_at_each_step() {
    let scene = Scene::second_import();
    let [back, forward] = left_by_crashes(&scene);
    for (crashed, meant) in [(back, Found::Before), (forward, Found::After)] {
        let root = scene.folder.path().join("recovering");
        let mut steps = 0;
        for step in 1..MOST_STEPS {
            let _ = std::fs::remove_dir_all(&root);
            copy(&crashed, &root);
            let died = with_fault(verify(&root), step, "abort");
            let when = format!("a recovery that died at step {step}");
            assert_eq!(scene.recovers(&root, &when), meant, "{when}");
            if died.code().is_some() {
                break;
            }
            steps = step;
        }
        assert!(steps >= 4, "{meant:?}: a recovery of {steps} steps");
    }
}

/// Kills processes at times that are spread over the time that an import takes.
fn killed_at_any_time(scene: &Scene, seed: u64) {
    const ROUNDS: u64 = 16;
    let root = scene.fresh("timed");
    let begun = Instant::now();
    run(&mut scene.import(&root)).expect(0);
    let whole = begun.elapsed();
    let mut random = Seeded(seed);
    for round in 0..ROUNDS {
        let root = scene.fresh("killed");
        let running = start(&mut scene.import(&root));
        // One in each part of the time, and a little past its end.
        let part = (round * 1000 + random.below(1000)) as u32;
        let wait = whole * part / (ROUNDS as u32 * 1000) * 11 / 10;
        std::thread::sleep(wait.max(Duration::from_micros(200)));
        running.kill();
        let when = format!("killed after {wait:?} of {whole:?}");
        scene.recovers(&root, &when);
        scene.completes(&root, &when);
    }
}

#[test]
fn a_first_import_is_killed_at_any_time() {
    killed_at_any_time(&Scene::first_import(), 1);
}

#[test]
fn a_second_import_is_killed_at_any_time() {
    killed_at_any_time(&Scene::second_import(), 2);
}

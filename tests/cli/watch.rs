//! `kiln watch`: what changes is cooked, until Ctrl+C.

use crate::common::{
    container, files, images,
    process::{Ran, Running, kiln, run, start},
    project::{Project, Triangle, difference},
};
use serde_json::json;
use std::{
    fs::File,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// A watch that runs, and what it says.
struct Watch {
    running: Running,
    printed: PathBuf,
    errors: PathBuf,
    /// Where both are, until the watch is dropped.
    _log: TempDir,
}

impl Watch {
    fn start(project: &Project, more: &[&str]) -> Self {
        let mut command: Command = kiln();
        command.arg("watch").arg(project.manifest_path());
        command.arg("-o").arg(project.root()).args(more);
        // Outside of the project: what is written into it is a change. Each watch has a folder of
        // its own, for tests run at once.
        let log = tempfile::tempdir().unwrap();
        let printed = log.path().join("out");
        let errors = log.path().join("err");
        command.stdout(Stdio::from(File::create(&printed).unwrap()));
        command.stderr(Stdio::from(File::create(&errors).unwrap()));
        let mut watch = Self {
            running: start(&mut command),
            printed,
            errors,
            _log: log,
        };
        watch.until_printed(": watching\n");
        watch
    }

    fn printed(&self) -> String {
        std::fs::read_to_string(&self.printed).unwrap()
    }

    #[track_caller]
    fn until_printed(&mut self, text: &str) {
        let path = self.printed.clone();
        self.running.until(text, || {
            std::fs::read_to_string(&path).unwrap().contains(text)
        });
    }

    #[track_caller]
    fn until_error(&mut self, text: &str) {
        let path = self.errors.clone();
        self.running.until(text, || {
            std::fs::read_to_string(&path).unwrap().contains(text)
        });
    }

    /// Ends it, and gives what it has printed.
    #[track_caller]
    fn stop(self, signal: i32) -> (String, String) {
        self.running.signal(signal);
        let ran: Ran = self.running.wait();
        let printed = std::fs::read_to_string(&self.printed).unwrap();
        let errors = std::fs::read_to_string(&self.errors).unwrap();
        assert_eq!(ran.code(), Some(0), "{printed}\n{errors}");
        assert!(!errors.contains("panicked"), "{errors}");
        (printed, errors)
    }
}

/// The lines about rounds.
fn rounds(printed: &str) -> Vec<&str> {
    printed
        .lines()
        .filter(|line| line.contains(" succeeded, "))
        .collect()
}

#[test]
fn what_changes_is_cooked() {
    let project = Project::mixed();
    let mut watch = Watch::start(&project, &["--debounce", "700"]);
    assert_eq!(rounds(&watch.printed()).len(), 1);
    container::read(&project.root());
    // Two saves are one change.
    project.image("wood.png", 90);
    std::thread::sleep(Duration::from_millis(20));
    project.image("wood.png", 91);
    watch.until_printed("changed wood.png: 5 succeeded, 0 failed, 0 canceled");
    // What a scene refers to counts, too.
    project.write("models/paint.png", &images::picture(8, 8, 92));
    watch.until_printed("changed models/paint.png: 5 succeeded");
    // So does a job that is new, and its source, which comes later.
    let mut jobs = project.jobs();
    jobs.push(json!({"type": "texture", "source": "late/new.png"}));
    project.manifest(&jobs);
    watch.until_printed("changed kiln.json: 5 succeeded, 1 failed");
    std::fs::create_dir(project.path("late")).unwrap();
    project.image("late/new.png", 93);
    watch.until_printed(": 6 succeeded, 0 failed");
    let (printed, _) = watch.stop(libc::SIGINT);
    let count = |text: &str| {
        rounds(&printed)
            .iter()
            .filter(|line| line.starts_with(text))
            .count()
    };
    assert_eq!(count("changed wood.png"), 1, "{printed}");
    assert_eq!(count("changed models/paint.png"), 1, "{printed}");
    // Nothing that it has written itself was a change.
    assert!(!printed.contains("cooked"), "{printed}");
    let fresh = project.fresh();
    project.compact();
    let differing = difference(&files(&project.root()), &fresh);
    assert!(differing.is_empty(), "{differing:#?}");
}

#[test]
fn a_broken_manifest_is_told_and_waited_for() {
    let project = Project::mixed();
    project.manifest(&project.jobs()[..1]);
    let mut watch = Watch::start(&project, &["--debounce", "50"]);
    let before = files(&project.root());
    project.write("kiln.json", b"{ \"jobs\": [");
    watch.until_error("manifest.parse_failed");
    watch.until_printed("changed kiln.json: not everything was cooked; watching on\n");
    assert!(files(&project.root()) == before);
    // It is saved as editors do: under another name first.
    let draft = project.path("kiln.json.tmp");
    project.manifest(&project.jobs()[..3]);
    std::fs::rename(project.manifest_path(), &draft).unwrap();
    std::fs::rename(&draft, project.manifest_path()).unwrap();
    watch.until_printed(": 3 succeeded, 0 failed, 0 canceled");
    let (_, errors) = watch.stop(libc::SIGTERM);
    assert_eq!(
        errors.matches("manifest.parse_failed").count(),
        1,
        "{errors}"
    );
    container::read(&project.root());
}

#[test]
fn files_can_be_looked_at_instead() {
    let project = Project::mixed();
    project.manifest(&project.jobs()[..2]);
    let mut watch = Watch::start(&project, &["--poll", "40", "--debounce", "50"]);
    project.scene(
        "models/flags.gltf",
        &[Triangle {
            name: "Grey",
            size: 7.0,
            texture: None,
        }],
    );
    watch.until_printed("changed models/flags.");
    watch.until_printed("flags.gltf: 2 succeeded, 0 failed, 0 canceled");
    let (printed, _) = watch.stop(libc::SIGINT);
    assert!(!printed.contains("cooked"), "{printed}");
    let valid = container::read(&project.root());
    let paths: Vec<_> = valid
        .assets
        .iter()
        .map(|asset| asset.path.as_str())
        .collect();
    assert!(paths.contains(&"Materials/flags/Grey.omat"), "{paths:?}");
}

#[test]
fn a_round_is_interrupted() {
    let project = Project::empty();
    let jobs: Vec<_> = (0..12)
        .map(|i| {
            let name = format!("{i}.png");
            project.write(&name, &images::picture(512, 512, i));
            json!({"type": "texture", "source": name, "bc7_quality": "high"})
        })
        .collect();
    project.manifest_with(&json!({}), &jobs);
    let mut command = kiln();
    command.arg("watch").arg(project.manifest_path());
    command.arg("-o").arg(project.root());
    let mut running = start(&mut command);
    let lock = project.path("cooked/kiln.lock");
    running.until("the container is open", || lock.exists());
    running.signal(libc::SIGINT);
    let ran = running.wait().expect(0);
    assert!(ran.stderr.contains("interrupted"), "{}", ran.stderr);
    assert!(!lock.exists());
    assert!(!ran.stdout.contains(": watching"), "{}", ran.stdout);
}

#[test]
fn options_of_a_watch_are_checked() {
    for wrong in [&["watch"][..], &["watch", "a.json", "--poll", "0"]] {
        run(kiln().args(wrong)).expect(2);
    }
}

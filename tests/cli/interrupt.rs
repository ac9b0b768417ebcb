//! Ctrl+C: once cancels gracefully, twice quits at once.

use crate::common::{
    container, files, images,
    process::{Running, import, run, start, verify},
};
use std::path::{Path, PathBuf};

const INTERRUPTED: i32 = 130;

/// Sources that keep two threads busy for longer than a test needs.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let bytes = images::picture(512, 512, 1);
    (0..24)
        .map(|i| {
            let path = folder.join(format!("{i}.png"));
            // Different bytes: equal ones would be one texture, but are cooked all the same.
            std::fs::write(&path, &bytes).unwrap();
            path
        })
        .collect()
}

/// Starts an import and waits until it has its container open.
fn start_import(root: &Path, sources: &[PathBuf], fault: Option<&str>) -> Running {
    let mut command = import(root, sources);
    command.args(["--json", "--quality", "high"]);
    if let Some(fault) = fault {
        command.env("KILN_FAULT", fault);
    }
    let mut running = start(&mut command);
    let lock = root.join("kiln.lock");
    running.until("the container is open", || lock.exists());
    running
}

#[test]
fn once_cancels_gracefully() {
    let folder = tempfile::tempdir().unwrap();
    let sources = sources(folder.path());
    for signal in [libc::SIGINT, libc::SIGTERM] {
        let root = folder.path().join(signal.to_string());
        let running = start_import(&root, &sources, None);
        running.signal(signal);
        let ran = running.wait().expect(INTERRUPTED);
        assert!(ran.stderr.contains("interrupted"), "{}", ran.stderr);
        let json = ran.json();
        assert_eq!(json["success"], false);
        let jobs = json["jobs"].as_array().unwrap();
        assert_eq!(jobs.len(), sources.len(), "every job has its report");
        let outcomes = |outcome: &str| jobs.iter().filter(|job| job["outcome"] == outcome).count();
        let (complete, canceled) = (outcomes("Complete"), outcomes("Cancelled"));
        assert!(canceled > 0 && complete + canceled == jobs.len(), "{json}");
        assert!(!root.join("kiln.lock").exists(), "the lock was given back");
        if complete == 0 {
            assert!(files(&root).is_empty());
        } else {
            assert_eq!(container::read(&root).catalog.len(), complete);
        }
    }
}

#[test]
fn twice_quits_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let sources = sources(folder.path());
    let root = folder.path().join("cooked");
    // Its disk does not answer any more, so it could wait for ever for its container to be closed.
    let mut running = start_import(&root, &sources[..1], Some("4:stall"));
    let data = root.join("Resources/textures.data");
    running.until("it hangs in the middle of writing", || {
        data.exists() || root.join("Resources").exists()
    });
    running.signal(libc::SIGINT);
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(
        running.child.try_wait().unwrap().is_none(),
        "it waits for the disk"
    );
    running.signal(libc::SIGINT);
    let ran = running.wait().expect(INTERRUPTED);
    assert!(ran.stderr.contains("once more"), "{}", ran.stderr);
    // The next one mends what is left.
    run(verify(&root).arg("-q")).expect(1);
    assert!(files(&root).is_empty(), "{:?}", files(&root).keys());
    run(&mut import(&root, &sources[..1])).expect(0);
    container::read(&root);
}

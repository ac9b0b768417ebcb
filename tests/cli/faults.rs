//! A disk that fails at each step in turn: the command says so, and nothing is half done.

use crate::common::{
    Files, container, copy, files, images,
    process::{import, run, verify},
};
use std::path::{Path, PathBuf};

/// More steps than any import of these tests has.
const MOST_STEPS: u32 = 200;

fn source(folder: &Path, name: &str, seed: u64) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, images::picture(40, 24, seed)).unwrap();
    path
}

/// Imports with a fault at each step until none is hit; `stays` says that every later step fails too.
fn fails_at_each_step(base: Option<&Path>, source: &Path, effect: &str, code: &str) {
    let folder = tempfile::tempdir().unwrap();
    let fresh = |name: &str| {
        let root = folder.path().join(name);
        let _ = std::fs::remove_dir_all(&root);
        if let Some(base) = base {
            copy(base, &root);
        }
        root
    };
    let meant = fresh("meant");
    run(&mut import(&meant, &[source])).expect(0);
    let after = files(&meant);
    let before = base.map_or_else(Files::new, files);
    let mut failures = 0;
    for step in 1..MOST_STEPS {
        let root = fresh("failing");
        let mut command = import(&root, &[source]);
        command.env("KILN_FAULT", format!("{step}:{effect}"));
        let ran = run(command.arg("--json"));
        let when = format!("{effect} at step {step}: {ran:?}");
        assert!(!ran.stderr.contains("panicked"), "{when}");
        let verified = run(verify(&root).arg("--json"));
        let now = files(&root);
        assert!(now == before || now == after, "{when} {verified:?}");
        if !now.is_empty() {
            assert_eq!(verified.expect(0).codes(), [""; 0], "{when}");
            container::read(&root);
        }
        match ran.code() {
            Some(0) => {
                assert!(now == after, "{when}");
                let untouched = run(&mut import(&fresh("again"), &[source])).expect(0);
                assert!(untouched.stderr.is_empty());
                // A fault in the last steps, when the container is being closed, hurts nobody.
                if failures > 0 && step > failures + 8 {
                    return;
                }
            }
            Some(1) => {
                failures += 1;
                assert!(ran.codes().contains(&code.to_owned()), "{when}");
                assert!(
                    ran.stderr.contains(code),
                    "errors are always visible: {when}"
                );
                assert_eq!(ran.json()["success"], false);
                run(&mut import(&root, &[source])).expect(0);
                assert!(files(&root) == after, "{when}: the next import");
            }
            _ => panic!("{when}"),
        }
    }
    panic!("an import of {MOST_STEPS} steps");
}

#[test]
fn a_full_disk_during_a_first_import() {
    let folder = tempfile::tempdir().unwrap();
    let source = source(folder.path(), "a.png", 1);
    fails_at_each_step(None, &source, "enospc", "io.no_space");
}

/// A container, and a source that is not in it.
fn container_and_source(folder: &Path) -> (PathBuf, PathBuf) {
    let base = folder.join("base");
    run(&mut import(&base, &[source(folder, "a.png", 1)])).expect(0);
    (base, source(folder, "b.png", 2))
}

#[test]
fn a_broken_disk_during_a_second_import() {
    let folder = tempfile::tempdir().unwrap();
    let (base, source) = container_and_source(folder.path());
    fails_at_each_step(Some(&base), &source, "eio", "io.transfer_failed");
}

#[test]
fn a_disk_that_is_full_for_a_moment_during_a_second_import() {
    let folder = tempfile::tempdir().unwrap();
    let (base, source) = container_and_source(folder.path());
    fails_at_each_step(Some(&base), &source, "enospc-once", "io.no_space");
}

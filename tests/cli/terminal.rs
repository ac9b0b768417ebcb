//! Progress bars, which appear on a terminal only.

use crate::common::{
    images,
    process::{import, run, start},
};
use std::{
    fs::File,
    io::Read,
    os::fd::{FromRawFd, OwnedFd},
    process::{Command, Stdio},
};

/// Both ends of a terminal: ours, and that of a process.
fn terminal() -> (File, OwnedFd) {
    let (mut ours, mut theirs) = (-1, -1);
    let size = libc::winsize {
        ws_row: 24,
        ws_col: 80,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: the pointers are to locals; the optional ones are null or valid for the call.
    let opened = unsafe {
        libc::openpty(
            &raw mut ours,
            &raw mut theirs,
            std::ptr::null_mut(),
            std::ptr::null(),
            &raw const size,
        )
    };
    assert_eq!(opened, 0);
    // SAFETY: both were just opened, and nobody else has them.
    unsafe { (File::from_raw_fd(ours), OwnedFd::from_raw_fd(theirs)) }
}

/// Runs a command with its errors on a terminal; gives what it printed, and what was drawn.
fn run_on_terminal(command: &mut Command) -> (String, String) {
    let (mut ours, theirs) = terminal();
    let reader = std::thread::spawn(move || {
        let mut drawn = Vec::new();
        // The end of a terminal whose other end is closed is an error.
        let _ = ours.read_to_end(&mut drawn);
        String::from_utf8_lossy(&drawn).into_owned()
    });
    let ran = run(command.stderr(Stdio::from(theirs)));
    // The command holds the other end open too.
    command.stderr(Stdio::null());
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    (ran.stdout, reader.join().unwrap())
}

#[test]
fn bars_on_a_terminal_unless_quiet_or_json() {
    let folder = tempfile::tempdir().unwrap();
    let sources: Vec<_> = (0..3)
        .map(|i| {
            let path = folder.path().join(format!("{i}.png"));
            std::fs::write(&path, images::picture(64, 64, i)).unwrap();
            path
        })
        .collect();
    let root = folder.path().join("cooked");
    let (printed, drawn) = run_on_terminal(&mut import(&root, &sources));
    assert!(drawn.contains('\u{1b}'), "{drawn:?}");
    assert!(drawn.contains("/3"), "{drawn:?}");
    let summary = format!("{}: 3 succeeded, 0 failed, 0 canceled\n", root.display());
    assert_eq!(printed, summary);
    let (printed, drawn) = run_on_terminal(import(&root, &sources).arg("--quiet"));
    assert_eq!((printed.as_str(), drawn.as_str()), ("", ""));
    let (printed, drawn) = run_on_terminal(import(&root, &sources).arg("--json"));
    assert!(printed.starts_with('{') && drawn.is_empty());
}

#[test]
fn an_interrupted_run_leaves_no_bar_behind() {
    let folder = tempfile::tempdir().unwrap();
    let sources: Vec<_> = (0..12)
        .map(|i| {
            let path = folder.path().join(format!("{i}.png"));
            std::fs::write(&path, images::picture(512, 512, i)).unwrap();
            path
        })
        .collect();
    let root = folder.path().join("cooked");
    let mut command = import(&root, &sources);
    command.args(["--quality", "high"]).env("TERM", "xterm");
    let (mut ours, theirs) = terminal();
    let reader = std::thread::spawn(move || {
        let mut drawn = Vec::new();
        // The end of a terminal whose other end is closed is an error.
        let _ = ours.read_to_end(&mut drawn);
        String::from_utf8_lossy(&drawn).into_owned()
    });
    let mut running = start(command.stderr(Stdio::from(theirs)));
    let lock = root.join("kiln.lock");
    running.until("the container is open", || lock.exists());
    running.signal(libc::SIGINT);
    let ran = running.wait().expect(130);
    command.stderr(Stdio::null());
    let drawn = reader.join().unwrap();
    let (_, after) = drawn.split_once("interrupted: canceling").unwrap();
    assert!(!after.contains("/12"), "{drawn:?}");
    assert!(ran.stdout.contains(" canceled"), "{}", ran.stdout);
}

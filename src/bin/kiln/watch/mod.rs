//! `kiln watch`: cooks a manifest, and what changes as it changes.
//!
//! A round is a `kiln cook`. Between two rounds the process sleeps until something changes that a job may
//! depend on, and then until nothing has changed for a moment: an editor that saves a file in three steps,
//! or a checkout of a thousand files, is one round. What changes while a round runs is another one.

mod poll;
mod scope;
mod sensor;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::Duration,
};

use crate::{
    args::{CookArgs, WatchArgs},
    cook, exit, interrupt, output,
};
use scope::Scope;
use sensor::Sensor;

/// What wakes the watch.
pub enum Signal {
    /// Something may have changed here.
    Changed(Vec<PathBuf>),
    /// Nobody knows what has changed: events were lost.
    Unknown,
    /// It is to end.
    Stop,
}

/// How many changed files are told by name.
const TOLD: usize = 3;

/// Runs the command, until it is interrupted.
pub fn run(args: &WatchArgs) -> ExitCode {
    let (sender, signals) = channel();
    let mut sensor = match Sensor::new(&sender, args.poll()) {
        Ok(sensor) => sensor,
        Err(error) => {
            output::error_line(&format!("error: files cannot be watched: {error}"));
            return ExitCode::from(exit::FAILED);
        }
    };
    let stop = sender.clone();
    let guard = interrupt::on_signal(move || {
        // Nobody listens any more if this fails.
        let _ = stop.send(Signal::Stop);
    });
    if let Err(error) = &guard {
        output::error_line(&format!("warning: Ctrl+C ends the watch at once: {error}"));
    }
    let cook = &args.cook;
    let manifest = cook.manifest().display().to_string();
    let mut scope = Scope::of_manifest(cook);
    let mut told = manifest.clone();
    loop {
        // What changes from here on is another round, also if this one has read it already.
        sensor.watch(&scope.folders());
        if let Some(new) = Scope::read(cook) {
            sensor.watch(&new.folders());
            scope = new;
        }
        let status = cook::round(cook, Some(&told));
        if interrupt::happened() {
            return ExitCode::from(exit::SUCCESS);
        }
        if status == exit::USAGE {
            say(
                cook,
                &format!("{told}: not everything was cooked; watching on"),
            );
        } else if told == manifest {
            say(cook, &format!("{manifest}: watching"));
        }
        // Containers that are there now may have another name behind links.
        scope.find_outputs();
        let Some(changed) = next_change(&signals, &scope, args.debounce()) else {
            return ExitCode::from(exit::SUCCESS);
        };
        told = describe(&changed, &scope);
    }
}

fn say(cook: &CookArgs, text: &str) {
    if !cook.out.quiet && !cook.out.json {
        output::line(text);
    }
}

/// Waits for a change that matters, and until nothing has changed for a moment. `None` when the watch is
/// to end.
fn next_change(
    signals: &Receiver<Signal>,
    scope: &Scope,
    debounce: Duration,
) -> Option<BTreeSet<PathBuf>> {
    let mut changed = BTreeSet::new();
    let mut unknown = false;
    loop {
        let signal = if changed.is_empty() && !unknown {
            signals.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            signals.recv_timeout(debounce)
        };
        match signal {
            Ok(Signal::Changed(paths)) => {
                changed.extend(paths.into_iter().filter(|path| scope.concerns(path)));
            }
            Ok(Signal::Unknown) => unknown = true,
            Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => return Some(changed),
        }
    }
}

/// What has changed, in a few words.
fn describe(changed: &BTreeSet<PathBuf>, scope: &Scope) -> String {
    let name = |path: &Path| scope.name(path).display().to_string();
    let mut names: Vec<String> = changed.iter().map(|path| name(path)).collect();
    names.sort();
    names.dedup();
    let more = names.len().saturating_sub(TOLD);
    names.truncate(TOLD);
    let mut text = match names.as_slice() {
        [] => "something changed".to_owned(),
        names => format!("changed {}", names.join(", ")),
    };
    if more > 0 {
        text += &format!(" and {more} more");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use std::ffi::OsString;

    fn scope() -> Scope {
        let words = ["kiln", "watch", "/project/kiln.json", "-o", "/project/out"];
        let cli = Cli::from_words(words.into_iter().map(OsString::from)).unwrap();
        let Command::Watch(args) = cli.command else {
            panic!("it is a watch");
        };
        Scope::of_manifest(&args.cook)
    }

    #[test]
    fn changes_are_told_in_a_few_words() {
        let paths = |names: &[&str]| -> BTreeSet<PathBuf> {
            names
                .iter()
                .map(|name| Path::new("/project").join(name))
                .collect()
        };
        let tell = |names: &[&str]| describe(&paths(names), &scope());
        assert_eq!(tell(&[]), "something changed");
        assert_eq!(tell(&["b/x.png", "a.png"]), "changed a.png, b/x.png");
        assert_eq!(
            tell(&["a", "b", "c", "d", "e"]),
            "changed a, b, c and 2 more"
        );
    }

    #[test]
    fn changes_gather_until_it_is_quiet() {
        let (sender, signals) = channel();
        let manifest = || vec![PathBuf::from("/project/kiln.json")];
        for paths in [vec![PathBuf::from("/elsewhere/x")], manifest(), manifest()] {
            sender.send(Signal::Changed(paths)).unwrap();
        }
        let wait = Duration::from_millis(1);
        let changed = next_change(&signals, &scope(), wait).unwrap();
        assert_eq!(changed.into_iter().collect::<Vec<_>>(), manifest());
        sender.send(Signal::Unknown).unwrap();
        assert_eq!(next_change(&signals, &scope(), wait), Some(BTreeSet::new()));
        sender.send(Signal::Stop).unwrap();
        assert_eq!(next_change(&signals, &scope(), wait), None);
    }
}

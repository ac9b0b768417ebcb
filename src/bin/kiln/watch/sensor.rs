//! Who tells of changes: the system, or a look at the files from time to time.

use notify::{
    Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher, event::ModifyKind,
};
use std::{collections::BTreeMap, path::PathBuf, sync::mpsc::Sender, time::Duration};

use super::{Signal, poll::Poller};
use crate::output;

/// How often files are looked at where the system cannot tell.
const FALLBACK: Duration = Duration::from_secs(2);

/// Watches folders.
pub struct Sensor {
    source: Source,
    signals: Sender<Signal>,
}

enum Source {
    /// The system tells. The folders, and whether those below are watched too.
    System(RecommendedWatcher, BTreeMap<PathBuf, bool>),
    /// Nobody tells.
    Poll(Poller),
}

impl Sensor {
    /// A sensor that watches nothing yet. With an interval, it looks at the files that often.
    pub fn new(signals: &Sender<Signal>, poll: Option<Duration>) -> notify::Result<Self> {
        let source = match poll {
            Some(interval) => Source::Poll(Poller::new(signals, interval)),
            None => {
                let watcher = RecommendedWatcher::new(told(signals), Config::default())?;
                Source::System(watcher, BTreeMap::new())
            }
        };
        Ok(Self {
            source,
            signals: signals.clone(),
        })
    }

    /// Watches these folders and no others. A folder that is not there is waited for.
    pub fn watch(&mut self, folders: &BTreeMap<PathBuf, bool>) {
        let mut wanted: BTreeMap<PathBuf, bool> = BTreeMap::new();
        for (folder, deep) in folders {
            let there = folder.ancestors().find(|folder| folder.is_dir());
            if let Some(there) = there {
                *wanted.entry(there.to_owned()).or_default() |= *deep && there == folder;
            }
        }
        let (watcher, watched) = match &mut self.source {
            Source::Poll(poller) => return poller.watch(wanted),
            Source::System(watcher, watched) => (watcher, watched),
        };
        if let Err((folder, error)) = apply(watcher, watched, &wanted) {
            // The system has no room for so many, or cannot tell of changes there.
            output::error_line(&format!(
                "warning: {}: changes are not told: {error}; looking at the files every two seconds instead",
                folder.display()
            ));
            let poller = Poller::new(&self.signals, FALLBACK);
            poller.watch(wanted);
            self.source = Source::Poll(poller);
        }
    }
}

fn apply(
    watcher: &mut RecommendedWatcher,
    watched: &mut BTreeMap<PathBuf, bool>,
    wanted: &BTreeMap<PathBuf, bool>,
) -> Result<(), (PathBuf, notify::Error)> {
    let gone: Vec<PathBuf> = (watched.iter())
        .filter(|(folder, deep)| wanted.get(*folder) != Some(*deep))
        .map(|(folder, _)| folder.clone())
        .collect();
    for folder in gone {
        // It may be gone from the disk as well.
        let _ = watcher.unwatch(&folder);
        watched.remove(&folder);
    }
    // Also those that are watched already: they may have been made anew meanwhile.
    for (folder, deep) in wanted {
        let mode = if *deep {
            RecursiveMode::Recursive
        } else {
            RecursiveMode::NonRecursive
        };
        match watcher.watch(folder, mode) {
            Ok(()) => {
                watched.insert(folder.clone(), *deep);
            }
            // It has gone meanwhile.
            Err(_) if !folder.is_dir() => {}
            Err(error) => return Err((folder.clone(), error)),
        }
    }
    Ok(())
}

fn told(signals: &Sender<Signal>) -> impl Fn(notify::Result<Event>) + Send + use<> {
    let signals = signals.clone();
    move |event| {
        if let Some(signal) = signal(event) {
            // The watch may have ended.
            let _ = signals.send(signal);
        }
    }
}

/// What an event means. Reading a file is no change of it.
fn signal(event: notify::Result<Event>) -> Option<Signal> {
    match event {
        Ok(event) if event.need_rescan() => Some(Signal::Unknown),
        Ok(event) => {
            let mut paths = event.paths;
            match event.kind {
                EventKind::Access(_) => return None,
                // What has changed in a folder is told by itself.
                EventKind::Modify(
                    ModifyKind::Metadata(_) | ModifyKind::Data(_) | ModifyKind::Any,
                ) => {
                    paths.retain(|path| !path.is_dir());
                }
                _ => {}
            }
            Some(Signal::Changed(paths))
        }
        Err(error) if error.paths.is_empty() => Some(Signal::Unknown),
        Err(error) => Some(Signal::Changed(error.paths)),
    }
}

//! Looking at files from time to time, for places where nobody tells of changes.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, mpsc::Sender},
    thread,
    time::{Duration, SystemTime},
};

use super::Signal;

/// What tells two states of a file apart.
type Stamp = (Option<SystemTime>, u64);

/// Looks at the files of folders, on a thread of its own. Dropping it ends that.
pub struct Poller(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    /// The folders, and whether those below are looked at too.
    folders: BTreeMap<PathBuf, bool>,
    files: BTreeMap<PathBuf, Stamp>,
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Poller {
    /// Begins to look, at nothing yet.
    pub fn new(signals: &Sender<Signal>, interval: Duration) -> Self {
        let seen = Arc::<Mutex<Seen>>::default();
        let (weak, signals) = (Arc::downgrade(&seen), signals.clone());
        thread::spawn(move || watch(&weak, &signals, interval));
        Self(seen)
    }

    /// Looks at these folders from now on. What has changed in those that were looked at before is still
    /// told.
    pub fn watch(&self, folders: BTreeMap<PathBuf, bool>) {
        let mut seen = lock(&self.0);
        for (path, stamp) in scan(&folders) {
            seen.files.entry(path).or_insert(stamp);
        }
        seen.files
            .retain(|path, _| folders.keys().any(|folder| path.starts_with(folder)));
        seen.folders = folders;
    }
}

fn watch(seen: &Weak<Mutex<Seen>>, signals: &Sender<Signal>, interval: Duration) {
    loop {
        thread::sleep(interval);
        let Some(seen) = seen.upgrade() else {
            return;
        };
        let changed = lock(&seen).look();
        if !changed.is_empty() && signals.send(Signal::Changed(changed)).is_err() {
            return;
        }
    }
}

impl Seen {
    /// The files that are not as they were.
    fn look(&mut self) -> Vec<PathBuf> {
        let now = scan(&self.folders);
        let before = std::mem::replace(&mut self.files, now);
        let changed = self
            .files
            .iter()
            .filter(|(path, stamp)| before.get(*path) != Some(stamp));
        let gone = before.keys().filter(|path| !self.files.contains_key(*path));
        let changed = changed.map(|(path, _)| path);
        changed.chain(gone).cloned().collect()
    }
}

/// The files of folders. What is hidden is no source; links to folders are not followed.
fn scan(folders: &BTreeMap<PathBuf, bool>) -> BTreeMap<PathBuf, Stamp> {
    let mut files = BTreeMap::new();
    let mut left: Vec<(PathBuf, bool)> = (folders.iter())
        .map(|(folder, deep)| (folder.clone(), *deep))
        .collect();
    while let Some((folder, deep)) = left.pop() {
        // A folder may go while it is looked at.
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        for entry in entries {
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if deep {
                    left.push((path, true));
                }
            } else if let Some(stamp) = stamp(&path) {
                files.insert(path, stamp);
            }
        }
    }
    files
}

fn stamp(path: &Path) -> Option<Stamp> {
    let info = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    Some((info.modified().ok(), info.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_changed_is_told_once() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        let write = |name: &str, text: &str| fs::write(path(name), text).unwrap();
        fs::create_dir(path("below")).unwrap();
        for name in ["a", "below/b", ".hidden"] {
            write(name, "1");
        }
        let mut seen = Seen {
            folders: BTreeMap::from([(root.path().to_owned(), true)]),
            ..Seen::default()
        };
        assert_eq!(seen.look(), [path("a"), path("below/b")]);
        assert!(seen.look().is_empty());
        write("below/b", "22");
        write(".hidden", "22");
        fs::remove_file(path("a")).unwrap();
        assert_eq!(seen.look(), [path("below/b"), path("a")]);
        seen.folders = BTreeMap::from([(root.path().to_owned(), false)]);
        assert_eq!(seen.look(), [path("below/b")]);
    }
}

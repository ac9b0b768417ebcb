//! The lock file.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
};

use super::{LOCK, StoreError};
use crate::io::error::FileError;

/// A held lock.
#[derive(Debug)]
pub(super) struct Lock {
    file: Option<File>,
    path: PathBuf,
    /// Whether the file was there already: somebody has crashed (or it is being unlinked).
    pub(super) left_behind: bool,
}

impl Lock {
    /// Takes the lock of a root.
    pub(super) fn take(root: &Path) -> Result<Self, StoreError> {
        let path = root.join(LOCK);
        let system = |error: &std::io::Error| FileError::system(&path, "locking", error);
        loop {
            let left_behind = path.exists();
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
                .map_err(|error| system(&error))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let mut holder = String::new();
                    let _ = file.read_to_string(&mut holder);
                    return Err(StoreError::Locked(holder.trim().parse().ok()));
                }
                Err(TryLockError::Error(error)) => return Err(system(&error).into()),
            }
            // The holder before us may have unlinked the file between our opening and locking it;
            // then the lock is on a file that nobody else can find.
            if !is_at(&file, &path) {
                continue;
            }
            let _ = file.set_len(0);
            let _ = file.rewind();
            let _ = write!(file, "{}", std::process::id());
            return Ok(Self {
                file: Some(file),
                path,
                left_behind,
            });
        }
    }

    /// Keeps the file when the lock is given back, as a crash would: somebody has to clean up.
    pub(super) fn leave_behind(&mut self) {
        self.file = None;
    }

    /// Gives the lock back; the file goes first, while nobody else can have it.
    pub(super) fn release(&mut self) {
        if let Some(file) = self.file.take() {
            let _ = std::fs::remove_file(&self.path);
            drop(file);
            #[cfg(windows)]
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(held), Ok(found)) => held.ino() == found.ino() && held.dev() == found.dev(),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time() {
        let root = tempfile::tempdir().unwrap();
        let first = Lock::take(root.path()).unwrap();
        assert!(!first.left_behind);
        let second = Lock::take(root.path()).unwrap_err();
        assert!(matches!(second, StoreError::Locked(Some(pid)) if pid == std::process::id()));
        drop(first);
        assert!(!root.path().join(LOCK).exists());
        let third = Lock::take(root.path()).unwrap();
        assert!(!third.left_behind);
    }

    #[test]
    fn a_crash_leaves_the_file_but_not_the_lock() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join(LOCK), "99999").unwrap();
        let mut lock = Lock::take(root.path()).unwrap();
        assert!(lock.left_behind);
        lock.leave_behind();
        drop(lock);
        assert!(Lock::take(root.path()).unwrap().left_behind);
        assert!(!Lock::take(root.path()).unwrap().left_behind);
    }
}

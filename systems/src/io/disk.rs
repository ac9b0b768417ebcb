//! Every change to the disk, as numbered steps that a test can let fail.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::error::FileError;

/// A fault that is to happen at one step.
#[derive(Clone, Debug)]
pub struct Fault {
    step: u64,
    effect: FaultEffect,
    /// For a fault that passes: whether it has happened. Clones share it.
    spent: Option<Arc<AtomicBool>>,
}

/// What the fault does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultEffect {
    /// The process dies, in the middle of the step if it is a write.
    Abort,
    /// The thread stops there for good, in the middle of the step if it is a write: a process that
    /// can be killed, or looked at from outside, at a known place.
    Stall,
    /// The step, and every later one, fails with this error number.
    Errno(i32),
}

impl Fault {
    /// A fault at the `step`th step, counted from 1.
    pub fn new(step: u64, effect: FaultEffect) -> Self {
        Self {
            step,
            effect,
            spent: None,
        }
    }

    /// Lets the fault pass: the steps after it work again, also those of other disks that share it.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.spent = Some(Arc::default());
        self
    }

    /// Whether a fault that passes has happened.
    pub fn has_happened(&self) -> bool {
        let spent = self.spent.as_ref();
        spent.is_some_and(|spent| spent.load(Ordering::Acquire))
    }

    /// A fault as text: `17:abort`, `17:stall`, `17:eio`, `17:enospc`, and `17:eio-once` or
    /// `17:enospc-once` for one that passes.
    fn parse(text: &str) -> Option<Self> {
        let (step, effect) = text.split_once(':')?;
        let (effect, once) = match effect.strip_suffix("-once") {
            Some(effect) => (effect, true),
            None => (effect, false),
        };
        let effect = match effect {
            "abort" => FaultEffect::Abort,
            "stall" => FaultEffect::Stall,
            "eio" => FaultEffect::Errno(5),
            "enospc" => FaultEffect::Errno(28),
            _ => return None,
        };
        let fault = Self::new(step.parse().ok()?, effect);
        Some(if once { fault.once() } else { fault })
    }

    /// The fault that the environment asks for with `KILN_FAULT`.
    fn from_environment() -> Option<Self> {
        Self::parse(&std::env::var("KILN_FAULT").ok()?)
    }

    /// Whether the fault happens at a step.
    fn hits(&self, step: u64) -> bool {
        match (&self.spent, self.effect) {
            (Some(spent), _) => step >= self.step && !spent.swap(true, Ordering::AcqRel),
            (None, FaultEffect::Errno(_)) => step >= self.step,
            (None, _) => step == self.step,
        }
    }
}

/// The disk, as writers see it. Clones count the same steps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    fault: Option<Fault>,
    steps: Arc<AtomicU64>,
}

type Done<T = ()> = Result<T, FileError>;

impl Disk {
    /// The disk with this fault, else with the one that the environment asks for.
    pub(crate) fn new(fault: Option<Fault>) -> Self {
        Self {
            fault: fault.or_else(Fault::from_environment),
            steps: Arc::default(),
        }
    }

    /// Counts a step; `Err` when it is to fail. `half` is done before that.
    fn step(&self, path: &Path, half: impl FnOnce()) -> Done {
        let step = self.steps.fetch_add(1, Ordering::AcqRel) + 1;
        let Some(fault) = self.fault.as_ref().filter(|fault| fault.hits(step)) else {
            return Ok(());
        };
        half();
        match fault.effect {
            FaultEffect::Abort => std::process::abort(),
            FaultEffect::Stall => loop {
                std::thread::park();
            },
            FaultEffect::Errno(errno) => {
                let error = io::Error::from_raw_os_error(errno);
                Err(FileError::system(path, "injected fault", &error))
            }
        }
    }

    pub(crate) fn create_folder(&self, path: &Path) -> Done {
        if path.is_dir() {
            return Ok(());
        }
        self.step(path, || {})?;
        std::fs::create_dir_all(path)
            .map_err(|error| FileError::system(path, "creating the folder", &error))
    }

    /// Opens a file to read and write, and makes it if it is not there.
    pub(crate) fn open(&self, path: &Path) -> Done<File> {
        self.step(path, || {})?;
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|error| FileError::system(path, "opening", &error))
    }

    pub(crate) fn write_at(&self, path: &Path, file: &File, offset: u64, bytes: &[u8]) -> Done {
        if bytes.is_empty() {
            return Ok(());
        }
        self.step(path, || {
            let _ = write_all_at(file, &bytes[..bytes.len() / 2], offset);
        })?;
        write_all_at(file, bytes, offset)
            .map_err(|error| FileError::system(path, "writing", &error))
    }

    /// Makes a file with this content. One that is there is replaced, or is an error.
    pub(crate) fn write_file(&self, path: &Path, bytes: &[u8], overwrite: bool) -> Done<File> {
        let create = || {
            OpenOptions::new()
                .write(true)
                .create(true)
                .create_new(!overwrite)
                .truncate(true)
                .open(path)
        };
        self.step(path, || {
            if let Ok(file) = create() {
                let _ = write_all_at(&file, &bytes[..bytes.len() / 2], 0);
            }
        })?;
        let file = create().map_err(|error| FileError::system(path, "opening", &error))?;
        write_all_at(&file, bytes, 0)
            .map_err(|error| FileError::system(path, "writing", &error))?;
        Ok(file)
    }

    /// Makes a file with this content, durable.
    pub(crate) fn write_durable(&self, path: &Path, bytes: &[u8]) -> Done {
        let file = self.write_file(path, bytes, true)?;
        self.sync(path, &file)
    }

    pub(crate) fn set_len(&self, path: &Path, file: &File, len: u64) -> Done {
        self.step(path, || {})?;
        file.set_len(len)
            .map_err(|error| FileError::system(path, "setting the size", &error))
    }

    pub(crate) fn sync(&self, path: &Path, file: &File) -> Done {
        self.step(path, || {})?;
        file.sync_all()
            .map_err(|error| FileError::system(path, "making the file durable", &error))
    }

    /// Makes the names in a folder durable.
    pub(crate) fn sync_folder(&self, path: &Path) -> Done {
        self.step(path, || {})?;
        #[cfg(unix)]
        {
            let folder = File::open(path)
                .map_err(|error| FileError::system(path, "opening the folder", &error))?;
            folder
                .sync_all()
                .map_err(|error| FileError::system(path, "making the folder durable", &error))?;
        }
        Ok(())
    }

    pub(crate) fn rename(&self, from: &Path, to: &Path) -> Done {
        self.step(to, || {})?;
        std::fs::rename(from, to)
            .map_err(|error| FileError::system(to, "renaming into place", &error))
    }

    /// Removes a file; one that is not there is fine.
    pub(crate) fn remove_file(&self, path: &Path) -> Done {
        if !path.exists() {
            return Ok(());
        }
        self.step(path, || {})?;
        std::fs::remove_file(path).map_err(|error| FileError::system(path, "removing", &error))
    }

    /// Gives a file a second name; where that cannot be, a copy of it.
    pub(crate) fn link(&self, from: &Path, to: &Path) -> Done {
        self.step(to, || {})?;
        std::fs::hard_link(from, to)
            .or_else(|_| std::fs::copy(from, to).map(|_| ()))
            .map_err(|error| FileError::system(to, "linking", &error))
    }

    /// Removes a folder if there is nothing in it.
    pub(crate) fn remove_empty_folder(&self, path: &Path) -> Done {
        let is_empty = std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
        if !is_empty {
            return Ok(());
        }
        self.step(path, || {})?;
        std::fs::remove_dir(path).map_err(|error| FileError::system(path, "removing", &error))
    }

    /// Removes a folder and what is in it; one that is not there is fine.
    pub(crate) fn remove_folder(&self, path: &Path) -> Done {
        if !path.exists() {
            return Ok(());
        }
        self.step(path, || {})?;
        std::fs::remove_dir_all(path).map_err(|error| FileError::system(path, "removing", &error))
    }
}

#[cfg(unix)]
fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(windows)]
fn write_all_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[count..];
        offset += count as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::error::IoErrorKind;

    #[test]
    fn faults_as_text() {
        let fault = Fault::parse("17:enospc").unwrap();
        assert_eq!((fault.step, fault.effect), (17, FaultEffect::Errno(28)));
        assert!(fault.spent.is_none());
        let passing = Fault::parse("3:eio-once").unwrap();
        assert_eq!((passing.step, passing.effect), (3, FaultEffect::Errno(5)));
        assert!(passing.spent.is_some());
        assert_eq!(
            Fault::parse("1:stall").map(|fault| fault.effect),
            Some(FaultEffect::Stall)
        );
        for text in ["", "abort", "x:abort", "1:other", "1:-once"] {
            assert!(Fault::parse(text).is_none(), "{text}");
        }
    }

    /// How each of four steps ends.
    fn steps(disk: &Disk, folder: &Path) -> Vec<Option<IoErrorKind>> {
        let step = |_| disk.sync_folder(folder).err().map(|error| error.kind);
        (0..4).map(step).collect()
    }

    #[test]
    fn errors_stay_or_pass() {
        let folder = tempfile::tempdir().unwrap();
        let no_space = Some(IoErrorKind::NoSpace);
        let fault = Fault::new(3, FaultEffect::Errno(28));
        let disk = Disk::new(Some(fault.clone()));
        assert_eq!(
            steps(&disk, folder.path()),
            [None, None, no_space, no_space]
        );
        let fault = fault.once();
        let disk = Disk::new(Some(fault.clone()));
        assert!(!fault.has_happened());
        assert_eq!(steps(&disk, folder.path()), [None, None, no_space, None]);
        assert!(fault.has_happened());
        // The next disk with the same fault is spared.
        let disk = Disk::new(Some(fault));
        assert_eq!(steps(&disk, folder.path()), [None; 4]);
    }

    #[test]
    fn a_write_that_fails_is_half_done() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("half");
        let disk = Disk::new(Some(Fault::new(1, FaultEffect::Errno(5))));
        let error = disk.write_durable(&path, b"12345678").unwrap_err();
        assert_eq!(error.kind, IoErrorKind::IoError);
        assert_eq!(std::fs::read(&path).unwrap(), b"1234");
    }
}

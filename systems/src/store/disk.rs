//! Every touch of the disk, as numbered steps that a test can let fail.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::StoreError;
use crate::io::error::FileError;

/// A fault that is to happen at one step.
#[derive(Clone, Debug)]
pub struct Fault {
    step: u64,
    effect: FaultEffect,
}

/// What the fault does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultEffect {
    /// The process dies, in the middle of the step if it is a write.
    Abort,
    /// The step, and every later one, fails with this error number.
    Errno(i32),
}

impl Fault {
    /// A fault at the `step`th step, counted from 1.
    pub fn new(step: u64, effect: FaultEffect) -> Self {
        Self { step, effect }
    }

    /// The fault that the environment asks for: `KILN_FAULT=17:abort`.
    fn from_environment() -> Option<Self> {
        let text = std::env::var("KILN_FAULT").ok()?;
        let (step, effect) = text.split_once(':')?;
        let effect = match effect {
            "abort" => FaultEffect::Abort,
            "eio" => FaultEffect::Errno(5),
            "enospc" => FaultEffect::Errno(28),
            _ => return None,
        };
        Some(Self::new(step.parse().ok()?, effect))
    }
}

/// The disk, as the store sees it.
#[derive(Debug)]
pub(super) struct Disk {
    fault: Option<Fault>,
    steps: Arc<AtomicU64>,
}

type Done<T = ()> = Result<T, StoreError>;

impl Disk {
    pub(super) fn new(fault: Option<Fault>) -> Self {
        Self {
            fault: fault.or_else(Fault::from_environment),
            steps: Arc::default(),
        }
    }

    /// Counts a step; `Err` when it is to fail. `half` is done before the process dies.
    fn step(&self, path: &Path, half: impl FnOnce()) -> Done {
        let step = self.steps.fetch_add(1, Ordering::AcqRel) + 1;
        let Some(fault) = &self.fault else {
            return Ok(());
        };
        match fault.effect {
            FaultEffect::Abort if step == fault.step => {
                half();
                std::process::abort();
            }
            FaultEffect::Errno(errno) if step >= fault.step => {
                half();
                let error = io::Error::from_raw_os_error(errno);
                Err(FileError::system(path, "injected fault", &error).into())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn create_folder(&self, path: &Path) -> Done {
        if path.is_dir() {
            return Ok(());
        }
        self.step(path, || {})?;
        std::fs::create_dir_all(path)
            .map_err(|error| FileError::system(path, "creating the folder", &error).into())
    }

    /// Opens a file to read and write, and makes it if it is not there.
    pub(super) fn open(&self, path: &Path) -> Done<File> {
        self.step(path, || {})?;
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|error| FileError::system(path, "opening", &error).into())
    }

    pub(super) fn write_at(&self, path: &Path, file: &File, offset: u64, bytes: &[u8]) -> Done {
        if bytes.is_empty() {
            return Ok(());
        }
        self.step(path, || {
            let _ = write_all_at(file, &bytes[..bytes.len() / 2], offset);
        })?;
        write_all_at(file, bytes, offset)
            .map_err(|error| FileError::system(path, "writing", &error).into())
    }

    /// Makes a new file with this content, durable.
    pub(super) fn write_new(&self, path: &Path, bytes: &[u8]) -> Done {
        self.step(path, || {
            let _ = std::fs::write(path, &bytes[..bytes.len() / 2]);
        })?;
        std::fs::write(path, bytes).map_err(|error| FileError::system(path, "writing", &error))?;
        let file = File::open(path).map_err(|error| FileError::system(path, "opening", &error))?;
        self.sync(path, &file)
    }

    pub(super) fn set_len(&self, path: &Path, file: &File, len: u64) -> Done {
        self.step(path, || {})?;
        file.set_len(len)
            .map_err(|error| FileError::system(path, "setting the size", &error).into())
    }

    pub(super) fn sync(&self, path: &Path, file: &File) -> Done {
        self.step(path, || {})?;
        file.sync_all()
            .map_err(|error| FileError::system(path, "making the file durable", &error).into())
    }

    /// Makes the names in a folder durable.
    pub(super) fn sync_folder(&self, path: &Path) -> Done {
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

    pub(super) fn rename(&self, from: &Path, to: &Path) -> Done {
        self.step(to, || {})?;
        std::fs::rename(from, to)
            .map_err(|error| FileError::system(to, "renaming into place", &error).into())
    }

    /// Removes a file; one that is not there is fine.
    pub(super) fn remove_file(&self, path: &Path) -> Done {
        if !path.exists() {
            return Ok(());
        }
        self.step(path, || {})?;
        std::fs::remove_file(path)
            .map_err(|error| FileError::system(path, "removing", &error).into())
    }

    /// Removes a folder and what is in it; one that is not there is fine.
    pub(super) fn remove_folder(&self, path: &Path) -> Done {
        if !path.exists() {
            return Ok(());
        }
        self.step(path, || {})?;
        std::fs::remove_dir_all(path)
            .map_err(|error| FileError::system(path, "removing", &error).into())
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

//! The cache of cooked items: what was cooked once on this machine is not cooked again.
//!
//! * [`CookCache`] is what items are looked up in, and given to. Looking up takes no lock of the file
//!   system; writing happens behind the cooks, on the I/O pool.
//! * Each process that cooks writes [segments](bevy_kiln_assets::cache::segment) of its own.
//! * [`ProjectMemos`] know what jobs were made of, so that those that are as they were are not even read.
//! * Whatever goes wrong with the cache costs time, and nothing else: an entry that cannot be read is cooked,
//!   a disk that cannot be written is told of once.

mod cook;
mod footprint;
mod index;
mod inputs;
mod look;
mod maintenance;
mod memos;
mod place;
mod project;
mod quick;
mod stamp;
mod subject;
#[cfg(test)]
mod tests;
mod told;
mod why;
mod writer;

pub(crate) use cook::start;
pub(crate) use footprint::{Footprint, RecordingReader};
pub use inputs::{InputChange, WhatChanged};
pub use maintenance::{CacheStats, Tidied};
pub(crate) use memos::{Answer, Committed, CommittedJob, Question};
pub use memos::{ProjectMemos, environment_of};
pub use place::default_folder;
pub use project::Unchanged;
pub use subject::Subject;
pub(crate) use told::Told;
pub use why::{Asked, Explanation, Reason, explain};

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    cache::{CacheKey, CachedCook},
    diagnostic::Diagnostic,
};
use bevy_kiln_components::{budget::MemoryBudget, settings::CacheSettings};
use bevy_tasks::AsyncComputeTaskPool;
use index::Index;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};
use writer::Writer;

/// The folder of the segments in the folder of a cache.
const SEGMENTS: &str = "cooked";

/// The cache of cooked items. Clones are the same cache.
#[derive(Resource, Clone)]
pub struct CookCache(Arc<Inner>);

struct Inner {
    settings: CacheSettings,
    segments: PathBuf,
    budget: MemoryBudget,
    /// What there is, once somebody has asked.
    index: OnceLock<Mutex<Index>>,
    writer: Writer,
    warnings: Mutex<Vec<Diagnostic>>,
}

impl CookCache {
    /// The cache in a folder, which is made when there is something to put into it. What waits to be
    /// written counts against `budget`.
    pub fn new(settings: CacheSettings, budget: MemoryBudget) -> Self {
        let segments = settings.folder.join(SEGMENTS);
        Self(Arc::new(Inner {
            writer: Writer::new(segments.clone(), writer::segment_bytes(settings.max_bytes)),
            segments,
            settings,
            budget,
            index: OnceLock::new(),
            warnings: Mutex::default(),
        }))
    }

    /// Where it is, and how large it may become.
    pub fn settings(&self) -> &CacheSettings {
        &self.0.settings
    }

    /// What was cooked under a key. Reads on the I/O pool, and only if there is something to read.
    pub(crate) async fn get(&self, key: CacheKey) -> Option<CachedCook> {
        if self.0.settings.force {
            return None;
        }
        if let Some(index) = self.0.index.get()
            && !lock(index).has(&key)
        {
            return None;
        }
        let cache = self.clone();
        let read = AsyncComputeTaskPool::get().spawn(async move { cache.read(&key) });
        read.await
    }

    /// The same, on this thread.
    fn read(&self, key: &CacheKey) -> Option<CachedCook> {
        let index = self.index();
        let (file, place) = lock(index).find(key)?;
        let found = index::read(&file, key, place);
        if found.is_none() {
            tracing::debug!(%key, "an entry of the cache is not what it was");
            lock(index).forget(key);
        }
        found
    }

    fn index(&self) -> &Mutex<Index> {
        let load = || Mutex::new(Index::load(&self.0.segments));
        self.0.index.get_or_init(load)
    }

    /// Keeps what was cooked. Returns at once; it is written on the I/O pool.
    pub(crate) fn put(&self, key: CacheKey, cooked: &CachedCook) {
        let Some(parts) = cooked.to_parts() else {
            return;
        };
        let bytes = parts.iter().map(|part| part.len() as u64).sum();
        if bytes > self.0.settings.max_bytes {
            return;
        }
        let claim = self.0.budget.claim(bytes);
        if self.0.writer.push(key, parts, claim) {
            let cache = self.clone();
            AsyncComputeTaskPool::get()
                .spawn(async move { cache.write() })
                .detach();
        }
    }

    /// Writes what waits to be written.
    fn write(&self) {
        let written = self.0.writer.drain(|path, key, place| {
            if let Some(index) = self.0.index.get() {
                lock(index).add(path, key, place);
            }
        });
        if let Err(error) = written {
            let diagnostic = error.diagnostic(&self.0.settings.folder);
            tracing::warn!("{diagnostic}");
            lock(&self.0.warnings).push(diagnostic);
        }
    }

    /// Waits until everything is written, closes the segment, and removes what is too much. Blocks.
    pub fn finish(&self) {
        if self.0.writer.close() {
            let _ = maintenance::trim(&self.0.segments, self.0.settings.max_bytes);
        }
    }

    /// What there is to tell of the cache since the last time that this was asked.
    pub fn take_warnings(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut *lock(&self.0.warnings))
    }
}

impl Drop for Inner {
    /// A segment without a footer is read as well, but not as fast.
    fn drop(&mut self) {
        self.writer.close();
    }
}

/// What is in the cache in a folder.
pub fn stats(folder: &Path) -> CacheStats {
    let mut stats = maintenance::stats(&folder.join(SEGMENTS));
    for memo in maintenance::memos(&folder.join(memos::MEMOS)) {
        stats.projects += 1;
        stats.project_bytes += std::fs::metadata(memo).map_or(0, |info| info.len());
    }
    stats
}

/// Removes what is too much, what is damaged and what is there twice, joins small segments, and forgets
/// containers that are gone.
///
/// # Errors
/// An error of the file system; what was not removed stays.
pub fn tidy(folder: &Path, max_bytes: u64) -> std::io::Result<Tidied> {
    maintenance::forget_gone(&folder.join(memos::MEMOS))?;
    maintenance::tidy(&folder.join(SEGMENTS), max_bytes)
}

/// Removes every entry, except those that another process is writing, and forgets every container.
///
/// # Errors
/// An error of the file system; what was not removed stays.
pub fn clear(folder: &Path) -> std::io::Result<Tidied> {
    for memo in maintenance::memos(&folder.join(memos::MEMOS)) {
        std::fs::remove_file(memo)?;
    }
    maintenance::clear(&folder.join(SEGMENTS))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

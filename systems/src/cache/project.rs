//! The memo of one container: asking it, and keeping it.

use bevy_kiln_assets::cache::memo::{JobRecord, Memo, Output};
use std::{
    collections::{HashMap, HashSet},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use super::{
    look::{Asked, Records},
    memos::Answer,
    told::Told,
};
use crate::store::{CommitOutcome, ContainerLook};

/// A job that need not be cooked.
pub struct Unchanged {
    pub(crate) told: Told,
    pub(crate) format: Arc<str>,
    pub(crate) outcome: CommitOutcome,
}

/// What is known of a container and of the jobs that it was made by.
pub(super) struct Project {
    root: PathBuf,
    path: PathBuf,
    memo: Option<Memo>,
    /// The bytes of the memo on the disk.
    on_disk: Option<Vec<u8>>,
    /// What jobs put into the container that are not as they were, until they are committed.
    restless: HashSet<u64>,
    /// The sources of such jobs, where nobody knows what they will put there.
    restless_sources: HashSet<String>,
}

impl Project {
    /// The container at a root, with its memo in a folder.
    pub(super) fn new(folder: &Path, root: &Path) -> Self {
        Self {
            path: memo_path(folder, root),
            root: root.to_owned(),
            memo: None,
            on_disk: None,
            restless: HashSet::new(),
            restless_sources: HashSet::new(),
        }
    }

    /// The memo, read if it was not read yet.
    pub(super) fn memo(&mut self) -> &mut Memo {
        if self.memo.is_none() {
            self.on_disk = std::fs::read(&self.path).ok();
            let read = self.on_disk.as_deref().and_then(Memo::parse);
            self.memo = Some(read.unwrap_or_default());
        }
        self.memo.get_or_insert_default()
    }

    /// What is on the disk now, if the memo is about that.
    fn container(&mut self) -> Option<ContainerLook> {
        let look = ContainerLook::of(&self.root)?;
        let fits =
            |memo: &Memo| memo.container == look.index_hash && memo.catalog == look.catalog_hash;
        if !fits(self.memo()) {
            // Another process may have cooked meanwhile.
            self.memo = None;
            if !fits(self.memo()) {
                return None;
            }
        }
        look.is_complete(&self.root).then_some(look)
    }

    /// Answers for each job, in the order of the output, whether it is as it was. Writes the memo only if a
    /// file was touched that is the same. `sequence` is the hash of the order of the jobs, if there is one.
    pub(super) fn ask(
        &mut self,
        jobs: &[Asked<'_>],
        environment: &str,
        sequence: Option<[u8; 32]>,
        wanted: Answer,
    ) -> Vec<Option<Unchanged>> {
        let nothing = || jobs.iter().map(|_| None).collect();
        let Some(container) = self.container() else {
            let sources = jobs.iter().map(|job| job.source.to_owned());
            self.restless_sources.extend(sources);
            return nothing();
        };
        let outcome = container.outcome();
        let mut memo = std::mem::take(self.memo());
        let looks = match wanted {
            Answer::Each => Some(Records::new(&memo, environment).look(jobs)),
            Answer::AllOrNothing { threads } => {
                Records::new(&memo, environment).look_at_all(jobs, threads)
            }
        };
        let Some(looks) = looks else {
            *self.memo() = memo;
            return nothing();
        };
        let mut was_touched = false;
        let mut answers = Vec::with_capacity(jobs.len());
        for (job, look) in jobs.iter().zip(looks) {
            let answer = look
                .same
                .filter(|same| !self.is_restless(&memo.records[same.number].outputs, job.source))
                .map(|same| {
                    let record = &mut memo.records[same.number];
                    was_touched |= !same.touched.is_empty();
                    for (input, found) in same.touched {
                        record.inputs[input].found = found;
                    }
                    Unchanged {
                        told: same.told,
                        format: record.format.clone(),
                        outcome: outcome.clone(),
                    }
                });
            if answer.is_none() {
                for &number in &look.known {
                    let outputs = memo.records[number].outputs.iter();
                    self.restless.extend(outputs.map(|output| output.name));
                }
                if look.known.is_empty() {
                    self.restless_sources.insert(job.source.to_owned());
                }
            }
            answers.push(answer);
        }
        let is_ordered = sequence.is_none_or(|sequence| sequence == memo.sequence);
        *self.memo() = memo;
        // The order of the jobs is kept in the container too: one of them has to bring it.
        if !is_ordered && answers.iter().all(Option::is_some) {
            answers[0] = None;
        }
        if was_touched {
            // It is only slower the next time.
            let _ = self.save();
        }
        answers
    }

    /// Whether a job may come out differently because one before it does.
    fn is_restless(&self, outputs: &[Output], source: &str) -> bool {
        self.restless_sources.contains(source)
            || !self.restless.is_empty()
                && outputs
                    .iter()
                    .any(|output| self.restless.contains(&output.name))
    }

    /// Takes over what was committed.
    pub(super) fn committed(
        &mut self,
        before: Option<[u8; 32]>,
        after: ([u8; 32], [u8; 32]),
        sequence: Option<[u8; 32]>,
        jobs: Vec<JobRecord>,
    ) -> io::Result<()> {
        let real = real_path(&self.root);
        let memo = self.memo();
        if memo.container != before.unwrap_or_default() {
            // Nobody knows what became of the jobs before.
            memo.records.clear();
        }
        memo.root = real.to_string_lossy().into_owned();
        (memo.container, memo.catalog) = after;
        memo.sequence = sequence.unwrap_or(memo.sequence);
        let mut latest: HashMap<u64, u64> = HashMap::new();
        let mut replaced: HashMap<([u8; 16], Arc<str>), usize> = HashMap::new();
        for (number, job) in jobs.iter().enumerate() {
            latest.extend(job.outputs.iter().map(|output| (output.name, output.value)));
            replaced.insert((job.subject, job.settings.clone()), number);
        }
        memo.records
            .retain(|old| !replaced.contains_key(&(old.subject, old.settings.clone())));
        let mut settled = Vec::new();
        for (number, job) in jobs.into_iter().enumerate() {
            settled.push(job.source.clone());
            if replaced.get(&(job.subject, job.settings.clone())) == Some(&number) {
                memo.records.push(job);
            }
        }
        // What was overwritten is not there any more: whoever made it has to make it again.
        memo.records.retain(|record| {
            record.outputs.iter().all(|output| {
                let value = latest.get(&output.name);
                value.is_none_or(|value| *value == output.value)
            })
        });
        for source in settled {
            self.restless_sources.remove(&source);
        }
        self.restless.retain(|name| !latest.contains_key(name));
        self.save()
    }

    /// Writes the memo, if it is not on the disk already.
    fn save(&mut self) -> io::Result<()> {
        let too_long = || io::Error::other("the memo is too long");
        let bytes = self.memo().to_bytes().ok_or_else(too_long)?;
        if self.on_disk.as_ref() != Some(&bytes) {
            replace(&self.path, &bytes)?;
            self.on_disk = Some(bytes);
        }
        Ok(())
    }
}

/// Where the memo of a container is.
pub(super) fn memo_path(folder: &Path, root: &Path) -> PathBuf {
    let real = real_path(root);
    let hash = blake3::hash(real.as_os_str().as_encoded_bytes());
    folder.join(format!("{}.kmemo", &hash.to_hex()[..32]))
}

/// Where a path leads, also if the end of it is not there yet: two ways to one folder meet in one memo.
fn real_path(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut missing = Vec::new();
    for there in path.ancestors() {
        if let Ok(real) = std::fs::canonicalize(there) {
            return missing
                .iter()
                .rev()
                .fold(real, |real, name| real.join(name));
        }
        missing.extend(there.file_name());
    }
    path
}

/// Puts a file in place as a whole.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let draft = path.with_extension(format!("{}-{number}.draft", std::process::id()));
    let written = std::fs::write(&draft, bytes).and_then(|()| std::fs::rename(&draft, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&draft);
    }
    written
}

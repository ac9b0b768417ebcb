//! The memos of all containers of a process.

use bevy_ecs::resource::Resource;
use bevy_kiln_assets::{
    cache::{
        environment::environment,
        memo::{JobRecord, Output},
    },
    diagnostic::{Diagnostic, codes},
};
use bevy_kiln_components::{
    job::ImportRequest,
    settings::{CacheSettings, ImportSettings},
};
use bevy_tasks::AsyncComputeTaskPool;
use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{
    footprint::Footprint,
    inputs::settle,
    lock,
    look::Asked,
    project::{Project, Unchanged},
    subject::{Subject, Subjects},
    told::Told,
};
use crate::importer::Importers;

/// The folder of the memos in the folder of a cache.
pub(super) const MEMOS: &str = "projects";

/// Longer than any disk takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is known of the containers of this process and their jobs. Clones are the same.
#[derive(Resource, Clone)]
pub struct ProjectMemos(Arc<Inner>);

struct Inner {
    settings: CacheSettings,
    folder: PathBuf,
    projects: Mutex<HashMap<PathBuf, Arc<Mutex<Project>>>>,
    /// Memos that are being written.
    pending: Mutex<usize>,
    idle: Condvar,
    warnings: Mutex<Vec<Diagnostic>>,
}

/// A job that may be as it was.
pub(crate) struct Question<'a> {
    pub(crate) root: PathBuf,
    pub(crate) request: &'a ImportRequest,
}

/// What the answers are wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Jobs that are as they were are not cooked, the others are.
    Each,
    /// If any job is not as it was, nobody wants to know of the others.
    AllOrNothing {
        /// How many threads may look at files.
        threads: usize,
    },
}

/// A job that was committed.
pub(crate) struct CommittedJob {
    pub(crate) request: ImportRequest,
    pub(crate) footprint: Arc<Footprint>,
    pub(crate) format: &'static str,
    pub(crate) told: Told,
    pub(crate) outputs: Vec<Output>,
}

/// A commit that has happened.
pub(crate) struct Committed {
    pub(crate) root: PathBuf,
    pub(crate) before: Option<[u8; 32]>,
    pub(crate) after: ([u8; 32], [u8; 32]),
    pub(crate) jobs: Vec<CommittedJob>,
}

impl ProjectMemos {
    /// The memos in the folder of a cache.
    pub fn new(settings: CacheSettings) -> Self {
        Self(Arc::new(Inner {
            folder: settings.folder.join(MEMOS),
            settings,
            projects: Mutex::default(),
            pending: Mutex::default(),
            idle: Condvar::new(),
            warnings: Mutex::default(),
        }))
    }

    fn project(&self, root: &Path) -> Arc<Mutex<Project>> {
        let mut projects = lock(&self.0.projects);
        let project = projects
            .entry(root.to_owned())
            .or_insert_with(|| Arc::new(Mutex::new(Project::new(&self.0.folder, root))));
        project.clone()
    }

    /// Answers for each job, in this order, whether it is as it was. Blocks; for the I/O pool.
    pub(crate) fn ask(
        &self,
        questions: &[Question<'_>],
        settings: &ImportSettings,
        importers: &Importers,
        wanted: Answer,
    ) -> Vec<Option<Unchanged>> {
        let mut answers = Vec::with_capacity(questions.len());
        if !self.0.settings.force {
            let environment = environment_of(importers);
            let mut subjects = Subjects::new(settings);
            // Jobs of one container most often follow each other.
            for group in questions.chunk_by(|one, next| one.root == next.root) {
                let requests = group.iter().map(|question| question.request);
                let sequence = sequence_of(requests.clone());
                let jobs: Vec<Asked<'_>> = requests
                    .map(|request| Asked {
                        subject: subjects.of(request),
                        source: request.source(),
                    })
                    .collect();
                let project = self.project(&group[0].root);
                let found = lock(&project).ask(&jobs, &environment, sequence, wanted);
                let stop = wanted != Answer::Each && found.iter().any(Option::is_none);
                answers.extend(found);
                if stop {
                    break;
                }
            }
        }
        answers.resize_with(questions.len(), || None);
        answers
    }

    /// Takes over what was committed, on the I/O pool.
    pub(crate) fn committed(
        &self,
        committed: Committed,
        settings: Arc<ImportSettings>,
        importers: Importers,
    ) {
        let guard = Pending::new(self.clone());
        AsyncComputeTaskPool::get()
            .spawn(async move {
                let memos = &guard.0;
                if let Err(error) = memos.record(committed, &settings, &importers) {
                    memos.warn(&error);
                }
            })
            .detach();
    }

    fn record(
        &self,
        committed: Committed,
        settings: &ImportSettings,
        importers: &Importers,
    ) -> io::Result<()> {
        let environment: Arc<str> = environment_of(importers).into();
        let sequence = sequence_of(committed.jobs.iter().map(|job| &job.request));
        let jobs = committed.jobs.into_iter().filter_map(|job| {
            let subject = Subject::of(&job.request, settings)?;
            importers.fingerprint(job.format)?;
            Some(JobRecord {
                subject: subject.id,
                source: job.request.source().to_owned(),
                name: job.request.name().unwrap_or_default().to_owned(),
                settings: subject.settings,
                environment: environment.clone(),
                format: job.format.into(),
                inputs: settle(job.footprint.traces()?)?,
                outputs: job.outputs,
                report: job.told.to_bytes()?,
            })
        });
        let jobs = jobs.collect();
        let project = self.project(&committed.root);
        let mut project = lock(&project);
        project.committed(committed.before, committed.after, sequence, jobs)
    }

    fn warn(&self, error: &io::Error) {
        let mut warnings = lock(&self.0.warnings);
        if warnings.is_empty() {
            let message = format!(
                "{}: {error}; unchanged jobs are cooked again",
                self.0.folder.display()
            );
            let folder = self.0.settings.folder.display().to_string();
            let warning = Diagnostic::new(codes::cache::UNWRITABLE, message).source(folder);
            tracing::warn!("{warning}");
            warnings.push(warning);
        }
    }

    /// Waits until everything is written. Blocks.
    pub fn finish(&self) {
        let begun = Instant::now();
        let mut pending = lock(&self.0.pending);
        while *pending > 0 && begun.elapsed() < PATIENCE {
            let waited = self
                .0
                .idle
                .wait_timeout(pending, Duration::from_millis(100));
            pending = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What there is to tell since the last time that this was asked.
    pub fn take_warnings(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut *lock(&self.0.warnings))
    }
}

/// What the bytes of containers depend on besides sources and settings.
pub fn environment_of(importers: &Importers) -> String {
    let all: Vec<String> = importers.fingerprints().collect();
    environment(all.iter().map(String::as_str))
}

/// The hash of the order of all jobs that a manifest gives to the last of these that has one.
fn sequence_of<'a>(
    requests: impl DoubleEndedIterator<Item = &'a ImportRequest>,
) -> Option<[u8; 32]> {
    let last = requests.rev().find_map(ImportRequest::sequence)?;
    let mut hasher = blake3::Hasher::new();
    for key in last.keys() {
        for part in [key.source(), key.name().unwrap_or_default()] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.update(&key.number().to_le_bytes());
    }
    Some(*hasher.finalize().as_bytes())
}

/// Counts a memo as being written.
struct Pending(ProjectMemos);

impl Pending {
    fn new(memos: ProjectMemos) -> Self {
        *lock(&memos.0.pending) += 1;
        Self(memos)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let mut pending = lock(&self.0.0.pending);
        *pending = pending.saturating_sub(1);
        self.0.0.idle.notify_all();
    }
}

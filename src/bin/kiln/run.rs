//! Running a batch of jobs to its end, and saying what came of it.

use bevy_app::{App, AppExit, First, Last};
use bevy_ecs::prelude::*;
use bevy_kiln::{
    assets::manifest::JobKind,
    components::{container::ContainersByRoot, pipeline::PipelineCounters},
    plugin::{HeadlessSettings, headless_app},
    prelude::*,
    systems::{
        cache::{CookCache, ProjectMemos},
        importers,
        lanes::CookLanes,
    },
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, VecDeque},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Instant, SystemTime},
};

use crate::{
    args::OutputArgs,
    exit, interrupt,
    output::{self, Style},
    report::{self, Document, JobFacts, RunFacts},
    screen::Screen,
};

/// How many jobs wait for their turn. A manifest of 100,000 jobs does not need 100,000 entities; but a
/// container that runs out of jobs takes that for the end, so there are always some.
const AHEAD: usize = 4096;

/// Jobs that are run together.
pub struct Batch {
    /// The jobs, in the order of the output.
    pub jobs: Vec<BatchJob>,
    /// What the last line calls the whole.
    pub title: String,
    /// Why jobs of the manifest were left out.
    pub left_out: Vec<ManifestProblem>,
    /// Settings of the run.
    pub settings: HeadlessSettings,
    /// Whether everything is cancelled as soon as one import fails.
    pub fail_fast: bool,
    /// Where a report is written to.
    pub report: Option<PathBuf>,
    /// Whether only errors and the last line are printed: this is one of many rounds.
    pub brief: bool,
}

/// One job of a batch.
pub struct BatchJob {
    /// The number that people know it by: its place in the manifest or on the command line, from 1.
    pub number: usize,
    /// What its source is, as far as its name says.
    pub kind: JobKind,
    /// Whether every step of it is printed.
    pub verbose: bool,
    /// What is to be done.
    pub request: ImportRequest,
}

/// What has come in so far.
struct Collected {
    screen: Screen,
    /// By the place of the job in the batch.
    reports: BTreeMap<usize, Arc<ImportReport>>,
}

/// The jobs that are not submitted yet.
#[derive(Resource)]
struct Feed {
    jobs: VecDeque<(usize, BatchJob)>,
    client: ImportClient,
    collected: Arc<Mutex<Collected>>,
    fail_fast: bool,
}

/// Runs a batch to its end, and returns the exit status.
pub fn run(batch: Batch, out: OutputArgs) -> u8 {
    let Batch {
        jobs,
        title,
        left_out,
        settings,
        fail_fast,
        report,
        brief,
    } = batch;
    let (started, begun) = (SystemTime::now(), Instant::now());
    let mut facts: Vec<JobFacts> = jobs.iter().map(facts_of).collect();
    let ran = match unchanged(&jobs, &settings.import) {
        Some(reports) => {
            let mut screen = Screen::still(out, brief, jobs.len());
            for (job, report) in jobs.iter().zip(&reports) {
                screen.ended(job.number, report);
            }
            Ran {
                reports: reports.into_iter().map(Arc::new).enumerate().collect(),
                lanes: settings.cooking_threads(),
                success: true,
                warnings: Vec::new(),
            }
        }
        None => cook(jobs, settings, fail_fast, brief, out),
    };
    for (place, report) in ran.reports {
        facts[place].report = Some(report);
    }
    let end = Conclusion {
        title: &title,
        left_out: &left_out,
        interrupted: interrupt::happened(),
        ran: ran.success,
    };
    let status = conclude(&end, &facts, out);
    for warning in ran.warnings {
        if !out.quiet {
            output::error_line(&Style::of_stderr(out).diagnostic(&warning));
        }
    }
    let Some(path) = report else {
        return status;
    };
    let run = RunFacts {
        started,
        took: begun.elapsed(),
        command_line: std::env::args_os()
            .map(|word| word.to_string_lossy().into_owned())
            .collect::<Vec<_>>()
            .join(" "),
        lanes: ran.lanes,
        success: status == exit::SUCCESS && left_out.is_empty(),
        left_out: &left_out,
        manifest: &title,
    };
    match write_report(&path, &report::document(&run, &facts)) {
        Ok(path) => {
            if !out.quiet && !out.json {
                output::line(&format!("report: {}", path.display()));
            }
            status
        }
        Err(message) => {
            output::error_line(&format!("error: {message}"));
            status.max(exit::FAILED)
        }
    }
}

/// What came of the jobs.
struct Ran {
    /// By the place of the job in the batch.
    reports: BTreeMap<usize, Arc<ImportReport>>,
    /// How many cooks could run at once.
    lanes: usize,
    success: bool,
    warnings: Vec<Diagnostic>,
}

/// The reports of all jobs if there is nothing to be done, which needs no app.
fn unchanged(jobs: &[BatchJob], settings: &ImportSettings) -> Option<Vec<ImportReport>> {
    if interrupt::happened() {
        return None;
    }
    let memos = ProjectMemos::new(settings.cache.clone()?);
    let requests = jobs.iter().map(|job| &job.request);
    memos.all_unchanged(requests, settings, &importers::built_in())
}

/// Runs an app until every job has had its report.
fn cook(
    jobs: Vec<BatchJob>,
    mut settings: HeadlessSettings,
    fail_fast: bool,
    brief: bool,
    out: OutputArgs,
) -> Ran {
    settings.import.max_queued_jobs = usize::MAX;
    let mut app = headless_app(settings);
    let client = app.world().resource::<ImportClient>().clone();
    let collected = Arc::new(Mutex::new(Collected {
        screen: Screen::new(out, brief, &jobs),
        reports: BTreeMap::new(),
    }));
    let guard = cancel_on_signals(&client, &collected);
    if interrupt::happened() {
        // A signal that came before anybody listened.
        client.request_shutdown();
    }
    app.insert_resource(Feed {
        jobs: jobs.into_iter().enumerate().collect(),
        client,
        collected: collected.clone(),
        fail_fast,
    });
    app.add_systems(First, feed);
    app.add_systems(Last, (show, exit_when_done));
    let lanes = settings_lanes(&app);
    let kept = Kept::of(&app);
    let ran = app.run();
    drop(guard);
    let mut collected = lock(&collected);
    collected.screen.close();
    Ran {
        reports: std::mem::take(&mut collected.reports),
        lanes,
        success: ran.is_success(),
        warnings: kept.finish(),
    }
}

/// What is kept between runs.
struct Kept {
    cache: Option<CookCache>,
    memos: Option<ProjectMemos>,
}

impl Kept {
    fn of(app: &App) -> Self {
        Self {
            cache: app.world().get_resource().cloned(),
            memos: app.world().get_resource().cloned(),
        }
    }

    /// Waits until everything is on the disk, and returns what there is to tell.
    fn finish(self) -> Vec<Diagnostic> {
        let mut warnings = Vec::new();
        if let Some(cache) = self.cache {
            cache.finish();
            warnings.extend(cache.take_warnings());
        }
        if let Some(memos) = self.memos {
            memos.finish();
            warnings.extend(memos.take_warnings());
        }
        // What is wrong with the folder is wrong for both.
        warnings.truncate(1);
        warnings
    }
}

/// What the report says of a job that has not run.
fn facts_of(job: &BatchJob) -> JobFacts {
    JobFacts {
        number: job.number,
        kind: job.kind,
        source: job.request.source().to_owned(),
        report: None,
    }
}

/// How many cooks can run at once: as many as there are threads that compute.
fn settings_lanes(app: &App) -> usize {
    let pool = bevy_tasks::ComputeTaskPool::try_get();
    app.world()
        .get_resource::<CookLanes>()
        .map(CookLanes::max_lanes)
        .or_else(|| pool.map(|pool| pool.thread_num()))
        .unwrap_or(1)
}

/// Writes a report; a relative path starts at the first container.
fn write_report(path: &Path, document: &Document) -> Result<PathBuf, String> {
    let path = if path.is_absolute() {
        path.to_owned()
    } else if document.session.cooked_root.is_empty() {
        return Err("--report requires a cooked root when using a relative path".to_owned());
    } else {
        Path::new(&document.session.cooked_root).join(path)
    };
    match report::write(&path, document) {
        Ok(()) => Ok(path),
        Err((path, error)) => Err(format!(
            "failed to write the report: {}: {error}",
            path.display()
        )),
    }
}

fn lock(collected: &Mutex<Collected>) -> MutexGuard<'_, Collected> {
    collected.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Submits jobs as long as few are ahead.
fn feed(mut feed: ResMut<Feed>) {
    let feed = &mut *feed;
    while feed.client.is_accepting() && feed.client.pending_count() < AHEAD {
        let Some((place, job)) = feed.jobs.pop_front() else {
            return;
        };
        let number = job.number;
        let (ended, cooking, stop) = (
            feed.collected.clone(),
            feed.collected.clone(),
            feed.client.clone(),
        );
        let (fail_fast, verbose) = (feed.fail_fast, job.verbose);
        let submitted = feed.client.submit_with(
            job.request,
            move |report| {
                let failed = report.outcome == JobState::Failed;
                let mut collected = lock(&ended);
                collected.screen.ended(number, &report);
                collected.reports.insert(place, report);
                drop(collected);
                if failed && fail_fast {
                    stop.request_shutdown();
                }
            },
            Some(move |progress: &ImportProgress| {
                lock(&cooking).screen.progress(number, verbose, progress);
            }),
        );
        if submitted.is_err() {
            // A signal came in between; the job counts as not submitted.
            return;
        }
    }
}

/// Draws how far the kinds of work are.
fn show(feed: Res<Feed>, counters: Res<PipelineCounters>) {
    lock(&feed.collected).screen.tick(&counters);
}

/// Ends the app once every job has had its report and every container is closed.
fn exit_when_done(
    feed: Res<Feed>,
    containers: Res<ContainersByRoot>,
    mut exit: MessageWriter<AppExit>,
) {
    let fed = feed.jobs.is_empty() || !feed.client.is_accepting();
    if fed && feed.client.active_count() == 0 && containers.0.is_empty() {
        exit.write(AppExit::Success);
    }
}

/// How a run ended, apart from its reports.
struct Conclusion<'a> {
    title: &'a str,
    left_out: &'a [ManifestProblem],
    interrupted: bool,
    ran: bool,
}

/// The whole run as JSON.
#[derive(Serialize)]
struct Summary<'a> {
    success: bool,
    succeeded: usize,
    failed: usize,
    canceled: usize,
    /// Of those that have succeeded, how many were as they were.
    unchanged: usize,
    not_submitted: usize,
    problems: &'a [ManifestProblem],
    jobs: Vec<&'a ImportReport>,
}

fn conclude(end: &Conclusion, facts: &[JobFacts], out: OutputArgs) -> u8 {
    let jobs: Vec<&ImportReport> = facts
        .iter()
        .filter_map(|facts| facts.report.as_deref())
        .collect();
    let ended = |outcome| {
        jobs.iter()
            .filter(|report| report.outcome == outcome)
            .count()
    };
    let (succeeded, canceled) = (ended(JobState::Complete), ended(JobState::Cancelled));
    let failed = jobs.len() - succeeded - canceled;
    let not_submitted = facts.len() - jobs.len();
    let done = succeeded == facts.len() && end.ran;
    if out.json {
        output::json(&Summary {
            success: done && end.left_out.is_empty(),
            succeeded,
            failed,
            canceled,
            unchanged: jobs.iter().filter(|report| report.cached).count(),
            not_submitted,
            problems: end.left_out,
            jobs,
        });
    } else if !out.quiet {
        let mut counts = format!("{succeeded} succeeded, {failed} failed, {canceled} canceled");
        if not_submitted > 0 {
            counts += &format!(", {not_submitted} not started");
        }
        if !end.left_out.is_empty() {
            counts += &format!(", {} left out", left_out_jobs(end.left_out));
        }
        let unchanged = jobs.iter().filter(|report| report.cached).count();
        if unchanged > 0 {
            counts += &format!(", {unchanged} unchanged");
        }
        counts += &from_cache(&jobs);
        output::line(&format!("{}: {counts}", end.title));
    }
    if done {
        exit::SUCCESS
    } else if end.interrupted {
        exit::INTERRUPTED
    } else {
        exit::FAILED
    }
}

/// How much of the work was not to be done again; nothing if it was none.
fn from_cache(jobs: &[&ImportReport]) -> String {
    let items = jobs.iter().flat_map(|report| &report.items);
    let (mut hits, mut asked) = (0, 0);
    for cached in items.filter_map(|item| item.cached) {
        asked += 1;
        hits += usize::from(cached);
    }
    if hits == 0 {
        String::new()
    } else {
        format!("; {hits} of {asked} textures and meshes from the cache")
    }
}

/// How many jobs problems are about.
fn left_out_jobs(problems: &[ManifestProblem]) -> usize {
    let mut jobs: Vec<_> = problems.iter().filter_map(|problem| problem.job).collect();
    jobs.dedup();
    jobs.len()
}

/// The first signal cancels every job, which then end in their own way; the second one quits.
fn cancel_on_signals(
    client: &ImportClient,
    collected: &Arc<Mutex<Collected>>,
) -> Option<interrupt::Guard> {
    let (client, screen) = (client.clone(), collected.clone());
    let installed = interrupt::on_signal(move || {
        client.request_shutdown();
        let text = "interrupted: canceling; once more to quit at once";
        lock(&screen).screen.interrupted(text);
    });
    match installed {
        Ok(guard) => Some(guard),
        Err(error) => {
            lock(collected).screen.aside(&format!(
                "warning: Ctrl+C will not cancel gracefully: {error}"
            ));
            None
        }
    }
}

//! Running a batch of requests to its end, and saying what came of it.

use bevy_app::{AppExit, Last};
use bevy_ecs::prelude::*;
use bevy_kiln::{
    components::container::ContainersByRoot,
    plugin::{HeadlessSettings, headless_app},
    prelude::*,
};
use serde::Serialize;
use std::{
    process::ExitCode,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{args::OutputArgs, exit, output, screen::Screen};

/// Requests that are run together.
pub struct Batch {
    /// The requests, in the order of the output.
    pub requests: Vec<ImportRequest>,
    /// What the last line calls the whole.
    pub title: String,
    /// Settings of the run.
    pub settings: HeadlessSettings,
    /// Whether everything is cancelled as soon as one import fails.
    pub fail_fast: bool,
}

/// What has come in so far.
struct Collected {
    screen: Screen,
    reports: Vec<Arc<ImportReport>>,
}

/// Runs a batch to its end.
pub fn run(batch: Batch, out: OutputArgs) -> ExitCode {
    let Batch {
        requests,
        title,
        mut settings,
        fail_fast,
    } = batch;
    settings.import.max_queued_jobs = usize::MAX;
    let mut app = headless_app(settings);
    app.add_systems(Last, exit_when_done);
    let client = app.world().resource::<ImportClient>().clone();
    let interrupts = cancel_on_signals(&client);

    let count = requests.len();
    let collected = Arc::new(Mutex::new(Collected {
        screen: Screen::new(out, count),
        reports: Vec::with_capacity(count),
    }));
    for request in requests {
        let source = request.source().to_owned();
        let (ended, cooking, stop) = (collected.clone(), collected.clone(), client.clone());
        let submitted = client.submit_with(
            request,
            move |report| {
                let failed = report.outcome == JobState::Failed;
                let mut collected = lock(&ended);
                collected.screen.ended(&report);
                collected.reports.push(report);
                drop(collected);
                if failed && fail_fast {
                    stop.request_shutdown();
                }
            },
            Some(move |progress: &ImportProgress| lock(&cooking).screen.progress(progress)),
        );
        if let Err(error) = submitted {
            // Only a signal that came while the jobs were being submitted leads here.
            output::error_line(&format!("error: {source}: {error}"));
        }
    }
    let ran = app.run();
    let collected = lock(&collected);
    collected.screen.close();
    let interrupted = interrupts.load(Ordering::Acquire) > 0;
    conclude(&title, out, count, &collected.reports, interrupted, &ran)
}

fn lock(collected: &Mutex<Collected>) -> MutexGuard<'_, Collected> {
    collected.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The whole run as JSON.
#[derive(Serialize)]
struct Summary<'a> {
    success: bool,
    succeeded: usize,
    failed: usize,
    canceled: usize,
    jobs: Vec<&'a ImportReport>,
}

fn conclude(
    title: &str,
    out: OutputArgs,
    count: usize,
    reports: &[Arc<ImportReport>],
    interrupted: bool,
    ran: &AppExit,
) -> ExitCode {
    let mut jobs: Vec<&ImportReport> = reports.iter().map(Arc::as_ref).collect();
    jobs.sort_by_key(|report| report.job);
    let ended = |outcome| {
        jobs.iter()
            .filter(|report| report.outcome == outcome)
            .count()
    };
    let (succeeded, canceled) = (ended(JobState::Complete), ended(JobState::Cancelled));
    let failed = jobs.len() - succeeded - canceled;
    let success = failed == 0 && canceled == 0 && jobs.len() == count && ran.is_success();
    if out.json {
        output::json(&Summary {
            success,
            succeeded,
            failed,
            canceled,
            jobs,
        });
    } else if !out.quiet {
        output::line(&format!(
            "{title}: {succeeded} succeeded, {failed} failed, {canceled} canceled"
        ));
    }
    ExitCode::from(if success {
        exit::SUCCESS
    } else if interrupted {
        exit::INTERRUPTED
    } else {
        exit::FAILED
    })
}

/// Ends the app once every job has had its report and every container is closed.
fn exit_when_done(
    client: Res<ImportClient>,
    containers: Res<ContainersByRoot>,
    mut exit: MessageWriter<AppExit>,
) {
    if client.active_count() == 0 && containers.0.is_empty() {
        exit.write(AppExit::Success);
    }
}

/// The first signal cancels every job, which then end in their own way; the second one quits.
fn cancel_on_signals(client: &ImportClient) -> Arc<AtomicUsize> {
    let interrupts = Arc::new(AtomicUsize::new(0));
    let (count, client) = (interrupts.clone(), client.clone());
    let installed = ctrlc::set_handler(move || {
        if count.fetch_add(1, Ordering::AcqRel) > 0 {
            std::process::exit(i32::from(exit::INTERRUPTED));
        }
        output::error_line("interrupted: canceling; once more to quit at once");
        client.request_shutdown();
    });
    if let Err(error) = installed {
        output::error_line(&format!(
            "warning: Ctrl+C will not cancel gracefully: {error}"
        ));
    }
    interrupts
}

//! `kiln import`: every source is a job of one container.

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
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{args::ImportArgs, exit, output, screen::Screen};

/// What has come in so far.
struct Collected {
    screen: Screen,
    reports: Vec<Arc<ImportReport>>,
}

/// Runs the command.
pub fn run(args: ImportArgs) -> ExitCode {
    let scene = args.scene.options();
    if let Err(error) = scene.resolve() {
        output::error_line(&format!("error: {error}"));
        return ExitCode::from(exit::USAGE);
    }
    let mut settings = HeadlessSettings {
        threads: args.threads,
        ..HeadlessSettings::default()
    };
    settings.import.memory_budget = args.memory;
    settings.import.packing = args.packing;
    settings.import.content_hashing = !args.no_hash;
    settings
        .import
        .allowed_roots
        .clone_from(&args.scene.source_roots);
    settings.import.max_queued_jobs = usize::MAX;
    let mut app = headless_app(settings);
    app.add_systems(Last, exit_when_done);
    let client = app.world().resource::<ImportClient>().clone();
    let interrupts = cancel_on_signals(&client);

    let collected = Arc::new(Mutex::new(Collected {
        screen: Screen::new(args.out, args.sources.len()),
        reports: Vec::with_capacity(args.sources.len()),
    }));
    let texture = args.texture();
    for source in &args.sources {
        let request = ImportRequest::new(source)
            .into_container(&args.output)
            .with_texture(texture.clone())
            .with_scene(scene.clone());
        let (ended, cooking) = (collected.clone(), collected.clone());
        let submitted = client.submit_with(
            request,
            move |report| {
                let mut collected = ended.lock().unwrap_or_else(PoisonError::into_inner);
                collected.screen.ended(&report);
                collected.reports.push(report);
            },
            Some(move |progress: &ImportProgress| {
                if progress.kind == ProgressKind::ItemStarted
                    && let Some(item) = &progress.item
                {
                    let collected = cooking.lock().unwrap_or_else(PoisonError::into_inner);
                    collected.screen.cooking(&item.name);
                }
            }),
        );
        if let Err(error) = submitted {
            // Only a signal that came while the jobs were being submitted leads here.
            output::error_line(&format!("error: {source}: {error}"));
        }
    }
    let ran = app.run();
    let collected = collected.lock().unwrap_or_else(PoisonError::into_inner);
    collected.screen.close();
    conclude(
        &args,
        &collected.reports,
        interrupts.load(Ordering::Acquire) > 0,
        &ran,
    )
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
    args: &ImportArgs,
    reports: &[Arc<ImportReport>],
    interrupted: bool,
    ran: &AppExit,
) -> ExitCode {
    let mut jobs: Vec<&ImportReport> = reports.iter().map(Arc::as_ref).collect();
    jobs.sort_by_key(|report| report.job);
    let count = |outcome| {
        jobs.iter()
            .filter(|report| report.outcome == outcome)
            .count()
    };
    let (succeeded, canceled) = (count(JobState::Complete), count(JobState::Cancelled));
    let failed = jobs.len() - succeeded - canceled;
    let success =
        failed == 0 && canceled == 0 && jobs.len() == args.sources.len() && ran.is_success();
    if args.out.json {
        output::json(&Summary {
            success,
            succeeded,
            failed,
            canceled,
            jobs,
        });
    } else if !args.out.quiet {
        let root = args.output.display();
        output::line(&format!(
            "{root}: {succeeded} succeeded, {failed} failed, {canceled} canceled"
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

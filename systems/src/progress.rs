//! Progress: one place that tells clients, messages and logs how far a job is.

use bevy_ecs::prelude::*;
use bevy_kiln_components::{
    job::{JobId, JobState, Progress},
    messages::{ImportProgress, ItemProgress, ProgressKind},
    pipeline::WorkKind,
    service::ReportTicket,
    settings::ImportSettings,
    work::{WorkName, WorkOf},
};

use crate::{dispatch::ReadyWork, importer::Format};

/// Writes progress messages and calls the clients' sinks.
pub(crate) struct ProgressFeed;

impl ProgressFeed {
    pub(crate) fn job_started(world: &mut World, job: Entity) {
        Self::send(
            world,
            job,
            ProgressKind::JobStarted,
            "Job started".to_owned(),
            None,
        );
    }

    /// The job entered a phase, at which `overall` is done.
    pub(crate) fn phase(world: &mut World, job: Entity, overall: f32, message: &str) {
        if let Some(mut progress) = world.get_mut::<Progress>(job) {
            progress.raise(overall);
        }
        Self::send(
            world,
            job,
            ProgressKind::PhaseUpdate,
            message.to_owned(),
            None,
        );
    }

    /// The format of the job's source is known, and all of it is going to be parsed.
    pub(crate) fn parsing(world: &mut World, job: Entity, format: Format) {
        world.entity_mut(job).insert(format);
        Self::phase(world, job, 0.0, &format!("Parsing {}...", format.title));
    }

    /// The job has ended, out of the state `before`; nothing follows but its report.
    pub(crate) fn ended(world: &mut World, job: Entity, before: JobState, state: JobState) {
        let (phase, finished) = match state {
            JobState::Complete => ("Import complete".to_owned(), "Job finished"),
            JobState::Cancelled => ("Import canceled".to_owned(), "Job canceled"),
            _ => {
                let phase = match (world.get::<Format>(job), before) {
                    (Some(format), JobState::Loading) => format!("{} parse failed", format.title),
                    (Some(_), JobState::Planning) => "Plan build failed".to_owned(),
                    (Some(_), JobState::Working) => "Plan execution failed".to_owned(),
                    _ => "Import failed".to_owned(),
                };
                (phase, "Job failed")
            }
        };
        Self::phase(world, job, 1.0, &phase);
        Self::send(
            world,
            job,
            ProgressKind::JobFinished,
            finished.to_owned(),
            None,
        );
    }

    pub(crate) fn item(world: &mut World, item: Entity, kind: ProgressKind) {
        if let Some(WorkName(name)) = world.get::<WorkName>(item).cloned() {
            Self::named(world, item, kind, name);
        }
    }

    /// A part of an item was made, which people know by a name of its own.
    pub(crate) fn part(world: &mut World, item: Entity, name: &str) {
        for kind in [ProgressKind::ItemStarted, ProgressKind::ItemFinished] {
            Self::named(world, item, kind, name.to_owned());
        }
    }

    fn named(world: &mut World, item: Entity, kind: ProgressKind, name: String) {
        let (Some(&WorkOf(job)), Some(&work)) =
            (world.get::<WorkOf>(item), world.get::<WorkKind>(item))
        else {
            return;
        };
        let message = match kind {
            ProgressKind::ItemStarted => format!("{name} started"),
            ProgressKind::ItemFinished => format!("{name} finished"),
            _ => String::new(),
        };
        let capacity = world.resource::<ImportSettings>().pipelines.get(work).queue;
        let item = ItemProgress {
            kind: work.0,
            name,
            queue_load: world.resource::<ReadyWork>().admitted(work) as f32 / capacity as f32,
        };
        Self::send(world, job, kind, message, Some(item));
    }

    fn send(
        world: &mut World,
        job: Entity,
        kind: ProgressKind,
        message: String,
        item: Option<ItemProgress>,
    ) {
        let (Some(&id), Some(&phase), Some(&progress)) = (
            world.get::<JobId>(job),
            world.get::<JobState>(job),
            world.get::<Progress>(job),
        ) else {
            return;
        };
        tracing::trace!(job = id.0, ?kind, %phase, message, "progress");
        let event = ImportProgress {
            entity: job,
            job: id,
            kind,
            phase,
            overall: progress.overall(),
            message,
            item,
        };
        if let Some(mut ticket) = world.get_mut::<ReportTicket>(job) {
            ticket.progress(&event);
        }
        world.write_message(event);
    }
}

//! Freshness: jobs that are as they were when they were committed need not be cooked.
//!
//! Jobs that have come in are asked about together, in one task on the I/O pool; until the answer is there
//! they are not started. Unchanged jobs end at once, with the report of what was committed. Containers
//! that only have such jobs are not opened, not locked and not written.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{cache::memo::Output, format::catalog::CatalogEntry};
use bevy_kiln_components::{
    container::{Container, Emitting},
    job::{Diagnostics, ImportRequest, JobOrder, JobState, TargetContainer},
    service::ReportTicket,
    settings::ImportSettings,
};
use bevy_tasks::AsyncComputeTaskPool;
use std::{path::PathBuf, sync::Arc};

use crate::{
    cache::{Answer, Committed, CommittedJob, Footprint, ProjectMemos, Question, Told, Unchanged},
    completion::{Completion, CompletionSender},
    containers::root_of,
    importer::{Format, Importers},
    plan::name_job,
    report::{EndedJobs, Ending, JobProducts},
    store::CommitOutcome,
};

/// On jobs that nobody has asked about yet.
#[derive(Component)]
pub struct Unasked;

/// Whether a task is asking about jobs. The others wait, so that jobs start in their order.
#[derive(Resource, Default)]
pub struct Asking(bool);

/// What a job looks at while it is cooked.
#[derive(Component, Clone)]
pub(crate) struct JobFootprint(pub(crate) Arc<Footprint>);

/// What a job has put into its container, by name.
#[derive(Component, Default)]
pub(crate) struct JobOutputs(Vec<Output>);

/// Whether there are jobs to ask about.
pub fn jobs_are_unasked(asking: Res<Asking>, unasked: Query<(), With<Unasked>>) -> bool {
    !asking.0 && !unasked.is_empty()
}

/// Asks about all jobs that have come in.
pub fn ask(world: &mut World, unasked: &mut QueryState<(Entity, &JobOrder), With<Unasked>>) {
    let _stage = tracing::debug_span!("freshness").entered();
    let mut jobs: Vec<(JobOrder, Entity)> = unasked
        .iter(world)
        .map(|(job, &order)| (order, job))
        .collect();
    jobs.sort_unstable();
    let asked: Vec<(Entity, PathBuf, ImportRequest)> = jobs
        .into_iter()
        .filter_map(|(_, job)| {
            let &TargetContainer(container) = world.get(job)?;
            let root = world.get::<Container>(container)?.root().to_owned();
            Some((job, root, world.get::<ImportRequest>(job)?.clone()))
        })
        .collect();
    let Some(memos) = world.get_resource::<ProjectMemos>().cloned() else {
        return;
    };
    let settings = world.resource::<ImportSettings>().clone();
    let importers = world.resource::<Importers>().clone();
    let completions = world.resource::<CompletionSender>().clone();
    world.resource_mut::<Asking>().0 = true;
    AsyncComputeTaskPool::get()
        .spawn(async move {
            let questions: Vec<Question<'_>> = asked
                .iter()
                .map(|(_, root, request)| Question {
                    root: root.clone(),
                    request,
                })
                .collect();
            let answers = memos.ask(&questions, &settings, &importers, Answer::Each);
            let answers = answers.into_iter().map(|answer| answer.map(Box::new));
            let jobs = asked.iter().map(|(job, ..)| *job);
            completions.send(Completion::Asked(jobs.zip(answers).collect()));
        })
        .detach();
}

/// Ends unchanged jobs, and lets the others start.
pub(crate) fn answered(world: &mut World, answers: Vec<(Entity, Option<Box<Unchanged>>)>) {
    world.resource_mut::<Asking>().0 = false;
    for (job, unchanged) in answers {
        if let Ok(mut entity) = world.get_entity_mut(job) {
            entity.remove::<Unasked>();
        }
        if let Some(unchanged) = unchanged
            && world.get::<JobState>(job) == Some(&JobState::Pending)
            && !EndedJobs::is_ending(world, job)
        {
            end(world, job, *unchanged);
        }
    }
}

fn end(world: &mut World, job: Entity, unchanged: Unchanged) {
    let Unchanged {
        told,
        format,
        outcome,
    } = unchanged;
    let known = world.resource::<Importers>().named(&format);
    let known = known.map(|importer| Format::of(&*importer));
    name_job(world, job, known);
    if let Some(mut ticket) = world.get_mut::<ReportTicket>(job) {
        ticket.start();
    }
    if let Some(mut products) = world.get_mut::<JobProducts>(job) {
        products.products = told.products;
        products.ignored = told.ignored;
        products.commit = Some(outcome);
        products.is_unchanged = true;
    }
    if let Some(mut diagnostics) = world.get_mut::<Diagnostics>(job) {
        diagnostics.0 = told.diagnostics;
    }
    world.resource_mut::<EndedJobs>().end(job, Ending::Complete);
}

/// Notes what a job puts into its container under a name.
pub(crate) fn note_output(world: &mut World, job: Entity, kind: &str, name: &str, value: &[u8]) {
    if !world.contains_resource::<ProjectMemos>() {
        return;
    }
    let output = Output {
        name: short_hash(&[kind.as_bytes(), name.as_bytes()]),
        value: short_hash(&[value]),
    };
    match world.get_mut::<JobOutputs>(job) {
        Some(mut outputs) => outputs.0.push(output),
        None => {
            world.entity_mut(job).insert(JobOutputs(vec![output]));
        }
    }
}

/// Notes the line of the catalogue that a job writes.
pub(crate) fn note_line(world: &mut World, job: Entity, entry: &CatalogEntry) {
    if world.contains_resource::<ProjectMemos>() {
        let name = format!("{}\0{}\0{}", entry.kind(), entry.source(), entry.name());
        note_output(world, job, "line", &name, entry.content().as_bytes());
    }
}

fn short_hash(parts: &[&[u8]]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut short = [0; 8];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(short)
}

/// Notes what the jobs of a commit were made of.
pub(crate) fn committed(
    world: &mut World,
    container: Entity,
    outcome: &CommitOutcome,
    jobs: &[Emitting],
) {
    let Some(memos) = world.get_resource::<ProjectMemos>().cloned() else {
        return;
    };
    if outcome.unfinished.is_some() {
        return;
    }
    let jobs = jobs.iter().filter_map(|&Emitting { job, .. }| {
        let diagnostics = world.get::<Diagnostics>(job)?;
        if diagnostics.has_errors() {
            return None;
        }
        let products = world.get::<JobProducts>(job)?;
        Some(CommittedJob {
            request: world.get::<ImportRequest>(job)?.clone(),
            footprint: world.get::<JobFootprint>(job)?.0.clone(),
            format: products.format?,
            told: Told {
                products: products.products.clone(),
                ignored: products.ignored,
                diagnostics: diagnostics.0.clone(),
            },
            outputs: world
                .get::<JobOutputs>(job)
                .map(|all| all.0.clone())
                .unwrap_or_default(),
        })
    });
    let committed = Committed {
        root: root_of(world, container),
        before: outcome.index_before,
        after: (outcome.index_after, outcome.catalog_hash),
        jobs: jobs.collect(),
    };
    let settings = Arc::new(world.resource::<ImportSettings>().clone());
    let importers = world.resource::<Importers>().clone();
    memos.committed(committed, settings, importers);
}

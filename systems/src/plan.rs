//! Plan: a parsed source becomes work items.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::diagnostic::{Diagnostic, codes};
use bevy_kiln_components::{
    job::{CancelToken, Diagnostics, JobId, JobOrder, JobState, Progress},
    pipeline::PipelineCounters,
    service::ReportTicket,
    work::{BlockedBy, Dependents, Producers, WorkName, WorkOf, WorkOrder, WorkState},
};

use crate::{
    dispatch::ReadyWork,
    importer::{Format, PlanOutcome},
    load::fail,
    progress::ProgressFeed,
    report::{EndedJobs, Ending, JobProducts},
    work::{PlannedWork, WorkKinds},
};

/// Plans that came in and are not spawned yet.
#[derive(Resource, Default)]
pub struct ArrivedPlans(pub Vec<(Entity, Box<PlanOutcome>)>);

/// Whether a plan came in.
pub fn plans_arrived(plans: Res<ArrivedPlans>) -> bool {
    !plans.0.is_empty()
}

/// Spawns the work items of plans: `Loading -> Planning -> Working`.
pub fn spawn_plans(world: &mut World) {
    let _stage = tracing::debug_span!("plan").entered();
    for (job, outcome) in std::mem::take(&mut world.resource_mut::<ArrivedPlans>().0) {
        // The job may have ended meanwhile; its outcome is dropped with all that it holds.
        if world.get::<JobState>(job) == Some(&JobState::Loading)
            && !EndedJobs::is_ending(world, job)
        {
            spawn_plan(world, job, *outcome);
        }
    }
}

fn spawn_plan(world: &mut World, job: Entity, outcome: PlanOutcome) {
    let Some(&order) = world.get::<JobOrder>(job) else {
        return;
    };
    if let Some(mut products) = world.get_mut::<JobProducts>(job) {
        products.telemetry.io = outcome.io_micros;
        products.telemetry.load = outcome.load_micros;
    }
    name_job(world, job, outcome.format);
    if world
        .get::<CancelToken>(job)
        .is_some_and(CancelToken::is_cancelled)
    {
        world
            .resource_mut::<EndedJobs>()
            .end(job, Ending::Cancelled);
        return;
    }
    let plan = match outcome.result {
        Ok(plan) => plan,
        Err(diagnostics) => {
            fail(world, job, diagnostics);
            return;
        }
    };
    world.entity_mut(job).insert(JobState::Planning);
    ProgressFeed::phase(world, job, 0.1, "Building import plan...");
    if let Some(mut diagnostics) = world.get_mut::<Diagnostics>(job) {
        diagnostics.0.extend(plan.diagnostics);
    }
    if let Some(mut products) = world.get_mut::<JobProducts>(job) {
        products.ignored = plan.ignored;
    }
    let kinds = world.resource::<WorkKinds>();
    let missing = plan
        .plan
        .steps()
        .iter()
        .map(|step| &step.payload)
        .find(|work| !kinds.knows(work))
        .map(PlannedWork::kind);
    if let Some(kind) = missing {
        let message =
            format!("Missing pipeline registration: no pipeline cooks work of the kind `{kind}`");
        fail(
            world,
            job,
            vec![Diagnostic::new(
                codes::import::WORK_PIPELINE_MISSING,
                message,
            )],
        );
        return;
    }
    if let Some(claim) = outcome.claim {
        world.entity_mut(job).insert(claim);
    }
    spawn_items(world, job, order, plan.plan.into_steps());
    world.entity_mut(job).insert(JobState::Working);
    ProgressFeed::phase(world, job, 0.2, "Executing plan...");
}

fn spawn_items(
    world: &mut World,
    job: Entity,
    order: JobOrder,
    steps: Vec<bevy_kiln_assets::plan::PlanStep<PlannedWork>>,
) {
    let mut items: Vec<Entity> = Vec::with_capacity(steps.len());
    let mut dependents: Vec<Vec<Entity>> = vec![Vec::new(); steps.len()];
    for (step, planned) in steps.into_iter().enumerate() {
        let kind = planned.payload.kind();
        // A plan numbers its items with 32 bits.
        let work_order = WorkOrder {
            job: order,
            step: step as u32,
        };
        let producers: Vec<Entity> = planned
            .producers
            .iter()
            .map(|&producer| items[producer])
            .collect();
        let blocked = producers.len();
        let state = if blocked == 0 {
            WorkState::Ready
        } else {
            WorkState::Blocked
        };
        let id = planned.payload.spawn(
            world,
            (
                WorkOf(job),
                work_order,
                WorkName(planned.name),
                state,
                BlockedBy(blocked as u32),
                Producers(producers),
            ),
        );
        for &producer in &planned.producers {
            dependents[producer].push(id);
        }
        items.push(id);
        world
            .resource_mut::<PipelineCounters>()
            .entry(kind)
            .submitted += 1;
        if blocked == 0 {
            world.resource_mut::<ReadyWork>().push(kind, work_order, id);
        }
    }
    for (item, waiting) in items.iter().zip(dependents) {
        if !waiting.is_empty() {
            world.entity_mut(*item).insert(Dependents(waiting));
        }
    }
    if let Some(mut progress) = world.get_mut::<Progress>(job) {
        progress.total = items.len() as u32;
    }
}

/// Gives a job without a name the one that the format implies: `<format>:<id>:<file name>`.
pub(crate) fn name_job(world: &mut World, job: Entity, format: Option<Format>) {
    let Some(id) = world.get::<JobId>(job).copied() else {
        return;
    };
    if let Some(mut products) = world.get_mut::<JobProducts>(job) {
        products.format = format.map(|format| format.name);
    }
    if let Some(mut ticket) = world.get_mut::<ReportTicket>(job) {
        let names = ticket.names_mut();
        names.name = names.known_as(id, format.map(|format| format.name));
    }
}

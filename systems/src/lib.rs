//! The behaviour of `bevy_kiln`: one file for each stage of a tick, I/O, and dispatch to the pools.
//!
//! A tick runs the stages of [`KilnSystems`] in order. The main thread only moves state: files are
//! touched on `AsyncComputeTaskPool`, images and meshes on `ComputeTaskPool`, and what they finish
//! comes back through one channel. Every stage has a run condition that costs next to nothing, so
//! that a tick in which nothing has happened runs no system at all.
#![forbid(unsafe_code)]

pub mod collect;
pub mod compact;
pub mod completion;
pub mod containers;
pub mod dispatch;
pub mod emit;
pub mod finalize;
pub mod importer;
pub mod importers;
pub mod inspect;
pub mod intake;
pub mod io;
mod item_log;
pub mod lanes;
pub mod load;
pub mod manifest;
pub mod pack;
pub mod plan;
mod progress;
pub mod report;
pub mod store;
pub mod verify;
pub mod work;

use bevy_ecs::{
    prelude::*,
    schedule::{InternedSystemSet, ScheduleConfigs},
    system::ScheduleSystem,
};

/// The stages of a tick, in order. Order your own systems against them.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KilnSystems {
    /// Empty by default: runs before everything else.
    First,
    /// Requests become jobs.
    Intake,
    /// What tasks have finished is taken over, and cancelled jobs end.
    Collect,
    /// The next jobs start, and their sources are read.
    Load,
    /// Parsed sources become work items.
    Plan,
    /// Cooked payloads get their final places, in output order.
    Emit,
    /// Ready work is admitted, read and queued.
    Dispatch,
    /// Containers are committed and closed.
    Finalize,
    /// Every job that has ended gets its one report.
    Report,
    /// Empty by default: runs after everything else.
    Last,
}

impl KilnSystems {
    /// All stages in order, for `configure_sets`.
    pub fn chain() -> ScheduleConfigs<InternedSystemSet> {
        (
            Self::First,
            Self::Intake,
            Self::Collect,
            Self::Load,
            Self::Plan,
            Self::Emit,
            Self::Dispatch,
            Self::Finalize,
            Self::Report,
            Self::Last,
        )
            .chain()
    }
}

/// Every system of the crate in its stage, for an app that wants to place them itself.
pub fn systems() -> ScheduleConfigs<ScheduleSystem> {
    (
        (
            manifest::advance_manifests.run_if(manifest::manifests_have_work),
            intake::drain_clients.run_if(intake::clients_submitted),
            intake::accept_requests.run_if(intake::requests_are_fresh),
        )
            .chain()
            .in_set(KilnSystems::Intake),
        (
            collect::collect.run_if(collect::tasks_completed),
            collect::end_cancelled_jobs.run_if(collect::jobs_were_cancelled),
        )
            .chain()
            .in_set(KilnSystems::Collect),
        (
            load::start_jobs.run_if(load::jobs_can_start),
            load::admit_loads.run_if(load::loads_wait),
        )
            .chain()
            .in_set(KilnSystems::Load),
        plan::spawn_plans
            .run_if(plan::plans_arrived)
            .in_set(KilnSystems::Plan),
        emit::emit
            .run_if(emit::containers_are_ready)
            .in_set(KilnSystems::Emit),
        dispatch::dispatch
            .run_if(dispatch::work_is_ready)
            .in_set(KilnSystems::Dispatch),
        finalize::finalize
            .run_if(finalize::containers_are_settled)
            .in_set(KilnSystems::Finalize),
        (
            report::deliver_reports.run_if(report::jobs_have_ended),
            report::complete_shutdown.run_if(report::is_shutting_down),
        )
            .chain()
            .in_set(KilnSystems::Report),
    )
        .into_configs()
}

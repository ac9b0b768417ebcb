//! The spine, stepped: an app with a fake source format and fake kinds of work, all of them
//! registered as anybody would register their own.
//!
//! # Which test covers which transition
//!
//! | transition | test |
//! | --- | --- |
//! | job: (nothing) → Pending | `states::a_request_becomes_a_pending_job_at_once` |
//! | Pending → Loading → Planning → Working → Finalizing → Complete | `states::pending_loading_planning_working_finalizing_complete` |
//! | Pending → Failed | `completion::shutdown_ends_running_and_queued_jobs` (a job that comes too late) |
//! | Pending → Cancelled | `completion::cancelled_before_any_tick_and_while_pending` |
//! | Loading → Failed | `completion::the_source_is_not_there`, `states::a_container_that_cannot_be_opened_fails_its_jobs` |
//! | Planning → Failed | `states::loading_fails`, `completion::the_plan_fails_or_panics_in_either_pool` |
//! | Working → Failed | `states::working_fails`, `completion::a_cook_fails_or_panics_and_others_go_on` |
//! | Finalizing → Failed | `faults::each_step_of_a_second_import_fails_once` |
//! | Loading, Working, Finalizing → Cancelled | `states::every_phase_can_be_cancelled`, `completion::cancelled_anywhere` |
//! | Finalizing → Complete although cancelled | `completion::cancelled_past_the_point_of_return` |
//! | item: Blocked → Ready | `states::blocked_until_every_producer_is_emitted` |
//! | Ready → Reading → Queued → Running → Cooked → Emitted | `states::ready_reading_running_cooked_emitted` |
//! | Ready → Queued → Running | `states::ready_until_the_queue_has_room`, `states::queued_until_a_worker_is_free` |
//! | any → Failed | `states::an_item_in_any_state_fails_with_its_job`, `states::a_failed_read_fails_the_item_and_the_job` |
//! | container: (nothing) → Idle | `states::a_container_is_idle_before_its_first_job_starts` |
//! | Idle → Opening → Ready → Committing → Closing → (gone) | `states::containers_go_from_idle_to_gone` |
//! | Opening → Failed → (gone) | `states::a_container_that_cannot_be_opened_fails_its_jobs` |
//! | Failed → Idle | `states::a_container_that_could_not_be_opened_is_opened_anew` |
//! | Closing → Idle → Opening | `states::a_container_that_is_being_closed_is_opened_again_for_the_next_job` |
//! | Committing → Ready → Committing | `states::a_container_is_committed_between_jobs_too` |
//! | Committing → Ready after an error | `faults::an_error_that_passes_spoils_nothing` |
//! | reservation: Writing → Written → (gone) | `states::writes_are_writing_then_written_then_gone` |
//! | Writing → Failed | `faults::a_reservation_whose_bytes_cannot_be_written_says_so` |
//!
//! # Which tests cover which promise of `docs/architecture.md`
//!
//! | promise | tests |
//! | --- | --- |
//! | 1 stable at once | `order::an_index_is_final_before_its_bytes_are_written` |
//! | 2 same input, same bytes | `order::the_order_of_completion_is_not_seen`, `images::cooks_of_images_may_complete_in_any_order`, and the command's `tests/cli` with 1, 2 and 8 threads |
//! | 3 bounded memory | `admission::memory_stays_within_the_budget`, `a_budget_that_is_too_small_is_slow_not_stuck`, `small_items_do_not_overtake_a_large_one`, `a_job_that_is_despawned_gives_its_memory_back`; after every test nothing is claimed (`Stepper::drain`) |
//! | 4 all or nothing | `order::a_bad_job_in_the_middle_leaves_no_trace`, `order::a_job_that_has_emitted_everything_leaves_no_trace_either`, `faults`, and the killed processes of `tests/cli` |
//! | 5 one completion | every test of `completion`, by each of the paths of `Stepper::ended_once` |
//! | 6 no surprise from input | `completion::the_plan_fails_or_panics_in_either_pool`, `a_cook_that_would_spoil_the_container_fails_alone`, and the malformed images of `tests/cli` |
//! | 7 no frame stalls | `frames` |
//! | 8 extensible without a fork | the harness itself, `plugin::a_later_importer_replaces_an_earlier_one`, `admission::a_kind_that_nobody_registered` |
//!
//! The invariants of progress and counters are checked after every tick of every test
//! (`Stepper::tick`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed step of the harness is a failed test"
)]

mod admission;
mod cache;
mod client;
mod common;
mod companions;
mod completion;
mod faults;
mod fbx;
mod frames;
mod images;
mod manifests;
mod order;
mod plugin;
mod reports;
mod scenes;
mod states;
mod textures;

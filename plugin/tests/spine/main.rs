//! The spine, stepped: an app with a fake source format and fake kinds of work, all of them
//! registered as anybody would register their own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed step of the harness is a failed test"
)]

mod admission;
mod client;
mod common;
mod companions;
mod completion;
mod faults;
mod manifests;
mod order;
mod plugin;
mod states;

//! The built `kiln`, as a process: what it writes, says and survives.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed step of the harness is a failed test"
)]

#[path = "../common/mod.rs"]
mod common;

mod crash;
mod faults;
mod golden;
#[cfg(unix)]
mod interrupt;
mod lock;
mod malformed;
mod output;
#[cfg(unix)]
mod terminal;
mod threads;

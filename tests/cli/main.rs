//! The built `kiln`, as a process: what it writes, says and survives.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed step of the harness is a failed test"
)]

/// Brings the C++ library along, which the encoder that golden blocks are made with needs.
use bevy_kiln as _;

#[path = "../common/mod.rs"]
mod common;

mod codes;
mod compact;
mod crash;
mod faults;
mod golden;
#[cfg(unix)]
mod interrupt;
mod kill;
mod library;
mod lock;
mod malformed;
mod output;
#[cfg(unix)]
mod terminal;
mod threads;
#[cfg(unix)]
mod watch;

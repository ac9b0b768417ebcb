//! glTF through the command: the sample corpus, golden files, and the files that documents refer to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed step of the harness is a failed test"
)]

#[path = "../common/mod.rs"]
mod common;

mod corpus;
mod files;
mod golden;

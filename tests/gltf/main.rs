//! glTF through the command: the sample corpus, and the files that documents refer to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed step of the harness is a failed test"
)]

mod corpus;
mod files;

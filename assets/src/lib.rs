//! What a cooked asset *is*: on-disk formats, source adapters and cookers.
//!
//! This crate knows no ECS, no files and no threads. Everything in it is a plain function over
//! bytes, so that it can be tested, fuzzed, benchmarked and reused alone:
//!
//! * [`naming`]: from authored names to unique, valid ones,
//! * [`plan`]: what is to be done, in which order,
//! * [`mod@format`]: the records that are stored, and their validated readers,
//! * [`source`]: adapters that turn source files into neutral data,
//! * [`cook`]: cookers that turn neutral data into stored payloads,
//! * [`manifest`]: whole projects as documents,
//! * [`unpack`]: from stored texels back to images,
//! * [`settings`]: what a user may choose, with defaults and tokens,
//! * [`compact`]: finished containers made anew, without what is dead,
//! * [`verify`]: the strict checker of finished containers,
//! * [`diagnostic`]: every message a user can meet, with a stable code.
#![forbid(unsafe_code)]

pub mod compact;
pub mod cook;
pub mod diagnostic;
pub mod format;
pub mod manifest;
pub mod naming;
pub mod plan;
pub mod settings;
pub mod source;
pub mod unpack;
pub mod verify;

//! The data of `bevy_kiln`: components, resources, messages and relationships.
//!
//! Jobs, work items, reservations and containers are entities; this crate says what they are made
//! of. It has no behaviour beyond constructors, small queries on itself and component hooks:
//! systems live in `bevy_kiln_systems`.
#![forbid(unsafe_code)]

pub mod budget;
pub mod container;
pub mod job;
pub mod manifest;
pub mod messages;
pub mod pipeline;
pub mod report;
pub mod reservation;
pub mod service;
pub mod settings;
pub mod work;

//! Cookers: plain functions from neutral data to stored payloads.

pub mod pace;
pub mod texture;

//! Cookers: plain functions from neutral data to stored payloads.

pub mod mesh;
pub mod pace;
pub mod texture;

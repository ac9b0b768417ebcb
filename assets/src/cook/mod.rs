//! Cookers: plain functions from neutral data to stored payloads.

pub mod asset;
pub mod geometry;
pub mod hash;
pub mod material;
pub mod mesh;
mod notes;
pub mod pace;
pub mod scene;
pub mod texture;

//! What a user may choose, with defaults and tokens.

pub mod geometry;
pub mod overrides;
pub mod property;
pub mod scene;
pub mod shared;
pub mod texture;

//! What a user may choose, with defaults and tokens.

pub mod geometry;
pub mod scene;
pub mod texture;

//! What a user may choose, with defaults and tokens.

pub mod texture;

//! Adapters that turn source files into neutral data.

pub mod image;
pub mod path;
pub mod scene;
pub mod texture;

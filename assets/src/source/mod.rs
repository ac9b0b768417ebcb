//! Adapters that turn source files into neutral data.

pub mod scene;

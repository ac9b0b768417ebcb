//! On-disk records and their validated readers.

pub mod ids;

//! Files: readers of sources, the writer, and the errors of all I/O.
//!
//! Everything here may block, and runs on the I/O pool.

pub mod asset_reader;
pub(crate) mod disk;
pub mod error;
pub mod file_reader;
pub mod find;
pub mod reader;
pub mod resolve;
pub mod scope;
pub mod writer;

pub use disk::{Fault, FaultEffect};

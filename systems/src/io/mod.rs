//! Files: readers of sources, and the errors of all I/O.
//!
//! Everything here may block, and runs on the I/O pool.

pub mod asset_reader;
pub mod error;
pub mod file_reader;
pub mod reader;
pub mod resolve;
pub mod scope;

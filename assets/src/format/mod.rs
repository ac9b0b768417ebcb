//! On-disk records and their validated readers.
//!
//! Everything stored is little-endian and packed to the byte; records are written and read field
//! by field, never cast. Writers cannot make an invalid record, readers accept nothing that an
//! engine's loader would refuse, and no input makes them panic.

pub mod asset_header;
pub mod bounds;
pub mod buffer_table;
pub mod bytes;
pub mod catalog;
pub mod geometry;
pub mod ids;
pub mod index;
pub mod job_record;
pub mod layout;
pub mod material;
pub mod name;
pub mod number;
pub mod pak;
pub mod path;
pub mod payload_layout;
mod record;
pub mod scene;
pub mod texture_format;
pub mod texture_payload;
pub mod texture_shape;
pub mod texture_table;

pub use record::RecordError;

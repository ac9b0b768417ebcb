//! The cache of cooked payloads, as bytes: keys, entries, segments, and the memo of a container.
//!
//! Nothing here touches a file. What is read back is checked, and anything that is not as it was written
//! is no result: a cache may be lost at any time, but must never tell a lie.

pub mod entry;
pub mod environment;
pub mod facts;
pub mod fields;
pub mod key;
pub mod memo;
pub mod segment;

pub use entry::CachedCook;
pub use key::{CacheKey, KeyBuilder};

/// The version of everything that is stored. Entries of another version are not found.
pub const CACHE_VERSION: u32 = 1;

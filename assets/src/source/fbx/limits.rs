//! How much an FBX file may ask for: checked by the parser while it parses.

use serde::{Deserialize, Serialize};

/// The most that parsing an FBX file may take. A few bytes of compressed FBX can ask for gigabytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct FbxLimits {
    /// The most bytes of the parsed document, and again the most that the parser may use meanwhile
    /// (default 1 GiB each).
    pub max_bytes: u64,
    /// The most blocks that each of the two may be made of (default 2^20).
    pub max_allocations: u64,
    /// The most nodes on the way from the root to a leaf (default 1024).
    pub max_node_depth: u32,
}

impl Default for FbxLimits {
    fn default() -> Self {
        Self {
            max_bytes: 1 << 30,
            max_allocations: 1 << 20,
            max_node_depth: 1024,
        }
    }
}

//! Indices, keys and hashes as types of their own.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// Position of a texture in `textures.table`. Index 0 is the fallback texture, and the default.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct TextureIndex(pub u32);

impl TextureIndex {
    /// The fallback texture, and "no texture" in a material slot.
    pub const FALLBACK: Self = Self(0);
    /// The marker for a texture that failed: the engine substitutes its error texture.
    pub const ERROR: Self = Self(u32::MAX);
}

/// Position of a buffer in `buffers.table`. There is no reserved buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BufferIndex(pub u32);

/// The 16-byte identity of an asset, compared bytewise.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetKey(pub [u8; 16]);

impl AssetKey {
    /// "No asset".
    pub const NONE: Self = Self([0; 16]);
    /// The built-in default material; never stored, always resolvable.
    pub const DEFAULT_MATERIAL: Self = Self(*b"MAT_DEFAULT_____");
    /// The built-in debug material.
    pub const DEBUG_MATERIAL: Self = Self(*b"MAT_DEBUG_______");

    /// The deterministic key: the first 16 bytes of SHA-256 of the UTF-8 text.
    pub fn of_text(text: &str) -> Self {
        let digest = Sha256::digest(text.as_bytes());
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        Self(key)
    }

    /// A random key: a version-4 UUID (RFC 9562) whose other bits are those of `bytes`.
    pub fn of_random_bytes(mut bytes: [u8; 16]) -> Self {
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Self(bytes)
    }

    /// Whether the key is one that the engine resolves by itself.
    pub fn is_built_in(self) -> bool {
        self == Self::DEFAULT_MATERIAL || self == Self::DEBUG_MATERIAL
    }
}

impl fmt::Display for AssetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for AssetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A 64-bit content hash: the first 8 bytes of a SHA-256 digest as a little-endian number.
/// Zero means "not computed".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ContentHash(pub u64);

impl ContentHash {
    /// "Not computed".
    pub const NONE: Self = Self(0);

    /// The hash of plain bytes, as used for buffers.
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_digest(&Sha256::digest(bytes).into())
    }

    /// Takes the hash out of a complete SHA-256 digest.
    pub fn from_digest(digest: &[u8; 32]) -> Self {
        let mut head = [0; 8];
        head.copy_from_slice(&digest[..8]);
        Self(u64::from_le_bytes(head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_follow_the_worked_examples() {
        assert_eq!(
            AssetKey::of_text("/.cooked/Materials/M_Red.omat").to_string(),
            "6d840f81-afba-d29f-0ec8-e9b5f15d004b"
        );
        assert_eq!(
            AssetKey::of_text("/.cooked/Scenes/Box.oscene/root").to_string(),
            "6b574fee-a4da-9f77-765f-3f92998a916d"
        );
        assert_eq!(
            AssetKey::of_random_bytes([0xff; 16]).to_string(),
            "ffffffff-ffff-4fff-bfff-ffffffffffff"
        );
        assert_eq!(
            AssetKey::of_random_bytes([0; 16]).to_string(),
            "00000000-0000-4000-8000-000000000000"
        );
    }
}

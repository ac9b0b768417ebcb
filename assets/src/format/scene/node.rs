//! Nodes, and the string table that holds their names.

use crate::format::{
    ids::AssetKey,
    record::{flag_set, record},
};

flag_set! {
    /// What a node is like.
    NodeFlags, "set of node flags" {
        /// It is shown.
        VISIBLE = 0x01,
        /// It never moves.
        STATIC = 0x02,
        /// It casts shadows.
        CASTS_SHADOWS = 0x04,
        /// It receives shadows.
        RECEIVES_SHADOWS = 0x08,
        /// Rays find it.
        RAY_CAST_SELECTABLE = 0x10,
        /// Its transform is that of the world.
        IGNORE_PARENT_TRANSFORM = 0x20,
    }
}

record! {
    /// A node. Parents come before their children.
    NodeRecord: 68 bytes, 0 reserved {
        /// The identity: the key of `<virtual path of the scene>/<name of the node>`.
        id: AssetKey = AssetKey::NONE,
        /// Where its name begins in the string table.
        name_offset: u32 = 0,
        /// The parent; a root is its own.
        parent_index: u32 = 0,
        /// What it is like.
        flags: NodeFlags = NodeFlags::NONE,
        /// From the parent's origin, in metres.
        translation: [f32; 3] = [0.0; 3],
        /// A unit quaternion: x, y, z, w.
        rotation: [f32; 4] = [0.0, 0.0, 0.0, 1.0],
        /// Factors along the axes.
        scale: [f32; 3] = [1.0; 3],
    }
}

/// The names of a scene: strings that each end with NUL, the empty one first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StringTable(String);

impl Default for StringTable {
    /// The empty string alone.
    fn default() -> Self {
        Self("\0".to_owned())
    }
}

impl StringTable {
    /// Appends a string, up to a NUL in it; gives its offset, or `None` when the table would be larger
    /// than 32 bits can count.
    pub fn push(&mut self, text: &str) -> Option<u32> {
        let text = text.split('\0').next().unwrap_or_default();
        let offset = u32::try_from(self.0.len()).ok()?;
        u32::try_from(self.0.len() + text.len() + 1).ok()?;
        self.0.push_str(text);
        self.0.push('\0');
        Some(offset)
    }

    /// The string at an offset, or `None` when there is none.
    pub fn get(&self, offset: u32) -> Option<&str> {
        self.0
            .get(offset as usize..)?
            .split_once('\0')
            .map(|(text, _)| text)
    }

    /// The stored bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Whether a string begins at an offset. Costs nothing, however long the string is.
    pub(super) fn has(&self, offset: u32) -> bool {
        (offset as usize) < self.0.len() && self.0.is_char_boundary(offset as usize)
    }

    /// A stored table: UTF-8, with NUL at both ends.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        (text.starts_with('\0') && text.ends_with('\0')).then(|| Self(text.to_owned()))
    }
}

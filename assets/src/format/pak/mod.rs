//! PAK files, version 4: one file that holds everything a loose container holds, for shipping.
//!
//! The parts come in this order: header, texture payloads, buffers, their tables, descriptors, directory,
//! browse index, footer. Readers begin with the footer, and depend on its offsets only, not on the order.
//! All offsets count from the start of the file.

mod plan;
mod read;
mod seal;
#[cfg(test)]
mod tests;

pub use plan::{PakInput, PakOptions, PakPart, PakPlan, PakPlanError, PakSource};
pub use read::{BrowsePath, PakError, PakFrame};
pub use seal::{PakSeal, Sealed};

use super::{ids::AssetKey, record::record};

/// The first eight bytes of a PAK.
pub const MAGIC: [u8; 8] = *b"OXPAK\0\0\0";
/// The last eight bytes of a PAK.
pub const FOOTER_MAGIC: [u8; 8] = *b"OXPAKEND";
/// The first eight bytes of a browse index.
pub const BROWSE_MAGIC: [u8; 8] = *b"OXPAKBIX";
/// The version that is written, and the only one that is read.
pub const VERSION: u16 = 4;
/// Bytes of the header, and of the footer.
pub const FRAME_BYTES: usize = 256;

record! {
    /// The beginning of a PAK.
    PakHeader: 256 bytes, 228 reserved {
        /// [`MAGIC`].
        magic: [u8; 8] = MAGIC,
        /// [`VERSION`].
        version: u16 = VERSION,
        /// Whatever the user chose.
        content_version: u16 = 0,
        /// The identity; not all zero.
        guid: [u8; 16] = [0; 16],
    }
}

record! {
    /// Where blobs of a kind are: from the first one to the end of the last one. All zero if there are none.
    ResourceRegion: 16 bytes, 0 reserved {
        /// Of the first byte.
        offset: u64 = 0,
        /// In bytes.
        size: u64 = 0,
    }
}

record! {
    /// Where the table of a kind is. All zero if there is none.
    ResourceTable: 16 bytes, 0 reserved {
        /// Of the first byte.
        offset: u64 = 0,
        /// Entries.
        count: u32 = 0,
        /// Bytes of an entry.
        entry_size: u32 = 0,
    }
}

record! {
    /// The end of a PAK.
    PakFooter: 256 bytes, 0 reserved {
        /// Where the directory is; 0 without assets.
        directory_offset: u64 = 0,
        /// Bytes of the directory.
        directory_size: u64 = 0,
        /// Assets.
        asset_count: u64 = 0,
        /// Texture payloads.
        texture_region: ResourceRegion = ResourceRegion::default(),
        /// Buffers.
        buffer_region: ResourceRegion = ResourceRegion::default(),
        /// Sounds; never written.
        audio_region: ResourceRegion = ResourceRegion::default(),
        /// The texture table.
        texture_table: ResourceTable = ResourceTable::default(),
        /// The buffer table.
        buffer_table: ResourceTable = ResourceTable::default(),
        /// The table of sounds; never written.
        audio_table: ResourceTable = ResourceTable::default(),
        /// Where the browse index is; 0 without one.
        browse_offset: u64 = 0,
        /// Bytes of the browse index.
        browse_size: u64 = 0; 108,
        /// CRC-32 of the whole file without these four bytes; 0 for none.
        crc: u32 = 0,
        /// [`FOOTER_MAGIC`].
        magic: [u8; 8] = FOOTER_MAGIC,
    }
}

record! {
    /// An asset in the directory.
    DirectoryEntry: 64 bytes, 27 reserved {
        /// Its key.
        key: AssetKey = AssetKey::NONE,
        /// The number of its type.
        asset_type: u8 = 0,
        /// Where this entry is itself.
        entry_offset: u64 = 0,
        /// Where its descriptor is.
        descriptor_offset: u64 = 0,
        /// Bytes of its descriptor.
        descriptor_size: u32 = 0,
    }
}

record! {
    /// The beginning of a browse index: virtual paths of assets.
    BrowseHeader: 24 bytes, 4 reserved {
        /// [`BROWSE_MAGIC`].
        magic: [u8; 8] = BROWSE_MAGIC,
        /// 1.
        version: u32 = 1,
        /// Paths.
        entry_count: u32 = 0,
        /// Bytes of all paths.
        strings_size: u32 = 0,
    }
}

record! {
    /// A path in a browse index.
    BrowseEntry: 24 bytes, 0 reserved {
        /// The asset.
        key: AssetKey = AssetKey::NONE,
        /// Where the path begins, in the strings.
        path_offset: u32 = 0,
        /// Its bytes.
        path_length: u32 = 0,
    }
}

//! Reading the frame of a PAK: header, footer, directory, browse index.

use std::{collections::HashSet, ops::Range};
use thiserror::Error;

use super::{
    BROWSE_MAGIC, BrowseEntry, BrowseHeader, DirectoryEntry, FOOTER_MAGIC, FRAME_BYTES, MAGIC,
    PakFooter, PakHeader, ResourceTable, VERSION,
};
use crate::format::{
    buffer_table::BufferEntry,
    bytes::{ByteReader, OutOfBytes},
    ids::AssetKey,
    path::{PathError, VirtualPath},
    record::{RecordError, Stored},
    texture_table::TextureEntry,
};

/// Why bytes are not a PAK.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PakError {
    /// A field that cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Another beginning or end.
    #[error("the {0} does not have the magic of a PAK")]
    Magic(&'static str),
    /// Another version.
    #[error("version {0} of PAK files is not known, only version {VERSION} is")]
    Version(u16),
    /// A file that is too short for header and footer.
    #[error("{0} bytes are too few for a PAK")]
    TooShort(u64),
    /// A part outside of the file.
    #[error("the {0} is outside of the file")]
    Range(&'static str),
    /// Entries of another size.
    #[error("entries of the {what} have {found} bytes, not {expected}")]
    EntrySize {
        /// Of which table.
        what: &'static str,
        /// As the footer says.
        found: u64,
        /// As it must be.
        expected: u64,
    },
    /// An entry of the directory that is not where it says.
    #[error("directory entry {0} does not know its own place")]
    EntryOffset(usize),
    /// A browse index that is not as long as it says.
    #[error("the browse index has {found} bytes instead of {expected}")]
    BrowseSize {
        /// How many there are.
        found: usize,
        /// How many it says.
        expected: u64,
    },
    /// A path outside of the strings, or not UTF-8.
    #[error("path {0} of the browse index is not in its strings")]
    BrowsePath(usize),
    /// A path that breaks the rules.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A path that is there twice.
    #[error("the path `{0}` is there twice")]
    DuplicatePath(String),
}

impl From<OutOfBytes> for PakError {
    fn from(error: OutOfBytes) -> Self {
        Self::Record(error.into())
    }
}

/// Header and footer of a PAK, whose ranges are inside of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PakFrame {
    header: PakHeader,
    footer: PakFooter,
}

/// A virtual path and the asset that it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowsePath {
    /// The path.
    pub path: VirtualPath,
    /// The key.
    pub key: AssetKey,
}

impl PakFrame {
    /// Reads the first and the last 256 bytes of a file of `len` bytes.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn parse(header: &[u8], footer: &[u8], len: u64) -> Result<Self, PakError> {
        if len < 2 * FRAME_BYTES as u64 {
            return Err(PakError::TooShort(len));
        }
        let header = PakHeader::read(&mut ByteReader::new(header))?;
        let footer = PakFooter::read(&mut ByteReader::new(footer))?;
        if header.magic != MAGIC {
            return Err(PakError::Magic("header"));
        }
        if header.version != VERSION {
            return Err(PakError::Version(header.version));
        }
        if footer.magic != FOOTER_MAGIC {
            return Err(PakError::Magic("footer"));
        }
        let frame = Self { header, footer };
        frame.check(len)?;
        Ok(frame)
    }

    fn check(&self, len: u64) -> Result<(), PakError> {
        let footer = &self.footer;
        let inside = |what, offset: u64, size: u64| match offset.checked_add(size) {
            Some(end) if end <= len => Ok(()),
            _ => Err(PakError::Range(what)),
        };
        let entries = |what, found: u64, expected: u64| {
            if found == expected {
                Ok(())
            } else {
                Err(PakError::EntrySize {
                    what,
                    found,
                    expected,
                })
            }
        };
        let directory = footer
            .asset_count
            .checked_mul(DirectoryEntry::BYTES as u64)
            .ok_or(PakError::Range("directory"))?;
        entries("directory", footer.directory_size, directory)?;
        inside("directory", footer.directory_offset, footer.directory_size)?;
        inside("browse index", footer.browse_offset, footer.browse_size)?;
        for (what, region) in [
            ("texture region", &footer.texture_region),
            ("buffer region", &footer.buffer_region),
            ("audio region", &footer.audio_region),
        ] {
            inside(what, region.offset, region.size)?;
        }
        for (what, table, size) in [
            ("texture table", &footer.texture_table, TextureEntry::BYTES),
            ("buffer table", &footer.buffer_table, BufferEntry::BYTES),
            ("audio table", &footer.audio_table, 32),
        ] {
            if table.count > 0 {
                entries(what, u64::from(table.entry_size), size as u64)?;
            }
            inside(what, table.offset, range_of(table).end - table.offset)?;
        }
        Ok(())
    }

    /// The header.
    pub fn header(&self) -> &PakHeader {
        &self.header
    }

    /// The footer.
    pub fn footer(&self) -> &PakFooter {
        &self.footer
    }

    /// Where the texture table is.
    pub fn texture_table(&self) -> Range<u64> {
        range_of(&self.footer.texture_table)
    }

    /// Where the buffer table is.
    pub fn buffer_table(&self) -> Range<u64> {
        range_of(&self.footer.buffer_table)
    }

    /// Where the directory is.
    pub fn directory(&self) -> Range<u64> {
        let start = self.footer.directory_offset;
        start..start + self.footer.directory_size
    }

    /// Where the browse index is, if there is one.
    pub fn browse_index(&self) -> Option<Range<u64>> {
        let start = self.footer.browse_offset;
        (self.footer.browse_size > 0).then(|| start..start + self.footer.browse_size)
    }

    /// Reads the directory.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn read_directory(&self, bytes: &[u8]) -> Result<Vec<DirectoryEntry>, PakError> {
        let mut reader = ByteReader::new(bytes);
        let mut entries = Vec::new();
        for index in 0..bytes.len() / DirectoryEntry::BYTES {
            let offset = self.footer.directory_offset + reader.offset() as u64;
            let entry = DirectoryEntry::read(&mut reader)?;
            if entry.entry_offset != offset {
                return Err(PakError::EntryOffset(index));
            }
            entries.push(entry);
        }
        Ok(entries)
    }
}

fn range_of(table: &ResourceTable) -> Range<u64> {
    let bytes = u64::from(table.count) * u64::from(table.entry_size);
    table.offset..table.offset.saturating_add(bytes)
}

impl BrowsePath {
    /// Reads a browse index. Readers that find a fault go without it.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn read_all(bytes: &[u8]) -> Result<Vec<Self>, PakError> {
        let mut reader = ByteReader::new(bytes);
        let header = BrowseHeader::read(&mut reader)?;
        if header.magic != BROWSE_MAGIC || header.version != 1 {
            return Err(PakError::Magic("browse index"));
        }
        let entries = u64::from(header.entry_count) * BrowseEntry::BYTES as u64;
        let expected = BrowseHeader::BYTES as u64 + entries + u64::from(header.strings_size);
        if bytes.len() as u64 != expected {
            return Err(PakError::BrowseSize {
                found: bytes.len(),
                expected,
            });
        }
        let strings = &bytes[bytes.len() - header.strings_size as usize..];
        let mut known = HashSet::new();
        // Paths that overlap could need more memory than there is in the world.
        let mut left = strings.len();
        let mut paths = Vec::with_capacity(header.entry_count as usize);
        for index in 0..header.entry_count as usize {
            let entry = BrowseEntry::read(&mut reader)?;
            let start = entry.path_offset as usize;
            let path = start
                .checked_add(entry.path_length as usize)
                .and_then(|end| strings.get(start..end))
                .and_then(|path| std::str::from_utf8(path).ok())
                .ok_or(PakError::BrowsePath(index))?;
            left = left
                .checked_sub(path.len())
                .ok_or(PakError::BrowsePath(index))?;
            if !known.insert(path) {
                return Err(PakError::DuplicatePath(path.to_owned()));
            }
            paths.push(Self {
                path: VirtualPath::new(path)?,
                key: entry.key,
            });
        }
        Ok(paths)
    }
}

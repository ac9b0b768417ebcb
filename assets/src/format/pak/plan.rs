//! What is where in a PAK that is made of a loose container.

use std::ops::Range;
use thiserror::Error;

use super::{
    BrowseEntry, BrowseHeader, DirectoryEntry, PakFooter, PakHeader, ResourceRegion, ResourceTable,
};
use crate::format::{
    buffer_table::{BufferEntry, BufferEntryError},
    bytes::ByteWriter,
    index::{AssetRecord, AssetType, ContainerIndex},
    record::Stored,
    texture_table::{TextureEntry, TextureEntryError},
};

/// Regions, blobs and the first descriptor begin at multiples of this.
const REGION_STEP: u64 = 256;
/// Everything else does at multiples of this.
const STEP: u64 = 16;

/// The small files of a loose container.
#[derive(Clone, Copy, Debug)]
pub struct PakInput<'a> {
    /// The index.
    pub index: &'a ContainerIndex,
    /// `textures.table`; empty if there is none.
    pub textures: &'a [u8],
    /// `buffers.table`; empty if there is none.
    pub buffers: &'a [u8],
}

/// What a user may choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PakOptions {
    /// The identity, instead of one that is derived from the content.
    pub guid: Option<[u8; 16]>,
    /// The content version, instead of that of the index.
    pub content_version: Option<u16>,
}

/// Why there is no such PAK.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PakPlanError {
    /// An all-zero GUID.
    #[error("the GUID is all zero")]
    Guid,
    /// A table that is not a whole number of entries.
    #[error("a table of {len} bytes is no whole number of entries of {entry}")]
    Table {
        /// Its size.
        len: usize,
        /// The size of an entry.
        entry: usize,
    },
    /// A texture that its table does not describe.
    #[error("textures[{index}]: {error}")]
    Texture {
        /// The entry.
        index: usize,
        /// What is wrong with it.
        error: TextureEntryError,
    },
    /// A buffer that its table does not describe.
    #[error("buffers[{index}]: {error}")]
    Buffer {
        /// The entry.
        index: usize,
        /// What is wrong with it.
        error: BufferEntryError,
    },
    /// A descriptor that is larger than a directory can say.
    #[error("the descriptor of `{path}` has {size} bytes, more than 32 bits can count")]
    Descriptor {
        /// The virtual path.
        path: String,
        /// The size of the descriptor.
        size: u64,
    },
    /// More than 32 bits can count.
    #[error("the {0} are more than 32 bits can count")]
    TooMany(&'static str),
}

/// Where the bytes of a part come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PakSource {
    /// They are here.
    Bytes(Vec<u8>),
    /// A range of `textures.data`.
    Texture(Range<u64>),
    /// A range of `buffers.data`.
    Buffer(Range<u64>),
    /// The descriptor of the asset at this position in the index.
    Descriptor(usize),
}

/// A part of a PAK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PakPart {
    /// Where it begins.
    pub offset: u64,
    /// Its bytes.
    pub source: PakSource,
}

/// A PAK before it is written: all parts, in their order, from the header to the footer. Between them
/// are zeros. The checksum is still zero, and so is an identity that is derived.
#[derive(Clone, Debug, PartialEq)]
pub struct PakPlan {
    parts: Vec<PakPart>,
    size: u64,
    pub(super) header: PakHeader,
}

impl PakPlan {
    /// Finds a place for everything.
    ///
    /// # Errors
    /// A [`PakPlanError`] when tables are damaged, or something does not fit its field.
    pub fn new(input: &PakInput<'_>, options: &PakOptions) -> Result<Self, PakPlanError> {
        if options.guid == Some([0; 16]) {
            return Err(PakPlanError::Guid);
        }
        let header = PakHeader {
            content_version: options
                .content_version
                .unwrap_or(input.index.content_version()),
            guid: options.guid.unwrap_or_default(),
            ..PakHeader::default()
        };
        let mut builder = Builder::default();
        builder.put(1, PakHeader::BYTES as u64, bytes_of(&header));

        let textures = blobs(input.textures, TextureEntry::BYTES, |index, entry| {
            let entry = TextureEntry::parse(entry)
                .map_err(|error| PakPlanError::Texture { index, error })?;
            Ok((entry.data_offset(), entry.size_bytes()))
        })?;
        let buffers = blobs(input.buffers, BufferEntry::BYTES, |index, entry| {
            let entry =
                BufferEntry::parse(entry).map_err(|error| PakPlanError::Buffer { index, error })?;
            Ok((entry.data_offset(), entry.size_bytes()))
        })?;
        let (texture_region, texture_offsets) = builder.region(&textures, PakSource::Texture);
        let (buffer_region, buffer_offsets) = builder.region(&buffers, PakSource::Buffer);
        let texture_table = builder.table(input.textures, TextureEntry::BYTES, &texture_offsets)?;
        let buffer_table = builder.table(input.buffers, BufferEntry::BYTES, &buffer_offsets)?;

        let assets = in_order(input.index.assets());
        let directory = builder.descriptors(&assets)?;
        let (directory_offset, directory_size) = builder.directory(directory);
        let (browse_offset, browse_size) = builder.browse(&assets)?;
        let footer = PakFooter {
            directory_offset,
            directory_size,
            asset_count: assets.len() as u64,
            texture_region,
            buffer_region,
            texture_table,
            buffer_table,
            browse_offset,
            browse_size,
            ..PakFooter::default()
        };
        builder.put(1, PakFooter::BYTES as u64, bytes_of(&footer));
        Ok(Self {
            parts: builder.parts,
            size: builder.end,
            header,
        })
    }

    /// The parts, in their order.
    pub fn parts(&self) -> &[PakPart] {
        &self.parts
    }

    /// Bytes of the whole file.
    pub fn size(&self) -> u64 {
        self.size
    }
}

fn bytes_of(record: &impl Stored) -> PakSource {
    let mut out = ByteWriter::default();
    record.write(&mut out);
    PakSource::Bytes(out.finish())
}

/// Ranges of a data file, by the entries of its table.
fn blobs(
    table: &[u8],
    entry_size: usize,
    parse: impl Fn(usize, &[u8]) -> Result<(u64, u32), PakPlanError>,
) -> Result<Vec<Range<u64>>, PakPlanError> {
    if !table.len().is_multiple_of(entry_size) {
        return Err(PakPlanError::Table {
            len: table.len(),
            entry: entry_size,
        });
    }
    let entries = table.chunks_exact(entry_size).enumerate();
    let ranges = entries.map(|(index, entry)| {
        let (offset, size) = parse(index, entry)?;
        Ok(offset..offset.saturating_add(u64::from(size)))
    });
    ranges.collect()
}

/// Materials, geometries, scenes; each group by virtual path. With their positions in the index.
fn in_order(assets: &[AssetRecord]) -> Vec<(usize, &AssetRecord)> {
    let mut assets: Vec<_> = assets.iter().enumerate().collect();
    let group = |asset_type| match asset_type {
        AssetType::Material => 0,
        AssetType::Geometry => 1,
        AssetType::Scene => 2,
    };
    assets.sort_by_key(|(_, asset)| (group(asset.asset_type()), asset.virtual_path().as_str()));
    assets
}

/// Puts one part after the other.
#[derive(Default)]
struct Builder {
    parts: Vec<PakPart>,
    end: u64,
}

impl Builder {
    /// Puts a part at the next multiple of a step; gives where.
    fn put(&mut self, step: u64, len: u64, source: PakSource) -> u64 {
        let offset = self.end.next_multiple_of(step);
        self.parts.push(PakPart { offset, source });
        self.end = offset + len;
        offset
    }

    /// Puts blobs; gives their region and where each one is. Empty ones take no place.
    fn region(
        &mut self,
        blobs: &[Range<u64>],
        source: fn(Range<u64>) -> PakSource,
    ) -> (ResourceRegion, Vec<u64>) {
        let mut region = ResourceRegion::default();
        let mut offsets = Vec::with_capacity(blobs.len());
        for blob in blobs {
            let len = blob.end - blob.start;
            if len == 0 {
                offsets.push(0);
                continue;
            }
            let offset = self.put(REGION_STEP, len, source(blob.clone()));
            if region.size == 0 {
                region.offset = offset;
            }
            region.size = self.end - region.offset;
            offsets.push(offset);
        }
        (region, offsets)
    }

    /// Puts a copy of a table in which only the offsets are new.
    fn table(
        &mut self,
        table: &[u8],
        entry_size: usize,
        offsets: &[u64],
    ) -> Result<ResourceTable, PakPlanError> {
        if table.is_empty() {
            return Ok(ResourceTable::default());
        }
        let mut copy = table.to_vec();
        for (entry, offset) in copy.chunks_exact_mut(entry_size).zip(offsets) {
            entry[..8].copy_from_slice(&offset.to_le_bytes());
        }
        let count = u32::try_from(offsets.len());
        let count = count.map_err(|_| PakPlanError::TooMany("entries of a table"))?;
        let offset = self.put(STEP, copy.len() as u64, PakSource::Bytes(copy));
        Ok(ResourceTable {
            offset,
            count,
            entry_size: entry_size as u32,
        })
    }

    /// Puts descriptors; gives their directory entries, whose own places are still open.
    fn descriptors(
        &mut self,
        assets: &[(usize, &AssetRecord)],
    ) -> Result<Vec<DirectoryEntry>, PakPlanError> {
        let mut directory = Vec::with_capacity(assets.len());
        for &(index, asset) in assets {
            let size = asset.size();
            let Ok(descriptor_size) = u32::try_from(size) else {
                return Err(PakPlanError::Descriptor {
                    path: asset.virtual_path().to_string(),
                    size,
                });
            };
            let step = if directory.is_empty() {
                REGION_STEP
            } else {
                STEP
            };
            directory.push(DirectoryEntry {
                key: asset.key(),
                asset_type: asset.asset_type().id(),
                entry_offset: 0,
                descriptor_offset: self.put(step, size, PakSource::Descriptor(index)),
                descriptor_size,
            });
        }
        Ok(directory)
    }

    /// Puts the directory; gives its place and size.
    fn directory(&mut self, mut directory: Vec<DirectoryEntry>) -> (u64, u64) {
        if directory.is_empty() {
            return (0, 0);
        }
        let size = directory.len() as u64 * DirectoryEntry::BYTES as u64;
        let start = self.end.next_multiple_of(STEP);
        let mut out = ByteWriter::with_capacity(size as usize);
        for entry in &mut directory {
            entry.entry_offset = start + out.len() as u64;
            entry.write(&mut out);
        }
        let offset = self.put(STEP, size, PakSource::Bytes(out.finish()));
        (offset, size)
    }

    /// Puts the browse index; gives its place and size.
    fn browse(&mut self, assets: &[(usize, &AssetRecord)]) -> Result<(u64, u64), PakPlanError> {
        if assets.is_empty() {
            return Ok((0, 0));
        }
        let mut assets: Vec<_> = assets.iter().map(|(_, asset)| asset).collect();
        assets.sort_by_key(|asset| asset.virtual_path().as_str());
        let too_many = |what| move |_| PakPlanError::TooMany(what);
        let mut strings = String::new();
        let mut entries = ByteWriter::default();
        for asset in &assets {
            let path = asset.virtual_path().as_str();
            let entry = BrowseEntry {
                key: asset.key(),
                path_offset: u32::try_from(strings.len()).map_err(too_many("bytes of paths"))?,
                path_length: u32::try_from(path.len()).map_err(too_many("bytes of a path"))?,
            };
            entry.write(&mut entries);
            strings.push_str(path);
        }
        let header = BrowseHeader {
            entry_count: u32::try_from(assets.len()).map_err(too_many("assets"))?,
            strings_size: u32::try_from(strings.len()).map_err(too_many("bytes of paths"))?,
            ..BrowseHeader::default()
        };
        let mut out = ByteWriter::default();
        header.write(&mut out);
        out.bytes(&entries.finish()).bytes(strings.as_bytes());
        let size = out.len() as u64;
        let offset = self.put(STEP, size, PakSource::Bytes(out.finish()));
        Ok((offset, size))
    }
}

//! `container.index.bin`: what a container holds.

use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use thiserror::Error;

use super::{
    bytes::{ByteReader, ByteWriter, OutOfBytes},
    ids::AssetKey,
    layout::FileKind,
    path::{LONGEST_PATH, PathError, RelativePath, VirtualPath},
};

/// The first eight bytes of an index.
pub const MAGIC: [u8; 8] = *b"OXLCIDX\0";
const HEADER_BYTES: usize = 256;
const ASSET_BYTES: usize = 76;
const FILE_BYTES: usize = 64;
const HAS_VIRTUAL_PATHS: u32 = 1;
const HAS_FILE_RECORDS: u32 = 2;

/// The type of an asset. The value is its id in the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum AssetType {
    /// `.omat`
    Material = 1,
    /// `.ogeo`
    Geometry = 2,
    /// `.oscene`
    Scene = 3,
}

impl AssetType {
    /// The type with an id.
    pub fn from_id(id: u8) -> Option<Self> {
        match id {
            1 => Some(Self::Material),
            2 => Some(Self::Geometry),
            3 => Some(Self::Scene),
            _ => None,
        }
    }

    /// The id in the files.
    pub fn id(self) -> u8 {
        self as u8
    }

    /// The name in reports and the catalogue.
    pub fn label(self) -> &'static str {
        match self {
            Self::Material => "material",
            Self::Geometry => "geometry",
            Self::Scene => "scene",
        }
    }
}

/// An asset in the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetRecord {
    key: AssetKey,
    asset_type: AssetType,
    path: RelativePath,
    virtual_path: VirtualPath,
    size: u64,
    digest: [u8; 32],
}

impl AssetRecord {
    /// A record; an all-zero digest means "not computed".
    pub fn new(
        key: AssetKey,
        asset_type: AssetType,
        path: RelativePath,
        virtual_path: VirtualPath,
        size: u64,
        digest: [u8; 32],
    ) -> Self {
        Self {
            key,
            asset_type,
            path,
            virtual_path,
            size,
            digest,
        }
    }

    /// The key.
    pub fn key(&self) -> AssetKey {
        self.key
    }

    /// The type.
    pub fn asset_type(&self) -> AssetType {
        self.asset_type
    }

    /// The file of the descriptor.
    pub fn path(&self) -> &RelativePath {
        &self.path
    }

    /// The path under which the asset is looked up.
    pub fn virtual_path(&self) -> &VirtualPath {
        &self.virtual_path
    }

    /// Bytes of the descriptor.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// SHA-256 of the descriptor; all zero when it was not computed.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}

/// A resource file in the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRecord {
    /// Which file.
    pub kind: FileKind,
    /// Where it is.
    pub path: RelativePath,
    /// Its exact size.
    pub size: u64,
}

/// The content of an index. Assets are kept in key order and files in kind order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerIndex {
    guid: [u8; 16],
    content_version: u16,
    assets: Vec<AssetRecord>,
    files: Vec<FileRecord>,
}

/// Why there is no such index.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IndexError {
    /// Too short.
    #[error(transparent)]
    OutOfBytes(#[from] OutOfBytes),
    /// Another magic.
    #[error("the file does not begin with `OXLCIDX`")]
    Magic,
    /// Another version.
    #[error("version {0} of the index is not known, only version 1 is")]
    Version(u16),
    /// Flags that are not known or contradict the header.
    #[error("flags {0:#x} are not valid here")]
    Flags(u32),
    /// A record size that is not that of this version.
    #[error("the size of {what} is {size}, not {expected}")]
    RecordSize {
        /// Of which record.
        what: &'static str,
        /// As stored.
        size: u32,
        /// As it must be.
        expected: usize,
    },
    /// An all-zero GUID.
    #[error("the GUID is all zero")]
    Guid,
    /// A section outside of the file or inside another.
    #[error("the {0} are not where they can be")]
    Section(&'static str),
    /// A string outside of the table, without an end, too long for a path, or not UTF-8.
    #[error("the string at offset {0} is not a terminated UTF-8 string of the table, or too long")]
    String(u32),
    /// Paths that overlap more than any writer would make them: they would take far more memory than the
    /// index has bytes.
    #[error("the paths together are longer than the index")]
    Overlap,
    /// A path that breaks the rules.
    #[error(transparent)]
    Path(#[from] PathError),
    /// An asset type that is not known.
    #[error("asset type {0} is not known")]
    AssetType(u8),
    /// A file kind that is not known.
    #[error("file kind {0} is not known")]
    FileKind(u16),
    /// Two assets with one key.
    #[error("the key {0} is there twice")]
    DuplicateKey(AssetKey),
    /// Two assets with one virtual path.
    #[error("the virtual path `{0}` is there twice")]
    DuplicatePath(String),
    /// Two records of one file kind.
    #[error("the file {0:?} is recorded twice")]
    DuplicateFile(FileKind),
    /// A table without its data file, or the reverse.
    #[error("a table and its data file are recorded together; one of {0} is missing")]
    Unpaired(&'static str),
    /// More than the 32-bit fields can count.
    #[error("the index is too large for its 32-bit offsets")]
    TooLarge,
}

impl ContainerIndex {
    /// An index with a given identity, or with one derived from its content: the first 16 bytes of
    /// SHA-256 over the file with the GUID field zero.
    ///
    /// # Errors
    /// An [`IndexError`] for duplicates, unpaired files, an all-zero GUID, or too much content.
    pub fn new(
        guid: Option<[u8; 16]>,
        content_version: u16,
        mut assets: Vec<AssetRecord>,
        mut files: Vec<FileRecord>,
    ) -> Result<Self, IndexError> {
        assets.sort_by_key(AssetRecord::key);
        files.sort_by_key(|file| file.kind);
        let mut index = Self {
            guid: guid.unwrap_or_default(),
            content_version,
            assets,
            files,
        };
        if guid == Some([0; 16]) {
            return Err(IndexError::Guid);
        }
        index.check()?;
        if guid.is_none() {
            let digest = Sha256::digest(index.to_bytes()?);
            index.guid.copy_from_slice(&digest[..16]);
            if index.guid == [0; 16] {
                index.guid[0] = 1;
            }
        }
        Ok(index)
    }

    fn check(&self) -> Result<(), IndexError> {
        let mut keys = HashSet::new();
        let mut paths = HashSet::new();
        for asset in &self.assets {
            if !keys.insert(asset.key) {
                return Err(IndexError::DuplicateKey(asset.key));
            }
            if !paths.insert(asset.virtual_path.as_str()) {
                return Err(IndexError::DuplicatePath(asset.virtual_path.to_string()));
            }
        }
        for pair in self.files.windows(2) {
            if pair[0].kind == pair[1].kind {
                return Err(IndexError::DuplicateFile(pair[0].kind));
            }
        }
        let has = |kind| self.file(kind).is_some();
        if has(FileKind::BuffersTable) != has(FileKind::BuffersData) {
            return Err(IndexError::Unpaired("buffers.table and buffers.data"));
        }
        if has(FileKind::TexturesTable) != has(FileKind::TexturesData) {
            return Err(IndexError::Unpaired("textures.table and textures.data"));
        }
        Ok(())
    }

    /// The identity of the container.
    pub fn guid(&self) -> [u8; 16] {
        self.guid
    }

    /// The version that the caller chose.
    pub fn content_version(&self) -> u16 {
        self.content_version
    }

    /// The assets, ascending by key.
    pub fn assets(&self) -> &[AssetRecord] {
        &self.assets
    }

    /// The resource files, ascending by kind.
    pub fn files(&self) -> &[FileRecord] {
        &self.files
    }

    /// The record of one file.
    pub fn file(&self, kind: FileKind) -> Option<&FileRecord> {
        self.files.iter().find(|file| file.kind == kind)
    }

    /// The canonical file.
    ///
    /// # Errors
    /// [`IndexError::TooLarge`] when an offset or count does not fit.
    pub fn to_bytes(&self) -> Result<Vec<u8>, IndexError> {
        let mut strings = Strings::default();
        let mut asset_strings = Vec::with_capacity(self.assets.len());
        for asset in &self.assets {
            asset_strings.push((
                strings.add(asset.path.as_str())?,
                strings.add(asset.virtual_path.as_str())?,
            ));
        }
        let mut file_strings = Vec::with_capacity(self.files.len());
        for file in &self.files {
            file_strings.push(strings.add(file.path.as_str())?);
        }
        let asset_count = u32::try_from(self.assets.len()).map_err(|_| IndexError::TooLarge)?;
        let strings = strings.bytes;
        let assets_offset = HEADER_BYTES + strings.len();
        let files_offset = assets_offset + ASSET_BYTES * self.assets.len();
        let flags = HAS_VIRTUAL_PATHS
            | if self.files.is_empty() {
                0
            } else {
                HAS_FILE_RECORDS
            };

        let mut out = ByteWriter::with_capacity(files_offset + FILE_BYTES * self.files.len());
        out.bytes(&MAGIC)
            .u16(1)
            .u16(self.content_version)
            .u32(flags)
            .u64(HEADER_BYTES as u64)
            .u64(strings.len() as u64)
            .u64(assets_offset as u64)
            .u32(asset_count)
            .u32(ASSET_BYTES as u32)
            .u64(files_offset as u64)
            .u32(self.files.len() as u32)
            .u32(FILE_BYTES as u32)
            .bytes(&self.guid)
            .zeros(176)
            .bytes(&strings);
        for (asset, (path, virtual_path)) in self.assets.iter().zip(asset_strings) {
            out.bytes(&asset.key.0)
                .u32(path)
                .u32(virtual_path)
                .u8(asset.asset_type.id())
                .zeros(3)
                .u64(asset.size)
                .bytes(&asset.digest)
                .zeros(8);
        }
        for (file, path) in self.files.iter().zip(file_strings) {
            out.u16(file.kind.id())
                .u16(0)
                .u32(path)
                .u64(file.size)
                .zeros(48);
        }
        Ok(out.finish())
    }

    /// Reads an index, with every check that loaders make. The memory that it takes is proportional to
    /// the bytes, also where many records share a string.
    ///
    /// # Errors
    /// The [`IndexError`] of the first rule that is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, IndexError> {
        let mut reader = ByteReader::new(bytes);
        reader.clone().take(HEADER_BYTES)?;
        if reader.array()? != MAGIC {
            return Err(IndexError::Magic);
        }
        let version = reader.u16()?;
        if version != 1 {
            return Err(IndexError::Version(version));
        }
        let content_version = reader.u16()?;
        let flags = reader.u32()?;
        let (strings_at, strings_len) = (reader.u64()?, reader.u64()?);
        let (assets_at, asset_count, asset_size) = (reader.u64()?, reader.u32()?, reader.u32()?);
        let (files_at, file_count, file_size) = (reader.u64()?, reader.u32()?, reader.u32()?);
        let guid: [u8; 16] = reader.array()?;
        check_flags(flags, file_count)?;
        if guid == [0; 16] {
            return Err(IndexError::Guid);
        }
        check_size("an asset entry", asset_size, ASSET_BYTES)?;
        if file_count > 0 || flags & HAS_FILE_RECORDS != 0 {
            check_size("a file record", file_size, FILE_BYTES)?;
        }
        let strings = section(
            bytes,
            strings_at,
            strings_len,
            HEADER_BYTES as u64,
            "strings",
        )?;
        if strings.first() != Some(&0) {
            return Err(IndexError::Section("strings"));
        }
        let strings_end = strings_at + strings_len;
        let assets_len = u64::from(asset_count) * ASSET_BYTES as u64;
        let asset_bytes = section(bytes, assets_at, assets_len, strings_end, "asset entries")?;
        let files_len = u64::from(file_count) * FILE_BYTES as u64;
        let file_bytes = section(
            bytes,
            files_at,
            files_len,
            assets_at + assets_len,
            "file records",
        )?;

        let mut strings = Texts::new(strings, bytes.len());
        let mut assets = Vec::with_capacity(asset_count as usize);
        for entry in asset_bytes.chunks_exact(ASSET_BYTES) {
            let mut reader = ByteReader::new(entry);
            let key = AssetKey(reader.array()?);
            let (path, virtual_path) = (reader.u32()?, reader.u32()?);
            let asset_type = reader.u8()?;
            reader.take(3)?;
            let size = reader.u64()?;
            assets.push(AssetRecord {
                key,
                asset_type: AssetType::from_id(asset_type)
                    .ok_or(IndexError::AssetType(asset_type))?,
                path: RelativePath::new(strings.at(path)?)?,
                virtual_path: VirtualPath::new(strings.at(virtual_path)?)?,
                size,
                digest: reader.array()?,
            });
        }
        let mut files = Vec::with_capacity(file_count as usize);
        for record in file_bytes.chunks_exact(FILE_BYTES) {
            let mut reader = ByteReader::new(record);
            let kind = reader.u16()?;
            reader.u16()?;
            let path = reader.u32()?;
            files.push(FileRecord {
                kind: FileKind::from_id(kind).ok_or(IndexError::FileKind(kind))?,
                path: RelativePath::new(strings.at(path)?)?,
                size: reader.u64()?,
            });
        }
        Self::new(Some(guid), content_version, assets, files)
    }
}

fn check_flags(flags: u32, file_count: u32) -> Result<(), IndexError> {
    // A header without flags is a legacy one, to which these rules do not apply.
    let known = flags & !(HAS_VIRTUAL_PATHS | HAS_FILE_RECORDS) == 0;
    let consistent = flags == 0
        || (flags & HAS_VIRTUAL_PATHS != 0 && (flags & HAS_FILE_RECORDS != 0 || file_count == 0));
    if known && consistent {
        Ok(())
    } else {
        Err(IndexError::Flags(flags))
    }
}

fn check_size(what: &'static str, size: u32, expected: usize) -> Result<(), IndexError> {
    if size as usize == expected {
        Ok(())
    } else {
        Err(IndexError::RecordSize {
            what,
            size,
            expected,
        })
    }
}

fn section<'a>(
    bytes: &'a [u8],
    at: u64,
    len: u64,
    after: u64,
    what: &'static str,
) -> Result<&'a [u8], IndexError> {
    let end = at.checked_add(len).ok_or(IndexError::Section(what))?;
    if at < after || end > bytes.len() as u64 {
        return Err(IndexError::Section(what));
    }
    // Both are within the length of a slice, which fits usize.
    Ok(&bytes[at as usize..end as usize])
}

/// The strings that are read from a table, which may be shared, and how many bytes of them may yet be.
struct Texts<'a> {
    table: &'a [u8],
    left: usize,
}

impl<'a> Texts<'a> {
    /// How often each byte of an index may be read as part of a path. Writers that let one path be the end
    /// of another read some twice.
    const OVERLAP: usize = 2;

    fn new(table: &'a [u8], index_len: usize) -> Self {
        Self {
            table,
            left: index_len.saturating_mul(Self::OVERLAP),
        }
    }

    fn at(&mut self, at: u32) -> Result<&'a str, IndexError> {
        let error = IndexError::String(at);
        let rest = self.table.get(at as usize..).ok_or(error.clone())?;
        let end = rest
            .iter()
            .take(LONGEST_PATH + 1)
            .position(|&byte| byte == 0)
            .ok_or(error.clone())?;
        self.left = self.left.checked_sub(end).ok_or(IndexError::Overlap)?;
        std::str::from_utf8(&rest[..end]).map_err(|_| error)
    }
}

/// Collects strings, each once.
struct Strings<'a> {
    bytes: Vec<u8>,
    known: HashMap<&'a str, u32>,
}

impl Default for Strings<'_> {
    fn default() -> Self {
        Self {
            bytes: vec![0],
            known: HashMap::from([("", 0)]),
        }
    }
}

impl<'a> Strings<'a> {
    fn add(&mut self, text: &'a str) -> Result<u32, IndexError> {
        if let Some(&offset) = self.known.get(text) {
            return Ok(offset);
        }
        let offset = u32::try_from(self.bytes.len()).map_err(|_| IndexError::TooLarge)?;
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(0);
        self.known.insert(text, offset);
        Ok(offset)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The worked example of the format: one material and no resources.
    fn example() -> ContainerIndex {
        let path = RelativePath::new("Materials/M_Red.omat").unwrap();
        let virtual_path = VirtualPath::new("/.cooked/Materials/M_Red.omat").unwrap();
        let digest = [
            0xc5, 0x99, 0x97, 0xe2, 0x2f, 0x53, 0xc2, 0xf5, 0x26, 0xaf, 0xcb, 0x0a, 0x40, 0x5c,
            0xb1, 0x47, 0x02, 0x54, 0x7f, 0x1f, 0x66, 0xdc, 0xc0, 0x07, 0xf4, 0x47, 0xf7, 0x24,
            0x7f, 0x34, 0x02, 0x50,
        ];
        let asset = AssetRecord::new(
            virtual_path.key(),
            AssetType::Material,
            path,
            virtual_path,
            1104,
            digest,
        );
        let guid = std::array::from_fn(|i| 0x10 + i as u8);
        ContainerIndex::new(Some(guid), 0, vec![asset], Vec::new()).unwrap()
    }

    #[test]
    fn the_worked_example() {
        let bytes = example().to_bytes().unwrap();
        assert_eq!(bytes.len(), 384);
        assert_eq!(bytes[..16], *b"OXLCIDX\0\x01\0\0\0\x01\0\0\0");
        let offsets = [
            0, 1, 0, 0, 0, 0, 0, 0, 0x34, 0, 0, 0, 0, 0, 0, 0, 0x34, 1, 0, 0, 0, 0, 0, 0,
        ];
        assert_eq!(bytes[16..40], offsets);
        assert_eq!(
            bytes[40..64],
            [
                1, 0, 0, 0, 0x4c, 0, 0, 0, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0
            ]
        );
        assert_eq!(bytes[80..256], [0; 176]);
        assert_eq!(
            bytes[256..308],
            *b"\0Materials/M_Red.omat\0/.cooked/Materials/M_Red.omat\0"
        );
        assert_eq!(bytes[308..312], [0x6d, 0x84, 0x0f, 0x81]);
        assert_eq!(
            bytes[324..348],
            [
                1, 0, 0, 0, 0x16, 0, 0, 0, 1, 0, 0, 0, 0x50, 4, 0, 0, 0, 0, 0, 0, 0xc5, 0x99, 0x97,
                0xe2
            ]
        );
        assert_eq!(ContainerIndex::parse(&bytes), Ok(example()));
    }

    fn files() -> Vec<FileRecord> {
        [FileKind::TexturesData, FileKind::TexturesTable]
            .map(|kind| FileRecord {
                kind,
                path: RelativePath::new(kind.default_path()).unwrap(),
                size: 40,
            })
            .to_vec()
    }

    #[test]
    fn the_guid_is_derived_from_the_content() {
        let index = ContainerIndex::new(None, 0, Vec::new(), files()).unwrap();
        let mut bytes = index.to_bytes().unwrap();
        bytes[64..80].fill(0);
        assert_eq!(index.guid()[..], Sha256::digest(&bytes)[..16]);
        assert_eq!(bytes[12], 3, "file records are flagged");
        assert!(ContainerIndex::new(Some([0; 16]), 0, Vec::new(), Vec::new()).is_err());
    }

    #[test]
    fn damage_is_refused_and_never_panics() {
        let index = ContainerIndex::new(None, 7, example().assets().to_vec(), files()).unwrap();
        let bytes = index.to_bytes().unwrap();
        assert_eq!(ContainerIndex::parse(&bytes), Ok(index));
        for len in 0..bytes.len() {
            assert!(ContainerIndex::parse(&bytes[..len]).is_err(), "{len} bytes");
        }
        for at in 0..bytes.len() {
            for value in [0, 1, 0x2f, 0x7f, 0xff] {
                let mut bad = bytes.clone();
                bad[at] = value;
                let _ = ContainerIndex::parse(&bad);
            }
        }
        for (at, value) in [
            (0, b'x'),
            (8, 2),
            (12, 4),
            (12, 2),
            (44, 75),
            (60, 63),
            (256, 1),
        ] {
            let mut bad = bytes.clone();
            bad[at] = value;
            assert!(ContainerIndex::parse(&bad).is_err(), "byte {at} = {value}");
        }
    }

    /// An index of so many materials whose paths are the ends of one long string.
    pub(crate) fn overlapping(count: usize, len: usize) -> Vec<u8> {
        let text = format!("\0{}\0", "/a".repeat(len / 2));
        let mut bytes = example().to_bytes().unwrap();
        bytes.truncate(256);
        let assets_at = 256 + text.len() as u64;
        bytes[24..32].copy_from_slice(&(text.len() as u64).to_le_bytes());
        bytes[32..40].copy_from_slice(&assets_at.to_le_bytes());
        bytes[40..44].copy_from_slice(&(count as u32).to_le_bytes());
        bytes[48..56].copy_from_slice(&(assets_at + 76 * count as u64).to_le_bytes());
        bytes.extend(text.bytes());
        for i in 0..count as u32 {
            let mut entry = [0; 76];
            entry[..4].copy_from_slice(&i.to_le_bytes());
            entry[16..20].copy_from_slice(&2u32.to_le_bytes());
            entry[20..24].copy_from_slice(&(1 + 2 * i).to_le_bytes());
            entry[24] = 1;
            bytes.extend(entry);
        }
        bytes
    }

    #[test]
    fn paths_that_share_their_bytes_take_no_more_memory_than_the_index() {
        assert_eq!(
            ContainerIndex::parse(&overlapping(3, 40))
                .unwrap()
                .assets()
                .len(),
            3
        );
        assert_eq!(
            ContainerIndex::parse(&overlapping(1000, 4000)),
            Err(IndexError::Overlap)
        );
        // Nor is the end of a string looked for forever.
        assert_eq!(
            ContainerIndex::parse(&overlapping(2, 9000)),
            Err(IndexError::String(2))
        );
    }

    #[test]
    fn duplicates_and_lone_files_are_refused() {
        let asset = example().assets()[0].clone();
        let twice = vec![asset.clone(), asset.clone()];
        assert!(matches!(
            ContainerIndex::new(None, 0, twice, Vec::new()),
            Err(IndexError::DuplicateKey(_))
        ));
        let mut other = asset.clone();
        other.key = AssetKey([1; 16]);
        let paths = vec![asset, other];
        assert!(matches!(
            ContainerIndex::new(None, 0, paths, Vec::new()),
            Err(IndexError::DuplicatePath(_))
        ));
        let lone = files()[..1].to_vec();
        assert!(matches!(
            ContainerIndex::new(None, 0, Vec::new(), lone),
            Err(IndexError::Unpaired(_))
        ));
    }
}

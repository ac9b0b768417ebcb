//! The 95 bytes that every asset descriptor begins with, and how a descriptor is sealed.

use sha2::{Digest, Sha256};
use std::ops::Range;
use thiserror::Error;

use super::{
    bytes::{ByteReader, ByteWriter, OutOfBytes},
    ids::ContentHash,
    index::AssetType,
    name::FixedName,
    record::{RecordError, Stored},
};

/// Where the content hash is in every descriptor.
pub const HASH_RANGE: Range<usize> = 67..75;

/// The name of an asset in its descriptor: at most 63 bytes. Its path keeps the whole name.
pub type AssetName = FixedName<64>;

/// What a header says besides type and version, which belong to the kind of descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssetHeader {
    /// The name, including its namespace.
    pub name: AssetName,
    /// How urgently it is streamed: 0 first, 255 last.
    pub streaming_priority: u8,
    /// The hash of the descriptor; zero when it was not computed, and until it is sealed.
    pub content_hash: ContentHash,
    /// For geometries, which attributes the vertices have; 0 for others.
    pub variant_flags: u32,
}

/// Why bytes do not begin with the header of a kind of descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// A field that cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Another kind of descriptor.
    #[error("the descriptor is of type {found}, not {expected}")]
    Type {
        /// The type that it says.
        found: u8,
        /// The type that it should be.
        expected: u8,
    },
    /// Another version.
    #[error("version {found} of the descriptor is not known, only version {expected} is")]
    Version {
        /// The version that it says.
        found: u8,
        /// The version that it should be.
        expected: u8,
    },
}

impl From<OutOfBytes> for HeaderError {
    fn from(error: OutOfBytes) -> Self {
        Self::Record(error.into())
    }
}

impl AssetType {
    /// The version of descriptors of this type.
    pub fn version(self) -> u8 {
        match self {
            Self::Material | Self::Geometry => 1,
            Self::Scene => 2,
        }
    }
}

impl AssetHeader {
    /// Bytes of a header.
    pub const BYTES: usize = 95;

    /// The header of a new asset, with as much of its name as fits.
    pub fn new(name: &str) -> Self {
        Self {
            name: AssetName::cut(name),
            streaming_priority: 0,
            content_hash: ContentHash::NONE,
            variant_flags: 0,
        }
    }

    pub(super) fn write(&self, asset_type: AssetType, out: &mut ByteWriter) {
        out.u8(asset_type.id())
            .bytes(self.name.field())
            .u8(asset_type.version())
            .u8(self.streaming_priority)
            .u64(self.content_hash.0)
            .u32(self.variant_flags)
            .zeros(16);
    }

    pub(super) fn read(
        asset_type: AssetType,
        reader: &mut ByteReader<'_>,
    ) -> Result<Self, HeaderError> {
        let found = reader.u8()?;
        if found != asset_type.id() {
            let expected = asset_type.id();
            return Err(HeaderError::Type { found, expected });
        }
        let name = AssetName::read(reader)?;
        let found = reader.u8()?;
        if found != asset_type.version() {
            let expected = asset_type.version();
            return Err(HeaderError::Version { found, expected });
        }
        let header = Self {
            name,
            streaming_priority: reader.u8()?,
            content_hash: ContentHash(reader.u64()?),
            variant_flags: reader.u32()?,
        };
        reader.take(16)?;
        Ok(header)
    }
}

/// Stores a content hash in a descriptor. Bytes that are shorter than a header are left alone.
pub fn store_hash(descriptor: &mut [u8], hash: ContentHash) {
    if let Some(field) = descriptor.get_mut(HASH_RANGE) {
        field.copy_from_slice(&hash.0.to_le_bytes());
    }
}

/// Completes a descriptor whose hash field is zero: stores the hash of its bytes, and gives it together
/// with the SHA-256 of the result, which the index keeps.
pub fn seal(descriptor: &mut [u8]) -> (ContentHash, [u8; 32]) {
    let hash = ContentHash::of(descriptor);
    store_hash(descriptor, hash);
    (hash, Sha256::digest(&*descriptor).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_round_trip_and_refuse_others() {
        let header = AssetHeader {
            streaming_priority: 3,
            content_hash: ContentHash(0x0807_0605_0403_0201),
            variant_flags: 0x7f,
            ..AssetHeader::new("Robot/Paint")
        };
        let mut out = ByteWriter::default();
        header.write(AssetType::Geometry, &mut out);
        let bytes = out.finish();
        assert_eq!(bytes.len(), AssetHeader::BYTES);
        assert_eq!(bytes[..13], *b"\x02Robot/Paint\0");
        assert_eq!(bytes[65..79], [1, 3, 1, 2, 3, 4, 5, 6, 7, 8, 0x7f, 0, 0, 0]);
        let read =
            |bytes: &[u8]| AssetHeader::read(AssetType::Geometry, &mut ByteReader::new(bytes));
        assert_eq!(read(&bytes), Ok(header));
        for len in 0..bytes.len() {
            assert!(read(&bytes[..len]).is_err(), "{len} bytes");
        }
        for (at, value) in [(0, 1), (65, 2), (64, b'x'), (20, b'x'), (1, 0xff)] {
            let mut bad = bytes.clone();
            bad[at] = value;
            assert!(read(&bad).is_err(), "byte {at} = {value}");
        }
    }

    #[test]
    fn sealing_hashes_first_without_and_then_with_the_hash() {
        let mut bytes = vec![7; 100];
        bytes[HASH_RANGE].fill(0);
        let blank = bytes.clone();
        let (hash, digest) = seal(&mut bytes);
        assert_eq!(hash, ContentHash::of(&blank));
        assert_eq!(bytes[HASH_RANGE], hash.0.to_le_bytes());
        assert_eq!(digest[..], Sha256::digest(&bytes)[..]);
        store_hash(&mut [0; 10], hash);
    }
}

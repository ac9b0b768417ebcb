//! The payload of a texture: header, subresource layouts, padding, data.

use sha2::{Digest, Sha256};
use thiserror::Error;

pub use super::payload_layout::PackingPolicy;

use super::{
    bytes::{ByteReader, ByteWriter, OutOfBytes},
    ids::ContentHash,
    payload_layout::{HEADER_BYTES, LayoutError, PayloadLayout, SubresourceLayout},
    texture_format::TextureFormat,
    texture_shape::TextureShape,
    texture_table::TextureEntry,
};

/// The first four bytes of a payload.
pub const MAGIC: [u8; 4] = *b"OTX1";
/// Where the content hash is in the header.
const HASH_RANGE: std::ops::Range<usize> = 20..28;

/// An all-zero payload of the right size with its header and layouts, the hash still zero. The
/// caller copies the rows to where [`PayloadLayout`] says.
pub fn blank_payload(layout: &PayloadLayout) -> Vec<u8> {
    let mut payload = payload_head(layout);
    payload.resize(layout.total() as usize, 0);
    payload
}

/// The header and layouts of a payload, the hash still zero, with room for the rest. The caller appends the
/// rows in the order of the layout.
pub fn payload_head(layout: &PayloadLayout) -> Vec<u8> {
    let mut head = ByteWriter::with_capacity(layout.total() as usize);
    head.bytes(&MAGIC)
        .u8(layout.policy().id())
        .u8(0)
        // The layout has checked that the count fits.
        .u16(layout.subresources().len() as u16)
        .u32(layout.total())
        .u32(HEADER_BYTES)
        .u32(layout.data_offset())
        .u64(0);
    for subresource in layout.subresources() {
        head.u32(subresource.offset)
            .u32(subresource.row_pitch)
            .u32(subresource.size);
    }
    head.finish()
}

/// The hash of a payload whose hash field is still zero.
pub fn payload_hash(payload: &[u8]) -> ContentHash {
    ContentHash::from_digest(&Sha256::digest(payload).into())
}

/// Stores the hash in the header. A payload shorter than a header is left alone.
pub fn store_hash(payload: &mut [u8], hash: ContentHash) {
    if let Some(field) = payload.get_mut(HASH_RANGE) {
        field.copy_from_slice(&hash.0.to_le_bytes());
    }
}

/// The fallback texture: index 0 of every texture table, one opaque white texel.
#[derive(Clone, Debug)]
pub struct FallbackTexture {
    payload: Vec<u8>,
    shape: TextureShape,
    hash: ContentHash,
}

impl FallbackTexture {
    /// The fallback under a policy.
    #[expect(
        clippy::expect_used,
        reason = "the one shape is constant and valid; a test makes both payloads"
    )]
    pub fn new(policy: PackingPolicy, hashing: bool) -> Self {
        let shape = TextureShape::image(1, 1, 1, TextureFormat::Rgba8UNorm)
            .expect("one texel is a valid shape");
        let layout = PayloadLayout::new(&shape, policy).expect("one texel fits");
        let mut payload = blank_payload(&layout);
        let texel = layout.data_offset() as usize;
        payload[texel..texel + 4].fill(0xff);
        let hash = if hashing {
            payload_hash(&payload)
        } else {
            ContentHash::NONE
        };
        store_hash(&mut payload, hash);
        Self {
            payload,
            shape,
            hash,
        }
    }

    /// Its table entry at an offset.
    pub fn entry(&self, offset: u64) -> TextureEntry {
        TextureEntry::new(offset, &self.shape, self.payload.len() as u32, self.hash)
    }

    /// Its payload.
    pub fn into_payload(self) -> Vec<u8> {
        self.payload
    }
}

/// Why bytes are not a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// Too short.
    #[error(transparent)]
    OutOfBytes(#[from] OutOfBytes),
    /// Another magic.
    #[error("the payload begins with {0:02x?}, not with `OTX1`")]
    Magic([u8; 4]),
    /// A policy that is not known.
    #[error("packing policy {0} is not known")]
    Policy(u8),
    /// A size that is not the size of the bytes.
    #[error("the header says {declared} bytes, there are {actual}")]
    Size {
        /// By the header.
        declared: u32,
        /// In fact.
        actual: usize,
    },
    /// A part that is outside of the payload, or before the part that precedes it.
    #[error("the {0} are outside of the payload")]
    Range(&'static str),
    /// The layout that the shape asks for cannot exist.
    #[error(transparent)]
    Layout(#[from] LayoutError),
}

/// A payload whose parts lie inside its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TexturePayload<'a> {
    policy: PackingPolicy,
    hash: ContentHash,
    subresources: Vec<SubresourceLayout>,
    data: &'a [u8],
}

impl<'a> TexturePayload<'a> {
    /// Reads a payload, with every check of the engine's loader.
    ///
    /// # Errors
    /// The [`PayloadError`] of the first rule that is broken.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, PayloadError> {
        let mut reader = ByteReader::new(bytes);
        let magic = reader.array()?;
        if magic != MAGIC {
            return Err(PayloadError::Magic(magic));
        }
        let policy = reader.u8()?;
        let policy = PackingPolicy::from_id(policy).ok_or(PayloadError::Policy(policy))?;
        reader.u8()?;
        let count = reader.u16()?;
        let declared = reader.u32()?;
        let (layouts, data) = (reader.u32()?, reader.u32()?);
        let hash = ContentHash(reader.u64()?);
        if declared as usize != bytes.len() {
            return Err(PayloadError::Size {
                declared,
                actual: bytes.len(),
            });
        }
        if layouts < HEADER_BYTES {
            return Err(PayloadError::Range("layouts"));
        }
        let mut reader = ByteReader::at(bytes, layouts as usize);
        let mut subresources = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            subresources.push(SubresourceLayout {
                offset: reader.u32()?,
                row_pitch: reader.u32()?,
                size: reader.u32()?,
            });
        }
        if (data as usize) < reader.offset() {
            return Err(PayloadError::Range("data"));
        }
        let data = bytes
            .get(data as usize..)
            .ok_or(PayloadError::Range("data"))?;
        for subresource in &subresources {
            let end = u64::from(subresource.offset) + u64::from(subresource.size);
            if end > data.len() as u64 {
                return Err(PayloadError::Range("subresources"));
            }
        }
        Ok(Self {
            policy,
            hash,
            subresources,
            data,
        })
    }

    /// The packing policy.
    pub fn policy(&self) -> PackingPolicy {
        self.policy
    }

    /// The stored content hash.
    pub fn content_hash(&self) -> ContentHash {
        self.hash
    }

    /// The layouts, in order.
    pub fn subresources(&self) -> &[SubresourceLayout] {
        &self.subresources
    }

    /// The bytes of a subresource, rows at its pitch.
    pub fn data(&self, subresource: usize) -> Option<&'a [u8]> {
        let layout = self.subresources.get(subresource)?;
        let start = layout.offset as usize;
        self.data.get(start..start + layout.size as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fallback_is_the_documented_one() {
        let aligned = FallbackTexture::new(PackingPolicy::D3d12, true);
        let payload = aligned.clone().into_payload();
        let mut expected = vec![
            0x4f, 0x54, 0x58, 0x31, 1, 0, 1, 0, 0, 3, 0, 0, 0x1c, 0, 0, 0, 0, 2, 0, 0, 0xd5, 0x50,
            0xc7, 0xb6, 0x67, 0xf4, 0x35, 0x8f, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0,
        ];
        expected.resize(768, 0);
        expected[512..516].fill(0xff);
        assert_eq!(payload, expected);
        assert_eq!(
            aligned.entry(0).to_bytes().as_slice(),
            [
                0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 3, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0,
                0x1e, 0, 1, 0xd5, 0x50, 0xc7, 0xb6, 0x67, 0xf4, 0x35, 0x8f, 0
            ]
        );
        let tight = FallbackTexture::new(PackingPolicy::Tight, true).into_payload();
        assert_eq!(
            tight,
            [
                0x4f, 0x54, 0x58, 0x31, 2, 0, 1, 0, 0x2c, 0, 0, 0, 0x1c, 0, 0, 0, 0x28, 0, 0, 0,
                0xe3, 0x15, 0xa5, 0xf5, 6, 0x13, 0x10, 0x49, 0, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0,
                0xff, 0xff, 0xff, 0xff
            ]
        );
        let unhashed = FallbackTexture::new(PackingPolicy::Tight, false);
        assert_eq!(unhashed.entry(0).content_hash(), ContentHash::NONE);
    }

    #[test]
    fn parsing_checks_every_range() {
        let good = FallbackTexture::new(PackingPolicy::D3d12, true).into_payload();
        let parsed = TexturePayload::parse(&good).unwrap();
        assert_eq!(parsed.data(0).unwrap()[..5], [255, 255, 255, 255, 0]);
        assert_eq!(parsed.data(1), None);
        for len in 0..good.len() {
            assert!(TexturePayload::parse(&good[..len]).is_err(), "{len} bytes");
        }
        let mut longer = good.clone();
        longer.push(0);
        assert!(TexturePayload::parse(&longer).is_err());
        for byte in 0..40 {
            for value in [0, 1, 0x7f, 0xff] {
                let mut bad = good.clone();
                bad[byte] = value;
                let _ = TexturePayload::parse(&bad);
            }
        }
    }
}

//! `textures.table`: 40 bytes for each texture.

use super::{
    bytes::{ByteReader, ByteWriter, OutOfBytes},
    ids::ContentHash,
    texture_format::TextureFormat,
    texture_shape::{ShapeError, TextureShape, TextureType},
};
use thiserror::Error;

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextureEntry {
    data_offset: u64,
    size_bytes: u32,
    shape: TextureShape,
    content_hash: ContentHash,
}

/// Why bytes are not an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TextureEntryError {
    /// Too short.
    #[error(transparent)]
    OutOfBytes(#[from] OutOfBytes),
    /// A texture type that has no payload.
    #[error("texture type {0} is not known")]
    Type(u8),
    /// A format that is not known.
    #[error("format {0} is not known")]
    Format(u8),
    /// A shape that breaks the rules of its type.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// An alignment other than 256, which loaders refuse.
    #[error("the alignment is {0}, not 256")]
    Alignment(u16),
}

impl TextureEntry {
    /// Bytes of an entry.
    pub const BYTES: usize = 40;
    /// Payloads begin at multiples of this, whatever the packing policy.
    pub const ALIGNMENT: u16 = 256;

    /// The entry of a payload at an offset.
    pub fn new(
        data_offset: u64,
        shape: &TextureShape,
        size_bytes: u32,
        content_hash: ContentHash,
    ) -> Self {
        Self {
            data_offset,
            size_bytes,
            shape: *shape,
            content_hash,
        }
    }

    /// Where the payload begins in `textures.data`.
    pub fn data_offset(&self) -> u64 {
        self.data_offset
    }

    /// Bytes of the payload.
    pub fn size_bytes(&self) -> u32 {
        self.size_bytes
    }

    /// The shape.
    pub fn shape(&self) -> &TextureShape {
        &self.shape
    }

    /// The hash of the payload; zero when it was not computed.
    pub fn content_hash(&self) -> ContentHash {
        self.content_hash
    }

    /// The stored form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let shape = &self.shape;
        let mut out = ByteWriter::with_capacity(Self::BYTES);
        out.u64(self.data_offset)
            .u32(self.size_bytes)
            .u8(shape.texture_type().id())
            .u8(if shape.format().is_bc7() { 7 } else { 0 })
            .u32(shape.width())
            .u32(shape.height())
            .u16(shape.depth())
            .u16(shape.layers())
            .u16(shape.mips())
            .u8(shape.format().id())
            .u16(Self::ALIGNMENT)
            .u64(self.content_hash.0)
            .u8(0);
        out.finish()
    }

    /// Reads one entry.
    ///
    /// # Errors
    /// The [`TextureEntryError`] of the first rule that is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, TextureEntryError> {
        let mut reader = ByteReader::new(bytes);
        let (data_offset, size_bytes) = (reader.u64()?, reader.u32()?);
        let texture_type = reader.u8()?;
        reader.u8()?;
        let (width, height) = (reader.u32()?, reader.u32()?);
        let (depth, layers, mips) = (reader.u16()?, reader.u16()?, reader.u16()?);
        let format = reader.u8()?;
        let alignment = reader.u16()?;
        let content_hash = ContentHash(reader.u64()?);
        reader.u8()?;
        if alignment != Self::ALIGNMENT {
            return Err(TextureEntryError::Alignment(alignment));
        }
        let texture_type =
            TextureType::from_id(texture_type).ok_or(TextureEntryError::Type(texture_type))?;
        let format = TextureFormat::from_id(format).ok_or(TextureEntryError::Format(format))?;
        Ok(Self {
            data_offset,
            size_bytes,
            shape: TextureShape::new(texture_type, width, height, depth, layers, mips, format)?,
            content_hash,
        })
    }
}

/// What makes two textures one: everything but the place. The salt tells sources apart where no
/// hash was computed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TextureSignature {
    shape: TextureShape,
    size_bytes: u32,
    content_hash: ContentHash,
    salt: Option<String>,
}

impl TextureSignature {
    /// The signature of an entry.
    pub fn of(entry: &TextureEntry, salt: Option<&str>) -> Self {
        Self {
            shape: entry.shape,
            size_bytes: entry.size_bytes,
            content_hash: entry.content_hash,
            salt: salt.map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_round_trip_and_refuse_damage() {
        let shape = TextureShape::image(512, 256, 4, TextureFormat::Bc7UNormSrgb).unwrap();
        let entry = TextureEntry::new(768, &shape, 1000, ContentHash(0x0102_0304));
        let bytes = entry.to_bytes();
        assert_eq!(bytes.len(), TextureEntry::BYTES);
        assert_eq!(bytes[13], 7, "BC7 is marked as compressed");
        assert_eq!(TextureEntry::parse(&bytes), Ok(entry));
        for len in 0..bytes.len() {
            assert!(TextureEntry::parse(&bytes[..len]).is_err());
        }
        for (at, value) in [(12, 7), (28, 0), (28, 68), (29, 1), (14, 0)] {
            let mut bad = bytes.clone();
            bad[at] = value;
            if at == 14 {
                bad[14..18].fill(0);
            }
            assert!(TextureEntry::parse(&bad).is_err(), "byte {at} = {value}");
        }
    }
}

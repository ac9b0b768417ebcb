//! `buffers.table`: 32 bytes for each buffer.

use super::{
    bytes::{ByteReader, ByteWriter, OutOfBytes},
    ids::ContentHash,
    texture_format::TextureFormat,
};
use thiserror::Error;

/// Usage bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BufferUsage(u32);

impl BufferUsage {
    /// Vertices, never written after their upload.
    pub const STATIC_VERTICES: Self = Self(0x101);
    /// Indices, never written after their upload.
    pub const STATIC_INDICES: Self = Self(0x102);
    /// Storage, never written after its upload.
    pub const STATIC_STORAGE: Self = Self(0x108);

    /// The bits.
    pub fn bits(self) -> u32 {
        self.0
    }

    /// Usage from stored bits: known ones only, and at most one of dynamic, static and immutable.
    pub fn from_bits(bits: u32) -> Option<Self> {
        let rates = bits & 0x380;
        (bits < 0x400 && rates.count_ones() <= 1).then_some(Self(bits))
    }
}

/// The form of a buffer's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BufferElements {
    /// Typed: elements of a format.
    Typed(TextureFormat),
    /// Structures of a stride in bytes, more than 1.
    Structured(u32),
    /// Bytes.
    Raw,
}

/// Everything about a buffer but its bytes and place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BufferLayout {
    usage: BufferUsage,
    elements: BufferElements,
    alignment: u32,
}

impl BufferLayout {
    /// Vertices of 72 bytes.
    pub const VERTICES: Self = Self::role(
        BufferUsage::STATIC_VERTICES,
        BufferElements::Structured(72),
        72,
    );
    /// 32-bit indices.
    pub const INDICES: Self = Self::role(
        BufferUsage::STATIC_INDICES,
        BufferElements::Typed(TextureFormat::R32UInt),
        4,
    );
    /// Four joint indices for each vertex.
    pub const JOINT_INDICES: Self = Self::role(
        BufferUsage::STATIC_STORAGE,
        BufferElements::Typed(TextureFormat::Rgba32UInt),
        16,
    );
    /// Four joint weights for each vertex.
    pub const JOINT_WEIGHTS: Self = Self::role(
        BufferUsage::STATIC_STORAGE,
        BufferElements::Typed(TextureFormat::Rgba32Float),
        16,
    );
    /// One matrix for each joint.
    pub const INVERSE_BIND: Self = Self::role(
        BufferUsage::STATIC_STORAGE,
        BufferElements::Structured(64),
        64,
    );
    /// One skeleton joint for each joint of the mesh.
    pub const JOINT_REMAP: Self = Self::role(
        BufferUsage::STATIC_STORAGE,
        BufferElements::Typed(TextureFormat::R32UInt),
        4,
    );

    const fn role(usage: BufferUsage, elements: BufferElements, alignment: u32) -> Self {
        Self {
            usage,
            elements,
            alignment,
        }
    }

    /// A buffer of another producer; an alignment of 0 means 16.
    pub fn new(usage: BufferUsage, elements: BufferElements, alignment: u32) -> Self {
        Self::role(usage, elements, if alignment == 0 { 16 } else { alignment })
    }

    /// The usage.
    pub fn usage(&self) -> BufferUsage {
        self.usage
    }

    /// The elements.
    pub fn elements(&self) -> BufferElements {
        self.elements
    }

    /// The alignment of the data in bytes; not always a power of two.
    pub fn alignment(&self) -> u32 {
        self.alignment
    }
}

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferEntry {
    data_offset: u64,
    size_bytes: u32,
    usage: BufferUsage,
    elements: BufferElements,
    content_hash: ContentHash,
}

/// Why bytes are not an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BufferEntryError {
    /// Too short.
    #[error(transparent)]
    OutOfBytes(#[from] OutOfBytes),
    /// Usage bits that are not known, or that exclude each other.
    #[error("usage {0:#x} is not valid")]
    Usage(u32),
    /// Format and stride that do not go together.
    #[error("format {format} and stride {stride} do not go together")]
    Elements {
        /// The format id.
        format: u8,
        /// The stride in bytes.
        stride: u32,
    },
    /// A size that is not a whole number of elements.
    #[error("{size} bytes are not a whole number of elements of {element} bytes")]
    Size {
        /// Of the buffer.
        size: u32,
        /// Of an element.
        element: u32,
    },
}

impl BufferEntry {
    /// Bytes of an entry.
    pub const BYTES: usize = 32;

    /// The entry of a buffer at an offset.
    pub fn new(
        data_offset: u64,
        size_bytes: u32,
        layout: BufferLayout,
        content_hash: ContentHash,
    ) -> Self {
        Self {
            data_offset,
            size_bytes,
            usage: layout.usage,
            elements: layout.elements,
            content_hash,
        }
    }

    /// The entry of the same buffer at another offset.
    #[must_use]
    pub fn moved_to(self, data_offset: u64) -> Self {
        Self {
            data_offset,
            ..self
        }
    }

    /// Where the bytes begin in `buffers.data`.
    pub fn data_offset(&self) -> u64 {
        self.data_offset
    }

    /// How many there are.
    pub fn size_bytes(&self) -> u32 {
        self.size_bytes
    }

    /// The usage.
    pub fn usage(&self) -> BufferUsage {
        self.usage
    }

    /// The elements.
    pub fn elements(&self) -> BufferElements {
        self.elements
    }

    /// The hash of the bytes; zero when it was not computed.
    pub fn content_hash(&self) -> ContentHash {
        self.content_hash
    }

    /// The alignment that buffers of this usage and these elements have, unless their producer wanted
    /// another one: the table does not store it.
    pub fn usual_alignment(&self) -> u32 {
        let roles = [
            BufferLayout::VERTICES,
            BufferLayout::INDICES,
            BufferLayout::JOINT_INDICES,
            BufferLayout::JOINT_WEIGHTS,
            BufferLayout::INVERSE_BIND,
            BufferLayout::JOINT_REMAP,
        ];
        let role =
            (roles.iter()).find(|role| role.usage == self.usage && role.elements == self.elements);
        role.map_or(16, |role| role.alignment)
    }

    /// The stored form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (stride, format) = match self.elements {
            BufferElements::Typed(format) => (0, format.id()),
            BufferElements::Structured(stride) => (stride, 0),
            BufferElements::Raw => (1, 0),
        };
        let mut out = ByteWriter::with_capacity(Self::BYTES);
        out.u64(self.data_offset)
            .u32(self.size_bytes)
            .u32(self.usage.bits())
            .u32(stride)
            .u8(format)
            .u64(self.content_hash.0)
            .zeros(3);
        out.finish()
    }

    /// Reads one entry.
    ///
    /// # Errors
    /// The [`BufferEntryError`] of the first rule that is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, BufferEntryError> {
        let mut reader = ByteReader::new(bytes);
        let (data_offset, size_bytes) = (reader.u64()?, reader.u32()?);
        let (usage, stride, format) = (reader.u32()?, reader.u32()?, reader.u8()?);
        let content_hash = ContentHash(reader.u64()?);
        reader.take(3)?;
        let usage = BufferUsage::from_bits(usage).ok_or(BufferEntryError::Usage(usage))?;
        let (elements, element) = match (format, stride) {
            (0, 1) => (BufferElements::Raw, 1),
            (0, stride) if stride > 1 => (BufferElements::Structured(stride), stride),
            (format, 0) => match TextureFormat::from_id(format) {
                Some(format) => (BufferElements::Typed(format), format.block_bytes()),
                None => return Err(BufferEntryError::Elements { format, stride }),
            },
            _ => return Err(BufferEntryError::Elements { format, stride }),
        };
        if !size_bytes.is_multiple_of(element) {
            return Err(BufferEntryError::Size {
                size: size_bytes,
                element,
            });
        }
        Ok(Self {
            data_offset,
            size_bytes,
            usage,
            elements,
            content_hash,
        })
    }
}

/// What makes two buffers one. Alignment is not part of it: it is not stored, so buffers of an
/// earlier run could never be found again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BufferSignature {
    usage: BufferUsage,
    elements: BufferElements,
    size_bytes: u32,
    content_hash: ContentHash,
    salt: Option<String>,
}

impl BufferSignature {
    /// The signature of an entry.
    pub fn of(entry: &BufferEntry, salt: Option<&str>) -> Self {
        Self {
            usage: entry.usage,
            elements: entry.elements,
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
        for layout in [
            BufferLayout::VERTICES,
            BufferLayout::INDICES,
            BufferLayout::JOINT_INDICES,
            BufferLayout::JOINT_WEIGHTS,
            BufferLayout::INVERSE_BIND,
            BufferLayout::JOINT_REMAP,
            BufferLayout::new(BufferUsage::STATIC_STORAGE, BufferElements::Raw, 0),
        ] {
            let entry = BufferEntry::new(72, 576, layout, ContentHash(7));
            let bytes = entry.to_bytes();
            assert_eq!(bytes.len(), BufferEntry::BYTES);
            assert_eq!(BufferEntry::parse(&bytes), Ok(entry));
            assert!(BufferEntry::parse(&bytes[..31]).is_err());
        }
        let bytes = BufferEntry::new(0, 72, BufferLayout::VERTICES, ContentHash(7)).to_bytes();
        // Unknown usage, dynamic and static at once, stride and format both zero, half a vertex.
        for (at, value) in [(13, 0x04), (12, 0x81), (16, 0), (8, 36)] {
            let mut bad = bytes.clone();
            bad[at] = value;
            assert!(BufferEntry::parse(&bad).is_err(), "byte {at} = {value}");
        }
    }

    #[test]
    fn an_alignment_of_zero_is_sixteen() {
        let layout = BufferLayout::new(BufferUsage::STATIC_STORAGE, BufferElements::Raw, 0);
        assert_eq!(layout.alignment(), 16);
    }
}

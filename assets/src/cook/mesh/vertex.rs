//! The stored vertex, and what belongs to it.

use bytemuck::{Pod, Zeroable};

/// One vertex as it is stored: 72 bytes, 18 floats (cooked format, vertex layout).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct Vertex {
    /// Metres.
    pub position: [f32; 3],
    /// Unit length.
    pub normal: [f32; 3],
    /// The one set of texture coordinates.
    pub texcoord: [f32; 2],
    /// Along U; unit length.
    pub tangent: [f32; 3],
    /// Along V; unit length.
    pub bitangent: [f32; 3],
    /// Linear RGBA.
    pub color: [f32; 4],
}

impl Vertex {
    /// Bytes of a stored vertex.
    pub const BYTES: usize = 72;

    /// A vertex at a position, with the defaults for everything else.
    pub const fn at(position: [f32; 3]) -> Self {
        Self {
            position,
            normal: [0.0, 1.0, 0.0],
            texcoord: [0.0, 0.0],
            tangent: [1.0, 0.0, 0.0],
            bitangent: [0.0, 0.0, 1.0],
            color: [1.0; 4],
        }
    }

    /// The numbers as they are compared: bit by bit.
    pub(super) fn bits(&self) -> &[u32; 18] {
        bytemuck::cast_ref(self)
    }

    /// The stored form.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        little_endian(self.bits())
    }

    /// Reads the stored form.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let mut words = [0u32; 18];
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        bytemuck::cast(words)
    }
}

/// The joints that move a vertex, the strongest first: four indices, four weights. Unused ones are
/// joint 0 with weight 0.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Influences {
    /// Positions in the skin of the mesh.
    pub joints: [u32; 4],
    /// Their sum is 1, or 0 if nothing moves the vertex.
    pub weights: [f32; 4],
}

impl Influences {
    pub(super) fn bits(&self) -> &[u32; 8] {
        bytemuck::cast_ref(self)
    }
}

/// Words in the byte order of the format.
pub(super) fn little_endian<const WORDS: usize, const BYTES: usize>(
    words: &[u32; WORDS],
) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    for (bytes, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
    bytes
}

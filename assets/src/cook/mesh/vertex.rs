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

/// An axis-aligned box. Finite, with `min <= max` in every axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// The lower corner.
    pub min: [f32; 3],
    /// The upper corner.
    pub max: [f32; 3],
}

impl Bounds {
    /// The box of finite points, or `None` if there are none.
    pub fn of(points: impl IntoIterator<Item = [f32; 3]>) -> Option<Self> {
        let mut points = points.into_iter();
        let first = points.next()?;
        let mut bounds = Self {
            min: first,
            max: first,
        };
        for point in points {
            bounds = bounds.union(Self {
                min: point,
                max: point,
            });
        }
        Some(bounds)
    }

    /// The box around both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        let mut bounds = self;
        for axis in 0..3 {
            bounds.min[axis] = bounds.min[axis].min(other.min[axis]);
            bounds.max[axis] = bounds.max[axis].max(other.max[axis]);
        }
        bounds
    }

    /// Whether a point is inside or on the surface.
    pub fn contains(&self, point: [f32; 3]) -> bool {
        (0..3).all(|axis| self.min[axis] <= point[axis] && point[axis] <= self.max[axis])
    }

    /// The longest side.
    pub(super) fn extent(&self) -> f32 {
        (0..3)
            .map(|axis| self.max[axis] - self.min[axis])
            .fold(0.0, f32::max)
    }
}

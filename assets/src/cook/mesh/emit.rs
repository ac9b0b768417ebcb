//! The last step: buffers as they are stored, and what the descriptor says of them.

use super::{
    BufferRole, BuiltBuffer, BuiltLod, BuiltSubmesh, MeshView,
    error::{MeshError, Stop},
    gather::STRETCH,
    optimize::Section,
    vertex::{Influences, Vertex, little_endian},
};
use crate::{
    cook::{
        hash::sha256,
        pace::{Cancelled, Pace},
    },
    format::ids::ContentHash,
    settings::geometry::GeometrySettings,
    source::scene::Skin,
};

/// One level, ready to be stored.
pub(super) struct Level<'a> {
    pub(super) index: usize,
    pub(super) name: &'a str,
    pub(super) source_id: &'a str,
    pub(super) vertices: &'a [Vertex],
    pub(super) influences: &'a [Influences],
    /// `None` for a mesh that is not skinned.
    pub(super) skin: Option<&'a Skin>,
    /// Positions in `vertices`.
    pub(super) corners: &'a [u32],
    /// All corners, in order, without gaps.
    pub(super) sections: &'a [Section],
    /// Whether triangles are stored the other way round.
    pub(super) mirrored: bool,
    /// The distance from the mesh, for a generated level.
    pub(super) error: Option<f32>,
}

/// Makes the buffers of a level.
pub(super) async fn emit(
    mut level: Level<'_>,
    settings: &GeometrySettings,
    pace: &mut Pace,
) -> Result<BuiltLod, Stop> {
    let turned;
    if level.mirrored {
        turned = turn_over(level.corners, pace).await?;
        level.corners = &turned;
    }
    let order = FetchOrder::of(level.corners, level.vertices.len(), pace).await?;
    let sizes = Sizes {
        level: &level,
        limit: settings.max_buffer_bytes,
    };
    let vertex_bytes = sizes.check(BufferRole::Vertices, order.vertices.len(), Vertex::BYTES)?;
    let index_bytes = sizes.check(BufferRole::Indices, level.corners.len(), 4)?;

    let (submeshes, indices) = write_indices(&level, &order, index_bytes, pace).await?;
    let Some(bounds) = level
        .sections
        .iter()
        .map(|s| s.bounds)
        .reduce(super::Bounds::union)
    else {
        return Err(MeshError::NoTriangles {
            lod: level.name.to_owned(),
        }
        .into());
    };
    let used = &order.vertices;
    let vertices = write(used, vertex_bytes, pace, |v| {
        level.vertices[v as usize].to_bytes()
    })
    .await?;
    let mut parts = vec![
        (BufferRole::Vertices, vertices),
        (BufferRole::Indices, indices),
    ];
    let mut joint_count = None;
    if let Some(skin) = level.skin {
        joint_count = Some(check_joints(&level, skin)?);
        let bytes = sizes.check(BufferRole::JointIndices, used.len(), 16)?;
        let of = |v: u32| {
            level
                .influences
                .get(v as usize)
                .copied()
                .unwrap_or_default()
        };
        let joints = write(used, bytes, pace, |v| little_endian::<4, 16>(&of(v).joints)).await?;
        parts.push((BufferRole::JointIndices, joints));
        let weights = write(used, bytes, pace, |v| {
            little_endian::<4, 16>(&of(v).weights.map(f32::to_bits))
        });
        parts.push((BufferRole::JointWeights, weights.await?));
        sizes.check(BufferRole::InverseBind, skin.inverse_bind.len(), 64)?;
        let matrices = skin.inverse_bind.iter();
        let matrices = matrices.flat_map(|m| little_endian::<16, 64>(&m.map(f32::to_bits)));
        parts.push((BufferRole::InverseBind, matrices.collect()));
        sizes.check(BufferRole::JointRemap, skin.joint_remap.len(), 4)?;
        let remap = skin
            .joint_remap
            .iter()
            .flat_map(|joint| joint.to_le_bytes());
        parts.push((BufferRole::JointRemap, remap.collect()));
    }
    let mut buffers = Vec::with_capacity(parts.len());
    for (role, bytes) in parts {
        let hash = if settings.content_hashing {
            ContentHash::from_digest(&sha256(&bytes, pace).await?)
        } else {
            ContentHash::NONE
        };
        buffers.push(BuiltBuffer {
            id: role.buffer_id(level.source_id, level.index),
            role,
            bytes,
            hash,
        });
    }
    Ok(BuiltLod {
        name: level.name.to_owned(),
        joint_count,
        bounds,
        submeshes,
        vertex_count: order.vertices.len() as u32,
        index_count: level.corners.len() as u32,
        error: level.error,
        buffers,
    })
}

/// The triangles as they are seen from behind.
async fn turn_over(corners: &[u32], pace: &mut Pace) -> Result<Vec<u32>, Cancelled> {
    let mut turned = Vec::with_capacity(corners.len());
    for corners in corners.chunks(3 * STRETCH) {
        let triangles = corners.as_chunks::<3>().0.iter();
        turned.extend(triangles.flat_map(|&[a, b, c]| [a, c, b]));
        pace.checkpoint().await?;
    }
    Ok(turned)
}

/// Vertices in the order of their first use, which is the order that the vertex fetch likes best.
struct FetchOrder {
    /// For each stored vertex, which one it is.
    vertices: Vec<u32>,
    /// For each vertex, where it is stored.
    places: Vec<u32>,
}

impl FetchOrder {
    async fn of(corners: &[u32], vertices: usize, pace: &mut Pace) -> Result<Self, Stop> {
        const UNUSED: u32 = u32::MAX;
        let mut order = Self {
            vertices: Vec::with_capacity(vertices),
            places: vec![UNUSED; vertices],
        };
        for corners in corners.chunks(3 * STRETCH) {
            for &vertex in corners {
                let place = &mut order.places[vertex as usize];
                if *place == UNUSED {
                    *place = order.vertices.len() as u32;
                    order.vertices.push(vertex);
                }
            }
            pace.checkpoint().await?;
        }
        Ok(order)
    }
}

struct Sizes<'a> {
    level: &'a Level<'a>,
    limit: u32,
}

impl Sizes<'_> {
    /// The bytes of a buffer.
    fn check(&self, role: BufferRole, elements: usize, element: usize) -> Result<usize, MeshError> {
        let bytes = elements as u64 * element as u64;
        if bytes > u64::from(self.limit) {
            return Err(MeshError::BufferTooLarge {
                lod: self.level.name.to_owned(),
                what: role.part(),
                bytes,
                limit: self.limit,
            });
        }
        Ok(bytes as usize)
    }
}

/// Views, and the stored indices: relative to the first vertex of their view.
async fn write_indices(
    level: &Level<'_>,
    order: &FetchOrder,
    bytes: usize,
    pace: &mut Pace,
) -> Result<(Vec<BuiltSubmesh>, Vec<u8>), Stop> {
    let mut stored = Vec::with_capacity(bytes);
    let mut submeshes = Vec::with_capacity(level.sections.len());
    for Section { group, bounds } in level.sections {
        let corners = &level.corners[group.corners.clone()];
        let (mut first, mut last) = (u32::MAX, 0);
        for corners in corners.chunks(3 * STRETCH) {
            for &corner in corners {
                let place = order.places[corner as usize];
                first = first.min(place);
                last = last.max(place);
            }
            pace.checkpoint().await?;
        }
        for corners in corners.chunks(3 * STRETCH) {
            let places = corners.iter().map(|&corner| order.places[corner as usize]);
            stored.extend(places.flat_map(|place| (place - first).to_le_bytes()));
            pace.checkpoint().await?;
        }
        submeshes.push(BuiltSubmesh {
            material: group.material,
            bounds: *bounds,
            view: MeshView {
                first_index: group.corners.start as u32,
                index_count: corners.len() as u32,
                first_vertex: first,
                vertex_count: last - first + 1,
            },
        });
    }
    Ok((submeshes, stored))
}

async fn write<const BYTES: usize>(
    order: &[u32],
    bytes: usize,
    pace: &mut Pace,
    element: impl Fn(u32) -> [u8; BYTES],
) -> Result<Vec<u8>, Cancelled> {
    let mut stored = Vec::with_capacity(bytes);
    for order in order.chunks(STRETCH) {
        for &vertex in order {
            stored.extend_from_slice(&element(vertex));
        }
        pace.checkpoint().await?;
    }
    Ok(stored)
}

/// How many joints a level uses, if the skin has them all.
fn check_joints(level: &Level, skin: &Skin) -> Result<u16, MeshError> {
    // Unused influences are joint 0, which every skin has.
    let largest = level
        .influences
        .iter()
        .flat_map(|own| own.joints)
        .max()
        .unwrap_or(0);
    let joints = largest + 1;
    if skin.inverse_bind.len() < joints as usize || skin.joint_remap.len() < joints as usize {
        return Err(MeshError::TooFewJoints {
            lod: level.name.to_owned(),
            joints,
            matrices: skin.inverse_bind.len(),
            remapped: skin.joint_remap.len(),
        });
    }
    u16::try_from(joints).map_err(|_| MeshError::CountOverflow {
        what: "joints",
        count: u64::from(joints),
        limit: u64::from(u16::MAX),
    })
}

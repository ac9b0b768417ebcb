//! The order of triangles: for the vertex cache of the GPU, and for little overdraw.

use super::{
    Bounds,
    error::Stop,
    gather::{Group, STRETCH},
    vertex::Vertex,
};
use crate::cook::pace::Pace;

/// How much worse the vertex cache may be used for the sake of less overdraw.
const OVERDRAW_THRESHOLD: f32 = 1.05;

/// One group, with numbers of its own for the vertices that it uses. Work on a group then takes time in
/// proportion to it, however large the mesh is.
#[derive(Default)]
pub(super) struct Local {
    /// The vertices of the mesh that the group uses, in the order of their first use.
    pub(super) vertices: Vec<u32>,
    /// Positions in `vertices`, three for each triangle. All are valid.
    pub(super) indices: Vec<u32>,
    /// For each vertex of the mesh, its position in `vertices`. Between uses, all are [`NONE`].
    of_mesh: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Local {
    pub(super) fn new(vertices: usize) -> Self {
        Self {
            of_mesh: vec![NONE; vertices],
            ..Self::default()
        }
    }

    /// Takes a group.
    pub(super) async fn take(&mut self, corners: &[u32], pace: &mut Pace) -> Result<(), Stop> {
        let Self {
            vertices,
            indices,
            of_mesh,
        } = self;
        for used in vertices.chunks(3 * STRETCH) {
            for &vertex in used {
                of_mesh[vertex as usize] = NONE;
            }
            pace.checkpoint().await?;
        }
        vertices.clear();
        indices.clear();
        indices.reserve(corners.len());
        for corners in corners.chunks(3 * STRETCH) {
            for &vertex in corners {
                let local = &mut of_mesh[vertex as usize];
                if *local == NONE {
                    *local = vertices.len() as u32;
                    vertices.push(vertex);
                }
                indices.push(*local);
            }
            pace.checkpoint().await?;
        }
        Ok(())
    }

    /// The indices, looked at once more.
    pub(super) fn checked_indices(&mut self) -> &mut [u32] {
        checked(&mut self.indices, self.vertices.len())
    }

    /// The positions of the group's vertices.
    pub(super) fn positions(&self, vertices: &[Vertex]) -> Vec<[f32; 3]> {
        let positions = self.vertices.iter().map(|&v| vertices[v as usize].position);
        positions.collect()
    }
}

/// A run of corners of one material, and what they cover.
pub(super) struct Section {
    pub(super) group: Group,
    pub(super) bounds: Bounds,
}

/// Corners, and the runs of each material.
pub(super) struct Triangles<'a> {
    pub(super) corners: &'a mut [u32],
    pub(super) groups: Vec<Group>,
    /// Whether all vertices are used.
    pub(super) use_all: bool,
}

/// Measures every group, and orders its triangles if that is wanted.
pub(super) async fn order(
    triangles: Triangles<'_>,
    vertices: &[Vertex],
    optimize: bool,
    pace: &mut Pace,
) -> Result<Vec<Section>, Stop> {
    let mut groups = triangles.groups;
    if triangles.use_all && groups.len() == 1 {
        // The numbers of the mesh are those of its only group.
        let positions: Vec<_> = vertices.iter().map(|vertex| vertex.position).collect();
        if optimize {
            let indices = checked(triangles.corners, positions.len());
            optimize_triangles(indices, &positions, pace).await?;
        }
        let bounds = Bounds::of(positions);
        let section = groups.pop().zip(bounds);
        return Ok(Vec::from_iter(
            section.map(|(group, bounds)| Section { group, bounds }),
        ));
    }
    let mut local = Local::new(vertices.len());
    let mut sections = Vec::with_capacity(groups.len());
    for group in groups {
        let corners = &mut triangles.corners[group.corners.clone()];
        local.take(corners, pace).await?;
        let positions = local.positions(vertices);
        let Some(bounds) = Bounds::of(positions.iter().copied()) else {
            continue;
        };
        pace.checkpoint().await?;
        if optimize {
            optimize_triangles(local.checked_indices(), &positions, pace).await?;
            let ordered = local.indices.chunks(3 * STRETCH);
            for (corners, indices) in corners.chunks_mut(3 * STRETCH).zip(ordered) {
                for (corner, &index) in corners.iter_mut().zip(indices) {
                    *corner = local.vertices[index as usize];
                }
                pace.checkpoint().await?;
            }
        }
        sections.push(Section { group, bounds });
    }
    Ok(sections)
}

/// Indices, looked at once more: the libraries that get them take them on trust.
fn checked(indices: &mut [u32], count: usize) -> &mut [u32] {
    assert!(
        indices.len().is_multiple_of(3) && indices.iter().all(|&i| (i as usize) < count),
        "indices are positions in the list that was made with them"
    );
    indices
}

async fn optimize_triangles(
    indices: &mut [u32],
    positions: &[[f32; 3]],
    pace: &mut Pace,
) -> Result<(), Stop> {
    meshopt::optimize_vertex_cache_in_place(indices, positions.len());
    pace.checkpoint().await?;
    let bytes = bytemuck::cast_slice(positions);
    if let Ok(adapter) = meshopt::VertexDataAdapter::new(bytes, size_of::<[f32; 3]>(), 0) {
        meshopt::optimize_overdraw_in_place(indices, &adapter, OVERDRAW_THRESHOLD);
    }
    pace.checkpoint().await?;
    Ok(())
}

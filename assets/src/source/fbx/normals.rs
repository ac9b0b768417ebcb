//! Normals for meshes that have none.
//!
//! Corners of a control point share a normal across edges that are smooth: those that the file says are,
//! and those of faces in a smoothing group. Edges between more than two faces are hard, and so are all
//! edges of a file that says nothing. A normal is the sum of the normals of its polygons, by their areas.

use crate::cook::pace::{Cancelled, Pace};
use glam::DVec3;
use ufbx::{Face, Mesh};

use super::space::vec3;

/// Gives access to the mesh; references must not be kept while other tasks have their turn.
pub(super) trait MeshAccess {
    /// The mesh.
    fn with_mesh<T>(&self, use_it: impl FnOnce(&Mesh) -> T) -> Option<T>;
}

/// Normals, and which of them each corner has.
pub(super) struct GeneratedNormals {
    group_of_corner: Vec<u32>,
    normals: Vec<DVec3>,
}

/// Faces, vertices or corners between two checkpoints.
const STRETCH: usize = 2048;

impl GeneratedNormals {
    /// Makes the normals of a mesh.
    pub(super) async fn of(mesh: &impl MeshAccess, pace: &mut Pace) -> Result<Self, Cancelled> {
        let is_smooth = mesh.with_mesh(|mesh| {
            mesh.face_smoothing.contains(&true) || mesh.edge_smoothing.contains(&true)
        });
        let groups = match is_smooth {
            Some(true) => Smoothing::groups(mesh, pace).await?,
            _ => face_groups(mesh, pace).await?,
        };
        let count = groups.iter().max().map_or(0, |last| *last as usize + 1);
        let mut result = Self {
            group_of_corner: groups,
            normals: vec![DVec3::ZERO; count],
        };
        for faces in stretches(mesh.with_mesh(|mesh| mesh.faces.len())) {
            mesh.with_mesh(|mesh| {
                for face in mesh.faces.get(faces).unwrap_or_default() {
                    let normal = polygon_normal(mesh, *face);
                    for corner in corners(*face) {
                        result.add(corner, normal);
                    }
                }
            });
            pace.checkpoint().await?;
        }
        for normals in result.normals.chunks_mut(STRETCH) {
            for normal in normals {
                *normal = normal.normalize_or_zero();
            }
            pace.checkpoint().await?;
        }
        Ok(result)
    }

    fn add(&mut self, corner: usize, normal: DVec3) {
        let group = self.group_of_corner.get(corner);
        if let Some(sum) = group.and_then(|group| self.normals.get_mut(*group as usize)) {
            *sum += normal;
        }
    }

    /// The normal of a corner; zero where there is none.
    pub(super) fn at(&self, corner: usize) -> DVec3 {
        let group = self.group_of_corner.get(corner);
        let normal = group.and_then(|group| self.normals.get(*group as usize));
        normal.copied().unwrap_or_default()
    }
}

fn stretches(len: Option<usize>) -> impl Iterator<Item = std::ops::Range<usize>> {
    let len = len.unwrap_or(0);
    (0..len)
        .step_by(STRETCH)
        .map(move |start| start..(start + STRETCH).min(len))
}

fn corners(face: Face) -> std::ops::Range<usize> {
    let first = face.index_begin as usize;
    first..first.saturating_add(face.num_indices as usize)
}

fn position(mesh: &Mesh, corner: usize) -> DVec3 {
    let vertex = mesh.vertex_indices.get(corner);
    let position = vertex.and_then(|vertex| mesh.vertices.get(*vertex as usize));
    position.map_or(DVec3::ZERO, |position| vec3(*position))
}

/// Newell's method: right for polygons that are neither flat nor convex, and as long as twice the area.
fn polygon_normal(mesh: &Mesh, face: Face) -> DVec3 {
    let corners = corners(face);
    let origin = position(mesh, corners.start);
    let mut normal = DVec3::ZERO;
    let mut previous = DVec3::ZERO;
    for corner in corners.skip(1) {
        let current = position(mesh, corner) - origin;
        normal += previous.cross(current);
        previous = current;
    }
    normal
}

/// One group for each face.
async fn face_groups(mesh: &impl MeshAccess, pace: &mut Pace) -> Result<Vec<u32>, Cancelled> {
    let mut groups = vec![0; mesh.with_mesh(|mesh| mesh.num_indices).unwrap_or(0)];
    for faces in stretches(mesh.with_mesh(|mesh| mesh.faces.len())) {
        mesh.with_mesh(|mesh| {
            for id in faces {
                if let Some(of_face) = groups.get_mut(corners(mesh.faces[id])) {
                    // The parser numbers faces with 32 bits.
                    of_face.fill(id as u32);
                }
            }
        });
        pace.checkpoint().await?;
    }
    Ok(groups)
}

/// Corners that are joined across smooth edges.
///
/// Edges are sorted by their lower vertex, then by the higher one, which brings the two sides of each
/// together. The smooth edges of the file are sorted among them.
struct Smoothing {
    /// A forest: corners of one tree are one group.
    parents: Vec<u32>,
    face_of_corner: Vec<u32>,
    /// Where the edges of each lower vertex begin.
    starts: Vec<usize>,
    /// The higher vertex, and then the corner where a side begins, or [`SMOOTH`].
    edges: Vec<(u32, u32)>,
}

/// Says that an edge is smooth; sorted after its sides.
const SMOOTH: u32 = u32::MAX;

impl Smoothing {
    async fn groups(mesh: &impl MeshAccess, pace: &mut Pace) -> Result<Vec<u32>, Cancelled> {
        let counts = mesh.with_mesh(|mesh| (mesh.num_indices, mesh.num_vertices));
        let (corners, vertices) = counts.unwrap_or_default();
        // The parser numbers corners with 32 bits.
        let mut smoothing = Self {
            parents: (0..corners as u32).collect(),
            face_of_corner: vec![0; corners],
            starts: vec![0; vertices + 1],
            edges: Vec::new(),
        };
        smoothing.sort_edges(mesh, pace).await?;
        smoothing.join(mesh, pace).await?;
        smoothing.number(pace).await
    }

    /// Counts the edges of each lower vertex, and puts them in place.
    async fn sort_edges(
        &mut self,
        mesh: &impl MeshAccess,
        pace: &mut Pace,
    ) -> Result<(), Cancelled> {
        for is_counting in [true, false] {
            let faces = mesh.with_mesh(|mesh| mesh.faces.len());
            for faces in stretches(faces) {
                mesh.with_mesh(|mesh| {
                    for face in faces {
                        for corner in corners(mesh.faces[face]) {
                            self.face_of_corner[corner] = face as u32;
                            let side = (corner, next_corner(mesh.faces[face], corner));
                            self.put(mesh, side, corner as u32, is_counting);
                        }
                    }
                });
                pace.checkpoint().await?;
            }
            let edges = mesh.with_mesh(|mesh| mesh.edges.len().min(mesh.edge_smoothing.len()));
            for edges in stretches(edges) {
                mesh.with_mesh(|mesh| {
                    for edge in edges.filter(|edge| mesh.edge_smoothing[*edge]) {
                        let ufbx::Edge { a, b } = mesh.edges[edge];
                        let side = (a as usize, b as usize);
                        self.put(mesh, side, SMOOTH, is_counting);
                    }
                });
                pace.checkpoint().await?;
            }
            if is_counting {
                // Each start is where the vertex before ends, and moves to its own end while edges are
                // put in place.
                let mut total = 0;
                for start in &mut self.starts {
                    total += std::mem::replace(start, total);
                }
                self.edges = vec![(0, 0); total];
            }
        }
        Ok(())
    }

    fn put(&mut self, mesh: &Mesh, side: (usize, usize), id: u32, is_counting: bool) {
        let Some((low, high)) = ends(mesh, side) else {
            return;
        };
        let start = &mut self.starts[low as usize];
        if !is_counting {
            self.edges[*start] = (high, id);
        }
        *start += 1;
    }

    /// Joins the corners on both sides of smooth edges.
    async fn join(&mut self, mesh: &impl MeshAccess, pace: &mut Pace) -> Result<(), Cancelled> {
        let mut edges = std::mem::take(&mut self.edges);
        let mut first = 0;
        for vertices in stretches(Some(self.starts.len())) {
            mesh.with_mesh(|mesh| {
                for vertex in vertices {
                    let end = self.starts[vertex];
                    let edges = &mut edges[first..end];
                    first = end;
                    edges.sort_unstable();
                    for edge in edges.chunk_by(|a, b| a.0 == b.0) {
                        self.join_sides(mesh, edge);
                    }
                }
            });
            pace.checkpoint().await?;
        }
        Ok(())
    }

    fn join_sides(&mut self, mesh: &Mesh, edge: &[(u32, u32)]) {
        let (a, b, rest) = match edge {
            [(_, a), (_, b), rest @ ..] if *b != SMOOTH => (*a, *b, rest),
            _ => return,
        };
        if rest.iter().any(|(_, id)| *id != SMOOTH) {
            // More than two sides.
            return;
        }
        let faces = [a, b].map(|corner| self.face_of_corner[corner as usize] as usize);
        let in_group = |face: usize| mesh.face_smoothing.get(face).copied().unwrap_or(false);
        if rest.is_empty() && !faces.into_iter().any(in_group) {
            return;
        }
        let [next_a, next_b] = [(a, faces[0]), (b, faces[1])]
            .map(|(corner, face)| next_corner(mesh.faces[face], corner as usize) as u32);
        let vertex = |corner: u32| mesh.vertex_indices[corner as usize];
        if vertex(a) == vertex(b) {
            self.unite(a, b);
            self.unite(next_a, next_b);
        } else {
            self.unite(a, next_b);
            self.unite(next_a, b);
        }
    }

    fn unite(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        // The lower one stays, so that the result does not depend on the order.
        self.parents[a.max(b) as usize] = a.min(b);
    }

    fn root(&mut self, mut corner: u32) -> u32 {
        loop {
            let parent = self.parents[corner as usize];
            if parent == corner {
                return corner;
            }
            let grandparent = self.parents[parent as usize];
            self.parents[corner as usize] = grandparent;
            corner = grandparent;
        }
    }

    /// Numbers the groups in the order of their first corners.
    async fn number(mut self, pace: &mut Pace) -> Result<Vec<u32>, Cancelled> {
        let mut groups = vec![0; self.parents.len()];
        let mut count = 0;
        for corners in stretches(Some(groups.len())) {
            for corner in corners {
                let root = self.root(corner as u32) as usize;
                groups[corner] = if root == corner {
                    count += 1;
                    count - 1
                } else {
                    groups[root]
                };
            }
            pace.checkpoint().await?;
        }
        Ok(groups)
    }
}

fn next_corner(face: Face, corner: usize) -> usize {
    let corners = corners(face);
    if corner + 1 < corners.end {
        corner + 1
    } else {
        corners.start
    }
}

/// The lower and the higher vertex of an edge, if it has two.
fn ends(mesh: &Mesh, (a, b): (usize, usize)) -> Option<(u32, u32)> {
    let (a, b) = (*mesh.vertex_indices.get(a)?, *mesh.vertex_indices.get(b)?);
    let (low, high) = (a.min(b), a.max(b));
    (low != high && (high as usize) < mesh.num_vertices).then_some((low, high))
}

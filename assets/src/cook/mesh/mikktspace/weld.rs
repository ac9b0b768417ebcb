//! Triangles with welded vertices: who is whose neighbour, and how the texture lies on each.

use super::{
    super::{gather::STRETCH, intern::Interner, vertex::Vertex},
    NONE, Scratch, TangentSpaces,
    vector::{V, is_not_zero},
};
use crate::cook::pace::{Cancelled, Pace};

/// What tangents depend on.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) position: V,
    pub(super) normal: V,
    texcoord: [f32; 2],
}

/// The triangles, with one point for all vertices that are equal in position, normal and texture
/// coordinates.
#[derive(Default)]
pub(super) struct Welded {
    pub(super) points: Vec<Point>,
    /// Triangles with three different positions.
    pub(super) faces: Vec<[u32; 3]>,
    /// For each face, its place in the list of triangles.
    pub(super) places: Vec<u32>,
    /// Triangles without three different positions, and their places.
    collapsed: Vec<(u32, [u32; 3])>,
    pub(super) slopes: Vec<Slope>,
}

/// How texture coordinates lie on a triangle.
#[derive(Clone, Copy)]
pub(super) struct Slope {
    /// Along U, unit length or zero.
    s: V,
    /// Along V, unit length or zero.
    t: V,
    /// Whether the texture is not mirrored.
    pub(super) is_preserving: bool,
    /// Whether it has no direction of its own: such triangles join any group.
    pub(super) is_vague: bool,
}

impl Welded {
    /// Welds the vertices of triangles, and looks at how texture coordinates lie on these.
    pub(super) async fn of(
        vertices: &[Vertex],
        triangles: &[[u32; 3]],
        scratch: &mut Scratch,
        pace: &mut Pace,
    ) -> Result<Self, Cancelled> {
        let mut mesh = Self {
            faces: Vec::with_capacity(triangles.len()),
            places: Vec::with_capacity(triangles.len()),
            ..Self::default()
        };
        let mut interner = Interner::with_capacity(triangles.len() / 4);
        for triangles in triangles.chunks(STRETCH) {
            mesh.add(vertices, triangles, scratch, &mut interner);
            pace.checkpoint().await?;
        }
        for triangles in triangles.chunks(STRETCH) {
            for &vertex in triangles.as_flattened() {
                scratch.0[vertex as usize] = NONE;
            }
            pace.checkpoint().await?;
        }
        mesh.slopes.reserve_exact(mesh.faces.len());
        for faces in mesh.faces.chunks(STRETCH) {
            for face in faces {
                let points = face.map(|point| &mesh.points[point as usize]);
                mesh.slopes.push(Slope::of(points));
            }
            pace.checkpoint().await?;
        }
        Ok(mesh)
    }

    fn add(
        &mut self,
        vertices: &[Vertex],
        triangles: &[[u32; 3]],
        scratch: &mut Scratch,
        interner: &mut Interner,
    ) {
        for triangle in triangles {
            let place = (self.faces.len() + self.collapsed.len()) as u32;
            let face = triangle.map(|vertex| {
                let point = &mut scratch.0[vertex as usize];
                if *point == NONE {
                    *point = self.weld(&vertices[vertex as usize], interner);
                }
                *point
            });
            let [a, b, c] = face.map(|point| self.points[point as usize].position);
            if a == b || b == c || c == a {
                self.collapsed.push((place, face));
            } else {
                self.faces.push(face);
                self.places.push(place);
            }
        }
    }

    fn weld(&mut self, vertex: &Vertex, interner: &mut Interner) -> u32 {
        let point = Point {
            position: V(vertex.position),
            normal: V(vertex.normal),
            texcoord: vertex.texcoord,
        };
        // Both zeros are equal here, so their bits must be made so before they are hashed.
        let mut words = [0; 8];
        let numbers = (vertex.position.iter())
            .chain(&vertex.normal)
            .chain(&vertex.texcoord);
        for (word, number) in words.iter_mut().zip(numbers) {
            *word = (number + 0.0).to_bits();
        }
        let next = self.points.len() as u32;
        let points = &self.points;
        let id = interner.intern(interner.hash(&words), next, |id| {
            points[id as usize] == point
        });
        if id == next {
            self.points.push(point);
        }
        id
    }

    /// For each edge of each face the face on its other side, or [`NONE`]. Edge `i` runs from corner `i`
    /// to the next. Where more than two faces meet, they pair up in order.
    pub(super) async fn neighbours(&self, pace: &mut Pace) -> Result<Vec<[u32; 3]>, Cancelled> {
        // All edges, listed by their lower point, in the order of faces.
        let mut starts = vec![0u32; self.points.len() + 1];
        for faces in self.faces.chunks(STRETCH) {
            for face in faces {
                for edge in 0..3 {
                    starts[Edge::of(face, edge).0 as usize] += 1;
                }
            }
            pace.checkpoint().await?;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += std::mem::replace(start, sum);
        }
        let mut edges = vec![Edge::default(); 3 * self.faces.len()];
        for (chunk, faces) in self.faces.chunks(STRETCH).enumerate() {
            for (i, face) in faces.iter().enumerate() {
                for edge in 0..3 {
                    let (low, mut entry) = Edge::of(face, edge);
                    entry.side = (chunk * STRETCH + i) as u32 * 3 + edge as u32;
                    let slot = &mut starts[low as usize];
                    edges[*slot as usize] = entry;
                    *slot += 1;
                }
            }
            pace.checkpoint().await?;
        }
        // Each start has become the end of its list.
        let mut neighbours = vec![[NONE; 3]; self.faces.len()];
        let mut start = 0;
        for ends in starts.chunks(STRETCH) {
            for &end in ends {
                pair_up(&mut edges[start..end as usize], &mut neighbours);
                start = end as usize;
            }
            pace.checkpoint().await?;
        }
        Ok(neighbours)
    }

    /// Collapsed triangles take the tangents of the first corner of any face at the same point.
    pub(super) fn lend_to_collapsed(&self, spaces: &mut TangentSpaces) {
        if self.collapsed.is_empty() {
            return;
        }
        let mut first = vec![NONE; self.points.len()];
        for (face, place) in self.faces.iter().zip(&self.places).rev() {
            for corner in (0..3).rev() {
                first[face[corner] as usize] = place * 3 + corner as u32;
            }
        }
        for (place, points) in &self.collapsed {
            for (corner, point) in points.iter().enumerate() {
                let lender = first[*point as usize];
                if lender != NONE {
                    spaces.of_corner[*place as usize * 3 + corner] =
                        spaces.of_corner[lender as usize];
                }
            }
        }
    }
}

/// An edge in the list of its lower point.
#[derive(Clone, Copy, Default)]
struct Edge {
    /// The higher point.
    high: u32,
    /// Three times the face, plus the number of the edge.
    side: u32,
    /// Whether it runs from the lower to the higher point.
    is_rising: bool,
    is_paired: bool,
}

impl Edge {
    fn of(face: &[u32; 3], edge: usize) -> (u32, Self) {
        let (from, to) = (face[edge], face[(edge + 1) % 3]);
        let entry = Self {
            high: from.max(to),
            side: 0,
            is_rising: from < to,
            is_paired: false,
        };
        (from.min(to), entry)
    }
}

/// Pairs edges that run in opposite directions between the same points: each with the first free one
/// after it. The edges have one lower point in common, and are in the order of faces.
fn pair_up(edges: &mut [Edge], neighbours: &mut [[u32; 3]]) {
    /// Up to here, looking at all pairs is faster than sorting.
    const FEW: usize = 24;
    if edges.len() <= FEW {
        for i in 1..edges.len() {
            let (before, edge) = (&edges[..i], edges[i]);
            let partner = before.iter().position(|other| {
                !other.is_paired && other.high == edge.high && other.is_rising != edge.is_rising
            });
            if let Some(partner) = partner {
                edges[partner].is_paired = true;
                edges[i].is_paired = true;
                join(edges[partner].side, edge.side, neighbours);
            }
        }
        return;
    }
    edges.sort_unstable_by_key(|edge| (edge.high, edge.side));
    for edges in edges.chunk_by(|a, b| a.high == b.high) {
        // Those that wait all run in one direction: an opposite one would have taken the first.
        let mut waiting = std::collections::VecDeque::new();
        for edge in edges {
            match waiting.front() {
                Some(&(side, is_rising)) if is_rising != edge.is_rising => {
                    join(side, edge.side, neighbours);
                    waiting.pop_front();
                }
                _ => waiting.push_back((edge.side, edge.is_rising)),
            }
        }
    }
}

fn join(a: u32, b: u32, neighbours: &mut [[u32; 3]]) {
    neighbours[a as usize / 3][a as usize % 3] = b / 3;
    neighbours[b as usize / 3][b as usize % 3] = a / 3;
}

impl Slope {
    fn of([a, b, c]: [&Point; 3]) -> Self {
        let along = |p: &Point| [p.texcoord[0] - a.texcoord[0], p.texcoord[1] - a.texcoord[1]];
        let (uv_b, uv_c) = (along(b), along(c));
        let (to_b, to_c) = (b.position - a.position, c.position - a.position);
        let area = uv_b[0] * uv_c[1] - uv_b[1] * uv_c[0];
        let s = to_b * uv_c[1] - to_c * uv_b[1];
        let t = to_b * -uv_c[0] + to_c * uv_b[0];
        let mut slope = Self {
            s: V::ZERO,
            t: V::ZERO,
            is_preserving: area > 0.0,
            is_vague: true,
        };
        if is_not_zero(area) {
            let sign = if slope.is_preserving { 1.0 } else { -1.0 };
            slope.s = s.direction() * sign;
            slope.t = t.direction() * sign;
            let has_length = |v: V| is_not_zero(v.length() / area.abs());
            slope.is_vague = !(has_length(s) && has_length(t));
        }
        slope
    }

    /// Its directions in the plane of a normal.
    pub(super) fn flattened(&self, normal: V) -> (V, V) {
        let s = self.s.flattened(normal).direction();
        (s, self.t.flattened(normal).direction())
    }
}

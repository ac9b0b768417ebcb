//! Tangent spaces as `MikkTSpace` defines them, for triangles.
//!
//! The definition is that of Morten S. Mikkelsen's thesis *Simulation of Wrinkled Surfaces Revisited*
//! (2008) and of the program that he published with it: normal maps look right only if the tool that
//! bakes them and the one that shows them agree to the last bit. Tests compare every result with the
//! reference, with which this shares the arithmetic and the order of additions, and nothing else:
//!
//! * vertices are welded by hashing, edges meet in the list of their lower vertex: all steps take time
//!   in proportion to the mesh. The reference searches linearly among the vertices of a place, the
//!   triangles of an edge and those of a group, which crafted or broken meshes turn into hours;
//! * groups are walked, not searched by recursion, which overflows the stack at the tip of a fan of
//!   many triangles;
//! * it gives way to other tasks, and can be cancelled.
//!
//! One bound is left: where the triangles around a vertex disagree wildly about directions, all pairs of
//! them are compared, up to [`MOST_COMPARED`] triangles. Beyond, they are taken as one.

use super::{gather::STRETCH, intern::Interner, vertex::Vertex};
use crate::cook::pace::{Cancelled, Pace};

/// Groups up to this size are divided exactly as the reference does.
const MOST_COMPARED: usize = 512;

/// The tangents of the corners of a list of triangles.
pub(super) struct TangentSpaces {
    /// For each corner a position in `spaces`, or [`NONE`] where none can be told.
    pub(super) of_corner: Vec<u32>,
    /// The spaces.
    pub(super) spaces: Vec<TangentSpace>,
}

/// A tangent space that corners share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TangentSpace {
    /// The normal of all these corners.
    pub(super) normal: [f32; 3],
    /// Unit length, or zero where the mapping has no direction.
    pub(super) tangent: [f32; 3],
    /// The bitangent is cross(normal, tangent) times this: 1, or -1 where the texture is mirrored.
    pub(super) sign: f32,
}

/// No tangent, no neighbour, no group.
pub(super) const NONE: u32 = u32::MAX;

/// Memory that is used again for each list of triangles: the point of each vertex. Between uses, all
/// are [`NONE`].
pub(super) struct Scratch(Vec<u32>);

impl Scratch {
    /// For lists of positions in `vertices` vertices.
    pub(super) fn new(vertices: usize) -> Self {
        Self(vec![NONE; vertices])
    }
}

/// Computes the tangent spaces of triangles: three positions in `vertices` each. All numbers are
/// finite, and normals have unit length.
pub(super) async fn tangent_spaces(
    vertices: &[Vertex],
    triangles: &[[u32; 3]],
    scratch: &mut Scratch,
    pace: &mut Pace,
) -> Result<TangentSpaces, Cancelled> {
    let mut mesh = Welded::default();
    mesh.faces.reserve_exact(triangles.len());
    mesh.places.reserve_exact(triangles.len());
    let mut interner = Interner::with_capacity(triangles.len() / 4);
    for triangles in triangles.chunks(STRETCH) {
        mesh.add(vertices, triangles, scratch, &mut interner);
        pace.checkpoint().await?;
    }
    drop(interner);
    for triangles in triangles.chunks(STRETCH) {
        for &vertex in triangles.as_flattened() {
            scratch.0[vertex as usize] = NONE;
        }
        pace.checkpoint().await?;
    }

    mesh.slopes.reserve_exact(mesh.faces.len());
    for faces in mesh.faces.chunks(STRETCH) {
        let points = &mesh.points;
        mesh.slopes.extend(
            faces
                .iter()
                .map(|face| Slope::of(face.map(|i| &points[i as usize]))),
        );
        pace.checkpoint().await?;
    }
    let neighbours = mesh.neighbours(pace).await?;

    let mut spaces = TangentSpaces {
        of_corner: vec![NONE; 3 * triangles.len()],
        spaces: Vec::new(),
    };
    let mut groups = Groups {
        of_corner: vec![[NONE; 3]; mesh.faces.len()],
        members: Vec::new(),
        directions: Vec::new(),
    };
    for start in (0..mesh.faces.len()).step_by(STRETCH) {
        let end = (start + STRETCH).min(mesh.faces.len());
        for face in start..end {
            for corner in 0..3 {
                if !mesh.slopes[face].is_vague && groups.of_corner[face][corner] == NONE {
                    groups.collect(&mut mesh, &neighbours, face, corner);
                    groups.evaluate(&mesh, &mut spaces);
                }
            }
        }
        pace.checkpoint().await?;
    }
    mesh.lend_to_collapsed(&mut spaces);
    Ok(spaces)
}

/// What tangents depend on.
#[derive(Clone, Copy, PartialEq)]
struct Point {
    position: V,
    normal: V,
    texcoord: [f32; 2],
}

/// The triangles, with one point for all vertices that are equal in position, normal and texture
/// coordinates.
#[derive(Default)]
struct Welded {
    points: Vec<Point>,
    /// Triangles with three different positions.
    faces: Vec<[u32; 3]>,
    /// For each face, its place in the list of triangles.
    places: Vec<u32>,
    /// Triangles without three different positions, and their places.
    collapsed: Vec<(u32, [u32; 3])>,
    slopes: Vec<Slope>,
}

/// How texture coordinates lie on a triangle.
#[derive(Clone, Copy)]
struct Slope {
    /// Along U, unit length or zero.
    s: V,
    /// Along V, unit length or zero.
    t: V,
    /// Whether the texture is not mirrored.
    is_preserving: bool,
    /// Whether it has no direction of its own: such triangles join any group.
    is_vague: bool,
}

impl Welded {
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
    async fn neighbours(&self, pace: &mut Pace) -> Result<Vec<[u32; 3]>, Cancelled> {
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
    fn lend_to_collapsed(&self, spaces: &mut TangentSpaces) {
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
}

/// Corners around one point that share a tangent.
struct Groups {
    /// For each corner, the corner that its group began with.
    of_corner: Vec<[u32; 3]>,
    /// Faces and corners of the current group.
    members: Vec<(u32, u8)>,
    /// For each member, its directions in the plane of the normal.
    directions: Vec<(V, V)>,
}

impl Groups {
    /// Collects the group of a corner: all faces that are reached over edges at its point and map the
    /// texture in the same orientation.
    fn collect(&mut self, mesh: &mut Welded, neighbours: &[[u32; 3]], face: usize, corner: usize) {
        let id = (face * 3 + corner) as u32;
        let point = mesh.faces[face][corner];
        let is_preserving = mesh.slopes[face].is_preserving;
        self.members.clear();
        self.members.push((face as u32, corner as u8));
        self.of_corner[face][corner] = id;
        // Faces around a point form a chain or a ring: to one side first, then to the other. Within a
        // face, the edge that arrives at the corner comes before the one that leaves it, as an order
        // matters for faces that join any group.
        for first_edge in [(corner + 2) % 3, corner] {
            let mut previous = face as u32;
            let mut next = neighbours[face][first_edge];
            while next != NONE {
                let Some(corner) = self.join(mesh, next as usize, point, id, is_preserving) else {
                    break;
                };
                let [before, after] =
                    [(corner + 2) % 3, corner].map(|edge| neighbours[next as usize][edge]);
                // One of the two leads back.
                let onwards = if before == previous { after } else { before };
                previous = std::mem::replace(&mut next, onwards);
            }
        }
    }

    /// Adds the corner of a face at a point, if it may join. Returns which one it is.
    fn join(
        &mut self,
        mesh: &mut Welded,
        face: usize,
        point: u32,
        id: u32,
        is_preserving: bool,
    ) -> Option<usize> {
        let corner = mesh.faces[face].iter().position(|&p| p == point)?;
        let slope = &mut mesh.slopes[face];
        if self.of_corner[face][corner] != NONE {
            return None;
        }
        if slope.is_vague && self.of_corner[face] == [NONE; 3] {
            // The first group decides.
            slope.is_preserving = is_preserving;
        }
        if slope.is_preserving != is_preserving {
            return None;
        }
        self.of_corner[face][corner] = id;
        self.members.push((face as u32, corner as u8));
        Some(corner)
    }

    /// Computes the tangents of the current group.
    fn evaluate(&mut self, mesh: &Welded, spaces: &mut TangentSpaces) {
        self.members.sort_unstable();
        let Some(&(face, corner)) = self.members.first() else {
            return;
        };
        let normal = mesh.points[mesh.faces[face as usize][corner as usize] as usize].normal;
        let sign = if mesh.slopes[face as usize].is_preserving {
            1.0
        } else {
            -1.0
        };
        if self.is_uniform(mesh, normal) || self.members.len() > MOST_COMPARED {
            let tangent = mean_tangent(mesh, normal, &self.members);
            let id = push(&mut spaces.spaces, normal, tangent, sign);
            for &(face, corner) in &self.members {
                spaces.of_corner[mesh.places[face as usize] as usize * 3 + corner as usize] = id;
            }
            return;
        }
        // Opposite directions do not mix: each member has a subset of its own.
        let mut subsets: Vec<(Vec<(u32, u8)>, u32)> = Vec::new();
        for (i, &(face, corner)) in self.members.iter().enumerate() {
            let subset: Vec<(u32, u8)> = (self.members.iter().enumerate())
                .filter(|&(j, _)| i == j || self.agree(mesh, i, j))
                .map(|(_, &member)| member)
                .collect();
            let id = match subsets.iter().find(|(known, _)| *known == subset) {
                Some((_, id)) => *id,
                None => {
                    let tangent = mean_tangent(mesh, normal, &subset);
                    let id = push(&mut spaces.spaces, normal, tangent, sign);
                    subsets.push((subset, id));
                    id
                }
            };
            spaces.of_corner[mesh.places[face as usize] as usize * 3 + corner as usize] = id;
        }
    }

    /// Whether surely no two members have opposite directions: all are within 80 degrees of their sum.
    /// Fills in `directions`.
    fn is_uniform(&mut self, mesh: &Welded, normal: V) -> bool {
        if self.members.len() == 1 {
            return true;
        }
        self.directions.clear();
        let (mut s_sum, mut t_sum) = (V::ZERO, V::ZERO);
        for &(face, _) in &self.members {
            let slope = &mesh.slopes[face as usize];
            let s = slope.s.flattened(normal).direction();
            let t = slope.t.flattened(normal).direction();
            if !slope.is_vague {
                s_sum = s_sum + s;
                t_sum = t_sum + t;
            }
            self.directions.push((s, t));
        }
        let (s_sum, t_sum) = (s_sum.direction(), t_sum.direction());
        let is_close = |v: V, sum: V| v.dot(sum) > 0.17;
        (self.members.iter().zip(&self.directions)).all(|(&(face, _), &(s, t))| {
            mesh.slopes[face as usize].is_vague || (is_close(s, s_sum) && is_close(t, t_sum))
        })
    }

    fn agree(&self, mesh: &Welded, i: usize, j: usize) -> bool {
        let is_vague = |i: usize| mesh.slopes[self.members[i].0 as usize].is_vague;
        let ((s_i, t_i), (s_j, t_j)) = (self.directions[i], self.directions[j]);
        is_vague(i) || is_vague(j) || (s_i.dot(s_j) > -1.0 && t_i.dot(t_j) > -1.0)
    }
}

fn push(spaces: &mut Vec<TangentSpace>, normal: V, tangent: V, sign: f32) -> u32 {
    spaces.push(TangentSpace {
        normal: normal.0,
        tangent: tangent.0,
        sign,
    });
    (spaces.len() - 1) as u32
}

/// The mean of the directions along U around a point, weighted by angle. Members are in the order of
/// faces.
fn mean_tangent(mesh: &Welded, normal: V, members: &[(u32, u8)]) -> V {
    let mut sum = V::ZERO;
    for &(face, corner) in members {
        let slope = &mesh.slopes[face as usize];
        if slope.is_vague {
            continue;
        }
        let corner = corner as usize;
        let [here, after, before] = [corner, (corner + 1) % 3, (corner + 2) % 3]
            .map(|i| mesh.points[mesh.faces[face as usize][i] as usize].position);
        let [after, before] =
            [after - here, before - here].map(|edge| edge.flattened(normal).direction());
        // The reference computes the angle in double precision.
        let angle = f64::from(after.dot(before).clamp(-1.0, 1.0)).acos() as f32;
        sum = sum + slope.s.flattened(normal).direction() * angle;
    }
    sum.direction()
}

/// The reference's notion of a number that means something.
fn is_not_zero(x: f32) -> bool {
    x.abs() > f32::MIN_POSITIVE
}

/// A vector with the arithmetic of the reference.
#[derive(Clone, Copy, PartialEq)]
struct V([f32; 3]);

impl V {
    const ZERO: Self = Self([0.0; 3]);

    fn dot(self, Self([x, y, z]): Self) -> f32 {
        let Self(own) = self;
        own[0] * x + own[1] * y + own[2] * z
    }

    fn length(self) -> f32 {
        self.dot(self).sqrt()
    }

    /// Unit length, or what it was if that was nothing.
    fn direction(self) -> Self {
        if self.0.into_iter().any(is_not_zero) {
            self * (1.0 / self.length())
        } else {
            self
        }
    }

    /// Without its share along a normal.
    fn flattened(self, normal: Self) -> Self {
        self - normal * normal.dot(self)
    }
}

impl std::ops::Add for V {
    type Output = Self;

    fn add(self, Self([x, y, z]): Self) -> Self {
        Self([self.0[0] + x, self.0[1] + y, self.0[2] + z])
    }
}

impl std::ops::Sub for V {
    type Output = Self;

    fn sub(self, Self([x, y, z]): Self) -> Self {
        Self([self.0[0] - x, self.0[1] - y, self.0[2] - z])
    }
}

impl std::ops::Mul<f32> for V {
    type Output = Self;

    fn mul(self, factor: f32) -> Self {
        Self(self.0.map(|x| x * factor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cook::pace::CancelFlag;
    use futures_lite::future::block_on;
    use proptest::prelude::*;

    /// The reference implementation.
    struct Reference<'a> {
        vertices: &'a [Vertex],
        triangles: &'a [[u32; 3]],
        tangents: Vec<Option<[f32; 4]>>,
    }

    impl Reference<'_> {
        fn vertex(&self, face: usize, corner: usize) -> &Vertex {
            &self.vertices[self.triangles[face][corner] as usize]
        }
    }

    impl bevy_mikktspace::Geometry for Reference<'_> {
        fn num_faces(&self) -> usize {
            self.triangles.len()
        }

        fn num_vertices_of_face(&self, _: usize) -> usize {
            3
        }

        fn position(&self, face: usize, corner: usize) -> [f32; 3] {
            self.vertex(face, corner).position
        }

        fn normal(&self, face: usize, corner: usize) -> [f32; 3] {
            self.vertex(face, corner).normal
        }

        fn tex_coord(&self, face: usize, corner: usize) -> [f32; 2] {
            self.vertex(face, corner).texcoord
        }

        fn set_tangent(
            &mut self,
            space: Option<bevy_mikktspace::TangentSpace>,
            face: usize,
            corner: usize,
        ) {
            self.tangents[face * 3 + corner] = space.map(|space| space.tangent_encoded());
        }
    }

    fn reference(vertices: &[Vertex], triangles: &[[u32; 3]]) -> Vec<Option<[f32; 4]>> {
        let mut reference = Reference {
            vertices,
            triangles,
            tangents: vec![None; 3 * triangles.len()],
        };
        bevy_mikktspace::generate_tangents(&mut reference).unwrap();
        reference.tangents
    }

    fn ours(vertices: &[Vertex], triangles: &[[u32; 3]]) -> Vec<Option<[f32; 4]>> {
        let mut scratch = Scratch::new(vertices.len());
        let mut pace = Pace::uninterrupted(CancelFlag::new());
        let spaces = tangent_spaces(vertices, triangles, &mut scratch, &mut pace);
        let result = block_on(spaces).unwrap();
        assert!(scratch.0.iter().all(|&point| point == NONE));
        let of_corner = |&space: &u32| {
            let TangentSpace { tangent, sign, .. } = result.spaces.get(space as usize)?;
            let [x, y, z] = *tangent;
            Some([x, y, z, *sign])
        };
        result.of_corner.iter().map(of_corner).collect()
    }

    fn assert_equal(vertices: &[Vertex], triangles: &[[u32; 3]]) {
        let bits = |tangents: Vec<Option<[f32; 4]>>| -> Vec<Option<[u32; 4]>> {
            let bits = |tangent: Option<[f32; 4]>| tangent.map(|t| t.map(f32::to_bits));
            tangents.into_iter().map(bits).collect()
        };
        assert_eq!(
            bits(ours(vertices, triangles)),
            bits(reference(vertices, triangles))
        );
    }

    fn vertex(position: [f32; 3], normal: [f32; 3], texcoord: [f32; 2]) -> Vertex {
        Vertex {
            normal,
            texcoord,
            ..Vertex::at(position)
        }
    }

    #[test]
    fn a_mirrored_quad_has_two_handednesses() {
        // U runs to the right on the first triangle, to the left on the second.
        let up = [0.0, 0.0, 1.0];
        let vertices = [
            vertex([0.0, 0.0, 0.0], up, [0.0, 0.0]),
            vertex([1.0, 0.0, 0.0], up, [1.0, 0.0]),
            vertex([1.0, 1.0, 0.0], up, [1.0, 1.0]),
            vertex([0.0, 0.0, 0.0], up, [1.0, 0.0]),
            vertex([1.0, 1.0, 0.0], up, [0.0, 1.0]),
            vertex([0.0, 1.0, 0.0], up, [1.0, 1.0]),
        ];
        let triangles = [[0, 1, 2], [3, 4, 5]];
        assert_equal(&vertices, &triangles);
        let tangents = ours(&vertices, &triangles);
        assert_eq!(tangents[0], Some([1.0, 0.0, 0.0, 1.0]));
        assert_eq!(tangents[3].map(|t| t[3]), Some(-1.0));
    }

    #[test]
    fn a_fan_of_many_triangles_needs_neither_stack_nor_hours() {
        const SPOKES: u32 = 200_000;
        let up = [0.0, 0.0, 1.0];
        let mut vertices = vec![vertex([0.0; 3], up, [0.5, 0.5])];
        for i in 0..SPOKES {
            let angle = f64::from(i) / f64::from(SPOKES) * std::f64::consts::TAU;
            let (y, x) = angle.sin_cos();
            let (x, y) = ((x * 1000.0) as f32, (y * 1000.0) as f32);
            vertices.push(vertex([x, y, 0.0], up, [x, y]));
        }
        let triangles: Vec<[u32; 3]> = (0..SPOKES)
            .map(|i| [0, i + 1, (i + 1) % SPOKES + 1])
            .collect();
        let tangents = ours(&vertices, &triangles);
        assert!(
            tangents
                .iter()
                .flatten()
                .all(|t| t[0] > 0.99 && t[3] == 1.0)
        );
        // The same triangle again and again, and all vertices in one place.
        ours(&vertices, &vec![[0, 1, 2]; SPOKES as usize]);
        let mut crowded = vertices.clone();
        for vertex in &mut crowded {
            vertex.position = [0.0; 3];
        }
        let tangents = ours(&crowded, &triangles);
        assert!(tangents.iter().all(Option::is_none));
    }

    /// Vertices on a small lattice, so that positions, normals and texture coordinates coincide often.
    fn crowded_vertices() -> impl Strategy<Value = Vec<Vertex>> {
        let number = |n: i32| (0..n).prop_map(|x| x as f32 * 0.5);
        let normals = prop::sample::select(vec![
            [0.0, 0.0, 1.0],
            [0.0, 1.0, 0.0],
            [0.6, 0.0, 0.8],
            [-1.0, 0.0, 0.0],
        ]);
        let vertex = (
            [number(3), number(3), number(2)],
            normals,
            [number(4), number(4)],
        )
            .prop_map(|(position, normal, texcoord)| vertex(position, normal, texcoord));
        prop::collection::vec(vertex, 3..24)
    }

    /// A bumpy grid, with mirrored and flat regions in its mapping.
    fn grids() -> impl Strategy<Value = (Vec<Vertex>, Vec<[u32; 3]>)> {
        let heights = prop::collection::vec(0.0f32..1.0, 49);
        let offsets = prop::collection::vec((-0.6f32..0.6, -0.6f32..0.6), 49);
        (heights, offsets, prop::collection::vec(any::<bool>(), 36)).prop_map(
            |(heights, offsets, flips)| {
                let vertices = (0..49)
                    .map(|i| {
                        let (x, y) = ((i % 7) as f32, (i / 7) as f32);
                        let (du, dv) = offsets[i];
                        let normal = V([heights[i] - 0.5, 0.3 * heights[48 - i], 1.0]).direction();
                        // A fold in the mapping at x = 3, and none of it beyond y = 5.
                        let (u, v) = (
                            (x - 3.0).abs() + du,
                            y.min(5.0) + dv * (y < 5.0) as u8 as f32,
                        );
                        vertex([x, y, heights[i]], normal.0, [u, v])
                    })
                    .collect();
                let triangles = (0..36u32)
                    .flat_map(|cell| {
                        let at = cell / 6 * 7 + cell % 6;
                        let [a, b, c, d] = [at, at + 1, at + 8, at + 7];
                        if flips[cell as usize] {
                            [[a, b, c], [a, c, d]]
                        } else {
                            [[a, b, d], [b, c, d]]
                        }
                    })
                    .collect();
                (vertices, triangles)
            },
        )
    }

    proptest! {
        #[test]
        fn random_soups_equal_the_reference(
            vertices in crowded_vertices(),
            picks in prop::collection::vec(any::<[prop::sample::Index; 3]>(), 1..60),
        ) {
            let triangles: Vec<[u32; 3]> = picks
                .iter()
                .map(|pick| pick.map(|index| index.index(vertices.len()) as u32))
                .collect();
            assert_equal(&vertices, &triangles);
        }

        #[test]
        fn bumpy_grids_equal_the_reference((vertices, triangles) in grids()) {
            assert_equal(&vertices, &triangles);
        }

        #[test]
        fn any_finite_numbers_are_survived(
            numbers in prop::collection::vec(any::<[f32; 5]>(), 3..12),
            picks in prop::collection::vec(any::<[prop::sample::Index; 3]>(), 1..20),
        ) {
            let finite = |x: f32| if x.is_finite() { x } else { 0.0 };
            let vertices: Vec<Vertex> = numbers
                .iter()
                .map(|[x, y, z, u, v]| {
                    vertex([*x, *y, *z].map(finite), [0.0, 0.0, 1.0], [*u, *v].map(finite))
                })
                .collect();
            let triangles: Vec<[u32; 3]> = picks
                .iter()
                .map(|pick| pick.map(|index| index.index(vertices.len()) as u32))
                .collect();
            ours(&vertices, &triangles);
        }
    }
}

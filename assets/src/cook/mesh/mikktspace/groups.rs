//! Corners that share a tangent, and the tangent that they share.

use super::{NONE, TangentSpace, TangentSpaces, vector::V, weld::Welded};

/// Groups up to this size are divided exactly as the reference does.
const MOST_COMPARED: usize = 512;

/// Corners around one point that share a tangent.
pub(super) struct Groups {
    /// For each corner, the corner that its group began with.
    of_corner: Vec<[u32; 3]>,
    /// Faces and corners of the current group.
    members: Vec<(u32, u8)>,
    /// For each member, its directions in the plane of the normal.
    directions: Vec<(V, V)>,
}

impl Groups {
    /// No groups yet.
    pub(super) fn new(faces: usize) -> Self {
        Self {
            of_corner: vec![[NONE; 3]; faces],
            members: Vec::new(),
            directions: Vec::new(),
        }
    }

    /// Collects the group of a corner: all faces that are reached over edges at its point and map the
    /// texture in the same orientation. Returns false if the corner has a group already, or cannot begin
    /// one.
    pub(super) fn collect(
        &mut self,
        mesh: &mut Welded,
        neighbours: &[[u32; 3]],
        face: usize,
        corner: usize,
    ) -> bool {
        if mesh.slopes[face].is_vague || self.of_corner[face][corner] != NONE {
            return false;
        }
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
        true
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
    pub(super) fn evaluate(&mut self, mesh: &Welded, spaces: &mut TangentSpaces) {
        if self.members.len() > 1 {
            self.members.sort_unstable();
        }
        let Some(&(face, corner)) = self.members.first() else {
            return;
        };
        let normal = mesh.points[mesh.faces[face as usize][corner as usize] as usize].normal;
        let is_preserving = mesh.slopes[face as usize].is_preserving;
        let sign = if is_preserving { 1.0 } else { -1.0 };
        self.directions.clear();
        for &(face, _) in &self.members {
            let slope = &mesh.slopes[face as usize];
            self.directions.push(slope.flattened(normal));
        }
        let all = 0..self.members.len();
        if self.is_uniform(mesh) || self.members.len() > MOST_COMPARED {
            let tangent = self.mean_tangent(mesh, normal, all);
            let id = push(&mut spaces.spaces, normal, tangent, sign);
            for &(face, corner) in &self.members {
                spaces.of_corner[mesh.places[face as usize] as usize * 3 + corner as usize] = id;
            }
            return;
        }
        // Opposite directions do not mix: each member has a subset of its own.
        let mut subsets: Vec<(Vec<usize>, u32)> = Vec::new();
        for i in all.clone() {
            let subset: Vec<usize> = all
                .clone()
                .filter(|&j| i == j || self.agree(mesh, i, j))
                .collect();
            let id = match subsets.iter().find(|(known, _)| *known == subset) {
                Some((_, id)) => *id,
                None => {
                    let tangent = self.mean_tangent(mesh, normal, subset.iter().copied());
                    let id = push(&mut spaces.spaces, normal, tangent, sign);
                    subsets.push((subset, id));
                    id
                }
            };
            let (face, corner) = self.members[i];
            spaces.of_corner[mesh.places[face as usize] as usize * 3 + corner as usize] = id;
        }
    }

    fn is_vague(&self, mesh: &Welded, member: usize) -> bool {
        mesh.slopes[self.members[member].0 as usize].is_vague
    }

    /// Whether surely no two members have opposite directions: all are within 84 degrees of one.
    fn is_uniform(&self, mesh: &Welded) -> bool {
        let mut clear = (0..self.members.len()).filter(|&i| !self.is_vague(mesh, i));
        let Some(first) = clear.next() else {
            return true;
        };
        let (s, t) = self.directions[first];
        clear.all(|i| {
            let (own_s, own_t) = self.directions[i];
            own_s.dot(s) > 0.1 && own_t.dot(t) > 0.1
        })
    }

    fn agree(&self, mesh: &Welded, i: usize, j: usize) -> bool {
        let ((s_i, t_i), (s_j, t_j)) = (self.directions[i], self.directions[j]);
        self.is_vague(mesh, i)
            || self.is_vague(mesh, j)
            || (s_i.dot(s_j) > -1.0 && t_i.dot(t_j) > -1.0)
    }

    /// The mean of the directions along U of some members, weighted by angle. Members come in the order
    /// of faces.
    fn mean_tangent(&self, mesh: &Welded, normal: V, some: impl Iterator<Item = usize>) -> V {
        let mut sum = V::ZERO;
        for i in some {
            if self.is_vague(mesh, i) {
                continue;
            }
            let (face, corner) = self.members[i];
            let (face, corner) = (&mesh.faces[face as usize], corner as usize);
            let position = |i: usize| mesh.points[face[i] as usize].position;
            let here = position(corner);
            let [after, before] = [(corner + 1) % 3, (corner + 2) % 3]
                .map(|i| (position(i) - here).flattened(normal).direction());
            // The reference computes the angle in double precision.
            let angle = f64::from(after.dot(before).clamp(-1.0, 1.0)).acos() as f32;
            let (s, _) = self.directions[i];
            sum = sum + s * angle;
        }
        sum.direction()
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

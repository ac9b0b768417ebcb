//! Polygons into triangles, by material.

use crate::source::scene::{MaterialId, TriangleRange};
use ufbx::{Face, Mesh, triangulate_face};

/// Triangles of a mesh while they are made. A reference into the document must not be kept while other
/// tasks have their turn, so the mesh is given to each step anew.
#[derive(Default)]
pub(super) struct Triangulation {
    next_face: usize,
    /// For each slot, where its next triangle goes.
    cursors: Vec<usize>,
    indices: Vec<u32>,
    scratch: Vec<u32>,
    /// Faces of fewer than three corners.
    pub(super) degenerate: u32,
    /// Faces of too many corners.
    pub(super) oversized: u32,
}

/// Corners of a face beyond which it is not cut into triangles. The parser's search for ears compares
/// all corners with all others in the worst case, and cannot be interrupted.
const MAX_CORNERS: u32 = 16 << 10;

/// Corners that are looked at between two checkpoints.
const STRETCH: usize = 4096;

impl Triangulation {
    /// Counts the triangles of each slot. `None` when there are more than 32 bits can number.
    pub(super) fn of(mesh: &Mesh, slots: usize) -> Option<Self> {
        let mut result = Self::default();
        let mut counts = vec![0usize; slots.max(1)];
        let mut most = 0;
        for (index, face) in mesh.faces.iter().enumerate() {
            match corners_drawn(mesh, index, face) {
                Drawn::Hole => {}
                Drawn::Degenerate => result.degenerate = result.degenerate.saturating_add(1),
                Drawn::Oversized => result.oversized = result.oversized.saturating_add(1),
                Drawn::Corners(corners) => {
                    counts[slot(mesh, index, slots)] += corners - 2;
                    most = most.max(corners);
                }
            }
        }
        let mut total = 0usize;
        for count in counts {
            result.cursors.push(total);
            total = total.checked_add(count.checked_mul(3)?)?;
        }
        u32::try_from(total).ok()?;
        result.indices = vec![0; total];
        result.scratch = vec![0; 3 * most];
        Some(result)
    }

    /// Makes the next few triangles. False when there are no more.
    pub(super) fn advance(&mut self, mesh: &Mesh, flip: bool) -> bool {
        let slots = self.cursors.len();
        let mut budget = STRETCH;
        while let Some(&face) = mesh.faces.get(self.next_face) {
            if budget == 0 {
                return true;
            }
            let index = self.next_face;
            self.next_face += 1;
            budget = budget.saturating_sub(face.num_indices as usize);
            if let Drawn::Corners(corners) = corners_drawn(mesh, index, &face) {
                self.add(mesh, face, corners, slot(mesh, index, slots), flip);
            }
        }
        false
    }

    fn add(&mut self, mesh: &Mesh, face: Face, corners: usize, slot: usize, flip: bool) {
        let len = 3 * (corners - 2);
        let scratch = &mut self.scratch[..len];
        // Should the parser find fewer triangles, the rest has no area.
        scratch.fill(face.index_begin);
        triangulate_face(scratch, mesh, face);
        if flip {
            for [_, b, c] in scratch.as_chunks_mut::<3>().0 {
                std::mem::swap(b, c);
            }
        }
        let start = self.cursors[slot];
        self.indices[start..start + len].copy_from_slice(scratch);
        self.cursors[slot] += len;
    }

    /// The corners, and which of them have which material.
    pub(super) fn finish(self, materials: &[Option<MaterialId>]) -> (Vec<u32>, Vec<TriangleRange>) {
        let mut ranges = Vec::new();
        let mut first = 0;
        // Each cursor has moved to where the next slot begins.
        for (slot, end) in self.cursors.into_iter().enumerate() {
            if end > first {
                ranges.push(TriangleRange {
                    // Fits, as the total was checked.
                    first_index: first as u32,
                    index_count: (end - first) as u32,
                    material: materials.get(slot).copied().flatten(),
                });
            }
            first = end;
        }
        (self.indices, ranges)
    }
}

enum Drawn {
    Hole,
    Degenerate,
    Oversized,
    Corners(usize),
}

fn corners_drawn(mesh: &Mesh, index: usize, face: &Face) -> Drawn {
    if mesh.face_hole.get(index).copied().unwrap_or(false) {
        Drawn::Hole
    } else if face.num_indices < 3 {
        Drawn::Degenerate
    } else if face.num_indices > MAX_CORNERS {
        Drawn::Oversized
    } else {
        Drawn::Corners(face.num_indices as usize)
    }
}

/// The slot of a face. What has no valid one has the first.
fn slot(mesh: &Mesh, face: usize, slots: usize) -> usize {
    let slot = mesh.face_material.get(face).copied().unwrap_or(0) as usize;
    if slot < slots { slot } else { 0 }
}

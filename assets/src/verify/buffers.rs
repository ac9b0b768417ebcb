//! Checks of what is in the buffers of geometries.
//!
//! Whoever reads the files holds one vertex buffer, and streams the indices that address it: [`ViewCheck`]
//! takes them piece by piece.

use super::{
    Findings,
    bounds::Extent,
    float,
    geometry::{MeshFact, ViewFact},
    number,
};
use crate::diagnostic::codes::verify as codes;

const VERTEX: usize = 72;

/// Walks over the indices of one view.
#[derive(Clone, Debug)]
pub struct ViewCheck<'a> {
    vertices: &'a [[u8; VERTEX]],
    vertex_count: u64,
    index_size: u64,
    seen: SeenView,
}

/// What the indices of a view address.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenView {
    extent: Extent,
    indices: u64,
    least: u64,
    largest: u64,
    /// The first index that addresses no vertex of the view: its position in the view, and its value.
    beyond: Option<(u64, u64)>,
}

impl<'a> ViewCheck<'a> {
    /// A walk over a view into a vertex buffer.
    pub fn new(mesh: &MeshFact, view: &ViewFact, vertices: &'a [u8]) -> Self {
        let vertices = vertices.as_chunks().0;
        let first = usize::try_from(view.first_vertex).unwrap_or(usize::MAX);
        Self {
            vertices: vertices.get(first..).unwrap_or_default(),
            vertex_count: view.vertex_count,
            index_size: mesh.index_size,
            seen: SeenView {
                extent: Extent::EMPTY,
                indices: 0,
                least: u64::MAX,
                largest: 0,
                beyond: None,
            },
        }
    }

    /// Looks at a piece of the indices: whole ones, in the order in which they are stored.
    pub fn feed(&mut self, indices: &[u8]) {
        if self.index_size == 2 {
            for index in indices.as_chunks().0 {
                self.see(u32::from(u16::from_le_bytes(*index)));
            }
        } else {
            for index in indices.as_chunks().0 {
                self.see(u32::from_le_bytes(*index));
            }
        }
    }

    #[inline]
    fn see(&mut self, index: u32) {
        let seen = &mut self.seen;
        let value = u64::from(index);
        seen.least = seen.least.min(value);
        seen.largest = seen.largest.max(value);
        match self.vertices.get(index as usize) {
            Some(vertex) if value < self.vertex_count => {
                let point = [0, 4, 8].map(|axis| {
                    let bytes = [
                        vertex[axis],
                        vertex[axis + 1],
                        vertex[axis + 2],
                        vertex[axis + 3],
                    ];
                    f32::from_le_bytes(bytes)
                });
                // Others are reported with their buffer.
                if point.iter().all(|number| number.is_finite()) {
                    seen.extent.include(point);
                }
            }
            _ => {
                seen.beyond.get_or_insert((seen.indices, value));
            }
        }
        seen.indices += 1;
    }

    /// What was seen.
    pub fn finish(self) -> SeenView {
        self.seen
    }
}

/// Checks a mesh against what its views address: one entry for each view, in order; `None` for a view
/// that nobody looked into.
pub fn check_mesh(mesh: &MeshFact, seen: &[Option<SeenView>]) -> Findings {
    let mut findings = Findings::about(&mesh.file);
    let mut all = Extent::EMPTY;
    let mut is_complete = true;
    let mut skipped = 0;
    let mut seen = seen.iter();
    for (index, submesh) in mesh.submeshes.iter().enumerate() {
        let object = format!("{}.submeshes[{index}]", mesh.object);
        let mut extent = Extent::EMPTY;
        for (position, view) in submesh.views.iter().enumerate() {
            let Some(Some(seen)) = seen.next() else {
                is_complete = false;
                skipped += 1;
                continue;
            };
            let object = format!("{object}.views[{position}]");
            is_complete &= check_view(view, seen, &object, &mut findings);
            extent.unite(&seen.extent);
        }
        check_box(
            &submesh.bounds,
            &extent,
            is_complete,
            &object,
            &mut findings,
        );
        all.unite(&extent);
    }
    // Joints move the vertices of a skinned mesh: a box with room is no flaw.
    let is_tight = is_complete && mesh.joint_count.is_none();
    check_box(&mesh.bounds, &all, is_tight, &mesh.object, &mut findings);
    if skipped > 0 {
        let text = format!("{skipped} views were not looked into: they overlap too much");
        findings.add(codes::GEOMETRY_FORM, &mesh.object, text);
    }
    findings
}

/// Gives whether everything that the view addresses is there.
fn check_view(view: &ViewFact, seen: &SeenView, object: &str, findings: &mut Findings) -> bool {
    if seen.indices != view.index_count {
        let text = format!("{} of {} indices are there", seen.indices, view.index_count);
        findings.add(codes::GEOMETRY, object, text);
        return false;
    }
    if let Some((position, value)) = seen.beyond {
        let text = format!(
            "index {position} is {value}, but the view has {} vertices",
            view.vertex_count
        );
        findings.add(codes::GEOMETRY, object, text);
        return false;
    }
    if seen.least != 0 || seen.largest + 1 != view.vertex_count {
        let text = format!(
            "the view has {} vertices, but uses {} to {} only",
            view.vertex_count, seen.least, seen.largest
        );
        findings.add(codes::GEOMETRY_FORM, object, text);
    }
    true
}

fn check_box(
    stored: &Extent,
    actual: &Extent,
    is_tight: bool,
    object: &str,
    findings: &mut Findings,
) {
    // A stored box that is none was reported with its descriptor.
    if !stored.is_valid() || !actual.is_valid() {
        return;
    }
    if !stored.contains(actual) {
        let text = format!(
            "the box from {:?} to {:?} does not contain the vertices, which reach from {:?} to {:?}",
            stored.min, stored.max, actual.min, actual.max
        );
        findings.add(codes::GEOMETRY, object, text);
    } else if is_tight && stored.is_loose_around(actual) {
        let text = format!(
            "the box from {:?} to {:?} is larger than the vertices, which reach from {:?} to {:?}",
            stored.min, stored.max, actual.min, actual.max
        );
        findings.add(codes::GEOMETRY_FORM, object, text);
    }
}

/// Counts what is wrong with the elements of a buffer, and remembers where it was first.
#[derive(Default)]
struct Tally {
    count: u64,
    first: u64,
}

impl Tally {
    fn note(&mut self, element: usize, is_wrong: bool) {
        if is_wrong {
            if self.count == 0 {
                self.first = element as u64;
            }
            self.count += 1;
        }
    }

    fn report(
        &self,
        code: crate::diagnostic::Code,
        what: &str,
        object: &str,
        findings: &mut Findings,
    ) {
        if self.count > 0 {
            let text = format!("{} {what}, the first of them {}", self.count, self.first);
            findings.add(code, object, text);
        }
    }
}

/// Checks the numbers of a vertex buffer.
pub fn check_vertices(bytes: &[u8], object: &str, findings: &mut Findings) {
    let (mut positions, mut others) = (Tally::default(), Tally::default());
    for (element, vertex) in bytes.chunks_exact(VERTEX).enumerate() {
        let is_finite = |number: usize| float(vertex, 4 * number).is_finite();
        positions.note(element, !(0..3).all(is_finite));
        others.note(element, !(3..18).all(is_finite));
    }
    let what = "vertices have positions that are not finite";
    positions.report(codes::GEOMETRY, what, object, findings);
    let what = "vertices have attributes that are not finite";
    others.report(codes::GEOMETRY_FORM, what, object, findings);
}

/// The largest joint that a buffer of joint indices names.
pub fn largest_joint(bytes: &[u8]) -> Option<u64> {
    bytes.chunks_exact(4).map(|joint| number(joint, 0, 4)).max()
}

/// Checks that a mesh has the joints that its vertices name.
pub fn check_joints(mesh: &MeshFact, largest: u64) -> Findings {
    let mut findings = Findings::about(&mesh.file);
    if let Some(joints) = mesh.joint_count
        && largest >= joints
    {
        let text = format!("vertices follow joint {largest} of {joints}");
        findings.add(codes::GEOMETRY, &mesh.object, text);
    }
    findings
}

/// Checks a buffer of joint weights.
pub fn check_weights(bytes: &[u8], object: &str, findings: &mut Findings) {
    let (mut senseless, mut uneven) = (Tally::default(), Tally::default());
    for (element, weights) in bytes.chunks_exact(16).enumerate() {
        let weights = [0, 4, 8, 12].map(|at| float(weights, at));
        let makes_sense = weights
            .iter()
            .all(|weight| weight.is_finite() && *weight >= 0.0);
        senseless.note(element, !makes_sense);
        let sum: f32 = weights.iter().sum();
        uneven.note(element, makes_sense && (sum - 1.0).abs() > 1e-3);
    }
    let what = "vertices have weights that are negative or not finite";
    senseless.report(codes::GEOMETRY, what, object, findings);
    let what = "vertices have weights that do not add up to 1";
    uneven.report(codes::GEOMETRY_FORM, what, object, findings);
}

/// Checks a buffer of inverse bind matrices.
pub fn check_matrices(bytes: &[u8], object: &str, findings: &mut Findings) {
    let mut infinite = Tally::default();
    for (element, matrix) in bytes.chunks_exact(64).enumerate() {
        let is_finite = |number: usize| float(matrix, 4 * number).is_finite();
        infinite.note(element, !(0..16).all(is_finite));
    }
    let what = "matrices are not finite";
    infinite.report(codes::GEOMETRY, what, object, findings);
}

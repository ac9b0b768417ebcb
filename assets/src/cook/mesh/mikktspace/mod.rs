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
//! them are compared, up to 512 triangles. Beyond, they are taken as one.

mod groups;
#[cfg(test)]
mod tests;
mod vector;
mod weld;

use super::{gather::STRETCH, vertex::Vertex};
use crate::cook::pace::{Cancelled, Pace};
use groups::Groups;
use weld::Welded;

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
    /// The axis along V is cross(normal, tangent) times this: 1, or -1 where the texture is mirrored.
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
    let mut mesh = Welded::of(vertices, triangles, scratch, pace).await?;
    let neighbours = mesh.neighbours(pace).await?;

    let mut spaces = TangentSpaces {
        of_corner: vec![NONE; 3 * triangles.len()],
        spaces: Vec::new(),
    };
    let mut groups = Groups::new(mesh.faces.len());
    for start in (0..mesh.faces.len()).step_by(STRETCH) {
        let end = (start + STRETCH).min(mesh.faces.len());
        for face in start..end {
            for corner in 0..3 {
                if groups.collect(&mut mesh, &neighbours, face, corner) {
                    groups.evaluate(&mesh, &mut spaces);
                }
            }
        }
        pace.checkpoint().await?;
    }
    mesh.lend_to_collapsed(&mut spaces);
    Ok(spaces)
}

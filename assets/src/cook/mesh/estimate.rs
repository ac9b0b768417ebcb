//! How much memory cooking a mesh takes, for budgets.

use crate::source::scene::MeshSize;

/// The most bytes that decoding and cooking a mesh of this size takes at once, its buffers included.
///
/// It counts what there is for each source vertex and for each corner, and takes vertices to be split in
/// two where corners disagree. Only meshes where every corner has a vertex of its own at the end, though
/// the source shared them, need more: they have at most twice as much.
pub fn estimate(size: MeshSize) -> u64 {
    let skin = if size.skinned { 1 } else { 0 };
    // Streams of the source, and the table of shared vertices.
    let source = size.vertices.saturating_mul(88 + 24 * skin + 4);
    let vertices = size.vertices.saturating_mul(2).min(size.indices);
    // The vertex while it is worked on and as it is stored, the tables of the interner and of order.
    let shared = vertices.saturating_mul(2 * (72 + 32 * skin) + 32);
    // Indices of the source, corners, stored indices; faces, edges and groups of tangents.
    let corners = size.indices.saturating_mul(3 * 4 + 52);
    source.saturating_add(shared).saturating_add(corners)
}

//! Which buffers geometries use, and for what.

use crate::{
    diagnostic::codes::verify as codes,
    verify::{Findings, bounds::Extent},
};
use std::collections::{HashMap, HashSet};

/// A run of indices, as a descriptor describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ViewFact {
    /// In indices.
    pub first_index: u64,
    /// A multiple of 3.
    pub index_count: u64,
    /// In vertices.
    pub first_vertex: u64,
    /// One more than the largest index.
    pub vertex_count: u64,
}

/// Triangles with one material.
#[derive(Clone, Debug, PartialEq)]
pub struct SubmeshFact {
    pub(in crate::verify) bounds: Extent,
    /// Its runs of indices.
    pub views: Vec<ViewFact>,
}

/// A level of detail whose buffers are there, and large enough for what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct MeshFact {
    /// The file of the descriptor.
    pub file: String,
    /// The level, for messages.
    pub object: String,
    /// The vertex buffer.
    pub vertices: usize,
    /// The index buffer.
    pub indices: usize,
    /// Bytes of an index.
    pub index_size: u64,
    pub(in crate::verify) bounds: Extent,
    /// The submeshes.
    pub submeshes: Vec<SubmeshFact>,
    pub(in crate::verify) joint_count: Option<u64>,
}

/// What a buffer is used for by one mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BufferUse {
    /// Vertices of the mesh at this position in [`BufferUses::meshes`].
    Vertices(usize),
    /// Indices.
    Indices(usize),
    /// Joint indices.
    JointIndices(usize),
    /// Joint weights.
    JointWeights(usize),
    /// Inverse bind matrices.
    InverseBind(usize),
    /// The joint remap.
    JointRemap(usize),
}

/// Which buffers geometries use, and for what.
#[derive(Clone, Debug, Default)]
pub struct BufferUses {
    meshes: Vec<MeshFact>,
    uses: HashMap<usize, Vec<BufferUse>>,
    /// Buffers that a descriptor names, whether it may or not.
    named: HashSet<u64>,
    misses_some: bool,
}

impl BufferUses {
    /// The meshes that have buffers.
    pub fn meshes(&self) -> &[MeshFact] {
        &self.meshes
    }

    /// What a buffer is used for.
    pub fn of(&self, buffer: usize) -> &[BufferUse] {
        self.uses.get(&buffer).map_or(&[], Vec::as_slice)
    }

    /// Notes that a geometry could not be read, so that nothing is known of its buffers.
    pub fn miss_some(&mut self) {
        self.misses_some = true;
    }

    /// Warns of buffers that no geometry names.
    pub fn check_unreferenced(&self, buffers: usize, findings: &mut Findings) {
        /// Indices that are listed.
        const MOST: usize = 16;
        if self.misses_some {
            return;
        }
        let unused: Vec<u64> = (0..buffers as u64)
            .filter(|buffer| !self.named.contains(buffer))
            .collect();
        if unused.is_empty() {
            return;
        }
        let list: Vec<_> = unused.iter().take(MOST).map(u64::to_string).collect();
        let more = if unused.len() > MOST { ", ..." } else { "" };
        let text = format!(
            "{} of {buffers} buffers are used by no geometry: {}{more}",
            unused.len(),
            list.join(", ")
        );
        findings.add(codes::UNREFERENCED, "buffers", text);
    }

    /// Notes that a descriptor names a buffer.
    pub(super) fn name(&mut self, buffer: u64) {
        self.named.insert(buffer);
    }

    /// Adds a mesh, and its skinning buffers.
    pub(super) fn add(&mut self, mesh: MeshFact, skin: Option<[usize; 4]>) {
        let index = self.meshes.len();
        let mut add = |buffer, of| self.uses.entry(buffer).or_default().push(of);
        add(mesh.vertices, BufferUse::Vertices(index));
        add(mesh.indices, BufferUse::Indices(index));
        if let Some([joint_indices, joint_weights, inverse_bind, joint_remap]) = skin {
            add(joint_indices, BufferUse::JointIndices(index));
            add(joint_weights, BufferUse::JointWeights(index));
            add(inverse_bind, BufferUse::InverseBind(index));
            add(joint_remap, BufferUse::JointRemap(index));
        }
        self.meshes.push(mesh);
    }
}

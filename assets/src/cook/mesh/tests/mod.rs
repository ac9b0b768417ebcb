//! Meshes are cooked, read back from their buffers, and compared with what they were made of.

mod levels;
mod properties;
mod rules;
mod shading;
mod skinning;

use super::*;
use crate::{
    cook::pace::CancelFlag,
    diagnostic::{Diagnostic, Severity},
    format::ids::ContentHash,
    source::scene::{MaterialId, MeshPart, TangentStream, TriangleRange, VertexStreams},
};
use futures_lite::future::block_on;
use std::sync::Arc;

/// One triangle in the XY plane, with normals and texture coordinates, in slot 0.
pub(super) fn triangle() -> MeshPart {
    part(
        VertexStreams {
            positions: vec![[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
            normals: Some(vec![[0.0, 0.0, 1.0]; 3]),
            texcoords: Some(vec![[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]),
            ..VertexStreams::default()
        },
        vec![0, 1, 2],
    )
}

/// A part with one range, in slot 0.
pub(super) fn part(streams: VertexStreams, indices: Vec<u32>) -> MeshPart {
    let ranges = vec![range(0, indices.len() as u32, 0)];
    MeshPart {
        streams: Arc::new(streams),
        indices,
        ranges,
    }
}

pub(super) fn range(first_index: u32, index_count: u32, material: u32) -> TriangleRange {
    TriangleRange {
        first_index,
        index_count,
        material: Some(MaterialId(material)),
    }
}

pub(super) fn mesh(parts: Vec<MeshPart>) -> MeshSource {
    MeshSource {
        kind: MeshKind::Standard,
        mirrored: false,
        lods: vec![lod("LOD0", parts)],
    }
}

pub(super) fn lod(name: &str, parts: Vec<MeshPart>) -> MeshLod {
    MeshLod {
        name: name.to_owned(),
        parts,
    }
}

pub(super) fn edit(part: &mut MeshPart, change: impl FnOnce(&mut VertexStreams)) {
    change(Arc::make_mut(&mut part.streams));
}

/// Cooks as `Robot/Body`, with ten untextured materials.
pub(super) fn try_build(
    source: &MeshSource,
    settings: &GeometrySettings,
) -> Result<BuiltMesh, MeshBuildError> {
    try_build_at(source, settings, Pace::uninterrupted(CancelFlag::new()))
}

pub(super) fn try_build_at(
    source: &MeshSource,
    settings: &GeometrySettings,
    mut pace: Pace,
) -> Result<BuiltMesh, MeshBuildError> {
    let materials = [MaterialUse::default(); 10];
    let request = MeshRequest {
        name: "Robot/Body",
        source_id: "robot.glb::Robot/Body::0",
        materials: &materials,
    };
    let built = block_on(build_mesh(source, request, settings, &mut pace));
    if let Ok(built) = &built {
        assert_consistent(built);
    }
    built
}

pub(super) fn build(source: &MeshSource) -> BuiltMesh {
    try_build(source, &GeometrySettings::default()).unwrap()
}

/// The code of the error that a mesh fails with; it is the last diagnostic, and the only error.
pub(super) fn failure(source: &MeshSource, settings: &GeometrySettings) -> &'static str {
    match try_build(source, settings) {
        Err(MeshBuildError::Failed { error, diagnostics }) => {
            let last = diagnostics.last().unwrap();
            assert_eq!(last.code, error.code());
            assert_eq!(last.object.as_deref(), Some("Robot/Body"));
            assert_eq!(last.source.as_deref(), Some("robot.glb::Robot/Body::0"));
            assert_eq!(diagnostics.iter().filter(|d| d.is_error()).count(), 1);
            last.code.id()
        }
        other => panic!("expected a failure, not {other:?}"),
    }
}

pub(super) fn codes_of(built: &BuiltMesh) -> Vec<&'static str> {
    built.diagnostics.iter().map(|d| d.code.id()).collect()
}

pub(super) fn buffer(lod: &BuiltLod, role: BufferRole) -> &[u8] {
    let buffer = lod.buffers.iter().find(|buffer| buffer.role == role);
    &buffer.unwrap().bytes
}

pub(super) fn vertices(lod: &BuiltLod) -> Vec<Vertex> {
    let (chunks, rest) = buffer(lod, BufferRole::Vertices).as_chunks::<72>();
    assert!(rest.is_empty());
    chunks.iter().map(Vertex::from_bytes).collect()
}

pub(super) fn words(bytes: &[u8]) -> Vec<u32> {
    let (words, rest) = bytes.as_chunks::<4>();
    assert!(rest.is_empty());
    words.iter().copied().map(u32::from_le_bytes).collect()
}

pub(super) fn influences(lod: &BuiltLod) -> Vec<Influences> {
    let joints = words(buffer(lod, BufferRole::JointIndices));
    let weights = words(buffer(lod, BufferRole::JointWeights));
    let (joints, weights) = (joints.as_chunks::<4>().0, weights.as_chunks::<4>().0);
    assert_eq!(joints.len(), weights.len());
    joints
        .iter()
        .zip(weights)
        .map(|(joints, weights)| Influences {
            joints: *joints,
            weights: weights.map(f32::from_bits),
        })
        .collect()
}

/// Positions in the vertex buffer, three for each triangle of a submesh.
pub(super) fn corners(lod: &BuiltLod, submesh: usize) -> Vec<usize> {
    let view = lod.submeshes[submesh].view;
    let indices = words(buffer(lod, BufferRole::Indices));
    let first = view.first_index as usize;
    indices[first..first + view.index_count as usize]
        .iter()
        .map(|index| (view.first_vertex + index) as usize)
        .collect()
}

/// The triangles of a submesh.
pub(super) fn soup(lod: &BuiltLod, submesh: usize) -> Vec<[Vertex; 3]> {
    let vertices = vertices(lod);
    let corners = corners(lod, submesh);
    let triangles = corners.as_chunks::<3>().0.iter();
    triangles
        .map(|triangle| triangle.map(|corner| vertices[corner]))
        .collect()
}

/// What holds for every mesh that was cooked.
fn assert_consistent(built: &BuiltMesh) {
    assert!((1..=8).contains(&built.lods.len()));
    assert!(built.diagnostics.iter().all(|d| !d.is_error()));
    for (index, lod) in built.lods.iter().enumerate() {
        let roles: Vec<_> = lod.buffers.iter().map(|buffer| buffer.role).collect();
        let all = [
            BufferRole::Vertices,
            BufferRole::Indices,
            BufferRole::JointIndices,
            BufferRole::JointWeights,
            BufferRole::InverseBind,
            BufferRole::JointRemap,
        ];
        assert_eq!(roles, all[..if lod.joint_count.is_some() { 6 } else { 2 }]);
        for buffer in &lod.buffers {
            let part = buffer.role.part();
            let id = format!("geom-buffer:robot.glb::Robot/Body::0:lod{index}:{part}");
            assert_eq!(buffer.id, id);
        }
        let vertices = vertices(lod);
        let indices = words(buffer(lod, BufferRole::Indices));
        assert_eq!(vertices.len(), lod.vertex_count as usize);
        assert_eq!(indices.len(), lod.index_count as usize);
        assert_views(lod, &vertices, &indices);
        assert_bounds(built, lod, &vertices);
        // Vertices that are equal in every bit are one.
        let own = match lod.joint_count {
            Some(_) => influences(lod),
            None => vec![Influences::default(); vertices.len()],
        };
        let distinct: std::collections::HashSet<_> = vertices
            .iter()
            .zip(&own)
            .map(|(vertex, own)| (*vertex.bits(), *own.bits()))
            .collect();
        assert_eq!(distinct.len(), vertices.len());
        for vertex in &vertices {
            assert!(
                vertex
                    .bits()
                    .iter()
                    .all(|bits| f32::from_bits(*bits).is_finite())
            );
        }
    }
}

fn assert_views(lod: &BuiltLod, vertices: &[Vertex], indices: &[u32]) {
    assert!(!lod.submeshes.is_empty());
    let mut next = 0;
    let mut is_used = vec![false; vertices.len()];
    for submesh in &lod.submeshes {
        let view = submesh.view;
        assert_eq!(view.first_index, next);
        assert!(view.index_count > 0 && view.index_count.is_multiple_of(3));
        next += view.index_count;
        let own = &indices[view.first_index as usize..next as usize];
        assert_eq!(own.iter().min(), Some(&0));
        assert_eq!(own.iter().max(), Some(&(view.vertex_count - 1)));
        assert!(view.first_vertex + view.vertex_count <= vertices.len() as u32);
        for index in own {
            is_used[(view.first_vertex + index) as usize] = true;
        }
    }
    assert_eq!(next as usize, indices.len());
    assert!(is_used.into_iter().all(|used| used));
    let order = lod
        .submeshes
        .iter()
        .map(|s| (s.material.is_none(), s.material));
    assert!(order.is_sorted_by(|a, b| a < b));
}

fn assert_bounds(built: &BuiltMesh, lod: &BuiltLod, vertices: &[Vertex]) {
    for (index, submesh) in lod.submeshes.iter().enumerate() {
        let corners = corners(lod, index);
        let positions = corners.iter().map(|&corner| vertices[corner].position);
        assert_eq!(Bounds::of(positions), Some(submesh.bounds));
    }
    let positions = vertices.iter().map(|vertex| vertex.position);
    assert_eq!(Bounds::of(positions), Some(lod.bounds));
    assert!(built.bounds.contains(lod.bounds.min) && built.bounds.contains(lod.bounds.max));
}

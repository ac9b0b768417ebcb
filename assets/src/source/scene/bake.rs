//! Moving the transforms of nodes into the vertices of their meshes.
//!
//! What moves is the linear part: rotation, scale and shear. The node keeps its place, and nodes below it
//! keep theirs. Skinned meshes are moved by joints, not by their node; meshes with several nodes would
//! have to become several; cameras and lights would lose their direction: such nodes are left alone.

use super::{
    DecodedMesh, LoadFuture, MaterialId, MeshId, MeshLoader, MeshLod, MeshPart, MeshSource, NodeId,
    SceneParts, SceneSource, TangentStream, VertexStreams,
};
use crate::{
    cook::pace::{Cancelled, Pace},
    diagnostic::{Diagnostic, codes::mesh as codes},
};
use glam::{DMat3, DMat4, DVec3};
use std::{collections::BTreeMap, sync::Arc};

impl SceneSource {
    /// Moves the linear transforms of nodes into their meshes, where that is possible.
    #[must_use]
    pub fn with_baked_transforms(self) -> Self {
        let mut parts = self.into_parts();
        let mut users = vec![0u32; parts.meshes.len()];
        for mesh in parts.nodes.iter().filter_map(|node| node.mesh) {
            users[mesh.index()] += 1;
        }
        // What was taken from each node, to be given to its children. Parents come first.
        let mut taken = vec![DMat3::IDENTITY; parts.nodes.len()];
        for index in 0..parts.nodes.len() {
            if let Some(parent) = parts.nodes[index].parent.map(NodeId::index)
                && taken[parent] != DMat3::IDENTITY
            {
                let local = &mut parts.nodes[index].local;
                *local = DMat4::from_mat3(taken[parent]) * *local;
            }
            let local = parts.nodes[index].local;
            let linear = DMat3::from_mat4(local);
            let Some(mesh) = parts.nodes[index].mesh else {
                continue;
            };
            if linear == DMat3::IDENTITY {
                continue;
            }
            if let Some(reason) = obstacle(&parts, index, mesh, users[mesh.index()], linear) {
                let node = &parts.nodes[index];
                let message = format!("the transform of node `{}` stays: {reason}", node.name);
                parts.diagnostics.push(
                    Diagnostic::new(codes::BAKE_SKIPPED, message).object(format!("node {index}")),
                );
                continue;
            }
            taken[index] = linear;
            parts.nodes[index].local = DMat4::from_translation(local.w_axis.truncate());
            let mesh = &mut parts.meshes[mesh.index()];
            mesh.loader = Arc::new(BakedMesh {
                mesh: mesh.loader.clone(),
                linear,
            });
        }
        // Neither the tree nor any reference has changed.
        Self { parts }
    }
}

fn obstacle(
    parts: &SceneParts,
    node: usize,
    mesh: MeshId,
    users: u32,
    linear: DMat3,
) -> Option<&'static str> {
    let source = &parts.nodes[node];
    if parts.meshes[mesh.index()].size.skinned {
        Some("its mesh is skinned")
    } else if users > 1 {
        Some("its mesh has other nodes as well")
    } else if source.camera.is_some() || source.light.is_some() {
        Some("it carries a camera or a light")
    } else if !(linear.determinant().is_normal() && linear.is_finite()) {
        Some("it has no inverse")
    } else {
        None
    }
}

/// A mesh whose vertices are transformed when it is loaded.
struct BakedMesh {
    mesh: Arc<dyn MeshLoader>,
    linear: DMat3,
}

impl MeshLoader for BakedMesh {
    fn load<'a>(&'a self, pace: &'a mut Pace) -> LoadFuture<'a> {
        Box::pin(async move {
            let DecodedMesh { mesh, diagnostics } = self.mesh.load(pace).await?;
            let mut mesh = Arc::unwrap_or_clone(mesh);
            transform_mesh(&mut mesh, self.linear, pace).await?;
            // Whether the node mirrors what it shows is decided by its parents alone from now on.
            mesh.mirrored ^= self.linear.determinant() < 0.0;
            Ok(DecodedMesh {
                mesh: Arc::new(mesh),
                diagnostics,
            })
        })
    }

    fn materials(&self) -> Option<Vec<MaterialId>> {
        self.mesh.materials()
    }
}

async fn transform_mesh(
    mesh: &mut MeshSource,
    linear: DMat3,
    pace: &mut Pace,
) -> Result<(), Cancelled> {
    transform_parts(
        mesh.lods.iter_mut().flat_map(|lod| &mut lod.parts),
        DMat4::from_mat3(linear),
        pace,
    )
    .await
}

/// Moves one level of a mesh to another place.
pub(crate) async fn transform_level(
    lod: &mut MeshLod,
    place: DMat4,
    pace: &mut Pace,
) -> Result<(), Cancelled> {
    transform_parts(lod.parts.iter_mut(), place, pace).await
}

async fn transform_parts(
    parts: impl Iterator<Item = &mut MeshPart>,
    place: DMat4,
    pace: &mut Pace,
) -> Result<(), Cancelled> {
    let linear = DMat3::from_mat4(place);
    // Parts that shared their streams still do so afterwards. Streams are known by their address, which
    // is theirs alone as long as a part that is still to come holds them.
    let mut done: BTreeMap<usize, Arc<VertexStreams>> = BTreeMap::new();
    for part in parts {
        let address = Arc::as_ptr(&part.streams).addr();
        if let Some(streams) = done.get(&address) {
            part.streams = streams.clone();
        } else {
            let mut streams = Arc::unwrap_or_clone(std::mem::take(&mut part.streams));
            pace.checkpoint().await?;
            transform_streams(&mut streams, place, pace).await?;
            part.streams = Arc::new(streams);
            done.insert(address, part.streams.clone());
        }
        if linear.determinant() < 0.0 {
            turn_over(part, pace).await?;
        }
    }
    Ok(())
}

/// A mirrored triangle faces the other way, unless two of its corners change places.
async fn turn_over(part: &mut MeshPart, pace: &mut Pace) -> Result<(), Cancelled> {
    for triangles in part.indices.chunks_mut(3 * STRETCH) {
        for [_, b, c] in triangles.as_chunks_mut::<3>().0 {
            std::mem::swap(b, c);
        }
        pace.checkpoint().await?;
    }
    Ok(())
}

/// Vertices between two checkpoints: some ten microseconds of work.
const STRETCH: usize = 4096;

async fn transform_streams(
    streams: &mut VertexStreams,
    place: DMat4,
    pace: &mut Pace,
) -> Result<(), Cancelled> {
    let linear = DMat3::from_mat4(place);
    let normals = linear.inverse().transpose();
    transform(&mut streams.positions, pace, |v| place.transform_point3(v)).await?;
    if let Some(stream) = &mut streams.normals {
        transform(stream, pace, |v| (normals * v).normalize_or_zero()).await?;
    }
    let direction = |v: DVec3| (linear * v).normalize_or_zero();
    match &mut streams.tangents {
        None => {}
        Some(TangentStream::Signed(stream)) => {
            // The cross product of two mirrored vectors is not mirrored.
            let sign = linear.determinant().signum() as f32;
            for tangents in stream.chunks_mut(STRETCH) {
                for [x, y, z, w] in tangents {
                    [*x, *y, *z] =
                        direction(DVec3::new(f64::from(*x), f64::from(*y), f64::from(*z)))
                            .as_vec3()
                            .to_array();
                    *w *= sign;
                }
                pace.checkpoint().await?;
            }
        }
        Some(TangentStream::Frames {
            tangents,
            bitangents,
        }) => {
            transform(tangents, pace, direction).await?;
            transform(bitangents, pace, direction).await?;
        }
    }
    Ok(())
}

async fn transform(
    stream: &mut [[f32; 3]],
    pace: &mut Pace,
    change: impl Fn(DVec3) -> DVec3,
) -> Result<(), Cancelled> {
    for vectors in stream.chunks_mut(STRETCH) {
        for vector in vectors {
            *vector = change(DVec3::from_array(vector.map(f64::from)))
                .as_vec3()
                .to_array();
        }
        pace.checkpoint().await?;
    }
    Ok(())
}

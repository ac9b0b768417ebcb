//! Reading the vertices and triangles of checked primitives into engine space.

use super::{
    accessor::Accessor,
    level::{Group, Level},
    limits::GltfLimits,
    primitive::{Attribute, Primitive, Vertices},
    read::{STRETCH, Which},
    report::about,
    space,
};
use crate::{
    cook::pace::{Cancelled, Pace},
    diagnostic::codes::{gltf as codes, mesh as mesh_codes},
    source::scene::{
        InfluenceSet, MeshLoadError, MeshPart, TangentStream, TriangleRange, VertexStreams,
    },
};
use gltf::json::accessor::Type;
use std::sync::Arc;

/// How a level is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'a> {
    pub(super) limits: &'a GltfLimits,
    /// The factor of positions.
    pub(super) scale: f32,
    /// Whether joints and weights are read.
    pub(super) is_skinned: bool,
}

impl Level {
    /// Reads all primitives, in order. Those that draw from the same vertices share them.
    ///
    /// # Errors
    /// Cancellation, or data that breaks a rule.
    pub(super) async fn read(
        &self,
        reading: Reading<'_>,
        pace: &mut Pace,
    ) -> Result<Vec<MeshPart>, MeshLoadError> {
        let mut parts = vec![MeshPart::default(); self.primitives];
        for group in &self.groups {
            group.read(reading, &mut parts, pace).await?;
        }
        Ok(parts)
    }
}

impl Group {
    async fn read(
        &self,
        reading: Reading<'_>,
        parts: &mut [MeshPart],
        pace: &mut Pace,
    ) -> Result<(), MeshLoadError> {
        pace.checkpoint().await?;
        let mut vertices = std::borrow::Cow::Borrowed(&self.vertices);
        let mut lists = Vec::with_capacity(self.primitives.len());
        match &self.vertices.compressed {
            Some(compressed) => {
                let object = self
                    .primitives
                    .first()
                    .map_or("", |(_, first)| &first.object);
                let decoded = compressed.decode(reading.limits, object)?;
                pace.checkpoint().await?;
                vertices.to_mut().replace(|name, declared| {
                    match compressed.attributes.get(name) {
                        Some(&id) => decoded.attribute(id, declared),
                        None => Ok(declared.clone()),
                    }
                })?;
                pace.checkpoint().await?;
                for _ in &self.primitives {
                    lists.push(decoded.indices.clone());
                }
            }
            None => {
                for (_, primitive) in &self.primitives {
                    lists.push(primitive.read_triangles(&self.vertices, pace).await?);
                }
            }
        }
        let count = vertices.positions.accessor.count;
        for ((_, primitive), list) in self.primitives.iter().zip(&lists) {
            primitive.check_indices(list, count, pace).await?;
        }
        let corners: usize = lists.iter().map(Vec::len).sum();
        let streams = if count > corners {
            // Most vertices belong to others: read those that are used, and number them anew.
            let mut used = lists.concat();
            pace.checkpoint().await?;
            used.sort_unstable();
            used.dedup();
            for list in &mut lists {
                for stretch in list.chunks_mut(STRETCH) {
                    for index in stretch {
                        // Each of them is there, and there are at most as many as an index can number.
                        *index = used.binary_search(index).unwrap_or_default() as u32;
                    }
                    pace.checkpoint().await?;
                }
            }
            vertices.read(Which::These(&used), reading, pace).await?
        } else {
            vertices.read(Which::All, reading, pace).await?
        };
        let streams = Arc::new(streams);
        for ((place, primitive), indices) in self.primitives.iter().zip(lists) {
            let range = TriangleRange {
                first_index: 0,
                // Limits keep the number of indices of a mesh below what 32 bits can count.
                index_count: u32::try_from(indices.len()).unwrap_or(u32::MAX),
                material: primitive.material,
            };
            if let Some(part) = parts.get_mut(*place) {
                *part = MeshPart {
                    streams: streams.clone(),
                    ranges: if indices.is_empty() {
                        Vec::new()
                    } else {
                        vec![range]
                    },
                    indices,
                };
            }
        }
        Ok(())
    }
}

impl Primitive {
    async fn read_triangles(
        &self,
        vertices: &Vertices,
        pace: &mut Pace,
    ) -> Result<Vec<u32>, MeshLoadError> {
        let row = match &self.indices {
            Some(indices) => indices
                .integers::<1>(Which::All, pace)
                .await?
                .into_flattened(),
            None => {
                let count = u32::try_from(vertices.positions.accessor.count);
                (0..count.unwrap_or(u32::MAX)).collect()
            }
        };
        pace.checkpoint().await?;
        Ok(self.topology.triangles(row))
    }

    async fn check_indices(
        &self,
        indices: &[u32],
        count: usize,
        pace: &mut Pace,
    ) -> Result<(), MeshLoadError> {
        for stretch in indices.chunks(STRETCH) {
            let largest = stretch.iter().copied().max().unwrap_or_default();
            if largest as usize >= count {
                let message = format!("index {largest} is not one of {count} vertices");
                return Err(about(mesh_codes::INVALID_INDICES, &self.object, message).into());
            }
            pace.checkpoint().await?;
        }
        Ok(())
    }
}

impl Vertices {
    /// Replaces the accessor of each attribute, by the name of the attribute.
    fn replace<E>(
        &mut self,
        mut with: impl FnMut(&str, &Accessor) -> Result<Accessor, E>,
    ) -> Result<(), E> {
        let attributes = [Some(&mut self.positions)]
            .into_iter()
            .chain([
                self.normals.as_mut(),
                self.tangents.as_mut(),
                self.texcoords.as_mut(),
                self.colors.as_mut(),
            ])
            .flatten()
            .chain(self.influences.iter_mut().flatten());
        for Attribute { name, accessor } in attributes {
            *accessor = with(name, accessor)?;
        }
        Ok(())
    }

    async fn read(
        &self,
        which: Which<'_>,
        reading: Reading<'_>,
        pace: &mut Pace,
    ) -> Result<VertexStreams, MeshLoadError> {
        let scale = reading.scale;
        let mut positions = self.positions.accessor.vectors::<3>(which, pace).await?;
        turn(
            &mut positions,
            |position| space::point(position, scale),
            pace,
        )
        .await?;
        let normals = match &self.normals {
            None => None,
            Some(normals) => {
                let mut normals = normals.accessor.vectors::<3>(which, pace).await?;
                turn(&mut normals, space::direction, pace).await?;
                Some(normals)
            }
        };
        let tangents = match &self.tangents {
            None => None,
            Some(tangents) => {
                let mut tangents = tangents.accessor.vectors::<4>(which, pace).await?;
                let tangent = |[x, y, z, sign]: [f32; 4]| {
                    let [x, y, z] = space::direction([x, y, z]);
                    [x, y, z, sign]
                };
                turn(&mut tangents, tangent, pace).await?;
                Some(TangentStream::Signed(tangents))
            }
        };
        let texcoords = match &self.texcoords {
            None => None,
            Some(texcoords) => Some(texcoords.accessor.vectors::<2>(which, pace).await?),
        };
        let colors = match &self.colors {
            None => None,
            Some(colors) => Some(read_colors(&colors.accessor, which, pace).await?),
        };
        let mut influences = Vec::new();
        if reading.is_skinned {
            for [joints, weights] in &self.influences {
                influences.push(InfluenceSet {
                    joints: read_joints(&joints.accessor, which, pace).await?,
                    weights: weights.accessor.vectors::<4>(which, pace).await?,
                });
            }
        }
        Ok(VertexStreams {
            positions,
            normals,
            tangents,
            texcoords,
            colors,
            influences,
        })
    }
}

async fn read_colors(
    accessor: &Accessor,
    which: Which<'_>,
    pace: &mut Pace,
) -> Result<Vec<[f32; 4]>, MeshLoadError> {
    if accessor.shape == Type::Vec4 {
        return accessor.vectors::<4>(which, pace).await;
    }
    let colors = accessor.vectors::<3>(which, pace).await?;
    pace.checkpoint().await?;
    Ok(colors.into_iter().map(|[r, g, b]| [r, g, b, 1.0]).collect())
}

async fn read_joints(
    accessor: &Accessor,
    which: Which<'_>,
    pace: &mut Pace,
) -> Result<Vec<[u16; 4]>, MeshLoadError> {
    let joints = accessor.integers::<4>(which, pace).await?;
    let mut narrow = Vec::with_capacity(joints.len());
    for stretch in joints.chunks(STRETCH) {
        for joints in stretch {
            let mut own = [0; 4];
            for (own, &joint) in own.iter_mut().zip(joints) {
                *own = u16::try_from(joint).map_err(|_| {
                    let message = format!("joint {joint} is more than any skin can have");
                    about(codes::ACCESSOR, &accessor.object, message)
                })?;
            }
            narrow.push(own);
        }
        pace.checkpoint().await?;
    }
    Ok(narrow)
}

async fn turn<const N: usize>(
    vectors: &mut [[f32; N]],
    change: impl Fn([f32; N]) -> [f32; N],
    pace: &mut Pace,
) -> Result<(), Cancelled> {
    for stretch in vectors.chunks_mut(STRETCH) {
        for vector in stretch {
            *vector = change(*vector);
        }
        pace.checkpoint().await?;
    }
    Ok(())
}

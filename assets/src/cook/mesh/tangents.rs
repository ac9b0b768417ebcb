//! Tangents and bitangents: authored ones completed, missing ones generated.

use super::{
    error::Stop,
    frame,
    gather::{Gathered, STRETCH},
    mikktspace::{NONE, Scratch, TangentSpace, tangent_spaces},
    split::Splitter,
    streams::{TangentSource, complete_axes, todo},
    vertex::Vertex,
};
use crate::cook::pace::Pace;

/// Completes authored tangents, for vertices whose normals have become final only now.
pub(super) async fn complete(gathered: &mut Gathered, pace: &mut Pace) -> Result<(), Stop> {
    const OPEN: u8 = todo::BITANGENT | todo::ANY_AXES;
    if !gathered.to_do.iter().any(|to_do| to_do & OPEN != 0) {
        return Ok(());
    }
    let vertices = gathered.vertices.chunks_mut(STRETCH);
    for (vertices, to_do) in vertices.zip(gathered.to_do.chunks_mut(STRETCH)) {
        for (vertex, to_do) in vertices.iter_mut().zip(to_do) {
            *to_do = complete_axes(vertex, *to_do);
        }
        pace.checkpoint().await?;
    }
    Ok(())
}

/// Generates the tangents of the parts that want them, each part by itself: that is how normal maps of
/// glTF primitives are defined. Normals are final.
pub(super) async fn generate(gathered: &mut Gathered, pace: &mut Pace) -> Result<(), Stop> {
    if !gathered
        .parts
        .iter()
        .any(|part| part.tangents == TangentSource::Generated)
    {
        return Ok(());
    }
    let mut scratch = Scratch::new(gathered.vertices.len());
    let mut splitter = Splitter::new(
        gathered.vertices.len(),
        axes_bits,
        |vertex, bits| {
            let [a, b, c, d, e, f] = bits.map(f32::from_bits);
            vertex.tangent = [a, b, c];
            vertex.bitangent = [d, e, f];
        },
        todo::TANGENT,
    );
    let parts = std::mem::take(&mut gathered.parts);
    for part in &parts {
        if part.tangents != TangentSource::Generated {
            continue;
        }
        let mut triangles = Vec::new();
        for run in &part.runs {
            triangles.extend_from_slice(gathered.corners[run.clone()].as_chunks::<3>().0);
        }
        let spaces = tangent_spaces(&gathered.vertices, &triangles, &mut scratch, pace).await?;
        drop(triangles);
        let mut values = Vec::with_capacity(spaces.spaces.len());
        for spaces in spaces.spaces.chunks(STRETCH) {
            values.extend(spaces.iter().map(generated_axes));
            pace.checkpoint().await?;
        }
        let (mut lists, corners) = gathered.lists();
        let mut of_corner = &spaces.of_corner[..];
        for run in &part.runs {
            for corners in corners[run.clone()].chunks_mut(3 * STRETCH) {
                let (own, rest) = of_corner.split_at(corners.len());
                of_corner = rest;
                for (corner, &space) in corners.iter_mut().zip(own) {
                    let value = if space == NONE {
                        any_axes(lists.vertices[*corner as usize].normal)
                    } else {
                        values[space as usize]
                    };
                    *corner = splitter.corner(&mut lists, *corner, value);
                }
                pace.checkpoint().await?;
            }
        }
    }
    gathered.parts = parts;
    Ok(())
}

fn axes_bits(vertex: &Vertex) -> [u32; 6] {
    bits((vertex.tangent, vertex.bitangent))
}

fn bits(([a, b, c], [d, e, f]): ([f32; 3], [f32; 3])) -> [u32; 6] {
    [a, b, c, d, e, f].map(f32::to_bits)
}

/// The axes of a space, or any frame of the normal where they mean nothing.
///
/// `MikkTSpace` speaks of texture coordinates whose V runs up. Stored ones run down, as those of glTF do,
/// and the green channel of a normal map still points up (glTF 2.0, 3.9.3): so the sign is the other one.
/// That is also what exporters of glTF write into the fourth component of tangents, and what the
/// bitangents of FBX files say.
fn generated_axes(space: &TangentSpace) -> [u32; 6] {
    let axes = frame::axis_direction(space.tangent).and_then(|tangent| {
        Some((
            tangent,
            frame::bitangent(space.normal, tangent, -space.sign)?,
        ))
    });
    axes.map_or_else(|| any_axes(space.normal), bits)
}

fn any_axes(normal: [f32; 3]) -> [u32; 6] {
    bits(frame::fallback_axes(normal))
}

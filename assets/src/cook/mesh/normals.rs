//! Normals that the source does not have: flat ones by triangle, smooth ones by position.

use super::{
    error::Stop,
    frame::{cross, direction, dot, face_normal, subtract},
    gather::{Gathered, STRETCH},
    places::Places,
    split::Splitter,
    streams::todo,
};
use crate::cook::pace::Pace;

/// Gives the corners whose vertices ask for it the normal of their triangle, as glTF prescribes for
/// missing normals. Triangles without area get the default normal.
pub(super) async fn flatten(gathered: &mut Gathered, pace: &mut Pace) -> Result<(), Stop> {
    if !gathered
        .to_do
        .iter()
        .any(|to_do| to_do & todo::FLAT_NORMAL != 0)
    {
        return Ok(());
    }
    let mut splitter = Splitter::new(
        gathered.vertices.len(),
        |vertex| vertex.normal.map(f32::to_bits),
        |vertex, bits| vertex.normal = bits.map(f32::from_bits),
        todo::FLAT_NORMAL,
    );
    // A vertex loses its flag with its first corner, but the others still need theirs.
    let asks: Vec<bool> = gathered
        .to_do
        .iter()
        .map(|to_do| to_do & todo::FLAT_NORMAL != 0)
        .collect();
    let (mut lists, corners) = gathered.lists();
    for triangles in corners.chunks_mut(3 * STRETCH) {
        for triangle in triangles.as_chunks_mut::<3>().0 {
            if !triangle.iter().any(|&corner| asks[corner as usize]) {
                continue;
            }
            let positions = triangle.map(|corner| lists.vertices[corner as usize].position);
            let normal = face_normal(positions).map(f32::to_bits);
            for corner in triangle {
                if asks[*corner as usize] {
                    *corner = splitter.corner(&mut lists, *corner, normal);
                }
            }
        }
        pace.checkpoint().await?;
    }
    Ok(())
}

/// Gives every vertex the mean normal of the triangles around its position, weighted by their angles
/// there: what is smooth is so whatever the seams, and however faces were cut into triangles.
pub(super) async fn smooth(gathered: &mut Gathered, pace: &mut Pace) -> Result<(), Stop> {
    let places = Places::of(&gathered.vertices, pace).await?;
    let mut sums = vec![[0.0f64; 3]; places.positions.len()];
    for triangles in gathered.corners.chunks(3 * STRETCH) {
        for triangle in triangles.as_chunks::<3>().0 {
            let at = triangle.map(|corner| places.of_vertex[corner as usize] as usize);
            add_angles(&mut sums, at, at.map(|place| places.positions[place]));
        }
        pace.checkpoint().await?;
    }
    let vertices = gathered.vertices.chunks_mut(STRETCH);
    for (vertices, places) in vertices.zip(places.of_vertex.chunks(STRETCH)) {
        for (vertex, &place) in vertices.iter_mut().zip(places) {
            vertex.normal = direction(sums[place as usize]).unwrap_or([0.0, 1.0, 0.0]);
        }
        pace.checkpoint().await?;
    }
    Ok(())
}

/// Adds the normal of a triangle to its three corners, by angle.
fn add_angles(sums: &mut [[f64; 3]], at: [usize; 3], positions: [[f32; 3]; 3]) {
    let [a, b, c] = positions;
    let normal = cross(subtract(b, a), subtract(c, a));
    let area = dot(normal, normal).sqrt();
    if !(area.is_finite() && area > f64::MIN_POSITIVE) {
        return;
    }
    for (i, place) in at.into_iter().enumerate() {
        let here = positions[i];
        let before = subtract(positions[(i + 2) % 3], here);
        let after = subtract(positions[(i + 1) % 3], here);
        // The length of the cross product of any two edges is the same.
        let weight = area.atan2(dot(before, after)) / area;
        for (sum, x) in sums[place].iter_mut().zip(normal) {
            *sum += x * weight;
        }
    }
}

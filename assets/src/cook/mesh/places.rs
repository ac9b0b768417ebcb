//! Vertices that are in one place, whatever else distinguishes them.

use super::{error::Stop, gather::STRETCH, intern::Interner, vertex::Vertex};
use crate::cook::pace::Pace;

/// Vertices by their position.
pub(super) struct Places {
    /// The place of each vertex.
    pub(super) of_vertex: Vec<u32>,
    /// The position of each place.
    pub(super) positions: Vec<[f32; 3]>,
}

impl Places {
    /// Finds the places.
    pub(super) async fn of(vertices: &[Vertex], pace: &mut Pace) -> Result<Self, Stop> {
        let mut interner = Interner::with_capacity(vertices.len() / 2);
        let mut places = Self {
            of_vertex: Vec::with_capacity(vertices.len()),
            positions: Vec::new(),
        };
        for vertices in vertices.chunks(STRETCH) {
            for vertex in vertices {
                // Adding 0 makes the two zeros one.
                let position = vertex.position.map(|x| x + 0.0);
                let bits = position.map(f32::to_bits);
                let next = places.positions.len() as u32;
                let hash = interner.hash(&bits);
                let id = interner.intern(hash, next, |id| {
                    places.positions[id as usize].map(f32::to_bits) == bits
                });
                if id == next {
                    places.positions.push(position);
                }
                places.of_vertex.push(id);
            }
            pace.checkpoint().await?;
        }
        Ok(places)
    }
}

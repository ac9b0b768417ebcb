//! Levels of detail that the source does not have.

use super::{
    Bounds,
    error::Stop,
    gather::{Gathered, Group, STRETCH},
    optimize::Local,
    places::Places,
};
use crate::{cook::pace::Pace, settings::geometry::GeometrySettings};
use meshopt::{SimplifyOptions, SimplifyVertex};

/// How much a wrong normal counts against a wrong position.
const NORMAL_WEIGHT: f32 = 0.5;
/// A level that has more than this share of the triangles of the one before is not worth its bytes.
const WORTHWHILE: f64 = 0.95;
/// A first attempt that keeps more than this share of the triangles is stuck at seams.
const STUCK: f64 = 0.9;

/// Makes levels of one mesh.
pub(super) struct Simplifier<'a> {
    mesh: &'a Gathered,
    groups: &'a [Group],
    local: Local,
    /// For each vertex, whether other groups have its position: there the borders must stay together.
    is_locked: Vec<bool>,
    max_error: f32,
    ratio: f64,
}

/// Triangles of a level: vertices of the mesh, and the runs of each material.
pub(super) struct Level {
    pub(super) corners: Vec<u32>,
    pub(super) groups: Vec<Group>,
    /// The largest distance, in metres, from the surface of the mesh.
    pub(super) error: f32,
}

impl<'a> Simplifier<'a> {
    pub(super) async fn new(
        mesh: &'a Gathered,
        groups: &'a [Group],
        bounds: &Bounds,
        settings: &GeometrySettings,
        pace: &mut Pace,
    ) -> Result<Self, Stop> {
        Ok(Self {
            local: Local::new(mesh.vertices.len()),
            is_locked: shared_borders(mesh, groups, pace).await?,
            max_error: settings.lod_max_error * bounds.extent(),
            ratio: f64::from(settings.lod_ratio),
            mesh,
            groups,
        })
    }

    /// Makes a level, counted from 1, or `None` when it would be hardly smaller than one of
    /// `previous` corners.
    pub(super) async fn level(
        &mut self,
        level: u32,
        previous: usize,
        pace: &mut Pace,
    ) -> Result<Option<Level>, Stop> {
        let mut result = Level {
            corners: Vec::new(),
            groups: Vec::new(),
            error: 0.0,
        };
        let share = self.ratio.powi(level.min(8) as i32);
        for group in self.groups {
            let corners = &self.mesh.corners[group.corners.clone()];
            self.local.take(corners, pace).await?;
            let triangles = (corners.len() / 3) as f64 * share;
            let target = (triangles.round() as usize).max(1) * 3;
            let (indices, error) = self.simplify(target);
            pace.checkpoint().await?;
            if indices.is_empty() {
                continue;
            }
            let start = result.corners.len();
            let vertices = &self.local.vertices;
            result
                .corners
                .extend(indices.iter().map(|&i| vertices[i as usize]));
            result.error = result.error.max(error);
            result.groups.push(Group {
                material: group.material,
                corners: start..result.corners.len(),
            });
            pace.checkpoint().await?;
        }
        let is_worthwhile = (result.corners.len() as f64) < previous as f64 * WORTHWHILE;
        Ok((is_worthwhile && !result.groups.is_empty()).then_some(result))
    }

    fn simplify(&mut self, target: usize) -> (Vec<u32>, f32) {
        let (indices, error) = self.attempt(target, SimplifyOptions::ErrorAbsolute);
        if (indices.len() as f64) < self.local.indices.len() as f64 * STUCK {
            return (indices, error);
        }
        // Flat shading and tiny charts make every vertex a seam.
        self.attempt(
            target,
            SimplifyOptions::ErrorAbsolute | SimplifyOptions::Permissive,
        )
    }

    fn attempt(&mut self, target: usize, options: SimplifyOptions) -> (Vec<u32>, f32) {
        let indices = self.local.checked_indices().to_vec();
        let vertices = &self.local.vertices;
        let of_mesh = |&vertex: &u32| &self.mesh.vertices[vertex as usize];
        let positions = self.local.positions(&self.mesh.vertices);
        let normals: Vec<[f32; 3]> = vertices.iter().map(|v| of_mesh(v).normal).collect();
        let locks: Vec<SimplifyVertex> = vertices
            .iter()
            .map(|&vertex| match self.is_locked.get(vertex as usize) {
                Some(true) => SimplifyVertex::Lock,
                _ => SimplifyVertex::None,
            })
            .collect();
        let bytes = bytemuck::cast_slice(&positions);
        let Ok(adapter) = meshopt::VertexDataAdapter::new(bytes, size_of::<[f32; 3]>(), 0) else {
            return (indices, 0.0);
        };
        let mut error = 0.0;
        let simplified = meshopt::simplify_with_attributes_and_locks(
            &indices,
            &adapter,
            normals.as_flattened(),
            &[NORMAL_WEIGHT; 3],
            size_of::<[f32; 3]>(),
            &locks,
            target,
            self.max_error,
            options,
            Some(&mut error),
        );
        (simplified, error)
    }
}

/// For each vertex, whether several groups have its position. Empty for a single group.
async fn shared_borders(
    mesh: &Gathered,
    groups: &[Group],
    pace: &mut Pace,
) -> Result<Vec<bool>, Stop> {
    if groups.len() < 2 {
        return Ok(Vec::new());
    }
    let places = Places::of(&mesh.vertices, pace).await?;
    const NOBODY: usize = usize::MAX;
    const SEVERAL: usize = usize::MAX - 1;
    let mut owners = vec![NOBODY; places.positions.len()];
    for (index, group) in groups.iter().enumerate() {
        for corners in mesh.corners[group.corners.clone()].chunks(3 * STRETCH) {
            for &corner in corners {
                let owner = &mut owners[places.of_vertex[corner as usize] as usize];
                match *owner {
                    NOBODY => *owner = index,
                    known if known != index => *owner = SEVERAL,
                    _ => {}
                }
            }
            pace.checkpoint().await?;
        }
    }
    let is_shared = |&place: &u32| owners[place as usize] == SEVERAL;
    Ok(places.of_vertex.iter().map(is_shared).collect())
}

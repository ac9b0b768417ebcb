//! Every result is that of the reference implementation.

use super::{vector::V, *};
use crate::cook::pace::CancelFlag;
use futures_lite::future::block_on;
use proptest::prelude::*;

/// The reference implementation.
struct Reference<'a> {
    vertices: &'a [Vertex],
    triangles: &'a [[u32; 3]],
    tangents: Vec<Option<[f32; 4]>>,
}

impl Reference<'_> {
    fn vertex(&self, face: usize, corner: usize) -> &Vertex {
        &self.vertices[self.triangles[face][corner] as usize]
    }
}

impl bevy_mikktspace::Geometry for Reference<'_> {
    fn num_faces(&self) -> usize {
        self.triangles.len()
    }

    fn num_vertices_of_face(&self, _: usize) -> usize {
        3
    }

    fn position(&self, face: usize, corner: usize) -> [f32; 3] {
        self.vertex(face, corner).position
    }

    fn normal(&self, face: usize, corner: usize) -> [f32; 3] {
        self.vertex(face, corner).normal
    }

    fn tex_coord(&self, face: usize, corner: usize) -> [f32; 2] {
        self.vertex(face, corner).texcoord
    }

    fn set_tangent(
        &mut self,
        space: Option<bevy_mikktspace::TangentSpace>,
        face: usize,
        corner: usize,
    ) {
        self.tangents[face * 3 + corner] = space.map(|space| space.tangent_encoded());
    }
}

fn reference(vertices: &[Vertex], triangles: &[[u32; 3]]) -> Vec<Option<[f32; 4]>> {
    let mut reference = Reference {
        vertices,
        triangles,
        tangents: vec![None; 3 * triangles.len()],
    };
    bevy_mikktspace::generate_tangents(&mut reference).unwrap();
    reference.tangents
}

fn ours(vertices: &[Vertex], triangles: &[[u32; 3]]) -> Vec<Option<[f32; 4]>> {
    let mut scratch = Scratch::new(vertices.len());
    let mut pace = Pace::uninterrupted(CancelFlag::new());
    let spaces = tangent_spaces(vertices, triangles, &mut scratch, &mut pace);
    let result = block_on(spaces).unwrap();
    assert!(scratch.0.iter().all(|&point| point == NONE));
    let of_corner = |&space: &u32| {
        let TangentSpace { tangent, sign, .. } = result.spaces.get(space as usize)?;
        let [x, y, z] = *tangent;
        Some([x, y, z, *sign])
    };
    result.of_corner.iter().map(of_corner).collect()
}

fn assert_equal(vertices: &[Vertex], triangles: &[[u32; 3]]) {
    let bits = |tangents: Vec<Option<[f32; 4]>>| -> Vec<Option<[u32; 4]>> {
        let bits = |tangent: Option<[f32; 4]>| tangent.map(|t| t.map(f32::to_bits));
        tangents.into_iter().map(bits).collect()
    };
    assert_eq!(
        bits(ours(vertices, triangles)),
        bits(reference(vertices, triangles))
    );
}

fn vertex(position: [f32; 3], normal: [f32; 3], texcoord: [f32; 2]) -> Vertex {
    Vertex {
        normal,
        texcoord,
        ..Vertex::at(position)
    }
}

#[test]
fn a_mirrored_quad_has_two_handednesses() {
    // U runs to the right on the first triangle, to the left on the second.
    let up = [0.0, 0.0, 1.0];
    let vertices = [
        vertex([0.0, 0.0, 0.0], up, [0.0, 0.0]),
        vertex([1.0, 0.0, 0.0], up, [1.0, 0.0]),
        vertex([1.0, 1.0, 0.0], up, [1.0, 1.0]),
        vertex([0.0, 0.0, 0.0], up, [1.0, 0.0]),
        vertex([1.0, 1.0, 0.0], up, [0.0, 1.0]),
        vertex([0.0, 1.0, 0.0], up, [1.0, 1.0]),
    ];
    let triangles = [[0, 1, 2], [3, 4, 5]];
    assert_equal(&vertices, &triangles);
    let tangents = ours(&vertices, &triangles);
    assert_eq!(tangents[0], Some([1.0, 0.0, 0.0, 1.0]));
    assert_eq!(tangents[3].map(|t| t[3]), Some(-1.0));
}

#[test]
fn a_fan_of_many_triangles_needs_neither_stack_nor_hours() {
    const SPOKES: u32 = 200_000;
    let up = [0.0, 0.0, 1.0];
    let mut vertices = vec![vertex([0.0; 3], up, [0.5, 0.5])];
    for i in 0..SPOKES {
        let angle = f64::from(i) / f64::from(SPOKES) * std::f64::consts::TAU;
        let (y, x) = angle.sin_cos();
        let (x, y) = ((x * 1000.0) as f32, (y * 1000.0) as f32);
        vertices.push(vertex([x, y, 0.0], up, [x, y]));
    }
    let triangles: Vec<[u32; 3]> = (0..SPOKES)
        .map(|i| [0, i + 1, (i + 1) % SPOKES + 1])
        .collect();
    let tangents = ours(&vertices, &triangles);
    assert!(
        tangents
            .iter()
            .flatten()
            .all(|t| t[0] > 0.99 && t[3] == 1.0)
    );
    // The same triangle again and again, and all vertices in one place.
    ours(&vertices, &vec![[0, 1, 2]; SPOKES as usize]);
    let mut crowded = vertices.clone();
    for vertex in &mut crowded {
        vertex.position = [0.0; 3];
    }
    let tangents = ours(&crowded, &triangles);
    assert!(tangents.iter().all(Option::is_none));
}

/// Vertices on a small lattice, so that positions, normals and texture coordinates coincide often.
fn crowded_vertices() -> impl Strategy<Value = Vec<Vertex>> {
    let number = |n: i32| (0..n).prop_map(|x| x as f32 * 0.5);
    let normals = prop::sample::select(vec![
        [0.0, 0.0, 1.0],
        [0.0, 1.0, 0.0],
        [0.6, 0.0, 0.8],
        [-1.0, 0.0, 0.0],
    ]);
    let vertex = (
        [number(3), number(3), number(2)],
        normals,
        [number(4), number(4)],
    )
        .prop_map(|(position, normal, texcoord)| vertex(position, normal, texcoord));
    prop::collection::vec(vertex, 3..24)
}

/// A bumpy grid, with mirrored and flat regions in its mapping.
fn grids() -> impl Strategy<Value = (Vec<Vertex>, Vec<[u32; 3]>)> {
    let heights = prop::collection::vec(0.0f32..1.0, 49);
    let offsets = prop::collection::vec((-0.6f32..0.6, -0.6f32..0.6), 49);
    (heights, offsets, prop::collection::vec(any::<bool>(), 36)).prop_map(
        |(heights, offsets, flips)| {
            let vertices = (0..49)
                .map(|i| {
                    let (x, y) = ((i % 7) as f32, (i / 7) as f32);
                    let (du, dv) = offsets[i];
                    let normal = V([heights[i] - 0.5, 0.3 * heights[48 - i], 1.0]).direction();
                    // A fold in the mapping at x = 3, and none of it beyond y = 5.
                    let (u, v) = (
                        (x - 3.0).abs() + du,
                        y.min(5.0) + dv * (y < 5.0) as u8 as f32,
                    );
                    vertex([x, y, heights[i]], normal.0, [u, v])
                })
                .collect();
            let triangles = (0..36u32)
                .flat_map(|cell| {
                    let at = cell / 6 * 7 + cell % 6;
                    let [a, b, c, d] = [at, at + 1, at + 8, at + 7];
                    if flips[cell as usize] {
                        [[a, b, c], [a, c, d]]
                    } else {
                        [[a, b, d], [b, c, d]]
                    }
                })
                .collect();
            (vertices, triangles)
        },
    )
}

proptest! {
    #[test]
    fn random_soups_equal_the_reference(
        vertices in crowded_vertices(),
        picks in prop::collection::vec(any::<[prop::sample::Index; 3]>(), 1..60),
    ) {
        let triangles: Vec<[u32; 3]> = picks
            .iter()
            .map(|pick| pick.map(|index| index.index(vertices.len()) as u32))
            .collect();
        assert_equal(&vertices, &triangles);
    }

    #[test]
    fn bumpy_grids_equal_the_reference((vertices, triangles) in grids()) {
        assert_equal(&vertices, &triangles);
    }

    #[test]
    fn any_finite_numbers_are_survived(
        numbers in prop::collection::vec(any::<[f32; 5]>(), 3..12),
        picks in prop::collection::vec(any::<[prop::sample::Index; 3]>(), 1..20),
    ) {
        let finite = |x: f32| if x.is_finite() { x } else { 0.0 };
        let vertices: Vec<Vertex> = numbers
            .iter()
            .map(|[x, y, z, u, v]| {
                vertex([*x, *y, *z].map(finite), [0.0, 0.0, 1.0], [*u, *v].map(finite))
            })
            .collect();
        let triangles: Vec<[u32; 3]> = picks
            .iter()
            .map(|pick| pick.map(|index| index.index(vertices.len()) as u32))
            .collect();
        ours(&vertices, &triangles);
    }
}

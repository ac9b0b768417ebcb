//! Normals and tangents: where they come from, and what is made of strange ones.

use super::*;

fn settings(normals: AttributePolicy, tangents: AttributePolicy) -> GeometrySettings {
    GeometrySettings {
        normals,
        tangents,
        ..GeometrySettings::default()
    }
}

const POLICIES: [AttributePolicy; 4] = [
    AttributePolicy::None,
    AttributePolicy::Preserve,
    AttributePolicy::Generate,
    AttributePolicy::Recalculate,
];

#[test]
fn every_row_of_the_table_of_normals() {
    // Authored normals point along X, and are twice as long as they should be.
    let mut authored = triangle();
    edit(&mut authored, |s| {
        s.normals = Some(vec![[2.0, 0.0, 0.0]; 3]);
    });
    let mut missing = triangle();
    edit(&mut missing, |s| s.normals = None);
    const DEFAULT: [f32; 3] = [0.0, 1.0, 0.0];
    const AUTHORED: [f32; 3] = [1.0, 0.0, 0.0];
    const COMPUTED: [f32; 3] = [0.0, 0.0, 1.0];
    let rows = [
        (AttributePolicy::None, DEFAULT, 0, DEFAULT, 0),
        (AttributePolicy::Preserve, AUTHORED, 1, DEFAULT, 0),
        (AttributePolicy::Generate, AUTHORED, 1, COMPUTED, 1),
        (AttributePolicy::Recalculate, COMPUTED, 1, COMPUTED, 1),
    ];
    for (policy, present, present_bit, absent, absent_bit) in rows {
        for (part, normal, bit) in [
            (&authored, present, present_bit),
            (&missing, absent, absent_bit),
        ] {
            let settings = settings(policy, AttributePolicy::None);
            let built = try_build(&mesh(vec![part.clone()]), &settings).unwrap();
            let vertices = vertices(&built.lods[0]);
            assert!(vertices.iter().all(|v| v.normal == normal), "{policy:?}");
            assert_eq!(built.attributes & 1, bit, "{policy:?}");
        }
    }
}

#[test]
fn every_row_of_the_table_of_tangents() {
    // The mapping runs along X and Y, so the top of the texture is at -Y; authored tangents run along -Y,
    // their bitangents along X.
    let mut authored = triangle();
    edit(&mut authored, |s| {
        s.tangents = Some(TangentStream::Signed(vec![[0.0, -1.0, 0.0, 1.0]; 3]));
    });
    const DEFAULT: ([f32; 3], [f32; 3]) = ([1.0, 0.0, 0.0], [0.0, 0.0, 1.0]);
    const AUTHORED: ([f32; 3], [f32; 3]) = ([0.0, -1.0, 0.0], [1.0, 0.0, 0.0]);
    const GENERATED: ([f32; 3], [f32; 3]) = ([1.0, 0.0, 0.0], [0.0, -1.0, 0.0]);
    let rows = [
        (AttributePolicy::None, DEFAULT, 0, DEFAULT, 0),
        (AttributePolicy::Preserve, AUTHORED, 6, DEFAULT, 0),
        (AttributePolicy::Generate, AUTHORED, 6, GENERATED, 6),
        (AttributePolicy::Recalculate, GENERATED, 6, GENERATED, 6),
    ];
    for (policy, present, present_bits, absent, absent_bits) in rows {
        for (part, axes, bits) in [
            (&authored, present, present_bits),
            (&triangle(), absent, absent_bits),
        ] {
            let settings = settings(AttributePolicy::Generate, policy);
            let built = try_build(&mesh(vec![part.clone()]), &settings).unwrap();
            for vertex in vertices(&built.lods[0]) {
                assert_eq!((vertex.tangent, vertex.bitangent), axes, "{policy:?}");
            }
            assert_eq!(built.attributes & 6, bits, "{policy:?}");
            assert_eq!(codes_of(&built), [""; 0]);
        }
    }
}

#[test]
fn tangents_need_normals_and_texture_coordinates() {
    let mut bare = triangle();
    edit(&mut bare, |s| s.texcoords = None);
    for policy in POLICIES {
        let expected: &[&str] = match policy {
            AttributePolicy::None => &[],
            _ => &["mesh.missing_tangent_prereq"],
        };
        let without_uvs = settings(AttributePolicy::Generate, policy);
        let built = try_build(&mesh(vec![bare.clone()]), &without_uvs).unwrap();
        assert_eq!(codes_of(&built), expected);
        assert_eq!(built.attributes, 0x01);
        let without_normals = settings(AttributePolicy::None, policy);
        let built = try_build(&mesh(vec![triangle()]), &without_normals).unwrap();
        assert_eq!(codes_of(&built), expected);
        assert_eq!(built.attributes, 0x08);
    }
}

/// A pyramid: four sides around (0, 0, 1), shared vertices.
fn pyramid() -> MeshPart {
    part(
        VertexStreams {
            positions: vec![
                [1.0, 0.0, 0.0],
                [0.0, 1.0, 0.0],
                [-1.0, 0.0, 0.0],
                [0.0, -1.0, 0.0],
                [0.0, 0.0, 1.0],
            ],
            ..VertexStreams::default()
        },
        vec![0, 1, 4, 1, 2, 4, 2, 3, 4, 3, 0, 4],
    )
}

#[test]
fn missing_normals_are_flat() {
    let settings = settings(AttributePolicy::Generate, AttributePolicy::None);
    let built = try_build(&mesh(vec![pyramid()]), &settings).unwrap();
    let lod = &built.lods[0];
    assert_eq!(lod.vertex_count, 12);
    for triangle in soup(lod, 0) {
        let [a, b, c] = triangle.map(|v| v.position);
        let expected = frame::face_normal([a, b, c]);
        assert!(triangle.iter().all(|v| v.normal == expected));
        // Outwards and upwards.
        let centre: [f32; 3] = std::array::from_fn(|i| a[i] + b[i] + c[i]);
        assert!(expected[2] > 0.0 && expected[0] * centre[0] + expected[1] * centre[1] > 0.0);
    }
}

#[test]
fn flat_triangles_of_one_plane_share_their_vertices() {
    let square = part(
        VertexStreams {
            positions: vec![[0.0; 3], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]],
            ..VertexStreams::default()
        },
        vec![0, 1, 2, 0, 2, 3],
    );
    let settings = settings(AttributePolicy::Generate, AttributePolicy::None);
    let built = try_build(&mesh(vec![square]), &settings).unwrap();
    assert_eq!(built.lods[0].vertex_count, 4);
}

#[test]
fn recalculated_normals_are_smooth_across_equal_positions() {
    // Each triangle has vertices of its own, as an exporter without indices writes them.
    let shared = pyramid();
    let positions: Vec<_> = shared
        .indices
        .iter()
        .map(|&index| shared.streams.positions[index as usize])
        .collect();
    let split = part(
        VertexStreams {
            normals: Some(vec![[0.0, 0.0, -1.0]; 12]),
            positions,
            ..VertexStreams::default()
        },
        (0..12).collect(),
    );
    let settings = settings(AttributePolicy::Recalculate, AttributePolicy::None);
    let built = try_build(&mesh(vec![split]), &settings).unwrap();
    let lod = &built.lods[0];
    assert_eq!(lod.vertex_count, 5);
    let vertices = vertices(lod);
    let tip = vertices.iter().find(|v| v.position[2] == 1.0).unwrap();
    assert_eq!(tip.normal, [0.0, 0.0, 1.0]);
    // At (1, 0, 0) two faces meet, (1, 1, 1) and (1, -1, 1), with equal angles: (1, 0, 1).
    let side = vertices.iter().find(|v| v.position[0] == 1.0).unwrap();
    let half = 0.5f32.sqrt();
    for (got, expected) in side.normal.into_iter().zip([half, 0.0, half]) {
        assert!((got - expected).abs() < 1e-6, "{:?}", side.normal);
    }
}

#[test]
fn angles_weigh_not_triangles() {
    // A corner of a cube whose top is cut into two triangles there and whose sides are not: by area or
    // by count the top would weigh more.
    let corner = part(
        VertexStreams {
            positions: vec![
                [0.0; 3],
                [1.0, 0.0, 0.0],
                [1.0, 1.0, 0.0],
                [0.0, 1.0, 0.0],
                [0.0, 0.0, 1.0],
            ],
            ..VertexStreams::default()
        },
        // Facing -Z (two triangles), -X and -Y, seen from outside.
        vec![0, 2, 1, 0, 3, 2, 0, 4, 3, 0, 1, 4],
    );
    let settings = settings(AttributePolicy::Recalculate, AttributePolicy::None);
    let built = try_build(&mesh(vec![corner]), &settings).unwrap();
    let vertices = vertices(&built.lods[0]);
    let origin = vertices.iter().find(|v| v.position == [0.0; 3]).unwrap();
    let third = -(1.0f32 / 3.0).sqrt();
    assert!(
        origin.normal.iter().all(|x| (x - third).abs() < 1e-6),
        "{origin:?}"
    );
}

#[test]
fn a_mirrored_mapping_keeps_its_handedness() {
    // Two triangles over one edge; U runs along X on the left one, against X on the right one.
    let mirrored = part(
        VertexStreams {
            positions: vec![[0.0; 3], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [1.0, 0.0, 0.0]],
            normals: Some(vec![[0.0, 0.0, 1.0]; 4]),
            texcoords: Some(vec![[1.0, 0.0], [1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]),
            ..VertexStreams::default()
        },
        vec![0, 1, 2, 0, 3, 1],
    );
    let built = build(&mesh(vec![mirrored]));
    let lod = &built.lods[0];
    // The two vertices of the edge are split.
    assert_eq!(lod.vertex_count, 6);
    for triangle in soup(lod, 0) {
        let is_left = triangle.iter().any(|v| v.position[0] < 0.0);
        let along = if is_left { 1.0 } else { -1.0 };
        for vertex in triangle {
            assert_eq!(vertex.tangent, [along, 0.0, 0.0]);
            // V runs along Y on both sides, and the bitangent against it.
            assert_eq!(vertex.bitangent, [0.0, -1.0, 0.0]);
        }
    }
}

#[test]
fn authored_handedness_gives_the_bitangent() {
    for (w, bitangent) in [(1.0, [0.0, 1.0, 0.0]), (-1.0, [0.0, -1.0, 0.0])] {
        let mut part = triangle();
        edit(&mut part, |s| {
            s.tangents = Some(TangentStream::Signed(vec![[1.0, 0.0, 0.0, w]; 3]));
        });
        // With authored normals, and with normals that are computed later.
        for normals in [AttributePolicy::Generate, AttributePolicy::Recalculate] {
            let settings = settings(normals, AttributePolicy::Generate);
            let built = try_build(&mesh(vec![part.clone()]), &settings).unwrap();
            for vertex in vertices(&built.lods[0]) {
                assert_eq!(vertex.tangent, [1.0, 0.0, 0.0]);
                assert_eq!(vertex.bitangent, bitangent);
            }
        }
    }
}

/// The corners of a surface with curves, a seam and a mirrored half, three for each triangle. V runs
/// down.
fn sheet() -> VertexStreams {
    let corner = |i: u32, j: u32| {
        let (x, y) = (i as f32 * 0.25, j as f32 * 0.25);
        let position = [x, y, 0.2 * (x * 3.0).sin() + 0.1 * (y * 4.0).cos()];
        let slope = [-0.6 * (x * 3.0).cos(), 0.4 * (y * 4.0).sin(), 1.0];
        let normal = frame::normal_direction(slope).unwrap();
        // The right half shows the texture of the left one again, mirrored.
        let u = if i > 4 { 8 - i } else { i } as f32 / 4.0;
        (position, normal, [u * 0.9 + 0.05 * y, 1.0 - y / 2.0])
    };
    let mut streams = VertexStreams::default();
    let (mut normals, mut texcoords) = (Vec::new(), Vec::new());
    for (i, j) in (0..64).map(|i| (i % 8, i / 8)) {
        for (di, dj) in [(0, 0), (1, 0), (1, 1), (0, 0), (1, 1), (0, 1)] {
            let (position, normal, texcoord) = corner(i + di, j + dj);
            streams.positions.push(position);
            normals.push(normal);
            texcoords.push(texcoord);
        }
    }
    streams.normals = Some(normals);
    streams.texcoords = Some(texcoords);
    streams
}

/// Tangents as a modelling program exports them to glTF: it runs the reference implementation on its
/// own texture coordinates, whose V runs up, and writes tangent and sign.
struct Exporter<'a>(&'a VertexStreams, Vec<[f32; 4]>);

impl bevy_mikktspace::Geometry for Exporter<'_> {
    fn num_faces(&self) -> usize {
        self.0.positions.len() / 3
    }

    fn num_vertices_of_face(&self, _: usize) -> usize {
        3
    }

    fn position(&self, face: usize, corner: usize) -> [f32; 3] {
        self.0.positions[face * 3 + corner]
    }

    fn normal(&self, face: usize, corner: usize) -> [f32; 3] {
        self.0.normals.as_ref().unwrap()[face * 3 + corner]
    }

    fn tex_coord(&self, face: usize, corner: usize) -> [f32; 2] {
        let [u, v] = self.0.texcoords.as_ref().unwrap()[face * 3 + corner];
        [u, 1.0 - v]
    }

    fn set_tangent(
        &mut self,
        space: Option<bevy_mikktspace::TangentSpace>,
        face: usize,
        corner: usize,
    ) {
        self.1[face * 3 + corner] = space.unwrap().tangent_encoded();
    }
}

#[test]
fn generated_tangents_are_those_that_exporters_write() {
    let streams = sheet();
    let count = streams.positions.len() as u32;
    let mut exporter = Exporter(&streams, vec![[0.0; 4]; count as usize]);
    bevy_mikktspace::generate_tangents(&mut exporter).unwrap();
    let signed = exporter.1;
    assert!(signed.iter().any(|t| t[3] > 0.0) && signed.iter().any(|t| t[3] < 0.0));
    let settings = GeometrySettings {
        optimize: false,
        ..GeometrySettings::default()
    };
    let cooked = |tangents: Option<TangentStream>| {
        let streams = VertexStreams {
            tangents,
            ..streams.clone()
        };
        let part = part(streams, (0..count).collect());
        let built = try_build(&mesh(vec![part]), &settings).unwrap();
        assert_eq!(codes_of(&built), [""; 0]);
        soup(&built.lods[0], 0).concat()
    };
    let frames = streams.normals.as_ref().unwrap().iter().zip(&signed);
    let bitangents = frames.map(|(n, t)| {
        let [x, y, z, sign] = *t;
        frame::bitangent(*n, [x, y, z], sign).unwrap()
    });
    // glTF has tangents and signs, FBX both axes.
    let authored = cooked(Some(TangentStream::Signed(signed.clone())));
    let both = cooked(Some(TangentStream::Frames {
        tangents: signed.iter().map(|&[x, y, z, _]| [x, y, z]).collect(),
        bitangents: bitangents.collect(),
    }));
    let generated = cooked(None);
    assert_eq!((generated.len(), authored.len()), (384, 384));
    let near = |a: [f32; 3], b: [f32; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4);
    for ((own, authored), both) in generated.iter().zip(&authored).zip(&both) {
        assert_eq!(
            (own.position, own.texcoord),
            (authored.position, authored.texcoord)
        );
        for theirs in [authored, both] {
            assert!(near(own.tangent, theirs.tangent), "{own:?} {theirs:?}");
            assert!(near(own.bitangent, theirs.bitangent), "{own:?} {theirs:?}");
        }
    }
}

#[test]
fn a_bump_of_a_normal_map_is_lit_from_where_it_is() {
    // A wall that faces +Z; the top of its texture (V = 0) is at the top of the wall. A bump bends the
    // normals of its upper side upwards: a green channel above one half.
    let wall = part(
        VertexStreams {
            positions: vec![
                [0.0, 0.0, 0.0],
                [1.0, 0.0, 0.0],
                [1.0, 1.0, 0.0],
                [0.0, 1.0, 0.0],
            ],
            normals: Some(vec![[0.0, 0.0, 1.0]; 4]),
            texcoords: Some(vec![[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]]),
            ..VertexStreams::default()
        },
        vec![0, 1, 2, 0, 2, 3],
    );
    let texel = [0.6f32, 0.48, 0.64];
    let mut signed = wall.clone();
    edit(&mut signed, |s| {
        s.tangents = Some(TangentStream::Signed(vec![[1.0, 0.0, 0.0, 1.0]; 4]));
    });
    for part in [wall, signed] {
        for vertex in vertices(&build(&mesh(vec![part])).lods[0]) {
            let axes = [vertex.tangent, vertex.bitangent, vertex.normal];
            let bent: [f32; 3] =
                std::array::from_fn(|i| (0..3).map(|axis| axes[axis][i] * texel[axis]).sum());
            // To the right, and up.
            assert_eq!(bent, [0.6, 0.48, 0.64]);
        }
    }
}

#[test]
fn axes_that_mean_nothing_get_a_frame_of_the_normal() {
    let fallback = frame::fallback_axes([0.0, 0.0, 1.0]);
    let strange = [
        [f32::NAN, 0.0, 0.0],
        [0.4, 0.0, 0.0],
        [2.5, 0.0, 0.0],
        [0.0; 3],
        [f32::INFINITY, 0.0, 0.0],
    ];
    for bad in strange {
        let frames = |tangent, bitangent| TangentStream::Frames {
            tangents: vec![tangent; 3],
            bitangents: vec![bitangent; 3],
        };
        let [x, y, z] = bad;
        for stream in [
            frames(bad, [0.0, 1.0, 0.0]),
            frames([1.0, 0.0, 0.0], bad),
            TangentStream::Signed(vec![[x, y, z, 1.0]; 3]),
            // Parallel to the normal.
            TangentStream::Signed(vec![[0.0, 0.0, 1.0, 1.0]; 3]),
        ] {
            let mut part = triangle();
            edit(&mut part, |s| s.tangents = Some(stream));
            for vertex in vertices(&build(&mesh(vec![part])).lods[0]) {
                assert_eq!((vertex.tangent, vertex.bitangent), fallback, "{bad:?}");
            }
        }
    }
    // Lengths that are merely inexact are corrected.
    let mut part = triangle();
    edit(&mut part, |s| {
        s.tangents = Some(TangentStream::Frames {
            tangents: vec![[0.0, 1.9, 0.0]; 3],
            bitangents: vec![[0.6, 0.0, 0.0]; 3],
        });
    });
    for vertex in vertices(&build(&mesh(vec![part])).lods[0]) {
        assert_eq!(
            (vertex.tangent, vertex.bitangent),
            ([0.0, 1.0, 0.0], [1.0, 0.0, 0.0])
        );
    }
}

#[test]
fn a_mapping_without_direction_gets_a_frame_of_the_normal() {
    let mut part = triangle();
    edit(&mut part, |s| s.texcoords = Some(vec![[0.5, 0.5]; 3]));
    let built = build(&mesh(vec![part]));
    assert_eq!(built.attributes, 0x0f);
    for vertex in vertices(&built.lods[0]) {
        let fallback = frame::fallback_axes([0.0, 0.0, 1.0]);
        assert_eq!((vertex.tangent, vertex.bitangent), fallback);
    }
}

#[test]
fn normals_that_mean_nothing_become_flat() {
    for bad in [[0.0; 3], [f32::NAN, 0.0, 1.0], [f32::INFINITY, 0.0, 0.0]] {
        let mut part = triangle();
        edit(&mut part, |s| {
            s.normals = Some(vec![[0.0, 0.0, 3.0], bad, [0.0, 0.0, 1.0]]);
            s.tangents = Some(TangentStream::Signed(vec![[1.0, 0.0, 0.0, -1.0]; 3]));
        });
        let built = build(&mesh(vec![part]));
        assert_eq!(codes_of(&built), ["mesh.invalid_normals"]);
        for vertex in vertices(&built.lods[0]) {
            assert_eq!(vertex.normal, [0.0, 0.0, 1.0]);
            assert_eq!(vertex.bitangent, [0.0, -1.0, 0.0]);
        }
    }
}

#[test]
fn parts_that_lack_what_others_have_get_it_computed() {
    let mut bare = triangle();
    edit(&mut bare, |s| {
        s.normals = None;
        s.positions = s.positions.iter().map(|p| [p[0], 0.0, p[1]]).collect();
    });
    let mut full = triangle();
    edit(&mut full, |s| {
        s.normals = Some(vec![[0.0, 1.0, 0.0]; 3]);
        s.tangents = Some(TangentStream::Signed(vec![[0.0, 0.0, 1.0, 1.0]; 3]));
    });
    let settings = settings(AttributePolicy::Preserve, AttributePolicy::Preserve);
    let built = try_build(&mesh(vec![bare, full]), &settings).unwrap();
    assert_eq!(built.attributes, 0x0f);
    let triangles = soup(&built.lods[0], 0);
    let is_bare = |t: &&[Vertex; 3]| t.iter().any(|v| v.position[2] > 0.0);
    let computed = triangles.iter().find(is_bare).unwrap();
    assert!(computed.iter().all(|v| v.normal == [0.0, -1.0, 0.0]));
    assert!(computed.iter().all(|v| v.tangent == [1.0, 0.0, 0.0]));
    let authored = triangles.iter().find(|t| !is_bare(t)).unwrap();
    assert!(authored.iter().all(|v| v.normal == [0.0, 1.0, 0.0]));
    assert!(authored.iter().all(|v| v.tangent == [0.0, 0.0, 1.0]));
}

#[test]
fn vertices_that_become_equal_are_shared() {
    // One part has the normals that the other gets computed.
    let mut bare = triangle();
    edit(&mut bare, |s| s.normals = None);
    let built = build(&mesh(vec![bare, triangle()]));
    assert_eq!(
        (built.lods[0].vertex_count, built.lods[0].index_count),
        (3, 6)
    );
}

#[test]
fn mirrored_meshes_differ_in_the_order_of_corners_only() {
    let mut bare = levels::terrain(8, true);
    edit(&mut bare, |s| {
        s.normals = None;
        s.texcoords = Some(s.positions.iter().map(|[x, y, _]| [*x, *y]).collect());
    });
    for part in [triangle(), bare] {
        for normals in POLICIES {
            let settings = GeometrySettings {
                lod_count: 3,
                lod_max_error: 1.0,
                ..settings(normals, AttributePolicy::Recalculate)
            };
            let mut source = mesh(vec![part.clone()]);
            let upright = try_build(&source, &settings).unwrap();
            source.mirrored = true;
            let mirrored = try_build(&source, &settings).unwrap();
            assert_eq!(upright.attributes, mirrored.attributes);
            assert_eq!(upright.lods.len(), mirrored.lods.len());
            for (upright, mirrored) in upright.lods.iter().zip(&mirrored.lods) {
                for submesh in 0..upright.submeshes.len() {
                    let turned: Vec<_> = soup(mirrored, submesh)
                        .into_iter()
                        .map(|[a, b, c]| [a, c, b])
                        .collect();
                    assert_eq!(soup(upright, submesh), turned, "{normals:?}");
                }
            }
        }
    }
}

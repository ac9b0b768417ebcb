//! Levels of detail: authored ones, and generated ones.

use super::*;

#[test]
fn authored_levels_are_kept_as_they_are() {
    for count in [1, 2, 8] {
        let mut source = mesh(vec![]);
        source.lods = (0..count)
            .map(|level| {
                let mut part = triangle();
                edit(&mut part, |streams| {
                    for position in &mut streams.positions {
                        position[2] = level as f32;
                    }
                    if level == 1 {
                        streams.colors = Some(vec![[0.5; 4]; 3]);
                    }
                });
                lod(&format!("Level {level}"), vec![part])
            })
            .collect();
        let settings = GeometrySettings {
            lod_count: 4,
            ..GeometrySettings::default()
        };
        // A mesh with levels of its own gets no others.
        let settings = if count > 1 {
            settings
        } else {
            GeometrySettings::default()
        };
        let built = try_build(&source, &settings).unwrap();
        assert_eq!(built.lods.len(), count);
        for (level, lod) in built.lods.iter().enumerate() {
            assert_eq!(lod.name, format!("Level {level}"));
            assert_eq!(lod.bounds.min[2], level as f32);
            assert_eq!(lod.error, None);
        }
        assert_eq!(built.bounds.max, [1.0, 1.0, (count - 1) as f32]);
        // The union over all levels.
        assert_eq!(built.attributes, if count > 1 { 0x1f } else { 0x0f });
    }
}

/// A wavy square of `side` x `side` cells, its left half in slot 0 and its right half in slot 1.
pub(super) fn terrain(side: u32, is_smooth: bool) -> MeshPart {
    let row = side + 1;
    let point = |i: u32| {
        let (x, y) = ((i % row) as f32, (i / row) as f32);
        [x, y, (x * 0.3).sin() + (y * 0.2).cos()]
    };
    let mut halves = [Vec::new(), Vec::new()];
    for cell in 0..side * side {
        let at = cell / side * row + cell % side;
        let half = &mut halves[(cell % side >= side / 2) as usize];
        half.extend([at, at + 1, at + row, at + 1, at + row + 1, at + row]);
    }
    let [left, right] = &halves;
    let ranges = vec![
        range(0, left.len() as u32, 0),
        range(left.len() as u32, right.len() as u32, 1),
    ];
    let positions: Vec<_> = (0..row * row).map(point).collect();
    let texcoords = positions.iter().map(|p| [p[0] * 0.1, p[1] * 0.1]).collect();
    let normals = positions
        .iter()
        .map(|p| [-0.3 * (p[0] * 0.3).cos(), 0.2 * (p[1] * 0.2).sin(), 1.0])
        .collect();
    MeshPart {
        streams: Arc::new(VertexStreams {
            normals: is_smooth.then_some(normals),
            positions,
            texcoords: Some(texcoords),
            ..VertexStreams::default()
        }),
        indices: halves.concat(),
        ranges,
    }
}

fn with_levels(lod_count: u32) -> GeometrySettings {
    GeometrySettings {
        lod_count,
        ..GeometrySettings::default()
    }
}

#[test]
fn levels_are_generated_by_simplification() {
    let source = mesh(vec![terrain(32, true)]);
    let built = try_build(&source, &with_levels(4)).unwrap();
    assert_eq!(codes_of(&built), ["mesh.lod_generated"; 3]);
    let counts: Vec<_> = built.lods.iter().map(|lod| lod.index_count / 3).collect();
    assert_eq!(counts[0], 2048);
    for (level, (lod, count)) in built.lods.iter().zip(&counts).enumerate() {
        assert_eq!(lod.name, format!("LOD{level}"));
        let target = 2048 >> level;
        assert!(*count <= target && *count > target * 3 / 4, "{counts:?}");
        assert_eq!(lod.submeshes.len(), 2);
        assert_eq!(lod.error.is_some(), level > 0);
    }
    let errors: Vec<_> = built.lods[1..]
        .iter()
        .map(|lod| lod.error.unwrap())
        .collect();
    assert!(errors.is_sorted() && errors[0] > 0.0 && errors[2] <= 0.05 * 32.0);
    // Every vertex of a level is one of the mesh.
    let all: std::collections::HashSet<_> =
        vertices(&built.lods[0]).iter().map(|v| *v.bits()).collect();
    for lod in &built.lods[1..] {
        assert!(vertices(lod).iter().all(|v| all.contains(v.bits())));
    }
}

#[test]
fn materials_stay_together_where_they_meet() {
    let built = try_build(&mesh(vec![terrain(32, true)]), &with_levels(3)).unwrap();
    for lod in &built.lods {
        let vertices = vertices(lod);
        let border = |submesh| -> std::collections::BTreeSet<u32> {
            let corners = corners(lod, submesh);
            let positions = corners.iter().map(|&corner| vertices[corner].position);
            positions
                .filter(|p| p[0] == 16.0)
                .map(|p| p[1].to_bits())
                .collect()
        };
        assert_eq!(border(0), border(1));
        assert_eq!(border(0).len(), 33);
    }
}

#[test]
fn flat_meshes_can_be_simplified_too() {
    let built = try_build(&mesh(vec![terrain(16, false)]), &with_levels(2)).unwrap();
    assert_eq!(built.lods.len(), 2);
    assert!(built.lods[1].index_count <= built.lods[0].index_count * 6 / 10);
}

#[test]
fn it_stops_where_nothing_is_gained() {
    let built = try_build(&mesh(vec![triangle()]), &with_levels(8)).unwrap();
    assert_eq!(built.lods.len(), 1);
    assert_eq!(codes_of(&built), ["mesh.lod_stopped"]);
    // An error that allows nothing.
    let settings = GeometrySettings {
        lod_max_error: 1e-9,
        ..with_levels(3)
    };
    let built = try_build(&mesh(vec![terrain(8, true)]), &settings).unwrap();
    assert_eq!(built.lods.len(), 1);
}

#[test]
fn order_serves_the_vertex_cache() {
    // Triangles in an order that no cache likes.
    let mut part = terrain(32, true);
    let triangles: Vec<[u32; 3]> = part.indices.as_chunks::<3>().0.to_vec();
    let count = triangles.len();
    part.indices = (0..count)
        .flat_map(|i| triangles[i * 997 % count])
        .collect();
    part.ranges = vec![range(0, part.indices.len() as u32, 0)];
    let misses = |built: &BuiltMesh| {
        let corners: Vec<u32> = corners(&built.lods[0], 0)
            .iter()
            .map(|&c| c as u32)
            .collect();
        let count = built.lods[0].vertex_count as usize;
        meshopt::analyze_vertex_cache(&corners, count, 16, 0, 0).acmr
    };
    let settings = GeometrySettings {
        optimize: false,
        ..GeometrySettings::default()
    };
    let source = mesh(vec![part]);
    let before = misses(&try_build(&source, &settings).unwrap());
    let after = misses(&build(&source));
    assert!(before > 2.5 && after < 0.9, "{before} {after}");
}

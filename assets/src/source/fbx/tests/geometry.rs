//! Polygons, materials of faces, attributes.

use super::{
    ascii::{Geometry, ROOT, placed},
    *,
};
use crate::{
    cook::pace::Cancelled,
    source::scene::{MaterialId, MeshId, MeshLoadError},
};

/// The area of triangles, with its direction.
fn area(triangles: &[[DVec3; 3]]) -> DVec3 {
    triangles
        .iter()
        .map(|[a, b, c]| (*b - *a).cross(*c - *a) / 2.0)
        .sum()
}

fn one_mesh(geometry: &Geometry) -> SceneSource {
    let mut file = Ascii::default();
    file.mesh("Mesh", ROOT, "", geometry);
    scene(&file)
}

#[test]
fn polygons_become_triangles_without_gaps_or_overlaps() {
    let star: Vec<[f64; 2]> = (0..10)
        .map(|i| {
            let angle = f64::from(i) * std::f64::consts::PI / 5.0;
            let radius = if i % 2 == 0 { 100.0 } else { 40.0 };
            [radius * angle.cos(), radius * angle.sin()]
        })
        .collect();
    let outlines: [&[[f64; 2]]; 5] = [
        &[[0.0, 0.0], [100.0, 0.0], [0.0, 100.0]],
        &[[0.0, 0.0], [100.0, 0.0], [100.0, 100.0], [0.0, 100.0]],
        // A dart: one of its diagonals lies outside.
        &[[0.0, 0.0], [100.0, 100.0], [0.0, 30.0], [-100.0, 100.0]],
        // A letter L.
        &[
            [0.0, 0.0],
            [100.0, 0.0],
            [100.0, 20.0],
            [20.0, 20.0],
            [20.0, 100.0],
            [0.0, 100.0],
        ],
        &star,
    ];
    for outline in outlines {
        let mesh = loaded(&one_mesh(&Geometry::polygon(outline)), 0);
        let triangles = world_triangles(only_part(&mesh), DMat4::IDENTITY);
        assert_eq!(triangles.len(), outline.len() - 2);
        let (mut doubled, mut previous) = (0.0, outline[outline.len() - 1]);
        for point in outline {
            doubled += previous[0] * point[1] - previous[1] * point[0];
            previous = *point;
        }
        // Towards the file's +Z, which is the engine's -Y. No triangle faces the other way, so the sum
        // of the areas is right only if none overlap.
        let expected = DVec3::new(0.0, -doubled / 2.0 * 1e-4, 0.0);
        assert_close(area(&triangles), expected);
        for triangle in &triangles {
            assert!(
                area(std::slice::from_ref(triangle)).y <= 0.0,
                "{triangle:?}"
            );
        }
    }
}

#[test]
fn faces_that_are_none_are_left_out() {
    let mut geometry = Geometry::cuboid([0.0; 3], [100.0; 3]);
    geometry.normals = None;
    geometry.uvs.clear();
    geometry.polygons.push(vec![0, 1]);
    geometry.polygons.push(vec![3]);
    geometry.polygons.insert(2, vec![5, 6]);
    let scene = one_mesh(&geometry);
    let DecodedMesh { mesh, diagnostics } = decoded(&scene, 0);
    assert_eq!(codes_of(&diagnostics), ["mesh.invalid_face"]);
    assert!(diagnostics[0].message.starts_with("3 faces"));
    assert_eq!(only_part(&mesh).indices.len(), 36);
    assert!(scene.meshes()[0].size.vertices >= 24);
    assert_eq!(scene.meshes()[0].size.indices, 36);
}

#[test]
fn holes_are_not_filled() {
    let mut geometry = Geometry::cuboid([0.0; 3], [100.0; 3]);
    geometry.holes = Some(vec![0, 1, 0, 0, 1, 0]);
    let mesh = loaded(&one_mesh(&geometry), 0);
    let part = only_part(&mesh);
    assert_eq!(part.indices.len(), 24);
    // The faces at +X and at the back, -Z, which is +Y in the engine.
    assert_close(
        area(&world_triangles(part, DMat4::IDENTITY)),
        DVec3::new(-1.0, -1.0, 0.0),
    );
}

#[test]
fn faces_keep_their_materials() {
    let mut file = Ascii::default();
    let mut geometry = Geometry::cuboid([0.0; 3], [100.0; 3]);
    geometry.materials = Some(vec![2, 0, 1, 2, 0, 2]);
    let (node, _) = file.mesh("Box", ROOT, "", &geometry);
    for name in ["Unused", "Red", "Green", "Blue"] {
        let material = file.material(name, "lambert", "");
        if name != "Unused" {
            file.connect(material, node);
        }
    }
    let scene = scene(&file);
    assert_eq!(codes_of(scene.diagnostics()), [""; 0]);
    let names: Vec<_> = scene.materials().iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["Unused", "Red", "Green", "Blue"]);
    let mesh = loaded(&scene, 0);
    let part = only_part(&mesh);
    let ranges: Vec<_> = part
        .ranges
        .iter()
        .map(|range| (range.first_index, range.index_count, range.material))
        .collect();
    let material = |id| Some(MaterialId(id));
    assert_eq!(
        ranges,
        [
            (0, 12, material(1)),
            (12, 6, material(2)),
            (18, 18, material(3))
        ]
    );
    assert_eq!(
        scene.meshes()[0].loader.materials(),
        Some(vec![MaterialId(1), MaterialId(2), MaterialId(3)])
    );
    // The second face is at +X.
    let red = world_triangles(part, DMat4::IDENTITY)[..4].to_vec();
    assert_close(area(&red), DVec3::new(1.0, 1.0, 0.0));
}

#[test]
fn instances_share_a_mesh_unless_their_materials_differ() {
    let mut file = Ascii::default();
    let mesh = file.geometry("Shared", &Geometry::cuboid([0.0; 3], [100.0; 3]));
    let [red, green] = ["Red", "Green"].map(|name| file.material(name, "lambert", ""));
    for (name, material) in [("A", red), ("B", red), ("C", green), ("D", red)] {
        let node = file.node_of("Mesh", name, ROOT, "");
        file.connect(mesh, node);
        file.connect(material, node);
    }
    let scene = scene(&file);
    let shown: Vec<_> = scene.nodes()[1..].iter().map(|node| node.mesh).collect();
    let [first, second] = [MeshId(0), MeshId(1)].map(Some);
    assert_eq!(shown, [first, first, second, first]);
    for (index, material) in [(0, 0), (1, 1)] {
        assert_eq!(scene.meshes()[index].name, "Shared");
        let mesh = loaded(&scene, index);
        assert_eq!(
            only_part(&mesh).ranges[0].material,
            Some(MaterialId(material))
        );
    }
}

#[test]
fn meshes_come_in_the_order_of_the_file_and_are_named_after_their_node() {
    let mut file = Ascii::default();
    let geometry = Geometry::cuboid([0.0; 3], [1.0; 3]);
    let meshes = ["", "Named", "Unused"].map(|name| file.geometry(name, &geometry));
    for (name, mesh) in [("Second", meshes[1]), ("First", meshes[0])] {
        let node = file.node_of("Mesh", name, ROOT, "");
        file.connect(mesh, node);
    }
    let scene = scene(&file);
    let names: Vec<_> = scene
        .meshes()
        .iter()
        .map(|mesh| mesh.name.as_str())
        .collect();
    assert_eq!(names, ["First", "Named", "Unused"]);
    assert_eq!(node(&scene, "Second").mesh, Some(MeshId(1)));
    assert_eq!(node(&scene, "First").mesh, Some(MeshId(0)));
}

#[test]
fn a_file_without_materials_gets_one() {
    let scene = one_mesh(&Geometry::cuboid([0.0; 3], [100.0; 3]));
    let [material] = scene.materials() else {
        panic!("one material");
    };
    let expected = MaterialSource {
        name: "M_Default".to_owned(),
        ..MaterialSource::default()
    };
    assert_eq!(*material, expected);
    let mesh = loaded(&scene, 0);
    assert_eq!(only_part(&mesh).ranges[0].material, Some(MaterialId(0)));
    assert_eq!(codes_of(scene.diagnostics()), [""; 0]);
}

#[test]
fn meshes_without_a_material_among_others_get_the_default() {
    let mut file = Ascii::default();
    file.mesh("Bare", ROOT, "", &Geometry::cuboid([0.0; 3], [100.0; 3]));
    file.material("Unused", "lambert", "");
    let scene = scene(&file);
    assert_eq!(
        codes_of(scene.diagnostics()),
        ["mesh.face_material_missing"]
    );
    let mesh = loaded(&scene, 0);
    assert_eq!(only_part(&mesh).ranges[0].material, None);
}

#[test]
fn empty_meshes_are_left_out_and_the_rest_imports() {
    let mut file = Ascii::default();
    let corners = vec![[0.0; 3], [1.0, 0.0, 0.0]];
    let empty = Geometry {
        vertices: corners.clone(),
        ..Geometry::default()
    };
    let lines = Geometry {
        vertices: corners,
        polygons: vec![vec![0, 1]],
        ..Geometry::default()
    };
    file.mesh("Empty", ROOT, "", &empty);
    file.mesh("Lines", ROOT, "", &lines);
    file.mesh("Box", ROOT, "", &Geometry::cuboid([0.0; 3], [1.0; 3]));
    let scene = scene(&file);
    assert_eq!(
        codes_of(scene.diagnostics()),
        ["mesh.no_faces", "mesh.no_ranges"]
    );
    assert!(scene.diagnostics().iter().all(|note| !note.is_error()));
    assert_eq!(scene.meshes().len(), 1);
    assert_eq!(node(&scene, "Empty").mesh, None);
    assert_eq!(node(&scene, "Box").mesh, Some(MeshId(0)));
}

#[test]
fn texture_coordinates_begin_at_the_upper_left() {
    let mesh = loaded(&one_mesh(&Geometry::cuboid([0.0; 3], [100.0; 3])), 0);
    let uvs = only_part(&mesh).streams.texcoords.clone().unwrap();
    assert_eq!(uvs[..4], [[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]]);
}

#[test]
fn the_first_sets_are_used_and_the_others_named() {
    let mut geometry = Geometry::cuboid([0.0; 3], [100.0; 3]);
    let (_, values, indices) = geometry.uvs[0].clone();
    let moved = values.iter().map(|[u, v]| [u + 10.0, *v]).collect();
    geometry.uvs.push(("lightmap", moved, indices));
    geometry.colors = vec![
        ("paint", vec![[0.25, 0.5, 0.75, 1.0]; 24]),
        ("mask", vec![[1.0; 4]; 24]),
    ];
    let DecodedMesh { mesh, diagnostics } = decoded(&one_mesh(&geometry), 0);
    let streams = &only_part(&mesh).streams;
    assert_eq!(streams.texcoords.as_ref().unwrap()[1], [1.0, 1.0]);
    assert_eq!(streams.colors.as_ref().unwrap()[5], [0.25, 0.5, 0.75, 1.0]);
    assert_eq!(codes_of(&diagnostics), ["mesh.uv_sets", "fbx.color_sets"]);
    assert_eq!(
        diagnostics[0].message,
        "of the sets, `map1` is used; not used: `lightmap`"
    );
    assert_eq!(diagnostics[0].source.as_deref(), Some("folder/scene.fbx"));
}

#[test]
fn corners_without_a_value_take_none_of_others() {
    let mut geometry = Geometry::cuboid([0.0; 3], [100.0; 3]);
    geometry.uvs[0].2[3] = -1;
    geometry.uvs[0].2[4] = 99;
    let mesh = loaded(&one_mesh(&geometry), 0);
    let uvs = only_part(&mesh).streams.texcoords.clone().unwrap();
    assert_eq!(uvs[2..6], [[1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [1.0, 1.0]]);
}

/// A roof of two quads along Y, whose ridge is higher than its eaves, with a lawn that touches neither.
fn roof() -> Geometry {
    Geometry {
        vertices: vec![
            [-100.0, 0.0, 0.0],
            [0.0, 0.0, 100.0],
            [100.0, 0.0, 0.0],
            [-100.0, 200.0, 0.0],
            [0.0, 200.0, 100.0],
            [100.0, 200.0, 0.0],
            [500.0, 0.0, 0.0],
            [600.0, 0.0, 0.0],
            [500.0, 100.0, 0.0],
        ],
        polygons: vec![vec![0, 1, 4, 3], vec![1, 2, 5, 4], vec![6, 7, 8]],
        ..Geometry::default()
    }
}

/// The normals of a roof at its corners, in the axes of the file.
fn roof_normals(geometry: &Geometry) -> Vec<DVec3> {
    let mesh = loaded(&one_mesh(geometry), 0);
    let normals = only_part(&mesh).streams.normals.clone().unwrap();
    let file_axes = |n: [f32; 3]| DVec3::new(n[0].into(), n[2].into(), -f64::from(n[1]));
    normals.into_iter().map(file_axes).collect()
}

#[test]
fn missing_normals_are_those_of_polygons() {
    let slope = DVec3::new(-1.0, 0.0, 1.0).normalize();
    let (left, right) = (slope, DVec3::new(-slope.x, 0.0, slope.z));
    let hard = [[left; 4], [right; 4]].concat();
    let mut geometry = roof();
    for smoothing in [None, Some(vec![0, 0, 0])] {
        geometry.smoothing = smoothing;
        let normals = roof_normals(&geometry);
        for (normal, expected) in normals.iter().zip(hard.iter().chain(&[DVec3::Z; 3])) {
            assert_close(*normal, *expected);
        }
    }
}

#[test]
fn missing_normals_are_smooth_where_the_file_wants_it() {
    let slope = DVec3::new(-1.0, 0.0, 1.0).normalize();
    let (left, right) = (slope, DVec3::new(-slope.x, 0.0, slope.z));
    let up = DVec3::Z;
    // Corners of the two quads: eaves, ridge, ridge, eaves, and ridge, eaves, eaves, ridge.
    let smooth = [left, up, up, left, up, right, right, up];
    let by_group = Geometry {
        smoothing: Some(vec![1, 1, 0]),
        ..roof()
    };
    // The second edge of the first quad is the ridge.
    let by_edge = Geometry {
        edges: Some((vec![0, 1, 2, 5], vec![0, 1, 0, 0])),
        ..roof()
    };
    let turned = Geometry {
        // The second quad is wound the other way; the edge is still one.
        polygons: vec![vec![0, 1, 4, 3], vec![4, 5, 2, 1], vec![6, 7, 8]],
        ..by_group.clone()
    };
    for geometry in [by_group, by_edge] {
        for (normal, expected) in roof_normals(&geometry).iter().zip(smooth) {
            assert_close(*normal, expected);
        }
    }
    // Opposite normals of one edge: 45 degrees to either side cancel but for the horizontal part.
    let normals = roof_normals(&turned);
    assert_close(normals[1], DVec3::NEG_X);
    assert_close(normals[0], left);
    let hard = Geometry {
        edges: Some((vec![0, 1, 2, 5], vec![1, 0, 1, 1])),
        ..roof()
    };
    assert_close(roof_normals(&hard)[1], left);
}

#[test]
fn edges_between_three_faces_are_hard() {
    let mut geometry = roof();
    geometry.polygons[2] = vec![4, 1, 6];
    geometry.smoothing = Some(vec![1, 1, 1]);
    let slope = DVec3::new(-1.0, 0.0, 1.0).normalize();
    assert_close(roof_normals(&geometry)[1], slope);
}

/// The parser does the same, but cannot be interrupted.
#[test]
fn smoothed_normals_are_those_of_the_parser() {
    // A wavy sheet, some of whose faces and edges are smooth.
    let side = 12;
    let mut geometry = Geometry::default();
    for (y, x) in (0..=side).flat_map(|y| (0..=side).map(move |x| (y, x))) {
        let height = (f64::from(x * 5 + y * 3)).sin() * 20.0;
        geometry
            .vertices
            .push([f64::from(x) * 10.0, f64::from(y) * 10.0, height]);
    }
    for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
        let first = y * (side + 1) + x;
        let quad = [first, first + 1, first + side + 2, first + side + 1];
        geometry.polygons.push(quad.to_vec());
    }
    let faces = side * side;
    let by_face = Geometry {
        smoothing: Some((0..faces).map(|face| i32::from(face % 7 > 2)).collect()),
        ..geometry.clone()
    };
    // The first and the last edge of each quad: every edge once.
    let edges = (0..4 * faces).filter(|edge| matches!(edge % 4, 0 | 3));
    let is_smooth = edges.clone().map(|edge| i32::from(edge % 5 > 1)).collect();
    let by_edge = Geometry {
        edges: Some((edges.collect(), is_smooth)),
        ..geometry.clone()
    };
    for geometry in [geometry, by_face, by_edge] {
        let mut file = Ascii::default();
        file.mesh("Sheet", ROOT, "", &geometry);
        let options = ufbx::LoadOpts {
            generate_missing_normals: true,
            ..ufbx::LoadOpts::default()
        };
        let theirs = ufbx::load_memory(&file.build(), options).unwrap();
        let theirs = &theirs.meshes[0].vertex_normal;
        for (corner, normal) in roof_normals(&geometry).into_iter().enumerate() {
            let theirs = theirs[corner];
            assert_close(normal, DVec3::new(theirs.x, theirs.y, theirs.z));
        }
    }
}

#[test]
fn missing_normals_stay_away_if_nobody_wants_them() {
    let mut file = Ascii::default();
    file.mesh("Roof", ROOT, "", &roof());
    let options = FbxOptions {
        generate_normals: false,
        ..FbxOptions::default()
    };
    let mesh = loaded(&resolved(&file.build(), &options), 0);
    assert_eq!(only_part(&mesh).streams.normals, None);
}

#[test]
fn decoding_stops_when_it_is_cancelled() {
    let scene = one_mesh(&Geometry::cuboid([0.0; 3], [100.0; 3]));
    let cancel = CancelFlag::new();
    cancel.cancel();
    let mut pace = Pace::uninterrupted(cancel);
    let result = block_on(scene.meshes()[0].loader.load(&mut pace));
    assert!(matches!(result, Err(MeshLoadError::Cancelled(Cancelled))));
}

#[test]
fn decoding_gives_way_and_gives_the_same() {
    let scene = one_mesh(&Geometry::cuboid([0.0; 3], [100.0; 3]));
    let mut pace = Pace::sliced(CancelFlag::new(), std::time::Duration::ZERO);
    let sliced = block_on(scene.meshes()[0].loader.load(&mut pace)).unwrap();
    assert_eq!(*sliced.mesh, *loaded(&scene, 0));
}

#[test]
fn polygons_with_absurdly_many_corners_are_left_out() {
    let corners = 40_000;
    let outline: Vec<[f64; 2]> = (0..corners)
        .map(|i| {
            let angle = f64::from(i) / f64::from(corners) * std::f64::consts::TAU;
            [100.0 * angle.cos(), 100.0 * angle.sin()]
        })
        .collect();
    let mut geometry = Geometry::polygon(&outline);
    geometry.polygons.push(vec![0, 1, 2]);
    let DecodedMesh { mesh, diagnostics } = decoded(&one_mesh(&geometry), 0);
    assert_eq!(codes_of(&diagnostics), ["mesh.triangulate_failed"]);
    assert_eq!(only_part(&mesh).indices.len(), 3);
}

#[test]
fn what_is_not_made_of_polygons_is_reported() {
    let mut file = Ascii::default();
    let node = file.node_of("Line", "Curve", ROOT, &placed([0.0; 3], [0.0; 3], [1.0; 3]));
    let body = "Version: 100\nPoints: *6 {\na: 0,0,0,1,1,1\n}\nPointsIndex: *2 {\na: 0,-2\n}\n";
    let line = file.object("Geometry", "Geometry::line", "Line", body);
    file.connect(line, node);
    let scene = scene(&file);
    assert_eq!(codes_of(scene.diagnostics()), ["fbx.non_mesh_geometry"]);
    assert_eq!(scene.nodes().len(), 2);
    let options = FbxOptions {
        refuse_non_triangles: true,
        ..FbxOptions::default()
    };
    let error = try_read(&file.build(), &options).unwrap_err();
    assert_eq!(error.code().unwrap().id(), "fbx.non_mesh_refused");
    assert!(error.to_string().contains("1 lines"));
}

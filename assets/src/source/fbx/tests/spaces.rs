//! Axes, units, handedness.

use super::{
    ascii::{Geometry, ROOT, placed, property},
    *,
};
use glam::DMat3;

/// A box from the origin to one metre right, two up and three to the front, in units of the file.
fn oriented(file: Ascii, axes: [DVec3; 3], metre: f64) -> Ascii {
    let far = (axes[0] + 2.0 * axes[1] + 3.0 * axes[2]) * metre;
    let mut file = file;
    let geometry = Geometry::cuboid(far.min(DVec3::ZERO).into(), far.max(DVec3::ZERO).into());
    file.mesh("Box", ROOT, "", &geometry);
    file
}

const Y_UP: [DVec3; 3] = [DVec3::X, DVec3::Y, DVec3::Z];

/// Every triangle of a box faces away from its middle, and so do its normals.
fn assert_faces_outwards(scene: &SceneSource, name: &str) {
    let mesh = loaded(scene, node(scene, name).mesh.unwrap().index());
    let part = only_part(&mesh);
    let normals = part.streams.normals.as_ref().unwrap();
    let world = world(scene, name);
    let triangles = world_triangles(part, world);
    let corners = triangles.as_flattened();
    let middle = corners.iter().sum::<DVec3>() / corners.len() as f64;
    for (triangle, indices) in triangles.iter().zip(part.indices.as_chunks::<3>().0) {
        let [a, b, c] = *triangle;
        let away = (a + b + c) / 3.0 - middle;
        let turns = DMat3::from_mat4(world).determinant().signum();
        let front = (b - a).cross(c - a) * turns;
        assert!(front.dot(away) > 0.0, "{triangle:?} faces inwards");
        for index in indices {
            let normal = world.transform_vector3(vector(normals[*index as usize]));
            assert!(normal.normalize().dot(front.normalize()) > 0.999);
        }
    }
}

#[test]
fn axes_become_those_of_the_engine() {
    let x = DVec3::X;
    let (y, z) = (DVec3::Y, DVec3::Z);
    let table = [
        ([(0, 1), (1, 1), (2, 1)], [x, y, z]),
        // 3ds Max.
        ([(0, 1), (2, 1), (1, -1)], [x, z, -y]),
        // X up.
        ([(1, -1), (0, 1), (2, 1)], [-y, x, z]),
        // Turned half round.
        ([(0, -1), (1, 1), (2, -1)], [-x, y, -z]),
        // Left-handed: DirectX, Unreal, and one that nobody uses.
        ([(0, 1), (1, 1), (2, -1)], [x, y, -z]),
        ([(1, 1), (2, 1), (0, -1)], [y, z, -x]),
        ([(2, -1), (0, -1), (1, -1)], [-z, -x, -y]),
    ];
    for (axes, vectors) in table {
        let file = oriented(Ascii::default().axes(axes), vectors, 100.0);
        let scene = scene(&file);
        assert_eq!(codes_of(scene.diagnostics()), [""; 0]);
        // Right, up, and front, which is -Y.
        assert_box(world_box(&scene, "Box"), [0.0, -3.0, 0.0], [1.0, 0.0, 2.0]);
        assert_faces_outwards(&scene, "Box");
        // A node that the file does not turn is not turned.
        assert_eq!(node(&scene, "Box").local, DMat4::IDENTITY);
    }
}

#[test]
fn units_follow_the_policy() {
    let file = |centimetres: f64| oriented(Ascii::default().unit(centimetres), Y_UP, 100.0);
    let read_as = |centimetres, units| {
        let options = FbxOptions {
            units,
            ..FbxOptions::default()
        };
        let scene = resolved(&file(centimetres).build(), &options);
        world_box(&scene, "Box")[1].z
    };
    for (centimetres, units, height) in [
        (1.0, UnitScale::Normalize, 2.0),
        (1.0, UnitScale::Preserve, 200.0),
        (1.0, UnitScale::Custom(1.0), 2.0),
        (1.0, UnitScale::Custom(10.0), 20.0),
        (100.0, UnitScale::Normalize, 200.0),
        (100.0, UnitScale::Preserve, 200.0),
        (100.0, UnitScale::Custom(0.25), 50.0),
        (2.54, UnitScale::Normalize, 5.08),
    ] {
        let actual = read_as(centimetres, units);
        assert!(
            (actual - height).abs() < 1e-4,
            "{centimetres} {units:?}: {actual}"
        );
    }
}

#[test]
fn a_factor_must_be_one() {
    let file = oriented(Ascii::default(), Y_UP, 100.0).build();
    for factor in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        let options = FbxOptions {
            units: UnitScale::Custom(factor),
            ..FbxOptions::default()
        };
        let error = try_read(&file, &options).unwrap_err();
        let diagnostic = error.diagnostic().unwrap();
        assert_eq!(diagnostic.code.id(), "fbx.invalid_custom_unit_scale");
        assert!(diagnostic.is_error());
    }
}

#[test]
fn a_node_keeps_its_own_transform() {
    let mut file = Ascii::default();
    let pose = placed([100.0, 200.0, 300.0], [0.0, 90.0, 0.0], [1.0, 2.0, 3.0]);
    let parent = file.node("Parent", ROOT, &pose);
    file.node(
        "Child",
        parent,
        &placed([10.0, 0.0, 0.0], [0.0; 3], [1.0; 3]),
    );
    let scene = scene(&file);
    let (scale, rotation, translation) =
        node(&scene, "Parent").local.to_scale_rotation_translation();
    // Up is Z and the front -Y now.
    assert_close(translation, DVec3::new(1.0, -3.0, 2.0));
    assert_close(scale, DVec3::new(1.0, 3.0, 2.0));
    assert_close(rotation * DVec3::X, DVec3::new(0.0, 1.0, 0.0));
    let child = world(&scene, "Child").transform_point3(DVec3::ZERO);
    assert_close(child, DVec3::new(1.0, -2.9, 2.0));
}

#[test]
fn missing_axes_are_assumed_with_a_word() {
    for (file, axes) in [
        (Ascii::default().without("Axis"), Y_UP),
        (Ascii::default().without("FrontAxis"), Y_UP),
        (Ascii::default().axes([(0, 1), (1, 1), (1, 1)]), Y_UP),
        (
            Ascii::default().z_up().without("CoordAxis"),
            [DVec3::X, DVec3::Z, DVec3::NEG_Y],
        ),
    ] {
        let scene = scene(&oriented(file, axes, 100.0));
        assert_eq!(codes_of(scene.diagnostics()), ["fbx.axis_unknown"]);
        assert_box(world_box(&scene, "Box"), [0.0, -3.0, 0.0], [1.0, 0.0, 2.0]);
    }
}

#[test]
fn units_that_are_none_are_centimetres() {
    for unit in [0.0, -1.0] {
        let scene = scene(&oriented(Ascii::default().unit(unit), Y_UP, 100.0));
        assert_eq!(codes_of(scene.diagnostics()), ["fbx.unit_unknown"]);
        assert_box(world_box(&scene, "Box"), [0.0, -3.0, 0.0], [1.0, 0.0, 2.0]);
    }
}

#[test]
fn the_report_says_what_was_converted() {
    let scene = scene(&oriented(Ascii::default(), Y_UP, 100.0));
    let [space] = scene.diagnostics() else {
        panic!("one diagnostic");
    };
    assert_eq!(space.code.id(), "fbx.space");
    let expected = "right-handed, +Y up, +Z to the front, 0.01 m for each unit; lengths are multiplied by 0.01";
    assert_eq!(space.message, expected);
}

/// Blender writes vertices in metres with +Z up, and corrects that on the nodes below the root.
#[test]
fn what_blender_corrects_on_nodes_does_not_stay_there() {
    let blender = |properties: &str, far: [f64; 3]| {
        let mut file = Ascii::default();
        file.creator = "Blender (stable FBX IO) - 3.4.0 - 4.37.1";
        let geometry = Geometry::cuboid([0.0; 3], far);
        let (parent, _) = file.mesh("Box", ROOT, properties, &geometry);
        file.node(
            "Child",
            parent,
            &placed([1.0, 0.0, 0.0], [0.0; 3], [1.0; 3]),
        );
        file
    };
    let corrected = placed([0.0, 0.0, 100.0], [-90.0, 0.0, 0.0], [100.0; 3]);
    let corrected = scene(&blender(&corrected, [1.0, 3.0, 2.0]));
    let local = node(&corrected, "Box").local;
    assert_close(local.w_axis.truncate(), DVec3::new(0.0, -1.0, 0.0));
    assert!(DMat3::from_mat4(local).abs_diff_eq(DMat3::IDENTITY, 1e-6));
    assert_box(
        world_box(&corrected, "Box"),
        [0.0, -1.0, 0.0],
        [1.0, 2.0, 2.0],
    );
    assert_faces_outwards(&corrected, "Box");
    assert_close(
        world(&corrected, "Child").transform_point3(DVec3::ZERO),
        DVec3::new(1.0, -1.0, 0.0),
    );
    // With the transform applied to vertices, there is nothing to keep.
    let applied = scene(&blender("", [100.0, 200.0, 300.0]));
    assert_eq!(node(&applied, "Box").local, DMat4::IDENTITY);
    assert_box(
        world_box(&applied, "Box"),
        [0.0, -3.0, 0.0],
        [1.0, 0.0, 2.0],
    );
}

/// Signs of zero and last bits apart, a local transform in the file's own words is not lost.
#[test]
fn units_do_not_scale_nodes() {
    for unit in [1.0, 2.54, 100.0] {
        let mut file = Ascii::default().unit(unit);
        file.node(
            "Node",
            ROOT,
            &property("Lcl Scaling", "Lcl Scaling", &[1.0; 3]),
        );
        let local = node(&scene(&file), "Node").local;
        assert_eq!(local, DMat4::IDENTITY);
    }
}

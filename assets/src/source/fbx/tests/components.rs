//! Cameras and lights.

use super::{
    ascii::{ROOT, integer, placed, property},
    *,
};
use crate::source::scene::{CameraId, LightKind, LightSource, NodeId, Projection};

fn with_camera(unit: f64, properties: &str) -> SceneSource {
    let mut file = Ascii::default().unit(unit);
    let node = file.node_of(
        "Camera",
        "Camera",
        ROOT,
        &placed([0.0, 100.0, 0.0], [0.0; 3], [1.0; 3]),
    );
    file.attribute(node, "Camera", properties);
    file.node(
        "Child",
        node,
        &placed([0.0, 0.0, 100.0], [0.0; 3], [1.0; 3]),
    );
    scene(&file)
}

fn number(name: &str, value: f64) -> String {
    property(name, "Number", &[value])
}

/// 16:9, 40 degrees from top to bottom, from 10 cm to 50 m.
fn perspective() -> String {
    integer("ApertureMode", 2)
        + &number("FieldOfView", 40.0)
        + &number("AspectWidth", 1920.0)
        + &number("AspectHeight", 1080.0)
        + &number("NearPlane", 10.0)
        + &number("FarPlane", 5000.0)
}

fn projection(scene: &SceneSource) -> Projection {
    let [camera] = scene.cameras() else {
        panic!("one camera");
    };
    camera.projection
}

#[test]
fn cameras_look_where_the_file_lets_them_look() {
    let scene = with_camera(1.0, &perspective());
    let camera = world(&scene, "Camera");
    assert_eq!(node(&scene, "Camera").camera, Some(CameraId(0)));
    // FBX cameras look along +X with +Y up, which is +Z here.
    assert_close(camera.transform_vector3(DVec3::NEG_Z), DVec3::X);
    assert_close(camera.transform_vector3(DVec3::Y), DVec3::Z);
    assert_close(camera.transform_point3(DVec3::ZERO), DVec3::Z);
    // What hangs on the camera has not turned with it.
    let child = world(&scene, "Child");
    assert_close(
        child.transform_point3(DVec3::ZERO),
        DVec3::new(0.0, -1.0, 1.0),
    );
    assert_close(child.transform_vector3(DVec3::X), DVec3::X);
    assert_close(child.transform_vector3(DVec3::Z), DVec3::Z);
}

#[test]
fn frusta_are_in_radians_and_metres() {
    for (unit, metres) in [(1.0, 0.01), (100.0, 1.0)] {
        let Projection::Perspective {
            fov_y,
            aspect,
            near,
            far,
        } = projection(&with_camera(unit, &perspective()))
        else {
            panic!("perspective");
        };
        assert!((fov_y - 40f32.to_radians()).abs() < 1e-6);
        assert!((aspect.unwrap() - 16.0 / 9.0).abs() < 1e-6);
        assert!((near - 10.0 * metres).abs() < 1e-6);
        assert!((far.unwrap() - 5000.0 * metres).abs() < 1e-3);
    }
}

#[test]
fn planes_are_put_right() {
    let planes = |near, far| {
        let properties = perspective() + &number("NearPlane", near) + &number("FarPlane", far);
        // Later properties win.
        match projection(&with_camera(100.0, &properties)) {
            Projection::Perspective { near, far, .. } => (near, far.unwrap()),
            projection => panic!("{projection:?}"),
        }
    };
    assert_eq!(planes(-0.5, 10.0), (0.5, 10.0));
    assert_eq!(planes(10.0, -0.5), (0.5, 10.0));
}

#[test]
fn orthographic_views_have_their_size() {
    let properties = integer("CameraProjectionType", 1)
        + &number("OrthoZoom", 4.0)
        + &number("AspectWidth", 2.0)
        + &number("AspectHeight", 1.0)
        + &number("NearPlane", 10.0)
        + &number("FarPlane", 1000.0)
        + "P: \"GateFit\", \"enum\", \"\", \"\",2\n";
    let Projection::Orthographic {
        half_width,
        half_height,
        near,
        far,
    } = projection(&with_camera(1.0, &properties))
    else {
        panic!("orthographic");
    };
    // A zoom of 1 is 30 units wide, fitted to the width.
    assert!((half_width - 0.6).abs() < 1e-6, "{half_width}");
    assert!((half_height - 0.3).abs() < 1e-6, "{half_height}");
    assert!((near - 0.1).abs() < 1e-6 && (far - 10.0).abs() < 1e-6);
}

fn with_light(properties: &str) -> (SceneSource, LightSource) {
    let mut file = Ascii::default();
    let node = file.node_of("Light", "Light", ROOT, "");
    file.attribute(node, "Light", properties);
    file.node(
        "Child",
        node,
        &placed([0.0, 100.0, 0.0], [0.0; 3], [1.0; 3]),
    );
    let scene = scene(&file);
    let [light] = scene.lights() else {
        panic!("one light");
    };
    let light = light.clone();
    (scene, light)
}

#[test]
fn lights_shine_where_the_file_lets_them_shine() {
    for kind in [0, 1, 2] {
        let (scene, _) = with_light(&integer("LightType", kind));
        let light = world(&scene, "Light");
        // FBX lights shine along -Y, which is down, and the engine's as well.
        assert_close(light.transform_vector3(DVec3::NEG_Z), DVec3::NEG_Z);
        let child = world(&scene, "Child").transform_point3(DVec3::ZERO);
        assert_close(child, DVec3::Z);
    }
    // A light that the file turns to the front.
    let mut file = Ascii::default();
    let turned = placed([0.0; 3], [-90.0, 0.0, 0.0], [1.0; 3]);
    let node = file.node_of("Light", "Light", ROOT, &turned);
    file.attribute(node, "Light", &integer("LightType", 1));
    let light = world(&scene(&file), "Light");
    assert_close(light.transform_vector3(DVec3::NEG_Z), DVec3::NEG_Y);
}

#[test]
fn values_of_lights() {
    let common = number("Intensity", 250.0)
        + &property("Color", "Color", &[1.0, 0.5, 0.25])
        + &integer("CastShadows", 1);
    let (_, light) = with_light(&(integer("LightType", 0) + &common));
    assert_eq!(light.intensity, 2.5);
    assert_eq!(light.color, [1.0, 0.5, 0.25]);
    assert!(light.casts_shadows && light.affects_world);
    assert_eq!(light.kind, LightKind::Point { range: None });
    let (_, dark) = with_light(&(common.clone() + &integer("CastLight", 0)));
    assert!(!dark.affects_world);

    // An authored 100 is 1.
    let (_, light) = with_light(&number("Intensity", 100.0));
    assert_eq!((light.intensity, light.casts_shadows), (1.0, false));

    let spot = integer("LightType", 2) + &number("InnerAngle", 30.0) + &number("OuterAngle", 60.0);
    let reach = integer("EnableFarAttenuation", 1) + &number("FarAttenuationEnd", 500.0);
    let (_, light) = with_light(&(spot.clone() + &reach));
    let LightKind::Spot {
        range,
        inner_angle,
        outer_angle,
    } = light.kind
    else {
        panic!("{:?}", light.kind);
    };
    assert_eq!(range, Some(5.0));
    // From the axis of the cone to its side.
    assert!((inner_angle - 15f32.to_radians()).abs() < 1e-6);
    assert!((outer_angle - 30f32.to_radians()).abs() < 1e-6);
    let unlimited = integer("EnableFarAttenuation", 0) + &number("FarAttenuationEnd", 500.0);
    let (_, light) = with_light(&(spot + &unlimited));
    assert!(matches!(light.kind, LightKind::Spot { range: None, .. }));

    let (_, sun) = with_light(&integer("LightType", 1));
    assert_eq!(sun.kind, LightKind::Directional);
}

#[test]
fn lights_with_a_shape_become_points_with_a_word() {
    for kind in [3, 4] {
        let (scene, light) = with_light(&integer("LightType", kind));
        assert_eq!(light.kind, LightKind::Point { range: None });
        assert_eq!(
            codes_of(scene.diagnostics()),
            ["fbx.light.unsupported_type"]
        );
        let object = scene.diagnostics()[1].object.as_deref();
        assert_eq!(object, Some("nodes[1] Light"));
    }
}

#[test]
fn a_node_may_carry_several_things() {
    let mut file = Ascii::default();
    let node_id = file.node_of("Camera", "Rig", ROOT, "");
    file.attribute(node_id, "Camera", &perspective());
    file.attribute(node_id, "Light", &integer("LightType", 1));
    file.node("Child", node_id, "");
    let scene = scene(&file);
    let rig = node_index(&scene, "Rig");
    let light = node(&scene, "Rig_light1");
    assert_eq!(light.parent, Some(NodeId(rig as u32)));
    assert!(light.light.is_some() && scene.nodes()[rig].camera.is_some());
    assert_close(
        world(&scene, "Rig").transform_vector3(DVec3::NEG_Z),
        DVec3::X,
    );
    let shining = world(&scene, "Rig_light1").transform_vector3(DVec3::NEG_Z);
    assert_close(shining, DVec3::NEG_Z);
    assert!(world(&scene, "Child").abs_diff_eq(DMat4::IDENTITY, 1e-9));
}

#[test]
fn cameras_of_left_handed_files_do_not_mirror_what_they_see() {
    // Front is -Z.
    let mut file = Ascii::default().axes([(0, 1), (1, 1), (2, -1)]);
    let camera = file.node_of("Camera", "Camera", ROOT, "");
    file.attribute(camera, "Camera", &perspective());
    let world = world(&scene(&file), "Camera");
    assert!(world.determinant() > 0.0);
    assert_close(world.transform_vector3(DVec3::NEG_Z), DVec3::X);
    assert_close(world.transform_vector3(DVec3::Y), DVec3::Z);
}

//! Renderables, cameras and lights.

use super::*;
use crate::source::scene::{LightKind, Projection};
use std::f32::consts::{FRAC_PI_4, PI};

/// 0.785398 radians, the stored default.
const FOV: f32 = f32::from_bits(0x3f49_0fd8);

pub(super) fn perspective(
    fov_y: f32,
    aspect: Option<f32>,
    near: f32,
    far: Option<f32>,
) -> CameraSource {
    CameraSource {
        name: "Eye".to_owned(),
        projection: Projection::Perspective {
            fov_y,
            aspect,
            near,
            far,
        },
    }
}

fn orthographic(half_width: f32, half_height: f32, near: f32, far: f32) -> CameraSource {
    CameraSource {
        name: "Plan".to_owned(),
        projection: Projection::Orthographic {
            half_width,
            half_height,
            near,
            far,
        },
    }
}

pub(super) fn light(kind: LightKind) -> LightSource {
    LightSource {
        name: "Lamp".to_owned(),
        color: [1.0, 0.5, 0.25],
        intensity: 683.0,
        affects_world: true,
        casts_shadows: true,
        kind,
    }
}

/// A single node that carries a camera.
fn cook_camera(camera: CameraSource) -> CookedAsset {
    let node = NodeSource {
        camera: Some(CameraId(0)),
        ..node("n", None)
    };
    cook(&scene_of(vec![node], 0, vec![camera], Vec::new()))
}

/// A single node that carries a light.
fn cook_light(light: LightSource) -> CookedAsset {
    let node = NodeSource {
        light: Some(LightId(0)),
        ..node("n", None)
    };
    cook(&scene_of(vec![node], 0, Vec::new(), vec![light]))
}

#[test]
fn tables_come_in_order_and_records_in_the_order_of_their_nodes() {
    let everything = |index: u32| NodeSource {
        mesh: Some(MeshId(index % 4)),
        camera: Some(CameraId(index % 2)),
        light: Some(LightId(index % 3)),
        ..node("n", None)
    };
    let spot = LightKind::Spot {
        range: None,
        inner_angle: 0.0,
        outer_angle: 0.5,
    };
    let scene = scene_of(
        (0..6).map(everything).collect(),
        4,
        vec![
            perspective(1.0, None, 0.1, None),
            orthographic(1.0, 1.0, 0.0, 1.0),
        ],
        vec![
            light(LightKind::Directional),
            light(LightKind::Point { range: None }),
            light(spot),
        ],
    );
    let asset = cook(&scene);
    let bytes = &asset.bytes;
    assert_eq!(asset.diagnostics, []);
    let (strings, len) = (u32_at(bytes, 111), u32_at(bytes, 115));
    let directory = u32_at(bytes, 119);
    assert_eq!(directory, strings + len);
    assert_eq!(u32_at(bytes, 127), 6);
    let mut table_at = directory + 6 * 20;
    let tables: [(&[u8; 4], u32, &[u32]); 6] = [
        (b"MESH", 36, &[0, 1, 2, 3, 4, 5]),
        (b"PCAM", 32, &[0, 2, 4]),
        (b"OCAM", 40, &[1, 3, 5]),
        (b"DLIT", 96, &[0, 3]),
        (b"PLIT", 80, &[1, 4]),
        (b"SLIT", 88, &[2, 5]),
    ];
    for (entry, (tag, size, at)) in tables.into_iter().enumerate() {
        let entry = &bytes[directory as usize + 20 * entry..][..20];
        assert_eq!(&entry[..4], tag);
        let fields = [4, 8, 12, 16].map(|field| u32_at(entry, field));
        assert_eq!(fields, [table_at, 0, at.len() as u32, size]);
        let records = table(bytes, tag, size as usize);
        let found: Vec<_> = records.iter().map(|record| u32_at(record, 0)).collect();
        assert_eq!(found, at);
        table_at += size * at.len() as u32;
    }
    assert_eq!(bytes.len() as u32, table_at + 16);
}

#[test]
fn renderables_name_their_geometry() {
    let asset = cook(&scene(vec![
        with_mesh(node("a", None), 2),
        node("b", Some(0)),
        with_mesh(node("c", Some(1)), 0),
        with_mesh(node("d", Some(2)), 2),
    ]));
    let records = table(&asset.bytes, b"MESH", 36);
    for (record, (node, key)) in records.iter().zip([(0, 3), (2, 1), (3, 3)]) {
        assert_eq!(u32_at(record, 0), node);
        assert_eq!(record[4..20], [key; 16]);
        assert_eq!(
            record[20..36],
            [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        );
    }
    assert_eq!(records.len(), 3);
}

/// What is stored of a camera with a vanishing point, and whether anything was said.
fn stored_perspective(camera: CameraSource) -> ([f32; 4], bool) {
    let asset = cook_camera(camera);
    let records = table(&asset.bytes, b"PCAM", 32);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0][20..], [0; 12]);
    let is_silent = asset.diagnostics.is_empty();
    assert!(is_silent || codes_of(&asset) == [codes::CAMERA_ADJUSTED]);
    (f32s_at(records[0], 4), !is_silent)
}

#[test]
fn good_perspectives_are_stored_as_they_are() {
    assert_eq!(
        stored_perspective(perspective(0.66, Some(1.5), 0.01, Some(100.0))),
        ([0.66, 1.5, 0.01, 100.0], false)
    );
    // No aspect, and no end.
    assert_eq!(
        stored_perspective(perspective(0.66, None, 2.0, None)),
        ([0.66, 1.0, 2.0, 1002.0], false)
    );
    let ([_, _, near, far], said) = stored_perspective(perspective(1.0, None, 1e30, None));
    assert!(!said && near == 1e30 && far > near);
}

#[test]
fn senseless_perspectives_are_mended_and_said() {
    let nan = f32::NAN;
    let inf = f32::INFINITY;
    for (camera, stored) in [
        (perspective(0.0, None, 0.1, Some(9.0)), [FOV, 1.0, 0.1, 9.0]),
        (perspective(PI, None, 0.1, Some(9.0)), [FOV, 1.0, 0.1, 9.0]),
        (perspective(nan, None, 0.1, Some(9.0)), [FOV, 1.0, 0.1, 9.0]),
        (
            perspective(1.0, Some(0.0), 0.1, Some(9.0)),
            [1.0, 1.0, 0.1, 9.0],
        ),
        (
            perspective(1.0, Some(inf), 0.1, Some(9.0)),
            [1.0, 1.0, 0.1, 9.0],
        ),
        (perspective(1.0, None, 0.0, Some(9.0)), [1.0, 1.0, 0.1, 9.0]),
        (perspective(1.0, None, nan, Some(9.0)), [1.0, 1.0, 0.1, 9.0]),
        (
            perspective(1.0, None, -2.0, Some(-9.0)),
            [1.0, 1.0, 2.0, 9.0],
        ),
        (perspective(1.0, None, 9.0, Some(2.0)), [1.0, 1.0, 2.0, 9.0]),
        (
            perspective(1.0, None, 5.0, Some(5.0)),
            [1.0, 1.0, 5.0, 1005.0],
        ),
        (
            perspective(1.0, None, 5.0, Some(0.0)),
            [1.0, 1.0, 5.0, 1005.0],
        ),
        (
            perspective(1.0, None, 5.0, Some(inf)),
            [1.0, 1.0, 5.0, 1005.0],
        ),
        (
            perspective(1.0, None, f32::MAX, None),
            [1.0, 1.0, 0.1, f32::MAX],
        ),
    ] {
        assert_eq!(stored_perspective(camera), (stored, true));
    }
    let asset = cook_camera(perspective(1.0, None, 9.0, Some(2.0)));
    assert_eq!(
        asset.diagnostics[0].message,
        "`Eye`: `near` is 9 and becomes 2, `far` is 2 and becomes 9"
    );
    assert_eq!(asset.diagnostics[0].object.as_deref(), Some("cameras[0]"));
}

#[test]
fn orthographic_extents_are_full() {
    let stored = |camera| {
        let asset = cook_camera(camera);
        let records = table(&asset.bytes, b"OCAM", 40);
        assert_eq!(records[0][28..], [0; 12]);
        (f32s_at::<6>(records[0], 4), codes_of(&asset))
    };
    let said = || vec![codes::CAMERA_ADJUSTED];
    for (camera, values, codes) in [
        (
            orthographic(3.0, 2.0, 0.0, 50.0),
            [-3.0, 3.0, -2.0, 2.0, 0.0, 50.0],
            Vec::new(),
        ),
        (
            orthographic(3.0, 2.0, -5.0, 50.0),
            [-3.0, 3.0, -2.0, 2.0, -5.0, 50.0],
            Vec::new(),
        ),
        (
            orthographic(-3.0, 0.0, 7.0, 2.0),
            [-3.0, 3.0, -10.0, 10.0, 2.0, 7.0],
            said(),
        ),
        (
            orthographic(f32::NAN, 2.0, f32::NAN, f32::INFINITY),
            [-10.0, 10.0, -2.0, 2.0, -100.0, 900.0],
            said(),
        ),
        (
            orthographic(3.0, 2.0, 4.0, 4.0),
            [-3.0, 3.0, -2.0, 2.0, 4.0, 1004.0],
            said(),
        ),
    ] {
        assert_eq!(stored(camera), (values, codes));
    }
}

#[test]
fn a_camera_with_many_nodes_is_judged_once() {
    let carrier = NodeSource {
        camera: Some(CameraId(1)),
        ..node("n", None)
    };
    let scene = scene_of(
        vec![carrier; 5],
        0,
        vec![
            // Nobody carries it, so nobody minds.
            perspective(f32::NAN, None, 0.1, None),
            perspective(f32::NAN, None, 0.1, None),
        ],
        Vec::new(),
    );
    let asset = cook(&scene);
    assert_eq!(codes_of(&asset), [codes::CAMERA_ADJUSTED]);
    assert_eq!(table(&asset.bytes, b"PCAM", 32).len(), 5);
}

/// The 48 bytes that all lights have: affects the world, colour, intensity, mobility, shadows.
fn check_common(record: &[u8], color: [f32; 3], intensity: f32, flags: [bool; 2]) {
    assert_eq!(u32_at(record, 4), u32::from(flags[0]));
    assert_eq!(f32s_at(record, 8), color);
    assert_eq!(f32_at(record, 20), intensity);
    assert_eq!(record[24..28], [0, u8::from(flags[1]), 0, 0]);
    assert_eq!(record[28..40], [0; 12]);
    assert_eq!(record[40..52], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn lights_keep_their_intensity_and_their_range() {
    let color = [1.0, 0.5, 0.25];
    let asset = cook_light(light(LightKind::Directional));
    let record = table(&asset.bytes, b"DLIT", 96)[0];
    check_common(record, color, 683.0, [true, true]);
    assert_eq!(record[52..64], [0; 12]);
    assert_eq!(u32_at(record, 64), 4);
    assert_eq!(record[68..84], [0; 16]);
    assert_eq!(f32_at(record, 84), 1.0);
    assert_eq!(record[88..], [0; 8]);

    for (range, stored) in [(None, 10.0), (Some(25.0), 25.0)] {
        let asset = cook_light(LightSource {
            affects_world: false,
            casts_shadows: false,
            ..light(LightKind::Point { range })
        });
        let record = table(&asset.bytes, b"PLIT", 80)[0];
        check_common(record, color, 683.0, [false, false]);
        assert_eq!(f32_at(record, 52), stored);
        assert_eq!(record[56..60], [0; 4]);
        assert_eq!((f32_at(record, 60), f32_at(record, 64)), (2.0, 0.0));
        assert_eq!(record[68..], [0; 12]);

        let asset = cook_light(light(LightKind::Spot {
            range,
            inner_angle: 0.1,
            outer_angle: FRAC_PI_4,
        }));
        assert_eq!(asset.diagnostics, []);
        let record = table(&asset.bytes, b"SLIT", 88)[0];
        check_common(record, color, 683.0, [true, true]);
        assert_eq!(f32_at(record, 52), stored);
        assert_eq!(record[56..60], [0; 4]);
        assert_eq!(f32s_at(record, 60), [2.0, 0.1, FRAC_PI_4, 0.0]);
        assert_eq!(record[76..], [0; 12]);
    }
}

#[test]
fn senseless_lights_are_mended_and_said() {
    let asset = cook_light(LightSource {
        color: [-1.0, f32::NAN, 2.0],
        intensity: -5.0,
        ..light(LightKind::Point { range: Some(0.0) })
    });
    assert_eq!(codes_of(&asset), [codes::LIGHT_ADJUSTED]);
    assert_eq!(
        asset.diagnostics[0].message,
        "`Lamp`: `red` is -1 and becomes 0, `green` is NaN and becomes 1, \
         `intensity` is -5 and becomes 0, `range` is 0 and becomes 10"
    );
    let record = table(&asset.bytes, b"PLIT", 80)[0];
    check_common(record, [0.0, 1.0, 2.0], 0.0, [true, true]);
    for (inner_angle, outer_angle, stored) in [
        (-0.5, 0.5, [0.0, 0.5]),
        (0.7, 0.5, [0.7, 0.7]),
        (0.1, 9.0, [0.1, PI]),
        (f32::NAN, f32::NAN, [0.4, 0.6]),
    ] {
        let asset = cook_light(light(LightKind::Spot {
            range: Some(f32::INFINITY),
            inner_angle,
            outer_angle,
        }));
        assert_eq!(codes_of(&asset), [codes::LIGHT_ADJUSTED]);
        let record = table(&asset.bytes, b"SLIT", 88)[0];
        assert_eq!(f32_at(record, 52), 10.0);
        assert_eq!(f32s_at(record, 64), stored);
    }
}

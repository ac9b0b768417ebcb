use super::*;
use crate::format::asset_header::HASH_RANGE;

/// Names for the nodes, one after the other.
fn strings(names: &[&str]) -> (StringTable, Vec<u32>) {
    let mut table = StringTable::default();
    let offsets = names.iter().map(|name| table.push(name).unwrap()).collect();
    (table, offsets)
}

fn one_node() -> SceneRecords {
    let (strings, offsets) = strings(&["Root"]);
    SceneRecords {
        header: AssetHeader::new("Box"),
        nodes: vec![NodeRecord {
            id: AssetKey([0xaa; 16]),
            name_offset: offsets[0],
            flags: NodeFlags::VISIBLE,
            ..NodeRecord::default()
        }],
        strings,
        components: SceneComponents::default(),
        environment: Vec::new(),
    }
}

/// Three nodes that carry one of everything, and every system of the environment.
fn everything() -> SceneRecords {
    let (strings, offsets) = strings(&["a", "ü", "c"]);
    let node = |index: usize, parent_index| NodeRecord {
        id: AssetKey([index as u8 + 1; 16]),
        name_offset: offsets[index],
        parent_index,
        flags: NodeFlags::VISIBLE.with(NodeFlags::STATIC),
        translation: [1.0, 2.0, 3.0],
        rotation: [0.5, -0.5, 0.5, 0.5],
        scale: [4.0, 5.0, 6.0],
    };
    SceneRecords {
        header: AssetHeader::new("All"),
        nodes: vec![node(0, 0), node(1, 0), node(2, 1)],
        strings,
        components: SceneComponents {
            renderables: vec![
                RenderableRecord {
                    node_index: 0,
                    geometry: AssetKey([0xbb; 16]),
                    visible: true,
                },
                RenderableRecord {
                    node_index: 2,
                    geometry: AssetKey([0xcc; 16]),
                    visible: false,
                },
            ],
            perspective_cameras: vec![PerspectiveCameraRecord {
                node_index: 1,
                ..PerspectiveCameraRecord::default()
            }],
            orthographic_cameras: vec![OrthographicCameraRecord {
                node_index: 2,
                ..OrthographicCameraRecord::default()
            }],
            directional_lights: vec![DirectionalLightRecord {
                node_index: 0,
                is_sun_light: true,
                ..DirectionalLightRecord::default()
            }],
            point_lights: vec![PointLightRecord {
                node_index: 1,
                attenuation: AttenuationModel::CustomExponent,
                ..PointLightRecord::default()
            }],
            spot_lights: vec![SpotLightRecord {
                node_index: 2,
                common: LightCommon {
                    mobility: LightMobility::Baked,
                    casts_shadows: true,
                    contact_shadows: true,
                    shadow_resolution: ShadowResolution::Ultra,
                    ..LightCommon::default()
                },
                ..SpotLightRecord::default()
            }],
        },
        environment: vec![
            EnvironmentRecord::SkyAtmosphere(SkyAtmosphere::default()),
            EnvironmentRecord::VolumetricClouds(VolumetricClouds::default()),
            EnvironmentRecord::Fog(Fog::default()),
            EnvironmentRecord::SkyLight(SkyLight::default()),
            EnvironmentRecord::SkySphere(SkySphere::default()),
            EnvironmentRecord::PostProcessVolume(PostProcessVolume::default()),
            EnvironmentRecord::other(77, vec![1, 2, 3]).unwrap(),
        ],
    }
}

fn bytes_of(records: SceneRecords) -> Vec<u8> {
    SceneDescriptor::new(records).unwrap().to_bytes()
}

/// Lines of a hex dump, zero everywhere else.
fn dump(len: usize, lines: &[(usize, &str)]) -> Vec<u8> {
    let mut bytes = vec![0; len];
    for &(at, line) in lines {
        for (i, byte) in line.split_whitespace().enumerate() {
            bytes[at + i] = u8::from_str_radix(byte, 16).unwrap();
        }
    }
    bytes
}

#[test]
fn a_single_node_byte_by_byte() {
    let expected = dump(
        256 + 68 + 6 + 16,
        &[
            (0, "03 42 6f 78"),
            (65, "02"),
            // Nodes: at 256, one, 68 bytes. Strings: at 324, 6 bytes. No tables.
            (95, "00 01 00 00 00 00 00 00 01 00 00 00 44 00 00 00"),
            (111, "44 01 00 00 06 00 00 00"),
            // The node: id, name at 1, own parent, visible, identity.
            (256, "aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa aa"),
            (272, "01 00 00 00 00 00 00 00 01 00 00 00"),
            (308, "00 00 80 3f 00 00 80 3f 00 00 80 3f 00 00 80 3f"),
            // NUL, `Root`, NUL.
            (324, "00 52 6f 6f 74 00"),
            // The empty environment block.
            (330, "10 00 00 00 00 00 00 00"),
        ],
    );
    assert_eq!(bytes_of(one_node()), expected);
}

/// Where each part of [`everything`] begins.
const STRINGS: usize = 256 + 3 * 68;
const DIRECTORY: usize = STRINGS + 8;
const TABLES: usize = DIRECTORY + 6 * 20;
const BLOCK: usize = TABLES + 2 * 36 + 32 + 40 + 96 + 80 + 88;
const END: usize = BLOCK + 16 + 116 + 84 + 72 + 72 + 80 + 76 + 11;

#[test]
fn every_component_byte_by_byte() {
    let bytes = bytes_of(everything());
    let (mesh, pcam) = (TABLES, TABLES + 72);
    let (ocam, dlit) = (pcam + 32, pcam + 72);
    let (plit, slit) = (dlit + 96, dlit + 176);
    let expected = dump(
        BLOCK,
        &[
            (0, "03 41 6c 6c"),
            (65, "02"),
            // Three nodes; strings at 0x1cc, 8 bytes; six tables at 0x1d4.
            (95, "00 01 00 00 00 00 00 00 03 00 00 00 44 00 00 00"),
            (111, "cc 01 00 00 08 00 00 00 d4 01 00 00 00 00 00 00 06"),
            // Node 0.
            (256, "01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01"),
            (272, "01 00 00 00 00 00 00 00 03 00 00 00"),
            (284, "00 00 80 3f 00 00 00 40 00 00 40 40"),
            (296, "00 00 00 3f 00 00 00 bf 00 00 00 3f 00 00 00 3f"),
            (312, "00 00 80 40 00 00 a0 40 00 00 c0 40"),
            // Node 1.
            (324, "02 02 02 02 02 02 02 02 02 02 02 02 02 02 02 02"),
            (340, "03 00 00 00 00 00 00 00 03 00 00 00"),
            (352, "00 00 80 3f 00 00 00 40 00 00 40 40"),
            (364, "00 00 00 3f 00 00 00 bf 00 00 00 3f 00 00 00 3f"),
            (380, "00 00 80 40 00 00 a0 40 00 00 c0 40"),
            // Node 2.
            (392, "03 03 03 03 03 03 03 03 03 03 03 03 03 03 03 03"),
            (408, "06 00 00 00 01 00 00 00 03 00 00 00"),
            (420, "00 00 80 3f 00 00 00 40 00 00 40 40"),
            (432, "00 00 00 3f 00 00 00 bf 00 00 00 3f 00 00 00 3f"),
            (448, "00 00 80 40 00 00 a0 40 00 00 c0 40"),
            (STRINGS, "00 61 00 c3 bc 00 63 00"),
            // The directory: four characters, offset, count, size.
            (
                DIRECTORY,
                "4d 45 53 48 4c 02 00 00 00 00 00 00 02 00 00 00 24",
            ),
            (
                DIRECTORY + 20,
                "50 43 41 4d 94 02 00 00 00 00 00 00 01 00 00 00 20",
            ),
            (
                DIRECTORY + 40,
                "4f 43 41 4d b4 02 00 00 00 00 00 00 01 00 00 00 28",
            ),
            (
                DIRECTORY + 60,
                "44 4c 49 54 dc 02 00 00 00 00 00 00 01 00 00 00 60",
            ),
            (
                DIRECTORY + 80,
                "50 4c 49 54 3c 03 00 00 00 00 00 00 01 00 00 00 50",
            ),
            (
                DIRECTORY + 100,
                "53 4c 49 54 8c 03 00 00 00 00 00 00 01 00 00 00 58",
            ),
            (
                mesh + 4,
                "bb bb bb bb bb bb bb bb bb bb bb bb bb bb bb bb 01",
            ),
            (
                mesh + 36,
                "02 00 00 00 cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc",
            ),
            // fov 0.785398, aspect 1.777778, near 0.1, far 1000.
            (
                pcam,
                "01 00 00 00 d8 0f 49 3f 3b 8e e3 3f cd cc cc 3d 00 00 7a 44",
            ),
            // -10, 10, -10, 10, -100, 100.
            (
                ocam,
                "02 00 00 00 00 00 20 c1 00 00 20 41 00 00 20 c1 00 00 20 41",
            ),
            (ocam + 20, "00 00 c8 c2 00 00 c8 42"),
            // Affects the world, white, 1; medium shadows.
            (
                dlit + 4,
                "01 00 00 00 00 00 80 3f 00 00 80 3f 00 00 80 3f 00 00 80 3f",
            ),
            (dlit + 40, "01"),
            // The sun, four cascades, exponent 1.
            (dlit + 60, "01 00 00 00 04 00 00 00"),
            (dlit + 84, "00 00 80 3f"),
            (plit, "01 00 00 00"),
            (
                plit + 4,
                "01 00 00 00 00 00 80 3f 00 00 80 3f 00 00 80 3f 00 00 80 3f",
            ),
            (plit + 40, "01"),
            // Range 10, custom exponent, 2.
            (plit + 52, "00 00 20 41 02 00 00 00 00 00 00 40"),
            (slit, "02 00 00 00"),
            (
                slit + 4,
                "01 00 00 00 00 00 80 3f 00 00 80 3f 00 00 80 3f 00 00 80 3f",
            ),
            // Baked, casts shadows, contact shadows, ultra.
            (slit + 24, "02 01 00 00"),
            (slit + 36, "01 00 00 00 03"),
            // Range 10, inverse square, 2; 0.4 and 0.6 radians.
            (
                slit + 52,
                "00 00 20 41 00 00 00 00 00 00 00 40 cd cc cc 3e 9a 99 19 3f",
            ),
        ],
    );
    for (at, (found, expected)) in bytes.iter().zip(&expected).enumerate() {
        assert_eq!(found, expected, "byte {at}");
    }
    assert_eq!(bytes.len(), END);
}

#[test]
fn every_system_has_its_default_in_its_place() {
    let bytes = &bytes_of(everything())[BLOCK..];
    let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let f32_at = |at: usize| f32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!((u32_at(0), u32_at(4)), ((END - BLOCK) as u32, 7));
    assert_eq!(bytes[8..16], [0; 8]);
    let mut at = 16;
    // Offsets and values.
    type Fields<T> = &'static [(usize, T)];
    type System = (u32, usize, Fields<f32>, Fields<u32>);
    let systems: [System; 6] = [
        (
            0,
            116,
            &[
                (12, 6_360_000.0),
                (16, 80_000.0),
                (20, 0.1),
                (28, 0.1),
                (32, 5.8e-6),
                (36, 13.5e-6),
                (40, 33.1e-6),
                (44, 8000.0),
                (48, 21e-6),
                (56, 21e-6),
                (60, 1200.0),
                (64, 0.8),
                (68, 0.0),
                (80, 25_000.0),
                (84, 1.0),
                (92, 0.004_675),
                (96, 1.0),
            ],
            &[(8, 1), (88, 1)],
        ),
        (
            1,
            84,
            &[
                (12, 1500.0),
                (16, 4000.0),
                (20, 0.5),
                (24, 0.5),
                (28, 0.9),
                (40, 1.0),
                (44, 0.6),
                (48, 1.0),
                (52, 0.0),
                (60, 10.0),
                (64, 0.8),
            ],
            &[(8, 1)],
        ),
        (
            2,
            72,
            &[
                (16, 0.01),
                (20, 0.2),
                (24, 0.0),
                (28, 0.0),
                (32, 1.0),
                (36, 1.0),
                (48, 0.0),
                (52, 1.0),
            ],
            &[(8, 1), (12, 0)],
        ),
        (
            3,
            72,
            &[(32, 1.0), (36, 1.0), (48, 1.0), (52, 1.0)],
            &[(8, 1), (12, 0), (16, 0), (28, 0)],
        ),
        (
            4,
            80,
            &[(32, 0.0), (44, 1.0), (48, 0.0), (52, 1.0), (60, 1.0)],
            &[(8, 1), (12, 0), (16, 0)],
        ),
        (
            5,
            76,
            &[
                (20, 0.0),
                (24, -6.0),
                (28, 16.0),
                (32, 3.0),
                (36, 1.0),
                (40, 0.0),
                (44, 1.0),
                (48, 1.0),
                (52, 1.0),
                (56, 0.0),
            ],
            &[(8, 1), (12, 0), (16, 1)],
        ),
    ];
    for (system, size, floats, numbers) in systems {
        assert_eq!((u32_at(at), u32_at(at + 4)), (system, size as u32));
        for &(offset, value) in floats {
            assert_eq!(f32_at(at + offset), value, "system {system}, byte {offset}");
        }
        for &(offset, value) in numbers {
            assert_eq!(u32_at(at + offset), value, "system {system}, byte {offset}");
        }
        assert_eq!(bytes[at + size - 16..at + size], [0; 16]);
        at += size;
    }
    assert_eq!(bytes[at..], [77, 0, 0, 0, 11, 0, 0, 0, 1, 2, 3]);
}

#[test]
fn what_is_written_is_read() {
    for records in [one_node(), everything()] {
        let descriptor = SceneDescriptor::new(records).unwrap();
        assert_eq!(
            SceneDescriptor::parse(&descriptor.to_bytes()),
            Ok(descriptor)
        );
    }
}

/// Loaders take the directory after the tables as well, and skip tables that they do not know.
#[test]
fn parts_may_be_in_another_order() {
    let records = everything();
    let mut bytes = bytes_of(records.clone());
    let directory: Vec<u8> = bytes.splice(DIRECTORY..TABLES, []).collect();
    let moved = BLOCK - 120;
    bytes.splice(moved..moved, directory);
    bytes[119..127].copy_from_slice(&(moved as u64).to_le_bytes());
    for table in 0..6 {
        let at = moved + table * 20 + 4;
        let offset = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) - 120;
        bytes[at..at + 8].copy_from_slice(&offset.to_le_bytes());
    }
    let read = SceneDescriptor::parse(&bytes).unwrap();
    assert_eq!(read.records(), &records);
    bytes[moved + 40] = b'X';
    let read = SceneDescriptor::parse(&bytes).unwrap();
    assert_eq!(read.records().components.orthographic_cameras, []);
    assert_eq!(read.records().components.spot_lights.len(), 1);
}

#[test]
fn rules_are_kept() {
    let error = |change: fn(&mut SceneRecords)| {
        let mut records = everything();
        change(&mut records);
        SceneDescriptor::new(records).unwrap_err()
    };
    assert_eq!(
        error(|records| records.nodes.clear()),
        SceneFormatError::NoNodes
    );
    assert_eq!(
        error(|records| records.nodes[1].parent_index = 2),
        SceneFormatError::Parent { node: 1, parent: 2 }
    );
    assert_eq!(
        error(|records| records.nodes[0].name_offset = 8),
        SceneFormatError::Name(0)
    );
    // In the middle of a character.
    assert_eq!(
        error(|records| records.nodes[0].name_offset = 4),
        SceneFormatError::Name(0)
    );
    assert_eq!(
        error(|records| records.nodes[2].rotation[3] = f32::NAN),
        SceneFormatError::NotFinite {
            what: "node",
            index: 2
        }
    );
    assert_eq!(
        error(|records| records.components.point_lights[0].common.intensity = f32::INFINITY),
        SceneFormatError::NotFinite {
            what: "component",
            index: 0
        }
    );
    assert_eq!(
        error(|records| records.components.spot_lights[0].node_index = 3),
        SceneFormatError::Node { node: 3, nodes: 3 }
    );
    assert_eq!(
        error(|records| records.components.renderables.reverse()),
        SceneFormatError::Unsorted
    );
    assert_eq!(
        error(|records| records.components.renderables[1].geometry = AssetKey::NONE),
        SceneFormatError::NoGeometry(2)
    );
    assert_eq!(
        error(|records| records.components.directional_lights[0].cascade_count = 5),
        SceneFormatError::Cascades(5)
    );
}

#[test]
fn environment_records_are_judged_one_by_one() {
    let fog = EnvironmentRecord::Fog(Fog {
        density: 0.05,
        ..Fog::default()
    });
    let bytes = fog.to_bytes();
    let parse = EnvironmentRecord::parse;
    assert_eq!(parse(&bytes), Ok(fog.clone()));
    assert_eq!(parse(&[&bytes[..], &[1, 2]].concat()), Ok(fog));
    assert_eq!(parse(&bytes[..7]), Err(EnvironmentError::TooSmall(7)));
    let with = |at: usize, value: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = value;
        parse(&bytes)
    };
    assert_eq!(with(4, 7), Err(EnvironmentError::SizeInvalid(7)));
    assert_eq!(
        parse(&bytes[..71]),
        Err(EnvironmentError::SizeMismatch {
            stored: 72,
            actual: 71
        })
    );
    assert_eq!(
        with(4, 68),
        Err(EnvironmentError::KnownSize {
            system: 2,
            stored: 68,
            expected: 72
        })
    );
    assert!(matches!(with(8, 2), Err(EnvironmentError::Record(_))));
    assert!(matches!(with(12, 2), Err(EnvironmentError::Record(_))));
    let mut infinite = bytes.clone();
    infinite[16..20].copy_from_slice(&f32::INFINITY.to_le_bytes());
    assert_eq!(parse(&infinite), Err(EnvironmentError::NotFinite(2)));
    assert_eq!(EnvironmentRecord::other(5, Vec::new()), None);
    let other = EnvironmentRecord::other(6, Vec::new()).unwrap();
    assert_eq!(other.to_bytes(), [6, 0, 0, 0, 8, 0, 0, 0]);
}

#[test]
fn strings_end_at_nul() {
    let mut table = StringTable::default();
    assert_eq!((table.push("ab\0c"), table.push("")), (Some(1), Some(4)));
    assert_eq!(table.as_bytes(), b"\0ab\0\0");
    assert_eq!(table.get(0), Some(""));
    assert_eq!((table.get(1), table.get(2)), (Some("ab"), Some("b")));
    assert_eq!((table.get(4), table.get(5)), (Some(""), None));
}

#[test]
fn damage_is_refused_and_never_panics() {
    let parse = SceneDescriptor::parse;
    for records in [one_node(), everything()] {
        let bytes = bytes_of(records);
        for len in 0..bytes.len() {
            assert!(parse(&bytes[..len]).is_err(), "{len} bytes");
        }
        assert!(parse(&[&bytes[..], &[0]].concat()).is_err());
        for at in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut bad = bytes.clone();
                bad[at] = value;
                let _ = parse(&bad);
            }
        }
        assert_eq!(bytes[HASH_RANGE], [0; 8]);
    }
    let bytes = bytes_of(everything());
    // Type, version, node size, strings, a name, a parent, a table's size, its order, the block.
    for (at, value) in [
        (0, 1),
        (65, 1),
        (107, 69),
        (STRINGS, b'x'),
        (STRINGS + 7, b'x'),
        (272, 9),
        (344, 2),
        (DIRECTORY + 16, 35),
        (TABLES, 3),
        (BLOCK, 0),
        (BLOCK + 4, 6),
        (BLOCK + 4, 8),
    ] {
        let mut bad = bytes.clone();
        bad[at] = value;
        assert!(parse(&bad).is_err(), "byte {at} = {value}");
    }
    // A second table of renderables.
    let mut bad = bytes.clone();
    bad[DIRECTORY + 20..DIRECTORY + 40].copy_from_slice(&bytes[DIRECTORY..DIRECTORY + 20]);
    assert_eq!(
        parse(&bad),
        Err(SceneFormatError::DuplicateTable(0x4853_454d))
    );
}

use super::*;
use crate::format::{
    asset_header::HASH_RANGE,
    ids::{AssetKey, BufferIndex},
    name::FixedName,
};

fn bounds(max: [f32; 3]) -> Bounds {
    Bounds { min: [0.0; 3], max }
}

fn submesh(material: AssetKey, bounds: Bounds) -> SubmeshRecord {
    SubmeshRecord {
        name: FixedName::cut("mat_0"),
        material,
        bounds,
        views: vec![MeshView {
            first_index: 0,
            index_count: 3,
            first_vertex: 0,
            vertex_count: 3,
        }],
    }
}

/// One triangle in the buffers 11 and 22.
fn triangle() -> GeometryParts {
    let bounds = bounds([1.0, 1.0, 0.0]);
    GeometryParts {
        header: AssetHeader::new("Box/Tri"),
        attributes: VertexAttributes::from_bits(0x0f).unwrap(),
        bounds,
        lods: vec![MeshRecord {
            name: FixedName::cut("Box/Tri"),
            source: MeshData::Standard {
                vertices: BufferIndex(11),
                indices: BufferIndex(22),
                bounds,
            },
            submeshes: vec![submesh(AssetKey::DEFAULT_MATERIAL, bounds)],
        }],
    }
}

/// A skinned level in the buffers 1 to 6, with two submeshes, one of which has two views.
fn skinned() -> GeometryParts {
    let box_of_all = bounds([2.0, 1.0, 0.5]);
    let mut parts = triangle();
    parts.header = AssetHeader::new("Skin");
    parts.attributes = VertexAttributes::from_bits(0x6f).unwrap();
    parts.bounds = box_of_all;
    let mut second = submesh(AssetKey([0xab; 16]), box_of_all);
    second.name = FixedName::cut("mat_7");
    second.views.push(MeshView {
        first_index: 3,
        index_count: 6,
        first_vertex: 1,
        vertex_count: 4,
    });
    let lod = &mut parts.lods[0];
    lod.name = FixedName::cut("Skin");
    lod.source = MeshData::Skinned {
        vertices: BufferIndex(1),
        indices: BufferIndex(2),
        skin: SkinRecord {
            joint_indices: BufferIndex(3),
            joint_weights: BufferIndex(4),
            inverse_bind: BufferIndex(5),
            joint_remap: BufferIndex(6),
            joint_count: 0x0203,
        },
        bounds: box_of_all,
    };
    lod.submeshes.push(second);
    parts
}

fn procedural() -> GeometryParts {
    let mut parts = triangle();
    parts.lods[0].name = FixedName::cut("Plane/Ground");
    parts.lods[0].source = MeshData::Procedural {
        parameters: vec![4, 0, 0, 0, 8, 0, 0, 0],
    };
    parts
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
fn a_triangle_byte_by_byte() {
    let bytes = GeometryDescriptor::new(triangle()).unwrap().to_bytes();
    let expected = dump(
        256 + 145 + 108 + 16,
        &[
            // Header: type, `Box/Tri`; version 1, priority, hash, attributes.
            (0, "02 42 6f 78 2f 54 72 69"),
            (65, "01 00 00 00 00 00 00 00 00 00 0f 00 00 00"),
            // One level; the box of the geometry.
            (95, "01 00 00 00"),
            (99, "00 00 00 00 00 00 00 00 00 00 00 00"),
            (111, "00 00 80 3f 00 00 80 3f 00 00 00 00"),
            // Mesh: `Box/Tri`, standard, one submesh, one view, buffers 11 and 22, its box.
            (256, "42 6f 78 2f 54 72 69"),
            (320, "01 01 00 00 00 01 00 00 00"),
            (329, "0b 00 00 00 16 00 00 00"),
            (349, "00 00 80 3f 00 00 80 3f 00 00 00 00"),
            // Submesh: `mat_0`, `MAT_DEFAULT_____`, one view, its box.
            (401, "6d 61 74 5f 30"),
            (465, "4d 41 54 5f 44 45 46 41 55 4c 54 5f 5f 5f 5f 5f"),
            (481, "01 00 00 00"),
            (497, "00 00 80 3f 00 00 80 3f 00 00 00 00"),
            // View: indices 0 to 3, vertices 0 to 3.
            (509, "00 00 00 00 03 00 00 00 00 00 00 00 03 00 00 00"),
        ],
    );
    assert_eq!(bytes, expected);
}

#[test]
fn a_skinned_mesh_byte_by_byte() {
    let bytes = GeometryDescriptor::new(skinned()).unwrap().to_bytes();
    let expected = dump(
        256 + 145 + (108 + 16) + (108 + 32),
        &[
            (0, "02 53 6b 69 6e"),
            (65, "01 00 00 00 00 00 00 00 00 00 6f 00 00 00"),
            (95, "01 00 00 00"),
            (111, "00 00 00 40 00 00 80 3f 00 00 00 3f"),
            (256, "53 6b 69 6e"),
            // Skinned, two submeshes, three views.
            (320, "03 02 00 00 00 03 00 00 00"),
            (329, "01 00 00 00 02 00 00 00 03 00 00 00"),
            (341, "04 00 00 00 05 00 00 00 06 00 00 00"),
            // No skeleton, 0x0203 joints, four influences, no flags, the box.
            (369, "03 02 04 00 00 00 00 00"),
            (389, "00 00 00 40 00 00 80 3f 00 00 00 3f"),
            // First submesh and its view, directly after each other.
            (401, "6d 61 74 5f 30"),
            (465, "4d 41 54 5f 44 45 46 41 55 4c 54 5f 5f 5f 5f 5f"),
            (481, "01 00 00 00"),
            (497, "00 00 80 3f 00 00 80 3f 00 00 00 00"),
            (509, "00 00 00 00 03 00 00 00 00 00 00 00 03 00 00 00"),
            // Second submesh and its views.
            (525, "6d 61 74 5f 37"),
            (589, "ab ab ab ab ab ab ab ab ab ab ab ab ab ab ab ab"),
            (605, "02 00 00 00"),
            (621, "00 00 00 40 00 00 80 3f 00 00 00 3f"),
            (633, "00 00 00 00 03 00 00 00 00 00 00 00 03 00 00 00"),
            (649, "03 00 00 00 06 00 00 00 01 00 00 00 04 00 00 00"),
        ],
    );
    assert_eq!(bytes, expected);
}

#[test]
fn what_is_written_is_read() {
    let mut levels = skinned();
    levels.lods.extend(triangle().lods);
    levels.lods.extend(procedural().lods);
    for parts in [triangle(), skinned(), procedural(), levels] {
        let descriptor = GeometryDescriptor::new(parts).unwrap();
        let bytes = descriptor.to_bytes();
        assert_eq!(GeometryDescriptor::parse(&bytes), Ok(descriptor));
    }
    // Parameters follow their mesh.
    let bytes = GeometryDescriptor::new(procedural()).unwrap().to_bytes();
    assert_eq!(bytes[329..333], [8, 0, 0, 0]);
    assert_eq!(bytes[333..401], [0; 68]);
    assert_eq!(bytes[401..409], [4, 0, 0, 0, 8, 0, 0, 0]);
    assert_eq!(bytes[409..414], *b"mat_0");
}

#[test]
fn rules_are_kept() {
    let error = |parts: fn() -> GeometryParts, change: fn(&mut GeometryParts)| {
        let mut parts = parts();
        change(&mut parts);
        GeometryDescriptor::new(parts).unwrap_err()
    };
    assert_eq!(
        error(triangle, |parts| parts.lods.clear()),
        GeometryFormatError::LodCount(0)
    );
    assert_eq!(
        error(triangle, |parts| parts.lods =
            vec![parts.lods[0].clone(); 9]),
        GeometryFormatError::LodCount(9)
    );
    assert_eq!(
        error(triangle, |parts| parts.bounds.max[1] = f32::INFINITY),
        GeometryFormatError::Bounds("the geometry")
    );
    assert_eq!(
        error(triangle, |parts| parts.lods[0].submeshes[0].bounds.min[0] =
            2.0),
        GeometryFormatError::Bounds("a submesh")
    );
    assert_eq!(
        error(triangle, |parts| parts.lods[0].submeshes.clear()),
        GeometryFormatError::Missing("submeshes")
    );
    assert_eq!(
        error(triangle, |parts| parts.lods[0].submeshes[0].views.clear()),
        GeometryFormatError::Missing("views")
    );
    assert_eq!(
        error(triangle, |parts| {
            parts.lods[0].submeshes[0].views[0].index_count = 4;
        }),
        GeometryFormatError::View {
            indices: 4,
            vertices: 3
        }
    );
    assert_eq!(
        error(procedural, |parts| {
            parts.lods[0].name = FixedName::cut("Plane/");
        }),
        GeometryFormatError::GeneratorName
    );
    assert_eq!(
        error(skinned, |parts| {
            if let MeshData::Skinned { skin, .. } = &mut parts.lods[0].source {
                skin.joint_count = 0;
            }
        }),
        GeometryFormatError::Skin {
            joints: 0,
            influences: 4
        }
    );
}

#[test]
fn damage_is_refused_and_never_panics() {
    let parse = GeometryDescriptor::parse;
    for parts in [triangle(), skinned(), procedural()] {
        let bytes = GeometryDescriptor::new(parts).unwrap().to_bytes();
        for len in 0..bytes.len() {
            assert!(parse(&bytes[..len]).is_err(), "{len} bytes");
        }
        let longer = [&bytes[..], &[0; 16]].concat();
        assert_eq!(parse(&longer), Err(GeometryFormatError::Trailing(16)));
        for at in 0..bytes.len() {
            for value in [0, 1, 2, 0x7f, 0xff] {
                let mut bad = bytes.clone();
                bad[at] = value;
                let _ = parse(&bad);
            }
        }
    }
    let bytes = GeometryDescriptor::new(triangle()).unwrap().to_bytes();
    // Type, version, attributes, levels, mesh type, submeshes, views, a view's indices.
    for (at, value) in [
        (0, 1),
        (65, 2),
        (75, 0x80),
        (95, 9),
        (320, 4),
        (321, 0),
        (325, 2),
        (513, 2),
    ] {
        let mut bad = bytes.clone();
        bad[at] = value;
        assert!(parse(&bad).is_err(), "byte {at} = {value}");
    }
    assert_eq!(bytes[HASH_RANGE], [0; 8]);
}

//! What is accepted, what is repaired, what is refused; and what the buffers of small meshes are.

use super::*;

fn defaults() -> GeometrySettings {
    GeometrySettings::default()
}

#[test]
fn the_triangle_is_cooked_without_a_word() {
    let built = build(&mesh(vec![triangle()]));
    assert_eq!(codes_of(&built), [""; 0]);
    assert_eq!(built.name, "Robot/Body");
    // Normal, tangent, bitangent, texture coordinates.
    assert_eq!(built.attributes, 0x0f);
    let [lod] = &built.lods[..] else {
        panic!("one level");
    };
    assert_eq!(
        (lod.name.as_str(), lod.joint_count, lod.error),
        ("LOD0", None, None)
    );
    assert_eq!(buffer(lod, BufferRole::Vertices).len(), 216);
    assert_eq!(buffer(lod, BufferRole::Indices).len(), 12);
    let [submesh] = &lod.submeshes[..] else {
        panic!("one submesh");
    };
    assert_eq!(submesh.name(), "mat_0");
    let view = MeshView {
        first_index: 0,
        index_count: 3,
        first_vertex: 0,
        vertex_count: 3,
    };
    assert_eq!(submesh.view, view);
    let bounds = Bounds {
        min: [0.0; 3],
        max: [1.0, 1.0, 0.0],
    };
    assert_eq!(
        (submesh.bounds, lod.bounds, built.bounds),
        (bounds, bounds, bounds)
    );
}

#[test]
fn the_bytes_of_a_vertex_are_those_of_the_format() {
    let settings = GeometrySettings {
        tangents: AttributePolicy::None,
        ..defaults()
    };
    let built = try_build(&mesh(vec![triangle()]), &settings).unwrap();
    let expected: Vec<u8> = [
        1.0f32, 0.0, 0.0, // position
        0.0, 0.0, 1.0, // normal
        1.0, 0.0, // texture coordinates
        1.0, 0.0, 0.0, // default tangent
        0.0, 0.0, 1.0, // default bitangent
        1.0, 1.0, 1.0, 1.0, // default colour
    ]
    .iter()
    .flat_map(|x| x.to_le_bytes())
    .collect();
    let bytes = buffer(&built.lods[0], BufferRole::Vertices);
    assert!(bytes.chunks_exact(72).any(|vertex| vertex == expected));
    let stored = Vertex::from_bytes(bytes.first_chunk().unwrap());
    assert_eq!(stored.to_bytes()[..], bytes[..72]);
}

#[test]
fn hashes_are_those_of_the_bytes_or_zero() {
    let built = build(&mesh(vec![triangle()]));
    for buffer in &built.lods[0].buffers {
        assert_eq!(buffer.hash, ContentHash::of(&buffer.bytes));
        assert_ne!(buffer.hash, ContentHash::NONE);
    }
    let settings = GeometrySettings {
        content_hashing: false,
        ..defaults()
    };
    let built = try_build(&mesh(vec![triangle()]), &settings).unwrap();
    assert!(
        built.lods[0]
            .buffers
            .iter()
            .all(|b| b.hash == ContentHash::NONE)
    );
}

#[test]
fn layouts_follow_the_table_of_buffers() {
    let layouts = [
        (BufferRole::Vertices, 0x101, 72),
        (BufferRole::Indices, 0x102, 4),
        (BufferRole::JointIndices, 0x108, 16),
        (BufferRole::JointWeights, 0x108, 16),
        (BufferRole::InverseBind, 0x108, 64),
        (BufferRole::JointRemap, 0x108, 4),
    ];
    for (role, usage, alignment) in layouts {
        let layout = role.layout();
        assert_eq!(
            (layout.usage().bits(), layout.alignment()),
            (usage, alignment)
        );
    }
}

#[test]
fn kinds_and_counts_that_cannot_be_cooked_are_refused() {
    let of_kind = |kind| MeshSource {
        kind,
        ..mesh(vec![triangle()])
    };
    let procedural = of_kind(MeshKind::Procedural);
    assert_eq!(
        failure(&procedural, &defaults()),
        "mesh.procedural_unsupported"
    );
    let billboard = of_kind(MeshKind::Other("billboard"));
    assert_eq!(failure(&billboard, &defaults()), "mesh.unsupported_type");
    let mut source = mesh(vec![triangle()]);
    source.lods = vec![source.lods[0].clone(); 9];
    assert_eq!(failure(&source, &defaults()), "mesh.invalid_lod_count");
    source.lods.clear();
    assert_eq!(failure(&source, &defaults()), "mesh.missing_lods");
    let settings = GeometrySettings {
        lod_count: 9,
        ..defaults()
    };
    assert_eq!(
        failure(&mesh(vec![triangle()]), &settings),
        "mesh.settings_invalid"
    );
}

#[test]
fn meshes_without_triangles_are_refused() {
    assert_eq!(failure(&mesh(vec![]), &defaults()), "mesh.missing_buffers");
    let mut part = triangle();
    part.ranges.clear();
    assert_eq!(
        failure(&mesh(vec![part]), &defaults()),
        "mesh.missing_buffers"
    );
    let mut part = triangle();
    part.indices.clear();
    assert_eq!(
        failure(&mesh(vec![part]), &defaults()),
        "mesh.missing_buffers"
    );
    let mut part = triangle();
    edit(&mut part, |streams| streams.positions.clear());
    assert_eq!(
        failure(&mesh(vec![part]), &defaults()),
        "mesh.missing_positions"
    );
}

#[test]
fn buffers_have_a_limit() {
    let with_limit = |max_buffer_bytes| GeometrySettings {
        max_buffer_bytes,
        ..defaults()
    };
    let source = mesh(vec![triangle()]);
    assert_eq!(failure(&source, &with_limit(144)), "mesh.buffer_too_large");
    assert_eq!(failure(&source, &with_limit(215)), "mesh.buffer_too_large");
    assert!(try_build(&source, &with_limit(216)).is_ok());
}

#[test]
fn ranges_are_checked() {
    let with_ranges = |indices: &[u32], ranges: &[TriangleRange]| {
        let mut part = triangle();
        part.indices = indices.to_vec();
        part.ranges = ranges.to_vec();
        mesh(vec![part])
    };
    let six = [0, 1, 2, 2, 1, 0];
    // Empty: skipped.
    let built = build(&with_ranges(&six, &[range(0, 0, 1), range(0, 3, 0)]));
    assert_eq!(codes_of(&built), ["mesh.invalid_range"]);
    assert_eq!(built.diagnostics[0].severity, Severity::Warning);
    assert_eq!(built.lods[0].submeshes.len(), 1);
    // Not whole triangles: an error.
    let source = with_ranges(&six, &[range(0, 4, 0)]);
    assert_eq!(failure(&source, &defaults()), "mesh.invalid_range");
    // Past the end: cut to whole triangles.
    let built = build(&with_ranges(&six, &[range(2, 6, 0)]));
    assert_eq!(codes_of(&built), ["mesh.invalid_range"]);
    assert_eq!(built.lods[0].index_count, 3);
    let built = build(&with_ranges(&six, &[range(9, 3, 1), range(0, 6, 0)]));
    assert_eq!(codes_of(&built), ["mesh.invalid_range"]);
    assert_eq!(built.lods[0].index_count, 6);
    let source = with_ranges(&six, &[range(u32::MAX, 3, 0)]);
    assert_eq!(failure(&source, &defaults()), "mesh.missing_buffers");
}

#[test]
fn triangles_with_vertices_that_do_not_exist_are_left_out() {
    let mut part = triangle();
    part.indices = vec![0, 1, 3, 0, 1, 2, u32::MAX, 0, 1];
    part.ranges = vec![range(0, 9, 0)];
    let built = build(&mesh(vec![part.clone()]));
    assert_eq!(codes_of(&built), ["mesh.invalid_index"]);
    assert!(built.diagnostics[0].message.starts_with("2 triangles"));
    assert_eq!(built.lods[0].index_count, 3);
    part.indices = vec![0, 1, 3];
    part.ranges = vec![range(0, 3, 0)];
    assert_eq!(
        failure(&mesh(vec![part]), &defaults()),
        "mesh.missing_buffers"
    );
}

#[test]
fn materials_become_submeshes_in_slot_order() {
    let mut part = triangle();
    part.indices = vec![0, 1, 2, 1, 2, 0, 2, 0, 1, 0, 2, 1];
    part.ranges = vec![
        range(0, 3, 3),
        TriangleRange {
            first_index: 3,
            index_count: 3,
            material: None,
        },
        range(6, 3, 0),
        range(9, 3, 1),
    ];
    let mut second = triangle();
    second.ranges = vec![range(0, 3, 1)];
    let built = build(&mesh(vec![part, second]));
    let submeshes = &built.lods[0].submeshes;
    let names: Vec<_> = submeshes.iter().map(BuiltSubmesh::name).collect();
    assert_eq!(names, ["mat_0", "mat_1", "mat_3", "mat_default"]);
    assert_eq!(submeshes[1].view.index_count, 6);
}

#[test]
fn a_material_that_does_not_exist_becomes_the_default() {
    let mut part = triangle();
    part.ranges = vec![range(0, 3, 10)];
    let built = build(&mesh(vec![part]));
    assert_eq!(codes_of(&built), ["mesh.material_slot_oob"]);
    assert_eq!(built.lods[0].submeshes[0].material, None);
}

#[test]
fn indices_are_relative_to_the_first_vertex_of_their_view() {
    // Two quads side by side, their triangles alternating between two materials.
    let positions = (0..6)
        .map(|i| [(i % 3) as f32, (i / 3) as f32, 0.0])
        .collect();
    let mut quads = part(
        VertexStreams {
            positions,
            normals: Some(vec![[0.0, 0.0, 1.0]; 6]),
            ..VertexStreams::default()
        },
        vec![0, 1, 4, 1, 2, 5, 0, 4, 3, 1, 5, 4],
    );
    quads.ranges = vec![
        range(0, 3, 0),
        range(3, 3, 1),
        range(6, 3, 0),
        range(9, 3, 1),
    ];
    let settings = GeometrySettings {
        optimize: false,
        tangents: AttributePolicy::None,
        ..defaults()
    };
    let built = try_build(&mesh(vec![quads]), &settings).unwrap();
    let lod = &built.lods[0];
    // First use: 0 1 4 3 in the first submesh, then 2 5 in the second, which also uses 1 and 4.
    let x: Vec<_> = vertices(lod).iter().map(|v| v.position).collect();
    assert_eq!(
        x.iter()
            .map(|p| (p[0] + 3.0 * p[1]) as u32)
            .collect::<Vec<_>>(),
        [0, 1, 4, 3, 2, 5]
    );
    let views: Vec<_> = lod.submeshes.iter().map(|s| s.view).collect();
    assert_eq!((views[0].first_vertex, views[0].vertex_count), (0, 4));
    assert_eq!((views[1].first_vertex, views[1].vertex_count), (1, 5));
    assert_eq!(
        words(buffer(lod, BufferRole::Indices)),
        [0, 1, 2, 0, 2, 3, 0, 3, 4, 0, 4, 1]
    );
    assert_eq!(lod.submeshes[0].bounds.max, [1.0, 1.0, 0.0]);
    assert_eq!(lod.submeshes[1].bounds.min, [1.0, 0.0, 0.0]);
}

#[test]
fn streams_of_other_lengths_are_left_out() {
    let expect = |change: fn(&mut VertexStreams), expected: &[&str], attributes| {
        let mut part = triangle();
        edit(&mut part, change);
        let built = build(&mesh(vec![part]));
        assert_eq!(codes_of(&built), expected);
        assert_eq!(built.attributes, attributes);
    };
    expect(
        |s| s.normals = Some(vec![[0.0, 0.0, 1.0]; 2]),
        &["mesh.normals.mismatch"],
        0x0f,
    );
    expect(
        |s| s.texcoords = Some(vec![[0.0; 2]; 4]),
        &["mesh.texcoords.mismatch", "mesh.missing_tangent_prereq"],
        0x01,
    );
    expect(
        |s| s.tangents = Some(TangentStream::Signed(vec![])),
        &["mesh.tangents.mismatch"],
        0x0f,
    );
    expect(
        |s| {
            s.tangents = Some(TangentStream::Frames {
                tangents: vec![[1.0, 0.0, 0.0]; 3],
                bitangents: vec![[0.0, 1.0, 0.0]; 2],
            });
        },
        &["mesh.tangents.mismatch"],
        0x0f,
    );
    expect(
        |s| s.colors = Some(vec![[0.5; 4]]),
        &["mesh.colors.mismatch"],
        0x0f,
    );
    expect(|s| s.colors = Some(vec![[0.5; 4]; 3]), &[], 0x1f);
}

#[test]
fn numbers_that_are_not_finite_are_replaced() {
    let mut part = triangle();
    edit(&mut part, |streams| {
        streams.texcoords = Some(vec![[f32::NAN, 0.25], [f32::INFINITY, 0.0], [2e4, 0.0]]);
        streams.colors = Some(vec![[0.5; 4], [0.5, f32::NAN, 0.5, 0.5], [0.5; 4]]);
    });
    let built = build(&mesh(vec![part]));
    assert_eq!(
        codes_of(&built),
        [
            "mesh.invalid_uvs",
            "mesh.uv_range_suspicious",
            "mesh.invalid_colors"
        ]
    );
    let vertices = vertices(&built.lods[0]);
    let at_origin = vertices.iter().find(|v| v.position == [0.0; 3]).unwrap();
    assert_eq!(
        (at_origin.texcoord, at_origin.color),
        ([0.0, 0.25], [0.5; 4])
    );
    let white = vertices
        .iter()
        .find(|v| v.position == [1.0, 0.0, 0.0])
        .unwrap();
    assert_eq!(white.color, [1.0; 4]);
}

#[test]
fn triangles_at_infinity_are_left_out() {
    let mut part = triangle();
    edit(&mut part, |streams| {
        streams.positions.push([f32::NEG_INFINITY, 0.0, 0.0]);
        streams.normals.as_mut().unwrap().push([0.0, 0.0, 1.0]);
        streams.texcoords.as_mut().unwrap().push([0.0, 0.0]);
    });
    part.indices.extend([0, 1, 3, 3, 2, 0]);
    part.ranges = vec![range(0, 9, 0)];
    let built = build(&mesh(vec![part.clone()]));
    assert_eq!(codes_of(&built), ["mesh.invalid_positions"]);
    assert_eq!(built.lods[0].index_count, 3);
    part.ranges = vec![range(3, 6, 0)];
    assert_eq!(
        failure(&mesh(vec![part]), &defaults()),
        "mesh.missing_buffers"
    );
}

#[test]
fn textured_materials_want_texture_coordinates() {
    let mut bare = triangle();
    edit(&mut bare, |streams| streams.texcoords = None);
    let with_textures = |source: &MeshSource| {
        let materials = [MaterialUse {
            uses_textures: true,
        }];
        let request = MeshRequest {
            name: "Robot/Body",
            source_id: "robot.glb::Robot/Body::0",
            materials: &materials,
        };
        let mut pace = Pace::uninterrupted(CancelFlag::new());
        let settings = GeometrySettings {
            tangents: AttributePolicy::None,
            ..defaults()
        };
        let built = block_on(build_mesh(source, request, &settings, &mut pace));
        built.unwrap()
    };
    let built = with_textures(&mesh(vec![bare.clone()]));
    assert_eq!(codes_of(&built), ["mesh.missing_uvs"]);
    assert_eq!(codes_of(&with_textures(&mesh(vec![triangle()]))), [""; 0]);
    // Without textures it is only strange when other parts have some.
    let settings = GeometrySettings {
        tangents: AttributePolicy::None,
        ..defaults()
    };
    let built = try_build(&mesh(vec![bare.clone()]), &settings).unwrap();
    assert_eq!(codes_of(&built), [""; 0]);
    assert_eq!(built.attributes, 0x01);
    let built = try_build(&mesh(vec![bare, triangle()]), &settings).unwrap();
    assert_eq!(codes_of(&built), ["mesh.missing_uvs"]);
    assert_eq!(built.attributes, 0x09);
}

#[test]
fn a_raised_flag_stops_the_build() {
    let cancel = CancelFlag::new();
    cancel.cancel();
    let request = MeshRequest {
        name: "",
        source_id: "",
        materials: &[],
    };
    let mut pace = Pace::uninterrupted(cancel);
    let source = mesh(vec![triangle()]);
    let settings = defaults();
    let built = build_mesh(&source, request, &settings, &mut pace);
    fn assert_send<T: Send>(future: T) -> T {
        future
    }
    let built = block_on(assert_send(built));
    assert!(matches!(built, Err(MeshBuildError::Cancelled(_))));
}

#[test]
fn names_that_will_be_cut_are_reported() {
    let build_as = |name: &str, lods: &[&str]| {
        let source = MeshSource {
            kind: MeshKind::Standard,
            mirrored: false,
            lods: lods
                .iter()
                .map(|name| lod(name, vec![triangle()]))
                .collect(),
        };
        let request = MeshRequest {
            name,
            source_id: "",
            materials: &[MaterialUse::default()],
        };
        let mut pace = Pace::uninterrupted(CancelFlag::new());
        let settings = defaults();
        let built = block_on(build_mesh(&source, request, &settings, &mut pace)).unwrap();
        codes_of(&built)
    };
    let (long, short) = ("n".repeat(72), "n".repeat(63));
    // A single level has the name of the mesh.
    let both = ["mesh.name_truncated", "mesh.lod_name_truncated"];
    assert_eq!(build_as(&long, &[&long]), both);
    assert_eq!(build_as(&short, &[&long]), [""; 0]);
    assert_eq!(
        build_as(&short, &[&short, &long]),
        ["mesh.lod_name_truncated"]
    );
    assert_eq!(build_as(&long, &["LOD0", "LOD1"]), ["mesh.name_truncated"]);
}

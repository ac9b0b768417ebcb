//! Vertices and triangles in engine space.

use super::*;
use crate::source::scene::{MaterialId, MeshKind, TangentStream, TriangleRange};

#[test]
fn vertices_are_turned_into_engine_space() {
    let builder = {
        let mut builder = Builder::new();
        let positions = builder.floats(&[[1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [-1.0, -2.0, -3.0]]);
        let normals = builder.floats(&[[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]);
        let tangents = builder.floats(&[
            [1.0, 0.0, 0.0, -1.0],
            [0.0, 1.0, 0.0, 1.0],
            [0.0, 0.0, 1.0, -1.0],
        ]);
        let uvs = builder.floats(&[[0.25, 0.5], [0.0, 1.0], [2.0, -1.0]]);
        builder.show(&json!([{ "attributes": {
            "POSITION": positions, "NORMAL": normals, "TANGENT": tangents, "TEXCOORD_0": uvs,
        } }]));
        builder
    };
    let part = part(&builder);
    assert_eq!(
        *part.streams,
        VertexStreams {
            positions: vec![[1.0, -3.0, 2.0], [0.0; 3], [-1.0, 3.0, -2.0]],
            normals: Some(vec![[0.0, 0.0, 1.0], [0.0, -1.0, 0.0], [1.0, 0.0, 0.0]]),
            tangents: Some(TangentStream::Signed(vec![
                [1.0, 0.0, 0.0, -1.0],
                [0.0, 0.0, 1.0, 1.0],
                [0.0, -1.0, 0.0, -1.0],
            ])),
            texcoords: Some(vec![[0.25, 0.5], [0.0, 1.0], [2.0, -1.0]]),
            colors: None,
            influences: Vec::new(),
        }
    );
    // Negative zeros would tell vertices apart that are equal.
    let positions = part.streams.positions.as_flattened();
    assert!(positions.iter().all(|x| x.to_bits() != (-0.0f32).to_bits()));
    assert_eq!(part.indices, [0, 1, 2]);
    assert_eq!(
        part.ranges,
        [TriangleRange {
            first_index: 0,
            index_count: 3,
            material: None,
        }]
    );
    let scene = builder.scene();
    assert_eq!(load(&scene, 0).kind, MeshKind::Standard);
    assert_eq!(load(&scene, 0).lods[0].name, "LOD0");
    assert_eq!(scene.meshes()[0].object, "meshes[0]");
}

#[test]
fn units_scale_positions_and_nothing_else() {
    let builder = triangle(|b| json!({ "NORMAL": b.floats(&[[0.0, 0.0, 2.0]; 3]) }));
    for (options, scale) in [
        (json!({}), 1.0),
        (json!({ "unit_policy": "preserve" }), 1.0),
        (json!({ "unit_policy": "custom", "unit_scale": 0.01 }), 0.01),
    ] {
        let scene = builder.import_with(&settings(options)).unwrap();
        let streams = load(&scene, 0).lods[0].parts[0].streams.clone();
        assert_eq!(streams.positions[1], [scale, 0.0, 0.0]);
        assert_eq!(streams.positions[2], [0.0, 0.0, scale]);
        assert_eq!(streams.normals.as_ref().unwrap()[0], [0.0, -2.0, 0.0]);
    }
}

/// Positions on a line, so that their X is their number.
fn row(builder: &mut Builder, count: u16) -> usize {
    let positions: Vec<_> = (0..count).map(|i| [f32::from(i), 0.0, 0.0]).collect();
    builder.floats(&positions)
}

fn with_mode(mode: u32, count: u16, indices: Option<&[u16]>) -> Builder {
    let mut builder = Builder::new();
    let positions = row(&mut builder, count);
    let mut primitive = json!({ "attributes": { "POSITION": positions }, "mode": mode });
    if let Some(indices) = indices {
        primitive["indices"] = json!(builder.indices(indices));
    }
    builder.show(&json!([primitive]));
    builder
}

#[test]
fn every_mode_of_triangles_makes_a_list() {
    let list = |mode, count, indices| part(&with_mode(mode, count, indices)).indices;
    assert_eq!(list(4, 6, None), [0, 1, 2, 3, 4, 5]);
    assert_eq!(list(5, 5, None), [0, 1, 2, 1, 3, 2, 2, 3, 4]);
    assert_eq!(list(6, 5, None), [1, 2, 0, 2, 3, 0, 3, 4, 0]);
    assert_eq!(list(4, 3, Some(&[2, 1, 0])), [2, 1, 0]);
    assert_eq!(list(5, 4, Some(&[3, 2, 1, 0])), [3, 2, 1, 2, 0, 1]);
    assert_eq!(list(6, 4, Some(&[3, 2, 1, 0])), [2, 1, 3, 1, 0, 3]);
    // The bound that budgets see holds for each of them, see `try_load`.
    for (mode, row, corners) in [(4, 6, 6), (5, 5, 9), (6, 5, 9)] {
        let scene = with_mode(mode, row, None).scene();
        assert_eq!(scene.meshes()[0].size.indices, corners);
    }
}

#[test]
fn points_and_lines_are_skipped_or_refused() {
    for mode in 0..4 {
        let mut builder = with_mode(mode, 4, None);
        let scene = builder.scene();
        assert_eq!(scene.meshes().len(), 0);
        assert_eq!(scene.nodes()[0].mesh, None);
        assert_eq!(
            codes_of(&scene),
            ["gltf.primitive.skipped", "mesh.empty_primitives"]
        );
        assert_eq!(scene.ignored().non_triangle_primitives, 1);
        // A mesh with other primitives keeps those.
        let positions = builder.floats(&TRIANGLE);
        let more = json!({ "attributes": { "POSITION": positions } });
        builder.root["meshes"][0]["primitives"]
            .as_array_mut()
            .unwrap()
            .push(more);
        let scene = builder.scene();
        assert_eq!(scene.nodes()[0].mesh.map(|id| id.0), Some(0));
        assert_eq!(
            codes_of(&scene),
            ["gltf.primitive.skipped", "gltf.missing_indices"]
        );
        assert_eq!(load(&scene, 0).lods[0].parts.len(), 1);
        let refuse = settings(json!({ "ignore_non_mesh_primitives": false }));
        let errors = builder.import_with(&refuse).map(|_| ()).unwrap_err();
        let (code, object) = only_error(&errors);
        assert_eq!(
            (code, object.as_str()),
            ("gltf.primitive.type", "meshes[0].primitives[0]")
        );
    }
    assert_eq!(with_mode(7, 4, None).error().0, "gltf.primitive.type");
}

#[test]
fn triangles_must_be_whole_and_have_vertices() {
    for count in [1, 2, 4] {
        let (code, object) = with_mode(4, count, None).error();
        assert_eq!(
            (code, object.as_str()),
            ("mesh.invalid_range", "meshes[0].primitives[0]")
        );
    }
    assert_eq!(
        with_mode(4, 3, Some(&[0, 1])).error().0,
        "mesh.invalid_range"
    );
    // Strips and fans of less than a triangle are empty.
    for mode in [5, 6] {
        for count in [1, 2] {
            let scene = with_mode(mode, count, None).scene();
            assert_eq!(codes_of(&scene), ["mesh.empty_primitives"]);
        }
    }
    assert_eq!(with_mode(4, 0, None).error().0, "mesh.missing_positions");
    let mut builder = Builder::new();
    let normals = builder.floats(&TRIANGLE);
    builder.show(&json!([{ "attributes": { "NORMAL": normals } }]));
    assert_eq!(builder.error().0, "mesh.missing_positions");
    assert_eq!(
        codes_of(&Builder::with_mesh(&json!([])).scene()),
        ["mesh.empty_primitives"]
    );
}

#[test]
fn indices_must_exist() {
    for indices in [[0, 1, 3], [65535, 0, 1]] {
        let scene = with_mode(4, 3, Some(&indices)).scene();
        let errors = try_load(&scene, 0).unwrap_err();
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].code.id(), "mesh.invalid_indices");
        assert_eq!(errors[0].object.as_deref(), Some("meshes[0].primitives[0]"));
    }
}

#[test]
fn few_of_many_vertices_are_read_alone() {
    let mut builder = Builder::new();
    let positions = row(&mut builder, 1000);
    let mut uvs = Vec::new();
    for i in 0..1000u16 {
        uvs.push([f32::from(i), -f32::from(i)]);
    }
    let uvs = builder.floats(&uvs);
    let attributes = json!({ "POSITION": positions, "TEXCOORD_0": uvs });
    let indices = [
        builder.indices(&[900, 10, 500]),
        builder.indices(&[10, 900, 999]),
    ];
    builder.show(&json!([
        { "attributes": attributes, "indices": indices[0] },
        { "attributes": attributes, "indices": indices[1] },
    ]));
    let scene = builder.scene();
    assert_eq!(scene.meshes()[0].size.vertices, 6);
    let mesh = load(&scene, 0);
    let [first, second] = &mesh.lods[0].parts[..] else {
        panic!("two parts");
    };
    assert!(Arc::ptr_eq(&first.streams, &second.streams));
    let x: Vec<f32> = first.streams.positions.iter().map(|p| p[0]).collect();
    assert_eq!(x, [10.0, 500.0, 900.0, 999.0]);
    let uvs = first.streams.texcoords.as_ref().unwrap();
    assert_eq!(
        uvs[..],
        [
            [10.0, -10.0],
            [500.0, -500.0],
            [900.0, -900.0],
            [999.0, -999.0]
        ]
    );
    assert_eq!(first.indices, [2, 0, 1]);
    assert_eq!(second.indices, [0, 2, 3]);
}

#[test]
fn sparse_elements_are_found_among_few() {
    let mut builder = Builder::new();
    let positions = row(&mut builder, 300);
    let indices = builder.view(&[100, 200], json!({}));
    let values: Vec<u8> = [7.0f32; 6].into_iter().flat_map(f32::to_le_bytes).collect();
    let values = builder.view(&values, json!({}));
    builder.root["accessors"][positions]["sparse"] = json!({
        "count": 2,
        "indices": { "bufferView": indices, "componentType": U8 },
        "values": { "bufferView": values },
    });
    let list = builder.indices(&[1, 200, 299]);
    builder.show(&json!([{ "attributes": { "POSITION": positions }, "indices": list }]));
    assert_eq!(
        streams(&builder).positions,
        [[1.0, 0.0, 0.0], [7.0, -7.0, 7.0], [299.0, 0.0, 0.0]]
    );
}

#[test]
fn primitives_share_equal_vertices_only() {
    let mut builder = Builder::new();
    let positions = builder.floats(&TRIANGLE);
    let normals = builder.floats(&[[0.0, 0.0, 1.0]; 3]);
    let plain = json!({ "attributes": { "POSITION": positions } });
    let shaded = json!({ "attributes": { "POSITION": positions, "NORMAL": normals } });
    builder.push("materials", json!({}));
    let mut colored = plain.clone();
    colored["material"] = json!(0);
    builder.show(&json!([plain, shaded, colored]));
    let mesh = load(&builder.scene(), 0);
    let [a, b, c] = &mesh.lods[0].parts[..] else {
        panic!("three parts");
    };
    assert!(Arc::ptr_eq(&a.streams, &c.streams) && !Arc::ptr_eq(&a.streams, &b.streams));
    assert!(a.streams.normals.is_none() && b.streams.normals.is_some());
    let materials = [a, b, c].map(|part| part.ranges[0].material);
    assert_eq!(materials, [None, None, Some(MaterialId(0))]);
    assert_eq!(
        builder.scene().meshes()[0].loader.materials(),
        Some(vec![MaterialId(0)])
    );
    builder.set("/meshes/0/primitives/2/material", json!(1));
    let (code, object) = builder.error();
    assert_eq!(
        (code, object.as_str()),
        ("gltf.dangling_reference", "meshes[0].primitives[2]")
    );
}

#[test]
fn colours_are_shares_of_one_in_every_form() {
    let colors = |component: u32, kind: &str, data: &[u8], more: Value| {
        let builder =
            triangle(|b| json!({ "COLOR_0": b.accessor_with(data, component, 3, kind, more) }));
        streams(&builder).colors.unwrap()
    };
    let normalized = json!({ "normalized": true });
    let u8s = [0, 51, 102, 153, 204, 255, 0, 0, 255, 255, 255, 255];
    let expected = [
        [0.0, 0.2, 0.4, 0.6],
        [0.8, 1.0, 0.0, 0.0],
        [1.0, 1.0, 1.0, 1.0],
    ];
    assert_eq!(colors(U8, "VEC4", &u8s, normalized.clone()), expected);
    // Tools forget to say so, but colours beyond 1 are meant by nobody.
    assert_eq!(colors(U8, "VEC4", &u8s, json!({})), expected);
    let opaque = [
        [0.0, 0.2, 0.4, 1.0],
        [0.6, 0.8, 1.0, 1.0],
        [0.0, 0.0, 1.0, 1.0],
    ];
    assert_eq!(colors(U8, "VEC3", &u8s[..9], normalized.clone()), opaque);
    let wide: Vec<u8> = u8s.iter().flat_map(|x| [*x, *x]).collect();
    assert_eq!(colors(U16, "VEC4", &wide, normalized.clone()), expected);
    assert_eq!(colors(U16, "VEC3", &wide[..18], normalized), opaque);
    let floats: Vec<u8> = [0.5f32, 2.0, -1.0, 0.25]
        .into_iter()
        .cycle()
        .take(12)
        .flat_map(f32::to_le_bytes)
        .collect();
    assert_eq!(
        colors(F32, "VEC4", &floats, json!({})),
        [[0.5, 2.0, -1.0, 0.25]; 3]
    );
    // The lowest set wins; attributes of applications are nobody's business.
    let builder = triangle(|b| {
        let [first, second] = [0.25, 0.75].map(|x| b.floats(&[[x; 4]; 3]));
        json!({ "COLOR_3": second, "COLOR_1": first, "_TEMPERATURE": second, "FOO": second })
    });
    assert_eq!(streams(&builder).colors.unwrap(), [[0.25; 4]; 3]);
    assert_eq!(codes_of(&builder.scene()), ["gltf.missing_indices"]);
}

#[test]
fn attributes_of_another_length_are_left_out() {
    for (name, kind, code) in [
        ("NORMAL", "VEC3", "mesh.normals.mismatch"),
        ("TANGENT", "VEC4", "mesh.tangents.mismatch"),
        ("TEXCOORD_0", "VEC2", "mesh.texcoords.mismatch"),
        ("COLOR_0", "VEC4", "mesh.colors.mismatch"),
        ("JOINTS_0", "VEC4", "mesh.skinning.mismatch"),
    ] {
        let component = if name == "JOINTS_0" { U8 } else { F32 };
        let builder = triangle(|b| {
            let accessor = b.accessor(&[0; 64], component, 4, kind);
            json!({ name: accessor, "WEIGHTS_0": b.floats(&[[1.0, 0.0, 0.0, 0.0]; 3]) })
        });
        let scene = builder.scene();
        assert_eq!(codes_of(&scene), [code, "gltf.missing_indices"], "{name}");
        assert_eq!(
            scene.diagnostics()[0].object.as_deref(),
            Some("meshes[0].primitives[0]")
        );
        let streams = streams(&builder);
        assert_eq!(
            streams,
            VertexStreams {
                positions: streams.positions.clone(),
                ..VertexStreams::default()
            }
        );
    }
}

#[test]
fn one_set_of_texture_coordinates_is_selected() {
    let textured = |sets: &[u32], material: Value| {
        let mut builder = triangle(|b| {
            let sets = sets.iter().map(|set| {
                let uvs = b.floats(&[[*set as f32; 2]; 3]);
                (format!("TEXCOORD_{set}"), json!(uvs))
            });
            Value::Object(sets.collect())
        });
        builder.push("textures", json!({}));
        builder.push("materials", material);
        builder.set("/meshes/0/primitives/0/material", json!(0));
        let scene = builder.scene();
        let uvs = load(&scene, 0).lods[0].parts[0].streams.texcoords.clone();
        let codes = codes_of(&scene)
            .into_iter()
            .filter(|code| code.starts_with("mesh."));
        (uvs.map(|uvs| uvs[0][0]), codes.collect::<Vec<_>>())
    };
    let base = |set: u32| json!({ "pbrMetallicRoughness": { "baseColorTexture": { "index": 0, "texCoord": set } } });
    assert_eq!(textured(&[], base(0)), (None, vec![]));
    assert_eq!(textured(&[0], base(0)), (Some(0.0), vec![]));
    let several = vec!["mesh.uv_sets", "mesh.uv_set_selected"];
    assert_eq!(textured(&[0, 1], base(1)), (Some(1.0), several.clone()));
    assert_eq!(textured(&[2, 4], json!({})), (Some(2.0), several));
    assert_eq!(
        textured(&[0], base(1)),
        (Some(0.0), vec!["mesh.uv_set_missing"])
    );
    // The transform of a texture can name another set.
    let mut transformed = base(0);
    transformed["pbrMetallicRoughness"]["baseColorTexture"]["extensions"] =
        json!({ "KHR_texture_transform": { "texCoord": 1 } });
    assert_eq!(textured(&[0, 1], transformed).0, Some(1.0));
    // Base colour comes before metalness, normals, occlusion and emission.
    let slot = |set: u32| json!({ "index": 0, "texCoord": set });
    let all = json!({
        "pbrMetallicRoughness": { "baseColorTexture": slot(4), "metallicRoughnessTexture": slot(3) },
        "normalTexture": slot(2), "occlusionTexture": slot(1), "emissiveTexture": slot(0),
    });
    let mut material = all;
    let order = [
        ("/pbrMetallicRoughness/baseColorTexture", 4.0),
        ("/pbrMetallicRoughness/metallicRoughnessTexture", 3.0),
        ("/normalTexture", 2.0),
        ("/occlusionTexture", 1.0),
    ];
    for (pointer, set) in order {
        let (selected, codes) = textured(&[0, 1, 2, 3, 4], material.clone());
        assert_eq!(selected, Some(set));
        assert!(codes.contains(&"mesh.uv_set_conflict"));
        *material.pointer_mut(pointer).unwrap() = Value::Null;
    }
    let (selected, codes) = textured(&[0, 1, 2, 3, 4], material);
    assert_eq!(selected, Some(0.0));
    assert!(!codes.contains(&"mesh.uv_set_conflict"));
}

#[test]
fn messages_about_primitives_are_one_for_each_mesh() {
    let mut builder = Builder::new();
    let positions = builder.floats(&TRIANGLE);
    let primitive = json!({ "attributes": { "POSITION": positions } });
    builder.show(&json!(vec![primitive; 20]));
    let scene = builder.scene();
    assert_eq!(codes_of(&scene), ["gltf.missing_indices"]);
    assert_eq!(
        scene.diagnostics()[0].message,
        "primitives 0, 1, 2, 3, 4, 5, 6, 7 and 12 more with no indices; vertices are taken in their order"
    );
}

#[test]
fn morph_targets_are_ignored() {
    let mut builder = triangle(|_| json!({}));
    let target = json!({ "POSITION": 0 });
    builder.set("/meshes/0/primitives/0/targets", json!([target, target]));
    let scene = builder.scene();
    assert_eq!(scene.ignored().morph_targets, 2);
    assert_eq!(
        codes_of(&scene),
        ["gltf.morph_targets_ignored", "gltf.missing_indices"]
    );
}

#[test]
fn limits_of_meshes_are_kept() {
    let builder = with_mode(5, 10, None);
    let import = |limits: GltfLimits| import(builder.glb(), &SceneSettings::default(), &limits);
    let limits = |max_mesh_vertices, max_mesh_indices| GltfLimits {
        max_mesh_vertices,
        max_mesh_indices,
        ..GltfLimits::default()
    };
    assert!(import(limits(10, 24)).is_ok());
    for limits in [limits(9, 24), limits(10, 23)] {
        let errors = import(limits).map(|_| ()).unwrap_err();
        assert_eq!(
            only_error(&errors),
            ("gltf.limit_exceeded", "meshes[0]".to_owned())
        );
    }
}

#[test]
fn loading_gives_way_and_changes_nothing() {
    use crate::cook::pace::Pace;
    use std::time::Duration;
    let mut builder = Builder::new();
    let positions = row(&mut builder, 20_000);
    let indices: Vec<u16> = (0..19_998).collect();
    let indices = builder.indices(&indices);
    builder.show(&json!([{ "attributes": { "POSITION": positions }, "indices": indices }]));
    let scene = builder.scene();
    let mut pace = Pace::sliced(CancelFlag::new(), Duration::ZERO);
    let mut polls = 0;
    let mut loading = scene.meshes()[0].loader.load(&mut pace);
    let counted = std::future::poll_fn(|cx| {
        polls += 1;
        loading.as_mut().poll(cx)
    });
    let loaded = block_on(counted).unwrap();
    assert!(polls > 10, "{polls}");
    assert_eq!(loaded.mesh, load(&scene, 0));
}

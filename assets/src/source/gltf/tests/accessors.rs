//! Elements of accessors: types, places, sparse ones.

use super::*;

/// Texture coordinates of a triangle, from bytes: read as they are, whatever is normalised.
fn texcoords(data: &[u8], component: u32, normalized: bool) -> Vec<[f32; 2]> {
    let builder = triangle(|b| {
        let more = json!({ "normalized": normalized });
        json!({ "TEXCOORD_0": b.accessor_with(data, component, 3, "VEC2", more) })
    });
    streams(&builder).texcoords.unwrap()
}

#[test]
fn every_component_type() {
    let i8s = [0x80, 0x81, 0x00, 0x40, 0x7e, 0x7f];
    assert_eq!(
        texcoords(&i8s, I8, false),
        [[-128.0, -127.0], [0.0, 64.0], [126.0, 127.0]]
    );
    // -128 stands for -1 as -127 does.
    assert_eq!(
        texcoords(&i8s, I8, true),
        [[-1.0, -1.0], [0.0, 64.0 / 127.0], [126.0 / 127.0, 1.0]]
    );
    let u8s = [0, 1, 51, 128, 254, 255];
    assert_eq!(
        texcoords(&u8s, U8, false),
        [[0.0, 1.0], [51.0, 128.0], [254.0, 255.0]]
    );
    assert_eq!(
        texcoords(&u8s, U8, true),
        [
            [0.0, 1.0 / 255.0],
            [0.2, 128.0 / 255.0],
            [254.0 / 255.0, 1.0]
        ]
    );
    let i16s: Vec<u8> = [i16::MIN, -32767, 0, 1, 32766, 32767]
        .into_iter()
        .flat_map(i16::to_le_bytes)
        .collect();
    assert_eq!(
        texcoords(&i16s, I16, false),
        [[-32768.0, -32767.0], [0.0, 1.0], [32766.0, 32767.0]]
    );
    assert_eq!(
        texcoords(&i16s, I16, true),
        [[-1.0, -1.0], [0.0, 1.0 / 32767.0], [32766.0 / 32767.0, 1.0]]
    );
    let u16s: Vec<u8> = [0, 1, 13107, 32768, 65534, 65535]
        .into_iter()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(
        texcoords(&u16s, U16, false),
        [[0.0, 1.0], [13107.0, 32768.0], [65534.0, 65535.0]]
    );
    assert_eq!(
        texcoords(&u16s, U16, true),
        [
            [0.0, 1.0 / 65535.0],
            [0.2, 32768.0 / 65535.0],
            [65534.0 / 65535.0, 1.0]
        ]
    );
    let u32s: Vec<u8> = [0, 1, 2, 3, u32::MAX - 255, u32::MAX]
        .into_iter()
        .flat_map(u32::to_le_bytes)
        .collect();
    assert_eq!(
        texcoords(&u32s, U32, false),
        [[0.0, 1.0], [2.0, 3.0], [4_294_967_040.0, 4_294_967_300.0]]
    );
    assert_eq!(texcoords(&u32s, U32, true)[2][1], 1.0);
    let f32s: Vec<u8> = [0.0, -0.5, f32::MAX, f32::MIN_POSITIVE, f32::INFINITY, 1e-40]
        .into_iter()
        .flat_map(f32::to_le_bytes)
        .collect();
    assert_eq!(
        texcoords(&f32s, F32, false),
        [
            [0.0, -0.5],
            [f32::MAX, f32::MIN_POSITIVE],
            [f32::INFINITY, 1e-40]
        ]
    );
}

/// Three texture coordinates, 1 to 6, in a view that is written by hand.
fn placed(view: Value, accessor: Value, data: &[u8]) -> Result<SceneSource, Vec<Diagnostic>> {
    let builder = triangle(|b| {
        let view = b.view(data, view);
        let mut all = json!({
            "bufferView": view, "componentType": U8, "count": 3, "type": "VEC2",
        });
        merge(&mut all, accessor);
        json!({ "TEXCOORD_0": b.push("accessors", all) })
    });
    builder.import()
}

fn read(view: Value, accessor: Value, data: &[u8]) -> Vec<[f32; 2]> {
    let scene = placed(view, accessor, data).unwrap_or_else(|errors| panic!("{errors:#?}"));
    let mesh = load(&scene, 0);
    mesh.lods[0].parts[0].streams.texcoords.clone().unwrap()
}

#[test]
fn offsets_and_strides() {
    let expected = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
    assert_eq!(read(json!({}), json!({}), &[1, 2, 3, 4, 5, 6]), expected);
    assert_eq!(
        read(
            json!({}),
            json!({ "byteOffset": 1 }),
            &[9, 1, 2, 3, 4, 5, 6]
        ),
        expected
    );
    // The last element need not be followed by a whole stride.
    let strided = [1, 2, 9, 9, 3, 4, 9, 9, 5, 6];
    assert_eq!(
        read(json!({ "byteStride": 4 }), json!({}), &strided),
        expected
    );
    let behind = [9, 9, 1, 2, 9, 9, 3, 4, 9, 9, 5, 6];
    assert_eq!(
        read(
            json!({ "byteStride": 4 }),
            json!({ "byteOffset": 2 }),
            &behind
        ),
        expected
    );
    // Any stride that elements fit into will do.
    assert_eq!(
        read(json!({ "byteStride": 2 }), json!({}), &[1, 2, 3, 4, 5, 6]),
        expected
    );
}

#[test]
fn elements_outside_of_their_view_are_refused() {
    let code = |view: Value, accessor: Value| {
        let errors = placed(view, accessor, &[1, 2, 3, 4, 5, 6])
            .map(|_| ())
            .unwrap_err();
        only_error(&errors).0
    };
    for accessor in [
        json!({ "byteOffset": 1 }),
        json!({ "byteOffset": u64::MAX }),
        json!({ "byteOffset": u64::MAX - 3 }),
        json!({ "count": 4 }),
        json!({ "count": u64::MAX }),
        json!({ "count": 1u64 << 62, "byteOffset": (1u64 << 63) - 16 }),
        json!({ "componentType": F32 }),
        json!({ "componentType": 5124 }),
        json!({ "type": "VEC5" }),
    ] {
        assert_eq!(
            code(json!({}), accessor.clone()),
            "gltf.accessor",
            "{accessor}"
        );
    }
    assert_eq!(code(json!({ "byteStride": 1 }), json!({})), "gltf.accessor");
    assert_eq!(code(json!({ "byteStride": 0 }), json!({})), "gltf.accessor");
    assert_eq!(code(json!({ "byteStride": 4 }), json!({})), "gltf.accessor");
    assert_eq!(
        code(json!({ "byteLength": 1 << 20 }), json!({})),
        "gltf.buffer_view"
    );
    assert_eq!(
        code(json!({ "byteOffset": u64::MAX }), json!({})),
        "gltf.buffer_view"
    );
    assert_eq!(
        code(
            json!({ "byteOffset": u64::MAX, "byteLength": u64::MAX }),
            json!({})
        ),
        "gltf.buffer_view"
    );
    assert_eq!(
        code(json!({}), json!({ "bufferView": 99 })),
        "gltf.dangling_reference"
    );
    assert_eq!(
        code(json!({ "buffer": 1 }), json!({})),
        "gltf.dangling_reference"
    );
}

#[test]
fn types_must_fit_their_use() {
    let attribute = |name: &str, component: u32, kind: &str| {
        let builder = triangle(|b| {
            let accessor = b.accessor(&[0; 192], component, 3, kind);
            json!({ name: accessor })
        });
        builder
            .import()
            .map(|_| ())
            .map_err(|errors| only_error(&errors))
    };
    let refused = |name: &str| {
        let object = format!("meshes[0].primitives[0].attributes.{name}");
        Err(("gltf.accessor", object))
    };
    assert_eq!(attribute("NORMAL", F32, "VEC3"), Ok(()));
    assert_eq!(attribute("NORMAL", F32, "VEC2"), refused("NORMAL"));
    assert_eq!(attribute("TANGENT", F32, "VEC3"), refused("TANGENT"));
    assert_eq!(attribute("TEXCOORD_0", F32, "VEC3"), refused("TEXCOORD_0"));
    assert_eq!(attribute("COLOR_0", U8, "VEC4"), Ok(()));
    assert_eq!(attribute("COLOR_0", U8, "SCALAR"), refused("COLOR_0"));
    assert_eq!(attribute("POSITION", F32, "MAT4"), refused("POSITION"));
    let joints = |component| {
        let builder = triangle(|b| {
            let joints = b.accessor(&[0; 48], component, 3, "VEC4");
            json!({ "JOINTS_0": joints, "WEIGHTS_0": b.floats(&[[1.0, 0.0, 0.0, 0.0]; 3]) })
        });
        builder
            .import()
            .map(|_| ())
            .map_err(|errors| only_error(&errors))
    };
    assert_eq!(joints(U8), Ok(()));
    assert_eq!(joints(F32), refused("JOINTS_0"));
    assert_eq!(joints(I16), refused("JOINTS_0"));
}

#[test]
fn indices_are_unsigned() {
    let indexed = |component: u32, kind: &str, data: &[u8]| {
        let mut builder = Builder::new();
        let positions = builder.floats(&TRIANGLE);
        let indices = builder.accessor(data, component, 3, kind);
        builder.show(&json!([{ "attributes": { "POSITION": positions }, "indices": indices }]));
        builder
    };
    assert_eq!(part(&indexed(U8, "SCALAR", &[2, 0, 1])).indices, [2, 0, 1]);
    assert_eq!(
        part(&indexed(U16, "SCALAR", &[2, 0, 0, 0, 1, 0])).indices,
        [2, 0, 1]
    );
    let wide = [2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0];
    assert_eq!(part(&indexed(U32, "SCALAR", &wide)).indices, [2, 0, 1]);
    let refused = (
        "gltf.accessor",
        "meshes[0].primitives[0].indices".to_owned(),
    );
    for component in [F32, I8, I16] {
        assert_eq!(
            indexed(component, "SCALAR", &wide).error(),
            refused,
            "{component}"
        );
    }
    assert_eq!(indexed(U8, "VEC2", &wide).error(), refused);
}

/// Positions of six vertices: the triangle, twice; some of them replaced.
fn sparse(base: bool, sparse: Value, indices: &[u8], values: &[[f32; 3]]) -> Builder {
    let mut builder = Builder::new();
    let data: Vec<u8> = [TRIANGLE, TRIANGLE]
        .as_flattened()
        .iter()
        .flatten()
        .flat_map(|x| x.to_le_bytes())
        .collect();
    let mut accessor = json!({ "componentType": F32, "count": 6, "type": "VEC3" });
    if base {
        accessor["bufferView"] = json!(builder.view(&data, json!({})));
    }
    let values: Vec<u8> = values
        .iter()
        .flatten()
        .flat_map(|x| x.to_le_bytes())
        .collect();
    let mut all = json!({
        "count": indices.len(),
        "indices": { "bufferView": builder.view(indices, json!({})), "componentType": U8 },
        "values": { "bufferView": builder.view(&values, json!({})) },
    });
    merge(&mut all, sparse);
    accessor["sparse"] = all;
    let positions = builder.push("accessors", accessor);
    builder.show(&json!([{ "attributes": { "POSITION": positions } }]));
    builder
}

#[test]
fn sparse_elements_replace_others() {
    let values = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    let [a, b] = [[1.0, -3.0, 2.0], [4.0, -6.0, 5.0]];
    let builder = sparse(true, json!({}), &[1, 5], &values);
    assert_eq!(
        streams(&builder).positions,
        [[0.0; 3], a, [0.0, 0.0, 1.0], [0.0; 3], [1.0, 0.0, 0.0], b]
    );
    let builder = sparse(false, json!({}), &[0, 4], &values);
    assert_eq!(
        streams(&builder).positions,
        [a, [0.0; 3], [0.0; 3], [0.0; 3], b, [0.0; 3]]
    );
    assert_eq!(
        streams(&sparse(false, json!({}), &[], &[])).positions,
        [[0.0; 3]; 6]
    );
}

#[test]
fn sparse_elements_must_exist_and_ascend() {
    let values = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    let failure = |indices: &[u8]| {
        let scene = sparse(true, json!({}), indices, &values).scene();
        only_error_of_load(&try_load(&scene, 0).unwrap_err())
    };
    for indices in [[1, 6], [5, 1], [1, 1], [0, 255]] {
        let expected = ("gltf.accessor", "accessors[0].sparse.indices".to_owned());
        assert_eq!(failure(&indices), expected, "{indices:?}");
    }
    for more in [
        json!({ "count": 7 }),
        json!({ "count": u64::MAX }),
        json!({ "values": { "bufferView": 2, "byteOffset": 1 } }),
        json!({ "indices": { "bufferView": 1, "componentType": U32 } }),
        json!({ "indices": { "bufferView": 1, "componentType": F32 } }),
    ] {
        let (code, object) = sparse(true, more.clone(), &[1, 5], &values).error();
        assert_eq!(
            (code, object.as_str()),
            ("gltf.accessor", "accessors[0].sparse"),
            "{more}"
        );
    }
    let more = json!({ "values": { "bufferView": 77 } });
    assert_eq!(
        sparse(true, more, &[1, 5], &values).error().0,
        "gltf.dangling_reference"
    );
}

fn only_error_of_load(diagnostics: &[Diagnostic]) -> (&'static str, String) {
    let [error] = diagnostics else {
        panic!("one error, not {diagnostics:?}");
    };
    (error.code.id(), error.object.clone().unwrap())
}

#[test]
fn nothing_is_filled_with_zeros_on_the_word_of_a_file() {
    let bomb = |count: u64, sparse: Value| {
        let mut builder = Builder::new();
        let mut accessor = json!({ "componentType": F32, "count": count, "type": "VEC3" });
        merge(&mut accessor, sparse);
        let positions = builder.push("accessors", accessor);
        builder.show(&json!([{ "attributes": { "POSITION": positions } }]));
        builder
    };
    let (code, object) = bomb(4_000_000_000, json!({})).error();
    assert_eq!(
        (code, object.as_str()),
        ("gltf.limit_exceeded", "accessors[0]")
    );
    // A few zeros are valid, and make a mesh of nothing but one point.
    assert_eq!(streams(&bomb(3, json!({}))).positions, [[0.0; 3]; 3]);
    let mut builder = bomb(3_000_000, json!({}));
    let view = builder.view(&[0; 12], json!({}));
    let part = json!({ "bufferView": view, "componentType": U8 });
    builder.root["accessors"][0]["sparse"] =
        json!({ "count": 1, "indices": part, "values": { "bufferView": view } });
    assert_eq!(builder.error().0, "gltf.limit_exceeded");
}

#[test]
fn many_accessors_over_few_bytes_are_refused() {
    // A thousand primitives, each with other accessors over the same 4,000 vertices.
    let mut builder = Builder::new();
    let view = builder.view(&[0; 12_000], json!({}));
    let primitives: Vec<Value> = (0..1000)
        .map(|at| {
            let positions = builder.push(
                "accessors",
                json!({
                    "bufferView": view, "componentType": U8, "count": 3 * (1200 + at % 2),
                    "type": "VEC3", "byteOffset": at % 100,
                }),
            );
            json!({ "attributes": { "POSITION": positions } })
        })
        .collect();
    builder.show(&json!(primitives));
    let (code, object) = builder.error();
    assert_eq!(
        (code, object.as_str()),
        ("gltf.limit_exceeded", "meshes[0]")
    );
    // Primitives that share all of their vertices count once.
    let mut builder = Builder::new();
    let positions = builder.floats(&TRIANGLE);
    let primitive = json!({ "attributes": { "POSITION": positions } });
    builder.show(&json!(vec![primitive; 1000]));
    let scene = builder.scene();
    assert_eq!(scene.meshes()[0].size.vertices, 3);
    assert_eq!(scene.meshes()[0].size.indices, 3000);
}

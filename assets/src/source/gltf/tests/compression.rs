//! Compressed views and primitives.

use super::*;

/// A grid of vertices, and the triangles between them.
fn grid(side: u16) -> (Vec<[f32; 3]>, Vec<u32>) {
    let row = side + 1;
    let points = (0..row * row).map(|i| [f32::from(i % row), f32::from(i / row), 0.0]);
    let mut indices = Vec::new();
    for cell in 0..side * side {
        let at = cell / side * row + cell % side;
        indices.extend([at, at + 1, at + row, at + 1, at + row + 1, at + row].map(u32::from));
    }
    (points.collect(), indices)
}

/// Adds a compressed view; its buffer for readers that cannot decompress has no data.
fn compressed(
    builder: &mut Builder,
    data: &[u8],
    stride: usize,
    count: usize,
    more: Value,
) -> usize {
    let plain = builder.view(data, json!({}));
    let view = builder.root["bufferViews"][plain].clone();
    let mut extension = json!({
        "buffer": 0,
        "byteOffset": view["byteOffset"],
        "byteLength": view["byteLength"],
        "byteStride": stride,
        "count": count,
    });
    let name = if more.get("filter") == Some(&json!("COLOR")) {
        "KHR_meshopt_compression"
    } else {
        "EXT_meshopt_compression"
    };
    merge(&mut extension, more);
    builder.root["bufferViews"][plain] = json!({
        "buffer": 1,
        "byteLength": stride * count,
        "extensions": { name: extension },
    });
    plain
}

/// A document whose second buffer has no data.
fn finished(mut builder: Builder) -> Builder {
    builder.root["buffers"] = json!([
        { "byteLength": builder.bin.len() },
        { "byteLength": 1 << 20, "extensions": { "EXT_meshopt_compression": { "fallback": true } } },
    ]);
    builder
}

fn bytes_of(vectors: &[[f32; 3]]) -> Vec<u8> {
    vectors
        .iter()
        .flatten()
        .flat_map(|x| x.to_le_bytes())
        .collect()
}

#[test]
fn compressed_views_are_decoded() {
    let (points, indices) = grid(20);
    for (mode, index_size) in [
        ("TRIANGLES", 2),
        ("TRIANGLES", 4),
        ("INDICES", 2),
        ("INDICES", 4),
    ] {
        let mut builder = Builder::new();
        let data = ::meshopt::encode_vertex_buffer(&points).unwrap();
        let more = json!({ "mode": "ATTRIBUTES" });
        let view = compressed(&mut builder, &data, 12, points.len(), more);
        let positions = builder.push(
            "accessors",
            json!({ "bufferView": view, "componentType": F32, "count": points.len(), "type": "VEC3" }),
        );
        let data = if mode == "TRIANGLES" {
            ::meshopt::encode_index_buffer(&indices, points.len()).unwrap()
        } else {
            ::meshopt::encode_index_sequence(&indices, points.len()).unwrap()
        };
        let more = json!({ "mode": mode });
        let view = compressed(&mut builder, &data, index_size, indices.len(), more);
        let component = if index_size == 2 { U16 } else { U32 };
        let list = builder.push(
            "accessors",
            json!({
                "bufferView": view, "componentType": component, "count": indices.len(),
                "type": "SCALAR",
            }),
        );
        builder.show(&json!([{ "attributes": { "POSITION": positions }, "indices": list }]));
        let part = part(&finished(builder));
        let expected: Vec<[f32; 3]> = points.iter().map(|[x, y, _]| [*x, 0.0, *y]).collect();
        assert_eq!(part.streams.positions, expected);
        // The codec may turn triangles, but never over.
        let turned = |indices: &[u32]| -> Vec<[u32; 3]> {
            let triangles = indices.as_chunks::<3>().0.iter();
            triangles
                .map(|&[a, b, c]| [[a, b, c], [b, c, a], [c, a, b]].into_iter().min().unwrap())
                .collect()
        };
        assert_eq!(
            turned(&part.indices),
            turned(&indices),
            "{mode} {index_size}"
        );
    }
}

/// Reads texture coordinates from compressed elements.
fn decoded(
    data: &[u8],
    stride: usize,
    count: usize,
    more: Value,
    accessor: Value,
) -> Result<SceneSource, Vec<Diagnostic>> {
    let mut builder = Builder::new();
    let view = compressed(&mut builder, data, stride, count, more);
    let mut all = json!({ "bufferView": view, "count": count });
    merge(&mut all, accessor);
    let colors = builder.push("accessors", all);
    let positions = builder.floats(&vec![[0.0; 3]; count]);
    builder.show(&json!([{ "attributes": { "POSITION": positions, "COLOR_0": colors } }]));
    finished(builder).import()
}

fn decoded_colors(
    data: &[u8],
    stride: usize,
    count: usize,
    filter: &str,
    accessor: Value,
) -> Vec<[f32; 4]> {
    let more = json!({ "mode": "ATTRIBUTES", "filter": filter });
    let scene = decoded(data, stride, count, more, accessor);
    let scene = scene.unwrap_or_else(|errors| panic!("{errors:#?}"));
    load(&scene, 0).lods[0].parts[0]
        .streams
        .colors
        .clone()
        .unwrap()
}

#[test]
fn every_stride_is_decoded() {
    for words in 1..=64usize {
        let count = 30;
        let data: Vec<u8> = (0..count * words * 4)
            .map(|i| (i * 7 % 251) as u8)
            .collect();
        macro_rules! encode {
            ($($n:literal)*) => {
                match words {
                    $($n => {
                        let (chunks, _) = data.as_chunks::<{ 4 * $n }>();
                        ::meshopt::encode_vertex_buffer(chunks).unwrap()
                    })*
                    _ => return,
                }
            };
        }
        let encoded = encode!(
            1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32
            33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61
            62 63 64
        );
        let last = 4 * words - 4;
        let accessor = json!({ "componentType": U8, "type": "VEC4", "byteOffset": last });
        let colors = decoded_colors(&encoded, 4 * words, count, "NONE", accessor);
        for (vertex, color) in colors.iter().enumerate() {
            let at = vertex * 4 * words + last;
            let expected = [0, 1, 2, 3].map(|i| f32::from(data[at + i]) / 255.0);
            assert_eq!(*color, expected, "{words} words, vertex {vertex}");
        }
    }
}

#[test]
fn filters_are_undone() {
    let unit: Vec<[f32; 4]> = (0..30)
        .map(|i| {
            let (a, b) = (i as f32 * 0.7, i as f32 * 0.31);
            [a.cos() * b.cos(), a.sin() * b.cos(), b.sin(), 1.0]
        })
        .collect();
    let close = |actual: &[[f32; 4]], expected: &[[f32; 4]], limit: f32| {
        assert_eq!(actual.len(), expected.len());
        for (a, b) in actual.iter().zip(expected) {
            let distance = a
                .iter()
                .zip(b)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(distance < limit, "{a:?} {b:?}");
        }
    };
    let accessor =
        |component| json!({ "componentType": component, "type": "VEC4", "normalized": true });
    let narrow = ::meshopt::encode_filter_oct::<i8>(&unit, 8);
    let data = ::meshopt::encode_vertex_buffer(&narrow).unwrap();
    close(
        &decoded_colors(&data, 4, 30, "OCTAHEDRAL", accessor(I8)),
        &unit,
        0.02,
    );
    let wide = ::meshopt::encode_filter_oct::<i16>(&unit, 16);
    let data = ::meshopt::encode_vertex_buffer(&wide).unwrap();
    close(
        &decoded_colors(&data, 8, 30, "OCTAHEDRAL", accessor(I16)),
        &unit,
        0.001,
    );

    // Quaternions keep their sign up to all four components.
    let quaternions: Vec<[f32; 4]> = (0..30)
        .map(|i| {
            let q = [i as f32 * 0.1 + 0.1, 0.5, -0.25, 1.0];
            let length = q.iter().map(|x| x * x).sum::<f32>().sqrt();
            q.map(|x| x / length)
        })
        .collect();
    let data = ::meshopt::encode_filter_quat(&quaternions, 16);
    let data = ::meshopt::encode_vertex_buffer(&data).unwrap();
    let mut decoded = decoded_colors(&data, 8, 30, "QUATERNION", accessor(I16));
    for (quaternion, expected) in decoded.iter_mut().zip(&quaternions) {
        let dot: f32 = quaternion.iter().zip(expected).map(|(a, b)| a * b).sum();
        *quaternion = quaternion.map(|x| x * dot.signum());
    }
    close(&decoded, &quaternions, 0.001);

    let values: Vec<[f32; 4]> = (0..30)
        .map(|i| [i as f32 * 0.37, -0.5, 100.0, 0.001])
        .collect();
    let mode = ::meshopt::EncodeExpMode::Separate;
    let data = ::meshopt::encode_filter_exp(&values, 20, mode);
    let data = ::meshopt::encode_vertex_buffer(&data).unwrap();
    let plain = json!({ "componentType": F32, "type": "VEC4" });
    close(
        &decoded_colors(&data, 16, 30, "EXPONENTIAL", plain),
        &values,
        0.001,
    );

    let colors: Vec<[f32; 4]> = (0..30).map(|i| [i as f32 / 30.0, 0.5, 0.25, 1.0]).collect();
    let data = ::meshopt::encode_filter_color::<u8>(&colors, 8);
    let data = ::meshopt::encode_vertex_buffer(&data).unwrap();
    close(
        &decoded_colors(&data, 4, 30, "COLOR", accessor(U8)),
        &colors,
        0.02,
    );
    let data = ::meshopt::encode_filter_color::<u16>(&colors, 16);
    let data = ::meshopt::encode_vertex_buffer(&data).unwrap();
    close(
        &decoded_colors(&data, 8, 30, "COLOR", accessor(U16)),
        &colors,
        0.001,
    );
}

#[test]
fn compression_that_makes_no_sense_is_refused() {
    let data = ::meshopt::encode_vertex_buffer(&[[1.0f32; 4]; 30]).unwrap();
    let failure = |data: &[u8], more: Value| {
        let accessor = json!({ "componentType": U8, "type": "VEC4" });
        let errors = decoded(data, 16, 30, more, accessor)
            .map(|_| ())
            .unwrap_err();
        only_error(&errors)
    };
    for more in [
        json!({}),
        json!({ "mode": "STRIPS" }),
        json!({ "mode": "TRIANGLES" }),
        json!({ "mode": "INDICES" }),
        json!({ "mode": "ATTRIBUTES", "byteStride": 0 }),
        json!({ "mode": "ATTRIBUTES", "byteStride": 6 }),
        json!({ "mode": "ATTRIBUTES", "byteStride": 260 }),
        json!({ "mode": "ATTRIBUTES", "byteStride": u64::MAX }),
        json!({ "mode": "ATTRIBUTES", "count": u64::MAX }),
        json!({ "mode": "ATTRIBUTES", "count": 1u64 << 40 }),
        json!({ "mode": "ATTRIBUTES", "filter": "OCTAHEDRAL" }),
        json!({ "mode": "ATTRIBUTES", "filter": "QUATERNION" }),
        json!({ "mode": "ATTRIBUTES", "filter": "SEPIA" }),
        json!({ "mode": "TRIANGLES", "byteStride": 4, "filter": "EXPONENTIAL" }),
        json!({ "mode": "TRIANGLES", "byteStride": 4, "count": 31 }),
        json!({ "mode": "TRIANGLES", "byteStride": 2 }),
        json!({ "mode": "INDICES", "byteStride": 4 }),
    ] {
        let (code, object) = failure(&data, more.clone());
        assert_eq!(
            (code, object.as_str()),
            ("gltf.meshopt", "bufferViews[0]"),
            "{more}"
        );
    }
    // Cut and damaged streams.
    let mode = json!({ "mode": "ATTRIBUTES" });
    for len in 0..data.len() {
        assert_eq!(
            failure(&data[..len], mode.clone()).0,
            "gltf.meshopt",
            "{len}"
        );
    }
    let outside = json!({ "mode": "ATTRIBUTES", "byteLength": 1 << 20 });
    assert_eq!(failure(&data, outside).0, "gltf.buffer_view");
    let nowhere = json!({ "mode": "ATTRIBUTES", "buffer": 1 });
    assert_eq!(failure(&data, nowhere).0, "gltf.buffer.no_data");
}

#[test]
fn views_are_decoded_once_and_within_limits() {
    let (points, _) = grid(5);
    let mut builder = Builder::new();
    let data = ::meshopt::encode_vertex_buffer(&points).unwrap();
    let more = json!({ "mode": "ATTRIBUTES" });
    let view = compressed(&mut builder, &data, 12, points.len(), more);
    let mut primitives = Vec::new();
    for first in [0, 3, 6] {
        let positions = builder.push(
            "accessors",
            json!({
                "bufferView": view, "componentType": F32, "count": 30, "type": "VEC3",
                "byteOffset": 12 * first,
            }),
        );
        primitives.push(json!({ "attributes": { "POSITION": positions } }));
    }
    builder.show(&json!(primitives));
    let file = finished(builder).glb();
    let decoded_bytes = points.len() as u64 * 12;
    let with_limit = |max_decoded_bytes| {
        let limits = GltfLimits {
            max_decoded_bytes,
            ..GltfLimits::default()
        };
        import(file.clone(), &SceneSettings::default(), &limits)
    };
    assert!(with_limit(decoded_bytes).is_ok());
    let errors = with_limit(decoded_bytes - 1).map(|_| ()).unwrap_err();
    assert!(
        errors
            .iter()
            .all(|error| error.code.id() == "gltf.limit_exceeded")
    );
    let parsed = GltfFile::parse(SharedBytes::from_vec(file), "", &GltfLimits::default());
    assert_eq!(parsed.unwrap().decoded_bytes(), decoded_bytes);
}

/// A Draco stream of positions, normals and joints, and the accessors that stand for them.
fn draco(points: &[[f32; 3]], indices: &[u32], speed: i32) -> (Builder, Vec<u8>) {
    use draco_core::{
        DataType, EncoderBuffer, EncoderOptions, GeometryAttributeType as Kind, Mesh, MeshEncoder,
        PointAttribute,
    };
    let mut mesh = Mesh::new();
    mesh.set_num_points(points.len());
    mesh.set_num_faces(indices.len() / 3);
    mesh.set_faces_from_flat_indices(indices);
    let mut add = |kind, components: u8, data_type, bytes: Vec<u8>| {
        let mut attribute = PointAttribute::new();
        attribute.init(kind, components, data_type, false, points.len());
        attribute.buffer_mut().data_mut().copy_from_slice(&bytes);
        mesh.add_attribute(attribute);
    };
    add(Kind::Position, 3, DataType::Float32, bytes_of(points));
    let normals = vec![[0.0, 0.0, 1.0]; points.len()];
    add(Kind::Normal, 3, DataType::Float32, bytes_of(&normals));
    let joints: Vec<u8> = (0..points.len())
        .flat_map(|i| [(i % 7) as u8, 0, 0, 0])
        .collect();
    add(Kind::Generic, 4, DataType::Uint8, joints);
    let mut encoder = MeshEncoder::new();
    encoder.set_mesh(mesh);
    let mut options = EncoderOptions::new();
    options.set_global_int("encoding_speed", speed);
    options.set_global_int("decoding_speed", speed);
    options.set_attribute_int(0, "quantization_bits", 14);
    options.set_attribute_int(1, "quantization_bits", 10);
    let mut stream = EncoderBuffer::new();
    encoder.encode(&options, &mut stream).unwrap();
    let stream = stream.data().to_vec();

    let mut builder = Builder::new();
    let view = builder.view(&stream, json!({}));
    let mut declare = |component: u32, count: usize, kind: &str| {
        let accessor = json!({ "componentType": component, "count": count, "type": kind });
        builder.push("accessors", accessor)
    };
    let positions = declare(F32, points.len(), "VEC3");
    let normals = declare(F32, points.len(), "VEC3");
    let joints = declare(U8, points.len(), "VEC4");
    let list = declare(U16, indices.len(), "SCALAR");
    let weights = builder.floats(&vec![[1.0, 0.0, 0.0, 0.0]; points.len()]);
    builder.push("nodes", json!({}));
    builder.push("skins", json!({ "joints": [0, 0, 0, 0, 0, 0, 0] }));
    let mesh = builder.push(
        "meshes",
        json!({ "primitives": [{
            "attributes": {
                "POSITION": positions, "NORMAL": normals, "JOINTS_0": joints, "WEIGHTS_0": weights,
            },
            "indices": list,
            "extensions": { "KHR_draco_mesh_compression": {
                "bufferView": view,
                "attributes": { "POSITION": 0, "NORMAL": 1, "JOINTS_0": 2 },
            } },
        }] }),
    );
    builder.root_node(json!({ "mesh": mesh, "skin": 0 }));
    (builder, stream)
}

/// The triangles of a part, whatever their order is: positions of corners.
fn soup(part: &MeshPart) -> Vec<[[i64; 3]; 3]> {
    let corner = |index: &u32| {
        let position = part.streams.positions[*index as usize];
        position.map(|x| (f64::from(x) * 64.0).round() as i64)
    };
    let triangles = part.indices.as_chunks::<3>().0.iter();
    let mut soup: Vec<_> = triangles
        .map(|triangle| {
            let [a, b, c] = triangle.each_ref().map(corner);
            [[a, b, c], [b, c, a], [c, a, b]].into_iter().min().unwrap()
        })
        .collect();
    soup.sort_unstable();
    soup
}

#[test]
fn draco_primitives_are_decoded() {
    let (points, indices) = grid(8);
    let plain = {
        let mut builder = Builder::new();
        let positions = builder.floats(&points);
        let list: Vec<u16> = indices.iter().map(|i| *i as u16).collect();
        let list = builder.indices(&list);
        builder.show(&json!([{ "attributes": { "POSITION": positions }, "indices": list }]));
        part(&builder)
    };
    // Sequential and edge-breaker streams, with both kinds of traversal.
    for speed in [0, 3, 5, 10] {
        let (builder, _) = draco(&points, &indices, speed);
        let part = part(&builder);
        assert_eq!(soup(&part), soup(&plain), "speed {speed}");
        let normals = part.streams.normals.as_ref().unwrap();
        assert_eq!(normals.len(), part.streams.positions.len());
        for [x, y, z] in normals {
            assert!(
                x.abs() < 0.01 && *y < -0.99 && z.abs() < 0.01,
                "{normals:?}"
            );
        }
        // Joints stay with their vertices.
        let joints = &part.streams.influences[0].joints;
        for (position, joints) in part.streams.positions.iter().zip(joints) {
            let number = position[0].round() as usize + 9 * position[2].round() as usize;
            assert_eq!(*joints, [(number % 7) as u16, 0, 0, 0]);
        }
    }
}

#[test]
fn draco_streams_that_make_no_sense_are_refused() {
    let (points, indices) = grid(4);
    let (builder, stream) = draco(&points, &indices, 5);
    let failure = |builder: &Builder| match builder.import() {
        Err(errors) => only_error(&errors).0,
        Ok(scene) => {
            let errors = try_load(&scene, 0).map(|_| ()).unwrap_err();
            errors[0].code.id()
        }
    };
    for len in 0..stream.len() {
        let mut cut = builder.clone();
        cut.set("/bufferViews/0/byteLength", json!(len));
        assert_eq!(failure(&cut), "gltf.draco", "{len}");
    }
    let damage = |pointer: &str, value: Value| {
        let mut damaged = builder.clone();
        damaged.set(pointer, value);
        failure(&damaged)
    };
    let extension = "/meshes/0/primitives/0/extensions/KHR_draco_mesh_compression";
    assert_eq!(damage(extension, json!(1)), "gltf.draco");
    assert_eq!(
        damage(&format!("{extension}/attributes/NORMAL"), json!(9)),
        "gltf.draco"
    );
    assert_eq!(
        damage(&format!("{extension}/bufferView"), json!(9)),
        "gltf.dangling_reference"
    );
    // More than the accessors let expect.
    assert_eq!(damage("/accessors/3/count", json!(3)), "gltf.draco");
    assert_eq!(damage("/accessors/1/type", json!("VEC4")), "gltf.accessor");
    let mut scalar = builder.clone();
    scalar.set(&format!("{extension}/attributes/NORMAL"), json!(2));
    assert_eq!(failure(&scalar), "gltf.draco");
    // And bytes that changed: an error, or some mesh, but nothing worse.
    let mut random = Random(7);
    for _ in 0..500 {
        let mut damaged = builder.clone();
        let at = random.below(stream.len());
        damaged.bin[at] ^= 1 << random.below(8);
        if let Ok(scene) = damaged.import() {
            let _ = try_load(&scene, 0);
        }
    }
}

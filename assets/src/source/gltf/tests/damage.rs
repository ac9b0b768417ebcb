//! Damaged files: an error or a scene, never anything else.

use super::*;
use crate::{
    cook::mesh::{MaterialUse, MeshRequest, build_mesh},
    settings::geometry::GeometrySettings,
};

/// Small limits, so that a damaged number cannot make tests slow.
fn limits() -> GltfLimits {
    GltfLimits {
        max_zero_elements: 1 << 10,
        max_mesh_vertices: 1 << 14,
        max_mesh_indices: 1 << 16,
        max_decoded_bytes: 1 << 20,
        ..GltfLimits::default()
    }
}

/// Imports a file, reads all of its meshes, and cooks them.
fn survive(file: Vec<u8>, buffers: &[SharedBytes]) {
    let Ok(parsed) = GltfFile::parse(SharedBytes::from_vec(file), "x.glb", &limits()) else {
        return;
    };
    let settings = SceneSettings::default();
    let Ok(scene) = parsed.into_scene(buffers, &settings, &CancelFlag::new()) else {
        return;
    };
    let geometry = GeometrySettings::default();
    let materials = vec![MaterialUse::default(); scene.materials().len()];
    for mesh in 0..scene.meshes().len() {
        let Ok(source) = try_load(&scene, mesh) else {
            continue;
        };
        let request = MeshRequest {
            name: "m",
            source_id: "s",
            materials: &materials,
        };
        let mut pace = Pace::uninterrupted(CancelFlag::new());
        let _ = block_on(build_mesh(&source, request, &geometry, &mut pace));
    }
}

/// A file with a bit of everything.
fn everything() -> Builder {
    let mut builder = triangle(|b| {
        json!({
            "NORMAL": b.floats(&[[0.0, 0.0, 1.0]; 3]),
            "TANGENT": b.floats(&[[1.0, 0.0, 0.0, 1.0]; 3]),
            "TEXCOORD_0": b.accessor_with(&[0, 0, 255, 0, 0, 255], U8, 3, "VEC2", json!({ "normalized": true })),
            "TEXCOORD_1": b.floats(&[[0.5, 0.5]; 3]),
            "COLOR_0": b.accessor(&[255; 12], U8, 3, "VEC4"),
            "JOINTS_0": b.accessor(&[0; 12], U8, 3, "VEC4"),
            "WEIGHTS_0": b.floats(&[[1.0, 0.0, 0.0, 0.0]; 3]),
        })
    });
    let indices = builder.indices(&[0, 1, 2, 2, 1, 0]);
    builder.set("/meshes/0/primitives/0/indices", json!(indices));
    builder.set("/meshes/0/primitives/0/material", json!(0));
    let replaced = builder.view(&[1, 0], json!({}));
    let values = builder.view(&[0; 12], json!({}));
    builder.set(
        "/accessors/0/sparse",
        json!({
            "count": 1,
            "indices": { "bufferView": replaced, "componentType": U16 },
            "values": { "bufferView": values },
        }),
    );
    let strip = builder.indices(&[0, 1, 2, 1]);
    builder.show(&json!([
        { "attributes": { "POSITION": 0 }, "indices": strip, "mode": 5 },
        { "attributes": { "POSITION": 0 }, "mode": 6 },
        { "attributes": { "POSITION": 0 }, "mode": 0 },
    ]));
    builder.push("images", json!({ "uri": "data:image/png;base64,aGVsbG8=" }));
    builder.push("textures", json!({ "source": 0 }));
    builder.push(
        "materials",
        json!({
            "pbrMetallicRoughness": { "baseColorTexture": { "index": 0, "texCoord": 1 } },
            "normalTexture": { "index": 0 },
            "extensions": { "KHR_materials_clearcoat": { "clearcoatFactor": 1 } },
        }),
    );
    builder.push(
        "cameras",
        json!({ "type": "perspective", "perspective": { "yfov": 1, "znear": 1 } }),
    );
    builder.root["extensions"] =
        json!({ "KHR_lights_punctual": { "lights": [{ "type": "point" }] } });
    let matrix = builder.floats(&[[1.0; 16]]);
    builder.push(
        "skins",
        json!({ "joints": [1], "inverseBindMatrices": matrix }),
    );
    builder.set("/nodes/0/skin", json!(0));
    builder.set("/nodes/0/children", json!([2]));
    builder.push(
        "nodes",
        json!({ "camera": 0, "scale": [-1, 1, 1], "mesh": 1 }),
    );
    builder.set(
        "/nodes/1/extensions",
        json!({
            "KHR_lights_punctual": { "light": 0 }, "MSFT_lod": { "ids": [2] },
        }),
    );
    builder
}

/// A file whose views are compressed.
fn compressed() -> Builder {
    let mut builder = Builder::new();
    let points: Vec<[f32; 4]> = (0..16)
        .map(|i| [i as f32, (i * i) as f32, 0.0, 1.0])
        .collect();
    let data = ::meshopt::encode_vertex_buffer(&points).unwrap();
    let vertices = builder.view(&data, json!({}));
    let list: Vec<u32> = (0..16)
        .flat_map(|i| [i, (i + 1) % 16, (i + 5) % 16])
        .collect();
    let data = ::meshopt::encode_index_buffer(&list, 16).unwrap();
    let indices = builder.view(&data, json!({}));
    for (view, stride, count, mode) in [
        (vertices, 16, 16, "ATTRIBUTES"),
        (indices, 2, 48, "TRIANGLES"),
    ] {
        let plain = builder.root["bufferViews"][view].clone();
        builder.root["bufferViews"][view] = json!({
            "buffer": 0, "byteLength": stride * count,
            "extensions": { "EXT_meshopt_compression": {
                "buffer": 0, "byteOffset": plain["byteOffset"], "byteLength": plain["byteLength"],
                "byteStride": stride, "count": count, "mode": mode, "filter": "NONE",
            } },
        });
    }
    let positions =
        json!({ "bufferView": vertices, "componentType": F32, "count": 16, "type": "VEC3" });
    let positions = builder.push("accessors", positions);
    let list =
        json!({ "bufferView": indices, "componentType": U16, "count": 48, "type": "SCALAR" });
    let list = builder.push("accessors", list);
    builder.show(&json!([{ "attributes": { "POSITION": positions }, "indices": list }]));
    builder
}

#[test]
fn files_that_are_cut_anywhere() {
    for builder in [everything(), compressed()] {
        builder.scene();
        for file in [builder.glb(), builder.gltf()] {
            for len in 0..file.len() {
                survive(file[..len].to_vec(), &[]);
            }
        }
        // With a header that knows of the cut, what is inside is looked at.
        let file = builder.glb();
        for len in 12..file.len() {
            let mut cut = file[..len].to_vec();
            cut[8..12].copy_from_slice(&(len as u32).to_le_bytes());
            survive(cut, &[]);
        }
    }
}

#[test]
fn files_with_changed_bytes() {
    let mut random = Random(1);
    for builder in [everything(), compressed()] {
        let file = builder.glb();
        for round in 0..3000 {
            let mut damaged = file.clone();
            for _ in 0..=round % 4 {
                let at = random.below(damaged.len());
                damaged[at] = match random.below(3) {
                    0 => damaged[at] ^ (1 << random.below(8)),
                    1 => random.next() as u8,
                    _ => [0, 1, 127, 128, 255][random.below(5)],
                };
            }
            survive(damaged, &[]);
        }
    }
}

/// Places of numbers in JSON.
fn numbers(json: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
    let mut is_text = false;
    for (at, byte) in json.iter().enumerate() {
        match byte {
            b'"' => is_text = !is_text,
            b'0'..=b'9' | b'.' | b'-' if !is_text => match ranges.last_mut() {
                Some(last) if last.end == at => last.end = at + 1,
                _ => ranges.push(at..at + 1),
            },
            _ => {}
        }
    }
    ranges
}

#[test]
fn documents_with_changed_numbers() {
    const HOSTILE: [&str; 16] = [
        "0",
        "1",
        "2",
        "3",
        "4",
        "7",
        "255",
        "65535",
        "1000000",
        "4294967295",
        "4294967296",
        "9223372036854775807",
        "18446744073709551615",
        "-1",
        "0.5",
        "1e30",
    ];
    let mut random = Random(2);
    for builder in [everything(), compressed()] {
        let json = serde_json::to_vec(&builder.json()).unwrap();
        let places = numbers(&json);
        assert!(places.len() > 20);
        let replaced = |changes: &mut Vec<(usize, &str)>| {
            changes.sort_unstable();
            changes.dedup_by_key(|(place, _)| *place);
            let mut changed = json.clone();
            for (place, number) in changes.iter().rev() {
                changed.splice(places[*place].clone(), number.bytes());
            }
            survive(glb(&changed, Some(&builder.bin)), &[]);
        };
        for place in 0..places.len() {
            for number in HOSTILE {
                replaced(&mut vec![(place, number)]);
            }
        }
        for _ in 0..3000 {
            let count = 2 + random.below(4);
            let change = |_| {
                (
                    random.below(places.len()),
                    HOSTILE[random.below(HOSTILE.len())],
                )
            };
            replaced(&mut (0..count).map(change).collect());
        }
    }
}

#[test]
fn documents_with_values_of_other_types() {
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!("x"),
        json!([]),
        json!({}),
        json!([[0]]),
    ];
    for builder in [everything(), compressed()] {
        let root = builder.json();
        let mut pointers = Vec::new();
        let mut open = vec![(String::new(), &root)];
        while let Some((pointer, value)) = open.pop() {
            match value {
                Value::Array(list) => {
                    open.extend(
                        list.iter()
                            .enumerate()
                            .map(|(i, v)| (format!("{pointer}/{i}"), v)),
                    );
                }
                Value::Object(object) => {
                    open.extend(object.iter().map(|(k, v)| (format!("{pointer}/{k}"), v)));
                }
                _ => {}
            }
            pointers.push(pointer);
        }
        for pointer in pointers {
            for value in &values {
                let mut changed = root.clone();
                *changed.pointer_mut(&pointer).unwrap() = value.clone();
                survive(
                    glb(&serde_json::to_vec(&changed).unwrap(), Some(&builder.bin)),
                    &[],
                );
            }
        }
    }
}

#[test]
fn external_data_may_be_anything() {
    let builder = everything();
    let mut json = builder.json();
    json["buffers"][0]["uri"] = json!("a.bin");
    let file = serde_json::to_vec(&json).unwrap();
    let mut random = Random(3);
    for _ in 0..300 {
        let mut data = builder.bin.clone();
        for byte in &mut data {
            if random.below(8) == 0 {
                *byte = random.next() as u8;
            }
        }
        survive(file.clone(), &[SharedBytes::from_vec(data)]);
    }
    survive(file.clone(), &[]);
    survive(file, &[SharedBytes::from_vec(Vec::new())]);
}

//! Scenes to measure with, made of arithmetic.

use image::{ImageBuffer, Rgb};
use serde_json::{Value, json};

/// A hilly square of `side` x `side` quads with normals and texture coordinates.
fn hill(seed: u32, side: u32, bin: &mut Vec<u8>) -> [usize; 4] {
    let points = side + 1;
    let mut streams = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    let seed = seed as f32 + 1.0;
    for y in 0..points {
        for x in 0..points {
            let (u, v) = (x as f32 / side as f32, y as f32 / side as f32);
            let height = 0.1 * (seed * u * 3.0).sin() * (v * 5.0).cos();
            let (dx, dy) = (0.3 * seed * (seed * u * 3.0).cos(), -0.5 * (v * 5.0).sin());
            let length = (dx * dx + dy * dy + 1.0).sqrt();
            streams[0].extend([u, height, v].map(f32::to_le_bytes));
            streams[1].extend([-dx / length, 1.0 / length, -dy / length].map(f32::to_le_bytes));
            streams[2].extend([u * 4.0, v * 4.0].map(f32::to_le_bytes));
        }
    }
    for y in 0..side {
        for x in 0..side {
            let at = |dx, dy| (y + dy) * points + x + dx;
            let quad = [at(0, 0), at(0, 1), at(1, 0), at(1, 0), at(0, 1), at(1, 1)];
            streams[3].extend(quad.map(u32::to_le_bytes));
        }
    }
    streams.map(|stream| {
        let start = bin.len();
        bin.extend(stream.into_iter().flatten());
        start
    })
}

/// `meshes` hills, all with one material.
fn document(meshes: u32, side: u32, textures: u32) -> Vec<u8> {
    let (mut bin, mut views, mut accessors) = (Vec::new(), Vec::<Value>::new(), Vec::new());
    let (vertices, indices) = ((side + 1).pow(2), 6 * side * side);
    let mut all = Vec::new();
    for mesh in 0..meshes {
        let starts = hill(mesh, side, &mut bin);
        let first = accessors.len();
        let kinds = [
            (5126, "VEC3", vertices, 12),
            (5126, "VEC3", vertices, 12),
            (5126, "VEC2", vertices, 8),
            (5125, "SCALAR", indices, 4),
        ];
        for (start, (component, kind, count, size)) in starts.into_iter().zip(kinds) {
            accessors.push(json!({
                "bufferView": views.len(), "componentType": component, "type": kind, "count": count,
            }));
            views.push(json!({ "buffer": 0, "byteOffset": start, "byteLength": count * size }));
        }
        accessors[first]["min"] = json!([0.0, -0.2, 0.0]);
        accessors[first]["max"] = json!([1.0, 0.2, 1.0]);
        all.push(json!({ "name": format!("hill {mesh}"), "primitives": [{
            "attributes": { "POSITION": first, "NORMAL": first + 1, "TEXCOORD_0": first + 2 },
            "indices": first + 3, "material": mesh % textures.max(1),
        }] }));
    }
    let materials: Vec<Value> = (0..textures.max(1))
        .map(|texture| match textures {
            0 => json!({ "name": "plain" }),
            _ => json!({ "name": format!("m{texture}"),
                "pbrMetallicRoughness": { "baseColorTexture": { "index": texture } } }),
        })
        .collect();
    let mut document = json!({
        "asset": { "version": "2.0" }, "scene": 0,
        "scenes": [{ "nodes": (0..meshes).collect::<Vec<_>>() }],
        "nodes": (0..meshes).map(|mesh| json!({ "mesh": mesh })).collect::<Vec<_>>(),
        "meshes": all, "materials": materials, "accessors": accessors, "bufferViews": views,
        "buffers": [{ "byteLength": bin.len() }],
    });
    if textures > 0 {
        let all = 0..textures;
        document["textures"] = all
            .clone()
            .map(|image| json!({ "source": image }))
            .collect();
        document["images"] = all
            .map(|image| json!({ "uri": format!("{image}.png") }))
            .collect();
    }
    let mut text = document.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(4), b' ');
    let mut file = b"glTF\x02\0\0\0".to_vec();
    file.extend((28 + text.len() as u32 + bin.len() as u32).to_le_bytes());
    for (kind, bytes) in [(b"JSON", text), (b"BIN\0", bin)] {
        file.extend((bytes.len() as u32).to_le_bytes());
        file.extend(kind);
        file.extend(bytes);
    }
    file
}

/// Meshes alone.
pub fn hills(meshes: u32, side: u32) -> Vec<u8> {
    document(meshes, side, 0)
}

/// Meshes with a picture each, in files `0.png`, `1.png` and so on.
pub fn textured(meshes: u32, side: u32) -> Vec<u8> {
    document(meshes, side, meshes)
}

/// A picture of 1024 x 1024.
pub fn picture(seed: u32) -> ImageBuffer<Rgb<u8>, Vec<u8>> {
    ImageBuffer::from_fn(1024, 1024, |x, y| {
        let h = (x.wrapping_mul(seed + 3) ^ y.wrapping_mul(7)).wrapping_mul(0x9e37_79b1) >> 27;
        Rgb([(x / 4) as u8, (y / 4) as u8, (h * 8) as u8])
    })
}

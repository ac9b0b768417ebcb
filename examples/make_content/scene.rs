//! `yard.glb`: a small scene with a bit of everything, and the images beside it as its textures.

use serde_json::{Value, json};

/// A `.glb` that is being put together.
#[derive(Default)]
struct Glb {
    bin: Vec<u8>,
    views: Vec<Value>,
    accessors: Vec<Value>,
}

const FLOAT: u32 = 5126;
const U16: u32 = 5123;

impl Glb {
    /// Adds elements of `width` numbers each.
    fn add(&mut self, bytes: Vec<u8>, component: u32, kind: &str, count: usize) -> usize {
        self.bin.resize(self.bin.len().next_multiple_of(4), 0);
        let view = json!({
            "buffer": 0, "byteOffset": self.bin.len(), "byteLength": bytes.len(),
        });
        self.bin.extend(bytes);
        self.views.push(view);
        self.accessors.push(json!({
            "bufferView": self.views.len() - 1, "componentType": component, "type": kind,
            "count": count,
        }));
        self.accessors.len() - 1
    }

    fn floats<const N: usize>(&mut self, kind: &str, values: &[[f32; N]]) -> usize {
        let bytes = values.iter().flatten().flat_map(|x| x.to_le_bytes());
        self.add(bytes.collect(), FLOAT, kind, values.len())
    }

    /// Positions, whose accessors have to tell their bounds.
    fn positions(&mut self, values: &[[f32; 3]]) -> usize {
        let accessor = self.floats("VEC3", values);
        let bound = |start: f32, pick: fn(f32, f32) -> f32| {
            [0, 1, 2].map(|axis| values.iter().map(|v| v[axis]).fold(start, pick))
        };
        self.accessors[accessor]["min"] = json!(bound(f32::MAX, f32::min));
        self.accessors[accessor]["max"] = json!(bound(f32::MIN, f32::max));
        accessor
    }

    fn shorts<const N: usize>(&mut self, kind: &str, values: &[[u16; N]]) -> usize {
        let bytes = values.iter().flatten().flat_map(|x| x.to_le_bytes());
        self.add(bytes.collect(), U16, kind, values.len())
    }

    fn indices(&mut self, values: &[u16]) -> usize {
        let values: Vec<[u16; 1]> = values.iter().map(|&index| [index]).collect();
        self.shorts("SCALAR", &values)
    }

    /// The file: header, document, data.
    fn write(mut self, mut document: Value) -> Vec<u8> {
        self.bin.resize(self.bin.len().next_multiple_of(4), 0);
        document["buffers"] = json!([{ "byteLength": self.bin.len() }]);
        document["bufferViews"] = json!(self.views);
        document["accessors"] = json!(self.accessors);
        let mut text = document.to_string().into_bytes();
        text.resize(text.len().next_multiple_of(4), b' ');
        let mut file = b"glTF\x02\0\0\0".to_vec();
        let chunks = [(*b"JSON", text), (*b"BIN\0", self.bin)];
        let size: usize = 12
            + chunks
                .iter()
                .map(|(_, bytes)| 8 + bytes.len())
                .sum::<usize>();
        file.extend((size as u32).to_le_bytes());
        for (kind, bytes) in chunks {
            file.extend((bytes.len() as u32).to_le_bytes());
            file.extend(kind);
            file.extend(bytes);
        }
        file
    }
}

/// A unit cube with a picture on each side.
fn cube(glb: &mut Glb) -> Value {
    let (mut positions, mut normals, mut uvs, mut indices) = (vec![], vec![], vec![], vec![]);
    for axis in 0..3 {
        for sign in [-1.0_f32, 1.0] {
            let first = positions.len() as u16;
            for corner in [[-1.0_f32, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]] {
                let mut position = [0.0; 3];
                position[axis] = 0.5 * sign;
                // Seen from outside, the corners go round counter-clockwise.
                position[(axis + 1) % 3] = 0.5 * corner[0] * sign;
                position[(axis + 2) % 3] = 0.5 * corner[1];
                let mut normal = [0.0; 3];
                normal[axis] = sign;
                positions.push(position);
                normals.push(normal);
                uvs.push([0.5 + 0.5 * corner[0], 0.5 - 0.5 * corner[1]]);
            }
            indices.extend([0, 1, 2, 0, 2, 3].map(|corner| first + corner));
        }
    }
    json!({
        "attributes": {
            "POSITION": glb.positions(&positions), "NORMAL": glb.floats("VEC3", &normals),
            "TEXCOORD_0": glb.floats("VEC2", &uvs),
        },
        "indices": glb.indices(&indices), "material": 0,
    })
}

/// A square in the ground, or standing in the air.
fn square(glb: &mut Glb, half: f32, stands: bool, material: u32) -> Value {
    let corners = [[-1.0_f32, 1.0_f32], [1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]];
    let positions = corners.map(|[u, v]| {
        if stands {
            [half * u, -half * v, 0.0]
        } else {
            [half * u, 0.0, half * v]
        }
    });
    let uvs = corners.map(|[u, v]| [0.5 + 0.5 * u, 0.5 + 0.5 * v]);
    json!({
        "attributes": {
            "POSITION": glb.positions(&positions), "TEXCOORD_0": glb.floats("VEC2", &uvs),
        },
        "indices": glb.indices(&[0, 1, 2, 0, 2, 3]), "material": material,
    })
}

/// A pole of eight segments, whose upper half follows the second of two joints.
fn pole(glb: &mut Glb) -> (Value, usize) {
    const RINGS: u16 = 9;
    const SIDES: u16 = 6;
    let (mut positions, mut uvs) = (vec![], vec![]);
    let (mut joints, mut weights, mut indices) = (vec![], vec![], vec![]);
    for ring in 0..RINGS {
        let height = f32::from(ring) / f32::from(RINGS - 1);
        for side in 0..SIDES {
            let angle = f32::from(side) / f32::from(SIDES) * std::f32::consts::TAU;
            positions.push([0.1 * angle.cos(), 2.0 * height, -0.1 * angle.sin()]);
            uvs.push([f32::from(side) / f32::from(SIDES), 1.0 - height]);
            joints.push([0, 1, 0, 0]);
            weights.push([1.0 - height, height, 0.0, 0.0]);
            if ring + 1 < RINGS {
                let next = (side + 1) % SIDES;
                let at = |ring: u16, side: u16| ring * SIDES + side;
                indices.extend([at(ring, side), at(ring, next), at(ring + 1, side)]);
                indices.extend([at(ring + 1, side), at(ring, next), at(ring + 1, next)]);
            }
        }
    }
    // From the pole to the joints: the second one is one metre up.
    let mut bind = [[0.0_f32; 16]; 2];
    for (joint, matrix) in bind.iter_mut().enumerate() {
        for axis in 0..4 {
            matrix[5 * axis] = 1.0;
        }
        matrix[13] = -(joint as f32);
    }
    let primitive = json!({
        "attributes": {
            "POSITION": glb.positions(&positions), "TEXCOORD_0": glb.floats("VEC2", &uvs),
            "JOINTS_0": glb.shorts("VEC4", &joints), "WEIGHTS_0": glb.floats("VEC4", &weights),
        },
        "indices": glb.indices(&indices), "material": 3,
    });
    (primitive, glb.floats("MAT4", &bind))
}

/// The file.
pub fn yard() -> Vec<u8> {
    let mut glb = Glb::default();
    let cube = cube(&mut glb);
    let ground = square(&mut glb, 4.0, false, 1);
    let leaf = square(&mut glb, 0.5, true, 2);
    let (pole, bind) = pole(&mut glb);
    let turn = 0.25_f32.sin();
    let document = json!({
        "asset": { "version": "2.0", "generator": "examples/make_content" },
        "extensionsUsed": ["KHR_lights_punctual", "KHR_texture_transform"],
        "extensions": { "KHR_lights_punctual": { "lights": [
            { "name": "Sun", "type": "directional", "intensity": 3.0, "color": [1.0, 0.95, 0.9] },
            { "name": "Lamp", "type": "point", "intensity": 40.0, "range": 6.0 },
        ] } },
        "scene": 0,
        "scenes": [{ "nodes": [0] }],
        "nodes": [
            { "name": "Yard", "children": [1, 2, 4, 5, 8, 9, 10] },
            { "name": "Ground", "mesh": 1 },
            { "name": "Crate", "mesh": 0, "translation": [0.0, 0.5, 0.0], "children": [3] },
            { "name": "Small crate", "mesh": 0, "translation": [0.1, 0.75, 0.0],
              "rotation": [0.0, turn, 0.0, (1.0 - turn * turn).sqrt()], "scale": [0.5, 0.5, 0.5] },
            { "name": "Leaf", "mesh": 2, "translation": [1.5, 0.5, 0.5] },
            { "name": "Pole", "mesh": 3, "skin": 0 },
            { "name": "Foot", "children": [7], "translation": [-1.5, 0.0, 0.0] },
            { "name": "Tip", "translation": [0.0, 1.0, 0.0] },
            { "name": "Eye", "camera": 0, "translation": [0.0, 1.6, 5.0] },
            { "name": "Sun", "extensions": { "KHR_lights_punctual": { "light": 0 } },
              "rotation": [-0.5, 0.0, 0.0, 0.866_025_4] },
            { "name": "Lamp", "extensions": { "KHR_lights_punctual": { "light": 1 } },
              "translation": [-1.5, 2.2, 0.3], "children": [6] },
        ],
        "cameras": [{ "name": "Eye", "type": "perspective",
            "perspective": { "yfov": 0.9, "aspectRatio": 1.777_778, "znear": 0.1, "zfar": 100.0 } }],
        "skins": [{ "inverseBindMatrices": bind, "joints": [6, 7] }],
        "meshes": [
            { "name": "Crate", "primitives": [cube] },
            { "name": "Ground", "primitives": [ground] },
            { "name": "Leaf", "primitives": [leaf] },
            { "name": "Pole", "primitives": [pole] },
        ],
        "materials": [
            { "name": "Wood", "pbrMetallicRoughness": {
                "baseColorTexture": { "index": 0 }, "metallicFactor": 0.0, "roughnessFactor": 0.7 },
              "normalTexture": { "index": 1, "scale": 0.8 } },
            { "name": "Planks", "pbrMetallicRoughness": {
                "baseColorTexture": { "index": 0,
                    "extensions": { "KHR_texture_transform": { "scale": [4.0, 4.0] } } },
                "metallicFactor": 0.0, "roughnessFactor": 0.9 } },
            { "name": "Leaf", "alphaMode": "MASK", "alphaCutoff": 0.5, "doubleSided": true,
              "pbrMetallicRoughness": {
                "baseColorTexture": { "index": 2 }, "metallicFactor": 0.0 } },
            { "name": "Paint", "pbrMetallicRoughness": {
                "baseColorFactor": [0.7, 0.1, 0.1, 1.0], "metallicFactor": 0.0,
                "roughnessFactor": 0.4 } },
        ],
        "textures": [{ "source": 0 }, { "source": 1 }, { "source": 2 }],
        "images": [
            { "uri": "wood_albedo.png" }, { "uri": "wood_normal.png" }, { "uri": "leaf.png" },
        ],
    });
    glb.write(document)
}

//! The same scene as FBX and as glTF, both read.

use super::{
    ascii::Geometry,
    parity::{MAX, MIN, NODES, as_fbx},
    *,
};
use crate::{
    settings::scene::SceneOptions,
    source::{
        gltf::{GltfFile, GltfLimits},
        scene::{CameraSource, Projection, SharedBytes},
    },
};
use glam::{DQuat, EulerRot};
use serde_json::json;

/// The scene of [`as_fbx`], as somebody would write it for glTF: in metres, with cameras that look along
/// -Z, and with V running down.
fn as_gltf() -> SceneSource {
    let cuboid = Geometry::cuboid(MIN, MAX);
    let corners: Vec<usize> = cuboid
        .polygons
        .iter()
        .flatten()
        .map(|v| *v as usize)
        .collect();
    let mut bin: Vec<u8> = Vec::new();
    let mut views = Vec::new();
    let mut view = |bytes: Vec<u8>| {
        views.push(json!({ "buffer": 0, "byteOffset": bin.len(), "byteLength": bytes.len() }));
        bin.extend(bytes);
    };
    let floats = |values: &[f64]| -> Vec<u8> {
        values
            .iter()
            .flat_map(|x| (*x as f32).to_le_bytes())
            .collect()
    };
    let positions: Vec<f64> = corners.iter().flat_map(|v| cuboid.vertices[*v]).collect();
    let normals: Vec<f64> = cuboid.normals.iter().flatten().flatten().copied().collect();
    let (_, uvs, indices) = &cuboid.uvs[0];
    let uvs = indices.iter().flat_map(|index| {
        let [u, v] = uvs[*index as usize];
        [u, 1.0 - v]
    });
    let uvs: Vec<f64> = uvs.collect();
    view(floats(&positions));
    view(floats(&normals));
    view(floats(&uvs));
    let quads = (0..corners.len() as u16).step_by(4);
    let triangles = quads.flat_map(|a| [a, a + 1, a + 2, a, a + 2, a + 3]);
    let triangles: Vec<u8> = triangles.flat_map(u16::to_le_bytes).collect();
    let index_count = triangles.len() / 2;
    view(triangles);

    let mut nodes: Vec<_> = NODES
        .iter()
        .map(|node| {
            let [x, y, z] = node.rotation.map(f64::to_radians);
            let rotation = DQuat::from_euler(EulerRot::ZYX, z, y, x);
            json!({
                "name": node.name,
                "mesh": 0,
                "translation": node.translation,
                "rotation": rotation.to_array(),
                "scale": node.scale,
                "children": [],
            })
        })
        .collect();
    nodes.push(
        json!({ "name": "Eye", "camera": 0, "translation": [0.0, 2.0, 5.0], "children": [] }),
    );
    let eye = NODES.len();
    let parents = NODES.iter().map(|node| node.parent).chain([Some(0)]);
    let mut roots = Vec::new();
    for (child, parent) in parents.enumerate() {
        match parent {
            Some(parent) => {
                let children = nodes[parent]["children"].as_array_mut().unwrap();
                children.push(child.into());
            }
            None => roots.push(child),
        }
    }
    assert_eq!(nodes.len(), eye + 1);
    for node in &mut nodes {
        // An empty list is not allowed.
        if node["children"].as_array().unwrap().is_empty() {
            node.as_object_mut().unwrap().remove("children");
        }
    }
    let corner_count = corners.len();
    let attribute = |view: usize, kind: &str| json!({ "bufferView": view, "componentType": 5126, "count": corner_count, "type": kind });
    let mut position = attribute(0, "VEC3");
    position["min"] = json!(MIN);
    position["max"] = json!(MAX);
    let document = json!({
        "asset": { "version": "2.0" },
        "scene": 0,
        "scenes": [{ "nodes": roots }],
        "nodes": nodes,
        "cameras": [{
            "type": "perspective",
            "perspective": {
                "yfov": 50f64.to_radians(), "aspectRatio": 1.5, "znear": 0.05, "zfar": 200.0
            },
        }],
        "meshes": [{
            "name": "Box",
            "primitives": [{
                "attributes": { "POSITION": 0, "NORMAL": 1, "TEXCOORD_0": 2 },
                "indices": 3,
                "material": 0,
            }],
        }],
        "materials": [{
            "name": "Paint",
            "pbrMetallicRoughness": {
                "baseColorFactor": [0.8, 0.4, 0.2, 1.0],
                "metallicFactor": 0.0,
                "roughnessFactor": 0.5,
            },
            "emissiveFactor": [0.2, 0.4, 0.6],
        }],
        "accessors": [
            position,
            attribute(1, "VEC3"),
            attribute(2, "VEC2"),
            { "bufferView": 3, "componentType": 5123, "count": index_count, "type": "SCALAR" },
        ],
        "bufferViews": views,
        "buffers": [{ "byteLength": bin.len() }],
    });
    let file = GltfFile::parse(
        binary(&document.to_string(), &bin),
        "scene.glb",
        &GltfLimits::default(),
    );
    let file = file.unwrap_or_else(|diagnostics| panic!("{diagnostics:?}"));
    let settings = SceneOptions::default().resolve().unwrap();
    file.into_scene(&[], &settings, &CancelFlag::new()).unwrap()
}

/// A GLB file.
fn binary(json: &str, bin: &[u8]) -> SharedBytes {
    let chunk = |kind: &[u8; 4], data: &[u8], padding: u8| {
        let mut data = data.to_vec();
        data.resize(data.len().next_multiple_of(4), padding);
        let len = (data.len() as u32).to_le_bytes();
        [&len[..], kind, &data].concat()
    };
    let chunks = [
        chunk(b"JSON", json.as_bytes(), b' '),
        chunk(b"BIN\0", bin, 0),
    ]
    .concat();
    let len = (chunks.len() as u32 + 12).to_le_bytes();
    let bytes = [&b"glTF\x02\0\0\0"[..], &len, &chunks].concat();
    SharedBytes::from(bytes)
}

fn close(a: f32, b: f32) -> bool {
    (a - b).abs() <= 1e-6 * (1.0 + a.abs())
}

#[test]
fn both_formats_make_the_same_scene() {
    let (fbx, gltf) = (scene(&as_fbx()), as_gltf());
    let names = NODES.iter().map(|node| node.name).chain(["Eye"]);
    for name in names {
        let [(a, a_parent), (b, b_parent)] = [&fbx, &gltf].map(|scene| {
            let node = node(scene, name);
            let parent = node
                .parent
                .map(|parent| scene.nodes()[parent.index()].name.as_str());
            (node, parent.unwrap_or_default())
        });
        assert_eq!(a_parent, b_parent, "{name}");
        assert_eq!(a.mesh.is_some(), b.mesh.is_some(), "{name}");
        assert_eq!(a.camera.is_some(), b.camera.is_some(), "{name}");
        assert_eq!(a.visible, b.visible, "{name}");
        if name != "Eye" {
            assert!(
                a.local.abs_diff_eq(b.local, 1e-6),
                "{name}: {} {}",
                a.local,
                b.local
            );
        }
        let [a, b] = [&fbx, &gltf].map(|scene| world(scene, name));
        assert!(a.abs_diff_eq(b, 1e-5), "{name}: {a} {b}");
    }
    // Only the root of the FBX file comes on top.
    assert_eq!(fbx.nodes().len(), gltf.nodes().len() + 1);
}

#[test]
fn both_formats_make_the_same_vertices() {
    let (fbx, gltf) = (scene(&as_fbx()), as_gltf());
    let [a, b] = [&fbx, &gltf].map(|scene| loaded(scene, 0));
    let [a, b] = [&a, &b].map(|mesh| only_part(mesh));
    assert_eq!(a.streams.positions.len(), b.streams.positions.len());
    for (a, b) in a.streams.positions.iter().zip(&b.streams.positions) {
        assert_close(vector(*a), vector(*b));
    }
    let [a_normals, b_normals] = [a, b].map(|part| part.streams.normals.as_ref().unwrap());
    for (a, b) in a_normals.iter().zip(b_normals) {
        assert_close(vector(*a), vector(*b));
    }
    let [a_uvs, b_uvs] = [a, b].map(|part| part.streams.texcoords.as_ref().unwrap());
    for (a, b) in a_uvs.iter().zip(b_uvs) {
        assert!(close(a[0], b[0]) && close(a[1], b[1]), "{a:?} {b:?}");
    }
    for node in NODES {
        let [a, b] = [&fbx, &gltf].map(|scene| world_box(scene, node.name));
        assert!(
            a[0].abs_diff_eq(b[0], 1e-4) && a[1].abs_diff_eq(b[1], 1e-4),
            "{a:?} {b:?}"
        );
    }
}

#[test]
fn both_formats_make_the_same_materials() {
    let (fbx, gltf) = (scene(&as_fbx()), as_gltf());
    let (a, b) = (&fbx.materials()[0], &gltf.materials()[0]);
    assert_eq!(a.name, b.name);
    assert_eq!(a.alpha_mode, b.alpha_mode);
    assert_eq!(a.double_sided, b.double_sided);
    let factors = |material: &MaterialSource| {
        let mut factors = material.base_color.to_vec();
        factors.extend(material.emissive);
        factors.extend([material.metalness, material.roughness]);
        factors
    };
    for (a, b) in factors(a).into_iter().zip(factors(b)) {
        assert!(close(a, b), "{a} {b}");
    }
}

#[test]
fn both_formats_make_the_same_cameras() {
    let (fbx, gltf) = (scene(&as_fbx()), as_gltf());
    let lens = |camera: &CameraSource| match camera.projection {
        Projection::Perspective {
            fov_y,
            aspect,
            near,
            far,
        } => [fov_y, aspect.unwrap(), near, far.unwrap()],
        _ => panic!("{:?}", camera.projection),
    };
    let [a, b] = [&fbx, &gltf].map(|scene| lens(&scene.cameras()[0]));
    for (a, b) in a.into_iter().zip(b) {
        assert!(close(a, b), "{a} {b}");
    }
    // Where it is, where it looks, and where its up is.
    let [a, b] = [&fbx, &gltf].map(|scene| world(scene, "Eye"));
    assert!(a.abs_diff_eq(b, 1e-6), "{a} {b}");
}

//! Every code of the adapter is met by some document.

use super::*;
use crate::diagnostic::codes::gltf as codes;
use crate::source::scene::ImageData;
use std::collections::BTreeSet;

/// Everything that is said about a document, also when its meshes are read.
fn said(builder: &Builder) -> Vec<&'static str> {
    let scene = match builder.import() {
        Ok(scene) => scene,
        Err(errors) => return errors.iter().map(|error| error.code.id()).collect(),
    };
    let mut codes = codes_of(&scene);
    for image in scene.images() {
        if let ImageData::Missing(diagnostic) = &image.data {
            codes.push(diagnostic.code.id());
        }
    }
    for mesh in 0..scene.meshes().len() {
        if let Err(errors) = try_load(&scene, mesh) {
            codes.extend(errors.iter().map(|error| error.code.id()));
        }
    }
    codes
}

#[test]
fn every_code_is_met() {
    let mut met: BTreeSet<&str> = BTreeSet::new();
    let mut meet = |builder: &Builder| met.extend(said(builder));

    let root = |json: Value| {
        let mut builder = Builder::new();
        merge(&mut builder.root, json);
        builder
    };
    for json in [
        json!({ "nodes": 5 }),
        json!({ "asset": { "version": "1.0" } }),
        json!({ "extensionsRequired": ["X_y"], "extensionsUsed": ["Z"] }),
        json!({ "scenes": [{ "nodes": [3] }] }),
        json!({ "nodes": [{ "children": [0] }] }),
        json!({ "buffers": [{ "uri": "/a", "byteLength": 1 }] }),
        json!({ "buffers": [{ "uri": "data:;base64,@", "byteLength": 1 }] }),
        json!({ "buffers": [{ "uri": "data:;base64,AAAA", "byteLength": 9 }] }),
        json!({ "animations": [{}], "scenes": [{}, {}], "nodes": [{}] }),
        json!({ "cameras": [{ "type": "x" }] }),
        json!({ "extensions": { "KHR_lights_punctual": { "lights": [{ "type": "x" }] } } }),
        json!({ "materials": [{ "alphaMode": "X", "extensions": {
            "KHR_materials_pbrSpecularGlossiness": {},
            "KHR_materials_specular": { "specularColorTexture": { "index": 0 } },
        } }] }),
    ] {
        meet(&root(json));
    }
    for (texture, image) in [
        (json!({}), json!({})),
        (json!({ "source": 0 }), json!({})),
        (json!({ "source": 0 }), json!({ "uri": "/a" })),
        (json!({ "source": 0 }), json!({ "uri": "data:;base64,@" })),
        (
            json!({ "extensions": { "KHR_texture_basisu": { "source": 0 } } }),
            json!({}),
        ),
    ] {
        let material = json!({ "normalTexture": { "index": 0 } });
        meet(&root(
            json!({ "textures": [texture], "images": [image], "materials": [material] }),
        ));
    }
    let changed = |pointer: &str, value: Value| {
        let mut builder = triangle(|_| json!({}));
        builder.set(pointer, value);
        builder
    };
    for (pointer, value) in [
        ("/accessors/0/count", json!(4)),
        (
            "/accessors/0",
            json!({ "count": u32::MAX, "type": "VEC3", "componentType": F32 }),
        ),
        ("/bufferViews/0/byteLength", json!(1000)),
        (
            "/bufferViews/0/extensions",
            json!({ "EXT_meshopt_compression": {} }),
        ),
        (
            "/buffers",
            json!([{ "byteLength": 36 }, { "byteLength": 36 }]),
        ),
        (
            "/meshes/0/primitives/0/extensions",
            json!({ "KHR_draco_mesh_compression": {} }),
        ),
        ("/meshes/0/primitives/0/mode", json!(9)),
        ("/meshes/0/primitives/0/mode", json!(1)),
        ("/meshes/0/primitives/0/targets", json!([{}])),
        ("/nodes/0/extensions", json!({ "MSFT_lod": {} })),
    ] {
        let mut builder = changed(pointer, value);
        if pointer == "/buffers" {
            builder.set("/bufferViews/0/buffer", json!(1));
        }
        meet(&builder);
    }
    let mut skinned = changed("/nodes/0/skin", json!(0));
    skinned.push("skins", json!({ "joints": [0] }));
    meet(&skinned);

    // Reading files is not the business of this crate; `bevy_kiln_systems` meets the last one.
    met.insert(codes::READ_FAILED.id());
    let all: BTreeSet<&str> = codes::ALL.iter().map(|code| code.id).collect();
    let unmet: Vec<_> = all.difference(&met).collect();
    assert!(unmet.is_empty(), "{unmet:?}");
}

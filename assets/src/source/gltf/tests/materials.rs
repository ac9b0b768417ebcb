//! Values of materials.

use super::*;
use crate::source::scene::{
    AlphaMode, MaterialDomain, MaterialSource, TextureBinding, TextureRole, TextureSlot,
    UvTransform,
};

fn scene_of(material: Value) -> SceneSource {
    let mut builder = Builder::new();
    for index in 0..12 {
        builder.push("images", json!({ "uri": format!("{index}.png") }));
        builder.push("textures", json!({ "source": index }));
    }
    builder.push("materials", material);
    builder.scene()
}

fn material(json: Value) -> MaterialSource {
    scene_of(json).materials()[0].clone()
}

fn binding(material: &MaterialSource, slot: TextureSlot) -> TextureBinding {
    *material.textures.get(slot).unwrap()
}

#[test]
fn an_empty_material_has_the_defaults() {
    let expected = MaterialSource::default();
    assert_eq!(material(json!({})), expected);
    assert_eq!((expected.metalness, expected.roughness), (0.0, 1.0));
    // With a block for metalness and roughness, its own defaults count.
    assert_eq!(
        material(json!({ "pbrMetallicRoughness": {} })),
        MaterialSource {
            metalness: 1.0,
            ..expected
        }
    );
}

#[test]
fn plain_values() {
    let made = material(json!({
        "name": "Paint",
        "alphaMode": "MASK",
        "alphaCutoff": 0.25,
        "doubleSided": true,
        "emissiveFactor": [0.1, 0.2, 0.3],
        "pbrMetallicRoughness": {
            "baseColorFactor": [0.5, 0.25, 0.125, 0.75],
            "metallicFactor": 0.3,
            "roughnessFactor": 0.6,
            "baseColorTexture": { "index": 0 },
            "metallicRoughnessTexture": { "index": 1, "texCoord": 1 },
        },
        "normalTexture": { "index": 2, "scale": 0.5 },
        "occlusionTexture": { "index": 3, "strength": 0.8 },
        "emissiveTexture": { "index": 4, "texCoord": 3 },
    }));
    assert_eq!(
        made,
        MaterialSource {
            name: "Paint".to_owned(),
            alpha_mode: AlphaMode::Masked,
            alpha_cutoff: 0.25,
            double_sided: true,
            base_color: [0.5, 0.25, 0.125, 0.75],
            metalness: 0.3,
            roughness: 0.6,
            normal_scale: 0.5,
            ambient_occlusion: 0.8,
            emissive: [0.1, 0.2, 0.3],
            textures: made.textures,
            ..MaterialSource::default()
        }
    );
    assert_eq!(made.domain, MaterialDomain::Opaque);
    let bound: Vec<_> = made
        .textures
        .assigned()
        .map(|(slot, binding)| (slot, binding.image.0, binding.uv_set))
        .collect();
    assert_eq!(
        bound,
        [
            (TextureSlot::BaseColor, 0, 0),
            (TextureSlot::Normal, 2, 0),
            (TextureSlot::Metallic, 1, 1),
            (TextureSlot::Roughness, 1, 1),
            (TextureSlot::AmbientOcclusion, 3, 0),
            (TextureSlot::Emissive, 4, 3),
        ]
    );
}

#[test]
fn alpha_modes() {
    let mode = |name: &str| material(json!({ "alphaMode": name })).alpha_mode;
    assert_eq!(mode("OPAQUE"), AlphaMode::Opaque);
    assert_eq!(mode("MASK"), AlphaMode::Masked);
    assert_eq!(mode("BLEND"), AlphaMode::Blended);
    let scene = scene_of(json!({ "alphaMode": "GLASS" }));
    assert_eq!(scene.materials()[0].alpha_mode, AlphaMode::Opaque);
    assert_eq!(codes_of(&scene), ["gltf.material"]);
}

#[test]
fn every_extension_with_a_field() {
    let scene = scene_of(json!({
        "emissiveFactor": [0.5, 1.0, 0.0],
        "extensions": {
            "KHR_materials_unlit": {},
            "KHR_materials_emissive_strength": { "emissiveStrength": 4.0 },
            "KHR_materials_ior": { "ior": 1.33 },
            "KHR_materials_specular": { "specularFactor": 0.5, "specularTexture": { "index": 0 } },
            "KHR_materials_sheen": {
                "sheenColorFactor": [0.1, 0.2, 0.3],
                "sheenColorTexture": { "index": 1, "texCoord": 1 },
            },
            "KHR_materials_clearcoat": {
                "clearcoatFactor": 0.9,
                "clearcoatRoughnessFactor": 0.2,
                "clearcoatTexture": { "index": 2 },
                "clearcoatNormalTexture": {
                    "index": 3,
                    "extensions": { "KHR_texture_transform": { "rotation": 1.5 } },
                },
            },
            "KHR_materials_transmission": {
                "transmissionFactor": 0.7, "transmissionTexture": { "index": 4 },
            },
            "KHR_materials_volume": {
                "thicknessFactor": 2.5,
                "thicknessTexture": { "index": 5 },
                "attenuationDistance": 12.0,
                "attenuationColor": [0.9, 0.8, 0.7],
            },
        },
    }));
    assert_eq!(codes_of(&scene), [""; 0]);
    let made = &scene.materials()[0];
    assert_eq!(
        *made,
        MaterialSource {
            unlit: true,
            emissive: [2.0, 4.0, 0.0],
            ior: 1.33,
            specular: 0.5,
            sheen_color: [0.1, 0.2, 0.3],
            clearcoat: 0.9,
            clearcoat_roughness: 0.2,
            transmission: 0.7,
            thickness: 2.5,
            attenuation_distance: 12.0,
            attenuation_color: [0.9, 0.8, 0.7],
            textures: made.textures,
            ..MaterialSource::default()
        }
    );
    let bound: Vec<_> = made
        .textures
        .assigned()
        .map(|(slot, binding)| (slot, binding.role, binding.image.0))
        .collect();
    assert_eq!(
        bound,
        [
            (TextureSlot::Specular, TextureRole::Specular, 0),
            (TextureSlot::SheenColor, TextureRole::SheenColor, 1),
            (TextureSlot::Clearcoat, TextureRole::Clearcoat, 2),
            (
                TextureSlot::ClearcoatNormal,
                TextureRole::ClearcoatNormal,
                3
            ),
            (TextureSlot::Transmission, TextureRole::Transmission, 4),
            (TextureSlot::Thickness, TextureRole::Thickness, 5),
        ]
    );
    assert_eq!(binding(made, TextureSlot::SheenColor).uv_set, 1);
    assert_eq!(
        binding(made, TextureSlot::ClearcoatNormal)
            .transform
            .rotation,
        1.5
    );
}

#[test]
fn defaults_of_extensions() {
    let made = material(json!({ "extensions": {
        "KHR_materials_emissive_strength": {}, "KHR_materials_ior": {},
        "KHR_materials_specular": {}, "KHR_materials_sheen": {}, "KHR_materials_clearcoat": {},
        "KHR_materials_transmission": {}, "KHR_materials_volume": {},
    } }));
    assert_eq!(made, MaterialSource::default());
    let tinted = material(json!({ "extensions": {
        "KHR_materials_specular": { "specularFactor": 0.5, "specularColorFactor": [0.1, 0.5, 0.2] },
    } }));
    assert_eq!(tinted.specular, 0.25);
}

#[test]
fn textures_without_a_slot_are_named() {
    let scene = scene_of(json!({ "extensions": {
        "KHR_materials_specular": { "specularColorTexture": { "index": 0 } },
        "KHR_materials_sheen": { "sheenRoughnessTexture": { "index": 1 } },
        "KHR_materials_clearcoat": { "clearcoatRoughnessTexture": { "index": 2 } },
    } }));
    assert_eq!(codes_of(&scene), ["gltf.material.texture_unused"]);
    assert_eq!(
        scene.diagnostics()[0].message,
        "no slot for specularColorTexture, sheenRoughnessTexture, clearcoatRoughnessTexture"
    );
    assert!(scene.images().is_empty());
}

#[test]
fn transforms_of_textures() {
    let transform = json!({ "KHR_texture_transform": {
        "offset": [0.25, 0.5], "rotation": 0.1, "scale": [2.0, 3.0], "texCoord": 2,
    } });
    let info = json!({ "index": 0, "texCoord": 1, "extensions": transform });
    let made = material(json!({
        "pbrMetallicRoughness": { "baseColorTexture": info },
        "normalTexture": info,
        "occlusionTexture": info,
        "emissiveTexture": { "index": 0, "texCoord": 1, "extensions": {
            "KHR_texture_transform": {}
        } },
    }));
    let expected = UvTransform {
        scale: [2.0, 3.0],
        rotation: 0.1,
        offset: [0.25, 0.5],
    };
    for slot in [
        TextureSlot::BaseColor,
        TextureSlot::Normal,
        TextureSlot::AmbientOcclusion,
    ] {
        let binding = binding(&made, slot);
        assert_eq!(
            (binding.transform, binding.uv_set),
            (expected, 2),
            "{slot:?}"
        );
    }
    let plain = binding(&made, TextureSlot::Emissive);
    assert_eq!((plain.transform, plain.uv_set), (UvTransform::IDENTITY, 1));
}

#[test]
fn parts_that_make_no_sense_are_left_out() {
    let scene = scene_of(json!({
        "normalTexture": { "index": 0, "extensions": { "KHR_texture_transform": { "scale": 2 } } },
        "extensions": {
            "KHR_materials_sheen": { "sheenColorFactor": "red" },
            "KHR_materials_clearcoat": { "clearcoatFactor": 0.5 },
        },
    }));
    assert_eq!(codes_of(&scene), ["gltf.material"; 2]);
    let made = &scene.materials()[0];
    assert_eq!(made.sheen_color, [0.0; 3]);
    assert_eq!(made.clearcoat, 0.5);
    assert!(made.textures.get(TextureSlot::Normal).is_none());
}

#[test]
fn specular_and_glossiness() {
    let glossy = json!({
        "diffuseFactor": [0.5, 0.25, 0.125, 0.75],
        "specularFactor": [0.04, 0.04, 0.04],
        "glossinessFactor": 0.75,
        "diffuseTexture": { "index": 3 },
        "specularGlossinessTexture": { "index": 4 },
    });
    let extensions = json!({ "KHR_materials_pbrSpecularGlossiness": glossy });
    let scene = scene_of(json!({ "extensions": extensions }));
    let made = &scene.materials()[0];
    assert_eq!((made.metalness, made.roughness), (0.0, 0.25));
    assert!(!made.roughness_as_glossiness);
    assert_eq!(made.base_color[3], 0.75);
    assert!((made.base_color[0] - 0.5).abs() < 1e-6);
    assert_eq!(binding(made, TextureSlot::BaseColor).image.0, 0);
    assert_eq!(scene.images().len(), 1);
    assert_eq!(
        codes_of(&scene),
        ["gltf.material.approximated", "gltf.material.texture_unused"]
    );
    // What is there for readers that do not know the extension is exact.
    let scene = scene_of(json!({
        "pbrMetallicRoughness": { "metallicFactor": 0.5, "baseColorTexture": { "index": 5 } },
        "extensions": extensions,
    }));
    let made = &scene.materials()[0];
    assert_eq!((made.metalness, made.roughness), (0.5, 1.0));
    assert_eq!(scene.images()[0].identity, "5.png");
    assert_eq!(codes_of(&scene), ["gltf.material.approximated"]);
}

#[test]
fn materials_keep_their_order() {
    let mut builder = Builder::new();
    for name in ["b", "", "a"] {
        builder.push("materials", json!({ "name": name }));
    }
    builder.push("materials", json!({}));
    let scene = builder.scene();
    let names: Vec<_> = scene
        .materials()
        .iter()
        .map(|material| material.name.as_str())
        .collect();
    assert_eq!(names, ["b", "", "a", ""]);
}

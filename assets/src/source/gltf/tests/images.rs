//! Images: whose bytes they are, what they are called, what they are for.

use super::*;
use crate::source::scene::{ImageData, ImageSource, TextureRole, TextureSlot};

/// A document whose materials use textures in their base colour.
fn textured(textures: &[Value], images: &[Value]) -> Builder {
    let mut builder = Builder::new();
    for image in images {
        builder.push("images", image.clone());
    }
    for (index, texture) in textures.iter().enumerate() {
        builder.push("textures", texture.clone());
        let base = json!({ "baseColorTexture": { "index": index } });
        builder.push("materials", json!({ "pbrMetallicRoughness": base }));
    }
    builder
}

fn images(textures: &[Value], images: &[Value]) -> Vec<ImageSource> {
    textured(textures, images).scene().images().to_vec()
}

fn bound(scene: &SceneSource) -> Vec<u32> {
    let materials = scene.materials().iter();
    materials
        .filter_map(|material| material.textures.get(TextureSlot::BaseColor))
        .map(|binding| binding.image.0)
        .collect()
}

fn missing(image: &ImageSource) -> (&'static str, &str) {
    match &image.data {
        ImageData::Missing(diagnostic) => {
            assert!(!diagnostic.is_error());
            (diagnostic.code.id(), diagnostic.object.as_deref().unwrap())
        }
        other => panic!("a missing image, not {other:?}"),
    }
}

#[test]
fn bytes_come_from_views_uris_and_files() {
    let mut builder = textured(
        &[
            json!({ "source": 0 }),
            json!({ "source": 1 }),
            json!({ "source": 2 }),
        ],
        &[
            json!({ "mimeType": "image/png" }),
            json!({ "uri": "data:image/jpeg;base64,aGVsbG8=" }),
            json!({ "uri": "../t%C3%A4x/./wood%20a.png", "mimeType": "image/png" }),
        ],
    );
    let view = builder.view(b"PNG bytes", json!({}));
    builder.set("/images/0/bufferView", json!(view));
    let scene = builder.scene();
    let [first, second, third] = scene.images() else {
        panic!("three images");
    };
    assert!(matches!(&first.data, ImageData::Embedded(bytes) if **bytes == *b"PNG bytes"));
    assert!(matches!(&second.data, ImageData::Embedded(bytes) if **bytes == *b"hello"));
    assert!(
        matches!(&third.data, ImageData::External(path) if path.as_str() == "../täx/wood a.png")
    );
    let mimes: Vec<_> = scene
        .images()
        .iter()
        .map(|image| image.mime.as_deref())
        .collect();
    assert_eq!(
        mimes,
        [Some("image/png"), Some("image/jpeg"), Some("image/png")]
    );
    assert_eq!(bound(&scene), [0, 1, 2]);
}

#[test]
fn images_are_told_apart_by_what_they_are() {
    let mut builder = textured(
        &[
            json!({ "source": 0, "name": "same" }),
            json!({ "source": 1, "name": "same" }),
            json!({ "source": 2 }),
            json!({ "source": 3 }),
            json!({ "source": 4 }),
            json!({ "source": 0 }),
        ],
        &[
            json!({ "uri": "a/b.png" }),
            json!({ "uri": "a/c.png" }),
            json!({ "uri": "a/x/../%62.png" }),
            json!({ "bufferView": 0 }),
            json!({ "bufferView": 0 }),
        ],
    );
    builder.view(b"data", json!({}));
    let scene = builder.scene();
    assert_eq!(bound(&scene), [0, 1, 0, 2, 2, 0]);
    let identities: Vec<_> = scene
        .images()
        .iter()
        .map(|image| image.identity.as_str())
        .collect();
    assert_eq!(identities, ["a/b.png", "a/c.png", "view:0"]);
}

#[test]
fn images_that_nobody_uses_are_left_out() {
    let mut builder = textured(
        &[json!({ "source": 1 })],
        &[json!({ "uri": "a" }), json!({ "uri": "b" })],
    );
    builder.push("images", json!({ "uri": "data:,broken" }));
    let scene = builder.scene();
    let paths: Vec<_> = scene
        .images()
        .iter()
        .map(|image| image.identity.as_str())
        .collect();
    assert_eq!(paths, ["b"]);
    assert_eq!(bound(&scene), [0]);
}

#[test]
fn names_are_for_people() {
    let name = |texture: Value, image: Value| images(&[texture], &[image])[0].name.clone();
    let named = json!({ "source": 0, "name": "T" });
    let plain = json!({ "source": 0 });
    let data = "data:;base64,aGVsbG8=";
    assert_eq!(
        name(named.clone(), json!({ "uri": "u.png", "name": "I" })),
        "T"
    );
    assert_eq!(
        name(plain.clone(), json!({ "uri": "u.png", "name": "I" })),
        "I"
    );
    assert_eq!(
        name(plain.clone(), json!({ "uri": "u%20v.png" })),
        "u%20v.png"
    );
    assert_eq!(name(plain.clone(), json!({ "uri": data })), "texture_0");
    assert_eq!(
        name(
            json!({ "source": 0, "name": "" }),
            json!({ "uri": data, "name": "" })
        ),
        "texture_0"
    );
    // A later texture may know the name.
    let several = images(&[plain, named], &[json!({ "uri": "u.png" })]);
    assert_eq!(several[0].name, "T");
}

#[test]
fn what_cannot_be_read_is_missing_and_nothing_else_is() {
    let one = |texture: Value, image: Value| images(&[texture], &[image]).remove(0);
    let source = json!({ "source": 0 });
    let nothing = one(source.clone(), json!({}));
    assert_eq!(missing(&nothing), ("gltf.image.missing_uri", "images[0]"));
    let without = one(json!({ "name": "t" }), json!({}));
    assert_eq!(missing(&without), ("gltf.image.missing", "textures[0]"));
    assert_eq!(without.name, "t");
    for uri in [
        "file:///etc/hostname",
        "/etc/hostname",
        "https://x/y.png",
        "C:\\x.png",
        "",
    ] {
        let refused = one(source.clone(), json!({ "uri": uri }));
        assert_eq!(missing(&refused), ("gltf.image.uri", "images[0]"), "{uri}");
    }
    for uri in [
        "data:image/png,hello",
        "data:image/png;base64,@@@@",
        "data:image/png;base64,",
        "data:",
    ] {
        let broken = one(source.clone(), json!({ "uri": uri }));
        assert_eq!(
            missing(&broken),
            ("gltf.image.data_uri", "images[0]"),
            "{uri}"
        );
    }
    let outside = one(source, json!({ "bufferView": 3 }));
    assert_eq!(missing(&outside), ("gltf.dangling_reference", "images[0]"));
    // Text in place of an image is for the decoder to find.
    let text = one(
        json!({ "source": 0 }),
        json!({ "uri": "data:image/png;base64,aGVsbG8=" }),
    );
    assert!(matches!(text.data, ImageData::Embedded(_)));
}

#[test]
fn textures_without_their_image_or_their_texture_are_refused() {
    let error = |textures: &[Value], images: &[Value]| textured(textures, images).error();
    let (code, object) = error(&[json!({ "source": 1 })], &[json!({ "uri": "a" })]);
    assert_eq!(
        (code, object.as_str()),
        ("gltf.dangling_reference", "textures[0]")
    );
    let mut builder = Builder::new();
    builder.push("materials", json!({ "normalTexture": { "index": 0 } }));
    let (code, object) = builder.error();
    assert_eq!(
        (code, object.as_str()),
        ("gltf.dangling_reference", "materials[0]")
    );
}

#[test]
fn other_formats_of_an_image() {
    let texture = |own: Option<u32>, name: &str| {
        let mut texture = json!({ "extensions": { name: { "source": 1 } } });
        if let Some(own) = own {
            texture["source"] = json!(own);
        }
        images(
            &[texture],
            &[json!({ "uri": "own.png" }), json!({ "uri": "other" })],
        )
        .remove(0)
    };
    // WebP wins over what is there for readers that do not know it.
    assert_eq!(texture(Some(0), "EXT_texture_webp").identity, "other");
    assert_eq!(texture(None, "EXT_texture_webp").identity, "other");
    assert_eq!(texture(Some(0), "KHR_texture_basisu").identity, "own.png");
    let basis = texture(None, "KHR_texture_basisu");
    assert_eq!(missing(&basis), ("gltf.image.format", "textures[0]"));
    let ImageData::Missing(diagnostic) = &basis.data else {
        panic!("missing");
    };
    assert!(diagnostic.message.contains("`KHR_texture_basisu`"));
}

#[test]
fn one_image_in_several_roles() {
    let mut builder = textured(&[], &[json!({ "uri": "a.png" }), json!({ "uri": "b.png" })]);
    for source in [0, 1, 0] {
        builder.push("textures", json!({ "source": source }));
    }
    let info = |index: u32| json!({ "index": index });
    let packed = |occlusion: Value| {
        json!({
            "pbrMetallicRoughness": { "metallicRoughnessTexture": info(0) },
            "occlusionTexture": occlusion,
        })
    };
    // Another texture of the same image.
    builder.push("materials", packed(info(2)));
    builder.push("materials", packed(info(1)));
    builder.push("materials", packed(Value::Null));
    builder.push(
        "materials",
        json!({
            "pbrMetallicRoughness": { "baseColorTexture": info(0) },
            "normalTexture": info(0),
            "emissiveTexture": info(0),
        }),
    );
    let scene = builder.scene();
    assert_eq!(scene.images().len(), 2);
    let roles = |material: usize| -> Vec<_> {
        let assigned = scene.materials()[material].textures.assigned();
        assigned
            .map(|(slot, binding)| (slot, binding.role, binding.image.0))
            .collect()
    };
    use TextureRole as R;
    use TextureSlot as S;
    let all = R::OcclusionRoughnessMetallic;
    assert_eq!(
        roles(0),
        [
            (S::Metallic, all, 0),
            (S::Roughness, all, 0),
            (S::AmbientOcclusion, all, 0)
        ]
    );
    let two = R::MetallicRoughness;
    assert_eq!(
        roles(1),
        [
            (S::Metallic, two, 0),
            (S::Roughness, two, 0),
            (S::AmbientOcclusion, R::Occlusion, 1)
        ]
    );
    assert_eq!(roles(2), [(S::Metallic, two, 0), (S::Roughness, two, 0)]);
    assert_eq!(
        roles(3),
        [
            (S::BaseColor, R::BaseColor, 0),
            (S::Normal, R::Normal, 0),
            (S::Emissive, R::Emissive, 0)
        ]
    );
}

//! Options of scenes, seen in the bytes that are written.

use super::{
    parse,
    script::{Studio, embedded, material, nodes, plain_mesh, settings, tga, triangles},
};
use crate::common::codes;
use bevy_kiln_assets::{
    settings::{overrides::TextureOverrides, scene::SceneOptions},
    source::scene::{NodeId, NodeSource, SceneParts, TextureSlot as Slot},
};
use bevy_kiln_components::report::{ImportReport, Product};
use glam::{DMat4, DVec3};
use std::{path::PathBuf, sync::Arc};

fn room() -> SceneParts {
    SceneParts {
        name: "Room".to_owned(),
        nodes: nodes(1),
        meshes: vec![plain_mesh("My Mesh!", triangles(1.0, &[Some(0), None]))],
        materials: vec![material("wood", &[(Slot::BaseColor, 0), (Slot::Normal, 0)])],
        images: vec![embedded("wood.tga", tga(8, 1))],
        ..SceneParts::default()
    }
}

fn import(scene: SceneParts, options: &str) -> (Studio, Arc<ImportReport>, PathBuf) {
    let mut studio = Studio::new();
    let options: SceneOptions = serde_json::from_str(options).unwrap();
    let request = studio.request("room.scn", scene).with_scene(options);
    let job = studio.stepper.client.submit(request).unwrap();
    let report = studio.stepper.finish(&job);
    assert!(report.success, "{report:?}");
    studio.stepper.drain();
    let root = studio.stepper.root();
    parse::verified(&root);
    (studio, report, root)
}

fn counts(report: &ImportReport) -> [u32; 4] {
    [
        report.textures_written,
        report.materials_written,
        report.geometry_written,
        report.scenes_written,
    ]
}

const MESH: &str = "Geometry/Room/My Mesh!.ogeo";
const WOOD: &str = "Materials/Room/wood.omat";
const SCENE: &str = "Scenes/Room.oscene";
const DEFAULT_MATERIAL: [u8; 16] = *b"MAT_DEFAULT_____";

#[test]
fn everything_refers_to_everything() {
    let (_studio, report, root) = import(room(), "{}");
    assert_eq!(counts(&report), [2, 1, 1, 1]);
    let keys = parse::keys(&root);
    assert_eq!(keys.keys().collect::<Vec<_>>(), [MESH, WOOD, SCENE]);
    let (vertices, indices, materials) = parse::geometry(&root, MESH);
    assert_eq!(materials, [keys[WOOD], DEFAULT_MATERIAL]);
    assert_eq!(parse::buffer(&root, vertices).len(), 6 * 72);
    assert_eq!(parse::buffer(&root, indices).len(), 6 * 4);
    let slots: Vec<u32> = (0..3)
        .map(|slot| parse::texture_slot(&root, WOOD, slot))
        .collect();
    assert_eq!(slots, [1, 2, 0]);
    // sRGB for the colour, and not for the normals.
    assert_eq!(parse::texture(&root, 1), (8, 31));
    assert_eq!(parse::texture(&root, 2), (8, 30));
    assert_eq!(parse::renderables(&root, SCENE), [(0, keys[MESH])]);
    let levels = report.products.iter().find_map(|product| match product {
        Product::Asset {
            asset: "geometry",
            levels,
            ..
        } => Some(levels.clone()),
        _ => None,
    });
    let levels = levels.unwrap();
    assert_eq!(
        (levels.len(), levels[0].vertices, levels[0].triangles),
        (1, 6, 2)
    );
    assert_eq!(levels[0].error, None);
    let outputs: Vec<&str> = report
        .outputs
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(
        outputs,
        [
            "Resources/textures.data",
            "Resources/textures.table",
            "Resources/buffers.data",
            "Resources/buffers.table",
            WOOD,
            MESH,
            SCENE,
            "container.index.bin",
        ]
    );
}

#[test]
fn textures_can_be_left_out() {
    let (_studio, report, root) = import(room(), r#"{"content_flags":{"textures":false}}"#);
    assert_eq!(counts(&report), [0, 1, 1, 1]);
    assert!(!parse::samples_textures(&root, WOOD));
    assert_eq!(parse::texture_slot(&root, WOOD, 0), 0);
    assert_eq!(parse::texture_count(&root), 0);
}

#[test]
fn materials_can_be_left_out() {
    let (_studio, report, root) = import(room(), r#"{"content_flags":{"materials":false}}"#);
    assert_eq!(counts(&report), [2, 0, 1, 1]);
    assert_eq!(parse::geometry(&root, MESH).2, [DEFAULT_MATERIAL; 2]);
}

#[test]
fn geometry_can_be_left_out() {
    let (_studio, report, root) = import(room(), r#"{"content_flags":{"geometry":false}}"#);
    assert_eq!(counts(&report), [2, 1, 0, 1]);
    assert!(parse::renderables(&root, SCENE).is_empty());
    assert_eq!(parse::nodes(&root, SCENE).len(), 1);
    assert!(!root.join("Resources/buffers.table").exists());
}

#[test]
fn the_scene_can_be_left_out() {
    let (_studio, report, root) = import(room(), r#"{"content_flags":{"scene":false}}"#);
    assert_eq!(counts(&report), [2, 1, 1, 0]);
    assert!(!root.join(SCENE).exists());
    let nothing = r#"{"content_flags":
        {"textures":false,"materials":false,"geometry":false,"scene":false}}"#;
    let (_, report, _) = import(room(), nothing);
    assert_eq!(counts(&report), [0; 4]);
}

#[test]
fn names_are_normalised_on_request() {
    let mut scene = room();
    scene.nodes[0].name = "left\tarm".to_owned();
    let (_studio, _, root) = import(scene, r#"{"naming_policy":"normalize"}"#);
    let keys: Vec<String> = parse::keys(&root).into_keys().collect();
    assert_eq!(
        keys,
        [
            "Geometry/Room/G_My_Mesh.ogeo",
            "Materials/Room/M_wood.omat",
            SCENE
        ]
    );
    assert_eq!(parse::nodes(&root, SCENE)[0].0, "left_arm");
}

#[test]
fn names_that_are_no_paths_are_made_valid() {
    let mut scene = room();
    scene.name = "../../Room".to_owned();
    scene.materials[0].name = "../../etc/passwd".to_owned();
    scene
        .meshes
        .push(plain_mesh("my mesh!", triangles(2.0, &[None])));
    let (_studio, report, root) = import(scene, "{}");
    assert_eq!(codes(&report), ["naming.made_valid"]);
    let keys: Vec<String> = parse::keys(&root).into_keys().collect();
    assert_eq!(keys[2], "Materials/__/__/etc/passwd.omat");
    assert_eq!(keys[3], "Scenes/.._.._Room.oscene");
    assert!(keys[0].ends_with("/My Mesh!.ogeo") && keys[1].ends_with("/my mesh!_1.ogeo"));
}

#[test]
fn random_keys_are_random_and_hold_together() {
    let (_first, _, root) = import(room(), "{}");
    let deterministic = parse::keys(&root);
    let options = r#"{"asset_key_policy":"random"}"#;
    let [(_studio, _, root), (_other, _, other)] =
        [import(room(), options), import(room(), options)];
    let (keys, others) = (parse::keys(&root), parse::keys(&other));
    for (path, key) in &keys {
        assert!(
            *key != deterministic[path] && *key != others[path],
            "{path}"
        );
    }
    assert_eq!(
        parse::geometry(&root, MESH).2,
        [keys[WOOD], DEFAULT_MATERIAL]
    );
    assert_eq!(parse::renderables(&root, SCENE), [(0, keys[MESH])]);
}

#[test]
fn without_hashes_all_hashes_are_zero() {
    let mut scene = room();
    scene.images.push(embedded("stone.tga", tga(8, 7)));
    scene
        .materials
        .push(material("stone", &[(Slot::BaseColor, 1)]));
    let mut settings = settings();
    settings.content_hashing = false;
    let mut studio = Studio::with(settings);
    let job = studio.submit("room.scn", scene);
    let report = studio.stepper.finish(&job);
    assert!(report.success, "{report:?}");
    studio.stepper.drain();
    let root = studio.stepper.root();
    parse::verified(&root);
    let read = |file: &str| std::fs::read(root.join(file)).unwrap();
    for descriptor in [WOOD, MESH, SCENE] {
        assert_eq!(parse::u64_at(&read(descriptor), 67), 0, "{descriptor}");
    }
    let textures = read("Resources/textures.table");
    assert_eq!(textures.len(), 4 * 40, "equal sizes are not equal textures");
    assert!(
        textures
            .chunks(40)
            .all(|entry| parse::u64_at(entry, 31) == 0)
    );
    let buffers = read("Resources/buffers.table");
    assert!(
        buffers
            .chunks(32)
            .all(|entry| parse::u64_at(entry, 21) == 0)
    );
    // The index tells descriptors apart all the same.
    let index = read("container.index.bin");
    let first = parse::u64_at(&index, 32) as usize;
    assert_ne!(index[first + 36..first + 68], [0; 32]);
    // And a changed descriptor of the same size is written.
    let before = read(WOOD);
    let mut scene = room();
    scene.materials[0].base_color = [0.5; 4];
    let job = studio.submit("room.scn", scene);
    assert!(studio.stepper.finish(&job).success);
    studio.stepper.drain();
    let after = read(WOOD);
    assert_eq!(before.len(), after.len());
    assert_ne!(before, after);
}

#[test]
fn transforms_are_baked_on_request() {
    let mut scene = room();
    let scale = DMat4::from_scale(DVec3::splat(2.0));
    scene.nodes = vec![
        NodeSource {
            name: "root".to_owned(),
            local: DMat4::from_translation(DVec3::X) * scale,
            mesh: Some(bevy_kiln_assets::source::scene::MeshId(0)),
            ..NodeSource::default()
        },
        NodeSource {
            name: "child".to_owned(),
            parent: Some(NodeId(0)),
            local: DMat4::from_translation(DVec3::Y),
            ..NodeSource::default()
        },
    ];
    let largest = |root: &PathBuf| {
        let vertices = parse::buffer(root, parse::geometry(root, MESH).0);
        let x = vertices.chunks(72).map(|vertex| parse::f32_at(vertex, 0));
        x.fold(0.0, f32::max)
    };
    let (_studio, _, root) = import(scene.clone(), "{}");
    assert_eq!(largest(&root).to_bits(), 2f32.to_bits());
    let kept = parse::nodes(&root, SCENE);
    assert_eq!((kept[0].1, kept[0].2), ([1.0, 0.0, 0.0], [2.0; 3]));
    assert_eq!(kept[1].1, [0.0, 1.0, 0.0]);
    let (_studio, _, root) = import(scene, r#"{"bake_transforms":true}"#);
    assert_eq!(largest(&root).to_bits(), 4f32.to_bits());
    let baked = parse::nodes(&root, SCENE);
    assert_eq!((baked[0].1, baked[0].2), ([1.0, 0.0, 0.0], [1.0; 3]));
    assert_eq!((baked[1].1, baked[1].2), ([0.0, 2.0, 0.0], [2.0; 3]));
}

#[test]
fn levels_are_generated_and_their_errors_reported() {
    let mut scene = room();
    // A bent sheet of 16 x 16 quads.
    let mut sheet = triangles(1.0, &[]);
    let part = &mut sheet.lods[0].parts[0];
    let side = 17_u32;
    let mut streams = (*part.streams).clone();
    for y in 0..side {
        for x in 0..side {
            let (u, v) = (x as f32 / 16.0, y as f32 / 16.0);
            streams
                .positions
                .push([u, v, 0.1 * (3.0 * u).sin() * (2.0 * v).cos()]);
        }
    }
    streams.texcoords = None;
    part.streams = Arc::new(streams);
    for y in 0..side - 1 {
        for x in 0..side - 1 {
            let at = |dx, dy| (y + dy) * side + x + dx;
            part.indices
                .extend([at(0, 0), at(1, 0), at(0, 1), at(0, 1), at(1, 0), at(1, 1)]);
        }
    }
    part.ranges
        .push(bevy_kiln_assets::source::scene::TriangleRange {
            first_index: 0,
            index_count: part.indices.len() as u32,
            material: None,
        });
    // Smooth normals, or nothing could be left out.
    scene.meshes = vec![plain_mesh("sheet", sheet)];
    let options = r#"{"lod_count":3,"normals_policy":"recalculate","lod_max_error":0.5}"#;
    let (_, report, _) = import(scene, options);
    let levels = report.products.iter().find_map(|product| match product {
        Product::Asset {
            levels,
            asset: "geometry",
            ..
        } => Some(levels),
        _ => None,
    });
    let levels = levels.unwrap();
    assert_eq!(levels.len(), 3, "{levels:?}");
    assert_eq!((levels[0].triangles, levels[0].error), (512, None));
    assert!(
        levels
            .windows(2)
            .all(|pair| pair[1].triangles < pair[0].triangles)
    );
    assert!(levels[1..].iter().all(|level| level.error.is_some()));
}

#[test]
fn options_for_one_texture() {
    let mut studio = Studio::new();
    let mut scene = room();
    scene.images.push(embedded("stone.tga", tga(8, 7)));
    scene
        .materials
        .push(material("stone", &[(Slot::BaseColor, 1)]));
    let mut overrides = TextureOverrides::default();
    let layer = |json| serde_json::from_str(json).unwrap();
    overrides.set("stone.*", layer(r#"{"output_format":"rgba16f"}"#));
    overrides.set("oak.tga", layer(r#"{"max_mips":1}"#));
    let request = studio
        .request("room.scn", scene)
        .with_texture_overrides(overrides);
    let job = studio.stepper.client.submit(request).unwrap();
    let report = studio.stepper.finish(&job);
    assert!(report.success, "{report:?}");
    assert_eq!(codes(&report), ["import.override_unused"]);
    let root = studio.stepper.root();
    let formats: Vec<u8> = (1..4).map(|index| parse::texture(&root, index).1).collect();
    assert_eq!(formats[..2], [31, 30]);
    assert_ne!(formats[2], 31, "{formats:?}");
}

#[test]
fn what_is_ignored_is_counted() {
    let mut scene = room();
    scene.ignored.animations = 2;
    scene.ignored.morph_targets = 3;
    let (_, report, _) = import(scene, "{}");
    assert_eq!(
        (report.ignored.animations, report.ignored.morph_targets),
        (2, 3)
    );
    let json = serde_json::to_value(&*report).unwrap();
    assert_eq!(json["ignored"]["animations"], 2);
    assert_eq!(json["materials_written"], 1);
}

//! The bytes of scenes do not depend on the order in which anything is finished.

use super::{
    parse,
    script::{Studio, embedded, external, gated_meshes, material, missing, tga},
};
use crate::common::{Files, fake::Stage, files};
use bevy_kiln_assets::source::scene::{
    MaterialSource, MeshId, NodeId, NodeSource, SceneParts, TextureSlot as Slot,
};
use bevy_kiln_components::report::Product;
use std::path::Path;

/// A linear congruence: the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            let other = self.below(last + 1);
            all.swap(last, other);
        }
    }
}

const SLOTS: [Slot; 6] = [
    Slot::BaseColor,
    Slot::Normal,
    Slot::Metallic,
    Slot::Roughness,
    Slot::AmbientOcclusion,
    Slot::Emissive,
];

/// A scene of up to six images, five materials and five meshes, and the gates that hold it.
fn random_scene(stage: &Stage, job: usize, dice: &mut Dice) -> (SceneParts, Vec<String>) {
    let mut gates = Vec::new();
    let images: Vec<_> = (0..dice.below(6) + 1)
        .map(|image| match dice.below(5) {
            0 => embedded(&format!("embedded {image}"), tga(4, image as u8)),
            1 => missing(&format!("missing {image}")),
            // Some are the same file, and some of those in several jobs.
            _ => {
                let file = format!("{}.tga", dice.below(4));
                gates.push(format!("read {file}"));
                external(&file)
            }
        })
        .collect();
    let materials: Vec<MaterialSource> = (0..dice.below(5))
        .map(|_| {
            let slots: Vec<_> = (0..dice.below(4))
                .map(|_| (SLOTS[dice.below(6)], dice.below(images.len()) as u32))
                .collect();
            // Names collide.
            material(&format!("m{}", dice.below(3)), &slots)
        })
        .collect();
    let meshes: Vec<_> = (0..dice.below(5))
        .map(|mesh| {
            let used: Vec<Option<u32>> = (0..dice.below(4) + 1)
                .map(|_| dice.below(materials.len() + 1))
                .map(|material| (material < materials.len()).then_some(material as u32))
                .collect();
            let name = format!("mesh {job} {mesh}");
            gates.push(format!("mesh {name}"));
            gated_meshes(stage, &name, &used)
        })
        .collect();
    let mut nodes: Vec<NodeSource> = Vec::new();
    for node in 0..dice.below(6) {
        let parent = match node {
            0 => None,
            // Only the last node can be a parent without leaving depth-first order.
            node => (dice.below(2) == 0).then_some(NodeId(node as u32 - 1)),
        };
        let mesh = dice.below(meshes.len() + 1);
        nodes.push(NodeSource {
            parent,
            mesh: (mesh < meshes.len()).then_some(MeshId(mesh as u32)),
            ..NodeSource::default()
        });
    }
    let parts = SceneParts {
        name: format!("Scene{job}"),
        nodes,
        meshes,
        materials,
        images,
        ..SceneParts::default()
    };
    (parts, gates)
}

/// What came of a plan of two scenes under a schedule: the files, and what the reports say.
fn run(plan: u64, schedule: u64) -> (Files, Vec<Vec<Product>>) {
    let mut studio = Studio::new();
    let stage = studio.stage();
    for file in 0..4 {
        studio.write(&format!("{file}.tga"), &tga(8, file));
    }
    let mut dice = Dice(plan);
    let (scenes, gates): (Vec<_>, Vec<_>) = (0..2)
        .map(|job| random_scene(&stage, job, &mut dice))
        .unzip();
    let mut gates: Vec<String> = gates.into_iter().flatten().collect();
    gates.sort();
    gates.dedup();
    let names: Vec<&str> = gates.iter().map(String::as_str).collect();
    stage.hold(&names);
    let handles: Vec<_> = (0..)
        .zip(scenes)
        .map(|(job, scene)| studio.submit(&format!("{job}.scn"), scene))
        .collect();
    let mut dice = Dice(schedule);
    dice.shuffle(&mut gates);
    for gate in &gates {
        // Some results come in alone, others together.
        for _ in 0..dice.below(6) {
            studio.stepper.tick();
        }
        stage.open(gate);
    }
    let products = handles
        .iter()
        .map(|handle| {
            let report = studio.stepper.finish(handle);
            assert!(
                report.success,
                "plan {plan}, schedule {schedule}: {report:?}"
            );
            report.products.clone()
        })
        .collect();
    studio.stepper.drain();
    let root = studio.stepper.root();
    parse::verified(&root);
    // The folder of a run is part of the names of its sources.
    let folder = studio.stepper.folder.path().to_str().unwrap().to_owned();
    let mut files = files(&root);
    let catalog = files.get_mut(Path::new("kiln.catalog.json")).unwrap();
    *catalog = String::from_utf8(std::mem::take(catalog))
        .unwrap()
        .replace(&folder, "FOLDER")
        .into_bytes();
    (files, without(products, &folder))
}

/// Products without the folder of the run.
fn without(products: Vec<Vec<Product>>, folder: &str) -> Vec<Vec<Product>> {
    let mut all = products;
    for product in all.iter_mut().flatten() {
        if let Product::Texture { source: text, .. } | Product::Buffer { name: text, .. } = product
        {
            *text = text.replace(folder, "FOLDER");
        }
    }
    all
}

#[test]
fn a_random_plan_under_a_random_schedule_gives_the_same_bytes() {
    for plan in 1..9 {
        let expected = run(plan, 0);
        for schedule in 1..5 {
            let found = run(plan, schedule * 1000 + plan);
            assert_eq!(found.1, expected.1, "plan {plan}, schedule {schedule}");
            assert_eq!(
                found.0.keys().collect::<Vec<_>>(),
                expected.0.keys().collect::<Vec<_>>()
            );
            for (path, bytes) in &expected.0 {
                assert!(
                    found.0[path] == *bytes,
                    "plan {plan}, schedule {schedule}: {path:?}"
                );
            }
        }
    }
}

#[test]
fn two_scenes_share_a_container() {
    let mut studio = Studio::new();
    let stage = studio.stage();
    stage.hold(&["mesh a", "mesh b"]);
    let scene = |name: &str| SceneParts {
        name: name.to_owned(),
        nodes: super::script::nodes(1),
        meshes: vec![studio.mesh(name, &[Some(0)])],
        materials: vec![material("m", &[(Slot::BaseColor, 0)])],
        images: vec![embedded("wood", tga(8, 1))],
        ..SceneParts::default()
    };
    let jobs = ["a", "b"].map(|name| studio.submit(&format!("{name}.scn"), scene(name)));
    studio.stepper.until("both are built at once", |_| {
        stage.reached("mesh a") && stage.reached("mesh b")
    });
    stage.open("mesh b");
    studio.stepper.settle();
    stage.open("mesh a");
    let reports = jobs.map(|job| studio.stepper.finish(&job));
    assert!(reports.iter().all(|report| report.success));
    assert_eq!(reports[0].source_key, reports[1].source_key, "one commit");
    let root = studio.stepper.root();
    let [a, b] =
        ["a", "b"].map(|name| parse::geometry(&root, &format!("Geometry/{name}/{name}.ogeo")));
    // The first scene has the first buffers. The second one has the same texture and the same indices.
    assert_eq!((a.0, a.1), (0, 1));
    assert_eq!((b.0, b.1), (0, 1), "the meshes are the same, too");
    let keys = parse::keys(&root);
    assert_eq!(a.2, [keys["Materials/a/m.omat"]]);
    assert_eq!(b.2, [keys["Materials/b/m.omat"]]);
    assert_eq!(parse::texture_count(&root), 2);
    for name in ["a", "b"] {
        let shown = parse::renderables(&root, &format!("Scenes/{name}.oscene"));
        assert_eq!(shown, [(0, keys[&format!("Geometry/{name}/{name}.ogeo")])]);
    }
    studio.stepper.drain();
    parse::verified(&root);
}

#[test]
fn importing_again_changes_no_byte() {
    let mut studio = Studio::new();
    let mut dice = Dice(5);
    let (scene, _) = random_scene(&studio.stage(), 0, &mut dice);
    for file in 0..4 {
        studio.write(&format!("{file}.tga"), &tga(8, file));
    }
    let import = |studio: &mut Studio| {
        let job = studio.submit("0.scn", scene.clone());
        assert!(studio.stepper.finish(&job).success);
        studio.stepper.drain();
        (
            files(&studio.stepper.root()),
            crate::common::stamps(&studio.stepper.root()),
        )
    };
    let first = import(&mut studio);
    assert_eq!(import(&mut studio), first);
}

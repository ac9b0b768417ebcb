//! The plan of a scene: its items, what waits for what, and what runs at once.

use super::{
    parse,
    script::{Studio, embedded, external, material, nodes, plain_mesh, settings, tga, triangles},
};

use bevy_ecs::prelude::*;
use bevy_kiln_assets::source::scene::{SceneMesh, SceneParts, TextureSlot as Slot};
use bevy_kiln_components::{
    budget::MemoryBudget,
    messages::ProgressKind,
    pipeline::WorkKind,
    report::Product,
    work::{BlockedBy, Producers, WorkItems, WorkName, WorkState},
};
use std::collections::BTreeSet;

/// Two textured materials and a plain one, two meshes.
fn room(meshes: Vec<SceneMesh>) -> SceneParts {
    SceneParts {
        name: "Room".to_owned(),
        nodes: nodes(meshes.len()),
        meshes,
        materials: vec![
            material("Wood", &[(Slot::BaseColor, 0), (Slot::Normal, 1)]),
            material("Plain", &[]),
            material("Lamp", &[(Slot::BaseColor, 0), (Slot::Emissive, 0)]),
        ],
        images: vec![external("wood.tga"), embedded("bumps", tga(4, 3))],
        ..SceneParts::default()
    }
}

fn table_and_floor(studio: &Studio) -> Vec<SceneMesh> {
    vec![
        studio.mesh("Table", &[Some(0), None]),
        studio.mesh("Floor", &[Some(1), Some(2)]),
    ]
}

/// Kind, name and producers of every item, in plan order.
fn items(world: &mut World) -> Vec<(WorkKind, String, Vec<usize>)> {
    let mut jobs = world.query::<&WorkItems>();
    let all: Vec<Entity> = jobs.single(world).unwrap().iter().collect();
    let position = |item: &Entity| all.iter().position(|other| other == item).unwrap();
    all.iter()
        .map(|&item| {
            let name = world.get::<WorkName>(item).unwrap().0.clone();
            let producers = &world.get::<Producers>(item).unwrap().0;
            let kind = *world.get::<WorkKind>(item).unwrap();
            (kind, name, producers.iter().map(position).collect())
        })
        .collect()
}

fn find(world: &mut World, kind: WorkKind, name: &str) -> Option<(WorkState, u32)> {
    let mut items = world.query::<(&WorkKind, &WorkName, &WorkState, &BlockedBy)>();
    let mut found = items.iter(world);
    let found = found.find(|(of, called, ..)| **of == kind && called.0.ends_with(name));
    found.map(|(.., state, blocked)| (*state, blocked.0))
}

fn state(world: &mut World, kind: WorkKind, name: &str) -> (WorkState, u32) {
    find(world, kind, name).unwrap_or_else(|| panic!("{kind} {name}"))
}

fn is(world: &mut World, kind: WorkKind, name: &str, wanted: WorkState) -> bool {
    find(world, kind, name).is_some_and(|(state, _)| state == wanted)
}

#[test]
fn items_come_in_waves_and_know_their_producers() {
    let mut studio = Studio::new();
    studio.write("wood.tga", &tga(8, 1));
    studio.stage().hold(&["read wood.tga"]);
    let scene = room(table_and_floor(&studio));
    let job = studio.submit("room.scn", scene);
    let stage = studio.stage();
    studio
        .stepper
        .until("the texture is read", |_| stage.reached("read wood.tga"));
    let source = studio.stepper.folder.path().join("room.scn");
    let source = source.to_str().unwrap();
    let texture = |name: &str| format!("{source}::tex::{name}");
    let found = items(studio.stepper.world_mut());
    let expected = [
        (WorkKind::TEXTURE, texture("wood.tga::base_color"), vec![]),
        (WorkKind::TEXTURE, texture("bumps::normal"), vec![]),
        (WorkKind::TEXTURE, texture("wood.tga::emissive"), vec![]),
        (WorkKind::MATERIAL, "Room/Plain".to_owned(), vec![]),
        (WorkKind::MESH_BUILD, "Room/Table".to_owned(), vec![]),
        (WorkKind::MESH_BUILD, "Room/Floor".to_owned(), vec![]),
        (WorkKind::MATERIAL, "Room/Wood".to_owned(), vec![0, 1]),
        (WorkKind::MATERIAL, "Room/Lamp".to_owned(), vec![0, 2]),
        (WorkKind::GEOMETRY, "Room/Table".to_owned(), vec![4, 6]),
        (WorkKind::GEOMETRY, "Room/Floor".to_owned(), vec![3, 5, 7]),
        (WorkKind::SCENE, source.to_owned(), vec![8, 9]),
    ];
    assert_eq!(found, expected);
    stage.open("read wood.tga");
    let report = studio.stepper.finish(&job);
    assert!(report.success, "{report:?}");
    studio.stepper.drain();
    parse::verified(&studio.stepper.root());
}

#[test]
fn items_are_blocked_until_their_producers_are_emitted() {
    let mut studio = Studio::new();
    studio.write("wood.tga", &tga(8, 1));
    let stage = studio.stage();
    stage.hold(&["read wood.tga", "mesh Table"]);
    let job = studio.submit("room.scn", room(table_and_floor(&studio)));
    let stepper = &mut studio.stepper;
    stepper.until("both gates are reached", |_| {
        stage.reached("read wood.tga") && stage.reached("mesh Table")
    });
    stepper.until("the other mesh is built", |world| {
        is(world, WorkKind::MESH_BUILD, "Floor", WorkState::Cooked)
    });
    let world = stepper.world_mut();
    // Everything that comes later in the plan waits for the first texture, cooked or not.
    let expected = [
        (
            WorkKind::TEXTURE,
            "wood.tga::base_color",
            WorkState::Reading,
            0,
        ),
        (WorkKind::MESH_BUILD, "Table", WorkState::Running, 0),
        (WorkKind::MATERIAL, "Wood", WorkState::Blocked, 2),
        (WorkKind::MATERIAL, "Lamp", WorkState::Blocked, 2),
        (WorkKind::GEOMETRY, "Table", WorkState::Blocked, 2),
        (WorkKind::GEOMETRY, "Floor", WorkState::Blocked, 3),
        (WorkKind::SCENE, "room.scn", WorkState::Blocked, 2),
    ];
    for (kind, name, at, blocked) in expected {
        assert_eq!(state(world, kind, name), (at, blocked), "{kind} {name}");
    }
    stage.open("read wood.tga");
    stepper.until("textures are emitted", |world| {
        is(
            world,
            WorkKind::TEXTURE,
            "wood.tga::emissive",
            WorkState::Emitted,
        )
    });
    stepper.until("materials are cooked", |world| {
        is(world, WorkKind::MATERIAL, "Lamp", WorkState::Cooked)
    });
    let world = stepper.world_mut();
    assert_eq!(
        state(world, WorkKind::MATERIAL, "Plain").0,
        WorkState::Emitted
    );
    assert_eq!(
        state(world, WorkKind::GEOMETRY, "Floor"),
        (WorkState::Blocked, 2),
        "its mesh comes after one that is not built"
    );
    stage.open("mesh Table");
    assert!(stepper.finish(&job).success);
}

#[test]
fn textures_and_meshes_are_cooked_side_by_side() {
    let mut studio = Studio::new();
    let stage = studio.stage();
    stage.hold(&["mesh Table", "mesh Floor", "read wood.tga"]);
    studio.write("wood.tga", &tga(8, 1));
    let job = studio.submit("room.scn", room(table_and_floor(&studio)));
    let stepper = &mut studio.stepper;
    // A texture is cooked from its beginning to its end while two meshes are being built and another
    // texture is being read.
    stepper.until("all of them run", |world| {
        ["Table", "Floor"]
            .iter()
            .all(|mesh| is(world, WorkKind::MESH_BUILD, mesh, WorkState::Running))
            && is(world, WorkKind::TEXTURE, "bumps::normal", WorkState::Cooked)
            && is(
                world,
                WorkKind::TEXTURE,
                "wood.tga::emissive",
                WorkState::Reading,
            )
    });
    for gate in ["mesh Table", "mesh Floor", "read wood.tga"] {
        stage.open(gate);
    }
    assert!(stepper.finish(&job).success);
}

#[test]
fn an_image_in_ten_materials_is_read_and_cooked_once() {
    let mut studio = Studio::new();
    studio.write("wood.tga", &tga(8, 1));
    let scene = SceneParts {
        materials: (0..10)
            .map(|number| material(&format!("m{number}"), &[(Slot::BaseColor, 0)]))
            .collect(),
        images: vec![external("wood.tga"), external("never used.tga")],
        ..SceneParts::default()
    };
    let job = studio.submit("room.scn", scene);
    let report = studio.stepper.finish(&job);
    assert!(report.success, "{report:?}");
    let textures = report
        .products
        .iter()
        .filter(|product| matches!(product, Product::Texture { .. }));
    assert_eq!(textures.count(), 1);
    assert_eq!((report.textures_written, report.materials_written), (1, 10));
    let root = studio.stepper.root();
    for number in 0..10 {
        let material = format!("Materials/Scene/m{number}.omat");
        assert_eq!(parse::texture_slot(&root, &material, 0), 1);
    }
    studio.stepper.drain();
    parse::verified(&root);
}

#[test]
fn progress_tells_kinds_and_names() {
    let mut studio = Studio::new();
    studio.write("wood.tga", &tga(8, 1));
    let request = studio.request("room.scn", room(table_and_floor(&studio)));
    let source = request.source().to_owned();
    let job = studio.stepper.watch_request(request);
    let steps = job.steps.clone();
    studio
        .stepper
        .ended_once(job, bevy_kiln_components::job::JobState::Complete);
    let steps = steps.lock().unwrap();
    let phases: Vec<(&str, f32)> = steps
        .iter()
        .filter(|step| step.kind == ProgressKind::PhaseUpdate)
        .map(|step| (step.message.as_str(), step.overall))
        .collect();
    assert_eq!(
        phases,
        [
            ("Parsing Script...", 0.0),
            ("Building import plan...", 0.1),
            ("Executing plan...", 0.2),
            ("Finalizing import...", 0.9),
            ("Import complete", 1.0),
        ]
    );
    let of = |kind| -> BTreeSet<(&str, String)> {
        let of_kind = steps.iter().filter(|step| step.kind == kind);
        of_kind
            .filter_map(|step| step.item.as_ref())
            .map(|item| (item.kind, item.name.replace(&source, "<source>")))
            .collect()
    };
    let started = of(ProgressKind::ItemStarted);
    let expected = [
        ("Geometry", "Room/Floor"),
        ("Geometry", "Room/Table"),
        ("Material", "Room/Lamp"),
        ("Material", "Room/Plain"),
        ("Material", "Room/Wood"),
        ("MeshBuild", "Room/Floor"),
        ("MeshBuild", "Room/Table"),
        ("MeshBuild", "geom-buffer:<source>::Room/Floor::1:lod0:ib"),
        ("MeshBuild", "geom-buffer:<source>::Room/Floor::1:lod0:vb"),
        ("MeshBuild", "geom-buffer:<source>::Room/Table::0:lod0:ib"),
        ("MeshBuild", "geom-buffer:<source>::Room/Table::0:lod0:vb"),
        ("Scene", "<source>"),
        ("Texture", "<source>::tex::bumps::normal"),
        ("Texture", "<source>::tex::wood.tga::base_color"),
        ("Texture", "<source>::tex::wood.tga::emissive"),
    ];
    let expected: BTreeSet<_> = expected.map(|(kind, name)| (kind, name.to_owned())).into();
    assert_eq!(started, expected);
    assert_eq!(of(ProgressKind::ItemFinished), expected);
    assert_eq!(of(ProgressKind::ItemCollected).len(), 11);
    assert!(
        steps
            .iter()
            .any(|step| step.message == "Room/Floor started")
    );
}

#[test]
fn the_byte_budget_holds_for_scenes() {
    let mut settings = settings();
    // Each texture takes a megabyte and a bit, whatever its size.
    settings.memory_budget = 5 << 19;
    let mut studio = Studio::with(settings);
    let stage = studio.stage();
    let files: Vec<String> = (0..6).map(|file| format!("{file}.tga")).collect();
    for file in &files {
        studio.write(file, &tga(8, file.as_bytes()[0]));
        stage.hold(&[&format!("read {file}")]);
    }
    let slots: Vec<_> = files
        .iter()
        .zip(0..)
        .map(|(file, image)| material(file, &[(Slot::BaseColor, image)]))
        .collect();
    let scene = SceneParts {
        materials: slots,
        images: files.iter().map(|file| external(file)).collect(),
        ..SceneParts::default()
    };
    let job = studio.submit("room.scn", scene);
    let stepper = &mut studio.stepper;
    let read = |stepper: &crate::common::Stepper| -> usize {
        let reached = files
            .iter()
            .filter(|file| stepper.stage.reached(&format!("read {file}")));
        reached.count()
    };
    for (opened, file) in files.iter().enumerate() {
        stepper.settle();
        let budget = stepper.world().resource::<MemoryBudget>();
        assert!(budget.used() <= budget.limit(), "{}", budget.used());
        assert_eq!(
            read(stepper),
            (opened + 2).min(6),
            "two at a time, in order"
        );
        stage.open(&format!("read {file}"));
        stepper.until("it is emitted", |world| {
            state(world, WorkKind::TEXTURE, &format!("{file}::base_color")).0 == WorkState::Emitted
        });
    }
    assert!(stepper.finish(&job).success);
}

#[test]
fn a_mesh_larger_than_the_budget_is_built_alone() {
    let mut settings = settings();
    settings.memory_budget = 1000;
    let mut studio = Studio::with(settings);
    let scene = SceneParts {
        meshes: vec![
            plain_mesh("a", triangles(1.0, &[None; 50])),
            plain_mesh("b", triangles(2.0, &[None; 50])),
        ],
        ..SceneParts::default()
    };
    let job = studio.submit("room.scn", scene);
    assert!(studio.stepper.finish(&job).success);
    studio.stepper.drain();
}

#[test]
fn a_scene_of_nothing_is_a_scene() {
    let mut studio = Studio::new();
    let job = studio.submit("room.scn", SceneParts::default());
    let report = studio.stepper.finish(&job);
    assert!(report.success, "{report:?}");
    assert_eq!((report.scenes_written, report.geometry_written), (1, 0));
    let root = studio.stepper.root();
    assert_eq!(parse::nodes(&root, "Scenes/Scene.oscene")[0].0, "root");
    studio.stepper.drain();
    parse::verified(&root);
}

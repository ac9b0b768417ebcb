//! Scenes that are cancelled, in every phase.

use super::script::{Studio, embedded, external, material, nodes, tga};
use crate::common::{Files, Watched, fake::Act, files};
use bevy_ecs::prelude::*;
use bevy_kiln_assets::source::scene::{SceneParts, TextureSlot as Slot};
use bevy_kiln_components::{
    container::ContainerState, job::JobState, pipeline::WorkKind, work::WorkState,
};

use std::path::Path;

/// Where a scene is held, and by which gate.
const PLACES: [(&str, &[&str]); 6] = [
    ("submitted", &[]),
    ("planning", &["plan room.scn"]),
    ("reading a texture", &["read wood.tga"]),
    ("building a mesh", &["mesh Table"]),
    ("mesh built, texture not", &["read wood.tga"]),
    ("textures emitted, mesh not", &["mesh Table"]),
];

fn room(studio: &Studio) -> SceneParts {
    studio.write("wood.tga", &tga(8, 1));
    SceneParts {
        name: "Room".to_owned(),
        nodes: nodes(1),
        meshes: vec![studio.mesh("Table", &[Some(0)])],
        materials: vec![material("Wood", &[(Slot::BaseColor, 0), (Slot::Normal, 1)])],
        images: vec![external("wood.tga"), embedded("bumps", tga(4, 3))],
        ..SceneParts::default()
    }
}

fn in_state(world: &mut World, kind: WorkKind, wanted: WorkState) -> usize {
    let mut items = world.query::<(&WorkKind, &WorkState)>();
    let all = items.iter(world);
    all.filter(|(of, state)| **of == kind && **state == wanted)
        .count()
}

fn bring_to(studio: &mut Studio, place: &str) -> Watched {
    let stage = studio.stage();
    let (_, gates) = PLACES.iter().find(|(name, _)| *name == place).unwrap();
    stage.hold(gates);
    let request = studio.request("room.scn", room(studio));
    let job = studio.stepper.watch_request(request);
    let stepper = &mut studio.stepper;
    match place {
        "submitted" => {}
        "mesh built, texture not" => stepper.until(place, |world| {
            in_state(world, WorkKind::MESH_BUILD, WorkState::Cooked) == 1
        }),
        "textures emitted, mesh not" => stepper.until(place, |world| {
            in_state(world, WorkKind::TEXTURE, WorkState::Emitted) == 2
        }),
        _ => stepper.until(place, |_| stage.reached(gates[0])),
    }
    job
}

#[test]
fn cancelled_or_despawned_anywhere_nothing_is_left() {
    for (place, gates) in PLACES {
        for despawn in [false, true] {
            if despawn && place == "submitted" {
                continue;
            }
            let mut studio = Studio::new();
            let job = bring_to(&mut studio, place);
            let stepper = &mut studio.stepper;
            if despawn {
                let entity = stepper.job(job.id).unwrap();
                stepper.world_mut().despawn(entity);
            } else {
                assert!(stepper.client.cancel(job.id), "{place}");
            }
            stepper.tick();
            assert!(
                !stepper.client.is_active(job.id),
                "{place}: nobody waits for tasks"
            );
            for gate in gates {
                stepper.stage.open(gate);
            }
            stepper.ended_once(job, JobState::Cancelled);
            assert!(!stepper.root().exists(), "{place}: nothing is left");
        }
    }
}

/// The files of a container, without the catalogue, which names the folder of the test.
fn left(studio: &Studio) -> Files {
    let mut files = files(&studio.stepper.root());
    assert!(files.remove(Path::new("kiln.catalog.json")).is_some());
    files
}

/// What is left when the room is imported and nothing else.
fn alone() -> Files {
    let mut studio = Studio::new();
    let job = studio.submit("room.scn", room(&studio));
    assert!(studio.stepper.finish(&job).success);
    studio.stepper.drain();
    left(&studio)
}

#[test]
fn a_scene_that_is_finalising_can_be_taken_back() {
    let mut studio = Studio::new();
    let stage = studio.stage();
    // Nothing is committed as long as somebody has not emitted anything.
    stage.hold(&["plan room.scn"]);
    let mut other = room(&studio);
    other.name = "Other".to_owned();
    let request = studio.request("other.scn", other);
    let first = studio.stepper.watch_request(request);
    let second = studio.submit("room.scn", room(&studio));
    let entity = studio.stepper.job(first.id);
    assert!(entity.is_none(), "it comes with the next tick");
    studio.stepper.tick();
    let entity = studio.stepper.job(first.id).unwrap();
    studio.stepper.until_job(entity, JobState::Finalizing);
    studio.stepper.settle();
    assert!(studio.stepper.client.cancel(first.id));
    studio.stepper.tick();
    assert!(!studio.stepper.client.is_active(first.id));
    stage.open("plan room.scn");
    assert!(studio.stepper.finish(&second).success);
    studio.stepper.ended_once(first, JobState::Cancelled);
    assert_eq!(left(&studio), alone());
}

#[test]
fn a_cancelled_scene_leaves_others_as_they_would_be() {
    let mut studio = Studio::new();
    let stage = studio.stage();
    stage.hold(&["mesh Chair"]);
    let first = {
        let mut parts = room(&studio);
        parts.name = "Other".to_owned();
        parts.meshes = vec![studio.mesh("Chair", &[None])];
        parts.images[1] = embedded("other bumps", tga(16, 77));
        studio.submit("other.scn", parts)
    };
    let second = studio.submit("room.scn", room(&studio));
    studio.stepper.until("both are under way", |world| {
        in_state(world, WorkKind::TEXTURE, WorkState::Emitted) == 2
            && in_state(world, WorkKind::MESH_BUILD, WorkState::Cooked) == 1
    });
    first.cancel();
    assert!(studio.stepper.finish(&second).success);
    stage.open("mesh Chair");
    studio.stepper.drain();
    assert_eq!(left(&studio), alone());
}

#[test]
fn cancelled_past_the_point_of_return_it_is_complete() {
    let mut studio = Studio::new();
    let request = studio.request("room.scn", room(&studio));
    let job = studio.stepper.watch_request(request);
    studio.stepper.until_container(&ContainerState::Committing);
    assert!(studio.stepper.client.cancel(job.id));
    studio.stepper.ended_once(job, JobState::Complete);
}

#[test]
fn a_shutdown_cancels_scenes() {
    let mut studio = Studio::new();
    let bad = studio.bad_mesh("never read", Act::Fail);
    studio.stage().hold(&["mesh never read"]);
    let scene = SceneParts {
        meshes: vec![bad],
        ..SceneParts::default()
    };
    let request = studio.request("room.scn", scene);
    let job = studio.stepper.watch_request(request);
    let stage = studio.stage();
    studio
        .stepper
        .until("it runs", |_| stage.reached("mesh never read"));
    studio.stepper.client.request_shutdown();
    studio.stepper.tick();
    assert_eq!(studio.stepper.client.active_count(), 0);
    studio.stepper.until_stopped();
    stage.open("mesh never read");
    studio.stepper.ended_once(job, JobState::Cancelled);
}

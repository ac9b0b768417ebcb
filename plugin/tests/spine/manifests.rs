//! Manifests: as entities, and through the client.

use crate::common::{
    Stepper,
    fake::{Act, Script, Step},
    files,
};
use bevy_ecs::prelude::*;
use bevy_kiln_assets::manifest::{Manifest, ManifestFormat, Places};
use bevy_kiln_components::{
    job::{CancelToken, JobState},
    manifest::{JobOfManifest, ManifestFinished, ManifestOutcome, ManifestRequest, ManifestState},
    pipeline::WorkKind,
};
use bevy_kiln_plugin::SubmitError;
use bevy_kiln_systems::{dispatch::ReadyWork, load::LoadedJobs};
use std::sync::{Arc, Mutex};

/// What observers have heard: the manifest, and what came of it.
type Finished = Arc<Mutex<Vec<(Entity, Arc<ManifestOutcome>)>>>;

struct Project {
    stepper: Stepper,
    finished: Finished,
}

impl Project {
    fn new() -> Self {
        let mut stepper = Stepper::new();
        let finished = Finished::default();
        let heard = finished.clone();
        stepper
            .app
            .add_observer(move |event: On<ManifestFinished>| {
                heard
                    .lock()
                    .unwrap()
                    .push((event.entity, event.outcome.clone()));
            });
        Self { stepper, finished }
    }

    /// Source files that cook one texture each, named after them.
    fn sources(&self, names: &[&str]) {
        for name in names {
            self.stepper
                .request(&format!("{name}.head"), Script::one(name));
        }
    }

    fn request(&self, document: &str) -> ManifestRequest {
        let path = self.stepper.folder.path().join("kiln.json");
        std::fs::write(&path, document).unwrap();
        ManifestRequest::file(path).into_container(self.stepper.root())
    }

    fn spawn(&mut self, document: &str) -> Entity {
        let request = self.request(document);
        self.stepper.world_mut().spawn(request).id()
    }

    #[track_caller]
    fn finish(&mut self, manifest: Entity) -> Arc<ManifestOutcome> {
        let finished = self.finished.clone();
        let find = || {
            let finished = finished.lock().unwrap();
            let mut mine = finished.iter().filter(|(entity, _)| *entity == manifest);
            let outcome = mine.next().map(|(_, outcome)| outcome.clone());
            assert!(mine.next().is_none(), "a manifest ends once");
            outcome
        };
        self.stepper
            .until("the manifest ends", |_| find().is_some());
        find().unwrap()
    }
}

/// A manifest of these sources.
fn manifest(sources: &[&str]) -> String {
    let jobs: Vec<String> = sources
        .iter()
        .map(|source| format!(r#"{{"type": "texture", "source": "{source}"}}"#))
        .collect();
    format!(r#"{{"jobs": [{}]}}"#, jobs.join(", "))
}

/// Names of the textures in the order of their indices.
fn textures(outcome: &ManifestOutcome) -> Vec<String> {
    use bevy_kiln_components::report::Product;
    let mut all: Vec<(u32, String)> = outcome
        .reports
        .iter()
        .flat_map(|(_, report)| &report.products)
        .map(|product| match product {
            Product::Texture { index, name, .. } => (*index, name.clone()),
            other => panic!("{other:?}"),
        })
        .collect();
    all.sort();
    all.into_iter().map(|(_, name)| name).collect()
}

#[test]
fn an_entity_becomes_jobs_in_the_order_of_the_document() {
    let mut project = Project::new();
    project.sources(&["c", "a1", "a2", "b"]);
    let document = manifest(&["c.head", "a*.head", "b.head"]);
    let entity = project.spawn(&document);
    let outcome = project.finish(entity);
    assert!(outcome.success(), "{outcome:?}");
    let mut places: Vec<_> = outcome.reports.iter().map(|(index, _)| index.0).collect();
    places.sort_unstable();
    assert_eq!(places, [0, 1, 1, 2]);
    assert_eq!(textures(&outcome), ["c", "a1", "a2", "b"]);
    let world = project.stepper.world_mut();
    assert_eq!(
        world.get::<ManifestState>(entity),
        Some(&ManifestState::Finished)
    );
    assert_eq!(
        world.query::<&JobOfManifest>().iter(world).count(),
        0,
        "its jobs are gone"
    );
    project.stepper.drain();

    // The client does the same with the same document.
    let parsed = Manifest::parse(document.as_bytes(), ManifestFormat::Json).unwrap();
    let folder = project.stepper.folder.path().to_owned();
    let other = folder.join("by-client");
    let places = Places::new(&folder).with_output(&other);
    let handle = project
        .stepper
        .client
        .submit_manifest(&parsed, &places)
        .unwrap();
    let indices: Vec<_> = handle.jobs().map(|(index, _)| index).collect();
    assert_eq!(indices, [0, 1, 1, 2]);
    for (_, job) in handle.into_jobs() {
        assert!(project.stepper.finish(&job).success);
    }
    project.stepper.drain();
    assert_eq!(files(&project.stepper.root()), files(&other));
}

#[test]
fn a_manifest_is_not_bound_by_the_queue() {
    const JOBS: usize = 700;
    let mut project = Project::new();
    let names: Vec<String> = (0..JOBS).map(|job| format!("t{job:04}")).collect();
    project.sources(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let entity = project.spawn(&manifest(&["*.head"]));
    let mut most = 0;
    let finished = project.finished.clone();
    project.stepper.until("the manifest ends", |world| {
        let mut jobs = world.query::<&JobState>();
        let pending = jobs
            .iter(world)
            .filter(|state| **state == JobState::Pending);
        most = most.max(pending.count());
        !finished.lock().unwrap().is_empty()
    });
    assert!(most <= 256, "{most} jobs were waiting at once");
    let outcome = project.finish(entity);
    assert!(outcome.success());
    assert_eq!(textures(&outcome), names);
    // The client's capacity is 64.
    let parsed = Manifest::parse(manifest(&["*.head"]).as_bytes(), ManifestFormat::Json).unwrap();
    let places = Places::new(project.stepper.folder.path()).with_output(project.stepper.root());
    let handle = project
        .stepper
        .client
        .submit_manifest(&parsed, &places)
        .unwrap();
    assert_eq!(handle.jobs().len(), JOBS);
    handle.cancel();
    project.stepper.drain();
}

#[test]
fn problems_are_part_of_what_comes_of_it() {
    let mut project = Project::new();
    project.sources(&["a"]);
    let found = |outcome: &ManifestOutcome| -> Vec<_> {
        outcome
            .problems
            .iter()
            .map(|problem| (problem.code.id(), problem.pointer.clone(), problem.job))
            .collect()
    };
    let broken = project.spawn("{");
    let outcome = project.finish(broken);
    assert_eq!(
        found(&outcome),
        [("manifest.parse_failed", String::new(), None)]
    );
    assert!(!outcome.success() && outcome.reports.is_empty());

    let missing = ManifestRequest::file(project.stepper.folder.path().join("none.json"));
    let missing = project.stepper.world_mut().spawn(missing).id();
    let outcome = project.finish(missing);
    assert_eq!(
        found(&outcome),
        [("manifest.open_failed", String::new(), None)]
    );
    assert!(
        outcome.problems[0]
            .message
            .starts_with("failed to open manifest: ")
    );

    // One job is wrong; the other runs.
    let partly = project.spawn(&manifest(&["x.fbx", "a.head", "*.tga"]));
    let outcome = project.finish(partly);
    assert_eq!(
        found(&outcome),
        [
            ("manifest.job_invalid", "/jobs/0/source".to_owned(), Some(0)),
            ("manifest.no_match", "/jobs/2/source".to_owned(), Some(2)),
        ]
    );
    assert_eq!(outcome.reports.len(), 1);
    assert!(outcome.reports[0].1.success && !outcome.success());

    let empty = project.spawn(r#"{"jobs": []}"#);
    assert!(project.finish(empty).success());
    project.stepper.drain();
}

#[test]
fn manifests_run_in_the_order_in_which_they_came() {
    let mut project = Project::new();
    project.sources(&["a", "b", "c", "d"]);
    let read = |document: String| {
        let parsed = Manifest::parse(document.as_bytes(), ManifestFormat::Json).unwrap();
        ManifestRequest::document(parsed)
            .with_root(project.stepper.folder.path())
            .into_container(project.stepper.root())
    };
    let (first, second) = (
        read(manifest(&["d.head", "b.head"])),
        read(manifest(&["c.head", "a.head"])),
    );
    let world = project.stepper.world_mut();
    // Entities that were used before come back in another order.
    let old: Vec<Entity> = (0..4).map(|_| world.spawn_empty().id()).collect();
    old.into_iter().for_each(|entity| {
        world.despawn(entity);
    });
    let (first, second) = (world.spawn(first).id(), world.spawn(second).id());
    let one = project.finish(first);
    let two = project.finish(second);
    let mut both = ManifestOutcome::default();
    both.reports
        .extend(one.reports.iter().chain(&two.reports).cloned());
    assert_eq!(textures(&both), ["d", "b", "c", "a"]);
    project.stepper.drain();
}

#[test]
fn despawning_a_manifest_cancels_it_and_the_next_one_goes_on() {
    let mut project = Project::new();
    project.sources(&["a", "b", "c"]);
    project.stepper.stage.hold(&["cook a"]);
    let first = project.spawn(&manifest(&["a.head", "b.head"]));
    project.stepper.until("two jobs run", |world| {
        world.query::<&JobState>().iter(world).count() == 2
    });
    let request = ManifestRequest::file(project.stepper.folder.path().join("second.json"))
        .into_container(project.stepper.root());
    std::fs::write(
        project.stepper.folder.path().join("second.json"),
        manifest(&["c.head"]),
    )
    .unwrap();
    let world = project.stepper.world_mut();
    world.despawn(first);
    let second = world.spawn(request).id();
    project.stepper.stage.open("cook a");
    assert_eq!(textures(&project.finish(second)), ["c"]);
    project.stepper.drain();
    assert_eq!(
        project.finished.lock().unwrap().len(),
        1,
        "who is gone hears nothing"
    );
}

#[test]
fn a_manifest_ends_also_when_its_jobs_are_despawned_or_cancelled() {
    let mut project = Project::new();
    project.sources(&["a", "b", "c"]);
    project.stepper.stage.hold(&["cook a", "cook b"]);
    let entity = project.spawn(&manifest(&["a.head", "b.head", "c.head"]));
    project
        .stepper
        .until_item("a", bevy_kiln_components::work::WorkState::Running);
    let world = project.stepper.world_mut();
    let mut jobs: Vec<Entity> = world
        .query_filtered::<Entity, With<JobOfManifest>>()
        .iter(world)
        .collect();
    jobs.sort_by_key(|job| {
        *world
            .get::<bevy_kiln_components::job::JobOrder>(*job)
            .unwrap()
    });
    world.despawn(jobs[0]);
    world.get::<CancelToken>(jobs[1]).unwrap().cancel();
    project.stepper.stage.open("cook a");
    project.stepper.stage.open("cook b");
    let outcome = project.finish(entity);
    let mut states: Vec<_> = outcome
        .reports
        .iter()
        .map(|(index, report)| (index.0, report.outcome))
        .collect();
    states.sort_by_key(|(index, _)| *index);
    let expected = [
        (0, JobState::Cancelled),
        (1, JobState::Cancelled),
        (2, JobState::Complete),
    ];
    assert_eq!(states, expected);
    assert!(!outcome.success());
    project.stepper.drain();
}

#[test]
fn failures_are_reports() {
    let mut project = Project::new();
    let broken = Script::of([Step::texture("broken").cook(Act::Fail)]);
    project.stepper.request("broken.head", broken);
    project.sources(&["fine"]);
    let entity = project.spawn(&manifest(&["broken.head", "fine.head"]));
    let outcome = project.finish(entity);
    assert!(!outcome.success() && outcome.problems.is_empty());
    assert_eq!(textures(&outcome), ["fine"]);
    project.stepper.drain();
}

#[test]
fn a_source_of_another_format_is_refused() {
    let mut project = Project::new();
    // A bitmap, whatever its name says.
    let bitmap = project.stepper.folder.path().join("model.glb");
    std::fs::write(
        &bitmap,
        b"BM\x1e\0\0\0\0\0\0\0\x1a\0\0\0\x0c\0\0\0\x01\0\x01\0\x01\0\x18\0\xff\xff\xff\0",
    )
    .unwrap();
    let entity = project.spawn(r#"{"jobs": [{"type": "gltf", "source": "model.glb"}]}"#);
    let outcome = project.finish(entity);
    let codes: Vec<_> = outcome.reports[0]
        .1
        .diagnostics
        .iter()
        .map(|d| d.code.id())
        .collect();
    assert_eq!(codes, ["import.format_mismatch"]);
    project.stepper.drain();
}

#[test]
fn a_service_that_is_shutting_down_takes_no_manifest() {
    let mut project = Project::new();
    project.sources(&["a"]);
    project.stepper.client.request_shutdown();
    let parsed = Manifest::parse(manifest(&["a.head"]).as_bytes(), ManifestFormat::Json).unwrap();
    let places = Places::new(project.stepper.folder.path()).with_output("/nowhere");
    let refused = project.stepper.client.submit_manifest(&parsed, &places);
    assert!(matches!(refused, Err(SubmitError::Refused(_))));
    // As an entity it ends with the refusals of its jobs.
    let entity = project.spawn(&manifest(&["a.head"]));
    let outcome = project.finish(entity);
    assert_eq!(
        outcome.reports[0].1.diagnostics[0].code.id(),
        "import.shutdown"
    );
}

/// Pictures of their own, as the real importer reads them.
fn pictures(project: &Project, count: usize) -> Vec<String> {
    let write = |i: usize| {
        let name = format!("{i}.ppm");
        let mut file = b"P6 8 8 255\n".to_vec();
        file.extend(std::iter::repeat_n(i as u8, 8 * 8 * 3));
        std::fs::write(project.stepper.folder.path().join(&name), file).unwrap();
        name
    };
    (0..count).map(write).collect()
}

#[test]
fn limits_of_a_manifest_hold_as_long_as_its_jobs_run() {
    let mut project = Project::new();
    let sources = pictures(&project, 12);
    let jobs: Vec<String> = sources
        .iter()
        .map(|source| {
            format!(r#"{{"type": "texture", "source": "{source}", "output_format": "rgba8_srgb"}}"#)
        })
        .collect();
    let document = format!(
        r#"{{"thread_pool_size": 3, "max_in_flight_jobs": 2,
            "concurrency": {{"texture": {{"workers": 1, "queue_capacity": 1}}}}, "jobs": [{}]}}"#,
        jobs.join(",")
    );
    let manifest = project.spawn(&document);
    let (client, finished) = (project.stepper.client.clone(), project.finished.clone());
    let mut most = (0, 0);
    project.stepper.until("the manifest ends", |world| {
        let admitted = world.resource::<ReadyWork>().admitted(WorkKind::TEXTURE);
        most = (
            most.0.max(world.resource::<LoadedJobs>().0),
            most.1.max(admitted),
        );
        !finished.lock().unwrap().is_empty()
    });
    let outcome = project.finish(manifest);
    assert!(outcome.success(), "{:?}", outcome.problems);
    assert_eq!(outcome.reports.len(), 12);
    let codes: Vec<_> = outcome
        .problems
        .iter()
        .map(|problem| problem.code.id())
        .collect();
    assert_eq!(codes, ["manifest.limit_unused"]);
    assert!(most.1 == 1 && (1..=2).contains(&most.0), "{most:?}");
    // The client is told the same.
    let document = Manifest::parse(document.as_bytes(), ManifestFormat::Json).unwrap();
    let places = Places::new(project.stepper.folder.path()).with_output(project.stepper.root());
    let handle = project
        .stepper
        .client
        .submit_manifest(&document, &places)
        .unwrap();
    assert_eq!(handle.problems()[0].pointer, "/thread_pool_size");
    let last = handle.jobs().last().unwrap().1;
    let mut most = 0;
    project.stepper.until("the jobs end", |world| {
        most = most.max(world.resource::<ReadyWork>().admitted(WorkKind::TEXTURE));
        client.active_count() == 0
    });
    assert!(last.0 >= 12 && most == 1, "{most}");
}

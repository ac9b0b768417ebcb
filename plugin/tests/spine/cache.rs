//! The cache in an app: requests of clients, of entities and of manifests, once and again.

use crate::common::{Stepper, fake::Script, settings};
use bevy_ecs::prelude::*;
use bevy_kiln_components::{
    job::{FinishedReport, ImportRequest, JobState},
    manifest::{ManifestOutcome, ManifestRequest, ManifestState},
    report::ImportReport,
    settings::{CacheSettings, ImportSettings},
};
use bevy_kiln_systems::{
    cache::{CookCache, ProjectMemos, environment_of},
    importer::Importers,
    importers::built_in,
};
use std::{path::Path, sync::Arc};

/// An app with a cache in a folder.
fn app(cache: &Path, force: bool) -> Stepper {
    let mut settings = settings();
    let mut keep = CacheSettings::new(cache);
    keep.force = force;
    settings.cache = Some(keep);
    settings.max_queued_jobs = usize::MAX;
    Stepper::with(settings)
}

/// Writes two pictures and a manifest of them, and returns the folder.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, shade) in [("a.ppm", 10), ("b.ppm", 20)] {
        let mut picture = b"P6 4 4 255\n".to_vec();
        picture.extend([shade; 48]);
        std::fs::write(folder.path().join(name), picture).unwrap();
    }
    let manifest = r#"{"jobs": [{"type": "texture", "source": "*.ppm"}]}"#;
    std::fs::write(folder.path().join("kiln.json"), manifest).unwrap();
    folder
}

fn request(project: &Path, name: &str) -> ImportRequest {
    let source = project.join(name).to_str().unwrap().to_owned();
    ImportRequest::new(source).into_container(project.join("cooked"))
}

/// Waits until everything is on the disk, as a process does before it ends.
fn keep(stepper: &mut Stepper) {
    stepper.drain();
    stepper.world().resource::<CookCache>().finish();
    stepper.world().resource::<ProjectMemos>().finish();
}

fn by_client(stepper: &mut Stepper, project: &Path) -> Vec<Arc<ImportReport>> {
    let handles = ["a.ppm", "b.ppm"].map(|name| {
        let request = request(project, name);
        stepper.client.submit(request).unwrap()
    });
    let reports = handles
        .iter()
        .map(|handle| stepper.finish(handle))
        .collect();
    keep(stepper);
    reports
}

fn by_entity(stepper: &mut Stepper, project: &Path) -> Vec<Arc<ImportReport>> {
    let jobs = ["a.ppm", "b.ppm"].map(|name| {
        let request = request(project, name);
        stepper.world_mut().spawn(request).id()
    });
    for job in jobs {
        stepper.until_job(job, JobState::Complete);
    }
    let reports = jobs.map(|job| {
        stepper
            .world()
            .get::<FinishedReport>(job)
            .unwrap()
            .0
            .clone()
    });
    keep(stepper);
    reports.to_vec()
}

fn by_manifest(stepper: &mut Stepper, project: &Path) -> Vec<Arc<ImportReport>> {
    let request = ManifestRequest::file(project.join("kiln.json"));
    let request = request.into_container(project.join("cooked"));
    let manifest = stepper.world_mut().spawn(request).id();
    stepper.until("the manifest is finished", |world: &mut World| {
        world.get::<ManifestState>(manifest) == Some(&ManifestState::Finished)
    });
    let outcome = stepper.world().get::<ManifestOutcome>(manifest).unwrap();
    let reports = outcome
        .reports
        .iter()
        .map(|(_, report)| report.clone())
        .collect();
    keep(stepper);
    reports
}

#[test]
fn unchanged_jobs_end_at_once_whoever_asks() {
    for ask in [by_client, by_entity, by_manifest] {
        let project = project();
        let cache = project.path().join("cache");
        let mut first = app(&cache, false);
        let cooked = ask(&mut first, project.path());
        assert!(cooked.iter().all(|report| report.success && !report.cached));
        assert!(
            cooked
                .iter()
                .all(|report| report.items[0].cached == Some(false))
        );
        // In the same app, and in another one.
        for stepper in [&mut first, &mut app(&cache, false)] {
            let again = ask(stepper, project.path());
            assert_eq!(again.len(), 2);
            for (report, before) in again.iter().zip(&cooked) {
                assert!(report.success && report.cached && report.items.is_empty());
                assert_eq!(report.products.len(), before.products.len());
                assert_eq!(report.outputs, before.outputs);
                assert_eq!(report.source_key, before.source_key);
                assert_eq!(report.textures_written, 1);
            }
        }
        let forced = ask(&mut app(&cache, true), project.path());
        assert!(
            forced
                .iter()
                .all(|report| !report.cached && report.items[0].cached == Some(false))
        );
    }
}

/// A report without what is different in every run.
fn content(report: &ImportReport) -> serde_json::Value {
    let mut report = serde_json::to_value(report).unwrap();
    let fields = report.as_object_mut().unwrap();
    fields.remove("telemetry").unwrap();
    report
}

#[test]
fn a_run_in_which_nothing_changed_needs_no_app() {
    let project = project();
    let cache = project.path().join("cache");
    by_client(&mut app(&cache, false), project.path());
    // More than one thread looks at.
    let names: Vec<String> = (0..300).map(|number| format!("c{number}.ppm")).collect();
    for name in &names {
        let copy = project.path().join(name);
        std::fs::copy(project.path().join("a.ppm"), copy).unwrap();
    }
    let all = ["a.ppm", "b.ppm"].into_iter();
    let all = all.chain(names.iter().map(String::as_str));
    let requests: Vec<ImportRequest> = all.map(|name| request(project.path(), name)).collect();
    let run = || -> Vec<Arc<ImportReport>> {
        let mut stepper = app(&cache, false);
        let submit = |request: &ImportRequest| stepper.client.submit(request.clone()).unwrap();
        let handles: Vec<_> = requests.iter().map(submit).collect();
        let reports = handles.iter().map(|handle| stepper.finish(handle));
        let reports = reports.collect();
        keep(&mut stepper);
        reports
    };
    let mut service = settings();
    let importers = app(&cache, false).world().resource::<Importers>().clone();
    let quick = |service: &mut ImportSettings| {
        let memos = ProjectMemos::new(CacheSettings::new(&cache));
        memos.all_unchanged(&requests, service, &importers)
    };
    assert!(quick(&mut service).is_none(), "most were never cooked");
    run();
    let (app, quick_reports) = (run(), quick(&mut service).unwrap());
    assert!(app.iter().all(|report| report.cached));
    assert_eq!(app.len(), quick_reports.len());
    for (app, quick) in app.iter().zip(&quick_reports) {
        assert_eq!(content(app), content(quick));
    }
    // The last one counts as much as the first.
    std::fs::write(project.path().join("c299.ppm"), b"P6 1 1 255\n...").unwrap();
    assert!(quick(&mut service).is_none());
    service.content_hashing = !service.content_hashing;
    assert!(quick(&mut service).is_none());
}

#[test]
fn an_item_that_was_cooked_for_another_container_is_not_cooked_again() {
    let project = project();
    let cache = project.path().join("cache");
    by_client(&mut app(&cache, false), project.path());
    let mut stepper = app(&cache, false);
    let other = request(project.path(), "b.ppm").into_container(project.path().join("other"));
    let handle = stepper.client.submit(other).unwrap();
    let report = stepper.finish(&handle);
    assert!(report.success && !report.cached);
    assert_eq!(report.items[0].cached, Some(true));
    keep(&mut stepper);
}

#[test]
fn a_job_that_is_cancelled_while_it_is_asked_about_is_cancelled() {
    let project = project();
    let cache = project.path().join("cache");
    by_client(&mut app(&cache, false), project.path());
    let mut stepper = app(&cache, false);
    let handle = stepper
        .client
        .submit(request(project.path(), "a.ppm"))
        .unwrap();
    handle.cancel();
    let report = stepper.finish(&handle);
    assert_eq!(report.outcome, JobState::Cancelled);
    keep(&mut stepper);
}

#[test]
fn formats_and_work_that_say_nothing_of_themselves_are_cooked() {
    let cache = tempfile::tempdir().unwrap();
    let mut stepper = app(cache.path(), false);
    for _ in 0..2 {
        let handle = stepper.submit("a.head", Script::default());
        let report = stepper.finish(&handle);
        assert!(!report.cached, "{:?}", report.diagnostics);
        assert!(report.items.iter().all(|item| item.cached.is_none()));
        keep(&mut stepper);
    }
}

#[test]
fn the_command_and_the_plugin_have_the_same_formats() {
    let mut app = bevy_app::App::new();
    app.add_plugins((
        crate::common::pools(),
        bevy_kiln_plugin::ImportPlugin::default(),
    ));
    let importers = app.world().resource::<Importers>();
    assert_eq!(environment_of(importers), environment_of(&built_in()));
    assert!(
        app.world().get_resource::<CookCache>().is_none(),
        "an app has no cache by itself"
    );
}

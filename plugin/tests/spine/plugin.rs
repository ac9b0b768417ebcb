//! The plugin in all kinds of apps.

use crate::common::{
    self, Stepper, codes,
    fake::{Act, Script, Stage, Step},
    work::{FakeImporter, Textures},
};
use bevy_app::{App, AppExit, Update};
use bevy_asset::{
    AssetApp, AssetPlugin,
    io::{
        AssetSourceBuilder,
        memory::{Dir, MemoryAssetReader},
    },
};
use bevy_ecs::schedule::{LogLevel, ScheduleBuildSettings, ScheduleLabel, Schedules};
use bevy_kiln_components::{
    job::{ImportRequest, JobState},
    settings::ImportSettings,
    work::WorkState,
};
use bevy_kiln_plugin::{
    HeadlessSettings, ImportAppExt, ImportClient, ImportPlugin, JobHandle, headless_app,
};
use std::{path::Path, sync::Arc};

/// Ticks an app that is put together by hand until a job has ended.
#[track_caller]
fn finish(
    app: &mut App,
    handle: &JobHandle,
    mut tick: impl FnMut(&mut App),
) -> Arc<bevy_kiln_components::report::ImportReport> {
    for _ in 0..20_000 {
        if let Some(report) = handle.try_report() {
            return report;
        }
        tick(app);
        std::thread::sleep(std::time::Duration::from_micros(200));
    }
    panic!("job {} never ended", handle.id());
}

fn source(folder: &Path, stage: &Stage, file: &str) -> ImportRequest {
    std::fs::write(folder.join(file), "").unwrap();
    stage.script(file, Script::one(file));
    let path = folder.join(file);
    ImportRequest::new(path.to_str().unwrap()).into_container(folder.join("cooked"))
}

#[test]
fn the_pools_may_come_after_the_plugin() {
    let (stage, folder) = (Stage::default(), tempfile::tempdir().unwrap());
    let mut app = App::new();
    app.add_plugins(ImportPlugin::default())
        .register_work::<Textures>()
        .register_importer(FakeImporter::head(&stage))
        .add_plugins(common::pools());
    app.finish();
    app.cleanup();
    let client = app.world().resource::<ImportClient>().clone();
    let handle = client
        .submit(source(folder.path(), &stage, "a.head"))
        .unwrap();
    assert!(finish(&mut app, &handle, App::update).success);
}

#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
struct Cooking;

#[test]
fn it_runs_in_the_schedule_of_the_users_choice() {
    let (stage, folder) = (Stage::default(), tempfile::tempdir().unwrap());
    let mut app = App::new();
    app.init_schedule(Cooking)
        .add_plugins((common::pools(), ImportPlugin::in_schedule(Cooking)))
        .register_work::<Textures>()
        .register_importer(FakeImporter::head(&stage));
    app.finish();
    app.cleanup();
    let job = app
        .world_mut()
        .spawn(source(folder.path(), &stage, "a.head"))
        .id();
    for _ in 0..5 {
        app.update();
    }
    assert_eq!(
        app.world().get::<JobState>(job),
        None,
        "nothing runs elsewhere"
    );
    let client = app.world().resource::<ImportClient>().clone();
    let handle = client
        .submit(source(folder.path(), &stage, "b.head"))
        .unwrap();
    let report = finish(&mut app, &handle, |app| {
        app.world_mut().run_schedule(Cooking);
    });
    assert!(report.success);
    assert_eq!(app.world().get(job), Some(&JobState::Complete));
}

#[test]
fn settings_that_are_there_before_the_plugin_are_used() {
    let (stage, folder) = (Stage::default(), tempfile::tempdir().unwrap());
    let mut settings = ImportSettings::default();
    settings.max_queued_jobs = 1;
    settings.source_root = folder.path().to_owned();
    let mut app = App::new();
    app.insert_resource(settings)
        .add_plugins((common::pools(), ImportPlugin::default()))
        .register_work::<Textures>()
        .register_importer(FakeImporter::head(&stage));
    app.finish();
    app.cleanup();
    let client = app.world().resource::<ImportClient>().clone();
    source(folder.path(), &stage, "a.head");
    let handle = client.submit(ImportRequest::new("a.head")).unwrap();
    assert!(
        client.submit(ImportRequest::new("a.head")).is_err(),
        "one at a time"
    );
    let report = finish(&mut app, &handle, App::update);
    assert!(report.success);
    // Without a root of its own, a job cooks beside its source.
    assert_eq!(report.cooked_root, folder.path().join(".cooked"));
    assert!(report.cooked_root.join("container.index.bin").exists());
}

#[test]
fn sources_may_be_assets_in_memory() {
    let (stage, folder) = (Stage::default(), tempfile::tempdir().unwrap());
    let memory = Dir::default();
    for (file, steps) in [("a.head", 1), ("b.whole", 2)] {
        memory.insert_asset(Path::new(file), vec![b'.'; 200_000]);
        let steps = ["one", "two"].map(Step::texture).into_iter().take(steps);
        stage.script(file, Script::of(steps));
    }
    let root = memory.clone();
    let reader = move || Box::new(MemoryAssetReader { root: root.clone() }) as _;
    let mut app = App::new();
    app.register_asset_source("memory", AssetSourceBuilder::new(reader))
        .add_plugins((
            common::pools(),
            ImportPlugin::default(),
            AssetPlugin::default(),
        ))
        .register_work::<Textures>()
        .register_importer(FakeImporter::head(&stage))
        .register_importer(FakeImporter::whole(&stage));
    app.finish();
    app.cleanup();
    let client = app.world().resource::<ImportClient>().clone();
    let submit = |source: &str| {
        let request = ImportRequest::new(source);
        client
            .submit(request.into_container(folder.path()))
            .unwrap()
    };
    for (source, products) in [("memory://a.head", 1), ("memory://b.whole", 2)] {
        let report = finish(&mut app, &submit(source), App::update);
        assert!(report.success, "{report:?}");
        assert_eq!(report.products.len(), products);
    }
    for missing in ["memory://c.head", "elsewhere://a.head"] {
        let report = finish(&mut app, &submit(missing), App::update);
        assert_eq!(codes(&report), ["io.not_found"], "{missing}");
    }
}

#[test]
fn an_app_without_assets_has_no_asset_sources() {
    let mut stepper = Stepper::new();
    let request = ImportRequest::new("memory://a.head").into_container(stepper.root());
    let job = stepper.watch_request(request);
    let report = stepper.ended_once(job, JobState::Failed);
    assert_eq!(codes(&report), ["io.not_found"]);
}

#[test]
fn no_two_systems_are_ambiguous() {
    let mut stepper = Stepper::new();
    let settings = ScheduleBuildSettings {
        ambiguity_detection: LogLevel::Error,
        hierarchy_detection: LogLevel::Error,
        ..ScheduleBuildSettings::default()
    };
    let mut schedules = stepper.world_mut().resource_mut::<Schedules>();
    schedules
        .get_mut(Update)
        .unwrap()
        .set_build_settings(settings);
    let job = stepper.submit("a.head", Script::one("a"));
    assert!(stepper.finish(&job).success);
}

#[test]
fn one_app_at_a_time_has_a_container() {
    let mut first = Stepper::new();
    let mut second = Stepper::new();
    first.stage.hold(&["cook a"]);
    let held = first.submit("a.head", Script::one("a"));
    first.until_item("a", WorkState::Running);
    first.until_container(&bevy_kiln_components::container::ContainerState::Ready);
    let elsewhere = |second: &Stepper| {
        let request = second.request("b.head", Script::one("b"));
        second
            .client
            .submit(request.into_container(first.root()))
            .unwrap()
    };
    let refused = elsewhere(&second);
    let report = second.finish(&refused);
    assert_eq!(codes(&report), ["container.locked"]);
    assert!(
        report.diagnostics[0]
            .message
            .contains(&std::process::id().to_string())
    );
    let accepted = elsewhere(&second);
    first.stage.open("cook a");
    // The second app tries only now, after the first has closed the container.
    let client = first.client.clone();
    first.until("the first app is finished", |world| {
        client.active_count() == 0 && common::container_state(world).is_none()
    });
    assert!(held.try_report().unwrap().success);
    let report = second.finish(&accepted);
    assert!(report.success, "{report:?}");
    assert_eq!(report.products.len(), 1);
}

#[test]
fn a_later_importer_replaces_an_earlier_one() {
    let mut stepper = Stepper::new();
    let other = Stage::default();
    stepper.app.register_importer(FakeImporter::head(&other));
    other.script(
        "a.head",
        Script::of([Step::texture("other").cook(Act::Fail)]),
    );
    let job = stepper.submit("a.head", Script::one("a"));
    let report = stepper.finish(&job);
    assert!(report.diagnostics[0].message.contains("other"));
}

#[test]
fn a_headless_app_ends_when_its_service_has_stopped() {
    let (stage, folder) = (Stage::default(), tempfile::tempdir().unwrap());
    let mut app = headless_app(HeadlessSettings::default());
    app.register_work::<Textures>()
        .register_importer(FakeImporter::head(&stage));
    let client = app.world().resource::<ImportClient>().clone();
    let request = source(folder.path(), &stage, "a.head");
    let driver = std::thread::spawn(move || {
        let report = client.submit(request).unwrap().wait().unwrap();
        // Idle by now, so that nothing but the request itself can end the run.
        client.request_shutdown();
        report
    });
    assert_eq!(app.run(), AppExit::Success);
    assert!(driver.join().unwrap().success);
}

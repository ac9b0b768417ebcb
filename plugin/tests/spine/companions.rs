//! Sources that need other files: what is read, from where, and within which memory.

use crate::common::{self, Stepper, codes};
use bevy_kiln_assets::{
    diagnostic::{Diagnostic, codes::import},
    plan::Planner,
    source::path::SourcePath,
};
use bevy_kiln_components::{
    budget::MemoryBudget,
    job::{ImportRequest, JobState},
    messages::ProgressKind,
};
use bevy_kiln_plugin::{ImportAppExt, JobHandle};
use bevy_kiln_systems::importer::{ImportPlan, ImportSource, Importer, SourceNeed};
use bevy_tasks::BoxedFuture;
use std::sync::{Arc, Mutex};

use crate::common::fake::Stage;

/// Imports `*.list`: a line for each file that it needs. What it got is noted; the plan is empty.
struct ListImporter {
    stage: Stage,
    got: Arc<Mutex<Vec<String>>>,
}

impl Importer for ListImporter {
    fn name(&self) -> &'static str {
        "list"
    }

    fn title(&self) -> &'static str {
        "List"
    }

    fn extensions(&self) -> &[&'static str] {
        &["list"]
    }

    fn recognizes(&self, _: &[u8]) -> bool {
        false
    }

    fn need(&self) -> SourceNeed {
        SourceNeed::Whole
    }

    fn source_memory(&self, len: u64) -> u64 {
        len + 1000
    }

    fn companions(&self, source: &ImportSource) -> Vec<SourcePath> {
        let text = std::str::from_utf8(&source.bytes).unwrap();
        assert_ne!(text, "panic", "companions panic as the test wants");
        source.keep(text.lines().count());
        text.lines()
            .filter_map(|line| SourcePath::new(line).ok())
            .collect()
    }

    fn plan(
        &self,
        source: ImportSource,
    ) -> BoxedFuture<'static, Result<ImportPlan, Vec<Diagnostic>>> {
        let (stage, got) = (self.stage.clone(), self.got.clone());
        Box::pin(async move {
            let file = source.name.rsplit('/').next().unwrap().to_owned();
            assert_eq!(source.take::<String>(), None, "it is of another type");
            let lines = source.take::<usize>().expect("it was kept");
            assert!(source.take::<usize>().is_none() && lines >= source.companions.len());
            let mut failed = Vec::new();
            for companion in &source.companions {
                let line = match &companion.bytes {
                    Ok(bytes) => format!("{}: {} bytes", companion.path, bytes.len()),
                    Err(error) => {
                        failed.push(error.diagnostic(&source.name));
                        format!("{}: {}", companion.path, error.kind)
                    }
                };
                assert!(source.companion(&companion.path).is_some());
                got.lock().unwrap().push(line);
            }
            stage.pass(format!("plan {file}")).await;
            if failed.is_empty() {
                Ok(ImportPlan::new(Planner::new().seal().unwrap()))
            } else {
                Err(failed)
            }
        })
    }
}

struct Project {
    stepper: Stepper,
    got: Arc<Mutex<Vec<String>>>,
}

impl Project {
    fn new(memory_budget: u64, roots: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = common::settings();
        settings.memory_budget = memory_budget;
        settings.allowed_roots = roots.iter().map(|root| folder.path().join(root)).collect();
        let mut stepper = Stepper::with(settings);
        stepper.folder = folder;
        let got = Arc::new(Mutex::new(Vec::new()));
        let importer = ListImporter {
            stage: stepper.stage.clone(),
            got: got.clone(),
        };
        stepper.app.register_importer(importer);
        Self { stepper, got }
    }

    fn write(&self, file: &str, bytes: &[u8]) {
        let path = self.stepper.folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn import(&self, file: &str, needs: &str) -> JobHandle {
        self.write(file, needs.as_bytes());
        let source = self.stepper.folder.path().join(file);
        let request = ImportRequest::new(source.to_str().unwrap());
        let request = request.into_container(self.stepper.root());
        self.stepper.client.submit(request).unwrap()
    }

    fn used(&self) -> u64 {
        self.stepper.world().resource::<MemoryBudget>().used()
    }
}

#[test]
fn companions_are_read_where_reading_is_allowed() {
    let mut project = Project::new(1 << 20, &["shared"]);
    project.write("models/a.bin", &[1; 10]);
    project.write("shared/b.bin", &[2; 20]);
    project.write("private/c.bin", &[3; 30]);
    let job = project.import("models/good.list", "a.bin\nx/../a.bin\n../shared/b.bin");
    let report = project.stepper.finish(&job);
    assert!(report.success, "{report:?}");
    let got = std::mem::take(&mut *project.got.lock().unwrap());
    assert_eq!(got, ["a.bin: 10 bytes", "../shared/b.bin: 20 bytes"]);
    let job = project.import("models/bad.list", "../private/c.bin\nmissing\na.bin");
    let report = project.stepper.finish(&job);
    assert_eq!(codes(&report), ["io.access_denied", "io.not_found"]);
    project.stepper.drain();
    let failed = project.stepper.heard.progress.lock().unwrap();
    let phases: Vec<&str> = failed
        .iter()
        .filter(|step| step.job == job.id() && step.kind == ProgressKind::PhaseUpdate)
        .map(|step| step.message.as_str())
        .collect();
    assert_eq!(phases, ["Parsing List...", "List parse failed"]);
}

#[test]
fn companions_wait_for_room_in_job_order() {
    let mut project = Project::new(4600, &[]);
    for file in ["a.bin", "b.bin", "c.bin"] {
        project.write(file, &[0; 1500]);
    }
    let stage = project.stepper.stage.clone();
    stage.hold(&["plan 1.list", "plan 2.list", "plan 3.list"]);
    let jobs: Vec<JobHandle> = [("1", "a.bin"), ("2", "b.bin"), ("3", "c.bin")]
        .map(|(job, needs)| project.import(&format!("{job}.list"), needs))
        .into();
    // 1005 bytes for each source: they fit, and so do the companion of the first and no other.
    project
        .stepper
        .until("the first is planned", |_| stage.reached("plan 1.list"));
    project.stepper.settle();
    assert_eq!(project.used(), 3 * 1005 + 1500);
    assert!(!stage.reached("plan 2.list") && !stage.reached("plan 3.list"));
    stage.open("plan 1.list");
    project
        .stepper
        .until("the second is planned", |_| stage.reached("plan 2.list"));
    // One that waits is cancelled: nothing waits for it.
    jobs[1].cancel();
    assert_eq!(
        project.stepper.finish(&jobs[1]).outcome,
        JobState::Cancelled
    );
    stage.open("plan 2.list");
    stage.open("plan 3.list");
    for job in [0, 2] {
        assert!(project.stepper.finish(&jobs[job]).success);
    }
    project.stepper.drain();
    assert_eq!(project.used(), 0);
}

#[test]
fn the_oldest_job_goes_past_a_budget_that_is_too_small() {
    let mut project = Project::new(10, &[]);
    project.write("a.bin", &[0; 1500]);
    let jobs: Vec<JobHandle> = ["1", "2"]
        .map(|job| project.import(&format!("{job}.list"), "a.bin"))
        .into();
    for job in &jobs {
        assert!(project.stepper.finish(job).success);
    }
    project.stepper.drain();
    assert_eq!(project.used(), 0);
}

#[test]
fn an_importer_that_panics_fails_its_job_alone() {
    let mut project = Project::new(1 << 20, &[]);
    let job = project.import("a.list", "panic");
    let report = project.stepper.finish(&job);
    assert_eq!(codes(&report), [import::EXCEPTION.id()]);
    assert!(report.diagnostics[0].message.contains("as the test wants"));
}

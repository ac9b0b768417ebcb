//! The importer of FBX scenes, where its end is another one than success.

use crate::common::Stepper;
use bevy_kiln_assets::diagnostic::{Diagnostic, codes};
use bevy_kiln_components::job::{ImportRequest, JobState};
use bevy_kiln_plugin::ImportAppExt;
use bevy_kiln_systems::{
    importer::{ImportPlan, ImportSource, Importer, SourceNeed},
    importers::fbx::FbxImporter,
};
use bevy_tasks::BoxedFuture;
use std::sync::{Arc, Mutex};

type Ends = Arc<Mutex<Vec<Vec<Diagnostic>>>>;

/// Imports FBX, but cancels every job when its file is about to be parsed.
struct Canceler(Ends);

impl Importer for Canceler {
    fn name(&self) -> &'static str {
        FbxImporter.name()
    }

    fn extensions(&self) -> &[&'static str] {
        FbxImporter.extensions()
    }

    fn recognizes(&self, head: &[u8]) -> bool {
        FbxImporter.recognizes(head)
    }

    fn need(&self) -> SourceNeed {
        FbxImporter.need()
    }

    fn plan(
        &self,
        source: ImportSource,
    ) -> BoxedFuture<'static, Result<ImportPlan, Vec<Diagnostic>>> {
        let ends = self.0.clone();
        Box::pin(async move {
            source.cancel.cancel();
            let result = FbxImporter.plan(source).await;
            ends.lock().unwrap().extend(result.as_ref().err().cloned());
            result
        })
    }
}

/// Text that takes the parser a while.
fn long_file() -> String {
    "; FBX 7.4.0 project file\n".to_owned() + &"Note: \"something\" {\n}\n".repeat(20_000)
}

#[test]
fn parsing_ends_when_its_job_is_cancelled() {
    let mut stepper = Stepper::new();
    let ends = Ends::default();
    stepper.app.register_importer(Canceler(ends.clone()));
    let path = stepper.folder.path().join("long.fbx");
    std::fs::write(&path, long_file()).unwrap();
    let request = ImportRequest::new(path.to_str().unwrap()).into_container(stepper.root());
    let job = stepper.client.submit(request).unwrap();
    let report = stepper.finish(&job);
    assert!(!report.success);
    assert!(report.products.is_empty());
    let ends = ends.lock().unwrap();
    let [end] = &ends[..] else {
        panic!("{ends:?}");
    };
    assert_eq!(end.len(), 1);
    assert_eq!(end[0].code, codes::import::CANCELED);
}

#[test]
fn limits_come_from_the_settings() {
    let mut settings = crate::common::settings();
    settings.fbx_limits.max_bytes = 64 << 10;
    let mut stepper = Stepper::with(settings);
    let path = stepper.folder.path().join("long.fbx");
    std::fs::write(&path, long_file()).unwrap();
    let request = ImportRequest::new(path.to_str().unwrap()).into_container(stepper.root());
    let job = stepper.client.submit(request).unwrap();
    let report = stepper.finish(&job);
    assert_eq!(report.outcome, JobState::Failed);
    let [diagnostic] = &report.diagnostics[..] else {
        panic!("{:?}", report.diagnostics);
    };
    assert_eq!(diagnostic.code, codes::fbx::LIMIT_EXCEEDED);
    assert!(diagnostic.source.as_ref().unwrap().ends_with("long.fbx"));
}

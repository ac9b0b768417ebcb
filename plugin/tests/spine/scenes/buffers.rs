//! Standalone buffers.

use super::parse;
use crate::common::Stepper;
use bevy_kiln_assets::{
    diagnostic::Diagnostic,
    format::{
        buffer_table::{BufferElements, BufferLayout, BufferUsage},
        ids::ContentHash,
    },
    source::scene::SharedBytes,
};
use bevy_kiln_components::{job::ImportRequest, report::Product};
use bevy_kiln_plugin::ImportAppExt;
use bevy_kiln_systems::{
    importer::{ImportPlan, ImportSource, Importer, SourceNeed},
    importers::buffer::{BufferBytes, BufferWork},
    work::WorkPlanner,
};
use bevy_tasks::BoxedFuture;
use std::sync::Arc;

const KNOWN: ContentHash = ContentHash(0x1234_5678_ABCD_EF00);

/// Imports `*.bytes` as four buffers: the file, read again; a part of it; with a known hash; without.
struct BytesImporter;

impl Importer for BytesImporter {
    fn name(&self) -> &'static str {
        "bytes"
    }

    fn extensions(&self) -> &[&'static str] {
        &["bytes"]
    }

    fn recognizes(&self, _: &[u8]) -> bool {
        false
    }

    fn need(&self) -> SourceNeed {
        SourceNeed::Whole
    }

    fn plan(
        &self,
        source: ImportSource,
    ) -> BoxedFuture<'static, Result<ImportPlan, Vec<Diagnostic>>> {
        Box::pin(async move {
            let shared = |range| {
                let owner = Arc::new(source.bytes.clone());
                BufferBytes::Shared(SharedBytes::new(owner, range).unwrap())
            };
            let buffer = |name: &str, bytes, content_hash, content_hashing| BufferWork {
                source: source.name.clone(),
                name: name.to_owned(),
                layout: BufferLayout::new(BufferUsage::STATIC_STORAGE, BufferElements::Raw, 0),
                bytes,
                content_hash,
                content_hashing,
            };
            let file = BufferBytes::File(source.location.clone());
            let all = 0..source.bytes.len();
            let mut planner = WorkPlanner::new();
            for work in [
                buffer("file", file, ContentHash::NONE, true),
                buffer("part", shared(7..12), ContentHash::NONE, true),
                buffer("known", shared(all.clone()), KNOWN, true),
                buffer("bare", shared(all), ContentHash::NONE, false),
            ] {
                let name = work.name.clone();
                planner.add(name, work.planned(source.info.len)).unwrap();
            }
            Ok(ImportPlan::new(planner.seal().unwrap()))
        })
    }
}

fn import(bytes: &[u8]) -> (Stepper, Arc<bevy_kiln_components::report::ImportReport>) {
    let mut stepper = Stepper::new();
    stepper.app.register_importer(BytesImporter);
    let path = stepper.folder.path().join("a.bytes");
    std::fs::write(&path, bytes).unwrap();
    let request = ImportRequest::new(path.to_str().unwrap()).into_container(stepper.root());
    let job = stepper.client.submit(request).unwrap();
    let report = stepper.finish(&job);
    stepper.drain();
    (stepper, report)
}

#[test]
fn buffers_are_hashed_unless_told_otherwise() {
    let bytes = b"Hello, World!".repeat(40_000);
    let (stepper, report) = import(&bytes);
    assert!(report.success, "{report:?}");
    let hash_of = |wanted: &str| {
        let mut products = report.products.iter();
        products.find_map(|product| match product {
            Product::Buffer {
                name, content_hash, ..
            } if name == wanted => Some(*content_hash),
            _ => None,
        })
    };
    assert_eq!(hash_of("file"), Some(ContentHash::of(&bytes)));
    assert_eq!(hash_of("part"), Some(ContentHash::of(b"World")));
    assert_eq!(hash_of("known"), Some(KNOWN));
    assert_eq!(hash_of("bare"), Some(ContentHash::NONE));
    let root = stepper.root();
    assert_eq!(parse::buffer(&root, 0), bytes);
    assert_eq!(parse::buffer(&root, 1), b"World");
    let catalog = std::fs::read_to_string(root.join("kiln.catalog.json")).unwrap();
    let catalog: serde_json::Value = serde_json::from_str(&catalog).unwrap();
    let entries = catalog["entries"].as_array().unwrap();
    let names: Vec<_> = entries
        .iter()
        .map(|entry| (&entry["kind"], &entry["name"]))
        .collect();
    assert_eq!(names.len(), 4);
    assert!(names.iter().all(|(kind, _)| *kind == "buffer"));
    assert_eq!(entries[3]["target"]["buffer"], 1, "{entries:?}");
}

//! Real images, whose cooks are held when they are done: their results come in any order.

use crate::{
    common::{self, Files, Stepper, fake::Stage, files},
    order::shuffled,
};
use bevy_ecs::prelude::*;
use bevy_kiln_assets::{diagnostic::Diagnostic, plan::Plan, source::image};
use bevy_kiln_components::{
    job::ImportRequest,
    pipeline::{PipelineLimit, WorkKind},
};
use bevy_kiln_plugin::ImportAppExt;
use bevy_kiln_systems::{
    importer::{ImportPlan, ImportSource, Importer, SourceNeed},
    importers::image::{TextureFile, TextureInputs, TextureWork},
    io::reader::SourceRef,
    lanes::CookContext,
    work::{CookFailure, CookInput, Cooked, PlannedWork, Work},
};
use bevy_tasks::BoxedFuture;

/// Imports images as the built-in importer does, but each result waits at the gate `done <name>`.
struct HeldImages(Stage);

/// A texture whose result waits at a gate.
#[derive(Component, Clone)]
struct HeldTexture(TextureWork, Stage);

impl Work for HeldTexture {
    const KIND: WorkKind = WorkKind("HeldTexture");

    fn input(&self) -> Option<SourceRef> {
        self.0.input()
    }

    fn cook(
        self,
        input: CookInput,
        context: CookContext,
    ) -> BoxedFuture<'static, Result<Cooked, CookFailure>> {
        Box::pin(async move {
            let Self(texture, stage) = self;
            let gate = format!("done {}", texture.name);
            let cooked = texture.cook(input, context).await;
            stage.pass(gate).await;
            cooked
        })
    }
}

impl Importer for HeldImages {
    fn name(&self) -> &'static str {
        "texture"
    }

    fn extensions(&self) -> &[&'static str] {
        &["png", "ppm"]
    }

    fn recognizes(&self, head: &[u8]) -> bool {
        image::is_image(head)
    }

    fn need(&self) -> SourceNeed {
        SourceNeed::Head
    }

    fn plan(
        &self,
        source: ImportSource,
    ) -> BoxedFuture<'static, Result<ImportPlan, Vec<Diagnostic>>> {
        let stage = self.0.clone();
        Box::pin(async move {
            let mut options = source.request.texture.clone();
            options
                .packing_policy
                .get_or_insert(source.settings.packing);
            let work = TextureWork {
                source: source.name.clone(),
                name: source.product_name(),
                inputs: TextureInputs::File(TextureFile {
                    name: source.name.clone(),
                    location: source.location.clone(),
                }),
                keeps_color_space: true,
                settings: options.resolve(&source.name).unwrap(),
                limits: source.settings.image_limits.clone(),
                policy: source.request.on_texture_failure,
            };
            let work = PlannedWork::new(HeldTexture(work, stage), 1 << 20);
            Ok(ImportPlan::new(Plan::single(source.product_name(), work)))
        })
    }
}

/// Sizes and names of the images: some are many times as much work as others, and two are equal.
const IMAGES: [(&str, u32, u32); 7] = [
    ("wood", 96, 64),
    ("dot", 1, 1),
    ("bark_normal", 33, 17),
    ("tall", 3, 90),
    ("again", 96, 64),
    ("hill_height", 16, 16),
    ("last", 24, 40),
];

fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut file = format!("P6 {width} {height} 255\n").into_bytes();
    for i in 0..width * height {
        let (x, y) = (i % width, i / width);
        file.extend([x * 5 + y, y * 7 % 200, (x ^ y) * 3].map(|value| value as u8));
    }
    file
}

/// Imports all of them into one container. `seed` is in which order their cooks complete, if they
/// are held.
fn import(folder: &std::path::Path, root: &str, seed: Option<u64>) -> Files {
    let mut settings = common::settings();
    // Every cook runs at once, or a gate would never be reached.
    let limit = PipelineLimit {
        workers: IMAGES.len(),
        queue: 64,
    };
    settings.pipelines.set(HeldTexture::KIND, limit);
    let mut stepper = Stepper::with(settings);
    let names: Vec<String> = IMAGES.map(|(name, ..)| name.to_owned()).to_vec();
    let gates: Vec<String> = names.iter().map(|name| format!("done {name}")).collect();
    if seed.is_some() {
        let stage = stepper.stage.clone();
        let held: Vec<&str> = gates.iter().map(String::as_str).collect();
        stage.hold(&held);
        stepper.app.register_work::<HeldTexture>();
        stepper.app.register_importer(HeldImages(stage));
    }
    let root = folder.join(root);
    let jobs: Vec<_> = names
        .iter()
        .map(|name| {
            let source = folder.join(format!("{name}.ppm"));
            let request = ImportRequest::new(source.to_str().unwrap()).into_container(&root);
            stepper.client.submit(request).unwrap()
        })
        .collect();
    if let Some(seed) = seed {
        for (opened, gate) in shuffled(gates, seed).iter().enumerate() {
            // It is cooked, and its result is all that is missing.
            let stage = stepper.stage.clone();
            stepper.until(&format!("{gate} is reached"), |_| stage.reached(gate));
            stepper.stage.open(gate);
            for _ in 0..(seed as usize + opened) % 3 {
                stepper.tick();
            }
        }
    }
    for job in &jobs {
        let report = stepper.finish(job);
        assert!(report.success, "{:?}", report.diagnostics);
    }
    stepper.drain();
    files(&root)
}

#[test]
fn cooks_of_images_may_complete_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    for (name, width, height) in IMAGES {
        let path = folder.path().join(format!("{name}.ppm"));
        std::fs::write(path, picture(width, height)).unwrap();
    }
    let undisturbed = import(folder.path(), "undisturbed", None);
    assert_eq!(undisturbed.len(), 4, "{:?}", undisturbed.keys());
    for seed in 0..6 {
        let shuffled = import(folder.path(), &format!("shuffled {seed}"), Some(seed));
        assert!(shuffled == undisturbed, "seed {seed}");
    }
}

//! Registers a source format of its own: height fields as text, cooked to R16 textures.
//!
//! A format is an [`Importer`]: which sources it knows, and how one becomes a plan of work. A kind of
//! work is a component that implements [`Work`]: what to read, and how to cook it. Everything else
//! (admission, lanes, places in the container, commits, reports) is the same as for built-in formats.
//!
//! Look for: a texture named `hills` in `target/custom-cooked/kiln.catalog.json`.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "an example shows what it does, and stops when it cannot go on"
)]

use bevy_app::{AppExit, prelude::*};
use bevy_ecs::prelude::*;
use bevy_kiln::{
    assets::{
        diagnostic::{Code, CodeInfo, Diagnostic, Severity},
        format::{
            catalog::CatalogEntry,
            payload_layout::{PackingPolicy, PayloadLayout},
            texture_format::TextureFormat,
            texture_payload::{blank_payload, payload_hash, store_hash},
            texture_shape::TextureShape,
        },
        plan::Plan,
    },
    components::pipeline::WorkKind,
    plugin::run_headless,
    prelude::*,
    systems::{
        importer::{ImportPlan, ImportSource, Importer, SourceNeed},
        io::reader::SourceBytes,
        lanes::CookContext,
        work::{CookFailure, CookInput, Cooked, Emission, PlannedWork, TextureEmission, Work},
    },
};
use bevy_tasks::BoxedFuture;

/// Codes are stable names; make them in a name space of your own.
const BAD_HEIGHTS: Code = Code::new(&CodeInfo {
    id: "heights.invalid",
    severity: Severity::Error,
    summary: "The text is not a height field.",
    remedy: "Write a line `heights`, then rows of as many numbers from 0 to 65535 each.",
});

/// The format: a line `heights`, then rows of numbers.
struct HeightImporter;

impl Importer for HeightImporter {
    fn name(&self) -> &'static str {
        "heights"
    }

    fn extensions(&self) -> &[&'static str] {
        &["heights"]
    }

    fn recognizes(&self, head: &[u8]) -> bool {
        head.starts_with(b"heights\n")
    }

    fn need(&self) -> SourceNeed {
        SourceNeed::Whole
    }

    fn plan(
        &self,
        source: ImportSource,
    ) -> BoxedFuture<'static, Result<ImportPlan, Vec<Diagnostic>>> {
        Box::pin(async move {
            let name = source.product_name();
            let peak = 8 * source.info.len;
            let work = HeightWork {
                source: source.name,
                name: name.clone(),
                text: source.bytes,
            };
            let plan = Plan::single(name, PlannedWork::new(work, peak));
            Ok(ImportPlan::new(plan))
        })
    }
}

/// One height field on its way to a texture.
#[derive(Component, Clone)]
struct HeightWork {
    source: String,
    name: String,
    text: SourceBytes,
}

impl Work for HeightWork {
    const KIND: WorkKind = WorkKind("HeightField");

    fn cook(
        self,
        _: CookInput,
        mut context: CookContext,
    ) -> BoxedFuture<'static, Result<Cooked, CookFailure>> {
        Box::pin(async move {
            let wrong = |what: String| Diagnostic::new(BAD_HEIGHTS, what).source(&self.source);
            let text = std::str::from_utf8(&self.text).map_err(|error| wrong(error.to_string()))?;
            let mut rows: Vec<Vec<u16>> = Vec::new();
            for line in text.lines().skip(1) {
                let row: Result<_, _> = line.split_whitespace().map(str::parse).collect();
                rows.push(row.map_err(|error| wrong(format!("`{line}`: {error}")))?);
                context.pace.checkpoint().await?;
            }
            let width = rows.first().map_or(0, Vec::len);
            if rows.iter().any(|row| row.len() != width) {
                return Err(wrong("the rows are not equally long".to_owned()).into());
            }
            let shape =
                TextureShape::image(width as u32, rows.len() as u32, 1, TextureFormat::R16UNorm)
                    .map_err(|error| wrong(error.to_string()))?;
            let layout = PayloadLayout::new(&shape, PackingPolicy::D3d12)
                .map_err(|error| wrong(error.to_string()))?;
            let mut payload = blank_payload(&layout);
            let pitch = layout.subresources()[0].row_pitch as usize;
            for (y, row) in rows.iter().enumerate() {
                let start = layout.data_offset() as usize + y * pitch;
                for (texel, height) in payload[start..].chunks_exact_mut(2).zip(row) {
                    texel.copy_from_slice(&height.to_le_bytes());
                }
            }
            let content_hash = payload_hash(&payload);
            store_hash(&mut payload, content_hash);
            Ok(Cooked {
                emissions: vec![Emission::Texture(TextureEmission {
                    payload: payload.into(),
                    shape,
                    content_hash,
                    encoder: None,
                    catalog: CatalogEntry::texture(&self.source, &self.name)
                        .with_hash(content_hash),
                })],
                ..Cooked::default()
            })
        })
    }
}

fn main() -> AppExit {
    let source = "target/hills.heights";
    let rows: String = (0..8)
        .map(|y| {
            (0..8)
                .map(|x| format!("{} ", x * y * 1000))
                .collect::<String>()
                + "\n"
        })
        .collect();
    std::fs::create_dir_all("target").expect("the folder can be made");
    std::fs::write(source, format!("heights\n{rows}")).expect("the source can be written");

    let mut app = App::new();
    app.add_plugins((TaskPoolPlugin::default(), ImportPlugin::default()))
        .register_importer(HeightImporter)
        .register_work::<HeightWork>()
        .set_runner(run_headless);
    app.world_mut()
        .spawn(ImportRequest::new(source).into_container("target/custom-cooked"))
        .observe(
            |done: On<ImportFinished>, mut exit: MessageWriter<AppExit>| {
                println!("{:?} {:?}", done.report.products, done.report.diagnostics);
                exit.write(if done.report.success {
                    AppExit::Success
                } else {
                    AppExit::error()
                });
            },
        );
    app.run()
}

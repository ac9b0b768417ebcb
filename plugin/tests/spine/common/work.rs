//! The importers of the fake format, and two kinds of work that do what a script says.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    diagnostic::{Diagnostic, codes},
    format::{
        buffer_table::{BufferElements, BufferLayout, BufferUsage},
        catalog::CatalogEntry,
        ids::ContentHash,
        payload_layout::{PackingPolicy, PayloadLayout},
        texture_format::TextureFormat,
        texture_payload::{blank_payload, payload_hash, store_hash},
        texture_shape::TextureShape,
    },
};
use bevy_kiln_components::pipeline::WorkKind;
use bevy_kiln_systems::{
    importer::{ImportPlan, ImportSource, Importer, SourceNeed},
    io::{
        error::{FileError, IoErrorKind},
        reader::{FileInfo, ReadOptions, SourceBytes, SourceReader, SourceRef},
    },
    lanes::CookContext,
    work::{
        BufferEmission, CookFailure, CookInput, Cooked, Emission, Place, PlannedWork,
        TextureEmission, Work, WorkPlanner,
    },
};
use bevy_tasks::BoxedFuture;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::fake::{Act, BUFFERS, Running, Stage, Step, TEXTURES, UNREGISTERED};

/// Imports `*.head` from their head, or `*.whole` from all of their bytes.
pub struct FakeImporter {
    stage: Stage,
    need: SourceNeed,
}

impl FakeImporter {
    pub fn head(stage: &Stage) -> Self {
        Self {
            stage: stage.clone(),
            need: SourceNeed::Head,
        }
    }

    pub fn whole(stage: &Stage) -> Self {
        Self {
            stage: stage.clone(),
            need: SourceNeed::Whole,
        }
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

impl Importer for FakeImporter {
    fn name(&self) -> &'static str {
        "fake"
    }

    /// Manifests know no fake jobs.
    fn serves(&self, format: &str) -> bool {
        format == "texture"
    }

    fn extensions(&self) -> &[&'static str] {
        match self.need {
            SourceNeed::Head => &["head"],
            SourceNeed::Whole => &["whole"],
        }
    }

    fn recognizes(&self, _: &[u8]) -> bool {
        let _held = self.stage.hold_recognition();
        false
    }

    fn need(&self) -> SourceNeed {
        self.need
    }

    fn plan(
        &self,
        source: ImportSource,
    ) -> BoxedFuture<'static, Result<ImportPlan, Vec<Diagnostic>>> {
        let stage = self.stage.clone();
        Box::pin(async move {
            let file = file_name(&source.name).to_owned();
            let script = stage.script_of(&file);
            let script = script.expect("the source has a script");
            stage.pass(format!("plan {file}")).await;
            match script.plan {
                Act::Succeed | Act::Misshape => {}
                Act::Fail => {
                    let error = Diagnostic::new(codes::import::PLAN_INVALID, "as the script says");
                    return Err(vec![error]);
                }
                Act::Panic => panic!("the importer panics as the script says"),
            }
            let mut planner = WorkPlanner::new();
            let mut ids = Vec::new();
            for step in &script.steps {
                let task = Task {
                    stage: stage.clone(),
                    step: step.clone(),
                    source: source.name.clone(),
                };
                let work = match step.kind {
                    TEXTURES => PlannedWork::new(Textures(task), step.peak),
                    BUFFERS => PlannedWork::new(Buffers(task), step.peak),
                    _ => PlannedWork::new(NeverRegistered, step.peak),
                };
                ids.push(planner.add(step.name.clone(), work).unwrap());
            }
            for (step, id) in script.steps.iter().zip(&ids) {
                for producer in &step.after {
                    planner.add_dependency(*id, ids[*producer]).unwrap();
                }
            }
            Ok(ImportPlan::new(planner.seal().unwrap()))
        })
    }
}

#[derive(Clone)]
pub struct Task {
    stage: Stage,
    step: Step,
    source: String,
}

/// Work that makes a texture.
#[derive(Component, Clone)]
pub struct Textures(Task);

/// Work that makes a buffer.
#[derive(Component, Clone)]
pub struct Buffers(Task);

/// Work of a kind that no app of these tests registers.
#[derive(Component, Clone)]
pub struct NeverRegistered;

impl Work for Textures {
    const KIND: WorkKind = TEXTURES;

    fn input(&self) -> Option<SourceRef> {
        self.0.input()
    }

    fn cook(
        self,
        input: CookInput,
        context: CookContext,
    ) -> BoxedFuture<'static, Result<Cooked, CookFailure>> {
        Box::pin(self.0.cook(input, context))
    }
}

impl Work for Buffers {
    const KIND: WorkKind = BUFFERS;

    fn input(&self) -> Option<SourceRef> {
        self.0.input()
    }

    fn cook(
        self,
        input: CookInput,
        context: CookContext,
    ) -> BoxedFuture<'static, Result<Cooked, CookFailure>> {
        Box::pin(self.0.cook(input, context))
    }
}

impl Work for NeverRegistered {
    const KIND: WorkKind = UNREGISTERED;

    fn cook(
        self,
        _: CookInput,
        _: CookContext,
    ) -> BoxedFuture<'static, Result<Cooked, CookFailure>> {
        Box::pin(async { Ok(Cooked::default()) })
    }
}

/// Reads what a script says, past the gate `read <name>`.
struct GatedReader(Stage, String, Act);

impl SourceReader for GatedReader {
    fn read<'a>(
        &'a self,
        path: &'a Path,
        _: ReadOptions,
    ) -> BoxedFuture<'a, Result<SourceBytes, FileError>> {
        Box::pin(async move {
            self.0.pass(format!("read {}", self.1)).await;
            match self.2 {
                Act::Succeed => Ok(SourceBytes::new(self.1.clone().into_bytes())),
                _ => Err(FileError::new(IoErrorKind::IoError, path, "as scripted")),
            }
        })
    }

    fn metadata<'a>(&'a self, path: &'a Path) -> BoxedFuture<'a, Result<FileInfo, FileError>> {
        Box::pin(async move { Err(FileError::new(IoErrorKind::NotFound, path, "")) })
    }
}

impl Task {
    fn input(&self) -> Option<SourceRef> {
        let read = self.step.read?;
        Some(SourceRef {
            reader: Arc::new(GatedReader(
                self.stage.clone(),
                self.step.name.clone(),
                read,
            )),
            path: PathBuf::from(&self.step.name),
            bytes: None,
        })
    }

    async fn cook(self, input: CookInput, mut context: CookContext) -> Result<Cooked, CookFailure> {
        let Self {
            stage,
            step,
            source,
        } = self;
        let _running = Running::new(&stage, step.kind);
        stage.block(&format!("block {}", step.name));
        stage.pass(format!("cook {}", step.name)).await;
        context.pace.checkpoint().await?;
        if let Some(Err(error)) = input.bytes {
            return Err(error.diagnostic(&step.name).into());
        }
        match step.cook {
            Act::Succeed | Act::Misshape => {}
            Act::Fail => {
                let text = format!("{} fails as the script says", step.name);
                return Err(Diagnostic::new(codes::import::DEPENDENCY_FAILED, text).into());
            }
            Act::Panic => panic!("{} panics as the script says", step.name),
        }
        // The places of the producers are part of the content: consumers know final indices.
        let places: Vec<Place> = input
            .producers
            .iter()
            .flat_map(|emitted| emitted.places.iter().copied())
            .collect();
        let mut content = step.content.clone();
        if !places.is_empty() {
            content = format!("{content} needs {places:?}");
        }
        let emission = if step.kind == TEXTURES {
            texture(&content, &source, &step)
        } else {
            buffer(&content, &step)
        };
        let warning = step.warning.iter();
        let warning = warning.map(|text| Diagnostic::new(codes::texture::ALPHA_DROPPED, text));
        Ok(Cooked {
            emissions: vec![emission],
            diagnostics: warning.collect(),
            ..Cooked::default()
        })
    }
}

/// A texture of 16 texels in two rows whose texels repeat the hash of the content.
fn texture(content: &str, source: &str, step: &Step) -> Emission {
    let shape = TextureShape::image(8, 2, 1, TextureFormat::Rgba8UNorm).unwrap();
    let layout = PayloadLayout::new(&shape, PackingPolicy::D3d12).unwrap();
    let mut payload = blank_payload(&layout);
    let start = layout.data_offset() as usize;
    let texels = ContentHash::of(content.as_bytes()).0.to_le_bytes();
    payload[start..start + 8].copy_from_slice(&texels);
    let content_hash = if step.hashing {
        payload_hash(&payload)
    } else {
        ContentHash::NONE
    };
    store_hash(&mut payload, content_hash);
    if step.cook == Act::Misshape {
        payload.pop();
    }
    Emission::Texture(TextureEmission {
        payload: payload.into(),
        shape,
        content_hash,
        encoder: None,
        catalog: CatalogEntry::texture(&format!("{}#{}", file_name(source), step.name), &step.name)
            .with_hash(content_hash),
    })
}

fn buffer(content: &str, step: &Step) -> Emission {
    let bytes = content.as_bytes().repeat(3);
    // An alignment that is no power of two, unless the bytes are to break a rule of their layout.
    let layout = match step.cook {
        Act::Misshape => BufferLayout::INVERSE_BIND,
        _ => BufferLayout::new(BufferUsage::STATIC_STORAGE, BufferElements::Raw, 12),
    };
    Emission::Buffer(BufferEmission {
        name: step.name.clone(),
        layout,
        content_hash: if step.hashing {
            ContentHash::of(&bytes)
        } else {
            ContentHash::NONE
        },
        bytes: bytes.into(),
        catalog: None,
    })
}

//! A source format and two kinds of work that do what a script says, held at gates.

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
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

pub const TEXTURES: WorkKind = WorkKind("FakeTexture");
pub const BUFFERS: WorkKind = WorkKind("FakeBuffer");
pub const UNREGISTERED: WorkKind = WorkKind("Unregistered");

/// What tests and tasks share: scripts, gates, and a log of what the tasks did.
#[derive(Clone, Default)]
pub struct Stage(Arc<Mutex<Backstage>>, Arc<Mutex<()>>);

#[derive(Default)]
struct Backstage {
    scripts: BTreeMap<String, Script>,
    gates: BTreeMap<String, (async_channel::Sender<()>, async_channel::Receiver<()>)>,
    log: Vec<String>,
    running: BTreeMap<&'static str, usize>,
    most: BTreeMap<&'static str, usize>,
}

impl Stage {
    fn lock(&self) -> MutexGuard<'_, Backstage> {
        self.0.lock().unwrap()
    }

    /// What happens when a source is imported, by its file name.
    pub fn script(&self, file: &str, script: Script) {
        self.lock().scripts.insert(file.to_owned(), script);
    }

    /// Closes gates, such as `cook a`, `read a` or `plan a.head`.
    pub fn hold(&self, gates: &[&str]) {
        for gate in gates {
            let channel = async_channel::bounded(1);
            self.lock().gates.insert((*gate).to_owned(), channel);
        }
    }

    /// Opens a gate for good.
    pub fn open(&self, gate: &str) {
        let gate = self.lock().gates.remove(gate).expect("the gate is held");
        gate.0.close();
    }

    /// Holds loads up after the head of a source was read, on the thread that loads it: only for
    /// tests that hold a single source, and not for long.
    pub fn hold_recognition(&self) -> MutexGuard<'_, ()> {
        self.1.lock().unwrap()
    }

    /// Everything that tasks did so far: the names of the gates that they have come to.
    pub fn log(&self) -> Vec<String> {
        self.lock().log.clone()
    }

    pub fn reached(&self, gate: &str) -> bool {
        self.lock().log.iter().any(|line| line == gate)
    }

    /// The most items of a kind that were cooked at once.
    pub fn most(&self, kind: WorkKind) -> usize {
        self.lock().most.get(kind.0).copied().unwrap_or(0)
    }

    async fn pass(&self, gate: String) {
        let held = {
            let mut stage = self.lock();
            let held = stage.gates.get(&gate).map(|(_, receiver)| receiver.clone());
            stage.log.push(gate);
            held
        };
        if let Some(held) = held {
            // An error: the gate was opened.
            let _ = held.recv().await;
        }
    }
}

/// What a step of a script, or making its plan, comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Act {
    #[default]
    Succeed,
    Fail,
    Panic,
    /// A result that breaks the rules of the container.
    Misshape,
}

/// A source, as it is imported.
#[derive(Clone, Debug, Default)]
pub struct Script {
    pub plan: Act,
    pub steps: Vec<Step>,
    /// Bytes of the source file.
    pub bytes: usize,
}

impl Script {
    pub fn of(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            steps: steps.into_iter().collect(),
            ..Self::default()
        }
    }

    /// One texture.
    pub fn one(name: &str) -> Self {
        Self::of([Step::texture(name)])
    }

    pub fn plan(mut self, act: Act) -> Self {
        self.plan = act;
        self
    }

    pub fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    pub fn source_bytes(&self) -> Vec<u8> {
        vec![b'.'; self.bytes]
    }
}

/// An item of a plan.
#[derive(Clone, Debug)]
pub struct Step {
    pub name: String,
    pub kind: WorkKind,
    /// What it is made of: equal content is equal output.
    pub content: String,
    /// Positions of its producers in the script.
    pub after: Vec<usize>,
    pub cook: Act,
    /// Whether it has a source to read, and what comes of that.
    pub read: Option<Act>,
    pub peak: u64,
    pub hashing: bool,
}

impl Step {
    fn new(name: &str, kind: WorkKind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            content: name.to_owned(),
            after: Vec::new(),
            cook: Act::Succeed,
            read: None,
            peak: 1 << 10,
            hashing: true,
        }
    }

    pub fn texture(name: &str) -> Self {
        Self::new(name, TEXTURES)
    }

    pub fn buffer(name: &str) -> Self {
        Self::new(name, BUFFERS)
    }

    pub fn of_kind(name: &str, kind: WorkKind) -> Self {
        Self::new(name, kind)
    }

    pub fn content(mut self, content: &str) -> Self {
        self.content = content.to_owned();
        self
    }

    pub fn after(mut self, producers: &[usize]) -> Self {
        self.after = producers.to_vec();
        self
    }

    pub fn cook(mut self, act: Act) -> Self {
        self.cook = act;
        self
    }

    pub fn read(mut self, act: Act) -> Self {
        self.read = Some(act);
        self
    }

    pub fn peak(mut self, bytes: u64) -> Self {
        self.peak = bytes;
        self
    }

    pub fn unhashed(mut self) -> Self {
        self.hashing = false;
        self
    }
}

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
            let script = stage.lock().scripts.get(&file).cloned();
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
            Ok(ImportPlan {
                plan: planner.seal().unwrap(),
                diagnostics: Vec::new(),
            })
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

/// Counts a cook as running as long as it lives, also when it panics.
struct Running(Stage, &'static str);

impl Running {
    fn new(stage: &Stage, kind: WorkKind) -> Self {
        let mut inner = stage.lock();
        let running = inner.running.entry(kind.0).or_default();
        *running += 1;
        let now = *running;
        let most = inner.most.entry(kind.0).or_default();
        *most = now.max(*most);
        Self(stage.clone(), kind.0)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(running) = self.0.lock().running.get_mut(self.1) {
            *running -= 1;
        }
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
        Ok(Cooked {
            emissions: vec![emission],
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
        payload,
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
        bytes,
    })
}

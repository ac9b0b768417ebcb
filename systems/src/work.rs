//! Kinds of work: how a payload component is read, cooked and emitted.
//!
//! Adding a kind is one [`Work`] implementation and one registration. The systems know nothing
//! else of it: they admit, queue, emit and report every kind in the same way.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    cache::{CacheKey, CachedCook},
    cook::pace::Cancelled,
    diagnostic::Diagnostic,
    format::{
        catalog::CatalogEntry,
        ids::{AssetKey, BufferIndex, ContentHash, TextureIndex},
        texture_shape::TextureShape,
    },
    plan::Planner,
    source::scene::SharedBytes,
};
use bevy_kiln_components::{
    pipeline::WorkKind,
    report::{DetailLevel, Telemetry},
    work::{BlockedBy, MemoryEstimate, Producers, WorkName, WorkOf, WorkOrder, WorkState},
};
use bevy_tasks::BoxedFuture;
use std::{
    any::{Any, TypeId},
    collections::BTreeMap,
    sync::Arc,
};

use crate::{
    cache::CookCache,
    collect::CookedResult,
    io::{
        error::FileError,
        reader::{SourceBytes, SourceRef},
    },
    item_log::ItemLog,
    lanes::CookContext,
};

/// A payload component that can be cooked.
///
/// Implementations are cheap to clone: large data is shared.
pub trait Work: Component + Clone {
    /// The kind, whose limits and counters apply.
    const KIND: WorkKind;

    /// The source that is read before the cook is queued, if there is one.
    fn input(&self) -> Option<SourceRef> {
        None
    }

    /// More sources that are read before the cook is queued, behind [`Work::input`].
    fn more_inputs(&self) -> Vec<SourceRef> {
        Vec::new()
    }

    /// What decides the result: the hashes of all inputs, the settings, limits that are not met, encoder and
    /// version of the cooker; not names. Nothing, which is the default, means that results are not kept.
    /// Hashes what is in memory, and does nothing else.
    fn cache_key(&self, input: &CookInput) -> Option<CacheKey> {
        let _ = input;
        None
    }

    /// What the diagnostics of the result may name. A result that has something to tell is kept for these
    /// names only.
    fn cache_names(&self) -> Vec<String> {
        Vec::new()
    }

    /// What is to be kept of a result; nothing if it is not worth it, such as one that stands in for a
    /// failure.
    fn keep(&self, cooked: &Cooked) -> Option<CachedCook> {
        let _ = cooked;
        None
    }

    /// The result as it was kept, by this payload or one with the same key. Nothing if it is of no use here.
    fn restore(&self, cached: CachedCook) -> Option<Cooked> {
        let _ = cached;
        None
    }

    /// Cooks the payload. Runs on a lane of the compute pool; it must await
    /// [`CookContext::pace`] often, must not do I/O, and may panic without harm to other jobs.
    fn cook(
        self,
        input: CookInput,
        context: CookContext,
    ) -> BoxedFuture<'static, Result<Cooked, CookFailure>>;
}

/// What a cook is given besides its payload.
pub struct CookInput {
    /// The bytes of [`Work::input`], or why they could not be read.
    pub bytes: Option<Result<SourceBytes, FileError>>,
    /// Likewise for each of [`Work::more_inputs`].
    pub more: Vec<Result<SourceBytes, FileError>>,
    /// What the producers of the item have emitted, in the order of the plan.
    pub producers: Vec<Arc<Emitted>>,
}

/// What a cook has made.
#[derive(Default)]
pub struct Cooked {
    /// What goes into the container, in this order.
    pub emissions: Vec<Emission>,
    /// What consumers of the item may want besides the indices.
    pub data: Option<Arc<dyn Any + Send + Sync>>,
    /// Warnings and infos.
    pub diagnostics: Vec<Diagnostic>,
    /// Where the time went; the lane fills in what it can measure itself.
    pub telemetry: Telemetry,
    /// Whether it came out of the cache; nothing where it could not.
    pub cached: Option<bool>,
}

impl Cooked {
    /// Bytes that are held until they are written.
    pub fn emission_bytes(&self) -> u64 {
        self.emissions
            .iter()
            .map(|emission| emission.bytes().len() as u64)
            .sum()
    }
}

/// Something for the container.
pub enum Emission {
    /// A texture payload.
    Texture(TextureEmission),
    /// A buffer.
    Buffer(BufferEmission),
    /// An asset descriptor.
    Asset(AssetEmission),
    /// The fallback texture at index 0, which every container with textures has.
    Fallback,
}

impl Emission {
    /// The bytes that are stored.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Fallback => &[],
            Self::Texture(texture) => &texture.payload,
            Self::Buffer(buffer) => &buffer.bytes,
            Self::Asset(asset) => &asset.bytes,
        }
    }
}

/// A texture for the container.
pub struct TextureEmission {
    /// The payload, with its hash stored in it.
    pub payload: SharedBytes,
    /// Its shape.
    pub shape: TextureShape,
    /// Its hash; zero when hashing is off.
    pub content_hash: ContentHash,
    /// Encoder, version and instruction-set class, when one was used.
    pub encoder: Option<String>,
    /// What the catalogue says of it: it has no name in the format itself.
    pub catalog: CatalogEntry,
}

/// A buffer for the container.
pub struct BufferEmission {
    /// A name for reports.
    pub name: String,
    /// Usage, stride and element format.
    pub layout: bevy_kiln_assets::format::buffer_table::BufferLayout,
    /// The bytes. They may be a part of a source, which is then not copied.
    pub bytes: SharedBytes,
    /// Their hash; zero when hashing is off.
    pub content_hash: ContentHash,
    /// What the catalogue says of it, when nothing else in the container refers to it.
    pub catalog: Option<CatalogEntry>,
}

/// An asset descriptor for the container.
pub struct AssetEmission {
    /// Its key.
    pub key: AssetKey,
    /// Its type.
    pub asset_type: bevy_kiln_assets::format::index::AssetType,
    /// The path of its file, relative to the root.
    pub path: bevy_kiln_assets::format::path::RelativePath,
    /// Its virtual path.
    pub virtual_path: bevy_kiln_assets::format::path::VirtualPath,
    /// The descriptor.
    pub bytes: Vec<u8>,
    /// Its complete SHA-256.
    pub digest: [u8; 32],
    /// Levels of detail of a geometry, for reports.
    pub levels: Vec<DetailLevel>,
    /// What the catalogue says of it.
    pub catalog: CatalogEntry,
}

/// Why a cook made nothing.
#[derive(Debug)]
pub enum CookFailure {
    /// Its job was cancelled.
    Cancelled,
    /// At least one error, perhaps with warnings before it.
    Failed(Vec<Diagnostic>),
}

impl From<Cancelled> for CookFailure {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}

impl From<Diagnostic> for CookFailure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Failed(vec![diagnostic])
    }
}

/// The final places of what an item emitted, once it has; consumers read them.
#[derive(Component, Clone, Default)]
pub struct EmittedOutputs(pub Option<Arc<Emitted>>);

/// The final places of what an item emitted.
#[derive(Default)]
pub struct Emitted {
    /// One for each emission, in order.
    pub places: Vec<Place>,
    /// What the cook left for consumers.
    pub data: Option<Arc<dyn Any + Send + Sync>>,
}

/// Where something is in the container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the texture table.
    Texture(TextureIndex),
    /// In the buffer table.
    Buffer(BufferIndex),
    /// Under a key.
    Asset(AssetKey),
}

/// One planned work item, whatever its kind.
pub struct PlannedWork {
    kind: WorkKind,
    payload: TypeId,
    peak_bytes: u64,
    spawn: Spawn,
}

/// Spawns an item with its work.
type Spawn = Box<dyn FnOnce(&mut World, NewItem) -> Entity + Send + Sync>;

/// What every item has from the start.
type NewItem = (PlannedItem, ItemLog, CookedResult, EmittedOutputs);

/// An item and its place in the plan.
pub(crate) type PlannedItem = (WorkOf, WorkOrder, WorkName, WorkState, BlockedBy, Producers);

/// What importers fill in.
pub type WorkPlanner = Planner<PlannedWork>;

impl PlannedWork {
    /// Plans `work`, whose cook needs at most `peak_bytes` of memory, its source included.
    pub fn new<W: Work>(work: W, peak_bytes: u64) -> Self {
        Self {
            kind: W::KIND,
            payload: TypeId::of::<W>(),
            peak_bytes,
            spawn: Box::new(move |world, item| {
                let entity = world.spawn((item, work, W::KIND, MemoryEstimate(peak_bytes)));
                entity.id()
            }),
        }
    }

    /// The kind of the work.
    pub fn kind(&self) -> WorkKind {
        self.kind
    }

    /// Spawns the item. All that it will have on its way is there from the start: an entity that keeps its
    /// components is not moved about.
    pub(crate) fn spawn(self, world: &mut World, item: PlannedItem) -> Entity {
        let log = ItemLog::planned(self.kind, &item.2.0, self.peak_bytes);
        let results = (CookedResult::default(), EmittedOutputs::default());
        (self.spawn)(world, (item, log, results.0, results.1))
    }
}

/// A payload that was taken off its entity, ready to be started.
pub(crate) struct StartableWork {
    /// All sources, the first one first.
    pub(crate) inputs: Vec<SourceRef>,
    pub(crate) start: StartWork,
}

pub(crate) type StartWork = Box<
    dyn FnOnce(CookInput, CookContext) -> BoxedFuture<'static, Result<Cooked, CookFailure>>
        + Send
        + Sync,
>;

/// Takes a payload off an entity, if it is of the one type that this knows.
type TakeWork = fn(EntityRef, Option<CookCache>) -> Option<StartableWork>;

/// The kinds of work that were registered, with the payloads of each: textures, for example, are files
/// of their own or images of a scene.
#[derive(Resource, Default)]
pub struct WorkKinds(BTreeMap<WorkKind, BTreeMap<TypeId, TakeWork>>);

impl WorkKinds {
    /// Registers a payload of a kind.
    pub fn register<W: Work>(&mut self) {
        let payloads = self.0.entry(W::KIND).or_default();
        payloads.insert(TypeId::of::<W>(), |entity, cache| {
            let work = entity.get::<W>()?.clone();
            Some(StartableWork {
                inputs: work.input().into_iter().chain(work.more_inputs()).collect(),
                start: crate::cache::start(work, cache),
            })
        });
    }

    /// Whether a payload is registered.
    pub fn knows(&self, work: &PlannedWork) -> bool {
        let payloads = self.0.get(&work.kind);
        payloads.is_some_and(|payloads| payloads.contains_key(&work.payload))
    }

    pub(crate) fn startable(
        &self,
        kind: WorkKind,
        entity: EntityRef,
        cache: Option<&CookCache>,
    ) -> Option<StartableWork> {
        let payloads = self.0.get(&kind)?;
        payloads
            .values()
            .find_map(|take| take(entity, cache.cloned()))
    }
}

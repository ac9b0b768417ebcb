//! Emit: cooked payloads get their final places, in output order.
//!
//! One job at a time emits into a container, and its items in the order of its plan, whatever the
//! order in which they were cooked. So indices and offsets never depend on timing, and a job that
//! fails can be taken back by forgetting everything after the place where it began: no later job
//! has emitted anything yet. Cooking is not held up by this; only results wait.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    diagnostic::{Diagnostic, codes},
    format::{
        buffer_table::BufferEntry,
        catalog::FallbackForm,
        ids::TextureIndex,
        index::AssetRecord,
        job_record::JobContent,
        texture_payload::{FallbackTexture, TexturePayload},
        texture_table::TextureEntry,
    },
    source::scene::SharedBytes,
};
use bevy_kiln_components::{
    budget::MemoryClaim,
    container::{
        AssetCatalog, BufferTable, CommitCursor, ContainerMark, ContainerState, Emitting, NewPlace,
        Placement, TextureTable,
    },
    job::{Diagnostics, ImportRequest, JobOrder, JobState, Progress},
    pipeline::{PipelineCounters, WorkKind},
    report::Product,
    reservation::{Reservation, ReservedIn, ResourceKind, WriteState},
    settings::ImportSettings,
    work::{BlockedBy, Dependents, WorkItems, WorkOrder, WorkState},
};
use std::{sync::Arc, time::Instant};

use crate::{
    collect::CookedResult,
    completion::{Completion, CompletionSender},
    containers::{OpenStore, root_of},
    dispatch::ReadyWork,
    finalize::last_is_ending,
    freshness::{note_line, note_output},
    item_log::ItemLog,
    lanes::CookLanes,
    load::{LoadedJobs, fail, micros_since},
    progress::ProgressFeed,
    report::{EndedJobs, JobProducts, forget_unemitted},
    store::Blob,
    work::{
        AssetEmission, BufferEmission, Emission, Emitted, EmittedOutputs, Place, TextureEmission,
    },
};

/// Whether some container takes emissions.
pub fn containers_are_ready(containers: Query<&ContainerState>) -> bool {
    containers
        .iter()
        .any(|state| *state == ContainerState::Ready)
}

/// Emits what is cooked and due, container by container: `Cooked -> Emitted`.
pub fn emit(world: &mut World, containers: &mut QueryState<(Entity, &ContainerState)>) {
    let _stage = tracing::debug_span!("emit").entered();
    let ready: Vec<Entity> = containers
        .iter(world)
        .filter(|(_, state)| **state == ContainerState::Ready)
        .map(|(container, _)| container)
        .collect();
    for container in ready {
        let gathered = world.entity_mut(container).take::<Batch>();
        let was_empty = gathered.is_none();
        let mut batch = gathered.unwrap_or_default();
        while emit_next(world, container, &mut batch) {}
        if batch.blobs.is_empty() {
            continue;
        }
        if was_empty && let Some(mut cursor) = world.get_mut::<CommitCursor>(container) {
            // What is gathered counts as being written: no commit may overtake it.
            cursor.writes += 1;
        }
        if batch.may_wait(world, container) {
            world.entity_mut(container).insert(batch);
        } else {
            batch.write(world, container);
        }
    }
}

/// Payloads that have their places, on their way to the writer.
#[derive(Component, Default)]
pub(crate) struct Batch {
    blobs: Vec<Blob>,
    reservations: Vec<Entity>,
    claims: Vec<MemoryClaim>,
    /// The items that the payloads are of, and how many bytes of each there are.
    items: Vec<(Entity, u64)>,
    bytes: usize,
}

impl Batch {
    /// Small payloads are gathered up to this size before a thread is woken to write them.
    const ENOUGH: usize = 256 << 10;

    /// Whether more payloads will come soon, and nobody waits for these to be written.
    fn may_wait(&self, world: &World, container: Entity) -> bool {
        let interval = world.resource::<ImportSettings>().commit_interval;
        self.bytes < Self::ENOUGH
            && world.resource::<CookLanes>().is_well_fed()
            && world
                .get::<CommitCursor>(container)
                .is_some_and(|cursor| !cursor.draining && !cursor.is_due(interval))
    }

    fn write(self, world: &mut World, container: Entity) {
        let Some(store) = world
            .get::<OpenStore>(container)
            .map(|store| store.0.clone())
        else {
            return;
        };
        let completions = world.resource::<CompletionSender>().clone();
        let (claims, reservations, items) = (self.claims, self.reservations, self.items);
        let begun = Instant::now();
        tracing::debug!(payloads = self.blobs.len(), bytes = self.bytes, "writing");
        store.write(self.blobs, move |result| {
            // The payloads are gone from memory before anybody may admit more.
            drop(claims);
            completions.send(Completion::Written {
                container,
                reservations,
                items,
                micros: micros_since(begun),
                result,
            });
        });
    }
}

/// Does one step: begins a job, emits one item, or ends a job. False when nothing is due.
fn emit_next(world: &mut World, container: Entity, batch: &mut Batch) -> bool {
    let Some(cursor) = world.get::<CommitCursor>(container) else {
        return false;
    };
    if cursor.write_error.is_some() || cursor.draining {
        return false;
    }
    if last_is_ending(world, cursor) {
        return false;
    }
    let interval = world.resource::<ImportSettings>().commit_interval;
    let begins = cursor.current.is_none_or(|current| current.next_step == 0);
    if begins && !cursor.emitted.is_empty() && cursor.is_due(interval) {
        // The next job waits until what there is has been committed.
        return false;
    }
    let Some(current) = cursor.current else {
        return begin_next_job(world, container);
    };
    let Some(items) = world.get::<WorkItems>(current.job) else {
        // Not planned yet, or a plan without items.
        let planned = world.get::<JobState>(current.job) == Some(&JobState::Working);
        return planned && end_job(world, container, current.job);
    };
    let Some(item) = items.iter().nth(current.next_step) else {
        let planned = world.get::<JobState>(current.job) == Some(&JobState::Working);
        return planned && end_job(world, container, current.job);
    };
    if world.get::<WorkState>(item) != Some(&WorkState::Cooked)
        || EndedJobs::is_ending(world, current.job)
    {
        return false;
    }
    let Some((cooked, claim)) = CookedResult::take(world, item) else {
        return false;
    };
    ItemLog::emitted(world, item, cooked.emission_bytes());
    let bytes_before = batch.bytes;
    let mut emitted = Emitted {
        places: Vec::with_capacity(cooked.emissions.len()),
        data: cooked.data,
    };
    if let Some(mut diagnostics) = world.get_mut::<Diagnostics>(current.job) {
        diagnostics.0.extend(cooked.diagnostics);
    }
    for emission in cooked.emissions {
        announce_buffer(world, item, &emission);
        match place(world, container, current.job, emission, batch) {
            Ok(place) => emitted.places.push(place),
            Err(diagnostic) => {
                world.entity_mut(item).insert(WorkState::Failed);
                fail(world, current.job, vec![diagnostic]);
                return false;
            }
        }
    }
    batch.claims.push(claim);
    if batch.bytes > bytes_before {
        let bytes = (batch.bytes - bytes_before) as u64;
        batch.items.push((item, bytes));
    }
    world
        .entity_mut(item)
        .insert((WorkState::Emitted, EmittedOutputs(Some(Arc::new(emitted)))));
    if let Some(mut cursor) = world.get_mut::<CommitCursor>(container)
        && let Some(current) = &mut cursor.current
    {
        current.next_step += 1;
    }
    count_completed(world, current.job, item);
    release_dependents(world, item);
    true
}

/// The buffers of a mesh are items of their own as far as progress tells.
fn announce_buffer(world: &mut World, item: Entity, emission: &Emission) {
    if let Emission::Buffer(buffer) = emission
        && world.get::<WorkKind>(item) == Some(&WorkKind::MESH_BUILD)
    {
        ProgressFeed::part(world, item, &buffer.name);
    }
}

/// A job's turn to emit comes when every job before it has emitted everything or has ended.
fn begin_next_job(world: &mut World, container: Entity) -> bool {
    let Some(before) = mark(world, container) else {
        return false;
    };
    let Some(mut cursor) = world.get_mut::<CommitCursor>(container) else {
        return false;
    };
    let Some((&order, &job)) = cursor.waiting.first_key_value() else {
        return false;
    };
    cursor.current = Some(Emitting {
        order,
        job,
        next_step: 0,
        before,
    });
    true
}

/// `Working -> Finalizing`: everything of the job is emitted.
fn end_job(world: &mut World, container: Entity, job: Entity) -> bool {
    if EndedJobs::is_ending(world, job) {
        return false;
    }
    record_content(world, container, job);
    if let Some(mut cursor) = world.get_mut::<CommitCursor>(container)
        && let Some(current) = cursor.current.take()
    {
        cursor.waiting.remove(&current.order);
        cursor.emitted.push(current);
    }
    // What the plan shared, such as the bytes of a scene, is not needed any more.
    let mut entity = world.entity_mut(job);
    entity.insert(JobState::Finalizing);
    if entity.contains::<MemoryClaim>() {
        entity.remove::<MemoryClaim>();
    }
    if let Some(mut products) = world.get_mut::<JobProducts>(job) {
        products.emitted = Some(Instant::now());
    }
    let mut loaded = world.resource_mut::<LoadedJobs>();
    loaded.0 = loaded.0.saturating_sub(1);
    if let Some(&order) = world.get::<JobOrder>(job) {
        forget_unemitted(world, order);
    }
    ProgressFeed::phase(world, job, 0.9, "Finalizing import...");
    true
}

/// Lets the catalogue know what a job has put into the container.
pub(crate) fn record_content(world: &mut World, container: Entity, job: Entity) {
    let Some(request) = world.get::<ImportRequest>(job) else {
        return;
    };
    let (key, sequence) = (request.key(), request.sequence().cloned());
    let content = world
        .get_mut::<JobProducts>(job)
        .map(|mut products| std::mem::take(&mut products.content))
        .unwrap_or_default();
    if let Some(mut assets) = world.get_mut::<AssetCatalog>(container) {
        assets.put_job(key, content, sequence.as_ref());
    }
}

fn note(world: &mut World, job: Entity, note: impl FnOnce(&mut JobContent)) {
    if let Some(mut products) = world.get_mut::<JobProducts>(job) {
        note(&mut products.content);
    }
}

/// Where the container is now.
pub(crate) fn mark(world: &World, container: Entity) -> Option<ContainerMark> {
    Some(ContainerMark {
        textures: world.get::<TextureTable>(container)?.mark(),
        buffers: world.get::<BufferTable>(container)?.mark(),
        assets: world.get::<AssetCatalog>(container)?.mark(),
    })
}

fn place(
    world: &mut World,
    container: Entity,
    job: Entity,
    emission: Emission,
    batch: &mut Batch,
) -> Result<Place, Diagnostic> {
    match emission {
        Emission::Texture(texture) => place_texture(world, container, job, texture, batch),
        Emission::Buffer(buffer) => place_buffer(world, container, job, buffer, batch),
        Emission::Asset(asset) => place_asset(world, container, job, asset),
        Emission::Fallback => {
            place_fallback(world, container, batch)?;
            note(world, job, |content| {
                content.textures.push(TextureIndex::FALLBACK.0);
            });
            Ok(Place::Texture(TextureIndex::FALLBACK))
        }
    }
}

/// Every texture table starts with the fallback texture.
pub(crate) fn place_fallback(
    world: &mut World,
    container: Entity,
    batch: &mut Batch,
) -> Result<(), Diagnostic> {
    let (policy, hashing) = {
        let settings = world.resource::<ImportSettings>();
        (settings.packing, settings.content_hashing)
    };
    if let Some(mut assets) = world.get_mut::<AssetCatalog>(container) {
        assets.put_fallback(FallbackForm {
            packing: policy,
            hashed: hashing,
        });
    }
    let Some(mut table) = world.get_mut::<TextureTable>(container) else {
        return Ok(());
    };
    if !table.entries().is_empty() {
        return Ok(());
    }
    let fallback = FallbackTexture::new(policy, hashing);
    let placed = table.reserve(None, |offset| fallback.entry(offset));
    if placed.is_none() {
        return Err(table_full(world, container, "texture"));
    }
    if let Some((index, Placement::New(place))) = placed {
        reserve(
            world,
            container,
            ResourceKind::Texture,
            index.0,
            place,
            batch,
            fallback.into_payload().into(),
        );
    }
    Ok(())
}

fn place_texture(
    world: &mut World,
    container: Entity,
    job: Entity,
    texture: TextureEmission,
    batch: &mut Batch,
) -> Result<Place, Diagnostic> {
    place_fallback(world, container, batch)?;
    // What one job puts into a table decides whether anybody can open the container again.
    TexturePayload::parse(&texture.payload)
        .map_err(|error| invalid(texture.catalog.name(), &error.to_string()))?;
    let TextureEmission {
        payload,
        shape,
        content_hash,
        encoder,
        catalog,
    } = texture;
    let salt = (content_hash.0 == 0).then(|| format!("{}\0{}", catalog.source(), catalog.name()));
    // A payload that was parsed has the size that its header says, in 32 bits.
    let size = payload.len() as u32;
    let place = |offset| TextureEntry::new(offset, &shape, size, content_hash);
    let reserved = world
        .get_mut::<TextureTable>(container)
        .and_then(|mut table| table.reserve(salt.as_deref(), place));
    let Some((index, placement)) = reserved else {
        return Err(table_full(world, container, "texture"));
    };
    let product = Product::Texture {
        source: catalog.source().to_owned(),
        name: catalog.name().to_owned(),
        index: index.0,
        content_hash,
        size: u64::from(size),
        reused: placement == Placement::Existing,
        encoder,
    };
    note(world, job, |content| {
        content.textures.push(index.0);
    });
    put_entry(world, container, job, catalog.at_texture(index));
    add_product(world, job, product);
    if let Placement::New(place) = placement {
        reserve(
            world,
            container,
            ResourceKind::Texture,
            index.0,
            place,
            batch,
            payload,
        );
    }
    Ok(Place::Texture(index))
}

fn place_buffer(
    world: &mut World,
    container: Entity,
    job: Entity,
    buffer: BufferEmission,
    batch: &mut Batch,
) -> Result<Place, Diagnostic> {
    let salt = (buffer.content_hash.0 == 0).then_some(buffer.name.as_str());
    let size = u32::try_from(buffer.bytes.len())
        .map_err(|_| invalid(&buffer.name, "a buffer has fewer than 4 GiB"))?;
    let place = |offset| BufferEntry::new(offset, size, buffer.layout, buffer.content_hash);
    let usual = place(0).usual_alignment();
    BufferEntry::parse(&place(0).to_bytes())
        .map_err(|error| invalid(&buffer.name, &error.to_string()))?;
    let reserved = world
        .get_mut::<BufferTable>(container)
        .and_then(|mut table| table.reserve(buffer.layout.alignment(), salt, place));
    let Some((index, placement)) = reserved else {
        return Err(table_full(world, container, "buffer"));
    };
    let product = Product::Buffer {
        name: buffer.name,
        index: index.0,
        content_hash: buffer.content_hash,
        size: u64::from(size),
        reused: placement == Placement::Existing,
    };
    let alignment = buffer.layout.alignment();
    note(world, job, |content| {
        if !content.buffers.contains(index.0) && alignment != usual {
            content.alignments.insert(index.0, alignment);
        }
        content.buffers.push(index.0);
    });
    if let Some(catalog) = buffer.catalog {
        put_entry(world, container, job, catalog.at_buffer(index));
    }
    add_product(world, job, product);
    if let Placement::New(place) = placement {
        reserve(
            world,
            container,
            ResourceKind::Buffer,
            index.0,
            place,
            batch,
            buffer.bytes,
        );
    }
    Ok(Place::Buffer(index))
}

fn place_asset(
    world: &mut World,
    container: Entity,
    job: Entity,
    asset: AssetEmission,
) -> Result<Place, Diagnostic> {
    let AssetEmission {
        key,
        asset_type,
        path,
        virtual_path,
        bytes,
        digest,
        levels,
        catalog,
    } = asset;
    let product = Product::Asset {
        asset: asset_type.label(),
        virtual_path: virtual_path.to_string(),
        key: key.to_string(),
        size: bytes.len() as u64,
        levels,
    };
    let path_text = virtual_path.to_string();
    let record = AssetRecord::new(
        key,
        asset_type,
        path,
        virtual_path,
        bytes.len() as u64,
        digest,
    );
    let put = world
        .get_mut::<AssetCatalog>(container)
        .map(|mut assets| assets.put_asset(record, bytes));
    if let Some(Err(taken)) = put {
        let root = root_of(world, container);
        let diagnostic = Diagnostic::new(codes::container::VIRTUAL_PATH_TAKEN, taken.to_string());
        return Err(diagnostic.source(root.display().to_string()));
    }
    note_output(world, job, "asset", &path_text, &digest);
    put_entry(world, container, job, catalog.at_asset(key));
    add_product(world, job, product);
    Ok(Place::Asset(key))
}

fn invalid(name: &str, rule: &str) -> Diagnostic {
    Diagnostic::new(codes::import::EMISSION_INVALID, format!("`{name}`: {rule}")).object(name)
}

fn table_full(world: &World, container: Entity, what: &str) -> Diagnostic {
    let root = root_of(world, container);
    let text = format!("the {what} table has all the entries that it may have");
    Diagnostic::new(codes::container::TABLE_FULL, text).source(root.display().to_string())
}

fn put_entry(
    world: &mut World,
    container: Entity,
    job: Entity,
    line: (
        bevy_kiln_assets::format::catalog::CatalogKey,
        bevy_kiln_assets::format::catalog::CatalogEntry,
    ),
) {
    note_line(world, job, &line.1);
    note(world, job, |content| {
        content.lines.insert(line.0.clone());
    });
    if let Some(mut assets) = world.get_mut::<AssetCatalog>(container) {
        assets.put_entry(line.0, line.1);
    }
}

fn add_product(world: &mut World, job: Entity, product: Product) {
    if let Some(mut products) = world.get_mut::<JobProducts>(job) {
        products.products.push(product);
    }
}

fn reserve(
    world: &mut World,
    container: Entity,
    kind: ResourceKind,
    index: u32,
    place: NewPlace,
    batch: &mut Batch,
    bytes: SharedBytes,
) {
    let NewPlace { range, padding } = place;
    let offset = range.start;
    let reservation = Reservation { kind, index, range };
    batch.reservations.push(
        world
            .spawn((ReservedIn(container), reservation, WriteState::Writing))
            .id(),
    );
    batch.bytes += bytes.len();
    batch.blobs.push(Blob::new(kind, offset, padding, bytes));
}

fn count_completed(world: &mut World, job: Entity, item: Entity) {
    if let Some(&kind) = world.get::<WorkKind>(item) {
        world
            .resource_mut::<PipelineCounters>()
            .entry(kind)
            .completed += 1;
    }
    if let Some(mut progress) = world.get_mut::<Progress>(job) {
        progress.completed += 1;
        progress.raise_by_items();
    }
}

/// `Blocked -> Ready` for every item that waited for this one alone.
fn release_dependents(world: &mut World, item: Entity) {
    let Some(Dependents(dependents)) = world.get::<Dependents>(item).cloned() else {
        return;
    };
    for dependent in dependents {
        let Some(mut blocked) = world.get_mut::<BlockedBy>(dependent) else {
            continue;
        };
        blocked.0 -= 1;
        if blocked.0 == 0
            && let (Some(&kind), Some(&order)) = (
                world.get::<WorkKind>(dependent),
                world.get::<WorkOrder>(dependent),
            )
        {
            world.entity_mut(dependent).insert(WorkState::Ready);
            world
                .resource_mut::<ReadyWork>()
                .push(kind, order, dependent);
        }
    }
}

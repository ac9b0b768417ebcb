//! The one report of each job.

use bevy_kiln_assets::{
    diagnostic::Diagnostic,
    format::{
        ids::{AssetKey, ContentHash},
        index::AssetType,
    },
    source::scene::IgnoredContent,
};
use serde::Serialize;
use std::{collections::BTreeSet, path::PathBuf};

use crate::{
    job::{JobId, JobState},
    service::JobNames,
};

/// What came of one job. Each accepted job has exactly one.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ImportReport {
    /// The job.
    pub job: JobId,
    /// Its name: the requested one, else `<format>:<id>:<file name>`.
    pub name: String,
    /// The source as it was requested.
    pub source: String,
    /// How it ended: `Complete`, `Failed` or `Cancelled`.
    pub outcome: JobState,
    /// No error diagnostics, and everything is committed.
    pub success: bool,
    /// Whether nothing was cooked, because everything is as it was when it was committed; the products are
    /// those of that commit.
    pub cached: bool,
    /// The container.
    pub cooked_root: PathBuf,
    /// The identity (GUID) of the container after the commit; zero when nothing was committed.
    #[serde(serialize_with = "hex")]
    pub source_key: [u8; 16],
    /// Everything a person should know, in order.
    pub diagnostics: Vec<Diagnostic>,
    /// Textures, buffers and assets that the job put into the container, in the order of the output.
    pub products: Vec<Product>,
    /// Files of the container that hold them, relative to its root, with their sizes.
    pub outputs: Vec<OutputFile>,
    /// How many different textures were put into the container or found there.
    pub textures_written: u32,
    /// How many material descriptors were written, new or the same as before.
    pub materials_written: u32,
    /// How many geometry descriptors were written.
    pub geometry_written: u32,
    /// How many scene descriptors were written.
    pub scenes_written: u32,
    /// What the source holds, and nothing was made of.
    pub ignored: IgnoredContent,
    /// Where the time went.
    pub telemetry: Telemetry,
    /// Where the source was parsed, if that took a lane.
    pub parsing: Vec<LaneSpan>,
    /// The work items, in the order of the plan.
    pub items: Vec<ItemReport>,
}

impl ImportReport {
    /// A report without products.
    pub fn empty(
        job: JobId,
        names: &JobNames,
        outcome: JobState,
        diagnostics: Vec<Diagnostic>,
    ) -> Self {
        Self {
            job,
            name: names.known_as(job, None),
            source: names.source.clone(),
            outcome,
            success: outcome == JobState::Complete,
            cached: false,
            cooked_root: names.root.clone(),
            source_key: [0; 16],
            diagnostics,
            products: Vec::new(),
            outputs: Vec::new(),
            textures_written: 0,
            materials_written: 0,
            geometry_written: 0,
            scenes_written: 0,
            ignored: IgnoredContent::default(),
            telemetry: Telemetry::default(),
            parsing: Vec::new(),
            items: Vec::new(),
        }
    }

    /// Counts products by kind. A texture or an asset that was made twice counts once.
    pub fn count(&mut self, products: &[Product]) {
        let textures = products.iter().filter_map(|product| match product {
            Product::Texture { index, .. } => Some(index),
            _ => None,
        });
        self.textures_written = textures.collect::<BTreeSet<_>>().len() as u32;
        let assets = |wanted: AssetType| {
            let keys = products.iter().filter_map(|product| match product {
                Product::Asset { asset, key, .. } if *asset == wanted.label() => Some(key),
                _ => None,
            });
            keys.collect::<BTreeSet<_>>().len() as u32
        };
        self.materials_written = assets(AssetType::Material);
        self.geometry_written = assets(AssetType::Geometry);
        self.scenes_written = assets(AssetType::Scene);
    }
}

fn hex<S: serde::Serializer>(key: &[u8; 16], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&AssetKey(*key))
}

/// Something that a job put into the container.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Product {
    /// A texture.
    Texture {
        /// The source it was made from.
        source: String,
        /// Its name in the catalogue.
        name: String,
        /// Its index in the texture table.
        index: u32,
        /// Its content hash.
        content_hash: ContentHash,
        /// Bytes of its payload.
        size: u64,
        /// Whether equal content was there already.
        reused: bool,
        /// Encoder, version and instruction-set class, when one was used.
        #[serde(skip_serializing_if = "Option::is_none")]
        encoder: Option<String>,
    },
    /// A buffer.
    Buffer {
        /// Its name, such as `geom-buffer:<mesh>:lod0:vb`.
        name: String,
        /// Its index in the buffer table.
        index: u32,
        /// Its content hash.
        content_hash: ContentHash,
        /// Its bytes.
        size: u64,
        /// Whether equal content was there already.
        reused: bool,
    },
    /// A material, geometry or scene descriptor.
    Asset {
        /// `material`, `geometry` or `scene`.
        asset: &'static str,
        /// Its virtual path.
        virtual_path: String,
        /// Its key as text.
        key: String,
        /// Bytes of the descriptor.
        size: u64,
        /// Levels of detail of a geometry, the most detailed first.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        levels: Vec<DetailLevel>,
    },
}

/// A level of detail of a geometry.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DetailLevel {
    /// Vertices that are stored.
    pub vertices: u32,
    /// Triangles.
    pub triangles: u32,
    /// For a generated level, how far its surface is from that of the first one, in metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<f32>,
}

/// A file of the container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutputFile {
    /// Relative to the cooked root.
    pub path: String,
    /// Its size after the commit.
    pub size: u64,
}

/// One work item of a job, and what it took. Moments are microseconds after the start of the service,
/// durations are microseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ItemReport {
    /// The label of its kind.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// When a lane took it.
    pub started: Option<u64>,
    /// When the lane was done with it.
    pub finished: Option<u64>,
    /// When its result was taken over.
    pub collected: Option<u64>,
    /// Reading its sources.
    pub read: u64,
    /// Reading meshes out of a parsed source.
    pub load: u64,
    /// Decoding images.
    pub decode: u64,
    /// Cooking, loading and decoding not counted.
    pub cook: u64,
    /// Its share of the time from handing a batch of payloads to the writer until they were written.
    pub write: u64,
    /// Processor time, on all lanes together.
    pub cpu: u64,
    /// Bytes of its sources.
    pub source_bytes: u64,
    /// Bytes that it made.
    pub output_bytes: u64,
    /// The bytes of memory that it was admitted with: an estimate of the most that it may need.
    pub peak_bytes: u64,
    /// Whether its result came out of a cache; nothing where there is no cache, or none for such items.
    pub cached: Option<bool>,
    /// Which lanes worked on it, and when: the one that took it first, then those that helped.
    pub spans: Vec<LaneSpan>,
}

impl ItemReport {
    /// An item that was planned.
    pub fn planned(kind: &'static str, name: &str, peak_bytes: u64) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            peak_bytes,
            ..Self::default()
        }
    }

    /// How long it was on its lane.
    pub fn wall(&self) -> u64 {
        let ends = self.started.zip(self.finished);
        ends.map_or(0, |(started, finished)| finished.saturating_sub(started))
    }
}

/// A time in which a lane did something, in microseconds after the start of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LaneSpan {
    /// The lane, from 0: there are as many as cooks can run at the same moment.
    pub lane: u16,
    /// When it began.
    pub start: u64,
    /// When it ended.
    pub end: u64,
}

/// Durations in microseconds. Sums over items can exceed the total: items run side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Telemetry {
    /// Reading sources.
    pub io: u64,
    /// Parsing sources, and reading meshes out of them.
    pub load: u64,
    /// Decoding images.
    pub decode: u64,
    /// Cooking, loading and decoding not counted.
    pub cook: u64,
    /// Writing payloads, waiting for the writer included.
    pub write: u64,
    /// Processor time of parsing and cooking, on all lanes together.
    pub cpu: u64,
    /// When the job started, after the start of the service.
    pub started: u64,
    /// From the acceptance to the start.
    pub queued: u64,
    /// From the last emission to the commit.
    pub finalize: u64,
    /// From the start to the end.
    pub total: u64,
}

impl Telemetry {
    /// Adds the durations of one item.
    pub fn add(&mut self, item: &Telemetry) {
        self.io += item.io;
        self.load += item.load;
        self.decode += item.decode;
        self.cook += item.cook;
    }
}

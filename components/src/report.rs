//! The one report of each job.

use bevy_kiln_assets::{
    diagnostic::Diagnostic,
    format::ids::{AssetKey, ContentHash},
};
use serde::Serialize;
use std::path::PathBuf;

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
    /// Where the time went.
    pub telemetry: Telemetry,
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
            cooked_root: names.root.clone(),
            source_key: [0; 16],
            diagnostics,
            products: Vec::new(),
            outputs: Vec::new(),
            telemetry: Telemetry::default(),
        }
    }
}

fn hex<S: serde::Serializer>(key: &[u8; 16], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&AssetKey(*key))
}

/// Something that a job put into the container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    },
}

/// A file of the container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutputFile {
    /// Relative to the cooked root.
    pub path: String,
    /// Its size after the commit.
    pub size: u64,
}

/// Durations in microseconds. Sums over items can exceed the total: items run side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Telemetry {
    /// Reading sources.
    pub io: u64,
    /// Decoding images.
    pub decode: u64,
    /// Cooking, decoding not counted.
    pub cook: u64,
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
        self.decode += item.decode;
        self.cook += item.cook;
    }
}

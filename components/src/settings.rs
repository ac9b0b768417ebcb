//! The settings resource of the plugin.

use crate::pipeline::PipelineLimits;
use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    format::payload_layout::PackingPolicy,
    source::{fbx::FbxLimits, image::ImageLimits},
};
use std::{path::PathBuf, time::Duration};

/// How the pools are shared with the rest of the app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PoolShare {
    /// Leave room for the app: at most one cook task less than the compute pool has threads; where
    /// it has one thread only, work runs in slices of a tenth of a millisecond.
    #[default]
    Polite,
    /// Take every compute thread and never give way: for headless cooks.
    Greedy,
}

/// Settings of the import service. Insert it before the plugin, or give it to the plugin; limits of
/// pools and pipelines are read once, when the app starts.
#[derive(Resource, Clone, Debug)]
#[non_exhaustive]
pub struct ImportSettings {
    /// Plain source paths are resolved against this folder. Default: the working directory.
    pub source_root: PathBuf,
    /// Folders whose files a scene may refer to, besides the files in its own folder and below it.
    /// Nothing outside of them is ever read, also not through symbolic links. Default: none.
    pub allowed_roots: Vec<PathBuf>,
    /// How many jobs may be loaded and cooked at once. Memory is bounded by the byte budget, not
    /// by this number. Default: 64.
    pub max_in_flight_jobs: usize,
    /// How many jobs a client may have queued or running before its submits are refused.
    /// Requests that are spawned as entities wait instead. Default: 64.
    pub max_queued_jobs: usize,
    /// Bytes that admitted work may use at once. Default: 1 GiB.
    pub memory_budget: u64,
    /// Limits that a source image must keep, checked before it is decoded.
    pub image_limits: ImageLimits,
    /// Limits that an FBX file must keep, checked while it is parsed.
    pub fbx_limits: FbxLimits,
    /// Packing of texture payloads, also of the fallback texture. Default: d3d12.
    pub packing: PackingPolicy,
    /// Whether content hashes are computed. Default: true.
    pub content_hashing: bool,
    /// Worker and queue limits, by kind of work.
    pub pipelines: PipelineLimits,
    /// How the pools are shared with the rest of the app.
    pub pool_share: PoolShare,
    /// A container that is never idle is committed about this often. Default: 5 s.
    pub commit_interval: Duration,
    /// The most entries of a texture or buffer table, for engines that have no room for more. Default:
    /// as many as an index can count.
    pub max_table_entries: u32,
}

impl Default for ImportSettings {
    fn default() -> Self {
        Self {
            source_root: PathBuf::new(),
            allowed_roots: Vec::new(),
            max_in_flight_jobs: 64,
            max_queued_jobs: 64,
            memory_budget: 1 << 30,
            image_limits: ImageLimits::default(),
            fbx_limits: FbxLimits::default(),
            packing: PackingPolicy::default(),
            content_hashing: true,
            pipelines: PipelineLimits::default(),
            pool_share: PoolShare::default(),
            commit_interval: Duration::from_secs(5),
            max_table_entries: u32::MAX,
        }
    }
}

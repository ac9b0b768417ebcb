//! Where results are kept between runs, and `kiln cache`.

use super::run::size;
use super::{OutputArgs, RunArgs};
use bevy_kiln::{components::settings::CacheSettings, systems::cache::default_folder};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `kiln cache`
#[derive(Debug, Args)]
pub struct CacheCommandArgs {
    #[command(subcommand)]
    pub action: CacheAction,
}

/// What is done with the cache.
#[derive(Debug, Subcommand)]
pub enum CacheAction {
    /// Tell what is in the cache
    Stats(CacheTidyArgs),
    /// Remove what is too much or damaged, join small files, and forget containers that are gone
    Gc(CacheTidyArgs),
    /// Remove everything
    Clear(CacheTidyArgs),
}

/// `kiln cache stats`, `gc` and `clear`
#[derive(Debug, Args)]
pub struct CacheTidyArgs {
    #[command(flatten)]
    pub place: CachePlaceArgs,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `kiln why`
#[derive(Debug, Args)]
pub struct WhyArgs {
    /// The job: its name, its source as it is written, or its number in the manifest, from 1
    #[arg(value_name = "JOB")]
    pub job: String,
    /// The manifest that the job is in
    #[arg(
        short,
        long,
        value_name = "MANIFEST",
        required_unless_present = "output"
    )]
    pub manifest: Option<PathBuf>,
    /// The container; without a manifest, of a job that was cooked before, with the settings that it had
    #[arg(short, long, value_name = "DIR", visible_alias = "cooked-root")]
    pub output: Option<PathBuf>,
    /// Where relative sources start, instead of the folder of the manifest
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    #[command(flatten)]
    pub run: RunArgs,
    #[command(flatten)]
    pub out: OutputArgs,
}

/// Where results are kept between runs.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Cache")]
pub struct CachePlaceArgs {
    /// Keep results in this folder, instead of `KILN_CACHE_DIR` or the system's folder for caches
    #[arg(long, value_name = "DIR")]
    pub cache_dir: Option<PathBuf>,
    /// The most bytes that the cache holds after a run, such as 512M
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "8G")]
    pub cache_size: u64,
}

impl CachePlaceArgs {
    /// The folder. Nothing when `KILN_CACHE_DIR` is empty, or when the system tells none.
    pub fn folder(&self) -> Option<PathBuf> {
        self.cache_dir.clone().or_else(default_folder)
    }
}

/// Whether results are kept between runs.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Cache")]
pub struct CacheArgs {
    #[command(flatten)]
    pub place: CachePlaceArgs,
    /// Cook everything, also what has not changed, and keep the results
    #[arg(long)]
    pub force: bool,
    /// Neither use results of earlier runs nor keep those of this one
    #[arg(long, conflicts_with = "force")]
    pub no_cache: bool,
}

impl CacheArgs {
    /// The settings of the cache; nothing where there is to be none.
    pub fn settings(&self) -> Option<CacheSettings> {
        let folder = (!self.no_cache).then(|| self.place.folder()).flatten()?;
        let mut settings = CacheSettings::new(folder);
        settings.max_bytes = self.place.cache_size;
        settings.force = self.force;
        Some(settings)
    }
}

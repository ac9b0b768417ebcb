//! `kiln compact`

use super::OutputArgs;
use clap::Args;
use std::path::PathBuf;

/// `kiln compact`
#[derive(Debug, Args)]
pub struct CompactArgs {
    /// The container
    #[arg(value_name = "DIR")]
    pub container: PathBuf,
    /// Keep only what this manifest names, in its order: RON if it ends in .ron, else JSON
    #[arg(short, long, value_name = "MANIFEST")]
    pub manifest: Option<PathBuf>,
    /// Where relative sources of the manifest start, instead of its folder
    #[arg(long, value_name = "DIR", requires = "manifest")]
    pub root: Option<PathBuf>,
    /// Tell what would be freed; write nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub out: OutputArgs,
}

//! `kiln cook`

use super::{OutputArgs, RunArgs};
use clap::{ArgGroup, Args};
use std::path::PathBuf;

/// `kiln cook`
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("document").required(true).args(["manifest", "manifest_option"]))]
pub struct CookArgs {
    /// The manifest: RON if it ends in .ron, else JSON
    #[arg(value_name = "MANIFEST")]
    manifest: Option<PathBuf>,
    /// The same, as an option
    #[arg(
        short,
        long = "manifest",
        value_name = "MANIFEST",
        id = "manifest_option"
    )]
    manifest_option: Option<PathBuf>,
    /// The container of jobs that do not name one
    #[arg(short, long, value_name = "DIR", visible_alias = "cooked-root")]
    pub output: Option<PathBuf>,
    /// Where relative sources start, instead of the folder of the manifest
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Check everything and print what would be done; write nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub run: RunArgs,
    #[command(flatten)]
    pub out: OutputArgs,
}

impl CookArgs {
    /// The cook of a manifest.
    pub fn of(
        manifest: PathBuf,
        output: Option<PathBuf>,
        root: Option<PathBuf>,
        run: RunArgs,
        out: OutputArgs,
    ) -> Self {
        Self {
            manifest: Some(manifest),
            manifest_option: None,
            output,
            root,
            dry_run: false,
            run,
            out,
        }
    }

    /// The manifest.
    pub fn manifest(&self) -> &std::path::Path {
        let given = self.manifest.as_deref().or(self.manifest_option.as_deref());
        // One of them is required.
        given.unwrap_or(std::path::Path::new(""))
    }
}

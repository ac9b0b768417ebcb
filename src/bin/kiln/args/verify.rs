//! `kiln verify`

use super::OutputArgs;
use clap::Args;
use std::path::PathBuf;

/// `kiln verify`
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The container
    #[arg(value_name = "DIR")]
    pub root: PathBuf,
    #[command(flatten)]
    pub out: OutputArgs,
}

//! Which files are cooked, and where to.

use clap::Args;
use std::path::PathBuf;

/// Which files are cooked, and where to.
#[derive(Clone, Debug, Args)]
pub struct FileArgs {
    /// Source files
    #[arg(required = true, value_name = "SOURCE")]
    pub sources: Vec<String>,
    /// The container to write into; it is created if it is not there
    #[arg(short, long, value_name = "DIR", visible_alias = "cooked-root")]
    pub output: PathBuf,
    /// Name of the product in reports and in the catalogue, instead of the stem of the file
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
}

//! `kiln explain`, `schema` and `completions`: commands that only print.

use clap::Args;

/// `kiln explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A code such as `texture.cook_failed`, or the beginning of one; without it all are listed
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `kiln completions`
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

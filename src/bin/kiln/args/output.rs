//! How much is printed, and as what.

use clap::Args;

/// How much is printed, and as what.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Print errors only
    #[arg(short, long)]
    pub quiet: bool,
    /// Print every step of every item, too
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub json: bool,
    /// No colours; `NO_COLOR` in the environment does the same
    #[arg(long)]
    pub no_color: bool,
    /// No bars, also on a terminal
    #[arg(long, visible_alias = "no-tui")]
    pub no_progress: bool,
}

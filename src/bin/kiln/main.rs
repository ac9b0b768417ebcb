//! `kiln`: imports and verifies cooked containers from the command line.

#![forbid(unsafe_code)]

mod args;
mod exit;
mod import;
mod output;
mod scene_args;
mod screen;
mod verify;

use args::{Cli, Command};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    output::start_log();
    match cli.command {
        Command::Import(args) => import::run(args),
        Command::Verify(args) => verify::run(&args),
    }
}

//! `kiln`: imports, verifies and inspects cooked containers from the command line.

#![forbid(unsafe_code)]

mod args;
mod exit;
mod import;
mod inspect;
mod output;
mod run;
mod screen;
mod verify;

use args::{Cli, Command};
use import::Expected;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    output::start_log();
    match cli.command {
        Command::Import(args) => import::run(&args, Expected::Anything),
        Command::Texture(args) => import::run(&args.into(), Expected::Image),
        Command::Gltf(args) => import::run(&args.into(), Expected::Gltf),
        Command::Fbx(args) => import::run(&args.into(), Expected::Fbx),
        Command::Verify(args) => verify::run(&args),
        Command::Inspect(args) => inspect::run(&args),
    }
}

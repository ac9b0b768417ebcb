//! `kiln`: imports, verifies and inspects cooked containers from the command line.

#![forbid(unsafe_code)]

mod args;
mod compact;
mod cook;
mod estimate;
mod exit;
mod import;
mod info;
mod inspect;
mod interrupt;
mod output;
mod pack;
mod report;
mod run;
mod screen;
mod verify;
mod watch;

use args::{Cli, Command};
use bevy_kiln::assets::manifest::JobKind;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    output::start_log();
    match cli.command {
        Command::Import(args) => import::run(&args, None),
        Command::Texture(args) => import::run(&args.into(), Some(JobKind::Texture)),
        Command::Gltf(args) => import::run(&args.into(), Some(JobKind::Gltf)),
        Command::Fbx(args) => import::run(&args.into(), Some(JobKind::Fbx)),
        Command::Cook(args) => ExitCode::from(cook::run(&args)),
        Command::Watch(args) => watch::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Pack(args) => pack::run(&args),
        Command::Compact(args) => compact::run(&args),
        Command::Explain(args) => info::explain(&args),
        Command::Schema => info::schema(),
        Command::Completions(args) => info::completions(&args),
        Command::Inspect(args) => inspect::run(&args),
    }
}

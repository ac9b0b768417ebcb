//! `kiln cache`: what is kept between runs.

use bevy_kiln::systems::cache::{self, CacheStats, Tidied};
use serde::Serialize;
use std::{
    io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::{
    args::{CacheAction, CacheTidyArgs},
    exit,
    output::{self, bytes},
};

/// Runs the command.
pub fn run(action: &CacheAction) -> ExitCode {
    let (CacheAction::Stats(args) | CacheAction::Gc(args) | CacheAction::Clear(args)) = action;
    let Some(folder) = args.place.folder() else {
        output::error_line("error: there is no folder for a cache: give one with --cache-dir");
        return ExitCode::from(exit::USAGE);
    };
    let done = match action {
        CacheAction::Stats(_) => {
            stats(args, &folder);
            return ExitCode::from(exit::SUCCESS);
        }
        CacheAction::Gc(_) => cache::tidy(&folder, args.place.cache_size),
        CacheAction::Clear(_) => cache::clear(&folder),
    };
    ExitCode::from(tidied(args, &folder, done))
}

/// What is in a cache, as JSON.
#[derive(Serialize)]
struct Stats {
    folder: PathBuf,
    max_bytes: u64,
    #[serde(flatten)]
    stats: CacheStats,
}

fn stats(args: &CacheTidyArgs, folder: &Path) {
    let stats = cache::stats(folder);
    let max_bytes = args.place.cache_size;
    if args.json {
        let folder = folder.to_owned();
        output::json(&Stats {
            folder,
            max_bytes,
            stats,
        });
        return;
    }
    let (size, most) = (bytes(stats.bytes), bytes(max_bytes));
    output::line(&format!("folder    {}", folder.display()));
    output::line(&format!(
        "entries   {} in {} files",
        stats.entries, stats.segments
    ));
    output::line(&format!("size      {size} of at most {most}"));
    let known = bytes(stats.project_bytes);
    output::line(&format!("projects  {} ({known})", stats.projects));
}

/// What was removed, as JSON.
#[derive(Serialize)]
struct Done {
    folder: PathBuf,
    #[serde(flatten)]
    tidied: Tidied,
}

fn tidied(args: &CacheTidyArgs, folder: &Path, done: io::Result<Tidied>) -> u8 {
    match done {
        Ok(tidied) if args.json => {
            let folder = folder.to_owned();
            output::json(&Done { folder, tidied });
            exit::SUCCESS
        }
        Ok(tidied) => {
            let (freed, left) = (bytes(tidied.freed_bytes), bytes(tidied.bytes));
            output::line(&format!(
                "{} files and {freed} removed, {left} left",
                tidied.removed_segments
            ));
            exit::SUCCESS
        }
        Err(error) => {
            output::error_line(&format!("error: {}: {error}", folder.display()));
            exit::FAILED
        }
    }
}

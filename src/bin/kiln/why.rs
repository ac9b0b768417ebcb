//! `kiln why`: what is not as it was when a job was cooked.

use bevy_kiln::{
    assets::manifest::ManifestJob,
    prelude::ImportRequest,
    systems::{
        cache::{Asked, Explanation, environment_of, explain},
        importers,
        manifest::{expand_with_files, read_manifest},
    },
};
use std::{path::Path, process::ExitCode};

use crate::{
    args::{CookArgs, WhyArgs},
    cook, exit, output,
};

/// Runs the command.
pub fn run(args: &WhyArgs) -> ExitCode {
    let Some(folder) = args.run.cache.place.folder() else {
        output::error_line("error: there is no folder for a cache: give one with --cache-dir");
        return ExitCode::from(exit::USAGE);
    };
    let found = match (&args.manifest, &args.output) {
        (Some(manifest), _) => in_manifest(args, manifest, &folder),
        (None, Some(root)) => {
            let environment = environment_of(&importers::built_in());
            Ok(explain(
                &folder,
                root,
                Asked::Known(&args.job),
                &environment,
            ))
        }
        (None, None) => Ok(Vec::new()),
    };
    let found = match found {
        Ok(found) => found,
        Err(status) => return ExitCode::from(status),
    };
    if found.is_empty() {
        output::error_line(&format!("error: no job is known as `{}`", args.job));
        return ExitCode::from(exit::USAGE);
    }
    if args.out.json {
        output::json(&found);
    } else {
        found.iter().for_each(print);
    }
    ExitCode::from(exit::SUCCESS)
}

fn print(found: &Explanation) {
    if found.unchanged {
        output::line(&format!("{}: unchanged", found.source));
        return;
    }
    output::line(&format!("{}: would be cooked, because", found.source));
    for reason in &found.reasons {
        output::line(&format!("  {reason}"));
    }
}

/// What there is to say of the jobs of a manifest that are called so.
fn in_manifest(args: &WhyArgs, path: &Path, folder: &Path) -> Result<Vec<Explanation>, u8> {
    let manifest = read_manifest(path).map_err(|problems| {
        cook::print(path, &problems, args.out);
        exit::USAGE
    })?;
    let as_cooked = CookArgs::of(
        path.to_owned(),
        args.output.clone(),
        args.root.clone(),
        args.run.clone(),
        args.out,
    );
    let expansion = expand_with_files(&manifest, &cook::places(&as_cooked), Path::new(""));
    let settings = cook::settings(&as_cooked, &expansion).import;
    let environment = environment_of(&importers::built_in());
    let jobs = select(expansion.jobs, &args.job).into_iter();
    let all = jobs.flat_map(|job| {
        let root = job.output.clone();
        let request = ImportRequest::from(job);
        let asked = Asked::Request(&request, &settings);
        explain(folder, &root, asked, &environment)
    });
    Ok(all.collect())
}

/// The jobs of that name; else those with that source, as it is written or where it leads; else those with
/// that number.
fn select(jobs: Vec<ManifestJob>, wanted: &str) -> Vec<ManifestJob> {
    let place = std::path::absolute(wanted).ok();
    let named = |job: &ManifestJob| job.name.as_deref() == Some(wanted);
    let from = |job: &ManifestJob| {
        let source = Path::new(&job.source);
        let is_there = std::path::absolute(source).ok() == place;
        job.source == wanted || is_there || source.ends_with(wanted)
    };
    let number = wanted.parse::<usize>().ok();
    let numbered = |job: &ManifestJob| Some(job.index + 1) == number;
    let ways: [&dyn Fn(&ManifestJob) -> bool; 3] = [&named, &from, &numbered];
    let way = ways.into_iter().find(|way| jobs.iter().any(way));
    match way {
        Some(way) => jobs.into_iter().filter(|job| way(job)).collect(),
        None => Vec::new(),
    }
}

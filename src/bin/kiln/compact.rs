//! `kiln compact`: drops what earlier cooks have left in a container.

use bevy_kiln::{
    assets::{format::job_record::JobKey, manifest::ManifestJob},
    prelude::{ManifestProblem, Places},
    systems::{
        compact::{CompactOptions, CompactReport, compact_container},
        io::scope::normalise,
        manifest::{expand_with_files, read_manifest},
    },
};
use serde::Serialize;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::{
    args::CompactArgs,
    cook, exit, interrupt,
    output::{self, Style},
};

/// A manifest that cannot be gone by, as JSON.
#[derive(Serialize)]
struct Refusal<'a> {
    success: bool,
    problems: &'a [ManifestProblem],
}

/// Runs the command.
pub fn run(args: &CompactArgs) -> ExitCode {
    let mut options = CompactOptions::new().dry_run(args.dry_run);
    if let Some(manifest) = &args.manifest {
        match jobs_of(args, manifest) {
            Ok(jobs) => options = options.keeping(jobs),
            Err(problems) => {
                cook::print(manifest, &problems, args.out);
                if args.out.json {
                    output::json(&Refusal {
                        success: false,
                        problems: &problems,
                    });
                }
                return ExitCode::from(exit::USAGE);
            }
        }
    }
    let _guard = interrupt::cancels(&options.cancel);
    let report = compact_container(&args.container, &options);
    print(args, &report);
    ExitCode::from(if report.success {
        exit::SUCCESS
    } else if interrupt::happened() {
        exit::INTERRUPTED
    } else {
        exit::FAILED
    })
}

/// The jobs of a manifest that go into the container, in their order. A manifest with an error is not gone
/// by: what it leaves out would be dropped.
fn jobs_of(args: &CompactArgs, path: &Path) -> Result<Vec<JobKey>, Vec<ManifestProblem>> {
    let root = std::path::absolute(&args.container).unwrap_or_else(|_| args.container.clone());
    let places = match &args.root {
        Some(root) => Places::new(root),
        None => Places::of_manifest(path),
    };
    let manifest = read_manifest(path)?;
    let places = places.with_output(&root);
    let expansion = expand_with_files(&manifest, &places, Path::new(""));
    if expansion.problems.iter().any(ManifestProblem::is_error) {
        return Err(expansion.problems);
    }
    let same = |path: &Path| -> PathBuf {
        let path = normalise(path);
        path.canonicalize().unwrap_or(path)
    };
    let root = same(&root);
    let ours = expansion
        .jobs
        .iter()
        .filter(|job| same(&job.output) == root);
    Ok(ours.map(ManifestJob::key).collect())
}

fn print(args: &CompactArgs, report: &CompactReport) {
    let style = Style::of_stderr(args.out);
    for diagnostic in &report.diagnostics {
        if diagnostic.is_error() || !(args.out.quiet || args.out.json) {
            output::error_line(&style.diagnostic(diagnostic));
        }
    }
    if args.out.json {
        output::json(report);
        return;
    }
    if !report.success || args.out.quiet {
        return;
    }
    if args.out.verbose {
        for job in &report.dropped_jobs {
            output::line(&format!("dropped: {job}"));
        }
    }
    let name = args.container.display();
    if !report.changed {
        output::line(&format!("{name}: compact already"));
        return;
    }
    let freed = report.bytes_before.saturating_sub(report.bytes_after);
    let (textures, buffers, assets) = (report.textures, report.buffers, report.assets);
    let verb = if report.dry_run {
        "would free"
    } else {
        "freed"
    };
    output::line(&format!(
        "{name}: {verb} {} of {}: {} textures, {} buffers, {} assets, {} jobs dropped",
        output::bytes(freed),
        output::bytes(report.bytes_before),
        textures.dropped,
        buffers.dropped,
        assets.dropped,
        report.jobs.dropped
    ));
}

//! `kiln import`, `texture`, `gltf` and `fbx`: every source is a job of one container.

use bevy_kiln::{assets::manifest::JobKind, prelude::ImportRequest};
use std::process::ExitCode;

use crate::{
    args::ImportArgs,
    exit, output,
    run::{self, Batch, BatchJob},
};

/// Runs the command. Sources of the wrong kind are refused, if one is given.
pub fn run(args: &ImportArgs, kind: Option<JobKind>) -> ExitCode {
    if let Err(message) = check(args, kind) {
        output::error_line(&format!("error: {message}"));
        return ExitCode::from(exit::USAGE);
    }
    if let Err(error) = args.scene.options().resolve() {
        output::error_line(&format!("error: {error}"));
        return ExitCode::from(exit::USAGE);
    }
    let mut settings = args.run.settings();
    settings.import.packing = args.texture.options().packing_policy.unwrap_or_default();
    let jobs = args
        .files
        .sources
        .iter()
        .zip(1..)
        .map(|(source, number)| BatchJob {
            number,
            kind: kind.unwrap_or_else(|| JobKind::of_source(source)),
            verbose: false,
            request: request(args, source, kind),
        });
    let batch = Batch {
        jobs: jobs.collect(),
        title: args.files.output.display().to_string(),
        left_out: Vec::new(),
        settings,
        fail_fast: args.run.fail_fast,
        report: args.run.report.clone(),
        brief: false,
    };
    ExitCode::from(run::run(batch, args.out))
}

fn request(args: &ImportArgs, source: &str, kind: Option<JobKind>) -> ImportRequest {
    let mut request = ImportRequest::new(source)
        .into_container(&args.files.output)
        .with_texture(args.texture.options().clone())
        .with_scene(args.scene.options().clone())
        .with_sources(args.parts.parts.iter().cloned());
    if args.parts.placeholder {
        request = request.placeholder_on_failure();
    }
    if let Some(name) = &args.files.name {
        request = request.named(name);
    }
    if let Some(kind) = kind {
        request = request.expecting(kind.token());
    }
    request
}

fn check(args: &ImportArgs, kind: Option<JobKind>) -> Result<(), String> {
    let files = &args.files;
    if !args.parts.parts.is_empty() && files.sources.len() > 1 {
        return Err("--source adds files to one texture, but there are several sources".to_owned());
    }
    if files.name.is_some() && files.sources.len() > 1 {
        return Err("--name names one product, but there are several sources".to_owned());
    }
    let misfit = kind.and_then(|kind| {
        let mut sources = files.sources.iter();
        sources
            .find(|source| !kind.fits(source))
            .map(|source| (source, kind))
    });
    match misfit {
        Some((source, kind)) => Err(format!("{source}: {}", kind.misfit())),
        None => Ok(()),
    }
}

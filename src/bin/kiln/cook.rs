//! `kiln cook`: everything that a manifest names.

use bevy_kiln::{
    assets::manifest::{Expansion, ManifestJob},
    components::pipeline::JobLimits,
    plugin::HeadlessSettings,
    prelude::{ImportRequest, ManifestProblem, Places},
    systems::manifest::{expand_with_files, read_manifest},
};
use serde::Serialize;
use std::path::Path;

use crate::{
    args::{CookArgs, OutputArgs},
    exit,
    output::{self, Style},
    run::{self, Batch, BatchJob},
};

/// Runs the command, and returns the exit status.
pub fn run(args: &CookArgs) -> u8 {
    round(args, None)
}

/// Cooks everything. `told` says why, in one of many rounds.
pub fn round(args: &CookArgs, told: Option<&str>) -> u8 {
    let manifest = match read_manifest(args.manifest()) {
        Ok(manifest) => manifest,
        Err(problems) => {
            print(args.manifest(), &problems, args.out);
            if args.out.json {
                output::json(&Plan {
                    valid: false,
                    problems: &problems,
                    jobs: Vec::new(),
                });
            }
            return exit::USAGE;
        }
    };
    let expansion = expand_with_files(&manifest, &places(args), Path::new(""));
    print(args.manifest(), &expansion.problems, args.out);
    let left_out = expansion.left_out();
    if args.dry_run {
        plan(&expansion, args.out);
    } else if left_out.is_empty() || !args.run.fail_fast {
        let status = cook(args, expansion, told);
        // Nothing failed, but not everything was done.
        return match status {
            exit::SUCCESS if !left_out.is_empty() => exit::USAGE,
            status => status,
        };
    }
    if left_out.is_empty() {
        exit::SUCCESS
    } else {
        exit::USAGE
    }
}

/// Where the sources of the manifest are, and where its products go.
pub fn places(args: &CookArgs) -> Places {
    let places = match &args.root {
        Some(root) => Places::new(root),
        None => Places::of_manifest(args.manifest()),
    };
    match &args.output {
        // What is given on the command line is relative to where it is given.
        Some(output) => {
            places.with_output(std::path::absolute(output).unwrap_or_else(|_| output.clone()))
        }
        None => places,
    }
}

/// Prints what is wrong with a manifest: errors always, warnings unless they are not wanted.
pub fn print(manifest: &Path, problems: &[ManifestProblem], out: OutputArgs) {
    let style = Style::of_stderr(out);
    let name = manifest.display().to_string();
    let mut last_code = None;
    for problem in problems {
        if !problem.is_error() && (out.quiet || out.json) {
            continue;
        }
        let diagnostic = problem.diagnostic(&name);
        // Many problems of one kind have one remedy.
        if last_code.replace(problem.code) == Some(problem.code) {
            output::error_line(&style.headline(&diagnostic));
        } else {
            output::error_line(&style.diagnostic(&diagnostic));
        }
    }
}

/// What would be done, as JSON.
#[derive(Serialize)]
struct Plan<'a> {
    valid: bool,
    problems: &'a [ManifestProblem],
    jobs: Vec<PlannedJob<'a>>,
}

#[derive(Serialize)]
struct PlannedJob<'a> {
    index: usize,
    #[serde(rename = "type")]
    kind: &'static str,
    source: &'a str,
    output: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    texture: &'a bevy_kiln::prelude::TextureOptions,
    #[serde(skip_serializing_if = "Option::is_none")]
    scene: Option<&'a bevy_kiln::prelude::SceneOptions>,
}

/// Prints what would be done.
fn plan(expansion: &Expansion, out: OutputArgs) {
    let jobs = expansion.jobs.iter().map(|job| PlannedJob {
        index: job.index,
        kind: job.kind.token(),
        source: &job.source,
        output: &job.output,
        name: job.name.as_deref(),
        texture: &job.texture,
        scene: job.kind.is_scene().then_some(&job.scene),
    });
    if out.json {
        output::json(&Plan {
            valid: expansion.left_out().is_empty(),
            problems: &expansion.problems,
            jobs: jobs.collect(),
        });
    } else if !out.quiet {
        for job in jobs {
            let (kind, source, root) = (job.kind, job.source, job.output.display());
            output::line(&format!("DRY-RUN: {kind} {source} -> {root}"));
            if out.verbose {
                let settings = |value: serde_json::Result<String>| value.unwrap_or_default();
                let texture = settings(serde_json::to_string(job.texture));
                output::line(&format!("  texture {texture}"));
                if let Some(scene) = job.scene {
                    let scene = settings(serde_json::to_string(scene));
                    output::line(&format!("  scene {scene}"));
                }
            }
        }
    }
}

fn cook(args: &CookArgs, expansion: Expansion, told: Option<&str>) -> u8 {
    let settings = settings(args, &expansion);
    let Expansion { jobs, problems, .. } = expansion;
    run::run(
        Batch {
            settings,
            jobs: jobs.into_iter().map(batch_job).collect(),
            title: told.map_or_else(|| args.manifest().display().to_string(), str::to_owned),
            left_out: problems
                .into_iter()
                .filter(ManifestProblem::is_error)
                .collect(),
            fail_fast: args.run.fail_fast,
            report: args.run.report.clone(),
            brief: told.is_some(),
        },
        args.out,
    )
}

fn batch_job(job: ManifestJob) -> BatchJob {
    BatchJob {
        number: job.index + 1,
        kind: job.kind,
        verbose: job.verbose,
        request: ImportRequest::from(job),
    }
}

/// Settings of the run: the command line, else the manifest, else the defaults.
fn settings(args: &CookArgs, expansion: &Expansion) -> HeadlessSettings {
    let mut settings = args.run.settings();
    if args.run.threads.is_none()
        && let Some(threads) = expansion.thread_pool_size
    {
        settings.threads = threads as usize;
    }
    let import = &mut settings.import;
    if args.run.jobs.is_none()
        && let Some(jobs) = expansion.max_in_flight_jobs
    {
        import.max_in_flight_jobs = jobs as usize;
    }
    if args.run.concurrency.is_none()
        && let Some(limits) = JobLimits::of(expansion).and_then(|limits| limits.pipelines)
    {
        import.pipelines = limits;
    }
    // The fallback texture is packed as all others are, if they agree.
    let jobs = &expansion.jobs;
    let packing = |job: &ManifestJob| job.texture.packing_policy;
    if let Some(first) = jobs.first().and_then(packing)
        && jobs.iter().all(|job| packing(job) == Some(first))
    {
        import.packing = first;
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Cli;
    use bevy_kiln::{
        assets::{format::payload_layout::PackingPolicy, manifest::ManifestFormat},
        components::pipeline::WorkKind,
        prelude::Manifest,
    };

    fn settings_of(line: &str, document: &str) -> HeadlessSettings {
        let words = format!("kiln cook a.json -o /out {line}");
        let words = words.split_whitespace().map(std::ffi::OsString::from);
        let crate::args::Command::Cook(args) = Cli::from_words(words).unwrap().command else {
            panic!("it is a cook");
        };
        let manifest = Manifest::parse(document.as_bytes(), ManifestFormat::Json).unwrap();
        settings(&args, &manifest.expand(&places(&args)))
    }

    #[test]
    fn the_command_line_counts_more_than_the_manifest() {
        let document = r#"{"thread_pool_size": 7, "max_in_flight_jobs": 3, "concurrency":
            {"texture": {"workers": 5, "queue_capacity": 6}, "scene": {"workers": 4, "queue_capacity": 9}},
            "jobs": []}"#;
        let limit = |settings: &HeadlessSettings, kind| {
            let limit = settings.import.pipelines.get(kind);
            (limit.workers, limit.queue)
        };
        let plain = settings_of("", document);
        assert_eq!((plain.threads, plain.import.max_in_flight_jobs), (7, 3));
        assert_eq!(limit(&plain, WorkKind::TEXTURE), (5, 6));
        assert_eq!(limit(&plain, WorkKind::SCENE), (4, 9));
        let given = settings_of("--threads 2 --jobs 9 --concurrency t:1", document);
        assert_eq!((given.threads, given.import.max_in_flight_jobs), (2, 9));
        assert_eq!(limit(&given, WorkKind::TEXTURE), (1, 64));
        // What is not named goes back to the default, not to the manifest.
        assert_eq!(limit(&given, WorkKind::SCENE), (1, 8));
        assert_eq!(settings_of("", r#"{"jobs": []}"#).threads, 0);
    }

    #[test]
    fn the_fallback_is_packed_like_all_others() {
        let packing = |policies: [&str; 2]| {
            let jobs = policies.map(|policy| {
                format!(r#"{{"type": "texture", "source": "a.png", "packing_policy": "{policy}"}}"#)
            });
            settings_of("", &format!(r#"{{"jobs": [{}]}}"#, jobs.join(",")))
                .import
                .packing
        };
        assert_eq!(packing(["tight", "tight"]), PackingPolicy::Tight);
        assert_eq!(packing(["tight", "d3d12"]), PackingPolicy::D3d12);
    }
}

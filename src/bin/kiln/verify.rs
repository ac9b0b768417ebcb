//! `kiln verify`: checks a container and says so in the exit status.

use bevy_kiln::systems::verify::verify_container;
use std::process::ExitCode;

use crate::{
    args::VerifyArgs,
    exit,
    output::{self, Style},
};

/// Runs the command.
pub fn run(args: &VerifyArgs) -> ExitCode {
    let report = verify_container(&args.root);
    let errors = report
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .count();
    let warnings = report.diagnostics.len() - errors;
    let style = Style::of_stderr(args.out);
    for diagnostic in &report.diagnostics {
        if diagnostic.is_error() || !(args.out.quiet || args.out.json) {
            output::error_line(&style.diagnostic(diagnostic));
        }
    }
    if args.out.json {
        output::json(&report);
    } else if !args.out.quiet {
        let verdict = if errors == 0 { "valid" } else { "NOT valid" };
        output::line(&format!(
            "{}: {verdict}: {} textures, {} buffers, {} assets, {errors} errors, {warnings} warnings",
            args.root.display(),
            report.textures,
            report.buffers,
            report.assets
        ));
    }
    ExitCode::from(if errors == 0 {
        exit::SUCCESS
    } else {
        exit::FAILED
    })
}

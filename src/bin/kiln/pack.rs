//! `kiln pack`: puts a container into one file.

use bevy_kiln::{assets::cook::pace::CancelFlag, systems::pack::pack_container_until};
use std::process::ExitCode;

use crate::{
    args::PackArgs,
    exit, interrupt,
    output::{self, Style},
};

/// Runs the command.
pub fn run(args: &PackArgs) -> ExitCode {
    let cancel = CancelFlag::new();
    let _guard = interrupt::cancels(&cancel);
    let report = pack_container_until(&args.root, &args.output, &args.options(), &cancel);
    let style = Style::of_stderr(args.out);
    for diagnostic in &report.diagnostics {
        if diagnostic.is_error() || !(args.out.quiet || args.out.json) {
            output::error_line(&style.diagnostic(diagnostic));
        }
    }
    if args.out.json {
        output::json(&report);
    } else if report.success && !args.out.quiet {
        output::line(&format!(
            "{}: {}: {} textures, {} buffers, {} assets, identity {}",
            args.output.display(),
            output::bytes(report.size),
            report.textures,
            report.buffers,
            report.assets,
            report.guid
        ));
    }
    ExitCode::from(if report.success {
        exit::SUCCESS
    } else if interrupt::happened() {
        exit::INTERRUPTED
    } else {
        exit::FAILED
    })
}

//! `kiln explain`, `schema` and `completions`: what the tool knows of itself.

use bevy_kiln::assets::{
    diagnostic::{CodeInfo, codes},
    manifest,
};
use clap::CommandFactory;
use serde::Serialize;
use std::{io, process::ExitCode};

use crate::{
    args::{Cli, CompletionsArgs, ExplainArgs},
    exit, output,
};

/// Prints the JSON Schema of manifests.
pub fn schema() -> ExitCode {
    output::json(&manifest::json_schema());
    ExitCode::from(exit::SUCCESS)
}

/// Prints a completion script for a shell.
pub fn completions(args: &CompletionsArgs) -> ExitCode {
    let mut command = Cli::command();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "kiln", &mut script);
    // A reader that went away is no error of ours.
    let _ = io::Write::write_all(&mut io::stdout().lock(), &script);
    ExitCode::from(exit::SUCCESS)
}

/// A code, as JSON.
#[derive(Serialize)]
struct Entry {
    code: &'static str,
    severity: bevy_kiln::prelude::Severity,
    summary: &'static str,
    remedy: &'static str,
}

/// Explains a code, all codes of an area, or lists all there are.
pub fn explain(args: &ExplainArgs) -> ExitCode {
    let found = find(args.code.as_deref().unwrap_or_default());
    if found.is_empty() {
        let wanted = args.code.as_deref().unwrap_or_default();
        output::error_line(&format!(
            "error: there is no code `{wanted}`; `kiln explain` lists all of them"
        ));
        return ExitCode::from(exit::USAGE);
    }
    if args.json {
        let entries = found.iter().map(|info| Entry {
            code: info.id,
            severity: info.severity,
            summary: info.summary,
            remedy: info.remedy,
        });
        output::json(&entries.collect::<Vec<_>>());
    } else if let [info] = found.as_slice() {
        output::line(&format!(
            "{} ({})\n\n{}\n\n{}",
            info.id, info.severity, info.summary, info.remedy
        ));
    } else {
        let width = found.iter().map(|info| info.id.len()).max().unwrap_or(0);
        for info in found {
            output::line(&format!(
                "{:width$}  {:7}  {}",
                info.id, info.severity, info.summary
            ));
        }
    }
    ExitCode::from(exit::SUCCESS)
}

/// The code itself, or all that begin like this.
fn find(wanted: &str) -> Vec<&'static CodeInfo> {
    if let Some(exact) = codes::all().find(|info| info.id == wanted) {
        return vec![exact];
    }
    let mut found: Vec<_> = codes::all()
        .filter(|info| info.id.starts_with(wanted))
        .collect();
    found.sort_by_key(|info| info.id);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_by_name_and_by_beginning() {
        assert_eq!(find("texture.cook_failed").len(), 1);
        let area = find("manifest.");
        assert!(area.len() > 5 && area.iter().all(|info| info.id.starts_with("manifest.")));
        assert!(area.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert!(find("nonsense").is_empty());
        assert_eq!(find("").len(), codes::all().count());
    }
}

//! What a person sees while a cook runs: bars on a terminal, plain lines otherwise.

use bevy_kiln::prelude::{ImportProgress, ImportReport, JobState, Product, ProgressKind};
use indicatif::{ProgressBar, ProgressStyle};
use std::{io::IsTerminal, time::Duration};

use crate::{
    args::OutputArgs,
    output::{self, Style},
};

/// Where progress goes. Errors are printed whatever was asked for.
pub struct Screen {
    bar: Option<ProgressBar>,
    out: OutputArgs,
    style: Style,
    jobs: u64,
    ended: u64,
}

impl Screen {
    /// A screen for so many jobs. Bars appear only where standard error is a terminal.
    pub fn new(out: OutputArgs, jobs: usize) -> Self {
        let jobs = jobs as u64;
        let draws = !out.quiet && !out.json && !out.no_progress && std::io::stderr().is_terminal();
        let bar = draws.then(|| {
            let style = "{spinner} [{elapsed_precise}] {wide_bar} {pos}/{len} {msg}";
            let style = ProgressStyle::with_template(style)
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = ProgressBar::new(jobs).with_style(style);
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Self {
            bar,
            out,
            style: Style::of_stderr(out),
            jobs,
            ended: 0,
        }
    }

    /// A job has come further.
    pub fn progress(&self, progress: &ImportProgress) {
        let Some(item) = &progress.item else {
            return;
        };
        if let Some(bar) = &self.bar
            && progress.kind == ProgressKind::ItemStarted
        {
            bar.set_message(item.name.clone());
        }
        if self.out.verbose && !progress.message.is_empty() {
            self.aside(&format!(
                "job {}: {} {}",
                progress.job, item.kind, progress.message
            ));
        }
    }

    /// A job has ended.
    pub fn ended(&mut self, report: &ImportReport) {
        self.ended += 1;
        for diagnostic in &report.diagnostics {
            if diagnostic.is_error() || !self.out.quiet {
                self.aside(&self.style.diagnostic(diagnostic));
            }
        }
        if let Some(bar) = &self.bar {
            bar.inc(1);
        } else if !self.out.quiet && !self.out.json {
            output::line(&format!(
                "[{}/{}] {}",
                self.ended,
                self.jobs,
                summary(report)
            ));
        }
    }

    /// Prints a line on standard error without tearing the bar.
    pub fn aside(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| output::error_line(text)),
            None => output::error_line(text),
        }
    }

    /// Takes the bar away.
    pub fn close(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// One line for a job that has ended.
fn summary(report: &ImportReport) -> String {
    let what = match report.outcome {
        JobState::Complete => "cooked",
        JobState::Cancelled => "canceled",
        _ => "failed",
    };
    let mut text = format!("{what} {}", report.source);
    if let [
        Product::Texture {
            index,
            size,
            reused,
            ..
        },
    ] = report.products.as_slice()
    {
        let note = if *reused { ", unchanged" } else { "" };
        text += &format!(" (texture {index}, {}{note})", output::bytes(*size));
    } else if !report.products.is_empty() {
        let counts = [
            (report.textures_written, "texture", "textures"),
            (report.materials_written, "material", "materials"),
            (report.geometry_written, "geometry", "geometries"),
            (report.scenes_written, "scene", "scenes"),
        ];
        let counts: Vec<String> = counts
            .into_iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
            .collect();
        text += &format!(" ({})", counts.join(", "));
    }
    text
}

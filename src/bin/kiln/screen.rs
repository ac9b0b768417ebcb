//! What a person sees while a cook runs: bars on a terminal, plain lines otherwise.

use bevy_kiln::{
    assets::{diagnostic::codes, manifest::JobKind},
    components::pipeline::PipelineCounters,
    prelude::{ImportProgress, ImportReport, JobState, Product, ProgressKind},
};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::{
    collections::BTreeMap,
    io::IsTerminal,
    time::{Duration, Instant},
};

use crate::{
    args::OutputArgs,
    estimate::{self, Estimate},
    output::{self, Style},
    run::BatchJob,
};

/// Where progress goes. Errors are printed whatever was asked for.
pub struct Screen {
    bars: Option<Bars>,
    out: OutputArgs,
    style: Style,
    brief: bool,
    /// Whether there is a line for each job.
    lines: bool,
    jobs: usize,
    ended: usize,
}

impl Screen {
    /// A screen for these jobs. Bars appear only where standard error is a terminal. A brief one shows
    /// neither bars nor a line for each job.
    pub fn new(out: OutputArgs, brief: bool, jobs: &[BatchJob]) -> Self {
        let mut screen = Self::still(out, brief, jobs.len());
        screen.bars = draws(out, brief).then(|| Bars::new(jobs));
        screen
    }

    /// A screen for jobs that have ended already: it says the same, without bars.
    pub fn still(out: OutputArgs, brief: bool, jobs: usize) -> Self {
        Self {
            bars: None,
            out,
            style: Style::of_stderr(out),
            brief,
            lines: has_lines(out, brief) && !draws(out, brief),
            jobs,
            ended: 0,
        }
    }

    /// A job has come further.
    pub fn progress(&mut self, number: usize, verbose: bool, progress: &ImportProgress) {
        if let Some(bars) = &mut self.bars {
            bars.progress(number, progress);
        }
        let Some(item) = &progress.item else {
            return;
        };
        if (self.out.verbose || verbose) && !self.out.quiet && !progress.message.is_empty() {
            self.aside(&format!("job {number}: {} {}", item.kind, progress.message));
        }
    }

    /// A job has ended.
    pub fn ended(&mut self, number: usize, report: &ImportReport) {
        self.ended += 1;
        for diagnostic in &report.diagnostics {
            // That jobs were cancelled the user knows; how many, the last line says.
            let known = diagnostic.code == codes::import::CANCELED && !self.out.verbose;
            if diagnostic.is_error() || !(self.out.quiet || known) {
                self.aside(&self.style.diagnostic(diagnostic));
            }
        }
        if let Some(bars) = &mut self.bars {
            bars.ended(number, report);
        }
        if self.lines {
            let (ended, jobs) = (self.ended, self.jobs);
            output::line(&format!("[{ended}/{jobs}] {}", summary(report)));
        }
    }

    /// Redraws, if it is time to.
    pub fn tick(&mut self, counters: &PipelineCounters) {
        if let Some(bars) = &mut self.bars {
            bars.tick(counters);
        }
    }

    /// Prints a line on standard error without tearing the bars.
    pub fn aside(&self, text: &str) {
        match &self.bars {
            Some(bars) => bars.all.suspend(|| output::error_line(text)),
            None => output::error_line(text),
        }
    }

    /// Says that the run is being interrupted. The bars go: what they show is not true any more, and a
    /// tick of theirs in between would leave a line behind.
    pub fn interrupted(&mut self, text: &str) {
        self.close();
        self.bars = None;
        self.lines = has_lines(self.out, self.brief);
        output::error_line(text);
    }

    /// Takes the bars away.
    pub fn close(&self) {
        if let Some(bars) = &self.bars {
            bars.jobs.disable_steady_tick();
            for bar in bars.kinds.values().chain([&bars.jobs]) {
                bar.finish_and_clear();
            }
            // Nothing can be done about a closed terminal.
            let _ = bars.all.clear();
        }
    }
}

/// Whether bars are drawn.
fn draws(out: OutputArgs, brief: bool) -> bool {
    has_lines(out, brief)
        && !out.no_progress
        && std::env::var_os("TERM").is_some_and(|term| term != "dumb")
        && std::io::stderr().is_terminal()
}

/// Whether there is a line for each job, where no bars are drawn.
fn has_lines(out: OutputArgs, brief: bool) -> bool {
    !brief && !out.quiet && !out.json
}

/// One bar for the jobs, and one for each kind of work.
struct Bars {
    all: MultiProgress,
    jobs: ProgressBar,
    kinds: BTreeMap<&'static str, ProgressBar>,
    known: BTreeMap<usize, KnownJob>,
    running: BTreeMap<usize, f32>,
    estimate: Estimate,
    begun: Instant,
    drawn: Instant,
}

/// What the estimate needs of a job.
#[derive(Clone, Copy)]
struct KnownJob {
    kind: JobKind,
    bytes: u64,
}

/// How often numbers change: more often nobody can read them.
const REDRAW: Duration = Duration::from_millis(100);

impl Bars {
    fn new(jobs: &[BatchJob]) -> Self {
        let all = MultiProgress::new();
        let bar = all.add(bar(jobs.len() as u64, "jobs"));
        bar.enable_steady_tick(Duration::from_millis(200));
        let mut estimate = Estimate::default();
        let mut known = BTreeMap::new();
        for job in jobs {
            let bytes = std::fs::metadata(job.request.source()).map_or(0, |info| info.len());
            let kind = job.kind;
            estimate.add(kind, bytes);
            known.insert(job.number, KnownJob { kind, bytes });
        }
        Self {
            all,
            jobs: bar,
            kinds: BTreeMap::new(),
            known,
            running: BTreeMap::new(),
            estimate,
            begun: Instant::now(),
            drawn: Instant::now(),
        }
    }

    fn progress(&mut self, number: usize, progress: &ImportProgress) {
        if progress.kind != ProgressKind::JobFinished {
            self.running.insert(number, progress.overall);
        }
        if let Some(item) = &progress.item
            && progress.kind == ProgressKind::ItemStarted
            && let Some(bar) = self.kinds.get(item.kind)
        {
            bar.set_message(item.name.clone());
        }
    }

    fn ended(&mut self, number: usize, report: &ImportReport) {
        self.running.remove(&number);
        if let Some(&KnownJob { kind, bytes }) = self.known.get(&number) {
            let times = report.telemetry;
            let cost = Duration::from_micros(times.decode + times.cook);
            let done = report.outcome == JobState::Complete;
            self.estimate.ended(kind, bytes, done.then_some(cost));
        }
        self.jobs.inc(1);
    }

    fn tick(&mut self, counters: &PipelineCounters) {
        if self.drawn.elapsed() < REDRAW {
            return;
        }
        self.drawn = Instant::now();
        for (kind, counters) in counters.iter() {
            let bar = self
                .kinds
                .entry(kind)
                .or_insert_with(|| self.all.add(bar(0, kind)));
            bar.set_length(counters.submitted);
            bar.set_position(counters.completed + counters.failed);
        }
        let running = self.running.iter().filter_map(|(number, overall)| {
            let job = self.known.get(number)?;
            Some((job.kind, job.bytes, *overall))
        });
        if let Some(left) = self.estimate.left(self.begun.elapsed(), running) {
            self.jobs
                .set_message(format!("about {} left", estimate::words(left)));
        }
    }
}

fn bar(length: u64, name: &str) -> ProgressBar {
    let style = if name == "jobs" {
        "{spinner} {prefix:10} {wide_bar} {pos}/{len} [{elapsed}] {msg}"
    } else {
        "  {prefix:10} {bar:20} {pos}/{len} {wide_msg}"
    };
    let style =
        ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length)
        .with_style(style)
        .with_prefix(name.to_owned())
}

/// One line for a job that has ended.
fn summary(report: &ImportReport) -> String {
    let what = match report.outcome {
        JobState::Complete if report.cached => "unchanged",
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
        let note = if *reused && !report.cached {
            ", unchanged"
        } else {
            ""
        };
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

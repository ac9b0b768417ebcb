//! The report as data. Keys and their order are a contract: those of the reference come first in every
//! object, and ours follow.

use bevy_kiln::{
    assets::manifest::JobKind,
    components::report::{ItemReport, LaneSpan, OutputFile},
    prelude::{Diagnostic, ImportReport, JobState, ManifestProblem, Product, Severity},
};
use serde::Serialize;
use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A whole run.
#[derive(Debug, Serialize)]
pub struct Document {
    report_version: &'static str,
    pub session: Session,
    pub summary: Summary,
    pub jobs: Vec<Job>,
}

/// When and how it was run.
#[derive(Debug, Serialize)]
pub struct Session {
    id: String,
    pub started_utc: String,
    ended_utc: String,
    tool_version: &'static str,
    pub command_line: String,
    pub cooked_root: String,
    pub lanes: usize,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Summary {
    pub jobs_total: usize,
    pub jobs_succeeded: usize,
    pub jobs_failed: usize,
    pub jobs_skipped: usize,
    pub time_ms_total: f64,
    time_ms_io: f64,
    pub time_ms_cpu: f64,
    success: bool,
    pub bytes_read: u64,
    pub bytes_made: u64,
    pub cached_items: usize,
    pub jobs_unchanged: usize,
}

/// One job.
#[derive(Debug, Serialize)]
pub struct Job {
    pub index: usize,
    #[serde(rename = "type")]
    kind: &'static str,
    pub work_items: Vec<Item>,
    pub status: Status,
    outputs: Vec<Output>,
    pub stats: Stats,
    pub diagnostics: Vec<Finding>,
    pub source: String,
    name: String,
    cooked_root: String,
    products: Vec<Product>,
    /// Whether nothing was cooked, because everything is as it was.
    cached: bool,
    #[serde(skip)]
    pub parsing: Vec<LaneSpan>,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Succeeded,
    Failed,
    /// It was cancelled.
    Skipped,
    /// It was never begun.
    NotSubmitted,
}

/// One work item. Moments are milliseconds after the start of its job.
#[derive(Debug, Serialize)]
pub struct Item {
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    started_ms: Option<f64>,
    finished_ms: Option<f64>,
    collected_ms: Option<f64>,
    pub wall_ms: f64,
    pub cpu_ms: f64,
    pub read_ms: f64,
    load_ms: f64,
    pub decode_ms: f64,
    pub cook_ms: f64,
    pub write_ms: f64,
    source_bytes: u64,
    pub output_bytes: u64,
    peak_memory_bytes: u64,
    cached: Option<bool>,
    /// Which lanes worked on it, and when, in milliseconds after the start of its job.
    spans: Vec<Span>,
    #[serde(skip)]
    pub lanes: Vec<LaneSpan>,
}

#[derive(Debug, Serialize)]
struct Span {
    lane: u16,
    started_ms: f64,
    finished_ms: f64,
}

#[derive(Debug, Serialize)]
struct Output {
    path: String,
    size_bytes: u64,
}

/// Where the time of a job went. Sums over items can exceed the total: items run side by side.
#[derive(Debug, Default, Serialize)]
pub struct Stats {
    pub time_ms_total: f64,
    time_ms_io: f64,
    time_ms_source_load: f64,
    time_ms_decode: f64,
    time_ms_load: f64,
    time_ms_cook: f64,
    time_ms_emit: f64,
    time_ms_finalize: f64,
    time_ms_queued: f64,
    time_ms_cpu: f64,
    bytes_read: u64,
    bytes_made: u64,
    peak_memory_bytes: u64,
    cached_items: usize,
}

/// One diagnostic.
#[derive(Debug, Serialize)]
pub struct Finding {
    pub severity: Severity,
    pub code: &'static str,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_path: Option<String>,
    #[serde(skip)]
    pub remedy: &'static str,
}

/// One job of a run, in the order of the run.
pub struct JobFacts {
    /// Its number, from 1.
    pub number: usize,
    /// What its source is, as far as its name says.
    pub kind: JobKind,
    /// Its source.
    pub source: String,
    /// Its report; none if it was never begun.
    pub report: Option<Arc<ImportReport>>,
}

/// What a report needs to know of a run besides its jobs.
pub struct RunFacts<'a> {
    /// When it began.
    pub started: SystemTime,
    /// How long it took.
    pub took: Duration,
    /// The words of the command line.
    pub command_line: String,
    /// How many cooks could run at once.
    pub lanes: usize,
    /// Whether everything was done.
    pub success: bool,
    /// Jobs of the manifest that were left out, and why.
    pub left_out: &'a [ManifestProblem],
    /// The manifest, if there is one.
    pub manifest: &'a str,
}

/// Puts the report together.
pub fn document(run: &RunFacts, jobs: &[JobFacts]) -> Document {
    let mut all: Vec<Job> = jobs.iter().map(job).collect();
    all.extend(left_out(run));
    all.sort_by_key(|job| job.index);
    let count = |status| all.iter().filter(|job| job.status == status).count();
    let sum = |part: fn(&Stats) -> f64| all.iter().map(|job| part(&job.stats)).sum();
    let succeeded = count(Status::Succeeded);
    let skipped = count(Status::Skipped) + count(Status::NotSubmitted);
    let since_epoch = run.started.duration_since(UNIX_EPOCH).unwrap_or_default();
    Document {
        report_version: "2",
        session: Session {
            id: format!("session-{}", since_epoch.as_millis()),
            started_utc: utc(since_epoch.as_secs()),
            ended_utc: utc((since_epoch + run.took).as_secs()),
            tool_version: env!("CARGO_PKG_VERSION"),
            command_line: run.command_line.clone(),
            cooked_root: all
                .iter()
                .map(|job| job.cooked_root.as_str())
                .find(|root| !root.is_empty())
                .unwrap_or_default()
                .to_owned(),
            lanes: run.lanes,
        },
        summary: Summary {
            jobs_total: all.len(),
            jobs_succeeded: succeeded,
            jobs_failed: all.len() - succeeded - skipped,
            jobs_skipped: skipped,
            time_ms_total: run.took.as_secs_f64() * 1e3,
            time_ms_io: sum(|stats| stats.time_ms_io),
            time_ms_cpu: sum(|stats| stats.time_ms_cpu),
            success: run.success,
            bytes_read: all.iter().map(|job| job.stats.bytes_read).sum(),
            bytes_made: all.iter().map(|job| job.stats.bytes_made).sum(),
            cached_items: all.iter().map(|job| job.stats.cached_items).sum(),
            jobs_unchanged: all.iter().filter(|job| job.cached).count(),
        },
        jobs: all,
    }
}

fn job(facts: &JobFacts) -> Job {
    let Some(report) = facts.report.as_deref() else {
        return unsubmitted(facts.number, facts.kind.token(), &facts.source);
    };
    let started = report.telemetry.started;
    let mut items: Vec<Item> = report.items.iter().map(|log| item(log, started)).collect();
    items.sort_by(|a, b| {
        let begin = |item: &Item| item.started_ms.unwrap_or(f64::INFINITY);
        begin(a)
            .total_cmp(&begin(b))
            .then_with(|| a.name.cmp(&b.name))
    });
    if items.is_empty() {
        items.push(placeholder(facts.kind.token(), &report.source));
    }
    Job {
        index: facts.number,
        kind: facts.kind.token(),
        work_items: items,
        status: match report.outcome {
            JobState::Complete => Status::Succeeded,
            JobState::Cancelled => Status::Skipped,
            _ => Status::Failed,
        },
        outputs: report.outputs.iter().map(output).collect(),
        stats: stats(report),
        diagnostics: report.diagnostics.iter().map(finding).collect(),
        source: report.source.clone(),
        name: report.name.clone(),
        cooked_root: report.cooked_root.display().to_string(),
        products: report.products.clone(),
        cached: report.cached,
        parsing: report.parsing.clone(),
    }
}

fn unsubmitted(index: usize, kind: &'static str, source: &str) -> Job {
    Job {
        index,
        kind,
        work_items: vec![placeholder(kind, source)],
        status: Status::NotSubmitted,
        outputs: Vec::new(),
        stats: Stats::default(),
        diagnostics: Vec::new(),
        source: source.to_owned(),
        name: String::new(),
        cooked_root: String::new(),
        products: Vec::new(),
        cached: false,
        parsing: Vec::new(),
    }
}

/// The jobs that were left out, with the reasons.
fn left_out(run: &RunFacts) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::new();
    for problem in run.left_out {
        let Some(index) = problem.job else { continue };
        let finding = finding(&problem.diagnostic(run.manifest));
        match jobs.last_mut() {
            Some(last) if last.index == index + 1 => last.diagnostics.push(finding),
            _ => {
                let mut job = unsubmitted(index + 1, "unknown", run.manifest);
                job.diagnostics.push(finding);
                jobs.push(job);
            }
        }
    }
    jobs
}

fn item(log: &ItemReport, job_started: u64) -> Item {
    let moment = |at: u64| millis(at.saturating_sub(job_started));
    Item {
        kind: log.kind.to_owned(),
        name: log.name.clone(),
        started_ms: log.started.map(moment),
        finished_ms: log.finished.map(moment),
        collected_ms: log.collected.map(moment),
        wall_ms: millis(log.wall()),
        cpu_ms: millis(log.cpu),
        read_ms: millis(log.read),
        load_ms: millis(log.load),
        decode_ms: millis(log.decode),
        cook_ms: millis(log.cook),
        write_ms: millis(log.write),
        source_bytes: log.source_bytes,
        output_bytes: log.output_bytes,
        peak_memory_bytes: log.peak_bytes,
        cached: log.cached,
        spans: log
            .spans
            .iter()
            .map(|span| Span {
                lane: span.lane,
                started_ms: moment(span.start),
                finished_ms: moment(span.end),
            })
            .collect(),
        lanes: log.spans.clone(),
    }
}

/// What stands for a job that has no items.
fn placeholder(kind: &str, source: &str) -> Item {
    let mut item = item(&ItemReport::default(), 0);
    item.kind = kind.to_owned();
    item.name = source.to_owned();
    item
}

fn stats(report: &ImportReport) -> Stats {
    let times = report.telemetry;
    let sum = |part: fn(&ItemReport) -> u64| report.items.iter().map(part).sum();
    Stats {
        time_ms_total: millis(times.total),
        time_ms_io: millis(times.io),
        time_ms_source_load: millis(times.io + times.load),
        time_ms_decode: millis(times.decode),
        time_ms_load: millis(times.load),
        time_ms_cook: millis(times.cook),
        time_ms_emit: millis(times.write),
        time_ms_finalize: millis(times.finalize),
        time_ms_queued: millis(times.queued),
        time_ms_cpu: millis(times.cpu),
        bytes_read: sum(|item| item.source_bytes),
        bytes_made: sum(|item| item.output_bytes),
        peak_memory_bytes: report
            .items
            .iter()
            .map(|item| item.peak_bytes)
            .max()
            .unwrap_or(0),
        cached_items: report
            .items
            .iter()
            .filter(|item| item.cached == Some(true))
            .count(),
    }
}

fn output(file: &OutputFile) -> Output {
    Output {
        path: file.path.clone(),
        size_bytes: file.size,
    }
}

fn finding(diagnostic: &Diagnostic) -> Finding {
    Finding {
        severity: diagnostic.severity,
        code: diagnostic.code.id(),
        message: diagnostic.message.clone(),
        source_path: diagnostic.source.clone(),
        object_path: diagnostic.object.clone(),
        remedy: diagnostic.remedy(),
    }
}

/// Milliseconds out of microseconds.
fn millis(micros: u64) -> f64 {
    micros as f64 / 1e3
}

/// `YYYY-MM-DDTHH:MM:SSZ`. Days become a date as in Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms" (2013), `civil_from_days`.
fn utc(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use bevy_kiln::{
        assets::diagnostic::codes,
        components::{job::JobId, service::JobNames},
    };

    /// A run of four jobs: one of each end, the third of a manifest left out.
    pub fn sample() -> Document {
        let report = |outcome, diagnostics| {
            let names = JobNames {
                name: "wood".to_owned(),
                source: "art/<wood>.png".to_owned(),
                root: "/out".into(),
            };
            ImportReport::empty(JobId(1), &names, outcome, diagnostics)
        };
        let mut done = report(JobState::Complete, Vec::new());
        done.telemetry.started = 1_000;
        (done.telemetry.total, done.telemetry.io, done.telemetry.cpu) = (9_500, 250, 8_000);
        let mut late = ItemReport::planned("Texture", "b", 10);
        (late.started, late.finished, late.collected) = (Some(5_000), Some(9_000), Some(9_100));
        let mut early = ItemReport::planned("Texture", "a", 4_096);
        (early.started, early.finished) = (Some(1_500), Some(4_500));
        (early.source_bytes, early.output_bytes, early.cpu) = (100, 200, 5_000);
        let span = |lane, start, end| LaneSpan { lane, start, end };
        early.spans = vec![span(0, 1_500, 4_500), span(1, 2_000, 4_000)];
        late.spans = vec![span(1, 5_000, 9_000)];
        done.items = vec![late, early];
        done.outputs = vec![OutputFile {
            path: "container.index.bin".to_owned(),
            size: 512,
        }];
        let error = Diagnostic::new(codes::texture::COOK_FAILED, "it <failed>")
            .source("art/<wood>.png")
            .object("x");
        let canceled = Diagnostic::new(codes::import::CANCELED, "Import canceled");
        let facts = |number, report: Option<ImportReport>| JobFacts {
            number,
            kind: JobKind::Texture,
            source: "art/<wood>.png".to_owned(),
            report: report.map(Arc::new),
        };
        let problem = ManifestProblem::new(
            codes::manifest::JOB_INVALID,
            "/jobs/2/source",
            "it is wrong",
        );
        document(
            &RunFacts {
                started: UNIX_EPOCH + Duration::from_millis(1_769_000_000_250),
                took: Duration::from_millis(2_500),
                command_line: "kiln cook demo.json".to_owned(),
                lanes: 2,
                success: false,
                left_out: &[problem],
                manifest: "demo.json",
            },
            &[
                facts(1, Some(done)),
                facts(2, Some(report(JobState::Failed, vec![error]))),
                facts(4, Some(report(JobState::Cancelled, vec![canceled]))),
                facts(5, None),
            ],
        )
    }

    /// The keys of an object, as they stand in a text.
    fn keys(object: &str) -> Vec<String> {
        let (mut depth, mut found) = (0, Vec::new());
        for line in object.lines() {
            let text = line.trim();
            if depth == 1
                && let Some((key, _)) = text.split_once("\": ")
            {
                found.push(key.trim_start_matches('"').to_owned());
            }
            let opens = text.ends_with(['{', '[']);
            let closes = text.starts_with(['}', ']']);
            depth += i32::from(opens) - i32::from(closes);
        }
        found
    }

    fn text(value: &impl Serialize) -> String {
        serde_json::to_string_pretty(value).unwrap()
    }

    #[test]
    fn keys_and_their_order_are_fixed() {
        let document = sample();
        assert_eq!(
            keys(&text(&document)),
            ["report_version", "session", "summary", "jobs"]
        );
        assert_eq!(
            keys(&text(&document.session)),
            [
                "id",
                "started_utc",
                "ended_utc",
                "tool_version",
                "command_line",
                "cooked_root",
                "lanes"
            ]
        );
        assert_eq!(
            keys(&text(&document.summary)),
            [
                "jobs_total",
                "jobs_succeeded",
                "jobs_failed",
                "jobs_skipped",
                "time_ms_total",
                "time_ms_io",
                "time_ms_cpu",
                "success",
                "bytes_read",
                "bytes_made",
                "cached_items",
                "jobs_unchanged",
            ]
        );
        let job = &document.jobs[0];
        assert_eq!(
            keys(&text(job)),
            [
                "index",
                "type",
                "work_items",
                "status",
                "outputs",
                "stats",
                "diagnostics",
                "source",
                "name",
                "cooked_root",
                "products",
                "cached",
            ]
        );
        assert_eq!(
            keys(&text(&job.work_items[0])),
            [
                "type",
                "name",
                "started_ms",
                "finished_ms",
                "collected_ms",
                "wall_ms",
                "cpu_ms",
                "read_ms",
                "load_ms",
                "decode_ms",
                "cook_ms",
                "write_ms",
                "source_bytes",
                "output_bytes",
                "peak_memory_bytes",
                "cached",
                "spans",
            ]
        );
        assert_eq!(
            keys(&text(&job.stats)),
            [
                "time_ms_total",
                "time_ms_io",
                "time_ms_source_load",
                "time_ms_decode",
                "time_ms_load",
                "time_ms_cook",
                "time_ms_emit",
                "time_ms_finalize",
                "time_ms_queued",
                "time_ms_cpu",
                "bytes_read",
                "bytes_made",
                "peak_memory_bytes",
                "cached_items",
            ]
        );
        assert_eq!(keys(&text(&job.outputs[0])), ["path", "size_bytes"]);
        assert_eq!(
            keys(&text(&document.jobs[1].diagnostics[0])),
            ["severity", "code", "message", "source_path", "object_path"]
        );
        assert_eq!(
            keys(&text(&document.jobs[3].diagnostics[0])),
            ["severity", "code", "message"],
            "what is empty is left out"
        );
    }

    #[test]
    fn ends_times_and_sums() {
        let document = sample();
        assert_eq!(document.report_version, "2");
        assert_eq!(document.session.id, "session-1769000000250");
        assert_eq!(document.session.started_utc, "2026-01-21T12:53:20Z");
        assert_eq!(document.session.ended_utc, "2026-01-21T12:53:22Z");
        assert_eq!(document.session.cooked_root, "/out");
        let ends: Vec<_> = document
            .jobs
            .iter()
            .map(|job| (job.index, job.status))
            .collect();
        assert_eq!(
            ends,
            [
                (1, Status::Succeeded),
                (2, Status::Failed),
                (3, Status::NotSubmitted),
                (4, Status::Skipped),
                (5, Status::NotSubmitted),
            ]
        );
        let summary = &document.summary;
        let counts = (
            summary.jobs_total,
            summary.jobs_succeeded,
            summary.jobs_failed,
        );
        assert_eq!((counts, summary.jobs_skipped), ((5, 1, 1), 3));
        assert_eq!(text(&document.jobs[2].status), "\"not_submitted\"");
        assert_eq!(document.jobs[2].diagnostics[0].code, "manifest.job_invalid");
        let items = &document.jobs[0].work_items;
        assert_eq!((items[0].name.as_str(), items[1].name.as_str()), ("a", "b"));
        assert_eq!(
            (items[0].started_ms, items[0].collected_ms),
            (Some(0.5), None)
        );
        assert_eq!((items[0].wall_ms, items[0].cpu_ms), (3.0, 5.0));
        let stats = &document.jobs[0].stats;
        assert_eq!((stats.time_ms_total, stats.time_ms_io), (9.5, 0.25));
        assert_eq!((stats.bytes_read, stats.peak_memory_bytes), (100, 4_096));
        // A job without items, or without a report, has one item that says what it was.
        for job in &document.jobs[1..] {
            assert_eq!(job.work_items.len(), 1);
            assert_eq!(job.work_items[0].started_ms, None);
            assert_eq!(text(&job.stats.time_ms_total), "0.0");
        }
        assert_eq!(document.jobs[1].work_items[0].name, "art/<wood>.png");
    }

    #[test]
    fn dates() {
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(utc(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(utc(4_107_542_400), "2100-03-01T00:00:00Z");
    }
}

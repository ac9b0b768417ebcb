//! The report as a page that needs nothing else: no scripts, no other files.

use super::{document::Document, document::Status, timeline};
use crate::output::bytes;
use bevy_kiln::prelude::Severity;
use std::fmt::Write;

/// How many of the slowest items are listed.
const SLOWEST: usize = 25;

const STYLE: &str = "\
:root{color-scheme:light dark;font:14px/1.5 system-ui,sans-serif}
body{max-width:1240px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.2rem .6rem;border-bottom:1px solid #8884;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
code{font:12px ui-monospace,monospace}
svg{width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:currentColor}
.error{color:#c33}.warning{color:#b80}.info{color:#39c}.faint{opacity:.7}
.k-texture{fill:#4a90d9}.k-mesh{fill:#5aa469}.k-material{fill:#c77dba}.k-geometry{fill:#8fbf5a}
.k-scene{fill:#d9a441}.k-parse{fill:#999}.k-buffer{fill:#59b5b5}.k-other{fill:#b58a6a}
.key{display:inline-block;width:.8em;height:.8em;margin:0 .3em 0 1em}";

/// Text that stands for itself in a page.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// The whole page.
pub fn page(document: &Document) -> String {
    let session = &document.session;
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>kiln report</title>\n\
         <style>\n{STYLE}\n</style>\n<h1>kiln report</h1>\n<p><code>{}</code><br>{}, into <code>{}</code></p>\n",
        escaped(&session.command_line),
        escaped(&session.started_utc),
        escaped(&session.cooked_root)
    );
    summary(&mut page, document);
    lanes(&mut page, document);
    slowest(&mut page, document);
    diagnostics(&mut page, document);
    jobs(&mut page, document);
    page + "</html>\n"
}

fn summary(page: &mut String, document: &Document) {
    let summary = &document.summary;
    let cells = [
        ("jobs", summary.jobs_total.to_string()),
        ("succeeded", summary.jobs_succeeded.to_string()),
        ("failed", summary.jobs_failed.to_string()),
        ("skipped", summary.jobs_skipped.to_string()),
        ("wall time", millis(summary.time_ms_total)),
        ("processor time", millis(summary.time_ms_cpu)),
        ("read", bytes(summary.bytes_read)),
        ("made", bytes(summary.bytes_made)),
        ("unchanged", summary.jobs_unchanged.to_string()),
        ("from the cache", summary.cached_items.to_string()),
    ];
    page.push_str("<table><tr>");
    for (name, _) in &cells {
        let _ = write!(page, "<th class=\"n\">{name}</th>");
    }
    page.push_str("</tr><tr>");
    for (_, value) in &cells {
        let _ = write!(page, "<td class=\"n\">{value}</td>");
    }
    page.push_str("</tr></table>\n");
}

fn lanes(page: &mut String, document: &Document) {
    let picture = timeline::svg(document);
    if picture.is_empty() {
        return;
    }
    page.push_str("<h2>What each lane did when</h2>\n<p class=\"faint\">");
    let mut kinds: Vec<&str> = document
        .jobs
        .iter()
        .flat_map(|job| &job.work_items)
        .filter(|item| !item.lanes.is_empty())
        .map(|item| item.kind.as_str())
        .collect();
    if document.jobs.iter().any(|job| !job.parsing.is_empty()) {
        kinds.push("Parse");
    }
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let class = timeline::class(kind);
        let _ = write!(
            page,
            "<svg class=\"key\" viewBox=\"0 0 1 1\"><rect class=\"k-{class}\" width=\"1\" height=\"1\"/></svg>{}",
            escaped(kind)
        );
    }
    page.push_str("</p>\n");
    page.push_str(&picture);
}

fn slowest(page: &mut String, document: &Document) {
    let mut items: Vec<_> = document
        .jobs
        .iter()
        .flat_map(|job| job.work_items.iter().map(move |item| (job, item)))
        .filter(|(_, item)| item.wall_ms > 0.0)
        .collect();
    if items.is_empty() {
        return;
    }
    items.sort_by(|a, b| b.1.wall_ms.total_cmp(&a.1.wall_ms));
    page.push_str(
        "<h2>Slowest items</h2>\n<table><tr><th>item</th><th>kind</th><th class=\"n\">job</th>\
         <th class=\"n\">wall</th><th class=\"n\">processor</th><th class=\"n\">read</th>\
         <th class=\"n\">decode</th><th class=\"n\">cook</th><th class=\"n\">write</th>\
         <th class=\"n\">made</th></tr>\n",
    );
    for (job, item) in items.into_iter().take(SLOWEST) {
        let _ = write!(
            page,
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td>",
            escaped(&item.name),
            escaped(&item.kind),
            job.index
        );
        let times = [
            item.wall_ms,
            item.cpu_ms,
            item.read_ms,
            item.decode_ms,
            item.cook_ms,
            item.write_ms,
        ];
        for time in times {
            let _ = write!(page, "<td class=\"n\">{}</td>", millis(time));
        }
        let _ = writeln!(
            page,
            "<td class=\"n\">{}</td></tr>",
            bytes(item.output_bytes)
        );
    }
    page.push_str("</table>\n");
}

fn diagnostics(page: &mut String, document: &Document) {
    let findings: Vec<_> = document
        .jobs
        .iter()
        .flat_map(|job| job.diagnostics.iter().map(move |finding| (job, finding)))
        .collect();
    let _ = writeln!(page, "<h2>Diagnostics ({})</h2>", findings.len());
    if findings.is_empty() {
        return;
    }
    page.push_str(
        "<table><tr><th>code</th><th class=\"n\">job</th><th>where</th><th>what</th></tr>\n",
    );
    for (job, finding) in findings {
        let class = finding.severity.to_string();
        let place = [&finding.source_path, &finding.object_path]
            .into_iter()
            .flatten()
            .map(|part| escaped(part))
            .collect::<Vec<_>>()
            .join("<br>");
        let help = if finding.severity == Severity::Info {
            String::new()
        } else {
            format!(
                "<br><span class=\"faint\">{}</span>",
                escaped(finding.remedy)
            )
        };
        let _ = writeln!(
            page,
            "<tr><td class=\"{class}\"><code>{}</code></td><td class=\"n\">{}</td><td>{place}</td>\
             <td>{}{help}</td></tr>",
            escaped(finding.code),
            job.index,
            escaped(&finding.message)
        );
    }
    page.push_str("</table>\n");
}

fn jobs(page: &mut String, document: &Document) {
    let _ = writeln!(
        page,
        "<h2>Jobs</h2>\n<details><summary>{} jobs</summary>\n<table><tr><th class=\"n\">job</th>\
         <th>source</th><th>end</th><th class=\"n\">time</th></tr>",
        document.jobs.len()
    );
    for job in &document.jobs {
        let (class, end) = match job.status {
            Status::Succeeded => ("", "succeeded"),
            Status::Failed => ("error", "failed"),
            Status::Skipped => ("warning", "skipped"),
            Status::NotSubmitted => ("warning", "not submitted"),
        };
        let _ = writeln!(
            page,
            "<tr><td class=\"n\">{}</td><td>{}</td><td class=\"{class}\">{end}</td><td class=\"n\">{}</td></tr>",
            job.index,
            escaped(&job.source),
            millis(job.stats.time_ms_total)
        );
    }
    page.push_str("</table></details>\n");
}

fn millis(value: f64) -> String {
    if value >= 10_000.0 {
        format!("{:.1} s", value / 1e3)
    } else {
        format!("{value:.1} ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_whole_and_safe() {
        let page = page(&super::super::document::tests::sample());
        assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
        for part in [
            "What each lane did when",
            "Slowest items",
            "Diagnostics (3)",
            "5 jobs",
        ] {
            assert!(page.contains(part), "{part}");
        }
        // Whatever names say, they are text.
        assert!(!page.contains("<wood>") && !page.contains("<failed>"));
        assert!(page.contains("art/&lt;wood&gt;.png") && page.contains("it &lt;failed&gt;"));
        // Nothing is fetched and nothing runs.
        for foreign in [
            "<script", "http:", "https:", "<link", "<img", "@import", "url(",
        ] {
            assert!(!page.contains(foreign), "{foreign}");
        }
        for tag in ["table", "tr", "td", "th", "svg", "details", "p", "title"] {
            let (opened, closed) = (format!("<{tag}"), format!("</{tag}>"));
            let exact = |open: &str| {
                let ends = ['>', ' '];
                page.match_indices(open)
                    .filter(|(at, _)| page[at + open.len()..].starts_with(ends))
                    .count()
            };
            assert_eq!(exact(&opened), page.matches(&closed).count(), "{tag}");
        }
    }
}

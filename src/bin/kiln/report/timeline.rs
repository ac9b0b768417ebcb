//! The run as a picture: one row for each lane, and what it did when.

use super::document::Document;
use std::fmt::Write;

/// The size of the picture. Spans narrower than a pixel are drawn together.
const WIDTH: f64 = 1_200.0;
const ROW: f64 = 22.0;
const LEFT: f64 = 56.0;

/// One block of the picture.
struct Block<'a> {
    start: u64,
    end: u64,
    kind: &'a str,
    /// How many spans it stands for, and the name of the first.
    count: usize,
    name: &'a str,
}

/// The picture as SVG; nothing, if no lane did anything.
pub fn svg(document: &Document) -> String {
    let mut lanes: Vec<Vec<Block>> = Vec::new();
    let mut add = |lane: u16, block| {
        let lane = usize::from(lane);
        if lanes.len() <= lane {
            lanes.resize_with(lane + 1, Vec::new);
        }
        lanes[lane].push(block);
    };
    for job in &document.jobs {
        for span in &job.parsing {
            let (start, end, name) = (span.start, span.end, job.source.as_str());
            add(
                span.lane,
                Block {
                    start,
                    end,
                    kind: "Parse",
                    count: 1,
                    name,
                },
            );
        }
        for item in &job.work_items {
            for span in &item.lanes {
                let (start, end, name) = (span.start, span.end, item.name.as_str());
                add(
                    span.lane,
                    Block {
                        start,
                        end,
                        kind: &item.kind,
                        count: 1,
                        name,
                    },
                );
            }
        }
    }
    let blocks = || lanes.iter().flatten();
    let Some(first) = blocks().map(|block| block.start).min() else {
        return String::new();
    };
    let last = blocks().map(|block| block.end).max().unwrap_or(first);
    let pixels = (WIDTH - LEFT) / (last.saturating_sub(first).max(1)) as f64;
    for lane in &mut lanes {
        join(lane, 1.0 / pixels);
    }
    let height = lanes.len() as f64 * ROW + 24.0;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"What each lane did when\">\n"
    );
    for (number, lane) in lanes.iter().enumerate() {
        let y = number as f64 * ROW;
        // Writing to a string cannot fail.
        let _ = writeln!(svg, "<text x=\"0\" y=\"{}\">lane {number}</text>", y + 15.0);
        for block in lane {
            let x = LEFT + block.start.saturating_sub(first) as f64 * pixels;
            let width = (block.end.saturating_sub(block.start) as f64 * pixels).max(0.5);
            let title = title(block);
            let _ = writeln!(
                svg,
                "<rect class=\"k-{}\" x=\"{x:.2}\" y=\"{:.1}\" width=\"{width:.2}\" height=\"{:.1}\">\
                 <title>{title}</title></rect>",
                class(block.kind),
                y + 2.0,
                ROW - 4.0
            );
        }
    }
    axis(&mut svg, lanes.len() as f64 * ROW, last - first);
    svg + "</svg>\n"
}

/// Draws blocks together that nobody could tell apart.
fn join(lane: &mut Vec<Block>, pixel: f64) {
    lane.sort_by_key(|block| (block.start, block.end));
    let mut joined: Vec<Block> = Vec::new();
    for block in lane.drain(..) {
        match joined.last_mut() {
            Some(last)
                if last.kind == block.kind
                    && ((block.end - last.start) as f64) < pixel * 2.0
                    && block.start.saturating_sub(last.end) as f64 <= pixel =>
            {
                last.end = last.end.max(block.end);
                last.count += block.count;
            }
            _ => joined.push(block),
        }
    }
    *lane = joined;
}

fn title(block: &Block) -> String {
    let millis = block.end.saturating_sub(block.start) as f64 / 1e3;
    let name = super::html::escaped(block.name);
    match block.count {
        1 => format!(
            "{}: {name}, {millis:.1} ms",
            super::html::escaped(block.kind)
        ),
        count => format!(
            "{count} x {}, {millis:.1} ms",
            super::html::escaped(block.kind)
        ),
    }
}

/// A few marks below the lanes.
fn axis(svg: &mut String, y: f64, micros: u64) {
    let total = micros as f64 / 1e6;
    for mark in 0..=4 {
        let share = f64::from(mark) / 4.0;
        let x = LEFT + (WIDTH - LEFT) * share;
        let anchor = if mark == 4 { "end" } else { "start" };
        let _ = writeln!(
            svg,
            "<text class=\"axis\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"{anchor}\">{:.2} s</text>",
            y + 16.0,
            total * share
        );
    }
}

/// The colour class of a kind of work.
pub fn class(kind: &str) -> &'static str {
    match kind {
        "Parse" => "parse",
        "Texture" => "texture",
        "MeshBuild" => "mesh",
        "Material" => "material",
        "Geometry" => "geometry",
        "Scene" => "scene",
        "Buffer" => "buffer",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_small_spans_become_few_blocks() {
        let mut lane: Vec<Block> = (0..10_000)
            .map(|i| Block {
                start: i * 10,
                end: i * 10 + 9,
                kind: "Texture",
                count: 1,
                name: "a",
            })
            .collect();
        join(&mut lane, 100_000.0 / 1_000.0);
        assert!(lane.len() <= 1_000, "{}", lane.len());
        assert_eq!(lane.iter().map(|block| block.count).sum::<usize>(), 10_000);
        assert!(lane.windows(2).all(|pair| pair[0].end <= pair[1].start));
    }

    #[test]
    fn every_lane_has_a_row_and_every_span_its_place() {
        let svg = svg(&super::super::document::tests::sample());
        assert_eq!(svg.matches("<rect").count(), 3);
        assert!(svg.contains(">lane 0</text>") && svg.contains(">lane 1</text>"));
        // 1.5 ms to 9 ms: the first span begins at the left, the last one ends at the right.
        assert!(
            svg.contains("class=\"k-texture\" x=\"56.00\" y=\"2.0\" width=\"457.60\""),
            "{svg}"
        );
        assert!(svg.contains("<title>Texture: b, 4.0 ms</title>"));
    }
}

//! Checks of scene descriptors.

pub(super) mod environment;
mod nodes;
pub(super) mod records;
mod tables;

use super::{Findings, descriptor::References, index::AssetFact, is_zero, number};
use crate::diagnostic::codes::verify as codes;
use std::ops::Range;

const DESCRIPTOR: usize = 256;
const NODE: usize = 68;

pub(super) fn check(
    asset: &AssetFact,
    bytes: &[u8],
    references: &References<'_>,
    findings: &mut Findings,
) {
    let mut checker = Checker {
        asset,
        bytes,
        references,
        findings,
        sections: Vec::new(),
    };
    checker.check();
}

/// A part of a descriptor.
struct Section {
    name: String,
    range: Range<usize>,
}

struct Checker<'a> {
    asset: &'a AssetFact,
    bytes: &'a [u8],
    references: &'a References<'a>,
    findings: &'a mut Findings,
    /// The parts so far, in canonical order.
    sections: Vec<Section>,
}

impl<'a> Checker<'a> {
    fn wrong(&mut self, object: &str, message: impl Into<String>) {
        let object = format!("{}{object}", self.asset.virtual_path);
        self.findings.add(codes::DESCRIPTOR, object, message);
    }

    fn loose(&mut self, object: &str, message: impl Into<String>) {
        let object = format!("{}{object}", self.asset.virtual_path);
        self.findings.add(codes::DESCRIPTOR_FORM, object, message);
    }

    /// A part of the descriptor, or nothing with a finding.
    fn section(&mut self, name: &str, offset: u64, len: u64) -> Option<&'a [u8]> {
        let start = usize::try_from(offset).ok();
        let end = offset
            .checked_add(len)
            .and_then(|end| usize::try_from(end).ok());
        let part = start
            .zip(end)
            .and_then(|(start, end)| Some((start..end, self.bytes.get(start..end)?)));
        let Some((range, part)) = part else {
            let text = format!("{len} bytes at {offset} are past the end");
            self.wrong(&format!(" {name}"), text);
            return None;
        };
        self.sections.push(Section {
            name: name.to_owned(),
            range,
        });
        Some(part)
    }

    fn check(&mut self) {
        if self.bytes.len() < DESCRIPTOR {
            self.wrong("", "too few bytes for a scene");
            return;
        }
        let field = |at, len| number(self.bytes, at, len);
        let (nodes_at, node_count, node_size) = (field(95, 8), field(103, 4), field(107, 4));
        let (strings_at, strings_len) = (field(111, 4), field(115, 4));
        let (directory_at, tables) = (field(119, 8), field(127, 4));
        self.sections.push(Section {
            name: "descriptor".to_owned(),
            range: 0..DESCRIPTOR,
        });
        if !is_zero(self.bytes, 131, 125) {
            self.wrong("", "reserved bytes are not zero");
        }
        if node_count == 0 {
            self.wrong("", "there are no nodes");
        }
        if node_size != NODE as u64 {
            self.wrong(
                "",
                format!("nodes have {node_size} bytes instead of {NODE}"),
            );
            return;
        }
        let nodes = self.section("nodes", nodes_at, node_count * NODE as u64);
        let strings = self.section("strings", strings_at, strings_len);
        if let (Some(nodes), Some(strings)) = (nodes, strings) {
            self.check_nodes(nodes, strings);
        }
        if tables == 0 && directory_at != 0 {
            self.loose("", "there is a directory of no tables");
        }
        let are_tables_found = tables == 0 || self.check_tables(directory_at, tables, node_count);
        // Without all parts nobody knows where the environment begins.
        if nodes.is_some() && strings.is_some() && are_tables_found {
            self.check_sections();
            let end = self.sections.iter().map(|section| section.range.end).max();
            self.check_environment(end.unwrap_or(DESCRIPTOR));
        }
    }

    /// Parts must not overlap, and should follow each other in canonical order.
    fn check_sections(&mut self) {
        let mut end = 0;
        let (mut wrong, mut loose) = (Vec::new(), Vec::new());
        if !self
            .sections
            .is_sorted_by_key(|section| section.range.start)
        {
            loose.push("the parts are not in the usual order".to_owned());
            self.sections.sort_by_key(|section| section.range.start);
        }
        for Section { name, range } in &self.sections {
            if range.start < end {
                wrong.push(format!(
                    "the {name} begin at {}, inside of another part",
                    range.start
                ));
            } else if range.start > end {
                loose.push(format!(
                    "there is a gap before the {name} at {}",
                    range.start
                ));
            }
            end = end.max(range.end);
        }
        for message in wrong {
            self.wrong("", message);
        }
        for message in loose {
            self.loose("", message);
        }
    }
}

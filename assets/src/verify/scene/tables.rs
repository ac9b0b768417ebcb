//! Component tables: their directory, the order of their records.

use super::{Checker, records::KNOWN};
use crate::verify::number;
use std::collections::HashSet;

const ENTRY: usize = 20;

impl Checker<'_> {
    /// Gives whether every table was found.
    pub(super) fn check_tables(&mut self, at: u64, count: u64, nodes: u64) -> bool {
        let Some(directory) = self.section("directory", at, count * ENTRY as u64) else {
            return false;
        };
        let mut types = HashSet::new();
        let mut last = 0;
        let mut are_found = true;
        for entry in directory.chunks_exact(ENTRY) {
            let name = String::from_utf8_lossy(&entry[..4])
                .escape_debug()
                .to_string();
            let object = format!(" {name}");
            let (offset, records) = (number(entry, 4, 8), number(entry, 12, 4));
            let size = number(entry, 16, 4);
            let Some(table) = self.section(&name, offset, records * size) else {
                are_found = false;
                continue;
            };
            if !types.insert(&entry[..4]) {
                // Looked into once only: a thousand entries may lead to one large table.
                self.wrong(&object, "there are two such tables");
                continue;
            }
            if records == 0 {
                self.loose(&object, "the table is empty");
            }
            let known = KNOWN.iter().position(|known| known.tag == entry[..4]);
            let Some(position) = known else {
                self.loose(&object, "the table is of a type that is not known");
                continue;
            };
            if position < last {
                self.loose(&object, "the table is not in its usual place");
            }
            last = position;
            let known = &KNOWN[position];
            if size != known.bytes as u64 {
                let text = format!("records have {size} bytes instead of {}", known.bytes);
                self.wrong(&object, text);
                continue;
            }
            self.check_order(table, known.bytes, nodes, &object);
            for (index, record) in table.chunks_exact(known.bytes).enumerate() {
                self.check_record(known, record, &format!("{object}[{index}]"));
            }
        }
        are_found
    }

    fn check_order(&mut self, table: &[u8], size: usize, nodes: u64, object: &str) {
        let mut before = 0;
        for (index, record) in table.chunks_exact(size).enumerate() {
            let node = number(record, 0, 4);
            if node >= nodes {
                let text = format!("the record is of node {node} of {nodes}");
                self.wrong(&format!("{object}[{index}]"), text);
            }
            if node < before {
                let text = format!("the record of node {node} follows one of node {before}");
                self.wrong(&format!("{object}[{index}]"), text);
            }
            before = node;
        }
    }
}

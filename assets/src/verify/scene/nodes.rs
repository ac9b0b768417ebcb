//! Nodes: names, identities, trees, transforms.

use super::{Checker, NODE};
use crate::{
    format::ids::AssetKey,
    verify::{
        field::{self, Field, Row},
        float, key, number, string_at,
    },
};
use std::collections::HashSet;

const FIELDS: &[Row] = &[
    (0, "node_id", Field::Any(16)),
    (16, "name_offset, parent_index", Field::Any(8)),
    (24, "node_flags", Field::Number(0x3f)),
    (28, "translation", Field::Floats(3)),
    (40, "rotation", Field::Floats(4)),
    (56, "scale", Field::Floats(3)),
];

impl Checker<'_> {
    pub(super) fn check_nodes(&mut self, nodes: &[u8], strings: &[u8]) {
        if strings.first() != Some(&0) || strings.last() != Some(&0) {
            self.wrong(" strings", "the strings do not begin and end with NUL");
        }
        let mut names = Names {
            strings,
            next: 1,
            is_canonical: true,
        };
        let mut ids = HashSet::new();
        for (index, node) in nodes.chunks_exact(NODE).enumerate() {
            let object = format!(" nodes[{index}]");
            field::check(node, FIELDS, |message| self.wrong(&object, message));
            self.check_name(node, &object, &mut names);
            if !ids.insert(&node[..16]) {
                self.loose(&object, "another node has the same id");
            }
            let rotation = [40, 44, 48, 52].map(|at| float(node, at));
            let length: f32 = rotation.iter().map(|x| x * x).sum();
            if length.is_finite() && (length - 1.0).abs() > 1e-3 {
                let text = format!("the rotation {rotation:?} is not of unit length");
                self.loose(&object, text);
            }
        }
        if !names.is_canonical || names.next != strings.len() as u64 {
            self.loose(
                " strings",
                "the names are not in the order of their nodes, each once",
            );
        }
        self.check_tree(nodes);
    }

    fn check_name(&mut self, node: &[u8], object: &str, names: &mut Names) {
        let offset = number(node, 16, 4);
        if offset != names.next {
            names.is_canonical = false;
        }
        if offset >= names.strings.len() as u64 {
            self.wrong(object, "the name is outside of the strings");
            return;
        }
        // Names that overlap could be read over and over again: they are not looked into.
        if !names.is_canonical {
            return;
        }
        let Some(name) = string_at(names.strings, offset) else {
            self.wrong(object, "the name is not UTF-8, or has no end");
            return;
        };
        names.next = offset + name.len() as u64 + 1;
        if name.is_empty() {
            self.loose(object, "the name is empty");
        }
        let id = AssetKey::of_text(&format!("{}/{name}", self.asset.virtual_path));
        if id != key(node, 0) {
            self.loose(
                object,
                "the id is not that of the scene's path and the node's name",
            );
        }
    }

    /// Follows parents up to a root. Each node is walked over once.
    fn check_tree(&mut self, nodes: &[u8]) {
        let parents: Vec<u64> = nodes
            .chunks_exact(NODE)
            .map(|node| number(node, 20, 4))
            .collect();
        let is_root = |node: usize| parents[node] == node as u64;
        if !parents.is_empty() && !is_root(0) {
            self.wrong(" nodes[0]", "the first node is no root");
        }
        let mut is_ordered = true;
        for (index, &parent) in parents.iter().enumerate() {
            if parent >= parents.len() as u64 {
                let text = format!("parent {parent} is not one of {} nodes", parents.len());
                self.wrong(&format!(" nodes[{index}]"), text);
                return;
            }
            is_ordered &= parent <= index as u64;
        }
        if is_ordered {
            // No node is its own ancestor where all parents come first.
            return;
        }
        self.loose(" nodes", "parents do not come before their children");
        let mut walks = vec![0; parents.len()];
        for start in 0..parents.len() {
            let walk = start + 1;
            let mut node = start;
            while walks[node] == 0 && !is_root(node) {
                walks[node] = walk;
                node = parents[node] as usize;
            }
            if walks[node] == walk {
                self.wrong(&format!(" nodes[{node}]"), "the node is its own ancestor");
                return;
            }
        }
    }
}

/// The names so far.
struct Names<'a> {
    strings: &'a [u8],
    /// Where the next name begins in canonical order.
    next: u64,
    is_canonical: bool,
}

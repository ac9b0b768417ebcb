//! Nodes in depth-first order, found without recursion.

use super::{
    document::{Document, get},
    report::{Report, about},
};
use crate::{
    diagnostic::{Diagnostic, codes::gltf as codes},
    source::scene::IgnoredContent,
};

/// A node that is reached from a root of the scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Visit {
    /// Its position in the file.
    pub(super) node: usize,
    /// The visit of its parent.
    pub(super) parent: Option<usize>,
}

/// The nodes of the scene that is imported: the default one, else the first one.
///
/// # Errors
/// References that lead nowhere, and nodes that are no tree.
pub(super) fn visit(
    document: &Document,
    ignored: &mut IgnoredContent,
    report: &mut Report,
) -> Result<Vec<Visit>, Diagnostic> {
    check_tree(document)?;
    let chosen = match document.scene {
        Some(index) => index.value(),
        None if document.scenes.is_empty() => {
            ignored.unused_nodes = count(document.nodes.len());
            if !document.nodes.is_empty() {
                let message = "there is no scene, so no node is imported";
                report.note(codes::NODES_UNUSED, "scenes", message);
            }
            return Ok(Vec::new());
        }
        None => 0,
    };
    let scene = get(&document.scenes, "scenes", chosen, "scene")?;
    let others = document.scenes.len() - 1;
    if others > 0 {
        let message = format!("scenes[{chosen}] is imported; {others} others are left out");
        report.note(codes::SCENES_IGNORED, "scenes", message);
    }
    let object = format!("scenes[{chosen}]");
    let mut reached = vec![false; document.nodes.len()];
    let mut visits: Vec<Visit> = Vec::new();
    let mut open: Vec<Visit> = Vec::new();
    for root in &scene.nodes {
        get(&document.nodes, "nodes", root.value(), &object)?;
        open.push(Visit {
            node: root.value(),
            parent: None,
        });
        while let Some(visit) = open.pop() {
            let Visit { node, .. } = visit;
            // Trees are checked already, so this is a root that is listed twice or has a parent.
            if std::mem::replace(&mut reached[node], true) {
                let message = format!("nodes[{node}] is reached twice");
                return Err(about(codes::NODE_HIERARCHY, object, message));
            }
            let parent = Some(visits.len());
            visits.push(visit);
            let children = document.nodes[node].children.iter().flatten().rev();
            open.extend(children.map(|child| Visit {
                node: child.value(),
                parent,
            }));
        }
    }
    ignored.unused_nodes = count(reached.iter().filter(|reached| !**reached).count());
    Ok(visits)
}

pub(super) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Checks that each node has one parent at most, and that no node is above itself.
fn check_tree(document: &Document) -> Result<(), Diagnostic> {
    let nodes = &document.nodes;
    let mut parents: Vec<Option<usize>> = vec![None; nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        for child in node.children.iter().flatten() {
            let child = child.value();
            get(
                nodes,
                "nodes",
                child,
                format_args!("nodes[{index}].children"),
            )?;
            if let Some(parent) = parents[child] {
                let message = format!("it is a child of nodes[{parent}] and of nodes[{index}]");
                return Err(about(
                    codes::NODE_HIERARCHY,
                    format!("nodes[{child}]"),
                    message,
                ));
            }
            parents[child] = Some(index);
        }
    }
    // Each node is followed up once. One that is met again on the same way up is above itself.
    const UNKNOWN: usize = usize::MAX;
    let mut ways = vec![UNKNOWN; nodes.len()];
    for start in 0..nodes.len() {
        let mut next = Some(start);
        while let Some(node) = next {
            match ways[node] {
                UNKNOWN => ways[node] = start,
                way if way == start => {
                    let message = "it is below itself";
                    return Err(about(
                        codes::NODE_HIERARCHY,
                        format!("nodes[{node}]"),
                        message,
                    ));
                }
                _ => break,
            }
            next = parents[node];
        }
    }
    Ok(())
}

//! Authored levels of detail: `MSFT_lod`.
//!
//! The extension names nodes that take the place of another one when it is far away. What can be kept of
//! that are the meshes of those nodes: they become levels of the mesh of the node that they replace.

use super::{
    document::{Document, get},
    report::{Report, about},
    space,
};
use crate::{
    diagnostic::{Diagnostic, codes::gltf as codes},
    settings::geometry::MAX_LODS,
};
use glam::DMat4;
use gltf::json;
use serde::Deserialize;

const NAME: &str = "MSFT_lod";

#[derive(Deserialize)]
struct Extension {
    ids: Vec<usize>,
}

/// A mesh that takes the place of another one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Replacement {
    /// The node that it comes from.
    pub(super) node: usize,
    pub(super) mesh: usize,
    /// Where it is, seen from the node that is replaced, in engine space.
    pub(super) place: Option<DMat4>,
}

/// The further levels of a node, the most detailed first. Those that cannot be kept are left out with a
/// warning.
///
/// # Errors
/// References that lead nowhere.
pub(super) fn replacements(
    document: &Document,
    index: usize,
    scale: f32,
    report: &mut Report,
) -> Result<Vec<Replacement>, Diagnostic> {
    let node = get(&document.nodes, "nodes", index, "")?;
    let extensions = node.extensions.as_ref();
    let Some(value) = extensions.and_then(|extensions| extensions.others.get(NAME)) else {
        return Ok(Vec::new());
    };
    let object = format!("nodes[{index}].extensions.{NAME}");
    let ids = match Extension::deserialize(value) {
        Ok(extension) => extension.ids,
        Err(error) => {
            report.note(codes::LOD_SKIPPED, object, error.to_string());
            return Ok(Vec::new());
        }
    };
    let mut list = Vec::new();
    for id in ids {
        let level = get(&document.nodes, "nodes", id, &object)?;
        let found = if list.len() + 1 == MAX_LODS {
            Err(format!("a mesh has at most {MAX_LODS} levels"))
        } else {
            replacement(node, id, level, scale)
        };
        match found {
            Ok(replacement) => list.push(replacement),
            Err(reason) => {
                let message = format!("nodes[{id}] is left out: {reason}");
                report.push(about(codes::LOD_SKIPPED, &object, message));
            }
        }
    }
    Ok(list)
}

fn replacement(
    node: &json::Node,
    id: usize,
    level: &json::Node,
    scale: f32,
) -> Result<Replacement, String> {
    if node.mesh.is_none() {
        return Err("the node that it replaces has no mesh".to_owned());
    }
    let Some(mesh) = level.mesh.as_ref().map(json::Index::value) else {
        return Err("it has no mesh".to_owned());
    };
    if level.skin != node.skin {
        return Err("it has another skin than the node that it replaces".to_owned());
    }
    let of = |node| space::matrix(space::local_matrix(node), f64::from(scale));
    let (from, to) = (of(node), of(level));
    let place = if from == to || node.skin.is_some() {
        None
    } else {
        let place = from.inverse() * to;
        if !place.is_finite() {
            return Err("the node that it replaces has no inverse transform".to_owned());
        }
        Some(place)
    };
    Ok(Replacement {
        node: id,
        mesh,
        place,
    })
}

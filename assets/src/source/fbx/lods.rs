//! Authored levels of detail: the children of a node with an LOD group.
//!
//! All levels become one mesh, on the node of the first mesh of the first level. A level may be a whole
//! tree; its meshes are placed in the space of that first mesh. The distances at which levels change have
//! no place in the format.

use super::{
    document::Document,
    meshes::{DrawnMesh, Level, has_triangles, is_skinned, materials, mesh_name, world},
};
use crate::{
    diagnostic::{Diagnostic, codes::fbx as codes},
    settings::geometry::MAX_LODS,
};
use glam::DAffine3;
use std::{collections::BTreeMap, sync::Arc};
use ufbx::{Element, Mesh, Node, as_lod_group, as_mesh};

/// What a group makes of the mesh of a node.
#[derive(Clone)]
pub(super) enum Role {
    /// It stands for all levels.
    Lead(Arc<Group>),
    /// It is shown by the lead, if at all.
    Lower,
}

/// The levels of a group.
pub(super) struct Group {
    pub(super) name: String,
    levels: Vec<GroupLevel>,
}

struct GroupLevel {
    name: String,
    /// Numbers of nodes and meshes, and the placement in the space of the lead.
    meshes: Vec<(u32, u32, Option<DAffine3>)>,
}

/// A mesh on a node.
type Shown<'a> = (&'a Node, &'a Mesh);

/// The roles of all meshes in groups, by the numbers of node and mesh.
pub(super) fn roles(
    document: &Document,
    notes: &mut Vec<Diagnostic>,
) -> BTreeMap<(u32, u32), Role> {
    let mut roles = BTreeMap::new();
    for node in &document.scene.nodes {
        if (&node.all_attribs).into_iter().any(is_group) {
            add_group(document, node, notes, &mut roles);
        }
    }
    roles
}

fn is_group(element: &Element) -> bool {
    as_lod_group(element).is_some()
}

fn add_group(
    document: &Document,
    group: &Node,
    notes: &mut Vec<Diagnostic>,
    roles: &mut BTreeMap<(u32, u32), Role>,
) {
    let mut levels: Vec<(&Node, Vec<Shown>)> = level_nodes(group)
        .into_iter()
        .map(|level| (level, shown(level)))
        .filter(|(_, shown)| !shown.is_empty())
        .collect();
    let Some(&(lead, lead_mesh)) = levels.first().and_then(|(_, shown)| shown.first()) else {
        return;
    };
    if levels.len() < 2 {
        return;
    }
    let mut note = |code, message: String| {
        let object = format!("nodes[{}] {}", group.element.typed_id, group.element.name);
        notes.push(document.note(code, message).object(object));
    };
    let to_lead = world(lead).inverse();
    let skins = levels.iter().flat_map(|(_, shown)| shown);
    let skinned = skins.filter(|(_, mesh)| is_skinned(mesh)).count();
    let all: usize = levels.iter().map(|(_, shown)| shown.len()).sum();
    let obstacle = if skinned != 0 && skinned != all {
        Some("only some of its levels are skinned")
    } else if !to_lead.is_finite() {
        Some("its first level is scaled to nothing")
    } else {
        None
    };
    if let Some(obstacle) = obstacle {
        let message = format!(
            "the levels of detail cannot be one mesh, because {obstacle}; {} levels were left out",
            levels.len() - 1
        );
        note(codes::LOD_GROUP_UNSUPPORTED, message);
        for (node, mesh) in levels.into_iter().skip(1).flat_map(|(_, shown)| shown) {
            roles.insert(numbers(node, mesh), Role::Lower);
        }
        return;
    }
    for (node, mesh) in levels.iter().flat_map(|(_, shown)| shown) {
        roles.insert(numbers(node, mesh), Role::Lower);
    }
    if levels.len() > MAX_LODS {
        let message = format!(
            "of {} levels of detail, the first {MAX_LODS} were kept",
            levels.len()
        );
        note(codes::LOD_LEVELS_DROPPED, message);
        levels.truncate(MAX_LODS);
    }
    let placement = |node: &Node| {
        let to_lead = to_lead * world(node);
        let is_same = to_lead.abs_diff_eq(DAffine3::IDENTITY, 1e-9);
        (!is_same).then(|| document.space.transform(to_lead))
    };
    let levels = levels.iter().enumerate().map(|(index, (level, shown))| {
        let name = match level.element.name.as_ref() {
            "" => format!("LOD{index}"),
            name => name.to_owned(),
        };
        let meshes = shown.iter().map(|(node, mesh)| {
            let (node_number, mesh_number) = numbers(node, mesh);
            (node_number, mesh_number, placement(node))
        });
        GroupLevel {
            name,
            meshes: meshes.collect(),
        }
    });
    let group = Group {
        name: match group.element.name.as_ref() {
            "" => mesh_name(lead_mesh, Some(lead)),
            name => name.to_owned(),
        },
        levels: levels.collect(),
    };
    roles.insert(numbers(lead, lead_mesh), Role::Lead(Arc::new(group)));
}

fn numbers(node: &Node, mesh: &Mesh) -> (u32, u32) {
    (node.element.typed_id, mesh.element.typed_id)
}

/// The children that are levels. Where the parser split off the scale of the group, some of them are
/// below that.
fn level_nodes(group: &Node) -> Vec<&Node> {
    let is_level = |node: &&Node| !node.is_geometry_transform_helper && !node.is_scale_helper;
    let of = |node: &'_ Node| node.children.len();
    let mut levels = Vec::with_capacity(of(group));
    levels.extend((&group.children).into_iter().filter(is_level));
    if let Some(helper) = &group.scale_helper {
        levels.extend((&helper.children).into_iter().filter(is_level));
    }
    // Both lists are in the order of the file.
    levels.sort_by_key(|node| node.element.typed_id);
    levels
}

/// The meshes below a node that can be drawn. Groups further down are left to themselves.
fn shown(level: &Node) -> Vec<Shown<'_>> {
    let mut list = Vec::new();
    let mut stack = vec![level];
    while let Some(node) = stack.pop() {
        if (&node.all_attribs).into_iter().any(is_group) {
            continue;
        }
        let meshes = (&node.all_attribs).into_iter().filter_map(as_mesh);
        list.extend(
            meshes
                .filter(|mesh| has_triangles(mesh))
                .map(|mesh| (node, mesh)),
        );
        stack.extend(
            (&node.children)
                .into_iter()
                .collect::<Vec<_>>()
                .into_iter()
                .rev(),
        );
    }
    list
}

impl Group {
    /// The levels with their materials.
    pub(super) fn levels(&self, document: &Document) -> Vec<Level> {
        let level = |level: &GroupLevel| {
            let meshes = level.meshes.iter().filter_map(|&(node, mesh, placement)| {
                let node = document.scene.nodes.get(node as usize)?;
                Some(DrawnMesh {
                    number: mesh,
                    materials: materials(document, document.mesh(mesh)?, Some(node)),
                    placement,
                })
            });
            Level {
                name: level.name.clone(),
                meshes: meshes.collect(),
            }
        };
        self.levels.iter().map(level).collect()
    }
}

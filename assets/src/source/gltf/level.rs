//! Levels: the primitives of one mesh, checked, and what is said about them.

use super::{
    primitive::{Checker, Found, Primitive, VertexKey, Vertices},
    report::{Report, about},
    uv_set::UvSet,
};
use crate::{
    diagnostic::{
        Diagnostic,
        codes::{gltf as codes, mesh as mesh_codes},
    },
    source::scene::{IgnoredContent, MaterialId, MeshSize},
};
use gltf::json;
use std::collections::{BTreeMap, BTreeSet};

/// The triangles of a mesh, ready to be read.
#[derive(Debug)]
pub(super) struct Level {
    /// Vertices, and the primitives that draw from them. Each has at least one.
    pub(super) groups: Vec<Group>,
    /// How many primitives there are.
    pub(super) primitives: usize,
    pub(super) size: MeshSize,
}

/// Vertices, and the primitives that draw from them.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) vertices: Vertices,
    /// With their positions in the mesh.
    pub(super) primitives: Vec<(usize, Primitive)>,
}

/// Files that are smaller may make this many vertices and indices all the same.
const SMALL: u64 = 1 << 20;
/// Beyond that, accessors must lie over the same bytes again and again to make more than these for each
/// byte: a position takes three bytes at least, and in a strip each byte can stand for three corners.
const MAX_VERTICES_PER_BYTE: u64 = 4;
const MAX_CORNERS_PER_BYTE: u64 = 12;

impl Level {
    /// Checks the primitives of a mesh. `None` when none of them makes triangles.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub(super) fn new(
        mesh: &json::Mesh,
        object: &str,
        checker: &mut Checker<'_>,
        ignored: &mut IgnoredContent,
        report: &mut Report,
    ) -> Result<Option<Self>, Diagnostic> {
        let mut known: BTreeMap<VertexKey, usize> = BTreeMap::new();
        let mut groups: Vec<Group> = Vec::new();
        let mut notes = Notes::default();
        let mut primitives = 0;
        for (index, primitive) in mesh.primitives.iter().enumerate() {
            let targets = primitive.targets.as_ref().map_or(0, Vec::len);
            notes.morph_targets = notes.morph_targets.max(targets);
            match checker.check(primitive, format!("{object}.primitives[{index}]"), report)? {
                Found::Other => notes.others += 1,
                Found::Nothing => {}
                Found::Triangles(found) => {
                    let (primitive, key, vertices, uv_set) = *found;
                    notes.add(index, &primitive, &uv_set);
                    let group = *known.entry(key).or_insert_with(|| {
                        groups.push(Group {
                            vertices,
                            primitives: Vec::new(),
                        });
                        groups.len() - 1
                    });
                    groups[group].primitives.push((primitives, primitive));
                    primitives += 1;
                }
            }
        }
        ignored.morph_targets += u32::try_from(notes.morph_targets).unwrap_or(u32::MAX);
        ignored.non_triangle_primitives += notes.others;
        notes.report(object, report);
        if groups.is_empty() {
            let message = "it has no triangles, and is left out";
            report.note(mesh_codes::EMPTY_PRIMITIVES, object, message);
            return Ok(None);
        }
        let size = size(&groups, object, checker)?;
        Ok(Some(Self {
            groups,
            primitives,
            size,
        }))
    }

    /// Whether any vertex has joints and weights.
    pub(super) fn has_influences(&self) -> bool {
        let mut groups = self.groups.iter();
        groups.any(|group| !group.vertices.influences.is_empty())
    }

    /// The materials of the primitives.
    pub(super) fn materials(&self) -> BTreeSet<MaterialId> {
        let primitives = self.groups.iter().flat_map(|group| &group.primitives);
        primitives
            .filter_map(|(_, primitive)| primitive.material)
            .collect()
    }
}

impl Group {
    /// The most corners of all triangles.
    pub(super) fn max_corners(&self) -> u64 {
        let corners = self
            .primitives
            .iter()
            .map(|(_, primitive)| primitive.max_corners);
        corners.fold(0, u64::saturating_add)
    }

    /// The most vertices that are made: those that no triangle uses are left out where they are many.
    fn max_vertices(&self) -> u64 {
        let vertices = &self.vertices;
        let declared = match &vertices.compressed {
            Some(compressed) => compressed.max_points as u64,
            None => vertices.positions.accessor.count as u64,
        };
        declared.min(self.max_corners())
    }
}

/// How large the groups are together.
fn size(groups: &[Group], object: &str, checker: &Checker<'_>) -> Result<MeshSize, Diagnostic> {
    let sum = |of: fn(&Group) -> u64, groups: &mut dyn Iterator<Item = &Group>| {
        groups.map(of).fold(0, u64::saturating_add)
    };
    let limits = checker.limits;
    let bytes = checker.views.total_bytes();
    let plain = || {
        groups
            .iter()
            .filter(|group| group.vertices.compressed.is_none())
    };
    let from_bytes = |per_byte: u64| bytes.saturating_mul(per_byte).max(SMALL);
    let rules = [
        (
            "vertices",
            sum(Group::max_vertices, &mut groups.iter()),
            limits.max_mesh_vertices,
        ),
        (
            "indices",
            sum(Group::max_corners, &mut groups.iter()),
            limits.max_mesh_indices,
        ),
        (
            "vertices",
            sum(Group::max_vertices, &mut plain()),
            from_bytes(MAX_VERTICES_PER_BYTE),
        ),
        (
            "indices",
            sum(Group::max_corners, &mut plain()),
            from_bytes(MAX_CORNERS_PER_BYTE),
        ),
    ];
    for (what, count, limit) in rules {
        if count > limit {
            let message =
                format!("it has {count} {what}, but at most {limit} are allowed in this file");
            return Err(about(codes::LIMIT_EXCEEDED, object, message));
        }
    }
    let [(_, vertices, _), (_, indices, _), ..] = rules;
    Ok(MeshSize {
        vertices,
        indices,
        skinned: false,
    })
}

/// What is to be said of a mesh: one message for each matter, however many primitives it concerns.
#[derive(Default)]
struct Notes {
    morph_targets: usize,
    others: u32,
    without_indices: Vec<usize>,
    several_sets: Vec<usize>,
    available: BTreeSet<u32>,
    selected: BTreeSet<u32>,
    conflicts: Vec<usize>,
    conflicting: BTreeSet<u32>,
    missing: BTreeSet<u32>,
    lacking: Vec<usize>,
}

impl Notes {
    fn add(&mut self, index: usize, primitive: &Primitive, uv_set: &UvSet) {
        if primitive.indices.is_none() {
            self.without_indices.push(index);
        }
        if uv_set.available.len() > 1 {
            self.several_sets.push(index);
            self.available.extend(&uv_set.available);
            self.selected.extend(uv_set.selected);
        }
        if !uv_set.conflict.is_empty() {
            self.conflicts.push(index);
            self.conflicting.extend(&uv_set.conflict);
        }
        if let Some(set) = uv_set.missing {
            self.lacking.push(index);
            self.missing.insert(set);
        }
    }

    fn report(&self, object: &str, report: &mut Report) {
        if self.morph_targets > 0 {
            let message = format!(
                "it has {} morph targets, which are ignored",
                self.morph_targets
            );
            report.note(codes::MORPH_TARGETS_IGNORED, object, message);
        }
        if self.others > 0 {
            let message = format!("{} primitives of points or lines are skipped", self.others);
            report.note(codes::PRIMITIVE_SKIPPED, object, message);
        }
        let mut note = |code, primitives: &[usize], what: String| {
            if !primitives.is_empty() {
                let message = format!("{} {what}", these("primitive", primitives));
                report.note(code, object, message);
            }
        };
        let indices = "no indices; vertices are taken in their order".to_owned();
        note(
            codes::MISSING_INDICES,
            &self.without_indices,
            format!("with {indices}"),
        );
        let sets = |sets: &BTreeSet<u32>| these("set", sets);
        note(
            mesh_codes::UV_SETS,
            &self.several_sets,
            format!("with the texture coordinates of {}", sets(&self.available)),
        );
        note(
            mesh_codes::UV_SET_CONFLICT,
            &self.conflicts,
            format!("with a material that uses {}", sets(&self.conflicting)),
        );
        note(
            mesh_codes::UV_SET_MISSING,
            &self.lacking,
            format!("without {}, which the material uses", sets(&self.missing)),
        );
        note(
            mesh_codes::UV_SET_SELECTED,
            &self.several_sets,
            format!("get {}", sets(&self.selected)),
        );
    }
}

/// A noun and its numbers, but not too many.
fn these<'a, N: std::fmt::Display + 'a>(
    noun: &str,
    numbers: impl IntoIterator<Item = &'a N, IntoIter: ExactSizeIterator>,
) -> String {
    const SHOWN: usize = 8;
    let numbers = numbers.into_iter();
    let count = numbers.len();
    let shown: Vec<String> = numbers.take(SHOWN).map(ToString::to_string).collect();
    let plural = if count == 1 { "" } else { "s" };
    let more = match count.checked_sub(SHOWN) {
        None | Some(0) => String::new(),
        Some(more) => format!(" and {more} more"),
    };
    format!("{noun}{plural} {}{more}", shown.join(", "))
}

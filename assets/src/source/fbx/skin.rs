//! Skins: which joints move the corners of a mesh, and from where.

use super::{document::Document, meshes::Recipe, space::affine};
use crate::{
    settings::geometry::MAX_LODS,
    source::scene::{InfluenceSet, Skin},
};
use glam::{DAffine3, DMat4};
use std::collections::BTreeMap;
use ufbx::{Mesh, SkinDeformer, SkinWeight};

/// The joints of a recipe: those of the skins of all of its meshes.
pub(super) struct Joints {
    /// The inverse bind transform of each.
    list: Vec<DAffine3>,
    /// The joints of each bone, which is given by the number of its node.
    of_bones: BTreeMap<u32, Vec<u16>>,
    /// For each mesh of each level, the joint of each cluster.
    of_meshes: Vec<Vec<u16>>,
}

/// More joints than streams can number.
pub(super) struct TooManyJoints;

impl Joints {
    /// Joints of levels that are bound to the same bone in the same place are one.
    pub(super) fn of(document: &Document, recipe: &Recipe) -> Result<Self, TooManyJoints> {
        let mut joints = Self {
            list: Vec::new(),
            of_bones: BTreeMap::new(),
            of_meshes: Vec::new(),
        };
        for drawn in recipe.levels.iter().flat_map(|level| &level.meshes) {
            // From the space of the recipe to that of this mesh.
            let from_lead = drawn.placement.map(|placement| placement.inverse());
            let mut map = Vec::new();
            if let Some(skin) = document.mesh(drawn.number).and_then(skin_of) {
                for cluster in &skin.clusters {
                    let bind = document.space.transform(affine(&cluster.geometry_to_bone));
                    let bone = cluster.bone_node.as_ref();
                    let bone = bone.map_or(u32::MAX, |bone| bone.element.typed_id);
                    let bind = from_lead.map_or(bind, |from_lead| bind * from_lead);
                    map.push(joints.add(bone, bind)?);
                }
            }
            joints.of_meshes.push(map);
        }
        Ok(joints)
    }

    fn add(&mut self, bone: u32, bind: DAffine3) -> Result<u16, TooManyJoints> {
        let of_bone = self.of_bones.entry(bone).or_default();
        // The clusters of the first mesh keep their numbers.
        if !self.of_meshes.is_empty() {
            let tolerance = 1e-5 * bind.translation.abs().max_element().max(1.0);
            let recent = of_bone.iter().rev().take(MAX_LODS);
            let is_same =
                |joint: &&u16| self.list[usize::from(**joint)].abs_diff_eq(bind, tolerance);
            if let Some(&known) = recent.into_iter().find(is_same) {
                return Ok(known);
            }
        }
        let joint = u16::try_from(self.list.len()).map_err(|_| TooManyJoints)?;
        self.list.push(bind);
        of_bone.push(joint);
        Ok(joint)
    }

    /// The joints of the clusters of a mesh, which is given by its position among all of the recipe.
    pub(super) fn of_mesh(&self, position: usize) -> &[u16] {
        self.of_meshes.get(position).map_or(&[], Vec::as_slice)
    }

    /// What is stored of them.
    pub(super) fn skin(&self) -> Skin {
        let matrix = |bind: &DAffine3| DMat4::from(*bind).as_mat4().to_cols_array();
        Skin {
            inverse_bind: self.list.iter().map(matrix).collect(),
            joint_remap: (0..).take(self.list.len()).collect(),
        }
    }
}

/// The skin that is used: a vertex can follow only one.
pub(super) fn skin_of(mesh: &Mesh) -> Option<&SkinDeformer> {
    let skin = (&mesh.skin_deformers).into_iter().next()?;
    (!skin.clusters.is_empty()).then_some(skin)
}

/// What was left out or made up, in control points.
#[derive(Default)]
pub(super) struct SkinRepairs {
    pub(super) trimmed: u32,
    pub(super) most_influences: usize,
    pub(super) unweighted: u32,
}

/// Weights below this share of the strongest do nothing.
const NEGLIGIBLE_WEIGHT: f64 = 1e-4;

/// Counts control points whose influences are not as they should be.
pub(super) fn repairs(mesh: &Mesh) -> SkinRepairs {
    let mut repairs = SkinRepairs::default();
    let Some(skin) = skin_of(mesh) else {
        return repairs;
    };
    for (vertex, first_corner) in mesh.vertex_first_index.iter().enumerate() {
        if *first_corner == u32::MAX {
            continue;
        }
        let weights = weights_of(skin, vertex);
        let total: f64 = weights.iter().map(|weight| weight.weight).sum();
        let kept: f64 = weights.iter().take(4).map(|weight| weight.weight).sum();
        if kept.is_nan() || kept <= 0.0 {
            repairs.unweighted += 1;
        } else if total - kept > NEGLIGIBLE_WEIGHT * total {
            repairs.trimmed += 1;
            repairs.most_influences = repairs.most_influences.max(weights.len());
        }
    }
    repairs
}

/// The weights of a control point, the strongest first.
fn weights_of(skin: &SkinDeformer, vertex: usize) -> &[SkinWeight] {
    let range = skin.vertices.get(vertex).map(|vertex| {
        let begin = vertex.weight_begin as usize;
        begin..begin.saturating_add(vertex.num_weights as usize)
    });
    range
        .and_then(|range| skin.weights.get(range))
        .unwrap_or_default()
}

/// Adds the influences of corners: the strongest four of their control points. A control point that
/// follows no joint follows the first, so that it does not stay behind at the origin.
pub(super) fn add_influences(
    mesh: &Mesh,
    corners: std::ops::Range<usize>,
    joints: &[u16],
    set: &mut InfluenceSet,
) {
    let Some(skin) = skin_of(mesh) else { return };
    for vertex in mesh.vertex_indices.get(corners).unwrap_or_default() {
        let weights = weights_of(skin, *vertex as usize);
        let strongest = weights.first().map_or(0.0, |weight| weight.weight);
        let kept = || {
            let kept = weights.iter().take(4);
            kept.filter(|weight| weight.weight > NEGLIGIBLE_WEIGHT * strongest)
        };
        let total: f64 = kept().map(|weight| weight.weight).sum();
        let (mut of_joints, mut of_weights) = ([0; 4], [0.0; 4]);
        if total > 0.0 && total.is_finite() {
            for (position, weight) in kept().enumerate() {
                let joint = joints.get(weight.cluster_index as usize);
                of_joints[position] = joint.copied().unwrap_or(0);
                of_weights[position] = (weight.weight / total) as f32;
            }
        } else {
            of_joints[0] = joints.first().copied().unwrap_or(0);
            of_weights[0] = 1.0;
        }
        set.joints.push(of_joints);
        set.weights.push(of_weights);
    }
}

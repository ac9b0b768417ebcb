//! From the space of a file to the engine's: axes, units, handedness.
//!
//! Let `A` take a point of the file's world to the engine's: a rotation or a mirroring that maps the
//! axes which the file calls right, up and front to +X, +Z and -Y, times a unit factor. What happens
//! with the local space of each node below that is free, as long as everything stays in its place in the
//! world. There are two ways:
//!
//! * [`LocalSpaces::Converted`]: every local space is converted as the world is, so vertices become
//!   `A v` and local transforms `A L A⁻¹`. A node that the file neither turns nor scales is neither
//!   turned nor scaled in the engine. This is what happens to glTF, too.
//! * [`LocalSpaces::Kept`]: vertices and local transforms stay as they are, and the nodes below the root
//!   become `A L`. This is for Blender, which writes vertices in a space with +Z up in metres, and puts
//!   the inverse of `A`, a rotation of -90° and a scale of 100, on every such node. Converting that
//!   faithfully would carry it into the engine.

use super::FbxError;
use crate::settings::scene::UnitScale;
use glam::{DAffine3, DMat3, DVec3};
use ufbx::{CoordinateAxis, Exporter, Scene};

/// How the space of a file becomes the engine's.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Space {
    /// The linear part of `A` without the unit: a signed permutation, so products with it are exact.
    basis: DMat3,
    /// Cooked units for each unit of the file.
    scale: f64,
    /// Metres for each unit of the file.
    unit_meters: f64,
    local: LocalSpaces,
}

/// What becomes of the local spaces of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LocalSpaces {
    Converted,
    Kept,
}

/// What a file says, or does not say, of its space.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SpaceReport {
    /// The axes are not all there, or contradict each other; the up axis that was taken.
    pub(super) assumed_up: Option<DVec3>,
    /// The unit is no length; the one that was taken, in metres.
    pub(super) assumed_unit: Option<f64>,
    /// In words.
    pub(super) summary: String,
}

impl Space {
    /// The space of a scene, in the unit that is asked for.
    pub(super) fn of(scene: &Scene, units: UnitScale) -> Result<(Self, SpaceReport), FbxError> {
        let axes = scene.settings.axes;
        let (axes, complete) = complete([axes.right, axes.up, axes.front].map(direction));
        let [right, up, front] = axes;
        let basis = DMat3::from_cols(DVec3::X, DVec3::Z, DVec3::NEG_Y)
            * DMat3::from_cols(right, up, front).transpose();

        let authored = scene.settings.unit_meters;
        let has_unit = authored.is_finite() && authored > 0.0;
        let unit_meters = if has_unit { authored } else { CENTIMETRE };
        let scale = match units {
            UnitScale::Normalize => unit_meters,
            UnitScale::Preserve => 1.0,
            UnitScale::Custom(factor) if factor.is_finite() && factor > 0.0 => {
                unit_meters * f64::from(factor)
            }
            UnitScale::Custom(factor) => return Err(FbxError::UnitScale(factor.to_string())),
        };
        let mut space = Self {
            basis,
            scale,
            unit_meters,
            local: LocalSpaces::Converted,
        };
        if space.is_compensated(scene) {
            space.local = LocalSpaces::Kept;
        }
        let handedness = if space.mirrors() { "left" } else { "right" };
        let report = SpaceReport {
            assumed_up: (!complete).then_some(up),
            assumed_unit: (!has_unit).then_some(unit_meters),
            summary: format!(
                "{handedness}-handed, {} up, {} to the front, {} m for each unit; lengths are multiplied \
                 by {}",
                axis_name(up),
                axis_name(front),
                unit_meters as f32,
                scale as f32
            ),
        };
        Ok((space, report))
    }

    /// Whether the nodes below the root carry the inverse of `A`, as Blender puts it there. Its option
    /// "apply transform" leaves it out.
    fn is_compensated(&self, scene: &Scene) -> bool {
        let exporter = scene.metadata.exporter;
        if !matches!(exporter, Exporter::BlenderBinary | Exporter::BlenderAscii) || self.mirrors() {
            return false;
        }
        let (mut upright_if_kept, mut upright_if_converted) = (0, 0);
        for node in &scene.root_node.children {
            let linear = affine(&node.node_to_parent).matrix3;
            upright_if_kept += usize::from(is_uniform_scale(self.basis * linear));
            upright_if_converted += usize::from(is_uniform_scale(linear));
        }
        upright_if_kept >= upright_if_converted
    }

    /// Whether the file is left-handed.
    pub(super) fn mirrors(&self) -> bool {
        self.basis.determinant() < 0.0
    }

    /// Whether triangles must be turned over, because their vertices are mirrored.
    pub(super) fn turns_triangles(&self) -> bool {
        self.local == LocalSpaces::Converted && self.mirrors()
    }

    /// A point of a mesh.
    pub(super) fn point(&self, point: DVec3) -> DVec3 {
        match self.local {
            LocalSpaces::Converted => self.basis * point * self.scale,
            LocalSpaces::Kept => point,
        }
    }

    /// A direction in the local space of a node.
    pub(super) fn direction(&self, direction: DVec3) -> DVec3 {
        match self.local {
            LocalSpaces::Converted => self.basis * direction,
            LocalSpaces::Kept => direction,
        }
    }

    /// A transform from one local space to another: between two nodes, or from a mesh to a joint.
    pub(super) fn transform(&self, transform: DAffine3) -> DAffine3 {
        match self.local {
            LocalSpaces::Converted => DAffine3 {
                matrix3: self.basis * transform.matrix3 * self.basis.transpose(),
                translation: self.basis * transform.translation * self.scale,
            },
            LocalSpaces::Kept => transform,
        }
    }

    /// The transform of a node below the root.
    pub(super) fn root_transform(&self, transform: DAffine3) -> DAffine3 {
        match self.local {
            LocalSpaces::Converted => self.transform(transform),
            LocalSpaces::Kept => DAffine3 {
                matrix3: self.basis * transform.matrix3 * self.scale,
                translation: self.basis * transform.translation * self.scale,
            },
        }
    }

    /// The rotation of something that looks along `forward` in its node, seen from a node of the engine
    /// that looks along -Z with +Y up.
    pub(super) fn view(&self, forward: DVec3, up: DVec3) -> DMat3 {
        let (forward, up) = (self.direction(forward), self.direction(up));
        DMat3::from_cols(forward.cross(up), up, -forward)
    }

    /// A length in units of the file.
    pub(super) fn length(&self, length: f64) -> f64 {
        length * self.scale
    }

    /// A length that the file gives in metres, whatever its unit is.
    pub(super) fn metres(&self, length: f64) -> f64 {
        length * self.scale / self.unit_meters
    }
}

/// What FBX means by a unit when a file does not say it.
const CENTIMETRE: f64 = 0.01;

fn direction(axis: CoordinateAxis) -> Option<DVec3> {
    Some(match axis {
        CoordinateAxis::PositiveX => DVec3::X,
        CoordinateAxis::NegativeX => DVec3::NEG_X,
        CoordinateAxis::PositiveY => DVec3::Y,
        CoordinateAxis::NegativeY => DVec3::NEG_Y,
        CoordinateAxis::PositiveZ => DVec3::Z,
        CoordinateAxis::NegativeZ => DVec3::NEG_Z,
        CoordinateAxis::Unknown => return None,
    })
}

/// Right, up and front, and whether the file has them all. If not, the file is taken as right-handed,
/// with the up axis that it names or with +Y up, which is what FBX defaults to.
fn complete(axes: [Option<DVec3>; 3]) -> ([DVec3; 3], bool) {
    if let [Some(right), Some(up), Some(front)] = axes
        && DMat3::from_cols(right, up, front).determinant() != 0.0
    {
        return ([right, up, front], true);
    }
    let up = axes[1].unwrap_or(DVec3::Y);
    let front = match up {
        DVec3::Z | DVec3::NEG_Z => DVec3::NEG_Y,
        _ => DVec3::Z,
    };
    ([up.cross(front), up, front], false)
}

fn is_uniform_scale(linear: DMat3) -> bool {
    let scale = linear.x_axis.x;
    let error = linear - DMat3::from_diagonal(DVec3::splat(scale));
    scale > 0.0 && error.abs_diff_eq(DMat3::ZERO, 1e-4 * scale)
}

/// The name of an axis for people.
pub(super) fn axis_name(axis: DVec3) -> &'static str {
    match axis {
        DVec3::X => "+X",
        DVec3::NEG_X => "-X",
        DVec3::Y => "+Y",
        DVec3::NEG_Y => "-Y",
        DVec3::Z => "+Z",
        _ => "-Z",
    }
}

/// A transform of the parser.
pub(super) fn affine(m: &ufbx::Matrix) -> DAffine3 {
    DAffine3::from_cols(
        DVec3::new(m.m00, m.m10, m.m20),
        DVec3::new(m.m01, m.m11, m.m21),
        DVec3::new(m.m02, m.m12, m.m22),
        DVec3::new(m.m03, m.m13, m.m23),
    )
}

/// A vector of the parser.
pub(super) fn vec3(v: ufbx::Vec3) -> DVec3 {
    DVec3::new(v.x, v.y, v.z)
}

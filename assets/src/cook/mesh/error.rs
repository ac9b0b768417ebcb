//! Why a mesh could not be cooked.

use crate::{
    cook::pace::Cancelled,
    diagnostic::{Code, Diagnostic, codes::mesh as codes},
    settings::geometry::{GeometrySettingsError, MAX_LODS},
};
use thiserror::Error;

pub(super) use crate::cook::notes::Notes;

/// Why a mesh could not be cooked.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum MeshError {
    /// No level of detail.
    #[error("there is no level of detail")]
    MissingLods,
    /// Too many levels of detail.
    #[error("{0} levels of detail are more than {MAX_LODS}")]
    TooManyLods(usize),
    /// A procedural mesh.
    #[error("procedural meshes have nothing to cook")]
    Procedural,
    /// A mesh of another kind.
    #[error("meshes of kind `{0}` cannot be cooked")]
    UnsupportedKind(&'static str),
    /// A part without positions.
    #[error("part {part} of {lod} has no positions")]
    MissingPositions {
        /// The level of detail.
        lod: String,
        /// The part.
        part: usize,
    },
    /// A level without a triangle.
    #[error("{lod} has no triangle that can be drawn")]
    NoTriangles {
        /// The level of detail.
        lod: String,
    },
    /// A range that is not made of triangles.
    #[error("part {part} of {lod} has a range of {indices} indices, which are not whole triangles")]
    PartialTriangle {
        /// The level of detail.
        lod: String,
        /// The part.
        part: usize,
        /// The length of the range.
        indices: u32,
    },
    /// A skinned level without joints and weights.
    #[error("{lod} has no joints and weights for all its positions")]
    MissingSkinning {
        /// The level of detail.
        lod: String,
    },
    /// A skin without matrices.
    #[error("the skin has no inverse bind matrices")]
    MissingInverseBind,
    /// A skin without remap.
    #[error("the skin does not say which joints of the skeleton it uses")]
    MissingJointRemap,
    /// A matrix that is not finite.
    #[error("the inverse bind matrix of joint {joint} is not finite")]
    InverseBindNotFinite {
        /// The joint.
        joint: usize,
    },
    /// Joints that the skin does not have.
    #[error(
        "{lod} uses {joints} joints, but the skin has {matrices} matrices and remaps {remapped}"
    )]
    TooFewJoints {
        /// The level of detail.
        lod: String,
        /// How many joints it uses.
        joints: u32,
        /// How many matrices there are.
        matrices: usize,
        /// How many joints are remapped.
        remapped: usize,
    },
    /// More than a number can count.
    #[error("{count} {what} are more than {limit}")]
    CountOverflow {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        count: u64,
        /// The most that can be counted.
        limit: u64,
    },
    /// A buffer beyond the limit.
    #[error("the {what} buffer of {lod} has {bytes} bytes, but at most {limit} are allowed")]
    BufferTooLarge {
        /// The level of detail.
        lod: String,
        /// The buffer.
        what: &'static str,
        /// Its size.
        bytes: u64,
        /// The most that is allowed.
        limit: u32,
    },
    /// Settings out of range.
    #[error(transparent)]
    Settings(#[from] GeometrySettingsError),
}

impl MeshError {
    /// The code of the diagnostic.
    pub fn code(&self) -> Code {
        match self {
            Self::MissingLods => codes::MISSING_LODS,
            Self::TooManyLods(_) => codes::INVALID_LOD_COUNT,
            Self::Settings(_) => codes::SETTINGS_INVALID,
            Self::Procedural => codes::PROCEDURAL_UNSUPPORTED,
            Self::UnsupportedKind(_) => codes::UNSUPPORTED_TYPE,
            Self::MissingPositions { .. } => codes::MISSING_POSITIONS,
            Self::NoTriangles { .. } => codes::MISSING_BUFFERS,
            Self::PartialTriangle { .. } => codes::INVALID_RANGE,
            Self::MissingSkinning { .. } => codes::MISSING_SKINNING,
            Self::MissingInverseBind => codes::MISSING_INVERSE_BIND,
            Self::MissingJointRemap => codes::MISSING_JOINT_REMAP,
            Self::InverseBindNotFinite { .. } => codes::SKINNING_BUFFERS,
            Self::TooFewJoints { .. } => codes::SKINNING_BUFFERS_MISMATCH,
            Self::CountOverflow { .. } => codes::COUNT_OVERFLOW,
            Self::BufferTooLarge { .. } => codes::BUFFER_TOO_LARGE,
        }
    }
}

/// Why [`build_mesh`](super::build_mesh) made nothing.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum MeshBuildError {
    /// It was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The mesh cannot be cooked.
    #[error("{error}")]
    Failed {
        /// Why.
        error: MeshError,
        /// The warnings before it, and the error itself as the last entry.
        diagnostics: Vec<Diagnostic>,
    },
}

/// What stops a step of the build.
#[derive(Debug, Error)]
pub(super) enum Stop {
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error(transparent)]
    Error(#[from] MeshError),
}

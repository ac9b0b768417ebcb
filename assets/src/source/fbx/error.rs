//! Why an FBX file could not be read.

use crate::{
    cook::pace::Cancelled,
    diagnostic::{Code, Diagnostic, codes::fbx as codes},
    source::scene::SceneError,
};
use thiserror::Error;

/// Why an FBX file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FbxError {
    /// The bytes are of another format, or there are none.
    #[error("the content is not FBX")]
    NotFbx,
    /// The file ends too early.
    #[error("the file is cut off")]
    Truncated,
    /// The parser refuses the file.
    #[error("the file cannot be parsed: {reason}")]
    Malformed {
        /// The parser's own words.
        reason: String,
    },
    /// A limit would be exceeded.
    #[error("the file needs more than the {limit} {what} that are allowed")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much there may be.
        limit: u64,
    },
    /// The system did not give the memory.
    #[error("there is no memory to parse the file")]
    OutOfMemory,
    /// A factor of units that is no factor.
    #[error("the unit scale is {0}, but must be finite and more than 0")]
    UnitScale(String),
    /// Geometry that is not made of polygons, though the settings want nothing else.
    #[error("{0}")]
    NonMeshGeometry(String),
    /// The scene contradicts itself.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// Parsing was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl FbxError {
    /// The code of the diagnostic, or `None` for a cancellation, which is not an error of the file.
    pub fn code(&self) -> Option<Code> {
        Some(match self {
            Self::NotFbx | Self::Truncated | Self::Malformed { .. } | Self::Scene(_) => {
                codes::PARSE_FAILED
            }
            Self::Limit { .. } | Self::OutOfMemory => codes::LIMIT_EXCEEDED,
            Self::UnitScale(_) => codes::INVALID_CUSTOM_UNIT_SCALE,
            Self::NonMeshGeometry(_) => codes::NON_MESH_REFUSED,
            Self::Cancelled(_) => return None,
        })
    }

    /// The message for the user, or `None` for a cancellation.
    pub fn diagnostic(&self) -> Option<Diagnostic> {
        Some(Diagnostic::new(self.code()?, self.to_string()))
    }
}

//! Why a scene could not be cooked.

use crate::{
    cook::pace::Cancelled,
    diagnostic::{Code, Diagnostic, codes::scene as codes},
    format::scene::{EnvironmentError, SceneFormatError},
};
use thiserror::Error;

/// Why a scene could not be cooked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SceneError {
    /// Meshes without a key.
    #[error("there are keys for {keys} of {meshes} meshes")]
    GeometryKeys {
        /// How many keys there are.
        keys: usize,
        /// How many meshes there are.
        meshes: usize,
    },
    /// An environment record that is none.
    #[error("environment record {index}: {error}")]
    Environment {
        /// Which one.
        index: usize,
        /// What is wrong with it.
        error: EnvironmentError,
    },
    /// Names that are longer than 32 bits can count.
    #[error("the names of the nodes are longer than 4 GiB")]
    NamesTooLong,
    /// A descriptor that would break a rule of its format.
    #[error(transparent)]
    Format(#[from] SceneFormatError),
}

impl SceneError {
    /// The code of the diagnostic.
    pub fn code(&self) -> Code {
        match self {
            Self::GeometryKeys { .. } => codes::GEOMETRY_KEY_MISSING,
            Self::Environment { error, .. } => match error {
                EnvironmentError::TooSmall(_) => codes::ENVIRONMENT_RECORD_TOO_SMALL,
                EnvironmentError::SizeInvalid(_) | EnvironmentError::KnownSize { .. } => {
                    codes::ENVIRONMENT_RECORD_SIZE_INVALID
                }
                EnvironmentError::SizeMismatch { .. } => codes::ENVIRONMENT_RECORD_SIZE_MISMATCH,
                EnvironmentError::Record(_) | EnvironmentError::NotFinite(_) => {
                    codes::ENVIRONMENT_RECORD_INVALID
                }
            },
            Self::NamesTooLong | Self::Format(_) => codes::SERIALIZE_FAILED,
        }
    }
}

/// Why [`cook_scene`](super::cook_scene) made nothing.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum SceneCookError {
    /// It was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The scene cannot be cooked.
    #[error("{error}")]
    Failed {
        /// Why.
        error: SceneError,
        /// The warnings before it, and the error itself as the last entry.
        diagnostics: Vec<Diagnostic>,
    },
}

/// What stops a step of the cook.
#[derive(Debug, Error)]
pub(super) enum Stop {
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error(transparent)]
    Error(#[from] SceneError),
}

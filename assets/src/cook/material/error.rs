//! Why a material could not be cooked.

use crate::{
    diagnostic::{Code, codes::material as codes},
    format::material::MaterialFormatError,
};
use thiserror::Error;

/// Why a material could not be cooked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MaterialError {
    /// Metalness and roughness must be packed, but are not.
    #[error("metalness and roughness must be packed, but {0}")]
    NotPacked(&'static str),
    /// No shader.
    #[error("there is no shader")]
    NoShaders,
    /// Too many shaders.
    #[error("{0} shaders are more than 32")]
    TooManyShaders(usize),
    /// A stage that does not exist.
    #[error("shader stage {0} does not exist")]
    ShaderStage(u8),
    /// Two shaders for one stage.
    #[error("there are two shaders for stage {0}")]
    DuplicateStage(u8),
    /// A shader that names no file or no function.
    #[error(
        "the shader of stage {stage} has the file {path:?} and the function {entry:?}: {reason}"
    )]
    ShaderReference {
        /// The stage.
        stage: u8,
        /// The file.
        path: String,
        /// The function.
        entry: String,
        /// What is wrong.
        reason: String,
    },
    /// A descriptor that would break a rule of its format.
    #[error(transparent)]
    Format(#[from] MaterialFormatError),
}

impl MaterialError {
    /// The code of the diagnostic.
    pub fn code(&self) -> Code {
        match self {
            Self::NotPacked(_) => codes::ORM_POLICY,
            Self::NoShaders => codes::SHADER_STAGES_MISSING,
            Self::TooManyShaders(_) => codes::SHADER_STAGE_COUNT,
            Self::ShaderStage(_) => codes::SHADER_STAGE_INVALID,
            Self::DuplicateStage(_) => codes::SHADER_STAGE_DUPLICATE,
            Self::ShaderReference { .. } => codes::SHADER_REF_INVALID,
            Self::Format(_) => codes::SERIALIZE_FAILED,
        }
    }
}

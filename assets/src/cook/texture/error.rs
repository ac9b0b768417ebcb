//! Why a texture could not be cooked.

use crate::{
    cook::pace::Cancelled,
    diagnostic::{Code, Diagnostic, codes::texture as codes},
    format::{
        payload_layout::LayoutError, texture_format::TextureFormat, texture_shape::ShapeError,
    },
    settings::texture::{OutputFormat, SettingsError, TextureIntent},
    source::image::ImageError,
};
use thiserror::Error;

/// Why a texture could not be cooked.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum TextureError {
    /// The image could not be read.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The settings contradict each other.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Light beyond the displayable range, and an output that cannot hold it.
    #[error(
        "a floating-point image with intent `{}` cannot be stored as `{}` without baking",
        intent.token(), format.token()
    )]
    HdrRequiresFloatFormat {
        /// The intent of the texture.
        intent: TextureIntent,
        /// The output format.
        format: OutputFormat,
    },
    /// The dimensions cannot be those of a texture.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The payload would be too large.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The encoder does not make this format.
    #[error("the encoder {encoder} does not make {format:?}")]
    FormatNotEncoded {
        /// The encoder.
        encoder: String,
        /// The format that was asked for.
        format: TextureFormat,
    },
    /// The encoder refused a tile.
    #[error("the encoder {encoder} failed: {reason}")]
    Encoder {
        /// The encoder.
        encoder: String,
        /// What it said.
        reason: String,
    },
    /// The encoded tiles do not make up the texture.
    #[error("the encoded tiles do not make up the texture: {reason}")]
    Tiles {
        /// What is missing or too much.
        reason: String,
    },
    /// There is no memory for the result.
    #[error("there is no memory for the {bytes} bytes of a cooked texture")]
    OutOfMemory {
        /// How much was asked for.
        bytes: u64,
    },
    /// Cooking was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl TextureError {
    /// Whether it is no error of the texture but a cancellation.
    pub fn is_cancelled(&self) -> bool {
        matches!(
            self,
            Self::Cancelled(_) | Self::Image(ImageError::Cancelled(_))
        )
    }

    /// The code of the diagnostic, or `None` for a cancellation.
    pub fn code(&self) -> Option<Code> {
        Some(match self {
            Self::Image(error) => return error.code(),
            Self::Settings(_) | Self::Shape(_) => codes::DESC_INVALID,
            Self::HdrRequiresFloatFormat { .. } => codes::HDR_NEEDS_FLOAT,
            Self::Layout(_) => codes::TOO_LARGE,
            Self::FormatNotEncoded { .. } | Self::Encoder { .. } => codes::ENCODER_FAILED,
            Self::Tiles { .. } | Self::OutOfMemory { .. } => codes::COOK_FAILED,
            Self::Cancelled(_) => return None,
        })
    }

    /// The message for the user, or `None` for a cancellation.
    pub fn diagnostic(&self) -> Option<Diagnostic> {
        Some(Diagnostic::new(self.code()?, self.to_string()))
    }
}

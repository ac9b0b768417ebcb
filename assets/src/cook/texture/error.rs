//! Why a texture could not be cooked.

use super::code::TextureErrorCode;
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
    /// An image that is no cube, or no cube of the kind that was asked for.
    #[error(
        "Texture cook failed: {code}: the image is {width} x {height}, but a cube is made of {expected}"
    )]
    Cube {
        /// What kind of error it is.
        code: TextureErrorCode,
        /// Texels in a row of the image.
        width: u32,
        /// Rows of the image.
        height: u32,
        /// What would be right.
        expected: String,
    },
    /// Images that do not make up a texture together.
    #[error("Texture cook failed: {code}{}: {reason}", in_brackets(file))]
    Set {
        /// What kind of error it is.
        code: TextureErrorCode,
        /// The file that breaks the rule, if it is one.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// The dimensions cannot be those of a texture.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The payload would be too large.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// An encoded texture that does not have what is asked for.
    #[error("a texture that is {format:?} already cannot be stored as it is: {reason}")]
    Encoded {
        /// Its format.
        format: TextureFormat,
        /// What it does not have.
        reason: String,
    },
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

fn in_brackets(file: &str) -> String {
    if file.is_empty() {
        String::new()
    } else {
        format!(" ({file})")
    }
}

impl TextureError {
    /// What kind of error it is.
    pub fn error_code(&self) -> TextureErrorCode {
        use TextureErrorCode as Code;
        match self {
            Self::Image(error) => match error {
                ImageError::UnknownFormat { .. } | ImageError::Unsupported { .. } => {
                    Code::UnsupportedFormat
                }
                ImageError::TooLarge { .. } | ImageError::OutOfMemory { .. } => Code::OutOfMemory,
                ImageError::DecoderPanicked { .. } => Code::DecodeFailed,
                ImageError::Cancelled(_) => Code::Cancelled,
                _ => Code::CorruptedData,
            },
            Self::Settings(error) => match error {
                SettingsError::NoMipLevels => Code::InvalidMipPolicy,
                SettingsError::CubeFaceSize { .. } => Code::InvalidDimensions,
                SettingsError::QualityWithoutBlocks { .. }
                | SettingsError::BlocksWithoutQuality { .. }
                | SettingsError::Exposure { .. }
                | SettingsError::AlphaCoverage { .. } => Code::IntentFormatMismatch,
            },
            Self::HdrRequiresFloatFormat { .. } => Code::HdrRequiresFloatFormat,
            Self::Cube { code, .. } | Self::Set { code, .. } => *code,
            Self::Shape(error) => match error {
                ShapeError::Depth(_) => Code::DepthInvalidFor2D,
                ShapeError::Layers(..) => Code::ArrayLayerCountInvalid,
                ShapeError::Mips { .. } => Code::InvalidMipPolicy,
                ShapeError::Zero { .. } | ShapeError::HeightOf1D(_) | ShapeError::NotSquare(..) => {
                    Code::InvalidDimensions
                }
            },
            Self::Layout(_) | Self::Encoded { .. } => Code::OutputFormatInvalid,
            Self::FormatNotEncoded { .. } | Self::Encoder { .. } | Self::Tiles { .. } => {
                Code::CompressionFailed
            }
            Self::OutOfMemory { .. } => Code::OutOfMemory,
            Self::Cancelled(_) => Code::Cancelled,
        }
    }

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
            Self::Settings(SettingsError::CubeFaceSize { .. }) => codes::CUBEMAP_FACE_SIZE_INVALID,
            Self::Settings(_) | Self::Shape(_) => codes::DESC_INVALID,
            Self::Cube {
                code: TextureErrorCode::FileNotFound,
                ..
            } => codes::CUBEMAP_FACES_MISSING,
            Self::Cube { .. } | Self::Set { .. } | Self::Encoded { .. } => codes::COOK_FAILED,
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

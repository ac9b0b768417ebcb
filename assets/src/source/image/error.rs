//! Why an image could not be read.

use super::ImageFormat;
use crate::{
    cook::pace::Cancelled,
    diagnostic::{Code, Diagnostic, codes::texture as codes},
};
use thiserror::Error;

/// Why an image could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ImageError {
    /// There are no bytes.
    #[error("the image is empty")]
    Empty,
    /// The bytes are of no format that is known.
    #[error("the content is of no known image format; it begins with {head}")]
    UnknownFormat {
        /// The first bytes, readable.
        head: String,
    },
    /// The format, or the part of it that the image uses, is known but not read.
    #[error("{format} images with {feature} are not supported")]
    Unsupported {
        /// The name of the format.
        format: &'static str,
        /// What is not read.
        feature: String,
    },
    /// The content contradicts its own format.
    #[error("the {format} image is corrupt: {reason}")]
    Corrupt {
        /// The format of the image.
        format: ImageFormat,
        /// What is wrong.
        reason: String,
    },
    /// The image ends too early.
    #[error("the {format} image is cut off: {reason}")]
    Truncated {
        /// The format of the image.
        format: ImageFormat,
        /// What is missing.
        reason: String,
    },
    /// The given prefix ends inside the header. Only probing reports it.
    #[error("the header does not end within the first bytes; at least {at_least} are needed")]
    NeedMoreBytes {
        /// How long a prefix must be to get any further.
        at_least: u64,
    },
    /// The image is larger than a limit.
    #[error("the image is {width} x {height}: its {what} of {value} exceeds the limit of {limit}")]
    TooLarge {
        /// Texels in a row.
        width: u32,
        /// Rows.
        height: u32,
        /// What is too large.
        what: &'static str,
        /// How large it is.
        value: u64,
        /// How large it may be.
        limit: u64,
    },
    /// The system did not give the memory for the pixels.
    #[error("there is no memory for the {bytes} bytes of the decoded image")]
    OutOfMemory {
        /// How much was asked for.
        bytes: u64,
    },
    /// A decoder panicked. The panic was caught.
    #[error("the {format} decoder failed unexpectedly: {message}")]
    DecoderPanicked {
        /// The format of the image.
        format: ImageFormat,
        /// The message of the panic.
        message: String,
    },
    /// Decoding was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl ImageError {
    /// The code of the diagnostic, or `None` for a cancellation, which is not an error of the image.
    pub fn code(&self) -> Option<Code> {
        Some(match self {
            Self::Empty | Self::UnknownFormat { .. } => codes::IMAGE_UNKNOWN_FORMAT,
            Self::Unsupported { .. } => codes::IMAGE_UNSUPPORTED,
            Self::Corrupt { .. } => codes::IMAGE_CORRUPT,
            Self::Truncated { .. } | Self::NeedMoreBytes { .. } => codes::IMAGE_TRUNCATED,
            Self::TooLarge { .. } => codes::IMAGE_TOO_LARGE,
            Self::OutOfMemory { .. } => codes::IMAGE_OUT_OF_MEMORY,
            Self::DecoderPanicked { .. } => codes::IMAGE_DECODER_FAILED,
            Self::Cancelled(_) => return None,
        })
    }

    /// The message for the user, or `None` for a cancellation.
    pub fn diagnostic(&self) -> Option<Diagnostic> {
        Some(Diagnostic::new(self.code()?, self.to_string()))
    }
}

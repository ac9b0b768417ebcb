//! How large an image may be: checked against the header, before anything is decoded.

use super::{ImageError, ImageInfo};
use serde::{Deserialize, Serialize};

/// The largest images that are decoded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ImageLimits {
    /// The most texels in a row (default 16384, the largest texture of today's graphics hardware).
    pub max_width: u32,
    /// The most rows (default 16384).
    pub max_height: u32,
    /// The most texels (default 2^28, a square of 16384).
    pub max_pixels: u64,
    /// The most memory for the decoded image and its decoder together, in bytes (default 2 GiB).
    pub max_decoded_bytes: u64,
}

impl Default for ImageLimits {
    fn default() -> Self {
        Self {
            max_width: 16384,
            max_height: 16384,
            max_pixels: 1 << 28,
            max_decoded_bytes: 2 << 30,
        }
    }
}

impl ImageLimits {
    /// Refuses an image that is larger than these limits.
    pub(in crate::source) fn check(&self, info: &ImageInfo) -> Result<(), ImageError> {
        let refuse = |what, value, limit| {
            Err(ImageError::TooLarge {
                width: info.width,
                height: info.height,
                what,
                value,
                limit,
            })
        };
        if info.width > self.max_width {
            return refuse("width", info.width.into(), self.max_width.into());
        }
        if info.height > self.max_height {
            return refuse("height", info.height.into(), self.max_height.into());
        }
        let pixels = u64::from(info.width) * u64::from(info.height);
        if pixels > self.max_pixels {
            return refuse("number of pixels", pixels, self.max_pixels);
        }
        let bytes = info.decoded_bytes().saturating_add(info.decoder_bytes);
        if bytes > self.max_decoded_bytes {
            return refuse("decoded size in bytes", bytes, self.max_decoded_bytes);
        }
        Ok(())
    }

    /// The same limits for the decoders.
    pub(super) fn for_decoders(&self) -> image::Limits {
        let mut limits = image::Limits::no_limits();
        limits.max_image_width = Some(self.max_width);
        limits.max_image_height = Some(self.max_height);
        limits.max_alloc = Some(self.max_decoded_bytes);
        limits
    }
}

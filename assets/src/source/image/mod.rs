//! Images: what a file promises, and its pixels.
//!
//! [`probe`] reads headers only and is cheap; limits are checked there, before a single pixel is
//! decoded. [`decode`] gives the pixels, top row first, with all the precision of the source. The
//! content decides which format it is; file names are used in no decision.

mod bmp;
pub(super) mod capacity;
mod decode;
mod encoded;
mod error;
mod exr;
mod gif;
mod ifd;
mod jpeg;
mod limits;
mod orient;
mod pixels;
mod png;
mod pnm;
mod probe;
mod psd;
mod qoi;
mod radiance;
mod reader;
mod set;
#[cfg(test)]
pub(super) mod tests;
mod tga;
mod tiff;
mod tiff_samples;
mod webp;

pub use decode::{DecodeOptions, decode};
pub use encoded::{EncodedTexture, subresource_bytes};
pub use error::ImageError;
pub use limits::ImageLimits;
pub use probe::{is_image, probe};
pub use set::{CubeFace, ImageSet, ImageSetMember, SubresourceId, TextureInput};

pub(super) use decode::{complete, guard};
pub(super) use pixels::allocate;
pub(super) use probe::{array, field};

use crate::{
    cook::pace::{CancelFlag, Cancelled},
    diagnostic::Diagnostic,
};
use std::fmt;

/// The image file formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImageFormat {
    /// Portable Network Graphics.
    Png,
    /// JPEG (JFIF, Exif), baseline and progressive.
    Jpeg,
    /// Truevision TGA.
    Tga,
    /// Windows bitmap.
    Bmp,
    /// Radiance RGBE.
    Hdr,
    /// OpenEXR.
    Exr,
    /// Graphics Interchange Format; of an animation the first picture.
    Gif,
    /// WebP, lossy and lossless; of an animation the first picture.
    WebP,
    /// The Quite OK Image Format.
    Qoi,
    /// Tag Image File Format; of several pictures the first.
    Tiff,
    /// The portable maps of Netpbm: PBM, PGM, PPM and PAM.
    Pnm,
    /// Photoshop: the merged picture.
    Psd,
    /// `DirectDraw` surface; as an image its first layer, level and slice.
    Dds,
    /// Khronos Texture 2.0; as an image its first layer, level and slice.
    Ktx2,
}

impl ImageFormat {
    /// The name for messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Tga => "TGA",
            Self::Bmp => "BMP",
            Self::Hdr => "Radiance HDR",
            Self::Exr => "OpenEXR",
            Self::Gif => "GIF",
            Self::WebP => "WebP",
            Self::Qoi => "QOI",
            Self::Tiff => "TIFF",
            Self::Pnm => "PNM",
            Self::Psd => "Photoshop",
            Self::Dds => "DDS",
            Self::Ktx2 => "KTX2",
        }
    }

    /// The format that the extension of a path or URI stands for. It decides nothing.
    pub fn of_extension(path: &str) -> Option<Self> {
        let (_, extension) = path.rsplit(['/', '\\']).next()?.rsplit_once('.')?;
        Some(match extension.to_ascii_lowercase().as_str() {
            "png" => Self::Png,
            "jpg" | "jpeg" => Self::Jpeg,
            "tga" => Self::Tga,
            "bmp" => Self::Bmp,
            "hdr" | "pic" => Self::Hdr,
            "exr" => Self::Exr,
            "gif" => Self::Gif,
            "webp" => Self::WebP,
            "qoi" => Self::Qoi,
            "tif" | "tiff" => Self::Tiff,
            "pbm" | "pgm" | "ppm" | "pnm" | "pam" => Self::Pnm,
            "psd" => Self::Psd,
            "dds" => Self::Dds,
            "ktx2" => Self::Ktx2,
            _ => return None,
        })
    }
}

impl fmt::Display for ImageFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The channels that an image has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channels {
    /// One: grey.
    Grey,
    /// Grey and alpha.
    GreyAlpha,
    /// Red, green and blue.
    Rgb,
    /// Red, green, blue and alpha.
    Rgba,
}

/// How one channel is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Depth {
    /// Up to 8 bits, read as 8.
    Eight,
    /// 16 bits.
    Sixteen,
    /// Floating point, read as 32 bits.
    Float,
}

impl Depth {
    /// Bytes of one channel in memory.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Eight => 1,
            Self::Sixteen => 2,
            Self::Float => 4,
        }
    }
}

/// What the header of an image promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageInfo {
    /// The format of the file.
    pub format: ImageFormat,
    /// Texels in a row, after the orientation of the file is applied.
    pub width: u32,
    /// Rows, after the orientation of the file is applied.
    pub height: u32,
    /// The channels. An image that says grey or RGB may turn out to have alpha.
    pub channels: Channels,
    /// The depth of a channel.
    pub depth: Depth,
    /// An upper bound of what the decoder needs beside the pixels and the file, in bytes.
    pub decoder_bytes: u64,
}

impl ImageInfo {
    /// The size of the decoded pixels when grey becomes RGBA, in bytes.
    pub fn decoded_bytes(&self) -> u64 {
        let texel = 4 * self.depth.bytes() as u64;
        (u64::from(self.width) * u64::from(self.height)).saturating_mul(texel)
    }
}

/// How the texels of an [`Image`] lie in memory: tight rows, channels interleaved, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PixelFormat {
    /// 8-bit grey.
    R8,
    /// 8-bit grey and alpha.
    Rg8,
    /// 8-bit RGBA.
    Rgba8,
    /// 16-bit grey.
    R16,
    /// 16-bit grey and alpha.
    Rg16,
    /// 16-bit RGBA.
    Rgba16,
    /// Float RGBA, linear unless the settings say otherwise.
    Rgba32F,
}

impl PixelFormat {
    /// Bytes of one texel.
    pub const fn texel_bytes(self) -> usize {
        match self {
            Self::R8 => 1,
            Self::Rg8 | Self::R16 => 2,
            Self::Rgba8 | Self::Rg16 => 4,
            Self::Rgba16 => 8,
            Self::Rgba32F => 16,
        }
    }

    /// Whether it is grey, with or without alpha.
    pub const fn is_grey(self) -> bool {
        matches!(self, Self::R8 | Self::Rg8 | Self::R16 | Self::Rg16)
    }

    /// The depth of a channel.
    pub const fn depth(self) -> Depth {
        match self {
            Self::R8 | Self::Rg8 | Self::Rgba8 => Depth::Eight,
            Self::R16 | Self::Rg16 | Self::Rgba16 => Depth::Sixteen,
            Self::Rgba32F => Depth::Float,
        }
    }
}

/// A decoded image: one layer, one level, top row first.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    width: u32,
    height: u32,
    format: PixelFormat,
    texels: Vec<u8>,
    opaque: bool,
    warnings: Vec<Diagnostic>,
}

impl Image {
    /// Wraps texels that lie as `format` says: `width * height` of them, rows from top to bottom.
    ///
    /// # Errors
    /// [`ImageError::Unsupported`] when a dimension is zero or `texels` has another length.
    pub fn new(
        width: u32,
        height: u32,
        format: PixelFormat,
        texels: Vec<u8>,
    ) -> Result<Self, ImageError> {
        let texels_in_all = u64::from(width) * u64::from(height);
        let expected = texels_in_all.saturating_mul(format.texel_bytes() as u64);
        if expected == 0 || texels.len() as u64 != expected {
            return Err(ImageError::Unsupported {
                format: "raw",
                feature: format!(
                    "{width} x {height} {format:?} texels in {} bytes instead of {expected}",
                    texels.len()
                ),
            });
        }
        Ok(Self {
            width,
            height,
            format,
            texels,
            opaque: false,
            warnings: Vec::new(),
        })
    }

    /// Texels in a row.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// How the texels lie in memory.
    pub fn format(&self) -> PixelFormat {
        self.format
    }

    /// The texels.
    pub fn texels(&self) -> &[u8] {
        &self.texels
    }

    /// Whether the source has no alpha, so that all alpha is one. If false, the texels decide.
    pub fn is_opaque(&self) -> bool {
        self.opaque
    }

    /// What the user should know about the decoding.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The same image, known to be opaque or not.
    pub(crate) fn with_opaque(mut self, opaque: bool) -> Self {
        self.opaque = opaque;
        self
    }

    /// The same image with its rows mirrored.
    pub(crate) fn with_rows_flipped(mut self) -> Self {
        let row = self.width as usize * self.format.texel_bytes();
        orient::flip_rows(&mut self.texels, row);
        self
    }

    /// The same image with its texels changed in place.
    pub(crate) fn with_texels<E: Into<ImageError>>(
        mut self,
        change: impl FnOnce(PixelFormat, &mut [u8]) -> Result<(), E>,
    ) -> Result<Self, ImageError> {
        change(self.format, &mut self.texels).map_err(Into::into)?;
        Ok(self)
    }

    /// The same image in RGBA, if it is grey.
    pub(crate) fn widened(mut self, cancel: &CancelFlag) -> Result<Self, ImageError> {
        use pixels::{Widen, widen};
        let (how, format) = match self.format {
            PixelFormat::R8 => (Widen::GreyToRgba, PixelFormat::Rgba8),
            PixelFormat::R16 => (Widen::GreyToRgba, PixelFormat::Rgba16),
            PixelFormat::Rg8 => (Widen::GreyAlphaToRgba, PixelFormat::Rgba8),
            PixelFormat::Rg16 => (Widen::GreyAlphaToRgba, PixelFormat::Rgba16),
            PixelFormat::Rgba8 | PixelFormat::Rgba16 | PixelFormat::Rgba32F => return Ok(self),
        };
        let pixels = self.width as usize * self.height as usize;
        let mut texels = allocate(pixels as u64 * format.texel_bytes() as u64)?;
        texels[..self.texels.len()].copy_from_slice(&self.texels);
        if format == PixelFormat::Rgba8 {
            widen::<1>(&mut texels, pixels, how, [255], cancel)?;
        } else {
            widen::<2>(&mut texels, pixels, how, [255; 2], cancel)?;
        }
        (self.texels, self.format) = (texels, format);
        Ok(self)
    }

    /// Replaces floats that are not finite, and warns if there were any.
    pub(crate) fn repair(&mut self, cancel: &CancelFlag) -> Result<(), Cancelled> {
        if self.format == PixelFormat::Rgba32F {
            let repaired = pixels::repair_floats(&mut self.texels, cancel)?;
            let values = self.texels.len() / 4;
            self.warnings
                .extend(pixels::repair_warning(repaired, values));
        }
        Ok(())
    }

    /// Takes the image apart: the texels and the warnings.
    pub fn into_parts(self) -> (Vec<u8>, Vec<Diagnostic>) {
        (self.texels, self.warnings)
    }
}

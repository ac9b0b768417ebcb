//! Files that hold a texture the way a GPU takes it: DDS and KTX2.
//!
//! Such a file has all layers, faces, slices and levels of a texture, often block compressed. If they
//! are what is wanted, they are stored as they are; encoding them again would cost time and quality.
//! If not, [`StoredTexture::unpack`] gives any of them as an image.

mod dds;
mod ktx2;
mod ktx2_format;
mod normals;
mod packed;
#[cfg(test)]
pub(crate) mod tests;

use super::image::{
    Channels, DecodeOptions, Depth, EncodedTexture, Image, ImageError, ImageFormat, ImageInfo,
    ImageLimits, ImageSet, SubresourceId,
};
use crate::{
    cook::pace::{CancelFlag, Cancelled},
    diagnostic::Diagnostic,
    format::{
        texture_format::TextureFormat,
        texture_shape::{TextureShape, TextureType, full_mip_count},
    },
    settings::texture::ColorSpace,
    unpack::{self, UnpackError},
};
pub(super) use dds::SIGNATURE as DDS_SIGNATURE;
pub(super) use ktx2::SIGNATURE as KTX2_SIGNATURE;
use packed::PackedTexels;
use std::{borrow::Cow, ops::Range};

/// The bytes of a file, and where its levels are in them: layer by layer, levels inside.
type Surfaces<'a> = (Cow<'a, [u8]>, Vec<Range<usize>>);

/// How the texels of a file are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Texels {
    /// In a format that a cooked texture can have too.
    Format(TextureFormat),
    /// As bit fields in some other order.
    Packed(PackedTexels),
}

impl Texels {
    /// The bytes of one slice with tight rows.
    fn slice_bytes(self, width: u32, height: u32) -> u64 {
        match self {
            Self::Format(format) => unpack::slice_bytes(format, width, height),
            Self::Packed(texels) => {
                (u64::from(width) * u64::from(height)).saturating_mul(texels.bytes())
            }
        }
    }
}

/// What the header of a file promises.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredInfo {
    container: ImageFormat,
    texture_type: TextureType,
    width: u32,
    height: u32,
    depth: u16,
    layers: u16,
    mips: u16,
    texels: Texels,
    color_space: Option<ColorSpace>,
    bottom_up: bool,
    premultiplied: bool,
    /// Whether the levels are compressed once more.
    supercompressed: bool,
}

impl StoredInfo {
    /// The format of the file.
    pub fn container(&self) -> ImageFormat {
        self.container
    }

    /// The type of the texture. A 1D texture counts as a 2D one with one row.
    pub fn texture_type(&self) -> TextureType {
        self.texture_type
    }

    /// The width of mip 0.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// The height of mip 0.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The depth of mip 0; 1 unless 3D.
    pub fn depth(&self) -> u16 {
        self.depth
    }

    /// Array layers; six for each cube.
    pub fn layers(&self) -> u16 {
        self.layers
    }

    /// Mip levels.
    pub fn mips(&self) -> u16 {
        self.mips
    }

    /// The format of the texels, unless no cooked texture can have it.
    pub fn format(&self) -> Option<TextureFormat> {
        match self.texels {
            Texels::Format(format) => Some(format),
            Texels::Packed(_) => None,
        }
    }

    /// The colour space that the file declares, if it does.
    pub fn color_space(&self) -> Option<ColorSpace> {
        self.color_space
    }

    /// Whether the last row comes first.
    pub fn is_bottom_up(&self) -> bool {
        self.bottom_up
    }

    /// The shape that it could be stored in as it is; `None` if its texels are in no format that is
    /// stored, or its rows run upwards.
    pub fn stored_shape(&self) -> Option<TextureShape> {
        if self.bottom_up {
            return None;
        }
        TextureShape::new(
            self.texture_type,
            self.width,
            self.height,
            self.depth,
            self.layers,
            self.mips,
            self.format()?,
        )
        .ok()
    }

    /// The place of every image that it holds, and what the image is.
    pub fn places(&self) -> impl Iterator<Item = (SubresourceId, ImageInfo)> + '_ {
        let levels = (0..self.layers).flat_map(|layer| (0..self.mips).map(move |mip| (layer, mip)));
        levels.flat_map(|(layer, mip)| {
            let (width, height, depth) = self.mip_size(mip);
            let info = ImageInfo {
                width,
                height,
                ..self.image_info()
            };
            // A depth has 16 bits.
            (0..depth as u16).map(move |slice| (SubresourceId { layer, mip, slice }, info))
        })
    }

    /// The bytes of all subresources.
    pub fn data_bytes(&self) -> u64 {
        (0..self.mips)
            .map(|mip| self.level_bytes(mip))
            .fold(0, u64::saturating_add)
    }

    /// The bytes of one level of all layers.
    fn level_bytes(&self, mip: u16) -> u64 {
        self.surface_bytes(mip)
            .saturating_mul(u64::from(self.layers))
    }

    /// The bytes of all slices of one level of one layer.
    fn surface_bytes(&self, mip: u16) -> u64 {
        let (width, height, depth) = self.mip_size(mip);
        self.texels
            .slice_bytes(width, height)
            .saturating_mul(u64::from(depth))
    }

    fn mip_size(&self, mip: u16) -> (u32, u32, u32) {
        let halve = |size: u32| (size >> mip.min(31)).max(1);
        (
            halve(self.width),
            halve(self.height),
            halve(self.depth.into()),
        )
    }

    /// What one slice of mip 0 is as an image.
    pub fn image_info(&self) -> ImageInfo {
        let (channels, depth) = match self.texels {
            Texels::Format(format) => match unpack::pixel_format(format) {
                Some((pixels, opaque)) => (
                    match (pixels.is_grey(), opaque) {
                        (true, _) => Channels::Grey,
                        (false, true) => Channels::Rgb,
                        (false, false) => Channels::Rgba,
                    },
                    pixels.depth(),
                ),
                None => (Channels::Rgba, Depth::Float),
            },
            Texels::Packed(texels) => (texels.channels(), texels.depth()),
        };
        ImageInfo {
            format: self.container,
            width: self.width,
            height: self.height,
            channels,
            depth,
            decoder_bytes: if self.supercompressed {
                // The levels, and the window of the decompressor: at most twice a level.
                self.data_bytes().saturating_mul(3).saturating_add(16 << 20)
            } else {
                1 << 16
            },
        }
    }

    /// Checks the rules of textures.
    fn check(&self) -> Result<(), ImageError> {
        let most = full_mip_count(self.width, self.height, self.depth);
        if self.mips > most {
            return Err(corrupt(
                self.container,
                format!(
                    "{} x {} x {} texels have at most {most} levels, not {}",
                    self.width, self.height, self.depth, self.mips
                ),
            ));
        }
        // The format is of no importance for the rules of shapes.
        TextureShape::new(
            self.texture_type,
            self.width,
            self.height,
            self.depth,
            self.layers,
            self.mips,
            TextureFormat::Rgba8UNorm,
        )
        .map(|_| ())
        .map_err(|error| corrupt(self.container, error.to_string()))
    }

    fn check_limits(&self, limits: &ImageLimits) -> Result<(), ImageError> {
        limits.check(&self.image_info())?;
        let bytes = self.data_bytes();
        if bytes > limits.max_decoded_bytes {
            return Err(ImageError::TooLarge {
                width: self.width,
                height: self.height,
                what: "size of all layers and levels in bytes",
                value: bytes,
                limit: limits.max_decoded_bytes,
            });
        }
        Ok(())
    }
}

fn corrupt(format: ImageFormat, reason: impl Into<String>) -> ImageError {
    ImageError::Corrupt {
        format,
        reason: reason.into(),
    }
}

/// Reads the header of a DDS or KTX2 file; `None` if the bytes begin like something else.
///
/// # Errors
/// As [`super::image::probe`].
pub fn probe(prefix: &[u8], limits: &ImageLimits) -> Result<Option<StoredInfo>, ImageError> {
    let info = if prefix.starts_with(&dds::SIGNATURE) {
        dds::probe(prefix)?
    } else if prefix.starts_with(&ktx2::SIGNATURE) {
        ktx2::probe(prefix)?
    } else {
        return Ok(None);
    };
    info.check()?;
    info.check_limits(limits)?;
    Ok(Some(info))
}

/// Whether bytes begin like a DDS or KTX2 file.
pub fn is_stored_texture(head: &[u8]) -> bool {
    head.starts_with(&dds::SIGNATURE) || head.starts_with(&ktx2::SIGNATURE)
}

/// A texture that is stored the way a GPU takes it.
#[derive(Clone, Debug)]
pub struct StoredTexture<'a> {
    info: StoredInfo,
    data: Cow<'a, [u8]>,
    /// In the data; layer by layer, levels inside. Rows are tight, slices follow each other.
    surfaces: Vec<Range<usize>>,
    warnings: Vec<Diagnostic>,
}

impl<'a> StoredTexture<'a> {
    /// Reads a DDS or KTX2 file. Levels that are compressed once more are decompressed; others stay
    /// where they are.
    ///
    /// # Errors
    /// As [`super::image::decode`].
    pub fn read(
        bytes: &'a [u8],
        limits: &ImageLimits,
        cancel: &CancelFlag,
    ) -> Result<Self, ImageError> {
        let info =
            probe(bytes, limits).map_err(|error| super::image::complete(error, bytes, ""))?;
        let Some(info) = info else {
            return Err(ImageError::UnknownFormat {
                head: "neither DDS nor KTX2".to_owned(),
            });
        };
        cancel.check()?;
        super::image::guard(info.container, || {
            let (data, surfaces) = if info.container == ImageFormat::Dds {
                dds::surfaces(bytes, &info)?
            } else {
                ktx2::surfaces(bytes, &info, cancel)?
            };
            let mut warnings = Vec::new();
            if info.premultiplied {
                warnings.push(Diagnostic::new(
                    crate::diagnostic::codes::texture::IMAGE_PREMULTIPLIED,
                    format!(
                        "the {} file says that its colour is premultiplied by alpha; it is taken as it is",
                        info.container
                    ),
                ));
            }
            Ok(Self {
                info,
                data,
                surfaces,
                warnings,
            })
        })
    }

    /// Shape and format.
    pub fn info(&self) -> &StoredInfo {
        &self.info
    }

    /// What the user should know of the file.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The bytes of one level of one layer: rows without gaps, slices one after the other.
    pub fn subresource(&self, layer: u16, mip: u16) -> Option<&[u8]> {
        if mip >= self.info.mips {
            return None;
        }
        let index = usize::from(layer) * usize::from(self.info.mips) + usize::from(mip);
        self.data.get(self.surfaces.get(index)?.clone())
    }

    /// All of it, to be stored as it is.
    ///
    /// # Errors
    /// [`ImageError::Unsupported`] where [`StoredInfo::stored_shape`] is `None`.
    pub fn encoded(&self) -> Result<EncodedTexture, ImageError> {
        let Some(shape) = self.info.stored_shape() else {
            return Err(ImageError::Unsupported {
                format: self.info.container.name(),
                feature: "texels that no cooked texture has".to_owned(),
            });
        };
        let mut subresources = Vec::with_capacity(self.surfaces.len());
        for range in &self.surfaces {
            let data = self.data.get(range.clone()).unwrap_or_default();
            let mut subresource = super::image::allocate(data.len() as u64)?;
            subresource.copy_from_slice(data);
            subresources.push(subresource);
        }
        EncodedTexture::new(shape, subresources)
    }

    /// All of it as images, each at its place. `name` is for messages. For `normals`, numbers with a
    /// sign become those that images have, and a third channel that is not stored is computed.
    ///
    /// # Errors
    /// As [`Self::unpack`].
    pub fn images(
        &self,
        name: &str,
        options: &DecodeOptions,
        normals: bool,
        cancel: &CancelFlag,
    ) -> Result<ImageSet, ImageError> {
        let mut set = ImageSet::of_type(self.info.texture_type);
        for (place, _) in self.info.places() {
            cancel.check()?;
            let mut image = self.unpack(place.layer, place.mip, place.slice.into(), cancel)?;
            if let Texels::Format(format) = self.info.texels
                && normals
            {
                image = normals::as_normals(image, format, cancel)?;
            }
            if !options.keep_grey {
                image = image.widened(cancel)?;
            }
            if options.flip_y {
                image = image.with_rows_flipped();
            }
            set.add(place, name, image);
        }
        Ok(set)
    }

    /// One slice of one level of one layer as an image, its top row first. Numbers stay as they are.
    ///
    /// # Errors
    /// [`ImageError`] when there is none, or when its format is no picture.
    pub fn unpack(
        &self,
        layer: u16,
        mip: u16,
        slice: u32,
        cancel: &CancelFlag,
    ) -> Result<Image, ImageError> {
        let container = self.info.container;
        let (width, height, depth) = self.info.mip_size(mip);
        let texels = self.info.texels;
        // A part of data that lies in memory.
        let bytes = texels.slice_bytes(width, height) as usize;
        let data = self
            .subresource(layer, mip)
            .filter(|_| slice < depth)
            .and_then(|data| data.get(slice as usize * bytes..(slice as usize + 1) * bytes))
            .ok_or_else(|| {
                corrupt(
                    container,
                    format!("it has no layer {layer}, mip {mip}, slice {slice}"),
                )
            })?;
        let mut image = match texels {
            Texels::Format(format) => {
                let pitch = unpack::row_bytes(format, width) as usize;
                unpack::slice(format, width, height, pitch, data, cancel)
                    .map_err(|error| unpack_error(container, error))?
            }
            Texels::Packed(texels) => texels.unpack(width, height, data, cancel)?,
        };
        if self.info.bottom_up {
            image = image.with_rows_flipped();
        }
        image.repair(cancel)?;
        Ok(image)
    }
}

fn unpack_error(container: ImageFormat, error: UnpackError) -> ImageError {
    match error {
        UnpackError::Cancelled => ImageError::Cancelled(Cancelled),
        UnpackError::OutOfMemory { bytes } => ImageError::OutOfMemory { bytes },
        UnpackError::NoPicture(format) => ImageError::Unsupported {
            format: container.name(),
            feature: format!("texels of the format {format:?}"),
        },
        other => corrupt(container, other.to_string()),
    }
}

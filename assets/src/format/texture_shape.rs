//! The shape of a texture: type, dimensions, layers, mips, format.

use thiserror::Error;

use super::texture_format::TextureFormat;

/// The type of a texture. The value is its id in the files.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[repr(u8)]
#[non_exhaustive]
pub enum TextureType {
    /// One row.
    D1 = 1,
    /// Several of them.
    D1Array = 2,
    /// One image.
    D2 = 3,
    /// Several images of one size.
    D2Array = 4,
    /// Six square faces: +X, -X, +Y, -Y, +Z, -Z.
    Cube = 5,
    /// Six layers for each cube.
    CubeArray = 6,
    /// A volume.
    D3 = 9,
}

impl TextureType {
    /// The type with an id. Multisample types (7 and 8) have no payload and are not known here.
    pub fn from_id(id: u8) -> Option<Self> {
        Some(match id {
            1 => Self::D1,
            2 => Self::D1Array,
            3 => Self::D2,
            4 => Self::D2Array,
            5 => Self::Cube,
            6 => Self::CubeArray,
            9 => Self::D3,
            _ => return None,
        })
    }

    /// The id in the files.
    pub fn id(self) -> u8 {
        self as u8
    }
}

/// The rule that a shape breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// A dimension is zero.
    #[error("no dimension may be zero: {width}x{height}x{depth}")]
    Zero {
        /// In texels.
        width: u32,
        /// In texels.
        height: u32,
        /// In texels.
        depth: u16,
    },
    /// A 1D texture that is high.
    #[error("a 1D texture has height 1, not {0}")]
    HeightOf1D(u32),
    /// A depth where there is none.
    #[error("only a 3D texture has a depth other than 1, not a {0:?} one")]
    Depth(TextureType),
    /// A cube whose faces are not square.
    #[error("the faces of a cube are square, not {0}x{1}")]
    NotSquare(u32, u32),
    /// A number of layers that the type cannot have.
    #[error("a {0:?} texture cannot have {1} layers")]
    Layers(TextureType, u16),
    /// A number of mips that the size cannot have.
    #[error("{mips} mips do not fit a texture that can have {max}")]
    Mips {
        /// As asked for.
        mips: u16,
        /// The full chain.
        max: u16,
    },
}

/// A shape that keeps the rules of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TextureShape {
    texture_type: TextureType,
    width: u32,
    height: u32,
    depth: u16,
    layers: u16,
    mips: u16,
    format: TextureFormat,
}

/// The length of a full mip chain: `floor(log2(largest dimension)) + 1`; 0 if all are 0.
pub fn full_mip_count(width: u32, height: u32, depth: u16) -> u16 {
    let largest = width.max(height).max(u32::from(depth));
    // At most 32, which fits.
    (u32::BITS - largest.leading_zeros()) as u16
}

impl TextureShape {
    /// A single 2D image.
    ///
    /// # Errors
    /// The [`ShapeError`] of the first rule that is broken.
    pub fn image(
        width: u32,
        height: u32,
        mips: u16,
        format: TextureFormat,
    ) -> Result<Self, ShapeError> {
        Self::new(TextureType::D2, width, height, 1, 1, mips, format)
    }

    /// A shape of any type.
    ///
    /// # Errors
    /// The [`ShapeError`] of the first rule that is broken.
    pub fn new(
        texture_type: TextureType,
        width: u32,
        height: u32,
        depth: u16,
        layers: u16,
        mips: u16,
        format: TextureFormat,
    ) -> Result<Self, ShapeError> {
        use TextureType as T;
        if width == 0 || height == 0 || depth == 0 {
            return Err(ShapeError::Zero {
                width,
                height,
                depth,
            });
        }
        if matches!(texture_type, T::D1 | T::D1Array) && height != 1 {
            return Err(ShapeError::HeightOf1D(height));
        }
        if texture_type != T::D3 && depth != 1 {
            return Err(ShapeError::Depth(texture_type));
        }
        if matches!(texture_type, T::Cube | T::CubeArray) && width != height {
            return Err(ShapeError::NotSquare(width, height));
        }
        let layers_fit = match texture_type {
            T::D1 | T::D2 | T::D3 => layers == 1,
            T::D1Array | T::D2Array => layers >= 1,
            T::Cube => layers == 6,
            T::CubeArray => layers >= 6 && layers.is_multiple_of(6),
        };
        if !layers_fit {
            return Err(ShapeError::Layers(texture_type, layers));
        }
        let max = full_mip_count(width, height, depth);
        if mips == 0 || mips > max {
            return Err(ShapeError::Mips { mips, max });
        }
        Ok(Self {
            texture_type,
            width,
            height,
            depth,
            layers,
            mips,
            format,
        })
    }

    /// The type.
    pub fn texture_type(&self) -> TextureType {
        self.texture_type
    }

    /// The width of mip 0 in texels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// The height of mip 0 in texels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The depth of mip 0 in texels; 1 unless 3D.
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

    /// The format.
    pub fn format(&self) -> TextureFormat {
        self.format
    }

    /// Width, height and depth of a mip: halved each time, at least 1.
    pub fn mip_size(&self, mip: u16) -> (u32, u32, u32) {
        let halve = |size: u32| size.checked_shr(u32::from(mip)).unwrap_or(0).max(1);
        (
            halve(self.width),
            halve(self.height),
            halve(u32::from(self.depth)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_chains() {
        let table = [
            (1, 1),
            (2, 2),
            (4, 3),
            (100, 7),
            (127, 7),
            (128, 8),
            (256, 9),
            (1024, 11),
            (2048, 12),
        ];
        for (size, mips) in table {
            assert_eq!(full_mip_count(size, 1, 1), mips, "{size}");
        }
        assert_eq!(full_mip_count(4, 1, 1), 3);
        assert_eq!(full_mip_count(1, 1, 64), 7);
        assert_eq!(full_mip_count(0, 0, 0), 0);
        assert_eq!(full_mip_count(u32::MAX, 1, 1), 32);
    }

    #[test]
    fn rules_of_types() {
        use TextureType as T;
        let make =
            |t, w, h, d, l, m| TextureShape::new(t, w, h, d, l, m, TextureFormat::Rgba8UNorm);
        assert!(make(T::D2, 5, 3, 1, 1, 3).is_ok());
        assert!(matches!(
            make(T::D2, 64, 0, 1, 1, 1),
            Err(ShapeError::Zero { .. })
        ));
        assert!(matches!(
            make(T::D2, 5, 3, 1, 1, 4),
            Err(ShapeError::Mips { max: 3, .. })
        ));
        assert!(matches!(
            make(T::D2Array, 5, 3, 4, 1, 1),
            Err(ShapeError::Depth(_))
        ));
        assert!(matches!(
            make(T::D2, 5, 3, 1, 2, 1),
            Err(ShapeError::Layers(..))
        ));
        assert!(matches!(
            make(T::Cube, 5, 3, 1, 6, 1),
            Err(ShapeError::NotSquare(..))
        ));
        assert!(matches!(
            make(T::CubeArray, 4, 4, 1, 9, 1),
            Err(ShapeError::Layers(..))
        ));
        assert!(matches!(
            make(T::D1, 4, 4, 1, 1, 1),
            Err(ShapeError::HeightOf1D(4))
        ));
        assert!(make(T::D3, 4, 4, 4, 1, 3).is_ok());
    }
}

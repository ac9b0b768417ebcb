//! Textures whose texels are stored already as a GPU reads them: what DDS and KTX2 files hold.

use super::ImageError;
use crate::format::texture_shape::TextureShape;

/// A texture in one of the stored formats, block compressed or not, with all its levels and layers.
///
/// If the settings ask for nothing that it does not have, it is stored as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct EncodedTexture {
    shape: TextureShape,
    subresources: Vec<Vec<u8>>,
}

impl EncodedTexture {
    /// Wraps subresources in their stored order: layer by layer, levels inside. Each has tight rows of
    /// texels or of 4x4 blocks, top row first, the slices of a volume one after another.
    ///
    /// # Errors
    /// [`ImageError::Unsupported`] unless there is one for each layer and level, of exactly its size.
    pub fn new(shape: TextureShape, subresources: Vec<Vec<u8>>) -> Result<Self, ImageError> {
        let unsupported = |feature| {
            Err(ImageError::Unsupported {
                format: "encoded",
                feature,
            })
        };
        let count = usize::from(shape.layers()) * usize::from(shape.mips());
        if subresources.len() != count {
            return unsupported(format!(
                "{} subresources instead of {count}",
                subresources.len()
            ));
        }
        for (i, subresource) in subresources.iter().enumerate() {
            let mip = (i % usize::from(shape.mips())) as u16;
            let expected = subresource_bytes(&shape, mip);
            if subresource.len() as u64 != expected {
                return unsupported(format!(
                    "subresource {i} of {} bytes instead of {expected}",
                    subresource.len()
                ));
            }
        }
        Ok(Self {
            shape,
            subresources,
        })
    }

    /// Type, dimensions, layers, levels and format.
    pub fn shape(&self) -> &TextureShape {
        &self.shape
    }

    /// The subresources: layer by layer, levels inside.
    pub fn subresources(&self) -> &[Vec<u8>] {
        &self.subresources
    }

    /// Takes the subresources out.
    pub fn into_subresources(self) -> Vec<Vec<u8>> {
        self.subresources
    }
}

/// Bytes of a subresource with tight rows.
pub fn subresource_bytes(shape: &TextureShape, mip: u16) -> u64 {
    let (width, height, depth) = shape.mip_size(mip);
    let edge = shape.format().block_edge();
    let block = u64::from(shape.format().block_bytes());
    u64::from(width.div_ceil(edge))
        .saturating_mul(u64::from(height.div_ceil(edge)))
        .saturating_mul(u64::from(depth))
        .saturating_mul(block)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{texture_format::TextureFormat, texture_shape::TextureType};

    #[test]
    fn every_subresource_has_exactly_its_bytes() {
        let shape = TextureShape::image(10, 6, 2, TextureFormat::Bc1UNorm).unwrap();
        // 3 x 2 and 2 x 1 blocks of 8 bytes.
        assert!(EncodedTexture::new(shape, vec![vec![0; 48], vec![0; 16]]).is_ok());
        assert!(EncodedTexture::new(shape, vec![vec![0; 48], vec![0; 15]]).is_err());
        assert!(EncodedTexture::new(shape, vec![vec![0; 48]]).is_err());
        let volume =
            TextureShape::new(TextureType::D3, 4, 4, 4, 1, 3, TextureFormat::R8UNorm).unwrap();
        let levels = vec![vec![0; 64], vec![0; 8], vec![0; 1]];
        assert!(EncodedTexture::new(volume, levels).is_ok());
        let faces = TextureShape::new(TextureType::Cube, 2, 2, 1, 6, 1, TextureFormat::R8UNorm);
        assert!(EncodedTexture::new(faces.unwrap(), vec![vec![0; 4]; 6]).is_ok());
    }
}

//! Block encoding with Intel's ISPC texture compressor.

use super::TextureError;
use super::encoder::{BlockEncoder, BlockRequest, BlockTexels, BlockTile, EncoderIdentity};
use crate::{format::texture_format::TextureFormat, settings::texture::EncodeQuality};
use intel_tex_2::{RgbaSurface, bc7};

/// The ISPC texture compressor. Its kernels pick an instruction set at run time, and the blocks of two
/// instruction sets may differ.
#[derive(Clone, Copy, Debug)]
pub struct IntelEncoder {
    isa: &'static str,
}

impl Default for IntelEncoder {
    fn default() -> Self {
        Self::new()
    }
}

impl IntelEncoder {
    /// The version of the compressor; a test compares it with the lock file.
    const VERSION: &'static str = "0.5.0";

    /// The encoder, with the instructions that this machine has.
    pub fn new() -> Self {
        Self {
            isa: instruction_set(),
        }
    }

    /// The number of bytes that the compressor takes for a rectangle of whole blocks.
    ///
    /// Its own calculation is right only for those, and it reads its texels unchecked: a [`BlockTile`]
    /// is the proof that neither matters.
    fn output_bytes(tile: &BlockTile<'_>) -> usize {
        tile.blocks() * 16
    }
}

impl BlockEncoder for IntelEncoder {
    fn identity(&self) -> EncoderIdentity {
        EncoderIdentity {
            name: "intel_tex_2",
            version: Self::VERSION,
            isa: self.isa,
        }
    }

    fn supports(&self, format: TextureFormat) -> bool {
        format.is_bc7()
    }

    fn encode(
        &self,
        request: &BlockRequest,
        tile: &BlockTile<'_>,
        out: &mut [u8],
    ) -> Result<(), TextureError> {
        let refuse = |reason: String| {
            Err(TextureError::Encoder {
                encoder: self.identity().to_string(),
                reason,
            })
        };
        let expected = Self::output_bytes(tile);
        if out.len() != expected {
            return refuse(format!(
                "room for {} bytes was given instead of {expected}",
                out.len()
            ));
        }
        if !self.supports(request.format) {
            return refuse(format!("{:?} is not made here", request.format));
        }
        let settings = match (request.quality, request.opaque) {
            (EncodeQuality::Fast, true) => bc7::opaque_ultra_fast_settings(),
            (EncodeQuality::Fast, false) => bc7::alpha_ultra_fast_settings(),
            (EncodeQuality::Default, true) => bc7::opaque_very_fast_settings(),
            (EncodeQuality::Default, false) => bc7::alpha_very_fast_settings(),
            (EncodeQuality::High, true) => bc7::opaque_basic_settings(),
            (EncodeQuality::High, false) => bc7::alpha_basic_settings(),
            (EncodeQuality::None, _) => {
                return refuse("a quality of `none` makes no blocks".to_owned());
            }
        };
        let BlockTexels::Rgba8(texels) = tile.texels();
        let surface = RgbaSurface {
            data: texels,
            width: tile.width(),
            height: tile.height(),
            stride: tile.width() * 4,
        };
        bc7::compress_blocks_into(&settings, &surface, out);
        Ok(())
    }
}

/// The class of instructions that ISPC's dispatch chooses on this machine.
fn instruction_set() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx512f")
            && has!("avx512bw")
            && has!("avx512cd")
            && has!("avx512dq")
            && has!("avx512vl")
        {
            "avx512"
        } else if has!("avx2") {
            "avx2"
        } else if has!("avx") {
            "avx"
        } else if has!("sse4.1") {
            "sse4"
        } else {
            "sse2"
        }
    }
    #[cfg(target_arch = "aarch64")]
    {
        "neon"
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        "unknown"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_one_that_is_linked() {
        let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock");
        // A packaged crate has no lock file.
        let Ok(lock) = std::fs::read_to_string(lock) else {
            return;
        };
        let entry = format!(
            "name = \"intel_tex_2\"\nversion = \"{}\"",
            IntelEncoder::VERSION
        );
        assert!(
            lock.contains(&entry),
            "the encoder changed: update the version"
        );
    }

    #[test]
    fn requests_that_cannot_be_met_are_refused() {
        let texels = [0; 64];
        let tile = BlockTile::rgba8(4, 4, &texels).unwrap();
        let request = |format, quality| BlockRequest {
            format,
            quality,
            opaque: true,
        };
        let encoder = IntelEncoder::new();
        let bc7 = TextureFormat::Bc7UNorm;
        assert!(
            encoder
                .encode(&request(bc7, EncodeQuality::Fast), &tile, &mut [0; 16])
                .is_ok()
        );
        assert!(
            encoder
                .encode(&request(bc7, EncodeQuality::None), &tile, &mut [0; 16])
                .is_err()
        );
        assert!(
            encoder
                .encode(&request(bc7, EncodeQuality::Fast), &tile, &mut [0; 15])
                .is_err()
        );
        let bc1 = TextureFormat::Bc1UNorm;
        assert!(
            encoder
                .encode(&request(bc1, EncodeQuality::Fast), &tile, &mut [0; 8])
                .is_err()
        );
    }

    #[test]
    fn tiles_are_whole_blocks_with_all_their_bytes() {
        assert!(BlockTile::rgba8(5, 4, &[0; 80]).is_err());
        assert!(BlockTile::rgba8(4, 4, &[0; 63]).is_err());
        assert!(BlockTile::rgba8(0, 4, &[]).is_err());
        assert!(BlockTile::rgba8(u32::MAX - 3, u32::MAX - 3, &[0; 64]).is_err());
    }
}

//! Block encoding with Intel's ISPC texture compressor.

use super::TextureError;
use super::encoder::{
    BlockEncoder, BlockRequest, BlockTexels, BlockTile, EncoderIdentity, check_request,
    instruction_set, on_cache_line, refusal,
};
use crate::{
    format::texture_format::TextureFormat as F, settings::texture::EncodeQuality as Quality,
};
use intel_tex_2::{Surface, bc1, bc3, bc4, bc5, bc6h, bc7};

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

    /// The whole rectangle as the compressor takes it. It reads its texels unchecked, and its own
    /// calculation of sizes is right for whole blocks only: a [`BlockTile`] is the proof that neither
    /// matters.
    fn surface<'a, const COMPONENTS: usize>(tile: &BlockTile<'a>) -> Surface<'a, COMPONENTS> {
        Surface {
            data: tile.texels().bytes(),
            width: tile.width(),
            height: tile.height(),
            stride: tile.width() * tile.texels().texel_bytes() as u32,
        }
    }
}

/// The settings of a BC7 quality.
fn bc7_settings(quality: Quality, opaque: bool) -> bc7::EncodeSettings {
    match (quality, opaque) {
        (Quality::None | Quality::Fast, true) => bc7::opaque_ultra_fast_settings(),
        (Quality::None | Quality::Fast, false) => bc7::alpha_ultra_fast_settings(),
        (Quality::Default, true) => bc7::opaque_very_fast_settings(),
        (Quality::Default, false) => bc7::alpha_very_fast_settings(),
        (Quality::High, true) => bc7::opaque_basic_settings(),
        (Quality::High, false) => bc7::alpha_basic_settings(),
    }
}

/// The settings of a BC6H quality.
fn bc6h_settings(quality: Quality) -> bc6h::EncodeSettings {
    match quality {
        Quality::None | Quality::Fast => bc6h::very_fast_settings(),
        Quality::Default => bc6h::fast_settings(),
        Quality::High => bc6h::basic_settings(),
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

    fn supports(&self, format: F) -> bool {
        matches!(
            format,
            F::Bc1UNorm
                | F::Bc1UNormSrgb
                | F::Bc3UNorm
                | F::Bc3UNormSrgb
                | F::Bc4UNorm
                | F::Bc5UNorm
                | F::Bc6hFloatU
                | F::Bc7UNorm
                | F::Bc7UNormSrgb
        )
    }

    fn texels_per_millisecond(&self, request: &BlockRequest) -> u32 {
        let levels = match request.format {
            F::Bc6hFloatU => [40_000, 8_000, 2_500],
            F::Bc7UNorm | F::Bc7UNormSrgb if request.opaque => [25_000, 2_500, 600],
            F::Bc7UNorm | F::Bc7UNormSrgb => [5_000, 1_400, 400],
            _ => return 200_000,
        };
        match request.quality {
            Quality::None | Quality::Fast => levels[0],
            Quality::Default => levels[1],
            Quality::High => levels[2],
        }
    }

    fn encode(
        &self,
        request: &BlockRequest,
        tile: &BlockTile<'_>,
        out: &mut [u8],
    ) -> Result<(), TextureError> {
        check_request(self, request, tile, out.len())?;
        let mut kernel: Box<dyn FnMut() + '_> = match (request.format, tile.texels()) {
            (F::Bc1UNorm | F::Bc1UNormSrgb, BlockTexels::Rgba8(_)) => {
                Box::new(|| bc1::compress_blocks_into(&Self::surface(tile), out))
            }
            (F::Bc3UNorm | F::Bc3UNormSrgb, BlockTexels::Rgba8(_)) => {
                Box::new(|| bc3::compress_blocks_into(&Self::surface(tile), out))
            }
            (F::Bc4UNorm, BlockTexels::R8(_)) => {
                Box::new(|| bc4::compress_blocks_into(&Self::surface(tile), out))
            }
            (F::Bc5UNorm, BlockTexels::Rg8(_)) => {
                Box::new(|| bc5::compress_blocks_into(&Self::surface(tile), out))
            }
            (F::Bc6hFloatU, BlockTexels::Rgba16F(_)) => {
                let settings = bc6h_settings(request.quality);
                Box::new(move || bc6h::compress_blocks_into(&settings, &Self::surface(tile), out))
            }
            (F::Bc7UNorm | F::Bc7UNormSrgb, BlockTexels::Rgba8(_)) => {
                let settings = bc7_settings(request.quality, request.opaque);
                Box::new(move || bc7::compress_blocks_into(&settings, &Self::surface(tile), out))
            }
            (format, _) => {
                let reason = format!("{format:?} is not made of such texels here");
                return Err(refusal(self, reason));
            }
        };
        on_cache_line(&mut *kernel);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::texture::EncodeQuality;

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
        let tile = BlockTile::new(4, 4, BlockTexels::Rgba8(&texels)).unwrap();
        let request = |format, quality| BlockRequest {
            format,
            quality,
            opaque: true,
        };
        let encoder = IntelEncoder::new();
        let bc7 = F::Bc7UNorm;
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
        // BC2 is made by nobody, and BC4 is not made of colours.
        for (format, bytes) in [(F::Bc2UNorm, 16), (F::Bc4UNorm, 8), (F::Rgba8UNorm, 4)] {
            let mut out = vec![0; bytes];
            assert!(
                encoder
                    .encode(&request(format, EncodeQuality::Fast), &tile, &mut out)
                    .is_err()
            );
        }
    }

    #[test]
    fn tiles_are_whole_blocks_with_all_their_bytes() {
        let tile = |width, height, bytes: &[u8]| {
            BlockTile::new(width, height, BlockTexels::Rgba8(bytes)).is_ok()
        };
        assert!(tile(8, 4, &[0; 128]));
        assert!(!tile(5, 4, &[0; 80]));
        assert!(!tile(4, 4, &[0; 63]));
        assert!(!tile(0, 4, &[]));
        assert!(!tile(u32::MAX - 3, u32::MAX - 3, &[0; 64]));
        assert!(BlockTile::new(4, 4, BlockTexels::R8(&[0; 16])).is_ok());
        assert!(BlockTile::new(4, 4, BlockTexels::Rgba16F(&[0; 64])).is_err());
    }
}

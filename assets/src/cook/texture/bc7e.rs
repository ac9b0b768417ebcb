//! Block encoding with Rich Geldreich's bc7e, compiled by ISPC.

use super::TextureError;
use super::encoder::{
    BlockEncoder, BlockRequest, BlockTexels, BlockTile, EncoderIdentity, check_request,
    instruction_set, on_cache_line, refusal,
};
use crate::{format::texture_format::TextureFormat, settings::texture::EncodeQuality as Quality};
use ctt_bc7enc_rdo::{
    bindings::bc7e_compress_block_params, compress_blocks, params_init_basic, params_init_slow,
    params_init_ultrafast, params_init_veryfast,
};

/// Edge of a block in texels, and the texels of one.
const EDGE: usize = 4;
const BLOCK: usize = EDGE * EDGE;

/// bc7e: BC7 only, at a better trade between time and error than others on colours.
///
/// sRGB formats hold colours that people look at: their errors are weighed as the eye does, brightness
/// before hue. In other formats all channels count alike. The encoder looks at alpha itself. Its
/// kernels pick an instruction set at run time, and the blocks of two instruction sets may differ.
#[derive(Clone, Copy, Debug)]
pub struct Bc7eEncoder {
    isa: &'static str,
}

impl Default for Bc7eEncoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Bc7eEncoder {
    /// The version of the crate that holds the kernels; a test compares it with the lock file.
    const VERSION: &'static str = "0.6.1";

    /// The encoder, with the instructions that this machine has.
    pub fn new() -> Self {
        Self {
            isa: instruction_set(),
        }
    }
}

/// The parameters of a quality. What each costs and gives is measured in `docs/textures.md`.
fn parameters(quality: Quality, perceptual: bool) -> bc7e_compress_block_params {
    match (quality, perceptual) {
        (Quality::None | Quality::Fast, _) => params_init_ultrafast(perceptual),
        (Quality::Default, true) => params_init_basic(true),
        (Quality::Default, false) => params_init_veryfast(false),
        (Quality::High, _) => params_init_slow(perceptual),
    }
}

impl BlockEncoder for Bc7eEncoder {
    fn identity(&self) -> EncoderIdentity {
        EncoderIdentity {
            name: "bc7e",
            version: Self::VERSION,
            isa: self.isa,
        }
    }

    fn supports(&self, format: TextureFormat) -> bool {
        format.is_bc7()
    }

    fn texels_per_millisecond(&self, request: &BlockRequest) -> u32 {
        match (request.quality, request.format.is_srgb()) {
            (Quality::None | Quality::Fast, _) if request.opaque => 20_000,
            (Quality::None | Quality::Fast, _) => 5_000,
            (Quality::Default, true) => 3_000,
            (Quality::Default, false) => 2_500,
            (Quality::High, true) => 1_400,
            (Quality::High, false) => 800,
        }
    }

    fn encode(
        &self,
        request: &BlockRequest,
        tile: &BlockTile<'_>,
        out: &mut [u8],
    ) -> Result<(), TextureError> {
        check_request(self, request, tile, out.len())?;
        let (true, BlockTexels::Rgba8(texels)) = (self.supports(request.format), tile.texels())
        else {
            let reason = format!("{:?} is not made of such texels here", request.format);
            return Err(refusal(self, reason));
        };
        let parameters = parameters(request.quality, request.format.is_srgb());
        let pixels = in_blocks(texels, tile.width() as usize);
        let mut blocks = vec![0u64; tile.blocks() * 2];
        on_cache_line(&mut || compress_blocks(&mut blocks, &pixels, &parameters));
        for (out, half) in out.as_chunks_mut::<8>().0.iter_mut().zip(blocks) {
            *out = half.to_ne_bytes();
        }
        Ok(())
    }
}

/// The texels of rows in the order of blocks, each a number that lies in memory as the texel does.
fn in_blocks(texels: &[u8], width: usize) -> Vec<u32> {
    let mut pixels = Vec::with_capacity(texels.len() / 4);
    for rows in texels.chunks_exact(width * 4 * EDGE) {
        for x in (0..width).step_by(EDGE) {
            for row in rows.chunks_exact(width * 4) {
                let texels = row[x * 4..(x + EDGE) * 4].as_chunks().0;
                pixels.extend(texels.iter().map(|&texel| u32::from_ne_bytes(texel)));
            }
        }
    }
    debug_assert!(pixels.len().is_multiple_of(BLOCK));
    pixels
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
        for name in ["ctt-bc7enc-rdo", "ctt-bc7enc-rdo-prebuilt"] {
            let entry = format!("name = \"{name}\"\nversion = \"{}\"", Bc7eEncoder::VERSION);
            assert!(
                lock.contains(&entry),
                "the encoder changed: update the version"
            );
        }
    }

    #[test]
    fn blocks_follow_each_other() {
        // Two blocks side by side: the number of a texel is its place in the rows.
        let texels: Vec<u8> = (0..32u8).flat_map(|i| [i, 0, 0, 255]).collect();
        let order: Vec<u8> = in_blocks(&texels, 8)
            .iter()
            .map(|pixel| pixel.to_ne_bytes()[0])
            .collect();
        let left = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];
        assert_eq!(order[..16], left);
        assert_eq!(order[16..20], [4, 5, 6, 7]);
    }

    #[test]
    fn requests_that_cannot_be_met_are_refused() {
        let encoder = Bc7eEncoder::new();
        let texels = [7; 64];
        let encode = |format, quality, texels, bytes: usize| {
            let request = BlockRequest {
                format,
                quality,
                opaque: true,
            };
            let tile = BlockTile::new(4, 4, texels).unwrap();
            encoder.encode(&request, &tile, &mut vec![0; bytes])
        };
        let (bc7, rgba) = (TextureFormat::Bc7UNorm, BlockTexels::Rgba8(&texels));
        assert!(encode(bc7, Quality::Fast, rgba, 16).is_ok());
        assert!(encode(bc7, Quality::Fast, rgba, 15).is_err());
        assert!(encode(bc7, Quality::None, rgba, 16).is_err());
        assert!(encode(TextureFormat::Bc1UNorm, Quality::Fast, rgba, 16).is_err());
        let grey = BlockTexels::R8(&texels[..16]);
        assert!(encode(bc7, Quality::Fast, grey, 16).is_err());
    }
}

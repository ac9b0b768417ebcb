//! Block encoders: what makes BC blocks out of texels.

use super::TextureError;
use super::bc7e::Bc7eEncoder;
use super::intel::IntelEncoder;
use crate::{
    format::texture_format::TextureFormat,
    settings::texture::{EncodeQuality, EncoderChoice, TextureSettings},
};
use std::{fmt, sync::Arc};

/// The encoder that settings ask for.
pub fn block_encoder(settings: &TextureSettings) -> Arc<dyn BlockEncoder> {
    let bc7e = Bc7eEncoder::new();
    match settings.encoder {
        EncoderChoice::Auto | EncoderChoice::Bc7e
            if bc7e.supports(settings.output_format.texture_format()) =>
        {
            Arc::new(bc7e)
        }
        EncoderChoice::Auto | EncoderChoice::Bc7e | EncoderChoice::Intel => {
            Arc::new(IntelEncoder::new())
        }
    }
}

/// The class of instructions that the dispatch of ISPC's kernels chooses on this machine.
pub(super) fn instruction_set() -> &'static str {
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

/// A local that begins on a cache line.
#[repr(align(64))]
struct CacheLine([u8; 64]);

/// Calls a kernel from a stack frame that begins on a cache line. The kernels keep vectors of 64 bytes
/// on the stack as they find it; where the caller happens to stand decides otherwise whether each of
/// them straddles two lines, which was measured to cost up to a sixth of their speed.
#[inline(never)]
pub(super) fn on_cache_line(kernel: &mut dyn FnMut()) {
    let line = CacheLine([0; 64]);
    std::hint::black_box(&line.0);
    kernel();
}

/// What decides the bytes that an encoder makes, beside texels and quality. Part of cache keys and
/// reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub struct EncoderIdentity {
    /// The encoder.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The class of instructions that it uses on this machine. Encoders with vector code may make
    /// different, equally good bytes with different classes.
    pub isa: &'static str,
}

impl fmt::Display for EncoderIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.name, self.version, self.isa)
    }
}

/// The texels of a block-aligned rectangle, in the form that the format is encoded from.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum BlockTexels<'a> {
    /// One channel with 8 bits, for BC4.
    R8(&'a [u8]),
    /// Two channels with 8 bits, for BC5.
    Rg8(&'a [u8]),
    /// RGBA with 8 bits per channel, for BC1, BC3 and BC7.
    Rgba8(&'a [u8]),
    /// RGBA half floats, little-endian, not negative, for BC6H.
    Rgba16F(&'a [u8]),
}

impl<'a> BlockTexels<'a> {
    /// The bytes of all texels.
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Self::R8(bytes) | Self::Rg8(bytes) | Self::Rgba8(bytes) | Self::Rgba16F(bytes) => bytes,
        }
    }

    /// The bytes of one texel.
    pub fn texel_bytes(self) -> usize {
        match self {
            Self::R8(_) => 1,
            Self::Rg8(_) => 2,
            Self::Rgba8(_) => 4,
            Self::Rgba16F(_) => 8,
        }
    }

    /// The form of the texels that a block format is encoded from, without texels.
    pub(super) fn kind_for(format: TextureFormat) -> BlockTexels<'static> {
        use TextureFormat as F;
        match format {
            F::Bc4UNorm | F::Bc4SNorm => BlockTexels::R8(&[]),
            F::Bc5UNorm | F::Bc5SNorm => BlockTexels::Rg8(&[]),
            F::Bc6hFloatU | F::Bc6hFloatS => BlockTexels::Rgba16F(&[]),
            _ => BlockTexels::Rgba8(&[]),
        }
    }

    /// Texels of the same form.
    pub(super) fn of(self, bytes: &[u8]) -> BlockTexels<'_> {
        match self {
            Self::R8(_) => BlockTexels::R8(bytes),
            Self::Rg8(_) => BlockTexels::Rg8(bytes),
            Self::Rgba8(_) => BlockTexels::Rgba8(bytes),
            Self::Rgba16F(_) => BlockTexels::Rgba16F(bytes),
        }
    }
}

/// A block-aligned rectangle to encode: tight rows, top row first, edges already repeated into the
/// last blocks.
#[derive(Clone, Copy, Debug)]
pub struct BlockTile<'a> {
    width: u32,
    height: u32,
    texels: BlockTexels<'a>,
}

impl<'a> BlockTile<'a> {
    /// A rectangle of texels.
    ///
    /// # Errors
    /// [`TextureError::Tiles`] unless both dimensions are positive multiples of 4 and `texels` has
    /// exactly the bytes of `width * height` texels.
    pub fn new(width: u32, height: u32, texels: BlockTexels<'a>) -> Result<Self, TextureError> {
        let count = u64::from(width) * u64::from(height);
        let expected = count.saturating_mul(texels.texel_bytes() as u64);
        let aligned = width.is_multiple_of(4) && height.is_multiple_of(4);
        let actual = texels.bytes().len();
        if !aligned || expected == 0 || actual as u64 != expected {
            return Err(TextureError::Tiles {
                reason: format!(
                    "a tile of {width} x {height} texels has {actual} bytes instead of {expected}, or is not made of whole blocks"
                ),
            });
        }
        Ok(Self {
            width,
            height,
            texels,
        })
    }

    /// Texels in a row, a multiple of 4.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows, a multiple of 4.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The texels.
    pub fn texels(&self) -> BlockTexels<'a> {
        self.texels
    }

    /// The number of 4x4 blocks.
    pub fn blocks(&self) -> usize {
        (self.width / 4) as usize * (self.height / 4) as usize
    }
}

/// How blocks are to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRequest {
    /// The block format.
    pub format: TextureFormat,
    /// How hard to try.
    pub quality: EncodeQuality,
    /// Whether all alpha of the whole texture is one, so that it need not be encoded.
    pub opaque: bool,
}

/// Checks what every encoder asks of a request: that it wants blocks, and has room for exactly those of
/// its tile.
pub(super) fn check_request(
    encoder: &dyn BlockEncoder,
    request: &BlockRequest,
    tile: &BlockTile<'_>,
    room: usize,
) -> Result<(), TextureError> {
    let expected = tile.blocks() * request.format.block_bytes() as usize;
    if room != expected {
        let reason = format!("room for {room} bytes was given instead of {expected}");
        return Err(refusal(encoder, reason));
    }
    if request.quality == EncodeQuality::None {
        return Err(refusal(encoder, "a quality of `none` makes no blocks"));
    }
    Ok(())
}

/// A request that an encoder cannot meet.
pub(super) fn refusal(encoder: &dyn BlockEncoder, reason: impl Into<String>) -> TextureError {
    TextureError::Encoder {
        encoder: encoder.identity().to_string(),
        reason: reason.into(),
    }
}

/// Makes blocks. Implementations keep no state between calls: a block depends on its own sixteen
/// texels and the request alone, so that a texture may be cut into tiles in any way.
pub trait BlockEncoder: Send + Sync {
    /// Name, version and instructions.
    fn identity(&self) -> EncoderIdentity;

    /// Whether it makes blocks of this format.
    fn supports(&self, format: TextureFormat) -> bool;

    /// About how many texels it encodes in a millisecond. Schedulers cut tiles by it; bytes do not depend
    /// on it.
    fn texels_per_millisecond(&self, request: &BlockRequest) -> u32 {
        let _ = request;
        2000
    }

    /// Encodes a rectangle. `out` has exactly the bytes of its blocks, in raster order.
    ///
    /// # Errors
    /// [`TextureError`] when the request is not one that [`Self::supports`] promises.
    fn encode(
        &self,
        request: &BlockRequest,
        tile: &BlockTile<'_>,
        out: &mut [u8],
    ) -> Result<(), TextureError>;
}

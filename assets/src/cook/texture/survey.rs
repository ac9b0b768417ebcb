//! What must be known of all texels before the first one is converted.

use super::read::{float_texel, wide_texel};
use super::write::LARGEST_HALF;
use crate::{
    cook::pace::{Cancelled, Pace},
    source::image::{Depth, PixelFormat},
};

/// Texels between two looks at the clock: about a tenth of a millisecond.
const STRETCH: usize = 16 << 10;

/// What must be known of all texels before the first one is converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Survey {
    /// All alpha is one.
    pub(super) opaque: bool,
    /// Alpha has more than one value.
    pub(super) alpha_varies: bool,
    /// Some colour is below zero.
    pub(super) negative: bool,
    /// Colours that no half float can hold.
    pub(super) beyond_half: u64,
}

impl Survey {
    /// The survey of texels that are all opaque and of the unit interval.
    const PLAIN: Self = Self {
        opaque: true,
        alpha_varies: false,
        negative: false,
        beyond_half: 0,
    };

    /// Looks at the texels of images that are filtered together. `opaque` says that their alpha is known
    /// to be one.
    pub(super) async fn of<'a>(
        images: impl Iterator<Item = &'a [u8]>,
        format: PixelFormat,
        opaque: bool,
        pace: &mut Pace,
    ) -> Result<Self, Cancelled> {
        let has_no_alpha = opaque || matches!(format, PixelFormat::R8 | PixelFormat::R16);
        if has_no_alpha && format.depth() != Depth::Float {
            return Ok(Self::PLAIN);
        }
        let mut survey = Self::PLAIN;
        // The bits of alpha: equal bits are equal values, and that is all that is asked.
        let mut range = AlphaRange::default();
        for texels in images {
            for part in texels.chunks(format.texel_bytes() * STRETCH) {
                pace.checkpoint().await?;
                survey.look_at(part, format, &mut range);
            }
        }
        let one = match format.depth() {
            Depth::Eight => u8::MAX.into(),
            Depth::Sixteen => u16::MAX.into(),
            Depth::Float => 1.0f32.to_bits(),
        };
        survey.opaque = has_no_alpha || (range.least == one && range.most == one);
        survey.alpha_varies = !has_no_alpha && range.least != range.most;
        Ok(survey)
    }

    fn look_at(&mut self, part: &[u8], format: PixelFormat, range: &mut AlphaRange) {
        match format {
            PixelFormat::R8 | PixelFormat::R16 => {}
            PixelFormat::Rg8 => {
                for &[_, a] in part.as_chunks().0 {
                    range.note(a.into());
                }
            }
            PixelFormat::Rgba8 => {
                for &[_, _, _, a] in part.as_chunks().0 {
                    range.note(a.into());
                }
            }
            PixelFormat::Rg16 => {
                for &[_, _, a0, a1] in part.as_chunks().0 {
                    range.note(u16::from_le_bytes([a0, a1]).into());
                }
            }
            PixelFormat::Rgba16 => {
                for texel in part.as_chunks().0 {
                    range.note(wide_texel(texel)[3].into());
                }
            }
            PixelFormat::Rgba32F => {
                for texel in part.as_chunks().0 {
                    let [r, g, b, a] = float_texel(texel);
                    range.note(a.to_bits());
                    self.negative |= r < 0.0 || g < 0.0 || b < 0.0;
                    let beyond = |value: f32| u64::from(value.abs() > LARGEST_HALF);
                    self.beyond_half += beyond(r) + beyond(g) + beyond(b);
                }
            }
        }
    }

    /// What is known of a texture of which this and another part are known.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            opaque: self.opaque && other.opaque,
            alpha_varies: self.alpha_varies || other.alpha_varies,
            negative: self.negative || other.negative,
            beyond_half: self.beyond_half + other.beyond_half,
        }
    }
}

/// The least and the greatest alpha.
#[derive(Clone, Copy, Debug)]
struct AlphaRange {
    least: u32,
    most: u32,
}

impl Default for AlphaRange {
    fn default() -> Self {
        Self {
            least: u32::MAX,
            most: 0,
        }
    }
}

impl AlphaRange {
    fn note(&mut self, alpha: u32) {
        self.least = self.least.min(alpha);
        self.most = self.most.max(alpha);
    }
}

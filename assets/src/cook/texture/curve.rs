//! What happens to a colour channel between two spaces, and between light and a picture of it.

use super::maths::{exp2, linear_to_srgb, srgb_to_linear};
use crate::settings::texture::ColorSpace;

/// The conversion of a colour channel from one space to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    Identity,
    /// sRGB signal to linear light.
    Decode,
    /// Linear light to sRGB signal.
    Encode,
}

impl Curve {
    pub(super) fn between(from: ColorSpace, to: ColorSpace) -> Self {
        match (from, to) {
            (ColorSpace::SRGB, ColorSpace::Linear) => Self::Decode,
            (ColorSpace::Linear, ColorSpace::SRGB) => Self::Encode,
            _ => Self::Identity,
        }
    }

    /// The conversion itself; exact and slow.
    pub(super) fn apply(self, value: f32) -> f32 {
        match self {
            Self::Identity => value,
            Self::Decode => srgb_to_linear(f64::from(value)) as f32,
            Self::Encode => linear_to_srgb(f64::from(value)) as f32,
        }
    }
}

/// Exposure and a filmic curve, from light of any strength to 0..=1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ToneMap {
    scale: f32,
}

impl ToneMap {
    /// `exposure_ev` in stops.
    pub(super) fn new(exposure_ev: f32) -> Self {
        Self {
            scale: exp2(f64::from(exposure_ev)) as f32,
        }
    }

    /// Narkowicz's fit of the ACES curve: `x (2.51 x + 0.03) / (x (2.43 x + 0.59) + 0.14)`.
    pub(super) fn apply(self, value: f32) -> f32 {
        // Beyond a million the curve is one; squares of more would overflow.
        let x = (value * self.scale).clamp(0.0, 1e6);
        let y = x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14);
        y.min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tone_mapping_is_bounded_monotonic_and_keeps_black() {
        let tone = ToneMap::new(0.0);
        let mapped = [10.0, 5.0, 1.0, 0.0].map(|v| tone.apply(v));
        assert!(mapped.windows(2).all(|pair| pair[0] > pair[1]));
        assert!(mapped.iter().all(|v| (0.0..=1.0).contains(v)));
        assert_eq!(mapped[3], 0.0);
        assert_eq!(tone.apply(-4.0), 0.0);
        assert_eq!(tone.apply(1e30), 1.0);
        // 1.0 * 2.54 / 3.16
        assert!((tone.apply(1.0) - 0.803_797_5).abs() < 1e-6);
        assert_eq!(ToneMap::new(1.0).apply(0.5), tone.apply(1.0));
    }
}

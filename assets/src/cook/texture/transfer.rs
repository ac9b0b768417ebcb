//! sRGB transfer tables for pixel loops.
//!
//! The 8-bit encoder is exact: it gives the code whose decision interval contains the value, where
//! the borders between codes are the linear values of `(code + 1/2) / 255`, rounded to `f32`.

use super::maths::{linear_to_srgb, srgb_to_linear};
use std::sync::LazyLock;

/// Linear light of each 8-bit sRGB code.
pub(super) fn linear_of_srgb8() -> &'static [f32; 256] {
    static TABLE: LazyLock<[f32; 256]> =
        LazyLock::new(|| std::array::from_fn(|code| srgb_to_linear(code as f64 / 255.0) as f32));
    &TABLE
}

/// `code / 255` of each 8-bit code.
pub(super) fn unorm8() -> &'static [f32; 256] {
    static TABLE: LazyLock<[f32; 256]> =
        LazyLock::new(|| std::array::from_fn(|code| (code as f64 / 255.0) as f32));
    &TABLE
}

/// sRGB signal value of each 8-bit code that holds linear light.
pub(super) fn signal_of_linear8() -> &'static [f32; 256] {
    static TABLE: LazyLock<[f32; 256]> =
        LazyLock::new(|| std::array::from_fn(|code| linear_to_srgb(code as f64 / 255.0) as f32));
    &TABLE
}

/// The number of steps of the unit interval that the encoder starts from. A power of two, so that
/// scaling is exact, and larger than 12.92 * 255, the steepest the curve gets: around each step there is
/// at most one border.
const STEPS: usize = 4096;

/// Adding this to a small number rounds it to an integer and leaves that in the lowest bits. Unlike a
/// conversion it has no special cases, and so costs nothing in a loop.
const TO_LOW_BITS: f32 = (1 << 23) as f32;

/// Limits a value to 0..=1; NaN becomes 0. Written so that it compiles to two instructions.
#[inline]
pub(super) fn unit(value: f32) -> f32 {
    let value = if value > 0.0 { value } else { 0.0 };
    if value < 1.0 { value } else { 1.0 }
}

/// Encodes linear light as 8-bit sRGB codes.
pub(super) struct Srgb8Encoder {
    /// The code half a step below each step.
    lowest: [u8; 2 * STEPS],
    /// `borders[c]` is the smallest value whose code is above `c`.
    borders: [f32; 256],
}

impl Srgb8Encoder {
    /// The shared tables.
    pub(super) fn get() -> &'static Self {
        static ENCODER: LazyLock<Srgb8Encoder> = LazyLock::new(Srgb8Encoder::new);
        &ENCODER
    }

    fn new() -> Self {
        let mut borders = [f32::INFINITY; 256];
        for (code, border) in borders.iter_mut().enumerate().take(255) {
            *border = srgb_to_linear((code as f64 + 0.5) / 255.0) as f32;
        }
        let lowest = std::array::from_fn(|step| {
            let value = (step as f32 - 0.5) / STEPS as f32;
            borders.partition_point(|&border| border <= value) as u8
        });
        Self { lowest, borders }
    }

    /// The code of `linear`, which is limited to 0..=1; NaN gives 0.
    #[inline]
    pub(super) fn encode(&self, linear: f32) -> u8 {
        let value = unit(linear);
        let step = (value * STEPS as f32 + TO_LOW_BITS).to_bits() as usize % (2 * STEPS);
        let code = self.lowest[step];
        code + u8::from(value >= self.borders[usize::from(code)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_survives_the_round_trip() {
        let encoder = Srgb8Encoder::get();
        for (code, &linear) in linear_of_srgb8().iter().enumerate() {
            assert_eq!(usize::from(encoder.encode(linear)), code);
        }
    }

    #[test]
    fn the_encoder_is_the_nearest_code_everywhere() {
        let encoder = Srgb8Encoder::get();
        for i in 0..=200_000u32 {
            let value = i as f32 / 200_000.0;
            let exact = linear_to_srgb(f64::from(value)) * 255.0;
            let code = f64::from(encoder.encode(value));
            assert!(
                (code - exact).abs() <= 0.5 + 1e-4,
                "{value}: {code} for {exact}"
            );
        }
    }

    #[test]
    fn no_step_holds_two_borders() {
        let encoder = Srgb8Encoder::get();
        for pair in encoder.lowest.windows(2) {
            assert!(pair[1] - pair[0] <= 1);
        }
    }

    #[test]
    fn codes_change_exactly_at_the_borders() {
        let encoder = Srgb8Encoder::get();
        for (code, &border) in encoder.borders[..255].iter().enumerate() {
            assert_eq!(usize::from(encoder.encode(border)), code + 1);
            assert_eq!(usize::from(encoder.encode(border.next_down())), code);
        }
    }

    #[test]
    fn values_outside_the_unit_interval_are_clamped() {
        let encoder = Srgb8Encoder::get();
        assert_eq!(encoder.encode(-1.0), 0);
        assert_eq!(encoder.encode(f32::NAN), 0);
        assert_eq!(encoder.encode(f32::NEG_INFINITY), 0);
        assert_eq!(encoder.encode(1.5), 255);
        assert_eq!(encoder.encode(f32::INFINITY), 255);
    }

    #[test]
    fn the_mean_of_black_and_white_is_188() {
        assert_eq!(Srgb8Encoder::get().encode(0.5), 188);
    }
}

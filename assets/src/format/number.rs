//! Encodings of numbers: 16-bit unorm and half floats.

/// Encodes a value of 0 to 1 with 16 bits: clamped, NaN to 0, rounded half up, in `f32`.
pub fn unorm16(value: f32) -> u16 {
    // `as` truncates, and takes NaN (which `clamp` lets through) to zero.
    (value.clamp(0.0, 1.0) * 65535.0 + 0.5) as u16
}

/// Decodes a 16-bit unorm.
pub fn from_unorm16(value: u16) -> f32 {
    f32::from(value) / 65535.0
}

/// Encodes an IEEE half: round to nearest even, subnormals kept, overflow to infinity.
pub fn half_bits(value: f32) -> u16 {
    half::f16::from_f32_const(value).to_bits()
}

/// Decodes an IEEE half.
pub fn from_half_bits(bits: u16) -> f32 {
    half::f16::from_bits(bits).to_f32_const()
}

/// A number of 0 to 1 in 16 bits, as it is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unorm16(pub u16);

impl Unorm16 {
    /// 0.
    pub const ZERO: Self = Self(0);
    /// 0.5, rounded up.
    pub const HALF: Self = Self(0x8000);
    /// 1.
    pub const ONE: Self = Self(u16::MAX);

    /// Encodes a number; see [`unorm16`].
    pub fn of(value: f32) -> Self {
        Self(unorm16(value))
    }

    /// The number.
    pub fn to_f32(self) -> f32 {
        from_unorm16(self.0)
    }
}

/// A half float, as it is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Half(pub u16);

impl Half {
    /// 0.
    pub const ZERO: Self = Self(0);
    /// 1.
    pub const ONE: Self = Self(0x3c00);
    /// The largest finite number.
    pub const MAX: f32 = 65504.0;

    /// Encodes a number; see [`half_bits`].
    pub fn of(value: f32) -> Self {
        Self(half_bits(value))
    }

    /// The number.
    pub fn to_f32(self) -> f32 {
        from_half_bits(self.0)
    }

    /// Whether it is neither infinite nor NaN.
    pub fn is_finite(self) -> bool {
        self.0 & 0x7c00 != 0x7c00
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unorm16_follows_the_table() {
        let table = [
            (0.0, 0),
            (-1.0, 0),
            (0.25, 0x4000),
            (0.5, 0x8000),
            (1.0, 0xffff),
            (7.0, 0xffff),
            (1.0 / 65535.0, 1),
            (f32::NAN, 0),
        ];
        for (value, stored) in table {
            assert_eq!(unorm16(value), stored, "{value}");
        }
        assert_eq!(from_unorm16(0xffff), 1.0);
    }

    #[test]
    fn halves_follow_the_table() {
        let table = [
            (1.0, 0x3c00),
            (0.5, 0x3800),
            (-2.0, 0xc000),
            (65504.0, 0x7bff),
            (65519.0, 0x7bff),
            (65520.0, 0x7c00),
            (0.1, 0x2e66),
            (2f32.powi(-24), 0x0001),
            (2f32.powi(-25), 0x0000),
            (2f32.powi(-14) * (1.0 - 2f32.powi(-12)), 0x0400),
        ];
        for (value, stored) in table {
            assert_eq!(half_bits(value), stored, "{value}");
        }
        assert_eq!(from_half_bits(0x3c00), 1.0);
        assert_eq!(Half::of(Half::MAX).to_f32(), Half::MAX);
        assert!(Half::of(-65519.0).is_finite() && !Half::of(65520.0).is_finite());
        assert!(!Half::of(f32::NAN).is_finite());
        assert_eq!(
            (Unorm16::of(0.5), Half::of(1.0)),
            (Unorm16::HALF, Half::ONE)
        );
    }
}

//! Vectors with the arithmetic of the reference, in its order, so that results agree to the bit.

/// The reference's notion of a number that means something.
pub(super) fn is_not_zero(x: f32) -> bool {
    x.abs() > f32::MIN_POSITIVE
}

/// A vector with the arithmetic of the reference.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct V(pub(super) [f32; 3]);

impl V {
    pub(super) const ZERO: Self = Self([0.0; 3]);

    pub(super) fn dot(self, Self([x, y, z]): Self) -> f32 {
        let Self(own) = self;
        own[0] * x + own[1] * y + own[2] * z
    }

    pub(super) fn length(self) -> f32 {
        self.dot(self).sqrt()
    }

    /// Unit length, or what it was if that was nothing.
    pub(super) fn direction(self) -> Self {
        if self.0.into_iter().any(is_not_zero) {
            self * (1.0 / self.length())
        } else {
            self
        }
    }

    /// Without its share along a normal.
    pub(super) fn flattened(self, normal: Self) -> Self {
        self - normal * normal.dot(self)
    }
}

impl std::ops::Add for V {
    type Output = Self;

    fn add(self, Self([x, y, z]): Self) -> Self {
        Self([self.0[0] + x, self.0[1] + y, self.0[2] + z])
    }
}

impl std::ops::Sub for V {
    type Output = Self;

    fn sub(self, Self([x, y, z]): Self) -> Self {
        Self([self.0[0] - x, self.0[1] - y, self.0[2] - z])
    }
}

impl std::ops::Mul<f32> for V {
    type Output = Self;

    fn mul(self, factor: f32) -> Self {
        Self(self.0.map(|x| x * factor))
    }
}

//! Boxes, as they are stored and as they should be.

use super::float;

/// A box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// The lower corner.
    pub min: [f32; 3],
    /// The upper corner.
    pub max: [f32; 3],
}

impl Extent {
    /// Nothing yet: inside out.
    pub const EMPTY: Self = Self {
        min: [f32::INFINITY; 3],
        max: [f32::NEG_INFINITY; 3],
    };

    /// A stored box: its lower corner, directly followed by its upper one.
    pub(super) fn at(bytes: &[u8], at: usize) -> Self {
        let corner = |at| [0, 4, 8].map(|axis| float(bytes, at + axis));
        Self {
            min: corner(at),
            max: corner(at + 12),
        }
    }

    /// Finite, and not inside out.
    pub(super) fn is_valid(&self) -> bool {
        let corners = self.min.iter().zip(&self.max);
        corners
            .clone()
            .all(|(min, max)| min.is_finite() && max.is_finite())
            && corners.clone().all(|(min, max)| min <= max)
    }

    /// Grows so that a point is inside.
    #[inline]
    pub(super) fn include(&mut self, point: [f32; 3]) {
        for (axis, value) in point.into_iter().enumerate() {
            self.min[axis] = self.min[axis].min(value);
            self.max[axis] = self.max[axis].max(value);
        }
    }

    /// Grows so that another box is inside.
    pub(super) fn unite(&mut self, other: &Self) {
        for axis in 0..3 {
            self.min[axis] = self.min[axis].min(other.min[axis]);
            self.max[axis] = self.max[axis].max(other.max[axis]);
        }
    }

    /// Whether another box is inside.
    pub(super) fn contains(&self, other: &Self) -> bool {
        (0..3).all(|axis| self.min[axis] <= other.min[axis] && other.max[axis] <= self.max[axis])
    }

    /// Whether a side is further out than another box, by more than a thousandth of that box.
    pub(super) fn is_loose_around(&self, other: &Self) -> bool {
        let sizes = (0..3).map(|axis| other.max[axis] - other.min[axis]);
        let slack = sizes.fold(0.0, f32::max) * 1e-3 + 1e-6;
        (0..3).any(|axis| {
            other.min[axis] - self.min[axis] > slack || self.max[axis] - other.max[axis] > slack
        })
    }
}

//! Axis-aligned boxes.

use super::{
    bytes::{ByteReader, ByteWriter},
    record::{RecordError, Stored},
};

/// An axis-aligned box. Finite, with `min <= max` in every axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// The lower corner.
    pub min: [f32; 3],
    /// The upper corner.
    pub max: [f32; 3],
}

impl Bounds {
    /// The box of finite points, or `None` if there are none.
    pub fn of(points: impl IntoIterator<Item = [f32; 3]>) -> Option<Self> {
        let mut points = points.into_iter();
        let first = points.next()?;
        let mut bounds = Self {
            min: first,
            max: first,
        };
        for point in points {
            bounds = bounds.union(Self {
                min: point,
                max: point,
            });
        }
        Some(bounds)
    }

    /// The box around both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        let mut bounds = self;
        for axis in 0..3 {
            bounds.min[axis] = bounds.min[axis].min(other.min[axis]);
            bounds.max[axis] = bounds.max[axis].max(other.max[axis]);
        }
        bounds
    }

    /// Whether a point is inside or on the surface.
    pub fn contains(&self, point: [f32; 3]) -> bool {
        (0..3).all(|axis| self.min[axis] <= point[axis] && point[axis] <= self.max[axis])
    }

    /// The longest side.
    pub fn extent(&self) -> f32 {
        (0..3)
            .map(|axis| self.max[axis] - self.min[axis])
            .fold(0.0, f32::max)
    }

    /// Whether it is what it must be: finite, and not turned inside out.
    pub fn is_valid(&self) -> bool {
        self.is_finite() && (0..3).all(|axis| self.min[axis] <= self.max[axis])
    }
}

impl Stored for Bounds {
    const BYTES: usize = 24;

    fn write(&self, out: &mut ByteWriter) {
        self.min.write(out);
        self.max.write(out);
    }

    fn read(reader: &mut ByteReader<'_>) -> Result<Self, RecordError> {
        Ok(Self {
            min: Stored::read(reader)?,
            max: Stored::read(reader)?,
        })
    }

    fn is_finite(&self) -> bool {
        self.min.is_finite() && self.max.is_finite()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_of_points() {
        let points = [[1.0, -2.0, 0.0], [0.0, 5.0, 0.0]];
        let bounds = Bounds::of(points).unwrap();
        assert_eq!(
            (bounds.min, bounds.max),
            ([0.0, -2.0, 0.0], [1.0, 5.0, 0.0])
        );
        assert!(points.iter().all(|&point| bounds.contains(point)));
        assert!(!bounds.contains([0.0, 5.1, 0.0]));
        assert_eq!(bounds.extent(), 7.0);
        assert!(bounds.is_valid());
        let inverted = Bounds {
            min: bounds.max,
            max: bounds.min,
        };
        assert!(!inverted.is_valid());
        let infinite = Bounds {
            max: [f32::INFINITY; 3],
            ..bounds
        };
        assert!(!infinite.is_valid());
        assert_eq!(Bounds::of([]), None);
    }
}

//! Small vector arithmetic: directions that are normals, tangents and bitangents.
//!
//! Lengths are computed in `f64`, where no finite `f32` over- or underflows.

pub(super) fn subtract(a: [f32; 3], b: [f32; 3]) -> [f64; 3] {
    std::array::from_fn(|i| f64::from(a[i]) - f64::from(b[i]))
}

pub(super) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(super) fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

pub(super) fn wide(v: [f32; 3]) -> [f64; 3] {
    v.map(f64::from)
}

/// Whether a vector has unit length as far as that can be told: it is then left as it is, to the bit.
fn is_unit([x, y, z]: [f32; 3]) -> bool {
    (x * x + y * y + z * z - 1.0).abs() <= 1e-6
}

/// The direction of a vector, or `None` when it has none: zero, too short to tell, or not finite.
pub(super) fn direction(v: [f64; 3]) -> Option<[f32; 3]> {
    let length = dot(v, v).sqrt();
    (length.is_finite() && length > f64::MIN_POSITIVE).then(|| v.map(|x| (x / length) as f32))
}

/// The direction of an authored normal, or `None` when it has none.
#[inline]
pub(super) fn normal_direction(v: [f32; 3]) -> Option<[f32; 3]> {
    if is_unit(v) {
        Some(v)
    } else {
        direction(wide(v))
    }
}

/// The direction of an axis of a tangent frame, or `None` when its length is not between 0.5 and 2: then
/// it is no accident of rounding, but means nothing.
#[inline]
pub(super) fn axis_direction(v: [f32; 3]) -> Option<[f32; 3]> {
    if is_unit(v) {
        return Some(v);
    }
    let v = wide(v);
    let length = dot(v, v).sqrt();
    (0.5..=2.0)
        .contains(&length)
        .then(|| v.map(|x| (x / length) as f32))
}

/// A tangent and a bitangent for a normal that has none of its own.
pub(super) fn fallback_axes(normal: [f32; 3]) -> ([f32; 3], [f32; 3]) {
    let n = direction(wide(normal)).unwrap_or([0.0, 0.0, 1.0]);
    let away = if n[2].abs() < 0.9 {
        [0.0, 0.0, 1.0]
    } else {
        [1.0, 0.0, 0.0]
    };
    // The two are far from parallel, so the cross products have directions.
    let tangent = direction(cross(wide(n), away)).unwrap_or([1.0, 0.0, 0.0]);
    let bitangent = direction(cross(wide(n), wide(tangent))).unwrap_or([0.0, 1.0, 0.0]);
    (tangent, bitangent)
}

/// The bitangent of a normal and a tangent of unit length, or `None` when they are nearly parallel.
#[inline]
pub(super) fn bitangent(n: [f32; 3], t: [f32; 3], sign: f32) -> Option<[f32; 3]> {
    axis_direction([
        (n[1] * t[2] - n[2] * t[1]) * sign,
        (n[2] * t[0] - n[0] * t[2]) * sign,
        (n[0] * t[1] - n[1] * t[0]) * sign,
    ])
}

/// The normal of a triangle, counter-clockwise seen from where it points; the default for triangles
/// without area.
pub(super) fn face_normal([a, b, c]: [[f32; 3]; 3]) -> [f32; 3] {
    direction(cross(subtract(b, a), subtract(c, a))).unwrap_or([0.0, 1.0, 0.0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiny_and_huge_triangles_have_normals() {
        for scale in [1e-18f32, 1e-6, 1.0, 1e18] {
            let triangle = [[0.0; 3], [scale, 0.0, 0.0], [0.0, scale, 0.0]];
            assert_eq!(face_normal(triangle), [0.0, 0.0, 1.0], "{scale}");
        }
        assert_eq!(face_normal([[1.0; 3]; 3]), [0.0, 1.0, 0.0]);
    }

    #[test]
    fn the_fallback_follows_its_definition() {
        let (t, b) = fallback_axes([0.0, 1.0, 0.0]);
        assert_eq!((t, b), ([1.0, 0.0, 0.0], [0.0, 0.0, -1.0]));
        let (t, b) = fallback_axes([0.0, 0.0, 1.0]);
        assert_eq!((t, b), ([0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]));
        assert_eq!(fallback_axes([f32::NAN; 3]), fallback_axes([0.0, 0.0, 1.0]));
    }

    #[test]
    fn axes_of_odd_lengths_are_refused() {
        for (length, good) in [
            (0.4, false),
            (0.5, true),
            (1.0, true),
            (2.0, true),
            (2.5, false),
        ] {
            assert_eq!(
                axis_direction([0.0, length, 0.0]).is_some(),
                good,
                "{length}"
            );
        }
        assert_eq!(axis_direction([f32::NAN, 0.0, 1.0]), None);
        assert_eq!(
            bitangent([0.0, 0.0, 1.0], [1.0, 0.0, 0.0], -1.0),
            Some([0.0, -1.0, 0.0])
        );
        assert_eq!(bitangent([0.0, 0.0, 1.0], [0.0, 0.0, 1.0], 1.0), None);
    }
}

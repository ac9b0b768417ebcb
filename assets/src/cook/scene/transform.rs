//! Transforms: from matrices that say anything to translation, rotation and scale.

use glam::{DMat3, DMat4, DQuat, DVec3, DVec4};

/// A transform as it is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Trs {
    pub(super) translation: [f32; 3],
    /// A unit quaternion with `w >= 0`: x, y, z, w.
    pub(super) rotation: [f32; 4],
    pub(super) scale: [f32; 3],
}

impl Trs {
    pub(super) const IDENTITY: Self = Self {
        translation: [0.0; 3],
        rotation: [0.0, 0.0, 0.0, 1.0],
        scale: [1.0; 3],
    };

    fn is_finite(&self) -> bool {
        let [x, y, z] = self.translation;
        let [i, j, k, w] = self.rotation;
        let [a, b, c] = self.scale;
        [x, y, z, i, j, k, w, a, b, c]
            .iter()
            .all(|number| number.is_finite())
    }
}

/// What a matrix has that is not stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Flaw {
    /// Numbers that are not finite, or too large to be stored. The identity takes its place.
    NotFinite,
    /// A last row other than 0, 0, 0, 1. That row takes its place.
    NotAffine,
    /// Axes that are not at right angles: the cosine of the worst angle. The nearest rotation takes
    /// their place.
    Sheared(f64),
}

/// An affine matrix of finite numbers, to reckon with.
pub(super) fn affine(matrix: DMat4) -> (DMat4, Option<Flaw>) {
    if !matrix.is_finite() {
        return (DMat4::IDENTITY, Some(Flaw::NotFinite));
    }
    if matrix.row(3) == DVec4::W {
        return (matrix, None);
    }
    let columns = [matrix.x_axis, matrix.y_axis, matrix.z_axis].map(|axis| axis.with_w(0.0));
    let [x, y, z] = columns;
    let affine = DMat4::from_cols(x, y, z, matrix.w_axis.with_w(1.0));
    (affine, Some(Flaw::NotAffine))
}

/// Cosines up to this are noise of matrices that were stored as `f32`.
const RIGHT_ANGLE: f64 = 1e-4;

/// Takes an affine matrix apart.
///
/// A matrix of translation, rotation and scale comes back as such, whatever the signs of the scale are
/// and however many of its factors are 0. Of a sheared one the nearest rotation is taken, and the scale
/// that suits it best.
pub(super) fn decompose(matrix: &DMat4) -> (Trs, Option<Flaw>) {
    let linear = DMat3::from_mat4(*matrix);
    let (axes, worst) = orthonormal_axes(&linear);
    let mirror = mirror(&axes);
    let rotation = axes * DMat3::from_diagonal(mirror);
    let mut scale = DVec3::ZERO;
    for axis in 0..3 {
        scale[axis] = linear.col(axis).dot(rotation.col(axis));
    }
    let mut turn = DQuat::from_mat3(&rotation).normalize();
    if turn.w < 0.0 {
        turn = -turn;
    }
    // Adding zero takes the sign from a negative one.
    let trs = Trs {
        translation: matrix
            .w_axis
            .truncate()
            .as_vec3()
            .to_array()
            .map(|x| x + 0.0),
        rotation: turn.as_quat().to_array().map(|x| x + 0.0),
        scale: scale.as_vec3().to_array().map(|x| x + 0.0),
    };
    if !trs.is_finite() {
        return (Trs::IDENTITY, Some(Flaw::NotFinite));
    }
    (trs, (worst > RIGHT_ANGLE).then_some(Flaw::Sheared(worst)))
}

/// Three unit axes at right angles, as near as possible to the columns, and the cosine of the angle
/// between columns that was furthest from a right one. Left-handed if the columns are.
fn orthonormal_axes(linear: &DMat3) -> (DMat3, f64) {
    let columns = [linear.x_axis, linear.y_axis, linear.z_axis];
    let unit = columns.map(DVec3::try_normalize);
    let mut worst: f64 = 0.0;
    for (a, b) in [(0, 1), (1, 2), (2, 0)] {
        if let (Some(a), Some(b)) = (unit[a], unit[b]) {
            worst = worst.max(a.dot(b).abs());
        }
    }
    let axes = match unit {
        [Some(x), Some(y), Some(z)] => nearest_rotation(DMat3::from_cols(x, y, z)),
        // The direction of an axis with scale 0 follows from the others.
        [Some(x), Some(y), None] => gram_schmidt(x, y, |x, y| DMat3::from_cols(x, y, x.cross(y))),
        [None, Some(y), Some(z)] => gram_schmidt(y, z, |y, z| DMat3::from_cols(y.cross(z), y, z)),
        [Some(x), None, Some(z)] => gram_schmidt(z, x, |z, x| DMat3::from_cols(x, z.cross(x), z)),
        [Some(x), None, None] => turned(DVec3::X, x),
        [None, Some(y), None] => turned(DVec3::Y, y),
        [None, None, Some(z)] => turned(DVec3::Z, z),
        [None, None, None] => DMat3::IDENTITY,
    };
    (axes, worst)
}

/// The axes after the smallest rotation that takes one direction to another.
fn turned(from: DVec3, to: DVec3) -> DMat3 {
    DMat3::from_quat(DQuat::from_rotation_arc(from, to))
}

/// The first axis stays, the second is moved to a right angle with it.
fn gram_schmidt(a: DVec3, b: DVec3, basis: impl Fn(DVec3, DVec3) -> DMat3) -> DMat3 {
    let moved = (b - a * a.dot(b)).try_normalize();
    basis(a, moved.unwrap_or_else(|| a.any_orthonormal_vector()))
}

/// The orthogonal matrix nearest to one with unit columns: the orthogonal factor of its polar
/// decomposition, by Newton's iteration (Higham 1986), which halves the distance between a matrix and
/// the transpose of its inverse until there is none.
fn nearest_rotation(unit: DMat3) -> DMat3 {
    const MOST_STEPS: usize = 48;
    /// Columns this close to one plane have no nearest rotation that arithmetic could find.
    const FLAT: f64 = 1e-6;
    let determinant = unit.determinant();
    if determinant.abs() < FLAT {
        let sign = if determinant < 0.0 { -1.0 } else { 1.0 };
        let basis = |x: DVec3, y: DVec3| DMat3::from_cols(x, y, x.cross(y) * sign);
        return gram_schmidt(unit.x_axis, unit.y_axis, basis);
    }
    let mut matrix = unit;
    for _ in 0..MOST_STEPS {
        let next = (matrix + matrix.inverse().transpose()) * 0.5;
        let is_settled = next.abs_diff_eq(matrix, 1e-15);
        matrix = next;
        if is_settled {
            break;
        }
    }
    matrix
}

/// Which axes to mirror so that a basis is right-handed: none, one, or all three, whatever leaves the
/// smallest rotation. So a scale of -1 along one axis stays one.
fn mirror(axes: &DMat3) -> DVec3 {
    if axes.determinant() >= 0.0 {
        return DVec3::ONE;
    }
    let diagonal = DVec3::new(axes.x_axis.x, axes.y_axis.y, axes.z_axis.z);
    let mut best = DVec3::new(-1.0, 1.0, 1.0);
    for candidate in [
        DVec3::new(1.0, -1.0, 1.0),
        DVec3::new(1.0, 1.0, -1.0),
        DVec3::NEG_ONE,
    ] {
        if candidate.dot(diagonal) > best.dot(diagonal) {
            best = candidate;
        }
    }
    best
}

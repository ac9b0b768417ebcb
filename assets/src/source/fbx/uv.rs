//! Transforms of texture coordinates.
//!
//! FBX moves, turns and scales the *texture* in the space of its coordinates, in which V runs up. What
//! is stored transforms the *coordinates*, in which V runs down.
//!
//! Translation and rotation are inverted by that, as files of Maya show, whose exporter balances the two
//! about the centre of the texture. The scale is not: all programs write there how often the texture is
//! repeated, which is already a factor of the coordinates.

use crate::source::scene::UvTransform;
use glam::{DAffine2, DMat2, DVec2};
use ufbx::{Props, Texture, find_prop};

/// The transform that is stored for a texture, and whether it is exact: a scale that differs between the
/// axes, before a rotation, cannot be stored.
pub(super) fn stored_transform(texture: &Texture) -> (UvTransform, bool) {
    let props = &texture.element.props;
    let pair = |name, default| vector(props, name).unwrap_or(DVec2::splat(default));
    let (translation, scale) = (pair("Translation", 0.0), pair("Scaling", 1.0));
    let (turn_pivot, scale_pivot) = (
        pair("TextureRotationPivot", 0.0),
        pair("TextureScalingPivot", 0.0),
    );
    let degrees = find_prop(props, "Rotation").map_or(0.0, |prop| prop.value_vec4.z);
    let swaps = find_prop(props, "UVSwap").is_some_and(|prop| prop.value_int != 0);

    let at = DAffine2::from_translation;
    let unturn = at(turn_pivot) * DAffine2::from_angle(-degrees.to_radians()) * at(-turn_pivot);
    let rescale = at(scale_pivot) * DAffine2::from_scale(scale) * at(-scale_pivot);
    let mut transform = rescale * unturn * at(-translation);
    if swaps {
        transform *= DAffine2::from_mat2(DMat2::from_cols(DVec2::Y, DVec2::X));
    }
    if !transform.is_finite() || transform.matrix2.determinant().abs() < 1e-12 {
        return (UvTransform::IDENTITY, transform == DAffine2::IDENTITY);
    }
    stored(flipped(transform))
}

fn vector(props: &Props, name: &str) -> Option<DVec2> {
    let prop = find_prop(props, name)?;
    Some(DVec2::new(prop.value_vec4.x, prop.value_vec4.y))
}

/// The same transform of coordinates whose V runs the other way.
fn flipped(transform: DAffine2) -> DAffine2 {
    let flip =
        DAffine2::from_mat2_translation(DMat2::from_diagonal(DVec2::new(1.0, -1.0)), DVec2::Y);
    flip * transform * flip
}

/// Scale, then counter-clockwise rotation, then offset. Counter-clockwise is meant as it is seen, so with
/// V running down a positive angle takes +U towards -V.
fn stored(transform: DAffine2) -> (UvTransform, bool) {
    let [u, v] = [transform.matrix2.x_axis, transform.matrix2.y_axis];
    let rotation = f64::atan2(-u.y, u.x);
    let mirrored = if transform.matrix2.determinant() < 0.0 {
        -1.0
    } else {
        1.0
    };
    let scale = DVec2::new(u.length(), v.length() * mirrored);
    let (sin, cos) = rotation.sin_cos();
    let stored = DMat2::from_cols(
        DVec2::new(cos, -sin) * scale.x,
        DVec2::new(sin, cos) * scale.y,
    );
    let is_exact = stored.abs_diff_eq(transform.matrix2, 1e-6 * scale.abs().max_element().max(1.0));
    // Adding 0 makes negative zeros positive.
    let uv = UvTransform {
        scale: scale.as_vec2().to_array(),
        rotation: rotation as f32 + 0.0,
        offset: (transform.translation.as_vec2() + 0.0).to_array(),
    };
    (uv, is_exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(uv: &UvTransform, [u, v]: [f32; 2]) -> [f32; 2] {
        let (sin, cos) = uv.rotation.sin_cos();
        let (u, v) = (u * uv.scale[0], v * uv.scale[1]);
        [
            u * cos + v * sin + uv.offset[0],
            -u * sin + v * cos + uv.offset[1],
        ]
    }

    #[test]
    fn what_is_stored_does_what_the_matrix_does() {
        let rotations = [0.0, 0.3, -2.0, std::f64::consts::FRAC_PI_2, 3.1];
        for (angle, scale) in rotations
            .into_iter()
            .flat_map(|angle| [(angle, DVec2::ONE), (angle, DVec2::new(2.0, -0.5))])
        {
            // Scaled before it is turned: always exact.
            let matrix =
                DAffine2::from_scale_angle_translation(scale, angle, DVec2::new(0.25, -3.0));
            let (uv, is_exact) = stored(matrix);
            assert!(is_exact);
            for point in [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.3, 0.7]] {
                let expected =
                    matrix.transform_point2(DVec2::new(point[0].into(), point[1].into()));
                let [u, v] = apply(&uv, point);
                assert!(
                    (DVec2::new(u.into(), v.into()) - expected).length() < 1e-5,
                    "{matrix:?}"
                );
            }
        }
        // Scaled after it is turned.
        let sheared = DAffine2::from_scale(DVec2::new(2.0, 1.0)) * DAffine2::from_angle(0.5);
        assert!(!stored(sheared).1);
    }

    #[test]
    fn flipping_twice_changes_nothing() {
        let matrix =
            DAffine2::from_scale_angle_translation(DVec2::new(2.0, 3.0), 0.4, DVec2::new(0.1, 0.2));
        assert!(flipped(flipped(matrix)).abs_diff_eq(matrix, 1e-12));
        // The lower left corner becomes the upper left one.
        let moved = flipped(DAffine2::from_translation(DVec2::new(0.0, 0.25)));
        assert_eq!(moved.transform_point2(DVec2::Y), DVec2::new(0.0, 0.75));
    }
}

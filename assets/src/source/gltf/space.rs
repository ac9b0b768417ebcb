//! From the space of glTF to that of the engine.
//!
//! glTF has +Y up and +Z forward, the engine +Z up and -Y forward; both are right-handed with +X right.
//! So a point (x, y, z) becomes (x, -z, y). That is a rotation: triangles keep their winding.

use crate::settings::scene::UnitScale;
use glam::{DMat4, DQuat, DVec3, DVec4};

/// The factor of lengths. glTF is in metres already.
pub(super) fn unit_scale(units: UnitScale) -> f32 {
    match units {
        UnitScale::Normalize | UnitScale::Preserve => 1.0,
        UnitScale::Custom(factor) => factor,
    }
}

/// A direction. Subtracting instead of negating leaves no negative zeros.
pub(super) fn direction([x, y, z]: [f32; 3]) -> [f32; 3] {
    [x, 0.0 - z, y]
}

/// A point.
pub(super) fn point(position: [f32; 3], scale: f32) -> [f32; 3] {
    if scale == 1.0 {
        direction(position)
    } else {
        direction(position.map(|x| x * scale))
    }
}

/// A transform: C M C^T, with C the matrix of the mapping; its translation is scaled.
pub(super) fn matrix(matrix: DMat4, scale: f64) -> DMat4 {
    let row = |v: DVec4| DVec4::new(v.x, 0.0 - v.z, v.y, v.w);
    let [x, y, z, w] = [matrix.x_axis, matrix.y_axis, matrix.z_axis, matrix.w_axis].map(row);
    let translation = (w.truncate() * scale).extend(w.w);
    DMat4::from_cols(x, DVec4::ZERO - z, y, translation)
}

/// The transform of a node that carries a camera or a light. In glTF they look along -Z of their node with
/// +Y up, which the mapping turns to +Y with +Z up. In the engine they look along -Z with +Y up as well, so
/// the node is turned by a quarter about its own +X.
pub(super) fn view(local: DMat4) -> DMat4 {
    DMat4::from_cols(
        local.x_axis,
        local.z_axis,
        DVec4::ZERO - local.y_axis,
        local.w_axis,
    )
}

/// The local transform of a node, in the space of glTF.
pub(super) fn local_matrix(node: &gltf::json::Node) -> DMat4 {
    if let Some(matrix) = &node.matrix {
        return DMat4::from_cols_array(&matrix.map(f64::from));
    }
    let vector = |v: [f32; 3]| DVec3::from_array(v.map(f64::from));
    let scale = node.scale.map_or(DVec3::ONE, vector);
    let translation = node.translation.map_or(DVec3::ZERO, vector);
    let rotation = node.rotation.map_or(DQuat::IDENTITY, |rotation| {
        let rotation = DQuat::from_array(rotation.0.map(f64::from));
        let length = rotation.length();
        // Tools write quaternions that are a little off; those that are no rotation at all are left to
        // the judgement of the scene cooker.
        if length.is_normal() {
            rotation / length
        } else {
            rotation
        }
    });
    DMat4::from_scale_rotation_translation(scale, rotation, translation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes() {
        assert_eq!(point([1.0, 2.0, 3.0], 1.0), [1.0, -3.0, 2.0]);
        assert_eq!(point([1.0, 2.0, 3.0], 10.0), [10.0, -30.0, 20.0]);
        assert_eq!(direction([0.0, 1.0, 0.0]), [0.0, 0.0, 1.0]);
        assert!(direction([0.0; 3]).iter().all(|x| x.is_sign_positive()));
        assert!(
            direction([0.0, 0.0, -0.0])
                .iter()
                .all(|x| x.is_sign_positive())
        );
    }

    #[test]
    fn matrices_move_with_points() {
        let columns: [f64; 16] =
            std::array::from_fn(|i| [1.5, -2.0, 0.25, 3.0, 7.0][i % 5] + i as f64);
        let mut m = DMat4::from_cols_array(&columns);
        for column in [&mut m.x_axis, &mut m.y_axis, &mut m.z_axis] {
            column.w = 0.0;
        }
        m.w_axis.w = 1.0;
        let turned = |p: DVec3| DVec3::new(p.x, -p.z, p.y);
        let p = DVec3::new(0.3, -4.0, 9.0);
        let expected = turned(m.transform_point3(p)) * 100.0;
        let actual = matrix(m, 100.0).transform_point3(turned(p) * 100.0);
        assert!((expected - actual).length() < 1e-9);
        assert_eq!(
            matrix(DMat4::IDENTITY, 3.0).to_string(),
            DMat4::IDENTITY.to_string()
        );
    }

    #[test]
    fn views_look_where_they_looked() {
        // glTF's view direction and up vector, mapped, are those of the engine, turned.
        let turn = view(DMat4::IDENTITY);
        assert_eq!(turn.transform_vector3(DVec3::NEG_Z), DVec3::Y);
        assert_eq!(turn.transform_vector3(DVec3::Y), DVec3::Z);
        assert_eq!(turn.determinant(), 1.0);
        let local = DMat4::from_rotation_z(0.3) * DMat4::from_translation(DVec3::ONE);
        assert!(view(local).abs_diff_eq(local * turn, 1e-15));
    }

    #[test]
    fn rotations_are_normalised() {
        let node = |json: &str| local_matrix(&serde_json::from_str(json).unwrap());
        let exact = node(r#"{"rotation":[0,0.6,0,0.8],"translation":[1,2,3]}"#);
        let off = node(r#"{"rotation":[0,6,0,8],"translation":[1,2,3]}"#);
        assert!((exact - off).to_cols_array().iter().all(|x| x.abs() < 1e-7));
        assert_eq!(node("{}"), DMat4::IDENTITY);
        let both = r#"{"matrix":[2,0,0,0,0,2,0,0,0,0,2,0,1,1,1,1],"scale":[9,9,9]}"#;
        assert_eq!(node(both).x_axis.x, 2.0);
    }
}

//! Cameras: values that can project.

use super::Notes;
use crate::{
    diagnostic::codes::scene as codes,
    format::scene::{OrthographicCameraRecord, PerspectiveCameraRecord, SceneComponents},
    source::scene::{CameraSource, Projection},
};
use std::f32::consts::PI;

/// A camera whose node is still to come.
#[derive(Clone, Copy)]
pub(super) enum Camera {
    Perspective(PerspectiveCameraRecord),
    Orthographic(OrthographicCameraRecord),
}

impl Camera {
    pub(super) fn attach(self, node_index: u32, components: &mut SceneComponents) {
        match self {
            Self::Perspective(camera) => {
                components
                    .perspective_cameras
                    .push(PerspectiveCameraRecord {
                        node_index,
                        ..camera
                    });
            }
            Self::Orthographic(camera) => {
                components
                    .orthographic_cameras
                    .push(OrthographicCameraRecord {
                        node_index,
                        ..camera
                    });
            }
        }
    }
}

/// Makes a camera that can project, and says what had to change.
pub(super) fn judge(source: &CameraSource, index: usize, notes: &mut Notes<'_>) -> Camera {
    let mut changes = Changes::default();
    let camera = match source.projection {
        Projection::Perspective {
            fov_y,
            aspect,
            near,
            far,
        } => Camera::Perspective(perspective(fov_y, aspect, near, far, &mut changes)),
        Projection::Orthographic {
            half_width,
            half_height,
            near,
            far,
        } => Camera::Orthographic(orthographic(
            half_width,
            half_height,
            near,
            far,
            &mut changes,
        )),
    };
    changes.report(
        codes::CAMERA_ADJUSTED,
        "cameras",
        index,
        &source.name,
        notes,
    );
    camera
}

/// The distance between the planes where the far one is not authored.
const DEPTH: f32 = 1000.0;

fn perspective(
    fov_y: f32,
    aspect: Option<f32>,
    near: f32,
    far: Option<f32>,
    changes: &mut Changes,
) -> PerspectiveCameraRecord {
    let default = PerspectiveCameraRecord::default();
    let is_angle = fov_y > 0.0 && fov_y < PI;
    let fov_y = changes.unless(is_angle, "fov_y", fov_y, default.fov_y);
    let aspect_ratio = aspect.map_or(1.0, |aspect| {
        let is_ratio = aspect.is_finite() && aspect > 0.0;
        changes.unless(is_ratio, "aspect_ratio", aspect, 1.0)
    });
    let is_distance = |distance: f32| distance.is_finite() && distance != 0.0;
    let near = changes.unless(is_distance(near), "near", near, default.near_plane);
    let near = changes.unless(near > 0.0, "near", near, near.abs());
    let far = far.map_or_else(
        || beyond(near),
        |far| {
            let far = changes.unless(is_distance(far), "far", far, beyond(near));
            changes.unless(far > 0.0, "far", far, far.abs())
        },
    );
    let (near_plane, far_plane) = in_order(near, far, changes);
    PerspectiveCameraRecord {
        fov_y,
        aspect_ratio,
        near_plane,
        far_plane,
        ..default
    }
}

fn orthographic(
    half_width: f32,
    half_height: f32,
    near: f32,
    far: f32,
    changes: &mut Changes,
) -> OrthographicCameraRecord {
    let default = OrthographicCameraRecord::default();
    let mut half = |what, half: f32, default: f32| {
        let is_extent = half.is_finite() && half != 0.0;
        let half = changes.unless(is_extent, what, half, default);
        changes.unless(half > 0.0, what, half, half.abs())
    };
    let half_width = half("half_width", half_width, default.right);
    let half_height = half("half_height", half_height, default.top);
    // The planes of a view without a vanishing point may lie behind the camera.
    let near = changes.unless(near.is_finite(), "near", near, default.near_plane);
    let far = changes.unless(far.is_finite(), "far", far, beyond(near));
    let (near_plane, far_plane) = in_order(near, far, changes);
    OrthographicCameraRecord {
        left: -half_width,
        right: half_width,
        bottom: -half_height,
        top: half_height,
        near_plane,
        far_plane,
        ..default
    }
}

/// The nearer plane first, and never both in one place.
fn in_order(near: f32, far: f32, changes: &mut Changes) -> (f32, f32) {
    if near > far {
        changes.say("near", near, far);
        changes.say("far", far, near);
        return (far, near);
    }
    let far = changes.unless(far > near, "far", far, beyond(near));
    if far.is_finite() {
        return (near, far);
    }
    // There is no number beyond the near plane.
    changes.say("near", near, 0.1);
    (0.1, near)
}

/// A plane beyond another one, also where adding [`DEPTH`] changes nothing.
fn beyond(near: f32) -> f32 {
    (near + DEPTH).max(near + near.abs())
}

/// What had to change.
#[derive(Default)]
pub(super) struct Changes(Vec<String>);

impl Changes {
    /// The value, unless it is not good: then another one takes its place.
    pub(super) fn unless(&mut self, is_good: bool, what: &str, value: f32, other: f32) -> f32 {
        if is_good {
            return value;
        }
        self.say(what, value, other);
        other
    }

    fn say(&mut self, what: &str, value: f32, other: f32) {
        self.0
            .push(format!("`{what}` is {value} and becomes {other}"));
    }

    pub(super) fn report(
        self,
        code: crate::diagnostic::Code,
        list: &str,
        index: usize,
        name: &str,
        notes: &mut Notes<'_>,
    ) {
        if !self.0.is_empty() {
            let message = format!("`{name}`: {}", self.0.join(", "));
            notes.note_about(&format!("{list}[{index}]"), code, message);
        }
    }
}

//! Cameras and lights.

use super::{
    document::Document,
    maps::own_number,
    space::{Space, vec3},
};
use crate::{
    diagnostic::{Diagnostic, codes::fbx as codes},
    source::scene::{CameraSource, LightKind, LightSource, Projection},
};
use glam::{DMat3, DVec3};
use ufbx::{Camera, Exporter, Light, LightType, ProjectionMode, find_prop};

/// How a camera of the file is turned in its node: FBX cameras look along +X with +Y up.
pub(super) fn camera_view(space: &Space) -> DMat3 {
    space.view(DVec3::X, DVec3::Y)
}

/// How a light of the file is turned in its node, if it has a direction: FBX lights shine along -Y.
pub(super) fn light_view(space: &Space, light: &Light) -> Option<DMat3> {
    let has_direction = matches!(light.type_, LightType::Directional | LightType::Spot);
    has_direction.then(|| space.view(DVec3::NEG_Y, DVec3::NEG_Z))
}

/// A camera.
pub(super) fn camera(document: &Document, camera: &Camera) -> CameraSource {
    let space = &document.space;
    let planes = [camera.near_plane, camera.far_plane].map(|plane| space.length(plane.abs()));
    let [near, far] = match planes {
        [near, far] if far < near => [far, near],
        planes => planes,
    };
    let projection = match camera.projection_mode {
        ProjectionMode::Perspective => {
            let aspect = camera.aspect_ratio as f32;
            Projection::Perspective {
                fov_y: camera.field_of_view_deg.y.to_radians() as f32,
                aspect: (aspect.is_finite() && aspect > 0.0).then_some(aspect),
                near: near as f32,
                far: Some(far as f32),
            }
        }
        ProjectionMode::Orthographic => {
            // Blender writes this one length in metres, whatever the unit of the file is.
            let half = |size: f64| match document.scene.metadata.exporter {
                Exporter::BlenderBinary => space.metres(size) / 2.0,
                _ => space.length(size) / 2.0,
            };
            Projection::Orthographic {
                half_width: half(camera.orthographic_size.x) as f32,
                half_height: half(camera.orthographic_size.y) as f32,
                near: near as f32,
                far: far as f32,
            }
        }
    };
    CameraSource {
        name: camera.element.name.as_ref().to_owned(),
        projection,
    }
}

/// A light, with a word if it becomes another one.
pub(super) fn light(
    document: &Document,
    light: &Light,
    object: &str,
) -> (LightSource, Option<Diagnostic>) {
    let range = range(&document.space, light);
    // FBX has the angles between the sides of a cone, the engine those from its axis.
    let angle = |degrees: f64| (degrees.to_radians() / 2.0) as f32;
    let (kind, unsupported) = match light.type_ {
        LightType::Directional => (LightKind::Directional, None),
        LightType::Spot => {
            let spot = LightKind::Spot {
                range,
                inner_angle: angle(light.inner_angle),
                outer_angle: angle(light.outer_angle),
            };
            (spot, None)
        }
        LightType::Point => (LightKind::Point { range }, None),
        LightType::Area => (LightKind::Point { range }, Some("an area")),
        LightType::Volume => (LightKind::Point { range }, Some("a volume")),
    };
    let note = unsupported.map(|kind| {
        let message = format!("{kind} light becomes a point light");
        document
            .note(codes::LIGHT_UNSUPPORTED_TYPE, message)
            .object(object)
    });
    let source = LightSource {
        name: light.element.name.as_ref().to_owned(),
        color: vec3(light.color).as_vec3().to_array(),
        intensity: light.intensity as f32,
        affects_world: light.cast_light,
        casts_shadows: light.cast_shadows,
        kind,
    };
    (source, note)
}

/// Where the light ends, if the file says so.
fn range(space: &Space, light: &Light) -> Option<f32> {
    let props = &light.element.props;
    let is_limited = find_prop(props, "EnableFarAttenuation").is_some_and(|p| p.value_int != 0);
    let end = own_number(props, "FarAttenuationEnd").filter(|end| is_limited && *end > 0.0);
    end.map(|end| space.length(end) as f32)
}

//! Cameras and lights.

use super::{document::Document, report::Report};
use crate::{
    diagnostic::codes::gltf as codes,
    source::scene::{CameraSource, LightKind, LightSource, Projection},
};
use gltf::json::{
    camera::Type as CameraType,
    extensions::scene::khr_lights_punctual::{Light, Type as LightType},
    validation::Checked,
};
use std::f32::consts::FRAC_PI_4;

/// The cameras of the file, in order. Those that make no sense are left out.
pub(super) fn cameras(document: &Document, report: &mut Report) -> Vec<Option<CameraSource>> {
    let cameras = document.cameras.iter().enumerate();
    cameras
        .map(|(index, camera)| {
            let projection = match (camera.type_, &camera.perspective, &camera.orthographic) {
                (Checked::Valid(CameraType::Perspective), Some(perspective), _) => {
                    Projection::Perspective {
                        fov_y: perspective.yfov,
                        aspect: perspective.aspect_ratio,
                        near: perspective.znear,
                        far: perspective.zfar,
                    }
                }
                (Checked::Valid(CameraType::Orthographic), _, Some(orthographic)) => {
                    Projection::Orthographic {
                        half_width: orthographic.xmag,
                        half_height: orthographic.ymag,
                        near: orthographic.znear,
                        far: orthographic.zfar,
                    }
                }
                _ => {
                    let message = "it has no projection of its type, and is left out";
                    report.note(codes::CAMERA_INVALID, format!("cameras[{index}]"), message);
                    return None;
                }
            };
            Some(CameraSource {
                name: camera.name.clone().unwrap_or_default(),
                projection,
            })
        })
        .collect()
}

/// The lights of the file, in order (`KHR_lights_punctual`). Those that make no sense are left out.
pub(super) fn lights(document: &Document, report: &mut Report) -> Vec<Option<LightSource>> {
    let lights = document.lights().iter().enumerate();
    lights
        .map(|(index, light)| {
            let Some(kind) = light_kind(light) else {
                let object = format!("extensions.KHR_lights_punctual.lights[{index}]");
                let message = "its type does not exist, and it is left out";
                report.note(codes::LIGHT_INVALID, object, message);
                return None;
            };
            Some(LightSource {
                name: light.name.clone().unwrap_or_default(),
                color: light.color,
                intensity: light.intensity,
                affects_world: true,
                casts_shadows: true,
                kind,
            })
        })
        .collect()
}

fn light_kind(light: &Light) -> Option<LightKind> {
    let range = light.range;
    Some(match light.type_ {
        Checked::Valid(LightType::Directional) => LightKind::Directional,
        Checked::Valid(LightType::Point) => LightKind::Point { range },
        Checked::Valid(LightType::Spot) => {
            let spot = light.spot.as_ref();
            LightKind::Spot {
                range,
                inner_angle: spot.map_or(0.0, |spot| spot.inner_cone_angle),
                outer_angle: spot.map_or(FRAC_PI_4, |spot| spot.outer_cone_angle),
            }
        }
        Checked::Invalid => return None,
    })
}

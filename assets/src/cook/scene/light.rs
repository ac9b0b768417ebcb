//! Lights: values that light can have.

use super::{Notes, camera::Changes};
use crate::{
    diagnostic::codes::scene as codes,
    format::scene::{
        DirectionalLightRecord, LightCommon, PointLightRecord, SceneComponents, SpotLightRecord,
    },
    source::scene::{LightKind, LightSource},
};
use std::f32::consts::PI;

/// A light whose node is still to come.
#[derive(Clone, Copy)]
pub(super) enum Light {
    Directional(DirectionalLightRecord),
    Point(PointLightRecord),
    Spot(SpotLightRecord),
}

impl Light {
    pub(super) fn attach(self, node_index: u32, components: &mut SceneComponents) {
        match self {
            Self::Directional(light) => {
                components.directional_lights.push(DirectionalLightRecord {
                    node_index,
                    ..light
                });
            }
            Self::Point(light) => {
                components.point_lights.push(PointLightRecord {
                    node_index,
                    ..light
                });
            }
            Self::Spot(light) => {
                components.spot_lights.push(SpotLightRecord {
                    node_index,
                    ..light
                });
            }
        }
    }
}

/// Makes a light whose values light can have, and says what had to change. Intensities stay in the unit
/// of the source.
pub(super) fn judge(source: &LightSource, index: usize, notes: &mut Notes<'_>) -> Light {
    let mut changes = Changes::default();
    let common = common(source, &mut changes);
    let light = match source.kind {
        LightKind::Directional => Light::Directional(DirectionalLightRecord {
            common,
            ..DirectionalLightRecord::default()
        }),
        LightKind::Point { range } => {
            let default = PointLightRecord::default();
            Light::Point(PointLightRecord {
                common,
                range: reach(range, default.range, &mut changes),
                ..default
            })
        }
        LightKind::Spot {
            range,
            inner_angle,
            outer_angle,
        } => Light::Spot(spot(common, range, inner_angle, outer_angle, &mut changes)),
    };
    changes.report(codes::LIGHT_ADJUSTED, "lights", index, &source.name, notes);
    light
}

fn common(source: &LightSource, changes: &mut Changes) -> LightCommon {
    let default = LightCommon::default();
    let mut not_negative = |what, value: f32, default: f32| {
        let value = changes.unless(value.is_finite(), what, value, default);
        changes.unless(value >= 0.0, what, value, 0.0)
    };
    let [red, green, blue] = source.color;
    LightCommon {
        affects_world: source.affects_world,
        color: [
            not_negative("red", red, 1.0),
            not_negative("green", green, 1.0),
            not_negative("blue", blue, 1.0),
        ],
        intensity: not_negative("intensity", source.intensity, default.intensity),
        casts_shadows: source.casts_shadows,
        ..default
    }
}

fn reach(range: Option<f32>, default: f32, changes: &mut Changes) -> f32 {
    range.map_or(default, |range| {
        let is_distance = range.is_finite() && range > 0.0;
        changes.unless(is_distance, "range", range, default)
    })
}

fn spot(
    common: LightCommon,
    range: Option<f32>,
    inner: f32,
    outer: f32,
    changes: &mut Changes,
) -> SpotLightRecord {
    let default = SpotLightRecord::default();
    let mut angle = |what, angle: f32, default: f32| {
        let angle = changes.unless(angle.is_finite(), what, angle, default);
        let limited = angle.clamp(0.0, PI);
        changes.unless(angle == limited, what, angle, limited)
    };
    let inner = angle("inner_angle", inner, default.inner_cone_angle_radians);
    let outer = angle("outer_angle", outer, default.outer_cone_angle_radians);
    let outer = changes.unless(outer >= inner, "outer_angle", outer, inner);
    SpotLightRecord {
        common,
        range: reach(range, default.range, changes),
        inner_cone_angle_radians: inner,
        outer_cone_angle_radians: outer,
        ..default
    }
}

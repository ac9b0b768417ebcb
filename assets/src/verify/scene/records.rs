//! Records of components, field by field.

use super::Checker;
use crate::{
    diagnostic::codes::verify as codes,
    verify::{
        field::{self, Field, Row},
        float, key, number,
    },
};

/// A component that loaders know.
pub(in crate::verify) struct Known {
    pub(in crate::verify) tag: [u8; 4],
    pub(in crate::verify) bytes: usize,
    pub(in crate::verify) fields: &'static [&'static [Row]],
}

/// In canonical order.
pub(in crate::verify) const KNOWN: &[Known] = &[
    Known {
        tag: *b"MESH",
        bytes: 36,
        fields: &[&[
            (0, "node_index, geometry_key", Field::Any(20)),
            (20, "visible", Field::Flag),
            (24, "reserved", Field::Zeros(12)),
        ]],
    },
    Known {
        tag: *b"PCAM",
        bytes: 32,
        fields: &[&[
            (0, "node_index", Field::Any(4)),
            (
                4,
                "fov_y, aspect_ratio, near_plane, far_plane",
                Field::Floats(4),
            ),
            (20, "reserved", Field::Zeros(12)),
        ]],
    },
    Known {
        tag: *b"OCAM",
        bytes: 40,
        fields: &[&[
            (0, "node_index", Field::Any(4)),
            (
                4,
                "left, right, bottom, top, near_plane, far_plane",
                Field::Floats(6),
            ),
            (28, "reserved", Field::Zeros(12)),
        ]],
    },
    Known {
        tag: *b"DLIT",
        bytes: 96,
        fields: &[
            LIGHT,
            &[
                (52, "angular_size_radians", Field::Floats(1)),
                (56, "environment_contribution", Field::Flag),
                (60, "is_sun_light", Field::Flag),
                (64, "cascade_count", Field::Number(4)),
                (
                    68,
                    "cascade_distances, distribution_exponent",
                    Field::Floats(5),
                ),
                (88, "reserved", Field::Zeros(8)),
            ],
        ],
    },
    Known {
        tag: *b"PLIT",
        bytes: 80,
        fields: &[
            LIGHT,
            FADING,
            &[
                (64, "source_radius", Field::Floats(1)),
                (68, "reserved", Field::Zeros(12)),
            ],
        ],
    },
    Known {
        tag: *b"SLIT",
        bytes: 88,
        fields: &[
            LIGHT,
            FADING,
            &[
                (
                    64,
                    "inner_cone_angle, outer_cone_angle, source_radius",
                    Field::Floats(3),
                ),
                (76, "reserved", Field::Zeros(12)),
            ],
        ],
    },
];

const LIGHT: &[Row] = &[
    (0, "node_index", Field::Any(4)),
    (4, "affects_world", Field::Flag),
    (8, "color_rgb, intensity", Field::Floats(4)),
    (24, "mobility", Field::Byte(2)),
    (25, "casts_shadows", Field::Byte(1)),
    (26, "reserved", Field::Zeros(2)),
    (28, "shadow_bias, shadow_normal_bias", Field::Floats(2)),
    (36, "contact_shadows", Field::Flag),
    (40, "shadow_resolution_hint", Field::Byte(3)),
    (41, "reserved", Field::Zeros(3)),
    (44, "exposure_compensation_ev", Field::Floats(1)),
    (48, "reserved", Field::Zeros(4)),
];

const FADING: &[Row] = &[
    (52, "range", Field::Floats(1)),
    (56, "attenuation_model", Field::Byte(2)),
    (57, "reserved", Field::Zeros(3)),
    (60, "decay_exponent", Field::Floats(1)),
];

impl Checker<'_> {
    pub(super) fn check_record(&mut self, known: &Known, record: &[u8], object: &str) {
        for rows in known.fields {
            field::check(record, rows, |message| self.wrong(object, message));
        }
        match &known.tag {
            b"MESH" => self.check_geometry(record, object),
            b"PCAM" => {
                let [fov, aspect, near, far] = [4, 8, 12, 16].map(|at| float(record, at));
                let is_angle = fov > 0.0 && fov < std::f32::consts::PI;
                if !(is_angle && aspect > 0.0 && near > 0.0 && far > near) {
                    let text = format!(
                        "nothing is seen with an angle of {fov}, an aspect of {aspect} and planes at {near} and {far}"
                    );
                    self.loose(object, text);
                }
            }
            b"OCAM" => {
                let [left, right, bottom, top, near, far] =
                    [4, 8, 12, 16, 20, 24].map(|at| float(record, at));
                if !(right > left && top > bottom && far > near) {
                    self.loose(
                        object,
                        "nothing is seen in a box that is empty or inside out",
                    );
                }
            }
            _ => self.check_light(known, record, object),
        }
    }

    fn check_geometry(&mut self, record: &[u8], object: &str) {
        let geometry = key(record, 4);
        if !self.references.has_geometry(geometry) {
            let object = format!("{}{object}", self.asset.virtual_path);
            let text = format!(
                "node {} shows geometry {geometry}, which does not exist",
                number(record, 0, 4)
            );
            self.findings.add(codes::REFERENCE, object, text);
        }
    }

    fn check_light(&mut self, known: &Known, record: &[u8], object: &str) {
        let is_negative = |at| float(record, at) < 0.0;
        if [8, 12, 16, 20].into_iter().any(is_negative) {
            self.loose(object, "colour or intensity are negative");
        }
        if &known.tag != b"DLIT" && float(record, 52) <= 0.0 {
            self.loose(object, "the range is not more than 0");
        }
        if &known.tag == b"SLIT" {
            let (inner, outer) = (float(record, 64), float(record, 68));
            if inner < 0.0 || outer < inner {
                let text = format!("a cone from {inner} to {outer} radians");
                self.loose(object, text);
            }
        }
    }
}

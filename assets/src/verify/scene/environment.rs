//! The environment block: systems, their sizes, their fields.

use super::Checker;
use crate::verify::{
    field::{self, Field, Row},
    is_zero, key, number,
};
use std::collections::HashSet;

const HEADER: usize = 16;
const RECORD_HEADER: usize = 8;

/// The systems that loaders know, by number: bytes and fields.
pub(in crate::verify) const FIELDS: [(usize, &[Row]); 6] = [
    (
        116,
        &[
            (0, "header", Field::Any(8)),
            (8, "enabled", Field::Flag),
            (
                12,
                "planet_radius_m to multi_scattering_factor",
                Field::Floats(19),
            ),
            (88, "sun_disk_enabled", Field::Flag),
            (
                92,
                "sun_disk_angular_radius, aerial_perspective_distance_scale",
                Field::Floats(2),
            ),
            (100, "reserved", Field::Zeros(16)),
        ],
    ),
    (
        84,
        &[
            (0, "header", Field::Any(8)),
            (8, "enabled", Field::Flag),
            (12, "base_altitude_m to shadow_strength", Field::Floats(14)),
            (68, "reserved", Field::Zeros(16)),
        ],
    ),
    (
        72,
        &[
            (0, "header", Field::Any(8)),
            (8, "enabled", Field::Flag),
            (12, "model", Field::Number(1)),
            (16, "density to scattering_intensity", Field::Floats(10)),
            (56, "reserved", Field::Zeros(16)),
        ],
    ),
    (
        72,
        &[
            (0, "header", Field::Any(8)),
            (8, "enabled", Field::Flag),
            (12, "source", Field::Number(1)),
            (16, "cubemap_asset", Field::Any(16)),
            (32, "intensity to specular_intensity", Field::Floats(6)),
            (56, "reserved", Field::Zeros(16)),
        ],
    ),
    (
        80,
        &[
            (0, "header", Field::Any(8)),
            (8, "enabled", Field::Flag),
            (12, "source", Field::Number(1)),
            (16, "cubemap_asset", Field::Any(16)),
            (32, "solid_color_rgb to tint_rgb", Field::Floats(8)),
            (64, "reserved", Field::Zeros(16)),
        ],
    ),
    (
        76,
        &[
            (0, "header", Field::Any(8)),
            (8, "enabled", Field::Flag),
            (12, "tone_mapper", Field::Number(2)),
            (16, "exposure_mode", Field::Number(1)),
            (
                20,
                "exposure_compensation_ev to vignette_intensity",
                Field::Floats(10),
            ),
            (60, "reserved", Field::Zeros(16)),
        ],
    ),
];

impl Checker<'_> {
    /// Checks the block, which begins where all other parts end and ends with the descriptor.
    pub(super) fn check_environment(&mut self, start: usize) {
        const OBJECT: &str = " environment";
        let block = self.bytes.get(start..).unwrap_or_default();
        if block.len() < HEADER {
            let text = format!(
                "{} bytes are too few for a block header of {HEADER}",
                block.len()
            );
            self.wrong(OBJECT, text);
            return;
        }
        let (size, count) = (number(block, 0, 4), number(block, 4, 4));
        if size != block.len() as u64 {
            let text = format!("the block says {size} bytes, but {} are left", block.len());
            self.wrong(OBJECT, text);
        }
        if !is_zero(block, 8, 8) {
            self.wrong(OBJECT, "reserved bytes are not zero");
        }
        let mut systems = HashSet::new();
        let mut at = HEADER;
        for index in 0..count {
            let object = format!("{OBJECT}[{index}]");
            let rest = block.get(at..).unwrap_or_default();
            let (system, len) = (number(rest, 0, 4), number(rest, 4, 4) as usize);
            if rest.len() < RECORD_HEADER || len < RECORD_HEADER || len > rest.len() {
                let text = format!(
                    "a record of {len} bytes does not fit the {} left",
                    rest.len()
                );
                self.wrong(&object, text);
                return;
            }
            self.check_system(system, &rest[..len], &object);
            if !systems.insert(system) {
                self.loose(&object, format!("there are two records of system {system}"));
            }
            at += len;
        }
        if at != block.len() {
            let text = format!("{} bytes follow the last record", block.len() - at);
            self.wrong(OBJECT, text);
        }
    }

    fn check_system(&mut self, system: u64, record: &[u8], object: &str) {
        let known = usize::try_from(system).ok();
        let Some((bytes, fields)) = known.and_then(|system| FIELDS.get(system)) else {
            self.loose(object, format!("system {system} is not known"));
            return;
        };
        if record.len() != *bytes {
            let text = format!(
                "a record of system {system} has {bytes} bytes, not {}",
                record.len()
            );
            self.wrong(object, text);
            return;
        }
        field::check(record, fields, |message| self.wrong(object, message));
        if matches!(system, 3 | 4) && !is_zero(record, 16, 16) {
            let text = format!("cube map {} is not in the container", key(record, 16));
            self.loose(object, text);
        }
    }
}

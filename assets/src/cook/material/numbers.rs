//! The numbers of a material: limited to what they can mean, and encoded.

use super::Notes;
use crate::{
    diagnostic::codes::material as codes,
    format::{
        material::MaterialValues,
        number::{Half, Unorm16},
    },
    source::scene::{AlphaMode, MaterialSource},
};

/// The values of a material, without its textures and their transform.
pub(super) fn values(material: &MaterialSource, notes: &mut Notes<'_>) -> MaterialValues {
    let default = MaterialSource::default();
    let mut numbers = Numbers { notes };
    let mut roughness = numbers.finite("roughness", material.roughness, default.roughness);
    if material.roughness_as_glossiness {
        roughness = 1.0 - roughness;
    }
    MaterialValues {
        base_color: numbers
            .all_finite("base_color", material.base_color, default.base_color)
            .map(|share| share.clamp(0.0, 1.0)),
        normal_scale: numbers
            .finite("normal_scale", material.normal_scale, default.normal_scale)
            .max(0.0),
        metalness: numbers.share("metalness", material.metalness, default.metalness),
        roughness: Unorm16::of(roughness),
        ambient_occlusion: numbers.share(
            "ambient_occlusion",
            material.ambient_occlusion,
            default.ambient_occlusion,
        ),
        emissive: numbers.emissive(material.emissive, default.emissive),
        alpha_cutoff: numbers.alpha_cutoff(material, default.alpha_cutoff),
        ior: numbers.finite("ior", material.ior, default.ior).max(1.0),
        specular: numbers.share("specular", material.specular, default.specular),
        sheen_color: numbers.color("sheen_color", material.sheen_color, default.sheen_color),
        clearcoat: numbers.share("clearcoat", material.clearcoat, default.clearcoat),
        clearcoat_roughness: numbers.share(
            "clearcoat_roughness",
            material.clearcoat_roughness,
            default.clearcoat_roughness,
        ),
        transmission: numbers.share("transmission", material.transmission, default.transmission),
        thickness: numbers.thickness(material.thickness, default.thickness),
        attenuation_color: numbers.color(
            "attenuation_color",
            material.attenuation_color,
            default.attenuation_color,
        ),
        attenuation_distance: numbers
            .finite(
                "attenuation_distance",
                material.attenuation_distance,
                default.attenuation_distance,
            )
            .max(0.0),
        ..MaterialValues::default()
    }
}

/// Looks at numbers one by one, and says what is wrong with them.
pub(super) struct Numbers<'n, 'a> {
    pub(super) notes: &'n mut Notes<'a>,
}

impl Numbers<'_, '_> {
    fn finite(&mut self, what: &str, value: f32, default: f32) -> f32 {
        let [value] = self.all_finite(what, [value], [default]);
        value
    }

    /// The numbers, or the default if any of them is not finite.
    pub(super) fn all_finite<const N: usize>(
        &mut self,
        what: &str,
        values: [f32; N],
        default: [f32; N],
    ) -> [f32; N] {
        if values.iter().all(|value| value.is_finite()) {
            return values;
        }
        let message = format!("`{what}` is {values:?}, and becomes {default:?}");
        self.notes.note(codes::INVALID_NUMBER, message);
        default
    }

    fn share(&mut self, what: &str, value: f32, default: f32) -> Unorm16 {
        Unorm16::of(self.finite(what, value, default))
    }

    fn color(&mut self, what: &str, value: [f32; 3], default: [f32; 3]) -> [Half; 3] {
        self.all_finite(what, value, default)
            .map(|share| Half::of(share.clamp(0.0, 1.0)))
    }

    /// Light has no upper limit but that of its encoding, and negative light is kept.
    fn emissive(&mut self, value: [f32; 3], default: [f32; 3]) -> [Half; 3] {
        let value = self.all_finite("emissive", value, default);
        let encoded = value.map(Half::of);
        if encoded.iter().all(|half| half.is_finite()) {
            return encoded;
        }
        let message = format!("`emissive` is {value:?}");
        self.notes.note(codes::EMISSIVE_RANGE, message);
        value.map(|light| Half::of(light.clamp(-Half::MAX, Half::MAX)))
    }

    fn alpha_cutoff(&mut self, material: &MaterialSource, default: f32) -> Unorm16 {
        let cutoff = self.finite("alpha_cutoff", material.alpha_cutoff, default);
        if material.alpha_mode == AlphaMode::Masked && !(0.0..=1.0).contains(&cutoff) {
            let message = format!("`alpha_cutoff` is {cutoff}");
            self.notes.note(codes::ALPHA_CUTOFF_RANGE, message);
        }
        Unorm16::of(cutoff)
    }

    /// A length, of which the record can hold a metre.
    fn thickness(&mut self, value: f32, default: f32) -> Unorm16 {
        let thickness = self.finite("thickness", value, default);
        if thickness > 1.0 {
            let message = format!("`thickness` is {thickness} m");
            self.notes.note(codes::THICKNESS_RANGE, message);
        }
        Unorm16::of(thickness)
    }
}

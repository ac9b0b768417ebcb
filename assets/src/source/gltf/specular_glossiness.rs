//! From specular and glossiness to metalness and roughness.
//!
//! The extension describes surfaces that the record cannot hold: a colour of reflection besides that of
//! the surface. Where both are possible, the result looks the same; else it is the closest. The equations
//! follow from the definitions in the archived `KHR_materials_pbrSpecularGlossiness`: a surface of
//! metalness m and base colour b has the diffuse colour b (1 - m) (1 - 0.04) / (1 - s) and the reflection
//! 0.04 (1 - m) + b m, and s is the strongest channel of the reflection.

use gltf::json::material::PbrMetallicRoughness;

/// The reflection of dielectrics.
const DIELECTRIC: f32 = 0.04;
const EPSILON: f32 = 1e-6;

/// A surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct MetallicRoughness {
    pub(super) base_color: [f32; 4],
    pub(super) metalness: f32,
    pub(super) roughness: f32,
}

/// Whether metalness and roughness were written on purpose: not all values are the defaults.
pub(super) fn is_meant(plain: &PbrMetallicRoughness) -> bool {
    plain.base_color_texture.is_some()
        || plain.metallic_roughness_texture.is_some()
        || plain.base_color_factor.0 != [1.0; 4]
        || plain.metallic_factor.0 != 1.0
        || plain.roughness_factor.0 != 1.0
}

/// Converts the factors of a material.
pub(super) fn convert(diffuse: [f32; 4], specular: [f32; 3], glossiness: f32) -> MetallicRoughness {
    let [r, g, b, alpha] = diffuse.map(|x| x.clamp(0.0, 1.0));
    let diffuse = [r, g, b];
    let specular = specular.map(|x| x.clamp(0.0, 1.0));
    let strongest = specular.into_iter().fold(0.0, f32::max);
    let one_minus_specular = 1.0 - strongest;
    let metalness = metalness(
        brightness(diffuse),
        brightness(specular),
        one_minus_specular,
    );
    let base_color: [f32; 3] = std::array::from_fn(|channel| {
        let from_diffuse = diffuse[channel] * one_minus_specular
            / (1.0 - DIELECTRIC)
            / (1.0 - metalness).max(EPSILON);
        let from_specular =
            (specular[channel] - DIELECTRIC * (1.0 - metalness)) / metalness.max(EPSILON);
        // Metals show their reflection, dielectrics their diffuse colour.
        let share = metalness * metalness;
        (from_diffuse * (1.0 - share) + from_specular * share).clamp(0.0, 1.0)
    });
    let [r, g, b] = base_color;
    MetallicRoughness {
        base_color: [r, g, b, alpha],
        metalness,
        roughness: (1.0 - glossiness).clamp(0.0, 1.0),
    }
}

/// How bright a colour looks.
fn brightness([r, g, b]: [f32; 3]) -> f32 {
    (0.299 * r * r + 0.587 * g * g + 0.114 * b * b).sqrt()
}

/// The metalness for which both equations give the same base colour: the larger root of a quadratic one.
fn metalness(diffuse: f32, specular: f32, one_minus_specular: f32) -> f32 {
    if specular <= DIELECTRIC {
        return 0.0;
    }
    let b = diffuse * one_minus_specular / (1.0 - DIELECTRIC) + specular - 2.0 * DIELECTRIC;
    let c = DIELECTRIC - specular;
    let discriminant = (b * b - 4.0 * DIELECTRIC * c).max(0.0);
    ((-b + discriminant.sqrt()) / (2.0 * DIELECTRIC)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_exact() {
        let plastic = convert([0.5, 0.25, 0.125, 0.75], [0.04; 3], 0.75);
        assert_eq!(plastic.metalness, 0.0);
        assert_eq!(plastic.roughness, 0.25);
        let [r, g, b, alpha] = plastic.base_color;
        for (actual, expected) in [(r, 0.5), (g, 0.25), (b, 0.125), (alpha, 0.75)] {
            assert!((actual - expected).abs() < 1e-6, "{plastic:?}");
        }
        let gold = convert([0.0, 0.0, 0.0, 1.0], [1.0, 0.75, 0.3], 1.0);
        assert!((gold.metalness - 1.0).abs() < 1e-3, "{gold:?}");
        assert_eq!(gold.roughness, 0.0);
        for (actual, expected) in gold.base_color.into_iter().zip([1.0, 0.75, 0.3, 1.0]) {
            assert!((actual - expected).abs() < 2e-2, "{gold:?}");
        }
    }

    #[test]
    fn nothing_leaves_the_range() {
        for value in [-1.0, 0.0, 0.03, 0.5, 1.0, 9.0, f32::INFINITY] {
            for other in [-1.0, 0.0, 0.04, 0.9, 1.0] {
                let made = convert([value, other, value, other], [other, value, other], value);
                let [r, g, b, a] = made.base_color;
                let numbers = [r, g, b, a, made.metalness, made.roughness];
                assert!(numbers.iter().all(|x| (0.0..=1.0).contains(x)), "{made:?}");
            }
        }
    }

    #[test]
    fn defaults_are_not_meant() {
        let parse = |json: &str| serde_json::from_str::<PbrMetallicRoughness>(json).unwrap();
        assert!(!is_meant(&parse("{}")));
        assert!(!is_meant(&parse(
            r#"{"metallicFactor":1,"baseColorFactor":[1,1,1,1]}"#
        )));
        assert!(is_meant(&parse(r#"{"metallicFactor":0}"#)));
        assert!(is_meant(&parse(r#"{"baseColorTexture":{"index":0}}"#)));
    }
}

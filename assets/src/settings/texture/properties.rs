//! The table of texture settings: what [`TextureOptions`](super::TextureOptions) is written as.

use super::tokens::{
    ColorSpace, CubeLayout, EncodeQuality, EncoderChoice, HdrHandling, MipFilter, MipPolicy,
    OutputFormat, TextureIntent,
};
use super::{NamedPreset, PACKING_TOKENS};
use crate::settings::property::{Bound, Property};

/// Every texture setting, in the order of help texts and of the JSON Schema. `content_hashing` is not
/// among them: scenes have it too.
pub const TEXTURE_PROPERTIES: &[Property] = &[
    Property::token(
        "preset",
        NamedPreset::TOKENS,
        "Named bundle of settings, applied before the others of its layer; replaces what earlier layers say",
    ),
    Property::token(
        "intent",
        TextureIntent::TOKENS,
        "What the texture is used for; without a preset it brings its own colour space and format",
    ),
    Property::flag(
        "detect_preset",
        "Whether the file name may suggest a preset when neither preset nor intent is given (default true)",
    ),
    Property::token(
        "color_space",
        ColorSpace::TOKENS,
        "Colour space of the source; Radiance and OpenEXR files are linear whatever this says",
    ),
    Property::token(
        "output_format",
        OutputFormat::TOKENS,
        "Stored format; for all textures, unless data_format is given too",
    ),
    Property::token(
        "data_format",
        OutputFormat::TOKENS,
        "Stored format of everything but base and emitted colour",
    ),
    Property::token(
        "mip_policy",
        MipPolicy::TOKENS,
        "Mip levels: one, down to 1x1 (the default), or at most max_mips",
    ),
    Property::integer(
        "max_mips",
        1,
        u32::MAX,
        "The most mip levels; alone it implies mip_policy max",
    ),
    Property::token(
        "mip_filter",
        MipFilter::TOKENS,
        "Filter that makes each mip level from the one above it",
    ),
    Property::token(
        "mip_filter_space",
        ColorSpace::TOKENS,
        "Space that the mip filter averages in; linear is right for light",
    ),
    Property::number(
        "alpha_coverage",
        Bound::Excluded(0.0),
        Bound::Excluded(1.0),
        "For cut-outs: the alpha above which a texel is solid; every level keeps the share of solid texels",
    ),
    Property::flag(
        "alpha_weighting",
        "Whether colours count by their alpha in smaller mip levels, where it varies (default true; in scenes, for base colours that are masked or blended)",
    ),
    Property::token(
        "bc7_quality",
        EncodeQuality::TOKENS,
        "How hard the block encoder tries; none stores the texture uncompressed",
    ),
    Property::token(
        "packing_policy",
        PACKING_TOKENS,
        "Alignment of rows and subresources",
    ),
    Property::token(
        "hdr_handling",
        HdrHandling::TOKENS,
        "What happens to light beyond 1.0 when the output cannot hold it",
    ),
    Property::number(
        "exposure_ev",
        Bound::Included(-32.0),
        Bound::Included(32.0),
        "Exposure in stops, applied before tone mapping",
    ),
    Property::flag(
        "bake_hdr",
        "Whether light beyond 1.0 is tone-mapped whatever the output",
    ),
    Property::flag("flip_y", "Whether rows are mirrored"),
    Property::flag(
        "force_rgba",
        "Whether grey sources are stored as colour (default true)",
    ),
    Property::flag(
        "flip_normal_green",
        "Whether the green channel of normals is inverted",
    ),
    Property::flag(
        "renormalize",
        "Whether normals get unit length in smaller mip levels (default true)",
    ),
    Property::flag(
        "cubemap",
        "Whether a cube is made: of six files by name, a strip or cross, or a panorama",
    ),
    Property::flag(
        "equirect_to_cube",
        "Whether the source is an equirectangular panorama that becomes a cube",
    ),
    Property::token(
        "cube_layout",
        CubeLayout::TOKENS,
        "How the six faces of a cube lie in the one image of the source",
    ),
    Property::integer(
        "cube_face_size",
        1,
        u32::MAX,
        "Edge of the faces made of a panorama, a multiple of 256 (default: a quarter of its width)",
    ),
    Property::token(
        "encoder",
        EncoderChoice::TOKENS,
        "Which library makes the blocks: the better one for each format, or a certain one",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{property::Rule, texture::TextureOptions};
    use std::collections::BTreeSet;

    /// A value that the rule allows.
    fn example(property: &Property) -> serde_json::Value {
        match property.rule {
            Rule::Flag => true.into(),
            Rule::Token(words) => words[0].into(),
            Rule::Integer { least, .. } => least.into(),
            Rule::Number { .. } => 0.5.into(),
            _ => panic!("{} has no example", property.name),
        }
    }

    #[test]
    fn every_option_has_its_line_and_every_line_its_option() {
        let mut all: serde_json::Map<_, _> = TEXTURE_PROPERTIES
            .iter()
            .map(|property| (property.name.to_owned(), example(property)))
            .collect();
        all.insert("content_hashing".to_owned(), true.into());
        let options: TextureOptions = serde_json::from_value(all.clone().into()).unwrap();
        let serde_json::Value::Object(written) = serde_json::to_value(&options).unwrap() else {
            panic!("options are an object");
        };
        let names = |map: &serde_json::Map<String, serde_json::Value>| {
            map.keys().cloned().collect::<BTreeSet<_>>()
        };
        assert_eq!(names(&written), names(&all));
        // A field that is not in the table would be `None` here.
        assert!(!format!("{options:?}").contains("None,"), "{options:?}");
    }

    #[test]
    fn every_word_is_understood() {
        for property in TEXTURE_PROPERTIES {
            let Rule::Token(words) = property.rule else {
                continue;
            };
            for word in words {
                let layer = serde_json::json!({ property.name: word });
                serde_json::from_value::<TextureOptions>(layer)
                    .unwrap_or_else(|error| panic!("{}: {word}: {error}", property.name));
            }
        }
    }
}

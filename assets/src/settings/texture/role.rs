//! Settings of the textures of a scene: the slot that an image is bound to says what it is, and the
//! options of the job how it is cooked.

use super::{SettingsError, TextureIntent, TextureOptions, TexturePreset, TextureSettings};
use crate::source::scene::TextureRole;

/// What the alpha of a base colour is for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum AlphaUse {
    /// Nothing: the material is opaque, and the colour is seen whatever its alpha.
    #[default]
    Unused,
    /// What is below this alpha is not drawn.
    Cutoff(f32),
    /// It says how much of what is behind is seen.
    Blend,
}

impl TextureRole {
    /// The preset of textures that say this.
    pub const fn preset(self) -> TexturePreset {
        match self {
            Self::BaseColor | Self::SheenColor => TexturePreset::Albedo,
            Self::Normal | Self::ClearcoatNormal => TexturePreset::Normal,
            Self::MetallicRoughness | Self::OcclusionRoughnessMetallic => TexturePreset::ORMPacked,
            Self::Roughness => TexturePreset::Roughness,
            Self::Occlusion => TexturePreset::AO,
            Self::Emissive => TexturePreset::Emissive,
            // A share between 0 and 1 for each texel: what holds for one holds for all.
            Self::Metallic
            | Self::Specular
            | Self::Clearcoat
            | Self::Transmission
            | Self::Thickness => TexturePreset::Metallic,
        }
    }
}

impl TextureOptions {
    /// The settings for a texture of a scene.
    ///
    /// `self` is the tuning of all textures of the job. The role decides intent, colour space and
    /// format, so a preset of the tuning gives its filter only, and its intent and colour space are not
    /// used. `chosen` are options for this very texture; what they say is meant, also the intent.
    /// `alpha` says what the alpha of a base colour is for. Where something is not drawn because of it,
    /// every level keeps its coverage; where it is opacity, colours count by it in smaller levels. That
    /// of other textures is never opacity.
    ///
    /// # Errors
    /// [`SettingsError`] when values contradict each other or are out of range.
    pub fn resolve_role(
        &self,
        role: TextureRole,
        chosen: Option<&Self>,
        alpha: AlphaUse,
    ) -> Result<TextureSettings, SettingsError> {
        let mut options = self.clone();
        if let Some(preset) = options.preset.take() {
            options
                .mip_filter
                .get_or_insert(preset.settings().mip_filter);
        }
        options.intent = None;
        options.color_space = None;
        if let Some(chosen) = chosen {
            options = options.under(chosen);
            // Whether hashes are stored is not a matter of single textures.
            options.content_hashing = self.content_hashing;
        }
        if options.as_decoded {
            return options.resolve_as_decoded(role.preset().intent().default_color_space());
        }
        let is_opacity = role == TextureRole::BaseColor && alpha != AlphaUse::Unused;
        options.alpha_weighting.get_or_insert(is_opacity);
        let intent = match (options.intent, options.preset) {
            (Some(intent), _) => intent,
            (None, Some(preset)) => preset.preset().intent(),
            (None, None) => {
                options.preset = Some(role.preset().into());
                role.preset().intent()
            }
        };
        if intent == TextureIntent::Albedo
            && let AlphaUse::Cutoff(cutoff) = alpha
            && cutoff > 0.0
            && cutoff < 1.0
        {
            options.alpha_coverage.get_or_insert(cutoff);
        }
        options.resolve_for(intent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::texture::{ColorSpace, EncodeQuality, MipFilter, MipPolicy, OutputFormat};

    const ROLES: [TextureRole; 14] = [
        TextureRole::BaseColor,
        TextureRole::Normal,
        TextureRole::MetallicRoughness,
        TextureRole::OcclusionRoughnessMetallic,
        TextureRole::Metallic,
        TextureRole::Roughness,
        TextureRole::Occlusion,
        TextureRole::Emissive,
        TextureRole::Specular,
        TextureRole::SheenColor,
        TextureRole::Clearcoat,
        TextureRole::ClearcoatNormal,
        TextureRole::Transmission,
        TextureRole::Thickness,
    ];

    fn options(json: &str) -> TextureOptions {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn colours_are_srgb_and_everything_else_is_linear() {
        for role in ROLES {
            let settings = TextureOptions::default()
                .resolve_role(role, None, AlphaUse::Unused)
                .unwrap();
            let color = matches!(
                role,
                TextureRole::BaseColor | TextureRole::Emissive | TextureRole::SheenColor
            );
            let (space, format) = if color {
                (ColorSpace::SRGB, OutputFormat::Bc7Srgb)
            } else {
                (ColorSpace::Linear, OutputFormat::Bc7)
            };
            assert_eq!(settings.source_color_space, space, "{role:?}");
            assert_eq!(settings.output_format, format, "{role:?}");
            assert_eq!(settings.intent == TextureIntent::NormalTS, {
                matches!(role, TextureRole::Normal | TextureRole::ClearcoatNormal)
            });
            assert_eq!(settings.mip_policy, MipPolicy::FullChain);
            assert_eq!(settings.quality, EncodeQuality::Default);
            assert!(settings.renormalize_normals && settings.alpha_coverage.is_none());
            assert!(!settings.alpha_weighting);
        }
    }

    #[test]
    fn tuning_changes_how_but_not_what() {
        let tuning = options(
            r#"{"preset":"ui","intent":"roughness","color_space":"srgb","max_mips":2,
                "output_format":"rgba8_srgb","data_format":"bc7","bc7_quality":"fast",
                "flip_normal_green":true,"packing_policy":"tight","content_hashing":false}"#,
        );
        let settings = |role| tuning.resolve_role(role, None, AlphaUse::Unused).unwrap();
        let color = settings(TextureRole::BaseColor);
        assert_eq!(color.intent, TextureIntent::Albedo);
        assert_eq!(color.output_format, OutputFormat::Rgba8Srgb);
        assert_eq!(color.mip_filter, MipFilter::Lanczos);
        assert_eq!(color.max_mip_levels, 2);
        assert!(!color.content_hashing);
        let normal = settings(TextureRole::Normal);
        assert_eq!(normal.intent, TextureIntent::NormalTS);
        assert_eq!(normal.source_color_space, ColorSpace::Linear);
        assert_eq!(normal.output_format, OutputFormat::Bc7);
        assert_eq!(normal.quality, EncodeQuality::Fast);
        assert!(normal.flip_normal_green);
    }

    #[test]
    fn options_for_one_texture_are_meant() {
        let tuning = options(r#"{"max_mips":2,"packing_policy":"tight"}"#);
        let chosen = options(r#"{"intent":"data","output_format":"rgba8"}"#);
        let settings = tuning
            .resolve_role(TextureRole::BaseColor, Some(&chosen), AlphaUse::Unused)
            .unwrap();
        assert_eq!(settings.intent, TextureIntent::Data);
        assert_eq!(settings.source_color_space, ColorSpace::Linear);
        assert_eq!(settings.output_format, OutputFormat::Rgba8);
        assert_eq!(settings.max_mip_levels, 2);
        let preset = options(r#"{"preset":"height"}"#);
        let settings = tuning
            .resolve_role(TextureRole::Occlusion, Some(&preset), AlphaUse::Unused)
            .unwrap();
        assert_eq!(settings.output_format, OutputFormat::R16);
        assert_eq!(
            settings.mip_policy,
            MipPolicy::FullChain,
            "a preset starts afresh"
        );
        let wrong = options(r#"{"alpha_coverage":2.0}"#);
        assert!(
            tuning
                .resolve_role(TextureRole::Normal, Some(&wrong), AlphaUse::Unused)
                .is_err()
        );
    }

    #[test]
    fn cut_outs_keep_their_coverage() {
        let coverage = |json, role, cutoff| {
            let alpha = AlphaUse::Cutoff(cutoff);
            let settings = options(json).resolve_role(role, None, alpha).unwrap();
            settings.alpha_coverage
        };
        use TextureRole::{BaseColor, Emissive};
        assert_eq!(coverage("{}", BaseColor, 0.4), Some(0.4));
        assert_eq!(coverage("{}", Emissive, 0.4), None);
        for senseless in [0.0, 1.0, -1.0, f32::NAN] {
            assert_eq!(coverage("{}", BaseColor, senseless), None);
        }
        let given = r#"{"alpha_coverage":0.7}"#;
        assert_eq!(coverage(given, BaseColor, 0.4), Some(0.7));
    }

    #[test]
    fn colours_count_by_their_alpha_where_it_is_opacity() {
        use AlphaUse::{Blend, Cutoff, Unused};
        use TextureRole::{BaseColor, Emissive, SheenColor};
        let weighted = |json, role, alpha| {
            let settings = options(json).resolve_role(role, None, alpha).unwrap();
            settings.alpha_weighting
        };
        for (alpha, expected) in [(Unused, false), (Cutoff(0.5), true), (Blend, true)] {
            assert_eq!(weighted("{}", BaseColor, alpha), expected);
            assert!(!weighted("{}", Emissive, alpha) && !weighted("{}", SheenColor, alpha));
            // Who says it is heard.
            assert!(weighted(r#"{"alpha_weighting":true}"#, Emissive, alpha));
            assert!(!weighted(r#"{"alpha_weighting":false}"#, BaseColor, alpha));
        }
        // Pictures that belong to no material may be used anyhow.
        let alone = TextureOptions::default().resolve("leaf.png").unwrap();
        assert!(alone.alpha_weighting);
    }

    #[test]
    fn what_is_stored_as_decoded_keeps_the_space_of_its_role() {
        let mut tuning = options(r#"{"output_format":"bc7"}"#);
        tuning.as_decoded = true;
        for role in ROLES {
            let settings = tuning.resolve_role(role, None, AlphaUse::Unused).unwrap();
            assert!(settings.as_decoded && settings.quality == EncodeQuality::None);
            let color = role.preset().intent().is_color();
            assert_eq!(settings.source_color_space == ColorSpace::SRGB, color);
        }
    }
}

//! Settings of the textures of a scene: the slot that an image is bound to says what it is, and the
//! options of the job how it is cooked.

use super::{SettingsError, TextureIntent, TextureOptions, TexturePreset, TextureSettings};
use crate::source::scene::TextureRole;

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
    /// `cutoff` is the alpha below which a base colour is not drawn: every level keeps its coverage.
    ///
    /// # Errors
    /// [`SettingsError`] when values contradict each other or are out of range.
    pub fn resolve_role(
        &self,
        role: TextureRole,
        chosen: Option<&Self>,
        cutoff: Option<f32>,
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
        let intent = match (options.intent, options.preset) {
            (Some(intent), _) => intent,
            (None, Some(preset)) => preset.preset().intent(),
            (None, None) => {
                options.preset = Some(role.preset().into());
                role.preset().intent()
            }
        };
        if intent == TextureIntent::Albedo
            && let Some(cutoff) = cutoff.filter(|cutoff| *cutoff > 0.0 && *cutoff < 1.0)
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
                .resolve_role(role, None, None)
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
        }
    }

    #[test]
    fn tuning_changes_how_but_not_what() {
        let tuning = options(
            r#"{"preset":"ui","intent":"roughness","color_space":"srgb","max_mips":2,
                "output_format":"rgba8_srgb","data_format":"bc7","bc7_quality":"fast",
                "flip_normal_green":true,"packing_policy":"tight","content_hashing":false}"#,
        );
        let settings = |role| tuning.resolve_role(role, None, None).unwrap();
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
            .resolve_role(TextureRole::BaseColor, Some(&chosen), None)
            .unwrap();
        assert_eq!(settings.intent, TextureIntent::Data);
        assert_eq!(settings.source_color_space, ColorSpace::Linear);
        assert_eq!(settings.output_format, OutputFormat::Rgba8);
        assert_eq!(settings.max_mip_levels, 2);
        let preset = options(r#"{"preset":"height"}"#);
        let settings = tuning
            .resolve_role(TextureRole::Occlusion, Some(&preset), None)
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
                .resolve_role(TextureRole::Normal, Some(&wrong), None)
                .is_err()
        );
    }

    #[test]
    fn cut_outs_keep_their_coverage() {
        let coverage = |json, role, cutoff| {
            let settings = options(json).resolve_role(role, None, cutoff).unwrap();
            settings.alpha_coverage
        };
        use TextureRole::{BaseColor, Emissive};
        assert_eq!(coverage("{}", BaseColor, Some(0.4)), Some(0.4));
        assert_eq!(coverage("{}", Emissive, Some(0.4)), None);
        for senseless in [0.0, 1.0, -1.0, f32::NAN] {
            assert_eq!(coverage("{}", BaseColor, Some(senseless)), None);
        }
        let given = r#"{"alpha_coverage":0.7}"#;
        assert_eq!(coverage(given, BaseColor, Some(0.4)), Some(0.7));
    }
}

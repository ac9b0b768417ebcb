//! Presets: named bundles of texture settings, and how a file name suggests one.

use super::TextureSettings;
use super::tokens::{
    ColorSpace, CubeSource, EncodeQuality, HdrHandling, MipFilter, MipPolicy, OutputFormat,
    TextureIntent, TexturePreset, UnknownToken,
};

impl TexturePreset {
    /// The intent it sets.
    pub const fn intent(self) -> TextureIntent {
        match self {
            Self::Albedo => TextureIntent::Albedo,
            Self::Normal => TextureIntent::NormalTS,
            Self::Roughness => TextureIntent::Roughness,
            Self::Metallic => TextureIntent::Metallic,
            Self::AO => TextureIntent::AO,
            Self::ORMPacked => TextureIntent::ORMPacked,
            Self::Emissive => TextureIntent::Emissive,
            Self::UI | Self::Data => TextureIntent::Data,
            Self::HdrEnvironment => TextureIntent::HdrEnvironment,
            Self::HdrLightProbe => TextureIntent::HdrLightProbe,
            Self::HeightMap => TextureIntent::HeightMap,
        }
    }

    /// What it is for, in one line.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Albedo => "Base colour in sRGB, block compressed",
            Self::Normal => "Tangent-space normals, renormalised in every level",
            Self::Roughness => "Roughness, linear, block compressed",
            Self::Metallic => "Metalness, linear, block compressed",
            Self::AO => "Ambient occlusion, linear, block compressed",
            Self::ORMPacked => "Occlusion, roughness and metalness in one texture",
            Self::Emissive => "Emitted colour in sRGB, block compressed",
            Self::UI => "Interface graphics in sRGB, filtered sharply",
            Self::HdrEnvironment => "Environment in linear light, half float",
            Self::HdrLightProbe => "Light probe in linear light, half float",
            Self::Data => "Numbers of any kind, 8-bit RGBA as they are",
            Self::HeightMap => "Heights with 16 bits",
        }
    }

    /// Whether it is for light beyond the displayable range.
    pub const fn is_hdr(self) -> bool {
        self.intent().is_hdr()
    }

    /// Whether its output is block compressed.
    pub const fn uses_bc7(self) -> bool {
        self.output_format().is_block_compressed()
    }

    /// The output format it sets, for colour and data alike.
    pub const fn output_format(self) -> OutputFormat {
        match self {
            Self::UI => OutputFormat::Bc7Srgb,
            other => other.intent().default_format(),
        }
    }

    /// The settings that it stands for.
    ///
    /// Every field that says how texels are processed is set; packing and hashing, which say how the
    /// result is stored, stay at their defaults. Filtering happens in linear light whatever the
    /// content, as the filter space of a bare texture does.
    pub fn settings(self) -> TextureSettings {
        TextureSettings {
            intent: self.intent(),
            source_color_space: match self {
                Self::UI => ColorSpace::SRGB,
                other => other.intent().default_color_space(),
            },
            mip_policy: MipPolicy::FullChain,
            mip_filter: match self {
                Self::UI => MipFilter::Lanczos,
                _ => MipFilter::Box,
            },
            output_format: self.output_format(),
            quality: if self.uses_bc7() {
                EncodeQuality::Default
            } else {
                EncodeQuality::None
            },
            hdr_handling: if self.is_hdr() {
                HdrHandling::KeepFloat
            } else {
                HdrHandling::TonemapAuto
            },
            cube: if self == Self::HdrEnvironment {
                CubeSource::Any
            } else {
                CubeSource::Never
            },
            ..TextureSettings::default()
        }
    }

    /// The preset that a file name suggests, if it suggests one.
    ///
    /// The extensions `.hdr` and `.exr` suggest an environment. Otherwise the end of the stem decides,
    /// whatever its case.
    pub fn detect(file_name: &str) -> Option<Self> {
        let name = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
        let (stem, extension) = match name.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => (stem, extension),
            _ => (name, ""),
        };
        if is_hdr_extension(extension) {
            return Some(Self::HdrEnvironment);
        }
        const SUFFIXES: &[(TexturePreset, &[&str])] = &[
            (
                TexturePreset::Albedo,
                &["_albedo", "_basecolor", "_diffuse", "_color"],
            ),
            (TexturePreset::Normal, &["_normal", "_nrm"]),
            (TexturePreset::Roughness, &["_roughness", "_rough"]),
            (TexturePreset::Metallic, &["_metallic", "_metal"]),
            (TexturePreset::AO, &["_ao", "_occlusion"]),
            (TexturePreset::ORMPacked, &["_orm"]),
            (TexturePreset::Emissive, &["_emissive", "_emission"]),
            (
                TexturePreset::HeightMap,
                &["_height", "_displacement", "_disp", "_bump"],
            ),
            (TexturePreset::HdrEnvironment, &["_env", "_hdri"]),
        ];
        let stem = stem.to_ascii_lowercase();
        SUFFIXES
            .iter()
            .find(|(_, suffixes)| suffixes.iter().any(|suffix| stem.ends_with(suffix)))
            .map(|(preset, _)| *preset)
    }
}

/// Whether a file extension, without its dot, promises linear floating-point light.
pub(super) fn is_hdr_extension(extension: &str) -> bool {
    extension.eq_ignore_ascii_case("hdr") || extension.eq_ignore_ascii_case("exr")
}

/// A preset as settings name it: some tokens stand for a preset and a change to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NamedPreset {
    token: &'static str,
    preset: TexturePreset,
    linear: bool,
    format: Option<OutputFormat>,
}

impl NamedPreset {
    const fn plain(token: &'static str, preset: TexturePreset) -> Self {
        Self {
            token,
            preset,
            linear: false,
            format: None,
        }
    }

    const ALL: &'static [Self] = &[
        Self::plain("albedo", TexturePreset::Albedo),
        Self::plain("albedo-srgb", TexturePreset::Albedo),
        Self {
            token: "albedo-linear",
            preset: TexturePreset::Albedo,
            linear: true,
            format: Some(OutputFormat::Bc7),
        },
        Self::plain("normal", TexturePreset::Normal),
        Self::plain("normal-bc7", TexturePreset::Normal),
        Self::plain("roughness", TexturePreset::Roughness),
        Self::plain("metallic", TexturePreset::Metallic),
        Self::plain("ao", TexturePreset::AO),
        Self::plain("orm", TexturePreset::ORMPacked),
        Self::plain("orm-bc7", TexturePreset::ORMPacked),
        Self::plain("emissive", TexturePreset::Emissive),
        Self::plain("ui", TexturePreset::UI),
        Self::plain("hdr-env", TexturePreset::HdrEnvironment),
        Self {
            token: "hdr-env-16f",
            preset: TexturePreset::HdrEnvironment,
            linear: false,
            format: Some(OutputFormat::Rgba16F),
        },
        Self {
            token: "hdr-env-32f",
            preset: TexturePreset::HdrEnvironment,
            linear: false,
            format: Some(OutputFormat::Rgba32F),
        },
        Self::plain("hdr-probe", TexturePreset::HdrLightProbe),
        Self::plain("data", TexturePreset::Data),
        Self::plain("height", TexturePreset::HeightMap),
    ];

    /// Every token that is understood.
    pub const TOKENS: &'static [&'static str] = &{
        let mut tokens = [""; Self::ALL.len()];
        let mut i = 0;
        while i < tokens.len() {
            tokens[i] = Self::ALL[i].token;
            i += 1;
        }
        tokens
    };

    /// The token.
    pub const fn token(self) -> &'static str {
        self.token
    }

    /// The preset behind it.
    pub const fn preset(self) -> TexturePreset {
        self.preset
    }

    /// The settings that it stands for.
    pub fn settings(self) -> TextureSettings {
        let mut settings = self.preset.settings();
        if self.linear {
            settings.source_color_space = ColorSpace::Linear;
        }
        if let Some(format) = self.format {
            settings.output_format = format;
        }
        settings
    }
}

impl std::str::FromStr for NamedPreset {
    type Err = UnknownToken;

    fn from_str(token: &str) -> Result<Self, UnknownToken> {
        Self::ALL
            .iter()
            .find(|named| named.token == token)
            .copied()
            .ok_or_else(|| UnknownToken {
                field: "preset",
                value: token.to_owned(),
                allowed: Self::TOKENS,
            })
    }
}

impl From<TexturePreset> for NamedPreset {
    fn from(preset: TexturePreset) -> Self {
        Self::plain(preset.token(), preset)
    }
}

impl serde::Serialize for NamedPreset {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.token)
    }
}

impl<'de> serde::Deserialize<'de> for NamedPreset {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let token = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        token.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_presets() {
        use ColorSpace::{Linear, SRGB};
        use OutputFormat as F;
        use TextureIntent as I;
        let rows = [
            (
                TexturePreset::Albedo,
                I::Albedo,
                SRGB,
                MipFilter::Box,
                F::Bc7Srgb,
            ),
            (
                TexturePreset::Normal,
                I::NormalTS,
                Linear,
                MipFilter::Box,
                F::Bc7,
            ),
            (
                TexturePreset::Roughness,
                I::Roughness,
                Linear,
                MipFilter::Box,
                F::Bc7,
            ),
            (
                TexturePreset::Metallic,
                I::Metallic,
                Linear,
                MipFilter::Box,
                F::Bc7,
            ),
            (TexturePreset::AO, I::AO, Linear, MipFilter::Box, F::Bc7),
            (
                TexturePreset::ORMPacked,
                I::ORMPacked,
                Linear,
                MipFilter::Box,
                F::Bc7,
            ),
            (
                TexturePreset::Emissive,
                I::Emissive,
                SRGB,
                MipFilter::Box,
                F::Bc7Srgb,
            ),
            (
                TexturePreset::UI,
                I::Data,
                SRGB,
                MipFilter::Lanczos,
                F::Bc7Srgb,
            ),
            (
                TexturePreset::HdrEnvironment,
                I::HdrEnvironment,
                Linear,
                MipFilter::Box,
                F::Rgba16F,
            ),
            (
                TexturePreset::HdrLightProbe,
                I::HdrLightProbe,
                Linear,
                MipFilter::Box,
                F::Rgba16F,
            ),
            (
                TexturePreset::Data,
                I::Data,
                Linear,
                MipFilter::Box,
                F::Rgba8,
            ),
            (
                TexturePreset::HeightMap,
                I::HeightMap,
                Linear,
                MipFilter::Box,
                F::R16,
            ),
        ];
        assert_eq!(rows.len(), TexturePreset::ALL.len());
        for (i, (preset, intent, space, filter, format)) in rows.into_iter().enumerate() {
            assert_eq!(TexturePreset::ALL[i], preset);
            assert_eq!(preset as usize, i);
            let settings = preset.settings();
            assert_eq!(settings.intent, intent);
            assert_eq!(settings.source_color_space, space);
            assert_eq!(settings.mip_filter, filter);
            assert_eq!(settings.mip_filter_space, Linear);
            assert_eq!(settings.output_format, format);
            assert_eq!(settings.mip_policy, MipPolicy::FullChain);
            assert_eq!(preset.uses_bc7(), i <= 7);
            assert_eq!(preset.is_hdr(), i == 8 || i == 9);
            assert_eq!(
                settings.quality == EncodeQuality::Default,
                preset.uses_bc7()
            );
            assert!(!settings.flip_y && settings.force_rgba && !settings.flip_normal_green);
            assert!(!settings.bake_hdr && settings.exposure_ev == 0.0);
            let makes_cubes = settings.cube != CubeSource::Never;
            assert_eq!(makes_cubes, preset == TexturePreset::HdrEnvironment);
            settings.validate().unwrap();
        }
    }

    #[test]
    fn named_presets_apply_their_overrides() {
        let linear: NamedPreset = "albedo-linear".parse().unwrap();
        assert_eq!(linear.settings().source_color_space, ColorSpace::Linear);
        assert_eq!(linear.settings().output_format, OutputFormat::Bc7);
        let wide: NamedPreset = "hdr-env-32f".parse().unwrap();
        assert_eq!(wide.settings().output_format, OutputFormat::Rgba32F);
        let error = "albdeo".parse::<NamedPreset>().unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("invalid preset: albdeo (expected albedo, ")
        );
    }

    #[test]
    fn names_suggest_presets() {
        use TexturePreset as P;
        let cases = [
            ("wood_albedo.png", Some(P::Albedo)),
            ("wood_BaseColor.png", Some(P::Albedo)),
            ("a/b/wood_diffuse.tga", Some(P::Albedo)),
            ("wood_color.jpg", Some(P::Albedo)),
            ("wood_NORMAL.png", Some(P::Normal)),
            ("wood_nrm.png", Some(P::Normal)),
            ("wood_roughness.png", Some(P::Roughness)),
            ("wood_rough.png", Some(P::Roughness)),
            ("wood_metallic.png", Some(P::Metallic)),
            ("wood_metal.png", Some(P::Metallic)),
            ("wood_ao.png", Some(P::AO)),
            ("wood_occlusion.png", Some(P::AO)),
            ("wood_orm.png", Some(P::ORMPacked)),
            ("wood_emissive.png", Some(P::Emissive)),
            ("wood_emission.png", Some(P::Emissive)),
            ("wood_height.png", Some(P::HeightMap)),
            ("wood_displacement.png", Some(P::HeightMap)),
            ("wood_disp.png", Some(P::HeightMap)),
            ("wood_bump.png", Some(P::HeightMap)),
            ("sky_env.png", Some(P::HdrEnvironment)),
            ("sky_hdri.png", Some(P::HdrEnvironment)),
            ("sky.HDR", Some(P::HdrEnvironment)),
            ("wood_normal.exr", Some(P::HdrEnvironment)),
            ("C:\\art\\wood_normal.png", Some(P::Normal)),
            ("wood.png", None),
            ("normal.png", None),
            ("wood_normal_old.png", None),
            ("", None),
            (".hdr", None),
        ];
        for (name, expected) in cases {
            assert_eq!(P::detect(name), expected, "{name}");
        }
    }
}

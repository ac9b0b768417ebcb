//! Texture settings as a user gives them: most are left out, and layers lie on top of each other.

use super::presets::{NamedPreset, is_hdr_extension};
use super::tokens::{
    ColorSpace, CubeLayout, CubeSource, EncodeQuality, EncoderChoice, HdrHandling, MipFilter,
    MipPolicy, OutputFormat, TextureIntent,
};
use super::{SettingsError, TexturePreset, TextureSettings};
use crate::format::payload_layout::PackingPolicy;
use serde::{Deserialize, Serialize};

/// One layer of texture settings. `None` means "not given".
///
/// Field names are those of manifests. A layer is turned into [`TextureSettings`] by
/// [`TextureOptions::resolve`]; several layers are first put together by [`TextureOptions::under`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct TextureOptions {
    /// A named bundle of settings, applied before everything else of this layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<NamedPreset>,
    /// What the texture is used for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intent: Option<TextureIntent>,
    /// Whether the file name may suggest a preset when neither preset nor intent is given (default
    /// true).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detect_preset: Option<bool>,
    /// The colour space of the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color_space: Option<ColorSpace>,
    /// The output format, for every intent unless [`Self::data_format`] is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_format: Option<OutputFormat>,
    /// The output format of everything but base and emitted colour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_format: Option<OutputFormat>,
    /// How many levels. When only [`Self::max_mips`] is given, it is [`MipPolicy::MaxCount`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mip_policy: Option<MipPolicy>,
    /// The most levels under [`MipPolicy::MaxCount`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_mips: Option<u32>,
    /// The reduction filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mip_filter: Option<MipFilter>,
    /// The space that the filter averages in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mip_filter_space: Option<ColorSpace>,
    /// The cut-off whose coverage every level keeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alpha_coverage: Option<f32>,
    /// Whether colours count by their alpha in smaller levels, where it varies (default true; in a scene,
    /// only for base colours that are masked or blended by it).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alpha_weighting: Option<bool>,
    /// How hard the block encoder tries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bc7_quality: Option<EncodeQuality>,
    /// How subresources are placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packing_policy: Option<PackingPolicy>,
    /// What happens to light beyond the displayable range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hdr_handling: Option<HdrHandling>,
    /// Exposure in stops, applied before tone mapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure_ev: Option<f32>,
    /// Whether light beyond the displayable range is tone-mapped whatever the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bake_hdr: Option<bool>,
    /// Whether rows are mirrored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flip_y: Option<bool>,
    /// Whether grey sources become RGBA.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force_rgba: Option<bool>,
    /// Whether the green channel of normals is inverted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flip_normal_green: Option<bool>,
    /// Whether normals get unit length in smaller levels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renormalize: Option<bool>,
    /// Whether a content hash is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_hashing: Option<bool>,
    /// Whether a cube is made, of whatever the source is: six files with the names of faces, a strip
    /// or cross, or a panorama. `false` takes back what an earlier layer or the preset says of cubes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cubemap: Option<bool>,
    /// Whether the source is an equirectangular panorama that becomes a cube.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equirect_to_cube: Option<bool>,
    /// How six faces lie in the one image of the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cube_layout: Option<CubeLayout>,
    /// The edge of the faces that are made of a panorama: a multiple of 256 (default: a quarter of the
    /// panorama's width, rounded to a power of two).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cube_face_size: Option<u32>,
    /// Which library makes the blocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoder: Option<EncoderChoice>,
    /// Whether the texels are stored as they were decoded: in the format of the decoded image, with all
    /// levels by the box filter, packed as `d3d12`. Of the other options, only how the image is decoded
    /// ([`Self::flip_y`], [`Self::force_rgba`]), [`Self::color_space`], cubes and hashing count then.
    ///
    /// This is what the reference calls tuning that is not enabled. Programs can ask for it; manifests
    /// and the command line cannot.
    #[serde(skip)]
    pub as_decoded: bool,
}

impl TextureOptions {
    /// Puts `later` on top of this layer.
    ///
    /// A value of the later layer wins. A preset of the later layer replaces everything that this layer
    /// says about how texels are processed, and leaves what it says about packing, hashing and
    /// detection.
    #[must_use]
    pub fn under(&self, later: &Self) -> Self {
        let base = if later.preset.is_some() {
            Self {
                detect_preset: self.detect_preset,
                packing_policy: self.packing_policy,
                content_hashing: self.content_hashing,
                ..Self::default()
            }
        } else if later.cubemap == Some(false) {
            Self {
                equirect_to_cube: None,
                cube_layout: None,
                ..self.clone()
            }
        } else {
            self.clone()
        };
        Self {
            preset: later.preset.or(base.preset),
            intent: later.intent.or(base.intent),
            detect_preset: later.detect_preset.or(base.detect_preset),
            color_space: later.color_space.or(base.color_space),
            output_format: later.output_format.or(base.output_format),
            data_format: later.data_format.or(base.data_format),
            mip_policy: later.mip_policy.or(base.mip_policy),
            max_mips: later.max_mips.or(base.max_mips),
            mip_filter: later.mip_filter.or(base.mip_filter),
            mip_filter_space: later.mip_filter_space.or(base.mip_filter_space),
            alpha_coverage: later.alpha_coverage.or(base.alpha_coverage),
            alpha_weighting: later.alpha_weighting.or(base.alpha_weighting),
            bc7_quality: later.bc7_quality.or(base.bc7_quality),
            packing_policy: later.packing_policy.or(base.packing_policy),
            hdr_handling: later.hdr_handling.or(base.hdr_handling),
            exposure_ev: later.exposure_ev.or(base.exposure_ev),
            bake_hdr: later.bake_hdr.or(base.bake_hdr),
            flip_y: later.flip_y.or(base.flip_y),
            force_rgba: later.force_rgba.or(base.force_rgba),
            flip_normal_green: later.flip_normal_green.or(base.flip_normal_green),
            renormalize: later.renormalize.or(base.renormalize),
            content_hashing: later.content_hashing.or(base.content_hashing),
            cubemap: later.cubemap.or(base.cubemap),
            equirect_to_cube: later.equirect_to_cube.or(base.equirect_to_cube),
            cube_layout: later.cube_layout.or(base.cube_layout),
            cube_face_size: later.cube_face_size.or(base.cube_face_size),
            encoder: later.encoder.or(base.encoder),
            as_decoded: later.as_decoded || self.as_decoded,
        }
    }

    /// The settings for one file.
    ///
    /// The start is the preset, or the one that the file name suggests when neither preset nor intent
    /// is given, or the defaults. An intent without a preset brings its own colour space and format.
    /// Then the explicit values apply.
    ///
    /// # Errors
    /// [`SettingsError`] when values contradict each other or are out of range.
    pub fn resolve(&self, file_name: &str) -> Result<TextureSettings, SettingsError> {
        if self.as_decoded {
            return self.resolve_as_decoded(ColorSpace::Linear);
        }
        let detected = if self.intent.is_none() && self.detect_preset != Some(false) {
            TexturePreset::detect(file_name).map(|preset| (preset.into(), file_name))
        } else {
            None
        };
        let choice = if detected.is_some() {
            Choice::Inferred
        } else {
            Choice::Explicit
        };
        self.resolve_from(detected, choice)
    }

    /// The settings for a texture whose user knows what it is for, such as a material slot.
    ///
    /// The intent is used like one that was given explicitly; names are not looked at. Materials have
    /// no cubes, whatever the options say.
    ///
    /// # Errors
    /// [`SettingsError`] when values contradict each other or are out of range.
    pub fn resolve_for(&self, intent: TextureIntent) -> Result<TextureSettings, SettingsError> {
        let options = Self {
            intent: Some(intent),
            ..self.clone()
        };
        let mut settings = options.resolve_from(None, Choice::Inferred)?;
        settings.cube = CubeSource::Never;
        Ok(settings)
    }

    /// The settings for texels that are stored as they were decoded. Their numbers are in `space`
    /// unless the options say otherwise, and stay in it.
    pub(super) fn resolve_as_decoded(
        &self,
        space: ColorSpace,
    ) -> Result<TextureSettings, SettingsError> {
        let mut settings = TexturePreset::Data.settings();
        settings.as_decoded = true;
        settings.source_color_space = self.color_space.unwrap_or(space);
        assign(&mut settings.flip_y, self.flip_y);
        assign(&mut settings.force_rgba, self.force_rgba);
        assign(&mut settings.content_hashing, self.content_hashing);
        self.apply_cube(&mut settings)?;
        settings.validate()?;
        Ok(settings)
    }

    fn resolve_from(
        &self,
        detected: Option<(NamedPreset, &str)>,
        choice: Choice,
    ) -> Result<TextureSettings, SettingsError> {
        let mut settings = match (self.preset, detected) {
            (Some(preset), _) => preset.settings(),
            (None, Some((preset, file_name))) => {
                let mut settings = preset.settings();
                // A panorama in an 8-bit file is a picture of light, not light.
                let extension = file_name.rsplit('.').next().unwrap_or_default();
                if settings.intent.is_hdr() && !is_hdr_extension(extension) {
                    settings.source_color_space = ColorSpace::SRGB;
                }
                if settings.cube == CubeSource::Any {
                    settings.cube = CubeSource::Suggested;
                }
                settings
            }
            (None, None) => {
                let mut settings = TextureSettings::default();
                if let Some(intent) = self.intent {
                    settings.source_color_space = intent.default_color_space();
                    settings.output_format = intent.default_format();
                }
                settings
            }
        };
        if let Some(intent) = self.intent {
            settings.intent = intent;
        }
        self.apply_formats(&mut settings, choice)?;

        let given = self;
        assign(&mut settings.source_color_space, given.color_space);
        assign(&mut settings.mip_policy, given.mip_policy);
        if let Some(max_mips) = given.max_mips {
            settings.max_mip_levels = max_mips;
            if given.mip_policy.is_none() {
                settings.mip_policy = MipPolicy::MaxCount;
            }
        }
        assign(&mut settings.mip_filter, given.mip_filter);
        assign(&mut settings.mip_filter_space, given.mip_filter_space);
        settings.alpha_coverage = given.alpha_coverage.or(settings.alpha_coverage);
        assign(&mut settings.alpha_weighting, given.alpha_weighting);
        assign(&mut settings.packing, given.packing_policy);
        assign(&mut settings.hdr_handling, given.hdr_handling);
        assign(&mut settings.exposure_ev, given.exposure_ev);
        assign(&mut settings.bake_hdr, given.bake_hdr);
        assign(&mut settings.flip_y, given.flip_y);
        assign(&mut settings.flip_normal_green, given.flip_normal_green);
        assign(&mut settings.renormalize_normals, given.renormalize);
        assign(&mut settings.content_hashing, given.content_hashing);
        assign(&mut settings.encoder, given.encoder);
        self.apply_cube(&mut settings)?;
        settings.validate()?;
        Ok(settings)
    }

    /// Chooses whether and of what a cube is made. A panorama wins over a layout, and both over the
    /// general wish for a cube.
    fn apply_cube(&self, settings: &mut TextureSettings) -> Result<(), SettingsError> {
        match self.cubemap {
            Some(true) => settings.cube = CubeSource::Any,
            Some(false) => settings.cube = CubeSource::Never,
            None => {}
        }
        if let Some(layout) = self.cube_layout {
            settings.cube = layout.into();
        }
        if self.equirect_to_cube == Some(true) {
            settings.cube = CubeSource::Panorama;
        }
        if let Some(value) = self.cube_face_size {
            if value == 0 || !value.is_multiple_of(256) {
                return Err(SettingsError::CubeFaceSize { value });
            }
            settings.cube_face_size = value;
        }
        Ok(())
    }

    /// Chooses the output format and the quality, which depend on each other.
    fn apply_formats(
        &self,
        settings: &mut TextureSettings,
        choice: Choice,
    ) -> Result<(), SettingsError> {
        let data_format = self.data_format.or(self.output_format);
        let explicit = if settings.intent.is_color() {
            self.output_format
        } else {
            data_format
        };
        assign(&mut settings.output_format, explicit);
        // Whoever names a format wants it also for grey sources.
        settings.force_rgba = self.force_rgba.unwrap_or(true) || explicit.is_some();
        // Nor does anybody who names a format, or wants no blocks, want that of the source.
        settings.keep_encoded = explicit.is_none() && self.bc7_quality != Some(EncodeQuality::None);

        let uncompressed = |format: OutputFormat| !format.is_block_compressed();
        match self.bc7_quality {
            None => {}
            Some(EncodeQuality::None) => {
                if explicit.is_none() {
                    settings.output_format = settings.output_format.uncompressed();
                }
                settings.quality = EncodeQuality::None;
            }
            Some(quality) => {
                // One layer may serve colour and data, and many files; it is wrong only if it names
                // formats, and none of them can use it.
                let named = choice == Choice::Explicit
                    || self.output_format.is_some()
                    || self.data_format.is_some();
                let color_format = self.output_format.unwrap_or(settings.output_format);
                let other_format = data_format.unwrap_or(settings.output_format);
                if named && uncompressed(color_format) && uncompressed(other_format) {
                    return Err(SettingsError::QualityWithoutBlocks { quality });
                }
                settings.quality = quality;
            }
        }
        if uncompressed(settings.output_format) {
            settings.quality = EncodeQuality::None;
        } else if settings.quality == EncodeQuality::None && self.bc7_quality.is_none() {
            settings.quality = EncodeQuality::Default;
        }
        Ok(())
    }
}

/// Whether the user chose the kind of texture, or something that the user did not see.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    Explicit,
    Inferred,
}

fn assign<T>(field: &mut T, given: Option<T>) {
    if let Some(value) = given {
        *field = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_json(json: &str) -> TextureOptions {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn nothing_given_and_nothing_suggested_is_an_srgb_albedo_with_all_mips() {
        let settings = TextureOptions::default().resolve("wood.png").unwrap();
        assert_eq!(settings, TextureSettings::default());
        assert_eq!(settings.intent, TextureIntent::Albedo);
        assert_eq!(settings.source_color_space, ColorSpace::SRGB);
        assert_eq!(settings.output_format, OutputFormat::Bc7Srgb);
        assert_eq!(settings.mip_policy, MipPolicy::FullChain);
        assert_eq!(settings.mip_filter, MipFilter::Kaiser);
        assert_eq!(settings.quality, EncodeQuality::Default);
    }

    #[test]
    fn names_are_consulted_only_when_neither_preset_nor_intent_is_given() {
        let detect = |json: &str| from_json(json).resolve("wood_normal.png").unwrap().intent;
        assert_eq!(detect("{}"), TextureIntent::NormalTS);
        assert_eq!(detect(r#"{"detect_preset": false}"#), TextureIntent::Albedo);
        assert_eq!(
            detect(r#"{"intent": "roughness"}"#),
            TextureIntent::Roughness
        );
        assert_eq!(detect(r#"{"preset": "ui"}"#), TextureIntent::Data);
        let height = TextureOptions::default()
            .resolve("hill_height.png")
            .unwrap();
        assert_eq!(height.output_format, OutputFormat::R16);
    }

    #[test]
    fn a_panorama_is_linear_in_float_files_and_srgb_in_pictures() {
        let space = |name: &str| {
            let settings = TextureOptions::default().resolve(name).unwrap();
            assert_eq!(settings.output_format, OutputFormat::Rgba16F);
            settings.source_color_space
        };
        assert_eq!(space("sky.hdr"), ColorSpace::Linear);
        assert_eq!(space("sky.exr"), ColorSpace::Linear);
        assert_eq!(space("sky_env.png"), ColorSpace::SRGB);
    }

    #[test]
    fn an_intent_brings_its_space_and_format_unless_they_are_given() {
        let roughness = from_json(r#"{"intent": "roughness"}"#)
            .resolve("a.png")
            .unwrap();
        assert_eq!(roughness.source_color_space, ColorSpace::Linear);
        assert_eq!(roughness.output_format, OutputFormat::Bc7);
        let given = from_json(
            r#"{"intent": "roughness", "color_space": "srgb", "output_format": "rgba8"}"#,
        )
        .resolve("a.png")
        .unwrap();
        assert_eq!(given.source_color_space, ColorSpace::SRGB);
        assert_eq!(given.output_format, OutputFormat::Rgba8);
        assert_eq!(given.quality, EncodeQuality::None);
        // With a preset, the intent changes nothing but itself.
        let both = from_json(r#"{"preset": "albedo", "intent": "roughness"}"#)
            .resolve("a.png")
            .unwrap();
        assert_eq!(both.intent, TextureIntent::Roughness);
        assert_eq!(both.output_format, OutputFormat::Bc7Srgb);
    }

    #[test]
    fn colour_and_data_formats_are_told_apart() {
        let options = from_json(r#"{"output_format": "bc7_srgb", "data_format": "rgba8"}"#);
        let format = |intent| options.resolve_for(intent).unwrap().output_format;
        assert_eq!(format(TextureIntent::Albedo), OutputFormat::Bc7Srgb);
        assert_eq!(format(TextureIntent::Emissive), OutputFormat::Bc7Srgb);
        assert_eq!(format(TextureIntent::NormalTS), OutputFormat::Rgba8);
        assert_eq!(format(TextureIntent::HdrEnvironment), OutputFormat::Rgba8);
        let one = from_json(r#"{"output_format": "rgba8"}"#);
        assert_eq!(
            one.resolve_for(TextureIntent::NormalTS)
                .unwrap()
                .output_format,
            OutputFormat::Rgba8
        );
    }

    #[test]
    fn quality_needs_blocks() {
        let error = from_json(r#"{"output_format": "rgba8", "bc7_quality": "fast"}"#)
            .resolve("a.png")
            .unwrap_err();
        assert_eq!(
            error,
            SettingsError::QualityWithoutBlocks {
                quality: EncodeQuality::Fast
            }
        );
        // The data format can use it.
        let mixed =
            from_json(r#"{"output_format": "rgba8", "data_format": "bc7", "bc7_quality": "fast"}"#);
        assert_eq!(mixed.resolve("a.png").unwrap().quality, EncodeQuality::None);
        assert_eq!(
            mixed.resolve_for(TextureIntent::AO).unwrap().quality,
            EncodeQuality::Fast
        );
        // A file that happens to be a height map does not contradict a quality for all textures.
        let inferred = from_json(r#"{"bc7_quality": "fast"}"#);
        assert_eq!(
            inferred.resolve("hill_height.png").unwrap().quality,
            EncodeQuality::None
        );
        assert_eq!(
            inferred.resolve("hill.png").unwrap().quality,
            EncodeQuality::Fast
        );
        assert!(
            from_json(r#"{"bc7_quality": "fast", "preset": "data"}"#)
                .resolve("a.png")
                .is_err()
        );
        // "No block compression" without a format means the same texels uncompressed.
        let none = from_json(r#"{"bc7_quality": "none"}"#)
            .resolve("a.png")
            .unwrap();
        assert_eq!(none.output_format, OutputFormat::Rgba8Srgb);
        let contradiction = from_json(r#"{"bc7_quality": "none", "output_format": "bc7"}"#);
        assert_eq!(
            contradiction.resolve("a.png").unwrap_err(),
            SettingsError::BlocksWithoutQuality {
                format: OutputFormat::Bc7
            }
        );
    }

    #[test]
    fn a_mip_count_alone_is_a_limit() {
        let settings = from_json(r#"{"max_mips": 3}"#).resolve("a.png").unwrap();
        assert_eq!(
            (settings.mip_policy, settings.max_mip_levels),
            (MipPolicy::MaxCount, 3)
        );
        let full = from_json(r#"{"max_mips": 3, "mip_policy": "full"}"#)
            .resolve("a.png")
            .unwrap();
        assert_eq!(full.mip_policy, MipPolicy::FullChain);
        let zero = from_json(r#"{"max_mips": 0}"#)
            .resolve("a.png")
            .unwrap_err();
        assert_eq!(zero, SettingsError::NoMipLevels);
    }

    #[test]
    fn later_layers_win_and_a_later_preset_starts_afresh() {
        let defaults = from_json(
            r#"{"mip_policy": "none", "flip_y": true, "packing_policy": "tight", "content_hashing": false}"#,
        );
        let plain = defaults
            .under(&from_json(r#"{"flip_y": false}"#))
            .resolve("a.png")
            .unwrap();
        assert_eq!(plain.mip_policy, MipPolicy::None);
        assert!(!plain.flip_y);
        let preset = defaults
            .under(&from_json(r#"{"preset": "albedo"}"#))
            .resolve("a.png")
            .unwrap();
        assert_eq!(preset.mip_policy, MipPolicy::FullChain);
        assert!(!preset.flip_y);
        assert_eq!(preset.packing, PackingPolicy::Tight);
        assert!(!preset.content_hashing);
        let kept =
            from_json(r#"{"preset": "normal"}"#).under(&from_json(r#"{"mip_filter": "lanczos"}"#));
        let kept = kept.resolve("a.png").unwrap();
        assert_eq!(kept.intent, TextureIntent::NormalTS);
        assert_eq!(kept.mip_filter, MipFilter::Lanczos);
    }

    #[test]
    fn cubes_are_made_of_what_was_asked_for() {
        let cube = |json: &str| from_json(json).resolve("a.png").unwrap().cube;
        assert_eq!(cube("{}"), CubeSource::Never);
        assert_eq!(cube(r#"{"cubemap": true}"#), CubeSource::Any);
        assert_eq!(cube(r#"{"cube_layout": "auto"}"#), CubeSource::Layout);
        assert_eq!(
            cube(r#"{"cube_layout": "vcross", "cubemap": true}"#),
            CubeSource::VerticalCross
        );
        let panorama = r#"{"equirect_to_cube": true, "cube_layout": "hstrip"}"#;
        assert_eq!(cube(panorama), CubeSource::Panorama);
        assert_eq!(cube(r#"{"equirect_to_cube": false}"#), CubeSource::Never);
        assert_eq!(cube(r#"{"preset": "hdr-env"}"#), CubeSource::Any);
        assert_eq!(
            cube(r#"{"preset": "hdr-env", "cubemap": false}"#),
            CubeSource::Never
        );
        assert_eq!(cube(r#"{"preset": "hdr-probe"}"#), CubeSource::Never);
        // A name only suggests it.
        let named = TextureOptions::default().resolve("sky.hdr").unwrap();
        assert_eq!(named.cube, CubeSource::Suggested);
        // A slot of a material takes no cube.
        let slot = from_json(r#"{"cubemap": true}"#).resolve_for(TextureIntent::Albedo);
        assert_eq!(slot.unwrap().cube, CubeSource::Never);
    }

    #[test]
    fn a_later_layer_can_take_a_cube_back() {
        let defaults = from_json(r#"{"equirect_to_cube": true, "cube_layout": "hcross"}"#);
        let cube = |json: &str| {
            let settings = defaults.under(&from_json(json)).resolve("a.png").unwrap();
            settings.cube
        };
        assert_eq!(cube("{}"), CubeSource::Panorama);
        assert_eq!(cube(r#"{"cubemap": false}"#), CubeSource::Never);
        assert_eq!(
            cube(r#"{"equirect_to_cube": false}"#),
            CubeSource::HorizontalCross
        );
        assert_eq!(cube(r#"{"preset": "albedo"}"#), CubeSource::Never);
    }

    #[test]
    fn face_sizes_are_multiples_of_256() {
        let size = |size: u32| {
            let options = TextureOptions {
                cube_face_size: Some(size),
                ..TextureOptions::default()
            };
            options
                .resolve("sky.hdr")
                .map(|settings| settings.cube_face_size)
        };
        assert_eq!(size(512), Ok(512));
        for value in [0, 100, 255, 257] {
            assert_eq!(size(value), Err(SettingsError::CubeFaceSize { value }));
        }
        let default = TextureOptions::default().resolve("sky.hdr").unwrap();
        assert_eq!(default.cube_face_size, 0);
    }

    #[test]
    fn an_encoded_source_keeps_its_format_unless_one_is_named() {
        let keeps = |json: &str| from_json(json).resolve("a.dds").unwrap().keep_encoded;
        assert!(keeps("{}"));
        assert!(keeps(r#"{"preset": "albedo", "bc7_quality": "high"}"#));
        assert!(!keeps(r#"{"output_format": "bc7"}"#));
        assert!(!keeps(r#"{"bc7_quality": "none"}"#));
        // A data format says nothing about colours.
        assert!(keeps(r#"{"data_format": "rgba8"}"#));
    }

    #[test]
    fn what_is_stored_as_decoded_is_the_plainest_of_all() {
        let mut options = from_json(
            r#"{"preset":"normal","output_format":"bc1","mip_policy":"none","packing_policy":"tight",
                "flip_y":true,"content_hashing":false}"#,
        );
        options.as_decoded = true;
        let settings = options.resolve("wood_albedo.png").unwrap();
        let mut expected = TexturePreset::Data.settings();
        (expected.as_decoded, expected.flip_y) = (true, true);
        expected.content_hashing = false;
        assert_eq!(settings, expected);
        assert_eq!(settings.mip_policy, MipPolicy::FullChain);
        assert_eq!(settings.mip_filter, MipFilter::Box);
        assert_eq!(settings.packing, PackingPolicy::D3d12);
        assert_eq!(settings.source_color_space, ColorSpace::Linear);
        // A layer cannot take it back, and nothing that is written can ask for it.
        assert!(options.under(&TextureOptions::default()).as_decoded);
        assert!(TextureOptions::default().under(&options).as_decoded);
        assert_eq!(
            from_json(r#"{"as_decoded":true}"#),
            TextureOptions::default()
        );
        options.color_space = Some(ColorSpace::SRGB);
        options.cube_layout = Some(CubeLayout::HorizontalStrip);
        let settings = options.resolve("a.png").unwrap();
        assert_eq!(settings.source_color_space, ColorSpace::SRGB);
        assert_eq!(settings.cube, CubeSource::HorizontalStrip);
    }

    #[test]
    fn grey_is_kept_only_where_no_format_is_named() {
        assert!(
            !from_json(r#"{"force_rgba": false}"#)
                .resolve("a.png")
                .unwrap()
                .force_rgba
        );
        assert!(
            from_json(r#"{"force_rgba": false, "output_format": "rgba8"}"#)
                .resolve("a.png")
                .unwrap()
                .force_rgba
        );
    }

    #[test]
    fn wrong_tokens_name_the_field_the_value_and_the_choice() {
        let error =
            serde_json::from_str::<TextureOptions>(r#"{"mip_filter": "bicubic"}"#).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("invalid mip_filter: bicubic (expected box, kaiser or lanczos)")
        );
        let error =
            serde_json::from_str::<TextureOptions>(r#"{"packing_policy": "dx"}"#).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("`dx`, expected `d3d12` or `tight`")
        );
    }

    #[test]
    fn layers_survive_serialisation() {
        let options =
            from_json(r#"{"preset":"hdr-env-32f","max_mips":4,"packing_policy":"tight"}"#);
        let json = serde_json::to_string(&options).unwrap();
        assert_eq!(
            json,
            r#"{"preset":"hdr-env-32f","max_mips":4,"packing_policy":"tight"}"#
        );
        assert_eq!(from_json(&json), options);
    }
}

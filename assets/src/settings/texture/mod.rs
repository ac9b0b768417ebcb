//! Texture settings: what can be chosen, what it means when nothing is chosen, and what contradicts
//! itself.
//!
//! [`TextureOptions`] is what users write; [`TextureSettings`] is what a cooker gets.

mod options;
mod presets;
mod properties;
mod role;
mod tokens;

pub use options::TextureOptions;
pub use presets::NamedPreset;
pub use properties::TEXTURE_PROPERTIES;
pub use role::AlphaUse;
pub use tokens::{
    ColorSpace, CubeLayout, CubeSource, EncodeQuality, EncoderChoice, HdrHandling, MipFilter,
    MipPolicy, OutputFormat, PACKING_TOKENS, TextureIntent, TexturePreset, UnknownToken,
    parse_packing_policy,
};

use crate::format::payload_layout::PackingPolicy;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Everything that decides how one image is cooked. Its JSON is part of cache keys: the order of the
/// fields is fixed, and every field is always written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TextureSettings {
    /// What the texture is used for.
    pub intent: TextureIntent,
    /// The colour space of the source. Where it differs from that of the output, colours are
    /// converted; normals never are. Radiance and OpenEXR images are linear whatever this says.
    pub source_color_space: ColorSpace,
    /// Whether rows are mirrored.
    pub flip_y: bool,
    /// Whether a grey source is stored in [`Self::output_format`]. If false, a grey source with a block
    /// compressed or 8-bit RGBA output is stored in one channel (two with alpha) of its own depth.
    pub force_rgba: bool,
    /// Whether the green channel of normals is inverted.
    pub flip_normal_green: bool,
    /// Whether normals get unit length in all levels but the first.
    pub renormalize_normals: bool,
    /// How many levels.
    pub mip_policy: MipPolicy,
    /// The most levels under [`MipPolicy::MaxCount`]; at least 1.
    pub max_mip_levels: u32,
    /// The reduction filter.
    pub mip_filter: MipFilter,
    /// The space that the filter averages in. Linear is right for light; normals are always averaged
    /// as vectors.
    pub mip_filter_space: ColorSpace,
    /// For cut-outs: the alpha above which a texel is solid, 0 to 1 exclusive. The alpha of every level
    /// is scaled so that as many texels are solid as in the first.
    pub alpha_coverage: Option<f32>,
    /// Whether colours count by their alpha when levels are filtered, where it varies. True where alpha
    /// is opacity: what is not seen must not tint what is. False where the colour is seen whatever
    /// its alpha.
    #[serde(default = "yes")]
    pub alpha_weighting: bool,
    /// The stored format.
    pub output_format: OutputFormat,
    /// How hard the block encoder tries; `None` exactly when the format has no blocks.
    pub quality: EncodeQuality,
    /// How subresources are placed.
    pub packing: PackingPolicy,
    /// What happens to light beyond the displayable range in an output that cannot hold it.
    pub hdr_handling: HdrHandling,
    /// Exposure in stops, applied before tone mapping; -32 to 32.
    pub exposure_ev: f32,
    /// Whether light beyond the displayable range is tone-mapped whatever the output.
    pub bake_hdr: bool,
    /// Whether a content hash is stored.
    pub content_hashing: bool,
    /// Whether a cube is made, and of what.
    pub cube: CubeSource,
    /// The edge of the faces that are made of a panorama; 0 for a quarter of its width, rounded to a
    /// power of two.
    pub cube_face_size: u32,
    /// Which library makes the blocks.
    pub encoder: EncoderChoice,
    /// Whether a source whose texels are stored already as a GPU reads them (DDS, KTX2) may keep its
    /// own format instead of [`Self::output_format`].
    pub keep_encoded: bool,
    /// Whether the texels are stored as the decoder gives them, in the format that is like theirs, and
    /// [`Self::output_format`] is not looked at: the override of the output format is off.
    #[serde(default)]
    pub as_decoded: bool,
}

/// What was meant before there was a choice.
const fn yes() -> bool {
    true
}

/// The settings of a texture about which nothing is known: base colour in sRGB, BC7, all levels.
impl Default for TextureSettings {
    fn default() -> Self {
        Self {
            intent: TextureIntent::Albedo,
            source_color_space: ColorSpace::SRGB,
            flip_y: false,
            force_rgba: true,
            flip_normal_green: false,
            renormalize_normals: true,
            mip_policy: MipPolicy::FullChain,
            max_mip_levels: 1,
            mip_filter: MipFilter::Kaiser,
            mip_filter_space: ColorSpace::Linear,
            alpha_coverage: None,
            alpha_weighting: true,
            output_format: OutputFormat::Bc7Srgb,
            quality: EncodeQuality::Default,
            packing: PackingPolicy::D3d12,
            hdr_handling: HdrHandling::TonemapAuto,
            exposure_ev: 0.0,
            bake_hdr: false,
            content_hashing: true,
            cube: CubeSource::Never,
            cube_face_size: 0,
            encoder: EncoderChoice::Auto,
            keep_encoded: true,
            as_decoded: false,
        }
    }
}

/// Settings that contradict each other or are out of range.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// `max` with a count of zero.
    #[error("mip policy `max` needs a max_mips of at least 1")]
    NoMipLevels,
    /// A quality for a format that has none.
    #[error(
        "bc7_quality `{}` requires BC7 output_format or data_format (or another block format)",
        quality.token()
    )]
    QualityWithoutBlocks {
        /// The quality that was given.
        quality: EncodeQuality,
    },
    /// A block format without an encoder quality.
    #[error("output_format `{}` requires a bc7_quality other than `none`", format.token())]
    BlocksWithoutQuality {
        /// The format that was given.
        format: OutputFormat,
    },
    /// An exposure that is not a number of stops.
    #[error("exposure_ev is {value}, but must lie between -32 and 32")]
    Exposure {
        /// What was given.
        value: f32,
    },
    /// A cut-off that nothing or everything exceeds.
    #[error("alpha_coverage is {value}, but must lie between 0 and 1, both excluded")]
    AlphaCoverage {
        /// What was given.
        value: f32,
    },
    /// A size of faces that graphics hardware does not like.
    #[error("cube_face_size is {value}, but must be a multiple of 256")]
    CubeFaceSize {
        /// What was given.
        value: u32,
    },
}

impl TextureSettings {
    /// Checks the rules that hold whatever the image is.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn validate(&self) -> Result<(), SettingsError> {
        if self.mip_policy == MipPolicy::MaxCount && self.max_mip_levels == 0 {
            return Err(SettingsError::NoMipLevels);
        }
        if !self.output_format.is_block_compressed() && self.quality != EncodeQuality::None {
            return Err(SettingsError::QualityWithoutBlocks {
                quality: self.quality,
            });
        }
        if self.output_format.is_block_compressed() && self.quality == EncodeQuality::None {
            return Err(SettingsError::BlocksWithoutQuality {
                format: self.output_format,
            });
        }
        if !(-32.0..=32.0).contains(&self.exposure_ev) {
            return Err(SettingsError::Exposure {
                value: self.exposure_ev,
            });
        }
        if let Some(value) = self.alpha_coverage
            && !(value > 0.0 && value < 1.0)
        {
            return Err(SettingsError::AlphaCoverage { value });
        }
        Ok(())
    }

    /// The number of levels for an image of these dimensions, the first one included. For a volume,
    /// the depth counts like the others: give the largest two of the three.
    pub fn mip_levels(&self, width: u32, height: u32) -> u32 {
        let full = 32 - width.max(height).max(1).leading_zeros();
        match self.mip_policy {
            MipPolicy::None => 1,
            MipPolicy::FullChain => full,
            MipPolicy::MaxCount => self.max_mip_levels.min(full),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_of_the_defaults_is_fixed() {
        assert_eq!(
            serde_json::to_string(&TextureSettings::default()).unwrap(),
            concat!(
                r#"{"intent":"albedo","source_color_space":"srgb","flip_y":false,"force_rgba":true,"#,
                r#""flip_normal_green":false,"renormalize_normals":true,"mip_policy":"full","#,
                r#""max_mip_levels":1,"mip_filter":"kaiser","mip_filter_space":"linear","#,
                r#""alpha_coverage":null,"alpha_weighting":true,"output_format":"bc7_srgb","quality":"default","#,
                r#""packing":"d3d12","hdr_handling":"tonemap","exposure_ev":0.0,"bake_hdr":false,"#,
                r#""content_hashing":true,"cube":"never","cube_face_size":0,"encoder":"auto","#,
                r#""keep_encoded":true,"as_decoded":false}"#
            )
        );
    }

    #[test]
    fn settings_survive_serialisation() {
        for preset in TexturePreset::ALL {
            let settings = preset.settings();
            let json = serde_json::to_string(&settings).unwrap();
            assert_eq!(
                serde_json::from_str::<TextureSettings>(&json).unwrap(),
                settings
            );
        }
    }

    #[test]
    fn level_counts_follow_the_larger_side() {
        let count = |w, h| TextureSettings::default().mip_levels(w, h);
        let sizes = [1, 2, 4, 8, 16, 256, 1024, 2048, 100, 127, 128];
        let levels = [1, 2, 3, 4, 5, 9, 11, 12, 7, 7, 8];
        for (size, levels) in sizes.into_iter().zip(levels) {
            assert_eq!(count(size, size), levels);
        }
        assert_eq!(count(1024, 512), 11);
        assert_eq!(count(4, 1), 3);
        let limited = TextureSettings {
            mip_policy: MipPolicy::MaxCount,
            max_mip_levels: 3,
            ..TextureSettings::default()
        };
        assert_eq!(limited.mip_levels(1024, 1024), 3);
        assert_eq!(limited.mip_levels(2, 2), 2);
    }

    #[test]
    fn values_out_of_range_are_named() {
        let with = |change: fn(&mut TextureSettings)| {
            let mut settings = TextureSettings::default();
            change(&mut settings);
            settings.validate()
        };
        assert!(with(|s| s.exposure_ev = f32::NAN).is_err());
        assert!(with(|s| s.exposure_ev = 40.0).is_err());
        assert!(with(|s| s.alpha_coverage = Some(0.0)).is_err());
        assert!(with(|s| s.alpha_coverage = Some(1.0)).is_err());
        assert!(with(|s| s.alpha_coverage = Some(0.5)).is_ok());
        assert!(with(|s| s.quality = EncodeQuality::None).is_err());
        assert!(with(|s| s.output_format = OutputFormat::Rgba8).is_err());
    }
}

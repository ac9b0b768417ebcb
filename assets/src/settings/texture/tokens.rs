//! The words of texture settings: enumerations whose values are written as tokens.

use crate::{
    format::{payload_layout::PackingPolicy, texture_format::TextureFormat},
    settings::property::list,
};
use std::fmt;
use thiserror::Error;

/// A word that a setting does not know.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("invalid {field}: {value} (expected {})", list(.allowed))]
pub struct UnknownToken {
    /// The setting, such as `mip_filter`.
    pub field: &'static str,
    /// What was given.
    pub value: String,
    /// What is understood, the preferred spelling of each value first.
    pub allowed: &'static [&'static str],
}

/// Defines an enumeration whose values are written as tokens in settings, manifests and reports, and
/// by name in logs.
macro_rules! tokens {
    (
        $(#[$meta:meta])*
        $field:literal => pub enum $type:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $value:literal: $token:literal $(| $alias:literal)*,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum $type {
            $(
                $(#[$variant_meta])*
                #[doc = concat!("\n\nToken `", $token, "`.")]
                $variant = $value,
            )*
        }

        impl $type {
            /// Every value, in numeric order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// Every token that is understood.
            pub const TOKENS: &'static [&'static str] = &[$($token $(, $alias)*),*];

            /// The preferred token.
            pub const fn token(self) -> &'static str {
                match self {
                    $(Self::$variant => $token,)*
                }
            }

            /// Reads a token that was given for `field`.
            pub fn parse(field: &'static str, token: &str) -> Result<Self, UnknownToken> {
                match token {
                    $($token $(| $alias)* => Ok(Self::$variant),)*
                    _ => Err(UnknownToken {
                        field,
                        value: token.to_owned(),
                        allowed: Self::TOKENS,
                    }),
                }
            }
        }

        impl std::str::FromStr for $type {
            type Err = UnknownToken;

            fn from_str(token: &str) -> Result<Self, UnknownToken> {
                Self::parse($field, token)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self {
                    $(Self::$variant => stringify!($variant),)*
                })
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.token())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let token = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                token.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

tokens! {
    /// What a texture is used for. Decides the defaults, and how its texels may be averaged.
    "intent" => pub enum TextureIntent {
        /// Base colour.
        Albedo = 0: "albedo",
        /// Tangent-space normals.
        NormalTS = 1: "normal",
        /// Roughness.
        Roughness = 2: "roughness",
        /// Metalness.
        Metallic = 3: "metallic",
        /// Ambient occlusion.
        AO = 4: "ao",
        /// Emitted colour.
        Emissive = 5: "emissive",
        /// Opacity or coverage.
        Opacity = 6: "opacity",
        /// Occlusion, roughness and metalness in red, green and blue.
        ORMPacked = 7: "orm",
        /// A panorama or sky in linear light.
        HdrEnvironment = 8: "hdr_env" | "hdr-env",
        /// A light probe in linear light.
        HdrLightProbe = 9: "hdr_probe" | "hdr-probe",
        /// Anything else.
        Data = 10: "data",
        /// Heights.
        HeightMap = 11: "height",
    }
}

tokens! {
    /// A named bundle of settings.
    "preset" => pub enum TexturePreset {
        /// Base colour.
        Albedo = 0: "albedo",
        /// Tangent-space normals.
        Normal = 1: "normal",
        /// Roughness.
        Roughness = 2: "roughness",
        /// Metalness.
        Metallic = 3: "metallic",
        /// Ambient occlusion.
        AO = 4: "ao",
        /// Occlusion, roughness and metalness.
        ORMPacked = 5: "orm",
        /// Emitted colour.
        Emissive = 6: "emissive",
        /// Interface graphics.
        UI = 7: "ui",
        /// A panorama or sky.
        HdrEnvironment = 8: "hdr-env",
        /// A light probe.
        HdrLightProbe = 9: "hdr-probe",
        /// Anything else.
        Data = 10: "data",
        /// Heights.
        HeightMap = 11: "height",
    }
}

tokens! {
    /// How stored numbers relate to light.
    "color_space" => pub enum ColorSpace {
        /// Numbers are proportional to light, or are not light at all.
        Linear = 0: "linear",
        /// Numbers are sRGB signal values (IEC 61966-2-1).
        SRGB = 1: "srgb",
    }
}

tokens! {
    /// How many levels a texture gets.
    "mip_policy" => pub enum MipPolicy {
        /// The base level alone.
        None = 0: "none",
        /// Down to 1x1.
        FullChain = 1: "full",
        /// At most a given number.
        MaxCount = 2: "max",
    }
}

tokens! {
    /// The filter that makes each level from the one above it.
    "mip_filter" => pub enum MipFilter {
        /// The mean of the covered texels.
        Box = 0: "box",
        /// Sinc under a Kaiser window of half-width 3: sharp, with little ringing.
        Kaiser = 1: "kaiser",
        /// Lanczos with three lobes: sharpest, rings most.
        Lanczos = 2: "lanczos",
    }
}

tokens! {
    /// How hard the block encoder tries. What the levels cost and give is measured in
    /// `docs/textures.md`.
    "bc7_quality" => pub enum EncodeQuality {
        /// No block compression.
        None = 0: "none",
        /// Some times faster than the default, 1 to 5 dB worse.
        Fast = 1: "fast",
        /// The best measured trade between time and error.
        Default = 2: "default",
        /// Several times slower than the default, a few tenths of a dB better.
        High = 3: "high",
    }
}

tokens! {
    /// What happens to values above one when the output cannot hold them.
    "hdr_handling" => pub enum HdrHandling {
        /// It is an error, unless baking was asked for.
        Error = 0: "error",
        /// They are tone-mapped.
        TonemapAuto = 1: "tonemap" | "auto",
        /// The output becomes 32-bit float.
        KeepFloat = 2: "keep" | "float",
    }
}

tokens! {
    /// The formats that a texture can be cooked to.
    "output_format" => pub enum OutputFormat {
        /// 8-bit RGBA.
        Rgba8 = 0: "rgba8" | "rgba8_unorm",
        /// 8-bit RGBA, sRGB.
        Rgba8Srgb = 1: "rgba8_srgb" | "rgba8-srgb" | "rgba8_unorm_srgb",
        /// BC7.
        Bc7 = 2: "bc7" | "bc7_unorm",
        /// BC7, sRGB.
        Bc7Srgb = 3: "bc7_srgb" | "bc7-srgb" | "bc7_unorm_srgb",
        /// Half-float RGBA.
        Rgba16F = 4: "rgba16f",
        /// Float RGBA.
        Rgba32F = 5: "rgba32f",
        /// 8-bit red, from the source's grey or red channel.
        R8 = 6: "r8",
        /// 8-bit red and green, from grey and alpha, or from red and green.
        Rg8 = 7: "rg8",
        /// 16-bit red, from the source's grey or red channel.
        R16 = 8: "r16",
        /// 16-bit red and green, from grey and alpha, or from red and green.
        Rg16 = 9: "rg16",
        /// 16-bit RGBA.
        Rgba16 = 10: "rgba16",
        /// BC1: opaque colour in half a byte per texel.
        Bc1 = 11: "bc1" | "bc1_unorm",
        /// BC1, sRGB.
        Bc1Srgb = 12: "bc1_srgb" | "bc1-srgb" | "bc1_unorm_srgb",
        /// BC3: colour as in BC1, and alpha.
        Bc3 = 13: "bc3" | "bc3_unorm",
        /// BC3, sRGB.
        Bc3Srgb = 14: "bc3_srgb" | "bc3-srgb" | "bc3_unorm_srgb",
        /// BC4: one channel, from the source's grey or red channel.
        Bc4 = 15: "bc4" | "bc4_unorm",
        /// BC5: two channels, from grey and alpha, or from red and green.
        Bc5 = 16: "bc5" | "bc5_unorm",
        /// BC6H: light without a sign and without alpha, as half floats.
        Bc6h = 17: "bc6h" | "bc6h_ufloat",
    }
}

tokens! {
    /// How the faces of a cube lie in one image.
    "cube_layout" => pub enum CubeLayout {
        /// Whichever the dimensions say.
        Auto = 1: "auto",
        /// Six faces in a row.
        HorizontalStrip = 2: "hstrip",
        /// Six faces in a column.
        VerticalStrip = 3: "vstrip",
        /// A cross of 4 x 3 faces.
        HorizontalCross = 4: "hcross",
        /// A cross of 3 x 4 faces.
        VerticalCross = 5: "vcross",
    }
}

tokens! {
    /// Whether a cube is made, and of what.
    "cube" => pub enum CubeSource {
        /// No cube: an image is an image.
        Never = 0: "never",
        /// Of what cannot be anything else, because only a file name suggests a cube: of six square
        /// images, of a strip, and of a panorama that is exactly twice as wide as high.
        Suggested = 1: "suggested",
        /// Of whatever the source is: six images, a strip or cross, or a panorama.
        Any = 2: "any",
        /// Of an equirectangular panorama.
        Panorama = 3: "equirect",
        /// Of one image that holds six faces, laid out as its dimensions say.
        Layout = 4: "auto",
        /// Of six faces in a row.
        HorizontalStrip = 5: "hstrip",
        /// Of six faces in a column.
        VerticalStrip = 6: "vstrip",
        /// Of a cross of 4 x 3 faces.
        HorizontalCross = 7: "hcross",
        /// Of a cross of 3 x 4 faces.
        VerticalCross = 8: "vcross",
    }
}

tokens! {
    /// Which library makes the blocks.
    "encoder" => pub enum EncoderChoice {
        /// The better one for each format and quality.
        Auto = 0: "auto",
        /// Intel's ISPC texture compressor, for every format.
        Intel = 1: "intel",
        /// bc7e for BC7. It makes no other format: those are Intel's whatever is chosen.
        Bc7e = 2: "bc7e",
    }
}

impl CubeSource {
    /// The layout of the one image that holds the faces, if that is what was asked for.
    pub const fn layout(self) -> Option<CubeLayout> {
        Some(match self {
            Self::Layout => CubeLayout::Auto,
            Self::HorizontalStrip => CubeLayout::HorizontalStrip,
            Self::VerticalStrip => CubeLayout::VerticalStrip,
            Self::HorizontalCross => CubeLayout::HorizontalCross,
            Self::VerticalCross => CubeLayout::VerticalCross,
            Self::Never | Self::Suggested | Self::Any | Self::Panorama => return None,
        })
    }

    /// Whether six files may be looked for by the names of faces: a cube is asked for, and not one
    /// that is cut out of a single image.
    pub const fn looks_for_faces(self) -> bool {
        matches!(self, Self::Suggested | Self::Any)
    }
}

impl From<CubeLayout> for CubeSource {
    fn from(layout: CubeLayout) -> Self {
        match layout {
            CubeLayout::Auto => Self::Layout,
            CubeLayout::HorizontalStrip => Self::HorizontalStrip,
            CubeLayout::VerticalStrip => Self::VerticalStrip,
            CubeLayout::HorizontalCross => Self::HorizontalCross,
            CubeLayout::VerticalCross => Self::VerticalCross,
        }
    }
}

impl TextureIntent {
    /// Whether [`TextureOptions::output_format`](super::TextureOptions::output_format) applies to it;
    /// for all others it is the data format.
    pub const fn is_color(self) -> bool {
        matches!(self, Self::Albedo | Self::Emissive)
    }

    /// Whether it is light beyond the displayable range.
    pub const fn is_hdr(self) -> bool {
        matches!(self, Self::HdrEnvironment | Self::HdrLightProbe)
    }

    /// Whether its numbers are measurements of something other than light: they are never
    /// tone-mapped.
    pub const fn is_measurement(self) -> bool {
        matches!(
            self,
            Self::NormalTS
                | Self::Roughness
                | Self::Metallic
                | Self::AO
                | Self::Opacity
                | Self::ORMPacked
                | Self::HeightMap
        )
    }

    /// The source colour space when only the intent is given.
    pub const fn default_color_space(self) -> ColorSpace {
        match self {
            Self::Albedo | Self::Emissive => ColorSpace::SRGB,
            _ => ColorSpace::Linear,
        }
    }

    /// The output format when only the intent is given.
    pub const fn default_format(self) -> OutputFormat {
        match self {
            Self::Albedo | Self::Emissive => OutputFormat::Bc7Srgb,
            Self::NormalTS
            | Self::Roughness
            | Self::Metallic
            | Self::AO
            | Self::Opacity
            | Self::ORMPacked => OutputFormat::Bc7,
            Self::HdrEnvironment | Self::HdrLightProbe => OutputFormat::Rgba16F,
            Self::Data => OutputFormat::Rgba8,
            Self::HeightMap => OutputFormat::R16,
        }
    }
}

impl OutputFormat {
    /// The format as it is stored.
    pub const fn texture_format(self) -> TextureFormat {
        match self {
            Self::Rgba8 => TextureFormat::Rgba8UNorm,
            Self::Rgba8Srgb => TextureFormat::Rgba8UNormSrgb,
            Self::Bc7 => TextureFormat::Bc7UNorm,
            Self::Bc7Srgb => TextureFormat::Bc7UNormSrgb,
            Self::Rgba16F => TextureFormat::Rgba16Float,
            Self::Rgba32F => TextureFormat::Rgba32Float,
            Self::R8 => TextureFormat::R8UNorm,
            Self::Rg8 => TextureFormat::Rg8UNorm,
            Self::R16 => TextureFormat::R16UNorm,
            Self::Rg16 => TextureFormat::Rg16UNorm,
            Self::Rgba16 => TextureFormat::Rgba16UNorm,
            Self::Bc1 => TextureFormat::Bc1UNorm,
            Self::Bc1Srgb => TextureFormat::Bc1UNormSrgb,
            Self::Bc3 => TextureFormat::Bc3UNorm,
            Self::Bc3Srgb => TextureFormat::Bc3UNormSrgb,
            Self::Bc4 => TextureFormat::Bc4UNorm,
            Self::Bc5 => TextureFormat::Bc5UNorm,
            Self::Bc6h => TextureFormat::Bc6hFloatU,
        }
    }

    /// The colour space that a sampler assumes.
    pub const fn color_space(self) -> ColorSpace {
        match self {
            Self::Rgba8Srgb | Self::Bc1Srgb | Self::Bc3Srgb | Self::Bc7Srgb => ColorSpace::SRGB,
            _ => ColorSpace::Linear,
        }
    }

    /// Whether it holds values above one.
    pub const fn is_float(self) -> bool {
        matches!(self, Self::Rgba16F | Self::Rgba32F | Self::Bc6h)
    }

    /// Whether it is made by a block encoder.
    pub const fn is_block_compressed(self) -> bool {
        matches!(
            self,
            Self::Bc1
                | Self::Bc1Srgb
                | Self::Bc3
                | Self::Bc3Srgb
                | Self::Bc4
                | Self::Bc5
                | Self::Bc6h
                | Self::Bc7
                | Self::Bc7Srgb
        )
    }

    /// The same texels without block compression.
    pub const fn uncompressed(self) -> Self {
        match self {
            Self::Bc1 | Self::Bc3 | Self::Bc7 => Self::Rgba8,
            Self::Bc1Srgb | Self::Bc3Srgb | Self::Bc7Srgb => Self::Rgba8Srgb,
            Self::Bc4 => Self::R8,
            Self::Bc5 => Self::Rg8,
            Self::Bc6h => Self::Rgba16F,
            other => other,
        }
    }
}

/// The tokens of packing policies.
pub const PACKING_TOKENS: &[&str] = &["d3d12", "tight"];

/// Reads the token of a packing policy.
///
/// # Errors
/// [`UnknownToken`] for anything but `d3d12` and `tight`.
pub fn parse_packing_policy(token: &str) -> Result<PackingPolicy, UnknownToken> {
    [PackingPolicy::D3d12, PackingPolicy::Tight]
        .into_iter()
        .find(|policy| policy.token() == token)
        .ok_or_else(|| UnknownToken {
            field: "packing_policy",
            value: token.to_owned(),
            allowed: PACKING_TOKENS,
        })
}

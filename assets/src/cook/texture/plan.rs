//! What will be made of an input: decided from its outline and the settings alone, so that an estimate
//! and the cooking cannot disagree.

use super::TextureError;
use super::curve::{Curve, ToneMap};
use super::outline::Outline;
use super::write::Stored;
use crate::{
    format::{payload_layout::PayloadLayout, texture_shape::TextureShape},
    settings::texture::{ColorSpace, HdrHandling, OutputFormat, TextureIntent, TextureSettings},
    source::image::{DecodeOptions, Depth, PixelFormat},
};

/// What will be made of an input.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) output: OutputFormat,
    pub(super) stored: Stored,
    pub(super) shape: TextureShape,
    pub(super) layout: PayloadLayout,
    /// Levels that are there; the others are made.
    pub(super) authored: u16,
    /// Whether values may be greater than one.
    pub(super) unbounded: bool,
    /// Between exposure and the rest of the work, if light is baked.
    pub(super) tone: Option<ToneMap>,
    /// The spaces of the source, the filter and the output.
    pub(super) source: ColorSpace,
    pub(super) filter: ColorSpace,
    /// The space of the output.
    pub(super) target: ColorSpace,
    /// Whether alpha, where it varies, says how much a colour counts.
    pub(super) alpha_is_coverage: bool,
    pub(super) normals: bool,
}

impl Plan {
    pub(super) fn new(outline: &Outline, settings: &TextureSettings) -> Result<Self, TextureError> {
        settings.validate()?;
        let output = output_format(outline, settings);
        let tone = tone_map(outline, output, settings)?;
        let normals = settings.intent == TextureIntent::NormalTS;
        let source = source_space(outline.format, settings);
        let target = if settings.as_decoded {
            source
        } else {
            space_of(normals, output.color_space())
        };
        let Outline {
            width,
            height,
            depth,
            ..
        } = *outline;
        let mips = settings.mip_levels(width.max(depth.into()), height) as u16;
        let shape = TextureShape::new(
            outline.texture_type,
            width,
            height,
            depth,
            outline.layers,
            mips,
            output.texture_format(),
        )?;
        // Whether so many levels exist is no question of the policy.
        TextureShape::new(
            outline.texture_type,
            width,
            height,
            depth,
            outline.layers,
            outline.authored,
            output.texture_format(),
        )?;
        let layout = PayloadLayout::new(&shape, settings.packing)?;
        Ok(Self {
            output,
            stored: Stored::new(output, outline.format.is_grey()),
            shape,
            layout,
            authored: outline.authored.min(mips),
            unbounded: outline.light && tone.is_none(),
            tone,
            source,
            filter: space_of(normals, settings.mip_filter_space),
            target,
            alpha_is_coverage: alpha_is_coverage(settings),
            normals,
        })
    }

    /// Whether the texels of the source are those of the first level, byte for byte.
    pub(super) fn keeps_texels(&self, format: PixelFormat) -> bool {
        self.stored.is(format)
            && self.tone.is_none()
            && Curve::between(self.source, self.target) == Curve::Identity
    }
}

/// The numbers of a vector are no light, whatever the formats are called.
fn space_of(normals: bool, space: ColorSpace) -> ColorSpace {
    if normals { ColorSpace::Linear } else { space }
}

/// The space of the numbers of a source.
pub(super) fn source_space(format: PixelFormat, settings: &TextureSettings) -> ColorSpace {
    // Radiance and OpenEXR define their numbers as linear light.
    if format.depth() == Depth::Float {
        ColorSpace::Linear
    } else {
        let normals = settings.intent == TextureIntent::NormalTS;
        space_of(normals, settings.source_color_space)
    }
}

/// Whether alpha, where it varies, says how much a colour counts.
pub(super) fn alpha_is_coverage(settings: &TextureSettings) -> bool {
    let is_color = settings.intent.is_color()
        || (settings.source_color_space == ColorSpace::SRGB && !settings.intent.is_measurement());
    settings.alpha_weighting && is_color
}

/// The format that a source is stored in.
fn output_format(outline: &Outline, settings: &TextureSettings) -> OutputFormat {
    if settings.as_decoded {
        return like_decoded(outline.format, settings.source_color_space);
    }
    let wanted = settings.output_format;
    if outline.light {
        if settings.hdr_handling == HdrHandling::KeepFloat && !wanted.is_float() {
            return OutputFormat::Rgba32F;
        }
        return wanted;
    }
    let replaceable = matches!(
        wanted.uncompressed(),
        OutputFormat::Rgba8 | OutputFormat::Rgba8Srgb
    );
    if settings.force_rgba || !replaceable {
        return wanted;
    }
    match outline.format {
        PixelFormat::R8 => OutputFormat::R8,
        PixelFormat::Rg8 => OutputFormat::Rg8,
        PixelFormat::R16 => OutputFormat::R16,
        PixelFormat::Rg16 => OutputFormat::Rg16,
        _ => wanted,
    }
}

/// The format that holds decoded texels as they are. Only colours of 8 bits can be called sRGB.
fn like_decoded(format: PixelFormat, space: ColorSpace) -> OutputFormat {
    match (format, space) {
        (PixelFormat::R8, _) => OutputFormat::R8,
        (PixelFormat::Rg8, _) => OutputFormat::Rg8,
        (PixelFormat::Rgba8, ColorSpace::Linear) => OutputFormat::Rgba8,
        (PixelFormat::Rgba8, ColorSpace::SRGB) => OutputFormat::Rgba8Srgb,
        (PixelFormat::R16, _) => OutputFormat::R16,
        (PixelFormat::Rg16, _) => OutputFormat::Rg16,
        (PixelFormat::Rgba16, _) => OutputFormat::Rgba16,
        (PixelFormat::Rgba32F, _) => OutputFormat::Rgba32F,
    }
}

/// Whether and how light is baked.
fn tone_map(
    outline: &Outline,
    output: OutputFormat,
    settings: &TextureSettings,
) -> Result<Option<ToneMap>, TextureError> {
    if !outline.light || settings.as_decoded {
        return Ok(None);
    }
    let tone = Some(ToneMap::new(settings.exposure_ev));
    if settings.intent.is_measurement() {
        // A height of 2 is no bright light; it is limited to 1 when the output ends there.
        return Ok(None);
    }
    if settings.bake_hdr {
        return Ok(tone);
    }
    if output.is_float() {
        return Ok(None);
    }
    if settings.hdr_handling == HdrHandling::Error || settings.intent.is_hdr() {
        return Err(TextureError::HdrRequiresFloatFormat {
            intent: settings.intent,
            format: output,
        });
    }
    Ok(tone)
}

/// How an image should be decoded for these settings.
pub fn decode_options(settings: &TextureSettings) -> DecodeOptions {
    DecodeOptions {
        flip_y: settings.flip_y,
        keep_grey: !settings.force_rgba
            || matches!(
                settings.output_format.uncompressed(),
                OutputFormat::R8 | OutputFormat::Rg8 | OutputFormat::R16 | OutputFormat::Rg16
            ),
    }
}

//! What will be made of an image: decided from its texel format and the settings alone, so that an
//! estimate and the cooking cannot disagree.

use super::TextureError;
use super::curve::{Curve, ToneMap};
use super::write::Stored;
use crate::{
    format::{payload_layout::PayloadLayout, texture_shape::TextureShape},
    settings::texture::{ColorSpace, HdrHandling, OutputFormat, TextureIntent, TextureSettings},
    source::image::{DecodeOptions, Depth, PixelFormat},
};

/// What will be made of an image.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) output: OutputFormat,
    pub(super) stored: Stored,
    pub(super) shape: TextureShape,
    pub(super) layout: PayloadLayout,
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
    pub(super) fn new(
        width: u32,
        height: u32,
        format: PixelFormat,
        settings: &TextureSettings,
    ) -> Result<Self, TextureError> {
        settings.validate()?;
        let output = output_format(format, settings);
        let tone = tone_map(format, output, settings)?;
        let normals = settings.intent == TextureIntent::NormalTS;
        // The numbers of a vector are no light, whatever the formats are called.
        let space = |space| if normals { ColorSpace::Linear } else { space };
        // Radiance and OpenEXR define their numbers as linear light.
        let source = if format.depth() == Depth::Float {
            ColorSpace::Linear
        } else {
            space(settings.source_color_space)
        };
        let mips = settings.mip_levels(width, height) as u16;
        let shape = TextureShape::image(width, height, mips, output.texture_format())?;
        let layout = PayloadLayout::new(&shape, settings.packing)?;
        Ok(Self {
            output,
            stored: Stored::new(output, format.is_grey()),
            shape,
            layout,
            tone,
            source,
            filter: space(settings.mip_filter_space),
            target: space(output.color_space()),
            alpha_is_coverage: settings.intent.is_color()
                || (settings.source_color_space == ColorSpace::SRGB
                    && !settings.intent.is_measurement()),
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

/// The format that a source is stored in.
fn output_format(format: PixelFormat, settings: &TextureSettings) -> OutputFormat {
    let wanted = settings.output_format;
    if format.depth() == Depth::Float {
        if settings.hdr_handling == HdrHandling::KeepFloat && !wanted.is_float() {
            return OutputFormat::Rgba32F;
        }
        return wanted;
    }
    let replaceable = wanted.is_block_compressed()
        || matches!(wanted, OutputFormat::Rgba8 | OutputFormat::Rgba8Srgb);
    if settings.force_rgba || !replaceable {
        return wanted;
    }
    match format {
        PixelFormat::R8 => OutputFormat::R8,
        PixelFormat::Rg8 => OutputFormat::Rg8,
        PixelFormat::R16 => OutputFormat::R16,
        PixelFormat::Rg16 => OutputFormat::Rg16,
        _ => wanted,
    }
}

/// Whether and how light is baked.
fn tone_map(
    format: PixelFormat,
    output: OutputFormat,
    settings: &TextureSettings,
) -> Result<Option<ToneMap>, TextureError> {
    if format.depth() != Depth::Float {
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
                settings.output_format,
                OutputFormat::R8 | OutputFormat::Rg8 | OutputFormat::R16 | OutputFormat::Rg16
            ),
    }
}

//! The first stage of cooking: from an image to all levels in the form that encoders take.

use super::TextureError;
use super::coverage::AlphaChannel;
use super::curve::Curve;
use super::encoder::{BlockEncoder, EncoderIdentity};
use super::plan::Plan;
use super::pyramid::{CHANNELS, Pyramid};
use super::read::{TexelReader, flip_green, float_texel, wide_texel};
use super::write::{LARGEST_HALF, Stored, TexelWriter, weigh};
use crate::{
    cook::pace::{Cancelled, Pace},
    diagnostic::{Diagnostic, codes::texture as codes},
    format::{payload_layout::PayloadLayout, texture_shape::TextureShape},
    settings::texture::{ColorSpace, EncodeQuality, OutputFormat, TextureIntent, TextureSettings},
    source::image::{Depth, Image, PixelFormat},
};
use std::sync::Arc;

/// Texels between two looks at the clock: about a tenth of a millisecond.
const STRETCH: usize = 4096;

/// One level of one layer, before block compression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Tight rows.
    pub(super) texels: Vec<u8>,
}

/// A texture whose levels are all there, and whose blocks are not. It can be shared between threads
/// that each encode some of its [tiles](Self::tiles).
pub struct PreparedTexture {
    pub(super) shape: TextureShape,
    pub(super) layout: PayloadLayout,
    /// In the order of subresources: by layer, levels inside.
    pub(super) levels: Vec<Level>,
    pub(super) encoder: Arc<dyn BlockEncoder>,
    pub(super) quality: EncodeQuality,
    pub(super) opaque: bool,
    pub(super) hashing: bool,
    pub(super) warnings: Vec<Diagnostic>,
}

impl std::fmt::Debug for PreparedTexture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PreparedTexture")
            .field("shape", &self.shape)
            .field("encoder", &self.encoder.identity())
            .finish_non_exhaustive()
    }
}

impl PreparedTexture {
    /// Dimensions, levels and format.
    pub fn shape(&self) -> &TextureShape {
        &self.shape
    }

    /// The encoder that makes the blocks, if the format has blocks.
    pub fn encoder(&self) -> Option<EncoderIdentity> {
        self.is_block_compressed().then(|| self.encoder.identity())
    }

    /// The memory that the levels take, in bytes.
    pub fn texel_bytes(&self) -> u64 {
        self.levels
            .iter()
            .map(|level| level.texels.len() as u64)
            .sum()
    }

    pub(super) fn is_block_compressed(&self) -> bool {
        self.shape.format().block_edge() > 1
    }
}

/// Makes all levels of a texture: converts colours, filters, and brings texels into the form that the
/// output or its encoder takes.
///
/// Gives way about every tenth of a millisecond if `pace` says so. The image is consumed, and its
/// memory is used for the first level wherever that fits.
///
/// # Errors
/// [`TextureError`] when settings and image contradict each other, when the texture would be too
/// large, or when it was cancelled.
pub async fn prepare(
    image: Image,
    settings: &TextureSettings,
    encoder: Arc<dyn BlockEncoder>,
    pace: &mut Pace,
) -> Result<PreparedTexture, TextureError> {
    let (width, height, format) = (image.width(), image.height(), image.format());
    let plan = Plan::new(width, height, format, settings)?;
    if plan.output.is_block_compressed() && !encoder.supports(plan.shape.format()) {
        return Err(TextureError::FormatNotEncoded {
            encoder: encoder.identity().to_string(),
            format: plan.shape.format(),
        });
    }
    let survey = survey(&image, pace).await?;
    let (texels, mut warnings) = image.into_parts();
    if plan.output == OutputFormat::Rgba16F && plan.tone.is_none() && survey.beyond_half > 0 {
        warnings.push(Diagnostic::new(
            codes::HALF_RANGE,
            format!(
                "{} values beyond 65504 were limited to it",
                survey.beyond_half
            ),
        ));
    }
    let mut levels = make_levels(texels, format, &plan, &survey, settings, pace).await?;
    if let (Some(cutoff), Some(alpha)) = (settings.alpha_coverage, AlphaChannel::of(plan.stored))
        && let Some((base, smaller)) = levels.split_first_mut()
    {
        let target = alpha.coverage(&base.texels, cutoff, pace).await?;
        for level in smaller {
            alpha
                .keep_coverage(&mut level.texels, cutoff, target, pace)
                .await?;
        }
    }
    Ok(PreparedTexture {
        shape: plan.shape,
        layout: plan.layout,
        levels,
        encoder,
        quality: settings.quality,
        opaque: survey.opaque,
        hashing: settings.content_hashing,
        warnings,
    })
}

/// What must be known of all texels before the first one is converted.
struct Survey {
    /// All alpha is one.
    opaque: bool,
    /// Alpha has more than one value.
    alpha_varies: bool,
    /// Some colour is below zero.
    negative: bool,
    /// Colours that no half float can hold.
    beyond_half: u64,
}

async fn survey(image: &Image, pace: &mut Pace) -> Result<Survey, Cancelled> {
    let mut survey = Survey {
        opaque: true,
        alpha_varies: false,
        negative: false,
        beyond_half: 0,
    };
    let format = image.format();
    let has_no_alpha = image.is_opaque() || matches!(format, PixelFormat::R8 | PixelFormat::R16);
    if has_no_alpha && format.depth() != Depth::Float {
        return Ok(survey);
    }
    // The bits of alpha: equal bits are equal values, and that is all that is asked.
    let mut least = u32::MAX;
    let mut most = 0;
    for part in image.texels().chunks(format.texel_bytes() * STRETCH * 4) {
        pace.checkpoint().await?;
        let mut note = |alpha: u32| {
            least = least.min(alpha);
            most = most.max(alpha);
        };
        match format {
            PixelFormat::R8 | PixelFormat::R16 => {}
            PixelFormat::Rg8 => part
                .as_chunks::<2>()
                .0
                .iter()
                .for_each(|t| note(t[1].into())),
            PixelFormat::Rgba8 => part
                .as_chunks::<4>()
                .0
                .iter()
                .for_each(|t| note(t[3].into())),
            PixelFormat::Rg16 => {
                for &[_, _, a0, a1] in part.as_chunks().0 {
                    note(u16::from_le_bytes([a0, a1]).into());
                }
            }
            PixelFormat::Rgba16 => {
                for texel in part.as_chunks().0 {
                    note(wide_texel(texel)[3].into());
                }
            }
            PixelFormat::Rgba32F => {
                for texel in part.as_chunks().0 {
                    let [r, g, b, a] = float_texel(texel);
                    note(a.to_bits());
                    survey.negative |= r < 0.0 || g < 0.0 || b < 0.0;
                    let beyond = |value: f32| u64::from(value.abs() > LARGEST_HALF);
                    survey.beyond_half += beyond(r) + beyond(g) + beyond(b);
                }
            }
        }
    }
    let one = match format.depth() {
        Depth::Eight => u8::MAX.into(),
        Depth::Sixteen => u16::MAX.into(),
        Depth::Float => 1.0f32.to_bits(),
    };
    survey.opaque = has_no_alpha || (least == one && most == one);
    survey.alpha_varies = !has_no_alpha && least != most;
    Ok(survey)
}

/// Reads the image row by row, and writes all levels.
async fn make_levels(
    mut texels: Vec<u8>,
    format: PixelFormat,
    plan: &Plan,
    survey: &Survey,
    settings: &TextureSettings,
    pace: &mut Pace,
) -> Result<Vec<Level>, TextureError> {
    let (width, height) = (plan.shape.width(), plan.shape.height());
    let mips = plan.shape.mips();
    let source_row = width as usize * format.texel_bytes();
    let target_row = width as usize * plan.stored.texel_bytes();
    let keeps_texels = plan.keeps_texels(format);
    // Texels that do not grow are written over those that have been read.
    let in_place = target_row <= source_row;
    let mut base = if in_place {
        Vec::new()
    } else {
        allocate(target_row as u64 * u64::from(height))?
    };
    let mut smaller = Vec::with_capacity(usize::from(mips));
    for mip in 1..mips {
        let (width, height, _) = plan.shape.mip_size(mip);
        let bytes = u64::from(width) * u64::from(height) * plan.stored.texel_bytes() as u64;
        smaller.push(Level {
            width,
            height,
            texels: allocate(bytes)?,
        });
    }

    let mut reader =
        async |space| TexelReader::new(format, plan.source, space, plan.tone, pace).await;
    // Rows for the filter, and rows for the first level where it needs others: unconverted if source
    // and output agree, and linear otherwise, since the way from there to 8-bit sRGB is exact and fast.
    let base_space = if plan.source == plan.target {
        plan.target
    } else {
        ColorSpace::Linear
    };
    let one_row_for_both = base_space == plan.filter;
    let filtered = if mips > 1 || (!keeps_texels && one_row_for_both) {
        Some(reader(plan.filter).await?)
    } else {
        None
    };
    let direct = if keeps_texels || one_row_for_both {
        None
    } else {
        Some(reader(base_space).await?)
    };
    let weighted = plan.alpha_is_coverage && survey.alpha_varies;
    let base_writer = TexelWriter {
        stored: plan.stored,
        curve: Curve::between(base_space, plan.target),
        weighted: false,
        normals: false,
        range: float_range(plan, format, false),
    };
    let level_writer = TexelWriter {
        stored: plan.stored,
        curve: Curve::between(plan.filter, plan.target),
        weighted,
        normals: plan.normals && settings.renormalize_normals,
        range: float_range(plan, format, !survey.negative),
    };
    let flips_green = settings.intent == TextureIntent::NormalTS && settings.flip_normal_green;

    let mut pyramid = Pyramid::new(settings.mip_filter, width, height, mips.into());
    let mut row = vec![0.0f32; width as usize * CHANNELS];
    let mut direct_row = vec![0.0f32; if direct.is_some() { row.len() } else { 0 }];
    let mut scratch = Vec::with_capacity(row.len());
    let mut since_checkpoint = 0;
    for y in 0..height as usize {
        let source = &mut texels[y * source_row..(y + 1) * source_row];
        if flips_green {
            flip_green(format, source);
        }
        if let Some(filtered) = &filtered {
            filtered.read(source, &mut row);
        }
        if let Some(direct) = &direct {
            direct.read(source, &mut direct_row);
        }
        if !keeps_texels {
            let converted = if direct.is_some() { &direct_row } else { &row };
            let target = if in_place { &mut texels } else { &mut base };
            let target = &mut target[y * target_row..(y + 1) * target_row];
            base_writer.write(converted, &mut scratch, target);
        }
        if mips > 1 {
            if weighted {
                weigh(&mut row);
            }
            pyramid.push(&row, &mut |mip, y, row| {
                if let Some(level) = smaller.get_mut(mip - 1) {
                    let bytes = level.width as usize * plan.stored.texel_bytes();
                    let out = &mut level.texels[y * bytes..(y + 1) * bytes];
                    level_writer.write(row, &mut scratch, out);
                }
            });
        }
        since_checkpoint += width as usize;
        if since_checkpoint >= STRETCH {
            since_checkpoint = 0;
            pace.checkpoint().await?;
        }
    }
    if in_place {
        texels.truncate(target_row * height as usize);
        texels.shrink_to_fit();
        base = texels;
    }
    let mut levels = vec![Level {
        width,
        height,
        texels: base,
    }];
    levels.append(&mut smaller);
    Ok(levels)
}

/// The limits of float colours. Filters with negative lobes must not make light that is darker than
/// none, or brighter than white where the source ends there.
fn float_range(plan: &Plan, format: PixelFormat, from_zero: bool) -> (f32, f32) {
    let high = if format.depth() != Depth::Float || plan.tone.is_some() {
        1.0
    } else if plan.stored == Stored::Rgba16F {
        LARGEST_HALF
    } else {
        f32::MAX
    };
    (if from_zero { 0.0 } else { -high }, high)
}

/// Zeroed memory for texels.
pub(super) fn allocate(bytes: u64) -> Result<Vec<u8>, TextureError> {
    let refused = || TextureError::OutOfMemory { bytes };
    let len = usize::try_from(bytes).map_err(|_| refused())?;
    // Asking first costs nothing; `vec!` would end the process instead of saying no.
    Vec::<u8>::new()
        .try_reserve_exact(len)
        .map_err(|_| refused())?;
    Ok(vec![0; len])
}

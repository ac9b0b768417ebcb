//! The first stage of cooking: from images to all levels in the form that encoders take.

use super::coverage::AlphaChannel;
use super::cube::{Route, cut_tile};
use super::encoder::{BlockEncoder, EncoderIdentity};
use super::levels::{LayerSource, Level, LevelMaker, allocate};
use super::outline::{Outline, SetOutline};
use super::panorama::Panorama;
use super::plan::{Plan, alpha_is_coverage, source_space};
use super::read::TexelReader;
use super::survey::Survey;
use super::{TextureError, TextureErrorCode};
use crate::{
    cook::pace::Pace,
    diagnostic::{Diagnostic, codes::texture as codes},
    format::{
        payload_layout::PayloadLayout,
        texture_shape::{TextureShape, TextureType},
    },
    settings::texture::{ColorSpace, EncodeQuality, OutputFormat, TextureSettings},
    source::image::{CubeFace, Image, ImageSet, PixelFormat, TextureInput},
};
use std::sync::Arc;

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
    /// Type, dimensions, layers, levels and format.
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

/// Makes all levels of a texture: cuts or projects the faces of a cube, converts colours, filters, and
/// brings texels into the form that the output or its encoder takes.
///
/// Gives way about every tenth of a millisecond if `pace` says so. The images are consumed, and their
/// memory is used for the first level wherever that fits.
///
/// # Errors
/// [`TextureError`] when settings and images contradict each other, when the texture would be too
/// large, or when it was cancelled.
pub async fn prepare(
    input: impl Into<TextureInput>,
    settings: &TextureSettings,
    encoder: Arc<dyn BlockEncoder>,
    pace: &mut Pace,
) -> Result<PreparedTexture, TextureError> {
    let input = input.into();
    settings.validate()?;
    let outline = outline(&input, settings)?;
    let plan = Plan::new(&outline, settings)?;
    if plan.output.is_block_compressed() && !encoder.supports(plan.shape.format()) {
        return Err(TextureError::FormatNotEncoded {
            encoder: encoder.identity().to_string(),
            format: plan.shape.format(),
        });
    }
    let mut pixels = Pixels::new(input, &outline);
    pixels.cut(&outline, pace).await?;
    let surveys = pixels.survey(pace).await?;
    let survey = surveys
        .iter()
        .copied()
        .reduce(Survey::and)
        .ok_or(TextureError::Set {
            code: TextureErrorCode::FileNotFound,
            file: String::new(),
            reason: "the texture has no layers".to_owned(),
        })?;
    let mut warnings = std::mem::take(&mut pixels.warnings);
    warnings.extend(losses(&plan, &survey));
    let mut maker = LevelMaker::new(&plan, settings, outline.format, pace).await?;
    let mut levels = Vec::with_capacity(plan.layout.subresources().len());
    match (pixels.layers, outline.route) {
        (Layers::Whole(image), Route::Panorama { face }) => {
            let panorama = panorama(image, &survey, face, settings, pace).await?;
            for side in CubeFace::ALL {
                let source = LayerSource::Face(&panorama, side);
                let mut made = maker.make(source, &survey, pace).await?;
                keep_coverage(&mut made, &plan, settings, pace).await?;
                levels.append(&mut made);
            }
        }
        (Layers::Whole(image), _) => {
            let source = LayerSource::Levels(vec![image.into_parts().0]);
            let mut made = maker.make(source, &survey, pace).await?;
            keep_coverage(&mut made, &plan, settings, pace).await?;
            levels.append(&mut made);
        }
        (Layers::Apart(layers), _) => {
            for (layer, survey) in layers.into_iter().zip(&surveys) {
                let source = layer.source(outline.texture_type);
                let mut made = maker.make(source, survey, pace).await?;
                keep_coverage(&mut made, &plan, settings, pace).await?;
                levels.append(&mut made);
            }
        }
    }
    Ok(PreparedTexture {
        shape: plan.shape,
        layout: plan.layout.clone(),
        levels,
        encoder,
        quality: settings.quality,
        opaque: survey.opaque,
        hashing: settings.content_hashing,
        warnings,
    })
}

/// What kind of texture an input is.
fn outline(input: &TextureInput, settings: &TextureSettings) -> Result<Outline, TextureError> {
    match input {
        TextureInput::Image(image) => {
            Outline::of_image(image.width(), image.height(), image.format(), settings)
        }
        TextureInput::Set(set) => {
            let set = SetOutline::from(set);
            match set.single() {
                Some(one) => Outline::of_image(one.width, one.height, one.format, settings),
                None => Outline::of_set(&set, settings),
            }
        }
    }
}

/// Makes as many texels solid in the levels that were made as there are in the first, if that is wanted.
async fn keep_coverage(
    levels: &mut [Level],
    plan: &Plan,
    settings: &TextureSettings,
    pace: &mut Pace,
) -> Result<(), TextureError> {
    if let (Some(cutoff), Some(alpha)) = (settings.alpha_coverage, AlphaChannel::of(plan.stored))
        && let Some((base, smaller)) = levels.split_first_mut()
    {
        let target = alpha.coverage(&base.texels, cutoff, pace).await?;
        let authored = usize::from(plan.authored).saturating_sub(1);
        for level in smaller.iter_mut().skip(authored) {
            alpha
                .keep_coverage(&mut level.texels, cutoff, target, pace)
                .await?;
        }
    }
    Ok(())
}

/// What the output cannot hold of the source.
fn losses(plan: &Plan, survey: &Survey) -> Vec<Diagnostic> {
    let mut losses = Vec::new();
    let halves = matches!(plan.output, OutputFormat::Rgba16F | OutputFormat::Bc6h);
    if halves && plan.tone.is_none() && survey.beyond_half > 0 {
        losses.push(Diagnostic::new(
            codes::HALF_RANGE,
            format!(
                "{} values beyond 65504 were limited to it",
                survey.beyond_half
            ),
        ));
    }
    if plan.output == OutputFormat::Bc6h && plan.tone.is_none() && survey.negative {
        losses.push(Diagnostic::new(
            codes::NEGATIVE_LIGHT,
            "values below zero became zero: `bc6h` has no sign",
        ));
    }
    let has_no_alpha = matches!(
        plan.output,
        OutputFormat::Bc1 | OutputFormat::Bc1Srgb | OutputFormat::Bc6h
    );
    if has_no_alpha && !survey.opaque {
        losses.push(Diagnostic::new(
            codes::ALPHA_DROPPED,
            format!("`{}` stores no alpha", plan.output.token()),
        ));
    }
    losses
}

/// The panorama behind the faces of a cube.
async fn panorama(
    image: Image,
    survey: &Survey,
    face: u32,
    settings: &TextureSettings,
    pace: &mut Pace,
) -> Result<Panorama, TextureError> {
    let (size, format) = ((image.width(), image.height()), image.format());
    let from = source_space(format, settings);
    let reader = TexelReader::new(format, from, ColorSpace::Linear, None, pace).await?;
    let weighted = alpha_is_coverage(settings) && survey.alpha_varies;
    let (texels, _) = image.into_parts();
    Ok(Panorama::new(
        texels,
        size,
        reader,
        weighted,
        settings.mip_filter,
        face,
    ))
}

/// The pixels of an input, on their way to layers.
struct Pixels {
    layers: Layers,
    format: PixelFormat,
    warnings: Vec<Diagnostic>,
}

enum Layers {
    /// One image for all of them.
    Whole(Image),
    /// Each on its own.
    Apart(Vec<Layer>),
}

/// The levels of a layer that are there, each with its slices.
#[derive(Default)]
struct Layer {
    levels: Vec<Vec<Vec<u8>>>,
    opaque: bool,
}

impl Layer {
    fn source(self, texture_type: TextureType) -> LayerSource<'static> {
        if texture_type == TextureType::D3 {
            return LayerSource::Slices(self.levels);
        }
        // Elsewhere each level is a single slice.
        LayerSource::Levels(self.levels.into_iter().flatten().collect())
    }
}

impl Pixels {
    /// Takes an input apart whose outline is right.
    fn new(input: TextureInput, outline: &Outline) -> Self {
        match input {
            TextureInput::Image(image) => Self::of_image(image),
            TextureInput::Set(set) if SetOutline::from(&set).single().is_some() => {
                let mut members = set.into_members();
                match members.pop() {
                    Some(only) => Self::of_image(only.image),
                    None => Self::of_set(ImageSet::new(), outline),
                }
            }
            TextureInput::Set(set) => Self::of_set(set, outline),
        }
    }

    fn of_image(image: Image) -> Self {
        Self {
            format: image.format(),
            warnings: image.warnings().to_vec(),
            layers: Layers::Whole(image),
        }
    }

    fn of_set(set: ImageSet, outline: &Outline) -> Self {
        let mut members = set.into_members();
        members.sort_by_key(|member| member.place);
        let mut layers: Vec<Layer> = Vec::with_capacity(outline.layers.into());
        let mut warnings = Vec::new();
        for member in members {
            let (layer, mip) = (
                usize::from(member.place.layer),
                usize::from(member.place.mip),
            );
            // Places are complete and in order: each is one of those that exist, or the next.
            if layers.len() <= layer {
                layers.push(Layer {
                    levels: Vec::new(),
                    opaque: true,
                });
            }
            let Some(layer) = layers.last_mut() else {
                continue;
            };
            layer.opaque &= member.image.is_opaque();
            let (texels, told) = member.image.into_parts();
            warnings.extend(
                told.into_iter()
                    .map(|one| one.source(member.source.as_str())),
            );
            if layer.levels.len() <= mip {
                layer.levels.push(Vec::new());
            }
            if let Some(slices) = layer.levels.last_mut() {
                slices.push(texels);
            }
        }
        Self {
            format: outline.format,
            warnings,
            layers: Layers::Apart(layers),
        }
    }

    /// Cuts the faces out of an image that holds them.
    async fn cut(&mut self, outline: &Outline, pace: &mut Pace) -> Result<(), TextureError> {
        let (Route::Layout { layout, face }, Layers::Whole(image)) = (outline.route, &self.layers)
        else {
            return Ok(());
        };
        let texel_bytes = self.format.texel_bytes();
        let bytes = (u64::from(face) * u64::from(face)).saturating_mul(texel_bytes as u64);
        let mut layers = Vec::with_capacity(CubeFace::ALL.len());
        for tile in CubeFace::ALL.iter().filter_map(|&face| layout.tile(face)) {
            let mut texels = allocate(bytes)?;
            cut_tile(
                image.texels(),
                texel_bytes,
                image.width(),
                tile,
                face,
                &mut texels,
                pace,
            )
            .await?;
            layers.push(Layer {
                levels: vec![vec![texels]],
                opaque: image.is_opaque(),
            });
        }
        self.layers = Layers::Apart(layers);
        Ok(())
    }

    /// What must be known of the texels of each layer.
    async fn survey(&self, pace: &mut Pace) -> Result<Vec<Survey>, TextureError> {
        match &self.layers {
            Layers::Whole(image) => {
                let texels = std::iter::once(image.texels());
                let survey = Survey::of(texels, self.format, image.is_opaque(), pace).await?;
                Ok(vec![survey])
            }
            Layers::Apart(layers) => {
                let mut surveys = Vec::with_capacity(layers.len());
                for layer in layers {
                    let texels = layer.levels.iter().flatten().map(Vec::as_slice);
                    surveys.push(Survey::of(texels, self.format, layer.opaque, pace).await?);
                }
                Ok(surveys)
            }
        }
    }
}

//! Textures that are stored already as a GPU reads them: kept as they are, if nothing else is asked for.

use super::TextureError;
use super::assemble::{CookedTexture, append_rows, finish};
use crate::{
    cook::pace::Pace,
    diagnostic::{Diagnostic, codes::texture as codes},
    format::{
        payload_layout::PayloadLayout,
        texture_format::TextureFormat as F,
        texture_payload::payload_head,
        texture_shape::{TextureShape, TextureType},
    },
    settings::texture::{ColorSpace, CubeSource, TextureIntent, TextureSettings},
    source::image::EncodedTexture,
};

/// Whether a texture of this shape can be stored as it is: its shape in the container then, or what
/// settings ask for that it does not have.
///
/// Its numbers stay what they are; whether they are called sRGB follows from the settings, as it does for
/// images, because older files do not say it. Levels that the settings do not want are left out.
///
/// # Errors
/// Why it has to be decoded and cooked.
pub fn passes_through(
    shape: &TextureShape,
    settings: &TextureSettings,
) -> Result<TextureShape, String> {
    let wanted = settings.output_format;
    let format = tagged(shape.format(), settings)?;
    let is_compressed = format.block_edge() > 1;
    let keeps_format = settings.as_decoded || (settings.keep_encoded && is_compressed);
    if format != wanted.texture_format() && !keeps_format {
        return Err(format!("`{}` is wanted", wanted.token()));
    }
    if settings.flip_y {
        return Err("its rows are to be mirrored".to_owned());
    }
    if settings.flip_normal_green && settings.intent == TextureIntent::NormalTS {
        return Err("its green channel is to be inverted".to_owned());
    }
    if settings.alpha_coverage.is_some() {
        return Err("its levels are to keep their alpha coverage".to_owned());
    }
    if settings.bake_hdr && shape.format().is_float() {
        return Err("its light is to be baked".to_owned());
    }
    let is_cube = matches!(
        shape.texture_type(),
        TextureType::Cube | TextureType::CubeArray
    );
    if !matches!(settings.cube, CubeSource::Never | CubeSource::Suggested) && !is_cube {
        return Err("a cube is wanted".to_owned());
    }
    let (width, height, depth) = shape.mip_size(0);
    let mips = settings.mip_levels(width.max(depth), height) as u16;
    if shape.mips() < mips {
        // Exporters of blocks often stop at the last whole block.
        let (width, height, depth) = shape.mip_size(shape.mips() - 1);
        let ends_with_a_block = is_compressed && width <= 4 && height <= 4 && depth <= 4;
        if !ends_with_a_block {
            return Err(format!("it has {} of {mips} levels", shape.mips()));
        }
    }
    TextureShape::new(
        shape.texture_type(),
        shape.width(),
        shape.height(),
        shape.depth(),
        shape.layers(),
        mips.min(shape.mips()),
        format,
    )
    .map_err(|error| error.to_string())
}

/// The format with the colour space that the settings say.
fn tagged(format: F, settings: &TextureSettings) -> Result<F, String> {
    const PAIRS: [(F, F); 6] = [
        (F::Rgba8UNorm, F::Rgba8UNormSrgb),
        (F::Bgra8UNorm, F::Bgra8UNormSrgb),
        (F::Bc1UNorm, F::Bc1UNormSrgb),
        (F::Bc2UNorm, F::Bc2UNormSrgb),
        (F::Bc3UNorm, F::Bc3UNormSrgb),
        (F::Bc7UNorm, F::Bc7UNormSrgb),
    ];
    let Some((linear, srgb)) = PAIRS
        .into_iter()
        .find(|&(linear, srgb)| format == linear || format == srgb)
    else {
        return Ok(format);
    };
    let target = if settings.intent == TextureIntent::NormalTS {
        settings.source_color_space
    } else if settings.output_format.is_float() || settings.as_decoded {
        // Nothing is converted that is not decoded.
        settings.source_color_space
    } else {
        settings.output_format.color_space()
    };
    match (settings.source_color_space, target) {
        (ColorSpace::SRGB, ColorSpace::SRGB) => Ok(srgb),
        (ColorSpace::Linear, ColorSpace::Linear) => Ok(linear),
        (from, to) => Err(format!(
            "its colours are to be converted from {} to {}",
            from.token(),
            to.token()
        )),
    }
}

/// Stores a texture as it is.
///
/// # Errors
/// [`TextureError::Encoded`] unless [`passes_through`] allows it; or when it is too large for the
/// payload format, or was cancelled.
pub async fn pass_through(
    encoded: EncodedTexture,
    settings: &TextureSettings,
    pace: &mut Pace,
) -> Result<CookedTexture, TextureError> {
    settings.validate()?;
    let given = *encoded.shape();
    let shape = passes_through(&given, settings).map_err(|reason| TextureError::Encoded {
        format: given.format(),
        reason,
    })?;
    let layout = PayloadLayout::new(&shape, settings.packing)?;
    let mut payload = payload_head(&layout);
    let kept = encoded
        .subresources()
        .chunks_exact(given.mips().into())
        .flat_map(|layer| &layer[..shape.mips().into()]);
    let (edge, block_bytes) = (shape.format().block_edge(), shape.format().block_bytes());
    for (i, (subresource, place)) in kept.zip(layout.subresources()).enumerate() {
        let (width, _, _) = shape.mip_size((i % usize::from(shape.mips())) as u16);
        let row_bytes = (width.div_ceil(edge) * block_bytes) as usize;
        append_rows(&mut payload, &layout, place, subresource, row_bytes, pace).await?;
    }
    payload.resize(layout.total() as usize, 0);
    let told = Diagnostic::new(
        codes::PASSED_THROUGH,
        format!(
            "it is stored as it is: {:?}, {} levels, {} layers",
            shape.format(),
            shape.mips(),
            shape.layers()
        ),
    );
    let (hashing, warnings) = (settings.content_hashing, vec![told]);
    finish(payload, shape, &layout, hashing, None, warnings, pace).await
}

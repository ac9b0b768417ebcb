//! Cooking on the lanes: files and images, whoever they belong to.

use bevy_kiln_assets::{
    cache::{CacheKey, CachedCook, KeyBuilder, facts::TextureFacts},
    cook::{
        pace::CancelFlag,
        texture::{
            COOKER_VERSION, CookedTexture, TextureError, assemble, block_encoder, decode_options,
            pass_through, passes_through, prepare,
        },
    },
    diagnostic::{Diagnostic, codes::texture as codes},
    format::catalog::CatalogEntry,
    settings::texture::{TextureIntent, TextureSettings},
    source::{
        image::{self, EncodedTexture, ImageError, ImageLimits, TextureInput},
        scene::SharedBytes,
        texture::{StoredTexture, is_stored_texture},
    },
};
use bevy_kiln_components::report::Telemetry;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::plan::stored_settings;
use crate::{
    lanes::CookContext,
    load::micros_since,
    work::{CookFailure, Cooked, Emission, TextureEmission},
};

/// How long a part takes to encode where the app's systems need the compute thread.
const SLICED_PART: Duration = Duration::from_micros(100);
/// How long a part takes otherwise: short, so that cancelling is quick.
const PART: Duration = Duration::from_millis(4);

/// What a failure is to its job.
pub(crate) fn failure(error: TextureError, source: &str) -> CookFailure {
    match error.diagnostic() {
        Some(diagnostic) => diagnostic.source(source).into(),
        None => CookFailure::Cancelled,
    }
}

/// The beginning of the key of a texture: all but its images.
pub(crate) fn texture_key(
    settings: &TextureSettings,
    keeps_color_space: bool,
    limits: &ImageLimits,
) -> Option<KeyBuilder> {
    let mut key = CacheKey::of("texture", COOKER_VERSION);
    key.json("settings", settings)?;
    key.json("limits", limits)?;
    key.field("keeps_color_space", &[u8::from(keeps_color_space)]);
    let encoder = block_encoder(settings).identity().to_string();
    key.field("encoder", encoder.as_bytes());
    Some(key)
}

/// Who a texture is in the container.
pub(crate) struct TextureIdentity<'a> {
    pub(crate) source: &'a str,
    pub(crate) name: &'a str,
    pub(crate) settings: &'a TextureSettings,
}

impl TextureIdentity<'_> {
    /// A texture that was cooked.
    pub(crate) fn cooked(
        &self,
        cooked: CookedTexture,
        diagnostics: Vec<Diagnostic>,
        telemetry: Telemetry,
    ) -> Cooked {
        let facts = TextureFacts {
            shape: *cooked.shape(),
            content_hash: cooked.hash(),
            encoder: cooked.encoder().map(|encoder| encoder.to_string()),
        };
        Cooked {
            emissions: vec![self.emission(facts, cooked.into_payload().into())],
            diagnostics,
            telemetry,
            ..Cooked::default()
        }
    }

    /// A texture out of the cache.
    pub(crate) fn kept(&self, cached: CachedCook) -> Option<Cooked> {
        let facts = TextureFacts::parse(&cached.facts)?;
        let [payload] = <[_; 1]>::try_from(cached.payloads).ok()?;
        Some(Cooked {
            emissions: vec![self.emission(facts, payload)],
            diagnostics: cached.diagnostics,
            ..Cooked::default()
        })
    }

    fn emission(&self, facts: TextureFacts, payload: SharedBytes) -> Emission {
        let TextureFacts {
            shape,
            content_hash,
            encoder,
        } = facts;
        let catalog = CatalogEntry::texture(self.source, self.name)
            .with_hash(content_hash)
            .with_settings(self.settings)
            .with_encoder(encoder.as_deref());
        Emission::Texture(TextureEmission {
            payload,
            shape,
            content_hash,
            encoder,
            catalog,
        })
    }
}

/// What is to be kept of a texture; nothing of what stands in for one.
pub(crate) fn keep_texture(cooked: &Cooked) -> Option<CachedCook> {
    let [Emission::Texture(texture)] = cooked.emissions.as_slice() else {
        return None;
    };
    let facts = TextureFacts {
        shape: texture.shape,
        content_hash: texture.content_hash,
        encoder: texture.encoder.clone(),
    };
    Some(CachedCook {
        facts: facts.to_bytes()?,
        payloads: vec![texture.payload.clone()],
        diagnostics: cooked.diagnostics.clone(),
    })
}

/// A file that was read: an image, or a texture that need not be cooked.
enum Decoded {
    Input(Box<TextureInput>, Vec<Diagnostic>),
    Encoded(EncodedTexture, Vec<Diagnostic>),
}

/// Cooks the bytes of a file, whatever format they are in. A texture that is stored as a GPU takes it
/// is kept if it is what the settings ask for. `keeps_color_space` says whether such a file knows
/// better than the settings in which space its numbers are. What there is to tell comes beside the
/// texture, its warnings included.
pub(crate) async fn cook_bytes(
    bytes: Box<dyn AsRef<[u8]> + Send>,
    name: &str,
    settings: &TextureSettings,
    keeps_color_space: bool,
    limits: &ImageLimits,
    telemetry: &mut Telemetry,
    mut context: CookContext,
) -> Result<(CookedTexture, Vec<Diagnostic>), TextureError> {
    let begun = Instant::now();
    let cancel = context.pace.cancel_flag().clone();
    let (asked, name, limits) = (settings.clone(), name.to_owned(), limits.clone());
    let (decoded, settings) = context
        .unsliced(move || {
            let bytes = bytes.as_ref().as_ref();
            if is_stored_texture(bytes) {
                let stored = StoredTexture::read(bytes, &limits, &cancel)?;
                let settings = stored_settings(stored.info(), &asked, keeps_color_space);
                let decoded = take_apart(&stored, &name, &settings, &cancel)?;
                return Ok((decoded, settings));
            }
            let options = decode_options(&asked);
            let image = image::decode(bytes, &name, &limits, &options, &cancel)?;
            Ok::<_, ImageError>((Decoded::Input(Box::new(image.into()), Vec::new()), asked))
        })
        .await?;
    telemetry.decode += micros_since(begun);
    let (cooked, mut told) = match decoded {
        Decoded::Encoded(encoded, told) => {
            let cooked = pass_through(encoded, &settings, &mut context.pace).await?;
            (cooked, told)
        }
        Decoded::Input(input, told) => (cook_input(*input, &settings, context).await?, told),
    };
    told.extend(cooked.warnings().iter().cloned());
    Ok((cooked, told))
}

/// Keeps a stored texture if it is what is asked for, or unpacks all of it.
fn take_apart(
    stored: &StoredTexture<'_>,
    name: &str,
    settings: &TextureSettings,
    cancel: &CancelFlag,
) -> Result<Decoded, ImageError> {
    let mut told = stored.warnings().to_vec();
    let kept = match stored.info().stored_shape() {
        Some(shape) => passes_through(&shape, settings),
        None => Err("no stored format is like its own".to_owned()),
    };
    match kept {
        Ok(_) => Ok(Decoded::Encoded(stored.encoded()?, told)),
        Err(reason) => {
            let text = format!("the texture is unpacked and cooked again: {reason}");
            told.push(Diagnostic::new(codes::COOKED_AGAIN, text));
            let options = decode_options(settings);
            let normals = settings.intent == TextureIntent::NormalTS;
            let images = stored.images(name, &options, normals, cancel)?;
            Ok(Decoded::Input(Box::new(images.into()), told))
        }
    }
}

/// Mips, encodes (on every idle lane) and packs decoded images.
pub(crate) async fn cook_input(
    input: TextureInput,
    settings: &TextureSettings,
    mut context: CookContext,
) -> Result<CookedTexture, TextureError> {
    let encoder = block_encoder(settings);
    let prepared = Arc::new(prepare(input, settings, encoder, &mut context.pace).await?);
    let batches = prepared.batches_lasting(if context.is_sliced() {
        SLICED_PART
    } else {
        PART
    });
    // Asking other lanes for help costs more than a small texture does.
    if prepared.encoding_time() <= PART {
        let mut encoded = Vec::new();
        for batch in &batches {
            encoded.append(&mut prepared.encode_batch(batch)?);
            context.pace.checkpoint().await?;
        }
        return assemble(prepared, encoded, &mut context.pace).await;
    }
    let shared = prepared.clone();
    let parts = context
        .spread(batches.len(), move |part| {
            shared.encode_batch(&batches[part])
        })
        .await?;
    let mut encoded = Vec::new();
    for part in parts {
        encoded.append(&mut part?);
    }
    assemble(prepared, encoded, &mut context.pace).await
}

//! Images: one source file, one texture.
//!
//! The plan needs only the header. It says how much memory the cook will take, so that a folder of
//! large images is cooked a few at a time, and it turns away what is too large before anything is
//! decoded.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    cook::texture::{
        CookedTexture, TextureError, assemble, block_encoder, decode_options, estimate, prepare,
    },
    diagnostic::{Diagnostic, codes},
    format::catalog::CatalogEntry,
    plan::Plan,
    settings::texture::TextureSettings,
    source::image::{self, ImageError, ImageFormat, ImageLimits},
};
use bevy_kiln_components::{pipeline::WorkKind, report::Telemetry};
use bevy_tasks::BoxedFuture;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    importer::{ImportPlan, ImportSource, Importer, SourceNeed},
    io::reader::SourceRef,
    lanes::CookContext,
    load::micros_since,
    work::{CookFailure, CookInput, Cooked, Emission, PlannedWork, TextureEmission, Work},
};

/// How long a part takes to encode where the app's systems need the compute thread.
const SLICED_PART: Duration = Duration::from_micros(100);
/// How long a part takes otherwise: short, so that cancelling is quick.
const PART: Duration = Duration::from_millis(4);

/// The importer of images.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImageImporter;

impl Importer for ImageImporter {
    fn name(&self) -> &'static str {
        "texture"
    }

    fn extensions(&self) -> &[&'static str] {
        &["png", "jpg", "jpeg", "tga", "bmp", "hdr", "exr"]
    }

    fn recognizes(&self, head: &[u8]) -> bool {
        // TGA has no signature: its extension has to say it.
        const SIGNATURES: [&[u8]; 6] = [
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff",
            b"BM",
            b"#?RADIANCE",
            b"#?RGBE",
            b"\x76\x2f\x31\x01",
        ];
        SIGNATURES
            .iter()
            .any(|signature| head.starts_with(signature))
    }

    fn need(&self) -> SourceNeed {
        SourceNeed::Head
    }

    fn plan(
        &self,
        source: ImportSource,
    ) -> BoxedFuture<'static, Result<ImportPlan, Vec<Diagnostic>>> {
        Box::pin(async move { plan(source).await.map_err(|diagnostic| vec![diagnostic]) })
    }
}

/// A diagnostic about a source. A cancellation has none, but it is not asked for one.
fn about(diagnostic: Option<Diagnostic>, source: &str) -> Diagnostic {
    diagnostic
        .unwrap_or_else(|| Diagnostic::new(codes::import::CANCELED, "Import canceled"))
        .source(source)
}

async fn plan(source: ImportSource) -> Result<ImportPlan, Diagnostic> {
    let limits = &source.settings.image_limits;
    let mut whole = source.info.len <= source.bytes.len() as u64;
    let mut bytes = source.bytes.clone();
    let info = loop {
        match image::probe(&bytes, &source.name, limits) {
            Ok(info) => break info,
            // A header behind a long comment or colour profile: the file has to tell more.
            Err(ImageError::NeedMoreBytes { .. }) if !whole => {
                let (reader, path) = (source.location.reader.clone(), source.location.path.clone());
                bytes = source
                    .read(reader, path)
                    .await
                    .map_err(|error| error.diagnostic(&source.name))?;
                whole = true;
            }
            Err(error) => return Err(about(error.diagnostic(), &source.name)),
        }
    };
    let claimed = ImageFormat::of_extension(&source.name).filter(|claimed| *claimed != info.format);
    let diagnostics = claimed.map(|claimed| {
        let text = format!("the content is {}, the name says {claimed}", info.format);
        Diagnostic::new(codes::texture::IMAGE_WRONG_EXTENSION, text).source(&source.name)
    });
    let name = source.product_name();
    let mut options = source.request.texture.clone();
    options
        .packing_policy
        .get_or_insert(source.settings.packing);
    options
        .content_hashing
        .get_or_insert(source.settings.content_hashing);
    let settings = options
        .resolve(&source.name)
        .map_err(|error| about(TextureError::from(error).diagnostic(), &source.name))?;
    let peak = estimate(&info, &settings, source.info.len).peak_bytes;
    let mut location = source.location.clone();
    // A small file was read with its head; there is no reason to read it again.
    location.bytes = whole.then_some(bytes);
    let work = TextureWork {
        source: source.name.clone(),
        name: name.clone(),
        settings,
        location,
        limits: limits.clone(),
    };
    let plan = Plan::single(name, PlannedWork::new(work, peak));
    Ok(ImportPlan::new(plan).with_diagnostics(diagnostics))
}

/// One source image that becomes one texture.
#[derive(Component, Clone, Debug)]
pub struct TextureWork {
    /// The source as reports and the catalogue name it.
    pub source: String,
    /// The name in the catalogue.
    pub name: String,
    /// How it is cooked.
    pub settings: TextureSettings,
    /// Where the source is.
    pub location: SourceRef,
    /// What the source must keep to.
    pub limits: ImageLimits,
}

impl Work for TextureWork {
    const KIND: WorkKind = WorkKind::TEXTURE;

    fn input(&self) -> Option<SourceRef> {
        Some(self.location.clone())
    }

    fn cook(
        self,
        input: CookInput,
        context: CookContext,
    ) -> BoxedFuture<'static, Result<Cooked, CookFailure>> {
        Box::pin(async move {
            let source = self.source.clone();
            let bytes = match input.bytes {
                Some(Ok(bytes)) => bytes,
                Some(Err(error)) => return Err(error.diagnostic(&source).into()),
                None => return Err(CookFailure::Failed(Vec::new())),
            };
            let mut telemetry = Telemetry::default();
            let decoding = Instant::now();
            let (limits, cancel) = (self.limits, context.pace.cancel_flag().clone());
            let (name, options) = (source.clone(), decode_options(&self.settings));
            let image = context
                .unsliced(move || image::decode(&bytes, &name, &limits, &options, &cancel))
                .await
                .map_err(|error| failure(error.into(), &source))?;
            telemetry.decode = micros_since(decoding);
            let cooked = cook_image(image, &self.settings, context)
                .await
                .map_err(|error| failure(error, &source))?;
            let diagnostics = cooked
                .warnings()
                .iter()
                .map(|warning| warning.clone().source(&source))
                .collect();
            let encoder = cooked.encoder().map(|encoder| encoder.to_string());
            let (shape, content_hash) = (*cooked.shape(), cooked.hash());
            let catalog = CatalogEntry::texture(&source, &self.name)
                .with_hash(content_hash)
                .with_settings(&self.settings)
                .with_encoder(encoder.as_deref());
            let texture = TextureEmission {
                payload: cooked.into_payload(),
                shape,
                content_hash,
                encoder,
                catalog,
            };
            Ok(Cooked {
                emissions: vec![Emission::Texture(texture)],
                data: None,
                diagnostics,
                telemetry,
            })
        })
    }
}

pub(crate) fn failure(error: TextureError, source: &str) -> CookFailure {
    match error.diagnostic() {
        Some(diagnostic) => diagnostic.source(source).into(),
        None => CookFailure::Cancelled,
    }
}

/// Mips, encodes (on every idle lane) and packs a decoded image.
pub(crate) async fn cook_image(
    image: image::Image,
    settings: &TextureSettings,
    mut context: CookContext,
) -> Result<CookedTexture, TextureError> {
    let encoder = block_encoder(settings);
    let prepared = Arc::new(prepare(image, settings, encoder, &mut context.pace).await?);
    let tiles = prepared.tiles_lasting(if context.is_sliced() {
        SLICED_PART
    } else {
        PART
    });
    // Asking other lanes for help costs more than a small texture does.
    if prepared.encoding_time() <= PART {
        let mut encoded = Vec::with_capacity(tiles.len());
        for tile in &tiles {
            encoded.push(prepared.encode_tile(tile)?);
            context.pace.checkpoint().await?;
        }
        return assemble(prepared, encoded, &mut context.pace).await;
    }
    let shared = prepared.clone();
    let encoded = context
        .spread(tiles.len(), move |part| shared.encode_tile(&tiles[part]))
        .await?
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    assemble(prepared, encoded, &mut context.pace).await
}

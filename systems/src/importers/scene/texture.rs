//! Textures of scenes: an image inside of the source or beside it, cooked as its material slot says.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    cache::{CacheKey, CachedCook, segment::hash},
    diagnostic::{Diagnostic, Severity, codes},
    settings::{scene::TextureFailurePolicy, texture::TextureSettings},
    source::{image::ImageLimits, scene::SharedBytes},
};
use bevy_kiln_components::{pipeline::WorkKind, report::Telemetry};
use bevy_tasks::BoxedFuture;
use std::sync::Arc;

use super::shared::{Made, TextureOutcome};
use crate::{
    importers::image::cook::{TextureIdentity, cook_bytes, failure, keep_texture, texture_key},
    io::reader::{SourceBytes, SourceRef},
    lanes::CookContext,
    work::{CookFailure, CookInput, Cooked, Emission, Work},
};

/// A file that says in which space its numbers are knows better than a material slot.
const KEEPS_COLOR_SPACE: bool = true;

/// One texture of a scene.
#[derive(Component, Clone)]
pub struct SceneTextureWork(pub(super) Arc<TextureItem>);

pub(super) struct TextureItem {
    /// Its number in the scene.
    pub(super) number: u32,
    /// The source of the scene.
    pub(super) source: String,
    /// Its name in the catalogue.
    pub(super) name: String,
    /// `<source path>::tex::<name>`.
    pub(super) id: String,
    /// What people call the image.
    pub(super) image_name: String,
    pub(super) settings: TextureSettings,
    pub(super) bytes: ImageBytes,
    pub(super) limits: ImageLimits,
    pub(super) on_failure: TextureFailurePolicy,
}

/// Where the encoded bytes of an image are.
pub(super) enum ImageBytes {
    Embedded(SharedBytes),
    File(SourceRef),
    /// Nowhere, for this reason.
    Missing(Diagnostic),
}

impl Work for SceneTextureWork {
    const KIND: WorkKind = WorkKind::TEXTURE;

    fn input(&self) -> Option<SourceRef> {
        match &self.0.bytes {
            ImageBytes::File(file) => Some(file.clone()),
            _ => None,
        }
    }

    fn cache_key(&self, input: &CookInput) -> Option<CacheKey> {
        let item = &self.0;
        let mut key = texture_key(&item.settings, KEEPS_COLOR_SPACE, &item.limits)?;
        let digest = match &item.bytes {
            ImageBytes::Embedded(bytes) => hash([bytes.as_slice()]),
            ImageBytes::File(_) => input.bytes.as_ref()?.as_ref().ok()?.digest(),
            ImageBytes::Missing(_) => return None,
        };
        Some(key.field("input", &digest).finish())
    }

    fn cache_names(&self) -> Vec<String> {
        vec![self.0.id.clone(), self.0.image_name.clone()]
    }

    fn keep(&self, cooked: &Cooked) -> Option<CachedCook> {
        keep_texture(cooked)
    }

    fn restore(&self, cached: CachedCook) -> Option<Cooked> {
        let item = &self.0;
        let cooked = item.identity().kept(cached)?;
        Some(Made::Texture(item.number, TextureOutcome::Placed).with(cooked))
    }

    fn cook(
        self,
        input: CookInput,
        context: CookContext,
    ) -> BoxedFuture<'static, Result<Cooked, CookFailure>> {
        Box::pin(async move {
            let item = self.0;
            match item.cook(input, context).await {
                Ok(cooked) => Ok(Made::Texture(item.number, TextureOutcome::Placed).with(cooked)),
                Err(CookFailure::Cancelled) => Err(CookFailure::Cancelled),
                Err(CookFailure::Failed(diagnostics)) => item.stand_in(diagnostics),
            }
        })
    }
}

impl TextureItem {
    async fn cook(&self, input: CookInput, context: CookContext) -> Result<Cooked, CookFailure> {
        let bytes = self.encoded(input)?;
        let mut telemetry = Telemetry::default();
        let (cooked, diagnostics) = cook_bytes(
            bytes,
            &self.image_name,
            &self.settings,
            KEEPS_COLOR_SPACE,
            &self.limits,
            &mut telemetry,
            context,
        )
        .await
        .map_err(|error| failure(error, &self.id))?;
        let told = diagnostics.into_iter().map(|told| self.about(told));
        Ok(self.identity().cooked(cooked, told.collect(), telemetry))
    }

    fn identity(&self) -> TextureIdentity<'_> {
        TextureIdentity {
            source: &self.source,
            name: &self.name,
            settings: &self.settings,
        }
    }

    fn encoded(&self, input: CookInput) -> Result<Box<dyn AsRef<[u8]> + Send>, CookFailure> {
        match &self.bytes {
            ImageBytes::Embedded(bytes) => Ok(Box::new(bytes.clone())),
            ImageBytes::Missing(reason) => Err(reason.clone().into()),
            ImageBytes::File(_) => match input.bytes {
                Some(Ok(bytes)) => Ok(Box::new(bytes) as Box<dyn AsRef<[u8]> + Send>),
                Some(Err(error)) => Err(error.diagnostic(&self.id).into()),
                None => Ok(Box::new(SourceBytes::new(Vec::new()))),
            },
        }
    }

    /// What takes the place of the texture, if anything may.
    fn stand_in(&self, diagnostics: Vec<Diagnostic>) -> Result<Cooked, CookFailure> {
        let told = diagnostics.into_iter().map(|told| self.about(told));
        let (outcome, emissions) = match self.on_failure {
            TextureFailurePolicy::Fail => {
                let told = told.map(|told| told.severity(Severity::Error));
                return Err(CookFailure::Failed(told.collect()));
            }
            TextureFailurePolicy::ErrorTexture => (TextureOutcome::Error, Vec::new()),
            TextureFailurePolicy::Fallback => (TextureOutcome::Placed, vec![Emission::Fallback]),
        };
        let mut told: Vec<Diagnostic> = told
            .map(|told| match told.severity {
                Severity::Error => told.severity(Severity::Warning),
                _ => told,
            })
            .collect();
        if self.on_failure == TextureFailurePolicy::Fallback {
            let message = format!("`{}` is replaced by the fallback texture", self.name);
            let used = Diagnostic::new(codes::texture::PLACEHOLDER_USED, message);
            told.push(self.about(used));
        }
        let cooked = Cooked {
            emissions,
            diagnostics: told,
            ..Cooked::default()
        };
        Ok(Made::Texture(self.number, outcome).with(cooked))
    }

    fn about(&self, diagnostic: Diagnostic) -> Diagnostic {
        let diagnostic = diagnostic.source(&self.id);
        match diagnostic.object {
            Some(_) => diagnostic,
            None => diagnostic.object(&self.image_name),
        }
    }
}

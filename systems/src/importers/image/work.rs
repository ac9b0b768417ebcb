//! The work of one texture: its files are decoded, cooked and emitted.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    cache::{CacheKey, CachedCook},
    cook::texture::{CookedTexture, FailurePolicy, TextureError, decode_options},
    diagnostic::{Diagnostic, Severity, codes::texture as codes},
    settings::texture::TextureSettings,
    source::image::{self, ImageLimits, ImageSet, SubresourceId, TextureInput},
};
use bevy_kiln_components::{pipeline::WorkKind, report::Telemetry};
use bevy_tasks::BoxedFuture;
use std::time::Instant;

use super::cook::{TextureIdentity, cook_bytes, cook_input, keep_texture, texture_key};
use crate::{
    io::{
        error::FileError,
        reader::{SourceBytes, SourceRef},
    },
    lanes::CookContext,
    load::micros_since,
    work::{CookFailure, CookInput, Cooked, Emission, Work},
};

/// A file of a texture.
#[derive(Clone, Debug)]
pub struct TextureFile {
    /// The name for messages.
    pub name: String,
    /// Where it is.
    pub location: SourceRef,
}

/// What a texture is made of.
#[derive(Clone, Debug)]
pub enum TextureInputs {
    /// One file.
    File(TextureFile),
    /// Several files, with the place of each.
    Set(Vec<(SubresourceId, TextureFile)>),
    /// Nothing, for this reason: a placeholder takes its place.
    Refused(Box<Diagnostic>),
}

impl TextureInputs {
    fn files(&self) -> impl Iterator<Item = &TextureFile> {
        let (one, several): (_, &[_]) = match self {
            Self::File(file) => (Some(file), &[]),
            Self::Set(files) => (None, files),
            Self::Refused(_) => (None, &[]),
        };
        one.into_iter().chain(several.iter().map(|(_, file)| file))
    }
}

/// Source images that become one texture.
#[derive(Component, Clone, Debug)]
pub struct TextureWork {
    /// The source as reports and the catalogue name it.
    pub source: String,
    /// The name in the catalogue.
    pub name: String,
    /// The files.
    pub inputs: TextureInputs,
    /// Whether a file that says in which colour space it is counts more than the settings.
    pub keeps_color_space: bool,
    /// How it is cooked.
    pub settings: TextureSettings,
    /// What the source must keep to.
    pub limits: ImageLimits,
    /// What becomes of it when it cannot be cooked.
    pub policy: FailurePolicy,
}

impl Work for TextureWork {
    const KIND: WorkKind = WorkKind::TEXTURE;

    fn input(&self) -> Option<SourceRef> {
        self.inputs.files().next().map(|file| file.location.clone())
    }

    fn more_inputs(&self) -> Vec<SourceRef> {
        let others = self.inputs.files().skip(1);
        others.map(|file| file.location.clone()).collect()
    }

    fn cache_key(&self, input: &CookInput) -> Option<CacheKey> {
        let mut key = texture_key(&self.settings, self.keeps_color_space, &self.limits)?;
        let places = match &self.inputs {
            TextureInputs::File(_) => Vec::new(),
            TextureInputs::Set(members) => members.iter().map(|(place, _)| *place).collect(),
            TextureInputs::Refused(_) => return None,
        };
        for SubresourceId { layer, mip, slice } in places {
            key.field("place", format!("{layer},{mip},{slice}").as_bytes());
        }
        for bytes in input.bytes.iter().chain(&input.more) {
            key.field("input", &bytes.as_ref().ok()?.digest());
        }
        Some(key.finish())
    }

    fn cache_names(&self) -> Vec<String> {
        let files = self.inputs.files().map(|file| file.name.clone());
        files.chain([self.source.clone()]).collect()
    }

    fn keep(&self, cooked: &Cooked) -> Option<CachedCook> {
        keep_texture(cooked)
    }

    fn restore(&self, cached: CachedCook) -> Option<Cooked> {
        self.identity().kept(cached)
    }

    fn cook(
        self,
        input: CookInput,
        context: CookContext,
    ) -> BoxedFuture<'static, Result<Cooked, CookFailure>> {
        Box::pin(async move {
            let mut telemetry = Telemetry::default();
            let reads = input.bytes.into_iter().chain(input.more).collect();
            match self.make(reads, &mut telemetry, context).await {
                Ok((cooked, told)) => Ok(self.emit(cooked, told, telemetry)),
                Err(Failure::File(diagnostic)) => Err((*diagnostic).into()),
                Err(Failure::Texture(error)) if error.is_cancelled() => Err(CookFailure::Cancelled),
                Err(Failure::Texture(error)) => {
                    let diagnostic = error.diagnostic();
                    self.fail(
                        diagnostic.unwrap_or_else(|| {
                            Diagnostic::new(codes::COOK_FAILED, error.to_string())
                        }),
                    )
                }
                Err(Failure::Refused(diagnostic)) => self.fail(*diagnostic),
            }
        })
    }
}

/// Why there is no texture.
enum Failure {
    /// A file could not be read.
    File(Box<Diagnostic>),
    /// A file is no image.
    Refused(Box<Diagnostic>),
    /// It could not be cooked.
    Texture(TextureError),
}

impl<E: Into<TextureError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Texture(error.into())
    }
}

impl TextureWork {
    async fn make(
        &self,
        reads: Vec<Result<SourceBytes, FileError>>,
        telemetry: &mut Telemetry,
        context: CookContext,
    ) -> Result<(CookedTexture, Vec<Diagnostic>), Failure> {
        let mut files = Vec::with_capacity(reads.len());
        for (file, read) in self.inputs.files().zip(reads) {
            let bytes = read.map_err(|error| {
                let alone = matches!(self.inputs, TextureInputs::File(_));
                let diagnostic = if alone {
                    error.diagnostic(&file.name)
                } else {
                    Diagnostic::new(codes::READ_FAILED, error.to_string()).source(&file.name)
                };
                Failure::File(Box::new(diagnostic))
            })?;
            files.push(bytes);
        }
        let begun = Instant::now();
        match &self.inputs {
            TextureInputs::Refused(diagnostic) => Err(Failure::Refused(diagnostic.clone())),
            TextureInputs::File(file) => {
                let Some(bytes) = files.pop() else {
                    return Err(nothing());
                };
                let space = self.keeps_color_space;
                let (settings, limits) = (&self.settings, &self.limits);
                Ok(cook_bytes(
                    Box::new(bytes),
                    &file.name,
                    settings,
                    space,
                    limits,
                    telemetry,
                    context,
                )
                .await?)
            }
            TextureInputs::Set(members) => {
                let options = decode_options(&self.settings);
                let mut set = ImageSet::new();
                for ((place, file), bytes) in members.iter().zip(files) {
                    let (name, limits) = (file.name.clone(), self.limits.clone());
                    let cancel = context.pace.cancel_flag().clone();
                    let image = context
                        .unsliced(move || image::decode(&bytes, &name, &limits, &options, &cancel))
                        .await
                        .map_err(|error| self.about_file(error, &file.name))?;
                    set.add(*place, &file.name, image);
                }
                telemetry.decode = micros_since(begun);
                let input = TextureInput::Set(set);
                let cooked = cook_input(input, &self.settings, context).await?;
                let told = cooked.warnings().to_vec();
                Ok((cooked, told))
            }
        }
    }

    /// The failure of one file of several: the message has to say which.
    fn about_file(&self, error: image::ImageError, file: &str) -> Failure {
        match error.diagnostic() {
            Some(diagnostic) => Failure::Refused(Box::new(diagnostic.source(file))),
            None => Failure::Texture(error.into()),
        }
    }

    /// What becomes of a failure under the policy.
    fn fail(&self, diagnostic: Diagnostic) -> Result<Cooked, CookFailure> {
        let diagnostic = match diagnostic.source {
            Some(_) => diagnostic,
            None => diagnostic.source(&self.source),
        };
        if self.policy == FailurePolicy::Strict {
            return Err(diagnostic.into());
        }
        let text = "the fallback texture takes the place of the one that failed";
        let told = Diagnostic::new(codes::PLACEHOLDER_USED, text).source(&self.source);
        Ok(Cooked {
            emissions: vec![Emission::Fallback],
            diagnostics: vec![diagnostic.severity(Severity::Warning), told],
            ..Cooked::default()
        })
    }

    fn emit(&self, cooked: CookedTexture, told: Vec<Diagnostic>, telemetry: Telemetry) -> Cooked {
        let diagnostics = told.into_iter().map(|told| match told.source {
            Some(_) => told,
            None => told.source(&self.source),
        });
        self.identity()
            .cooked(cooked, diagnostics.collect(), telemetry)
    }

    fn identity(&self) -> TextureIdentity<'_> {
        TextureIdentity {
            source: &self.source,
            name: &self.name,
            settings: &self.settings,
        }
    }
}

fn nothing() -> Failure {
    let text = "there is nothing to cook";
    Failure::File(Box::new(Diagnostic::new(codes::SOURCE_MISSING, text)))
}

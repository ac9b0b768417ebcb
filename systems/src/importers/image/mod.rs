//! Images: one source file, or several, that become one texture.
//!
//! The plan needs only headers. They say how much memory the cook will take, so that a folder of
//! large images is cooked a few at a time, and what is too large is turned away before anything is
//! decoded. Which files make up a texture is decided here too: the one that was named, the six faces of
//! a cube that lie beside each other, or those that the request lists.

pub(crate) mod cook;
mod faces;
mod plan;
mod work;

pub use work::{TextureFile, TextureInputs, TextureWork};

use bevy_kiln_assets::{
    diagnostic::Diagnostic,
    settings::texture::CubeSource,
    source::{image, texture},
};
use bevy_kiln_components::job::ImportRequest;
use bevy_tasks::BoxedFuture;

use crate::importer::{ImportPlan, ImportSource, Importer, SourceNeed};

/// The importer of images.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImageImporter;

impl Importer for ImageImporter {
    fn name(&self) -> &'static str {
        "texture"
    }

    fn fingerprint(&self) -> Option<String> {
        Some("texture 1".to_owned())
    }

    fn extensions(&self) -> &[&'static str] {
        &[
            "png", "jpg", "jpeg", "tga", "bmp", "gif", "webp", "qoi", "tif", "tiff", "pbm", "pgm",
            "ppm", "pnm", "pam", "psd", "psb", "pic", "hdr", "exr", "dds", "ktx2",
        ]
    }

    fn recognizes(&self, head: &[u8]) -> bool {
        // TGA has no signature: its extension has to say it.
        image::is_image(head) || texture::is_stored_texture(head)
    }

    fn need(&self) -> SourceNeed {
        SourceNeed::Head
    }

    /// The base name of six faces need not be a file itself.
    fn takes_names(&self, request: &ImportRequest) -> bool {
        request
            .texture
            .resolve(request.source())
            .is_ok_and(|settings| settings.cube == CubeSource::Any)
    }

    fn plan(
        &self,
        source: ImportSource,
    ) -> BoxedFuture<'static, Result<ImportPlan, Vec<Diagnostic>>> {
        Box::pin(plan::plan(source))
    }
}

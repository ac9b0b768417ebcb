//! glTF 2.0, `.gltf` and `.glb`, as a neutral scene.
//!
//! An import has two phases, because reading files is not the business of this crate:
//!
//! 1. [`GltfFile::parse`] reads the document and says which further files it needs
//!    ([`GltfFile::external_buffers`]);
//! 2. [`GltfFile::into_scene`] gets their bytes and makes a [`SceneSource`]. All references and all
//!    accessors are checked then; vertices and triangles are read when their mesh is cooked.
//!
//! Files may be hostile. Nothing is allocated on the word of a file alone ([`GltfLimits`]), nothing is
//! walked by recursion, and no number is trusted before it was checked. The `gltf` crate is used for the
//! types of the document only: its own readers panic on some files and misread others.
//!
//! The bytes of the file, of its buffers and of embedded images are shared, never copied. Only what is
//! encoded (base64, meshoptimizer's codecs, Draco) is decoded into memory of its own.

mod accessor;
mod buffers;
mod component;
mod document;
mod draco;
mod extensions;
mod glb;
mod hierarchy;
mod level;
mod limits;
mod load;
mod lod;
mod material;
mod mesh;
mod meshopt;
mod primitive;
mod read;
mod report;
mod scene;
mod skin;
mod space;
mod specular_glossiness;
#[cfg(test)]
mod tests;
mod texture;
mod topology;
mod uri;
mod uv_set;

pub use buffers::ExternalBuffer;
pub use extensions::SUPPORTED as SUPPORTED_EXTENSIONS;
pub use glb::MAGIC;
pub use limits::GltfLimits;

use crate::{
    cook::pace::{CancelFlag, Cancelled},
    diagnostic::{Diagnostic, codes::gltf as codes},
    naming::scene_name,
    settings::scene::SceneSettings,
    source::scene::{SceneParts, SceneSource, SharedBytes},
};
use buffers::{BufferPlan, Buffers, Views};
use document::Document;
use material::MaterialPlan;
use primitive::Checker;
use report::Report;
use scene::{Built, SceneBuilder};
use texture::Images;
use thiserror::Error;

/// A file whose document was read.
pub struct GltfFile {
    document: Document,
    container: Option<SharedBytes>,
    buffers: BufferPlan,
    limits: GltfLimits,
    report: Report,
}

/// Why no scene was made.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum GltfError {
    /// It was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// At least one error, perhaps with warnings before it.
    #[error("the file cannot be imported: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Failed(Vec<Diagnostic>),
}

impl GltfFile {
    /// Reads a file, binary or not. `source` names it in diagnostics; the scene is named after its stem.
    ///
    /// # Errors
    /// Diagnostics, at least one of them an error: the file is damaged, of another version, larger than
    /// the limits allow, requires an extension that is not supported, or has a buffer whose URI may not be
    /// read.
    pub fn parse(
        bytes: SharedBytes,
        source: &str,
        limits: &GltfLimits,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut report = Report::new(source);
        let parsed = glb::split(bytes).and_then(|parts| {
            let document = Document::parse(&parts.json, limits)?;
            Ok((document, parts.bin))
        });
        let Some((document, container)) = report.take(parsed) else {
            return Err(report.take_list());
        };
        extensions::check(&document, &mut report);
        let buffers = BufferPlan::new(&document.buffers, container.is_some(), limits, &mut report);
        if buffers.embedded_bytes > limits.max_decoded_bytes {
            let message = format!(
                "embedded buffers take {} bytes, but at most {} are allowed",
                buffers.embedded_bytes, limits.max_decoded_bytes
            );
            report.note(codes::LIMIT_EXCEEDED, "buffers", message);
        }
        report.check()?;
        Ok(Self {
            document,
            container,
            buffers,
            limits: limits.clone(),
            report,
        })
    }

    /// The files that have to be read for [`Self::into_scene`]. Each of them is named once. Whether they
    /// may be read is up to the reader: a path can leave the folder of the source.
    pub fn external_buffers(&self) -> &[ExternalBuffer] {
        &self.buffers.files
    }

    /// The files that have to be read for a source, found with as little work as possible. What is wrong
    /// with the source is said when it is parsed.
    pub fn find_external_buffers(bytes: SharedBytes, limits: &GltfLimits) -> Vec<ExternalBuffer> {
        let Ok(parts) = glb::split(bytes) else {
            return Vec::new();
        };
        let buffers = Document::parse_buffers(&parts.json, limits).unwrap_or_default();
        let mut report = Report::new("");
        BufferPlan::new(&buffers, parts.bin.is_some(), limits, &mut report).files
    }

    /// At least as many bytes as decoding embedded and compressed data will take, for memory budgets.
    pub fn decoded_bytes(&self) -> u64 {
        let embedded = self.buffers.embedded_bytes;
        let compressed = buffers::compressed_bytes(&self.document);
        let most = self.limits.max_decoded_bytes.saturating_mul(2);
        embedded.saturating_add(compressed).min(most)
    }

    /// Makes the scene. `buffers` are the bytes of [`Self::external_buffers`], in order.
    ///
    /// # Errors
    /// [`GltfError::Cancelled`], or diagnostics with at least one error.
    pub fn into_scene(
        self,
        buffers: &[SharedBytes],
        settings: &SceneSettings,
        cancel: &CancelFlag,
    ) -> Result<SceneSource, GltfError> {
        let Self {
            document,
            container,
            buffers: plan,
            limits,
            mut report,
        } = self;
        let buffers = plan.resolve(&document, container.as_ref(), buffers, &mut report);
        report.check()?;
        cancel.check()?;
        let result = build(&document, &buffers, &limits, settings, cancel, &mut report);
        cancel.check()?;
        let parts = report.take(result);
        report.check()?;
        let mut parts = parts.unwrap_or_default();
        parts.name = scene_name(stem(report.source()));
        parts.diagnostics = report.take_list();
        let parts = SceneSource::new(parts);
        parts.map_err(|error| {
            // Every reference was checked before.
            report.push(Diagnostic::new(codes::PARSE_FAILED, error.to_string()));
            GltfError::Failed(report.take_list())
        })
    }
}

impl From<Vec<Diagnostic>> for GltfError {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self::Failed(diagnostics)
    }
}

fn build(
    document: &Document,
    buffers: &Buffers,
    limits: &GltfLimits,
    settings: &SceneSettings,
    cancel: &CancelFlag,
    report: &mut Report,
) -> Result<SceneParts, Diagnostic> {
    let mut views = Views::new(document, buffers, limits, cancel);
    let mut materials = Vec::with_capacity(document.materials.len());
    for (index, material) in document.materials.iter().enumerate() {
        materials.push(MaterialPlan::new(document, index, material, report)?);
    }
    let used = materials.iter().flat_map(MaterialPlan::images);
    let images = Images::new(document, &mut views, used);
    let material_sets: Vec<Vec<u32>> = materials.iter().map(MaterialPlan::uv_sets).collect();
    let materials = materials
        .into_iter()
        .map(|plan| plan.finish(&images))
        .collect();
    let mut ignored_animations = 0;
    if !document.animations.is_empty() {
        ignored_animations = hierarchy::count(document.animations.len());
        let message = format!("{ignored_animations} animations are ignored");
        report.note(codes::ANIMATIONS_IGNORED, "animations", message);
    }
    let cameras = component::cameras(document, report);
    let lights = component::lights(document, report);
    let checker = Checker {
        document,
        views,
        limits,
        material_sets: &material_sets,
        refuse_non_triangles: settings.refuse_non_triangles,
    };
    let scale = space::unit_scale(settings.units);
    let builder = SceneBuilder::new(checker, scale, limits, report);
    let Built {
        nodes,
        meshes,
        cameras,
        lights,
        mut ignored,
    } = builder.build(cameras, lights)?;
    ignored.animations = ignored_animations;
    Ok(SceneParts {
        name: String::new(),
        nodes,
        meshes,
        materials,
        images: images.list,
        cameras,
        lights,
        ignored,
        diagnostics: Vec::new(),
    })
}

/// The stem of the last component of a path or URI.
fn stem(source: &str) -> &str {
    let file = source.rsplit(['/', '\\']).next().unwrap_or(source);
    match file.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => file,
    }
}

//! glTF: a document, and the files that its buffers are in.
//!
//! The buffers are companions of the source: they are read within the byte budget, and only where
//! reading is allowed. Images are read when their texture is cooked.

use bevy_kiln_assets::{
    diagnostic::{Diagnostic, codes},
    settings::scene::SceneSettings,
    source::{
        gltf::{ExternalBuffer, GltfError, GltfFile, GltfLimits, MAGIC},
        path::SourcePath,
        scene::{SceneSource, SharedBytes},
    },
};
use bevy_tasks::BoxedFuture;

use super::scene::plan_scene;
use crate::importer::{ImportPlan, ImportSource, Importer, SourceNeed};

/// The importer of `.gltf` and `.glb` files.
#[derive(Clone, Debug, Default)]
pub struct GltfImporter {
    limits: GltfLimits,
}

impl GltfImporter {
    /// An importer with limits of your own.
    pub fn with_limits(limits: GltfLimits) -> Self {
        Self { limits }
    }
}

impl Importer for GltfImporter {
    fn name(&self) -> &'static str {
        "gltf"
    }

    fn title(&self) -> &'static str {
        "glTF"
    }

    fn fingerprint(&self) -> Option<String> {
        Some(format!("gltf 1 {:?}", self.limits))
    }

    fn extensions(&self) -> &[&'static str] {
        &["gltf", "glb"]
    }

    fn recognizes(&self, head: &[u8]) -> bool {
        head.starts_with(&MAGIC) || looks_like_document(head)
    }

    fn need(&self) -> SourceNeed {
        SourceNeed::Whole
    }

    /// The bytes stay as long as meshes are read from them. The document is about as large again while
    /// it is parsed, and embedded data when it is decoded.
    fn source_memory(&self, len: u64) -> u64 {
        len.saturating_mul(2)
    }

    /// Parses the document, which is small beside its data, and keeps it for the plan.
    fn companions(&self, source: &ImportSource) -> Vec<SourcePath> {
        let parsed = parse(source, &self.limits);
        let paths = parsed.as_ref().map(|file| {
            let buffers = file.external_buffers().iter();
            buffers.map(|buffer| buffer.path.clone()).collect()
        });
        let paths = paths.unwrap_or_default();
        source.keep(parsed);
        paths
    }

    fn plan(
        &self,
        source: ImportSource,
    ) -> BoxedFuture<'static, Result<ImportPlan, Vec<Diagnostic>>> {
        let limits = self.limits.clone();
        Box::pin(async move {
            let settings = source.scene_settings().map_err(|error| vec![error])?;
            let parsed: Option<Parsed> = source.take();
            let file = parsed.unwrap_or_else(|| parse(&source, &limits))?;
            let scene = make_scene(&source, file, &settings)?;
            plan_scene(&source, scene, settings).await
        })
    }
}

type Parsed = Result<GltfFile, Vec<Diagnostic>>;

fn parse(source: &ImportSource, limits: &GltfLimits) -> Parsed {
    let bytes = SharedBytes::whole(source.bytes.clone());
    GltfFile::parse(bytes, &source.name, limits)
}

fn make_scene(
    source: &ImportSource,
    file: GltfFile,
    settings: &SceneSettings,
) -> Result<SceneSource, Vec<Diagnostic>> {
    let buffers = file.external_buffers().iter();
    let buffers: Vec<Result<SharedBytes, Diagnostic>> =
        buffers.map(|buffer| bytes_of(source, buffer)).collect();
    let unread: Vec<Diagnostic> = buffers
        .iter()
        .filter_map(|b| b.as_ref().err().cloned())
        .collect();
    if !unread.is_empty() {
        return Err(unread);
    }
    let buffers: Vec<SharedBytes> = buffers.into_iter().flatten().collect();
    match file.into_scene(&buffers, settings, &source.cancel) {
        Ok(scene) => Ok(scene),
        Err(GltfError::Failed(diagnostics)) => Err(diagnostics),
        // Nobody reads it: the job has been reported as cancelled.
        Err(GltfError::Cancelled(_)) => Err(vec![
            Diagnostic::new(codes::import::CANCELED, "Import canceled").source(&source.name),
        ]),
    }
}

/// The bytes of a buffer, or why they could not be read.
fn bytes_of(source: &ImportSource, buffer: &ExternalBuffer) -> Result<SharedBytes, Diagnostic> {
    let reason = match source.companion(&buffer.path) {
        Some(Ok(bytes)) => return Ok(SharedBytes::whole(bytes.clone())),
        Some(Err(error)) => error.to_string(),
        None => "it was not asked for".to_owned(),
    };
    let message = format!("`{}` cannot be read: {reason}", buffer.path);
    let code = codes::gltf::READ_FAILED;
    Err(Diagnostic::new(code, message)
        .source(&source.name)
        .object(&buffer.object))
}

/// Whether the beginning of a file is that of a document: an object with names that no other format
/// has together.
fn looks_like_document(head: &[u8]) -> bool {
    const NAMES: [&[u8]; 12] = [
        br#""asset""#,
        br#""accessors""#,
        br#""bufferViews""#,
        br#""buffers""#,
        br#""meshes""#,
        br#""nodes""#,
        br#""scenes""#,
        br#""scene""#,
        br#""materials""#,
        br#""extensionsUsed""#,
        br#""extensionsRequired""#,
        br#""primitives""#,
    ];
    let text = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start();
    if !text.starts_with(b"{") {
        return false;
    }
    let has = |name: &[u8]| text.windows(name.len()).any(|window| window == name);
    NAMES.iter().filter(|name| has(name)).count() >= 2 || (has(NAMES[0]) && has(br#""version""#))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_tells_documents_from_other_files() {
        let is_ours = |head: &[u8]| GltfImporter::default().recognizes(head);
        assert!(is_ours(b"glTF\x02\0\0\0"));
        assert!(is_ours(br#"{"asset":{"version":"2.0"}}"#));
        assert!(is_ours(
            b"\xef\xbb\xbf\n { \"accessors\": [], \"bufferViews\": []"
        ));
        for other in [
            &b""[..],
            b"gltf",
            b"{}",
            br#"{"version":"2.0"}"#,
            br#"{"asset":"wood.png"}"#,
            br#"["asset","version","nodes"]"#,
            b"Kaydara FBX Binary",
        ] {
            assert!(!is_ours(other), "{other:?}");
        }
    }
}

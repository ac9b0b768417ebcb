//! The JSON document.
//!
//! The types of its objects are those of the `gltf` crate, except where those are too strict (a scene
//! without nodes is valid) or lose what counts (whether a material has metallic-roughness values at all).
//! Animations and samplers are counted or skipped. Nothing is taken out of it by an unchecked index: see
//! [`Document::get`].

use super::{limits::GltfLimits, report::about};
use crate::diagnostic::{Diagnostic, codes::gltf as codes};
use gltf::json::{self, validation::Checked};
use serde::{Deserialize, de::IgnoredAny};
use std::fmt::Display;

/// Nesting beyond this is refused. The deepest extension has about ten levels.
const MAX_DEPTH: usize = 100;

/// The objects of a file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    pub(super) asset: json::Asset,
    #[serde(default)]
    pub(super) extensions_used: Vec<String>,
    #[serde(default)]
    pub(super) extensions_required: Vec<String>,
    #[serde(default)]
    pub(super) accessors: Vec<json::Accessor>,
    #[serde(default)]
    pub(super) animations: Vec<IgnoredAny>,
    #[serde(default)]
    pub(super) buffers: Vec<json::Buffer>,
    #[serde(default)]
    pub(super) buffer_views: Vec<json::buffer::View>,
    #[serde(default)]
    pub(super) cameras: Vec<json::Camera>,
    #[serde(default)]
    pub(super) images: Vec<json::Image>,
    #[serde(default)]
    pub(super) materials: Vec<Material>,
    #[serde(default)]
    pub(super) meshes: Vec<json::Mesh>,
    #[serde(default)]
    pub(super) nodes: Vec<json::Node>,
    #[serde(default)]
    pub(super) skins: Vec<json::Skin>,
    #[serde(default)]
    pub(super) textures: Vec<json::Texture>,
    pub(super) scene: Option<json::Index<json::Scene>>,
    #[serde(default)]
    pub(super) scenes: Vec<Scene>,
    #[serde(default)]
    extensions: RootExtensions,
}

/// A scene.
#[derive(Debug, Deserialize)]
pub(super) struct Scene {
    #[serde(default)]
    pub(super) nodes: Vec<json::Index<json::Node>>,
}

/// A material.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Material {
    pub(super) name: Option<String>,
    pub(super) alpha_cutoff: Option<f32>,
    #[serde(default)]
    pub(super) alpha_mode: Checked<json::material::AlphaMode>,
    #[serde(default)]
    pub(super) double_sided: bool,
    pub(super) pbr_metallic_roughness: Option<json::material::PbrMetallicRoughness>,
    pub(super) normal_texture: Option<json::material::NormalTexture>,
    pub(super) occlusion_texture: Option<json::material::OcclusionTexture>,
    pub(super) emissive_texture: Option<json::texture::Info>,
    #[serde(default)]
    pub(super) emissive_factor: [f32; 3],
    #[serde(default)]
    pub(super) extensions: json::extensions::material::Material,
}

#[derive(Debug, Default, Deserialize)]
struct RootExtensions {
    #[serde(rename = "KHR_lights_punctual")]
    lights: Option<json::extensions::root::KhrLightsPunctual>,
}

/// Only what is needed to find the files of buffers.
#[derive(Deserialize)]
struct BuffersOnly {
    #[serde(default)]
    buffers: Vec<json::Buffer>,
}

/// Only what is needed to say that a file is too old or too new.
#[derive(Deserialize)]
struct Head {
    asset: HeadAsset,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeadAsset {
    version: String,
    min_version: Option<String>,
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// `gltf.parse_failed`, `gltf.unsupported_version` or `gltf.limit_exceeded`.
    pub(super) fn parse(bytes: &[u8], limits: &GltfLimits) -> Result<Self, Diagnostic> {
        let bytes = text(bytes);
        Outline::of(bytes, limits)?;
        let document: Self = match serde_json::from_slice(bytes) {
            Ok(document) => document,
            Err(error) => return Err(explain(bytes, &error)),
        };
        let asset = &document.asset;
        check_version(&asset.version, asset.min_version.as_deref())?;
        Ok(document)
    }

    /// Reads the buffers of a document and nothing else. The complete reading says what is wrong with a
    /// document.
    pub(super) fn parse_buffers(bytes: &[u8], limits: &GltfLimits) -> Option<Vec<json::Buffer>> {
        let bytes = text(bytes);
        Outline::of(bytes, limits).ok()?;
        let document: BuffersOnly = serde_json::from_slice(bytes).ok()?;
        Some(document.buffers)
    }

    /// The lights of the file.
    pub(super) fn lights(&self) -> &[json::extensions::scene::khr_lights_punctual::Light] {
        self.extensions
            .lights
            .as_ref()
            .map_or(&[], |lights| &lights.lights)
    }
}

/// A document without what tools put before and after it.
fn text(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // Chunks are padded with spaces, but some tools take zeros.
    let last = bytes.iter().rposition(|byte| *byte != 0);
    &bytes[..last.map_or(0, |last| last + 1)]
}

/// An object of a list.
///
/// # Errors
/// `gltf.dangling_reference`, with the path of what refers to it.
pub(super) fn get<'a, T>(
    list: &'a [T],
    kind: &str,
    index: usize,
    from: impl Display,
) -> Result<&'a T, Diagnostic> {
    list.get(index).ok_or_else(|| {
        let message = format!("{kind}[{index}] does not exist; there are {}", list.len());
        about(codes::DANGLING_REFERENCE, from, message)
    })
}

/// Why bytes are no document, with the place in it.
fn explain(bytes: &[u8], error: &serde_json::Error) -> Diagnostic {
    // Other versions have other objects; that says more than the first object that does not fit.
    if let Ok(Head { asset }) = serde_json::from_slice(bytes)
        && let Err(version) = check_version(&asset.version, asset.min_version.as_deref())
    {
        return version;
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let path = match serde_path_to_error::deserialize::<_, Document>(&mut json) {
        Err(error) if error.path().iter().next().is_some() => Some(error.path().to_string()),
        _ => None,
    };
    let diagnostic = Diagnostic::new(codes::PARSE_FAILED, error.to_string());
    match path {
        Some(path) => diagnostic.object(path),
        None => diagnostic,
    }
}

/// A file is readable if its version is 2.x; `minVersion` says whether it needs more than 2.0.
fn check_version(version: &str, min_version: Option<&str>) -> Result<(), Diagnostic> {
    let parse = |text: &str| -> Option<(u32, u32)> {
        let (major, minor) = text.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    let unsupported = |what: &str, version: &str| {
        let message = format!("{what} {version:?}; supported is 2.0");
        Err(Diagnostic::new(codes::UNSUPPORTED_VERSION, message).object("asset"))
    };
    match parse(version) {
        Some((2, _)) => {}
        _ => return unsupported("the file has version", version),
    }
    match min_version.map(|text| (text, parse(text))) {
        None | Some((_, Some((2, 0)))) => Ok(()),
        Some((text, _)) => unsupported("the file needs version", text),
    }
}

/// The shape of JSON, found without reading it: enough to know how much memory it can take.
struct Outline {
    depth: usize,
    deepest: usize,
    objects: u64,
    values: u64,
}

impl Outline {
    fn of(bytes: &[u8], limits: &GltfLimits) -> Result<(), Diagnostic> {
        let too_many = |what: &str, count: u64, limit: u64| {
            let message =
                format!("the document has {count} {what}, but at most {limit} are allowed");
            Err(Diagnostic::new(codes::LIMIT_EXCEEDED, message))
        };
        let len = bytes.len() as u64;
        if len > limits.max_json_bytes {
            return too_many("bytes", len, limits.max_json_bytes);
        }
        let outline = Self::scan(bytes);
        if outline.deepest > MAX_DEPTH {
            let message = format!(
                "arrays and objects are nested {} deep, but at most {MAX_DEPTH} are allowed",
                outline.deepest
            );
            return Err(Diagnostic::new(codes::PARSE_FAILED, message));
        }
        if outline.objects > limits.max_json_objects {
            return too_many("objects", outline.objects, limits.max_json_objects);
        }
        if outline.values > limits.max_json_values {
            return too_many("values", outline.values, limits.max_json_values);
        }
        Ok(())
    }

    /// Looks at brackets and commas outside of strings. For text that is no JSON the result means
    /// nothing, but then the parser stops as well.
    fn scan(bytes: &[u8]) -> Self {
        let mut outline = Self {
            depth: 0,
            deepest: 0,
            objects: 0,
            values: 0,
        };
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            match byte {
                b'"' => rest = after_string(rest),
                b'{' | b'[' => {
                    outline.objects += u64::from(byte == b'{');
                    outline.values += 1;
                    outline.depth += 1;
                    outline.deepest = outline.deepest.max(outline.depth);
                }
                b'}' | b']' => outline.depth = outline.depth.saturating_sub(1),
                b',' => outline.values += 1,
                _ => {}
            }
        }
        outline
    }
}

/// What follows a string whose opening quote was read.
fn after_string(mut rest: &[u8]) -> &[u8] {
    // Embedded data makes strings of megabytes: look at whole blocks first.
    const BLOCK: usize = 64;
    loop {
        let plain = |byte: &u8| *byte != b'"' && *byte != b'\\';
        while let Some(block) = rest.first_chunk::<BLOCK>()
            && block.iter().fold(true, |all, byte| all & plain(byte))
        {
            rest = &rest[BLOCK..];
        }
        let Some(at) = rest.iter().position(|byte| !plain(byte)) else {
            return &[];
        };
        if rest[at] == b'"' {
            return &rest[at + 1..];
        }
        // The character after a backslash is part of the string, whatever it is.
        rest = rest.get(at + 2..).unwrap_or_default();
    }
}

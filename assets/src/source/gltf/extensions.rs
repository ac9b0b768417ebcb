//! Extensions: what is understood, and what is said about the rest.

use super::{document::Document, report::Report};
use crate::diagnostic::codes::gltf as codes;
use std::collections::BTreeSet;

/// The extensions that are read.
pub const SUPPORTED: [&str; 17] = [
    "EXT_meshopt_compression",
    "EXT_texture_webp",
    "KHR_draco_mesh_compression",
    "KHR_lights_punctual",
    "KHR_materials_clearcoat",
    "KHR_materials_emissive_strength",
    "KHR_materials_ior",
    "KHR_materials_pbrSpecularGlossiness",
    "KHR_materials_sheen",
    "KHR_materials_specular",
    "KHR_materials_transmission",
    "KHR_materials_unlit",
    "KHR_materials_volume",
    "KHR_mesh_quantization",
    "KHR_meshopt_compression",
    "KHR_texture_transform",
    "MSFT_lod",
];

/// Tells what is not understood: an error for each extension that is required, an info for each that is
/// only used.
pub(super) fn check(document: &Document, report: &mut Report) {
    let mut seen = BTreeSet::new();
    let required = document.extensions_required.iter().map(|name| (name, true));
    let used = document.extensions_used.iter().map(|name| (name, false));
    for (name, is_required) in required.chain(used) {
        if SUPPORTED.contains(&name.as_str()) || !seen.insert(name) {
            continue;
        }
        if is_required {
            let message =
                format!("the file requires the extension `{name}`, which is not supported");
            report.note(codes::EXTENSION_REQUIRED, "extensionsRequired", message);
        } else {
            let message =
                format!("the extension `{name}` is not supported; what it says is left out");
            report.note(codes::EXTENSION_IGNORED, "extensionsUsed", message);
        }
    }
}

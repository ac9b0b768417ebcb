//! The built-in source formats. They register through the same door as anybody's own.

pub mod buffer;
pub mod fbx;
pub mod gltf;
pub mod image;
pub mod scene;

use crate::importer::Importers;

/// The built-in formats, in the order in which the plugin registers them.
pub fn built_in() -> Importers {
    let mut importers = Importers::default();
    importers.register(image::ImageImporter);
    importers.register(fbx::FbxImporter);
    importers.register(gltf::GltfImporter::default());
    importers
}

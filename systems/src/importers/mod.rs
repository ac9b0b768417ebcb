//! The built-in source formats. They register through the same door as anybody's own.

pub mod buffer;
pub mod fbx;
pub mod gltf;
pub mod image;
pub mod scene;

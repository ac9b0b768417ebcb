//! Adapters that turn source files into neutral data.

pub mod fbx;
pub mod gltf;
pub mod image;
pub mod path;
pub mod scene;
pub mod texture;

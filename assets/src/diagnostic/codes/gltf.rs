//! Codes of the `gltf` area.

codes! {}

//! Codes of the `fbx` area.

codes! {}

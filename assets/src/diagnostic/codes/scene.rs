//! Codes of the `scene` area.

codes! {}

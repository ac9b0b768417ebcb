//! Codes of the `container` area.

codes! {}

//! Codes of the `texture` area.

codes! {}

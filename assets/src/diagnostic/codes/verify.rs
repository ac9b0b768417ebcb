//! Codes of the `verify` area.

codes! {}

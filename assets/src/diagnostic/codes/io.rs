//! Codes of the `io` area.

codes! {}

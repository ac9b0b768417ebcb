//! Codes of the `material` area.

codes! {}

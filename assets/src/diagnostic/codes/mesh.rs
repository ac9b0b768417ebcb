//! Codes of the `mesh` area.

codes! {}

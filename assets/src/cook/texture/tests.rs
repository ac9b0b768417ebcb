//! Tests of whole cooks.

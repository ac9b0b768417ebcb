//! Adapters that turn source files into neutral data.

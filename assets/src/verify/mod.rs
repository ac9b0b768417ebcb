//! The strict checker of finished containers.

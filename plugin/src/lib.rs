//! `ImportPlugin`, `ImportClient` and the headless runner of `bevy_kiln`.
#![forbid(unsafe_code)]

mod client;
mod headless;
mod import_plugin;
mod manifest;

pub use client::{ImportClient, JobHandle, SubmitError};
pub use headless::{HeadlessSettings, headless_app, run_headless};
pub use import_plugin::{ImportAppExt, ImportPlugin};
pub use manifest::ManifestHandle;

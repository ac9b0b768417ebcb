#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub use bevy_kiln_assets as assets;
pub use bevy_kiln_components as components;
pub use bevy_kiln_plugin as plugin;
pub use bevy_kiln_systems as systems;

/// What most apps need.
pub mod prelude {
    pub use bevy_kiln_assets::{
        diagnostic::{Diagnostic, Severity},
        manifest::{Manifest, ManifestProblem, Places},
        settings::{overrides::TextureOverrides, scene::SceneOptions, texture::TextureOptions},
    };
    pub use bevy_kiln_components::{
        job::{CancelToken, FinishedReport, ImportRequest, JobId, JobState, Progress},
        manifest::{ManifestFinished, ManifestOutcome, ManifestRequest},
        messages::{ImportFinished, ImportProgress, ProgressKind},
        report::{ImportReport, Product},
        settings::ImportSettings,
    };
    pub use bevy_kiln_plugin::{ImportAppExt, ImportClient, ImportPlugin, JobHandle};
    pub use bevy_kiln_systems::KilnSystems;
}

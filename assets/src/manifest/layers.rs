//! Layers of settings: defaults below, the job on top.

use crate::settings::{overrides::TextureOverrides, scene::SceneOptions, texture::TextureOptions};
use serde::{Deserialize, de::DeserializeOwned};

use super::tree::Node;

/// What one object of a manifest says: the defaults of textures or scenes, or a job.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    pub texture: TextureOptions,
    pub scene: SceneOptions,
    pub overrides: TextureOverrides,
    pub sources: Vec<SourceEntry>,
    pub output: Option<String>,
    pub name: Option<String>,
    pub verbose: Option<bool>,
}

/// One entry of `sources`, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct SourceEntry {
    pub file: String,
    #[serde(default)]
    pub layer: u16,
    #[serde(default)]
    pub mip: u16,
    #[serde(default)]
    pub slice: u16,
}

impl Layer {
    /// What an object says; nothing, if there is none.
    pub fn of(node: Option<&Node>) -> Self {
        let Some(node) = node else {
            return Self::default();
        };
        let text = |key: &str| node.get(key).and_then(Node::text).map(str::to_owned);
        let mut overrides = TextureOverrides::default();
        let entries = node.get("texture_overrides").map_or(&[][..], Node::members);
        for entry in entries {
            overrides.set(&entry.key, options(&entry.value));
        }
        Self {
            texture: options(node),
            scene: options(node),
            overrides,
            sources: node.get("sources").map(options).unwrap_or_default(),
            // An empty text unsets.
            output: text("output"),
            name: text("name"),
            verbose: node.get("verbose").and_then(Node::flag),
        }
    }

    /// Puts a job on top of the defaults: of textures for a texture job, of scenes for a scene job
    /// (whose textures still have the defaults of textures).
    pub fn under(&self, job: &Self) -> Self {
        let mut sources = self.sources.clone();
        sources.extend(job.sources.iter().cloned());
        Self {
            texture: self.texture.under(&job.texture),
            scene: self.scene.under(&job.scene),
            overrides: self.overrides.under(&job.overrides),
            sources,
            output: job.output.clone().or_else(|| self.output.clone()),
            name: job.name.clone().or_else(|| self.name.clone()),
            verbose: job.verbose.or(self.verbose),
        }
    }
}

/// Reads options from a node that the table has checked. A test says that they take all it lets
/// through.
fn options<T: DeserializeOwned + Default>(node: &Node) -> T {
    T::deserialize(node).unwrap_or_default()
}

//! The options of `kiln import` for scenes.

use bevy_kiln::assets::settings::{
    geometry::AttributePolicy,
    scene::{
        AssetKeyPolicy, ContentFlags, NamingPolicy, NodePruning, SceneOptions,
        TextureFailurePolicy, UnitPolicy,
    },
};
use clap::Args;
use serde::de::DeserializeOwned;
use std::path::PathBuf;

/// How scenes are imported.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Scenes")]
pub struct SceneArgs {
    /// Unit of the cooked scene: normalize (metres), preserve or custom
    #[arg(long, value_name = "POLICY", value_parser = token::<UnitPolicy>)]
    pub unit_policy: Option<UnitPolicy>,
    /// The factor of the unit policy custom
    #[arg(long, value_name = "FACTOR")]
    pub unit_scale: Option<f32>,
    /// Normals: none, preserve, generate or recalculate
    #[arg(long, value_name = "POLICY", value_parser = token::<AttributePolicy>)]
    pub normals: Option<AttributePolicy>,
    /// Tangents: none, preserve, generate or recalculate
    #[arg(long, value_name = "POLICY", value_parser = token::<AttributePolicy>)]
    pub tangents: Option<AttributePolicy>,
    /// Nodes: keep, or drop-empty for those without mesh, camera and light
    #[arg(long, value_name = "POLICY", value_parser = token::<NodePruning>)]
    pub prune_nodes: Option<NodePruning>,
    /// Names: none (as authored) or normalize
    #[arg(long, value_name = "POLICY", value_parser = token::<NamingPolicy>)]
    pub naming: Option<NamingPolicy>,
    /// Keys of assets: deterministic or random
    #[arg(long, value_name = "POLICY", value_parser = token::<AssetKeyPolicy>)]
    pub asset_keys: Option<AssetKeyPolicy>,
    /// Levels of detail of each mesh, 1 to 8; more than one are generated
    #[arg(long, value_name = "N")]
    pub lods: Option<u32>,
    /// Triangles of a level, as a share of the level before
    #[arg(long, value_name = "SHARE")]
    pub lod_ratio: Option<f32>,
    /// The largest error of a level, as a share of the extent of the mesh
    #[arg(long, value_name = "SHARE")]
    pub lod_max_error: Option<f32>,
    /// Leave triangles and vertices in their authored order
    #[arg(long)]
    pub no_optimize: bool,
    /// Move the transforms of nodes into their meshes
    #[arg(long)]
    pub bake_transforms: bool,
    /// Cook no textures: material slots stay empty
    #[arg(long)]
    pub no_import_textures: bool,
    /// Cook no materials: meshes get the default material
    #[arg(long)]
    pub no_import_materials: bool,
    /// Cook no meshes
    #[arg(long)]
    pub no_import_geometry: bool,
    /// Cook no scene descriptor
    #[arg(long)]
    pub no_import_scene: bool,
    /// Textures that fail become: error_texture or fallback; fail lets the scene fail
    #[arg(long, value_name = "POLICY", value_parser = token::<TextureFailurePolicy>)]
    pub on_texture_failure: Option<TextureFailurePolicy>,
    /// A folder whose files scenes may refer to, besides those beside and below them; repeatable
    #[arg(long = "source-root", value_name = "DIR")]
    pub source_roots: Vec<PathBuf>,
}

impl SceneArgs {
    /// The scene options that were asked for.
    pub fn options(&self) -> SceneOptions {
        let content = ContentFlags {
            textures: !self.no_import_textures,
            materials: !self.no_import_materials,
            geometry: !self.no_import_geometry,
            scene: !self.no_import_scene,
        };
        let mut options = SceneOptions::default();
        options.content_flags = (content != ContentFlags::default()).then_some(content);
        options.unit_policy = self.unit_policy;
        options.unit_scale = self.unit_scale;
        options.bake_transforms = self.bake_transforms.then_some(true);
        options.node_pruning = self.prune_nodes;
        options.naming_policy = self.naming;
        options.asset_key_policy = self.asset_keys;
        options.on_texture_failure = self.on_texture_failure;
        options.geometry.normals_policy = self.normals;
        options.geometry.tangents_policy = self.tangents;
        options.geometry.optimize = self.no_optimize.then_some(false);
        options.geometry.lod_count = self.lods;
        options.geometry.lod_ratio = self.lod_ratio;
        options.geometry.lod_max_error = self.lod_max_error;
        options
    }
}

/// Reads a token of a setting, as manifests have it.
fn token<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        scene: SceneArgs,
    }

    fn parse(line: &str) -> Result<SceneOptions, String> {
        let words = std::iter::once("kiln").chain(line.split_whitespace());
        let parsed = Line::try_parse_from(words);
        parsed
            .map(|line| line.scene.options())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn options_are_those_of_manifests() {
        let options = parse(
            "--unit-policy custom --unit-scale 0.5 --normals recalculate --tangents none \
             --prune-nodes drop-empty --naming normalize --lods 3 --lod-ratio 0.25 --no-optimize \
             --bake-transforms --no-import-scene --on-texture-failure fallback --asset-keys random",
        );
        let expected: SceneOptions = serde_json::from_str(
            r#"{"unit_policy":"custom","unit_scale":0.5,"normals_policy":"recalculate",
                "tangents_policy":"none","node_pruning":"drop-empty","naming_policy":"normalize",
                "lod_count":3,"lod_ratio":0.25,"optimize":false,"bake_transforms":true,
                "content_flags":{"scene":false},"on_texture_failure":"fallback",
                "asset_key_policy":"random"}"#,
        )
        .unwrap();
        assert_eq!(options, Ok(expected));
        assert_eq!(parse(""), Ok(SceneOptions::default()));
    }

    #[test]
    fn wrong_tokens_name_the_choice() {
        let error = parse("--normals smooth").unwrap_err();
        assert!(
            error.contains("smooth") && error.contains("`recalculate`"),
            "{error}"
        );
        assert!(parse("--lods many").is_err());
    }
}

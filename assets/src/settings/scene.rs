//! Scene settings: what is taken out of a scene file, and how it is arranged.

use super::{
    geometry::{GeometryOptions, GeometrySettings, GeometrySettingsError, MAX_LODS},
    property::{Bound, ObjectRule, Property, Rule},
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Which unit the cooked scene has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnitPolicy {
    /// Metres.
    #[default]
    Normalize,
    /// That of the source.
    Preserve,
    /// The source's, times a factor.
    Custom,
}

/// Which nodes are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodePruning {
    /// All, with their local transforms.
    #[default]
    Keep,
    /// Those that carry a mesh, a camera or a light. Others are left out, and their children move up
    /// without changing their place in the world.
    DropEmpty,
}

/// What becomes of authored names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NamingPolicy {
    /// They are kept as far as paths can hold them.
    #[default]
    #[serde(alias = "preserve")]
    None,
    /// They are reduced to letters, digits and underscores, with a prefix for meshes and materials.
    Normalize,
}

/// Where the keys of assets come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AssetKeyPolicy {
    /// The virtual path: the same asset has the same key in every run.
    #[default]
    Deterministic,
    /// Chance.
    Random,
}

/// What stands in for a texture of a scene that could not be cooked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextureFailurePolicy {
    /// The engine's error texture, with a warning.
    #[default]
    ErrorTexture,
    /// The white fallback texture, with a warning.
    Fallback,
    /// Nothing: the job fails.
    Fail,
}

/// Which kinds of content are cooked. Left out materials become the built-in default, left out
/// textures empty slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct ContentFlags {
    /// Textures.
    pub textures: bool,
    /// Materials.
    pub materials: bool,
    /// Meshes.
    pub geometry: bool,
    /// The scene itself.
    pub scene: bool,
}

impl Default for ContentFlags {
    fn default() -> Self {
        Self {
            textures: true,
            materials: true,
            geometry: true,
            scene: true,
        }
    }
}

/// One layer of [`ContentFlags`]. `None` means "not given"; layers merge flag by flag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContentOptions {
    /// Textures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub textures: Option<bool>,
    /// Materials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub materials: Option<bool>,
    /// Meshes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geometry: Option<bool>,
    /// The scene itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scene: Option<bool>,
}

impl ContentOptions {
    /// Whether nothing is given.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Puts `later` on top of this layer.
    #[must_use]
    pub fn under(self, later: Self) -> Self {
        Self {
            textures: later.textures.or(self.textures),
            materials: later.materials.or(self.materials),
            geometry: later.geometry.or(self.geometry),
            scene: later.scene.or(self.scene),
        }
    }

    /// The flags: what is given, on top of the defaults.
    pub fn resolve(self) -> ContentFlags {
        let defaults = ContentFlags::default();
        ContentFlags {
            textures: self.textures.unwrap_or(defaults.textures),
            materials: self.materials.unwrap_or(defaults.materials),
            geometry: self.geometry.unwrap_or(defaults.geometry),
            scene: self.scene.unwrap_or(defaults.scene),
        }
    }
}

/// Everything that decides how a scene file is cooked, apart from its textures. Its JSON is part of
/// cache keys: the order of the fields is fixed, and every field is always written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SceneSettings {
    /// Which kinds of content are cooked.
    pub content: ContentFlags,
    /// Which unit the cooked scene has.
    pub units: UnitScale,
    /// Whether the transforms of nodes move into the vertices of their meshes.
    pub bake_transforms: bool,
    /// Whether points and lines are an error; if not, they are skipped.
    pub refuse_non_triangles: bool,
    /// Which nodes are kept.
    pub node_pruning: NodePruning,
    /// What becomes of authored names.
    pub naming: NamingPolicy,
    /// Where the keys of assets come from.
    pub asset_keys: AssetKeyPolicy,
    /// What stands in for textures that failed.
    pub on_texture_failure: TextureFailurePolicy,
    /// How meshes are cooked; its `content_hashing` is that of all descriptors of the scene.
    pub geometry: GeometrySettings,
}

/// The unit of the cooked scene. A custom factor is finite and more than 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnitScale {
    /// Metres.
    #[default]
    Normalize,
    /// That of the source.
    Preserve,
    /// The source's, times this.
    Custom(f32),
}

/// Scene settings that contradict each other or are out of range.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SceneSettingsError {
    /// A factor that nothing would use.
    #[error("unit_scale requires unit_policy `custom`")]
    ScaleWithoutCustom,
    /// A factor that is no factor.
    #[error("unit_scale is {0}, but must be finite and at least 0.0001")]
    Scale(f32),
    /// Of the meshes.
    #[error(transparent)]
    Geometry(#[from] GeometrySettingsError),
}

/// One layer of scene settings. `None` means "not given". Field names are those of manifests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SceneOptions {
    /// Which kinds of content are cooked.
    #[serde(skip_serializing_if = "ContentOptions::is_empty")]
    pub content_flags: ContentOptions,
    /// Which unit the cooked scene has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_policy: Option<UnitPolicy>,
    /// The factor of [`UnitPolicy::Custom`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_scale: Option<f32>,
    /// Whether the transforms of nodes move into vertices (default false).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bake_transforms: Option<bool>,
    /// Whether points and lines are skipped (default true) or an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_non_mesh_primitives: Option<bool>,
    /// Which nodes are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_pruning: Option<NodePruning>,
    /// What becomes of authored names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub naming_policy: Option<NamingPolicy>,
    /// Where the keys of assets come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asset_key_policy: Option<AssetKeyPolicy>,
    /// What stands in for textures that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_texture_failure: Option<TextureFailurePolicy>,
    /// Whether content hashes are stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_hashing: Option<bool>,
    /// How meshes are cooked.
    #[serde(flatten)]
    pub geometry: GeometryOptions,
}

impl SceneOptions {
    /// Puts `later` on top of this layer: what it gives wins. A unit policy of the later layer other
    /// than `custom` also takes back the factor of the earlier one.
    #[must_use]
    pub fn under(&self, later: &Self) -> Self {
        let earlier_scale = match later.unit_policy {
            None | Some(UnitPolicy::Custom) => self.unit_scale,
            Some(_) => None,
        };
        Self {
            content_flags: self.content_flags.under(later.content_flags),
            unit_policy: later.unit_policy.or(self.unit_policy),
            unit_scale: later.unit_scale.or(earlier_scale),
            bake_transforms: later.bake_transforms.or(self.bake_transforms),
            ignore_non_mesh_primitives: later
                .ignore_non_mesh_primitives
                .or(self.ignore_non_mesh_primitives),
            node_pruning: later.node_pruning.or(self.node_pruning),
            naming_policy: later.naming_policy.or(self.naming_policy),
            asset_key_policy: later.asset_key_policy.or(self.asset_key_policy),
            on_texture_failure: later.on_texture_failure.or(self.on_texture_failure),
            content_hashing: later.content_hashing.or(self.content_hashing),
            geometry: self.geometry.under(&later.geometry),
        }
    }

    /// The settings: what is given, on top of the defaults.
    ///
    /// # Errors
    /// [`SceneSettingsError`] when values contradict each other or are out of range.
    pub fn resolve(&self) -> Result<SceneSettings, SceneSettingsError> {
        let units = match (self.unit_policy.unwrap_or_default(), self.unit_scale) {
            (UnitPolicy::Custom, scale) => {
                let scale = scale.unwrap_or(1.0);
                if !(scale.is_finite() && scale >= 0.0001) {
                    return Err(SceneSettingsError::Scale(scale));
                }
                UnitScale::Custom(scale)
            }
            (_, Some(_)) => return Err(SceneSettingsError::ScaleWithoutCustom),
            (UnitPolicy::Normalize, None) => UnitScale::Normalize,
            (UnitPolicy::Preserve, None) => UnitScale::Preserve,
        };
        Ok(SceneSettings {
            content: self.content_flags.resolve(),
            units,
            bake_transforms: self.bake_transforms.unwrap_or(false),
            refuse_non_triangles: self.ignore_non_mesh_primitives == Some(false),
            node_pruning: self.node_pruning.unwrap_or_default(),
            naming: self.naming_policy.unwrap_or_default(),
            asset_keys: self.asset_key_policy.unwrap_or_default(),
            on_texture_failure: self.on_texture_failure.unwrap_or_default(),
            geometry: self
                .geometry
                .resolve(self.content_hashing.unwrap_or(true))?,
        })
    }
}

const POLICIES: &[&str] = &["none", "preserve", "generate", "recalculate"];

/// The flags of [`ContentOptions`].
pub const CONTENT_FLAGS: ObjectRule = ObjectRule {
    name: "content_flags",
    doc: "Which kinds of content are cooked; all by default",
    groups: &[&[
        Property::flag("textures", "Textures; without them slots stay empty"),
        Property::flag(
            "materials",
            "Materials; without them the built-in default is used",
        ),
        Property::flag("geometry", "Meshes"),
        Property::flag("scene", "The scene itself: nodes, cameras, lights"),
    ]],
    required: &[],
};

/// Every scene setting, in the order of help texts and of the JSON Schema. `content_hashing` is not
/// among them: textures have it too.
pub const SCENE_PROPERTIES: &[Property] = &[
    Property::new(
        "content_flags",
        Rule::Object(&CONTENT_FLAGS),
        "Which kinds of content are cooked; layers merge flag by flag",
    ),
    Property::token(
        "unit_policy",
        &["normalize", "preserve", "custom"],
        "Unit of the cooked scene: metres (the default), that of the source, or that times unit_scale",
    ),
    Property::number(
        "unit_scale",
        Bound::Included(0.0001),
        Bound::Open,
        "Factor of unit_policy custom",
    ),
    Property::flag(
        "bake_transforms",
        "Whether the transforms of nodes move into the vertices of their meshes",
    ),
    Property::flag(
        "ignore_non_mesh_primitives",
        "Whether points and lines are skipped (the default) or an error",
    ),
    Property::token(
        "node_pruning",
        &["keep", "drop-empty"],
        "Which nodes are kept: all (the default), or those that carry a mesh, a camera or a light",
    ),
    Property::token(
        "naming_policy",
        &["none", "preserve", "normalize"],
        "Whether authored names are kept (none and preserve) or reduced to letters, digits and underscores",
    ),
    Property::token(
        "asset_key_policy",
        &["deterministic", "random"],
        "Where the keys of assets come from: their paths (the default), or chance",
    ),
    Property::token(
        "on_texture_failure",
        &["error_texture", "fallback", "fail"],
        "What stands in for a texture that could not be cooked; fail fails the job",
    ),
    Property::token(
        "normals_policy",
        POLICIES,
        "Normals: left out, authored, authored or computed (generate, the default), or always computed",
    ),
    Property::token(
        "tangents_policy",
        POLICIES,
        "Tangents: left out, authored, authored or computed (generate, the default), or always computed",
    ),
    Property::flag(
        "optimize",
        "Whether the order of triangles and vertices is optimised (default true)",
    ),
    Property::integer(
        "lod_count",
        1,
        MAX_LODS as u32,
        "Levels of detail in all; more than one are generated where the source has none",
    ),
    Property::number(
        "lod_ratio",
        Bound::Excluded(0.0),
        Bound::Excluded(1.0),
        "Triangles of a generated level, as a share of the level before",
    ),
    Property::number(
        "lod_max_error",
        Bound::Excluded(0.0),
        Bound::Included(1.0),
        "Largest error of a generated level, as a share of the extent of the mesh",
    ),
    Property::integer(
        "max_buffer_bytes",
        1,
        u32::MAX,
        "The most bytes of a vertex, index or skinning buffer",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_has_its_line_and_every_line_its_option() {
        let mut all = serde_json::json!({ "content_hashing": true });
        for property in SCENE_PROPERTIES {
            let words = match property.rule {
                Rule::Flag => vec![true.into()],
                Rule::Token(words) => words.iter().map(|word| (*word).into()).collect(),
                Rule::Integer { least, .. } => vec![least.into()],
                Rule::Number { .. } => vec![0.5.into()],
                _ => vec![serde_json::json!({
                    "textures": false, "materials": false, "geometry": true, "scene": false
                })],
            };
            for word in words {
                all[property.name] = word;
                serde_json::from_value::<SceneOptions>(all.clone())
                    .unwrap_or_else(|error| panic!("{}: {error}", property.name));
            }
        }
        let options: SceneOptions = serde_json::from_value(all.clone()).unwrap();
        let written = serde_json::to_value(&options).unwrap();
        let names = |value: &serde_json::Value| {
            let keys = value.as_object().unwrap().keys().cloned();
            keys.collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(names(&written), names(&all));
        assert!(!format!("{options:?}").contains("None,"), "{options:?}");
        assert_eq!(written["content_flags"], all["content_flags"]);
    }

    #[test]
    fn content_flags_merge_flag_by_flag() {
        let defaults = layer(r#"{"content_flags":{"textures":false,"scene":false}}"#);
        let job = layer(r#"{"content_flags":{"textures":true}}"#);
        let content = defaults.under(&job).resolve().unwrap().content;
        assert!(content.textures && content.materials && !content.scene);
    }

    fn layer(json: &str) -> SceneOptions {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_json_of_the_defaults_is_fixed() {
        let geometry = serde_json::to_string(&GeometrySettings::default()).unwrap();
        assert_eq!(
            serde_json::to_string(&SceneOptions::default().resolve().unwrap()).unwrap(),
            [
                r#"{"content":{"textures":true,"materials":true,"geometry":true,"scene":true},"#,
                r#""units":"normalize","bake_transforms":false,"refuse_non_triangles":false,"#,
                r#""node_pruning":"keep","naming":"none","asset_keys":"deterministic","#,
                r#""on_texture_failure":"error_texture","geometry":"#,
                &geometry,
                "}"
            ]
            .concat()
        );
        assert_eq!(
            SceneOptions::default().resolve().unwrap(),
            SceneSettings::default()
        );
    }

    #[test]
    fn manifest_names_are_understood() {
        let settings = layer(
            r#"{"content_flags":{"textures":false},"unit_policy":"custom","unit_scale":0.01,
                "node_pruning":"drop-empty","naming_policy":"preserve","normals_policy":"none",
                "ignore_non_mesh_primitives":false,"content_hashing":false,
                "on_texture_failure":"fail","asset_key_policy":"random","lod_count":3}"#,
        )
        .resolve()
        .unwrap();
        assert!(!settings.content.textures && settings.content.scene);
        assert_eq!(settings.units, UnitScale::Custom(0.01));
        assert_eq!(settings.node_pruning, NodePruning::DropEmpty);
        assert_eq!(settings.naming, NamingPolicy::None);
        assert!(settings.refuse_non_triangles);
        assert_eq!(settings.geometry.lod_count, 3);
        assert!(!settings.geometry.content_hashing);
    }

    #[test]
    fn a_factor_needs_its_policy() {
        let error = |json| layer(json).resolve().unwrap_err();
        assert_eq!(
            error(r#"{"unit_scale":2.0}"#),
            SceneSettingsError::ScaleWithoutCustom
        );
        assert_eq!(
            error(r#"{"unit_policy":"custom","unit_scale":0.0}"#),
            SceneSettingsError::Scale(0.0)
        );
        // A job that switches to another policy drops the factor of the defaults.
        let defaults = layer(r#"{"unit_policy":"custom","unit_scale":2.0}"#);
        let job = layer(r#"{"unit_policy":"preserve"}"#);
        assert_eq!(
            defaults.under(&job).resolve().unwrap().units,
            UnitScale::Preserve
        );
    }
}

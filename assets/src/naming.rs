//! Names: from what authors wrote to what is unique, and valid as a path everywhere.
//!
//! Names of meshes and materials become file names below the cooked root, so they are hostile input:
//! `../../etc/passwd` is a legal name of a glTF mesh. Whatever is authored, the names that come out
//! here make valid container paths, name one file each on every file system, and lead nowhere else.

use crate::{
    diagnostic::{Diagnostic, codes},
    settings::scene::NamingPolicy,
};
use std::collections::{HashMap, HashSet};

/// What a name is for. Names are unique within each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameKind {
    /// A node of a scene; not a path, and not prefixed with the scene's name.
    SceneNode,
    /// A scene.
    Scene,
    /// A mesh.
    Mesh,
    /// A material.
    Material,
}

impl NameKind {
    const COUNT: usize = 4;

    /// The name of things that have none.
    pub const fn default_name(self) -> &'static str {
        match self {
            Self::SceneNode => "Node",
            Self::Scene => "Scene",
            Self::Mesh => "Mesh",
            Self::Material => "Material",
        }
    }

    /// The prefix under [`NamingPolicy::Normalize`].
    const fn prefix(self) -> &'static str {
        match self {
            Self::Mesh => "G_",
            Self::Material => "M_",
            Self::SceneNode | Self::Scene => "",
        }
    }

    const fn is_path(self) -> bool {
        !matches!(self, Self::SceneNode)
    }
}

/// What a strategy may know besides the authored name.
#[derive(Clone, Copy, Debug)]
pub struct NamingContext<'a> {
    /// What the name is for.
    pub kind: NameKind,
    /// The position among things of its kind.
    pub ordinal: u32,
    /// The final name of the parent node; empty if there is none.
    pub parent: &'a str,
    /// The object in the source, such as `meshes[3]`.
    pub object: &'a str,
}

/// A wish for other names than the authored ones.
pub trait NamingStrategy: Send + Sync {
    /// The name instead of `authored`; `None` or an empty one to keep it.
    fn rename(&self, authored: &str, context: &NamingContext) -> Option<String>;
}

impl NamingStrategy for NamingPolicy {
    fn rename(&self, authored: &str, context: &NamingContext) -> Option<String> {
        match self {
            Self::None => None,
            Self::Normalize => {
                let name = normalized(authored, context.kind);
                (name != authored).then_some(name)
            }
        }
    }
}

/// Letters, digits and single underscores, with the prefix of the kind.
fn normalized(authored: &str, kind: NameKind) -> String {
    let mut name = String::with_capacity(authored.len() + 2);
    // A separator is only written when a letter follows, so that none is left at either end.
    let mut separated = false;
    for c in authored.chars() {
        if c.is_ascii_alphanumeric() {
            if separated && !name.is_empty() {
                name.push('_');
            }
            separated = false;
            name.push(c);
        } else {
            separated = true;
        }
    }
    if name.is_empty() {
        name.push_str(kind.default_name());
    }
    if !name.starts_with(kind.prefix()) {
        name.insert_str(0, kind.prefix());
    }
    name
}

/// A name that was given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UniqueName {
    /// The name: unique within its kind.
    pub name: String,
    /// Says so when the authored name makes no valid path and was changed.
    pub diagnostic: Option<Diagnostic>,
}

/// Gives out the names of one job.
pub struct NamingService {
    strategy: Box<dyn NamingStrategy>,
    namespace: String,
    registries: [Registry; NameKind::COUNT],
}

#[derive(Default)]
struct Registry {
    /// Given out, in the form of [`folded`].
    taken: HashSet<String>,
    /// The last number that was tried for a name.
    counters: HashMap<String, u32>,
}

impl NamingService {
    /// Names for the job of one scene, which is the namespace of its meshes and materials; see
    /// [`scene_name`]. An empty namespace leaves them without a prefix.
    pub fn new(strategy: impl NamingStrategy + 'static, namespace: impl Into<String>) -> Self {
        Self {
            strategy: Box::new(strategy),
            namespace: namespace.into(),
            registries: Default::default(),
        }
    }

    /// Gives out a name.
    ///
    /// The strategy may replace the authored one. What is empty then becomes `Mesh`, `Mesh_1`, ... by
    /// ordinal. What would make an invalid path is made valid. Names of meshes and materials without a
    /// slash get the scene's name in front. A name that is taken already gets `_1`, `_2`, ...; names
    /// of paths that differ in case only count as equal, because they name one file on some systems.
    pub fn unique_name(&mut self, authored: &str, context: &NamingContext) -> UniqueName {
        let kind = context.kind;
        let renamed = self
            .strategy
            .rename(authored, context)
            .filter(|name| !name.is_empty());
        let wanted = renamed.as_deref().unwrap_or(authored);
        let mut diagnostic = None;
        let mut name = if wanted.is_empty() {
            default_name(context)
        } else {
            let valid = if kind.is_path() {
                valid_path(wanted)
            } else {
                // Strings of a scene end at NUL.
                wanted.replace('\0', "_")
            };
            if valid != wanted {
                diagnostic = Some(
                    Diagnostic::new(
                        codes::mesh::NAME_MADE_VALID,
                        format!("the name {wanted:?} makes no valid path and becomes {valid:?}"),
                    )
                    .object(context.object),
                );
            }
            if valid.is_empty() {
                default_name(context)
            } else {
                valid
            }
        };
        let is_namespaced = matches!(kind, NameKind::Mesh | NameKind::Material);
        if is_namespaced && !self.namespace.is_empty() && !name.contains('/') {
            name = format!("{}/{name}", self.namespace);
        }
        let name = self.registries[kind as usize].take(name, kind);
        UniqueName { name, diagnostic }
    }

    /// Whether a name was given out.
    pub fn has_name(&self, kind: NameKind, name: &str) -> bool {
        self.registries[kind as usize]
            .taken
            .contains(&folded(name, kind))
    }

    /// How many names were given out.
    pub fn name_count(&self, kind: NameKind) -> usize {
        self.registries[kind as usize].taken.len()
    }

    /// Forgets all names.
    pub fn reset(&mut self) {
        self.registries = Default::default();
    }
}

impl Registry {
    fn take(&mut self, name: String, kind: NameKind) -> String {
        let key = folded(&name, kind);
        if self.taken.insert(key.clone()) {
            return name;
        }
        let counter = self.counters.entry(key).or_insert(0);
        loop {
            // Each turn meets another taken name, of which there are fewer than numbers.
            *counter += 1;
            let candidate = format!("{name}_{counter}");
            if self.taken.insert(folded(&candidate, kind)) {
                return candidate;
            }
        }
    }
}

/// The form in which names are compared.
fn folded(name: &str, kind: NameKind) -> String {
    if kind.is_path() {
        name.to_lowercase()
    } else {
        name.to_owned()
    }
}

fn default_name(context: &NamingContext) -> String {
    let base = context.kind.default_name();
    match context.ordinal {
        0 => base.to_owned(),
        ordinal => format!("{base}_{ordinal}"),
    }
}

/// The name of the scene of a source file: its stem as a single valid path segment, or `Scene`.
pub fn scene_name(file_stem: &str) -> String {
    let name = valid_path(&file_stem.replace('/', "_"));
    if name.is_empty() {
        NameKind::Scene.default_name().to_owned()
    } else {
        name
    }
}

/// Most bytes of a name. File systems take 255 for each segment, and an extension and a number may
/// follow.
const MAX_BYTES: usize = 200;

/// The nearest valid path: characters that some file system forbids become underscores, segments
/// that are empty disappear, segments that mean something else get an underscore. May be empty.
fn valid_path(name: &str) -> String {
    let mut path = String::with_capacity(name.len().min(MAX_BYTES + 1));
    for segment in name.split('/').filter(|segment| !segment.is_empty()) {
        let end = path.len();
        if end > 0 {
            path.push('/');
        }
        let start = path.len();
        push_segment(&mut path, segment);
        if path.len() == start {
            // There is no room for a single character of it.
            path.truncate(end);
            break;
        }
    }
    path
}

fn push_segment(path: &mut String, segment: &str) {
    let start = path.len();
    for c in segment.chars() {
        if path.len() + c.len_utf8() > MAX_BYTES {
            break;
        }
        path.push(match c {
            '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '_',
            c if c.is_control() => '_',
            c => c,
        });
    }
    // Windows drops dots and spaces at the end; `.` and `..` are other folders.
    let kept = path[start..].trim_end_matches(['.', ' ']).len();
    let cut = path.len() - start - kept;
    if cut > 0 {
        path.truncate(start + kept);
        path.extend(std::iter::repeat_n('_', cut));
    }
    if is_device(&path[start..]) {
        path.push('_');
    }
}

/// Whether Windows takes a file name, whatever its extension, for a device.
fn is_device(segment: &str) -> bool {
    let stem = segment.split('.').next().unwrap_or_default();
    let stem = stem.trim_end().to_ascii_uppercase();
    match stem.as_str() {
        "CON" | "PRN" | "AUX" | "NUL" => true,
        port => ["COM", "LPT"].iter().any(|device| {
            port.strip_prefix(device)
                .is_some_and(|number| matches!(number.as_bytes(), [b'1'..=b'9']))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{index::AssetType, layout::descriptor_paths};
    use proptest::prelude::*;

    fn context(kind: NameKind, ordinal: u32) -> NamingContext<'static> {
        NamingContext {
            kind,
            ordinal,
            parent: "",
            object: "meshes[0]",
        }
    }

    fn names(policy: NamingPolicy, kind: NameKind, authored: &[&str]) -> Vec<String> {
        let mut service = NamingService::new(policy, "Robot");
        (0..)
            .zip(authored)
            .map(|(ordinal, name)| service.unique_name(name, &context(kind, ordinal)).name)
            .collect()
    }

    #[test]
    fn meshes_and_materials_live_in_the_namespace_of_their_scene() {
        let authored = ["Body", "Shared/Body", ""];
        let policy = NamingPolicy::None;
        let expected = ["Robot/Body", "Shared/Body", "Robot/Mesh_2"];
        assert_eq!(names(policy, NameKind::Mesh, &authored), expected);
        let expected = ["Robot/Body", "Shared/Body", "Robot/Material_2"];
        assert_eq!(names(policy, NameKind::Material, &authored), expected);
        let expected = ["Body", "Shared/Body", "Node_2"];
        assert_eq!(names(policy, NameKind::SceneNode, &authored), expected);
        let mut service = NamingService::new(policy, "");
        let name = service
            .unique_name("Body", &context(NameKind::Mesh, 0))
            .name;
        assert_eq!(name, "Body");
    }

    #[test]
    fn later_uses_of_a_name_are_numbered() {
        assert_eq!(
            names(
                NamingPolicy::None,
                NameKind::SceneNode,
                &["a", "a", "a_1", "a", "", "", "A"]
            ),
            ["a", "a_1", "a_1_1", "a_2", "Node_4", "Node_5", "A"]
        );
        // One file on some systems.
        assert_eq!(
            names(NamingPolicy::None, NameKind::Mesh, &["a", "A", "ä", "Ä"]),
            ["Robot/a", "Robot/A_1", "Robot/ä", "Robot/Ä_1"]
        );
    }

    #[test]
    fn kinds_do_not_disturb_each_other() {
        let mut service = NamingService::new(NamingPolicy::None, "S");
        for kind in [NameKind::Mesh, NameKind::Material, NameKind::SceneNode] {
            service.unique_name("x", &context(kind, 0));
            service.unique_name("y", &context(kind, 1));
            assert_eq!(service.name_count(kind), 2);
        }
        assert!(service.has_name(NameKind::Mesh, "S/x"));
        assert!(!service.has_name(NameKind::Mesh, "x"));
        assert!(service.has_name(NameKind::SceneNode, "x"));
        service.reset();
        assert_eq!(service.name_count(NameKind::Mesh), 0);
    }

    #[test]
    fn normalising_keeps_letters_digits_and_single_underscores() {
        let table = [
            (NameKind::Mesh, " My Mesh! ", "G_My_Mesh"),
            (NameKind::Mesh, "G_Arm", "G_Arm"),
            (NameKind::Material, "__red--paint__", "M_red_paint"),
            (NameKind::Material, "!!!", "M_Material"),
            (NameKind::SceneNode, "left\t arm", "left_arm"),
            (NameKind::Scene, "Ünï", "n"),
        ];
        for (kind, authored, expected) in table {
            assert_eq!(normalized(authored, kind), expected, "{authored:?}");
        }
        let context = context(NameKind::Mesh, 0);
        assert_eq!(NamingPolicy::Normalize.rename("G_Arm", &context), None);
        assert_eq!(
            names(NamingPolicy::Normalize, NameKind::Mesh, &["Arm", "Arm!"]),
            ["Robot/G_Arm", "Robot/G_Arm_1"]
        );
    }

    #[test]
    fn a_strategy_may_be_anybodys_own() {
        struct Parented;
        impl NamingStrategy for Parented {
            fn rename(&self, authored: &str, context: &NamingContext) -> Option<String> {
                Some(format!("{}-{authored}", context.parent))
            }
        }
        let mut service = NamingService::new(Parented, "");
        let context = NamingContext {
            parent: "arm",
            ..context(NameKind::SceneNode, 0)
        };
        assert_eq!(service.unique_name("hand", &context).name, "arm-hand");
    }

    #[test]
    fn hostile_names_become_valid_and_say_so() {
        let table = [
            ("../../etc/passwd", "__/__/etc/passwd"),
            ("/root", "S/root"),
            ("a\\b", "S/a_b"),
            ("C:/x", "C_/x"),
            ("a//b", "a/b"),
            ("a/", "S/a"),
            (".", "S/_"),
            ("...", "S/___"),
            ("a\0b\n", "S/a_b_"),
            ("nul", "S/nul_"),
            ("com1.x/b", "com1.x_/b"),
            ("dot. ", "S/dot__"),
        ];
        for (authored, expected) in table {
            let mut service = NamingService::new(NamingPolicy::None, "S");
            let given = service.unique_name(authored, &context(NameKind::Mesh, 0));
            assert_eq!(given.name, expected, "{authored:?}");
            let diagnostic = given.diagnostic.unwrap();
            assert_eq!(diagnostic.code, codes::mesh::NAME_MADE_VALID);
            assert_eq!(diagnostic.object.as_deref(), Some("meshes[0]"));
        }
        let mut service = NamingService::new(NamingPolicy::None, "S");
        let given = service.unique_name("///", &context(NameKind::Mesh, 3));
        assert_eq!(given.name, "S/Mesh_3");
        assert!(given.diagnostic.is_some());
    }

    #[test]
    fn good_names_stay_without_a_word() {
        for name in ["Body", "a b", "ü/é", "x.y", "con_x", "a'b", ".hidden"] {
            let mut service = NamingService::new(NamingPolicy::None, "");
            let given = service.unique_name(name, &context(NameKind::Mesh, 0));
            assert_eq!(given.name, name);
            assert_eq!(given.diagnostic, None);
        }
    }

    #[test]
    fn scenes_are_named_after_their_file() {
        for (stem, name) in [
            ("robot", "robot"),
            ("", "Scene"),
            ("a/b", "a_b"),
            ("..", "__"),
        ] {
            assert_eq!(scene_name(stem), name);
        }
    }

    proptest! {
        #[test]
        fn every_name_makes_a_valid_path_inside_the_root(
            authored in prop::collection::vec(".{0,300}|[./\\\\:a ]{0,12}", 1..8),
        ) {
            let mut service = NamingService::new(NamingPolicy::None, scene_name(&authored[0]));
            let mut seen = HashSet::new();
            for (ordinal, name) in (0..).zip(&authored) {
                let given = service.unique_name(name, &context(NameKind::Mesh, ordinal)).name;
                let (file, _) = descriptor_paths(AssetType::Geometry, &given).unwrap();
                prop_assert!(file.as_str().starts_with("Geometry/"));
                prop_assert!(file.as_str().split('/').all(|segment| segment.len() <= 255));
                prop_assert!(seen.insert(given.to_lowercase()));
            }
        }
    }
}

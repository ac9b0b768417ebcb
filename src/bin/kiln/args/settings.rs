//! Options that are settings: made from the tables that manifests are checked with.
//!
//! A new setting needs nothing here: a line in its table is an option, too.

use bevy_kiln::{
    assets::settings::{
        property::{Property, Rule},
        scene::SCENE_PROPERTIES,
        texture::TEXTURE_PROPERTIES,
    },
    prelude::{SceneOptions, TextureOptions},
};
use clap::{
    Arg, ArgMatches, Args, Command, FromArgMatches,
    builder::{PossibleValuesParser, TypedValueParser},
    error::ErrorKind,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::ffi::OsString;

/// Other names of options: short ones, and those of the reference's command line.
const ALIASES: &[(&str, &[&str])] = &[
    ("output_format", &["format"]),
    ("bc7_quality", &["quality"]),
    ("mip_policy", &["mips"]),
    ("mip_filter", &["filter"]),
    ("mip_filter_space", &["filter-space"]),
    ("packing_policy", &["packing"]),
    ("renormalize", &["renormalize-normals"]),
    ("bake_hdr", &["bake-hdr-to-ldr"]),
    ("hdr_handling", &["hdr"]),
    ("exposure_ev", &["exposure"]),
    ("flip_normal_green", &["flip-green"]),
    ("equirect_to_cube", &["equirect"]),
    ("cube_face_size", &["face-size"]),
    ("normals_policy", &["normals"]),
    ("tangents_policy", &["tangents"]),
    ("node_pruning", &["prune-nodes"]),
];

/// How textures are cooked.
#[derive(Clone, Debug, Default)]
pub struct TextureArgs(TextureOptions);

impl TextureArgs {
    /// What was asked for.
    pub fn options(&self) -> &TextureOptions {
        &self.0
    }
}

/// How scenes are cooked.
#[derive(Clone, Debug, Default)]
pub struct SceneArgs(SceneOptions);

impl SceneArgs {
    /// What was asked for.
    pub fn options(&self) -> &SceneOptions {
        &self.0
    }
}

macro_rules! arguments {
    ($type:ident, $properties:ident, $heading:literal) => {
        impl Args for $type {
            fn augment_args(command: Command) -> Command {
                let arguments = arguments($properties);
                command.args(arguments.map(|argument| argument.help_heading($heading)))
            }

            fn augment_args_for_update(command: Command) -> Command {
                Self::augment_args(command)
            }
        }

        impl FromArgMatches for $type {
            fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
                read(matches, $properties).map(Self)
            }

            fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
                *self = Self::from_arg_matches(matches)?;
                Ok(())
            }
        }
    };
}

arguments!(
    TextureArgs,
    TEXTURE_PROPERTIES,
    "Textures (--no-NAME switches a flag off)"
);
arguments!(
    SceneArgs,
    SCENE_PROPERTIES,
    "Scenes (--no-NAME switches a flag off)"
);

/// The options of a table. Flags that are together in an object are options of their own.
fn arguments(properties: &'static [Property]) -> impl Iterator<Item = Arg> {
    properties.iter().flat_map(|property| match property.rule {
        Rule::Object(object) => object
            .properties()
            .map(|flag| argument(flag, import_option(flag.name)))
            .collect(),
        _ => vec![argument(property, property.name.replace('_', "-"))],
    })
}

/// The option of a content flag.
fn import_option(name: &str) -> String {
    format!("import-{name}")
}

fn argument(property: &'static Property, option: String) -> Arg {
    let aliases = ALIASES
        .iter()
        .find(|(name, _)| *name == property.name)
        .map(|(_, aliases)| *aliases)
        .unwrap_or_default();
    let argument = Arg::new(option.clone())
        .long(option)
        .visible_aliases(aliases.iter().copied())
        .help(property.doc);
    let parse = move |text: &str| property.parse(text);
    match property.rule {
        Rule::Flag => argument
            .value_name("BOOL")
            .value_parser(parse)
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true"),
        Rule::Token(words) => argument
            .value_name("WORD")
            .value_parser(PossibleValuesParser::new(words).map(Value::String)),
        Rule::Integer { .. } => argument
            .value_name("N")
            .value_parser(parse)
            .allow_negative_numbers(true),
        Rule::Number { .. } => argument
            .value_name("X")
            .value_parser(parse)
            .allow_negative_numbers(true),
        _ => argument.value_name("TEXT").value_parser(parse),
    }
}

/// The settings that were given, as a layer of options.
fn read<T: DeserializeOwned>(
    matches: &ArgMatches,
    properties: &'static [Property],
) -> Result<T, clap::Error> {
    let given = |option: &str| matches.get_one::<Value>(option).cloned();
    let mut layer = Map::new();
    for property in properties {
        let value = match property.rule {
            Rule::Object(object) => {
                let flags: Map<String, Value> = object
                    .properties()
                    .filter_map(|flag| {
                        Some((flag.name.to_owned(), given(&import_option(flag.name))?))
                    })
                    .collect();
                (!flags.is_empty()).then_some(Value::Object(flags))
            }
            _ => given(&property.name.replace('_', "-")),
        };
        layer.extend(value.map(|value| (property.name.to_owned(), value)));
    }
    // The table has checked every value; a test says that the options take whatever it lets through.
    serde_json::from_value(Value::Object(layer))
        .map_err(|error| clap::Error::raw(ErrorKind::InvalidValue, format!("{error}\n")))
}

/// Writes `--flag false` and `--no-flag` as `--flag=false`. The value of a flag must be written with a
/// `=`, or the name of a file behind a flag would be its value.
pub fn spell_out(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let flags: Vec<String> = [TEXTURE_PROPERTIES, SCENE_PROPERTIES]
        .into_iter()
        .flat_map(arguments)
        .filter(|argument| argument.is_require_equals_set())
        .flat_map(|argument| {
            let aliases = argument.get_all_aliases().unwrap_or_default();
            let names = argument.get_long().into_iter().chain(aliases);
            names.map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    let is_flag = |name: &str| flags.iter().any(|flag| flag == name);
    let mut all = Vec::new();
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        if word == "--" {
            all.push(word);
            break;
        }
        let name = word.to_str().and_then(|word| word.strip_prefix("--"));
        let positive = name.and_then(|name| name.strip_prefix("no-"));
        let value = words
            .peek()
            .and_then(|next| next.to_str())
            .filter(|next| matches!(*next, "true" | "false"))
            .map(str::to_owned);
        match (name, positive, value) {
            (Some(name), _, Some(value)) if is_flag(name) => {
                all.push(format!("--{name}={value}").into());
                words.next();
            }
            (_, Some(positive), _) if is_flag(positive) => {
                all.push(format!("--{positive}=false").into());
            }
            _ => all.push(word),
        }
    }
    all.extend(words);
    all
}

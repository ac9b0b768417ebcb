//! The command line: one definition for each option.
//!
//! Each command has its arguments in a file of its own; groups that several commands share are
//! [`OutputArgs`], [`FileArgs`], [`PartArgs`], [`RunArgs`], [`TextureArgs`] and [`SceneArgs`]. The last two are made from
//! the tables of settings that manifests are checked with.

mod compact;
mod cook;
mod files;
mod import;
mod info;
mod inspect;
mod output;
mod pack;
mod parts;
mod run;
mod settings;
mod verify;
mod watch;

pub use compact::CompactArgs;
pub use cook::CookArgs;
pub use files::FileArgs;
pub use import::{ImportArgs, SceneFileArgs, TextureFileArgs};
pub use info::{CompletionsArgs, ExplainArgs};
pub use inspect::InspectArgs;
pub use output::OutputArgs;
pub use pack::PackArgs;
pub use parts::PartArgs;
pub use run::RunArgs;
pub use settings::{SceneArgs, TextureArgs};
pub use verify::VerifyArgs;
pub use watch::WatchArgs;

use clap::{Parser, Subcommand};
use std::ffi::OsString;

/// Imports images and scenes into cooked containers.
#[derive(Debug, Parser)]
#[command(name = "kiln", version, about, after_help = EXIT_STATUSES, args_override_self = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_STATUSES: &str = "\
Exit status:
  0    success
  1    an import failed, or a container is not valid
  2    the command line or the manifest is not valid; jobs that are valid were cooked
  130  interrupted (Ctrl+C once cancels gracefully, twice quits at once)";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Cook source files of any kind into a container
    Import(ImportArgs),
    /// Cook images into a container
    Texture(TextureFileArgs),
    /// Cook glTF scenes into a container
    Gltf(SceneFileArgs),
    /// Cook FBX scenes into a container
    Fbx(SceneFileArgs),
    /// Cook everything that a manifest names
    #[command(alias = "batch")]
    Cook(CookArgs),
    /// Cook everything that a manifest names, and what changes as it changes, until Ctrl+C
    Watch(WatchArgs),
    /// Check every structure, hash and range of a container or a PAK file
    Verify(VerifyArgs),
    /// Put a container into one PAK file
    Pack(PackArgs),
    /// Drop what earlier cooks have left in a container: it becomes what a fresh cook would write
    Compact(CompactArgs),
    /// Explain a code of a message, or list all of them
    Explain(ExplainArgs),
    /// Print the JSON Schema of manifests
    Schema,
    /// Print a script that completes the options of this command in a shell
    Completions(CompletionsArgs),
    /// Tell what is in a container, and show its textures as pictures
    Inspect(InspectArgs),
}

impl Cli {
    /// Reads the command line of the process.
    ///
    /// # Errors
    /// Whatever `clap` finds, help and version included.
    pub fn read() -> Result<Self, clap::Error> {
        Self::from_words(std::env::args_os())
    }

    /// Reads a command line.
    ///
    /// # Errors
    /// Whatever `clap` finds, help and version included.
    pub fn from_words(words: impl Iterator<Item = OsString>) -> Result<Self, clap::Error> {
        Self::try_parse_from(settings::spell_out(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::from_words(line.split(' ').map(OsString::from))
    }

    fn import(line: &str) -> ImportArgs {
        match parse(&format!("kiln import a.png -o out {line}"))
            .unwrap()
            .command
        {
            Command::Import(args) => args,
            _ => panic!("it is an import"),
        }
    }

    fn refusal(line: &str) -> String {
        parse(line).unwrap_err().to_string()
    }

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn settings_become_layers() {
        let args = import(
            "--preset normal --format rgba8 --max-mips 3 --exposure-ev -1.5 --normals none \
             --lod-count 2 --prune-nodes drop-empty",
        );
        let texture = serde_json::to_string(args.texture.options()).unwrap();
        assert_eq!(
            texture,
            r#"{"preset":"normal","output_format":"rgba8","max_mips":3,"exposure_ev":-1.5}"#
        );
        let scene = serde_json::to_string(args.scene.options()).unwrap();
        assert_eq!(
            scene,
            r#"{"node_pruning":"drop-empty","normals_policy":"none","lod_count":2}"#
        );
        let nothing = import("--quiet");
        assert_eq!(
            serde_json::to_string(nothing.texture.options()).unwrap(),
            "{}"
        );
        assert_eq!(
            serde_json::to_string(nothing.scene.options()).unwrap(),
            "{}"
        );
    }

    #[test]
    fn flags_can_be_given_in_five_ways() {
        let flag = |line: &str| import(line).texture.options().force_rgba;
        assert_eq!(flag("--force-rgba"), Some(true));
        assert_eq!(flag("--force-rgba=false"), Some(false));
        assert_eq!(flag("--force-rgba false"), Some(false));
        assert_eq!(flag("--force-rgba true"), Some(true));
        assert_eq!(flag("--no-force-rgba"), Some(false));
        let content = import("--no-import-textures --import-scene=false").scene;
        let content = content.options().content_flags;
        assert_eq!(
            (content.textures, content.scene),
            (Some(false), Some(false))
        );
        assert_eq!(content.geometry, None);
        // A file may follow a flag.
        let args = parse("kiln import --flip-y b.png -o out").unwrap();
        assert!(matches!(args.command, Command::Import(args) if args.files.sources == ["b.png"]));
        // What comes after `--` is not touched.
        let args = parse("kiln import -o out -- --no-flip-y").unwrap();
        assert!(
            matches!(args.command, Command::Import(args) if args.files.sources == ["--no-flip-y"])
        );
    }

    #[test]
    fn the_last_of_several_counts() {
        let args = import("--mips none --mips full --threads 3 --threads 4 --flip-y --no-flip-y");
        assert_eq!(
            args.texture.options().mip_policy,
            Some("full".parse().unwrap())
        );
        assert_eq!(args.texture.options().flip_y, Some(false));
        assert_eq!(args.run.threads, Some(4));
    }

    #[test]
    fn refusals_name_the_option_and_what_is_allowed() {
        let text = refusal("kiln import a.png -o out --filter bicubic");
        assert!(
            text.contains("bicubic") && text.contains("--mip-filter"),
            "{text}"
        );
        assert!(text.contains("box, kaiser, lanczos"), "{text}");
        let text = refusal("kiln import a.png -o out --max-mips 0");
        assert!(text.contains("must be an integer >= 1"), "{text}");
        let text = refusal("kiln import a.png -o out --unit-scale 0");
        assert!(text.contains("must be a number >= 0.0001"), "{text}");
        assert!(refusal("kiln import a.png").contains("--output"));
        assert!(refusal("kiln fire a.png").contains("fire"));
    }
}

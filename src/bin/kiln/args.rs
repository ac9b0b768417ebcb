//! The command line.

use bevy_kiln::assets::{
    format::payload_layout::PackingPolicy,
    settings::texture::{
        EncodeQuality, MipFilter, MipPolicy, NamedPreset, OutputFormat, TextureIntent,
        TextureOptions, parse_packing_policy,
    },
};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

use crate::scene_args::SceneArgs;

/// Imports images and scenes into cooked containers.
#[derive(Debug, Parser)]
#[command(name = "kiln", version, about, after_help = EXIT_STATUSES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_STATUSES: &str = "\
Exit status:
  0    success
  1    an import failed, or a container is not valid
  2    the command line is not valid
  130  interrupted (Ctrl+C once cancels gracefully, twice quits at once)";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Cook source files into a container
    Import(ImportArgs),
    /// Check every structure, hash and range of a container
    Verify(VerifyArgs),
}

/// How much is printed, and as what.
#[derive(Clone, Copy, Debug, Args)]
pub struct OutputArgs {
    /// Print errors only
    #[arg(short, long)]
    pub quiet: bool,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

/// `kiln import`
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Source files
    #[arg(required = true, value_name = "SOURCE")]
    pub sources: Vec<String>,
    /// The container to write into; it is created if it is not there
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Texture preset, instead of detecting one from each file name
    #[arg(long, value_name = "PRESET")]
    pub preset: Option<NamedPreset>,
    /// What the textures are used for
    #[arg(long, value_name = "INTENT")]
    pub intent: Option<TextureIntent>,
    /// Output format of the textures
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<OutputFormat>,
    /// How hard the block encoder tries: fast, default or high
    #[arg(long, value_name = "QUALITY")]
    pub quality: Option<EncodeQuality>,
    /// Mip levels: none, full or max
    #[arg(long, value_name = "POLICY")]
    pub mips: Option<MipPolicy>,
    /// The most mip levels
    #[arg(long, value_name = "N")]
    pub max_mips: Option<u32>,
    /// Mip filter: box, kaiser or lanczos
    #[arg(long, value_name = "FILTER")]
    pub filter: Option<MipFilter>,
    /// Do not compute content hashes
    #[arg(long)]
    pub no_hash: bool,
    /// Packing of texture payloads: d3d12 or tight
    #[arg(long, value_name = "POLICY", default_value = "d3d12", value_parser = packing)]
    pub packing: PackingPolicy,
    /// Threads that cook; 0 means one for each core
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub threads: usize,
    /// Memory that admitted work may use at once, such as 512M or 2G
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = size)]
    pub memory: u64,
    #[command(flatten)]
    pub scene: SceneArgs,
    #[command(flatten)]
    pub out: OutputArgs,
}

impl ImportArgs {
    /// The texture options that were asked for.
    pub fn texture(&self) -> TextureOptions {
        let mut options = TextureOptions::default();
        options.preset = self.preset;
        options.intent = self.intent;
        options.output_format = self.format;
        options.bc7_quality = self.quality;
        options.mip_policy = self.mips;
        options.max_mips = self.max_mips;
        options.mip_filter = self.filter;
        options
    }
}

/// `kiln verify`
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The container
    #[arg(value_name = "DIR")]
    pub root: PathBuf,
    #[command(flatten)]
    pub out: OutputArgs,
}

fn packing(text: &str) -> Result<PackingPolicy, String> {
    parse_packing_policy(text).map_err(|error| error.to_string())
}

/// Bytes, with an optional unit of 1024: K, M, G or T.
fn size(text: &str) -> Result<u64, String> {
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let shift = match unit
        .trim_end_matches(['i', 'B', 'b'])
        .to_ascii_uppercase()
        .as_str()
    {
        "" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return Err(format!("`{unit}` is not a unit; allowed are K, M, G and T")),
    };
    let number: u64 = digits
        .parse()
        .map_err(|_| "expected a number of bytes, such as 512M".to_owned())?;
    number
        .checked_mul(1 << shift)
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "the size must be between 1 byte and 16 EiB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn sizes() {
        assert_eq!(size("1G"), Ok(1 << 30));
        assert_eq!(size("512MiB"), Ok(512 << 20));
        assert_eq!(size("17"), Ok(17));
        assert!(
            size("0").is_err()
                && size("G").is_err()
                && size("1X").is_err()
                && size("99999999T").is_err()
        );
    }
}

//! `kiln inspect`

use super::OutputArgs;
use clap::Args;
use std::path::PathBuf;

/// `kiln inspect`
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// The container
    #[arg(value_name = "ROOT")]
    pub root: PathBuf,
    /// Textures by index, or by name or source of the catalogue; all if there are none
    #[arg(value_name = "TEXTURE")]
    pub textures: Vec<String>,
    /// Write every mip, face, layer and slice of the textures into this folder
    #[arg(long, value_name = "DIR")]
    pub png: Option<PathBuf>,
    /// Write textures of floats as OpenEXR files too
    #[arg(long, requires = "png")]
    pub exr: bool,
    /// Stops of exposure for the pictures of floats
    #[arg(
        long,
        value_name = "STOPS",
        default_value_t = 0.0,
        allow_negative_numbers = true,
        requires = "png"
    )]
    pub exposure: f32,
    #[command(flatten)]
    pub out: OutputArgs,
}

//! `kiln import`, `texture`, `gltf` and `fbx`: files from the command line.

use super::{FileArgs, OutputArgs, PartArgs, RunArgs, SceneArgs, TextureArgs};
use clap::Args;

/// `kiln import`
#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(flatten)]
    pub files: FileArgs,
    #[command(flatten)]
    pub texture: TextureArgs,
    #[command(flatten)]
    pub parts: PartArgs,
    #[command(flatten)]
    pub scene: SceneArgs,
    #[command(flatten)]
    pub run: RunArgs,
    #[command(flatten)]
    pub out: OutputArgs,
}

/// `kiln texture`
#[derive(Debug, Args)]
pub struct TextureFileArgs {
    #[command(flatten)]
    files: FileArgs,
    #[command(flatten)]
    texture: TextureArgs,
    #[command(flatten)]
    parts: PartArgs,
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    out: OutputArgs,
}

impl From<TextureFileArgs> for ImportArgs {
    fn from(args: TextureFileArgs) -> Self {
        Self {
            files: args.files,
            texture: args.texture,
            parts: args.parts,
            scene: SceneArgs::default(),
            run: args.run,
            out: args.out,
        }
    }
}

/// `kiln gltf` and `kiln fbx`
#[derive(Debug, Args)]
pub struct SceneFileArgs {
    #[command(flatten)]
    files: FileArgs,
    #[command(flatten)]
    scene: SceneArgs,
    #[command(flatten)]
    texture: TextureArgs,
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    out: OutputArgs,
}

impl From<SceneFileArgs> for ImportArgs {
    fn from(args: SceneFileArgs) -> Self {
        Self {
            files: args.files,
            texture: args.texture,
            parts: PartArgs::default(),
            scene: args.scene,
            run: args.run,
            out: args.out,
        }
    }
}

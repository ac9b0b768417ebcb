//! `kiln import`, `texture`, `gltf` and `fbx`: every source is a job of one container.

use bevy_kiln::{plugin::HeadlessSettings, prelude::*};
use std::process::ExitCode;

use crate::{
    args::ImportArgs,
    exit, output,
    run::{self, Batch},
};

/// What the sources of a command have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Anything that some importer knows.
    Anything,
    /// Anything but scenes.
    Image,
    /// glTF.
    Gltf,
    /// FBX.
    Fbx,
}

impl Expected {
    /// Whether a source can be what is expected, going by its extension. What it is in truth its
    /// content decides.
    fn fits(self, source: &str) -> bool {
        let extension = source
            .rsplit(['/', '\\'])
            .next()
            .and_then(|file| file.rsplit_once('.'))
            .map(|(_, extension)| extension.to_ascii_lowercase());
        let is_gltf = matches!(extension.as_deref(), Some("gltf" | "glb"));
        let is_fbx = extension.as_deref() == Some("fbx");
        match self {
            Self::Anything => true,
            Self::Image => !is_gltf && !is_fbx,
            Self::Gltf => is_gltf,
            Self::Fbx => is_fbx,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Anything => "source",
            Self::Image => "image",
            Self::Gltf => "gltf asset",
            Self::Fbx => "fbx asset",
        }
    }
}

/// Runs the command.
pub fn run(args: &ImportArgs, expected: Expected) -> ExitCode {
    if let Err(message) = check(args, expected) {
        output::error_line(&format!("error: {message}"));
        return ExitCode::from(exit::USAGE);
    }
    if let Err(error) = args.scene.options().resolve() {
        output::error_line(&format!("error: {error}"));
        return ExitCode::from(exit::USAGE);
    }
    let mut settings = HeadlessSettings {
        threads: args.run.threads,
        ..HeadlessSettings::default()
    };
    let import = &mut settings.import;
    import.memory_budget = args.run.memory;
    import.allowed_roots.clone_from(&args.files.source_roots);
    import.packing = args.texture.options().packing_policy.unwrap_or_default();
    import.content_hashing = !args.run.no_hash;
    if let Some(jobs) = args.run.jobs {
        import.max_in_flight_jobs = jobs as usize;
    }
    if let Some(concurrency) = &args.run.concurrency {
        import.pipelines = concurrency.limits();
    }
    let requests = args.files.sources.iter().map(|source| {
        let request = ImportRequest::new(source)
            .into_container(&args.files.output)
            .with_texture(args.texture.options().clone())
            .with_scene(args.scene.options().clone())
            .with_sources(args.parts.parts.iter().cloned());
        let request = if args.parts.placeholder {
            request.placeholder_on_failure()
        } else {
            request
        };
        match &args.files.name {
            Some(name) => request.named(name),
            None => request,
        }
    });
    run::run(
        Batch {
            requests: requests.collect(),
            title: args.files.output.display().to_string(),
            settings,
            fail_fast: args.run.fail_fast,
        },
        args.out,
    )
}

fn check(args: &ImportArgs, expected: Expected) -> Result<(), String> {
    let files = &args.files;
    if !args.parts.parts.is_empty() && files.sources.len() > 1 {
        return Err("--source adds files to one texture, but there are several sources".to_owned());
    }
    if files.name.is_some() && files.sources.len() > 1 {
        return Err("--name names one product, but there are several sources".to_owned());
    }
    match files.sources.iter().find(|source| !expected.fits(source)) {
        Some(source) => Err(format!(
            "{source}: source file is not a {}",
            expected.name()
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_looked_at_whatever_their_case() {
        assert!(Expected::Gltf.fits("a/b.GLB") && Expected::Gltf.fits("b.gltf"));
        assert!(!Expected::Gltf.fits("b.fbx") && !Expected::Gltf.fits("glb"));
        assert!(Expected::Fbx.fits("C:\\a\\b.FBX") && !Expected::Fbx.fits("a.fbx/b"));
        assert!(Expected::Image.fits("b.png") && Expected::Image.fits("b"));
        assert!(!Expected::Image.fits("b.fbx"));
    }
}

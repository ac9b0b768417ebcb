//! `kiln inspect`: tells what is in a container, and shows its textures as pictures.

use bevy_kiln::{
    assets::{cook::pace::CancelFlag, diagnostic::Diagnostic, format::texture_shape::TextureType},
    systems::inspect::{ContainerReader, ContainerSummary, PictureOptions, TextureSummary},
};
use serde::Serialize;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::{
    args::InspectArgs,
    exit,
    output::{self, Style},
};

/// What was done, as JSON.
#[derive(Serialize)]
struct Inspection {
    #[serde(flatten)]
    summary: ContainerSummary,
    pictures: Vec<PathBuf>,
    diagnostics: Vec<Diagnostic>,
}

/// Runs the command.
pub fn run(args: &InspectArgs) -> ExitCode {
    let mut inspection = Inspection {
        summary: ContainerSummary {
            textures: Vec::new(),
            buffers: Vec::new(),
            assets: Vec::new(),
        },
        pictures: Vec::new(),
        diagnostics: Vec::new(),
    };
    if let Err(diagnostic) = inspect(args, &mut inspection) {
        inspection.diagnostics.push(*diagnostic);
    }
    let style = Style::of_stderr(args.out);
    for diagnostic in &inspection.diagnostics {
        if diagnostic.is_error() || !args.out.quiet {
            output::error_line(&style.diagnostic(diagnostic));
        }
    }
    if args.out.json {
        output::json(&inspection);
    }
    let failed = inspection.diagnostics.iter().any(Diagnostic::is_error);
    ExitCode::from(if failed { exit::FAILED } else { exit::SUCCESS })
}

fn inspect(args: &InspectArgs, inspection: &mut Inspection) -> Result<(), Box<Diagnostic>> {
    let container = ContainerReader::open(&args.root)?;
    let everything = args.textures.is_empty();
    let mut summary = container.summary();
    if !everything {
        let mut wanted = Vec::new();
        for texture in &args.textures {
            wanted.extend(container.find_textures(texture)?);
        }
        summary
            .textures
            .retain(|texture| wanted.contains(&texture.index));
        summary.buffers.clear();
        summary.assets.clear();
    }
    if !args.out.json && !args.out.quiet {
        print_textures(&summary.textures);
        if everything {
            print_buffers_and_assets(&summary);
        }
    }
    let textures: Vec<u32> = summary
        .textures
        .iter()
        .map(|texture| texture.index)
        .collect();
    inspection.summary = summary;
    if let Some(folder) = &args.png {
        let options = PictureOptions::new(args.exposure, args.exr);
        for index in textures {
            let mut written = |path: &Path| inspection.pictures.push(path.to_owned());
            let cancel = CancelFlag::new();
            let shown = container.write_pictures(index, folder, &options, &cancel, &mut written);
            if let Err(diagnostic) = shown {
                inspection.diagnostics.push(*diagnostic);
            }
        }
        if !args.out.json && !args.out.quiet {
            let count = inspection.pictures.len();
            output::line(&format!("{count} pictures in {}", folder.display()));
        }
    }
    Ok(())
}

fn print_textures(textures: &[TextureSummary]) {
    let mut rows = vec![
        [
            "index", "name", "type", "format", "size", "mips", "layers", "bytes", "source",
        ]
        .map(str::to_owned),
    ];
    for texture in textures {
        let (name, source) = match texture.names.as_slice() {
            [] if texture.index == 0 => ("(fallback)", String::new()),
            [] => ("", String::new()),
            [only] => (only.name.as_str(), only.source.clone()),
            [first, rest @ ..] => (
                first.name.as_str(),
                format!("{} and {} more", first.source, rest.len()),
            ),
        };
        let mut size = format!("{}x{}", texture.width, texture.height);
        if texture.texture_type == TextureType::D3 {
            size += &format!("x{}", texture.depth);
        }
        rows.push([
            texture.index.to_string(),
            name.to_owned(),
            format!("{:?}", texture.texture_type),
            format!("{:?}", texture.format),
            size,
            texture.mips.to_string(),
            texture.layers.to_string(),
            output::bytes(texture.bytes),
            source,
        ]);
    }
    print_table(&rows);
}

fn print_buffers_and_assets(summary: &ContainerSummary) {
    if !summary.buffers.is_empty() {
        output::line("");
        let mut rows = vec![["buffer", "usage", "elements", "bytes"].map(str::to_owned)];
        rows.extend(summary.buffers.iter().map(|buffer| {
            [
                buffer.index.to_string(),
                format!("{:#x}", buffer.usage),
                buffer.elements.clone(),
                output::bytes(buffer.bytes),
            ]
        }));
        print_table(&rows);
    }
    if !summary.assets.is_empty() {
        output::line("");
        let mut rows = vec![["asset", "virtual path", "key", "bytes"].map(str::to_owned)];
        rows.extend(summary.assets.iter().map(|asset| {
            [
                asset.asset.to_owned(),
                asset.virtual_path.clone(),
                asset.key.clone(),
                output::bytes(asset.bytes),
            ]
        }));
        print_table(&rows);
    }
}

/// Columns as wide as what is in them.
fn print_table<const N: usize>(rows: &[[String; N]]) {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| format!("{cell:width$}"))
            .collect();
        output::line(cells.join("  ").trim_end());
    }
}

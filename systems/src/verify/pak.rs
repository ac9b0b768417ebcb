//! Verifying a PAK file, payload by payload.

use bevy_kiln_assets::{
    diagnostic::{Diagnostic, Severity, codes},
    verify::{
        Findings,
        descriptor::{self, References},
        geometry::BufferUses,
        pak::{self, Checksum, PakAssets, PakFrame},
        table::{self, BufferFact, Placement},
    },
};
use std::{ops::Range, path::Path};

use super::{
    VerifyReport,
    data::{Checked, DataFile},
    resources,
};

/// Verifies every structure, hash and range of a PAK file, in the memory of one payload.
pub fn verify_pak(path: &Path) -> VerifyReport {
    let mut report = VerifyReport::default();
    if let Err(diagnostic) = verify(path, &mut report) {
        report.diagnostics.push(*diagnostic);
    }
    report.valid = !report.diagnostics.iter().any(Diagnostic::is_error);
    report
}

fn verify(path: &Path, report: &mut VerifyReport) -> Checked {
    let name = path.display().to_string();
    let is_file = std::fs::metadata(path).is_ok_and(|info| info.is_file());
    if !is_file && path.exists() {
        let diagnostic = Diagnostic::new(codes::verify::MISSING, "it is not a regular file");
        return Err(Box::new(diagnostic.source(name)));
    }
    let mut data = DataFile::open(path, &name)?;
    let mut findings = Findings::about(&name);
    let checked = verify_data(&mut data, &name, &mut findings, report);
    report.diagnostics.extend(findings.into_diagnostics());
    checked
}

fn verify_data(
    data: &mut DataFile,
    name: &str,
    findings: &mut Findings,
    report: &mut VerifyReport,
) -> Checked {
    const FRAME: u64 = 256;
    let len = data.len();
    let header = data.bytes(&(0..FRAME))?;
    let footer = data.bytes(&(len.saturating_sub(FRAME)..len))?;
    let Some(frame) = pak::check_frame(&header, &footer, len, findings) else {
        return Ok(());
    };
    let mut checksum = Checksum::new(len);
    data.pieces(&(0..len), |bytes| {
        checksum.update(bytes);
        None::<()>
    })?;
    let is_vouched_for = checksum.check(&frame, findings);

    let directory = data.bytes(&frame.directory)?;
    let mut assets = pak::check_directory(&frame, &directory, findings);
    if !frame.browse.is_empty() {
        pak::check_browse(&data.bytes(&frame.browse)?, &mut assets, findings);
    }
    report.assets = assets.index.assets.len();

    let region = |region: &Range<u64>| Placement::Region(region.clone());
    let table = data.bytes(&frame.texture_table)?;
    let textures = table::check_textures(&table, &region(&frame.textures), findings);
    let table = data.bytes(&frame.buffer_table)?;
    let buffers = table::check_buffers(&table, &region(&frame.buffers), findings);
    (report.textures, report.buffers) = (textures.len(), buffers.len());

    let before = report.diagnostics.len();
    let mut contents = Findings::about(name);
    let uses = verify_descriptors(data, &assets, textures.len(), &buffers, report)?;
    resources::verify_textures(data, &textures, &mut contents)?;
    resources::verify_buffers(data, &buffers, &uses, &mut contents, report)?;
    report.diagnostics.extend(contents.into_diagnostics());
    if is_vouched_for {
        excuse_hashes(&mut report.diagnostics[before..]);
    }

    check_gaps(data, &frame, &assets, &textures, &buffers, findings)
}

/// Other tools make content hashes of other bytes than the engine's importer does, or of none. That a
/// file is undamaged is what its checksum says.
fn excuse_hashes(diagnostics: &mut [Diagnostic]) {
    for diagnostic in diagnostics {
        if diagnostic.code == codes::verify::HASH {
            diagnostic.severity = Severity::Warning;
        }
    }
}

fn verify_descriptors(
    data: &mut DataFile,
    assets: &PakAssets,
    textures: usize,
    buffers: &[Option<BufferFact>],
    report: &mut VerifyReport,
) -> Checked<BufferUses> {
    let references = References::new(&assets.index, textures, buffers);
    let mut uses = BufferUses::default();
    for (asset, range) in assets.index.assets.iter().zip(&assets.ranges) {
        let mut findings = Findings::about(&asset.path);
        let bytes = data.bytes(range)?;
        descriptor::check(asset, &bytes, &references, &mut uses, &mut findings);
        report.diagnostics.extend(findings.into_diagnostics());
    }
    Ok(uses)
}

fn check_gaps(
    data: &mut DataFile,
    frame: &PakFrame,
    assets: &PakAssets,
    textures: &[Option<table::TextureFact>],
    buffers: &[Option<BufferFact>],
    findings: &mut Findings,
) -> Checked {
    let textures = textures.iter().flatten().map(|fact| &fact.range);
    let buffers = buffers.iter().flatten().map(|fact| &fact.range);
    let gaps = pak::check_parts(frame, assets, textures, buffers, findings);
    data.check_gaps(gaps, findings)
}

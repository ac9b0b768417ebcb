//! Verifying textures and buffers, payload by payload.

use bevy_kiln_assets::verify::{
    Findings, buffers,
    geometry::{BufferUse, BufferUses, MeshFact, ViewFact},
    table::{self, BufferFact, TextureFact},
    texture,
};
use std::collections::HashMap;

use super::{
    VerifyReport,
    data::{Checked, DataFile},
};

/// Checks every texture payload.
pub(super) fn verify_textures(
    data: &mut DataFile,
    textures: &[Option<TextureFact>],
    findings: &mut Findings,
) -> Checked {
    for (i, fact) in textures.iter().enumerate() {
        let Some(fact) = fact else { continue };
        let bytes = data.bytes(&fact.range)?;
        texture::check(fact, &bytes, &format!("textures[{i}]"), findings);
        if i == 0 {
            texture::check_fallback(fact, &bytes, findings);
        }
    }
    Ok(())
}

/// Checks every buffer, and looks into those of geometries.
pub(super) fn verify_buffers(
    data: &mut DataFile,
    facts: &[Option<BufferFact>],
    uses: &BufferUses,
    findings: &mut Findings,
    report: &mut VerifyReport,
) -> Checked {
    for (i, fact) in facts.iter().enumerate() {
        let Some(fact) = fact else { continue };
        let bytes = data.bytes(&fact.range)?;
        let object = format!("buffers[{i}]");
        table::check_buffer_bytes(fact, &bytes, &object, findings);
        verify_content(uses, i, &bytes, &object, findings, report);
        verify_meshes(data, facts, uses, i, &bytes, report)?;
    }
    if !facts.is_empty() {
        uses.check_unreferenced(facts.len(), findings);
    }
    Ok(())
}

/// Checks what a buffer holds, once for each kind of use.
fn verify_content(
    uses: &BufferUses,
    buffer: usize,
    bytes: &[u8],
    object: &str,
    findings: &mut Findings,
    report: &mut VerifyReport,
) {
    let uses_of = uses.of(buffer);
    let is_any = |kind: fn(&BufferUse) -> bool| uses_of.iter().any(kind);
    if is_any(|of| matches!(of, BufferUse::Vertices(_))) {
        buffers::check_vertices(bytes, object, findings);
    }
    if is_any(|of| matches!(of, BufferUse::JointWeights(_))) {
        buffers::check_weights(bytes, object, findings);
    }
    if is_any(|of| matches!(of, BufferUse::InverseBind(_))) {
        buffers::check_matrices(bytes, object, findings);
    }
    if is_any(|of| matches!(of, BufferUse::JointIndices(_)))
        && let Some(largest) = buffers::largest_joint(bytes)
    {
        for of in uses_of {
            if let BufferUse::JointIndices(mesh) = *of {
                let findings = buffers::check_joints(&uses.meshes()[mesh], largest);
                report.diagnostics.extend(findings.into_diagnostics());
            }
        }
    }
}

/// Checks the meshes whose vertices a buffer holds. Their indices are streamed.
fn verify_meshes(
    data: &mut DataFile,
    facts: &[Option<BufferFact>],
    uses: &BufferUses,
    buffer: usize,
    vertices: &[u8],
    report: &mut VerifyReport,
) -> Checked {
    let mut walker = Walker {
        data,
        facts,
        vertices,
        seen: HashMap::new(),
        walked: HashMap::new(),
    };
    for of in uses.of(buffer) {
        let BufferUse::Vertices(mesh) = *of else {
            continue;
        };
        let mesh = &uses.meshes()[mesh];
        let views = mesh.submeshes.iter().flat_map(|submesh| &submesh.views);
        let seen = views
            .map(|view| walker.walk(mesh, view))
            .collect::<Checked<Vec<_>>>()?;
        let findings = buffers::check_mesh(mesh, &seen);
        report.diagnostics.extend(findings.into_diagnostics());
    }
    Ok(())
}

/// Walks over views into one vertex buffer, over equal ones once.
struct Walker<'a> {
    data: &'a mut DataFile,
    facts: &'a [Option<BufferFact>],
    vertices: &'a [u8],
    seen: HashMap<(usize, ViewFact), buffers::SeenView>,
    /// How many indices of each index buffer were walked over.
    walked: HashMap<usize, u64>,
}

impl Walker<'_> {
    /// What a view addresses; `None` when views overlap so much that the walk would not end soon.
    fn walk(&mut self, mesh: &MeshFact, view: &ViewFact) -> Checked<Option<buffers::SeenView>> {
        /// How often an index buffer is walked over. Views of a good mesh do not overlap at all.
        const MOST_WALKS: u64 = 16;
        if let Some(seen) = self.seen.get(&(mesh.indices, *view)) {
            return Ok(Some(seen.clone()));
        }
        let Some(Some(fact)) = self.facts.get(mesh.indices) else {
            return Ok(None);
        };
        let (start, size) = (fact.range.start, mesh.index_size);
        let available = (fact.range.end - start) / size;
        let walked = self.walked.entry(mesh.indices).or_default();
        *walked += view.index_count;
        if *walked > available.saturating_mul(MOST_WALKS) {
            return Ok(None);
        }
        let first = start + view.first_index * size;
        let range = first..first + view.index_count * size;
        let mut check = buffers::ViewCheck::new(mesh, view, self.vertices);
        self.data.pieces(&range, |indices| {
            check.feed(indices);
            None::<()>
        })?;
        let seen = check.finish();
        self.seen.insert((mesh.indices, *view), seen.clone());
        Ok(Some(seen))
    }
}

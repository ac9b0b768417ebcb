//! Which triangles of a level can be read, and which material they have.

use super::{
    MaterialUse,
    error::{MeshError, Notes},
};
use crate::{
    diagnostic::{Diagnostic, Severity, codes::mesh as codes},
    source::scene::{MaterialId, MeshLod, MeshPart, TriangleRange},
};
use std::ops::Range;

/// A checked range.
pub(super) struct Run {
    pub(super) part: usize,
    pub(super) material: Option<MaterialId>,
    pub(super) indices: Range<usize>,
}

pub(super) fn no_triangles(lod: &MeshLod) -> MeshError {
    MeshError::NoTriangles {
        lod: lod.name.clone(),
    }
}

/// The ranges of a level as they can be read, in slot order.
pub(super) fn check_runs(
    lod: &MeshLod,
    materials: &[MaterialUse],
    notes: &mut Notes,
) -> Result<Vec<Run>, MeshError> {
    if lod
        .parts
        .iter()
        .all(|part| part.indices.is_empty() || part.ranges.is_empty())
    {
        return Err(no_triangles(lod));
    }
    let mut runs = Vec::new();
    for (index, part) in lod.parts.iter().enumerate() {
        if part.streams.positions.is_empty() {
            return Err(MeshError::MissingPositions {
                lod: lod.name.clone(),
                part: index,
            });
        }
        count("vertices of a part", part.streams.positions.len())?;
        for range in &part.ranges {
            runs.extend(check_run(lod, index, part, range, materials, notes)?);
        }
    }
    count("corners", runs.iter().map(|run| run.indices.len()).sum())?;
    // The default material comes last. Sorting is stable: parts and ranges stay in order.
    runs.sort_by_key(|run| (run.material.is_none(), run.material));
    Ok(runs)
}

/// Numbers of vertices and corners stay below the largest one, which means "none" in our tables.
fn count(what: &'static str, count: usize) -> Result<(), MeshError> {
    let (count, limit) = (count as u64, u64::from(u32::MAX) - 1);
    if count > limit {
        return Err(MeshError::CountOverflow { what, count, limit });
    }
    Ok(())
}

fn check_run(
    lod: &MeshLod,
    part: usize,
    source: &MeshPart,
    range: &TriangleRange,
    materials: &[MaterialUse],
    notes: &mut Notes,
) -> Result<Option<Run>, MeshError> {
    let mut warn = |message: String| {
        notes.push(Diagnostic::new(codes::INVALID_RANGE, message).severity(Severity::Warning));
    };
    if range.index_count == 0 {
        warn(format!("part {part} of {} has an empty range", lod.name));
        return Ok(None);
    }
    if !range.index_count.is_multiple_of(3) {
        return Err(MeshError::PartialTriangle {
            lod: lod.name.clone(),
            part,
            indices: range.index_count,
        });
    }
    let first = range.first_index as usize;
    let available = source.indices.len().saturating_sub(first);
    let mut len = range.index_count as usize;
    if len > available {
        warn(format!(
            "part {part} of {} has a range of {len} indices from {first}, but only {} indices",
            lod.name,
            source.indices.len()
        ));
        len = available - available % 3;
    }
    if len == 0 {
        return Ok(None);
    }
    let material = range.material.filter(|material| {
        let exists = material.index() < materials.len();
        if !exists {
            notes.note(
                codes::MATERIAL_SLOT_OOB,
                format!(
                    "part {part} of {} uses material {} of {}",
                    lod.name,
                    material.0,
                    materials.len()
                ),
            );
        }
        exists
    });
    Ok(Some(Run {
        part,
        material,
        indices: first..first + len,
    }))
}

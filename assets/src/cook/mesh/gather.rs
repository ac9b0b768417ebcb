//! The first step: which triangles there are, grouped by material, and which vertices they share.

use super::{
    MaterialUse,
    error::{MeshError, Notes, Stop},
    intern::Interner,
    ranges::{Run, check_runs, no_triangles},
    streams::{NormalSource, PartStreams, Repairs, TangentSource, resolve_parts},
    vertex::{Influences, Vertex},
};
use crate::{
    cook::pace::Pace,
    diagnostic::codes::mesh as codes,
    settings::geometry::GeometrySettings,
    source::scene::{MaterialId, MeshLod, VertexStreams},
};
use std::{collections::BTreeMap, ops::Range};

/// Triangles between two checkpoints: some ten microseconds of work.
pub(super) const STRETCH: usize = 1024;

/// The triangles of one level, with shared vertices.
pub(super) struct Gathered {
    /// Unique by bits, influences and to-do.
    pub(super) vertices: Vec<Vertex>,
    /// One for each vertex, or empty.
    pub(super) influences: Vec<Influences>,
    /// What is still to be done for each vertex; see [`super::streams::todo`].
    pub(super) to_do: Vec<u8>,
    /// Positions in `vertices`, three for each triangle.
    pub(super) corners: Vec<u32>,
    /// Runs of corners of one material, in slot order. None is empty.
    pub(super) groups: Vec<Group>,
    /// The corners of each part that has some, in order.
    pub(super) parts: Vec<PartCorners>,
    /// Which attributes there are.
    pub(super) attributes: u32,
    /// Whether vertices that were told apart may turn out to be equal when all is done.
    pub(super) may_coincide: bool,
    /// Whether there may be vertices that no triangle uses.
    pub(super) may_be_unused: bool,
}

/// Corners of one material.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// `None` for the default material, which comes last.
    pub(super) material: Option<MaterialId>,
    pub(super) corners: Range<usize>,
}

/// Corners of one part, in one or several runs.
pub(super) struct PartCorners {
    pub(super) runs: Vec<Range<usize>>,
    pub(super) tangents: TangentSource,
}

/// Attribute bits of the geometry header.
pub(super) mod attribute {
    pub(in super::super) const NORMAL: u32 = 0x01;
    pub(in super::super) const TANGENT: u32 = 0x02;
    pub(in super::super) const BITANGENT: u32 = 0x04;
    pub(in super::super) const TEXCOORD: u32 = 0x08;
    pub(in super::super) const COLOR: u32 = 0x10;
    pub(in super::super) const JOINT_WEIGHTS: u32 = 0x20;
    pub(in super::super) const JOINT_INDICES: u32 = 0x40;
}

/// Reads one level of a mesh.
pub(super) async fn gather(
    lod: &MeshLod,
    is_skinned: bool,
    materials: &[MaterialUse],
    settings: &GeometrySettings,
    notes: &mut Notes<'_>,
    pace: &mut Pace,
) -> Result<Gathered, Stop> {
    let runs = check_runs(lod, materials, notes)?;
    let streams = resolve_parts(lod, is_skinned, settings, notes);
    check_skinning(lod, is_skinned, &streams, notes)?;
    warn_of_missing_uvs(lod, &runs, &streams, materials, notes);

    let corner_count: usize = runs.iter().map(|run| run.indices.len()).sum();
    let mut gatherer = Gatherer::new(lod, &streams, is_skinned, corner_count);
    let mut groups: Vec<Group> = Vec::new();
    let mut parts: BTreeMap<usize, PartCorners> = BTreeMap::new();
    for run in &runs {
        let (part, streams) = (&lod.parts[run.part], &streams[run.part]);
        let first = gatherer.corners.len();
        let mut invalid = 0;
        for triangles in part.indices[run.indices.clone()].chunks(3 * STRETCH) {
            invalid += gatherer.add_triangles(run.part, streams, triangles);
            pace.checkpoint().await?;
        }
        if invalid > 0 {
            notes.note(
                codes::INVALID_INDEX,
                format!(
                    "{invalid} triangles of part {} of {} use vertices beyond {}",
                    run.part,
                    lod.name,
                    streams.positions.len()
                ),
            );
        }
        let corners = first..gatherer.corners.len();
        if corners.is_empty() {
            continue;
        }
        match groups.last_mut() {
            Some(group) if group.material == run.material => group.corners.end = corners.end,
            _ => groups.push(Group {
                material: run.material,
                corners: corners.clone(),
            }),
        }
        parts
            .entry(run.part)
            .or_insert_with(|| PartCorners {
                runs: Vec::new(),
                tangents: streams.sources.tangents,
            })
            .runs
            .push(corners);
    }
    if gatherer.infinite > 0 {
        notes.note(
            codes::INVALID_POSITIONS,
            format!(
                "{} triangles of {} have a position that is not finite",
                gatherer.infinite, lod.name
            ),
        );
    }
    if groups.is_empty() {
        return Err(no_triangles(lod).into());
    }
    gatherer.repairs.report(&lod.name, notes);
    let used = || parts.keys().map(|&part| &streams[part]);
    let mut sources = used().map(|part| part.sources);
    let first = sources.next();
    let may_coincide = gatherer.repairs.normals > 0
        || sources.any(|sources| Some(sources) != first)
        || first.is_some_and(|sources| {
            sources.normals == NormalSource::Smooth && sources.tangents == TangentSource::Authored
        });
    Ok(Gathered {
        attributes: attributes(used(), is_skinned),
        may_coincide,
        may_be_unused: gatherer.skipped,
        vertices: gatherer.vertices,
        influences: gatherer.influences,
        to_do: gatherer.to_do,
        corners: gatherer.corners,
        groups,
        parts: parts.into_values().collect(),
    })
}

fn check_skinning(
    lod: &MeshLod,
    is_skinned: bool,
    streams: &[PartStreams],
    notes: &mut Notes,
) -> Result<(), MeshError> {
    if !is_skinned {
        return Ok(());
    }
    let bare: Vec<String> = (0..)
        .zip(streams)
        .filter(|(_, part)| !part.has_influences())
        .map(|(index, _): (usize, _)| index.to_string())
        .collect();
    if bare.len() == streams.len() {
        return Err(MeshError::MissingSkinning {
            lod: lod.name.clone(),
        });
    }
    if !bare.is_empty() {
        notes.note(
            codes::SKINNING_MISMATCH,
            format!(
                "part {} of {} has no joints and weights, so nothing moves it",
                bare.join(", "),
                lod.name
            ),
        );
    }
    Ok(())
}

/// One warning for all parts of a level that should have texture coordinates: because their material
/// has textures, or because other parts have some.
fn warn_of_missing_uvs(
    lod: &MeshLod,
    runs: &[Run],
    streams: &[PartStreams],
    materials: &[MaterialUse],
    notes: &mut Notes,
) {
    let has_uvs = |run: &Run| streams[run.part].texcoords.is_some();
    let any = runs.iter().any(has_uvs);
    let is_textured = |run: &Run| {
        run.material
            .and_then(|material| materials.get(material.index()))
            .is_some_and(|material| material.uses_textures)
    };
    let lacking: std::collections::BTreeSet<usize> = runs
        .iter()
        .filter(|run| !has_uvs(run) && (any || is_textured(run)))
        .map(|run| run.part)
        .collect();
    if !lacking.is_empty() {
        let list: Vec<String> = lacking.iter().map(ToString::to_string).collect();
        notes.note(
            codes::MISSING_UVS,
            format!(
                "part {} of {} has no texture coordinates",
                list.join(", "),
                lod.name
            ),
        );
    }
}

fn attributes<'a>(parts: impl Iterator<Item = &'a PartStreams<'a>>, is_skinned: bool) -> u32 {
    let mut bits = 0;
    if is_skinned {
        bits |= attribute::JOINT_WEIGHTS | attribute::JOINT_INDICES;
    }
    for part in parts {
        if part.sources.normals != NormalSource::Default {
            bits |= attribute::NORMAL;
        }
        if part.sources.tangents != TangentSource::Default {
            bits |= attribute::TANGENT | attribute::BITANGENT;
        }
        if part.texcoords.is_some() {
            bits |= attribute::TEXCOORD;
        }
        if part.colors.is_some() {
            bits |= attribute::COLOR;
        }
    }
    bits
}

/// Not met yet.
const UNKNOWN: u32 = u32::MAX;
/// Met, and found to have a position that is not finite.
const INFINITE: u32 = u32::MAX - 1;

struct Gatherer {
    vertices: Vec<Vertex>,
    influences: Vec<Influences>,
    to_do: Vec<u8>,
    corners: Vec<u32>,
    interner: Interner,
    is_skinned: bool,
    /// For each part, which of the tables below is its own.
    pools: Vec<usize>,
    /// From vertices of the source to shared ones. Parts that draw from the same streams in the same
    /// way share a table.
    tables: Vec<Vec<u32>>,
    scratch: Vec<(u16, f32)>,
    repairs: Repairs,
    infinite: u32,
    skipped: bool,
}

impl Gatherer {
    fn new(lod: &MeshLod, streams: &[PartStreams], is_skinned: bool, corners: usize) -> Self {
        // Policies can treat parts that share streams only alike: what is there decides.
        let mut known: BTreeMap<*const VertexStreams, usize> = BTreeMap::new();
        let mut tables: Vec<Vec<u32>> = Vec::new();
        let pools = lod
            .parts
            .iter()
            .map(|part| {
                *known
                    .entry(std::sync::Arc::as_ptr(&part.streams))
                    .or_insert_with(|| {
                        tables.push(vec![UNKNOWN; part.streams.positions.len()]);
                        tables.len() - 1
                    })
            })
            .collect();
        let positions: usize = streams.iter().map(|part| part.positions.len()).sum();
        let expected = positions.min(corners);
        Self {
            vertices: Vec::with_capacity(expected),
            influences: Vec::with_capacity(if is_skinned { expected } else { 0 }),
            to_do: Vec::with_capacity(expected),
            corners: Vec::with_capacity(corners),
            // Sources with indices share vertices already; others will, six corners at a time or so.
            interner: Interner::with_capacity(if positions < corners {
                expected
            } else {
                expected / 4
            }),
            is_skinned,
            pools,
            tables,
            scratch: Vec::new(),
            repairs: Repairs::default(),
            infinite: 0,
            skipped: false,
        }
    }

    /// Adds triangles of one part. Returns how many of them use vertices that do not exist.
    fn add_triangles(&mut self, part: usize, streams: &PartStreams, indices: &[u32]) -> u32 {
        let pool = self.pools[part];
        let mut invalid = 0;
        for triangle in indices.as_chunks::<3>().0 {
            let mut corners = [0; 3];
            let mut is_valid = true;
            for (corner, &index) in corners.iter_mut().zip(triangle) {
                *corner = match self.tables[pool].get(index as usize) {
                    Some(&UNKNOWN) => self.add_vertex(pool, streams, index as usize),
                    Some(&known) => known,
                    None => {
                        is_valid = false;
                        UNKNOWN
                    }
                };
            }
            if !is_valid {
                invalid += 1;
                self.skipped = true;
            } else if corners.contains(&INFINITE) {
                self.infinite += 1;
                self.skipped = true;
            } else {
                self.corners.extend_from_slice(&corners);
            }
        }
        invalid
    }

    fn add_vertex(&mut self, pool: usize, streams: &PartStreams, index: usize) -> u32 {
        let id = match streams.vertex(index, &mut self.repairs) {
            Some((vertex, to_do)) => self.share(streams, index, vertex, to_do),
            None => INFINITE,
        };
        self.tables[pool][index] = id;
        id
    }

    fn share(&mut self, streams: &PartStreams, index: usize, vertex: Vertex, to_do: u8) -> u32 {
        let next = self.vertices.len() as u32;
        let (vertices, influences) = (&self.vertices, &self.influences);
        let id = if self.is_skinned {
            let own = streams.influences(index, &mut self.scratch, &mut self.repairs);
            let mut words = [0; 27];
            words[..18].copy_from_slice(vertex.bits());
            words[18..26].copy_from_slice(own.bits());
            words[26] = u32::from(to_do);
            let hash = self.interner.hash(&words);
            let id = self.interner.intern(hash, next, |id| {
                let id = id as usize;
                vertices[id].bits() == vertex.bits()
                    && influences[id].bits() == own.bits()
                    && self.to_do[id] == to_do
            });
            if id == next {
                self.influences.push(own);
            }
            id
        } else {
            let mut words = [0; 19];
            words[..18].copy_from_slice(vertex.bits());
            words[18] = u32::from(to_do);
            let hash = self.interner.hash(&words);
            self.interner.intern(hash, next, |id| {
                let id = id as usize;
                vertices[id].bits() == vertex.bits() && self.to_do[id] == to_do
            })
        };
        if id == next {
            self.vertices.push(vertex);
            self.to_do.push(to_do);
        }
        id
    }
}

/// Shares vertices again, after they have changed: those that are equal now become one.
pub(super) async fn share_again(gathered: &mut Gathered, pace: &mut Pace) -> Result<(), Stop> {
    let mut interner = Interner::with_capacity(gathered.vertices.len());
    let mut ids: Vec<u32> = Vec::with_capacity(gathered.vertices.len());
    let is_skinned = !gathered.influences.is_empty();
    let mut kept = 0;
    for start in (0..gathered.vertices.len()).step_by(STRETCH) {
        let end = (start + STRETCH).min(gathered.vertices.len());
        for at in start..end {
            let vertex = gathered.vertices[at];
            let own = gathered.influences.get(at).copied().unwrap_or_default();
            let mut words = [0; 26];
            words[..18].copy_from_slice(vertex.bits());
            words[18..].copy_from_slice(own.bits());
            let id = interner.intern(interner.hash(&words), kept as u32, |id| {
                let id = id as usize;
                gathered.vertices[id].bits() == vertex.bits()
                    && (!is_skinned || gathered.influences[id].bits() == own.bits())
            });
            if id as usize == kept {
                gathered.vertices[kept] = vertex;
                if is_skinned {
                    gathered.influences[kept] = own;
                }
                kept += 1;
            }
            ids.push(id);
        }
        pace.checkpoint().await?;
    }
    gathered.vertices.truncate(kept);
    gathered.influences.truncate(kept);
    gathered.to_do.truncate(kept);
    for corners in gathered.corners.chunks_mut(3 * STRETCH) {
        for corner in corners {
            *corner = ids[*corner as usize];
        }
        pace.checkpoint().await?;
    }
    Ok(())
}

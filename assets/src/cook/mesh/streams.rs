//! From the streams of one part to single vertices: what is there, what is taken, what is repaired.

use super::error::Notes;
use super::frame;
use super::vertex::{Influences, Vertex};
use crate::{
    diagnostic::codes::mesh as codes,
    settings::geometry::{AttributePolicy, GeometrySettings},
    source::scene::{InfluenceSet, MeshLod, MeshPart, TangentStream, VertexStreams},
};

/// Where the normals of a part come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NormalSource {
    /// The default.
    Default,
    /// The source.
    Authored,
    /// Each triangle by itself.
    Flat,
    /// All triangles around a position.
    Smooth,
}

/// Where the tangents of a part come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TangentSource {
    /// The default.
    Default,
    /// The source.
    Authored,
    /// Normals and texture coordinates.
    Generated,
}

/// What is still to be done for a vertex.
pub(super) mod todo {
    /// Its normal is that of the triangle.
    pub(in super::super) const FLAT_NORMAL: u8 = 1;
    /// Its tangent and bitangent are to be generated.
    pub(in super::super) const TANGENT: u8 = 2;
    /// Its bitangent follows from normal and tangent, with the sign that is in its place.
    pub(in super::super) const BITANGENT: u8 = 4;
    /// Its tangent and bitangent mean nothing; any frame of the normal will do.
    pub(in super::super) const ANY_AXES: u8 = 8;
}

/// Sources of the attributes of one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PartSources {
    pub(super) normals: NormalSource,
    pub(super) tangents: TangentSource,
}

/// How many vertices were not as they should be.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Repairs {
    pub(super) normals: u32,
    pub(super) invalid_uvs: u32,
    pub(super) large_uvs: u32,
    pub(super) colors: u32,
    pub(super) trimmed: u32,
    pub(super) most_influences: usize,
}

/// The streams of a part that are used.
pub(super) struct PartStreams<'a> {
    pub(super) positions: &'a [[f32; 3]],
    normals: Option<&'a [[f32; 3]]>,
    tangents: Option<Axes<'a>>,
    pub(super) texcoords: Option<&'a [[f32; 2]]>,
    pub(super) colors: Option<&'a [[f32; 4]]>,
    influences: Vec<&'a InfluenceSet>,
    pub(super) sources: PartSources,
}

#[derive(Clone, Copy)]
enum Axes<'a> {
    Signed(&'a [[f32; 4]]),
    Frames(&'a [[f32; 3]], &'a [[f32; 3]]),
}

/// The streams of all parts of a level. Streams of other lengths than the positions are left out, with
/// a warning.
pub(super) fn resolve_parts<'a>(
    lod: &'a MeshLod,
    is_skinned: bool,
    settings: &GeometrySettings,
    notes: &mut Notes,
) -> Vec<PartStreams<'a>> {
    let mut parts: Vec<PartStreams> = lod
        .parts
        .iter()
        .enumerate()
        .map(|(index, part)| present_streams(&lod.name, index, part, is_skinned, notes))
        .collect();
    let any_normals = parts.iter().any(|part| part.normals.is_some());
    let any_tangents = parts.iter().any(PartStreams::has_tangents);
    let mut lacks_prerequisites = false;
    for part in &mut parts {
        part.sources.normals = match (settings.normals, part.normals.is_some()) {
            (AttributePolicy::None, _) => NormalSource::Default,
            (AttributePolicy::Recalculate, _) => NormalSource::Smooth,
            (AttributePolicy::Preserve | AttributePolicy::Generate, true) => NormalSource::Authored,
            (AttributePolicy::Generate, false) => NormalSource::Flat,
            (AttributePolicy::Preserve, false) if any_normals => NormalSource::Flat,
            (AttributePolicy::Preserve, false) => NormalSource::Default,
        };
        let has_prerequisites =
            part.sources.normals != NormalSource::Default && part.texcoords.is_some();
        part.sources.tangents = match (settings.tangents, part.has_tangents()) {
            (AttributePolicy::None, _) => TangentSource::Default,
            _ if !has_prerequisites => {
                lacks_prerequisites = true;
                TangentSource::Default
            }
            (AttributePolicy::Recalculate, _) => TangentSource::Generated,
            (AttributePolicy::Preserve | AttributePolicy::Generate, true) => {
                TangentSource::Authored
            }
            (AttributePolicy::Generate, false) => TangentSource::Generated,
            (AttributePolicy::Preserve, false) if any_tangents => TangentSource::Generated,
            (AttributePolicy::Preserve, false) => TangentSource::Default,
        };
    }
    if lacks_prerequisites {
        notes.note(
            codes::MISSING_TANGENT_PREREQ,
            format!(
                "{} has no tangents: it has parts without normals or without texture coordinates",
                lod.name
            ),
        );
    }
    parts
}

fn present_streams<'a>(
    lod: &str,
    index: usize,
    part: &'a MeshPart,
    is_skinned: bool,
    notes: &mut Notes,
) -> PartStreams<'a> {
    let streams: &VertexStreams = &part.streams;
    let expected = streams.positions.len();
    let mut fits = |what, actual, code| {
        if actual != expected {
            notes.note(
                code,
                format!("part {index} of {lod} has {actual} {what} for {expected} positions"),
            );
        }
        actual == expected
    };
    let normals = streams
        .normals
        .as_deref()
        .filter(|normals| fits("normals", normals.len(), codes::NORMALS_MISMATCH));
    let tangents = match &streams.tangents {
        None => None,
        Some(TangentStream::Signed(tangents)) => {
            fits("tangents", tangents.len(), codes::TANGENTS_MISMATCH)
                .then_some(Axes::Signed(tangents))
        }
        Some(TangentStream::Frames {
            tangents,
            bitangents,
        }) => (fits("tangents", tangents.len(), codes::TANGENTS_MISMATCH)
            && fits("bitangents", bitangents.len(), codes::TANGENTS_MISMATCH))
        .then_some(Axes::Frames(tangents, bitangents)),
    };
    let texcoords = streams
        .texcoords
        .as_deref()
        .filter(|uvs| fits("texture coordinates", uvs.len(), codes::TEXCOORDS_MISMATCH));
    let colors = streams
        .colors
        .as_deref()
        .filter(|colors| fits("colours", colors.len(), codes::COLORS_MISMATCH));
    let influences = streams
        .influences
        .iter()
        .filter(|set| {
            is_skinned
                && fits("joints", set.joints.len(), codes::SKINNING_MISMATCH)
                && fits("weights", set.weights.len(), codes::SKINNING_MISMATCH)
        })
        .collect();
    PartStreams {
        positions: &streams.positions,
        normals,
        tangents,
        texcoords,
        colors,
        influences,
        sources: PartSources {
            normals: NormalSource::Default,
            tangents: TangentSource::Default,
        },
    }
}

impl PartStreams<'_> {
    /// Authored tangents belong to authored normals.
    fn has_tangents(&self) -> bool {
        self.tangents.is_some() && self.normals.is_some()
    }

    /// Whether there are joints and weights.
    pub(super) fn has_influences(&self) -> bool {
        !self.influences.is_empty()
    }

    /// The vertex at a position of the streams, and what is to be done for it; `None` when its position
    /// is not finite. `index` is less than the number of positions.
    #[inline]
    pub(super) fn vertex(&self, index: usize, repairs: &mut Repairs) -> Option<(Vertex, u8)> {
        let position = *self.positions.get(index)?;
        if !position.iter().all(|x| x.is_finite()) {
            return None;
        }
        let mut vertex = Vertex::at(position);
        let mut to_do = 0;
        match self.sources.normals {
            NormalSource::Flat => to_do |= todo::FLAT_NORMAL,
            NormalSource::Authored => {
                let normal = at(self.normals, index).and_then(frame::normal_direction);
                match normal {
                    Some(normal) => vertex.normal = normal,
                    None => {
                        repairs.normals += 1;
                        to_do |= todo::FLAT_NORMAL;
                    }
                }
            }
            NormalSource::Default | NormalSource::Smooth => {}
        }
        if let Some(mut uv) = at(self.texcoords, index) {
            if !uv.iter().all(|x| x.is_finite()) {
                repairs.invalid_uvs += 1;
                uv = uv.map(|x| if x.is_finite() { x } else { 0.0 });
            } else if uv.iter().any(|x| x.abs() > LARGE_UV) {
                repairs.large_uvs += 1;
            }
            vertex.texcoord = uv;
        }
        if let Some(color) = at(self.colors, index) {
            if color.iter().all(|x| x.is_finite()) {
                vertex.color = color;
            } else {
                repairs.colors += 1;
            }
        }
        match self.sources.tangents {
            TangentSource::Default => {}
            TangentSource::Generated => to_do |= todo::TANGENT,
            TangentSource::Authored => {
                let has_normal = self.sources.normals == NormalSource::Authored
                    && to_do & todo::FLAT_NORMAL == 0;
                to_do |= self.author_axes(index, &mut vertex);
                if has_normal {
                    to_do = complete_axes(&mut vertex, to_do);
                }
            }
        }
        Some((vertex, to_do))
    }

    fn author_axes(&self, index: usize, vertex: &mut Vertex) -> u8 {
        let axes = match self.tangents {
            Some(Axes::Signed(tangents)) => at(Some(tangents), index)
                .and_then(|[x, y, z, w]| {
                    let sign = if w < 0.0 { -1.0 } else { 1.0 };
                    Some((frame::axis_direction([x, y, z])?, [sign, 0.0, 0.0]))
                })
                .map(|axes| (axes, todo::BITANGENT)),
            Some(Axes::Frames(tangents, bitangents)) => at(Some(tangents), index)
                .zip(at(Some(bitangents), index))
                .and_then(|(t, b)| Some((frame::axis_direction(t)?, frame::axis_direction(b)?)))
                .map(|axes| (axes, 0)),
            None => None,
        };
        match axes {
            Some(((tangent, bitangent), to_do)) => {
                vertex.tangent = tangent;
                vertex.bitangent = bitangent;
                to_do
            }
            None => todo::ANY_AXES,
        }
    }

    /// The four strongest influences of a vertex, renormalised, and the largest joint among them.
    /// `scratch` is only there to be reused.
    #[inline]
    pub(super) fn influences(
        &self,
        index: usize,
        scratch: &mut Vec<(u16, f32)>,
        repairs: &mut Repairs,
    ) -> Influences {
        scratch.clear();
        for set in &self.influences {
            if let (Some(joints), Some(weights)) = (set.joints.get(index), set.weights.get(index)) {
                let influences = joints.iter().copied().zip(weights.iter().copied());
                scratch
                    .extend(influences.filter(|(_, weight)| *weight > 0.0 && weight.is_finite()));
            }
        }
        strongest_four(scratch, repairs)
    }
}

/// Beyond this, what is left of the precision of texture coordinates is too little.
const LARGE_UV: f32 = 10_000.0;

/// The share of all weights below which nobody notices that influences are gone.
const NEGLIGIBLE_WEIGHT: f64 = 1e-4;

fn strongest_four(influences: &mut Vec<(u16, f32)>, repairs: &mut Repairs) -> Influences {
    // One joint can be named twice.
    influences.sort_unstable_by_key(|(joint, _)| *joint);
    influences.dedup_by(|later, kept| {
        let is_same = later.0 == kept.0;
        if is_same {
            kept.1 = (kept.1 + later.1).min(f32::MAX);
        }
        is_same
    });
    influences.sort_by(|a, b| b.1.total_cmp(&a.1));
    let total: f64 = influences
        .iter()
        .map(|(_, weight)| f64::from(*weight))
        .sum();
    let kept: f64 = influences.iter().take(4).map(|(_, w)| f64::from(*w)).sum();
    if total - kept > NEGLIGIBLE_WEIGHT * total {
        repairs.trimmed += 1;
        repairs.most_influences = repairs.most_influences.max(influences.len());
    }
    let mut result = Influences::default();
    for (i, (joint, weight)) in influences.iter().take(4).enumerate() {
        result.joints[i] = u32::from(*joint);
        result.weights[i] = (f64::from(*weight) / kept) as f32;
    }
    result
}

/// Does [`todo::BITANGENT`] and [`todo::ANY_AXES`] for a vertex whose normal is final. Returns what is
/// left to do.
pub(super) fn complete_axes(vertex: &mut Vertex, mut to_do: u8) -> u8 {
    if to_do & todo::BITANGENT != 0 {
        to_do &= !todo::BITANGENT;
        match frame::bitangent(vertex.normal, vertex.tangent, vertex.bitangent[0]) {
            Some(bitangent) => vertex.bitangent = bitangent,
            None => to_do |= todo::ANY_AXES,
        }
    }
    if to_do & todo::ANY_AXES != 0 {
        to_do &= !todo::ANY_AXES;
        (vertex.tangent, vertex.bitangent) = frame::fallback_axes(vertex.normal);
    }
    to_do
}

#[inline]
fn at<T: Copy>(stream: Option<&[T]>, index: usize) -> Option<T> {
    stream?.get(index).copied()
}

impl Repairs {
    /// Tells what was repaired.
    pub(super) fn report(&self, lod: &str, notes: &mut Notes) {
        let entries = [
            (
                self.normals,
                codes::INVALID_NORMALS,
                "a normal that is zero or not finite",
            ),
            (
                self.invalid_uvs,
                codes::INVALID_UVS,
                "texture coordinates that are not finite",
            ),
            (
                self.large_uvs,
                codes::UV_RANGE_SUSPICIOUS,
                "texture coordinates beyond 10,000",
            ),
            (
                self.colors,
                codes::INVALID_COLORS,
                "a colour that is not finite",
            ),
        ];
        for (count, code, what) in entries {
            if count > 0 {
                notes.note(code, format!("{count} vertices of {lod} have {what}"));
            }
        }
        if self.trimmed > 0 {
            notes.note(
                codes::SKINNING_TRIMMED,
                format!(
                    "{} vertices of {lod} follow more than four joints, up to {}",
                    self.trimmed, self.most_influences
                ),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strongest(influences: &[(u16, f32)]) -> (Influences, Repairs) {
        let mut repairs = Repairs::default();
        let result = strongest_four(&mut influences.to_vec(), &mut repairs);
        (result, repairs)
    }

    #[test]
    fn the_strongest_four_are_kept_and_renormalised() {
        let (result, repairs) = strongest(&[(0, 0.1), (1, 0.2), (2, 0.3), (3, 0.2), (4, 0.2)]);
        assert_eq!(result.joints, [2, 1, 3, 4]);
        assert_eq!(
            result.weights,
            [0.33333334, 0.22222223, 0.22222223, 0.22222223]
        );
        assert_eq!((repairs.trimmed, repairs.most_influences), (1, 5));
    }

    #[test]
    fn dust_is_dropped_without_a_word() {
        let (result, repairs) = strongest(&[(0, 0.5), (1, 0.3), (2, 0.1), (3, 0.1), (9, 1e-6)]);
        assert_eq!(result.joints, [0, 1, 2, 3]);
        assert_eq!(repairs.trimmed, 0);
    }

    #[test]
    fn a_joint_that_is_named_twice_counts_once() {
        let (result, repairs) = strongest(&[(7, 0.25), (1, 0.5), (7, 0.25)]);
        assert_eq!(result.joints, [1, 7, 0, 0]);
        assert_eq!(result.weights, [0.5, 0.5, 0.0, 0.0]);
        assert_eq!(repairs.trimmed, 0);
        assert_eq!(strongest(&[]).0, Influences::default());
    }
}

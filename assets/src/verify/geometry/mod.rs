//! Checks of geometry descriptors, and which buffers they use.

mod uses;

pub use uses::{BufferUse, BufferUses, MeshFact, SubmeshFact, ViewFact};

use super::{
    Findings, bounds::Extent, descriptor::References, index::AssetFact, is_zero, key, number,
    table::BufferFact,
};
use crate::{
    diagnostic::codes::verify as codes,
    format::{name::read_name, texture_format::TextureFormat},
};

const DESCRIPTOR: usize = 256;
const MESH: usize = 145;
const INFO: usize = 72;
const SUBMESH: usize = 108;
const VIEW: usize = 16;

pub(super) fn check(
    asset: &AssetFact,
    bytes: &[u8],
    references: &References<'_>,
    uses: &mut BufferUses,
    findings: &mut Findings,
) {
    let mut checker = Checker {
        asset,
        bytes,
        references,
        uses,
        findings,
        at: DESCRIPTOR,
    };
    if checker.check().is_none() {
        checker.uses.miss_some();
    }
}

struct Checker<'a> {
    asset: &'a AssetFact,
    bytes: &'a [u8],
    references: &'a References<'a>,
    uses: &'a mut BufferUses,
    findings: &'a mut Findings,
    /// Where the next part begins.
    at: usize,
}

/// What a mesh says of its buffers.
struct MeshInfo {
    /// Vertices and indices.
    buffers: Option<[u64; 2]>,
    skin: Option<[u64; 4]>,
    joint_count: Option<u64>,
    bounds: Extent,
}

impl<'a> Checker<'a> {
    fn wrong(&mut self, object: &str, message: impl Into<String>) {
        let object = format!("{}{object}", self.asset.virtual_path);
        self.findings.add(codes::DESCRIPTOR, object, message);
    }

    fn loose(&mut self, object: &str, message: impl Into<String>) {
        let object = format!("{}{object}", self.asset.virtual_path);
        self.findings.add(codes::DESCRIPTOR_FORM, object, message);
    }

    /// The next part, or `None` with a finding.
    fn part(&mut self, len: usize, object: &str, what: &str) -> Option<&'a [u8]> {
        let part = self
            .at
            .checked_add(len)
            .and_then(|end| self.bytes.get(self.at..end));
        match part {
            Some(_) => self.at += len,
            None => self.wrong(
                object,
                format!("{what} of {len} bytes at {} is past the end", self.at),
            ),
        }
        part
    }

    /// Walks over all parts; `None` when one of them cannot be found.
    fn check(&mut self) -> Option<()> {
        if self.bytes.len() < DESCRIPTOR {
            self.wrong("", "too few bytes for a geometry");
            return None;
        }
        let lods = number(self.bytes, 95, 4);
        if !(1..=8).contains(&lods) {
            self.wrong(
                "",
                format!("{lods} levels of detail are not between 1 and 8"),
            );
            return None;
        }
        if !is_zero(self.bytes, 123, 133) {
            self.wrong("", "reserved bytes are not zero");
        }
        let bounds = Extent::at(self.bytes, 99);
        self.check_bounds(&bounds, "");
        let mut union = Extent::EMPTY;
        for lod in 0..lods {
            self.check_mesh(&format!(" lods[{lod}]"), lods == 1, &mut union)?;
        }
        if self.at < self.bytes.len() {
            let more = self.bytes.len() - self.at;
            self.wrong("", format!("{more} bytes follow the last view"));
        }
        if union.is_valid() && bounds.is_valid() {
            if !bounds.contains(&union) {
                self.wrong("", "the box does not contain the boxes of all levels");
            } else if bounds.is_loose_around(&union) {
                self.loose("", "the box is larger than those of the levels");
            }
        }
        Some(())
    }

    fn check_bounds(&mut self, bounds: &Extent, object: &str) {
        if !bounds.is_valid() {
            self.wrong(object, "the box is not finite, or inside out");
        }
    }

    fn check_mesh(&mut self, object: &str, is_only: bool, union: &mut Extent) -> Option<()> {
        let mesh = self.part(MESH, object, "a mesh")?;
        let Some(name) = read_name(&mesh[..64]) else {
            self.wrong(
                object,
                "the name is not UTF-8, or not followed by NUL to its end",
            );
            return None;
        };
        let (mesh_type, submeshes) = (mesh[64], number(mesh, 65, 4));
        let info = &mesh[73..];
        let info = match mesh_type {
            1 => self.standard(info, object),
            2 => self.procedural(info, name, object)?,
            3 => self.skinned(info, object),
            _ => {
                self.wrong(object, format!("mesh type {mesh_type} cannot be loaded"));
                return None;
            }
        };
        if is_only && mesh_type != 2 && mesh[..64] != self.bytes[1..65] {
            self.loose(
                object,
                "the name of the only level is not that of the geometry",
            );
        }
        if info.buffers.is_some() {
            self.check_bounds(&info.bounds, object);
            union.unite(&info.bounds);
        }
        if submeshes == 0 {
            self.wrong(object, "there are no submeshes");
        }
        let sizes = self.check_buffers(&info, object);
        let (mut facts, mut views) = (Vec::new(), 0);
        for submesh in 0..submeshes {
            let object = format!("{object}.submeshes[{submesh}]");
            let fact = self.check_submesh(&object, sizes.as_ref())?;
            views += fact.views.len() as u64;
            facts.push(fact);
        }
        if views != number(mesh, 69, 4) {
            let text = format!(
                "the mesh has {} views, its submeshes have {views}",
                number(mesh, 69, 4)
            );
            self.wrong(object, text);
        }
        self.note_uses(info, sizes, facts, object);
        Some(())
    }

    fn standard(&mut self, info: &[u8], object: &str) -> MeshInfo {
        if !is_zero(info, 32, 40) {
            self.wrong(object, "padding of the mesh is not zero");
        }
        MeshInfo {
            buffers: Some([number(info, 0, 4), number(info, 4, 4)]),
            skin: None,
            joint_count: None,
            bounds: Extent::at(info, 8),
        }
    }

    fn procedural(&mut self, info: &[u8], name: &str, object: &str) -> Option<MeshInfo> {
        if !is_zero(info, 4, 68) {
            self.wrong(object, "padding of the mesh is not zero");
        }
        if name
            .find('/')
            .is_none_or(|at| at == 0 || at + 1 == name.len())
        {
            self.wrong(
                object,
                "the name of a procedural mesh is not `Generator/Name`",
            );
        }
        self.part(number(info, 0, 4) as usize, object, "the parameter block")?;
        Some(MeshInfo {
            buffers: None,
            skin: None,
            joint_count: None,
            bounds: Extent::EMPTY,
        })
    }

    fn skinned(&mut self, info: &[u8], object: &str) -> MeshInfo {
        let buffer = |index: usize| number(info, 4 * index, 4);
        let (joints, influences) = (number(info, 40, 2), number(info, 42, 2));
        if !is_zero(info, 24, 16) {
            self.wrong(object, "there are no skeletons, but the mesh has one");
        }
        if joints == 0 || influences != 4 {
            let text =
                format!("{joints} joints with {influences} influences, not 4, for each vertex");
            self.wrong(object, text);
        }
        if number(info, 44, 4) != 0 {
            self.loose(object, "flags of the skin are not zero");
        }
        if number(self.bytes, 75, 4) & 0x60 != 0x60 {
            self.loose(object, "the attributes do not say that there are joints");
        }
        if self.bytes.get(self.at..self.at + INFO) == Some(info) {
            self.wrong(object, "the information of the skinned mesh is there twice");
            self.at += INFO;
        }
        MeshInfo {
            buffers: Some([buffer(0), buffer(1)]),
            skin: Some([buffer(2), buffer(3), buffer(4), buffer(5)]),
            joint_count: Some(joints),
            bounds: Extent::at(info, 48),
        }
    }

    /// The table entry of a buffer of the right kind.
    fn buffer(
        &mut self,
        index: u64,
        role: &str,
        is_right: impl Fn(&BufferFact) -> bool,
        object: &str,
    ) -> Option<&'a BufferFact> {
        self.uses.name(index);
        let count = self.references.buffers.len();
        let Some(entry) = self.references.buffers.get(index as usize) else {
            let object = format!("{}{object}", self.asset.virtual_path);
            let text = format!("{role}: there is no buffer {index}, only {count}");
            self.findings.add(codes::REFERENCE, object, text);
            return None;
        };
        // An entry that makes no sense was reported with its table.
        let fact = entry.as_ref()?;
        if !is_right(fact) {
            let object = format!("{}{object}", self.asset.virtual_path);
            let text = format!(
                "{role}: buffer {index} has usage {:#x}, stride {} and format {}",
                fact.usage,
                fact.stride,
                fact.format.map_or(0, |format| format.id())
            );
            self.findings.add(codes::REFERENCE, object, text);
            return None;
        }
        Some(fact)
    }

    /// How many vertices and indices there are, if their buffers are what they should be.
    fn check_buffers(&mut self, info: &MeshInfo, object: &str) -> Option<Sizes> {
        let [vertices, indices] = info.buffers?;
        let is_vertices = |fact: &BufferFact| fact.usage & 1 != 0 && fact.stride == 72;
        let vertex_buffer = self.buffer(vertices, "vertices", is_vertices, object);
        let is_indices = |fact: &BufferFact| fact.usage & 2 != 0 && index_size(fact).is_some();
        let index_buffer = self.buffer(indices, "indices", is_indices, object);
        let is_usable = match info.skin {
            Some(skin) => self.check_skin(skin, info.joint_count, vertex_buffer, object),
            None => true,
        };
        let (vertex_buffer, index_buffer) = (vertex_buffer?, index_buffer?);
        let index_size = index_size(index_buffer)?;
        if index_buffer.format != Some(TextureFormat::R32UInt) {
            self.loose(object, "indices are not typed as R32UInt");
        }
        is_usable.then_some(Sizes {
            vertices: len(vertex_buffer) / 72,
            indices: len(index_buffer) / index_size,
            index_size,
        })
    }

    fn check_skin(
        &mut self,
        skin: [u64; 4],
        joint_count: Option<u64>,
        vertices: Option<&BufferFact>,
        object: &str,
    ) -> bool {
        let joints = joint_count.unwrap_or(0);
        let vertices = vertices.map(|buffer| len(buffer) / 72);
        let typed =
            |format| move |fact: &BufferFact| fact.usage & 8 != 0 && fact.format == Some(format);
        let is_matrices = |fact: &BufferFact| fact.usage & 8 != 0 && fact.stride == 64;
        let [indices, weights, matrices, remap] = skin;
        let buffers = [
            ("joint indices", 16, vertices, true, {
                let is_right = typed(TextureFormat::Rgba32UInt);
                self.buffer(indices, "joint indices", is_right, object)
            }),
            ("joint weights", 16, vertices, true, {
                let is_right = typed(TextureFormat::Rgba32Float);
                self.buffer(weights, "joint weights", is_right, object)
            }),
            ("inverse bind matrices", 64, Some(joints), false, {
                self.buffer(matrices, "inverse bind matrices", is_matrices, object)
            }),
            ("joint remap", 4, Some(joints), false, {
                let is_right = typed(TextureFormat::R32UInt);
                self.buffer(remap, "joint remap", is_right, object)
            }),
        ];
        let mut is_usable = true;
        for (role, element, needed, is_exact, buffer) in buffers {
            let (Some(buffer), Some(needed)) = (buffer, needed) else {
                is_usable = false;
                continue;
            };
            let count = len(buffer) / element;
            if count < needed || is_exact && count != needed {
                let text = format!("{role}: {count} elements instead of {needed}");
                self.wrong(object, text);
                is_usable = false;
            }
        }
        is_usable
    }

    fn check_submesh(&mut self, object: &str, sizes: Option<&Sizes>) -> Option<SubmeshFact> {
        let submesh = self.part(SUBMESH, object, "a submesh")?;
        if read_name(&submesh[..64]).is_none() {
            self.wrong(
                object,
                "the name is not UTF-8, or not followed by NUL to its end",
            );
        }
        let material = key(submesh, 64);
        if !self.references.has_material(material) {
            let object = format!("{}{object}", self.asset.virtual_path);
            let text = format!("there is no material {material}");
            self.findings.add(codes::REFERENCE, object, text);
        }
        let bounds = Extent::at(submesh, 84);
        self.check_bounds(&bounds, object);
        let count = number(submesh, 80, 4);
        if count == 0 {
            self.wrong(object, "there are no views");
        }
        let mut views = Vec::new();
        for view in 0..count {
            let object = format!("{object}.views[{view}]");
            views.push(self.check_view(&object, sizes)?);
        }
        Some(SubmeshFact { bounds, views })
    }

    fn check_view(&mut self, object: &str, sizes: Option<&Sizes>) -> Option<ViewFact> {
        let view = self.part(VIEW, object, "a view")?;
        let fact = ViewFact {
            first_index: number(view, 0, 4),
            index_count: number(view, 4, 4),
            first_vertex: number(view, 8, 4),
            vertex_count: number(view, 12, 4),
        };
        if fact.index_count == 0 || !fact.index_count.is_multiple_of(3) || fact.vertex_count == 0 {
            let text = format!(
                "{} indices and {} vertices are no list of triangles",
                fact.index_count, fact.vertex_count
            );
            self.wrong(object, text);
        }
        if let Some(sizes) = sizes {
            for (what, first, count, len) in [
                ("indices", fact.first_index, fact.index_count, sizes.indices),
                (
                    "vertices",
                    fact.first_vertex,
                    fact.vertex_count,
                    sizes.vertices,
                ),
            ] {
                if first + count > len {
                    let text = format!("{what} {first} to {} of {len}", first + count);
                    self.wrong(object, text);
                }
            }
        }
        Some(fact)
    }

    /// Keeps the mesh, if its buffers can be looked into.
    fn note_uses(
        &mut self,
        info: MeshInfo,
        sizes: Option<Sizes>,
        submeshes: Vec<SubmeshFact>,
        object: &str,
    ) {
        let (Some([vertices, indices]), Some(sizes)) = (info.buffers, sizes) else {
            return;
        };
        let views = submeshes.iter().flat_map(|submesh| &submesh.views);
        let are_inside = views.clone().all(|view| {
            view.first_index + view.index_count <= sizes.indices
                && view.first_vertex + view.vertex_count <= sizes.vertices
        });
        if !are_inside {
            return;
        }
        let mesh = MeshFact {
            file: self.asset.path.clone(),
            object: format!("{}{object}", self.asset.virtual_path),
            vertices: vertices as usize,
            indices: indices as usize,
            index_size: sizes.index_size,
            bounds: info.bounds,
            submeshes,
            joint_count: info.joint_count,
        };
        let skin = info.skin.map(|skin| skin.map(|buffer| buffer as usize));
        self.uses.add(mesh, skin);
    }
}

/// How many vertices and indices a mesh has.
struct Sizes {
    vertices: u64,
    indices: u64,
    index_size: u64,
}

fn len(buffer: &BufferFact) -> u64 {
    buffer.range.end - buffer.range.start
}

/// Bytes of an index, in a form that loaders take.
fn index_size(fact: &BufferFact) -> Option<u64> {
    match (fact.format, fact.stride) {
        (Some(TextureFormat::R32UInt), _) | (None, 4) => Some(4),
        (Some(TextureFormat::R16UInt), _) | (None, 2) => Some(2),
        _ => None,
    }
}

//! Meshes, decoded when their work item runs.

use super::{
    document::Document,
    meshes::{DrawnMesh, Recipe, object},
    normals::{GeneratedNormals, MeshAccess},
    skin::{Joints, TooManyJoints, add_influences, repairs, skin_of},
    triangles::Triangulation,
};
use crate::{
    cook::pace::{Cancelled, Pace},
    diagnostic::{
        Code, Diagnostic,
        codes::{fbx as codes, mesh as mesh_codes},
    },
    source::scene::{
        DecodedMesh, InfluenceSet, LoadFuture, MaterialId, MeshKind, MeshLoadError, MeshLoader,
        MeshLod, MeshPart, MeshSource, TangentStream, VertexStreams,
    },
};
use glam::{DAffine3, DMat3, DVec3};
use std::{collections::BTreeSet, ops::Range, sync::Arc};
use ufbx::{Mesh, SkinningMethod, VertexVec3};

/// One mesh of a parsed file.
pub(super) struct FbxMesh {
    pub(super) document: Arc<Document>,
    pub(super) recipe: Recipe,
    /// Whether normals are made where there are none.
    pub(super) generate_normals: bool,
}

impl MeshLoader for FbxMesh {
    fn load<'a>(&'a self, pace: &'a mut Pace) -> LoadFuture<'a> {
        Box::pin(self.decode(pace))
    }

    fn materials(&self) -> Option<Vec<MaterialId>> {
        let meshes = self.recipe.levels.iter().flat_map(|level| &level.meshes);
        let used: BTreeSet<MaterialId> = meshes
            .flat_map(|mesh| mesh.materials.iter().copied().flatten())
            .collect();
        Some(used.into_iter().collect())
    }
}

impl FbxMesh {
    async fn decode(&self, pace: &mut Pace) -> Result<DecodedMesh, MeshLoadError> {
        pace.checkpoint().await?;
        let joints = Joints::of(&self.document, &self.recipe)
            .map_err(|TooManyJoints| self.error(mesh_codes::COUNT_OVERFLOW, TOO_MANY_JOINTS))?;
        let skin = joints.skin();
        let mut notes = Vec::new();
        let mut lods = Vec::with_capacity(self.recipe.levels.len());
        let mut position = 0;
        for level in &self.recipe.levels {
            let mut parts = Vec::with_capacity(level.meshes.len());
            for drawn in &level.meshes {
                let decoder = Decoder {
                    document: &self.document,
                    drawn,
                    joints: joints.of_mesh(position),
                };
                position += 1;
                decoder.report(&mut notes);
                parts.push(
                    decoder
                        .part(self.generate_normals, &mut notes, pace)
                        .await?,
                );
            }
            lods.push(MeshLod {
                name: level.name.clone(),
                parts,
            });
        }
        let kind = match skin.inverse_bind.is_empty() {
            true => MeshKind::Standard,
            false => MeshKind::Skinned(skin),
        };
        Ok(DecodedMesh {
            mesh: Arc::new(MeshSource {
                kind,
                mirrored: false,
                lods,
            }),
            diagnostics: notes,
        })
    }

    fn error(&self, code: Code, message: &str) -> MeshLoadError {
        let mut meshes = self.recipe.levels.iter().flat_map(|level| &level.meshes);
        let first = meshes.find_map(|drawn| self.document.mesh(drawn.number));
        let diagnostic = self.document.note(code, message);
        diagnostic
            .object(first.map(object).unwrap_or_default())
            .into()
    }
}

const TOO_MANY_JOINTS: &str = "the skin has more than 65,536 joints";

/// Corners between two checkpoints: some tens of microseconds of work.
const STRETCH: usize = 4096;

/// Decodes one mesh of the file. References into the document are not kept over checkpoints.
struct Decoder<'a> {
    document: &'a Document,
    drawn: &'a DrawnMesh,
    joints: &'a [u16],
}

impl MeshAccess for Decoder<'_> {
    fn with_mesh<T>(&self, use_it: impl FnOnce(&Mesh) -> T) -> Option<T> {
        self.mesh().map(use_it)
    }
}

impl Decoder<'_> {
    fn mesh(&self) -> Option<&Mesh> {
        self.document.mesh(self.drawn.number)
    }

    fn note(&self, code: Code, message: String) -> Diagnostic {
        let object = self.mesh().map(object).unwrap_or_default();
        self.document.note(code, message).object(object)
    }

    /// Says what of the mesh is not used.
    fn report(&self, notes: &mut Vec<Diagnostic>) {
        let Some(mesh) = self.mesh() else { return };
        let mut note = |code, message| notes.push(self.note(code, message));
        let unused = |names: Vec<&str>| {
            let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            names.join(", ")
        };
        if let [first, others @ ..] = mesh.uv_sets.as_ref()
            && !others.is_empty()
        {
            let names = others.iter().map(|set| set.name.as_ref()).collect();
            let message = format!(
                "of the sets, `{}` is used; not used: {}",
                first.name,
                unused(names)
            );
            note(mesh_codes::UV_SETS, message);
        }
        if let [first, others @ ..] = mesh.color_sets.as_ref()
            && !others.is_empty()
        {
            let names = others.iter().map(|set| set.name.as_ref()).collect();
            let message = format!(
                "of the sets, `{}` is used; not used: {}",
                first.name,
                unused(names)
            );
            note(codes::COLOR_SETS, message);
        }
        if mesh.skin_deformers.len() > 1 {
            let message = format!("of {} skins, the first is used", mesh.skin_deformers.len());
            note(codes::SKINS, message);
        }
        let Some(skin) = skin_of(mesh) else { return };
        if matches!(
            skin.skinning_method,
            SkinningMethod::DualQuaternion | SkinningMethod::BlendedDqLinear
        ) {
            let message = "the skin blends dual quaternions; it becomes linear".to_owned();
            note(codes::SKIN_METHOD, message);
        }
        let repairs = repairs(mesh);
        if repairs.trimmed > 0 {
            let message = format!(
                "{} control points follow more than four joints, up to {}",
                repairs.trimmed, repairs.most_influences
            );
            note(mesh_codes::SKINNING_TRIMMED, message);
        }
        if repairs.unweighted > 0 {
            let message = format!(
                "{} control points follow no joint; they follow the first",
                repairs.unweighted
            );
            note(codes::SKIN_UNWEIGHTED, message);
        }
    }

    async fn part(
        &self,
        generate_normals: bool,
        notes: &mut Vec<Diagnostic>,
        pace: &mut Pace,
    ) -> Result<MeshPart, MeshLoadError> {
        pace.checkpoint().await?;
        let triangulation = self
            .mesh()
            .and_then(|mesh| Triangulation::of(mesh, self.drawn.materials.len()));
        let Some(mut triangulation) = triangulation else {
            let message = "the mesh has more triangles than can be numbered".to_owned();
            return Err(self.note(mesh_codes::COUNT_OVERFLOW, message).into());
        };
        if triangulation.degenerate > 0 {
            let message = format!(
                "{} faces have fewer than three corners",
                triangulation.degenerate
            );
            notes.push(self.note(mesh_codes::INVALID_FACE, message));
        }
        if triangulation.oversized > 0 {
            let message = format!("{} faces have too many corners", triangulation.oversized);
            notes.push(self.note(mesh_codes::TRIANGULATE_FAILED, message));
        }
        let flip = self.document.space.turns_triangles() != self.is_mirrored();
        while self
            .mesh()
            .is_some_and(|mesh| triangulation.advance(mesh, flip))
        {
            pace.checkpoint().await?;
        }
        let (indices, ranges) = triangulation.finish(&self.drawn.materials);
        let streams = Arc::new(self.streams(generate_normals, pace).await?);
        Ok(MeshPart {
            streams,
            indices,
            ranges,
        })
    }

    fn is_mirrored(&self) -> bool {
        let placement = self.drawn.placement;
        placement.is_some_and(|placement| placement.matrix3.determinant() < 0.0)
    }

    async fn streams(
        &self,
        generate_normals: bool,
        pace: &mut Pace,
    ) -> Result<VertexStreams, Cancelled> {
        let placement = self.drawn.placement.unwrap_or(DAffine3::IDENTITY);
        let place = |v: DVec3| placement.transform_point3(self.document.space.point(v));
        let linear = placement.matrix3;
        let along = |v: DVec3| linear * self.document.space.direction(v);
        let across = normal_matrix(linear);
        let across = |v: DVec3| across * self.document.space.direction(v);

        let has = |exists: fn(&Mesh) -> bool| self.mesh().is_some_and(exists);
        let is_missing = generate_normals && !has(|mesh| mesh.vertex_normal.exists);
        let generated = match is_missing {
            true => Some(GeneratedNormals::of(self, pace).await?),
            false => None,
        };
        let normals = match &generated {
            Some(normals) => {
                let normal = |_: &Mesh, corner| across(normals.at(corner)).as_vec3().to_array();
                Some(self.collect(pace, normal).await?)
            }
            None if has(|mesh| mesh.vertex_normal.exists) => {
                let normal = |mesh: &Mesh, corner| vector(at(&mesh.vertex_normal, corner), across);
                Some(self.collect(pace, normal).await?)
            }
            None => None,
        };
        drop(generated);
        let has_axes = has(|mesh| {
            mesh.vertex_normal.exists && mesh.vertex_tangent.exists && mesh.vertex_bitangent.exists
        });
        let tangents = match has_axes {
            true => Some(TangentStream::Frames {
                tangents: self
                    .collect(pace, |mesh, corner| {
                        vector(at(&mesh.vertex_tangent, corner), along)
                    })
                    .await?,
                bitangents: self
                    .collect(pace, |mesh, corner| {
                        vector(at(&mesh.vertex_bitangent, corner), along)
                    })
                    .await?,
            }),
            false => None,
        };
        let texcoords = match has(|mesh| mesh.vertex_uv.exists) {
            true => Some(self.collect(pace, texcoord).await?),
            false => None,
        };
        let colors = match has(|mesh| mesh.vertex_color.exists) {
            true => Some(self.collect(pace, color).await?),
            false => None,
        };
        let influences = match self.joints.is_empty() {
            true => Vec::new(),
            false => vec![self.influences(pace).await?],
        };
        Ok(VertexStreams {
            positions: self
                .collect(pace, |mesh, corner| {
                    vector(at(&mesh.vertex_position, corner), place)
                })
                .await?,
            normals,
            tangents,
            texcoords,
            colors,
            influences,
        })
    }

    /// One value for each corner.
    async fn collect<T>(
        &self,
        pace: &mut Pace,
        value: impl Fn(&Mesh, usize) -> T,
    ) -> Result<Vec<T>, Cancelled> {
        let mut values = Vec::with_capacity(self.corners());
        for corners in self.stretches() {
            if let Some(mesh) = self.mesh() {
                values.extend(corners.map(|corner| value(mesh, corner)));
            }
            pace.checkpoint().await?;
        }
        Ok(values)
    }

    async fn influences(&self, pace: &mut Pace) -> Result<InfluenceSet, Cancelled> {
        let mut set = InfluenceSet {
            joints: Vec::with_capacity(self.corners()),
            weights: Vec::with_capacity(self.corners()),
        };
        for corners in self.stretches() {
            if let Some(mesh) = self.mesh() {
                add_influences(mesh, corners, self.joints, &mut set);
            }
            pace.checkpoint().await?;
        }
        Ok(set)
    }

    fn corners(&self) -> usize {
        self.mesh().map_or(0, |mesh| mesh.num_indices)
    }

    fn stretches(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let corners = self.corners();
        (0..corners)
            .step_by(STRETCH)
            .map(move |start| start..(start + STRETCH).min(corners))
    }
}

/// What normals are transformed with: the inverse transpose, up to a factor.
fn normal_matrix(linear: DMat3) -> DMat3 {
    if linear == DMat3::IDENTITY {
        return linear;
    }
    let [x, y, z] = [linear.x_axis, linear.y_axis, linear.z_axis];
    let cofactors = DMat3::from_cols(y.cross(z), z.cross(x), x.cross(y));
    cofactors * linear.determinant().signum()
}

/// The value of a corner. Broken files have corners without one.
fn at(attribute: &VertexVec3, corner: usize) -> Option<ufbx::Vec3> {
    let index = *attribute.indices.get(corner)?;
    attribute.values.get(index as usize).copied()
}

/// A vector as it is stored; zero where there is none, for the cooker to repair.
fn vector(value: Option<ufbx::Vec3>, change: impl Fn(DVec3) -> DVec3) -> [f32; 3] {
    let vector = value.map_or(DVec3::ZERO, |v| change(DVec3::new(v.x, v.y, v.z)));
    vector.as_vec3().to_array()
}

/// Texture coordinates with V running down.
fn texcoord(mesh: &Mesh, corner: usize) -> [f32; 2] {
    let attribute = &mesh.vertex_uv;
    let index = attribute.indices.get(corner).copied();
    let value = index.and_then(|index| attribute.values.get(index as usize));
    value.map_or([0.0; 2], |uv| [uv.x as f32, (1.0 - uv.y) as f32])
}

fn color(mesh: &Mesh, corner: usize) -> [f32; 4] {
    let attribute = &mesh.vertex_color;
    let index = attribute.indices.get(corner).copied();
    let value = index.and_then(|index| attribute.values.get(index as usize));
    value.map_or([1.0; 4], |c| [c.x, c.y, c.z, c.w].map(|x| x as f32))
}

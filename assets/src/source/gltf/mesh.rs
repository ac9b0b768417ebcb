//! Meshes: one for each way in which nodes show the meshes of the file.

use super::{level::Level, limits::GltfLimits, load::Reading, skin::SkinPlan};
use crate::{
    cook::pace::Pace,
    source::scene::{
        DecodedMesh, LoadFuture, MaterialId, MeshKind, MeshLoadError, MeshLoader, MeshLod,
        MeshSize, MeshSource, SceneMesh, transform_level,
    },
};
use glam::DMat4;
use std::{collections::BTreeSet, sync::Arc};

/// A level of detail: the triangles of a mesh of the file, and where they are, seen from the node that
/// shows them.
#[derive(Clone, Debug)]
pub(super) struct PlacedLevel {
    pub(super) level: Arc<Level>,
    /// `None` where they are left as they are.
    pub(super) place: Option<DMat4>,
}

/// A mesh, ready to be read.
#[derive(Debug)]
pub(super) struct MeshPlan {
    /// The most detailed first; at least one.
    pub(super) levels: Vec<PlacedLevel>,
    pub(super) skin: Option<Arc<SkinPlan>>,
    pub(super) scale: f32,
    pub(super) limits: GltfLimits,
}

impl MeshPlan {
    /// The mesh as a part of a scene.
    pub(super) fn into_mesh(self, name: &str, object: String) -> SceneMesh {
        let sizes = self.levels.iter().map(|level| level.level.size);
        let size = sizes.fold(MeshSize::default(), |sum, size| MeshSize {
            vertices: sum.vertices.saturating_add(size.vertices),
            indices: sum.indices.saturating_add(size.indices),
            skinned: false,
        });
        SceneMesh {
            name: name.to_owned(),
            object,
            size: MeshSize {
                skinned: self.skin.is_some(),
                ..size
            },
            loader: Arc::new(self),
        }
    }

    async fn read(&self, pace: &mut Pace) -> Result<MeshSource, MeshLoadError> {
        let reading = Reading {
            limits: &self.limits,
            scale: self.scale,
            is_skinned: self.skin.is_some(),
        };
        let mut lods = Vec::with_capacity(self.levels.len());
        for (index, PlacedLevel { level, place }) in self.levels.iter().enumerate() {
            let mut lod = MeshLod {
                name: format!("LOD{index}"),
                parts: level.read(reading, pace).await?,
            };
            if let Some(place) = place {
                transform_level(&mut lod, *place, pace).await?;
            }
            lods.push(lod);
        }
        let kind = match &self.skin {
            Some(skin) => MeshKind::Skinned(skin.read(self.scale, pace).await?),
            None => MeshKind::Standard,
        };
        Ok(MeshSource {
            kind,
            mirrored: false,
            lods,
        })
    }

    fn used_materials(&self) -> BTreeSet<MaterialId> {
        self.levels
            .iter()
            .flat_map(|level| level.level.materials())
            .collect()
    }
}

impl MeshLoader for MeshPlan {
    fn load<'a>(&'a self, pace: &'a mut Pace) -> LoadFuture<'a> {
        Box::pin(async move {
            let mesh = self.read(pace).await?;
            Ok(DecodedMesh {
                mesh: Arc::new(mesh),
                diagnostics: Vec::new(),
            })
        })
    }

    fn materials(&self) -> Option<Vec<MaterialId>> {
        Some(self.used_materials().into_iter().collect())
    }
}

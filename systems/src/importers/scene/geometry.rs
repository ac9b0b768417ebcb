//! Geometries: descriptors that know the places of their buffers and the keys of their materials.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    cook::{
        geometry::{GeometryRequest, cook_geometry},
        mesh::{BuiltLod, MeshShape},
    },
    diagnostic::{Diagnostic, codes},
    format::ids::{AssetKey, BufferIndex},
    source::scene::{MaterialId, MeshId},
};
use bevy_kiln_components::{pipeline::WorkKind, report::DetailLevel};
use bevy_tasks::BoxedFuture;
use std::{collections::BTreeMap, sync::Arc};

use super::{
    emission::descriptor,
    shared::{Made, PlannedScene},
};
use crate::{
    lanes::CookContext,
    work::{CookFailure, CookInput, Cooked, Place, Work},
};

/// The geometry of one mesh of a scene.
#[derive(Component, Clone)]
pub struct GeometryWork {
    pub(super) scene: Arc<PlannedScene>,
    pub(super) mesh: MeshId,
}

impl Work for GeometryWork {
    const KIND: WorkKind = WorkKind::GEOMETRY;

    fn cook(
        self,
        input: CookInput,
        _: CookContext,
    ) -> BoxedFuture<'static, Result<Cooked, CookFailure>> {
        Box::pin(async move {
            let Self { scene, mesh } = self;
            let identity = &scene.geometries[mesh.index()];
            let source_id = scene.part_id(identity, mesh.0);
            let failed = |code, message: String| {
                let told = Diagnostic::new(code, message);
                CookFailure::from(told.source(&source_id).object(identity.name()))
            };
            let mut keys: BTreeMap<MaterialId, AssetKey> = BTreeMap::new();
            let mut built = None;
            for made in Made::by_producers(&input) {
                match made {
                    (Made::Material(id), [Place::Asset(key)]) => {
                        keys.insert(*id, *key);
                    }
                    (Made::Mesh(shape, counts), places) => {
                        built = Some((shape, level_buffers(places, counts)));
                    }
                    _ => {}
                }
            }
            let Some((shape, buffers)) = built else {
                let message = "nothing was planned that builds its mesh".to_owned();
                return Err(failed(codes::import::PLAN_INVALID, message));
            };
            // A loader that did not say all of its materials is found out here.
            if !scene.materials.is_empty()
                && let Some(missing) = materials(shape).find(|used| !keys.contains_key(used))
            {
                let message = format!(
                    "it uses material {}, which the mesh did not announce",
                    missing.0
                );
                return Err(failed(codes::import::MATERIAL_KEY_MISSING, message));
            }
            let request = GeometryRequest {
                identity,
                source_id: &source_id,
                content_hashing: scene.settings.geometry.content_hashing,
            };
            let cooked = cook_geometry(shape, &request, &buffers, &|material| {
                let key = material.and_then(|material| keys.get(&material));
                key.copied().unwrap_or(AssetKey::DEFAULT_MATERIAL)
            });
            let cooked = cooked.map_err(CookFailure::Failed)?;
            let levels = shape.mesh().lods.iter().map(level).collect();
            let settings = Some(&scene.settings.geometry);
            let cooked = descriptor(cooked, &scene.source, identity.name(), settings, levels);
            Ok(Made::Geometry(mesh).with(cooked))
        })
    }
}

/// The indices of the buffers of each level.
fn level_buffers(places: &[Place], counts: &[usize]) -> Vec<Vec<BufferIndex>> {
    let mut indices = places.iter().filter_map(|place| match place {
        Place::Buffer(index) => Some(*index),
        _ => None,
    });
    counts
        .iter()
        .map(|count| indices.by_ref().take(*count).collect())
        .collect()
}

fn materials(shape: &MeshShape) -> impl Iterator<Item = MaterialId> {
    let submeshes = shape.mesh().lods.iter().flat_map(|lod| &lod.submeshes);
    submeshes.filter_map(|submesh| submesh.material)
}

fn level(lod: &BuiltLod) -> DetailLevel {
    DetailLevel {
        vertices: lod.vertex_count,
        triangles: lod.index_count / 3,
        error: lod.error,
    }
}

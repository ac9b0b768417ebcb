//! Mesh builds: a mesh is read out of the source and cooked to buffers.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    cache::{CacheKey, CachedCook, facts::MeshFacts},
    cook::{
        asset::AssetIdentity,
        mesh::{BufferRole, COOKER_VERSION, MeshBuildError, MeshRequest, build_mesh},
        pace::Pace,
    },
    source::scene::{DecodedMesh, MeshId, MeshLoadError},
};
use bevy_kiln_components::{pipeline::WorkKind, report::Telemetry};
use bevy_tasks::BoxedFuture;
use std::{sync::Arc, time::Instant};

use super::shared::{Made, PlannedScene};
use crate::{
    lanes::CookContext,
    load::micros_since,
    work::{BufferEmission, CookFailure, CookInput, Cooked, Emission, Work},
};

/// One mesh of a scene on its way to buffers.
#[derive(Component, Clone)]
pub struct MeshBuildWork {
    pub(super) scene: Arc<PlannedScene>,
    pub(super) mesh: MeshId,
}

impl Work for MeshBuildWork {
    const KIND: WorkKind = WorkKind::MESH_BUILD;

    fn cache_key(&self, _: &CookInput) -> Option<CacheKey> {
        let Self { scene, mesh } = self;
        let settings = &scene.settings;
        let mut key = CacheKey::of("mesh", COOKER_VERSION);
        key.field("source", scene.digest.as_ref()?);
        key.field("mesh", &mesh.0.to_le_bytes());
        key.json("units", &settings.units)?;
        key.json("bake_transforms", &settings.bake_transforms)?;
        key.json("refuse_non_triangles", &settings.refuse_non_triangles)?;
        key.json("geometry", &settings.geometry)?;
        let uses = scene.material_uses.iter();
        let uses: Vec<u8> = uses
            .map(|material| u8::from(material.uses_textures))
            .collect();
        key.field("materials", &uses);
        Some(key.finish())
    }

    fn cache_names(&self) -> Vec<String> {
        vec![self.identity().name().to_owned(), self.source_id()]
    }

    fn keep(&self, cooked: &Cooked) -> Option<CachedCook> {
        let Some(Made::Mesh(shape, counts)) = cooked.data.as_ref()?.downcast_ref() else {
            return None;
        };
        let mut payloads = Vec::with_capacity(cooked.emissions.len());
        let mut all = Vec::with_capacity(cooked.emissions.len());
        for emission in &cooked.emissions {
            let Emission::Buffer(buffer) = emission else {
                return None;
            };
            let part = buffer.name.rsplit(':').next()?;
            all.push((BufferRole::of_part(part)?, buffer.content_hash));
            payloads.push(buffer.bytes.clone());
        }
        let mut all = all.into_iter();
        let facts = MeshFacts {
            shape: shape.clone(),
            buffers: counts
                .iter()
                .map(|count| all.by_ref().take(*count).collect())
                .collect(),
        };
        Some(CachedCook {
            facts: facts.to_bytes()?,
            payloads,
            diagnostics: cooked.diagnostics.clone(),
        })
    }

    fn restore(&self, cached: CachedCook) -> Option<Cooked> {
        let facts = MeshFacts::parse(&cached.facts, self.identity().name())?;
        let source_id = self.source_id();
        let counts: Vec<usize> = facts.buffers.iter().map(Vec::len).collect();
        if counts.iter().sum::<usize>() != cached.payloads.len() {
            return None;
        }
        let roles = facts.buffers.into_iter().enumerate();
        let roles = roles.flat_map(|(lod, buffers)| {
            buffers
                .into_iter()
                .map(move |(role, hash)| (lod, role, hash))
        });
        let buffers = roles.zip(cached.payloads);
        let buffers = buffers.map(|((lod, role, content_hash), bytes)| {
            Emission::Buffer(BufferEmission {
                name: role.buffer_id(&source_id, lod),
                layout: role.layout(),
                bytes,
                content_hash,
                catalog: None,
            })
        });
        let cooked = Cooked {
            emissions: buffers.collect(),
            diagnostics: cached.diagnostics,
            ..Cooked::default()
        };
        Some(Made::Mesh(facts.shape, counts).with(cooked))
    }

    fn cook(
        self,
        _: CookInput,
        context: CookContext,
    ) -> BoxedFuture<'static, Result<Cooked, CookFailure>> {
        // Single calls of the optimiser may take long.
        Box::pin(async move { context.in_long_steps(|pace| self.build(pace)).await })
    }
}

impl MeshBuildWork {
    fn identity(&self) -> &AssetIdentity {
        &self.scene.geometries[self.mesh.index()]
    }

    fn source_id(&self) -> String {
        self.scene.part_id(self.identity(), self.mesh.0)
    }

    async fn build(self, mut pace: Pace) -> Result<Cooked, CookFailure> {
        let Self { scene, mesh: id } = self;
        let identity = &scene.geometries[id.index()];
        let source_id = scene.part_id(identity, id.0);
        let loading = Instant::now();
        let loader = &scene.scene.meshes()[id.index()].loader;
        let DecodedMesh {
            mesh,
            mut diagnostics,
        } = loader.load(&mut pace).await.map_err(|error| match error {
            MeshLoadError::Cancelled(cancelled) => cancelled.into(),
            MeshLoadError::Failed(diagnostics) => CookFailure::Failed(diagnostics),
        })?;
        let mut telemetry = Telemetry::default();
        telemetry.load = micros_since(loading);
        let request = MeshRequest {
            name: identity.name(),
            source_id: &source_id,
            materials: &scene.material_uses,
        };
        let built = build_mesh(&mesh, request, &scene.settings.geometry, &mut pace).await;
        drop(mesh);
        let mut built = match built {
            Ok(built) => built,
            Err(MeshBuildError::Cancelled(cancelled)) => return Err(cancelled.into()),
            Err(MeshBuildError::Failed {
                diagnostics: told, ..
            }) => {
                diagnostics.extend(told);
                return Err(CookFailure::Failed(diagnostics));
            }
        };
        diagnostics.append(&mut built.diagnostics);
        let (shape, levels) = built.into_shape();
        let counts = levels.iter().map(Vec::len).collect();
        let buffers = levels.into_iter().flatten().map(|buffer| {
            Emission::Buffer(BufferEmission {
                name: buffer.id,
                layout: buffer.role.layout(),
                bytes: buffer.bytes.into(),
                content_hash: buffer.hash,
                catalog: None,
            })
        });
        let cooked = Cooked {
            emissions: buffers.collect(),
            diagnostics,
            telemetry,
            ..Cooked::default()
        };
        Ok(Made::Mesh(shape, counts).with(cooked))
    }
}

//! Mesh builds: a mesh is read out of the source and cooked to buffers.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    cook::{
        mesh::{MeshBuildError, MeshRequest, build_mesh},
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
            data: None,
            diagnostics,
            telemetry,
        };
        Ok(Made::Mesh(shape, counts).with(cooked))
    }
}

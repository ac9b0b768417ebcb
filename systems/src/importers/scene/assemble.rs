//! Scenes: descriptors that know the keys of their geometries.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    cook::scene::{SceneCookError, SceneRequest, cook_scene},
    format::ids::AssetKey,
};
use bevy_kiln_components::pipeline::WorkKind;
use bevy_tasks::BoxedFuture;
use std::sync::Arc;

use super::{
    emission::descriptor,
    shared::{Made, PlannedScene},
};
use crate::{
    lanes::CookContext,
    work::{CookFailure, CookInput, Cooked, Place, Work},
};

/// The scene of a scene job.
#[derive(Component, Clone)]
pub struct SceneWork {
    pub(super) scene: Arc<PlannedScene>,
}

impl Work for SceneWork {
    const KIND: WorkKind = WorkKind::SCENE;

    fn cook(
        self,
        input: CookInput,
        mut context: CookContext,
    ) -> BoxedFuture<'static, Result<Cooked, CookFailure>> {
        Box::pin(async move {
            let scene = self.scene;
            let mut keys: Vec<Option<AssetKey>> = vec![None; scene.scene.meshes().len()];
            for made in Made::by_producers(&input) {
                if let (Made::Geometry(mesh), [Place::Asset(key)]) = made {
                    keys[mesh.index()] = Some(*key);
                }
            }
            let request = SceneRequest {
                identity: &scene.identity,
                source_id: &scene.source,
                node_pruning: scene.settings.node_pruning,
                naming: scene.settings.naming,
                environment: &[],
                content_hashing: scene.settings.geometry.content_hashing,
            };
            let cooked = cook_scene(&scene.scene, &request, &keys, &mut context.pace).await;
            let cooked = cooked.map_err(|error| match error {
                SceneCookError::Cancelled(cancelled) => cancelled.into(),
                SceneCookError::Failed { diagnostics, .. } => CookFailure::Failed(diagnostics),
            })?;
            let name = scene.identity.name();
            let settings = Some(&scene.settings);
            Ok(descriptor(
                cooked,
                &scene.source,
                name,
                settings,
                Vec::new(),
            ))
        })
    }
}

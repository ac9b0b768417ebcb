//! Materials: descriptors that know the places of their textures.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    cook::material::{MaterialRequest, cook_material},
    diagnostic::{Diagnostic, codes},
    format::ids::TextureIndex,
    source::scene::MaterialId,
};
use bevy_kiln_components::pipeline::WorkKind;
use bevy_tasks::BoxedFuture;
use std::{collections::BTreeMap, sync::Arc};

use super::{
    emission::descriptor,
    shared::{Made, PlannedScene, TextureOutcome},
};
use crate::{
    lanes::CookContext,
    work::{CookFailure, CookInput, Cooked, Place, Work},
};

/// One material of a scene.
#[derive(Component, Clone)]
pub struct MaterialWork {
    pub(super) scene: Arc<PlannedScene>,
    pub(super) material: MaterialId,
}

impl Work for MaterialWork {
    const KIND: WorkKind = WorkKind::MATERIAL;

    fn cook(
        self,
        input: CookInput,
        _: CookContext,
    ) -> BoxedFuture<'static, Result<Cooked, CookFailure>> {
        Box::pin(async move {
            let Self { scene, material } = self;
            let indices: BTreeMap<u32, TextureIndex> = Made::by_producers(&input)
                .filter_map(|made| match made {
                    (Made::Texture(number, TextureOutcome::Error), _) => {
                        Some((*number, TextureIndex::ERROR))
                    }
                    (Made::Texture(number, _), [Place::Texture(index)]) => Some((*number, *index)),
                    _ => None,
                })
                .collect();
            let identity = &scene.materials[material.index()];
            let request = MaterialRequest {
                identity,
                source_id: &scene.part_id(identity, material.0),
                shaders: None,
                content_hashing: scene.settings.geometry.content_hashing,
            };
            let source = &scene.scene.materials()[material.index()];
            let index_of = |slot| {
                let texture = scene.textures.of(material, slot);
                // Every texture of the material is among the producers.
                let index = texture.and_then(|texture| indices.get(&texture));
                index.copied().unwrap_or(TextureIndex::ERROR)
            };
            let cooked = cook_material(source, &request, &index_of);
            let mut cooked = cooked.map_err(CookFailure::Failed)?;
            let name = identity.name();
            let assigned = source.textures.assigned().map(|(slot, _)| slot);
            let missing = assigned.filter(|slot| index_of(*slot) == TextureIndex::ERROR);
            let missing: Vec<String> = missing.map(|slot| format!("{slot:?}")).collect();
            if !missing.is_empty() {
                let text = format!(
                    "the error texture takes the place of {}",
                    missing.join(", ")
                );
                let diagnostic = Diagnostic::new(codes::material::TEXTURE_MISSING, text);
                let diagnostic = diagnostic.source(request.source_id).object(name);
                cooked.diagnostics.push(diagnostic);
            }
            let cooked = descriptor(cooked, &scene.source, name, None::<&()>, Vec::new());
            Ok(Made::Material(material).with(cooked))
        })
    }
}

//! What the items of a scene share, and what they leave for each other.

use bevy_kiln_assets::{
    cook::{asset::AssetIdentity, mesh::MaterialUse, mesh::MeshShape},
    settings::scene::SceneSettings,
    source::scene::{MaterialId, MeshId, SceneSource},
};
use std::sync::Arc;

use super::textures::SceneTextures;
use crate::work::{CookInput, Cooked, Place};

/// A planned scene. All its items hold it, so it lives as long as the job.
pub(super) struct PlannedScene {
    /// The source as it was requested.
    pub(super) source: String,
    /// The hash of everything that the meshes are read from; nothing where meshes are not kept.
    pub(super) digest: Option<[u8; 32]>,
    pub(super) scene: SceneSource,
    pub(super) settings: SceneSettings,
    pub(super) textures: SceneTextures,
    /// Who the scene is.
    pub(super) identity: AssetIdentity,
    /// Who the materials are, in file order; empty when none are cooked.
    pub(super) materials: Vec<AssetIdentity>,
    /// What meshes must know of the materials, in file order.
    pub(super) material_uses: Vec<MaterialUse>,
    /// Who the geometries are, in the order of the meshes; empty when none are cooked.
    pub(super) geometries: Vec<AssetIdentity>,
}

impl PlannedScene {
    /// `<source path>::<name>::<ordinal>`: how diagnostics and buffers call a part of the source.
    pub(super) fn part_id(&self, identity: &AssetIdentity, ordinal: u32) -> String {
        format!("{}::{}::{ordinal}", self.source, identity.name())
    }
}

/// What an item leaves for its consumers, besides its places.
pub(super) enum Made {
    /// A texture by its number in the scene, or what stands in for it.
    Texture(u32, TextureOutcome),
    /// The shape of a mesh, and how many buffers each of its levels has.
    Mesh(MeshShape, Vec<usize>),
    /// A material.
    Material(MaterialId),
    /// The geometry of a mesh.
    Geometry(MeshId),
}

/// What became of a texture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextureOutcome {
    /// It is where the one place of its item says; also when that is the fallback texture.
    Placed,
    /// It failed, and materials refer to the engine's error texture.
    Error,
}

impl Made {
    /// Leaves it with what was cooked.
    pub(super) fn with(self, cooked: Cooked) -> Cooked {
        Cooked {
            data: Some(Arc::new(self)),
            ..cooked
        }
    }

    /// What the producers of an item have left, and where it is.
    pub(super) fn by_producers(input: &CookInput) -> impl Iterator<Item = (&Self, &[Place])> {
        input.producers.iter().filter_map(|emitted| {
            let made = emitted.data.as_deref()?.downcast_ref::<Self>()?;
            Some((made, emitted.places.as_slice()))
        })
    }
}

//! The scene cooker: from a tree of nodes and what they carry to a scene descriptor.
//!
//! Nodes are visited once, in their order, parents before children. Each gets its name, its place in the
//! tree that is kept, and its transform; what it carries becomes records. Nothing recurses, however deep
//! the tree is.

mod camera;
mod error;
mod light;
mod nodes;
#[cfg(test)]
mod tests;
mod transform;

pub use error::{SceneCookError, SceneError};

use super::{
    asset::{AssetIdentity, CookedAsset},
    notes::Notes,
    pace::Pace,
};
use crate::{
    diagnostic::codes::scene as codes,
    format::{
        asset_header::{AssetHeader, AssetName},
        ids::AssetKey,
        scene::{EnvironmentRecord, SceneDescriptor, SceneRecords},
    },
    settings::scene::{NamingPolicy, NodePruning},
    source::scene::SceneSource,
};
use error::Stop;

/// What is to be cooked, besides the scene itself.
#[derive(Clone, Copy, Debug)]
pub struct SceneRequest<'a> {
    /// Who the scene is.
    pub identity: &'a AssetIdentity,
    /// Names the source of diagnostics.
    pub source_id: &'a str,
    /// Which nodes are kept.
    pub node_pruning: NodePruning,
    /// What becomes of the names of nodes.
    pub naming: NamingPolicy,
    /// Records of the environment, each with its header of system and size. Bytes beyond that size are
    /// left out.
    pub environment: &'a [Vec<u8>],
    /// Whether hashes are stored.
    pub content_hashing: bool,
}

/// Cooks a scene.
///
/// `geometry` holds the key of the geometry of each mesh, in the order of [`SceneSource::meshes`]. A mesh
/// with `None` was left out on purpose: its nodes stay, and show nothing.
///
/// # Errors
/// [`SceneCookError::Cancelled`], or [`SceneCookError::Failed`] with the warnings so far and the first
/// error as the last entry.
pub async fn cook_scene(
    scene: &SceneSource,
    request: &SceneRequest<'_>,
    geometry: &[Option<AssetKey>],
    pace: &mut Pace,
) -> Result<CookedAsset, SceneCookError> {
    let mut notes = Notes {
        source: request.source_id,
        object: request.identity.name(),
        list: Vec::new(),
    };
    match describe(scene, request, geometry, &mut notes, pace).await {
        Ok(bytes) => Ok(CookedAsset::sealed_at_pace(
            request.identity,
            bytes,
            request.content_hashing,
            notes.list,
            pace,
        )
        .await?),
        Err(Stop::Cancelled(cancelled)) => Err(cancelled.into()),
        Err(Stop::Error(error)) => {
            notes.note(error.code(), error.to_string());
            Err(SceneCookError::Failed {
                error,
                diagnostics: notes.list,
            })
        }
    }
}

async fn describe(
    scene: &SceneSource,
    request: &SceneRequest<'_>,
    geometry: &[Option<AssetKey>],
    notes: &mut Notes<'_>,
    pace: &mut Pace,
) -> Result<Vec<u8>, Stop> {
    let name = request.identity.name();
    if !AssetName::fits(name) {
        let message = format!("`{name}` has {} bytes, more than 63", name.len());
        notes.note(codes::NAME_TRUNCATED, message);
    }
    if geometry.len() < scene.meshes().len() {
        return Err(SceneError::GeometryKeys {
            keys: geometry.len(),
            meshes: scene.meshes().len(),
        }
        .into());
    }
    let environment = environment(request.environment)?;
    let (tree, components) = nodes::arrange(scene, request, geometry, notes, pace).await?;
    let descriptor = SceneDescriptor::new(SceneRecords {
        header: AssetHeader::new(name),
        nodes: tree.nodes,
        strings: tree.strings,
        components,
        environment,
    })
    .map_err(SceneError::from)?;
    pace.checkpoint().await?;
    let mut bytes = Vec::new();
    for piece in descriptor.pieces() {
        bytes.extend_from_slice(&piece);
        pace.checkpoint().await?;
    }
    Ok(bytes)
}

fn environment(records: &[Vec<u8>]) -> Result<Vec<EnvironmentRecord>, SceneError> {
    let records = records.iter().enumerate();
    let records = records.map(|(index, bytes)| {
        EnvironmentRecord::parse(bytes).map_err(|error| SceneError::Environment { index, error })
    });
    records.collect()
}

//! Meshes in mirrored nodes.
//!
//! A transform with a negative determinant turns triangles inside out. glTF (section 3.7.4, on
//! instantiation) and the tools that write FBX expect renderers to take the other side for the front
//! then. A renderer that draws thousands of nodes in one call does not look at determinants, so the
//! triangles of such a mesh are stored the other way round.

use super::{
    DecodedMesh, LoadFuture, MaterialId, MeshId, MeshLoader, NodeId, SceneError, SceneMesh,
    SceneParts,
};
use crate::{
    cook::pace::Pace,
    diagnostic::{Diagnostic, codes::mesh as codes},
};
use std::sync::Arc;

/// Tells the meshes of mirrored nodes that they are mirrored. A mesh that is shown both ways becomes two;
/// the second one, which is mirrored, comes last. Skinned meshes are placed by joints, not by their node.
/// Parents come before their children, and references are valid.
pub(super) fn turn_meshes(parts: &mut SceneParts) -> Result<(), SceneError> {
    let mirrored = mirrored_nodes(parts);
    if !mirrored.contains(&true) {
        return Ok(());
    }
    let mut uses = vec![Uses::default(); parts.meshes.len()];
    for (node, &mirrored) in parts.nodes.iter().zip(&mirrored) {
        if let Some(mesh) = node.mesh {
            let uses = &mut uses[mesh.index()];
            uses.mirrored |= mirrored;
            uses.upright |= !mirrored;
        }
    }
    // Which mesh mirrored nodes show instead.
    let mut turned: Vec<Option<MeshId>> = vec![None; uses.len()];
    for (index, uses) in uses.into_iter().enumerate() {
        if !uses.mirrored || parts.meshes[index].size.skinned {
            continue;
        }
        if uses.upright {
            turned[index] = Some(add_copy(parts, index)?);
        } else {
            turn(&mut parts.meshes[index]);
        }
    }
    for (node, mirrored) in parts.nodes.iter_mut().zip(mirrored) {
        if let Some(mesh) = &mut node.mesh
            && let Some(copy) = turned.get(mesh.index()).copied().flatten()
            && mirrored
        {
            *mesh = copy;
        }
    }
    Ok(())
}

#[derive(Clone, Copy, Default)]
struct Uses {
    upright: bool,
    mirrored: bool,
}

/// For each node, whether its world transform has a negative determinant. It is the product of those of
/// the local transforms, of which the signs are enough.
fn mirrored_nodes(parts: &SceneParts) -> Vec<bool> {
    let mut mirrored: Vec<bool> = Vec::with_capacity(parts.nodes.len());
    for node in &parts.nodes {
        let parent = node.parent.map(NodeId::index);
        let parent = parent.is_some_and(|parent| mirrored[parent]);
        mirrored.push(parent ^ (node.local.determinant() < 0.0));
    }
    mirrored
}

fn add_copy(parts: &mut SceneParts, index: usize) -> Result<MeshId, SceneError> {
    let len = parts.meshes.len();
    let id = u32::try_from(len).map_err(|_| SceneError::TooMany {
        what: "meshes",
        len,
    })?;
    let mesh = &parts.meshes[index];
    let message = format!(
        "the mesh `{}` is shown by mirrored nodes and by others, and is stored for both",
        mesh.name
    );
    let diagnostic = Diagnostic::new(codes::MIRRORED_COPY, message).object(&mesh.object);
    let mut copy = mesh.clone();
    if !copy.name.is_empty() {
        copy.name.push_str("_mirrored");
    }
    turn(&mut copy);
    parts.meshes.push(copy);
    parts.diagnostics.push(diagnostic);
    Ok(MeshId(id))
}

fn turn(mesh: &mut SceneMesh) {
    mesh.loader = Arc::new(MirroredMesh(mesh.loader.clone()));
}

/// A mesh that is shown by mirrored nodes only.
struct MirroredMesh(Arc<dyn MeshLoader>);

impl MeshLoader for MirroredMesh {
    fn load<'a>(&'a self, pace: &'a mut Pace) -> LoadFuture<'a> {
        Box::pin(async move {
            let DecodedMesh { mesh, diagnostics } = self.0.load(pace).await?;
            let mut mesh = Arc::unwrap_or_clone(mesh);
            mesh.mirrored = true;
            Ok(DecodedMesh {
                mesh: Arc::new(mesh),
                diagnostics,
            })
        })
    }

    fn materials(&self) -> Option<Vec<MaterialId>> {
        self.0.materials()
    }
}

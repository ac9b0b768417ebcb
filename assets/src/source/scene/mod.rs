//! A scene as every adapter tells it, and as every cooker reads it.
//!
//! glTF and FBX differ in axes, units, index forms and names for the same thing. Adapters settle all
//! of that, so what is here is plain:
//!
//! * **engine space**: right-handed, +Z up, -Y forward, +X right, metres and radians; column vectors;
//! * cameras look and lights shine along the local -Z of their node, with +Y up;
//! * texture coordinates begin at the upper left, V runs down, as in glTF;
//! * matrices are column-major, quaternions x, y, z, w;
//! * colours are linear.
//!
//! A [`SceneSource`] is small: meshes and images are references to data that is decoded or read when
//! its work item runs ([`MeshLoader`], [`ImageData`]), so a scene with thousands of meshes needs
//! memory for those in flight only. [`SceneSource::new`] checks that all references are valid; what a
//! mesh holds is checked when it is cooked.

mod bake;
mod component;
mod image;
mod material;
mod mesh;
mod mirror;
mod node;
#[cfg(test)]
mod tests;

pub(crate) use bake::transform_level;
pub use component::{CameraSource, LightKind, LightSource, Projection};
pub use image::{ImageData, ImageSource, SharedBytes, TextureRole};
pub use material::{
    AlphaMode, MaterialDomain, MaterialSource, MaterialTextures, OrmPolicy, TextureBinding,
    TextureSlot, UvTransform,
};
pub use mesh::{
    DecodedMesh, InfluenceSet, LoadFuture, MeshKind, MeshLoadError, MeshLoader, MeshLod, MeshPart,
    MeshSize, MeshSource, SceneMesh, Skin, TangentStream, TriangleRange, VertexStreams,
};
pub use node::NodeSource;

use crate::diagnostic::Diagnostic;
use serde::Serialize;
use thiserror::Error;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// The id as a position in its list.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// Position of a node in [`SceneSource::nodes`].
    NodeId,
    /// Position of a mesh in [`SceneSource::meshes`].
    MeshId,
    /// Position of a material in [`SceneSource::materials`]: the *material slot* of a triangle range.
    MaterialId,
    /// Position of an image in [`SceneSource::images`].
    ImageId,
    /// Position of a camera in [`SceneSource::cameras`].
    CameraId,
    /// Position of a light in [`SceneSource::lights`].
    LightId,
}

/// What a scene is made of, unchecked.
#[derive(Clone, Debug, Default)]
pub struct SceneParts {
    /// The name of the scene: the stem of the source file, or `Scene`.
    pub name: String,
    /// Nodes in depth-first order, children in authored order.
    pub nodes: Vec<NodeSource>,
    /// Meshes that have triangles, in file order. Instances share a mesh.
    pub meshes: Vec<SceneMesh>,
    /// Materials in file order.
    pub materials: Vec<MaterialSource>,
    /// Images in file order; told apart by identity, not by name.
    pub images: Vec<ImageSource>,
    /// Cameras.
    pub cameras: Vec<CameraSource>,
    /// Lights.
    pub lights: Vec<LightSource>,
    /// What the file holds besides, and nothing is made of.
    pub ignored: IgnoredContent,
    /// Warnings and infos of the adapter.
    pub diagnostics: Vec<Diagnostic>,
}

/// Content that is left out, for reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct IgnoredContent {
    /// Animations or animation stacks.
    pub animations: u32,
    /// Morph targets or blend shapes.
    pub morph_targets: u32,
    /// Primitives of points and lines.
    pub non_triangle_primitives: u32,
    /// Nodes outside the scene that is imported.
    pub unused_nodes: u32,
}

/// A scene whose references are all valid. It can only be made by [`SceneSource::new`].
#[derive(Clone, Debug)]
pub struct SceneSource {
    parts: SceneParts,
}

/// A reference that leads nowhere, or nodes that are not a tree in depth-first order.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SceneError {
    /// A node whose parent does not come before it.
    #[error("node {node} has parent {parent}, which does not come before it")]
    ParentOrder {
        /// The node.
        node: usize,
        /// Its parent.
        parent: usize,
    },
    /// A node that is visited too late: its parent's subtree was left already.
    #[error(
        "node {node} has parent {parent}, whose subtree has ended: nodes are not in depth-first order"
    )]
    NotDepthFirst {
        /// The node.
        node: usize,
        /// Its parent.
        parent: usize,
    },
    /// A reference past the end of its list.
    #[error("{from} {index} refers to {to} {target} of {len}")]
    Dangling {
        /// What refers: `node`, `material`.
        from: &'static str,
        /// Which one.
        index: usize,
        /// What it refers to: `mesh`, `camera`, `light`, `image`.
        to: &'static str,
        /// Which one that would be.
        target: usize,
        /// How many there are.
        len: usize,
    },
    /// More things of one kind than an id can number.
    #[error("{len} {what} are more than an id can number")]
    TooMany {
        /// The kind.
        what: &'static str,
        /// How many.
        len: usize,
    },
}

impl SceneSource {
    /// Checks references and order, and tells the meshes of mirrored nodes that they are mirrored.
    ///
    /// A transform with a negative determinant turns triangles inside out. Renderers do not look at
    /// determinants, so the triangles of such a mesh are stored the other way round. A mesh that is shown
    /// both ways becomes two meshes; the second one comes last.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn new(mut parts: SceneParts) -> Result<Self, SceneError> {
        for (what, len) in [
            ("nodes", parts.nodes.len()),
            ("meshes", parts.meshes.len()),
            ("materials", parts.materials.len()),
            ("images", parts.images.len()),
            ("cameras", parts.cameras.len()),
            ("lights", parts.lights.len()),
        ] {
            if u32::try_from(len).is_err() {
                return Err(SceneError::TooMany { what, len });
            }
        }
        check_order(&parts.nodes)?;
        for (index, node) in parts.nodes.iter().enumerate() {
            let references = [
                ("mesh", node.mesh.map(MeshId::index), parts.meshes.len()),
                (
                    "camera",
                    node.camera.map(CameraId::index),
                    parts.cameras.len(),
                ),
                ("light", node.light.map(LightId::index), parts.lights.len()),
            ];
            for (to, target, len) in references {
                check_reference("node", index, to, target, len)?;
            }
        }
        for (index, material) in parts.materials.iter().enumerate() {
            for (_, binding) in material.textures.assigned() {
                let target = Some(binding.image.index());
                check_reference("material", index, "image", target, parts.images.len())?;
            }
        }
        mirror::turn_meshes(&mut parts)?;
        Ok(Self { parts })
    }

    /// The name of the scene.
    pub fn name(&self) -> &str {
        &self.parts.name
    }

    /// Nodes in depth-first order: every parent comes before its children.
    pub fn nodes(&self) -> &[NodeSource] {
        &self.parts.nodes
    }

    /// Meshes in file order.
    pub fn meshes(&self) -> &[SceneMesh] {
        &self.parts.meshes
    }

    /// Materials in file order.
    pub fn materials(&self) -> &[MaterialSource] {
        &self.parts.materials
    }

    /// Images in file order.
    pub fn images(&self) -> &[ImageSource] {
        &self.parts.images
    }

    /// Cameras.
    pub fn cameras(&self) -> &[CameraSource] {
        &self.parts.cameras
    }

    /// Lights.
    pub fn lights(&self) -> &[LightSource] {
        &self.parts.lights
    }

    /// What nothing is made of.
    pub fn ignored(&self) -> IgnoredContent {
        self.parts.ignored
    }

    /// Warnings and infos of the adapter.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.parts.diagnostics
    }

    /// Takes the parts out again.
    pub fn into_parts(self) -> SceneParts {
        self.parts
    }
}

fn check_reference(
    from: &'static str,
    index: usize,
    to: &'static str,
    target: Option<usize>,
    len: usize,
) -> Result<(), SceneError> {
    match target {
        Some(target) if target >= len => Err(SceneError::Dangling {
            from,
            index,
            to,
            target,
            len,
        }),
        _ => Ok(()),
    }
}

/// Depth-first order holds when the parent of each node is on the path from the previous node to its
/// root. Each node enters and leaves that path once.
fn check_order(nodes: &[NodeSource]) -> Result<(), SceneError> {
    let mut path: Vec<usize> = Vec::new();
    for (node, source) in nodes.iter().enumerate() {
        match source.parent.map(NodeId::index) {
            None => path.clear(),
            Some(parent) if parent >= node => {
                return Err(SceneError::ParentOrder { node, parent });
            }
            Some(parent) => {
                while path.last().is_some_and(|&last| last != parent) {
                    path.pop();
                }
                if path.is_empty() {
                    return Err(SceneError::NotDepthFirst { node, parent });
                }
            }
        }
        path.push(node);
    }
    Ok(())
}

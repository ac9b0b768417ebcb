//! Nodes: places in space.

use super::{CameraId, LightId, MeshId, NodeId};
use glam::DMat4;

/// One node.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeSource {
    /// The authored name; may be empty, need not be unique.
    pub name: String,
    /// The parent, which comes before this node; `None` for a root.
    pub parent: Option<NodeId>,
    /// From this node's space to its parent's, affine. In `f64`, so that turning between spaces and
    /// chains of parents cost no accuracy. May hold anything that the file said: not finite, singular
    /// or sheared matrices are for the scene cooker to judge.
    pub local: DMat4,
    /// Whether it is shown.
    pub visible: bool,
    /// The mesh that it shows.
    pub mesh: Option<MeshId>,
    /// The camera that it carries.
    pub camera: Option<CameraId>,
    /// The light that it carries.
    pub light: Option<LightId>,
}

impl Default for NodeSource {
    /// A visible root at the origin, without a name.
    fn default() -> Self {
        Self {
            name: String::new(),
            parent: None,
            local: DMat4::IDENTITY,
            visible: true,
            mesh: None,
            camera: None,
            light: None,
        }
    }
}

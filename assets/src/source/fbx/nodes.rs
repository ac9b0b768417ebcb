//! The hierarchy: nodes with what they carry.
//!
//! Nodes come out as the parser gives them, its root included, in depth-first order. The parser has
//! already resolved pivots, rotation orders and kinds of scale inheritance, and has put transforms that
//! act on attachments only into nodes of their own.

use super::{
    FbxError,
    component::{camera, camera_view, light, light_view},
    document::Document,
    meshes::MeshList,
    space::affine,
};
use crate::{
    cook::pace::CancelFlag,
    diagnostic::Diagnostic,
    source::scene::{CameraId, CameraSource, LightId, LightSource, MeshId, NodeId, NodeSource},
};
use glam::{DAffine3, DMat4};
use ufbx::{Element, Node, as_camera, as_light, as_mesh};

/// Nodes, and what they carry.
#[derive(Default)]
pub(super) struct Hierarchy {
    pub(super) nodes: Vec<NodeSource>,
    pub(super) cameras: Vec<CameraSource>,
    pub(super) lights: Vec<LightSource>,
    pub(super) notes: Vec<Diagnostic>,
}

/// A node that is still to be visited.
struct Visit<'a> {
    node: &'a Node,
    parent: Option<NodeId>,
    /// What was added to the rotation of the parent for its own attachment, taken back.
    correction: DAffine3,
}

/// Something that a node carries: a mesh, a camera or a light.
struct Attachment {
    kind: &'static str,
    mesh: Option<MeshId>,
    camera: Option<CameraId>,
    light: Option<LightId>,
    /// From the space of the attachment to that of its node.
    view: DAffine3,
}

/// Walks the hierarchy.
pub(super) fn hierarchy(
    document: &Document,
    meshes: &mut MeshList,
    cancel: &CancelFlag,
) -> Result<Hierarchy, FbxError> {
    let mut result = Hierarchy::default();
    let mut stack = vec![Visit {
        node: &document.scene.root_node,
        parent: None,
        correction: DAffine3::IDENTITY,
    }];
    while let Some(visit) = stack.pop() {
        cancel.check()?;
        let (id, correction) = result.add(document, &visit, meshes);
        for child in visit.node.children.iter().rev() {
            stack.push(Visit {
                node: child.as_ref(),
                parent: Some(id),
                correction,
            });
        }
    }
    Ok(result)
}

impl Hierarchy {
    /// Adds a node. Returns its id, and the correction for its children.
    fn add(
        &mut self,
        document: &Document,
        visit: &Visit<'_>,
        meshes: &mut MeshList,
    ) -> (NodeId, DAffine3) {
        let (node, space) = (visit.node, &document.space);
        let authored = affine(&node.node_to_parent);
        let is_below_root = node.parent.as_ref().is_some_and(|parent| parent.is_root);
        let local = if is_below_root {
            space.root_transform(authored)
        } else {
            space.transform(authored)
        };
        let local = visit.correction * local;
        let name = node_name(node);
        let mut attachments = self.attachments(document, node, meshes).into_iter();
        let first = attachments.next();
        // Cameras and lights are turned to the engine's conventions. The node turns with them, and what
        // is below it turns back.
        let view = first
            .as_ref()
            .map_or(DAffine3::IDENTITY, |first| first.view);
        let visible = is_visible(document, node);
        let id = self.push(name.clone(), visit.parent, local * view, visible, first);
        // A rotation.
        let correction = DAffine3::from_mat3(view.matrix3.transpose());
        for (number, other) in (1..).zip(attachments) {
            let name = format!("{name}_{}{number}", other.kind);
            let local = correction * other.view;
            self.push(name, Some(id), local, visible, Some(other));
        }
        (id, correction)
    }

    fn push(
        &mut self,
        name: String,
        parent: Option<NodeId>,
        local: DAffine3,
        visible: bool,
        attachment: Option<Attachment>,
    ) -> NodeId {
        // The parser numbers elements with 32 bits; more nodes are found by `SceneSource::new`.
        let id = NodeId(self.nodes.len() as u32);
        let attachment = attachment.as_ref();
        self.nodes.push(NodeSource {
            name,
            parent,
            local: DMat4::from(local),
            visible,
            mesh: attachment.and_then(|a| a.mesh),
            camera: attachment.and_then(|a| a.camera),
            light: attachment.and_then(|a| a.light),
        });
        id
    }

    fn attachments(
        &mut self,
        document: &Document,
        node: &Node,
        meshes: &mut MeshList,
    ) -> Vec<Attachment> {
        let mut list = Vec::new();
        for element in &node.all_attribs {
            list.extend(self.attachment(document, node, element, meshes));
        }
        list
    }

    fn attachment(
        &mut self,
        document: &Document,
        node: &Node,
        element: &Element,
        meshes: &mut MeshList,
    ) -> Option<Attachment> {
        let mut attachment = Attachment {
            kind: "mesh",
            mesh: None,
            camera: None,
            light: None,
            view: DAffine3::IDENTITY,
        };
        if let Some(mesh) = as_mesh(element) {
            attachment.mesh = Some(meshes.mesh_of(document, node, mesh)?);
        } else if let Some(source) = as_camera(element) {
            attachment.kind = "camera";
            attachment.camera = Some(CameraId(self.cameras.len() as u32));
            attachment.view.matrix3 = camera_view(&document.space);
            self.cameras.push(camera(document, source));
        } else if let Some(source) = as_light(element) {
            attachment.kind = "light";
            attachment.light = Some(LightId(self.lights.len() as u32));
            if let Some(view) = light_view(&document.space, source) {
                attachment.view.matrix3 = view;
            }
            let object = format!("nodes[{}] {}", node.element.typed_id, node.element.name);
            let (source, note) = light(document, source, &object);
            self.lights.push(source);
            self.notes.extend(note);
        } else {
            return None;
        }
        Some(attachment)
    }
}

/// Whether a node is shown. Files before version 6 keep that among their animations, in percent, where the
/// parser does not look for it.
fn is_visible(document: &Document, node: &Node) -> bool {
    node.visible || document.scene.metadata.version < 6000
}

/// The authored name. Nodes that the parser adds are called after the node that they belong to.
fn node_name(node: &Node) -> String {
    let helper = if node.is_geometry_transform_helper {
        "geometry"
    } else if node.is_scale_helper {
        "scale"
    } else {
        return node.element.name.as_ref().to_owned();
    };
    let parent = node
        .parent
        .as_ref()
        .map_or("", |node| node.element.name.as_ref());
    format!("{parent}_{helper}")
}

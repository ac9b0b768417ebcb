//! Nodes: names, the tree that is kept, transforms, and the components that nodes carry.

use super::{
    Notes, SceneRequest, camera,
    error::{SceneError, Stop},
    light,
    transform::{self, Flaw, Trs},
};
use crate::{
    cook::pace::Pace,
    diagnostic::{Code, codes::scene as codes},
    format::{
        ids::AssetKey,
        scene::{NodeFlags, NodeRecord, RenderableRecord, SceneComponents, StringTable},
    },
    naming::{NameKind, NamingContext, NamingService},
    settings::scene::NodePruning,
    source::scene::{NodeId, NodeSource, SceneSource},
};
use glam::DMat4;
use std::collections::BTreeMap;

/// The nodes of the descriptor.
#[derive(Default)]
pub(super) struct Tree {
    pub(super) nodes: Vec<NodeRecord>,
    pub(super) strings: StringTable,
}

/// Nodes between two checkpoints: about a tenth of a millisecond.
const STRETCH: usize = 32;

/// Makes records of nodes and of what they carry.
pub(super) async fn arrange(
    scene: &SceneSource,
    request: &SceneRequest<'_>,
    geometry: &[Option<AssetKey>],
    notes: &mut Notes<'_>,
    pace: &mut Pace,
) -> Result<(Tree, SceneComponents), Stop> {
    let mut arranger = Arranger {
        request,
        notes,
        repeated: BTreeMap::new(),
        naming: NamingService::new(request.naming, ""),
        names: Vec::with_capacity(scene.nodes().len()),
        places: Vec::with_capacity(scene.nodes().len()),
        tree: Tree::default(),
    };
    let mut carried = Carried {
        scene,
        geometry,
        cameras: vec![None; scene.cameras().len()],
        lights: vec![None; scene.lights().len()],
        components: SceneComponents::default(),
    };
    for (index, node) in scene.nodes().iter().enumerate() {
        if let Some(place) = arranger.place(index, node)? {
            carried.attach(node, place, arranger.notes);
        }
        if index % STRETCH == 0 {
            pace.checkpoint().await?;
        }
    }
    arranger.report_repeated();
    if arranger.tree.nodes.is_empty() {
        arranger.add("root", None, true, Trs::IDENTITY)?;
    }
    Ok((arranger.tree, carried.components))
}

/// Where a node of the source went.
#[derive(Clone, Copy)]
struct Place {
    /// Its own record, if it is kept.
    record: Option<u32>,
    /// The source's index of the nearest node that is kept: itself or an ancestor.
    anchor: Option<usize>,
    /// From the node's space to that of the anchor; to the world if there is none.
    to_anchor: DMat4,
    /// From the node's space to the world.
    to_world: DMat4,
}

impl Place {
    /// Where roots hang.
    const WORLD: Self = Self {
        record: None,
        anchor: None,
        to_anchor: DMat4::IDENTITY,
        to_world: DMat4::IDENTITY,
    };
}

struct Arranger<'r, 'n, 'a> {
    request: &'r SceneRequest<'r>,
    notes: &'n mut Notes<'a>,
    /// How often a code was noted.
    repeated: BTreeMap<&'static str, (Code, usize)>,
    naming: NamingService,
    /// The final names of the nodes so far.
    names: Vec<String>,
    /// The places of the nodes so far.
    places: Vec<Place>,
    tree: Tree,
}

/// Notes about single nodes with one code; the others are counted.
const MOST_NOTES: usize = 16;

impl Arranger<'_, '_, '_> {
    /// Places the next node, and gives its record if it is kept.
    fn place(&mut self, index: usize, node: &NodeSource) -> Result<Option<u32>, Stop> {
        let parent_index = node.parent.map(NodeId::index);
        self.name(index, node, parent_index);
        let (local, flaw) = transform::affine(node.local);
        self.note_flaw(index, flaw);
        let parent = parent_index.map_or(Place::WORLD, |parent| self.places[parent]);
        // Relative to what is kept above it. Where nodes between were dropped, this is
        // inverse(world of the anchor) x world, reckoned without an inverse.
        let to_anchor = parent.to_anchor * local;
        let to_world = parent.to_world * local;
        let is_kept = match self.request.node_pruning {
            NodePruning::Keep => true,
            NodePruning::DropEmpty => {
                node.mesh.is_some() || node.camera.is_some() || node.light.is_some()
            }
        };
        if !is_kept {
            self.places.push(Place {
                record: None,
                anchor: parent.anchor,
                to_anchor,
                to_world,
            });
            return Ok(None);
        }
        if let Some(anchor) = parent.anchor
            && parent_index != Some(anchor)
        {
            self.check_anchor(index, anchor);
        }
        let (trs, flaw) = transform::decompose(&to_anchor);
        self.note_flaw(index, flaw);
        let parent_record = parent.anchor.and_then(|anchor| self.places[anchor].record);
        let name = self.names[index].clone();
        let record = self.add(&name, parent_record, node.visible, trs)?;
        self.places.push(Place {
            record: Some(record),
            anchor: Some(index),
            to_anchor: DMat4::IDENTITY,
            to_world,
        });
        Ok(Some(record))
    }

    fn name(&mut self, index: usize, node: &NodeSource, parent: Option<usize>) {
        let object = format!("node {index}");
        let context = NamingContext {
            kind: NameKind::SceneNode,
            // A scene has fewer nodes than numbers.
            ordinal: index as u32,
            parent: parent.map_or("", |parent| &self.names[parent]),
            object: &object,
        };
        let unique = self.naming.unique_name(&node.name, &context);
        if let Some(diagnostic) = unique.diagnostic {
            self.note(&object, diagnostic.code, diagnostic.message);
        }
        self.names.push(unique.name);
    }

    /// Says that a node is moved up to a parent that flattens everything below it.
    fn check_anchor(&mut self, index: usize, anchor: usize) {
        let determinant = self.places[anchor].to_world.determinant();
        if !determinant.is_normal() {
            let message = format!(
                "the transform of the new parent `{}` in the world has no inverse",
                self.names[anchor]
            );
            let name = self.names[index].clone();
            self.note(&name, codes::PRUNING_SINGULAR, message);
        }
    }

    fn note_flaw(&mut self, index: usize, flaw: Option<Flaw>) {
        let (code, message) = match flaw {
            None => return,
            Some(Flaw::NotFinite) => (
                codes::TRANSFORM_SANITIZED,
                "the transform is not finite, and becomes the identity".to_owned(),
            ),
            Some(Flaw::NotAffine) => (
                codes::TRANSFORM_SANITIZED,
                "the last row of the transform is not 0, 0, 0, 1, and becomes so".to_owned(),
            ),
            Some(Flaw::Sheared(cosine)) => (
                codes::TRANSFORM_SHEARED,
                format!(
                    "two axes are at {:.2} degrees, and come to be at a right angle",
                    cosine.min(1.0).acos().to_degrees()
                ),
            ),
        };
        let name = self.names[index].clone();
        self.note(&name, code, message);
    }

    fn note(&mut self, object: &str, code: Code, message: String) {
        let (_, count) = self.repeated.entry(code.id()).or_insert((code, 0));
        *count += 1;
        if *count <= MOST_NOTES {
            self.notes.note_about(object, code, message);
        }
    }

    fn report_repeated(&mut self) {
        for (code, count) in std::mem::take(&mut self.repeated).into_values() {
            if count > MOST_NOTES {
                let message = format!("so it is with {} more nodes", count - MOST_NOTES);
                self.notes.note(code, message);
            }
        }
    }

    fn add(
        &mut self,
        name: &str,
        parent: Option<u32>,
        is_visible: bool,
        trs: Trs,
    ) -> Result<u32, Stop> {
        // A scene has fewer nodes than numbers.
        let record = self.tree.nodes.len() as u32;
        let name_offset = self
            .tree
            .strings
            .push(name)
            .ok_or(SceneError::NamesTooLong)?;
        let virtual_path = self.request.identity.virtual_path();
        self.tree.nodes.push(NodeRecord {
            id: AssetKey::of_text(&format!("{virtual_path}/{name}")),
            name_offset,
            parent_index: parent.unwrap_or(record),
            flags: if is_visible {
                NodeFlags::VISIBLE
            } else {
                NodeFlags::NONE
            },
            translation: trs.translation,
            rotation: trs.rotation,
            scale: trs.scale,
        });
        Ok(record)
    }
}

/// What nodes carry. Cameras and lights are judged when a node first carries them.
struct Carried<'s> {
    scene: &'s SceneSource,
    geometry: &'s [Option<AssetKey>],
    cameras: Vec<Option<camera::Camera>>,
    lights: Vec<Option<light::Light>>,
    components: SceneComponents,
}

impl Carried<'_> {
    /// Makes components of what a node carries. Nodes come in ascending order.
    fn attach(&mut self, node: &NodeSource, record: u32, notes: &mut Notes<'_>) {
        let keys = node.mesh.map(|mesh| self.geometry[mesh.index()]);
        if let Some(Some(geometry)) = keys {
            self.components.renderables.push(RenderableRecord {
                node_index: record,
                geometry,
                visible: true,
            });
        }
        if let Some(id) = node.camera {
            let source = &self.scene.cameras()[id.index()];
            let camera = self.cameras[id.index()]
                .get_or_insert_with(|| camera::judge(source, id.index(), notes));
            camera.attach(record, &mut self.components);
        }
        if let Some(id) = node.light {
            let source = &self.scene.lights()[id.index()];
            let light = self.lights[id.index()]
                .get_or_insert_with(|| light::judge(source, id.index(), notes));
            light.attach(record, &mut self.components);
        }
    }
}

//! The scene: nodes, and what they show.

use super::{
    document::get,
    hierarchy::{self, Visit},
    level::Level,
    limits::GltfLimits,
    lod::{self, Replacement},
    mesh::{MeshPlan, PlacedLevel},
    primitive::Checker,
    report::Report,
    skin::SkinPlan,
    space,
};
use crate::{
    diagnostic::{Diagnostic, codes::gltf as codes},
    source::scene::{
        CameraId, CameraSource, IgnoredContent, LightId, LightKind, LightSource, MeshId, NodeId,
        NodeSource, SceneMesh,
    },
};
use gltf::json;
use std::{collections::BTreeMap, sync::Arc};

/// A way in which nodes show a mesh: with which skin, and with which further levels. Places are bits, so
/// that they can be compared.
type MeshUse = (usize, Option<usize>, Vec<(usize, Option<[u64; 16]>)>);

/// Collects the nodes of a scene and the meshes that they show.
pub(super) struct SceneBuilder<'a, 'b> {
    pub(super) checker: Checker<'a>,
    pub(super) scale: f32,
    pub(super) limits: GltfLimits,
    pub(super) report: &'b mut Report,
    pub(super) ignored: IgnoredContent,
    /// The triangles of each mesh of the file, if it has any.
    levels: Vec<Option<Arc<Level>>>,
    skins: BTreeMap<usize, Option<Arc<SkinPlan>>>,
    /// The ways in which each mesh is shown, in the order of their first node.
    uses: BTreeMap<MeshUse, usize>,
    shown: Vec<(MeshUse, MeshPlan)>,
}

/// Cameras or lights of a file, and their ids: those that make no sense have none.
struct Numbered<T, I> {
    list: Vec<T>,
    ids: Vec<Option<I>>,
}

impl<T, I> Numbered<T, I> {
    fn new(all: Vec<Option<T>>, id: fn(u32) -> I) -> Self {
        let mut list = Vec::new();
        let number = |thing: Option<T>| {
            let thing = thing?;
            list.push(thing);
            Some(id(hierarchy::count(list.len() - 1)))
        };
        let ids = all.into_iter().map(number).collect();
        Self { list, ids }
    }
}

/// What came of the nodes.
pub(super) struct Built {
    pub(super) nodes: Vec<NodeSource>,
    pub(super) meshes: Vec<SceneMesh>,
    pub(super) cameras: Vec<CameraSource>,
    pub(super) lights: Vec<LightSource>,
    pub(super) ignored: IgnoredContent,
}

impl<'a, 'b> SceneBuilder<'a, 'b> {
    /// A builder without nodes.
    pub(super) fn new(
        checker: Checker<'a>,
        scale: f32,
        limits: &GltfLimits,
        report: &'b mut Report,
    ) -> Self {
        Self {
            checker,
            scale,
            limits: limits.clone(),
            report,
            ignored: IgnoredContent::default(),
            levels: Vec::new(),
            skins: BTreeMap::new(),
            uses: BTreeMap::new(),
            shown: Vec::new(),
        }
    }

    /// Builds the scene.
    ///
    /// # Errors
    /// The first rule that its nodes break. Meshes that break one are in the report.
    pub(super) fn build(
        mut self,
        cameras: Vec<Option<CameraSource>>,
        lights: Vec<Option<LightSource>>,
    ) -> Result<Built, Diagnostic> {
        let document = self.checker.document;
        for (index, mesh) in document.meshes.iter().enumerate() {
            let object = format!("meshes[{index}]");
            let (checker, ignored) = (&mut self.checker, &mut self.ignored);
            let level = Level::new(mesh, &object, checker, ignored, self.report);
            let level = self.report.take(level).flatten();
            self.levels.push(level.map(Arc::new));
        }
        let visits = hierarchy::visit(document, &mut self.ignored, self.report)?;
        let is_reached = {
            let mut reached = vec![false; document.nodes.len()];
            for visit in &visits {
                reached[visit.node] = true;
            }
            reached
        };
        let mut replacements = BTreeMap::new();
        let mut is_level = vec![false; document.nodes.len()];
        for Visit { node, .. } in &visits {
            let list = lod::replacements(document, *node, self.scale, self.report)?;
            for replacement in &list {
                let is_known = std::mem::replace(&mut is_level[replacement.node], true);
                if !is_known && !is_reached[replacement.node] {
                    self.ignored.unused_nodes -= 1;
                }
            }
            replacements.insert(*node, list);
        }
        let mut shown = Vec::with_capacity(visits.len());
        for Visit { node, .. } in &visits {
            let list = replacements.remove(node).unwrap_or_default();
            shown.push(if is_level[*node] {
                None
            } else {
                self.show(*node, &list)?
            });
        }
        self.show_the_rest(&is_level)?;
        if self.ignored.unused_nodes > 0 && !document.scenes.is_empty() {
            let message = format!(
                "{} nodes are not part of the scene",
                self.ignored.unused_nodes
            );
            self.report.note(codes::NODES_UNUSED, "nodes", message);
        }
        // Meshes are in the order of the file, their uses in the order of the nodes.
        let mut order: Vec<usize> = (0..self.shown.len()).collect();
        order.sort_by_key(|&at| self.shown[at].0.0);
        let mut ids = vec![MeshId(0); order.len()];
        for (id, &at) in order.iter().enumerate() {
            ids[at] = MeshId(hierarchy::count(id));
        }
        let cameras = Numbered::new(cameras, CameraId);
        let lights = Numbered::new(lights, LightId);
        let mut nodes = Nodes {
            scale: f64::from(self.scale),
            ids: Vec::with_capacity(visits.len()),
            list: Vec::with_capacity(visits.len()),
            cameras: &cameras.ids,
            lights: &lights.ids,
            light_sources: &lights.list,
        };
        for (visit, shown) in visits.iter().zip(shown) {
            let mesh = shown.and_then(|at: usize| ids.get(at).copied());
            nodes.add(visit, &document.nodes[visit.node], mesh)?;
        }
        let nodes = nodes.list;
        let mut plans: Vec<Option<(MeshUse, MeshPlan)>> =
            self.shown.into_iter().map(Some).collect();
        let in_order = order.into_iter().filter_map(|at| plans[at].take());
        let meshes = in_order.map(|((mesh, ..), plan)| {
            let name = document.meshes[mesh].name.as_deref().unwrap_or_default();
            plan.into_mesh(name, format!("meshes[{mesh}]"))
        });
        Ok(Built {
            meshes: meshes.collect(),
            nodes,
            cameras: cameras.list,
            lights: lights.list,
            ignored: self.ignored,
        })
    }

    /// What a node shows: a position in `shown`.
    fn show(&mut self, index: usize, levels: &[Replacement]) -> Result<Option<usize>, Diagnostic> {
        let document = self.checker.document;
        let node = get(&document.nodes, "nodes", index, "")?;
        let object = format!("nodes[{index}]");
        if let Some(skin) = node.skin {
            get(&document.skins, "skins", skin.value(), &object)?;
        }
        let Some(mesh) = node.mesh.as_ref().map(json::Index::value) else {
            return Ok(None);
        };
        get(&document.meshes, "meshes", mesh, &object)?;
        for level in levels {
            get(
                &document.meshes,
                "meshes",
                level.mesh,
                format!("nodes[{}]", level.node),
            )?;
        }
        Ok(self.show_mesh(mesh, node.skin.as_ref().map(json::Index::value), levels))
    }

    fn show_mesh(
        &mut self,
        mesh: usize,
        skin: Option<usize>,
        levels: &[Replacement],
    ) -> Option<usize> {
        let first = self.levels.get(mesh)?.clone()?;
        let skin = self.fitting_skin(mesh, &first, skin);
        let places = levels.iter().map(|level| {
            let place = level
                .place
                .map(|place| place.to_cols_array().map(f64::to_bits));
            (level.mesh, place)
        });
        let key: MeshUse = (mesh, skin, places.collect());
        if let Some(&known) = self.uses.get(&key) {
            return Some(known);
        }
        let mut placed = vec![PlacedLevel {
            level: first,
            place: None,
        }];
        for replacement in levels {
            // Levels without triangles were reported when they were checked.
            if let Some(Some(level)) = self.levels.get(replacement.mesh) {
                placed.push(PlacedLevel {
                    level: level.clone(),
                    place: replacement.place,
                });
            }
        }
        let plan = MeshPlan {
            levels: placed,
            skin: skin.and_then(|skin| self.skins.get(&skin)?.clone()),
            scale: self.scale,
            limits: self.limits.clone(),
        };
        let at = self.shown.len();
        self.uses.insert(key.clone(), at);
        self.shown.push((key, plan));
        Some(at)
    }

    /// The skin of a node, if its mesh has joints and weights to be moved by it.
    fn fitting_skin(&mut self, mesh: usize, level: &Level, skin: Option<usize>) -> Option<usize> {
        match (skin, level.has_influences()) {
            (Some(skin), true) => self.checked_skin(skin),
            (Some(skin), false) => {
                let message = format!("it has no joints and weights for skins[{skin}]");
                self.tell_once(mesh, message);
                None
            }
            (None, true) => {
                let message = "its joints and weights are left out: no node gives it a skin";
                self.tell_once(mesh, message.to_owned());
                None
            }
            (None, false) => None,
        }
    }

    /// Only the first node of a mesh has something new to say.
    fn tell_once(&mut self, mesh: usize, message: String) {
        let first: MeshUse = (mesh, None, Vec::new());
        let mut known = self.uses.range(first..);
        if known.next().is_none_or(|((known, ..), _)| *known != mesh) {
            self.report
                .note(codes::SKIN_UNUSED, format!("meshes[{mesh}]"), message);
        }
    }

    fn checked_skin(&mut self, index: usize) -> Option<usize> {
        let document = self.checker.document;
        if !self.skins.contains_key(&index) {
            let skin = document.skins.get(index)?;
            let plan = SkinPlan::new(skin, &format!("skins[{index}]"), &mut self.checker);
            let plan = self.report.take(plan).map(Arc::new);
            self.skins.insert(index, plan);
        }
        Some(index)
    }

    /// Meshes that no node of the scene shows are cooked as well, as the first node outside of it shows
    /// them.
    fn show_the_rest(&mut self, is_level: &[bool]) -> Result<(), Diagnostic> {
        let document = self.checker.document;
        let mut is_shown = vec![false; document.meshes.len()];
        for (mesh, _, levels) in self.uses.keys() {
            is_shown[*mesh] = true;
            for (level, _) in levels {
                is_shown[*level] = true;
            }
        }
        for (index, node) in document.nodes.iter().enumerate() {
            let Some(mesh) = node.mesh.as_ref().map(json::Index::value) else {
                continue;
            };
            if is_shown.get(mesh).is_none_or(|shown| !shown) && !is_level[index] {
                self.show(index, &[])?;
                is_shown[mesh] = true;
            }
        }
        for (mesh, is_shown) in is_shown.into_iter().enumerate() {
            if !is_shown {
                self.show_mesh(mesh, None, &[]);
            }
        }
        Ok(())
    }
}

/// Nodes, as far as they are made.
struct Nodes<'a> {
    scale: f64,
    /// For each visit, the node that was made for it.
    ids: Vec<NodeId>,
    list: Vec<NodeSource>,
    cameras: &'a [Option<CameraId>],
    lights: &'a [Option<LightId>],
    light_sources: &'a [LightSource],
}

impl Nodes<'_> {
    fn add(
        &mut self,
        visit: &Visit,
        node: &json::Node,
        mesh: Option<MeshId>,
    ) -> Result<(), Diagnostic> {
        let object = format!("nodes[{}]", visit.node);
        let camera = match node.camera {
            None => None,
            Some(camera) => *get(self.cameras, "cameras", camera.value(), &object)?,
        };
        let extensions = node.extensions.as_ref();
        let light = match extensions.and_then(|all| all.khr_lights_punctual.as_ref()) {
            None => None,
            Some(light) => *get(self.lights, "lights", light.light.value(), &object)?,
        };
        // Light to all sides needs no turning.
        let kind = light.and_then(|light| Some(self.light_sources.get(light.index())?.kind));
        let is_view =
            camera.is_some() || kind.is_some_and(|k| !matches!(k, LightKind::Point { .. }));
        let has_children = node
            .children
            .as_ref()
            .is_some_and(|children| !children.is_empty());
        let name = node.name.clone().unwrap_or_default();
        let local = space::matrix(space::local_matrix(node), self.scale);
        let parent = visit
            .parent
            .and_then(|parent| self.ids.get(parent).copied());
        let id = NodeId(hierarchy::count(self.list.len()));
        self.ids.push(id);
        let plain = NodeSource {
            name,
            parent,
            local,
            visible: true,
            mesh,
            camera,
            light,
        };
        if !is_view {
            self.list.push(plain);
        } else if mesh.is_none() && !has_children {
            self.list.push(NodeSource {
                local: space::view(local),
                ..plain
            });
        } else {
            // Only what looks somewhere is turned, so it gets a node of its own.
            let kind = if camera.is_some() { "camera" } else { "light" };
            let view = NodeSource {
                name: match plain.name.as_str() {
                    "" => String::new(),
                    name => format!("{name}_{kind}"),
                },
                parent: Some(id),
                local: space::view(glam::DMat4::IDENTITY),
                camera,
                light,
                ..NodeSource::default()
            };
            self.list.push(NodeSource {
                camera: None,
                light: None,
                ..plain
            });
            self.list.push(view);
        }
        Ok(())
    }
}

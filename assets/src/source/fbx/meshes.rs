//! Which meshes there are: one for each mesh of the file and each list of materials that nodes put on
//! it, and one for each group of levels of detail.

use super::{
    document::Document,
    geometry::FbxMesh,
    lods::{self, Role},
    space::affine,
};
use crate::{
    diagnostic::{Code, Diagnostic, Severity, codes::mesh as codes},
    source::scene::{MaterialId, MeshId, MeshSize, NodeSource, SceneMesh},
};
use glam::DAffine3;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use ufbx::{Mesh, Node, RefList};

/// A mesh of the file as it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DrawnMesh {
    /// Its number in the file.
    pub(super) number: u32,
    /// The material of each of its slots.
    pub(super) materials: Vec<Option<MaterialId>>,
    /// To the space of the mesh that it is a level of, in the engine's local spaces, if that is another.
    pub(super) placement: Option<DAffine3>,
}

/// One level of detail.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Level {
    pub(super) name: String,
    pub(super) meshes: Vec<DrawnMesh>,
}

/// All that is drawn as one mesh.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    name: String,
    pub(super) levels: Vec<Level>,
}

/// The meshes that nodes use, in the order of their first use.
pub(super) struct MeshList {
    recipes: Vec<Recipe>,
    known: BTreeMap<(u32, Vec<Option<MaterialId>>), MeshId>,
    /// What groups of levels make of the meshes of nodes, by the numbers of node and mesh.
    roles: BTreeMap<(u32, u32), Role>,
    reported: BTreeSet<u32>,
    pub(super) notes: Vec<Diagnostic>,
}

impl MeshList {
    pub(super) fn new(document: &Document) -> Self {
        let mut list = Self {
            recipes: Vec::new(),
            known: BTreeMap::new(),
            roles: BTreeMap::new(),
            reported: BTreeSet::new(),
            notes: Vec::new(),
        };
        list.roles = lods::roles(document, &mut list.notes);
        list
    }

    /// The mesh that a node shows; `None` when it can show none, or is a level of another.
    pub(super) fn mesh_of(
        &mut self,
        document: &Document,
        node: &Node,
        mesh: &Mesh,
    ) -> Option<MeshId> {
        if !self.is_drawable(document, mesh) {
            return None;
        }
        let numbers = (node.element.typed_id, mesh.element.typed_id);
        match self.roles.get(&numbers) {
            Some(Role::Lower) => None,
            Some(Role::Lead(group)) => {
                let levels = group.levels(document);
                let name = group.name.clone();
                Some(self.push(Recipe { name, levels }))
            }
            None => Some(self.single(document, mesh, Some(node))),
        }
    }

    fn single(&mut self, document: &Document, mesh: &Mesh, node: Option<&Node>) -> MeshId {
        let materials = materials(document, mesh, node);
        let key = (mesh.element.typed_id, materials);
        if let Some(&id) = self.known.get(&key) {
            return id;
        }
        if key.1.contains(&None) {
            let message = "the mesh has faces without a material";
            self.note(document, codes::FACE_MATERIAL_MISSING, message, mesh);
        }
        let meshes = vec![DrawnMesh {
            number: key.0,
            materials: key.1.clone(),
            placement: None,
        }];
        let id = self.push(Recipe {
            name: mesh_name(mesh, node),
            levels: vec![Level {
                name: "LOD0".to_owned(),
                meshes,
            }],
        });
        self.known.insert(key, id);
        id
    }

    fn push(&mut self, recipe: Recipe) -> MeshId {
        // The parser numbers meshes and nodes with 32 bits.
        let id = MeshId(self.recipes.len() as u32);
        self.recipes.push(recipe);
        id
    }

    /// Whether there is anything to draw. If not, that is reported once.
    fn is_drawable(&mut self, document: &Document, mesh: &Mesh) -> bool {
        let (code, message) = if mesh.num_faces == 0 || mesh.num_indices == 0 {
            (codes::NO_FACES, "the mesh has no faces and was left out")
        } else if !has_triangles(mesh) {
            let message = "the mesh has no face of three corners at least and was left out";
            (codes::NO_RANGES, message)
        } else {
            return true;
        };
        if self.reported.insert(mesh.element.typed_id) {
            self.note(document, code, message, mesh);
        }
        false
    }

    /// An empty mesh is no reason to refuse the rest of the file.
    fn note(&mut self, document: &Document, code: Code, message: &str, mesh: &Mesh) {
        let note = document.note(code, message).object(object(mesh));
        self.notes.push(note.severity(Severity::Warning));
    }

    /// The meshes in the order of the file, those that no node uses included. Gives the nodes their
    /// final ids.
    pub(super) fn finish(
        mut self,
        document: &Arc<Document>,
        nodes: &mut [NodeSource],
        generate_normals: bool,
    ) -> (Vec<SceneMesh>, Vec<Diagnostic>) {
        let used: BTreeSet<u32> = self
            .recipes
            .iter()
            .flat_map(|recipe| &recipe.levels)
            .flat_map(|level| level.meshes.iter().map(|mesh| mesh.number))
            .collect();
        for mesh in &document.scene.meshes {
            let is_used = used.contains(&mesh.element.typed_id);
            // What lower levels show was left out with them.
            if !is_used && mesh.element.instances.is_empty() && self.is_drawable(document, mesh) {
                self.single(document, mesh, None);
            }
        }
        let mut order: Vec<usize> = (0..self.recipes.len()).collect();
        order.sort_by_key(|&index| (self.recipes[index].number(), index));
        let mut ids = vec![MeshId(0); order.len()];
        for (id, &index) in (0..).zip(&order) {
            ids[index] = MeshId(id);
        }
        for node in nodes {
            node.mesh = node.mesh.map(|mesh| ids[mesh.index()]);
        }
        let mut recipes: Vec<Option<Recipe>> = self.recipes.into_iter().map(Some).collect();
        let meshes = order
            .into_iter()
            .filter_map(|index| recipes[index].take())
            .map(|recipe| scene_mesh(document, recipe, generate_normals))
            .collect();
        (meshes, self.notes)
    }
}

impl Recipe {
    /// The number of the first mesh.
    fn number(&self) -> u32 {
        let mut meshes = self.levels.iter().flat_map(|level| &level.meshes);
        meshes.next().map_or(u32::MAX, |mesh| mesh.number)
    }
}

fn scene_mesh(document: &Arc<Document>, recipe: Recipe, generate_normals: bool) -> SceneMesh {
    let drawn = recipe.levels.iter().flat_map(|level| &level.meshes);
    let mut size = MeshSize::default();
    for mesh in drawn.filter_map(|drawn| document.mesh(drawn.number)) {
        size.vertices += mesh.num_indices as u64;
        size.indices += 3 * mesh.num_triangles as u64;
        size.skinned |= is_skinned(mesh);
    }
    let first = document.mesh(recipe.number());
    SceneMesh {
        name: recipe.name.clone(),
        object: first.map(object).unwrap_or_default(),
        size,
        loader: Arc::new(FbxMesh {
            document: document.clone(),
            recipe,
            generate_normals,
        }),
    }
}

/// The object of a mesh in diagnostics.
pub(super) fn object(mesh: &Mesh) -> String {
    format!("meshes[{}] {}", mesh.element.typed_id, mesh.element.name)
}

/// The authored name, else that of a node which shows the mesh: most programs name only nodes.
pub(super) fn mesh_name(mesh: &Mesh, node: Option<&Node>) -> String {
    let own = mesh.element.name.as_ref();
    let of = |node: &Node| match (&node.parent, node.is_geometry_transform_helper) {
        (Some(parent), true) => parent.element.name.as_ref().to_owned(),
        _ => node.element.name.as_ref().to_owned(),
    };
    match (own, node) {
        ("", Some(node)) => of(node),
        (own, _) => own.to_owned(),
    }
}

/// Whether a mesh has a face that can be drawn.
pub(super) fn has_triangles(mesh: &Mesh) -> bool {
    let is_hole = |face: usize| mesh.face_hole.get(face).copied().unwrap_or(false);
    let mut faces = mesh.faces.iter().enumerate();
    mesh.num_triangles > 0 && faces.any(|(index, face)| face.num_indices >= 3 && !is_hole(index))
}

/// Whether joints move a mesh.
pub(super) fn is_skinned(mesh: &Mesh) -> bool {
    let mut skins = (&mesh.skin_deformers).into_iter();
    skins.next().is_some_and(|skin| !skin.clusters.is_empty())
}

/// The material of each slot of a mesh on a node: those of the node, else those of the mesh.
pub(super) fn materials(
    document: &Document,
    mesh: &Mesh,
    node: Option<&Node>,
) -> Vec<Option<MaterialId>> {
    let ids = |list: &RefList<ufbx::Material>| -> Vec<Option<MaterialId>> {
        let materials = list.into_iter();
        materials
            .map(|material| Some(MaterialId(material.element.typed_id)))
            .collect()
    };
    let of_node = node.map(|node| ids(&node.materials)).unwrap_or_default();
    let mut materials = if of_node.is_empty() {
        ids(&mesh.materials)
    } else {
        of_node
    };
    // Slots that no face uses make no difference.
    materials.truncate(mesh.materials.len().max(1));
    if materials.is_empty() {
        // A file without materials gets one.
        let only = document.scene.materials.is_empty().then_some(MaterialId(0));
        materials.push(only);
    }
    materials
}

/// From the space of a mesh on a node to the world of the file.
pub(super) fn world(node: &Node) -> DAffine3 {
    affine(&node.node_to_world)
}

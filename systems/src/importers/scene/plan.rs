//! The plan of a scene.

use bevy_kiln_assets::{
    cook::{
        asset::{AssetIdentity, KeySource},
        mesh::{MaterialUse, estimate},
    },
    diagnostic::{Diagnostic, codes},
    format::index::AssetType,
    naming::{NameKind, NamingContext, NamingService, scene_name},
    plan::{PlanError, PlanItemId},
    settings::{
        scene::{AssetKeyPolicy, SceneSettings},
        texture::TextureOptions,
    },
    source::scene::{ImageData, MaterialId, MaterialTextures, MeshId, SceneSource},
};
use std::sync::Arc;

use super::{
    GeometryWork, MaterialWork, MeshBuildWork, SceneTextureWork, SceneWork,
    probe::peaks,
    shared::PlannedScene,
    texture::{ImageBytes, TextureItem},
    textures::{SceneTextures, unused_options},
};
use crate::{
    importer::{ImportPlan, ImportSource},
    work::{PlannedWork, WorkPlanner},
};

/// Plans a scene: what every adapter does with what it has parsed.
///
/// `settings` are those of [`ImportSource::scene_settings`], which the adapter needs too.
///
/// # Errors
/// Diagnostics, at least one of them an error: settings that contradict each other, or more items than
/// a plan can hold.
pub async fn plan_scene(
    source: &ImportSource,
    scene: SceneSource,
    settings: SceneSettings,
) -> Result<ImportPlan, Vec<Diagnostic>> {
    let mut scene = if settings.bake_transforms {
        scene.with_baked_transforms()
    } else {
        scene
    };
    if !settings.content.textures {
        scene = without_textures(scene)?;
    }
    let tuning = tuning(source);
    let overrides = &source.request.texture_overrides;
    let textures = SceneTextures::choose(&scene, &tuning, overrides)?;
    let mut diagnostics = scene.diagnostics().to_vec();
    if settings.content.textures {
        diagnostics.extend(unused_options(&scene, &tuning, overrides));
    }
    let (scene_name, names) = Names::given(&scene, &settings, &mut diagnostics);
    let with_materials = settings.content.materials;
    let ignored = scene.ignored();
    let planned = PlannedScene {
        source: source.name.clone(),
        digest: source.digest(),
        identity: identity(AssetType::Scene, &scene_name, &settings)?,
        materials: identities(AssetType::Material, &names.materials, &settings)?,
        geometries: identities(AssetType::Geometry, &names.meshes, &settings)?,
        material_uses: scene
            .materials()
            .iter()
            .map(|material| MaterialUse {
                uses_textures: with_materials && material.textures.any(),
            })
            .collect(),
        textures,
        settings,
        scene,
    };
    let peaks = peaks(source, &planned.scene, &planned.textures.list).await;
    let plan = add_items(source, Arc::new(planned), &peaks)
        .map_err(|error| vec![plan_error(&error).source(&source.name)])?;
    Ok(ImportPlan::new(plan)
        .with_diagnostics(diagnostics)
        .with_ignored(ignored))
}

fn plan_error(error: &PlanError) -> Diagnostic {
    Diagnostic::new(codes::import::PLAN_INVALID, error.to_string())
}

/// The options for all textures of the job.
fn tuning(source: &ImportSource) -> TextureOptions {
    let mut tuning = (*source.request.texture).clone();
    let settings = &source.settings;
    tuning.packing_policy.get_or_insert(settings.packing);
    tuning
        .content_hashing
        .get_or_insert(settings.content_hashing);
    tuning
}

/// The scene with all material slots empty.
fn without_textures(scene: SceneSource) -> Result<SceneSource, Vec<Diagnostic>> {
    let mut parts = scene.into_parts();
    for material in &mut parts.materials {
        material.textures = MaterialTextures::default();
    }
    SceneSource::new(parts).map_err(|error| {
        vec![Diagnostic::new(
            codes::import::PLAN_INVALID,
            error.to_string(),
        )]
    })
}

/// The unique names of what is cooked.
#[derive(Default)]
struct Names {
    materials: Vec<String>,
    meshes: Vec<String>,
}

impl Names {
    fn given(
        scene: &SceneSource,
        settings: &SceneSettings,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> (String, Self) {
        let scene_name = scene_name(scene.name());
        let mut service = NamingService::new(settings.naming, scene_name.clone());
        let mut name = |kind, ordinal: usize, authored: &str, object: &str| {
            let context = NamingContext {
                kind,
                // A scene has no more of anything than 32 bits can number.
                ordinal: ordinal as u32,
                parent: "",
                object,
            };
            let unique = service.unique_name(authored, &context);
            diagnostics.extend(unique.diagnostic);
            unique.name
        };
        let mut names = Self::default();
        if settings.content.materials {
            for (ordinal, material) in scene.materials().iter().enumerate() {
                let object = format!("materials[{ordinal}]");
                let given = name(NameKind::Material, ordinal, &material.name, &object);
                names.materials.push(given);
            }
        }
        if settings.content.geometry {
            for (ordinal, mesh) in scene.meshes().iter().enumerate() {
                let given = name(NameKind::Mesh, ordinal, &mesh.name, &mesh.object);
                names.meshes.push(given);
            }
        }
        (scene_name, names)
    }
}

fn identities(
    asset_type: AssetType,
    names: &[String],
    settings: &SceneSettings,
) -> Result<Vec<AssetIdentity>, Vec<Diagnostic>> {
    let names = names.iter();
    names
        .map(|name| identity(asset_type, name, settings))
        .collect()
}

fn identity(
    asset_type: AssetType,
    name: &str,
    settings: &SceneSettings,
) -> Result<AssetIdentity, Vec<Diagnostic>> {
    let failed = |message: String| vec![Diagnostic::new(codes::import::PLAN_INVALID, message)];
    let key = match settings.asset_keys {
        AssetKeyPolicy::Deterministic => KeySource::VirtualPath,
        AssetKeyPolicy::Random => {
            let mut bytes = [0; 16];
            getrandom::fill(&mut bytes)
                .map_err(|error| failed(format!("the system gave no random bytes: {error}")))?;
            KeySource::Random(bytes)
        }
    };
    AssetIdentity::new(asset_type, name, key).map_err(|error| failed(error.to_string()))
}

fn add_items(
    source: &ImportSource,
    scene: Arc<PlannedScene>,
    peaks: &[u64],
) -> Result<bevy_kiln_assets::plan::Plan<PlannedWork>, PlanError> {
    let mut planner = WorkPlanner::new();
    let mut textures = Vec::with_capacity(peaks.len());
    for (number, peak) in (0..).zip(peaks) {
        let item = texture_item(source, &scene, number);
        let name = item.id.clone();
        let work = PlannedWork::new(SceneTextureWork(Arc::new(item)), *peak);
        textures.push(planner.add(name, work)?);
    }
    let materials = add_materials(&mut planner, &scene, &textures)?;
    let mut builds = Vec::with_capacity(scene.geometries.len());
    for (mesh, identity) in (0..).map(MeshId).zip(&scene.geometries) {
        let work = MeshBuildWork {
            scene: scene.clone(),
            mesh,
        };
        let work = PlannedWork::new(work, mesh_peak(&scene, mesh));
        builds.push(planner.add(identity.name(), work)?);
    }
    let mut geometries = Vec::with_capacity(builds.len());
    for (mesh, identity) in (0..).map(MeshId).zip(&scene.geometries) {
        let work = GeometryWork {
            scene: scene.clone(),
            mesh,
        };
        let geometry = planner.add(identity.name(), PlannedWork::new(work, SMALL))?;
        planner.add_dependency(geometry, builds[mesh.index()])?;
        match scene.scene.meshes()[mesh.index()].loader.materials() {
            Some(used) => {
                for material in used {
                    // A slot that no material has is told of, and emptied, when the mesh is built.
                    if let Some(material) = materials.get(material.index()) {
                        planner.add_dependency(geometry, *material)?;
                    }
                }
            }
            None => {
                for material in &materials {
                    planner.add_dependency(geometry, *material)?;
                }
            }
        }
        geometries.push(geometry);
    }
    if scene.settings.content.scene {
        let nodes = scene.scene.nodes().len() as u64;
        let peak = SMALL.saturating_add(nodes.saturating_mul(NODE_BYTES));
        let work = PlannedWork::new(
            SceneWork {
                scene: scene.clone(),
            },
            peak,
        );
        let item = planner.add(&scene.source, work)?;
        for geometry in geometries {
            planner.add_dependency(item, geometry)?;
        }
    }
    planner.seal()
}

/// What cooking a small descriptor takes.
const SMALL: u64 = 16 << 10;

/// What cooking a scene takes for each node, with its name and what it carries.
const NODE_BYTES: u64 = 1 << 10;

fn add_materials(
    planner: &mut WorkPlanner,
    scene: &Arc<PlannedScene>,
    textures: &[PlanItemId],
) -> Result<Vec<PlanItemId>, PlanError> {
    let mut items = Vec::with_capacity(scene.materials.len());
    for (material, identity) in (0..).map(MaterialId).zip(&scene.materials) {
        let work = MaterialWork {
            scene: scene.clone(),
            material,
        };
        let item = planner.add(identity.name(), PlannedWork::new(work, SMALL))?;
        for texture in scene.textures.of_material(material) {
            planner.add_dependency(item, textures[texture as usize])?;
        }
        items.push(item);
    }
    Ok(items)
}

fn texture_item(source: &ImportSource, scene: &PlannedScene, number: u32) -> TextureItem {
    let texture = &scene.textures.list[number as usize];
    let image = &scene.scene.images()[texture.image.index()];
    let id = format!("{}::tex::{}", scene.source, texture.name);
    let bytes = match &image.data {
        ImageData::Embedded(bytes) => ImageBytes::Embedded(bytes.clone()),
        ImageData::External(path) => match source.scope.resolve(path) {
            Ok(file) => ImageBytes::File(file),
            Err(error) => ImageBytes::Missing(error.diagnostic(&id)),
        },
        ImageData::Missing(reason) => ImageBytes::Missing((**reason).clone()),
    };
    TextureItem {
        number,
        source: scene.source.clone(),
        name: texture.name.clone(),
        id,
        image_name: image.name.clone(),
        settings: texture.settings.clone(),
        bytes,
        limits: source.settings.image_limits.clone(),
        on_failure: scene.settings.on_texture_failure,
    }
}

/// What building a mesh takes. Generated levels come on top: together they are at most as large as the
/// mesh, and the simplifier works on a copy of it.
fn mesh_peak(scene: &PlannedScene, mesh: MeshId) -> u64 {
    let peak = estimate(scene.scene.meshes()[mesh.index()].size);
    if scene.settings.geometry.lod_count > 1 {
        peak.saturating_mul(2)
    } else {
        peak
    }
}

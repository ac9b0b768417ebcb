//! FBX scenes.
//!
//! The parser reads no files. Where textures may be, the scene says as candidates, and here is looked
//! which of them there are, before anything is planned.

use bevy_kiln_assets::{
    diagnostic::{Diagnostic, codes},
    settings::{geometry::AttributePolicy, scene::SceneSettings},
    source::{
        fbx::{self, FbxError, FbxOptions, TextureSearch},
        path::SourcePath,
        scene::SceneSource,
    },
};
use bevy_kiln_components::settings::ImportSettings;
use bevy_tasks::{AsyncComputeTaskPool, BoxedFuture};
use std::{collections::BTreeMap, path::Path};

use super::scene::plan_scene;
use crate::{
    importer::{ImportPlan, ImportSource, Importer, SourceNeed},
    io::{find::FileFinder, scope::SourceScope},
};

/// The importer of FBX scenes.
#[derive(Clone, Copy, Debug, Default)]
pub struct FbxImporter;

/// Bytes of a parsed document and of the parser, for each byte of a file: arrays are compressed.
const MEMORY_FACTOR: u64 = 6;

impl Importer for FbxImporter {
    fn name(&self) -> &'static str {
        "fbx"
    }

    fn title(&self) -> &'static str {
        "FBX"
    }

    fn fingerprint(&self) -> Option<String> {
        Some("fbx 1".to_owned())
    }

    fn extensions(&self) -> &[&'static str] {
        &["fbx"]
    }

    fn recognizes(&self, head: &[u8]) -> bool {
        fbx::recognizes(head)
    }

    fn need(&self) -> SourceNeed {
        SourceNeed::Whole
    }

    fn source_memory(&self, len: u64) -> u64 {
        len.saturating_mul(1 + MEMORY_FACTOR)
    }

    fn plan(
        &self,
        source: ImportSource,
    ) -> BoxedFuture<'static, Result<ImportPlan, Vec<Diagnostic>>> {
        Box::pin(async move { plan(source).await })
    }
}

async fn plan(source: ImportSource) -> Result<ImportPlan, Vec<Diagnostic>> {
    let settings = source.scene_settings().map_err(|wrong| vec![wrong])?;
    let scene = read(&source, &settings)
        .await
        .map_err(|error| vec![about(&error, &source.name)])?;
    plan_scene(&source, scene, settings).await
}

/// The scene of a source, with its textures found. Runs on the compute pool; files are looked for on
/// the I/O pool.
async fn read(source: &ImportSource, settings: &SceneSettings) -> Result<SceneSource, FbxError> {
    let options = options(settings, &source.settings);
    let scene = fbx::read(&source.bytes, &source.name, &options, &source.cancel)?;
    if scene.searches().is_empty() || !settings.content.textures {
        return scene.resolve(&BTreeMap::new());
    }
    let (scope, cancel) = (source.scope.clone(), source.cancel.clone());
    let searches = scene.searches().to_vec();
    let found = AsyncComputeTaskPool::get().spawn(async move {
        let mut finder = FileFinder::new(&scope);
        let mut found = BTreeMap::new();
        for search in searches {
            cancel.check()?;
            found.insert(search.image, find(&search, &scope, &mut finder).await);
        }
        Ok::<_, FbxError>(found)
    });
    scene.resolve(&found.await?)
}

fn options(settings: &SceneSettings, service: &ImportSettings) -> FbxOptions {
    FbxOptions {
        units: settings.units,
        generate_normals: settings.geometry.normals == AttributePolicy::Generate,
        refuse_non_triangles: settings.refuse_non_triangles,
        limits: service.fbx_limits.clone(),
    }
}

/// Finds the file of a texture: where the file says, else where it may be.
async fn find(
    search: &TextureSearch,
    scope: &SourceScope,
    finder: &mut FileFinder<'_>,
) -> Result<SourcePath, Diagnostic> {
    let relative = SourcePath::new(search.authored.as_str()).ok();
    let absolute = search.absolute.as_deref();
    let absolute = absolute.and_then(|path| scope.locate(Path::new(path)));
    let beside = search.candidates.iter().cloned();
    // The folder of the source is the first root.
    let elsewhere = scope.roots().iter().skip(1).flat_map(|root| {
        let inside = search
            .candidates
            .iter()
            .filter(|path| !path.leaves_folder());
        inside.filter_map(|path| scope.locate(&root.join(path.as_str())))
    });
    let mut tried: Vec<SourcePath> = Vec::new();
    for path in relative
        .into_iter()
        .chain(absolute)
        .chain(beside)
        .chain(elsewhere)
    {
        if !tried.contains(&path) {
            tried.push(path);
        }
    }
    let found = finder.find(&tried).await;
    found.map_err(|forbidden| search.not_found(&tried, &forbidden))
}

/// A diagnostic about a source. A cancellation has none, but it is not asked for one.
fn about(error: &FbxError, source: &str) -> Diagnostic {
    error
        .diagnostic()
        .unwrap_or_else(|| Diagnostic::new(codes::import::CANCELED, "Import canceled"))
        .source(source)
}

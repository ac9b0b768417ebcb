//! The plugin: registration only.

use bevy_app::{App, Plugin, Update};
use bevy_ecs::{
    intern::Interned,
    schedule::{InternedScheduleLabel, ScheduleLabel},
};
use bevy_kiln_components::{
    budget::MemoryBudget,
    container::ContainersByRoot,
    job::{JobId, JobState, Progress},
    manifest::{ManifestArrivals, ManifestFinished},
    messages::{ImportFinished, ImportProgress},
    pipeline::PipelineCounters,
    service::{Arrivals, CancelBell, Departures, ServiceState, Wake},
    settings::ImportSettings,
    work::WorkState,
};
use bevy_kiln_systems::{
    KilnSystems,
    cache::{CookCache, ProjectMemos},
    completion::{CompletionSender, Completions},
    dispatch::{OldestJob, ReadyWork, UnemittedJobs},
    freshness::Asking,
    importer::{Importer, Importers},
    importers::{
        buffer::BufferWork,
        fbx::FbxImporter,
        gltf::GltfImporter,
        image::{ImageImporter, TextureWork},
        scene::{GeometryWork, MaterialWork, MeshBuildWork, SceneTextureWork, SceneWork},
    },
    intake::{ClientInbox, JobQueue, NextJobOrder},
    io::resolve::SourceReaders,
    lanes::CookLanes,
    load::{LoadedJobs, WaitingLoads},
    manifest::Manifests,
    plan::ArrivedPlans,
    report::EndedJobs,
    systems,
    work::{Work, WorkKinds},
};

use crate::ImportClient;

/// Imports and cooks assets in any Bevy app that has task pools.
///
/// ```
/// # use bevy_app::{App, TaskPoolPlugin};
/// # use bevy_kiln_plugin::ImportPlugin;
/// App::new().add_plugins((TaskPoolPlugin::default(), ImportPlugin::default()));
/// ```
#[derive(Clone, Debug)]
pub struct ImportPlugin {
    schedule: Interned<dyn ScheduleLabel>,
    settings: Option<ImportSettings>,
}

impl Default for ImportPlugin {
    /// Runs in [`Update`], with the settings resource if the app has one, else the defaults.
    fn default() -> Self {
        Self::in_schedule(Update)
    }
}

impl ImportPlugin {
    /// Runs in a schedule of your choice. It should run in every frame.
    pub fn in_schedule(schedule: impl ScheduleLabel) -> Self {
        Self {
            schedule: schedule.intern(),
            settings: None,
        }
    }

    /// Uses these settings.
    #[must_use]
    pub fn with_settings(mut self, settings: ImportSettings) -> Self {
        self.settings = Some(settings);
        self
    }

    /// The schedule that the systems run in.
    pub fn schedule(&self) -> InternedScheduleLabel {
        self.schedule
    }
}

impl Plugin for ImportPlugin {
    fn build(&self, app: &mut App) {
        if let Some(settings) = &self.settings {
            app.insert_resource(settings.clone());
        }
        app.init_resource::<ImportSettings>();
        let settings = app.world().resource::<ImportSettings>().clone();
        let wake = app.world_mut().get_resource_or_init::<Wake>().clone();
        let state = ServiceState::default();
        let (inbox, submissions) = crossbeam_channel::unbounded();
        let (sender, completions) = Completions::channel(wake.clone());
        let budget = MemoryBudget::new(settings.memory_budget);
        if let Some(cache) = &settings.cache {
            app.insert_resource(CookCache::new(cache.clone(), budget.clone()))
                .insert_resource(ProjectMemos::new(cache.clone()));
        }
        app.insert_resource(budget)
            .insert_resource(CancelBell::new(wake.clone()))
            .insert_resource(ImportClient::new(state.clone(), inbox, wake, &settings))
            .insert_resource(state)
            .insert_resource(ClientInbox(submissions))
            .insert_resource(sender)
            .insert_resource(completions)
            .init_resource::<Arrivals>()
            .init_resource::<ManifestArrivals>()
            .init_resource::<Manifests>()
            .init_resource::<Departures>()
            .init_resource::<ContainersByRoot>()
            .init_resource::<PipelineCounters>()
            .init_resource::<JobQueue>()
            .init_resource::<NextJobOrder>()
            .init_resource::<LoadedJobs>()
            .init_resource::<WaitingLoads>()
            .init_resource::<ArrivedPlans>()
            .init_resource::<ReadyWork>()
            .init_resource::<OldestJob>()
            .init_resource::<UnemittedJobs>()
            .init_resource::<EndedJobs>()
            .init_resource::<Asking>()
            .add_message::<ImportProgress>()
            .add_message::<ImportFinished>()
            .add_message::<ManifestFinished>()
            .register_type::<JobId>()
            .register_type::<JobState>()
            .register_type::<Progress>()
            .register_type::<WorkState>()
            .register_importer(ImageImporter)
            .register_importer(FbxImporter)
            .register_importer(GltfImporter::default())
            .register_work::<TextureWork>()
            .register_work::<BufferWork>()
            .register_work::<SceneTextureWork>()
            .register_work::<MeshBuildWork>()
            .register_work::<MaterialWork>()
            .register_work::<GeometryWork>()
            .register_work::<SceneWork>()
            .configure_sets(self.schedule, KilnSystems::chain())
            .add_systems(self.schedule, systems());
    }

    /// The task pools and the asset server may come from plugins that are added later.
    fn finish(&self, app: &mut App) {
        let settings = app.world().resource::<ImportSettings>().clone();
        let sender = app.world().resource::<CompletionSender>().clone();
        if bevy_tasks::ComputeTaskPool::try_get().is_none()
            || bevy_tasks::AsyncComputeTaskPool::try_get().is_none()
        {
            tracing::warn!(
                "there are no task pools: add `TaskPoolPlugin`; default pools are used until then"
            );
            bevy_app::TaskPoolOptions::default().create_default_pools();
        }
        app.insert_resource(CookLanes::new(
            settings.pool_share,
            settings.pipelines.clone(),
            sender,
        ));
        let assets = app
            .world()
            .get_resource::<bevy_asset::AssetServer>()
            .cloned();
        app.insert_resource(SourceReaders::new(settings.source_root, assets));
    }
}

/// Registration of source formats and kinds of work: the built-in ones use it too.
pub trait ImportAppExt {
    /// Registers a source format. A later one is asked before an earlier one.
    fn register_importer(&mut self, importer: impl Importer) -> &mut Self;

    /// Registers a kind of work.
    fn register_work<W: Work>(&mut self) -> &mut Self;
}

impl ImportAppExt for App {
    fn register_importer(&mut self, importer: impl Importer) -> &mut Self {
        self.world_mut()
            .get_resource_or_init::<Importers>()
            .register(importer);
        self
    }

    fn register_work<W: Work>(&mut self) -> &mut Self {
        self.world_mut()
            .get_resource_or_init::<WorkKinds>()
            .register::<W>();
        self
    }
}

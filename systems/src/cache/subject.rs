//! Which job a request is, and everything that it asks for.

use bevy_kiln_assets::{
    cache::memo::JobRecord,
    cook::texture::FailurePolicy,
    format::payload_layout::PackingPolicy,
    settings::{scene::SceneOptions, texture::TextureOptions},
    source::{fbx::FbxLimits, image::ImageLimits},
};
use bevy_kiln_components::{job::ImportRequest, settings::ImportSettings};
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// A request, as the memo knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Which job it is, whatever it asks for.
    pub id: [u8; 16],
    /// Everything that it asks for, as JSON.
    pub settings: Arc<str>,
}

/// The subjects of many requests. Most ask for the same as the one before, which is then not written again.
pub(super) struct Subjects<'a> {
    service: &'a ImportSettings,
    /// [`ImportSettings::source_root`], wherever this process is.
    root: Option<PathBuf>,
    last: Option<(ImportRequest, Arc<str>)>,
}

impl<'a> Subjects<'a> {
    pub(super) fn new(service: &'a ImportSettings) -> Self {
        Self {
            service,
            root: source_root(service),
            last: None,
        }
    }

    /// See [`Subject::of`].
    pub(super) fn of(&mut self, request: &ImportRequest) -> Option<Subject> {
        let last = self.last.as_ref();
        let settings = match last.filter(|(last, _)| last.asks_for_the_same(request)) {
            Some((_, settings)) => settings.clone(),
            None => {
                let settings = asked(request, self.service)?;
                self.last = Some((request.clone(), settings.clone()));
                settings
            }
        };
        Some(Subject {
            id: id(request, self.root.as_deref()?)?,
            settings,
        })
    }
}

/// Everything that decides what a job makes of its source. The names of the fields are what people read as
/// the path of a setting.
#[derive(Serialize)]
struct Asked<'a> {
    name: Option<&'a str>,
    texture: &'a TextureOptions,
    scene: &'a SceneOptions,
    #[serde(serialize_with = "overrides")]
    texture_overrides: &'a ImportRequest,
    sources: Vec<String>,
    keep_partial: bool,
    placeholder: bool,
    service: Service<'a>,
}

/// What the service adds to every job.
#[derive(Serialize)]
struct Service<'a> {
    packing: PackingPolicy,
    content_hashing: bool,
    image_limits: &'a ImageLimits,
    fbx_limits: &'a FbxLimits,
    allowed_roots: Vec<&'a PathBuf>,
}

fn overrides<S: Serializer>(request: &&ImportRequest, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(request.texture_overrides.len()))?;
    for (key, options) in request.texture_overrides.iter() {
        map.serialize_entry(key, options)?;
    }
    map.end()
}

impl Subject {
    /// The subject of a request under these settings of the service. `None` when it has no JSON, such as a
    /// path that is not Unicode.
    pub fn of(request: &ImportRequest, settings: &ImportSettings) -> Option<Self> {
        Some(Self {
            id: id(request, &source_root(settings)?)?,
            settings: asked(request, settings)?,
        })
    }
}

/// Where relative sources start, from wherever this process is.
fn source_root(settings: &ImportSettings) -> Option<PathBuf> {
    let root = &settings.source_root;
    if root.as_os_str().is_empty() {
        std::env::current_dir().ok()
    } else {
        std::path::absolute(root).ok()
    }
}

fn id(request: &ImportRequest, root: &Path) -> Option<[u8; 16]> {
    // One relative path is another file in another folder.
    let place = if request.source().contains("://") {
        String::new()
    } else {
        let place = std::path::absolute(root.join(request.source()));
        place.ok()?.into_os_string().into_string().ok()?
    };
    Some(JobRecord::subject([
        &place,
        request.source(),
        request.name().unwrap_or_default(),
        request.format().unwrap_or_default(),
        &request.key().number().to_string(),
    ]))
}

fn asked(request: &ImportRequest, settings: &ImportSettings) -> Option<Arc<str>> {
    let sources = request.sources().iter();
    let asked = Asked {
        name: request.name(),
        texture: &request.texture,
        scene: &request.scene,
        texture_overrides: request,
        sources: sources
            .map(|source| {
                let place = source.place;
                let (layer, mip, slice) = (place.layer, place.mip, place.slice);
                format!("{}:{layer}:{mip}:{slice}", source.file)
            })
            .collect(),
        keep_partial: request.keep_partial,
        placeholder: request.on_texture_failure == FailurePolicy::Placeholder,
        service: Service {
            packing: settings.packing,
            content_hashing: settings.content_hashing,
            image_limits: &settings.image_limits,
            fbx_limits: &settings.fbx_limits,
            allowed_roots: settings
                .allowed_roots
                .iter()
                .chain(&request.source_roots)
                .collect(),
        },
    };
    Some(serde_json::to_string(&asked).ok()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_asked_for_by_name() {
        let mut request = ImportRequest::new("a.glb").expecting("gltf");
        request.texture.max_mips = Some(3);
        let mut options = TextureOptions::default();
        options.flip_y = Some(true);
        request.texture_overrides.set("*_n.png", options);
        let settings = ImportSettings::default();
        let subject = Subject::of(&request, &settings).unwrap();
        let json: serde_json::Value = serde_json::from_str(&subject.settings).unwrap();
        assert_eq!(json["texture"]["max_mips"], 3);
        assert_eq!(json["texture_overrides"]["*_n.png"]["flip_y"], true);
        assert_eq!(json["service"]["packing"], "d3d12");
        assert_eq!(json["service"]["image_limits"]["max_width"], 16384);
        request.texture.max_mips = Some(4);
        let changed = Subject::of(&request, &settings).unwrap();
        assert!(changed.id == subject.id && changed.settings != subject.settings);
        let other = Subject::of(&request.named("x"), &settings).unwrap();
        assert_ne!(other.id, subject.id);
    }
}

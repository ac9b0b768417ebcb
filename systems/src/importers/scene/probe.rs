//! How much memory the textures of a scene take: from the headers of their images.
//!
//! Images in files of their own are looked at while the scene is planned, many at once: the byte budget
//! has to know them before it admits them. What is wrong with a file is found again, and told, when its
//! texture is cooked.

use bevy_kiln_assets::{
    cook::texture::estimate,
    source::{
        image::{self, ImageError, ImageInfo, ImageLimits},
        path::SourcePath,
        scene::{ImageData, ImageId, SceneSource},
    },
};
use bevy_tasks::AsyncComputeTaskPool;
use std::collections::{BTreeMap, BTreeSet};

use super::textures::SceneTexture;
use crate::{
    importer::{HEAD_BYTES, ImportSource},
    io::{reader::ReadOptions, scope::SourceScope},
};

/// Files that one task of the I/O pool looks at, one after the other.
const FILES_PER_TASK: usize = 8;

/// A header may lie behind a large thumbnail or colour profile, but not behind more than this.
const LARGEST_HEAD: u64 = 16 << 20;

/// What is known of an image: the size of its file, and what its header promises.
type Known = (u64, Result<ImageInfo, ImageError>);

/// The most bytes that cooking each of the textures takes.
pub(super) async fn peaks(
    source: &ImportSource,
    scene: &SceneSource,
    textures: &[SceneTexture],
) -> Vec<u64> {
    let limits = &source.settings.image_limits;
    let used: BTreeSet<ImageId> = textures.iter().map(|texture| texture.image).collect();
    let mut known: BTreeMap<ImageId, Known> = BTreeMap::new();
    let mut files = Vec::new();
    for id in used {
        let image = &scene.images()[id.index()];
        match &image.data {
            ImageData::Embedded(bytes) => {
                let info = image::probe(bytes, &image.name, limits);
                known.insert(id, (bytes.len() as u64, info));
            }
            ImageData::External(path) => files.push((id, path.clone())),
            ImageData::Missing(_) => {}
        }
    }
    let tasks: Vec<_> = files
        .chunks(FILES_PER_TASK)
        .map(|group| {
            let (group, scope) = (group.to_vec(), source.scope.clone());
            let (limits, cancel) = (limits.clone(), source.cancel.clone());
            AsyncComputeTaskPool::get().spawn(async move {
                let mut found = Vec::new();
                for (id, path) in group {
                    if cancel.is_cancelled() {
                        break;
                    }
                    found.extend(look(&scope, &path, &limits).await.map(|known| (id, known)));
                }
                found
            })
        })
        .collect();
    for task in tasks {
        known.extend(task.await);
    }
    textures
        .iter()
        .map(|texture| match known.get(&texture.image) {
            Some((len, Ok(info))) => estimate(info, &texture.settings, *len).peak_bytes,
            // Its header is out of reach, so it may be as large as any.
            Some((len, Err(ImageError::NeedMoreBytes { .. }))) if *len > LARGEST_HEAD => {
                limits.max_decoded_bytes.saturating_add(*len)
            }
            // It fails before anything is decoded.
            Some((len, Err(_))) => *len,
            None => 0,
        })
        .collect()
}

/// Reads as much of a file as its header needs. `None` when it cannot be read.
async fn look(scope: &SourceScope, path: &SourcePath, limits: &ImageLimits) -> Option<Known> {
    let len = scope.metadata(path).await.ok()?.len;
    let mut head = HEAD_BYTES;
    loop {
        let options = ReadOptions {
            max_bytes: head,
            size_hint: head.min(len),
            ..ReadOptions::default()
        };
        let bytes = scope.read(path, options).await.ok()?;
        let info = image::probe(&bytes, path.as_str(), limits);
        match info {
            Err(ImageError::NeedMoreBytes { at_least }) if head < len.min(LARGEST_HEAD) => {
                head = (head * 2).max(at_least).min(LARGEST_HEAD);
            }
            info => return Some((len, info)),
        }
    }
}

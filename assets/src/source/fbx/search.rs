//! Where the file of a texture may be.
//!
//! The paths in an FBX file are those of the machine that it was exported on: absolute, or relative to
//! a folder that did not come along, with backslashes and with any case. This only says which paths to
//! try, best first; whoever reads files looks which of them there are.

use crate::{
    diagnostic::{Diagnostic, codes::fbx as codes},
    source::{path::SourcePath, scene::ImageId},
};
use std::collections::BTreeSet;

/// A texture whose file is to be found.
#[derive(Clone, Debug, PartialEq)]
pub struct TextureSearch {
    /// The image that waits for it.
    pub image: ImageId,
    /// The path as the file says it.
    pub authored: String,
    /// The absolute path that the file says, if there is one: where the texture was on the machine that
    /// the file was exported on.
    pub absolute: Option<String>,
    /// Where to look, best first, seen from the folder of the FBX file. Names are to be compared
    /// without regard to case where there is no exact match.
    pub candidates: Vec<SourcePath>,
    source: String,
    object: String,
}

/// Folders in which artists keep textures.
const USUAL_FOLDERS: [&str; 8] = [
    "textures",
    "texture",
    "tex",
    "maps",
    "images",
    "materials",
    "../textures",
    "..",
];

/// Most trailing segments of an authored path that are kept: a folder structure that came along.
const MAX_SEGMENTS: usize = 4;

impl TextureSearch {
    /// `authored` are the relative and the absolute path, as far as there are any.
    pub(super) fn new(image: ImageId, source: &str, authored: [&str; 2], object: &str) -> Self {
        let mut candidates = Candidates::default();
        let [relative, absolute] = authored.map(segments);
        if !is_absolute(authored[0]) {
            candidates.add(authored[0]);
        }
        let name = relative
            .last()
            .or(absolute.last())
            .copied()
            .unwrap_or_default();
        for path in [&relative, &absolute] {
            let kept = &path[path.len().saturating_sub(MAX_SEGMENTS)..];
            for start in 0..kept.len().saturating_sub(1) {
                candidates.add(&kept[start..].join("/"));
            }
        }
        candidates.add(name);
        let file = source.rsplit(['/', '\\']).next().unwrap_or(source);
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        // The FBX SDK unpacks embedded files there.
        candidates.add(&format!("{stem}.fbm/{name}"));
        for folder in USUAL_FOLDERS {
            candidates.add(&format!("{folder}/{name}"));
        }
        let absolute = authored.into_iter().find(|path| is_absolute(path));
        let authored = authored.into_iter().find(|path| !path.is_empty());
        Self {
            image,
            absolute: absolute.map(str::to_owned),
            authored: authored.unwrap_or_default().to_owned(),
            candidates: candidates.list,
            source: source.to_owned(),
            object: object.to_owned(),
        }
    }

    /// Says where the file was looked for: in `tried`, but not where something is `forbidden` to be read.
    pub fn not_found(&self, tried: &[SourcePath], forbidden: &[SourcePath]) -> Diagnostic {
        fn list<'a>(paths: impl Iterator<Item = &'a SourcePath>) -> String {
            let names: Vec<_> = paths.map(|path| format!("`{path}`")).collect();
            names.join(", ")
        }
        let looked: Vec<_> = tried
            .iter()
            .filter(|path| !forbidden.contains(path))
            .collect();
        let mut message = format!("the texture `{}` was not found", self.authored);
        if !looked.is_empty() {
            message += &format!(
                "; looked, seen from the folder of the file and without regard to case, for {}",
                list(looked.into_iter())
            );
        }
        if !forbidden.is_empty() {
            message += &format!(
                "; not looked for, because it is outside of the folders that may be read: {}",
                list(forbidden.iter())
            );
        }
        Diagnostic::new(codes::TEXTURE_NOT_FOUND, message)
            .source(&self.source)
            .object(&self.object)
    }
}

/// Paths without repetitions.
#[derive(Default)]
struct Candidates {
    list: Vec<SourcePath>,
    seen: BTreeSet<SourcePath>,
}

impl Candidates {
    /// Adds what makes a path.
    fn add(&mut self, path: &str) {
        if let Ok(path) = SourcePath::new(path)
            && self.seen.insert(path.clone())
        {
            self.list.push(path);
        }
    }
}

/// The segments that name folders or a file.
fn segments(path: &str) -> Vec<&str> {
    let path = path.split_once(':').map_or(path, |(_, rest)| rest);
    path.split(['/', '\\'])
        .filter(|segment| !matches!(*segment, "" | "." | ".."))
        .collect()
}

fn is_absolute(path: &str) -> bool {
    path.starts_with(['/', '\\']) || path.contains(':')
}

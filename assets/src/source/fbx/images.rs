//! Images: which file a texture means, and where that file may be.

use super::{
    document::{Document, EmbeddedFile},
    search::TextureSearch,
    uv::stored_transform,
};
use crate::{
    diagnostic::{Diagnostic, codes::fbx as codes},
    source::scene::{ImageData, ImageId, ImageSource, SharedBytes, UvTransform},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use ufbx::{Texture, TextureType};

/// The images of a file, in the order of their first use.
pub(super) struct Images {
    document: Arc<Document>,
    pub(super) list: Vec<ImageSource>,
    pub(super) searches: Vec<TextureSearch>,
    pub(super) notes: Vec<Diagnostic>,
    /// For each texture that was looked at its image, if it has one.
    seen: BTreeMap<u32, Option<ImageId>>,
    by_identity: BTreeMap<String, ImageId>,
    /// Textures that have been reported, by the code.
    reported: BTreeSet<(u32, &'static str)>,
}

impl Images {
    pub(super) fn new(document: Arc<Document>) -> Self {
        Self {
            document,
            list: Vec::new(),
            searches: Vec::new(),
            notes: Vec::new(),
            seen: BTreeMap::new(),
            by_identity: BTreeMap::new(),
            reported: BTreeSet::new(),
        }
    }

    /// The image of a texture that an object uses.
    pub(super) fn image(&mut self, texture: &Texture, object: &str) -> Option<ImageId> {
        let Some(file) = file_texture(texture) else {
            let message = format!("the texture `{}` has no file", texture.element.name);
            self.note_once(texture, codes::TEXTURE_PATH_MISSING, message, object);
            return None;
        };
        if texture.type_ == TextureType::Layered && texture.layers.len() > 1 {
            let message = format!(
                "of the {} layers of the texture `{}`, only `{}` is used",
                texture.layers.len(),
                texture.element.name,
                self.name(file)
            );
            self.note_once(texture, codes::TEXTURE_LAYERS, message, object);
        }
        if let Some(&image) = self.seen.get(&file.element.typed_id) {
            return image;
        }
        let image = self.add(file, object);
        self.seen.insert(file.element.typed_id, image);
        image
    }

    fn add(&mut self, file: &Texture, object: &str) -> Option<ImageId> {
        let name = self.name(file);
        let is_embedded = !file.content.is_empty();
        let path = authored_path(file);
        let mut identity = match (is_embedded, path) {
            (true, Some(path)) => format!("embedded:{}", normalized(path)),
            (true, None) => format!("embedded:{name}"),
            (false, Some(path)) => normalized(path),
            (false, None) => {
                let message = format!("the texture `{name}` names no file and embeds none");
                self.note_once(file, codes::TEXTURE_PATH_MISSING, message, object);
                return None;
            }
        };
        if let Some(&known) = self.by_identity.get(&identity) {
            let is_same = match &self.list[known.index()].data {
                ImageData::Embedded(bytes) => **bytes == *file.content,
                _ => true,
            };
            if is_same {
                return Some(known);
            }
            // Another file of the same name was embedded.
            identity = format!("{identity}#{}", file.element.typed_id);
        }
        // More images than textures, which the parser numbers with 32 bits, there cannot be.
        let id = ImageId(self.list.len() as u32);
        let data = if is_embedded {
            let owner = EmbeddedFile {
                document: self.document.clone(),
                texture: file.element.typed_id as usize,
            };
            match SharedBytes::new(Arc::new(owner), 0..file.content.len()) {
                Some(bytes) => ImageData::Embedded(bytes),
                None => return None,
            }
        } else {
            let authored = [
                file.relative_filename.as_ref(),
                file.absolute_filename.as_ref(),
            ];
            let search = TextureSearch::new(id, &self.document.source, authored, object);
            let missing = ImageData::Missing(Box::new(search.not_found(&search.candidates, &[])));
            self.searches.push(search);
            missing
        };
        self.list.push(ImageSource {
            name,
            identity: identity.clone(),
            data,
            mime: None,
        });
        self.by_identity.insert(identity, id);
        Some(id)
    }

    /// The name of a texture for people: that of its file, else its own.
    pub(super) fn name(&self, texture: &Texture) -> String {
        let file = file_texture(texture).unwrap_or(texture);
        let path = authored_path(file).unwrap_or_default();
        let file_name = path.rsplit(['/', '\\']).next().unwrap_or_default();
        match (file_name, file.element.name.as_ref()) {
            ("", "") => format!("fbx_texture_{}", file.element.element_id),
            ("", name) | (name, _) => name.to_owned(),
        }
    }

    /// How texture coordinates are transformed for a texture that an object uses.
    pub(super) fn transform(&mut self, texture: &Texture, object: &str) -> UvTransform {
        let file = file_texture(texture).unwrap_or(texture);
        let (transform, is_exact) = stored_transform(file);
        if !is_exact {
            let name = self.name(texture);
            let message = format!(
                "`{name}` is scaled and then turned, which cannot be stored; the nearest transform is \
                 {transform:?}"
            );
            self.note_once(file, codes::TEXTURE_TRANSFORM, message, object);
        }
        transform
    }

    fn note_once(
        &mut self,
        texture: &Texture,
        code: crate::diagnostic::Code,
        message: String,
        object: &str,
    ) {
        if self.reported.insert((texture.element.typed_id, code.id())) {
            self.notes
                .push(self.document.note(code, message).object(object));
        }
    }
}

/// The texture itself if it is a file, else the first file that it is made of.
fn file_texture(texture: &Texture) -> Option<&Texture> {
    match texture.type_ {
        TextureType::File => Some(texture),
        _ => Some((&texture.file_textures).into_iter().next()?),
    }
}

/// The path that the file gives a texture: the relative one if there is one.
fn authored_path(file: &Texture) -> Option<&str> {
    let paths = [
        file.relative_filename.as_ref(),
        file.absolute_filename.as_ref(),
    ];
    paths.into_iter().find(|path| !path.is_empty())
}

/// A path with `/` between its segments, and without those that mean nothing.
fn normalized(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    let is_rooted = path.starts_with(['/', '\\']);
    for segment in path.split(['/', '\\']) {
        match segment {
            "" | "." => {}
            ".." if segments.last().is_some_and(|last| *last != "..") => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let path = segments.join("/");
    if is_rooted { format!("/{path}") } else { path }
}

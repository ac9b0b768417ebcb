//! Textures: which image is meant, and where its bytes are.

use super::{
    buffers::Views,
    document::{Document, get},
    report::about,
    uri::{DataUri, Uri, UriError, shown},
};
use crate::{
    diagnostic::{Diagnostic, Severity, codes::gltf as codes},
    source::scene::{ImageData, ImageId, ImageSource, SharedBytes, UvTransform},
};
use gltf::json::{self, extensions::texture::TextureTransform};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Other images for a texture. They win over its own, which is for readers that do not know them.
const IMAGE_EXTENSIONS: [&str; 1] = ["EXT_texture_webp"];
/// An image that is not read. The own one of the texture takes its place.
const BASIS: &str = "KHR_texture_basisu";
const TRANSFORM: &str = "KHR_texture_transform";

/// A texture as a material uses it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TextureUse {
    pub(super) texture: usize,
    pub(super) uv_set: u32,
    pub(super) transform: UvTransform,
}

impl TextureUse {
    /// A texture with its transform, whose own set of coordinates wins.
    fn new(texture: usize, uv_set: u32, transform: Option<&TextureTransform>) -> Self {
        let Some(transform) = transform else {
            return Self {
                texture,
                uv_set,
                transform: UvTransform::IDENTITY,
            };
        };
        Self {
            texture,
            uv_set: transform.tex_coord.unwrap_or(uv_set),
            transform: UvTransform {
                scale: transform.scale.0,
                rotation: transform.rotation.0,
                offset: transform.offset.0,
            },
        }
    }

    /// From a plain reference.
    pub(super) fn of(info: &json::texture::Info) -> Self {
        let extensions = info.extensions.as_ref();
        let transform = extensions.and_then(|extensions| extensions.texture_transform.as_ref());
        Self::new(info.index.value(), info.tex_coord, transform)
    }

    /// From a reference to a normal or occlusion map, which has its transform among other extensions.
    ///
    /// # Errors
    /// What is wrong with the transform.
    pub(super) fn with_others(
        texture: usize,
        uv_set: u32,
        others: Option<&Map<String, Value>>,
    ) -> Result<Self, serde_json::Error> {
        let transform = others.and_then(|others| others.get(TRANSFORM));
        let transform = transform.map(TextureTransform::deserialize).transpose()?;
        Ok(Self::new(texture, uv_set, transform.as_ref()))
    }
}

/// What makes an image this one and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ImageKey {
    /// An image of the file.
    Image(usize),
    /// The image that a texture does not have.
    OfTexture(usize),
}

/// The image of a texture.
///
/// # Errors
/// `gltf.dangling_reference`.
pub(super) fn image_of(
    document: &Document,
    texture: usize,
    from: &str,
) -> Result<ImageKey, Diagnostic> {
    let source = get(&document.textures, "textures", texture, from)?;
    let object = format!("textures[{texture}]");
    let others = source
        .extensions
        .as_ref()
        .map(|extensions| &extensions.others);
    let image = |value: &Value| -> Option<usize> { value.get("source")?.as_u64()?.try_into().ok() };
    let mut extended = IMAGE_EXTENSIONS
        .iter()
        .filter_map(|name| others?.get(*name));
    // An empty texture has the largest index instead of none.
    let own = Some(source.source.value()).filter(|index| *index != u32::MAX as usize);
    match extended.find_map(image).or(own) {
        None => Ok(ImageKey::OfTexture(texture)),
        Some(index) => {
            get(&document.images, "images", index, object)?;
            Ok(ImageKey::Image(index))
        }
    }
}

/// The images that are used, each of them once.
pub(super) struct Images {
    pub(super) list: Vec<ImageSource>,
    ids: BTreeMap<ImageKey, ImageId>,
}

impl Images {
    /// Finds the bytes of images, in the order of the file. Images that cannot be used have a diagnostic
    /// in their place.
    pub(super) fn new(
        document: &Document,
        views: &mut Views<'_>,
        used: impl IntoIterator<Item = ImageKey>,
    ) -> Self {
        let names = Names::of(document);
        let mut list: Vec<ImageSource> = Vec::new();
        let mut by_identity: BTreeMap<String, ImageId> = BTreeMap::new();
        let mut ids = BTreeMap::new();
        let used: std::collections::BTreeSet<ImageKey> = used.into_iter().collect();
        for key in used {
            let image = match key {
                ImageKey::Image(index) => {
                    let Some(image) = document.images.get(index) else {
                        continue;
                    };
                    source(index, image, names.of_image(index, image), views)
                }
                ImageKey::OfTexture(index) => missing_image(document, index),
            };
            // There are at most as many images as a document can number, and as many textures.
            let next = ImageId(u32::try_from(list.len()).unwrap_or(u32::MAX));
            let id = *by_identity.entry(image.identity.clone()).or_insert(next);
            if id == next {
                list.push(image);
            }
            ids.insert(key, id);
        }
        Self { list, ids }
    }

    /// The id of an image that is used.
    pub(super) fn id(&self, key: ImageKey) -> Option<ImageId> {
        self.ids.get(&key).copied()
    }
}

/// Names that textures give to their images.
struct Names<'a>(BTreeMap<usize, (usize, Option<&'a str>)>);

impl<'a> Names<'a> {
    fn of(document: &'a Document) -> Self {
        let mut names = BTreeMap::new();
        for (index, texture) in document.textures.iter().enumerate() {
            let Ok(ImageKey::Image(image)) = image_of(document, index, "") else {
                continue;
            };
            let name = texture.name.as_deref().filter(|name| !name.is_empty());
            let known = names.entry(image).or_insert((index, name));
            if known.1.is_none() {
                known.1 = name;
            }
        }
        Self(names)
    }

    /// That of a texture, that of the image, its URI, or one with the number of a texture.
    fn of_image(&self, index: usize, image: &json::Image) -> String {
        let (texture, name) = self.0.get(&index).copied().unwrap_or((index, None));
        let own = image.name.as_deref().filter(|name| !name.is_empty());
        let is_data = |uri: &&str| {
            uri.get(..5)
                .is_some_and(|s| s.eq_ignore_ascii_case("data:"))
        };
        let uri = image.uri.as_deref().filter(|uri| !is_data(uri));
        match name.or(own).or(uri) {
            Some(name) => name.to_owned(),
            None => format!("texture_{texture}"),
        }
    }
}

fn source(index: usize, image: &json::Image, name: String, views: &mut Views<'_>) -> ImageSource {
    let object = format!("images[{index}]");
    let mut identity = format!("image:{index}");
    let mut mime = image.mime_type.as_ref().map(|mime| mime.0.clone());
    let warn = |diagnostic: Diagnostic| {
        ImageData::Missing(Box::new(diagnostic.severity(Severity::Warning)))
    };
    let data = match (image.buffer_view, image.uri.as_deref()) {
        (Some(view), _) => {
            identity = format!("view:{}", view.value());
            match views.get(view.value(), &object) {
                Ok(view) => ImageData::Embedded(view.bytes),
                Err(diagnostic) => warn(diagnostic),
            }
        }
        (None, Some(uri)) => match Uri::parse(uri) {
            Ok(Uri::File(path)) => {
                identity = path.as_str().to_owned();
                ImageData::External(path)
            }
            Ok(Uri::Data(data)) => {
                if mime.is_none() && !data.media_type.is_empty() {
                    mime = Some(data.media_type.to_owned());
                }
                match views.embedded(&data, &object) {
                    Ok(bytes) => ImageData::Embedded(bytes),
                    Err(diagnostic) => warn(diagnostic),
                }
            }
            Err(error) => {
                let message = format!("`{}`: {error}", shown(uri));
                let code = match error {
                    UriError::NoData => codes::IMAGE_DATA_URI,
                    _ => codes::IMAGE_URI,
                };
                warn(about(code, object, message))
            }
        },
        (None, None) => {
            let message = "it has neither a buffer view nor a URI";
            warn(about(codes::IMAGE_MISSING_URI, object, message))
        }
    };
    ImageSource {
        name,
        identity,
        data,
        mime,
    }
}

fn missing_image(document: &Document, texture: usize) -> ImageSource {
    let source = document.textures.get(texture);
    let name = source.and_then(|texture| texture.name.clone());
    let others = source.and_then(|texture| texture.extensions.as_ref());
    let is_basis = others.is_some_and(|extensions| extensions.others.contains_key(BASIS));
    let object = format!("textures[{texture}]");
    let diagnostic = if is_basis {
        let message = format!("it has an image of the extension `{BASIS}` only, which is not read");
        about(codes::IMAGE_FORMAT, object, message)
    } else {
        about(codes::IMAGE_MISSING, object, "it has no image")
    };
    ImageSource {
        name: name.unwrap_or_else(|| format!("texture_{texture}")),
        identity: format!("texture:{texture}"),
        data: ImageData::Missing(Box::new(diagnostic)),
        mime: None,
    }
}

impl Views<'_> {
    /// Decodes embedded data, as far as there is room for it.
    fn embedded(&mut self, data: &DataUri<'_>, object: &str) -> Result<SharedBytes, Diagnostic> {
        self.take_room(data.max_len(), object)?;
        match data.decode() {
            Ok(bytes) if bytes.is_empty() => {
                Err(about(codes::IMAGE_DATA_URI, object, "the data is empty"))
            }
            Ok(bytes) => Ok(SharedBytes::from_vec(bytes)),
            Err(error) => Err(about(codes::IMAGE_DATA_URI, object, error.to_string())),
        }
    }
}

//! Which files make up a texture, and what cooking them will take.

use bevy_kiln_assets::{
    cook::texture::{
        FailurePolicy, TextureError, estimate, estimate_encoded, estimate_set, passes_through,
    },
    diagnostic::{Diagnostic, codes::texture as codes},
    plan::Plan,
    settings::texture::TextureSettings,
    source::{
        image::{self, ImageError, ImageFormat, ImageInfo, ImageLimits, SubresourceId},
        texture::{self, StoredInfo},
    },
};
use std::path::Path;

use super::{
    faces,
    work::{TextureFile, TextureInputs, TextureWork},
};
use crate::{
    importer::{HEAD_BYTES, ImportPlan, ImportSource},
    io::{
        error::IoErrorKind,
        reader::{FileInfo, ReadOptions, SourceBytes, SourceRef},
    },
    work::PlannedWork,
};

/// A file whose header was read.
struct Seen {
    place: SubresourceId,
    file: TextureFile,
    len: u64,
    header: Header,
}

impl Seen {
    /// A name that says another format than the content.
    fn wrong_name(&self) -> Option<Diagnostic> {
        let format = self.header.as_image().format;
        let name = &self.file.name;
        let claimed = ImageFormat::of_extension(name).filter(|claimed| *claimed != format)?;
        let text = format!("the content is {format}, the name says {claimed}");
        Some(Diagnostic::new(codes::IMAGE_WRONG_EXTENSION, text).source(name))
    }
}

/// What a header says.
enum Header {
    Image(ImageInfo),
    /// A texture as a GPU takes it.
    Stored(StoredInfo),
}

impl Header {
    fn as_image(&self) -> ImageInfo {
        match self {
            Self::Image(info) => *info,
            Self::Stored(info) => info.image_info(),
        }
    }
}

/// A diagnostic about a source. A cancellation has none, but it is not asked for one.
fn about(diagnostic: Option<Diagnostic>, source: &str) -> Diagnostic {
    diagnostic
        .unwrap_or_else(|| {
            let canceled = bevy_kiln_assets::diagnostic::codes::import::CANCELED;
            Diagnostic::new(canceled, "Import canceled")
        })
        .source(source)
}

pub(super) async fn plan(source: ImportSource) -> Result<ImportPlan, Vec<Diagnostic>> {
    let settings = settings(&source).map_err(|diagnostic| vec![diagnostic])?;
    let name = source.product_name();
    let policy = source.request.on_texture_failure;
    let planned = inputs(&source, &settings).await;
    let Planned { inputs, peak, told } = match planned {
        Ok(planned) => planned,
        // What cannot be read as an image is a failure of cooking, and has its placeholder.
        Err(Refusal::Image(diagnostic)) if policy == FailurePolicy::Placeholder => Planned {
            inputs: TextureInputs::Refused(diagnostic),
            peak: 0,
            told: Vec::new(),
        },
        Err(Refusal::Image(diagnostic) | Refusal::File(diagnostic)) => {
            return Err(vec![*diagnostic]);
        }
    };
    let work = TextureWork {
        source: source.name.clone(),
        name: name.clone(),
        inputs,
        keeps_color_space: source.request.texture.color_space.is_none(),
        settings,
        limits: source.settings.image_limits.clone(),
        policy,
    };
    let plan = Plan::single(name, PlannedWork::new(work, peak));
    Ok(ImportPlan::new(plan).with_diagnostics(told))
}

/// The files, the most memory that cooking them takes, and what there is to tell of them.
struct Planned {
    inputs: TextureInputs,
    peak: u64,
    told: Vec<Diagnostic>,
}

fn settings(source: &ImportSource) -> Result<TextureSettings, Diagnostic> {
    let mut options = source.request.texture.clone();
    options
        .packing_policy
        .get_or_insert(source.settings.packing);
    options
        .content_hashing
        .get_or_insert(source.settings.content_hashing);
    options
        .resolve(&source.name)
        .map_err(|error| about(TextureError::from(error).diagnostic(), &source.name))
}

/// Why there is no texture to plan.
enum Refusal {
    /// A file cannot be read.
    File(Box<Diagnostic>),
    /// A file is no image that can be cooked.
    Image(Box<Diagnostic>),
}

impl Refusal {
    fn file(diagnostic: Diagnostic) -> Self {
        Self::File(Box::new(diagnostic))
    }
}

async fn inputs(source: &ImportSource, settings: &TextureSettings) -> Result<Planned, Refusal> {
    let limits = &source.settings.image_limits;
    if !source.members.is_empty() {
        let mut seen = Vec::with_capacity(source.members.len());
        for member in &source.members {
            let location = member.location.clone();
            seen.push(look(location, &member.name, member.place, None, limits).await?);
        }
        return Ok(several(seen, settings));
    }
    if settings.cube.looks_for_faces()
        && let Some(seen) = six_faces(source, limits).await?
    {
        return Ok(several(seen, settings));
    }
    if source.is_missing {
        return Err(Refusal::file(missing_faces(source)));
    }
    let head = Some((source.info, source.bytes.clone()));
    let place = SubresourceId::default();
    let seen = look(source.location.clone(), &source.name, place, head, limits).await?;
    Ok(single(seen, source, settings))
}

fn missing_faces(source: &ImportSource) -> Diagnostic {
    let text = format!(
        "no six files beside `{}` have the names of the faces of a cube",
        source.name
    );
    Diagnostic::new(codes::CUBEMAP_FACES_MISSING, text).source(&source.name)
}

/// One image.
fn single(seen: Seen, source: &ImportSource, settings: &TextureSettings) -> Planned {
    let peak = match &seen.header {
        Header::Image(info) => estimate(info, settings, seen.len).peak_bytes,
        Header::Stored(info) => {
            let settings =
                stored_settings(info, settings, source.request.texture.color_space.is_none());
            stored_peak(info, &settings, seen.len)
        }
    };
    Planned {
        told: seen.wrong_name().into_iter().collect(),
        inputs: TextureInputs::File(seen.file),
        peak,
    }
}

/// The settings for a file that may say itself in which space its numbers are.
pub(super) fn stored_settings(
    info: &StoredInfo,
    settings: &TextureSettings,
    keeps_color_space: bool,
) -> TextureSettings {
    let mut settings = settings.clone();
    if let Some(space) = info.color_space()
        && keeps_color_space
    {
        settings.source_color_space = space;
    }
    settings
}

/// The most memory that a texture takes which a file has as a GPU takes it.
fn stored_peak(info: &StoredInfo, settings: &TextureSettings, len: u64) -> u64 {
    // The subresources of a file that is compressed once more are there twice for a moment.
    let unpacked = info.data_bytes();
    if let Some(shape) = info.stored_shape()
        && passes_through(&shape, settings).is_ok()
    {
        let peak = estimate_encoded(&shape, len).peak_bytes;
        return peak.saturating_add(unpacked.saturating_mul(2));
    }
    let members: Vec<(SubresourceId, ImageInfo)> = info.places().collect();
    let set = estimate_set(&members, Some(info.texture_type()), settings, len);
    set.peak_bytes.saturating_add(unpacked.saturating_mul(2))
}

/// Several images.
fn several(seen: Vec<Seen>, settings: &TextureSettings) -> Planned {
    let headers: Vec<(SubresourceId, ImageInfo)> = seen
        .iter()
        .map(|seen| (seen.place, seen.header.as_image()))
        .collect();
    let len = seen
        .iter()
        .map(|seen| seen.len)
        .fold(0, u64::saturating_add);
    let peak = estimate_set(&headers, None, settings, len).peak_bytes;
    let told = seen.iter().filter_map(Seen::wrong_name).collect();
    let files = seen.into_iter().map(|seen| (seen.place, seen.file));
    Planned {
        inputs: TextureInputs::Set(files.collect()),
        peak,
        told,
    }
}

/// The six faces beside a source, if they are there.
async fn six_faces(
    source: &ImportSource,
    limits: &ImageLimits,
) -> Result<Option<Vec<Seen>>, Refusal> {
    let path = &source.location.path;
    let folder = path.parent().unwrap_or(Path::new(""));
    let Some(file_name) = path.file_name().and_then(|name| name.to_str()) else {
        return Ok(None);
    };
    let reader = source.location.reader.clone();
    let Some(six) = faces::find(&*reader, folder, file_name).await else {
        return Ok(None);
    };
    let mut seen = Vec::with_capacity(six.len());
    for (face, name) in six {
        let location = SourceRef {
            reader: reader.clone(),
            path: folder.join(&name),
            bytes: None,
        };
        // As the source was written, but for the name of the file.
        let written = match source.name.rfind(['/', '\\']) {
            Some(slash) => format!("{}{name}", &source.name[..=slash]),
            None => name,
        };
        let place = SubresourceId::face(face);
        seen.push(look(location, &written, place, None, limits).await?);
    }
    Ok(Some(seen))
}

/// Reads the head of a file, unless it was read already, and what its header says.
async fn look(
    mut location: SourceRef,
    name: &str,
    place: SubresourceId,
    head: Option<(FileInfo, SourceBytes)>,
    limits: &ImageLimits,
) -> Result<Seen, Refusal> {
    let failed = |error: crate::io::error::FileError| {
        let canceled = error.kind == IoErrorKind::Cancelled;
        let diagnostic = Diagnostic::new(
            if canceled {
                error.kind.code()
            } else {
                codes::READ_FAILED
            },
            error.to_string(),
        );
        Refusal::file(diagnostic.source(name))
    };
    let (reader, path) = (location.reader.clone(), location.path.clone());
    let (info, mut bytes) = match head {
        Some(head) => head,
        None => {
            let info = reader.metadata(&path).await.map_err(failed)?;
            let options = ReadOptions {
                max_bytes: HEAD_BYTES,
                size_hint: info.len.min(HEAD_BYTES),
                ..ReadOptions::default()
            };
            (info, reader.read(&path, options).await.map_err(failed)?)
        }
    };
    let mut whole = info.len <= bytes.len() as u64;
    let header = loop {
        match header(&bytes, name, limits) {
            Ok(header) => break header,
            // A header behind a long comment or colour profile: the file has to tell more.
            Err(ImageError::NeedMoreBytes { .. }) if !whole => {
                bytes = reader
                    .read(&path, ReadOptions::default())
                    .await
                    .map_err(failed)?;
                whole = true;
            }
            Err(error) => {
                let diagnostic = about(error.diagnostic(), name);
                return Err(Refusal::Image(Box::new(diagnostic)));
            }
        }
    };
    // A small file was read with its head; there is no reason to read it again.
    location.bytes = whole.then_some(bytes);
    Ok(Seen {
        place,
        file: TextureFile {
            name: name.to_owned(),
            location,
        },
        len: info.len,
        header,
    })
}

fn header(bytes: &[u8], name: &str, limits: &ImageLimits) -> Result<Header, ImageError> {
    match texture::probe(bytes, limits)? {
        Some(stored) => Ok(Header::Stored(stored)),
        None => image::probe(bytes, name, limits).map(Header::Image),
    }
}

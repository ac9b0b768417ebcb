//! The parsed document: what all mesh loaders of a file share.

use super::{FbxError, FbxLimits, space::Space};
use crate::{
    cook::pace::{CancelFlag, Cancelled},
    diagnostic::{Code, Diagnostic},
};
use std::sync::Arc;
use ufbx::{
    AllocatorOpts, ErrorType, FileFormat, GeometryTransformHandling, IndexErrorHandling,
    InheritModeHandling, LoadOpts, OpenFileCb, Progress, ProgressCb, ProgressResult, SceneRoot,
    UnicodeErrorHandling,
};

/// A parsed file, and how its space becomes the engine's.
pub(super) struct Document {
    pub(super) scene: SceneRoot,
    pub(super) space: Space,
    /// The source as diagnostics name it.
    pub(super) source: String,
}

impl Document {
    /// The mesh with a number, which is its position in the file.
    pub(super) fn mesh(&self, number: u32) -> Option<&ufbx::Mesh> {
        Some(self.scene.meshes.get(number as usize)?)
    }

    /// A diagnostic about the file.
    pub(super) fn note(&self, code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, message).source(&self.source)
    }
}

/// Parses a file. The parser opens no other file, stops when the flag is raised, and keeps the limits.
///
/// Nothing is converted here, so all of the scene is in the space of the file: what the parser could do
/// for us moves the children of cameras, leaves files without axes as they are, and scales nodes by the
/// unit ([`Space`] says what happens instead).
pub(super) fn parse(
    bytes: &[u8],
    limits: &FbxLimits,
    cancel: &CancelFlag,
) -> Result<SceneRoot, FbxError> {
    cancel.check()?;
    let scene = load(bytes, limits, cancel)?;
    cancel.check()?;
    if scene.metadata.file_format != FileFormat::Fbx {
        return Err(FbxError::NotFbx);
    }
    Ok(scene)
}

pub(super) fn load(
    bytes: &[u8],
    limits: &FbxLimits,
    cancel: &CancelFlag,
) -> Result<SceneRoot, FbxError> {
    // A panic in a callback of the parser would abort the process: these cannot.
    let progress = |_: &Progress| match cancel.is_cancelled() {
        true => ProgressResult::Cancel,
        false => ProgressResult::Continue,
    };
    let refuse_files = |_: &str, _: &ufbx::OpenFileInfo| None;
    let options = LoadOpts {
        temp_allocator: allocator(limits),
        result_allocator: allocator(limits),
        node_depth_limit: limits.max_node_depth,
        progress_cb: ProgressCb::Ref(&progress),
        progress_interval_hint: PROGRESS_BYTES,
        open_file_cb: OpenFileCb::Ref(&refuse_files),
        load_external_files: false,
        ignore_animation: true,
        skip_mesh_parts: true,
        clean_skin_weights: true,
        use_blender_pbr_material: true,
        strict: false,
        // Corners without a value say so, instead of taking somebody else's.
        index_error_handling: IndexErrorHandling::NoIndex,
        unicode_error_handling: UnicodeErrorHandling::ReplacementCharacter,
        geometry_transform_handling: GeometryTransformHandling::HelperNodes,
        inherit_mode_handling: InheritModeHandling::Compensate,
        no_format_from_extension: true,
        path_separator: b'/',
        ..LoadOpts::default()
    };
    ufbx::load_memory(bytes, options).map_err(|error| parse_error(&error, limits))
}

/// Bytes between two looks at the flag: less than a millisecond of work.
const PROGRESS_BYTES: u64 = 16 << 10;

fn allocator(limits: &FbxLimits) -> AllocatorOpts {
    // 0 would mean "no limit".
    let limit = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX).max(1);
    AllocatorOpts {
        memory_limit: limit(limits.max_bytes),
        allocation_limit: limit(limits.max_allocations),
        ..AllocatorOpts::default()
    }
}

/// Only the kind and the fixed description of an error are read: the details that the parser adds are
/// cut at a number of bytes, which need not be the end of a character.
fn parse_error(error: &ufbx::Error, limits: &FbxLimits) -> FbxError {
    let limit = |what, limit| FbxError::Limit { what, limit };
    match error.type_ {
        ErrorType::Cancelled => FbxError::Cancelled(Cancelled),
        ErrorType::EmptyFile | ErrorType::UnrecognizedFileFormat => FbxError::NotFbx,
        ErrorType::TruncatedFile => FbxError::Truncated,
        ErrorType::OutOfMemory => FbxError::OutOfMemory,
        ErrorType::MemoryLimit => limit("bytes of memory", limits.max_bytes),
        ErrorType::AllocationLimit => limit("blocks of memory", limits.max_allocations),
        ErrorType::NodeDepthLimit => limit("levels of nodes", u64::from(limits.max_node_depth)),
        kind => FbxError::Malformed {
            reason: match error.description.as_ref() {
                "" => format!("{kind:?}"),
                description => description.to_owned(),
            },
        },
    }
}

/// A file that was embedded in the document, as an owner of bytes.
pub(super) struct EmbeddedFile {
    pub(super) document: Arc<Document>,
    pub(super) texture: usize,
}

impl AsRef<[u8]> for EmbeddedFile {
    fn as_ref(&self) -> &[u8] {
        let textures = &self.document.scene.textures;
        textures
            .get(self.texture)
            .map_or(&[], |texture| &texture.content)
    }
}

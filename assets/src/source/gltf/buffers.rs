//! Buffers and views: where bytes come from, and which part of them is meant.

use super::{
    document::{Document, get},
    limits::GltfLimits,
    meshopt,
    report::{Report, about},
    uri::{Uri, UriError, shown},
};
use crate::{
    cook::pace::CancelFlag,
    diagnostic::{Diagnostic, codes::gltf as codes},
    source::{path::SourcePath, scene::SharedBytes},
};
use gltf::json;
use std::collections::BTreeMap;

/// A file with the data of buffers, to be read before the scene is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalBuffer {
    /// Where it is, seen from the folder of the source.
    pub path: SourcePath,
    /// How many bytes of it are needed.
    pub byte_length: u64,
    /// The first buffer that it is for, such as `buffers[0]`.
    pub object: String,
}

/// Where the bytes of a buffer come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// The second chunk of the container.
    Container,
    /// Its URI.
    Embedded,
    /// A file: which one of those that were asked for.
    File(usize),
    /// Nowhere. Compressed views have such a buffer in place of the one that they would fall back to.
    Nowhere,
}

/// Where the bytes of all buffers come from.
pub(super) struct BufferPlan {
    origins: Vec<Origin>,
    /// The files that are to be read.
    pub(super) files: Vec<ExternalBuffer>,
    /// At least as many bytes as embedded buffers have when they are decoded.
    pub(super) embedded_bytes: u64,
}

impl BufferPlan {
    /// Looks at all buffers. Those that cannot be read are errors in the report.
    pub(super) fn new(
        buffers: &[json::Buffer],
        has_container: bool,
        limits: &GltfLimits,
        report: &mut Report,
    ) -> Self {
        let mut plan = Self {
            origins: Vec::with_capacity(buffers.len()),
            files: Vec::new(),
            embedded_bytes: 0,
        };
        let mut known: BTreeMap<SourcePath, usize> = BTreeMap::new();
        for (index, buffer) in buffers.iter().enumerate() {
            let object = format!("buffers[{index}]");
            let origin = match buffer.uri.as_deref().map(|uri| (uri, Uri::parse(uri))) {
                None if index == 0 && has_container => Origin::Container,
                None => Origin::Nowhere,
                Some((_, Ok(Uri::Data(data)))) => {
                    plan.embedded_bytes = plan.embedded_bytes.saturating_add(data.max_len());
                    Origin::Embedded
                }
                Some((_, Ok(Uri::File(path)))) => {
                    let byte_length = buffer.byte_length.0;
                    let file = *known.entry(path.clone()).or_insert_with(|| {
                        plan.files.push(ExternalBuffer {
                            path,
                            byte_length,
                            object,
                        });
                        plan.files.len() - 1
                    });
                    let needed = &mut plan.files[file].byte_length;
                    *needed = byte_length.max(*needed);
                    Origin::File(file)
                }
                Some((uri, Err(error))) => {
                    let message = format!("`{}`: {error}", shown(uri));
                    let code = match error {
                        UriError::NoData => codes::BUFFER_DATA_URI,
                        _ => codes::BUFFER_URI,
                    };
                    report.note(code, object, message);
                    Origin::Nowhere
                }
            };
            plan.origins.push(origin);
        }
        if plan.files.len() > limits.max_files {
            let message = format!(
                "its data is in {} files, but at most {} are allowed",
                plan.files.len(),
                limits.max_files
            );
            report.note(codes::LIMIT_EXCEEDED, "buffers", message);
            plan.files.clear();
        }
        plan
    }

    /// Brings the bytes of all buffers together. `files` are those of [`Self::files`], in order.
    pub(super) fn resolve(
        &self,
        document: &Document,
        container: Option<&SharedBytes>,
        files: &[SharedBytes],
        report: &mut Report,
    ) -> Buffers {
        let buffers = self.origins.iter().zip(&document.buffers).enumerate();
        let bytes = buffers.map(|(index, (origin, buffer))| {
            let object = format!("buffers[{index}]");
            let bytes = match *origin {
                Origin::Container => container.cloned()?,
                Origin::File(file) => files.get(file).cloned()?,
                Origin::Nowhere => return None,
                Origin::Embedded => match Uri::parse(buffer.uri.as_deref()?) {
                    Ok(Uri::Data(data)) => match data.decode() {
                        Ok(bytes) => SharedBytes::from_vec(bytes),
                        Err(error) => {
                            report.note(codes::BUFFER_DATA_URI, object, error.to_string());
                            return None;
                        }
                    },
                    _ => return None,
                },
            };
            let length = buffer.byte_length.0;
            let slice = usize::try_from(length)
                .ok()
                .and_then(|len| bytes.slice(0..len));
            if slice.is_none() {
                let message = format!("it has {length} bytes, but its data has {}", bytes.len());
                report.note(codes::BUFFER_TOO_SHORT, object, message);
            }
            slice
        });
        Buffers(bytes.collect())
    }
}

/// The bytes of all buffers.
pub(super) struct Buffers(Vec<Option<SharedBytes>>);

impl Buffers {
    /// How many bytes there are.
    fn len(&self) -> u64 {
        self.0
            .iter()
            .flatten()
            .map(|bytes| bytes.len() as u64)
            .sum()
    }

    /// A part of a buffer.
    ///
    /// # Errors
    /// A diagnostic about `from`, which asks for it.
    pub(super) fn slice(
        &self,
        buffer: usize,
        offset: u64,
        length: u64,
        from: &str,
    ) -> Result<SharedBytes, Diagnostic> {
        let Some(bytes) = get(&self.0, "buffers", buffer, from)? else {
            let message = format!("buffers[{buffer}] has no data");
            return Err(about(codes::BUFFER_NO_DATA, from, message));
        };
        let end = offset
            .checked_add(length)
            .and_then(|end| usize::try_from(end).ok());
        let range = end.and_then(|end| Some(usize::try_from(offset).ok()?..end));
        range.and_then(|range| bytes.slice(range)).ok_or_else(|| {
            let message = format!(
                "{length} bytes from byte {offset} are not inside of buffers[{buffer}], which has {}",
                bytes.len()
            );
            about(codes::BUFFER_VIEW, from, message)
        })
    }
}

/// The bytes of one view.
#[derive(Clone)]
pub(super) struct View {
    pub(super) bytes: SharedBytes,
    /// The distance from element to element, when it is given.
    pub(super) stride: Option<usize>,
}

/// The views of a file. Compressed ones are decoded when they are used first.
pub(super) struct Views<'a> {
    document: &'a Document,
    buffers: &'a Buffers,
    decoded: BTreeMap<usize, SharedBytes>,
    /// Bytes of all buffers, and of all that was decoded.
    total: u64,
    /// Bytes that may still be decoded.
    room: u64,
    cancel: &'a CancelFlag,
}

impl<'a> Views<'a> {
    /// The views over some buffers, of which nothing is decoded yet.
    pub(super) fn new(
        document: &'a Document,
        buffers: &'a Buffers,
        limits: &GltfLimits,
        cancel: &'a CancelFlag,
    ) -> Self {
        Self {
            document,
            buffers,
            decoded: BTreeMap::new(),
            total: buffers.len(),
            room: limits.max_decoded_bytes,
            cancel,
        }
    }

    /// How many bytes there are, compressed ones and what was made of them.
    pub(super) fn total_bytes(&self) -> u64 {
        self.total
    }

    /// Takes room for data that is going to be decoded.
    ///
    /// # Errors
    /// `gltf.limit_exceeded` when there is not enough of it.
    pub(super) fn take_room(&mut self, bytes: u64, object: &str) -> Result<(), Diagnostic> {
        match self.room.checked_sub(bytes) {
            Some(room) => {
                self.room = room;
                Ok(())
            }
            None => {
                let message = format!(
                    "it takes {bytes} bytes when it is decoded, but at most {} more are allowed",
                    self.room
                );
                Err(about(codes::LIMIT_EXCEEDED, object, message))
            }
        }
    }

    /// A view.
    ///
    /// # Errors
    /// A diagnostic about the view, or about `from` when there is no such view.
    pub(super) fn get(&mut self, index: usize, from: &str) -> Result<View, Diagnostic> {
        let view = get(&self.document.buffer_views, "bufferViews", index, from)?;
        let object = format!("bufferViews[{index}]");
        let stride = view.byte_stride.map(|stride| stride.0);
        if let Some(compression) = meshopt::Compression::of(view, &object)? {
            let stride = stride.or(compression.vertex_stride());
            if let Some(bytes) = self.decoded.get(&index) {
                let bytes = bytes.clone();
                return Ok(View { bytes, stride });
            }
            self.take_room(compression.decoded_bytes(), &object)?;
            // Whoever made the views looks at the flag itself; this only ends a long row of them early.
            if self.cancel.is_cancelled() {
                return Err(Diagnostic::new(
                    crate::diagnostic::codes::import::CANCELED,
                    "Import canceled",
                ));
            }
            let encoded = self.buffers.slice(
                compression.buffer,
                compression.offset,
                compression.length,
                &object,
            )?;
            let bytes = compression.decode(&encoded, &object)?;
            self.total = self.total.saturating_add(bytes.len() as u64);
            self.decoded.insert(index, bytes.clone());
            return Ok(View { bytes, stride });
        }
        let offset = view.byte_offset.map_or(0, |offset| offset.0);
        let bytes = self
            .buffers
            .slice(view.buffer.value(), offset, view.byte_length.0, &object)?;
        Ok(View { bytes, stride })
    }
}

/// At least as many bytes as all compressed views have when they are decoded.
pub(super) fn compressed_bytes(document: &Document) -> u64 {
    let views = document.buffer_views.iter();
    let sizes = views.filter_map(|view| meshopt::Compression::of(view, "").ok()?);
    sizes.fold(0, |sum: u64, view| sum.saturating_add(view.decoded_bytes()))
}

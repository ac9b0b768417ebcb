//! Standalone buffers: bytes that are stored as they are, with their hash.
//!
//! The buffers of meshes do not come this way; their mesh build makes and hashes them. This kind of work
//! is for importers that have a buffer and nothing else to do with it.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    cook::hash::sha256,
    format::{buffer_table::BufferLayout, catalog::CatalogEntry, ids::ContentHash},
    source::scene::SharedBytes,
};
use bevy_kiln_components::pipeline::WorkKind;
use bevy_tasks::BoxedFuture;
use std::sync::Arc;

use crate::{
    io::reader::SourceRef,
    lanes::CookContext,
    work::{BufferEmission, CookFailure, CookInput, Cooked, Emission, PlannedWork, Work},
};

/// One buffer.
#[derive(Component, Clone, Debug)]
pub struct BufferWork {
    /// The source as reports and the catalogue name it.
    pub source: String,
    /// The name in the catalogue.
    pub name: String,
    /// Usage, stride, element format and alignment.
    pub layout: BufferLayout,
    /// The bytes, or the file that they are.
    pub bytes: BufferBytes,
    /// The hash of the bytes, when it is known already.
    pub content_hash: ContentHash,
    /// Whether a hash is computed when it is not known.
    pub content_hashing: bool,
}

/// Where the bytes of a buffer are.
#[derive(Clone, Debug)]
pub enum BufferBytes {
    /// In memory, perhaps as a part of something larger.
    Shared(SharedBytes),
    /// In a file, which is read when the buffer is cooked.
    File(SourceRef),
}

impl BufferWork {
    /// The work as an item of a plan. A file has `file_len` bytes.
    pub fn planned(self, file_len: u64) -> PlannedWork {
        let peak = match &self.bytes {
            BufferBytes::Shared(bytes) => bytes.len() as u64,
            BufferBytes::File(_) => file_len,
        };
        PlannedWork::new(self, peak)
    }
}

impl Work for BufferWork {
    const KIND: WorkKind = WorkKind::BUFFER;

    fn input(&self) -> Option<SourceRef> {
        match &self.bytes {
            BufferBytes::Shared(_) => None,
            BufferBytes::File(file) => Some(file.clone()),
        }
    }

    fn cook(
        self,
        input: CookInput,
        mut context: CookContext,
    ) -> BoxedFuture<'static, Result<Cooked, CookFailure>> {
        Box::pin(async move {
            context.pace.checkpoint().await?;
            let bytes = match (self.bytes, input.bytes) {
                (BufferBytes::Shared(bytes), _) => bytes,
                (BufferBytes::File(_), Some(Err(error))) => {
                    return Err(error.diagnostic(&self.source).into());
                }
                (BufferBytes::File(_), Some(Ok(bytes))) => {
                    let all = 0..bytes.len();
                    SharedBytes::new(Arc::new(bytes), all).unwrap_or_else(|| Vec::new().into())
                }
                (BufferBytes::File(_), None) => Vec::new().into(),
            };
            let mut content_hash = self.content_hash;
            if self.content_hashing && content_hash == ContentHash::NONE {
                content_hash = ContentHash::from_digest(&sha256(&bytes, &mut context.pace).await?);
            }
            let catalog = CatalogEntry::buffer(&self.source, &self.name).with_hash(content_hash);
            Ok(Cooked {
                emissions: vec![Emission::Buffer(BufferEmission {
                    name: self.name,
                    layout: self.layout,
                    bytes,
                    content_hash,
                    catalog: Some(catalog),
                })],
                ..Cooked::default()
            })
        })
    }
}

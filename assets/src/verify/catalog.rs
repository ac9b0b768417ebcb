//! Checks of the catalogue against the container.

use super::{
    Findings,
    index::IndexFacts,
    table::{BufferFact, TextureFact},
};
use crate::{
    diagnostic::codes::verify as codes,
    format::{
        catalog::{Catalog, CatalogTarget},
        ids::ContentHash,
    },
};

/// Checks that every line of the catalogue leads to what it says.
pub fn check(
    bytes: &[u8],
    index: &IndexFacts,
    textures: &[Option<TextureFact>],
    buffers: &[Option<BufferFact>],
    findings: &mut Findings,
) {
    let catalog = match Catalog::parse(bytes) {
        Ok(catalog) => catalog,
        Err(error) => {
            findings.add(codes::CATALOG, "file", error.to_string());
            return;
        }
    };
    for entry in catalog.entries() {
        let object = format!("{} ({})", entry.source(), entry.name());
        let stored: Option<ContentHash> = match entry.target() {
            Some(CatalogTarget::Texture(index)) => textures
                .get(index.0 as usize)
                .and_then(Option::as_ref)
                .map(|fact| fact.content_hash),
            Some(CatalogTarget::Buffer(index)) => buffers
                .get(index.0 as usize)
                .and_then(Option::as_ref)
                .map(|fact| fact.content_hash),
            Some(CatalogTarget::Asset(key)) => index
                .assets
                .iter()
                .any(|asset| asset.key.to_string() == *key)
                .then(|| entry.content_hash()),
            _ => None,
        };
        match stored {
            None => findings.add(
                codes::CATALOG,
                object,
                "it leads to nothing in the container",
            ),
            Some(hash) if hash != entry.content_hash() => {
                findings.add(
                    codes::CATALOG,
                    object,
                    "its content hash is not the one in the container",
                );
            }
            Some(_) => {}
        }
    }
    for (key, job) in catalog.jobs() {
        let inside = |max: Option<u32>, len: usize| max.is_none_or(|max| (max as usize) < len);
        if !inside(job.textures.max(), textures.len()) || !inside(job.buffers.max(), buffers.len())
        {
            let text = "the job has something that is not in the container";
            findings.add(codes::CATALOG, key.to_string(), text);
        }
    }
}

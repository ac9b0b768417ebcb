//! What a report says of a job, as bytes: products, what was left out, diagnostics.

use bevy_kiln_assets::{
    cache::fields::{put, put_diagnostic, put_optional, take_diagnostic, take_optional, take_text},
    diagnostic::Diagnostic,
    format::{
        bytes::{ByteReader, ByteWriter},
        ids::ContentHash,
        index::AssetType,
    },
    source::scene::IgnoredContent,
};
use bevy_kiln_components::report::{DetailLevel, Product};

/// What there is to tell of a job that was committed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Told {
    pub(crate) products: Vec<Product>,
    pub(crate) ignored: IgnoredContent,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Told {
    /// `None` for a product that is not known here, or a text that is too long.
    pub(crate) fn to_bytes(&self) -> Option<Vec<u8>> {
        let mut out = ByteWriter::default();
        out.u32(u32::try_from(self.products.len()).ok()?);
        for product in &self.products {
            put_product(&mut out, product)?;
        }
        let ignored = &self.ignored;
        out.u32(ignored.animations)
            .u32(ignored.morph_targets)
            .u32(ignored.non_triangle_primitives)
            .u32(ignored.unused_nodes);
        out.u32(u32::try_from(self.diagnostics.len()).ok()?);
        for diagnostic in &self.diagnostics {
            put_diagnostic(&mut out, diagnostic)?;
        }
        Some(out.finish())
    }

    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = ByteReader::new(bytes);
        let mut told = Self::default();
        for _ in 0..reader.u32().ok()? {
            told.products.push(take_product(&mut reader)?);
        }
        told.ignored.animations = reader.u32().ok()?;
        told.ignored.morph_targets = reader.u32().ok()?;
        told.ignored.non_triangle_primitives = reader.u32().ok()?;
        told.ignored.unused_nodes = reader.u32().ok()?;
        for _ in 0..reader.u32().ok()? {
            told.diagnostics.push(take_diagnostic(&mut reader)?);
        }
        (reader.offset() == bytes.len()).then_some(told)
    }
}

fn put_product(out: &mut ByteWriter, product: &Product) -> Option<()> {
    match product {
        Product::Texture {
            source,
            name,
            index,
            content_hash,
            size,
            reused: _,
            encoder,
        } => {
            out.u8(0);
            put(out, source.as_bytes())?;
            put(out, name.as_bytes())?;
            out.u32(*index).u64(content_hash.0).u64(*size);
            put_optional(out, encoder.as_deref())
        }
        Product::Buffer {
            name,
            index,
            content_hash,
            size,
            reused: _,
        } => {
            out.u8(1);
            put(out, name.as_bytes())?;
            out.u32(*index).u64(content_hash.0).u64(*size);
            Some(())
        }
        Product::Asset {
            asset,
            virtual_path,
            key,
            size,
            levels,
        } => {
            out.u8(2);
            put(out, asset.as_bytes())?;
            put(out, virtual_path.as_bytes())?;
            put(out, key.as_bytes())?;
            out.u64(*size);
            out.u32(u32::try_from(levels.len()).ok()?);
            for level in levels {
                out.u32(level.vertices).u32(level.triangles);
                out.u8(u8::from(level.error.is_some()))
                    .f32(level.error.unwrap_or_default());
            }
            Some(())
        }
        _ => None,
    }
}

fn take_product(reader: &mut ByteReader<'_>) -> Option<Product> {
    match reader.u8().ok()? {
        0 => Some(Product::Texture {
            source: take_text(reader)?.to_owned(),
            name: take_text(reader)?.to_owned(),
            index: reader.u32().ok()?,
            content_hash: ContentHash(reader.u64().ok()?),
            size: reader.u64().ok()?,
            // By now it is there, whoever has put it there.
            reused: true,
            encoder: take_optional(reader)?.map(str::to_owned),
        }),
        1 => Some(Product::Buffer {
            name: take_text(reader)?.to_owned(),
            index: reader.u32().ok()?,
            content_hash: ContentHash(reader.u64().ok()?),
            size: reader.u64().ok()?,
            reused: true,
        }),
        2 => {
            let label = take_text(reader)?;
            let known = [AssetType::Material, AssetType::Geometry, AssetType::Scene];
            let asset = known.into_iter().find(|known| known.label() == label)?;
            Some(Product::Asset {
                asset: asset.label(),
                virtual_path: take_text(reader)?.to_owned(),
                key: take_text(reader)?.to_owned(),
                size: reader.u64().ok()?,
                levels: take_levels(reader)?,
            })
        }
        _ => None,
    }
}

fn take_levels(reader: &mut ByteReader<'_>) -> Option<Vec<DetailLevel>> {
    let mut levels = Vec::new();
    for _ in 0..reader.u32().ok()? {
        let (vertices, triangles) = (reader.u32().ok()?, reader.u32().ok()?);
        let has_error = reader.u8().ok()? != 0;
        let error = reader.f32().ok()?;
        levels.push(DetailLevel {
            vertices,
            triangles,
            error: has_error.then_some(error),
        });
    }
    Some(levels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy_kiln_assets::diagnostic::codes;

    #[test]
    fn what_is_told_comes_back() {
        let level = |error| DetailLevel {
            vertices: 3,
            triangles: 1,
            error,
        };
        let told = Told {
            products: vec![
                Product::Texture {
                    source: "a.png".to_owned(),
                    name: "a".to_owned(),
                    index: 3,
                    content_hash: ContentHash(7),
                    size: 100,
                    reused: true,
                    encoder: Some("bc7e".to_owned()),
                },
                Product::Buffer {
                    name: "vb".to_owned(),
                    index: 1,
                    content_hash: ContentHash(8),
                    size: 72,
                    reused: true,
                },
                Product::Asset {
                    asset: "geometry",
                    virtual_path: "/x.ogeo".to_owned(),
                    key: "k".to_owned(),
                    size: 9,
                    levels: vec![level(None), level(Some(0.5))],
                },
            ],
            ignored: IgnoredContent::default(),
            diagnostics: vec![Diagnostic::new(codes::import::CANCELED, "no").object("o")],
        };
        let bytes = told.to_bytes().unwrap();
        assert_eq!(Told::parse(&bytes), Some(told));
        for len in 0..bytes.len() {
            assert_eq!(Told::parse(&bytes[..len]), None);
        }
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] = 0xff;
            let _ = Told::parse(&bad);
        }
    }
}

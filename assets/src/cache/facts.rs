//! What consumers of a cached texture or mesh must know besides its payloads.

use super::fields::{put, put_optional, take_optional, take_text};
use crate::{
    cook::mesh::{BufferRole, BuiltLod, BuiltMesh, BuiltSubmesh, MeshShape, MeshView},
    format::{
        bounds::Bounds,
        bytes::{ByteReader, ByteWriter},
        ids::ContentHash,
        record::Stored,
        texture_format::TextureFormat,
        texture_shape::{TextureShape, TextureType},
    },
    settings::geometry::MAX_LODS,
    source::scene::MaterialId,
};

/// What is known of a cooked texture besides its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextureFacts {
    /// Its shape.
    pub shape: TextureShape,
    /// Its hash.
    pub content_hash: ContentHash,
    /// The encoder that made its blocks.
    pub encoder: Option<String>,
}

impl TextureFacts {
    /// The facts as bytes; `None` when the name of the encoder is too long.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let mut out = ByteWriter::default();
        let shape = &self.shape;
        out.u8(shape.texture_type().id())
            .u32(shape.width())
            .u32(shape.height())
            .u16(shape.depth())
            .u16(shape.layers())
            .u16(shape.mips())
            .u8(shape.format().id())
            .u64(self.content_hash.0);
        put_optional(&mut out, self.encoder.as_deref())?;
        Some(out.finish())
    }

    /// Reads facts; `None` when they are none.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = ByteReader::new(bytes);
        let texture_type = TextureType::from_id(reader.u8().ok()?)?;
        let (width, height) = (reader.u32().ok()?, reader.u32().ok()?);
        let (depth, layers) = (reader.u16().ok()?, reader.u16().ok()?);
        let mips = reader.u16().ok()?;
        let format = TextureFormat::from_id(reader.u8().ok()?)?;
        let shape =
            TextureShape::new(texture_type, width, height, depth, layers, mips, format).ok()?;
        let content_hash = ContentHash(reader.u64().ok()?);
        let encoder = take_optional(&mut reader)?.map(str::to_owned);
        (reader.offset() == bytes.len()).then_some(Self {
            shape,
            content_hash,
            encoder,
        })
    }
}

/// What is known of a cooked mesh besides its buffers. Its name is not kept.
#[derive(Clone, Debug, PartialEq)]
pub struct MeshFacts {
    /// The mesh without its buffers.
    pub shape: MeshShape,
    /// What the buffers of each level are, in the order of the output, with their hashes.
    pub buffers: Vec<Vec<(BufferRole, ContentHash)>>,
}

const ROLES: [BufferRole; 6] = [
    BufferRole::Vertices,
    BufferRole::Indices,
    BufferRole::JointIndices,
    BufferRole::JointWeights,
    BufferRole::InverseBind,
    BufferRole::JointRemap,
];

impl MeshFacts {
    /// The facts as bytes; `None` when something is too long for its field.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let mesh = self.shape.mesh();
        let mut out = ByteWriter::default();
        out.u32(mesh.attributes);
        mesh.bounds.write(&mut out);
        out.u32(u32::try_from(mesh.lods.len()).ok()?);
        for (lod, buffers) in mesh.lods.iter().zip(&self.buffers) {
            put(&mut out, lod.name.as_bytes())?;
            out.u32(lod.joint_count.map_or(u32::MAX, u32::from));
            lod.bounds.write(&mut out);
            out.u32(lod.vertex_count).u32(lod.index_count);
            // An error is a distance; its bits are told from those of no error by a flag.
            out.u8(u8::from(lod.error.is_some()))
                .f32(lod.error.unwrap_or_default());
            out.u32(u32::try_from(lod.submeshes.len()).ok()?);
            for submesh in &lod.submeshes {
                out.u8(u8::from(submesh.material.is_some()))
                    .u32(submesh.material.map_or(0, |material| material.0));
                submesh.bounds.write(&mut out);
                let view = &submesh.view;
                out.u32(view.first_index)
                    .u32(view.index_count)
                    .u32(view.first_vertex)
                    .u32(view.vertex_count);
            }
            out.u32(u32::try_from(buffers.len()).ok()?);
            for (role, hash) in buffers {
                let role = ROLES.iter().position(|known| known == role)?;
                out.u8(u8::try_from(role).ok()?).u64(hash.0);
            }
        }
        Some(out.finish())
    }

    /// Reads facts of a mesh that is called `name`; `None` when they are none.
    pub fn parse(bytes: &[u8], name: &str) -> Option<Self> {
        let mut reader = ByteReader::new(bytes);
        let attributes = reader.u32().ok()?;
        let bounds = Bounds::read(&mut reader).ok()?;
        let count = reader.u32().ok()? as usize;
        if count > MAX_LODS {
            return None;
        }
        let mut lods = Vec::with_capacity(count);
        let mut buffers = Vec::with_capacity(count);
        for _ in 0..count {
            lods.push(lod(&mut reader)?);
            let mut own = Vec::new();
            for _ in 0..reader.u32().ok()? {
                let role = *ROLES.get(usize::from(reader.u8().ok()?))?;
                own.push((role, ContentHash(reader.u64().ok()?)));
            }
            buffers.push(own);
        }
        if reader.offset() != bytes.len() {
            return None;
        }
        let mesh = BuiltMesh {
            name: name.to_owned(),
            attributes,
            bounds,
            lods,
            diagnostics: Vec::new(),
        };
        let (shape, _) = mesh.into_shape();
        Some(Self { shape, buffers })
    }
}

fn lod(reader: &mut ByteReader<'_>) -> Option<BuiltLod> {
    let name = take_text(reader)?.to_owned();
    let joint_count = match reader.u32().ok()? {
        u32::MAX => None,
        count => Some(u16::try_from(count).ok()?),
    };
    let bounds = Bounds::read(reader).ok()?;
    let (vertex_count, index_count) = (reader.u32().ok()?, reader.u32().ok()?);
    let has_error = flag(reader)?;
    let error = reader.f32().ok()?;
    let mut submeshes = Vec::new();
    for _ in 0..reader.u32().ok()? {
        let has_material = flag(reader)?;
        let material = MaterialId(reader.u32().ok()?);
        let bounds = Bounds::read(reader).ok()?;
        let view = MeshView {
            first_index: reader.u32().ok()?,
            index_count: reader.u32().ok()?,
            first_vertex: reader.u32().ok()?,
            vertex_count: reader.u32().ok()?,
        };
        submeshes.push(BuiltSubmesh {
            material: has_material.then_some(material),
            bounds,
            view,
        });
    }
    Some(BuiltLod {
        name,
        joint_count,
        bounds,
        submeshes,
        vertex_count,
        index_count,
        error: has_error.then_some(error),
        buffers: Vec::new(),
    })
}

fn flag(reader: &mut ByteReader<'_>) -> Option<bool> {
    match reader.u8().ok()? {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texture() -> TextureFacts {
        TextureFacts {
            shape: TextureShape::image(64, 32, 7, TextureFormat::Bc7UNorm).unwrap(),
            content_hash: ContentHash(0x1234),
            encoder: Some("bc7e 1 (avx2)".to_owned()),
        }
    }

    fn mesh() -> MeshFacts {
        let bounds = Bounds {
            min: [-1.0, 0.0, 0.5],
            max: [1.0, 2.0, 3.0],
        };
        let submesh = |material| BuiltSubmesh {
            material,
            bounds,
            view: MeshView {
                first_index: 3,
                index_count: 6,
                first_vertex: 0,
                vertex_count: 4,
            },
        };
        let lod = |name: &str, error: Option<f32>| BuiltLod {
            name: name.to_owned(),
            joint_count: error.is_some().then_some(3),
            bounds,
            submeshes: vec![submesh(Some(MaterialId(2))), submesh(None)],
            vertex_count: 4,
            index_count: 9,
            error,
            buffers: Vec::new(),
        };
        let mesh = BuiltMesh {
            name: "box".to_owned(),
            attributes: 3,
            bounds,
            lods: vec![lod("LOD0", None), lod("LOD1", Some(0.25))],
            diagnostics: Vec::new(),
        };
        let all = ROLES.map(|role| (role, ContentHash(role as u64)));
        MeshFacts {
            shape: mesh.into_shape().0,
            buffers: vec![all[..2].to_vec(), all.to_vec()],
        }
    }

    #[test]
    fn facts_come_back() {
        let bytes = texture().to_bytes().unwrap();
        assert_eq!(TextureFacts::parse(&bytes), Some(texture()));
        let plain = TextureFacts {
            encoder: None,
            ..texture()
        };
        assert_eq!(TextureFacts::parse(&plain.to_bytes().unwrap()), Some(plain));
        let bytes = mesh().to_bytes().unwrap();
        assert_eq!(MeshFacts::parse(&bytes, "box"), Some(mesh()));
        let other = MeshFacts::parse(&bytes, "crate").unwrap();
        assert_eq!(other.shape.mesh().name, "crate");
    }

    #[test]
    fn no_bytes_panic() {
        for good in [texture().to_bytes().unwrap(), mesh().to_bytes().unwrap()] {
            for len in 0..good.len() {
                assert!(TextureFacts::parse(&good[..len]).is_none());
                assert!(MeshFacts::parse(&good[..len], "").is_none());
            }
            for at in 0..good.len() {
                let mut bad = good.clone();
                bad[at] = 0xff;
                let _ = (TextureFacts::parse(&bad), MeshFacts::parse(&bad, ""));
            }
        }
    }
}

//! `.omat`: a material descriptor of 256 bytes, and a reference of 424 bytes for each shader stage.

use thiserror::Error;

use super::{
    asset_header::{AssetHeader, HeaderError},
    bytes::{ByteReader, ByteWriter, OutOfBytes},
    ids::TextureIndex,
    index::AssetType,
    name::FixedName,
    number::{Half, Unorm16},
    record::{RecordError, Stored, coded_enum, flag_set, record},
};

coded_enum! {
    /// What a material is for.
    MaterialDomain: u8, "material domain" {
        /// Nothing in particular; importers never write it.
        Unknown = 0,
        /// An opaque surface.
        Opaque = 1,
        /// A surface that is mixed with what is behind it.
        AlphaBlended = 2,
        /// A surface with holes.
        Masked = 3,
        /// A decal.
        Decal = 4,
        /// A part of the user interface.
        UserInterface = 5,
        /// A post-processing pass.
        PostProcess = 6,
    }
}

flag_set! {
    /// How a material is drawn.
    MaterialFlags, "set of material flags" {
        /// No texture slot is filled.
        NO_TEXTURE_SAMPLING = 0x01,
        /// Back faces are drawn.
        DOUBLE_SIDED = 0x02,
        /// Nothing is drawn below the alpha cutoff.
        ALPHA_TEST = 0x04,
        /// Light does not matter.
        UNLIT = 0x08,
        /// Metallic and roughness slots hold one texture: roughness in G, metalness in B.
        ORM_PACKED = 0x10,
    }
}

record! {
    /// The values of a material: everything after its shader stages.
    MaterialValues: 152 bytes, 19 reserved {
        /// Linear RGBA, 0 to 1.
        base_color: [f32; 4] = [1.0; 4],
        /// Strength of the normal map, not negative.
        normal_scale: f32 = 1.0,
        /// 0 for dielectrics, 1 for metals.
        metalness: Unorm16 = Unorm16::ZERO,
        /// 0 for mirrors, 1 for chalk.
        roughness: Unorm16 = Unorm16::ONE,
        /// Strength of the occlusion texture.
        ambient_occlusion: Unorm16 = Unorm16::ONE,
        /// Textures by slot: base colour, normal, metallic, roughness, ambient occlusion, emissive,
        /// specular, sheen colour, clear coat, clear coat normal, transmission, thickness.
        textures: [TextureIndex; 12] = [TextureIndex::FALLBACK; 12],
        /// Linear RGB; may exceed 1.
        emissive: [Half; 3] = [Half::ZERO; 3],
        /// The alpha below which nothing is drawn.
        alpha_cutoff: Unorm16 = Unorm16::HALF,
        /// Index of refraction, at least 1.
        ior: f32 = 1.5,
        /// Strength of the specular reflection of dielectrics.
        specular: Unorm16 = Unorm16::ONE,
        /// Linear RGB, 0 to 1.
        sheen_color: [Half; 3] = [Half::ZERO; 3],
        /// Strength of the clear coat.
        clearcoat: Unorm16 = Unorm16::ZERO,
        /// Roughness of the clear coat.
        clearcoat_roughness: Unorm16 = Unorm16::ZERO,
        /// Transmitted share of the light.
        transmission: Unorm16 = Unorm16::ZERO,
        /// Thickness of the volume below the surface.
        thickness: Unorm16 = Unorm16::ZERO,
        /// Linear RGB that white light turns to, 0 to 1.
        attenuation_color: [Half; 3] = [Half::ONE; 3],
        /// The distance over which it does; 0 for never.
        attenuation_distance: f32 = 0.0,
        /// Factors of texture coordinates.
        uv_scale: [f32; 2] = [1.0; 2],
        /// Added to texture coordinates last.
        uv_offset: [f32; 2] = [0.0; 2],
        /// Radians, counter-clockwise about the origin, between scale and offset.
        uv_rotation: f32 = 0.0,
        /// The set of texture coordinates.
        uv_set: u8 = 0,
    }
}

coded_enum! {
    /// A stage of the graphics pipeline.
    ShaderStage: u8, "shader stage" {
        /// Amplification.
        Amplification = 1,
        /// Mesh.
        Mesh = 2,
        /// Vertex.
        Vertex = 3,
        /// Hull.
        Hull = 4,
        /// Domain.
        Domain = 5,
        /// Geometry.
        Geometry = 6,
        /// Pixel.
        Pixel = 7,
        /// Compute.
        Compute = 8,
        /// Ray generation.
        RayGeneration = 9,
        /// Intersection.
        Intersection = 10,
        /// Any hit.
        AnyHit = 11,
        /// Closest hit.
        ClosestHit = 12,
        /// Miss.
        Miss = 13,
        /// Callable.
        Callable = 14,
    }
}

impl ShaderStage {
    /// Its bit in the stages of a material.
    pub fn bit(self) -> u32 {
        1 << self.id()
    }
}

/// The shader of one stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShaderReference {
    /// The stage.
    pub stage: ShaderStage,
    /// The source file: a relative path with `/`.
    pub source_path: FixedName<120>,
    /// The function.
    pub entry_point: FixedName<32>,
    /// Preprocessor text such as `ALPHA_TEST=1`.
    pub defines: FixedName<256>,
    /// The hash of the shader; 0 when it is not known.
    pub hash: u64,
}

impl Stored for ShaderReference {
    const BYTES: usize = 424;

    fn write(&self, out: &mut ByteWriter) {
        self.stage.write(out);
        out.zeros(7);
        self.source_path.write(out);
        self.entry_point.write(out);
        self.defines.write(out);
        out.u64(self.hash);
    }

    fn read(reader: &mut ByteReader<'_>) -> Result<Self, RecordError> {
        let stage = Stored::read(reader)?;
        reader.take(7)?;
        Ok(Self {
            stage,
            source_path: Stored::read(reader)?,
            entry_point: Stored::read(reader)?,
            defines: Stored::read(reader)?,
            hash: reader.u64()?,
        })
    }
}

/// What a material descriptor is made of, unchecked.
#[derive(Clone, Debug, PartialEq)]
pub struct MaterialParts {
    /// The header.
    pub header: AssetHeader,
    /// What the material is for.
    pub domain: MaterialDomain,
    /// How it is drawn.
    pub flags: MaterialFlags,
    /// The values.
    pub values: MaterialValues,
    /// The shaders, in ascending order of their stages, each stage once.
    pub shaders: Vec<ShaderReference>,
}

/// A material descriptor. It can only be made by [`MaterialDescriptor::new`] and
/// [`MaterialDescriptor::parse`].
#[derive(Clone, Debug, PartialEq)]
pub struct MaterialDescriptor {
    parts: MaterialParts,
}

/// Why there is no such descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MaterialFormatError {
    /// A header that cannot be read.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A field that cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// An infinite number, or none at all.
    #[error("a number is not finite")]
    NotFinite,
    /// A material without texture sampling that has textures.
    #[error("no texture is sampled, but slot {0} is filled")]
    Unsampled(usize),
    /// A packed material with two textures for metalness and roughness.
    #[error("metalness and roughness are packed, but have the textures {0} and {1}")]
    NotPacked(u32, u32),
    /// Stages that nothing is known of.
    #[error("shader stages {0:#x} are not known")]
    Stages(u32),
    /// References that are not in the order of their stages, or a stage with two.
    #[error("the reference of shader stage {0} is not where it must be")]
    StageOrder(u8),
    /// A shader without file or function.
    #[error("the reference of shader stage {0} names no file or no function")]
    EmptyReference(u8),
    /// Bytes after the last part.
    #[error("{0} bytes follow the last shader reference")]
    Trailing(usize),
}

impl From<OutOfBytes> for MaterialFormatError {
    fn from(error: OutOfBytes) -> Self {
        Self::Record(error.into())
    }
}

/// The slots of metalness and roughness.
const METALLIC: usize = 2;
const ROUGHNESS: usize = 3;
/// Bits of known shader stages.
const KNOWN_STAGES: u32 = 0x7ffe;

impl MaterialDescriptor {
    /// Bytes without shader references.
    pub const BYTES: usize = AssetHeader::BYTES + 9 + MaterialValues::BYTES;

    /// Checks the rules.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn new(parts: MaterialParts) -> Result<Self, MaterialFormatError> {
        let values = &parts.values;
        if !values.is_finite() {
            return Err(MaterialFormatError::NotFinite);
        }
        let textures = &values.textures;
        if parts.flags.contains(MaterialFlags::NO_TEXTURE_SAMPLING)
            && let Some(slot) = textures.iter().position(|&t| t != TextureIndex::FALLBACK)
        {
            return Err(MaterialFormatError::Unsampled(slot));
        }
        let (metallic, roughness) = (textures[METALLIC], textures[ROUGHNESS]);
        if parts.flags.contains(MaterialFlags::ORM_PACKED) && metallic != roughness {
            return Err(MaterialFormatError::NotPacked(metallic.0, roughness.0));
        }
        for pair in parts.shaders.windows(2) {
            if pair[0].stage >= pair[1].stage {
                return Err(MaterialFormatError::StageOrder(pair[1].stage.id()));
            }
        }
        for shader in &parts.shaders {
            if shader.source_path.is_empty() || shader.entry_point.is_empty() {
                return Err(MaterialFormatError::EmptyReference(shader.stage.id()));
            }
        }
        Ok(Self { parts })
    }

    /// What it is made of.
    pub fn parts(&self) -> &MaterialParts {
        &self.parts
    }

    /// The stored form. The content hash is the one of the header; see
    /// [`seal`](super::asset_header::seal).
    pub fn to_bytes(&self) -> Vec<u8> {
        let MaterialParts {
            header,
            domain,
            flags,
            values,
            shaders,
        } = &self.parts;
        let stages = shaders.iter().fold(0, |bits, s| bits | s.stage.bit());
        let bytes = Self::BYTES + shaders.len() * ShaderReference::BYTES;
        let mut out = ByteWriter::with_capacity(bytes);
        header.write(AssetType::Material, &mut out);
        domain.write(&mut out);
        flags.write(&mut out);
        out.u32(stages);
        values.write(&mut out);
        for shader in shaders {
            shader.write(&mut out);
        }
        out.finish()
    }

    /// Reads a descriptor, to the last byte.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, MaterialFormatError> {
        let mut reader = ByteReader::new(bytes);
        let header = AssetHeader::read(AssetType::Material, &mut reader)?;
        let domain = Stored::read(&mut reader)?;
        let flags = Stored::read(&mut reader)?;
        let stages = reader.u32()?;
        if stages & !KNOWN_STAGES != 0 {
            return Err(MaterialFormatError::Stages(stages));
        }
        let values = Stored::read(&mut reader)?;
        let mut shaders = Vec::with_capacity(stages.count_ones() as usize);
        for stage in (0..32u8).filter(|stage| stages & 1 << stage != 0) {
            let shader = ShaderReference::read(&mut reader)?;
            if shader.stage.id() != stage {
                return Err(MaterialFormatError::StageOrder(shader.stage.id()));
            }
            shaders.push(shader);
        }
        if reader.offset() < bytes.len() {
            return Err(MaterialFormatError::Trailing(bytes.len() - reader.offset()));
        }
        Self::new(MaterialParts {
            header,
            domain,
            flags,
            values,
            shaders,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::asset_header::{HASH_RANGE, seal};

    fn shader(stage: ShaderStage, path: &str, entry: &str) -> ShaderReference {
        ShaderReference {
            stage,
            source_path: FixedName::cut(path),
            entry_point: FixedName::cut(entry),
            defines: FixedName::cut(""),
            hash: 0,
        }
    }

    /// The worked example of the format.
    fn red() -> MaterialParts {
        MaterialParts {
            header: AssetHeader::new("M_Red"),
            domain: MaterialDomain::Opaque,
            flags: MaterialFlags::NO_TEXTURE_SAMPLING,
            values: MaterialValues {
                base_color: [1.0, 0.0, 0.0, 1.0],
                ..MaterialValues::default()
            },
            shaders: vec![
                shader(
                    ShaderStage::Vertex,
                    "Passes/Forward/ForwardMesh_VS.hlsl",
                    "VS",
                ),
                shader(
                    ShaderStage::Pixel,
                    "Passes/Forward/ForwardMesh_PS.hlsl",
                    "PS",
                ),
            ],
        }
    }

    /// Lines of a hex dump, zero everywhere else.
    fn dump(len: usize, lines: &[(usize, &str)]) -> Vec<u8> {
        let mut bytes = vec![0; len];
        for &(at, line) in lines {
            for (i, byte) in line.split_whitespace().enumerate() {
                bytes[at + i] = u8::from_str_radix(byte, 16).unwrap();
            }
        }
        bytes
    }

    #[test]
    fn the_worked_example() {
        let mut bytes = MaterialDescriptor::new(red()).unwrap().to_bytes();
        let (_, digest) = seal(&mut bytes);
        let expected = dump(
            1104,
            &[
                (0x000, "01 4d 5f 52 65 64"),
                (0x040, "00 01 00 7a cf 96 2f 40 d1 30 f7"),
                (0x050, "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01"),
                (0x060, "01 00 00 00 88 00 00 00 00 00 80 3f 00 00 00 00"),
                (0x070, "00 00 00 00 00 00 80 3f 00 00 80 3f 00 00 ff ff"),
                (0x080, "ff ff 00 00 00 00 00 00 00 00 00 00 00 00 00 00"),
                (0x0b0, "00 00 00 00 00 00 00 00 00 80 00 00 c0 3f ff ff"),
                (0x0c0, "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 3c"),
                (0x0d0, "00 3c 00 3c 00 00 00 00 00 00 80 3f 00 00 80 3f"),
                (0x100, "03 00 00 00 00 00 00 00 50 61 73 73 65 73 2f 46"),
                (0x110, "6f 72 77 61 72 64 2f 46 6f 72 77 61 72 64 4d 65"),
                (0x120, "73 68 5f 56 53 2e 68 6c 73 6c"),
                (0x180, "56 53"),
                (0x2a8, "07 00 00 00 00 00 00 00"),
                (0x2b0, "50 61 73 73 65 73 2f 46 6f 72 77 61 72 64 2f 46"),
                (0x2c0, "6f 72 77 61 72 64 4d 65 73 68 5f 50 53 2e 68 6c"),
                (0x2d0, "73 6c"),
                (0x328, "50 53"),
            ],
        );
        assert_eq!(bytes, expected);
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "c59997e22f53c2f526afcb0a405cb14702547f1f66dcc007f447f7247f340250"
        );
    }

    /// Every value another one, each where the table of the format says.
    #[test]
    fn every_field_has_its_place() {
        let values = MaterialValues {
            base_color: [0.1, 0.2, 0.3, 0.4],
            normal_scale: 2.0,
            metalness: Unorm16(1),
            roughness: Unorm16(2),
            ambient_occlusion: Unorm16(3),
            textures: std::array::from_fn(|i| TextureIndex(100 + i as u32)),
            emissive: [Half(4), Half(5), Half(6)],
            alpha_cutoff: Unorm16(7),
            ior: 1.25,
            specular: Unorm16(8),
            sheen_color: [Half(9), Half(10), Half(11)],
            clearcoat: Unorm16(12),
            clearcoat_roughness: Unorm16(13),
            transmission: Unorm16(14),
            thickness: Unorm16(15),
            attenuation_color: [Half(16), Half(17), Half(18)],
            attenuation_distance: 3.0,
            uv_scale: [4.0, 5.0],
            uv_offset: [6.0, 7.0],
            uv_rotation: 8.0,
            uv_set: 19,
        };
        let parts = MaterialParts {
            domain: MaterialDomain::Decal,
            flags: MaterialFlags::DOUBLE_SIDED,
            values,
            ..red()
        };
        let descriptor = MaterialDescriptor::new(parts).unwrap();
        let bytes = descriptor.to_bytes();
        let f32_at = |at: usize| f32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let u16_at = |at: usize| u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap());
        assert_eq!((bytes[95], u32_at(96), u32_at(100)), (4, 2, 0x88));
        assert_eq!([104, 108, 112, 116].map(f32_at), [0.1, 0.2, 0.3, 0.4]);
        assert_eq!(f32_at(120), 2.0);
        assert_eq!([124, 126, 128].map(u16_at), [1, 2, 3]);
        for slot in 0..12 {
            assert_eq!(u32_at(130 + 4 * slot), 100 + slot as u32);
        }
        assert_eq!([178, 180, 182, 184].map(u16_at), [4, 5, 6, 7]);
        assert_eq!(f32_at(186), 1.25);
        let halves: Vec<_> = (190..212).step_by(2).map(u16_at).collect();
        assert_eq!(halves, (8..=18).collect::<Vec<_>>());
        assert_eq!(
            [212, 216, 220, 224, 228, 232].map(f32_at),
            [3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
        );
        assert_eq!(bytes[236], 19);
        assert_eq!(bytes[237..256], [0; 19]);
        assert_eq!(MaterialDescriptor::parse(&bytes), Ok(descriptor));
    }

    #[test]
    fn rules_are_kept() {
        let error = |change: fn(&mut MaterialParts)| {
            let mut parts = red();
            change(&mut parts);
            MaterialDescriptor::new(parts).unwrap_err()
        };
        assert_eq!(
            error(|parts| parts.values.ior = f32::NAN),
            MaterialFormatError::NotFinite
        );
        assert_eq!(
            error(|parts| parts.values.emissive[1] = Half::of(1e6)),
            MaterialFormatError::NotFinite
        );
        assert_eq!(
            error(|parts| parts.values.textures[11] = TextureIndex(1)),
            MaterialFormatError::Unsampled(11)
        );
        assert_eq!(
            error(|parts| {
                parts.flags = MaterialFlags::ORM_PACKED;
                parts.values.textures[2] = TextureIndex(1);
            }),
            MaterialFormatError::NotPacked(1, 0)
        );
        assert_eq!(
            error(|parts| parts.shaders.reverse()),
            MaterialFormatError::StageOrder(3)
        );
        assert_eq!(
            error(|parts| parts.shaders[0].entry_point = FixedName::cut("")),
            MaterialFormatError::EmptyReference(3)
        );
    }

    #[test]
    fn damage_is_refused_and_never_panics() {
        let bytes = MaterialDescriptor::new(red()).unwrap().to_bytes();
        let parse = MaterialDescriptor::parse;
        for len in 0..bytes.len() {
            assert!(parse(&bytes[..len]).is_err(), "{len} bytes");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(parse(&longer), Err(MaterialFormatError::Trailing(1)));
        for at in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut bad = bytes.clone();
                bad[at] = value;
                let _ = parse(&bad);
            }
        }
        // Type, version, domain, flags, stages, a float, a shader's stage.
        for (at, value) in [
            (0, 2),
            (65, 2),
            (95, 7),
            (96, 0x21),
            (100, 0x89),
            (107, 0xff),
            (256, 4),
        ] {
            let mut bad = bytes.clone();
            bad[at] = value;
            if at == 107 {
                bad[106] = 0xff;
            }
            assert!(parse(&bad).is_err(), "byte {at} = {value}");
        }
        assert_eq!(bytes[HASH_RANGE], [0; 8]);
    }
}

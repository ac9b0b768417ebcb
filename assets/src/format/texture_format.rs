//! Texture formats: ids, block sizes, bytes.

macro_rules! formats {
    ($($id:literal $name:ident $bytes:literal;)*) => {
        /// A texture (or typed buffer) format. The value is its id in the files.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[repr(u8)]
        #[expect(missing_docs, reason = "the names are the field's standard terms")]
        pub enum TextureFormat {
            $($name = $id,)*
        }

        impl TextureFormat {
            /// Every format, by id.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The format with an id.
            pub fn from_id(id: u8) -> Option<Self> {
                match id {
                    $($id => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// Bytes of a texel, or of a block of 4x4 texels for the BC formats.
            pub fn block_bytes(self) -> u32 {
                match self {
                    $(Self::$name => $bytes,)*
                }
            }
        }
    };
}

formats! {
    1 R8UInt 1; 2 R8SInt 1; 3 R8UNorm 1; 4 R8SNorm 1;
    5 R16UInt 2; 6 R16SInt 2; 7 R16UNorm 2; 8 R16SNorm 2; 9 R16Float 2;
    10 R32UInt 4; 11 R32SInt 4; 12 R32Float 4;
    13 Rg8UInt 2; 14 Rg8SInt 2; 15 Rg8UNorm 2; 16 Rg8SNorm 2;
    17 Rg16UInt 4; 18 Rg16SInt 4; 19 Rg16UNorm 4; 20 Rg16SNorm 4; 21 Rg16Float 4;
    22 Rg32UInt 8; 23 Rg32SInt 8; 24 Rg32Float 8;
    25 Rgb32UInt 12; 26 Rgb32SInt 12; 27 Rgb32Float 12;
    28 Rgba8UInt 4; 29 Rgba8SInt 4; 30 Rgba8UNorm 4; 31 Rgba8UNormSrgb 4; 32 Rgba8SNorm 4;
    33 Bgra8UNorm 4; 34 Bgra8UNormSrgb 4;
    35 Rgba16UInt 8; 36 Rgba16SInt 8; 37 Rgba16UNorm 8; 38 Rgba16SNorm 8; 39 Rgba16Float 8;
    40 Rgba32UInt 16; 41 Rgba32SInt 16; 42 Rgba32Float 16;
    43 B5G6R5UNorm 2; 44 B5G5R5A1UNorm 2; 45 B4G4R4A4UNorm 2;
    46 R11G11B10Float 4; 47 R10G10B10A2UNorm 4; 48 R10G10B10A2UInt 4; 49 R9G9B9E5Float 4;
    50 Bc1UNorm 8; 51 Bc1UNormSrgb 8; 52 Bc2UNorm 16; 53 Bc2UNormSrgb 16; 54 Bc3UNorm 16; 55 Bc3UNormSrgb 16;
    56 Bc4UNorm 8; 57 Bc4SNorm 8; 58 Bc5UNorm 16; 59 Bc5SNorm 16; 60 Bc6hFloatU 16; 61 Bc6hFloatS 16;
    62 Bc7UNorm 16; 63 Bc7UNormSrgb 16;
    64 Depth16 2; 65 Depth24Stencil8 4; 66 Depth32 4; 67 Depth32Stencil8 8;
}

impl TextureFormat {
    /// The id in the files.
    pub fn id(self) -> u8 {
        self as u8
    }

    /// Texels along the edge of a block: 4 for the BC formats, else 1.
    pub fn block_edge(self) -> u32 {
        if (50..=63).contains(&self.id()) { 4 } else { 1 }
    }

    /// Whether stored values are sRGB-encoded.
    pub fn is_srgb(self) -> bool {
        matches!(
            self,
            Self::Rgba8UNormSrgb
                | Self::Bgra8UNormSrgb
                | Self::Bc1UNormSrgb
                | Self::Bc2UNormSrgb
                | Self::Bc3UNormSrgb
                | Self::Bc7UNormSrgb
        )
    }

    /// Whether this is BC7, the only format that table entries mark as compressed.
    pub fn is_bc7(self) -> bool {
        matches!(self, Self::Bc7UNorm | Self::Bc7UNormSrgb)
    }

    /// Whether this is one of the floating-point formats of texture descriptors.
    pub fn is_float(self) -> bool {
        matches!(
            self,
            Self::R16Float
                | Self::Rg16Float
                | Self::Rgba16Float
                | Self::R32Float
                | Self::Rg32Float
                | Self::Rgb32Float
                | Self::Rgba32Float
                | Self::R11G11B10Float
                | Self::Bc6hFloatU
                | Self::Bc6hFloatS
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_dense_and_round() {
        assert_eq!(TextureFormat::ALL.len(), 67);
        for (i, &format) in TextureFormat::ALL.iter().enumerate() {
            assert_eq!(usize::from(format.id()), i + 1);
            assert_eq!(TextureFormat::from_id(format.id()), Some(format));
        }
        assert_eq!(TextureFormat::from_id(0), None);
        assert_eq!(TextureFormat::from_id(68), None);
        assert_eq!(TextureFormat::Bc7UNormSrgb.id(), 63);
        assert_eq!(TextureFormat::Rgba16Float.id(), 39);
        assert_eq!(TextureFormat::Bc4UNorm.block_edge(), 4);
        assert_eq!(TextureFormat::Depth16.block_edge(), 1);
    }
}

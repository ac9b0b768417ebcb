//! Images: whose bytes, and what they are for.

use crate::{diagnostic::Diagnostic, source::path::SourcePath};
use std::{fmt, ops::Range, sync::Arc};

/// One image of the file, whatever it is used for.
#[derive(Clone, Debug)]
pub struct ImageSource {
    /// The name for people: that of the texture, of the image, its URI, or `texture_<index>`. Not
    /// unique.
    pub name: String,
    /// What makes it this image and no other inside the source, such as `image:3` or
    /// `textures/wood.png`. Stable from run to run.
    pub identity: String,
    /// Where the encoded bytes are.
    pub data: ImageData,
    /// The media type that the file declares, such as `image/png`. A hint: content decides.
    pub mime: Option<String>,
}

/// Where the encoded bytes of an image are.
#[derive(Clone, Debug)]
pub enum ImageData {
    /// Inside the source.
    Embedded(SharedBytes),
    /// In a file of its own, which is read when the texture is cooked. Whether the path leads to where
    /// sources may be read is checked then.
    External(SourcePath),
    /// Nowhere. The diagnostic says why, and goes with the failure of the texture.
    Missing(Box<Diagnostic>),
}

/// A range of bytes that somebody else owns. Clones share them.
#[derive(Clone)]
pub struct SharedBytes {
    owner: Arc<dyn AsRef<[u8]> + Send + Sync>,
    range: Range<usize>,
}

impl SharedBytes {
    /// `range` of the bytes of `owner`, or `None` when it does not lie inside them.
    pub fn new(owner: Arc<dyn AsRef<[u8]> + Send + Sync>, range: Range<usize>) -> Option<Self> {
        (*owner).as_ref().get(range.clone())?;
        Some(Self { owner, range })
    }

    /// All bytes of a vector.
    pub fn from_vec(bytes: Vec<u8>) -> Self {
        Self::whole(bytes)
    }

    /// All bytes of an owner.
    pub fn whole(owner: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        let range = 0..owner.as_ref().len();
        Self {
            owner: Arc::new(owner),
            range,
        }
    }

    /// A part of the bytes, without copying; `None` when it is not inside.
    pub fn slice(&self, range: Range<usize>) -> Option<Self> {
        let start = self.range.start.checked_add(range.start)?;
        let end = self.range.start.checked_add(range.end)?;
        (start <= end && end <= self.range.end).then(|| Self {
            owner: self.owner.clone(),
            range: start..end,
        })
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        // Empty only if the owner shrank behind our back.
        (*self.owner)
            .as_ref()
            .get(self.range.clone())
            .unwrap_or_default()
    }
}

impl From<Vec<u8>> for SharedBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from_vec(bytes)
    }
}

impl std::ops::Deref for SharedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl AsRef<[u8]> for SharedBytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for SharedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedBytes({} bytes)", self.range.len())
    }
}

/// What a texture says, which decides how its image is cooked. One image in several roles is cooked
/// once for each that has different settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TextureRole {
    /// Base colour in RGB, opacity in A.
    BaseColor,
    /// Tangent-space normals.
    Normal,
    /// Roughness in G, metalness in B.
    MetallicRoughness,
    /// Occlusion in R, roughness in G, metalness in B.
    OcclusionRoughnessMetallic,
    /// Metalness.
    Metallic,
    /// Roughness.
    Roughness,
    /// Ambient occlusion.
    Occlusion,
    /// Emitted colour.
    Emissive,
    /// Strength of the specular reflection.
    Specular,
    /// Colour of the sheen.
    SheenColor,
    /// Strength of the clear coat.
    Clearcoat,
    /// Tangent-space normals of the clear coat.
    ClearcoatNormal,
    /// Transmitted share of the light.
    Transmission,
    /// Thickness of the volume.
    Thickness,
}

impl TextureRole {
    /// The label in texture source ids: `<source path>::tex::<identity>::<label>`.
    pub const fn label(self) -> &'static str {
        match self {
            Self::BaseColor => "base_color",
            Self::Normal => "normal",
            Self::MetallicRoughness => "metallic_roughness",
            Self::OcclusionRoughnessMetallic => "occlusion_roughness_metallic",
            Self::Metallic => "metallic",
            Self::Roughness => "roughness",
            Self::Occlusion => "occlusion",
            Self::Emissive => "emissive",
            Self::Specular => "specular",
            Self::SheenColor => "sheen_color",
            Self::Clearcoat => "clearcoat",
            Self::ClearcoatNormal => "clearcoat_normal",
            Self::Transmission => "transmission",
            Self::Thickness => "thickness",
        }
    }
}

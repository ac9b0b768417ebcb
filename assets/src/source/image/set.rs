//! Several images that make one texture together, and the place of each.

use super::Image;
use crate::format::texture_shape::TextureType;
use std::fmt;

/// A face of a cube. The number is its array layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names say which way a face looks")]
pub enum CubeFace {
    PositiveX = 0,
    NegativeX = 1,
    PositiveY = 2,
    NegativeY = 3,
    PositiveZ = 4,
    NegativeZ = 5,
}

impl CubeFace {
    /// All faces, by layer.
    pub const ALL: [Self; 6] = [
        Self::PositiveX,
        Self::NegativeX,
        Self::PositiveY,
        Self::NegativeY,
        Self::PositiveZ,
        Self::NegativeZ,
    ];

    /// The array layer of the face.
    pub const fn layer(self) -> u16 {
        self as u16
    }
}

impl fmt::Display for CubeFace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::PositiveX => "PositiveX",
            Self::NegativeX => "NegativeX",
            Self::PositiveY => "PositiveY",
            Self::NegativeY => "NegativeY",
            Self::PositiveZ => "PositiveZ",
            Self::NegativeZ => "NegativeZ",
        })
    }
}

/// The place of an image in a texture. The default is the first level of the first layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubresourceId {
    /// The array layer; of a cube the face.
    pub layer: u16,
    /// The mip level.
    pub mip: u16,
    /// The slice of a volume.
    pub slice: u16,
}

impl SubresourceId {
    /// The first level of an array layer.
    pub const fn layer(layer: u16) -> Self {
        Self::level(layer, 0)
    }

    /// The first level of a face of a cube.
    pub const fn face(face: CubeFace) -> Self {
        Self::layer(face.layer())
    }

    /// A slice of the first level of a volume.
    pub const fn slice(slice: u16) -> Self {
        Self {
            layer: 0,
            mip: 0,
            slice,
        }
    }

    /// A level of an array layer.
    pub const fn level(layer: u16, mip: u16) -> Self {
        Self {
            layer,
            mip,
            slice: 0,
        }
    }
}

impl fmt::Display for SubresourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { layer, mip, slice } = self;
        write!(f, "layer {layer}, level {mip}, slice {slice}")
    }
}

/// An image of an [`ImageSet`].
#[derive(Clone, Debug, PartialEq)]
pub struct ImageSetMember {
    /// Its place in the texture.
    pub place: SubresourceId,
    /// The file that it came from, for messages.
    pub source: String,
    /// The image.
    pub image: Image,
}

/// Decoded images that make one texture together: layers, faces, slices and levels, in any order.
///
/// A set is only a list. Whether its members fit together is checked when it is cooked, because that
/// depends on the settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImageSet {
    members: Vec<ImageSetMember>,
    texture_type: Option<TextureType>,
}

impl ImageSet {
    /// A set without images, whose texture type follows from the places of its members.
    pub fn new() -> Self {
        Self::default()
    }

    /// A set whose container (DDS, KTX2) says what kind of texture it is.
    pub fn of_type(texture_type: TextureType) -> Self {
        Self {
            members: Vec::new(),
            texture_type: Some(texture_type),
        }
    }

    /// Adds an image. `source` is the file that it came from, for messages.
    pub fn add(&mut self, place: SubresourceId, source: impl Into<String>, image: Image) {
        self.members.push(ImageSetMember {
            place,
            source: source.into(),
            image,
        });
    }

    /// The images, in the order in which they were added.
    pub fn members(&self) -> &[ImageSetMember] {
        &self.members
    }

    /// Takes the images out.
    pub fn into_members(self) -> Vec<ImageSetMember> {
        self.members
    }

    /// One image, by the order in which they were added.
    pub fn get(&self, index: usize) -> Option<&ImageSetMember> {
        self.members.get(index)
    }

    /// How many images there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Removes all images.
    pub fn clear(&mut self) {
        self.members.clear();
    }

    /// What the container of the images says of the kind of texture, if they came from one.
    pub fn texture_type(&self) -> Option<TextureType> {
        self.texture_type
    }
}

/// What a texture is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum TextureInput {
    /// One image: a texture of its own, or one that holds the faces of a cube.
    Image(Image),
    /// Several images.
    Set(ImageSet),
}

impl From<Image> for TextureInput {
    fn from(image: Image) -> Self {
        Self::Image(image)
    }
}

impl From<ImageSet> for TextureInput {
    fn from(set: ImageSet) -> Self {
        Self::Set(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::image::PixelFormat;

    #[test]
    fn faces_are_the_layers_in_the_documented_order() {
        let names = CubeFace::ALL.map(|face| (face.layer(), face.to_string()));
        let expected = [
            (0, "PositiveX"),
            (1, "NegativeX"),
            (2, "PositiveY"),
            (3, "NegativeY"),
            (4, "PositiveZ"),
            (5, "NegativeZ"),
        ];
        assert_eq!(
            names,
            expected.map(|(layer, name)| (layer, name.to_owned()))
        );
    }

    #[test]
    fn places_are_equal_in_all_three_numbers_only() {
        let zero = SubresourceId::default();
        assert_eq!((zero.layer, zero.mip, zero.slice), (0, 0, 0));
        assert_eq!(SubresourceId::layer(0), zero);
        assert_eq!(SubresourceId::face(CubeFace::NegativeY).layer, 3);
        assert_eq!(SubresourceId::level(2, 5).mip, 5);
        assert_eq!(SubresourceId::slice(7).slice, 7);
        for other in [
            SubresourceId::layer(1),
            SubresourceId::level(0, 1),
            SubresourceId::slice(1),
        ] {
            assert_ne!(other, zero);
        }
    }

    #[test]
    fn a_set_is_a_list() {
        let mut set = ImageSet::new();
        assert!(set.is_empty() && set.get(0).is_none() && set.texture_type().is_none());
        let image = Image::new(1, 1, PixelFormat::R8, vec![9]).unwrap();
        set.add(SubresourceId::slice(1), "b.png", image.clone());
        set.add(SubresourceId::slice(0), "a.png", image);
        assert_eq!(set.len(), 2);
        assert_eq!(set.get(0).unwrap().source, "b.png");
        assert!(set.get(2).is_none());
        set.clear();
        assert!(set.is_empty());
        let volume = ImageSet::of_type(TextureType::D3);
        assert_eq!(volume.texture_type(), Some(TextureType::D3));
    }
}

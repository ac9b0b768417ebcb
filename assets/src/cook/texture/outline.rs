//! What kind of texture an input is: its type, its dimensions, and which of its parts are there.
//!
//! Decided from dimensions, formats and places alone, so that an estimate that has only headers and the
//! cooking that has pixels cannot disagree.

use super::cube::Route;
use super::{TextureError, TextureErrorCode as Code};
use crate::{
    format::texture_shape::TextureType,
    settings::texture::{CubeSource, TextureSettings},
    source::image::{Depth, ImageSet, PixelFormat, SubresourceId},
};
use std::collections::BTreeMap;

/// What kind of texture is made, before its format and levels are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outline {
    pub(super) texture_type: TextureType,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) depth: u16,
    pub(super) layers: u16,
    /// Levels that are there; the others are made.
    pub(super) authored: u16,
    /// The format of the texels that levels are made of.
    pub(super) format: PixelFormat,
    /// Whether texels hold light that may be brighter than one.
    pub(super) light: bool,
    /// How the images become layers.
    pub(super) route: Route,
}

impl Outline {
    /// The outline of a texture that is made of one image.
    pub(super) fn of_image(
        width: u32,
        height: u32,
        format: PixelFormat,
        settings: &TextureSettings,
    ) -> Result<Self, TextureError> {
        let route = Route::new(width, height, settings)?;
        let flat = Self {
            texture_type: TextureType::D2,
            width,
            height,
            depth: 1,
            layers: 1,
            authored: 1,
            format,
            light: format.depth() == Depth::Float,
            route,
        };
        let cube = |face, format| Self {
            texture_type: TextureType::Cube,
            width: face,
            height: face,
            layers: 6,
            format,
            ..flat
        };
        Ok(match route {
            Route::Plain => flat,
            Route::Layout { face, .. } => cube(face, format),
            Route::Panorama { face } => cube(face, PixelFormat::Rgba32F),
        })
    }

    /// The outline of a texture that is made of several images.
    ///
    /// # Errors
    /// [`TextureError::Set`] for the first rule that the images break.
    pub(super) fn of_set(
        set: &SetOutline<'_>,
        settings: &TextureSettings,
    ) -> Result<Self, TextureError> {
        let Some(first) = set.members.first() else {
            return refuse(Code::FileNotFound, "", "the set has no images".to_owned());
        };
        let texture_type = set.texture_type(settings);
        if texture_type != TextureType::D3
            && let Some(sliced) = set.members.iter().find(|member| member.place.slice != 0)
        {
            return refuse(
                Code::UnsupportedFormat,
                sliced.source,
                format!(
                    "a {texture_type:?} texture has no slice {}",
                    sliced.place.slice
                ),
            );
        }
        for member in &set.members {
            if member.format != first.format {
                return refuse(
                    Code::OutputFormatInvalid,
                    member.source,
                    format!(
                        "it is {:?}, but {} is {:?}",
                        member.format, first.source, first.format
                    ),
                );
            }
        }
        let (layers, mips, depth) = set.check_places(texture_type)?;
        let (width, height) = set.check_sizes()?;
        if matches!(texture_type, TextureType::Cube | TextureType::CubeArray) && width != height {
            return refuse(
                Code::InvalidDimensions,
                first.source,
                format!("the faces of a cube are square, not {width} x {height}"),
            );
        }
        Ok(Self {
            texture_type,
            width,
            height,
            depth,
            layers,
            authored: mips,
            format: first.format,
            light: first.format.depth() == Depth::Float,
            route: Route::Plain,
        })
    }
}

fn refuse<T>(code: Code, file: &str, reason: String) -> Result<T, TextureError> {
    Err(TextureError::Set {
        code,
        file: file.to_owned(),
        reason,
    })
}

/// An image of a set, without its pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct MemberOutline<'a> {
    pub(super) place: SubresourceId,
    pub(super) source: &'a str,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) format: PixelFormat,
}

/// The images of a set, without their pixels.
#[derive(Clone, Debug)]
pub(super) struct SetOutline<'a> {
    pub(super) members: Vec<MemberOutline<'a>>,
    /// What the container of the images says.
    pub(super) declared: Option<TextureType>,
}

impl<'a> From<&'a ImageSet> for SetOutline<'a> {
    fn from(set: &'a ImageSet) -> Self {
        let members = set.members().iter().map(|member| MemberOutline {
            place: member.place,
            source: &member.source,
            width: member.image.width(),
            height: member.image.height(),
            format: member.image.format(),
        });
        Self {
            members: members.collect(),
            declared: set.texture_type(),
        }
    }
}

impl SetOutline<'_> {
    /// The image, if the set is nothing but one ordinary image.
    pub(super) fn single(&self) -> Option<&MemberOutline<'_>> {
        match self.members.as_slice() {
            [only]
                if only.place == SubresourceId::default()
                    && matches!(self.declared, None | Some(TextureType::D2)) =>
            {
                Some(only)
            }
            _ => None,
        }
    }

    /// The type of the texture, if the places are right for it.
    fn texture_type(&self, settings: &TextureSettings) -> TextureType {
        use TextureType as T;
        let layers = self.members.iter().map(|member| member.place.layer).max();
        let layers = layers.map_or(0, |last| u32::from(last) + 1);
        let has_slices = self.members.iter().any(|member| member.place.slice > 0);
        let wants_cube = match settings.cube {
            CubeSource::Never => false,
            CubeSource::Suggested => {
                layers == 6 && self.members.iter().all(|m| m.width == m.height)
            }
            _ => true,
        };
        let cube = if layers > 6 { T::CubeArray } else { T::Cube };
        match self.declared {
            Some(T::D2 | T::D2Array) | None if wants_cube && !has_slices => cube,
            Some(T::D2) if layers > 1 => T::D2Array,
            Some(declared) => declared,
            None if has_slices => T::D3,
            None if layers > 1 => T::D2Array,
            None => T::D2,
        }
    }

    /// Checks that every place is there once; returns the numbers of layers, levels and slices.
    fn check_places(&self, texture_type: TextureType) -> Result<(u16, u16, u16), TextureError> {
        use TextureType as T;
        // What a wrong layer, level or slice is called depends on the type.
        let layer_code = match texture_type {
            T::D2 | T::D2Array => Code::InvalidMipPolicy,
            _ => Code::ArrayLayerCountInvalid,
        };
        let mut places = BTreeMap::new();
        for member in &self.members {
            let SubresourceId { layer, mip, .. } = member.place;
            match texture_type {
                T::Cube if layer >= 6 => {
                    let reason = format!("a cube has the faces 0 to 5, but no {layer}");
                    return refuse(Code::ArrayLayerCountInvalid, member.source, reason);
                }
                T::D3 if layer != 0 => {
                    let reason = format!("a volume has no layer {layer}");
                    return refuse(Code::ArrayLayerCountInvalid, member.source, reason);
                }
                T::D3 if mip != 0 && self.declared != Some(T::D3) => {
                    let reason = format!("the levels of a volume are made, level {mip} is given");
                    return refuse(Code::InvalidMipPolicy, member.source, reason);
                }
                T::D2 | T::D2Array | T::Cube | T::CubeArray | T::D3 => {}
                _ => {
                    let reason = format!("{texture_type:?} textures are not made of images");
                    return refuse(Code::UnsupportedFormat, member.source, reason);
                }
            }
            if let Some(other) = places.insert(member.place, member.source) {
                let code = match texture_type {
                    T::D3 => Code::InvalidMipPolicy,
                    _ => layer_code,
                };
                let reason = format!("{} is there twice, also as {other}", member.place);
                return refuse(code, member.source, reason);
            }
        }
        let most = |number: fn(&SubresourceId) -> u16| {
            places.keys().map(number).max().unwrap_or(0).checked_add(1)
        };
        let counts = (
            most(|place| place.layer),
            most(|place| place.mip),
            most(|place| place.slice),
        );
        let (Some(layers), Some(mips), Some(depth)) = counts else {
            let reason = "a texture has at most 65535 layers, levels and slices".to_owned();
            return refuse(layer_code, "", reason);
        };
        let complete = match texture_type {
            T::Cube => layers == 6,
            T::CubeArray => layers.is_multiple_of(6),
            _ => true,
        };
        if !complete {
            let reason = format!("{texture_type:?} textures have six faces, there are {layers}");
            return refuse(Code::ArrayLayerCountInvalid, "", reason);
        }
        // Slices halve like everything else.
        let slices = |mip: u16| depth.checked_shr(mip.into()).unwrap_or(0).max(1);
        let mut expected = (0..layers).flat_map(|layer| {
            (0..mips).flat_map(move |mip| {
                (0..slices(mip)).map(move |slice| SubresourceId { layer, mip, slice })
            })
        });
        for (&place, source) in &places {
            let wanted = expected.next();
            if wanted != Some(place) {
                let code = match (texture_type, wanted) {
                    (T::D3, _) => Code::InvalidMipPolicy,
                    (_, Some(wanted)) if wanted.mip > 0 => Code::InvalidMipPolicy,
                    _ => layer_code,
                };
                let missing = wanted.map_or_else(
                    || "nothing is expected".to_owned(),
                    |wanted| format!("{wanted} is missing"),
                );
                let reason = format!("{missing}, but {place} is there");
                return refuse(code, source, reason);
            }
        }
        if let Some(missing) = expected.next() {
            let code = match texture_type {
                T::D3 => Code::InvalidMipPolicy,
                _ if missing.mip > 0 => Code::InvalidMipPolicy,
                _ => layer_code,
            };
            return refuse(code, "", format!("{missing} is missing"));
        }
        Ok((layers, mips, depth))
    }

    /// Checks that all images of a level have its size; returns that of the first level.
    fn check_sizes(&self) -> Result<(u32, u32), TextureError> {
        let Some(base) = self.members.iter().find(|member| member.place.mip == 0) else {
            let reason = "there is no image of the first level".to_owned();
            return refuse(Code::InvalidMipPolicy, "", reason);
        };
        for member in &self.members {
            let mip = u32::from(member.place.mip);
            let halved = |size: u32| size.checked_shr(mip).unwrap_or(0).max(1);
            let (width, height) = (halved(base.width), halved(base.height));
            if (member.width, member.height) != (width, height) {
                return refuse(
                    Code::DimensionMismatch,
                    member.source,
                    format!(
                        "it is {} x {}, but level {mip} of {} x {} ({}) is {width} x {height}",
                        member.width, member.height, base.width, base.height, base.source
                    ),
                );
            }
        }
        Ok((base.width, base.height))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(place: SubresourceId, width: u32, height: u32) -> MemberOutline<'static> {
        MemberOutline {
            place,
            source: "a.png",
            width,
            height,
            format: PixelFormat::Rgba8,
        }
    }

    fn settings(cube: CubeSource) -> TextureSettings {
        TextureSettings {
            cube,
            ..TextureSettings::default()
        }
    }

    /// The type, depth, layers and levels of images, or the code of what is wrong with them.
    fn outline(
        members: &[MemberOutline<'static>],
        declared: Option<TextureType>,
        cube: CubeSource,
    ) -> Result<(TextureType, u16, u16, u16), Code> {
        let set = SetOutline {
            members: members.to_vec(),
            declared,
        };
        Outline::of_set(&set, &settings(cube))
            .map(|o| (o.texture_type, o.depth, o.layers, o.authored))
            .map_err(|error| error.error_code())
    }

    fn square(place: SubresourceId) -> MemberOutline<'static> {
        member(place, 4, 4)
    }

    fn layers(range: std::ops::Range<u16>) -> Vec<MemberOutline<'static>> {
        range.map(|i| square(SubresourceId::layer(i))).collect()
    }

    fn slices(numbers: &[u16]) -> Vec<MemberOutline<'static>> {
        let place = |&i| square(SubresourceId::slice(i));
        numbers.iter().map(place).collect()
    }

    #[test]
    fn places_tell_the_type() {
        use CubeSource::{Any, Never, Suggested};
        use TextureType as T;
        assert_eq!(outline(&layers(0..1), None, Never), Ok((T::D2, 1, 1, 1)));
        assert_eq!(
            outline(&layers(0..5), None, Never),
            Ok((T::D2Array, 1, 5, 1))
        );
        assert_eq!(
            outline(&layers(0..6), None, Never),
            Ok((T::D2Array, 1, 6, 1))
        );
        assert_eq!(outline(&layers(0..6), None, Any), Ok((T::Cube, 1, 6, 1)));
        assert_eq!(
            outline(&layers(0..6), None, Suggested),
            Ok((T::Cube, 1, 6, 1))
        );
        assert_eq!(
            outline(&layers(0..5), None, Suggested),
            Ok((T::D2Array, 1, 5, 1))
        );
        assert_eq!(
            outline(&layers(0..12), None, Any),
            Ok((T::CubeArray, 1, 12, 1))
        );
        assert_eq!(
            outline(&slices(&[0, 1, 2]), None, Never),
            Ok((T::D3, 3, 1, 1))
        );
        assert_eq!(outline(&slices(&[1, 0]), None, Any), Ok((T::D3, 2, 1, 1)));
        // What a container says counts, but for arrays that are asked to be cubes.
        assert_eq!(
            outline(&slices(&[0]), Some(T::D3), Never),
            Ok((T::D3, 1, 1, 1))
        );
        assert_eq!(
            outline(&layers(0..6), Some(T::Cube), Never),
            Ok((T::Cube, 1, 6, 1))
        );
        assert_eq!(
            outline(&layers(0..6), Some(T::D2Array), Any),
            Ok((T::Cube, 1, 6, 1))
        );
        assert_eq!(
            outline(&layers(0..1), Some(T::D2Array), Never),
            Ok((T::D2Array, 1, 1, 1))
        );
        assert_eq!(
            outline(&layers(0..3), Some(T::D2), Never),
            Ok((T::D2Array, 1, 3, 1))
        );
    }

    #[test]
    fn cubes_have_six_different_square_faces() {
        use CubeSource::Any;
        let code = Err(Code::ArrayLayerCountInvalid);
        assert_eq!(outline(&layers(0..5), None, Any), code);
        assert_eq!(outline(&layers(1..6), None, Any), code);
        assert_eq!(outline(&layers(0..11), None, Any), code);
        assert_eq!(outline(&layers(0..7), Some(TextureType::Cube), Any), code);
        let mut double = layers(0..6);
        double[5].place.layer = 2;
        assert_eq!(outline(&double, None, Any), code);
        let flat: Vec<_> = (0..6)
            .map(|i| member(SubresourceId::layer(i), 4, 2))
            .collect();
        assert_eq!(outline(&flat, None, Any), Err(Code::InvalidDimensions));
        let mut uneven = layers(0..6);
        uneven[3].width = 2;
        assert_eq!(outline(&uneven, None, Any), Err(Code::DimensionMismatch));
    }

    #[test]
    fn volumes_have_every_slice_once() {
        use CubeSource::Never;
        for numbers in [&[0, 2][..], &[1, 2], &[0, 1, 1], &[0, 0, 1]] {
            assert_eq!(
                outline(&slices(numbers), None, Never),
                Err(Code::InvalidMipPolicy),
                "{numbers:?}"
            );
        }
        let mut layered = slices(&[0, 1]);
        layered[1].place.layer = 1;
        assert_eq!(
            outline(&layered, None, Never),
            Err(Code::ArrayLayerCountInvalid)
        );
        let mut levelled = slices(&[0, 1]);
        levelled.push(member(SubresourceId::level(0, 1), 2, 2));
        assert_eq!(outline(&levelled, None, Never), Err(Code::InvalidMipPolicy));
        // A container may hold the levels of a volume.
        assert_eq!(
            outline(&levelled, Some(TextureType::D3), Never),
            Ok((TextureType::D3, 2, 1, 2))
        );
        levelled.pop();
        levelled.push(member(
            SubresourceId {
                layer: 0,
                mip: 1,
                slice: 1,
            },
            2,
            2,
        ));
        assert_eq!(
            outline(&levelled, Some(TextureType::D3), Never),
            Err(Code::InvalidMipPolicy)
        );
        assert_eq!(
            outline(&slices(&[0, 1]), Some(TextureType::D2Array), Never),
            Err(Code::UnsupportedFormat)
        );
    }

    #[test]
    fn levels_halve_and_none_is_missing() {
        use CubeSource::Never;
        let level = |layer, mip, size| member(SubresourceId::level(layer, mip), size, size);
        let whole = [
            level(0, 0, 4),
            level(0, 1, 2),
            level(1, 0, 4),
            level(1, 1, 2),
        ];
        assert_eq!(
            outline(&whole, None, Never),
            Ok((TextureType::D2Array, 1, 2, 2))
        );
        assert_eq!(
            outline(&whole[..3], None, Never),
            Err(Code::InvalidMipPolicy)
        );
        assert_eq!(
            outline(&whole[1..2], None, Never),
            Err(Code::InvalidMipPolicy)
        );
        let twice = [level(0, 0, 4), level(0, 0, 4)];
        assert_eq!(outline(&twice, None, Never), Err(Code::InvalidMipPolicy));
        let large = [level(0, 0, 4), level(0, 1, 4)];
        assert_eq!(outline(&large, None, Never), Err(Code::DimensionMismatch));
        let one = [level(0, 0, 1), level(0, 1, 1)];
        // It is the shape that finds a level beyond the last.
        assert!(outline(&one, None, Never).is_ok());
        let far = [level(0, 0, 1), level(0, u16::MAX, 1)];
        assert_eq!(outline(&far, None, Never), Err(Code::InvalidMipPolicy));
    }

    #[test]
    fn what_is_empty_or_mixed_is_refused() {
        use CubeSource::Never;
        assert_eq!(outline(&[], None, Never), Err(Code::FileNotFound));
        let mut mixed = layers(0..2);
        mixed[1].format = PixelFormat::Rgba16;
        assert_eq!(outline(&mixed, None, Never), Err(Code::OutputFormatInvalid));
        assert_eq!(
            outline(&layers(0..1), Some(TextureType::D1), Never),
            Err(Code::UnsupportedFormat)
        );
    }

    #[test]
    fn messages_name_the_file_and_the_numbers() {
        let mut set = SetOutline {
            members: layers(0..2),
            declared: None,
        };
        set.members[1].source = "b.png";
        set.members[1].width = 7;
        let error = Outline::of_set(&set, &settings(CubeSource::Never)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Texture cook failed: DimensionMismatch (b.png): it is 7 x 4, but level 0 of 4 x 4 \
             (a.png) is 4 x 4"
        );
        assert_eq!(error.code().unwrap().id(), "texture.cook_failed");
    }
}

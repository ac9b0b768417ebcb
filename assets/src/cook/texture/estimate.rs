//! What cooking will cost, from headers and settings.

use super::cube::Route;
use super::outline::{MemberOutline, Outline, SetOutline};
use super::plan::{Plan, decode_options};
use super::pyramid::{CHANNELS, Pyramid};
use super::volume::VolumePyramid;
use crate::{
    format::texture_shape::{TextureShape, TextureType},
    settings::texture::TextureSettings,
    source::image::{Channels, Depth, ImageInfo, PixelFormat, SubresourceId, subresource_bytes},
};

/// An upper bound of what cooking a texture costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CookEstimate {
    /// The most memory in use at one time, the bytes of the source included.
    pub peak_bytes: u64,
    /// The size of the payload.
    pub payload_bytes: u64,
}

/// What is small and does not depend on the image: tables, tiles under way, bookkeeping.
const CONSTANT: u64 = 1 << 20;

/// Estimates what cooking an image costs. `source_len` is the size of its file.
///
/// Both numbers are upper bounds. Settings that contradict each other get the bound of the largest
/// output, since they fail before they cost anything.
pub fn estimate(info: &ImageInfo, settings: &TextureSettings, source_len: u64) -> CookEstimate {
    worst(info, settings, |format| {
        let outline = Outline::of_image(info.width, info.height, format, settings);
        let images = image_bytes(info, format);
        let decoding = Decoding {
            source: source_len,
            images,
            decoder: info.decoder_bytes,
        };
        decoding.then(outline.and_then(|outline| {
            let plan = Plan::new(&outline, settings)?;
            Ok((outline, plan))
        }))
    })
}

/// Estimates what cooking several images as one texture costs: one header and one place for each, and
/// what their container says of the kind of texture. `source_len` is the size of all their files.
pub fn estimate_set(
    members: &[(SubresourceId, ImageInfo)],
    declared: Option<TextureType>,
    settings: &TextureSettings,
    source_len: u64,
) -> CookEstimate {
    let Some((_, first)) = members.first() else {
        return CookEstimate {
            peak_bytes: CONSTANT,
            payload_bytes: 0,
        };
    };
    worst(first, settings, |format| {
        let set = SetOutline {
            members: members
                .iter()
                .map(|(place, info)| MemberOutline {
                    place: *place,
                    source: "",
                    width: info.width,
                    height: info.height,
                    format,
                })
                .collect(),
            declared,
        };
        let images = members
            .iter()
            .map(|(_, info)| image_bytes(info, format))
            .fold(0, u64::saturating_add);
        let decoder = members.iter().map(|(_, info)| info.decoder_bytes).max();
        let decoding = Decoding {
            source: source_len,
            images,
            decoder: decoder.unwrap_or(0),
        };
        let outline = match set.single() {
            Some(one) => Outline::of_image(one.width, one.height, one.format, settings),
            None => Outline::of_set(&set, settings),
        };
        decoding.then(outline.and_then(|outline| {
            let plan = Plan::new(&outline, settings)?;
            Ok((outline, plan))
        }))
    })
}

/// Estimates what storing an encoded texture as it is costs. `source_len` is the size of its file.
pub fn estimate_encoded(shape: &TextureShape, source_len: u64) -> CookEstimate {
    let levels = (0..shape.mips())
        .map(|mip| subresource_bytes(shape, mip))
        .fold(0, u64::saturating_add)
        .saturating_mul(shape.layers().into());
    // Rows and subresources are padded; small levels are nearly all padding.
    let rows: u64 = (0..shape.mips())
        .map(|mip| {
            let (_, height, depth) = shape.mip_size(mip);
            u64::from(height.div_ceil(shape.format().block_edge())) * u64::from(depth)
        })
        .fold(0, u64::saturating_add)
        .saturating_mul(shape.layers().into());
    let payload = levels
        .saturating_add(rows.saturating_mul(256))
        .saturating_add(u64::from(shape.mips()) * u64::from(shape.layers()) * 524 + 1024);
    CookEstimate {
        peak_bytes: source_len
            .saturating_add(levels)
            .saturating_add(payload)
            .saturating_add(CONSTANT),
        payload_bytes: payload,
    }
}

/// The bound over all formats that an image may turn out to have: the source may turn out to have
/// alpha, and grey may turn out to be kept.
fn worst(
    info: &ImageInfo,
    settings: &TextureSettings,
    one: impl Fn(PixelFormat) -> CookEstimate,
) -> CookEstimate {
    let candidates: &[PixelFormat] = match (info.depth, info.channels) {
        (Depth::Eight, Channels::Grey | Channels::GreyAlpha) => {
            &[PixelFormat::Rg8, PixelFormat::R8, PixelFormat::Rgba8]
        }
        (Depth::Eight, _) => &[PixelFormat::Rgba8],
        (Depth::Sixteen, Channels::Grey | Channels::GreyAlpha) => {
            &[PixelFormat::Rg16, PixelFormat::R16, PixelFormat::Rgba16]
        }
        (Depth::Sixteen, _) => &[PixelFormat::Rgba16],
        (Depth::Float, _) => &[PixelFormat::Rgba32F],
    };
    let keep_grey = decode_options(settings).keep_grey;
    let mut worst = CookEstimate {
        peak_bytes: 0,
        payload_bytes: 0,
    };
    for &format in candidates {
        if candidates.len() == 1 || format.is_grey() == keep_grey {
            let one = one(format);
            worst.peak_bytes = worst.peak_bytes.max(one.peak_bytes);
            worst.payload_bytes = worst.payload_bytes.max(one.payload_bytes);
        }
    }
    worst
}

fn image_bytes(info: &ImageInfo, format: PixelFormat) -> u64 {
    let pixels = u64::from(info.width) * u64::from(info.height);
    pixels.saturating_mul(format.texel_bytes() as u64)
}

/// What is there before anything is cooked.
struct Decoding {
    /// The files.
    source: u64,
    /// The decoded images.
    images: u64,
    /// What a decoder needs beside the pixels.
    decoder: u64,
}

impl Decoding {
    /// The bound when this is followed by a plan, if there can be one.
    fn then(self, planned: Result<(Outline, Plan), super::TextureError>) -> CookEstimate {
        let decoding = self
            .source
            // Some decoders copy the file.
            .saturating_mul(2)
            .saturating_add(self.images)
            .saturating_add(self.decoder);
        let Ok((outline, plan)) = planned else {
            return CookEstimate {
                peak_bytes: decoding.saturating_add(CONSTANT),
                payload_bytes: 0,
            };
        };
        let payload = u64::from(plan.layout.total());
        let shape = &plan.shape;
        let stored = plan.stored.texel_bytes() as u64;
        let level = |mip| {
            let (width, height, depth) = shape.mip_size(mip);
            u64::from(width)
                .saturating_mul(height.into())
                .saturating_mul(u64::from(depth) * u64::from(shape.layers()))
        };
        let sum = |mips: u16| (0..mips).map(level).fold(0, u64::saturating_add);
        let levels = sum(shape.mips()).saturating_mul(stored);
        let authored = sum(plan.authored).saturating_mul(stored);
        let (width, height, depth) = shape.mip_size(0);
        let rows = u64::from(width) * (CHANNELS * size_of::<f32>()) as u64 * 4;
        let filters = if shape.texture_type() == TextureType::D3 {
            VolumePyramid::bytes([width, height, depth], shape.mips().into())
        } else {
            Pyramid::bytes(width, height, shape.mips().into())
        };
        // Levels that are there lie in the memory of their images if they fit.
        let fits = stored <= outline.format.texel_bytes() as u64;
        let in_place = fits && shape.texture_type() != TextureType::D3;
        let preparing = match outline.route {
            Route::Plain if in_place => self.images.saturating_add(levels - authored),
            // The image is given back when its faces are cut out.
            Route::Layout { .. } => self.images.saturating_mul(2).max(if in_place {
                self.images.saturating_add(levels - authored)
            } else {
                self.images.saturating_add(levels)
            }),
            Route::Plain | Route::Panorama { .. } => self.images.saturating_add(levels),
        };
        let preparing = self
            .source
            .saturating_add(preparing)
            .saturating_add(rows.saturating_add(filters));
        let encoding = self.source.saturating_add(levels).saturating_add(payload);
        let assembling = if plan.output.is_block_compressed() {
            let both = payload.saturating_add(payload);
            self.source.saturating_add(both)
        } else {
            encoding
        };
        CookEstimate {
            peak_bytes: decoding
                .max(preparing)
                .max(encoding)
                .max(assembling)
                .saturating_add(CONSTANT),
            payload_bytes: payload,
        }
    }
}

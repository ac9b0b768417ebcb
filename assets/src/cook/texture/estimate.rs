//! What cooking an image will cost, from its header and the settings.

use super::plan::{Plan, decode_options};
use super::pyramid::{CHANNELS, Pyramid};
use crate::{
    settings::texture::{MipPolicy, TextureSettings},
    source::image::{Channels, Depth, ImageInfo, PixelFormat},
};

/// An upper bound of what cooking an image costs.
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
    // The source may turn out to have alpha, and grey may turn out to be kept.
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
    let possible = candidates
        .iter()
        .copied()
        .filter(|format| candidates.len() == 1 || format.is_grey() == keep_grey);
    let mut worst = CookEstimate {
        peak_bytes: 0,
        payload_bytes: 0,
    };
    for format in possible {
        let one = estimate_as(info, format, settings, source_len);
        worst.peak_bytes = worst.peak_bytes.max(one.peak_bytes);
        worst.payload_bytes = worst.payload_bytes.max(one.payload_bytes);
    }
    worst
}

fn estimate_as(
    info: &ImageInfo,
    format: PixelFormat,
    settings: &TextureSettings,
    source_len: u64,
) -> CookEstimate {
    let pixels = u64::from(info.width) * u64::from(info.height);
    let image = pixels.saturating_mul(format.texel_bytes() as u64);
    let decoding = source_len
        // Some decoders copy the file.
        .saturating_mul(2)
        .saturating_add(image)
        .saturating_add(info.decoder_bytes);
    let Ok(plan) = Plan::new(info.width, info.height, format, settings) else {
        return CookEstimate {
            peak_bytes: decoding.saturating_add(CONSTANT),
            payload_bytes: 0,
        };
    };
    let payload = u64::from(plan.layout.total());
    let mips = match settings.mip_policy {
        MipPolicy::None => 1,
        _ => plan.shape.mips(),
    };
    let stored = plan.stored.texel_bytes() as u64;
    let levels: u64 = (0..mips)
        .map(|mip| {
            let (width, height, _) = plan.shape.mip_size(mip);
            u64::from(width) * u64::from(height) * stored
        })
        .sum();
    let base = pixels * stored;
    let rows = u64::from(info.width) * (CHANNELS * size_of::<f32>()) as u64 * 3;
    let filters = Pyramid::bytes(info.width, info.height, mips.into());
    // The first level lies in the memory of the image if it fits.
    let first = if base <= image {
        image
    } else {
        image.saturating_add(base)
    };
    let preparing = source_len
        .saturating_add(first)
        .saturating_add(levels - base)
        .saturating_add(rows + filters);
    let encoding = source_len.saturating_add(levels).saturating_add(payload);
    let assembling = if plan.output.is_block_compressed() {
        source_len.saturating_add(payload).saturating_add(payload)
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

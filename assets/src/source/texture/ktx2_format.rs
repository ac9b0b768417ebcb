//! The texel formats of KTX2 files, by their Vulkan numbers (`VkFormat`).

use super::Texels;
use super::packed::PackedTexels;
use crate::{format::texture_format::TextureFormat as F, settings::texture::ColorSpace};

/// What a Vulkan format says.
pub(super) struct Pixels {
    pub(super) texels: Texels,
    pub(super) color_space: Option<ColorSpace>,
}

fn packed(bytes: u8, masks: [u64; 4], srgb: bool) -> Pixels {
    Pixels {
        texels: Texels::Packed(PackedTexels::new(bytes, masks)),
        color_space: srgb.then_some(ColorSpace::SRGB),
    }
}

/// What a Vulkan format says, or what it is instead.
pub(super) fn pixels(vk_format: u32) -> Result<Pixels, String> {
    let format = match vk_format {
        // Four bits each, red or blue in the highest.
        2 => return Ok(packed(2, [0xF000, 0xF00, 0xF0, 0xF], false)),
        3 => return Ok(packed(2, [0xF0, 0xF00, 0xF000, 0xF], false)),
        4 => F::B5G6R5UNorm,
        5 => return Ok(packed(2, [0x1F, 0x7E0, 0xF800, 0], false)),
        6 => return Ok(packed(2, [0xF800, 0x7C0, 0x3E, 1], false)),
        7 => return Ok(packed(2, [0x3E, 0x7C0, 0xF800, 1], false)),
        8 => F::B5G5R5A1UNorm,
        9 | 15 => F::R8UNorm,
        10 => F::R8SNorm,
        13 => F::R8UInt,
        14 => F::R8SInt,
        16 | 22 => F::Rg8UNorm,
        17 => F::Rg8SNorm,
        20 => F::Rg8UInt,
        21 => F::Rg8SInt,
        23 | 29 => return Ok(packed(3, [0xFF, 0xFF00, 0xFF_0000, 0], vk_format == 29)),
        30 | 36 => return Ok(packed(3, [0xFF_0000, 0xFF00, 0xFF, 0], vk_format == 36)),
        37 | 51 => F::Rgba8UNorm,
        38 | 52 => F::Rgba8SNorm,
        41 | 55 => F::Rgba8UInt,
        42 | 56 => F::Rgba8SInt,
        43 | 57 => F::Rgba8UNormSrgb,
        44 => F::Bgra8UNorm,
        50 => F::Bgra8UNormSrgb,
        58 => {
            return Ok(packed(
                4,
                [0x3FF0_0000, 0xF_FC00, 0x3FF, 0xC000_0000],
                false,
            ));
        }
        64 => F::R10G10B10A2UNorm,
        68 => F::R10G10B10A2UInt,
        70 => F::R16UNorm,
        71 => F::R16SNorm,
        74 => F::R16UInt,
        75 => F::R16SInt,
        76 => F::R16Float,
        77 => F::Rg16UNorm,
        78 => F::Rg16SNorm,
        81 => F::Rg16UInt,
        82 => F::Rg16SInt,
        83 => F::Rg16Float,
        84 => return Ok(packed(6, [0xFFFF, 0xFFFF_0000, 0xFFFF_0000_0000, 0], false)),
        91 => F::Rgba16UNorm,
        92 => F::Rgba16SNorm,
        95 => F::Rgba16UInt,
        96 => F::Rgba16SInt,
        97 => F::Rgba16Float,
        98 => F::R32UInt,
        99 => F::R32SInt,
        100 => F::R32Float,
        101 => F::Rg32UInt,
        102 => F::Rg32SInt,
        103 => F::Rg32Float,
        104 => F::Rgb32UInt,
        105 => F::Rgb32SInt,
        106 => F::Rgb32Float,
        107 => F::Rgba32UInt,
        108 => F::Rgba32SInt,
        109 => F::Rgba32Float,
        122 => F::R11G11B10Float,
        123 => F::R9G9B9E5Float,
        131 | 133 => F::Bc1UNorm,
        132 | 134 => F::Bc1UNormSrgb,
        135 => F::Bc2UNorm,
        136 => F::Bc2UNormSrgb,
        137 => F::Bc3UNorm,
        138 => F::Bc3UNormSrgb,
        139 => F::Bc4UNorm,
        140 => F::Bc4SNorm,
        141 => F::Bc5UNorm,
        142 => F::Bc5SNorm,
        143 => F::Bc6hFloatU,
        144 => F::Bc6hFloatS,
        145 => F::Bc7UNorm,
        146 => F::Bc7UNormSrgb,
        1_000_340_000 => F::B4G4R4A4UNorm,
        147..=156 => return Err(format!("ETC2 blocks (Vulkan format {vk_format})")),
        157..=184 | 1_000_066_000..=1_000_066_013 => {
            return Err(format!("ASTC blocks (Vulkan format {vk_format})"));
        }
        1_000_054_000..=1_000_054_007 => {
            return Err(format!("PVRTC blocks (Vulkan format {vk_format})"));
        }
        _ => return Err(format!("texels of the Vulkan format {vk_format}")),
    };
    Ok(Pixels {
        texels: Texels::Format(format),
        color_space: match vk_format {
            15 | 22 => Some(ColorSpace::SRGB),
            _ => super::dds::declared_space(format),
        },
    })
}

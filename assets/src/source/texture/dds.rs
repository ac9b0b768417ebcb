//! DDS files (`DirectDraw` surfaces, with and without the DX10 header).

use super::packed::PackedTexels;
use super::{StoredInfo, Surfaces, Texels, corrupt};
use crate::{
    format::{texture_format::TextureFormat as F, texture_shape::TextureType},
    settings::texture::ColorSpace,
    source::image::{ImageError, ImageFormat, array},
};
use std::borrow::Cow;

pub(in crate::source) const SIGNATURE: [u8; 4] = *b"DDS ";

/// Where the texels begin, without and with the DX10 header.
const DATA: usize = 128;
const DATA_DX10: usize = 148;

/// Bits of the flags of the pixel format.
const HAS_ALPHA: u32 = 0x1;
const ALPHA_ONLY: u32 = 0x2;
const FOUR_CC: u32 = 0x4;
const RGB: u32 = 0x40;
const LUMINANCE: u32 = 0x20000;

/// Bits of the second word of capabilities.
const CUBE: u32 = 0x200;
const ALL_FACES: u32 = 0xFC00;
const VOLUME: u32 = 0x20_0000;

fn unsupported(feature: impl Into<String>) -> ImageError {
    ImageError::Unsupported {
        format: "DDS",
        feature: feature.into(),
    }
}

/// What the pixel format says.
struct Pixels {
    texels: Texels,
    color_space: Option<ColorSpace>,
    premultiplied: bool,
}

impl Pixels {
    fn of(format: F) -> Self {
        Self {
            texels: Texels::Format(format),
            color_space: None,
            premultiplied: false,
        }
    }
}

/// Reads the headers.
pub(super) fn probe(bytes: &[u8]) -> Result<StoredInfo, ImageError> {
    let word = |offset: usize| Ok::<_, ImageError>(u32::from_le_bytes(array(bytes, offset)?));
    // All of it, so that less always asks for more.
    let _: [u8; DATA] = array(bytes, 0)?;
    let size = word(4)?;
    if size != 124 {
        return Err(corrupt(
            ImageFormat::Dds,
            format!("its header says that it has {size} bytes instead of 124"),
        ));
    }
    let (height, width, depth) = (word(12)?, word(16)?, word(24)?);
    let mips = word(28)?.max(1);
    let (flags, four_cc) = (word(80)?, word(84)?);
    let capabilities = word(112)?;
    let mut dimension = 0;
    let (pixels, cubes, is_cube, is_volume);
    if flags & FOUR_CC != 0 && four_cc == u32::from_le_bytes(*b"DX10") {
        let (dxgi, misc, elements) = (word(128)?, word(136)?, word(140)?);
        let misc2 = word(144)?;
        dimension = word(132)?;
        pixels = Pixels {
            premultiplied: misc2 & 7 == 2,
            ..dxgi_pixels(dxgi)?
        };
        is_cube = misc & 4 != 0;
        is_volume = dimension == 4;
        cubes = elements.max(1);
    } else {
        pixels = if flags & FOUR_CC != 0 {
            four_cc_pixels(four_cc)?
        } else {
            let bits = word(88)?;
            let masks = [word(92)?, word(96)?, word(100)?, word(104)?];
            masked_pixels(flags, bits, masks)?
        };
        is_cube = capabilities & CUBE != 0;
        is_volume = capabilities & VOLUME != 0;
        cubes = 1;
        if is_cube && capabilities & ALL_FACES != ALL_FACES {
            return Err(unsupported("a cube without all of its six faces"));
        }
    }
    if is_volume && (is_cube || cubes > 1) {
        return Err(corrupt(
            ImageFormat::Dds,
            "it is a volume with several layers",
        ));
    }
    let height = if dimension == 2 { 1 } else { height };
    let layers = cubes.saturating_mul(if is_cube { 6 } else { 1 });
    let narrow = |name: &str, value: u32| {
        u16::try_from(value)
            .map_err(|_| corrupt(ImageFormat::Dds, format!("its number of {name} is {value}")))
    };
    Ok(StoredInfo {
        container: ImageFormat::Dds,
        texture_type: match (is_volume, is_cube, cubes) {
            (true, _, _) => TextureType::D3,
            (_, true, 1) => TextureType::Cube,
            (_, true, _) => TextureType::CubeArray,
            (_, _, 1) => TextureType::D2,
            _ => TextureType::D2Array,
        },
        width,
        height,
        depth: if is_volume {
            narrow("slices", depth)?
        } else {
            1
        },
        layers: narrow("layers", layers)?,
        mips: narrow("levels", mips)?,
        texels: pixels.texels,
        color_space: pixels.color_space,
        bottom_up: false,
        premultiplied: pixels.premultiplied,
        supercompressed: false,
    })
}

/// The formats of the DX10 header (`DXGI_FORMAT`). Those without a type are taken as `UNORM`.
fn dxgi_pixels(id: u32) -> Result<Pixels, ImageError> {
    let format = match id {
        2 => F::Rgba32Float,
        3 => F::Rgba32UInt,
        4 => F::Rgba32SInt,
        6 => F::Rgb32Float,
        7 => F::Rgb32UInt,
        8 => F::Rgb32SInt,
        10 => F::Rgba16Float,
        9 | 11 => F::Rgba16UNorm,
        12 => F::Rgba16UInt,
        13 => F::Rgba16SNorm,
        14 => F::Rgba16SInt,
        16 => F::Rg32Float,
        17 => F::Rg32UInt,
        18 => F::Rg32SInt,
        23 | 24 => F::R10G10B10A2UNorm,
        25 => F::R10G10B10A2UInt,
        26 => F::R11G11B10Float,
        27 | 28 => F::Rgba8UNorm,
        29 => F::Rgba8UNormSrgb,
        30 => F::Rgba8UInt,
        31 => F::Rgba8SNorm,
        32 => F::Rgba8SInt,
        34 => F::Rg16Float,
        33 | 35 => F::Rg16UNorm,
        36 => F::Rg16UInt,
        37 => F::Rg16SNorm,
        38 => F::Rg16SInt,
        41 => F::R32Float,
        42 => F::R32UInt,
        43 => F::R32SInt,
        48 | 49 => F::Rg8UNorm,
        50 => F::Rg8UInt,
        51 => F::Rg8SNorm,
        52 => F::Rg8SInt,
        54 => F::R16Float,
        53 | 56 => F::R16UNorm,
        57 => F::R16UInt,
        58 => F::R16SNorm,
        59 => F::R16SInt,
        60 | 61 => F::R8UNorm,
        62 => F::R8UInt,
        63 => F::R8SNorm,
        64 => F::R8SInt,
        67 => F::R9G9B9E5Float,
        70 | 71 => F::Bc1UNorm,
        72 => F::Bc1UNormSrgb,
        73 | 74 => F::Bc2UNorm,
        75 => F::Bc2UNormSrgb,
        76 | 77 => F::Bc3UNorm,
        78 => F::Bc3UNormSrgb,
        79 | 80 => F::Bc4UNorm,
        81 => F::Bc4SNorm,
        82 | 83 => F::Bc5UNorm,
        84 => F::Bc5SNorm,
        85 => F::B5G6R5UNorm,
        86 => F::B5G5R5A1UNorm,
        90 | 87 => F::Bgra8UNorm,
        91 => F::Bgra8UNormSrgb,
        94 | 95 => F::Bc6hFloatU,
        96 => F::Bc6hFloatS,
        97 | 98 => F::Bc7UNorm,
        99 => F::Bc7UNormSrgb,
        115 => F::B4G4R4A4UNorm,
        // Blue, green, red and a byte that means nothing.
        88 | 92 | 93 => {
            return Ok(Pixels {
                texels: Texels::Packed(PackedTexels::new(4, [0xFF_0000, 0xFF00, 0xFF, 0])),
                color_space: (id == 93).then_some(ColorSpace::SRGB),
                premultiplied: false,
            });
        }
        65 => {
            return Ok(Pixels {
                texels: Texels::Packed(PackedTexels::new(1, [0, 0, 0, 0xFF])),
                color_space: None,
                premultiplied: false,
            });
        }
        _ => return Err(unsupported(format!("texels of the DXGI format {id}"))),
    };
    Ok(Pixels {
        color_space: declared_space(format),
        ..Pixels::of(format)
    })
}

/// What a format says of the space of its numbers. `UNORM` says nothing: much of what is stored so is
/// sRGB.
pub(super) fn declared_space(format: F) -> Option<ColorSpace> {
    if format.is_srgb() {
        Some(ColorSpace::SRGB)
    } else if format.is_float() {
        Some(ColorSpace::Linear)
    } else {
        None
    }
}

/// The formats that four letters or a `D3DFORMAT` number name.
fn four_cc_pixels(code: u32) -> Result<Pixels, ImageError> {
    let letters = code.to_le_bytes();
    let format = match &letters {
        b"DXT1" => F::Bc1UNorm,
        b"DXT2" | b"DXT3" => F::Bc2UNorm,
        b"DXT4" | b"DXT5" => F::Bc3UNorm,
        b"ATI1" | b"BC4U" => F::Bc4UNorm,
        b"BC4S" => F::Bc4SNorm,
        b"ATI2" | b"BC5U" => F::Bc5UNorm,
        b"BC5S" => F::Bc5SNorm,
        _ => match code {
            36 => F::Rgba16UNorm,
            110 => F::Rgba16SNorm,
            111 => F::R16Float,
            112 => F::Rg16Float,
            113 => F::Rgba16Float,
            114 => F::R32Float,
            115 => F::Rg32Float,
            116 => F::Rgba32Float,
            _ => {
                let name: String = letters
                    .iter()
                    .map(|&b| if b.is_ascii_graphic() { b as char } else { '?' })
                    .collect();
                return Err(unsupported(format!(
                    "texels of the format `{name}` ({code:#x})"
                )));
            }
        },
    };
    Ok(Pixels {
        color_space: format.is_float().then_some(ColorSpace::Linear),
        premultiplied: matches!(&letters, b"DXT2" | b"DXT4"),
        ..Pixels::of(format)
    })
}

/// Uncompressed texels under masks.
fn masked_pixels(flags: u32, bits: u32, masks: [u32; 4]) -> Result<Pixels, ImageError> {
    let [r, g, b, a] = masks;
    let a = if flags & (HAS_ALPHA | ALPHA_ONLY) != 0 {
        a
    } else {
        0
    };
    if !matches!(bits, 8 | 16 | 24 | 32) {
        return Err(unsupported(format!("{bits} bits per texel")));
    }
    let bytes = (bits / 8) as u8;
    let all = if bits == 32 {
        u32::MAX
    } else {
        (1 << bits) - 1
    };
    if (r | g | b | a) & !all != 0 {
        return Err(corrupt(
            ImageFormat::Dds,
            format!("its masks have more than {bits} bits"),
        ));
    }
    let packed = |texels| Pixels {
        texels: Texels::Packed(texels),
        color_space: None,
        premultiplied: false,
    };
    if flags & LUMINANCE != 0 {
        return Ok(match (bits, r, a) {
            (8, 0xFF, 0) => Pixels::of(F::R8UNorm),
            (16, 0xFFFF, 0) => Pixels::of(F::R16UNorm),
            (_, 0, _) => return Err(corrupt(ImageFormat::Dds, "its luminance has no mask")),
            _ => packed(PackedTexels::grey(bytes, r.into(), a.into())),
        });
    }
    if flags & (RGB | ALPHA_ONLY) == 0 {
        return Err(unsupported(format!(
            "texels of the kind {flags:#x}, neither RGB nor luminance"
        )));
    }
    if r | g | b | a == 0 {
        return Err(corrupt(ImageFormat::Dds, "its channels have no masks"));
    }
    Ok(match (bits, r, g, b, a) {
        (32, 0xFF, 0xFF00, 0xFF_0000, 0xFF00_0000) => Pixels::of(F::Rgba8UNorm),
        (32, 0xFF_0000, 0xFF00, 0xFF, 0xFF00_0000) => Pixels::of(F::Bgra8UNorm),
        (32, 0xFFFF, 0xFFFF_0000, 0, 0) => Pixels::of(F::Rg16UNorm),
        (32, 0x3FF, 0xF_FC00, 0x3FF0_0000, 0xC000_0000) => Pixels::of(F::R10G10B10A2UNorm),
        (16, 0xF800, 0x7E0, 0x1F, 0) => Pixels::of(F::B5G6R5UNorm),
        (16, 0x7C00, 0x3E0, 0x1F, 0x8000) => Pixels::of(F::B5G5R5A1UNorm),
        (16, 0xF00, 0xF0, 0xF, 0xF000) => Pixels::of(F::B4G4R4A4UNorm),
        (16, 0xFF, 0xFF00, 0, 0) => Pixels::of(F::Rg8UNorm),
        _ => packed(PackedTexels::new(bytes, [r, g, b, a].map(u64::from))),
    })
}

/// Where everything is: layer by layer, levels inside, as we want it.
pub(super) fn surfaces<'a>(bytes: &'a [u8], info: &StoredInfo) -> Result<Surfaces<'a>, ImageError> {
    let has_dx10 =
        array(bytes, 84)? == *b"DX10" && u32::from_le_bytes(array(bytes, 80)?) & FOUR_CC != 0;
    let start = if has_dx10 { DATA_DX10 } else { DATA };
    let needed = info.data_bytes().saturating_add(start as u64);
    if (bytes.len() as u64) < needed {
        return Err(ImageError::Truncated {
            format: ImageFormat::Dds,
            reason: format!(
                "its layers and levels need {needed} bytes, but there are {}",
                bytes.len()
            ),
        });
    }
    let mut surfaces = Vec::with_capacity(usize::from(info.layers) * usize::from(info.mips));
    let mut offset = start;
    for _ in 0..info.layers {
        for mip in 0..info.mips {
            // All of it lies inside the bytes, as was checked.
            let end = offset + info.surface_bytes(mip) as usize;
            surfaces.push(offset..end);
            offset = end;
        }
    }
    Ok((Cow::Borrowed(bytes), surfaces))
}

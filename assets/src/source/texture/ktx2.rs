//! KTX2 files (Khronos Texture Format 2.0, `KHR_texture` container specification).

use super::ktx2_format::{self, Pixels};
use super::{StoredInfo, Surfaces, corrupt};
use crate::{
    cook::pace::CancelFlag,
    format::texture_shape::TextureType,
    source::image::{ImageError, ImageFormat, allocate, array, capacity, field},
};
use ruzstd::decoding::StreamingDecoder;
use std::borrow::Cow;

pub(in crate::source) const SIGNATURE: [u8; 12] = *b"\xABKTX 20\xBB\r\n\x1A\n";

/// Where the index of the levels begins, and how long each of its entries is.
const LEVELS: usize = 80;
const LEVEL_BYTES: usize = 24;

/// The key of the metadata that says where the first row is.
const ORIENTATION: &[u8] = b"KTXorientation";

/// How levels are compressed once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Supercompression {
    None,
    Zstandard,
    Zlib,
}

fn unsupported(feature: impl Into<String>) -> ImageError {
    ImageError::Unsupported {
        format: "KTX2",
        feature: feature.into(),
    }
}

fn wrong(reason: impl Into<String>) -> ImageError {
    corrupt(ImageFormat::Ktx2, reason)
}

fn word(bytes: &[u8], offset: usize) -> Result<u32, ImageError> {
    Ok(u32::from_le_bytes(array(bytes, offset)?))
}

/// A part of the file that the header names by offset and length.
fn section(bytes: &[u8], offset: u64, len: u64) -> Result<&[u8], ImageError> {
    let end = offset
        .checked_add(len)
        .ok_or_else(|| wrong("a section ends beyond all files"))?;
    // A part of memory, if it is there.
    match (usize::try_from(offset), usize::try_from(len)) {
        (Ok(offset), Ok(len)) => field(bytes, offset, len),
        _ => Err(ImageError::NeedMoreBytes { at_least: end }),
    }
}

fn supercompression(bytes: &[u8]) -> Result<Supercompression, ImageError> {
    match word(bytes, 44)? {
        0 => Ok(Supercompression::None),
        1 => Err(unsupported("Basis Universal (ETC1S) textures")),
        2 => Ok(Supercompression::Zstandard),
        3 => Ok(Supercompression::Zlib),
        other => Err(unsupported(format!("the supercompression {other}"))),
    }
}

/// Reads the header, the data format descriptor and the metadata.
pub(super) fn probe(bytes: &[u8]) -> Result<StoredInfo, ImageError> {
    // All of the header, so that less always asks for more.
    let _: [u8; LEVELS] = array(bytes, 0)?;
    let (vk_format, width, height, depth) = (
        word(bytes, 12)?,
        word(bytes, 20)?,
        word(bytes, 24)?,
        word(bytes, 28)?,
    );
    let (elements, faces) = (word(bytes, 32)?, word(bytes, 36)?);
    let mips = word(bytes, 40)?.max(1);
    let supercompression = supercompression(bytes)?;
    if width == 0 {
        return Err(wrong("its width is zero"));
    }
    if !matches!(faces, 1 | 6) {
        return Err(wrong(format!("it has {faces} faces")));
    }
    let (is_volume, is_cube, is_array) = (depth > 0, faces == 6, elements > 0);
    if is_volume && (is_cube || is_array) {
        return Err(unsupported("volumes with several layers"));
    }
    if height == 0 && (is_volume || is_cube) {
        return Err(wrong("its height is zero"));
    }
    let narrow = |name: &str, value: u32| {
        u16::try_from(value).map_err(|_| wrong(format!("its number of {name} is {value}")))
    };
    let layers = elements.max(1).saturating_mul(faces);
    let mips = narrow("levels", mips)?;
    // A chain is at most as long as a size has bits; the rest is checked with the shape.
    if mips > 32 {
        return Err(wrong(format!("its number of levels is {mips}")));
    }
    let descriptor = section(bytes, word(bytes, 48)?.into(), word(bytes, 52)?.into())?;
    // The model, the transfer function and the flags are in the first words of the basic block.
    let basic = descriptor.get(12..16).unwrap_or(&[0; 4]);
    if vk_format == 0 {
        return Err(unsupported(match basic[0] {
            163 => "Basis Universal (ETC1S) textures",
            166 => "Basis Universal (UASTC) textures",
            _ => "texels without a Vulkan format",
        }));
    }
    let Pixels {
        texels,
        color_space,
    } = ktx2_format::pixels(vk_format).map_err(unsupported)?;
    let metadata = section(bytes, word(bytes, 56)?.into(), word(bytes, 60)?.into())?;
    // The index has to be there before it is of use.
    field(bytes, LEVELS, usize::from(mips) * LEVEL_BYTES)?;
    Ok(StoredInfo {
        container: ImageFormat::Ktx2,
        texture_type: match (is_volume, is_cube, is_array) {
            (true, _, _) => TextureType::D3,
            (_, true, true) => TextureType::CubeArray,
            (_, true, false) => TextureType::Cube,
            (_, false, true) => TextureType::D2Array,
            _ => TextureType::D2,
        },
        width,
        height: height.max(1),
        depth: narrow("slices", depth.max(1))?,
        layers: narrow("layers", layers)?,
        mips,
        texels,
        color_space,
        // `rd` is right and down; the second letter says where rows go.
        bottom_up: value_of(metadata, ORIENTATION).is_some_and(|value| value.get(1) == Some(&b'u')),
        premultiplied: basic[3] & 1 != 0,
        supercompressed: supercompression != Supercompression::None,
    })
}

/// The value of a key in the metadata; `None` if it is not there or the metadata is damaged.
fn value_of<'a>(mut metadata: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    loop {
        let len = u32::from_le_bytes(*metadata.first_chunk()?) as usize;
        let entry = metadata.get(4..)?.get(..len)?;
        let end = entry.iter().position(|&byte| byte == 0)?;
        if &entry[..end] == wanted {
            return Some(&entry[end + 1..]);
        }
        metadata = metadata.get(4 + len.next_multiple_of(4)..)?;
    }
}

/// Where everything is: layer by layer, levels inside. The file has it the other way round.
pub(super) fn surfaces<'a>(
    bytes: &'a [u8],
    info: &StoredInfo,
    cancel: &CancelFlag,
) -> Result<Surfaces<'a>, ImageError> {
    let scheme = supercompression(bytes)?;
    let most = match scheme {
        Supercompression::None => 1,
        Supercompression::Zstandard => capacity::ZSTANDARD,
        Supercompression::Zlib => capacity::DEFLATE,
    };
    let promised = info.data_bytes();
    capacity::check(ImageFormat::Ktx2, bytes.len() as u64, most, promised)?;
    let mut unpacked = if scheme == Supercompression::None {
        Vec::new()
    } else {
        allocate(info.data_bytes())?
    };
    let mut filled = 0;
    let mut starts = Vec::with_capacity(usize::from(info.mips));
    for mip in 0..info.mips {
        cancel.check()?;
        let entry = LEVELS + usize::from(mip) * LEVEL_BYTES;
        let number = |at: usize| Ok::<_, ImageError>(u64::from_le_bytes(array(bytes, entry + at)?));
        let (offset, len, plain_len) = (number(0)?, number(8)?, number(16)?);
        let expected = info.level_bytes(mip);
        let declared = if scheme == Supercompression::None {
            len
        } else {
            plain_len
        };
        if declared != expected {
            return Err(wrong(format!(
                "its level {mip} has {declared} bytes instead of {expected}"
            )));
        }
        let level = section(bytes, offset, len).map_err(|_| ImageError::Truncated {
            format: ImageFormat::Ktx2,
            reason: format!(
                "its level {mip} has {len} bytes at {offset}, but there are only {}",
                bytes.len()
            ),
        })?;
        if scheme == Supercompression::None {
            // It lies inside the bytes, whose length is one of memory.
            starts.push(offset as usize);
            continue;
        }
        // The sizes of all levels add up to what was allocated.
        let target = unpacked
            .get_mut(filled..)
            .and_then(|rest| rest.get_mut(..expected as usize))
            .ok_or_else(|| wrong("its levels are larger than they say"))?;
        let done = match scheme {
            Supercompression::Zlib => inflate(level, target, cancel)?,
            _ => zstandard(level, target, cancel)?,
        };
        if done != target.len() {
            return Err(wrong(format!(
                "its level {mip} unpacks to {done} bytes instead of {expected}"
            )));
        }
        starts.push(filled);
        filled += expected as usize;
    }
    let mut surfaces = Vec::with_capacity(usize::from(info.layers) * usize::from(info.mips));
    for layer in 0..usize::from(info.layers) {
        for (mip, start) in starts.iter().enumerate() {
            let len = info.surface_bytes(mip as u16) as usize;
            let start = start + layer * len;
            surfaces.push(start..start + len);
        }
    }
    let data = if scheme == Supercompression::None {
        Cow::Borrowed(bytes)
    } else {
        Cow::Owned(unpacked)
    };
    Ok((data, surfaces))
}

/// How much is unpacked between two looks at the flag.
const STRETCH: usize = 1 << 20;

/// Unpacks a zlib stream; says how much there was.
fn inflate(level: &[u8], target: &mut [u8], cancel: &CancelFlag) -> Result<usize, ImageError> {
    use flate2::{Decompress, FlushDecompress, Status};
    let mut stream = Decompress::new(true);
    loop {
        cancel.check()?;
        let (read, written) = (stream.total_in() as usize, stream.total_out() as usize);
        let input = level.get(read..).unwrap_or_default();
        let end = target.len().min(written + STRETCH);
        let status = stream
            .decompress(input, &mut target[written..end], FlushDecompress::None)
            .map_err(|error| wrong(format!("zlib: {error}")))?;
        let done = stream.total_out() as usize;
        let stuck = done == written && stream.total_in() as usize == read;
        if status == Status::StreamEnd || stuck {
            return Ok(if status == Status::StreamEnd { done } else { 0 });
        }
    }
}

/// Unpacks Zstandard frames; says how much there was.
fn zstandard(level: &[u8], target: &mut [u8], cancel: &CancelFlag) -> Result<usize, ImageError> {
    let failed = |error: &dyn std::fmt::Display| wrong(format!("Zstandard: {error}"));
    // A window is never larger than what it is for, but for rounding; 8 MiB are what every decoder has
    // to take.
    let window = (target.len() as u64).saturating_mul(2).max(8 << 20);
    let mut input = level;
    let mut done = 0;
    while !input.is_empty() {
        let mut frame = StreamingDecoder::new_with_max_window_size(&mut input, window)
            .map_err(|error| failed(&error))?;
        loop {
            cancel.check()?;
            let end = target.len().min(done + STRETCH);
            let count = std::io::Read::read(&mut frame, &mut target[done..end])
                .map_err(|error| failed(&error))?;
            done += count;
            if count == 0 {
                break;
            }
        }
        if !frame.decoder.is_finished() || frame.decoder.can_collect() > 0 {
            return Err(wrong("its levels are larger than they say"));
        }
    }
    Ok(done)
}

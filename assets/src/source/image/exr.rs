//! OpenEXR: which part and channels make up the picture, and its pixels.
//!
//! Of a file with several parts the first flat one with usable channels is read: some of `R`, `G` and
//! `B`, or luminance `Y`, both with or without `A`, in a layer or not, or a single channel of any name.
//! Only the largest level counts, and the data window is the image.

use super::pixels::allocate;
use super::probe::{array, field};
use super::reader::SourceReader;
use super::{Channels, Depth, ImageError, ImageFormat, ImageInfo, capacity};
use exr::{
    block::{self, reader::ChunksReader},
    math::Vec2,
    meta::attribute::SampleType,
};

pub(super) const SIGNATURE: [u8; 4] = [0x76, 0x2F, 0x31, 0x01];

/// Bits of the version field.
const HAS_DEEP_DATA: u32 = 0x800;
const HAS_PARTS: u32 = 0x1000;

/// What is read before the pixels.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) info: ImageInfo,
    /// The blocks of its largest level.
    blocks: u64,
    /// The part that is read.
    part: usize,
    /// The channels that are read, and where they go in RGBA.
    roles: Vec<(String, &'static [usize])>,
}

fn corrupt(reason: impl Into<String>) -> ImageError {
    ImageError::Corrupt {
        format: ImageFormat::Exr,
        reason: reason.into(),
    }
}

fn unsupported(feature: impl Into<String>) -> ImageError {
    ImageError::Unsupported {
        format: "OpenEXR",
        feature: feature.into(),
    }
}

/// One part of the file, as far as it matters here.
#[derive(Default)]
struct Part {
    channels: Vec<Channel>,
    data_window: Option<[i32; 4]>,
    compression: u8,
    tile: Option<(u32, u32)>,
    deep: bool,
}

struct Channel {
    name: String,
    bytes: u64,
    subsampled: bool,
}

/// Reads the headers of all parts and chooses one.
pub(super) fn probe(bytes: &[u8]) -> Result<Header, ImageError> {
    let version = u32::from_le_bytes(array(bytes, 4)?);
    if version & 0xFF > 2 {
        return Err(unsupported(format!("version {}", version & 0xFF)));
    }
    let mut offset = 8;
    let mut parts = Vec::new();
    loop {
        let (part, next) = read_part(bytes, offset)?;
        offset = next;
        parts.push(part);
        let [more] = if version & HAS_PARTS != 0 {
            array(bytes, offset)?
        } else {
            [0]
        };
        if more == 0 {
            break;
        }
    }
    let mut seen = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let names: Vec<&str> = part.channels.iter().map(|c| c.name.as_str()).collect();
        if let Some(roles) = roles(&names)
            && !part.deep
        {
            return header(index, part, roles);
        }
        seen.push(format!(
            "[{}]{}",
            names.join(" "),
            if part.deep { " (deep)" } else { "" }
        ));
    }
    if version & HAS_DEEP_DATA != 0 {
        return Err(unsupported("deep data only"));
    }
    Err(unsupported(format!(
        "only the channels {}",
        seen.join(", ")
    )))
}

/// Where each of the channels goes, if they make up a picture: those without a layer, or those of the
/// first layer (`beauty.R`) that has colours.
fn roles(names: &[&str]) -> Option<Vec<(String, &'static [usize])>> {
    let layer = |name: &str| {
        name.rsplit_once('.')
            .map_or("", |(layer, _)| layer)
            .to_owned()
    };
    let mut layers: Vec<String> = names.iter().map(|name| layer(name)).collect();
    layers.sort_unstable();
    layers.dedup();
    layers
        .iter()
        .find_map(|layer| layer_roles(names, layer))
        .or_else(|| match names {
            [only] => Some(vec![((*only).to_owned(), GREY)]),
            _ => None,
        })
}

/// A channel that goes into all three colours.
const GREY: &[usize] = &[0, 1, 2];

/// Where the channels of one layer go. Colours that it does not have stay zero.
fn layer_roles(names: &[&str], layer: &str) -> Option<Vec<(String, &'static [usize])>> {
    let full = |channel: &str| match layer {
        "" => channel.to_owned(),
        layer => format!("{layer}.{channel}"),
    };
    let has = |channel: &str| names.contains(&full(channel).as_str());
    let role = |channel: &str, targets: &'static [usize]| (full(channel), targets);
    const COLORS: [(&str, &[usize]); 3] = [("R", &[0]), ("G", &[1]), ("B", &[2])];
    let mut roles: Vec<_> = COLORS
        .into_iter()
        .filter(|(color, _)| has(color))
        .map(|(color, targets)| role(color, targets))
        .collect();
    if roles.is_empty() && has("Y") && !has("RY") && !has("BY") {
        roles.push(role("Y", GREY));
    }
    if roles.is_empty() {
        return None;
    }
    // One colour alone is a picture in grey.
    if let [(_, targets)] = roles.as_mut_slice() {
        *targets = GREY;
    }
    if has("A") {
        roles.push(role("A", &[3]));
    }
    Some(roles)
}

fn header(
    index: usize,
    part: &Part,
    roles: Vec<(String, &'static [usize])>,
) -> Result<Header, ImageError> {
    let [x0, y0, x1, y1] = part
        .data_window
        .ok_or_else(|| corrupt("it has no data window"))?;
    let extent = |from: i32, to: i32| {
        u32::try_from(i64::from(to) - i64::from(from) + 1)
            .ok()
            .filter(|&extent| extent > 0)
            .ok_or_else(|| corrupt(format!("its data window runs from {from} to {to}")))
    };
    let (width, height) = (extent(x0, x1)?, extent(y0, y1)?);
    if let Some(channel) = part.channels.iter().find(|channel| channel.subsampled) {
        return Err(unsupported(format!(
            "the subsampled channel `{}`",
            channel.name
        )));
    }
    let (block_width, block_height) = match part.tile {
        Some((0, _) | (_, 0)) => return Err(corrupt("its tiles are empty")),
        Some((w, h)) => (w.min(width), h.min(height)),
        None => (width, lines_per_block(part.compression).min(height)),
    };
    let texel: u64 = part.channels.iter().map(|channel| channel.bytes).sum();
    let block = (u64::from(block_width) * u64::from(block_height)).saturating_mul(texel);
    let has_alpha = roles.iter().any(|(_, targets)| *targets == [3]);
    Ok(Header {
        info: ImageInfo {
            format: ImageFormat::Exr,
            width,
            height,
            channels: if has_alpha {
                Channels::Rgba
            } else {
                Channels::Rgb
            },
            depth: Depth::Float,
            // A block lies there compressed, uncompressed and in between; the offset table beside it.
            decoder_bytes: block.saturating_mul(4).saturating_add(1 << 20),
        },
        blocks: u64::from(width.div_ceil(block_width)) * u64::from(height.div_ceil(block_height)),
        part: index,
        roles,
    })
}

/// Checks that a whole file can hold its blocks: each has an offset in a table, and 16 bytes at least.
pub(super) fn check_complete(bytes: &[u8], header: &Header) -> Result<(), ImageError> {
    let blocks = header.blocks.saturating_mul(8 + 16);
    capacity::check(ImageFormat::Exr, bytes.len() as u64, 1, blocks)
}

/// How many rows are compressed together.
fn lines_per_block(compression: u8) -> u32 {
    match compression {
        0..=2 => 1,
        3 | 5 => 16,
        4 | 6..=8 => 32,
        _ => 256,
    }
}

/// Text up to a zero byte, and the offset behind it.
fn text(bytes: &[u8], offset: usize) -> Result<(&[u8], usize), ImageError> {
    let rest = bytes.get(offset..).unwrap_or_default();
    match rest.iter().take(256).position(|&b| b == 0) {
        Some(len) => Ok((&rest[..len], offset + len + 1)),
        None if rest.len() >= 256 => {
            Err(corrupt(format!("the name at byte {offset} does not end")))
        }
        None => Err(ImageError::NeedMoreBytes {
            at_least: bytes.len() as u64 + 1,
        }),
    }
}

/// Reads the attributes of one part up to the empty name, and gives the offset behind them.
fn read_part(bytes: &[u8], mut offset: usize) -> Result<(Part, usize), ImageError> {
    let mut part = Part::default();
    loop {
        let (name, next) = text(bytes, offset)?;
        if name.is_empty() {
            return Ok((part, next));
        }
        let (_kind, next) = text(bytes, next)?;
        let size = i32::from_le_bytes(array(bytes, next)?);
        let size = usize::try_from(size).map_err(|_| {
            corrupt(format!(
                "the attribute at byte {offset} has a negative size"
            ))
        })?;
        let start = next + 4;
        let value = || field(bytes, start, size);
        match name {
            b"channels" => part.channels = read_channels(value()?)?,
            b"dataWindow" => {
                let value = value()?;
                let mut window = [0; 4];
                for (i, corner) in window.iter_mut().enumerate() {
                    *corner = i32::from_le_bytes(within(value, i * 4)?);
                }
                part.data_window = Some(window);
            }
            b"compression" => [part.compression] = within(value()?, 0)?,
            b"tiles" => {
                let value = value()?;
                part.tile = Some((
                    u32::from_le_bytes(within(value, 0)?),
                    u32::from_le_bytes(within(value, 4)?),
                ));
            }
            b"type" => part.deep = value()?.starts_with(b"deep"),
            _ => {}
        }
        offset = start
            .checked_add(size)
            .ok_or_else(|| corrupt("an attribute is too large"))?;
    }
}

/// Bytes inside an attribute, which is complete: if they are missing, more of the file is no help.
fn within<const N: usize>(value: &[u8], offset: usize) -> Result<[u8; N], ImageError> {
    array(value, offset).map_err(|_| corrupt("an attribute is too short"))
}

fn read_channels(value: &[u8]) -> Result<Vec<Channel>, ImageError> {
    let short = |_| corrupt("its list of channels is cut off");
    let mut channels = Vec::new();
    let mut offset = 0;
    loop {
        let (name, next) = text(value, offset).map_err(short)?;
        if name.is_empty() {
            return Ok(channels);
        }
        let kind = i32::from_le_bytes(within(value, next)?);
        let x_step = i32::from_le_bytes(within(value, next + 8)?);
        let y_step = i32::from_le_bytes(within(value, next + 12)?);
        channels.push(Channel {
            name: String::from_utf8_lossy(name).into_owned(),
            bytes: match kind {
                0 | 2 => 4,
                1 => 2,
                _ => return Err(corrupt(format!("a channel has the unknown type {kind}"))),
            },
            subsampled: (x_step, y_step) != (1, 1),
        });
        offset = next + 16;
    }
}

/// Decodes the chosen channels into float RGBA. Alpha that the file does not have is one.
pub(super) fn decode(
    header: &Header,
    source: &mut SourceReader<'_>,
) -> Result<Vec<u8>, ImageError> {
    const TEXEL: usize = 16;
    let reader = block::read(&mut *source, false).map_err(convert)?;
    let part = reader
        .headers()
        .get(header.part)
        .ok_or_else(|| corrupt("a part is missing"))?;
    let size = part.layer_size;
    let (width, height) = (header.info.width as usize, header.info.height as usize);
    if size != Vec2(width, height) {
        return Err(corrupt("its headers contradict each other"));
    }
    let list = part.channels.clone();
    // By channel of the file: its sample type, and where it goes.
    let plan: Vec<(SampleType, &[usize])> = list
        .list
        .iter()
        .map(|channel| {
            let name = channel.name.to_string();
            let role = header.roles.iter().find(|(wanted, _)| *wanted == name);
            (
                channel.sample_type,
                role.map_or(&[][..], |(_, targets)| targets),
            )
        })
        .collect();

    let mut texels = allocate(header.info.decoded_bytes())?;
    for alpha in texels.chunks_exact_mut(TEXEL) {
        alpha[12..].copy_from_slice(&1.0f32.to_le_bytes());
    }
    let wanted = header.part;
    let chunks = reader
        .filter_chunks(false, |_, tile, block| {
            block.layer == wanted && tile.level_index == Vec2(0, 0)
        })
        .map_err(convert)?;
    let mut blocks = chunks.sequential_decompressor(false);
    while let Some(block) = blocks.decompress_next_block() {
        let block = block.map_err(convert)?;
        for line in block.lines(&list) {
            let Some(&(sample_type, targets)) = plan.get(line.location.channel) else {
                continue;
            };
            let Vec2(x, y) = line.location.position;
            let row = (y * width + x) * TEXEL..(y * width + x + line.location.sample_count) * TEXEL;
            let Some(row) = texels.get_mut(row) else {
                return Err(corrupt("a block lies outside the data window"));
            };
            for &target in targets {
                scatter(line.value, sample_type, row, target);
            }
        }
    }
    Ok(texels)
}

/// Writes a line of samples into one channel of RGBA texels.
fn scatter(samples: &[u8], sample_type: SampleType, row: &mut [u8], target: usize) {
    let mut put = |values: &mut dyn Iterator<Item = f32>| {
        for (texel, value) in row.as_chunks_mut::<16>().0.iter_mut().zip(values) {
            texel[target * 4..target * 4 + 4].copy_from_slice(&value.to_le_bytes());
        }
    };
    match sample_type {
        SampleType::F16 => {
            let samples = samples.as_chunks::<2>().0.iter();
            put(&mut samples.map(|&b| half::f16::from_ne_bytes(b).to_f32()));
        }
        SampleType::F32 => put(&mut samples
            .as_chunks::<4>()
            .0
            .iter()
            .map(|&b| f32::from_ne_bytes(b))),
        SampleType::U32 => {
            let samples = samples.as_chunks::<4>().0.iter();
            put(&mut samples.map(|&b| u32::from_ne_bytes(b) as f32));
        }
    }
}

fn convert(error: exr::error::Error) -> ImageError {
    match error {
        exr::error::Error::NotSupported(feature) => unsupported(feature),
        other => corrupt(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_chosen_by_name() {
        let targets = |names: &[&str]| {
            roles(names).map(|roles| roles.into_iter().map(|(name, _)| name).collect::<Vec<_>>())
        };
        let names = |list: &[&str]| Some(list.iter().map(|n| (*n).to_owned()).collect());
        assert_eq!(
            targets(&["A", "B", "G", "R", "Z"]),
            names(&["R", "G", "B", "A"])
        );
        assert_eq!(targets(&["B", "G", "R"]), names(&["R", "G", "B"]));
        assert_eq!(targets(&["A", "Y"]), names(&["Y", "A"]));
        assert_eq!(targets(&["height"]), names(&["height"]));
        assert_eq!(targets(&["G", "R"]), names(&["R", "G"]));
        assert_eq!(targets(&["A", "R"]), names(&["R", "A"]));
        assert_eq!(
            targets(&["beauty.A", "beauty.B", "beauty.G", "beauty.R", "depth.Z"]),
            names(&["beauty.R", "beauty.G", "beauty.B", "beauty.A"])
        );
        // What has no layer comes first.
        assert_eq!(
            targets(&["B", "G", "R", "albedo.B", "albedo.G", "albedo.R"]),
            names(&["R", "G", "B"])
        );
        assert_eq!(roles(&["R"]).unwrap()[0].1, GREY);
        assert_eq!(roles(&["G", "R"]).unwrap()[1].1, [1]);
        assert_eq!(targets(&["BY", "RY", "Y"]), None);
        assert_eq!(targets(&["N.x", "N.y"]), None);
    }
}

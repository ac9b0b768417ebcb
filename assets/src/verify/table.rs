//! Checks of the resource tables: entries, ranges, gaps.

use std::ops::Range;

use super::{Findings, is_zero, number};
use crate::{
    diagnostic::codes::verify as codes,
    format::{ids::ContentHash, texture_format::TextureFormat},
};

/// A texture as its table entry describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextureFact {
    /// The bytes in the data file.
    pub range: Range<u64>,
    /// The type id.
    pub texture_type: u8,
    /// Of mip 0.
    pub width: u64,
    /// Of mip 0.
    pub height: u64,
    /// Of mip 0.
    pub depth: u64,
    /// Array layers.
    pub layers: u64,
    /// Mip levels.
    pub mips: u64,
    /// The format.
    pub format: TextureFormat,
    /// The stored hash.
    pub content_hash: ContentHash,
}

/// A buffer as its table entry describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BufferFact {
    /// The bytes in the data file.
    pub range: Range<u64>,
    /// Usage bits.
    pub usage: u64,
    /// Bytes of a structure; 0 for typed buffers.
    pub stride: u64,
    /// The format of typed buffers.
    pub format: Option<TextureFormat>,
    /// The stored hash.
    pub content_hash: ContentHash,
}

/// Where the blobs of a table are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// In a data file of their own, of this length, one after the other.
    DataFile(u64),
    /// In a region of a PAK, each at a multiple of 256.
    Region(Range<u64>),
}

/// Checks a table of textures. `None` stands for an entry that could not be made sense of.
pub fn check_textures(
    table: &[u8],
    placement: &Placement,
    findings: &mut Findings,
) -> Vec<Option<TextureFact>> {
    if !table.len().is_multiple_of(40) {
        findings.add(
            codes::TABLE,
            "table",
            format!("{} bytes are no whole number of entries of 40", table.len()),
        );
    }
    let facts: Vec<_> = table
        .chunks_exact(40)
        .enumerate()
        .map(|(i, entry)| check_texture(entry, &format!("textures[{i}]"), findings))
        .collect();
    let ranges = facts.iter().flatten().map(|fact| (fact.range.clone(), 256));
    check_ranges(ranges, placement, findings);
    facts
}

fn check_texture(entry: &[u8], object: &str, findings: &mut Findings) -> Option<TextureFact> {
    let field = |at, len| number(entry, at, len);
    let (texture_type, format_id) = (entry[12], entry[28]);
    let Some(format) = TextureFormat::from_id(format_id) else {
        findings.add(
            codes::TABLE,
            object,
            format!("format {format_id} is not known"),
        );
        return None;
    };
    let fact = TextureFact {
        range: field(0, 8)..field(0, 8).saturating_add(field(8, 4)),
        texture_type,
        width: field(14, 4),
        height: field(18, 4),
        depth: field(22, 2),
        layers: field(24, 2),
        mips: field(26, 2),
        format,
        content_hash: ContentHash(field(31, 8)),
    };
    let mut wrong = |message: String| findings.add(codes::TABLE, object, message);
    if field(29, 2) != 256 {
        wrong(format!("the alignment is {}, not 256", field(29, 2)));
    }
    if entry[39] != 0 {
        wrong("the reserved byte is not zero".to_owned());
    }
    let compression = if matches!(format_id, 62 | 63) { 7 } else { 0 };
    if entry[13] != compression {
        wrong(format!(
            "compression type {} instead of {compression}",
            entry[13]
        ));
    }
    let TextureFact {
        width,
        height,
        depth,
        layers,
        mips,
        ..
    } = fact;
    let largest = width.max(height).max(depth);
    let dimensions = width > 0 && height > 0 && depth > 0;
    // 2^(mips-1) must not exceed the largest dimension.
    let chain = (1..=32).contains(&mips) && largest >> (mips - 1) >= 1;
    let shape = match texture_type {
        1 => height == 1 && depth == 1 && layers == 1,
        2 => height == 1 && depth == 1 && layers >= 1,
        3 => depth == 1 && layers == 1,
        4 => depth == 1 && layers >= 1,
        5 => width == height && depth == 1 && layers == 6,
        6 => width == height && depth == 1 && layers >= 6 && layers.is_multiple_of(6),
        9 => layers == 1,
        _ => false,
    };
    if !dimensions || !chain || !shape {
        wrong(format!(
            "type {texture_type} cannot be {width}x{height}x{depth} with {layers} layers and {mips} mips"
        ));
        return None;
    }
    Some(fact)
}

/// Checks a table of buffers.
pub fn check_buffers(
    table: &[u8],
    placement: &Placement,
    findings: &mut Findings,
) -> Vec<Option<BufferFact>> {
    if !table.len().is_multiple_of(32) {
        findings.add(
            codes::TABLE,
            "table",
            format!("{} bytes are no whole number of entries of 32", table.len()),
        );
    }
    let facts: Vec<_> = table
        .chunks_exact(32)
        .enumerate()
        .map(|(i, entry)| check_buffer(entry, &format!("buffers[{i}]"), placement, findings))
        .collect();
    let ranges = facts
        .iter()
        .flatten()
        .map(|fact| (fact.range.clone(), alignment(fact)));
    check_ranges(ranges, placement, findings);
    facts
}

/// The alignment that the role of a buffer asks for.
fn alignment(fact: &BufferFact) -> u64 {
    match (fact.usage & 0xf, fact.stride, fact.format) {
        (1, stride, _) if stride > 1 => stride,
        (_, _, Some(TextureFormat::R32UInt)) => 4,
        (_, 64, _) => 64,
        (_, _, Some(_)) => 16,
        _ => 1,
    }
}

fn check_buffer(
    entry: &[u8],
    object: &str,
    placement: &Placement,
    findings: &mut Findings,
) -> Option<BufferFact> {
    let field = |at, len| number(entry, at, len);
    let (usage, stride, format_id) = (field(12, 4), field(16, 4), entry[20]);
    let format = TextureFormat::from_id(format_id);
    let is_untyped = (format_id, stride) == (0, 0);
    let is_in_pak = matches!(placement, Placement::Region(_));
    if is_untyped && is_in_pak {
        // The engine's own tool writes such buffers into PAK files.
        findings.add(codes::TABLE_FORM, object, "format and stride are both zero");
    }
    let mut wrong = |message: String| findings.add(codes::TABLE, object, message);
    if usage >= 0x400 || (usage & 0x380).count_ones() > 1 {
        wrong(format!("usage {usage:#x} is not valid"));
    }
    let element = match (format_id, stride, format) {
        (0, 0, _) if is_in_pak => Some(1),
        (0, 0, _) | (1.., 1.., _) => None,
        (0, stride, _) => Some(stride),
        (_, _, format) => format.map(|format| u64::from(format.block_bytes())),
    };
    let Some(element) = element else {
        wrong(format!(
            "format {format_id} and stride {stride} do not go together"
        ));
        return None;
    };
    if !field(8, 4).is_multiple_of(element) {
        wrong(format!(
            "{} bytes are no whole number of elements of {element}",
            field(8, 4)
        ));
    }
    if !is_zero(entry, 29, 3) {
        wrong("reserved bytes are not zero".to_owned());
    }
    Some(BufferFact {
        range: field(0, 8)..field(0, 8).saturating_add(field(8, 4)),
        usage,
        stride,
        format,
        content_hash: ContentHash(field(21, 8)),
    })
}

fn check_ranges(
    ranges: impl Iterator<Item = (Range<u64>, u64)>,
    placement: &Placement,
    findings: &mut Findings,
) {
    match placement {
        Placement::DataFile(len) => check_data_file(ranges, *len, findings),
        Placement::Region(region) => check_region(ranges, region, findings),
    }
}

fn check_data_file(
    ranges: impl Iterator<Item = (Range<u64>, u64)>,
    data_len: u64,
    findings: &mut Findings,
) {
    let mut end = 0;
    for (i, (range, alignment)) in ranges.enumerate() {
        let object = || format!("entry {i}");
        if !range.start.is_multiple_of(alignment) {
            let text = format!("the offset {} is no multiple of {alignment}", range.start);
            findings.add(codes::TABLE, object(), text);
        }
        if range.end > data_len {
            let text = format!("bytes {range:?} are outside of the data file of {data_len}");
            findings.add(codes::RANGE, object(), text);
        }
        if range.start < end {
            let text = format!("bytes {range:?} begin before {end}");
            findings.add(codes::RANGE, object(), text);
        } else if range.start - end >= alignment.max(1) {
            let text = format!("bytes {range:?} do not follow {end}");
            findings.add(codes::TABLE_FORM, object(), text);
        }
        end = end.max(range.end);
    }
    if end != data_len {
        findings.add(
            codes::RANGE,
            "data",
            format!("the last entry ends at {end}, the data file at {data_len}"),
        );
    }
}

/// That blobs do not overlap is found out together with all other parts of the file.
fn check_region(
    ranges: impl Iterator<Item = (Range<u64>, u64)>,
    region: &Range<u64>,
    findings: &mut Findings,
) {
    for (i, (range, _)) in ranges.enumerate() {
        // Empty blobs are nowhere.
        if range.is_empty() {
            continue;
        }
        if range.start < region.start || range.end > region.end {
            let text = format!("bytes {range:?} are outside of their region {region:?}");
            findings.add(codes::RANGE, format!("entry {i}"), text);
        }
        if !range.start.is_multiple_of(256) {
            let text = format!("the offset {} is no multiple of 256", range.start);
            findings.add(codes::TABLE_FORM, format!("entry {i}"), text);
        }
    }
}

/// The bytes of a data file that belong to no entry: they must be zero.
pub fn gaps<'a>(ranges: impl Iterator<Item = &'a Range<u64>>, data_len: u64) -> Vec<Range<u64>> {
    let mut sorted: Vec<_> = ranges.cloned().collect();
    sorted.sort_by_key(|range| range.start);
    let mut gaps = Vec::new();
    let mut end = 0;
    for range in sorted {
        if range.start > end {
            gaps.push(end..range.start.min(data_len));
        }
        end = end.max(range.end);
    }
    if end < data_len {
        gaps.push(end..data_len);
    }
    gaps.retain(|gap| gap.start < gap.end);
    gaps
}

/// Checks the bytes of a buffer.
pub fn check_buffer_bytes(fact: &BufferFact, bytes: &[u8], object: &str, findings: &mut Findings) {
    use sha2::{Digest, Sha256};
    let hash = number(Sha256::digest(bytes).as_slice(), 0, 8);
    if fact.content_hash.0 != 0 && fact.content_hash.0 != hash {
        let text = format!(
            "the bytes have the hash {hash:016x}, the table says {:016x}",
            fact.content_hash.0
        );
        findings.add(codes::HASH, object, text);
    }
}

//! Checks of PAK files: frame, directory, browse index, and that parts do not overlap.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use super::{
    Findings,
    index::{AssetFact, IndexFacts},
    is_zero, key, number,
};
use crate::{
    diagnostic::codes::verify as codes,
    format::{ids::AssetKey, path::VirtualPath},
};

const FRAME: u64 = 256;
const DIRECTORY_ENTRY: u64 = 64;
const BROWSE_HEADER: usize = 24;
const BROWSE_ENTRY: usize = 24;

/// Header and footer of a PAK, as far as they make sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PakFrame {
    /// Bytes of the file.
    pub len: u64,
    /// The directory.
    pub directory: Range<u64>,
    /// The browse index; empty if there is none.
    pub browse: Range<u64>,
    /// The region of texture payloads.
    pub textures: Range<u64>,
    /// The region of buffers.
    pub buffers: Range<u64>,
    /// The table of textures.
    pub texture_table: Range<u64>,
    /// The table of buffers.
    pub buffer_table: Range<u64>,
    /// Sounds and their table, which nobody looks into.
    audio: [Range<u64>; 2],
    /// The stored checksum; 0 for none.
    pub crc: u32,
}

/// The assets of a PAK.
#[derive(Clone, Debug, Default)]
pub struct PakAssets {
    /// As an index would describe them. Those without a virtual path have their key in its place.
    pub index: IndexFacts,
    /// Where their descriptors are.
    pub ranges: Vec<Range<u64>>,
}

/// Checks the first and the last 256 bytes of a file.
pub fn check_frame(
    header: &[u8],
    footer: &[u8],
    len: u64,
    findings: &mut Findings,
) -> Option<PakFrame> {
    let mut wrong = |object: &str, message: String| findings.add(codes::PAK, object, message);
    if len < 2 * FRAME || header.len() as u64 != FRAME || footer.len() as u64 != FRAME {
        wrong("file", format!("{len} bytes are too few for a PAK"));
        return None;
    }
    if &header[..8] != b"OXPAK\0\0\0" || &footer[248..] != b"OXPAKEND" {
        wrong("file", "it does not begin and end as a PAK does".to_owned());
        return None;
    }
    if number(header, 8, 2) != 4 {
        wrong(
            "header",
            format!("version {} is not known", number(header, 8, 2)),
        );
        return None;
    }
    if is_zero(header, 12, 16) {
        wrong("header", "the GUID is all zero".to_owned());
    }
    if !is_zero(header, 28, 228) || !is_zero(footer, 136, 108) {
        wrong(
            "file",
            "reserved bytes of header or footer are not zero".to_owned(),
        );
    }
    let field = |at| number(footer, at, 8);
    let part = |offset: u64, size: u64| offset..offset.saturating_add(size);
    let table = |at, size: u64| {
        let (count, stored) = (number(footer, at + 8, 4), number(footer, at + 12, 4));
        let is_right = stored == size || count == 0;
        (part(field(at), count * size), is_right)
    };
    let (texture_table, are_textures) = table(72, 40);
    let (buffer_table, are_buffers) = table(88, 32);
    let (audio_table, are_sounds) = table(104, 32);
    if !(are_textures && are_buffers && are_sounds) {
        wrong("footer", "entries of a table have another size".to_owned());
        return None;
    }
    let assets = field(16) & 0xffff_ffff;
    if field(8) != assets * DIRECTORY_ENTRY {
        let text = format!("a directory of {} bytes for {assets} assets", field(8));
        wrong("footer", text);
        return None;
    }
    let frame = PakFrame {
        len,
        directory: part(field(0), field(8)),
        browse: part(field(120), field(128)),
        textures: part(field(24), field(32)),
        buffers: part(field(40), field(48)),
        texture_table,
        buffer_table,
        audio: [part(field(56), field(64)), audio_table],
        crc: number(footer, 244, 4) as u32,
    };
    let body = FRAME..len - FRAME;
    for (name, range) in frame.parts() {
        if !range.is_empty() && (range.start < body.start || range.end > body.end) {
            let text = format!("bytes {range:?} are not between header and footer");
            wrong(name, text);
            return None;
        }
    }
    if frame.crc == 0 {
        findings.add(codes::PAK_FORM, "footer", "there is no checksum");
    }
    Some(frame)
}

impl PakFrame {
    /// The parts that the footer names, regions excepted, which hold parts of their own.
    fn parts(&self) -> [(&'static str, &Range<u64>); 8] {
        let [sounds, audio_table] = &self.audio;
        [
            ("texture region", &self.textures),
            ("buffer region", &self.buffers),
            ("audio region", sounds),
            ("texture table", &self.texture_table),
            ("buffer table", &self.buffer_table),
            ("audio table", audio_table),
            ("directory", &self.directory),
            ("browse index", &self.browse),
        ]
    }
}

/// Checks the directory.
pub fn check_directory(frame: &PakFrame, bytes: &[u8], findings: &mut Findings) -> PakAssets {
    let mut assets = PakAssets::default();
    let mut positions = HashMap::new();
    for (index, entry) in bytes.chunks_exact(DIRECTORY_ENTRY as usize).enumerate() {
        let object = format!("directory[{index}]");
        let own = frame.directory.start + index as u64 * DIRECTORY_ENTRY;
        let mut wrong = |message: String| findings.add(codes::PAK, &object, message);
        if number(entry, 17, 8) != own {
            let text = format!("the entry is at {own}, but says {}", number(entry, 17, 8));
            wrong(text);
        }
        if !(1..=3).contains(&entry[16]) {
            wrong(format!("asset type {} is not known", entry[16]));
        }
        if !is_zero(entry, 37, 27) {
            wrong("reserved bytes are not zero".to_owned());
        }
        let key = key(entry, 0);
        if positions.insert(key, index).is_some() {
            wrong(format!("the key {key} is there twice"));
        }
        let (start, size) = (number(entry, 25, 8), number(entry, 33, 4));
        let range = start..start.saturating_add(size);
        if range.start < FRAME || range.end > frame.len - FRAME {
            wrong(format!(
                "a descriptor at {range:?} is not between header and footer"
            ));
            continue;
        }
        if !start.is_multiple_of(16) {
            let text = format!("the descriptor at {start} is not at a multiple of 16");
            findings.add(codes::PAK_FORM, &object, text);
        }
        assets.index.assets.push(AssetFact {
            key,
            asset_type: entry[16],
            path: key.to_string(),
            virtual_path: key.to_string(),
            size,
            digest: [0; 32],
        });
        assets.ranges.push(range);
    }
    assets
}

/// Checks the browse index, and gives assets their virtual paths.
pub fn check_browse(bytes: &[u8], assets: &mut PakAssets, findings: &mut Findings) {
    let mut wrong = |message: String| findings.add(codes::PAK, "browse index", message);
    if bytes.len() < BROWSE_HEADER || &bytes[..8] != b"OXPAKBIX" || number(bytes, 8, 4) != 1 {
        wrong("it does not begin as a browse index of version 1".to_owned());
        return;
    }
    let (entries, strings) = (number(bytes, 12, 4), number(bytes, 16, 4));
    let strings_at = BROWSE_HEADER as u64 + entries * BROWSE_ENTRY as u64;
    if bytes.len() as u64 != strings_at + strings {
        wrong(format!(
            "{} bytes for {entries} entries and {strings} bytes of paths",
            bytes.len()
        ));
        return;
    }
    if !is_zero(bytes, 20, 4) {
        wrong("reserved bytes are not zero".to_owned());
    }
    let (entries, strings) = bytes[BROWSE_HEADER..].split_at(strings_at as usize - BROWSE_HEADER);
    let keys: HashMap<AssetKey, usize> = (0..)
        .zip(&assets.index.assets)
        .map(|(position, asset)| (asset.key, position))
        .collect();
    let mut known = HashSet::new();
    // Paths that overlap could be read over and over again.
    let mut left = strings.len() as u64;
    let mut last = "";
    let mut is_canonical = true;
    let mut end = 0;
    for (index, entry) in entries.chunks_exact(BROWSE_ENTRY).enumerate() {
        let object = format!("browse index[{index}]");
        let mut wrong = |message: String| findings.add(codes::PAK, &object, message);
        let (start, len) = (number(entry, 16, 4), number(entry, 20, 4));
        is_canonical &= start == end;
        end = start + len;
        if end > strings.len() as u64 || len > left {
            wrong("the path is outside of the strings, or overlaps others".to_owned());
            return;
        }
        left -= len;
        let Ok(path) = std::str::from_utf8(&strings[start as usize..end as usize]) else {
            wrong("the path is not UTF-8".to_owned());
            continue;
        };
        if let Err(error) = VirtualPath::new(path) {
            wrong(error.to_string());
        }
        if !known.insert(path) {
            wrong(format!("the path `{path}` is there twice"));
        }
        is_canonical &= last <= path;
        last = path;
        match keys.get(&key(entry, 0)) {
            Some(&position) => {
                let asset = &mut assets.index.assets[position];
                path.clone_into(&mut asset.virtual_path);
                path.clone_into(&mut asset.path);
            }
            None => wrong(format!("`{path}` leads to no asset")),
        }
    }
    if !is_canonical || left > 0 {
        let text = "the paths are not in order, one after the other";
        findings.add(codes::PAK_FORM, "browse index", text);
    }
}

/// Checks that parts do not overlap; gives the bytes between them, which must be zero.
pub fn check_parts<'a>(
    frame: &PakFrame,
    assets: &PakAssets,
    textures: impl Iterator<Item = &'a Range<u64>>,
    buffers: impl Iterator<Item = &'a Range<u64>>,
    findings: &mut Findings,
) -> Vec<Range<u64>> {
    let mut parts: Vec<(&str, Range<u64>)> = vec![
        ("header", 0..FRAME),
        ("footer", frame.len - FRAME..frame.len),
    ];
    // Blobs stand for their regions; sounds are not told apart.
    let named = frame.parts().into_iter().skip(2);
    parts.extend(named.map(|(name, range)| (name, range.clone())));
    parts.extend(textures.map(|range| ("texture", range.clone())));
    parts.extend(buffers.map(|range| ("buffer", range.clone())));
    parts.extend(
        assets
            .ranges
            .iter()
            .map(|range| ("descriptor", range.clone())),
    );
    parts.retain(|(_, range)| !range.is_empty() && range.end <= frame.len);
    parts.sort_by_key(|(_, range)| (range.start, range.end));
    let mut gaps = Vec::new();
    let mut end = 0;
    for (name, range) in parts {
        if range.start < end {
            let text = format!("bytes {range:?} begin inside of another part, which ends at {end}");
            findings.add(codes::PAK, name, text);
        } else if range.start > end {
            gaps.push(end..range.start);
        }
        end = end.max(range.end);
    }
    gaps
}

/// The checksum of a file, found from its bytes in their order.
#[derive(Clone)]
pub struct Checksum {
    len: u64,
    at: u64,
    crc: crc32fast::Hasher,
}

impl Checksum {
    /// Of a file of a length.
    pub fn new(len: u64) -> Self {
        Self {
            len,
            at: 0,
            crc: crc32fast::Hasher::new(),
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        // The checksum itself, 12 bytes before the end, does not count.
        let hole = self.len.saturating_sub(12)..self.len.saturating_sub(8);
        let end = self.at + bytes.len() as u64;
        let before = hole.start.clamp(self.at, end) - self.at;
        let after = hole.end.clamp(self.at, end) - self.at;
        self.crc.update(&bytes[..before as usize]);
        self.crc.update(&bytes[after as usize..]);
        self.at = end;
    }

    /// The checksum of the bytes so far.
    pub fn value(&self) -> u32 {
        self.crc.clone().finalize()
    }

    /// Compares it with the stored one; gives whether it vouches for the file.
    pub fn check(&self, frame: &PakFrame, findings: &mut Findings) -> bool {
        let actual = self.value();
        if frame.crc != 0 && frame.crc != actual {
            let text = format!(
                "the file has the checksum {actual:08x}, its footer says {:08x}",
                frame.crc
            );
            findings.add(codes::HASH, "file", text);
        }
        frame.crc == actual
    }
}

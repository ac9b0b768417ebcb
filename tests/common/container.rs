//! A strict reader of cooked containers that shares no code with the writer: it is written from the
//! description of the format, section by section, and reads nothing but bytes.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    path::Path,
};

/// What a container holds, once every rule has been checked.
#[derive(Clone, Debug)]
pub struct Container {
    pub guid: [u8; 16],
    /// Whether the GUID is the one that is derived from the index (choice C5).
    pub guid_is_derived: bool,
    pub assets: Vec<Asset>,
    pub files: BTreeMap<u16, (String, u64)>,
    pub textures: Vec<Texture>,
    pub buffers: Vec<Buffer>,
    /// The lines of the catalogue.
    pub catalog: Vec<Value>,
}

#[derive(Clone, Debug)]
pub struct Asset {
    pub key: [u8; 16],
    pub kind: u8,
    pub path: String,
    pub virtual_path: String,
    pub descriptor: Vec<u8>,
}

#[derive(Clone, Debug)]
pub struct Texture {
    pub offset: u64,
    pub kind: u8,
    pub compression: u8,
    pub width: u32,
    pub height: u32,
    pub depth: u32,
    pub layers: u32,
    pub mips: u32,
    pub format: u8,
    pub hash: u64,
    /// 1 for d3d12, 2 for tight.
    pub policy: u8,
    pub payload: Vec<u8>,
    pub subresources: Vec<Subresource>,
}

/// One mip of one layer, without the padding of its rows.
#[derive(Clone, Debug)]
pub struct Subresource {
    pub width: u32,
    pub height: u32,
    pub depth: u32,
    /// Rows of texels or blocks, one after the other.
    pub texels: Vec<u8>,
    /// Where its rows are in the payload.
    pub rows: Vec<Range<usize>>,
}

#[derive(Clone, Debug)]
pub struct Buffer {
    pub offset: u64,
    pub usage: u32,
    pub stride: u32,
    pub format: u8,
    pub hash: u64,
    pub bytes: Vec<u8>,
}

/// Bytes of a texel, or of a block, by format (section 2.3); 0 for "none".
const FORMAT_BYTES: [usize; 68] = [
    0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 4, 4, 4, 2, 2, 2, 2, 4, 4, 4, 4, 4, 8, 8, 8, 12, 12, 12, 4, 4, 4,
    4, 4, 4, 4, 8, 8, 8, 8, 8, 16, 16, 16, 2, 2, 2, 4, 4, 4, 4, 8, 8, 16, 16, 16, 16, 8, 8, 16, 16,
    16, 16, 16, 16, 2, 4, 4, 8,
];

type Checked<T = ()> = Result<T, String>;

macro_rules! ensure {
    ($rule:expr, $($text:tt)*) => {
        if !$rule {
            return Err(format!($($text)*));
        }
    };
}

/// Bytes, and what they are called when something is wrong with them.
#[derive(Clone, Copy)]
struct Bytes<'a>(&'a [u8], &'a str);

impl<'a> Bytes<'a> {
    fn part(self, at: usize, len: usize) -> Checked<&'a [u8]> {
        let end = at.checked_add(len);
        let part = end.and_then(|end| self.0.get(at..end));
        part.ok_or_else(|| format!("{}: there are no {len} bytes at {at}", self.1))
    }

    fn number(self, at: usize, len: usize) -> Checked<u64> {
        let mut number = [0; 8];
        number[..len].copy_from_slice(self.part(at, len)?);
        Ok(u64::from_le_bytes(number))
    }

    fn array<const N: usize>(self, at: usize) -> Checked<[u8; N]> {
        Ok(self.part(at, N)?.try_into().unwrap())
    }

    fn u8(self, at: usize) -> Checked<u8> {
        Ok(self.number(at, 1)? as u8)
    }

    fn u16(self, at: usize) -> Checked<u16> {
        Ok(self.number(at, 2)? as u16)
    }

    fn u32(self, at: usize) -> Checked<u32> {
        Ok(self.number(at, 4)? as u32)
    }

    fn zero(self, range: Range<usize>) -> Checked {
        let part = self.part(range.start, range.end.saturating_sub(range.start))?;
        ensure!(
            part.iter().all(|byte| *byte == 0),
            "{}: bytes {range:?} are not all zero",
            self.1
        );
        Ok(())
    }
}

fn file(root: &Path, path: &str) -> Checked<Vec<u8>> {
    std::fs::read(root.join(path)).map_err(|error| format!("{path}: {error}"))
}

/// The first 8 bytes of a SHA-256 as a little-endian number (section 1.5).
pub fn content_hash(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(Sha256::digest(bytes)[..8].try_into().unwrap())
}

/// Reads a container, or says which rule it breaks.
///
/// # Errors
/// The first rule that is broken.
pub fn check(root: &Path) -> Checked<Container> {
    let mut container = check_index(root)?;
    container.textures = check_textures(root, &container)?;
    container.buffers = check_buffers(root, &container)?;
    container.catalog = check_catalog(root, &container)?;
    let mut known: BTreeSet<&str> = ["container.index.bin", "kiln.catalog.json"].into();
    known.extend(container.files.values().map(|(path, _)| path.as_str()));
    known.extend(container.assets.iter().map(|asset| asset.path.as_str()));
    for path in super::files(root).into_keys() {
        let path = path.to_str().unwrap().replace('\\', "/");
        ensure!(known.contains(path.as_str()), "nothing names {path}");
    }
    Ok(container)
}

/// Reads a container that must be valid.
#[track_caller]
pub fn read(root: &Path) -> Container {
    check(root).unwrap_or_else(|error| panic!("{}: {error}", root.display()))
}

fn relative_path(path: &str) -> bool {
    !path.is_empty()
        && !path.contains(['\\', ':'])
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Section 4.
fn check_index(root: &Path) -> Checked<Container> {
    let bytes = file(root, "container.index.bin")?;
    let index = Bytes(&bytes, "index");
    ensure!(index.part(0, 8)? == b"OXLCIDX\0", "the magic is wrong");
    ensure!(index.u16(8)? == 1, "the version is {}", index.u16(8)?);
    let (strings_at, strings_len) = (index.number(16, 8)?, index.number(24, 8)?);
    let (assets_at, asset_count) = (index.number(32, 8)?, u64::from(index.u32(40)?));
    let (files_at, file_count) = (index.number(48, 8)?, u64::from(index.u32(56)?));
    ensure!(strings_at == 256 && strings_len >= 1, "strings");
    ensure!(assets_at == strings_at + strings_len, "assets_offset");
    ensure!(files_at == assets_at + 76 * asset_count, "files_offset");
    ensure!(
        bytes.len() as u64 == files_at + 64 * file_count,
        "the index has {} bytes",
        bytes.len()
    );
    ensure!(
        index.u32(44)? == 76 && index.u32(60)? == 64,
        "the sizes of the entries are wrong"
    );
    let flags = index.u32(12)?;
    ensure!(
        flags == 1 | (u32::from(file_count > 0) << 1),
        "flags {flags:#x}"
    );
    ensure!(file_count <= 4, "{file_count} file records");
    index.zero(80..256)?;

    let guid: [u8; 16] = index.array(64)?;
    ensure!(guid != [0; 16], "there is no GUID");
    let mut without = bytes.clone();
    without[64..80].fill(0);
    let derived = Sha256::digest(&without)[..16] == guid;

    let strings = Bytes(index.part(256, strings_len as usize)?, "strings");
    ensure!(
        strings.0.first() == Some(&0) && strings.0.last() == Some(&0),
        "the string table does not begin and end with NUL"
    );
    let mut used = BTreeSet::from([0]);
    let mut string = |at: u32| -> Checked<String> {
        let text = strings.0.get(at as usize..).unwrap_or_default();
        let len = text.iter().position(|byte| *byte == 0);
        let len = len.ok_or_else(|| format!("the string at {at} does not end"))?;
        used.insert(at as usize);
        String::from_utf8(text[..len].to_vec()).map_err(|error| error.to_string())
    };

    let mut assets: Vec<Asset> = Vec::new();
    for i in 0..asset_count as usize {
        let at = assets_at as usize + 76 * i;
        let key: [u8; 16] = index.array(at)?;
        ensure!(
            assets.last().is_none_or(|last| last.key < key),
            "the keys are not sorted, or one is there twice"
        );
        let (path, virtual_path) = (string(index.u32(at + 16)?)?, string(index.u32(at + 20)?)?);
        let kind = index.u8(at + 24)?;
        index.zero(at + 25..at + 28)?;
        index.zero(at + 68..at + 76)?;
        ensure!((1..=3).contains(&kind), "{path}: type {kind}");
        ensure!(relative_path(&path), "`{path}` is no relative path");
        ensure!(
            virtual_path.starts_with('/') && virtual_path.ends_with(&path),
            "{path}: the virtual path is {virtual_path}"
        );
        let descriptor = file(root, &path)?;
        ensure!(
            descriptor.len() as u64 == index.number(at + 28, 8)?,
            "{path}: {} bytes",
            descriptor.len()
        );
        let digest: [u8; 32] = index.array(at + 36)?;
        ensure!(
            digest == [0; 32] || Sha256::digest(&descriptor)[..] == digest,
            "{path}: the SHA-256 of the index is another"
        );
        ensure!(
            descriptor.first() == Some(&kind),
            "{path}: the descriptor is of another type"
        );
        let stored = Bytes(&descriptor, &path).number(67, 8)?;
        let mut zeroed = descriptor.clone();
        zeroed[67..75].fill(0);
        ensure!(
            stored == 0 || stored == content_hash(&zeroed),
            "{path}: the content hash is wrong"
        );
        assets.push(Asset {
            key,
            kind,
            path,
            virtual_path,
            descriptor,
        });
    }
    let paths: BTreeSet<_> = assets.iter().map(|asset| &asset.virtual_path).collect();
    ensure!(paths.len() == assets.len(), "a virtual path is there twice");

    let mut files = BTreeMap::new();
    for i in 0..file_count as usize {
        let at = files_at as usize + 64 * i;
        let kind = index.u16(at)?;
        index.zero(at + 2..at + 4)?;
        index.zero(at + 16..at + 64)?;
        let path = string(index.u32(at + 4)?)?;
        let size = index.number(at + 8, 8)?;
        ensure!(
            files.keys().all(|last| *last < kind) && (1..=4).contains(&kind),
            "the file records are not sorted"
        );
        ensure!(relative_path(&path), "`{path}` is no relative path");
        let actual = std::fs::metadata(root.join(&path)).map_err(|error| error.to_string())?;
        ensure!(
            actual.is_file() && actual.len() == size,
            "{path}: the index says {size} bytes, there are {}",
            actual.len()
        );
        files.insert(kind, (path, size));
    }
    for (table, data) in [(1, 2), (3, 4)] {
        ensure!(
            files.contains_key(&table) == files.contains_key(&data),
            "files {table} and {data} are no pair"
        );
    }
    for start in 1..strings.0.len() {
        if strings.0[start - 1] == 0 {
            ensure!(used.contains(&start), "nobody uses the string at {start}");
        }
    }
    Ok(Container {
        guid,
        guid_is_derived: derived,
        assets,
        files,
        textures: Vec::new(),
        buffers: Vec::new(),
        catalog: Vec::new(),
    })
}

/// Table and data file of a kind of resource.
fn resource(root: &Path, container: &Container, table: u16) -> Checked<[Vec<u8>; 2]> {
    match (
        container.files.get(&table),
        container.files.get(&(table + 1)),
    ) {
        (Some((table, _)), Some((data, _))) => Ok([file(root, table)?, file(root, data)?]),
        _ => Ok([Vec::new(), Vec::new()]),
    }
}

/// Section 5.1, 5.4, 5.5.
fn check_textures(root: &Path, container: &Container) -> Checked<Vec<Texture>> {
    let [table, data] = resource(root, container, 3)?;
    ensure!(
        table.len() % 40 == 0,
        "textures.table: {} bytes",
        table.len()
    );
    let mut textures = Vec::new();
    let mut end = 0;
    for (i, entry) in table.chunks(40).enumerate() {
        let name = format!("texture {i}");
        let entry = Bytes(entry, &name);
        let (offset, size) = (entry.number(0, 8)?, entry.u32(8)? as usize);
        ensure!(
            offset == (end as u64).next_multiple_of(256),
            "{name}: it is at {offset}, the one before ends at {end}"
        );
        Bytes(&data, "textures.data").zero(end..offset as usize)?;
        end = offset as usize + size;
        let payload = Bytes(&data, "textures.data").part(offset as usize, size)?;
        let format = entry.u8(28)?;
        ensure!(entry.u16(29)? == 256, "{name}: the alignment is not 256");
        ensure!(entry.u8(39)? == 0, "{name}: the reserved byte is not zero");
        ensure!((1..=67).contains(&format), "{name}: format {format}");
        ensure!(
            entry.u8(13)? == if format == 62 || format == 63 { 7 } else { 0 },
            "{name}: compression {}",
            entry.u8(13)?
        );
        let mut texture = Texture {
            offset,
            kind: entry.u8(12)?,
            compression: entry.u8(13)?,
            width: entry.u32(14)?,
            height: entry.u32(18)?,
            depth: entry.u16(22)?.into(),
            layers: entry.u16(24)?.into(),
            mips: entry.u16(26)?.into(),
            format,
            hash: entry.number(31, 8)?,
            policy: 0,
            payload: payload.to_vec(),
            subresources: Vec::new(),
        };
        check_shape(&texture, &name)?;
        check_payload(&mut texture, &name)?;
        textures.push(texture);
    }
    ensure!(
        end == data.len(),
        "textures.data has {} bytes, the last texture ends at {end}",
        data.len()
    );
    if let Some(fallback) = textures.first() {
        let shape = (fallback.width, fallback.height, fallback.mips);
        ensure!(
            shape == (1, 1, 1) && fallback.kind == 3 && fallback.format == 30,
            "texture 0 is not the fallback"
        );
        ensure!(
            fallback.subresources[0].texels == [0xff; 4],
            "the fallback is not white"
        );
    }
    Ok(textures)
}

/// The second table of section 5.1.
fn check_shape(texture: &Texture, name: &str) -> Checked {
    let Texture {
        width,
        height,
        depth,
        layers,
        mips,
        ..
    } = *texture;
    let largest = width.max(height).max(depth);
    ensure!(width >= 1 && height >= 1 && depth >= 1, "{name}: no texels");
    ensure!(
        (1..=largest.ilog2() + 1).contains(&mips),
        "{name}: {mips} mips"
    );
    let rule = match texture.kind {
        1 => height == 1 && depth == 1 && layers == 1,
        2 => height == 1 && depth == 1 && layers >= 1,
        3 => depth == 1 && layers == 1,
        4 => depth == 1 && layers >= 1,
        5 => width == height && depth == 1 && layers == 6,
        6 => width == height && depth == 1 && layers >= 6 && layers % 6 == 0,
        9 => layers == 1,
        _ => false,
    };
    ensure!(rule, "{name}: type {} does not fit", texture.kind);
    Ok(())
}

/// Section 6.
fn check_payload(texture: &mut Texture, name: &str) -> Checked {
    let bytes = std::mem::take(&mut texture.payload);
    let payload = Bytes(&bytes, name);
    ensure!(payload.part(0, 4)? == b"OTX1", "{name}: the magic is wrong");
    texture.policy = payload.u8(4)?;
    let (pitch_step, place_step) = match texture.policy {
        1 => (256, 512),
        2 => (1, 4),
        other => return Err(format!("{name}: policy {other}")),
    };
    ensure!(payload.u8(5)? == 0, "{name}: flags {}", payload.u8(5)?);
    let count = texture.layers * texture.mips;
    ensure!(
        u32::from(payload.u16(6)?) == count,
        "{name}: {} subresources instead of {count}",
        payload.u16(6)?
    );
    ensure!(
        payload.u32(8)? as usize == bytes.len() && payload.u32(12)? == 28,
        "{name}: sizes"
    );
    let layouts_end = 28 + 12 * count as usize;
    let data_at = layouts_end.next_multiple_of(place_step);
    ensure!(
        payload.u32(16)? as usize == data_at,
        "{name}: the data is at {}",
        payload.u32(16)?
    );
    payload.zero(layouts_end..data_at)?;
    let stored = payload.number(20, 8)?;
    let mut zeroed = bytes.clone();
    zeroed[20..28].fill(0);
    ensure!(stored == texture.hash, "{name}: two different hashes");
    ensure!(
        stored == 0 || stored == content_hash(&zeroed),
        "{name}: the hash is wrong"
    );
    let block = if (50..=63).contains(&texture.format) {
        4
    } else {
        1
    };
    let unit = FORMAT_BYTES[usize::from(texture.format)];
    let mut end = 0;
    for i in 0..count {
        let mip = i % texture.mips;
        let [width, height, depth] =
            [texture.width, texture.height, texture.depth].map(|size| (size >> mip).max(1));
        let row = width.div_ceil(block) as usize * unit;
        let pitch = row.next_multiple_of(pitch_step);
        let rows = height.div_ceil(block) as usize * depth as usize;
        let at = (end as usize).next_multiple_of(place_step);
        let layout = 28 + 12 * i as usize;
        let stored = [
            payload.u32(layout)?,
            payload.u32(layout + 4)?,
            payload.u32(layout + 8)?,
        ];
        let expected = [at, pitch, pitch * rows].map(|value| value as u32);
        ensure!(
            stored == expected,
            "{name}: layout {i} is {stored:?} instead of {expected:?}"
        );
        payload.zero(data_at + end as usize..data_at + at)?;
        let mut subresource = Subresource {
            width,
            height,
            depth,
            texels: Vec::with_capacity(row * rows),
            rows: Vec::with_capacity(rows),
        };
        for start in (0..rows).map(|row| data_at + at + row * pitch) {
            subresource.texels.extend(payload.part(start, row)?);
            subresource.rows.push(start..start + row);
            payload.zero(start + row..start + pitch)?;
        }
        texture.subresources.push(subresource);
        end = (at + pitch * rows) as u64;
    }
    ensure!(
        data_at + end as usize == bytes.len(),
        "{name}: {} bytes do not end with the last subresource",
        bytes.len()
    );
    texture.payload = bytes;
    Ok(())
}

/// Section 5.2, 5.4.
fn check_buffers(root: &Path, container: &Container) -> Checked<Vec<Buffer>> {
    let [table, data] = resource(root, container, 1)?;
    ensure!(
        table.len() % 32 == 0,
        "buffers.table: {} bytes",
        table.len()
    );
    let mut buffers = Vec::new();
    let mut end = 0;
    for (i, entry) in table.chunks(32).enumerate() {
        let name = format!("buffer {i}");
        let entry = Bytes(entry, &name);
        let (offset, size) = (entry.number(0, 8)?, entry.u32(8)? as usize);
        ensure!(offset >= end as u64, "{name}: it overlaps the one before");
        Bytes(&data, "buffers.data").zero(end..offset as usize)?;
        end = offset as usize + size;
        let bytes = Bytes(&data, "buffers.data").part(offset as usize, size)?;
        let (stride, format) = (entry.u32(16)?, entry.u8(20)?);
        let rule = match (format, stride) {
            (0, 0) => false,
            (0, stride) => size % stride as usize == 0,
            (1..=67, 0) => size % FORMAT_BYTES[usize::from(format)] == 0,
            _ => false,
        };
        ensure!(rule, "{name}: format {format}, stride {stride}");
        entry.zero(29..32)?;
        let hash = entry.number(21, 8)?;
        ensure!(
            hash == 0 || hash == content_hash(bytes),
            "{name}: the hash is wrong"
        );
        buffers.push(Buffer {
            offset,
            usage: entry.u32(12)?,
            stride,
            format,
            hash,
            bytes: bytes.to_vec(),
        });
    }
    ensure!(
        end == data.len(),
        "buffers.data has {} bytes, the last buffer ends at {end}",
        data.len()
    );
    Ok(buffers)
}

/// Every line of `kiln.catalog.json` is about something that is there.
fn check_catalog(root: &Path, container: &Container) -> Checked<Vec<Value>> {
    let bytes = file(root, "kiln.catalog.json")?;
    let catalog: Value = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    ensure!(catalog["version"] == 1, "the version of the catalogue");
    ensure!(
        catalog.get("provisional").is_none(),
        "the catalogue is of the middle of a run"
    );
    let lines = catalog["entries"].as_array().ok_or("no entries")?.clone();
    for line in &lines {
        let target = &line["target"];
        let name = format!("{} of {}", line["name"], line["source"]);
        if let Some(index) = target["texture"].as_u64() {
            let texture = container.textures.get(index as usize);
            let texture = texture.ok_or_else(|| format!("{name}: there is no {target}"))?;
            let hash: String = texture
                .hash
                .to_le_bytes()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            ensure!(
                line["content_hash"] == hash.as_str(),
                "{name}: {} is not the hash of {target}",
                line["content_hash"]
            );
        } else if let Some(index) = target["buffer"].as_u64() {
            ensure!(
                index < container.buffers.len() as u64,
                "{name}: there is no {target}"
            );
        } else {
            let key = target["asset"]
                .as_str()
                .unwrap_or_default()
                .replace('-', "");
            let hex = |asset: &Asset| -> String {
                asset.key.iter().map(|byte| format!("{byte:02x}")).collect()
            };
            ensure!(
                container.assets.iter().any(|asset| hex(asset) == key),
                "{name}: there is no {target}"
            );
        }
    }
    Ok(lines)
}

impl Container {
    /// The texture that the catalogue names.
    #[track_caller]
    pub fn texture(&self, name: &str) -> &Texture {
        let line = self
            .catalog
            .iter()
            .find(|line| line["kind"] == "texture" && line["name"] == name)
            .unwrap_or_else(|| panic!("the catalogue has no texture `{name}`"));
        &self.textures[line["target"]["texture"].as_u64().unwrap() as usize]
    }
}

use super::*;
use crate::format::{
    buffer_table::{BufferElements, BufferEntry, BufferLayout, BufferUsage},
    ids::ContentHash,
    index::{AssetRecord, AssetType, ContainerIndex},
    layout::descriptor_paths,
    texture_format::TextureFormat,
    texture_shape::TextureShape,
    texture_table::TextureEntry,
};
use sha2::{Digest, Sha256};

/// 10 11 .. 1f
fn guid() -> [u8; 16] {
    std::array::from_fn(|i| 0x10 + i as u8)
}

fn asset(asset_type: AssetType, name: &str, size: u64) -> AssetRecord {
    let (path, virtual_path) = descriptor_paths(asset_type, name).unwrap();
    let key = virtual_path.key();
    AssetRecord::new(key, asset_type, path, virtual_path, size, [0; 32])
}

fn index(assets: Vec<AssetRecord>) -> ContainerIndex {
    ContainerIndex::new(Some([9; 16]), 7, assets, Vec::new()).unwrap()
}

/// Two textures in 768 and 600 bytes, three buffers in 144, 0 and 12 bytes.
fn tables() -> (Vec<u8>, Vec<u8>) {
    let shape = TextureShape::image(4, 4, 1, TextureFormat::Rgba8UNorm).unwrap();
    let textures = [
        TextureEntry::new(0, &shape, 768, ContentHash(1)),
        TextureEntry::new(768, &shape, 600, ContentHash(2)),
    ];
    let raw = BufferLayout::new(BufferUsage::STATIC_STORAGE, BufferElements::Raw, 4);
    let buffers = [
        BufferEntry::new(0, 144, BufferLayout::VERTICES, ContentHash(3)),
        BufferEntry::new(144, 0, raw, ContentHash(4)),
        BufferEntry::new(144, 12, BufferLayout::INDICES, ContentHash(5)),
    ];
    (
        textures.iter().flat_map(TextureEntry::to_bytes).collect(),
        buffers.iter().flat_map(BufferEntry::to_bytes).collect(),
    )
}

/// The bytes of a plan. Those that are copied are the same value all over: 0xa0 for textures, 0xb0 for
/// buffers, 0xc0 and the position in the index for descriptors.
fn written(plan: &PakPlan, index: &ContainerIndex, pieces: usize) -> (Vec<u8>, Sealed) {
    let mut bytes = Vec::new();
    for part in plan.parts() {
        assert!(part.offset >= bytes.len() as u64, "parts do not overlap");
        bytes.resize(part.offset as usize, 0);
        match &part.source {
            PakSource::Bytes(own) => bytes.extend_from_slice(own),
            PakSource::Texture(range) => {
                bytes.resize(bytes.len() + (range.end - range.start) as usize, 0xa0);
            }
            PakSource::Buffer(range) => {
                bytes.resize(bytes.len() + (range.end - range.start) as usize, 0xb0);
            }
            PakSource::Descriptor(position) => {
                let size = index.assets()[*position].size() as usize;
                bytes.resize(bytes.len() + size, 0xc0 + *position as u8);
            }
        }
    }
    assert_eq!(bytes.len() as u64, plan.size());
    let mut seal = PakSeal::new(plan);
    for piece in bytes.chunks(pieces) {
        seal.update(piece);
    }
    let sealed = seal.finish();
    bytes[..256].copy_from_slice(&sealed.header);
    let at = sealed.crc_offset as usize;
    bytes[at..at + 4].copy_from_slice(&sealed.crc.to_le_bytes());
    (bytes, sealed)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// CRC-32 as zlib has it, bit by bit, over a file without its checksum.
fn crc_of(bytes: &[u8]) -> u32 {
    let end = bytes.len();
    let mut crc = u32::MAX;
    for byte in bytes[..end - 12].iter().chain(&bytes[end - 8..]) {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 != 0 { 0xedb8_8320 } else { 0 };
        }
    }
    !crc
}

#[test]
fn an_empty_pak_byte_by_byte() {
    let index = index(Vec::new());
    let input = PakInput {
        index: &index,
        textures: &[],
        buffers: &[],
    };
    let options = PakOptions {
        guid: Some(guid()),
        content_version: Some(0),
    };
    let plan = PakPlan::new(&input, &options).unwrap();
    for pieces in [1, 7, 256, 512] {
        let (bytes, sealed) = written(&plan, &index, pieces);
        let mut expected = vec![0; 512];
        expected[..12].copy_from_slice(b"OXPAK\0\0\0\x04\0\0\0");
        expected[12..28].copy_from_slice(&guid());
        expected[500..504].copy_from_slice(&[0x5e, 0x68, 0x7d, 0x8f]);
        expected[504..].copy_from_slice(b"OXPAKEND");
        assert_eq!(bytes, expected);
        assert_eq!((sealed.crc, sealed.guid), (0x8f7d_685e, guid()));
        assert_eq!(crc_of(&bytes), sealed.crc);
    }
}

#[test]
fn everything_has_its_place() {
    let index = index(vec![
        asset(AssetType::Scene, "Box", 300),
        asset(AssetType::Material, "b", 1104),
        asset(AssetType::Geometry, "Body", 525),
        asset(AssetType::Material, "a", 1104),
    ]);
    let (textures, buffers) = tables();
    let input = PakInput {
        index: &index,
        textures: &textures,
        buffers: &buffers,
    };
    let plan = PakPlan::new(&input, &PakOptions::default()).unwrap();
    let (bytes, sealed) = written(&plan, &index, 100);
    let footer = &bytes[bytes.len() - 256..];
    assert_eq!(
        bytes[8..12],
        [4, 0, 7, 0],
        "the version of the content is kept"
    );

    // Textures at 256 and 1024, to 1624; buffers at 1792 and 2048, to 2060.
    let regions = [24, 40, 56].map(|at| (u64_at(footer, at), u64_at(footer, at + 8)));
    assert_eq!(regions, [(256, 1368), (1792, 268), (0, 0)]);
    assert_eq!(bytes[256..1024], [0xa0; 768]);
    assert_eq!(bytes[1024..1624], [0xa0; 600]);
    assert_eq!(bytes[1624..1792], [0; 168]);
    assert_eq!(bytes[1792..1936], [0xb0; 144]);
    assert_eq!(bytes[2048..2060], [0xb0; 12]);

    // Tables at 2064 and 2144, the same but for the offsets.
    let tables = [72, 88, 104].map(|at| {
        let count = u32_at(footer, at + 8);
        (u64_at(footer, at), count, u32_at(footer, at + 12))
    });
    assert_eq!(tables, [(2064, 2, 40), (2144, 3, 32), (0, 0, 0)]);
    let mut expected = textures.clone();
    expected[..8].copy_from_slice(&256u64.to_le_bytes());
    expected[40..48].copy_from_slice(&1024u64.to_le_bytes());
    assert_eq!(bytes[2064..2144], expected);
    let mut expected = buffers.clone();
    for (entry, offset) in [(0, 1792u64), (1, 0), (2, 2048)] {
        expected[32 * entry..32 * entry + 8].copy_from_slice(&offset.to_le_bytes());
    }
    assert_eq!(bytes[2144..2240], expected);

    // Descriptors: materials by path, the geometry, the scene.
    let directory = u64_at(footer, 0) as usize;
    assert_eq!((u64_at(footer, 8), u64_at(footer, 16)), (256, 4));
    let order = [
        ("a", 1, 2304),
        ("b", 1, 3408),
        ("Body", 2, 4512),
        ("Box", 3, 5040),
    ];
    for (position, (name, asset_type, offset)) in order.into_iter().enumerate() {
        let at = directory + 64 * position;
        let record = index
            .assets()
            .iter()
            .find(|asset| asset.virtual_path().as_str().contains(&format!("/{name}.")))
            .unwrap();
        assert_eq!(bytes[at..at + 16], record.key().0);
        assert_eq!(bytes[at + 16], asset_type);
        assert_eq!(u64_at(&bytes, at + 17), at as u64, "it knows its own place");
        assert_eq!(u64_at(&bytes, at + 25), offset);
        assert_eq!(u64::from(u32_at(&bytes, at + 33)), record.size());
        assert_eq!(bytes[at + 37..at + 64], [0; 27]);
        let value = bytes[offset as usize];
        let descriptor = &bytes[offset as usize..][..record.size() as usize];
        assert!(value >= 0xc0 && descriptor.iter().all(|&byte| byte == value));
    }
    assert_eq!(directory, 5344);

    // The browse index: all paths in order, strings without any end.
    let browse = u64_at(footer, 120) as usize;
    assert_eq!(browse, directory + 256);
    assert_eq!(bytes[browse..browse + 16], *b"OXPAKBIX\x01\0\0\0\x04\0\0\0");
    let strings = b"/.cooked/Geometry/Body.ogeo/.cooked/Materials/a.omat\
        /.cooked/Materials/b.omat/.cooked/Scenes/Box.oscene";
    assert_eq!(u32_at(&bytes, browse + 16) as usize, strings.len());
    let strings_at = browse + 24 + 4 * 24;
    assert_eq!(&bytes[strings_at..strings_at + strings.len()], strings);
    assert_eq!(u64_at(footer, 128) as usize, 24 + 4 * 24 + strings.len());
    assert_eq!(u32_at(&bytes, browse + 24 + 24 + 16), 27);
    assert_eq!(u32_at(&bytes, browse + 24 + 24 + 20), 25);
    assert_eq!(
        strings_at + strings.len(),
        bytes.len() - 256,
        "the footer follows at once"
    );
    assert_eq!(footer[136..244], [0; 108]);

    // Identity and checksum.
    let mut blank = bytes.clone();
    blank[12..28].fill(0);
    let at = blank.len() - 12;
    blank[at..at + 4].fill(0);
    assert_eq!(sealed.guid, Sha256::digest(&blank)[..16]);
    assert_eq!(bytes[12..28], sealed.guid);
    assert_eq!(u32_at(footer, 244), crc_of(&bytes));
}

fn whole() -> Vec<u8> {
    let index = index(vec![
        asset(AssetType::Material, "a", 100),
        asset(AssetType::Scene, "Box", 300),
    ]);
    let (textures, buffers) = tables();
    let input = PakInput {
        index: &index,
        textures: &textures,
        buffers: &buffers,
    };
    let plan = PakPlan::new(&input, &PakOptions::default()).unwrap();
    written(&plan, &index, 1000).0
}

/// Reads frame, directory and browse index.
fn read(bytes: &[u8]) -> Result<(Vec<DirectoryEntry>, Vec<BrowsePath>), PakError> {
    let end = bytes.len().saturating_sub(256);
    let header = &bytes[..bytes.len().min(256)];
    let frame = PakFrame::parse(header, &bytes[end..], bytes.len() as u64)?;
    let part = |range: std::ops::Range<u64>| &bytes[range.start as usize..range.end as usize];
    let directory = frame.read_directory(part(frame.directory()))?;
    let browse = frame
        .browse_index()
        .map_or(Ok(Vec::new()), |range| BrowsePath::read_all(part(range)))?;
    Ok((directory, browse))
}

#[test]
fn what_is_written_is_read() {
    let bytes = whole();
    let (directory, browse) = read(&bytes).unwrap();
    assert_eq!(directory.len(), 2);
    assert_eq!((directory[0].asset_type, directory[1].asset_type), (1, 3));
    let paths: Vec<_> = browse.iter().map(|browse| browse.path.as_str()).collect();
    assert_eq!(
        paths,
        ["/.cooked/Materials/a.omat", "/.cooked/Scenes/Box.oscene"]
    );
    assert_eq!(browse[1].key, directory[1].key);
    assert_eq!(browse[1].key, browse[1].path.key());
}

#[test]
fn damage_is_refused_and_never_panics() {
    let bytes = whole();
    for len in 0..bytes.len() {
        assert!(read(&bytes[..len]).is_err(), "{len} bytes");
    }
    for at in 0..bytes.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut bad = bytes.clone();
            bad[at] = value;
            let _ = read(&bad);
        }
    }
    let footer = bytes.len() - 256;
    let directory = u64_at(&bytes, footer) as usize;
    let browse = u64_at(&bytes, footer + 120) as usize;
    for at in [
        0,
        8,
        footer + 3,
        footer + 8,
        footer + 27,
        footer + 84,
        footer + 125,
        footer + 248,
        directory + 17,
        browse,
        browse + 8,
        browse + 12,
        browse + 24 + 16,
        browse + 24 + 20,
        browse + 24 + 48,
    ] {
        let mut bad = bytes.clone();
        bad[at] ^= 0x41;
        assert!(read(&bad).is_err(), "byte {at}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let input = |index| PakInput {
        index,
        textures: &[],
        buffers: &[],
    };
    let huge = index(vec![asset(AssetType::Scene, "huge", 1 << 32)]);
    assert!(matches!(
        PakPlan::new(&input(&huge), &PakOptions::default()),
        Err(PakPlanError::Descriptor { size, .. }) if size == 1 << 32
    ));
    let none = PakOptions {
        guid: Some([0; 16]),
        ..PakOptions::default()
    };
    let empty = index(Vec::new());
    assert_eq!(PakPlan::new(&input(&empty), &none), Err(PakPlanError::Guid));
    let (textures, buffers) = tables();
    for (textures, buffers) in [(&textures[..79], &buffers[..]), (&textures, &buffers[..33])] {
        let input = PakInput {
            index: &empty,
            textures,
            buffers,
        };
        assert!(matches!(
            PakPlan::new(&input, &PakOptions::default()),
            Err(PakPlanError::Table { .. })
        ));
    }
    let mut bad = textures.clone();
    bad[68] = 99;
    let input = PakInput {
        index: &empty,
        textures: &bad,
        buffers: &[],
    };
    assert!(matches!(
        PakPlan::new(&input, &PakOptions::default()),
        Err(PakPlanError::Texture { index: 1, .. })
    ));
}

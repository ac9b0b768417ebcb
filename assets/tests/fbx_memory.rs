//! What parsing FBX files that ask for too much really takes, against the limits.
//!
//! One test only: the parser allocates beside Rust's allocator, so the system is asked for the address
//! space of the whole process, and even memory that is never touched counts.
#![cfg(target_os = "linux")]

use bevy_kiln_assets::{
    cook::pace::{CancelFlag, Cancelled, Pace},
    source::fbx::{self, FbxError, FbxLimits, FbxOptions},
};
use futures_lite::future::block_on;
use std::{collections::BTreeMap, fmt::Write as _, io::Write as _, path::Path};

/// The largest address space that this process has had, in bytes.
#[expect(clippy::unwrap_used, reason = "Linux tells this of every process")]
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmPeak:"));
    let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse::<u64>().unwrap() << 10
}

/// A node of a binary file, version 7400. `at` is its place in the file.
#[expect(clippy::unwrap_used, reason = "the nodes of this test are small")]
fn node(
    at: usize,
    name: &str,
    properties: &[Vec<u8>],
    children: &[&dyn Fn(usize) -> Vec<u8>],
) -> Vec<u8> {
    let list = properties.concat();
    let mut bytes = vec![0; 13];
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(&list);
    for child in children {
        let child = child(at + bytes.len());
        bytes.extend_from_slice(&child);
    }
    if !children.is_empty() {
        bytes.extend_from_slice(&[0; 13]);
    }
    let u32_at = |value: usize| u32::try_from(value).unwrap().to_le_bytes();
    let end = u32_at(at + bytes.len());
    bytes[..4].copy_from_slice(&end);
    bytes[4..8].copy_from_slice(&u32_at(properties.len()));
    bytes[8..12].copy_from_slice(&u32_at(list.len()));
    bytes[12] = u8::try_from(name.len()).unwrap();
    bytes
}

/// An array property that claims to hold `count` doubles.
#[expect(clippy::unwrap_used, reason = "the data of this test is small")]
fn doubles(count: u32, is_compressed: bool, data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![b'd'];
    for value in [
        count,
        u32::from(is_compressed),
        data.len().try_into().unwrap(),
    ] {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    bytes.extend_from_slice(data);
    bytes
}

/// A text property.
#[expect(clippy::unwrap_used, reason = "the texts of this test are short")]
fn text(text: &str) -> Vec<u8> {
    let mut bytes = vec![b'S'];
    bytes.extend_from_slice(&u32::try_from(text.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// A binary file with one mesh, whose vertices are this property.
fn binary(vertices: &[u8]) -> Vec<u8> {
    let mut bytes = b"Kaydara FBX Binary  \0\x1a\0".to_vec();
    bytes.extend_from_slice(&7400_u32.to_le_bytes());
    let id = [&[b'L'][..], &1_i64.to_le_bytes()].concat();
    let vertices = |at| node(at, "Vertices", &[vertices.to_vec()], &[]);
    let about = [id, text("Mesh\0\x01Geometry"), text("Mesh")];
    let geometry = |at| node(at, "Geometry", &about, &[&vertices]);
    let objects = node(bytes.len(), "Objects", &[], &[&geometry]);
    bytes.extend_from_slice(&objects);
    bytes.extend_from_slice(&[0; 13]);
    bytes
}

#[expect(clippy::unwrap_used, reason = "memory can be written to")]
fn compressed_zeros(bytes: usize) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![0; bytes]).unwrap();
    encoder.finish().unwrap()
}

fn ascii(body: &str) -> Vec<u8> {
    format!(
        "; FBX 7.4.0 project file\nFBXHeaderExtension:  {{\n\tFBXVersion: 7400\n}}\n\
         Objects:  {{\n{body}\n}}\n"
    )
    .into_bytes()
}

fn many_models(count: usize) -> Vec<u8> {
    let mut body = String::new();
    for id in 1..=count {
        let _ = writeln!(body, "Model: {id}, \"Model::N{id}\", \"Null\" {{\n}}");
    }
    ascii(&body)
}

/// Files that ask for much, and whether a large limit lets them through.
fn greedy() -> Vec<(&'static str, Vec<u8>)> {
    const MANY: u32 = i32::MAX as u32;
    let zeros = compressed_zeros(48 << 20);
    let quads = |count: usize| "0,1,2,-4,".repeat(count);
    vec![
        ("a claim", binary(&doubles(MANY, false, &[0; 64]))),
        (
            "a compressed claim",
            binary(&doubles(MANY, true, &zeros[..64])),
        ),
        (
            "a compressed array",
            binary(&doubles(6 << 20, true, &zeros)),
        ),
        (
            "a claim in text",
            ascii(
                "Geometry: 1, \"Geometry::\", \"Mesh\" {\nVertices: *2147483647 {\na: 1,2,3\n}\n}",
            ),
        ),
        (
            "a long array in text",
            ascii(&format!(
                "Geometry: 1, \"Geometry::\", \"Mesh\" {{\nVertices: *12 {{\na: 0,0,0,1,0,0,1,1,0,0,1,0\n}}\n\
                 PolygonVertexIndex: *8000000 {{\na: {}0\n}}\n}}",
                quads(2_000_000)
            )),
        ),
        ("many nodes", many_models(60_000)),
        ("deep nesting", ascii(&"a: {\n".repeat(200_000))),
        (
            "a long name",
            ascii(&format!(
                "Model: 1, \"Model::{}\", \"Null\" {{\n}}",
                "n".repeat(24 << 20)
            )),
        ),
    ]
}

/// The FBX files in a folder of the corpus, where it is.
fn corpus(folder: &str) -> Vec<(String, Vec<u8>)> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let Ok(entries) = std::fs::read_dir(corpus.join(folder)) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "fbx"))
        .collect();
    paths.sort();
    let named = paths
        .into_iter()
        .filter_map(|path| Some((path.display().to_string(), std::fs::read(path).ok()?)));
    named.collect()
}

/// Copies of a file with other bytes, and ends that are missing; the same ones each time.
fn damaged(bytes: &[u8], copies: u64) -> impl Iterator<Item = Vec<u8>> {
    (1..=copies).map(|copy| {
        // Steele and Vigna's constant, for numbers that look random.
        let mut state = copy.wrapping_mul(0xd134_2543_de82_ef95);
        let mut below = |end: usize| {
            state = state.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(1);
            (state >> 33) as usize % end.max(1)
        };
        let mut bytes = bytes.to_vec();
        for _ in 0..=below(8) {
            let at = below(bytes.len());
            // Sizes near the limits of their type do the most harm.
            bytes[at] = [0, 0x7f, 0x80, 0xff, below(256) as u8][below(5)];
        }
        if below(4) == 0 {
            bytes.truncate(below(bytes.len()));
        }
        bytes
    })
}

#[test]
fn memory_stays_below_the_limits() {
    let mut options = FbxOptions::default();
    let mut limits = FbxLimits::default();
    limits.max_bytes = 8 << 20;
    options.limits = limits;
    let read = |bytes: &[u8], options: &FbxOptions| {
        fbx::read(bytes, "greedy.fbx", options, &CancelFlag::new()).map(|_| ())
    };
    // What is allocated once is not counted.
    read(&many_models(1), &options).unwrap();
    let files = greedy()
        .into_iter()
        .map(|(name, bytes)| (name.to_owned(), bytes));
    let files: Vec<_> = files.chain(corpus("malformed")).collect();
    // In text the length of an array is only a hint.
    let is_harmless = |name: &str| name == "a claim in text";
    let before = peak();
    for (name, bytes) in &files {
        assert_eq!(read(bytes, &options).is_ok(), is_harmless(name), "{name}");
        // The document and what the parser needs meanwhile; and what the allocator keeps.
        let room = 2 * options.limits.max_bytes + (4 << 20);
        let grown = peak() - before;
        assert!(
            grown <= room,
            "{name}: {grown} bytes, and {room} are allowed"
        );
    }
    // Damaged files, with their meshes.
    let small = corpus("fbx")
        .into_iter()
        .filter(|(_, bytes)| bytes.len() < 128 << 10);
    let own = binary(&doubles(3, false, &[0; 24]));
    for (name, bytes) in [("one mesh".to_owned(), own)].into_iter().chain(small) {
        for (copy, bytes) in damaged(&bytes, 24).enumerate() {
            let Ok(scene) = fbx::read(&bytes, "damaged.fbx", &options, &CancelFlag::new()) else {
                continue;
            };
            let scene = scene.resolve(&BTreeMap::new()).unwrap();
            for mesh in scene.meshes() {
                // Whatever comes of it.
                let mut pace = Pace::uninterrupted(CancelFlag::new());
                drop(block_on(mesh.loader.load(&mut pace)));
            }
            let room = 2 * options.limits.max_bytes + (12 << 20);
            let grown = peak() - before;
            assert!(grown <= room, "{name}, copy {copy}: {grown} bytes");
        }
    }
    // With more room, those that only are large are read: it was their size that they were refused for.
    options.limits = FbxLimits::default();
    let is_large = [
        "a compressed array",
        "a long array in text",
        "many nodes",
        "a long name",
    ];
    for (name, bytes) in &files {
        let is_read = is_large.contains(&&**name) || is_harmless(name);
        let result = read(bytes, &options);
        assert_eq!(result.is_ok(), is_read, "{name}: {result:?}");
        assert_ne!(result, Err(FbxError::Cancelled(Cancelled)));
    }
}

//! What the tests of the whole project share: sources, a reader of containers of their own, and
//! processes of the built `kiln`.
#![allow(dead_code, reason = "every test binary uses a part of what they share")]

pub mod container;
pub mod images;
pub mod process;
pub mod project;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Files and their bytes, by paths relative to a folder.
pub type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Every file below a folder; none if the folder is not there.
pub fn files(folder: &Path) -> Files {
    let mut found = Files::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&next) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), bytes);
            }
        }
    }
    found
}

/// The bytes of a golden file, by its path in the project: comments, then lines of an offset and 16 bytes;
/// a `*` repeats the line before it up to the next offset.
pub fn golden(path: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut bytes: Vec<u8> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with(['#', '*'])) {
        let mut words = line.split_whitespace();
        let offset = usize::from_str_radix(words.next().unwrap(), 16).unwrap();
        while bytes.len() < offset {
            bytes.extend_from_within(bytes.len() - 16..);
        }
        assert_eq!(bytes.len(), offset, "{}: {line}", path.display());
        bytes.extend(words.map(|word| u8::from_str_radix(word, 16).unwrap()));
    }
    bytes
}

/// Copies every file below a folder.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for (path, bytes) in files(from) {
        let target = to.join(path);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::write(target, bytes).unwrap();
    }
}

/// A generator of numbers that are the same in every run: Numerical Recipes' linear congruence.
pub struct Seeded(pub u64);

impl Seeded {
    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

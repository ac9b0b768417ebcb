//! Every code of the catalogue is named by some test.

use bevy_kiln::assets::diagnostic::codes;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            sources(&path, found);
        } else if name.ends_with(".rs") && name != "tested.rs" {
            found.push(path);
        }
    }
}

/// The parts of the sources that are tests.
fn tests() -> String {
    let mut files = Vec::new();
    sources(Path::new(env!("CARGO_MANIFEST_DIR")), &mut files);
    let mut all = String::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy();
        let whole = path.components().any(|part| part.as_os_str() == "tests")
            || name == "tests.rs"
            || name.ends_with("_tests.rs");
        let begin = if whole {
            Some(0)
        } else {
            text.find("#[cfg(test)]")
        };
        all.extend(begin.map(|begin| &text[begin..]));
    }
    all
}

/// Whether a word stands in a text, and not only as a part of a longer one.
fn names(text: &str, word: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        !before.ends_with(inner) && !after.starts_with(inner)
    })
}

#[test]
fn every_code_is_named_by_a_test() {
    let tests = tests();
    let untested: BTreeSet<&str> = codes::all()
        .filter(|info| {
            let (area, constant) = info.id.split_once('.').unwrap();
            let constant = constant.replace('.', "_").to_ascii_uppercase();
            let ways = [
                format!("\"{}\"", info.id),
                format!("{area}::{constant}"),
                format!("codes::{constant}"),
            ];
            !ways.iter().any(|way| names(&tests, way))
        })
        .map(|info| info.id)
        .collect();
    assert_eq!(untested, BTreeSet::new());
}

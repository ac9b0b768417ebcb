//! The six faces of a cube in files beside each other, told apart by their names.

use bevy_kiln_assets::source::image::CubeFace;
use std::path::Path;

use crate::io::reader::SourceReader;

/// What the names of faces end in, by face. Sets are tried in this order.
const SETS: [[&str; 6]; 3] = [
    ["_px", "_nx", "_py", "_ny", "_pz", "_nz"],
    ["_posx", "_negx", "_posy", "_negy", "_posz", "_negz"],
    ["_right", "_left", "_top", "_bottom", "_front", "_back"],
];

/// How a suffix may be written. Lower case comes first.
const CASES: [fn(&str) -> String; 3] = [str::to_owned, str::to_ascii_uppercase, capitalized];

/// `_right` as `_Right`.
fn capitalized(suffix: &str) -> String {
    let mut text = suffix.to_owned();
    if let Some(first) = text.get_mut(1..2) {
        first.make_ascii_uppercase();
    }
    text
}

/// A file name in parts: what comes before the suffix of a face, and the extension with its dot.
fn parts<'a>(file_name: &'a str, set: &[&str; 6]) -> (&'a str, &'a str) {
    let (stem, extension) = match file_name.rfind('.') {
        Some(dot) if dot > 0 => file_name.split_at(dot),
        _ => (file_name, ""),
    };
    let base = set.iter().find_map(|suffix| {
        let (base, end) = stem.split_at_checked(stem.len().checked_sub(suffix.len())?)?;
        end.eq_ignore_ascii_case(suffix).then_some(base)
    });
    (base.unwrap_or(stem), extension)
}

/// The names of the files of six faces, by layer: of the first set that is complete in `folder`.
/// `file_name` is one of them, or what they have in common, which need not be a file.
pub(super) async fn find(
    reader: &dyn SourceReader,
    folder: &Path,
    file_name: &str,
) -> Option<[(CubeFace, String); 6]> {
    for set in &SETS {
        let (base, extension) = parts(file_name, set);
        let mut found = Vec::with_capacity(6);
        for (face, suffix) in CubeFace::ALL.into_iter().zip(set) {
            let mut candidates = CASES.iter().map(|case| case(suffix));
            let there = loop {
                let Some(suffix) = candidates.next() else {
                    break None;
                };
                let name = format!("{base}{suffix}{extension}");
                if reader.exists(&folder.join(&name)).await {
                    break Some(name);
                }
            };
            let Some(name) = there else { break };
            found.push((face, name));
        }
        if let Ok(six) = <[_; 6]>::try_from(found) {
            return Some(six);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::file_reader::FileReader;
    use bevy_tasks::block_on;

    fn found(files: &[&str], asked: &str) -> Option<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            std::fs::write(folder.path().join(file), "x").unwrap();
        }
        let six = block_on(find(&FileReader, folder.path(), asked))?;
        assert_eq!(six.each_ref().map(|(face, _)| *face), CubeFace::ALL);
        Some(six.map(|(_, name)| name).to_vec())
    }

    fn set(base: &str, suffixes: [&str; 6], extension: &str) -> Vec<String> {
        suffixes
            .map(|suffix| format!("{base}{suffix}{extension}"))
            .to_vec()
    }

    #[test]
    fn each_set_is_found_by_any_of_its_faces_and_by_its_base() {
        for suffixes in SETS {
            let files = set("sky", suffixes, ".png");
            let names: Vec<&str> = files.iter().map(String::as_str).collect();
            for asked in names.iter().copied().chain(["sky.png"]) {
                assert_eq!(found(&names, asked), Some(files.clone()), "{asked}");
            }
            assert_eq!(found(&names, "sky.jpg"), None);
            assert_eq!(found(&names, "sk.png"), None);
            assert_eq!(found(&names[..5], "sky.png"), None);
        }
    }

    #[test]
    fn the_first_complete_set_counts() {
        let (first, third) = (set("a", SETS[0], ".png"), set("a", SETS[2], ".png"));
        let all: Vec<&str> = first.iter().chain(&third).map(String::as_str).collect();
        assert_eq!(found(&all, "a_left.png"), Some(third.clone()));
        assert_eq!(found(&all, "a.png"), Some(first.clone()));
        // One face of the first set is missing.
        assert_eq!(found(&all[1..], "a.png"), Some(third.clone()));
    }

    #[test]
    fn case_does_not_matter() {
        let upper = set("Sky", ["_PX", "_NX", "_PY", "_NY", "_PZ", "_NZ"], ".PNG");
        let names: Vec<&str> = upper.iter().map(String::as_str).collect();
        assert_eq!(found(&names, "Sky_NY.PNG"), Some(upper.clone()));
        assert_eq!(found(&names, "Sky_ny.PNG"), Some(upper));
        let mixed = set(
            "s",
            ["_Right", "_left", "_TOP", "_Bottom", "_front", "_back"],
            ".tga",
        );
        let names: Vec<&str> = mixed.iter().map(String::as_str).collect();
        assert_eq!(found(&names, "s.tga"), Some(mixed));
    }

    #[test]
    fn names_come_apart_where_they_should() {
        assert_eq!(parts("sky_px.png", &SETS[0]), ("sky", ".png"));
        assert_eq!(parts("sky_PX.png", &SETS[0]), ("sky", ".png"));
        assert_eq!(parts("sky_px.png", &SETS[1]), ("sky_px", ".png"));
        assert_eq!(parts("_px", &SETS[0]), ("", ""));
        assert_eq!(parts("px", &SETS[0]), ("px", ""));
        assert_eq!(parts(".hidden", &SETS[0]), (".hidden", ""));
        assert_eq!(parts("a.b_nz.exr", &SETS[0]), ("a.b", ".exr"));
        // The end of a text is not always the end of a character.
        assert_eq!(parts("ü\u{1F600}", &SETS[0]), ("ü\u{1F600}", ""));
    }
}

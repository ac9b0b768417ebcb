//! Paths of manifests: resolved and normalised without looking at the disk.

use std::path::{Component, Path, PathBuf};

/// Removes `.` and `..`, and writes separators as the system does. Links are not followed. A relative
/// path keeps the `..` that lead out of it.
pub fn normalise(path: &Path) -> PathBuf {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => match parts.components().next_back() {
                Some(Component::Normal(_)) => {
                    parts.pop();
                }
                // Above the root there is nothing.
                Some(Component::RootDir | Component::Prefix(_)) => {}
                _ => parts.push(".."),
            },
            part => parts.push(part),
        }
    }
    parts
}

/// A path as a manifest writes it, relative to a folder. Assets of an asset source
/// (`embedded://a/b.png`) are left as they are.
pub fn resolve(folder: &Path, written: &str) -> Option<String> {
    if written.contains("://") {
        return Some(written.to_owned());
    }
    let path = normalise(&folder.join(written));
    path.to_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_removed_without_looking() {
        let cases = [
            ("a/../b/./c.png", "b/c.png"),
            ("a//b/", "a/b"),
            ("../../a", "../../a"),
            ("a/../../b", "../b"),
            ("/../a", "/a"),
            ("/a/b/../../../c", "/c"),
            (".", ""),
        ];
        for (path, expected) in cases {
            assert_eq!(normalise(Path::new(path)), Path::new(expected), "{path}");
        }
    }

    #[test]
    fn relative_paths_start_at_the_folder() {
        let resolved = |folder: &str, path: &str| resolve(Path::new(folder), path).unwrap();
        assert_eq!(
            resolved("/p/import", "../art/./wood.png"),
            "/p/art/wood.png"
        );
        assert_eq!(resolved("", "art/wood.png"), "art/wood.png");
        assert_eq!(resolved("/p", "/abs/x/../wood.png"), "/abs/wood.png");
        assert_eq!(
            resolved("/p", "embedded://a/../b.png"),
            "embedded://a/../b.png"
        );
    }
}

//! Paths that a source file uses for its companions: buffers and images in files of their own.

use crate::format::path::RelativePath;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// The path of another file, seen from the folder of the source that refers to it.
///
/// It is normalised: `/` separates, there are no empty and no `.` segments, and `..` segments stand
/// at the beginning only. So equal files have equal paths as far as text can tell, and the path means
/// the same on every machine. Whether such a file may be read is up to whoever reads it: a path that
/// begins with `..` leaves the folder of the source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SourcePath(String);

/// Why a text is no [`SourcePath`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SourcePathError {
    /// Nothing is left of it, or it ends with a separator: a folder, not a file.
    #[error("`{0}` names no file")]
    NoFile(String),
    /// It begins at the root of a file system.
    #[error("`{0}` is an absolute path")]
    Absolute(String),
    /// A colon: a drive, a stream or a scheme.
    #[error("`{0}`: `:` is not allowed in a path")]
    Colon(String),
    /// A NUL.
    #[error("`{0}`: a path contains no NUL")]
    Nul(String),
}

impl SourcePath {
    /// Normalises a path. Backslashes are separators, because files that were written on Windows have
    /// them.
    ///
    /// # Errors
    /// The [`SourcePathError`] of the first rule that is broken.
    pub fn new(path: impl Into<String>) -> Result<Self, SourcePathError> {
        let path: String = path.into();
        if path.contains('\0') {
            return Err(SourcePathError::Nul(path));
        }
        if path.starts_with(['/', '\\']) {
            return Err(SourcePathError::Absolute(path));
        }
        if path.contains(':') {
            return Err(SourcePathError::Colon(path));
        }
        let mut segments: Vec<&str> = Vec::new();
        let mut names_file = false;
        for segment in path.split(['/', '\\']) {
            names_file = !matches!(segment, "" | "." | "..");
            match segment {
                "" | "." => {}
                ".." if segments.last().is_some_and(|last| *last != "..") => {
                    segments.pop();
                }
                segment => segments.push(segment),
            }
        }
        if !names_file {
            return Err(SourcePathError::NoFile(path));
        }
        Ok(Self(segments.join("/")))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// Whether the path leaves the folder of the source.
    pub fn leaves_folder(&self) -> bool {
        self.0.starts_with("../")
    }
}

impl fmt::Display for SourcePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for SourcePath {
    type Error = SourcePathError;

    fn try_from(path: String) -> Result<Self, SourcePathError> {
        Self::new(path)
    }
}

impl From<SourcePath> for String {
    fn from(path: SourcePath) -> Self {
        path.0
    }
}

/// A path inside the folder of the source.
impl From<RelativePath> for SourcePath {
    fn from(path: RelativePath) -> Self {
        Self(path.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_are_normalised() {
        for (written, path) in [
            ("a.png", "a.png"),
            ("./t/a.png", "t/a.png"),
            ("t//x/../a.png", "t/a.png"),
            ("../t/a.png", "../t/a.png"),
            ("x/../../t/./../a.png", "../a.png"),
            ("..\\..\\t\\a.png", "../../t/a.png"),
            ("...", "..."),
            ("a b/ü.png", "a b/ü.png"),
        ] {
            let made = SourcePath::new(written).unwrap();
            assert_eq!(made.as_str(), path, "{written}");
            assert_eq!(made.leaves_folder(), path.starts_with("../"), "{written}");
        }
        assert!(!SourcePath::new("..a/b").unwrap().leaves_folder());
        assert_eq!(SourcePath::new("t/a.png").unwrap().file_name(), "a.png");
    }

    #[test]
    fn what_is_no_path_of_a_file_is_refused() {
        use SourcePathError as E;
        type Rule = fn(String) -> SourcePathError;
        for (written, rule) in [
            ("", E::NoFile as Rule),
            (".", E::NoFile),
            ("a/..", E::NoFile),
            ("..", E::NoFile),
            ("a/", E::NoFile),
            ("/etc/passwd", E::Absolute),
            ("\\\\host\\share\\a", E::Absolute),
            ("C:/a.png", E::Colon),
            ("file:a", E::Colon),
            ("a.png:stream", E::Colon),
            ("a\0b", E::Nul),
        ] {
            assert_eq!(SourcePath::new(written), Err(rule(written.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn normalising_is_idempotent(written in "[a./\\\\]{0,24}") {
            if let Ok(path) = SourcePath::new(written) {
                prop_assert_eq!(SourcePath::new(path.as_str()), Ok(path.clone()));
                let mut inside = path.as_str().split('/').skip_while(|segment| *segment == "..");
                prop_assert!(inside.all(|segment| !matches!(segment, "" | "." | "..")));
            }
        }
    }
}

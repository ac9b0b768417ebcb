//! Paths inside a container: relative ones of its files, virtual ones of its assets.

use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

use super::ids::AssetKey;

/// The most bytes of a path: no system opens longer ones.
pub const LONGEST_PATH: usize = 4096;

/// The rule that a path breaks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PathError {
    /// No characters at all.
    #[error("a path must not be empty")]
    Empty,
    /// A backslash.
    #[error("`{0}`: the separator is `/`, not a backslash")]
    Backslash(String),
    /// A relative path that begins with a slash, or a virtual one that does not.
    #[error("`{0}`: a relative path does not begin with `/`, a virtual path does")]
    Start(String),
    /// A slash at the end.
    #[error("`{0}`: a path does not end with `/`")]
    End(String),
    /// Two slashes in a row.
    #[error("`{0}`: `//` is not allowed")]
    DoubleSlash(String),
    /// A `.` or `..` segment.
    #[error("`{0}`: the segments `.` and `..` are not allowed")]
    DotSegment(String),
    /// A colon in a relative path.
    #[error("`{0}`: `:` is not allowed in a relative path")]
    Colon(String),
    /// A NUL, which would end the string in the container.
    #[error("`{0}`: a path contains no NUL")]
    Nul(String),
    /// More bytes than any system opens.
    #[error("a path of {0} bytes is longer than {LONGEST_PATH}")]
    Long(usize),
}

fn check(path: &str, is_virtual: bool) -> Result<(), PathError> {
    if path.is_empty() {
        return Err(PathError::Empty);
    }
    if path.len() > LONGEST_PATH {
        return Err(PathError::Long(path.len()));
    }
    if is_virtual && path == "/" {
        return Ok(());
    }
    let error = |make: fn(String) -> PathError| Err(make(path.to_owned()));
    if path.contains('\\') {
        return error(PathError::Backslash);
    }
    if path.contains('\0') {
        return error(PathError::Nul);
    }
    if path.starts_with('/') != is_virtual {
        return error(PathError::Start);
    }
    if path.ends_with('/') {
        return error(PathError::End);
    }
    if path.contains("//") {
        return error(PathError::DoubleSlash);
    }
    if path
        .split('/')
        .any(|segment| segment == "." || segment == "..")
    {
        return error(PathError::DotSegment);
    }
    if !is_virtual && path.contains(':') {
        return error(PathError::Colon);
    }
    Ok(())
}

macro_rules! path_type {
    ($(#[$doc:meta])* $name:ident, $is_virtual:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks the rules.
            ///
            /// # Errors
            /// The [`PathError`] of the first rule that is broken.
            pub fn new(path: impl Into<String>) -> Result<Self, PathError> {
                let path = path.into();
                check(&path, $is_virtual)?;
                Ok(Self(path))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = PathError;

            fn try_from(path: String) -> Result<Self, PathError> {
                Self::new(path)
            }
        }

        impl From<$name> for String {
            fn from(path: $name) -> Self {
                path.0
            }
        }
    };
}

path_type!(
    /// A path of a file, relative to the cooked root.
    RelativePath,
    false
);
path_type!(
    /// The path under which an asset is looked up, such as `/.cooked/Materials/Paint.omat`.
    VirtualPath,
    true
);

impl VirtualPath {
    /// The virtual path of a file of the container: mount root, slash, relative path.
    pub fn mounted(mount: &Self, path: &RelativePath) -> Self {
        let root = mount.0.trim_end_matches('/');
        Self(format!("{root}/{}", path.0))
    }

    /// The deterministic key of the asset at this path.
    pub fn key(&self) -> AssetKey {
        AssetKey::of_text(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths() {
        for good in ["a", "Materials/Robot/Paint.omat", "a b/ü", "...", "a..b"] {
            assert!(RelativePath::new(good).is_ok(), "{good}");
        }
        for bad in [
            "", "/a", "a/", "a//b", "a/./b", "..", "a/../b", "C:/a", "a\\b", "a\0",
        ] {
            assert!(RelativePath::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn endless_paths_are_not_quoted() {
        let longest = "a".repeat(LONGEST_PATH);
        assert!(RelativePath::new(longest.as_str()).is_ok());
        let error = RelativePath::new(longest + "/..").unwrap_err();
        assert_eq!(error, PathError::Long(LONGEST_PATH + 3));
        assert_eq!(
            error.to_string(),
            "a path of 4099 bytes is longer than 4096"
        );
    }

    #[test]
    fn virtual_paths() {
        for good in ["/", "/a", "/.cooked/a:b"] {
            assert!(VirtualPath::new(good).is_ok(), "{good}");
        }
        for bad in ["", "a", "/a/", "//", "/a//b", "/./a", "/..", "/a\\b"] {
            assert!(VirtualPath::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn mounting_gives_the_documented_key() {
        let mount = VirtualPath::new("/.cooked").unwrap();
        let file = RelativePath::new("Materials/M_Red.omat").unwrap();
        let path = VirtualPath::mounted(&mount, &file);
        assert_eq!(path.as_str(), "/.cooked/Materials/M_Red.omat");
        assert_eq!(path.key().0[..4], [0x6d, 0x84, 0x0f, 0x81]);
        assert_eq!(
            VirtualPath::mounted(&VirtualPath::new("/").unwrap(), &file).as_str(),
            "/Materials/M_Red.omat"
        );
    }
}

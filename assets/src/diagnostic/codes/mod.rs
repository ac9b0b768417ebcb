//! The catalogue: every diagnostic code, defined once.
//!
//! Each area of the pipeline has a file of its own; [`all`] lists them together.

use super::{Code, CodeInfo};
use std::{collections::HashMap, sync::OnceLock};

/// Defines the codes of one area: a constant for each, and `ALL`, the list of their entries.
macro_rules! codes {
    ($($name:ident = $id:literal, $severity:ident, $summary:literal, $remedy:literal;)*) => {
        $(
            #[doc = concat!("`", $id, "`: ", $summary)]
            pub const $name: $crate::diagnostic::Code =
                $crate::diagnostic::Code::new(&$crate::diagnostic::CodeInfo {
                    id: $id,
                    severity: $crate::diagnostic::Severity::$severity,
                    summary: $summary,
                    remedy: $remedy,
                });
        )*
        /// Every code of this area.
        pub const ALL: &[&$crate::diagnostic::CodeInfo] = &[$($name.info()),*];
    };
}

pub mod cache;
pub mod container;
pub mod fbx;
pub mod gltf;
pub mod import;
pub mod io;
pub mod manifest;
pub mod material;
pub mod mesh;
pub mod scene;
pub mod texture;
pub mod verify;

/// Every code there is, area by area.
pub fn all() -> impl Iterator<Item = &'static CodeInfo> {
    [
        cache::ALL,
        container::ALL,
        fbx::ALL,
        gltf::ALL,
        import::ALL,
        io::ALL,
        manifest::ALL,
        material::ALL,
        mesh::ALL,
        scene::ALL,
        texture::ALL,
        verify::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The code with an identifier.
pub fn find(id: &str) -> Option<Code> {
    static BY_ID: OnceLock<HashMap<&'static str, Code>> = OnceLock::new();
    let by_id = BY_ID.get_or_init(|| all().map(|info| (info.id, Code::new(info))).collect());
    by_id.get(id).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_by_their_identifiers() {
        assert_eq!(find("io.not_found"), Some(io::NOT_FOUND));
        assert_eq!(find("io.not_foun"), None);
        assert!(all().all(|info| find(info.id).is_some()));
    }

    #[test]
    fn codes_are_unique_and_documented() {
        let mut seen = std::collections::HashSet::new();
        for info in all() {
            assert!(seen.insert(info.id), "{} is defined twice", info.id);
            assert!(info.summary.len() > 10, "{} has no summary", info.id);
            assert!(info.remedy.len() > 10, "{} has no remedy", info.id);
            assert!(
                info.id.split('.').all(|part| !part.is_empty()
                    && part
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')),
                "{} is not a dotted lower-case identifier",
                info.id
            );
        }
    }
}

//! What decides the bytes of a container besides sources and settings: this program, and this machine.

use super::CACHE_VERSION;
use crate::{
    cook::{
        mesh,
        texture::{self, Bc7eEncoder, BlockEncoder, IntelEncoder},
    },
    format::catalog,
};

/// The version of everything that makes descriptors and plans and has no version of its own: materials,
/// geometries, scenes, names, the order of the output. **Raise it whenever the same sources and settings
/// give another container.**
pub const PLAN_VERSION: u32 = 1;

/// Versions and encoders, as a text of `name=value` pairs with `; ` between them. Jobs that were committed
/// with another text are cooked again.
pub fn environment<'a>(importers: impl IntoIterator<Item = &'a str>) -> String {
    let mut pairs = vec![
        format!("kiln={}", env!("CARGO_PKG_VERSION")),
        format!("cache={CACHE_VERSION}"),
        format!("plan={PLAN_VERSION}"),
        format!("catalog={}", catalog::VERSION),
        format!("texture={}", texture::COOKER_VERSION),
        format!("mesh={}", mesh::COOKER_VERSION),
        format!("bc7e={}", Bc7eEncoder::new().identity()),
        format!("intel={}", IntelEncoder::new().identity()),
    ];
    let importers = importers.into_iter().map(|text| text.replace(';', ","));
    pairs.extend(importers.map(|text| format!("importer={text}")));
    pairs.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_named_once() {
        let text = environment(["gltf 1", "fbx 1; x"]);
        let pairs: Vec<&str> = text.split("; ").collect();
        let names: Vec<&str> = pairs
            .iter()
            .map(|pair| pair.split_once('=').unwrap().0)
            .collect();
        assert_eq!(
            names,
            [
                "kiln", "cache", "plan", "catalog", "texture", "mesh", "bc7e", "intel", "importer",
                "importer"
            ]
        );
        assert_eq!(pairs[9], "importer=fbx 1, x");
    }
}

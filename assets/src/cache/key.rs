//! Keys: what decides the bytes of a cooked item, as one hash.

use serde::Serialize;
use std::fmt;

use super::CACHE_VERSION;

/// The BLAKE3 hash of everything that decides what a cook makes. Equal keys mean equal results.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheKey(pub [u8; 32]);

impl fmt::Display for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl CacheKey {
    /// A key of a kind of work, made by a version of its cooker. The version is a number that whoever
    /// changes the cooker raises when its bytes change.
    pub fn of(kind: &str, version: u32) -> KeyBuilder {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&CACHE_VERSION.to_le_bytes());
        let mut builder = KeyBuilder(hasher);
        builder.field("kind", kind.as_bytes());
        builder.field("version", &version.to_le_bytes());
        builder
    }

    /// The key of a result that names what it was made of, as those with something to tell do. Names are
    /// no part of other keys, so that an image that two projects have under two names is cooked once.
    #[must_use]
    pub fn named(&self, names: &[String]) -> Self {
        let mut named = Self::of("named", CACHE_VERSION);
        named.field("key", &self.0);
        for name in names {
            named.field("name", name.as_bytes());
        }
        named.finish()
    }
}

/// Collects what a key is made of. Every field has its name and its length, so that no two different lists
/// of fields are one sequence of bytes.
#[derive(Clone, Debug)]
pub struct KeyBuilder(blake3::Hasher);

impl KeyBuilder {
    /// Adds bytes.
    pub fn field(&mut self, name: &str, bytes: &[u8]) -> &mut Self {
        for part in [name.as_bytes(), bytes] {
            self.0.update(&(part.len() as u64).to_le_bytes());
            self.0.update(part);
        }
        self
    }

    /// Adds a value by its JSON, whose order of fields is that of the type. `None` when the value has no
    /// JSON: there is no key then.
    pub fn json(&mut self, name: &str, value: &impl Serialize) -> Option<&mut Self> {
        let json = serde_json::to_vec(value).ok()?;
        Some(self.field(name, &json))
    }

    /// The key.
    pub fn finish(&self) -> CacheKey {
        CacheKey(*self.0.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::texture::TextureOptions;

    #[test]
    fn the_key_of_a_known_input_is_fixed() {
        let settings = TextureOptions::default().resolve("wood.png").unwrap();
        let mut key = CacheKey::of("texture", 1);
        key.json("settings", &settings).unwrap();
        key.field("encoder", b"bc7e 1 (avx2)");
        key.field("input", &[7; 32]);
        // If this changes, either CACHE_VERSION was raised or every cache has to be cooked anew for nothing.
        assert_eq!(key.finish().to_string(), GOLDEN);
    }

    const GOLDEN: &str = "6dcc4d20be5b32f456ae3f0b8a727541abb27d686b9c8e9850f8197b4f4e9635";

    #[test]
    fn names_are_told_apart() {
        let key = CacheKey::of("texture", 1).finish();
        let names =
            |names: &[&str]| key.named(&names.iter().map(ToString::to_string).collect::<Vec<_>>());
        let all = [
            key,
            names(&[]),
            names(&["a", "b"]),
            names(&["ab"]),
            names(&["b", "a"]),
        ];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let key = |fields: &[(&str, &str)]| {
            let mut key = CacheKey::of("mesh", 1);
            for (name, value) in fields {
                key.field(name, value.as_bytes());
            }
            key.finish()
        };
        let keys = [
            key(&[]),
            key(&[("ab", "c")]),
            key(&[("a", "bc")]),
            key(&[("a", "b"), ("c", "")]),
            key(&[("a", ""), ("b", "c")]),
            CacheKey::of("mesh", 2).finish(),
            CacheKey::of("texture", 1).finish(),
        ];
        let different: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(different.len(), keys.len());
    }
}

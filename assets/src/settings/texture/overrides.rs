//! Settings for single textures of a scene, by name.

use super::TextureOptions;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap};
use std::fmt;

/// Texture options by the name or path of a texture, as it is authored in the scene.
///
/// A key with a `/` is compared with the whole path of an image, one without with its name and with
/// its file name. `?` stands for one character, `*` for any number of them, both within one segment of
/// a path; `**` also for several segments. A path wins over a name, both win over patterns, and an
/// earlier pattern wins over a later one.
///
/// ```
/// use bevy_kiln_assets::settings::texture::TextureOverrides;
/// let overrides: TextureOverrides =
///     serde_json::from_str(r#"{ "ui/**": { "mip_policy": "none" } }"#).unwrap();
/// assert!(overrides.find(["ui/icons/heart.png"]).is_some());
/// assert!(overrides.find(["wood.png"]).is_none());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextureOverrides(Vec<(String, TextureOptions)>);

impl TextureOverrides {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds options for a name or pattern. What there was for the same one is replaced as a whole.
    pub fn insert(&mut self, key: impl Into<String>, options: TextureOptions) {
        let key = key.into();
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = options,
            None => self.0.push((key, options)),
        }
    }

    /// Puts a later layer on top: its keys win, and are looked at before those of this layer.
    #[must_use]
    pub fn under(&self, later: &Self) -> Self {
        let mut all = later.clone();
        for (key, options) in &self.0 {
            if all.0.iter().all(|(known, _)| known != key) {
                all.0.push((key.clone(), options.clone()));
            }
        }
        all
    }

    /// The keys and options, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &TextureOptions)> {
        self.0.iter().map(|(key, options)| (key.as_str(), options))
    }

    /// The options for a texture that goes by these names.
    pub fn find<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Option<&TextureOptions> {
        let hit = |key: &str, matches: fn(&str, &str) -> bool| {
            names.clone().into_iter().any(|name| {
                let file = name.rsplit('/').next().unwrap_or(name);
                matches(key, name) || (!key.contains('/') && matches(key, file))
            })
        };
        let exact = self
            .0
            .iter()
            .filter(|(key, _)| hit(key, |key, name| key == name));
        exact
            .min_by_key(|(key, _)| !key.contains('/'))
            .or_else(|| self.0.iter().find(|(key, _)| hit(key, glob)))
            .map(|(_, options)| options)
    }
}

impl Serialize for TextureOverrides {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, options) in &self.0 {
            map.serialize_entry(key, options)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for TextureOverrides {
    /// Reads a map, whose order is kept. A key that is there twice is an error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> de::Visitor<'de> for Entries {
            type Value = TextureOverrides;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("texture options by name")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut overrides = TextureOverrides::default();
                while let Some((key, options)) = map.next_entry::<String, TextureOptions>()? {
                    if overrides.0.iter().any(|(known, _)| *known == key) {
                        return Err(de::Error::custom(format!("duplicate key `{key}`")));
                    }
                    overrides.0.push((key, options));
                }
                Ok(overrides)
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// Whether a name matches a pattern. Takes time and memory in proportion to the two lengths, whatever
/// the pattern.
fn glob(pattern: &str, name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    // `reached[i]`: what was read of the pattern matches the first `i` characters.
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    let mut pattern = pattern.chars().peekable();
    while let Some(c) = pattern.next() {
        if c == '*' {
            let crosses = pattern.next_if_eq(&'*').is_some();
            for i in 0..name.len() {
                reached[i + 1] |= reached[i] && (crosses || name[i] != '/');
            }
        } else {
            for i in (0..name.len()).rev() {
                let fits = if c == '?' {
                    name[i] != '/'
                } else {
                    name[i] == c
                };
                reached[i + 1] = reached[i] && fits;
            }
            reached[0] = false;
        }
    }
    reached[name.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, matches) in [
            ("*", "wood.png", true),
            ("*", "a/wood.png", false),
            ("**", "a/wood.png", true),
            ("*.png", "wood.png", true),
            ("*.png", "wood.jpg", false),
            ("w??d.png", "wood.png", true),
            ("w??d.png", "wd.png", false),
            ("a?b", "a/b", false),
            ("*_n.*", "x_n_n.tga", true),
            ("**/wood*", "a/b/wood_1.png", true),
            ("a/*/c", "a/b/c", true),
            ("a/*/c", "a/b/d/c", false),
            ("", "", true),
            ("", "x", false),
            ("ü*", "über", true),
        ] {
            assert_eq!(glob(pattern, name), matches, "{pattern} {name}");
        }
        // What backtracking would take years for.
        assert!(!glob(&"*a".repeat(200), &"a".repeat(199)));
    }

    #[test]
    fn exact_keys_win_then_the_first_pattern() {
        let overrides: TextureOverrides = serde_json::from_str(
            r#"{"t/*.png":{"max_mips":1},"*.png":{"max_mips":2},"wood.png":{"max_mips":3},
                "t/wood.png":{"max_mips":4}}"#,
        )
        .unwrap();
        let mips = |names: &[&str]| {
            let found = overrides.find(names.iter().copied());
            found.and_then(|options| options.max_mips)
        };
        assert_eq!(mips(&["t/oak.png"]), Some(1));
        assert_eq!(mips(&["u/oak.png"]), Some(2));
        assert_eq!(
            mips(&["t/wood.png"]),
            Some(4),
            "a path says more than a name"
        );
        assert_eq!(mips(&["Oak", "u/t/wood.png"]), Some(3));
        assert_eq!(mips(&["oak.jpg"]), None);
    }

    #[test]
    fn layers_merge_by_key_and_keep_their_order() {
        let layer = |json| serde_json::from_str::<TextureOverrides>(json).unwrap();
        let defaults = layer(r#"{"a":{"max_mips":1,"flip_y":true},"b*":{"max_mips":2}}"#);
        let job = layer(r#"{"*":{"max_mips":3},"a":{"max_mips":4}}"#);
        let merged = defaults.under(&job);
        assert_eq!(
            serde_json::to_string(&merged).unwrap(),
            r#"{"*":{"max_mips":3},"a":{"max_mips":4},"b*":{"max_mips":2}}"#
        );
        let twice = serde_json::from_str::<TextureOverrides>(r#"{"a":{},"a":{}}"#);
        assert!(twice.unwrap_err().to_string().contains("duplicate key `a`"));
    }
}

//! Settings for single textures of a scene, by the names that the scene knows them by.

use super::texture::TextureOptions;
use glob::{MatchOptions, Pattern};

/// Layers of texture settings for single textures of a scene.
///
/// A key is the path or URI of a texture exactly as it is authored in the scene, or its file name
/// alone, or a pattern of either: `*` stands for any characters but `/`, `?` for one of them, `**` for
/// any folders, `[ab]` for one of these characters. An exact path counts more than an exact name, which
/// counts more than a pattern; of several patterns the last one counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextureOverrides(Vec<Override>);

#[derive(Clone, Debug, PartialEq)]
struct Override {
    key: String,
    pattern: Option<Pattern>,
    layer: TextureOptions,
}

/// How the patterns of overrides read a name.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

impl TextureOverrides {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &TextureOptions)> {
        self.0
            .iter()
            .map(|entry| (entry.key.as_str(), &entry.layer))
    }

    /// Sets the layer of a key; what was set for the same key before is replaced as a whole and loses
    /// its place. A key that is no valid pattern is an exact one.
    pub fn set(&mut self, key: impl Into<String>, layer: TextureOptions) {
        let key = key.into();
        self.0.retain(|known| known.key != key);
        let pattern = as_pattern(&key).ok().flatten();
        self.0.push(Override {
            key,
            pattern,
            layer,
        });
    }

    /// Puts the overrides of a later layer on top: its keys win as a whole.
    #[must_use]
    pub fn under(&self, later: &Self) -> Self {
        let mut all = self.clone();
        for entry in &later.0 {
            all.0.retain(|known| known.key != entry.key);
            all.0.push(entry.clone());
        }
        all
    }

    /// The layer for a texture, if there is one. `authored` is its path or URI in the scene, or the
    /// name of an embedded image.
    pub fn find(&self, authored: &str) -> Option<&TextureOptions> {
        let path = authored.replace('\\', "/");
        let file_name = path.rsplit('/').next().unwrap_or(&path);
        let exact = |name: &str| self.0.iter().find(|entry| entry.key == name);
        let pattern = || {
            self.0.iter().rev().find(|entry| {
                entry.pattern.as_ref().is_some_and(|pattern| {
                    pattern.matches_with(&path, OPTIONS) || pattern.matches_with(file_name, OPTIONS)
                })
            })
        };
        exact(authored)
            .or_else(|| exact(file_name))
            .or_else(pattern)
            .map(|entry| &entry.layer)
    }

    /// The settings of a texture: those of the scene, with the layer for this texture on top.
    pub fn apply(&self, scene: &TextureOptions, authored: &str) -> TextureOptions {
        match self.find(authored) {
            Some(layer) => scene.under(layer),
            None => scene.clone(),
        }
    }
}

/// A text as a pattern of paths; `None` if it is a plain path. Brackets that make no pattern are part
/// of a name, as in `wood[1.png`.
///
/// # Errors
/// What is wrong with a text that has `*` or `?`, which no plain path has.
pub fn as_pattern(text: &str) -> Result<Option<Pattern>, String> {
    if !text.contains(['*', '?', '[']) {
        return Ok(None);
    }
    match Pattern::new(text) {
        Ok(pattern) => Ok(Some(pattern)),
        Err(error) if text.contains(['*', '?']) => {
            Err(format!("{} (character {})", error.msg, error.pos + 1))
        }
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(mips: u32) -> TextureOptions {
        TextureOptions {
            max_mips: Some(mips),
            ..TextureOptions::default()
        }
    }

    #[test]
    fn the_most_exact_key_counts() {
        let mut all = TextureOverrides::default();
        all.set("*", layer(1));
        all.set("*_normal.*", layer(2));
        all.set("wood_normal.png", layer(3));
        all.set("old/wood_normal.png", layer(4));
        let found = |name: &str| all.find(name).and_then(|layer| layer.max_mips);
        assert_eq!(found("old/wood_normal.png"), Some(4));
        assert_eq!(found("new/wood_normal.png"), Some(3));
        assert_eq!(found("C:\\art\\wood_normal.png"), Some(3));
        assert_eq!(found("new/stone_normal.png"), Some(2));
        assert_eq!(found("stone.png"), Some(1));
        let scene = TextureOptions {
            flip_y: Some(true),
            ..TextureOptions::default()
        };
        let applied = all.apply(&scene, "stone.png");
        assert_eq!((applied.flip_y, applied.max_mips), (Some(true), Some(1)));
    }

    #[test]
    fn later_layers_replace_by_key() {
        let (mut defaults, mut job) = (TextureOverrides::default(), TextureOverrides::default());
        defaults.set("a.png", layer(1));
        defaults.set("b.png", layer(2));
        job.set("a.png", TextureOptions::default());
        let merged = defaults.under(&job);
        assert_eq!(merged.len(), 2);
        assert_eq!(merged.find("a.png"), Some(&TextureOptions::default()));
        assert_eq!(merged.find("b.png"), Some(&layer(2)));
    }

    #[test]
    fn patterns() {
        let cases = [
            ("*.png", "wood.png", true),
            ("textures/*.png", "textures/wood.png", true),
            ("textures/*.png", "textures/old/wood.png", false),
            ("textures/**/*.png", "textures/old/wood.png", true),
            ("textures/**/*.png", "textures/wood.png", true),
            ("textures/*.png", "textures\\wood.png", true),
            ("wood_?.png", "a/wood_1.png", true),
            ("wood_?.png", "wood_12.png", false),
            ("wood[12].png", "wood2.png", true),
            ("wood[12].png", "wood[12].png", true),
            ("wood[", "wood[", true),
            ("wood.png", "stone.png", false),
        ];
        for (key, name, expected) in cases {
            let mut all = TextureOverrides::default();
            all.set(key, layer(1));
            assert_eq!(all.find(name).is_some(), expected, "{key} {name}");
        }
    }
}

//! Textures that are made of several files, and what becomes of those that fail.

use bevy_kiln::{assets::source::image::SubresourceId, components::job::TextureSource};
use clap::Args;

/// Textures that are made of several files, and what becomes of those that fail.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Textures of several files")]
pub struct PartArgs {
    /// A file of a texture of several, and its place: array layer or cube face (0 to 5 for +X -X +Y
    /// -Y +Z -Z), mip level, slice of a volume; SOURCE is only its name then. May be repeated
    #[arg(long = "source", value_name = "FILE:LAYER[:MIP[:SLICE]]", value_parser = part, action = clap::ArgAction::Append)]
    pub parts: Vec<TextureSource>,
    /// Let the white fallback texture take the place of a texture that cannot be cooked, with a warning
    #[arg(long)]
    pub placeholder: bool,
}

/// Reads a file and its place. The numbers are read from the end, because a file may have colons.
fn part(text: &str) -> Result<TextureSource, String> {
    let wrong = || format!("`{text}` is not FILE:LAYER[:MIP[:SLICE]]");
    let mut file = text;
    let mut numbers = Vec::new();
    while numbers.len() < 3
        && let Some((rest, last)) = file.rsplit_once(':')
        && !last.is_empty()
        && last.bytes().all(|byte| byte.is_ascii_digit())
    {
        let number: u16 = last
            .parse()
            .map_err(|_| format!("{last} is not a number from 0 to 65535"))?;
        numbers.push(number);
        file = rest;
    }
    numbers.reverse();
    let mut numbers = numbers.into_iter();
    let layer = numbers.next().ok_or_else(wrong)?;
    if file.is_empty() {
        return Err(wrong());
    }
    Ok(TextureSource {
        file: file.to_owned(),
        place: SubresourceId {
            layer,
            mip: numbers.next().unwrap_or(0),
            slice: numbers.next().unwrap_or(0),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_stand_behind_the_file() {
        let place = |text: &str| {
            let part = part(text).unwrap();
            let SubresourceId { layer, mip, slice } = part.place;
            (part.file, [layer, mip, slice])
        };
        assert_eq!(place("a.png:3"), ("a.png".to_owned(), [3, 0, 0]));
        assert_eq!(place("a.png:3:1"), ("a.png".to_owned(), [3, 1, 0]));
        assert_eq!(place("a.png:0:0:7"), ("a.png".to_owned(), [0, 0, 7]));
        assert_eq!(place("C:\\a.png:5"), ("C:\\a.png".to_owned(), [5, 0, 0]));
        assert_eq!(place("my://a:1:2:3:4"), ("my://a:1".to_owned(), [2, 3, 4]));
        for wrong in ["a.png", "a.png:", "a.png:x", ":3", "a.png:65536", ""] {
            assert!(part(wrong).is_err(), "{wrong}");
        }
    }
}

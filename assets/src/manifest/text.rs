//! Reading text character by character, with places for messages.

use thiserror::Error;

/// A text that is not a document of its format.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// What is wrong.
    pub message: String,
    /// Where: bytes from the start of the document.
    pub at: u32,
}

/// How deep values may be nested. Manifests need six levels.
pub(super) const DEEPEST: usize = 64;

/// A place in a text.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

pub(super) type Read<T> = Result<T, SyntaxError>;

impl<'a> Cursor<'a> {
    /// The start of a text, after a byte order mark if there is one. The text is shorter than 4 GiB.
    pub fn new(text: &'a str) -> Self {
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Self { text, at }
    }

    /// The place.
    pub fn at(&self) -> u32 {
        self.at as u32
    }

    /// The rest of the text.
    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The next character.
    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The next byte; 0 at the end, where no format has a meaning for it.
    pub fn byte(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    /// Takes the next character.
    pub fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Takes these characters, if they are next.
    pub fn eat(&mut self, wanted: &str) -> bool {
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len();
        }
        found
    }

    /// Takes characters as long as they are of a kind.
    pub fn take_while(&mut self, kind: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let len = rest.find(|c| !kind(c)).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    /// An error at this place: something else is expected.
    pub fn expected<T>(&self, what: &str) -> Read<T> {
        let found = match self.peek() {
            None => "the end of the document".to_owned(),
            Some(c) if c.is_control() => format!("the character U+{:04X}", u32::from(c)),
            Some(c) if c.is_alphanumeric() => {
                let word: String = self
                    .rest()
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .take(20)
                    .collect();
                format!("`{word}`")
            }
            Some(c) => format!("`{c}`"),
        };
        self.error(format!("expected {what}, found {found}"))
    }

    /// An error at this place.
    pub fn error<T>(&self, message: impl Into<String>) -> Read<T> {
        Err(SyntaxError {
            message: message.into(),
            at: self.at(),
        })
    }

    /// Takes four hexadecimal digits.
    pub fn hex4(&mut self) -> Read<u32> {
        let digits = self.rest().as_bytes().get(..4);
        let value = digits
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match value {
            Some(value) => {
                self.at += 4;
                Ok(value)
            }
            None => self.expected("four hexadecimal digits"),
        }
    }
}

/// Line and column of a place, both from 1; columns count characters.
pub(super) struct Lines {
    starts: Vec<u32>,
}

impl Lines {
    pub fn of(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = breaks.map(|(at, _)| at as u32 + 1);
        Self {
            starts: std::iter::once(0).chain(starts).collect(),
        }
    }

    pub fn place(&self, text: &str, at: u32) -> (u32, u32) {
        let line = self.starts.partition_point(|start| *start <= at);
        let start = self.starts.get(line.wrapping_sub(1)).copied().unwrap_or(0);
        let before = text.get(start as usize..at as usize).unwrap_or_default();
        let before = before.trim_start_matches('\u{feff}');
        (line as u32, before.chars().count() as u32 + 1)
    }
}

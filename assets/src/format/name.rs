//! Names in fields of a fixed size.

use std::fmt;

/// Writes a name into a zero-filled field of `N` bytes: at most `N - 1` bytes of it, cut at a
/// character boundary, so that a terminator always follows. The flag says whether it was cut.
pub fn fixed_name<const N: usize>(name: &str) -> ([u8; N], bool) {
    let mut field = [0; N];
    let kept = name.floor_char_boundary(name.len().min(N.saturating_sub(1)));
    field[..kept].copy_from_slice(&name.as_bytes()[..kept]);
    (field, kept < name.len())
}

/// Reads a name: UTF-8 up to the first NUL, which must be there, with nothing but NUL after it.
pub fn read_name(field: &[u8]) -> Option<&str> {
    let end = field.iter().position(|&byte| byte == 0)?;
    let (name, rest) = field.split_at(end);
    rest.iter().all(|&byte| byte == 0).then_some(())?;
    std::str::from_utf8(name).ok()
}

/// A name in a field of `N` bytes: at most `N - 1` bytes of UTF-8, without NUL.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FixedName<const N: usize>([u8; N]);

impl<const N: usize> FixedName<N> {
    /// The name, or as much of it as fits: up to a NUL, cut at a character boundary.
    pub fn cut(name: &str) -> Self {
        Self(fixed_name(name.split('\0').next().unwrap_or_default()).0)
    }

    /// Whether [`FixedName::cut`] keeps the whole name.
    pub fn fits(name: &str) -> bool {
        name.len() < N && !name.contains('\0')
    }

    /// Reads a field; `None` when it is not UTF-8, or not NUL from the first NUL to its end.
    pub fn from_field(field: [u8; N]) -> Option<Self> {
        read_name(&field)?;
        Some(Self(field))
    }

    /// The whole field.
    pub fn field(&self) -> &[u8; N] {
        &self.0
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // Every constructor has made sure that there is one.
        read_name(&self.0).unwrap_or_default()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.first() == Some(&0)
    }
}

impl<const N: usize> fmt::Debug for FixedName<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_names_are_what_fits() {
        let name = FixedName::<4>::cut("aüü");
        assert_eq!((name.as_str(), name.field()), ("aü", b"a\xc3\xbc\0"));
        assert_eq!(FixedName::<4>::cut("a\0b").as_str(), "a");
        assert!(FixedName::<4>::cut("\0b").is_empty());
        assert!(FixedName::<4>::fits("abc"));
        assert!(!FixedName::<4>::fits("abcd") && !FixedName::<4>::fits("a\0"));
        assert_eq!(FixedName::from_field(*b"ab\0"), Some(FixedName::cut("ab")));
        assert_eq!(FixedName::from_field(*b"abc"), None);
    }

    #[test]
    fn names_are_cut_at_characters() {
        assert_eq!(fixed_name::<4>("abc"), (*b"abc\0", false));
        assert_eq!(fixed_name::<4>("abcd"), (*b"abc\0", true));
        assert_eq!(fixed_name::<4>("aüü").0, [b'a', 0xc3, 0xbc, 0]);
        assert_eq!(fixed_name::<3>("aü"), ([b'a', 0, 0], true));
    }

    #[test]
    fn names_are_read_strictly() {
        assert_eq!(read_name(b"ab\0\0"), Some("ab"));
        assert_eq!(read_name(b"abcd"), None);
        assert_eq!(read_name(b"a\0b\0"), None);
        assert_eq!(read_name(&[0xc3, 0]), None);
    }
}

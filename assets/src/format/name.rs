//! Names in fields of a fixed size.

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

#[cfg(test)]
mod tests {
    use super::*;

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

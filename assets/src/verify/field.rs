//! Fields of records, by offset: what they may hold.

use super::{float, is_zero, number};

/// What a field may hold.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    /// Finite floats, as many as that.
    Floats(usize),
    /// A truth value in four bytes.
    Flag,
    /// A number of four bytes, at most that.
    Number(u64),
    /// A byte, at most that.
    Byte(u64),
    /// Bytes that may be anything.
    Any(usize),
    /// Reserved bytes.
    Zeros(usize),
}

/// An offset, a name, and what is there.
pub(super) type Row = (usize, &'static str, Field);

impl Field {
    /// How many bytes it covers.
    pub(super) fn len(self) -> usize {
        match self {
            Self::Floats(count) => 4 * count,
            Self::Flag | Self::Number(_) => 4,
            Self::Byte(_) => 1,
            Self::Any(len) | Self::Zeros(len) => len,
        }
    }
}

/// Looks at every field of a record, and says what is wrong.
pub(super) fn check(record: &[u8], rows: &[Row], mut wrong: impl FnMut(String)) {
    for &(at, name, field) in rows {
        if record.len() < at + field.len() {
            wrong(format!("`{name}` at {at} is past the end"));
            continue;
        }
        match field {
            Field::Floats(count) => {
                let values = (0..count).map(|i| float(record, at + 4 * i));
                if let Some(value) = values.clone().find(|value| !value.is_finite()) {
                    wrong(format!("`{name}` is {value}"));
                }
            }
            Field::Flag => check_number(name, number(record, at, 4), 1, &mut wrong),
            Field::Number(most) => check_number(name, number(record, at, 4), most, &mut wrong),
            Field::Byte(most) => check_number(name, number(record, at, 1), most, &mut wrong),
            Field::Any(_) => {}
            Field::Zeros(len) => {
                if !is_zero(record, at, len) {
                    wrong(format!("reserved bytes at {at} are not zero"));
                }
            }
        }
    }
}

fn check_number(name: &str, value: u64, most: u64, wrong: &mut impl FnMut(String)) {
    if value > most {
        wrong(format!("`{name}` is {value}, more than {most}"));
    }
}

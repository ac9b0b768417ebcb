//! Records: a structure, its defaults and its stored form from one list of fields.
//!
//! `record!` takes the fields in stored order, with the size of the record and of the reserved bytes at
//! its end; a list that does not add up does not compile. `coded_enum!` and `flag_set!` do the same for
//! enumerations and bit sets. A stored form has no padding: every type says how many bytes it has.

use super::{
    bytes::{ByteReader, ByteWriter, OutOfBytes},
    ids::{AssetKey, TextureIndex},
    name::FixedName,
    number::{Half, Unorm16},
};
use thiserror::Error;

/// Why bytes are not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// Too short.
    #[error(transparent)]
    OutOfBytes(#[from] OutOfBytes),
    /// A number that a field cannot have.
    #[error("{value} is not a {what}")]
    Value {
        /// What the field holds.
        what: &'static str,
        /// What is there.
        value: u32,
    },
    /// A name that is not UTF-8, or without a terminator, or with something after it.
    #[error("a name of at most {0} bytes is not UTF-8, or not filled up with NUL")]
    Name(usize),
}

/// A value with exactly one stored form.
pub(crate) trait Stored: Sized {
    /// Its size.
    const BYTES: usize;

    /// Appends the stored form.
    fn write(&self, out: &mut ByteWriter);

    /// Reads the stored form. Reserved bytes are skipped, as loaders do.
    fn read(reader: &mut ByteReader<'_>) -> Result<Self, RecordError>;

    /// Whether every float in it is finite.
    fn is_finite(&self) -> bool {
        true
    }
}

macro_rules! stored_number {
    ($($type:ident),*) => {$(
        impl Stored for $type {
            const BYTES: usize = size_of::<$type>();

            fn write(&self, out: &mut ByteWriter) {
                out.$type(*self);
            }

            fn read(reader: &mut ByteReader<'_>) -> Result<Self, RecordError> {
                Ok(reader.$type()?)
            }
        }
    )*};
}
stored_number!(u8, u16, u32, u64);

impl Stored for f32 {
    const BYTES: usize = 4;

    fn write(&self, out: &mut ByteWriter) {
        out.f32(*self);
    }

    fn read(reader: &mut ByteReader<'_>) -> Result<Self, RecordError> {
        Ok(reader.f32()?)
    }

    fn is_finite(&self) -> bool {
        f32::is_finite(*self)
    }
}

/// Four bytes, 0 or 1.
impl Stored for bool {
    const BYTES: usize = 4;

    fn write(&self, out: &mut ByteWriter) {
        out.u32(u32::from(*self));
    }

    fn read(reader: &mut ByteReader<'_>) -> Result<Self, RecordError> {
        match reader.u32()? {
            0 => Ok(false),
            1 => Ok(true),
            value => Err(RecordError::Value {
                what: "truth value",
                value,
            }),
        }
    }
}

macro_rules! stored_newtype {
    ($($type:ident($inner:ty)),*) => {$(
        impl Stored for $type {
            const BYTES: usize = <$inner>::BYTES;

            fn write(&self, out: &mut ByteWriter) {
                self.0.write(out);
            }

            fn read(reader: &mut ByteReader<'_>) -> Result<Self, RecordError> {
                Ok(Self(Stored::read(reader)?))
            }
        }
    )*};
}
stored_newtype!(AssetKey([u8; 16]), TextureIndex(u32), Unorm16(u16));

impl Stored for Half {
    const BYTES: usize = 2;

    fn write(&self, out: &mut ByteWriter) {
        out.u16(self.0);
    }

    fn read(reader: &mut ByteReader<'_>) -> Result<Self, RecordError> {
        Ok(Self(reader.u16()?))
    }

    fn is_finite(&self) -> bool {
        Half::is_finite(*self)
    }
}

impl<T: Stored + Default + Copy, const N: usize> Stored for [T; N] {
    const BYTES: usize = N * T::BYTES;

    fn write(&self, out: &mut ByteWriter) {
        for element in self {
            element.write(out);
        }
    }

    fn read(reader: &mut ByteReader<'_>) -> Result<Self, RecordError> {
        let mut elements = [T::default(); N];
        for element in &mut elements {
            *element = T::read(reader)?;
        }
        Ok(elements)
    }

    fn is_finite(&self) -> bool {
        self.iter().all(Stored::is_finite)
    }
}

impl<const N: usize> Stored for FixedName<N> {
    const BYTES: usize = N;

    fn write(&self, out: &mut ByteWriter) {
        out.bytes(self.field());
    }

    fn read(reader: &mut ByteReader<'_>) -> Result<Self, RecordError> {
        Self::from_field(reader.array()?).ok_or(RecordError::Name(N.saturating_sub(1)))
    }
}

/// Defines a record: a structure of public fields, its defaults, and its stored form. A number after the
/// default of a field is how many reserved bytes follow it.
macro_rules! record {
    (
        $(#[$doc:meta])*
        $name:ident: $bytes:literal bytes, $reserved:literal reserved {
            $( $(#[$field_doc:meta])* $field:ident: $type:ty = $default:expr $(; $pad:literal)?, )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name {
            $( $(#[$field_doc])* pub $field: $type, )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $default, )* }
            }
        }

        const _: () = assert!(
            $reserved $( + <$type as $crate::format::record::Stored>::BYTES $( + $pad )? )* == $bytes,
            "the fields do not add up to the size of the record"
        );

        impl $crate::format::record::Stored for $name {
            const BYTES: usize = $bytes;

            fn write(&self, out: &mut $crate::format::bytes::ByteWriter) {
                $(
                    $crate::format::record::Stored::write(&self.$field, out);
                    $( out.zeros($pad); )?
                )*
                out.zeros($reserved);
            }

            fn read(
                reader: &mut $crate::format::bytes::ByteReader<'_>,
            ) -> Result<Self, $crate::format::record::RecordError> {
                let record = Self {
                    $(
                        $field: {
                            let field = $crate::format::record::Stored::read(reader)?;
                            $( reader.take($pad)?; )?
                            field
                        },
                    )*
                };
                reader.take($reserved)?;
                Ok(record)
            }

            fn is_finite(&self) -> bool {
                true $( && $crate::format::record::Stored::is_finite(&self.$field) )*
            }
        }
    };
}
pub(super) use record;

/// Defines an enumeration by its stored numbers.
macro_rules! coded_enum {
    (
        $(#[$doc:meta])*
        $name:ident: $repr:ident, $what:literal {
            $( $(#[$variant_doc:meta])* $variant:ident = $code:literal, )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $( $(#[$variant_doc])* $variant = $code, )*
        }

        impl $name {
            /// The value with a stored number.
            pub fn from_id(id: $repr) -> Option<Self> {
                match id {
                    $( $code => Some(Self::$variant), )*
                    _ => None,
                }
            }

            /// The stored number.
            pub fn id(self) -> $repr {
                self as $repr
            }
        }

        impl $crate::format::record::Stored for $name {
            const BYTES: usize = size_of::<$repr>();

            fn write(&self, out: &mut $crate::format::bytes::ByteWriter) {
                out.$repr(self.id());
            }

            fn read(
                reader: &mut $crate::format::bytes::ByteReader<'_>,
            ) -> Result<Self, $crate::format::record::RecordError> {
                let id = reader.$repr()?;
                Self::from_id(id).ok_or($crate::format::record::RecordError::Value {
                    what: $what,
                    value: u32::from(id),
                })
            }
        }
    };
}
pub(super) use coded_enum;

/// Defines a set of flags in 32 bits.
macro_rules! flag_set {
    (
        $(#[$doc:meta])*
        $name:ident, $what:literal {
            $( $(#[$flag_doc:meta])* $flag:ident = $bit:literal, )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct $name(u32);

        impl $name {
            $( $(#[$flag_doc])* pub const $flag: Self = Self($bit); )*
            /// No flag.
            pub const NONE: Self = Self(0);

            /// The set with stored bits; `None` when some are not known.
            pub const fn from_bits(bits: u32) -> Option<Self> {
                if bits & !(0 $( | $bit )*) == 0 {
                    Some(Self(bits))
                } else {
                    None
                }
            }

            /// The stored bits.
            pub const fn bits(self) -> u32 {
                self.0
            }

            /// The flags of both.
            #[must_use]
            pub const fn with(self, flags: Self) -> Self {
                Self(self.0 | flags.0)
            }

            /// The flags of `self` that are not in `flags`.
            #[must_use]
            pub const fn without(self, flags: Self) -> Self {
                Self(self.0 & !flags.0)
            }

            /// Whether all of `flags` are there.
            pub const fn contains(self, flags: Self) -> bool {
                self.0 & flags.0 == flags.0
            }
        }

        impl $crate::format::record::Stored for $name {
            const BYTES: usize = 4;

            fn write(&self, out: &mut $crate::format::bytes::ByteWriter) {
                out.u32(self.0);
            }

            fn read(
                reader: &mut $crate::format::bytes::ByteReader<'_>,
            ) -> Result<Self, $crate::format::record::RecordError> {
                let bits = reader.u32()?;
                Self::from_bits(bits).ok_or($crate::format::record::RecordError::Value {
                    what: $what,
                    value: bits,
                })
            }
        }
    };
}
pub(super) use flag_set;

#[cfg(test)]
mod tests {
    use super::*;

    coded_enum! {
        /// An enumeration.
        Pet: u8, "pet" {
            /// A cat.
            Cat = 1,
            /// A dog.
            Dog = 7,
        }
    }

    flag_set! {
        /// A set.
        Moods, "mood" {
            /// Happy.
            HAPPY = 0x1,
            /// Tired.
            TIRED = 0x4,
        }
    }

    record! {
        /// A record.
        Entry: 20 bytes, 3 reserved {
            /// A number.
            size: f32 = 2.0,
            /// An enumeration.
            pet: Pet = Pet::Dog; 2,
            /// A set.
            moods: Moods = Moods::TIRED,
            /// Halves.
            halves: [Half; 1] = [Half::ONE],
            /// A truth value.
            is_open: bool = true,
        }
    }

    #[test]
    fn records_are_written_field_by_field() {
        let mut out = ByteWriter::default();
        Entry::default().write(&mut out);
        let bytes = out.finish();
        let expected = [
            0, 0, 0, 0x40, 7, 0, 0, 4, 0, 0, 0, 0, 0x3c, 1, 0, 0, 0, 0, 0, 0,
        ];
        assert_eq!(bytes, expected);
        let read = |bytes: &[u8]| Entry::read(&mut ByteReader::new(bytes));
        assert_eq!(read(&bytes), Ok(Entry::default()));
        assert!(read(&bytes[..19]).is_err());
        for (at, value) in [(4, 2), (7, 2), (13, 2)] {
            let mut bad = bytes.clone();
            bad[at] = value;
            assert!(read(&bad).is_err(), "byte {at} = {value}");
        }
    }

    #[test]
    fn floats_are_looked_at_wherever_they_are() {
        assert!(Entry::default().is_finite());
        let size = Entry {
            size: f32::NAN,
            ..Entry::default()
        };
        let halves = Entry {
            halves: [Half::of(1e9)],
            ..Entry::default()
        };
        assert!(!size.is_finite() && !halves.is_finite());
    }

    #[test]
    fn flags_are_sets() {
        let both = Moods::HAPPY.with(Moods::TIRED);
        assert_eq!(both.bits(), 5);
        assert!(both.contains(Moods::TIRED) && !Moods::HAPPY.contains(both));
        assert_eq!(both.without(Moods::HAPPY), Moods::TIRED);
        assert_eq!(Moods::from_bits(2), None);
        assert_eq!(Moods::from_bits(0), Some(Moods::NONE));
    }
}

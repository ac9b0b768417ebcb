//! The numbers of texture errors, as logs, reports and tables give them.

use std::fmt;

macro_rules! error_codes {
    ($($(#[$meta:meta])* $name:ident = $value:literal,)*) => {
        /// What kind of error a texture failed with. The numbers are part of the contract; those of a
        /// group lie together.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum TextureErrorCode {
            $($(#[$meta])* $name = $value,)*
        }

        impl TextureErrorCode {
            /// Every code, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name that is printed.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }
        }
    };
}

error_codes! {
    /// No error.
    Success = 0,
    /// The format of the source, or the part of it that is used, is not read.
    UnsupportedFormat = 1,
    /// The source contradicts itself.
    CorruptedData = 2,
    /// The decoder failed.
    DecodeFailed = 3,
    /// There is no memory for the pixels.
    OutOfMemory = 4,
    /// Dimensions that the texture cannot have.
    InvalidDimensions = 20,
    /// Dimensions that do not agree with each other.
    DimensionMismatch = 21,
    /// Layers or faces that are missing, double or too many.
    ArrayLayerCountInvalid = 22,
    /// A depth where there is none.
    DepthInvalidFor2D = 23,
    /// Levels or slices that are missing, double or too many.
    InvalidMipPolicy = 24,
    /// An output format that cannot be made of the source.
    InvalidOutputFormat = 25,
    /// Intent, quality and format contradict each other.
    IntentFormatMismatch = 26,
    /// Levels could not be made.
    MipGenerationFailed = 40,
    /// Blocks could not be made.
    CompressionFailed = 41,
    /// The result does not fit its format.
    OutputFormatInvalid = 42,
    /// Light beyond the displayable range, and an output that cannot hold it.
    HdrRequiresFloatFormat = 43,
    /// There is no source.
    FileNotFound = 60,
    /// The source could not be read.
    FileReadFailed = 61,
    /// The result could not be written.
    WriteFailed = 62,
    /// Cooking was cancelled.
    Cancelled = 80,
}

impl TextureErrorCode {
    /// The number.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Whether it is about decoding the source.
    pub const fn is_decode_error(self) -> bool {
        matches!(self.number(), 1..=19)
    }

    /// Whether it is about settings and sources that do not fit together.
    pub const fn is_validation_error(self) -> bool {
        matches!(self.number(), 20..=39)
    }

    /// Whether it is about making the result.
    pub const fn is_cook_error(self) -> bool {
        matches!(self.number(), 40..=59)
    }

    /// Whether it is about files.
    pub const fn is_io_error(self) -> bool {
        matches!(self.number(), 60..=79)
    }
}

impl fmt::Display for TextureErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_ranges_of_numbers() {
        for &code in TextureErrorCode::ALL {
            let groups = [
                code.is_decode_error(),
                code.is_validation_error(),
                code.is_cook_error(),
                code.is_io_error(),
            ];
            let expected = match code.number() {
                0 | 80 => [false; 4],
                1..=19 => [true, false, false, false],
                20..=39 => [false, true, false, false],
                40..=59 => [false, false, true, false],
                _ => [false, false, false, true],
            };
            assert_eq!(groups, expected, "{code}");
        }
        assert_eq!(TextureErrorCode::ALL.len(), 20);
        assert_eq!(TextureErrorCode::IntentFormatMismatch.number(), 26);
        assert_eq!(
            TextureErrorCode::HdrRequiresFloatFormat.to_string(),
            "HdrRequiresFloatFormat"
        );
    }
}

//! Whether the data of a file can hold the picture that its header promises.
//!
//! Every compression has a best case. A header that promises more than that of its data is damaged or
//! hostile, and is refused before anything is allocated for the picture. Some codings have no best case
//! (lossless WebP spends no bit on a picture of one colour); there, limits and the estimate bound the
//! memory.

use super::{ImageError, ImageFormat};

/// The most bytes that a byte of Deflate data becomes: 258 for two codes of one bit (RFC 1951).
pub(in crate::source) const DEFLATE: u64 = 1032;
/// The most that a byte of LZW data becomes: its codes have three bits and more, and none stands for more
/// than the 4096 values of a full table.
pub(super) const LZW: u64 = 4096 * 8 / 3 + 1;
/// The most that a byte of `PackBits` data becomes: two say 128.
pub(super) const PACK_BITS: u64 = 64;
/// The most pixels for a byte of a JPEG: each block of 64 has a code of one bit at least.
pub(super) const JPEG: u64 = 512;
/// The most that a byte of Zstandard data becomes: a block of four bytes repeats one up to 128 KiB
/// (RFC 8878).
pub(in crate::source) const ZSTANDARD: u64 = (128 << 10) / 4;

/// Refuses a picture of `promised` bytes in `stored` ones, each of which becomes at most `most`.
pub(in crate::source) fn check(
    format: ImageFormat,
    stored: u64,
    most: u64,
    promised: u64,
) -> Result<(), ImageError> {
    if promised <= stored.saturating_mul(most) {
        return Ok(());
    }
    Err(ImageError::Truncated {
        format,
        reason: format!("its {stored} bytes of data cannot hold a picture of {promised}"),
    })
}

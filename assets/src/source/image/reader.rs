//! The bytes of a source as a stream that notices cancellation, and remembers whether its end was hit.

use crate::cook::pace::CancelFlag;
use std::io::{self, BufRead, Read, Seek, SeekFrom};

/// How many bytes are handed out between two looks at the flag. Image data compresses up to a thousand
/// times, so this is up to a few megabytes of pixels.
const STRETCH: usize = 4096;

/// A cursor over the source. Reading fails once the flag is raised.
pub(super) struct SourceReader<'a> {
    bytes: &'a [u8],
    position: usize,
    checked_at: usize,
    hit_end: bool,
    cancel: &'a CancelFlag,
}

impl<'a> SourceReader<'a> {
    pub(super) fn new(bytes: &'a [u8], cancel: &'a CancelFlag) -> Self {
        Self {
            bytes,
            position: 0,
            checked_at: 0,
            hit_end: false,
            cancel,
        }
    }

    /// The bytes in all.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether a decoder wanted more bytes than there are.
    pub(super) fn hit_end(&self) -> bool {
        self.hit_end
    }

    fn check(&mut self) -> io::Result<()> {
        if self.position.abs_diff(self.checked_at) >= STRETCH || self.position == 0 {
            self.checked_at = self.position;
            if self.cancel.is_cancelled() {
                return Err(io::Error::other("cancelled"));
            }
        }
        Ok(())
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }
}

impl Read for SourceReader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        let rest = self.rest();
        let len = rest.len().min(buf.len());
        if len < buf.len() {
            self.hit_end = true;
        }
        buf[..len].copy_from_slice(&rest[..len]);
        self.position += len;
        Ok(len)
    }
}

impl BufRead for SourceReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.check()?;
        let rest = self.rest();
        if rest.is_empty() {
            self.hit_end = true;
        }
        Ok(&rest[..rest.len().min(STRETCH)])
    }

    fn consume(&mut self, amount: usize) {
        self.position += amount;
    }
}

impl Seek for SourceReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => i128::from(offset),
            SeekFrom::End(offset) => self.bytes.len() as i128 + i128::from(offset),
            SeekFrom::Current(offset) => self.position as i128 + i128::from(offset),
        };
        let position = usize::try_from(target)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "seek outside the source"))?;
        self.position = position;
        Ok(position as u64)
    }
}

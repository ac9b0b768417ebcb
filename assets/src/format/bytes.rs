//! Reading and writing little-endian fields.

use thiserror::Error;

/// A record reaches past the end of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{wanted} bytes at offset {offset} reach past the end of {len} bytes")]
pub struct OutOfBytes {
    /// Where the field begins.
    pub offset: usize,
    /// How long it is.
    pub wanted: usize,
    /// How many bytes there are.
    pub len: usize,
}

/// Reads fields one after the other.
#[derive(Clone, Debug)]
pub struct ByteReader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

macro_rules! read_number {
    ($($name:ident: $type:ty),*) => {$(
        #[doc = concat!("The next little-endian `", stringify!($type), "`.")]
        ///
        /// # Errors
        /// [`OutOfBytes`] at the end.
        pub fn $name(&mut self) -> Result<$type, OutOfBytes> {
            self.array().map(<$type>::from_le_bytes)
        }
    )*};
}

impl<'a> ByteReader<'a> {
    /// A reader at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    /// A reader at an offset; past the end, every read fails.
    pub fn at(bytes: &'a [u8], offset: usize) -> Self {
        Self { bytes, offset }
    }

    /// The position of the next field.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The next `len` bytes.
    ///
    /// # Errors
    /// [`OutOfBytes`] at the end.
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], OutOfBytes> {
        let error = OutOfBytes {
            offset: self.offset,
            wanted: len,
            len: self.bytes.len(),
        };
        let end = self.offset.checked_add(len).ok_or(error)?;
        let taken = self.bytes.get(self.offset..end).ok_or(error)?;
        self.offset = end;
        Ok(taken)
    }

    /// The next `N` bytes as an array.
    ///
    /// # Errors
    /// [`OutOfBytes`] at the end.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], OutOfBytes> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    read_number!(u8: u8, u16: u16, u32: u32, u64: u64, f32: f32);
}

/// Appends fields.
#[derive(Clone, Debug, Default)]
pub struct ByteWriter(Vec<u8>);

macro_rules! write_number {
    ($($name:ident: $type:ty),*) => {$(
        #[doc = concat!("Appends a little-endian `", stringify!($type), "`.")]
        pub fn $name(&mut self, value: $type) -> &mut Self {
            self.0.extend_from_slice(&value.to_le_bytes());
            self
        }
    )*};
}

impl ByteWriter {
    /// An empty writer with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    /// Appends bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Appends zero bytes.
    pub fn zeros(&mut self, count: usize) -> &mut Self {
        self.0.resize(self.0.len() + count, 0);
        self
    }

    write_number!(u8: u8, u16: u16, u32: u32, u64: u64, f32: f32);

    /// How many bytes were written.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut writer = ByteWriter::default();
        writer
            .u8(1)
            .u16(0x0203)
            .u32(4)
            .u64(5)
            .f32(1.5)
            .zeros(2)
            .bytes(b"ab");
        let bytes = writer.finish();
        assert_eq!(bytes[1..3], [3, 2]);
        let mut reader = ByteReader::new(&bytes);
        assert_eq!(
            (reader.u8(), reader.u16(), reader.u32()),
            (Ok(1), Ok(0x0203), Ok(4))
        );
        assert_eq!((reader.u64(), reader.f32()), (Ok(5), Ok(1.5)));
        assert_eq!(reader.array::<4>(), Ok([0, 0, b'a', b'b']));
        assert_eq!(reader.u8().unwrap_err().offset, bytes.len());
        assert!(ByteReader::at(&bytes, usize::MAX).take(2).is_err());
    }
}

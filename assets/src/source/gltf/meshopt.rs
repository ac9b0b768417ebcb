//! Compressed views: `EXT_meshopt_compression` and `KHR_meshopt_compression`.
//!
//! The decoders are those of meshoptimizer, which are safe on any input. What is checked here is what they
//! take on trust: that element sizes and counts are ones that they know, and that their output fits.

use super::report::about;
use crate::{
    diagnostic::{Diagnostic, codes::gltf as codes},
    source::scene::SharedBytes,
};
use gltf::json;
use serde::Deserialize;

const NAMES: [&str; 2] = ["KHR_meshopt_compression", "EXT_meshopt_compression"];

/// The most bytes that one byte can stand for, and some for short streams. The vertex codec, which
/// compresses best, has at least two bits for sixteen equal bytes in its first version; the second one can
/// leave out whole channels of 256 vertices.
const MAX_RATIO: u64 = 2048;

/// How a view is compressed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Extension {
    buffer: usize,
    #[serde(default)]
    byte_offset: u64,
    byte_length: u64,
    byte_stride: u64,
    count: u64,
    mode: Mode,
    #[serde(default)]
    filter: Filter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Mode {
    Attributes,
    Triangles,
    Indices,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Filter {
    #[default]
    None,
    Octahedral,
    Quaternion,
    Exponential,
    Color,
}

/// How a view is compressed, and that the decoder can take it.
pub(super) struct Compression {
    pub(super) buffer: usize,
    pub(super) offset: u64,
    pub(super) length: u64,
    stride: usize,
    count: usize,
    mode: Mode,
    filter: Filter,
}

impl Compression {
    /// The compression of a view, if it is compressed.
    ///
    /// # Errors
    /// `gltf.meshopt` for one that makes no sense.
    pub(super) fn of(view: &json::buffer::View, object: &str) -> Result<Option<Self>, Diagnostic> {
        let extensions = view
            .extensions
            .as_ref()
            .map(|extensions| &extensions.others);
        let value = extensions.and_then(|all| NAMES.iter().find_map(|name| all.get(*name)));
        let Some(value) = value else {
            return Ok(None);
        };
        let broken = |message: String| about(codes::MESHOPT, object, message);
        let extension = Extension::deserialize(value).map_err(|error| broken(error.to_string()))?;
        Self::checked(&extension).map(Some).map_err(broken)
    }

    fn checked(extension: &Extension) -> Result<Self, String> {
        let &Extension {
            byte_stride,
            count,
            mode,
            filter,
            ..
        } = extension;
        let fits_mode = match mode {
            Mode::Attributes => byte_stride.is_multiple_of(4) && (4..=256).contains(&byte_stride),
            Mode::Triangles | Mode::Indices => matches!(byte_stride, 2 | 4),
        };
        if !fits_mode {
            return Err(format!(
                "elements of {byte_stride} bytes do not fit the mode {mode:?}"
            ));
        }
        let fits_filter = match filter {
            Filter::None => true,
            _ if mode != Mode::Attributes => false,
            Filter::Octahedral | Filter::Color => matches!(byte_stride, 4 | 8),
            Filter::Quaternion => byte_stride == 8,
            Filter::Exponential => true,
        };
        if !fits_filter {
            return Err(format!(
                "elements of {byte_stride} bytes in the mode {mode:?} do not fit the filter {filter:?}"
            ));
        }
        if mode == Mode::Triangles && !count.is_multiple_of(3) {
            return Err(format!("{count} indices are not whole triangles"));
        }
        let length = extension.byte_length;
        let bytes = count.checked_mul(byte_stride);
        if bytes.is_none_or(|bytes| bytes > length.saturating_mul(MAX_RATIO)) {
            return Err(format!(
                "{count} elements of {byte_stride} bytes cannot come from {length} bytes"
            ));
        }
        Ok(Self {
            buffer: extension.buffer,
            offset: extension.byte_offset,
            length,
            stride: byte_stride as usize,
            count: usize::try_from(count).map_err(|error| error.to_string())?,
            mode,
            filter,
        })
    }

    /// How many bytes there are when it is decoded.
    pub(super) fn decoded_bytes(&self) -> u64 {
        self.count as u64 * self.stride as u64
    }

    /// The distance from vertex to vertex, for views that do not say so themselves.
    pub(super) fn vertex_stride(&self) -> Option<usize> {
        (self.mode == Mode::Attributes).then_some(self.stride)
    }

    /// Decodes.
    ///
    /// # Errors
    /// `gltf.meshopt` for data that the decoder refuses.
    pub(super) fn decode(&self, encoded: &[u8], object: &str) -> Result<SharedBytes, Diagnostic> {
        let broken = |error: ::meshopt::Error| {
            about(
                codes::MESHOPT,
                object,
                format!("the data cannot be decoded: {error}"),
            )
        };
        let words = match (self.mode, self.stride) {
            (Mode::Attributes, _) => {
                let mut words = vertices(encoded, self.count, self.stride / 4).map_err(broken)?;
                self.unfilter(&mut words);
                return Ok(shared(words));
            }
            (Mode::Triangles, 2) => {
                shared(::meshopt::decode_index_buffer::<u16>(encoded, self.count).map_err(broken)?)
            }
            (Mode::Triangles, _) => {
                shared(::meshopt::decode_index_buffer::<u32>(encoded, self.count).map_err(broken)?)
            }
            (Mode::Indices, 2) => shared(
                ::meshopt::decode_index_sequence::<u16>(encoded, self.count).map_err(broken)?,
            ),
            (Mode::Indices, _) => shared(
                ::meshopt::decode_index_sequence::<u32>(encoded, self.count).map_err(broken)?,
            ),
        };
        Ok(words)
    }

    fn unfilter(&self, words: &mut [u32]) {
        match (self.filter, self.stride) {
            (Filter::None, _) => {}
            (Filter::Octahedral, 4) => {
                ::meshopt::decode_filter_oct::<i8>(bytemuck::cast_slice_mut(words));
            }
            (Filter::Octahedral, _) => {
                ::meshopt::decode_filter_oct::<i16>(bytemuck::cast_slice_mut(words));
            }
            (Filter::Color, 4) => {
                ::meshopt::decode_filter_color::<u8>(bytemuck::cast_slice_mut(words));
            }
            (Filter::Color, _) => {
                ::meshopt::decode_filter_color::<u16>(bytemuck::cast_slice_mut(words));
            }
            (Filter::Quaternion, _) => {
                ::meshopt::decode_filter_quat(bytemuck::cast_slice_mut(words));
            }
            (Filter::Exponential, _) => {
                ::meshopt::decode_filter_exp::<1>(bytemuck::cast_slice_mut(words));
            }
        }
    }
}

/// Decoded elements as bytes.
fn shared<T: bytemuck::Pod + Send + Sync>(elements: Vec<T>) -> SharedBytes {
    struct Elements<T>(Vec<T>);
    impl<T: bytemuck::Pod> AsRef<[u8]> for Elements<T> {
        fn as_ref(&self) -> &[u8] {
            bytemuck::cast_slice(&self.0)
        }
    }
    SharedBytes::whole(Elements(elements))
}

/// One vertex of `N` words.
#[derive(Clone)]
struct Block<const N: usize>([u32; N]);

impl<const N: usize> Default for Block<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

/// Decodes vertices whose size is known at run time only.
fn vertices(encoded: &[u8], count: usize, words: usize) -> ::meshopt::Result<Vec<u32>> {
    fn decode<const N: usize>(encoded: &[u8], count: usize) -> ::meshopt::Result<Vec<u32>> {
        let blocks = ::meshopt::decode_vertex_buffer::<Block<N>>(encoded, count)?;
        // Blocks are arrays and nothing else, so the vector is kept as it is.
        let arrays: Vec<[u32; N]> = blocks.into_iter().map(|block| block.0).collect();
        Ok(arrays.into_flattened())
    }
    macro_rules! by_size {
        ($($n:literal)*) => {
            match words {
                $($n => decode::<$n>(encoded, count),)*
                _ => Ok(Vec::new()),
            }
        };
    }
    by_size!(
        1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32
        33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62
        63 64
    )
}

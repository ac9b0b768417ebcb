//! Cooked payloads, back to images.

use crate::{
    cook::pace::CancelFlag,
    format::{
        payload_layout::{LayoutError, PayloadLayout},
        texture_format::TextureFormat,
        texture_payload::{PayloadError, TexturePayload},
        texture_shape::TextureShape,
    },
    source::image::Image,
};
use thiserror::Error;

/// Why texels could not be unpacked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UnpackError {
    /// Integers and depths are no pictures.
    #[error("{0:?} is no format of pictures")]
    NoPicture(TextureFormat),
    /// A dimension is zero.
    #[error("there are no texels")]
    Empty,
    /// There are fewer bytes than the texels need.
    #[error("{needed} bytes are needed, there are {there}")]
    Short {
        /// What the texels need.
        needed: u64,
        /// What there is.
        there: usize,
    },
    /// The system did not give the memory for the pixels.
    #[error("there is no memory for the {bytes} bytes of the unpacked image")]
    OutOfMemory {
        /// How much was asked for.
        bytes: u64,
    },
    /// The bytes are no payload.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// The shape cannot be stored.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The payload is laid out in another way than its shape asks for.
    #[error("the payload has not the layout of its shape")]
    OtherLayout,
    /// There is no such layer, level or slice.
    #[error("there is no layer {layer}, mip {mip}, slice {slice}")]
    NoSubresource {
        /// The layer.
        layer: u16,
        /// The level.
        mip: u16,
        /// The slice.
        slice: u32,
    },
    /// It was cancelled.
    #[error("cancelled")]
    Cancelled,
}

/// Unpacks one slice of one level of one layer of a cooked payload.
///
/// # Errors
/// [`UnpackError`] when the payload is damaged or not one of this shape, when there is no such
/// subresource, or when its format is no picture.
pub fn payload(
    bytes: &[u8],
    shape: &TextureShape,
    layer: u16,
    mip: u16,
    slice: u32,
    cancel: &CancelFlag,
) -> Result<Image, UnpackError> {
    let payload = TexturePayload::parse(bytes)?;
    let expected = PayloadLayout::new(shape, payload.policy())?;
    if payload.subresources() != expected.subresources() {
        return Err(UnpackError::OtherLayout);
    }
    let (width, height, depth) = shape.mip_size(mip);
    if layer >= shape.layers() || mip >= shape.mips() || slice >= depth {
        return Err(UnpackError::NoSubresource { layer, mip, slice });
    }
    let index = usize::from(layer) * usize::from(shape.mips()) + usize::from(mip);
    let missing = UnpackError::NoSubresource { layer, mip, slice };
    let (Some(data), Some(layout)) = (payload.data(index), payload.subresources().get(index))
    else {
        return Err(missing);
    };
    // A subresource holds its slices one after the other, each with the pitch of every row.
    let slice_pitch = (layout.size / depth) as usize;
    let start = slice as usize * slice_pitch;
    let data = data.get(start..start + slice_pitch).ok_or(missing)?;
    super::slice(
        shape.format(),
        width,
        height,
        layout.row_pitch as usize,
        data,
        cancel,
    )
}

//! The texture cooker: from an image to the payload that is stored.
//!
//! Cooking has three stages. [`prepare`] makes all levels, [`PreparedTexture::encode_tile`] encodes
//! rectangles of them, and [`assemble`] puts the payload together. The first and the last are futures
//! that give way often; tiles are independent of each other and may be as small as their scheduler
//! wants. Whoever drives the stages decides about threads, and the bytes do not depend on it:
//! [`cook_blocking`] is the same work in one call.
//!
//! A texture is made of one image or of several: layers, faces of a cube, slices of a volume, levels. One
//! image may also hold the six faces of a cube, as tiles or as a panorama. Each layer is filtered for
//! itself: nothing bleeds from one to another, nor from one face of a cube to the next. Graphics
//! hardware filters across the edges of a cube when it samples it.
//!
//! Everything is computed in the same order with IEEE arithmetic and tables of our own, so a payload
//! is the same on every machine, up to the blocks of encoders whose [`EncoderIdentity`] names an
//! instruction set.

mod assemble;
mod bc7e;
mod blocks;
mod code;
mod coverage;
mod cube;
mod curve;
mod encoder;
mod error;
mod estimate;
mod intel;
mod kernel;
mod levels;
mod maths;
mod outline;
mod panorama;
mod pass_through;
mod plan;
mod policy;
mod prepare;
mod pyramid;
mod read;
mod survey;
#[cfg(test)]
mod tests;
mod tiles;
mod transfer;
mod volume;
mod write;

pub use assemble::{CookedTexture, assemble};
pub use bc7e::Bc7eEncoder;
pub use code::TextureErrorCode;
pub use cube::{CubeTile, engine_direction, gpu_direction};
pub use encoder::{
    BlockEncoder, BlockRequest, BlockTexels, BlockTile, EncoderIdentity, block_encoder,
};
pub use error::TextureError;
pub use estimate::{CookEstimate, estimate, estimate_encoded, estimate_set};
pub use intel::IntelEncoder;
pub use pass_through::{pass_through, passes_through};
pub use plan::decode_options;
pub use policy::{CookOutcome, FailurePolicy};
pub use prepare::{PreparedTexture, prepare};
pub use tiles::{EncodeBatch, EncodeTile, EncodedTile};

use crate::{
    cook::pace::{CancelFlag, Pace},
    settings::texture::TextureSettings,
    source::image::{ImageLimits, ImageSet, SubresourceId, TextureInput, decode},
};
use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

/// The version of what this cooker, and the decoders before it, make of an image: a part of the keys of
/// cached textures. **Raise it whenever the same image and settings give other bytes**; encoders have
/// versions of their own.
pub const COOKER_VERSION: u32 = 1;

/// How long a batch takes when nobody waits for the thread: cancellation is noticed in between.
const BATCH: Duration = Duration::from_millis(5);

/// Cooks a texture on the calling thread. `name` appears in messages only.
///
/// # Errors
/// What decoding, preparing, encoding or assembling says; see [`TextureError`].
pub fn cook_blocking(
    bytes: &[u8],
    name: &str,
    settings: &TextureSettings,
    encoder: Arc<dyn BlockEncoder>,
    limits: &ImageLimits,
    cancel: &CancelFlag,
) -> Result<CookedTexture, TextureError> {
    settings.validate()?;
    let image = decode(bytes, name, limits, &decode_options(settings), cancel)?;
    cook_input_blocking(image, settings, encoder, cancel)
}

/// A file that holds one image of a texture.
#[derive(Clone, Copy, Debug)]
pub struct SourceFile<'a> {
    /// The place of the image.
    pub place: SubresourceId,
    /// The name, for messages.
    pub name: &'a str,
    /// The content.
    pub bytes: &'a [u8],
}

/// Cooks several files as one texture on the calling thread.
///
/// # Errors
/// What decoding, preparing, encoding or assembling says; see [`TextureError`].
pub fn cook_files_blocking(
    files: &[SourceFile<'_>],
    settings: &TextureSettings,
    encoder: Arc<dyn BlockEncoder>,
    limits: &ImageLimits,
    cancel: &CancelFlag,
) -> Result<CookedTexture, TextureError> {
    settings.validate()?;
    let options = decode_options(settings);
    let mut set = ImageSet::new();
    for file in files {
        let image = decode(file.bytes, file.name, limits, &options, cancel)?;
        set.add(file.place, file.name, image);
    }
    cook_input_blocking(set, settings, encoder, cancel)
}

/// Cooks decoded images on the calling thread.
///
/// # Errors
/// What preparing, encoding or assembling says; see [`TextureError`].
pub fn cook_input_blocking(
    input: impl Into<TextureInput>,
    settings: &TextureSettings,
    encoder: Arc<dyn BlockEncoder>,
    cancel: &CancelFlag,
) -> Result<CookedTexture, TextureError> {
    let mut pace = Pace::uninterrupted(cancel.clone());
    let prepared = block_on(prepare(input, settings, encoder, &mut pace))?;
    let mut tiles = Vec::new();
    for batch in prepared.batches_lasting(BATCH) {
        cancel.check()?;
        tiles.append(&mut prepared.encode_batch(&batch)?);
    }
    block_on(assemble(Arc::new(prepared), tiles, &mut pace))
}

/// Completes a future that never waits for anything but its turn.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

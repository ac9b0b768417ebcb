//! The texture cooker: from an image to the payload that is stored.
//!
//! Cooking has three stages. [`prepare`] makes all levels, [`PreparedTexture::encode_tile`] encodes
//! rectangles of them, and [`assemble`] puts the payload together. The first and the last are futures
//! that give way often; tiles are independent of each other and may be as small as their scheduler
//! wants. Whoever drives the stages decides about threads, and the bytes do not depend on it:
//! [`cook_blocking`] is the same work in one call.
//!
//! Everything is computed in the same order with IEEE arithmetic and tables of our own, so a payload
//! is the same on every machine, up to the blocks of encoders whose [`EncoderIdentity`] names an
//! instruction set.

mod assemble;
mod coverage;
mod curve;
mod encoder;
mod error;
mod estimate;
mod intel;
mod kernel;
mod maths;
mod plan;
mod prepare;
mod pyramid;
mod read;
#[cfg(test)]
mod tests;
mod tiles;
mod transfer;
mod write;

pub use assemble::{CookedTexture, assemble};
pub use encoder::{BlockEncoder, BlockRequest, BlockTexels, BlockTile, EncoderIdentity};
pub use error::TextureError;
pub use estimate::{CookEstimate, estimate};
pub use intel::IntelEncoder;
pub use plan::decode_options;
pub use prepare::{PreparedTexture, prepare};
pub use tiles::{EncodeTile, EncodedTile};

use crate::{
    cook::pace::{CancelFlag, Pace},
    settings::texture::TextureSettings,
    source::image::{ImageLimits, decode},
};
use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

/// Texels of a tile when nobody waits for the thread: some milliseconds of work, between which
/// cancellation is noticed.
const BATCH_TEXELS: usize = 1 << 15;

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
    let mut pace = Pace::uninterrupted(cancel.clone());
    let prepared = block_on(prepare(image, settings, encoder, &mut pace))?;
    let mut tiles = Vec::new();
    for tile in prepared.tiles(BATCH_TEXELS) {
        cancel.check()?;
        tiles.push(prepared.encode_tile(&tile)?);
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

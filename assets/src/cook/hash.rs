//! Hashing at a pace.

use super::pace::{Cancelled, Pace};
use sha2::{Digest, Sha256};

/// Bytes between two checkpoints: about a twentieth of a millisecond.
const PIECE: usize = 1 << 16;

/// SHA-256 of the bytes.
///
/// # Errors
/// [`Cancelled`].
pub async fn sha256(bytes: &[u8], pace: &mut Pace) -> Result<[u8; 32], Cancelled> {
    let mut digest = Sha256::new();
    for piece in bytes.chunks(PIECE) {
        digest.update(piece);
        pace.checkpoint().await?;
    }
    Ok(digest.finalize().into())
}

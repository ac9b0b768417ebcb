//! The last stage of cooking: from encoded tiles to the stored payload.

use super::TextureError;
use super::encoder::EncoderIdentity;
use super::prepare::PreparedTexture;
use super::tiles::EncodedTile;
use crate::{
    cook::pace::Pace,
    diagnostic::Diagnostic,
    format::{
        ids::ContentHash,
        payload_layout::{PackingPolicy, PayloadLayout, SubresourceLayout},
        texture_payload::{blank_payload, payload_head, store_hash},
        texture_shape::TextureShape,
    },
};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Bytes between two looks at the clock while hashing and copying: about a twentieth of a millisecond.
const STRETCH: usize = 1 << 16;

/// A texture as it is stored: the payload, and what its table entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookedTexture {
    payload: Vec<u8>,
    shape: TextureShape,
    packing: PackingPolicy,
    hash: ContentHash,
    encoder: Option<EncoderIdentity>,
    warnings: Vec<Diagnostic>,
}

impl CookedTexture {
    /// The complete payload: header, layouts, padding and data.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Takes the payload out.
    pub fn into_payload(self) -> Vec<u8> {
        self.payload
    }

    /// Type, dimensions, layers, levels and format.
    pub fn shape(&self) -> &TextureShape {
        &self.shape
    }

    /// How the subresources are placed.
    pub fn packing(&self) -> PackingPolicy {
        self.packing
    }

    /// The content hash of the payload; [`ContentHash::NONE`] when hashing is off.
    pub fn hash(&self) -> ContentHash {
        self.hash
    }

    /// The encoder that made the blocks, if there are any.
    pub fn encoder(&self) -> Option<EncoderIdentity> {
        self.encoder
    }

    /// What the user should know although it worked.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}

/// Puts the encoded tiles of a texture together, in whatever order they come, and hashes the result.
///
/// Gives way about every tenth of a millisecond if `pace` says so. Give up all other references to
/// the prepared texture first: its texels can be freed then.
///
/// # Errors
/// [`TextureError::Tiles`] unless `tiles` are exactly those of one call of [`PreparedTexture::tiles`];
/// or when it was cancelled.
pub async fn assemble(
    prepared: Arc<PreparedTexture>,
    mut tiles: Vec<EncodedTile>,
    pace: &mut Pace,
) -> Result<CookedTexture, TextureError> {
    tiles.sort_unstable_by_key(|encoded| encoded.tile);
    check_tiles(&prepared, &tiles)?;
    let encoder = prepared.encoder();
    let (shape, layout) = (prepared.shape, prepared.layout.clone());
    let (hashing, warnings) = (prepared.hashing, prepared.warnings.clone());
    let mut payload;
    if prepared.is_block_compressed() {
        drop(prepared);
        payload = blank_payload(&layout);
        let block_bytes = shape.format().block_bytes() as usize;
        for encoded in tiles {
            let mip = encoded.tile.subresource % usize::from(shape.mips());
            let (_, height, _) = shape.mip_size(mip as u16);
            let block_rows = height.div_ceil(4);
            place_blocks(&mut payload, &layout, &encoded, block_bytes, block_rows)?;
            pace.checkpoint().await?;
        }
    } else {
        payload = payload_head(&layout);
        let levels = match Arc::try_unwrap(prepared) {
            Ok(prepared) => prepared.levels,
            Err(shared) => shared.levels.clone(),
        };
        let texel_bytes = shape.format().block_bytes() as usize;
        for (level, subresource) in levels.into_iter().zip(layout.subresources()) {
            let row_bytes = level.width as usize * texel_bytes;
            append_rows(
                &mut payload,
                &layout,
                subresource,
                &level.texels,
                row_bytes,
                pace,
            )
            .await?;
        }
        payload.resize(layout.total() as usize, 0);
    }
    finish(payload, shape, &layout, hashing, encoder, warnings, pace).await
}

/// Stores the hash of a payload that is complete otherwise.
pub(super) async fn finish(
    mut payload: Vec<u8>,
    shape: TextureShape,
    layout: &PayloadLayout,
    hashing: bool,
    encoder: Option<EncoderIdentity>,
    warnings: Vec<Diagnostic>,
    pace: &mut Pace,
) -> Result<CookedTexture, TextureError> {
    let hash = if hashing {
        let mut digest = Sha256::new();
        for part in payload.chunks(STRETCH) {
            digest.update(part);
            pace.checkpoint().await?;
        }
        ContentHash::from_digest(&digest.finalize().into())
    } else {
        ContentHash::NONE
    };
    store_hash(&mut payload, hash);
    Ok(CookedTexture {
        payload,
        shape,
        packing: layout.policy(),
        hash,
        encoder,
        warnings,
    })
}

/// Checks that sorted tiles cover every level once: none twice, and as many blocks as there are.
fn check_tiles(prepared: &PreparedTexture, tiles: &[EncodedTile]) -> Result<(), TextureError> {
    let wrong = |reason: String| Err(TextureError::Tiles { reason });
    for pair in tiles.windows(2) {
        if pair[0].tile == pair[1].tile {
            return wrong(format!("{:?} is there twice", pair[0].tile));
        }
    }
    let mut covered = vec![0u64; prepared.levels.len()];
    for encoded in tiles {
        let Some(covered) = covered.get_mut(encoded.tile.subresource) else {
            return wrong(format!("{:?} belongs to another texture", encoded.tile));
        };
        *covered += encoded.tile.texels() as u64;
    }
    for (subresource, (level, covered)) in prepared.levels.iter().zip(covered).enumerate() {
        let texels = u64::from(level.width) * u64::from(level.height) * u64::from(level.depth);
        if covered != texels {
            return wrong(format!(
                "subresource {subresource} has {texels} texels, the tiles have {covered}"
            ));
        }
    }
    Ok(())
}

/// Appends tight rows, one below the other through all slices, and zeros up to each of them. Subresources come
/// in the order of the layout: bytes that are written once need not be cleared before.
pub(super) async fn append_rows(
    payload: &mut Vec<u8>,
    layout: &PayloadLayout,
    subresource: &SubresourceLayout,
    rows: &[u8],
    row_bytes: usize,
    pace: &mut Pace,
) -> Result<(), TextureError> {
    let start = layout.data_offset() as usize + subresource.offset as usize;
    let pitch = subresource.row_pitch as usize;
    // Rows without padding between them are one row.
    let (row_bytes, pitch) = if row_bytes == pitch {
        (STRETCH, STRETCH)
    } else {
        (row_bytes, pitch)
    };
    let mut since_checkpoint = 0;
    for (y, row) in rows.chunks(row_bytes).enumerate() {
        let at = start + y * pitch;
        if at < payload.len() || at + row.len() > layout.total() as usize {
            return Err(outside());
        }
        payload.resize(at, 0);
        payload.extend_from_slice(row);
        since_checkpoint += row.len();
        if since_checkpoint >= STRETCH {
            since_checkpoint = 0;
            pace.checkpoint().await?;
        }
    }
    Ok(())
}

/// Copies the blocks of a tile to their places. `block_rows` are those of one slice.
fn place_blocks(
    payload: &mut [u8],
    layout: &PayloadLayout,
    encoded: &EncodedTile,
    block_bytes: usize,
    block_rows: u32,
) -> Result<(), TextureError> {
    let tile = &encoded.tile;
    let row_bytes = tile.width.div_ceil(4) as usize * block_bytes;
    let x = (tile.x / 4) as usize * block_bytes;
    let Some(subresource) = layout.subresources().get(tile.subresource) else {
        return Err(outside());
    };
    let top = tile.z as usize * block_rows as usize + (tile.y / 4) as usize;
    for (i, row) in encoded.blocks.chunks_exact(row_bytes).enumerate() {
        let y = top + i;
        place(payload, layout, subresource, y, x, row)?;
    }
    Ok(())
}

/// Copies part of a row of texels or blocks to its place, `x` bytes into row `y` of a subresource.
fn place(
    payload: &mut [u8],
    layout: &PayloadLayout,
    subresource: &SubresourceLayout,
    y: usize,
    x: usize,
    row: &[u8],
) -> Result<(), TextureError> {
    let start = layout.data_offset() as usize
        + subresource.offset as usize
        + y * subresource.row_pitch as usize
        + x;
    payload
        .get_mut(start..start + row.len())
        .ok_or_else(outside)?
        .copy_from_slice(row);
    Ok(())
}

fn outside() -> TextureError {
    TextureError::Tiles {
        reason: "a tile lies outside the payload".to_owned(),
    }
}

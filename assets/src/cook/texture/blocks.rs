//! The second stage of cooking: blocks for tiles.
//!
//! Vector encoders take eight or sixteen blocks of a row at once, and a last few take as long as a full
//! gang. Blocks do not depend on their neighbours, so those of small tiles are put side by side in one row.

use super::TextureError;
use super::encoder::{BlockTexels, BlockTile};
use super::levels::Level;
use super::prepare::PreparedTexture;
use super::tiles::{EDGE, EncodeBatch, EncodeTile, EncodedTile};
use std::{borrow::Cow, slice};

impl PreparedTexture {
    /// Encodes one tile. May be called from any thread, for any tile, in any order.
    ///
    /// # Errors
    /// [`TextureError::Tiles`] for a tile of another texture, or what the encoder says.
    pub fn encode_tile(&self, tile: &EncodeTile) -> Result<EncodedTile, TextureError> {
        Ok(EncodedTile {
            tile: *tile,
            blocks: self.blocks_of(slice::from_ref(tile))?,
        })
    }

    /// Encodes the tiles of a batch in one go. May be called from any thread, for any batch, in any order.
    ///
    /// # Errors
    /// [`TextureError::Tiles`] for a tile of another texture, or what the encoder says.
    pub fn encode_batch(&self, batch: &EncodeBatch) -> Result<Vec<EncodedTile>, TextureError> {
        let blocks = self.blocks_of(&batch.tiles)?;
        let block_bytes = self.shape.format().block_bytes() as usize;
        let mut rest = blocks.as_slice();
        let encoded = batch.tiles.iter().map(|tile| {
            let (across, down) = tile.blocks();
            let blocks = rest
                .split_off(..rest.len().min(across * down * block_bytes))
                .unwrap_or_default();
            EncodedTile {
                tile: *tile,
                blocks: blocks.to_vec(),
            }
        });
        Ok(encoded.collect())
    }

    /// The blocks of tiles, one tile after the other; none if the format has no blocks.
    fn blocks_of(&self, tiles: &[EncodeTile]) -> Result<Vec<u8>, TextureError> {
        let mut parts = Vec::with_capacity(tiles.len());
        for tile in tiles {
            parts.push((self.level_of(tile)?, tile));
        }
        if !self.is_block_compressed() {
            return Ok(Vec::new());
        }
        let kind = BlockTexels::kind_for(self.shape.format());
        let (width, height, texels) = match *parts.as_slice() {
            [(level, tile)] if !tile.leaves_lanes_idle() => {
                let (across, down) = tile.blocks();
                let (width, height) = (across as u32 * EDGE, down as u32 * EDGE);
                let texels = padded(level, tile, width, height, kind.texel_bytes());
                (width, height, texels)
            }
            ref parts => {
                let (width, texels) = side_by_side(parts, kind.texel_bytes());
                (width, EDGE, Cow::Owned(texels))
            }
        };
        let input = BlockTile::new(width, height, kind.of(&texels))?;
        let block_bytes = self.shape.format().block_bytes() as usize;
        let mut blocks = vec![0; input.blocks() * block_bytes];
        self.encoder.encode(&self.request(), &input, &mut blocks)?;
        Ok(blocks)
    }

    /// The level that a tile belongs to, if it lies inside.
    fn level_of(&self, tile: &EncodeTile) -> Result<&Level, TextureError> {
        let inside = |level: &&Level| {
            let end = |start: u32, extent: u32| u64::from(start) + u64::from(extent);
            end(tile.x, tile.width) <= u64::from(level.width)
                && end(tile.y, tile.height) <= u64::from(level.height)
                && end(tile.z, tile.depth) <= u64::from(level.depth)
                && tile.texels() > 0
        };
        self.levels
            .get(tile.subresource)
            .filter(inside)
            .ok_or_else(|| TextureError::Tiles {
                reason: format!("{tile:?} does not lie in the texture"),
            })
    }
}

/// The texels of a tile in whole blocks, the last column and row repeated. Whole rows in whole blocks need
/// no copy.
fn padded<'a>(
    level: &'a Level,
    tile: &EncodeTile,
    width: u32,
    height: u32,
    texel: usize,
) -> Cow<'a, [u8]> {
    if (tile.width, tile.height) == (width, height) && width == level.width {
        let first = tile.z as usize * level.height as usize + tile.y as usize;
        let row = width as usize * texel;
        let rows = &level.texels[first * row..(first + height as usize) * row];
        return Cow::Borrowed(rows);
    }
    let mut out = Vec::with_capacity(width as usize * height as usize * texel);
    for y in 0..height {
        push_row(&mut out, level, tile, y, width, texel);
    }
    Cow::Owned(out)
}

/// The texels of tiles in whole blocks, all blocks in one row: those of the first tile in raster order, then
/// those of the next. Returns the texels of a row before all texels.
fn side_by_side(parts: &[(&Level, &EncodeTile)], texel: usize) -> (u32, Vec<u8>) {
    let blocks: usize = parts
        .iter()
        .map(|(_, tile)| {
            let (across, down) = tile.blocks();
            across * down
        })
        .sum();
    let width = blocks as u32 * EDGE;
    let mut out = Vec::with_capacity((width * EDGE) as usize * texel);
    for line in 0..EDGE {
        for (level, tile) in parts {
            let (across, down) = tile.blocks();
            for row in 0..down as u32 {
                push_row(
                    &mut out,
                    level,
                    tile,
                    row * EDGE + line,
                    across as u32 * EDGE,
                    texel,
                );
            }
        }
    }
    (width, out)
}

/// Appends row `y` of a tile with `width` texels; what lies beyond the tile repeats its edge.
fn push_row(out: &mut Vec<u8>, level: &Level, tile: &EncodeTile, y: u32, width: u32, texel: usize) {
    let top = tile.z as usize * level.height as usize + tile.y as usize;
    let y = top + y.min(tile.height - 1) as usize;
    let start = (y * level.width as usize + tile.x as usize) * texel;
    let row = &level.texels[start..start + tile.width as usize * texel];
    out.extend_from_slice(row);
    for _ in tile.width..width {
        out.extend_from_slice(&row[row.len() - texel..]);
    }
}

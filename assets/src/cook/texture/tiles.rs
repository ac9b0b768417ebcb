//! The second stage of cooking: encoding, cut into tiles that any thread may take in any order.

use super::TextureError;
use super::encoder::{BlockRequest, BlockTexels, BlockTile};
use super::levels::Level;
use super::prepare::PreparedTexture;
use std::{borrow::Cow, time::Duration};

/// Edge of a block in texels.
const EDGE: u32 = 4;
/// Widths are cut to multiples of this: vector encoders take up to sixteen blocks of a row at once.
const GANG: u32 = 16 * EDGE;

/// A rectangle of one slice of one subresource, aligned to whole blocks except at the right and lower
/// edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EncodeTile {
    pub(super) subresource: usize,
    pub(super) z: u32,
    pub(super) y: u32,
    pub(super) x: u32,
    pub(super) width: u32,
    pub(super) height: u32,
    /// One, but where a whole subresource is taken that has no blocks.
    pub(super) depth: u32,
}

impl EncodeTile {
    /// How many texels it has, which is what its encoding costs.
    pub fn texels(&self) -> usize {
        self.width as usize * self.height as usize * self.depth as usize
    }

    fn blocks(&self) -> (usize, usize) {
        (
            self.width.div_ceil(EDGE) as usize,
            self.height.div_ceil(EDGE) as usize,
        )
    }
}

/// An encoded tile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedTile {
    pub(super) tile: EncodeTile,
    /// Its blocks in raster order; empty when the format has no blocks and the texels are stored as
    /// they are.
    pub(super) blocks: Vec<u8>,
}

impl EncodedTile {
    /// Which tile it is.
    pub fn tile(&self) -> &EncodeTile {
        &self.tile
    }
}

impl PreparedTexture {
    /// Cuts the texture into tiles of about `max_texels` texels, and never more unless a single row of
    /// blocks in a single gang of the encoder (64 x 4 texels) already has more.
    ///
    /// However it is cut, the cooked bytes are the same. Small tiles give way sooner, large ones cost a
    /// little less. Formats without blocks have one tile for each subresource, which costs nothing.
    pub fn tiles(&self, max_texels: usize) -> Vec<EncodeTile> {
        let mut tiles = Vec::new();
        for (subresource, level) in self.levels.iter().enumerate() {
            let whole = EncodeTile {
                subresource,
                z: 0,
                y: 0,
                x: 0,
                width: level.width,
                height: level.height,
                depth: level.depth,
            };
            if !self.is_block_compressed() {
                tiles.push(whole);
                continue;
            }
            let max_texels = u32::try_from(max_texels).unwrap_or(u32::MAX);
            let rows = (max_texels / level.width / EDGE).max(1);
            let height = rows.saturating_mul(EDGE);
            let width = if u64::from(level.width) * u64::from(EDGE) <= u64::from(max_texels) {
                level.width
            } else {
                (max_texels / EDGE / GANG).max(1) * GANG
            };
            for z in 0..level.depth {
                for y in (0..level.height).step_by(height as usize) {
                    for x in (0..level.width).step_by(width as usize) {
                        tiles.push(EncodeTile {
                            subresource,
                            z,
                            y,
                            x,
                            width: width.min(level.width - x),
                            height: height.min(level.height - y),
                            depth: 1,
                        });
                    }
                }
            }
        }
        tiles
    }

    /// Cuts the texture into tiles that take about `time` to encode, by what its encoder says of itself.
    pub fn tiles_lasting(&self, time: Duration) -> Vec<EncodeTile> {
        let rate = self.encoder.texels_per_millisecond(&self.request());
        let texels = u128::from(rate) * time.as_micros() / 1000;
        self.tiles(usize::try_from(texels).unwrap_or(usize::MAX).max(1))
    }

    /// About how long encoding all tiles takes on one thread, by what the encoder says of itself.
    pub fn encoding_time(&self) -> Duration {
        if !self.is_block_compressed() {
            return Duration::ZERO;
        }
        let texels: u64 = self
            .levels
            .iter()
            .map(|level| u64::from(level.width) * u64::from(level.height) * u64::from(level.depth))
            .sum();
        let rate = u64::from(self.encoder.texels_per_millisecond(&self.request()).max(1));
        Duration::from_micros(texels.saturating_mul(1000) / rate)
    }

    /// How the blocks are to be made.
    fn request(&self) -> BlockRequest {
        BlockRequest {
            format: self.shape.format(),
            quality: self.quality,
            opaque: self.opaque,
        }
    }

    /// Encodes one tile. May be called from any thread, for any tile, in any order.
    ///
    /// # Errors
    /// [`TextureError::Tiles`] for a tile of another texture, or what the encoder says.
    pub fn encode_tile(&self, tile: &EncodeTile) -> Result<EncodedTile, TextureError> {
        let level = self.level_of(tile)?;
        if !self.is_block_compressed() {
            return Ok(EncodedTile {
                tile: *tile,
                blocks: Vec::new(),
            });
        }
        let (across, down) = tile.blocks();
        let (width, height) = (across as u32 * EDGE, down as u32 * EDGE);
        let kind = BlockTexels::kind_for(self.shape.format());
        let texels = padded(level, tile, width, height, kind.texel_bytes());
        let input = BlockTile::new(width, height, kind.of(&texels))?;
        let block_bytes = self.shape.format().block_bytes() as usize;
        let mut blocks = vec![0; input.blocks() * block_bytes];
        self.encoder.encode(&self.request(), &input, &mut blocks)?;
        Ok(EncodedTile {
            tile: *tile,
            blocks,
        })
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
    let top = tile.z as usize * level.height as usize + tile.y as usize;
    for y in 0..height {
        let y = top + y.min(tile.height - 1) as usize;
        let start = (y * level.width as usize + tile.x as usize) * texel;
        let row = &level.texels[start..start + tile.width as usize * texel];
        out.extend_from_slice(row);
        for _ in tile.width..width {
            out.extend_from_slice(&row[row.len() - texel..]);
        }
    }
    Cow::Owned(out)
}

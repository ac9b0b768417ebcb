//! How textures are cut for the second stage of cooking: into tiles that any thread may encode in any
//! order.

use super::encoder::BlockRequest;
use super::prepare::PreparedTexture;
use std::time::Duration;

/// Edge of a block in texels.
pub(super) const EDGE: u32 = 4;
/// Widths are cut to multiples of this: vector encoders take up to sixteen blocks of a row at once.
const GANG: u32 = 16 * EDGE;
/// The most texels that are put side by side to be encoded together; where there are more, the idle lanes at
/// the ends of rows no longer count.
const TOGETHER: usize = 1 << 14;

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

    /// Blocks in a row, and rows of blocks.
    pub(super) fn blocks(&self) -> (usize, usize) {
        (
            self.width.div_ceil(EDGE) as usize,
            self.height.div_ceil(EDGE) as usize,
        )
    }

    /// Whether its rows leave lanes of a vector encoder idle that blocks of other rows could use.
    pub(super) fn leaves_lanes_idle(&self) -> bool {
        !self.width.is_multiple_of(GANG) && self.texels() <= TOGETHER
    }
}

/// Tiles that are encoded together, because each alone leaves most of a vector encoder idle: the small
/// levels of a texture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodeBatch {
    pub(super) tiles: Vec<EncodeTile>,
}

impl EncodeBatch {
    /// The tiles.
    pub fn tiles(&self) -> &[EncodeTile] {
        &self.tiles
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
        self.tiles(self.texels_in(time))
    }

    /// The texels that the encoder takes about so long for, by what it says of itself.
    fn texels_in(&self, time: Duration) -> usize {
        let rate = self.encoder.texels_per_millisecond(&self.request());
        let texels = u128::from(rate) * time.as_micros() / 1000;
        usize::try_from(texels).unwrap_or(usize::MAX).max(1)
    }

    /// The [tiles](Self::tiles) of the texture, in the same order, those together that are best encoded
    /// together and have no more than `max_texels` texels then.
    ///
    /// The cooked bytes are the same as those of the tiles alone.
    pub fn batches(&self, max_texels: usize) -> Vec<EncodeBatch> {
        let mut batches: Vec<EncodeBatch> = Vec::new();
        let mut room = 0;
        for tile in self.tiles(max_texels) {
            let texels = tile.texels();
            let shares = tile.leaves_lanes_idle();
            match batches.last_mut() {
                Some(batch) if shares && texels <= room => {
                    room -= texels;
                    batch.tiles.push(tile);
                }
                _ => {
                    room = if shares {
                        max_texels.min(TOGETHER).saturating_sub(texels)
                    } else {
                        0
                    };
                    batches.push(EncodeBatch { tiles: vec![tile] });
                }
            }
        }
        batches
    }

    /// Cuts the texture into batches that take about `time` to encode, by what its encoder says of itself.
    pub fn batches_lasting(&self, time: Duration) -> Vec<EncodeBatch> {
        self.batches(self.texels_in(time))
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
    pub(super) fn request(&self) -> BlockRequest {
        BlockRequest {
            format: self.shape.format(),
            quality: self.quality,
            opaque: self.opaque,
        }
    }
}

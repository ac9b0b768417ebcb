//! Texels whose channels are bit fields in whatever order.

use crate::{
    cook::pace::CancelFlag,
    source::image::{Channels, Depth, Image, ImageError, PixelFormat, allocate},
};

/// Where the channels of a texel are in its bytes, as masks of a little-endian number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PackedTexels {
    /// Bytes of a texel, 1 to 8.
    bytes: u8,
    /// Red, green, blue, alpha; zero where there is none.
    masks: [u64; 4],
    /// Red is grey.
    grey: bool,
}

impl PackedTexels {
    /// Red, green, blue and alpha under these masks.
    pub(super) fn new(bytes: u8, masks: [u64; 4]) -> Self {
        Self {
            bytes,
            masks,
            grey: false,
        }
    }

    /// Grey and alpha under these masks.
    pub(super) fn grey(bytes: u8, grey: u64, alpha: u64) -> Self {
        Self {
            bytes,
            masks: [grey, 0, 0, alpha],
            grey: true,
        }
    }

    /// Bytes of a texel.
    pub(super) fn bytes(self) -> u64 {
        self.bytes.into()
    }

    pub(super) fn channels(self) -> Channels {
        match (self.grey, self.masks[3] != 0) {
            (true, false) => Channels::Grey,
            (true, true) => Channels::GreyAlpha,
            (false, false) => Channels::Rgb,
            (false, true) => Channels::Rgba,
        }
    }

    pub(super) fn depth(self) -> Depth {
        let bits = |mask: u64| match mask {
            0 => 0,
            mask => 64 - mask.leading_zeros() - mask.trailing_zeros(),
        };
        let wide = self.masks.iter().any(|&mask| bits(mask) > 8);
        if wide { Depth::Sixteen } else { Depth::Eight }
    }

    /// Unpacks tight rows.
    pub(super) fn unpack(
        self,
        width: u32,
        height: u32,
        data: &[u8],
        cancel: &CancelFlag,
    ) -> Result<Image, ImageError> {
        let pixels = match (self.grey, self.masks[3] != 0, self.depth()) {
            (true, false, Depth::Eight) => PixelFormat::R8,
            (true, true, Depth::Eight) => PixelFormat::Rg8,
            (true, false, _) => PixelFormat::R16,
            (true, true, _) => PixelFormat::Rg16,
            (false, _, Depth::Eight) => PixelFormat::Rgba8,
            (false, _, _) => PixelFormat::Rgba16,
        };
        let order: &[usize] = match pixels {
            PixelFormat::R8 | PixelFormat::R16 => &[0],
            PixelFormat::Rg8 | PixelFormat::Rg16 => &[0, 3],
            _ => &[0, 1, 2, 3],
        };
        let texels_in_all = u64::from(width) * u64::from(height);
        let mut texels = allocate(texels_in_all.saturating_mul(pixels.texel_bytes() as u64))?;
        let channel_bytes = pixels.depth().bytes();
        let row = width as usize * usize::from(self.bytes);
        let rows = texels.chunks_exact_mut(width as usize * pixels.texel_bytes());
        for (out, row) in rows.zip(data.chunks_exact(row)) {
            cancel.check()?;
            let sources = row.chunks_exact(self.bytes.into());
            for (texel, source) in out.chunks_exact_mut(pixels.texel_bytes()).zip(sources) {
                let mut number = [0; 8];
                number[..source.len()].copy_from_slice(source);
                let number = u64::from_le_bytes(number);
                for (bytes, &channel) in texel.chunks_exact_mut(channel_bytes).zip(order) {
                    let value = self.channel(number, channel, pixels.depth());
                    bytes.copy_from_slice(&value.to_le_bytes()[..channel_bytes]);
                }
            }
        }
        let image = Image::new(width, height, pixels, texels)?;
        Ok(image.with_opaque(self.masks[3] == 0))
    }

    /// A channel as a part of 255 or 65535. Colour that is not there is zero, alpha is one.
    fn channel(self, number: u64, channel: usize, depth: Depth) -> u16 {
        let one: u128 = if depth == Depth::Eight { 255 } else { 65535 };
        let mask = self.masks[channel];
        if mask == 0 {
            return if channel == 3 { one as u16 } else { 0 };
        }
        let shift = mask.trailing_zeros();
        let (value, max) = (
            u128::from((number & mask) >> shift),
            u128::from(mask >> shift),
        );
        // At most `one`, because `value` is at most `max`.
        ((value * one + max / 2) / max) as u16
    }
}

//! The mip pyramid of a volume as a stream: rows of one slice after the other go in at the top, finished
//! rows of the smaller levels come out.
//!
//! Each step halves the rows of a slice as [`Halving`] does for images, keeps as many of those slices as
//! its kernel is deep, and blends them. No level is ever held as a whole in floating point.

use super::kernel::Taps;
use super::pyramid::{CHANNELS, Halving, blend_rows};
use crate::settings::texture::MipFilter;

/// One step from a level of a volume to the next smaller one.
#[derive(Debug)]
struct VolumeHalving {
    flat: Halving,
    depth: Taps,
    /// Rows of the larger level, and numbers in a row of the smaller one.
    source_rows: usize,
    stride: usize,
    /// Rows of the smaller level.
    rows: usize,
    /// The last slices that arrived, halved in width and height; slice `z` lies at `z % slices`.
    ring: Vec<f32>,
    slices: usize,
    /// Rows of the slice that is arriving.
    received_rows: usize,
    received_slices: usize,
    emitted_rows: usize,
    emitted_slices: usize,
    out: Vec<f32>,
}

impl VolumeHalving {
    fn new(filter: MipFilter, source: [usize; 3], target: [usize; 3]) -> Self {
        let depth = Taps::new(filter, source[2], target[2]);
        let slices = depth.longest();
        let stride = target[0] * CHANNELS;
        Self {
            flat: Halving::new(filter, (source[0], source[1]), (target[0], target[1])),
            depth,
            source_rows: source[1],
            stride,
            rows: target[1],
            ring: vec![0.0; stride * target[1] * slices],
            slices,
            received_rows: 0,
            received_slices: 0,
            emitted_rows: 0,
            emitted_slices: 0,
            out: vec![0.0; stride],
        }
    }

    /// Takes the next row of the larger level.
    fn receive(&mut self, row: &[f32]) {
        let slot = (self.received_slices % self.slices) * self.stride * self.rows;
        self.flat.receive(row);
        while let Some(y) = self.flat.emit() {
            let start = slot + y * self.stride;
            self.ring[start..start + self.stride].copy_from_slice(self.flat.row());
        }
        self.received_rows += 1;
        if self.received_rows == self.source_rows {
            self.received_rows = 0;
            self.received_slices += 1;
            self.flat.restart();
        }
    }

    /// Makes the next row of the smaller level if everything it needs has arrived; returns its slice and
    /// its number.
    fn emit(&mut self) -> Option<(usize, usize)> {
        let (z, y) = (self.emitted_slices, self.emitted_rows);
        if z == self.depth.len() {
            return None;
        }
        let (first, weights) = self.depth.get(z);
        if first + weights.len() > self.received_slices {
            return None;
        }
        let row = |k: usize| {
            let slot = ((first + k) % self.slices) * self.rows;
            let start = (slot + y) * self.stride;
            &self.ring[start..start + self.stride]
        };
        blend_rows(weights, row, &mut self.out);
        self.emitted_rows += 1;
        if self.emitted_rows == self.rows {
            self.emitted_rows = 0;
            self.emitted_slices += 1;
        }
        Some((z, y))
    }
}

/// Takes the rows of smaller levels: the level, the slice, the number of the row, and the row.
type RowSink<'a> = dyn FnMut(usize, usize, usize, &[f32]) + 'a;

/// All halvings of one volume.
#[derive(Debug)]
pub(super) struct VolumePyramid {
    halvings: Vec<VolumeHalving>,
}

impl VolumePyramid {
    /// A pyramid that makes `levels` levels, the base included, from a volume of `size` (width, height,
    /// depth).
    pub(super) fn new(filter: MipFilter, size: [u32; 3], levels: u32) -> Self {
        let size = |level: u32| size.map(|size| (size >> level).max(1) as usize);
        Self {
            halvings: (1..levels)
                .map(|level| VolumeHalving::new(filter, size(level - 1), size(level)))
                .collect(),
        }
    }

    /// An upper bound of the memory of a pyramid of these dimensions, in bytes.
    pub(super) fn bytes([width, height, depth]: [u32; 3], levels: u32) -> u64 {
        let halve = |size: u32, level: u32| u64::from((size >> level).max(1));
        let mut bytes = super::pyramid::Pyramid::bytes(width, height, levels);
        for level in 1..levels {
            let slices = 20u64.min(halve(depth, level - 1));
            let texels = halve(width, level).saturating_mul(halve(height, level));
            let ring = texels.saturating_mul(slices * (CHANNELS * size_of::<f32>()) as u64);
            bytes = bytes
                .saturating_add(ring)
                .saturating_add(halve(width, level) * 16)
                .saturating_add(halve(depth, level) * 256);
        }
        bytes
    }

    /// Takes the next row of the base. Call [`Self::advance`] until it says no before the next one.
    pub(super) fn push(&mut self, row: &[f32]) {
        if let Some(first) = self.halvings.first_mut() {
            first.receive(row);
        }
    }

    /// Makes one row of a smaller level and hands it to `sink`; false if nothing can be
    /// made before more rows have come.
    pub(super) fn advance(&mut self, sink: &mut RowSink<'_>) -> bool {
        // The deepest level first: a ring has room for what its own kernel needs, and no more.
        for level in (0..self.halvings.len()).rev() {
            let Some((halving, deeper)) = self.halvings[level..].split_first_mut() else {
                continue;
            };
            if let Some((z, y)) = halving.emit() {
                sink(level + 1, z, y, &halving.out);
                if let Some(next) = deeper.first_mut() {
                    next.receive(&halving.out);
                }
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All levels of a volume of one channel, computed through the stream.
    fn levels(
        filter: MipFilter,
        size: [u32; 3],
        value: impl Fn(u32, u32, u32) -> f32,
    ) -> Vec<Vec<f32>> {
        let count = 32 - size.iter().max().unwrap().leading_zeros();
        let mut pyramid = VolumePyramid::new(filter, size, count);
        let mut levels = vec![Vec::new(); count as usize];
        for z in 0..size[2] {
            for y in 0..size[1] {
                let row: Vec<f32> = (0..size[0])
                    .flat_map(|x| [value(x, y, z); CHANNELS])
                    .collect();
                levels[0].extend(row.iter().step_by(CHANNELS));
                pyramid.push(&row);
                while pyramid.advance(&mut |level, z, y, row| {
                    let halve = |size: u32| (size >> level).max(1) as usize;
                    let at = (z * halve(size[1]) + y) * halve(size[0]);
                    assert_eq!(levels[level].len(), at, "rows come in order");
                    levels[level].extend(row.iter().step_by(CHANNELS));
                }) {}
            }
        }
        levels
    }

    /// The same by the definition, in f64, from the previous level.
    fn reference(filter: MipFilter, source: &[f32], size: [u32; 3]) -> Vec<f64> {
        let [w, h, d] = size.map(|size| size as usize);
        let half = [w, h, d].map(|size| (size / 2).max(1));
        let taps = [(w, half[0]), (h, half[1]), (d, half[2])]
            .map(|(source, target)| Taps::new(filter, source, target));
        let mut out = Vec::new();
        for z in 0..half[2] {
            for y in 0..half[1] {
                for x in 0..half[0] {
                    let at = [x, y, z];
                    let [(x0, wx), (y0, wy), (z0, wz)] = [0, 1, 2].map(|i| taps[i].get(at[i]));
                    let mut sum = 0.0;
                    for (k, &c) in wz.iter().enumerate() {
                        for (j, &b) in wy.iter().enumerate() {
                            for (i, &a) in wx.iter().enumerate() {
                                let v = source[((z0 + k) * h + y0 + j) * w + x0 + i];
                                sum += f64::from(a) * f64::from(b) * f64::from(c) * f64::from(v);
                            }
                        }
                    }
                    out.push(sum);
                }
            }
        }
        out
    }

    #[test]
    fn streaming_agrees_with_the_definition_for_awkward_sizes() {
        for filter in [MipFilter::Box, MipFilter::Kaiser, MipFilter::Lanczos] {
            for size in [
                [1, 1, 1],
                [2, 2, 2],
                [5, 3, 7],
                [16, 16, 16],
                [1, 1, 32],
                [33, 2, 1],
                [6, 20, 15],
            ] {
                let all = levels(filter, size, |x, y, z| {
                    ((x * 7 + y * 13 + z * 5) % 11) as f32 / 11.0
                });
                for level in 1..all.len() {
                    let larger = size.map(|size| (size >> (level - 1)).max(1));
                    let expected = reference(filter, &all[level - 1], larger);
                    assert_eq!(all[level].len(), expected.len(), "{size:?}");
                    for (a, b) in all[level].iter().zip(&expected) {
                        assert!((f64::from(*a) - b).abs() < 1e-5, "{filter:?} {size:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn box_levels_are_means_of_eight() {
        let all = levels(MipFilter::Box, [4, 2, 2], |x, y, z| {
            (x + 10 * y + 100 * z) as f32
        });
        // (0 + 1) / 2 and (2 + 3) / 2, plus 5 and 50.
        assert_eq!(all[1], [55.5, 57.5]);
        assert_eq!(all[2], [56.5]);
    }

    #[test]
    fn the_estimate_covers_the_buffers() {
        for size in [[64, 64, 64], [63, 65, 129], [1, 1, 512], [512, 1, 3]] {
            let count = 32 - u32::leading_zeros(*size.iter().max().unwrap());
            let pyramid = VolumePyramid::new(MipFilter::Kaiser, size, count);
            let real: usize = pyramid
                .halvings
                .iter()
                .map(|h| {
                    (h.ring.capacity() + h.out.capacity()) * 4 + h.flat.bytes() + h.depth.bytes()
                })
                .sum();
            assert!(real as u64 <= VolumePyramid::bytes(size, count), "{size:?}");
        }
    }
}

//! The mip pyramid as a stream: base rows go in at the top, finished rows of every smaller level
//! come out, and no level is ever held as a whole in floating point.
//!
//! Each halving filters a row horizontally as soon as it arrives and keeps only as many of those
//! half-wide rows as its vertical kernel is high. A finished row goes to the caller and, unrounded,
//! to the next halving. Weights are applied in a fixed order with separate multiplications and
//! additions, so the result has the same bits on every machine.

use super::kernel::Taps;
use crate::settings::texture::MipFilter;
use std::ops::Range;

/// Channels of a working row: red, green, blue, alpha.
pub(super) const CHANNELS: usize = 4;

/// One step from a level to the next smaller one.
#[derive(Debug)]
pub(super) struct Halving {
    horizontal: Taps,
    vertical: Taps,
    /// The last rows that arrived, filtered horizontally; row `y` lies at `y % rows`.
    ring: Vec<f32>,
    rows: usize,
    received: usize,
    emitted: usize,
    out: Vec<f32>,
}

impl Halving {
    pub(super) fn new(filter: MipFilter, source: (usize, usize), target: (usize, usize)) -> Self {
        let horizontal = Taps::new(filter, source.0, target.0);
        let vertical = Taps::new(filter, source.1, target.1);
        let rows = vertical.longest();
        let stride = target.0 * CHANNELS;
        Self {
            horizontal,
            vertical,
            ring: vec![0.0; stride * rows],
            rows,
            received: 0,
            emitted: 0,
            out: vec![0.0; stride],
        }
    }

    /// Takes the next row of the larger level.
    pub(super) fn receive(&mut self, row: &[f32]) {
        let stride = self.out.len();
        let slot = (self.received % self.rows) * stride;
        filter_row(&self.horizontal, row, &mut self.ring[slot..slot + stride]);
        self.received += 1;
    }

    /// Makes the next row of the smaller level if everything it needs has arrived.
    pub(super) fn emit(&mut self) -> Option<usize> {
        let y = self.emitted;
        if y == self.vertical.len() {
            return None;
        }
        let (first, weights) = self.vertical.get(y);
        if first + weights.len() > self.received {
            return None;
        }
        let stride = self.out.len();
        let row = |k: usize| {
            let slot = ((first + k) % self.rows) * stride;
            &self.ring[slot..slot + stride]
        };
        blend_rows(weights, row, &mut self.out);
        self.emitted += 1;
        Some(y)
    }

    /// The row that was made last.
    pub(super) fn row(&self) -> &[f32] {
        &self.out
    }

    /// Begins with another image of the same size.
    pub(super) fn restart(&mut self) {
        self.received = 0;
        self.emitted = 0;
    }

    /// The memory of the buffers.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        (self.ring.capacity() + self.out.capacity()) * 4
            + self.horizontal.bytes()
            + self.vertical.bytes()
    }
}

/// `out[i] = sum over k of weights[k] * row[first(i) + k]`, for pixels of four channels.
fn filter_row(taps: &Taps, row: &[f32], out: &mut [f32]) {
    let pixels = row.as_chunks::<CHANNELS>().0;
    let out = out.as_chunks_mut::<CHANNELS>().0;
    let uniform = taps.uniform();
    let (first, weights) = taps.get(uniform.start);
    let middle = &pixels[first..];
    match *weights {
        [a, b] => filter_uniform([a, b], middle, &mut out[uniform.clone()]),
        [a, b, c, d, e, f, g, h, i, j, k, l] => {
            let weights = [a, b, c, d, e, f, g, h, i, j, k, l];
            filter_uniform(weights, middle, &mut out[uniform.clone()]);
        }
        _ => filter_each(taps, pixels, out, uniform.clone()),
    }
    filter_each(taps, pixels, out, 0..uniform.start);
    filter_each(taps, pixels, out, uniform.end..taps.len());
}

/// Samples that have weights of their own.
fn filter_each(
    taps: &Taps,
    pixels: &[[f32; CHANNELS]],
    out: &mut [[f32; CHANNELS]],
    range: Range<usize>,
) {
    for i in range {
        let (first, weights) = taps.get(i);
        let mut sum = [0.0f32; CHANNELS];
        for (pixel, &weight) in pixels[first..first + weights.len()].iter().zip(weights) {
            for c in 0..CHANNELS {
                sum[c] += weight * pixel[c];
            }
        }
        out[i] = sum;
    }
}

/// Samples that share their weights: the same sums in the same order, unrolled.
fn filter_uniform<const N: usize>(
    weights: [f32; N],
    pixels: &[[f32; CHANNELS]],
    out: &mut [[f32; CHANNELS]],
) {
    for (out, pixels) in out.iter_mut().zip(pixels.windows(N).step_by(2)) {
        let mut sum = [0.0f32; CHANNELS];
        for (pixel, weight) in pixels.iter().zip(weights) {
            for c in 0..CHANNELS {
                sum[c] += weight * pixel[c];
            }
        }
        *out = sum;
    }
}

/// `out = sum over k of weights[k] * row(k)`, four rows at a time.
pub(super) fn blend_rows<'a>(weights: &[f32], row: impl Fn(usize) -> &'a [f32], out: &mut [f32]) {
    let Some((&w0, _)) = weights.split_first() else {
        return;
    };
    let r0 = row(0);
    if let [_, w1] = *weights {
        for ((out, a), b) in out.iter_mut().zip(r0).zip(row(1)) {
            *out = w0 * a + w1 * b;
        }
        return;
    }
    for (out, a) in out.iter_mut().zip(r0) {
        *out = w0 * a;
    }
    let mut k = 1;
    while k < weights.len() {
        if let Some(&[wa, wb, wc, wd]) = weights[k..].first_chunk::<4>() {
            let (ra, rb, rc, rd) = (row(k), row(k + 1), row(k + 2), row(k + 3));
            for ((((out, a), b), c), d) in out.iter_mut().zip(ra).zip(rb).zip(rc).zip(rd) {
                *out = (((*out + wa * a) + wb * b) + wc * c) + wd * d;
            }
            k += 4;
        } else {
            let weight = weights[k];
            for (out, a) in out.iter_mut().zip(row(k)) {
                *out += weight * a;
            }
            k += 1;
        }
    }
}

/// All halvings of one image.
#[derive(Debug)]
pub(super) struct Pyramid {
    halvings: Vec<Halving>,
}

impl Pyramid {
    /// A pyramid that makes `levels` levels, the base included, from an image of `width` x `height`.
    pub(super) fn new(filter: MipFilter, width: u32, height: u32, levels: u32) -> Self {
        let size = |level: u32| {
            (
                (width >> level).max(1) as usize,
                (height >> level).max(1) as usize,
            )
        };
        Self {
            halvings: (1..levels)
                .map(|level| Halving::new(filter, size(level - 1), size(level)))
                .collect(),
        }
    }

    /// The memory that a pyramid of these dimensions takes, in bytes.
    pub(super) fn bytes(width: u32, height: u32, levels: u32) -> u64 {
        (1..levels)
            .map(|level| {
                let target_width = u64::from((width >> level).max(1));
                let target_height = u64::from((height >> level).max(1));
                // A ratio of at most three times six, and one more where both ends are cut.
                let rows = 20u64.min(u64::from((height >> (level - 1)).max(1)));
                let texel = (CHANNELS * size_of::<f32>()) as u64;
                let run = (size_of::<usize>() * 3) as u64;
                // Odd sizes have weights of their own for every sample.
                target_width * texel * (rows + 1)
                    + (target_width + target_height) * (run + 20 * 4) * 2
            })
            .sum()
    }

    /// Begins with another image of the same size.
    pub(super) fn restart(&mut self) {
        self.halvings.iter_mut().for_each(Halving::restart);
    }

    /// Takes the next base row and calls `sink(level, y, row)` for each row that it completes.
    pub(super) fn push(&mut self, row: &[f32], sink: &mut dyn FnMut(usize, usize, &[f32])) {
        cascade(&mut self.halvings, 1, row, sink);
    }
}

fn cascade(
    halvings: &mut [Halving],
    level: usize,
    row: &[f32],
    sink: &mut dyn FnMut(usize, usize, &[f32]),
) {
    let Some((halving, rest)) = halvings.split_first_mut() else {
        return;
    };
    halving.receive(row);
    while let Some(y) = halving.emit() {
        sink(level, y, &halving.out);
        cascade(rest, level + 1, &halving.out, sink);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All levels of a one-channel image, computed through the stream.
    fn levels(
        filter: MipFilter,
        width: u32,
        height: u32,
        value: impl Fn(u32, u32) -> f32,
    ) -> Vec<Vec<f32>> {
        let count = 32 - width.max(height).leading_zeros();
        let mut pyramid = Pyramid::new(filter, width, height, count);
        let mut levels = vec![Vec::new(); count as usize];
        for y in 0..height {
            let row: Vec<f32> = (0..width).flat_map(|x| [value(x, y); CHANNELS]).collect();
            levels[0].extend(row.iter().step_by(CHANNELS));
            pyramid.push(&row, &mut |level, y, row| {
                let width = (width >> level).max(1) as usize;
                assert_eq!(levels[level].len(), y * width, "rows come in order");
                levels[level].extend(row.iter().step_by(CHANNELS));
            });
        }
        levels
    }

    /// The same by the definition, in f64, from the previous level.
    fn reference(filter: MipFilter, source: &[f32], width: u32, height: u32) -> Vec<f64> {
        let (tw, th) = ((width / 2).max(1) as usize, (height / 2).max(1) as usize);
        let horizontal = Taps::new(filter, width as usize, tw);
        let vertical = Taps::new(filter, height as usize, th);
        let mut out = Vec::new();
        for y in 0..th {
            for x in 0..tw {
                let (x0, wx) = horizontal.get(x);
                let (y0, wy) = vertical.get(y);
                let mut sum = 0.0;
                for (j, &b) in wy.iter().enumerate() {
                    for (i, &a) in wx.iter().enumerate() {
                        let v = source[(y0 + j) * width as usize + x0 + i];
                        sum += f64::from(a) * f64::from(b) * f64::from(v);
                    }
                }
                out.push(sum);
            }
        }
        out
    }

    #[test]
    fn streaming_agrees_with_the_definition_for_awkward_sizes() {
        for filter in [MipFilter::Box, MipFilter::Kaiser, MipFilter::Lanczos] {
            for (width, height) in [
                (1, 1),
                (2, 2),
                (5, 3),
                (3, 1024),
                (1024, 3),
                (17, 31),
                (64, 64),
                (7, 1),
            ] {
                let all = levels(filter, width, height, |x, y| {
                    ((x * 7 + y * 13) % 11) as f32 / 11.0
                });
                for level in 1..all.len() {
                    let (w, h) = (
                        (width >> (level - 1)).max(1),
                        (height >> (level - 1)).max(1),
                    );
                    let expected = reference(filter, &all[level - 1], w, h);
                    assert_eq!(all[level].len(), expected.len());
                    for (a, b) in all[level].iter().zip(&expected) {
                        assert!(
                            (f64::from(*a) - b).abs() < 1e-5,
                            "{filter:?} {width}x{height}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_constant_stays_constant() {
        for filter in [MipFilter::Box, MipFilter::Kaiser, MipFilter::Lanczos] {
            for level in levels(filter, 37, 53, |_, _| 0.75) {
                assert!(level.iter().all(|v| (v - 0.75).abs() < 1e-5));
            }
        }
    }

    #[test]
    fn box_levels_are_plain_means() {
        let all = levels(MipFilter::Box, 4, 4, |x, y| (y * 4 + x) as f32);
        assert_eq!(all[1], [2.5, 4.5, 10.5, 12.5]);
        assert_eq!(all[2], [7.5]);
    }

    #[test]
    fn the_estimate_covers_the_buffers() {
        for (width, height) in [(4096, 4096), (4095, 4097), (3, 1024), (1, 1), (16384, 2)] {
            for filter in [MipFilter::Box, MipFilter::Kaiser] {
                let count = 32 - u32::max(width, height).leading_zeros();
                let pyramid = Pyramid::new(filter, width, height, count);
                let real: usize = pyramid.halvings.iter().map(Halving::bytes).sum();
                assert!(real as u64 <= Pyramid::bytes(width, height, count));
            }
        }
    }
}

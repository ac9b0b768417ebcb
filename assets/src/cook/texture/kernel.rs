//! Reduction filters: which source samples make up each sample of the next smaller level.
//!
//! Along one axis a level of `n` samples becomes one of `max(1, n / 2)`. For even `n` the ratio is
//! exactly two and every sample uses the same weights; for odd `n` it lies between two and three and
//! each sample has weights of its own, so that nothing is shifted and nothing is dropped. Samples
//! beyond the edge repeat the edge.

use super::maths::{bessel_i0, sinc};
use crate::settings::texture::MipFilter;
use std::{borrow::Cow, ops::Range, sync::LazyLock};

/// Half the width of the Kaiser and Lanczos kernels, in samples of the smaller level.
const RADIUS: f64 = 3.0;
/// Shape of the Kaiser window: the trade between sharpness and ringing.
const KAISER_ALPHA: f64 = 4.0;
/// Samples on either side whose kernel may reach an edge where a level is halved.
const AT_EDGE: usize = RADIUS as usize;
/// The fewest samples of a halved level that have one between them whose kernel reaches neither edge.
const FREE: usize = 2 * AT_EDGE + 1;

/// `sinc` under a Kaiser window of half-width 3 and alpha 4.
fn kaiser(x: f64) -> f64 {
    let t = x / RADIUS;
    if t.abs() >= 1.0 {
        return 0.0;
    }
    sinc(x) * bessel_i0(KAISER_ALPHA * (1.0 - t * t).sqrt()) / bessel_i0(KAISER_ALPHA)
}

/// `sinc` under the main lobe of a sinc three times as wide.
fn lanczos3(x: f64) -> f64 {
    if x.abs() >= RADIUS {
        return 0.0;
    }
    sinc(x) * sinc(x / RADIUS)
}

/// The weights along one axis, for every sample of the smaller level.
#[derive(Debug)]
pub(super) struct Taps {
    runs: Vec<Run>,
    weights: Cow<'static, [f32]>,
    longest: usize,
    uniform: Range<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    first: usize,
    start: usize,
    len: usize,
}

impl Taps {
    /// The weights that reduce `source` samples to `target`, where `1 <= target <= source`.
    pub(super) fn new(filter: MipFilter, source: usize, target: usize) -> Self {
        if source == 2 * target {
            return Self::halves(filter, target);
        }
        let ratio = source as f64 / target as f64;
        Self::each(target, |i, folded| {
            if source == target {
                folded.clear();
                folded.push(1.0);
                i
            } else {
                Kernel::of(filter, ratio, i).fold(source, folded)
            }
        })
    }

    /// The weights of halves: the kernel lies in the same way over all samples, so all that do not reach an
    /// edge have the same weights, and those at an edge the same as in any other level.
    fn halves(filter: MipFilter, target: usize) -> Self {
        let small = target.min(FREE);
        let shared: &'static Self = &few_halves(filter)[small - 1];
        let run = |i: usize| {
            let like = i.min(AT_EDGE).max((i + small).saturating_sub(target));
            let run = shared.runs[like];
            Run {
                first: run.first + 2 * (i - like),
                ..run
            }
        };
        let mut taps = Self {
            runs: (0..target).map(run).collect(),
            weights: Cow::Borrowed(&shared.weights),
            longest: shared.longest,
            uniform: 0..0,
        };
        taps.uniform = taps.find_uniform();
        taps
    }

    /// The weights of samples of which each has its own: `fold` gives the first source sample that sample `i`
    /// uses, and its weights from there on.
    fn each(target: usize, mut fold: impl FnMut(usize, &mut Vec<f64>) -> usize) -> Self {
        let mut taps = Self {
            runs: Vec::with_capacity(target),
            weights: Cow::Owned(Vec::new()),
            longest: 1,
            uniform: 0..0,
        };
        let mut folded = Vec::new();
        for i in 0..target {
            let first = fold(i, &mut folded);
            taps.add(first, &folded);
        }
        taps.uniform = taps.find_uniform();
        taps
    }

    /// The samples around the middle that share their weights and advance by two.
    fn find_uniform(&self) -> Range<usize> {
        let middle = self.runs.len() / 2;
        let follows = |pair: &[Run]| {
            pair[0].start == pair[1].start
                && pair[0].len == pair[1].len
                && pair[0].first + 2 == pair[1].first
        };
        let before = self.runs[..=middle]
            .windows(2)
            .rev()
            .take_while(|pair| follows(pair));
        let after = self.runs[middle..]
            .windows(2)
            .take_while(|pair| follows(pair));
        middle - before.count()..middle + after.count() + 1
    }

    /// Samples that all use the same weights, each two source samples further than the one before.
    pub(super) fn uniform(&self) -> Range<usize> {
        self.uniform.clone()
    }

    /// Appends the run of the next sample, sharing the weights of the previous one if they are equal.
    fn add(&mut self, first: usize, folded: &[f64]) {
        let sum: f64 = folded.iter().sum();
        let rounded = folded.iter().map(|weight| (weight / sum) as f32);
        let len = folded.len();
        self.longest = self.longest.max(len);
        if let Some(last) = self.runs.last()
            && last.len == len
            && self.weights[last.start..]
                .iter()
                .copied()
                .eq(rounded.clone())
        {
            let start = last.start;
            self.runs.push(Run { first, start, len });
            return;
        }
        let start = self.weights.len();
        self.weights.to_mut().extend(rounded);
        self.runs.push(Run { first, start, len });
    }

    /// The number of samples of the smaller level.
    pub(super) fn len(&self) -> usize {
        self.runs.len()
    }

    /// The most source samples that any sample uses.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// The memory behind the weights.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.runs.capacity() * size_of::<Run>() + self.weights.len() * size_of::<f32>()
    }

    /// The first source sample that sample `i` uses, and the weights from there on.
    #[inline]
    pub(super) fn get(&self, i: usize) -> (usize, &[f32]) {
        let run = self.runs[i];
        (run.first, &self.weights[run.start..run.start + run.len])
    }
}

/// The halves of one sample to [`FREE`], from which those of more are put together.
fn few_halves(filter: MipFilter) -> &'static [Taps; FREE] {
    static BOX: LazyLock<[Taps; FREE]> = LazyLock::new(|| make(MipFilter::Box));
    static KAISER: LazyLock<[Taps; FREE]> = LazyLock::new(|| make(MipFilter::Kaiser));
    static LANCZOS: LazyLock<[Taps; FREE]> = LazyLock::new(|| make(MipFilter::Lanczos));
    fn make(filter: MipFilter) -> [Taps; FREE] {
        let kernel = Kernel::of(filter, 2.0, 0);
        std::array::from_fn(|fewer| {
            let target = fewer + 1;
            Taps::each(target, |i, folded| {
                kernel.shifted(2 * i as i64).fold(2 * target, folded)
            })
        })
    }
    match filter {
        MipFilter::Box => &BOX,
        MipFilter::Kaiser => &KAISER,
        MipFilter::Lanczos => &LANCZOS,
    }
}

/// The weights of a sample before those beyond the edges are added to the edge samples.
struct Kernel {
    /// The source sample of the first weight; it may lie outside.
    lowest: i64,
    weights: Vec<f64>,
}

impl Kernel {
    /// Of sample `i`.
    fn of(filter: MipFilter, ratio: f64, i: usize) -> Self {
        let (from, to) = (i as f64 * ratio, (i + 1) as f64 * ratio);
        let centre = (i as f64 + 0.5) * ratio;
        let reach = match filter {
            MipFilter::Box => ratio * 0.5,
            MipFilter::Kaiser | MipFilter::Lanczos => RADIUS * ratio,
        };
        let lowest = (centre - reach).floor() as i64;
        let highest = (centre + reach).ceil() as i64 - 1;
        let weight = |j: i64| {
            let distance = (j as f64 + 0.5 - centre) / ratio;
            match filter {
                // The share of source sample j that the target sample covers.
                MipFilter::Box => (to.min((j + 1) as f64) - from.max(j as f64)).max(0.0),
                MipFilter::Kaiser => kaiser(distance),
                MipFilter::Lanczos => lanczos3(distance),
            }
        };
        Self {
            lowest,
            weights: (lowest..=highest).map(weight).collect(),
        }
    }

    /// The same weights, some source samples further.
    fn shifted(&self, by: i64) -> Shifted<'_> {
        Shifted { kernel: self, by }
    }

    fn fold(&self, source: usize, folded: &mut Vec<f64>) -> usize {
        self.shifted(0).fold(source, folded)
    }
}

/// A kernel that lies over another sample.
struct Shifted<'a> {
    kernel: &'a Kernel,
    by: i64,
}

impl Shifted<'_> {
    /// The weights inside, those beyond the edges added to the edge samples. Returns the source sample of the
    /// first weight.
    fn fold(&self, source: usize, folded: &mut Vec<f64>) -> usize {
        let last_sample = source as i64 - 1;
        let clamp = |j: i64| j.clamp(0, last_sample);
        let lowest = self.kernel.lowest + self.by;
        let highest = lowest + self.kernel.weights.len() as i64 - 1;
        let mut first = clamp(lowest);
        folded.clear();
        folded.resize((clamp(highest) - first + 1) as usize, 0.0);
        for (j, weight) in (lowest..).zip(&self.kernel.weights) {
            folded[(clamp(j) - first) as usize] += weight;
        }
        // Weights that rounding left beside the kernel only cost time.
        let negligible = |weight: &f64| weight.abs() < 1e-9;
        while folded.len() > 1 && folded.last().is_some_and(negligible) {
            folded.pop();
        }
        let leading = folded
            .iter()
            .take_while(|weight| negligible(weight))
            .count();
        folded.drain(..leading.min(folded.len() - 1));
        first += leading as i64;
        first as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dense(filter: MipFilter, source: usize, target: usize, i: usize) -> Vec<f32> {
        let taps = Taps::new(filter, source, target);
        let (first, weights) = taps.get(i);
        let mut all = vec![0.0; source];
        all[first..first + weights.len()].copy_from_slice(weights);
        all
    }

    #[test]
    fn box_of_an_even_size_is_the_mean_of_two() {
        assert_eq!(dense(MipFilter::Box, 4, 2, 0), [0.5, 0.5, 0.0, 0.0]);
        assert_eq!(dense(MipFilter::Box, 4, 2, 1), [0.0, 0.0, 0.5, 0.5]);
        assert_eq!(dense(MipFilter::Box, 2, 1, 0), [0.5, 0.5]);
    }

    #[test]
    fn box_of_an_odd_size_shares_the_middle() {
        assert_eq!(dense(MipFilter::Box, 5, 2, 0), [0.4, 0.4, 0.2, 0.0, 0.0]);
        assert_eq!(dense(MipFilter::Box, 5, 2, 1), [0.0, 0.0, 0.2, 0.4, 0.4]);
        let third = 1.0 / 3.0;
        assert_eq!(dense(MipFilter::Box, 3, 1, 0), [third, third, third]);
    }

    #[test]
    fn kernels_have_their_published_shape() {
        assert_eq!(kaiser(0.0), 1.0);
        assert_eq!(lanczos3(0.0), 1.0);
        for x in [1.0, 2.0, 3.0, 4.0] {
            assert!(kaiser(x).abs() < 1e-15 && lanczos3(x).abs() < 1e-15);
            assert_eq!(kaiser(x), kaiser(-x));
        }
        assert!(lanczos3(1.5) < 0.0 && kaiser(1.5) < 0.0);
        // sinc(1.5) * I0(4 * sqrt(3) / 2) / I0(4), by an independent table of I0(3.4641016) = 7.1593...
        assert!((kaiser(1.5) - -0.212_206_590_789_193_8 * 7.159_324_5 / 11.301_922).abs() < 1e-4);
        // sinc(0.5) * sinc(1/6)
        assert!((lanczos3(0.5) - std::f64::consts::FRAC_2_PI * 0.954_929_658).abs() < 1e-8);
    }

    #[test]
    fn wide_kernels_use_twelve_symmetric_weights_on_even_sizes() {
        for filter in [MipFilter::Kaiser, MipFilter::Lanczos] {
            let taps = Taps::new(filter, 64, 32);
            let (first, weights) = taps.get(16);
            assert_eq!((first, weights.len()), (27, 12));
            for k in 0..6 {
                assert_eq!(weights[k].to_bits(), weights[11 - k].to_bits());
            }
            assert_eq!(taps.longest(), 12);
            // Interior samples share one set of weights.
            assert!(taps.weights.len() < 12 * 8);
            assert_eq!(taps.uniform(), 3..29);
        }
    }

    #[test]
    fn shared_weights_are_those_that_each_sample_would_have_of_its_own() {
        for filter in [MipFilter::Box, MipFilter::Kaiser, MipFilter::Lanczos] {
            for target in 1..70 {
                let taps = Taps::new(filter, 2 * target, target);
                for i in 0..target {
                    let mut folded = Vec::new();
                    let own = Kernel::of(filter, 2.0, i);
                    let first = own.fold(2 * target, &mut folded);
                    let sum: f64 = folded.iter().sum();
                    let own: Vec<f32> = folded.iter().map(|w| (w / sum) as f32).collect();
                    assert_eq!(
                        taps.get(i),
                        (first, own.as_slice()),
                        "{filter} {target} {i}"
                    );
                }
            }
        }
    }

    #[test]
    fn weights_sum_to_one_and_stay_inside_for_every_size() {
        for filter in [MipFilter::Box, MipFilter::Kaiser, MipFilter::Lanczos] {
            for source in 1..70usize {
                let target = (source / 2).max(1);
                let taps = Taps::new(filter, source, target);
                assert_eq!(taps.len(), target);
                assert!(taps.uniform().contains(&(target / 2)) && taps.uniform().end <= target);
                let mut last = 0;
                for i in 0..target {
                    let (first, weights) = taps.get(i);
                    assert!(!weights.is_empty() && first + weights.len() <= source);
                    assert!(first >= last, "rows must be needed in order");
                    last = first;
                    let sum: f32 = weights.iter().sum();
                    assert!((sum - 1.0).abs() < 1e-6, "{filter:?} {source} {i}: {sum}");
                }
            }
        }
    }

    #[test]
    fn a_linear_ramp_keeps_its_slope_in_the_interior() {
        // A symmetric, normalised kernel reproduces straight lines: sample i sits at 2i + 1/2.
        for filter in [MipFilter::Box, MipFilter::Kaiser, MipFilter::Lanczos] {
            let taps = Taps::new(filter, 64, 32);
            for i in 6..26 {
                let (first, weights) = taps.get(i);
                let value: f64 = weights
                    .iter()
                    .enumerate()
                    .map(|(k, &w)| f64::from(w) * (first + k) as f64)
                    .sum();
                assert!((value - (2.0 * i as f64 + 0.5)).abs() < 1e-4);
            }
        }
    }
}

//! Alpha coverage: cut-outs that keep their size in the distance.
//!
//! Averaging makes leaves and fences thinner with every level, because less and less alpha stays above
//! the cut-off. Here the alpha of a level is scaled so that the same share of texels is solid as in
//! the first level.

use super::transfer::unit;
use super::write::{Stored, quantize8, quantize16};
use crate::cook::pace::{Cancelled, Pace};
use half::f16;

/// Steps that alpha is counted in.
const STEPS: usize = 1024;
/// Texels between two looks at the clock.
const STRETCH: usize = 8192;

/// Reads and writes alpha of stored texels.
#[derive(Clone, Copy, Debug)]
pub(super) struct AlphaChannel {
    stored: Stored,
    offset: usize,
}

impl AlphaChannel {
    /// `None` when the stored texels have no alpha.
    pub(super) fn of(stored: Stored) -> Option<Self> {
        let offset = stored.alpha_offset()?;
        Some(Self { stored, offset })
    }

    fn get(self, texel: &[u8]) -> f32 {
        let bytes = &texel[self.offset..];
        match (self.stored, bytes) {
            (Stored::Rgba16, &[a, b, ..]) => f32::from(u16::from_le_bytes([a, b])) / 65535.0,
            (Stored::Rgba16F, &[a, b, ..]) => f16::from_le_bytes([a, b]).to_f32(),
            (Stored::Rgba32F, &[a, b, c, d, ..]) => f32::from_le_bytes([a, b, c, d]),
            (_, &[a, ..]) => f32::from(a) / 255.0,
            (_, []) => 1.0,
        }
    }

    fn set(self, texel: &mut [u8], alpha: f32) {
        let target = &mut texel[self.offset..];
        match self.stored {
            Stored::Rgba16 => target.copy_from_slice(&quantize16(alpha).to_le_bytes()),
            Stored::Rgba16F => target.copy_from_slice(&f16::from_f32(alpha).to_le_bytes()),
            Stored::Rgba32F => target.copy_from_slice(&alpha.to_le_bytes()),
            _ => target.fill(quantize8(alpha)),
        }
    }

    /// How many texels have at least each step of alpha.
    async fn count(self, texels: &[u8], pace: &mut Pace) -> Result<Vec<u64>, Cancelled> {
        let mut counts = vec![0u64; STEPS + 1];
        let texel_bytes = self.stored.texel_bytes();
        for part in texels.chunks(texel_bytes * STRETCH) {
            pace.checkpoint().await?;
            for texel in part.chunks_exact(texel_bytes) {
                let alpha = unit(self.get(texel));
                counts[(alpha * STEPS as f32) as usize] += 1;
            }
        }
        for step in (0..STEPS).rev() {
            counts[step] += counts[step + 1];
        }
        Ok(counts)
    }

    /// The share of texels whose alpha is at least `cutoff`.
    pub(super) async fn coverage(
        self,
        texels: &[u8],
        cutoff: f32,
        pace: &mut Pace,
    ) -> Result<f64, Cancelled> {
        let counts = self.count(texels, pace).await?;
        let step = ((cutoff * STEPS as f32).ceil() as usize).min(STEPS);
        Ok(counts[step] as f64 / counts[0].max(1) as f64)
    }

    /// Scales the alpha of a level so that its coverage comes as near to `target` as it can.
    pub(super) async fn keep_coverage(
        self,
        texels: &mut [u8],
        cutoff: f32,
        target: f64,
        pace: &mut Pace,
    ) -> Result<(), Cancelled> {
        let counts = self.count(texels, pace).await?;
        let total = counts[0].max(1) as f64;
        let error = |step: usize| (counts[step] as f64 / total - target).abs();
        let natural = ((cutoff * STEPS as f32).ceil() as usize).clamp(1, STEPS);
        // The threshold that would give the wanted share; of equal ones the nearest to the cut-off.
        let best = (1..=STEPS).min_by(|&a, &b| {
            let distance = |step: usize| step.abs_diff(natural);
            error(a)
                .total_cmp(&error(b))
                .then(distance(a).cmp(&distance(b)))
        });
        let threshold = best.unwrap_or(natural);
        if threshold == natural {
            return Ok(());
        }
        let scale = cutoff * STEPS as f32 / threshold as f32;
        let texel_bytes = self.stored.texel_bytes();
        for part in texels.chunks_mut(texel_bytes * STRETCH) {
            pace.checkpoint().await?;
            for texel in part.chunks_exact_mut(texel_bytes) {
                let alpha = self.get(texel) * scale;
                // What reaches the threshold must reach the cut-off after rounding, too.
                self.set(texel, alpha.min(1.0));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cook::{pace::CancelFlag, texture::block_on};

    fn channel() -> AlphaChannel {
        AlphaChannel::of(Stored::Rgba8).unwrap()
    }

    fn texels(alphas: &[u8]) -> Vec<u8> {
        alphas.iter().flat_map(|&a| [1, 2, 3, a]).collect()
    }

    #[test]
    fn coverage_is_the_share_at_or_above_the_cutoff() {
        let mut pace = Pace::uninterrupted(CancelFlag::new());
        let mut cover =
            |alphas: &[u8]| block_on(channel().coverage(&texels(alphas), 0.5, &mut pace)).unwrap();
        assert_eq!(cover(&[255, 0, 255, 0]), 0.5);
        assert_eq!(cover(&[128, 127, 0, 0]), 0.25);
        assert_eq!(cover(&[0, 0]), 0.0);
    }

    #[test]
    fn a_thinned_level_gets_its_coverage_back() {
        let mut pace = Pace::uninterrupted(CancelFlag::new());
        // Half of these should be solid, but averaging left only one of eight above 128.
        let mut level = texels(&[140, 120, 100, 90, 60, 50, 20, 0]);
        block_on(channel().keep_coverage(&mut level, 0.5, 0.5, &mut pace)).unwrap();
        let solid = level
            .as_chunks::<4>()
            .0
            .iter()
            .filter(|t| t[3] >= 128)
            .count();
        assert_eq!(solid, 4);
        assert!(level.as_chunks::<4>().0.iter().all(|t| t[..3] == [1, 2, 3]));
    }

    #[test]
    fn a_level_that_is_right_is_left_alone() {
        let mut pace = Pace::uninterrupted(CancelFlag::new());
        let original = texels(&[200, 190, 10, 0]);
        let mut level = original.clone();
        block_on(channel().keep_coverage(&mut level, 0.5, 0.5, &mut pace)).unwrap();
        assert_eq!(level, original);
    }
}

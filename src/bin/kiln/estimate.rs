//! How long the rest of a run takes.
//!
//! What is left is measured in bytes of sources, and what a byte costs is learnt from the jobs that
//! have ended, for images and scenes apart. Cost is work on all cores, so that what is left is divided by
//! how much work gets done in a second. Nothing is shown before there is something to go by.

use bevy_kiln::assets::manifest::JobKind;
use std::time::Duration;

/// No estimate before this much time and this share of the work.
const SOONEST: Duration = Duration::from_secs(2);
const LEAST_SHARE: f64 = 0.02;

/// What is known of the jobs of a run.
#[derive(Clone, Debug, Default)]
pub struct Estimate {
    kinds: [Kind; 3],
}

#[derive(Clone, Copy, Debug, Default)]
struct Kind {
    /// Bytes of all sources.
    total: f64,
    /// Bytes of the sources of jobs that have ended.
    ended: f64,
    /// What those that succeeded cost, in seconds of work.
    cost: f64,
    /// Bytes of the sources of those.
    priced: f64,
}

impl Estimate {
    fn kind(&mut self, kind: JobKind) -> &mut Kind {
        &mut self.kinds[place(kind)]
    }

    /// A job with so many bytes of source is to be done.
    pub fn add(&mut self, kind: JobKind, bytes: u64) {
        self.kind(kind).total += weight(bytes);
    }

    /// A job has ended; `cost` is the work that it took, unless it did not come to its end.
    pub fn ended(&mut self, kind: JobKind, bytes: u64, cost: Option<Duration>) {
        let kind = self.kind(kind);
        kind.ended += weight(bytes);
        if let Some(cost) = cost {
            kind.cost += cost.as_secs_f64();
            kind.priced += weight(bytes);
        }
    }

    /// What is left after `elapsed`, with jobs that are half way: their kinds, their bytes and how far
    /// they are.
    pub fn left(
        &self,
        elapsed: Duration,
        running: impl Iterator<Item = (JobKind, u64, f32)>,
    ) -> Option<Duration> {
        let (priced, cost) = self.kinds.iter().fold((0.0, 0.0), |(priced, cost), kind| {
            (priced + kind.priced, cost + kind.cost)
        });
        let total: f64 = self.kinds.iter().map(|kind| kind.total).sum();
        if elapsed < SOONEST || priced < total * LEAST_SHARE || cost <= 0.0 {
            return None;
        }
        let any_price = cost / priced;
        let price = |kind: &Kind| {
            if kind.priced > 0.0 {
                kind.cost / kind.priced
            } else {
                any_price
            }
        };
        let mut left: f64 = self
            .kinds
            .iter()
            .map(|kind| (kind.total - kind.ended).max(0.0) * price(kind))
            .sum();
        let mut done = cost;
        for (kind, bytes, overall) in running {
            let half = weight(bytes) * f64::from(overall) * price(&self.kinds[place(kind)]);
            left -= half;
            done += half;
        }
        let speed = done / elapsed.as_secs_f64();
        Duration::try_from_secs_f64((left / speed).max(0.0)).ok()
    }
}

const fn place(kind: JobKind) -> usize {
    match kind {
        JobKind::Texture => 0,
        JobKind::Fbx => 1,
        JobKind::Gltf => 2,
    }
}

/// Opening, planning and committing cost something, however small a source is.
fn weight(bytes: u64) -> f64 {
    bytes.max(4096) as f64
}

/// A duration as people say it.
pub fn words(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..600 => format!("{} min {} s", seconds / 60, seconds % 60),
        600..3600 => format!("{} min", (seconds + 30) / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEGA: u64 = 1 << 20;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_is_left_follows_bytes_and_cores() {
        let mut estimate = Estimate::default();
        for _ in 0..10 {
            estimate.add(JobKind::Texture, MEGA);
        }
        assert_eq!(
            estimate.left(seconds(10), std::iter::empty()),
            None,
            "nothing to go by"
        );
        for _ in 0..5 {
            // Two cores: 4 s of work in 2 s.
            estimate.ended(JobKind::Texture, MEGA, Some(seconds(4)));
        }
        let left = estimate.left(seconds(10), std::iter::empty()).unwrap();
        assert_eq!(left, seconds(10));
        let half_way = [(JobKind::Texture, MEGA, 0.5), (JobKind::Texture, MEGA, 0.5)];
        let left = estimate.left(seconds(12), half_way.into_iter()).unwrap();
        assert_eq!(left, seconds(8));
        assert_eq!(
            estimate.left(seconds(1), std::iter::empty()),
            None,
            "too soon"
        );
    }

    #[test]
    fn kinds_have_prices_of_their_own() {
        let mut estimate = Estimate::default();
        estimate.add(JobKind::Texture, MEGA);
        estimate.add(JobKind::Texture, MEGA);
        estimate.add(JobKind::Gltf, MEGA);
        estimate.add(JobKind::Gltf, MEGA);
        estimate.ended(JobKind::Texture, MEGA, Some(seconds(1)));
        estimate.ended(JobKind::Gltf, MEGA, Some(seconds(9)));
        let left = estimate.left(seconds(10), std::iter::empty()).unwrap();
        assert_eq!(left, seconds(10), "one cheap and one dear one");
        // What has failed is done, and says nothing of prices.
        estimate.ended(JobKind::Gltf, MEGA, None);
        let left = estimate.left(seconds(10), std::iter::empty()).unwrap();
        assert_eq!(left, seconds(1));
    }

    #[test]
    fn durations_are_said_as_exactly_as_they_are_known() {
        assert_eq!(words(Duration::from_millis(900)), "1 s");
        assert_eq!(words(seconds(61)), "1 min 1 s");
        assert_eq!(words(seconds(25 * 60 + 40)), "26 min");
        assert_eq!(words(seconds(3 * 3600 + 125)), "3 h 2 min");
    }
}

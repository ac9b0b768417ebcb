//! What a cook takes of the machine: processor time, and which lanes when.

use bevy_kiln_components::report::LaneSpan;
use cpu_time::ThreadTime;
use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

/// Two parts that a lane helped with are one span, if they are no further apart than this.
const GAP: u64 = 1_000;

/// What was measured of one cook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Processor time of all lanes together, in microseconds.
    pub(crate) cpu: u64,
    /// Which lanes worked on it: its own first, then those that helped.
    pub(crate) spans: Vec<LaneSpan>,
}

/// Measures one cook, wherever its parts run. Clones measure the same one.
#[derive(Clone)]
pub(crate) struct Meter {
    begun: Instant,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    cpu: Duration,
    spans: Vec<LaneSpan>,
}

impl Default for Meter {
    fn default() -> Self {
        Self::new(Instant::now())
    }
}

impl Meter {
    /// A meter whose moments are counted from the start of the service.
    pub fn new(begun: Instant) -> Self {
        Self {
            begun,
            inner: Arc::default(),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn micros(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.begun);
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }

    /// The cook ends on its own lane now.
    pub fn own(&self, lane: u16, started: Instant) {
        let span = LaneSpan {
            lane,
            start: self.micros(started),
            end: self.micros(Instant::now()),
        };
        self.inner().spans.insert(0, span);
    }

    /// Does a part of the cook on a lane that helps.
    pub fn help<R>(&self, lane: u16, work: impl FnOnce() -> R) -> R {
        let started = self.micros(Instant::now());
        let (result, cpu) = timed(work);
        let end = self.micros(Instant::now());
        let mut inner = self.inner();
        inner.cpu += cpu;
        let last = inner.spans.iter_mut().rev().find(|span| span.lane == lane);
        match last {
            Some(span) if started.saturating_sub(span.end) <= GAP => span.end = end,
            _ => inner.spans.push(LaneSpan {
                lane,
                start: started,
                end,
            }),
        }
        result
    }

    /// Does a part of the cook on a thread that is no lane.
    pub fn elsewhere<R>(&self, work: impl FnOnce() -> R) -> R {
        let (result, cpu) = timed(work);
        self.inner().cpu += cpu;
        result
    }

    /// What was measured.
    pub fn take(&self) -> Measured {
        let mut inner = self.inner();
        Measured {
            cpu: u64::try_from(std::mem::take(&mut inner.cpu).as_micros()).unwrap_or(u64::MAX),
            spans: std::mem::take(&mut inner.spans),
        }
    }
}

/// Runs something, and tells how much processor time this thread has spent on it: none, where the
/// system does not tell.
fn timed<R>(work: impl FnOnce() -> R) -> (R, Duration) {
    let before = ThreadTime::try_now().ok();
    let result = work();
    let spent = before.and_then(|before| before.try_elapsed().ok());
    (result, spent.unwrap_or_default())
}

/// A future whose polls are measured: it may be moved from thread to thread between them.
pub(super) struct Metered<F> {
    future: Pin<Box<F>>,
    meter: Meter,
}

impl<F: Future> Metered<F> {
    pub fn new(future: F, meter: Meter) -> Self {
        Self {
            future: Box::pin(future),
            meter,
        }
    }
}

impl<F: Future> Future for Metered<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let meter = self.meter.clone();
        meter.elsewhere(|| self.future.as_mut().poll(cx))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy_tasks::block_on;

    /// Something that takes processor time, but no certain one.
    fn work() -> u64 {
        (0..200_000_u64).fold(1, |sum, i| sum.wrapping_mul(31).wrapping_add(i ^ sum))
    }

    #[test]
    fn the_own_lane_comes_first_and_helpers_are_joined() {
        let meter = Meter::new(Instant::now());
        let started = Instant::now();
        for _ in 0..5 {
            meter.help(3, || ());
        }
        std::thread::sleep(Duration::from_millis(5));
        meter.help(3, || ());
        meter.own(1, started);
        let spans = meter.take().spans;
        assert_eq!(spans[0].lane, 1);
        assert!(spans.len() >= 3, "a pause divides: {spans:?}");
        for helped in &spans[1..] {
            assert_eq!(helped.lane, 3);
            assert!(spans[0].start <= helped.start && helped.end <= spans[0].end);
        }
        assert_eq!(meter.take(), Measured::default());
    }

    #[cfg(unix)]
    #[test]
    fn processor_time_of_all_threads_is_counted_and_waiting_is_not() {
        let meter = Meter::new(Instant::now());
        let inner = meter.clone();
        let future = Metered::new(
            async move {
                let mut last = 0;
                for _ in 0..20 {
                    last ^= work();
                    futures_lite::future::yield_now().await;
                }
                last
            },
            meter.clone(),
        );
        let begun = Instant::now();
        std::hint::black_box(block_on(future));
        let own = meter.take().cpu;
        assert!(own > 0 && u128::from(own) <= begun.elapsed().as_micros());
        std::thread::spawn(move || inner.elsewhere(|| std::hint::black_box(work())))
            .join()
            .unwrap();
        assert!(meter.take().cpu > 0);
        meter.elsewhere(|| std::thread::sleep(Duration::from_millis(50)));
        assert!(meter.take().cpu < 25_000, "sleeping takes no processor");
    }
}

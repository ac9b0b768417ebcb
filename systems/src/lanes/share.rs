//! Splitting one cook into parts that several lanes compute.

use super::Meter;
use bevy_kiln_assets::cook::pace::{CancelFlag, Cancelled, Pace};
use bevy_tasks::BoxedFuture;
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// Parts that any lane may compute.
pub(super) trait HelpWanted: Send + Sync {
    /// Whether a part is left that nobody has taken.
    fn has_parts(&self) -> bool;
    /// Computes parts until none is left.
    fn help(self: Arc<Self>, lane: u16, slice: Option<Duration>) -> BoxedFuture<'static, ()>;
}

/// A function over part numbers, and the results that are there.
pub(super) struct Share<F, R> {
    part: F,
    parts: usize,
    taken: AtomicUsize,
    cancel: CancelFlag,
    meter: Meter,
    results: Mutex<Results<R>>,
    /// Closed when the last part is finished, so that the owner can wait for helpers.
    finished: (async_channel::Sender<()>, async_channel::Receiver<()>),
}

struct Results<R> {
    values: Vec<Option<R>>,
    missing: usize,
    panic: Option<Box<dyn Any + Send>>,
}

impl<F, R> Share<F, R>
where
    F: Fn(usize) -> R + Send + Sync + 'static,
    R: Send + 'static,
{
    pub(super) fn new(parts: usize, cancel: CancelFlag, meter: Meter, part: F) -> Arc<Self> {
        let mut values = Vec::new();
        values.resize_with(parts, || None);
        let share = Self {
            part,
            parts,
            taken: AtomicUsize::new(0),
            cancel,
            meter,
            results: Mutex::new(Results {
                values,
                missing: parts,
                panic: None,
            }),
            finished: async_channel::bounded(1),
        };
        if parts == 0 {
            share.finished.0.close();
        }
        Arc::new(share)
    }

    fn results(&self) -> MutexGuard<'_, Results<R>> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Computes one part; false when none is left or the work was cancelled. What a lane does to help is
    /// measured here; what the owner does, with the cook as a whole.
    fn step(&self, helper: Option<u16>) -> bool {
        if self.cancel.is_cancelled() {
            return false;
        }
        let index = self.taken.fetch_add(1, Ordering::AcqRel);
        if index >= self.parts {
            return false;
        }
        // A helper's panic must reach the owner of the cook, not the lane that helped.
        let compute = || catch_unwind(AssertUnwindSafe(|| (self.part)(index)));
        // Before the results: the owner goes on as soon as the last one is there.
        let outcome = match helper {
            Some(lane) => self.meter.help(lane, compute),
            None => compute(),
        };
        let mut results = self.results();
        match outcome {
            Ok(value) => {
                if let Some(slot) = results.values.get_mut(index) {
                    *slot = Some(value);
                }
            }
            Err(panic) => results.panic = Some(panic),
        }
        results.missing -= 1;
        if results.missing == 0 {
            self.finished.0.close();
        }
        true
    }

    /// Computes parts until none is left, waits for those that helpers took, and returns the
    /// results in part order.
    pub(super) async fn complete(&self, pace: &mut Pace) -> Result<Vec<R>, Cancelled> {
        while self.step(None) {
            pace.checkpoint().await?;
        }
        pace.cancel_flag().check()?;
        // An error means closed: every part is finished.
        let _ = self.finished.1.recv().await;
        let mut results = self.results();
        if let Some(panic) = results.panic.take() {
            drop(results);
            resume_unwind(panic);
        }
        let values = std::mem::take(&mut results.values);
        Ok(values.into_iter().flatten().collect())
    }
}

impl<F, R> HelpWanted for Share<F, R>
where
    F: Fn(usize) -> R + Send + Sync + 'static,
    R: Send + 'static,
{
    fn has_parts(&self) -> bool {
        !self.cancel.is_cancelled() && self.taken.load(Ordering::Acquire) < self.parts
    }

    fn help(self: Arc<Self>, lane: u16, slice: Option<Duration>) -> BoxedFuture<'static, ()> {
        Box::pin(async move {
            let mut pace = match slice {
                Some(slice) => Pace::sliced(self.cancel.clone(), slice),
                None => Pace::uninterrupted(self.cancel.clone()),
            };
            while self.step(Some(lane)) {
                if pace.checkpoint().await.is_err() {
                    return;
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy_tasks::block_on;

    #[test]
    fn results_keep_part_order_whoever_computes_them() {
        let meter = Meter::new(std::time::Instant::now());
        let share = Share::new(64, CancelFlag::new(), meter.clone(), |i| i * i);
        let helpers: Vec<_> = (0..3)
            .map(|lane| {
                let share = share.clone();
                std::thread::spawn(move || block_on(share.help(lane, None)))
            })
            .collect();
        let mut pace = Pace::uninterrupted(CancelFlag::new());
        let results = block_on(share.complete(&mut pace)).unwrap();
        assert_eq!(results, (0..64).map(|i| i * i).collect::<Vec<_>>());
        for helper in helpers {
            helper.join().unwrap();
        }
        let spans = meter.take().spans;
        assert!(
            spans
                .iter()
                .all(|span| span.lane < 3 && span.start <= span.end)
        );
    }

    #[test]
    fn no_parts_complete_at_once() {
        let share = Share::new(0, CancelFlag::new(), Meter::default(), |i| i);
        let mut pace = Pace::uninterrupted(CancelFlag::new());
        assert_eq!(block_on(share.complete(&mut pace)), Ok(Vec::new()));
    }

    #[test]
    fn cancelling_stops_between_parts() {
        let cancel = CancelFlag::new();
        let inner = cancel.clone();
        let share = Share::new(100, cancel.clone(), Meter::default(), move |i| {
            if i == 3 {
                inner.cancel();
            }
        });
        let mut pace = Pace::uninterrupted(cancel);
        assert_eq!(block_on(share.complete(&mut pace)), Err(Cancelled));
        assert!(!share.has_parts());
    }

    #[test]
    fn a_panic_in_a_part_reaches_the_owner() {
        let share = Share::new(4, CancelFlag::new(), Meter::default(), |i| {
            assert_ne!(i, 2, "part two");
        });
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let mut pace = Pace::uninterrupted(CancelFlag::new());
            block_on(share.complete(&mut pace))
        }));
        assert!(outcome.is_err());
    }
}

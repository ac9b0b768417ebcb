//! How a long computation stays polite: it asks now and then whether it may go on.
//!
//! Cookers do not know about threads. They call [`Pace::checkpoint`] between small pieces of work;
//! whoever runs them decides through the [`Pace`] how often they give way, and when they stop.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::{Duration, Instant},
};
use thiserror::Error;

/// The work was cancelled; what it had made is discarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("cancelled")]
pub struct Cancelled;

/// A flag that many can raise and everyone can look at. Clones share the flag.
#[derive(Clone, Debug, Default)]
pub struct CancelFlag(Arc<AtomicBool>);

impl CancelFlag {
    /// A flag that is not raised.
    pub fn new() -> Self {
        Self::default()
    }

    /// Raises the flag, for good.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether the flag is raised.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// `Err(Cancelled)` once the flag is raised.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() {
            Err(Cancelled)
        } else {
            Ok(())
        }
    }
}

/// When a computation gives way, and when it stops.
#[derive(Clone, Debug)]
pub struct Pace {
    cancel: CancelFlag,
    slice: Option<Duration>,
    since: Instant,
}

impl Pace {
    /// Never gives way; stops when the flag is raised.
    pub fn uninterrupted(cancel: CancelFlag) -> Self {
        Self {
            cancel,
            slice: None,
            since: Instant::now(),
        }
    }

    /// Gives way to other tasks after each `slice` of time; stops when the flag is raised.
    pub fn sliced(cancel: CancelFlag, slice: Duration) -> Self {
        Self {
            cancel,
            slice: Some(slice),
            since: Instant::now(),
        }
    }

    /// The flag that stops this computation.
    pub fn cancel_flag(&self) -> &CancelFlag {
        &self.cancel
    }

    /// The longest time to compute between two checkpoints, if there is a wish.
    pub fn slice(&self) -> Option<Duration> {
        self.slice
    }

    /// Returns at once, or after other tasks had their turn; `Err` when cancelled.
    ///
    /// Awaiting it never blocks: with [`Pace::uninterrupted`] a whole computation completes in its
    /// first poll.
    pub async fn checkpoint(&mut self) -> Result<(), Cancelled> {
        self.cancel.check()?;
        if let Some(slice) = self.slice
            && self.since.elapsed() >= slice
        {
            let mut yielded = false;
            poll_fn(|cx| {
                if yielded {
                    return Poll::Ready(());
                }
                yielded = true;
                cx.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
            self.since = Instant::now();
            self.cancel.check()?;
        }
        Ok(())
    }
}

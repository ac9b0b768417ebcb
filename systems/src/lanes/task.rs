//! One cook on a lane: how it runs, and what it may ask for.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::{
    cook::pace::{CancelFlag, Cancelled, Pace},
    diagnostic::{Diagnostic, codes},
};
use bevy_kiln_components::{budget::MemoryClaim, pipeline::WorkKind};
use bevy_tasks::{AsyncComputeTaskPool, BoxedFuture};
use futures_lite::FutureExt;
use std::{
    any::Any,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};
use tracing::Instrument;

use super::{
    Lanes,
    meter::{Meter, Metered},
    share::{HelpWanted, Share},
};
use crate::{
    completion::Completion,
    work::{CookFailure, Cooked},
};

/// Starts the cook once a lane has taken it.
type Start =
    Box<dyn FnOnce(CookContext) -> BoxedFuture<'static, Result<Cooked, CookFailure>> + Send>;

/// A work item that is ready to be cooked.
pub struct CookTask {
    pub(crate) item: Entity,
    pub(crate) kind: WorkKind,
    pub(crate) name: String,
    pub(crate) cancel: CancelFlag,
    /// The span of the job.
    pub(crate) span: tracing::Span,
    /// The memory that the cook may use. It travels with the task, because a cook that was
    /// cancelled uses its memory until its body ends.
    pub(crate) claim: MemoryClaim,
    /// How many of its kind may run with it, if its job says so.
    pub(crate) workers: Option<usize>,
    pub(crate) start: Start,
}

impl CookTask {
    pub(super) async fn run(self, lanes: &Arc<Lanes>, lane: u16) {
        let Self {
            item,
            kind,
            name,
            cancel,
            span: job,
            mut claim,
            workers: _,
            start,
        } = self;
        if cancel.is_cancelled() {
            return;
        }
        lanes.completions.send(Completion::Started { item });
        let span = tracing::info_span!(parent: &job, "cook", kind = kind.0, name);
        let meter = Meter::new(lanes.begun);
        let context = CookContext {
            lanes: lanes.clone(),
            meter: meter.clone(),
            pace: match lanes.slice() {
                Some(slice) => Pace::sliced(cancel.clone(), slice),
                None => Pace::uninterrupted(cancel.clone()),
            },
        };
        let begun = Instant::now();
        // The future is made inside the guarded one: making it runs the cooker's own code too.
        let guarded = AssertUnwindSafe(async move { start(context).await })
            .catch_unwind()
            .instrument(span);
        let metered = Metered::new(guarded, meter.clone());
        let mut result = metered.await.unwrap_or_else(|panic| {
            let text = format!("`{name}`: the cooker panicked: {}", panic_text(&*panic));
            Err(CookFailure::Failed(vec![Diagnostic::new(
                codes::import::EXCEPTION,
                text,
            )]))
        });
        if let Ok(cooked) = &mut result {
            let spent = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
            let elsewhere = cooked.telemetry.decode + cooked.telemetry.load;
            cooked.telemetry.cook = spent.saturating_sub(elsewhere);
            claim.shrink_to(cooked.emission_bytes());
        }
        meter.own(lane, begun);
        lanes.completions.send(Completion::Cooked {
            item,
            result: Box::new(result),
            measured: Box::new(meter.take()),
            claim,
        });
    }
}

/// The text of a panic's payload.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// What a cook may ask of the lane that runs it.
pub struct CookContext {
    lanes: Arc<Lanes>,
    meter: Meter,
    /// Checkpoints: await one every tenth of a millisecond of work.
    pub pace: Pace,
}

impl CookContext {
    /// Whether the app needs this thread for its systems, so that parts should take about a tenth
    /// of a millisecond each. Otherwise parts of a few milliseconds are best.
    pub fn is_sliced(&self) -> bool {
        self.lanes.slice().is_some()
    }

    /// Computes `parts` parts, with the help of idle lanes, and returns their results in order.
    /// The owner of the cook gets the panic of a part as its own.
    ///
    /// # Errors
    /// [`Cancelled`] when the job was cancelled before all parts were computed.
    pub async fn spread<R: Send + 'static>(
        &mut self,
        parts: usize,
        part: impl Fn(usize) -> R + Send + Sync + 'static,
    ) -> Result<Vec<R>, Cancelled> {
        let share = Share::new(
            parts,
            self.pace.cancel_flag().clone(),
            self.meter.clone(),
            part,
        );
        let published: Arc<dyn HelpWanted> = share.clone();
        self.lanes
            .publish(published.clone(), parts.saturating_sub(1));
        let results = share.complete(&mut self.pace).await;
        self.lanes.withdraw(&published);
        results
    }

    /// Runs a future that computes for long between two checkpoints. Where the app's systems need the
    /// only compute thread it runs on the I/O pool, as in [`CookContext::unsliced`].
    pub async fn in_long_steps<R, F>(&self, work: impl FnOnce(Pace) -> F) -> R
    where
        R: Send + 'static,
        F: Future<Output = R> + Send + 'static,
    {
        let cancel = self.pace.cancel_flag().clone();
        if self.is_sliced() {
            // Reads and writes want their turn.
            let pace = Pace::sliced(cancel, Duration::from_millis(1));
            AsyncComputeTaskPool::get().spawn(work(pace)).await
        } else {
            work(Pace::uninterrupted(cancel)).await
        }
    }

    /// Runs work that cannot be cut into slices, such as a decoder. Where the app's systems need
    /// the only compute thread it runs on the I/O pool, whose latency nobody's frame waits for.
    pub async fn unsliced<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> R {
        if self.is_sliced() {
            let meter = self.meter.clone();
            AsyncComputeTaskPool::get()
                .spawn(async move { meter.elsewhere(work) })
                .await
        } else {
            work()
        }
    }
}

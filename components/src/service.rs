//! What the clients on other threads and the systems share.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::diagnostic::{Diagnostic, codes};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::{
    job::{CancelToken, ImportRequest, JobId, JobOrder, JobState},
    manifest::ManifestIndex,
    messages::ImportProgress,
    report::ImportReport,
    work::OpenItem,
};

/// Locks a mutex whose data stays valid even if a holder panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Wakes a headless runner: raised by every completion, request and signal.
///
/// Inside a windowed app nobody sleeps on it and raising it costs next to nothing.
#[derive(Resource, Clone, Debug, Default)]
pub struct Wake(Arc<(Mutex<bool>, Condvar)>);

impl Wake {
    /// Raises the flag and wakes the sleeper.
    pub fn notify(&self) {
        *lock(&self.0.0) = true;
        self.0.1.notify_one();
    }

    /// Sleeps until the flag is raised or `longest` has passed, and lowers the flag.
    pub fn park(&self, longest: Duration) {
        let guard = lock(&self.0.0);
        let (mut raised, _) = self
            .0
            .1
            .wait_timeout_while(guard, longest, |raised| !*raised)
            .unwrap_or_else(PoisonError::into_inner);
        *raised = false;
    }
}

/// Rings when a job is cancelled, so that nobody has to look at every token in every tick.
#[derive(Resource, Clone, Debug, Default)]
pub struct CancelBell {
    rung: Arc<AtomicBool>,
    wake: Wake,
}

impl CancelBell {
    /// A bell that wakes `wake` too.
    pub fn new(wake: Wake) -> Self {
        Self {
            rung: Arc::default(),
            wake,
        }
    }

    /// Rings.
    pub fn ring(&self) {
        self.rung.store(true, Ordering::Release);
        self.wake.notify();
    }

    /// Whether it was rung since the last call.
    pub fn take(&self) -> bool {
        self.rung.load(Ordering::Acquire) && self.rung.swap(false, Ordering::AcqRel)
    }
}

/// Entities that were given a request since the last tick, in that order. The order of entities
/// themselves says nothing: their numbers are recycled.
#[derive(Resource, Debug, Default)]
pub struct Arrivals(pub Vec<Entity>);

/// Jobs whose entity lost its request or was despawned since the last tick.
#[derive(Resource, Debug, Default)]
pub struct Departures(pub Vec<Departure>);

/// What is left of a job whose entity is gone.
#[derive(Debug)]
pub struct Departure {
    /// Where it was.
    pub job: Entity,
    /// Its place in the order of jobs.
    pub order: JobOrder,
    /// The container that it held.
    pub container: Entity,
    /// Its items that were not emitted.
    pub open_items: Vec<OpenItem>,
    /// Whether it counted as loaded.
    pub loaded: bool,
    /// The manifest that it belonged to, and its place there.
    pub manifest: Option<(Entity, ManifestIndex)>,
    /// The report that it had when it left.
    pub report: Option<Arc<ImportReport>>,
}

/// Called once, with the job's report.
pub type CompletionSink = Box<dyn FnOnce(Arc<ImportReport>) + Send>;
/// Called for each step of progress, never after the completion.
pub type ProgressSink = Box<dyn FnMut(&ImportProgress) + Send>;

/// A request from a client, on its way to the systems.
pub struct Submission {
    /// The identity that the client was given.
    pub id: JobId,
    /// What to import.
    pub request: ImportRequest,
    /// Cancels it, from now on.
    pub token: CancelToken,
    /// Delivers its one report.
    pub ticket: ReportTicket,
}

/// The state that clients and systems share. Clones share it.
#[derive(Resource, Clone, Debug, Default)]
pub struct ServiceState(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    shutdown_requested: AtomicBool,
    shutdown_complete: AtomicBool,
    last_id: AtomicU64,
    pending: AtomicUsize,
    in_flight: AtomicUsize,
    active: Mutex<BTreeMap<JobId, CancelToken>>,
}

impl ServiceState {
    /// Whether new jobs are taken.
    pub fn is_accepting(&self) -> bool {
        !self.0.shutdown_requested.load(Ordering::Acquire)
    }

    /// Refuses new jobs from now on. True for the first call only.
    pub fn request_shutdown(&self) -> bool {
        !self.0.shutdown_requested.swap(true, Ordering::AcqRel)
    }

    /// Whether the shutdown is complete: it was requested and every job has had its report.
    pub fn is_stopped(&self) -> bool {
        self.0.shutdown_complete.load(Ordering::Acquire)
    }

    /// Marks the shutdown as complete.
    pub fn set_stopped(&self) {
        self.0.shutdown_complete.store(true, Ordering::Release);
    }

    /// Jobs that wait for their turn.
    pub fn pending_count(&self) -> usize {
        self.0.pending.load(Ordering::Acquire)
    }

    /// Jobs whose turn has come and that have not had their report.
    pub fn in_flight_count(&self) -> usize {
        self.0.in_flight.load(Ordering::Acquire)
    }

    /// Jobs that have not had their report.
    pub fn active_count(&self) -> usize {
        lock(&self.0.active).len()
    }

    /// Whether the job was accepted and has not had its report.
    pub fn is_active(&self, id: JobId) -> bool {
        lock(&self.0.active).contains_key(&id)
    }

    /// Cancels a job. False for ids that are unknown or already reported.
    pub fn cancel(&self, id: JobId) -> bool {
        let active = lock(&self.0.active);
        let token = active.get(&id);
        token.inspect(|token| token.cancel()).is_some()
    }

    /// Cancels every job that is known now, and returns how many those are.
    pub fn cancel_all(&self) -> usize {
        let active = lock(&self.0.active);
        active.values().for_each(CancelToken::cancel);
        active.len()
    }

    /// Admits a job: gives it the next id and counts it as pending, unless the service is shutting
    /// down or `capacity` jobs are active. `submit` runs while the id's place in the order is held,
    /// so that the order of a queue that it fills is the order of ids.
    /// Cancelling the job uses `token`.
    pub fn admit<R>(
        &self,
        capacity: usize,
        names: JobNames,
        token: CancelToken,
        submit: impl FnOnce(JobId, CancelToken, ReportTicket) -> R,
    ) -> Result<(JobId, R), Refused> {
        let mut active = lock(&self.0.active);
        if !self.is_accepting() {
            return Err(Refused::Shutdown);
        }
        if active.len() >= capacity {
            return Err(Refused::Full { capacity });
        }
        let id = JobId(self.0.last_id.fetch_add(1, Ordering::AcqRel) + 1);
        active.insert(id, token.clone());
        self.0.pending.fetch_add(1, Ordering::AcqRel);
        let ticket = ReportTicket {
            state: self.clone(),
            id,
            token: token.clone(),
            names,
            stage: TicketStage::Pending,
            sinks: Mutex::new(Sinks::default()),
        };
        Ok((id, submit(id, token, ticket)))
    }
}

/// Why a job was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The shutdown was requested.
    #[error("the import service is shutting down")]
    Shutdown,
    /// Too many jobs are queued or running.
    #[error("import queue is full: {capacity} jobs are queued or running")]
    Full {
        /// How many may be.
        capacity: usize,
    },
}

/// What a report says of a job before anything is known of its content.
#[derive(Clone, Debug, Default)]
pub struct JobNames {
    /// The name of the job; empty until it is known.
    pub name: String,
    /// The source as it was requested.
    pub source: String,
    /// The cooked root as far as it is known.
    pub root: PathBuf,
}

impl JobNames {
    /// The name of a job: its own, else the one that its format implies,
    /// `<format>:<id>:<file name>`. A job may end before its format is known.
    pub fn known_as(&self, job: JobId, format: Option<&str>) -> String {
        if !self.name.is_empty() {
            return self.name.clone();
        }
        let file = self.source.rsplit(['/', '\\']).next().unwrap_or_default();
        let file = if file.is_empty() { "source" } else { file };
        format!("{}:{job}:{file}", format.unwrap_or("unknown"))
    }
}

#[derive(Default)]
struct Sinks {
    complete: Option<CompletionSink>,
    progress: Option<ProgressSink>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TicketStage {
    Pending,
    InFlight,
    Delivered,
}

/// The one way to report a job: delivering consumes the ticket, and a ticket that is dropped
/// without delivery (the app ends, the entity is despawned) delivers a cancelled report.
#[derive(Component)]
pub struct ReportTicket {
    state: ServiceState,
    id: JobId,
    token: CancelToken,
    names: JobNames,
    stage: TicketStage,
    sinks: Mutex<Sinks>,
}

impl ReportTicket {
    /// The job.
    pub fn id(&self) -> JobId {
        self.id
    }

    /// Sets what is called when the job ends.
    pub fn on_complete(&mut self, sink: CompletionSink) {
        self.sinks
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .complete = Some(sink);
    }

    /// Sets what is called for each step of progress.
    pub fn on_progress(&mut self, sink: ProgressSink) {
        self.sinks
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .progress = Some(sink);
    }

    /// What reports say of the job as long as nothing else is known.
    pub fn names_mut(&mut self) -> &mut JobNames {
        &mut self.names
    }

    /// The same, to read.
    pub fn names(&self) -> &JobNames {
        &self.names
    }

    /// Counts the job as in flight from now on.
    pub fn start(&mut self) {
        if self.stage == TicketStage::Pending {
            self.state.0.pending.fetch_sub(1, Ordering::AcqRel);
            self.state.0.in_flight.fetch_add(1, Ordering::AcqRel);
            self.stage = TicketStage::InFlight;
        }
    }

    /// Passes on a step of progress.
    pub fn progress(&mut self, progress: &ImportProgress) {
        let sinks = self.sinks.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(sink) = &mut sinks.progress {
            sink(progress);
        }
    }

    /// A report without products, for jobs that end before they make any.
    pub fn empty_report(&self, outcome: JobState, diagnostics: Vec<Diagnostic>) -> ImportReport {
        ImportReport::empty(self.id, &self.names, outcome, diagnostics)
    }

    /// The report of a cancelled job: one info, zero telemetry, nothing made.
    pub fn cancelled_report(&self) -> ImportReport {
        let info =
            Diagnostic::new(codes::import::CANCELED, "Import canceled").source(&self.names.source);
        self.empty_report(JobState::Cancelled, vec![info])
    }

    /// Delivers a cancelled report, if none was delivered yet, and returns it.
    pub fn deliver_cancelled(&mut self) -> Option<Arc<ImportReport>> {
        if self.stage == TicketStage::Delivered {
            return None;
        }
        self.token.cancel();
        let report = Arc::new(self.cancelled_report());
        self.deliver_once(report.clone());
        Some(report)
    }

    /// Takes the job back without a report, because its submission is refused after all.
    pub fn withdraw(mut self) {
        *self.sinks.get_mut().unwrap_or_else(PoisonError::into_inner) = Sinks::default();
        self.token.cancel();
        let report = Arc::new(self.cancelled_report());
        self.deliver_once(report);
    }

    /// Delivers the report. The job is no longer active by the time the sink is called.
    pub fn deliver(mut self, report: Arc<ImportReport>) {
        self.deliver_once(report);
    }

    fn deliver_once(&mut self, report: Arc<ImportReport>) {
        let counter = match self.stage {
            TicketStage::Delivered => return,
            TicketStage::Pending => &self.state.0.pending,
            TicketStage::InFlight => &self.state.0.in_flight,
        };
        counter.fetch_sub(1, Ordering::AcqRel);
        self.stage = TicketStage::Delivered;
        lock(&self.state.0.active).remove(&self.id);
        let sinks = self.sinks.get_mut().unwrap_or_else(PoisonError::into_inner);
        sinks.progress = None;
        if let Some(sink) = sinks.complete.take() {
            sink(report);
        }
    }
}

impl Drop for ReportTicket {
    fn drop(&mut self) {
        self.deliver_cancelled();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;

    fn admit(state: &ServiceState, capacity: usize) -> Result<(JobId, ReportTicket), Refused> {
        let token = CancelToken::default();
        state.admit(capacity, JobNames::default(), token, |_, _, ticket| ticket)
    }

    #[test]
    fn counters_follow_the_ticket() {
        let state = ServiceState::default();
        let (id, mut ticket) = admit(&state, 8).unwrap();
        assert_eq!(
            (id, state.pending_count(), state.in_flight_count()),
            (JobId(1), 1, 0)
        );
        ticket.start();
        ticket.start();
        assert_eq!((state.pending_count(), state.in_flight_count()), (0, 1));
        assert!(state.is_active(id));
        let report = Arc::new(ticket.empty_report(JobState::Complete, Vec::new()));
        ticket.deliver(report);
        assert_eq!((state.pending_count(), state.in_flight_count()), (0, 0));
        assert!(!state.is_active(id) && !state.cancel(id));
    }

    #[test]
    fn a_dropped_ticket_reports_cancellation_once() {
        let state = ServiceState::default();
        let calls = Arc::new(AtomicU32::new(0));
        let (_, mut ticket) = admit(&state, 8).unwrap();
        let (seen, inner) = (calls.clone(), state.clone());
        ticket.on_complete(Box::new(move |report| {
            assert!(!report.success);
            assert_eq!(report.diagnostics[0].code, codes::import::CANCELED);
            assert!(!inner.is_active(report.job), "a reported job is not active");
            seen.fetch_add(1, Ordering::Relaxed);
        }));
        drop(ticket);
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        assert_eq!(state.active_count(), 0);
    }

    #[test]
    fn refusals() {
        let state = ServiceState::default();
        let first = admit(&state, 1).unwrap();
        assert!(matches!(
            admit(&state, 1),
            Err(Refused::Full { capacity: 1 })
        ));
        drop(first);
        assert_eq!(admit(&state, 1).unwrap().0, JobId(2));
        assert!(state.request_shutdown());
        assert!(!state.request_shutdown());
        assert!(matches!(admit(&state, 1), Err(Refused::Shutdown)));
    }

    #[test]
    fn waking_before_parking_is_not_lost() {
        let wake = Wake::default();
        wake.notify();
        wake.park(Duration::from_secs(3600));
    }
}

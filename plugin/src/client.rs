//! The front door for code outside of the ECS: any thread, any number of clones.

use bevy_ecs::prelude::*;
use bevy_kiln_assets::diagnostic::{Diagnostic, codes};
use bevy_kiln_components::{
    job::{CancelToken, ImportRequest, JobId},
    messages::ImportProgress,
    report::ImportReport,
    service::{JobNames, Refused, ReportTicket, ServiceState, Submission, Wake},
    settings::ImportSettings,
};
use crossbeam_channel::Sender;
use futures_lite::Stream;
use std::{
    future::Future,
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

/// Submits, cancels and watches jobs, from any thread. Get it from the app as a resource and clone
/// it to wherever it is needed.
///
/// ```
/// # use bevy_app::{App, TaskPoolPlugin};
/// # use bevy_kiln_plugin::{ImportClient, ImportPlugin};
/// # use bevy_kiln_components::job::ImportRequest;
/// let mut app = App::new();
/// app.add_plugins((TaskPoolPlugin::default(), ImportPlugin::default()));
/// let client = app.world().resource::<ImportClient>().clone();
/// let handle = std::thread::spawn(move || client.submit(ImportRequest::new("wood.png")))
///     .join()
///     .unwrap()
///     .unwrap();
/// assert_eq!(handle.id().0, 1);
/// ```
#[derive(Resource, Clone)]
pub struct ImportClient {
    state: ServiceState,
    inbox: Sender<Submission>,
    wake: Wake,
    capacity: usize,
    source_root: Arc<Path>,
}

/// Why a request was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// Too many jobs are queued or running, or the shutdown was requested.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The app that this client belongs to is gone.
    #[error("the import service is gone: its app was dropped")]
    Gone,
}

impl SubmitError {
    /// The refusal as the diagnostic of the job that was not accepted.
    pub fn diagnostic(&self, request: &ImportRequest) -> Diagnostic {
        let code = match self {
            Self::Refused(Refused::Full { .. }) => codes::import::QUEUE_FULL,
            Self::Refused(_) | Self::Gone => codes::import::SHUTDOWN,
        };
        Diagnostic::new(code, self.to_string()).source(request.source())
    }
}

impl ImportClient {
    pub(crate) fn new(
        state: ServiceState,
        inbox: Sender<Submission>,
        wake: Wake,
        settings: &ImportSettings,
    ) -> Self {
        Self {
            state,
            inbox,
            wake,
            capacity: settings.max_queued_jobs,
            source_root: settings.source_root.as_path().into(),
        }
    }

    /// What relative sources are relative to.
    pub(crate) fn source_root(&self) -> &Path {
        &self.source_root
    }

    /// Submits a request. The handle can be awaited, or dropped: the job goes on.
    ///
    /// # Errors
    /// [`SubmitError`]; then nothing is ever called or reported.
    pub fn submit(&self, request: ImportRequest) -> Result<JobHandle, SubmitError> {
        self.submit_with(request, |_| {}, None::<fn(&ImportProgress)>)
    }

    /// Submits a request with callbacks. `on_complete` is called exactly once, on the thread that
    /// ticks the app (or drops it); `on_progress` any number of times before that.
    ///
    /// # Errors
    /// [`SubmitError`]; then nothing is ever called or reported.
    pub fn submit_with(
        &self,
        request: ImportRequest,
        on_complete: impl FnOnce(Arc<ImportReport>) + Send + 'static,
        on_progress: Option<impl FnMut(&ImportProgress) + Send + 'static>,
    ) -> Result<JobHandle, SubmitError> {
        self.submit_within(self.capacity, request, on_complete, on_progress)
    }

    /// Submits a request unless so many jobs are queued or running.
    pub(crate) fn submit_within(
        &self,
        capacity: usize,
        request: ImportRequest,
        on_complete: impl FnOnce(Arc<ImportReport>) + Send + 'static,
        on_progress: Option<impl FnMut(&ImportProgress) + Send + 'static>,
    ) -> Result<JobHandle, SubmitError> {
        let (sender, receiver) = async_channel::bounded(1);
        let names = JobNames {
            name: request.name().unwrap_or_default().to_owned(),
            source: request.source().to_owned(),
            root: request.container().map(Into::into).unwrap_or_default(),
        };
        let submit = |id, token: CancelToken, mut ticket: ReportTicket| {
            if let Some(on_progress) = on_progress {
                ticket.on_progress(Box::new(on_progress));
            }
            ticket.on_complete(Box::new(move |report| {
                on_complete(report.clone());
                // Nobody may be waiting, which is fine.
                let _ = sender.try_send(report);
            }));
            let submission = Submission {
                id,
                request,
                token: token.clone(),
                ticket,
            };
            // The submission comes back out of here when nobody can take it: its ticket must not
            // be dropped, and so reported, while the service's list of jobs is locked.
            self.inbox
                .send(submission)
                .map(|()| token)
                .map_err(|refused| Box::new(refused.0))
        };
        let token = CancelToken::default();
        let (id, sent) = self.state.admit(capacity, names, token, submit)?;
        match sent {
            Ok(token) => {
                self.wake.notify();
                Ok(JobHandle {
                    id,
                    token,
                    receiver: Box::pin(receiver),
                })
            }
            Err(refused) => {
                refused.ticket.withdraw();
                Err(SubmitError::Gone)
            }
        }
    }

    /// Cancels a job. True if it is queued or running; its report then says `import.canceled`,
    /// unless it was past the point of return.
    pub fn cancel(&self, id: JobId) -> bool {
        self.state.cancel(id)
    }

    /// Cancels every job that is queued or running now, and returns how many those are.
    pub fn cancel_all(&self) -> usize {
        self.state.cancel_all()
    }

    /// Takes no new jobs from now on, and cancels those that there are. Returns at once; see
    /// [`ImportClient::is_stopped`]. True for the first call only.
    pub fn request_shutdown(&self) -> bool {
        let first = self.state.request_shutdown();
        self.state.cancel_all();
        self.wake.notify();
        first
    }

    /// Whether the shutdown is complete: every job has had its report.
    pub fn is_stopped(&self) -> bool {
        self.state.is_stopped()
    }

    /// Whether new jobs are taken.
    pub fn is_accepting(&self) -> bool {
        self.state.is_accepting()
    }

    /// Whether a job is queued or running; false inside its completion callback already.
    pub fn is_active(&self, id: JobId) -> bool {
        self.state.is_active(id)
    }

    /// Jobs that are queued or running.
    pub fn active_count(&self) -> usize {
        self.state.active_count()
    }

    /// Jobs that wait for their turn.
    pub fn pending_count(&self) -> usize {
        self.state.pending_count()
    }

    /// Jobs whose turn has come and that have not had their report.
    pub fn in_flight_count(&self) -> usize {
        self.state.in_flight_count()
    }
}

/// A submitted job. Awaiting it gives its report; dropping it changes nothing.
pub struct JobHandle {
    id: JobId,
    token: CancelToken,
    receiver: Pin<Box<async_channel::Receiver<Arc<ImportReport>>>>,
}

impl JobHandle {
    /// The job.
    pub fn id(&self) -> JobId {
        self.id
    }

    /// Cancels the job.
    pub fn cancel(&self) {
        self.token.cancel();
    }

    /// The report, if the job has ended.
    pub fn try_report(&self) -> Option<Arc<ImportReport>> {
        self.receiver.try_recv().ok()
    }

    /// Waits on this thread for the report. Never call it on the thread that ticks the app.
    pub fn wait(self) -> Option<Arc<ImportReport>> {
        self.receiver.recv_blocking().ok()
    }
}

impl Future for JobHandle {
    /// The report. `None` cannot be seen by a handle that is awaited once: every accepted job is
    /// reported before its channel closes.
    type Output = Option<Arc<ImportReport>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // The receiver is a stream that keeps its place in the queue of waiters between polls.
        self.receiver.as_mut().poll_next(cx)
    }
}

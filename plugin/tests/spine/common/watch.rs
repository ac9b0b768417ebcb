//! Every path by which the end of a job is told.

use bevy_kiln_components::{
    job::{ImportRequest, JobId, JobState},
    messages::ImportProgress,
    report::ImportReport,
};
use std::sync::{Arc, Mutex};

use super::{Stepper, fake::Script};

/// Everything that the app has announced.
#[derive(Clone, Default)]
pub struct Heard {
    /// Ends, as told to observers.
    pub observed: Arc<Mutex<Vec<Arc<ImportReport>>>>,
    /// Ends, as messages.
    pub messages: Arc<Mutex<Vec<Arc<ImportReport>>>>,
    /// Steps of progress.
    pub progress: Arc<Mutex<Vec<ImportProgress>>>,
}

/// A job whose every end is counted.
pub struct Watched {
    pub id: JobId,
    waiter: std::thread::JoinHandle<Option<Arc<ImportReport>>>,
    pub calls: Arc<Mutex<Vec<Arc<ImportReport>>>>,
    pub steps: Arc<Mutex<Vec<ImportProgress>>>,
}

impl Watched {
    /// Waits for the report of a job whose app is gone.
    pub fn join(self) -> Arc<ImportReport> {
        let report = self
            .waiter
            .join()
            .unwrap()
            .expect("the future has a report");
        let calls = self.calls.lock().unwrap();
        assert_eq!(calls.len(), 1);
        assert!(Arc::ptr_eq(&calls[0], &report));
        report
    }
}

impl Stepper {
    /// Submits a job and counts its ends.
    pub fn watch(&self, file: &str, script: Script) -> Watched {
        let request = self.request(file, script);
        self.watch_request(request)
    }

    pub fn watch_request(&self, request: ImportRequest) -> Watched {
        let (calls, client) = (Arc::new(Mutex::new(Vec::new())), self.client.clone());
        let inner = calls.clone();
        let on_complete = move |report: Arc<ImportReport>| {
            assert!(
                !client.is_active(report.job),
                "not active inside its callback"
            );
            inner.lock().unwrap().push(report);
        };
        let steps = Arc::new(Mutex::new(Vec::new()));
        let inner = steps.clone();
        let on_progress = move |step: &ImportProgress| inner.lock().unwrap().push(step.clone());
        let handle = self
            .client
            .submit_with(request, on_complete, Some(on_progress))
            .unwrap();
        Watched {
            id: handle.id(),
            waiter: std::thread::spawn(move || bevy_tasks::block_on(handle)),
            calls,
            steps,
        }
    }

    /// Drains, and asserts that a job has ended in this way and was told so once by every path:
    /// callback, future, observer and message.
    #[track_caller]
    pub fn ended_once(&mut self, watched: Watched, outcome: JobState) -> Arc<ImportReport> {
        self.drain();
        self.settle();
        let report = watched
            .waiter
            .join()
            .unwrap()
            .expect("the future has a report");
        let of_job = |reports: &Mutex<Vec<Arc<ImportReport>>>| -> Vec<Arc<ImportReport>> {
            let reports = reports.lock().unwrap();
            reports
                .iter()
                .filter(|report| report.job == watched.id)
                .cloned()
                .collect()
        };
        for (path, told) in [
            ("callback", of_job(&watched.calls)),
            ("observer", of_job(&self.heard.observed)),
            ("message", of_job(&self.heard.messages)),
        ] {
            assert_eq!(told.len(), 1, "{path}");
            assert!(Arc::ptr_eq(&told[0], &report), "{path}");
        }
        assert_eq!(report.outcome, outcome, "{report:?}");
        assert_eq!(report.success, outcome == JobState::Complete);
        assert!(!self.client.is_active(watched.id) && !self.client.cancel(watched.id));
        if outcome == JobState::Cancelled {
            assert_eq!(codes(&report), ["import.canceled"]);
            assert!(report.products.is_empty() && report.source_key == [0; 16]);
        } else {
            assert_eq!(
                report.success,
                !report.diagnostics.iter().any(|d| d.is_error())
            );
        }
        let steps = watched.steps.lock().unwrap();
        assert!(
            steps
                .windows(2)
                .all(|pair| pair[0].overall <= pair[1].overall)
        );
        report
    }
}

/// The codes of a report, in order.
pub fn codes(report: &ImportReport) -> Vec<&'static str> {
    report
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code.id())
        .collect()
}

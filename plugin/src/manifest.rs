//! Whole manifests through the front door.

use bevy_kiln_assets::manifest::{Manifest, ManifestProblem, Places};
use bevy_kiln_components::{
    job::{ImportRequest, JobId},
    messages::ImportProgress,
    pipeline::JobLimits,
    report::ImportReport,
};
use bevy_kiln_systems::manifest::expand_with_files;
use std::sync::Arc;

use crate::{ImportClient, JobHandle, SubmitError};

impl ImportClient {
    /// Submits every job of a manifest, in its order. The jobs of a manifest are not counted against
    /// `max_queued_jobs`: they belong together, and wait for their turn as spawned ones do.
    ///
    /// Looks for the files of patterns, and so touches the disk, on this thread.
    ///
    /// `concurrency` and `max_in_flight_jobs` of the manifest hold as long as its jobs are next in line, as
    /// far as they are lower than the settings of the service. `thread_pool_size` does nothing: the pools
    /// are there already, which is a problem of the handle, and a warning.
    ///
    /// # Errors
    /// [`SubmitError`] when the service takes no jobs at all. Jobs that cannot be run as they are
    /// written are problems of the handle, and left out.
    pub fn submit_manifest(
        &self,
        manifest: &Manifest,
        places: &Places,
    ) -> Result<ManifestHandle, SubmitError> {
        let ignore = None::<fn(usize, &ImportProgress)>;
        self.submit_manifest_with(manifest, places, |_, _| {}, ignore)
    }

    /// The same with callbacks, which are told the place of the job in the manifest, from 0.
    ///
    /// # Errors
    /// As of [`Self::submit_manifest`]. When the service stops taking jobs half way, those that were
    /// submitted are cancelled with it, and still report.
    pub fn submit_manifest_with(
        &self,
        manifest: &Manifest,
        places: &Places,
        on_complete: impl Fn(usize, Arc<ImportReport>) + Send + Sync + 'static,
        on_progress: Option<impl Fn(usize, &ImportProgress) + Send + Sync + 'static>,
    ) -> Result<ManifestHandle, SubmitError> {
        let mut expansion = expand_with_files(manifest, places, self.source_root());
        expansion.warn_of_pools();
        let limits = JobLimits::of(&expansion).map(Arc::new);
        let (on_complete, on_progress) = (Arc::new(on_complete), on_progress.map(Arc::new));
        let mut jobs = Vec::with_capacity(expansion.jobs.len());
        for job in expansion.jobs {
            let index = job.index;
            let (complete, progress) = (on_complete.clone(), on_progress.clone());
            let handle = self.submit_within(
                usize::MAX,
                ImportRequest::from(job).within(limits.clone()),
                move |report| complete(index, report),
                progress.map(|progress| move |step: &ImportProgress| progress(index, step)),
            )?;
            jobs.push((index, handle));
        }
        Ok(ManifestHandle {
            jobs,
            problems: expansion.problems,
        })
    }
}

/// A submitted manifest. Dropping it changes nothing.
pub struct ManifestHandle {
    jobs: Vec<(usize, JobHandle)>,
    problems: Vec<ManifestProblem>,
}

impl ManifestHandle {
    /// What is wrong with the manifest. Jobs with an error were left out.
    pub fn problems(&self) -> &[ManifestProblem] {
        &self.problems
    }

    /// The submitted jobs in order, each with its place in the manifest from 0.
    pub fn jobs(&self) -> impl ExactSizeIterator<Item = (usize, JobId)> {
        self.jobs
            .iter()
            .map(|(index, handle)| (*index, handle.id()))
    }

    /// Cancels all jobs that have not ended.
    pub fn cancel(&self) {
        self.jobs.iter().for_each(|(_, handle)| handle.cancel());
    }

    /// The handles of the jobs, to be awaited one by one.
    pub fn into_jobs(self) -> Vec<(usize, JobHandle)> {
        self.jobs
    }

    /// Waits for all reports, in the order of the manifest.
    pub async fn reports(self) -> Vec<(usize, Arc<ImportReport>)> {
        let mut reports = Vec::with_capacity(self.jobs.len());
        for (index, handle) in self.jobs {
            reports.extend(handle.await.map(|report| (index, report)));
        }
        reports
    }
}

//! A look at all jobs of a run before there is an app for them.
//!
//! Most runs of a project change nothing. They need no task pools, no entities and no open container: the
//! memos say so, and what there is to report was kept with them.

use bevy_kiln_components::{
    job::{ImportRequest, JobId, JobState},
    report::ImportReport,
    service::JobNames,
    settings::ImportSettings,
};

use super::{
    memos::{Answer, ProjectMemos, Question},
    project::Unchanged,
};
use crate::{
    importer::Importers,
    intake::cooked_root,
    report::{about, outputs},
};

impl ProjectMemos {
    /// The reports of all jobs, in their order, if every one of them is as it was when it was committed;
    /// nothing if any has to be cooked. Jobs are numbered from 1, as a service numbers the first that it is
    /// given. Blocks, and writes nothing but the memo of a file that was touched and is the same.
    pub fn all_unchanged<'a>(
        &self,
        requests: impl IntoIterator<Item = &'a ImportRequest>,
        settings: &ImportSettings,
        importers: &Importers,
    ) -> Option<Vec<ImportReport>> {
        let requests = requests.into_iter();
        let mut questions: Vec<Question<'_>> = Vec::with_capacity(requests.size_hint().0);
        for request in requests {
            let root = match questions.last() {
                // Most jobs are for the container of the one before.
                Some(last)
                    if request.container().is_some()
                        && last.request.container() == request.container() =>
                {
                    last.root.clone()
                }
                _ => cooked_root(request, &settings.source_root),
            };
            questions.push(Question { root, request });
        }
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let wanted = Answer::AllOrNothing { threads };
        let answers = self.ask(&questions, settings, importers, wanted);
        let all = questions.iter().zip(answers).zip(1..);
        let mut first: Vec<Job<'_>> = all
            .map(|((question, unchanged), number)| {
                Some(Job {
                    number: JobId(number),
                    question,
                    unchanged: unchanged?,
                })
            })
            .collect::<Option<_>>()?;
        if threads < 2 || first.len() < WORTH_A_THREAD {
            return Some(first.into_iter().map(Job::report).collect());
        }
        let second = first.split_off(first.len() / 2);
        std::thread::scope(|scope| {
            let report = |jobs: Vec<Job<'_>>| jobs.into_iter().map(Job::report).collect::<Vec<_>>();
            let second = scope.spawn(move || report(second));
            let mut reports = report(first);
            // A thread that failed has nothing to report.
            reports.extend(second.join().ok()?);
            Some(reports)
        })
    }
}

/// A thread costs more than the reports of a few jobs.
const WORTH_A_THREAD: usize = 256;

/// A job that is as it was.
struct Job<'a> {
    number: JobId,
    question: &'a Question<'a>,
    unchanged: Unchanged,
}

impl Job<'_> {
    fn report(self) -> ImportReport {
        let Self {
            number: job,
            question,
            unchanged,
        } = self;
        let names = JobNames {
            name: question.request.name().unwrap_or_default().to_owned(),
            source: question.request.source().to_owned(),
            root: question.root.clone(),
        };
        let told = unchanged.told;
        let mut report = ImportReport::empty(job, &names, JobState::Complete, Vec::new());
        report.name = names.known_as(job, Some(&unchanged.format));
        report.diagnostics = about(told.diagnostics, &names.source);
        report.cached = true;
        report.source_key = unchanged.outcome.guid;
        report.outputs = outputs(&told.products, &unchanged.outcome);
        report.count(&told.products);
        report.products = told.products;
        report.ignored = told.ignored;
        report
    }
}

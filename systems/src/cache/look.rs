//! Looking at what jobs were made of: whether it is as it was.

use bevy_kiln_assets::cache::memo::{Found, JobRecord, Memo};
use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
};

use super::{
    inputs::{Verdict, examine},
    subject::Subject,
    told::Told,
};

/// A job that may be as it was.
pub(super) struct Asked<'a> {
    /// Nothing if it cannot be told from others.
    pub(super) subject: Option<Subject>,
    pub(super) source: &'a str,
}

/// What is known of a job.
pub(super) struct Look {
    /// The records of jobs that were called so, whatever they asked for.
    pub(super) known: Vec<usize>,
    /// The one that asked for the same, if everything that it has looked at is the same.
    pub(super) same: Option<Same>,
}

/// A job that is as it was, as far as it knows itself.
pub(super) struct Same {
    /// Its record.
    pub(super) number: usize,
    pub(super) told: Told,
    /// Inputs that were touched but are the same, and what they look like now.
    pub(super) touched: Vec<(usize, Found)>,
}

/// The jobs of a memo, by who they are.
pub(super) struct Records<'a> {
    records: &'a [JobRecord],
    environment: &'a str,
    by_subject: HashMap<[u8; 16], Vec<usize>>,
}

impl<'a> Records<'a> {
    pub(super) fn new(memo: &'a Memo, environment: &'a str) -> Self {
        let mut by_subject: HashMap<[u8; 16], Vec<usize>> = HashMap::new();
        for (number, record) in memo.records.iter().enumerate() {
            by_subject.entry(record.subject).or_default().push(number);
        }
        Self {
            records: &memo.records,
            environment,
            by_subject,
        }
    }

    /// Looks at every job.
    pub(super) fn look(&self, jobs: &[Asked<'_>]) -> Vec<Look> {
        jobs.iter().map(|job| self.look_at(job)).collect()
    }

    /// Looks at every job on so many threads; nothing, and soon, if any of them is not as it was.
    pub(super) fn look_at_all(&self, jobs: &[Asked<'_>], threads: usize) -> Option<Vec<Look>> {
        /// A thread costs more than looking at a few files.
        const WORTH_A_THREAD: usize = 128;
        let threads = threads.min(jobs.len() / WORTH_A_THREAD).max(1);
        let changed = AtomicBool::new(false);
        let look_at = |jobs: &[Asked<'_>]| -> Option<Vec<Look>> {
            let looks = jobs.iter().map(|job| {
                if changed.load(Ordering::Relaxed) {
                    return None;
                }
                let look = self.look_at(job);
                if look.same.is_none() {
                    changed.store(true, Ordering::Relaxed);
                    return None;
                }
                Some(look)
            });
            looks.collect()
        };
        let mut parts = jobs.chunks(jobs.len().div_ceil(threads).max(1));
        let first = parts.next().unwrap_or_default();
        std::thread::scope(|scope| {
            let others: Vec<_> = parts
                .map(|part| scope.spawn(move || look_at(part)))
                .collect();
            let mut looks = look_at(first)?;
            for other in others {
                // A thread that failed has found nothing out.
                looks.extend(other.join().ok()??);
            }
            Some(looks)
        })
    }

    fn look_at(&self, job: &Asked<'_>) -> Look {
        let Some(subject) = &job.subject else {
            return Look {
                known: Vec::new(),
                same: None,
            };
        };
        let known = self.by_subject.get(&subject.id);
        let known = known.map(Vec::as_slice).unwrap_or_default();
        let exact = known.iter().copied().find(|&number| {
            let record = &self.records[number];
            record.settings == subject.settings && *record.environment == *self.environment
        });
        let same = exact.and_then(|number| {
            let record = &self.records[number];
            Some(Same {
                number,
                touched: touched(record)?,
                told: Told::parse(&record.report)?,
            })
        });
        Look {
            known: known.to_vec(),
            same,
        }
    }
}

/// What of the inputs of a job was touched, if all of them are the same.
fn touched(record: &JobRecord) -> Option<Vec<(usize, Found)>> {
    let mut touched = Vec::new();
    for (number, input) in record.inputs.iter().enumerate() {
        match examine(input) {
            Verdict::Same => {}
            Verdict::Touched(found) => touched.push((number, found)),
            Verdict::Changed(_) => return None,
        }
    }
    Some(touched)
}

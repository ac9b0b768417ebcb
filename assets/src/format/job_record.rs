//! What each job has put into a container: the part of the catalogue that compaction goes by.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use super::catalog::CatalogKey;

/// Who a job is, from one cook to the next: its settings may change, its source and its name do not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobKey {
    source: String,
    name: Option<String>,
    copy: u32,
}

impl JobKey {
    /// The job with this source, and with this name if it was given one.
    pub fn new(source: impl Into<String>, name: Option<&str>) -> Self {
        Self {
            source: source.into(),
            name: name.map(str::to_owned),
            copy: 0,
        }
    }

    /// The same for one of several jobs of a manifest that have source and name in common, from 0.
    #[must_use]
    pub fn copy(mut self, copy: u32) -> Self {
        self.copy = copy;
        self
    }

    /// The source, as it was requested.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The name that the job was given.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Which of several equal jobs it is, from 0.
    pub fn number(&self) -> u32 {
        self.copy
    }
}

impl fmt::Display for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        if let Some(name) = &self.name {
            write!(f, " ({name})")?;
        }
        if self.copy > 0 {
            write!(f, " #{}", u64::from(self.copy) + 1)?;
        }
        Ok(())
    }
}

/// All jobs of one container in the order of a manifest. Clones share it.
#[derive(Clone, PartialEq, Eq)]
pub struct JobSequence(Arc<[JobKey]>);

impl JobSequence {
    /// The jobs in their order.
    pub fn new(keys: impl Into<Arc<[JobKey]>>) -> Self {
        Self(keys.into())
    }

    /// The jobs in their order.
    pub fn keys(&self) -> &[JobKey] {
        &self.0
    }

    /// Whether both are the same allocation, and so need not be compared.
    pub fn is_shared_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for JobSequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobSequence({} jobs)", self.0.len())
    }
}

/// Numbers in an order that matters, written as runs: `1-3,7`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runs(Vec<(u32, u32)>);

impl Runs {
    /// Appends a number that is not there yet.
    pub fn push(&mut self, number: u32) {
        if self.contains(number) {
            return;
        }
        match self.0.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => self.0.push((number, number)),
        }
    }

    /// Whether a number is there.
    pub fn contains(&self, number: u32) -> bool {
        self.0
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&number))
    }

    /// The numbers in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        let runs = self.0.iter();
        runs.map(|(first, last)| u64::from(last - first) + 1).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The largest number.
    pub fn max(&self) -> Option<u32> {
        self.0.iter().map(|(_, last)| *last).max()
    }

    /// Reads runs. No number may be there twice.
    pub fn parse(text: &str) -> Option<Self> {
        let mut runs = Vec::new();
        for run in text.split(',').filter(|run| !run.is_empty()) {
            let (first, last) = run.split_once('-').unwrap_or((run, run));
            let (first, last) = (first.parse().ok()?, last.parse().ok()?);
            if first > last {
                return None;
            }
            runs.push((first, last));
        }
        let mut sorted = runs.clone();
        sorted.sort_unstable();
        let apart = sorted.windows(2).all(|pair| pair[0].1 < pair[1].0);
        apart.then_some(Self(runs))
    }
}

impl FromIterator<u32> for Runs {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        let mut runs = Self::default();
        numbers.into_iter().for_each(|number| runs.push(number));
        runs
    }
}

impl fmt::Display for Runs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (first, last)) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            if first == last {
                write!(f, "{comma}{first}")?;
            } else {
                write!(f, "{comma}{first}-{last}")?;
            }
        }
        Ok(())
    }
}

/// What a job has put into the container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobContent {
    /// Its textures in the order in which it asked for their places, each once. Index 0 says that it
    /// wants the fallback texture to be there.
    pub textures: Runs,
    /// Its buffers, likewise.
    pub buffers: Runs,
    /// The alignments of buffers that are not what the role of the buffer says. Tables do not store them.
    pub alignments: BTreeMap<u32, u32>,
    /// Its lines of the catalogue. They lead to its assets.
    pub lines: BTreeSet<CatalogKey>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_runs() {
        let runs: Runs = [5, 6, 7, 1, 2, 2, 6, 9].into_iter().collect();
        assert_eq!(runs.to_string(), "5-7,1-2,9");
        assert_eq!(runs.iter().collect::<Vec<_>>(), [5, 6, 7, 1, 2, 9]);
        assert_eq!((runs.len(), runs.max()), (6, Some(9)));
        assert_eq!(Runs::parse("5-7,1-2,9"), Some(runs));
        assert_eq!(Runs::parse(""), Some(Runs::default()));
        let all = Runs::parse("0-4294967295").unwrap();
        assert_eq!(all.len(), 1 << 32);
        for wrong in [
            "x",
            "3-1",
            "1-2-3",
            "-1",
            "1,1",
            "1-5,3",
            "4294967296",
            "1;2",
        ] {
            assert_eq!(Runs::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn jobs_have_names_for_people() {
        let key = JobKey::new("a.png", None);
        assert_eq!(key.to_string(), "a.png");
        let other = JobKey::new("a.png", Some("wood")).copy(1);
        assert_eq!(other.to_string(), "a.png (wood) #2");
        assert_ne!(key, other);
    }
}

//! Why a job would be cooked again: what is not as it was when it was committed.

use bevy_kiln_assets::{
    cache::memo::{JobRecord, Memo},
    format::layout::INDEX_FILE,
};
use bevy_kiln_components::{job::ImportRequest, settings::ImportSettings};
use serde::Serialize;
use serde_json::Value;
use std::{collections::BTreeMap, fmt, path::Path};

use super::{
    inputs::{InputChange, Verdict, WhatChanged, examine},
    memos::MEMOS,
    project::memo_path,
    subject::Subject,
};
use crate::store::ContainerLook;

/// Which job is asked about.
#[derive(Clone, Copy, Debug)]
pub enum Asked<'a> {
    /// One that would be cooked like this.
    Request(&'a ImportRequest, &'a ImportSettings),
    /// One that was cooked, by its source or its name; with the settings that it had.
    Known(&'a str),
}

/// What there is to say of a job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The source as it was requested.
    pub source: String,
    /// Whether nothing would be done.
    pub unchanged: bool,
    /// What is not as it was.
    pub reasons: Vec<Reason>,
}

/// Something that is not as it was.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The job was never committed, as far as anybody remembers.
    NeverCooked,
    /// A file or folder.
    Source(InputChange),
    /// A setting.
    Setting {
        /// Its path, with dots.
        path: String,
        /// What it was; nothing if it was not set.
        old: Option<Value>,
        /// What it is.
        new: Option<Value>,
    },
    /// A cooker, an encoder, an importer, or the program.
    Version {
        /// Which one.
        of: String,
        /// What it was; nothing if there was none.
        old: Option<String>,
        /// What it is.
        new: Option<String>,
    },
    /// There is no container.
    ContainerMissing,
    /// The container was changed by others, or before anybody could take a note.
    ContainerChanged,
    /// A file of the container is not there with its size.
    ContainerIncomplete {
        /// The file, relative to the root.
        file: String,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = |value: &Option<Value>| match value {
            Some(value) => value.to_string(),
            None => "unset".to_owned(),
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
        match self {
            Self::NeverCooked => f.write_str("it was never cooked into this container"),
            Self::Source(change) => change.fmt(f),
            Self::Setting { path, old, new } => {
                write!(
                    f,
                    "the setting {path} changed: {} -> {}",
                    value(old),
                    value(new)
                )
            }
            Self::Version { of, old, new } => {
                write!(f, "{of} changed: {} -> {}", text(old), text(new))
            }
            Self::ContainerMissing => f.write_str("the container is not there"),
            Self::ContainerChanged => {
                f.write_str("the container is not as the last cook with a cache left it")
            }
            Self::ContainerIncomplete { file } => {
                write!(f, "{file} of the container is missing or has another size")
            }
        }
    }
}

impl fmt::Display for InputChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match self.what {
            WhatChanged::Removed => write!(f, "{path} is gone"),
            WhatChanged::Appeared => write!(f, "{path} was looked for in vain, and is there now"),
            WhatChanged::Names => write!(
                f,
                "other files in {path} have the names that were looked for"
            ),
            WhatChanged::Changed => {
                write!(f, "{path} changed")?;
                let side = |size: Option<u64>, hash: &Option<String>| {
                    let size = size.map(|size| format!("{size} bytes"));
                    let hash = hash.as_deref().and_then(|hash| hash.get(..16));
                    let hash = hash.map(|hash| format!("hash {hash}"));
                    let parts: Vec<String> = size.into_iter().chain(hash).collect();
                    parts.join(", ")
                };
                let old = side(self.old_size, &self.old_hash);
                let new = side(self.new_size, &self.new_hash);
                if old.is_empty() && new.is_empty() {
                    return Ok(());
                }
                write!(f, ": {old} -> {new}")
            }
        }
    }
}

/// Says of a job, or of all jobs that are called so, what is not as it was. The cache is in `folder`; the
/// text of versions is that of [`environment_of`](super::environment_of). Empty when nobody knows such a job
/// by its name.
pub fn explain(
    folder: &Path,
    root: &Path,
    asked: Asked<'_>,
    environment: &str,
) -> Vec<Explanation> {
    let memo = std::fs::read(memo_path(&folder.join(MEMOS), root)).ok();
    let memo = memo.as_deref().and_then(Memo::parse).unwrap_or_default();
    let container = container_reason(&memo, root);
    let explanation = |source: &str, mut reasons: Vec<Reason>| {
        reasons.extend(container.clone());
        Explanation {
            source: source.to_owned(),
            unchanged: reasons.is_empty(),
            reasons,
        }
    };
    match asked {
        Asked::Known(name) => {
            let found = memo.records.iter();
            let found = found.filter(|record| record.source == name || record.name == name);
            found
                .map(|record| {
                    let reasons = differences(record, &record.settings, environment);
                    explanation(&record.source, reasons)
                })
                .collect()
        }
        Asked::Request(request, settings) => {
            let subject = Subject::of(request, settings);
            let of_subject = memo.records.iter().filter(|record| {
                subject
                    .as_ref()
                    .is_some_and(|asked| asked.id == record.subject)
            });
            let closest = of_subject
                .filter_map(|record| {
                    let asked = &subject.as_ref()?.settings;
                    Some(differences(record, asked, environment))
                })
                .min_by_key(Vec::len);
            let reasons = closest.unwrap_or_else(|| vec![Reason::NeverCooked]);
            vec![explanation(request.source(), reasons)]
        }
    }
}

fn container_reason(memo: &Memo, root: &Path) -> Option<Reason> {
    if !root.join(INDEX_FILE).exists() {
        return Some(Reason::ContainerMissing);
    }
    let Some(look) = ContainerLook::of(root) else {
        return Some(Reason::ContainerChanged);
    };
    if look.index_hash != memo.container || look.catalog_hash != memo.catalog {
        return Some(Reason::ContainerChanged);
    }
    let file = look.missing(root)?;
    Some(Reason::ContainerIncomplete { file })
}

fn differences(record: &JobRecord, settings: &str, environment: &str) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for input in &record.inputs {
        if let Verdict::Changed(change) = examine(input) {
            reasons.push(Reason::Source(change));
        }
    }
    let settings = changes(&leaves(&record.settings), &leaves(settings));
    reasons.extend(
        settings
            .into_iter()
            .map(|(path, old, new)| Reason::Setting { path, old, new }),
    );
    let versions = changes(&pairs(&record.environment), &pairs(environment));
    reasons.extend(
        versions
            .into_iter()
            .map(|(of, old, new)| Reason::Version { of, old, new }),
    );
    reasons
}

/// What two maps say differently.
fn changes<T: Clone + PartialEq>(
    old: &BTreeMap<String, T>,
    new: &BTreeMap<String, T>,
) -> Vec<(String, Option<T>, Option<T>)> {
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let changed = names.into_iter().filter_map(|name| {
        let (old, new) = (old.get(name), new.get(name));
        (old != new).then(|| (name.clone(), old.cloned(), new.cloned()))
    });
    changed.collect()
}

/// The values of a JSON document by their paths. Arrays are values; nothing is no value.
fn leaves(json: &str) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    if let Ok(value) = serde_json::from_str(json) {
        collect(String::new(), value, &mut all);
    }
    all
}

fn collect(path: String, value: Value, all: &mut BTreeMap<String, Value>) {
    match value {
        // The depth is that of our own types.
        Value::Object(map) => {
            for (name, value) in map {
                let path = if path.is_empty() {
                    name
                } else {
                    format!("{path}.{name}")
                };
                collect(path, value, all);
            }
        }
        Value::Null => {}
        value => {
            all.insert(path, value);
        }
    }
}

/// Versions by what they are of.
fn pairs(environment: &str) -> BTreeMap<String, String> {
    let pairs = environment
        .split("; ")
        .filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| match (name, value.split_once(' ')) {
            ("importer", Some((format, value))) => (format!("importer {format}"), value.to_owned()),
            _ => (name.to_owned(), value.to_owned()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(settings: &str, environment: &str) -> JobRecord {
        JobRecord {
            subject: [0; 16],
            source: "a.png".to_owned(),
            name: String::new(),
            settings: settings.into(),
            environment: environment.into(),
            format: "texture".into(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            report: Vec::new(),
        }
    }

    fn texts(reasons: &[Reason]) -> Vec<String> {
        reasons.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn settings_are_told_by_path() {
        let old = r#"{"name":null,"texture":{"max_mips":3,"flip_y":true},"sources":["a"]}"#;
        let new = r#"{"name":"x","texture":{"max_mips":4},"sources":["a","b"]}"#;
        let reasons = differences(&record(old, ""), new, "");
        assert_eq!(
            texts(&reasons),
            [
                r#"the setting name changed: unset -> "x""#,
                r#"the setting sources changed: ["a"] -> ["a","b"]"#,
                "the setting texture.flip_y changed: true -> unset",
                "the setting texture.max_mips changed: 3 -> 4",
            ]
        );
        assert!(differences(&record(old, ""), old, "").is_empty());
    }

    #[test]
    fn versions_are_told_by_name() {
        let old = "kiln=1; bc7e=bc7e 1 (avx2); importer=gltf 1";
        let new = "kiln=1; bc7e=bc7e 1 (avx512); importer=gltf 2; importer=x 1";
        let reasons = differences(&record("{}", old), "{}", new);
        assert_eq!(
            texts(&reasons),
            [
                "bc7e changed: bc7e 1 (avx2) -> bc7e 1 (avx512)",
                "importer gltf changed: 1 -> 2",
                "importer x changed: none -> 1",
            ]
        );
    }
}

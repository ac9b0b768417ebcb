//! Whether what a job looked at is as it was.

use bevy_kiln_assets::cache::{
    memo::{Found, Input, Stamp, names_hash},
    segment::hash,
};
use serde::Serialize;
use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use super::{
    footprint::Traces,
    stamp::{self, FINE_TICK, is_settled, stamp},
};

/// What became of something that a job had looked at.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing.
    Same,
    /// It was touched, but is the same: this is what it looks like now.
    Touched(Found),
    /// It is something else.
    Changed(InputChange),
}

/// How a file or folder differs from what a job had found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InputChange {
    /// The path.
    pub path: String,
    /// What happened.
    pub what: WhatChanged,
    /// The size that it had, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_size: Option<u64>,
    /// The size that it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_size: Option<u64>,
    /// The BLAKE3 hash that it had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_hash: Option<String>,
    /// The BLAKE3 hash that it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_hash: Option<String>,
}

/// What happened to a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WhatChanged {
    /// It has other content.
    Changed,
    /// It is gone.
    Removed,
    /// It was looked for in vain, and is there now.
    Appeared,
    /// The names in a folder that were looked for are others.
    Names,
}

impl InputChange {
    fn new(path: &str, what: WhatChanged) -> Self {
        Self {
            path: path.to_owned(),
            what,
            old_size: None,
            new_size: None,
            old_hash: None,
            new_hash: None,
        }
    }
}

fn hex(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Looks at something again. Content is read only if everything else leaves it open.
pub(super) fn examine(input: &Input) -> Verdict {
    let path = Path::new(&input.path);
    let changed = |what| Verdict::Changed(InputChange::new(&input.path, what));
    match &input.found {
        Found::Nothing => match std::fs::metadata(path) {
            Ok(_) => changed(WhatChanged::Appeared),
            Err(_) => Verdict::Same,
        },
        Found::File { stamp, hash } => examine_file(&input.path, stamp, hash.as_ref()),
        Found::Thing { is_folder, size } => match std::fs::metadata(path) {
            Err(_) => changed(WhatChanged::Removed),
            Ok(info) if info.is_dir() != *is_folder => changed(WhatChanged::Changed),
            Ok(info) if !is_folder && info.len() != *size => {
                let mut change = InputChange::new(&input.path, WhatChanged::Changed);
                change.old_size = Some(*size);
                change.new_size = Some(info.len());
                Verdict::Changed(change)
            }
            Ok(_) => Verdict::Same,
        },
        Found::Names { stamp: old, asked } => {
            folder(path, old, || changed(WhatChanged::Removed), {
                |names| {
                    asked.iter().all(|(name, like)| {
                        let found = names.iter().filter(|found| found.to_lowercase() == *name);
                        names_hash(found.map(String::as_str)) == *like
                    })
                }
            })
            .unwrap_or_else(|| changed(WhatChanged::Names))
        }
        Found::Listing { stamp: old, names } => folder(
            path,
            old,
            || changed(WhatChanged::Removed),
            |found| names_hash(found.iter().map(String::as_str)) == *names,
        )
        .unwrap_or_else(|| changed(WhatChanged::Names)),
    }
}

/// A folder that is the same if its stamp is, or else if `is_same` says so of the names in it; `None` when
/// they are others.
fn folder(
    path: &Path,
    old: &Stamp,
    removed: impl FnOnce() -> Verdict,
    is_same: impl FnOnce(&[String]) -> bool,
) -> Option<Verdict> {
    let Some(now) = stamp(path) else {
        return Some(removed());
    };
    if now == *old {
        return Some(Verdict::Same);
    }
    let Ok(entries) = std::fs::read_dir(path) else {
        return Some(removed());
    };
    let names = entries.map_while(Result::ok);
    let mut names: Vec<String> = names
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort_unstable();
    // Other files come and go in a folder: that is no reason to write anything.
    is_same(&names).then_some(Verdict::Same)
}

fn examine_file(text: &str, old: &Stamp, hash: Option<&[u8; 32]>) -> Verdict {
    let path = Path::new(text);
    let Ok(info) = std::fs::metadata(path) else {
        return Verdict::Changed(InputChange::new(text, WhatChanged::Removed));
    };
    let now = stamp::of(&info);
    if now == *old {
        return Verdict::Same;
    }
    let looked = SystemTime::now();
    let found = if info.is_file() {
        hash_file(path)
    } else {
        None
    };
    if let (Some(old_hash), Some(new_hash)) = (hash, &found)
        && old_hash == new_hash
    {
        return Verdict::Touched(Found::File {
            stamp: trusted(now, looked),
            hash: Some(*new_hash),
        });
    }
    Verdict::Changed(InputChange {
        old_size: Some(old.size),
        new_size: Some(now.size),
        old_hash: hash.map(hex),
        new_hash: found.as_ref().map(hex),
        ..InputChange::new(text, WhatChanged::Changed)
    })
}

/// A stamp that was taken at some moment: without its time if that may not show a later change.
fn trusted(stamp: Stamp, looked: SystemTime) -> Stamp {
    if is_settled(&stamp, looked) {
        stamp
    } else {
        Stamp {
            modified: 0,
            ..stamp
        }
    }
}

fn hash_file(path: &Path) -> Option<[u8; 32]> {
    let bytes = std::fs::read(path).ok()?;
    Some(hash([bytes.as_slice()]))
}

/// The inputs of a job that was committed, with stamps that can be trusted. Files that were young when they
/// were read are looked at once more; `None` when one of them was changed since.
pub(super) fn settle(traces: Traces) -> Option<Vec<Input>> {
    let Traces {
        mut inputs,
        unsettled,
    } = traces;
    if !unsettled.is_empty() {
        // The job has taken at least as long as a tick, most often.
        let young = unsettled
            .iter()
            .filter_map(|&at| match &inputs.get(at)?.found {
                Found::File { stamp, .. } => Some(*stamp),
                _ => None,
            });
        let now = SystemTime::now();
        if young.into_iter().any(|stamp| !is_settled(&stamp, now)) {
            std::thread::sleep(FINE_TICK + Duration::from_millis(1));
        }
    }
    for at in unsettled {
        let input = inputs.get_mut(at)?;
        let Found::File { stamp: old, hash } = &mut input.found else {
            continue;
        };
        let (now, looked) = (stamp(Path::new(&input.path))?, SystemTime::now());
        if now != *old || hash.is_some() && *hash != hash_file(Path::new(&input.path)) {
            return None;
        }
        *old = trusted(now, looked);
    }
    for input in &mut inputs {
        // The container may lie in a folder that was searched.
        if let Found::Names { stamp: old, .. } | Found::Listing { stamp: old, .. } =
            &mut input.found
        {
            *old = Stamp::default();
        }
        let looked = SystemTime::now();
        let now = stamp(Path::new(&input.path));
        if matches!(input.found, Found::Names { .. } | Found::Listing { .. }) {
            if examine(input) != Verdict::Same {
                return None;
            }
            if let Found::Names { stamp: old, .. } | Found::Listing { stamp: old, .. } =
                &mut input.found
            {
                *old = trusted(now?, looked);
            }
        }
    }
    Some(inputs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn file(path: &Path) -> Input {
        let bytes = fs::read(path).unwrap();
        Input {
            path: path.to_str().unwrap().to_owned(),
            found: Found::File {
                stamp: stamp(path).unwrap(),
                hash: Some(hash([bytes.as_slice()])),
            },
        }
    }

    fn changed(input: &Input) -> Option<InputChange> {
        match examine(input) {
            Verdict::Changed(change) => Some(change),
            _ => None,
        }
    }

    fn touch(path: &Path) {
        let file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(100))
            .unwrap();
    }

    #[test]
    fn files_are_the_same_touched_or_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "content").unwrap();
        let input = file(&path);
        assert_eq!(examine(&input), Verdict::Same);
        touch(&path);
        let Verdict::Touched(found) = examine(&input) else {
            panic!("it was touched");
        };
        let again = Input {
            found,
            ..input.clone()
        };
        assert_eq!(examine(&again), Verdict::Same);
        fs::write(&path, "CONTENT").unwrap();
        let change = changed(&again).unwrap();
        assert_eq!((change.old_size, change.new_size), (Some(7), Some(7)));
        assert_eq!(change.what, WhatChanged::Changed);
        assert_eq!(change.new_hash, Some(hex(&hash([&b"CONTENT"[..]]))));
        assert_ne!(change.old_hash, change.new_hash);
        // Only its beginning was read, so nobody knows what it was.
        let mut head = file(&path);
        if let Found::File { hash, .. } = &mut head.found {
            *hash = None;
        }
        assert_eq!(examine(&head), Verdict::Same);
        touch(&path);
        assert!(changed(&head).is_some());
        fs::remove_file(&path).unwrap();
        assert_eq!(changed(&input).unwrap().what, WhatChanged::Removed);
    }

    #[test]
    fn what_was_not_there_must_not_appear() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let input = Input {
            path: path.to_str().unwrap().to_owned(),
            found: Found::Nothing,
        };
        assert_eq!(examine(&input), Verdict::Same);
        fs::write(&path, "").unwrap();
        assert_eq!(changed(&input).unwrap().what, WhatChanged::Appeared);
    }

    #[test]
    fn folders_count_for_the_names_that_were_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("Wood.PNG"), "").unwrap();
        let asked = vec![
            ("wood.png".to_owned(), names_hash(["Wood.PNG"])),
            ("stone.png".to_owned(), names_hash([])),
        ];
        let names = |stamp| Input {
            path: folder.path().to_str().unwrap().to_owned(),
            found: Found::Names {
                stamp,
                asked: asked.clone(),
            },
        };
        let input = names(stamp(folder.path()).unwrap());
        assert_eq!(examine(&input), Verdict::Same);
        fs::write(folder.path().join("other.png"), "").unwrap();
        assert_eq!(examine(&names(Stamp::default())), Verdict::Same);
        fs::write(folder.path().join("STONE.png"), "").unwrap();
        let change = changed(&names(Stamp::default())).unwrap();
        assert_eq!(change.what, WhatChanged::Names);
        let listing = |names: &[&str]| Input {
            path: folder.path().to_str().unwrap().to_owned(),
            found: Found::Listing {
                stamp: Stamp::default(),
                names: names_hash(names.iter().copied()),
            },
        };
        let all = ["STONE.png", "Wood.PNG", "other.png"];
        assert_eq!(examine(&listing(&all)), Verdict::Same);
        assert!(changed(&listing(&all[1..])).is_some());
    }

    #[test]
    fn young_files_are_looked_at_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "one").unwrap();
        let traces = |input| Traces {
            inputs: vec![input],
            unsettled: vec![0],
        };
        let input = file(&path);
        let settled = settle(traces(input.clone())).unwrap();
        assert_eq!(
            settled,
            std::slice::from_ref(&input),
            "its time can be trusted by now"
        );
        fs::write(&path, "two").unwrap();
        assert_eq!(settle(traces(input)), None);
    }
}

//! The journal: the renames that are left to do once a commit has passed its commit point.

use bevy_kiln_assets::format::layout::INDEX_FILE;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{JOURNAL, JOURNAL_DRAFT, STAGE, StoreError};
use crate::io::{disk::Disk, error::FileError};

/// What is to be put in place, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Journal {
    /// Name in the staging folder, and path relative to the root.
    pub(super) renames: Vec<(String, String)>,
    /// Files that are gone after that, relative to the root.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) removals: Vec<String>,
    /// Committed files are replaced as well. So that nobody reads them by the old index, there is no index
    /// until the new one is put in place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) hides_index: bool,
}

impl Journal {
    /// Writes the journal. `Ok` says that the commit has happened, whatever comes; an error that
    /// it has not.
    pub(super) fn write(&self, disk: &Disk, root: &Path) -> Result<(), StoreError> {
        let body =
            serde_json::to_string(self).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let text = format!("{}\n{body}", digest_of(&body));
        let (draft, journal) = (root.join(JOURNAL_DRAFT), root.join(JOURNAL));
        disk.write_durable(&draft, text.as_bytes())?;
        match disk.rename(&draft, &journal) {
            // The next open would find it: an error of a rename that has happened changes nothing.
            Err(_) if journal.exists() => Ok(()),
            renamed => Ok(renamed?),
        }
    }

    /// Reads the journal of a root, if there is a valid one.
    pub(super) fn read(root: &Path) -> Result<Option<Self>, StoreError> {
        let path = root.join(JOURNAL);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(FileError::system(&path, "reading the journal", &error).into());
            }
        };
        Ok(text
            .split_once('\n')
            .filter(|(digest, body)| *digest == digest_of(body))
            .and_then(|(_, body)| serde_json::from_str(body).ok()))
    }

    /// Makes the journal durable, does the renames that are left, and forgets the journal. Doing it
    /// twice is doing it once.
    pub(super) fn apply(&self, disk: &Disk, root: &Path) -> Result<(), StoreError> {
        disk.sync_folder(root)?;
        let stage = root.join(STAGE);
        if self.hides_index && stage.join(INDEX_FILE).exists() {
            disk.remove_file(&root.join(INDEX_FILE))?;
            disk.sync_folder(root)?;
        }
        // Whatever is renamed twice, or not before a crash, the journal is there to finish it. Only the index
        // must not be durable before what it names.
        let mut folders: BTreeSet<PathBuf> = BTreeSet::new();
        for (staged, target) in &self.renames {
            let (from, to) = (stage.join(staged), root.join(target));
            if !from.exists() {
                continue;
            }
            let folder = to.parent().unwrap_or(root).to_owned();
            disk.create_folder(&folder)?;
            if target == INDEX_FILE {
                for named in std::mem::take(&mut folders) {
                    disk.sync_folder(&named)?;
                }
            }
            disk.rename(&from, &to)?;
            folders.insert(folder);
        }
        for folder in folders {
            disk.sync_folder(&folder)?;
        }
        for target in &self.removals {
            let path = root.join(target);
            disk.remove_file(&path)?;
            for folder in path
                .ancestors()
                .skip(1)
                .take_while(|folder| *folder != root)
            {
                disk.remove_empty_folder(folder)?;
            }
        }
        disk.remove_file(&root.join(JOURNAL))?;
        disk.remove_folder(&stage)?;
        Ok(disk.sync_folder(root)?)
    }
}

fn digest_of(body: &str) -> String {
    Sha256::digest(body.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

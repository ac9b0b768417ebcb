//! What is on disk.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Files and their bytes.
pub type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Every file below a folder with its bytes. What the catalogue says of the folder that it lies in is
/// another name in each run, and is replaced by `FOLDER`.
pub fn files(folder: &Path) -> Files {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&next) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let mut bytes = std::fs::read(&path).unwrap();
                if path
                    .file_name()
                    .is_some_and(|name| name == "kiln.catalog.json")
                {
                    let outside = folder.parent().unwrap().to_str().unwrap();
                    let text = String::from_utf8(bytes).unwrap();
                    bytes = text.replace(outside, "FOLDER").into_bytes();
                }
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), bytes);
            }
        }
    }
    found
}

/// When every file below a folder was written, and which file it is.
pub fn stamps(folder: &Path) -> BTreeMap<PathBuf, (std::time::SystemTime, u64)> {
    files(folder)
        .into_keys()
        .map(|path| {
            let info = std::fs::metadata(folder.join(&path)).unwrap();
            #[cfg(unix)]
            let identity = std::os::unix::fs::MetadataExt::ino(&info);
            #[cfg(not(unix))]
            let identity = info.len();
            (path, (info.modified().unwrap(), identity))
        })
        .collect()
}

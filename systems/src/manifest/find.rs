//! Finding the files of patterns.

use bevy_kiln_assets::{
    diagnostic::codes,
    manifest::{Expansion, Manifest, ManifestJob, PatternComponent, Places, SourcePattern},
};
use glob::MatchOptions;
use std::{
    ffi::OsString,
    fs::{self, FileType},
    io::{self, ErrorKind},
    path::{Path, PathBuf, is_separator},
};

/// How a component of a pattern reads a name. `*` does not stand for hidden files and folders, such as
/// the `.cooked` of an earlier cook.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// Expands a manifest, and makes a job of every file that its patterns find: the one step that looks
/// at the disk. The jobs of a pattern are in the order of their paths. `source_root` is what relative
/// paths are relative to.
///
/// A pattern finds files whose extension fits the type of its job. A source that is the exact name of a
/// file is no pattern, whatever it contains. `**` does not follow symbolic links.
pub fn expand_with_files(manifest: &Manifest, places: &Places, source_root: &Path) -> Expansion {
    let mut expansion = manifest.expand(places);
    let jobs = std::mem::take(&mut expansion.jobs);
    for mut job in jobs {
        let Some(pattern) = job.pattern.take() else {
            expansion.jobs.push(job);
            continue;
        };
        if source_root.join(&job.source).is_file() {
            expansion.jobs.push(job);
            continue;
        }
        match files_of(&job, &pattern, source_root) {
            Ok(files) => {
                job.source = String::new();
                expansion.jobs.reserve(files.len());
                expansion.jobs.extend(files.into_iter().map(|source| {
                    let mut found = job.clone();
                    found.source = source;
                    found
                }));
            }
            Err((code, message)) => {
                let pointer = format!("/jobs/{}/source", job.index);
                expansion
                    .problems
                    .push(manifest.problem(code, &pointer, &message));
            }
        }
    }
    // In the order of the document, whichever step found them.
    expansion.problems.sort_by_key(|problem| problem.job);
    expansion.settle_order();
    expansion
}

type Refusal = (bevy_kiln_assets::diagnostic::Code, String);

fn files_of(
    job: &ManifestJob,
    pattern: &SourcePattern,
    source_root: &Path,
) -> Result<Vec<String>, Refusal> {
    let found = find(pattern, source_root).map_err(|(folder, error)| {
        let message = format!("\"{}\" cannot be read: {error}", folder.display());
        (codes::manifest::JOB_INVALID, message)
    })?;
    let mut files = Vec::with_capacity(found.len());
    for path in found {
        let Some(path) = path.to_str() else {
            let message = format!("\"{}\" is not UTF-8", path.display());
            return Err((codes::manifest::JOB_INVALID, message));
        };
        if job.kind.fits(path) {
            files.push(path.to_owned());
        }
    }
    match (files.len(), &job.name) {
        (0, _) => {
            let message = format!(
                "no {} file fits the pattern below \"{}\"",
                job.kind.token(),
                pattern.folder.display()
            );
            Err((codes::manifest::NO_MATCH, message))
        }
        (2.., Some(name)) => {
            let message = format!(
                "'name' (\"{name}\") names one product, but the pattern finds {} files",
                files.len()
            );
            Err((codes::manifest::JOB_INVALID, message))
        }
        _ => Ok(files),
    }
}

/// All files that fit, in the order of their paths.
fn find(pattern: &SourcePattern, source_root: &Path) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let mut found = Vec::new();
    // Folders below the pattern's own, and the component that their entries have to fit.
    let mut left = vec![(PathBuf::new(), 0)];
    while let Some((below, index)) = left.pop() {
        let Some(component) = pattern.components.get(index) else {
            continue;
        };
        let is_last = index + 1 == pattern.components.len();
        let folder = source_root.join(&pattern.folder).join(&below);
        let entries = match entries(&folder) {
            Ok(entries) => entries,
            // A pattern below something that is not there fits nothing.
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                continue;
            }
            Err(error) => return Err((folder, error)),
        };
        if *component == PatternComponent::Any && !is_last {
            // No folder at all.
            left.push((below.clone(), index + 1));
        }
        for (name, kind) in entries {
            let path = below.join(&name);
            // Most entries say themselves what they are; where links lead has to be looked up.
            let full = || folder.join(&name);
            let is_link = kind.is_symlink();
            let is_dir = || kind.is_dir() || is_link && full().is_dir();
            let is_file = || kind.is_file() || is_link && full().is_file();
            match component {
                PatternComponent::Any => {
                    let hidden = name.to_str().is_none_or(|name| name.starts_with('.'));
                    if hidden {
                        continue;
                    }
                    if is_dir() {
                        if !is_link {
                            left.push((path, index));
                        }
                    } else if is_last && is_file() {
                        found.push(path);
                    }
                }
                PatternComponent::Fits(fits) => {
                    let fitting = name
                        .to_str()
                        .is_some_and(|name| fits.matches_with(name, OPTIONS));
                    if !fitting {
                        continue;
                    }
                    if is_last && is_file() {
                        found.push(path);
                    } else if !is_last && is_dir() {
                        left.push((path, index + 1));
                    }
                }
            }
        }
    }
    // As paths are ordered, component by component, but all of it at once.
    found.sort_by_cached_key(|path| -> Vec<u8> {
        let bytes = path.as_os_str().as_encoded_bytes().iter();
        bytes
            .map(|&byte| match char::from(byte) {
                separator if is_separator(separator) => 0,
                _ => byte,
            })
            .collect()
    });
    // Two `**` can find a file twice.
    found.dedup();
    Ok(found
        .into_iter()
        .map(|path| pattern.folder.join(path))
        .collect())
}

fn entries(folder: &Path) -> io::Result<Vec<(OsString, FileType)>> {
    // The folder of a relative pattern may be the working directory, which is written as nothing.
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    fs::read_dir(folder)?
        .map(|entry| {
            let entry = entry?;
            Ok((entry.file_name(), entry.file_type()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy_kiln_assets::manifest::ManifestFormat;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    fn expand(root: &Path, jobs: &str) -> Expansion {
        let text = format!("{{\"jobs\": [{jobs}]}}");
        let manifest = Manifest::parse(text.as_bytes(), ManifestFormat::Json).unwrap();
        expand_with_files(
            &manifest,
            &Places::new(root).with_output("/out"),
            Path::new(""),
        )
    }

    /// What a pattern finds, relative to the folder.
    fn found(folder: &tempfile::TempDir, pattern: &str) -> Vec<String> {
        let job = format!("{{\"type\": \"texture\", \"source\": \"{pattern}\"}}");
        let expansion = expand(folder.path(), &job);
        assert_eq!(expansion.problems.is_empty(), !expansion.jobs.is_empty());
        expansion
            .jobs
            .iter()
            .map(|job| {
                let path = Path::new(&job.source).strip_prefix(folder.path()).unwrap();
                path.to_str().unwrap().to_owned()
            })
            .collect()
    }

    #[test]
    fn patterns_find_files_in_the_order_of_their_paths() {
        let folder = folder(&[
            "b.png",
            "a.png",
            "c.tga",
            "notes[1].png",
            "model.glb",
            ".hidden.png",
            "x/d.png",
            "x/y/e.png",
            "x/.cooked/f.png",
            "z.png/inner.png",
        ]);
        assert_eq!(found(&folder, "*.png"), ["a.png", "b.png", "notes[1].png"]);
        assert_eq!(found(&folder, "?.png"), ["a.png", "b.png"]);
        assert_eq!(found(&folder, "[ac].*"), ["a.png", "c.tga"]);
        assert_eq!(found(&folder, "*/*.png"), ["x/d.png", "z.png/inner.png"]);
        let all = [
            "a.png",
            "b.png",
            "notes[1].png",
            "x/d.png",
            "x/y/e.png",
            "z.png/inner.png",
        ];
        assert_eq!(found(&folder, "**/*.png"), all);
        assert_eq!(found(&folder, "**/**/*.png"), all);
        assert_eq!(found(&folder, "x/**"), ["x/d.png", "x/y/e.png"]);
        assert_eq!(found(&folder, "**/e.png"), ["x/y/e.png"]);
        assert_eq!(found(&folder, "x/.cook*/*.png"), ["x/.cooked/f.png"]);
        assert_eq!(found(&folder, "x/../*.tga"), ["c.tga"]);
        // A file of exactly this name is no pattern.
        assert_eq!(found(&folder, "notes[1].png"), ["notes[1].png"]);
        assert!(found(&folder, "nowhere/*.png").is_empty());
        assert!(found(&folder, "a.png/*.png").is_empty());
    }

    #[test]
    fn only_files_that_fit_the_type_are_found() {
        let folder = folder(&["a.png", "a.glb", "b.GLTF", "c.fbx"]);
        let jobs = expand(folder.path(), r#"{"type": "gltf", "source": "*"}"#).jobs;
        let names: Vec<_> = jobs
            .iter()
            .map(|job| &job.source[job.source.len() - 5..])
            .collect();
        assert_eq!(
            names,
            ["a.glb", ".GLTF"].map(|name| &name[name.len().saturating_sub(5)..])
        );
    }

    #[test]
    fn problems_keep_the_order_of_the_document() {
        let folder = folder(&["a.png", "b.png"]);
        let jobs = r#"{"type": "texture", "source": "*.tga"},
            {"type": "fbx", "source": "a.png"},
            {"type": "texture", "source": "*.png", "name": "both"},
            {"type": "texture", "source": "a*.png", "name": "one"}"#;
        let expansion = expand(folder.path(), jobs);
        let problems: Vec<_> = expansion
            .problems
            .iter()
            .map(|problem| {
                (
                    problem.code.id(),
                    problem.pointer.as_str(),
                    problem.line.is_some(),
                )
            })
            .collect();
        assert_eq!(
            problems,
            [
                ("manifest.no_match", "/jobs/0/source", true),
                ("manifest.job_invalid", "/jobs/1/source", true),
                ("manifest.job_invalid", "/jobs/2/source", true),
            ]
        );
        assert_eq!(expansion.jobs.len(), 1);
        assert_eq!(expansion.jobs[0].name.as_deref(), Some("one"));
    }

    #[cfg(unix)]
    #[test]
    fn links_and_names_that_are_not_text() {
        use std::os::unix::ffi::OsStringExt;
        let folder = folder(&["a/b.png"]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("a/loop")).unwrap();
        std::os::unix::fs::symlink("b.png", folder.path().join("a/link.png")).unwrap();
        let strange = OsString::from_vec(b"a/\xff.png".to_vec());
        fs::write(folder.path().join(strange), "").unwrap();
        assert_eq!(found(&folder, "**/*.png"), ["a/b.png", "a/link.png"]);
        assert_eq!(
            found(&folder, "a/loop/a/*.png"),
            ["a/loop/a/b.png", "a/loop/a/link.png"]
        );
    }

    #[test]
    fn files_come_in_the_order_of_their_paths() {
        // Characters before and after the separator.
        let names = [
            "a/x.png",
            "a.png",
            "a-b/x.png",
            "a b/x.png",
            "a0.png",
            "a/b/x.png",
            "Z.png",
        ];
        let root = folder(&names);
        let found = expand(root.path(), r#"{"type": "texture", "source": "**/*.png"}"#);
        let found: Vec<PathBuf> = found
            .jobs
            .iter()
            .map(|job| job.source.clone().into())
            .collect();
        let mut expected: Vec<PathBuf> = names.iter().map(|name| root.path().join(name)).collect();
        expected.sort();
        assert_eq!(found, expected);
    }
}

//! Checks of `container.index.bin`.

use std::collections::HashSet;

use super::{Findings, is_zero, number};
use crate::{
    diagnostic::codes::verify as codes,
    format::{
        ids::AssetKey,
        layout::FileKind,
        path::{LONGEST_PATH, RelativePath, VirtualPath},
    },
};

/// An asset as the index describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetFact {
    /// The key.
    pub key: AssetKey,
    /// The stored type.
    pub asset_type: u8,
    /// The file of the descriptor.
    pub path: String,
    /// The virtual path.
    pub virtual_path: String,
    /// Bytes of the descriptor.
    pub size: u64,
    /// SHA-256 of the descriptor, or zero.
    pub digest: [u8; 32],
}

/// A resource file as the index describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFact {
    /// Which one.
    pub kind: FileKind,
    /// Where it is.
    pub path: String,
    /// Its size.
    pub size: u64,
}

/// What an index says, as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexFacts {
    /// The assets.
    pub assets: Vec<AssetFact>,
    /// The resource files.
    pub files: Vec<FileFact>,
}

/// Checks an index.
pub fn check(bytes: &[u8], findings: &mut Findings) -> IndexFacts {
    let mut facts = IndexFacts::default();
    if bytes.len() < 256 {
        findings.add(
            codes::INDEX,
            "header",
            format!("{} bytes are too few for a header of 256", bytes.len()),
        );
        return facts;
    }
    let field = |at, len| number(bytes, at, len);
    let mut wrong = |message: String| findings.add(codes::INDEX, "header", message);
    let mut loose = Vec::new();
    if &bytes[..8] != b"OXLCIDX\0" {
        wrong("the magic is not `OXLCIDX`".to_owned());
        return facts;
    }
    if field(8, 2) != 1 {
        wrong(format!("version {} is not known", field(8, 2)));
        return facts;
    }
    let (flags, assets, files) = (field(12, 4), field(40, 4), field(56, 4));
    if flags > 3 || flags & 1 == 0 || (flags & 2 != 0) != (files > 0) {
        wrong(format!("flags {flags:#x} do not fit {files} file records"));
    }
    if field(44, 4) != 76 || field(60, 4) != 64 {
        wrong(format!(
            "records of {} and {} bytes instead of 76 and 64",
            field(44, 4),
            field(60, 4)
        ));
        return facts;
    }
    if is_zero(bytes, 64, 16) {
        wrong("the GUID is all zero".to_owned());
    }
    if !is_zero(bytes, 80, 176) {
        wrong("reserved bytes are not zero".to_owned());
    }
    let (strings_at, strings_len) = (field(16, 8), field(24, 8));
    let (assets_at, files_at) = (field(32, 8), field(48, 8));
    let ends = [
        (strings_at, Some(strings_len), 256),
        (
            assets_at,
            assets.checked_mul(76),
            strings_at.saturating_add(strings_len),
        ),
        (
            files_at,
            files.checked_mul(64),
            assets_at.saturating_add(assets * 76),
        ),
    ];
    for (start, len, after) in ends {
        let end = len.and_then(|len| start.checked_add(len));
        if start < after || end.is_none_or(|end| end > bytes.len() as u64) {
            wrong(format!(
                "a section at {start} is outside of the file, or inside of the section before it"
            ));
            return facts;
        }
        if start != after {
            loose.push(start);
        }
    }
    if files_at + files * 64 != bytes.len() as u64 {
        wrong("bytes follow the last record".to_owned());
    }
    let strings = &bytes[strings_at as usize..(strings_at + strings_len) as usize];
    if strings.first() != Some(&0) || strings.last() != Some(&0) {
        wrong("the string table does not begin and end with NUL".to_owned());
    }
    for start in loose {
        let text = format!("there is a gap before the section at {start}");
        findings.add(codes::INDEX_FORM, "header", text);
    }
    let mut used = HashSet::new();
    // Records may share strings, but what is noted of them must not outgrow the file.
    let mut left = 2 * bytes.len();
    for i in 0..assets as usize {
        let entry = &bytes[assets_at as usize + i * 76..][..76];
        if let Some(asset) = check_asset(entry, i, strings, findings) {
            left = left.saturating_sub(asset.path.len() + asset.virtual_path.len());
            if left == 0 {
                let text = "the paths together are longer than the index";
                findings.add(codes::INDEX, "strings", text);
                return facts;
            }
            used.extend([number(entry, 16, 4), number(entry, 20, 4)]);
            facts.assets.push(asset);
        }
    }
    for i in 0..files as usize {
        let record = &bytes[files_at as usize + i * 64..][..64];
        if let Some(file) = check_file(record, i, strings, findings) {
            used.insert(number(record, 4, 4));
            facts.files.push(file);
        }
    }
    check_strings(strings, &used, findings);
    check_sets(&facts, findings);
    facts
}

/// Reads a string that ends with NUL, and not later than the longest path does.
fn path_at(strings: &[u8], at: u64) -> Option<&str> {
    let rest = strings.get(usize::try_from(at).ok()?..)?;
    let near = &rest[..rest.len().min(LONGEST_PATH + 1)];
    let end = near.iter().position(|&byte| byte == 0)?;
    std::str::from_utf8(&near[..end]).ok()
}

fn check_asset(
    entry: &[u8],
    i: usize,
    strings: &[u8],
    findings: &mut Findings,
) -> Option<AssetFact> {
    let object = format!("assets[{i}]");
    let (path, virtual_path) = (
        path_at(strings, number(entry, 16, 4)),
        path_at(strings, number(entry, 20, 4)),
    );
    let (Some(path), Some(virtual_path)) = (path, virtual_path) else {
        findings.add(
            codes::INDEX,
            object,
            "a path is outside of the string table, too long, or not UTF-8",
        );
        return None;
    };
    for error in [
        RelativePath::new(path).err(),
        VirtualPath::new(virtual_path).err(),
    ]
    .into_iter()
    .flatten()
    {
        findings.add(codes::INDEX, &object, error.to_string());
    }
    if !(1..=3).contains(&entry[24]) {
        findings.add(
            codes::INDEX,
            &object,
            format!("asset type {} is not known", entry[24]),
        );
    }
    if !is_zero(entry, 25, 3) || !is_zero(entry, 68, 8) {
        findings.add(codes::INDEX, &object, "reserved bytes are not zero");
    }
    let extension = match entry[24] {
        1 => ".omat",
        2 => ".ogeo",
        _ => ".oscene",
    };
    if !path.ends_with(extension) {
        findings.add(
            codes::INDEX_FORM,
            &object,
            format!("`{path}` does not end with `{extension}`"),
        );
    }
    if !virtual_path.ends_with(&format!("/{path}")) {
        findings.add(
            codes::INDEX_FORM,
            &object,
            format!("`{virtual_path}` does not end with `{path}`"),
        );
    }
    let mut key = [0; 16];
    key.copy_from_slice(&entry[..16]);
    let key = AssetKey(key);
    let random = key.0[6] >> 4 == 4 && key.0[8] >> 6 == 2;
    if key != AssetKey::of_text(virtual_path) && !random {
        findings.add(
            codes::INDEX_FORM,
            &object,
            "the key is neither that of the virtual path nor a random UUID",
        );
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(&entry[36..68]);
    Some(AssetFact {
        key,
        asset_type: entry[24],
        path: path.to_owned(),
        virtual_path: virtual_path.to_owned(),
        size: number(entry, 28, 8),
        digest,
    })
}

fn check_file(
    record: &[u8],
    i: usize,
    strings: &[u8],
    findings: &mut Findings,
) -> Option<FileFact> {
    let object = format!("files[{i}]");
    let kind = number(record, 0, 2);
    let Some(kind) = FileKind::from_id(kind as u16) else {
        findings.add(
            codes::INDEX,
            object,
            format!("file kind {kind} is not known"),
        );
        return None;
    };
    let Some(path) = path_at(strings, number(record, 4, 4)) else {
        findings.add(
            codes::INDEX,
            object,
            "the path is outside of the string table, too long, or not UTF-8",
        );
        return None;
    };
    if let Err(error) = RelativePath::new(path) {
        findings.add(codes::INDEX, &object, error.to_string());
    }
    if !is_zero(record, 2, 2) || !is_zero(record, 16, 48) {
        findings.add(codes::INDEX, &object, "reserved bytes are not zero");
    }
    Some(FileFact {
        kind,
        path: path.to_owned(),
        size: number(record, 8, 8),
    })
}

fn check_strings(strings: &[u8], used: &HashSet<u64>, findings: &mut Findings) {
    let mut known = HashSet::new();
    let mut at = 1;
    while at < strings.len() {
        let len = strings[at..]
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(strings.len() - at);
        if !used.contains(&(at as u64)) {
            findings.add(
                codes::INDEX_FORM,
                "strings",
                format!("the string at {at} is not used"),
            );
        }
        if !known.insert(&strings[at..at + len]) {
            findings.add(
                codes::INDEX_FORM,
                "strings",
                format!("the string at {at} is there twice"),
            );
        }
        at += len + 1;
    }
}

fn check_sets(facts: &IndexFacts, findings: &mut Findings) {
    let mut keys = HashSet::new();
    let mut paths = HashSet::new();
    for asset in &facts.assets {
        if !keys.insert(asset.key) || !paths.insert(&asset.virtual_path) {
            findings.add(
                codes::INDEX,
                &asset.virtual_path,
                "the key or the virtual path is there twice",
            );
        }
    }
    if !facts.assets.is_sorted_by_key(|asset| asset.key) {
        findings.add(
            codes::INDEX_FORM,
            "assets",
            "the entries are not sorted by key",
        );
    }
    if !facts.files.is_sorted_by_key(|file| file.kind) {
        findings.add(
            codes::INDEX_FORM,
            "files",
            "the records are not sorted by kind",
        );
    }
    let count = |kind| facts.files.iter().filter(|file| file.kind == kind).count();
    for kind in FileKind::ALL {
        if count(kind) > 1 {
            findings.add(codes::INDEX, "files", format!("{kind:?} is recorded twice"));
        }
    }
    if count(FileKind::BuffersTable) != count(FileKind::BuffersData)
        || count(FileKind::TexturesTable) != count(FileKind::TexturesData)
    {
        findings.add(
            codes::INDEX,
            "files",
            "a table is recorded without its data file, or the reverse",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::index::tests::overlapping;

    fn checked(bytes: &[u8]) -> (IndexFacts, Vec<String>) {
        let mut findings = Findings::about("container.index.bin");
        let facts = check(bytes, &mut findings);
        let found = findings.into_diagnostics();
        let errors = found.into_iter().filter(|found| found.is_error());
        (facts, errors.map(|found| found.message).collect())
    }

    #[test]
    fn what_is_noted_of_paths_does_not_outgrow_the_index() {
        let (facts, errors) = checked(&overlapping(3, 40));
        assert_eq!((facts.assets.len(), errors), (3, Vec::new()));
        let bytes = overlapping(1000, 4000);
        let (facts, errors) = checked(&bytes);
        let noted: usize = facts
            .assets
            .iter()
            .map(|asset| asset.path.len() + asset.virtual_path.len())
            .sum();
        assert!(noted <= 2 * bytes.len(), "{noted}");
        assert_eq!(
            errors.last().unwrap(),
            "the paths together are longer than the index"
        );
        // Nor is the end of a string looked for forever.
        let (facts, errors) = checked(&overlapping(2, 9000));
        assert!(facts.assets.is_empty());
        assert_eq!(errors.len(), 2);
        assert!(errors[0].contains("too long"), "{errors:?}");
    }
}

//! Documents that are made from the code say what the code says. `KILN_UPDATE_DOCS=1` writes them anew.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a document that cannot be made is a failed test"
)]

mod tested;

use bevy_kiln::assets::{
    diagnostic::{CodeInfo, codes},
    manifest::rules::MANIFEST,
    settings::property::{ObjectRule, Rule},
};
use std::{collections::BTreeMap, fmt::Write, path::PathBuf};

fn document(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name)
}

#[track_caller]
fn same(name: &str, text: &str) {
    let path = document(name);
    if std::env::var_os("KILN_UPDATE_DOCS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == text,
        "docs/{name} is not what the code says: run `KILN_UPDATE_DOCS=1 cargo test --test docs`"
    );
}

/// A cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[test]
fn diagnostics() {
    let mut areas: BTreeMap<&str, Vec<&CodeInfo>> = BTreeMap::new();
    for info in codes::all() {
        let area = info.id.split('.').next().unwrap();
        areas.entry(area).or_default().push(info);
    }
    let mut text = String::from(
        "# Diagnostics\n\nEvery message has a stable code. `kiln explain CODE` prints what stands here. This file \
         is made from\nthe catalogue in `assets/src/diagnostic/codes/`; `tests/docs` keeps it so.\n\nAn error \
         makes its job fail, a warning says that the output is not all that the source asks for, an\ninfo is \
         worth knowing. Policies can make a warning of an error.\n",
    );
    for (area, mut all) in areas {
        all.sort_by_key(|info| info.id);
        write!(text, "\n## {area}\n\n| code | severity | what has happened | what to do |\n| --- | --- | --- | --- |\n").unwrap();
        for info in all {
            let (summary, remedy) = (cell(info.summary), cell(info.remedy));
            writeln!(
                text,
                "| `{}` | {} | {summary} | {remedy} |",
                info.id, info.severity
            )
            .unwrap();
        }
    }
    same("diagnostics.md", &text);
}

/// An object of the manifest and those inside of it, each once.
fn objects(rule: &'static ObjectRule, all: &mut Vec<&'static ObjectRule>) {
    if all.iter().any(|known| known.name == rule.name) {
        return;
    }
    all.push(rule);
    for property in rule.properties() {
        if let Rule::List(inner) | Rule::Object(inner) | Rule::Map(inner) = property.rule {
            objects(inner, all);
        }
    }
}

#[test]
fn manifest() {
    let mut all = Vec::new();
    objects(&MANIFEST, &mut all);
    let link = |rule: &ObjectRule| format!("[{0}](#{0})", rule.name);
    let mut text = String::from(
        "# Properties of manifests\n\nThis file is made from the table that manifests are checked with; \
         `tests/docs` keeps it so. How manifests\nwork is told in [manifests.md](manifests.md); `kiln schema` \
         prints the same as JSON Schema.\n",
    );
    for rule in all {
        write!(
            text,
            "\n## {}\n\n{}.\n\n| property | value | meaning |\n| --- | --- | --- |\n",
            rule.name, rule.doc
        )
        .unwrap();
        for property in rule.properties() {
            let value = match property.rule {
                Rule::List(inner) => format!("list of {}", link(inner)),
                Rule::Object(inner) => link(inner),
                Rule::Map(inner) => format!("names and {}", link(inner)),
                Rule::Token(words) => words
                    .iter()
                    .map(|word| format!("`{word}`"))
                    .collect::<Vec<_>>()
                    .join(", "),
                Rule::Text => "text".to_owned(),
                rule => rule.to_string(),
            };
            let required = if rule.required.contains(&property.name) {
                " (required)"
            } else {
                ""
            };
            writeln!(
                text,
                "| `{}`{required} | {} | {} |",
                property.name,
                cell(&value),
                cell(property.doc)
            )
            .unwrap();
        }
    }
    same("manifest-properties.md", &text);
}

/// Every option that `docs` speak of exists: the table is their source.
#[test]
fn the_example_of_the_manual_is_a_manifest() {
    use bevy_kiln::prelude::{Manifest, Places};
    let text = std::fs::read_to_string(document("manifests.md")).unwrap();
    let block = |fence: &str| {
        let (_, rest) = text.split_once(fence).expect("there is an example");
        rest.split_once("```").unwrap().0.to_owned()
    };
    let read = |text: &str, format| {
        let manifest = Manifest::parse(text.as_bytes(), format)
            .unwrap_or_else(|problems| panic!("{problems:#?}"));
        let expansion = manifest.expand(&Places::new("/project").with_output("/cooked"));
        assert!(expansion.problems.is_empty(), "{:#?}", expansion.problems);
        expansion.jobs
    };
    let json = read(
        &block("```json\n"),
        bevy_kiln::assets::manifest::ManifestFormat::Json,
    );
    let ron = read(
        &block("```ron\n"),
        bevy_kiln::assets::manifest::ManifestFormat::Ron,
    );
    assert_eq!(json.len(), 4);
    assert_eq!(json, ron, "both examples say the same");
}

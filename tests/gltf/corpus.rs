//! Every glTF file of the sample corpus through the command, where the corpus is there.

use crate::common::{container, process};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    folder.is_dir().then_some(folder)
}

/// All glTF files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "gltf" || e == "glb") {
                files.push(path);
            }
        }
    }
    files.sort_unstable();
    files
}

fn kiln(arguments: &[&std::ffi::OsStr]) -> (i32, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_kiln"))
        .env("KILN_CACHE_DIR", "")
        .args(arguments)
        .output()
        .unwrap();
    let code = output.status.code().expect("no signal ended the command");
    let json = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (code, json)
}

/// Codes of a severity in the only job of a run.
fn said<'a>(run: &'a Value, severity: &str) -> Vec<&'a str> {
    let list = run["jobs"][0]["diagnostics"].as_array().unwrap();
    let of = list.iter().filter(|d| d["severity"] == severity);
    of.filter_map(|d| d["code"].as_str()).collect()
}

/// Imports a file into a container of its own. Encoding is made quick, because it is not what is looked
/// at. What is there afterwards is always a valid container, or none.
fn import(source: &Path) -> (i32, Value) {
    let root = tempfile::tempdir().unwrap();
    let container = root.path().join("cooked");
    let run = kiln(&[
        "import".as_ref(),
        source.as_os_str(),
        "--output".as_ref(),
        container.as_os_str(),
        "--bc7-quality".as_ref(),
        "fast".as_ref(),
        "--mip-policy".as_ref(),
        "none".as_ref(),
        "--json".as_ref(),
    ]);
    let was_committed = container.join("container.index.bin").is_file();
    assert_eq!(was_committed, run.0 == 0, "{}: {run:#?}", source.display());
    if was_committed {
        let (code, verified) = kiln(&["verify".as_ref(), container.as_os_str(), "--json".as_ref()]);
        assert_eq!(code, 0, "{}: {verified:#?}", source.display());
    }
    run
}

#[test]
fn valid_files_are_imported_and_their_containers_are_valid() {
    let Some(corpus) = corpus() else {
        return;
    };
    let files = files(&corpus.join("gltf"));
    assert!(files.len() > 20);
    for file in files {
        let (code, run) = import(&file);
        assert_eq!(code, 0, "{}: {run:#?}", file.display());
        assert!(said(&run, "error").is_empty(), "{}", file.display());
        assert_eq!(run["jobs"][0]["scenes_written"], 1, "{}", file.display());
    }
}

#[test]
fn malformed_files_get_what_is_expected_of_them() {
    let Some(corpus) = corpus() else {
        return;
    };
    let folder = corpus.join("malformed");
    let table = std::fs::read_to_string(folder.join("EXPECT.tsv")).unwrap();
    for line in table.lines().skip(1) {
        let [file, expected, ..] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        if !(file.ends_with(".gltf") || file.ends_with(".glb")) {
            continue;
        }
        let (code, run) = import(&folder.join(file));
        let errors = said(&run, "error");
        let warnings = said(&run, "warning");
        match expected {
            "reject" => assert!(code == 1 && !errors.is_empty(), "{file}: {run:#?}"),
            "warn" => assert!(code == 0 && !warnings.is_empty(), "{file}: {run:#?}"),
            _ => assert!(
                !(errors.is_empty() && warnings.is_empty()),
                "{file}: {run:#?}"
            ),
        }
        if errors.is_empty() {
            // The geometry is cooked, whatever is wrong with the rest.
            assert_eq!(run["jobs"][0]["geometry_written"], 1, "{file}: {run:#?}");
        }
    }
}

/// Tangent and bitangent of every corner of every mesh of a file.
fn axes(file: &Path, tangents: &str) -> Vec<[[f32; 3]; 2]> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("cooked");
    let mut command = process::import(&root, &[file]);
    let args = [
        "--no-optimize",
        "--no-import-textures",
        "--tangents",
        tangents,
    ];
    process::run(command.args(args)).expect(0);
    let buffers = container::read(&root).buffers;
    let mut axes = Vec::new();
    // Vertices, and the indices behind them.
    for pair in buffers.windows(2) {
        let (0x101, 0x102) = (pair[0].usage, pair[1].usage) else {
            continue;
        };
        let number = |at: usize| f32::from_le_bytes(pair[0].bytes[at..at + 4].try_into().unwrap());
        for index in pair[1].bytes.as_chunks::<4>().0 {
            let vertex = u32::from_le_bytes(*index) as usize * 72;
            let axis = |at: usize| std::array::from_fn(|i| number(vertex + at + i * 4));
            axes.push([axis(32), axis(44)]);
        }
    }
    axes
}

#[test]
fn generated_tangents_are_those_that_were_exported() {
    let Some(corpus) = corpus() else {
        return;
    };
    for file in [
        "NormalTangentMirrorTest/NormalTangentMirrorTest.gltf",
        "Avocado/Avocado.gltf",
    ] {
        let file = corpus.join("gltf/khronos").join(file);
        let (authored, generated) = (axes(&file, "preserve"), axes(&file, "recalculate"));
        assert!(authored.len() > 2000 && authored.len() == generated.len());
        let dot = |a: [f32; 3], b: [f32; 3]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let near = authored.iter().zip(&generated).filter(|(a, b)| {
            // Within 25 degrees: exporters have other ideas of angles and of what is smooth.
            dot(a[0], b[0]) > 0.9 && dot(a[1], b[1]) > 0.9
        });
        let share = near.count() as f64 / authored.len() as f64;
        assert!(share > 0.99, "{}: {share}", file.display());
    }
}

//! What the command prints, and how it ends.

use crate::common::{
    container, files, images,
    process::{import, kiln, run, verify},
};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

struct Scene {
    folder: TempDir,
    good: PathBuf,
    bad: PathBuf,
    root: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        Self {
            good: write("good.png", &images::picture(16, 12, 1)),
            bad: write("bad.png", b"this is no image"),
            root: folder.path().join("cooked"),
            folder,
        }
    }

    fn cooked() -> Self {
        let scene = Self::new();
        run(&mut import(&scene.root, &[&scene.good])).expect(0);
        scene
    }
}

#[test]
fn plain_lines_without_a_terminal() {
    let scene = Scene::new();
    let again = scene.folder.path().join("again.png");
    std::fs::copy(&scene.good, &again).unwrap();
    let ran = run(import(&scene.root, &[&scene.good, &again]).args(["--threads", "1"])).expect(0);
    assert_eq!(ran.stderr, "");
    let (good, again, root) = (scene.good.display(), again.display(), scene.root.display());
    let expected = format!(
        "[1/2] cooked {good} (texture 1, 3.2 KiB)\n\
         [2/2] cooked {again} (texture 1, 3.2 KiB, unchanged)\n\
         {root}: 2 succeeded, 0 failed, 0 canceled\n"
    );
    assert_eq!(ran.stdout, expected);
}

#[test]
fn quiet_is_silent_but_for_errors() {
    let scene = Scene::new();
    let ran = run(import(&scene.root, &[&scene.good]).arg("--quiet")).expect(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    let ran = run(verify(&scene.root).arg("-q")).expect(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    let ran = run(import(&scene.root, &[&scene.good, &scene.bad]).arg("-q")).expect(1);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains("texture.image.unknown_format"));
    assert!(ran.stderr.contains(scene.bad.to_str().unwrap()));
}

#[test]
fn json_is_one_document() {
    let scene = Scene::new();
    let sources = [&scene.good, &scene.bad];
    let ran = run(import(&scene.root, &sources).arg("--json")).expect(1);
    let json = ran.json();
    assert_eq!(json["success"], false);
    assert_eq!(
        [&json["succeeded"], &json["failed"], &json["canceled"]],
        [1, 1, 0]
    );
    let [good, bad] = [&json["jobs"][0], &json["jobs"][1]];
    assert_eq!(good["outcome"], "Complete");
    assert_eq!(good["success"], true);
    assert_eq!(good["name"], "texture:1:good.png");
    assert_eq!(good["diagnostics"].as_array().unwrap().len(), 0);
    let product = &good["products"][0];
    assert_eq!(product["kind"], "texture");
    assert_eq!(
        (&product["name"], &product["index"]),
        (&"good".into(), &1.into())
    );
    let cooked = container::read(&scene.root);
    assert_eq!(product["size"], cooked.textures[1].payload.len());
    let key: String = cooked
        .guid
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(good["source_key"].as_str().unwrap().replace('-', ""), key);
    for output in good["outputs"].as_array().unwrap() {
        let path = scene.root.join(output["path"].as_str().unwrap());
        assert_eq!(output["size"], std::fs::metadata(path).unwrap().len());
    }
    assert_eq!(bad["outcome"], "Failed");
    let diagnostic = &bad["diagnostics"][0];
    assert_eq!(diagnostic["code"], "texture.image.unknown_format");
    assert_eq!(diagnostic["severity"], "error");
    assert_eq!(diagnostic["source"], scene.bad.to_str().unwrap());
    assert!(ran.stderr.contains("texture.image.unknown_format"));

    let json = run(verify(&scene.root).arg("--json")).expect(0).json();
    assert_eq!(json["valid"], true);
    assert_eq!(json["textures"], 2);
}

#[test]
fn one_failure_is_a_failure_and_the_others_are_committed() {
    let scene = Scene::new();
    let ran = run(&mut import(&scene.root, &[&scene.bad, &scene.good])).expect(1);
    assert!(ran.stdout.contains("1 succeeded, 1 failed, 0 canceled"));
    assert!(ran.stderr.contains("help: "), "{}", ran.stderr);
    assert_eq!(container::read(&scene.root).texture("good").width, 16);
}

#[test]
fn nothing_that_succeeds_is_nothing_that_is_left() {
    let scene = Scene::new();
    run(&mut import(&scene.root, &[&scene.bad])).expect(1);
    assert!(!scene.root.exists());
}

#[test]
fn wrong_command_lines_do_nothing() {
    let scene = Scene::new();
    let good = scene.good.to_str().unwrap();
    let root = scene.root.to_str().unwrap();
    for args in [
        &[][..],
        &["other"],
        &["import"],
        &["import", good],
        &["import", "-o", root],
        &["import", good, "-o", root, "--what"],
        &["import", good, "-o", root, "--packing", "loose"],
        &["import", good, "-o", root, "--format", "bc99"],
        &["import", good, "-o", root, "--preset", "wood"],
        &["import", good, "-o", root, "--quality", "best"],
        &["import", good, "-o", root, "--max-mips", "-1"],
        &["import", good, "-o", root, "--max-mips", "4294967296"],
        &["import", good, "-o", root, "--memory", "0"],
        &["import", good, "-o", root, "--memory", "1X"],
        &["import", good, "-o", root, "--threads", "many"],
        &["verify"],
        &["verify", root, root],
    ] {
        let ran = run(kiln().args(args));
        assert_eq!(ran.code(), Some(2), "{args:?}: {ran:?}");
        assert_eq!(ran.stdout, "", "{args:?}");
        assert!(!ran.stderr.is_empty(), "{args:?}");
        assert!(!scene.root.exists(), "{args:?}");
    }
}

#[test]
fn help_tells_the_exit_statuses() {
    for args in [&["--help"][..], &["help"], &["import", "--help"]] {
        let ran = run(kiln().args(args)).expect(0);
        assert!(!ran.stdout.is_empty() && ran.stderr.is_empty(), "{args:?}");
    }
    let help = run(kiln().arg("--help")).stdout;
    for status in ["0 ", "1 ", "2 ", "130 "] {
        assert!(help.contains(status), "{help}");
    }
    let version = run(kiln().arg("--version")).expect(0).stdout;
    assert_eq!(version.trim(), concat!("kiln ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn settings_that_contradict_each_other_are_errors_of_the_job() {
    let scene = Scene::new();
    let mut command = import(&scene.root, &[&scene.good]);
    let ran = run(command.args(["--format", "rgba8", "--quality", "high", "--json"])).expect(1);
    assert_eq!(ran.codes(), ["texture.desc_invalid"]);
    assert!(!scene.root.exists());
}

#[test]
fn verify_finds_every_flipped_bit() {
    let scene = Scene::cooked();
    let good = files(&scene.root);
    let mut flips = 0;
    for (path, bytes) in &good {
        // A byte of each part of the file, spread over its length.
        let step = (bytes.len() / 23).max(1);
        for at in (0..bytes.len()).step_by(step) {
            let mut spoiled = bytes.clone();
            spoiled[at] ^= 0x10;
            std::fs::write(scene.root.join(path), &spoiled).unwrap();
            let ran = run(&mut verify(&scene.root));
            let what = format!("byte {at} of {}", path.display());
            // A catalogue may say something else and still be one: its hashes are checked. The
            // identity and the content version of an index are whatever they are.
            let catalogue = path == Path::new("kiln.catalog.json");
            let index = path == Path::new("container.index.bin");
            let free = index && ((10..12).contains(&at) || (64..80).contains(&at));
            if !catalogue && !free {
                assert_eq!(ran.code(), Some(1), "{what}: {ran:?}");
                assert!(ran.stdout.contains("NOT valid"), "{what}");
                flips += 1;
            }
            assert!(!ran.stderr.contains("panicked"), "{what}");
        }
        std::fs::write(scene.root.join(path), bytes).unwrap();
    }
    assert!(flips > 50, "{flips}");
    run(&mut verify(&scene.root)).expect(0);
    assert!(files(&scene.root) == good, "verifying changes nothing");
}

#[test]
fn verify_finds_files_that_are_cut_or_gone() {
    let scene = Scene::cooked();
    for (path, bytes) in &files(&scene.root) {
        let file = scene.root.join(path);
        let catalogue = path == Path::new("kiln.catalog.json");
        std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
        run(&mut verify(&scene.root)).expect(1);
        std::fs::remove_file(&file).unwrap();
        // Containers of other tools have no catalogue.
        run(&mut verify(&scene.root)).expect(i32::from(!catalogue));
        std::fs::write(&file, bytes).unwrap();
    }
    let ran = run(verify(&scene.folder.path().join("nowhere")).arg("--json")).expect(1);
    assert_eq!(ran.codes(), ["verify.missing"]);
    // Reports may be put into the container.
    for report in ["report.json", "below/report.html"] {
        let mut command = import(&scene.root, &[&scene.good]);
        run(command.args(["--report", report])).expect(0);
        assert!(scene.root.join(report).exists());
        let ran = run(verify(&scene.root).arg("--json")).expect(0);
        assert_eq!(ran.codes(), [""; 0]);
    }
    let stray = scene.root.join("stray.txt");
    std::fs::write(&stray, "x").unwrap();
    let ran = run(verify(&scene.root).arg("--json")).expect(0);
    assert_eq!(ran.codes(), ["verify.unnamed_file"]);
    assert!(stray.exists());
}

#[test]
fn spans_of_jobs_items_and_stages() {
    let scene = Scene::new();
    let ran = run(import(&scene.root, &[&scene.good]).env("KILN_LOG", "trace")).expect(0);
    for span in [
        "job{id=1 source=",
        "cook{kind=\"Texture\" name=\"good\"}",
        "commit{provisional=false}",
        "intake",
        "load",
        "plan",
        "dispatch",
        "collect",
        "emit",
        "finalize",
        "report",
    ] {
        assert!(ran.stderr.contains(span), "{span}: {}", ran.stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    use std::process::Stdio;
    let scene = Scene::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = import(&scene.root, &[&scene.good]);
    let ran = run(command.stdout(Stdio::from(writer))).expect(0);
    assert_eq!(ran.stderr, "");
    container::read(&scene.root);
}

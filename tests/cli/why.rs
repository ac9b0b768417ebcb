//! `kiln why`: every cause by its name.

use crate::{
    cache::Project,
    common::{images, process::run},
};
use serde_json::Value;
use std::fs;

const MANIFEST: &str = r#"{"jobs": [
 {"type": "texture", "source": "textures/a.png", "name": "first"},
 {"type": "texture", "source": "textures/b.png", "max_mips": 3},
 {"type": "gltf", "source": "scene/pair.gltf"}]}"#;

fn project() -> Project {
    let project = Project::new();
    project.write("kiln.json", MANIFEST.as_bytes());
    project
}

/// What is said of a job of the manifest, in lines.
fn why(project: &Project, job: &str) -> Vec<String> {
    let mut command = project.command(&["why", job, "-m"]);
    command
        .arg(project.path("kiln.json"))
        .arg("-o")
        .arg(&project.root);
    let ran = run(&mut command).expect(0);
    ran.stdout.lines().map(str::to_owned).collect()
}

fn json(project: &Project, job: &str) -> Value {
    let mut command = project.command(&["why", job, "--json", "-m"]);
    command
        .arg(project.path("kiln.json"))
        .arg("-o")
        .arg(&project.root);
    run(&mut command).expect(0).json()
}

#[test]
fn every_cause_has_its_words() {
    let project = project();
    let source = project.path("textures/b.png").display().to_string();
    let because = format!("{source}: would be cooked, because");
    assert_eq!(
        why(&project, "2"),
        [
            &because,
            "  it was never cooked into this container",
            "  the container is not there"
        ]
    );
    project.cook(&[]);
    assert_eq!(why(&project, "2"), [format!("{source}: unchanged")]);
    assert_eq!(json(&project, "2")[0]["unchanged"], true);
    // A setting.
    let changed = MANIFEST.replace("\"max_mips\": 3", "\"max_mips\": 4, \"flip_y\": true");
    project.write("kiln.json", changed.as_bytes());
    assert_eq!(
        why(&project, "textures/b.png"),
        [
            because.as_str(),
            "  the setting texture.flip_y changed: unset -> true",
            "  the setting texture.max_mips changed: 3 -> 4"
        ]
    );
    let told = json(&project, "2");
    let reason = &told[0]["reasons"][1];
    assert_eq!(
        (&reason["kind"], &reason["path"]),
        (&"setting".into(), &"texture.max_mips".into())
    );
    assert_eq!((&reason["old"], &reason["new"]), (&3.into(), &4.into()));
    project.write("kiln.json", MANIFEST.as_bytes());
    // A source.
    let old = fs::read(project.path("textures/b.png")).unwrap().len();
    project.write("textures/b.png", &images::picture(8, 9, 2));
    let new = fs::read(project.path("textures/b.png")).unwrap().len();
    let told = why(&project, "2");
    assert!(
        told[1].starts_with(&format!("  {source} changed: {old} bytes, hash ")),
        "{told:?}"
    );
    assert!(
        told[1].contains(&format!(" -> {new} bytes, hash ")),
        "{told:?}"
    );
    assert_eq!(json(&project, "2")[0]["reasons"][0]["what"], "changed");
    fs::remove_file(project.path("textures/b.png")).unwrap();
    assert_eq!(why(&project, "2")[1], format!("  {source} is gone"));
    project.write("textures/b.png", &images::picture(8, 8, 2));
    project.cook(&[]);
    // The container.
    let table = project.root.join("Resources/textures.table");
    let whole = fs::read(&table).unwrap();
    fs::write(&table, &whole[1..]).unwrap();
    assert_eq!(
        why(&project, "first")[1],
        "  Resources/textures.table of the container is missing or has another size"
    );
    fs::write(&table, whole).unwrap();
    let index = project.root.join("container.index.bin");
    let mut bytes = fs::read(&index).unwrap();
    let name = bytes.windows(4).position(|bytes| bytes == b"wood").unwrap();
    bytes[name] = b'W';
    fs::write(&index, &bytes).unwrap();
    let told = why(&project, "first");
    assert_eq!(
        told[1],
        "  the container is not as the last cook with a cache left it"
    );
    fs::remove_dir_all(&project.root).unwrap();
    assert_eq!(
        why(&project, "first")[1..],
        ["  the container is not there"]
    );
}

#[test]
fn files_that_a_scene_looks_for_are_named() {
    let project = project();
    fs::remove_file(project.path("scene/wood.png")).unwrap();
    project.cook(&[]);
    let wood = project.path("scene/wood.png").canonicalize();
    assert!(wood.is_err());
    project.write("scene/wood.png", &images::picture(8, 8, 4));
    let told = why(&project, "3");
    assert!(
        told[1].ends_with("wood.png was looked for in vain, and is there now"),
        "{told:?}"
    );
}

#[test]
fn jobs_are_found_by_name_source_and_number() {
    let project = project();
    project.cook(&[]);
    let source = project.path("textures/a.png").display().to_string();
    let unchanged = [format!("{source}: unchanged")];
    for job in ["first", "textures/a.png", "a.png", &source, "1"] {
        assert_eq!(why(&project, job), unchanged, "{job}");
    }
    // Without the manifest, jobs are known by what they were.
    for job in ["first", &source] {
        let mut command = project.command(&["why", job, "-o"]);
        let ran = run(command.arg(&project.root)).expect(0);
        assert_eq!(ran.stdout, format!("{source}: unchanged\n"));
    }
    let mut command = project.command(&["why", "9", "-o"]);
    let ran = run(command.arg(&project.root)).expect(2);
    assert_eq!(ran.stderr, "error: no job is known as `9`\n");
    assert!(
        run(&mut project.command(&["why", "9"]))
            .expect(2)
            .stderr
            .contains("--manifest")
    );
}

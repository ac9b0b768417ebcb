//! Files that a glTF document refers to: what is read, and what is not.

use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

struct Project(tempfile::TempDir);

impl Project {
    fn new() -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(project.path("models")).unwrap();
        std::fs::create_dir(project.path("shared")).unwrap();
        project
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// Writes a document with one triangle whose data is in another file.
    fn document(&self, uri: &str) -> PathBuf {
        let document = json!({
            "asset": { "version": "2.0" },
            "scenes": [{ "nodes": [0] }],
            "nodes": [{ "mesh": 0 }],
            "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 } }] }],
            "accessors": [{ "bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3" }],
            "bufferViews": [{ "buffer": 0, "byteLength": 36 }],
            "buffers": [{ "byteLength": 36, "uri": uri }],
        });
        let path = self.path("models/triangle.gltf");
        std::fs::write(&path, document.to_string()).unwrap();
        path
    }

    fn data(&self, path: &str) {
        let positions = [0.0f32, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
        let bytes: Vec<u8> = positions.iter().flat_map(|x| x.to_le_bytes()).collect();
        std::fs::write(self.path(path), bytes).unwrap();
    }

    /// The codes and messages of the errors.
    fn import(&self, source: &Path, more: &[&str]) -> Vec<(String, String)> {
        let output = Command::new(env!("CARGO_BIN_EXE_kiln"))
            .env("KILN_CACHE_DIR", "")
            .arg("import")
            .arg(source)
            .args(["--json", "--output"])
            .arg(self.path("cooked"))
            .args(more)
            .current_dir(self.0.path())
            .output()
            .unwrap();
        let run: Value = serde_json::from_slice(&output.stdout).unwrap();
        let list = run["jobs"][0]["diagnostics"].as_array().unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let errors = list.iter().filter(|d| d["severity"] == "error");
        let errors: Vec<_> = errors
            .map(|d| (text(&d["code"]), text(&d["message"])))
            .collect();
        assert_eq!(output.status.success(), errors.is_empty(), "{run:#?}");
        errors
    }

    fn refusal(&self, source: &Path, more: &[&str]) -> String {
        match &self.import(source, more)[..] {
            [(code, message)] => {
                assert_eq!(code, "gltf.read_failed", "{message}");
                message.clone()
            }
            other => panic!("one error, not {other:?}"),
        }
    }
}

#[test]
fn data_beside_the_document_is_read() {
    let project = Project::new();
    let document = project.document("data%20of%20it.bin");
    let message = project.refusal(&document, &[]);
    assert!(message.contains("`data of it.bin`"), "{message}");
    project.data("models/data of it.bin");
    assert_eq!(project.import(&document, &[]), []);
}

#[test]
fn data_elsewhere_is_read_where_that_is_allowed() {
    let project = Project::new();
    let document = project.document("../shared/a.bin");
    project.data("shared/a.bin");
    let message = project.refusal(&document, &[]);
    assert!(message.contains("outside"), "{message}");
    assert_eq!(project.import(&document, &["--source-root", "shared"]), []);
    assert_eq!(project.import(&document, &["--source-root", "."]), []);
    let message = project.refusal(&document, &["--source-root", "models"]);
    assert!(message.contains("outside"), "{message}");
}

#[cfg(unix)]
#[test]
fn links_lead_nowhere_else() {
    use std::os::unix::fs::symlink;
    let project = Project::new();
    project.data("shared/a.bin");
    symlink(
        project.path("shared/a.bin"),
        project.path("models/file.bin"),
    )
    .unwrap();
    symlink(project.path("shared"), project.path("models/folder")).unwrap();
    for uri in ["file.bin", "folder/a.bin"] {
        let document = project.document(uri);
        let message = project.refusal(&document, &[]);
        assert!(message.contains("outside"), "{uri}: {message}");
        assert_eq!(project.import(&document, &["--source-root", "shared"]), []);
    }
    // A link inside of the folder is nobody's business.
    project.data("models/real.bin");
    symlink("real.bin", project.path("models/alias.bin")).unwrap();
    assert_eq!(project.import(&project.document("alias.bin"), &[]), []);
}

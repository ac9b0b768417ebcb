//! A small project of all kinds of sources, with a manifest.

use super::{
    images,
    process::{Ran, kiln, run},
};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// A binary FBX file with a texture, two materials and a mesh.
const SHED: &[u8] = include_bytes!("../content/shed.fbx");

/// A folder with sources and a manifest.
pub struct Project {
    folder: TempDir,
    /// Whether what was cooked is kept between runs.
    cached: bool,
}

/// What a triangle of a scene is like: its size, and the file of its texture.
#[derive(Clone, Copy)]
pub struct Triangle<'a> {
    pub name: &'a str,
    pub size: f32,
    pub texture: Option<&'a str>,
}

impl Project {
    /// A folder with nothing in it.
    pub fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            cached: false,
        }
    }

    /// The same with a cache of its own.
    #[must_use]
    pub fn with_cache(self) -> Self {
        Self {
            cached: true,
            ..self
        }
    }

    /// Three images, a glTF scene with an image of its own, and an FBX scene with one.
    pub fn mixed() -> Self {
        let project = Self::empty();
        project.image("wood.png", 1);
        project.image("stone_normal.png", 2);
        project.write("mask.tga", &images::tga(6, 5, 3));
        project.write("sky.hdr", &images::hdr(8, 4, 3));
        project.write("models/paint.png", &images::picture(8, 8, 4));
        project.scene(
            "models/flags.gltf",
            &[
                Triangle {
                    name: "Red",
                    size: 1.0,
                    texture: Some("paint.png"),
                },
                Triangle {
                    name: "Blue",
                    size: 2.0,
                    texture: None,
                },
            ],
        );
        project.write("models/shed.fbx", SHED);
        project.write("models/planks.tga", &images::tga(8, 8, 5));
        project.manifest(&project.jobs());
        project
    }

    /// The jobs of a mixed project.
    pub fn jobs(&self) -> Vec<Value> {
        vec![
            json!({"type": "texture", "source": "wood.png"}),
            json!({"type": "gltf", "source": "models/flags.gltf"}),
            json!({"type": "texture", "source": "stone_normal.png"}),
            json!({"type": "fbx", "source": "models/shed.fbx"}),
            json!({"type": "texture", "source": "mask.tga"}),
        ]
    }

    /// A place in the folder.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file.
    pub fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Writes a small image.
    pub fn image(&self, path: &str, seed: u64) {
        self.write(path, &images::picture(16, 12, seed));
    }

    /// Writes a glTF scene with a triangle, a material and a node for each.
    pub fn scene(&self, path: &str, triangles: &[Triangle<'_>]) {
        let mut data: Vec<u8> = Vec::new();
        for triangle in triangles {
            let size = triangle.size;
            let positions = [0.0, 0.0, 0.0, size, 0.0, 0.0, 0.0, size, 0.0];
            let uvs = [0.0, 0.0, 1.0, 0.0, 0.0, 1.0_f32];
            data.extend(positions.iter().chain(&uvs).flat_map(|x| x.to_le_bytes()));
        }
        let count = triangles.len();
        let all = |one: &dyn Fn(usize) -> Value| -> Vec<Value> { (0..count).map(one).collect() };
        let accessors: Vec<Value> = (0..count)
            .flat_map(|i| {
                [
                    json!({"bufferView": i, "componentType": 5126, "count": 3, "type": "VEC3"}),
                    json!({"bufferView": i, "byteOffset": 36, "componentType": 5126, "count": 3,
                           "type": "VEC2"}),
                ]
            })
            .collect();
        let images: Vec<&str> = triangles.iter().filter_map(|t| t.texture).collect();
        let mut document = json!({
            "asset": {"version": "2.0"},
            "scenes": [{"nodes": (0..count).collect::<Vec<_>>()}],
            "nodes": all(&|i| json!({"mesh": i, "name": triangles[i].name})),
            "meshes": all(&|i| json!({"name": triangles[i].name, "primitives": [{
                "attributes": {"POSITION": 2 * i, "TEXCOORD_0": 2 * i + 1}, "material": i}]})),
            "materials": all(&|i| {
                let mut material = json!({"name": triangles[i].name, "pbrMetallicRoughness": {}});
                if let Some(texture) = triangles[i].texture {
                    let index = images.iter().position(|image| *image == texture);
                    material["pbrMetallicRoughness"]["baseColorTexture"] = json!({"index": index});
                }
                material
            }),
            "accessors": accessors,
            "bufferViews": all(&|i| json!({"buffer": 0, "byteOffset": 60 * i, "byteLength": 60})),
            "buffers": [{"byteLength": data.len(), "uri": "flags.bin"}],
        });
        if !images.is_empty() {
            document["textures"] = (0..images.len()).map(|i| json!({"source": i})).collect();
            document["images"] = images.iter().map(|uri| json!({"uri": uri})).collect();
        }
        self.write(path, document.to_string().as_bytes());
        let beside = Path::new(path).with_file_name("flags.bin");
        self.write(beside.to_str().unwrap(), &data);
    }

    /// Writes the manifest. Encoding blocks is not what is tested.
    pub fn manifest(&self, jobs: &[Value]) {
        let plain = json!({"output_format": "rgba8_srgb", "data_format": "rgba8"});
        self.manifest_with(&plain, jobs);
    }

    /// Writes the manifest with these settings of textures.
    pub fn manifest_with(&self, texture: &Value, jobs: &[Value]) {
        let document = json!({"version": 1, "defaults": {"texture": texture}, "jobs": jobs});
        self.write("kiln.json", document.to_string().as_bytes());
    }

    /// The manifest.
    pub fn manifest_path(&self) -> PathBuf {
        self.path("kiln.json")
    }

    /// The container.
    pub fn root(&self) -> PathBuf {
        self.path("cooked")
    }

    /// `kiln cook` of the manifest into a container.
    pub fn cooking(&self, root: &Path) -> Command {
        let mut command = kiln();
        command.arg("cook").arg(self.manifest_path());
        command.arg("-o").arg(root);
        if self.cached {
            command.env("KILN_CACHE_DIR", self.path(".cache"));
        }
        command
    }

    /// Cooks the manifest into the container.
    #[track_caller]
    pub fn cook(&self) -> Ran {
        run(&mut self.cooking(&self.root())).expect(0)
    }

    /// What a fresh cook writes.
    #[track_caller]
    pub fn fresh(&self) -> super::Files {
        let root = self.path("fresh");
        let _ = std::fs::remove_dir_all(&root);
        run(&mut self.cooking(&root)).expect(0);
        super::container::read(&root);
        super::files(&root)
    }

    /// `kiln compact` of a container.
    pub fn compacting(&self, root: &Path) -> Command {
        let mut command = kiln();
        command.arg("compact").arg(root);
        command
    }

    /// Compacts the container to what the manifest names.
    #[track_caller]
    pub fn compact(&self) -> Ran {
        let mut command = self.compacting(&self.root());
        run(command.arg("-m").arg(self.manifest_path())).expect(0)
    }
}

/// Which files differ, for messages.
pub fn difference(left: &super::Files, right: &super::Files) -> Vec<String> {
    let paths: std::collections::BTreeSet<_> = left.keys().chain(right.keys()).collect();
    let differing = paths
        .into_iter()
        .filter(|path| left.get(*path) != right.get(*path));
    differing
        .map(|path| {
            let text = |files: &super::Files| match files.get(path) {
                Some(bytes) if path.extension().is_some_and(|e| e == "json") => {
                    String::from_utf8_lossy(bytes).into_owned()
                }
                Some(bytes) => format!("{} bytes", bytes.len()),
                None => "nothing".to_owned(),
            };
            format!("{}: {} / {}", path.display(), text(left), text(right))
        })
        .collect()
}

//! The files of the sample corpus, where it is there.

use super::*;
use crate::source::scene::{ImageData, TextureSlot};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
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

/// Imports a file with what is in its folder, and reads all of its meshes. Gives everything that was
/// said.
fn import_file(path: &Path) -> Result<(SceneSource, Vec<&'static str>), Vec<Diagnostic>> {
    let bytes = SharedBytes::from_vec(std::fs::read(path).unwrap());
    let limits = GltfLimits::default();
    let found = GltfFile::find_external_buffers(bytes.clone(), &limits);
    let file = GltfFile::parse(bytes, &path.to_string_lossy(), &limits)?;
    assert_eq!(found, file.external_buffers());
    let mut buffers = Vec::new();
    for buffer in file.external_buffers() {
        let missing = |what: &str| {
            let code = crate::diagnostic::codes::gltf::READ_FAILED;
            vec![Diagnostic::new(code, format!("{}: {what}", buffer.path))]
        };
        if buffer.path.leaves_folder() {
            return Err(missing("it leaves the folder"));
        }
        let path = path.parent().unwrap().join(buffer.path.as_str());
        let bytes = std::fs::read(path).map_err(|error| missing(&error.to_string()))?;
        buffers.push(SharedBytes::from_vec(bytes));
    }
    let scene = match file.into_scene(&buffers, &SceneSettings::default(), &CancelFlag::new()) {
        Ok(scene) => scene,
        Err(GltfError::Failed(errors)) => return Err(errors),
        Err(GltfError::Cancelled(_)) => panic!("nobody cancelled"),
    };
    let mut codes = codes_of(&scene);
    for image in scene.images() {
        match &image.data {
            ImageData::Missing(diagnostic) => codes.push(diagnostic.code.id()),
            ImageData::External(image) if image.leaves_folder() => codes.push("leaves the folder"),
            ImageData::External(image) => {
                if !path.parent().unwrap().join(image.as_str()).is_file() {
                    codes.push("no such file");
                }
            }
            ImageData::Embedded(bytes) => {
                if !(bytes.starts_with(b"\x89PNG") || bytes.starts_with(b"\xff\xd8")) {
                    codes.push("no image");
                }
            }
        }
    }
    for mesh in 0..scene.meshes().len() {
        try_load(&scene, mesh)?;
    }
    Ok((scene, codes))
}

#[test]
fn every_valid_file_is_imported() {
    let Some(corpus) = corpus() else {
        return;
    };
    let files = files(&corpus.join("gltf"));
    assert!(files.len() > 20);
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let (_, codes) = import_file(&path).unwrap_or_else(|errors| panic!("{name}: {errors:#?}"));
        let allowed = [
            "gltf.animations_ignored",
            "gltf.extension.ignored",
            "gltf.material.texture_unused",
            "gltf.missing_indices",
            "gltf.morph_targets_ignored",
            "gltf.nodes_unused",
            "gltf.primitive.skipped",
            "gltf.scenes_ignored",
            "gltf.material.approximated",
            "mesh.empty_primitives",
            "mesh.mirrored_copy",
            "mesh.uv_set_selected",
            "mesh.uv_sets",
            "mesh.uv_set_conflict",
        ];
        for code in codes {
            assert!(allowed.contains(&code), "{name}: {code}");
        }
    }
}

#[test]
fn malformed_files_get_what_is_expected_of_them() {
    let Some(corpus) = corpus() else {
        return;
    };
    let folder = corpus.join("malformed");
    let table = std::fs::read_to_string(folder.join("EXPECT.tsv")).unwrap();
    let mut seen = 0;
    for line in table.lines().skip(1) {
        let [file, expected, ..] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        if !(file.ends_with(".gltf") || file.ends_with(".glb")) {
            continue;
        }
        seen += 1;
        match (expected, import_file(&folder.join(file))) {
            ("reject", Ok(_)) => panic!("{file} is imported"),
            ("reject", Err(errors)) => assert!(errors.iter().any(Diagnostic::is_error), "{file}"),
            (_, Err(errors)) => panic!("{file}: {errors:#?}"),
            (_, Ok((scene, codes))) => {
                assert_eq!(scene.meshes().len(), 1, "{file}");
                assert!(
                    codes.iter().any(|code| !code.starts_with("mesh.")),
                    "{file}: nothing is said"
                );
            }
        }
    }
    assert!(seen >= 20);
}

/// The extent of all meshes in world space.
fn extent(scene: &SceneSource) -> [glam::DVec3; 2] {
    let mut worlds: Vec<glam::DMat4> = Vec::new();
    let mut bounds = [glam::DVec3::INFINITY, glam::DVec3::NEG_INFINITY];
    for node in scene.nodes() {
        let parent = node
            .parent
            .map_or(glam::DMat4::IDENTITY, |id| worlds[id.index()]);
        let world = parent * node.local;
        worlds.push(world);
        let Some(mesh) = node.mesh else {
            continue;
        };
        for part in &load(scene, mesh.index()).lods[0].parts {
            for position in &part.streams.positions {
                let point = glam::DVec3::from_array(position.map(f64::from));
                let point = world.transform_point3(point);
                bounds = [bounds[0].min(point), bounds[1].max(point)];
            }
        }
    }
    bounds
}

#[test]
fn authored_files_are_what_their_table_says() {
    let Some(corpus) = corpus() else {
        return;
    };
    let authored = corpus.join("gltf/authored");
    let scene = |name: &str| import_file(&authored.join(name)).unwrap().0;
    let close = |bounds: [glam::DVec3; 2], min: [f64; 3], max: [f64; 3], limit: f64| {
        let distance = (bounds[0] - glam::DVec3::from_array(min))
            .abs()
            .max_element();
        let other = (bounds[1] - glam::DVec3::from_array(max))
            .abs()
            .max_element();
        assert!(distance.max(other) < limit, "{bounds:?}");
    };
    let axes = scene("axes_x1_y2_z3_extra_chunk.glb");
    close(extent(&axes), [0.0, -3.0, 0.0], [1.0, 0.0, 2.0], 1e-6);
    let sphere = scene("quantized_sphere.glb");
    close(extent(&sphere), [-1.0; 3], [1.0; 3], 1e-3);

    let counts = |scene: &SceneSource| -> BTreeMap<String, usize> {
        let nodes = scene
            .nodes()
            .iter()
            .filter_map(|node| Some((node.name.clone(), node.mesh?)));
        let triangles = |mesh: usize| {
            let mesh = load(scene, mesh);
            mesh.lods[0]
                .parts
                .iter()
                .map(|part| part.indices.len() / 3)
                .sum()
        };
        nodes
            .map(|(name, mesh)| (name, triangles(mesh.index())))
            .collect()
    };
    let modes = counts(&scene("modes.gltf"));
    let expected = [
        ("indexed_strip", 4),
        ("mode4", 2),
        ("mode5", 4),
        ("mode6", 8),
    ];
    assert_eq!(modes.len(), expected.len(), "{modes:?}");
    for (name, triangles) in expected {
        assert_eq!(modes[name], triangles, "{name}");
    }

    let mirrored = scene("negative_scale.glb");
    let is_mirrored = |name: &str| {
        let node = mirrored
            .nodes()
            .iter()
            .find(|node| node.name == name)
            .unwrap();
        load(&mirrored, node.mesh.unwrap().index()).mirrored
    };
    for (name, expected) in [
        ("plain", false),
        ("mirrored_x", true),
        ("mirrored_xyz", true),
        ("child", true),
    ] {
        assert_eq!(is_mirrored(name), expected, "{name}");
    }

    let deep = scene("deep_and_instances.glb");
    assert_eq!(deep.nodes().len(), 501);
    assert!(
        deep.nodes()
            .iter()
            .filter(|node| node.mesh.is_some())
            .count()
            >= 200
    );

    let shared = scene("shared_image_srgb_linear.glb");
    assert_eq!(shared.images().len(), 1);
    let slots: Vec<_> = shared.materials()[0]
        .textures
        .assigned()
        .map(|(slot, _)| slot)
        .collect();
    assert_eq!(
        slots,
        [
            TextureSlot::BaseColor,
            TextureSlot::Normal,
            TextureSlot::Metallic,
            TextureSlot::Roughness
        ]
    );

    let views = scene("lights_cameras.gltf");
    assert_eq!((views.lights().len(), views.cameras().len()), (4, 3));

    let several = scene("multi_scene.glb");
    let names: Vec<_> = several
        .nodes()
        .iter()
        .map(|node| node.name.as_str())
        .collect();
    assert_eq!(names, ["dup"]);
    assert_eq!(several.meshes().len(), 3);

    let uvs = scene("uv1_colors_custom.glb");
    let part = load(&uvs, 0).lods[0].parts[0].clone();
    assert!(part.streams.colors.is_some() && part.streams.texcoords.is_some());
}

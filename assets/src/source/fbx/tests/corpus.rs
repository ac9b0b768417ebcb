//! Files of others, where they are there.

use super::*;
use crate::{
    cook::mesh::{MaterialUse, MeshRequest, build_mesh},
    settings::geometry::GeometrySettings,
    source::scene::{CameraId, LightId, LightKind, MeshId, Projection, TextureSlot},
};

fn read_corpus(name: &str) -> Option<SceneSource> {
    let bytes = corpus_file(name)?;
    Some(resolved(&bytes, &FbxOptions::default()))
}

/// Every file imports, every mesh cooks, and what there is to say is what is listed here.
#[test]
fn every_file_imports() {
    let expected: BTreeMap<&str, &[&str]> = BTreeMap::from([
        (
            "blender_293_embedded_textures_7400_binary.fbx",
            &["fbx.material.opacity_texture"][..],
        ),
        (
            "blender_293_textures_7400_binary.fbx",
            &["fbx.material.opacity_texture"],
        ),
        (
            "blender_340_z_up_7400_binary.fbx",
            &["mesh.face_material_missing"],
        ),
        (
            "max7_skin_5000_binary.fbx",
            &["fbx.axis_unknown", "fbx.animations_ignored"],
        ),
        (
            "max_physical_material_textures_7500_binary.fbx",
            &["fbx.material.opacity_texture"],
        ),
        (
            "maya_blend_shape_cube_7700_binary.fbx",
            &["fbx.animations_ignored", "fbx.blend_shapes_ignored"],
        ),
        (
            "maya_nurbs_surface_sphere_7500_ascii.fbx",
            &["fbx.non_mesh_geometry"],
        ),
        (
            "maya_scale_no_inherit_7700_ascii.fbx",
            &["fbx.animations_ignored"],
        ),
        (
            "maya_textured_cube_7500_ascii.fbx",
            &["fbx.material.opacity_texture"],
        ),
        (
            "maya_transformed_skin_7700_binary.fbx",
            &["fbx.animations_ignored"],
        ),
    ]);
    for (name, bytes) in corpus_files("fbx") {
        assert!(recognizes(&bytes), "{name}");
        let scene = resolved(&bytes, &FbxOptions::default());
        let codes = expected.get(name.as_str()).copied().unwrap_or_default();
        assert_eq!(codes_of(scene.diagnostics()), codes, "{name}");
        let materials = vec![MaterialUse::default(); scene.materials().len()];
        for (index, mesh) in scene.meshes().iter().enumerate() {
            let DecodedMesh { mesh: source, .. } = decoded(&scene, index);
            let request = MeshRequest {
                name: &mesh.name,
                source_id: &mesh.object,
                materials: &materials,
            };
            let mut pace = Pace::uninterrupted(CancelFlag::new());
            let settings = GeometrySettings::default();
            let built = block_on(build_mesh(&source, request, &settings, &mut pace));
            let built = built.unwrap_or_else(|error| panic!("{name}: {error}"));
            let repaired = codes_of(&built.diagnostics);
            assert!(
                repaired
                    .iter()
                    .all(|code| *code == "mesh.missing_tangent_prereq"),
                "{name}: {repaired:?}"
            );
        }
    }
}

#[test]
fn every_malformed_file_is_refused() {
    for (name, bytes) in corpus_files("malformed") {
        let result = try_read(&bytes, &FbxOptions::default());
        let error = result.err().unwrap_or_else(|| panic!("{name} is accepted"));
        assert!(error.diagnostic().unwrap().is_error(), "{name}");
    }
}

#[test]
fn one_cube_in_three_encodings() {
    let files = [
        "maya_cube_7500_binary.fbx",
        "maya_cube_big_endian_7500_binary.fbx",
        "maya_cube_6100_ascii.fbx",
    ];
    let scenes: Vec<_> = files.into_iter().filter_map(read_corpus).collect();
    for scene in &scenes {
        assert_box(world_box(scene, "pCube1"), [-0.005; 3], [0.005; 3]);
        let (own, first) = (loaded(scene, 0), loaded(&scenes[0], 0));
        let [own, first] = [&own, &first].map(|mesh| &*only_part(mesh).streams);
        assert_eq!(
            (&own.positions, &own.normals),
            (&first.positions, &first.normals)
        );
        assert_eq!((own.positions.len(), own.tangents.is_some()), (24, true));
    }
}

#[test]
fn blender_scenes_stand_upright_in_metres() {
    let table = [
        (
            "blender_340_default_unscaled_7400_binary.fbx",
            "Cube",
            [-1.0; 3],
            [1.0; 3],
        ),
        (
            "blender_340_z_up_7400_binary.fbx",
            "Cube",
            [-1.0, 0.0, 1.0],
            [1.0, 2.0, 3.0],
        ),
        // Its tip points down: the node is turned by half, and squeezed.
        (
            "blender_340_z_up_7400_binary.fbx",
            "Cone",
            [-1.0, 0.0, 4.0],
            [1.0, 2.0, 5.0],
        ),
    ];
    for (file, name, min, max) in table {
        let Some(scene) = read_corpus(file) else {
            return;
        };
        assert_box(world_box(&scene, name), min, max);
        let (scale, ..) = node(&scene, "Cube").local.to_scale_rotation_translation();
        assert_close(scale, DVec3::ONE);
    }
    let Some(scene) = read_corpus("blender_340_default_unscaled_7400_binary.fbx") else {
        return;
    };
    // The camera and the sun of Blender's first scene.
    let camera = world(&scene, "Camera");
    let at = camera.transform_point3(DVec3::ZERO);
    assert!((at - DVec3::new(7.3589, -6.9258, 4.9583)).length() < 1e-3);
    let ahead = camera.transform_vector3(DVec3::NEG_Z);
    // It looks at the cube, nearly.
    assert!(ahead.dot(-at.normalize()) > 0.95, "{ahead}");
    assert_eq!(node(&scene, "Camera").camera, Some(CameraId(0)));
    let Projection::Perspective {
        fov_y,
        aspect,
        near,
        far,
    } = scene.cameras()[0].projection
    else {
        panic!("perspective");
    };
    // 50 mm behind a sensor of 36 mm, 16:9.
    let expected = 2.0 * (36.0 / 2.0 / 50.0 * 9.0 / 16.0f32).atan();
    assert!((fov_y - expected).abs() < 1e-3, "{fov_y}");
    assert!((aspect.unwrap() - 16.0 / 9.0).abs() < 1e-3);
    assert!((near - 0.1).abs() < 1e-4 && (far.unwrap() - 100.0).abs() < 1e-2);
    assert_eq!(scene.lights()[0].kind, LightKind::Directional);
}

#[test]
fn cameras_and_lights_of_maya_look_ahead() {
    let Some(scene) = read_corpus("maya_camera_light_axes_y_up_7700_binary.fbx") else {
        return;
    };
    // Ahead is -Z there, +Y here.
    for name in ["forwardCamera", "forwardLight"] {
        let ahead = world(&scene, name).transform_vector3(DVec3::NEG_Z);
        assert_close(ahead, DVec3::Y);
    }
    assert_eq!(node(&scene, "forwardLight").light, Some(LightId(0)));
}

#[test]
fn instances_and_levels() {
    let Some(scene) = read_corpus("blender_293_instancing_7400_binary.fbx") else {
        return;
    };
    assert_eq!(scene.meshes().len(), 1);
    let shown = scene
        .nodes()
        .iter()
        .filter(|node| node.mesh == Some(MeshId(0)));
    assert_eq!(shown.count(), 8);

    let Some(scene) = read_corpus("maya_lod_group_7500_binary.fbx") else {
        return;
    };
    let triangles: Vec<Vec<usize>> = (0..scene.meshes().len())
        .map(|mesh| {
            let mesh = loaded(&scene, mesh);
            let parts = |parts: &[MeshPart]| parts.iter().map(|part| part.indices.len() / 3).sum();
            mesh.lods.iter().map(|lod| parts(&lod.parts)).collect()
        })
        .collect();
    assert_eq!(triangles, [[120, 58, 26], [24, 12, 6]]);
}

#[test]
fn geometric_transforms_of_max() {
    let Some(scene) = read_corpus("max_geometry_transform_7700_binary.fbx") else {
        return;
    };
    // 20 x 20 x 10 inches, whose own transform stands it on its side and stretches it.
    let [min, max] = world_box(&scene, "Box001_geometry");
    assert!((max - min).min_element() > 0.2);
    let own = node(&scene, "Box001").mesh;
    assert_eq!(own, None);
}

#[test]
fn textures_of_the_corpus() {
    let Some(scene) = read_corpus("max_physical_material_textures_7500_binary.fbx") else {
        return;
    };
    let textures = &scene.materials()[0].textures;
    for slot in [
        TextureSlot::BaseColor,
        TextureSlot::Normal,
        TextureSlot::Metallic,
        TextureSlot::Roughness,
        TextureSlot::Emissive,
    ] {
        assert!(textures.get(slot).is_some(), "{slot:?}");
    }
    let bytes = corpus_file("chest_gold.fbx").unwrap();
    let scene = try_read(&bytes, &FbxOptions::default()).unwrap();
    let [search] = scene.searches() else {
        panic!("one texture");
    };
    let beside = SourcePath::new("dungeon_texture.png").unwrap();
    assert!(search.candidates.contains(&beside));
}

/// The parser's own conversion, which ours replaces, puts everything in the same place.
#[test]
fn the_world_is_that_of_the_parsers_own_conversion() {
    for (name, bytes) in corpus_files("fbx") {
        // Files without axes are not converted by the parser, and it turns what hangs on cameras.
        if name.contains("5000") {
            continue;
        }
        let options = ufbx::LoadOpts {
            target_axes: ufbx::CoordinateAxes::right_handed_z_up(),
            target_unit_meters: 1.0,
            space_conversion: ufbx::SpaceConversion::ModifyGeometry,
            geometry_transform_handling: ufbx::GeometryTransformHandling::HelperNodes,
            inherit_mode_handling: ufbx::InheritModeHandling::Compensate,
            ..ufbx::LoadOpts::default()
        };
        let theirs = ufbx::load_memory(&bytes, options).unwrap();
        let ours = resolved(&bytes, &FbxOptions::default());
        let worlds = worlds(&ours);
        for node in &theirs.nodes {
            let name_of = |node: &ufbx::Node| node.element.name.to_string();
            let is_helper = node.is_geometry_transform_helper || node.is_scale_helper;
            let Some(mesh) = node.mesh.as_ref() else {
                continue;
            };
            let wanted = match (is_helper, &node.parent) {
                (true, Some(parent)) => format!("{}_geometry", name_of(parent)),
                _ => name_of(node),
            };
            let shown = ours.nodes().iter().zip(&worlds);
            // Names repeat; any node of the name must fit.
            let fits = shown
                .filter(|(own, _)| own.name == wanted)
                .any(|(own, world)| {
                    let Some(own_mesh) = own.mesh else {
                        return true;
                    };
                    let own_mesh = loaded(&ours, own_mesh.index());
                    let positions = &own_mesh.lods[0].parts[0].streams.positions;
                    if positions.len() != mesh.num_indices {
                        return false;
                    }
                    (0..mesh.num_indices).all(|corner| {
                        let theirs = mesh.vertex_position[corner];
                        let theirs = ufbx::transform_position(&node.node_to_world, theirs);
                        let ours = world.transform_point3(vector(positions[corner]));
                        let theirs = DVec3::new(theirs.x, theirs.y, theirs.z);
                        (ours - theirs).length() < 1e-4
                    })
                });
            assert!(fits, "{name}: {wanted}");
        }
    }
}

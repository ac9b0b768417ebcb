//! Skins: weights by control point, inverse bind matrices, the bind pose in the cooked buffers.

use super::{
    ascii::{Geometry, ROOT, placed},
    *,
};
use crate::{
    cook::mesh::{BufferRole, BuiltLod, MaterialUse, MeshRequest, build_mesh},
    settings::geometry::GeometrySettings,
    source::scene::{MeshKind, Skin},
};

fn translation(x: f64, y: f64, z: f64) -> [f64; 16] {
    DMat4::from_translation(DVec3::new(x, y, z)).to_cols_array()
}

fn skin(mesh: &MeshSource) -> &Skin {
    match &mesh.kind {
        MeshKind::Skinned(skin) => skin,
        kind => panic!("{kind:?}"),
    }
}

/// A box along X with a joint at each end, which stands away from the origin.
fn bound_box(weights: [&[(i32, f64)]; 2]) -> Ascii {
    let mut file = Ascii::default();
    let geometry = Geometry::cuboid([0.0; 3], [200.0, 20.0, 20.0]);
    let (_, mesh) = file.mesh(
        "Box",
        ROOT,
        &placed([0.0, 50.0, 0.0], [0.0; 3], [1.0; 3]),
        &geometry,
    );
    let left = file.node_of(
        "LimbNode",
        "Left",
        ROOT,
        &placed([0.0, 50.0, 0.0], [0.0; 3], [1.0; 3]),
    );
    let right = placed([200.0, 0.0, 0.0], [0.0; 3], [1.0; 3]);
    let right = file.node_of("LimbNode", "Right", left, &right);
    let skin = file.skin(mesh);
    file.cluster(
        skin,
        left,
        weights[0],
        translation(0.0, 0.0, 0.0),
        translation(0.0, 50.0, 0.0),
    );
    let to_right = translation(-200.0, 0.0, 0.0);
    file.cluster(
        skin,
        right,
        weights[1],
        to_right,
        translation(200.0, 50.0, 0.0),
    );
    file
}

/// Corners 1, 3, 5 and 7 are at the right end.
const HALVES: [&[(i32, f64)]; 2] = [
    &[(0, 1.0), (2, 1.0), (4, 1.0), (6, 1.0)],
    &[(1, 1.0), (3, 1.0), (5, 1.0), (7, 1.0)],
];

#[test]
fn weights_are_those_of_control_points() {
    let scene = scene(&bound_box(HALVES));
    assert!(scene.meshes()[0].size.skinned);
    let DecodedMesh { mesh, diagnostics } = decoded(&scene, 0);
    assert_eq!(codes_of(&diagnostics), [""; 0]);
    let streams = &only_part(&mesh).streams;
    let [set] = &streams.influences[..] else {
        panic!("one set");
    };
    assert_eq!(set.joints.len(), 24);
    for (corner, position) in streams.positions.iter().enumerate() {
        let joint = u16::from(position[0] > 1.0);
        assert_eq!(set.joints[corner], [joint, 0, 0, 0]);
        assert_eq!(set.weights[corner], [1.0, 0.0, 0.0, 0.0]);
    }
    // In metres and engine axes.
    let skin = skin(&mesh);
    assert_eq!(skin.joint_remap, [0, 1]);
    let of = |joint: usize| DMat4::from_cols_array(&skin.inverse_bind[joint].map(f64::from));
    assert!(of(0).abs_diff_eq(DMat4::IDENTITY, 1e-6));
    assert_close(of(1).w_axis.truncate(), DVec3::new(-2.0, 0.0, 0.0));
}

#[test]
fn the_strongest_four_influences_are_kept() {
    let mut file = Ascii::default();
    let (_, mesh) = file.mesh("Box", ROOT, "", &Geometry::cuboid([0.0; 3], [100.0; 3]));
    let skin = file.skin(mesh);
    let identity = translation(0.0, 0.0, 0.0);
    for (joint, weight) in [0.1, 0.2, 0.3, 0.2, 0.2, 1e-6].into_iter().enumerate() {
        let node = file.node_of("LimbNode", &format!("Joint{joint}"), ROOT, "");
        let all: Vec<_> = (0..8).map(|point| (point, weight)).collect();
        file.cluster(skin, node, &all, identity, identity);
    }
    let DecodedMesh { mesh, diagnostics } = decoded(&scene(&file), 0);
    assert_eq!(codes_of(&diagnostics), ["mesh.skinning.trimmed"]);
    assert!(
        diagnostics[0]
            .message
            .starts_with("8 control points follow more than four joints, up to 6")
    );
    let set = &only_part(&mesh).streams.influences[0];
    assert_eq!(set.joints[0], [2, 1, 3, 4]);
    let expected = [0.3, 0.2, 0.2, 0.2].map(|weight| weight / 0.9);
    for (weight, expected) in set.weights[0].iter().zip(expected) {
        assert!((weight - expected as f32).abs() < 1e-6);
    }
}

#[test]
fn weights_need_not_add_up_to_one() {
    let doubled: [&[(i32, f64)]; 2] = [&[(0, 3.0), (1, 0.5)], &[(0, 1.0)]];
    let DecodedMesh { mesh, diagnostics } = decoded(&scene(&bound_box(doubled)), 0);
    assert_eq!(codes_of(&diagnostics), ["fbx.skin_unweighted"]);
    assert!(diagnostics[0].message.starts_with("6 control points"));
    let streams = &only_part(&mesh).streams;
    let set = &streams.influences[0];
    for (corner, position) in streams.positions.iter().enumerate() {
        let at_origin = vector(*position).length() < 1e-6;
        let (joints, weights) = match at_origin {
            true => ([0, 1, 0, 0], [0.75, 0.25, 0.0, 0.0]),
            false => ([0; 4], [1.0, 0.0, 0.0, 0.0]),
        };
        assert_eq!((set.joints[corner], set.weights[corner]), (joints, weights));
    }
}

#[test]
fn only_one_skin_moves_a_mesh() {
    let mut file = Ascii::default();
    let (_, mesh) = file.mesh("Box", ROOT, "", &Geometry::cuboid([0.0; 3], [100.0; 3]));
    let identity = translation(0.0, 0.0, 0.0);
    let all: Vec<_> = (0..8).map(|point| (point, 1.0)).collect();
    for name in ["A", "B"] {
        let skin = file.skin(mesh);
        let node = file.node_of("LimbNode", name, ROOT, "");
        file.cluster(skin, node, &all, identity, identity);
    }
    let DecodedMesh { mesh, diagnostics } = decoded(&scene(&file), 0);
    assert_eq!(codes_of(&diagnostics), ["fbx.skins"]);
    assert_eq!(skin(&mesh).inverse_bind.len(), 1);
}

#[test]
fn dual_quaternions_become_linear() {
    let body = "Version: 101\nSkinningType: \"DualQuaternion\"\n";
    let mut file = Ascii::default();
    let (_, mesh) = file.mesh("Box", ROOT, "", &Geometry::cuboid([0.0; 3], [100.0; 3]));
    let skin = file.object("Deformer", "Deformer::", "Skin", body);
    file.connect(skin, mesh);
    let node = file.node_of("LimbNode", "Joint", ROOT, "");
    let all: Vec<_> = (0..8).map(|point| (point, 1.0)).collect();
    let identity = translation(0.0, 0.0, 0.0);
    file.cluster(skin, node, &all, identity, identity);
    let diagnostics = decoded(&scene(&file), 0).diagnostics;
    assert_eq!(codes_of(&diagnostics), ["fbx.skin_method"]);
}

fn buffer(lod: &BuiltLod, role: BufferRole) -> Vec<u32> {
    let found = lod.buffers.iter().find(|buffer| buffer.role == role);
    let words = found.unwrap().bytes.as_chunks::<4>().0.iter();
    words.map(|word| u32::from_le_bytes(*word)).collect()
}

/// A position at rest, and where the joints put it.
type Posed = (DVec3, DVec3);

/// Poses the vertices in cooked buffers.
fn posed_buffers(scene: &SceneSource, mesh: usize, bones: &[String]) -> Vec<Posed> {
    let source = loaded(scene, mesh);
    let request = MeshRequest {
        name: "mesh",
        source_id: "source",
        materials: &vec![MaterialUse::default(); scene.materials().len()],
    };
    let mut pace = Pace::uninterrupted(CancelFlag::new());
    let settings = GeometrySettings::default();
    let built = block_on(build_mesh(&source, request, &settings, &mut pace)).unwrap();
    let [lod] = &built.lods[..] else {
        panic!("one level");
    };
    let floats = |role| -> Vec<f64> {
        let words = buffer(lod, role).into_iter();
        words.map(|word| f64::from(f32::from_bits(word))).collect()
    };
    let inverse_bind = floats(BufferRole::InverseBind);
    let palette: Vec<DMat4> = inverse_bind
        .as_chunks::<16>()
        .0
        .iter()
        .zip(bones)
        .map(|(matrix, bone)| world(scene, bone) * DMat4::from_cols_array(matrix))
        .collect();
    assert_eq!(palette.len(), bones.len());
    let vertices = floats(BufferRole::Vertices);
    let joints = buffer(lod, BufferRole::JointIndices);
    let weights = floats(BufferRole::JointWeights);
    let influences = joints
        .as_chunks::<4>()
        .0
        .iter()
        .zip(weights.as_chunks::<4>().0);
    let vertices = vertices.as_chunks::<18>().0.iter();
    vertices
        .zip(influences)
        .map(|(vertex, (joints, weights))| {
            let rest = DVec3::new(vertex[0], vertex[1], vertex[2]);
            let moved = joints
                .iter()
                .zip(weights)
                .map(|(joint, weight)| palette[*joint as usize].transform_point3(rest) * *weight)
                .sum();
            (rest, moved)
        })
        .collect()
}

/// Poses the vertices of a file with the parser, which knows nothing of our conversion.
fn posed_by_the_parser(bytes: &[u8]) -> Vec<(Vec<Posed>, Vec<String>)> {
    let options = ufbx::LoadOpts {
        evaluate_skinning: true,
        ..ufbx::LoadOpts::default()
    };
    let scene = ufbx::load_memory(bytes, options).unwrap();
    // All of these files have +Y up and centimetres.
    let engine = |v: ufbx::Vec3| DVec3::new(v.x, -v.z, v.y) * 0.01;
    let pose = |mesh: &ufbx::Mesh| {
        let posed = (0..mesh.num_vertices)
            .filter(|vertex| mesh.vertex_first_index[*vertex] != u32::MAX)
            .map(|vertex| {
                let moved = mesh.skinned_position.values[vertex];
                (engine(mesh.vertices[vertex]), engine(moved))
            });
        let clusters = (&mesh.skin_deformers[0].clusters).into_iter();
        let bones =
            clusters.map(|cluster| cluster.bone_node.as_ref().unwrap().element.name.to_string());
        (posed.collect(), bones.collect())
    };
    let meshes = (&scene.meshes).into_iter();
    meshes
        .filter(|mesh| !mesh.skin_deformers.is_empty())
        .map(pose)
        .collect()
}

fn assert_same_pose(bytes: &[u8]) {
    let scene = resolved(bytes, &FbxOptions::default());
    let expected = posed_by_the_parser(bytes);
    assert!(!expected.is_empty());
    for (mesh, (expected, bones)) in expected.iter().enumerate() {
        let actual = posed_buffers(&scene, mesh, bones);
        assert!(actual.len() >= expected.len());
        for (rest, moved) in actual {
            let is_it = |(other, place): &&Posed| {
                (*other - rest).length() < 1e-5 && (*place - moved).length() < 1e-5
            };
            assert!(
                expected.iter().any(|posed| is_it(&posed)),
                "{rest} goes to {moved}, not to {:?}",
                expected
                    .iter()
                    .find(|(other, _)| (*other - rest).length() < 1e-5)
            );
        }
    }
}

#[test]
fn the_bind_pose_of_cooked_buffers_is_that_of_the_file() {
    let rigid = bound_box(HALVES);
    assert_same_pose(&rigid.build());
    let blended: [&[(i32, f64)]; 2] = [
        &[
            (0, 1.0),
            (2, 0.5),
            (4, 0.25),
            (6, 2.0),
            (1, 0.1),
            (3, 0.1),
            (5, 0.1),
            (7, 0.1),
        ],
        &[
            (0, 0.3),
            (2, 0.5),
            (4, 0.75),
            (6, 1.0),
            (1, 0.9),
            (3, 0.9),
            (5, 0.9),
            (7, 0.9),
        ],
    ];
    assert_same_pose(&bound_box(blended).build());
}

/// A joint that has moved since the skin was bound moves its vertices.
#[test]
fn joints_that_are_not_in_the_bind_pose_move_vertices() {
    let mut file = Ascii::default();
    let (_, mesh) = file.mesh("Box", ROOT, "", &Geometry::cuboid([0.0; 3], [100.0; 3]));
    let skin = file.skin(mesh);
    let moved = placed([30.0, -20.0, 10.0], [0.0, 0.0, 45.0], [1.0, 2.0, 1.0]);
    let node = file.node_of("LimbNode", "Joint", ROOT, &moved);
    let all: Vec<_> = (0..8).map(|point| (point, 1.0)).collect();
    file.cluster(
        skin,
        node,
        &all,
        translation(0.0, -5.0, 0.0),
        translation(0.0, 5.0, 0.0),
    );
    assert_same_pose(&file.build());
}

#[test]
fn the_bind_pose_of_the_corpus() {
    for name in [
        "maya_game_sausage_6100_binary.fbx",
        "maya_transformed_skin_7700_binary.fbx",
        "max7_skin_5000_binary.fbx",
    ] {
        if let Some(bytes) = corpus_file(name) {
            assert_same_pose(&bytes);
        }
    }
}

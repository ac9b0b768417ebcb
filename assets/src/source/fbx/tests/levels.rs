//! Authored levels of detail.

use super::{
    ascii::{Geometry, ROOT, placed},
    *,
};
use crate::source::scene::{MaterialId, MeshId, MeshKind};

const STILL: [f64; 3] = [0.0; 3];

fn moved(x: f64) -> String {
    placed([x, 0.0, 0.0], STILL, [1.0; 3])
}

/// A group whose levels are boxes of falling size.
fn group(file: &mut Ascii, levels: usize, properties: impl Fn(usize) -> String) -> Vec<(u64, u64)> {
    let group = file.node_of("LodGroup", "Tree", ROOT, "");
    file.attribute(group, "LodGroup", "");
    (0..levels)
        .map(|level| {
            let geometry = Geometry::cuboid([0.0; 3], [100.0 - level as f64; 3]);
            file.mesh(
                &format!("Tree_{level}"),
                group,
                &properties(level),
                &geometry,
            )
        })
        .collect()
}

#[test]
fn levels_become_one_mesh() {
    let mut file = Ascii::default();
    let levels = group(&mut file, 3, |_| moved(10.0));
    for (level, (node, _)) in levels.iter().enumerate() {
        let material = file.material(&format!("M{level}"), "lambert", "");
        file.connect(material, *node);
    }
    let scene = scene(&file);
    assert_eq!(codes_of(scene.diagnostics()), [""; 0]);
    assert_eq!(scene.meshes().len(), 1);
    assert_eq!(scene.meshes()[0].name, "Tree");
    assert_eq!(scene.meshes()[0].size.indices, 3 * 36);
    assert_eq!(node(&scene, "Tree_0").mesh, Some(MeshId(0)));
    // The nodes stay.
    assert_eq!(node(&scene, "Tree_1").mesh, None);
    let mesh = loaded(&scene, 0);
    for (level, lod) in mesh.lods.iter().enumerate() {
        assert_eq!(lod.name, format!("Tree_{level}"));
        let [part] = &lod.parts[..] else {
            panic!("one part");
        };
        assert_eq!(part.ranges[0].material, Some(MaterialId(level as u32)));
        let size = 1.0 - level as f32 / 100.0;
        assert!(
            part.streams
                .positions
                .iter()
                .flatten()
                .all(|x| x.abs() <= size + 1e-6)
        );
    }
}

#[test]
fn levels_are_placed_in_the_space_of_the_first() {
    let mut file = Ascii::default();
    let group = file.node_of("LodGroup", "Tree", ROOT, "");
    file.attribute(group, "LodGroup", "");
    let geometry = Geometry::cuboid([0.0; 3], [100.0; 3]);
    let near = file.node("Near", group, &moved(100.0));
    file.mesh(
        "Trunk",
        near,
        &placed([0.0, 0.0, 50.0], STILL, [2.0; 3]),
        &geometry,
    );
    file.mesh("Crown", near, "", &geometry);
    // The far level is mirrored, and twice as wide.
    let far = placed([100.0, 0.0, 0.0], [0.0, 0.0, 90.0], [-2.0, 1.0, 1.0]);
    file.mesh("Far", group, &far, &geometry);
    let scene = scene(&file);
    let mesh = loaded(&scene, 0);
    let lead = world(&scene, "Trunk");
    assert_eq!(node(&scene, "Trunk").mesh, Some(MeshId(0)));
    let parts: Vec<_> = mesh.lods.iter().flat_map(|lod| &lod.parts).collect();
    for (part, name) in parts.into_iter().zip(["Trunk", "Crown", "Far"]) {
        let world = world(&scene, name);
        let expected = [DVec3::ZERO, DVec3::new(1.0, -1.0, 1.0)].map(|p| world.transform_point3(p));
        let (mut low, mut high) = (DVec3::INFINITY, DVec3::NEG_INFINITY);
        let triangles = world_triangles(part, lead);
        for point in triangles.as_flattened() {
            (low, high) = (low.min(*point), high.max(*point));
        }
        assert_close(low, expected[0].min(expected[1]));
        assert_close(high, expected[0].max(expected[1]));
        // All fronts are outside, and so are all normals.
        let normals = part.streams.normals.as_ref().unwrap();
        let middle = (low + high) / 2.0;
        for ([a, b, c], indices) in triangles.iter().zip(part.indices.as_chunks::<3>().0) {
            let front = (*b - *a).cross(*c - *a);
            assert!(front.dot((*a + *b + *c) / 3.0 - middle) > 0.0, "{name}");
            let normal = lead.transform_vector3(vector(normals[indices[0] as usize]));
            assert!(normal.normalize().dot(front.normalize()) > 0.999, "{name}");
        }
    }
}

#[test]
fn skinned_levels_share_their_joints() {
    let mut file = Ascii::default();
    let levels = group(&mut file, 2, |_| moved(10.0));
    let joints = ["A", "B"].map(|name| file.node_of("LimbNode", name, ROOT, ""));
    let all: Vec<_> = (0..8).map(|point| (point, 1.0)).collect();
    let in_joint = DMat4::from_translation(DVec3::new(10.0, 0.0, 0.0)).to_cols_array();
    for (level, (_, mesh)) in levels.iter().enumerate() {
        let skin = file.skin(*mesh);
        // In another order each time.
        for joint in [joints[level], joints[1 - level]] {
            file.cluster(skin, joint, &all, in_joint, DMat4::IDENTITY.to_cols_array());
        }
    }
    let scene = scene(&file);
    let mesh = loaded(&scene, 0);
    let MeshKind::Skinned(skin) = &mesh.kind else {
        panic!("skinned");
    };
    assert_eq!(skin.inverse_bind.len(), 2);
    let first = |lod: usize| mesh.lods[lod].parts[0].streams.influences[0].joints[0];
    assert_eq!(
        (first(0)[..2].to_vec(), first(1)[..2].to_vec()),
        (vec![0, 1], vec![1, 0])
    );
}

#[test]
fn groups_that_cannot_be_one_mesh_keep_their_first_level() {
    let mut file = Ascii::default();
    let levels = group(&mut file, 3, |_| moved(10.0));
    let joint = file.node_of("LimbNode", "Joint", ROOT, "");
    let skin = file.skin(levels[0].1);
    let identity = DMat4::IDENTITY.to_cols_array();
    file.cluster(skin, joint, &[(0, 1.0)], identity, identity);
    let mixed = scene(&file);
    assert_eq!(codes_of(mixed.diagnostics()), ["fbx.lod_group_unsupported"]);
    assert!(
        mixed.diagnostics()[1]
            .message
            .contains("2 levels were left out")
    );
    assert_eq!(mixed.meshes().len(), 1);
    assert_eq!(node(&mixed, "Tree_0").mesh, Some(MeshId(0)));

    let mut file = Ascii::default();
    group(&mut file, 2, |level| {
        placed(STILL, STILL, [level as f64; 3])
    });
    let flat = scene(&file);
    assert_eq!(codes_of(flat.diagnostics()), ["fbx.lod_group_unsupported"]);
}

#[test]
fn levels_beyond_the_eighth_are_left_out() {
    let mut file = Ascii::default();
    group(&mut file, 10, |_| String::new());
    let scene = scene(&file);
    assert_eq!(codes_of(scene.diagnostics()), ["fbx.lod_levels_dropped"]);
    assert_eq!(loaded(&scene, 0).lods.len(), 8);
    assert_eq!(scene.meshes().len(), 1);
}

#[test]
fn a_group_of_one_level_is_no_group() {
    let mut file = Ascii::default();
    group(&mut file, 1, |_| String::new());
    let scene = scene(&file);
    let mesh = loaded(&scene, 0);
    assert_eq!(mesh.lods[0].name, "LOD0");
    assert_eq!(scene.meshes()[0].name, "Tree_0");
}

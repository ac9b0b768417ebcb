//! The same scene as FBX, in centimetres, and as it is told by the rules for glTF, in metres.

use super::{
    ascii::{Geometry, ROOT, integer, placed, property},
    *,
};
use crate::source::scene::{AlphaMode, MeshId, NodeId, Projection};
use glam::{DMat3, DQuat, EulerRot};

/// A node as both formats have it: +Y up, lengths in metres, angles in degrees.
struct Placed {
    name: &'static str,
    parent: Option<usize>,
    translation: [f64; 3],
    /// Applied in the order X, Y, Z.
    rotation: [f64; 3],
    scale: [f64; 3],
}

const NODES: [Placed; 4] = [
    Placed {
        name: "Stage",
        parent: None,
        translation: [1.0, 0.5, -2.0],
        rotation: [0.0, 90.0, 0.0],
        scale: [1.0; 3],
    },
    Placed {
        name: "Crate",
        parent: Some(0),
        translation: [0.0, 2.0, 0.0],
        rotation: [10.0, 20.0, 30.0],
        scale: [2.0, 1.0, 0.5],
    },
    Placed {
        name: "Lid",
        parent: Some(1),
        translation: [0.0, 1.0, 0.25],
        rotation: [-45.0, 0.0, 0.0],
        scale: [1.0; 3],
    },
    Placed {
        name: "Far",
        parent: None,
        translation: [0.0, 0.0, 100.0],
        rotation: [0.0; 3],
        scale: [3.0; 3],
    },
];

const MIN: [f64; 3] = [-0.5, 0.0, -0.25];
const MAX: [f64; 3] = [0.5, 1.5, 0.75];

fn as_fbx() -> Ascii {
    let mut file = Ascii::default();
    let centimetres = |v: [f64; 3]| v.map(|x| x * 100.0);
    let geometry = Geometry::cuboid(centimetres(MIN), centimetres(MAX));
    let mesh = file.geometry("Box", &geometry);
    let properties = property("DiffuseColor", "Color", &[0.8, 0.4, 0.2])
        + &property("Shininess", "Number", &[25.0])
        + &property("EmissiveColor", "Color", &[0.1, 0.2, 0.3])
        + &property("EmissiveFactor", "Number", &[2.0]);
    let material = file.material("Paint", "phong", &properties);
    let mut ids: Vec<u64> = Vec::new();
    for node in &NODES {
        let parent = node.parent.map_or(ROOT, |parent| ids[parent]);
        let pose = placed(centimetres(node.translation), node.rotation, node.scale);
        let id = file.node_of("Mesh", node.name, parent, &pose);
        file.connect(mesh, id);
        file.connect(material, id);
        ids.push(id);
    }
    // FBX cameras look along +X, those of glTF along -Z.
    let pose = placed(centimetres([0.0, 2.0, 5.0]), [0.0, 90.0, 0.0], [1.0; 3]);
    let camera = file.node_of("Camera", "Eye", ids[0], &pose);
    let lens = integer("ApertureMode", 2)
        + &property("FieldOfView", "Number", &[50.0])
        + &property("AspectWidth", "Number", &[3.0])
        + &property("AspectHeight", "Number", &[2.0])
        + &property("NearPlane", "Number", &[5.0])
        + &property("FarPlane", "Number", &[20_000.0]);
    file.attribute(camera, "Camera", &lens);
    file
}

/// The mapping of glTF's axes: (x, y, z) becomes (x, -z, y).
fn mapped(v: DVec3) -> DVec3 {
    DVec3::new(v.x, -v.z, v.y)
}

fn gltf_local(node: &Placed) -> DMat4 {
    let [x, y, z] = node.rotation.map(f64::to_radians);
    let mapping = DMat4::from_mat3(DMat3::from_cols(
        mapped(DVec3::X),
        mapped(DVec3::Y),
        mapped(DVec3::Z),
    ));
    let local = DMat4::from_scale_rotation_translation(
        node.scale.into(),
        DQuat::from_euler(EulerRot::ZYX, z, y, x),
        node.translation.into(),
    );
    mapping * local * mapping.transpose()
}

#[test]
fn hierarchies_are_equal() {
    let scene = scene(&as_fbx());
    let mut worlds: Vec<DMat4> = Vec::new();
    for (index, node) in NODES.iter().enumerate() {
        let own = &scene.nodes()[node_index(&scene, node.name)];
        let parent = node.parent.map(|parent| NODES[parent].name);
        let own_parent = own
            .parent
            .map(|parent| scene.nodes()[parent.index()].name.as_str());
        // Only the root of the file comes on top.
        assert_eq!(own_parent, Some(parent.unwrap_or("")));
        let local = gltf_local(node);
        assert!(
            own.local.abs_diff_eq(local, 1e-9),
            "{}: {} {local}",
            node.name,
            own.local
        );
        let parent = node.parent.map_or(DMat4::IDENTITY, |parent| worlds[parent]);
        worlds.push(parent * local);
        assert!(world(&scene, node.name).abs_diff_eq(worlds[index], 1e-9));
        assert_eq!(own.mesh, Some(MeshId(0)));
    }
    assert_eq!(scene.nodes()[0].parent, None::<NodeId>);
    assert_eq!(scene.meshes().len(), 1);
}

#[test]
fn vertices_and_bounds_are_equal() {
    let scene = scene(&as_fbx());
    let mesh = loaded(&scene, 0);
    let part = only_part(&mesh);
    let cuboid = Geometry::cuboid(MIN, MAX);
    let (normals, uvs) = (cuboid.normals.unwrap(), &cuboid.uvs[0]);
    let mut corner = 0;
    for polygon in &cuboid.polygons {
        for vertex in polygon {
            let position = mapped(cuboid.vertices[*vertex as usize].into());
            assert_close(vector(part.streams.positions[corner]), position);
            let normal = part.streams.normals.as_ref().unwrap()[corner];
            assert_close(vector(normal), mapped(normals[corner].into()));
            // glTF has V running down.
            let [u, v] = uvs.1[uvs.2[corner] as usize];
            let uv = part.streams.texcoords.as_ref().unwrap()[corner];
            assert_eq!(uv, [u as f32, 1.0 - v as f32]);
            corner += 1;
        }
    }
    let near = [MIN[0], -MAX[2], MIN[1]];
    let far = [MAX[0], -MIN[2], MAX[1]];
    let scaled = |v: [f64; 3], y: f64| [v[0] * 3.0, v[1] * 3.0 + y, v[2] * 3.0];
    assert_box(
        world_box(&scene, "Far"),
        scaled(near, -100.0),
        scaled(far, -100.0),
    );
}

#[test]
fn materials_are_equal() {
    let scene = scene(&as_fbx());
    let material = &scene.materials()[0];
    assert_eq!(material.name, "Paint");
    assert_eq!(material.base_color, [0.8, 0.4, 0.2, 1.0]);
    assert_eq!((material.metalness, material.roughness), (0.0, 0.5));
    assert_eq!(
        material.emissive,
        [0.1 * 2.0, 0.2 * 2.0, 0.3 * 2.0].map(|x: f64| x as f32)
    );
    assert_eq!(material.alpha_mode, AlphaMode::Opaque);
}

#[test]
fn frusta_are_equal() {
    let scene = scene(&as_fbx());
    let eye = world(&scene, "Eye");
    let stage = gltf_local(&NODES[0]);
    let place = stage.transform_point3(mapped(DVec3::new(0.0, 2.0, 5.0)));
    assert_close(eye.transform_point3(DVec3::ZERO), place);
    for (own, theirs) in [(DVec3::NEG_Z, DVec3::NEG_Z), (DVec3::Y, DVec3::Y)] {
        let expected = stage.transform_vector3(mapped(theirs));
        assert_close(eye.transform_vector3(own), expected);
    }
    let Projection::Perspective {
        fov_y,
        aspect,
        near,
        far,
    } = scene.cameras()[0].projection
    else {
        panic!("perspective");
    };
    assert!((f64::from(fov_y) - 50f64.to_radians()).abs() < 1e-6);
    assert!((aspect.unwrap() - 1.5).abs() < 1e-6);
    assert!((near - 0.05).abs() < 1e-6 && (far.unwrap() - 200.0).abs() < 1e-3);
}

use super::*;
use crate::cook::pace::{CancelFlag, Pace};
use futures_lite::future::block_on;
use glam::{DMat3, DMat4, DQuat, DVec3};
use std::sync::Arc;

fn node(parent: Option<u32>) -> NodeSource {
    NodeSource {
        parent: parent.map(NodeId),
        ..NodeSource::default()
    }
}

fn scene(parents: &[Option<u32>]) -> Result<SceneSource, SceneError> {
    SceneSource::new(SceneParts {
        nodes: parents.iter().copied().map(node).collect(),
        ..SceneParts::default()
    })
}

#[test]
fn depth_first_orders_are_accepted() {
    for parents in [
        &[][..],
        &[None],
        &[None, None],
        &[None, Some(0), Some(1), Some(1), Some(0), None, Some(5)],
    ] {
        assert!(scene(parents).is_ok(), "{parents:?}");
    }
}

#[test]
fn other_orders_are_refused() {
    let order = |node, parent| Err(SceneError::ParentOrder { node, parent });
    assert_eq!(scene(&[Some(0)]).map(|_| ()), order(0, 0));
    assert_eq!(scene(&[None, Some(2), Some(0)]).map(|_| ()), order(1, 2));
    // Breadth first: the child of 1 comes after its sibling 2.
    assert_eq!(
        scene(&[None, Some(0), Some(0), Some(1)]).map(|_| ()),
        Err(SceneError::NotDepthFirst { node: 3, parent: 1 })
    );
}

#[test]
fn references_must_lead_somewhere() {
    let mesh = SceneMesh {
        name: String::new(),
        object: String::new(),
        size: MeshSize::default(),
        loader: Arc::new(Arc::new(MeshSource::default())),
    };
    let with_mesh = |mesh_id| {
        SceneSource::new(SceneParts {
            nodes: vec![NodeSource {
                mesh: Some(MeshId(mesh_id)),
                ..NodeSource::default()
            }],
            meshes: vec![mesh.clone()],
            ..SceneParts::default()
        })
    };
    assert!(with_mesh(0).is_ok());
    let error = with_mesh(1).unwrap_err();
    assert_eq!(error.to_string(), "node 0 refers to mesh 1 of 1");

    let mut material = MaterialSource::default();
    let binding = TextureBinding {
        image: ImageId(0),
        role: TextureRole::BaseColor,
        uv_set: 0,
        transform: UvTransform::IDENTITY,
    };
    material.textures.set(TextureSlot::BaseColor, Some(binding));
    let error = SceneSource::new(SceneParts {
        materials: vec![material],
        ..SceneParts::default()
    })
    .unwrap_err();
    assert_eq!(error.to_string(), "material 0 refers to image 0 of 0");
}

#[test]
fn shared_bytes_stay_inside_their_owner() {
    let owner = Arc::new(vec![1u8, 2, 3, 4]);
    let part = SharedBytes::new(owner.clone(), 1..3).unwrap();
    assert_eq!(&*part, [2, 3]);
    assert!(SharedBytes::new(owner.clone(), 3..5).is_none());
    assert!(SharedBytes::new(owner, 5..5).is_none());
    assert_eq!(&*part.slice(1..2).unwrap(), [3]);
    assert!(part.slice(1..3).is_none());
    assert!(part.slice(usize::MAX..usize::MAX).is_none());
    #[expect(
        clippy::reversed_empty_ranges,
        reason = "a hostile range must be refused"
    )]
    let reversed = 2..1;
    assert!(part.slice(reversed).is_none());
    assert_eq!(&*SharedBytes::from_vec(vec![7]), [7]);
}

#[test]
fn slots_keep_their_order() {
    let mut textures = MaterialTextures::default();
    assert!(!textures.any());
    for (image, slot) in TextureSlot::ALL.into_iter().enumerate().rev() {
        assert_eq!(slot as usize, image);
        textures.set(
            slot,
            Some(TextureBinding {
                image: ImageId(image as u32),
                role: TextureRole::BaseColor,
                uv_set: 0,
                transform: UvTransform::IDENTITY,
            }),
        );
    }
    let order: Vec<_> = textures.assigned().map(|(_, b)| b.image.0).collect();
    assert_eq!(order, (0..12).collect::<Vec<_>>());
}

/// A triangle around +X +Y whose normal is +Z and whose tangent is +X.
fn triangle() -> MeshSource {
    let streams = VertexStreams {
        positions: vec![[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
        normals: Some(vec![[0.0, 0.0, 1.0]; 3]),
        tangents: Some(TangentStream::Signed(vec![[1.0, 0.0, 0.0, 1.0]; 3])),
        ..VertexStreams::default()
    };
    let part = MeshPart {
        streams: Arc::new(streams),
        indices: vec![0, 1, 2],
        ..MeshPart::default()
    };
    MeshSource {
        kind: MeshKind::Standard,
        mirrored: false,
        lods: vec![MeshLod {
            name: "LOD0".to_owned(),
            parts: vec![part.clone(), part],
        }],
    }
}

fn with_meshes(nodes: Vec<NodeSource>, meshes: usize, is_skinned: bool) -> SceneSource {
    let mesh = SceneMesh {
        name: String::new(),
        object: String::new(),
        size: MeshSize {
            skinned: is_skinned,
            ..MeshSize::default()
        },
        loader: Arc::new(Arc::new(triangle())),
    };
    SceneSource::new(SceneParts {
        nodes,
        meshes: vec![mesh; meshes],
        cameras: vec![CameraSource {
            name: String::new(),
            projection: Projection::Orthographic {
                half_width: 1.0,
                half_height: 1.0,
                near: 0.0,
                far: 1.0,
            },
        }],
        ..SceneParts::default()
    })
    .unwrap()
}

fn with_mesh(parent: Option<u32>, mesh: u32, local: DMat4) -> NodeSource {
    NodeSource {
        mesh: Some(MeshId(mesh)),
        local,
        ..node(parent)
    }
}

fn loaded(scene: &SceneSource, mesh: usize) -> Arc<MeshSource> {
    let mut pace = Pace::uninterrupted(CancelFlag::new());
    block_on(scene.meshes()[mesh].loader.load(&mut pace))
        .unwrap()
        .mesh
}

fn worlds(scene: &SceneSource) -> Vec<DMat4> {
    let mut worlds: Vec<DMat4> = Vec::new();
    for node in scene.nodes() {
        let parent = node.parent.map_or(DMat4::IDENTITY, |id| worlds[id.index()]);
        worlds.push(parent * node.local);
    }
    worlds
}

#[test]
fn baking_moves_vertices_and_nothing_in_the_world() {
    let turn = DQuat::from_rotation_z(0.7) * DQuat::from_rotation_x(-0.4);
    let local =
        |scale| DMat4::from_scale_rotation_translation(scale, turn, DVec3::new(5.0, -2.0, 1.0));
    let scale = DVec3::new(2.0, 0.5, 3.0);
    for scale in [scale, -scale, DVec3::new(-1.0, 1.0, 1.0)] {
        let nodes = vec![
            NodeSource {
                local: local(DVec3::new(1.0, 2.0, 3.0)),
                ..node(None)
            },
            with_mesh(Some(0), 0, local(scale)),
            with_mesh(Some(1), 1, local(scale)),
            with_mesh(None, 2, DMat4::from_translation(DVec3::X)),
        ];
        let before = with_meshes(nodes, 3, false);
        let after = before.clone().with_baked_transforms();
        assert_eq!(after.diagnostics(), []);
        let (old, new) = (worlds(&before), worlds(&after));
        for (index, node) in before.nodes().iter().enumerate() {
            let Some(mesh) = node.mesh.map(MeshId::index) else {
                assert_eq!(old[index], new[index]);
                continue;
            };
            assert_eq!(
                DMat3::from_mat4(after.nodes()[index].local),
                DMat3::IDENTITY
            );
            let (a, b) = (loaded(&before, mesh), loaded(&after, mesh));
            let [part, second] = &b.lods[0].parts[..] else {
                panic!("two parts");
            };
            assert!(Arc::ptr_eq(&part.streams, &second.streams));
            let place = |mesh: &MeshSource, world: DMat4, corner: usize| {
                let part = &mesh.lods[0].parts[0];
                let position = part.streams.positions[part.indices[corner] as usize];
                world.transform_point3(DVec3::from_array(position.map(f64::from)))
            };
            let is_mirrored = old[index].determinant() * new[index].determinant() < 0.0;
            for corner in 0..3 {
                // Mirrored triangles change two corners, and so keep their front.
                let twin = if is_mirrored {
                    [0, 2, 1][corner]
                } else {
                    corner
                };
                let distance = place(&a, old[index], twin) - place(&b, new[index], corner);
                assert!(distance.length() < 1e-5);
            }
            let streams = &part.streams;
            let vector = |v: [f32; 3]| DVec3::from_array(v.map(f64::from));
            let normal = vector(streams.normals.as_ref().unwrap()[0]);
            let [o, x, y] = [0, 1, 2].map(|i| vector(streams.positions[i]));
            let across = (x - o).cross(y - o).normalize();
            assert!((normal.dot(across).abs() - 1.0).abs() < 1e-6);
            let Some(TangentStream::Signed(tangents)) = &streams.tangents else {
                panic!("signed tangents");
            };
            let [tx, ty, tz, w] = tangents[0];
            assert!((vector([tx, ty, tz]) - (x - o).normalize()).length() < 1e-6);
            // The bitangent still runs towards the third vertex.
            let bitangent = normal.cross(vector([tx, ty, tz])) * f64::from(w);
            assert!(bitangent.dot(y - o) > 0.0);
        }
    }
}

#[test]
fn what_cannot_be_baked_stays_with_a_word() {
    let turned = DMat4::from_rotation_z(1.0);
    let flat = DMat4::from_scale(DVec3::new(1.0, 1.0, 0.0));
    let with_camera = NodeSource {
        camera: Some(CameraId(0)),
        ..with_mesh(None, 0, turned)
    };
    let table = [
        (vec![with_mesh(None, 0, turned)], true, 1),
        (
            vec![with_mesh(None, 0, turned), with_mesh(None, 0, turned)],
            false,
            2,
        ),
        (vec![with_mesh(None, 0, flat)], false, 1),
        (vec![with_mesh(None, 0, DMat4::NAN)], false, 1),
        (vec![with_camera], false, 1),
        (vec![with_mesh(None, 0, DMat4::IDENTITY)], true, 0),
    ];
    for (nodes, is_skinned, diagnostics) in table {
        let scene = with_meshes(nodes.clone(), 1, is_skinned).with_baked_transforms();
        assert_eq!(scene.diagnostics().len(), diagnostics);
        for (before, after) in nodes.iter().zip(scene.nodes()) {
            assert_eq!(before.local.to_string(), after.local.to_string());
        }
        assert_eq!(*loaded(&scene, 0), triangle());
    }
}

fn is_mirrored(scene: &SceneSource, mesh: usize) -> bool {
    loaded(scene, mesh).mirrored
}

#[test]
fn meshes_of_mirrored_nodes_know_it() {
    let mirror = DMat4::from_scale(DVec3::new(-1.0, 1.0, 1.0));
    let point = DMat4::from_scale(DVec3::splat(-2.0));
    let plain = DMat4::from_rotation_x(1.0);
    let nodes = vec![
        // Shown both ways: twice as it is, once mirrored, once through its parent.
        with_mesh(None, 0, plain),
        with_mesh(Some(0), 0, mirror),
        with_mesh(Some(1), 0, point),
        with_mesh(Some(1), 0, plain),
        // Mirrored only.
        with_mesh(None, 1, mirror),
        // A flat one is neither.
        with_mesh(None, 2, DMat4::from_scale(DVec3::new(-1.0, 0.0, 1.0))),
    ];
    let mut parts = with_meshes(Vec::new(), 3, false).into_parts();
    parts.meshes[0].name = "wing".to_owned();
    parts.meshes[0].object = "meshes[0]".to_owned();
    parts.nodes = nodes;
    let scene = SceneSource::new(parts).unwrap();
    let shown: Vec<u32> = scene.nodes().iter().map(|n| n.mesh.unwrap().0).collect();
    assert_eq!(shown, [0, 3, 0, 3, 1, 2]);
    let mirrored: Vec<bool> = (0..4).map(|mesh| is_mirrored(&scene, mesh)).collect();
    assert_eq!(mirrored, [false, true, false, true]);
    assert_eq!(scene.meshes()[3].name, "wing_mirrored");
    let [told] = scene.diagnostics() else {
        panic!("one info");
    };
    assert_eq!(told.code, crate::diagnostic::codes::mesh::MIRRORED_COPY);
    assert_eq!(told.object.as_deref(), Some("meshes[0]"));
    // What was settled once stays so.
    let again = SceneSource::new(scene.clone().into_parts()).unwrap();
    assert_eq!(again.meshes().len(), 4);
    assert_eq!(again.nodes(), scene.nodes());
}

#[test]
fn joints_place_skinned_meshes() {
    let mirror = DMat4::from_scale(DVec3::new(-1.0, 1.0, 1.0));
    let nodes = vec![
        with_mesh(None, 0, mirror),
        with_mesh(None, 0, DMat4::IDENTITY),
    ];
    let scene = with_meshes(nodes, 1, true);
    assert_eq!(scene.meshes().len(), 1);
    assert!(!is_mirrored(&scene, 0));
}

#[test]
fn baking_takes_the_mirroring_along() {
    let mirror = DMat4::from_scale(DVec3::new(1.0, -1.0, 1.0));
    for (parent, child) in [
        (mirror, mirror),
        (mirror, DMat4::IDENTITY),
        (DMat4::IDENTITY, mirror),
    ] {
        let nodes = vec![
            NodeSource {
                local: parent,
                ..node(None)
            },
            with_mesh(Some(0), 0, child),
        ];
        let baked = with_meshes(nodes, 1, false).with_baked_transforms();
        let is_inside_out = worlds(&baked)[1].determinant() < 0.0;
        assert_eq!(is_mirrored(&baked, 0), is_inside_out);
    }
}

use super::*;
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

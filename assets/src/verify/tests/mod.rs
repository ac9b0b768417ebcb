//! Descriptors as the cookers make them are clean; damage of any kind is found, and never panics.

mod rules;

use super::{
    bounds::Extent,
    buffers::{self, SeenView, ViewCheck},
    descriptor::{self, References},
    field::Row,
    geometry::{BufferUse, BufferUses},
    index::{AssetFact, IndexFacts},
    material, scene,
    table::{self, BufferFact},
    *,
};
use crate::{
    cook::{
        asset::{AssetIdentity, CookedAsset, KeySource},
        geometry::{GeometryRequest, cook_geometry},
        material::{MaterialRequest, cook_material},
        mesh::{BuiltBuffer, MaterialUse, MeshRequest, build_mesh},
        pace::{CancelFlag, Pace},
        scene::{SceneRequest, cook_scene},
    },
    diagnostic::codes::verify as codes,
    format::{
        buffer_table::BufferEntry,
        ids::{BufferIndex, TextureIndex},
        index::AssetType,
        scene::{
            EnvironmentRecord, Fog, PostProcessVolume, SkyAtmosphere, SkyLight, SkySphere,
            VolumetricClouds,
        },
    },
    settings::{
        geometry::GeometrySettings,
        scene::{NamingPolicy, NodePruning},
    },
    source::scene::{
        CameraId, CameraSource, ImageId, InfluenceSet, LightId, LightKind, LightSource,
        MaterialSource, MeshId, MeshKind, MeshLod, MeshPart, MeshSize, MeshSource, NodeId,
        NodeSource, Projection, SceneMesh, SceneParts, SceneSource, Skin, TextureBinding,
        TextureRole, TextureSlot, TriangleRange, UvTransform, VertexStreams,
    },
};
use futures_lite::future::block_on;
use std::sync::Arc;

/// A container as far as descriptors can see it.
#[derive(Default)]
struct Container {
    index: IndexFacts,
    textures: usize,
    buffers: Vec<Option<BufferFact>>,
    bytes: Vec<Vec<u8>>,
}

/// The index entry of an asset.
fn fact(asset: &CookedAsset) -> AssetFact {
    AssetFact {
        key: asset.key,
        asset_type: asset.asset_type.id(),
        path: asset.path.to_string(),
        virtual_path: asset.virtual_path.to_string(),
        size: asset.bytes.len() as u64,
        digest: asset.digest,
    }
}

impl Container {
    /// Puts buffers one after the other, as the emitter does.
    fn add_buffers(&mut self, built: Vec<BuiltBuffer>) -> Vec<BufferIndex> {
        let mut places = Vec::new();
        for buffer in built {
            let last = self.buffers.last().and_then(Option::as_ref);
            let end = last.map_or(0, |fact| fact.range.end);
            let layout = buffer.role.layout();
            let offset = end.next_multiple_of(u64::from(layout.alignment()));
            let size = buffer.bytes.len() as u32;
            let entry = BufferEntry::new(offset, size, layout, buffer.hash).to_bytes();
            let mut findings = Findings::default();
            // Of the ranges only the last one is right, and only it matters here.
            let placement = table::Placement::DataFile(offset + u64::from(size));
            let facts = table::check_buffers(&entry, &placement, &mut findings);
            places.push(BufferIndex(self.buffers.len() as u32));
            self.buffers.extend(facts);
            self.bytes.push(buffer.bytes);
        }
        places
    }

    fn add(&mut self, asset: &CookedAsset) {
        self.index.assets.push(fact(asset));
    }

    /// What is found in the descriptor of an asset, and in the buffers that it uses.
    fn findings(&self, asset: &CookedAsset) -> Vec<Diagnostic> {
        self.findings_in(asset, &asset.bytes)
    }

    fn findings_in(&self, asset: &CookedAsset, bytes: &[u8]) -> Vec<Diagnostic> {
        let references = References::new(&self.index, self.textures, &self.buffers);
        let mut uses = BufferUses::default();
        let mut findings = Findings::about("test");
        let fact = AssetFact {
            size: bytes.len() as u64,
            ..fact(asset)
        };
        descriptor::check(&fact, bytes, &references, &mut uses, &mut findings);
        let mut all = findings.into_diagnostics();
        for mesh in uses.meshes() {
            let views = mesh.submeshes.iter().flat_map(|submesh| &submesh.views);
            let seen: Vec<_> = views
                .map(|view| {
                    let size = mesh.index_size as usize;
                    let mut check = ViewCheck::new(mesh, view, &self.bytes[mesh.vertices]);
                    let first = view.first_index as usize * size;
                    let indices = &self.bytes[mesh.indices][first..];
                    // In small pieces, as they come from a file.
                    for piece in indices[..view.index_count as usize * size].chunks(8) {
                        check.feed(piece);
                    }
                    Some(check.finish())
                })
                .collect::<Vec<Option<SeenView>>>();
            all.extend(buffers::check_mesh(mesh, &seen).into_diagnostics());
        }
        for (buffer, bytes) in self.bytes.iter().enumerate() {
            let mut findings = Findings::about("buffers.data");
            for of in uses.of(buffer) {
                match *of {
                    BufferUse::Vertices(_) => buffers::check_vertices(bytes, "b", &mut findings),
                    BufferUse::JointWeights(_) => buffers::check_weights(bytes, "b", &mut findings),
                    BufferUse::InverseBind(_) => buffers::check_matrices(bytes, "b", &mut findings),
                    BufferUse::JointIndices(mesh) => {
                        let largest = buffers::largest_joint(bytes).unwrap();
                        let mesh = &uses.meshes()[mesh];
                        all.extend(buffers::check_joints(mesh, largest).into_diagnostics());
                    }
                    BufferUse::Indices(_) | BufferUse::JointRemap(_) => {}
                }
            }
            all.extend(findings.into_diagnostics());
        }
        all
    }
}

/// The findings in a cooked descriptor that refers to geometries of some keys.
pub(crate) fn findings_in_scene(asset: &CookedAsset, geometries: &[AssetKey]) -> Vec<Diagnostic> {
    let mut container = Container::default();
    for &key in geometries {
        container.index.assets.push(AssetFact {
            key,
            asset_type: 2,
            ..fact(asset)
        });
    }
    container.findings(asset)
}

fn identity(asset_type: AssetType, name: &str) -> AssetIdentity {
    AssetIdentity::new(asset_type, name, KeySource::VirtualPath).unwrap()
}

fn binding(image: u32) -> TextureBinding {
    TextureBinding {
        image: ImageId(image),
        role: TextureRole::MetallicRoughness,
        uv_set: 0,
        transform: UvTransform::IDENTITY,
    }
}

fn material(content_hashing: bool) -> CookedAsset {
    let mut source = MaterialSource::default();
    for slot in [
        TextureSlot::BaseColor,
        TextureSlot::Metallic,
        TextureSlot::Roughness,
    ] {
        source.textures.set(slot, Some(binding(0)));
    }
    let identity = identity(AssetType::Material, "Paint");
    let request = MaterialRequest {
        identity: &identity,
        source_id: "",
        shaders: None,
        content_hashing,
    };
    cook_material(&source, &request, &|_| TextureIndex(1)).unwrap()
}

fn part(influences: Vec<InfluenceSet>) -> MeshPart {
    let streams = VertexStreams {
        positions: vec![
            [0.0, 0.0, 0.0],
            [1.0, 0.0, 0.0],
            [0.0, 1.0, 0.0],
            [1.0, 1.0, 2.0],
        ],
        normals: Some(vec![[0.0, 0.0, 1.0]; 4]),
        texcoords: Some(vec![[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]),
        influences,
        ..VertexStreams::default()
    };
    let range = |first_index, material| TriangleRange {
        first_index,
        index_count: 3,
        material,
    };
    MeshPart {
        streams: Arc::new(streams),
        indices: vec![0, 1, 2, 2, 1, 3],
        ranges: vec![
            range(0, Some(crate::source::scene::MaterialId(0))),
            range(3, None),
        ],
    }
}

fn skinned() -> MeshSource {
    let influences = InfluenceSet {
        joints: vec![[0, 1, 2, 0]; 4],
        weights: vec![[0.5, 0.3, 0.2, 0.0]; 4],
    };
    let mut matrix = [0.0; 16];
    for axis in 0..4 {
        matrix[5 * axis] = 1.0;
    }
    MeshSource {
        kind: MeshKind::Skinned(Skin {
            inverse_bind: vec![matrix; 3],
            joint_remap: vec![0, 1, 2],
        }),
        ..mesh(part(vec![influences]))
    }
}

fn mesh(part: MeshPart) -> MeshSource {
    MeshSource {
        lods: vec![MeshLod {
            name: "LOD0".to_owned(),
            parts: vec![part],
        }],
        ..MeshSource::default()
    }
}

/// A container with a material and a geometry, and that geometry.
fn with_geometry(source: &MeshSource, content_hashing: bool) -> (Container, CookedAsset) {
    let settings = GeometrySettings {
        content_hashing,
        ..GeometrySettings::default()
    };
    let request = MeshRequest {
        name: "Body",
        source_id: "",
        materials: &[MaterialUse::default()],
    };
    let mut pace = Pace::uninterrupted(CancelFlag::new());
    let built = block_on(build_mesh(source, request, &settings, &mut pace)).unwrap();
    let (shape, buffers) = built.into_shape();
    let mut container = Container {
        textures: 2,
        ..Container::default()
    };
    let buffers: Vec<_> = buffers
        .into_iter()
        .map(|lod| container.add_buffers(lod))
        .collect();
    let paint = material(content_hashing);
    container.add(&paint);
    let identity = identity(AssetType::Geometry, "Body");
    let request = GeometryRequest {
        identity: &identity,
        source_id: "",
        content_hashing,
    };
    let key = |material: Option<_>| material.map_or(AssetKey::DEFAULT_MATERIAL, |_| paint.key);
    let asset = cook_geometry(&shape, &request, &buffers, &key).unwrap();
    container.add(&asset);
    (container, asset)
}

/// A scene that carries one of everything, with every system of the environment.
fn whole_scene(container: &Container, content_hashing: bool) -> CookedAsset {
    let node = |name: &str, parent, light| NodeSource {
        name: name.to_owned(),
        parent: Option::map(parent, NodeId),
        mesh: Some(MeshId(0)),
        camera: Some(CameraId(light % 2)),
        light: Some(LightId(light)),
        ..NodeSource::default()
    };
    let light = |kind| LightSource {
        name: String::new(),
        color: [1.0; 3],
        intensity: 5.0,
        affects_world: true,
        casts_shadows: true,
        kind,
    };
    let camera = |projection| CameraSource {
        name: String::new(),
        projection,
    };
    let spot = LightKind::Spot {
        range: None,
        inner_angle: 0.1,
        outer_angle: 0.5,
    };
    let scene = SceneSource::new(SceneParts {
        nodes: vec![
            node("a", None, 0),
            node("b", Some(0), 1),
            node("c", Some(1), 2),
        ],
        meshes: vec![SceneMesh {
            name: String::new(),
            object: String::new(),
            size: MeshSize::default(),
            loader: Arc::new(Arc::new(MeshSource::default())),
        }],
        cameras: vec![
            camera(Projection::Perspective {
                fov_y: 1.0,
                aspect: None,
                near: 0.1,
                far: None,
            }),
            camera(Projection::Orthographic {
                half_width: 1.0,
                half_height: 1.0,
                near: 0.0,
                far: 10.0,
            }),
        ],
        lights: vec![
            light(LightKind::Directional),
            light(LightKind::Point { range: None }),
            light(spot),
        ],
        ..SceneParts::default()
    })
    .unwrap();
    let environment: Vec<_> = [
        EnvironmentRecord::SkyAtmosphere(SkyAtmosphere::default()),
        EnvironmentRecord::VolumetricClouds(VolumetricClouds::default()),
        EnvironmentRecord::Fog(Fog::default()),
        EnvironmentRecord::SkyLight(SkyLight::default()),
        EnvironmentRecord::SkySphere(SkySphere::default()),
        EnvironmentRecord::PostProcessVolume(PostProcessVolume::default()),
    ]
    .iter()
    .map(EnvironmentRecord::to_bytes)
    .collect();
    let identity = identity(AssetType::Scene, "All");
    let request = SceneRequest {
        identity: &identity,
        source_id: "",
        node_pruning: NodePruning::Keep,
        naming: NamingPolicy::None,
        environment: &environment,
        content_hashing,
    };
    let geometry = container.index.assets[1].key;
    let mut pace = Pace::uninterrupted(CancelFlag::new());
    block_on(cook_scene(&scene, &request, &[Some(geometry)], &mut pace)).unwrap()
}

/// One descriptor of each type, and what they refer to.
fn everything(content_hashing: bool) -> (Container, [CookedAsset; 4]) {
    let (container, geometry) = with_geometry(&skinned(), content_hashing);
    let (_, plain) = with_geometry(&mesh(part(Vec::new())), content_hashing);
    let scene = whole_scene(&container, content_hashing);
    let material = material(content_hashing);
    (container, [material, geometry, plain, scene])
}

#[test]
fn what_the_cookers_make_is_clean() {
    for content_hashing in [true, false] {
        let (container, assets) = everything(content_hashing);
        for asset in assets {
            assert_eq!(container.findings(&asset), [], "{}", asset.path);
        }
    }
}

#[test]
fn every_changed_byte_is_found() {
    let (container, assets) = everything(true);
    for asset in assets {
        for at in 0..asset.bytes.len() {
            let mut bad = asset.bytes.clone();
            bad[at] ^= 0x41;
            let findings = container.findings_in(&asset, &bad);
            assert!(!findings.is_empty(), "byte {at} of {}", asset.path);
        }
    }
}

#[test]
fn descriptors_that_end_too_early_or_too_late_are_found() {
    let (container, assets) = everything(false);
    for asset in assets {
        for len in 0..asset.bytes.len() {
            let findings = container.findings_in(&asset, &asset.bytes[..len]);
            assert!(findings.iter().any(Diagnostic::is_error), "{len} bytes");
        }
        let longer = [&asset.bytes[..], &[0]].concat();
        let findings = container.findings_in(&asset, &longer);
        assert!(findings.iter().any(|d| d.code == codes::DESCRIPTOR));
    }
}

/// Without hashes, so that the checks themselves have to look.
#[test]
fn damage_never_panics() {
    let (container, assets) = everything(false);
    for asset in assets {
        for at in 0..asset.bytes.len() {
            for value in [0, 1, 2, 0x7f, 0x80, 0xff] {
                let mut bad = asset.bytes.clone();
                bad[at] = value;
                container.findings_in(&asset, &bad);
            }
        }
        for at in (0..asset.bytes.len()).step_by(4) {
            let mut bad = asset.bytes.clone();
            let end = bad.len().min(at + 8);
            bad[at..end].fill(0xff);
            container.findings_in(&asset, &bad);
        }
    }
}

/// Every byte of a record is in exactly one row.
#[test]
fn rows_cover_their_records() {
    let check = |rows: &mut dyn Iterator<Item = &Row>, start: usize, len: usize| {
        let mut end = start;
        for (at, name, field) in rows {
            assert_eq!(*at, end, "{name}");
            end += field.len();
        }
        assert_eq!(end, len);
    };
    check(&mut material::FIELDS.iter(), 95, 256);
    for known in scene::records::KNOWN {
        check(&mut known.fields.iter().copied().flatten(), 0, known.bytes);
    }
    for (len, rows) in scene::environment::FIELDS {
        check(&mut rows.iter(), 0, len);
    }
}

#[test]
fn floods_of_findings_are_summed_up() {
    let mut findings = Findings::about("file");
    for _ in 0..Findings::MOST + 3 {
        findings.add(codes::DESCRIPTOR_FORM, "x", "y");
    }
    findings.add(codes::DESCRIPTOR, "x", "y");
    findings.add(codes::DESCRIPTOR_FORM, "x", "y");
    let diagnostics = findings.into_diagnostics();
    assert_eq!(diagnostics.len(), Findings::MOST + 1);
    let last = diagnostics.last().unwrap();
    assert!(last.is_error(), "an error is not lost");
    assert_eq!(last.message, "there are 5 more findings");
}

#[test]
fn extents_grow_and_compare() {
    let mut extent = Extent::EMPTY;
    assert!(!extent.is_valid());
    extent.unite(&Extent::EMPTY);
    assert_eq!(extent, Extent::EMPTY);
    extent.include([1.0, 2.0, 3.0]);
    extent.include([0.0, 4.0, 3.0]);
    assert_eq!((extent.min, extent.max), ([0.0, 2.0, 3.0], [1.0, 4.0, 3.0]));
    let mut larger = extent;
    larger.max[0] = 1.5;
    assert!(larger.contains(&extent) && !extent.contains(&larger));
    assert!(larger.is_loose_around(&extent) && !extent.is_loose_around(&extent));
}

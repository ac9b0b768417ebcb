//! Containers are written file by file, without the store, and verified.

use super::*;
use bevy_kiln_assets::{
    cook::{
        asset::{AssetIdentity, CookedAsset, KeySource},
        geometry::{GeometryRequest, cook_geometry},
        material::{MaterialRequest, cook_material},
        mesh::{MaterialUse, MeshRequest, build_mesh},
        pace::{CancelFlag, Pace},
        scene::{SceneRequest, cook_scene},
    },
    format::{
        buffer_table::{BufferEntry, BufferLayout},
        ids::{AssetKey, BufferIndex, ContentHash, TextureIndex},
        index::{AssetRecord, AssetType, ContainerIndex, FileRecord},
        payload_layout::PackingPolicy,
        texture_payload::FallbackTexture,
    },
    settings::{
        geometry::GeometrySettings,
        scene::{NamingPolicy, NodePruning},
    },
    source::scene::{
        MaterialId, MaterialSource, MeshId, MeshLod, MeshPart, MeshSize, MeshSource, NodeSource,
        SceneMesh, SceneParts, SceneSource, TriangleRange, VertexStreams,
    },
};
use futures_lite::future::block_on;
use std::{fs, sync::Arc};
use tempfile::TempDir;

/// A container that is about to be written.
#[derive(Default)]
pub(super) struct Content {
    buffers: Vec<BufferEntry>,
    buffer_data: Vec<u8>,
    assets: Vec<CookedAsset>,
}

impl Content {
    fn add_buffer(&mut self, layout: BufferLayout, bytes: &[u8]) -> BufferIndex {
        let start = (self.buffer_data.len() as u64).next_multiple_of(u64::from(layout.alignment()));
        self.buffer_data.resize(start as usize, 0);
        self.buffer_data.extend_from_slice(bytes);
        let hash = ContentHash::of(bytes);
        let entry = BufferEntry::new(start, bytes.len() as u32, layout, hash);
        self.buffers.push(entry);
        BufferIndex(self.buffers.len() as u32 - 1)
    }

    /// Cooks a mesh of as many triangles in a row, with a material, and gives its key.
    fn add_geometry(&mut self, name: &str, triangles: u32, material: AssetKey) -> AssetKey {
        let source = row_of_triangles(triangles);
        let request = MeshRequest {
            name,
            source_id: "",
            materials: &[MaterialUse::default()],
        };
        let settings = GeometrySettings::default();
        let built = block_on(build_mesh(&source, request, &settings, &mut pace())).unwrap();
        let (shape, buffers) = built.into_shape();
        let buffers: Vec<Vec<_>> = buffers
            .iter()
            .map(|lod| {
                lod.iter()
                    .map(|buffer| self.add_buffer(buffer.role.layout(), &buffer.bytes))
                    .collect()
            })
            .collect();
        let identity = identity(AssetType::Geometry, name);
        let request = GeometryRequest {
            identity: &identity,
            source_id: "",
            content_hashing: true,
        };
        let asset = cook_geometry(&shape, &request, &buffers, &|_| material).unwrap();
        self.assets.push(asset);
        identity.key()
    }

    fn add_material(&mut self, name: &str) -> AssetKey {
        let identity = identity(AssetType::Material, name);
        let request = MaterialRequest {
            identity: &identity,
            source_id: "",
            shaders: None,
            content_hashing: true,
        };
        let no_texture = |_| TextureIndex::FALLBACK;
        let asset = cook_material(&MaterialSource::default(), &request, &no_texture).unwrap();
        self.assets.push(asset);
        identity.key()
    }

    fn add_scene(&mut self, name: &str, geometry: AssetKey) {
        let mesh = SceneMesh {
            name: String::new(),
            object: String::new(),
            size: MeshSize::default(),
            loader: Arc::new(Arc::new(MeshSource::default())),
        };
        let scene = SceneSource::new(SceneParts {
            nodes: vec![NodeSource {
                mesh: Some(MeshId(0)),
                ..NodeSource::default()
            }],
            meshes: vec![mesh],
            ..SceneParts::default()
        })
        .unwrap();
        let identity = identity(AssetType::Scene, name);
        let request = SceneRequest {
            identity: &identity,
            source_id: "",
            node_pruning: NodePruning::Keep,
            naming: NamingPolicy::None,
            environment: &[],
            content_hashing: true,
        };
        let keys = [Some(geometry)];
        let asset = block_on(cook_scene(&scene, &request, &keys, &mut pace())).unwrap();
        self.assets.push(asset);
    }

    /// Writes all files, the fallback texture among them.
    pub(super) fn write(&self, root: &Path) {
        let fallback = FallbackTexture::new(PackingPolicy::D3d12, true);
        let mut files = vec![
            (FileKind::TexturesTable, fallback.entry(0).to_bytes()),
            (FileKind::TexturesData, fallback.into_payload()),
        ];
        if !self.buffers.is_empty() {
            let table = self.buffers.iter().flat_map(BufferEntry::to_bytes);
            files.push((FileKind::BuffersTable, table.collect()));
            files.push((FileKind::BuffersData, self.buffer_data.clone()));
        }
        let put = |path: &str, bytes: &[u8]| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        };
        let mut records = Vec::new();
        for (kind, bytes) in files {
            put(kind.default_path(), &bytes);
            records.push(FileRecord {
                kind,
                path: RelativePath::new(kind.default_path()).unwrap(),
                size: bytes.len() as u64,
            });
        }
        let mut assets = Vec::new();
        for asset in &self.assets {
            put(asset.path.as_str(), &asset.bytes);
            assets.push(AssetRecord::new(
                asset.key,
                asset.asset_type,
                asset.path.clone(),
                asset.virtual_path.clone(),
                asset.bytes.len() as u64,
                asset.digest,
            ));
        }
        let index = ContainerIndex::new(None, 0, assets, records).unwrap();
        put(INDEX_FILE, &index.to_bytes().unwrap());
    }
}

fn pace() -> Pace {
    Pace::uninterrupted(CancelFlag::new())
}

fn identity(asset_type: AssetType, name: &str) -> AssetIdentity {
    AssetIdentity::new(asset_type, name, KeySource::VirtualPath).unwrap()
}

fn row_of_triangles(count: u32) -> MeshSource {
    let corners = (0..count).flat_map(|i| {
        let x = i as f32;
        [[x, 0.0, 0.0], [x + 1.0, 0.0, 0.0], [x, 1.0, x * 0.5]]
    });
    let part = MeshPart {
        streams: Arc::new(VertexStreams {
            positions: corners.collect(),
            ..VertexStreams::default()
        }),
        indices: (0..3 * count).collect(),
        ranges: vec![TriangleRange {
            first_index: 0,
            index_count: 3 * count,
            material: Some(MaterialId(0)),
        }],
    };
    MeshSource {
        lods: vec![MeshLod {
            name: "LOD0".to_owned(),
            parts: vec![part],
        }],
        ..MeshSource::default()
    }
}

/// Two geometries, a material and a scene.
pub(super) fn content() -> Content {
    let mut content = Content::default();
    let material = content.add_material("Box/Paint");
    let geometry = content.add_geometry("Box/Body", 40, material);
    content.add_geometry("Box/Wheel", 700, material);
    content.add_scene("Box", geometry);
    content
}

fn codes(report: &VerifyReport) -> Vec<&'static str> {
    report.diagnostics.iter().map(|d| d.code.id()).collect()
}

fn verify_after(change: impl FnOnce(&mut Content, &Path)) -> VerifyReport {
    let folder = TempDir::new().unwrap();
    let mut content = content();
    content.write(folder.path());
    change(&mut content, folder.path());
    verify_container(folder.path())
}

#[test]
fn a_whole_container_is_clean() {
    let report = verify_after(|_, _| {});
    assert_eq!(codes(&report), [""; 0], "{:?}", report.diagnostics);
    assert!(report.valid);
    assert_eq!((report.textures, report.buffers, report.assets), (1, 4, 4));
}

#[test]
fn unreferenced_buffers_are_summed_up() {
    let report = verify_after(|content, root| {
        for byte in 0..20 {
            content.add_buffer(BufferLayout::INDICES, &[byte; 12]);
        }
        content.write(root);
    });
    assert_eq!(codes(&report), ["verify.unreferenced"]);
    let message = &report.diagnostics[0].message;
    assert!(message.starts_with("20 of 24 buffers are used by no geometry: 4, 5, "));
    assert!(message.ends_with(", 19, ..."), "{message}");
    assert!(report.valid, "a warning");
}

#[test]
fn assets_that_are_missing_are_named() {
    let report = verify_after(|content, root| {
        content
            .assets
            .retain(|asset| asset.asset_type == AssetType::Scene);
        fs::remove_dir_all(root.join("Materials")).unwrap();
        fs::remove_dir_all(root.join("Geometry")).unwrap();
        content.write(root);
    });
    let expected = ["verify.reference", "verify.unreferenced"];
    assert_eq!(codes(&report), expected);
    let report = verify_after(|content, root| {
        content
            .assets
            .retain(|asset| asset.asset_type != AssetType::Material);
        fs::remove_dir_all(root.join("Materials")).unwrap();
        content.write(root);
    });
    assert_eq!(codes(&report), ["verify.reference"; 2]);
}

/// Writes bytes into a data file, and the hash that they then have into the table.
fn change_buffer(content: &mut Content, root: &Path, buffer: usize, at: usize, bytes: &[u8]) {
    let entry = content.buffers[buffer];
    let start = entry.data_offset() as usize;
    content.buffer_data[start + at..start + at + bytes.len()].copy_from_slice(bytes);
    let range = start..start + entry.size_bytes() as usize;
    let layout = BufferLayout::new(entry.usage(), entry.elements(), 1);
    content.buffers[buffer] = BufferEntry::new(
        entry.data_offset(),
        entry.size_bytes(),
        layout,
        ContentHash::of(&content.buffer_data[range]),
    );
    content.write(root);
}

#[test]
fn indices_and_vertices_are_looked_into() {
    // An index that no vertex has, in a buffer of another geometry than the first.
    let report = verify_after(|content, root| change_buffer(content, root, 3, 800, &[255; 4]));
    assert_eq!(codes(&report), ["verify.geometry"]);
    let diagnostic = &report.diagnostics[0];
    assert_eq!(
        diagnostic.source.as_deref(),
        Some("Geometry/Box/Wheel.ogeo")
    );
    let start = "index 200 is 4294967295, but the view has ";
    assert!(diagnostic.message.starts_with(start));
    // A vertex outside of all boxes.
    let far = 1e6f32.to_le_bytes();
    let report = verify_after(|content, root| change_buffer(content, root, 0, 0, &far));
    assert_eq!(codes(&report), ["verify.geometry"; 2]);
    // A hash that is not renewed.
    let report = verify_after(|content, root| {
        content.buffer_data[20] ^= 1;
        content.write(root);
    });
    assert!(codes(&report).contains(&"verify.hash"));
}

#[test]
fn files_that_are_no_files_are_not_opened() {
    let report = verify_after(|_, root| {
        let path = root.join("Scenes/Box.oscene");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
    });
    assert_eq!(codes(&report), ["verify.file"]);
    // A pipe would never end.
    #[cfg(unix)]
    {
        let report = verify_after(|_, root| {
            let path = root.join("Scenes/Box.oscene");
            fs::remove_file(&path).unwrap();
            let made = std::process::Command::new("mkfifo").arg(&path).status();
            assert!(made.unwrap().success());
        });
        assert_eq!(codes(&report), ["verify.file"]);
    }
}

#[test]
fn equal_views_are_walked_over_once_and_overlapping_ones_not_for_ever() {
    let mut content = Content::default();
    let material = content.add_material("Paint");
    content.add_geometry("Body", 40, material);
    for overlap in [false, true] {
        let mut bytes = content.assets[1].bytes.clone();
        let mut view = bytes[509..525].to_vec();
        for more in 0..255u32 {
            if overlap {
                view[..4].copy_from_slice(&(more % 20 * 3).to_le_bytes());
                view[4..8].copy_from_slice(&((8 + more / 20) * 3).to_le_bytes());
            }
            bytes.extend_from_slice(&view);
        }
        for count in [325, 481] {
            bytes[count..count + 4].copy_from_slice(&256u32.to_le_bytes());
        }
        bytes[67..75].fill(0);
        let folder = TempDir::new().unwrap();
        let mut changed = Content {
            buffers: content.buffers.clone(),
            buffer_data: content.buffer_data.clone(),
            assets: content.assets.clone(),
        };
        changed.assets[1].bytes = bytes;
        changed.assets[1].digest = [0; 32];
        changed.write(folder.path());
        let report = verify_container(folder.path());
        assert!(report.valid, "{:?}", report.diagnostics);
        let last = report.diagnostics.last().map(|d| d.message.as_str());
        if overlap {
            assert!(report.diagnostics.len() < 100);
            assert!(
                last.unwrap()
                    .ends_with("were not looked into: they overlap too much")
            );
        } else {
            assert_eq!(last, None);
        }
    }
}
